"""Carries all rows from one database to another of the same schema revision, whichever of the two kinds each is.

The tables are read off the SQLite side, not off the models, so that a database of an older revision can be carried too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from watcher.store.columns import Bytes
from watcher.store.database import BATCH
from watcher.store.migrations.column_types import UTCDateTime

_VERSION = "alembic_version"

_NO_NUMBER = -(2**62)
"""Comes for a number that is not set: no INTEGER of PostgreSQL, which has 32 bits."""

_VALUES = 240
"""About so many values stand in one statement; old SQLite builds allow 999."""


def tables_of(connection: sa.Connection) -> list[sa.Table]:
    """The tables of an SQLite database, those that others refer to first, with times as aware UTC on either kind of database."""
    found = sa.MetaData()
    sa.event.listen(found, "column_reflect", _neutral)
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != _VERSION]


def copy(source: sa.Connection, target: sa.Connection, tables: list[sa.Table]) -> int:
    """Inserts all rows of the source, which is the one kind of database, into the empty tables of the target, the other; how many."""
    carry = _to_sqlite if source.dialect.name == "postgresql" else _to_postgresql
    return sum(carry(source, target, table) for table in tables)


def _to_sqlite(source: sa.Connection, target: sa.Connection, table: sa.Table) -> int:
    """In batches of the server's own binary rows, which no Python looks into; the next comes while one is inserted (decision 0066).

    Rows come in the order of their key, so that SQLite fills one page after the other.
    """
    wanted = sa.select(*map(_as_in_sqlite, table.c)).order_by(*table.primary_key)
    statement = str(wanted.compile(dialect=source.dialect, compile_kwargs={"literal_binds": True}))
    server, file, rows = _driver(source), _driver(target), 0
    with _as_of_sqlalchemy(source, statement), server.cursor("backup", binary=True) as cursor, ThreadPoolExecutor(1) as ahead:
        cursor.execute(statement)
        coming = ahead.submit(cursor.fetchmany, BATCH)
        while part := coming.result():
            coming = ahead.submit(cursor.fetchmany, BATCH)
            _insert(file, table, part)
            rows += len(part)
    return rows


def _as_in_sqlite(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The value that SQLAlchemy stores there, as an integer, a float, a text or bytes; for a day or a time that is not set, an empty text."""
    if isinstance(column.type, UTCDateTime):
        return sa.func.coalesce(sa.func.to_char(sa.func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US"), "")
    if isinstance(column.type, sa.Date):
        return sa.func.coalesce(sa.func.to_char(column, "YYYY-MM-DD"), "")
    if isinstance(column.type, sa.Boolean):
        return sa.cast(column, sa.Integer)
    if isinstance(column.type, sa.Integer) and column.nullable:
        return sa.func.coalesce(sa.cast(column, sa.BigInteger), _NO_NUMBER)
    return column


def _insert(file: sqlite3.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Several rows in a statement, which SQLite takes faster; and no None where it can be helped: Python's sqlite3 looks for an adapter of
    each (pysqlite_microprotocols_adapt)."""
    values = ", ".join(map(_taken, table.c))
    at_once = max(1, _VALUES // len(table.c))
    whole = len(rows) - len(rows) % at_once
    together = (tuple(chain.from_iterable(rows[start : start + at_once])) for start in range(0, whole, at_once))
    names = ", ".join(f'"{column.name}"' for column in table.c)
    insert = f'INSERT INTO "{table.name}" ({names}) VALUES '  # noqa: S608 - names of our own
    file.executemany(insert + ", ".join([f"({values})"] * at_once), together)
    file.executemany(f"{insert}({values})", rows[whole:])


def _taken(column: sa.Column[Any]) -> str:
    if isinstance(column.type, (UTCDateTime, sa.Date)):
        return "nullif(?, '')"
    return f"nullif(?, {_NO_NUMBER})" if isinstance(column.type, sa.Integer) and column.nullable else "?"


def _driver(connection: sa.Connection) -> Any:  # noqa: ANN401 - psycopg's connection or sqlite3's
    """The driver's own connection, in the transaction of SQLAlchemy's."""
    return connection.connection.driver_connection


@contextmanager
def _as_of_sqlalchemy(connection: sa.Connection, statement: str) -> Iterator[None]:
    """Errors of a driver that is spoken to directly, as SQLAlchemy raises them."""
    of_driver = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except of_driver as error:
        raise exc.DBAPIError.instance(
            statement, None, error, of_driver, hide_parameters=True, dialect=connection.dialect
        ) from error


def _to_postgresql(source: sa.Connection, target: sa.Connection, table: sa.Table) -> int:
    """By COPY, in its text format: a number that is too large is refused by the server, which psycopg cuts to 32 bits in the binary one."""
    names = ", ".join(f'"{column.name}"' for column in table.c)
    statement = f'COPY "{table.name}" ({names}) FROM STDIN'
    processors = [column.type.dialect_impl(target.dialect).bind_processor(target.dialect) for column in table.c]
    with _as_of_sqlalchemy(target, statement), _driver(target).cursor() as cursor:
        cursor.execute(f'SELECT {names} FROM "{table.name}" LIMIT 0')  # noqa: S608 - names of our own
        kinds, rows = [column.type_code for column in cursor.description], 0
        with cursor.copy(statement) as taking:
            taking.set_types(kinds)
            for row in source.execute(sa.select(table), execution_options={"yield_per": BATCH}):
                taking.write_row(
                    [value if stored is None else stored(value) for value, stored in zip(row, processors, strict=True)]
                )
                rows += 1
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
