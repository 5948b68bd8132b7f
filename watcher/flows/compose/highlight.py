"""From which score a digest calls papers highly relevant, and what the scores of a watch mean. Pure. See docs/decisions/0068."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from watcher.digest.arrange import Yardstick
from watcher.domain import Highlight, HighlightRule, Watch
from watcher.rank.calibration import ENOUGH, Labelled, best_balance

SPAN = timedelta(days=84)
"""Twelve weeks: what a watch brought in them is what its papers are compared with."""
LEAST = 40
"""Fewer papers say too little about where the best eighth begins."""
BEST = 8
"""One in so many is highly relevant."""
FIXED = 70.0
"""From which score, while there are fewer papers than that."""


def yardstick(
    watch: Watch, brought: Sequence[float], labelled: Sequence[Labelled] = (), *, is_ranked: bool = True
) -> tuple[Yardstick, Highlight]:
    """What scores mean at this digest, and how that was found.

    Args:
        watch: whose scores.
        brought: the scores (0 to 100) of all works that it brought in `SPAN`, under the ranking in force.
        labelled: the papers that readers marked, each scored without its own verdict.
        is_ranked: whether the watch has a ranking; without one no paper is highly relevant.
    """
    found = _highlight(watch, brought, labelled) if is_ranked else Highlight(watch.name, None, HighlightRule.FIXED)
    enough = is_ranked and len(brought) >= LEAST
    return Yardstick(found.value, tuple(sorted(brought)) if enough else ()), found


def _highlight(watch: Watch, brought: Sequence[float], labelled: Sequence[Labelled]) -> Highlight:
    if watch.highlight is not None:
        return Highlight(watch.name, watch.highlight, HighlightRule.FIXED)
    relevant = sum(one.relevant for one in labelled)
    if min(relevant, len(labelled) - relevant) >= ENOUGH:
        return Highlight(watch.name, max(best_balance(labelled), watch.threshold), HighlightRule.VERDICTS, len(labelled))
    if len(brought) < LEAST:
        return Highlight(watch.name, max(FIXED, watch.threshold), HighlightRule.FIXED, len(brought))
    best = _best_eighth(brought)
    return Highlight(watch.name, None if best is None else max(best, watch.threshold), HighlightRule.BEST_EIGHTH, len(brought))


def _best_eighth(brought: Sequence[float]) -> float | None:
    """The lowest score that at most an eighth of the papers reach; None where more than that are equal and best."""
    room = len(brought) // BEST
    falling = sorted(brought, reverse=True)
    border = falling[room]  # the first that is not among them
    return next((value for value in reversed(falling[:room]) if value > border), None)
