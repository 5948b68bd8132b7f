"""Few-seed ranking on labelled sets: does the shipped ranking put the relevant papers first, from two, five or ten of them?

    python benchmarks/few_seeds.py DATA [--draws 10]

DATA is a folder of .jsonl files with id, title, abstract and either label (0 or 1) or a file NAME.qrels.json beside it (topic ->
relevant ids). For each topic k in 2, 5, 10 random relevant papers are the seeds, nothing else is known, the rest is ranked. Printed is
average precision, mean over draws, then k, then topics, beside a plain TF-IDF centroid whose frequencies are taken from the set itself
(ours come from the frozen background, as in use).
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from nmj import average_precision
from scipy.sparse import csr_array

from watcher import rank
from watcher.domain import Article, Pmid, ResolvedSeed, Seed
from watcher.rank.background import Background, Features, Floats, lengths
from watcher.rank.features import SIZE, Matrix, count, paper

SEED_COUNTS = (2, 5, 10)

Labels = npt.NDArray[np.bool_]


def main() -> None:
    """Measure every set of the folder and print one line for each."""
    options = argparse.ArgumentParser(description="Few-seed ranking on labelled sets.")
    options.add_argument("data", type=Path)
    options.add_argument("--draws", type=int, default=10)
    chosen = options.parse_args()
    background = rank.load_background()
    print(f"{'set':26s} papers topics  random  TF-IDF centroid  watcher  ratio")
    for path in sorted(chosen.data.glob("*.jsonl")):
        labelled = load(path, background)
        random, centroid, ours = measured(labelled, background, chosen.draws)
        sizes = f"{len(labelled.articles):6d} {len(labelled.topics):6d}"
        print(f"{path.stem:26s} {sizes}  {random:6.3f}  {centroid:15.3f}  {ours:7.3f}  {ours / centroid:5.2f}", flush=True)


@dataclass(frozen=True)
class Labelled:
    """One set: its papers, what our ranking reads of them, plain TF-IDF vectors, and which papers are relevant to each topic."""

    articles: tuple[Article, ...]
    features: Features
    plain: Matrix
    topics: Mapping[str, Labels]


def load(path: Path, background: Background) -> Labelled:
    """Read one set; its own numbers stand in for pmids."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    read = tuple(Article(Pmid(place), title=row["title"], abstract=row["abstract"]) for place, row in enumerate(rows, 1))
    counts = count([paper(article) for article in read])
    qrels = path.with_suffix(".qrels.json")
    if qrels.exists():
        judged = json.loads(qrels.read_text(encoding="utf-8"))
        topics = {f"{path.stem}/{topic}": np.array([row["id"] in ids for row in rows]) for topic, ids in judged.items()}
    else:
        topics = {path.stem: np.array([bool(row["label"]) for row in rows])}
    return Labelled(read, background.features(counts), plain_tfidf(counts), topics)


def plain_tfidf(counts: Matrix) -> Matrix:
    """Sublinear TF-IDF of words and pairs, smoothed, of unit length, frequencies from these papers: scikit-learn's defaults."""
    idf = np.log((1 + counts.shape[0]) / (1 + np.bincount(counts.indices, minlength=SIZE))) + 1
    weighted = csr_array(((1 + np.log(counts.data)) * idf[counts.indices], counts.indices, counts.indptr), shape=counts.shape)
    weighted.data /= np.repeat(np.maximum(lengths(weighted), 1e-12), np.diff(weighted.indptr))
    return weighted


def measured(labelled: Labelled, background: Background, draws: int) -> tuple[float, float, float]:
    """Average precision of chance, of the plain centroid, and of ours."""
    results = []
    for name, relevant in labelled.topics.items():
        runs = [
            np.mean([compared(labelled, relevant, seeds, background) for seeds in drawn(name, relevant, k, draws)], axis=0)
            for k in SEED_COUNTS
            if relevant.sum() > k + 1
        ]
        if runs:
            results.append((relevant.mean(), *np.mean(runs, axis=0)))
    random, centroid, ours = np.mean(results, axis=0)
    return float(random), float(centroid), float(ours)


def drawn(name: str, relevant: Labels, k: int, draws: int) -> Iterator[npt.NDArray[np.int64]]:
    """The rows of k seeds, the same for everybody: crc32 of "set|k|draw" seeds NumPy's RandomState."""
    for draw in range(draws):
        generator = np.random.RandomState(zlib.crc32(f"{name}|{k}|{draw}".encode()))
        yield np.sort(generator.choice(np.flatnonzero(relevant), k, replace=False))


def compared(labelled: Labelled, relevant: Labels, seeds: npt.NDArray[np.int64], background: Background) -> tuple[float, float]:
    """Average precision over the papers that are not seeds: the plain centroid's, ours."""
    rest = np.ones(relevant.size, np.bool_)
    rest[seeds] = False
    centroid: Floats = labelled.plain @ labelled.plain[seeds].sum(axis=0)
    chosen = [labelled.articles[row] for row in seeds]
    ranking = rank.build([ResolvedSeed(Seed("", str(one.pmid), ""), one) for one in chosen], background=background)
    ours = np.array(ranking.values_of(labelled.features))
    return average_precision(centroid[rest], relevant[rest]), average_precision(ours[rest], relevant[rest])


if __name__ == "__main__":
    main()
