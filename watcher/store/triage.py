"""What a reader has still to say something of, what they keep for later, and their notes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from watcher.domain import RecordId, VerdictKind
from watcher.store.columns import digests, judgements, lists, notes, presented, verdicts
from watcher.store.database import batches, upsert
from watcher.store.values import QueuedFacts


def queue(
    session: sa.Connection, reader: str, since: datetime, *, list_name: str = "", limit: int, offset: int = 0
) -> tuple[QueuedFacts, ...]:
    """Papers that digests presented since then and the reader has not marked: the newest digest first, in its order. A paper of several
    lists stands where it came last."""
    of_list = sa.true() if not list_name else lists.c.name == list_name
    last = (
        sa.select(sa.func.max(presented.c.digest_id))
        .join(digests, digests.c.id == presented.c.digest_id)
        .join(lists, lists.c.id == presented.c.list_id)
        .where(presented.c.work_id == (this := presented.alias("this")).c.work_id, of_list)
        .correlate(this)
        .scalar_subquery()
    )
    wanted = (
        sa.select(this.c.record_id, lists.c.name, digests.c.composed_at, this.c.list_id, this.c.digest_id)
        .join(digests, digests.c.id == this.c.digest_id)
        .join(lists, lists.c.id == this.c.list_id)
        .where(digests.c.composed_at >= since, of_list, this.c.digest_id == last, ~_marked(this.c.record_id, reader))
        .order_by(digests.c.composed_at.desc(), this.c.digest_id.desc(), this.c.position)
        .limit(limit)
        .offset(offset)
    )
    rows = session.execute(wanted).all()
    scores = {row.record_id: _score(session, row.list_id, row.digest_id, row.record_id) for row in rows}
    return tuple(QueuedFacts(row.record_id, row.composed_at, row.name, scores[row.record_id]) for row in rows)


def waiting(session: sa.Connection, reader: str, since: datetime, list_name: str = "") -> int:
    """How many papers `queue` has in all."""
    of_list = sa.true() if not list_name else lists.c.name == list_name
    counted = (
        sa.select(sa.func.count(sa.distinct(presented.c.work_id)))
        .join(digests, digests.c.id == presented.c.digest_id)
        .join(lists, lists.c.id == presented.c.list_id)
        .where(digests.c.composed_at >= since, of_list, ~_marked(presented.c.record_id, reader))
    )
    return int(session.execute(counted).scalar_one())


def _marked(record_id: sa.ColumnElement[RecordId], reader: str) -> sa.Exists:
    mine = sa.and_(verdicts.c.record_id == record_id, verdicts.c.reader == reader, verdicts.c.undone_at.is_(None))
    return sa.exists().where(mine)


def _score(session: sa.Connection, list_id: int, digest_id: int, record_id: RecordId) -> float | None:
    """The best score that the digest judged the paper by."""
    mine = sa.and_(judgements.c.list_id == list_id, judgements.c.record_id == record_id, judgements.c.digest_id == digest_id)
    return session.execute(sa.select(sa.func.max(judgements.c.score)).where(mine)).scalar()


def reading_list(session: sa.Connection, reader: str) -> tuple[QueuedFacts, ...]:
    """The papers that the reader keeps for later, the newest word first."""
    mine = sa.and_(verdicts.c.reader == reader, verdicts.c.kind == VerdictKind.LATER.value, verdicts.c.undone_at.is_(None))
    wanted = sa.select(verdicts.c.record_id, sa.func.max(verdicts.c.made_at)).where(mine).group_by(verdicts.c.record_id)
    rows = session.execute(wanted.order_by(sa.func.max(verdicts.c.made_at).desc())).all()
    return tuple(QueuedFacts(record_id, at) for record_id, at in rows)


def note(session: sa.Connection, record_id: RecordId, reader: str, text: str, at: datetime) -> None:
    """Keeps a note in the place of the one before; an empty one takes it away."""
    if text:
        upsert(
            session, notes, [{"record_id": record_id, "reader": reader, "text": text, "made_at": at}], key=("record_id", "reader")
        )
    else:
        session.execute(notes.delete().where(notes.c.record_id == record_id, notes.c.reader == reader))


def notes_of(session: sa.Connection, record_ids: Collection[RecordId], reader: str) -> dict[RecordId, str]:
    """A reader's notes on papers."""
    wanted = sa.select(notes.c.record_id, notes.c.text).where(notes.c.reader == reader)
    return {
        record_id: text
        for batch in batches(record_ids)
        for record_id, text in session.execute(wanted.where(notes.c.record_id.in_(batch)))
    }
