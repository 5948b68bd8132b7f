"""Articles as files that reference managers and spreadsheets take: RIS, BibTeX, CSV and PubMed's own nbib.

Pure: articles in, one text out; it never reads, writes or fetches. The text is for UTF-8. What a record lacks is left out, never
invented. No value holds a line break, whatever the record held, so that one tag stays one line.
"""

from __future__ import annotations

import csv
import io
import re
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from html import unescape
from itertools import accumulate
from types import MappingProxyType
from typing import cast

import rispy
from bibtexparser.entrypoint import write_string
from bibtexparser.library import Library
from bibtexparser.model import Entry, Field
from pylatexenc.latexencode import RULE_DICT, UnicodeToLatexConversionRule, UnicodeToLatexEncoder

from watcher.domain import Article, Author, Heading, PartialDate

PUBMED = "https://pubmed.ncbi.nlm.nih.gov/{pmid}/"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_Pairs = Iterator[tuple[str, str]]


# --- RIS -----------------------------------------------------------------------------------------------------------------------


class _RisWriter(rispy.RisWriter):  # type: ignore[misc]  # rispy has no types
    """rispy's writer without the number that it puts before each reference, which is not RIS."""

    def set_header(self, count: int) -> str:  # noqa: ARG002  # the base class's signature
        return ""


def to_ris(articles: Iterable[Article]) -> str:
    """Write `articles` as RIS, one reference each, for EndNote, Zotero, Mendeley, Citavi.

    AN is the PMID, DB "PubMed", C2 the PMCID (EndNote's field for it), UR the PubMed page, KW the authors' keywords and the MeSH
    headings. A preprint is TY JOUR with M3 "Preprint", since UNPB would lose server and DOI in most managers; a book article
    is CHAP, or BOOK when it is the whole book. Source of the tags: the RIS specification (Research Information Systems, 2001).
    """
    return cast("str", rispy.dumps([_ris_entry(article) for article in articles], implementation=_RisWriter))


def _ris_entry(article: Article) -> dict[str, str | list[str]]:
    entry: dict[str, str | list[str]] = {"type_of_reference": _ris_type(article), **_ris_source(article)}
    entry |= {
        "title": _line(article.display_title),
        "authors": [_ris_name(author) for author in article.authors],
        "secondary_authors": [_ris_name(editor) for editor in article.editors],
        "year": str(_date(article).year or ""),
        "date": _ris_date(_date(article)),
        "doi": _line(article.doi or ""),
        "accession_number": str(article.pmid),
        "name_of_database": "PubMed",
        "custom2": article.pmcid or "",
        "type_of_work": "Preprint" if article.is_preprint else "",
        "language": ", ".join(map(_line, article.languages)),
        "abstract": _abstract(article),
        "keywords": _keywords(article),
        "notes": ["This paper was retracted."] if article.is_retracted else [],
        "urls": [_page(article)],
    }
    return {key: value for key, value in entry.items() if value}


def _ris_type(article: Article) -> str:
    if not article.is_book:
        return "JOUR"
    return "BOOK" if article.title == article.journal.title else "CHAP"


def _ris_source(article: Article) -> dict[str, str | list[str]]:
    journal, (first, last) = article.journal, _page_range(article.pages)
    is_whole_book = _ris_type(article) == "BOOK"
    return {
        "secondary_title": "" if is_whole_book else _line(journal.title or journal.abbreviation),
        "journal_name": _line(journal.abbreviation),
        "alternate_title2": _line(journal.abbreviation),
        "publisher": _line(journal.publisher),
        "place_published": _line(journal.country) if article.is_book else "",
        "issn": journal.isbn if article.is_book else journal.issn,
        "volume": _line(article.volume),
        "number": _line(article.issue),
        "start_page": first,
        "end_page": last,
    }


def _ris_name(author: Author) -> str:
    if author.collective:
        return _line(author.collective)
    return _line(", ".join(part for part in (author.last_name, author.fore_name or author.initials, author.suffix) if part))


