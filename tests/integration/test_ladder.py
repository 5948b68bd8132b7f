"""The upgrade ladder: what an earlier build left after a year, opened by this one and lived on for four weeks with kills and faults."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ladder.judge import lost, twice
from ladder.rung import MESSAGES, OWED, RUNGS, Arrival, Rung, rows
from simulation import script
from simulation.evidence import Evidence
from simulation.life import lives
from simulation.service import Daemons

WEEKS_MORE = 4


@pytest.fixture(params=sorted(path.name for path in RUNGS.iterdir()))
def commit(request: pytest.FixtureRequest) -> str:
    """The commit of the build that lived the year."""
    return str(request.param)


@pytest.fixture(params=["sqlite", "postgresql"])
def rung(request: pytest.FixtureRequest, commit: str) -> Rung:
    """What it left, on either database."""
    return Rung(RUNGS / commit, request.param)


@pytest.fixture
def url(rung: Rung, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where that database is."""
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path}/data/watcher.db" if rung.kind == "sqlite" else str(request.getfixturevalue("postgres")())
    rung.fill(url)
    return url


def arrived(happened: Evidence) -> tuple[Arrival, ...]:
    """What came after the upgrade, as a rung tells what came before."""
    return tuple(Arrival(one.where, one.list, one.period, one.identity, one.papers) for one in (*happened.letters, *happened.posts))


def posted(payload: bytes) -> str:
    """The identity of the post that a stored Slack message becomes."""
    held = json.loads(json.loads(payload)["payload"]["json"])
    return hashlib.sha256(json.dumps(held).encode()).hexdigest()


def test_an_earlier_builds_year_goes_on(rung: Rung, url: str, tmp_path: Path) -> None:
    stored, owed = rows(url, MESSAGES), rows(url, OWED)
    posts = {message: posted(payload) for message, kind, *_, payload, _ in stored if kind == "slack"}
    begins = rung.lived_until.date() + timedelta(days=1)
    world = replace(rung.world, start=begins, weeks=WEEKS_MORE)
    steps = script.write(world, hours=30)

    happened, played = lives(
        tmp_path, world, steps, lambda place: Daemons(place, 2), database_url="" if rung.kind == "sqlite" else url
    )

    now = arrived(happened)
    whole = (*rung.arrived, *now)
    assert [row for row in rows(url, MESSAGES) if row[0] <= stored[-1][0]] == stored
    assert len(owed) > 2
    came = {one.identity.strip("<>") for one in now}
    assert [name for message, name, _ in owed if posts.get(message, name) not in came] == []
    assert list(twice(whole)) == []
    assert list(lost(rung.world, whole, steps[-1].at)) == []
    assert len({pmid for one in now for pmid in one.papers} - {pmid for one in rung.arrived for pmid in one.papers}) > 20
    assert played["kill"] > 2


def test_the_judge_sees_a_paper_that_came_twice_or_not_at_all(rung: Rung) -> None:
    mail = next(one for one in rung.arrived if one.list and one.papers)
    pmid = min(mail.papers)
    again = replace(mail, identity="another", papers=frozenset({pmid}))
    quiet = rung.lived_until - timedelta(days=40)
    owed = next(one for one in lost(rung.world, (), quiet) if f"LOST {mail.where} {mail.list}: " in one)
    missing = int(owed.rpartition(" ")[2])
    without = tuple(replace(one, papers=one.papers - {missing}) if one.where == mail.where else one for one in rung.arrived)

    assert list(twice(rung.arrived)) == []
    assert list(twice((*rung.arrived, again))) == [f"TWICE {mail.where} {mail.list}: {pmid}, 2 times"]
    assert list(lost(rung.world, rung.arrived, quiet)) == []
    assert list(lost(rung.world, without, quiet)) == [owed]
