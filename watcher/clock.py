"""The one place that reads the wall clock.

`WATCHER_CLOCK_FILE=PATH` makes `now` read an ISO instant with offset from that file at every call, so that a rehearsal or a
simulation moves the time of all its processes by writing one file. Leases are timed by `real_now`, which no file moves;
time-outs and back-off sleeps use `time.monotonic` where they stand.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from watcher import zones
from watcher.errors import ConfigurationError, Place, Problem

CLOCK_FILE = "WATCHER_CLOCK_FILE"

NCBI_ZONE = ZoneInfo("America/New_York")
"""PubMed's days begin and end in Bethesda."""

_TRIES, _PAUSE_SECONDS = 20, 0.01
"""Whoever moves the clock may be writing the file at this moment."""


def now() -> datetime:
    """The present instant, aware, in UTC.

    Raises ConfigurationError when WATCHER_CLOCK_FILE names a file that holds no ISO instant with an offset.
    """
    named = os.environ.get(CLOCK_FILE)
    return _read(Path(named)) if named else real_now()


def real_now() -> datetime:
    """The machine's own time, aware, in UTC; for leases."""
    return datetime.now(UTC)


def source() -> str:
    """Where `now` comes from: "system", or the path of the clock file."""
    return os.environ.get(CLOCK_FILE) or "system"


def zones_in_use() -> str:
    """The release of the time zones that are computed with, and whose it is, in words."""
    return str(zones.IN_USE)


def ncbi_day(at: datetime) -> date:
    """The calendar day at NCBI (America/New_York) at the instant `at`."""
    return at.astimezone(NCBI_ZONE).date()


def _read(path: Path) -> datetime:
    for _ in range(_TRIES - 1):
        try:
            return _read_once(path)
        except ConfigurationError:
            time.sleep(_PAUSE_SECONDS)
    return _read_once(path)


def _read_once(path: Path) -> datetime:
    try:
        instant = datetime.fromisoformat(path.read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            Problem(
                f"the clock file cannot be read: {error}", "write one ISO instant, such as 2026-03-02T08:00:00+01:00", Place(path)
            )
        ) from error
    if instant.tzinfo is None:
        raise ConfigurationError(Problem("the instant has no offset", "write for example 2026-03-02T08:00:00+01:00", Place(path)))
    return instant.astimezone(UTC)
