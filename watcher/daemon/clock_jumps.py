"""Whether the machine's clock was moved.

APScheduler reckons with the wall clock: one that goes back keeps its job waiting for as long, one that jumps forward does not wake it
(apscheduler#351, #752). Monotonic time goes on evenly, so a gap between the two is a jump, or the machine's sleep.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from watcher import clock

TOLERATED = timedelta(seconds=60)
"""A time server slews by less; what is less adds up until it is noticed."""


class ClockJumps:
    """Compares the two clocks from one look to the next."""

    def __init__(self, wall: Callable[[], datetime] = clock.real_now, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._apart = self._gap()

    def moved(self) -> timedelta | None:
        """By how much the wall clock was moved since the last move, when that is more than a minute; else None.

        Small steps, as time servers make them, add up until they are noticed.
        """
        apart = self._gap()
        step = apart - self._apart
        if abs(step) <= TOLERATED:
            return None
        self._apart = apart
        return step

    def _gap(self) -> timedelta:
        return timedelta(seconds=self._wall().timestamp() - self._monotonic())
