"""Which edition of the configuration a life takes to be in force: the one that its service can have loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from simulation.life import Life
from simulation.premises import premises
from simulation.script import Mishap, Step
from simulation.service import Crew
from simulation.world import World, build

WORLD = build(1, 4)
EDIT, BAD, MENDED, OFF_OVER = Mishap("edit", "wider", number=1), Mishap("bad edit"), Mishap("over", "edit"), Mishap("over", "off")


@dataclass
class Idle(Crew):
    """A service that does nothing, at once. `taken_up`: how often an edit was waited for."""

    taken_up: int = 0
    said: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Notes whether the file is good."""
        self.said.append("bad" if self.premises.is_spoiled else "good")

    def kill(self, number: int, after: float) -> None:
        """Nothing to kill."""

    def stop(self) -> None:
        """Nothing to stop."""

    def abandon(self) -> None:
        """Nothing to end."""

    def starve(self, seconds: float) -> None:
        """Nothing to starve."""

    def take_up(self, save: Callable[[], None]) -> None:
        """Takes up at once what is saved."""
        self.taken_up += 1
        save()

    def kill_in(self, number: int, *, hangs: Callable[[], bool]) -> bool:
        """Nothing hangs."""
        del number, hangs
        return False

    def settle(self, *, patience: float = 0.0, rounds: int = 1) -> bool:
        """Nothing is under way."""
        del patience, rounds
        return True

    @property
    def pids(self) -> tuple[int, ...]:
        """No process."""
        return ()


def lived(folder: Path, world: World, *steps: tuple[tuple[Mishap, ...], bool]) -> tuple[list[int], Idle]:
    """The edition in force at each look of a life with these mishaps, a day apart; True: the service is off."""
    with premises(folder, world) as one:
        crew = Idle(one)
        life = Life(one, crew)
        at = world.begins_at
        life.live(tuple(Step(at + timedelta(days=day), mishaps, off) for day, (mishaps, off) in enumerate(steps)))
    return [look.edition for look in life.looks], crew


ON, OFF = ((), False), ((), True)


def test_an_edit_is_in_force_once_the_service_has_taken_it_up(tmp_path: Path) -> None:
    editions, crew = lived(tmp_path, WORLD, ON, ((EDIT,), False), ON)

    assert editions == [0, 1, 1]
    assert crew.taken_up == 1


def test_an_edit_while_the_service_is_off_is_in_force_from_its_next_start(tmp_path: Path) -> None:
    editions, crew = lived(tmp_path, WORLD, ON, OFF, ((EDIT,), True), ((OFF_OVER,), False), ON)

    assert editions == [0, 1, 1]
    assert crew.taken_up == 0


def test_a_service_that_starts_before_a_spoiled_file_goes_on_with_what_it_had(tmp_path: Path) -> None:
    steps = (ON, OFF, ((EDIT,), True), ((BAD,), True), ((OFF_OVER,), False), ON, ((MENDED,), False), ON)

    editions, crew = lived(tmp_path, WORLD, *steps)

    assert editions == [0, 0, 0, 1, 1]
    assert crew.taken_up == 1


@pytest.mark.parametrize(("with_start", "expected"), [(BAD, [0, 0, 1]), (MENDED, [0, 1, 1])])
def test_what_befalls_the_file_when_the_service_comes_back_befalls_it_before(
    tmp_path: Path, with_start: Mishap, expected: list[int]
) -> None:
    before = ((EDIT, BAD) if with_start is MENDED else (EDIT,), True)

    editions, crew = lived(tmp_path, WORLD, ON, OFF, before, ((OFF_OVER, with_start), False), ((MENDED,), False))

    assert editions == expected
    assert crew.said == ["good", "bad" if with_start is BAD else "good"]


def test_a_mend_on_the_day_on_which_the_service_is_switched_off_is_not_taken_up_by_the_way(tmp_path: Path) -> None:
    steps = (ON, OFF, ((EDIT, BAD), True), ((OFF_OVER,), False), ((MENDED,), True), ((OFF_OVER,), False))

    editions, crew = lived(tmp_path, WORLD, *steps)

    assert editions == [0, 0, 1]
    assert crew.taken_up == 0
