from __future__ import annotations

import pytest
from support.records import in_numbers

from watcher.domain import pubmed_id
from watcher.rank.comparison import Comparison, compare, spearman

PAPERS = [(pubmed_id(number), title) for number, title in enumerate(("One", "Two", "Three", "Four"), 1)]


def compared(before: list[float], after: list[float], *, threshold: float = 35, movers: int = 10) -> Comparison:
    return compare(PAPERS[: len(before)], before, after, threshold=threshold, movers=movers)


def pmids(moved: object) -> list[int]:
    return [one.record_id.id for one in moved]  # type: ignore[attr-defined]


def test_what_passes_either_way_and_what_only_one_way() -> None:
    found = compared([80, 35, 34, 10], [70, 20, 35, 90])

    assert (found.papers, found.both, pmids(found.gained), pmids(found.lost)) == (4, 1, [4, 3], [2])


def test_places_are_from_the_best_on_and_equals_keep_their_order() -> None:
    found = compared([80, 60, 60, 10], [10, 60, 60, 80])

    assert in_numbers({one.record_id: (one.place_before, one.place_after, one.climbed) for one in found.movers}) == {
        1: (1, 4, -3),
        4: (4, 1, 3),
    }


def test_who_moved_most_comes_first_and_no_more_are_named_than_asked_for() -> None:
    found = compared([80, 60, 40, 20], [30, 60, 70, 80], movers=3)

    # places before 1 2 3 4, after 4 3 2 1
    assert in_numbers([(one.record_id, one.climbed) for one in found.movers]) == [(4, 3), (1, -3), (3, 1)]
    assert (found.movers[0].before, found.movers[0].after, found.movers[0].title) == (20, 80, "Four")


def test_two_orders_that_are_the_same_move_nothing() -> None:
    found = compared([80, 60, 40, 20], [99, 50, 48, 47])

    assert found.movers == ()
    assert found.correlation == pytest.approx(1.0)


def test_no_papers_compare_too() -> None:
    assert compared([], []) == Comparison(0, 0, (), (), (), None)


def test_the_correlation_is_spearmans() -> None:
    # ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 * 4 / (5 * 24)
    assert spearman([10, 20, 30, 40, 50], [2, 1, 4, 3, 5]) == pytest.approx(0.8)
    assert spearman([1, 2, 3], [30, 20, 10]) == pytest.approx(-1.0)


def test_equal_numbers_share_their_mean_rank() -> None:
    # ranks 1 2.5 2.5 4 against 1 2 3 4: Pearson of the ranks is 4.5 / sqrt(4.5 * 5)
    assert spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(4.5 / (4.5 * 5) ** 0.5)


@pytest.mark.parametrize(("before", "after"), [([1, 2], [2, 1]), ([5, 5, 5], [1, 2, 3]), ([1, 2, 3], [5, 5, 5]), ([], [])])
def test_there_is_no_correlation_of_too_few_or_of_what_is_all_equal(before: list[float], after: list[float]) -> None:
    assert spearman(before, after) is None
