"""Seeds and verdicts -> a direction in each space -> the 0-100 number.

    score_S(d) = d · (mean(positives) - β · mean(background) - γ · mean(not relevant))      in each space S (Rocchio, 1971)
    score(d)   = Σ_S w_S · (score_S(d) - m_S) / s_S               m_S, s_S: mean and deviation over the background's sample
    number(d)  = how many percent of the N sample papers with the highest scores score lower than d, interpolated

Closed form: nothing is trained, one seed is enough, and a verdict counts at once. Nothing here reads text or names words.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import vstack

from watcher.domain import Article, Breakdown, Part, Pmid, RankingFacts, ResolvedSeed, Scored, Seed, embedded_text
from watcher.errors import ConfigurationError, Problem
from watcher.rank.background import IS_TELLING, Background, Features, Floats, Vectors, mean, mean_row, on_grid
from watcher.rank.explanation import Examples, Gains, explain, headings_of, terms_of
from watcher.rank.features import Matrix, Passage, count, example, paper

if TYPE_CHECKING:
    from watcher.rank import Embed

CODE = "lexical 2"
"""Names this algorithm; changes with anything that can move a score."""

SPACES = ("phrases", "words", "topics", "dense")
WEIGHTS = (1.0, 1.0, 0.5, 1.5)
BETAS = (1.0, 1.0, 1.0, 0.6)
"""What each space counts, and how much of the sample's mean is taken away in it."""
GAMMA = 0.5
NEAREST = 250
NEAREST_SEEDS = 5

_BATCH = 500
_DECIMALS = 6

