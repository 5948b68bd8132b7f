"""The index of the search engine: which editions hold a word, a phrase, a name, a day.

An edition never changes, so the index only grows; which editions count on a day is decided by whoever asks. Every part is built at
its first use, so that a large corpus pays only for the fields that are searched.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date

from .corpus import Corpus
from .reading import Subject, words

_EDGE = " | "
"""Stands between the texts of one zone; no phrase reaches across, since no word is a stroke."""


class Zone:
    """The words of one zone ("title", "abstract") of all editions."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.texts: list[str] = []
        self.holders: dict[str, list[int]] = defaultdict(list)
        self._sorted: list[str] = []

    def grow(self, corpus: Corpus) -> None:
        """Take in the editions that have come since."""
        for number in range(len(self.texts), len(corpus.editions)):
            pieces = [words(text) for text in corpus.entry(number).texts.get(self.name, ())]
            self.texts.append(f" {_EDGE.join(' '.join(piece) for piece in pieces)} " if pieces else "")
            for word in {word for piece in pieces for word in piece}:
                self.holders[word].append(number)

    def starting(self, stem: str) -> Iterable[str]:
        """All words that begin with `stem`."""
        if len(self._sorted) != len(self.holders):
            self._sorted = sorted(self.holders)
        for place in range(bisect_left(self._sorted, stem), len(self._sorted)):
            if not self._sorted[place].startswith(stem):
                return
            yield self._sorted[place]

    def having(self, word: str) -> set[int]:
        """The editions that hold a word; `word*` any word with that beginning."""
        if not word.endswith("*"):
            return set(self.holders.get(word, ()))
        return set().union(*(self.holders[found] for found in self.starting(word[:-1])))

    def having_all(self, sought: Iterable[str]) -> set[int]:
        """The editions that hold every one of the words, anywhere in the zone."""
        found = sorted((self.having(word) for word in set(sought)), key=len)
        return set.intersection(*found) if found else set()

    def having_phrase(self, sought: Sequence[str]) -> set[int]:
        """The editions that hold the words one after the other; the last may end in `*`."""
        candidates = self.having_all(sought)
        if len(sought) < 2:
            return candidates
        written = f" {' '.join(sought)} "
        written = written.removesuffix("* ")
        pattern = re.compile(re.escape(written).replace(r"\*", r"\S*"))
        return {number for number in candidates if pattern.search(self.texts[number])}

    def having_near(self, sought: Sequence[str], distance: int) -> set[int]:
        """The editions in which all words stand together, in any order, with at most `distance` other words between them."""
        return {number for number in self.having_all(sought) if self._near(number, sought, distance)}

    def _near(self, number: int, sought: Sequence[str], distance: int) -> bool:
        return any(_within(piece.split(), sought, distance) for piece in self.texts[number].split(_EDGE))


def _within(text: list[str], sought: Sequence[str], distance: int) -> bool:
    """Whether some stretch of at most len(sought) + distance words holds every sought word, as often as it is sought."""
    length = len(sought) + distance
    starts = [place for place, word in enumerate(text) if word in sought]
    return any(_holds(text[place : place + length], sought) for place in starts)


def _holds(stretch: list[str], sought: Sequence[str]) -> bool:
    return all(stretch.count(word) >= sought.count(word) for word in set(sought))


class Index:
    """All zones, names and days of a corpus. Callers hold the corpus's lock."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self._zones: dict[str, Zone] = {}
        self._names: dict[tuple[str, Callable[[str], str]], dict[str, list[int]]] = {}
        self._named_until: dict[tuple[str, Callable[[str], str]], int] = {}
        self._days: dict[str, list[tuple[date, ...]]] = {}
        self._subjects: dict[str, list[tuple[int, Subject]]] = {}
        self._subjects_until = 0

    def zone(self, name: str) -> Zone:
        """One zone, up to date."""
        zone = self._zones.setdefault(name, Zone(name))
        zone.grow(self.corpus)
        return zone

    def names(self, field: str, form: Callable[[str], str]) -> dict[str, list[int]]:
        """The values of one field in the form `form` makes of them, each with the editions that have it."""
        key = (field, form)
        table = self._names.setdefault(key, {})
        for number in range(self._named_until.get(key, 0), len(self.corpus.editions)):
            for value in {form(text) for text in self.corpus.entry(number).names.get(field, ())}:
                table.setdefault(value, []).append(number)
        self._named_until[key] = len(self.corpus.editions)
        return table

    def subjects(self) -> dict[str, list[tuple[int, Subject]]]:
        """Each MeSH heading with the editions that carry it, and how."""
        for number in range(self._subjects_until, len(self.corpus.editions)):
            for subject in self.corpus.entry(number).subjects:
                self._subjects.setdefault(subject.name, []).append((number, subject))
        self._subjects_until = len(self.corpus.editions)
        return self._subjects

    def between(self, field: str, first: date, last: date) -> set[int]:
        """The editions of which a day of `field` lies between two days, both included."""
        days = self._days.setdefault(field, [])
        days.extend(self.corpus.entry(number).days.get(field, ()) for number in range(len(days), len(self.corpus.editions)))
        return {number for number, held in enumerate(days) if any(first <= day <= last for day in held)}
