"""What is due: a question to the database and the schedules, asked anew each time. Nothing is kept, asked of PubMed or written here.

    a list     its latest slot, after its creation, has no digest; slots inside a pause count on the day on which it ends
    a watch    it has no good run since its latest slot, or ever; its query was edited; after a failure its next try has come (`retry`)

Rows that are dated after now are left out: a clock that went ahead and came back silences nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from watcher import schedule
from watcher.domain import DigestList, Seed, Watch
from watcher.errors import ConfigurationError
from watcher.flows.ports import Normalise
from watcher.flows.schedule.retry import INPUT, Failures
from watcher.store import ListHistory, RunHistory, Store

if TYPE_CHECKING:
    from watcher.flows.search.corrections import Rereader

_MOMENT = timedelta(seconds=1)
"""Slots are sought strictly after an instant; so much before it, the instant itself is among them."""
_MOST_COUNTED = 500
"""More slots that passed unserved are not counted: a crontab line may fire each minute."""


@dataclass(frozen=True, slots=True)
class Due:
    """A list and the slot whose digest it lacks, due `since`; `missed` are earlier ones that it lacks too, `paused` the end of a pause
    that the slots fell into."""

    list: DigestList
    slot: datetime
    since: datetime
    missed: int = 0
    paused: date | None = None


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next slots of a "watch" or a "list", each in the zone in which it was written."""

    kind: str
    name: str
    slots: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Knows what is due. `seeds` reads the seeds of a watch, or raises ConfigurationError; `normalise` tells whether a query was edited;
    `rereader` knows when papers that readers had are read again."""

    store: Store
    watches: Mapping[str, Watch]
    lists: Mapping[str, DigestList]
    run_schedule: schedule.Schedule
    jitter_minutes: int
    seeds: Callable[[Watch], Sequence[Seed]]
    normalise: Normalise
    rereader: Rereader | None = None

    # --- lists

    def due_lists(self, now: datetime) -> tuple[Due, ...]:
        """The lists whose digest is due, in the configuration's order."""
        return tuple(due for list_ in self.lists.values() if (due := self._list(list_, now)))

    def _list(self, list_: DigestList, now: datetime) -> Due | None:
        history = self.store.list_history(list_.name, now=now)
        if history.created_at is None:
            return None
        times, since = _times(list_), _since(history, history.created_at)
        slot = times.due(now, since)
        if slot is None:
            return None
        slots = list(islice(_until(times.after(since), slot), _MOST_COUNTED))
        inside = [one for one in slots if _is_inside(one, list_.pause_until)]
        paused = list_.pause_until if list_.pause_until and _is_inside(slot, list_.pause_until) else None
        came = schedule.catch_up(slot, paused) if paused else slot
        missed = sum(one < slot for one in slots) - sum(one < slot for one in inside)
        return Due(list_, slot, came, missed, list_.pause_until if inside else None) if came <= now else None

    def next_digest(self, list_: DigestList, now: datetime) -> datetime:
        """When the list's next digest is composed; `now` when it is due."""
        return now if self._list(list_, now) else next(self._digests(list_, now))

    def next_digest_of(self, name: str, now: datetime) -> datetime | None:
        """When the next digest of the list of this name is composed; None when the configuration has no such list."""
        list_ = self.lists.get(name)
        return self.next_digest(list_, now) if list_ else None

    def _digests(self, list_: DigestList, now: datetime) -> Iterator[datetime]:
        """The instants after now at which a digest of the list is due."""
        if list_.pause_until is None:
            return digests_after(list_, now)
        history = self.store.list_history(list_.name, now=now)
        return digests_after(list_, now, _since(history, history.created_at or now))

    # --- watches

    def due_watches(self, now: datetime) -> tuple[Watch, ...]:
        """The watches that are due by themselves, in the configuration's order."""
        return tuple(watch for watch in self.watches.values() if self.next_run(watch, now) <= now)

    def next_run(self, watch: Watch, now: datetime) -> datetime:
        """When the watch is run next by itself; `now` when it is due."""
        history = self.store.run_history(watch.name, now=now)
        if history.last is None or self._slot_came(watch, history.last.started_at, now) or self._is_edited(watch, history):
            return now
        planned, failures = next(self._runs(watch, now)), Failures.of_history(history)
        if failures is None:
            return planned
        if self.is_mended(watch, failures, history):
            return now
        retry = failures.next_try(schedule.BY_ITSELF)
        return planned if retry is None else max(now, min(planned, retry))

    def is_mended(self, watch: Watch, failures: Failures, history: RunHistory) -> bool:
        """Whether the configuration has changed since the watch failed last, or its seeds can be read now and could not then."""
        known, failed_with = self.store.configuration(), history.failed_config_sha256
        if known and failed_with and known[0] != failed_with:
            return True
        if failures.last.error_kind not in INPUT:
            return False
        try:
            self.seeds(watch)
        except ConfigurationError:
            return False
        return True

    def _is_edited(self, watch: Watch, history: RunHistory) -> bool:
        """Whether the watch asks for something else than the version in force, and was not run under this configuration yet."""
        known = self.store.configuration()
        if known is None or known[0] == history.config_sha256:
            return False
        version = self.store.version_in_force(watch.name)
        return version is not None and version.term != self.normalise(watch.query)

    def _slot_came(self, watch: Watch, since: datetime, now: datetime) -> bool:
        """Whether a run of the watch has been due since."""
        latest = (self.run_schedule.latest(now), self.run_schedule.latest(now - timedelta(minutes=self.jitter_minutes)))
        came = [schedule.jittered(slot, watch.name, self.jitter_minutes) for slot in latest if slot]
        return any(since < instant <= now for instant in came)

    def _runs(self, watch: Watch, now: datetime) -> Iterator[datetime]:
        """The instants after now at which the watch is run."""
        slots = self.run_schedule.after(now - timedelta(minutes=self.jitter_minutes))
        instants = (schedule.jittered(slot, watch.name, self.jitter_minutes) for slot in slots)
        return (instant for instant in instants if instant > now)

    # --- both

    def upcoming(self, now: datetime, count: int) -> tuple[Upcoming, ...]:
        """The next slots of every watch and every list."""
        zone = self.run_schedule.zone
        runs = {watch.name: islice(self._runs(watch, now), count) for watch in self.watches.values()}
        digests = {list_.name: islice(self._digests(list_, now), count) for list_ in self.lists.values()}
        return (
            *(Upcoming("watch", name, tuple(one.astimezone(zone) for one in found)) for name, found in runs.items()),
            *(Upcoming("list", name, tuple(found)) for name, found in digests.items()),
        )