Label = tuple[str, Sequence[Passage], str]
"""What is known of one example: how it is called, its passages, the text that is embedded."""


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """One space of a fitted ranking. A row scores (row · toward - β · usual - m) · w / s, `usual` being its product with the
    background's mean.

    `places` and `toward`: a vector by the places where it is not 0.
    """

    name: str
    places: npt.NDArray[np.int64]
    toward: Floats
    size: int
    beta: float
    middle: float = 0.0
    spread: float = 1.0
    weight: float = 1.0

    def whole(self) -> Floats:
        """`toward` with its zeros."""
        vector = np.zeros(self.size)
        vector[self.places] = self.toward
        return vector

    def raw(self, rows: Matrix, usual: Floats) -> Floats:
        """The rows' scores before they are standardised."""
        scores: Floats = rows @ self.whole() - self.beta * usual
        return scores

    def points(self, rows: Matrix, usual: Floats) -> Floats:
        """The rows' standardised scores, weighted."""
        return (self.raw(rows, usual) - self.middle) * (self.weight / self.spread)

    def direction(self, usual: Floats) -> Floats:
        """What a row is multiplied with, in points: `usual` is the background's mean."""
        return (self.whole() - self.beta * usual) * (self.weight / self.spread)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Papers that a reader marked, as rows in each space, and how much a paper's product with each of them counts."""

    pmids: tuple[Pmid, ...]
    kinds: tuple[str, ...]
    rows: tuple[Matrix, ...]
    weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fitted ranking. `rungs`: the scores of the N nearest sample papers, lowest first."""

    background: Background
    embed: Embed | None
    spaces: tuple[Space, ...]
    rungs: Floats
    examples: Examples
    judged: Judged

    def score(self, articles: Sequence[Article]) -> tuple[Scored, ...]:
        """Score articles in batches of bounded memory; see `watcher.rank.Ranking.score`."""
        directions = self._directions()
        return tuple(scored for batch in _batches(articles) for scored in self._scored(batch, directions))

    def _scored(self, articles: Sequence[Article], directions: Sequence[Floats]) -> Iterator[Scored]:
        features = read(articles, self.background, self.embed)
        numbers = self.values_of(features)
        nearest = self.examples.nearest(features.vectors)
        for article, number, near, gains in zip(articles, numbers, nearest, self._gains(features, directions), strict=True):
            yield Scored(article.pmid, number, explain(article, gains, near))

    def values_of(self, features: Features) -> tuple[float, ...]:
        """The numbers of papers whose features were read; 0 for a paper without any text."""
        numbers = percent(sum(self.points(features), start=np.zeros(1)), self.rungs)
        numbers[np.diff(features.spaces[0].indptr) == 0] = 0.0
        return tuple(numbers.tolist())

    def values(self, articles: Sequence[Article]) -> tuple[float, ...]:
        """The numbers alone, in batches of bounded memory; see `watcher.rank.Ranking.values`."""
        read_ = (read(batch, self.background, self.embed) for batch in _batches(articles))
        return tuple(number for features in read_ for number in self.values_of(features))

    def points(self, features: Features) -> list[Floats]:
        """The papers' standardised scores, weighted, one array for each space."""
        if len(features.spaces) < len(self.spaces):
            message = "this ranking has a dense part: read the features with its embed"
            raise ValueError(message)
        parts = zip(self.spaces, features.spaces, features.usual, strict=False)
        return [space.points(rows, usual) for space, rows, usual in parts]

    def breakdown(self, article: Article) -> Breakdown:
        """Everything behind one number; see `watcher.rank.Ranking.breakdown`."""
        features = read([article], self.background, self.embed)
        parts = self.points(features)
        total = sum(parts, start=np.zeros(1))
        (gains,) = self._gains(features, self._directions())
        return Breakdown(
            value=self.values_of(features)[0],
            total=float(total[0]),
            spaces=tuple(Part(space.name, float(part[0])) for space, part in zip(self.spaces, parts, strict=True)),
            terms=terms_of(article, gains),
            headings=headings_of(article, gains),
            nearest=self.examples.ranked(features.vectors)[:NEAREST_SEEDS],
            verdicts=self._moved(features),
        )

    def _moved(self, features: Features) -> tuple[tuple[Pmid, str, float], ...]:
        """What each verdict added to one paper's score, the most first."""
        points = np.zeros(len(self.judged.pmids))
        for space, rows, paper_ in zip(self.spaces, self.judged.rows, features.spaces, strict=True):
            products = rows @ paper_.T
            points += np.asarray(products if isinstance(products, np.ndarray) else products.toarray())[:, 0] * (
                space.weight / space.spread
            )
        moved = zip(self.judged.pmids, self.judged.kinds, (points * self.judged.weights).tolist(), strict=True)
        return tuple(sorted(moved, key=lambda verdict: (-abs(verdict[2]), verdict[0])))

    def _directions(self) -> tuple[Floats, Floats, Floats]:
        """What each feature is worth in points: in the phrases, in the words, and by its place among the topics."""
        phrases, words, topics = (
            space.direction(usual) for space, usual in zip(self.spaces[:3], self.background.means, strict=True)
        )
        return phrases, words, self.background.places @ topics

    def _gains(self, features: Features, directions: Sequence[Floats]) -> Iterator[Gains]:
        """For each paper, what each of its features added to the score (of the dense part nothing can be told)."""
        phrases, words = features.vectors
        added = phrases.data * directions[0][phrases.indices]
        _, divisors = self.background.topics(words)
        by_topic = directions[2][self.background.rows[words.indices]] / np.repeat(divisors, np.diff(words.indptr))
        added[IS_TELLING[phrases.indices]] += words.data * (directions[1][words.indices] + by_topic)
        for start, end in zip(phrases.indptr[:-1].tolist(), phrases.indptr[1:].tolist(), strict=True):
            yield dict(zip(phrases.indices[start:end].tolist(), added[start:end].tolist(), strict=True))


def _batches(articles: Sequence[Article]) -> Iterator[Sequence[Article]]:
    return (articles[start : start + _BATCH] for start in range(0, len(articles), _BATCH))


def read(articles: Sequence[Article], background: Background, embed: Embed | None) -> Features:
    """What every ranking reads of papers; see `watcher.rank.read`."""
    embedded = _embedded([embedded_text(article) for article in articles], embed)
    return _joined(background.features(count([paper(article) for article in articles])), embedded, embed)


def _joined(features: Features, embedded: Floats | None, embed: Embed | None) -> Features:
    if embed is None or embedded is None:
        return features
    return Features((*features.spaces, embedded), (*features.usual, embedded @ _dense(embed).middle))


