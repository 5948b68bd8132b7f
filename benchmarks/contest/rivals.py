"""Other methods, by the package that everybody uses, scikit-learn. Both take their word statistics from the pool."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from contest.kept import sha256_of
from contest.measures import Floats
from contest.methods import Known, Method, Score
from contest.sets import LabelledSet

VERSION = f"{version('scikit-learn')} {sha256_of([Path(__file__)])}"


def centroid() -> Method:
    """Cosine with the mean of the seeds: TF-IDF of words and pairs, sublinear, stop words kept (scikit-learn's TfidfVectorizer)."""

    def prepare(pool: LabelledSet) -> Score:
        vectors = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)).fit_transform(pool.texts)

        def score(known: Known) -> Floats:
            return np.asarray(vectors @ np.asarray(vectors[known.seeds].mean(axis=0)).ravel())

        return score

    return Method("TF-IDF centroid", VERSION, prepare)


def arxiv_sanity_lite() -> Method:
    """The latest settings of github.com/karpathy/arxiv-sanity-lite: compute.py's TfidfVectorizer (20,000 features that at least five papers and
    at most a tenth have), and send_emails.py's LinearSVC (C 0.01, balanced), seeds against everything else."""

    def prepare(pool: LabelledSet) -> Score:
        settings = {"strip_accents": "unicode", "stop_words": "english", "ngram_range": (1, 2), "max_features": 20_000}
        pattern = r"(?u)\b[a-zA-Z_][a-zA-Z0-9_]+\b"
        vectorizer = TfidfVectorizer(**settings, token_pattern=pattern, sublinear_tf=True, min_df=5, max_df=0.1)
        vectors = vectorizer.fit_transform(pool.texts).astype(np.float32)

        def score(known: Known) -> Floats:
            liked = np.zeros(len(pool.articles), np.float32)
            liked[known.seeds] = 1
            liked[known.relevant] = 1
            classifier = LinearSVC(class_weight="balanced", max_iter=10_000, tol=1e-6, C=0.01, random_state=0)
            return np.asarray(classifier.fit(vectors, liked).decision_function(vectors), np.float64)

        return score

    return Method("arxiv-sanity-lite", VERSION, prepare)
