"""The rankings of a process: built from seeds and verdicts, with the dense part where one is configured and can be used.

NumPy and SciPy are loaded by the first ranking, the background's 75 MB with it; `rest` gives them back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from watcher import memory
from watcher.domain import Article, GaveWay, OwnGround, RankingFacts, ResolvedSeed, Theme, Watch
from watcher.errors import ConfigurationError
from watcher.flows.ports import Source
from watcher.flows.scoring.verdicts import Lessons, lessons
from watcher.rank import Ranking, background_is_loaded, build, load_background, unload_background
from watcher.store import Store

if TYPE_CHECKING:
    from watcher.flows.scoring.embedding import Choice, DenseState, Embedding, Kept

_log = logging.getLogger(__name__)

_TOLD: set[str] = set()
"""Warnings that this process has logged."""


@dataclass
class Rankings:
    """Ranks watches. `store` and `source` are opened by whoever asks first; `choice` is what the configuration says of the dense part."""

    store: Callable[[], Store]
    source: Callable[[], Source]
    choice: Callable[[], Choice]
    say: Callable[[str], None] = field(default=lambda _line: None)
    stopping: threading.Event = field(default_factory=threading.Event)

    def rank(self, watch: Watch, seeds: Sequence[ResolvedSeed]) -> Ranking:
        """The ranking of a watch by its seeds, and by its readers' verdicts as they are now."""
        return self.rank_by(seeds, lessons(self.store(), watch.name))

    def rank_by(self, seeds: Sequence[ResolvedSeed], learnt: Lessons) -> Ranking:
        """The ranking of seeds and marked papers against the frozen background, with the dense part if there is one."""
        seeds = once(seeds)
        ranking = build(
            seeds,
            relevant=learnt.relevant,
            not_relevant=learnt.not_relevant,
            embed=self.embedding,
            snapshot=learnt.snapshot,
        )
        return replace(ranking, facts=replace(ranking.facts, last_verdict_id=learnt.last_id))

    def believe(
        self, watch: Watch, seeds: Sequence[ResolvedSeed], told: str | None
    ) -> tuple[RankingFacts, OwnGround | None] | None:
        """The ranking of the moment, and how far it believes the snapshot; None when it is the one that `told` names by its hash."""
        ranking = self.rank(watch, seeds)
        return None if ranking.facts.sha256 == told else (ranking.facts, ranking.own_ground)

    def rest(self) -> None:
        """Give back what takes much memory and is needed for work only."""
        vars(self).pop("embedding", None)
        unload_background()
        memory.hand_back()

    # --- the dense part ----------------------------------------------------------------------------------------------------------

    @cached_property
    def embedding(self) -> Embedding | None:
        """The dense part of the ranking; None where none is configured, or where it cannot be used, which is logged once."""
        from watcher.flows.scoring.embedding import open_embedding  # noqa: PLC0415 - NumPy only when used

        choice = self.choice()
        if not choice.model:
            return None
        try:
            return open_embedding(choice, self._kept(choice), sample_pmids())
        except ConfigurationError as error:
            _tell_once(f"ranking by words alone, without the dense part: {error}")
            return None

    def dense_state(self) -> DenseState:
        """How the dense part stands; the database is not opened for it."""
        from watcher.flows.scoring.embedding import dense_state  # noqa: PLC0415 - NumPy only when used

        return dense_state(self.choice(), sample_pmids)

    def prepare_dense(self) -> Path:
        """Make the sample of the configured model; the file. Raises ConfigurationError when there is no model to use."""
        from watcher.flows.scoring.embedding import prepare  # noqa: PLC0415 - NumPy only when used

        choice = self.choice()
        return prepare(choice, self._kept(choice), self.source(), sample_pmids())

    def _kept(self, choice: Choice) -> Kept:
        from watcher.flows.scoring.embedding import Kept, open_encoder  # noqa: PLC0415 - NumPy only when used

        return Kept(open_encoder(choice), self.store(), self.say, self.stopping)


def once(seeds: Sequence[ResolvedSeed]) -> tuple[ResolvedSeed, ...]:
    """The seeds to rank by: without those that were retracted, and of those that led to one record the first that agrees with it, so that
    a paper counts once."""
    seeds = [one for one in seeds if not one.retracted]
    agreeing_first = sorted(seeds, key=lambda one: one.problem is not None)
    chosen = {one.article.record_id: one for one in reversed(agreeing_first) if one.article}
    return tuple(one for one in seeds if one.article is None or chosen[one.article.record_id] is one)


def giving_way(articles: Sequence[Article], scores: Sequence[float], top: int) -> Sequence[GaveWay]:
    """Near-duplicates among the candidates for the picks; where nothing was ranked, the background is not loaded whole for this."""
    from watcher.rank import diversity  # noqa: PLC0415 - NumPy only when used
    from watcher.rank.background import load_weights  # noqa: PLC0415

    was_loaded = background_is_loaded()
    gave_way = diversity.giving_way(articles, scores, top, background=load_weights())
    if not was_loaded:
        memory.hand_back()  # what the weights took
    return gave_way


def themes_found(seeds: Sequence[ResolvedSeed]) -> tuple[Theme, ...]:
    """The themes that seeds speak of."""
    from watcher.rank.themes import found  # noqa: PLC0415 - NumPy only when used

    return found(once(seeds), load_background())


def theme_of(themes: Sequence[Theme], article: Article) -> str | None:
    """The name of the theme that an article fits best; None when it fits none."""
    from watcher.rank.themes import fitting  # noqa: PLC0415 - NumPy only when used

    return fitting(article, themes, load_background())


def sample_pmids() -> Sequence[int]:
    """The background's sample papers."""
    pmids: Sequence[int] = load_background().pmids.tolist()
    return pmids


def _tell_once(warning: str) -> None:
    """Logs a warning that stands in every round, once in a process."""
    if warning not in _TOLD:
        _TOLD.add(warning)
        _log.warning(warning)
