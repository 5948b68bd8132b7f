"""The frozen values that travel between the rooms, in the order in which a paper meets them.

    Watch -> Hit -> Article -> Candidate -> Scored -> Judged -> Digest -> Message -> Delivery

A value is named after the station it has reached. Nothing here reads a clock, a file or a network. Times end in `_at` and are
aware UTC; plain dates are NCBI's calendar days. Tuples, never lists, so that a value can be shared without care.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, NewType

from watcher.kinds import Carries as Carries  # noqa: PLC0414 - the other rooms find it here
from watcher.kinds import ChannelKind as ChannelKind  # noqa: PLC0414 - the other rooms find it here
from watcher.kinds import KindFacts as KindFacts  # noqa: PLC0414 - the other rooms find it here

RecordSource = NewType("RecordSource", str)
"""Who keeps records, in small letters."""

PUBMED_SOURCE = RecordSource("pubmed")
"""So far the only one."""

_LABELS = {PUBMED_SOURCE: "PMID"}
"""What stands before a record's number where readers see it, by source."""


class RecordId(NamedTuple):
    """Which record: its source, and the number that the source gives it (a PMID; a positive integer). In order by source, then by number.

    `str` is what a reader types: the number alone for PubMed, "source:number" for any other source. Stored texts hold the same.
    See docs/decisions/0067.
    """

    source: RecordSource
    id: int

    def __str__(self) -> str:
        return str(self.id) if self.source == PUBMED_SOURCE else f"{self.source}:{self.id}"

    @property
    def label(self) -> str:
        """How a reader is told of it: "PMID 41224659"."""
        return f"{_LABELS[self.source]} {self.id}"

    @property
    def pmid(self) -> int | None:
        """Its PMID, None for a record of another source."""
        return self.id if self.source == PUBMED_SOURCE else None

    @property
    def plain(self) -> int | str:
        """What JSON holds in its place: the number alone for PubMed, else as `str`."""
        return self.id if self.source == PUBMED_SOURCE else str(self)

    @classmethod
    def read(cls, told: object) -> RecordId:
        """The record that `plain` gave. Raises ValueError for anything else."""
        if isinstance(told, RecordId):
            return told
        source, _, number = told.rpartition(":") if isinstance(told, str) else ("", "", told)
        if isinstance(number, str) and source and number.isdecimal():
            return cls(RecordSource(source), int(number))
        if isinstance(number, int) and not isinstance(number, bool):
            return cls(PUBMED_SOURCE, number)
        raise ValueError(f"{told!r} names no record")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> object:
        """Stored texts hold `plain`."""
        del source, handler
        from pydantic_core import core_schema  # noqa: PLC0415 - asked for by pydantic alone

        told = core_schema.plain_serializer_function_ser_schema(lambda value: value.plain)
        return core_schema.no_info_plain_validator_function(cls.read, serialization=told)


def pubmed_id(number: int) -> RecordId:
    """PubMed's record of this PMID."""
    return RecordId(PUBMED_SOURCE, number)


def _stored_name(name: str) -> str:
    return "pmid" if name == "record_id" else name


_STORED = {"alias_generator": _stored_name}
"""The name of a record's identity in stored texts, which it had before there was a second source: their hashes hold it."""

HIGHEST_PMID = 2**31 - 1
"""PubMed's numbers have eight digits; what is beyond this fits no column of the database, and is not one of them."""


# --- what is told of what a lab wrote ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something is. Lines and columns count from 1."""

    path: Path
    line: int | None = None
    column: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        parts = [str(self.path)]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        text = ":".join(parts)
        return f"{text}: {self.key}" if self.key else text


class Code(StrEnum):
    """What a warning is about. A code never changes and is never used again for anything else; docs/warnings.md explains each."""

    # configuration
    EXAMPLE_ADDRESS = "example-address"
    NO_WATCH = "no-watch"
    UNLISTED_WATCH = "unlisted-watch"
    UNKNOWN_WORD_LIST = "unknown-word-list"
    MISSING_FILE = "missing-file"
    UNUSED_SECRET = "unused-secret"  # noqa: S105 - a code
    UNREADABLE_SECRET = "unreadable-secret"  # noqa: S105 - a code
    ORPHAN_THEMES = "orphan-themes"
    WITHOUT_EFFECT = "without-effect"
    LONG_PAUSE = "long-pause"
    UNKNOWN_TYPE = "unknown-type"
    DATABASE_PLACE = "database-place"
    DATABASE_READABLE = "database-readable"
    CHANNEL_URL = "channel-url"
    DENSE_OFF = "dense-off"
    # what a query says
    QUERY_COMMENT = "query-comment"
    QUERY_TAG = "query-tag"
    QUERY_FIELD = "query-field"
    QUERY_PROXIMITY = "query-proximity"
    QUERY_OPERATOR = "query-operator"
    QUERY_NESTING = "query-nesting"
    QUERY_HISTORY = "query-history"
    QUERY_FOREIGN = "query-foreign"
    QUERY_CHARACTER = "query-character"
    QUERY_WILDCARD = "query-wildcard"
    QUERY_DATE = "query-date"
    QUERY_HEADINGS = "query-headings"
    # what PubMed makes of it
    PUBMED_PHRASE = "pubmed-phrase"
    PUBMED_FIELD = "pubmed-field"
    PUBMED_IGNORED = "pubmed-ignored"
    PUBMED_MESSAGE = "pubmed-message"
    NO_MATCH = "no-match"
    TOO_MANY = "too-many"
    SET_FELL = "set-fell"
    EDIT_REFUSED = "edit-refused"
    RECORD_UNREADABLE = "record-unreadable"
    TEXT_DAMAGED = "text-damaged"
    # seeds and ranking
    SEED_PASSED_OVER = "seed-passed-over"
    SEED_DISAGREES = "seed-disagrees"
    SEED_NOT_FOUND = "seed-not-found"
    SEED_WITHOUT_TEXT = "seed-without-text"
    SEED_RETRACTED = "seed-retracted"
    MARKED_RETRACTED = "marked-retracted"
    SEEDS_NOT_ASKED = "seeds-not-asked"
    SIMILAR_LEFT_OUT = "similar-left-out"
    COLLECTION_NOT_ASKED = "collection-not-asked"
    COLLECTION_UNREAD = "collection-unread"
    COLLECTION_SHRANK = "collection-shrank"
    LIBRARY_UNREAD = "library-unread"
    UNRANKED = "unranked"

    @property
    def passes(self) -> bool:
        """Whether it is of one run and ends by itself: nobody is written to because of it."""
        return self in _PASSING


