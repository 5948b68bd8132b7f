"""What is planted: papers with their days, watches, lists and their readers. Plain values from a seed; nothing of the service."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NCBI = ZoneInfo("America/New_York")
START_DAYS = 30
"""How far back a watch's first digest looks."""

_FIRST_DAYS = (date(2026, 2, 17), date(2026, 3, 10), date(2026, 6, 2), date(2026, 9, 15), date(2026, 10, 6))
"""From when a simulation may run: most of them see a change to or from summer time within a quarter."""


@dataclass(frozen=True, slots=True)
class Question:
    """A watch: the word in titles and the MeSH heading that it asks for."""

    name: str
    title: str
    word: str
    heading: str

    @property
    def query(self) -> str:
        """As it stands in the configuration."""
        return f'"{self.word}"[tiab] OR "{self.heading}"[mh]'


@dataclass(frozen=True, slots=True)
class Order:
    """A list: whose digests come weekly on `weekday` (Monday is 0) at `hour` in `zone`, by mail to `readers` and to a Slack webhook."""

    name: str
    title: str
    watches: tuple[str, ...]
    weekday: int
    hour: time
    zone: str
    schedule: str
    readers: tuple[str, ...]
    webhook: str

    def slots(self, since: datetime, until: datetime) -> tuple[datetime, ...]:
        """The instants in (since, until] at which a digest is due, in UTC."""
        zone = ZoneInfo(self.zone)
        day = since.astimezone(zone).date() - timedelta(days=8)
        days = (day + timedelta(days=number) for number in range((until - since).days + 18))
        found = (on_the_clock(one, self.hour, zone) for one in days if one.weekday() == self.weekday)
        return tuple(slot for slot in found if since < slot <= until)


@dataclass(frozen=True, slots=True)
class Paper:
    """One record and its fate: NCBI's days on which it appears, can be fetched, gets a heading, is retracted, is taken away."""

    pmid: int
    topics: frozenset[str]
    created: date
    entered: date
    appears: date
    fetchable: date | None = None
    headings: tuple[tuple[date, str], ...] = ()
    preprint: bool = False
    update_of: int | None = None
    retracted: date | None = None
    vanishes: date | None = None

    def matches(self, watch: str) -> date | None:
        """The day from which the watch's query finds it."""
        days = [day for day, name in self.headings if name == watch]
        return self.appears if watch in self.topics else min(days, default=None)

    def ready(self, watch: str) -> date | None:
        """The day from which it is found and can be fetched."""
        found = self.matches(watch)
        return max(found, self.fetchable or found) if found else None


@dataclass(frozen=True, slots=True)
class World:
    """Everything that one seed plants. The service starts on `start` at noon in Berlin."""

    seed: int
    start: date
    weeks: int
    papers: tuple[Paper, ...] = ()
    questions: tuple[Question, ...] = ()
    orders: tuple[Order, ...] = ()
    admin: str = ""

    @property
    def begins_at(self) -> datetime:
        """The instant of the first look at PubMed."""
        return datetime.combine(self.start, time(12), ZoneInfo("Europe/Berlin")).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        """The instant after which nothing goes wrong any more."""
        return self.begins_at + timedelta(weeks=self.weeks)


