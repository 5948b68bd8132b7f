"""Rereadings of the papers that readers had: which records are due, how far it is, which records PubMed no longer gives.

A rereading is a row, open until it is finished; how far it is, each record says for itself. So one that was cut off goes on where it was.
Rows that are dated after now are left out, as everywhere: a clock that went ahead and came back silences nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from watcher.domain import EntryKind, RecordId, VerdictKind
from watcher.store import corrections
from watcher.store.columns import articles, digests, feed_entries, lists, presented, reread, rereadings, seeds, verdicts
from watcher.store.columns import corrections as correction_rows
from watcher.store.database import batches, insert_one, upsert
from watcher.store.values import Absent, Rereading

YOUNG_FOR = timedelta(days=730)
"""So long after it was presented last a paper is read in each rereading."""

OLD_EVERY = timedelta(days=27)
"""Older ones are read once in so long: with weekly rereadings in each fourth."""

FED_FOR = timedelta(days=14)
"""A paper of a watch's feed that no list has presented after so long is read again all the same. Before that a run has just read it, and most
lists present it and have it read from then on."""

ABSENT_AGAIN = timedelta(days=6)
"""A record that does not come counts as absent once more after so long, however often it is asked for."""


def last(session: sa.Connection, now: datetime) -> Rereading | None:
    """The latest rereading, finished or not."""
    latest = rereadings.select().where(rereadings.c.slot_at <= now, rereadings.c.started_at <= now)
    row = session.execute(latest.order_by(rereadings.c.slot_at.desc(), rereadings.c.id.desc()).limit(1)).mappings().first()
    return Rereading(**row) if row else None


def since(session: sa.Connection, now: datetime) -> datetime | None:
    """From when rereadings are due before there was one: since there is a list."""
    return session.execute(sa.select(sa.func.min(lists.c.created_at)).where(lists.c.created_at <= now)).scalar()


def begin(session: sa.Connection, slot: datetime, at: datetime) -> int:
    """Opens a rereading and gives its number; what was left open is closed. Where the one before could not read the records, its failures
    count on."""
    before = last(session, at)
    failures = before.failures if before and before.read_at is None else 0
    session.execute(rereadings.update().where(rereadings.c.finished_at.is_(None)).values(finished_at=at))
    return insert_one(session, rereadings, slot_at=slot, started_at=at, failures=failures)


def change(session: sa.Connection, number: int, **values: object) -> None:
    """Sets columns of a rereading."""
    session.execute(rereadings.update().where(rereadings.c.id == number).values(**values))


def add(session: sa.Connection, number: int, **counts: int) -> None:
    """Adds to counts of a rereading."""
    more = {name: rereadings.c[name] + count for name, count in counts.items()}
    session.execute(rereadings.update().where(rereadings.c.id == number).values(**more))


def due(session: sa.Connection, now: datetime, started_at: datetime, *, column: str) -> tuple[RecordId, ...]:
    """The records that a rereading has still to ask for; `column` says when each was asked for last.

    Of works that were presented, or stand in a feed: all records, and the notices about them. Of papers that readers marked as relevant, and of
    seeds: the record.
    """
    asked = {
        row.record_id: row
        for row in session.execute(sa.select(reread.c.record_id, reread.c[column].label("at"), reread.c.absent_since))
    }
    found: list[RecordId] = []
    for record_id, often in sorted(_all(session, now).items()):
        row = asked.get(record_id)
        border = started_at if often or (row and row.absent_since) else now - OLD_EVERY
        if row is None or row.at is None or row.at < border or row.at > now:
            found.append(record_id)
    return tuple(found)


def _all(session: sa.Connection, now: datetime) -> dict[RecordId, bool]:
    """Every record that is read again, and whether in each rereading."""
    found = {record_id: now - at <= YOUNG_FOR for record_id, at in _shown(session, now)}
    relevant = sa.and_(verdicts.c.kind == VerdictKind.RELEVANT.value, verdicts.c.undone_at.is_(None))
    found |= dict.fromkeys(session.execute(sa.select(verdicts.c.record_id).where(relevant)).scalars(), True)
    used = sa.and_(seeds.c.record_id.is_not(None), seeds.c.resolved_by.is_not(None), seeds.c.removed_at.is_(None))
    found |= dict.fromkeys(session.execute(sa.select(seeds.c.record_id).where(used)).scalars(), True)
    return _notices(session, found) | found


def _shown(session: sa.Connection, now: datetime) -> Iterator[tuple[RecordId, datetime]]:
    """Each record of a work that was presented or stands in a feed, and since when. The works come first: there may be many more
    records."""
    latest = sa.select(presented.c.work_id, sa.func.max(digests.c.composed_at)).join(digests, digests.c.id == presented.c.digest_id)
    fed = sa.select(feed_entries.c.work_id, sa.func.max(feed_entries.c.entered_at)).where(
        feed_entries.c.kind == EntryKind.PAPER.value, feed_entries.c.entered_at <= now - FED_FOR
    )
    presented_at = dict(session.execute(fed.group_by(feed_entries.c.work_id)).all())
    presented_at |= dict(session.execute(latest.group_by(presented.c.work_id)).all())
    for batch in batches(presented_at):
        for record_id, work_id in session.execute(
            sa.select(articles.c.record_id, articles.c.work_id).where(articles.c.work_id.in_(batch))
        ):
            yield record_id, presented_at[work_id]


def _notices(session: sa.Connection, papers: dict[RecordId, bool]) -> dict[RecordId, bool]:
    told = sa.select(correction_rows.c.record_id, correction_rows.c.notice_record_id).where(
        correction_rows.c.notice_record_id.is_not(None)
    )
    notices: dict[RecordId, bool] = {}
    for batch in batches(papers):
        for record_id, notice in session.execute(told.where(correction_rows.c.record_id.in_(batch))):
            notices[notice] = notices.get(notice, False) or papers[record_id]
    return notices


def note(session: sa.Connection, asked: Collection[RecordId], missing: Collection[RecordId], at: datetime) -> None:
    """Notes that these records were asked for, and which of them did not come."""
    known = {
        row["record_id"]: row
        for batch in batches(asked)
        for row in session.execute(reread.select().where(reread.c.record_id.in_(batch))).mappings()
    }
    absent, there = frozenset(missing), {"absent_since": None, "absent_at": None, "absent_readings": 0}
    rows: list[dict[str, object]] = []
    for record_id in asked:
        row = known.get(record_id)
        came = _absent(row, at) if record_id in absent else there
        rows.append({"record_id": record_id, "asked_at": at, "crossref_at": row["crossref_at"] if row else None, **came})
    upsert(session, reread, rows, key=("record_id",))
    back = [record_id for record_id in asked if record_id not in absent and record_id in known and known[record_id]["absent_since"]]
    corrections.record_back(session, back, at)


def _absent(row: sa.RowMapping | None, at: datetime) -> dict[str, object]:
    if row is None or row["absent_since"] is None:
        return {"absent_since": at, "absent_at": at, "absent_readings": 1}
    counts = at - row["absent_at"] >= ABSENT_AGAIN
    return {
        "absent_since": row["absent_since"],
        "absent_at": at if counts else row["absent_at"],
        "absent_readings": row["absent_readings"] + counts,
    }


def note_crossref(session: sa.Connection, record_id: RecordId, at: datetime) -> None:
    """Notes that Crossref was asked about the paper of a record."""
    row = {"record_id": record_id, "asked_at": at, "crossref_at": at, "absent_readings": 0}
    upsert(session, reread, [row], key=("record_id",), first=("asked_at", "absent_readings"))


def absent(session: sa.Connection, readings: int) -> tuple[Absent, ...]:
    """The records that were absent in so many readings and of which nobody has been told yet."""
    told = sa.exists().where(
        correction_rows.c.record_id == reread.c.record_id, correction_rows.c.kind == "gone", correction_rows.c.ended_at.is_(None)
    )
    wanted = (
        sa.select(reread.c.record_id, articles.c.doi)
        .join(articles, articles.c.record_id == reread.c.record_id)
        .where(reread.c.absent_readings >= readings, ~told)
        .order_by(reread.c.record_id)
    )
    return tuple(Absent(record_id, doi) for record_id, doi in session.execute(wanted))


def same_doi(session: sa.Connection, record_id: RecordId, doi: str) -> RecordId | None:
    """Another stored record of this DOI that is no notice and not absent itself: the lowest."""
    away = sa.exists().where(reread.c.record_id == articles.c.record_id, reread.c.absent_since.is_not(None))
    wanted = sa.select(articles.c.record_id).where(
        articles.c.doi == doi.lower(), articles.c.record_id != record_id, ~articles.c.is_notice, ~away
    )
    found = session.execute(wanted.order_by(articles.c.record_id).limit(1)).scalar()
    return found or None


def dois(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, str]:
    """The DOIs of those of the records that have one and are no notices."""
    wanted = sa.select(articles.c.record_id, articles.c.doi).where(articles.c.doi.is_not(None), ~articles.c.is_notice)
    return {
        record_id: doi
        for batch in batches(record_ids)
        for record_id, doi in session.execute(wanted.where(articles.c.record_id.in_(batch)))
    }
