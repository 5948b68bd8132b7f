"""A reading of our own of PubMed XML: what each search field sees of a record, and on which days it lies.

Written apart from `watcher.pubmed.parse` on purpose, so that a mistake there cannot hide behind the same mistake here. It never
judges a record; what is missing is left empty.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from lxml import etree

Element = etree._Element  # noqa: SLF001 - lxml gives its element type no public name

_RECORD = re.compile(rb"<Pubmed(?:Book)?Article[ >].*?</Pubmed(?:Book)?Article>", re.DOTALL)
_PMID = re.compile(rb"<PMID(?: [^>]*)?>\s*(\d+)\s*</PMID>")
_VERSION = re.compile(rb"<PMID[^>]*\bVersion=\"(\d+)\"")
_STAMP = rb"PubStatus=\"%s\"[^>]*>\s*<Year>\s*(\d+)\s*</Year>\s*<Month>\s*(\d+)\s*</Month>\s*<Day>\s*(\d+)\s*</Day>"
_CREATED = (re.compile(_STAMP % b"entrez"), re.compile(_STAMP % b"pubmed"))
_WORD = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d|2100)\b")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SEASON_MONTHS = {"winter": 1, "spring": 4, "summer": 7, "fall": 10, "autumn": 10}
"""PubMed help: winter counts as January, spring as April, summer as July, fall as October."""

_GREEK = {code: unicodedata.name(chr(code)).split()[-1].lower() for code in range(0x3B1, 0x3CA)} | {0x3BB: "lambda"}
"""Small Greek letters to their names; Unicode spells the eleventh LAMDA."""


def words(text: str) -> list[str]:
    """The words of `text` as the index holds them: lower case, no accents, Greek letters spelled out, punctuation as space."""
    folded = text.casefold()
    if not folded.isascii():
        plain = "".join(sign for sign in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(sign))
        folded = plain.translate(_GREEK)
    return _WORD.findall(folded)


def phrase(text: str) -> str:
    """The words of `text`, joined by one space: the form in which names are compared."""
    return " ".join(words(text))


def split_records(source: bytes) -> Iterator[bytes]:
    """Each PubmedArticle and PubmedBookArticle element of a PubmedArticleSet, as the bytes that stand in the file."""
    return (found.group() for found in _RECORD.finditer(source))


def identity(xml: bytes) -> tuple[int, int]:
    """The record's own pmid and version. Raises ValueError when there is none."""
    found = _PMID.search(xml)
    if not found:
        raise ValueError(f"no PMID in the record that begins {xml[:80]!r}")
    version = _VERSION.search(found.group())
    return int(found.group(1)), int(version.group(1)) if version else 1


def created(xml: bytes) -> date:
    """The day on which PubMed created the record (entrez; pubmed where that is missing; else the first day there is)."""
    stamps = (pattern.search(xml) for pattern in _CREATED)
    return next((date(*map(int, found.groups())) for found in stamps if found), date.min)


@dataclass(frozen=True, slots=True)
class Subject:
    """One MeSH heading of a record; names are in `phrase` form, `qualifiers` pairs of name and major."""

    name: str
    major: bool
    qualifiers: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as the search engine sees it.

    `texts` maps a zone (title, abstract, keywords …) to its pieces, across which no phrase reaches; `names` maps a field to whole
    values; `days` maps a date field (crdt, edat, mhda, lr, dcom, dp, epdat, ppdat) to the days it lies on.
    """

    pmid: int
    version: int
    texts: Mapping[str, tuple[str, ...]]
    names: Mapping[str, tuple[str, ...]]
    days: Mapping[str, tuple[date, ...]]
    subjects: tuple[Subject, ...]
    cites: tuple[int, ...]


def read_entry(xml: bytes) -> Entry:
    """One record's Entry. Raises ValueError when `xml` is no well-formed record."""
    try:
        root = etree.fromstring(xml)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not a record: {error}") from error
    pmid, version = identity(xml)
    nodes = _by_tag(root)
    return Entry(
        pmid=pmid,
        version=version,
        texts=_texts(nodes, root),
        names=_names(nodes, root) | {"uid": (str(pmid),)},
        days=_days(nodes, root),
        subjects=tuple(map(_subject, nodes["MeshHeading"])),
        cites=tuple(_cited(root)),
    )


def text_of(node: Element | None) -> str:
    """The text inside an element, markup dropped, white space folded."""
    return " ".join("".join(str(text) for text in node.itertext()).split()) if node is not None else ""


_Nodes = Mapping[str, list[Element]]


def _by_tag(root: Element) -> _Nodes:
    """Every element of the citation or book document by its tag; what cited papers say of themselves lies elsewhere."""
    nodes: dict[str, list[Element]] = defaultdict(list)
    for node in root[0].iter() if len(root) else ():
        nodes[str(node.tag)].append(node)
    return nodes


