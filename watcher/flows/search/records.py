"""The records of one run, in shared batches: new, awaited, changed, marked, damaged, stray and (after an edit) older ones.

New ones that do not come are asked for once more, and what was given up is asked for whenever it is found again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from watcher import schedule
from watcher.digest.wording import named
from watcher.domain import Article, Code, HitState, RecordId, RunKind, Warned
from watcher.errors import QuietHours
from watcher.flows.ports import Source
from watcher.flows.search.plan import Plan
from watcher.flows.search.reading import Reading
from watcher.store import Store, Waiting

BATCH = 200
"""Records that one request brings."""

PART = 2 * BATCH
"""Records that are held at a time."""

Take = Callable[[Sequence[Article]], None]
"""Hears of records that came."""

CHANGED_PER_RUN = 2_000
"""Known records that one run reads again: ten requests. What is left then was read longest ago, and comes first in the next run."""

OLDER_PER_EDIT = 2_000
"""Older papers that an edit reads (decision 0013)."""

LARGE_JOB = 100
"""Requests from which NCBI wants to be asked at night or on weekends (NBK25497, "Frequency, Timing and Registration")."""


@dataclass(frozen=True, slots=True)
class Records:
    """What EFetch gave: the records of what came, in the order asked for. `revived` are known records that had been given up, `older` those
    that an edit adds."""

    got: Mapping[RecordId, None]
    waiting: tuple[Waiting, ...]
    given_up: tuple[RecordId, ...]
    revived: tuple[RecordId, ...]
    older: tuple[RecordId, ...]
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches what a reading calls for. `oldest`: what was awaited since before then and does not come is given up; `say` hears how far it
    is."""

    source: Source
    store: Store
    plan: Plan
    reading: Reading
    oldest: datetime
    say: Callable[[str], None]

    def fetch(self, take: Take, now: datetime, *, at_once: bool) -> Records:
        """The records.

        Args:
            take: is given those that came, part by part, so that no more than one need be held.
            now: the present instant.
            at_once: do not wait for NCBI's quiet hours with a large job.

        Raises:
            PubMedError: PubMed failed, or they are so many that they wait for the quiet hours.
        """
        name, reading = self.plan.watch.name, self.reading
        waiting = self.store.waiting(name)
        window = reading.window or frozenset()
        seen = window | (reading.full or frozenset())
        revived = tuple(sorted(record_id for record_id in seen if self.plan.ledger.get(record_id) is HitState.UNAVAILABLE))
        older = self.older()
        new = sorted(reading.news, reverse=True)
        marked = self.store.unread_verdicts(name, self.oldest)
        damaged = self.store.without_text(name)[:CHANGED_PER_RUN]
        owed = self.store.to_be_judged(name)
        known = [*self._changed(window, owed), *_strays(owed, reading)]
        wanted = list(dict.fromkeys([*new, *(one.record_id for one in waiting), *revived, *marked, *damaged, *known, *older]))
        wait_for_quiet(name, len(wanted), now, at_once=at_once)
        got, broken = self._got(wanted, new, take)
        warnings = tuple(_unreadable(record_id, reason) for record_id, reason in broken.items() if record_id not in got)
        warnings += _mended(damaged, got)
        given_up = tuple(one.record_id for one in waiting if one.since < self.oldest and one.record_id not in got)
        waiting = tuple(one for one in waiting if one.record_id not in given_up)
        return Records(got, waiting, given_up, revived, older, warnings)

    def _got(
        self, wanted: Sequence[RecordId], new: Sequence[RecordId], take: Take
    ) -> tuple[dict[RecordId, None], dict[RecordId | None, str]]:
        """The records that came, and why others cannot be understood."""
        got: dict[RecordId, None] = {}
        broken: dict[RecordId | None, str] = {}

        def ask(record_ids: Sequence[RecordId], progress: Callable[[int], None] | None = None) -> None:
            for start in range(0, len(record_ids), PART):
                further = partial(_later, progress, start) if progress else None
                answer = self.source.fetch(record_ids[start : start + PART], progress=further)
                broken.update(answer.broken)
                got.update(dict.fromkeys(article.record_id for article in answer.articles))
                take(answer.articles)

        ask(wanted, self._progress(len(wanted)))
        ask([record_id for record_id in new if record_id not in got])
        return got, broken

    def _changed(self, window: frozenset[RecordId], owed: Collection[RecordId]) -> list[RecordId]:
        """Known records that the window found again, news and what a list has still to judge (`owed`: older papers of an edit too),
        those read longest ago first, at most 2,000. Where they are more than one batch, only those that moved since the last good run's
        own day: the overlap is there for records that were not seen."""
        plan = self.plan
        known = self.store.stored(
            [record_id for record_id in window if plan.ledger.get(record_id) is HitState.NEWS or record_id in owed]
        )
        if len(known) > BATCH and plan.history.window_to is not None:
            moved = frozenset(self.source.read_set(self.source.windowed(plan.term, plan.history.window_to)).record_ids)
            known = {record_id: facts for record_id, facts in known.items() if record_id in moved}
        return sorted(known, key=lambda record_id: (known[record_id].fetched_at, record_id))[:CHANGED_PER_RUN]

    def older(self) -> tuple[RecordId, ...]:
        """What an edit adds from before the cut, newest first: the best of it is shown once."""
        if self.plan.kind is not RunKind.EDIT or self.reading.refusal or self.plan.watch.start.papers == 0:
            return ()
        return tuple(sorted(self.reading.baseline, reverse=True)[:OLDER_PER_EDIT])

    def _progress(self, total: int) -> Callable[[int], None]:
        return lambda done: self.say(f"{self.plan.watch.name}: fetched {done:,} of {total:,} records")


def _later(progress: Callable[[int], None], start: int, done: int) -> None:
    progress(start + done)


def wait_for_quiet(watch: str, records: int, now: datetime, *, at_once: bool) -> None:
    """Raises QuietHours for so many records that NCBI wants to be asked for at night."""
    requests = -(-records // BATCH)
    if requests > LARGE_JOB and not at_once and not schedule.is_quiet_at_ncbi(now):
        raise QuietHours(
            f"{records:,} records take {requests} requests, which wait for NCBI's quiet hours (21:00 to 05:00 and weekends, US Eastern)",
            fix=f"`watcher run {watch} --now` does it at once",
        )


def _strays(owed: Mapping[RecordId, bool], reading: Reading) -> list[RecordId]:
    """What a list has still to judge and the query no longer finds, so that no search tells that its record changed, at most 2,000."""
    strays = [
        record_id for record_id, is_absent in owed.items() if (is_absent if reading.full is None else record_id not in reading.full)
    ]
    return strays[:CHANGED_PER_RUN]


def _unreadable(record_id: RecordId | None, reason: str) -> Warned:
    fix = "it is asked for again; if it stays so, report it"
    return Warned(Code.RECORD_UNREADABLE, f"PMID {record_id or '?'} cannot be read: {reason}", fix)


def _mended(damaged: Sequence[RecordId], got: Collection[RecordId]) -> tuple[Warned, ...]:
    """What is told of records whose stored text was damaged or gone."""
    again, missing = (
        [record_id for record_id in damaged if record_id in got],
        [record_id for record_id in damaged if record_id not in got],
    )
    told = [f"the stored text of {named(again)} was damaged or gone: fetched again"] if again else []
    if missing:
        told.append(
            f"the stored text of {named(missing)} is damaged or gone, and EFetch does not give the record: asked for with each run"
        )
    return tuple(
        Warned(Code.TEXT_DAMAGED, one, "look at the disk; docs/operations.md says how to check the database") for one in told
    )
