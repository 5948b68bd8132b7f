"""PubMed's search fields: every tag by its short and long names, and what of a record it searches.

Names and codes are those that EInfo lists; the further spellings are those of PubMed's help. Nothing here searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a field compares."""

    WORDS = "words and phrases inside texts"
    NAME = "whole values, compared by their words"
    CODE = "whole values, compared letter by letter without case"
    AUTHOR = "personal names, initials truncated"
    HEADING = "MeSH headings, with what lies below them"
    DATE = "days and ranges of days"
    NUMBER = "PMIDs"


@dataclass(frozen=True, slots=True)
class Field:
    """One search field.

    `source` names the zones (WORDS), the values (NAME, CODE, AUTHOR) or the date (DATE) of an `Entry`. `name` and `code` are
    EInfo's; a field that EInfo does not list has an empty code.
    """

    name: str
    code: str
    kind: Kind
    source: tuple[str, ...]
    spellings: tuple[str, ...]
    describes: str = ""


_TITLE = ("title", "collection")
_TITLE_ABSTRACT = (*_TITLE, "abstract", "other abstract", "keywords")
_TEXT = (*_TITLE_ABSTRACT, "headings", "subheadings", "types", "substances", "persons", "collective", "sources", "comments")
_ALL = (*_TEXT, "vernacular", "affiliation", "interests", "publication", "authors", "grants", "identifiers")

FIELDS = (
    Field("All Fields", "ALL", Kind.WORDS, _ALL, ("all",), "All terms from all searchable fields"),
    Field("UID", "UID", Kind.NUMBER, ("uid",), ("pmid",), "Unique number assigned to publication"),
    Field("Filter", "FILT", Kind.NAME, ("filters",), ("sb", "filter", "subset"), "Limits the records"),
    Field("Title", "TITL", Kind.WORDS, _TITLE, ("ti",), "Words in title of publication"),
    Field("Title/Abstract", "TIAB", Kind.WORDS, _TITLE_ABSTRACT, ("title abstract",), "Free text associated with Abstract/Title"),
    Field("Abstract", "", Kind.WORDS, ("abstract", "other abstract"), ("ab",)),
    Field("Text Word", "WORD", Kind.WORDS, _TEXT, ("tw", "text words"), "Free text associated with publication"),
    Field("Other Term", "OTRM", Kind.WORDS, ("keywords",), ("ot",), "Other terms associated with publication"),
    Field("Affiliation", "AFFL", Kind.WORDS, ("affiliation",), ("ad",), "Author's institutional affiliation and address"),
    Field("Author - Corporate", "COLN", Kind.WORDS, ("collective",), ("cn", "corporate author"), "Corporate Author of publication"),
    Field("Transliterated Title", "TT", Kind.WORDS, ("vernacular",), (), "Words in transliterated title of publication"),
    Field(
        "Conflict of Interest Statements",
        "COIS",
        Kind.WORDS,
        ("interests",),
        ("conflict of interest statement",),
        "Conflict of Interest Statements",
    ),
    Field("MeSH Terms", "MESH", Kind.HEADING, (), ("mh", "mesh"), "Medical Subject Headings assigned to publication"),
    Field("MeSH Major Topic", "MAJR", Kind.HEADING, (), (), "MeSH terms of major importance to publication"),
    Field(
        "MeSH Subheading",
        "SUBH",
        Kind.HEADING,
        (),
        ("sh", "mesh subheadings", "subheading"),
        "Additional specificity for MeSH term",
    ),
    Field("Publication Type", "PTYP", Kind.HEADING, ("types",), ("pt",), "Type of publication (e.g., review)"),
    Field("Pharmacological Action", "PAPX", Kind.HEADING, (), ("pa",), "MeSH pharmacological action pre-explosions"),
    Field(
        "Supplementary Concept",
        "SUBS",
        Kind.NAME,
        ("substances",),
        ("nm", "substance name"),
        "CAS chemical name or MEDLINE Substance Name",
    ),
    Field("EC/RN Number", "ECNO", Kind.NAME, ("registry",), ("rn",), "EC number for enzyme or CAS registry number"),
    Field("Author", "AUTH", Kind.AUTHOR, ("authors", "full authors"), ("au",), "Author(s) of publication"),
    Field("Full Author Name", "FULL", Kind.AUTHOR, ("full authors",), ("fau",), "Full Author Name(s) of publication"),
    Field("Author - First", "FAUT", Kind.AUTHOR, ("first author",), ("1au", "first author name"), "First Author of publication"),
    Field("Author - Last", "LAUT", Kind.AUTHOR, ("last author",), ("lastau", "last author name"), "Last Author of publication"),
    Field("Author - Identifier", "AUID", Kind.CODE, ("author ids",), ("author identifier",), "Author Identifier"),
    Field("Investigator", "INVR", Kind.AUTHOR, ("investigators",), ("ir", "fir", "full investigator name"), "Investigator"),
    Field("Editor", "ED", Kind.AUTHOR, ("editors",), (), "Section's Editor"),
    Field("Subject - Personal Name", "PS", Kind.AUTHOR, ("persons",), ("personal name as subject",), "Personal Name as Subject"),
    Field("Journal", "JOUR", Kind.NAME, ("journal",), ("ta",), "Journal abbreviation of publication"),
    Field("NLM Unique ID", "", Kind.CODE, ("nlm id",), ("jid",)),
    Field("Language", "LANG", Kind.NAME, ("languages",), ("la",), "Language of publication"),
    Field("Grants and Funding", "GRNT", Kind.NAME, ("grants",), ("gr", "grant number"), "NIH Grant Numbers"),
    Field("Secondary Source ID", "SI", Kind.NAME, ("sources",), (), "Cross-reference from publication to other databases"),
    Field("Place of Publication", "CNTY", Kind.NAME, ("country",), ("pl",), "Country of publication"),
    Field(
        "Article Identifier",
        "PID",
        Kind.CODE,
        ("identifiers",),
        ("aid", "doi", "pmc", "pmcid", "pii", "publisher id"),
        "Publisher ID",
    ),
    Field("Location ID", "LID", Kind.CODE, ("locations",), (), "ELocation ID"),
    Field("Volume", "VOL", Kind.CODE, ("volume",), ("vi",), "Volume number of publication"),
    Field("Issue", "ISS", Kind.CODE, ("issue",), ("ip",), "Issue number of publication"),
    Field("Pagination", "PAGE", Kind.CODE, ("pages",), ("pg",), "Page number(s) of publication"),
    Field("ISBN", "ISBN", Kind.CODE, ("isbn",), (), "ISBN"),
    Field("Book", "BOOK", Kind.CODE, ("book",), (), "ID of the book that contains the document"),
    Field("Publisher", "PUBN", Kind.NAME, ("publisher",), (), "Publisher's name"),
    Field("Date - Publication", "PDAT", Kind.DATE, ("dp",), ("dp", "publication date"), "Date of publication"),
    Field("Date - Create", "CRDT", Kind.DATE, ("crdt",), ("create date",), "Date publication first accessible through Entrez"),
    Field(
        "Date - Entry",
        "EDAT",
        Kind.DATE,
        ("edat",),
        ("entry date", "date - entrez", "entrez date"),
        "Date publication first accessible through Entrez",
    ),
    Field("Date - MeSH", "MHDA", Kind.DATE, ("mhda",), ("mesh date",), "Date publication was indexed with MeSH terms"),
    Field("Date - Modification", "MDAT", Kind.DATE, ("lr",), ("lr", "modification date"), "Date of last modification"),
    Field("Date - Completion", "CDAT", Kind.DATE, ("dcom",), ("dcom", "completion date"), "Date of completion"),
    Field(
        "Electronic Publication Date",
        "EPDT",
        Kind.DATE,
        ("epdat",),
        ("epdat", "electronic date of publication"),
        "Date of Electronic publication",
    ),
    Field(
        "Print Publication Date", "PPDT", Kind.DATE, ("ppdat",), ("ppdat", "print date of publication"), "Date of print publication"
    ),
)

