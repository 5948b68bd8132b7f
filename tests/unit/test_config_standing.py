"""What a configuration that was kept says of lists and runs."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from support.configured import SMALL, Home, home_in

from watcher.config.standing import Standing, StandingList


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_in(tmp_path)


def test_what_settings_keep_is_read_as_it_stood(home: Home) -> None:
    settings = home.load(SMALL + "    pause_until: 2026-04-01\n")

    found = Standing.read(settings.document_without_secrets())

    (name, one) = next(iter(found.lists.items()))
    lab = settings.digest_list(name)
    assert (found.timezone, found.run_schedule) == (settings.timezone, settings.runs.schedule)
    assert one == StandingList(lab.schedule, lab.timezone, date(2026, 4, 1))


@pytest.mark.parametrize("document", [None, "", "{}"])
def test_of_a_time_of_which_nothing_is_kept_nothing_is_known(document: str | None) -> None:
    assert Standing.read(document) == Standing()


def test_a_lists_own_time_zone_counts_before_that_of_all() -> None:
    written = {"timezone": "Europe/Berlin", "lists": {"a": {"schedule": "x", "timezone": "Asia/Tokyo"}, "b": {"schedule": "x"}}}

    found = Standing.read(json.dumps(written)).lists

    assert {name: one.timezone for name, one in found.items()} == {"a": "Asia/Tokyo", "b": "Europe/Berlin"}


@pytest.mark.parametrize("written", ["2026-13-01", "~", 7, None])
def test_a_damaged_day_is_no_pause(written: object) -> None:
    document = json.dumps({"lists": {"a": {"pause_until": written}}})

    assert Standing.read(document).lists["a"].pause_until is None
