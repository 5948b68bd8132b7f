"""The page beside the service: begun, told of each configuration, ended, and begun again where it ended by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs
from support.rehearsal import Lab, lab

from watcher import web
from watcher.daemon.page import PageThread
from watcher.setup.loading import Loaded, load_whole

if TYPE_CHECKING:
    from pathlib import Path

    from watcher.web import Changes


@dataclass
class Lives:
    """What the web's own part was given, in place of listening."""

    given: list[Loaded | None] = field(default_factory=list)
    fails: bool = False
    is_answering: threading.Event = field(default_factory=threading.Event)

    def live(self, loaded: Loaded, changes: Changes) -> None:
        """Take configurations until the end comes."""
        self.given.append(loaded)
        if self.fails:
            raise ZeroDivisionError
        while self.given[-1] is not None:
            self.given.append(changes.get())
        self.is_answering.wait(10)


@pytest.fixture
def lives(monkeypatch: pytest.MonkeyPatch) -> Lives:
    made = Lives()
    made.is_answering.set()
    monkeypatch.setattr(web, "live", made.live)
    return made


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bool], Loaded]]:
    with lab(tmp_path, [], monkeypatch) as one:
        yield lambda enabled: with_page(one, enabled=enabled)


def with_page(one: Lab, *, enabled: bool) -> Loaded:
    one.document["web"] = {"enabled": enabled}
    one.write()
    return load_whole(one.config)


def until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)


def test_it_is_told_of_each_configuration_once_and_ends(lives: Lives, loaded: Callable[[bool], Loaded]) -> None:
    page, first, second = PageThread(), loaded(True), loaded(True)

    for each in (first, first, second, second):
        page.keep(each)
    was_there = page.is_there
    page.end()

    assert lives.given == [first, second, None]
    assert (was_there, page.is_there) == (True, False)
    assert page.was_begun  # so that no process is forked any more: its requests may go on


def test_none_is_begun_where_none_is_wanted(lives: Lives, loaded: Callable[[bool], Loaded]) -> None:
    page = PageThread()

    page.keep(loaded(False))

    assert (page.is_there, page.was_begun, lives.given) == (False, False, [])


def test_one_that_is_switched_off_keeps_nobody_waiting_and_is_there_until_it_has_answered(
    lives: Lives, loaded: Callable[[bool], Loaded]
) -> None:
    page = PageThread()
    lives.is_answering.clear()
    page.keep(loaded(True))

    page.keep(loaded(False))
    while_it_answers = page.is_there
    page.keep(loaded(True))
    lives.is_answering.set()
    page.end()

    assert while_it_answers
    assert not page.is_there


def test_the_time_that_it_has_to_end_runs_from_when_it_is_told(
    lives: Lives, loaded: Callable[[bool], Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.daemon.page.END_SECONDS", 1.0)
    page = PageThread()
    lives.is_answering.clear()
    page.keep(loaded(True))

    page.say_end()
    time.sleep(1)  # the round, which ends meanwhile
    before = time.monotonic()
    page.end()
    took = time.monotonic() - before
    was_there = page.is_there
    lives.is_answering.set()

    assert was_there
    assert took < 0.5


def test_one_that_ended_by_itself_is_begun_again_and_why_is_told(lives: Lives, loaded: Callable[[bool], Loaded]) -> None:
    page, wanted = PageThread(), loaded(True)
    lives.fails = True
    with capture_logs() as told:
        page.keep(wanted)
        until(lambda: not page.is_there)
        lives.fails = False

        page.keep(wanted)
        page.end()

    assert lives.given == [wanted, wanted, None]
    assert [(one["event"], bool(one.get("exc_info"))) for one in told] == [
        ("the page failed", True),
        ("the page has ended by itself and is begun again", False),
    ]