PROXIMITY_FIELDS = frozenset({"Title", "Title/Abstract", "Affiliation"})
"""The fields in which PubMed searches words near each other."""


def _spelled(tag: str) -> str:
    return " ".join(tag.lower().replace("/", " ").replace("-", " ").split())


_BY_TAG = {_spelled(tag): field for field in FIELDS for tag in (field.name, field.code, *field.spellings) if tag}


@dataclass(frozen=True, slots=True)
class Tag:
    """A field tag as written in a query: the field, `noexp`, or the greatest distance of a proximity search."""

    field: Field
    explode: bool = True
    near: int | None = None


def find_tag(written: str) -> Tag | None:
    """The tag that stands in brackets in a query ("tiab", "MeSH Terms:noexp", "ti:~3"); None for one PubMed does not know."""
    name, _, modifier = written.partition(":")
    field = _BY_TAG.get(_spelled(name))
    modifier = modifier.strip().lower()
    if field is None:
        return None
    if not modifier:
        return Tag(field)
    if modifier == "noexp" and field.kind is Kind.HEADING:
        return Tag(field, explode=False)
    if modifier.startswith("~") and modifier[1:].isdigit() and field.name in PROXIMITY_FIELDS:
        return Tag(field, near=int(modifier[1:]))
    if modifier.startswith("__jid") and field.name == "Journal":
        return Tag(field)
    return None


def named(name: str) -> Field:
    """The field of EInfo's full name."""
    return _BY_TAG[_spelled(name)]
