"""The weeks that papers are counted by: seven days each, the last one ends today. A digest that comes each Monday counts in a week of its
own, whatever the minute it is composed in."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKS = 8
"""Two months: enough to see whether a query brings more or less than it used to."""


def bounds(now: datetime, zone: str) -> tuple[datetime, ...]:
    """Where the weeks begin, oldest first, and last where the present one ends, by the days of a zone."""
    there = ZoneInfo(zone)
    tomorrow = now.astimezone(there).date() + timedelta(days=1)
    days = (tomorrow - timedelta(days=7 * back) for back in range(WEEKS, -1, -1))
    return tuple(datetime.combine(day, time(), there).astimezone(UTC) for day in days)
