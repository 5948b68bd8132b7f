"""The spaces in which papers are compared, and a direction through all of them.

    Ground   the background and the model of the dense part: what papers look like in each space, and its sample of general papers
    View     a few examples, as a direction in each space, standardised by the sample
    blended  the same by two readings of the examples: with general weights, and with those of the watch's own papers
    groups   examples that fall apart into different topics

The spaces of words are wide and sparse. Those of topics and of sentence embeddings are narrow, and their directions are not equally
busy: what many papers of any kind share weighs too much. So the direction is multiplied with the inverse covariance of the sample (linear
discriminant analysis: Fisher 1936; with one covariance for all classes, as here, Hariharan, Malik & Ramanan, ECCV 2012).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

from watcher.rank.background import Background, Features, Floats, mean, mean_row, on_grid
from watcher.rank.features import Matrix, Passage, count, picked

if TYPE_CHECKING:
    from watcher.rank import Embed

NAMES = ("phrases", "words", "topics", "dense")
WEIGHTS = (1.0, 1.0, 1.0, 3.0)
ELITE = "elite"
"""Which words papers are about: a space that counts only as far as a watch's own papers are believed (`watcher.rank.ground`)."""
ELITE_WEIGHT = 2.0
RIDGES = (0.0, 0.0, 0.001, 0.03)
"""What is added to the variances before the covariance is inverted; 0: a space that is left as it is."""
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
        """The background's sample papers, the spaces of words column by column."""
        general = self.background.measured.features
        return general if self.embed is None else general.with_dense(_dense(self.embed).rows)

    @property
    def middles(self) -> tuple[Floats, ...]:
        """The sample's mean in each space."""
        return (*self.background.means, *(() if self.embed is None else (_dense(self.embed).middle,)))

    @property
    def whiteners(self) -> tuple[Floats | None, ...]:
        """The inverse covariance of each space; None for a space that is left as it is."""
        return (None, None, _topics_whitener(self.background), *(() if self.embed is None else (_dense(self.embed).whitener,)))

    def read(self, counts: Matrix, texts: Sequence[str]) -> Features:
        """Papers, given as counts and as the text that is embedded, in all spaces."""
        features = self.background.features(counts)
        if self.embed is None:
            return features
        rows = on_grid(np.asarray(self.embed(texts), np.float64).reshape(len(texts), self.embed.sample.shape[1]), bits=12)
        rows[[not text for text in texts]] = 0.0
        return features.with_dense(rows)

    def examples(self, examples: Sequence[Example]) -> Features:
        """Examples in all spaces."""
        return self.read(count([passages for _, passages, _ in examples]), [text for *_, text in examples])


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
    rows = np.asfortranarray(on_grid(named.embed.sample.astype(np.float64), bits=12))
    return _DenseSample(rows, mean_row(rows), whitener(rows, RIDGES[3]))


@lru_cache(maxsize=1)
def _topics_whitener(background: Background) -> Floats:
    return whitener(background.measured.topics.astype(np.float64), RIDGES[2])


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

    `places` and `toward`: a vector by the places where it is not 0. `own`: how much of it the weights of the watch's own papers made.
    """

    name: str
    places: npt.NDArray[np.int64]
    toward: Floats
    size: int
    weight: float
    middle: float = 0.0
    spread: float = 1.0
    own: float = 0.0

    @property
    def scale(self) -> float:
        """Points for one unit of the raw score."""
        return self.weight / self.spread

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

    def direction(self, name: str, at: npt.NDArray[np.integer], usual: Floats | float) -> Floats:
        """What a row is multiplied with at these places in the space of that name, in points; 0 where there is no such space."""
        found = (space.direction(at, usual) for space in self.spaces if space.name == name)
        return sum(found, start=np.zeros(1))


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Several directions of the space `name`, side by side. `places`: the columns in which one of them is not 0; `towards`: one row a
    direction, one column a place; `middles` and `scales`: see `Space`."""

    name: str
    places: npt.NDArray[np.int64]
    towards: Floats
    middles: Floats
    scales: Floats

    def points(self, rows: Matrix, usual: Floats | float = 0.0) -> Floats:
        """The rows' standardised scores, weighted: (directions, rows). `rows`: column by column where the space is wide."""
        return self.points_of(columns_of(rows, self.places), usual)

    def points_of(self, columns: Matrix, usual: Floats | float) -> Floats:
        """The same of the columns in which one of them is not 0."""
        raw = along(columns, self.towards)
        raw -= usual
        return standardised(raw, self.middles, self.scales)


