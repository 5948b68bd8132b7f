"""What a round does after its first step, and what it leaves to the next round.

    1  do what is due
    2  tell what fails, or works again, and what is warned of
    3  once a day: drop old texts, keep a backup
    4  write the feeds as files, where that is wanted and anything came

A process that works apart is given the steps as they are, and gives them back (docs/decisions/0064).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog

from watcher import clock
from watcher.apart import Thrown
from watcher.app import App
from watcher.daemon.announcing import Announcer
from watcher.errors import Busy, Problem, StoreError
from watcher.flows.deliver.deliver import Unsettled
from watcher.flows.questions.health import problems
from watcher.flows.schedule.tick import Done, Ticker
from watcher.setup.loading import Loaded

UPKEEP_EVERY = timedelta(days=1)
"""Dropping old texts, reading a share of them, a weekly backup: once a day is enough."""
TEXTS_READ_IN_DAYS = 28
"""In so many days all stored texts are held against their hashes, a share of them each day."""
INDEX_STEPS = 500
"""Pieces of the text index that one day's upkeep makes at most: 200,000 papers, some minutes. A search goes on from there."""
REST_AFTER_SECONDS = 60.0
"""So long after its last search or digest the service gives back the memory that these need."""

_log = structlog.get_logger(__name__)

T = TypeVar("T")
Job = Callable[[threading.Event], Any]
"""What can be done in another process: it is given what tells it to stop."""


@dataclass
class Steps:
    """The steps, and what they know from earlier rounds.

    Attributes:
        unsettled: what became of sends, as long as that could not be written down.
        announcer: what was said last.
        warned: what there was to be warned of when people were last told.
        upkept_at: when the upkeep was last done.
        filed: up to where feeds stand as files.
        wrong: what is wrong with the configuration's files.
        elsewhere: does a job in another process; None where all is done here.
    """

    unsettled: Unsettled = field(default_factory=Unsettled)
    announcer: Announcer = field(default_factory=Announcer)
    warned: tuple[object, ...] = ()
    upkept_at: datetime | None = None
    filed: tuple[int, str] | None = None
    wrong: tuple[Problem, ...] = ()
    elsewhere: Callable[[Job], Any] | None = None
    _worked_at: float | None = None

    def look(self, app: App, now: datetime) -> tuple[tuple[str, ...] | None, Done | None]:
        """Look what there is to do, and do all where that is nothing.

        Returns:
            why the service is not well, None where there is something to do; then what a tick comes to where that alone is nothing.
        """
        with app.store.looking():
            idle = _idle(app.ticker(), now)
            is_busy = isinstance(
                idle, Busy
            )  # warnings, which follow from the other process's runs, come after them; upkeep can wait
            is_same = not self._is_upkeep_due(now) and self._is_warned_of(app, now) == self.warned
            if idle is not None and (is_busy or is_same):
                self._ticked(app, idle)
                told = self._told(app, now, warns=not is_busy)
                self._file(app, now)
                return told, None
            return None, None if isinstance(idle, Busy) else idle

    def whole(self, app: App, *, now: datetime, idle: Done | None = None) -> tuple[str, ...]:
        """All steps; `idle` is what a tick would come to where that is known to be nothing. Returns why the service is not well."""
        try:
            self._ticked(app, app.ticker().tick(now) if idle is None else idle)
        except Busy as busy:
            self._ticked(app, busy)
        then = clock.now()
        with app.store.looking():
            told = self._told(app, then)
            self._keep_up(app, now)
            self._file(app, clock.now())
            return told

    def work(self, app: App, work: Callable[[Steps, App], T]) -> T:
        """Do what may take much memory: in another process where that is wanted and this is none, else here.

        Args:
            app: what the service works with; nothing of its database is open in the other process.
            work: is given steps and an App that are its own. It is pickled, and so is what it returns.
        """
        if self.elsewhere is None:
            return work(self, app)
        assert app.loaded is not None  # noqa: S101 - a service loads it whole
        app.store.close()  # SQLite forbids a connection in two processes; the next question opens one again
        done, left = self.elsewhere(partial(_worked, app.loaded, replace(self, elsewhere=None), work))
        self.unsettled.take_over(left.unsettled)
        self.announcer, self.warned, self.upkept_at, self.filed = left.announcer, left.warned, left.upkept_at, left.filed
        if isinstance(done, Thrown):
            raise done.error()
        result: T = done
        return result

    def _ticked(self, app: App, done: Done | Busy) -> None:
        self.announcer.once("busy", str(done) if isinstance(done, Busy) else None, _log.info)
        if isinstance(done, Busy):
            return
        self.announcer.done(done)
        self._rest(app, worked=bool(done.runs or done.drafts))

    def _told(self, app: App, now: datetime, *, warns: bool = True) -> tuple[str, ...]:
        """People are told what is wrong, and with `warns` what is warned of; what of that makes the service unwell."""
        self._alert(app, now, warns=warns)
        return problems(app.ticker(), app.store, now)

    def _alert(self, app: App, now: datetime, *, warns: bool) -> None:
        """Tell people what fails or works again; what is owed for it goes out at once."""
        alerter = app.alerter()
        told = alerter.configuration(self.wrong or None, now)
        told = (warns and self._warn(app, now)) or told
        if alerter.after_tick(now) or told:
            self.work(app, partial(_delivered, now=now))

    def _warn(self, app: App, now: datetime) -> bool:
        """Tell what is warned of, if that may have changed; whether messages became owed."""
        warned = self._is_warned_of(app, now)
        if warned == self.warned:
            return False
        told = self.work(app, partial(_warned, now=now))
        self.warned = warned
        return told

    def _is_warned_of(self, app: App, now: datetime) -> tuple[object, ...]:
        """What changes when another thing is to be warned of: that can follow from the configuration, the day, the runs and rereadings
        only. While the last good configuration stands in, the file's own warnings are not known: what was known stays."""
        if self.wrong:
            return self.warned
        runs = [app.store.run_history(name, now=now).last for name in app.watches]
        reread = app.store.last_rereading(now)
        return (clock.ncbi_day(now), tuple(one.finished_at if one else None for one in runs), reread.read_at if reread else None)

    def _file(self, app: App, now: datetime) -> None:
        """The feeds are written as files when anything came into them, and tried again for as long as one cannot be."""
        state = (app.store.latest_entry(), app.settings.sha256)
        if state != self.filed:
            is_filed = self.work(app, partial(_filed, now=now))
            self.filed = state if is_filed else None

    def _rest(self, app: App, *, worked: bool) -> None:
        if worked:
            self._worked_at = time.monotonic()
        elif self._worked_at is not None and time.monotonic() - self._worked_at > REST_AFTER_SECONDS:
            self._worked_at = None
            app.rankings.rest()

    def _keep_up(self, app: App, now: datetime) -> None:
        """What is enough once a day."""
        if self._is_upkeep_due(now):
            self.upkept_at = now
            self.work(app, partial(_kept_up, now=now))

    def _is_upkeep_due(self, now: datetime) -> bool:
        return self.upkept_at is None or abs(now - self.upkept_at) >= UPKEEP_EVERY


