from __future__ import annotations

import os
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from support.rehearsal import aware

from standins.eutils.samples import DEMO_START
from standins.inbox import MailServer, SlackServer
from watcher import clock, demo
from watcher.errors import ConfigurationError
from watcher.setup.loading import load_settings


def test_three_weeks_are_lived_in_order_each_day_once_and_each_monday_twice() -> None:
    instants = list(demo._instants())

    assert all(one < later for one, later in pairwise(instants))
    assert (instants[0].date(), instants[-1].date()) == (DEMO_START, DEMO_START + timedelta(days=21))
    assert [instant for instant in instants if (instant.hour, instant.minute) == (8, 0)] == [
        aware(f"{DEMO_START + timedelta(days=days)}T08:00") for days in (7, 14, 21)
    ]
    assert len(instants) == 1 + 21 + 3


def test_the_demos_configuration_is_the_shipped_one_turned_to_the_local_servers(tmp_path: Path) -> None:
    with MailServer() as mail, SlackServer() as slack:
        path = demo._configuration(tmp_path, "http://127.0.0.1:1/entrez/eutils/", mail, slack)

        settings = load_settings(path, with_seeds=True)

        assert list(settings.watches) == ["nmj"]
        assert settings.pubmed.base_url == "http://127.0.0.1:1/entrez/eutils/"
        assert set(settings.channels) == {"lab-mail", "lab-slack"}
        assert settings.channel("lab-mail").url == mail.url()
        assert all(list_.channels == ("lab-mail", "lab-slack") for list_ in map(settings.digest_list, settings.lists))
        assert settings.alerts is None


def test_the_callers_settings_are_out_of_the_way_for_its_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHER_DATABASE_URL", "sqlite:///mine.db")
    file = tmp_path / "clock"

    with demo._clock_file(file) as move:
        move(aware("2026-09-07T09:00"))
        inside = (clock.now(), os.environ.get("WATCHER_DATABASE_URL"))

    assert inside == (aware("2026-09-07T09:00"), None)
    assert os.environ["WATCHER_DATABASE_URL"] == "sqlite:///mine.db"
    assert clock.CLOCK_FILE not in os.environ


def test_the_callers_settings_come_back_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.CLOCK_FILE, "mine")

    with pytest.raises(ZeroDivisionError), demo._clock_file(tmp_path / "clock"):
        raise ZeroDivisionError

    assert os.environ[clock.CLOCK_FILE] == "mine"


def test_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "demo-out"
    demo._cleared(out)
    (out / "digest.html").write_text("old")

    demo._cleared(out)

    assert not (out / "digest.html").exists()


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    demo._cleared(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [".watcher-demo"]


def test_a_folder_or_file_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "thesis.docx"
    mine.write_text("mine")

    for out in (tmp_path, mine):
        with pytest.raises(ConfigurationError, match=r"this is no folder of a demo\n.*--out"):
            demo._cleared(out)

    assert mine.read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match=r"file/demo: cannot be written: Not a directory"):
        demo._cleared(tmp_path / "file" / "demo")


def test_what_the_shipped_query_asks_for_is_known_to_the_demos_pubmed() -> None:
    words = set(demo._words_of_the_query())

    assert {"Neuromuscular Junction", "agrin"} <= words
