"""Builders of PubMed records for the demo, the rehearsals and the tests: genuine PubmedArticle XML from a few words.

    paper("10", title="Agrin at the endplate", created="2026-09-16", mesh=["*Neuromuscular Junction", "Mice/genetics"])

What is not said is left out, or is what PubMed gives a new record. The records are made up; nothing here reads a clock, a file or
a network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape, quoteattr

DTD_YEAR = 2026
"""The DTD that `article_set` names; PubMed changes it each December."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SEASONS = ("Winter", "Spring", "Summer", "Fall", "Autumn")

Day = str | date
"""A day as an ISO string ("2026-09-16") or a date."""

Heading = str
"""A MeSH heading as MEDLINE prints it: "Mice", "*Agrin", "Neuromuscular Junction/*physiology/metabolism"."""

_ELECTRONIC = ' DateType="Electronic"'
_MEDLINE_NAME = re.compile(r"(?P<last>.+?) (?P<initials>[A-Z]{1,3})(?: (?P<suffix>Jr|Sr|2nd|3rd))?")
_PUBLISHED = re.compile(r"(?P<year>\d{4})(?:[ -](?P<month>[A-Z][a-z]{2}|\d{1,2}))?(?:[ -](?P<day>\d{1,2}))?")


class Markup(str):
    """Text that is XML already ("<i>Agrn</i> &amp; friends") and is not escaped again."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Byline:
    """One author with more than a name. `collective` makes it a group; `valid=False` writes ValidYN="N"."""

    last: str = ""
    fore: str = ""
    initials: str = ""
    suffix: str = ""
    collective: str = ""
    orcid: str = ""
    affiliations: tuple[str, ...] = ()
    valid: bool = True


Named = str | Byline
"""An author: "Smith JA", "Smith, John A", "Smith" or a Byline."""

Abstract = str | Sequence[tuple[str, str]]
"""One text, or (label, text) pairs of a structured abstract."""


def paper(
    pmid: str | int,
    *,
    title: str = "A sample paper.",
    abstract: Abstract = "",
    created: Day = "2026-09-01",
    entered: Day | None = None,
    mesh_on: Day | None = None,
    revised: Day | None = None,
    completed: Day | None = None,
    published: str = "2026 Sep",
    electronic: Day | None = None,
    authors: Iterable[Named] = ("Sample A", "Tester B"),
    mesh: Iterable[Heading] = (),
    types: Sequence[str] = ("Journal Article",),
    doi: str | None = None,
    pmcid: str | None = None,
    keywords: Iterable[str] = (),
    substances: Iterable[str] = (),
    supplementary: Iterable[str] = (),
    journal: str = "J Sample Res",
    journal_title: str | None = None,
    volume: str = "",
    issue: str = "",
    pages: str = "",
    status: str | None = None,
    pub_status: str | None = None,
    pub_model: str = "Print-Electronic",
    relations: Iterable[tuple[str, str | int | None, str]] = (),
    cites: Iterable[str | int] = (),
    grants: Iterable[str] = (),
    language: str = "eng",
    vernacular: str = "",
    country: str = "United States",
    version: int = 1,
) -> bytes:
    """One <PubmedArticle> element as UTF-8 bytes, without XML declaration.

    `created`, `entered`, `mesh_on` are the History dates entrez, pubmed, medline (crdt, edat, mhda); `entered` and `revised` (lr) default
    to `created`, `mesh_on` to `entered`, as PubMed does without MeSH. `relations` are (RefType, pmid or None, citation); `cites` go
    into the ReferenceList. Text is escaped unless it is `Markup`.
    """
    entered_on = entered or created
    article = (
        f"{_front(_journal(journal, journal_title, (volume, issue), published), title, pages, doi)}"
        f"{_abstract(abstract)}{_author_list(authors)}<Language>{language}</Language>{_grants(grants)}{_types(types)}"
        f"{_one('VernacularTitle', _text(vernacular))}{_dated('ArticleDate', electronic, _ELECTRONIC)}"
    )
    citation = (
        f'<PMID Version="{version}">{pmid}</PMID>{_dated("DateCompleted", completed)}'
        f"{_dated('DateRevised', revised or created)}<Article PubModel={quoteattr(pub_model)}>{article}</Article>"
        f"{_venue(journal, country)}{_substances(substances)}{_supplementary(supplementary)}"
        f"{_relations(relations)}{_headings(mesh)}{_keywords(keywords)}"
    )
    return (
        f'<PubmedArticle><MedlineCitation Status="{status or _status(citation)}" Owner="NLM">{citation}</MedlineCitation><PubmedData>'
        f"{_history(created, entered_on, mesh_on or entered_on)}"
        f"<PublicationStatus>{pub_status or ('ppublish' if volume else 'aheadofprint')}</PublicationStatus>"
        f"{_ids(('pubmed', str(pmid)), ('doi', doi), ('pmc', pmcid))}{_references(cites)}</PubmedData></PubmedArticle>"
    ).encode()


def book(
    pmid: str | int,
    *,
    title: str = "A sample chapter.",
    book_title: str = "A Sample Book",
    abstract: Abstract = "",
    created: Day = "2026-09-01",
    published: str = "2026",
    authors: Iterable[Named] = ("Sample A",),
    publisher: str = "Sample Press",
    accession: str = "NBK000001",
    types: Sequence[str] = ("Review",),
) -> bytes:
    """One <PubmedBookArticle> element as UTF-8 bytes, without XML declaration: a chapter `title` of `book_title`."""
    authors_xml = _author_list(authors, ' Type="authors"')
    kinds = "".join(_type(kind) for kind in types)
    document = (
        f'<PMID Version="1">{pmid}</PMID>{_ids(("bookaccession", accession))}'
        f"<Book><Publisher><PublisherName>{_text(publisher)}</PublisherName><PublisherLocation>Sampleton</PublisherLocation></Publisher>"
        f'<BookTitle book="sample">{_text(book_title)}</BookTitle>{_pub_date(published)}</Book>'
        f'<ArticleTitle book="sample" part="chapter">{_text(title)}</ArticleTitle><Language>eng</Language>'
        f"{authors_xml}{kinds}{_abstract(abstract)}"
    )
    return (
        f"<PubmedBookArticle><BookDocument>{document}</BookDocument><PubmedBookData>{_history(created, created, created)}"
        f"<PublicationStatus>ppublish</PublicationStatus>{_ids(('pubmed', str(pmid)))}</PubmedBookData></PubmedBookArticle>"
    ).encode()


def article_set(*records: bytes, deleted: Iterable[str | int] = (), dtd_year: int = DTD_YEAR) -> bytes:
    """A whole EFetch answer or update file: XML declaration, DOCTYPE, <PubmedArticleSet> around `records` and a DeleteCitation."""
    gone = "".join(f'<PMID Version="1">{pmid}</PMID>' for pmid in deleted)
    tail = f"<DeleteCitation>{gone}</DeleteCitation>" if gone else ""
    return opening(dtd_year) + b"\n".join(records) + tail.encode() + b"</PubmedArticleSet>"


def opening(dtd_year: int = DTD_YEAR) -> bytes:
    """What stands before the first record of a PubmedArticleSet, as EFetch writes it."""
    return (
        '<?xml version="1.0" ?>\n'
        f'<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January {dtd_year}//EN" '
        f'"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_{dtd_year % 100:02}0101.dtd">\n<PubmedArticleSet>\n'
    ).encode()


def _status(citation: str) -> str:
    return "MEDLINE" if "<MeshHeading>" in citation else "Publisher"


def _text(value: str | None) -> str:
    return value if isinstance(value, Markup) else escape(value or "")


def _each(tag: str, children: Sequence[str], attributes: str = "") -> str:
    return f"<{tag}{attributes}>{''.join(children)}</{tag}>" if children else ""


def _one(tag: str, inner: str) -> str:
    return f"<{tag}>{inner}</{tag}>" if inner else ""


def _day(value: Day) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _dated(tag: str, value: Day | None, attributes: str = "") -> str:
    if value is None:
        return ""
    day = _day(value)
    return f"<{tag}{attributes}><Year>{day.year}</Year><Month>{day.month:02}</Month><Day>{day.day:02}</Day></{tag}>"


def _history(created: Day, entered: Day, mesh_on: Day) -> str:
    stamps = (("pubmed", entered, 6, 0), ("medline", mesh_on, 6, 1), ("entrez", created, 4, 12))
    return _each("History", [_stamp(status, _day(day), hour, minute) for status, day, hour, minute in stamps])


def _stamp(status: str, day: date, hour: int, minute: int) -> str:
    return (
        f'<PubMedPubDate PubStatus="{status}"><Year>{day.year}</Year><Month>{day.month}</Month><Day>{day.day}</Day>'
        f"<Hour>{hour}</Hour><Minute>{minute}</Minute></PubMedPubDate>"
    )


def _pub_date(published: str) -> str:
    year, _, rest = published.partition(" ")
    if rest in SEASONS:
        return f"<PubDate><Year>{year}</Year><Season>{rest}</Season></PubDate>"
    found = _PUBLISHED.fullmatch(published)
    if not found:
        return f"<PubDate><MedlineDate>{_text(published)}</MedlineDate></PubDate>"
    parts = ((tag, found[tag.lower()]) for tag in ("Year", "Month", "Day"))
    return _each("PubDate", [f"<{tag}>{value}</{tag}>" for tag, value in parts if value])


def _journal(abbreviation: str, title: str | None, number_of: tuple[str, str], published: str) -> str:
    number = _one("Volume", _text(number_of[0])) + _one("Issue", _text(number_of[1]))
    return (
        f'<Journal><ISSN IssnType="Electronic">0000-0000</ISSN><JournalIssue CitedMedium="Internet">{number}'
        f"{_pub_date(published)}</JournalIssue><Title>{_text(title or abbreviation)}</Title>"
        f"<ISOAbbreviation>{_text(abbreviation)}</ISOAbbreviation></Journal>"
    )


def _venue(journal: str, country: str) -> str:
    names = f"<Country>{_text(country)}</Country><MedlineTA>{_text(journal)}</MedlineTA><NlmUniqueID>0000001</NlmUniqueID>"
    return _one("MedlineJournalInfo", names)


def _front(journal: str, title: str, pages: str, doi: str | None) -> str:
    location = f'<ELocationID EIdType="doi" ValidYN="Y">{_text(doi)}</ELocationID>' if doi else ""
    return f"{journal}<ArticleTitle>{_text(title)}</ArticleTitle>{_one('Pagination', _one('MedlinePgn', _text(pages)))}{location}"


def _abstract(abstract: Abstract) -> str:
    if not abstract:
        return ""
    if isinstance(abstract, str):
        return f"<Abstract><AbstractText>{_text(abstract)}</AbstractText></Abstract>"
    return _each("Abstract", [f"<AbstractText Label={quoteattr(label)}>{_text(text)}</AbstractText>" for label, text in abstract])


def _author_list(authors: Iterable[Named], attributes: str = "") -> str:
    return _each("AuthorList", [_author(byline(author)) for author in authors], f' CompleteYN="Y"{attributes}')


def byline(author: Named) -> Byline:
    """An author as a Byline: "Smith JA" has initials only, "Smith, John A" a fore name too, "Smith" neither."""
    if isinstance(author, Byline):
        return author
    last, comma, fore = author.partition(", ")
    if comma:
        return Byline(last, fore, "".join(part[0] for part in fore.split()))
    found = _MEDLINE_NAME.fullmatch(author)
    return Byline(found["last"], found["initials"], found["initials"], found["suffix"] or "") if found else Byline(author)


def _author(author: Byline) -> str:
    names = (
        ("LastName", author.last),
        ("ForeName", author.fore),
        ("Initials", author.initials),
        ("Suffix", author.suffix),
        ("CollectiveName", author.collective),
    )
    inner = [f"<{tag}>{_text(value)}</{tag}>" for tag, value in names if value]
    inner += [f'<Identifier Source="ORCID">{author.orcid}</Identifier>'] if author.orcid else []
    inner += [f"<AffiliationInfo><Affiliation>{_text(place)}</Affiliation></AffiliationInfo>" for place in author.affiliations]
    return _each("Author", inner, f' ValidYN="{"Y" if author.valid else "N"}"')


def _type(kind: str) -> str:
    return f'<PublicationType UI="D000000">{_text(kind)}</PublicationType>'


def _types(kinds: Iterable[str]) -> str:
    return _each("PublicationTypeList", [_type(kind) for kind in kinds])


def _grants(grants: Iterable[str]) -> str:
    return _each("GrantList", [f"<Grant><GrantID>{_text(grant)}</GrantID><Agency>Sample Fund</Agency></Grant>" for grant in grants])


def _keywords(keywords: Iterable[str]) -> str:
    return _each("KeywordList", [f'<Keyword MajorTopicYN="N">{_text(word)}</Keyword>' for word in keywords], ' Owner="NOTNLM"')


def _supplementary(names: Iterable[str]) -> str:
    return _each("SupplMeshList", [f'<SupplMeshName Type="Disease" UI="C000000">{_text(name)}</SupplMeshName>' for name in names])


def _substances(names: Iterable[str]) -> str:
    return _each("ChemicalList", [_chemical(name) for name in names])


def _relations(relations: Iterable[tuple[str, str | int | None, str]]) -> str:
    return _each("CommentsCorrectionsList", [_relation(*relation) for relation in relations])


def _headings(headings: Iterable[Heading]) -> str:
    return _each("MeshHeadingList", [_heading(heading) for heading in headings])


def _heading(heading: Heading) -> str:
    name, *qualifiers = heading.split("/")
    return _each("MeshHeading", [_topic("DescriptorName", name, "D"), *(_topic("QualifierName", text, "Q") for text in qualifiers)])


def _topic(tag: str, name: str, letter: str) -> str:
    major = "Y" if name.startswith("*") else "N"
    return f'<{tag} UI="{letter}000000" MajorTopicYN="{major}">{_text(name.removeprefix("*"))}</{tag}>'


def _chemical(name: str) -> str:
    return f'<Chemical><RegistryNumber>0</RegistryNumber><NameOfSubstance UI="D000000">{_text(name)}</NameOfSubstance></Chemical>'


def _relation(kind: str, pmid: str | int | None, source: str) -> str:
    number = f'<PMID Version="1">{pmid}</PMID>' if pmid is not None else ""
    return f"<CommentsCorrections RefType={quoteattr(kind)}><RefSource>{_text(source)}</RefSource>{number}</CommentsCorrections>"


def _ids(*pairs: tuple[str, str | None]) -> str:
    return _each("ArticleIdList", [f'<ArticleId IdType="{kind}">{_text(value)}</ArticleId>' for kind, value in pairs if value])


def _references(cites: Iterable[str | int]) -> str:
    return _each(
        "ReferenceList",
        [f"<Reference><Citation>Sample reference.</Citation>{_ids(('pubmed', str(pmid)))}</Reference>" for pmid in cites],
    )
