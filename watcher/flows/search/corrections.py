"""Papers that readers had are read again, so that they hear what became of them: a rereading at each slot of `runs.corrections`.

    due       records of works that a list presented, papers marked as relevant, seeds, and the notices about all of these: each time;
              what was presented more than 24 months ago once in four weeks
    read      in batches of 200 by EFetch; records that do not come are asked for once more
    notices   that a record names for the first time are fetched before it is stored: a notice may itself be retracted
    keep      each batch in one transaction: records, what they say became of their papers, and that they were asked for
    Crossref  is asked for each DOI afterwards, a portion in each tick (`watcher.flows.search.crossref`)
    gone      a record that was absent in two readings a week apart, and that no search finds: joined to a living one only by equal DOI

One that is cut off goes on where it was; one that fails is tried again after a while. Telling is not done here: the next digest asks the
database what its list was never told (`compose`), and `at_once` owes it at once where a list wants that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watcher import clock, schedule
from watcher.domain import Article, RecordId, corrections_of
from watcher.errors import IncompleteAnswer, PubMedError, Stopped
from watcher.flows.ports import Source
from watcher.schedule import BY_ITSELF
from watcher.store import Absent, Rereading, Store

BATCH = 200
"""Records in one EFetch request."""

GONE_AFTER = 2
"""Readings, a week apart, in which a record has to be absent before a search is asked whether PubMed deleted it."""

FEW = 10
"""Of more records than these not more than half can be absent: else the answer was not whole."""


@dataclass(frozen=True, slots=True)
class Rereader:
    """Reads again what readers had. `when` are the slots; with `asks_crossref` it is over only once Crossref was asked too; `say` hears how
    far it is; once `stopping` is set, it ends at the next step."""

    source: Callable[[], Source]
    store: Store
    when: schedule.Schedule
    asks_crossref: bool = False
    say: Callable[[str], None] = field(default=lambda _line: None)
    stopping: threading.Event = field(default_factory=threading.Event)

    # --- when

    def is_due(self, now: datetime) -> bool:
        """Whether PubMed has to be asked: a slot came, or a rereading was cut off, or has failed a while ago."""
        return self.next_rereading(now) <= now

    def next_rereading(self, now: datetime) -> datetime:
        """When a rereading is begun or goes on; `now` when it is due."""
        last = self.store.last_rereading(now)
        if self._slot(last, now) is not None:
            return now
        planned = self.when.next(now)
        if last is None or last.read_at is not None or last.finished_at is not None:
            return planned
        return max(now, min(self._again(last), planned))

    def _slot(self, last: Rereading | None, now: datetime) -> datetime | None:
        """The latest slot that no rereading was begun for."""
        since = last.slot_at if last else self.store.rereadings_since(now)
        return self.when.due(now, since) if since is not None else None

    def _again(self, last: Rereading) -> datetime:
        """When a rereading goes on that was cut off, or failed."""
        if last.failed_at is None:
            return last.started_at
        return last.failed_at + BY_ITSELF.wait(last.failures, "corrections")

    # --- a rereading

    def read(self, now: datetime) -> Rereading:
        """Begin the rereading that is due, or go on with the one that was cut off. The caller holds the lease `pubmed`.

        Returns:
            The rereading as far as it came; a failure of PubMed is in it, not raised.

        Raises:
            Stopped: the service is to stop; what was read is kept.
        """
        last = self.store.last_rereading(now)
        slot = self._slot(last, now)
        failures = last.failures if last is not None and last.read_at is None else 0
        if slot is not None or last is None:
            number, started_at = self.store.begin_rereading(slot or now, now), now
        else:
            number, started_at = last.id, last.started_at
        before = self.source().requests_made
        try:
            self._read(number, started_at, now)
        except PubMedError as error:
            self.store.note_rereading(number, failures=failures + 1, failed_at=clock.now(), error=str(error))
        finally:
            self.store.add_to_rereading(number, requests=self.source().requests_made - before)
        return self._standing(now)

    def read_now(self, now: datetime) -> Rereading:
        """The same whether or not it is time: a rereading that is over is followed by another one. The caller holds the lease `pubmed`."""
        last = self.store.last_rereading(now)
        if last is None or last.read_at is not None or last.finished_at is not None:
            self.store.begin_rereading(now, now)
        return self.read(now)

    def _standing(self, now: datetime) -> Rereading:
        found = self.store.last_rereading(max(now, clock.now()))
        if found is None:
            raise AssertionError("a rereading was begun")
        return found

    def _read(self, number: int, started_at: datetime, now: datetime) -> None:
        record_ids = self.store.to_reread(now, started_at)
        for start in range(0, len(record_ids), BATCH):
            self._go_on()
            self.say(f"corrections: {start:,} of {len(record_ids):,} records read again")
            self._batch(number, record_ids[start : start + BATCH])
        self._gone(number)
        at = clock.now()
        done = {} if self.asks_crossref else {"finished_at": at}
        self.store.note_rereading(number, read_at=at, failures=0, failed_at=None, error=None, **done)

    def _batch(self, number: int, record_ids: Sequence[RecordId]) -> None:
        articles, missing = self._fetched(record_ids)
        notices = self._notices(articles)
        at, known = clock.now(), self.store.count_corrections()
        self.store.keep_reread([*notices, *articles], [*record_ids, *(one.record_id for one in notices)], missing, at)
        found = self.store.count_corrections() - known
        self.store.add_to_rereading(number, papers=len(record_ids), absent=len(missing), found=found)

    def _fetched(self, record_ids: Sequence[RecordId]) -> tuple[list[Article], list[RecordId]]:
        """The records, and the numbers of those that did not come when they were asked for twice."""
        answer = self.source().fetch(record_ids)
        articles, missing = list(answer.articles), list(answer.missing)
        if missing:
            again = self.source().fetch(missing)
            articles, missing = [*articles, *again.articles], list(again.missing)
        if len(record_ids) > FEW and len(missing) * 2 > len(record_ids):
            raise IncompleteAnswer(f"efetch: {len(missing):,} of {len(record_ids):,} records that PubMed had did not come")
        return articles, missing

    def _notices(self, articles: Sequence[Article]) -> list[Article]:
        """The records of notices that are named for the first time."""
        named = {one.notice_record_id for article in articles for one in corrections_of(article) if one.notice_record_id}
        unread = sorted(self.store.unread_notices(named))
        return list(self.source().fetch(unread).articles) if unread else []

    # --- records that are gone

    def _gone(self, number: int) -> None:
        absent = self.store.absent(GONE_AFTER)
        if not absent:
            return
        found = frozenset(self.source().search(" OR ".join(f"{one.record_id}[uid]" for one in absent[:BATCH])).record_ids)
        for one in absent[:BATCH]:
            self._go_on()
            if one.record_id not in found:
                self.store.keep_gone(one, self._living(one), clock.now())
                self.store.add_to_rereading(number, found=1)

    def _living(self, gone: Absent) -> RecordId | None:
        """Another record of the same DOI: one that is stored, else one that PubMed has."""
        if not gone.doi:
            return None
        known = self.store.same_doi(gone.record_id, gone.doi)
        if known is not None:
            return known
        record_ids = [
            record_id
            for record_id in self.source().search(f'"{gone.doi}"[aid]', retmax=BATCH).record_ids
            if record_id != gone.record_id
        ]
        self.store.save_articles(self.source().fetch(record_ids).articles if record_ids else (), clock.now())
        return self.store.same_doi(gone.record_id, gone.doi)

    def _go_on(self) -> None:
        if self.stopping.is_set():
            raise Stopped


def is_worth_telling(one: Rereading) -> bool:
    """Whether there was anything to read, or anything failed."""
    return bool(one.papers or one.dois or one.error)


def summary(one: Rereading) -> str:
    """A rereading in one line."""
    state = "done" if one.finished_at else "records read" if one.read_at else "under way"
    vain = f" ({one.unanswered:,} without an answer)" if one.unanswered else ""
    crossref = f", {one.dois:,} DOIs asked at Crossref{vain}" if one.dois else ""
    failed = f"; {one.error}" if one.error else ""
    return (
        f"corrections {state}: {one.papers:,} records read again, {one.absent:,} absent, {one.found:,} corrections found, "
        f"{one.requests:,} requests{crossref}{failed}"
    )
