"""Databases of every earlier revision, with rows in every table, are brought to the present schema, and nothing in them is lost.

`tests/records/schema_<revision>.sql` was written by the code of that revision, and is never written again.
"""

from __future__ import annotations

import ast
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite
from support.postgres_server import Server
from support.records import in_numbers
from support.store_samples import BY_QUERY, MAIL, Bench, paper, pmids
from support.two_databases import now_called

from watcher.domain import DeliveryState, ErrorKind, HitState, Notice, Outcome, pubmed_id
from watcher.store import Owed, Store, packing, schema, upgrade
from watcher.store.database import Database
from watcher.store.migrations import versions
from watcher.store.migrations.column_types import UTCDateTime
from watcher.store.migrations.versions.r0005_reasons_and_remedies import KINDS
from watcher.store.tables import Row

RECORDS = Path(__file__).parent.parent / "records"
REVISIONS = sorted(path.stem.removeprefix("schema_") for path in RECORDS.glob("schema_*.sql"))
NOW = datetime(2026, 9, 1, 6, tzinfo=UTC)

Rows = dict[str, list[dict[str, Any]]]
Old = Callable[[str], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Old:
    """Makes a database of a revision, with its rows; gives its URL."""
    if request.param == "sqlite":
        return lambda revision: _on_sqlite(revision, tmp_path)
    postgres = request.getfixturevalue("postgres")
    return lambda revision: _on_postgresql(revision, postgres(), tmp_path)


@dataclass(frozen=True)
class Upgraded:
    """A database of an earlier revision, with its rows, that this version has opened and brought to the present schema."""

    revision: str
    url: str
    folder: Path
    server: Server | None

    def copied(self, folder: Path) -> str:
        """The URL of a copy that may be written to."""
        if self.server is not None:
            return self.server(str(sa.make_url(self.url).database))
        shutil.copy(self.folder / "watcher.db", folder)
        return f"sqlite:///{folder}/watcher.db"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of database."""
    return str(request.param)


@pytest.fixture(scope="module", params=REVISIONS)
def revision(request: pytest.FixtureRequest) -> str:
    """An earlier revision."""
    return str(request.param)


@pytest.fixture(scope="module")
def upgraded(kind: str, revision: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Upgraded:
    """One upgrade for all tests that look at what came of it, which come one after the other."""
    folder = tmp_path_factory.mktemp("upgraded")
    server = request.getfixturevalue("postgres") if kind == "postgresql" else None
    url = _on_sqlite(revision, folder) if server is None else _on_postgresql(revision, server(), folder)
    Store.open(url, folder=folder).close()
    return Upgraded(revision, url, folder, server)


def _on_sqlite(revision: str, folder: Path) -> str:
    with closing(sqlite3.connect(folder / "watcher.db")) as connection:
        connection.executescript((RECORDS / f"schema_{revision}.sql").read_text())
    return f"sqlite:///{folder}/watcher.db"


def _on_postgresql(revision: str, url: str, folder: Path) -> str:
    """The tables as that revision's script makes them, filled with the rows of the dump."""
    database = Database(url, folder=folder)
    with database.engine.begin() as connection:
        config = upgrade.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        made = sa.MetaData()
        made.reflect(connection)
        rows = _dumped(revision)
        for table in made.sorted_tables:
            if table.name != "alembic_version":
                connection.execute(table.insert(), [_typed(table, row) for row in rows[table.name]])
                _count_on(connection, table)
    database.close()
    return url


@cache
def _dumped(revision: str) -> Rows:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        connection.executescript((RECORDS / f"schema_{revision}.sql").read_text())
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}  # noqa: S608 - its own tables


