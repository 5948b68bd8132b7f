"""Variants of watcher's ranking that know the papers among which they rank, each as a method; the command is benchmarks/choice.py.

A *snapshot*, some hundreds of papers drawn from the pool as a watch's own papers, says how many of them hold each word. What a variant makes
of it is a `Sketch`: the spaces of its score, with the share that the snapshot has in the words' weights, and by what evidence it speaks.

The products of all papers, and of the background's sample, with every paper that may be a seed are made once for each pool and kind, so that
a trial only adds columns. With no snapshot the scores are those of `watcher.rank`, to rounding (tests/unit/test_contest.py).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from contest.kept import sha256_of
from contest.measures import Floats
from contest.methods import Method, Score
from contest.ours import version as ours_version
from contest.sets import Ids, LabelledSet
from watcher import rank
from watcher.rank.background import IS_TELLING, SATURATION, SLOPE, Background, lengths
from watcher.rank.features import Matrix, count_articles
from watcher.rank.spaces import LEAST_GROUP, NEAREST, RIDGES, whitener

SNAPSHOT = 300
LAMBDA, MU = 0.022, 0.013
"""Of PubMed's similar articles, as in contest/pmra.py."""

Singles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Space:
    """One part of a score. `kind`: phrases, words, topics, pmra (the sum of the products of elite weights, after PubMed's similar
    articles), or spread (topics again, along what labels reach that are spread over the snapshot). `share`: how much of a word's weight is
    from the snapshot; `both`: in the papers too, or in the direction alone; `common`: words that so great a share of the snapshot holds
    count for nothing."""

    kind: str
    weight: float = 1.0
    share: float = 0.0
    both: bool = True
    common: float = 2.0


PLAIN = (Space("phrases"), Space("words"), Space("topics"))


@dataclass(frozen=True)
class Sketch:
    """A variant. `plain` is what a paper's score is without a snapshot, `local` with one; the score is (1 - s) · plain + s · local, each
    the sum of its standardised spaces, or, where the `blend` is of weights, each space so before it is standardised. `rule` says how s is
    found: "always" (it is `most`), or by left-out seeds: see `strength`."""

    name: str
    local: tuple[Space, ...] = PLAIN
    plain: tuple[Space, ...] = PLAIN
    rule: str = "always"
    most: float = 1.0
    doubt: float = 0.0
    hope: float = 0.0
    need: float = 0.0
    snapshot: int = SNAPSHOT
    blend: str = "scores"

    @property
    def costs(self) -> bool:
        """Whether papers are scored in a further space, or each watch reads them by weights of its own."""
        plain = {one.kind for one in self.plain}
        return any(one.kind not in plain or (one.both and one.share > 0) for one in self.local)


class Products(NamedTuple):
    """What papers (rows) are along each possible seed (columns), and along the background's mean; the same for the sample's papers."""

    papers: Singles
    sample: Singles
    usual: Floats
    sample_usual: Floats


