"""Jobs in other processes, where no process may be forked from this one (docs/decisions/0080)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import structlog

from watcher import logs
from watcher.apart import Thrown, apart, is_possible
from watcher.app import App
from watcher.setup.loading import Loaded

T = TypeVar("T")

_log = structlog.get_logger(__name__)


def done_anew(loaded: Loaded, job: Callable[[threading.Event], T], stopping: threading.Event) -> T:
    """Do a job in a process that is begun anew, whose log is as this configuration says.

    Args:
        loaded: the configuration in force.
        job: is given what tells it to stop. It is pickled, and so is what it returns.
        stopping: when it is set, the process is told to stop.

    Raises:
        WorkLost: as `apart` does.
    """
    log = loaded.settings.log
    return apart(partial(_logged, log.level, log.format, job), stopping, anew=True)


def worked_out(app: App, work: Callable[[App], T]) -> T:
    """Do what ranks for somebody who waits: in a process that is begun anew and has an App of its own, where that can be done; what it took
    of memory is given back.

    Args:
        app: what works here; its database may be in use meanwhile.
        work: what to do. It is pickled, and so is what it returns.

    Raises:
        WatcherError: what `work` raised; WorkLost when its process was killed or could not be begun, Stopped when it was told to stop.
    """
    if app.loaded is None or not is_possible():
        try:
            return work(app)
        finally:
            app.rankings.rest()
    done = done_anew(app.loaded, partial(_worked, app.loaded, work), app.stopping)
    if isinstance(done, Thrown):
        raise done.error()
    return done


def _logged(level: str, style: str, job: Callable[[threading.Event], T], stopping: threading.Event) -> T:
    logs.set_up(level, style)
    return job(stopping)


def _worked(loaded: Loaded, work: Callable[[App], T], stopping: threading.Event) -> T | Thrown:
    try:
        with App(loaded.settings, say=_log.debug, stopping=stopping, loaded=loaded) as app:
            return work(app)
    except Exception as error:  # noqa: BLE001 - it is raised again by whoever asked
        return Thrown.of(error)
