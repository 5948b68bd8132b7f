"""Articles and seeds -> scores with reasons. Pure: no clock, network or database; the background statistics come as a value.

    background  what words weigh, and the general papers to measure against (package data)
    features    text -> counts of hashed words and pairs of words (`words`: folding and keys)
    model       seeds and verdicts -> a direction in each space -> the 0-100 number
    ground      a snapshot of the watch's own papers: what it says about the weights, and how far it is believed
    explanation the words, headings and seed behind a number

A score depends on the article, the seeds, the verdicts, the background and the code, never on other articles. `Ranking.facts.sha256`
stands for all of it but the article. NumPy and SciPy are imported by the first `build` or `load_background`, not with the room.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Protocol

from watcher.domain import Article, Breakdown, OwnGround, RankingFacts, ResolvedSeed, Scored

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from watcher.rank.background import Background, Features
    from watcher.rank.model import Model

__all__ = ["Embed", "Ranking", "background_is_loaded", "build", "load_background", "read", "snapshot_of", "unload_background"]


class Embed(Protocol):
    """What a ranking asks of the dense part. `sha256` stands for the model and `sample`; `sample` are the unit vectors of the
    background's sample papers, in its order."""

    @property
    def sha256(self) -> str:
        """Stands for everything that its vectors depend on besides the text."""

    @property
    def sample(self) -> npt.NDArray[np.float32]:
        """(sample papers, dimensions), unit rows."""

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(texts, dimensions), unit rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """One way to score articles: a seed set and verdicts before a background. `facts` say which. The model is made for the first score:
    where all are known, none is."""

    facts: RankingFacts
    _fitted: Callable[[], Model] = field(repr=False)

    @property
    def _model(self) -> Model:
        return self._fitted()

    def score(self, articles: Sequence[Article]) -> tuple[Scored, ...]:
        """Score each article: 0 to 100 with its reasons, in the order given. An article's score does not depend on the others."""
        return self._model.score(articles) if articles else ()

    def values(self, articles: Sequence[Article]) -> tuple[float, ...]:
        """The numbers of `score` alone, in the order given: much faster."""
        return self._model.values(articles) if articles else ()

    def values_of(self, features: Features) -> tuple[float, ...]:
        """The numbers of papers that `read` has read: the quick way when several rankings score the same papers.

        Raises ValueError when the ranking has a dense part and the features were read without it."""
        return self._model.values_of(features)

    def breakdown(self, article: Article) -> Breakdown:
        """Everything behind the article's number: each space, term, heading, seed and verdict, in standardised points."""
        return self._model.breakdown(article)

    @property
    def own_ground(self) -> OwnGround | None:
        """How far the watch's own papers are believed; None without a snapshot of them."""
        return self._model.own


def build(
    seeds: Sequence[ResolvedSeed],
    *,
    background: Background | None = None,
    relevant: Sequence[Article] = (),
    not_relevant: Sequence[Article] = (),
    embed: Embed | None = None,
    snapshot: bytes | None = None,
) -> Ranking:
    """A ranking by nearness to `seeds` and `relevant` articles and by distance from `not_relevant` ones (docs/ranking.md).

    The order of seeds and verdicts makes no difference. Seeds without any text are passed over. Without a `background` it is the shipped
    one, which is loaded for the first score, and whose file is read for damage now. `embed` adds the dense part; `snapshot`,
    of the watch's own papers (`snapshot_of`), what they say about the weights of words, as far as it is believed.
    Raises ConfigurationError when no seed and no relevant article has text, and when the shipped background is damaged.
    """
    from watcher.rank import background as backgrounds  # noqa: PLC0415 - NumPy and SciPy only when used
    from watcher.rank import model  # noqa: PLC0415

    shown = model.shown(seeds, relevant, not_relevant)
    if embed or background_is_loaded():
        background = background or load_background()
    sha256 = background.sha256 if background else backgrounds.shipped_sha256()
    fitted = cache(lambda: model.fit(shown, background or load_background(), embed=embed, snapshot=snapshot))
    if embed:
        fitted()  # what is wrong with its model is found now, not by the first score
    facts = model.facts_of(
        shown, sha256, embed.sha256 if embed else None, hashlib.sha256(snapshot).hexdigest() if snapshot else None
    )
    return Ranking(facts, fitted)


def snapshot_of(articles: Sequence[Article]) -> bytes:
    """A snapshot of a watch's own papers for `build`: counts of hashed words, some kB a paper, without any text."""
    from watcher.rank import ground  # noqa: PLC0415 - NumPy and SciPy only when used

    return ground.pack(articles)


def read(articles: Sequence[Article], *, background: Background, embed: Embed | None = None) -> Features:
    """What every ranking reads of papers, once for all of them (`Ranking.values_of`). All of it is kept, some 6 kB a paper: read many
    papers in batches."""
    from watcher.rank import model  # noqa: PLC0415 - NumPy and SciPy only when used

    return model.read(articles, background, embed)


def load_background() -> Background:
    """The frozen background that ships with the package; read once per process, until it is unloaded."""
    from watcher.rank import background  # noqa: PLC0415 - NumPy and SciPy only when used

    return background.load_background()


def background_is_loaded() -> bool:
    """Whether `load_background` gives what it has read before."""
    return (
        background := sys.modules.get(f"{__name__}.background")
    ) is not None and background.load_background.cache_info().currsize > 0


def unload_background() -> None:
    """Gives the background's memory back, some 75 MB, and what is kept beside it; the next `load_background` reads it again."""
    if (background := sys.modules.get(f"{__name__}.background")) is not None:
        background.load_background.cache_clear()
        background.shipped_sha256.cache_clear()
    if (spaces := sys.modules.get(f"{__name__}.spaces")) is not None:
        spaces.forget()
    if (features := sys.modules.get(f"{__name__}.features")) is not None:
        features.forget()