_PASSING = frozenset(
    {
        Code.SET_FELL,
        Code.RECORD_UNREADABLE,
        Code.TEXT_DAMAGED,
        Code.SEEDS_NOT_ASKED,
        Code.SIMILAR_LEFT_OUT,
        Code.COLLECTION_NOT_ASKED,
    }
)


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning: what is allowed and will hardly do what the lab wants. `code` says of which kind it is, `what` what is there, in
    words that stand alone, `fix` what to write instead, `place` where, None while it is known of a run alone."""

    code: Code
    what: str
    fix: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        told = f"{self.place}: {self.what}" if self.place else self.what
        return f"{told}; {self.fix}" if self.fix else told

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it the same warning later, also when it has moved to another line."""
        place = self.place
        return (self.code.value, place.path.name if place else "", (place.key or "") if place else "", self.what)


# --- what the lab asked for ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """A new watch's first digest: how many days back, and at most how many papers are shown."""

    days: int = 30
    papers: int = 20


@dataclass(frozen=True, slots=True)
class SeedsFrom:
    """A collection of Zotero that a watch's seeds follow: `library` is `users/ID` or `groups/ID`; with `subcollections` also what lies in
    those below it."""

    library: str
    collection: str
    subcollections: bool = False

    @property
    def path(self) -> str:
        """How it stands in the place of a seed file's path."""
        return f"{FOLLOWED}{self.library}/{self.collection}{'/*' if self.subcollections else ''}"


FOLLOWED = "zotero:"
"""What the path of a seed begins with that a collection gives."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A standing question: a PubMed query, a seed set, a threshold. Scores are 0 to 100. `highlight` None: it is found anew for each
    digest."""

    name: str
    title: str
    query: str
    seeds: tuple[str, ...]
    note: str = ""
    similar: bool = True
    threshold: float = 35
    highlight: float | None = None
    exclude_types: tuple[str, ...] = ("Comment", "Editorial")
    late_after_days: int = 180
    start: Start = Start()
    must_find: tuple[RecordId, ...] = ()
    allow_over: int = 50_000
    was: str | None = None
    seeds_from: tuple[SeedsFrom, ...] = ()


class Empty(StrEnum):
    """What a list does with a period that holds no paper."""

    RECEIPT = "receipt"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class DigestList:
    """A standing order: which watches go to which channels, when, and how the digest looks. `top_only`: on Slack a digest is its first
    post, and Teams, which carries no more, may be alone."""

    name: str
    title: str
    watches: tuple[str, ...]
    channels: tuple[str, ...]
    schedule: str
    timezone: str
    subject_prefix: str = ""
    empty: Empty = Empty.RECEIPT
    top: int = 5
    limit: int = 60
    max_html_kb: int = 90
    attach: tuple[str, ...] = ("ris",)
    group_by: str = "watch"
    chips: tuple[str, ...] = ()
    full_text_url: str | None = None
    top_only: bool = False
    pause_until: date | None = None
    corrections_at_once: bool = False


UNKNOWN_URL = "unknown://url"
"""Stands for a channel's URL that cannot be read: nothing can be sent there, and what is owed waits."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A named destination. `url` is an Apprise URL and a secret: it is never shown, logged or compared in a message."""

    name: str
    kind: ChannelKind
    url: str = field(repr=False)
    to: tuple[str, ...] = ()
    reply_to: str | None = None
    max_mail_mb: float = 10.0


@dataclass(frozen=True, slots=True)
class Contact:
    """Who runs the service, as its readers know it: an address. `is_answered`: a reply to any mail of the list goes there too."""

    address: str
    is_answered: bool = False


# --- seeds -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seed:
    """One example paper as a seed file, or a collection of Zotero, gives it. `path` is relative to seeds/, or that of the collection;
    `locator` tells entries of one file apart ("" for a file that is one seed, else "line 3", "entry smith2024", "item ABCD2345"). Text
    fields may be empty; identifiers are normalised. `claimed_pmid` is a number that the record gives without saying whose it is: it counts
    once PubMed's record of that number agrees."""

    path: str
    locator: str
    file_sha256: str
    pmid: int | None = None
    doi: str | None = None
    pmcid: str | None = None
    title: str = ""
    abstract: str = ""
    keywords: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    notes: str = ""
    claimed_pmid: int | None = None

    @property
    def record_id(self) -> RecordId | None:
        """PubMed's record of its PMID."""
        return pubmed_id(self.pmid) if self.pmid else None

    @property
    def is_followed(self) -> bool:
        """Whether it comes of a collection of Zotero, and not of a file."""
        return self.path.startswith(FOLLOWED)

    @property
    def label(self) -> str:
        """How a reader is told of this seed: its title, else its identifier, else its place."""
        known = f"PMID {self.pmid}" if self.pmid else self.doi or self.pmcid
        return self.title or known or f"{self.path} {self.locator}".strip()


