"""The spaces in which papers are compared, and a direction through all of them.

    Ground   the background and the model of the dense part: what papers look like in each space, and its sample of general papers
    View     a few examples, as a direction in each space, standardised by the sample
    groups   examples that fall apart into different topics

The spaces of words are wide and sparse. Those of topics and of sentence embeddings are narrow, and their directions are not equally
busy: what many papers of any kind share weighs too much. So the direction is multiplied with the inverse covariance of the sample (linear
discriminant analysis: Fisher 1936; with one covariance for all classes, as here, Hariharan, Malik & Ramanan, ECCV 2012).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from watcher.rank.background import Background, Features, Floats, mean, mean_row, on_grid
from watcher.rank.features import Matrix, Passage, count

if TYPE_CHECKING:
    from watcher.rank import Embed

NAMES = ("phrases", "words", "topics", "dense")
WEIGHTS = (1.0, 1.0, 1.0, 3.0)
RIDGES = (0.0, 0.0, 0.001, 0.03)
"""What is added to the variances before the covariance is inverted; 0: a space that is left as it is."""
GAMMA = 0.5
LABELS_WEIGHT = 60.0
LABELS_RIDGE = 1.0
NEAREST = 250
LEAST_GROUP = 0.05

_COLUMNS = 100

Example = tuple[str, Sequence[Passage], str]
"""What is known of one example: how it is called, its passages, the text that is embedded."""


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """What papers are read with, and measured against."""

    background: Background
    embed: Embed | None

    @property
    def sample(self) -> Features:
        """The background's sample papers."""
        dense = () if self.embed is None else (_dense(self.embed).rows,)
        return Features((*self.background.spaces, *dense), self.background.usual)

    @property
    def middles(self) -> tuple[Floats, ...]:
        """The sample's mean in each space."""
        return (*self.background.means, *(() if self.embed is None else (_dense(self.embed).middle,)))

    @property
    def whiteners(self) -> tuple[Floats | None, ...]:
        """The inverse covariance of each space; None for a space that is left as it is."""
        return (None, None, _topics_whitener(self.background), *(() if self.embed is None else (_dense(self.embed).whitener,)))

    def read(self, passages: Sequence[Sequence[Passage]], texts: Sequence[str]) -> Features:
        """Papers, given as passages and as the text that is embedded, in all spaces."""
        features = self.background.features(count(passages))
        if self.embed is None:
            return features
        rows = on_grid(np.asarray(self.embed(texts), np.float64).reshape(len(texts), self.embed.sample.shape[1]), bits=12)
        rows[[not text for text in texts]] = 0.0
        return Features((*features.spaces, rows), features.usual)

    def examples(self, examples: Sequence[Example]) -> tuple[Matrix, ...]:
        """Examples in all spaces."""
        return self.read([passages for _, passages, _ in examples], [text for *_, text in examples]).spaces


@dataclass(frozen=True, slots=True)
class _DenseSample:
    """The background's sample in the dense space, its mean and its inverse covariance."""

    rows: Floats
    middle: Floats
    whitener: Floats


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
    return _DenseSample(rows, mean_row(rows), whitener(rows, RIDGES[3]))


@lru_cache(maxsize=1)
def _topics_whitener(background: Background) -> Floats:
    return whitener(background.spaces[2], RIDGES[2])


def forget() -> None:
    """Gives back what is kept of the background and of the model; the next ranking works it out again."""
    _dense_of.cache_clear()
    _topics_whitener.cache_clear()


def whitener(rows: Floats, ridge: float) -> Floats:
    """The inverse of the rows' covariance with `ridge` added to the variances.

    The same to the last bit on any machine: the products of rows on a grid of 2^-12 add up exactly, and so it is `solved`.
    """
    middle = rows.sum(axis=0) / rows.shape[0]
    covariance = (rows.T @ rows) / rows.shape[0] - middle[:, np.newaxis] * middle
    inverse = solved(covariance + ridge * np.eye(rows.shape[1]), np.eye(rows.shape[1]))
    return on_grid((inverse + inverse.T) / 2, bits=8)


