"""Two orders of the same papers, compared. Pure; it scores nothing itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from watcher.domain import RecordId


@dataclass(frozen=True, slots=True)
class Moved:
    """One paper in both orders: its numbers, and its places from 1."""

    record_id: RecordId
    title: str
    before: float
    after: float
    place_before: int
    place_after: int

    @property
    def climbed(self) -> int:
        """By how many places; negative: it fell."""
        return self.place_before - self.place_after


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changes for the papers of a watch. `both` counts those that pass either way, `gained` pass only after, `lost` only before;
    `movers` changed their places most. `correlation` is Spearman's, None for fewer than three papers or an order in which all are equal."""

    papers: int
    both: int
    gained: tuple[Moved, ...]
    lost: tuple[Moved, ...]
    movers: tuple[Moved, ...]
    correlation: float | None


def compare(
    papers: Sequence[tuple[RecordId, str]], before: Sequence[float], after: Sequence[float], *, threshold: float, movers: int
) -> Comparison:
    """Set two orders against each other.

    Args:
        papers: record and title of each.
        before: their numbers in the one order.
        after: and in the other.
        threshold: the number from which a paper passes.
        movers: how many movers are named at most.
    """
    places = zip(_places(before), _places(after), strict=True)
    both = zip(papers, before, after, places, strict=True)
    moved = [Moved(record_id, title, old, new, *place) for (record_id, title), old, new, place in both]
    far = sorted((one for one in moved if one.climbed), key=lambda one: (-abs(one.climbed), one.place_after))
    return Comparison(
        papers=len(moved),
        both=sum(one.before >= threshold and one.after >= threshold for one in moved),
        gained=tuple(sorted((one for one in moved if one.before < threshold <= one.after), key=lambda one: -one.after)),
        lost=tuple(sorted((one for one in moved if one.after < threshold <= one.before), key=lambda one: -one.before)),
        movers=tuple(far[:movers]),
        correlation=spearman(before, after),
    )


def spearman(before: Sequence[float], after: Sequence[float]) -> float | None:
    """The correlation of ranks, −1 to 1 (Spearman, Am. J. Psychol. 15:72, 1904): Pearson's of the ranks, equal numbers sharing their mean
    rank. None for fewer than three papers, or where all are equal."""
    if len(before) < 3:
        return None
    ones, others = _mean_ranks(before), _mean_ranks(after)
    middle = (len(before) + 1) / 2
    spread = math.sqrt(sum((one - middle) ** 2 for one in ones) * sum((one - middle) ** 2 for one in others))
    return sum((one - middle) * (other - middle) for one, other in zip(ones, others, strict=True)) / spread if spread else None


def _places(numbers: Sequence[float]) -> list[int]:
    """The place of each, the highest first; of equals the earlier one stands first."""
    places = [0] * len(numbers)
    for place, index in enumerate(sorted(range(len(numbers)), key=lambda index: (-numbers[index], index)), 1):
        places[index] = place
    return places


def _mean_ranks(numbers: Sequence[float]) -> list[float]:
    """The rank of each, from 1, the lowest first; equal numbers have the mean of their ranks."""
    ordered = sorted(range(len(numbers)), key=lambda index: numbers[index])
    ranks = [0.0] * len(numbers)
    start = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and numbers[ordered[end]] == numbers[ordered[start]]:
            end += 1
        for index in ordered[start:end]:
            ranks[index] = (start + 1 + end) / 2
        start = end
    return ranks
