"""What the flows ask of PubMed. `watcher.pubmed.client.Entrez` answers it; a test may answer it with four lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol

from watcher.domain import Pmid
from watcher.pubmed.client import Fetched, Found, Neighbour


class Source(Protocol):
    """PubMed as the flows see it; see `watcher.pubmed.client.Entrez` for what each call promises and raises."""

    @property
    def requests_made(self) -> int:
        """HTTP exchanges so far, retries included."""

    def search(self, term: str, *, retmax: int = 9_999) -> Found:
        """One whole answer."""

    def read_set(self, term: str, *, first: Found | None = None) -> Found:
        """All pmids that match, however many."""

    def fetch(self, pmids: Sequence[Pmid], *, progress: Callable[[int], None] | None = None) -> Fetched:
        """The records."""

    def similar(self, pmid: Pmid) -> tuple[Neighbour, ...]:
        """PubMed's similar articles of one record."""

    def ping(self) -> str:
        """When the database was last updated, by EInfo."""

    def created_since(self, pmids: Sequence[Pmid], since: date) -> tuple[Pmid, ...]:
        """Those of the pmids whose records were created on or after a day."""
