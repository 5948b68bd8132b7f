"""Deliveries: claimed by one sender at a time, tried, settled. Nothing that is owed leaves this table unsent, unless a person drops it.

A claim is one conditional update that sets a fresh token and a lease in real time, together with the row of the attempt; it is
committed before a byte is sent. Only the owner of the token may settle. A claim whose lease has run out is taken again, under the
same Message-ID, unless its attempt says that the message was handed over: then it was sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from watcher.domain import ChannelKind, Delivery, DeliveryState, Failure, Message
from watcher.errors import Problem, UnknownNameError
from watcher.store import configuration, messages, process_lock, stops
from watcher.store.columns import attempts, deliveries, digests, lists, notices
from watcher.store.columns import messages as message_rows
from watcher.store.database import Database, batches, change
from watcher.store.values import DeliveryFacts, Resending

LEASE_SECONDS = 180
"""How long a claim holds unless it is renewed, in real time."""

FURTHEST = timedelta(days=2)
"""No try is put off for so long: a later time was set by a clock that has gone back since."""

_DAMAGED = "the stored message is damaged in the database"

_WAITING = (DeliveryState.PENDING.value, DeliveryState.PARKED.value)
_DONE = (DeliveryState.SENT.value, DeliveryState.DROPPED.value)
_FREE = {"holder": None, "token": None, "lease_until": None}


@dataclass(frozen=True, slots=True)
class WantedDeliveries:
    """Which deliveries a sender asks for: those due, of one channel, one alone, or everything that is owed."""

    channel: str | None = None
    everything: bool = False
    only: int | None = None
    exclude: frozenset[int] = frozenset()


def claim(
    database: Database, read: messages.RecentMessages, now: datetime, wanted: WantedDeliveries, *, holder: str
) -> Delivery | None:
    """The next delivery, now this holder's alone, or None. One whose stored message is damaged is parked, and the next one taken."""
    with database.writing() as session:
        real_now = database.lease_time(session)
        stops.enforce(session, now)
        if wanted.only is None:  # one that is known by its number: what was handed over is left to who asks for all
            _settle_handed_over(session, _stranded(real_now))
        while claimed := _claimed(session, now, real_now, wanted, holder):
            begun = _first_attempt_at(session, claimed["id"]) if claimed["attempts"] > 1 else None
            if begun is not None:
                _close_attempts(session, [claimed["id"]], now)
            try:
                delivery = _delivery(claimed, read.value(session, claimed["message_id"]), begun or now)
            except messages.Damaged:
                _park_damaged(session, claimed["id"], now)
                wanted = replace(wanted, exclude=wanted.exclude | {claimed["id"]})
                continue
            session.execute(attempts.insert().values(delivery_id=claimed["id"], started_at=now))
            return delivery
        return None


def _claimed(
    session: sa.Connection, now: datetime, real_now: datetime, wanted: WantedDeliveries, holder: str
) -> sa.RowMapping | None:
    """The row of the next delivery, which is this holder's now."""
    chosen = _chosen(wanted) if wanted.only is None else sa.and_(_chosen(wanted), ~_handed_over())
    ready = sa.and_(chosen, _ready(now, real_now, everything=wanted.everything), _is_next())
    first = sa.select(deliveries.c.id).where(ready).order_by(deliveries.c.id).limit(1).scalar_subquery()
    taken = deliveries.update().where(deliveries.c.id == first).returning(*deliveries.c)
    values = {
        "state": DeliveryState.SENDING.value,
        "holder": holder,
        "token": secrets.token_hex(16),
        "lease_until": real_now + timedelta(seconds=LEASE_SECONDS),
        "attempts": deliveries.c.attempts + 1,
    }
    return session.execute(taken.values(**values)).mappings().first()


def _park_damaged(session: sa.Connection, delivery_id: int, now: datetime) -> None:
    """Sets aside a delivery whose message cannot be read: it is tried again each day, should a backup bring the message back."""
    fix = (
        "put a backup of the database in its place, or take the papers with `watcher export` and end this with "
        f"`watcher deliver --drop {delivery_id}`"
    )
    parked = {"state": DeliveryState.PARKED.value, "next_at": now + timedelta(days=1), "reason": _DAMAGED, "fix": fix}
    session.execute(deliveries.update().where(deliveries.c.id == delivery_id).values(**_FREE, **parked))


def _first_attempt_at(session: sa.Connection, delivery_id: int) -> datetime | None:
    first = sa.select(attempts.c.started_at).where(attempts.c.delivery_id == delivery_id).order_by(attempts.c.id).limit(1)
    return session.execute(first).scalar()


