"""What is done to the service on which day: the clock's moves, and the mishaps. Drawn from a seed, before anything runs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from simulation.world import Change, World, on_the_clock

RUN_HOUR = time(5, 30)
"""When watches are searched, in Berlin."""

OUTAGE_KINDS = ("http-503", "reset", "html-page", "backend-502", "empty-body", "http-500")
SEARCH_FAULTS = (
    "rate-limit", "rate-limit-retry-after", "rate-limit-in-200", "backend-failed", "html-page", "http-502", "http-503", "empty-body",
    "truncated", "short-body", "chunks-cut", "reset", "hang", "drip", "short-id-list", "no-ids", "raw-control-characters",
    "api-key-invalid", "shrunken-set",
)  # fmt: skip
FETCH_FAULTS = (
    "rate-limit", "efetch-timeout", "html-page", "http-500", "truncated", "short-body", "chunks-cut", "reset", "hang", "drip",
    "omitted-records", "repeated-record", "broken-record", "malformed-record", "unknown-dtd",
)  # fmt: skip
PASSING_MAIL = ("hangs-up", "busy", "greylists", "loses", "takes-and-hangs-up")
PASSING_SLACK = ("rate-limit", "error", "unavailable", "loses", "takes-and-hangs-up")
LOCK_WAIT = 2.0
"""Seconds that the simulated service waits for a database."""

SHORT_LOCKS = (0.3, 1.0)
LONG_LOCK = 3.5
"""Seconds for which another program holds the database: less than the service waits, and more."""

HANGING = ("mail", "slack", "esearch", "efetch")
"""Where a send or a fetch hangs when the process is killed in it."""

LASTING = {"mail": ("refuses", "refuses-login", "busy", "greylists"), "slack": ("gone", "error", "rate-limit")}


@dataclass(frozen=True, slots=True)
class Mishap:
    """One thing that goes wrong. `kind` says where (pubmed, mail, slack, kill, …), `name` which of its faults; `at` a tool, a recipient
    or a path; `seconds` of real time."""

    kind: str
    name: str = ""
    at: str = ""
    times: int = 1
    seconds: float = 0.0
    number: int = 0

    @property
    def label(self) -> str:
        """How a report counts it."""
        return f"{self.kind}: {self.name}" if self.name else self.kind


@dataclass(frozen=True, slots=True)
class Step:
    """One move of the clock and what goes wrong under it. `off`: no service runs; `ahead`: by how much its clock is wrong; `troubled`:
    PubMed answers nothing, so that no digest can be asked for now; `harmed`: kinds of channels to which deliveries may fail, by a
    fault planted now or earlier."""

    at: datetime
    mishaps: tuple[Mishap, ...] = ()
    off: bool = False
    ahead: timedelta = timedelta()
    troubled: bool = False
    harmed: frozenset[str] = frozenset()

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all is wrong. An edit may need more than one round to be taken up."""
        return not (self.mishaps or self.off or self.ahead or self.troubled)

    @property
    def is_undisturbed(self) -> bool:
        """Whether the service itself is left alone, whatever PubMed and the channels do."""
        return not (self.off or self.ahead or any(one.kind not in ("pubmed", "mail", "slack", "over") for one in self.mishaps))


@dataclass(frozen=True, slots=True)
class Severity:
    """How often what happens, in shares of steps."""

    kill: float = 0.35
    pubmed: float = 0.25
    outage: float = 0.03
    delivery: float = 0.25
    dead_channel: float = 0.03
    store: float = 0.06
    restart: float = 0.05
    off: float = 0.04
    edit: float = 0.04
    wrong_clock: float = 0.03
    hang: float = 0.03
    long_lock: float = 0.003


def write(world: World, *, hours: float = 20.0, severity: Severity | None = None, serving: bool = True) -> tuple[Step, ...]:
    """The steps of a world's weeks: the first one clean, then one each `hours` on average, often just after something is due.

    `serving` False leaves out what only a service that stays can survive (bad edits).
    """
    dice = random.Random(f"script {world.seed}")  # noqa: S311 - replayable
    return tuple(_Author(dice, world, hours, severity or Severity(), serving).steps())


