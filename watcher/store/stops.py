"""Readers who stopped a list, or pause it: while that stands the list owes them nothing, whatever the configuration says.

A stop is found by the list and by the address that its deliveries go to, folded, so that another spelling in the configuration changes
nothing. What is owed when a stop comes is dropped in the same transaction; `messages.owe` is asked for the others only; and who claims a
delivery drops first what came back meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa

from watcher.domain import DeliveryState, Notice
from watcher.store import configuration, messages
from watcher.store.columns import deliveries, digests, lists, notices, stops
from watcher.store.columns import messages as message_rows
from watcher.store.database import change, insert_one
from watcher.store.values import Owed, StopFacts

TABLE = stops.name
_WAITING = (DeliveryState.PENDING.value, DeliveryState.PARKED.value)
CORRECTIONS = "corrections:"
"""The topic of corrections that a list's readers are told at once, before the list's name."""


def folded(recipient: str) -> str:
    """The reader behind a recipient's address."""
    return recipient.strip().casefold()


def stop(
    session: sa.Connection, list_name: str, recipient: str, *, until: datetime | None, via: str, at: datetime
) -> tuple[StopFacts, int]:
    """Stops a list for a reader, in the place of what they said before; and how many owed messages were dropped for it."""
    list_id, reader = configuration.list_id(session, list_name), folded(recipient)
    _end(session, list_id, reader, at)
    row = insert_one(session, stops, list_id=list_id, reader=reader, made_at=at, until_at=until, via=via or None)
    return _listed(session, stops.c.id == row)[0], _drop_owed(session, list_id, list_name, reader)


def resume(session: sa.Connection, list_name: str, recipient: str, at: datetime) -> bool:
    """Ends a reader's stop of a list; False when there is none."""
    return bool(_end(session, configuration.list_id(session, list_name), folded(recipient), at))


def _end(session: sa.Connection, list_id: int, reader: str, at: datetime) -> int:
    mine = sa.and_(stops.c.list_id == list_id, stops.c.reader == reader, stops.c.ended_at.is_(None))
    return change(session, stops.update().where(mine).values(ended_at=at))


def standing(session: sa.Connection, at: datetime) -> tuple[StopFacts, ...]:
    """The stops that hold at an instant, oldest first."""
    return _listed(session, _holds(at))


def untold(session: sa.Connection) -> tuple[StopFacts, ...]:
    """The stops that the owner was not told of, ended or not, oldest first."""
    return _listed(session, stops.c.owner_told_at.is_(None))


def every(session: sa.Connection) -> tuple[StopFacts, ...]:
    """Every stop there ever was, oldest first."""
    return _listed(session, sa.true())


def others(session: sa.Connection, list_id: int, recipients: Iterable[str], at: datetime) -> tuple[str, ...]:
    """The recipients who have not stopped the list."""
    wanted = sa.select(stops.c.reader).where(stops.c.list_id == list_id, _holds(at))
    gone = set(session.execute(wanted).scalars())
    return tuple(one for one in recipients if folded(one) not in gone)


def enforce(session: sa.Connection, at: datetime) -> None:
    """Drops what came to be owed in spite of a stop: a message that was on its way then, and came back."""
    for one in standing(session, at):
        _drop_owed(session, configuration.list_id(session, one.list_name), one.list_name, one.reader)


def bring_over(session: sa.Connection, stopped: Iterable[StopFacts]) -> tuple[StopFacts, ...]:
    """Takes over what readers stopped or took up again in another database and not in this one; the stops that hold since then, of which
    whoever runs the service is told. One of a list that this database does not know is left out: the list has no digests here."""
    known = {(one.list_name, one.reader, one.made_at): one for one in every(session)}
    numbers = {row.name: row.id for row in session.execute(sa.select(lists.c.name, lists.c.id))}
    missing = []
    for one in stopped:
        mine = known.get((one.list_name, one.reader, one.made_at))
        if mine is not None:
            session.execute(stops.update().where(stops.c.id == mine.id).values(ended_at=one.ended_at))
        elif one.list_name in numbers:
            said = {"reader": one.reader, "made_at": one.made_at, "until_at": one.until_at, "via": one.via or None}
            insert_one(session, stops, list_id=numbers[one.list_name], **said, ended_at=one.ended_at)
            missing += [one] if one.ended_at is None else []
    return tuple(missing)


def tell_owner(
    session: sa.Connection, ids: Collection[int], notice: Notice, owed: Iterable[Owed], *, host: str, at: datetime
) -> bool:
    """Writes the messages that tell the owner of stops, and that they were told; False when another process told one of them."""
    mine = sa.and_(stops.c.id.in_(ids), stops.c.owner_told_at.is_(None))
    if session.execute(sa.select(sa.func.count()).select_from(stops).where(mine)).scalar_one() != len(ids):
        return False
    session.execute(stops.update().where(mine).values(owner_told_at=at))
    facts = {"topic": notice.topic, "headline": notice.headline, "what": notice.what, "todo": notice.todo}
    key = f"{notice.topic}#{min(ids)}"
    notice_id = insert_one(session, notices, **facts, key=key, since=notice.since, opened_at=at, closed_at=at)
    for one in owed:
        message_id = messages.keep(session, one.message, {"notice_id": notice_id})
        messages.owe(session, message_id, one.channel, one.recipients, host=host, at=at)
    return True


def _holds(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(stops.c.ended_at.is_(None), sa.or_(stops.c.until_at.is_(None), stops.c.until_at > at))


def _listed(session: sa.Connection, condition: sa.ColumnElement[bool]) -> tuple[StopFacts, ...]:
    table = stops.c
    wanted = sa.select(
        table.id, lists.c.name.label("list_name"), table.reader, table.made_at, table.until_at, table.via, table.ended_at
    ).join(lists, lists.c.id == table.list_id)
    found = session.execute(wanted.where(condition).order_by(table.id)).mappings()
    return tuple(StopFacts(**{**row, "via": row["via"] or ""}) for row in found)


def _drop_owed(session: sa.Connection, list_id: int, list_name: str, reader: str) -> int:
    """Gives up what the list owes the reader and nobody is sending this moment: its digests, and corrections that it tells at once."""
    of_list = sa.select(digests.c.id).where(digests.c.list_id == list_id)
    at_once = sa.select(notices.c.id).where(notices.c.topic == f"{CORRECTIONS}{list_name}")
    mine = sa.select(message_rows.c.id).where(sa.or_(message_rows.c.digest_id.in_(of_list), message_rows.c.notice_id.in_(at_once)))
    waiting = sa.select(deliveries.c.id, deliveries.c.recipient).where(
        deliveries.c.message_id.in_(mine), deliveries.c.state.in_(_WAITING)
    )
    rows = [row for row, recipient in session.execute(waiting) if folded(recipient) == reader]
    values = {"state": DeliveryState.DROPPED.value, "next_at": None, "remark": "the reader stopped the list"}
    return change(session, deliveries.update().where(deliveries.c.id.in_(rows)).values(**values))
