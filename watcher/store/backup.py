"""Backups: whole, consistent copies, made while others work. A backup is always one SQLite file, also of a PostgreSQL database.

It is written under another name, checked, and only then given its own; a file that is there already is not replaced unasked.
"""

from __future__ import annotations

import glob
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from watcher import writing
from watcher.errors import StoreError
from watcher.store import access, integrity, sound, sqlite_file, transfer
from watcher.store.columns import NAMES
from watcher.store.database import Database, revision
from watcher.writing import Guarded

WEEK = timedelta(days=7)

_LEEWAY = timedelta(hours=1)
"""A backup dated later than this after now was made when the clock had been set forward."""

_DAY = 86_400

_OF_A_NEW_FILE = ("page_size = 16384", "synchronous = OFF", "journal_mode = OFF", "cache_size = -65536")
"""A file that is thrown away unless it is whole, and synchronised before it gets its name, needs no journal. Decision 0066."""


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """A backup as it was written. `schema` is the revision that it has; `seconds` is how long it took."""

    path: Path
    size_bytes: int
    rows: int
    schema: str
    seconds: float


def write(database: Database, target: Path, *, force: bool = False, guarded: Iterable[Guarded] = ()) -> BackupFacts:
    """Copies the database into a new file, which is checked before it gets its name.

    Args:
        database: any that has tables.
        target: the file. Its folder is made when it is not there.
        force: replace a file that is there.
        guarded: what is not replaced all the same, beside the database and what belongs to it.

    Raises ConfigurationError when the file is there already, or is guarded; StoreError when it cannot be written, or when the copy is
    found damaged.
    """
    started = time.monotonic()
    place = writing.accepted(target, (*integrity.guarded(database.path, database.folder), *guarded), force=force)
    with access.writing(target), database.speaking(), _speaking_of(target):
        try:
            with writing.whole(place, force=force, private=True) as part, _alone(part):
                _copy(database, part)
                schema, rows = _proved(database, part)
        except FileExistsError as error:
            if error.errno is not None:
                raise
            raise writing.there_already(target) from None
    return BackupFacts(target, target.stat().st_size, rows, schema, time.monotonic() - started)


def automatic(database: Database, why: str, at: datetime, *, keep: int | None) -> BackupFacts:
    """Makes a backup in the data folder, named after the instant and the reason, and removes the oldest over `keep` (None: none)."""
    prepare(database)
    facts = write(database, name_for(database, why, at))
    if keep is not None:
        thin_out(database, at, keep)
    return facts


def prepare(database: Database) -> None:
    """Makes the folder of the backups that watcher makes by itself, and removes what killed processes left there long ago."""
    with access.writing(database.backups, database.folder):
        writing.private_folder(database.backups)
    _sweep(database.backups, f".{glob.escape(integrity.stem_of(database))}-*.part*")


def name_for(database: Database, why: str, at: datetime) -> Path:
    """A free name for a backup that watcher makes by itself, of the instant and the reason."""
    name = f"{integrity.stem_of(database)}-{sqlite_file.stamp(at)}"
    target, number = database.backups / f"{name}-{why}.db", 1
    while target.exists():
        number += 1
        target = database.backups / f"{name}-{number}-{why}.db"
    return target


