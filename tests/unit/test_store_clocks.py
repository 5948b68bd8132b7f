"""A clock that went ahead and came back: what was dated then silences nothing, and nothing comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from support.store_samples import BY_QUERY, LOADED_AT, MONDAY, Bench, days, paper, pmids

from watcher.domain import DeliveryState, Failure, RunOutcome, pubmed_id
from watcher.store import ListHistory, RunCommit, RunHistory

AHEAD = MONDAY + days(365)
BACK = MONDAY + days(1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


# --- runs


def test_runs_of_a_clock_that_was_ahead_are_left_out_of_the_history(bench: Bench) -> None:
    bench.run(report={"full_set_as_of": date(2026, 9, 14), "window_to": date(2026, 9, 14), "matched": 9}, similar_read=True)
    right = bench.store.run_history("nmj")
    bench.run(at=AHEAD, report={"full_set_as_of": AHEAD.date(), "window_to": AHEAD.date(), "matched": 8}, similar_read=True)
    bench.store.fail_run(bench.store.begin_run("nmj", "window", AHEAD), bench.report(AHEAD, outcome=RunOutcome.FAILED))

    assert bench.store.run_history("nmj", now=BACK) == right

    everything = bench.store.run_history("nmj")
    assert (everything.window_to, everything.failed_in_row) == (AHEAD.date(), 1)


def test_a_run_that_ended_after_the_clock_went_ahead_is_left_out(bench: Bench) -> None:
    bench.run(report={"finished_at": AHEAD, "full_set_as_of": AHEAD.date()})

    assert bench.store.run_history("nmj", now=BACK) == RunHistory()
    assert bench.store.runs_since("nmj", None, now=BACK) == ()


def test_a_run_of_a_machine_whose_clock_is_minutes_ahead_counts(bench: Bench) -> None:
    report = bench.run(at=MONDAY + timedelta(minutes=50))

    assert bench.store.run_history("nmj", now=MONDAY).last_good == report
    assert bench.store.runs_since("nmj", MONDAY, now=MONDAY) == (report,)


def test_the_first_run_after_the_clock_came_back_counts_although_others_are_dated_later(bench: Bench) -> None:
    bench.run(at=AHEAD, report={"window_to": AHEAD.date()})
    report = bench.run(at=BACK, report={"window_to": BACK.date()})

    history = bench.store.run_history("nmj", now=BACK)

    assert (history.last_good, history.window_to) == (report, BACK.date())


# --- what a list is owed


def test_news_found_after_the_clock_came_back_is_owed_to_a_list_that_took_the_watch_before(bench: Bench) -> None:
    bench.register(lists={"weekly": ("nmj",), "late": ("nmj",)}, since=AHEAD.date(), at=AHEAD)

    bench.news(paper(1), at=BACK)

    assert pmids(bench.store.unjudged("late", "nmj")) == [1]


def test_a_starter_found_after_the_clock_came_back_is_owed_to_a_list_that_took_the_watch_before(bench: Bench) -> None:
    bench.run(baseline=frozenset({pubmed_id(1)}))
    bench.register(lists={"weekly": ("nmj",), "late": ("nmj",)}, since=AHEAD.date(), at=AHEAD)

    bench.run(at=BACK, articles=(paper(1, crdt=date(2020, 1, 1)),), starters=(pubmed_id(1),))

    assert pmids(bench.store.starters("late", "nmj")) == [1]


def test_news_of_before_a_list_is_not_owed_to_it_because_the_clock_went_back(bench: Bench) -> None:
    bench.news(paper(1, crdt=date(2026, 8, 20)))

    bench.register(lists={"weekly": ("nmj",), "late": ("nmj",)}, since=date(2026, 9, 1), at=LOADED_AT)

    assert bench.store.unjudged("late", "nmj") == ()


def test_news_of_a_run_that_was_open_when_the_list_took_the_watch_is_owed_to_it(bench: Bench) -> None:
    run_id = bench.store.begin_run("nmj", "window", MONDAY)
    bench.register(lists={"weekly": ("nmj",), "late": ("nmj",)}, since=BACK.date(), at=MONDAY)

    bench.store.commit_run(run_id, RunCommit(bench.report(finished_at=BACK), articles=(paper(1),), news={pubmed_id(1): BY_QUERY}))

    assert pmids(bench.store.unjudged("late", "nmj")) == [1]


# --- lists


def test_a_digest_of_a_clock_that_was_ahead_is_not_the_lists_last(bench: Bench) -> None:
    bench.compose(at=MONDAY)
    bench.compose(at=AHEAD)

    history = bench.store.list_history("weekly", now=BACK)

    assert history == ListHistory(
        name="weekly",
        created_at=LOADED_AT,
        last_period=MONDAY.isoformat(),
        last_slot_at=MONDAY,
        covers_to=date(2026, 9, 15),
        last_composed_at=MONDAY,
        last_papers=0,
        digests=2,
    )


def test_a_list_whose_every_digest_is_ahead_has_covered_until_today_and_had_no_slot(bench: Bench) -> None:
    bench.compose(at=AHEAD)

    history = bench.store.list_history("weekly", now=BACK)

    assert (history.last_slot_at, history.last_composed_at, history.last_period) == (None, None, None)
    assert (history.covers_to, history.digests) == (date(2026, 9, 15), 1)


def test_the_last_slot_is_the_latest_one_and_not_that_of_the_digest_written_last(bench: Bench) -> None:
    bench.compose(at=MONDAY + days(4))
    bench.compose(at=MONDAY + days(2))

    assert bench.store.list_history("weekly", now=MONDAY + days(3)).last_slot_at == MONDAY + days(2)
    assert bench.store.list_history("weekly", now=MONDAY + days(5)).last_slot_at == MONDAY + days(4)
    assert bench.store.list_history("weekly").last_slot_at == MONDAY + days(4)


def test_coverage_goes_on_from_the_digest_written_last(bench: Bench) -> None:
    bench.compose(at=MONDAY + days(4))
    bench.compose(at=MONDAY + days(2))

    assert bench.store.list_history("weekly", now=MONDAY + days(5)).covers_to == date(2026, 9, 16)


def test_a_list_made_while_the_clock_was_ahead_is_there_since_its_first_run_afterwards(bench: Bench) -> None:
    bench.news(paper(1), at=MONDAY)
    bench.register(lists={"weekly": ("nmj",), "late": ("nmj",)}, at=AHEAD)
    assert bench.store.list_history("late", now=BACK).created_at == BACK

    bench.run(at=BACK)
    bench.run(at=BACK + days(1))

    assert bench.store.list_history("late", now=BACK + days(6)).created_at == BACK
    assert bench.store.list_history("late").created_at == AHEAD
    assert bench.store.list_history("late", now=AHEAD + days(1)).created_at == AHEAD


# --- configurations and deliveries


def test_a_configuration_loaded_after_the_clock_came_back_is_the_last_good_one(bench: Bench) -> None:
    bench.store.remember_configuration("ahead", "{}", AHEAD)

    bench.store.remember_configuration("back", '{"watches":{}}', BACK)

    good = bench.store.last_good()
    assert good is not None
    assert (good.sha256, good.document, good.loaded_at) == ("back", '{"watches":{}}', BACK)


def test_an_older_configuration_put_back_at_the_same_instant_is_the_last_good_one(bench: Bench) -> None:
    for sha256 in ("one", "two", "one"):
        bench.store.remember_configuration(sha256, "{}", MONDAY)

    assert bench.store.configuration() == ("one", MONDAY)


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.PARKED])
def test_a_delivery_put_off_by_a_clock_that_was_ahead_is_due(bench: Bench, state: DeliveryState) -> None:
    bench.owe("pi@lab.example")
    delivery = bench.store.claim_delivery(AHEAD, holder="me")
    assert delivery is not None

    bench.store.settle(delivery, state, AHEAD, next_at=AHEAD + days(1), failure=Failure("451 greylisted"))

    assert bench.store.claim_delivery(BACK, holder="me") is not None


def test_a_message_keeps_the_date_of_its_first_attempt_though_later_ones_are_dated_earlier(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    dates = []

    for at in (AHEAD, BACK, BACK + timedelta(hours=5)):
        delivery = bench.store.claim_delivery(at, holder="me")
        assert delivery is not None
        dates.append(delivery.first_attempt_at)
        bench.store.settle(delivery, DeliveryState.PENDING, at, next_at=at, failure=Failure("421 hung up"))

    assert dates == [AHEAD, AHEAD, AHEAD]


def test_a_delivery_put_off_until_tomorrow_waits(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    delivery = bench.store.claim_delivery(MONDAY, holder="me")
    assert delivery is not None

    bench.store.settle(delivery, DeliveryState.PARKED, MONDAY, next_at=MONDAY + days(1), failure=Failure("535 refused"))

    assert bench.store.claim_delivery(MONDAY, holder="me") is None
