"""Tells a watching service (healthchecks.io and its like) that runs begin and end, so that somebody hears of it when they stop.

    start    POST URL/start
    success  POST URL         body: the run's one line
    fail     POST URL/fail    body: the same

The address is a secret. A ping that fails is one line in the log and holds nothing up for longer than TIMEOUT_SECONDS in all,
redirections counted.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit, urlunsplit

from watcher.deadline import MEGABYTE, new_session, within
from watcher.failing import in_words

TIMEOUT_SECONDS = 10.0
_LONGEST = 10_000

_log = logging.getLogger(__name__)


class Heartbeat:
    """Pings one address; without one it does nothing."""

    def __init__(self, url: str | None, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._url = url
        self._timeout = timeout

    def start(self) -> None:
        """A run begins."""
        self._ping("/start", "")

    def success(self, line: str) -> None:
        """A run was good; `line` says what it did."""
        self._ping("", line)

    def fail(self, line: str) -> None:
        """A run failed; `line` says why."""
        self._ping("/fail", line)

    def _ping(self, ending: str, line: str) -> None:
        if self._url is None:
            return
        parts = urlsplit(self._url)
        address = urlunsplit(parts._replace(path=parts.path.rstrip("/") + ending))
        with within(self._timeout, most_bytes=MEGABYTE) as exchange, new_session() as session:
            try:
                with session.post(address, data=line.encode()[:_LONGEST], timeout=self._timeout, stream=True) as answer:
                    problem = None if answer.ok else f"its service answered {answer.status_code}"
            except (OSError, ValueError) as error:  # requests' own are OSErrors; ValueError: a redirect to an address that is none
                problem = f"its service {exchange.failure or in_words(error)}"
        if problem:
            _log.warning("the heartbeat was not taken: %s", problem)
