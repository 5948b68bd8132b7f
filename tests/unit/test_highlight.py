"""From which score a digest calls papers highly relevant, and what a score means in its watch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.digest_samples import digest, entry, paper
from support.flow_samples import NMJ
from support.store_samples import BY_QUERY, MONDAY, RANKING, REASONS, Bench
from support.store_samples import paper as record
from support.two_databases import Place

from watcher.digest.arrange import Yardstick
from watcher.digest.view import page
from watcher.domain import Highlight, HighlightRule, Relation, Scored, pubmed_id
from watcher.flows.compose.highlight import LEAST, yardstick
from watcher.rank.calibration import Labelled, best_balance
from watcher.store import Store

AUTO = replace(NMJ, highlight=None, threshold=35)


def scores(count: int) -> list[float]:
    """So many different scores, from 50 up."""
    return [50 + 49 * place / count for place in range(count)]


def verdicts(relevant: list[float], wrong: list[float]) -> list[Labelled]:
    return [*(Labelled(value, True) for value in relevant), *(Labelled(value, False) for value in wrong)]


# --- the rule


@pytest.mark.parametrize("count", [40, 41, 47, 48, 200])
def test_the_best_eighth_of_what_the_watch_brought_is_marked(count: int) -> None:
    brought = scores(count)

    meaning, found = yardstick(AUTO, brought)

    assert meaning.highlight is not None
    assert sum(value >= meaning.highlight for value in brought) == count // 8
    assert found == Highlight("nmj", meaning.highlight, HighlightRule.BEST_EIGHTH, count)


def test_where_there_are_too_few_papers_it_is_70_and_a_score_is_compared_with_nothing() -> None:
    meaning, found = yardstick(AUTO, scores(LEAST - 1))

    assert (meaning.highlight, found.rule, found.papers) == (70, HighlightRule.FIXED, 39)
    assert meaning.nearer(99) is None
    assert yardstick(AUTO, scores(LEAST))[0].nearer(99) == 100


def test_a_number_in_the_configuration_stays_what_it_is() -> None:
    meaning, found = yardstick(replace(AUTO, highlight=55), scores(100), verdicts([90.0] * 10, [10.0] * 10))

    assert (meaning.highlight, found.rule) == (55, HighlightRule.FIXED)
    assert meaning.nearer(99) == 100


def test_never_more_than_an_eighth_is_marked_where_scores_are_equal() -> None:
    equal = [60.0] * 35 + [80.0] * 5 + [90.0] * 2

    meaning, _ = yardstick(AUTO, equal)
    nobody, found = yardstick(AUTO, [90.0] * 50)

    assert meaning.highlight == 90  # 42 papers have room for 5, and 7 reach 80
    assert (nobody.highlight, found.rule) == (None, HighlightRule.BEST_EIGHTH)


def test_it_is_never_below_the_threshold() -> None:
    high = replace(AUTO, threshold=99.5)

    assert [yardstick(high, brought)[0].highlight for brought in (scores(100), scores(10))] == [99.5, 99.5]
    assert yardstick(high, scores(100), verdicts([60.0] * 10, [20.0] * 10))[0].highlight == 99.5


def test_ten_verdicts_of_each_kind_move_it_to_the_best_balance() -> None:
    told = verdicts(
        [95.0, 94.0, 93.0, 92.0, 91.0, 90.0, 89.0, 88.0, 87.0, 50.0], [96.0, 60.0, 59.0, 58.0, 57.0, 56.0, 55.0, 54.0, 53.0, 52.0]
    )

    meaning, found = yardstick(AUTO, scores(100), told)

    assert (meaning.highlight, found.rule, found.papers) == (87, HighlightRule.VERDICTS, 20)
    assert yardstick(AUTO, scores(100), told[1:])[1].rule is HighlightRule.BEST_EIGHTH
    assert yardstick(AUTO, scores(100), told[:-1])[1].rule is HighlightRule.BEST_EIGHTH


def test_of_equal_balances_the_highest_score_is_taken() -> None:
    assert best_balance(verdicts([80.0, 40.0], [60.0, 50.0])) == 80  # F1 is 2/3 at both ends


def test_a_watch_without_a_ranking_has_no_highly_relevant_papers() -> None:
    meaning, found = yardstick(replace(AUTO, threshold=90), [90.0] * 100, is_ranked=False)

    assert (meaning.highlight, meaning.brought, found.value) == (None, (), None)


def test_a_score_says_than_how_many_of_a_hundred_papers_it_is_nearer() -> None:
    meaning = Yardstick(None, tuple(sorted(scores(50))))

    assert [meaning.nearer(value) for value in (0, 50, 50.01, 98.02, 99)] == [0, 0, 2, 98, 100]


# --- in a digest


@pytest.mark.parametrize(
    "fields",
    [
        {"publication_types": ("Comment", "Journal Article")},
        {"publication_types": ("Retraction of Publication",)},
        {"publication_types": ("Published Erratum",)},
        {"publication_types": ("Expression of Concern",)},
        {"abstract": ""},
    ],
)
def test_what_speaks_of_another_paper_and_what_has_no_abstract_is_never_marked(fields: dict[str, Any]) -> None:
    whole = digest([entry(paper(1, **fields), 100), entry(paper(2), 100)], yardsticks={"nmj": Yardstick(70)})

    assert {item.article.pmid: item.highlight for item in whole.items} == {99_000_001: False, 99_000_002: True}


def test_picks_say_what_their_score_means_in_the_watch() -> None:
    whole = digest([entry(paper(1), 98), entry(paper(2), 40)], yardsticks={"nmj": Yardstick(97, tuple(sorted(scores(50))))})

    told = [card for group in page(whole).groups for card in group.cards]

    assert [(item.highlight, item.nearer) for item in whole.items] == [(True, 98), (False, 0)]
    assert told[0].why.endswith("; nearer than 98 % of what its watch brought in twelve weeks")
    assert "nearer than" not in told[1].why


# --- what the watch brought


def brought(bench: Bench, since: float = -84, until: float = 0) -> list[float]:
    store = bench.store
    return sorted(store.brought("nmj", RANKING.sha256, MONDAY + timedelta(days=since), MONDAY + timedelta(days=until)))


@pytest.fixture
def bench(migrated: Place) -> Iterator[Bench]:
    made = Bench(Store.open(migrated.url, folder=migrated.folder), migrated.url)
    made.register()
    yield made
    made.store.close()


def keep(bench: Bench, **values: float) -> None:
    bench.store.save_scores(
        "nmj", RANKING, [Scored(pubmed_id(int(name[1:])), value, REASONS) for name, value in values.items()], MONDAY
    )


def test_news_of_the_span_counts_shown_or_not_each_work_by_its_best_record(bench: Bench) -> None:
    bench.news(record(1), at=MONDAY - timedelta(days=85))
    bench.news(record(2), record(3), record(4, relations=(Relation("UpdateOf", pubmed_id(3), "J 2026"),)), at=MONDAY)
    bench.news(record(5), at=MONDAY + timedelta(hours=1))
    bench.run(at=MONDAY, articles=(record(6),), awaiting={pubmed_id(7): BY_QUERY})
    keep(bench, p1=10, p2=20, p3=30, p4=40, p5=50, p6=60)

    assert brought(bench) == [20, 40]
    assert brought(bench, until=1) == [20, 40, 50]
    assert brought(bench, since=-86) == [10, 20, 40]


def test_scores_of_other_rankings_and_of_earlier_contents_do_not_count(bench: Bench) -> None:
    bench.news(record(1), record(2), at=MONDAY)
    keep(bench, p1=10)
    bench.store.save_scores("nmj", replace(RANKING, sha256="other"), [Scored(pubmed_id(2), 20, REASONS)], MONDAY)
    assert brought(bench) == [10]

    bench.store.save_articles([record(1, title="Another title", version=2)], MONDAY)

    assert brought(bench) == []
