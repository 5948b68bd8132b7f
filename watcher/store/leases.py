"""Leases: who may do a piece of work now. They are timed in real time, so that no clock file can end or prolong one.

A lease that was given back rests for a moment before another process gets it: each process keeps NCBI's pace by itself, and two that
follow each other at once would ask too often together.
"""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta

import sqlalchemy as sa

from watcher.store import process_lock
from watcher.store.columns import leases
from watcher.store.database import Database, change
from watcher.store.deliveries import free_claims
from watcher.store.process_lock import ProcessLock

REST_SECONDS = 1.2
"""A little more than the 1.1 s over which requests to NCBI are counted."""

_RESTING = ""
"""The token of a lease that nobody holds, but that rests."""


def take(database: Database, name: str, *, holder: str, seconds: float) -> str | None:
    """The token of a lease that was free or had run out, else None. One that rests is waited for."""
    token = secrets.token_hex(16)
    while (rest := _try(database, name, token, holder=holder, seconds=seconds)) > 0:
        time.sleep(rest)
    return token if rest == 0 else None


def _try(database: Database, name: str, token: str, *, holder: str, seconds: float) -> float:
    """0 when the lease is the token's now, the seconds for which it still rests, or less than 0 when another holds it."""
    with database.writing() as session:
        now = database.lease_time(session)
        held = session.execute(sa.select(leases.c.until, leases.c.token, leases.c.holder).where(leases.c.name == name)).first()
        if held is not None and held.until > now:
            if held.token != _RESTING:
                return -1
            rest: float = (held.until - now).total_seconds()
            if rest <= REST_SECONDS and not _is_same_process(held.holder, holder):  # longer only by a clock that was set back
                return rest
        session.execute(leases.delete().where(leases.c.name == name))
        until = now + timedelta(seconds=seconds)
        session.execute(leases.insert().values(name=name, holder=holder, token=token, until=until))
    return 0


def _is_same_process(one: str, other: str) -> bool:
    """Whether two holders are one process, which keeps the pace over both: all but the last part of their names is the same."""
    return one.rpartition(":")[0] == other.rpartition(":")[0]


def renew(database: Database, name: str, token: str, *, seconds: float) -> bool:
    """Prolongs a lease; False when it is no longer this token's. One that ran out unclaimed is taken up again."""
    with database.writing() as session:
        until = database.lease_time(session) + timedelta(seconds=seconds)
        mine = sa.and_(leases.c.name == name, leases.c.token == token)
        return bool(change(session, leases.update().where(mine).values(until=until)))


def release(database: Database, name: str, token: str) -> None:
    """Gives a lease back, to rest; nothing happens when it is no longer this token's."""
    with database.writing() as session:
        _rest(session, sa.and_(leases.c.name == name, leases.c.token == token), database.lease_time(session))


def _rest(session: sa.Connection, which: sa.ColumnElement[bool], now: datetime) -> int:
    until = now + timedelta(seconds=REST_SECONDS)
    return change(session, leases.update().where(which).values(token=_RESTING, until=until))


def holder_of(database: Database, name: str) -> str | None:
    """Who holds a lease that has not run out."""
    with database.reading() as session:
        now = database.lease_time(session)
        standing = sa.and_(leases.c.name == name, leases.c.until > now, leases.c.token != _RESTING)
        return session.execute(sa.select(leases.c.holder).where(standing)).scalar_one_or_none()


def free_dead(database: Database, holder: ProcessLock, at: datetime) -> int:
    """Frees the leases and sending claims of provably dead processes of this host and data folder; how many."""
    with database.writing() as session:
        held = session.execute(sa.select(leases.c.holder).where(leases.c.token != _RESTING).distinct()).scalars()
        dead = [name for name in held if process_lock.is_dead(name, holder.folder)]
        freed = _rest(session, sa.and_(leases.c.holder.in_(dead), leases.c.token != _RESTING), database.lease_time(session))
        return freed + free_claims(session, holder.folder, at)
