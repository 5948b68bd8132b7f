"""A query is drafted, counted at PubMed, and drafted again until it brings what a lab can read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import cast

import pytest

from watcher.domain import Article, Found, Heading, ResolvedSeed, SearchFacts, Seed, pubmed_id
from watcher.errors import ConfigurationError
from watcher.flows.ports import Source
from watcher.rank import load_background
from watcher.rank.rarity import Rarity
from watcher.setup.drafting import MOST, propose

TODAY = date(2026, 3, 9)


@cache
def rarity() -> Rarity:
    return Rarity(load_background())


def seed(number: int, title: str, abstract: str = "", *, at_pubmed: bool = True, heading: str = "") -> ResolvedSeed:
    own = Seed(f"s/{number}.ris", "", "-", title=title, abstract=abstract)
    if not at_pubmed:
        return ResolvedSeed(own)
    article = Article(pubmed_id(number), title=title, abstract=abstract, headings=(Heading(heading or "Humans", "", major=True),))
    return ResolvedSeed(own, article, "pmid")


REEFS = "Coral Reefs"
CORALS = [
    seed(1, "Coral bleaching on reefs", "Coral bleaching followed a marine heatwave; symbiont density fell.", heading=REEFS),
    seed(2, "Bleached corals recover", "After coral bleaching in a marine heatwave, symbiont density rose.", heading=REEFS),
    seed(3, "Symbionts of corals", "Symbiont density after coral bleaching and a marine heatwave.", heading=REEFS),
]
OPIOIDS = [
    seed(11, "Opioid tapering after knee arthroplasty", "Oxycodone and opioid tapering after knee arthroplasty."),
    seed(12, "Less oxycodone after arthroplasty", "Opioid tapering after knee arthroplasty: less oxycodone."),
]


@dataclass
class Counting:
    """A PubMed that counts what a test says, and finds all seeds."""

    count: Callable[[str], int]
    asked: list[str] = field(default_factory=list)

    def search(self, term: str, *, retmax: int = 9_999) -> Found:
        """One answer."""
        self.asked.append(term)
        if "[uid]" in term:
            return Found(SearchFacts(term, 1), (pubmed_id(1),)[:retmax])
        return Found(SearchFacts(term, self.count(term)), ())


def at_pubmed(counting: Counting) -> Source:
    return cast("Source", counting)


def test_offline_the_numbers_are_estimates() -> None:
    found = propose(CORALS, rarity(), source=None, today=TODAY)

    assert (found.finds, found.seeds, found.is_counted, found.matched) == (3, 3, False, None)
    assert 0 < found.per_week < MOST
    assert len(found.lines) == len(found.holds)


def test_pubmed_counts_four_whole_weeks_and_the_seeds() -> None:
    pubmed = Counting(lambda _term: 100)

    found = propose(CORALS, rarity(), source=at_pubmed(pubmed), today=TODAY)

    assert (found.per_week, found.is_counted, found.finds, found.matched) == (25, True, 1, 100)
    assert '"2026/02/09"[crdt] : "2026/03/08"[crdt]' in pubmed.asked[0]


def test_a_query_that_brings_too_much_is_drafted_again_with_less_room() -> None:
    pubmed = Counting(lambda term: 4 * 200 * term.count("[tiab]"))  # each term brings 200 a week

    found = propose(CORALS, rarity(), source=at_pubmed(pubmed), today=TODAY)

    first = propose(CORALS, rarity(), source=None, today=TODAY)
    assert found.query != first.query
    assert len(found.lines) < len(first.lines)


def test_a_query_that_stays_too_narrow_is_kept_and_said() -> None:
    found = propose(CORALS, rarity(), source=at_pubmed(Counting(lambda _term: 4)), today=TODAY)

    assert found.per_week == 1
    assert found.lines


def test_each_seed_is_left_out_in_turn() -> None:
    alike = propose(CORALS, rarity(), source=None, today=TODAY)
    with_a_stranger = propose([*CORALS, OPIOIDS[0]], rarity(), source=None, today=TODAY)

    assert alike.kept == (3, 3)
    assert with_a_stranger.kept == (3, 4)


def test_two_topics_are_told_as_two_groups() -> None:
    found = propose([*CORALS, *OPIOIDS], rarity(), source=None, today=TODAY)

    assert found.groups == (3, 2)
    assert propose(CORALS, rarity(), source=None, today=TODAY).groups == (3,)


def test_seeds_without_any_text_are_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match="no title or abstract is known") as refused:
        propose([seed(1, "", at_pubmed=False)], rarity(), source=None, today=TODAY)

    assert "--query" in str(refused.value)


def test_words_that_everybody_uses_give_no_query() -> None:
    with pytest.raises(ConfigurationError, match="nothing that most other papers do not say"):
        propose([seed(1, "A study of the results", at_pubmed=False)], rarity(), source=None, today=TODAY)
