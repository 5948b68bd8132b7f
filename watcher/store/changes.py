"""Which works' texts have changed, for the text index to follow: a number for each work, the highest for the latest change.

It is written in the transaction that stores, joins or drops a text. The index (`watcher.store.search`) remembers up to which number it has
followed, and writes nothing here. See docs/decisions/0077.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import uuid4

import sqlalchemy as sa

from watcher.domain import RecordId
from watcher.store.columns import articles, search_changes, search_sources
from watcher.store.database import batches, insert_new, upsert, upsert_selected

_THE_ONE = 1


def note(session: sa.Connection, record_ids: Collection[RecordId]) -> None:
    """Notes that the texts of these stored records are others now."""
    if not record_ids:
        return
    number = _next(session)
    for batch in batches(record_ids):
        works = sa.select(articles.c.work_id, sa.literal(number)).distinct().where(articles.c.record_id.in_(batch))
        upsert_selected(session, search_changes, works, key="work_id")


def note_works(session: sa.Connection, work_ids: Collection[int]) -> None:
    """Notes that these works have other records now, or none."""
    number = _next(session)
    upsert(session, search_changes, [{"work_id": one, "number": number} for one in work_ids], key=("work_id",))


def token(session: sa.Connection) -> str:
    """What tells this database from others; "" before its first text."""
    return session.execute(sa.select(search_sources.c.token)).scalar() or ""


def _next(session: sa.Connection) -> int:
    """The number of a change that is made now. Writers come one after the other."""
    last = session.execute(sa.select(sa.func.max(search_changes.c.number))).scalar()
    if last is None:
        insert_new(session, search_sources, [{"id": _THE_ONE, "token": uuid4().hex}])
    return (last or 0) + 1
