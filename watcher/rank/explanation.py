"""The words, headings and seed behind a number, from the numbers that made it.

A feature's gain is what it added to a paper's score over both spaces. Terms are stretches of the paper's own title and abstract,
as written there; no feature is counted for two of them. Nothing here can change a score.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from watcher.domain import Article, Part, Reasons, Term
from watcher.rank import words
from watcher.rank.background import Floats, Vectors, lengths
from watcher.rank.features import STOP_IDS, Matrix, is_check_tag, pair_ids, word_ids

Gains = Mapping[int, float]
"""What each feature of one paper added to its score; features that took away are negative."""

TERMS = 5
HEADINGS = 3
LEAST_SHARE = 0.05
LONGEST = 6
LONGEST_SPACED = 3

_JOINT = re.compile(r"[\s\d/‐‑–-]*")  # what may stand between two words of one term


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
    products: Floats = (these @ those.T).toarray()
    scale = np.outer(lengths(these), lengths(those))
    return np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)


def explain(article: Article, gains: Gains, nearest: tuple[str, float]) -> Reasons:
    """The reasons for one paper's score. Weights are shares of all that raised it (0 to 1)."""
    raised = sum(gain for gain in gains.values() if gain > 0)
    if raised <= 0:
        return Reasons(nearest_seed=nearest[0], nearest_similarity=nearest[1])
    return Reasons(
        terms=tuple(_terms((article.title, article.abstract), gains, raised)),
        headings=tuple(_headings((heading.name for heading in article.headings), gains, raised)),
        nearest_seed=nearest[0],
        nearest_similarity=nearest[1],
    )


def terms_of(article: Article, gains: Gains) -> tuple[Part, ...]:
    """The paper's own stretches that raised its score most, then its words that lowered it most: each with what it added."""
    raised = sum(gain for gain in gains.values() if gain > 0)
    texts = (article.title, article.abstract)
    raising = [Part(term.text, term.weight * raised) for term in _terms(texts, gains, raised)] if raised > 0 else []
    return (*raising, *_lowering(texts, gains))


def headings_of(article: Article, gains: Gains) -> tuple[Part, ...]:
    """The paper's headings with what their words added to its score, those that raised it most first; without check tags."""
    names = {heading.name for heading in article.headings if not is_check_tag(heading.name)}
    parts = (Part(name, _heading_gain(name, gains)) for name in names)
    return tuple(sorted(parts, key=lambda part: (-part.points, part.name)))


def _lowering(texts: Iterable[str], gains: Gains) -> list[Part]:
    """The words that took most away, the worst first; without stop words."""
    found: dict[int, str] = {}
    for text in texts:
        shown = [text[start:end] for start, end in words.spans(text)]
        ids = word_ids(np.array([words.key(word) for word in shown], np.uint64)).tolist()
        for feature, word in zip(ids, shown, strict=True):
            found.setdefault(feature, word)
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


def _terms(texts: Iterable[str], gains: Gains, raised: float) -> Iterator[Term]:
    """The stretches that added most, best first. Each counts only what no better one has counted."""
    found = {(stretch.words, stretch.pairs): stretch for text in texts for stretch in _stretches(text, gains)}
    stretches = sorted(found.values(), key=lambda stretch: -stretch.gain)
    counted: set[int] = set()
    for _ in range(TERMS):
        best, share = _best(stretches, gains, counted)
        if best is None or share < LEAST_SHARE * raised:
            return
        yield Term(best.text, round(share / raised, 4))
        counted |= best.words | best.pairs


def _best(stretches: Sequence[_Stretch], gains: Gains, counted: Collection[int]) -> tuple[_Stretch | None, float]:
    """The stretch that adds most beyond what is counted, and how much. At least half of its words are new. `stretches`: best first."""
    best, most = None, 0.0
    for stretch in stretches:
        if stretch.gain <= most:
            break
        if 2 * len(stretch.words.intersection(counted)) <= len(stretch.words):
            more = sum(gains[feature] for feature in stretch.words | stretch.pairs if feature not in counted)
            best, most = (stretch, more) if more > most else (best, most)
    return best, most


def _stretches(text: str, gains: Gains) -> Iterator[_Stretch]:
    """Every run of words that raised the score, as did each pair of neighbours; without stop words and mere numbers.

    Runs go up to three words by the spaces between them: "Charcot-Marie-Tooth disease" is two.
    """
    places = [(start, end, key) for start, end in words.spans(text) if (key := words.key(text[start:end]))]
    keys = np.array([key for _, _, key in places], np.uint64)
    ids, pairs = word_ids(keys).tolist(), pair_ids(keys[:-1], keys[1:]).tolist()
    tells = [feature not in STOP_IDS and gains.get(feature, 0.0) > 0 for feature in ids]
    for first, (start, _, _) in enumerate(places):
        for last in range(first, min(first + LONGEST, len(places))):
            if not tells[last] or (last > first and not _joined(text, places[last - 1][1], places[last][0])):
                break
            shown = text[start : places[last][1]]
            if last > first and (gains.get(pairs[last - 1], 0.0) <= 0 or len(shown.split()) > LONGEST_SPACED):
                break
            run, between = frozenset(ids[first : last + 1]), frozenset(pairs[first:last])
            yield _Stretch(shown, run, between, sum(gains[feature] for feature in run | between))


def _joined(text: str, end: int, start: int) -> bool:
    return _JOINT.fullmatch(text, end, start) is not None


def _headings(names: Iterable[str], gains: Gains, raised: float) -> Iterator[Term]:
    shares = {name: _heading_gain(name, gains) / raised for name in names if not is_check_tag(name)}
    for name in sorted(shares, key=lambda name: (-shares[name], name))[:HEADINGS]:
        if shares[name] >= LEAST_SHARE:
            yield Term(name, round(shares[name], 4))


def _heading_gain(name: str, gains: Gains) -> float:
    keys = np.array([key for key in words.keys(name) if key], np.uint64)
    features = {*word_ids(keys).tolist(), *pair_ids(keys[:-1], keys[1:]).tolist()}
    return sum(gains.get(feature, 0.0) for feature in features)
