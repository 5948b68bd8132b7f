"""How each entry of the seed files was resolved to its PubMed record, so that it is asked for once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from watcher.domain import ResolvedSeed
from watcher.store import works
from watcher.store.columns import seeds
from watcher.store.database import upsert
from watcher.store.values import ResolvedSeedRow


def standing(session: sa.Connection, watch_id: int) -> tuple[ResolvedSeedRow, ...]:
    """The entries that the watch's seed files held when they were last saved."""
    mine = sa.select(seeds).where(seeds.c.watch_id == watch_id, seeds.c.removed_at.is_(None))
    return tuple(_value(row) for row in session.execute(mine.order_by(seeds.c.path, seeds.c.locator)))


def add(session: sa.Connection, watch_id: int, resolved: Sequence[ResolvedSeed], at: datetime) -> None:
    """Keeps what the seeds were resolved to, with their records."""
    works.save(session, [one.article for one in resolved if one.article is not None], at)
    upsert(session, seeds, [_row(watch_id, one, at) for one in resolved], key=("watch_id", "path", "locator"))


def drop(session: sa.Connection, watch_id: int, entries: Collection[tuple[str, str]], at: datetime) -> None:
    """Marks entries that are no longer given as removed."""
    one = seeds.c.path == sa.bindparam("its_path"), seeds.c.locator == sa.bindparam("its_locator")
    gone = seeds.update().where(seeds.c.watch_id == watch_id, seeds.c.removed_at.is_(None), *one).values(removed_at=at)
    session.execute(gone, [{"its_path": path, "its_locator": locator} for path, locator in sorted(entries)])


def _row(watch_id: int, resolved: ResolvedSeed, at: datetime) -> dict[str, object]:
    article, seed = resolved.article, resolved.seed
    return {
        "watch_id": watch_id,
        "path": seed.path,
        "locator": seed.locator,
        "file_sha256": seed.file_sha256,
        "record_id": article.record_id if article else seed.record_id,
        "resolved_by": resolved.resolved_by,
        "resolved_at": at,
        "problem": resolved.problem,
        "removed_at": None,
    }


def _value(row: sa.Row[Any]) -> ResolvedSeedRow:
    return ResolvedSeedRow(
        path=row.path,
        locator=row.locator,
        file_sha256=row.file_sha256,
        record_id=row.record_id if row.record_id is not None else None,
        resolved_by=row.resolved_by,
        resolved_at=row.resolved_at,
        problem=row.problem,
    )