@dataclass(frozen=True, slots=True)
class ResolvedSeed:
    """A seed joined with its PubMed record, or with the reason why it stands on its own text. `resolved_by` is "pmid", "doi",
    "pmcid", "title" or None. With a record, `problem` is what PubMed and the seed disagree about. What was `retracted` (withdrawn, removed)
    teaches nothing."""

    seed: Seed
    article: Article | None = None
    resolved_by: str | None = None
    problem: str | None = None
    retracted: bool = False


# --- an article ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Author:
    """One author or one collective. ValidYN="N" authors are left out by the parser."""

    last_name: str = ""
    fore_name: str = ""
    initials: str = ""
    suffix: str = ""
    collective: str = ""
    orcid: str = ""
    affiliations: tuple[str, ...] = ()

    @property
    def display(self) -> str:
        """MEDLINE style: "Smith JA Jr", or the collective's name."""
        return self.collective or " ".join(part for part in (self.last_name, self.initials or self.fore_name, self.suffix) if part)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A publication date as precise as the record gives it. `text` is how it reads: "2026 Jan 5", "2025 Winter", a MedlineDate."""

    text: str = ""
    year: int | None = None
    month: int | None = None
    day: int | None = None

    @property
    def earliest(self) -> date | None:
        """The first day it can mean, or None without a year."""
        if self.year is None:
            return None
        return date(self.year, self.month or 1, (self.day or 1) if self.month else 1)


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal, or for a book article the book (`publisher` and `isbn` are a book's only; `country` is then the publisher's
    place). `issn_kind` is "Print", "Electronic", "Linking" or unknown."""

    title: str = ""
    abbreviation: str = ""
    issn: str = ""
    nlm_id: str = ""
    country: str = ""
    publisher: str = ""
    isbn: str = ""
    issn_kind: str = ""

    @property
    def display(self) -> str:
        """The ISO abbreviation where there is one, else the title."""
        return self.abbreviation or self.title


@dataclass(frozen=True, slots=True)
class AbstractSection:
    """One AbstractText: its label as printed ("AIMS"), NLM's category ("OBJECTIVE", may be ""), plain text."""

    label: str
    category: str
    text: str


@dataclass(frozen=True, slots=True)
class OtherAbstract:
    """An abstract in another language or of another kind ("plain-language-summary", "Publisher", …)."""

    kind: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Qualifier:
    """A MeSH subheading."""

    name: str
    ui: str
    major: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """A MeSH descriptor with its qualifiers; `major` when the descriptor itself is starred."""

    name: str
    ui: str
    major: bool
    qualifiers: tuple[Qualifier, ...] = ()

    @property
    def is_major(self) -> bool:
        """Starred itself or through one of its qualifiers, as [majr] counts it."""
        return self.major or any(qualifier.major for qualifier in self.qualifiers)


@dataclass(frozen=True, slots=True)
class Relation:
    """One CommentsCorrections entry: RefType ("RetractionIn", "UpdateOf", "ErratumFor", …), the other record when its PMID is
    given, its citation. RefType Cites is left out."""

    __pydantic_config__: ClassVar = _STORED
    kind: str
    record_id: RecordId | None
    source: str


NO_TITLE = "[Title not available]"


def is_placeholder(title: str) -> bool:
    """Whether `title` names nothing: it is empty, or PubMed's "[Not Available]."."""
    return title.strip("[]. ").casefold() in ("", "not available")