def is_due(database: Database, session: sa.Connection, now: datetime) -> bool:
    """Whether `claim` would find a delivery, or settle one."""
    real_now = database.lease_time(session)
    free = sa.and_(_ready(now, real_now, everything=False), _is_next())
    due = sa.exists().where(sa.or_(free, _stranded(real_now))).select()
    return bool(session.execute(due).scalar())


def _ready(now: datetime, real_now: datetime, *, everything: bool) -> sa.ColumnElement[bool]:
    owed = deliveries.c.state.in_(_WAITING)
    come = sa.or_(deliveries.c.next_at <= now, deliveries.c.next_at > now + FURTHEST)
    due = owed if everything else sa.and_(owed, come)
    return sa.or_(due, _stranded(real_now))


def _stranded(real_now: datetime) -> sa.ColumnElement[bool]:
    """Being sent, under a lease that has run out."""
    return sa.and_(deliveries.c.state == DeliveryState.SENDING.value, deliveries.c.lease_until < real_now)


@cache
def _handed_over() -> sa.Exists:
    """Whether the open attempt says that the other side has taken the message."""
    taken = sa.and_(attempts.c.finished_at.is_(None), attempts.c.handed_over_at.is_not(None))
    return sa.exists().where(attempts.c.delivery_id == deliveries.c.id, taken).correlate(deliveries)


def _chosen(wanted: WantedDeliveries) -> sa.ColumnElement[bool]:
    chosen: list[sa.ColumnElement[bool]] = [deliveries.c.id.not_in(batch) for batch in batches(wanted.exclude)]
    if wanted.channel is not None:
        chosen.append(deliveries.c.channel == wanted.channel)
    if wanted.only is not None:
        chosen.append(deliveries.c.id == wanted.only)
    return sa.and_(sa.true(), *chosen)


@cache
def _is_next() -> sa.ColumnElement[bool]:
    """Whether nothing is still coming to this reader that is to be read before it."""
    return sa.and_(~_earlier_part_open(), ~_earlier_notice_open())


@cache
def _earlier_notice_open() -> sa.Exists:
    """Whether this reader has an earlier notice of the same topic still coming: that it was over arrives before that it fails again."""
    other, mine, theirs = deliveries.alias("other"), message_rows.alias("mine"), message_rows.alias("theirs")
    this, earlier = notices.alias("this"), notices.alias("earlier")
    return (
        sa.exists()
        .where(mine.c.id == deliveries.c.message_id, this.c.id == mine.c.notice_id)
        .where(earlier.c.topic == this.c.topic, earlier.c.id < this.c.id)
        .where(theirs.c.notice_id == earlier.c.id, other.c.message_id == theirs.c.id)
        .where(other.c.channel == deliveries.c.channel, other.c.recipient == deliveries.c.recipient)
        .where(other.c.state.not_in(_DONE))
        .correlate(deliveries)
    )


@cache
def _earlier_part_open() -> sa.Exists:
    """Whether this reader has an earlier part of the same message still coming: parts arrive in order."""
    other, mine, theirs = deliveries.alias("other"), message_rows.alias("mine"), message_rows.alias("theirs")
    return (
        sa.exists()
        .where(mine.c.id == deliveries.c.message_id, mine.c.part > 1)
        .where(theirs.c.id == other.c.message_id)
        .where(other.c.channel == deliveries.c.channel, other.c.recipient == deliveries.c.recipient)
        .where(sa.or_(theirs.c.digest_id == mine.c.digest_id, theirs.c.notice_id == mine.c.notice_id))
        .where(theirs.c.kind == mine.c.kind, theirs.c.part < mine.c.part)
        .where(other.c.state.not_in(_DONE))
        .correlate(deliveries)
    )