def _embedded(texts: Sequence[str], embed: Embed | None) -> Floats | None:
    """The texts' vectors on a grid on which sums of products are exact; zeros for a text that is empty."""
    if embed is None:
        return None
    rows = on_grid(np.asarray(embed(texts), np.float64).reshape(len(texts), embed.sample.shape[1]), bits=12)
    rows[[not text for text in texts]] = 0.0
    return rows


@dataclass(frozen=True, slots=True)
class _DenseSample:
    """The background's sample in the dense space, its mean, and the product of each row with it."""

    rows: Floats
    middle: Floats
    usual: Floats


@dataclass(frozen=True, slots=True)
class _Named:
    """An embed that is the same as another when its hash is."""

    sha256: str
    embed: Embed = field(compare=False)


def _dense(embed: Embed) -> _DenseSample:
    return _dense_of(_Named(embed.sha256, embed))


@lru_cache(maxsize=1)
def _dense_of(named: _Named) -> _DenseSample:
    rows = on_grid(named.embed.sample.astype(np.float64), bits=12)
    middle = mean_row(rows)
    return _DenseSample(rows, middle, rows @ middle)


def fit(
    seeds: Sequence[ResolvedSeed],
    background: Background,
    relevant: Sequence[Article] = (),
    not_relevant: Sequence[Article] = (),
    *,
    embed: Embed | None = None,
    depth: int = NEAREST,
) -> tuple[RankingFacts, Model]:
    """The model for a seed set and verdicts, and the facts that name it; see `watcher.rank.build`. `depth` is N."""
    shown = [(_label(seed), passages, _seed_text(seed)) for seed in seeds if (passages := example(seed))]
    liked = {article.pmid: article for article in relevant if paper(article)}
    disliked = {article.pmid: article for article in not_relevant if paper(article)}
    if not shown and not liked:
        raise _no_text(seeds)
    positives = _rows([*shown, *map(_as_label, liked.values())], background, embed)
    negatives = _rows([*map(_as_label, disliked.values())], background, embed)
    spaces = _fitted(positives, negatives, background, embed)
    rungs = np.sort(sum(_sampled(spaces, background, embed), start=np.zeros(1)))[-depth:]
    examples = Examples(tuple(label for label, _, _ in shown), Vectors(*(rows[: len(shown)] for rows in positives[:2])))
    judged = _judged([*liked], [*disliked], positives, negatives)
    facts = _facts(shown, [*map(_as_label, liked.values())], [*map(_as_label, disliked.values())], background, embed)
    return facts, Model(background, embed, spaces, rungs, examples, judged)


def _as_label(article: Article) -> Label:
    return article.title, paper(article), embedded_text(article)


def _rows(examples: Sequence[Label], background: Background, embed: Embed | None) -> tuple[Matrix, ...]:
    features = background.features(count([passages for _, passages, _ in examples]))
    return _joined(features, _embedded([text for _, _, text in examples], embed), embed).spaces


def _fitted(
    positives: Sequence[Matrix], negatives: Sequence[Matrix], background: Background, embed: Embed | None
) -> tuple[Space, ...]:
    """The spaces, standardised by the sample."""
    bare = []
    for name, weight, beta, liked, disliked in zip(SPACES, WEIGHTS, BETAS, positives, negatives, strict=False):
        toward = on_grid(_middle_of(liked) - (GAMMA * _middle_of(disliked) if disliked.shape[0] else 0.0), bits=25)
        places = np.flatnonzero(toward)
        bare.append(Space(name, places, toward[places], toward.size, beta, weight=weight))
    scales = [_scale(space.raw(*sampled)) for space, sampled in zip(bare, _sample_rows(background, embed), strict=True)]
    return tuple(replace(space, middle=middle, spread=spread) for space, (middle, spread) in zip(bare, scales, strict=True))


def _middle_of(rows: Matrix) -> Floats:
    return mean_row(rows) if isinstance(rows, np.ndarray) else mean(rows)


def _sample_rows(background: Background, embed: Embed | None) -> Iterator[tuple[Matrix, Floats]]:
    yield from zip(background.spaces, background.usual, strict=True)
    if embed is not None:
        yield _dense(embed).rows, _dense(embed).usual


