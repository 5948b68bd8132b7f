"""What thresholds would have let through, and which one is proposed: every expected value here was worked out by hand or is a published one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from watcher.domain import pubmed_id
from watcher.rank.calibration import (
    BORDERLINE,
    THRESHOLDS,
    Calibration,
    Counted,
    Labelled,
    ThresholdStep,
    best_balance,
    borderline,
    calibrate,
    wilson,
)

SINCE, UNTIL = date(2026, 1, 5), date(2026, 3, 29)  # twelve weeks


def counted(*values: float, day: date = UNTIL) -> list[Counted]:
    return [Counted(value, day, pubmed_id(number), f"Paper {number}") for number, value in enumerate(values, 1)]


def labelled(relevant: list[float], wrong: list[float]) -> list[Labelled]:
    return [*(Labelled(value, True) for value in relevant), *(Labelled(value, False) for value in wrong)]


def calibration(papers: list[Counted], marked: list[Labelled] | None = None, **more: Any) -> Calibration:  # noqa: ANN401 - whatever `calibrate` takes
    told: dict[str, Any] = {"since": SINCE, "until": UNTIL, "present": 35, "per_week": None, "usual": 10, **more}
    return calibrate(papers, marked or [], **told)


def step(found: Calibration, threshold: float) -> ThresholdStep:
    (one,) = (one for one in found.steps if one.threshold == threshold)
    return one


# --- the interval of a proportion


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17:857 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(part: int, whole: int, low: float, high: float) -> None:
    found = wilson(part, whole)
    mirrored = wilson(whole - part, whole)

    assert (found.part, found.whole, found.value) == (part, whole, part / whole)
    assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)
    assert [mirrored.low, mirrored.high] == pytest.approx([1 - found.high, 1 - found.low])


def test_of_nothing_nothing_is_known() -> None:
    found = wilson(0, 0)

    assert (found.value, found.low, found.high) == (0.0, 0.0, 1.0)


def test_an_interval_reaches_the_end_where_all_or_none_count() -> None:
    assert wilson(0, 3).low == 0.0
    assert wilson(3, 3).high == 1.0


# --- what each threshold lets through


def test_papers_are_counted_from_the_threshold_on_in_all_and_by_the_week() -> None:
    papers = [*counted(35, 34.9, 80), *counted(90, day=UNTIL - timedelta(days=6)), *counted(60, day=UNTIL - timedelta(days=7))]

    found = calibration(papers)

    at_35, at_85, at_99 = (step(found, threshold) for threshold in (35, 85, 99))
    assert (at_35.papers, at_35.per_week, at_35.most) == (4, 4 / 12, 3)
    assert (at_85.papers, at_85.most) == (1, 1)
    assert (at_99.papers, at_99.per_week, at_99.most) == (0, 0.0, 0)
    assert (found.papers, found.since, found.until) == (5, SINCE, UNTIL)


def test_a_span_of_less_than_a_week_counts_as_one() -> None:
    found = calibration(counted(50, 50, 50), since=UNTIL)

    assert step(found, 35).per_week == 3


def test_the_thresholds_are_told_with_the_one_in_force_and_the_proposed_one_each_once() -> None:
    found = calibration(counted(50), present=36.5)

    assert [one.threshold for one in found.steps] == sorted({*THRESHOLDS, 36.5})


def test_without_verdicts_there_is_neither_precision_nor_recall() -> None:
    one = step(calibration(counted(50)), 35)

    assert (one.relevant, one.not_relevant, one.precision, one.recall) == (0, 0, None, None)


def test_precision_is_of_the_marked_papers_that_pass_and_recall_of_the_relevant_ones() -> None:
    found = calibration([], labelled([40, 60, 70, 20], [45, 10]))

    at_35, at_50, at_75 = (step(found, threshold) for threshold in (35, 50, 75))
    assert (at_35.precision, at_35.recall) == (wilson(3, 4), wilson(3, 4))
    assert (at_50.precision, at_50.recall) == (wilson(2, 2), wilson(2, 4))
    assert (at_75.precision, at_75.recall) == (None, wilson(0, 4))
    assert (found.relevant, found.not_relevant, found.enough) == (4, 2, False)


# --- which one is proposed


def test_while_few_papers_come_and_nothing_is_known_the_threshold_stays() -> None:
    found = calibration(counted(*[40.0] * 120), usual=10)

    assert found.proposal.threshold == 35
    assert found.proposal.rule.startswith(
        "With it 10.0 papers a week come, no more than `start.papers` (10), and there are too few verdicts"
    )


def test_where_too_many_come_the_lowest_number_is_proposed_with_which_no_more_come_than_usual() -> None:
    papers = counted(*[40.0] * 100, *[61.0] * 21)  # 121 in twelve weeks are over 10 a week; those over 40 are not

    found = calibration(papers, usual=10)

    assert (found.proposal.threshold, step(found, 41).papers) == (41, 21)
    assert found.proposal.rule == "It is the lowest whole number with which at most 10 papers a week would have come, on average."


def test_a_wanted_number_goes_before_all_else() -> None:
    papers = counted(*[40.0] * 12, *[61.0] * 12)
    marked = labelled([80.0] * 10, [10.0] * 10)

    assert calibration(papers, marked, per_week=1).proposal.threshold == 41
    assert calibration(papers, marked, per_week=2).proposal.threshold == 0
    assert calibration(papers, marked, per_week=0).proposal.threshold == 62


def test_it_is_said_when_all_may_come_and_when_too_many_come_even_with_the_highest() -> None:
    everything = calibration(counted(40, 50, 60), per_week=1).proposal
    too_many = calibration(counted(*[99.5] * 24), per_week=1).proposal

    assert everything.threshold == 0
    assert everything.rule.endswith("So few papers match the query that all of them may come (0.2 a week).")
    assert too_many.threshold == 99
    assert "Even with 99, 2.0 a week come: narrow the query" in too_many.rule


def test_of_an_empty_span_the_threshold_stays() -> None:
    found = calibration([])

    assert (found.papers, found.proposal.threshold, found.borders[0].above) == (0, 35, ())


def test_enough_verdicts_propose_the_best_balance() -> None:
    # from 31 to 50: all 10 relevant pass with 2 wrong ones (F1 20/22); above 50 a tenth of the relevant falls out
    found = calibration(counted(10), labelled([50.0] + [90.0] * 9, [30.0] * 8 + [60.0] * 2))

    assert (found.enough, found.proposal.threshold) == (True, 31)
    assert "at least 95% of the relevant papers" in found.proposal.rule


def test_one_relevant_paper_in_twenty_may_fall_out_where_that_is_better() -> None:
    marked = labelled([20.0] + [90.0] * 19, [50.0] * 20)
    strict = labelled([20.0, 20.0] + [90.0] * 18, [50.0] * 20)

    assert calibration([], marked).proposal.threshold == 51  # F1 38/39; with the twentieth 40/60
    assert calibration([], strict).proposal.threshold == 0  # two of twenty would be too many: all must pass


@pytest.mark.parametrize(("relevant", "wrong", "enough"), [(10, 10, True), (9, 30, False), (30, 9, False)])
def test_ten_of_each_are_enough(relevant: int, wrong: int, enough: bool) -> None:
    found = calibration([], labelled([90.0] * relevant, [10.0] * wrong))

    assert (found.enough, found.proposal.threshold) == (enough, 11 if enough else 35)


# --- the border


def test_the_border_is_told_from_the_nearest_on_outwards() -> None:
    found = borderline(counted(*range(20, 50)), 35)

    assert [one.value for one in found.above] == [35, 36, 37, 38, 39]
    assert [one.value for one in found.below] == [34, 33, 32, 31, 30]
    assert len(found.above) == BORDERLINE


def test_both_the_threshold_in_force_and_the_proposed_one_have_their_border_and_the_same_only_one() -> None:
    moved = calibration(counted(*[40.0] * 24, 70), per_week=1)
    kept = calibration(counted(50))

    assert [one.threshold for one in moved.borders] == [35, 41]
    assert [one.threshold for one in kept.borders] == [35]


def test_the_best_balance_is_at_the_score_with_the_best_f1() -> None:
    told = labelled([95, 94, 93, 50], [96, 60, 55])

    assert best_balance(told) == 93  # F1 6/8; at 94 4/7, at 50 8/11
    assert best_balance(labelled([], [60, 50])) == 60


def test_a_paper_at_the_threshold_counts_as_passing() -> None:
    papers = counted(35, 35, 20)

    kept = calibration(papers, present=35, usual=2 / 12)
    moved = calibration(papers, present=35, usual=1 / 12)

    assert kept.proposal.threshold == 35
    assert "With it 0.2 papers a week come" in kept.proposal.rule
    assert moved.proposal.threshold > 35
