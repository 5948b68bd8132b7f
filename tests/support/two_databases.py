"""Fresh databases of both kinds, and what is in them, for the tests of backups. `old` and `rows_of` know every table."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from watcher.store import transfer, upgrade
from watcher.store.database import Database
from watcher.store.tables import Row

RECORDS = Path(__file__).parents[1] / "records"


@dataclass(frozen=True)
class Place:
    """A data folder, and the URL of a database."""

    url: str
    folder: Path

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in the database."""
        return rows_of(self.url, self.folder)

    def fill(self, revision: str) -> None:
        """Makes it a database of an earlier revision, with rows in every table."""
        if self.url.startswith("sqlite"):
            _load(revision, self.folder / "watcher.db")
            return
        _load(revision, self.folder / "old.db")
        old, new = (Database(url, folder=self.folder) for url in (f"sqlite:///{self.folder}/old.db", self.url))
        with old.engine.connect() as source, new.engine.begin() as target:
            upgrade.to(target, revision)
            tables = transfer.tables_of(source)
            transfer.copy(source, target, tables)
            transfer.continue_numbers(target, tables)
        old.close()
        new.close()


def _load(revision: str, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((RECORDS / f"schema_{revision}.sql").read_text(encoding="utf-8"))


def rows_of(url: str, folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, whatever their revision; times as aware UTC."""
    database, found = Database(url, folder=folder), sa.MetaData()
    with database.engine.connect() as connection:
        found.reflect(connection)
        rows = {
            table.name: sorted((tuple(map(_plain, row)) for row in connection.execute(_in_order(table))), key=repr)
            for table in found.tables.values()
        }
    database.close()
    return rows


def _in_order(table: sa.Table) -> sa.Select[Any]:
    """The table with its columns in the order of the model: a migration may have put one last, or named it anew."""
    model = list(Row.metadata.tables[table.name].c.keys()) if table.name in Row.metadata.tables else []
    places = {
        column: model.index(name) if (name := now_called(column.name, table.name)) in model else len(model) for column in table.c
    }
    return sa.select(*sorted(table.c, key=places.__getitem__))


def now_called(column: str, table: str = "") -> str:
    """What a column of an earlier revision is called since 0010; an item of Zotero has a PMID, which is no record yet."""
    return column if table == "zotero_item" else column.replace("pmid", "record_id")


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """The value as text, the same from both kinds of database."""
    if isinstance(value, bool):
        return str(int(value))
    if hasattr(value, "utcoffset") and value.utcoffset() is not None:
        value = (value - value.utcoffset()).replace(tzinfo=None)
    return str(value)
