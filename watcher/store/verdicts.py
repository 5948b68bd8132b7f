"""Readers' verdicts: one in force for each watch, record and reader. What is replaced or taken back stays, with `undone_at`.

Each row names its watch. `watch_id` may be NULL in the table for what an outside program writes; such a row teaches no watch anything.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from watcher.domain import HitState, RecordId, Verdict, VerdictKind
from watcher.store import configuration
from watcher.store.articles import IS_READABLE
from watcher.store.columns import articles, hits, verdicts, watches
from watcher.store.database import insert_one


def give(
    session: sa.Connection,
    record_id: RecordId,
    kind: VerdictKind | None,
    named: Collection[str],
    *,
    reader: str,
    at: datetime,
    via: str,
) -> dict[str, VerdictKind | None]:
    """Puts the reader's verdict in the place of the one in force, for each of the watches; the kind that was in force there.

    What is in force already has its date renewed; `kind` None takes it back.
    """
    rows = {configuration.watch_id(session, name): name for name in named}
    before = {}
    for watch_id, name in rows.items():
        mine = sa.and_(
            verdicts.c.watch_id == watch_id,
            verdicts.c.record_id == record_id,
            verdicts.c.reader == reader,
            verdicts.c.undone_at.is_(None),
        )
        held = session.execute(sa.select(verdicts.c.kind).where(mine)).scalar_one_or_none()
        before[name] = VerdictKind(held) if held else None
        if before[name] is kind:
            session.execute(verdicts.update().where(mine).values(made_at=at, via=via or None))
            continue
        session.execute(verdicts.update().where(mine).values(undone_at=at))
        if kind is not None:
            said = {"record_id": record_id, "reader": reader, "kind": kind.value}
            insert_one(session, verdicts, watch_id=watch_id, made_at=at, via=via or None, **said)
    return before


def standing(session: sa.Connection, watch_id: int) -> tuple[Verdict, ...]:
    """The verdicts in force for a watch, oldest first."""
    return _read(session, sa.and_(verdicts.c.watch_id == watch_id, verdicts.c.undone_at.is_(None)))


def of_paper(session: sa.Connection, record_id: RecordId) -> tuple[Verdict, ...]:
    """Every verdict on a paper, those taken back too, oldest first."""
    return _read(session, verdicts.c.record_id == record_id)


def unread(session: sa.Connection, watch_id: int, since: datetime) -> tuple[RecordId, ...]:
    """The papers with a verdict in force, given since then, whose text is not stored although PubMed may have it."""
    gone = sa.exists().where(
        hits.c.watch_id == watch_id, hits.c.record_id == verdicts.c.record_id, hits.c.state == HitState.UNAVAILABLE.value
    )
    stored = sa.exists().where(articles.c.record_id == verdicts.c.record_id, IS_READABLE)
    mine = sa.and_(verdicts.c.watch_id == watch_id, verdicts.c.undone_at.is_(None), verdicts.c.made_at >= since)
    wanted = sa.select(verdicts.c.record_id).distinct().where(mine, ~gone, ~stored).order_by(verdicts.c.record_id)
    return tuple(session.execute(wanted).scalars())


def _read(session: sa.Connection, condition: sa.ColumnElement[bool]) -> tuple[Verdict, ...]:
    wanted = (
        sa.select(verdicts, watches.c.name)
        .join(watches, watches.c.id == verdicts.c.watch_id)
        .where(condition)
        .order_by(verdicts.c.id)
    )
    return tuple(
        Verdict(
            id=row["id"],
            watch=row["name"],
            record_id=row["record_id"],
            kind=VerdictKind(row["kind"]),
            reader=row["reader"],
            made_at=row["made_at"],
            via=row["via"] or "",
            undone_at=row["undone_at"],
        )
        for row in session.execute(wanted).mappings()
    )
