"""Which lists have still to be told of a correction, which were told, and why others will not be: questions to the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from watcher.domain import Corrected, Correction, CorrectionKind, DeliveryState, FeedEntry, Notice, RecordId, VerdictKind
from watcher.store import articles as records
from watcher.store import configuration, corrections, feeds, messages, stops
from watcher.store.columns import (
    articles,
    corrections_told,
    deliveries,
    digests,
    lists,
    notices,
    presented,
    seeds,
    verdicts,
    watches,
)
from watcher.store.columns import corrections as correction_rows
from watcher.store.columns import messages as message_rows
from watcher.store.database import batches, insert_one
from watcher.store.values import CorrectionFacts, Owed, TellingFacts, Untold

_WORST = list(CorrectionKind)


def untold(session: sa.Connection, list_name: str, texts: records.Texts, now: datetime) -> tuple[Untold, ...]:
    """The papers that the list had, with what became of them and its readers were never told of: worst first."""
    list_id = configuration.known_list_id(session, list_name)
    had = sa.and_(presented.c.work_id == articles.c.work_id, presented.c.list_id == list_id)
    told = sa.exists().where(corrections_told.c.correction_id == correction_rows.c.id, corrections_told.c.list_id == list_id)
    rows = session.execute(
        sa.select(correction_rows, presented.c.record_id.label("had_as"), presented.c.digest_id, digests.c.composed_at)
        .join(articles, articles.c.record_id == correction_rows.c.record_id)
        .join(presented, had)
        .join(digests, digests.c.id == presented.c.digest_id)
        .where(correction_rows.c.ended_at.is_(None), ~told)
        .order_by(correction_rows.c.id)
    ).mappings()
    found: defaultdict[tuple[RecordId, int, datetime], list[Correction]] = defaultdict(list)
    for row in rows:
        found[row["had_as"], row["digest_id"], row["composed_at"]].append(corrections.value(row))
    return _of_papers(session, _speaking(session, list_id, found, now), texts)


_Found = dict[tuple[RecordId, int, datetime], list[Correction]]


def _speaking(session: sa.Connection, list_id: int, found: _Found, now: datetime) -> _Found:
    """Without what is said of a correction that these readers never heard of, or hear of only in part."""
    about = {one.about for held in found.values() for one in held if one.about}
    known = corrections.told_ids(session, list_id, about)
    kept = {}
    for key, held in found.items():
        here = {one.id for one in held}
        speaking = [one for one in held if corrections.speaks(one, known, here, now)]
        if speaking:
            kept[key] = sorted(speaking, key=lambda one: (_WORST.index(one.kind), one.id))
    return kept


def _of_papers(session: sa.Connection, found: _Found, texts: records.Texts) -> tuple[Untold, ...]:
    stored = records.load(session, {record_id for record_id, _, _ in found}, texts)
    titles, readers = (
        _titles(session, {record_id for record_id, _, _ in found}),
        _readers(session, {digest for _, digest, _ in found}),
    )
    sent = _sent(session, {digest for _, digest, _ in found})
    papers = [
        Untold(
            Corrected(record_id, titles.get(record_id, ""), sent.get(digest, composed_at), tuple(held), stored.get(record_id)),
            readers.get(digest, frozenset()),
        )
        for (record_id, digest, composed_at), held in found.items()
    ]
    return tuple(sorted(papers, key=_worst_first))


def _worst_first(one: Untold) -> tuple[int, float, int]:
    return _WORST.index(one.paper.corrections[0].kind), -one.paper.had_at.timestamp(), -one.paper.record_id.id


def _titles(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, str]:
    wanted = sa.select(articles.c.record_id, articles.c.title)
    return {
        record_id: title or ""
        for batch in batches(record_ids)
        for record_id, title in session.execute(wanted.where(articles.c.record_id.in_(batch)))
    }


def _sent(session: sa.Connection, digest_ids: Collection[int]) -> dict[int, datetime]:
    """When each digest first reached a reader."""
    first = (
        sa.select(message_rows.c.digest_id, sa.func.min(deliveries.c.sent_at))
        .join(deliveries, deliveries.c.message_id == message_rows.c.id)
        .where(deliveries.c.sent_at.is_not(None))
        .group_by(message_rows.c.digest_id)
    )
    return {
        digest: at
        for batch in batches(digest_ids)
        for digest, at in session.execute(first.where(message_rows.c.digest_id.in_(batch)))
    }


def _readers(session: sa.Connection, digest_ids: Collection[int]) -> dict[int, frozenset[tuple[str, str]]]:
    """To whom each digest went or goes, as channel and recipient."""
    found: defaultdict[int, set[tuple[str, str]]] = defaultdict(set)
    owed = (
        sa.select(message_rows.c.digest_id, deliveries.c.channel, deliveries.c.recipient)
        .join(deliveries, deliveries.c.message_id == message_rows.c.id)
        .where(deliveries.c.state != DeliveryState.DROPPED.value)
    )
    for batch in batches(digest_ids):
        for digest, channel, recipient in session.execute(owed.where(message_rows.c.digest_id.in_(batch))):
            found[digest].add((channel, recipient))
    return {digest: frozenset(held) for digest, held in found.items()}


def owe(
    session: sa.Connection,
    list_name: str,
    ids: Sequence[int],
    headline: str,
    owed: Sequence[Owed],
    *,
    host: str,
    at: datetime,
    entries: Sequence[FeedEntry] = (),
) -> bool:
    """Writes the messages that tell of corrections at once, their entries of the list's feed, that the list is told, and to whom they are
    owed; False when it was told."""
    list_id = configuration.list_id(session, list_name)
    if corrections.told_ids(session, list_id, ids):
        return False
    number = session.execute(sa.select(sa.func.coalesce(sa.func.max(notices.c.id), 0))).scalar_one() + 1
    topic = f"{stops.CORRECTIONS}{list_name}"
    facts = {"topic": topic, "key": f"{topic}@{at.isoformat()}#{number}", "what": "", "headline": headline}
    notice_id = insert_one(session, notices, **facts, since=at, opened_at=at, closed_at=at)
    corrections.tell(session, list_id, ids, at, notice_id=notice_id)
    feeds.enter_told(session, list_id, entries, at)
    for one in owed:
        message_id = messages.keep(session, one.message, {"notice_id": notice_id})
        readers = stops.others(session, list_id, one.recipients, at)
        messages.owe(session, message_id, one.channel, readers, host=host, at=at)
    return True


# --- the owner -------------------------------------------------------------------------------------------------------------------


def untold_to_owner(session: sa.Connection, watches: Collection[str], now: datetime) -> tuple[CorrectionFacts, ...]:
    """What became of seeds of these watches, and of papers marked as relevant for them, that no list presented and that the owner was never
    told of, worst first. Retractions are none of it: they are warned of for as long as they stand."""
    told = sa.exists().where(notices.c.key == _key_of(correction_rows.c.id))
    shown = sa.exists().where(presented.c.work_id == articles.c.work_id)
    used = sa.select(seeds.c.record_id).where(
        seeds.c.record_id.is_not(None), seeds.c.resolved_by.is_not(None), seeds.c.removed_at.is_(None)
    )
    marked = sa.select(verdicts.c.record_id).where(verdicts.c.undone_at.is_(None), verdicts.c.kind == VerdictKind.RELEVANT.value)
    found = listed(
        session,
        correction_rows.c.ended_at.is_(None),
        correction_rows.c.kind.not_in([kind.value for kind in CorrectionKind if kind.retracts]),
        sa.or_(correction_rows.c.record_id.in_(used), correction_rows.c.record_id.in_(marked)),
        ~told,
        ~shown,
    )
    mine = [one for one in found if not one.tellings and not {*one.seed_of, *one.marked_for}.isdisjoint(watches)]
    here = {one.correction.id for one in mine}
    known = _owner_told(session, {one.correction.about for one in mine if one.correction.about})
    speaking = [one for one in mine if corrections.speaks(one.correction, known, here, now)]
    return tuple(sorted(speaking, key=lambda one: (_WORST.index(one.correction.kind), one.correction.id)))


def tell_owner(
    session: sa.Connection, ids: Sequence[int], notice: Notice, owed: Sequence[Owed], *, host: str, at: datetime
) -> bool:
    """Writes the messages that tell the owner of corrections, and that each of them was told; False when one of them was told before.

    Each is a notice that is over when it is told; the messages are those of the first."""
    if _owner_told(session, ids):
        return False
    facts = {"topic": notice.topic, "headline": notice.headline, "since": notice.since, "opened_at": at, "closed_at": at}
    rows = [insert_one(session, notices, **facts, key=_key(number), what=notice.what, todo=notice.todo) for number in ids]
    for one in owed:
        message_id = messages.keep(session, one.message, {"notice_id": rows[0]})
        messages.owe(session, message_id, one.channel, one.recipients, host=host, at=at)
    return True


def _owner_told(session: sa.Connection, ids: Collection[int]) -> dict[int, datetime]:
    """When the owner was told of each of the corrections, as far as that was done."""
    numbers = {_key(number): number for number in ids}
    wanted = sa.select(notices.c.key, notices.c.opened_at)
    return {numbers[key]: at for batch in batches(numbers) for key, at in session.execute(wanted.where(notices.c.key.in_(batch)))}


_OWNER = "correction:"


def _key(number: int) -> str:
    """The key of the notice by which the owner is told of a correction."""
    return f"{_OWNER}{number}"


def _key_of(column: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    return sa.literal(_OWNER, sa.String) + sa.cast(column, sa.String)


# --- for people ------------------------------------------------------------------------------------------------------------------


def listed(session: sa.Connection, *conditions: sa.ColumnElement[bool]) -> tuple[CorrectionFacts, ...]:
    """Corrections with whom they were told, oldest first: those of papers that a list had, a reader marked or a watch has as a seed."""
    wanted = (
        sa.select(correction_rows, articles.c.work_id, articles.c.title)
        .outerjoin(articles, articles.c.record_id == correction_rows.c.record_id)
        .where(*conditions)
        .order_by(correction_rows.c.found_at, correction_rows.c.id)
    )
    rows = session.execute(wanted).mappings().all()
    had, told = _had(session, {row["work_id"] for row in rows if row["work_id"]}), _told(session, [row["id"] for row in rows])
    roles, owner = _roles(session, {row["record_id"] for row in rows}), _owner_told(session, [row["id"] for row in rows])
    facts = (
        CorrectionFacts(
            correction=corrections.value(row),
            title=row["title"] or "",
            ended_at=row["ended_at"],
            tellings=tuple(_telling(one, told.get((row["id"], one["list_id"]))) for one in had.get(row["work_id"], ())),
            seed_of=roles.get(row["record_id"], ((), ()))[0],
            marked_for=roles.get(row["record_id"], ((), ()))[1],
            owner_told_at=owner.get(row["id"]),
        )
        for row in rows
    )
    return tuple(one for one in facts if one.tellings or one.seed_of or one.marked_for)


def of_papers(session: sa.Connection, record_ids: Collection[RecordId]) -> tuple[CorrectionFacts, ...]:
    """The corrections of these records."""
    return listed(session, correction_rows.c.record_id.in_(list(record_ids)))


def found_since(session: sa.Connection, since: datetime | None) -> tuple[CorrectionFacts, ...]:
    """The corrections found since an instant; None: all."""
    return listed(session, *([correction_rows.c.found_at >= since] if since else []))


def _had(session: sa.Connection, work_ids: Collection[int]) -> dict[int, list[sa.RowMapping]]:
    found: defaultdict[int, list[sa.RowMapping]] = defaultdict(list)
    wanted = (
        sa.select(
            presented.c.work_id, presented.c.list_id, lists.c.name, lists.c.removed_at, digests.c.period, digests.c.composed_at
        )
        .join(lists, lists.c.id == presented.c.list_id)
        .join(digests, digests.c.id == presented.c.digest_id)
        .order_by(lists.c.id)
    )
    for batch in batches(work_ids):
        for row in session.execute(wanted.where(presented.c.work_id.in_(batch))).mappings():
            found[row["work_id"]].append(row)
    return found


def _told(session: sa.Connection, ids: Collection[int]) -> dict[tuple[int, int], sa.RowMapping]:
    wanted = sa.select(corrections_told, digests.c.period).outerjoin(digests, digests.c.id == corrections_told.c.digest_id)
    return {
        (row["correction_id"], row["list_id"]): row
        for batch in batches(ids)
        for row in session.execute(wanted.where(corrections_told.c.correction_id.in_(batch))).mappings()
    }


def _telling(had: sa.RowMapping, told: sa.RowMapping | None) -> TellingFacts:
    facts: dict[str, Any] = {"list_name": had["name"], "had_period": had["period"]}
    facts |= {"had_at": had["composed_at"], "removed_at": had["removed_at"]}
    if told is None:
        return TellingFacts(**facts)
    return TellingFacts(**facts, told_at=told["told_at"], period=told["period"], with_paper=bool(told["with_paper"]))


def _roles(session: sa.Connection, record_ids: Iterable[RecordId]) -> dict[RecordId, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Of which watches each record is a seed, and for which it was marked relevant."""
    found: defaultdict[RecordId, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    used = sa.select(seeds.c.record_id, watches.c.name).join(watches, watches.c.id == seeds.c.watch_id)
    used = used.where(seeds.c.resolved_by.is_not(None), seeds.c.removed_at.is_(None)).distinct()
    marked = sa.select(verdicts.c.record_id, watches.c.name).join(watches, watches.c.id == verdicts.c.watch_id)
    marked = marked.where(verdicts.c.undone_at.is_(None), verdicts.c.kind == VerdictKind.RELEVANT.value).distinct()
    for batch in batches(list(record_ids)):
        for place, (wanted, column) in enumerate(((used, seeds.c.record_id), (marked, verdicts.c.record_id))):
            for record_id, name in session.execute(wanted.where(column.in_(batch))):
                found[record_id][place].append(name)
    return {record_id: (tuple(sorted(of)), tuple(sorted(for_))) for record_id, (of, for_) in found.items()}
