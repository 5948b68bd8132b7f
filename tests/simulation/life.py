"""Plays a script: moves the clock, lets things go wrong, and keeps the evidence of what happened when."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simulation import post
from simulation.evidence import Evidence, Look, Spoiled
from simulation.premises import Premises, premises
from simulation.script import Mishap, Step
from simulation.service import Crew
from simulation.world import World
from standins.eutils.exchange import Call

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
    hung: int = 0
    is_off: bool = False

    def live(self, script: tuple[Step, ...], say: Callable[[str], None] = lambda _line: None) -> None:
        """Play every step."""
        self._start()
        for step in script:
            say(f"{step.at:%Y-%m-%d %H:%M}  {' · '.join(mishap.label for mishap in step.mishaps)}{' · off' if step.off else ''}")
            self._play(step)
        self.crew.stop()

    def _play(self, step: Step) -> None:
        self._switch_off(step)
        for mishap in step.mishaps:
            self._plant(mishap, off=step.off)
        self._switch_on(step)
        self.premises.move_clock(step.at, step.at + step.ahead)
        if step.off:
            return
        for mishap in step.mishaps:
            self._strike(mishap)
        if not self.crew.settle():
            raise AssertionError(f"no round ended under the clock {step.at}: the service stands still")
        self._look(step)
        self._mend(step)

    def _look(self, step: Step) -> None:
        self.looks.append(
            Look(
                at=step.at,
                shown=step.at + step.ahead,
                clean=step.is_clean,
                ended=time.monotonic(),
                edition=self.premises.in_force,
                undisturbed=step.is_undisturbed,
                troubled=step.troubled,
                harmed=step.harmed,
            )
        )

    def _switch_off(self, step: Step) -> None:
        """Take the service down before a time without it, and before its files are changed: it takes up nothing of that."""
        if step.off and not self.is_off:
            self.crew.stop()
            self.played["service off"] += 1
            self.is_off = True

    def _switch_on(self, step: Step) -> None:
        """Bring the service up again after such a time, with the files as they are by then."""
        if self.is_off and not step.off:
            self._start()
            self.is_off = False

    def _start(self) -> None:
        self.crew.start()
        self.premises.loaded()

    def _plant(self, mishap: Mishap, *, off: bool) -> None:
        """What stands ready before the clock moves."""
        one = self.premises
        if mishap.kind == "pubmed":
            when = _undated if mishap.name in _LIES else None
            one.pubmed.faults.plant(mishap.at, kind=mishap.name, times=mishap.times, when=when)
        elif mishap.kind == "mail":
            one.mail.plant(mishap.name, times=mishap.times, to=mishap.at)
        elif mishap.kind == "slack":
            one.slack.plant(mishap.name, times=mishap.times, path=one.slack.path(mishap.at) if mishap.at else "")
        elif mishap.kind == "bad edit":
            one.spoil_configuration(mishap.number)
        elif mishap.kind == "edit" and off:
            one.edit(mishap.number, mishap.name)
        elif mishap.kind == "over":
            self._over(mishap.name)
        elif mishap.kind == "kill in a hang":
            self._hang(mishap.name)
        self._count(mishap)

    def _count(self, mishap: Mishap) -> None:
        """A fault that only stands ready is counted where it was met; the others as they come."""
        if mishap.kind not in ("over", "pubmed", "mail", "slack", "kill in a hang", "disk full"):
            self.played[mishap.label] += 1

    def _hang(self, where: str) -> None:
        self.hung = self._hung(where)
        if where in ("esearch", "efetch"):
            self.premises.pubmed.faults.plant(where, kind="hang")
        elif where == "mail":
            self.premises.mail.plant("takes-and-hangs")
        else:
            self.premises.slack.plant("takes-and-hangs")

    def _over(self, kind: str) -> None:
        one = self.premises
        ways: dict[str, Callable[[], None]] = {
            "pubmed": one.pubmed.faults.clear,
            "mail": one.mail.mishaps.clear,
            "slack": one.slack.mishaps.clear,
        }
        if kind in ways:
            ways[kind]()
        elif kind == "edit" and (self.is_off or one.edition == one.in_force):
            one.write_configuration()

    def _strike(self, mishap: Mishap) -> None:
        """What befalls the running service."""
        ways: dict[str, Callable[[Mishap], None]] = {
            "kill": lambda one: self.crew.kill(one.number, one.seconds),
            "restart": self._restart,
            "database locked": self._lock,
            "disk full": self._starve,
            "kill in a hang": self._kill_in_a_hang,
            "edit": self._edit,
            "over": self._mended,
        }
        if mishap.kind in ways:
            ways[mishap.kind](mishap)

    def _restart(self, _mishap: Mishap) -> None:
        self.crew.stop()
        self._start()

    def _mended(self, mishap: Mishap) -> None:
        """The end of a bad edit that kept an edition from being loaded: now it is."""
        if mishap.name == "edit" and self.premises.edition != self.premises.in_force:
            self._take_up(self.premises.write_configuration)

    def _lock(self, mishap: Mishap) -> None:
        with self.premises.locked_database():
            time.sleep(mishap.seconds)

    def _starve(self, mishap: Mishap) -> None:
        """It counts where the service felt it. PostgreSQL writes its files itself: no limit of the service's bites there."""
        if not self.premises.database_url:
            before = self.crew.told_of("look at the disk")
            self.crew.starve(mishap.seconds)
            self.played[mishap.label] += self.crew.told_of("look at the disk") > before

    def _kill_in_a_hang(self, mishap: Mishap) -> None:
        hangs = self.crew.kill_in(mishap.number, hangs=lambda: self._hung(mishap.name) > self.hung)
        self.played[mishap.label] += hangs
        for server in (self.premises.mail, self.premises.slack):
            server.mishaps.clear("takes-and-hangs")

    def _hung(self, where: str) -> int:
        """How often something hung there."""
        one = self.premises
        if where in ("esearch", "efetch"):
            return sum(exchange.fault == "hang" for exchange in one.pubmed.calls(where))
        server = one.mail if where == "mail" else one.slack
        return sum(played.kind == "takes-and-hangs" for played in server.mishaps.played)

    def _edit(self, mishap: Mishap) -> None:
        self._take_up(lambda: self.premises.edit(mishap.number, mishap.name))

    def _take_up(self, save: Callable[[], None]) -> None:
        self.crew.take_up(save)
        self.premises.loaded()

    def _mend(self, step: Step) -> None:
        """Short faults end with their step."""
        if not step.troubled:
            self.premises.pubmed.faults.clear()


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
        return evidence(life), life.played + met(life)


