"""Stores articles and joins them to works: what a reader means by a paper.

Two records are one work when one says that it updates the other (UpdateIn, UpdateOf: preprint and article), or when their DOIs are
equal and their titles alike. Versions of a record share its number, and so its row. Errata, comments, replies, retraction notices and
expressions of concern often carry the DOI or the title of the paper they are about: a DOI never joins them.

Links are kept both ways and before the other record is stored, so that the order in which records come does not matter. Works that a
later record shows to be one keep the older number, and the earlier presentation of each list.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, islice

import sqlalchemy as sa

from watcher.domain import Article, RecordId
from watcher.store import changes, codec, corrections, feeds, packing
from watcher.store.articles import IS_READABLE
from watcher.store.columns import articles, digests, follow_ups, presented, work_links, works
from watcher.store.database import batches, insert_empty, insert_new, insert_one, upsert
from watcher.store.spool import Spool

SAME_WORK = frozenset({"UpdateIn", "UpdateOf"})
"""Relations between two records of one work."""

NOTICE_TYPES = frozenset({"Published Erratum", "Retraction of Publication", "Expression of Concern", "Comment"})
NOTICE_RELATIONS = frozenset({"ErratumFor", "RetractionOf", "ExpressionOfConcernFor", "CommentOn"})

ALIKE = 85
"""From this token set ratio (0 to 100, rapidfuzz) on, two titles under one DOI are of one work."""

_BATCH = 400


def is_notice(article: Article) -> bool:
    """Whether it is about another paper: an erratum, comment, reply, retraction notice or expression of concern."""
    kinds = {relation.kind for relation in article.relations}
    return bool(NOTICE_TYPES & set(article.publication_types) or NOTICE_RELATIONS & kinds)


def save(session: sa.Connection, given: Iterable[Article], at: datetime) -> None:
    """Stores each article whose content is not stored yet, joins it to its work, and takes down what it says became of its paper; a lower
    version than the stored one is left.

    `at` is when they were fetched.
    """
    pairs = given.pairs() if isinstance(given, Spool) else ((article, codec.dumps(article)) for article in given)
    while batch := list(islice(pairs, _BATCH)):
        newest: dict[RecordId, tuple[Article, str]] = {}
        for article, body in batch:
            if article.record_id not in newest or article.version >= newest[article.record_id][0].version:
                newest[article.record_id] = article, body
        _Shelf(session, list(newest.values())).put(at)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What joining must know of a record that is stored, or is about to be."""

    work_id: int
    version: int
    title: str
    doi: str | None
    is_notice: bool
    has_abstract: bool
    has_headings: bool
    content_sha256: str
    abstract_at: datetime | None
    headings_at: datetime | None
    lacks_text: bool = False

    def differs(self, content_sha256: str) -> bool:
        """Whether a record of this content is to be stored: another one is, none any more, or one that was damaged."""
        return self.lacks_text or content_sha256 != self.content_sha256


