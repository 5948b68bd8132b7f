"""Runs: one open at a time for each watch, and one transaction for all that a good one changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from watcher.domain import Code, ErrorKind, RunKind, RunOutcome, RunReport, Warned
from watcher.errors import Busy, StoreError
from watcher.store import codec, configuration, feeds, ledger, scores, works
from watcher.store.columns import config_versions, query_versions, runs, watches
from watcher.store.database import change, insert_one
from watcher.store.values import NewVersion, QueryVersion, RunCommit, RunHistory

_WHOLE_KINDS = ("first", "edit")
"""Kinds of run that read a whole set as their window."""

_DAMAGED = Warned(
    Code.TEXT_DAMAGED, "the warnings of this run are damaged in the database and cannot be read", "the next run tells anew"
)

_BAD = tuple(outcome.value for outcome in (RunOutcome.FAILED, RunOutcome.REFUSED, RunOutcome.ABANDONED))

_AHEAD = timedelta(hours=1)
"""What is dated so far after now was dated by a clock that has gone back since."""

_ALWAYS = datetime.max.replace(tzinfo=UTC)


def begin(session: sa.Connection, watch: str, kind: str, at: datetime) -> int:
    """Opens a run.

    Raises Busy when the watch has an open one: the partial unique index allows one.
    """
    opened = {"watch_id": configuration.watch_id(session, watch), "config_id": configuration.config_id(session)}
    try:
        return insert_one(session, runs, kind=str(kind), started_at=at, **opened)
    except exc.IntegrityError as error:
        raise Busy(f"watch {watch}: another run is under way; wait for it to end") from error


def abandon_open(session: sa.Connection, at: datetime) -> int:
    """Closes the runs that ended without a word; how many."""
    return change(
        session,
        runs.update()
        .where(runs.c.finished_at.is_(None))
        .values(
            finished_at=at,
            outcome=RunOutcome.ABANDONED.value,
            error_kind=ErrorKind.CUT_OFF.value,
            error="the process ended before the run did",
            may_pass=True,
        ),
    )


def fail(session: sa.Connection, run_id: int, report: RunReport) -> None:
    """Closes a run that changed nothing: its row alone, with its warnings and error."""
    _close(session, run_id, report)


def commit(session: sa.Connection, run_id: int, changes: RunCommit) -> None:
    """Closes a good run and writes everything it found.

    Raises Busy when the run was closed meanwhile: then its work belongs to another process, and nothing is written.
    """
    report = changes.report
    watch_id = configuration.watch_id(session, report.watch)
    version_id = _version(session, watch_id, changes.version, report.finished_at)
    _close(session, run_id, report, query_version_id=version_id, similar_read=changes.similar_read)
    works.save(session, changes.articles, report.finished_at)
    ledger.enter(session, watch_id, run_id, version_id, changes)
    if changes.ranking is not None:
        scores.save(session, watch_id, changes.ranking, changes.scores, report.finished_at)
    elif changes.scores:
        raise StoreError(f"watch {report.watch}: scores without the ranking that gave them")
    feeds.enter_found(session, watch_id, changes.fed, report.finished_at)


def in_force(session: sa.Connection, watch: str) -> QueryVersion | None:
    """The newest version of the watch's query whose full set was read whole."""
    mine = sa.select(query_versions).where(query_versions.c.watch_id == configuration.known_watch_id(session, watch))
    row = session.execute(mine.order_by(query_versions.c.ordinal.desc()).limit(1)).first()
    return None if row is None else _version_value(watch, row)


def history(session: sa.Connection, watch: str, now: datetime | None) -> RunHistory:
    """What the next run has to know of the earlier ones; with `now`, those dated after it are left out."""
    told = {"watch": watch, "until": now + _AHEAD if now else _ALWAYS}
    places = session.execute(_PLACES, told).one()
    found = {row.id: row for row in session.execute(_ROWS, {"ids": sorted({*places} - {None})})}
    last, last_good, searched, full, similar = (found.get(place) for place in places)
    in_row = last is not None and last is not last_good
    failures = _Failures.since(session, told | {"good": places.good or 0}) if in_row else _NO_FAILURES
    return RunHistory(
        last_good=report_of(watch, last_good) if last_good else None,
        last=report_of(watch, last) if last else None,
        window_to=(searched.window_to or searched.full_set_as_of) if searched else None,
        full_set_at=full.finished_at if full else None,
        full_set_as_of=full.full_set_as_of if full else None,
        full_set_matched=full.matched if full else 0,
        failed_in_row=failures.count,
        failing_since=failures.first_at,
        similar_at=similar.finished_at if similar else None,
        abandoned_in_row=failures.abandoned,
        failed_at=failures.last_at,
        failed_config_sha256=failures.config_sha256,
        config_sha256=last.config_sha256 if last else None,
    )