@dataclass(frozen=True, slots=True)
class Article:
    """The parsed description of one PubMed record.

    `title` and `abstract` are plain text (the text of the elements, markup dropped; sections of `abstract` joined by one space).
    `title_markup` is HTML limited to i, b, sub, sup, everything else escaped. `doi`, `pmcid` and `pii` are the record's own: never
    those of cited papers, never those marked invalid. `crdt`, `edat`, `mhda` are the History dates entrez, pubmed and medline
    (MEDLINE's field list; the names look swapped); `lr` is DateRevised. `title` may be empty or "[Not Available]."; `display_title` and
    `title_markup` then hold the vernacular title. `book_accession` is a book article's id in NCBI's Bookshelf ("NBK1234").
    """

    __pydantic_config__: ClassVar = _STORED

    record_id: RecordId
    title: str = ""
    abstract: str = ""
    title_markup: str = ""
    version: int = 1
    vernacular_title: str = ""
    sections: tuple[AbstractSection, ...] = ()
    other_abstracts: tuple[OtherAbstract, ...] = ()
    authors: tuple[Author, ...] = ()
    authors_complete: bool = True
    editors: tuple[Author, ...] = ()
    journal: Journal = Journal()
    volume: str = ""
    issue: str = ""
    pages: str = ""
    published: PartialDate = PartialDate()
    electronic: PartialDate = PartialDate()
    languages: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()
    supplementary: tuple[str, ...] = ()
    substances: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    doi: str | None = None
    pmcid: str | None = None
    pii: str | None = None
    status: str = ""
    pub_model: str = ""
    pub_status: str = ""
    crdt: date | None = None
    edat: date | None = None
    mhda: date | None = None
    lr: date | None = None
    relations: tuple[Relation, ...] = ()
    is_book: bool = False
    book_accession: str | None = None

    @property
    def pmid(self) -> int | None:
        """Its PMID, None for a record of another source."""
        return self.record_id.pmid

    @property
    def display_title(self) -> str:
        """What a reader is shown as the title: the vernacular one where PubMed has no other, and never nothing."""
        return (self.vernacular_title or NO_TITLE) if is_placeholder(self.title) else self.title

    @property
    def is_preprint(self) -> bool:
        """PubMed gives preprints the publication type Preprint."""
        return "Preprint" in self.publication_types

    @property
    def is_retracted(self) -> bool:
        """The paper itself was retracted (its notice has the type "Retraction of Publication"), be it to be published anew."""
        return any(one.kind in _RETRACTED for one in corrections_of(self))

    @property
    def stands(self) -> bool:
        """Whether it was neither retracted nor withdrawn nor removed: what does not stand is never news."""
        return not any(one.kind.retracts for one in corrections_of(self))

    @property
    def is_ahead_of_print(self) -> bool:
        """Published online, not yet in an issue."""
        return self.pub_status == "aheadofprint"

    @property
    def earliest_published(self) -> date | None:
        """The first day on which any form of the paper can have been out."""
        days = [day for day in (self.published.earliest, self.electronic.earliest) if day]
        return min(days) if days else None


# --- what became of a paper ---------------------------------------------------------------------------------------------------


class CorrectionKind(StrEnum):
    """What became of a paper after it was published, worst first."""

    RETRACTION = "retraction"
    REPLACED = "retracted-and-republished"
    WITHDRAWAL = "withdrawal"
    REMOVAL = "removal"
    PARTIAL_RETRACTION = "partial-retraction"
    CONCERN = "concern"
    CORRECTED_AND_REPUBLISHED = "corrected-and-republished"
    ERRATUM = "erratum"
    OTHER = "other"
    REINSTATEMENT = "reinstatement"
    NOTICE_RETRACTED = "notice-retracted"
    TAKEN_BACK = "taken-back"
    GONE = "gone"

    @property
    def retracts(self) -> bool:
        """Whether the paper as a whole no longer stands."""
        return self in _RETRACTING

    @property
    def family(self) -> frozenset[CorrectionKind]:
        """The kinds by which two sources may call one and the same event."""
        return _RETRACTING if self.retracts else frozenset({self})

    @property
    def happens_once(self) -> bool:
        """Whether two sources that say so of one paper mean one event, whatever notice they name. Errata come in numbers."""
        return self.retracts or self in (CorrectionKind.CONCERN, CorrectionKind.PARTIAL_RETRACTION, CorrectionKind.REINSTATEMENT)


_RETRACTED = frozenset({CorrectionKind.RETRACTION, CorrectionKind.REPLACED})
_RETRACTING = _RETRACTED | {CorrectionKind.WITHDRAWAL, CorrectionKind.REMOVAL}

PUBMED = "PubMed"
"""Who says so, as readers are told."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What became of the paper of one record. The notice, in which the journal says so (for what was published anew the new paper), is
    known by its record, its DOI, its citation, or not at all. `sources` are those that say so, in readers' words; `label` is what a source
    calls it whose word has no kind here, `dated` the day that it gives. `id` is 0 while it is not stored. `about` is the correction
    that was taken back, or whose notice was retracted; for GONE, `notice_record_id` is the living record of the same DOI."""

    record_id: RecordId
    kind: CorrectionKind
    notice_record_id: RecordId | None = None
    notice_doi: str | None = None
    citation: str = ""
    sources: tuple[str, ...] = (PUBMED,)
    label: str = ""
    dated: date | None = None
    found_at: datetime | None = None
    id: int = 0
    about: int | None = None

    @property
    def notice(self) -> str:
        """What tells it from another one of its kind on the same paper."""
        if self.notice_record_id:
            return self.notice_record_id.label
        return self.citation or (f"DOI {self.notice_doi}" if self.notice_doi else "")


_LINKS = {
    "RetractionIn": CorrectionKind.RETRACTION,
    "RetractedandRepublishedIn": CorrectionKind.REPLACED,
    "PartialRetractionIn": CorrectionKind.PARTIAL_RETRACTION,
    "ExpressionOfConcernIn": CorrectionKind.CONCERN,
    "CorrectedandRepublishedIn": CorrectionKind.CORRECTED_AND_REPUBLISHED,
    "ErratumIn": CorrectionKind.ERRATUM,
}
"""PubMed's links from a paper to what is said of it (RefType of CommentsCorrections, pubmed_250101.dtd). PartialRetractionIn is of the years
2006 to 2016; since then NLM links partial retractions as errata (NLM Technical Bulletin 412, e3)."""

_MARKED = re.compile(
    r"\W*(?:(?P<retracted>retracted(?: article| paper)?)|(?P<withdrawn>withdrawn(?: article| paper)?)"
    r"|(?P<removed>(?-i:REMOVED|TEMPORARY REMOVAL)))\s*[:\]]",
    re.IGNORECASE,
)
"""How publishers mark a title. PubMed has no link for what is withdrawn before it is in an issue, or as a Cochrane review: the record keeps
its number, and its title begins with "WITHDRAWN:"."""

