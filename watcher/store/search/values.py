"""What is asked of the text index and what it answers: frozen values that leave the room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from watcher.domain import Article, RecordId, Verdict


class SearchOrder(StrEnum):
    """How papers are ordered; those alike by their day, newest first."""

    NEWEST = "newest"
    SCORE = "score"
    RELEVANCE = "relevance"


class VerdictFilter(StrEnum):
    """Papers on which a verdict is in force: this one, any, or none."""

    RELEVANT = "relevant"
    NOT = "not"
    LATER = "later"
    ANY = "any"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters, all of which hold; of several names in one of them one is enough. Days are those on which PubMed created the record."""

    watches: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    types: tuple[str, ...] = ()
    chips: tuple[str, ...] = ()
    journals: tuple[str, ...] = ()
    verdict: VerdictFilter | None = None
    min_score: float | None = None


Counted = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of the papers found have what, the most frequent first."""

    watches: Counted = ()
    journals: Counted = ()
    types: Counted = ()
    chips: Counted = ()
    verdicts: Counted = ()


@dataclass(frozen=True, slots=True)
class FoundPaper:
    """A paper of an answer: a work, shown by its newest record. `record_ids` are all its records; `article` None: its text is not stored any
    more, or is damaged. `scores` are its best under each watch's newest ranking; `verdicts` those in force; `watches` those that have seen it.
    `place` is where it stands in the order, for the page after it."""

    work_id: int
    record_id: RecordId
    record_ids: tuple[RecordId, ...]
    title: str
    day: date | None
    article: Article | None
    watches: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Papers, and how many there are in all. `papers_missing`: how many the index does not have as they are now, of `papers_stored`
    that the database has; both are 0 where none is missing. `unknown` are filters that name what no paper has."""

    papers: tuple[FoundPaper, ...]
    total: int
    papers_stored: int
    papers_missing: int
    counts: Counts | None = None
    unknown: tuple[str, ...] = ()
