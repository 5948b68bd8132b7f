"""A year, and shorter and denser lives of a service that everything happens to. `make simulate` lives many more."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from support.postgres_server import Server

from simulation import script
from simulation.life import lives
from simulation.oracle import Verdict, verdict
from simulation.premises import Premises
from simulation.script import Severity, Step
from simulation.service import Crew, Daemons, Ticks
from simulation.world import World, build

YEAR = 52
MONTH = 4
FORTNIGHT = 2


def lived(
    folder: Path, world: World, steps: tuple[Step, ...], crew: Callable[[Premises], Crew], database_url: str = ""
) -> tuple[Verdict, Counter[str]]:
    """What the oracle says of a life, and what befell the service in it."""
    happened, played = lives(folder, world, steps, crew, database_url=database_url)
    return verdict(world, happened), played


def unfed(folder: Path) -> list[tuple[int, ...]]:
    """What was presented, or told later on, and does not stand in its list's feed."""
    fed = "FROM feed_entry JOIN feed ON feed.id = feed_entry.feed_id"
    papers = f"SELECT list_id, record_id FROM presented EXCEPT SELECT list_id, record_id {fed} WHERE kind = 'paper'"  # noqa: S608 - our words
    told = f"SELECT list_id, correction_id FROM correction_told WHERE NOT with_paper EXCEPT SELECT list_id, correction_id {fed}"  # noqa: S608 - ours
    with closing(sqlite3.connect(folder / "data" / "watcher.db")) as database:
        return [*database.execute(papers), *database.execute(told)]


def test_a_year_goes_by_and_each_paper_comes_once(tmp_path: Path) -> None:
    world = build(2, YEAR)
    steps = script.write(world, hours=700, severity=Severity(kill=0.1, long_lock=0.0))

    found, played = lived(tmp_path, world, steps, Daemons)

    assert found.wrong == ()
    assert unfed(tmp_path) == []
    assert found.papers > 400
    assert all(found.told[name] > 0 for name in ("Retracted", "Expression of concern", "Erratum"))
    assert sum(number for kind, number in played.items() if kind.startswith("edit")) >= 10
    assert played["service off"] > 0


def test_a_service_that_is_killed_again_and_again_loses_nothing_and_sends_nothing_twice(tmp_path: Path) -> None:
    world = build(4, MONTH)
    steps = script.write(world, hours=30, severity=Severity(kill=0.6, hang=0.15, long_lock=0.0))

    found, played = lived(tmp_path, world, steps, Daemons)

    assert found.wrong == ()
    assert unfed(tmp_path) == []
    assert found.told["Erratum, at once"] > 0
    assert played["kill"] > 20
    assert sum(number for kind, number in played.items() if kind.startswith("kill in a hang")) > 0
    assert found.papers > 40


def test_two_services_over_one_database_share_the_work(tmp_path: Path) -> None:
    world = build(3, FORTNIGHT)

    found, played = lived(tmp_path, world, script.write(world, hours=30), lambda place: Daemons(place, 2))

    assert found.wrong == ()
    assert played.total() > 8
    assert found.papers > 40


def test_two_services_over_one_postgresql_database_do_as_well(tmp_path: Path, postgres: Server) -> None:
    world = build(5, FORTNIGHT)
    steps = script.write(world, hours=30)

    found, played = lived(tmp_path, world, steps, lambda place: Daemons(place, 2), postgres())

    assert found.wrong == ()
    assert played.total() > 8
    assert found.papers > 40


def test_ticks_that_are_started_by_cron_do_as_well(tmp_path: Path) -> None:
    world = build(1, FORTNIGHT)

    found, played = lived(tmp_path, world, script.write(world, hours=30, serving=False), Ticks)

    assert found.wrong == ()
    assert played.total() > 8
    assert found.papers > 40