_MARKS = {
    "retracted": CorrectionKind.RETRACTION,
    "withdrawn": CorrectionKind.WITHDRAWAL,
    "removed": CorrectionKind.REMOVAL,
}


def corrections_of(article: Article) -> tuple[Correction, ...]:
    """What a record says became of its paper: by its links, else by its type or title. What it says as a notice about other papers is
    not meant: many a notice has the title of the paper with "Retracted:" before it."""
    linked = tuple(dict.fromkeys(_linked(article)))
    whole = any(one.kind.retracts or one.kind is CorrectionKind.PARTIAL_RETRACTION for one in linked)
    if whole or _is_about_another(article):
        return linked
    kind = CorrectionKind.RETRACTION if "Retracted Publication" in article.publication_types else _marked(article.title)
    return linked if kind is None else (Correction(article.record_id, kind), *linked)


def _linked(article: Article) -> Iterator[Correction]:
    for relation in article.relations:
        kind = _LINKS.get(relation.kind)
        if kind is not None:
            yield Correction(article.record_id, kind, notice_record_id=relation.record_id, citation=relation.source)


def _is_about_another(article: Article) -> bool:
    """Whether its title speaks of another paper: it is a notice, and does not say by its type that it was itself retracted."""
    types = set(article.publication_types)
    if "Retracted Publication" in types:
        return False
    return bool(types & _NOTICES) or any(one.kind in ("RetractionOf", "ErratumFor") for one in article.relations)


_NOTICES = frozenset({"Retraction of Publication", "Published Erratum", "Expression of Concern"})


def _marked(title: str) -> CorrectionKind | None:
    found = _MARKED.match(title)
    return _MARKS[found.lastgroup] if found and found.lastgroup else None


class Pooling(StrEnum):
    """How a sentence-embedding model's answer becomes one vector: the mean of the tokens' states, the first token's state, or the vector
    that the model gives for the whole text."""

    MEAN = "mean"
    CLS = "cls"
    READY = "ready"


class TextInput(StrEnum):
    """How title and abstract are given to a sentence-embedding model: as "title. abstract", in one sequence with the tokenizer's separator
    token between them, or as the two segments of a pair."""

    SENTENCE = "sentence"
    SEPARATOR = "separator"
    PAIR = "pair"


ENCODER_FILES = (
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer_config.json",
)
"""The files that may say how a sentence-embedding model is used, by their names in its folder and on the hub."""


class EmbeddedText(str):
    """The "title. abstract" of a paper, which knows where the title ends."""

    __slots__ = ("abstract_part", "title_part")

    title_part: str
    abstract_part: str

    @property
    def parts_sha256(self) -> str:
        """The hash of title and abstract as two."""
        return text_sha256(f"{self.title_part}\0{self.abstract_part}")


def embedded_text(article: Article) -> EmbeddedText:
    """What a sentence embedding is made of: "title. abstract"; empty for a paper without either."""
    text = EmbeddedText(f"{article.title}. {article.abstract}" if article.title or article.abstract else "")
    text.title_part, text.abstract_part = article.title, article.abstract
    return text


def text_sha256(text: str) -> str:
    """The hash under which what was computed from a text is kept."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


# --- from a hit to a scored candidate -----------------------------------------------------------------------------------------


class Origin(StrEnum):
    """How a record came to a watch: in the window by its creation or entry date; in the window because it was indexed or revised;
    as a neighbour of a seed; only when the full set was read."""

    QUERY = "query"
    INDEXED = "indexed"
    SIMILAR = "similar"
    FULL_SET = "full-set"


class HitState(StrEnum):
    """Where a hit stands in the seen ledger."""

    BASELINE = "baseline"
    AWAITING = "awaiting-record"
    NEWS = "news"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Hit:
    """This record matched this watch."""

    watch: str
    record_id: RecordId
    origins: frozenset[Origin]
    state: HitState = HitState.NEWS
    news_at: datetime | None = None


LONGEST_THEME_NAME = 100
OTHER_THEMES = "Other"
"""Where the papers go that fit no theme; no theme is called so."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One of the things that a watch's seeds speak of: its name, and the words and phrases that papers on it use ("myasthen*": any
    ending)."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that papers say side by side. `words` are in small letters, the last one without the plural's s; `forms` are the phrase as
    papers spell it, the commonest first."""

    words: tuple[str, ...]
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """Phrases that a paper must all hold, and which of the seeds do, by their numbers. `heading` is the MeSH heading that the phrase says
    in words, "" for none; its seeds count, too."""

    phrases: tuple[Phrase, ...]
    seeds: frozenset[int]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An article joined with its hits, one for each watch that it matched; not yet judged."""

    article: Article
    work_id: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase of the paper, as written there, with its share of the score (0 to 1)."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a score is what it is: terms and MeSH headings of the paper that raised it most, the nearest seed."""

    terms: tuple[Term, ...] = ()
    headings: tuple[Term, ...] = ()
    nearest_seed: str = ""
    nearest_similarity: float = 0.0


