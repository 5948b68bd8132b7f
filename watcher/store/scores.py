"""Scores and the rankings that gave them. A score is immutable: another ranking or another content makes another row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from watcher.domain import Pmid, RankingFacts, Reasons, Scored
from watcher.errors import StoreError
from watcher.store import codec
from watcher.store.columns import articles, rankings, scores
from watcher.store.database import BATCH, batches, insert_new, upsert


def current(session: sa.Connection, watch_id: int, ranking_sha256: str, pmids: Collection[Pmid]) -> dict[Pmid, Scored]:
    """The scores under this ranking of those of the pmids whose record has not changed since it was scored; damaged ones are left out."""
    wanted = (
        sa.select(scores.c.pmid, scores.c.value, scores.c.reasons)
        .join(rankings, rankings.c.id == scores.c.ranking_id)
        .join(articles, sa.and_(articles.c.pmid == scores.c.pmid, articles.c.content_sha256 == scores.c.content_sha256))
        .where(scores.c.watch_id == watch_id, rankings.c.sha256 == ranking_sha256)
    )
    return {
        pmid: Scored(pmid, value, told)
        for batch in batches(pmids)
        for pmid, value, reasons in session.execute(wanted.where(scores.c.pmid.in_(batch)))
        if _is_score(value) and (told := codec.loads_or(Reasons | None, reasons, None))  # type: ignore[arg-type]
    }


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
        contents = _contents(session, {one.pmid for one in part})
        if not contents.keys() >= {one.pmid for one in part}:
            raise _unstored(session, scored)
        rows = [
            {**key, "pmid": one.pmid, "content_sha256": contents[one.pmid], "value": one.value, "reasons": codec.dumps(one.reasons)}
            for one in part
        ]
        upsert(session, scores, rows, key=("watch_id", "pmid", "ranking_id", "content_sha256"), first=("value",))


def _unstored(session: sa.Connection, scored: Sequence[Scored]) -> StoreError:
    pmids = {one.pmid for one in scored}
    missing = sorted(pmids - _contents(session, pmids).keys())
    return StoreError(f"PMID {missing[0]} was scored but is not stored; {len(missing)} such in all")


def ranking_ids(session: sa.Connection) -> dict[tuple[int, str], int]:
    """The rows of all rankings, by watch and hash."""
    found = session.execute(sa.select(rankings.c.watch_id, rankings.c.sha256, rankings.c.id))
    return {(watch_id, sha256): row for watch_id, sha256, row in found}


def _ranking(session: sa.Connection, watch_id: int, ranking: RankingFacts, at: datetime) -> int:
    insert_new(session, rankings, [{**asdict(ranking), "watch_id": watch_id, "made_at": at}])
    mine = sa.and_(rankings.c.watch_id == watch_id, rankings.c.sha256 == ranking.sha256)
    return int(session.execute(sa.select(rankings.c.id).where(mine)).scalar_one())


def _contents(session: sa.Connection, pmids: Collection[Pmid]) -> dict[Pmid, str]:
    wanted = sa.select(articles.c.pmid, articles.c.content_sha256)
    return {pmid: sha256 for batch in batches(pmids) for pmid, sha256 in session.execute(wanted.where(articles.c.pmid.in_(batch)))}
