"""When an SQLite file was last read and found sound: a note in the data folder, so that it is read once a day, whoever asks, and a large
one whole only every four weeks (decision 0063).

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
"""How often the file is read for damage before work: it takes a while, and damage is rare."""

WHOLE_EVERY = timedelta(days=28)
"""How often a large file is read whole."""

LARGE_BYTES = 128 * 2**20
"""From this size on a file is large: reading it whole takes more than a tenth of a second."""

_LEEWAY = timedelta(hours=1)
"""A note from later than this was written when the clock had been set forward."""


def was_found(path: Path, folder: Path, now: datetime) -> bool:
    """Whether the file was found sound less than a day ago.

    Args:
        path: the SQLite file.
        folder: the data folder.
        now: the machine's own time.
    """
    return _is_within(EVERY, _told(path, folder).get("at"), now)


def is_whole_due(path: Path, folder: Path, now: datetime) -> bool:
    """Whether the next reading has to be of the whole file: each of a small one, and of a large one that was not read whole for long."""
    is_large = path.stat().st_size >= LARGE_BYTES
    return not is_large or not _is_within(WHOLE_EVERY, _told(path, folder).get("whole_at"), now)


def note(path: Path, folder: Path, at: datetime, *, whole: bool = True) -> None:
    """Keeps that the file was found sound, the whole of it or a part; `at` is when the reading began. Without room for it the file is read
    again next time."""
    told = {"at": at.isoformat(), "whole_at": at.isoformat() if whole else _told(path, folder).get("whole_at")}
    with suppress(OSError), writing.whole(_note(path, folder), force=True, private=True) as part:
        part.write_text(json.dumps({**told, "file": sqlite_file.identity(path)}), encoding="utf-8")


def _told(path: Path, folder: Path) -> dict[str, object]:
    """What the note says of this file; nothing when there is none, or none of ours."""
    try:
        said = json.loads(_note(path, folder).read_text(encoding="utf-8"))
        return dict(said) if tuple(said["file"]) == sqlite_file.identity(path) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _is_within(span: timedelta, told: object, now: datetime) -> bool:
    try:
        return now - span < datetime.fromisoformat(str(told)) <= now + _LEEWAY
    except (ValueError, TypeError):  # no instant, or one without an offset
        return False


def forget(path: Path, folder: Path) -> None:
    """The next who begins work reads the file whole."""
    with suppress(OSError):
        _note(path, folder).unlink(missing_ok=True)


def _note(path: Path, folder: Path) -> Path:
    return folder / "locks" / f"{path.name}.sound"
