from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.records import in_numbers
from support.store_samples import BY_QUERY, CUT, MONDAY, RANKING, REASONS, Bench, days, paper, version

from watcher.domain import (
    Code,
    ErrorKind,
    HitState,
    Origin,
    RankingFacts,
    ResolvedSeed,
    RunKind,
    RunOutcome,
    Scored,
    Seed,
    Warned,
    pubmed_id,
)
from watcher.errors import Busy, StoreError, UnknownNameError
from watcher.store import RunCommit, RunHistory, StoredArticle, Waiting


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


@contextmanager
def statements_to(bench: Bench, asked: list[str]) -> Iterator[None]:
    """Notes what the database is asked meanwhile."""
    engine = bench.store._database.engine

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    yield
    sa.event.remove(engine, "before_cursor_execute", note)


# --- configuration


def test_the_last_good_configuration_is_remembered(bench: Bench) -> None:
    bench.store.remember_configuration("one", "a: 1", MONDAY)
    bench.store.remember_configuration("two", "a: 2", MONDAY + days(1))
    assert bench.store.configuration() == ("two", MONDAY + days(1))

    bench.store.remember_configuration("one", "a: 1", MONDAY + days(2))

    assert bench.store.configuration() == ("one", MONDAY + days(2))


def test_a_new_database_remembers_no_configuration(bench: Bench) -> None:
    assert bench.store.configuration() is None


def test_a_renamed_watch_keeps_its_ledger(bench: Bench) -> None:
    bench.news(paper(1))

    bench.register({"synapse": "nmj"}, {"weekly": ("synapse",)})

    assert in_numbers(bench.store.ledger("synapse")) == {1: HitState.NEWS}
    assert bench.store.ledger("nmj") == {}


def test_of_a_watch_that_nobody_registered_nothing_is_known_and_nothing_can_be_kept(bench: Bench) -> None:
    store = bench.store

    assert store.run_history("unheard") == RunHistory()
    assert store.version_in_force("unheard") is None
    assert (store.ledger("unheard"), store.waiting("unheard"), store.seeds("unheard")) == ({}, (), ())
    assert (store.awaiting_count("unheard"), store.runs_since("unheard", None)) == (0, ())
    with pytest.raises(UnknownNameError, match="no watch 'unheard'"):
        store.begin_run("unheard", "window", MONDAY)


def test_watches_can_be_renamed_in_a_chain(bench: Bench) -> None:
    bench.register({"nmj": None, "als": None}, {})
    bench.news(paper(1), watch="nmj")
    bench.news(paper(2), watch="als")

    bench.register({"als": "nmj", "motor": "als"}, {})

    assert in_numbers(bench.store.ledger("als")) == {1: HitState.NEWS}
    assert in_numbers(bench.store.ledger("motor")) == {2: HitState.NEWS}


def test_a_rename_that_was_done_is_not_done_again(bench: Bench) -> None:
    bench.news(paper(1))
    bench.register({"synapse": "nmj"}, {})

    bench.register({"synapse": "nmj"}, {})

    assert in_numbers(bench.store.ledger("synapse")) == {1: HitState.NEWS}


def test_a_name_that_is_still_a_watch_is_not_taken_from_it(bench: Bench) -> None:
    bench.news(paper(1))

    bench.register({"nmj": None, "synapse": "nmj"}, {})

    assert in_numbers(bench.store.ledger("nmj")) == {1: HitState.NEWS}
    assert bench.store.ledger("synapse") == {}


def test_a_watch_that_left_and_came_back_keeps_its_ledger(bench: Bench) -> None:
    bench.news(paper(1))
    bench.register({}, {})

    bench.register()

    assert in_numbers(bench.store.ledger("nmj")) == {1: HitState.NEWS}


# --- open runs


def test_a_watch_has_one_open_run(bench: Bench) -> None:
    bench.store.begin_run("nmj", "window", MONDAY)

    with pytest.raises(Busy, match="watch nmj: another run is under way"):
        bench.store.begin_run("nmj", "window", MONDAY)


def test_another_watch_may_run_beside_it(bench: Bench) -> None:
    bench.register({"nmj": None, "als": None}, {})
    first = bench.store.begin_run("nmj", "window", MONDAY)

    assert bench.store.begin_run("als", "window", MONDAY) != first


def test_an_unknown_watch_cannot_run(bench: Bench) -> None:
    with pytest.raises(UnknownNameError, match="no watch 'mnj'"):
        bench.store.begin_run("mnj", "window", MONDAY)


