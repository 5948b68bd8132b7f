"""How often general papers say a phrase."""

from __future__ import annotations

from functools import cache

from watcher.rank import load_background
from watcher.rank.rarity import Rarity


@cache
def rarity() -> Rarity:
    return Rarity(load_background())


def count(*words: str) -> int:
    """How many of the sample's papers hold a phrase."""
    holding = rarity().holding(words)
    assert holding is not None
    return holding.bit_count()


def test_the_papers_that_hold_a_phrase_are_among_those_that_hold_its_words() -> None:
    phrase, words = rarity().holding(("cystic", "fibrosis")), (rarity().holding(("cystic",)), rarity().holding(("fibrosis",)))

    assert phrase
    assert all(word is not None and phrase & ~word == 0 for word in words)


def test_a_common_word_is_held_by_more_papers_than_a_rare_one() -> None:
    assert count("patient") > 100 * count("heatwave") > 0
    assert rarity().share(("patient",)) > 100 * rarity().share(("heatwave",)) > 0


def test_the_share_of_all_papers_and_that_of_the_sample_are_near_each_other() -> None:
    share = rarity().share(("protein",))

    assert 0.3 < share / (count("protein") / rarity().papers) < 3


def test_a_plural_and_capitals_make_no_difference() -> None:
    assert rarity().holding(("Heatwaves",)) == rarity().holding(("heatwave",))


def test_of_what_the_background_does_not_count_nothing_is_known() -> None:
    assert rarity().holding(("5", "x")) is None
    assert rarity().share(("5", "x")) == 1


def test_numbers_inside_a_phrase_are_passed_over() -> None:
    assert rarity().holding(("type", "2", "diabetes")) == rarity().holding(("type", "diabetes"))
