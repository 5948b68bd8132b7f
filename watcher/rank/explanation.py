"""The words, headings and seed behind a number, from the numbers that made it.

A feature's gain is what it added to a paper's score over both spaces. Terms are stretches of the paper's own title and abstract,
as written there; no feature is counted for two of them. Nothing here can change a score.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from watcher.domain import Article, Part, Reasons, Term
from watcher.rank import words
from watcher.rank.background import Floats, Vectors, lengths
from watcher.rank.features import STOP_IDS, Matrix, is_check_tag, keys_of, pair_ids, picked, word_ids

TERMS = 5
HEADINGS = 3
LEAST_SHARE = 0.05
LONGEST = 6
LONGEST_SPACED = 3

_JOINT = re.compile(r"[\s\d/‐‑–-]*")  # what may stand between two words of one term


@dataclass(frozen=True, eq=False)
class Gains:
    """What each of the features of one paper added to its score, in points; features that took away are negative."""

    features: npt.NDArray[np.integer]
    points: Floats

    @cached_property
    def raising(self) -> Mapping[int, float]:
        """Those that raised it."""
        up = self.points > 0
        return dict(zip(self.features[up].tolist(), self.points[up].tolist(), strict=True))

    @cached_property
    def every(self) -> Mapping[int, float]:
        """All of them."""
        return dict(zip(self.features.tolist(), self.points.tolist(), strict=True))

    @property
    def raised(self) -> float:
        """What those that raised it added together."""
        return sum(self.raising.values())


@dataclass(frozen=True, eq=False)
class SeedVectors:
    """The seeds to which papers are compared: their labels, and their vectors (rows)."""

    labels: tuple[str, ...]
    vectors: Vectors

    def nearest(self, papers: Vectors) -> list[tuple[str, float]]:
        """For each paper the nearest seed's label and their cosine (the mean of both spaces, 0 to 1)."""
        if not self.labels:
            return [("", 0.0)] * papers.phrases.shape[0]
        cosines = similarities(papers, self.vectors)
        best = cosines.argmax(axis=1)
        return [(self.labels[place], round(float(row[place]), 4)) for row, place in zip(cosines, best.tolist(), strict=True)]

    def ranked(self, paper: Vectors) -> tuple[tuple[str, float], ...]:
        """All seeds' labels with their cosines to one paper, the nearest first."""
        if not self.labels:
            return ()
        cosines = zip(self.labels, (round(one, 4) for one in similarities(paper, self.vectors)[0].tolist()), strict=True)
        return tuple(sorted(cosines, key=lambda seed: -seed[1]))


def similarities(these: Vectors, those: Vectors) -> Floats:
    """How like each of `these` is to each of `those`: the mean of their cosines in both spaces, 0 to 1; 0 for a paper without text."""
    return (_cosines(these.phrases, those.phrases) + _cosines(these.words, those.words)) / 2


def _cosines(these: Matrix, those: Matrix) -> Floats:
    columns = np.unique(those.indices)
    products: Floats = (picked(these, columns) @ picked(those, columns).T).toarray()
    scale = np.outer(lengths(these), lengths(those))
    return np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)


class Written(NamedTuple):
    """A title or an abstract as it is read: which of its words (`words.spans`) are no mere numbers, their features, and those of the pairs
    of each with the next."""

    text: str
    places: list[int]
    words: list[int]
    pairs: list[int]


def written(articles: Sequence[Article]) -> list[tuple[Written, Written]]:
    """The title and the abstract of each article."""
    texts = [text for article in articles for text in (article.title, article.abstract)]
    keys, ends = keys_of(texts)
    told, ends = np.flatnonzero(keys), np.concatenate(([0], ends))
    keys = keys[told]
    ids, pairs = word_ids(keys), pair_ids(keys[:-1], keys[1:])
    bounds = np.searchsorted(told, ends).tolist()
    parts = zip(texts, ends[:-1].tolist(), bounds[:-1], bounds[1:], strict=True)
    read = (
        Written(text, (told[start:end] - first).tolist(), ids[start:end].tolist(), pairs[start:end].tolist())
        for text, first, start, end in parts
    )
    return list(zip(read, read, strict=True))


def explain(article: Article, texts: Iterable[Written], gains: Gains, nearest: tuple[str, float]) -> Reasons:
    """The reasons for one paper's score. Weights are shares of all that raised it (0 to 1). `texts`: what is `written` there."""
    raised = gains.raised
    if raised <= 0:
        return Reasons(nearest_seed=nearest[0], nearest_similarity=nearest[1])
    return Reasons(
        terms=tuple(_terms(texts, gains.raising, raised)),
        headings=tuple(_headings((heading.name for heading in article.headings), gains, raised)),
        nearest_seed=nearest[0],
        nearest_similarity=nearest[1],
    )


