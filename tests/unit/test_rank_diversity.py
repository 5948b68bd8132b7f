"""Near-duplicates give way among the picks; ordinary relatives keep their order. Samples written for these tests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.rank_samples import AGRIN, ENDPLATE, MUSK, WHEAT

from watcher import rank
from watcher.domain import Article, pubmed_id
from watcher.rank.diversity import DEPTH, giving_way

FOLLOW_UP = replace(
    AGRIN,
    record_id=pubmed_id(11),
    title="Agrin keeps the neuromuscular junction of old mice, part 2: eighteen months",
    abstract=AGRIN.abstract + " The effect lasted for eighteen months.",
)
CORRECTION = replace(AGRIN, record_id=pubmed_id(12), title=f"Correction to: {AGRIN.title}")


def gave(articles: list[Article], scores: list[float], top: int) -> dict[int, int]:
    """Who gave way to whom."""
    found = giving_way(articles, scores, top, background=rank.load_background())
    return {one.record_id.id: one.to.id for one in found}


def test_a_near_duplicate_gives_way_to_another_paper_of_like_merit() -> None:
    assert gave([AGRIN, FOLLOW_UP, MUSK, WHEAT], [99, 98, 95, 40], 2) == {11: 1}


def test_ordinary_relatives_keep_their_order_by_score() -> None:
    assert gave([AGRIN, MUSK, ENDPLATE, WHEAT], [99, 98.9, 98.8, 98.7], 2) == {}


def test_a_near_duplicate_stays_where_the_others_are_far_below() -> None:
    assert gave([AGRIN, FOLLOW_UP, WHEAT], [99, 98, 20], 2) == {}


def test_all_that_would_come_up_and_are_like_a_pick_give_way() -> None:
    assert gave([AGRIN, FOLLOW_UP, CORRECTION, MUSK, WHEAT], [99, 98, 97, 96, 10], 2) == {11: 1, 12: 1}


def test_what_is_like_a_paper_that_is_no_pick_is_not_named() -> None:
    assert gave([MUSK, ENDPLATE, AGRIN, FOLLOW_UP], [99, 98, 97, 96], 2) == {}


@pytest.mark.parametrize("top", [0, 1, 4, 5])
def test_nothing_gives_way_where_there_is_nothing_to_choose(top: int) -> None:
    assert gave([AGRIN, FOLLOW_UP, MUSK, WHEAT], [99, 98, 95, 40], top) == {}


def test_papers_without_any_text_are_like_nothing() -> None:
    bare = [Article(record_id=pubmed_id(number)) for number in (21, 22, 23)]

    assert gave(bare, [50, 50, 50], 2) == {}


def test_the_similarity_is_told_and_the_same_whatever_else_is_there() -> None:
    background = rank.load_background()

    (few,) = giving_way([AGRIN, FOLLOW_UP, MUSK], [99, 98, 95], 2, background=background)
    (many,) = giving_way([AGRIN, FOLLOW_UP, MUSK, WHEAT, ENDPLATE], [99, 98, 95, 4, 3], 2, background=background)

    assert few == many
    assert 0.6 < few.similarity < 1


def test_a_candidate_beyond_the_depth_is_not_looked_at() -> None:
    copies = [replace(AGRIN, record_id=pubmed_id(100 + number)) for number in range(2 * DEPTH)]

    assert gave([*copies, MUSK], [*([99.0] * len(copies)), 98], 2) == {}
    assert set(gave([*copies[1:], MUSK], [*([99.0] * (len(copies) - 1)), 98], 2).values()) == {101}