@dataclass(eq=False)
class Ground:
    """A pool as variants read it. `counts`: how often each feature stands in each paper; `rows`: the papers that may be seeds, which are the
    columns of all products; of the first `many` papers the snapshot is drawn."""

    counts: Matrix
    rows: Ids
    background: Background
    name: str
    many: int
    kept: dict[tuple[object, ...], Products] = field(default_factory=dict)
    """The products that were made."""

    @cached_property
    def examples(self) -> Matrix:
        """The counts of what may be a seed."""
        return self.counts[self.rows]

    @lru_cache(maxsize=4)  # noqa: B019 - lives as long as the benchmark
    def snapshot(self, size: int) -> Ids:
        """The rows of the papers that stand for the watch's own."""
        generator = np.random.RandomState(zlib.crc32(f"{self.name}|snapshot".encode()))
        return np.sort(generator.choice(self.many, min(size, self.many), replace=False)).astype(np.int64)

    @lru_cache(maxsize=4)  # noqa: B019
    def held(self, size: int) -> Floats:
        """How many of the snapshot's papers hold each feature."""
        some = self.counts[self.snapshot(size)]
        return np.bincount(some.indices, minlength=some.shape[1]).astype(np.float64)

    def idf(self, space: Space, size: int) -> Floats:
        """The weight of each feature: the frozen one, with a share of ln((1 + N) / (1 + df)) of the snapshot."""
        frozen = self.background.weights.table[self.background.weights.frequencies]
        if not space.share and space.common > 1:
            return frozen
        held, many = self.held(size), self.snapshot(size).size
        mixed = (1 - space.share) * frozen + space.share * np.log((1 + many) / (1 + held))
        return np.where(held > space.common * many, 0.0, mixed)

    def products(self, space: Space, size: int) -> Products:
        """The products of a space, made once."""
        by_snapshot = space.share or space.common <= 1 or space.kind == "spread"
        key = (space.kind, space.share, space.both, space.common, size if by_snapshot else 0)
        if key not in self.kept:
            others = {"topics": self._topics, "pmra": self._elite, "spread": self._spread}
            make = others.get(space.kind, self._words)
            self.kept[key] = make(space, size)
        return self.kept[key]

    def _words(self, space: Space, size: int) -> Products:
        """Of vectors as `Background.vectors` has them."""
        idf, number = self.idf(space, size), ("phrases", "words").index(space.kind)
        frozen = self.background.weights.table[self.background.weights.frequencies]
        own = idf if space.both else frozen
        pivot = self.background.weights.pivots[number]
        papers, sample, seeds = (
            weighted(some, own, pivot, telling=number == 1) for some in (self.counts, self.background.counts, self.examples)
        )
        if not space.both:
            relative = np.divide(idf, frozen, out=np.zeros_like(idf), where=frozen > 0) ** 2
            seeds = csr_array((seeds.data * relative[seeds.indices], seeds.indices, seeds.indptr), shape=seeds.shape)
        middle = np.bincount(sample.indices, weights=sample.data, minlength=sample.shape[1]) / sample.shape[0]
        return Products(times(papers, seeds), times(sample, seeds), papers @ middle, sample @ middle)

    def _elite(self, space: Space, size: int) -> Products:
        idf = self.idf(space, size)
        papers, sample, seeds = (elite(some) for some in (self.counts, self.background.counts, self.examples))
        seeds = csr_array((seeds.data * idf[seeds.indices], seeds.indices, seeds.indptr), shape=seeds.shape)
        return Products(times(papers, seeds), times(sample, seeds), np.zeros(papers.shape[0]), np.zeros(sample.shape[0]))

    def _topics(self, space: Space, size: int) -> Products:
        """Along the inverse covariance of the sample, in which the snapshot's may have a share."""
        papers, seeds = (self.background.topics(self.background.vectors(some).words)[0] for some in (self.counts, self.examples))
        sample = self.background.measured.topics.astype(np.float64)
        metric = whitener(sample, RIDGES[2])
        if space.share:
            own = papers[self.snapshot(size)]
            inside = (1 - space.share) * np.cov(sample.T, bias=True) + space.share * np.cov(own.T, bias=True)
            metric = np.asarray(np.linalg.inv(inside + RIDGES[2] * np.eye(sample.shape[1])), np.float64)
        toward, usual = metric @ seeds.T, metric @ sample.mean(axis=0)
        singles = [np.asarray(one @ toward, np.float32) for one in (papers, sample)]
        return Products(singles[0], singles[1], papers @ usual, sample @ usual)

    def _spread(self, _: Space, size: int) -> Products:
        """Along what each seed's label reaches when it is spread over the graph of the snapshot's nearest neighbours among the topics."""
        papers, seeds = (self.background.topics(self.background.vectors(some).words)[0] for some in (self.counts, self.examples))
        sample = self.background.measured.topics.astype(np.float64)
        metric, own = whitener(sample, RIDGES[2]), papers[self.snapshot(size)]
        root = np.linalg.cholesky(metric)
        units = [(one - sample.mean(axis=0)) @ root for one in (own, seeds)]
        reached = spread(*(one / np.maximum(np.linalg.norm(one, axis=1), 1e-9)[:, np.newaxis] for one in units))
        toward = metric @ (reached.T @ own - own.mean(axis=0)).T
        singles = [np.asarray(one @ toward, np.float32) for one in (papers, sample)]
        return Products(singles[0], singles[1], np.zeros(papers.shape[0]), np.zeros(sample.shape[0]))

    @cached_property
    def links(self) -> npt.NDArray[np.bool_]:
        """Which possible seed, alone, has which other nearer than the 250th of the sample; see `watcher.rank.spaces.groups`."""
        sampled = np.zeros((self.background.counts.shape[0], self.rows.size), np.float32)
        among = np.zeros((self.rows.size, self.rows.size), np.float32)
        for space in PLAIN:
            found = self.products(space, 0)
            raw = found.sample - found.sample_usual[:, np.newaxis].astype(np.float32)
            middles, spreads = raw.mean(axis=0), raw.std(axis=0)
            sampled += (raw - middles) / spreads
            own = self._seeds_of(found)
            among += (own - middles) / spreads
        place = sampled.shape[0] - NEAREST
        return np.asarray((among >= np.partition(sampled, place, axis=0)[place]).T, np.bool_)

    def _seeds_of(self, found: Products) -> Singles:
        return found.papers[self.rows] - found.usual[self.rows, np.newaxis].astype(np.float32)

    def parts(self, seeds: Ids) -> list[Ids]:
        """All seeds, and, where they fall apart, each group of them."""
        _, labels = connected_components(self.links[np.ix_(seeds, seeds)], directed=True, connection="weak")
        parts = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        kept = [part for part in parts if part.size >= LEAST_GROUP * seeds.size]
        return [np.arange(seeds.size), *(kept if len(kept) > 1 else [])]