def test_abandoned_runs_make_way_and_count_as_failures(bench: Bench) -> None:
    bench.store.begin_run("nmj", "window", MONDAY)

    assert bench.store.abandon_open_runs(MONDAY + days(1)) == 1

    history = bench.store.run_history("nmj")
    assert history.last is not None
    assert (history.last.outcome, history.last.finished_at) == (RunOutcome.ABANDONED, MONDAY + days(1))
    assert (history.failed_in_row, history.failing_since) == (1, MONDAY)
    assert bench.store.begin_run("nmj", "window", MONDAY + days(1))


def test_a_run_that_was_closed_meanwhile_writes_nothing(bench: Bench) -> None:
    run_id = bench.store.begin_run("nmj", "window", MONDAY)
    bench.store.abandon_open_runs(MONDAY)

    with pytest.raises(Busy, match="closed by another process"):
        bench.store.commit_run(run_id, RunCommit(bench.report(), articles=(paper(1),), news={pubmed_id(1): BY_QUERY}))
    with pytest.raises(Busy, match="closed by another process"):
        bench.store.fail_run(run_id, bench.report(outcome=RunOutcome.FAILED))

    assert bench.store.ledger("nmj") == {}
    assert bench.store.articles([pubmed_id(1)]) == {}


def test_a_commit_that_breaks_writes_nothing_and_leaves_the_run_open(bench: Bench) -> None:
    run_id = bench.store.begin_run("nmj", "window", MONDAY)
    broken = RunCommit(bench.report(), news={pubmed_id(1): BY_QUERY}, ranking=RANKING, scores=(Scored(pubmed_id(1), 50, REASONS),))

    with pytest.raises(StoreError, match="PMID 1 was scored but is not stored"):
        bench.store.commit_run(run_id, broken)

    assert bench.store.ledger("nmj") == {}
    bench.store.commit_run(run_id, RunCommit(bench.report()))
    assert bench.store.run_history("nmj").last_good == bench.report()


# --- history


def test_a_watch_without_runs_has_an_empty_history(bench: Bench) -> None:
    assert bench.store.run_history("nmj") == RunHistory()
    assert bench.store.version_in_force("nmj") is None


def test_a_report_comes_back_equal(bench: Bench) -> None:
    report = bench.run(
        report={
            "kind": RunKind.FULL,
            "finished_at": MONDAY + days(0.01),
            "window_from": date(2026, 9, 10),
            "window_to": date(2026, 9, 14),
            "full_set_as_of": date(2026, 9, 14),
            "matched": 9,
            "known": 8,
            "fetched": 7,
            "new": 6,
            "awaiting": 5,
            "selected": 4,
            "requests": 3,
            "seconds": 2.5,
            "translation": '"neuromuscular junction"[MeSH Terms]',
            "warnings": (
                Warned(Code.PUBMED_MESSAGE, "phrase not found: motor α-plate"),
                Warned(Code.PUBMED_MESSAGE, "ignored: the"),
            ),
        }
    )

    history = bench.store.run_history("nmj")

    assert history.last_good == history.last == report
    assert bench.store.runs_since("nmj", None) == (report,)


def test_a_failed_run_keeps_its_warnings_and_error_and_moves_no_window(bench: Bench) -> None:
    bench.run(report={"window_to": date(2026, 9, 14)})
    failed = bench.report(
        MONDAY + days(1),
        outcome=RunOutcome.FAILED,
        window_to=date(2026, 9, 15),
        error_kind=ErrorKind.NO_ANSWER,
        error="HTTP 503",
        may_pass=True,
        warnings=(Warned(Code.PUBMED_MESSAGE, "ignored: the"),),
    )

    bench.store.fail_run(bench.store.begin_run("nmj", "window", MONDAY + days(1)), failed)

    history = bench.store.run_history("nmj")
    assert history.last == failed
    assert history.window_to == date(2026, 9, 14)
    assert (history.failed_in_row, history.failing_since) == (1, MONDAY + days(1))


