"""How often general papers say a phrase: counted over the frozen background. Pure.

A phrase is looked for by its words and pairs of neighbours, as the background knows no more of a text; so a phrase of three words is found
where both of its pairs are. Numbers and single letters are not known there and are passed over.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.sparse import csc_array

from watcher.rank import words
from watcher.rank.background import Background
from watcher.rank.features import Ids, Matrix, pair_ids, word_ids


class Rarity:
    """What the background knows of phrases. `papers` is the number of its sample's papers."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self.papers = int(background.counts.shape[0])
        self._held: dict[tuple[str, ...], int | None] = {}

    def holding(self, phrase: tuple[str, ...]) -> int | None:
        """Which of the sample's papers hold the phrase, paper i being bit i; None for one of which nothing is known."""
        if phrase not in self._held:
            self._held[phrase] = self._holding(phrase)
        return self._held[phrase]

    def _holding(self, phrase: tuple[str, ...]) -> int | None:
        features = _features(phrase)
        if features is None:
            return None
        holding = np.ones(self.papers, np.bool_)
        for feature in features:
            rows = np.zeros(self.papers, np.bool_)
            rows[self._columns.indices[self._columns.indptr[feature] : self._columns.indptr[feature + 1]]] = True
            holding &= rows
        return int.from_bytes(np.packbits(holding, bitorder="little").tobytes(), "little")

    def share(self, phrase: tuple[str, ...]) -> float:
        """The share of all the background's papers that hold the phrase, at most; 1 for one of which nothing is known."""
        features = _features(phrase)
        if features is None:
            return 1.0
        return int(self._background.weights.frequencies[features].min()) / self._background.documents

    @cached_property
    def _columns(self) -> Matrix:
        return csc_array(self._background.counts)


def _features(phrase: tuple[str, ...]) -> Ids | None:
    """The pairs of a phrase, or its only word; None where neither is known."""
    keys = np.array([key for word in phrase if len(word) > 1 and (key := words.key(word))], np.uint64)
    if keys.size == 0:
        return None
    return word_ids(keys) if keys.size == 1 else pair_ids(keys[:-1], keys[1:])
