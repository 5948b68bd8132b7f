"""Feeds: what a list's digests presented and told, what a watch's runs found, each as an entry that stays as it was worded.

An entry is written with what it tells of, in the same transaction: the digest, the run, the messages that tell a correction at once. Its id
follows from the feed's own number, drawn once, and its key: it is the same after a restore, in another database, and when works are merged.
Of a feed the last 200 entries are whole; of older ones stays that they were there, so that nothing comes twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from watcher.domain import FEED_ENTRIES, Corrected, Correction, Entered, EntryKind, FeedEntry, FeedKind, RecordId, paper_key
from watcher.store import articles as records
from watcher.store import codec, corrections, packing
from watcher.store.columns import articles, feed_entries, feeds, hits, lists, watches
from watcher.store.columns import corrections as correction_rows
from watcher.store.database import batches, change, insert_new
from watcher.store.values import Fed, FeedFacts


def make(session: sa.Connection, at: datetime) -> None:
    """Gives each list and watch a feed that has none."""
    for column, table in ((feeds.c.list_id, lists), (feeds.c.watch_id, watches)):
        wanted = sa.select(table.c.id).where(~sa.exists().where(column == table.c.id)).order_by(table.c.id)
        for number in session.execute(wanted).scalars().all():
            insert_new(session, feeds, [{column.name: number, "uuid": str(uuid.uuid4()), "made_at": at, "after_run_id": 0}])


# --- entering --------------------------------------------------------------------------------------------------------------------


def enter_told(session: sa.Connection, list_id: int, entries: Sequence[FeedEntry], at: datetime) -> None:
    """Puts what a list is told into its feed, the first of the entries on top."""
    _enter(session, _id_of(session, feeds.c.list_id == list_id), entries, (), at)


def enter_found(session: sa.Connection, watch_id: int, fed: Fed, at: datetime) -> None:
    """Puts what a run found into the feed of its watch, the first of the entries on top: papers whose hit is news to it, one for each work.
    The run's articles and hits are stored."""
    feed = session.execute(sa.select(feeds.c.id, feeds.c.after_run_id).where(feeds.c.watch_id == watch_id)).one()
    wanted = {one.record_id for one in fed.entries if one.kind is EntryKind.PAPER} | set(fed.beside)
    fresh = _fresh(session, watch_id, feed.after_run_id, wanted)
    kept = [one for one in fed.entries if one.kind is not EntryKind.PAPER or one.record_id in fresh]
    _enter(session, feed.id, kept, [one for one in fed.beside if one in fresh], at)


def _id_of(session: sa.Connection, condition: sa.ColumnElement[bool]) -> int:
    return int(session.execute(sa.select(feeds.c.id).where(condition)).scalar_one())


def _fresh(session: sa.Connection, watch_id: int, after_run_id: int, record_ids: Iterable[RecordId]) -> set[RecordId]:
    """Those of the records that the watch saw first after its feed was there."""
    mine = sa.select(hits.c.record_id).where(hits.c.watch_id == watch_id, hits.c.first_run_id > after_run_id)
    return {
        found for batch in batches(set(record_ids)) for found in session.execute(mine.where(hits.c.record_id.in_(batch))).scalars()
    }


def _enter(session: sa.Connection, feed_id: int, entries: Sequence[FeedEntry], beside: Sequence[RecordId], at: datetime) -> None:
    """The rows, the lowest for what stands last. `beside` are papers that are too many to be shown."""
    work_of = _works(session, {*beside, *(one.record_id for one in entries)})
    last = session.execute(sa.select(sa.func.coalesce(sa.func.max(correction_rows.c.id), 0))).scalar_one()
    had = _had(session, feed_id, set(work_of.values()))
    common = {"feed_id": feed_id, "last_correction_id": last, "entered_at": at, "correction_id": None, "body": None, "sha256": None}
    rows: list[dict[str, Any]] = []
    for one in entries:
        if one.kind is EntryKind.PAPER and not _takes(had, work_of[one.record_id]):
            continue
        told = {"key": one.key, "kind": one.kind.value, "record_id": one.record_id, "work_id": work_of[one.record_id]}
        body = codec.dumps(one)
        whole = {"correction_id": one.correction, "body": packing.pack(body.encode()), "sha256": codec.sha256(body)}
        rows.append({**common, **told, **whole})
    for record_id in beside:
        if _takes(had, work_of[record_id]):
            told = {
                "key": paper_key(record_id),
                "kind": EntryKind.PAPER.value,
                "record_id": record_id,
                "work_id": work_of[record_id],
            }
            rows.append({**common, **told})
    insert_new(session, feed_entries, rows[::-1])
    _trim(session, feed_id)


