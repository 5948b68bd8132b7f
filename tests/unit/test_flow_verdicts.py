from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.records import in_numbers
from support.store_samples import BY_QUERY, MONDAY, Bench, days, paper

from watcher.domain import NO_TITLE, HitState, Verdict, VerdictKind, pubmed_id
from watcher.errors import UnknownNameError
from watcher.flows.scoring.verdicts import Lessons, Marking, agreed, counted, lessons, mark, not_wanted

RELEVANT, NOT = VerdictKind.RELEVANT, VerdictKind.NOT
BOTH = {"nmj": None, "als": None}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    made.register(BOTH, {"weekly": ("nmj", "als")})
    made.news(paper(1), paper(2), paper(3))
    made.news(paper(1), watch="als")
    made.run(at=MONDAY + days(1), baseline=frozenset({pubmed_id(7)}))
    yield made
    made.store.close()


def say(bench: Bench, pmid: int, kind: VerdictKind | None, reader: str = "anna", only: str | None = None) -> Marking:
    return mark(bench.store, pubmed_id(pmid), kind, ["nmj", "als"], reader=reader, via="cli", now=MONDAY + days(2), only=only)


def refused(bench: Bench, pmid: int, watches: list[str], only: str | None = None) -> str:
    with pytest.raises(UnknownNameError) as refusal:
        mark(bench.store, pubmed_id(pmid), RELEVANT, watches, reader="anna", via="cli", now=MONDAY, only=only)
    assert bench.store.explain(pubmed_id(pmid)).verdicts == ()
    return str(refusal.value)


def verdict(number: int, pmid: int, kind: VerdictKind, reader: str) -> Verdict:
    return Verdict(number, "nmj", pubmed_id(pmid), kind, reader, datetime(2026, 9, 14, tzinfo=UTC))


# --- given


def test_a_verdict_is_for_every_watch_that_has_seen_the_paper(bench: Bench) -> None:
    done = say(bench, 1, RELEVANT)

    assert in_numbers((done.record_id, done.title, done.reader)) == (1, "Sample paper 1 on synapses", "anna")
    assert [(one.watch, one.before, one.now, one.agreed, one.has_text) for one in done.watches] == [
        ("nmj", None, RELEVANT, RELEVANT, True),
        ("als", None, RELEVANT, RELEVANT, True),
    ]
    assert [one.made_at for one in bench.store.verdicts("als")] == [MONDAY + days(2)]


def test_or_for_one_alone(bench: Bench) -> None:
    done = say(bench, 1, NOT, only="als")

    assert [one.watch for one in done.watches] == ["als"]
    assert (len(bench.store.verdicts("nmj")), len(bench.store.verdicts("als"))) == (0, 1)


def test_it_tells_what_the_reader_said_before_and_what_others_say(bench: Bench) -> None:
    say(bench, 2, RELEVANT)
    say(bench, 2, RELEVANT, "ben")

    (told,) = say(bench, 2, NOT).watches

    assert (told.before, told.now, told.agreed) == (RELEVANT, NOT, None)
    assert [(one.reader, one.kind) for one in told.others] == [("ben", RELEVANT)]


def test_a_verdict_taken_back_counts_no_more(bench: Bench) -> None:
    say(bench, 2, RELEVANT)

    (undone,) = say(bench, 2, None).watches
    (again,) = say(bench, 2, None).watches

    assert (undone.before, undone.now, undone.agreed) == (RELEVANT, None, None)
    assert (again.before, again.now) == (None, None)
    assert lessons(bench.store, "nmj") == Lessons()


def test_a_paper_of_the_baseline_can_be_marked_and_has_no_text_yet(bench: Bench) -> None:
    done = say(bench, 7, RELEVANT)

    assert done.title == NO_TITLE
    assert [(one.state, one.has_text) for one in done.watches] == [(HitState.BASELINE, False)]


def test_later_is_a_reading_list_that_teaches_nothing(bench: Bench) -> None:
    say(bench, 1, RELEVANT, "ben", only="nmj")
    before = lessons(bench.store, "nmj")

    (told,) = say(bench, 1, VerdictKind.LATER, only="nmj").watches

    assert (told.now, told.agreed) == (VerdictKind.LATER, RELEVANT)
    assert lessons(bench.store, "nmj") == before
    assert counted(bench.store, "nmj") == {RELEVANT: 1}


