"""The folder, the local servers and the clock of one simulation, and how they are disturbed."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from ruamel.yaml import YAML

from simulation.planting import also_indexed, planted
from simulation.script import LOCK_WAIT
from simulation.world import START_DAYS, World
from standins.eutils.corpus import Corpus
from standins.eutils.server import EutilsServer
from standins.inbox import MailServer, SlackServer

SEED = """Agrin and the maintenance of the neuromuscular junction

Abstract

Agrin, LRP4 and MuSK build and keep the neuromuscular junction, the synapse between motor neurons and skeletal muscle fibres.

Keywords

Neuromuscular Junction, Agrin, Motor Neurons
"""


@dataclass(frozen=True, slots=True)
class Move:
    """The clock was moved: when by `time.monotonic`, to which true instant, and which one the service was shown."""

    at_monotonic: float
    true: datetime
    shown: datetime


@dataclass
class TrueTime:
    """What time it really is in the simulated world."""

    at: datetime


@dataclass
class Premises:
    """One lab and its surroundings. `pubmed` follows the true time, the service the clock file, which may be wrong. `edition` is the
    one that was saved last, `in_force` the one that the service works by: it may have been off, or the file spoiled, since."""

    folder: Path
    world: World
    pubmed: EutilsServer
    mail: MailServer
    slack: SlackServer
    time: TrueTime
    database_url: str = ""
    moves: list[Move] = field(default_factory=list)
    edition: int = 0
    in_force: int = 0
    is_spoiled: bool = False

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "config" / "watcher.yaml"

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the service is told."""
        told = {"WATCHER_CLOCK_FILE": str(self.folder / "clock"), "WATCHER_TICK_SECONDS": "0.05"}
        return told | ({"WATCHER_DATABASE_URL": self.database_url} if self.database_url else {})

    def move_clock(self, true: datetime, shown: datetime | None = None) -> None:
        """Let it be `true` in the world, and `shown` on the service's clock."""
        self.time.at = true
        self.moves.append(Move(time.monotonic(), true, shown or true))
        beside = self.folder / "clock.new"
        beside.write_text((shown or true).isoformat(), encoding="utf-8")
        beside.replace(self.folder / "clock")

    def write_configuration(self) -> None:
        """The configuration and the seeds as the lab wants them."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        beside = self.config.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            YAML().dump(self._document(), file)
        beside.replace(self.config)
        self.is_spoiled = False

    def loaded(self) -> None:
        """A service has begun, or has taken up what was saved: it works by it, unless that cannot be used."""
        if not self.is_spoiled:
            self.in_force = self.edition

    def edit(self, edition: int, kind: str) -> None:
        """The lab saves another edition of its configuration, or another seed file."""
        self.edition = edition
        if kind == "seeds":
            (self.folder / "seeds" / "nmj" / "agrin.txt").write_text(SEED + f"\nMotor endplate {edition}\n", encoding="utf-8")
        self.write_configuration()

    def spoil_configuration(self, line: int) -> None:
        """A bad edit: one line, counted from the top and round again, loses its colon or gets a key that nobody knows."""
        lines = self.config.read_text(encoding="utf-8").splitlines()
        at = line % len(lines)
        lines[at] = f"{lines[at]}\n  ]: oops"
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.is_spoiled = True

    @contextmanager
    def locked_database(self) -> Iterator[None]:
        """Another program holds the SQLite file, or a table of the PostgreSQL database."""
        with self._postgres_locked() if self.database_url else self._sqlite_locked():
            yield

    @contextmanager
    def _sqlite_locked(self) -> Iterator[None]:
        connection = sqlite3.connect(self.data / "watcher.db", timeout=5, isolation_level=None)
        try:
            with suppress(sqlite3.OperationalError):
                connection.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            connection.close()

    @contextmanager
    def _postgres_locked(self) -> Iterator[None]:
        engine = sa.create_engine(sa.make_url(self.database_url).set(drivername="postgresql+psycopg"))
        with engine.connect() as connection:
            connection.exec_driver_sql("LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE")
            yield
        engine.dispose()

    def fill_disk_for(self, pid: int) -> None:
        """Let no file of the process grow any more."""
        sizes = [path.stat().st_size for path in self.data.glob("watcher.db*")]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (max(sizes, default=0), resource.RLIM_INFINITY))

    @staticmethod
    def empty_disk_for(pid: int) -> None:
        """Let its files grow again."""
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def _document(self) -> dict[str, Any]:
        world, edition = self.world, self.world.editions[self.edition]
        document: dict[str, Any] = {
            "timezone": "Europe/Berlin",
            "pubmed": {
                "email": "library@lab.example",
                "base_url": self.pubmed.base_url,
                "api_key": "sample-key",
                "connect_timeout_seconds": 3,
                "read_timeout_seconds": 2.5,  # a busy machine answers within it
                "deadline_seconds": 3.5,
                "max_attempts": 2,
            },
            "database": {"lock_wait_seconds": LOCK_WAIT},
            "web": {"enabled": False},  # nobody looks at it, and several services would want its port
            "runs": {"schedule": "daily 05:30"},
            "channels": {},
            "watches": {
                question.name: {
                    "title": question.title,
                    "query": question.query,
                    "seeds": ["nmj"],
                    "similar": False,
                    "threshold": 0,
                    "exclude_types": [],
                    "start": {"days": START_DAYS, "papers": 1000},
                }
                for question in edition.questions
            },
            "lists": {},
        }
        for list_ in edition.lists:
            mail, slack = f"{list_.name}-mail", f"{list_.name}-slack"
            url = f"mailto://lab:password@127.0.0.1:{self.mail.port}?from=watcher@lab.example"
            document["channels"][mail] = {"kind": "email", "url": url, "to": list(list_.readers)}
            document["channels"][slack] = {"kind": "slack", "url": f"{self.slack.base_url}{self.slack.path(list_.webhook)}"}
            document["lists"][list_.name] = {
                "title": list_.title,
                "watches": list(list_.watches),
                "channels": [mail, slack],
                "schedule": list_.schedule,
                "timezone": list_.zone,
                "limit": 0,
                **({"pause_until": list_.paused} if list_.paused else {}),
                **({"corrections": "at-once"} if list_.at_once else {}),
            }
        if world.admin:
            url = f"mailto://lab:password@127.0.0.1:{self.mail.port}?from=watcher@lab.example"
            document["channels"]["admin"] = {"kind": "email", "url": url, "to": [world.admin]}
            document["alerts"] = {"channel": "admin"}
        return document


@contextmanager
def premises(folder: Path, world: World, database_url: str = "") -> Iterator[Premises]:
    """A lab with its servers running; nothing of the service is started."""
    time_there = TrueTime(world.begins_at)
    corpus = Corpus.of(planted(world), also_indexed=also_indexed())
    with (
        MailServer(logins={"lab": "password"}) as mail,
        SlackServer() as slack,
        EutilsServer(corpus, clock=lambda: time_there.at) as pubmed,
    ):
        one = Premises(folder, world, pubmed, mail, slack, time_there, database_url)
        one.move_clock(world.begins_at)
        seeds = folder / "seeds" / "nmj"
        seeds.mkdir(parents=True, exist_ok=True)
        (seeds / "agrin.txt").write_text(SEED, encoding="utf-8")
        one.write_configuration()
        yield one
