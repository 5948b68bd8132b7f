"""Stored records as Articles again, each held against the hash of what was written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import TypeVar, cast

import sqlalchemy as sa

from watcher.domain import Article, RecordId
from watcher.store import changes, codec, packing
from watcher.store.columns import articles, hits
from watcher.store.database import batches
from watcher.store.values import StoredArticle

T = TypeVar("T")

IS_READABLE = sa.and_(articles.c.body.is_not(None), articles.c.damaged_at.is_(None))
"""Whether a record's text is stored, and is not known to be damaged."""


class Texts:
    """Decodes the bodies that one transaction reads. `damaged` are the records whose body is not what was written. What many papers have
    alike (a journal, a publication type, an author) is held once for all of them, unless these are few: `is_sharing` False."""

    def __init__(self, *, is_sharing: bool = True) -> None:
        self.damaged: set[RecordId] = set()
        self._is_sharing = is_sharing
        self._held: dict[object, object] = {}

    def read(self, record_id: RecordId, body: object, content_sha256: str) -> Article | None:
        """The article, or None when the body is damaged."""
        try:
            text = packing.unpack(body)
            if codec.sha256(text) != content_sha256:
                raise codec.Undecodable
            article = codec.loads(Article, text)
        except codec.Undecodable:
            self.damaged.add(record_id)
            return None
        return self._sharing(article) if self._is_sharing else article

    def _sharing(self, article: Article) -> Article:
        return replace(
            article,
            authors=tuple(map(self._share, article.authors)),
            journal=self._share(article.journal),
            published=self._share(article.published),
            electronic=self._share(article.electronic),
            languages=self._share(article.languages),
            publication_types=self._share(article.publication_types),
            headings=tuple(map(self._share, article.headings)),
            substances=self._share(article.substances),
            keywords=self._share(article.keywords),
        )

    def _share(self, value: T) -> T:
        """An equal value that was seen before, or this one. Values of different types are never equal here."""
        return cast("T", self._held.setdefault(value, value))


def stored(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, StoredArticle]:
    """What is known of those of the records that were ever stored."""
    table = articles.c
    wanted = sa.select(table.record_id, table.content_sha256, table.fetched_at, table.has_abstract, table.has_headings)
    return {
        row.record_id: StoredArticle(row.record_id, row.content_sha256, row.fetched_at, row.has_abstract, row.has_headings)
        for batch in batches(record_ids)
        for row in session.execute(wanted.where(table.record_id.in_(batch)))
    }


_BODY = (articles.c.record_id, articles.c.body, articles.c.content_sha256)


def load(session: sa.Connection, record_ids: Collection[RecordId], texts: Texts) -> dict[RecordId, Article]:
    """The articles of those of the records whose text is stored and sound."""
    wanted = sa.select(*_BODY).where(IS_READABLE)
    return {
        row.record_id: article
        for batch in batches(record_ids)
        for row in session.execute(wanted.where(articles.c.record_id.in_(batch)))
        if (article := texts.read(*row))
    }


def of_works(
    session: sa.Connection, work_ids: Collection[int], texts: Texts, at_hand: dict[RecordId, Article]
) -> dict[int, tuple[Article, ...]]:
    """All stored and sound records of each work, lowest record first; those at hand are not read again."""
    wanted = sa.select(articles.c.work_id, articles.c.record_id).where(IS_READABLE).order_by(articles.c.record_id)
    found: defaultdict[int, list[RecordId]] = defaultdict(list)
    for batch in batches(work_ids):
        for work_id, record_id in session.execute(wanted.where(articles.c.work_id.in_(batch))):
            found[work_id].append(record_id)
    others = load(session, {record_id for record_ids in found.values() for record_id in record_ids} - at_hand.keys(), texts)
    known = at_hand | others
    records = (
        (work_id, tuple(known[record_id] for record_id in record_ids if record_id in known))
        for work_id, record_ids in found.items()
    )
    return {work_id: some for work_id, some in records if some}


def mark_damaged(session: sa.Connection, record_ids: Collection[RecordId], at: datetime) -> None:
    """Notes that the text of these records is not what was written; what is left of it stays until the record was fetched again."""
    for batch in batches(record_ids):
        session.execute(articles.update().where(articles.c.record_id.in_(batch), IS_READABLE).values(damaged_at=at))
        changes.note(session, batch)


def verify(session: sa.Connection, share: int, of: int, texts: Texts) -> int:
    """Reads one of so many equal shares of the stored texts, for `texts` to find damage in them; how many were read."""
    count = session.execute(sa.select(sa.func.count()).select_from(articles)).scalar_one()
    size = -(-count // of)
    first = sa.select(articles.c.record_id).order_by(articles.c.work_id, articles.c.record_id).limit(size).offset(share % of * size)
    read = 0
    for batch in batches(session.execute(first).scalars().all()):
        for row in session.execute(sa.select(*_BODY).where(IS_READABLE, articles.c.record_id.in_(batch))):
            texts.read(*row)
            read += 1
    return read


def of_doi(session: sa.Connection, doi: str) -> RecordId | None:
    """The stored record of a DOI; of several one that a watch has seen, and the lowest of those."""
    seen = sa.exists().where(hits.c.record_id == articles.c.record_id)
    wanted = sa.select(articles.c.record_id).where(articles.c.doi == doi.lower())
    found: RecordId | None = session.execute(wanted.order_by(seen.desc(), articles.c.record_id).limit(1)).scalar()
    return found
