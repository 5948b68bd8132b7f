"""Plays a script: moves the clock, lets things go wrong, and keeps the evidence of what happened when."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simulation import post
from simulation.oracle import Evidence, Look, Spoiled
from simulation.premises import Premises, premises
from simulation.script import Mishap, Step
from simulation.service import Crew
from simulation.world import World
from watcher.demo.exchange import Call

DROPS_RECORDS = frozenset({"omitted-records", "broken-record", "malformed-record"})
"""Faults of EFetch by which a paper may come with a later batch."""

STORE_PATIENCE = 4.0
"""Seconds that a step waits for a service whose database cannot be written."""


@dataclass
class Life:
    """One simulation under way."""

    premises: Premises
    crew: Crew
    played: Counter[str] = field(default_factory=Counter)
    looks: list[Look] = field(default_factory=list)
    is_off: bool = False

    def live(self, script: tuple[Step, ...], say: Callable[[str], None] = lambda _line: None) -> None:
        """Play every step."""
        self.crew.start()
        for step in script:
            say(f"{step.at:%Y-%m-%d %H:%M}  {' · '.join(mishap.label for mishap in step.mishaps)}{' · off' if step.off else ''}")
            self._play(step)
        self.crew.stop()

    def _play(self, step: Step) -> None:
        self._switch(step)
        for mishap in step.mishaps:
            self.played[mishap.label] += mishap.kind != "over"
            self._plant(mishap)
        self.premises.move_clock(step.at, step.at + step.ahead)
        if step.off:
            return
        for mishap in step.mishaps:
            self._strike(mishap)
        ended = self.crew.settle()
        if not ended:
            self._stands_still(step)
        self.looks.append(Look(step.at, step.at + step.ahead, clean=step.is_clean))
        self._mend(step)

    def _switch(self, step: Step) -> None:
        """Take the service down before a time without it, and up again after."""
        if step.off and not self.is_off:
            self.crew.stop()
            self.played["service off"] += 1
        elif self.is_off and not step.off:
            self.crew.start()
        self.is_off = step.off

    def _plant(self, mishap: Mishap) -> None:
        """What stands ready before the clock moves."""
        one = self.premises
        if mishap.kind == "pubmed":
            one.pubmed.faults.plant(
                mishap.at, kind=mishap.name, times=mishap.times, when=_undated if mishap.name in _LIES else None
            )
        elif mishap.kind == "mail":
            one.mail.plant(mishap.name, times=mishap.times, to=mishap.at)
        elif mishap.kind == "slack":
            one.slack.plant(mishap.name, times=mishap.times, path=one.slack.path(mishap.at) if mishap.at else "")
        elif mishap.kind == "bad edit":
            one.spoil_configuration(mishap.number)
        elif mishap.kind == "over":
            self._over(mishap.name)

    def _over(self, kind: str) -> None:
        one = self.premises
        ways: dict[str, Callable[[], None]] = {
            "pubmed": one.pubmed.faults.clear,
            "mail": one.mail.mishaps.clear,
            "slack": one.slack.mishaps.clear,
            "edit": one.write_configuration,
        }
        if kind in ways:
            ways[kind]()

    def _strike(self, mishap: Mishap) -> None:
        """What befalls the running service."""
        if mishap.kind == "kill":
            self.crew.kill(mishap.number, mishap.seconds)
        elif mishap.kind == "restart":
            self.crew.stop()
            self.crew.start()
        elif mishap.kind == "database locked":
            with self.premises.locked_database():
                time.sleep(mishap.seconds)
        elif mishap.kind == "disk full":
            self.crew.starve(mishap.seconds)

    def _mend(self, step: Step) -> None:
        """Short faults end with their step."""
        if not step.troubled:
            self.premises.pubmed.faults.clear()

    def _stands_still(self, step: Step) -> None:
        raise AssertionError(f"no round ended under the clock {step.at}: the service stands still")


def lives(
    folder: Path, world: World, script: tuple[Step, ...], crew: Callable[[Premises], Crew], *, database_url: str = "",
    say: Callable[[str], None] = lambda _line: None,
) -> tuple[Evidence, Counter[str]]:  # fmt: skip
    """Play a whole script.

    Returns:
        What the oracle is shown, and how often which mishap befell the service.
    """
    with premises(folder, world, database_url) as one:
        life = Life(one, crew(one))
        try:
            life.live(script, say)
        finally:
            life.crew.abandon()
        return evidence(life), life.played


def evidence(life: Life) -> Evidence:
    """What happened, in plain values."""
    one = life.premises
    mails = [post.mail(mail.message, mail.raw, mail.recipients, mail.at_monotonic) for mail in list(one.mail.mails)]
    posts = [post.post(there.path, there.payload, there.raw, there.at_monotonic) for there in list(one.slack.posts)]
    untold = [
        (played.at, played.at_monotonic)
        for played in (*one.mail.mishaps.played, *one.slack.mishaps.played)
        if played.kind == "takes-and-hangs-up"
    ]
    return Evidence(
        letters=tuple(mails),
        posts=tuple(posts),
        moves=tuple((move.at_monotonic, move.true) for move in one.moves),
        ends=tuple(life.crew.ends),
        untold=tuple(untold),
        spoiled=tuple(_spoiled(life)),
        looks=tuple(life.looks),
        paths={order.name: one.slack.path(order.webhook) for order in one.world.orders},
    )


def _spoiled(life: Life) -> Iterator[Spoiled]:
    """The records that an EFetch left out."""
    for exchange in life.premises.pubmed.calls("efetch"):
        if exchange.fault in DROPS_RECORDS:
            pmids = frozenset(int(pmid) for text in exchange.parameters.get("id", []) for pmid in text.split(","))
            yield Spoiled(exchange.at_monotonic, pmids)


_LIES = frozenset({"shrunken-set"})


def _undated(call: Call) -> bool:
    """A search of a whole set: there a lie is seen through."""
    return "crdt" not in call.value("term").lower()