@dataclass
class _Author:
    """Draws steps. `lasting` are the mishaps in force, with the instants at which they end."""

    dice: random.Random
    world: World
    hours: float
    severity: Severity
    serving: bool
    lasting: dict[str, datetime] = field(default_factory=dict)
    edited_while_off: bool = False
    planted: set[str] = field(default_factory=set)

    def steps(self) -> Iterator[Step]:
        """From the first look to the end."""
        at = self.world.begins_at
        yield Step(at)
        changes = list(self.world.changes)
        while (following := self._next(at)) < self.world.ends_at:
            at = following
            while changes and changes[0].at <= at:
                yield self._edit(changes.pop(0))
            yield self._step(at)
        yield from self._aftermath(max(at, *(change.at for change in self.world.changes), at))

    def _edit(self, change: Change) -> Step:
        """The lab changes its mind; what was wrong with the file before is gone with it."""
        self.lasting.pop("edit", None)
        mishaps = [Mishap("edit", change.kind, number=change.edition)]
        if "off" in self.lasting:
            self.edited_while_off = True
        elif self.dice.random() < self.severity.kill:
            mishaps.append(Mishap("kill", seconds=self.dice.random(), number=self.dice.randrange(2)))
        return Step(change.at, tuple(mishaps), "off" in self.lasting, troubled="pubmed" in self.lasting, harmed=self._harmed([]))

    def _aftermath(self, at: datetime) -> Iterator[Step]:
        """Fifteen quiet days, in which all that is owed arrives."""
        yield Step(at, tuple(Mishap("over", kind) for kind in ("pubmed", "mail", "slack", "edit")))
        for _ in range(10):
            at += timedelta(hours=37)
            yield Step(at)

    def _next(self, at: datetime) -> datetime:
        """A little after the next thing that is due, or just some hours on."""
        if self.dice.random() < 0.6:
            return self._due_after(at) + timedelta(seconds=self.dice.choice([0, 1, 61, 1800, self.dice.randint(0, 5400)]))
        return at + timedelta(seconds=self.dice.randint(600, int(self.hours * 2 * 3600)))

    def _due_after(self, at: datetime) -> datetime:
        zone = ZoneInfo("Europe/Berlin")
        day = at.astimezone(zone).date() + timedelta(days=self.dice.choice([0, 0, 1]))
        runs = [on_the_clock(day + timedelta(days=number), RUN_HOUR, zone) for number in range(2)]
        slots = [slot for list_ in self.world.all_lists for slot in list_.slots(at, at + timedelta(days=8))]
        soon = [min(one for one in runs if one > at), *(slot for slot in slots if slot - at < timedelta(hours=2 * self.hours))]
        return self.dice.choice(soon)

    def _step(self, at: datetime) -> Step:
        ended = [kind for kind, until in self.lasting.items() if until <= at]
        mishaps = [Mishap("over", kind) for kind in ended]
        self.lasting = {kind: until for kind, until in self.lasting.items() if kind not in ended}
        if self._now("off", self.severity.off):
            self.lasting["off"] = at + timedelta(hours=self.dice.choice([12, 30, 60, 200, 12, 30, 60, 24 * 36]))
        mishaps += [*self._pubmed(at), *self._deliveries(at), *self._edits(at)]
        off = "off" in self.lasting
        ahead = timedelta()
        if not off:
            mishaps += self._process()
            if self._now("wrong clock", self.severity.wrong_clock) and not self.edited_while_off:
                ahead = timedelta(hours=self.dice.choice([-30, -5, -2, 3, 26, 24 * 12]))
            self.edited_while_off = False
        return Step(at, tuple(mishaps), off, ahead, troubled="pubmed" in self.lasting, harmed=self._harmed(mishaps))

    def _harmed(self, mishaps: Sequence[Mishap]) -> frozenset[str]:
        """A fault that was planted stays until it is met, or all of its kind are cleared."""
        kinds = frozenset({"mail", "slack"})
        self.planted -= {one.name for one in mishaps if one.kind == "over"}
        self.planted |= {one.kind for one in mishaps} & kinds
        return frozenset(self.planted) | (kinds & {one.name for one in mishaps if one.kind == "kill in a hang"})

    def _now(self, kind: str, share: float) -> bool:
        return kind not in self.lasting and self.dice.random() < share

    def _pubmed(self, at: datetime) -> Iterator[Mishap]:
        if self._now("pubmed", self.severity.outage):
            self.lasting["pubmed"] = at + timedelta(hours=self.dice.choice([3, 9, 40, 80]))
            yield Mishap("pubmed", self.dice.choice(OUTAGE_KINDS), "*", 100_000)
        elif "pubmed" not in self.lasting and self.dice.random() < self.severity.pubmed:
            tool, kinds = self.dice.choice([("esearch", SEARCH_FAULTS), ("efetch", FETCH_FAULTS)])
            yield Mishap("pubmed", self.dice.choice(kinds), tool, self.dice.choice([1, 1, 1, 2, 4]))

    def _deliveries(self, at: datetime) -> Iterator[Mishap]:
        list_ = self.dice.choice(self.world.all_lists)
        where = {"mail": self.dice.choice([*list_.readers, ""]), "slack": self.dice.choice([list_.webhook, ""])}
        kind = self.dice.choice(["mail", "slack"])
        if self._now(kind, self.severity.dead_channel):
            self.lasting[kind] = at + timedelta(hours=self.dice.choice([10, 50, 200]))
            yield Mishap(kind, self.dice.choice(LASTING[kind]), where[kind], 100_000)
        elif kind not in self.lasting and self.dice.random() < self.severity.delivery:
            name = self.dice.choice(PASSING_MAIL if kind == "mail" else PASSING_SLACK)
            yield Mishap(kind, name, where[kind], self.dice.choice([1, 1, 2, 5]))

    def _edits(self, at: datetime) -> Iterator[Mishap]:
        if self.serving and self._now("edit", self.severity.edit):
            self.lasting["edit"] = at + timedelta(hours=self.dice.choice([1, 20, 60]))
            yield Mishap("bad edit", number=self.dice.randrange(1000))

    def _process(self) -> Iterator[Mishap]:
        if self.dice.random() < self.severity.store:
            yield self.dice.choice(
                [Mishap("database locked", seconds=self.dice.choice(SHORT_LOCKS)), Mishap("disk full", seconds=1.0)]
            )
        if self.dice.random() < self.severity.long_lock:
            yield Mishap("database locked", "longer than it waits", seconds=LONG_LOCK)
        if self.dice.random() < self.severity.hang:
            where = self.dice.choice(HANGING)
            if (where if where in ("mail", "slack") else "pubmed") not in self.lasting:
                yield Mishap("kill in a hang", where, number=self.dice.randrange(2))
        if self.dice.random() < self.severity.restart:
            yield Mishap("restart")
        while self.dice.random() < self.severity.kill:
            yield Mishap("kill", seconds=self.dice.choice([0.0, 0.1, 0.6]) * self.dice.random(), number=self.dice.randrange(2))
