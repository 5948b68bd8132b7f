"""What stands between a lost or damaged SQLite file and a new, empty one: nothing is overwritten, and nothing begins anew unasked.

A file that SQLite calls damaged is renamed with all that belongs to it, and a marker is left. While the marker stands and no
database is there, every command refuses, and names the newest backup. The same goes for a file that has vanished and left its
write-ahead log or backups behind. What may pass (a lock, a missing right, a disk that cannot be read) is never taken for damage.
"""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from watcher import clock, writing
from watcher.errors import StoreUnusable
from watcher.store import access, sound, sqlite_file
from watcher.store.database import Database
from watcher.writing import Guarded, Reach

_SUFFIXES = ("", ".db", ".sqlite", ".sqlite3")
"""A file called otherwise, if it is no database, is somebody else's: it is not renamed."""

_OF_PAPERS = frozenset({"article", "work", "work_link", "hit", "hit_origin", "judgement", "score", "embedding"})
"""Tables with a row or more for each paper: nearly all of a large file. Their texts are held against their hashes when they are read."""

_STAMP = re.compile(r"\d{8}T\d{6}Z")
_MADE_BY_ITSELF = re.compile(rf"{_STAMP.pattern}(-\d+)?-(before-\w+|weekly)\.db$")


def check(database: Database) -> None:
    """Has SQLite read the file, at most once a day, and sets a damaged one aside. A large one is read whole every four weeks, and in between
    without the tables that hold a row for each paper (decision 0063). A damage that is seen at a glance is found each time.

    Raises StoreUnusable when it is damaged, with what to do; another StoreError when it cannot be read now, which changes nothing.
    """
    path = database.path
    if path is None or not _damage(database, path, at_a_glance=True):
        if path is not None and path.is_file():
            _read_daily(database, path)
        return
    _set_aside_if_damaged(database, path)


def is_known_sound(database: Database) -> bool:
    """Whether `check` has nothing to do: no SQLite file, or one that was read less than a day ago and shows no damage at a glance.

    Raises StoreError when it cannot be read now.
    """
    path = database.path
    if path is None:
        return True
    is_read = path.is_file() and sound.was_found(path, database.folder, clock.real_now())
    return is_read and not _damage(database, path, at_a_glance=True)


def _read_daily(database: Database, path: Path) -> None:
    """Of several who come at once, one reads."""
    if sound.was_found(path, database.folder, clock.real_now()):
        return
    with database.alone("check"):
        began = clock.real_now()
        if sound.was_found(path, database.folder, began):
            return
        whole = sound.is_whole_due(path, database.folder, began)
        if _damage(database, path, without=() if whole else _OF_PAPERS) is None:
            sound.note(path, database.folder, began, whole=whole)
            return
    _set_aside_if_damaged(database, path)


def _set_aside_if_damaged(database: Database, path: Path) -> None:
    with database.alone("schema"):
        found = _damage(database, path)  # another process may have set it aside meanwhile
        if found is None:
            return
        with access.writing(path):
            raise StoreUnusable(_put_away(database, path, found))


def begin(database: Database) -> None:
    """Makes the SQLite file when there is none and never was one.

    Raises StoreUnusable when there was one: it was set aside, is empty, or left its write-ahead log or backups behind.
    """
    path = database.path
    if path is None or _has_content(path):
        return
    with database.alone("schema"), database.speaking(), access.writing(path):
        if _has_content(path):  # another process that starts at the same moment has made it meanwhile
            return
        if said := _lost(path):
            raise StoreUnusable(f"{said}. {_way_back(database)}")
        if newest(database) is not None:
            raise StoreUnusable(f"{path}: there is no database, but there are backups of one. {_way_back(database)}")
        sqlite_file.create(path)


def settle(database: Database) -> None:
    """Removes the marker: there is a database again."""
    if database.path is not None:
        marker(database.path).unlink(missing_ok=True)


def marker(path: Path) -> Path:
    """The file that says that a damaged database was set aside."""
    return sqlite_file.beside(path, ".damaged")


def leave_marker(path: Path, text: str) -> None:
    """Says that the database was set aside, before it is. Raises OSError."""
    with writing.whole(marker(path), force=True, private=True) as part:
        part.write_text(text, encoding="utf-8")


def newest(database: Database) -> Path | None:
    """The youngest of the backups that watcher made by itself."""
    made = own_backups(database)
    return made[-1] if made else None


