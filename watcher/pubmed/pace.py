"""NCBI's rate, held for a whole process: at most 3 requests in 1.1 seconds to one address, 10 with an API key.

Source: NBK25497, "Frequency, Timing and Registration of E-utility URL Requests" (3 and 10 a second); the tenth of a second more,
and `MARGIN`, are for requests that are not under way equally long. Time is monotonic, whatever the clock file says.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

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
        self._begun: deque[float] = deque(maxlen=requests)
        self._seconds = seconds + MARGIN
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when one more request may begin. Threads are let through one after the other."""
        with self._lock:
            while len(self._begun) == self._begun.maxlen and (left := self._begun[0] + self._seconds - self._now()) > 0:
                self._sleep(left)
            self._begun.append(self._now())


_SHARED: dict[tuple[str, int], Pace] = {}


def shared(base_url: str, *, with_key: bool) -> Pace:
    """The one pace of this process for an address. NCBI counts by address without a key, and by key with one."""
    requests = 10 if with_key else 3
    return _SHARED.setdefault((base_url, requests), Pace(requests))
