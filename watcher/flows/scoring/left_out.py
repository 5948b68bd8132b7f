"""The papers that readers marked, each as it would stand if nobody had marked it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from watcher.domain import Article, RecordId, ResolvedSeed
from watcher.errors import ConfigurationError
from watcher.flows.ports import Ranks
from watcher.flows.scoring.verdicts import Lessons
from watcher.rank.calibration import Labelled
from watcher.store import Store

FOLDS = 10
"""Into so many parts the marked papers are split at most, each scored by what the others teach."""


def left_out(
    store: Store,
    seeds: Sequence[ResolvedSeed],
    learnt: Lessons,
    rank_by: Callable[[Sequence[ResolvedSeed], Lessons], Ranks],
    say: Callable[[str], None] = lambda _line: None,
) -> Iterator[Labelled]:
    """Each marked paper as it would stand if nobody had marked it: scored by the ranking that the others make (cross-validation).

    It cannot be counted where there is no text to rank by without it, nor when it is a seed, which is near itself. All records of
    one work are left out together: a preprint is near its article.

    Args:
        store: the database; nothing is written.
        seeds: the watch's.
        learnt: what its readers say.
        rank_by: makes the ranking of seeds and lessons.
        say: is told of each part.
    """
    own = {one.article.record_id for one in seeds if one.article}
    marked = sorted({one.record_id for one in (*learnt.relevant, *learnt.not_relevant)})
    works = sorted({frozenset((record_id, *store.explain(record_id).work_record_ids)) for record_id in marked}, key=min)
    apart = [work for work in works if not work & own]
    parts = [frozenset[RecordId]().union(*apart[start::FOLDS]) for start in range(min(FOLDS, len(apart)))]
    for number, part in enumerate(parts, 1):
        say(f"scoring the marked papers without their verdicts: part {number} of {len(parts)}")
        rest = replace(learnt, relevant=_without(learnt.relevant, part), not_relevant=_without(learnt.not_relevant, part))
        try:
            ranking = rank_by(seeds, rest)
        except ConfigurationError:
            continue  # counted as left out
        for articles, relevant in ((learnt.relevant, True), (learnt.not_relevant, False)):
            theirs = [one for one in articles if one.record_id in part]
            yield from (Labelled(value, relevant) for value in ranking.values(theirs))


def _without(articles: Sequence[Article], record_ids: Collection[RecordId]) -> tuple[Article, ...]:
    return tuple(one for one in articles if one.record_id not in record_ids)