def own_backups(database: Database) -> list[Path]:
    """The backups that watcher made by itself of this database, oldest first by the instants in their names."""
    begun = f"{stem_of(database)}-"
    named = (path for path in _made(database.backups) if path.name.startswith(begun))
    own = (path for path in named if _MADE_BY_ITSELF.fullmatch(path.name.removeprefix(begun)))
    return sorted(own, key=lambda path: (made_at(path), path.name))


def _made(backups: Path) -> Iterator[Path]:
    """The backups that watcher made by itself, of whichever database."""
    return (path for path in backups.glob("*.db") if _MADE_BY_ITSELF.search(path.name))


def made_at(path: Path) -> datetime:
    """The instant in the name of a backup that watcher made by itself."""
    (found,) = _STAMP.findall(path.name)[-1:]
    return datetime.strptime(found, sqlite_file.STAMP).replace(tzinfo=UTC)


def guarded(path: Path | None, folder: Path) -> Iterator[Guarded]:
    """What no command may write over: the database with all that belongs to it or was set aside, lock files, and backups that watcher
    made by itself.

    Args:
        path: the SQLite file, None for PostgreSQL.
        folder: the data folder.
    """
    yield Guarded(folder / "locks", "a lock file", Reach.BELOW)
    yield from (Guarded(made, "a backup that watcher made by itself") for made in _made(folder / "backups"))
    if path is None:
        return
    for one in {path, Path(os.path.realpath(path))}:  # SQLite follows links: what belongs to the file lies beside the file itself
        yield Guarded(one, "the database")
        yield from (Guarded(sqlite_file.beside(one, ending), "a part of the database") for ending in sqlite_file.BESIDE)
        index = sqlite_file.beside(one, sqlite_file.INDEX)
        yield from (Guarded(sqlite_file.beside(index, ending), "the text index") for ending in ("", *sqlite_file.BESIDE))
        yield from (Guarded(part, "a database that is being brought up to date") for part in sqlite_file.parts(one))
        yield Guarded(marker(one), "the note that a database was set aside")
        yield from (Guarded(aside, "a database that was set aside") for aside in sqlite_file.set_aside(one))


def stem_of(database: Database) -> str:
    """How the names of this database's backups begin."""
    return database.path.stem if database.path is not None else "postgresql"


def _damage(database: Database, path: Path, *, at_a_glance: bool = False, without: Collection[str] = ()) -> str | None:
    """What is wrong with the file, if anything is; `without` these tables."""
    if sqlite_file.is_empty(path):
        return "the file is empty"
    if not path.is_file():
        return None
    wait = database.lock_wait
    with database.speaking():
        if at_a_glance:
            found = sqlite_file.glance(path, lock_wait=wait)
        elif without:
            found = sqlite_file.complaint_without(path, without, lock_wait=wait)
        else:
            found = sqlite_file.complaint(path, lock_wait=wait)
        if found and "not a database" in found and path.suffix not in _SUFFIXES:
            raise sqlite3.DatabaseError(found)
    return found


def _has_content(path: Path) -> bool:
    return path.exists() and not sqlite_file.is_empty(path)


def _lost(path: Path) -> str | None:
    """What shows that there was a database where now is none."""
    try:
        return marker(path).read_text(encoding="utf-8").splitlines()[0]
    except (FileNotFoundError, IndexError):
        pass
    if path.exists():
        return f"{path}: the file is empty, and watcher never leaves an empty one: what was in it is lost"
    if sqlite_file.has_log(path):
        return f"{path}: the database is gone, only its write-ahead log is left"
    return None


def _put_away(database: Database, path: Path, found: str) -> str:
    """Sets the file aside and leaves the marker, which comes first: a process killed in between has lost nothing. The message."""
    at = clock.real_now()
    aside = sqlite_file.name_aside(path, sqlite_file.DAMAGED, at)
    said = f"{path}: damaged ({found}); found {at:%Y-%m-%d %H:%M} UTC, and set aside as {aside.name}"
    todo = _way_back(database)
    leave_marker(path, f"{said}\n{todo}\n")
    sqlite_file.move(path, aside)
    return f"{said}. {todo}"


def _way_back(database: Database) -> str:
    """What to do, in sentences."""
    path, found = database.path, newest(database)
    anew = f"to begin anew, knowing nothing, move {path}* and {database.backups} away"
    if found is None:
        return f"There is no backup in {database.backups}. If you have one: watcher restore FILE; {anew}."
    return f"Put the newest backup back: watcher restore {shlex.quote(str(found))}; {anew}."
