"""Articles and seeds -> scores with reasons. Pure: no clock, network or database; the background statistics come as a value.

    background  what words weigh, and the general papers to measure against (package data)
    features    text -> counts of hashed words and pairs of words (`words`: folding and keys)
    model       seeds and verdicts -> a direction in each space -> the 0-100 number
    explanation the words, headings and seed behind a number

A score depends on the article, the seeds, the verdicts, the background and the code, never on other articles. `Ranking.facts.sha256`
stands for all of it but the article. NumPy and SciPy are imported by the first `build` or `load_background`, not with the room.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from watcher.domain import Article, Breakdown, RankingFacts, ResolvedSeed, Scored

if TYPE_CHECKING:
    from watcher.rank.background import Background
    from watcher.rank.model import Model

__all__ = ["Ranking", "build", "load_background", "unload_background"]


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """One way to score articles: a seed set and verdicts before a background. `facts` say which."""

    facts: RankingFacts
    _model: Model = field(repr=False)

    def score(self, articles: Sequence[Article]) -> tuple[Scored, ...]:
        """Score each article: 0 to 100 with its reasons, in the order given. An article's score does not depend on the others."""
        return self._model.score(articles)

    def values(self, articles: Sequence[Article]) -> tuple[float, ...]:
        """The numbers of `score` alone, in the order given: much faster."""
        return self._model.values(articles)

    def breakdown(self, article: Article) -> Breakdown:
        """Everything behind the article's number: each space, term, heading, seed and verdict, in standardised points."""
        return self._model.breakdown(article)


def build(
    seeds: Sequence[ResolvedSeed],
    *,
    background: Background,
    relevant: Sequence[Article] = (),
    not_relevant: Sequence[Article] = (),
) -> Ranking:
    """A ranking by nearness to `seeds` and `relevant` articles and by distance from `not_relevant` ones (docs/ranking.md).

    The order of seeds and verdicts makes no difference. Seeds without any text are passed over. Raises ConfigurationError when
    no seed and no relevant article has text.
    """
    from watcher.rank import model  # noqa: PLC0415 - NumPy and SciPy only when used

    facts, built = model.fit(seeds, background, relevant, not_relevant)
    return Ranking(facts, built)


def load_background() -> Background:
    """The frozen background that ships with the package; read once per process, until it is unloaded."""
    from watcher.rank import background  # noqa: PLC0415 - NumPy and SciPy only when used

    return background.load_background()


def unload_background() -> None:
    """Gives the background's memory back, some 200 MB; the next `load_background` reads it again."""
    if (background := sys.modules.get(f"{__name__}.background")) is not None:
        background.load_background.cache_clear()
