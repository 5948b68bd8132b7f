"""What a run puts into the feed of its watch: the papers that it found at the threshold, the best on top, and above them what became of papers
that stand there.

It is worded before the commit and written with it, so that a feed never lacks what a run has kept, nor tells what it has not.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from watcher.domain import FEED_ENTRIES, Article, HitState, Origin, RecordId, Scored
from watcher.flows.search.plan import Plan
from watcher.store import Fed, RunCommit, Store

_SIMILAR_ALONE = frozenset({Origin.SIMILAR})


def fed(store: Store, plan: Plan, commit: RunCommit, now: datetime) -> Fed:
    """The entries of a run that is about to be committed; papers beyond the last 200 by their records alone."""
    corrected, best = store.untold_in_feed(plan.watch.name, now), _best(plan, commit)
    if not corrected and not best:
        return Fed()
    from watcher.digest.entries import Match, of_corrected, of_run  # noqa: PLC0415 - templates and Jinja: only when something is told

    shown = {record_id: place for place, record_id in enumerate(best[:FEED_ENTRIES])}
    chosen = [(article, scored) for article, scored in _pairs(commit) if article.record_id in shown]
    chosen.sort(key=lambda pair: shown[pair[0].record_id])
    found = [Match(article, scored, commit.news.get(article.record_id) == _SIMILAR_ALONE) for article, scored in chosen]
    entries = (*of_corrected(corrected), *of_run(plan.watch, found, commit.report.finished_at))
    return Fed(entries, tuple(best[FEED_ENTRIES:]))


def _best(plan: Plan, commit: RunCommit) -> list[RecordId]:
    """The papers at the threshold, best first; of each no more than its number and score is held: there may be many."""
    starters = frozenset(commit.starters)
    passing = [
        (-scored.value, article.record_id)
        for article, scored in _pairs(commit)
        if _is_news(plan, commit, article.record_id, starters) and _passes(plan, article, scored, starters)
    ]
    return [record_id for _, record_id in sorted(passing, key=lambda one: (one[0], -one[1].id))]


def _pairs(commit: RunCommit) -> Iterator[tuple[Article, Scored]]:
    return zip(commit.articles, commit.scores, strict=True)


def _is_news(plan: Plan, commit: RunCommit, record_id: RecordId, starters: frozenset[RecordId]) -> bool:
    """Whether it came with this run, or came before and was read again, its abstract having arrived."""
    came = record_id in commit.news or record_id in starters or record_id in commit.arrived
    return came or plan.ledger.get(record_id) is HitState.NEWS


def _passes(plan: Plan, article: Article, scored: Scored, starters: frozenset[RecordId]) -> bool:
    """As a digest judges: it stands, is of no type that is left out, and reaches the threshold; a starter was chosen by the edit."""
    watch = plan.watch
    if not article.stands or set(watch.exclude_types) & set(article.publication_types):
        return False
    return scored.value >= watch.threshold or article.record_id in starters
