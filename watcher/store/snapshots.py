"""The snapshot of each watch's own papers, and how far its ranking believes it. What the bytes mean is the ranking's affair."""

from __future__ import annotations

import sqlalchemy as sa

from watcher.domain import OwnGround
from watcher.store import codec, packing
from watcher.store.columns import snapshots
from watcher.store.database import change, upsert
from watcher.store.values import Snapshot, SnapshotFacts


def standing(session: sa.Connection, watch_id: int) -> Snapshot | None:
    """The watch's snapshot; None where there is none, or where it was damaged, so that another is taken."""
    row = session.execute(sa.select(snapshots).where(snapshots.c.watch_id == watch_id)).first()
    if row is None:
        return None
    try:
        content = packing.unpack(row.content)
    except codec.Undecodable:
        return None
    if codec.sha256(content) != row.sha256:
        return None
    return Snapshot(row.sha256, row.term, row.papers, row.taken_at, content, row.ranking_sha256)


def facts(session: sa.Connection, watch_id: int) -> SnapshotFacts | None:
    """What is told of the watch's snapshot; None where there is none."""
    wanted = sa.select(snapshots.c.papers, snapshots.c.taken_at, snapshots.c.belief).where(snapshots.c.watch_id == watch_id)
    row = session.execute(wanted).first()
    if row is None:
        return None
    belief = codec.loads_or(OwnGround | None, row.belief, None) if row.belief else None  # type: ignore[arg-type]
    return SnapshotFacts(row.papers, row.taken_at, belief)


def save(session: sa.Connection, watch_id: int, snapshot: Snapshot) -> None:
    """Keeps a snapshot in the place of the one before."""
    row = {
        "watch_id": watch_id,
        "sha256": snapshot.sha256,
        "term": snapshot.term,
        "papers": snapshot.papers,
        "taken_at": snapshot.taken_at,
        "content": packing.pack(snapshot.content),
        "ranking_sha256": None,
        "belief": None,
    }
    upsert(session, snapshots, [row], key=("watch_id",))


def save_belief(session: sa.Connection, watch_id: int, snapshot_sha256: str, ranking_sha256: str, belief: OwnGround) -> None:
    """Keeps how far a ranking believes the snapshot, unless another has taken its place."""
    mine = snapshots.update().where(snapshots.c.watch_id == watch_id, snapshots.c.sha256 == snapshot_sha256)
    change(session, mine.values(ranking_sha256=ranking_sha256, belief=codec.dumps(belief)))
