"""PubMed's similar articles: the formula of Lin & Wilbur, "PubMed related articles: a probabilistic topic-based model for content
similarity", BMC Bioinformatics 8:423 (2007), with the parameters that they give for PubMed.

    sim(c, d) = Σ_t w(t, c) · w(t, d)
    w(t, d)   = sqrt(idf_t) / (1 + (μ / λ)^(k - 1) · exp(-(μ - λ) · l))       k: how often t stands in d, l: words of d
    idf_t     = ln(N / df_t)                                                  λ = 0.022, μ = 0.013

Words as NCBI describes them (PubMed Help, "Computation of Similar Articles"): unbroken strings with at least one letter, without stop words,
with a limited amount of stemming (here Harman's S-stemmer, JASIS 42:7, 1991), those of the title counted twice. df and N come from the pool.
Several seeds: their similarities, added.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from contest.kept import sha256_of
from contest.measures import Floats
from contest.methods import Known, Method, Score
from contest.sets import LabelledSet, text_of

LAMBDA, MU = 0.022, 0.013

_WORD = re.compile(r"[a-z0-9]*[a-z][a-z0-9]*")


def pmra(stop_words: Collection[str]) -> Method:
    """The method; `stop_words` are PubMed's, in lower case."""

    def prepare(pool: LabelledSet) -> Score:
        weighted = weights([tokens(f"{paper.title} {text_of(paper)}", stop_words) for paper in pool.articles])

        def score(known: Known) -> Floats:
            return np.asarray(weighted @ weighted[known.seeds].sum(axis=0))

        return score

    return Method("PMRA", sha256_of([Path(__file__)]), prepare)


def tokens(text: str, stop_words: Collection[str]) -> list[str]:
    """The words of a text that count, in lower case, without the plural's s."""
    return [singular(word) for word in _WORD.findall(text.lower()) if word not in stop_words]


def singular(word: str) -> str:
    """Harman's S-stemmer: the first of three rules that fits."""
    for ending, instead, unless in (("ies", "y", ("eies", "aies")), ("es", "e", ("aes", "ees", "oes")), ("s", "", ("us", "ss"))):
        if word.endswith(ending):
            return word if word.endswith(unless) or len(word) <= 3 else word.removesuffix(ending) + instead
    return word


def weights(papers: Sequence[Sequence[str]]) -> csr_array:
    """w(t, d) for each paper (rows) and word (columns, in order of first appearance)."""
    columns: dict[str, int] = {}
    counts = [Counter(columns.setdefault(word, len(columns)) for word in paper) for paper in papers]
    indptr = np.cumsum([0, *map(len, counts)])
    indices = np.fromiter((column for count in counts for column in count), np.int64, indptr[-1])
    often = np.fromiter((number for count in counts for number in count.values()), np.float64, indptr[-1])
    lengths = np.repeat([len(paper) for paper in papers], np.diff(indptr))
    idf = np.log(len(papers) / np.bincount(indices, minlength=len(columns)))
    elite = 1 / (1 + (MU / LAMBDA) ** (often - 1) * np.exp(-(MU - LAMBDA) * lengths))
    return csr_array((np.sqrt(idf[indices]) * elite, indices, indptr), shape=(len(papers), len(columns)))
