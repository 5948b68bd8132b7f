"""Everything that is due now, once: the body of `watcher tick` and of the daemon's only job.

    1 lists   whose latest slot has no digest: their watches are searched and reconciled, then the digest is composed and owed
    2 watches whose daily run is due, or that have no good run yet, and were not run in step 1
    3 owed    deliveries that are due, and papers that are to be pushed into Zotero

Before the lists, papers that readers had are read again when that is due (`corrections`); after the watches Crossref is asked about some of
them, and what a list wants to hear of at once is owed.

What is due is a question to the database: this module keeps no memory. PubMed work holds the lease `pubmed`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watcher import clock, schedule
from watcher.domain import Channel, DigestList, ErrorKind, RunOutcome, RunReport, Seed, Watch
from watcher.errors import AlreadyComposed, Busy, ConfigurationError, Stopped
from watcher.flows.deliver.leases import held, refuse_if_held
from watcher.flows.ports import Normalise
from watcher.flows.schedule.due import Calendar, Due, Upcoming, is_paused
from watcher.flows.schedule.lateness import late_reason
from watcher.flows.schedule.retry import INPUT, Failures
from watcher.store import Rereading, Store

if TYPE_CHECKING:
    from watcher.flows.compose.compose import Composer, Draft, Request
    from watcher.flows.deliver.deliver import Deliverer, Sending
    from watcher.flows.deliver.pushing import Pushed, Pusher
    from watcher.flows.schedule.at_once import Messenger
    from watcher.flows.search.corrections import Rereader
    from watcher.flows.search.crossref import Asker
    from watcher.flows.search.indexing import Indexer
    from watcher.flows.search.run import Runner

__all__ = ["Done", "Due", "Ticker", "Upcoming", "is_paused", "readers"]


@dataclass(frozen=True, slots=True)
class Done:
    """What one tick did. `waiting` are sentences about digests that wait for PubMed; `rereading` is that of papers that readers had, if
    it was its turn; `told` counts papers whose corrections are told at once; `pushed` is what a push into Zotero came to."""

    runs: tuple[RunReport, ...] = ()
    drafts: tuple[Draft, ...] = ()
    sendings: tuple[Sending, ...] = ()
    waiting: tuple[str, ...] = ()
    rereading: Rereading | None = None
    told: int = 0
    pushed: Pushed | None = None

    @property
    def failed(self) -> bool:
        """Whether anything is to be listed as failed."""
        if self.rereading is not None and self.rereading.error:
            return True
        return bool(self.waiting) or any(run.error_kind for run in self.runs) or any(sending.failed for sending in self.sendings)

    @property
    def unreachable(self) -> bool:
        """Whether PubMed was asked and no run could be finished because of it."""
        asked = [run for run in self.runs if run.outcome is not RunOutcome.REFUSED]
        return bool(asked) and all(_unanswered(run) for run in asked)

    @property
    def misconfigured(self) -> bool:
        """Whether every run failed by what the lab wrote: seeds that cannot be read, or hold no text."""
        return bool(self.runs) and all(run.error_kind in INPUT for run in self.runs)


@dataclass(frozen=True, slots=True)
class Ticker:
    """Does what is due, with everything it needs handed in. `seeds` reads the seeds of a watch; `normalise` tells whether a query was
    edited; `began` and `ended` hear of each run; `rest` gives back what only work takes, which it does between composing a large digest
    and sending it; `indexer` reads the lab's Zotero library, `pusher` writes into it; once `stopping` is set, Stopped is raised before
    the next thing is begun."""

    store: Store
    runner: Callable[[], Runner]
    composer: Composer
    deliverer: Deliverer
    watches: Mapping[str, Watch]
    lists: Mapping[str, DigestList]
    channels: Mapping[str, Channel]
    holder: str
    run_schedule: schedule.Schedule
    seeds: Callable[[Watch], Sequence[Seed]]
    normalise: Normalise
    jitter_minutes: int = 30
    wait_for_pubmed: timedelta = timedelta(hours=6)
    say: Callable[[str], None] = field(default=lambda _line: None)
    began: Callable[[str], None] = field(default=lambda _watch: None)
    ended: Callable[[RunReport], None] = field(default=lambda _report: None)
    stopping: threading.Event = field(default_factory=threading.Event)
    rereader: Rereader | None = None
    asker: Asker | None = None
    messenger: Messenger | None = None
    rest: Callable[[], None] = field(default=lambda: None)
    indexer: Indexer | None = None
    pusher: Pusher | None = None

    def tick(self, now: datetime) -> Done:
        """Do all that is due at `now`. Deliveries are due by the time at which the work before them has ended.

        Raises:
            Busy: PubMed work is due and another process holds it; what was owed has been sent all the same.
            Stopped: the service is to stop.
        """
        round_ = _Round(now)
        try:
            self._look(round_)
        except Busy:
            self.deliverer.deliver(clock.now())
            self.push(clock.now())
            raise
        self._go_on()
        round_.told = self.messenger.tell(clock.now()) if self.messenger else 0
        done = round_.done(self.send(round_.drafts))
        return replace(done, pushed=self.push(clock.now()))

    def push(self, now: datetime) -> Pushed | None:
        """Push marked papers into Zotero; what that came to, None where nothing was due."""
        pushed = self.pusher.push(now) if self.pusher is not None else None
        return pushed if pushed is not None and pushed.is_any else None

    def send(self, composed: Sequence[Draft]) -> tuple[Sending, ...]:
        """Deliver what is owed, after these digests were composed: neither takes its memory beside the other's."""
        if any(draft.is_large for draft in composed):
            self.rest()
        return self.deliverer.deliver(clock.now())

    def idle(self, now: datetime) -> Done | None:
        """What a tick at `now` would come to that asks nobody and composes, sends and owes nothing; None when it would. Nothing is changed.

        Raises:
            Busy: PubMed work is due and nothing else is, and another process holds it.
        """
        at_hand = self._at_hand(now)
        if self.store.is_delivery_due(now) or len(self.deliverer.unsettled):
            return None
        if self.messenger is not None and self.messenger.has_news(now):
            return None
        if self.pusher is not None and self.pusher.is_due(now):
            return None
        if at_hand.is_work:
            refuse_if_held(self.store, "pubmed")
            return None
        return Done(waiting=at_hand.waiting)

    # --- what is due

    @property
    def calendar(self) -> Calendar:
        """What is due, of everything that this ticker does."""
        parts = (self.store, self.watches, self.lists, self.run_schedule, self.jitter_minutes, self.seeds, self.normalise)
        return Calendar(*parts, rereader=self.rereader)

    def due_lists(self, now: datetime) -> tuple[Due, ...]:
        """Lists whose latest slot, after their creation, has no digest."""
        return self.calendar.due_lists(now)

    def due_watches(self, now: datetime) -> tuple[Watch, ...]:
        """Watches that are due by themselves: never run, without a run since their latest slot, or to be tried again after a failure."""
        return self.calendar.due_watches(now)

    def next_run(self, watch: Watch, now: datetime) -> datetime:
        """When the watch is run next; `now` when it is due."""
        return self.calendar.next_run(watch, now)

    def next_digest(self, list_: DigestList, now: datetime) -> datetime:
        """When the list's next digest is composed; `now` when it is due."""
        return self.calendar.next_digest(list_, now)

    def next_digest_of(self, name: str, now: datetime) -> datetime | None:
        """When the next digest of the list of this name is composed; None when the configuration has no such list."""
        return self.calendar.next_digest_of(name, now)

    def upcoming(self, now: datetime, count: int = 3) -> tuple[Upcoming, ...]:
        """The next slots of everything: of watches, then of lists, each in the configuration's order."""
        return self.calendar.upcoming(now, count)

    # --- what is done

    def _look(self, round_: _Round) -> None:
        """The lists and watches that are due, once no other process talks to PubMed. Lists that can only wait need not ask for that."""
        now = round_.now
        at_hand = self._at_hand(now)
        if not at_hand.is_work:
            round_.waiting += at_hand.waiting
            return
        rereader = self.rereader if at_hand.rereads else None
        with held(self.store, "pubmed", self.holder):
            self.store.abandon_open_runs(now)
            if rereader is not None and rereader.is_due(now):
                round_.rereading = rereader.read(now)
            self.look_at_library(now)
            runner = self.runner()
            for one in self.due_lists(now):
                self._list(one, runner, round_)
            for watch in self.due_watches(now):
                if watch.name not in round_.runs:
                    round_.runs[watch.name] = self.run(runner, watch, now)
            if self.asker is not None and self.asker.is_due(clock.now()):
                round_.rereading = self.asker.ask(clock.now()) or round_.rereading

    def look_at_library(self, now: datetime) -> None:
        """Read what is new in the lab's library, where that is due; the caller holds the lease."""
        if self.indexer is not None and self.indexer.is_due(now):
            self.indexer.refresh(now)

    def _at_hand(self, now: datetime) -> _AtHand:
        due = self.due_lists(now)
        waiting = {one.list.name: told for one in due if (told := self._waits(one, now)) is not None}
        rereads = self.rereader is not None and self.rereader.is_due(now)
        asks = self.asker is not None and self.asker.is_due(now)
        indexes = self.indexer is not None and self.indexer.is_due(now)
        is_work = len(waiting) < len(due) or rereads or asks or indexes or bool(self.due_watches(now))
        return _AtHand(is_work, rereads, tuple(waiting.values()))

    def _list(self, due: Due, runner: Runner, round_: _Round) -> None:
        """Read the watches of a list that is due, and compose its digest unless it has to wait."""
        told = self._waits(due, round_.now)
        readings = self._readings(due, runner, round_) if told is None else {}
        told = self._waits_for(due, readings, round_.now) if told is None else told
        if told is not None:
            round_.waiting.append(told)
            return
        self._go_on()
        try:
            round_.drafts.append(self.composer.compose(self.request(due.list, readings, due), with_texts=False))
        except AlreadyComposed:
            self.say(f"{due.list.name}: another process has just composed this digest")
        except ConfigurationError as error:
            round_.waiting.append(_held_up(due, error))

    def _readings(self, due: Due, runner: Runner, round_: _Round) -> dict[str, RunReport]:
        """The reading of each of the list's watches that the digest rests on: this tick's, one since the list came due, or one made now."""
        readings = {}
        for watch in self.read_by(due.list):
            report = round_.runs.get(watch.name) or self._standing(watch, due, round_.now)
            if report is None:
                report = round_.runs[watch.name] = self.run(runner, watch, round_.now, reconcile=True)
            readings[watch.name] = report
        return readings

    def run(self, runner: Runner, watch: Watch, now: datetime, *, reconcile: bool = False, at_once: bool = False) -> RunReport:
        """Run one watch; the caller holds the lease."""
        self._go_on()
        self.began(watch.name)
        report = runner.run(watch, now=now, lists=readers(watch.name, self.lists), reconcile=reconcile, at_once=at_once)
        self.ended(report)
        return report

    def _go_on(self) -> None:
        if self.stopping.is_set():
            raise Stopped

    # --- lists that wait

    def _waits(self, due: Due, now: datetime) -> str | None:
        """Why a list can only wait, in a sentence: one of its channels is unknown, or PubMed failed and is not to be asked again yet.
        None when it need not wait."""
        try:
            for name in due.list.channels:
                self.composer.recipients(self.channels[name])
        except ConfigurationError as error:
            return _held_up(due, error)
        standing = {watch.name: self._standing(watch, due, now) for watch in self.read_by(due.list)}
        known = {name: report for name, report in standing.items() if report}
        return self._waits_for(due, known, now) if len(known) == len(standing) else None

    def _waits_for(self, due: Due, readings: Mapping[str, RunReport], now: datetime) -> str | None:
        """Why a list with these readings waits for PubMed, in a sentence; None when it does not."""
        stuck = [report for report in readings.values() if _is_passing(report)]
        until = self._until(due, stuck)
        if not stuck or now >= until:
            return None
        told = f"{until.astimezone(due.slot.tzinfo):%d %b %H:%M %Z}"
        return f"{due.list.name}: the digest of {schedule.period_key(due.slot)} waits for PubMed until {told}: {stuck[0].error}"

    def _until(self, due: Due, stuck: Sequence[RunReport]) -> datetime:
        """Until when a list waits for PubMed: some hours from its slot on, or from the first failure after a late start."""
        failed = [run for one in stuck for run in (*self._since(one.watch, due, one.finished_at), one) if _is_passing(run)]
        return max(due.since, min((run.started_at for run in failed), default=due.since)) + self.wait_for_pubmed

    def _standing(self, watch: Watch, due: Due, now: datetime) -> RunReport | None:
        """The run since the list came due that counts for its digest; None when PubMed has to be asked, for the first time or again."""
        reports = self._since(watch.name, due, now)
        good = next((run for run in reversed(reports) if self._is_whole(watch, run, now)), None)
        failures = Failures.of_reports(reports)
        if good or failures is None:
            return good
        if self.calendar.is_mended(watch, failures, self.store.run_history(watch.name, now=now)):
            return None
        retry, until = failures.next_try(schedule.FOR_A_LIST), self._until(due, [failures.last])
        asked_in_the_end = now < until or failures.last.started_at >= until
        return failures.last if (retry is None or now < retry) and (asked_in_the_end or not failures.last.may_pass) else None

    def _since(self, watch: str, due: Due, now: datetime) -> Sequence[RunReport]:
        """The runs of a watch that began when the list was due, or later."""
        found = self.store.runs_since(watch, due.since - timedelta(seconds=1), now=now)
        return [run for run in found if run.started_at >= due.since]

    def _is_whole(self, watch: Watch, run: RunReport, now: datetime) -> bool:
        """Whether a run read the full set of the present query on this day of NCBI's."""
        if run.outcome is not RunOutcome.GOOD or run.full_set_as_of != clock.ncbi_day(now):
            return False
        version = self.store.version_in_force(watch.name)
        return run.error is not None or (version is not None and version.term == self.normalise(watch.query))

    # --- what the composer is asked

    def read_by(self, list_: DigestList) -> tuple[Watch, ...]:
        """The watches that a list reads."""
        return tuple(self.watches[name] for name in list_.watches)

    def request(self, list_: DigestList, runs: Mapping[str, RunReport], due: Due | None = None) -> Request:
        """What the composer is asked for one list; without `due` a digest by hand. It is composed at the end of its watches' runs, so
        that the next digest's receipt begins where this one's ends."""
        from watcher.flows.compose.compose import Request  # noqa: PLC0415 - only when something is composed

        channels, now = tuple(self.channels[name] for name in list_.channels), clock.now()
        late = late_reason(due, self.store, now) if due else ""
        return Request(list_, self.read_by(list_), channels, runs, now, due.slot if due else None, late)