@dataclass(frozen=True, slots=True)
class Scored:
    """The score of one article under one ranking: `value` 0 to 100."""

    record_id: RecordId
    value: float
    reasons: Reasons


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a breakdown: what it is, and how many standardised points it added (negative: took away)."""

    name: str
    points: float


@dataclass(frozen=True, slots=True)
class OwnGround:
    """How far a snapshot of the watch's own papers is believed in a ranking. `papers`: how many of them the left-out seeds and relevant
    papers were looked for among; `strength`: 0 (not at all) to 1; `before` and `after`: at which place each one left out stood there by
    the others, without the snapshot's weights and with all of them."""

    papers: int
    strength: float
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Everything behind one number. `value` is the number, `total` the raw sum of the spaces' standardised scores.

    `spaces` hold one part each (phrases, words, …). `terms` are words and phrases of the paper as written there, `headings` its
    MeSH headings, each with what it raised or lowered, those that raised most first. `nearest` are the best five seeds with their
    cosine. `verdicts` are the marked papers that moved it: the record, "relevant" or "not", points. `ground`: what the watch's own
    papers had to say about the weights of words; None where there is no snapshot of them.
    """

    value: float
    total: float
    spaces: tuple[Part, ...] = ()
    terms: tuple[Part, ...] = ()
    headings: tuple[Part, ...] = ()
    nearest: tuple[tuple[str, float], ...] = ()
    verdicts: tuple[tuple[RecordId, str, float], ...] = ()
    ground: OwnGround | None = None


@dataclass(frozen=True, slots=True)
class RankingFacts:
    """Everything that a score depends on besides the article; `sha256` stands for the whole of it."""

    sha256: str
    seeds_sha256: str
    background_sha256: str
    code: str
    last_verdict_id: int | None = None
    snapshot_sha256: str | None = None


# --- verdicts ---------------------------------------------------------------------------------------------------------------


class VerdictKind(StrEnum):
    """What a reader says of a paper. `later` puts it on the reading list and says nothing of its relevance."""

    RELEVANT = "relevant"
    NOT = "not"
    LATER = "later"

    @property
    def teaches(self) -> bool:
        """Whether a watch learns from it."""
        return self is not VerdictKind.LATER


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reader's word on one paper, for one watch. `via` is how it came ("cli"); `undone_at` is set once it is taken back, or
    replaced by a later one of the same reader. A later verdict has a higher `id`."""

    id: int
    watch: str
    record_id: RecordId
    kind: VerdictKind
    reader: str
    made_at: datetime
    via: str = ""
    undone_at: datetime | None = None


# --- runs ------------------------------------------------------------------------------------------------------------------


class RunOutcome(StrEnum):
    """How a run ended."""

    GOOD = "good"
    FAILED = "failed"
    REFUSED = "refused"
    ABANDONED = "abandoned"


class RunKind(StrEnum):
    """What a run asks: all and what is recent, since no version of the query has been read; the same since the query was edited; the
    window, and all beside it; the window alone."""

    FIRST = "first"
    EDIT = "edit"
    FULL = "full"
    WINDOW = "window"


