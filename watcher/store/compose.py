"""Writes a digest: everything that it decided and everything that it owes, in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from watcher import clock
from watcher.domain import Digest, FeedEntry, Gap, Receipt, RecordId
from watcher.errors import AlreadyComposed, StoreError
from watcher.store import codec, configuration, corrections, feeds, messages, scores, stops
from watcher.store.columns import (
    articles,
    digests,
    follow_ups,
    judgements,
    lists,
    presented,
    runs,
    subscriptions,
)
from watcher.store.database import batches, insert_new, insert_one
from watcher.store.values import DigestFacts, Judgement, ListHistory, Owed

LATER_RECORD = "later-record"
"""The kind of follow-up that tells of a later record of a work: "now in eLife"."""

_DAMAGED_RECEIPT = "the receipt of this digest is damaged in the database and cannot be read"

_ALWAYS = datetime.max.replace(tzinfo=UTC)


def list_history(session: sa.Connection, name: str, now: datetime | None) -> ListHistory:
    """What the next digest of a list has to know of the earlier ones; with `now`, nothing in it is later than that."""
    row = session.execute(_LIST, {"name": name, "until": now or _ALWAYS}).first()
    if row is None:
        return ListHistory(name)
    created_at = row.created_at if now is None or row.created_at <= now else _born(session, row.id, now)
    found = {one.id: one for one in session.execute(_DIGESTS, {"ids": sorted({row.newest, row.told} - {None})})}
    newest, told = found.get(row.newest), found.get(row.told)
    if newest is None:
        return ListHistory(name, created_at)
    return ListHistory(
        name=name,
        created_at=created_at,
        last_period=told.period if told else None,
        last_slot_at=row.slot_at,
        covers_to=min(newest.covers_to, clock.ncbi_day(now)) if now else newest.covers_to,
        last_composed_at=row.composed_at,
        last_papers=told.papers if told else 0,
        digests=row.digests,
    )


_UNTIL = sa.bindparam("until", type_=digests.c.slot_at.type)


def _of_list(what: sa.ColumnElement[Any], *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(what).where(digests.c.list_id == lists.c.id, *conditions).correlate(lists)


def _newest(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return _of_list(digests.c.id, *conditions).order_by(digests.c.id.desc()).limit(1).scalar_subquery()


def _last(column: sa.Column[datetime]) -> sa.ScalarSelect[Any]:
    """The latest instant in the column that is not later than it may be."""
    return _of_list(sa.func.max(column), column <= _UNTIL).scalar_subquery()


_LIST = sa.select(
    lists.c.id,
    lists.c.created_at,
    _newest().label("newest"),
    _newest(digests.c.slot_at <= _UNTIL).label("told"),
    _of_list(sa.func.count()).scalar_subquery().label("digests"),
    _last(digests.c.slot_at).label("slot_at"),
    _last(digests.c.composed_at).label("composed_at"),
).where(lists.c.name == sa.bindparam("name"))
"""What a list's history rests on. Made once: each round asks it of every list."""

_DIGESTS = sa.select(digests.c.id, digests.c.period, digests.c.covers_to, digests.c.papers).where(
    digests.c.id.in_(sa.bindparam("ids", expanding=True))
)


def _born(session: sa.Connection, list_id: int, now: datetime) -> datetime:
    """Since when a list is there that was made while the clock was ahead: since the first run for it under the clock that is right,
    or since now."""
    first = (
        sa.select(sa.func.min(runs.c.started_at))
        .join(subscriptions, sa.and_(subscriptions.c.watch_id == runs.c.watch_id, runs.c.id > subscriptions.c.after_run_id))
        .where(subscriptions.c.list_id == list_id, runs.c.started_at <= now)
    )
    return session.execute(first).scalar() or now


def last_digest(session: sa.Connection, name: str) -> DigestFacts | None:
    """The latest digest of a list."""
    mine = sa.select(digests).where(digests.c.list_id == configuration.known_list_id(session, name))
    row = session.execute(mine.order_by(digests.c.id.desc()).limit(1)).first()
    return digest_facts(name, row) if row else None


def digest_facts(list_name: str, row: sa.Row[Any]) -> DigestFacts:
    """The digest of a row."""
    return DigestFacts(
        id=row.id,
        list_name=list_name,
        period=row.period,
        kind=row.kind,
        slot_at=row.slot_at,
        covers_from=row.covers_from,
        covers_to=row.covers_to,
        composed_at=row.composed_at,
        papers=row.papers,
        gaps=codec.loads_or(tuple[Gap, ...], row.gaps, ()),
        receipt=codec.loads_or(Receipt, row.receipt, Receipt(failures=(_DAMAGED_RECEIPT,))),
        late_reason=row.late_reason,
    )


def presented_works(session: sa.Connection, list_name: str, work_ids: Collection[int]) -> dict[int, RecordId]:
    """Those of the works that the list has had, each with the record that it was shown as."""
    list_id = configuration.list_id(session, list_name)
    wanted = sa.select(presented.c.work_id, presented.c.record_id).where(presented.c.list_id == list_id)
    return {
        work_id: record_id
        for batch in batches(work_ids)
        for work_id, record_id in session.execute(wanted.where(presented.c.work_id.in_(batch)))
    }


