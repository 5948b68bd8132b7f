from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.flow_samples import Desk
from support.records import in_numbers
from support.store_samples import Bench

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.domain import (
    Code,
    ErrorKind,
    Found,
    HitState,
    Origin,
    RecordId,
    RunOutcome,
    SearchFacts,
    Seed,
    Start,
    VerdictKind,
    pubmed_id,
)
from watcher.errors import BadQuery, ConfigurationError, Problem, QuietHours, Stopped
from watcher.flows.search.plan import Plan
from watcher.flows.search.reading import Reading, Searcher
from watcher.flows.search.records import CHANGED_PER_RUN, Fetcher, wait_for_quiet
from watcher.rank import build, load_background

NMJ = "neuromuscular junction[tiab]"
WIDER = f"{NMJ} OR kidney[tiab]"
TITLE = "The neuromuscular junction"
Desks = Callable[..., Desk]


def on_nmj(pmid: int, created: str, **more: object) -> bytes:
    return paper(pmid, title=TITLE, created=created, **more)  # type: ignore[arg-type]


def on_kidney(pmid: int, created: str) -> bytes:
    return paper(pmid, title="The kidney", created=created)


# --- which reading


def test_a_new_watch_is_read_whole_and_its_cut_is_thirty_days_back(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-01-30"), on_nmj(2, "2026-01-31"), on_nmj(3, "2026-03-01"))

    plan = one.plan("2026-03-02T06:00")
    report = one.run("2026-03-02T06:00")

    assert (plan.kind, plan.cut, plan.window_from) == ("first", date(2026, 1, 31), None)
    assert (report.kind, report.outcome, report.matched, report.new, report.full_set_as_of) == (
        "first",
        RunOutcome.GOOD,
        3,
        2,
        date(2026, 3, 2),
    )
    assert (one.news(), one.baseline()) == ({2, 3}, {1})


def test_the_next_day_only_the_window_is_searched_three_days_back(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"), on_nmj(2, "2026-03-03"))
    one.run("2026-03-02T06:00")
    one.pubmed.forget()

    plan = one.plan("2026-03-03T06:00")
    report = one.run("2026-03-03T06:00")

    assert (plan.kind, plan.window_from) == ("window", date(2026, 2, 27))
    assert (report.kind, report.full_set_as_of, report.new) == ("window", None, 1)
    (term,) = one.terms()
    assert '"2026/02/27"[crdt] : "3000"[crdt]' in term
    assert all(f"[{field}]" in term for field in ("crdt", "edat", "mhda", "lr"))


@pytest.mark.parametrize(
    ("instant", "reconcile", "kind"),
    [
        ("2026-03-09T05:59", False, "window"),
        ("2026-03-09T06:00", False, "full"),
        ("2026-03-03T06:00", True, "full"),
    ],
)
def test_the_whole_set_is_read_again_weekly_and_before_a_digest(instant: str, reconcile: bool, kind: str, at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.run("2026-03-02T06:00")

    assert one.plan(instant, reconcile=reconcile).kind == kind
    assert one.run(instant, reconcile=reconcile).kind == kind


def test_what_no_window_ever_held_is_found_by_the_whole_set(at_desk: Desks) -> None:
    hidden = Planted(on_nmj(9, "2019-05-05"), appears_at=date(2026, 3, 4))
    one = at_desk(on_nmj(1, "2026-03-01"), hidden)
    one.run("2026-03-02T06:00")

    window = one.run("2026-03-05T06:00")
    full = one.run("2026-03-05T07:00", reconcile=True)

    assert (window.new, full.new) == (0, 1)
    assert one.bench.store.explain(pubmed_id(9)).hits[0].origins == {Origin.FULL_SET}


def in_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.flows.search.records.PART", 3)
    monkeypatch.setattr("watcher.store.spool.ROOM", 2)
    monkeypatch.setattr("watcher.store.spool._TOGETHER", 2)


def test_a_run_that_goes_through_the_disk_part_by_part_keeps_all_that_came(at_desk: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_parts(monkeypatch)
    pmids = range(1, 8)
    one = at_desk(*(on_nmj(number, f"2026-02-{number + 10}") for number in pmids))
    one.values.update({number: 10.0 * number for number in pmids})

    report = one.run("2026-03-02T06:00")

    assert (report.matched, report.fetched, report.new, report.awaiting, report.selected) == (7, 7, 7, 0, 4)
    asked = [pubmed_id(number) for number in pmids]
    stored = one.store.articles(asked)
    assert {record_id.id: (article.title, article.crdt) for record_id, article in stored.items()} == {
        pmid: (TITLE, date(2026, 2, pmid + 10)) for pmid in pmids
    }
    scores = one.store.scores("nmj", one.ranked_as, asked)
    assert {record_id.id: scored.value for record_id, scored in scores.items()} == one.values
    assert one.store.ledger("nmj") == dict.fromkeys(asked, HitState.NEWS)
    assert [line for line in one.heard if "fetched" in line] == [f"nmj: fetched {done} of 7 records" for done in (3, 6, 7)]


def test_a_run_that_fails_in_its_second_part_keeps_nothing_of_the_first(at_desk: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    one = at_desk(*(on_nmj(number, f"2026-02-{number + 10}") for number in range(1, 8)))
    in_small_parts(monkeypatch)
    calls = count(1)
    one.pubmed.faults.plant("efetch", kind="http-503", times=2, when=lambda _call: next(calls) > 1)

    report = one.run("2026-03-02T06:00")

    assert (report.outcome, report.error_kind) == (RunOutcome.FAILED, ErrorKind.NO_ANSWER)
    assert next(calls) > 2
    assert (one.store.facts().articles, one.store.ledger("nmj")) == (0, {})


def test_white_space_is_no_edit(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.run("2026-03-02T06:00")

    one.edit(query="\n  neuromuscular\n   junction[tiab]  ")

    assert one.plan("2026-03-03T06:00").kind == "window"


def test_a_failed_run_leaves_the_window_where_it_was(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"), on_nmj(2, "2026-03-03"))
    one.run("2026-03-02T06:00")
    one.pubmed.faults.plant("efetch", kind="http-503", times=2)

    failed = one.run("2026-03-04T06:00")
    later = one.run("2026-03-20T06:00")

    assert (failed.outcome, failed.error_kind, failed.may_pass) == (RunOutcome.FAILED, ErrorKind.NO_ANSWER, True)
    assert later.window_from == date(2026, 2, 27)
    assert one.news() == {1, 2}


def test_a_first_reading_that_fails_is_a_first_reading_again(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.pubmed.faults.plant("esearch", kind="http-503", times=2)

    failed = one.run("2026-03-02T06:00")

    assert failed.outcome is RunOutcome.FAILED
    assert one.plan("2026-03-02T07:00").kind == "first"
    assert one.bench.store.ledger("nmj") == {}


# --- edits


def test_an_edit_is_cut_where_the_lists_digests_ended(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.run("2026-03-02T06:00")
    one.run("2026-03-09T06:00", reconcile=True)
    one.bench.compose(at=datetime(2026, 3, 9, 6, tzinfo=UTC))

    one.edit(query=WIDER)
    plan = one.plan("2026-03-11T06:00")

    assert (plan.kind, plan.cut) == ("edit", date(2026, 3, 9))


def test_of_several_lists_the_one_that_is_furthest_behind_gives_the_cut(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.bench.register(lists={"weekly": ("nmj",), "daily": ("nmj",), "new": ("nmj",)})
    for day in ("2026-03-02T06:00", "2026-03-09T06:00", "2026-03-10T06:00"):
        one.run(day, reconcile=True)
    one.bench.compose(at=datetime(2026, 3, 9, 6, tzinfo=UTC))
    one.bench.compose(at=datetime(2026, 3, 10, 6, tzinfo=UTC), list_name="daily")
    one.edit(query=WIDER)

    assert one.plan("2026-03-11T06:00", lists=("weekly", "daily")).cut == date(2026, 3, 9)
    assert one.plan("2026-03-11T06:00", lists=("daily",)).cut == date(2026, 3, 10)
    assert one.plan("2026-03-11T06:00", lists=("weekly", "new")).cut == date(2026, 1, 31)
    assert one.plan("2026-03-11T06:00", lists=()).cut == date(2026, 1, 31)


def test_a_digest_with_a_gap_does_not_move_an_edits_cut_beyond_what_was_read(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.run("2026-03-02T06:00")
    one.bench.compose(at=datetime(2026, 3, 9, 6, tzinfo=UTC))
    one.edit(query=WIDER)

    assert one.plan("2026-03-11T06:00").cut == date(2026, 3, 2)


def test_an_edit_takes_what_is_newer_than_the_cut_as_news_and_the_rest_as_baseline(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"), on_kidney(2, "2026-03-10"), on_kidney(3, "2026-03-08"), on_kidney(4, "2020-01-01"))
    one.run("2026-03-02T06:00")
    one.run("2026-03-09T06:00", reconcile=True)
    one.bench.compose(at=datetime(2026, 3, 9, 6, tzinfo=UTC))

    one.edit(query=WIDER)
    report = one.run("2026-03-11T06:00")

    assert (report.kind, report.outcome, report.new) == ("edit", RunOutcome.GOOD, 1)
    assert (one.news(), one.baseline()) == ({1, 2}, {3, 4})
    version = one.bench.store.version_in_force("nmj")
    assert version is not None
    assert (version.ordinal, version.term, version.cut, version.matched) == (2, WIDER, date(2026, 3, 9), 4)


def test_the_best_of_the_older_papers_that_an_edit_adds_are_starters(at_desk: Desks) -> None:
    one = at_desk(*(on_kidney(pmid, "2020-01-01") for pmid in range(1, 7)))
    one.values = {1: 90, 2: 80, 3: 70, 4: 34.9, 5: 35, 6: 20}
    one.edit(start=Start(30, 3))
    one.run("2026-03-02T06:00")

    one.edit(query=WIDER)
    one.run("2026-03-03T06:00")

    starters = one.bench.store.starters("weekly", "nmj")
    assert {candidate.article.pmid for candidate in starters} == {1, 2, 3}
    assert one.baseline() == {1, 2, 3, 4, 5, 6}


def test_excluded_and_retracted_papers_are_no_starters(at_desk: Desks) -> None:
    comment = paper(1, title="The kidney", created="2020-01-01", types=["Comment"])
    retracted = paper(2, title="The kidney", created="2020-01-01", types=["Retracted Publication"])
    one = at_desk(comment, retracted, on_kidney(3, "2020-01-01"))
    one.run("2026-03-02T06:00")

    one.edit(query=WIDER)
    one.run("2026-03-03T06:00")

    assert [candidate.article.pmid for candidate in one.bench.store.starters("weekly", "nmj")] == [3]


def test_an_edit_of_a_watch_without_starters_fetches_no_older_paper(at_desk: Desks) -> None:
    one = at_desk(on_kidney(1, "2020-01-01"))
    one.edit(start=Start(30, 0))
    one.run("2026-03-02T06:00")

    one.edit(query=WIDER)
    report = one.run("2026-03-03T06:00")

    assert report.fetched == 0
    assert one.pubmed.calls("efetch") == []


def test_a_refused_edit_keeps_the_old_query_in_force_and_its_papers_coming(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"), on_nmj(2, "2026-03-03"), on_kidney(3, "2026-03-03"))
    one.run("2026-03-02T06:00")

    one.edit(query=WIDER, allow_over=2)
    report = one.run("2026-03-04T06:00")

    assert (report.outcome, report.error_kind) == (RunOutcome.GOOD, ErrorKind.TOO_MANY)
    assert any(
        warning.what.startswith("the edited query was refused, the one before stays in force") for warning in report.warnings
    )
    assert one.news() == {1, 2}
    assert one.plan("2026-03-05T06:00").kind == "edit"
    version = one.bench.store.version_in_force("nmj")
    assert version is not None
    assert version.term == NMJ


def test_a_refused_first_query_is_a_refused_run(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"), on_nmj(2, "2026-03-01"))
    one.edit(allow_over=1)

    report = one.run("2026-03-02T06:00")

    assert (report.outcome, report.error_kind, report.may_pass) == (RunOutcome.REFUSED, ErrorKind.TOO_MANY, False)
    assert "more than allow_over (1)" in str(report.error)
    assert one.bench.store.version_in_force("nmj") is None


# --- guards


class Counting:
    """A PubMed that only counts: so many for the query alone, so many with dates."""

    def __init__(self, alone: int, dated: int) -> None:
        self.alone, self.dated, self.asked = alone, dated, 0

    def search(self, term: str, *, retmax: int = 9_999) -> Found:
        """One count; `retmax` is what the real one takes."""
        self.asked += 1
        count = self.alone if term == NMJ and retmax == 0 else self.dated
        return Found(SearchFacts(term, count, phrases_not_found=("agrinn[tiab]",)), ())

    def read_set(self, term: str, *, first: Found | None = None) -> Found:
        """What was found first."""
        return first or self.search(term)


def dated_search(source: Counting, of: int) -> Found:
    reader = Searcher(cast("Any", source), cast("Any", SimpleNamespace(term=NMJ)))
    return reader._dated(f"({NMJ}) AND dates", of)


def test_words_that_pubmed_drops_do_not_let_dates_alone_be_searched() -> None:
    with pytest.raises(BadQuery, match=r"1,300 records, without them 12: .*agrinn"):
        dated_search(Counting(alone=12, dated=1_300), of=12)


@pytest.mark.parametrize(("dated", "of"), [(1_000, 0), (1_012, 12), (13_000, 10_000)])
def test_a_dated_search_may_find_a_little_more_than_the_query_found_before(dated: int, of: int) -> None:
    source = Counting(alone=0, dated=dated)

    assert dated_search(source, of).facts.count == dated
    assert source.asked == 1


def test_a_query_that_really_grew_by_thousands_is_believed_once_it_was_counted() -> None:
    source = Counting(alone=12_284, dated=12_284)

    assert dated_search(source, of=6_974).facts.count == 12_284
    assert source.asked == 2


def test_a_set_that_fell_by_more_than_half_is_read_once_more(at_desk: Desks) -> None:
    one = at_desk(*(on_nmj(pmid, "2026-03-01") for pmid in range(1, 10)))
    one.run("2026-03-02T06:00")
    one.pubmed.faults.plant("esearch", kind="shrunken-set", when=lambda call: call.value("term") == NMJ)

    report = one.run("2026-03-09T06:00")

    assert (report.matched, report.warnings) == (9, ())


def test_a_set_that_stays_under_half_is_told_as_drift(at_desk: Desks) -> None:
    one = at_desk(*(on_nmj(pmid, "2026-03-01") for pmid in range(1, 10)))
    one.run("2026-03-02T06:00")
    one.pubmed.faults.plant("esearch", kind="shrunken-set", times=2, when=lambda call: call.value("term") == NMJ)

    report = one.run("2026-03-09T06:00")

    assert [(one.code, one.what) for one in report.warnings] == [
        (Code.SET_FELL, "the full set fell from 9 to 3 records: PubMed or the query's terms have changed")
    ]
    assert one.news() == set(range(1, 10))


def test_a_set_that_grew_over_the_allowed_is_read_and_told(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"), on_nmj(2, "2026-03-03"))
    one.edit(allow_over=1)
    one.run("2026-03-02T06:00")

    report = one.run("2026-03-09T06:00", reconcile=True)

    assert report.outcome is RunOutcome.GOOD
    assert [(one.code, one.what) for one in report.warnings] == [
        (Code.TOO_MANY, "the query matches more records than allow_over (1)")
    ]
    assert one.news() == {1, 2}


FRIDAY_NOON = datetime(2026, 3, 6, 17, tzinfo=UTC)
FRIDAY_NIGHT = datetime(2026, 3, 7, 3, tzinfo=UTC)


def test_a_large_job_waits_for_ncbis_quiet_hours() -> None:
    with pytest.raises(QuietHours, match="20,001 records take 101 requests") as raised:
        wait_for_quiet("nmj", 20_001, FRIDAY_NOON, at_once=False)

    assert raised.value.fix == "`watcher run nmj --now` does it at once"


def test_a_job_that_is_small_or_at_night_or_wanted_at_once_does_not_wait() -> None:
    wait_for_quiet("nmj", 20_000, FRIDAY_NOON, at_once=False)
    wait_for_quiet("nmj", 50_000, FRIDAY_NIGHT, at_once=False)
    wait_for_quiet("nmj", 50_000, FRIDAY_NOON, at_once=True)


# --- the service's end, and a clock that jumps


def test_a_run_that_the_services_end_breaks_off_keeps_nothing_and_is_no_failure(at_desk: Desks) -> None:
    one, stopping = at_desk(on_nmj(1, "2026-03-01")), threading.Event()
    runner = replace(one.runner(), say=lambda _line: stopping.set(), stopping=stopping)

    with pytest.raises(Stopped):
        runner.run(one.watch, now=one.at("2026-03-02T06:00"))

    (report,) = one.store.runs_since("nmj", None)
    assert (report.outcome, report.error_kind, report.error) == (
        RunOutcome.ABANDONED,
        ErrorKind.STOPPED,
        "the service was stopped; the next start goes on",
    )
    assert (one.store.ledger("nmj"), one.store.run_history("nmj").failed_in_row) == ({}, 0)
    assert one.run("2026-03-02T06:01").new == 1


def test_a_service_that_is_to_stop_begins_no_run(at_desk: Desks) -> None:
    one, stopping = at_desk(), threading.Event()
    stopping.set()

    with pytest.raises(Stopped):
        replace(one.runner(), stopping=stopping).run(one.watch, now=one.at("2026-03-02T06:00"))

    assert one.store.runs_since("nmj", None) == ()


def test_after_a_clock_that_was_a_year_ahead_a_run_searches_from_the_last_true_day(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"), on_nmj(2, "2026-03-04"))
    for instant in ("2026-03-02T06:00", "2027-03-02T06:00"):
        one.run(instant)

    plan = one.plan("2026-03-05T06:00")

    assert (plan.kind, plan.window_from) == ("window", date(2026, 2, 27))


# --- similar articles


AGRIN = Seed("nmj/agrin.txt", "", "0" * 64, pmid=500)


def _with_a_seed(one: Desk) -> Desk:
    one.seeds = (AGRIN,)
    one.edit(similar=True)
    return one


def _near(pmid: int, created: str) -> bytes:
    return paper(pmid, title="Agrin LRP4 MuSK rapsyn clusters in myotubes", created=created)


def test_neighbours_of_the_seeds_that_are_newer_than_the_cut_are_news_of_their_own_origin(at_desk: Desks) -> None:
    one = _with_a_seed(at_desk(_near(500, "2015-01-01"), _near(1, "2026-02-20"), _near(2, "2019-01-01")))

    report = one.run("2026-03-02T06:00")

    assert report.new == 1
    assert one.bench.store.explain(pubmed_id(1)).hits[0].origins == {Origin.SIMILAR}
    assert one.news() == {1}


def test_neighbours_are_asked_for_once_a_week(at_desk: Desks) -> None:
    one = _with_a_seed(at_desk(_near(500, "2015-01-01"), _near(1, "2026-02-20")))

    for day in ("2026-03-02T06:00", "2026-03-03T06:00", "2026-03-08T06:00", "2026-03-09T06:00"):
        one.run(day)

    assert len(one.pubmed.calls("elink")) == 2


def test_neighbours_that_cannot_be_had_cost_a_warning_and_are_asked_for_again(at_desk: Desks) -> None:
    one = _with_a_seed(at_desk(_near(500, "2015-01-01"), _near(1, "2026-02-20"), on_nmj(2, "2026-03-01")))
    one.pubmed.faults.plant("elink", kind="elink-outage", times=2)

    without = one.run("2026-03-02T06:00")
    found = one.news()
    with_them = one.run("2026-03-03T06:00")

    assert without.outcome is RunOutcome.GOOD
    assert [warning for warning in without.warnings if warning.what.startswith("similar articles of the seeds were left out")]
    assert found == {2}
    assert (with_them.warnings, one.news()) == ((), {1, 2})


# --- records


def test_a_record_that_does_not_come_is_asked_for_again_and_given_up_after_thirty_days(at_desk: Desks) -> None:
    never = Planted(on_nmj(1, "2026-03-01"), fetchable_at=date(2027, 1, 1))
    one = at_desk(never)

    first = one.run("2026-03-02T06:00")
    asked_twice = len(one.pubmed.calls("efetch"))
    waiting = one.bench.store.waiting("nmj")
    one.run("2026-03-31T06:00")
    still = one.bench.store.awaiting_count("nmj")
    one.run("2026-04-02T06:00")

    assert (first.new, first.awaiting, asked_twice) == (1, 1, 2)
    assert in_numbers([(one.record_id, one.tries) for one in waiting]) == [(1, 1)]
    assert still == 1
    assert one.bench.store.awaiting_count("nmj") == 0
    assert in_numbers(one.bench.store.newly_unavailable("nmj", None)) == (1,)


def test_a_record_that_was_given_up_and_changes_later_comes_back(at_desk: Desks) -> None:
    late = Planted(
        on_nmj(1, "2026-03-01"),
        changes=((date(2026, 5, 1), on_nmj(1, "2026-03-01", revised="2026-05-01")),),
        fetchable_at=date(2026, 5, 1),
    )
    one = at_desk(late)
    for day in ("2026-03-02T06:00", "2026-04-02T06:00", "2026-05-01T06:00"):
        one.run(day)

    assert one.news() == {1}
    assert one.bench.store.newly_unavailable("nmj", None) == ()


def test_a_record_that_was_given_up_comes_with_the_next_full_reading_that_can_have_it(at_desk: Desks) -> None:
    one = at_desk(Planted(on_nmj(1, "2026-03-01"), fetchable_at=date(2026, 4, 10)))
    for day in ("2026-03-02T06:00", "2026-04-02T06:00"):
        one.run(day)
    given_up = (one.news(), one.bench.store.newly_unavailable("nmj", None))

    one.run("2026-04-11T06:00", reconcile=True)

    assert in_numbers(given_up) == (set(), (1,))
    assert one.news() == {1}
    assert one.bench.store.newly_unavailable("nmj", None) == ()


def test_a_changed_record_is_read_again_and_stored(at_desk: Desks) -> None:
    changed = Planted(
        on_nmj(1, "2026-03-01"),
        changes=((date(2026, 3, 20), on_nmj(1, "2026-03-01", revised="2026-03-20", abstract="Agrin.")),),
    )
    one = at_desk(changed)
    one.run("2026-03-02T06:00")

    report = one.run("2026-03-20T06:00", reconcile=True)

    assert (report.new, report.fetched) == (0, 1)
    assert one.bench.store.articles([pubmed_id(1)])[pubmed_id(1)].abstract == "Agrin."


def changed_of(one: Desk, plan: Plan) -> list[RecordId]:
    """Known records that are read again, where the window found everything."""
    fetcher = Fetcher(one.source, one.store, plan, Reading(SearchFacts("", 0), {}), one.at("2026-03-03T06:00"), print)
    return fetcher._changed(frozenset(plan.ledger), owed=())


def test_changed_records_are_read_again_two_thousand_a_run_those_read_longest_ago_first(at_desk: Desks) -> None:
    one = at_desk()
    _stored(one.bench, range(1, CHANGED_PER_RUN + 3), datetime(2026, 3, 1, tzinfo=UTC))
    _stored(one.bench, [1, 5], datetime(2026, 3, 2, tzinfo=UTC))
    plan = one.plan("2026-03-03T06:00")

    changed = changed_of(one, plan)

    assert len(changed) == CHANGED_PER_RUN
    assert not {1, 5} & set(changed)


def _stored(bench: Bench, pmids: range | list[int], at: datetime) -> None:
    from support.store_samples import paper as article  # noqa: PLC0415 - beside the builder of XML, which has its name

    bench.news(*(article(pmid) for pmid in pmids), at=at)


def test_a_paper_that_left_the_set_is_noted_as_absent_and_returns(at_desk: Desks) -> None:
    other = paper(2, title="The kidney", created="2026-03-01", revised="2026-03-10")
    again = on_nmj(2, "2026-03-01", revised="2026-03-20")
    wandering = Planted(on_nmj(2, "2026-03-01"), changes=((date(2026, 3, 10), other), (date(2026, 3, 20), again)))
    one = at_desk(on_nmj(1, "2026-03-01"), wandering)

    seen = []
    for day in ("2026-03-02T06:00", "2026-03-12T06:00", "2026-03-19T06:00", "2026-03-26T06:00"):
        one.run(day, reconcile=True)
        seen.append(one.bench.store.explain(pubmed_id(2)).hits[0].absent_readings)

    assert seen == [0, 1, 2, 0]


# --- what a run tells


def test_a_report_counts_what_matched_was_known_was_fetched_and_passed(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"), on_nmj(2, "2026-03-03"), on_nmj(3, "2026-03-03"))
    one.values = {2: 90, 3: 10}
    one.run("2026-03-02T06:00")
    one.pubmed.forget()

    report = one.run("2026-03-03T06:00")

    assert (report.matched, report.known, report.fetched, report.new, report.selected) == (3, 1, 3, 2, 1)
    assert report.requests == len(one.pubmed.log) == 2
    assert report.started_at == report.finished_at == datetime(2026, 3, 3, 6, tzinfo=UTC)


def test_a_rehearsal_finds_the_same_counts_its_requests_and_keeps_nothing(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))

    planned = one.runner().rehearse(one.watch, now=one.at("2026-03-02T06:00"), lists=("weekly",))

    assert (planned.report.new, planned.report.requests) == (1, len(one.pubmed.log))
    assert one.bench.store.ledger("nmj") == {}
    assert one.bench.store.runs_since("nmj", None) == ()


def test_what_pubmed_complained_of_is_in_the_report(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.edit(query=f'{NMJ} OR "gibberish phrase"[tiab]')

    report = one.run("2026-03-02T06:00")

    assert any("gibberish phrase" in warning.what for warning in report.warnings)
    assert report.translation


def test_without_any_text_to_rank_by_papers_are_collected_and_all_pass(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    runner = replace(one.runner(), rank=lambda _watch, seeds: build(seeds, background=load_background()))

    report = runner.run(one.watch, now=one.at("2026-03-02T06:00"))

    assert (report.outcome, report.new, report.selected) == (RunOutcome.GOOD, 1, 1)
    assert any("not ranked and all are shown" in warning.what for warning in report.warnings)
    assert in_numbers(one.bench.store.ledger("nmj")) == {1: HitState.NEWS}


def test_a_seed_file_that_cannot_be_read_fails_the_run_of_its_watch(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))

    def broken(_watch: object) -> tuple[Seed, ...]:
        raise ConfigurationError(Problem("seeds/nmj/x.ris is no RIS file"))

    report = replace(one.runner(), seeds=broken).run(one.watch, now=one.at("2026-03-02T06:00"))

    assert (report.outcome, report.error) == (RunOutcome.FAILED, "seeds/nmj/x.ris is no RIS file")


def test_a_defect_is_raised_and_the_run_stays_open_to_be_told_as_abandoned(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))

    def defective(_watch: object, _seeds: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        replace(one.runner(), rank=defective).run(one.watch, now=one.at("2026-03-02T06:00"))  # type: ignore[arg-type]

    assert one.bench.store.abandon_open_runs(one.at("2026-03-02T07:00")) == 1


def test_progress_is_told(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))

    one.run("2026-03-02T06:00")

    assert one.heard == ["nmj: searching (first)", "nmj: fetched 1 of 1 records"]


def test_a_seed_that_pubmed_does_not_know_is_looked_for_again_after_four_weeks(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.seeds = (Seed("nmj/agrin.txt", "", "0" * 64, doi="10.9999/later", title="Agrin in a paper of later"),)

    for day in range(2, 32, 4):
        one.run((datetime(2026, 3, 1, 6, tzinfo=UTC) + timedelta(days=day - 1)).isoformat()[:16])

    assert sum("10.9999/later" in term for term in one.terms()) == 2


def test_seeds_that_cannot_be_looked_up_now_are_a_warning(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))
    one.seeds = (Seed("nmj/agrin.txt", "", "0" * 64, doi="10.9999/x", title="Agrin"),)
    one.pubmed.faults.plant("esearch", kind="http-503", times=2, when=lambda call: "10.9999" in call.value("term"))

    report = one.run("2026-03-02T06:00")

    assert report.outcome is RunOutcome.GOOD
    assert any("stand on their own text for now" in warning.what for warning in report.warnings)
    assert one.bench.store.seeds("nmj") == ()


# --- marked papers


def test_a_marked_paper_without_a_text_is_asked_for_in_each_run_for_thirty_days(at_desk: Desks) -> None:
    one = at_desk(Planted(on_nmj(1, "2020-01-01"), fetchable_at=date(2027, 1, 1)))
    one.run("2026-03-02T06:00")
    one.store.give_verdict(pubmed_id(1), VerdictKind.RELEVANT, ["nmj"], reader="anna", at=one.at("2026-03-02T07:00"))
    asked = {}

    for instant in ("2026-03-03T06:00", "2026-04-01T06:00", "2026-04-02T06:00"):
        one.pubmed.forget()
        report = one.run(instant)
        assert (report.outcome, report.awaiting, report.new) == (RunOutcome.GOOD, 0, 0)
        asked[instant] = len(one.pubmed.calls("efetch"))

    assert asked == {"2026-03-03T06:00": 1, "2026-04-01T06:00": 1, "2026-04-02T06:00": 0}
    assert one.baseline() == {1}


def test_a_marked_paper_whose_text_was_dropped_is_read_again_and_is_no_news(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01", abstract="Agrin."))
    one.edit(threshold=60)
    one.tick("2026-03-02T09:00")
    one.tick("2026-03-09T07:00")
    assert one.store.forget(one.at("2028-06-01T06:00")) == 1

    one.store.give_verdict(pubmed_id(1), VerdictKind.RELEVANT, ["nmj"], reader="anna", at=one.at("2028-06-01T07:00"))
    report = one.run("2028-06-01T08:00")
    text = one.store.articles([pubmed_id(1)])

    assert (report.new, text[pubmed_id(1)].abstract) == (0, "Agrin.")
    assert one.store.unjudged("weekly", "nmj") == ()
    assert one.store.gained("weekly", "nmj") == ()