def _ris_date(date: PartialDate) -> str:
    """YYYY/MM/DD/ with what is unknown left empty, as RIS has it."""
    if date.year is None:
        return ""
    month, day = f"{date.month:02}" if date.month else "", f"{date.day:02}" if date.day else ""
    return f"{date.year:04}/{month}/{day}/"


_PAGE_RANGE = re.compile(r"([A-Za-z]*)([0-9]+)\s*[-–]\s*([A-Za-z]*)([0-9]+)")


def _page_range(pages: str) -> tuple[str, str]:
    """First and last page, the last in full: MEDLINE's "187-94" is 187 to 194, "S12-8" is S12 to S18. Else all in the first."""
    match = _PAGE_RANGE.fullmatch(pages)
    if not match:
        return _line(pages), ""
    before, first, letters, last = match.groups()
    if letters in ("", before) and len(last) < len(first):
        last = first[: -len(last)] + last
    return before + first, (letters or before) + last


# --- BibTeX --------------------------------------------------------------------------------------------------------------------


def to_bibtex(articles: Iterable[Article]) -> str:
    r"""Write `articles` as BibTeX, escaped for LaTeX; a character that LaTeX has no command for stays as it is.

    Keys are `Surname2026_PMID`, so they are unique and the same in every export. Titles keep italics, bold, sub- and superscripts as
    commands and stand in double braces, so that styles do not change their case. `doi` and `url` are left unescaped, as styles
    want them. `article`, `incollection` or `book`.
    """
    library = Library()
    taken: set[str] = set()
    for article in articles:
        library.add(
            Entry(_bibtex_type(article), _key(article, taken), [Field(*pair) for pair in _bibtex_fields(article) if pair[1]])
        )
    return write_string(library, unparse_stack=[])


def _bibtex_type(article: Article) -> str:
    return {"JOUR": "article", "CHAP": "incollection", "BOOK": "book"}[_ris_type(article)]


def _key(article: Article, taken: set[str]) -> str:
    first = article.authors[0] if article.authors else Author(collective="Anonymous")
    plain = unicodedata.normalize("NFKD", first.last_name or first.collective).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z]", "", plain)[:30] or "Anonymous"
    stem = f"{name}{_date(article).year or ''}_{article.pmid}"
    key = next(key for key in (stem, *(f"{stem}_{number}" for number in range(2, len(taken) + 3))) if key not in taken)
    taken.add(key)
    return key


def _bibtex_fields(article: Article) -> _Pairs:
    journal, date = article.journal, _date(article)
    container = {"article": "journal", "incollection": "booktitle"}.get(_bibtex_type(article))
    yield "author", _braced(" and ".join(_bibtex_name(author) for author in article.authors))
    yield "editor", _braced(" and ".join(_bibtex_name(editor) for editor in article.editors))
    yield "title", _braced(_braced(_latex_title(article)))
    if container:
        yield container, _field(journal.title or journal.abbreviation)
    yield "publisher", _field(journal.publisher)
    yield "address", _field(journal.country) if article.is_book else ""
    yield "year", _field(str(date.year or ""))
    yield "month", _MONTHS[date.month - 1] if date.month else ""
    yield "volume", _field(article.volume)
    yield "number", _field(article.issue)
    yield "pages", _field("--".join(page for page in _page_range(article.pages) if page))
    yield from _bibtex_ids(article)
    yield "language", _field(", ".join(article.languages))
    yield "keywords", _field("; ".join(_keywords(article)))
    yield "abstract", _field(_abstract(article))
    yield "note", _field("; ".join(_remarks(article)))


def _bibtex_ids(article: Article) -> _Pairs:
    yield "issn", _field(article.journal.issn)
    yield "isbn", _field(article.journal.isbn)
    yield "doi", _braced(_verbatim(article.doi or ""))
    yield "pmid", _field(str(article.pmid))
    yield "pmcid", _field(article.pmcid or "")
    yield "url", _braced(_page(article))


def _remarks(article: Article) -> Iterator[str]:
    if article.is_preprint:
        yield "Preprint"
    if article.is_retracted:
        yield "Retracted"