class _Shelf:
    """A batch of articles with the stored records that they may belong to, read at once and kept up to date while joining."""

    def __init__(self, session: sa.Connection, batch: Sequence[tuple[Article, str]]) -> None:
        self._session = session
        self._batch = [article for article, _ in batch]
        self._bodies = batch
        self._partners: defaultdict[RecordId, set[RecordId]] = defaultdict(set)
        self._by_doi: defaultdict[str, set[RecordId]] = defaultdict(set)
        self._kept: dict[RecordId, _Kept] = {}
        self._links: list[Mapping[str, object]] = []
        self._made: list[int] = []
        self._read_links()
        self._read_records()

    def put(self, at: datetime) -> None:
        """Stores what is new or changed."""
        rows, current = [], []
        alone = self._alone()
        for is_alone, bodies in groupby(self._bodies, lambda pair: pair[0].record_id in alone):
            some = list(bodies)
            self._made = insert_empty(self._session, works, len(some))[::-1] if is_alone else []
            for article, body in some:
                content_sha256 = codec.sha256(body)
                kept = self._kept.get(article.record_id)
                if kept is None or article.version >= kept.version:
                    current.append(article)
                if kept is None or (article.version >= kept.version and kept.differs(content_sha256)):
                    self._place(article, content_sha256, at)
                    rows.append((article, body))
        upsert(self._session, articles, [self._row(article, body, at) for article, body in rows], key=("record_id",))
        changes.note(self._session, [article.record_id for article, _ in rows])
        insert_new(self._session, work_links, [{**link, "found_at": at} for link in self._links])
        self._note_fetched({article.record_id for article in self._batch} - {article.record_id for article, _ in rows}, at)
        corrections.record(self._session, current, at)

    # --- reading

    def _read_links(self) -> None:
        for article in self._batch:
            for other, _ in _stated_links(article):
                self._link(article.record_id, other)
        link = work_links.c
        for batch in batches({article.record_id for article in self._batch}):
            either = sa.or_(link.from_record_id.in_(batch), link.to_record_id.in_(batch))
            for one, other in self._session.execute(sa.select(link.from_record_id, link.to_record_id).where(either)):
                self._link(one, other)

    def _link(self, one: RecordId, other: RecordId) -> None:
        self._partners[one].add(other)
        self._partners[other].add(one)

    def _read_records(self) -> None:
        record_ids = {article.record_id for article in self._batch} | self._partners.keys()
        dois = {doi for article in self._batch if (doi := _doi(article))}
        for column, wanted in ((articles.c.record_id, record_ids), (articles.c.doi, dois)):
            for batch in batches(wanted):
                for record_id, *facts in self._session.execute(_KEPT.where(column.in_(batch))):
                    self._remember(record_id, _Kept(*facts))

    def _remember(self, record_id: RecordId, kept: _Kept) -> None:
        self._kept[record_id] = kept
        if kept.doi:
            self._by_doi[kept.doi].add(record_id)

    # --- joining

    def _alone(self) -> set[RecordId]:
        """The new records that no other one, stored or of the batch, can share a work with: their works are made together."""
        dois = Counter(map(_doi, self._batch))
        return {
            article.record_id
            for article in self._batch
            if article.record_id not in self._kept
            and not self._partners.get(article.record_id)
            and ((doi := _doi(article)) is None or (doi not in self._by_doi and dois[doi] == 1))
        }

    def _place(self, article: Article, content_sha256: str, at: datetime) -> None:
        """Finds the article's work, and takes the article in so that later ones of the batch find it."""
        for other, kind in _stated_links(article):
            self._keep_link(article.record_id, other, kind, "stated by the record")
        before = self._kept.get(article.record_id)
        akin = {self._kept[record_id].work_id for record_id in self._akin(article) if record_id in self._kept}
        work_id = self._join(akin | ({before.work_id} if before else set()))
        gained_abstract = before and article.abstract and not before.has_abstract
        gained_headings = before and article.headings and not before.has_headings
        self._remember(
            article.record_id,
            _Kept(
                work_id=work_id,
                version=article.version,
                title=article.title,
                doi=_doi(article),
                is_notice=is_notice(article),
                has_abstract=bool(article.abstract),
                has_headings=bool(article.headings),
                content_sha256=content_sha256,
                abstract_at=(before and before.abstract_at) or (at if gained_abstract else None),
                headings_at=(before and before.headings_at) or (at if gained_headings else None),
            ),
        )

    def _akin(self, article: Article) -> Iterator[RecordId]:
        """The other records of the article's work, as far as it or they say so."""
        yield from self._partners[article.record_id]
        doi = _doi(article)
        if not doi or is_notice(article):
            return
        for record_id in sorted(self._by_doi[doi] - {article.record_id}):
            from rapidfuzz import fuzz  # noqa: PLC0415 - seldom have two records one DOI

            other = self._kept[record_id]
            alike = fuzz.token_set_ratio(article.title.lower(), other.title.lower())
            if other.doi == doi and not other.is_notice and alike >= ALIKE:
                self._keep_link(article.record_id, record_id, "doi", f"{doi}, titles {alike:.0f} % alike")
                yield record_id

    def _join(self, work_ids: set[int]) -> int:
        """The one work of all these: a new one, the one, or the oldest with the others merged into it."""
        if not work_ids:
            return self._made.pop() if self._made else insert_one(self._session, works)
        oldest = min(work_ids)
        for other in work_ids - {oldest}:
            self._kept = {
                record_id: replace(kept, work_id=oldest) if kept.work_id == other else kept
                for record_id, kept in self._kept.items()
            }
            merge(self._session, other, into=oldest)
        return oldest

    # --- writing

    def _keep_link(self, one: RecordId, other: RecordId, kind: str, evidence: str) -> None:
        self._links.append({"from_record_id": one, "to_record_id": other, "kind": kind, "evidence": evidence})

    def _row(self, article: Article, body: str, at: datetime) -> Mapping[str, object]:
        kept = self._kept[article.record_id]
        return {
            "record_id": article.record_id,
            "work_id": kept.work_id,
            "version": kept.version,
            "doi": kept.doi,
            "pmcid": article.pmcid,
            "title": article.title,
            "body": packing.pack(body.encode()),
            "crdt": article.crdt,
            "edat": article.edat,
            "mhda": article.mhda,
            "lr": article.lr,
            "pub_status": article.pub_status,
            "is_notice": kept.is_notice,
            "has_abstract": kept.has_abstract,
            "has_headings": kept.has_headings,
            "content_sha256": kept.content_sha256,
            "fetched_at": at,
            "abstract_at": kept.abstract_at,
            "headings_at": kept.headings_at,
            "forgotten_at": None,
            "damaged_at": None,
        }

    def _note_fetched(self, record_ids: set[RecordId], at: datetime) -> None:
        for batch in batches(record_ids):
            self._session.execute(articles.update().where(articles.c.record_id.in_(batch)).values(fetched_at=at))


