"""What is known of Zotero's libraries: the collections that seeds follow with what they hold, and what a server asked for.

A collection's papers are changed whole, in one transaction with the version up to which they are known; items are kept as they come, so
that a reading that is broken off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from watcher.domain import PushOutcome, PushState, RecordId, SeedsFrom
from watcher.store.columns import (
    articles,
    zotero_changes,
    zotero_collections,
    zotero_items,
    zotero_libraries,
    zotero_members,
    zotero_pushes,
    zotero_servers,
)
from watcher.store.database import Database, batches, change, insert_new, insert_one, upsert
from watcher.store.values import CollectionChange, CollectionFacts, LibraryFacts, PushFacts, ZoteroItemFacts, ZoteroServerFacts


class ZoteroStore:
    """The part of the store that knows Zotero. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- collections that seeds follow

    def collection(self, source: SeedsFrom) -> CollectionFacts | None:
        """What is known of a followed collection; None before the first look."""
        with self._database.reading() as session:
            return _facts(session, source)

    def papers(self, source: SeedsFrom) -> tuple[tuple[str, str], ...]:
        """The key of each item of a followed collection, with what is kept of it, by key; what was dropped as no paper is left out."""
        joined = zotero_members.join(zotero_collections, zotero_collections.c.id == zotero_members.c.collection_id).join(
            zotero_items,
            sa.and_(zotero_items.c.library == zotero_collections.c.library, zotero_items.c.item_key == zotero_members.c.item_key),
        )
        wanted = sa.select(zotero_items.c.item_key, zotero_items.c.body).select_from(joined).where(_is(source))
        with self._database.reading() as session:
            rows = session.execute(wanted.where(zotero_items.c.body.is_not(None)).order_by(zotero_items.c.item_key))
            return tuple((row.item_key, row.body) for row in rows)

    def members(self, source: SeedsFrom) -> dict[str, int]:
        """The keys of the items of a followed collection, with the version in which each is kept."""
        with self._database.reading() as session:
            found = _facts(session, source)
            return _members(session, found.id, source.library) if found else {}

    def looked(self, source: SeedsFrom, at: datetime) -> None:
        """A look found that nothing in the library has changed."""
        with self._database.writing() as session:
            number = _number_of(session, source)
            change(session, _row(number).values(looked_at=at, **_WELL))

    def failed(self, source: SeedsFrom, error: str, fix: str, at: datetime, *, may_pass: bool) -> None:
        """A look failed: what is known stays."""
        with self._database.writing() as session:
            number = _number_of(session, source)
            more = {"failures": zotero_collections.c.failures + 1, "failed_at": at, "may_pass": may_pass}
            change(session, _row(number).values(error=error, fix=fix or None, **more))

    def shrank(self, source: SeedsFrom, name: str, to: int, at: datetime) -> None:
        """A look found so few papers that the former ones stay."""
        with self._database.writing() as session:
            number = _number_of(session, source)
            change(session, _row(number).values(name=name, shrank_to=to, looked_at=at, **_WELL))

    def accept(self, source: SeedsFrom) -> bool:
        """The next look may leave as few papers as it finds; whether one found too few."""
        with self._database.writing() as session:
            mine = zotero_collections.update().where(_is(source), zotero_collections.c.shrank_to.is_not(None))
            return bool(change(session, mine.values(accepts=True)))

    def take(
        self, source: SeedsFrom, name: str, keys: Collection[str], version: int | None, at: datetime, changed: int
    ) -> CollectionChange:
        """The collection holds these items now; how that differs from before. `version`: of the library, None to read it whole again."""
        with self._database.writing() as session:
            number = _number_of(session, source)
            known = _facts(session, source)
            before = _members(session, number, source.library)
            papers = _papers_among(session, source.library, {*keys, *before})
            came, went = (papers & set(keys)) - before.keys(), (papers & before.keys()) - set(keys)
            for part in batches(before.keys() - set(keys)):
                gone = zotero_members.c.collection_id == number, zotero_members.c.item_key.in_(part)
                change(session, zotero_members.delete().where(*gone))
                change(session, _unused(source.library, part).values(body=None))
            insert_new(
                session, zotero_members, [{"collection_id": number, "item_key": key} for key in sorted(set(keys) - before.keys())]
            )
            told = {"name": name, "version": version, "read_at": at, "looked_at": at, "shrank_to": None, "accepts": False}
            change(session, _row(number).values(**told, **_WELL))
            found = CollectionChange(at, len(came), len(went), changed)
            if known is not None and known.read_at is not None and found.is_any:
                insert_one(
                    session, zotero_changes, collection_id=number, found_at=at, came=found.came, went=found.went, changed=changed
                )
            return found

    def changes(self, source: SeedsFrom, since: datetime) -> tuple[CollectionChange, ...]:
        """How a followed collection was found otherwise since an instant, oldest first; what the first reading brought is no change."""
        joined = zotero_changes.join(zotero_collections, zotero_collections.c.id == zotero_changes.c.collection_id)
        wanted = sa.select(zotero_changes).select_from(joined).where(_is(source), zotero_changes.c.found_at > since)
        with self._database.reading() as session:
            rows = session.execute(wanted.order_by(zotero_changes.c.id))
            return tuple(CollectionChange(row.found_at, row.came, row.went, row.changed) for row in rows)

    # --- items

    def items(self, library: str, keys: Collection[str]) -> dict[str, ZoteroItemFacts]:
        """Those of the items that are kept."""
        found: dict[str, ZoteroItemFacts] = {}
        with self._database.reading() as session:
            for part in batches(sorted(keys)):
                mine = zotero_items.c.library == library, zotero_items.c.item_key.in_(part)
                found |= {row.item_key: _item(row) for row in session.execute(sa.select(zotero_items).where(*mine))}
        return found

    def keep_items(self, library: str, items: Iterable[ZoteroItemFacts]) -> None:
        """Keep items of followed collections as they stand there now, with their words."""
        rows = [{"library": library, **_values(one)} for one in items]
        with self._database.writing() as session:
            upsert(session, zotero_items, rows, key=("library", "item_key"))

    # --- the index of a library

    def library(self, library: str) -> LibraryFacts:
        """What is known of a library whose papers are indexed."""
        mine = zotero_items.c.library == library, zotero_items.c.is_paper, zotero_items.c.gone_at.is_(None)
        with self._database.reading() as session:
            row = session.execute(sa.select(zotero_libraries).where(zotero_libraries.c.library == library)).mappings().first()
            if row is None:
                return LibraryFacts(library)
            papers = session.execute(sa.select(sa.func.count()).select_from(zotero_items).where(*mine)).scalar_one()
            return LibraryFacts(**row, papers=papers)

    def keep_indexed(self, library: str, items: Collection[ZoteroItemFacts]) -> None:
        """Keep items of an index; the words of those alone that a followed collection holds."""
        with self._database.writing() as session:
            held = _held(session, library, {one.key for one in items})
            rows = [{"library": library, **_values(one if one.key in held else replace(one, body=None))} for one in items]
            upsert(session, zotero_items, rows, key=("library", "item_key"))

    def library_read(
        self, library: str, version: int | None, at: datetime, keys: Collection[str] | None, *, is_open: bool = False
    ) -> None:
        """A library was read; `keys` are all that it lists, of which the others are gone, None where nothing has changed."""
        with self._database.writing() as session:
            told = {"version": version, "read_at": at, "is_open": is_open, **_WELL}
            upsert(session, zotero_libraries, [{"library": library, **told}], key=("library",))
            if keys is not None:
                _mark_gone(session, library, set(keys), at)

    def library_failed(self, library: str, error: str, fix: str, at: datetime, *, may_pass: bool) -> None:
        """A reading failed: what is known stays."""
        with self._database.writing() as session:
            fresh = {"library": library, "is_open": False, "failures": 0, "may_pass": True}
            insert_new(session, zotero_libraries, [fresh])
            more = {"failures": zotero_libraries.c.failures + 1, "failed_at": at, "may_pass": may_pass, "error": error}
            mine = zotero_libraries.update().where(zotero_libraries.c.library == library)
            change(session, mine.values(fix=fix or None, **more))

    def known_works(self, library: str, work_ids: Collection[int]) -> frozenset[int]:
        """Those of the works of which a record is in the library, by its PMID, PMCID or DOI."""
        mine = zotero_items.c.library == library, zotero_items.c.is_paper, zotero_items.c.gone_at.is_(None)
        number = sa.type_coerce(articles.c.record_id, sa.Integer)
        same = (
            zotero_items.c.pmid == number,
            zotero_items.c.pmcid == articles.c.pmcid,
            zotero_items.c.doi == sa.func.lower(articles.c.doi),
        )
        found: set[int] = set()
        with self._database.reading() as session:
            for part in batches(sorted(work_ids)):
                for one in same:
                    wanted = sa.select(articles.c.work_id).distinct().select_from(articles.join(zotero_items, one))
                    found |= set(session.execute(wanted.where(articles.c.work_id.in_(part), *mine)).scalars())
        return frozenset(found)

    def matches(self, library: str, *, pmid: int | None, pmcid: str | None, doi: str | None, title_key: str) -> tuple[str, ...]:
        """The keys of the items that are a paper, best first: by PMID, PMCID and DOI, and of those without any by title and year."""
        mine = zotero_items.c.library == library, zotero_items.c.is_paper, zotero_items.c.gone_at.is_(None)
        bare = (zotero_items.c.pmid.is_(None), zotero_items.c.pmcid.is_(None), zotero_items.c.doi.is_(None))
        wanted: list[tuple[sa.ColumnElement[bool], ...]] = []
        wanted += [(zotero_items.c.pmid == pmid,)] if pmid else []
        wanted += [(zotero_items.c.pmcid == pmcid,)] if pmcid else []
        wanted += [(zotero_items.c.doi == doi.lower(),)] if doi else []
        wanted += [(zotero_items.c.title_key == title_key, *bare)] if title_key else []
        found: dict[str, None] = {}
        with self._database.reading() as session:
            for one in wanted:
                keys = sa.select(zotero_items.c.item_key).where(*mine, *one).order_by(zotero_items.c.item_key)
                found |= dict.fromkeys(session.execute(keys).scalars())
        return tuple(found)

    # --- what is pushed

    def owe(self, library: str, collection: str, wanted: Mapping[RecordId, str], at: datetime) -> int:
        """Owe these papers, each with its key, and drop what is owed and no longer wanted; how many rows that changed."""
        mine = _pushes_to(library, collection)
        with self._database.writing() as session:
            known = {row.record_id: row for row in session.execute(sa.select(zotero_pushes).where(mine))}
            fresh = [record_id for record_id in wanted if record_id not in known]
            back = [row.id for record_id, row in known.items() if record_id in wanted and row.state == PushState.DROPPED.value]
            gone = [row.id for record_id, row in known.items() if record_id not in wanted and row.state in _OPEN]
            of = {"library": library, "collection": collection, "state": PushState.PENDING.value, "attempts": 0}
            rows = [{**of, "record_id": one, "item_key": wanted[one], "created_at": at, "next_at": at} for one in sorted(fresh)]
            insert_new(session, zotero_pushes, rows)
            for part in batches(back):
                again = {"state": PushState.PENDING.value, "next_at": at, "attempts": 0, "reason": None, "fix": None}
                change(session, zotero_pushes.update().where(zotero_pushes.c.id.in_(part)).values(**again))
            for part in batches(gone):
                dropped = {"state": PushState.DROPPED.value, "finished_at": at}
                change(session, zotero_pushes.update().where(zotero_pushes.c.id.in_(part)).values(**dropped))
        return len(fresh) + len(back) + len(gone)

    def pushes(self, library: str, collection: str) -> tuple[PushFacts, ...]:
        """What is owed to a collection, was pushed into it, or dropped, oldest first."""
        with self._database.reading() as session:
            rows = session.execute(sa.select(zotero_pushes).where(_pushes_to(library, collection)).order_by(zotero_pushes.c.id))
            return tuple(_push(row) for row in rows)

    def begin_pushes(self, ids: Collection[int], at: datetime) -> None:
        """Count a try of each, before any request."""
        with self._database.writing() as session:
            for part in batches(ids):
                mine = zotero_pushes.update().where(zotero_pushes.c.id.in_(part))
                change(session, mine.values(attempts=zotero_pushes.c.attempts + 1, begun_at=at))

    def settle_push(
        self,
        number: int,
        state: PushState,
        at: datetime,
        *,
        outcome: PushOutcome | None = None,
        next_at: datetime | None = None,
        reason: str | None = None,
        fix: str | None = None,
        is_no_try: bool = False,
    ) -> None:
        """Record what became of a try; `is_no_try`: it does not count."""
        told: dict[str, object] = {"state": state.value, "reason": reason, "fix": fix or None}
        told |= {"next_at": next_at} if next_at is not None else {}
        told |= {"outcome": outcome.value, "finished_at": at} if outcome is not None else {}
        told |= {"attempts": zotero_pushes.c.attempts - 1} if is_no_try else {}
        with self._database.writing() as session:
            change(session, zotero_pushes.update().where(zotero_pushes.c.id == number).values(**told))

    def wake_pushes(self, at: datetime) -> int:
        """Try what is parked again at once; how many rows."""
        parked = zotero_pushes.update().where(zotero_pushes.c.state == PushState.PARKED.value)
        with self._database.writing() as session:
            return change(session, parked.values(state=PushState.PENDING.value, next_at=at, attempts=0))

    # --- what a server asked for

    def server(self, address: str) -> ZoteroServerFacts:
        """What a server asked for."""
        with self._database.reading() as session:
            row = session.execute(sa.select(zotero_servers).where(zotero_servers.c.address == address)).first()
        if row is None:
            return ZoteroServerFacts()
        return ZoteroServerFacts(row.rests_until, row.refused_at, row.refused_config_sha256, row.said)

    def note_server(self, address: str, facts: ZoteroServerFacts) -> None:
        """Keep what a server asked for."""
        row: dict[str, object] = {"address": address, **asdict(facts)}
        with self._database.writing() as session:
            upsert(session, zotero_servers, [row], key=("address",))