def _bibtex_name(author: Author) -> str:
    """Last, Suffix, Fore; or a collective in braces, which BibTeX then takes for one name."""
    if author.collective:
        return _braced(_latex(author.collective))
    parts = (author.last_name, author.suffix, author.fore_name or author.initials)
    return ", ".join(_latex(part) for part in parts if part)


def _field(text: str) -> str:
    return _braced(_latex(text))


def _braced(latex: str) -> str:
    """`latex` in the braces of a field value; nothing for nothing."""
    return f"{{{latex}}}" if latex else ""


def _verbatim(text: str) -> str:
    """A DOI for a field that styles read verbatim: what would end the field early is percent-encoded."""
    return _line(text).replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C")


@cache
def _encoder() -> UnicodeToLatexEncoder:
    r"""BibTeX counts braces even when escaped, so that one `\{` breaks a file: they become named commands."""
    braces = UnicodeToLatexConversionRule(rule_type=RULE_DICT, rule={ord("{"): r"{\lbrace}", ord("}"): r"{\rbrace}"})
    return UnicodeToLatexEncoder(conversion_rules=[braces, "defaults"], unknown_char_policy="keep", unknown_char_warning=False)


def _latex(text: str) -> str:
    return cast("str", _encoder().unicode_to_latex(_line(text)))


_TAG = re.compile(r"(</?(?:i|b|sub|sup)>)")
_COMMANDS = {"<i>": r"\textit{", "<b>": r"\textbf{", "<sub>": r"\textsubscript{", "<sup>": r"\textsuperscript{"}


def _latex_title(article: Article) -> str:
    """The title with its markup as commands; the plain title where the markup does not close what it opens."""
    pieces = _TAG.split(article.title_markup)
    depths = list(accumulate(1 if tag in _COMMANDS else -1 for tag in pieces[1::2]))
    if not article.title_markup or (depths and (min(depths) < 0 or depths[-1])):
        return _latex(article.display_title)
    return "".join(_latex_piece(piece) for piece in pieces)


def _latex_piece(piece: str) -> str:
    if piece in _COMMANDS:
        return _COMMANDS[piece]
    if _TAG.fullmatch(piece):
        return "}"
    lead, tail = " " * (piece[:1].isspace()), " " * (piece[-1:].isspace() and bool(piece.strip()))
    return f"{lead}{_latex(unescape(piece))}{tail}"


# --- CSV -----------------------------------------------------------------------------------------------------------------------

CSV_HEADER = (
    "pmid", "title", "authors", "journal", "published", "year", "volume", "issue", "pages", "doi", "pmcid", "publication_types",
    "mesh_headings", "keywords", "languages", "preprint", "retracted", "url", "abstract",
)  # fmt: skip
"""The first line. Cells that hold several values part them with "; "; `preprint` and `retracted` are yes or no; `published` reads as
PubMed prints it, `year` is its number."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection")."""