@dataclass(frozen=True, slots=True)
class _AtHand:
    """Whether PubMed or Crossref is to be asked or a digest to be composed; whether papers are to be read again; and why lists wait."""

    is_work: bool
    rereads: bool
    waiting: tuple[str, ...]


@dataclass(slots=True)
class _Round:
    """What a tick has done so far."""

    now: datetime
    runs: dict[str, RunReport] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    rereading: Rereading | None = None
    told: int = 0

    def done(self, sendings: tuple[Sending, ...]) -> Done:
        runs, drafts = tuple(self.runs.values()), tuple(self.drafts)
        return Done(runs, drafts, sendings, tuple(self.waiting), self.rereading, self.told)


def readers(watch: str, lists: Mapping[str, DigestList]) -> tuple[str, ...]:
    """Names of the lists that read a watch."""
    return tuple(list_.name for list_ in lists.values() if watch in list_.watches)


def _held_up(due: Due, error: ConfigurationError) -> str:
    problem = error.problems[0]
    fix = f" - {problem.fix}" if problem.fix else ""
    return f"{due.list.name}: the digest of {schedule.period_key(due.slot)} cannot be composed: {problem.what}{fix}"


def _is_passing(report: RunReport) -> bool:
    return (
        report.outcome in (RunOutcome.FAILED, RunOutcome.ABANDONED)
        and report.may_pass
        and report.error_kind is not ErrorKind.STOPPED
    )


def _unanswered(report: RunReport) -> bool:
    return report.outcome is RunOutcome.FAILED and report.may_pass and report.error_kind is not ErrorKind.QUIET_HOURS
