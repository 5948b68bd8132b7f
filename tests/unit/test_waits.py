"""How long another machine asks us to wait: a number or a date, in each form of RFC 9110."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher import clock
from watcher.waits import LONGEST, asked_for

NOON = "Mon, 02 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("Mon, 02 Mar 2026 12:02:00 GMT", 120.0),
        ("Monday, 02-Mar-26 12:02:00 GMT", 120.0),
        ("Mon Mar  2 12:02:00 2026", 120.0),
        ("Mon, 02 Mar 2026 12:02:00 -0000", 120.0),
        ("Mon, 02 Mar 2026 13:02:00 +0100", 120.0),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
        ("9" * 400, LONGEST),
        ("Mon, 02 Mar 99999999999999999999 12:00:00 GMT", None),
        ("-5", None),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_wait_is_read_in_each_form_and_nonsense_asks_for_none(said: str, seconds: float | None) -> None:
    assert asked_for({"Retry-After": said, "Date": NOON}) == seconds


@pytest.mark.parametrize("dated", [{}, {"Date": "today"}])
def test_a_date_of_an_answer_without_its_own_counts_from_now(
    dated: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clock").write_text("2026-03-02T12:00:00+00:00")
    monkeypatch.setenv(clock.CLOCK_FILE, str(tmp_path / "clock"))

    assert asked_for({"Retry-After": "Mon, 02 Mar 2026 12:02:00 GMT", **dated}) == 120.0


def test_another_header_may_say_it_and_none_says_nothing() -> None:
    assert asked_for({"Backoff": "30"}, "Backoff") == 30.0
    assert asked_for({}) is None
