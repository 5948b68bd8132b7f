"""Writes the service's pulse beside its database, for `watcher healthcheck` and `watcher status`."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import structlog

from watcher import clock, health
from watcher.daemon.service import Service
from watcher.errors import Problem
from watcher.health import Pulse
from watcher.setup.in_force import Configuration
from watcher.writing import private_folder

_log = structlog.get_logger(__name__)


class PulseWriter:
    """One service's pulse. Written by the main thread and by that of the rounds."""

    def __init__(self, service: Service, configuration: Configuration, tick_seconds: float) -> None:
        self._service = service
        self._configuration = configuration
        self._tick_seconds = tick_seconds
        self._started_at = clock.real_now()
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._is_written = True

    def beat(self) -> None:
        """Write how things stand; a configuration that moves the data moves the pulse."""
        with self._lock:
            path = health.pulse_file(self._configuration.in_force.settings.data_folder)
            if self._path not in (None, path):
                self._remove()
            self._path = path
            is_written = health.write(path, self._pulse()) or self._written_in_new_folder(path)
            if not is_written and self._is_written:
                _log.warning("the pulse cannot be written: `watcher healthcheck` will say that no service runs", file=str(path))
            self._is_written = is_written

    def end(self) -> None:
        """Take the pulse away."""
        with self._lock:
            self._remove()

    def _written_in_new_folder(self, path: Path) -> bool:
        """Again, once the data folder is made; before the first round there may be none."""
        if path.parent.exists():
            return False
        try:
            private_folder(path.parent)
        except OSError:
            return False
        return health.write(path, self._pulse())

    def _remove(self) -> None:
        if self._path is not None:
            health.remove(self._path, os.getpid())

    def _pulse(self) -> Pulse:
        rounds, problems = self._service.rounds, self._configuration.problems
        return Pulse(
            at=clock.real_now(),
            started_at=self._started_at,
            pid=os.getpid(),
            tick_seconds=self._tick_seconds,
            round_began_at=rounds.began_at,
            round_ended_at=rounds.ended_at,
            now=rounds.now,
            rounds=rounds.count,
            problems=rounds.problems,
            config_error=_line(problems[0]) if problems else None,
        )


def _line(problem: Problem) -> str:
    return f"{problem.place}: {problem.what}" if problem.place else problem.what