def side_by_side(spaces: Sequence[Space]) -> Directions:
    """The directions of some views in one space."""
    places = np.unique(np.concatenate([space.places for space in spaces]))
    return Directions(
        spaces[0].name,
        places,
        np.array([space.part(places) for space in spaces]),
        np.array([space.middle for space in spaces]),
        np.array([space.scale for space in spaces]),
    )


def totals(directions: Sequence[Directions], features: Features) -> Floats:
    """The papers' scores, added over the spaces: one row a direction; see `points`."""
    return added(points(directions, features))


def added(each: Iterable[Floats]) -> Floats:
    """The sum of arrays, in the first of them."""
    first, *more = each
    for one in more:
        first += one
    return first


def points(directions: Sequence[Directions], features: Features) -> Iterator[Floats]:
    """The papers' standardised scores, weighted: for each space an array of one row a direction, one column a paper. Raises ValueError
    where a space was not read."""
    return (one.points(_by_columns(features, one.name), usual_of(features, one.name)) for one in directions)


def rows_of(features: Features, name: str) -> Matrix:
    """Papers in the space of that name."""
    return features.elite if name == ELITE else features.spaces[NAMES.index(name)]


def _by_columns(features: Features, name: str) -> Matrix:
    """The same column by column where the space is wide."""
    if name == ELITE:
        return features.elite_columns
    if (number := NAMES.index(name)) >= len(features.spaces):
        message = "this ranking has a dense part: read the features with its embed"
        raise ValueError(message)
    return features.columns[number]


def usual_of(features: Features, name: str) -> Floats | float:
    """The papers' products with the background's mean, where it does not stand in directions."""
    return dict(zip(NAMES, features.usual, strict=False)).get(name, 0.0)


def along(rows: Matrix, directions: Floats) -> Floats:
    """The products of rows with directions: (directions, rows). Sums are exact, in whatever order they are made."""
    if isinstance(rows, np.ndarray):
        return np.asarray(directions @ rows.T, np.float64)
    return np.ascontiguousarray((rows @ np.ascontiguousarray(directions.T)).T)


def standardised(raw: Floats, middles: Floats, scales: Floats) -> Floats:
    """Scores in points: one row a direction."""
    found: Floats = raw - middles[:, np.newaxis]
    found *= scales[:, np.newaxis]
    return found


def columns_of(rows: Matrix, places: npt.NDArray[np.int64]) -> Matrix:
    """Some columns of a matrix, in double precision; of rows it is quick where these are few."""
    if isinstance(rows, np.ndarray):
        return rows if places.size == rows.shape[1] else rows[:, places]
    some = picked(rows, places) if isinstance(rows, csr_array) else rows[:, places]
    some.data = some.data.astype(np.float64, copy=False)
    return some


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One space, by the columns alone in which an example is not 0: a vector of all takes 16 MB. `places`: which columns these are, of
    `size`; `positives` and `sample`: one row a paper; `usual`: what the sample's rows are along the background's mean.
    Directions stand on a grid of 2^-`bits`, on which their products with papers add up exactly."""

    name: str
    weight: float
    size: int
    places: npt.NDArray[np.int64]
    positives: Matrix
    sample: Matrix
    usual: Floats | float
    mean: Floats
    whitening: Floats | None
    bits: int = 20


def known_of(positives: Features, ground: Measure, sample: Features) -> list[Known]:
    """All spaces before the background's sample."""
    known = []
    papers = zip_longest(sample.columns, sample.usual, fillvalue=0.0)
    parts = zip(NAMES, WEIGHTS, positives.spaces, ground.middles, ground.whiteners, papers, strict=False)
    for name, weight, liked, middle, whitening, (rows, usual) in parts:
        places, near = _narrowed(liked)
        some, bits = columns_of(rows, places), 25 if whitening is None else 20
        known.append(Known(name, weight, liked.shape[1], places, near, some, usual, middle[places], whitening, bits))
    return known


def known_elite(positives: Features, sample: Features) -> Known:
    """The space of the words that papers are about; its mean is not taken away."""
    places, near = _narrowed(positives.elite)
    some, nothing = columns_of(sample.elite_columns, places), np.zeros(places.size)
    return Known(ELITE, ELITE_WEIGHT, positives.elite.shape[1], places, near, some, 0.0, nothing, None)


Parts = Sequence[npt.NDArray[np.int64]]
"""Which of the positives each view is of."""


