"""What became of papers after they were published: each event kept once, whoever says so, and told once to each list that had the paper.

What a record says is taken down with the record, in the same transaction, however it was fetched; what Crossref says beside it. Both may
tell of one event: the notice tells it apart, by its number or DOI, and a paper is retracted once. A row keeps its number when more becomes
known of it (a link for what was a publication type, a record for a citation, a second source): so nobody is told twice.

What a source no longer says has ended: it is not told any more, and where it was told before, it is told that it was taken back.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from watcher.domain import PUBMED, Article, Correction, CorrectionKind, RecordId, corrections_of
from watcher.store.columns import articles, corrections, corrections_told
from watcher.store.database import batches, change, insert_new, insert_one

CROSSREF = "Crossref"
"""What the names of Crossref's sources begin with."""

_OF_OTHERS = frozenset({CorrectionKind.NOTICE_RETRACTED, CorrectionKind.TAKEN_BACK, CorrectionKind.GONE})
"""Kinds that follow from what happens to a notice, a correction or a record; no source says them of a paper."""

SETTLED = timedelta(days=6)
"""What was taken back is told once it has stayed so for so long: a record may lack its links for a day."""

_GRAVE = (CorrectionKind.CONCERN, CorrectionKind.PARTIAL_RETRACTION)
"""Beside what retracts: worth a word when it is taken back."""


@dataclass(slots=True)
class _Known:
    """A row, as far as merging must know it."""

    value: Correction
    ended: bool


@dataclass(slots=True)
class _Desk:
    """Holds what one source says of one paper against what is kept of it. `source` is how its name begins."""

    session: sa.Connection
    source: str
    known: list[_Known]
    at: datetime

    def settle(self, stated: Iterable[Correction]) -> int:
        """Keep what is said; how many are new."""
        left, rows = list(stated), [one for one in self.known if one.value.kind not in _OF_OTHERS]
        for is_same in (self._is_it, self._is_same_notice, self._may_be):
            left = [one for one in left if not self._confirm(one, rows, is_same)]
        for one in left:
            _insert(self.session, one, self.at)
        for row in rows:
            self._no_longer(row)
        return len(left)

    def _confirm(self, one: Correction, rows: list[_Known], is_same: Callable[[Correction, Correction], bool]) -> bool:
        row = next((row for row in rows if is_same(row.value, one)), None)
        if row is None:
            return False
        rows.remove(row)
        value = _joined(row.value, one)
        if row.ended:
            self._end_taken_back(value.id)
        if row.ended or value != row.value:
            self.session.execute(corrections.update().where(corrections.c.id == value.id).values(**_columns(value), ended_at=None))
        return True

    def _is_it(self, row: Correction, one: Correction) -> bool:
        same_record = row.notice_record_id is not None and row.notice_record_id == one.notice_record_id
        return row.kind is one.kind and (row.notice == one.notice or same_record)

    def _is_same_notice(self, row: Correction, one: Correction) -> bool:
        return row.kind in one.kind.family and row.notice_doi is not None and row.notice_doi == one.notice_doi

    def _may_be(self, row: Correction, one: Correction) -> bool:
        """Whether the row is this event, told in another way: without its notice, by a citation that was rewritten since, or by another
        source."""
        if row.kind not in one.kind.family:
            return False
        is_vague = not row.notice or not one.notice
        if self._is_mine(row):
            return is_vague or (row.notice_record_id is None and bool(row.citation))
        return is_vague or one.kind.happens_once or row.notice_doi is None or one.notice_doi is None

    def _is_mine(self, row: Correction) -> bool:
        return any(source.startswith(self.source) for source in row.sources)

    def _no_longer(self, row: _Known) -> None:
        """The source does not say this, or no longer."""
        others = tuple(source for source in row.value.sources if not source.startswith(self.source))
        if row.ended or others == row.value.sources:
            return
        mine = corrections.update().where(corrections.c.id == row.value.id)
        if others:
            self.session.execute(mine.values(sources=json.dumps(others)))
            return
        self.session.execute(mine.values(ended_at=self.at))
        if row.value.kind.retracts or row.value.kind in _GRAVE:
            _take_back(self.session, row.value, self.at)

    def _end_taken_back(self, about: int) -> None:
        back = sa.and_(corrections.c.about_id == about, corrections.c.kind == CorrectionKind.TAKEN_BACK.value)
        self.session.execute(corrections.update().where(back).values(ended_at=self.at))


