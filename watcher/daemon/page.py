"""The page beside the service: a thread of it, which is told of each configuration (docs/decisions/0080).

One that has ended by itself is begun again after the next round.
"""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING

import structlog

from watcher import memory
from watcher.setup.loading import Loaded

if TYPE_CHECKING:
    from watcher.web import Changes

_log = structlog.get_logger(__name__)

END_SECONDS = 15.0
"""Requests under way are answered within ten; then the service ends without them."""


class PageThread:
    """The page of one service."""

    def __init__(self) -> None:
        self._told: Loaded | None = None
        self._changes: Changes | None = None
        self._threads: list[threading.Thread] = []
        self._end_by = 0.0
        self.was_begun = False
        """Whether it was ever there: what its requests began may go on after it, so that no process may be forked from this one any more."""

    @property
    def is_there(self) -> bool:
        """Whether a thread of it lives."""
        self._threads = [one for one in self._threads if one.is_alive()]
        return bool(self._threads)

    def keep(self, loaded: Loaded) -> None:
        """Have the page work by this configuration; begin it where there is to be one and there is none."""
        if self._changes is not None and not self.is_there:
            _log.warning("the page has ended by itself and is begun again")
            self._changes = None
        if self._changes is None:
            if loaded.settings.web.enabled:
                self._begin(loaded)
        elif self._told is not loaded:
            self._told = loaded
            self._changes.put(loaded)
            if not loaded.settings.web.enabled:
                self.say_end()

    def say_end(self) -> None:
        """Have it end; requests under way are answered first."""
        if self._changes is not None:
            self._changes.put(None)
        self._changes, self._end_by = None, time.monotonic() + END_SECONDS

    def end(self) -> None:
        """Have it end, and wait for that: no longer than `END_SECONDS` after it was told."""
        if self._changes is not None:
            self.say_end()
        for one in self._threads:
            one.join(max(0.0, self._end_by - time.monotonic()))

    def _begin(self, loaded: Loaded) -> None:
        memory.one_heap()
        self.was_begun = True
        self._told, self._changes = loaded, SimpleQueue()
        thread = threading.Thread(target=_served, args=(loaded, self._changes), name="page", daemon=True)
        self._threads.append(thread)
        thread.start()


def _served(loaded: Loaded, changes: Changes) -> None:
    from watcher.web import live  # noqa: PLC0415 - the web's libraries: only where there is a page

    try:
        live(loaded, changes)
    except Exception:  # noqa: BLE001 - a bug ends the page, not the service, which begins it again
        _log.exception("the page failed")