def terms_of(article: Article, gains: Gains) -> tuple[Part, ...]:
    """The paper's own stretches that raised its score most, then its words that lowered it most: each with what it added."""
    raised = gains.raised
    (texts,) = written([article])
    raising = [Part(term.text, term.weight * raised) for term in _terms(texts, gains.raising, raised)] if raised > 0 else []
    return (*raising, *_lowering(texts, gains.every))


def headings_of(article: Article, gains: Gains) -> tuple[Part, ...]:
    """The paper's headings with what their words added to its score, those that raised it most first; without check tags."""
    names = {heading.name for heading in article.headings if not is_check_tag(heading.name)}
    parts = (Part(name, _heading_gain(name, gains)) for name in names)
    return tuple(sorted(parts, key=lambda part: (-part.points, part.name)))


def _lowering(texts: Iterable[Written], gains: Mapping[int, float]) -> list[Part]:
    """The words that took most away, the worst first; without stop words."""
    found: dict[int, str] = {}
    for text, places, ids, _ in texts:
        spans = words.spans(text)
        for place, feature in zip(places, ids, strict=True):
            found.setdefault(feature, text[slice(*spans[place])])
    lowered = [
        Part(word, gains[feature]) for feature, word in found.items() if feature not in STOP_IDS and gains.get(feature, 0) < 0
    ]
    return sorted(lowered, key=lambda part: (part.points, part.name))[:TERMS]


class _Stretch(NamedTuple):
    """Neighbouring words of a paper: as written there, the features of its words, those of its pairs, what all of them added."""

    text: str
    words: frozenset[int]
    pairs: frozenset[int]
    gain: float


def _terms(texts: Iterable[Written], raising: Mapping[int, float], raised: float) -> Iterator[Term]:
    """The stretches that added most, best first. Each counts only what no better one has counted."""
    least = LEAST_SHARE * raised
    found = {(stretch.words, stretch.pairs): stretch for text in texts for stretch in _stretches(text, raising, least)}
    stretches = sorted(found.values(), key=lambda stretch: -stretch.gain)
    counted: set[int] = set()
    for _ in range(TERMS):
        best, share = _best(stretches, raising, counted)
        if best is None or share < least:
            return
        yield Term(best.text, round(share / raised, 4))
        counted |= best.words | best.pairs


def _best(stretches: Sequence[_Stretch], gains: Mapping[int, float], counted: Collection[int]) -> tuple[_Stretch | None, float]:
    """The stretch that adds most beyond what is counted, and how much. At least half of its words are new. `stretches`: best first."""
    best, most = None, 0.0
    for stretch in stretches:
        if stretch.gain <= most:
            break
        if 2 * len(stretch.words.intersection(counted)) <= len(stretch.words):
            more = sum(gains[feature] for feature in stretch.words | stretch.pairs if feature not in counted)
            best, most = (stretch, more) if more > most else (best, most)
    return best, most


def _stretches(written: Written, raising: Mapping[int, float], least: float) -> Iterator[_Stretch]:
    """Every run of words that raised the score by `least` or more, where each word and pair of neighbours raised it; without stop words
    and mere numbers.

    Runs go up to three words by the spaces between them: "Charcot-Marie-Tooth disease" is two.
    """
    text, places, ids, pairs = written
    firsts = [place for place, feature in enumerate(ids) if feature in raising and feature not in STOP_IDS]
    telling = {*firsts}
    spans = words.spans(text) if firsts else []
    for first in firsts:
        start, end = spans[places[first]]
        if (gain := raising[ids[first]]) >= least:
            yield _Stretch(text[start:end], frozenset(ids[first : first + 1]), frozenset(), gain)
        for last in range(first + 1, min(first + LONGEST, len(ids))):
            if last not in telling or pairs[last - 1] not in raising:
                break
            before, (begin, end) = end, spans[places[last]]
            if not _joined(text, before, begin) or len(text[start:end].split()) > LONGEST_SPACED:
                break
            run, between = frozenset(ids[first : last + 1]), frozenset(pairs[first:last])
            if (gain := sum([raising[feature] for feature in run | between])) >= least:
                yield _Stretch(text[start:end], run, between, gain)


def _joined(text: str, end: int, start: int) -> bool:
    return _JOINT.fullmatch(text, end, start) is not None


def _headings(names: Iterable[str], gains: Gains, raised: float) -> Iterator[Term]:
    shares = {name: _heading_gain(name, gains) / raised for name in names if not is_check_tag(name)}
    for name in sorted(shares, key=lambda name: (-shares[name], name))[:HEADINGS]:
        if shares[name] >= LEAST_SHARE:
            yield Term(name, round(shares[name], 4))


def _heading_gain(name: str, gains: Gains) -> float:
    return sum([gains.every.get(feature, 0.0) for feature in _heading_features(name)])


@lru_cache(maxsize=1 << 12)
def _heading_features(name: str) -> frozenset[int]:
    keys = np.array([key for key in words.keys(name) if key], np.uint64)
    return frozenset([*word_ids(keys).tolist(), *pair_ids(keys[:-1], keys[1:]).tolist()])