def digests_after(list_: DigestList, now: datetime, since: datetime | None = None) -> Iterator[datetime]:
    """The instants after `now` at which a digest of the list is due. `since`: after when its slots count; None where no database was
    asked: then the last slot inside a pause is taken for one that the list lacks."""
    times = _times(list_)
    if list_.pause_until is None:
        yield from times.after(now)
        return
    ends = datetime.combine(list_.pause_until, time.min, times.zone)
    regular = times.after(max(now, ends - _MOMENT))
    first, last = next(regular), times.latest(ends - _MOMENT)
    made_up = schedule.catch_up(last, list_.pause_until) if last and (since is None or last > since) else None
    yield from merge([made_up] if made_up and now < made_up < first else [], [first], regular)


def is_paused(list_: DigestList, now: datetime) -> bool:
    """Whether the list's `pause_until` lies ahead, in its own time zone."""
    return _is_inside(now.astimezone(_times(list_).zone), list_.pause_until)


def _is_inside(local: datetime, pause_until: date | None) -> bool:
    return pause_until is not None and local.date() < pause_until


def _times(list_: DigestList) -> schedule.Schedule:
    return schedule.parse(list_.schedule, list_.timezone)


def _since(history: ListHistory, created_at: datetime) -> datetime:
    """After when slots count."""
    return max(created_at, history.last_slot_at or created_at)


def _until(slots: Iterator[datetime], last: datetime) -> Iterator[datetime]:
    for slot in slots:
        if slot > last:
            return
        yield slot