def test_failures_are_counted_since_the_last_good_run(bench: Bench) -> None:
    for day in range(4):
        at = MONDAY + days(day)
        run_id = bench.store.begin_run("nmj", "window", at)
        outcome = RunOutcome.GOOD if day == 1 else RunOutcome.REFUSED if day == 2 else RunOutcome.FAILED
        if outcome is RunOutcome.GOOD:
            bench.store.commit_run(run_id, RunCommit(bench.report(at)))
        else:
            bench.store.fail_run(run_id, bench.report(at, outcome=outcome))

    history = bench.store.run_history("nmj")

    assert (history.failed_in_row, history.failing_since) == (2, MONDAY + days(2))


def _fail(bench: Bench, at: datetime, **more: Any) -> None:  # noqa: ANN401 - whatever a report takes
    told = {"outcome": RunOutcome.FAILED, "error_kind": ErrorKind.NO_ANSWER, "error": "HTTP 503", "may_pass": True}
    bench.store.fail_run(bench.store.begin_run("nmj", "window", at), bench.report(at, **{**told, **more}))


def test_a_round_asks_little_of_a_watch_and_a_list_that_are_well(bench: Bench) -> None:
    bench.store.commit_run(bench.store.begin_run("nmj", "window", MONDAY), RunCommit(bench.report(matched=3, full_set_as_of=CUT)))
    asked: list[str] = []

    with statements_to(bench, asked):
        assert bench.store.run_history("nmj", now=MONDAY + days(1)).full_set_matched == 3
        assert bench.store.list_history("weekly", now=MONDAY + days(1)).created_at is not None

    assert len([one for one in asked if one.startswith("SELECT")]) <= 4


def test_several_looks_at_one_instant_read_a_history_once(bench: Bench) -> None:
    bench.store.commit_run(bench.store.begin_run("nmj", "window", MONDAY), RunCommit(bench.report(matched=3)))
    now, asked = MONDAY + days(1), list[str]()

    with statements_to(bench, asked), bench.store.looking():
        first, again = bench.store.run_history("nmj", now=now), bench.store.run_history("nmj", now=now)
        later = bench.store.run_history("nmj", now=now + days(1))
    bench.store.commit_run(bench.store.begin_run("nmj", "window", now), RunCommit(bench.report(now)))

    assert first == again == later
    assert len([one for one in asked if one.startswith("SELECT")]) == 4
    assert bench.store.run_history("nmj", now=now) != first


def test_the_last_failure_is_known_with_the_configuration_that_it_ran_under(bench: Bench) -> None:
    bench.run()
    bench.store.remember_configuration("config-1", "{}", MONDAY)
    _fail(bench, MONDAY + days(1), finished_at=MONDAY + days(1.25))
    bench.store.remember_configuration("config-2", "{}", MONDAY + days(1.5))
    _fail(bench, MONDAY + days(2), finished_at=MONDAY + days(2.25), outcome=RunOutcome.REFUSED)
    bench.store.remember_configuration("config-3", "{}", MONDAY + days(3))

    history = bench.store.run_history("nmj")

    assert (history.failed_in_row, history.failing_since) == (2, MONDAY + days(1))
    assert (history.failed_at, history.failed_config_sha256) == (MONDAY + days(2.25), "config-2")


def test_the_configuration_of_an_instant_is_that_of_the_last_run_before(bench: Bench) -> None:
    bench.run()
    bench.store.remember_configuration("config-1", '{"a": 1}', MONDAY + days(1))
    bench.run(at=MONDAY + days(1))
    bench.store.remember_configuration("config-2", '{"a": 2}', MONDAY + days(2))
    bench.run(at=MONDAY + days(3))

    found = [bench.store.document_at(MONDAY + days(day)) for day in (-1, 0, 1, 2.5, 3)]

    assert found == [None, None, '{"a": 1}', '{"a": 1}', '{"a": 2}']


def test_a_good_run_ends_the_failures(bench: Bench) -> None:
    _fail(bench, MONDAY)
    bench.store.begin_run("nmj", "window", MONDAY + days(1))
    bench.store.abandon_open_runs(MONDAY + days(1))

    bench.run(at=MONDAY + days(2))

    history = bench.store.run_history("nmj")
    assert (history.failed_in_row, history.abandoned_in_row, history.failed_at, history.failed_config_sha256) == (0, 0, None, None)


def test_runs_abandoned_one_after_the_other_are_counted(bench: Bench) -> None:
    _fail(bench, MONDAY)
    counted = []
    for day in (1, 2):
        bench.store.begin_run("nmj", "window", MONDAY + days(day))
        bench.store.abandon_open_runs(MONDAY + days(day))
        counted.append(bench.store.run_history("nmj").abandoned_in_row)
    _fail(bench, MONDAY + days(3))

    history = bench.store.run_history("nmj")

    assert (counted, history.abandoned_in_row, history.failed_in_row) == ([1, 2], 0, 4)


