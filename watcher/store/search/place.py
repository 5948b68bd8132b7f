"""Where the index is: on SQLite a file beside the database, on PostgreSQL tables in it. Opens it to be filled, and to be asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from watcher.errors import StoreError
from watcher.store import access, sqlite_file
from watcher.store.database import Database, held_to_files
from watcher.store.search import tables

_LOCK = 0x73726368
"""The PostgreSQL advisory lock of who fills the index; runs do not wait for it."""

_MADE = "search_made"
_NO_FTS5 = "no such module: fts5"
_WITHOUT_FTS5 = "this Python's SQLite was built without FTS5, which search needs; use another Python, or PostgreSQL"


def file_beside(path: Path) -> Path:
    """The file of the index of an SQLite database."""
    return sqlite_file.beside(path, sqlite_file.INDEX)


def forget(path: Path) -> None:
    """Removes the index of an SQLite database; the next search or upkeep makes it anew."""
    sqlite_file.remove(file_beside(path))


@contextmanager
def filling(database: Database) -> Iterator[sa.Connection]:
    """A transaction that writes to the index and to nothing else, one process at a time: committed at the end, rolled back by any error.

    Raises StoreError when it cannot be used; IndexDamaged when it was damaged, and is removed.
    """
    if database.path is None:
        with database.speaking(), database.engine.begin() as session:
            session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            yield session
        return
    _ready(database.path)
    with _speaking(database, database.path), _engine(database.path, None, database.lock_wait).begin() as session:
        yield session


@contextmanager
def asking(database: Database) -> Iterator[sa.Connection | None]:
    """A transaction that sees the database and the index and writes to neither; None while there is no index."""
    if database.path is None:
        with database.reading() as session:
            yield session if tables.is_there(session) else None
        return
    index = file_beside(database.path)
    if not index.exists():
        yield None
        return
    with _speaking(database, database.path), _engine(database.path, index, database.lock_wait).connect() as session:
        yield session if _is_made(session) else None


def _is_made(session: sa.Connection) -> bool:
    """Whether the file has its tables. Those that were made once stay, as long as the file is the one that the connection has open."""
    known = session.connection.info
    if not known.get(_MADE):
        found = session.exec_driver_sql("SELECT count(*) FROM search.sqlite_master WHERE name = 'search_state'")
        known[_MADE] = bool(found.scalar())
    return bool(known[_MADE])


class IndexDamaged(StoreError):
    """The file of the index was damaged, and is removed: it is made anew by the next who fills it."""


@contextmanager
def _speaking(database: Database, path: Path) -> Iterator[None]:
    """Errors of the index's own file in words; those of the database as it has them."""
    try:
        yield
    except (exc.IntegrityError, exc.ProgrammingError, exc.DataError):
        raise
    except (exc.DBAPIError, sqlite3.Error) as error:
        own = error.orig if isinstance(error, exc.DBAPIError) else error
        if _NO_FTS5 in str(own):
            raise StoreError(f"{database.shown}: {_WITHOUT_FTS5}") from error
        if sqlite_file.is_damage(own) and _is_damaged(file_beside(path)):
            forget(path)
            raise IndexDamaged(f"{file_beside(path)}: the text index was damaged, so it was removed; ask again") from error
        with database.speaking():
            raise


def _is_damaged(index: Path) -> bool:
    """Whether it is the index that is damaged, where the database is open beside it. It is read whole."""
    return index.exists() and sqlite_file.complaint(index) is not None


def _ready(path: Path) -> None:
    """The file of the index, made when it is not there."""
    index = file_beside(path)
    if not index.exists():
        with access.writing(index):
            sqlite_file.create(index)


def close(database: Database) -> None:
    """Closes the connections that ask the index of an SQLite database, in this process."""
    if database.path is not None:
        _engine(database.path, file_beside(database.path), database.lock_wait).dispose()


@lru_cache(maxsize=8)
def _engine(path: Path, index: Path | None, lock_wait: float) -> sa.Engine:
    """Connections to the index alone, a new one for each transaction; or to the database with the `index` beside it, kept for the next question
    as long as both files are the ones that were opened."""
    engine = sa.create_engine(
        "sqlite://",
        creator=lambda: _opened(path, index, lock_wait),
        poolclass=sa.QueuePool if index else sa.NullPool,
        hide_parameters=True,
    )
    begin = "BEGIN" if index else "BEGIN IMMEDIATE"

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    if index is not None:
        held_to_files(engine, path, index)
    return engine


def _opened(path: Path, index: Path | None, lock_wait: float) -> sqlite3.Connection:
    connection = sqlite_file.connect(path if index else file_beside(path), lock_wait=lock_wait, any_thread=True)
    connection.text_factory = lambda stored: stored.decode("utf-8", "replace")
    connection.execute("PRAGMA synchronous = NORMAL")
    if index:
        connection.execute("ATTACH ? AS search", (sqlite_file.uri(index),))
    return connection