def _all(nodes: _Nodes, *tags: str) -> tuple[str, ...]:
    return tuple(text for tag in tags for node in nodes[tag] if (text := text_of(node)))


def _texts(nodes: _Nodes, root: Element) -> dict[str, tuple[str, ...]]:
    zones = {
        "title": _all(nodes, "ArticleTitle"),
        "collection": _all(nodes, "BookTitle", "CollectionTitle"),
        "abstract": tuple(_sections(nodes["Abstract"])),
        "other abstract": tuple(_sections(nodes["OtherAbstract"])),
        "keywords": _all(nodes, "Keyword"),
        "vernacular": _all(nodes, "VernacularTitle"),
        "affiliation": _all(nodes, "Affiliation"),
        "collective": _all(nodes, "CollectiveName"),
        "interests": _all(nodes, "CoiStatement"),
        "headings": _all(nodes, "DescriptorName"),
        "subheadings": _all(nodes, "QualifierName"),
        "types": _all(nodes, "PublicationType"),
        "substances": _all(nodes, "NameOfSubstance", "SupplMeshName"),
        "persons": tuple(_names_of(nodes["PersonalNameSubject"])),
        "comments": _all(nodes, "RefSource"),
        "publication": _all(nodes, "MedlineTA", "Title", "PublisherName"),
        "authors": tuple(_names_of(nodes["Author"])),
        "grants": _all(nodes, "GrantID", "Agency"),
        "sources": _all(nodes, "AccessionNumber", "DataBankName"),
        "identifiers": _own_ids(root) + _all(nodes, "ELocationID"),
    }
    return {zone: texts for zone, texts in zones.items() if texts}


def _sections(abstracts: Iterable[Element]) -> list[str]:
    parts = (part for abstract in abstracts for part in abstract.iterfind("AbstractText"))
    return [f"{part.get('Label', '')} {text_of(part)}".strip() for part in parts]


_OWN_IDS = ("PubmedData/ArticleIdList/ArticleId", "PubmedBookData/ArticleIdList/ArticleId", "BookDocument/ArticleIdList/ArticleId")


def _own_ids(root: Element, kind: str = "") -> tuple[str, ...]:
    found = (node for path in _OWN_IDS for node in root.iterfind(path) if not kind or node.get("IdType") == kind)
    return tuple(text for node in found if (text := text_of(node)))


def _names(nodes: _Nodes, root: Element) -> dict[str, tuple[str, ...]]:
    names = _persons(nodes) | {
        "journal": _all(nodes, "MedlineTA", "ISOAbbreviation", "Title", "ISSN", "ISSNLinking"),
        "nlm id": _all(nodes, "NlmUniqueID"),
        "types": _all(nodes, "PublicationType"),
        "languages": _all(nodes, "Language"),
        "substances": _all(nodes, "NameOfSubstance", "SupplMeshName"),
        "registry": _all(nodes, "RegistryNumber", "NameOfSubstance"),
        "grants": _all(nodes, "GrantID", "Acronym", "Agency"),
        "sources": _all(nodes, "AccessionNumber", "DataBankName"),
        "country": _all(nodes, "Country", "PublisherLocation"),
        "identifiers": _own_ids(root) + _all(nodes, "ELocationID"),
        "locations": _all(nodes, "ELocationID"),
        "volume": _all(nodes, "Volume"),
        "issue": _all(nodes, "Issue"),
        "pages": _all(nodes, "MedlinePgn", "StartPage"),
        "isbn": _all(nodes, "Isbn"),
        "book": _own_ids(root, "bookaccession"),
        "publisher": _all(nodes, "PublisherName"),
        "filters": tuple(sorted(_filters(nodes, root))),
    }
    return {field: values for field, values in names.items() if values}


def _persons(nodes: _Nodes) -> dict[str, tuple[str, ...]]:
    listed = [node for node in nodes["Author"] if node.get("ValidYN") != "N"]
    persons = [node for node in listed if node.find("LastName") is not None]
    editors = (author for group in nodes["AuthorList"] if group.get("Type") == "editors" for author in group)
    return {
        "authors": tuple(_names_of(persons)),
        "first author": tuple(_names_of(persons[:1])) if listed[:1] == persons[:1] else (),
        "last author": tuple(_names_of(persons[-1:])),
        "full authors": tuple(_full_names(persons)),
        "author ids": tuple(text_of(node) for author in listed for node in author.iterfind("Identifier")),
        "investigators": tuple(_names_of(nodes["Investigator"])),
        "editors": tuple(_names_of(editors)),
        "persons": tuple(_names_of(nodes["PersonalNameSubject"])),
    }