def record(session: sa.Connection, given: Iterable[Article], at: datetime) -> int:
    """Takes down what these records say became of their papers, and, of those that are notices, what that means for the papers that they
    are about; how many corrections are new."""
    stated = {article.record_id: corrections_of(article) for article in given}
    if not stated:
        return 0
    known = _known(session, stated.keys())
    dois = _dois(session, {one.notice_record_id for found in stated.values() for one in found if one.notice_record_id})
    new = 0
    for record_id in (record_id for record_id, found in stated.items() if found or record_id in known):
        told = [replace(one, notice_doi=dois.get(one.notice_record_id)) for one in stated[record_id]]
        new += _Desk(session, PUBMED, known.get(record_id, []), at).settle(told)
    _name_notices(session, stated.keys())
    return new + _of_retracted_notices(session, stated.keys(), at)


def record_found(session: sa.Connection, record_id: RecordId, stated: Sequence[Correction], at: datetime) -> int:
    """Takes down everything that Crossref says of one paper; how many corrections are new."""
    known = _known(session, [record_id])
    return _Desk(session, CROSSREF, known.get(record_id, []), at).settle(stated)


def record_gone(session: sa.Connection, record_id: RecordId, living: RecordId | None, at: datetime) -> int:
    """Takes down that PubMed deleted a record, and which other one is the paper's now; how many corrections are new: none when it was
    known."""
    kept = next((one for one in _known(session, [record_id]).get(record_id, []) if one.value.kind is CorrectionKind.GONE), None)
    if kept is None:
        _insert(session, Correction(record_id, CorrectionKind.GONE, notice_record_id=living), at)
        return 1
    values = _columns(replace(kept.value, notice_record_id=living or kept.value.notice_record_id))
    session.execute(corrections.update().where(corrections.c.id == kept.value.id).values(**values, ended_at=None))
    return 0


def record_back(session: sa.Connection, record_ids: Collection[RecordId], at: datetime) -> None:
    """Takes down that records are there again that were gone."""
    gone = sa.and_(corrections.c.kind == CorrectionKind.GONE.value, corrections.c.ended_at.is_(None))
    for batch in batches(record_ids):
        for row in session.execute(corrections.select().where(gone, corrections.c.record_id.in_(batch))).mappings().all():
            session.execute(corrections.update().where(corrections.c.id == row["id"]).values(ended_at=at))
            _take_back(session, value(row), at)


def value(row: sa.RowMapping) -> Correction:
    """A row of `correction` as its value."""
    return Correction(
        record_id=row["record_id"],
        kind=CorrectionKind(row["kind"]),
        notice_record_id=row["notice_record_id"],
        notice_doi=row["notice_doi"],
        citation=row["citation"],
        sources=tuple(json.loads(row["sources"])),
        label=row["label"],
        dated=row["dated"],
        found_at=row["found_at"],
        id=row["id"],
        about=row["about_id"],
    )


def _joined(row: Correction, one: Correction) -> Correction:
    """The row with what is newly known of it. PubMed's own link to the notice says more than a citation, and that more than a DOI."""
    takes = bool(one.notice_record_id) or (PUBMED in one.sources and bool(one.citation) and row.notice_record_id is None)
    told = replace(row, kind=one.kind, notice_record_id=one.notice_record_id, citation=one.citation) if takes else row
    return replace(
        told,
        notice_doi=told.notice_doi or one.notice_doi,
        sources=tuple(sorted({*row.sources, *one.sources}, key=_by_source)),
        label=row.label or one.label,
        dated=row.dated or one.dated,
    )