_UNTIL = sa.bindparam("until", type_=runs.c.started_at.type)

_TOLD = sa.and_(
    runs.c.watch_id == sa.select(watches.c.id).where(watches.c.name == sa.bindparam("watch")).scalar_subquery(),
    runs.c.finished_at.is_not(None),
    runs.c.error_kind.is_distinct_from(ErrorKind.STOPPED.value),
    runs.c.started_at <= _UNTIL,
    runs.c.finished_at <= _UNTIL,
)
"""A watch's finished runs that say something about it: not those that the service's end broke off."""


def _latest(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(runs.c.id).where(_TOLD, *conditions).order_by(runs.c.id.desc()).limit(1).scalar_subquery()


_GOOD = runs.c.outcome == RunOutcome.GOOD.value

_PLACES = sa.select(
    _latest().label("last"),
    _latest(_GOOD).label("good"),
    _latest(_GOOD, sa.or_(runs.c.window_to.is_not(None), runs.c.kind.in_(_WHOLE_KINDS))).label("searched"),
    _latest(_GOOD, runs.c.full_set_as_of.is_not(None)).label("full"),
    _latest(_GOOD, runs.c.similar_read).label("similar"),
)
"""Which runs a history rests on. Made once: each round asks it of every watch, several times."""

_ROWS = (
    sa.select(runs, config_versions.c.sha256.label("config_sha256"))
    .outerjoin(config_versions, config_versions.c.id == runs.c.config_id)
    .where(runs.c.id.in_(sa.bindparam("ids", expanding=True)))
)


def document_at(session: sa.Connection, at: datetime) -> str | None:
    """The configuration under which the last run before an instant began."""
    before = sa.select(config_versions.c.document).join(runs, runs.c.config_id == config_versions.c.id)
    found = session.execute(before.where(runs.c.started_at <= at).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(1))
    return _sound(found.scalar())


def since(session: sa.Connection, watch: str, after: datetime | None, now: datetime | None) -> tuple[RunReport, ...]:
    """The runs that finished after an instant (None: all), oldest first; with `now`, those dated after it are left out."""
    mine = sa.select(runs).where(
        runs.c.watch_id == configuration.known_watch_id(session, watch),
        runs.c.finished_at.is_not(None) if after is None else runs.c.finished_at > after,
        sa.true() if now is None else runs.c.finished_at <= now + _AHEAD,
    )
    return tuple(report_of(watch, row) for row in session.execute(mine.order_by(runs.c.id)))


def documents_since(session: sa.Connection, watch: str, after: datetime) -> tuple[tuple[datetime, str], ...]:
    """When each run that finished after an instant began, and the document of the configuration that it ran under, oldest first."""
    mine = sa.and_(runs.c.watch_id == configuration.known_watch_id(session, watch), runs.c.finished_at > after)
    found = session.execute(sa.select(runs.c.started_at, runs.c.config_id).where(mine).order_by(runs.c.id)).all()
    wanted = sa.select(config_versions.c.id, config_versions.c.document)
    documents = dict(session.execute(wanted.where(config_versions.c.id.in_({row.config_id for row in found}))).all())
    return tuple((row.started_at, sound) for row in found if (sound := _sound(documents.get(row.config_id))))


def _sound(document: str | None) -> str | None:
    """A configuration's document, unless it is damaged: then nothing is known of that time."""
    return document if document and codec.loads_or(dict[str, Any], document, {}) else None


@dataclass(frozen=True, slots=True)
class _Failures:
    """The runs since the last good one."""

    count: int = 0
    abandoned: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    config_sha256: str | None = None

    @classmethod
    def since(cls, session: sa.Connection, told: Mapping[str, object]) -> _Failures:
        """Those of the runs told of that came after the last good one."""
        count, first_at = session.execute(_COUNTED, told).one()
        last = session.execute(_LAST_BAD, told).first()
        last_at, config_sha256 = last or (None, None)
        return cls(count, session.execute(_CUT_OFF, told).scalar_one(), first_at, last_at, config_sha256)


_NO_FAILURES = _Failures()

_FAILED = sa.and_(_TOLD, runs.c.id > sa.bindparam("good"), runs.c.outcome.in_(_BAD))
_COUNTED = sa.select(sa.func.count(), sa.func.min(runs.c.started_at)).where(_FAILED)
_CUT_OFF = sa.select(sa.func.count()).where(
    _FAILED,
    runs.c.id
    > sa.func.coalesce(
        sa.select(sa.func.max(runs.c.id)).where(_FAILED, runs.c.outcome != RunOutcome.ABANDONED.value).scalar_subquery(), 0
    ),
)
_LAST_BAD = (
    sa.select(runs.c.finished_at, config_versions.c.sha256)
    .outerjoin(config_versions, config_versions.c.id == runs.c.config_id)
    .where(_FAILED)
    .order_by(runs.c.id.desc())
    .limit(1)
)


def _close(session: sa.Connection, run_id: int, report: RunReport, **more: object) -> None:
    values = {name: getattr(report, name) for name in _COPIED} | more
    mine = sa.and_(runs.c.id == run_id, runs.c.finished_at.is_(None))
    values |= {"error_kind": report.error_kind.value if report.error_kind else None}
    values |= {"kind": report.kind.value, "outcome": report.outcome.value, "warnings": codec.dumps(report.warnings)}
    if not change(session, runs.update().where(mine).values(**values)):
        raise Busy(f"watch {report.watch}: the run was closed by another process meanwhile; nothing of it was kept")


_COPIED = (
    "started_at",
    "finished_at",
    "window_from",
    "window_to",
    "full_set_as_of",
    "translation",
    "matched",
    "known",
    "fetched",
    "new",
    "awaiting",
    "selected",
    "requests",
    "seconds",
    "error",
    "may_pass",
    "fix",
)
"""Columns of `run` that are fields of RunReport."""


def report_of(watch: str, row: sa.Row[Any]) -> RunReport:
    """What a finished run of a watch said, from its row."""
    copied = {name: getattr(row, name) for name in _COPIED}
    kind = ErrorKind(row.error_kind) if row.error_kind else None
    warnings = _warnings(row.warnings)
    return RunReport(
        watch=watch, kind=RunKind(row.kind), outcome=RunOutcome(str(row.outcome)), warnings=warnings, error_kind=kind, **copied
    )


def _warnings(text: str) -> tuple[Warned, ...]:
    """Earlier states of this version kept sentences alone."""
    if text.startswith('["'):
        return tuple(Warned(Code.PUBMED_MESSAGE, one) for one in codec.loads_or(tuple[str, ...], text, (_DAMAGED.what,)))
    return codec.loads_or(tuple[Warned, ...], text, (_DAMAGED,))


def _version(session: sa.Connection, watch_id: int, new: NewVersion | None, at: datetime) -> int | None:
    """The version that the run belongs to: a new one put in force, or the newest."""
    latest = sa.select(sa.func.max(query_versions.c.ordinal)).where(query_versions.c.watch_id == watch_id).scalar_subquery()
    found = session.execute(
        sa.select(query_versions.c.id, query_versions.c.ordinal).where(
            query_versions.c.watch_id == watch_id, query_versions.c.ordinal == latest
        )
    ).first()
    if new is None:
        return int(found.id) if found else None
    return insert_one(
        session,
        query_versions,
        watch_id=watch_id,
        ordinal=found.ordinal + 1 if found else 1,
        term=new.term,
        translation=new.translation,
        phrases_not_found=codec.dumps(new.phrases_not_found),
        valid_from=at,
        baseline_cut=new.cut,
        baseline_matched=new.matched,
    )


def _version_value(watch: str, row: sa.Row[Any]) -> QueryVersion:
    return QueryVersion(
        id=row.id,
        watch=watch,
        ordinal=row.ordinal,
        term=row.term,
        cut=row.baseline_cut,
        translation=row.translation,
        phrases_not_found=codec.loads_or(tuple[str, ...], row.phrases_not_found, ()),
        matched=row.baseline_matched,
        valid_from=row.valid_from,
    )