def _takes(had: set[int], work_id: int) -> bool:
    """Whether a work is not there yet; it is from now on."""
    if work_id in had:
        return False
    had.add(work_id)
    return True


def _had(session: sa.Connection, feed_id: int, work_ids: Iterable[int]) -> set[int]:
    """Those of the works that the feed has had."""
    paper = sa.and_(feed_entries.c.feed_id == feed_id, feed_entries.c.kind == EntryKind.PAPER.value)
    wanted = sa.select(feed_entries.c.work_id).where(paper)
    return {
        number
        for batch in batches(set(work_ids))
        for number in session.execute(wanted.where(feed_entries.c.work_id.in_(batch))).scalars()
    }


def _works(session: sa.Connection, record_ids: Iterable[RecordId]) -> dict[RecordId, int]:
    wanted = sa.select(articles.c.record_id, articles.c.work_id)
    return {
        record_id: work_id
        for batch in batches(set(record_ids))
        for record_id, work_id in session.execute(wanted.where(articles.c.record_id.in_(batch)))
    }


def _trim(session: sa.Connection, feed_id: int) -> None:
    """Drops the texts of what is no longer among the last entries."""
    mine = sa.select(feed_entries.c.id).where(feed_entries.c.feed_id == feed_id)
    border = mine.order_by(feed_entries.c.id.desc()).limit(1).offset(FEED_ENTRIES).scalar_subquery()
    old = sa.and_(feed_entries.c.feed_id == feed_id, feed_entries.c.body.is_not(None), feed_entries.c.id <= border)
    change(session, feed_entries.update().where(old).values(body=None, sha256=None))


def merge(session: sa.Connection, work_id: int, *, into: int) -> None:
    """Makes two works one. What a feed has had of both stays, each under its own id."""
    session.execute(feed_entries.update().where(feed_entries.c.work_id == work_id).values(work_id=into))


# --- reading ---------------------------------------------------------------------------------------------------------------------


def facts(session: sa.Connection, kind: FeedKind, name: str) -> FeedFacts | None:
    """A feed with its last entries, the latest first; None for a list or watch that was never registered."""
    table, column = _PLACES[kind]
    row = session.execute(sa.select(feeds).join(table, table.c.id == column).where(table.c.name == name)).first()
    return None if row is None else FeedFacts(_urn(row.uuid), row.made_at, _entries(session, row.id, uuid.UUID(row.uuid)))


_PLACES: Mapping[FeedKind, tuple[sa.Table, sa.Column[Any]]] = {
    FeedKind.LIST: (lists, feeds.c.list_id),
    FeedKind.WATCH: (watches, feeds.c.watch_id),
}


def latest(session: sa.Connection) -> int:
    """The number of the entry that came last into any feed; 0 before the first."""
    return int(session.execute(sa.select(sa.func.coalesce(sa.func.max(feed_entries.c.id), 0))).scalar_one())


def ids(session: sa.Connection) -> frozenset[str]:
    """The ids of all feeds that there ever were."""
    return frozenset(_urn(one) for one in session.execute(sa.select(feeds.c.uuid)).scalars())