def _by_source(source: str) -> tuple[bool, str]:
    return source != PUBMED, source


def _columns(one: Correction) -> dict[str, object]:
    return {
        "kind": one.kind.value,
        "notice": one.notice,
        "notice_record_id": one.notice_record_id,
        "notice_doi": one.notice_doi,
        "citation": one.citation,
        "sources": json.dumps(one.sources),
        "label": one.label,
        "dated": one.dated,
    }


def _insert(session: sa.Connection, one: Correction, at: datetime) -> int:
    return insert_one(session, corrections, record_id=one.record_id, found_at=at, about_id=one.about, **_columns(one))


def _take_back(session: sa.Connection, row: Correction, at: datetime) -> None:
    """Notes that a correction was taken back; one that was before stands again, with its old day."""
    told = {"record_id": row.record_id, "kind": CorrectionKind.TAKEN_BACK.value, "notice": f"{row.kind.value} {row.notice}".strip()}
    key = [corrections.c[name] == held for name, held in told.items()]
    if change(session, corrections.update().where(*key).values(ended_at=None)):
        return
    columns = _columns(replace(row, kind=CorrectionKind.TAKEN_BACK)) | told
    session.execute(corrections.insert().values(**columns, found_at=at, about_id=row.id))


# --- notices ---------------------------------------------------------------------------------------------------------------------


def unread_notices(session: sa.Connection, record_ids: Collection[RecordId]) -> frozenset[RecordId]:
    """Those of these notices whose records were never stored."""
    stored = {
        record_id
        for batch in batches(record_ids)
        for record_id in session.execute(sa.select(articles.c.record_id).where(articles.c.record_id.in_(batch))).scalars()
    }
    return frozenset(record_ids) - stored


def _name_notices(session: sa.Connection, record_ids: Collection[RecordId]) -> None:
    """Gives corrections the DOIs of those of these records that are their notices."""
    unnamed = sa.select(corrections.c.id, corrections.c.notice_record_id).where(corrections.c.notice_doi.is_(None))
    for batch in batches(record_ids):
        found = session.execute(unnamed.where(corrections.c.notice_record_id.in_(batch))).all()
        dois = _dois(session, {notice for _, notice in found}) if found else {}
        for row, notice in found:
            if notice in dois:
                session.execute(corrections.update().where(corrections.c.id == row).values(notice_doi=dois[notice]))


def _of_retracted_notices(session: sa.Connection, record_ids: Collection[RecordId], at: datetime) -> int:
    """Notes for each correction whose notice was itself retracted that it was; how many are new. `record_ids`: papers and notices alike."""
    said, of_notice = corrections.alias("said"), corrections.alias("of_notice")
    retracting = [kind.value for kind in CorrectionKind if kind.retracts]
    pairs = (
        sa.select(
            said.c.id, said.c.record_id, said.c.notice_record_id, said.c.notice_doi, of_notice.c.citation, of_notice.c.sources
        )
        .join(of_notice, of_notice.c.record_id == said.c.notice_record_id)
        .where(of_notice.c.kind.in_(retracting), of_notice.c.ended_at.is_(None), said.c.ended_at.is_(None))
        .where(said.c.kind.not_in([kind.value for kind in _OF_OTHERS]))
    )
    rows = []
    for batch in batches(record_ids):
        for row in session.execute(pairs.where(sa.or_(said.c.record_id.in_(batch), of_notice.c.record_id.in_(batch)))).mappings():
            told = Correction(
                row["record_id"],
                CorrectionKind.NOTICE_RETRACTED,
                row["notice_record_id"],
                row["notice_doi"],
                row["citation"],
            )
            columns = _columns(replace(told, sources=tuple(json.loads(row["sources"])))) | {"notice": f"of correction {row['id']}"}
            rows.append({**columns, "record_id": row["record_id"], "found_at": at, "about_id": row["id"]})
    before = _count_retracted_notices(session)
    insert_new(session, corrections, rows)
    return _count_retracted_notices(session) - before if rows else 0