class ErrorKind(StrEnum):
    """What a run failed of."""

    NO_ANSWER = "no-answer"
    LATE = "answer-late"
    TOO_LONG = "answer-too-long"
    INCOMPLETE = "answer-incomplete"
    QUIET_HOURS = "waits-for-quiet-hours"
    QUERY = "query-refused"
    TOO_MANY = "too-many-matches"
    CANNOT_BE_CUT = "cannot-be-cut"
    KEY = "key-refused"
    SEEDS = "seeds-unusable"
    SEED_FILE = "seeds-unreadable"
    COLLECTION = "collection-unread"
    CUT_OFF = "cut-off"
    STOPPED = "stopped"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SearchFacts:
    """What PubMed said about one search besides its ids."""

    term: str
    count: int
    translation: str = ""
    phrases_not_found: tuple[str, ...] = ()
    fields_not_found: tuple[str, ...] = ()
    phrases_ignored: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the source's own remarks, and records.

    `facts.count` exceeds `len(record_ids)` only when fewer were asked for, or when the count is beyond PubMed's cap of 9,999.
    """

    facts: SearchFacts
    record_ids: tuple[RecordId, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came for the records that were asked for.

    `missing`: PubMed returned no record (not yet, or not any more). `broken`: a record came that cannot be understood, and why.
    `unasked`: records that came although nobody asked, as for records that were merged; they are left out of `articles`.
    """

    articles: tuple[Article, ...]
    missing: tuple[RecordId, ...] = ()
    broken: tuple[tuple[RecordId | None, str], ...] = ()
    unasked: tuple[RecordId, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A similar article; scores compare only within the neighbours of one record."""

    record_id: RecordId
    score: int


@dataclass(frozen=True, slots=True)
class RunReport:
    """One look of one watch at PubMed. Counts are of records, `requests` of HTTP requests (retries included).

    `selected` counts new papers at or above the threshold.
    `error_kind` is None when nothing failed; a good run has one where an edited query was refused and the one before stays in force.
    `error` says what failed, `fix` what a person can do, where the error itself knows.
    """

    watch: str
    kind: RunKind
    outcome: RunOutcome
    started_at: datetime
    finished_at: datetime
    window_from: date | None = None
    window_to: date | None = None
    full_set_as_of: date | None = None
    matched: int = 0
    known: int = 0
    fetched: int = 0
    new: int = 0
    awaiting: int = 0
    selected: int = 0
    requests: int = 0
    seconds: float = 0.0
    translation: str = ""
    warnings: tuple[Warned, ...] = ()
    error_kind: ErrorKind | None = None
    error: str | None = None
    may_pass: bool = False
    fix: str | None = None

    @property
    def is_failure(self) -> bool:
        """Whether it ended without having read anything, for a reason that somebody should know."""
        return self.outcome in (RunOutcome.FAILED, RunOutcome.REFUSED) and self.error_kind is not ErrorKind.QUIET_HOURS


# --- digests -----------------------------------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """What a digest decided about a hit."""

    SHOWN = "shown"
    ATTACHED = "attached"
    BELOW_THRESHOLD = "below-threshold"
    EXCLUDED_TYPE = "excluded-type"
    ALREADY_PRESENTED = "already-presented"
    IN_LIBRARY = "in-library"
    RETRACTED = "retracted"


class Section(StrEnum):
    """Where in a digest a paper stands, in this order."""

    PICK = "pick"
    WATCH = "watch"
    PREPRINT = "preprint"
    LATE = "late"
    RECONSIDERED = "reconsidered"
    STARTER = "starter"


@dataclass(frozen=True, slots=True)
class GaveWay:
    """A paper that is so like the pick `to` that another paper is picked in its place. `similarity`: their cosine, 0 to 1."""

    __pydantic_config__: ClassVar = _STORED

    record_id: RecordId
    to: RecordId
    similarity: float


@dataclass(frozen=True, slots=True)
class Item:
    """One work in a digest. `watches` are names, best score first. `also` are other records of the same work (which, how it
    reads: "preprint in bioRxiv"). `note` says why it comes late, or again, `gave_way` why it is no pick. `theme` is the heading that it
    stands under where the list groups by theme. `corrections` were there before it was presented.
    `is_neighbour`: no query matched it, PubMed lists it as similar to a seed. `nearer`: of a hundred papers that its first watch brought in
    the last twelve weeks, so many are farther from the seeds; None where there were too few."""

    article: Article
    work_id: int
    watches: tuple[str, ...]
    score: float
    reasons: Reasons
    section: Section
    highlight: bool = False
    chips: tuple[str, ...] = ()
    also: tuple[tuple[RecordId, str], ...] = ()
    note: str = ""
    gave_way: GaveWay | None = None
    theme: str = ""
    corrections: tuple[Correction, ...] = ()
    is_neighbour: bool = False
    nearer: int | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A later record of a work that this list has already had: "now in eLife"."""

    article: Article
    work_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """A paper that the readers of a list had at `had_at`, and what became of it since, worst first. `record_id` is the record that they had;
    of one whose text is damaged, `article` is None and `title` what is left."""

    record_id: RecordId
    title: str
    had_at: datetime
    corrections: tuple[Correction, ...]
    article: Article | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of record-creation days that a digest could not cover, and why; `made_good` when a later digest did."""

    watch: str
    since: date
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A span in which watches could not be run: the service was off, or PubMed refused. `made_good_at` is when a later run
    covered it, None while it lasts."""

    watches: tuple[str, ...]
    since: datetime
    until: datetime
    reason: str
    made_good_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Weeks:
    """How many papers a watch found in each of the last weeks, and how many of its papers digests showed, oldest first."""

    watch: str
    found: tuple[int, ...]
    shown: tuple[int, ...]


class HighlightRule(StrEnum):
    """Where the score comes from, from which a digest calls papers highly relevant: the configuration (or 70, while there are few papers); the
    best eighth of what the watch brought in twelve weeks; the readers' verdicts."""

    FIXED = "fixed"
    BEST_EIGHTH = "best-eighth"
    VERDICTS = "verdicts"


@dataclass(frozen=True, slots=True)
class Highlight:
    """From which score a digest called a watch's papers highly relevant (None: it called none so), by which rule, and of how many papers, or
    marked papers, the rule was taken."""

    watch: str
    value: float | None
    rule: HighlightRule
    papers: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the digest did, counted. Each count is of distinct works or records as its name says; `failures` and
    `remarks`, which say what papers were not ranked or cannot be shown yet, are whole sentences. `weeks` were counted before this digest
    showed anything. `highlights` say what was called highly relevant. `reweighed` are the titles of watches whose words weigh otherwise
    since the last digest, by a new snapshot of their own papers."""

    checked: int = 0
    new: int = 0
    shown: int = 0
    attached: int = 0
    below_threshold: int = 0
    excluded_type: int = 0
    already_presented: int = 0
    in_library: int = 0
    retracted: tuple[RecordId, ...] = ()
    awaiting: int = 0
    unavailable: tuple[RecordId, ...] = ()
    failures: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    next_digest_at: datetime | None = None
    outages: tuple[Outage, ...] = ()
    gave_way: tuple[GaveWay, ...] = ()
    weeks: tuple[Weeks, ...] = ()
    highlights: tuple[Highlight, ...] = ()
    reweighed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """The slot that a digest belongs to. `key` is unique within a list: the slot as ISO with offset ("2026-03-02T08:00+01:00"),
    or "manual:<instant>". `covers_from` and `covers_to` are NCBI days, both inclusive; `first` for a list's first digest."""

    key: str
    slot_at: datetime
    covers_from: date
    covers_to: date
    first: bool = False
    late_reason: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """One issue of a list, for one period. `items` are shown, in order; `attached` are presented in the attached file only.

    `watch_titles` maps names to titles in the list's order; `highlights` counts shown and attached items marked as highly relevant.
    `corrected` are papers of earlier digests, with what became of them.
    """

    list: DigestList
    period: Period
    composed_at: datetime
    watch_titles: Mapping[str, str]
    items: tuple[Item, ...] = ()
    attached: tuple[Item, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    gaps: tuple[Gap, ...] = ()
    receipt: Receipt = Receipt()
    base_url: str | None = None
    corrected: tuple[Corrected, ...] = ()
    contact: Contact | None = None

    @property
    def presented(self) -> tuple[Item, ...]:
        """Everything that reaches the reader: shown, then attached."""
        return self.items + self.attached

    @property
    def highlights(self) -> int:
        """How many presented papers are highly relevant."""
        return sum(item.highlight for item in self.presented)


# --- notices -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notice:
    """A failure that people are told of once, and its end. `topic` is what fails ("watch:nmj", "channel:lab-mail",
    "configuration:host:folder"); at most one notice of a topic is open. `headline` says what fails, as a sentence without its full stop,
    `what` the rest of it, `todo` what to do, in whole sentences. With `recovered_at` it tells the end of the failure. Where
    `is_failure` is not set, nothing fails: it tells of warnings."""

    topic: str
    since: datetime
    headline: str = field(kw_only=True)
    what: str = field(default="", kw_only=True)
    todo: str = field(default="", kw_only=True)
    recovered_at: datetime | None = field(default=None, kw_only=True)
    is_failure: bool = field(default=True, kw_only=True)

    @property
    def whole(self) -> str:
        """All but what to do, in sentences."""
        return f"{self.headline}. {self.what}".strip()


# --- messages and deliveries ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """A digest or a notice rendered for one kind of channel, stored and sent byte for byte.

    `kind` is a ChannelKind value. `payload` maps part names to text: email {"text", "html"}, of each attached file "ris" and "ris_name"
    or "nbib" and "nbib_name", and for sending alone "ris_total" or "nbib_total", how many papers the digest has where the file holds fewer,
    and "text_papers", where they stand in the text; slack {"json"}: the whole Block Kit payload with top-level text; teams {"json"}: the
    message with its card; other {"text"}. `headers` are an email's own: X-Watcher-… and List-Id.
    """

    kind: ChannelKind
    part: int
    subject: str
    payload: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, and what a person can do about it ("" when nothing is known), each a value of its own: what a server
    answered may look like anything."""

    reason: str
    fix: str = ""


class PushState(StrEnum):
    """How a paper's push into Zotero stands. `dropped`: its verdict was taken back before it was pushed."""

    PENDING = "pending"
    PARKED = "parked"
    PUSHED = "pushed"
    DROPPED = "dropped"


class PushOutcome(StrEnum):
    """What became of a paper that was pushed: a new item, an item that was there filed in the collection, one that was in it, or ours that a
    person had put into the trash and that stays there."""

    MADE = "made"
    FILED = "filed"
    THERE = "there"
    TRASHED = "trashed"


class DeliveryState(StrEnum):
    """Where a delivery stands. Parked is never final."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    PARKED = "parked"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message owed to one recipient of one channel. `recipient` is "" when the channel's URL says who. `rfc822_id` is the
    Message-ID without its angle brackets; `first_attempt_at` fixes the Date header."""

    id: int
    channel: str
    recipient: str
    message: Message
    rfc822_id: str
    state: DeliveryState
    attempts: int
    first_attempt_at: datetime | None
    token: str = ""


# --- feeds -------------------------------------------------------------------------------------------------------------------


FEED_ENTRIES = 200
"""So many entries a feed has; readers fetch far more often than so many come."""


class FeedKind(StrEnum):
    """Whose feed it is: a list's, of what its digests presented; a watch's, of its papers at the threshold."""

    LIST = "lists"
    WATCH = "watches"


class EntryKind(StrEnum):
    """What an entry of a feed tells: a paper; a later record of one that was told before; what became of one."""

    PAPER = "paper"
    LATER = "later-record"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry of a feed, worded once: text and HTML stay as they are, whatever becomes of the record. `key` tells it from the other entries
    of its feed for ever. `title`, `authors` and `summary` are text, `url` and the links of `html` are absolute. `correction` is the number
    of the correction that it tells."""

    __pydantic_config__: ClassVar = _STORED

    key: str
    kind: EntryKind
    record_id: RecordId
    title: str
    url: str
    authors: str = ""
    summary: str = ""
    html: str = ""
    tags: tuple[str, ...] = ()
    correction: int | None = None


def paper_key(record_id: RecordId) -> str:
    """The key of the entry that tells a paper by this record."""
    return f"{EntryKind.PAPER} {record_id}"


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry with its id, an address of the form urn:uuid:…, and when it came into the feed."""

    id: str
    at: datetime
    entry: FeedEntry


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as readers get it, its latest entry first. `id` has the form urn:uuid:…; `about` is a sentence; `home` and `address` are the
    page's address and the feed's own, None where they are not known."""

    id: str
    title: str
    about: str
    updated_at: datetime
    entries: tuple[Entered, ...] = ()
    home: str | None = None
    address: str | None = None


# --- as JSON ---------------------------------------------------------------------------------------------------------------------


def as_document(value: Any) -> Any:  # noqa: ANN401 - a value of this module or of one beside it
    """A value with all that it holds, as JSON shows it: dataclasses as dictionaries, records by their `plain` and under the name "pmid", which
    readers of our JSON know. Everything else stays as it is."""
    if isinstance(value, RecordId):
        return value.plain
    if isinstance(value, (tuple, list)):
        return [as_document(one) for one in value]
    if isinstance(value, Mapping):
        return {key: as_document(held) for key, held in value.items()}
    if is_dataclass(value):
        return {one.name.replace("record_id", "pmid"): as_document(getattr(value, one.name)) for one in fields(value)}
    return value
