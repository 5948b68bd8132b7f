"""SQLAlchemy compiles a statement once in a process of the tests, not once for each of the thousands of databases that they open."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import util
from sqlalchemy.engine.default import DefaultDialect

_KEPT = 4000
"""More statements than watcher has, in every form and for both kinds of database."""


def share_compiled() -> None:
    """From now on all engines of the process share what statements were compiled to. Dialects of one class are equal for it: watcher sets
    nothing that makes two of them differ, and the tests of a process have one SQLite and one PostgreSQL server."""
    shared: Any = util.LRUCache(_KEPT)
    kept = property(lambda _engine: shared, lambda _engine, _own: None)
    sa.Engine._compiled_cache = kept  # type: ignore[assignment]
    DefaultDialect.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]
    DefaultDialect.__hash__ = lambda one: hash(type(one))  # type: ignore[assignment,method-assign]