def solved(left: Floats, right: Floats) -> Floats:
    """The X of left · X = right, for a symmetric, positive definite `left`: one that needs no pivots. (n, n), (n, m) -> (n, m).

    Gauss and Jordan's elimination, in single additions and multiplications, which are the same on any machine.
    """
    left, right = left.copy(), right.copy()
    for step in range(left.shape[0]):
        right[step] /= left[step, step]
        left[step] /= left[step, step]
        others = left[:, step].copy()
        others[step] = 0.0
        right -= others[:, np.newaxis] * right[step]
        left -= others[:, np.newaxis] * left[step]
    return right


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """One space of a view. A row scores (row · toward - usual - m) · w / s, `usual` being its product with the background's mean; in a
    whitened space the mean stands in `toward` already, and `usual` is 0.

    `places` and `toward`: a vector by the places where it is not 0.
    """

    name: str
    places: npt.NDArray[np.int64]
    toward: Floats
    size: int
    weight: float
    middle: float = 0.0
    spread: float = 1.0

    @property
    def scale(self) -> float:
        """Points for one unit of the raw score."""
        return self.weight / self.spread

    def raw(self, rows: Matrix, usual: Floats | float) -> Floats:
        """The rows' scores before they are standardised. Sums are exact, by rows as well as by columns."""
        by_columns = isinstance(rows, csc_array)
        scores: Floats = (rows[:, self.places] @ self.toward if by_columns else rows @ self.whole()) - usual
        return scores

    def points(self, rows: Matrix, usual: Floats | float) -> Floats:
        """The rows' standardised scores, weighted."""
        return (self.raw(rows, usual) - self.middle) * self.scale

    def direction(self, at: npt.NDArray[np.integer], usual: Floats | float) -> Floats:
        """What a row is multiplied with at these places, in points. `usual`: the background's mean there, where it does not stand in
        `toward`."""
        return (self.part(at) - usual) * self.scale

    def part(self, at: npt.NDArray[np.integer]) -> Floats:
        """`toward` with its zeros, at these places alone."""
        found = np.searchsorted(self.places, at)
        known = np.append(self.places, -1)[found] == at
        numbers: Floats = np.where(known, np.append(self.toward, 0.0)[found], 0.0)
        return numbers

    def whole(self) -> Floats:
        """`toward` with its zeros."""
        vector = np.zeros(self.size)
        vector[self.places] = self.toward
        return vector


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How near papers come to some examples. `members`: which of the positives these are."""

    spaces: tuple[Space, ...]
    members: npt.NDArray[np.int64]

    def points(self, features: Features, rows: Sequence[Matrix] = ()) -> list[Floats]:
        """The papers' standardised scores, weighted, one array for each space. Raises ValueError when a space was not read.

        `rows`: the features' spaces in another form."""
        rows = rows or features.spaces
        if len(rows) < len(self.spaces):
            message = "this ranking has a dense part: read the features with its embed"
            raise ValueError(message)
        usual: list[Floats | float] = [*features.usual, *[0.0] * len(self.spaces)]
        return [space.points(some, own) for space, some, own in zip(self.spaces, rows, usual, strict=False)]

    def totals(self, features: Features, rows: Sequence[Matrix] = ()) -> Floats:
        """The papers' scores, added over the spaces; see `points`."""
        return sum(self.points(features, rows), start=np.zeros(1))


def view_of(members: npt.NDArray[np.int64], positives: Sequence[Matrix], negatives: Sequence[Matrix], ground: Measure) -> View:
    """The view of those positives, away from all negatives; each a matrix of one row a paper for each space."""
    spaces = []
    sample = zip_longest(ground.sample.spaces, ground.sample.usual, fillvalue=0.0)
    parts = zip(NAMES, WEIGHTS, positives, negatives, ground.middles, ground.whiteners, sample, strict=False)
    for name, weight, liked, disliked, middle, whitening, (rows, usual) in parts:
        some, (near, far) = _narrowed(liked[members], disliked)
        toward = _middle_of(near) - (GAMMA * _middle_of(far) if far.shape[0] else 0.0)
        if whitening is not None:
            toward = whitened(toward - middle, whitening)
        toward = on_grid(toward, bits=25 if whitening is None else 20)
        places = np.flatnonzero(toward)
        bare = Space(name, some[places], toward[places], liked.shape[1], weight)
        spaces.append(Space(name, bare.places, bare.toward, bare.size, weight, *standard(bare.raw(rows, usual))))
    return View(tuple(spaces), members)


def _narrowed(*matrices: Matrix) -> tuple[npt.NDArray[np.int64], list[Matrix]]:
    """The columns of matrices that are not empty, and the matrices of these columns alone: a vector of all takes 16 MB."""
    if isinstance(matrices[0], np.ndarray):
        return np.arange(matrices[0].shape[1]), [*matrices]
    columns = np.unique(np.concatenate([one.indices for one in matrices]))
    narrow = ((one.data, np.searchsorted(columns, one.indices), one.indptr) for one in matrices)
    shapes = ((one.shape[0], columns.size) for one in matrices)
    return columns, [csr_array(parts, shape=shape) for parts, shape in zip(narrow, shapes, strict=True)]