def test_a_run_that_the_services_end_broke_off_is_no_failure_and_not_the_last_word(bench: Bench) -> None:
    report = bench.run()
    _fail(bench, MONDAY + days(1), outcome=RunOutcome.ABANDONED, error_kind=ErrorKind.STOPPED, error="the service was stopped")

    history = bench.store.run_history("nmj")

    assert (history.last, history.last_good) == (report, report)
    assert (history.failed_in_row, history.abandoned_in_row, history.failed_at) == (0, 0, None)
    assert [run.error_kind for run in bench.store.runs_since("nmj", None)] == [None, ErrorKind.STOPPED]


@pytest.mark.parametrize("kind", [RunKind.FIRST, RunKind.EDIT])
def test_a_whole_reading_begins_the_window(bench: Bench, kind: RunKind) -> None:
    bench.run(report={"kind": kind, "full_set_as_of": date(2026, 9, 14)})

    assert bench.store.run_history("nmj").window_to == date(2026, 9, 14)


def test_a_run_without_a_window_leaves_the_window_where_it_was(bench: Bench) -> None:
    bench.run(report={"window_to": date(2026, 9, 14)})

    bench.run(at=MONDAY + days(1), report={"kind": RunKind.FULL, "full_set_as_of": date(2026, 9, 15)})

    assert bench.store.run_history("nmj").window_to == date(2026, 9, 14)


def test_the_last_full_set_and_the_last_reading_of_similar_papers_are_known(bench: Bench) -> None:
    bench.run(report={"full_set_as_of": date(2026, 9, 14), "matched": 420}, similar_read=True)
    bench.run(at=MONDAY + days(1), report={"window_to": date(2026, 9, 15), "matched": 3})

    history = bench.store.run_history("nmj")

    assert (history.full_set_at, history.full_set_as_of, history.full_set_matched) == (MONDAY, date(2026, 9, 14), 420)
    assert history.similar_at == MONDAY


def test_runs_since_an_instant_are_the_later_ones_oldest_first(bench: Bench) -> None:
    reports = [bench.run(at=MONDAY + days(day)) for day in range(3)]
    bench.store.begin_run("nmj", "window", MONDAY + days(4))

    assert bench.store.runs_since("nmj", MONDAY) == tuple(reports[1:])


def test_a_new_version_of_the_query_is_in_force_after_its_run(bench: Bench) -> None:
    bench.run(version=version("agrin[ti]"))
    bench.run(at=MONDAY + days(1), version=version("agrin[tiab]", phrases_not_found=("a b",), matched=7))

    found = bench.store.version_in_force("nmj")

    assert found is not None
    assert (found.watch, found.ordinal, found.term, found.cut) == ("nmj", 2, "agrin[tiab]", CUT)
    assert (found.phrases_not_found, found.matched, found.valid_from) == (("a b",), 7, MONDAY + days(1))


# --- the ledger


def test_the_ledger_knows_every_pmid_by_its_state(bench: Bench) -> None:
    bench.run(
        articles=(paper(1),), news={pubmed_id(1): BY_QUERY}, awaiting={pubmed_id(2): BY_QUERY}, baseline=frozenset({pubmed_id(3)})
    )

    assert in_numbers(bench.store.ledger("nmj")) == {1: HitState.NEWS, 2: HitState.AWAITING, 3: HitState.BASELINE}


def test_the_first_sight_of_a_pmid_stands(bench: Bench) -> None:
    bench.run(baseline=frozenset({pubmed_id(1)}))

    bench.run(at=MONDAY + days(1), articles=(paper(1),), news={pubmed_id(1): BY_QUERY})

    assert in_numbers(bench.store.ledger("nmj")) == {1: HitState.BASELINE}


def test_waiting_hits_are_told_with_their_tries_longest_first(bench: Bench) -> None:
    bench.run(awaiting={pubmed_id(9): BY_QUERY})
    bench.run(at=MONDAY + days(1), awaiting={pubmed_id(2): BY_QUERY}, still_awaiting=(pubmed_id(9),))
    bench.run(at=MONDAY + days(2), still_awaiting=(pubmed_id(9), pubmed_id(2)))

    assert bench.store.waiting("nmj") == (Waiting(pubmed_id(9), MONDAY, 3), Waiting(pubmed_id(2), MONDAY + days(1), 2))
    assert bench.store.awaiting_count("nmj") == 2


