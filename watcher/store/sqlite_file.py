"""An SQLite database as files: the file itself, and the ones that SQLite keeps beside it. Knows nothing of what is inside."""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Collection
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from watcher import writing

LOCK_WAIT_SECONDS = 15.0
"""How long another writer is waited for where nothing else is said."""

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite appends to the file's name for the files that belong to it."""

INDEX = ".search"
"""What follows the database's name in that of its text index."""

ASIDE = (BEFORE_RESTORE, DAMAGED) = ("before-restore", "damaged")
"""Why a database is set aside, as the name of the copy says."""

STAMP = "%Y%m%dT%H%M%SZ"
"""How an instant in UTC stands in the name of a file."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def uri(path: Path) -> str:
    """The address with which SQLite opens an existing file, and never makes one: a file that is gone is an error, not a new database."""
    return f"file:{quote(str(path.absolute()))}?mode=rw"


def connect(path: Path, *, new: bool = False, lock_wait: float = LOCK_WAIT_SECONDS, any_thread: bool = False) -> sqlite3.Connection:
    """A connection of its own, in no transaction, that waits `lock_wait` seconds for another writer; sqlite3.OperationalError when there is
    no such file, unless it is to be `new`, which only its owner may read.
    `any_thread`: threads may have it one after the other."""
    if new and not path.exists():
        writing.private_file(path)  # SQLite gives what it keeps beside the file the same mode (os_unix.c, findCreateFileMode)
    return sqlite3.connect(uri(path), uri=True, timeout=lock_wait, isolation_level=None, check_same_thread=not any_thread)


def create(path: Path) -> None:
    """Makes a database without tables, with its write-ahead log turned on; nothing when there is a file already.

    It comes whole or not at all, so that an empty file is never one that we began. One process at a time may do this. Raises OSError or
    sqlite3.Error.
    """
    part = beside(path, f".{os.getpid()}.new")
    for left in path.parent.glob(f"{glob.escape(path.name)}.*.new"):
        remove(left)
    try:
        with closing(connect(part, new=True)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA user_version = 0")
        writing.put(part, path)
    except FileExistsError:
        return
    finally:
        remove(part)


def glance(path: Path, *, lock_wait: float = LOCK_WAIT_SECONDS) -> str | None:
    """What SQLite finds wrong with the file's header, size and schema, or None; it reads a few pages. Raises as `complaint` does."""
    return _asked(path, lock_wait, "SELECT 'ok' FROM (SELECT count(*) FROM sqlite_master)")


def complaint(path: Path, *, lock_wait: float = LOCK_WAIT_SECONDS) -> str | None:
    """What SQLite finds wrong with the file, or None when it is sound. It reads the whole file: about a second for each gigabyte; another
    writer is waited for so many seconds.

    Raises sqlite3.OperationalError for what says nothing about the file: locked, no right, a disk that cannot be read.
    """
    return _asked(path, lock_wait, "PRAGMA quick_check(1)")


def complaint_without(path: Path, tables: Collection[str], *, lock_wait: float = LOCK_WAIT_SECONDS) -> str | None:
    """What SQLite finds wrong with the tables but these, and with their indexes, or None. Raises as `complaint` does."""
    found = _names(path, lock_wait, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return _asked(path, lock_wait, *(f"PRAGMA quick_check('{name}')" for name in found if name not in tables))


def _names(path: Path, lock_wait: float, statement: str) -> list[str]:
    with closing(connect(path, lock_wait=lock_wait)) as connection:
        return [str(name).replace("'", "''") for (name,) in connection.execute(statement)]


def _asked(path: Path, lock_wait: float, *statements: str) -> str | None:
    """The first answer other than "ok"."""
    try:
        with closing(connect(path, lock_wait=lock_wait)) as connection:
            answers = (connection.execute(statement).fetchone()[0] for statement in statements)
            found = next((answer for answer in answers if answer != "ok"), "ok")
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return str(error)
        raise
    return None if found == "ok" else " ".join(str(found).split())


def is_damage(error: BaseException | None) -> bool:
    """Whether an error of SQLite's says that the file is damaged."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def identity(path: Path) -> tuple[int, int] | None:
    """Which file lies there now; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_empty(path: Path) -> bool:
    """Whether the file is there and holds not one byte."""
    return path.is_file() and not path.stat().st_size


def has_log(path: Path) -> bool:
    """Whether a write-ahead log with something in it lies beside the file (or beside where it was)."""
    log = beside(path, "-wal")
    return log.is_file() and log.stat().st_size > 0


def beside(path: Path, ending: str) -> Path:
    """The path with something appended to its last name."""
    return path.with_name(path.name + ending)


def name_aside(path: Path, why: str, at: datetime) -> Path:
    """A free name for a file that is set aside: "NAME.WHY-STAMP", with a number where that is taken."""
    aside, number = beside(path, f".{why}-{stamp(at)}"), 1
    while any(beside(aside, ending).exists() for ending in ("", *BESIDE)):
        number += 1
        aside = beside(path, f".{why}-{stamp(at)}-{number}")
    return aside


def set_aside(path: Path) -> list[Path]:
    """The files that were set aside beside this one, and what belongs to each."""
    return sorted(one for why in ASIDE for one in path.parent.glob(f"{glob.escape(path.name)}.{why}-*"))


def part(path: Path, revision: str) -> Path:
    """The new file beside this one while an upgrade to a revision fills it."""
    return beside(path, f".{revision}.part")


def parts(path: Path) -> list[Path]:
    """The files that upgrades are filling, or were when they were killed."""
    return sorted(path.parent.glob(f"{glob.escape(path.name)}.????.part"))


def move(path: Path, aside: Path) -> None:
    """Renames the file, and what belongs to it with the same endings."""
    for ending in ("", *BESIDE):
        with suppress(FileNotFoundError):
            beside(path, ending).rename(beside(aside, ending))
    writing.sync(path.parent)


def remove(path: Path) -> None:
    """Removes the file and what belongs to it, if they are there."""
    for ending in ("", *BESIDE):
        beside(path, ending).unlink(missing_ok=True)


def stamp(at: datetime) -> str:
    """An instant in UTC as names of files have it: 20261121T095200Z."""
    return f"{at.astimezone(UTC):{STAMP}}"
