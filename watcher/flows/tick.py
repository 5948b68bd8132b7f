"""Everything that is due now, once: the body of `watcher tick` and of the daemon's only job.

    1 lists   whose latest slot has no digest: their watches are searched and reconciled, then the digest is composed and owed
    2 watches whose daily run is due, or that have no good run yet, and were not run in step 1
    3 owed    deliveries that are due

What is due is a question to the database: this module keeps no memory. PubMed work holds the lease `pubmed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from watcher import clock, schedule
from watcher.domain import Channel, DigestList, RunOutcome, RunReport, Watch
from watcher.errors import AlreadyComposed, Busy, ConfigurationError, QuietHours, SeedError
from watcher.flows.compose import Composer, Draft, Request
from watcher.flows.deliver import Deliverer, Sending
from watcher.flows.lease import held
from watcher.flows.run import Runner
from watcher.store import Store

LATE_AFTER = timedelta(hours=2)

_INPUT = (ConfigurationError.__name__, SeedError.__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A list and the slot whose digest it lacks."""

    order: DigestList
    slot: datetime
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """What one tick did. `waiting` are sentences about digests that wait for PubMed."""

    runs: tuple[RunReport, ...] = ()
    drafts: tuple[Draft, ...] = ()
    sendings: tuple[Sending, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether anything is to be listed as failed."""
        return bool(self.waiting) or any(run.error for run in self.runs) or any(sending.reason for sending in self.sendings)

    @property
    def unreachable(self) -> bool:
        """Whether PubMed was asked and no run could be finished because of it."""
        asked = [run for run in self.runs if run.outcome is not RunOutcome.REFUSED]
        return bool(asked) and all(_unanswered(run) for run in asked)

    @property
    def misconfigured(self) -> bool:
        """Whether every run failed by what the lab wrote: seeds that cannot be read, or hold no text."""
        return bool(self.runs) and all(run.error_kind in _INPUT for run in self.runs)


@dataclass(frozen=True, slots=True)
class Ticker:
    """Does what is due, with everything it needs handed in."""

    store: Store
    runner: Callable[[], Runner]
    composer: Composer
    deliverer: Deliverer
    watches: Mapping[str, Watch]
    orders: Mapping[str, DigestList]
    channels: Mapping[str, Channel]
    holder: str
    run_schedule: schedule.Schedule
    jitter_minutes: int = 30
    wait_for_pubmed: timedelta = timedelta(hours=6)
    say: Callable[[str], None] = field(default=lambda _line: None)

    def tick(self, now: datetime) -> Done:
        """Do all that is due at `now`. Deliveries are due by the time at which the work before them has ended.

        Raises:
            Busy: PubMed work is due and another process holds it; what was owed has been sent all the same.
        """
        runs: dict[str, RunReport] = {}
        drafts: list[Draft] = []
        waiting: list[str] = []
        try:
            if self.due_lists(now) or self.due_watches(now):
                self._look(runs, drafts, waiting, now)
        except Busy:
            self.deliverer.deliver(clock.now())
            raise
        return Done(tuple(runs.values()), tuple(drafts), self.deliverer.deliver(clock.now()), tuple(waiting))

    def _look(self, runs: dict[str, RunReport], drafts: list[Draft], waiting: list[str], now: datetime) -> None:
        """The lists and watches that are due, once no other process talks to PubMed."""
        with held(self.store, "pubmed", self.holder):
            self.store.abandon_open_runs(now)
            runner = self.runner()
            for due in self.due_lists(now):
                self._list(due, runner, runs, drafts, waiting, now)
            for watch in self.due_watches(now):
                if watch.name not in runs:
                    runs[watch.name] = self.run(runner, watch, now, reconcile=False)

    def due_lists(self, now: datetime) -> tuple[Due, ...]:
        """Lists whose latest slot, after their creation, has no digest."""
        found = []
        for order in self.orders.values():
            history = self.store.list_history(order.name)
            times = schedule.parse(order.schedule, order.timezone)
            if history.created_at is None:
                continue
            since = max(history.created_at, history.last_slot_at or history.created_at)
            slot = times.due(now, since)
            if slot is not None and not is_paused(order, now):
                missed = sum(1 for earlier in _slots(times, since, slot) if earlier < slot)
                found.append(Due(order, slot, missed))
        return tuple(found)

    def due_watches(self, now: datetime) -> tuple[Watch, ...]:
        """Watches without a good run since the latest slot of the run schedule, or ever."""
        return tuple(watch for watch in self.watches.values() if self._watch_is_due(watch, now))

    def next_run(self, watch: Watch, now: datetime) -> datetime:
        """When the watch is run next; `now` when it is due."""
        if self._watch_is_due(watch, now):
            return now
        slot = self.run_schedule.latest(now)
        today = slot and schedule.jittered(slot, watch.name, self.jitter_minutes)
        if today and today > now:
            return today
        return schedule.jittered(self.run_schedule.next(now), watch.name, self.jitter_minutes)

    def next_digest(self, order: DigestList, now: datetime) -> datetime:
        """When the list's next digest is composed; `now` when it is due."""
        if any(due.order.name == order.name for due in self.due_lists(now)):
            return now
        times = schedule.parse(order.schedule, order.timezone)
        if order.pause_until is None:
            return times.next(now)
        starts = datetime.combine(order.pause_until, time.min, times.zone)
        return times.next(max(now, starts - timedelta(seconds=1)))

    def _watch_is_due(self, watch: Watch, now: datetime) -> bool:
        last = self.store.run_history(watch.name).last_good
        if last is None:
            return True
        slot = self.run_schedule.latest(now - timedelta(minutes=self.jitter_minutes)) or last.started_at
        latest = self.run_schedule.latest(now)
        passed = [one for one in (slot, latest) if one and schedule.jittered(one, watch.name, self.jitter_minutes) <= now]
        return any(last.started_at < schedule.jittered(one, watch.name, self.jitter_minutes) for one in passed)

    def _list(
        self,
        due: Due,
        runner: Runner,
        runs: dict[str, RunReport],
        drafts: list[Draft],
        waiting: list[str],
        now: datetime,
    ) -> None:
        for watch in self.read_by(due.order):
            if watch.name not in runs:
                runs[watch.name] = self.run(runner, watch, now, reconcile=True)
        stuck = [runs[watch.name] for watch in self.read_by(due.order) if _waits(runs[watch.name])]
        if stuck and now < due.slot + self.wait_for_pubmed:
            waiting.append(
                f"{due.order.name}: the digest of {schedule.period_key(due.slot)} waits for PubMed until "
                f"{due.slot + self.wait_for_pubmed:%d %b %H:%M %Z}: {stuck[0].error}"
            )
            return
        try:
            drafts.append(self.composer.compose(self.request(due.order, runs, due)))
        except AlreadyComposed:
            self.say(f"{due.order.name}: another process has just composed this digest")

    def run(self, runner: Runner, watch: Watch, now: datetime, *, reconcile: bool) -> RunReport:
        """Run one watch; the caller holds the lease."""
        return runner.run(watch, now=now, lists=readers(watch.name, self.orders), reconcile=reconcile)

    def read_by(self, order: DigestList) -> tuple[Watch, ...]:
        """The watches that a list reads."""
        return tuple(self.watches[name] for name in order.watches)

    def request(self, order: DigestList, runs: Mapping[str, RunReport], due: Due | None = None) -> Request:
        """What the composer is asked for one list; without `due` a digest by hand. It is composed at the end of its watches' runs, so
        that the next digest's receipt begins where this one's ends."""
        channels, now = tuple(self.channels[name] for name in order.channels), clock.now()
        late = self._late_reason(due, now) if due else ""
        return Request(order, self.read_by(order), channels, runs, now, due.slot if due else None, late)

    def _late_reason(self, due: Due, now: datetime) -> str:
        if due.missed:
            digests = "one earlier digest was" if due.missed == 1 else f"{due.missed} earlier digests were"
            return f"{digests} missed while the service was not running; this one covers all of it"
        if now - due.slot <= LATE_AFTER:
            return ""
        reports = [run for watch in self.read_by(due.order) for run in self.store.runs_since(watch.name, due.slot)]
        if any(_waits(run) for run in reports):
            return "it waited for PubMed, which did not answer when it was due"
        return "the service was not running when it was due"


def readers(watch: str, orders: Mapping[str, DigestList]) -> tuple[str, ...]:
    """Names of the lists that read a watch."""
    return tuple(order.name for order in orders.values() if watch in order.watches)


def is_paused(order: DigestList, now: datetime) -> bool:
    """Whether the list's `pause_until` lies ahead, in its own time zone."""
    zone = schedule.parse(order.schedule, order.timezone).zone
    return order.pause_until is not None and now.astimezone(zone).date() < order.pause_until


def _slots(times: schedule.Schedule, since: datetime, until: datetime) -> Sequence[datetime]:
    found: list[datetime] = []
    for slot in times.after(since):
        if slot > until or len(found) > 500:
            break
        found.append(slot)
    return found


def _waits(report: RunReport) -> bool:
    return report.outcome is RunOutcome.FAILED and report.may_pass


def _unanswered(report: RunReport) -> bool:
    return _waits(report) and report.error_kind != QuietHours.__name__