NEIGHBOURS, KEPT = 15, 0.8


def spread(papers: Floats, seeds: Floats) -> Floats:
    """What each seed's label (columns) is worth at each paper (rows), all of length one, after Zhou et al., NIPS 2003."""
    like = np.maximum(papers @ papers.T, 0.0)
    np.fill_diagonal(like, 0.0)
    near = np.partition(like, -NEIGHBOURS, axis=1)[:, [-NEIGHBOURS]]
    like = np.where((like >= near) | (like >= near.T), like, 0.0)
    degrees = np.maximum(like.sum(axis=1), 1e-9)
    first = np.maximum(papers @ seeds.T, 0.0)
    first = np.where(first < 0.999, first, 0.0)  # a seed itself tells nothing new
    first = np.where(first >= np.partition(first, -NEIGHBOURS, axis=0)[[-NEIGHBOURS]], first, 0.0)
    first /= np.maximum(first.sum(axis=0), 1e-9)
    found = np.linalg.solve(np.eye(like.shape[0]) - KEPT * like / np.sqrt(np.outer(degrees, degrees)), first)
    return np.asarray(found / np.maximum(found.sum(axis=0), 1e-9), np.float64)


def weighted(counts: Matrix, idf: Floats, pivot: float, *, telling: bool) -> Matrix:
    """Rows as `watcher.rank.background.Weights.vectors` makes them, by other weights; `telling`: words alone, without stop words."""
    data = counts.data * (SATURATION + 1) / (counts.data.astype(np.float64) + SATURATION) * idf[counts.indices]
    rows = csr_array((data, counts.indices, counts.indptr), shape=counts.shape)
    if telling:
        rows = only_words(rows)
    divisors = (1 - SLOPE) * pivot + SLOPE * lengths(rows)
    return csr_array((rows.data / np.repeat(divisors, np.diff(rows.indptr)), rows.indices, rows.indptr), shape=rows.shape)


def only_words(rows: Matrix) -> Matrix:
    """The columns of words that are no stop words."""
    some = IS_TELLING[rows.indices]
    indptr = np.concatenate(([0], np.cumsum(some)))[rows.indptr]
    return csr_array((rows.data[some], rows.indices[some], indptr), shape=rows.shape)


def elite(counts: Matrix) -> Matrix:
    """1 / (1 + (μ / λ)^(k - 1) · exp(-(μ - λ) · l)) of each word (Lin & Wilbur 2007); see contest/pmra.py."""
    words = only_words(counts)
    often = words.data.astype(np.float64)
    long = np.repeat(np.asarray(words.sum(axis=1), np.float64), np.diff(words.indptr))
    data = 1 / (1 + (MU / LAMBDA) ** (often - 1) * np.exp(-(MU - LAMBDA) * long))
    return csr_array((data, words.indices, words.indptr), shape=words.shape)