def _entries(session: sa.Connection, feed_id: int, space: uuid.UUID) -> tuple[Entered, ...]:
    wanted = (
        sa.select(feed_entries, sa.func.coalesce(articles.c.title, "").label("title"))
        .outerjoin(articles, articles.c.record_id == feed_entries.c.record_id)
        .where(feed_entries.c.feed_id == feed_id, feed_entries.c.body.is_not(None))
        .order_by(feed_entries.c.id.desc())
        .limit(FEED_ENTRIES)
    )
    rows = session.execute(wanted).mappings()
    return tuple(Entered(_urn(uuid.uuid5(space, row["key"])), row["entered_at"], _read(row)) for row in rows)


def _read(row: sa.RowMapping) -> FeedEntry:
    """The entry as it was written; of a damaged one what the row itself says, and no address."""
    try:
        text = packing.unpack(row["body"])
        if codec.sha256(text) == row["sha256"]:
            return codec.loads(FeedEntry, text)
    except codec.Undecodable:
        pass
    record_id: RecordId = row["record_id"]
    title = row["title"] or record_id.label
    return FeedEntry(row["key"], EntryKind(row["kind"]), record_id, title, url="")


def _urn(number: object) -> str:
    return f"urn:uuid:{number}"


# --- what became of a watch's papers ---------------------------------------------------------------------------------------------


def untold(session: sa.Connection, watch_id: int, texts: records.Texts, now: datetime) -> tuple[Corrected, ...]:
    """What became of papers of a watch's feed and does not stand there yet, oldest first: one event in each."""
    paper, told = feed_entries.alias("paper"), feed_entries.alias("told")
    is_told = sa.exists().where(told.c.feed_id == paper.c.feed_id, told.c.correction_id == correction_rows.c.id)
    wanted = (
        sa.select(correction_rows, paper.c.feed_id, paper.c.record_id.label("had_as"), paper.c.entered_at)
        .join(articles, articles.c.record_id == correction_rows.c.record_id)
        .join(paper, paper.c.work_id == articles.c.work_id)
        .join(feeds, feeds.c.id == paper.c.feed_id)
        .where(feeds.c.watch_id == watch_id, paper.c.kind == EntryKind.PAPER.value)
        .where(correction_rows.c.ended_at.is_(None), correction_rows.c.id > paper.c.last_correction_id, ~is_told)
        .order_by(correction_rows.c.id, paper.c.id)
    )
    found = {row["id"]: (corrections.value(row), row) for row in reversed(session.execute(wanted).mappings().all())}
    known = _told(session, {row["feed_id"] for _, row in found.values()}, {one.about for one, _ in found.values() if one.about})
    speaking = [(one, row) for number, (one, row) in sorted(found.items()) if corrections.speaks(one, known, found, now)]
    return _corrected(session, speaking, texts)


def _told(session: sa.Connection, feed_ids: Iterable[int], numbers: Iterable[int]) -> frozenset[int]:
    """Those of the corrections that stand in the feed."""
    mine = sa.select(feed_entries.c.correction_id).where(feed_entries.c.feed_id.in_(list(feed_ids)))
    return frozenset(
        number
        for batch in batches(set(numbers))
        for number in session.execute(mine.where(feed_entries.c.correction_id.in_(batch))).scalars()
    )


def _corrected(
    session: sa.Connection, found: Sequence[tuple[Correction, sa.RowMapping]], texts: records.Texts
) -> tuple[Corrected, ...]:
    stored = records.load(session, {row["had_as"] for _, row in found}, texts)
    titles = _titles(session, {row["had_as"] for _, row in found})
    return tuple(
        Corrected(row["had_as"], titles.get(row["had_as"], ""), row["entered_at"], (one,), stored.get(row["had_as"]))
        for one, row in found
    )


def _titles(session: sa.Connection, record_ids: Iterable[RecordId]) -> dict[RecordId, str]:
    wanted = sa.select(articles.c.record_id, sa.func.coalesce(articles.c.title, ""))
    return {
        record_id: title
        for batch in batches(set(record_ids))
        for record_id, title in session.execute(wanted.where(articles.c.record_id.in_(batch)))
    }