_WELL: Mapping[str, Any] = {"failures": 0, "failed_at": None, "error": None, "fix": None, "may_pass": True}
"""What a look that ended well leaves of those that failed."""


_OPEN = frozenset({PushState.PENDING.value, PushState.PARKED.value})


def _pushes_to(library: str, collection: str) -> sa.ColumnElement[bool]:
    return sa.and_(zotero_pushes.c.library == library, zotero_pushes.c.collection == collection)


def _push(row: sa.Row[Any]) -> PushFacts:
    return PushFacts(
        id=row.id,
        record_id=row.record_id,
        item_key=row.item_key,
        state=PushState(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        next_at=row.next_at,
        finished_at=row.finished_at,
        outcome=PushOutcome(row.outcome) if row.outcome else None,
        reason=row.reason,
        fix=row.fix,
    )


def _is(source: SeedsFrom) -> sa.ColumnElement[bool]:
    mine = zotero_collections.c
    return sa.and_(
        mine.library == source.library, mine.collection == source.collection, mine.subcollections == source.subcollections
    )


def _row(number: int) -> sa.Update:
    return zotero_collections.update().where(zotero_collections.c.id == number)


def _number_of(session: sa.Connection, source: SeedsFrom) -> int:
    """The number of a collection, which gets one when it has none yet."""
    row = {
        "library": source.library,
        "collection": source.collection,
        "subcollections": source.subcollections,
        "name": "",
        "accepts": False,
        "failures": 0,
        "may_pass": True,
    }
    insert_new(session, zotero_collections, [row])
    return int(session.execute(sa.select(zotero_collections.c.id).where(_is(source))).scalar_one())


def _facts(session: sa.Connection, source: SeedsFrom) -> CollectionFacts | None:
    row = session.execute(sa.select(zotero_collections).where(_is(source))).first()
    if row is None:
        return None
    papers = sa.select(sa.func.count()).select_from(zotero_members).where(zotero_members.c.collection_id == row.id)
    joined = sa.exists().where(
        zotero_items.c.library == row.library, zotero_items.c.item_key == zotero_members.c.item_key, zotero_items.c.is_paper
    )
    count = session.execute(papers.where(joined)).scalar_one()
    return CollectionFacts(
        id=row.id,
        source=source,
        name=row.name,
        papers=count,
        version=row.version,
        read_at=row.read_at,
        looked_at=row.looked_at,
        shrank_to=row.shrank_to,
        accepts=row.accepts,
        failures=row.failures,
        failed_at=row.failed_at,
        error=row.error,
        fix=row.fix,
        may_pass=row.may_pass,
    )


def _members(session: sa.Connection, number: int, library: str) -> dict[str, int]:
    joined = zotero_members.join(
        zotero_items, sa.and_(zotero_items.c.library == library, zotero_items.c.item_key == zotero_members.c.item_key)
    )
    wanted = sa.select(zotero_items.c.item_key, zotero_items.c.version).select_from(joined)
    rows = session.execute(wanted.where(zotero_members.c.collection_id == number))
    return {row.item_key: row.version for row in rows}


def _mark_gone(session: sa.Connection, library: str, listed: Collection[str], at: datetime) -> None:
    """Mark the items that a library no longer lists, and take the mark from those that it lists again."""
    mine = zotero_items.c.library == library
    rows = session.execute(sa.select(zotero_items.c.item_key, zotero_items.c.gone_at).where(mine)).all()
    gone = [row.item_key for row in rows if row.item_key not in listed and row.gone_at is None]
    back = [row.item_key for row in rows if row.item_key in listed and row.gone_at is not None]
    for keys, value in ((gone, at), (back, None)):
        for part in batches(keys):
            change(session, zotero_items.update().where(mine, zotero_items.c.item_key.in_(part)).values(gone_at=value))


def _held(session: sa.Connection, library: str, keys: Collection[str]) -> set[str]:
    """Those of the items that a followed collection holds."""
    in_one = zotero_members.join(zotero_collections, zotero_collections.c.id == zotero_members.c.collection_id)
    wanted = sa.select(zotero_members.c.item_key).select_from(in_one).where(zotero_collections.c.library == library)
    found: set[str] = set()
    for part in batches(sorted(keys)):
        found |= set(session.execute(wanted.where(zotero_members.c.item_key.in_(part))).scalars())
    return found


def _unused(library: str, keys: Collection[str]) -> sa.Update:
    """The items of a library that no followed collection holds."""
    in_one = zotero_members.join(zotero_collections, zotero_collections.c.id == zotero_members.c.collection_id)
    held = sa.select(zotero_members.c.item_key).select_from(in_one).where(zotero_collections.c.library == library)
    mine = zotero_items.c.library == library, zotero_items.c.item_key.in_(keys), zotero_items.c.item_key.not_in(held)
    return zotero_items.update().where(*mine)


def _papers_among(session: sa.Connection, library: str, keys: Collection[str]) -> set[str]:
    found: set[str] = set()
    for part in batches(sorted(keys)):
        mine = zotero_items.c.library == library, zotero_items.c.item_key.in_(part), zotero_items.c.is_paper
        found |= set(session.execute(sa.select(zotero_items.c.item_key).where(*mine)).scalars())
    return found


def _values(one: ZoteroItemFacts) -> dict[str, object]:
    return {
        "item_key": one.key,
        "version": one.version,
        "is_paper": one.is_paper,
        "body": one.body,
        "pmid": one.pmid,
        "doi": one.doi,
        "pmcid": one.pmcid,
        "title_key": one.title_key or None,
        "gone_at": one.gone_at,
    }


def _item(row: sa.Row[Any]) -> ZoteroItemFacts:
    return ZoteroItemFacts(
        key=row.item_key,
        version=row.version,
        is_paper=row.is_paper,
        body=row.body,
        pmid=row.pmid,
        doi=row.doi,
        pmcid=row.pmcid,
        title_key=row.title_key or "",
        gone_at=row.gone_at,
    )
