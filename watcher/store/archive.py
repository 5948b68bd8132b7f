"""What the page asks of the past: digests as they were sent, runs, deliveries and configurations, a page at a time. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa

from watcher.domain import DeliveryState, RecordId, Section
from watcher.store import compose, configuration, messages, runs
from watcher.store import deliveries as owed
from watcher.store.columns import articles, attempts, config_versions, deliveries, digests, lists, presented, watches
from watcher.store.columns import messages as message_rows
from watcher.store.columns import runs as run_rows
from watcher.store.database import batches
from watcher.store.values import (
    AttemptFacts,
    DeliveryFacts,
    DigestFacts,
    IssuedPaper,
    KnownList,
    KnownVersion,
    RunFacts,
    StoredMessage,
)

_IN_ORDER: Final = {section.value: place for place, section in enumerate(Section)}


def known_lists(session: sa.Connection) -> tuple[KnownList, ...]:
    """The lists that ever were, with the number of their digests; those that the configuration has come first."""
    counted = sa.select(digests.c.list_id, sa.func.count().label("digests")).group_by(digests.c.list_id).subquery()
    found = session.execute(
        sa.select(lists.c.name, lists.c.removed_at, sa.func.coalesce(counted.c.digests, 0))
        .outerjoin(counted, counted.c.list_id == lists.c.id)
        .order_by(lists.c.removed_at.is_not(None), lists.c.id)
    )
    return tuple(KnownList(*row) for row in found)


def digests_of(session: sa.Connection, list_name: str, *, below: int | None, limit: int) -> tuple[DigestFacts, ...]:
    """The digests of a list, the latest first; `below`: only those of a smaller number."""
    wanted = digests.c.list_id == configuration.known_list_id(session, list_name)
    if below is not None:
        wanted = sa.and_(wanted, digests.c.id < below)
    found = session.execute(sa.select(digests).where(wanted).order_by(digests.c.id.desc()).limit(limit))
    return tuple(compose.digest_facts(list_name, row) for row in found)


def digest(session: sa.Connection, list_name: str, period: str) -> DigestFacts | None:
    """The digest of a list for a period."""
    mine = sa.and_(digests.c.list_id == configuration.known_list_id(session, list_name), digests.c.period == period)
    row = session.execute(sa.select(digests).where(mine)).first()
    return compose.digest_facts(list_name, row) if row else None


def beside(session: sa.Connection, digest_: DigestFacts) -> tuple[str | None, str | None]:
    """The periods of the list's digests before and after one."""
    mine = sa.select(digests.c.period).where(digests.c.list_id == configuration.known_list_id(session, digest_.list_name))
    before = mine.where(digests.c.id < digest_.id).order_by(digests.c.id.desc()).limit(1)
    after = mine.where(digests.c.id > digest_.id).order_by(digests.c.id).limit(1)
    return session.execute(before).scalar(), session.execute(after).scalar()


def messages_of(session: sa.Connection, digest_id: int) -> tuple[StoredMessage, ...]:
    """The stored messages of a digest in their order; one whose bytes are damaged has no `message`."""
    found = session.execute(sa.select(message_rows).where(message_rows.c.digest_id == digest_id).order_by(message_rows.c.id))
    return tuple(_stored(row) for row in found.mappings().all())


def _stored(row: sa.RowMapping) -> StoredMessage:
    try:
        message = messages.value(row)
    except messages.Damaged:
        message = None
    return StoredMessage(row["kind"], row["part"], row["subject"], message)


def papers_of(session: sa.Connection, digest_: DigestFacts, *, skip: int, limit: int) -> tuple[IssuedPaper, ...]:
    """What a digest presented, in its order."""
    place = sa.case(_IN_ORDER, value=presented.c.section, else_=len(_IN_ORDER)).label("place")
    wanted = sa.select(presented.c.record_id, presented.c.section, presented.c.position, place)
    mine = wanted.where(presented.c.digest_id == digest_.id)  # without the list: its index would be followed row by row
    page = mine.order_by(place, presented.c.position, presented.c.record_id).offset(skip).limit(limit).subquery()
    found = session.execute(
        sa.select(page.c.record_id, page.c.section, articles.c.title)
        .join(articles, articles.c.record_id == page.c.record_id)
        .order_by(page.c.place, page.c.position, page.c.record_id)
    )
    return tuple(IssuedPaper(record_id, Section(section), title or "") for record_id, section, title in found)


def titles(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, str]:
    """The titles of the stored ones among the records, also of those whose text was dropped; "" where a record has none."""
    found: dict[RecordId, str] = {}
    for batch in batches(record_ids):
        wanted = sa.select(articles.c.record_id, articles.c.title).where(articles.c.record_id.in_(batch))
        found |= {record_id: title or "" for record_id, title in session.execute(wanted)}
    return found


def runs_listed(
    session: sa.Connection, *, watch: str | None, outcomes: Collection[str] | None, below: int | None, limit: int
) -> tuple[RunFacts, ...]:
    """Runs, the latest first: of one watch or of all, of these outcomes or of any."""
    wanted = sa.select(run_rows, watches.c.name).join(watches, watches.c.id == run_rows.c.watch_id)
    if watch is not None:
        wanted = wanted.where(run_rows.c.watch_id == configuration.known_watch_id(session, watch))
    if outcomes is not None:
        wanted = wanted.where(run_rows.c.outcome.in_(list(outcomes)))
    if below is not None:
        wanted = wanted.where(run_rows.c.id < below)
    return tuple(_run(row) for row in session.execute(wanted.order_by(run_rows.c.id.desc()).limit(limit)))


def _run(row: sa.Row[Any]) -> RunFacts:
    report = runs.report_of(row.name, row) if row.finished_at is not None else None
    return RunFacts(row.id, row.name, row.kind, row.started_at, report)


def deliveries_listed(
    session: sa.Connection,
    *,
    list_name: str | None,
    period: str | None,
    states: Collection[DeliveryState] | None,
    below: int | None,
    limit: int,
) -> tuple[DeliveryFacts, ...]:
    """Deliveries, the latest first: of one list's digests (of a period) or of all, in these states or in any."""
    wanted = owed.in_states(states)
    if list_name is not None:
        wanted = sa.and_(wanted, digests.c.list_id == configuration.known_list_id(session, list_name))
    if period is not None:
        wanted = sa.and_(wanted, digests.c.period == period)
    if below is not None:
        wanted = sa.and_(wanted, deliveries.c.id < below)
    return owed.listed(session, wanted, limit=limit)


def attempts_of(session: sa.Connection, delivery_id: int, *, limit: int) -> tuple[AttemptFacts, ...]:
    """The last tries at a delivery, the latest first."""
    table = attempts.c
    wanted = sa.select(table.started_at, table.finished_at, table.outcome, table.reason, table.fix)
    found = session.execute(wanted.where(table.delivery_id == delivery_id).order_by(table.id.desc()).limit(limit))
    return tuple(AttemptFacts(*row) for row in found)


def versions(session: sa.Connection, *, skip: int, limit: int) -> tuple[KnownVersion, ...]:
    """The configurations that were good, the one taken up last first."""
    table = config_versions.c
    wanted = sa.select(table.sha256, table.document, table.loaded_at)
    found = session.execute(wanted.order_by(table.loaded_at.desc(), table.id.desc()).offset(skip).limit(limit))
    return tuple(KnownVersion(*row) for row in found)
