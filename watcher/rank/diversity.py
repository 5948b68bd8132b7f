"""Which of the best papers give way to others, since they are nearly the same as one that is picked already.

Maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998), over the picks only. One after the other the paper is picked whose

    λ · score - (1 - λ) · 100 · excess        excess = max(0, cosine - ALIKE) / (1 - ALIKE), of the pick that it is most like

is highest. Ordinary relatives of a pick lie below ALIKE, so that their order by score stays; λ and ALIKE are measured
(docs/ranking.md, "Diversity"). Likeness comes from the frozen background alone: the same on every machine. Nothing here drops a paper.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watcher.domain import Article, GaveWay
from watcher.rank.background import Background, Floats, Weights
from watcher.rank.explanation import similarities
from watcher.rank.features import count_articles

ALIKE = 0.45
LAMBDA = 0.6
DEPTH = 10
"""How many candidates are looked at for each pick; those beyond cannot become one."""


def giving_way(
    articles: Sequence[Article], scores: Sequence[float], top: int, *, background: Background | Weights
) -> tuple[GaveWay, ...]:
    """Those of the candidates that would be among the best `top` by score alone, or come up there, and give way to others.

    Args:
        articles: the candidates, best first.
        scores: theirs, 0 to 100, in the same order.
        top: how many are picked: the first ones that do not give way.
        background: gives the likeness; what words weigh is all that is needed of it.
    """
    pool = min(len(articles), DEPTH * top)
    if pool <= top:
        return ()
    vectors = background.vectors(count_articles(articles[:pool]))
    alike = similarities(vectors, vectors)
    picked = _picked(np.array(scores[:pool]), alike, top)
    passed = [place for place in range(max(picked)) if place not in picked]
    return tuple(_gave_way(articles, alike, picked, place) for place in passed)


def _picked(scores: Floats, alike: Floats, top: int) -> list[int]:
    """The places of the picks in the order in which they are picked; of equal candidates the first."""
    relevance, nearest = LAMBDA * scores, np.zeros(scores.size)
    picked: list[int] = []
    for _ in range(top):
        excess = np.maximum(nearest - ALIKE, 0.0) / (1 - ALIKE)
        marginal = relevance - (1 - LAMBDA) * 100 * excess
        marginal[picked] = -np.inf
        picked.append(int(marginal.argmax()))
        nearest = np.maximum(nearest, alike[:, picked[-1]])
    return picked


def _gave_way(articles: Sequence[Article], alike: Floats, picked: Sequence[int], place: int) -> GaveWay:
    nearest = max(picked, key=lambda pick: (alike[place, pick], -pick))
    return GaveWay(articles[place].record_id, articles[nearest].record_id, round(float(alike[place, nearest]), 4))
