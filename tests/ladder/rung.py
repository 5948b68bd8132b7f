"""A rung: a database as an earlier build left it, and what had come to its readers by then."""

from __future__ import annotations

import json
import lzma
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from simulation.world import Paper, Question, World, WorldList

RUNGS = Path(__file__).parents[1] / "records" / "ladder"

MESSAGES = "SELECT id, kind, part, subject, payload, sha256 FROM message ORDER BY id"
OWED = "SELECT message_id, rfc822_id, recipient FROM delivery WHERE state IN ('pending', 'sending', 'parked') ORDER BY id"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message that was taken: `where` is the mail's recipient or the post's path, `list` the list's name where a mail says it.
    `papers` are the PMIDs that it presents. Copies of one message have one `identity`."""

    where: str
    list: str
    period: str
    identity: str
    papers: frozenset[int]


@dataclass(frozen=True)
class Rung:
    """One folder of `RUNGS`. `kind` is "sqlite" or "postgresql"."""

    folder: Path
    kind: str

    @cached_property
    def world(self) -> World:
        """The world, of which the service has seen what there was until `lived_until`."""
        told = self._told
        return World(
            seed=told["seed"],
            start=date.fromisoformat(told["start"]),
            weeks=told["weeks"],
            papers=tuple(_paper(one) for one in told["papers"]),
            questions=tuple(Question(one["name"], one["title"], tuple(one["topics"])) for one in told["questions"]),
            lists=tuple(_list(one) for one in told["lists"]),
            admin=told["admin"],
        )

    @cached_property
    def lived_until(self) -> datetime:
        """The last instant under which the earlier build was at work."""
        return datetime.fromisoformat(self._told["lived_until"])

    @cached_property
    def arrived(self) -> tuple[Arrival, ...]:
        """All that had come by then, in order of its coming, mails first."""
        return tuple(Arrival(**{**one, "papers": frozenset(one["papers"])}) for one in self._read(f"{self.kind}.json.xz"))

    def fill(self, url: str) -> None:
        """Makes an empty database the one that the earlier build left. `url` as the service is told it."""
        statements = _unpacked(self.folder / f"{self.kind}.sql.xz")
        if self.kind == "sqlite":
            with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
                connection.executescript(statements)
            return
        with _connected(url) as connection:
            connection.exec_driver_sql(statements, execution_options={"no_parameters": True})
            connection.commit()

    @cached_property
    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = self._read("world.json.xz")
        return told

    def _read(self, name: str) -> Any:  # noqa: ANN401 - what JSON holds
        return json.loads(_unpacked(self.folder / name))


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What a statement finds; bytes as bytes, whatever the driver gives."""
    with _connected(url) as connection:
        return [
            tuple(bytes(one) if isinstance(one, memoryview) else one for one in row)
            for row in connection.exec_driver_sql(statement)
        ]


def _connected(url: str) -> sa.Connection:
    address = sa.make_url(url)
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    return sa.create_engine(address, poolclass=sa.NullPool).connect()


def _unpacked(path: Path) -> str:
    return lzma.decompress(path.read_bytes()).decode()


def _paper(told: dict[str, Any]) -> Paper:
    days = {name: _day(told.get(name)) for name in ("fetchable", "retracted", "vanishes", "doubted", "amended")}
    created, entered, appears = (date.fromisoformat(told[name]) for name in ("created", "entered", "appears"))
    headings = tuple((date.fromisoformat(day), name) for day, name in told["headings"])
    return Paper(
        told["pmid"],
        frozenset(told["topics"]),
        created,
        entered,
        appears,
        headings=headings,
        preprint=told["preprint"],
        update_of=told["update_of"],
        **days,
    )


def _list(told: dict[str, Any]) -> WorldList:
    given = {**told, "watches": tuple(told["watches"]), "readers": tuple(told["readers"])}
    return WorldList(**{**given, "hour": time.fromisoformat(told["hour"]), "paused": _day(told["paused"])})


def _day(told: str | None) -> date | None:
    return date.fromisoformat(told) if told else None
