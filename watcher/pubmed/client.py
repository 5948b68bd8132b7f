"""Talks to PubMed: searches, reads full sets, fetches records, finds similar articles. The only room that opens a connection to NCBI.

`Entrez` says what is asked and what a whole answer is; `transport` carries it there and asks again, `failures` knows PubMed's ways
of failing, `answers` and `parse` read, `full_set` cuts what is too large. It stores nothing, and knows no watch.

Protocol: NBK25497 (policy, limits), NBK25499 (parameters of each E-utility).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Self, TypeVar

from watcher import clock
from watcher.domain import HIGHEST_PMID, Article, Fetched, Found, Neighbour, RecordId, SearchFacts, Warned
from watcher.errors import IncompleteAnswer, PubMedUnavailable
from watcher.pubmed import query, remarks
from watcher.pubmed.answers import Matched, Posted, read_last_update, read_neighbours, read_posted, read_search
from watcher.pubmed.failures import HistoryExpired, NothingToFetch
from watcher.pubmed.full_set import CAP, read_full_set
from watcher.pubmed.pace import Pace
from watcher.pubmed.parse import FetchedRecords, read_fetch
from watcher.pubmed.pmid import Pmid, pmids_of, record_ids_of
from watcher.pubmed.transport import MOST_OF_RECORDS, Transport

__all__ = ["Entrez", "Pace"]

T = TypeVar("T")

EUTILS = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"

BATCH = 200
"""Records fetched by one request."""


class Entrez:
    """PubMed, over one session.

    Beside what it names, every call may raise PubMedUnavailable (or its kind BudgetExceeded) when the exchange failed in all
    `max_attempts` tries, AnswerTooLong at once when more came than PubMed's longest answers have, and BadCredentials when NCBI refuses
    `api_key`. `deadline` and the time-outs are seconds of one exchange, tries not counted. `on_retry` is told one line before each
    further try; `sleep` waits between tries. `pace` replaces the rate that all instances of a process share. Once `stopping` is set,
    every call raises Stopped before its next exchange.
    """

    def __init__(
        self,
        *,
        email: str,
        tool: str = "watcher",
        api_key: str | None = None,
        base_url: str = EUTILS,
        connect_timeout: float = 10,
        read_timeout: float = 60,
        deadline: float = 180,
        max_attempts: int = 6,
        sleep: Callable[[float], None] | None = None,
        on_retry: Callable[[str], None] | None = None,
        pace: Pace | None = None,
        stopping: threading.Event | None = None,
    ) -> None:
        self._max_attempts = max_attempts
        self._transport = Transport(
            base_url,
            identity={"tool": tool, "email": email},
            api_key=api_key,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            deadline=deadline,
            max_attempts=max_attempts,
            sleep=sleep,
            on_retry=on_retry,
            pace=pace,
            stopping=stopping,
        )

    @property
    def requests_made(self) -> int:
        """HTTP exchanges so far, retries included."""
        return self._transport.requests_made

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- how queries are written for it ------------------------------------------------------------------------------------------

    def normalise(self, term: str) -> str:
        """See `query.normalise`."""
        return query.normalise(term)

    def windowed(self, term: str, since: date) -> str:
        """See `query.windowed`."""
        return query.windowed(term, since)

    def created_between(self, term: str, since: date | None, until: date | None) -> str:
        """See `query.created_between`."""
        return query.created_between(term, since, until)

    def warnings(self, facts: SearchFacts, term: str) -> tuple[Warned, ...]:
        """See `remarks.warnings`."""
        return remarks.warnings(facts, term)

    # --- searches ----------------------------------------------------------------------------------------------------------------

    def search(self, term: str, *, retmax: int = CAP) -> Found:
        """Search PubMed once; the answer is whole, or an error.

        Returns at most `retmax` records, in PubMed's order, never more than 9,999. Raises BadQuery when PubMed refuses the term,
        IncompleteAnswer when every answer held fewer ids than it announced.
        """
        return _found(_possible(self._search(term, min(retmax, CAP))))

    def best_matches(self, term: str, *, retmax: int) -> tuple[RecordId, ...]:
        """The records that PubMed takes for the best matches of a term, best first, at most `retmax`. Raises as `search`."""
        return record_ids_of(_possible(self._search(term, min(retmax, CAP), {"sort": "relevance"})).pmids)

    def read_set(self, term: str, *, first: Found | None = None) -> Found:
        """Read all records that match, however many, the newest numbers first.

        `first` spares the first search when its answer is at hand. Returns the facts of the unsplit search. Raises as `search`,
        and CannotBeCut when more than 9,999 records share their dates.
        """
        whole = _matched(first) if first is not None and _is_whole(first) else self._search_all(term)
        if whole.facts.count > CAP:
            whole = read_full_set(self._search_all, term, whole, today=clock.ncbi_day(clock.now()))
        return _found(_possible(replace(whole, pmids=tuple(sorted(whole.pmids, reverse=True)))))

    def _search_all(self, term: str) -> Matched:
        return self._search(term, CAP)

    def created_since(self, record_ids: Sequence[RecordId], since: date) -> tuple[RecordId, ...]:
        """Those of `record_ids` that were created on or after `since` (a day at NCBI), in their order. Raises as `search`."""
        pmids = tuple(dict.fromkeys(pmids_of(record_ids)))
        recent = {pmid for part in _parts(pmids, CAP) for pmid in self._created_since(part, since)}
        return record_ids_of(pmid for pmid in pmids if pmid in recent)

    def _search(self, term: str, retmax: int, history: Mapping[str, str] | None = None) -> Matched:
        parameters = {"db": "pubmed", "term": term, "retmode": "xml", "retmax": str(retmax), "retstart": "0", **(history or {})}
        return self._transport.ask("esearch", parameters, lambda reply: read_search(reply, term=term, retmax=retmax))

    def _created_since(self, pmids: tuple[Pmid, ...], since: date) -> tuple[Pmid, ...]:
        for _ in range(self._max_attempts):
            posted = self._post(pmids)
            try:
                return self._search_posted(posted, frozenset(pmids), since)
            except HistoryExpired:
                continue
        raise PubMedUnavailable(f"epost: PubMed forgot the posted ids each time ({self._max_attempts} tries)")

    def _post(self, pmids: Iterable[Pmid]) -> Posted:
        return self._transport.ask("epost", {"db": "pubmed", "id": _joined(pmids)}, read_posted)

    def _search_posted(self, posted: Posted, asked: frozenset[Pmid], since: date) -> tuple[Pmid, ...]:
        term = query.created_between(f"#{posted.query_key}", since, None)
        found = self._search(term, CAP, {"usehistory": "y", "WebEnv": posted.web_env})
        if not asked.issuperset(found.pmids):
            raise IncompleteAnswer("esearch: the search in the posted ids found others; PubMed did not look into them")
        return found.pmids

    # --- records and neighbours ----------------------------------------------------------------------------------------------------

    def fetch(self, record_ids: Sequence[RecordId], *, progress: Callable[[int], None] | None = None) -> Fetched:
        """Fetch the records of `record_ids`, 200 at a time; `progress` is told after each batch how many were asked for so far.

        Of several versions of a record the highest is returned. Raises IncompleteAnswer when every answer to a batch broke off.
        """
        asked = tuple(dict.fromkeys(record_ids))
        batches: list[FetchedRecords] = []
        for number, batch in enumerate(_parts(asked, BATCH)):
            batches.append(self._fetch(pmids_of(batch)))
            if progress:
                progress(number * BATCH + len(batch))
        return _sorted_out(asked, batches)

    def similar(self, record_id: RecordId) -> tuple[Neighbour, ...]:
        """PubMed's similar articles of one record, nearest first, without itself; empty for a record that has none.

        Raises IncompleteAnswer when no answer held a link set.
        """
        (pmid,) = pmids_of([record_id])
        parameters = {"dbfrom": "pubmed", "db": "pubmed", "cmd": "neighbor_score", "linkname": "pubmed_pubmed", "id": str(pmid)}
        return self._transport.ask("elink", parameters | {"retmode": "xml"}, lambda reply: read_neighbours(reply, seed=pmid))

    def ping(self) -> str:
        """Ask EInfo when PubMed was last updated, and return it as PubMed writes it ("2026/03/02 07:12")."""
        return self._transport.ask("einfo", {"db": "pubmed", "retmode": "xml"}, read_last_update)

    def _fetch(self, pmids: Iterable[Pmid]) -> FetchedRecords:
        parameters = {"db": "pubmed", "retmode": "xml", "id": _joined(pmids)}
        try:
            return self._transport.ask("efetch", parameters, lambda reply: read_fetch(reply.body, most_bytes=MOST_OF_RECORDS))
        except NothingToFetch:
            return FetchedRecords(())


def _found(matched: Matched) -> Found:
    return Found(matched.facts, record_ids_of(matched.pmids))


def _matched(found: Found) -> Matched:
    return Matched(found.facts, pmids_of(found.record_ids))


def _possible(found: Matched) -> Matched:
    """`found` without numbers that no record can have, each told among PubMed's messages."""
    strange = [pmid for pmid in found.pmids if pmid > HIGHEST_PMID]
    if not strange:
        return found
    told = tuple(f"PubMed lists {pmid}, which cannot be the number of a record: it is left out" for pmid in strange)
    return Matched(
        replace(found.facts, messages=found.facts.messages + told), tuple(pmid for pmid in found.pmids if pmid <= HIGHEST_PMID)
    )


def _is_whole(found: Found) -> bool:
    return len(found.record_ids) == min(found.facts.count, CAP)


def _parts(asked: tuple[T, ...], size: int) -> Iterator[tuple[T, ...]]:
    return (asked[start : start + size] for start in range(0, len(asked), size))


def _joined(pmids: Iterable[Pmid]) -> str:
    return ",".join(map(str, pmids))


def _sorted_out(asked: Sequence[RecordId], batches: Sequence[FetchedRecords]) -> Fetched:
    """What came, set against what was asked for."""
    came: dict[RecordId, Article] = {article.record_id: article for batch in batches for article in batch.articles}
    broken = tuple(one for batch in batches for one in batch.broken)
    wanted = frozenset(asked)
    accounted = came.keys() | {record_id for record_id, _ in broken}
    return Fetched(
        articles=tuple(came[one] for one in asked if one in came),
        missing=tuple(one for one in asked if one not in accounted),
        broken=broken,
        unasked=tuple(one for one in came if one not in wanted),
    )