def test_a_hit_whose_record_arrives_is_news_then(bench: Bench) -> None:
    bench.run(awaiting={pubmed_id(1): frozenset({Origin.FULL_SET})})

    bench.run(at=MONDAY + days(3), articles=(paper(1),), arrived=(pubmed_id(1),))

    (candidate,) = bench.store.unjudged("weekly", "nmj")
    assert (candidate.hits[0].news_at, candidate.hits[0].origins) == (MONDAY + days(3), frozenset({Origin.FULL_SET}))
    assert bench.store.waiting("nmj") == ()


def test_a_hit_that_was_given_up_is_told_and_may_still_arrive(bench: Bench) -> None:
    bench.run(awaiting={pubmed_id(1): BY_QUERY})
    bench.run(at=MONDAY + days(30), unavailable=(pubmed_id(1),))
    assert bench.store.newly_unavailable("nmj", None) == bench.store.newly_unavailable("nmj", MONDAY) == (pubmed_id(1),)
    assert bench.store.newly_unavailable("nmj", MONDAY + days(30)) == ()

    bench.run(at=MONDAY + days(31), articles=(paper(1),), arrived=(pubmed_id(1),))

    assert in_numbers(bench.store.ledger("nmj")) == {1: HitState.NEWS}
    assert bench.store.newly_unavailable("nmj", None) == ()


def test_an_absent_pmid_is_counted_until_it_comes_again(bench: Bench) -> None:
    bench.run(baseline=frozenset({pubmed_id(1), pubmed_id(2)}))
    bench.run(at=MONDAY + days(7), absent=frozenset({pubmed_id(1)}), present=frozenset({pubmed_id(2)}))
    bench.run(at=MONDAY + days(14), absent=frozenset({pubmed_id(1)}), present=frozenset({pubmed_id(2)}))
    (hit,) = bench.store.explain(pubmed_id(1)).hits
    assert (hit.absent_since, hit.absent_readings) == (MONDAY + days(7), 2)

    bench.run(at=MONDAY + days(21), present=frozenset({pubmed_id(1), pubmed_id(2)}))

    (hit,) = bench.store.explain(pubmed_id(1)).hits
    assert (hit.absent_since, hit.absent_readings) == (None, 0)


def test_a_ledger_of_many_thousands_takes_few_parameters_at_a_time(bench: Bench) -> None:
    everything = frozenset(pubmed_id(number) for number in range(1, 5_001))
    bench.run(baseline=everything)

    bench.run(at=MONDAY + days(1), absent=everything, report={"full_set_as_of": date(2026, 9, 15)})
    bench.run(at=MONDAY + days(2), present=everything)

    assert len(bench.store.ledger("nmj")) == 5_000
    assert bench.store.stored(everything) == {}
    assert bench.store.explain(pubmed_id(4_999)).hits[0].absent_readings == 0


# --- articles, seeds and scores


def test_stored_articles_are_known_without_their_text(bench: Bench) -> None:
    bench.store.save_articles([paper(1, abstract="Agrin clusters receptors.")], MONDAY)
    bench.store.save_articles([paper(1, abstract="Agrin clusters receptors.")], MONDAY + days(1))

    known = bench.store.stored([pubmed_id(1), pubmed_id(2)])

    assert known.keys() == {pubmed_id(1)}
    assert known[pubmed_id(1)] == StoredArticle(pubmed_id(1), known[pubmed_id(1)].content_sha256, MONDAY + days(1), True, False)


def test_nul_characters_are_dropped_from_columns(bench: Bench) -> None:
    bench.run(report={"translation": "agrin\x00[ti]"})

    history = bench.store.run_history("nmj")

    assert history.last is not None
    assert history.last.translation == "agrin[ti]"


def test_a_seed_file_whose_name_is_not_utf_8_is_kept(bench: Bench) -> None:
    bench.store.add_seeds("nmj", [ResolvedSeed(Seed("nmj/Kr\udcfcger α.nbib", "", "sha"))], MONDAY)

    assert [row.path for row in bench.store.seeds("nmj")] == ["nmj/Kr?ger α.nbib"]