def to_csv(articles: Iterable[Article]) -> str:
    """Write `articles` as CSV (RFC 4180: comma, quotes doubled, CR LF) under `CSV_HEADER`.

    A cell that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(CSV_HEADER)
    rows.writerows([_inert(_line(cell)) for cell in _cells(article)] for article in articles)
    return text.getvalue()


def _cells(article: Article) -> tuple[str, ...]:
    date = _date(article)
    return (
        str(article.pmid),
        article.display_title,
        "; ".join(author.display for author in article.authors),
        article.journal.title or article.journal.abbreviation,
        date.text,
        str(date.year or ""),
        article.volume,
        article.issue,
        article.pages,
        article.doi or "",
        article.pmcid or "",
        "; ".join(article.publication_types),
        "; ".join(map(_heading, article.headings)),
        "; ".join(article.keywords),
        "; ".join(article.languages),
        "yes" if article.is_preprint else "no",
        "yes" if article.is_retracted else "no",
        _page(article),
        _abstract(article),
    )


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


# --- nbib ----------------------------------------------------------------------------------------------------------------------

_WIDTH = 88
_WRAPPED = frozenset({"TI", "TT", "AB", "AD", "JT", "MH", "SO"})
"""The tags whose long values go over several lines. PubMed wraps every tag, but Bio.Medline takes each line of an OT or a PT for a
value of its own, and a wrapped AID is refused by the nbib library."""

_RELATION_TAGS = {
    "CommentIn": "CIN", "CommentOn": "CON", "CorrectedandRepublishedIn": "CRI", "CorrectedandRepublishedFrom": "CRF",
    "ErratumIn": "EIN", "ErratumFor": "EFR", "ExpressionOfConcernIn": "ECI", "ExpressionOfConcernFor": "ECF", "OriginalReportIn": "ORI",
    "RepublishedIn": "RPI", "RepublishedFrom": "RPF", "RetractedandRepublishedIn": "RRI", "RetractedandRepublishedFrom": "RRF",
    "RetractionIn": "RIN", "RetractionOf": "ROF", "SummaryForPatientsIn": "SPIN", "UpdateIn": "UIN", "UpdateOf": "UOF",
}  # fmt: skip


def to_nbib(articles: Iterable[Article]) -> str:
    """Write `articles` in PubMed's format (.nbib, "MEDLINE display format"), one blank line between records.

    Tags and their order are those of PubMed's own download (NLM, "MEDLINE/PubMed Data Element (Field) Descriptions"). Tags for what an
    `Article` does not hold (OWN, DCOM, GR, RN numbers, hours of the history) are left out or read 00:00.
    """
    return "\n".join("".join(f"{line}\n" for line in _nbib_lines(article)) for article in articles)


def _nbib_lines(article: Article) -> Iterator[str]:
    for tag, value in _nbib_pairs(article):
        text = _line(value)
        if tag in _WRAPPED:
            yield from _wrapped(tag, text)
        elif text:
            yield f"{tag:<4}- {text}"


def _wrapped(tag: str, text: str) -> Iterator[str]:
    wrapper = textwrap.TextWrapper(
        _WIDTH, initial_indent=f"{tag:<4}- ", subsequent_indent=" " * 6, break_long_words=False, break_on_hyphens=False
    )
    yield from wrapper.wrap(text)


def _nbib_pairs(article: Article) -> _Pairs:
    yield "PMID", str(article.pmid)
    yield "STAT", article.status
    yield "LR", f"{article.lr:%Y%m%d}" if article.lr else ""
    yield from _nbib_source(article)
    yield from _nbib_people(article)
    yield from (("LA", language) for language in article.languages)
    yield from (("PT", kind) for kind in article.publication_types)
    yield "TT", article.vernacular_title
    yield "DEP", _compact(article.electronic)
    yield from _nbib_journal(article)
    yield from (("NM", name) for name in dict.fromkeys((*article.substances, *article.supplementary)))
    yield from _nbib_relations(article)
    yield from (("MH", _heading(heading)) for heading in article.headings)
    yield "PMC", article.pmcid or ""
    yield from (("OT", keyword) for keyword in article.keywords)
    yield from _nbib_history(article)
    yield from (("AID", location) for location in _locations(article))
    yield "PST", article.pub_status
    yield "SO", _citation(article)


def _nbib_source(article: Article) -> _Pairs:
    journal = article.journal
    if journal.issn and journal.issn_kind:
        yield "IS", f"{journal.issn} ({journal.issn_kind})"
    yield "ISBN", journal.isbn
    yield "VI", article.volume
    yield "IP", article.issue
    yield "DP", article.published.text
    yield "TI", article.title
    yield "BTI", journal.title if article.is_book else ""
    yield "PG", article.pages
    yield from (("LID", location) for location in _locations(article))
    yield "AB", _abstract(article)


def _nbib_people(article: Article) -> _Pairs:
    for author in article.authors:
        if author.collective:
            yield "CN", author.collective
        else:
            yield "FAU", _full_name(author)
            yield "AU", author.display
        yield "AUID", f"ORCID: {author.orcid}" if author.orcid else ""
        yield from (("AD", affiliation) for affiliation in author.affiliations)
    for editor in article.editors:
        yield "FED", _full_name(editor)
        yield "ED", editor.display


def _full_name(author: Author) -> str:
    given = " ".join(part for part in (author.fore_name, author.suffix) if part)
    return author.collective or ", ".join(part for part in (author.last_name, given) if part)


def _nbib_journal(article: Article) -> _Pairs:
    journal = article.journal
    yield "PL", journal.country
    yield "PB", journal.publisher
    if not article.is_book:
        yield "TA", journal.abbreviation
        yield "JT", journal.title
    yield "JID", journal.nlm_id


def _nbib_relations(article: Article) -> _Pairs:
    for relation in article.relations:
        tag = _RELATION_TAGS.get(relation.kind)
        if tag:
            yield tag, f"{relation.source} PMID: {relation.pmid}" if relation.pmid else relation.source


def _nbib_history(article: Article) -> _Pairs:
    days = {"EDAT": (article.edat, "pubmed"), "MHDA": (article.mhda, "medline"), "CRDT": (article.crdt, "entrez")}
    yield from ((tag, f"{day:%Y/%m/%d} 00:00") for tag, (day, _) in days.items() if day)
    yield from (("PHST", f"{day:%Y/%m/%d} 00:00 [{status}]") for day, status in days.values() if day)


def _locations(article: Article) -> Iterator[str]:
    ids = {"pii": article.pii, "doi": article.doi, "bookaccession": article.book_accession}
    return (f"{text} [{kind}]" for kind, text in ids.items() if text)


def _compact(date: PartialDate) -> str:
    """YYYYMMDD, for a date that is known to the day."""
    return f"{date.year:04}{date.month:02}{date.day:02}" if date.year and date.month and date.day else ""


def _citation(article: Article) -> str:
    """The SO line: "J Sample. 2026 Jan;3(2):187-94. doi: 10.1/x."."""
    issue = f"({article.issue})" if article.issue else ""
    pages = f":{article.pages}" if article.pages else ""
    where = f"{article.volume}{issue}{pages}"
    when = f"{article.published.text};{where}" if where else article.published.text
    doi = f"doi: {article.doi}" if article.doi else ""
    parts = (article.journal.display.rstrip("."), when, doi)
    return " ".join(f"{part}." for part in parts if part)


# --- shared --------------------------------------------------------------------------------------------------------------------


def _line(text: str) -> str:
    """`text` on one line, whatever Unicode calls a line break; other white space stays."""
    return " ".join(part.strip() for part in text.replace("\t", " ").splitlines()).strip()


def _date(article: Article) -> PartialDate:
    """The date of the issue, else the electronic one."""
    return article.published if article.published.year else article.electronic


def _page(article: Article) -> str:
    return PUBMED.format(pmid=article.pmid)


def _abstract(article: Article) -> str:
    """The abstract with its sections' labels, as PubMed prints it."""
    if not any(section.label for section in article.sections):
        return _line(article.abstract)
    return " ".join(_line(f"{section.label}: {section.text}" if section.label else section.text) for section in article.sections)


def _keywords(article: Article) -> list[str]:
    return list(dict.fromkeys(map(_line, (*article.keywords, *(heading.name for heading in article.headings)))))


def _heading(heading: Heading) -> str:
    """MEDLINE style: "*Receptors, Nicotinic/chemistry/*genetics", the star before what is a major topic."""
    qualifiers = (f"/{'*' * qualifier.major}{qualifier.name}" for qualifier in heading.qualifiers)
    return f"{'*' * heading.major}{heading.name}{''.join(qualifiers)}"


FORMATS: Mapping[str, Callable[[Iterable[Article]], str]] = MappingProxyType(
    {"ris": to_ris, "bib": to_bibtex, "csv": to_csv, "nbib": to_nbib}
)
"""Each format's writer by the name that the command line and `attach:` use, which is also the file's suffix."""
