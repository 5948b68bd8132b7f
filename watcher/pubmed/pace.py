"""NCBI's rate, held for a whole process: at most 3 requests in 1.1 seconds to one address, 10 with an API key.

Source: NBK25497, "Frequency, Timing and Registration of E-utility URL Requests" (3 and 10 a second); the tenth of a second more,
and `MARGIN`, are for requests that are not under way equally long. Time is monotonic, whatever the clock file says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from math import ceil

from pyrate_limiter import InMemoryBucket, Rate, RateItem

WINDOW = 1.1
"""Seconds in which the allowed number of requests may begin."""

MARGIN = 0.05
"""Seconds that are added to the window, since a server counts arrivals and we count departures."""


class Pace:
    """Lets at most `requests` begin in any `seconds`, over all threads that share it."""

    def __init__(
        self,
        requests: int,
        seconds: float = WINDOW,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bucket = InMemoryBucket([Rate(requests, ceil((seconds + MARGIN) * 1000))])
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when one more request may begin. Threads are let through one after the other."""
        with self._lock:
            while (seconds := self._seconds_to_wait()) > 0:
                self._sleep(seconds)

    def _seconds_to_wait(self) -> float:
        # The limiter of the library stamps a request with the instant for which it was planned. On a busy machine it begins later,
        # and a fourth could follow too soon; so the bucket is asked directly, with the instant that it really is.
        milliseconds = int(self._now() * 1000)
        self._bucket.leak(milliseconds)
        item = RateItem("request", milliseconds)
        if self._bucket.put(item):
            return 0.0
        milliseconds_left = self._bucket.waiting(item)
        return max(milliseconds_left, 1) / 1000 if isinstance(milliseconds_left, int) else WINDOW


_SHARED: dict[tuple[str, int], Pace] = {}


def shared(base_url: str, *, with_key: bool) -> Pace:
    """The one pace of this process for an address. NCBI counts by address without a key, and by key with one."""
    requests = 10 if with_key else 3
    return _SHARED.setdefault((base_url, requests), Pace(requests))
