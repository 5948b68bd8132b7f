"""The way to the database: one engine, read and write transactions, statements in batches, and errors in words.

On SQLite every writing transaction begins with BEGIN IMMEDIATE, on PostgreSQL with an advisory lock: writers come one after the
other, so that what a transaction has read is still true when it writes. Readers never wait.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc, orm
from sqlalchemy.dialects import postgresql, sqlite

from watcher import clock
from watcher.errors import StoreError

BUSY_SECONDS = 15
"""How long SQLite waits for another writer."""

BATCH = 800
"""Parameters in one statement; old SQLite builds allow 999."""

_WRITERS = 0x77617463
"""The PostgreSQL advisory lock of writing transactions."""

T = TypeVar("T")


class Database:
    """One database, which several threads may use at once."""

    def __init__(self, url: str, *, folder: Path) -> None:
        """Makes the folders and connects to nothing yet.

        Raises StoreError for an address that cannot be used, or a folder that cannot be made.
        """
        self.folder = folder
        self.url = _address(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._make(folder)
        if self.path is not None:
            self._make(self.path.parent)
        self.engine = _engine(self.url)
        self._writer = self.engine.execution_options(watcher_writes=True)

    @property
    def path(self) -> Path | None:
        """The SQLite file, or None for PostgreSQL."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @property
    def shown(self) -> str:
        """How messages call it: the file, or the address without its password."""
        return str(self.path) if self.path is not None else self.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[orm.Session]:
        """A transaction that sees one state of the database and writes nothing.

        Raises StoreError when the database cannot be used.
        """
        with self.speaking(), orm.Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[orm.Session]:
        """A transaction of the one writer: committed at the end, rolled back by any error.

        Raises StoreError when the database cannot be used, or stays locked.
        """
        with self.speaking(), orm.Session(self._writer) as session, session.begin():
            self._queue_up(session)
            yield session

    @contextmanager
    def migrating(self) -> Iterator[orm.Session]:
        """A writing transaction in which tables may be rebuilt: SQLite's foreign keys are off, which it allows only from outside.

        Raises StoreError when the database cannot be used, or stays locked.
        """
        with (
            self.speaking(),
            self._writer.connect() as connection,
            self._without_foreign_keys(connection),
            orm.Session(connection) as session,
            session.begin(),
        ):
            self._queue_up(session)
            yield session

    @contextmanager
    def _without_foreign_keys(self, connection: sa.Connection) -> Iterator[None]:
        raw = connection.connection.driver_connection
        if not self.is_sqlite or raw is None:
            yield
            return
        raw.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            raw.execute("PRAGMA foreign_keys = ON")

    def _queue_up(self, session: orm.Session) -> None:
        """On PostgreSQL, waits until no other writing transaction is under way."""
        if not self.is_sqlite:
            session.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS)))

    def lease_time(self, session: orm.Session) -> datetime:
        """The instant by which leases are timed: this machine's clock, or the PostgreSQL server's when several machines share it."""
        if self.is_sqlite:
            return clock.real_now()
        server: datetime = session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return server.astimezone(UTC)

    def size_bytes(self, session: orm.Session) -> int:
        """How much room the database takes, its write-ahead log included."""
        if self.path is None:
            return int(session.execute(sa.select(sa.func.pg_database_size(sa.func.current_database()))).scalar_one())
        beside = (self.path, Path(f"{self.path}-wal"))
        return sum(file.stat().st_size for file in beside if file.exists())

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turns the database's own errors into StoreError; faults of our own statements stay what they are."""
        try:
            yield
        except (exc.IntegrityError, exc.ProgrammingError, exc.DataError):
            raise
        except exc.DBAPIError as error:
            raise StoreError(self._words(error)) from error

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Holds a lock file under the data folder, so that processes on this machine do one thing after the other."""
        path = self.folder / "locks" / f"{name}.lock"
        self._make(path.parent)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be written ({error.strerror}); give the service's user the right to write there"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{folder}: the folder cannot be made ({error.strerror}); make it, or give the service's user the right to write there"
            ) from error

    def _words(self, error: exc.DBAPIError) -> str:
        said = " ".join(str(error.orig).split())
        for part, mend in _MENDS.items():
            if part in said:
                return f"{self.shown}: {said}; {mend}"
        return f"{self.shown}: the database cannot be used: {said}"


_MENDS: Mapping[str, str] = {
    "not a database": "this file was not written by watcher: set another database.url, or put a backup in its place",
    "malformed": "the file is damaged: put a backup in its place",
    "unable to open": "the folder must exist and the service's user must have the right to write in it",
    "readonly": "the service's user must have the right to write to the file and to its folder",
    "disk is full": "make room on the disk",
    "locked": "another process is writing: try again, and see whether one hangs",
    "password authentication failed": "check the user and the password in database.url",
    "connection to server": "check that the server runs and that database.url names its host and port",
}


def _address(url: str) -> sa.URL:
    """The parsed address, with psycopg as PostgreSQL's driver."""
    try:
        address = sa.make_url(url)
    except exc.ArgumentError:
        raise StoreError("database.url is not an address; write for example sqlite:///data/watcher.db") from None
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"database.url begins with {address.drivername}: only sqlite:///… and postgresql://… are known")
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise StoreError("database.url names no file, so nothing would be kept; write for example sqlite:///data/watcher.db")
    return address


def _engine(address: sa.URL) -> sa.Engine:
    try:
        engine = sa.create_engine(address, hide_parameters=True, pool_pre_ping=address.get_backend_name() != "sqlite")
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL needs the driver psycopg: install watcher with its extra, watcher[postgres]") from error
    if address.get_backend_name() == "sqlite":
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, record: object) -> None:  # noqa: ANN401 - sqlite3's connection, as SQLAlchemy passes it
    """Sets up one SQLite connection. Its own transaction handling is off: `_begin` says BEGIN."""
    del record
    connection.isolation_level = None
    for pragma in (f"busy_timeout = {BUSY_SECONDS * 1000}", "foreign_keys = ON", "synchronous = NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    """A transaction that will write takes the lock at once: a reader that turns writer later may be refused without waiting."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("watcher_writes") else "BEGIN")


def batches(values: Collection[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """The values in parts that fit one statement."""
    ordered = list(values)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def insert_one(session: orm.Session, table: sa.Table, **values: object) -> int:
    """Inserts a row and gives the number that it got."""
    return int(session.execute(table.insert().values(**values).returning(table.c.id)).scalar_one())


def change(session: orm.Session, statement: sa.Update | sa.Delete) -> int:
    """Runs an UPDATE or DELETE; how many rows it changed."""
    done = session.execute(statement)
    return done.rowcount if isinstance(done, sa.CursorResult) else 0


def insert_new(session: orm.Session, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Inserts the rows whose key is not there yet; the others stay as they are."""
    if rows:
        session.execute(_insert(session, table).on_conflict_do_nothing(), list(rows))


def upsert(session: orm.Session, table: sa.Table, rows: Sequence[Mapping[str, object]], *, key: Sequence[str]) -> None:
    """Inserts the rows, or sets their columns where the key is there already."""
    if rows:
        statement = _insert(session, table)
        changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
        session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(rows))


def _insert(session: orm.Session, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    return make(table)
