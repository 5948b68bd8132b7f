"""Brings the database to the schema that this version was written for. It never changes one that a newer version wrote.

Alembic is imported only when there is something to do: opening an up-to-date database costs one query.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import orm

from watcher.store.database import Database

HEAD = "0001"
"""The revision of the models in `tables`."""


def migrate(database: Database) -> None:
    """Creates or upgrades the tables, in one transaction that other processes wait for.

    Raises SchemaTooNew when a newer watcher wrote the database, StoreError when it cannot be used.
    """
    if database.is_sqlite:
        _set_journal(database)
    with database.reading() as session:
        if _revision(session) == HEAD:
            return
    with database.migrating() as session:
        found = _revision(session)
        if found != HEAD:
            from watcher.store import upgrade  # noqa: PLC0415 - Alembic is loaded only when there is something to do

            upgrade.to_head(session.connection(), found=found, shown=database.shown)


def _set_journal(database: Database) -> None:
    """Turns on write-ahead logging, which stays with the file. SQLite does not wait when two processes turn it at once: a lock file does."""
    with database.speaking(), database.engine.connect() as connection:
        if _journal(connection) == "wal":
            return
    with database.alone("schema"), database.speaking(), database.engine.connect() as connection:
        raw = connection.connection.driver_connection
        connection.rollback()
        if raw is not None:
            raw.execute("PRAGMA journal_mode = WAL")


def _journal(connection: sa.Connection) -> str:
    return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())


def _revision(session: orm.Session) -> str | None:
    """The revision that the database says it has, or None before its first migration."""
    if not sa.inspect(session.connection()).has_table("alembic_version"):
        return None
    return session.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
