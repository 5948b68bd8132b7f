from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine

from watcher import clock
from watcher.errors import ConfigurationError

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_without_a_clock_file_it_is_the_machines_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(clock.CLOCK_FILE, raising=False)

    with time_machine.travel(NOON, tick=False):
        assert clock.now() == NOON
    assert clock.source() == "system"


def test_the_clock_file_is_read_at_each_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clock"
    monkeypatch.setenv(clock.CLOCK_FILE, str(file))

    file.write_text("2026-03-02T08:00:00+01:00\n")
    first = clock.now()
    file.write_text("2026-03-02T07:30:00Z")
    second = clock.now()

    assert (first, second) == (datetime(2026, 3, 2, 7, tzinfo=UTC), datetime(2026, 3, 2, 7, 30, tzinfo=UTC))
    assert first.tzinfo is UTC
    assert clock.source() == str(file)


def test_leases_are_timed_by_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clock").write_text("2026-03-02T08:00:00+01:00")
    monkeypatch.setenv(clock.CLOCK_FILE, str(tmp_path / "clock"))

    with time_machine.travel(NOON, tick=False):
        assert clock.real_now() == NOON


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "the clock file cannot be read"),
        ("", "the clock file cannot be read"),
        ("monday", "the clock file cannot be read"),
        ("2026-03-02T08:00:00", "the instant has no offset"),
    ],
)
def test_a_clock_file_without_an_instant_is_refused_by_name(
    text: str | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "clock"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv(clock.CLOCK_FILE, str(file))

    with pytest.raises(ConfigurationError, match=told) as refusal:
        clock.now()

    assert str(file) in str(refusal.value)
    assert "2026-03-02T08:00:00+01:00" in str(refusal.value)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 3, 2, 4, 59, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2026, 3, 2, 5, 0, tzinfo=UTC), date(2026, 3, 2)),
        (datetime(2026, 7, 2, 3, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 2, 4, 0, tzinfo=UTC), date(2026, 7, 2)),
    ],
)
def test_pubmeds_day_begins_at_midnight_in_new_york(instant: datetime, day: date) -> None:
    assert clock.ncbi_day(instant) == day
