from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watcher.daemon.clock_jumps import ClockJumps


@dataclass
class Clocks:
    """A wall clock and a monotonic one that a test moves."""

    wall: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC)
    monotonic: float = 5_000.0

    def go_on(self, seconds: float) -> None:
        """Time passes on both."""
        self.wall += timedelta(seconds=seconds)
        self.monotonic += seconds


def watched() -> tuple[Clocks, ClockJumps]:
    clocks = Clocks()
    return clocks, ClockJumps(lambda: clocks.wall, lambda: clocks.monotonic)


def test_time_that_goes_on_is_no_move() -> None:
    clocks, wall = watched()

    clocks.go_on(86_400)

    assert wall.moved() is None


def test_a_clock_that_is_set_is_noticed_once_and_by_how_much() -> None:
    clocks, wall = watched()

    for by in (timedelta(days=365), timedelta(days=-372), timedelta(minutes=2)):
        clocks.wall += by
        clocks.go_on(20)

        assert wall.moved() == by
        assert wall.moved() is None


def test_a_machine_that_slept_is_a_move_too() -> None:
    clocks, wall = watched()

    clocks.wall += timedelta(hours=60)  # monotonic time stands still while a machine sleeps

    assert wall.moved() == timedelta(hours=60)


def test_small_steps_of_a_time_server_add_up_until_they_are_noticed() -> None:
    clocks, wall = watched()

    moves = []
    for _ in range(7):
        clocks.wall += timedelta(seconds=10)
        moves.append(wall.moved())

    assert moves == [None] * 6 + [timedelta(seconds=70)]
