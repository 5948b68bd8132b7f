"""The main thread: signals, a clock that is moved under APScheduler, and how long a tick is."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from support.rehearsal import Lab, lab

from watcher.daemon.page import PageThread
from watcher.daemon.serve import DEFAULT_TICK_SECONDS, MainThread, Ticks, tick_seconds
from watcher.daemon.signals import Stop
from watcher.errors import ConfigurationError
from watcher.setup.in_force import Configuration
from watcher.setup.loading import load_whole


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with lab(tmp_path, [], monkeypatch) as made:
        made.move_clock("2026-03-02T09:00")
        yield made


# --- signals


def test_the_first_signal_asks_for_an_end_and_the_handlers_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    stop = Stop()

    with stop.listening():
        signal.raise_signal(signal.SIGTERM)

    assert stop.stopping.is_set()
    assert stop.wake.is_set()
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_page_is_told_to_end_before_the_round_is_waited_for(one: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(_seconds: float) -> bool:
        done.append("round")
        return True

    stop, done = Stop(), list[str]()
    main = MainThread(Configuration(one.config, load_whole(one.config)), stop, 0.2)
    monkeypatch.setattr(PageThread, "say_end", lambda _page: done.append("page"))
    monkeypatch.setattr(main.service, "end", ended)
    stop.ask()

    main.run()

    assert done == ["page", "round"]


# --- the machine's clock


class Wall:
    """A machine's clock that a test sets; it shifts what APScheduler and the watch over the clocks read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shift = timedelta()
        wall = self

        class Shifted(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain datetime, as callers expect
                return datetime.now(tz) + wall.shift

        for module in ("schedulers.base", "triggers.interval", "executors.base"):
            monkeypatch.setattr(f"apscheduler.{module}.datetime", Shifted)
        monkeypatch.setattr("watcher.clock.datetime", Shifted)


class Rounds:
    """A running service whose rounds a test counts."""

    def __init__(self, main: MainThread) -> None:
        self._main = main

    def more(self, count: int = 2) -> int:
        """Wait for more rounds; how many there are. They come within a tick or two unless the scheduler stands still."""
        before, end = self._main.service.rounds.count, time.monotonic() + 60
        while self._main.service.rounds.count < before + count:
            assert time.monotonic() < end, "the rounds have stopped"
            time.sleep(0.02)
        return self._main.service.rounds.count


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


@pytest.fixture
def rounds(one: Lab, wall: Wall) -> Iterator[Rounds]:
    """A service with a short tick, in a thread."""
    assert not wall.shift
    stop = Stop()
    main = MainThread(Configuration(one.config, load_whole(one.config)), stop, 0.2)
    thread = threading.Thread(target=main.run)
    thread.start()
    found = Rounds(main)
    found.more()
    yield found
    stop.ask()
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize("by", [timedelta(days=-7), timedelta(days=365), timedelta(hours=-2), timedelta(minutes=3)])
def test_rounds_go_on_whatever_the_machines_clock_is_set_to(by: timedelta, wall: Wall, rounds: Rounds) -> None:
    wall.shift += by

    assert rounds.more(3)


def test_a_clock_that_jumps_years_ahead_makes_one_tick_of_them() -> None:
    ticks, begin = Ticks(seconds=0.2), datetime(1970, 1, 1, tzinfo=UTC)
    now = datetime(2026, 3, 2, tzinfo=UTC)

    following = ticks.get_next_fire_time(begin, now)

    assert following == now + timedelta(seconds=0.2)
    assert ticks.get_next_fire_time(now, now) == following


# --- the tick


@pytest.mark.parametrize(("text", "seconds"), [("", DEFAULT_TICK_SECONDS), ("0.2", 0.2), (" 60 ", 60.0)])
def test_a_tick_is_as_long_as_the_environment_says(text: str, seconds: float) -> None:
    assert tick_seconds({"WATCHER_TICK_SECONDS": text}) == seconds


@pytest.mark.parametrize("text", ["often", "0", "0.01", "-20", "nan", "inf", "1e9"])
def test_what_is_no_length_of_a_tick_is_refused_by_its_variable(text: str) -> None:
    with pytest.raises(ConfigurationError, match="environment: WATCHER_TICK_SECONDS: this is no length of a tick"):
        tick_seconds({"WATCHER_TICK_SECONDS": text})
