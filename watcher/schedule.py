"""When a list or a run is due: slots, periods, time zones. Pure: the present instant comes in as an argument.

A schedule is written as `daily 05:30`, `monday 08:00` or a crontab line of five fields, whose weekday numbers mean what crontab
means by them (0 and 7 are Sunday). A slot is an instant at which the schedule fires. cronsim says which times of the wall clock the
schedule means; which instants those are is decided here, since by cronsim's own reckoning a slot may lie before the instant that it is
asked from, in the hour that the clocks repeat. A time that the clocks skip in spring is the first instant after the gap, one that they
repeat in autumn is the first of the two.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from watcher.clock import NCBI_ZONE
from watcher.errors import ConfigurationError, Problem

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_SIMPLE = re.compile(r"(?P<day>[a-z]+)\s+(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)", re.IGNORECASE)
_FORMS = "write `daily 05:30`, `monday 08:00` or a crontab line such as `0 8 * * 1`"
_LOOK_BACK = tuple(timedelta(days=days) for days in (2, 9, 40, 400, 1500))
"""How far back the latest slot is sought, in steps: a crontab line may fire once in four years, on 29 February."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A crontab expression in a time zone; `text` is what the user wrote."""

    text: str
    cron: str
    zone: ZoneInfo

    def after(self, instant: datetime) -> Iterator[datetime]:
        """All slots strictly after `instant`, in order and each once, in the schedule's zone."""
        last = instant.astimezone(UTC)
        for wall in CronSim(self.cron, last.astimezone(self.zone).replace(tzinfo=None)):
            slot = _first_instant(wall, self.zone)
            if slot > last:  # compared in UTC: two instants of one zone are compared by their wall times
                yield slot.astimezone(self.zone)
                last = slot

    def next(self, instant: datetime) -> datetime:
        """The first slot strictly after `instant`."""
        return next(self.after(instant))

    def latest(self, instant: datetime) -> datetime | None:
        """The last slot at or before `instant`; None when there was none in the four years before."""
        instant = instant.astimezone(UTC)
        for span in _LOOK_BACK:
            passed = deque(takewhile(lambda slot: slot <= instant, self.after(instant - span)), maxlen=1)
            if passed:
                return passed[0]
        return None

    def due(self, instant: datetime, since: datetime) -> datetime | None:
        """The latest slot in (since, instant], or None: several missed slots are one."""
        slot = self.latest(instant)
        return slot if slot is not None and slot > since.astimezone(UTC) else None


def parse(text: str, timezone: str) -> Schedule:
    """Read a schedule.

    Args:
        text: `daily HH:MM`, a weekday's English name and HH:MM, or five crontab fields.
        timezone: an IANA name such as Europe/Berlin.

    Raises:
        ConfigurationError: the text or the zone is not understood, or the expression never fires. The problem carries no place;
            the caller knows it.
    """
    zone = _zone(timezone)
    simple = _SIMPLE.fullmatch(text.strip())
    cron = _cron(simple) if simple else text.strip()
    if simple is None and len(cron.split()) != 5:
        raise ConfigurationError(Problem(f"{text!r} is not a schedule", _FORMS))
    schedule = Schedule(text.strip(), cron, zone)
    try:
        schedule.next(datetime(2024, 1, 1, tzinfo=UTC))
    except (CronSimError, StopIteration) as error:
        reason = str(error) or "it never fires"
        raise ConfigurationError(Problem(f"{text!r} is not a schedule: {reason}", _FORMS)) from error
    return schedule


def period_key(slot: datetime) -> str:
    """The slot as ISO to the minute with its offset, the key of a digest within its list: "2026-03-02T08:00+01:00"."""
    return slot.isoformat(timespec="minutes")


def jittered(slot: datetime, name: str, minutes: int) -> datetime:
    """The slot moved by 0 to `minutes`, always by the same for one name, so that a lab's watches do not ask all at once."""
    if minutes == 0:
        return slot.astimezone(UTC)
    return slot.astimezone(UTC) + timedelta(seconds=round(_share(name) * minutes * 60))


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait after failures: the first wait, and the longest one that doubling leads to."""

    first: timedelta
    longest: timedelta

    def wait(self, tries: int, name: str) -> timedelta:
        """The wait after the `tries`-th failure in a row: the first, doubled with each, at most the longest; and up to a tenth more,
        always by the same for one name."""
        doubled = min(self.first * (1 << min(tries - 1, 20)), self.longest)
        return doubled + timedelta(seconds=round(doubled.total_seconds() * _share(name) / 10))


BY_ITSELF = Patience(timedelta(minutes=10), timedelta(hours=4))
FOR_A_LIST = Patience(timedelta(minutes=5), timedelta(minutes=30))


def catch_up(slot: datetime, pause_until: date) -> datetime:
    """When a slot that fell into a pause is made up for: on the day on which the pause ends, at the slot's time of day."""
    return datetime.combine(pause_until, slot.time(), slot.tzinfo)


def is_quiet_at_ncbi(instant: datetime) -> bool:
    """Whether large jobs are welcome: weekends, and 21:00 to 05:00 US Eastern on weekdays (NCBI, NBK25497)."""
    local = instant.astimezone(NCBI_ZONE)
    return local.weekday() >= 5 or local.hour >= 21 or local.hour < 5


def next_quiet_at_ncbi(instant: datetime) -> datetime:
    """The first instant from this one on at which large jobs are welcome."""
    if is_quiet_at_ncbi(instant):
        return instant
    return instant.astimezone(NCBI_ZONE).replace(hour=21, minute=0, second=0, microsecond=0).astimezone(UTC)


def _first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the wall clock first shows `wall` or, where it skips that, anything later."""
    after = wall.replace(tzinfo=zone).astimezone(UTC)
    if after.astimezone(zone).replace(tzinfo=None) == wall:
        return after
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # in a gap, the two readings lie on its two sides (PEP 495)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // timedelta(seconds=2) * timedelta(seconds=1)
        if middle.astimezone(zone).replace(tzinfo=None) > wall:
            after = middle
        else:
            before = middle
    return after


def _share(name: str) -> float:
    """A number from 0 to 1 that is always the same for one name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            Problem(f"{name!r} is not a time zone", "write an IANA name such as Europe/Berlin or America/New_York")
        ) from error


def _cron(simple: re.Match[str]) -> str:
    day = simple["day"].lower()
    if day == "daily":
        field = "*"
    elif day in _DAYS:
        field = str(_DAYS.index(day))
    else:
        raise ConfigurationError(Problem(f"{simple['day']!r} is not a day", f"use one of daily, {', '.join(_DAYS[1:])}, sunday"))
    return f"{int(simple['minute'])} {int(simple['hour'])} * * {field}"
