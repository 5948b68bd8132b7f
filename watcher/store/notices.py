"""Notices: failures that people were told of, one open for each topic, owed like digests.

The failure's messages are part 1 and those of its end part 2 of the same notice, so that the end never arrives first. Nor does the next
failure of the same topic arrive before the end of this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from watcher.domain import Notice
from watcher.store import messages
from watcher.store.columns import deliveries, notices
from watcher.store.columns import messages as message_rows
from watcher.store.database import insert_one
from watcher.store.values import NoticeFacts, Owed


def open_one(session: sa.Connection, notice: Notice, owed: Sequence[Owed], *, host: str, at: datetime) -> bool:
    """Writes a notice and all it owes; False, with nothing written, when its topic has an open one."""
    if _open_row(session, notice.topic) is not None:
        return False
    told = {"headline": notice.headline, "what": notice.what, "todo": notice.todo or None}
    facts = {**told, "topic": notice.topic, "since": notice.since, "opened_at": at}
    row = insert_one(session, notices, key=_free_key(session, notice), **facts)
    _owe(session, row, owed, host, at)
    return True


def close(session: sa.Connection, topic: str, owed: Sequence[Owed], *, host: str, at: datetime) -> bool:
    """Ends the open notice of a topic and writes what its end owes; False, with nothing written, when none is open.

    Whoever was not told of the beginning is not told of the end: a list that came meanwhile has nothing that could be over.
    """
    row = _open_row(session, topic)
    if row is None:
        return False
    session.execute(notices.update().where(notices.c.id == row).values(closed_at=at))
    told = _told(session, row)
    _owe(
        session,
        row,
        [replace(one, recipients=tuple(to for to in one.recipients if (one.channel, to) in told)) for one in owed],
        host,
        at,
    )
    return True


def standing(session: sa.Connection) -> tuple[NoticeFacts, ...]:
    """The open notices, oldest first."""
    table = notices.c
    columns = (table.id, table.topic, table.since, table.what, table.opened_at, table.headline, table.todo)
    wanted = sa.select(*columns).where(table.closed_at.is_(None))
    return tuple(NoticeFacts(*row) for row in session.execute(wanted.order_by(table.id)))


def _told(session: sa.Connection, row: int) -> set[tuple[str, str]]:
    """Channels and recipients that were owed the beginning of a notice."""
    mine = sa.select(deliveries.c.channel, deliveries.c.recipient).join(message_rows, message_rows.c.id == deliveries.c.message_id)
    return {(one.channel, one.recipient) for one in session.execute(mine.where(message_rows.c.notice_id == row))}


def _open_row(session: sa.Connection, topic: str) -> int | None:
    return session.execute(sa.select(notices.c.id).where(notices.c.topic == topic, notices.c.closed_at.is_(None))).scalar()


def _free_key(session: sa.Connection, notice: Notice) -> str:
    """The topic with the instant at which the failure began, and a number when it began more than once then."""
    key = f"{notice.topic}@{notice.since.isoformat()}"
    same = notices.c.key.startswith(key, autoescape=True)
    number = session.execute(sa.select(sa.func.count()).select_from(notices).where(same)).scalar_one()
    return f"{key}#{number + 1}" if number else key


def _owe(session: sa.Connection, row: int, owed: Sequence[Owed], host: str, at: datetime) -> None:
    for one in (each for each in owed if each.recipients):
        message_id = messages.keep(session, one.message, {"notice_id": row})
        messages.owe(session, message_id, one.channel, one.recipients, host=host, at=at)
