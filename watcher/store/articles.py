"""Stored records as Articles again, each held against the hash of what was written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm

from watcher.domain import Article, Pmid
from watcher.store import codec
from watcher.store.database import batches
from watcher.store.tables import articles
from watcher.store.values import StoredArticle

IS_READABLE = sa.and_(articles.c.body.is_not(None), articles.c.damaged_at.is_(None))
"""Whether a record's text is stored, and is not known to be damaged."""


class Texts:
    """Decodes the bodies that one transaction reads. `damaged` are the records whose body is not what was written."""

    def __init__(self) -> None:
        self.damaged: set[Pmid] = set()

    def read(self, pmid: int, body: object, content_sha256: str) -> Article | None:
        """The article, or None when the body is damaged."""
        try:
            if not isinstance(body, str) or codec.sha256(body) != content_sha256:
                raise codec.Undecodable
            return codec.loads(Article, body)
        except codec.Undecodable:
            self.damaged.add(Pmid(pmid))
            return None


def stored(session: orm.Session, pmids: Collection[Pmid]) -> dict[Pmid, StoredArticle]:
    """What is known of those of the pmids whose record was ever stored."""
    table = articles.c
    wanted = sa.select(table.pmid, table.content_sha256, table.fetched_at, table.has_abstract, table.has_headings)
    return {
        row.pmid: StoredArticle(Pmid(row.pmid), row.content_sha256, row.fetched_at, row.has_abstract, row.has_headings)
        for batch in batches(pmids)
        for row in session.execute(wanted.where(table.pmid.in_(batch)))
    }


_BODY = (articles.c.pmid, articles.c.body, articles.c.content_sha256)


def load(session: orm.Session, pmids: Collection[Pmid], texts: Texts) -> dict[Pmid, Article]:
    """The articles of those of the pmids whose text is stored and sound."""
    wanted = sa.select(*_BODY).where(IS_READABLE)
    return {
        Pmid(row.pmid): article
        for batch in batches(pmids)
        for row in session.execute(wanted.where(articles.c.pmid.in_(batch)))
        if (article := texts.read(*row))
    }


def of_works(session: orm.Session, work_ids: Collection[int], texts: Texts) -> dict[int, tuple[Article, ...]]:
    """All stored and sound records of each work, lowest pmid first."""
    wanted = sa.select(articles.c.work_id, *_BODY).where(IS_READABLE).order_by(articles.c.pmid)
    found: defaultdict[int, list[Article]] = defaultdict(list)
    for batch in batches(work_ids):
        for work_id, *body in session.execute(wanted.where(articles.c.work_id.in_(batch))):
            if article := texts.read(*body):
                found[work_id].append(article)
    return {work_id: tuple(records) for work_id, records in found.items()}


def mark_damaged(session: orm.Session, pmids: Collection[Pmid], at: datetime) -> None:
    """Notes that the text of these records is not what was written; what is left of it stays until the record was fetched again."""
    for batch in batches(pmids):
        session.execute(articles.update().where(articles.c.pmid.in_(batch), IS_READABLE).values(damaged_at=at))


def verify(session: orm.Session, share: int, of: int, texts: Texts) -> int:
    """Reads one of so many equal shares of the stored texts, for `texts` to find damage in them; how many were read."""
    count = session.execute(sa.select(sa.func.count()).select_from(articles)).scalar_one()
    size = -(-count // of)
    first = sa.select(articles.c.pmid).order_by(articles.c.work_id, articles.c.pmid).limit(size).offset(share % of * size)
    read = 0
    for batch in batches(session.execute(first).scalars().all()):
        for row in session.execute(sa.select(*_BODY).where(IS_READABLE, articles.c.pmid.in_(batch))):
            texts.read(*row)
            read += 1
    return read