def _count_retracted_notices(session: sa.Connection) -> int:
    kind = corrections.c.kind == CorrectionKind.NOTICE_RETRACTED.value
    return session.execute(sa.select(sa.func.count()).select_from(corrections).where(kind)).scalar_one()


# --- reading ---------------------------------------------------------------------------------------------------------------------


def _known(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, list[_Known]]:
    found: defaultdict[RecordId, list[_Known]] = defaultdict(list)
    for batch in batches(record_ids):
        wanted = corrections.select().where(corrections.c.record_id.in_(batch)).order_by(corrections.c.id)
        for row in session.execute(wanted).mappings():
            found[row["record_id"]].append(_Known(value(row), row["ended_at"] is not None))
    return dict(found)


def _dois(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId | None, str]:
    """The DOIs of stored records; the table holds them in lower case."""
    wanted = sa.select(articles.c.record_id, articles.c.doi).where(articles.c.doi.is_not(None))
    return {
        record_id: doi
        for batch in batches(record_ids)
        for record_id, doi in session.execute(wanted.where(articles.c.record_id.in_(batch)))
    }


def standing_of(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, tuple[Correction, ...]]:
    """What stands against each of these records, oldest first."""
    kept = _known(session, record_ids)
    return {record_id: found for record_id, rows in kept.items() if (found := tuple(row.value for row in rows if not row.ended))}


def of_works(session: sa.Connection, work_ids: Collection[int]) -> dict[int, tuple[Correction, ...]]:
    """What became of the records of each work, as far as it stands, oldest first."""
    found: defaultdict[int, list[Correction]] = defaultdict(list)
    wanted = (
        sa.select(corrections, articles.c.work_id)
        .join(articles, articles.c.record_id == corrections.c.record_id)
        .where(corrections.c.ended_at.is_(None))
        .order_by(corrections.c.id)
    )
    for batch in batches(work_ids):
        for row in session.execute(wanted.where(articles.c.work_id.in_(batch))).mappings():
            found[row["work_id"]].append(value(row))
    return {work_id: tuple(held) for work_id, held in found.items()}


def count(session: sa.Connection) -> int:
    """How many corrections were ever taken down."""
    return session.execute(sa.select(sa.func.count()).select_from(corrections)).scalar_one()


def told_ids(session: sa.Connection, list_id: int, ids: Collection[int]) -> frozenset[int]:
    """Those of the corrections that the list was told of."""
    wanted = sa.select(corrections_told.c.correction_id).where(corrections_told.c.list_id == list_id)
    return frozenset(
        number
        for batch in batches(ids)
        for number in session.execute(wanted.where(corrections_told.c.correction_id.in_(batch))).scalars()
    )


def speaks(one: Correction, told: Collection[int], here: Collection[int], now: datetime) -> bool:
    """Whether readers who were told of some corrections, and hear of others `here`, are told this one: not what is said of a correction that
    they never heard of."""
    if one.kind is CorrectionKind.TAKEN_BACK:
        return one.about in told and one.found_at is not None and now - one.found_at >= SETTLED
    return one.kind is not CorrectionKind.NOTICE_RETRACTED or one.about in told or one.about in here


def tell(
    session: sa.Connection,
    list_id: int,
    ids: Iterable[int],
    at: datetime,
    *,
    digest_id: int | None = None,
    notice_id: int | None = None,
    with_paper: bool = False,
) -> None:
    """Notes that the list is told of these corrections."""
    key = {"list_id": list_id, "digest_id": digest_id, "notice_id": notice_id, "with_paper": with_paper, "told_at": at}
    insert_new(session, corrections_told, [{**key, "correction_id": number} for number in dict.fromkeys(ids) if number])
