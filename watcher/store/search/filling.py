"""Keeps the text index after the database, a bounded piece at a time, in the order in which works changed.

Each piece is one transaction of the index, which also notes how far it is: a process may be killed anywhere. The database itself is only
read, so that neither a run nor a page waits for it. An index of another database, or in another form, is made anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from watcher.domain import RecordId
from watcher.store import changes
from watcher.store.articles import Texts
from watcher.store.columns import articles, search_changes, search_sources
from watcher.store.database import Database, batches, insert_new
from watcher.store.search import place
from watcher.store.search.documents import Chips, KnownRecord, PaperWords, document, joined, parts
from watcher.store.search.folding import words
from watcher.store.search.tables import FIELDS, FORM, drop, is_there, make, papers, records, state, tags, values

PIECE = 400
"""Works of one transaction."""

_THE_ONE = 1
_MANY = 5_000
"""After so many works PostgreSQL is told to look at its tables anew, since it would plan for empty ones."""


@dataclass(frozen=True, slots=True)
class Position:
    """Up to which change the index has followed: the change's number, and of those of one number the work's."""

    number: int = 0
    work_id: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many papers the index does not have as they are now, and how many there are; counting these takes long, and is left where none is
    missing."""

    missing: int
    papers: int = 0


def follow(database: Database, chips: Chips, *, limit: int = PIECE) -> int:
    """Takes up to `limit` changed works into the index; how many are left.

    Raises StoreError when the database or the index cannot be used. What was done before stays.
    """
    with place.filling(database) as index, database.reading() as session:
        at = _begun(index, changes.token(session), _last(session))
        found = session.execute(_NEXT.limit(limit), asdict(at)).all()
        if not found:
            return 0
        _take(index, [row.work_id for row in found], _documents(session, [row.work_id for row in found], chips))
        behind = Position(found[-1].number, found[-1].work_id)
        index.execute(state.update().values(number=behind.number, work_id=behind.work_id))
        left = int(session.execute(_MISSING, asdict(behind)).scalar_one())
    if not left and not database.is_sqlite:
        _analyse(database)
    return left


def _analyse(database: Database) -> None:
    with database.speaking(), database.engine.begin() as session:
        if session.execute(sa.select(sa.func.count()).select_from(papers)).scalar_one() >= _MANY:
            session.exec_driver_sql("ANALYZE search_text, search_paper, search_record, search_tag")


def coverage(session: sa.Connection, *, is_indexed: bool) -> Coverage:
    """How much of the database is in the index, as one transaction sees both; without `is_indexed` there is none."""
    if is_indexed and (known := session.execute(_KNOWN).one_or_none()) is not None and _is_of(known, known.token_there or ""):
        missing = int(session.execute(_MISSING, asdict(Position(known.number, known.work_id))).scalar_one())
        return Coverage(missing, _all(session)) if missing else Coverage(0)
    total = _all(session)
    return Coverage(total, total)


_KNOWN = sa.select(state, sa.select(search_sources.c.token).scalar_subquery().label("token_there"))


def _all(session: sa.Connection) -> int:
    return int(session.execute(sa.select(sa.func.count()).select_from(search_changes)).scalar_one())


def _last(session: sa.Connection) -> int:
    return session.execute(sa.select(sa.func.max(search_changes.c.number))).scalar() or 0


def _after(wanted: sa.Select[Any]) -> sa.Select[Any]:
    """Of the changes those behind the `number` and `work_id` that are given with it."""
    number, work_id = search_changes.c.number, search_changes.c.work_id
    at, at_work = sa.bindparam("number", type_=sa.Integer), sa.bindparam("work_id", type_=sa.Integer)
    return wanted.select_from(search_changes).where(sa.or_(number > at, sa.and_(number == at, work_id > at_work)), number >= at)


_MISSING = _after(sa.select(sa.func.count()))
_NEXT = _after(sa.select(search_changes.c.work_id, search_changes.c.number)).order_by(
    search_changes.c.number, search_changes.c.work_id
)


def _position(index: sa.Connection, token: str) -> Position | None:
    """How far the index is; None for one of another database or form."""
    row = index.execute(sa.select(state)).one_or_none()
    return Position(row.number, row.work_id) if row is not None and _is_of(row, token) else None


def _is_of(row: sa.Row[Any], token: str) -> bool:
    """Whether an index is in our form and of the database with this token."""
    return (row.form, row.token) == (FORM, token)


def _begun(index: sa.Connection, token: str, last: int) -> Position:
    """How far the index is, which is made anew where it cannot go on: of another database, or of a later state of this one."""
    at = _position(index, token) if is_there(index) else None
    if at is not None and at.number <= last:
        return at
    drop(index)
    make(index)
    index.execute(state.insert().values(id=_THE_ONE, form=FORM, token=token, number=0, work_id=0))
    return Position()


