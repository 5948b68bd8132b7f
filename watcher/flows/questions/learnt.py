"""What a watch learns from a verdict, as its reader sees it: which of the last weeks' papers move, and which would be shown now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from watcher.domain import Article, RecordId, Watch
from watcher.flows.questions.rank import LATELY, Order, Orderer
from watcher.flows.scoring.verdicts import Marking

MOVED = 1.0
"""By so many points of a hundred a paper has moved."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What changed for one watch among its papers of the last four weeks: how many moved, and those that came to its threshold or fell
    below it, best first."""

    watch: Watch
    papers: int
    moved: int
    risen: tuple[Article, ...]
    fallen: tuple[Article, ...]


def learning(
    orderer: Orderer, watches: Sequence[Watch], mark: Callable[[], Marking], now: datetime
) -> tuple[Marking, tuple[Learnt, ...]]:
    """Mark a paper, and tell what the ranking makes of it.

    Args:
        orderer: gives the order of a watch's papers by the ranking of the moment.
        watches: those that may learn from it.
        mark: gives the verdict.
        now: the present instant.

    Returns:
        What became of the verdict, and what each of the watches learnt that it was given for.
    """
    since = now - LATELY
    before = {watch.name: orderer.order(watch, since) for watch in watches}
    done = mark()
    taught = {one.watch for one in done.watches if one.before is not one.now}
    return done, tuple(_learnt(before[watch.name], orderer.order(watch, since)) for watch in watches if watch.name in taught)


def learnt_since(orderer: Orderer, watches: Sequence[Watch], reader: str, since: datetime, now: datetime) -> tuple[Learnt, ...]:
    """What the watches learnt from what a reader said since then, for those that learnt anything.

    Args:
        orderer: gives the order of a watch's papers by the ranking of the moment, and by that without some verdicts.
        watches: those that may have learnt.
        reader: whose verdicts.
        since: the first instant.
        now: the present instant.
    """
    told = []
    for watch in watches:
        fresh = frozenset(
            one.id
            for one in orderer.store.verdicts(watch.name)
            if one.reader == reader and one.made_at >= since and one.kind.teaches
        )
        if fresh:
            told.append(_learnt(orderer.order(watch, now - LATELY, without=fresh), orderer.order(watch, now - LATELY)))
    return tuple(told)


def _learnt(before: Order, after: Order) -> Learnt:
    was, threshold = _values(before), after.watch.threshold
    moved = [one for one in after.standings if abs(one.value - was.get(one.article.record_id, one.value)) >= MOVED]
    return Learnt(
        watch=after.watch,
        papers=len(after.standings),
        moved=len(moved),
        risen=tuple(one.article for one in after.standings if was.get(one.article.record_id, one.value) < threshold <= one.value),
        fallen=tuple(one.article for one in after.standings if one.value < threshold <= was.get(one.article.record_id, one.value)),
    )


def _values(order: Order) -> Mapping[RecordId, float]:
    return {one.article.record_id: one.value for one in order.standings}
