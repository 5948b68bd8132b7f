"""Statements name the columns of `columns`, migrations make those of `tables`: they are the same."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from watcher.store import columns
from watcher.store.tables import Row

PLAIN = {table.name: table for table in vars(columns).values() if isinstance(table, sa.Table)}


def _told(column: sa.Column[object]) -> tuple[object, ...]:
    """What statements know of a column: name, types on both databases, key, the value where none is given."""
    kinds = tuple(column.type.compile(dialect=module.dialect()) for module in (sqlite, postgresql))
    default = column.default
    value = default.arg if isinstance(default, sa.ColumnDefault) else default
    return column.name, repr(column.type), *kinds, column.type.python_type, column.primary_key, value


@pytest.mark.parametrize("name", sorted(Row.metadata.tables))
def test_a_table_has_the_columns_of_its_model_in_their_order(name: str) -> None:
    model = Row.metadata.tables[name]

    assert [_told(column) for column in PLAIN[name].columns] == [_told(column) for column in model.columns]


def test_there_is_a_table_for_each_model_and_no_other() -> None:
    assert PLAIN.keys() == Row.metadata.tables.keys() == columns.NAMES


@pytest.mark.parametrize("value", [datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 3, 1, tzinfo=UTC)])
def test_an_instant_is_written_and_read_as_the_models_type_does(value: datetime) -> None:
    of_model = Row.metadata.tables["run"].c.started_at.type
    assert isinstance(of_model, sa.TypeDecorator)
    dialect = sqlite.dialect()

    written = columns.Instant().process_bind_param(value, dialect)

    assert written == of_model.process_bind_param(value, dialect)
    assert written is not None
    bare = written.replace(tzinfo=None)
    assert columns.Instant().process_result_value(bare, dialect) == of_model.process_result_value(bare, dialect) == value


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an offset"):
        columns.Instant().process_bind_param(datetime(2026, 3, 1), sqlite.dialect())  # noqa: DTZ001


def test_the_store_is_opened_without_building_the_models() -> None:
    code = "import sys, watcher.store; print(*(name for name in ('sqlmodel', 'sqlalchemy.orm', 'alembic') if name in sys.modules))"

    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own words

    assert said.split() == []
