"""Papers and seeds as counts of hashed features: which text is read, and how often each word and pair of words stands in it.

A feature is a word or a pair of neighbouring words, hashed to 2^20 places each, words first. Counting knows no other paper: the
same text gives the same counts whatever stands beside it. Weights and scores are not made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from watcher.domain import Article, ResolvedSeed
from watcher.rank import words

Matrix = Any
"""A scipy.sparse.csr_array (SciPy brings no types): rows are papers, columns features."""

Keys = npt.NDArray[np.uint64]
Ids = npt.NDArray[np.int64]

PLACES = 1 << 20
SIZE = 2 * PLACES
"""Columns of every matrix: features of words are 0 to PLACES - 1, of pairs PLACES to SIZE - 1."""

TITLE_WEIGHT = 2

_LAST = np.uint64(PLACES - 1)


class Passage(NamedTuple):
    """A stretch of text whose words are neighbours: the keys of its words, and how often each counts."""

    text: str
    keys: tuple[int, ...]
    weight: int


def paper(article: Article) -> tuple[Passage, ...]:
    """What is read of an article: title (at twice the weight), abstract, other English abstracts, keywords, headings."""
    return _once((article.title,), _texts(article))


def example(seed: ResolvedSeed) -> tuple[Passage, ...]:
    """What is read of a seed: its own text and that of its PubMed record. What both say in the same words counts once."""
    own = seed.seed
    own_texts = (own.abstract, own.notes, *_topics((*own.keywords, *own.headings)))
    if seed.article is None:
        return _once((own.title,), own_texts)
    return _once((seed.article.title, own.title), (*_texts(seed.article), *own_texts))


def _texts(article: Article) -> tuple[str, ...]:
    english = (other.text for other in article.other_abstracts if other.language.lower() in ("eng", "en"))
    return (article.abstract, *english, *_topics((*article.keywords, *(heading.name for heading in article.headings))))


def _topics(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if not is_check_tag(name))


def is_check_tag(name: str) -> bool:
    """Whether a heading or keyword is one that nearly every record has."""
    return name.strip().lower() in words.CHECK_TAGS


def _once(titles: Iterable[str], texts: Iterable[str]) -> tuple[Passage, ...]:
    passages: dict[tuple[int, ...], Passage] = {}
    for text, weight in chain(((title, TITLE_WEIGHT) for title in titles), ((text, 1) for text in texts)):
        keys = tuple(words.keys(text))
        if keys:
            passages.setdefault(keys, Passage(text, keys, weight))
    return tuple(passages.values())


def count(papers: Sequence[Sequence[Passage]]) -> Matrix:
    """How often each feature stands in each paper: a matrix of len(papers) rows and SIZE columns, indices in order."""
    found, rows, weights, breaks = _laid_out(papers)
    ids = word_ids(found)
    beside = breaks[1:] == breaks[:-1]
    pairs = pair_ids(found[:-1], found[1:])[beside]
    values = np.concatenate((weights, weights[:-1][beside])).astype(np.float64)
    where = (np.concatenate((rows, rows[:-1][beside])), np.concatenate((ids, pairs)))
    counts = csr_array((values, where), shape=(len(papers), SIZE))
    counts.sum_duplicates()
    return counts


def _laid_out(papers: Sequence[Sequence[Passage]]) -> tuple[Keys, Ids, Ids, Ids]:
    """All words of all papers in one row: their keys, and for each its paper, its weight, its passage. Numbers are left out."""
    passages = [(row, passage) for row, paper_ in enumerate(papers) for passage in paper_]
    lengths = [len(passage.keys) for _, passage in passages]
    found = np.fromiter(chain.from_iterable(passage.keys for _, passage in passages), np.uint64, sum(lengths))
    rows = np.repeat(np.array([row for row, _ in passages], np.int64), lengths)
    weights = np.repeat(np.array([passage.weight for _, passage in passages], np.int64), lengths)
    breaks = np.repeat(np.arange(len(passages)), lengths)
    kept = found != 0
    return found[kept], rows[kept], weights[kept], breaks[kept]


def word_ids(keys: Keys) -> Ids:
    """The feature of each word."""
    return (keys & _LAST).astype(np.int64)


def pair_ids(first: Keys, second: Keys) -> Ids:
    """The feature of each pair of neighbours. The order counts: the two keys are mixed by the finalizer of SplitMix64."""
    mixed = (first * np.uint64(0x9E3779B97F4A7C15)) ^ second
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) & _LAST).astype(np.int64) + PLACES


STOP_IDS = frozenset(word_ids(np.array(sorted(words.STOP_KEYS), np.uint64)).tolist())
"""The features of the stop words."""
