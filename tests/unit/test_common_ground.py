"""What a few papers share, and the query that is made of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watcher.domain import Clause, Phrase
from watcher.pubmed import drafted
from watcher.pubmed.lint import flaws
from watcher.rank import load_background
from watcher.rank.common_ground import common_ground, holders
from watcher.rank.rarity import Rarity

SHARE = 300 / 33_000
TODAY = date(2026, 3, 9)

OPIOIDS = (
    "Opioid tapering after knee arthroplasty",
    "Tapering of opioids after total knee arthroplasty was safe. Oxycodone was stopped within weeks.",
)
OPIOIDS_TOO = (
    "Less oxycodone after arthroplasties of the knee",
    "A protocol of opioid tapering after knee arthroplasty. Less oxycodone was taken.",
)
CORALS = ("Coral bleaching on shallow reefs", "Coral bleaching followed a marine heatwave. Symbiont density fell.")
CORALS_TOO = ("Bleached corals recover", "After coral bleaching in a marine heatwave, symbiont density rose again.")


@cache
def rarity() -> Rarity:
    return Rarity(load_background())


def lines(texts: Sequence[Sequence[str]], *, most: float = SHARE, headings: Sequence[dict[str, bool]] = ()) -> tuple[str, ...]:
    return drafted.lines(common_ground(texts, rarity(), most=most, headings=headings).clauses)


def test_what_all_seeds_say_and_few_papers_do_makes_the_query() -> None:
    query = drafted.query(lines([OPIOIDS, OPIOIDS_TOO]))

    assert "arthroplast*" in query
    assert "oxycodone*[tiab]" in query
    assert not re.search("safe|protocol|weeks|taken", query)


def test_the_same_seeds_give_the_same_query_whatever_their_order_of_reading() -> None:
    assert lines([OPIOIDS, OPIOIDS_TOO]) == lines([OPIOIDS, OPIOIDS_TOO])
    assert sorted(lines([OPIOIDS, OPIOIDS_TOO])) == sorted(lines([OPIOIDS_TOO, OPIOIDS]))


def test_seeds_of_two_topics_give_lines_of_both() -> None:
    ground = common_ground([OPIOIDS, OPIOIDS_TOO, CORALS, CORALS_TOO], rarity(), most=SHARE)

    found = {one.seeds for one in ground.clauses}
    assert frozenset({0, 1}) in found
    assert frozenset({2, 3}) in found


def test_one_seed_gives_what_is_central_to_it() -> None:
    query = drafted.query(lines([CORALS]))

    assert "coral" in query
    assert "symbiont" not in query  # said once, and not in the title


def test_no_more_room_is_taken_than_there_is() -> None:
    wide, narrow = (common_ground([OPIOIDS, OPIOIDS_TOO], rarity(), most=most) for most in (SHARE, SHARE / 30))

    assert narrow.share <= SHARE / 30
    assert wide.share <= SHARE
    assert narrow.share < wide.share


def test_phrases_too_common_alone_are_joined_by_and() -> None:
    texts = [(f"Obesity and depression, part {word}", "Obesity, depression.") for word in ("A", "B", "C", "D")]

    found = lines(texts, most=SHARE / 3)

    assert "(obesit*[tiab] AND depression*[tiab])" in found
    assert not [line for line in found if line in ("obesit*[tiab]", "depression*[tiab]")]


def test_each_seed_holds_a_clause_where_there_is_room() -> None:
    odd = ("Thermal vents of the Galapagos rift", "Tube worms of thermal vents. Thermal vents again.")

    ground = common_ground([OPIOIDS, OPIOIDS_TOO, CORALS, CORALS_TOO, odd], rarity(), most=SHARE)

    assert frozenset[int]().union(*(one.seeds for one in ground.clauses)) == {0, 1, 2, 3, 4}


def test_seeds_without_text_hold_nothing() -> None:
    ground = common_ground([("", ""), OPIOIDS, OPIOIDS_TOO], rarity(), most=SHARE)

    assert all(0 not in one.seeds for one in ground.clauses)
    assert common_ground([("", "")], rarity(), most=SHARE).clauses == ()


def test_a_heading_stands_beside_its_words_never_alone() -> None:
    headings = [{"Arthroplasty, Replacement, Knee": True, "Humans": False, "Treatment Outcome": True}] * 2

    query = drafted.query(lines([OPIOIDS, OPIOIDS_TOO], headings=headings))

    assert '"Arthroplasty, Replacement, Knee"[mh] OR "knee replacement arthroplast*"[tiab]' in query
    assert "Humans" not in query
    assert "Treatment Outcome" not in query


def test_a_heading_that_a_line_says_in_words_joins_it() -> None:
    found = lines([CORALS, CORALS_TOO], headings=[{"Coral Bleaching": True}] * 2)

    assert [line for line in found if line.startswith('"Coral Bleaching"[mh] OR ')]
    assert sum("coral bleaching" in line for line in found) == 1


def test_who_holds_a_clause_is_told_by_words_side_by_side_and_any_ending() -> None:
    clauses = [Clause((Phrase(("knee", "arthroplasty"), ("knee arthroplasty",)),), frozenset())]

    texts = [("Knee arthroplasties", ""), ("Arthroplasty of the knee", ""), ("", "", "knee-arthroplasty")]

    assert holders(clauses, texts) == {0, 2}


def phrase(*forms: str) -> Phrase:
    words = tuple(forms[0].lower().split())
    return Phrase(words, forms)


@pytest.mark.parametrize(
    ("told", "written"),
    [
        (phrase("opioid"), "opioid*[tiab]"),
        (phrase("arthroplasty", "arthroplasties"), "arthroplast*[tiab]"),
        (phrase("NMJ", "NMJs"), "NMJ[tiab] OR NMJs[tiab]"),
        (phrase("gene", "Genes"), "gene[tiab] OR genes[tiab]"),
        (phrase("knee arthroplasty"), '"knee arthroplast*"[tiab]'),
        (phrase("vitamin d3"), '"vitamin d3"[tiab]'),
        (phrase("S100"), '"S100"[tiab]'),
    ],
)
def test_how_a_phrase_is_written(told: Phrase, written: str) -> None:
    assert drafted.lines([Clause((told,), frozenset())]) == (written,)


def test_two_phrases_of_a_clause_are_joined_inside_parentheses() -> None:
    clause = Clause((phrase("opioid"), phrase("gene", "genes")), frozenset())

    assert drafted.lines([clause]) == ("(opioid*[tiab] AND (gene[tiab] OR genes[tiab]))",)


ODD = st.text(alphabet="abcdeghimnoprstuyANDORT 0123456789\"'[]()*:;#/-+%~<>&|ßéβ√\n\t", max_size=60)
TEXTS = st.lists(st.tuples(ODD, ODD), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.text(alphabet="abcDE ,()-'\"[]*é", min_size=1, max_size=30))
@example([("", "")], "DDD)")
def test_whatever_the_seeds_say_the_query_is_never_warned_of(texts: list[tuple[str, str]], heading: str) -> None:
    texts = [(one, f"{other} {one} plus oxycodone tapering") for one, other in texts]

    query = drafted.query(lines(texts, headings=[{heading: True}] * len(texts)))

    assert not query or flaws(query, TODAY) == ()
    outside_quotes = "".join(query.split('"')[::2])
    assert outside_quotes.count("(") == outside_quotes.count(")")
    assert query.count('"') % 2 == 0
