"""When a watch cannot be ranked: none of its seeds has any text yet, such as a list of PMIDs that PubMed has no records for, and no
paper was marked relevant.

Its papers are collected and presented all the same. Each stands at the watch's threshold, so that all pass and none is marked as
highly relevant, and the reader is told that nothing was ranked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.domain import Article, Breakdown, RankingFacts, Reasons, ResolvedSeed, Scored, Watch
from watcher.errors import ConfigurationError
from watcher.flows.ports import Rank, Ranks


@dataclass(frozen=True, slots=True)
class Unranked:
    """Gives every article the threshold, for no reason at all."""

    threshold: float

    @property
    def facts(self) -> RankingFacts:
        """A ranking of its own, so that real scores take over as soon as there are some."""
        return RankingFacts(sha256=f"unranked {self.threshold:g}", seeds_sha256="", background_sha256="", code="unranked")

    def score(self, articles: Sequence[Article]) -> tuple[Scored, ...]:
        """The threshold for each."""
        return tuple(Scored(article.record_id, self.threshold, Reasons()) for article in articles)

    def values(self, articles: Sequence[Article]) -> tuple[float, ...]:
        """The threshold for each."""
        return (self.threshold,) * len(articles)

    def breakdown(self, article: Article) -> Breakdown:
        """The threshold, with nothing behind it."""
        del article
        return Breakdown(self.threshold, 0.0)


def ranking_or_not(rank: Rank, seeds: Sequence[ResolvedSeed], watch: Watch) -> tuple[Ranks, str | None]:
    """The watch's ranking, and None, or one that ranks nothing, and why in a sentence."""
    try:
        return rank(watch, seeds), None
    except ConfigurationError as error:
        why = "; ".join(problem.what for problem in error.problems)
        return Unranked(watch.threshold), f"its papers are not ranked and all are shown: {why}"
