from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from watcher.domain import ErrorKind, RunKind, RunOutcome, RunReport
from watcher.flows.schedule.retry import Failures
from watcher.schedule import BY_ITSELF, FOR_A_LIST, Patience
from watcher.store import RunHistory

ENDED = datetime(2026, 3, 4, 15, tzinfo=UTC)  # Wednesday, 10:00 in Bethesda
MINUTE = timedelta(minutes=1)
FAILED, REFUSED, CUT_OFF = RunOutcome.FAILED, RunOutcome.REFUSED, RunOutcome.ABANDONED


def run(outcome: RunOutcome = FAILED, kind: ErrorKind | None = ErrorKind.NO_ANSWER, at: datetime = ENDED) -> RunReport:
    return RunReport("nmj", RunKind.FULL, outcome, at - MINUTE, at, error_kind=kind, may_pass=True)


def wait(count: int, patience: Patience = BY_ITSELF) -> float:
    retry = Failures(run(), count, 0).next_try(patience)
    assert retry is not None
    return (retry - ENDED) / MINUTE


def test_the_waits_double_from_ten_minutes_to_four_hours_and_a_tenth_more_at_most() -> None:
    waits = [wait(count) for count in (1, 2, 3, 4, 5, 6, 7, 500)]

    assert all(least <= one <= least * 1.1 for one, least in zip(waits, (10, 20, 40, 80, 160, 240, 240, 240), strict=True))


def test_for_a_list_they_double_from_five_minutes_to_half_an_hour() -> None:
    waits = [wait(count, FOR_A_LIST) for count in (1, 2, 3, 4, 5, 6)]

    assert all(least <= one <= least * 1.1 for one, least in zip(waits, (5, 10, 20, 30, 30, 30), strict=True))


def test_the_waits_of_a_name_are_always_the_same_and_those_of_others_differ() -> None:
    waits = {name: Patience(10 * MINUTE, 240 * MINUTE).wait(3, name) for name in ("nmj", "als", "nmj")}

    assert Patience(10 * MINUTE, 240 * MINUTE).wait(3, "nmj") == waits["nmj"]
    assert waits["nmj"] != waits["als"]


@pytest.mark.parametrize(
    ("outcome", "kind"), [(REFUSED, ErrorKind.QUERY), (FAILED, ErrorKind.SEED_FILE), (FAILED, ErrorKind.SEEDS)]
)
def test_what_the_lab_wrote_is_not_tried_again_as_it_is(outcome: RunOutcome, kind: ErrorKind) -> None:
    assert Failures(run(outcome, kind), 1, 0).next_try(BY_ITSELF) is None


@pytest.mark.parametrize(("in_row", "at_once"), [(1, True), (3, True), (4, False), (9, False)])
def test_a_run_that_was_cut_off_is_repeated_at_once_until_it_becomes_a_habit(in_row: int, at_once: bool) -> None:
    retry = Failures(run(CUT_OFF, ErrorKind.CUT_OFF), 20, in_row).next_try(BY_ITSELF)

    assert retry is not None
    assert (retry == ENDED) is at_once


def test_the_fourth_run_that_was_cut_off_waits_as_after_a_first_failure() -> None:
    assert Failures(run(CUT_OFF, ErrorKind.CUT_OFF), 20, 4).next_try(BY_ITSELF) == Failures(run(), 1, 0).next_try(BY_ITSELF)


@pytest.mark.parametrize(
    ("ended", "quiet"),
    [
        ("2026-03-04T15:00", "2026-03-05T02:00"),  # Wednesday 10:00 to 21:00 in Bethesda
        ("2026-03-05T02:30", "2026-03-05T02:30"),
        ("2026-03-07T15:00", "2026-03-07T15:00"),  # Saturday
        ("2026-03-09T14:00", "2026-03-10T01:00"),  # Monday after the clocks changed
    ],
)
def test_a_large_job_is_tried_again_when_the_quiet_hours_begin(ended: str, quiet: str) -> None:
    at = datetime.fromisoformat(ended).replace(tzinfo=UTC)

    retry = Failures(run(kind=ErrorKind.QUIET_HOURS, at=at), 5, 0).next_try(FOR_A_LIST)

    assert retry == datetime.fromisoformat(quiet).replace(tzinfo=UTC)


# --- which runs count


def test_of_a_history_the_runs_since_the_last_good_one_count() -> None:
    history = RunHistory(last=run(CUT_OFF, None), failed_in_row=3, abandoned_in_row=2)

    assert Failures.of_history(history) == Failures(run(CUT_OFF, None), 3, 2)


def test_without_a_run_or_after_a_good_one_there_are_no_failures() -> None:
    good = run(RunOutcome.GOOD, None)

    assert Failures.of_history(RunHistory()) is None
    assert Failures.of_history(RunHistory(last=good, last_good=good)) is None
    assert Failures.of_reports([]) is None
    assert Failures.of_reports([run(), good]) is None


def test_of_reports_those_after_the_last_good_one_count() -> None:
    found = Failures.of_reports(
        [run(), run(RunOutcome.GOOD, None), run(), run(REFUSED, ErrorKind.QUERY), run(CUT_OFF, ErrorKind.CUT_OFF)]
    )

    assert found == Failures(run(CUT_OFF, ErrorKind.CUT_OFF), 3, 1)


def test_what_the_services_own_end_broke_off_is_no_failure() -> None:
    stopped = run(CUT_OFF, ErrorKind.STOPPED)

    assert Failures.of_reports([stopped, stopped]) is None
    assert Failures.of_reports([run(), stopped]) == Failures(run(), 1, 0)
