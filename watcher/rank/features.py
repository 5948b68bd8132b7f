"""Papers and seeds as counts of hashed features: which text is read, and how often each word and pair of words stands in it.

A feature is a word or a pair of neighbouring words, hashed to 2^20 places each, words first. Counting knows no other paper: the
same text gives the same counts whatever stands beside it. Weights and scores are not made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from threading import Lock
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
_MOST = 1 << 17
"""So many stretches of text are remembered, in some 20 MB."""


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
    passages = [(row, passage) for row, paper_ in enumerate(papers) for passage in paper_ for _ in range(passage.weight)]
    lengths = np.array([len(passage.keys) for _, passage in passages], np.int64)
    found = np.fromiter(chain.from_iterable(passage.keys for _, passage in passages), np.uint64, lengths.sum())
    return _counts(found, lengths, np.array([row for row, _ in passages], np.int64), len(papers))


def count_articles(articles: Sequence[Article]) -> Matrix:
    """How often each feature stands in each article, as `paper` reads it: as `count`, and sooner, since no passage is made."""
    texts: list[str] = []
    firsts: list[int] = []
    for article in articles:
        firsts.append(len(texts))
        texts += (article.title, *_texts(article))
    titles = np.array(firsts, np.int64)
    found, ends = keys_of(texts)
    rows, starts = np.repeat(np.arange(titles.size), np.diff(titles, append=len(texts))), np.concatenate(([0], ends))[:-1]
    times = (~_again(found, starts, ends, rows)).astype(np.int64)
    times[titles] *= TITLE_WEIGHT
    which = np.repeat(np.arange(rows.size), times)
    lengths = (ends - starts)[which]
    return _counts(found[_runs(starts[which], lengths)], lengths, rows[which], len(articles))


def _again(found: Keys, starts: Ids, ends: Ids, rows: Ids) -> npt.NDArray[np.bool_]:
    """Which texts say what an earlier one of the same paper says, in the same words: of those alone whose keys have the same sum are
    the words compared."""
    again: npt.NDArray[np.bool_] = ends == starts
    some = np.flatnonzero(~again)
    sums = np.add.reduceat(found, starts[some]) if some.size else found
    _, of, many = np.unique(sums + rows[some].astype(np.uint64), return_inverse=True, return_counts=True)
    known = set()
    for place in some[many[of] > 1].tolist():
        said = (rows[place], found[starts[place] : ends[place]].tobytes())
        again[place] = said in known
        known.add(said)
    return again


_lexicon = words.Lexicon()
_lock = Lock()


def keys_of(texts: Sequence[str]) -> tuple[Keys, Ids]:
    """The keys of the words of all texts in one row, and where those of each text end."""
    with _lock:
        if len(_lexicon) > _MOST:
            _lexicon.empty()
        number_of = _lexicon.__getitem__
        # one text at a time: the garbage collector goes through lists that are kept, again and again
        parts = [np.fromiter(map(number_of, part), np.int64, len(part)) for part in map(words.stretches, texts)]
        starts, keys = np.array(_lexicon.starts), np.array(_lexicon.found)
    numbers = np.concatenate((np.zeros(0, np.int64), *parts))
    first = starts[numbers]
    lengths = starts[numbers + 1] - first
    ends = np.concatenate(([0], np.cumsum(lengths)))
    return keys[_runs(first, lengths)], ends[np.cumsum([part.size for part in parts], dtype=np.int64)]


def forget() -> None:
    """Gives back what is remembered of words."""
    with _lock:
        _lexicon.empty()


def _runs(starts: Ids, lengths: Ids) -> Ids:
    """The numbers from each start on, so many of them."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - ends + lengths, lengths) + np.arange(lengths.sum())


def _counts(found: Keys, lengths: Ids, rows: Ids, size: int) -> Matrix:
    """The matrix of passages whose words stand in one row: how many each has, and which of `size` papers it belongs to. Mere numbers are
    left out before neighbours make pairs."""
    told = found != 0
    found, of = found[told], np.repeat(np.arange(lengths.size), lengths)[told]
    base = (rows * SIZE).astype(np.int32 if size * SIZE < 1 << 31 else np.int64)[of]  # what is smaller is sorted sooner
    beside = of[1:] == of[:-1]
    pairs = pair_ids(found[:-1][beside], found[1:][beside])
    places = np.concatenate((word_ids(found), pairs), dtype=base.dtype, casting="same_kind")
    places += np.concatenate((base, base[1:][beside]))
    places.sort()
    is_first = np.ones(places.size, np.bool_)
    is_first[1:] = places[1:] != places[:-1]
    firsts = np.flatnonzero(is_first)
    many = np.diff(firsts, append=places.size).astype(np.float64)
    places = places[firsts]
    indptr = np.searchsorted(places, np.arange(size + 1) * SIZE).astype(np.int32)
    return csr_array((many, (places % SIZE).astype(np.int32), indptr), shape=(size, SIZE))


def picked(rows: Matrix, columns: Ids) -> Matrix:
    """Some columns, in order, of a wide matrix of few rows: SciPy looks at all that there are."""
    is_one = np.zeros(rows.shape[1], np.bool_)
    is_one[columns] = True
    some = is_one[rows.indices]
    indptr = np.concatenate(([0], np.cumsum(some)))[rows.indptr]
    parts = (rows.data[some], np.searchsorted(columns, rows.indices[some]), indptr)
    return csr_array(parts, shape=(rows.shape[0], columns.size))


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
