"""Puts a backup in the place of the database. What was there is set aside or backed up first, never overwritten.

The backup is checked, and its rows are taken into tables of our own making and brought to this version's schema, before anything that is
there is touched. Nobody may be at work
meanwhile: what a process did between the copy and the restore would be forgotten, and done again.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from watcher import clock, writing
from watcher.errors import Busy, StoreError
from watcher.store import access, backup, integrity, process_lock, rows, schema, sqlite_file, stops, transfer
from watcher.store.columns import leases
from watcher.store.database import Database
from watcher.store.rows import Taken
from watcher.store.search import place
from watcher.store.search import tables as search_tables
from watcher.store.sqlite_file import LOCK_WAIT_SECONDS
from watcher.store.values import StopFacts

_OTHERS = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND application_name = current_setting('application_name')"
)


@dataclass(frozen=True, slots=True)
class RestoreFacts:
    """What a restore did. `rows`: how many the backup had; `schema`: its revision; `set_aside`: where the database is that was there before;
    `left`: what stood in the file beside watcher's tables, such as triggers, and was left there. `stops`: lists that readers stopped after
    the backup was made, which stay stopped; None where the database that was there before cannot say."""

    path: Path
    size_bytes: int
    rows: int
    schema: str
    seconds: float
    set_aside: Path | None
    left: tuple[str, ...] = ()
    stops: tuple[StopFacts, ...] | None = ()


def restore(url: str, file: Path, *, folder: Path, force: bool = False, lock_wait: float = LOCK_WAIT_SECONDS) -> RestoreFacts:
    """Makes the database what the backup says, at this version's schema.

    Args:
        url: the database that is to be filled, SQLite or PostgreSQL.
        file: a backup, or the file of another watcher that is not running.
        folder: the data folder.
        force: replace the rows of a PostgreSQL database that has some; they are copied to the folder of backups first.
        lock_wait: seconds for which another program that holds the database is waited for.

    Raises:
        SchemaTooNew: a newer watcher wrote the backup.
        Busy: somebody is at work on the data folder or the database.
        StoreError: it is no sound backup, or the database cannot be replaced.
    """
    started, database = time.monotonic(), Database(url, folder=folder, lock_wait=lock_wait)
    try:
        _refuse(database, file)
        beside = database.path.parent if database.path is not None else folder
        with process_lock.nobody_at_work(folder), _prepared(file, beside, _stops(database)) as ready:
            taken = ready.taken
            if database.path is not None:
                aside = _put_in_place(database, ready.path)
            else:
                aside = _fill(database, ready.path, force=force, shown=str(file))
    finally:
        database.close()
    seconds = time.monotonic() - started
    return RestoreFacts(file, file.stat().st_size, taken.rows, taken.schema, seconds, aside, taken.left, ready.stops)


@dataclass(frozen=True, slots=True)
class _Ready:
    path: Path
    taken: Taken
    stops: tuple[StopFacts, ...] | None


def _stops(database: Database) -> tuple[StopFacts, ...] | None:
    """What readers have stopped in the database that is there; None where it cannot say."""
    if database.path is not None and not database.path.exists():
        return ()
    try:
        with database.reading() as session:
            return stops.every(session) if sa.inspect(session).has_table(stops.TABLE) else ()
    except StoreError:
        return None
    finally:
        database.close()  # the file is about to be moved


def _refuse(database: Database, file: Path) -> None:
    if not file.is_file():
        raise StoreError(f"{file}: there is no such file")
    if database.path is not None and database.path.exists() and file.samefile(database.path):
        raise StoreError(f"{file}: the database itself; name a backup")


@contextmanager
def _prepared(file: Path, folder: Path, stopped: tuple[StopFacts, ...] | None) -> Iterator[_Ready]:
    """The backup's rows in tables of this version's schema, without what processes held when it was made, and with what readers have
    stopped since."""
    part = folder / f".restore.{os.getpid()}.part"
    for left in folder.glob(".restore.*.part"):  # nobody else restores here now: these are of killed ones
        sqlite_file.remove(left)
    try:
        if sqlite_file.is_empty(file):
            raise StoreError(f"{file}: not a sound backup (the file is empty); name another one. Nothing was changed")
        with access.writing(part, folder), _whole(file, sqlite_file.beside(part, ".given.part")) as given:
            taken = rows.take(given, part, shown=str(file))
        with closing(Database(sa.URL.create("sqlite", database=str(part)), folder=folder)) as copied:
            schema.migrate(copied)
            with copied.writing() as session:
                session.execute(leases.delete())
                since = None if stopped is None else stops.bring_over(session, stopped)
        yield _Ready(part, taken, since)
    finally:
        sqlite_file.remove(part)


@contextmanager
def _whole(file: Path, copy: Path) -> Iterator[Path]:
    """The file, or, where a write-ahead log lies beside it, a copy that has taken it up; the file itself is not touched."""
    if not sqlite_file.has_log(file):
        yield file
        return
    try:
        for ending in ("", "-wal"):
            writing.private_file(sqlite_file.beside(copy, ending))
            shutil.copyfile(sqlite_file.beside(file, ending), sqlite_file.beside(copy, ending))
        with suppress(sqlite3.DatabaseError), closing(sqlite_file.connect(copy)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA journal_mode = DELETE")
        yield copy
    finally:
        sqlite_file.remove(copy)


def _put_in_place(database: Database, part: Path) -> Path | None:
    """Sets the SQLite file that is there aside, and gives the copy its name; where the former is now, if there was one."""
    path = database.path
    assert path is not None  # noqa: S101 - the caller has looked
    with database.alone("schema"), access.writing(path):
        place.forget(path)  # before and after: whoever is killed between leaves none that is of the former database
        aside = None
        if path.exists() or sqlite_file.has_log(path):
            aside = sqlite_file.name_aside(path, sqlite_file.BEFORE_RESTORE, clock.real_now())
            integrity.leave_marker(path, f"{path}: a restore was interrupted; what was there is {aside}\n")
            sqlite_file.move(path, aside)
        writing.put(part, path)
        place.forget(path)
        integrity.settle(database)
    return aside


def _fill(database: Database, part: Path, *, force: bool, shown: str) -> Path | None:
    """Replaces all rows of a PostgreSQL database in one transaction; where a copy of the former is, if there were any.

    Raises StoreError when PostgreSQL, which looks closer than SQLite, does not take the rows.
    """
    _refuse_company(database)
    schema.migrate(database)
    saved = _saved(database, force=force)
    tables = _tables()
    try:
        with backup.plain(part) as copied, copied.connect() as reading, database.writing() as session:
            search_tables.drop(session)
            transfer.empty(session, tables)
            transfer.copy(reading, session, tables)
            transfer.continue_numbers(session, tables)
    except (exc.StatementError, ValueError, TypeError) as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        raise StoreError(f"{shown}: not a sound backup ({said}); name another one. Nothing was changed") from error
    return saved


def _saved(database: Database, *, force: bool) -> Path | None:
    """A backup of the rows that are there, if any are. Raises StoreError when they may not be replaced."""
    with database.reading() as session:
        there = transfer.count(session, _tables())
    if not there:
        return None
    if not force:
        raise StoreError(
            f"{database.shown}: has {there:,} rows; --force replaces them, after a copy of them was written to {database.backups}"
        )
    return backup.automatic(database, "before-restore", clock.real_now(), keep=None).path


def _refuse_company(database: Database) -> None:
    """Other machines' watchers hold no lock in this data folder, but they are connected. Who has just left takes a moment to go."""
    for _ in range(10):
        with database.reading() as session:
            others = session.execute(_OTHERS).scalar_one()
        if not others:
            return
        time.sleep(0.2)
    raise Busy(f"{database.shown}: watcher is at work on it ({others} connections); stop it first, then try again")


def _tables() -> list[sa.Table]:
    from watcher.store.tables import Row  # noqa: PLC0415 - the models are half a second to build, and only a restore needs their order

    return list(Row.metadata.sorted_tables)
