"""Scores and the rankings that gave them. A score is immutable: another ranking or another content makes another row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from watcher.domain import HitState, RankingFacts, Reasons, RecordId, Scored
from watcher.errors import StoreError
from watcher.store import codec
from watcher.store.columns import articles, hits, rankings, scores
from watcher.store.database import BATCH, batches, insert_new, upsert


def current(session: sa.Connection, watch_id: int, ranking_sha256: str, record_ids: Collection[RecordId]) -> dict[RecordId, Scored]:
    """The scores under this ranking of those of the records that have not changed since they were scored; damaged ones are left out."""
    wanted = (
        sa.select(scores.c.record_id, scores.c.value, scores.c.reasons)
        .join(rankings, rankings.c.id == scores.c.ranking_id)
        .join(articles, sa.and_(articles.c.record_id == scores.c.record_id, articles.c.content_sha256 == scores.c.content_sha256))
        .where(scores.c.watch_id == watch_id, rankings.c.sha256 == ranking_sha256)
    )
    return {
        record_id: Scored(record_id, value, told)
        for batch in batches(record_ids)
        for record_id, value, reasons in session.execute(wanted.where(scores.c.record_id.in_(batch)))
        if _is_score(value) and (told := codec.loads_or(Reasons | None, reasons, None))  # type: ignore[arg-type]
    }


def brought(session: sa.Connection, watch_id: int, ranking_sha256: str, since: datetime, until: datetime) -> tuple[float, ...]:
    """The scores under this ranking of the works that became news of the watch after the one instant and until the other, each by its best
    record, in no order. Damaged ones are left out."""
    wanted = (
        sa.select(articles.c.work_id, scores.c.value)
        .join(rankings, rankings.c.id == scores.c.ranking_id)
        .join(articles, sa.and_(articles.c.record_id == scores.c.record_id, articles.c.content_sha256 == scores.c.content_sha256))
        .join(hits, sa.and_(hits.c.watch_id == scores.c.watch_id, hits.c.record_id == scores.c.record_id))
        .where(scores.c.watch_id == watch_id, rankings.c.sha256 == ranking_sha256)
        .where(hits.c.state == HitState.NEWS.value, hits.c.news_at > since, hits.c.news_at <= until)
    )
    best: dict[int, float] = {}
    for work_id, value in session.execute(wanted):
        if _is_score(value):
            best[work_id] = max(value, best.get(work_id, 0.0))
    return tuple(best.values())


def _is_score(value: object) -> bool:
    """Whether this is a score, 0 to 100, and not what a damaged cell holds: SQLite's columns take anything."""
    return isinstance(value, float) and 0 <= value <= 100


def save(session: sa.Connection, watch_id: int, ranking: RankingFacts, scored: Sequence[Scored], at: datetime) -> None:
    """Keeps scores of stored articles, as they are stored now; the same score again mends one whose reasons were damaged.

    Raises StoreError when one of them has no stored article.
    """
    key = {"watch_id": watch_id, "ranking_id": _ranking(session, watch_id, ranking, at)}
    given = iter(scored)
    while part := list(islice(given, BATCH)):
        contents = _contents(session, {one.record_id for one in part})
        if not contents.keys() >= {one.record_id for one in part}:
            raise _unstored(session, scored)
        rows = [
            {
                **key,
                "record_id": one.record_id,
                "content_sha256": contents[one.record_id],
                "value": one.value,
                "reasons": codec.dumps(one.reasons),
            }
            for one in part
        ]
        upsert(session, scores, rows, key=("watch_id", "record_id", "ranking_id", "content_sha256"), first=("value",))


def _unstored(session: sa.Connection, scored: Sequence[Scored]) -> StoreError:
    record_ids = {one.record_id for one in scored}
    missing = sorted(record_ids - _contents(session, record_ids).keys())
    return StoreError(f"{missing[0].label} was scored but is not stored; {len(missing)} such in all")


def ranking_ids(session: sa.Connection) -> dict[tuple[int, str], int]:
    """The rows of all rankings, by watch and hash."""
    found = session.execute(sa.select(rankings.c.watch_id, rankings.c.sha256, rankings.c.id))
    return {(watch_id, sha256): row for watch_id, sha256, row in found}


def _ranking(session: sa.Connection, watch_id: int, ranking: RankingFacts, at: datetime) -> int:
    insert_new(session, rankings, [{**asdict(ranking), "watch_id": watch_id, "made_at": at}])
    mine = sa.and_(rankings.c.watch_id == watch_id, rankings.c.sha256 == ranking.sha256)
    return int(session.execute(sa.select(rankings.c.id).where(mine)).scalar_one())


def _contents(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, str]:
    wanted = sa.select(articles.c.record_id, articles.c.content_sha256)
    return {
        record_id: sha256
        for batch in batches(record_ids)
        for record_id, sha256 in session.execute(wanted.where(articles.c.record_id.in_(batch)))
    }
