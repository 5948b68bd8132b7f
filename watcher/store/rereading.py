"""Rereadings of the papers that readers had: which records are due, how far it is, which records PubMed no longer gives.

A rereading is a row, open until it is finished; how far it is, each record says for itself. So one that was cut off goes on where it was.
Rows that are dated after now are left out, as everywhere: a clock that went ahead and came back silences nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from watcher.domain import Pmid, VerdictKind
from watcher.store import corrections
from watcher.store.columns import articles, digests, lists, presented, reread, rereadings, seeds, verdicts
from watcher.store.columns import corrections as correction_rows
from watcher.store.database import batches, insert_one, upsert
from watcher.store.values import Absent, Rereading

YOUNG_FOR = timedelta(days=730)
"""So long after it was presented last a paper is read in each rereading."""

OLD_EVERY = timedelta(days=27)
"""Older ones are read once in so long: with weekly rereadings in each fourth."""

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


def due(session: sa.Connection, now: datetime, started_at: datetime, *, column: str) -> tuple[Pmid, ...]:
    """The records that a rereading has still to ask for; `column` says when each was asked for last.

    Of works that were presented: all records, and the notices about them. Of papers that readers marked as relevant, and of seeds: the record.
    """
    asked = {
        row.pmid: row for row in session.execute(sa.select(reread.c.pmid, reread.c[column].label("at"), reread.c.absent_since))
    }
    found = []
    for pmid, often in sorted(_all(session, now).items()):
        row = asked.get(pmid)
        border = started_at if often or (row and row.absent_since) else now - OLD_EVERY
        if row is None or row.at is None or row.at < border or row.at > now:
            found.append(Pmid(pmid))
    return tuple(found)


def _all(session: sa.Connection, now: datetime) -> dict[int, bool]:
    """Every record that is read again, and whether in each rereading."""
    found = {pmid: now - at <= YOUNG_FOR for pmid, at in _shown(session)}
    relevant = sa.and_(verdicts.c.kind == VerdictKind.RELEVANT.value, verdicts.c.undone_at.is_(None))
    found |= dict.fromkeys(session.execute(sa.select(verdicts.c.pmid).where(relevant)).scalars(), True)
    used = sa.and_(seeds.c.pmid.is_not(None), seeds.c.resolved_by.is_not(None), seeds.c.removed_at.is_(None))
    found |= dict.fromkeys(session.execute(sa.select(seeds.c.pmid).where(used)).scalars(), True)
    return _notices(session, found) | found


def _shown(session: sa.Connection) -> Iterator[tuple[int, datetime]]:
    """Each record of a work that was presented, and when that was done last. The works come first: there may be many more records."""
    latest = sa.select(presented.c.work_id, sa.func.max(digests.c.composed_at)).join(digests, digests.c.id == presented.c.digest_id)
    presented_at = dict(session.execute(latest.group_by(presented.c.work_id)).all())
    for batch in batches(presented_at):
        for pmid, work_id in session.execute(sa.select(articles.c.pmid, articles.c.work_id).where(articles.c.work_id.in_(batch))):
            yield pmid, presented_at[work_id]


def _notices(session: sa.Connection, papers: dict[int, bool]) -> dict[int, bool]:
    told = sa.select(correction_rows.c.pmid, correction_rows.c.notice_pmid).where(correction_rows.c.notice_pmid.is_not(None))
    notices: dict[int, bool] = {}
    for batch in batches(papers):
        for pmid, notice in session.execute(told.where(correction_rows.c.pmid.in_(batch))):
            notices[notice] = notices.get(notice, False) or papers[pmid]
    return notices


def note(session: sa.Connection, asked: Collection[Pmid], missing: Collection[Pmid], at: datetime) -> None:
    """Notes that these records were asked for, and which of them did not come."""
    known = {
        row["pmid"]: row
        for batch in batches(asked)
        for row in session.execute(reread.select().where(reread.c.pmid.in_(batch))).mappings()
    }
    absent, there = frozenset(missing), {"absent_since": None, "absent_at": None, "absent_readings": 0}
    rows: list[dict[str, object]] = []
    for pmid in asked:
        row = known.get(pmid)
        came = _absent(row, at) if pmid in absent else there
        rows.append({"pmid": pmid, "asked_at": at, "crossref_at": row["crossref_at"] if row else None, **came})
    upsert(session, reread, rows, key=("pmid",))
    back = [pmid for pmid in asked if pmid not in absent and pmid in known and known[pmid]["absent_since"]]
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


def note_crossref(session: sa.Connection, pmid: Pmid, at: datetime) -> None:
    """Notes that Crossref was asked about the paper of a record."""
    row = {"pmid": pmid, "asked_at": at, "crossref_at": at, "absent_readings": 0}
    upsert(session, reread, [row], key=("pmid",), first=("asked_at", "absent_readings"))


def absent(session: sa.Connection, readings: int) -> tuple[Absent, ...]:
    """The records that were absent in so many readings and of which nobody has been told yet."""
    told = sa.exists().where(
        correction_rows.c.pmid == reread.c.pmid, correction_rows.c.kind == "gone", correction_rows.c.ended_at.is_(None)
    )
    wanted = (
        sa.select(reread.c.pmid, articles.c.doi)
        .join(articles, articles.c.pmid == reread.c.pmid)
        .where(reread.c.absent_readings >= readings, ~told)
        .order_by(reread.c.pmid)
    )
    return tuple(Absent(Pmid(pmid), doi) for pmid, doi in session.execute(wanted))


def same_doi(session: sa.Connection, pmid: Pmid, doi: str) -> Pmid | None:
    """Another stored record of this DOI that is no notice and not absent itself: the lowest."""
    away = sa.exists().where(reread.c.pmid == articles.c.pmid, reread.c.absent_since.is_not(None))
    wanted = sa.select(articles.c.pmid).where(articles.c.doi == doi.lower(), articles.c.pmid != pmid, ~articles.c.is_notice, ~away)
    found = session.execute(wanted.order_by(articles.c.pmid).limit(1)).scalar()
    return Pmid(found) if found else None


def dois(session: sa.Connection, pmids: Collection[Pmid]) -> dict[Pmid, str]:
    """The DOIs of those of the records that have one and are no notices."""
    wanted = sa.select(articles.c.pmid, articles.c.doi).where(articles.c.doi.is_not(None), ~articles.c.is_notice)
    return {Pmid(pmid): doi for batch in batches(pmids) for pmid, doi in session.execute(wanted.where(articles.c.pmid.in_(batch)))}
