from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.records import in_numbers
from support.store_samples import BY_QUERY, CUT, MONDAY, Bench, days, paper, version

from watcher.domain import HitState, Outcome, Verdict, VerdictKind, pubmed_id
from watcher.errors import UnknownNameError

RELEVANT, NOT = VerdictKind.RELEVANT, VerdictKind.NOT
BOTH = {"nmj": None, "als": None}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


def give(bench: Bench, pmid: int, kind: VerdictKind | None, reader: str = "anna", at: float = 0, *watches: str) -> object:
    return bench.store.give_verdict(pubmed_id(pmid), kind, watches or ("nmj",), reader=reader, at=MONDAY + days(at), via="cli")


def said(bench: Bench, watch: str = "nmj") -> list[tuple[int, str, str]]:
    return [(one.record_id.id, one.reader, one.kind.value) for one in bench.store.verdicts(watch)]


# --- given and taken back


def test_a_verdict_is_kept_with_who_gave_it_when_and_how(bench: Bench) -> None:
    assert give(bench, 1, RELEVANT) == {"nmj": None}

    (found,) = bench.store.verdicts("nmj")
    assert found == Verdict(found.id, "nmj", pubmed_id(1), RELEVANT, "anna", MONDAY, "cli")


def test_marking_again_replaces_and_what_was_replaced_stays_readable(bench: Bench) -> None:
    give(bench, 1, RELEVANT)

    assert give(bench, 1, NOT, at=1) == {"nmj": RELEVANT}

    assert said(bench) == [(1, "anna", "not")]
    first, second = bench.store.explain(pubmed_id(1)).verdicts
    assert (first.kind, first.undone_at) == (RELEVANT, MONDAY + days(1))
    assert (second.kind, second.undone_at, second.id > first.id) == (NOT, None, True)


def test_saying_the_same_again_renews_the_date_and_nothing_else(bench: Bench) -> None:
    give(bench, 1, RELEVANT)
    (before,) = bench.store.explain(pubmed_id(1)).verdicts

    assert give(bench, 1, RELEVANT, at=1) == {"nmj": RELEVANT}

    assert bench.store.explain(pubmed_id(1)).verdicts == (replace(before, made_at=MONDAY + days(1)),)


def test_taking_back_nothing_writes_nothing(bench: Bench) -> None:
    give(bench, 1, RELEVANT, "ben")
    before = bench.store.explain(pubmed_id(1)).verdicts

    assert give(bench, 1, None, "anna", 1) == {"nmj": None}

    assert bench.store.explain(pubmed_id(1)).verdicts == before


def test_marking_again_asks_for_another_month_for_a_text_that_never_came(bench: Bench) -> None:
    bench.run(baseline=frozenset({pubmed_id(1)}))
    give(bench, 1, RELEVANT)
    gone_by = bench.store.unread_verdicts("nmj", MONDAY + days(1))

    give(bench, 1, RELEVANT, at=2)

    assert in_numbers((gone_by, bench.store.unread_verdicts("nmj", MONDAY + days(1)))) == ((), (1,))


def test_a_verdict_is_taken_back_once(bench: Bench) -> None:
    give(bench, 1, RELEVANT)

    assert [give(bench, 1, None, at=1), give(bench, 1, None, at=2)] == [{"nmj": RELEVANT}, {"nmj": None}]

    assert said(bench) == []
    assert [one.undone_at for one in bench.store.explain(pubmed_id(1)).verdicts] == [MONDAY + days(1)]


def test_readers_and_watches_have_each_their_own(bench: Bench) -> None:
    bench.register(BOTH)
    give(bench, 1, RELEVANT, "anna", 0, "nmj", "als")
    give(bench, 1, NOT, "ben", 1, "nmj")

    assert give(bench, 1, None, "anna", 2, "als") == {"als": RELEVANT}

    assert said(bench) == [(1, "anna", "relevant"), (1, "ben", "not")]
    assert said(bench, "als") == []


def test_a_watch_that_nobody_registered_has_no_verdicts_and_takes_none(bench: Bench) -> None:
    assert bench.store.verdicts("other") == ()
    assert bench.store.unread_verdicts("other", MONDAY) == ()
    with pytest.raises(UnknownNameError, match="no watch 'other'"):
        give(bench, 1, RELEVANT, "anna", 0, "nmj", "other")
    assert said(bench) == []