def times(papers: Matrix, seeds: Matrix) -> Singles:
    """The products of all papers with all seeds."""
    columns = np.unique(seeds.indices)
    narrow = csr_array((seeds.data, np.searchsorted(columns, seeds.indices), seeds.indptr), shape=(seeds.shape[0], columns.size))
    where = np.full(papers.shape[1], -1, np.int64)
    where[columns] = np.arange(columns.size)
    some = where[papers.indices] >= 0
    indptr = np.concatenate(([0], np.cumsum(some)))[papers.indptr]
    rows = csr_array((papers.data[some], where[papers.indices[some]], indptr), shape=(papers.shape[0], columns.size))
    blocks = [(rows[first : first + 1000] @ narrow.T).toarray().astype(np.float32) for first in range(0, rows.shape[0], 1000)]
    return np.concatenate(blocks)


# --- scores ----------------------------------------------------------------------------------------------------------------------


Pair = tuple[Space, Space]
"""A space without the snapshot and with it."""


class Totals(NamedTuple):
    """The standardised scores of papers and of the sample."""

    papers: Floats
    sample: Floats


def totals(
    ground: Ground, pairs: Sequence[Pair], size: int, columns: Ids, parts: Sequence[Ids], rows: Ids | slice, share: float = 0.0
) -> Totals:
    """What some papers and the sample score by the seeds of these columns; `parts` as in `Ground.parts`, `share` that of each pair's second."""
    each = [_added(ground, pairs, size, columns[part], rows, share) for part in parts]
    if len(each) == 1:
        return each[0]
    papers, sample = (np.array(one) for one in zip(*each, strict=True))
    return Totals((papers[0] + papers[1:].max(axis=0)) / 2, (sample[0] + sample[1:].max(axis=0)) / 2)


def _added(ground: Ground, pairs: Sequence[Pair], size: int, columns: Ids, rows: Ids | slice, share: float) -> Totals:
    papers: Floats = np.zeros(1)
    sample: Floats = np.zeros(1)
    for space, other in pairs:
        raw, known = _raw(ground.products(space, size), columns, rows)
        if share and other != space:
            more, beside = _raw(ground.products(other, size), columns, rows)
            raw, known = (1 - share) * raw + share * more, (1 - share) * known + share * beside
        middle, spread = known.mean(), known.std() or 1.0
        papers, sample = papers + space.weight * (raw - middle) / spread, sample + space.weight * (known - middle) / spread
    return Totals(papers, sample)


def _raw(found: Products, columns: Ids, rows: Ids | slice) -> tuple[Floats, Floats]:
    """Of some papers, and of the sample, the mean product with the seeds, less that with the background's mean."""
    known = found.sample[:, columns].mean(axis=1) - found.sample_usual
    return found.papers[rows][:, columns].mean(axis=1) - found.usual[rows], known


def scores(ground: Ground, sketch: Sketch, columns: Ids) -> tuple[Totals, float]:
    """The scores of all papers and of the sample by a sketch, and the strength with which the snapshot spoke."""
    parts, share = ground.parts(columns), strength(ground, sketch, columns)
    if sketch.blend == "weights":
        pairs = [*zip(sketch.plain, sketch.local, strict=True)]
        return totals(ground, pairs, sketch.snapshot, columns, parts, slice(None), share), share
    plain, local = (
        totals(ground, [(one, one) for one in spaces], sketch.snapshot, columns, parts, slice(None))
        for spaces in (sketch.plain, sketch.local)
    )
    return Totals(*((1 - share) * one + share * other for one, other in zip(plain, local, strict=True))), share


GRID = (0.0, 0.25, 0.5, 0.75, 1.0)


