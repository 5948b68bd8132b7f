"""The configuration that was last good, and the names that it gave to watches and lists. Names are kept for ever."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from watcher import clock
from watcher.errors import Problem, UnknownNameError
from watcher.store import feeds
from watcher.store.columns import config_versions, lists, runs, subscriptions, watches
from watcher.store.database import upsert
from watcher.store.values import LastGood

_LATEST = (config_versions.c.loaded_at.desc(), config_versions.c.id.desc())


def remember(session: sa.Connection, sha256: str, document: str, at: datetime) -> None:
    """Keeps a configuration that was found good; the same one again only gets the new time. It is the latest then, whatever times the
    others have: the clock may have gone ahead and come back."""
    later = sa.and_(config_versions.c.sha256 != sha256, config_versions.c.loaded_at >= at)
    session.execute(config_versions.update().where(later).values(loaded_at=at - timedelta(microseconds=1)))
    upsert(session, config_versions, [{"sha256": sha256, "loaded_at": at, "document": document}], key=("sha256",))


def last_good(session: sa.Connection) -> LastGood | None:
    """The configuration that was loaded last."""
    table = config_versions.c
    found = session.execute(sa.select(table.sha256, table.document, table.loaded_at).order_by(*_LATEST).limit(1)).first()
    return LastGood(*found) if found else None


def config_id(session: sa.Connection) -> int | None:
    """The row of the configuration that was loaded last."""
    return session.execute(sa.select(config_versions.c.id).order_by(*_LATEST).limit(1)).scalar()


def watch_id(session: sa.Connection, name: str) -> int:
    """The row of a watch, removed ones included.

    Raises UnknownNameError.
    """
    return _row_of(session, watches, "watch", name)


def list_id(session: sa.Connection, name: str) -> int:
    """The row of a list, removed ones included.

    Raises UnknownNameError.
    """
    return _row_of(session, lists, "list", name)


def known_watch_id(session: sa.Connection, name: str) -> int:
    """The row of a watch, for reading: 0, which no row has, when nobody registered it yet. Nothing is known of it then."""
    return session.execute(sa.select(watches.c.id).where(watches.c.name == name)).scalar_one_or_none() or 0


def known_list_id(session: sa.Connection, name: str) -> int:
    """The row of a list, for reading; 0 as in `known_watch_id`."""
    return session.execute(sa.select(lists.c.id).where(lists.c.name == name)).scalar_one_or_none() or 0


def watch_ids(session: sa.Connection) -> dict[str, int]:
    """The rows of all watches by name."""
    return dict(session.execute(sa.select(watches.c.name, watches.c.id)).all())


def _row_of(session: sa.Connection, table: sa.Table, word: str, name: str) -> int:
    found: int | None = session.execute(sa.select(table.c.id).where(table.c.name == name)).scalar_one_or_none()
    if found is None:
        raise UnknownNameError(
            Problem(f"the database knows no {word} {name!r}", f"it is made when a configuration with this {word} is loaded")
        )
    return found


def register(
    session: sa.Connection,
    named: Mapping[str, str | None],
    ordered: Mapping[str, tuple[str, ...]],
    since: Mapping[str, date],
    at: datetime,
) -> None:
    """Brings names and subscriptions to what the configuration says.

    `named`: each watch and the name it had before, if any. `ordered`: each list and its watches. `since`: for each watch, the record
    creation day from which a list that takes it up now gets its news.
    """
    _rename(session, named)
    _keep_names(session, watches, set(named), at)
    _keep_names(session, lists, set(ordered), at)
    feeds.make(session, at)
    _subscribe(session, ordered, since, at)


def introduce(session: sa.Connection, named: Mapping[str, str | None], at: datetime) -> None:
    """Gives each watch a row, the one of its former name if it had one. No list takes anything by it, and no name is removed."""
    _rename(session, named)
    for name in sorted(named.keys() - watch_ids(session).keys()):
        session.execute(watches.insert().values(name=name, created_at=at))
    feeds.make(session, at)


def _rename(session: sa.Connection, named: Mapping[str, str | None]) -> None:
    """Gives watches their new names, in the order in which names become free; one that is still in use is left alone."""
    pending = {new: old for new, old in named.items() if old and not (old in named and named[old] is None)}
    progress = True
    while progress:
        known = watch_ids(session)
        free = {new: old for new, old in pending.items() if old in known and new not in known}
        for new, old in free.items():
            session.execute(watches.update().where(watches.c.id == known[old]).values(name=new))
            del pending[new]
        progress = bool(free)


def _keep_names(session: sa.Connection, table: sa.Table, wanted: set[str], at: datetime) -> None:
    known = dict(session.execute(sa.select(table.c.name, table.c.removed_at)).all())
    for name in sorted(wanted - known.keys()):
        session.execute(table.insert().values(name=name, created_at=at))
    for name, removed_at in known.items():
        if (name in wanted) == (removed_at is not None):
            session.execute(table.update().where(table.c.name == name).values(removed_at=None if name in wanted else at))


def _subscribe(session: sa.Connection, ordered: Mapping[str, tuple[str, ...]], since: Mapping[str, date], at: datetime) -> None:
    rows = dict(session.execute(sa.select(lists.c.name, lists.c.id)).all())
    known = watch_ids(session)
    wanted = {(rows[name], known[watch]): since[watch] for name, taken in ordered.items() for watch in taken}
    standing = set(
        session.execute(sa.select(subscriptions.c.list_id, subscriptions.c.watch_id).where(subscriptions.c.until.is_(None)))
    )
    _end(session, standing - wanted.keys(), at)
    last_runs = _last_runs(session, runs.c.finished_at.is_not(None))
    _begin(
        session,
        [
            {"list_id": pair[0], "watch_id": pair[1], "since": wanted[pair], "until": None, "until_run_id": None, "created_at": at}
            | {"after_run_id": last_runs.get(pair[1], 0)}
            for pair in sorted(wanted.keys() - standing)
        ],
    )


def _begin(session: sa.Connection, new: Sequence[Mapping[str, object]]) -> None:
    """Enters subscriptions. One that ended and is taken up with the same cut goes on, with all that it is owed."""
    upsert(session, subscriptions, new, key=("list_id", "watch_id", "since"), first=("after_run_id",))


def _end(session: sa.Connection, pairs: Collection[tuple[int, int]], at: datetime) -> None:
    """Ends the standing subscriptions of lists to watches. What a run that is under way brings is theirs yet."""
    last_runs = _last_runs(session, sa.true())
    for pair in pairs:
        ended = {"until": clock.ncbi_day(at), "until_run_id": last_runs.get(pair[1], 0)}
        session.execute(_of(subscriptions.update(), pair).values(**ended))


def _last_runs(session: sa.Connection, condition: sa.ColumnElement[bool]) -> dict[int, int]:
    """The last run of each watch under a condition, by their numbers."""
    last = sa.select(runs.c.watch_id, sa.func.max(runs.c.id)).where(condition).group_by(runs.c.watch_id)
    return dict(session.execute(last).all())


def taken_since(session: sa.Connection, watch: str) -> date | None:
    """The earliest record creation day from which a list takes the watch's news; None when no list does."""
    mine = sa.and_(subscriptions.c.watch_id == known_watch_id(session, watch), subscriptions.c.until.is_(None))
    return session.execute(sa.select(sa.func.min(subscriptions.c.since)).where(mine)).scalar()


def taken_at(session: sa.Connection, watch: str) -> datetime | None:
    """Since when lists take the watch, without a break; None when none does."""
    mine = sa.and_(subscriptions.c.watch_id == known_watch_id(session, watch), subscriptions.c.until.is_(None))
    return session.execute(sa.select(sa.func.min(subscriptions.c.created_at)).where(mine)).scalar()


def _of(statement: sa.Update, pair: tuple[int, int]) -> sa.Update:
    """Narrowed to the standing subscription of one list to one watch."""
    table = subscriptions.c
    return statement.where(table.list_id == pair[0], table.watch_id == pair[1], table.until.is_(None))
