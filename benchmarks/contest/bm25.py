"""BM25 by the package bm25s. Word statistics are taken from the pool."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import bm25s
import numpy as np

from contest.kept import sha256_of
from contest.measures import Floats
from contest.methods import Known, Method, Score
from contest.sets import LabelledSet


def bm25() -> Method:
    """BM25 as bm25s computes it by default (Lucene's variant, k1 1.5, b 0.75, English stop words); the query is the seeds' whole text."""

    def prepare(pool: LabelledSet) -> Score:
        words = bm25s.tokenize(pool.texts, stopwords="en", return_ids=False, show_progress=False)
        index = bm25s.BM25()
        index.index(words, show_progress=False)

        def score(known: Known) -> Floats:
            return np.asarray(index.get_scores([word for row in known.seeds for word in words[row]]), np.float64)

        return score

    return Method("BM25", f"{version('bm25s')} {sha256_of([Path(__file__)])}", prepare)
