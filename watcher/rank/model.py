"""Seeds and verdicts -> a direction in each space -> the 0-100 number.

    score_S(d) = d · (mean(positives) - β · mean(background) - γ · mean(not relevant))      in each space S (Rocchio, 1971)
    score(d)   = Σ_S (score_S(d) - m_S) / s_S                     m_S, s_S: mean and deviation over the background's sample
    number(d)  = how many percent of the N sample papers with the highest scores score lower than d, interpolated

Closed form: nothing is trained, one seed is enough, and a verdict counts at once. Nothing here reads text or names words.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack

from watcher.domain import Article, Breakdown, Part, Pmid, RankingFacts, ResolvedSeed, Scored, Seed
from watcher.errors import ConfigurationError, Problem
from watcher.rank.background import IS_TELLING, Background, Floats, Vectors, mean, on_grid
from watcher.rank.explanation import Examples, Gains, explain, headings_of, terms_of
from watcher.rank.features import Matrix, Passage, count, example, paper

CODE = "lexical 1"
"""Names this algorithm; changes with anything that can move a score."""

BETA = 0.5
GAMMA = 0.5
NEAREST = 250

SPACES = ("phrases", "words")
NEAREST_SEEDS = 5

_BATCH = 500
_DECIMALS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Papers that a reader marked, as rows, and how much a paper's product with each of them counts."""

    pmids: tuple[Pmid, ...]
    kinds: tuple[str, ...]
    vectors: Vectors
    weights: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fitted ranking. `toward`: mean(positives) - γ · mean(not relevant) as one row in each space. `scales`: m_S and s_S.
    `rungs`: the scores of the N nearest sample papers, lowest first."""

    background: Background
    toward: Vectors
    scales: tuple[tuple[float, float], ...]
    rungs: Floats
    examples: Examples
    judged: Judged

    def score(self, articles: Sequence[Article]) -> tuple[Scored, ...]:
        """Score articles in batches of bounded memory; see `watcher.rank.Ranking.score`."""
        directions = directions_of(self.toward, self.background)
        starts = range(0, len(articles), _BATCH)
        return tuple(scored for start in starts for scored in self._scored(articles[start : start + _BATCH], directions))

    def values(self, articles: Sequence[Article]) -> tuple[float, ...]:
        """The numbers alone, in batches of bounded memory; see `watcher.rank.Ranking.values`."""
        directions = directions_of(self.toward, self.background)
        starts = range(0, len(articles), _BATCH)
        read = ([paper(article) for article in articles[start : start + _BATCH]] for start in starts)
        vectors = (self.background.vectors(count(papers)) for papers in read)
        return tuple(number for batch in vectors for number in percent(totals(batch, directions, self.scales), self.rungs).tolist())

    def breakdown(self, article: Article) -> Breakdown:
        """Everything behind one number; see `watcher.rank.Ranking.breakdown`."""
        directions = directions_of(self.toward, self.background)
        vectors = self.background.vectors(count([paper(article)]))
        parts = standardised(vectors, directions, self.scales)
        total = sum(parts, start=np.zeros(1))
        (gains,) = self._gains(vectors, directions)
        return Breakdown(
            value=float(percent(total, self.rungs)[0]),
            total=float(total[0]),
            spaces=tuple(Part(name, float(part[0])) for name, part in zip(SPACES, parts, strict=True)),
            terms=terms_of(article, gains),
            headings=headings_of(article, gains),
            nearest=self.examples.ranked(vectors)[:NEAREST_SEEDS],
            verdicts=self._moved(vectors),
        )

    def _moved(self, vectors: Vectors) -> tuple[tuple[Pmid, str, float], ...]:
        """What each verdict added to one paper's score, the most first."""
        products = zip(vectors, self.judged.vectors, self.scales, strict=True)
        points = sum(((those @ these.T).toarray()[:, 0] / spread for these, those, (_, spread) in products), start=np.zeros(1))
        moved = zip(self.judged.pmids, self.judged.kinds, (points * self.judged.weights).tolist(), strict=True)
        return tuple(sorted(moved, key=lambda verdict: (-abs(verdict[2]), verdict[0])))

    def _scored(self, articles: Sequence[Article], directions: tuple[Floats, ...]) -> Iterator[Scored]:
        vectors = self.background.vectors(count([paper(article) for article in articles]))
        numbers = percent(totals(vectors, directions, self.scales), self.rungs)
        nearest = self.examples.nearest(vectors)
        for article, number, near, gains in zip(articles, numbers.tolist(), nearest, self._gains(vectors, directions), strict=True):
            yield Scored(article.pmid, number, explain(article, gains, near))

    def _gains(self, vectors: Vectors, directions: tuple[Floats, ...]) -> Iterator[Gains]:
        """For each paper, what each of its features added to the score."""
        phrases, words = vectors
        added = phrases.data * directions[0][phrases.indices] / self.scales[0][1]
        added[IS_TELLING[phrases.indices]] += words.data * directions[1][words.indices] / self.scales[1][1]
        for start, end in zip(phrases.indptr[:-1].tolist(), phrases.indptr[1:].tolist(), strict=True):
            yield dict(zip(phrases.indices[start:end].tolist(), added[start:end].tolist(), strict=True))


