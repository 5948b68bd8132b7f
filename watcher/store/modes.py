"""Who may read what the service keeps. New files and folders are their owner's alone; wider ones that are there are told, never changed."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from watcher.domain import Code, Warned
from watcher.store import sqlite_file

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NAMED = 4
"""So many paths are named with their modes."""


def warning(path: Path | None, folder: Path) -> Warned | None:
    """What others than its owner may read, with the command that ends it; None when there is nothing of the kind.

    Args:
        path: the SQLite file, None for PostgreSQL.
        folder: the data folder.
    """
    wide = [(one, mode) for one in dict.fromkeys(_kept(path, folder)) if (mode := _mode(one)) & _OTHERS and not mode & stat.S_ISVTX]
    if not wide:
        return None
    named = ", ".join(f"{one} (mode {mode:o})" for one, mode in wide[:_NAMED])
    more = f" and {len(wide) - _NAMED} more" if len(wide) > _NAMED else ""
    what = f"other users of this machine may read {named}{more}: what your lab reads is in there"
    fix = f"if that is not meant: chmod go= {' '.join(shlex.quote(str(one)) for one, _ in wide)}"
    return Warned(Code.DATABASE_READABLE, what, fix)


def _kept(path: Path | None, folder: Path) -> Iterator[Path]:
    """The data folder, the database with what belongs to it or was set aside, and the backups."""
    yield folder
    if path is not None:
        yield path.parent
        yield from (one for ending in ("", *sqlite_file.BESIDE) if (one := sqlite_file.beside(path, ending)).exists())
        yield from sqlite_file.set_aside(path)
    yield from sorted((folder / "backups").glob("*.db"))


def _mode(path: Path) -> int:
    """The bits of a file's or folder's mode; 0 when there is none. A system without users has none that are too wide."""
    try:
        return stat.S_IMODE(path.stat().st_mode) if os.name == "posix" else 0
    except OSError:
        return 0