# --- what may be done in another process ---------------------------------------------------------------------------------------------


def made_ready(loaded: Loaded, now: datetime, stopping: threading.Event) -> Thrown | None:
    """Have the database checked and brought up to date for a configuration; why that failed."""
    app = App(loaded.settings, say=_log.debug, stopping=stopping, loaded=loaded)
    try:
        app.at_work(now)
    except Exception as error:  # noqa: BLE001 - it is raised again in the service
        return Thrown.of(error)
    finally:
        app.__exit__(None, None, None)
    return None


def _worked(loaded: Loaded, steps: Steps, work: Callable[[Steps, App], T], stopping: threading.Event) -> tuple[T | Thrown, Steps]:
    """Work, with an App of its own; what came of it, and the steps with what they know now."""
    try:
        with App(loaded.settings, say=_log.debug, stopping=stopping, loaded=loaded, unsettled=steps.unsettled) as app:
            return work(steps, app), steps
    except Exception as error:  # noqa: BLE001 - it is raised again in the service, which also takes over what is known
        return Thrown.of(error), steps


def _delivered(steps: Steps, app: App, *, now: datetime) -> None:
    steps.announcer.done(Done(sendings=app.deliverer().deliver(now)))


def _warned(_steps: Steps, app: App, *, now: datetime) -> bool:
    return app.alerter().warnings(app.warnings(now), now)


def _kept_up(_steps: Steps, app: App, *, now: datetime) -> None:
    """Drop old texts, read a share of them, keep a backup, and the text index up to date."""
    from watcher.flows.questions.search import fill  # noqa: PLC0415 - once a day, in a process of its own

    forgotten = app.store.forget(now - timedelta(days=app.settings.database.forget_unselected_after_days))
    if forgotten:
        _log.info("the texts of papers that were never presented are dropped", papers=forgotten)
    read, damaged = app.store.verify(now.toordinal(), of=TEXTS_READ_IN_DAYS)
    if damaged:
        _log.warning("stored texts are damaged; their records are fetched again: look at the disk", read=read, damaged=damaged)
    try:
        made = app.store.weekly_backup(now)
    except StoreError as error:
        _log.warning("no weekly backup could be made; it is tried again tomorrow", reason=str(error))
    else:
        if made is not None:
            _log.info("weekly backup", file=str(made.path))
    try:
        fill(app.store, steps=INDEX_STEPS, stop=app.stopping.is_set)
    except StoreError as error:
        _log.warning("the text index could not be brought up to date; it is tried again tomorrow", reason=str(error))


def _filed(_steps: Steps, app: App, *, now: datetime) -> bool:
    """Write the feeds as files where that is wanted; whether nothing of it is left to do."""
    filed = app.file_feeds(now)
    if filed and (filed.written or filed.removed):
        _log.info("feeds written", files=len(filed.written), removed=[str(one) for one in filed.removed])
    return not (filed and filed.problems)


def _idle(ticker: Ticker, now: datetime) -> Done | Busy | None:
    """What a tick would come to where it would do nothing; None where it would do something."""
    try:
        return ticker.idle(now)
    except Busy as busy:
        return busy
