"""Writes a digest: everything that it decided and everything that it owes, in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy import exc, orm

from watcher.domain import Digest, Gap, Pmid, Receipt
from watcher.errors import AlreadyComposed, StoreError
from watcher.store import codec, configuration, messages, scores
from watcher.store.database import batches, insert_new, insert_one
from watcher.store.tables import DigestListRow, DigestRow, articles, digests, follow_ups, judgements, lists, presented
from watcher.store.values import DigestFacts, Judgement, ListHistory, Owed

LATER_RECORD = "later-record"
"""The kind of follow-up that tells of a later record of a work: "now in eLife"."""


def list_history(session: orm.Session, name: str) -> ListHistory:
    """What the next digest of a list has to know of the earlier ones."""
    list_id = configuration.known_list_id(session, name)
    row = session.scalars(sa.select(DigestListRow).where(lists.c.id == list_id)).first()
    if row is None:
        return ListHistory(name)
    last = last_digest(session, name)
    count = session.execute(sa.select(sa.func.count()).select_from(digests).where(digests.c.list_id == list_id)).scalar_one()
    if last is None:
        return ListHistory(name, row.created_at)
    return ListHistory(
        name=name,
        created_at=row.created_at,
        last_period=last.period,
        last_slot_at=last.slot_at,
        covers_to=last.covers_to,
        last_composed_at=last.composed_at,
        last_papers=last.papers,
        digests=count,
    )


def last_digest(session: orm.Session, name: str) -> DigestFacts | None:
    """The latest digest of a list."""
    mine = sa.select(DigestRow).where(digests.c.list_id == configuration.known_list_id(session, name))
    row = session.scalars(mine.order_by(digests.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    return DigestFacts(
        id=row.id,
        list_name=name,
        period=row.period,
        kind=row.kind,
        slot_at=row.slot_at,
        covers_from=row.covers_from,
        covers_to=row.covers_to,
        composed_at=row.composed_at,
        papers=row.papers,
        gaps=codec.loads(tuple[Gap, ...], row.gaps),
        receipt=codec.loads(Receipt, row.receipt),
        late_reason=row.late_reason,
    )


def presented_works(session: orm.Session, list_name: str, work_ids: Collection[int]) -> dict[int, Pmid]:
    """Those of the works that the list has had, each with the record that it was shown as."""
    list_id = configuration.list_id(session, list_name)
    wanted = sa.select(presented.c.work_id, presented.c.pmid).where(presented.c.list_id == list_id)
    return {
        work_id: Pmid(pmid)
        for batch in batches(work_ids)
        for work_id, pmid in session.execute(wanted.where(presented.c.work_id.in_(batch)))
    }


def owe_digest(
    session: orm.Session, digest: Digest, judged: Sequence[Judgement], owed: Sequence[Owed], *, host: str, kind: str
) -> int:
    """Writes the digest and one pending delivery for each recipient; the row of the digest.

    Raises AlreadyComposed when the list has a digest for this period, StoreError when it has already had one of the works.
    """
    list_id = configuration.list_id(session, digest.order.name)
    digest_id = _enter(session, list_id, digest, kind)
    _judge(session, list_id, digest_id, judged)
    _present(session, list_id, digest_id, digest)
    _tell_follow_ups(session, list_id, digest_id, digest)
    for one in owed:
        message_id = messages.keep(session, one.message, {"digest_id": digest_id})
        messages.owe(session, message_id, one.channel, one.recipients, host=host, at=digest.composed_at)
    return digest_id


def _enter(session: orm.Session, list_id: int, digest: Digest, kind: str) -> int:
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
        raise AlreadyComposed(f"list {digest.order.name}: the digest for {period.key} was composed already") from error


def _judge(session: orm.Session, list_id: int, digest_id: int, judged: Sequence[Judgement]) -> None:
    watch_ids, ranking_ids = configuration.watch_ids(session), scores.ranking_ids(session)
    rows = [
        {
            "list_id": list_id,
            "watch_id": watch_ids[one.watch],
            "pmid": one.pmid,
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


def _present(session: orm.Session, list_id: int, digest_id: int, digest: Digest) -> None:
    """Marks the works as presented: the works that the papers belong to now, should some have been merged since they were read."""
    current = _works_of(session, [item.article.pmid for item in digest.presented])
    rows = [
        {
            "list_id": list_id,
            "work_id": current[item.article.pmid],
            "pmid": item.article.pmid,
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
            f"list {digest.order.name}: a paper of the digest for {digest.period.key} was presented before, or stands twice in it; "
            "nothing was written: compose it again"
        ) from error


def _tell_follow_ups(session: orm.Session, list_id: int, digest_id: int, digest: Digest) -> None:
    current = _works_of(session, [told.article.pmid for told in digest.follow_ups])
    key = {"list_id": list_id, "kind": LATER_RECORD, "digest_id": digest_id}
    rows = [{**key, "work_id": current[told.article.pmid], "pmid": told.article.pmid} for told in digest.follow_ups]
    insert_new(session, follow_ups, rows)


def _works_of(session: orm.Session, pmids: Collection[Pmid]) -> dict[Pmid, int]:
    """The work that each of the records belongs to now.

    Raises StoreError when one is not stored.
    """
    wanted = sa.select(articles.c.pmid, articles.c.work_id)
    found = {
        Pmid(pmid): int(work_id)
        for batch in batches(pmids)
        for pmid, work_id in session.execute(wanted.where(articles.c.pmid.in_(batch)))
    }
    missing = sorted(set(pmids) - found.keys())
    if missing:
        raise StoreError(f"PMID {missing[0]} cannot be presented: it is not stored; {len(missing)} such in all")
    return found
