"""The way to the database: one engine, read and write transactions, statements in batches, and errors in words.

On SQLite every writing transaction begins with BEGIN IMMEDIATE, on PostgreSQL with an advisory lock: writers come one after the
other, so that what a transaction has read is still true when it writes. Readers never wait.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import sqlite

from watcher import clock, writing
from watcher.domain import Warned
from watcher.errors import StoreDamaged, StoreError
from watcher.store import access, modes, mounts, sound, sqlite_file
from watcher.store.sqlite_file import LOCK_WAIT_SECONDS

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

BATCH = 800
"""Parameters in one statement; old SQLite builds allow 999."""

_ALIVE = {"connect_timeout": 10, "keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""A PostgreSQL server that went away without a word is noticed within a minute (libpq, Connection Strings)."""

_ENGINES_KEPT = 4
"""A process seldom opens more than one database; a restore opens a second."""

_ENGINES: WeakSet[sa.Engine] = WeakSet()
_OF_ANOTHER_PROCESS: list[sa.Pool] = []

_WRITERS = 0x77617463
"""The PostgreSQL advisory lock of writing transactions."""

T = TypeVar("T")


class Database:
    """One database, which several threads may use at once."""

    def __init__(self, url: str | sa.URL, *, folder: Path, lock_wait: float = LOCK_WAIT_SECONDS) -> None:
        """Makes the folders and connects to nothing yet. Another program that holds the database is waited for `lock_wait` seconds.

        Raises StoreError for an address that cannot be used, and for a folder or an SQLite file that cannot be made or written.
        """
        self.folder = folder
        self.lock_wait = lock_wait
        self.url = _address(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._make(folder)
        if self.path is not None:
            self._make(self.path.parent)
            self._must_write(self.path)
        self.engine = _engine(self.url, folder, lock_wait)
        self._writer = self.engine.execution_options(watcher_writes=True)

    @property
    def path(self) -> Path | None:
        """The SQLite file, or None for PostgreSQL."""
        return file_of(self.url)

    @property
    def shown(self) -> str:
        """How messages call it: the file, or the address without its password."""
        return str(self.path) if self.path is not None else self.url.render_as_string(hide_password=True)

    @property
    def backups(self) -> Path:
        """The folder of the backups that watcher makes by itself."""
        return self.folder / "backups"

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database and writes nothing.

        Raises StoreError when the database cannot be used.
        """
        with self.speaking(), self.engine.connect() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction of the one writer: committed at the end, rolled back by any error.

        Raises StoreError when the database cannot be used, or stays locked.
        """
        with self.speaking(), self._writer.begin() as session:
            self._queue_up(session)
            yield session

    @contextmanager
    def migrating(self) -> Iterator[sa.Connection]:
        """A writing transaction in which tables may be rebuilt: SQLite's foreign keys are off, which it allows only from outside.

        Raises StoreError when the database cannot be used, or stays locked.
        """
        with (
            self.speaking(),
            self._writer.connect() as session,
            self._without_foreign_keys(session),
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

    def _queue_up(self, session: sa.Connection) -> None:
        """On PostgreSQL, waits until no other writing transaction is under way."""
        if not self.is_sqlite:
            session.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS)))

    def lease_time(self, session: sa.Connection) -> datetime:
        """The instant by which leases are timed: this machine's clock, or the PostgreSQL server's when several machines share it."""
        if self.is_sqlite:
            return clock.real_now()
        server: datetime = session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return server.astimezone(UTC)

    def size_bytes(self, session: sa.Connection) -> int:
        """How much room the database takes, its write-ahead log included."""
        if self.path is None:
            return int(session.execute(sa.select(sa.func.pg_database_size(sa.func.current_database()))).scalar_one())
        beside = (self.path, sqlite_file.beside(self.path, "-wal"))
        return sum(file.stat().st_size for file in beside if file.exists())

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Turns the database's own errors into StoreError; bugs of our own statements stay what they are."""
        try:
            yield
        except (exc.IntegrityError, exc.ProgrammingError, exc.DataError):
            raise
        except (exc.DBAPIError, sqlite3.Error) as error:
            own = error.orig if isinstance(error, exc.DBAPIError) else error
            if self.path is not None and sqlite_file.is_damage(own):
                sound.forget(self.path, self.folder)
                raise StoreDamaged(self._words(own)) from error
            raise StoreError(self._words(own)) from error

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Holds a lock file under the data folder, so that processes on this machine do one thing after the other."""
        path = self.folder / "locks" / f"{name}.lock"
        self._make(path.parent)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, writing.PRIVATE_FILE)
        except OSError as error:
            raise access.refused(path, error, data=self.folder) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _make(self, folder: Path) -> None:
        try:
            writing.private_folder(folder)
        except PermissionError as error:
            raise access.refused(folder, error, data=folder) from error
        except OSError as error:
            raise StoreError(
                f"{folder}: the folder cannot be made ({error.strerror}); make it, or give the service's user the right to write there"
            ) from error
        self._must_write(folder)

    def _must_write(self, path: Path) -> None:
        """SQLite would find out later, and say less."""
        wanted = os.W_OK | (os.X_OK if path.is_dir() else 0)
        if path.exists() and not os.access(path, wanted, effective_ids=os.access in os.supports_effective_ids):
            raise access.refused(path, None, data=path if path.is_dir() else path.parent)

    def _words(self, error: BaseException | None) -> str:
        said = " ".join(str(error).split())
        if self.path is not None and "unable to open" in said and not self.path.exists():
            return f"{self.shown}: the database is gone; put it back, or a backup of it: watcher restore FILE"
        for part, mend in _MENDS.items():
            if part in said:
                return f"{self.shown}: {said}; {mend}"
        return f"{self.shown}: the database cannot be used: {said}"


_MENDS: Mapping[str, str] = {
    "not a database": "this file was not written by watcher: set another database.url, or put a backup in its place",
    "malformed": "the file is damaged: stop watcher and start it again, then it sets the file aside and names the newest backup",
    "unable to open": "the folder must exist and the service's user must have the right to write in it",
    "readonly": "the service's user must have the right to write to the file and to its folder",
    "disk is full": "make room on the disk",
    "disk I/O error": "look at the disk: full, over a quota, or failing",
    "lock timeout": "another process is writing: try again, and see whether one hangs",
    "locked": "another process is writing: try again, and see whether one hangs",
    "password authentication failed": "check the user and the password in database.url",
    "connection to server": "check that the server runs and that database.url names its host and port",
}


def warnings_about(url: str | sa.URL, folder: Path) -> tuple[Warned, ...]:
    """What is to be said of where a database lies, which need not be there yet, and of who may read it.

    Raises StoreError for an address that cannot be used.
    """
    path = file_of(url)
    found = (mounts.warning(path) if path is not None else None, modes.warning(path, folder))
    return tuple(filter(None, found))


def file_of(url: str | sa.URL) -> Path | None:
    """The SQLite file of an address, None for PostgreSQL. Raises StoreError for an address that cannot be used."""
    address = _address(url)
    return Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None


def _address(url: str | sa.URL) -> sa.URL:
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


@lru_cache(maxsize=_ENGINES_KEPT)
def _engine(address: sa.URL, _folder: Path, lock_wait: float) -> sa.Engine:
    """The engine of a database, one for all who open it for a data folder in this process: what statements were compiled to stays with it,
    and a process that is forked has it too. On PostgreSQL its connections say whose they are, so that a restore sees whether somebody is at
    work."""
    is_sqlite = address.get_backend_name() == "sqlite"
    options: dict[str, Any] = {} if is_sqlite else {"application_name": "watcher", **_ALIVE}
    try:
        engine = sa.create_engine(address, hide_parameters=True, pool_pre_ping=not is_sqlite, connect_args=options)
    except ModuleNotFoundError as error:
        raise StoreError("PostgreSQL needs the driver psycopg: install watcher with its extra, watcher[postgres]") from error
    _ENGINES.add(engine)
    if is_sqlite:
        sa.event.listen(engine, "connect", partial(_prepare, lock_wait))
        sa.event.listen(engine, "begin", _begin)
        _hold_to_the_file(engine, Path(address.database or ""))
    else:
        sa.event.listen(engine, "connect", partial(_bound, lock_wait))
    return engine


def held_to_files(engine: sa.Engine, *files: Path) -> None:
    """A kept connection is given up once one of these files was moved away or replaced, and left to the process that opened it."""
    _ENGINES.add(engine)

    @sa.event.listens_for(engine, "connect")
    def _remember(_connection: object, record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's record of a connection
        record.info["files"] = [sqlite_file.identity(file) for file in files]

    @sa.event.listens_for(engine, "checkout")
    def _compare(_connection: object, record: Any, _proxy: object) -> None:  # noqa: ANN401 - SQLAlchemy's record of a connection
        if record.info["files"] != [sqlite_file.identity(file) for file in files]:
            raise exc.DisconnectionError


def _leave_connections() -> None:
    """In a process that was forked: it opens connections of its own, and never closes those of the other one, which stay where they are."""
    for engine in _ENGINES:
        _OF_ANOTHER_PROCESS.append(engine.pool)
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_leave_connections)


def _bound(lock_wait: float, connection: Any, record: object) -> None:  # noqa: ANN401 - psycopg's connection, as SQLAlchemy passes it
    """Sets up one PostgreSQL connection: it waits for a lock no longer than SQLite would, and holds none while its machine is gone."""
    del record
    connection.execute(f"SET lock_timeout = '{max(round(lock_wait * 1000), 1)}ms'")  # 0 would be for ever
    connection.execute("SET idle_in_transaction_session_timeout = '300s'")
    connection.commit()


def _hold_to_the_file(engine: sa.Engine, path: Path) -> None:
    """No connection makes a file; and one whose file was moved away or replaced is given up, since what it wrote would be lost."""

    @sa.event.listens_for(engine, "do_connect")
    def _existing(_dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]) -> None:
        arguments[0], options["uri"] = sqlite_file.uri(path), True

    @sa.event.listens_for(engine, "connect")
    def _remember(_connection: object, record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's record of a connection
        record.info["file"] = sqlite_file.identity(path)

    @sa.event.listens_for(engine, "checkout")
    def _compare(_connection: object, record: Any, _proxy: object) -> None:  # noqa: ANN401 - SQLAlchemy's record of a connection
        if sqlite_file.identity(path) != record.info["file"]:
            raise exc.DisconnectionError


def _prepare(lock_wait: float, connection: Any, record: object) -> None:  # noqa: ANN401 - sqlite3's connection, as SQLAlchemy passes it
    """Sets up one SQLite connection. Its own transaction handling is off: `_begin` says BEGIN."""
    del record
    connection.isolation_level = None
    connection.text_factory = _text
    for pragma in (f"busy_timeout = {round(lock_wait * 1000)}", "foreign_keys = ON", "synchronous = NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _text(stored: bytes) -> str:
    """A text of the file. One flipped bit may leave no UTF-8, and must not make the other rows of an answer unreadable."""
    return stored.decode("utf-8", "replace")


def _begin(connection: sa.Connection) -> None:
    """A transaction that will write takes the lock at once: a reader that turns writer later may be refused without waiting."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("watcher_writes") else "BEGIN")