def on_the_clock(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """The instant at which clocks in `zone` show this time: the first of two in autumn; in spring, where clocks skip it, the
    instant to which they skip."""
    there = datetime.combine(day, hour, zone)
    instant = there.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == there.replace(tzinfo=None):
        return instant
    return next(_changes(datetime.combine(day, time(0), zone).astimezone(UTC), zone))


def ncbi_day(at: datetime) -> date:
    """The day in Bethesda."""
    return at.astimezone(NCBI).date()


def build(seed: int, weeks: int) -> World:
    """The world of a seed; the same for the same seed and length."""
    dice = random.Random(f"world {seed}")  # noqa: S311 - replayable
    start = dice.choice(_FIRST_DAYS) + timedelta(days=dice.randrange(7))
    admin = dice.choice(["admin@lab.example", ""])
    empty = World(seed, start, weeks, questions=_QUESTIONS, orders=_ORDERS, admin=admin)
    return replace(empty, papers=tuple(_Press(dice, empty).papers()))


_QUESTIONS = (
    Question("nmj", "Neuromuscular junction", "neuromuscular junction", "Neuromuscular Junction"),
    Question("agrin", "Agrin biology", "agrin", "Agrin"),
    Question("kidney", "Kidney filter", "podocyte", "Podocytes"),
)

_ORDERS = (
    Order(
        "lab-weekly",
        "Lab weekly",
        ("nmj", "agrin"),
        0,
        time(8, 0),
        "Europe/Berlin",
        "monday 08:00",
        ("pi@lab.example", "postdoc@lab.example"),
        "LAB",
    ),
    Order(
        "kidney-club",
        "Kidney club",
        ("agrin", "kidney"),
        3,
        time(9, 30),
        "America/New_York",
        "thursday 09:30",
        ("club@kidney.example",),
        "CLUB",
    ),
    Order("night-owls", "Night owls", ("nmj",), 6, time(2, 30), "Europe/Berlin", "30 2 * * 0", ("owl@lab.example",), "OWLS"),
)


@dataclass
class _Press:
    """Draws papers."""

    dice: random.Random
    world: World
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(40_000_001, 49_000_000)))

    def papers(self) -> Iterator[Paper]:
        """Two months of papers that were there before, and some for each week."""
        for number in range(45):
            yield from self._work(self.world.start - timedelta(days=self.dice.randint(0, 60)), late=number % 5 == 0)
        for day in range(self.world.weeks * 7):
            for _ in range(self.dice.choice([0, 0, 1, 1, 1, 2])):
                yield from self._work(self.world.start + timedelta(days=day), late=self.dice.random() < 0.2)

    def _work(self, appears: date, *, late: bool) -> Iterator[Paper]:
        first = self._paper(appears, late=late)
        if self.dice.random() < 0.12:
            yield replace(first, preprint=True, retracted=None, vanishes=None)
            yield self._article_of(first)
        else:
            yield first

    def _article_of(self, preprint: Paper) -> Paper:
        settled = max([preprint.appears, *(day for day, _ in preprint.headings)])
        appears = settled + timedelta(days=self.dice.randint(5, 70))
        topics = preprint.topics | {name for _, name in preprint.headings}
        return Paper(next(self.numbers), topics, appears, appears, appears, update_of=preprint.pmid)

    def _paper(self, appears: date, *, late: bool) -> Paper:
        dice, start = self.dice, self.world.start
        created = appears - timedelta(days=dice.choice([0, 0, 0, 1, 2, 9]))
        entered = created - timedelta(days=dice.choice([0, 0, 1, 400, 4000]))
        names = [question.name for question in self.world.questions]
        topics = frozenset(dice.sample(names, dice.choice([1, 1, 1, 2])))
        headings: tuple[tuple[date, str], ...] = ()
        if late:
            arrives = appears + timedelta(days=dice.randint(3, 80))
            headings, topics = tuple((arrives, name) for name in sorted(topics)), frozenset()
        found = max([appears, *(day for day, _ in headings)])
        paper = Paper(next(self.numbers), topics, created, entered, appears, headings=headings)
        if dice.random() < 0.1 and found > start:
            paper = replace(paper, fetchable=found + timedelta(days=dice.randint(1, 20)))
        after = (paper.fetchable or found) + timedelta(days=dice.randint(1, 25))
        if dice.random() < 0.06 and found > start:
            paper = replace(paper, retracted=after)
        elif dice.random() < 0.04 and found > start:
            paper = replace(paper, vanishes=after)
        return paper


def _changes(since: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The instants after `since` at which the zone's offset changes, to the minute."""
    at, before = since, since.astimezone(zone).utcoffset()
    while True:
        at += timedelta(minutes=1)
        now = at.astimezone(zone).utcoffset()
        if now != before:
            yield at
        before = now
