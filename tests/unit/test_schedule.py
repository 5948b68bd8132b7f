"""Slots, due times and zones, against hand-worked calendars."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest

from watcher import schedule
from watcher.errors import ConfigurationError


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize("text", ["monday 08:00", "0 8 * * 1", "Monday 8:00", "0 8 * * mon"])
def test_a_weekday_and_crontabs_one_are_both_monday(text: str) -> None:
    times = schedule.parse(text, "Europe/Berlin")

    slot = times.next(at("2026-03-03T12:00:00+01:00"))

    assert slot.isoformat() == "2026-03-09T08:00:00+01:00"


def test_seven_is_sunday_as_in_crontab() -> None:
    times = schedule.parse("0 8 * * 7", "UTC")

    assert times.next(at("2026-03-03T12:00:00+00:00")).strftime("%A") == "Sunday"


def test_a_slot_is_its_own_latest_and_not_its_own_next() -> None:
    times = schedule.parse("monday 08:00", "Europe/Berlin")
    slot = at("2026-03-09T08:00:00+01:00")

    assert times.latest(slot) == slot
    assert times.next(slot) == at("2026-03-16T08:00:00+01:00")
    assert times.latest(at("2026-03-09T07:59:59+01:00")) == at("2026-03-02T08:00:00+01:00")


def test_an_hour_that_comes_twice_fires_once() -> None:
    times = schedule.parse("daily 01:30", "America/New_York")

    slots = tuple(islice(times.after(at("2026-10-31T12:00:00+00:00")), 2))

    assert [slot.astimezone(UTC).isoformat() for slot in slots] == ["2026-11-01T05:30:00+00:00", "2026-11-02T06:30:00+00:00"]


def test_an_hour_that_is_skipped_fires_at_the_next_that_exists() -> None:
    times = schedule.parse("daily 02:30", "Europe/Berlin")

    slot = times.next(at("2026-03-28T12:00:00+01:00"))

    assert slot.astimezone(UTC).isoformat() == "2026-03-29T01:00:00+00:00"


def test_several_missed_slots_are_one() -> None:
    times = schedule.parse("monday 08:00", "Europe/Berlin")

    due = times.due(at("2026-03-25T10:00:00+01:00"), since=at("2026-03-02T08:00:00+01:00"))

    assert due == at("2026-03-23T08:00:00+01:00")


def test_nothing_is_due_twice() -> None:
    times = schedule.parse("monday 08:00", "Europe/Berlin")
    slot = at("2026-03-09T08:00:00+01:00")

    assert times.due(slot, since=slot) is None


def test_a_rare_slot_is_found_far_back() -> None:
    times = schedule.parse("0 8 29 2 *", "UTC")

    assert times.latest(at("2026-03-01T00:00:00+00:00")) == at("2024-02-29T08:00:00+00:00")


def test_a_period_key_carries_the_offset_of_its_day() -> None:
    times = schedule.parse("monday 08:00", "Europe/Berlin")

    keys = [schedule.period_key(slot) for slot in islice(times.after(at("2026-03-20T00:00:00+01:00")), 2)]

    assert keys == ["2026-03-23T08:00+01:00", "2026-03-30T08:00+02:00"]


@pytest.mark.parametrize(
    "text", ["0 0 31 2 *", "someday 08:00", "* * *", "monday at eight", "", "25 61 * * *", "@daily", "0 0 8 * * 1"]
)
def test_what_is_no_schedule_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        schedule.parse(text, "UTC")

    assert "daily" in str(caught.value)


def test_a_crontab_line_that_is_none_is_told_with_what_is_wrong_in_it() -> None:
    with pytest.raises(ConfigurationError, match=r"'25 61 . . .' is not a schedule: Bad hour"):
        schedule.parse("25 61 * * *", "UTC")


def test_a_wait_is_a_tenth_longer_at_most_and_another_for_each_name() -> None:
    waits = [schedule.BY_ITSELF.wait(2, f"watch-{number}") for number in range(50)]

    assert all(timedelta(minutes=20) <= one <= timedelta(minutes=22) for one in waits)
    assert max(waits) - min(waits) > timedelta(seconds=90)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Mars/Olympus"):
        schedule.parse("daily 05:30", "Mars/Olympus")


def test_jitter_is_the_same_for_a_name_each_day_and_stays_within_its_minutes() -> None:
    days = tuple(islice(schedule.parse("daily 05:30", "UTC").after(at("2026-03-01T00:00:00+00:00")), 5))

    offsets = {name: {schedule.jittered(day, name, 30) - day for day in days} for name in ("nmj", "als", "cmt")}

    assert all(len(found) == 1 for found in offsets.values())
    assert len({next(iter(found)) for found in offsets.values()}) == 3
    assert all(0 <= next(iter(found)).total_seconds() <= 1800 for found in offsets.values())


@pytest.mark.parametrize(
    ("instant", "quiet"),
    [
        ("2026-03-03T20:59:00-05:00", False),
        ("2026-03-03T21:00:00-05:00", True),
        ("2026-03-04T04:59:00-05:00", True),
        ("2026-03-04T05:00:00-05:00", False),
        ("2026-03-07T12:00:00-05:00", True),
    ],
)
def test_ncbis_quiet_hours_are_its_nights_and_weekends(instant: str, quiet: bool) -> None:
    assert schedule.is_quiet_at_ncbi(at(instant)) is quiet


@pytest.mark.parametrize(
    ("instant", "quiet"),
    [
        ("2026-03-03T20:59:00-05:00", "2026-03-03T21:00:00-05:00"),
        ("2026-03-04T05:00:00-05:00", "2026-03-04T21:00:00-05:00"),
        ("2026-03-07T12:00:00-05:00", "2026-03-07T12:00:00-05:00"),
        ("2026-11-02T09:00:00-05:00", "2026-11-02T21:00:00-05:00"),
    ],
)
def test_the_next_quiet_hour_begins_at_nine_in_the_evening_or_is_now(instant: str, quiet: str) -> None:
    assert schedule.next_quiet_at_ncbi(at(instant)) == at(quiet)


def test_a_slot_is_made_up_for_at_its_time_of_day_on_both_sides_of_a_clock_change() -> None:
    slot = schedule.parse("monday 08:00", "Europe/Berlin").next(at("2026-03-20T00:00:00+01:00"))

    made_up = schedule.catch_up(slot, date(2026, 4, 1))

    assert slot.isoformat() == "2026-03-23T08:00:00+01:00"
    assert made_up.isoformat() == "2026-04-01T08:00:00+02:00"


CHANGES = [
    ("Europe/Berlin", "2026-10-24"),
    ("Europe/Berlin", "2027-03-27"),
    ("America/New_York", "2026-10-31"),
    ("America/New_York", "2027-03-13"),
    ("Australia/Lord_Howe", "2027-04-03"),  # half an hour
    ("Australia/Lord_Howe", "2026-10-03"),
    ("America/Havana", "2026-03-07"),  # at midnight
    ("Africa/Cairo", "2026-04-23"),
    ("UTC", "2026-10-24"),
]
TIMES = [
    "daily 00:00",
    "daily 00:30",
    "daily 02:00",
    "daily 02:30",
    "sunday 02:30",
    "30 1-3 * * *",
    "15 * * * *",
    "*/15 2 * * *",
    "0 */2 * * *",
]


@pytest.mark.parametrize("text", TIMES)
@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_the_next_slot_is_the_earliest_after_the_instant_whatever_the_clocks_do(zone: str, day: str, text: str) -> None:
    """A walk over the wall clock, minute by minute, is the oracle: a time fires when the clock first shows it or anything later."""
    times, start = schedule.parse(text, zone), at(f"{day}T12:00:00+00:00")
    fires = _fires(times, start)

    answers = {ask: times.next(ask).astimezone(UTC) for ask in (start + timedelta(minutes=5 * step) for step in range(48 * 12))}

    wrong = {ask: slot for ask, slot in answers.items() if slot != next(fire for fire in fires if fire > ask)}
    assert not wrong


def _fires(times: schedule.Schedule, start: datetime) -> list[datetime]:
    minutes = [start + timedelta(minutes=minute) for minute in range(-24 * 60, 10 * 24 * 60)]
    found: list[datetime] = []
    shown = minutes[0].astimezone(times.zone).replace(tzinfo=None)
    for instant in minutes[1:]:
        wall = instant.astimezone(times.zone).replace(tzinfo=None)
        passed = [shown + timedelta(minutes=minute) for minute in range(1, int((wall - shown).total_seconds() // 60) + 1)]
        if any(_means(times.cron, one) for one in passed):
            found.append(instant)
        shown = max(shown, wall)
    return found


def _means(cron: str, wall: datetime) -> bool:
    """Crontab's five fields, as far as the schedules here use them."""
    values = (wall.minute, wall.hour, wall.day, wall.month, wall.isoweekday() % 7)
    return all(_fits(field, value) for field, value in zip(cron.split(), values, strict=True))


def _fits(field: str, value: int) -> bool:
    if field.startswith("*"):
        return value % int(field.partition("/")[2] or 1) == 0
    low, _, high = field.partition("-")
    return int(low) <= value <= int(high or low)


def test_slots_that_a_gap_swallows_are_one() -> None:
    times = schedule.parse("*/15 2 * * *", "Europe/Berlin")

    slots = tuple(islice(times.after(at("2027-03-28T00:00:00+01:00")), 2))

    assert [slot.isoformat() for slot in slots] == ["2027-03-28T03:00:00+02:00", "2027-03-29T02:00:00+02:00"]


def test_in_the_second_of_two_equal_hours_the_first_is_over() -> None:
    times = schedule.parse("30 2 * * *", "Europe/Berlin")
    second = at("2026-10-25T02:05:00+01:00")

    assert times.next(second).isoformat() == "2026-10-26T02:30:00+01:00"
    for late in (times.latest(second), times.due(second.astimezone(times.zone), since=at("2026-10-25T02:05:00+02:00"))):
        assert late is not None
        assert late.isoformat() == "2026-10-25T02:30:00+02:00"
