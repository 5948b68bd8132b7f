"""The papers of one watch whose texts are stored, with what the lists have made of them. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa

from watcher.domain import HitState, Outcome, RecordId
from watcher.store.articles import IS_READABLE, Texts
from watcher.store.candidates import is_to_be_judged
from watcher.store.columns import articles, digests, hits, judgements, query_versions
from watcher.store.values import PaperFacts

_PRESENTED = (Outcome.SHOWN, Outcome.ATTACHED)


def of_watch(session: sa.Connection, watch_id: int, since: datetime | None, texts: Texts) -> tuple[PaperFacts, ...]:
    """The watch's papers, lowest record first: those that became news since then, or that a list has still to judge; None: all."""
    wanted = (
        sa.select(hits.c.record_id, hits.c.state, hits.c.news_at, articles.c.work_id, articles.c.body, articles.c.content_sha256)
        .join(articles, articles.c.record_id == hits.c.record_id)
        .where(hits.c.watch_id == watch_id, IS_READABLE)
        .order_by(hits.c.record_id)
    )
    if since is not None:
        wanted = wanted.where(sa.or_(sa.and_(hits.c.state == HitState.NEWS.value, hits.c.news_at >= since), is_to_be_judged()))
    decided = _decided(session, watch_id)
    return tuple(
        PaperFacts(
            article=article,
            work_id=row["work_id"],
            state=HitState(row["state"]),
            news_at=row["news_at"],
            outcome=decided.get(row["record_id"]),
        )
        for row in session.execute(wanted).mappings()
        if (article := texts.read(row["record_id"], row["body"], row["content_sha256"]))
    )


def read_since(session: sa.Connection, watch_id: int) -> date | None:
    """The record creation day from which the watch has news: the cut of its first query; None before its first reading."""
    first = sa.select(query_versions.c.baseline_cut).where(query_versions.c.watch_id == watch_id)
    return session.execute(first.order_by(query_versions.c.ordinal).limit(1)).scalar_one_or_none()


def _decided(session: sa.Connection, watch_id: int) -> Mapping[RecordId, Outcome]:
    """What became of each hit: that a list presented it, else what was decided last."""
    found: dict[RecordId, Outcome] = {}
    wanted = sa.select(judgements.c.record_id, judgements.c.outcome).join(digests, digests.c.id == judgements.c.digest_id)
    for record_id, outcome in session.execute(wanted.where(judgements.c.watch_id == watch_id).order_by(digests.c.id)):
        if found.get(record_id) not in _PRESENTED:
            found[record_id] = Outcome(outcome)
    return found
