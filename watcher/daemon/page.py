"""The page beside the service: in a process of its own where that can be done, so that neither keeps the other waiting, else in a thread.

The process is forked when nothing of the service is open, and told of each configuration through a pipe (docs/decisions/0074). One that was
killed is begun again after the next round.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import structlog

from watcher import memory
from watcher.daemon.apart import forked, is_possible
from watcher.setup.loading import Loaded

_log = structlog.get_logger(__name__)

END_SECONDS = 15.0
"""Requests under way are answered within ten; then the process is killed."""


class PageProcess:
    """The page of one service. `before_fork` closes what must not be open in two processes."""

    def __init__(self, before_fork: Callable[[], None]) -> None:
        self._before_fork = before_fork
        self._told: Loaded | None = None
        self._to_it: Connection | None = None
        self._process: int | None = None

    def keep(self, loaded: Loaded) -> None:
        """Have the page work by this configuration; begin it where there is to be one and there is none."""
        if self._process is not None and not _lives(self._process):
            _log.warning("the page has ended by itself and is begun again", process=self._process)
            self._forget()
        if self._to_it is None and not loaded.settings.web.enabled:
            return
        if self._to_it is None:
            self._begin(loaded)
        elif self._told is not loaded:
            self._tell(loaded)

    def end(self) -> None:
        """End it; requests under way are answered first."""
        if self._to_it is None:
            return
        self._to_it.close()
        if self._process is not None:
            _ended(self._process)
        self._forget()

    def _tell(self, loaded: Loaded) -> None:
        assert self._to_it is not None  # noqa: S101 - it was just begun
        with suppress(OSError):  # it is gone: the next round begins it again, which tells it
            self._to_it.send(loaded)
        self._told = loaded
        if not loaded.settings.web.enabled:
            self.end()

    def _begin(self, loaded: Loaded) -> None:
        receiving, self._to_it = Pipe(duplex=False)
        self._told = loaded
        if not is_possible():
            threading.Thread(target=_served, args=(loaded, receiving), name="page", daemon=True).start()
            return
        from watcher.web import live  # noqa: PLC0415, F401 - here too, so that both processes share what it takes

        self._before_fork()
        gc.collect()
        gc.freeze()  # modules, for good: else each collection writes into every page of memory that the two processes share
        self._process = forked(partial(_live, loaded, receiving, self._to_it))
        receiving.close()

    def _forget(self) -> None:
        if self._to_it is not None:
            self._to_it.close()
        self._to_it = self._process = self._told = None


def _served(loaded: Loaded, changes: Connection, *, hears_signals: bool = False) -> None:
    from watcher.web import live  # noqa: PLC0415 - the web's libraries: only where there is a page

    live(loaded, changes, hears_signals=hears_signals)


def _live(loaded: Loaded, changes: Connection, other_end: Connection) -> None:
    """What the process does, to its end."""
    other_end.close()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    memory.one_heap()
    memory.give_blocks_back()
    _served(loaded, changes, hears_signals=True)


def _lives(process: int) -> bool:
    found, _ = os.waitpid(process, os.WNOHANG)
    return found == 0


def _ended(process: int) -> None:
    end = time.monotonic() + END_SECONDS
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
        while _lives(process):
            if time.monotonic() > end:
                os.kill(process, signal.SIGKILL)
            time.sleep(0.02)