def weekly(database: Database, now: datetime, *, keep: int) -> BackupFacts | None:
    """Makes a backup when the newest is a week old, or there is none; else None. `keep` 0: never."""
    if not keep:
        return None
    with database.alone("backup"):
        if any(now - WEEK < integrity.made_at(path) <= now + _LEEWAY for path in integrity.own_backups(database)):
            return None
        return automatic(database, "weekly", now, keep=keep)


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Nothing belongs to the file when it gets its name, or when it gets none."""
    try:
        yield
    finally:
        for ending in sqlite_file.BESIDE:
            sqlite_file.beside(part, ending).unlink(missing_ok=True)


def _copy(database: Database, part: Path) -> None:
    sqlite_file.remove(part)
    if database.path is not None:
        copy_file(database.path, part, lock_wait=database.lock_wait)
        return
    sqlite_file.connect(part, new=True).close()  # without a write-ahead log, which would take as much disk again
    with plain(part) as copied:
        _copy_rows(database.engine, copied)


def copy_file(path: Path, part: Path, *, lock_wait: float = sqlite_file.LOCK_WAIT_SECONDS) -> None:
    """Copies an SQLite database, as it stands at one instant, into one file; another writer is waited for so many seconds, then
    sqlite3.OperationalError is raised."""
    until = time.monotonic() + lock_wait

    def in_time(status: int, _left: int, _pages: int) -> None:  # else `backup` tries again for ever
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() >= until:
            raise sqlite3.OperationalError("database is locked")

    with closing(sqlite_file.connect(path, lock_wait=lock_wait)) as source, closing(sqlite_file.connect(part, new=True)) as target:
        source.backup(target, progress=in_time)
        target.execute("PRAGMA journal_mode = DELETE")


def _copy_rows(source: sa.Engine, target: sa.Engine) -> None:
    """Everything as it stands at one instant, into tables of the same revision."""
    from watcher.store import upgrade  # noqa: PLC0415 - Alembic is loaded only when there is something to do

    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with source.connect().execution_options(**options) as reading, target.connect() as writing:
        for pragma in _OF_A_NEW_FILE:
            writing.connection.cursor().execute(f"PRAGMA {pragma}")
        with writing.begin():
            found = revision(reading)
            if found is not None:
                upgrade.to(writing, found)
                reading.exec_driver_sql("SET LOCAL random_page_cost = 1.1")
                with _indexes_afterwards(writing):
                    transfer.copy(reading, writing, transfer.tables_of(writing))


@contextmanager
def _indexes_afterwards(writing: sa.Connection) -> Iterator[None]:
    """Tables are filled without the indexes that are none of their keys; these are made of all rows at once."""
    indexes = writing.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").all()
    for name, _ in indexes:
        writing.exec_driver_sql(f'DROP INDEX "{name}"')
    yield
    for _, statement in indexes:
        writing.exec_driver_sql(statement)


def _proved(database: Database, part: Path) -> tuple[str, int]:
    """The revision of a copy and the rows of its tables that a restore takes. Raises StoreError when it is not sound."""
    if said := sqlite_file.complaint(part):
        if database.path is not None:
            sound.forget(database.path, database.folder)
        raise StoreError(
            f"the copy is damaged ({said}), so none was kept; see whether the database itself is sound: restart watcher"
        )
    with plain(part) as copied, copied.connect() as connection:
        ours = [table for table in transfer.tables_of(connection) if table.name in NAMES]
        return revision(connection) or "", transfer.count(connection, ours)


@contextmanager
def plain(path: Path) -> Iterator[sa.Engine]:
    """An engine on a file that nobody else uses, which is one file only when it is closed."""
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite_file.connect(path), poolclass=sa.NullPool)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    try:
        yield engine
    finally:
        engine.dispose()
        with closing(sqlite_file.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def _speaking_of(target: Path) -> Iterator[None]:
    """Errors of the copy in words; those of the database itself go on to who speaks for it."""
    try:
        yield
    except (sqlite3.OperationalError, exc.DBAPIError) as error:
        own = error.orig if isinstance(error, exc.DBAPIError) else error
        if not isinstance(own, sqlite3.OperationalError):
            raise
        raise StoreError(
            f"{target}: the backup cannot be written ({own}); see whether there is room, and the right to write"
        ) from error


def _sweep(folder: Path, pattern: str) -> None:
    """Removes what a process left that was killed while it wrote a backup; a backup takes no day."""
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _DAY:
                path.unlink()


def thin_out(database: Database, now: datetime, keep: int) -> None:
    """Removes the oldest over `keep`. Those of the future (the clock had been set forward) count as the oldest."""
    made = sorted(integrity.own_backups(database), key=lambda path: (integrity.made_at(path) <= now + _LEEWAY, path.name))
    for path in made[:-keep]:
        path.unlink(missing_ok=True)
