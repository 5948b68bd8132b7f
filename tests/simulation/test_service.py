"""When a crew is taken to have done what is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulation.premises import premises
from simulation.service import Daemons
from simulation.world import World
from watcher.health import Pulse

NOW = datetime(2026, 3, 17, 11, tzinfo=UTC)
WORLD = World(0, NOW.date(), 1)


@dataclass
class Seen(Daemons):
    """Services of which nothing is known but these pulses, as (process, rounds ended, hours since the clock was moved)."""

    pulses: list[tuple[int, int, float]] = field(default_factory=list)

    def _pulses(self, looks: int) -> Iterator[Pulse | None]:
        del looks
        for pid, rounds, hours in self.pulses:
            yield Pulse(NOW, NOW, pid, 0.2, now=self.premises.moves[-1].shown + timedelta(hours=hours), rounds=rounds)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that there are."""
        return tuple(range(1, self.size + 1))


def settles(folder: Path, size: int, *pulses: tuple[int, int, float], rounds: int = 1) -> bool:
    """Whether a crew has settled once it has been heard so."""
    with premises(folder, WORLD) as one:
        return Seen(one, size, pulses=[*pulses]).settle(rounds=rounds)


def test_one_service_has_settled_when_it_has_ended_a_round_under_the_clock(tmp_path: Path) -> None:
    assert settles(tmp_path, 1, (1, 7, 0))
    assert not settles(tmp_path, 1, (1, 7, -20))


def test_of_two_services_a_round_in_which_one_only_saw_the_other_at_work_is_not_the_last(tmp_path: Path) -> None:
    assert not settles(tmp_path, 2, (1, 7, 0), (2, 3, 0))
    assert not settles(tmp_path, 2, (1, 7, 0), (2, 3, 0), (2, 4, 0))
    assert settles(tmp_path, 2, (1, 7, 0), (2, 3, 0), (2, 4, 0), (1, 8, 0))


def test_a_whole_round_that_began_later_is_the_second_that_ends(tmp_path: Path) -> None:
    assert not settles(tmp_path, 1, (1, 7, 0), (1, 8, 0), rounds=2)
    assert settles(tmp_path, 1, (1, 7, 0), (1, 8, 0), (1, 9, 0), rounds=2)
