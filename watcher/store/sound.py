"""When an SQLite file was last read whole and found sound: a note in the data folder, so that it is read once a day, whoever asks.

The note is about one file, known by its device and inode; another that is put in its place is read anew. It is written when the reading
has ended well, and removed when SQLite finds damage in between.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from watcher import writing
from watcher.store import sqlite_file

EVERY = timedelta(days=1)
"""How often the file is read whole for damage before work: it takes a while, and damage is rare."""

_LEEWAY = timedelta(hours=1)
"""A note from later than this was written when the clock had been set forward."""


def was_found(path: Path, folder: Path, now: datetime) -> bool:
    """Whether the file was found sound less than a day ago.

    Args:
        path: the SQLite file.
        folder: the data folder.
        now: the machine's own time.
    """
    try:
        said = json.loads(_note(path, folder).read_text(encoding="utf-8"))
        at, file = datetime.fromisoformat(said["at"]), tuple(said["file"])
        return file == sqlite_file.identity(path) and now - EVERY < at <= now + _LEEWAY
    except (OSError, ValueError, KeyError, TypeError):  # none, or none of ours: then it is read
        return False


def note(path: Path, folder: Path, at: datetime) -> None:
    """Keeps that the file was found sound; `at` is when the reading began. Without room for it the file is read again next time."""
    with suppress(OSError), writing.whole(_note(path, folder), force=True, private=True) as part:
        part.write_text(json.dumps({"at": at.isoformat(), "file": sqlite_file.identity(path)}), encoding="utf-8")


def forget(path: Path, folder: Path) -> None:
    """The next who begins work reads the file whole."""
    with suppress(OSError):
        _note(path, folder).unlink(missing_ok=True)


def _note(path: Path, folder: Path) -> Path:
    return folder / "locks" / f"{path.name}.sound"
