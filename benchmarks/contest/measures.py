"""How good an order is, and how sure one may be that one method is better than another. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 2000


def average_precision(scores: Floats, relevant: npt.NDArray[np.bool_]) -> float:
    """Mean precision at the relevant papers, best score first; ties stand in the order given."""
    hits = relevant[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, hits.size + 1)
    return float(precision[hits].mean())


class Trial(NamedTuple):
    """One draw of seeds for one topic. A topic is named "set" or "set/topic"."""

    topic: str
    k: int
    draw: int

    @property
    def set(self) -> str:
        """The set that the topic is from."""
        return self.topic.split("/")[0]


Values = Mapping[Trial, float]
"""What one method reached in each trial."""


def units(values: Values) -> dict[str, Floats]:
    """For each set, the numbers whose mean is the method's: one for each topic, or for each draw where there is one topic.

    Means are taken over draws, then numbers of seeds, then topics.
    """
    topics: dict[str, dict[str, dict[int, list[float]]]] = {}
    for trial, value in sorted(values.items()):
        topics.setdefault(trial.set, {}).setdefault(trial.topic, {}).setdefault(trial.k, []).append(value)
    return {name: _units([list(counts.values()) for counts in one.values()]) for name, one in topics.items()}


def _units(topics: Sequence[Sequence[Sequence[float]]]) -> Floats:
    if len(topics) == 1:
        return np.asarray(np.mean(topics[0], axis=0), np.float64)
    return np.array([np.mean([np.mean(draws) for draws in counts]) for counts in topics])


class Ratio(NamedTuple):
    """How many times better, with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


def ratio(ours: Sequence[Floats], theirs: Sequence[Floats]) -> Ratio:
    """Mean of the sets' means, ours over theirs, with a paired percentile bootstrap (Efron & Tibshirani 1993, chapter 13).

    One array of units for each set, both in the same order. Units are drawn anew within each set; the sets stay.
    """
    generator = np.random.RandomState(0)
    above, below = np.zeros(RESAMPLES), np.zeros(RESAMPLES)
    for mine, other in zip(ours, theirs, strict=True):
        again = generator.randint(mine.size, size=(RESAMPLES, mine.size))
        above += mine[again].mean(axis=1)
        below += other[again].mean(axis=1)
    low, high = np.percentile(above / below, (2.5, 97.5))
    return Ratio(float(_mean(ours) / _mean(theirs)), float(low), float(high))


def ratio_of_sets(ours: Floats, theirs: Floats) -> Ratio:
    """Mean of ours over mean of theirs, one number for each set, with a paired percentile bootstrap over the sets: what other sets would
    change."""
    again = np.random.RandomState(0).randint(ours.size, size=(RESAMPLES, ours.size))
    low, high = np.percentile(ours[again].mean(axis=1) / theirs[again].mean(axis=1), (2.5, 97.5))
    return Ratio(float(ours.mean() / theirs.mean()), float(low), float(high))


def chosen_without(means: Mapping[str, Mapping[str, float]], left_out: str) -> str:
    """Of some variants (name -> set -> mean) the one that is best in the mean of the sets, without one of them; of equals the first."""
    others = sorted(name for name in next(iter(means.values())) if name != left_out)
    return max(means, key=lambda variant: sum(means[variant][name] for name in others))


def _mean(sets: Sequence[Floats]) -> float:
    return float(np.mean([one.mean() for one in sets]))
