"""What each threshold would have let through, and which one to propose. Pure: numbers in, numbers out; it scores nothing itself.

steps       for each threshold how many papers passed a week, and of the marked papers which
wilson      the interval of a proportion
propose     from verdicts where there are enough of them, else from a wanted number of papers a week
borderline  the papers just above and just below a threshold
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from watcher.domain import RecordId

ENOUGH = 10
"""From so many relevant and so many not relevant papers on, verdicts propose."""

KEEP = 0.95
"""The share of the relevant papers that a proposed threshold must let through."""

BORDERLINE = 5
THRESHOLDS = (*range(0, 100, 5), 98, 99)

_Z = 1.959963984540054  # the normal distribution's 97.5 % point: intervals of 95 %


@dataclass(frozen=True, slots=True)
class Counted:
    """A paper of the span: its number, the day it counts for, how it is told of."""

    value: float
    day: date
    record_id: RecordId
    title: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A marked paper with the number that it has when its own verdict is left out."""

    value: float
    relevant: bool


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`, and between which proportions the true one lies with 95 % confidence."""

    part: int
    whole: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The proportion; 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0


@dataclass(frozen=True, slots=True)
class ThresholdStep:
    """One threshold: papers that pass, a week on average, in the fullest week; of the marked papers how many relevant and how many not
    relevant ones pass. `precision` and `recall` are None where there is nothing to count."""

    threshold: float
    papers: int
    per_week: float
    most: int
    relevant: int
    not_relevant: int
    precision: Share | None
    recall: Share | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A threshold and the rule that it follows, in whole sentences."""

    threshold: float
    rule: str


@dataclass(frozen=True, slots=True)
class Border:
    """The papers around one threshold, nearest first on each side."""

    threshold: float
    above: tuple[Counted, ...]
    below: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """All of it for one watch. `enough` says whether there are verdicts enough to propose from."""

    since: date
    until: date
    papers: int
    present: float
    steps: tuple[ThresholdStep, ...]
    proposal: Proposal
    borders: tuple[Border, ...]
    relevant: int
    not_relevant: int
    enough: bool


def calibrate(
    papers: Sequence[Counted],
    labelled: Sequence[Labelled],
    *,
    since: date,
    until: date,
    present: float,
    per_week: float | None,
    usual: float,
) -> Calibration:
    """What the thresholds would have let through from `since` to `until`, both inclusive, and a proposal.

    Args:
        papers: those of the span.
        labelled: the marked ones, of any day.
        since: the first day of the span.
        until: the last one.
        present: the threshold in force.
        per_week: how many papers a week are wanted; None: what verdicts say, where there are enough.
        usual: how many a week are too many where nobody says what is wanted and verdicts cannot tell.
    """
    weeks = max(1.0, ((until - since).days + 1) / 7)
    relevant = sum(one.relevant for one in labelled)
    enough = min(relevant, len(labelled) - relevant) >= ENOUGH
    if per_week is None and enough:
        proposal = _by_verdicts(labelled)
    elif per_week is None and sum(one.value >= present for one in papers) <= usual * weeks:
        proposal = _as_it_is(papers, weeks, present, usual)
    else:
        proposal = _by_number(papers, weeks, usual if per_week is None else per_week)
    shown = sorted({*THRESHOLDS, present, proposal.threshold})
    return Calibration(
        since=since,
        until=until,
        papers=len(papers),
        present=present,
        steps=tuple(_step(threshold, papers, labelled, weeks, until) for threshold in shown),
        proposal=proposal,
        borders=tuple(borderline(papers, threshold) for threshold in dict.fromkeys((present, proposal.threshold))),
        relevant=relevant,
        not_relevant=len(labelled) - relevant,
        enough=enough,
    )


def wilson(part: int, whole: int) -> Share:
    """A proportion with its score interval at 95 % (Wilson, J. Am. Stat. Assoc. 22:209, 1927), which holds for few cases too
    (Brown, Cai & DasGupta, Stat. Sci. 16:101, 2001).

    With p = part / whole, n = whole and z = 1.96: (p + z²/2n ± z · √(p(1 − p)/n + z²/4n²)) / (1 + z²/n).
    """
    if not whole:
        return Share(0, 0, 0.0, 1.0)
    share, square = part / whole, _Z * _Z
    middle = share + square / (2 * whole)
    reach = _Z * math.sqrt(share * (1 - share) / whole + square / (4 * whole * whole))
    scale = 1 + square / whole
    low = 0.0 if part == 0 else (middle - reach) / scale
    high = 1.0 if part == whole else (middle + reach) / scale
    return Share(part, whole, low, high)


def borderline(papers: Sequence[Counted], threshold: float) -> Border:
    """The papers nearest to a threshold on each side."""
    ordered = sorted(papers, key=lambda one: (one.value, one.record_id))
    above = [one for one in ordered if one.value >= threshold]
    below = [one for one in reversed(ordered) if one.value < threshold]
    return Border(threshold, tuple(above[:BORDERLINE]), tuple(below[:BORDERLINE]))


def _step(threshold: float, papers: Sequence[Counted], labelled: Sequence[Labelled], weeks: float, until: date) -> ThresholdStep:
    passing = [one for one in papers if one.value >= threshold]
    per_week = Counter((until - one.day).days // 7 for one in passing)
    relevant, wrong, all_relevant = _passed(labelled, threshold)
    return ThresholdStep(
        threshold=threshold,
        papers=len(passing),
        per_week=len(passing) / weeks,
        most=max(per_week.values(), default=0),
        relevant=relevant,
        not_relevant=wrong,
        precision=wilson(relevant, relevant + wrong) if relevant + wrong else None,
        recall=wilson(relevant, all_relevant) if all_relevant else None,
    )


def _passed(labelled: Iterable[Labelled], threshold: float) -> tuple[int, int, int]:
    """How many relevant and not relevant papers pass, and how many relevant ones there are."""
    counted = Counter((one.relevant, one.value >= threshold) for one in labelled)
    return counted[True, True], counted[False, True], counted[True, True] + counted[True, False]


def _by_verdicts(labelled: Sequence[Labelled]) -> Proposal:
    """Of the thresholds that keep nearly all relevant papers, the one with the best F1 = 2 · relevant shown / (shown + all relevant)
    (van Rijsbergen, 1979), of equals the lowest. 0 always keeps all."""

    def balance(threshold: int) -> float:
        right, wrong, whole = _passed(labelled, threshold)
        return 2 * right / (right + wrong + whole) if right >= KEEP * whole else -1.0

    best = max(range(101), key=lambda threshold: (balance(threshold), -threshold))
    return Proposal(
        best,
        f"Of the whole numbers that let at least {KEEP:.0%} of the relevant papers pass, it is the one with the best balance of "
        "precision and recall (F1); of equals the lowest.",
    )


def best_balance(labelled: Sequence[Labelled]) -> float:
    """Of the marked papers' scores the one whose papers from it on have the best F1 = 2 · relevant / (all of them + all relevant), of equals
    the highest (van Rijsbergen, 1979). Raises ValueError when there are none."""
    whole = sum(one.relevant for one in labelled)

    def balance(value: float) -> float:
        right, wrong, _ = _passed(labelled, value)
        return 2 * right / (right + wrong + whole) if right else 0.0

    return max((one.value for one in labelled), key=lambda value: (balance(value), value))


def _as_it_is(papers: Sequence[Counted], weeks: float, present: float, usual: float) -> Proposal:
    """The threshold in force, which does not let too many papers through."""
    found = sum(one.value >= present for one in papers) / weeks
    return Proposal(
        present,
        f"With it {found:.1f} papers a week come, no more than `start.papers` ({usual:g}), and there are too few verdicts to "
        "tell which of them are relevant. `--per-week N` proposes the threshold for a number that you want.",
    )


def _by_number(papers: Sequence[Counted], weeks: float, wanted: float) -> Proposal:
    """The lowest threshold with which no more papers a week pass than are wanted."""
    passing = [sum(one.value >= threshold for one in papers) / weeks for threshold in range(100)]
    fitting = next((threshold for threshold, found in enumerate(passing) if found <= wanted), 99)
    rule = f"It is the lowest whole number with which at most {wanted:g} papers a week would have come, on average."
    if fitting == 0:
        rule += f" So few papers match the query that all of them may come ({passing[0]:.1f} a week)."
    if passing[99] > wanted:
        rule += f" Even with 99, {passing[99]:.1f} a week come: narrow the query, or choose seeds that are closer to what you want."
    return Proposal(fitting, rule)