def owe_digest(
    session: sa.Connection,
    digest: Digest,
    judged: Sequence[Judgement],
    owed: Sequence[Owed],
    *,
    host: str,
    kind: str,
    entries: Sequence[FeedEntry] = (),
) -> int:
    """Writes the digest, its entries of the list's feed, and one pending delivery for each recipient; the row of the digest.

    Raises AlreadyComposed when the list has a digest for this period, StoreError when it has already had one of the works.
    """
    list_id = configuration.list_id(session, digest.list.name)
    digest_id = _enter(session, list_id, digest, kind)
    _judge(session, list_id, digest_id, judged)
    _present(session, list_id, digest_id, digest)
    _tell_follow_ups(session, list_id, digest_id, digest)
    _tell_corrections(session, list_id, digest_id, digest)
    feeds.enter_told(session, list_id, entries, digest.composed_at)
    for one in owed:
        message_id = messages.keep(session, one.message, {"digest_id": digest_id})
        readers = stops.others(session, list_id, one.recipients, digest.composed_at)
        messages.owe(session, message_id, one.channel, readers, host=host, at=digest.composed_at)
    return digest_id


def _enter(session: sa.Connection, list_id: int, digest: Digest, kind: str) -> int:
    period = digest.period
    try:
        return insert_one(
            session,
            digests,
            list_id=list_id,
            period=period.key,
            kind=kind,
            slot_at=period.slot_at,
            covers_from=period.covers_from,
            covers_to=period.covers_to,
            gaps=codec.dumps(digest.gaps),
            composed_at=digest.composed_at,
            papers=len(digest.presented),
            receipt=codec.dumps(digest.receipt),
            late_reason=period.late_reason,
        )
    except exc.IntegrityError as error:
        raise AlreadyComposed(f"list {digest.list.name}: the digest for {period.key} was composed already") from error


def _judge(session: sa.Connection, list_id: int, digest_id: int, judged: Sequence[Judgement]) -> None:
    watch_ids, ranking_ids = configuration.watch_ids(session), scores.ranking_ids(session)
    rows = [
        {
            "list_id": list_id,
            "watch_id": watch_ids[one.watch],
            "record_id": one.record_id,
            "digest_id": digest_id,
            "outcome": one.outcome.value,
            "score": one.score,
            "threshold": one.threshold,
            "ranking_id": ranking_ids.get((watch_ids[one.watch], one.ranking_sha256 or "")),
        }
        for one in judged
    ]
    if rows:
        session.execute(judgements.insert(), rows)


def _present(session: sa.Connection, list_id: int, digest_id: int, digest: Digest) -> None:
    """Marks the works as presented: the works that the papers belong to now, should some have been merged since they were read."""
    current = _works_of(session, [item.article.record_id for item in digest.presented])
    rows = [
        {
            "list_id": list_id,
            "work_id": current[item.article.record_id],
            "record_id": item.article.record_id,
            "digest_id": digest_id,
            "section": item.section.value,
            "position": position,
        }
        for position, item in enumerate(digest.presented, start=1)
    ]
    try:
        if rows:
            session.execute(presented.insert(), rows)
    except exc.IntegrityError as error:
        raise StoreError(
            f"list {digest.list.name}: a paper of the digest for {digest.period.key} was presented before, or stands twice in it; "
            "nothing was written: compose it again"
        ) from error


def _tell_follow_ups(session: sa.Connection, list_id: int, digest_id: int, digest: Digest) -> None:
    current = _works_of(session, [told.article.record_id for told in digest.follow_ups])
    key = {"list_id": list_id, "kind": LATER_RECORD, "digest_id": digest_id}
    rows = [{**key, "work_id": current[told.article.record_id], "record_id": told.article.record_id} for told in digest.follow_ups]
    insert_new(session, follow_ups, rows)


def _tell_corrections(session: sa.Connection, list_id: int, digest_id: int, digest: Digest) -> None:
    beside = [one.id for item in digest.presented for one in item.corrections]
    corrections.tell(session, list_id, beside, digest.composed_at, digest_id=digest_id, with_paper=True)
    told = [one.id for paper in digest.corrected for one in paper.corrections]
    corrections.tell(session, list_id, told, digest.composed_at, digest_id=digest_id)


def _works_of(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, int]:
    """The work that each of the records belongs to now.

    Raises StoreError when one is not stored.
    """
    wanted = sa.select(articles.c.record_id, articles.c.work_id)
    found = {
        record_id: int(work_id)
        for batch in batches(record_ids)
        for record_id, work_id in session.execute(wanted.where(articles.c.record_id.in_(batch)))
    }
    missing = sorted(set(record_ids) - found.keys())
    if missing:
        raise StoreError(f"{missing[0].label} cannot be presented: it is not stored; {len(missing)} such in all")
    return found
