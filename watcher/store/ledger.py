"""The seen ledger: every record that ever matched a watch, and where it stands. A hit is never forgotten."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from watcher.domain import HitState, Origin, RecordId
from watcher.store.columns import hit_origins, hits, runs
from watcher.store.database import batches, insert_new
from watcher.store.values import RunCommit, Waiting


def states(session: sa.Connection, watch_id: int) -> dict[RecordId, HitState]:
    """Every record that the watch has seen."""
    known = {state.value: state for state in HitState}
    found = session.execute(sa.select(hits.c.record_id, hits.c.state).where(hits.c.watch_id == watch_id))
    return {record_id: known[state] for record_id, state in found}


def waiting(session: sa.Connection, watch_id: int) -> tuple[Waiting, ...]:
    """The hits whose record EFetch does not give yet, longest waiting first."""
    found = session.execute(
        sa.select(hits.c.record_id, runs.c.started_at, hits.c.tries)
        .join(runs, runs.c.id == hits.c.first_run_id)
        .where(hits.c.watch_id == watch_id, hits.c.state == HitState.AWAITING.value)
        .order_by(runs.c.started_at, hits.c.record_id)
    )
    return tuple(Waiting(*row) for row in found)


def awaiting_count(session: sa.Connection, watch_id: int) -> int:
    """How many hits wait for their record."""
    mine = sa.and_(hits.c.watch_id == watch_id, hits.c.state == HitState.AWAITING.value)
    return session.execute(sa.select(sa.func.count()).select_from(hits).where(mine)).scalar_one()


def newly_unavailable(session: sa.Connection, watch_id: int, since: datetime | None) -> tuple[RecordId, ...]:
    """The hits that were given up after `since` (None: ever)."""
    mine = sa.select(hits.c.record_id).where(hits.c.watch_id == watch_id, hits.c.state == HitState.UNAVAILABLE.value)
    if since is not None:
        mine = mine.where(hits.c.unavailable_at > since)
    return tuple(session.execute(mine.order_by(hits.c.record_id)).scalars())


def origins(session: sa.Connection, watch_id: int, record_ids: Collection[RecordId]) -> dict[RecordId, frozenset[Origin]]:
    """How each of the records came to the watch; baseline hits are left out."""
    table = hit_origins.c
    found: dict[RecordId, frozenset[Origin]] = {}
    for batch in batches(record_ids):
        rows = session.execute(
            sa.select(table.record_id, table.origin).where(table.watch_id == watch_id, table.record_id.in_(batch))
        )
        for record_id, origin in rows:
            found[record_id] = found.get(record_id, frozenset()) | {Origin(origin)}
    return found


def enter(session: sa.Connection, watch_id: int, run_id: int, version_id: int | None, commit: RunCommit) -> None:
    """Writes a good run's changes of the ledger. The first sight of a record stands, whatever sees it again."""
    book = _Book(session, watch_id, commit.report.finished_at)
    first = {"watch_id": watch_id, "first_run_id": run_id, "query_version_id": version_id}
    book.add(commit.news, {**first, "state": HitState.NEWS.value, "news_at": book.at, "tries": 0})
    book.add(commit.awaiting, {**first, "state": HitState.AWAITING.value, "news_at": None, "tries": 1})
    book.add(commit.baseline, {**first, "state": HitState.BASELINE.value, "news_at": None, "tries": 0})
    book.add_origins({**commit.news, **commit.awaiting}, run_id)
    book.move(commit)
    book.mark_absent(commit.absent)
    book.mark_present(commit.present)


class _Book:
    """One watch's pages, open for the entries of one run."""

    def __init__(self, session: sa.Connection, watch_id: int, at: datetime) -> None:
        self._session = session
        self._watch_id = watch_id
        self.at = at

    def add(self, record_ids: Collection[RecordId], first: Mapping[str, object]) -> None:
        """New hits, all alike."""
        insert_new(self._session, hits, [{**first, "record_id": record_id, "absent_readings": 0} for record_id in record_ids])

    def add_origins(self, found: Mapping[RecordId, frozenset[Origin]], run_id: int) -> None:
        """How the new hits came."""
        mine = {"watch_id": self._watch_id, "run_id": run_id}
        rows = [
            {**mine, "record_id": record_id, "origin": origin.value} for record_id, held in found.items() for origin in sorted(held)
        ]
        insert_new(self._session, hit_origins, rows)

    def move(self, commit: RunCommit) -> None:
        """Hits that wait on, have arrived, were given up, or are to be shown although they are older than the cut."""
        open_states = hits.c.state.in_((HitState.AWAITING.value, HitState.UNAVAILABLE.value))
        self._set(commit.still_awaiting, open_states, tries=hits.c.tries + 1)
        self._set(commit.arrived, open_states, state=HitState.NEWS.value, news_at=self.at, unavailable_at=None)
        still = hits.c.state == HitState.AWAITING.value
        self._set(commit.unavailable, still, state=HitState.UNAVAILABLE.value, unavailable_at=self.at)
        self._set(commit.starters, hits.c.state == HitState.BASELINE.value, starter_at=self.at)

    def mark_absent(self, record_ids: Collection[RecordId]) -> None:
        """Hits that a whole reading of the set did not bring."""
        since = sa.func.coalesce(hits.c.absent_since, sa.bindparam("at", self.at, hits.c.absent_since.type))
        self._set(record_ids, sa.true(), absent_since=since, absent_readings=hits.c.absent_readings + 1)

    def mark_present(self, record_ids: Collection[RecordId]) -> None:
        """Of the hits that a whole reading brought, those that had been absent are so no longer."""
        missing = sa.select(hits.c.record_id).where(hits.c.watch_id == self._watch_id, hits.c.absent_since.is_not(None))
        back = set(self._session.execute(missing).scalars()) & set(record_ids)
        self._set(back, sa.true(), absent_since=None, absent_readings=0)

    def _set(self, record_ids: Collection[RecordId], condition: sa.ColumnElement[bool], **values: object) -> None:
        for batch in batches(record_ids):
            mine = sa.and_(hits.c.watch_id == self._watch_id, hits.c.record_id.in_(batch), condition)
            self._session.execute(hits.update().where(mine).values(**values))
