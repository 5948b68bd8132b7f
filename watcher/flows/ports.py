"""All that the flows ask of the outside. The App puts PubMed, the ranking, Crossref and the channels behind these; a test puts four lines.

    Source   PubMed: how a query is written for it, and what it answers      `watcher.pubmed.client.Entrez`
    Ranks    scores with their reasons                                       `watcher.rank.Ranking`
    Witness  who else says what became of a paper                            `watcher.crossref.Crossref`
    Libraries  what Zotero holds, and what is written into it                `watcher.zotero.client.Zotero`
    Sender   takes messages to their recipients                              `watcher.notify.Notifier`

What they give is in `watcher.domain`; what each call promises and raises is said where it is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from watcher.domain import (
    Article,
    Breakdown,
    Channel,
    Correction,
    Delivery,
    Fetched,
    Found,
    Neighbour,
    RankingFacts,
    RecordId,
    ResolvedSeed,
    Scored,
    SearchFacts,
    Warned,
    Watch,
)

if TYPE_CHECKING:
    from watcher.zotero.answers import Access, Collection, Versions, WriteAnswer, ZoteroGroup, ZoteroItem

Normalise = Callable[[str], str]
"""Gives the form of a query in which two that ask the same are equal. Pure: no source is opened for it."""


class Source(Protocol):
    """Where papers come from."""

    # --- how a query is written for it: pure

    def normalise(self, term: str) -> str:
        """The form in which two queries that ask the same are equal."""

    def windowed(self, term: str, since: date) -> str:
        """Those of the query that were created, entered, indexed or revised on or after a day."""

    def created_between(self, term: str, since: date | None, until: date | None) -> str:
        """Those of the query that were created from one day to another, both inclusive, None for no bound."""

    def warnings(self, facts: SearchFacts, term: str) -> tuple[Warned, ...]:
        """What it remarked of a search, but for what the query `term` is warned of by itself."""

    # --- what it answers

    @property
    def requests_made(self) -> int:
        """HTTP exchanges so far, retries included."""

    def search(self, term: str, *, retmax: int = 9_999) -> Found:
        """One whole answer."""

    def best_matches(self, term: str, *, retmax: int) -> tuple[RecordId, ...]:
        """What it takes for the best matches, best first."""

    def read_set(self, term: str, *, first: Found | None = None) -> Found:
        """All records that match, however many."""

    def fetch(self, record_ids: Sequence[RecordId], *, progress: Callable[[int], None] | None = None) -> Fetched:
        """The records."""

    def similar(self, record_id: RecordId) -> tuple[Neighbour, ...]:
        """The similar articles of one record."""

    def ping(self) -> str:
        """When its database was last updated."""

    def created_since(self, record_ids: Sequence[RecordId], since: date) -> tuple[RecordId, ...]:
        """Those of the records that were created on or after a day."""


class Ranks(Protocol):
    """One way to score articles."""

    @property
    def facts(self) -> RankingFacts:
        """What its scores depend on besides the article."""

    def score(self, articles: Sequence[Article]) -> tuple[Scored, ...]:
        """A score for each article, in their order."""

    def values(self, articles: Sequence[Article]) -> tuple[float, ...]:
        """The numbers of the scores alone."""

    def breakdown(self, article: Article) -> Breakdown:
        """Everything behind one number."""


Rank = Callable[[Watch, Sequence[ResolvedSeed]], Ranks]
"""Gives the ranking of a watch by its seeds and by the verdicts that are in force now."""


class Witness(Protocol):
    """Says what became of papers, one after the other."""

    def corrections(self, record_id: RecordId, doi: str) -> tuple[Correction, ...] | None:
        """What became of a paper; None when the DOI is not known. Raises CrossrefUnavailable."""


class Libraries(Protocol):
    """Zotero's libraries, asked one request after the other. Each call raises ZoteroUnavailable or ZoteroRefused."""

    @property
    def rests_for(self) -> float:
        """For how many seconds it asked not to be asked."""

    def access(self) -> Access:
        """What the key may do."""

    def group(self, library: str) -> ZoteroGroup:
        """A group."""

    def collection(self, library: str, key: str) -> Collection:
        """One collection."""

    def collections(self, library: str) -> tuple[Collection, ...]:
        """All collections of a library."""

    def versions(self, library: str, collection: str | None = None, *, since: int | None = None) -> Versions | None:
        """The keys of a collection's or library's papers with their versions; None when nothing has changed since a version."""

    def items(self, library: str, keys: Sequence[str]) -> Iterator[tuple[ZoteroItem, ...]]:
        """The items of these keys, as they come."""

    def template(self, item_type: str) -> frozenset[str] | None:
        """The names of the fields that a type of item has."""

    def write(self, library: str, objects: Sequence[Mapping[str, object]]) -> WriteAnswer:
        """What became of each of these objects."""


class Sender(Protocol):
    """Sends one delivery through its channel. Several threads may send at once, each through another channel."""

    def server(self, channel: Channel) -> str:
        """Which server a channel leads to, in any words; "" where that is not known."""

    def kept_open(self, channel: Channel) -> AbstractContextManager[None]:
        """Keep the way to a channel open from one `send` of the block to the next."""

    def send(self, delivery: Delivery, channel: Channel, *, now: datetime) -> str | None:
        """Hand the message over; what is to be known of how it was taken, if anything.

        Raises:
            DeliveryError: it was not taken.
        """