def _documents(session: sa.Connection, work_ids: Sequence[int], chips: Chips) -> list[PaperWords]:
    """These works as they are now, without those that have no records any more."""
    table, texts = articles.c, Texts()
    wanted = sa.select(table.work_id, table.record_id, table.title, table.crdt, table.body, table.content_sha256, table.damaged_at)
    found: defaultdict[int, list[KnownRecord]] = defaultdict(list)
    for batch in batches(work_ids):
        for row in session.execute(wanted.where(table.work_id.in_(batch)).order_by(table.record_id)):
            is_whole = row.body is not None and row.damaged_at is None
            article = texts.read(row.record_id, row.body, row.content_sha256) if is_whole else None
            found[row.work_id].append(KnownRecord(row.record_id, row.title or "", row.crdt, article))
    return [document(work_id, known, chips) for work_id, known in found.items()]


def _take(index: sa.Connection, work_ids: Sequence[int], documents: Sequence[PaperWords]) -> None:
    """Puts the documents in the place of what the index has of these works."""
    _remove(index, work_ids, [record_id for one in documents for record_id in one.record_ids])
    if not documents:
        return
    index.execute(papers.insert(), [{"key": one.key, "work_id": one.work_id, "record_id": one.record_id} for one in documents])
    index.execute(records.insert(), [{"key": one.key, "record_id": other} for one in documents for other in one.record_ids])
    _label(index, documents)
    (_write_fts5 if index.dialect.name == "sqlite" else _write_vectors)(index, documents)


def _remove(index: sa.Connection, work_ids: Sequence[int], record_ids: Collection[RecordId]) -> None:
    """Removes works, and what other works have of these records."""
    keys = set(_found(index, papers.c.key, papers.c.work_id, work_ids))
    keys |= set(_found(index, records.c.key, records.c.record_id, record_ids))
    for batch in batches(keys):
        for table in (papers, records, tags):
            index.execute(table.delete().where(table.c.key.in_(batch)))
        _remove_texts(index, batch)


def _found(index: sa.Connection, wanted: sa.Column[Any], by: sa.Column[Any], some: Collection[Any]) -> list[int]:
    return [key for batch in batches(some) for key in index.execute(sa.select(wanted).where(by.in_(batch))).scalars()]


def _remove_texts(index: sa.Connection, keys: Sequence[int]) -> None:
    if index.dialect.name == "sqlite":
        raw = index.connection.cursor()
        raw.executemany("DELETE FROM search_text WHERE rowid = ?", [(key,) for key in keys])
        return
    for name in ("search_text", "search_part"):
        table = sa.table(name, sa.column("key", sa.BigInteger))
        index.execute(table.delete().where(table.c.key.in_(keys)))


def _label(index: sa.Connection, documents: Sequence[PaperWords]) -> None:
    """Labels get numbers when they are first met."""
    wanted = {label for one in documents for label in one.labels}
    known = _numbers(index, wanted)
    new = [{"kind": kind, "value": value, "folded": " ".join(words(value))} for kind, value in sorted(wanted - known.keys())]
    insert_new(index, values, new)
    if new:
        known = _numbers(index, wanted)
    rows = [{"key": one.key, "value_id": known[label]} for one in documents for label in one.labels]
    insert_new(index, tags, rows)


def _numbers(index: sa.Connection, labels: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    wanted = sa.select(values.c.kind, values.c.value, values.c.id)
    found = (
        row for batch in batches({value for _, value in labels}) for row in index.execute(wanted.where(values.c.value.in_(batch)))
    )
    return {(kind, value): number for kind, value, number in found}


def _write_fts5(index: sa.Connection, documents: Sequence[PaperWords]) -> None:
    """Rows that were removed, then inserted: REPLACE would leave the words of the former text in the index."""
    names = ", ".join(FIELDS)
    statement = f"INSERT INTO search_text (rowid, {names}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 - names of our own
    raw = index.connection.cursor()
    raw.executemany(statement, [(one.key, *map(one.folded, FIELDS)) for one in sorted(documents, key=lambda one: one.key)])


def _write_vectors(index: sa.Connection, documents: Sequence[PaperWords]) -> None:
    """One tsvector for each paper; those with more words than it holds in `search_part`, in several."""
    whole: list[dict[str, object]] = []
    in_parts: list[dict[str, object]] = []
    for one in documents:
        found = parts(one.texts)
        rows: list[dict[str, object]] = [{"key": one.key, **{name: joined(part[name]) for name in FIELDS}} for part in found]
        (whole if len(rows) == 1 else in_parts).extend(rows)
    for table, some in (("search_text", whole), ("search_part", in_parts)):
        if some:
            index.execute(_VECTORS[table], some)


def _vectors(table: str) -> sa.TextClause:
    """The gap behind each field keeps a phrase from reaching into the next: `||` counts its places on (Text Search, Manipulating Documents)."""
    fields = " || ".join(
        f"setweight(to_tsvector('simple', CAST(:{name} AS text) || ' x0'), '{weight}')"
        for name, weight in zip(FIELDS, "ABCD", strict=True)
    )
    return sa.text(f"INSERT INTO {table} (key, words) VALUES (:key, {fields})")  # noqa: S608 - names of our own


_VECTORS = {table: _vectors(table) for table in ("search_text", "search_part")}
