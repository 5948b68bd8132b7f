"""The two tasks: ranking from a few seeds, and a stream with feedback. What a method scores is measured here, nothing else.

*Few-seed.* For each topic, k of its relevant papers are the seeds and are taken out; all others are ranked; average precision.
*Stream.* The papers come in order of year, in batches. The ten best of each batch are shown, and shown papers are labelled at once:
marked relevant or not. Measured is how many relevant papers were shown, of the most that could have been.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from contest.measures import Trial, average_precision
from contest.methods import Known, Score
from contest.sets import Ids, LabelledSet, Labels, drawn, stranger

SEED_COUNTS = (2, 5, 10)
STREAM_SEEDS = 5
BATCH = 50
SHOWN = 10


def trials(pool: LabelledSet, seed_counts: tuple[int, ...], draws: int, first: int = 0) -> list[Trial]:
    """All draws, numbered from `first` on, for topics that have at least two relevant papers more than seeds."""
    able = ((topic, k) for topic, relevant in pool.topics.items() for k in seed_counts if relevant.sum() >= k + 2)
    return [Trial(topic, k, draw) for topic, k in able for draw in range(first, first + draws)]


def few_seed(pool: LabelledSet, score: Score, draws: int, *, first: int = 0) -> Iterator[tuple[Trial, float]]:
    """Average precision over the papers that are not seeds, trial by trial."""
    for trial in trials(pool, SEED_COUNTS, draws, first):
        relevant = pool.topics[trial.topic]
        seeds = drawn(trial.topic, relevant, trial.k, trial.draw)
        rest = np.ones(relevant.size, np.bool_)
        rest[seeds] = False
        scores = score(Known(seeds, stranger=stranger(trial.topic, relevant, trial.k, trial.draw)))
        yield trial, average_precision(scores[rest], relevant[rest])


def stream(pool: LabelledSet, score: Score, draws: int, *, batch: int = BATCH) -> Iterator[tuple[Trial, float]]:
    """Relevant papers shown, of the most that could have been, trial by trial."""
    for trial in trials(pool, (STREAM_SEEDS,), draws):
        yield trial, streamed(pool, score, trial, batch)


def streamed(pool: LabelledSet, score: Score, trial: Trial, batch: int) -> float:
    """One pass through the papers in order of year; those of one year in the set's fixed order."""
    relevant = pool.topics[trial.topic]
    seeds = drawn(trial.topic, relevant, trial.k, trial.draw)
    spare = stranger(trial.topic, relevant, trial.k, trial.draw)
    order = np.argsort(pool.years, kind="stable")
    coming = order[~np.isin(order, seeds)]
    labelled: Ids = np.empty(0, np.int64)
    most = 0
    for start in range(0, coming.size, batch):
        arrived = coming[start : start + batch]
        scores = score(Known(seeds, *_parted(labelled, relevant), spare))
        labelled = np.concatenate((labelled, arrived[np.argsort(-scores[arrived], kind="stable")][:SHOWN]))
        most += min(SHOWN, int(relevant[arrived].sum()))
    return float(relevant[labelled].sum() / most)


def _parted(labelled: Ids, relevant: Labels) -> tuple[Ids, Ids]:
    return labelled[relevant[labelled]], labelled[~relevant[labelled]]