def _names_of(authors: Iterable[Element]) -> Iterator[str]:
    for author in authors:
        parts = (author.findtext(tag) for tag in ("LastName", "Initials", "Suffix"))
        if author.find("LastName") is not None:
            yield " ".join(part for part in parts if part)


def _full_names(authors: Iterable[Element]) -> Iterator[str]:
    for author in authors:
        last, fore = author.findtext("LastName") or "", author.findtext("ForeName") or ""
        yield f"{last} {fore}"
        yield f"{fore} {last}"


_STATUS_FILTERS = {
    "MEDLINE": "medline",
    "Completed": "medline",
    "PubMed-not-MEDLINE": "pubmednotmedline",
    "In-Process": "inprocess",
    "In-Data-Review": "in data review",
    "Publisher": "publisher",
    "OLDMEDLINE": "oldmedline",
}
_SYSTEMATIC = re.compile(r"systematic (literature |mixed studies )?review|meta ?-?analysis of", re.IGNORECASE)


def _filters(nodes: _Nodes, root: Element) -> Iterator[str]:
    yield "all"
    citation = root.find("MedlineCitation")
    status = _STATUS_FILTERS.get(citation.get("Status", "")) if citation is not None else "pubmed books"
    if status:
        yield status
    if any(abstract.find("AbstractText") is not None for abstract in nodes["Abstract"]):
        yield "hasabstract"
    if _own_ids(root, "pmc"):
        yield from ("free full text", "ffrft", "pubmed pmc", "pubmed pmc all")
    if _own_ids(root, "pmc") or _own_ids(root, "doi"):
        yield from ("full text", "loattrfull text")
    if "Systematic Review" in _all(nodes, "PublicationType") or any(map(_SYSTEMATIC.search, _all(nodes, "ArticleTitle"))):
        yield from ("systematic", "systematic review", "systematicreview")


def _subject(node: Element) -> Subject:
    name = node.find("DescriptorName")
    qualifiers = tuple((phrase(text_of(child)), child.get("MajorTopicYN") == "Y") for child in node.iterfind("QualifierName"))
    return Subject(phrase(text_of(name)), name is not None and name.get("MajorTopicYN") == "Y", qualifiers)


def _cited(root: Element) -> Iterator[int]:
    for node in root.iterfind("./PubmedData/ReferenceList//ArticleId"):
        if node.get("IdType") == "pubmed" and text_of(node).isdigit():
            yield int(text_of(node))


def _days(nodes: _Nodes, root: Element) -> dict[str, tuple[date, ...]]:
    stamps = {node.get("PubStatus", ""): _exact(node) for node in root.iterfind("./*/History/PubMedPubDate")}
    entered = stamps.get("pubmed") or stamps.get("entrez")
    printed = [_published(node) for node in nodes["PubDate"]]
    electronic = [_exact(node) for node in nodes["ArticleDate"]]
    on_paper = any("Print" in article.get("PubModel", "") for article in nodes["Article"])
    found: dict[str, Iterable[date | None]] = {
        "crdt": (stamps.get("entrez") or entered,),
        "edat": (entered,),
        "mhda": (stamps.get("medline") or entered,),
        "lr": map(_exact, nodes["DateRevised"]),
        "dcom": map(_exact, nodes["DateCompleted"]),
        "dp": (*printed, *electronic),
        "epdat": electronic,
        "ppdat": printed if on_paper else (),
    }
    return {field: kept for field, days in found.items() if (kept := tuple(day for day in days if day))}


def _exact(node: Element) -> date | None:
    return _date_of(node.findtext("Year") or "", node.findtext("Month") or "1", node.findtext("Day") or "1")


def _date_of(year: str, month: str, day: str) -> date | None:
    number = _month_number(month)
    if not year.strip().isdigit() or number is None:
        return None
    try:
        return date(int(year), number, int(day))
    except ValueError:
        return date(int(year), number, 1)


def _month_number(month: str) -> int | None:
    text = month.strip().lower()
    if text.isdigit():
        return int(text) if 1 <= int(text) <= 12 else None
    return _MONTHS.index(text[:3]) + 1 if text[:3] in _MONTHS else _SEASON_MONTHS.get(text)


def _published(node: Element) -> date | None:
    """A PubDate as PubMed indexes it: a missing month is January, a missing day the first, several months the first of them."""
    if node.find("Year") is not None:
        month = node.findtext("Month") or node.findtext("Season") or "1"
        return _date_of(node.findtext("Year") or "", month, node.findtext("Day") or "1")
    text = node.findtext("MedlineDate") or ""
    year = _YEAR.search(text)
    if not year:
        return None
    after = text[year.end() :].replace("-", " ").replace("/", " ").split()
    month = after[0] if after and _month_number(after[0]) else "1"
    day = after[1] if len(after) > 1 and after[1].isdigit() and not month.isdigit() else "1"
    return _date_of(year.group(), month, day)
