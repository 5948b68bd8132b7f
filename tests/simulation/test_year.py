"""A few seeds of the simulated year. `make simulate` runs many, over longer times."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from simulation import script
from simulation.life import lives
from simulation.oracle import verdict
from simulation.service import Daemons, Ticks
from simulation.world import build

QUARTER = 13
SEASON = 6


def told(played: Counter[str]) -> int:
    """How many mishaps befell the service."""
    return sum(played.values())


def test_a_service_that_is_killed_again_and_again_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    world = build(2, QUARTER)

    happened, played = lives(tmp_path, world, script.write(world, hours=30), Daemons)
    found = verdict(world, happened)

    assert found.wrong == ()
    assert played["kill"] > 20
    assert found.papers > 100


def test_two_services_over_one_database_share_the_work(tmp_path: Path) -> None:
    world = build(3, SEASON)

    happened, played = lives(tmp_path, world, script.write(world, hours=30), lambda place: Daemons(place, 2))
    found = verdict(world, happened)

    assert found.wrong == ()
    assert told(played) > 20
    assert found.papers > 50


def test_ticks_that_are_started_by_cron_do_as_well(tmp_path: Path) -> None:
    world = build(1, SEASON)

    happened, played = lives(tmp_path, world, script.write(world, hours=30, serving=False), Ticks)
    found = verdict(world, happened)

    assert found.wrong == ()
    assert told(played) > 20
    assert found.papers > 50
