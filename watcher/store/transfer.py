"""Carries all rows from one database to another of the same schema revision, whichever of the two kinds each is.

The tables are read off the SQLite side, not off the models, so that a database of an older revision can be carried too.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from watcher.store.columns import Bytes
from watcher.store.database import BATCH
from watcher.store.migrations.column_types import UTCDateTime

_VERSION = "alembic_version"


def tables_of(connection: sa.Connection) -> list[sa.Table]:
    """The tables of an SQLite database, those that others refer to first, with times as aware UTC on either kind of database."""
    found = sa.MetaData()
    sa.event.listen(found, "column_reflect", _neutral)
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != _VERSION]


def copy(source: sa.Connection, target: sa.Connection, tables: list[sa.Table]) -> int:
    """Inserts all rows of the source into the target's empty tables; how many."""
    rows = 0
    for table in tables:
        found = source.execute(sa.select(table), execution_options={"yield_per": BATCH})
        for part in found.mappings().partitions():
            target.execute(table.insert(), [dict(row) for row in part])
            rows += len(part)
    return rows


def count(connection: sa.Connection, tables: list[sa.Table]) -> int:
    """How many rows there are in all."""
    return sum(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables)


def empty(connection: sa.Connection, tables: list[sa.Table]) -> None:
    """Deletes all rows."""
    for table in reversed(tables):
        connection.execute(table.delete())


def continue_numbers(connection: sa.Connection, tables: list[sa.Table]) -> None:
    """On PostgreSQL: has each table's next number follow the highest that it has, since rows came with their numbers."""
    for table in tables:
        if "id" in table.c:
            owner = sa.func.pg_get_serial_sequence(table.name, "id")
            highest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(owner, sa.func.coalesce(highest, 1), highest.is_not(None))))


def _neutral(_inspector: object, _table: object, column: dict[str, Any]) -> None:
    """A column type that means the same on both kinds of database."""
    if isinstance(column["type"], sa.DateTime):
        column["type"] = UTCDateTime()
    elif isinstance(column["type"], sa.Date):
        column["type"] = sa.Date()
    elif isinstance(column["type"], sa.LargeBinary):
        column["type"] = Bytes()
