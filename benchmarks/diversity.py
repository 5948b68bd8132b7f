"""How often near-duplicates fill the picks, and what giving way changes: the top five of ranked labelled sets.

    python benchmarks/diversity.py DATA [--draws 10] [--show 20]

DATA is a folder of labelled sets (contest/sets.py). For each topic k in 2, 5, 10 random relevant papers are the seeds, and the
rest is ranked. Printed, for several thresholds of likeness: how many top fives change, the mean score of the picks before and after,
and how many of the picks are relevant. Then the pairs of which one gave way, with their cosine.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from contest.sets import BadSet, Ids, LabelledSet, Labels, drawn, paths_in, read

from watcher import rank
from watcher.domain import GaveWay, ResolvedSeed, Seed
from watcher.rank import diversity
from watcher.rank.background import Background, Features

TOP = 5
SEED_COUNTS = (2, 5, 10)
THRESHOLDS = (0.35, 0.4, 0.45, 0.5, 0.6)

Row = tuple[bool, float, float, float, float]
"""Whether the top five changed; the mean score of the picks before and after; the share of them that is relevant before and after."""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description="What giving way changes in the top five.")
    options.add_argument("data", type=Path)
    options.add_argument("--draws", type=int, default=10)
    options.add_argument("--show", type=int, default=20)
    chosen = options.parse_args()
    background, used = rank.load_background(), diversity.ALIKE
    try:
        sets = [read(path) for path in paths_in(chosen.data)]
    except BadSet as fault:
        sys.exit(str(fault))
    features = [rank.read(labelled.articles, background=background) for labelled in sets]
    print("alike   top fives  changed  score before  after   relevant before  after")
    pairs: dict[tuple[str, str], float] = {}
    for threshold in THRESHOLDS:
        diversity.ALIKE = threshold
        noted = pairs if threshold == used else {}
        rows = [
            row for one, read_ in zip(sets, features, strict=True) for row in measured(one, read_, background, chosen.draws, noted)
        ]
        changed, before, after, good, still_good = np.mean(rows, axis=0)
        print(
            f"{threshold:5.2f} {len(rows):11d} {changed:8.1%} {before:13.2f} {after:6.2f} {good:17.3f} {still_good:6.3f}",
            flush=True,
        )
    for (one, other), cosine in sorted(pairs.items(), key=lambda pair: -pair[1])[: chosen.show]:
        print(f"{cosine:.2f}  {one[:100]}\n      {other[:100]}")


def measured(
    labelled: LabelledSet, features: Features, background: Background, draws: int, pairs: dict[tuple[str, str], float]
) -> Iterator[Row]:
    """One row for each ranked top five of a set; what gave way to what is noted in `pairs`."""
    for name, relevant in labelled.topics.items():
        for k in (k for k in SEED_COUNTS if relevant.sum() > k + TOP):
            for draw in range(draws):
                yield _compared(labelled, features, relevant, drawn(name, relevant, k, draw), background, pairs)


def _compared(
    labelled: LabelledSet,
    features: Features,
    relevant: Labels,
    seeds: Ids,
    background: Background,
    pairs: dict[tuple[str, str], float],
) -> Row:
    chosen = [labelled.articles[row] for row in seeds]
    ranking = rank.build([ResolvedSeed(Seed("", str(one.pmid), ""), one) for one in chosen], background=background)
    scores = np.array(ranking.values_of(features))
    order = [row for row in np.argsort(-scores, kind="stable").tolist() if row not in set(seeds.tolist())]
    articles = [labelled.articles[row] for row in order]
    gave = diversity.giving_way(articles, scores[order].tolist(), TOP, background=background)
    passed = {one.record_id for one in gave}
    picks = [row for row in order if labelled.articles[row].record_id not in passed][:TOP]
    pairs.update(_named(labelled, gave))
    before = order[:TOP]
    score, relevance = (np.mean(scores[before]), np.mean(scores[picks])), (np.mean(relevant[before]), np.mean(relevant[picks]))
    return bool(gave), float(score[0]), float(score[1]), float(relevance[0]), float(relevance[1])


def _named(labelled: LabelledSet, gave: Sequence[GaveWay]) -> dict[tuple[str, str], float]:
    said = {article.record_id: article.title or article.abstract for article in labelled.articles}
    return {(said[one.record_id], said[one.to]): one.similarity for one in gave}


if __name__ == "__main__":
    main()
