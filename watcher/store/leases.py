"""Leases: who may do a piece of work now. They are timed in real time, so that no clock file can end or prolong one."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import orm

from watcher.store import holder as holders
from watcher.store.database import Database, change
from watcher.store.deliveries import free_claims
from watcher.store.holder import Holder
from watcher.store.tables import leases


def take(database: Database, name: str, *, holder: str, seconds: float) -> str | None:
    """The token of a lease that was free or had run out, else None."""
    token = secrets.token_hex(16)
    with database.writing() as session:
        now = database.lease_time(session)
        held = session.execute(sa.select(leases.c.until).where(leases.c.name == name)).scalar_one_or_none()
        if held is not None and held > now:
            return None
        session.execute(leases.delete().where(leases.c.name == name))
        until = now + timedelta(seconds=seconds)
        session.execute(leases.insert().values(name=name, holder=holder, token=token, until=until))
    return token


def renew(database: Database, name: str, token: str, *, seconds: float) -> bool:
    """Prolongs a lease; False when it is no longer this token's. One that ran out unclaimed is taken up again."""
    with database.writing() as session:
        until = database.lease_time(session) + timedelta(seconds=seconds)
        mine = sa.and_(leases.c.name == name, leases.c.token == token)
        return bool(change(session, leases.update().where(mine).values(until=until)))


def release(session: orm.Session, name: str, token: str) -> None:
    """Gives a lease back; nothing happens when it is no longer this token's."""
    session.execute(leases.delete().where(leases.c.name == name, leases.c.token == token))


def holder_of(database: Database, name: str) -> str | None:
    """Who holds a lease that has not run out."""
    with database.reading() as session:
        now = database.lease_time(session)
        return session.execute(sa.select(leases.c.holder).where(leases.c.name == name, leases.c.until > now)).scalar_one_or_none()


def free_dead(session: orm.Session, holder: Holder, at: datetime) -> int:
    """Frees the leases and sending claims of provably dead processes of this host and data folder; how many."""
    held = session.execute(sa.select(leases.c.holder).distinct()).scalars()
    dead = [name for name in held if holders.is_dead(name, holder.folder)]
    return change(session, leases.delete().where(leases.c.holder.in_(dead))) + free_claims(session, holder.folder, at)
