"""What is due after failures, pauses and clocks that jump; and what a service that stops leaves for the next start."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from support.flow_samples import ALS, NMJ, WEEKLY, Desk, mail_channel

from standins.eutils.papers import paper
from watcher.domain import Channel, ErrorKind, RunReport, Seed, Watch
from watcher.errors import ConfigurationError, Problem, SeedError, Stopped
from watcher.flows.schedule.due import digests_after
from watcher.flows.schedule.tick import Ticker, Upcoming

Desks = Callable[..., Desk]

START = "2026-03-02T09:00"  # a Monday; in Berlin 10:00, after the slot
MONDAY = "2026-03-09T07:00"  # 08:00 in Berlin
NEXT_MONDAY = "2026-03-16T07:00"
MINUTE = timedelta(minutes=1)


def on_nmj(pmid: int, created: str = "2026-03-04") -> bytes:
    return paper(pmid, title="The neuromuscular junction", created=created)


def utc(instant: str) -> datetime:
    return datetime.fromisoformat(instant).replace(tzinfo=UTC)


def away(one: Desk, times: int = 1_000) -> None:
    """PubMed answers nothing for a while."""
    one.pubmed.faults.plant("esearch", kind="http-503", times=times)


def next_run(one: Desk, now: datetime) -> datetime:
    return one.ticker().next_run(one.watch, now)


def shown(one: Desk, instant: str) -> list[set[int]]:
    return [{item.article.record_id.id for item in draft.digest.items} for draft in one.tick(instant).drafts]


# --- a watch that was edited


def test_an_edited_query_is_asked_at_once(at_desk: Desks) -> None:
    one = at_desk()
    one.store.remember_configuration("before", "{}", utc(START))
    one.tick(START)

    one.edit(query="neuromuscular junction[tiab] OR agrin[tiab]")
    one.store.remember_configuration("after", "{}", utc("2026-03-02T10:00"))

    assert [run.kind for run in one.tick("2026-03-02T10:00").runs] == ["edit"]
    assert one.tick("2026-03-02T10:01").runs == ()


def test_an_edit_that_leaves_the_query_as_it_was_asks_nothing(at_desk: Desks) -> None:
    one = at_desk()
    one.store.remember_configuration("before", "{}", utc(START))
    one.tick(START)

    one.edit(threshold=80)
    one.store.remember_configuration("after", "{}", utc("2026-03-02T10:00"))

    assert one.tick("2026-03-02T10:00").runs == ()


def test_an_edited_query_that_is_refused_is_not_asked_again_and_again(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2))
    one.store.remember_configuration("before", "{}", utc(START))
    one.tick(START)

    one.edit(query="neuromuscular[tiab]", allow_over=1)
    one.store.remember_configuration("after", "{}", utc("2026-03-06T10:00"))

    (refused,) = one.tick("2026-03-06T10:00").runs
    assert refused.error_kind == ErrorKind.TOO_MANY
    assert one.tick("2026-03-06T10:01").runs == ()


# --- a watch that failed


def test_a_watch_that_failed_is_asked_again_after_growing_waits(at_desk: Desks) -> None:
    one, now, waits = at_desk(), utc(START), []
    away(one)

    for _ in range(6):
        assert len(one.tick(now.strftime("%Y-%m-%dT%H:%M:%S")).runs) == 1
        retry = next_run(one, now)
        assert one.tick((retry - MINUTE).strftime("%Y-%m-%dT%H:%M:%S")).runs == ()
        waits.append((retry - now) / MINUTE)
        now = retry

    assert all(least <= one <= least * 1.1 for one, least in zip(waits, (10, 20, 40, 80, 160, 240), strict=True))


def test_the_daily_slot_does_not_wait_for_the_next_try(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)
    away(one)
    for instant in (
        "2026-03-04T04:30",
        "2026-03-04T06:00",
        "2026-03-04T09:00",
        "2026-03-04T15:00",
        "2026-03-04T20:00",
        "2026-03-05T02:00",
    ):
        one.tick(instant)

    assert next_run(one, utc("2026-03-05T02:01")) == utc("2026-03-05T04:30")
    assert len(one.tick("2026-03-05T04:30").runs) == 1


def test_a_changed_configuration_does_not_wait_for_the_next_try(at_desk: Desks) -> None:
    one = at_desk()
    one.store.remember_configuration("before", "{}", one.load(START))
    away(one)
    one.tick(START)
    one.store.remember_configuration("after", "{}", one.load("2026-03-02T09:01"))

    first, second = one.tick("2026-03-02T09:02"), one.tick("2026-03-02T09:03")

    assert (len(first.runs), len(second.runs)) == (1, 0)


def test_a_query_that_is_refused_is_asked_again_with_the_next_slot_and_not_before(at_desk: Desks) -> None:
    one = at_desk()
    one.edit(allow_over=-1)

    done = [
        one.tick(instant) for instant in (START, "2026-03-02T23:00", "2026-03-03T04:29", "2026-03-03T04:30", "2026-03-03T20:00")
    ]

    assert [[str(run.outcome) for run in each.runs] for each in done] == [["refused"], [], [], ["refused"], []]
    assert next_run(one, utc("2026-03-03T20:00")) == utc("2026-03-04T04:30")


def unreadable(_watch: Watch) -> tuple[Seed, ...]:
    raise SeedError(Problem("no.ris cannot be read"))


def with_seeds(one: Desk, seeds: Callable[[Watch], Sequence[Seed]]) -> Ticker:
    return replace(one.ticker(), seeds=seeds, runner=lambda: replace(one.runner(), seeds=seeds))


def test_seeds_that_cannot_be_read_are_read_again_when_they_are_mended(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1, "2026-03-01"))

    broken = [with_seeds(one, unreadable).tick(one.load(instant)) for instant in (START, "2026-03-02T12:00")]
    mended = one.tick("2026-03-02T12:01")

    assert [[run.error_kind for run in done.runs] for done in broken] == [[ErrorKind.SEED_FILE], []]
    assert [str(run.outcome) for run in mended.runs] == ["good"]


def test_a_run_that_was_killed_is_repeated_at_once_and_from_the_fourth_on_after_a_wait(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)

    done = []
    for minute in range(5):
        one.store.begin_run("nmj", "window", one.load(f"2026-03-03T04:3{minute}"))
        one.store.abandon_open_runs(one.load(f"2026-03-03T04:3{minute}"))
        done.append(one.ticker().due_watches(one.at(f"2026-03-03T04:3{minute}")) != ())

    assert done == [True, True, True, False, False]


def test_a_run_that_the_services_end_broke_off_is_repeated_at_the_next_start(at_desk: Desks) -> None:
    one, stopping = at_desk(), threading.Event()
    one.tick(START)
    stopped = replace(one.ticker(), runner=lambda: replace(one.runner(), stopping=stopping), began=lambda _: stopping.set())
    with pytest.raises(Stopped):
        stopped.tick(one.load("2026-03-03T04:30"))

    done = one.tick("2026-03-03T04:30")

    assert [str(run.outcome) for run in done.runs] == ["good"]


def test_a_large_job_waits_for_the_night_without_asking_pubmed_meanwhile(at_desk: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.flows.search.records.LARGE_JOB", 0)
    one = at_desk(on_nmj(1, "2026-03-01"))

    done = [one.tick(instant) for instant in ("2026-03-02T14:00", "2026-03-02T23:00", "2026-03-03T02:00")]

    assert [[run.error_kind for run in each.runs] for each in done] == [[ErrorKind.QUIET_HOURS], [], [None]]


# --- a list that waits for PubMed


def test_a_list_that_waits_asks_again_after_five_ten_twenty_and_thirty_minutes(at_desk: Desks) -> None:
    one, now, waits = at_desk(on_nmj(1)), utc(MONDAY), []
    one.tick(START)
    away(one)

    asked = now
    for minute in range(140):
        done = one.tick((now + minute * MINUTE).strftime("%Y-%m-%dT%H:%M"))
        assert "waits for PubMed until 09 Mar 14:00 CET" in done.waiting[0]
        if done.runs:
            waits.append((now + minute * MINUTE - asked) / MINUTE)
            asked = now + minute * MINUTE

    assert waits[:6] == pytest.approx([0, 5, 10, 20, 30, 30], abs=3)


def test_a_list_that_waits_for_one_watch_does_not_read_the_others_again(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), paper(2, title="Amyotrophic lateral sclerosis", created="2026-03-04"))
    one.watches.append(replace(ALS, threshold=0))
    one.lists[0] = replace(WEEKLY, watches=("nmj", "als"))
    one.tick(START)
    first = replace(one.ticker(), ended=lambda _: away(one)).tick(one.load(MONDAY))
    one.pubmed.faults.clear()

    second = one.tick("2026-03-09T07:20")

    assert [(run.watch, str(run.outcome)) for run in first.runs] == [("nmj", "good"), ("als", "failed")]
    assert [run.watch for run in second.runs] == ["als"]
    assert [{item.article.record_id.id for item in draft.digest.items} for draft in second.drafts] == [{1, 2}]
    assert [draft.digest.gaps for draft in second.drafts] == [()]


def test_a_digest_that_was_not_composed_any_more_rests_on_the_reading_made_for_it(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    one.load(MONDAY)
    one.run(MONDAY, reconcile=True)
    one.pubmed.forget()

    assert shown(one, "2026-03-09T07:05") == [{1}]
    assert one.pubmed.log == []


def test_a_reading_of_yesterday_or_of_another_query_is_made_again(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), paper(2, title="The kidney", created="2026-03-04"))
    one.tick(START)
    one.load(MONDAY)
    one.run(MONDAY, reconcile=True)
    one.edit(query="neuromuscular junction[tiab] OR kidney[tiab]")
    edited = one.tick("2026-03-09T07:05")
    one.load(NEXT_MONDAY)
    one.run(NEXT_MONDAY, reconcile=True)

    late = one.tick("2026-03-17T07:05")

    assert [run.kind for run in edited.runs] == ["edit"]
    assert [run.full_set_as_of for run in late.runs] == [date(2026, 3, 17)]


def test_after_a_late_start_the_hours_of_waiting_begin_with_the_first_failure(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    away(one)

    started, still = one.tick("2026-03-12T18:00"), one.tick("2026-03-12T23:59")
    one.pubmed.faults.clear()

    assert (started.drafts, still.drafts) == ((), ())
    assert "waits for PubMed until 13 Mar 01:00 CET" in started.waiting[0]
    assert shown(one, "2026-03-13T00:00") == [{1}]


def test_when_the_waiting_is_over_pubmed_is_asked_a_last_time(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    away(one)
    for instant in (MONDAY, "2026-03-09T12:59"):
        one.tick(instant)
    one.pubmed.faults.clear()

    (draft,) = one.tick("2026-03-09T13:00").drafts

    assert draft.digest.gaps == ()


def test_a_list_that_can_only_wait_does_not_ask_for_pubmed(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    away(one)
    one.tick(MONDAY)
    one.store.take_lease("pubmed", holder="another")

    done = one.tick("2026-03-09T07:01")

    assert (done.runs, len(done.waiting)) == ((), 1)


# --- a list whose channel cannot be had


def unknown(channel: Channel) -> tuple[str, ...]:
    if channel.name == "mail":
        raise ConfigurationError(Problem("the url of channel 'mail' is not known", "mend the file"))
    return ("pi@lab.example",)


def test_a_list_whose_recipients_are_unknown_waits_and_the_others_go_on(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.lists.append(replace(WEEKLY, name="second", channels=("archive",)))
    one.tick(START)
    ticker = one.ticker()
    broken = replace(ticker, composer=replace(ticker.composer, recipients=unknown))

    done, again = broken.tick(one.load(MONDAY)), broken.tick(one.load("2026-03-09T07:01"))
    (mended,) = one.tick("2026-03-09T07:02").drafts

    assert [draft.digest.list.name for draft in done.drafts] == ["second"]
    expected = (
        "weekly: the digest of 2026-03-09T08:00+01:00 cannot be composed: the url of channel 'mail' is not known - mend the file"
    )
    assert done.waiting == again.waiting == (expected,)
    assert again.runs == ()
    assert mended.digest.list.name == "weekly"


# --- pauses


def paused(one: Desk, until: date) -> None:
    one.lists[0] = replace(WEEKLY, pause_until=until)


def test_a_slot_inside_a_pause_is_made_up_for_once_on_the_day_on_which_the_pause_ends(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2, "2026-03-10"))
    one.tick(START)
    paused(one, date(2026, 3, 18))  # a Wednesday

    before = [one.tick(instant).drafts for instant in (MONDAY, NEXT_MONDAY, "2026-03-18T06:59")]
    (made_up,) = one.tick("2026-03-18T07:00").drafts
    after = [len(one.tick(instant).drafts) for instant in ("2026-03-19T07:00", "2026-03-23T06:59", "2026-03-23T07:00")]

    assert before == [(), (), ()]
    assert made_up.digest.period.key == "2026-03-16T08:00+01:00"
    assert made_up.digest.period.late_reason == "the list was paused until 18 March 2026; this one covers all of it"
    assert {item.article.record_id.id for item in made_up.digest.items} == {1, 2}
    assert after == [0, 0, 1]


def test_when_the_pause_ends_with_a_slot_that_slot_covers_all_of_it(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    paused(one, date(2026, 3, 16))
    one.tick(MONDAY)

    (draft,) = one.tick(NEXT_MONDAY).drafts

    assert draft.digest.period.key == "2026-03-16T08:00+01:00"
    assert draft.digest.period.late_reason == "the list was paused until 16 March 2026; this one covers all of it"


def test_a_pause_without_a_slot_leaves_nothing_to_make_up_for(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)
    paused(one, date(2026, 3, 5))

    assert one.tick("2026-03-05T12:00").drafts == ()
    assert one.tick(MONDAY).drafts[0].digest.period.late_reason == ""


def test_what_is_announced_is_what_comes(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)
    paused(one, date(2026, 3, 18))

    announced = [one.ticker().next_digest(one.lists[0], utc(instant)) for instant in (START, NEXT_MONDAY, "2026-03-18T06:59")]
    due = one.load("2026-03-18T07:00")

    assert announced == [utc("2026-03-18T07:00")] * 3
    assert one.ticker().next_digest(one.lists[0], due) == due
    one.tick("2026-03-18T07:00")
    assert one.ticker().next_digest(one.lists[0], due) == utc("2026-03-23T07:00")


def test_a_pause_that_is_over_moves_no_slot(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)
    paused(one, date(2026, 3, 5))

    (due,) = one.ticker().due_lists(one.load(MONDAY))

    assert (due.slot, due.since) == (utc(MONDAY), utc(MONDAY))


def test_a_pause_after_the_digest_of_its_only_slot_has_nothing_to_make_up_for(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)
    one.tick(MONDAY)
    paused(one, date(2026, 3, 11))

    assert one.ticker().next_digest(one.lists[0], one.load("2026-03-09T07:01")) == utc(NEXT_MONDAY)


def test_a_run_at_the_very_instant_of_its_slot_is_that_slots(at_desk: Desks) -> None:
    one = at_desk()
    one.tick("2026-03-04T04:30")

    assert next_run(one, utc("2026-03-04T04:30")) == utc("2026-03-05T04:30")


# --- edits of a list


def remember(one: Desk, instant: str, sha256: str, **list_: str) -> None:
    """The configuration as the store keeps it, of the one list."""
    document = {"timezone": "Europe/Berlin", "lists": {"weekly": {"schedule": "monday 08:00", "timezone": None} | list_}}
    one.store.remember_configuration(sha256, json.dumps(document), one.load(instant))


def test_a_digest_that_an_edited_schedule_makes_due_does_not_blame_the_service(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    remember(one, START, "before")
    one.tick(START)
    one.tick(MONDAY)
    one.lists[0] = replace(WEEKLY, schedule="wednesday 08:00")
    remember(one, "2026-03-12T12:00", "after", schedule="wednesday 08:00")

    (draft,) = one.tick("2026-03-12T12:00").drafts

    assert draft.digest.period.late_reason == "the list had another schedule when it would have been due; this one covers all of it"


def test_a_digest_whose_pause_was_lifted_does_not_blame_the_service(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    remember(one, START, "before", pause_until="2026-06-01")
    one.tick(START)
    remember(one, "2026-03-12T12:00", "after")

    (draft,) = one.tick("2026-03-12T12:00").drafts

    assert draft.digest.period.late_reason.startswith("the list was paused when it was due, and the pause was lifted since")


def test_without_an_edit_the_service_was_off(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    remember(one, START, "before")
    one.tick(START)

    (draft,) = one.tick("2026-03-12T12:00").drafts

    assert draft.digest.period.late_reason == "the service was off or held up when it was due"


# --- clocks that jump


def test_a_clock_that_was_a_year_ahead_silences_nothing(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1), on_nmj(2, "2026-03-12"))
    one.tick(START)

    ahead = one.tick("2027-03-08T09:00")
    back = one.tick("2026-03-05T05:00")
    digests = [one.tick(instant).drafts for instant in (MONDAY, NEXT_MONDAY)]

    assert [len(done.drafts) for done in (ahead, back)] == [1, 0]
    assert [[run.watch for run in back.runs], [len(drafts) for drafts in digests]] == [["nmj"], [1, 1]]
    assert all(draft.digest.period.covers_from <= draft.digest.period.covers_to for drafts in digests for draft in drafts)


def test_a_clock_that_goes_back_composes_no_slot_twice(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    for instant in (START, MONDAY, NEXT_MONDAY):
        one.tick(instant)

    again = [one.tick(instant).drafts for instant in ("2026-03-03T09:00", MONDAY, "2026-03-10T07:00", NEXT_MONDAY)]

    assert again == [()] * 4
    assert one.store.list_history("weekly").digests == 2


# --- what comes next


def test_the_next_three_slots_of_everything_are_told_in_their_zones(at_desk: Desks) -> None:
    one = at_desk()
    one.lists.append(replace(WEEKLY, name="daily", schedule="daily 18:00", timezone="America/New_York"))
    one.tick(START)

    told = one.ticker().upcoming(utc("2026-03-27T12:00"))

    assert [(each.kind, each.name, [slot.isoformat(timespec="minutes") for slot in each.slots]) for each in told] == [
        ("watch", "nmj", ["2026-03-28T05:30+01:00", "2026-03-29T05:30+02:00", "2026-03-30T05:30+02:00"]),
        ("list", "weekly", ["2026-03-30T08:00+02:00", "2026-04-06T08:00+02:00", "2026-04-13T08:00+02:00"]),
        ("list", "daily", ["2026-03-27T18:00-04:00", "2026-03-28T18:00-04:00", "2026-03-29T18:00-04:00"]),
    ]


def test_a_slot_that_is_spread_but_not_come_yet_is_the_next_one(at_desk: Desks) -> None:
    ticker = replace(at_desk().ticker(), jitter_minutes=600)

    (watch, _) = ticker.upcoming(utc("2026-03-04T04:31"), 2)

    assert isinstance(watch, Upcoming)
    assert [slot.date() for slot in watch.slots] == [date(2026, 3, 4), date(2026, 3, 5)]
    assert ticker.upcoming(watch.slots[0], 1)[0].slots == watch.slots[1:]


def test_of_a_paused_list_the_digest_that_makes_up_for_it_comes_first(at_desk: Desks) -> None:
    one = at_desk()
    one.tick(START)
    paused(one, date(2026, 3, 18))

    (_, weekly) = one.ticker().upcoming(utc(START))

    assert [slot.astimezone(UTC) for slot in weekly.slots] == [
        utc("2026-03-18T07:00"),
        utc("2026-03-23T07:00"),
        utc("2026-03-30T06:00"),
    ]


# --- around the work


def test_each_run_is_told_when_it_begins_and_when_it_has_ended(at_desk: Desks) -> None:
    one = at_desk()
    one.watches.append(replace(NMJ, name="als"))
    told: list[str | RunReport] = []

    done = replace(one.ticker(), began=told.append, ended=told.append).tick(one.load(START))

    assert told == ["nmj", done.runs[0], "als", done.runs[1]]


def test_a_service_that_is_to_stop_begins_nothing_further_and_gives_its_lease_back(at_desk: Desks) -> None:
    one, stopping = at_desk(on_nmj(1)), threading.Event()
    one.watches.append(replace(NMJ, name="als"))

    with pytest.raises(Stopped):
        replace(one.ticker(), stopping=stopping, ended=lambda _: stopping.set()).tick(one.load(START))

    assert [run.watch for name in ("nmj", "als") for run in one.store.runs_since(name, None)] == ["nmj"]
    assert one.store.lease_holder("pubmed") is None
    assert [run.watch for run in one.tick("2026-03-02T09:01").runs] == ["als"]


def test_a_channel_that_is_in_use_is_asked_for_its_recipients(at_desk: Desks) -> None:
    one = at_desk(on_nmj(1))
    one.tick(START)
    asked: list[str] = []
    ticker = one.ticker()

    def recipients(channel: Channel) -> tuple[str, ...]:
        asked.append(channel.name)
        return ("pi@lab.example",)

    replace(ticker, composer=replace(ticker.composer, recipients=recipients)).tick(one.load(MONDAY))

    assert set(asked) == {mail_channel().name}


def test_a_digest_that_is_made_up_for_is_to_come_until_its_instant() -> None:
    paused = replace(
        WEEKLY, pause_until=date(2026, 3, 11)
    )  # a Wednesday; the slot of Monday at 08:00 in Berlin fell into the pause
    made_up = utc("2026-03-11T07:00")

    assert next(digests_after(paused, made_up - timedelta(seconds=1))) == made_up
    assert next(digests_after(paused, made_up)) == utc("2026-03-16T07:00")