class Seen(NamedTuple):
    """One space as some parts of the positives see it: a direction for each, what the sample scores along it, and the mean and deviation
    of that."""

    known: Known
    towards: Floats
    raw: Floats
    middles: Floats
    spreads: Floats

    def left(self, parts: Parts) -> Directions:
        """The directions of other parts, by the deviation of the first."""
        known = self.known
        scale = known.weight / float(self.spreads[0])
        return Directions(known.name, known.places, _towards(known, parts), np.zeros(len(parts)), np.full(len(parts), scale))


def seen(known: Sequence[Known], parts: Parts) -> list[Seen]:
    """All spaces as some parts of the positives see them."""
    return [_seen(one, _towards(one, parts)) for one in known]


def _seen(one: Known, towards: Floats) -> Seen:
    raw = along(one.sample, towards) - one.usual
    return Seen(one, towards, raw, *standard(raw))


def views_of(parts: Parts, each: Sequence[Seen]) -> tuple[tuple[View, ...], Floats]:
    """The views of the parts; and what the sample's papers score in them: (views, papers)."""
    return _viewed(parts, each, [np.zeros(len(parts))] * len(each))


def blended(parts: Parts, plain: Sequence[Seen], own: Sequence[Seen], share: float) -> tuple[tuple[View, ...], Floats]:
    """As `views_of`, the scores by `plain` and those by `own`, each of them standardised, added up with shares of 1 - `share` and `share`.

    A space of both is one direction still: toward_1 · (1 - share) / s_1 + toward_2 · share / s_2, s being their deviations.
    """
    others = {one.known.name: one for one in plain}
    mixed = [_blended(others.get(one.known.name), one, share) for one in own]
    return _viewed(parts, *zip(*mixed, strict=True))


def _blended(plain: Seen | None, own: Seen, share: float) -> tuple[Seen, Floats]:
    """Both readings of a space as one, whose scale is 1 by its weight; and how much of each direction is from `own`."""
    if plain is own:
        return own, np.zeros(own.spreads.size)
    if plain is None:
        return own._replace(known=replace(own.known, weight=share * own.known.weight)), np.ones(own.spreads.size)
    before = (1 - share) * plain.known.weight / plain.spreads
    scales = before + share * own.known.weight / own.spreads
    shares = (scales - before) / scales
    parts = ((one, other, shares[:, np.newaxis]) for one, other in ((plain.towards, own.towards), (plain.raw, own.raw)))
    towards, raw = (one + part * (other - one) for one, other, part in parts)
    middles = plain.middles + shares * (own.middles - plain.middles)
    return Seen(own.known, on_grid(towards, bits=own.known.bits), raw, middles, own.known.weight / scales), shares


def _viewed(parts: Parts, each: Sequence[Seen], shares: Sequence[Floats]) -> tuple[tuple[View, ...], Floats]:
    """`shares`: how much of each direction is from the watch's own papers."""
    spaces = zip(*(_spaces(one, part) for one, part in zip(each, shares, strict=True)), strict=True)
    views = tuple(View(some, members) for some, members in zip(spaces, parts, strict=True))
    first, *more = (standardised(one.raw, one.middles, one.known.weight / one.spreads) for one in each)
    return views, sum(more, start=first)


def _spaces(one: Seen, shares: Floats) -> Iterator[Space]:
    known = one.known
    for toward, *numbers in zip(one.towards, *map(np.ndarray.tolist, (one.middles, one.spreads, shares)), strict=True):
        some = np.flatnonzero(toward)
        yield Space(known.name, known.places[some], toward[some], known.size, known.weight, *numbers)


def _towards(known: Known, parts: Parts) -> Floats:
    """One row a part."""
    return np.array([_toward(known, members) for members in parts])


def _toward(known: Known, members: npt.NDArray[np.int64]) -> Floats:
    """Toward the mean of some positives."""
    toward = _middle_of(known.positives[members])
    if known.whitening is not None:
        toward = whitened(toward - known.mean, known.whitening)
    return on_grid(toward, bits=known.bits)


def _narrowed(rows: Matrix) -> tuple[npt.NDArray[np.int64], Matrix]:
    """The columns of a matrix that are not empty, and the matrix of these columns alone."""
    if isinstance(rows, np.ndarray):
        return np.arange(rows.shape[1]), rows
    columns = np.unique(rows.indices)
    parts = (rows.data, np.searchsorted(columns, rows.indices), rows.indptr)
    return columns, csr_array(parts, shape=(rows.shape[0], columns.size))


