"""Which hits a digest still has to judge, or may judge again: a query each, on the ledger and on what was judged before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from watcher.domain import Candidate, Hit, HitState, Outcome, RecordId
from watcher.store import configuration, ledger
from watcher.store.articles import IS_READABLE, Texts
from watcher.store.columns import articles, digests, hits, judgements, presented, rankings, runs, subscriptions

_AT_ONCE = 200
"""Rows that are read at a time: all of them, with their texts, take much memory (decision 0041)."""


def is_new_to(subscription: sa.FromClause, hit: sa.FromClause, record: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether the list of this subscription has still to judge this hit, whose record is stored: news that this subscription or an
    earlier one of the list to the watch gave it, however long the list was without the watch in between."""
    span = subscriptions.alias("span")
    given = sa.exists().where(_same_pair(span, subscription), _is_news_of(span, hit, record)).correlate(subscription, hit, record)
    return sa.and_(hit.c.state == HitState.NEWS.value, given, ~_judged(subscription, hit))


def is_starter_of(subscription: sa.FromClause, hit: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether the list of this subscription has still to judge this hit, an older paper that an edit of the query added while the list
    had the watch."""
    span = subscriptions.alias("span")
    until = sa.or_(span.c.until.is_(None), runs.c.id <= span.c.until_run_id)
    added = sa.exists().where(_same_pair(span, subscription), _came_after(span, hit.c.starter_at), until)
    return sa.and_(added.correlate(subscription, hit), ~_judged(subscription, hit))


def _is_news_of(span: sa.FromClause, hit: sa.FromClause, record: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a subscription gives its list this news: created since its cut (or on an unknown day), or that a run after its beginning
    brought; and first seen before its end. Runs are compared by their numbers: their times may be those of a clock that has gone back
    since."""
    came = sa.exists().where(_came_after(span, hit.c.news_at)).correlate(span, hit)
    counts = sa.or_(record.c.crdt >= span.c.since, record.c.crdt.is_(None), came)
    return sa.and_(counts, sa.or_(span.c.until.is_(None), hit.c.first_run_id <= span.c.until_run_id))


def _same_pair(span: sa.FromClause, subscription: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(span.c.list_id == subscription.c.list_id, span.c.watch_id == subscription.c.watch_id)


def _came_after(span: sa.FromClause, came_at: sa.ColumnElement[datetime | None]) -> sa.ColumnElement[bool]:
    """Of `runs`: the one that did at its end what was done at this instant, if it began after the subscription."""
    return sa.and_(runs.c.watch_id == span.c.watch_id, runs.c.finished_at == came_at, runs.c.id > span.c.after_run_id)


def _judged(subscription: sa.FromClause, hit: sa.FromClause) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(
            judgements.c.list_id == subscription.c.list_id,
            judgements.c.watch_id == subscription.c.watch_id,
            judgements.c.record_id == hit.c.record_id,
        )
        .correlate(subscription, hit)
    )


class Reader:
    """A list, reading one of its watches."""

    def __init__(self, session: sa.Connection, list_name: str, watch: str, texts: Texts) -> None:
        """Raises UnknownNameError when there is no such list or watch."""
        self._session = session
        self._texts = texts
        self._watch = watch
        self._list_id = configuration.list_id(session, list_name)
        self._watch_id = configuration.watch_id(session, watch)

    def unjudged(self) -> tuple[Candidate, ...]:
        """The news that this list never judged, of all times in which it took the watch."""
        return self._candidates(self._subscribed(is_new_to(subscriptions, hits, articles)))

    def has_judged(self) -> bool:
        """Whether this list ever judged a hit of the watch."""
        mine = sa.and_(judgements.c.list_id == self._list_id, judgements.c.watch_id == self._watch_id)
        return bool(self._session.execute(sa.select(sa.exists().where(mine))).scalar())

    def starters(self) -> tuple[Candidate, ...]:
        """The older papers that an edit added to be shown once, while this list took the watch; never judged by it."""
        return self._candidates(self._subscribed(is_starter_of(subscriptions, hits)))

    def gained(self) -> tuple[Candidate, ...]:
        """What was below the threshold when it had no abstract or no headings, and first gained them after that digest."""
        gained = sa.or_(articles.c.abstract_at > digests.c.composed_at, articles.c.headings_at > digests.c.composed_at)
        return self._candidates(self._once_below().where(gained))

    def reconsiderable(self, since: datetime, ranking_sha256: str) -> tuple[Candidate, ...]:
        """What was below the threshold under another ranking, in a digest composed since then."""
        other = sa.or_(judgements.c.ranking_id.is_(None), rankings.c.sha256 != ranking_sha256)
        wanted = self._once_below().outerjoin(rankings, rankings.c.id == judgements.c.ranking_id)
        return self._candidates(wanted.where(other, digests.c.composed_at >= since))

    def _candidates(self, wanted: sa.Select[*tuple[object, ...]]) -> tuple[Candidate, ...]:
        """Row by row, so that no more than a few bodies are there beside what they were decoded to."""
        rows = self._session.execute(wanted.order_by(hits.c.record_id).execution_options(yield_per=_AT_ONCE)).mappings()
        read = ((row, self._texts.read(row["record_id"], row["body"], row["content_sha256"])) for row in rows)
        found = [(article, row["work_id"], row["state"], row["news_at"]) for row, article in read if article]
        origins = ledger.origins(self._session, self._watch_id, [article.record_id for article, *_ in found])
        return tuple(
            Candidate(
                article,
                work_id,
                (
                    Hit(
                        self._watch,
                        article.record_id,
                        origins.get(article.record_id, frozenset()),
                        state=HitState(state),
                        news_at=news_at,
                    ),
                ),
            )
            for article, work_id, state, news_at in found
        )

    def _hits(self) -> sa.Select[*tuple[object, ...]]:
        """The watch's hits whose record is stored and not known to be damaged."""
        return (
            sa.select(
                hits.c.record_id, hits.c.state, hits.c.news_at, articles.c.work_id, articles.c.body, articles.c.content_sha256
            )
            .join(articles, articles.c.record_id == hits.c.record_id)
            .where(hits.c.watch_id == self._watch_id, IS_READABLE)
        )

    def _subscribed(self, condition: sa.ColumnElement[bool]) -> sa.Select[*tuple[object, ...]]:
        """The hits under a condition, as long as the list takes the watch."""
        standing = sa.and_(
            subscriptions.c.list_id == self._list_id,
            subscriptions.c.watch_id == self._watch_id,
            subscriptions.c.until.is_(None),
        )
        return self._hits().join(subscriptions, standing).where(condition)

    def _once_below(self) -> sa.Select[*tuple[object, ...]]:
        """The hits whose last judgement by this list was below the threshold, and whose work it has not presented."""
        later = judgements.alias("later")
        last = (
            sa.select(sa.func.max(later.c.digest_id))
            .where(later.c.list_id == self._list_id, later.c.watch_id == self._watch_id, later.c.record_id == hits.c.record_id)
            .correlate(hits)
            .scalar_subquery()
        )
        mine = sa.and_(
            judgements.c.list_id == self._list_id,
            judgements.c.watch_id == self._watch_id,
            judgements.c.record_id == hits.c.record_id,
            judgements.c.digest_id == last,
            judgements.c.outcome == Outcome.BELOW_THRESHOLD.value,
        )
        below = sa.select(judgements.c.record_id).where(
            judgements.c.list_id == self._list_id,
            judgements.c.watch_id == self._watch_id,
            judgements.c.outcome == Outcome.BELOW_THRESHOLD.value,
        )
        shown = sa.exists().where(presented.c.list_id == self._list_id, presented.c.work_id == articles.c.work_id)
        ever = self._hits().where(hits.c.record_id.in_(below))  # so few that they come first
        return ever.join(judgements, mine).join(digests, digests.c.id == judgements.c.digest_id).where(~shown)


_MAY_BE_OWED = sa.or_(hits.c.state == HitState.NEWS.value, hits.c.starter_at.is_not(None))
"""Of `hits` alone: most are neither, and their records need not be looked up."""


def is_to_be_judged() -> sa.ColumnElement[bool]:
    """Of `hits` and `articles`: whether a list that takes the watch has still to judge the hit."""
    standing = sa.and_(subscriptions.c.watch_id == hits.c.watch_id, subscriptions.c.until.is_(None))
    owed = sa.or_(is_new_to(subscriptions, hits, articles), is_starter_of(subscriptions, hits))
    return sa.and_(_MAY_BE_OWED, sa.exists().where(standing, owed).correlate(hits, articles))


def check_owed(session: sa.Connection, watch_id: int, texts: Texts) -> None:
    """Reads the texts that the next digests will, for `texts` to find damage in them."""
    wanted = sa.select(articles.c.record_id, articles.c.body, articles.c.content_sha256).join(
        hits, hits.c.record_id == articles.c.record_id
    )
    for row in session.execute(wanted.where(hits.c.watch_id == watch_id, IS_READABLE, is_to_be_judged())):
        texts.read(*row)


def to_be_judged(session: sa.Connection, watch_id: int) -> Iterator[tuple[RecordId, bool]]:
    """The hits of a watch that a list has still to judge, those read longest ago first, and whether the full set lacked them when it was
    last read."""
    found = sa.select(hits.c.record_id, hits.c.absent_since.is_not(None)).join(articles, articles.c.record_id == hits.c.record_id)
    mine = found.where(hits.c.watch_id == watch_id, is_to_be_judged()).order_by(articles.c.fetched_at, hits.c.record_id)
    return ((record_id, bool(is_absent)) for record_id, is_absent in session.execute(mine))


def without_text(session: sa.Connection, watch_id: int, *, owed_only: bool = False) -> tuple[RecordId, ...]:
    """The hits of a watch whose text is damaged, and those that a list has still to judge although their text was dropped; or of all
    these only what a list has still to judge."""
    mine = sa.select(hits.c.record_id).where(hits.c.watch_id == watch_id)
    owed = mine.join(articles, articles.c.record_id == hits.c.record_id).where(~IS_READABLE, is_to_be_judged())
    damaged = mine.where(hits.c.record_id.in_(sa.select(articles.c.record_id).where(articles.c.damaged_at.is_not(None))))
    wanted = owed if owed_only else sa.union(owed, damaged)
    return tuple(sorted(session.execute(wanted).scalars()))
