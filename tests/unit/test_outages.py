"""Spans without a search, read off the runs of the watches. Days are of March 2026; a daily run is due at 05:30 UTC."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.flow_samples import WEEKLY, Desk
from support.store_samples import Bench

from watcher import schedule
from watcher.domain import Empty, ErrorKind, Outage, RunKind, RunOutcome, RunReport
from watcher.flows.compose.outages import OFF, coverage, outages

DAILY = schedule.parse("daily 05:30", "UTC")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    one = Bench.at(tmp_path)
    with one.store:
        yield one


def at(day: int, clock: str = "05:31") -> datetime:
    return datetime.fromisoformat(f"2026-03-{day:02}T{clock}").replace(tzinfo=UTC)


def run(when: datetime, outcome: RunOutcome = RunOutcome.GOOD, *, watch: str = "nmj", minutes: int = 2, **more: Any) -> RunReport:  # noqa: ANN401 - whatever a RunReport takes
    return RunReport(watch, RunKind.WINDOW, outcome, when, when + timedelta(minutes=minutes), **more)


def failed(when: datetime, error: str = "HTTP 503", *, watch: str = "nmj", kind: str = ErrorKind.NO_ANSWER) -> RunReport:
    return run(when, RunOutcome.FAILED, watch=watch, error=error, error_kind=kind, may_pass=True)


def found(*reports: RunReport, since: datetime | None = None, until: datetime | None = None, jitter: int = 0) -> tuple[Outage, ...]:
    by_watch: dict[str, list[RunReport]] = {}
    for report in reports:
        by_watch.setdefault(report.watch, []).append(report)
    return outages(by_watch, DAILY, jitter, since, until or max(report.finished_at for report in reports))


# --- searches that failed


def test_daily_good_runs_leave_nothing_to_tell() -> None:
    assert found(*(run(at(day)) for day in range(2, 9))) == ()


def test_failed_runs_last_from_the_first_of_them_to_the_next_good_one() -> None:
    told = found(run(at(2)), failed(at(3)), failed(at(3, "05:41"), "no connection."), run(at(3, "09:12")), run(at(4)))

    assert told == (Outage(("nmj",), at(3), at(3, "09:12"), "no connection", at(3, "09:14")),)


def test_failed_runs_without_a_good_one_after_them_last_until_now() -> None:
    assert found(run(at(2)), failed(at(3)), until=at(3, "12:00")) == (Outage(("nmj",), at(3), at(3, "12:00"), "HTTP 503"),)


def test_a_refused_query_is_an_outage_too() -> None:
    (told,) = found(
        run(at(2)), run(at(3), RunOutcome.REFUSED, error="PubMed refused the query", error_kind=ErrorKind.QUERY), run(at(4))
    )

    assert (told.reason, told.made_good_at) == ("PubMed refused the query", at(4, "05:33"))


def test_two_failures_apart_are_two_outages() -> None:
    told = found(run(at(2)), failed(at(3)), run(at(3, "07:00")), failed(at(4)), run(at(4, "06:00")))

    assert [one.since for one in told] == [at(3), at(4)]


def test_a_large_job_that_waits_for_the_night_is_no_outage() -> None:
    assert found(run(at(2)), failed(at(3), kind=ErrorKind.QUIET_HOURS), run(at(3, "23:00")), run(at(4))) == ()


def test_runs_dated_ahead_of_now_are_left_out() -> None:
    told = found(run(at(2)), failed(at(3)), run(at(20)), until=at(3, "07:00"))

    assert [(one.since, one.made_good_at) for one in told] == [(at(3), None)]


# --- searches that did not take place


def test_slots_without_a_run_are_told_from_the_run_before_to_the_run_after() -> None:
    told = found(run(at(2)), run(at(5, "09:12")), run(at(6)))

    assert told == (Outage(("nmj",), at(2, "05:33"), at(5, "09:12"), OFF, at(5, "09:14")),)


def test_a_run_two_hours_after_its_slot_is_no_outage() -> None:
    assert found(run(at(2)), run(at(3, "07:29"))) == ()
    assert len(found(run(at(2)), run(at(3, "07:31")))) == 1


def test_a_slot_is_each_watchs_own_within_the_jitter() -> None:
    own = schedule.jittered(at(3, "05:30"), "nmj", 600)

    assert found(run(own - timedelta(days=1)), run(own + timedelta(minutes=119)), jitter=600) == ()
    assert len(found(run(own - timedelta(days=1)), run(own + timedelta(minutes=121)), jitter=600)) == 1


def test_a_run_shortly_before_its_slot_does_not_serve_it() -> None:
    own = schedule.jittered(at(2, "05:30"), "nmj", 600)
    before, after = own - timedelta(minutes=1), own + timedelta(days=1, minutes=1)

    (told,) = found(run(before, minutes=0), run(after), jitter=600)

    assert (told.since, told.until) == (before, after)


def test_a_silence_between_slots_is_no_outage() -> None:
    assert found(run(at(2)), run(at(2, "23:00")), run(at(3))) == ()


def test_slots_that_pass_while_a_run_is_under_way_wait_for_its_end() -> None:
    long = run(at(3, "03:30"), minutes=30 * 60)
    ended = long.finished_at

    assert found(run(at(2)), long, until=ended) == ()
    assert found(run(at(2)), long, run(ended), until=ended) == ()
    assert found(run(at(2)), long, until=ended + timedelta(hours=3)) == (Outage(("nmj",), ended, ended + timedelta(hours=3), OFF),)


def test_off_then_failing_is_two_outages_that_meet_and_are_made_good_together() -> None:
    off, failing = found(run(at(2)), failed(at(5, "09:00")), run(at(5, "12:00")))

    assert (off.since, off.until, off.reason) == (at(2, "05:33"), at(5, "09:00"), OFF)
    assert (failing.since, failing.until) == (at(5, "09:00"), at(5, "12:00"))
    assert off.made_good_at == failing.made_good_at == at(5, "12:02")


def test_failing_then_off_is_one_outage() -> None:
    (told,) = found(run(at(2)), failed(at(3)), failed(at(6)), run(at(6, "08:00")))

    assert (told.since, told.until, told.reason) == (at(3), at(6, "08:00"), "HTTP 503")


def test_a_run_cut_off_is_a_sign_of_life_at_its_start_and_no_outage_by_itself() -> None:
    cut_off = run(at(3), RunOutcome.ABANDONED, minutes=60 * 24 * 2, error="the process ended", error_kind=ErrorKind.CUT_OFF)

    assert found(run(at(2)), cut_off, run(at(3, "05:35")), until=at(3, "06:00")) == ()
    assert [one.since for one in found(run(at(2)), cut_off, run(at(5, "12:00")))] == [at(3)]


def test_the_service_that_is_off_now_is_told_without_an_end() -> None:
    assert found(run(at(2)), until=at(4)) == (Outage(("nmj",), at(2, "05:33"), at(4), OFF),)


def test_a_new_watch_was_not_off_before_its_first_run() -> None:
    assert found(run(at(9)), since=at(2)) == ()
    assert found(failed(at(9)), run(at(9, "06:00")), since=at(2))[0].since == at(9)


def test_without_a_schedule_only_failures_are_looked_for() -> None:
    reports = {"nmj": [run(at(2)), run(at(5)), failed(at(6)), run(at(6, "07:00"))]}

    assert [one.since for one in outages(reports, None, 0, None, at(7))] == [at(6)]


def test_days_on_which_the_clocks_change_have_their_slot() -> None:
    berlin = schedule.parse("daily 02:30", "Europe/Berlin")  # skipped on 29 March: it fires at 03:00 in summer time
    slots = [
        datetime(2026, 3, 28, 1, 31, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 1, tzinfo=UTC),
        datetime(2026, 3, 30, 0, 31, tzinfo=UTC),
    ]

    assert outages({"nmj": [run(slot) for slot in slots]}, berlin, 0, None, slots[-1] + timedelta(hours=1)) == ()


# --- what has been told, and together


def test_what_was_made_good_before_the_last_digest_is_not_told_again() -> None:
    reports = [run(at(2)), failed(at(3)), run(at(4)), run(at(5))]

    assert len(found(*reports, since=at(4, "05:30"))) == 1
    assert found(*reports, since=at(4, "06:00")) == ()


def test_what_the_last_digest_told_as_lasting_is_told_again_once_it_is_made_good() -> None:
    (told,) = found(run(at(2)), failed(at(3)), failed(at(4)), run(at(6)), since=at(5))

    assert (told.since, told.made_good_at) == (at(3), at(6, "05:33"))


def test_what_several_watches_lack_is_told_once_and_true_of_each() -> None:
    told = found(
        run(at(2)), failed(at(3)), run(at(3, "09:12")),
        run(at(2, "05:44"), watch="als"), failed(at(3, "05:44"), watch="als"), run(at(3, "09:13"), watch="als", minutes=9),
    )  # fmt: skip

    assert told == (Outage(("nmj", "als"), at(3, "05:44"), at(3, "09:12"), "HTTP 503", at(3, "09:22")),)


def test_spans_that_begin_and_end_an_hour_apart_are_told_together_and_later_ones_are_not() -> None:
    mine = (run(at(2)), failed(at(3, "05:00")), run(at(3, "09:00")))

    def with_als(begins: str, ends: str) -> list[tuple[str, ...]]:
        theirs = (run(at(2), watch="als"), failed(at(3, begins), watch="als"), run(at(3, ends), watch="als"))
        return [one.watches for one in found(*mine, *theirs)]

    assert with_als("06:00", "10:00") == [("nmj", "als")]
    assert sorted(with_als("06:01", "09:00")) == sorted(with_als("05:00", "10:01")) == [("als",), ("nmj",)]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([failed(at(3), "HTTP 500", watch="als"), run(at(3, "09:12"), watch="als")], id="another reason"),
        pytest.param([failed(at(3), watch="als")], id="not made good yet"),
        pytest.param([failed(at(3, "07:00"), watch="als"), run(at(3, "09:12"), watch="als")], id="another beginning"),
        pytest.param([failed(at(3), watch="als"), run(at(3, "11:00"), watch="als")], id="another end"),
    ],
)
def test_different_spans_stay_apart(other: list[RunReport]) -> None:
    told = found(run(at(2)), run(at(2), watch="als"), failed(at(3)), run(at(3, "09:12")), *other, until=at(3, "12:00"))

    assert sorted(one.watches for one in told) == [("als",), ("nmj",)]


OUTCOMES = st.sampled_from(RunOutcome)
HISTORY = st.lists(st.tuples(OUTCOMES, st.integers(1, 4_000), st.sampled_from(["nmj", "als"])), max_size=14)


@given(HISTORY)
def test_no_outage_ever_spans_a_good_run_of_its_watches(history: list[tuple[RunOutcome, int, str]]) -> None:
    now, reports = at(1), []
    for outcome, gap, watch in history:
        now += timedelta(minutes=gap)
        error = None if outcome is RunOutcome.GOOD else "HTTP 503"
        reports.append(run(now, outcome, watch=watch, minutes=1, error=error, error_kind=error and ErrorKind.NO_ANSWER))

    for told in found(*reports, until=now + timedelta(hours=3)) if reports else ():
        assert told.since <= told.until
        good = [one for one in reports if one.watch in told.watches and one.outcome is RunOutcome.GOOD]
        assert not any(told.since < one.finished_at and one.started_at < told.until for one in good)
        if told.made_good_at:
            assert {one.watch for one in good if told.until <= one.finished_at <= told.made_good_at} == set(told.watches)


# --- from the store


def under(bench: Bench, when: datetime, *, daily: bool = True, zone: str = "UTC") -> None:
    """A good run under a configuration with this run schedule."""
    document = json.dumps({"timezone": zone, "runs": {"schedule": "daily 05:30" if daily else "monday 05:30"}})
    bench.store.remember_configuration(document, document, when)
    bench.run(at=when, report={"finished_at": when + timedelta(minutes=2)})


def of(bench: Bench, since: datetime, now: datetime) -> list[Outage]:
    return list(coverage(bench.store, ["nmj"], DAILY, 0, since, now))


def test_what_failed_before_the_last_digest_is_found_however_long_ago_it_began(bench: Bench) -> None:
    bench.run(at=at(2) - timedelta(days=90))
    for days in (80, 40, 3):
        run_id = bench.store.begin_run("nmj", "window", at(2) - timedelta(days=days))
        bench.store.fail_run(run_id, failed(at(2) - timedelta(days=days)))
    bench.run(at=at(2))

    off, failing = of(bench, at(1), at(2, "06:00"))

    assert (off.since, off.until) == (at(2) - timedelta(days=90), at(2) - timedelta(days=80))
    assert (failing.since, failing.made_good_at) == (at(2) - timedelta(days=80), at(2))


def test_days_without_a_run_are_no_outage_while_the_schedule_asked_for_none(bench: Bench) -> None:
    under(bench, at(2), daily=False)
    under(bench, at(7, "12:00"))
    assert of(bench, at(2, "08:00"), at(7, "13:00")) == []

    under(bench, at(10, "12:00"))

    (told,) = of(bench, at(2, "08:00"), at(10, "13:00"))
    assert (told.since, told.until) == (at(7, "12:02"), at(10, "12:00"))


def test_a_schedule_in_another_time_zone_is_another_schedule(bench: Bench) -> None:
    under(bench, at(2), zone="Asia/Tokyo")
    under(bench, at(4))

    assert of(bench, at(2, "08:00"), at(4, "13:00")) == []


def test_an_edit_that_leaves_the_schedule_hides_no_outage(bench: Bench) -> None:
    under(bench, at(2))
    bench.store.remember_configuration("other", '{"runs": {}}', at(5))
    bench.run(at=at(5, "12:00"))

    assert [one.until for one in of(bench, at(2, "08:00"), at(5, "13:00"))] == [at(5, "12:00")]


# --- in a digest


@pytest.mark.parametrize(("back", "mails"), [("2026-03-05T06:30", 0), ("2026-03-05T07:00", 1)])
def test_a_silent_list_speaks_of_two_hours_without_a_search_and_not_of_less(
    back: str, mails: int, at_desk: Callable[..., Desk]
) -> None:
    one = at_desk()
    one.lists[0] = replace(WEEKLY, empty=Empty.NOTHING)
    one.tick("2026-03-02T09:00")
    one.pubmed.faults.plant("esearch", kind="http-503", times=2)
    one.tick("2026-03-05T05:00")
    one.tick(back)

    one.tick("2026-03-09T07:00")

    assert len(one.post.taken) == mails
