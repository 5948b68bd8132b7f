"""One round after the other: what the service does each time its job fires.

    1  take up a good edit: a new App, the old one closed
    2  free what dead processes hold, then do what is due
    3  tell what fails, or works again
    4  once a day: drop old texts, keep a backup
    5  the feeds are written as files, where that is wanted and anything came

An error ends its round and nothing else: the next one tries again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from watcher import clock, health, logs
from watcher.app import App
from watcher.config import Settings
from watcher.daemon.alarm import Alarm
from watcher.daemon.announcing import Announcer, introduce, tell_seeds
from watcher.daemon.apart import Thrown, apart
from watcher.errors import Busy, SchemaTooNew, Stopped, StoreError, StoreUnusable, WatcherError
from watcher.flows.deliver.deliver import Unsettled
from watcher.flows.questions.health import problems
from watcher.flows.schedule.tick import Done, Ticker
from watcher.setup.in_force import Configuration
from watcher.setup.loading import Loaded
from watcher.store import Store

UPKEEP_EVERY = timedelta(days=1)
"""Dropping old texts, reading a share of them, a weekly backup: once a day is enough."""
TEXTS_READ_IN_DAYS = 28
"""In so many days all stored texts are held against their hashes, a share of them each day."""
INDEX_STEPS = 500
"""Pieces of the text index that one day's upkeep makes at most: 200,000 papers, some minutes. A search goes on from there."""
REST_AFTER_SECONDS = 60.0
"""So long after its last search or digest the service gives back the memory that these need."""

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


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a round leaves to the next one: sends that could not be written down, what was said and warned of, when the upkeep was done, up to
    where feeds stand as files."""

    unsettled: Unsettled
    announcer: Announcer
    warned: tuple[object, ...]
    upkept_at: datetime | None
    filed: tuple[int, str] | None


@dataclass
class Service:
    """Does the rounds, one at a time. `fatal` is set when no further round can help; the service then has to end. `works_apart`: what may take
    much memory is done in processes of their own. `ready` is called in each round once the database can be used."""

    configuration: Configuration
    stopping: threading.Event
    rounds: Rounds = field(default_factory=Rounds)
    fatal: WatcherError | None = None
    works_apart: bool = False
    ready: Callable[[], None] = field(default=lambda: None)
    _app: App | None = None
    _was_open: bool = False
    _upkept_at: datetime | None = None
    _worked_at: float | None = None
    _unsettled: Unsettled = field(default_factory=Unsettled)
    _warned: tuple[object, ...] = ()
    _filed: tuple[int, str] | None = None
    _announcer: Announcer = field(default_factory=Announcer)
    _alarm: Alarm = field(default_factory=Alarm)
    _working: threading.Lock = field(default_factory=threading.Lock)

    def round(self) -> None:
        """One round, whatever comes of it; none once the service is stopping."""
        with self._working:
            if not self.stopping.is_set():
                self.rounds = replace(self.rounds, began_at=clock.real_now())
                self._attempt()

    def close_database(self) -> None:
        """Close the connections between two rounds; the next question opens them again."""
        if self._app is not None:
            self._app.store.close()

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
                self._announcer.once("error", str(error), _log.error)
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - a bug ends one round, not the service
            told = f"{type(error).__name__}: {error}"
            self._announcer.once("error", told, partial(_log.error, exc_info=error))
            self._fail(told)

    # --- one round -------------------------------------------------------------------------------------------------------------

    def _do(self, now: datetime) -> tuple[str, ...]:
        """Everything that is due; why the service is not well all the same. Where work is done apart, one process does all of the round
        as soon as it has any: what it loads and what a fork takes is paid once."""
        app = self._opened(now)
        app.store.free_dead(app.process_lock)
        if self.works_apart:
            return self._whole_apart(app, now)
        self.ready()
        return self._whole(app, now=now)

    def _whole_apart(self, app: App, now: datetime) -> tuple[str, ...]:
        """The same, in a process of its own as far as there is work."""
        with app.store.looking():
            idle = _idle(app.ticker(), now)
            is_busy = isinstance(
                idle, Busy
            )  # warnings, which follow from the other process's runs, come after them; upkeep can wait
            is_same = not self._is_upkeep_due(now) and self._is_warned_of(app, now) == self._warned
            if idle is not None and (is_busy or is_same):
                self._ticked(app, idle)
                told = self._told(app, now, warns=not is_busy)
                self._file(app, now)
                return told
        self.ready()  # after the first look: what that writes to in memory is shared with the page (docs/decisions/0074)
        return self._work(app, partial(self._whole, now=now, idle=idle))

    def _whole(self, app: App, *, now: datetime, idle: Done | Busy | None = None) -> tuple[str, ...]:
        """All steps of a round from the second on; `idle` is what a tick would come to where that is known to be nothing."""
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

    def _ticked(self, app: App, done: Done | Busy) -> None:
        self._announcer.once("busy", str(done) if isinstance(done, Busy) else None, _log.info)
        if isinstance(done, Busy):
            return
        self._announcer.done(done)
        self._rest(app, worked=bool(done.runs or done.drafts))

    def _told(self, app: App, now: datetime, *, warns: bool = True) -> tuple[str, ...]:
        """People are told what is wrong, and with `warns` what is warned of; what of that makes the service unwell."""
        self._alert(app, now, warns=warns)
        return problems(app.ticker(), app.store, now)

    def _work(self, app: App, work: Callable[[App], T]) -> T:
        """Do what may take much memory: in a process of its own where that is wanted and this is none, else here."""
        if not self.works_apart:
            return work(app)

        def in_it(stopping: threading.Event) -> tuple[T | Thrown, _Known]:
            self.works_apart = False
            try:
                with App(app.settings, say=_log.debug, stopping=stopping, loaded=app.loaded, unsettled=self._unsettled) as its:
                    return work(its), self._known()
            except Exception as error:  # noqa: BLE001 - it is raised again in the service, which also takes over what is known
                return Thrown.of(error), self._known()

        app.store.close()  # SQLite forbids a connection in two processes; the next question opens one again
        done, known = apart(in_it, self.stopping)
        self._unsettled.take_over(known.unsettled)
        self._announcer, self._warned = known.announcer, known.warned
        self._upkept_at, self._filed = known.upkept_at, known.filed
        if isinstance(done, Thrown):
            raise done.error()
        return done

    def _known(self) -> _Known:
        return _Known(self._unsettled, self._announcer, self._warned, self._upkept_at, self._filed)

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
            made_ready = apart(partial(_made_ready, loaded, now), self.stopping)
            if made_ready is not None:
                raise made_ready.error()
        app = App(settings, say=_log.debug, stopping=self.stopping, loaded=loaded, unsettled=self._unsettled)
        try:
            app.at_work(now, starting=True)
            introduce(app, now, anew=self._was_open)
        except BaseException:  # whatever stopped it, an interruption too: locks and the database must not stay held
            app.__exit__(None, None, None)
            raise
        self._was_open = True
        return app

    def _alert(self, app: App, now: datetime, *, warns: bool) -> None:
        """Tell people what fails or works again; what is owed for it goes out at once."""
        alerter = app.alerter()
        told = alerter.configuration(self.configuration.problems or None, now)
        told = (warns and self._warn(app, now)) or told
        if alerter.after_tick(now) or told:
            self._work(app, lambda app: self._announcer.done(Done(sendings=app.deliverer().deliver(now))))

    def _warn(self, app: App, now: datetime) -> bool:
        """Tell what is warned of, if that may have changed; whether messages became owed."""
        warned = self._is_warned_of(app, now)
        if warned == self._warned:
            return False
        told = self._work(app, lambda app: app.alerter().warnings(app.warnings(now), now))
        self._warned = warned
        return told

    def _is_warned_of(self, app: App, now: datetime) -> tuple[object, ...]:
        """What changes when another thing is to be warned of: that can follow from the configuration, the day, the runs and rereadings
        only. While the last good configuration stands in, the file's own warnings are not known: what was known stays."""
        if self.configuration.problems:
            return self._warned
        runs = [app.store.run_history(name, now=now).last for name in app.watches]
        reread = app.store.last_rereading(now)
        return (clock.ncbi_day(now), tuple(one.finished_at if one else None for one in runs), reread.read_at if reread else None)

    def _file(self, app: App, now: datetime) -> None:
        """The feeds are written as files when anything came into them, and tried again for as long as one cannot be."""
        state = (app.store.latest_entry(), app.settings.sha256)
        if state == self._filed:
            return
        is_filed = self._work(app, partial(_filed, now=now))
        self._filed = state if is_filed else None

    def _rest(self, app: App, *, worked: bool) -> None:
        if worked:
            self._worked_at = time.monotonic()
        elif self._worked_at is not None and time.monotonic() - self._worked_at > REST_AFTER_SECONDS:
            self._worked_at = None
            app.rankings.rest()

    def _keep_up(self, app: App, now: datetime) -> None:
        """What is enough once a day."""
        if self._is_upkeep_due(now):
            self._upkept_at = now
            self._work(app, partial(_kept_up, now=now))

    def _is_upkeep_due(self, now: datetime) -> bool:
        return self._upkept_at is None or abs(now - self._upkept_at) >= UPKEEP_EVERY

    # --- after it --------------------------------------------------------------------------------------------------------------

    def _finish(self, now: datetime | None, problems: tuple[str, ...]) -> None:
        self._announcer.once("error", None, _log.info)
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
        app, self._app, self._warned, self._filed = self._app, None, (), None
        if app is not None:
            app.__exit__(None, None, None)


def _kept_up(app: App, *, now: datetime) -> None:
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


def _filed(app: App, *, now: datetime) -> bool:
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


def _is_ready(settings: Settings) -> bool:
    """Whether the database can be opened without any work that takes much memory: reading it whole, an upgrade."""
    lock_wait = settings.database.lock_wait_seconds
    return Store.is_ready(settings.database_url, folder=settings.data_folder, lock_wait=lock_wait)


def _made_ready(loaded: Loaded, now: datetime, stopping: threading.Event) -> Thrown | None:
    """Have the database checked and brought up to date for a configuration; why that failed."""
    app = App(loaded.settings, say=_log.debug, stopping=stopping, loaded=loaded)
    try:
        app.at_work(now)
    except Exception as error:  # noqa: BLE001 - it is raised again in the service
        return Thrown.of(error)
    finally:
        app.__exit__(None, None, None)
    return None