def whitened(rows: Floats, whitening: Floats) -> Floats:
    """Rows, brought to a grid on which the products add up exactly, times the inverse covariance."""
    product: Floats = on_grid(rows) @ whitening
    return product


def standard(scores: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each row, exactly rounded: the order of additions makes no difference."""
    size = scores.shape[1]
    middles = exact_sums(scores) / size
    spreads = np.sqrt(exact_sums((scores - middles[:, np.newaxis]) ** 2) / size)
    spreads[spreads == 0] = 1.0
    return middles, spreads


def exact_sums(rows: Floats) -> Floats:
    """The exactly rounded sum of each row, as by math.fsum.

    From all numbers the same leading bits are split off, so few that their sum is exact, until nothing is left (ExtractVector: Rump,
    Ogita & Oishi, SIAM J. Sci. Comput. 31:1, 2008).
    """
    parts = [np.zeros(rows.shape[0])]
    while rows.any():
        _, exponents = np.frexp(np.abs(rows).max(axis=1))
        unit = np.ldexp(1.0, exponents + rows.shape[1].bit_length())[:, np.newaxis]
        leading = (unit + rows) - unit
        parts.append(leading.sum(axis=1))
        rows = rows - leading
    return np.array([math.fsum(sums) for sums in zip(*parts, strict=True)])


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
    some, rows = _narrowed(stacked(positives, negatives))
    sizes = np.repeat([positives.shape[0], negatives.shape[0]], [positives.shape[0], negatives.shape[0]])
    answers = np.repeat([1.0, -1.0], [positives.shape[0], negatives.shape[0]])
    damped = (rows @ rows.T).toarray() + np.diag(LABELS_RIDGE * 2 * sizes / sizes.size)
    shares = on_grid(solved(damped, answers[:, np.newaxis])[:, 0])
    weights = rows.data * np.repeat(shares, np.diff(rows.indptr))
    toward = on_grid(np.bincount(rows.indices, weights=weights, minlength=rows.shape[1]).astype(np.float64))
    places = np.flatnonzero(toward)
    return Labels(Space("labels", some[places], toward[places], positives.shape[1], LABELS_WEIGHT), shares)


# --- groups --------------------------------------------------------------------------------------------------------------------


def groups(known: Sequence[Known]) -> list[npt.NDArray[np.int64]]:
    """The positives in groups of related ones; empty when there is one such group only.

    Two are related when one of them, taken alone as the example, has the other nearer than the 250th of the sample; and so is what is
    related to the same one. A group of less than a twentieth of all is left out: it speaks by the mean of all alone.
    """
    every = known[0].positives.shape[0]
    if every < 2:
        return []
    links = np.vstack([_links(slice(start, start + _COLUMNS), known) for start in range(0, every, _COLUMNS)])
    found, labels = connected_components(links, directed=True, connection="weak")
    parts = [np.flatnonzero(labels == label) for label in range(found)]
    kept = [part for part in parts if part.size >= LEAST_GROUP * every]
    return kept if len(kept) > 1 else []


def _links(some: slice, known: Sequence[Known]) -> npt.NDArray[np.bool_]:
    """For each of some positives, a hundred at most, which positives are near it."""
    sampled, among = np.zeros((1, 1)), np.zeros((1, 1))
    for one in known:
        toward = one.positives[some]
        if one.whitening is None:
            toward, own = toward.toarray(), one.positives @ one.mean
        else:
            toward, own = on_grid(whitened(toward - one.mean, one.whitening), bits=20), 0.0
        raw = along(one.sample, toward) - one.usual
        middles, spreads = standard(raw)
        scales = one.weight / spreads
        sampled = sampled + standardised(raw, middles, scales)
        among = among + standardised(along(one.positives, toward) - own, middles, scales)
    place = max(sampled.shape[1] - NEAREST, 0)
    reached: npt.NDArray[np.bool_] = among >= np.partition(sampled, place, axis=1)[:, [place]]
    return reached


def stacked(*matrices: Matrix) -> Matrix:
    """The rows of all."""
    return np.vstack(matrices) if isinstance(matrices[0], np.ndarray) else vstack(matrices, format="csr")


def joined(parts: Sequence[Features]) -> Features:
    """The papers of all."""
    spaces = zip(*(part.spaces for part in parts), strict=True)
    phrases, words = zip(*(part.usual for part in parts), strict=True)
    divisors, often = (np.concatenate([getattr(part, name) for part in parts]) for name in ("divisors", "often"))
    return Features(tuple(stacked(*some) for some in spaces), (np.concatenate(phrases), np.concatenate(words)), divisors, often)
