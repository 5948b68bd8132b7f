"""The store's tests once more, on PostgreSQL: an embedded server, where `make setup-postgres` has installed one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from support import postgres_server
from support.store_samples import MONDAY, Bench
from test_store_clocks import *  # noqa: F403 - every test of these modules runs here again
from test_store_compose import *  # noqa: F403
from test_store_deliveries import *  # noqa: F403
from test_store_embeddings import *  # noqa: F403
from test_store_leases import *  # noqa: F403
from test_store_notices import *  # noqa: F403
from test_store_questions import *  # noqa: F403
from test_store_retention import *  # noqa: F403
from test_store_runs import *  # noqa: F403
from test_store_verdicts import *  # noqa: F403
from test_store_works import *  # noqa: F403

from watcher import clock
from watcher.errors import SchemaTooNew, StoreError
from watcher.store import Store
from watcher.store.database import Database
from watcher.store.tables import Row

if reason := postgres_server.missing():
    pytest.skip(reason, allow_module_level=True)


@pytest.fixture
def url(postgres: postgres_server.Server) -> str:
    """A migrated database of the test's own."""
    return postgres.migrated()


@pytest.fixture(autouse=True)
def this_machines_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests move this machine's clock, not the server's, by which leases are timed here."""
    monkeypatch.setattr(Database, "lease_time", lambda _database, _session: clock.real_now())


@pytest.fixture  # type: ignore[no-redef]
def bench(url: str, tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path, url)
    yield made
    made.store.close()


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


def test_a_lock_that_is_held_elsewhere_is_an_error_in_words_and_no_hang(url: str, tmp_path: Path) -> None:
    holding, waiting = Database(url, folder=tmp_path), Database(url, folder=tmp_path, lock_wait=0.5)

    with holding.writing(), pytest.raises(StoreError, match="another process is writing"), waiting.writing():
        pass

    holding.close()
    waiting.close()
