"""Forgets the texts of old papers that were never selected, and never that they were seen.

Of a forgotten record the row stays with its title, identifiers and dates: by these it is still joined to its work, and explained.
Hits, judgements and what was presented stay whole. A later fetch brings the text back.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from watcher import clock
from watcher.domain import HitState, Outcome
from watcher.store import changes, embeddings
from watcher.store.candidates import is_new_to, is_starter_of
from watcher.store.columns import articles, digests, hits, judgements, presented, scores, seeds, subscriptions, verdicts
from watcher.store.database import batches

_SELECTED = (Outcome.SHOWN.value, Outcome.ATTACHED.value)


def forget(session: sa.Connection, before: datetime, limit: int) -> int:
    """Drops the texts, scores and vectors of records last fetched before an instant, created before that day and never selected; how many."""
    old = sa.and_(
        articles.c.forgotten_at.is_(None),
        articles.c.fetched_at < before,
        sa.or_(articles.c.crdt.is_(None), articles.c.crdt < clock.ncbi_day(before)),
    )
    kept = articles.alias("kept")
    needed = sa.exists().where(kept.c.work_id == articles.c.work_id, _is_needed(kept, before))
    shown = articles.c.work_id.in_(sa.select(presented.c.work_id))
    wanted = (
        sa.select(articles.c.record_id)
        .where(old, ~shown, ~needed)
        .order_by(articles.c.fetched_at, articles.c.record_id)
        .limit(limit)
    )
    record_ids = list(session.execute(wanted).scalars())
    at = clock.now()
    embeddings.forget(session, record_ids, before)
    for batch in batches(record_ids):
        session.execute(scores.delete().where(scores.c.record_id.in_(batch)))
        session.execute(
            articles.update().where(articles.c.record_id.in_(batch)).values(body=None, forgotten_at=at, damaged_at=None)
        )
    changes.note(session, record_ids)
    return len(record_ids)


def _is_needed(record: sa.FromClause, before: datetime) -> sa.ColumnElement[bool]:
    """Whether the record's work keeps its texts for it."""
    return sa.or_(
        record.c.record_id.in_(sa.select(seeds.c.record_id).where(seeds.c.record_id.is_not(None))),
        record.c.record_id.in_(sa.select(verdicts.c.record_id).where(verdicts.c.undone_at.is_(None))),
        _is_judged(record, before),
        _is_open(record),
    )


def _is_judged(record: sa.FromClause, before: datetime) -> sa.ColumnElement[bool]:
    """Whether a digest selected it, or judged it so lately that it may be judged again."""
    lately = sa.or_(judgements.c.outcome.in_(_SELECTED), digests.c.composed_at >= before)
    return (
        sa.exists()
        .where(judgements.c.record_id == record.c.record_id, digests.c.id == judgements.c.digest_id, lately)
        .correlate(record)
    )


def _is_open(record: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a watch waits for it, or a list has still to judge it, be it when it takes the watch again."""
    took = subscriptions.c.watch_id == hits.c.watch_id
    to_judge = sa.or_(is_new_to(subscriptions, hits, record), is_starter_of(subscriptions, hits))
    waits = sa.or_(hits.c.state == HitState.AWAITING.value, sa.exists().where(took, to_judge).correlate(hits, record))
    return sa.exists().where(hits.c.record_id == record.c.record_id, waits).correlate(record)
