"""What people ask of the database: why this paper, which papers, how much there is. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from watcher.domain import Article, DeliveryState, HitState, Outcome, Reasons, Receipt, RecordId, Scored, Section, Weeks
from watcher.errors import Problem, UnknownNameError
from watcher.store import articles as records
from watcher.store import codec, configuration, deliveries, ledger, tellings, verdicts
from watcher.store.candidates import is_new_to, is_starter_of
from watcher.store.columns import (
    articles,
    digests,
    follow_ups,
    hits,
    judgements,
    lists,
    presented,
    rankings,
    runs,
    scores,
    subscriptions,
    watches,
)
from watcher.store.columns import deliveries as delivery_rows
from watcher.store.database import Database, batches
from watcher.store.schema import HEAD
from watcher.store.values import (
    ClaimFacts,
    FollowUpFacts,
    History,
    HitFacts,
    JudgementFacts,
    LeftOut,
    PresentedFacts,
    ScoreFacts,
    StoreFacts,
)


def explain(session: sa.Connection, record_id: RecordId, texts: records.Texts) -> History:
    """Everything that is known of a record, also when that is nothing."""
    work_record_ids = _work_records(session, record_id)
    presentations = _presented(session, work_record_ids)
    told = _follow_ups(session, record_id)
    issued = {one.digest_id for one in presentations} | {one.digest_id for one in told}
    article = records.load(session, [record_id], texts).get(record_id)
    title, forgotten_at, damaged_at = session.execute(
        sa.select(articles.c.title, articles.c.forgotten_at, articles.c.damaged_at).where(articles.c.record_id == record_id)
    ).first() or ("", None, None)
    return History(
        record_id=record_id,
        article=article,
        work_record_ids=work_record_ids,
        hits=_hits(session, record_id),
        scores=_scores(session, record_id),
        judgements=_judgements(session, record_id),
        presented=presentations,
        follow_ups=told,
        deliveries=tuple(reversed(deliveries.listed(session, digests.c.id.in_(issued)))),
        title=title or "",
        forgotten_at=forgotten_at,
        is_damaged=damaged_at is not None or record_id in texts.damaged,
        verdicts=verdicts.of_paper(session, record_id),
        claims=_claims(session, record_id),
        corrections=tellings.of_papers(session, {record_id, *work_record_ids}),
    )


def _work_records(session: sa.Connection, record_id: RecordId) -> tuple[RecordId, ...]:
    mine = sa.select(articles.c.work_id).where(articles.c.record_id == record_id).scalar_subquery()
    return tuple(
        session.execute(sa.select(articles.c.record_id).where(articles.c.work_id == mine).order_by(articles.c.record_id)).scalars()
    )


def _hits(session: sa.Connection, record_id: RecordId) -> tuple[HitFacts, ...]:
    found = session.execute(
        sa.select(hits, watches.c.name, runs.c.finished_at)
        .join(watches, watches.c.id == hits.c.watch_id)
        .join(runs, runs.c.id == hits.c.first_run_id)
        .where(hits.c.record_id == record_id)
        .order_by(hits.c.first_run_id)
    ).mappings()
    return tuple(
        HitFacts(
            watch=row["name"],
            state=HitState(row["state"]),
            origins=ledger.origins(session, row["watch_id"], [record_id]).get(record_id, frozenset()),
            first_seen_at=row["finished_at"],
            tries=row["tries"],
            news_at=row["news_at"],
            unavailable_at=row["unavailable_at"],
            starter_at=row["starter_at"],
            absent_since=row["absent_since"],
            absent_readings=row["absent_readings"],
        )
        for row in found
    )


def _claims(session: sa.Connection, record_id: RecordId) -> tuple[ClaimFacts, ...]:
    """For each list and watch the subscription that stands, else the one that ended last."""
    owed = sa.or_(is_new_to(subscriptions, hits, articles), is_starter_of(subscriptions, hits))
    found = session.execute(
        sa.select(
            lists.c.name,
            watches.c.name.label("watch"),
            owed.label("owed"),
            subscriptions.c.since,
            subscriptions.c.created_at,
            subscriptions.c.until,
            lists.c.removed_at,
            watches.c.removed_at.label("watch_removed_at"),
        )
        .select_from(hits)
        .join(subscriptions, subscriptions.c.watch_id == hits.c.watch_id)
        .join(lists, lists.c.id == subscriptions.c.list_id)
        .join(watches, watches.c.id == hits.c.watch_id)
        .join(articles, articles.c.record_id == hits.c.record_id)
        .where(hits.c.record_id == record_id)
        .order_by(lists.c.id, watches.c.id, subscriptions.c.until.is_(None), subscriptions.c.after_run_id)
    )
    latest = {(row[0], row[1]): ClaimFacts(*row) for row in found}
    return tuple(latest.values())


def _scores(session: sa.Connection, record_id: RecordId) -> tuple[ScoreFacts, ...]:
    found = session.execute(
        sa.select(
            watches.c.name,
            rankings.c.sha256,
            rankings.c.made_at,
            scores.c.value,
            scores.c.reasons,
            (scores.c.content_sha256 == articles.c.content_sha256).label("current"),
        )
        .join(rankings, rankings.c.id == scores.c.ranking_id)
        .join(watches, watches.c.id == scores.c.watch_id)
        .join(articles, articles.c.record_id == scores.c.record_id)
        .where(scores.c.record_id == record_id)
        .order_by(rankings.c.made_at, rankings.c.id)
    )
    return tuple(
        ScoreFacts(watch, ranking, made_at, bool(current), Scored(record_id, value, codec.loads_or(Reasons, reasons, Reasons())))
        for watch, ranking, made_at, value, reasons, current in found
    )


def _judgements(session: sa.Connection, record_id: RecordId) -> tuple[JudgementFacts, ...]:
    found = session.execute(
        sa.select(
            judgements, lists.c.name, watches.c.name.label("watch"), digests.c.period, digests.c.composed_at, rankings.c.sha256
        )
        .join(lists, lists.c.id == judgements.c.list_id)
        .join(watches, watches.c.id == judgements.c.watch_id)
        .join(digests, digests.c.id == judgements.c.digest_id)
        .outerjoin(rankings, rankings.c.id == judgements.c.ranking_id)
        .where(judgements.c.record_id == record_id)
        .order_by(digests.c.id, watches.c.name)
    ).mappings()
    return tuple(
        JudgementFacts(
            list_name=row["name"],
            watch=row["watch"],
            digest_id=row["digest_id"],
            period=row["period"],
            composed_at=row["composed_at"],
            outcome=Outcome(row["outcome"]),
            score=row["score"],
            threshold=row["threshold"],
            ranking_sha256=row["sha256"],
        )
        for row in found
    )


def _presented(session: sa.Connection, record_ids: Iterable[RecordId]) -> tuple[PresentedFacts, ...]:
    """How the work of these records was presented."""
    mine = sa.select(articles.c.work_id).where(articles.c.record_id.in_(list(record_ids)))
    found = session.execute(
        sa.select(
            lists.c.name,
            digests.c.id,
            digests.c.period,
            digests.c.composed_at,
            presented.c.record_id,
            presented.c.section,
            presented.c.position,
            digests.c.receipt,
        )
        .join(lists, lists.c.id == presented.c.list_id)
        .join(digests, digests.c.id == presented.c.digest_id)
        .where(presented.c.list_id.in_(sa.select(lists.c.id)), presented.c.work_id.in_(mine))  # for the key begins with the list
        .order_by(digests.c.id)
    )
    return tuple(
        PresentedFacts(
            name, digest_id, period, composed_at, record_id, Section(section), position, _gave_way_to(record_id, receipt)
        )
        for name, digest_id, period, composed_at, record_id, section, position, receipt in found
    )


def _gave_way_to(record_id: RecordId, receipt: str) -> RecordId | None:
    return next((one.to for one in codec.loads_or(Receipt, receipt, Receipt()).gave_way if one.record_id == record_id), None)


def _follow_ups(session: sa.Connection, record_id: RecordId) -> tuple[FollowUpFacts, ...]:
    found = session.execute(
        sa.select(lists.c.name, digests.c.id, digests.c.period, digests.c.composed_at)
        .join(lists, lists.c.id == follow_ups.c.list_id)
        .join(digests, digests.c.id == follow_ups.c.digest_id)
        .where(follow_ups.c.record_id == record_id)
        .order_by(digests.c.id)
    )
    return tuple(FollowUpFacts(*row) for row in found)


def export(
    session: sa.Connection,
    texts: records.Texts,
    *,
    list_name: str | None,
    watch: str | None,
    since: date | None,
    period: str | None = None,
) -> tuple[Article, ...]:
    """The papers that a list presented, in the order in which it did; of a watch, its news; of neither, all that was presented.

    With both: what the list presented of the watch's hits. `since` is the day (UTC) of the digest, or for a watch alone that on which
    they became news. `period`: only those of the list's digest of this period.
    """
    record_ids = _exported(session, list_name, watch, since, period)
    stored = records.load(session, record_ids, texts)
    return tuple(stored[record_id] for record_id in dict.fromkeys(record_ids) if record_id in stored)


def weeks(session: sa.Connection, watch: str, bounds: Sequence[datetime], list_name: str | None) -> Weeks:
    """What a watch found between each bound and the next, and how many of its papers the list (None: any list) showed."""
    watch_id = configuration.known_watch_id(session, watch)
    found = _between(bounds, hits.c.news_at, hits.c.record_id).where(hits.c.watch_id == watch_id)
    issued = sa.select(digests.c.id).where(digests.c.composed_at >= bounds[0], digests.c.composed_at < bounds[-1])
    shown = (
        _between(bounds, digests.c.composed_at, judgements.c.record_id, several=True)
        .select_from(judgements)
        .join(digests, digests.c.id == judgements.c.digest_id)
        .where(judgements.c.watch_id == watch_id, judgements.c.outcome == Outcome.SHOWN.value, judgements.c.digest_id.in_(issued))
    )
    if list_name is not None:
        shown = shown.where(judgements.c.list_id == configuration.known_list_id(session, list_name))
    return Weeks(watch, *(tuple(int(count) for count in session.execute(one).one()) for one in (found, shown)))


def _between(
    bounds: Sequence[datetime], at: sa.ColumnElement[Any], record_id: sa.ColumnElement[Any], *, several: bool = False
) -> sa.Select[Any]:
    """How many different records have an instant between each bound and the next; `several`: a record may have more than one row."""
    inside = [sa.case((sa.and_(at >= since, at < until), record_id)) for since, until in pairwise(bounds)]
    counts: list[sa.ColumnElement[Any]] = [sa.func.count(sa.distinct(one) if several else one) for one in inside]
    wanted: sa.Select[Any] = sa.select(*counts)
    return wanted.where(at >= bounds[0], at < bounds[-1])


def left_out(
    session: sa.Connection, *, list_name: str | None, watch: str | None, since: date | None, period: str | None = None
) -> LeftOut:
    """How many papers `export` leaves out, for their text was dropped or is damaged."""
    is_damaged = articles.c.damaged_at.is_not(None)
    counted = sa.select(is_damaged, sa.func.count()).where(~records.IS_READABLE).group_by(is_damaged)
    found: Counter[bool] = Counter()
    for batch in batches(set(_exported(session, list_name, watch, since, period))):
        for damaged, count in session.execute(counted.where(articles.c.record_id.in_(batch))):
            found[bool(damaged)] += count
    return LeftOut(dropped=found[False], damaged=found[True])


def _exported(
    session: sa.Connection, list_name: str | None, watch: str | None, since: date | None, period: str | None
) -> list[RecordId]:
    start = datetime.combine(since, time(), UTC) if since is not None else None
    if watch is not None and list_name is None:
        return _news(session, configuration.known_watch_id(session, watch), start)
    return _shown(session, list_name, watch, start, period)


def _news(session: sa.Connection, watch_id: int, start: datetime | None) -> list[RecordId]:
    wanted = sa.select(hits.c.record_id).where(hits.c.watch_id == watch_id, hits.c.state == HitState.NEWS.value)
    if start is not None:
        wanted = wanted.where(hits.c.news_at >= start)
    return list(session.execute(wanted.order_by(hits.c.news_at, hits.c.record_id)).scalars())


def _shown(
    session: sa.Connection, list_name: str | None, watch: str | None, start: datetime | None, period: str | None
) -> list[RecordId]:
    wanted = sa.select(presented.c.record_id).join(digests, digests.c.id == presented.c.digest_id)
    if list_name is not None:
        wanted = wanted.where(presented.c.list_id == configuration.known_list_id(session, list_name))
        if period is not None:
            wanted = wanted.where(presented.c.digest_id == _digest_of(session, list_name, period))
    if watch is not None:
        matched = sa.exists().where(
            hits.c.watch_id == configuration.known_watch_id(session, watch), hits.c.record_id == presented.c.record_id
        )
        wanted = wanted.where(matched)
    if start is not None:
        wanted = wanted.where(digests.c.composed_at >= start)
    return list(session.execute(wanted.order_by(digests.c.id, presented.c.position)).scalars())


def _digest_of(session: sa.Connection, list_name: str, period: str) -> int:
    list_id = configuration.known_list_id(session, list_name)
    of_list = sa.select(digests.c.id).where(digests.c.list_id == list_id)
    found = session.execute(of_list.where(digests.c.period == period)).scalar()
    if found is None:
        latest = session.execute(
            sa.select(digests.c.period).where(digests.c.list_id == list_id).order_by(digests.c.id.desc()).limit(1)
        ).scalar()
        fix = f"its last one is {latest}" if latest else "it has had none yet"
        raise UnknownNameError(Problem(f"list {list_name!r} has no digest of the period {period!r}", fix))
    return int(found)


def facts(database: Database, session: sa.Connection) -> StoreFacts:
    """The size of things."""
    owed = _owed(session)
    return StoreFacts(
        schema=HEAD,
        articles=_count(session, articles),
        works=session.execute(sa.select(sa.func.count(sa.distinct(articles.c.work_id)))).scalar_one(),
        hits=_count(session, hits),
        awaiting=_count(session, hits, hits.c.state == HitState.AWAITING.value),
        damaged=_count(session, articles, articles.c.damaged_at.is_not(None)),
        digests=_count(session, digests),
        presented=_count(session, presented),
        pending=owed.get(DeliveryState.PENDING.value, 0),
        sending=owed.get(DeliveryState.SENDING.value, 0),
        parked=owed.get(DeliveryState.PARKED.value, 0),
        oldest_at=_oldest_owed(session),
        size_bytes=database.size_bytes(session),
    )


_OWED = (DeliveryState.PENDING.value, DeliveryState.SENDING.value, DeliveryState.PARKED.value)


def _owed(session: sa.Connection) -> dict[str, int]:
    counted = (
        sa.select(delivery_rows.c.state, sa.func.count()).where(delivery_rows.c.state.in_(_OWED)).group_by(delivery_rows.c.state)
    )
    return dict(session.execute(counted).all())


def _oldest_owed(session: sa.Connection) -> datetime | None:
    return session.execute(sa.select(sa.func.min(delivery_rows.c.created_at)).where(delivery_rows.c.state.in_(_OWED))).scalar()


def _count(session: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool] | None = None) -> int:
    counted = sa.select(sa.func.count()).select_from(table)
    return int(session.execute(counted if condition is None else counted.where(condition)).scalar_one())
