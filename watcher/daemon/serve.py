"""From a start to an orderly end: what the main thread does.

    start   signals, the configuration (or the last good one), the watch over its files, the scheduler with its one job
    then    each tick length: compare the clocks, write the pulse
    end     the round under way finishes its step and gives its leases back; after 45 s the process ends all the same

APScheduler has one job here, and no dates: what is due is asked of the database at each round.
"""

from __future__ import annotations

import logging
import math
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from watcher import clock, logs
from watcher.apart import is_possible
from watcher.daemon.clock_jumps import ClockJumps
from watcher.daemon.files import FileWatch
from watcher.daemon.page import PageThread
from watcher.daemon.pulse import PulseWriter
from watcher.daemon.service import Service
from watcher.daemon.signals import Stop
from watcher.errors import ConfigurationError, Place, Problem, SchemaTooNew, StoreError, StoreUnusable
from watcher.setup.in_force import Configuration
from watcher.setup.loading import Loaded, load_kept, load_whole

TICK_SECONDS = "WATCHER_TICK_SECONDS"
DEFAULT_TICK_SECONDS = 20.0
SHORTEST_TICK_SECONDS = 0.05
LONGEST_TICK_SECONDS = 3600.0
END_SECONDS = 45.0
"""How long an orderly end may take; whoever stops the service must give it a little longer."""

ENVIRONMENT = Path("environment")
_JOIN_SECONDS = 3
_PULSE_SECONDS = 1.0
_JOB = "tick"

_log = structlog.get_logger(__name__)


def serve(path: Path | None = None) -> None:
    """Run the service until a signal ends it.

    Args:
        path: the configuration file or its folder; None means WATCHER_CONFIG, else config/watcher.yaml below the working folder.

    Raises:
        ConfigurationError: the configuration is wrong, and there is no last good one.
        StoreError: a newer watcher wrote the database, or a person must act before it can be used.
    """
    logs.set_up("info", "auto")
    for noisy in ("apscheduler", "watchfiles"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    stop = Stop()
    with stop.listening():
        tick = tick_seconds(os.environ)
        loaded = _begin(path, stop, tick)
        if loaded is not None:
            logs.set_up(loaded.settings.log.level, loaded.settings.log.format)
            MainThread(Configuration(path, loaded), stop, tick).run()


class Ticks(IntervalTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """An interval that is not made up for: where the clock has jumped a year ahead, IntervalTrigger would name every tick of it."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """One interval after the last tick, or after now when that has passed."""
        following: datetime = super().get_next_fire_time(previous_fire_time, now)
        return following if following > now else now + self.interval


class MainThread:
    """The main thread of a service whose configuration is loaded."""

    def __init__(self, configuration: Configuration, stop: Stop, tick_seconds: float) -> None:
        self._stop = stop
        self._tick_seconds = tick_seconds
        self.service = Service(configuration, stop.stopping, works_apart=is_possible())
        self._pulse = PulseWriter(self.service, configuration, tick_seconds)
        self._configuration, self._page = configuration, PageThread()
        self.service.ready, self.service.may_fork = self._keep_page, lambda: not self._page.was_begun
        self._files = FileWatch(configuration.files, configuration.read, stopping=stop.stopping)
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone=UTC,
        )

    def run(self) -> None:
        """Run until told to stop."""
        self._pulse.beat()
        watching = self._files.start()
        self._scheduler.add_job(self._round, Ticks(seconds=self._tick_seconds), id=_JOB, next_run_time=clock.real_now())
        self._scheduler.start()
        try:
            self._mind()
        finally:
            self._stop.ask()
            self._scheduler.remove_job(_JOB)  # not while a round is being handed to the executor, which shutdown closes first
            self._scheduler.shutdown(wait=False)
            watching.join(_JOIN_SECONDS)
            self._end()
        if self.service.fatal is not None:
            raise self.service.fatal

    def _round(self) -> None:
        self.service.round()
        self._pulse.beat()
        self._keep_page()
        if self.service.fatal is not None:
            self._stop.ask()

    def _keep_page(self) -> None:
        if not self._stop.stopping.is_set():
            self._page.keep(self._configuration.in_force)

    def _mind(self) -> None:
        """Until the service stops: compare the clocks, and write the pulse."""
        jumps = ClockJumps()
        while not self._stop.wake.wait(max(self._tick_seconds, _PULSE_SECONDS)):
            moved = jumps.moved()
            if moved is not None:
                _log.warning("the machine's clock was moved, or it slept", seconds=round(moved.total_seconds()))
                self._scheduler.modify_job(_JOB, next_run_time=clock.real_now())
            self._pulse.beat()

    def _end(self) -> None:
        """In order, or after `END_SECONDS` without: what the process holds is free once it has ended, since its lock is."""
        self._page.say_end()  # it answers what is under way while the round ends
        in_order = self.service.end(END_SECONDS)
        self._page.end()
        self._pulse.end()
        if in_order:
            _log.info("the service has ended")
            return
        _log.warning("the service ends while something still hangs; the next start goes on with it")
        sys.stderr.flush()
        os._exit(0)


def _begin(path: Path | None, stop: Stop, tick_seconds: float) -> Loaded | None:
    """The configuration to begin with, the last good one if the file is wrong; None when a signal came first.

    While the database with the last good one cannot be reached, both are tried again each tick.
    """
    told = ""
    while True:
        try:
            return load_whole(path)
        except ConfigurationError as error:
            try:
                kept = load_kept(path, error)
            except (SchemaTooNew, StoreUnusable):
                raise
            except StoreError as failure:
                if str(failure) != told:
                    told = str(failure)
                    _log.error(
                        "the configuration is wrong, and the last good one cannot be read yet", problem=str(error), reason=told
                    )
            else:
                if kept is None:
                    raise
                return kept
        if stop.stopping.wait(tick_seconds):
            return None


def tick_seconds(environ: Mapping[str, str]) -> float:
    """How long a tick is.

    Raises:
        ConfigurationError: WATCHER_TICK_SECONDS is no number of seconds, or out of bounds.
    """
    text = environ.get(TICK_SECONDS, "").strip()
    try:
        seconds = float(text) if text else DEFAULT_TICK_SECONDS
    except ValueError:
        seconds = math.nan
    if not SHORTEST_TICK_SECONDS <= seconds <= LONGEST_TICK_SECONDS:
        fix = f"write seconds, {SHORTEST_TICK_SECONDS:g} to {LONGEST_TICK_SECONDS:g}; left out: {DEFAULT_TICK_SECONDS:g}"
        raise ConfigurationError(Problem("this is no length of a tick", fix, Place(ENVIRONMENT, key=TICK_SECONDS)))
    return seconds