def _sampled(spaces: Sequence[Space], background: Background, embed: Embed | None) -> list[Floats]:
    return [space.points(*rows) for space, rows in zip(spaces, _sample_rows(background, embed), strict=True)]


def _judged(liked: Sequence[Pmid], disliked: Sequence[Pmid], positives: Sequence[Matrix], negatives: Sequence[Matrix]) -> Judged:
    """What each verdict weighs in the means: the last rows of `positives` are the liked papers."""
    every = positives[0].shape[0]
    rows = tuple(_stacked(more[every - len(liked) :], less) for more, less in zip(positives, negatives, strict=True))
    weights = [1 / every] * len(liked) + [-GAMMA / len(disliked) for _ in disliked]
    kinds = ("relevant",) * len(liked) + ("not",) * len(disliked)
    return Judged((*liked, *disliked), kinds, rows, np.array(weights))


def _stacked(these: Matrix, those: Matrix) -> Matrix:
    return np.vstack((these, those)) if isinstance(these, np.ndarray) else vstack((these, those), format="csr")


def percent(scores: Floats, rungs: Floats) -> Floats:
    """The 0-100 number of raw scores, rounded to 6 decimals.

    With the N rungs s_1 ≤ … ≤ s_N, step = 100 / (N + 1) and g = s_N - s_1: step · k at s_k, linear between rungs. Where the plain share
    is the same for all, nearer papers still come first: below s_1 step · g / (g + s_1 - score), above s_N
    100 - step · g / (g + score - s_N).
    """
    step, gap = 100 / (rungs.size + 1), float(rungs[-1] - rungs[0]) or 1.0
    climbed = np.interp(scores, rungs, step * np.arange(1, rungs.size + 1))
    beyond, short = np.maximum(scores - rungs[-1], 0.0), np.maximum(rungs[0] - scores, 0.0)
    numbers: Floats = np.round(climbed + step * beyond / (gap + beyond) - step * short / (gap + short), _DECIMALS)
    return numbers


def _scale(scores: Floats) -> tuple[float, float]:
    """Mean and standard deviation, exactly rounded: the order of additions makes no difference."""
    middle = math.fsum(scores.tolist()) / scores.size
    spread = math.sqrt(math.fsum(((scores - middle) ** 2).tolist()) / scores.size)
    return middle, spread or 1.0


def _label(seed: ResolvedSeed) -> str:
    record_title = seed.article.title if seed.article else ""
    return seed.seed.title or record_title or seed.seed.label


def _no_text(seeds: Sequence[ResolvedSeed]) -> ConfigurationError:
    if not seeds:
        return ConfigurationError(Problem("there are no seeds to rank by", "put an example paper into a folder under seeds/"))
    return ConfigurationError(*(_empty(seed.seed, seed.problem) for seed in seeds))


def _empty(seed: Seed, problem: str | None) -> Problem:
    place = f"{seed.path} {seed.locator}".strip()
    what = f"seed {place} has no text to rank by ({problem or 'it is empty'})"
    return Problem(what, "give it a title and an abstract, or an identifier that PubMed knows")


def _facts(
    shown: Sequence[Label],
    liked: Sequence[Label],
    disliked: Sequence[Label],
    background: Background,
    embed: Embed | None,
) -> RankingFacts:
    seeds = _hash(sorted(_hash([label, *map(_said, passages)]) for label, passages, _ in shown))
    verdicts = [sorted(_hash(list(map(_said, passages))) for _, passages, _ in labels) for labels in (liked, disliked)]
    return RankingFacts(
        sha256=_hash([seeds, background.sha256, CODE, *verdicts, embed.sha256 if embed else None]),
        seeds_sha256=seeds,
        background_sha256=background.sha256,
        code=CODE,
    )


def _seed_text(seed: ResolvedSeed) -> str:
    own, found = seed.seed, seed.article
    title = (found.title if found else "") or own.title
    abstract = (found.abstract if found else "") or own.abstract or own.notes
    return f"{title}. {abstract}" if title or abstract else ""


def _said(passage: Passage) -> list[object]:
    return [passage.text, passage.weight]


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