def _typed(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    """SQLite's texts and numbers as what the columns hold."""
    return {name: _value(table.c[name].type, held) for name, held in row.items()}


def _text(column: str, held: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """The text of a body; since 0009 it may be packed."""
    return packing.unpack(held).decode() if column == "body" and held is not None else held


def _now(table: sa.Table, column: str) -> str:
    """What a column is called now: a table that came after 0010 may well have a `pmid`."""
    return column if column in table.c else now_called(column)


def _value(kind: sa.types.TypeEngine[Any], held: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    if held is None:
        return None
    plain = kind.impl_instance if isinstance(kind, sa.types.TypeDecorator) else kind
    if isinstance(plain, sa.DateTime):
        return datetime.fromisoformat(held).replace(tzinfo=UTC)
    if isinstance(plain, sa.Date):
        return date.fromisoformat(held)
    return bool(held) if isinstance(plain, sa.Boolean) else held


def _count_on(connection: sa.Connection, table: sa.Table) -> None:
    """The next number of a table follows the last one that it holds."""
    if "id" in table.c:
        name, last = table.name, f'SELECT max(id) FROM "{table.name}"'  # noqa: S608 - its own tables
        connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('\"{name}\"', 'id'), ({last}))")


def _found(url: str, folder: Path) -> Rows:
    """All rows of the database, as its models read them; the texts of articles unpacked."""
    database = Database(url, folder=folder)
    with database.reading() as session:
        rows = {
            table.name: [in_numbers(dict(row)) for row in session.execute(table.select()).mappings()]
            for table in Row.metadata.sorted_tables
        }
    database.close()
    for article in rows["article"]:
        article["body"] = packing.unpack(article["body"]).decode() if article["body"] is not None else None
    return rows


def _sorted(rows: list[dict[str, Any]], columns: list[str]) -> list[str]:
    return sorted(repr([row[name] for name in columns]) for row in rows)


def test_every_revision_but_the_present_one_is_kept_with_rows() -> None:
    scripts = ScriptDirectory.from_config(upgrade.configuration()).walk_revisions()

    assert sorted(script.revision for script in scripts if script.revision != schema.HEAD) == REVISIONS


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_table_of_an_earlier_revision_has_rows(revision: str) -> None:
    assert [name for name, rows in _dumped(revision).items() if not rows] == []


def test_every_row_of_an_earlier_revision_is_there_after_the_upgrade(upgraded: Upgraded) -> None:
    found = _found(upgraded.url, upgraded.folder)
    for name, rows in _dumped(upgraded.revision).items():
        if name == "alembic_version":
            continue
        table = Row.metadata.tables[name]
        before = [_typed(table, {_now(table, column): _text(column, held) for column, held in row.items()}) for row in rows]
        columns = [column for column in before[0] if (name, column) != ("run", "error_kind")]  # renamed by 0005
        assert _sorted(found[name], columns) == _sorted(before, columns), name


@pytest.mark.parametrize("revision", [one for one in REVISIONS if one < "0005"], indirect=True, scope="module")
def test_the_kinds_of_errors_of_earlier_revisions_are_known_by_their_new_names(upgraded: Upgraded) -> None:
    found = {row["id"]: row["error_kind"] for row in _found(upgraded.url, upgraded.folder)["run"]}
    before = {row["id"]: row["error_kind"] for row in _dumped(upgraded.revision)["run"]}
    assert found == {row: kind and KINDS.get(kind, ErrorKind.OTHER.value) for row, kind in before.items()}
    assert {kind for kind in found.values() if kind} <= set(ErrorKind)


def test_a_failure_of_an_earlier_revision_keeps_its_sentence_as_the_reason(old: Old, tmp_path: Path) -> None:
    url = old("0004")

    with Store.open(url, folder=tmp_path) as store:
        (waiting,) = [one for one in store.deliveries() if one.reason and "gsmtp" in one.reason]
        failures = [run for run in store.runs_since("als", None) if run.error_kind is not None]

    sentence = "127.0.0.1 refused the login (535 5.7.8 Bad credentials - gsmtp) - check user and password"
    assert (waiting.reason, waiting.fix) == (sentence, None)
    assert {run.error_kind for run in failures} == set(ErrorKind) - {ErrorKind.TOO_LONG, ErrorKind.QUERY, ErrorKind.COLLECTION}
    assert all(run.fix is None for run in failures)


def test_an_upgraded_database_has_the_tables_of_a_new_one(upgraded: Upgraded) -> None:
    database = Database(upgraded.url, folder=upgraded.folder)
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Row.metadata)
    database.close()
    assert differences == []


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True, scope="module")
def test_an_upgraded_database_breaks_no_foreign_key(upgraded: Upgraded) -> None:
    with closing(sqlite3.connect(upgraded.folder / "watcher.db")) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_the_service_goes_on_with_an_upgraded_database(upgraded: Upgraded, tmp_path: Path) -> None:
    url = upgraded.copied(tmp_path)

    with Store.open(url, folder=tmp_path) as store:
        bench = Bench(store, url)
        store.abandon_open_runs(NOW)
        bench.news(paper(100), at=NOW)
        (candidate,) = store.unjudged("weekly", "nmj")
        bench.compose(candidate, at=NOW, owed=(Owed(MAIL, "mail", ("pi@lab.example",)),))
        sent = []
        while delivery := store.claim_delivery(NOW, holder="me"):
            assert store.settle(delivery, DeliveryState.SENT, NOW)
            sent.append((delivery.channel, delivery.message.subject))

        assert candidate.article.pmid == 100
        assert store.ledger("nmj")[pubmed_id(1)] is HitState.NEWS
        assert [one.composed_at for one in store.explain(pubmed_id(1)).presented] == [datetime(2026, 8, 22, 6, tzinfo=UTC)]
        mail, slack, notice = ("mail", "[NMJ] 1 new paper"), ("slack", "NMJ"), ("mail", "[watcher] nmj has not been searched")
        assert sorted(sent) == sorted([mail, mail, mail, notice, slack, slack])


