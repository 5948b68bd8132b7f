"""The configuration in force, and what has become of its files since.

A good edit waits here until the next round takes it up. A bad one changes nothing: the configuration in force stays, seeds included,
and what is wrong is told once.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import structlog

from watcher.config import files_of
from watcher.errors import ConfigurationError, Problem, StoreError
from watcher.setup.loading import Loaded, Seeds, load_whole

_log = structlog.get_logger(__name__)


class Configuration:
    """What the service works by. Read and changed by the threads of the files and of the rounds."""

    def __init__(self, path: Path | None, loaded: Loaded) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._in_force = loaded
        self._next: Loaded | None = None
        self._problems: tuple[Problem, ...] = ()
        self._files = files_of(path)
        self._tell(loaded.problems)

    @property
    def in_force(self) -> Loaded:
        """What the service works by now."""
        return self._in_force

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files as they are now; () when nothing is."""
        return self._problems

    @property
    def error(self) -> ConfigurationError | None:
        """The same as an error, None when nothing is wrong."""
        return ConfigurationError(*self._problems) if self._problems else None

    def files(self) -> frozenset[Path]:
        """Everything that the configuration in force and its file as it is now are read from."""
        settings = self._in_force.settings
        seeds = settings.home / "seeds"
        named = {seeds / folder for watch in settings.watches.values() for folder in watch.seeds}
        return self._files | {seeds} | named

    def read(self) -> None:
        """Read the files anew: they have changed."""
        files = files_of(self._path)
        try:
            loaded = load_whole(self._path)
        except ConfigurationError as error:
            self._refuse(error.problems, files)
            return
        seeds = {name: self._seeds(loaded, name) for name in loaded.seeds}
        if any(found is None for found in seeds.values()):
            self._refuse(loaded.problems, files)
            return
        joined = replace(loaded, seeds={name: found for name, found in seeds.items() if found is not None})
        with self._lock:
            self._files = files
            self._next = joined if _differ(joined, self._in_force) else None
        self._tell(loaded.problems)

    def take(self) -> Loaded | None:
        """A configuration that is to be taken up now, and is in force from then on."""
        with self._lock:
            taken, self._next = self._next, None
            if taken is not None:
                self._in_force = taken
            return taken

    def put_back(self, before: Loaded, error: StoreError) -> None:
        """What was taken up names a database that cannot be used: what was in force before is in force again."""
        place = self._in_force.settings.place(("database", "url"))
        with self._lock:
            self._in_force = before
        self._tell((Problem(str(error), "mend that, and save the configuration again", place),))

    def _refuse(self, problems: tuple[Problem, ...], files: frozenset[Path]) -> None:
        with self._lock:
            self._files |= files  # the mend may be made in a file that only the good configuration names
            self._next = None
        self._tell(problems)

    def _seeds(self, loaded: Loaded, watch: str) -> Seeds | None:
        """The seeds of a watch; those that it had where their files cannot be read now; None when the edit names unreadable ones."""
        found, before = loaded.seeds[watch], self._in_force
        if not isinstance(found, ConfigurationError):
            return found
        known = before.settings.watches.get(watch)
        is_same = known is not None and known.seeds == loaded.settings.watches[watch].seeds
        return before.seeds[watch] if is_same else None

    def _tell(self, problems: tuple[Problem, ...]) -> None:
        """Each problem once, until it changes; and once that all is well again."""
        if problems == self._problems:
            return
        self._problems = problems
        for problem in problems:
            place = problem.place
            where = {"file": str(place.path), "line": place.line, "key": place.key} if place else {}
            _log.error(
                "the configuration is wrong, the last good one stays in force", problem=problem.what, fix=problem.fix, **where
            )
        if not problems:
            _log.info("the configuration is good again")


def _differ(one: Loaded, other: Loaded) -> bool:
    return other.error is not None or one.settings.sha256 != other.settings.sha256 or dict(one.seeds) != dict(other.seeds)