_KEPT = sa.select(
    articles.c.record_id,
    articles.c.work_id,
    articles.c.version,
    sa.func.coalesce(articles.c.title, ""),
    articles.c.doi,
    articles.c.is_notice,
    articles.c.has_abstract,
    articles.c.has_headings,
    articles.c.content_sha256,
    articles.c.abstract_at,
    articles.c.headings_at,
    ~IS_READABLE,
)


def join_by_doi(session: sa.Connection, gone: RecordId, living: RecordId, doi: str, at: datetime) -> None:
    """Makes a record that PubMed deleted and the living one of the same DOI one work, whatever their titles."""
    wanted = sa.select(articles.c.work_id).where(articles.c.record_id.in_([gone, living])).distinct()
    found = sorted(session.execute(wanted).scalars())
    link = {
        "from_record_id": gone,
        "to_record_id": living,
        "kind": "doi",
        "evidence": f"{doi}; PubMed deleted {gone.label}",
        "found_at": at,
    }
    insert_new(session, work_links, [link])
    for other in found[1:]:
        merge(session, other, into=found[0])


def merge(session: sa.Connection, work_id: int, *, into: int) -> None:
    """Makes two works one. Where a list has had both, its earlier presentation stays."""
    session.execute(articles.update().where(articles.c.work_id == work_id).values(work_id=into))
    changes.note_works(session, (work_id, into))
    _merge_presented(session, work_id, into)
    feeds.merge(session, work_id, into=into)
    told = session.execute(follow_ups.select().where(follow_ups.c.work_id == work_id)).mappings().all()
    session.execute(follow_ups.delete().where(follow_ups.c.work_id == work_id))
    insert_new(session, follow_ups, [{**row, "work_id": into} for row in told])


def _merge_presented(session: sa.Connection, work_id: int, into: int) -> None:
    both = (
        sa.select(presented)
        .join(digests, digests.c.id == presented.c.digest_id)
        .where(presented.c.work_id.in_((work_id, into)))
        .order_by(digests.c.composed_at, digests.c.id, presented.c.position)
    )
    earliest: dict[int, Mapping[str, object]] = {}
    for row in session.execute(both).mappings():
        earliest.setdefault(row["list_id"], {**row, "work_id": into})
    session.execute(presented.delete().where(presented.c.work_id.in_((work_id, into))))
    insert_new(session, presented, list(earliest.values()))


def _stated_links(article: Article) -> Iterator[tuple[RecordId, str]]:
    """The other records of this work that the record itself names."""
    for relation in article.relations:
        if relation.kind in SAME_WORK and relation.record_id is not None and relation.record_id != article.record_id:
            yield relation.record_id, relation.kind


def _doi(article: Article) -> str | None:
    """DOIs are compared without regard to case (DOI Handbook, 2.4)."""
    return article.doi.lower() if article.doi else None