def strength(ground: Ground, sketch: Sketch, columns: Ids) -> float:
    """How much the snapshot may say, 0 to `most`, by where seeds that are left out stand among the snapshot's papers.

    better   `most` when the left-out seeds stand higher with it, in the mean of the logarithms of their places by more than `doubt`
    shrunk   `most` · Σ gains / (Σ |gains| + doubt), at least 0; a gain is the logarithm of place before by place after
    grid     the share with the best Σ gains - doubt · share, of equals the least
    room     `most` · (Σ gains + hope · Σ room) / (need · Σ room + doubt), 0 to `most`; room is the logarithm of the place before
    margin   as better, by how many deviations of the snapshot's scores the seed stands above their mean
    """
    if sketch.rule == "always":
        return sketch.most
    if columns.size < 2:
        return 0.0
    before, after, among = left_out(ground, sketch, columns)
    if sketch.rule == "margin":
        gain = (_above(after, among[1]) - _above(before, among[0])).mean()
        return sketch.most if gain > sketch.doubt else 0.0
    if sketch.rule == "grid":
        found = [_gains(before, after, among, share * sketch.most).sum() - sketch.doubt * share for share in GRID]
        return sketch.most * GRID[int(np.argmax(np.round(found, 9)))]
    gains = _gains(before, after, among, sketch.most)
    if sketch.rule == "room":
        room = np.log(1 + (among[0] > before[:, np.newaxis]).sum(axis=1)).sum()
        earned = gains.sum() + sketch.hope * room
        return sketch.most * float(np.clip(earned / (sketch.need * room + sketch.doubt), 0, 1)) if room else 0.0
    if sketch.rule == "better":
        return sketch.most if gains.mean() > sketch.doubt + 1e-9 else 0.0
    return sketch.most * max(float(gains.sum()), 0.0) / (float(np.abs(gains).sum()) + sketch.doubt)


def left_out(ground: Ground, sketch: Sketch, columns: Ids) -> tuple[Floats, Floats, tuple[Floats, Floats]]:
    """For each seed what it scores by the others, without and with the snapshot; and the scores of the snapshot's other papers (seeds,
    papers)."""
    own = ground.rows[columns]
    rows = np.setdiff1d(ground.snapshot(sketch.snapshot), own)
    found = [
        [
            totals(
                ground,
                [(one, one) for one in spaces],
                sketch.snapshot,
                np.delete(columns, place),
                [np.arange(columns.size - 1)],
                np.append(rows, own[place]),
            )
            for place in range(columns.size)
        ]
        for spaces in (sketch.plain, sketch.local)
    ]
    before, after = (np.array([one.papers for one in some]) for some in found)
    return before[:, -1], after[:, -1], (before[:, :-1], after[:, :-1])


def _gains(before: Floats, after: Floats, among: tuple[Floats, Floats], share: float) -> Floats:
    places = [
        1 + (share_ * among[1] + (1 - share_) * among[0] > (share_ * after + (1 - share_) * before)[:, np.newaxis]).sum(axis=1)
        for share_ in (0.0, share)
    ]
    return np.asarray(np.log(places[0] / places[1]), np.float64)


def _above(own: Floats, among: Floats) -> Floats:
    return np.asarray((own - among.mean(axis=1)) / among.std(axis=1), np.float64)


# --- methods ---------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def ground_of(pool: LabelledSet, first: int) -> Ground:
    """A pool as variants read it; the last one is kept. `first` draws its snapshot."""
    rows = np.flatnonzero(np.any([*pool.topics.values()], axis=0))
    return Ground(count_articles(pool.articles), rows, rank.load_background(), f"{pool.name}|{first}", len(pool.articles))


def method(sketch: Sketch, first: int = 0) -> Method:
    """A sketch as a method that ranks from seeds alone; `first` draws the snapshot."""

    def prepare(pool: LabelledSet) -> Score:
        ground = ground_of(pool, first)
        return lambda known: scores(ground, sketch, np.searchsorted(ground.rows, known.seeds))[0].papers

    return Method(sketch.name, version(sketch), prepare)


def version(sketch: Sketch) -> str:
    """Changes with this module and with what the sketch says, whatever it is called."""
    told = json.dumps(asdict(replace(sketch, name="")), sort_keys=True)
    return hashlib.sha256(f"{told} {code()}".encode()).hexdigest()


@lru_cache(maxsize=1)
def code() -> str:
    """A hash of what all sketches are scored by."""
    return sha256_of([Path(__file__)]) + ours_version()