def _delivery(row: sa.RowMapping, message: Message, first_attempt_at: datetime) -> Delivery:
    return Delivery(
        id=row["id"],
        channel=row["channel"],
        recipient=row["recipient"],
        message=message,
        rfc822_id=row["rfc822_id"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        first_attempt_at=first_attempt_at,
        token=row["token"],
    )


def renew(database: Database, delivery: Delivery) -> bool:
    """Prolongs the lease of a claim; False when it is no longer this delivery's token that holds it."""
    with database.writing() as session:
        until = database.lease_time(session) + timedelta(seconds=LEASE_SECONDS)
        sending = deliveries.c.state == DeliveryState.SENDING.value
        mine = sa.and_(deliveries.c.id == delivery.id, deliveries.c.token == delivery.token, sending)
        return bool(change(session, deliveries.update().where(mine).values(lease_until=until)))


def handed_over(session: sa.Connection, delivery: Delivery, at: datetime) -> None:
    """Notes on the attempt that the other side has taken the message, as long as the claim stands."""
    standing = sa.exists().where(deliveries.c.id == delivery.id, deliveries.c.token == delivery.token)
    current = sa.and_(attempts.c.delivery_id == delivery.id, attempts.c.finished_at.is_(None), standing)
    session.execute(attempts.update().where(current).values(handed_over_at=at))


def _settle_handed_over(session: sa.Connection, left: sa.ColumnElement[bool]) -> int:
    """Of claims that nobody will settle any more, those whose message the other side took were sent; how many."""
    taken = sa.and_(attempts.c.finished_at.is_(None), attempts.c.handed_over_at.is_not(None))
    taken_at = sa.select(attempts.c.handed_over_at).where(taken, attempts.c.delivery_id == deliveries.c.id).scalar_subquery()
    settled = session.execute(
        deliveries.update()
        .where(left, deliveries.c.state == DeliveryState.SENDING.value, taken_at.is_not(None))
        .values(**_FREE, state=DeliveryState.SENT.value, sent_at=taken_at, next_at=None, reason=None, fix=None)
        .returning(deliveries.c.id)
    )
    rows = list(settled.scalars())
    if not rows:
        return 0
    ended = attempts.update().where(taken, attempts.c.delivery_id.in_(rows))
    session.execute(ended.values(finished_at=attempts.c.handed_over_at, outcome=DeliveryState.SENT.value))
    return len(rows)


def settle(
    session: sa.Connection,
    delivery: Delivery,
    state: DeliveryState,
    at: datetime,
    *,
    next_at: datetime | None,
    failure: Failure | None,
    remark: str = "",
) -> bool:
    """Ends a claim; False when it is no longer this delivery's token that holds it. Pending without a time is due at once."""
    told = {"reason": failure.reason if failure else None, "fix": (failure.fix or None) if failure else None}
    values: dict[str, object] = {**_FREE, **told, "remark": remark or None, "state": state.value}
    values["next_at"] = at if next_at is None and state is DeliveryState.PENDING else next_at
    if state is DeliveryState.SENT:
        values["sent_at"] = at
    mine = sa.and_(
        deliveries.c.id == delivery.id,
        deliveries.c.token == delivery.token,
        deliveries.c.state == DeliveryState.SENDING.value,
    )
    if not change(session, deliveries.update().where(mine).values(**values)):
        return False
    open_one = sa.and_(attempts.c.delivery_id == delivery.id, attempts.c.finished_at.is_(None))
    session.execute(attempts.update().where(open_one).values(finished_at=at, outcome=state.value, **told))
    return True


def wake_parked(session: sa.Connection, now: datetime, channel: str | None, *, refused_too: bool = False) -> int:
    """Makes what is parked due now, and with `refused_too` what waits after a refusal; how many."""
    parked = deliveries.c.state == DeliveryState.PARKED.value
    if refused_too:
        waiting = sa.and_(deliveries.c.state == DeliveryState.PENDING.value, deliveries.c.reason.is_not(None))
        parked = sa.or_(parked, waiting)
    if channel is not None:
        parked = sa.and_(parked, deliveries.c.channel == channel)
    return change(session, deliveries.update().where(parked).values(state=DeliveryState.PENDING.value, next_at=now))


def drop(database: Database, delivery_id: int, at: datetime) -> bool:
    """Gives a delivery up for good; False when it was sent or dropped already, or is being sent this moment.

    Raises UnknownNameError when there is no such delivery.
    """
    with database.writing() as session:
        if session.execute(sa.select(deliveries.c.id).where(deliveries.c.id == delivery_id)).first() is None:
            raise UnknownNameError(Problem(f"there is no delivery {delivery_id}", "`watcher deliver` lists those that are owed"))
        stranded = _stranded(database.lease_time(session))
        _settle_handed_over(session, stranded)
        given_up = sa.and_(deliveries.c.id == delivery_id, sa.or_(deliveries.c.state.in_(_WAITING), stranded))
        values = {**_FREE, "state": DeliveryState.DROPPED.value, "next_at": None}
        dropped = change(session, deliveries.update().where(given_up).values(**values))
        if dropped:
            _close_attempts(session, [delivery_id], at)
        return bool(dropped)


def free_claims(session: sa.Connection, folder: Path, at: datetime) -> int:
    """Makes pending again what provably dead processes were sending; how many."""
    sending = deliveries.c.state == DeliveryState.SENDING.value
    claims = session.execute(sa.select(deliveries.c.id, deliveries.c.holder).where(sending)).all()
    dead = {holder for _, holder in claims if holder and process_lock.is_dead(holder, folder)}
    left = [row for row, holder in claims if holder in dead]
    sent = _settle_handed_over(session, deliveries.c.id.in_(left))
    _close_attempts(session, left, at)
    due = sa.func.coalesce(deliveries.c.next_at, deliveries.c.created_at)
    values = {**_FREE, "state": DeliveryState.PENDING.value, "next_at": due}
    return sent + change(session, deliveries.update().where(deliveries.c.id.in_(left), sending).values(**values))


def _close_attempts(session: sa.Connection, delivery_ids: list[int], at: datetime) -> None:
    """Ends attempts of which nobody will tell how they went."""
    left = sa.and_(attempts.c.delivery_id.in_(delivery_ids), attempts.c.finished_at.is_(None))
    session.execute(attempts.update().where(left).values(finished_at=at, outcome="lost"))


def owe_again(
    session: sa.Connection,
    list_name: str,
    since: datetime,
    channel: str,
    recipients: tuple[str, ...],
    kind: ChannelKind,
    *,
    again: bool,
    host: str,
    at: datetime,
) -> tuple[int, ...]:
    """Owes the stored messages of the digests composed since then to those recipients who lack them; the deliveries made due.

    Who was given up gets them too, and with `again` also who has had them, under the Message-ID of the first time.
    """
    found = session.execute(
        sa.select(message_rows.c.id)
        .join(digests, digests.c.id == message_rows.c.digest_id)
        .where(digests.c.list_id == configuration.list_id(session, list_name), digests.c.composed_at >= since)
        .where(message_rows.c.kind == kind.value)
        .order_by(message_rows.c.id)
    ).scalars()
    owed: list[int] = []
    recipients = stops.others(session, configuration.list_id(session, list_name), recipients, at)
    for message_id in found.all():
        standing = _standing(session, message_id, channel)
        lacking = [recipient for recipient in recipients if recipient not in standing]
        owed += messages.owe(session, message_id, channel, lacking, host=host, at=at)
        over = _DONE if again else (DeliveryState.DROPPED.value,)
        owed += _revive(session, [row for name, (row, state) in standing.items() if name in recipients and state in over], at)
    return tuple(sorted(owed))


def send_again(database: Database, delivery_id: int, at: datetime) -> Resending:
    """Owes one delivery anew, due at once, under the Message-ID of the first time; what is owed already is due at once.

    Raises UnknownNameError when there is no such delivery.
    """
    with database.writing() as session:
        found = next(iter(listed(session, numbered(delivery_id))), None)
        if found is None:
            raise UnknownNameError(Problem(f"there is no delivery {delivery_id}", "`watcher deliver` lists those that are owed"))
        if found.list_name and not stops.others(session, configuration.list_id(session, found.list_name), (found.recipient,), at):
            return Resending.STOPPED
        free = sa.and_(numbered(delivery_id), deliveries.c.state != DeliveryState.SENDING.value)
        return Resending.OWED if change(session, deliveries.update().where(free).values(**_anew(at))) else Resending.BEING_SENT


def _standing(session: sa.Connection, message_id: int, channel: str) -> dict[str, tuple[int, str]]:
    table = deliveries.c
    mine = sa.select(table.recipient, table.id, table.state).where(table.message_id == message_id, table.channel == channel)
    return {recipient: (row, state) for recipient, row, state in session.execute(mine)}


def _revive(session: sa.Connection, rows: list[int], at: datetime) -> list[int]:
    session.execute(deliveries.update().where(deliveries.c.id.in_(rows)).values(**_anew(at)))
    return rows


def _anew(at: datetime) -> dict[str, object]:
    return {"state": DeliveryState.PENDING.value, "next_at": at, "sent_at": None, "reason": None, "fix": None}


def listed(session: sa.Connection, condition: sa.ColumnElement[bool], *, limit: int | None = None) -> tuple[DeliveryFacts, ...]:
    """Where the deliveries stand that meet a condition on `delivery`, `message`, `digest` or `notice`, newest first."""
    table = deliveries.c
    found = session.execute(
        sa.select(
            table.id,
            lists.c.name.label("list_name"),
            digests.c.period,
            table.channel,
            table.recipient,
            message_rows.c.part,
            table.state,
            table.attempts,
            table.created_at,
            table.next_at,
            table.sent_at,
            table.reason,
            table.fix,
            table.remark,
            table.rfc822_id,
            notices.c.topic,
        )
        .join(message_rows, message_rows.c.id == table.message_id)
        .outerjoin(digests, digests.c.id == message_rows.c.digest_id)
        .outerjoin(lists, lists.c.id == digests.c.list_id)
        .outerjoin(notices, notices.c.id == message_rows.c.notice_id)
        .where(condition)
        .order_by(table.id.desc())
        .limit(limit)
    )
    return tuple(DeliveryFacts(**row) for row in found.mappings())


def numbered(delivery_id: int) -> sa.ColumnElement[bool]:
    """The condition of having this number."""
    return deliveries.c.id == delivery_id


def in_states(states: Collection[DeliveryState] | None) -> sa.ColumnElement[bool]:
    """The condition of being in one of the states, or in any."""
    return sa.true() if states is None else deliveries.c.state.in_([state.value for state in states])
