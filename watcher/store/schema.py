"""Brings the database to the schema that this version was written for. It never changes one that a newer version wrote.

Alembic is imported only when there is something to do: opening an up-to-date database costs one query.
"""

from __future__ import annotations

import sqlalchemy as sa

from watcher import clock
from watcher.errors import StoreError
from watcher.store import integrity
from watcher.store.database import Database, revision

HEAD = "0017"
"""The revision of the models in `tables`."""

_WHY = f"before-{HEAD}"
"""Why a backup is made, as its name says."""


def migrate(database: Database, *, keep_backups: int = 0) -> None:
    """Creates or upgrades the tables, in one transaction that other processes wait for; where article bodies are to be packed, in batches.

    What there is already is copied into the folder of backups before it is changed, and so many backups are kept; 0: no copy.

    Raises SchemaTooNew when a newer watcher wrote the database, StoreError when it cannot be used, or not be copied.
    """
    if database.is_sqlite:
        integrity.begin(database)
    with database.reading() as session:
        found = revision(session)
    if found not in (HEAD, None) and _pack(database, found, keep_backups):
        keep_backups = 0  # what was there is kept already
    if database.is_sqlite:
        _set_journal(database)
    if found == HEAD:
        return
    with database.migrating() as session:
        found = revision(session)
        if found != HEAD:
            _upgrade(database, session, found, keep_backups)


def is_head(database: Database) -> bool:
    """Whether the database has this version's schema. Raises StoreError when it cannot be used."""
    with database.reading() as session:
        return revision(session) == HEAD


def _pack(database: Database, found: str | None, keep_backups: int) -> bool:
    """Whether there was something to pack."""
    from watcher.store import repacking  # noqa: PLC0415 - as in _upgrade

    if found is None or not repacking.is_needed(found):
        return False
    repacking.run(database, found, why=_WHY, keep_backups=keep_backups)
    return True


def _upgrade(database: Database, session: sa.Connection, found: str | None, keep_backups: int) -> None:
    from watcher.store import backup, upgrade  # noqa: PLC0415 - Alembic is loaded only when there is something to do

    upgrade.refuse_newer(found, shown=database.shown)
    if found is None:
        _refuse_strange(database, session)
    elif keep_backups:
        backup.automatic(database, _WHY, clock.now(), keep=keep_backups)
    upgrade.to(session)


def _refuse_strange(database: Database, session: sa.Connection) -> None:
    """An SQLite file with tables that are not ours belongs to another program."""
    if database.is_sqlite and (names := sa.inspect(session).get_table_names()):
        raise StoreError(
            f"{database.shown}: another program's database (tables: {', '.join(names[:3])}); set another database.url, or put a backup "
            "in its place"
        )


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
