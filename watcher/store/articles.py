"""Stored records as Articles again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import orm

from watcher.domain import Article, Pmid
from watcher.store import codec
from watcher.store.database import batches
from watcher.store.tables import articles
from watcher.store.values import StoredArticle


def stored(session: orm.Session, pmids: Collection[Pmid]) -> dict[Pmid, StoredArticle]:
    """What is known of those of the pmids whose record was ever stored."""
    table = articles.c
    wanted = sa.select(table.pmid, table.content_sha256, table.fetched_at, table.has_abstract, table.has_headings)
    return {
        row.pmid: StoredArticle(Pmid(row.pmid), row.content_sha256, row.fetched_at, row.has_abstract, row.has_headings)
        for batch in batches(pmids)
        for row in session.execute(wanted.where(table.pmid.in_(batch)))
    }


def load(session: orm.Session, pmids: Collection[Pmid]) -> dict[Pmid, Article]:
    """The articles of those of the pmids whose text is stored."""
    wanted = sa.select(articles.c.pmid, articles.c.body).where(articles.c.body.is_not(None))
    return {
        Pmid(pmid): codec.loads(Article, body)
        for batch in batches(pmids)
        for pmid, body in session.execute(wanted.where(articles.c.pmid.in_(batch)))
    }


def of_works(session: orm.Session, work_ids: Collection[int]) -> dict[int, tuple[Article, ...]]:
    """All stored records of each work, lowest pmid first."""
    wanted = sa.select(articles.c.work_id, articles.c.body).where(articles.c.body.is_not(None)).order_by(articles.c.pmid)
    found: defaultdict[int, list[Article]] = defaultdict(list)
    for batch in batches(work_ids):
        for work_id, body in session.execute(wanted.where(articles.c.work_id.in_(batch))):
            found[work_id].append(codec.loads(Article, body))
    return {work_id: tuple(records) for work_id, records in found.items()}