def fit(
    seeds: Sequence[ResolvedSeed],
    background: Background,
    relevant: Sequence[Article] = (),
    not_relevant: Sequence[Article] = (),
    *,
    depth: int = NEAREST,
) -> tuple[RankingFacts, Model]:
    """The model for a seed set and verdicts, and the facts that name it; see `watcher.rank.build`. `depth` is N."""
    shown = [(_label(seed), read) for seed in seeds if (read := example(seed))]
    liked = {article.pmid: read for article in relevant if (read := paper(article))}
    disliked = {article.pmid: read for article in not_relevant if (read := paper(article))}
    if not shown and not liked:
        raise _no_text(seeds)
    positives = background.vectors(count([*(read for _, read in shown), *liked.values()]))
    negatives = background.vectors(count([*disliked.values()]))
    toward = _toward(positives, negatives)
    directions = directions_of(toward, background)
    scales = tuple(_scale(matrix @ direction) for matrix, direction in zip(background.sample, directions, strict=True))
    rungs = np.sort(totals(background.sample, directions, scales))[-depth:]
    examples = Examples(tuple(label for label, _ in shown), Vectors(*(matrix[: len(shown)] for matrix in positives)))
    judged = _judged([*liked], [*disliked], positives, negatives)
    facts = _facts(shown, liked.values(), disliked.values(), background)
    return facts, Model(background, toward, scales, rungs, examples, judged)


def _judged(liked: Sequence[Pmid], disliked: Sequence[Pmid], positives: Vectors, negatives: Vectors) -> Judged:
    """What each verdict weighs in the means: the last rows of `positives` are the liked papers."""
    count_, seeds = positives.phrases.shape[0], positives.phrases.shape[0] - len(liked)
    rows = (vstack((more[seeds:], less), format="csr") for more, less in zip(positives, negatives, strict=True))
    weights = [1 / count_] * len(liked) + [-GAMMA / len(disliked) for _ in disliked]
    kinds = ("relevant",) * len(liked) + ("not",) * len(disliked)
    return Judged((*liked, *disliked), kinds, Vectors(*rows), np.array(weights))


def _toward(positives: Vectors, negatives: Vectors) -> Vectors:
    def row(liked: Matrix, disliked: Matrix) -> Matrix:
        away = GAMMA * mean(disliked) if disliked.shape[0] else 0.0
        return csr_array((mean(liked) - away)[np.newaxis])

    return Vectors(*map(row, positives, negatives))


def directions_of(toward: Vectors, background: Background) -> tuple[Floats, ...]:
    """What a paper is multiplied with in each space."""
    return tuple(on_grid(row.toarray()[0] - BETA * usual, bits=25) for row, usual in zip(toward, background.mean, strict=True))


def totals(vectors: Vectors, directions: Sequence[Floats], scales: Sequence[tuple[float, float]]) -> Floats:
    """The raw score of each paper: its standardised scores in all spaces, added."""
    return sum(standardised(vectors, directions, scales), start=np.zeros(1))


def standardised(vectors: Vectors, directions: Sequence[Floats], scales: Sequence[tuple[float, float]]) -> list[Floats]:
    """The papers' standardised scores, one array for each space."""
    parts = zip(vectors, directions, scales, strict=True)
    return [(matrix @ direction - middle) / spread for matrix, direction, (middle, spread) in parts]


def percent(scores: Floats, rungs: Floats) -> Floats:
    """The 0-100 number of raw scores, rounded to 4 decimals.

    With the N rungs s_1 ≤ … ≤ s_N: 0 up to s_1; 100 · (k - 1) / N at s_k, linear between rungs; above s_N, where the plain share is
    100 for all, 100 - (100 / N) · g / (g + score - s_N) with g = s_N - s_1, so that nearer papers still come first.
    """
    step, gap = 100 / rungs.size, float(rungs[-1] - rungs[0]) or 1.0
    climbed = np.interp(scores, rungs, step * np.arange(rungs.size))
    beyond = np.maximum(scores - rungs[-1], 0.0)
    numbers: Floats = np.round(climbed + step * beyond / (gap + beyond), _DECIMALS)
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
    shown: Iterable[tuple[str, Sequence[Passage]]],
    liked: Iterable[Sequence[Passage]],
    disliked: Iterable[Sequence[Passage]],
    background: Background,
) -> RankingFacts:
    seeds = _hash(sorted(_hash([label, *map(_said, read)]) for label, read in shown))
    verdicts = [sorted(_hash(list(map(_said, read))) for read in reads) for reads in (liked, disliked)]
    return RankingFacts(
        sha256=_hash([seeds, background.sha256, CODE, *verdicts]),
        seeds_sha256=seeds,
        background_sha256=background.sha256,
        code=CODE,
    )


def _said(passage: Passage) -> list[object]:
    return [passage.text, passage.weight]


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