def test_who_says_later_takes_back_what_they_said_before(bench: Bench) -> None:
    say(bench, 2, RELEVANT)

    say(bench, 2, VerdictKind.LATER)

    assert lessons(bench.store, "nmj") == Lessons()
    assert [(one.kind, one.undone_at is None) for one in bench.store.explain(pubmed_id(2)).verdicts] == [
        (RELEVANT, False),
        (VerdictKind.LATER, True),
    ]


# --- refused


def test_a_paper_that_no_watch_has_seen_takes_no_verdict(bench: Bench) -> None:
    said = refused(bench, 99, ["nmj", "als"])

    assert "no watch has seen PMID 99" in said
    assert "put it among the seeds of a watch (nmj, als)" in said


def test_nor_for_a_watch_that_has_not_seen_it_and_those_that_have_are_named(bench: Bench) -> None:
    said = refused(bench, 2, ["nmj", "als"], only="als")

    assert "watch als has not seen PMID 2" in said
    assert "it was seen by: nmj" in said


def test_a_watch_that_the_configuration_no_longer_has_does_not_count(bench: Bench) -> None:
    said = refused(bench, 2, ["als"])

    assert "only watches that the configuration no longer has (nmj) have seen PMID 2" in said


# --- what the readers agree on


def test_the_word_of_more_readers_counts_and_as_many_on_both_sides_cancel_out() -> None:
    said = [
        verdict(1, 1, RELEVANT, "anna"),
        verdict(2, 1, NOT, "ben"),
        verdict(3, 1, NOT, "cleo"),
        verdict(4, 2, NOT, "anna"),
        verdict(5, 2, RELEVANT, "ben"),
        verdict(6, 3, RELEVANT, "ben"),
    ]

    assert agreed(said) == agreed(reversed(said))
    assert in_numbers(agreed(said)) == {1: NOT, 2: None, 3: RELEVANT}


def test_lessons_are_the_texts_of_the_papers_that_readers_agree_on(bench: Bench) -> None:
    for pmid, kind, reader in [
        (1, RELEVANT, "anna"),
        (2, NOT, "anna"),
        (3, NOT, "anna"),
        (3, RELEVANT, "ben"),
        (7, RELEVANT, "ben"),
    ]:
        say(bench, pmid, kind, reader)

    learnt = lessons(bench.store, "nmj")

    assert in_numbers((learnt.relevant, learnt.not_relevant, learnt.unread)) == ((paper(1),), (paper(2),), (7,))
    newest = max(one.id for one in bench.store.verdicts("nmj") if one.record_id.id in {1, 2})
    assert learnt.last_id == newest
    assert lessons(bench.store, "als") == Lessons((paper(1),), last_id=bench.store.verdicts("als")[0].id)


def test_lessons_do_not_depend_on_the_order_in_which_readers_spoke(tmp_path: Path) -> None:
    learnt = []
    for number, list_ in enumerate([(1, 2, 3), (3, 1, 2)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        bench = Bench.at(folder)
        bench.news(paper(1), paper(2), paper(3))
        for pmid in list_:
            bench.store.give_verdict(pubmed_id(pmid), RELEVANT, ["nmj"], reader="anna", at=MONDAY)
        learnt.append(replace(lessons(bench.store, "nmj"), last_id=None))
        bench.store.close()

    assert {one.pmid for one in learnt[0].relevant} == {1, 2, 3}
    assert learnt[0] == learnt[1]


def test_what_readers_agree_on_is_counted_and_what_they_do_not_want_is_named(bench: Bench) -> None:
    for pmid, kind, reader in [(1, NOT, "anna"), (1, NOT, "ben"), (2, NOT, "anna"), (3, NOT, "anna"), (3, RELEVANT, "ben")]:
        say(bench, pmid, kind, reader)
    say(bench, 7, RELEVANT)

    assert counted(bench.store, "nmj") == {NOT: 2, RELEVANT: 1}
    assert in_numbers(not_wanted(bench.store, "nmj")) == {1, 2}


def test_a_record_that_arrives_by_another_watch_is_learnt_from(bench: Bench) -> None:
    say(bench, 7, RELEVANT)
    bench.run(at=MONDAY + days(3), watch="als", articles=(paper(7),), news={pubmed_id(7): BY_QUERY})

    assert lessons(bench.store, "nmj").relevant == (paper(7),)