def evidence(life: Life) -> Evidence:
    """What happened, in plain values."""
    one = life.premises
    faults = [(played.kind, played.at, played.at_monotonic) for played in (*one.mail.mishaps.played, *one.slack.mishaps.played)]
    mails = [post.mail(mail.message, mail.raw, mail.recipients, mail.at_monotonic) for mail in list(one.mail.mails)]
    posts = [post.post(there.path, there.payload, there.raw, there.at_monotonic) for there in list(one.slack.posts)]
    return Evidence(
        letters=tuple(mails),
        posts=tuple(posts),
        moves=tuple((move.at_monotonic, move.true) for move in one.moves),
        ends=tuple(life.crew.ends),
        untold=tuple((at, moment) for kind, at, moment in faults if kind in _UNTOLD),
        refused=tuple((at, moment) for kind, at, moment in faults if kind in _REFUSALS),
        unsent=tuple(moment for _, _, moment in faults),
        unanswered=tuple(sorted(one.at_monotonic for one in life.premises.pubmed.log if one.fault)),
        spoiled=tuple(_spoiled(life)),
        looks=tuple(life.looks),
        paths={list_.name: one.slack.path(list_.webhook) for list_ in one.world.all_lists},
    )


def met(life: Life) -> Counter[str]:
    """How often which planted fault of a server was met."""
    one = life.premises
    return Counter(
        [
            *(f"pubmed: {exchange.fault}" for exchange in one.pubmed.log if exchange.fault and exchange.fault != "rate"),
            *(f"mail: {played.kind}" for played in one.mail.mishaps.played),
            *(f"slack: {played.kind}" for played in one.slack.mishaps.played),
        ]
    )


def _spoiled(life: Life) -> Iterator[Spoiled]:
    """The records that an EFetch left out."""
    for exchange in life.premises.pubmed.calls("efetch"):
        if exchange.fault in DROPS_RECORDS:
            pmids = frozenset(int(pmid) for text in exchange.parameters.get("id", []) for pmid in text.split(","))
            yield Spoiled(exchange.at_monotonic, pmids)


_UNTOLD = ("takes-and-hangs-up", "takes-and-hangs")
_REFUSALS = ("refuses", "gone")
_LIES = frozenset({"shrunken-set"})


def _undated(call: Call) -> bool:
    """A search of a whole set: there a lie is seen through."""
    return "crdt" not in call.value("term").lower()