def test_seeds_come_back_as_they_were_resolved_with_their_record(bench: Bench) -> None:
    known = ResolvedSeed(Seed("nmj/list.txt", "line 2", "sha"), paper(1), "doi")
    unknown = ResolvedSeed(Seed("nmj/summary.md", "", "sha"), problem="no such DOI in PubMed")

    bench.store.add_seeds("nmj", [known, unknown], MONDAY)

    first, second = bench.store.seeds("nmj")
    assert in_numbers((first.path, first.locator, first.file_sha256, first.record_id, first.resolved_by)) == (
        "nmj/list.txt",
        "line 2",
        "sha",
        1,
        "doi",
    )
    assert (second.record_id, second.resolved_by, second.problem, second.resolved_at) == (
        None,
        None,
        "no such DOI in PubMed",
        MONDAY,
    )
    assert in_numbers(bench.store.articles([pubmed_id(1)])) == {1: paper(1)}
    assert bench.store.ledger("nmj") == {}


def test_a_seed_that_is_no_longer_given_is_gone_until_it_is_given_again(bench: Bench) -> None:
    seed = ResolvedSeed(Seed("nmj/list.txt", "line 2", "sha"), paper(1), "doi")
    bench.store.add_seeds("nmj", [seed], MONDAY)

    bench.store.drop_seeds("nmj", [("nmj/list.txt", "line 2")], MONDAY + days(1))
    assert bench.store.seeds("nmj") == ()

    bench.store.add_seeds("nmj", [seed], MONDAY + days(2))
    assert [row.resolved_at for row in bench.store.seeds("nmj")] == [MONDAY + days(2)]


def test_scores_belong_to_their_ranking_and_content(bench: Bench) -> None:
    scored = Scored(pubmed_id(1), 61.5, REASONS)
    bench.run(articles=(paper(1),), news={pubmed_id(1): BY_QUERY}, ranking=RANKING, scores=(scored,))

    assert in_numbers(bench.store.scores("nmj", RANKING.sha256, [pubmed_id(1), pubmed_id(2)])) == {1: scored}
    assert bench.store.scores("nmj", "another ranking", [pubmed_id(1)]) == {}

    bench.store.save_articles([paper(1, abstract="Now with an abstract.")], MONDAY + days(1))
    assert bench.store.scores("nmj", RANKING.sha256, [pubmed_id(1)]) == {}


def test_a_score_once_given_never_changes(bench: Bench) -> None:
    bench.news(paper(1))
    bench.store.save_scores("nmj", RANKING, [Scored(pubmed_id(1), 61.5, REASONS)], MONDAY)

    bench.store.save_scores("nmj", RANKING, [Scored(pubmed_id(1), 12.0, REASONS)], MONDAY + days(1))

    assert bench.store.scores("nmj", RANKING.sha256, [pubmed_id(1)])[pubmed_id(1)].value == 61.5


def test_two_watches_with_the_same_seeds_keep_their_own_scores(bench: Bench) -> None:
    bench.register({"nmj": None, "als": None}, {})
    bench.news(paper(1))
    bench.store.save_scores("nmj", RANKING, [Scored(pubmed_id(1), 61.5, REASONS)], MONDAY)

    bench.store.save_scores("als", RANKING, [Scored(pubmed_id(1), 12.0, REASONS)], MONDAY)

    assert bench.store.scores("als", RANKING.sha256, [pubmed_id(1)])[pubmed_id(1)].value == 12.0
    assert bench.store.scores("nmj", RANKING.sha256, [pubmed_id(1)])[pubmed_id(1)].value == 61.5


def test_scores_without_a_ranking_are_refused(bench: Bench) -> None:
    run_id = bench.store.begin_run("nmj", "window", MONDAY)

    with pytest.raises(StoreError, match="without the ranking"):
        bench.store.commit_run(run_id, RunCommit(bench.report(), scores=(Scored(pubmed_id(1), 1, REASONS),)))


def test_rankings_of_other_verdicts_are_others(bench: Bench) -> None:
    bench.news(paper(1))
    other = RankingFacts("ranking-2", "seeds-1", "background-1", "tfidf-1", last_verdict_id=4)
    bench.store.save_scores("nmj", RANKING, [Scored(pubmed_id(1), 61.5, REASONS)], MONDAY)

    bench.store.save_scores("nmj", other, [Scored(pubmed_id(1), 70.0, REASONS)], MONDAY)

    assert [facts.scored.value for facts in bench.store.explain(pubmed_id(1)).scores] == [61.5, 70.0]
