"""Which files the configuration comes from, and when they change.

Folders are watched, not files: an editor puts a new file in the place of the old one. Where the kernel tells nothing (network mounts,
no watches left, a folder that is just being added), the files are compared every two seconds all the same.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import structlog
import watchfiles

from watcher.unreadable import is_folder

COMPARE_SECONDS = 2.0
"""How often files are compared where the kernel tells nothing."""
_SETTLED_SECONDS = 0.4
_LONGEST_SECONDS = 5.0
"""Files are at rest when they have not changed for the one, and are read after the other all the same."""
_STEP_MILLISECONDS = 200

_log = structlog.get_logger(__name__)

Fingerprint = frozenset[tuple[str, int, int, int, int]]
"""Path, time of change, size, inode and mode of each file that is there."""


def fingerprint(paths: Iterable[Path]) -> Fingerprint:
    """What the files and folders look like from outside; of folders, all that they hold."""
    return frozenset(filter(None, map(_look, _below(paths))))


class FileWatch:
    """Calls `changed` in a thread of its own when the files have changed and come to rest.

    Args:
        paths: says which files and folders count now.
        changed: hears of a change.
        stopping: ends the thread.
    """

    def __init__(self, paths: Callable[[], Iterable[Path]], changed: Callable[[], None], *, stopping: threading.Event) -> None:
        self._paths = paths
        self._changed = changed
        self._stopping = stopping
        self._seen = fingerprint(paths())

    def start(self) -> threading.Thread:
        """Begin to watch."""
        thread = threading.Thread(target=self.watch, name="files", daemon=True)
        thread.start()
        return thread

    def watch(self) -> None:
        """Watch until the service stops."""
        while not self._stopping.is_set():
            folders = _folders(self._paths())
            for _ in self._signs(folders):
                self._looked()
                if self._stopping.is_set() or _folders(self._paths()) != folders:
                    break

    def look(self) -> bool:
        """Compare the files with what they were; call `changed` when they differ, and say so."""
        now = self._at_rest(fingerprint(self._paths()))
        if now == self._seen:
            return False
        self._seen = now
        self._changed()
        return True

    def _looked(self) -> None:
        try:
            self.look()
        except Exception as error:  # noqa: BLE001 - a bug must not end the watch over the files
            _log.error("an edit could not be looked at", exc_info=error)

    def _at_rest(self, now: Fingerprint) -> Fingerprint:
        """What the files are once they no longer change: an editor may write them in several steps."""
        waited = 0.0
        while now != self._seen and waited < _LONGEST_SECONDS and not self._stopping.wait(_SETTLED_SECONDS):
            waited += _SETTLED_SECONDS
            before, now = now, fingerprint(self._paths())
            if now == before:
                break
        return now

    def _signs(self, folders: frozenset[Path]) -> Iterator[None]:
        """Something has changed below the folders, or it is time to compare."""
        try:
            for _ in watchfiles.watch(
                *folders,
                watch_filter=None,
                debounce=_STEP_MILLISECONDS,
                step=_STEP_MILLISECONDS,
                stop_event=self._stopping,
                rust_timeout=int(COMPARE_SECONDS * 1000),
                yield_on_timeout=True,
                raise_interrupt=False,
                recursive=False,
            ):
                yield
        except (OSError, RuntimeError) as error:  # no watches left, or a folder that went away
            _log.debug("the kernel tells of no edits", reason=str(error))
            self._stopping.wait(COMPARE_SECONDS)
            yield


def _look(path: Path) -> tuple[str, int, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    # a folder's own times change with whatever else lies there; what counts in it is listed
    changed = (0, 0) if is_folder(path) else (max(found.st_mtime_ns, found.st_ctime_ns), found.st_size)
    return (str(path), *changed, found.st_ino, found.st_mode)


def _below(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield path
        if is_folder(path):
            for folder, inner, names in os.walk(path):
                yield from (Path(folder, name) for name in (*inner, *names))


def _folders(paths: Iterable[Path]) -> frozenset[Path]:
    """The folders to watch: those of the files, and all below those that are folders themselves."""
    found: set[Path] = set()
    for path in paths:
        found.add(path.parent)
        if is_folder(path):
            found.add(path)
            found.update(one for one in _below([path]) if is_folder(one))
    return frozenset(folder for folder in found if is_folder(folder))
