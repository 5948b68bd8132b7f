from __future__ import annotations

import importlib.util
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from watcher.errors import SchemaTooNew, StoreError
from watcher.store import Store, schema, sqlite_file, upgrade
from watcher.store.database import Database
from watcher.store.tables import Row


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path)
    schema.migrate(opened)
    yield opened
    opened.close()


def _sql_of(database: Database) -> dict[str, str]:
    """Every table and index of the file, as SQLite wrote it down, spaces folded; it quotes the names of tables that were rebuilt."""
    with database.reading() as session:
        rows = session.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"))
        return {name: " ".join(sql.replace('"', "").split()) for name, sql in rows}


def test_the_migrations_make_what_the_models_describe(database: Database) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Row.metadata)

    assert differences == []


def test_the_migrations_make_the_same_partial_indexes_checks_and_row_storage_as_the_models(
    database: Database, tmp_path: Path
) -> None:
    sqlite_file.create(tmp_path / "direct.db")
    direct = Database(f"sqlite:///{tmp_path}/direct.db", folder=tmp_path)
    with direct.engine.begin() as connection:
        Row.metadata.create_all(connection)

    migrated, described = _sql_of(database), _sql_of(direct)
    direct.close()

    assert migrated.keys() == described.keys()
    for name, sql in described.items():
        assert sorted(migrated[name].replace(",", "").split()) == sorted(sql.replace(",", "").split()), name


def test_the_models_revision_is_the_newest_script() -> None:
    assert ScriptDirectory.from_config(upgrade.configuration()).get_current_head() == schema.HEAD == Store.schema


def test_connections_use_a_write_ahead_log_and_hold_foreign_keys(database: Database) -> None:
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys", "synchronous")
        }

    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1}


def test_foreign_keys_are_held_again_after_a_migration(tmp_path: Path) -> None:
    sqlite_file.create(tmp_path / "watcher.db")
    database = Database(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path)

    with database.migrating():
        pass

    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.close()


def test_opening_makes_the_folders(tmp_path: Path) -> None:
    file = tmp_path / "state" / "db" / "watcher.db"

    Store.open(f"sqlite:///{file}", folder=tmp_path / "state" / "data").close()

    assert file.exists()
    assert (tmp_path / "state" / "data").is_dir()


def test_an_up_to_date_database_opens_without_loading_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/watcher.db"
    Store.open(url, folder=tmp_path).close()
    script = (
        "import sys; from pathlib import Path; from watcher.store import Store;"
        "Store.open(sys.argv[1], folder=Path(sys.argv[2])).close(); print('alembic' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", script, url, str(tmp_path)], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter

    assert done.stdout.strip() == "False"


def test_migrating_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "alembic")

    Store.open(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path).close()

    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_processes_that_start_at_once_on_a_new_database_all_open_it(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from watcher.store import Store; Store.open(sys.argv[1], folder=Path(sys.argv[2])).close()"
    command = [sys.executable, "-c", script, f"sqlite:///{tmp_path}/watcher.db", str(tmp_path)]

    started = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]  # noqa: S603 - our own interpreter
    errors = [process.communicate()[1] for process in started]

    assert errors == [""] * 4


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path, database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SchemaTooNew, match=r"watcher\.db: written by a newer watcher \(schema 9999; this one knows up to 0017\)"):
        Store.open(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path)


def test_a_file_that_is_no_database_is_named_with_the_mend(tmp_path: Path) -> None:
    file = tmp_path / "watcher.db"
    file.write_text("notes on the neuromuscular junction, " * 100)

    with pytest.raises(StoreError, match=r"watcher\.db: file is not a database; .*set another database\.url"):
        Store.open(f"sqlite:///{file}", folder=tmp_path)


def test_a_folder_that_cannot_be_made_is_named_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, not a folder")

    with pytest.raises(StoreError, match=r"state.*cannot be made.*right to write there"):
        Store.open(f"sqlite:///{tmp_path}/state/watcher.db", folder=tmp_path)


def test_a_file_that_cannot_be_opened_is_named_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "watcher.db").mkdir()

    with pytest.raises(StoreError, match=r"watcher\.db: unable to open database file; the folder must exist"):
        Store.open(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path)


def test_a_database_that_cannot_be_written_is_named_with_the_mend(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path).close()
    database = Database(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path)

    with pytest.raises(StoreError, match=r"watcher\.db: attempt to write a readonly database; .*right to write"):
        _write_read_only(database)
    database.close()


def _write_read_only(database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.text("PRAGMA query_only = ON"))
        session.execute(sa.text("INSERT INTO work DEFAULT VALUES"))


def test_a_lock_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "locks" / "schema.lock").mkdir(parents=True)

    with pytest.raises(StoreError, match=r"schema\.lock: cannot be written"):
        Store.open(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("watcher.db", "is not an address"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("mysql://lab:hunter2@db.lab.example/watcher", "begins with mysql"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        Store.open(url, folder=tmp_path)

    assert "hunter2" not in str(caught.value)


@pytest.mark.skipif(importlib.util.find_spec("psycopg") is not None, reason="psycopg is installed")
def test_postgresql_without_its_driver_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"install watcher with its extra, watcher\[postgres\]"):
        Store.open("postgresql://db.lab.example/watcher", folder=tmp_path)


def test_an_open_store_closes_itself(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/watcher.db", folder=tmp_path) as store:
        assert store.facts().articles == 0

    assert not (tmp_path / "watcher.db-wal").exists()


def test_a_writer_waits_for_another_and_readers_do_not(database: Database) -> None:
    with database.writing() as first:
        first.execute(sa.text("INSERT INTO work DEFAULT VALUES"))
        with database.reading() as reader:
            seen_before = reader.execute(sa.text("SELECT count(*) FROM work")).scalar()
        with database.engine.connect() as second:
            second.exec_driver_sql("PRAGMA busy_timeout = 0")
            with pytest.raises(sa.exc.OperationalError, match="locked"):
                second.exec_driver_sql("INSERT INTO work DEFAULT VALUES")

    with database.reading() as reader:
        assert (seen_before, reader.execute(sa.text("SELECT count(*) FROM work")).scalar()) == (0, 1)


def test_a_broken_write_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        _write_and_break(database)

    with database.reading() as session:
        assert session.execute(sa.text("SELECT count(*) FROM work")).scalar() == 0


def _write_and_break(database: Database) -> None:
    with database.writing() as session:
        session.execute(sa.text("INSERT INTO work DEFAULT VALUES"))
        session.info["broken"] = 1 / 0