def test_a_list_that_took_a_watch_before_the_upgrade_is_owed_what_came_after_it(old: Old, tmp_path: Path) -> None:
    url = old("0001")

    with Store.open(url, folder=tmp_path) as store:
        bench = Bench(store, url)
        taken_later = pmids(store.unjudged("monthly", "nmj"))
        bench.run(at=NOW, articles=(paper(101, crdt=date(2026, 1, 1)),), news={pubmed_id(101): BY_QUERY})

        assert taken_later == [3, 61]
        assert pmids(store.unjudged("monthly", "nmj")) == [3, 61, 101]
        assert pmids(store.unjudged("weekly", "nmj")) == [101]


def test_a_list_that_gave_up_a_watch_before_the_upgrade_is_owed_what_was_seen_in_its_time(old: Old, tmp_path: Path) -> None:
    url = old("0003")

    with Store.open(url, folder=tmp_path) as store:
        bench = Bench(store, url)
        without = pmids(store.unjudged("gone", "nmj"))
        bench.register({"nmj": None, "als": None}, {"gone": ("nmj",)}, since=date(2026, 12, 1), at=NOW)

        assert without == []
        assert pmids(store.unjudged("gone", "nmj")) == [1, 3]


def test_notices_of_the_first_revision_keep_their_key_as_their_topic(old: Old, tmp_path: Path) -> None:
    url = old("0001")

    with Store.open(url, folder=tmp_path) as store:
        (standing,) = store.open_notices()

        assert (standing.topic, standing.what, standing.since) == ("channel:mail", "", standing.opened_at)
        assert not store.open_notice(Notice("channel:mail", NOW, headline="It fails"), (), host="lab.example", at=NOW)
        assert store.close_notice("channel:mail", (), host="lab.example", at=NOW)


def test_what_was_judged_before_the_upgrade_is_not_judged_again(old: Old, tmp_path: Path) -> None:
    url = old("0001")

    with Store.open(url, folder=tmp_path) as store:
        assert store.unjudged("weekly", "nmj") == ()
        assert [one.outcome for one in store.explain(pubmed_id(2)).judgements] == [Outcome.BELOW_THRESHOLD]
        assert store.list_history("weekly").last_slot_at == datetime(2026, 8, 29, 6, tzinfo=UTC)
        assert store.run_history("nmj").failed_in_row == 0


# --- that they never change


SCRIPTS = sorted(Path(versions.__path__[0]).glob("r*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_migration_rests_on_nothing_that_changes(script: Path) -> None:
    """SQLModel's own type of instants is new since 0.0.46; the models change with each version."""
    imported = [node.module for node in ast.walk(ast.parse(script.read_text())) if isinstance(node, ast.ImportFrom)]

    assert {name for name in imported if name} <= {"__future__", "alembic", "watcher.store.migrations.column_types"}


def test_instants_of_migrations_are_stored_as_those_of_the_models() -> None:
    model = Row.metadata.tables["run"].c.started_at.type
    instant = datetime(2026, 3, 29, 10, 30, tzinfo=ZoneInfo("Europe/Berlin"))

    dialects: list[sa.Dialect] = [sqlite.dialect(), postgresql.dialect()]  # type: ignore[no-untyped-call]
    for dialect in dialects:
        own = UTCDateTime()
        assert own.compile(dialect) == model.compile(dialect)
        stored = own.process_bind_param(instant, dialect)
        assert stored == model.process_bind_param(instant, dialect)  # type: ignore[attr-defined]
        assert stored is not None
        assert own.process_result_value(stored.replace(tzinfo=None), dialect) == instant
        assert own.process_bind_param(None, dialect) is own.process_result_value(None, dialect) is None
    with pytest.raises(ValueError, match="needs an offset"):
        UTCDateTime().process_bind_param(datetime(2026, 3, 29, 2, 30), sqlite.dialect())  # noqa: DTZ001 - that is the point
