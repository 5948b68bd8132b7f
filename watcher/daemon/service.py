"""One round after the other: what the service does each time its job fires.

    1  take up a good edit: a new App, the old one closed
    2  free what dead processes hold
    3  the steps: do what is due, tell what fails, keep up (steps.py)

An error ends its round and nothing else: the next one tries again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from watcher import clock, health, logs
from watcher.apart import apart
from watcher.app import App
from watcher.config import Settings
from watcher.daemon.alarm import Alarm
from watcher.daemon.announcing import introduce, tell_seeds
from watcher.daemon.steps import Job, Steps, made_ready
from watcher.elsewhere import done_anew
from watcher.errors import SchemaTooNew, Stopped, StoreError, StoreUnusable, WatcherError
from watcher.setup.in_force import Configuration
from watcher.setup.loading import Loaded
from watcher.store import Store

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rounds:
    """How the rounds went so far. Instants are the machine's own, but for `now`: the service's clock in the last finished round."""

    began_at: datetime | None = None
    ended_at: datetime | None = None
    now: datetime | None = None
    count: int = 0
    failed_in_row: int = 0
    problems: tuple[str, ...] = ()


@dataclass
class Service:
    """Does the rounds, one at a time.

    Attributes:
        fatal: is set when no further round can help; the service then has to end.
        works_apart: what may take much memory is done in processes of their own.
        may_fork: whether these can be forked from this one; else each is begun anew, which takes a second more.
        ready: is called in each round once the database can be used.
    """

    configuration: Configuration
    stopping: threading.Event
    rounds: Rounds = field(default_factory=Rounds)
    fatal: WatcherError | None = None
    works_apart: bool = False
    may_fork: Callable[[], bool] = field(default=lambda: True)
    ready: Callable[[], None] = field(default=lambda: None)
    _app: App | None = None
    _was_open: bool = False
    _steps: Steps = field(default_factory=Steps)
    _alarm: Alarm = field(default_factory=Alarm)
    _working: threading.Lock = field(default_factory=threading.Lock)

    def round(self) -> None:
        """One round, whatever comes of it; none once the service is stopping."""
        with self._working:
            if not self.stopping.is_set():
                self.rounds = replace(self.rounds, began_at=clock.real_now())
                self._attempt()

    def end(self, seconds: float) -> bool:
        """Wait for the round under way, which `stopping` ends at its next step, and give everything back; whether it ended in time."""
        if not self._working.acquire(timeout=seconds):
            return False
        try:
            self._close()
        finally:
            self._working.release()
        return True

    def _attempt(self) -> None:
        try:
            now = clock.now()
            self._finish(now, self._do(now))
        except Stopped:
            self._finish(None, self.rounds.problems)
        except WatcherError as error:
            if isinstance(error, SchemaTooNew) or (isinstance(error, StoreUnusable) and not self._was_open):
                self.fatal = error
            else:
                self._steps.announcer.once("error", str(error), _log.error)
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - a bug ends one round, not the service
            told = f"{type(error).__name__}: {error}"
            self._steps.announcer.once("error", told, partial(_log.error, exc_info=error))
            self._fail(told)

    # --- one round -------------------------------------------------------------------------------------------------------------

    def _do(self, now: datetime) -> tuple[str, ...]:
        """Everything that is due; why the service is not well all the same. Where work is done apart, one process does all of the round
        as soon as it has any: what it loads and what a fork takes is paid once."""
        app = self._opened(now)
        app.store.free_dead(app.process_lock)
        self.ready()
        steps = self._steps
        steps.wrong, steps.elsewhere = self.configuration.problems, self._elsewhere if self.works_apart else None
        if not self.works_apart:
            return steps.whole(app, now=now)
        told, idle = steps.look(app, now)
        return steps.work(app, partial(Steps.whole, now=now, idle=idle)) if told is None else told

    def _elsewhere(self, job: Job) -> Any:  # noqa: ANN401 - whatever the job returns
        """Do a job in another process."""
        if self.may_fork():
            return apart(job, self.stopping)
        return done_anew(self.configuration.in_force, job, self.stopping)

    def _opened(self, now: datetime) -> App:
        """The App of the configuration in force, ready for work. One whose new database cannot be used is put back."""
        before = self.configuration.in_force
        taken = self.configuration.take()
        if taken is not None:
            self._close()
            try:
                self._app = self._begun(taken, now)
            except StoreError as error:
                if taken.settings.database_url == before.settings.database_url:
                    raise
                self.configuration.put_back(before, error)
            else:
                tell_seeds(before.seeds, taken.seeds)
                if taken.settings.log != before.settings.log:
                    logs.set_up(taken.settings.log.level, taken.settings.log.format)
        if self._app is None:
            self._app = self._begun(self.configuration.in_force, now)
        return self._app

    def _begun(self, loaded: Loaded, now: datetime) -> App:
        settings = loaded.settings
        if self.works_apart and not _is_ready(settings):
            thrown = self._elsewhere(partial(made_ready, loaded, now))
            if thrown is not None:
                raise thrown.error()
        app = App(settings, say=_log.debug, stopping=self.stopping, loaded=loaded, unsettled=self._steps.unsettled)
        try:
            app.at_work(now, starting=True)
            introduce(app, now, anew=self._was_open)
        except BaseException:  # whatever stopped it, an interruption too: locks and the database must not stay held
            app.__exit__(None, None, None)
            raise
        self._was_open = True
        return app

    # --- after it --------------------------------------------------------------------------------------------------------------

    def _finish(self, now: datetime | None, problems: tuple[str, ...]) -> None:
        self._steps.announcer.once("error", None, _log.info)
        if self.rounds.failed_in_row:
            _log.info("rounds work again", failed=self.rounds.failed_in_row)
        ended = replace(self.rounds, ended_at=clock.real_now(), now=now or self.rounds.now, failed_in_row=0, problems=problems)
        self.rounds = replace(ended, count=ended.count + 1)
        self._alarm.after_round(self.configuration.in_force.settings, None, clock.real_now())

    def _fail(self, error: str) -> None:
        failed, now = self.rounds.failed_in_row + 1, clock.real_now()
        problems = health.problems((), (), now, failed_rounds=failed, error=" ".join(error.split()))
        self.rounds = replace(self.rounds, ended_at=now, count=self.rounds.count + 1, failed_in_row=failed, problems=problems)
        self._alarm.after_round(self.configuration.in_force.settings, error, now)

    def _close(self) -> None:
        app, self._app = self._app, None
        self._steps.warned, self._steps.filed = (), None
        if app is not None:
            app.__exit__(None, None, None)


def _is_ready(settings: Settings) -> bool:
    """Whether the database can be opened without any work that takes much memory: reading it whole, an upgrade."""
    lock_wait = settings.database.lock_wait_seconds
    return Store.is_ready(settings.database_url, folder=settings.data_folder, lock_wait=lock_wait)
