"""For how long the answer of another machine asks us to wait: Retry-After (RFC 9110, 10.2.3), and headers that say the same.

The value is a number of seconds or a date. A date counts from the answer's own Date, whose clock made both; where it has none, from when it
came (RFC 9110, 6.6.1). All three forms of dates are read (5.6.7); one that names no zone is in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from watcher import clock

LONGEST = timedelta(days=366).total_seconds()
"""An answer may hold anything; nobody computes with more."""

_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)


def asked_for(headers: Mapping[str, str], name: str = "Retry-After") -> float | None:
    """The seconds that an answer with these headers asks us to wait, at most LONGEST; 0 for a date that is over; None when it says nothing
    that can be understood."""
    said = headers.get(name, "").strip()
    if _SECONDS.fullmatch(said):
        return min(float(said), LONGEST)
    until = _instant(said)
    if until is None:
        return None
    since = _instant(headers.get("Date", "")) or clock.now()
    return min(max((until - since).total_seconds(), 0.0), LONGEST)


def _instant(said: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(said)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
