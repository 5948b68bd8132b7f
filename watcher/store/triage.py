"""What a reader has still to say something of, what they keep for later, and their notes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from watcher.domain import RecordId, VerdictKind
from watcher.store.columns import digests, judgements, lists, notes, presented, verdicts
from watcher.store.database import batches, upsert
from watcher.store.values import QueuedFacts


def queue(
    session: sa.Connection, reader: str, since: datetime, *, list_name: str = "", limit: int
) -> tuple[tuple[QueuedFacts, ...], int]:
    """Papers that digests presented since then and the reader has not marked: the newest digest first, in its order; and how many there are in
    all. A paper of several lists stands where it came last."""
    last = _last(since, list_name).subquery()
    wanted = (
        sa.select(
            last.c.record_id,
            lists.c.name,
            last.c.composed_at,
            last.c.list_id,
            last.c.digest_id,
            sa.func.count().over().label("total"),
        )
        .join(lists, lists.c.id == last.c.list_id)
        .where(last.c.rank == 1, last.c.record_id.not_in(_marked(reader)))
        .order_by(last.c.composed_at.desc(), last.c.digest_id.desc(), last.c.position)
        .limit(limit)
    )
    rows = session.execute(wanted).all()
    scores = {row.record_id: _score(session, row.list_id, row.digest_id, row.record_id) for row in rows}
    found = tuple(QueuedFacts(row.record_id, row.composed_at, row.name, scores[row.record_id]) for row in rows)
    return found, rows[0].total if rows else 0


def _last(since: datetime, list_name: str) -> sa.Select[Any]:
    """What the digests since then presented; `rank` is 1 where a paper came last."""
    rank = sa.func.row_number().over(partition_by=presented.c.work_id, order_by=presented.c.digest_id.desc())
    columns = (presented.c[name] for name in ("record_id", "list_id", "digest_id", "position"))
    wanted = sa.select(*columns, digests.c.composed_at, rank.label("rank")).join(digests, digests.c.id == presented.c.digest_id)
    first = sa.select(sa.func.min(digests.c.id)).where(digests.c.composed_at >= since).scalar_subquery()
    wanted = wanted.where(
        digests.c.composed_at >= since, presented.c.digest_id >= first
    )  # `first` spares a look for each old paper
    return wanted.where(presented.c.list_id == _numbered(list_name)) if list_name else wanted


def _marked(reader: str) -> sa.Select[Any]:
    """The records that a reader has marked: read once, since verdicts have no index by record."""
    return sa.select(verdicts.c.record_id).where(verdicts.c.reader == reader, verdicts.c.undone_at.is_(None))


def _numbered(list_name: str) -> sa.ScalarSelect[int]:
    return sa.select(lists.c.id).where(lists.c.name == list_name).scalar_subquery()


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