def test_two_that_mark_at_one_moment_leave_one_verdict_of_each_reader(bench: Bench) -> None:
    def mark(number: int) -> object:
        return give(bench, 1, (RELEVANT, NOT)[number % 2], ("anna", "ben")[number // 2 % 2])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(mark, range(40)))

    assert sorted(reader for _, reader, _ in said(bench)) == ["anna", "ben"]
    history = bench.store.explain(pubmed_id(1)).verdicts
    assert sum(one.undone_at is None for one in history) == 2


# --- marked papers without a text


def test_marked_papers_without_a_text_are_to_be_read(bench: Bench) -> None:
    bench.run(
        articles=(paper(1),), news={pubmed_id(1): BY_QUERY}, baseline=frozenset({pubmed_id(2)}), awaiting={pubmed_id(3): BY_QUERY}
    )
    for pmid in (1, 2, 3):
        give(bench, pmid, RELEVANT)

    assert in_numbers(bench.store.unread_verdicts("nmj", MONDAY)) == (2, 3)
    assert bench.store.unread_verdicts("nmj", MONDAY + days(1)) == ()


def test_a_marked_paper_whose_record_was_given_up_is_not_asked_for(bench: Bench) -> None:
    bench.run(awaiting={pubmed_id(3): BY_QUERY})
    give(bench, 3, RELEVANT)
    bench.run(at=MONDAY + days(1), unavailable=(pubmed_id(3),))

    assert in_numbers(bench.store.ledger("nmj")) == {3: HitState.UNAVAILABLE}
    assert bench.store.unread_verdicts("nmj", MONDAY) == ()


def test_a_paper_that_two_readers_marked_is_read_once_and_one_that_nobody_marks_any_more_not_at_all(bench: Bench) -> None:
    bench.run(baseline=frozenset({pubmed_id(1), pubmed_id(2)}))
    give(bench, 1, RELEVANT, "anna")
    give(bench, 1, NOT, "ben")
    give(bench, 2, NOT)
    give(bench, 2, None)

    assert in_numbers(bench.store.unread_verdicts("nmj", MONDAY)) == (1,)


# --- the papers of a watch


def test_the_papers_of_a_watch_are_those_since_a_day_and_those_still_to_be_judged(bench: Bench) -> None:
    bench.news(paper(1), at=MONDAY - days(20))
    bench.news(paper(2), at=MONDAY - days(20))
    bench.news(paper(3))
    bench.compose(judged={1: Outcome.BELOW_THRESHOLD, 3: Outcome.EXCLUDED_TYPE})

    found = bench.store.papers("nmj", since=MONDAY - days(7))

    assert [(one.article.pmid, one.outcome, one.state) for one in found] == [
        (2, None, HitState.NEWS),
        (3, Outcome.EXCLUDED_TYPE, HitState.NEWS),
    ]
    assert found[0].news_at == MONDAY - days(20)


def test_all_papers_are_those_with_a_text_the_baseline_too(bench: Bench) -> None:
    bench.store.save_articles([paper(1)], MONDAY)
    bench.run(baseline=frozenset({pubmed_id(1), pubmed_id(2)}), articles=(paper(3),), news={pubmed_id(3): BY_QUERY})

    found = bench.store.papers("nmj")

    assert [(one.article, one.state) for one in found] == [(paper(1), HitState.BASELINE), (paper(3), HitState.NEWS)]
    assert [one.article.pmid for one in bench.store.papers("nmj", since=MONDAY)] == [3]


def test_what_a_list_presented_counts_before_what_another_decided_later(bench: Bench) -> None:
    bench.register(lists={"weekly": ("nmj",), "daily": ("nmj",)})
    bench.news(paper(1))
    (one,) = bench.store.unjudged("weekly", "nmj")
    bench.compose(one)
    bench.compose(judged={1: Outcome.BELOW_THRESHOLD}, list_name="daily", at=MONDAY + days(1))

    assert [one.outcome for one in bench.store.papers("nmj")] == [Outcome.SHOWN]


def test_a_watch_has_news_since_the_cut_of_its_first_query(bench: Bench) -> None:
    assert bench.store.read_since("nmj") is None
    bench.run(version=version())
    bench.run(version=replace(version("agrin[tiab]"), cut=date(2026, 9, 1)), at=MONDAY + days(1))

    assert bench.store.read_since("nmj") == CUT