def revision(session: sa.Connection) -> str | None:
    """The revision of the schema that the database says it has, or None before its first migration."""
    if not sa.inspect(session).has_table("alembic_version"):
        return None
    return session.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def batches(values: Collection[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """The values in parts that fit one statement."""
    ordered = list(values)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def insert_one(session: sa.Connection, table: sa.Table, **values: object) -> int:
    """Inserts a row and gives the number that it got."""
    return int(session.execute(table.insert().values(**values).returning(table.c.id)).scalar_one())


def insert_empty(session: sa.Connection, table: sa.Table, count: int) -> list[int]:
    """Inserts rows without any value but their numbers, and gives these, the lowest first."""
    return sorted(session.execute(table.insert().returning(table.c.id), [{}] * count).scalars()) if count else []


def change(session: sa.Connection, statement: sa.Update | sa.Delete) -> int:
    """Runs an UPDATE or DELETE; how many rows it changed."""
    return session.execute(statement).rowcount


def insert_new(session: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Inserts the rows whose key is not there yet; the others stay as they are."""
    if rows:
        session.execute(_insert(session, table).on_conflict_do_nothing(), list(rows))


def upsert(
    session: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, object]],
    *,
    key: Sequence[str],
    first: Sequence[str] = (),
) -> None:
    """Inserts the rows, or sets their columns, without those that keep what they were given `first`, where the key is there already."""
    if rows:
        statement = _insert(session, table)
        changed = {name: statement.excluded[name] for name in rows[0] if name not in (*key, *first)}
        session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(rows))


def upsert_selected(session: sa.Connection, table: sa.Table, rows: sa.Select[Any], *, key: str) -> None:
    """Inserts what a SELECT with a condition gives, or sets the columns beside the key where that is there already. SQLite's grammar
    needs the WHERE: else it takes ON CONFLICT for a join's."""
    statement = _insert(session, table).from_select(list(table.c.keys()), rows)
    changed = {name: statement.excluded[name] for name in table.c.keys() if name != key}  # noqa: SIM118 - not a mapping
    session.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed))


def _insert(session: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    if session.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - a dozen modules, of drivers too: docs/decisions/0060

    return postgresql.insert(table)