def whitened(rows: Floats, whitening: Floats) -> Floats:
    """Rows, brought to a grid on which the products add up exactly, times the inverse covariance."""
    product: Floats = on_grid(rows) @ whitening
    return product


def standard(scores: Floats) -> tuple[float, float]:
    """Mean and standard deviation, exactly rounded: the order of additions makes no difference."""
    middle = math.fsum(scores.tolist()) / scores.size
    spread = math.sqrt(math.fsum(((scores - middle) ** 2).tolist()) / scores.size)
    return middle, spread or 1.0


def _middle_of(rows: Matrix) -> Floats:
    return mean_row(rows) if isinstance(rows, np.ndarray) else mean(rows)


# --- labels --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A linear model over the phrases, learnt from what is relevant and what is not. `shares`: how much of each example, the positives
    first, stands in its direction."""

    space: Space
    shares: Floats


def labels_of(positives: Matrix, negatives: Matrix) -> Labels | None:
    """The model that tells the ones from the others, each a matrix of one row a paper; None when there are no others.

    Ridge regression of +1 and -1 in its dual form (Saunders, Gammerman & Vovk, ICML 1998), the two classes weighing the same:
    shares = (K + ridge / weights)^-1 · y with K the rows' products. It has no constant: papers unlike any example have 0.
    """
    if not negatives.shape[0]:
        return None
    some, (rows,) = _narrowed(stacked(positives, negatives))
    sizes = np.repeat([positives.shape[0], negatives.shape[0]], [positives.shape[0], negatives.shape[0]])
    answers = np.repeat([1.0, -1.0], [positives.shape[0], negatives.shape[0]])
    damped = (rows @ rows.T).toarray() + np.diag(LABELS_RIDGE * 2 * sizes / sizes.size)
    shares = on_grid(solved(damped, answers[:, np.newaxis])[:, 0])
    weights = rows.data * np.repeat(shares, np.diff(rows.indptr))
    toward = on_grid(np.bincount(rows.indices, weights=weights, minlength=rows.shape[1]).astype(np.float64))
    places = np.flatnonzero(toward)
    return Labels(Space("labels", some[places], toward[places], positives.shape[1], LABELS_WEIGHT), shares)


# --- groups --------------------------------------------------------------------------------------------------------------------


def groups(positives: Sequence[Matrix], ground: Measure) -> list[npt.NDArray[np.int64]]:
    """The positives in groups of related ones; empty when there is one such group only.

    Two are related when one of them, taken alone as the example, has the other nearer than the 250th of the sample; and so is what is
    related to the same one. A group of less than a twentieth of all is left out: it speaks by the mean of all alone.
    """
    every = positives[0].shape[0]
    if every < 2:
        return []
    links = np.vstack([_links(start, positives, ground) for start in range(0, every, _COLUMNS)])
    found, labels = connected_components(links, directed=True, connection="weak")
    parts = [np.flatnonzero(labels == label) for label in range(found)]
    kept = [part for part in parts if part.size >= LEAST_GROUP * every]
    return kept if len(kept) > 1 else []


def _links(start: int, positives: Sequence[Matrix], ground: Measure) -> npt.NDArray[np.bool_]:
    """For each positive from `start` on, a hundred at most, which positives are near it."""
    sampled, among = np.zeros((1, 1)), np.zeros((1, 1))
    sample = zip_longest(ground.sample.spaces, ground.sample.usual, fillvalue=0.0)
    for rows, weight, middle, whitening, (general, usual) in zip(
        positives, WEIGHTS, ground.middles, ground.whiteners, sample, strict=False
    ):
        some = rows[start : start + _COLUMNS]
        toward = some if whitening is None else on_grid(whitened(some - middle, whitening), bits=20)
        own = 0.0 if whitening is not None else (rows @ middle)[:, np.newaxis]
        raw = _products(general, toward) - (usual if isinstance(usual, float) else usual[:, np.newaxis])
        scales = [standard(column) for column in raw.T]
        middles, factors = np.array([one for one, _ in scales]), np.array([weight / other for _, other in scales])
        sampled = sampled + (raw - middles) * factors
        among = among + (_products(rows, toward) - own - middles) * factors
    depth = min(NEAREST, sampled.shape[0])
    reached: npt.NDArray[np.bool_] = (among >= np.sort(sampled, axis=0)[-depth]).T
    return reached


def _products(these: Matrix, those: Matrix) -> Floats:
    products = these @ those.T
    return products if isinstance(products, np.ndarray) else products.toarray()


def stacked(these: Matrix, those: Matrix) -> Matrix:
    """The rows of both."""
    return np.vstack((these, those)) if isinstance(these, np.ndarray) else vstack((these, those), format="csr")
