"""The keys that sign links: made once, kept with the data, so that a link of a mail outlives a restart and a restore."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa

from watcher.store.columns import signing_keys
from watcher.store.database import Database, insert_one

_BYTES = 32


def standing(database: Database, at: datetime) -> tuple[str, ...]:
    """The keys, oldest first: at least one, which is made where there is none yet."""
    with database.reading() as session:
        found = _read(session)
    return found or _made(database, at)


def _made(database: Database, at: datetime) -> tuple[str, ...]:
    with database.writing() as session:
        if not _read(session):  # another process may have made one meanwhile
            insert_one(session, signing_keys, secret=secrets.token_urlsafe(_BYTES), made_at=at)
        return _read(session)


def _read(session: sa.Connection) -> tuple[str, ...]:
    return tuple(session.execute(sa.select(signing_keys.c.secret).order_by(signing_keys.c.id)).scalars())
