"""Crossref is asked about the papers of a rereading, one DOI after the other, a portion in each tick.

What it says joins what PubMed says of the same event. A DOI that it does not answer for is asked again with the next rereading; where it
answers for none, the portion ends and goes on after a while, and after some such tries with the next rereading.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher import clock
from watcher.domain import RecordId
from watcher.errors import CrossrefUnavailable, Stopped
from watcher.flows.ports import Witness
from watcher.schedule import BY_ITSELF
from watcher.store import Rereading, Store

PORTION = 100
"""DOIs in one tick: some twenty seconds."""

IN_A_ROW = 3
"""So many DOIs in a row without an answer end a portion."""

TRIES = 5
"""So often a portion may end so; then the next rereading asks."""

LONGEST = timedelta(days=1)
"""How long Crossref may ask us to wait."""


@dataclass(slots=True)
class _Portion:
    """How a portion went: DOIs answered for or not known, and the latest in a row without an answer."""

    asked: int = 0
    unanswered: list[RecordId] = field(default_factory=list)
    error: CrossrefUnavailable | None = None
    vain: int = 0


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks Crossref; once `stopping` is set, it ends before the next DOI."""

    store: Store
    crossref: Witness
    stopping: threading.Event = field(default_factory=threading.Event)

    def is_due(self, now: datetime) -> bool:
        """Whether there is something to ask now."""
        last = self.store.last_rereading(now)
        return last is not None and last.read_at is not None and last.finished_at is None and self._again(last) <= now

    def _again(self, last: Rereading) -> datetime:
        if last.failed_at is None:
            return last.started_at
        return last.failed_at + BY_ITSELF.wait(last.failures, "crossref")

    def ask(self, now: datetime) -> Rereading | None:
        """Ask about the next portion. The caller holds the lease `pubmed`.

        Raises:
            Stopped: the service is to stop; what was answered is kept.
        """
        last = self.store.last_rereading(now)
        if last is None:
            return None
        before = self.store.count_corrections()
        todo = self.store.to_ask_crossref(now, last.started_at)
        went = self._go_through(dict(_from_another(list(todo.items()), last.failures)[:PORTION]))
        found = self.store.count_corrections() - before
        self.store.add_to_rereading(last.id, dois=went.asked + went.vain, unanswered=went.vain, found=found)
        self._note(last, went, left=len(todo) > PORTION)
        return self.store.last_rereading(max(now, clock.now()))

    def _go_through(self, todo: dict[RecordId, str]) -> _Portion:
        went = _Portion()
        for record_id, doi in todo.items():
            if self.stopping.is_set():
                raise Stopped
            try:
                stated = self.crossref.corrections(record_id, doi)
            except CrossrefUnavailable as error:
                went.error = error
                went.unanswered.append(record_id)
                if len(went.unanswered) >= IN_A_ROW or error.retry_after is not None:
                    return went
                continue
            self._give_up(went)
            self.store.keep_crossref(record_id, stated, clock.now())
            went.asked += 1
        if len(went.unanswered) < len(todo) or not todo:
            self._give_up(went)
        return went

    def _give_up(self, went: _Portion) -> None:
        """Crossref answers for others: those that it did not answer for are asked again with the next rereading."""
        for record_id in went.unanswered:
            self.store.keep_crossref(record_id, None, clock.now())
        went.vain += len(went.unanswered)
        went.unanswered = []

    def _note(self, last: Rereading, went: _Portion, *, left: bool) -> None:
        at = clock.now()
        told = f"{went.error}; asked again with the next rereading" if went.error else last.error
        if not went.unanswered:
            done = {} if left else {"finished_at": at}
            self.store.note_rereading(last.id, failures=0, failed_at=None, error=told, **done)
            return
        asked = timedelta(seconds=went.error.retry_after or 0) if went.error else timedelta()
        waits = max(timedelta(), min(asked, LONGEST) - BY_ITSELF.first)
        failures = (0 if went.asked else last.failures) + 1
        over = {"finished_at": at} if failures >= TRIES else {}
        error = told if over else str(went.error)
        self.store.note_rereading(last.id, failures=failures, failed_at=at + waits, error=error, **over)


def _from_another(todo: list[tuple[RecordId, str]], failures: int) -> list[tuple[RecordId, str]]:
    """The same DOIs, begun with another one than the last time: one that is never answered for keeps none back."""
    start = failures % len(todo) if todo else 0
    return todo[start:] + todo[:start]
