"""What is planted: papers with their days, watches, lists and their readers. Plain values from a seed; nothing of the service."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NCBI = ZoneInfo("America/New_York")
START_DAYS = 30
"""How far back a watch's first digest looks."""

_FIRST_DAYS = (date(2026, 2, 17), date(2026, 3, 10), date(2026, 6, 2), date(2026, 9, 15), date(2026, 10, 6))
"""From when a simulation may run: most of them see a change to or from summer time within a quarter."""


TOPICS = {
    "nmj": ("neuromuscular junction", "Neuromuscular Junction"),
    "agrin": ("agrin", "Agrin"),
    "kidney": ("podocyte", "Podocytes"),
    "titin": ("titin", "Connectin"),
    "lamin": ("laminin", "Laminin"),
}
"""What papers are about: the word in a title, and the MeSH heading."""


@dataclass(frozen=True, slots=True)
class Question:
    """A watch: it asks for the words and the headings of its topics."""

    name: str
    title: str
    topics: tuple[str, ...]

    @property
    def query(self) -> str:
        """As it stands in the configuration."""
        return " OR ".join(f'"{word}"[tiab] OR "{heading}"[mh]' for word, heading in map(TOPICS.__getitem__, self.topics))


@dataclass(frozen=True, slots=True)
class WorldList:
    """A list: whose digests come weekly on `weekday` (Monday is 0) at `hour` in `zone`, by mail to `readers` and to a Slack webhook;
    not before the day `paused`. With `at_once` its readers hear at once what became of papers."""

    name: str
    title: str
    watches: tuple[str, ...]
    weekday: int
    hour: time
    zone: str
    schedule: str
    readers: tuple[str, ...]
    webhook: str
    paused: date | None = None
    at_once: bool = False

    def slots(self, since: datetime, until: datetime) -> tuple[datetime, ...]:
        """The instants in (since, until] at which a digest is due, in UTC."""
        zone = ZoneInfo(self.zone)
        day = since.astimezone(zone).date() - timedelta(days=8)
        days = (day + timedelta(days=number) for number in range((until - since).days + 18))
        found = (on_the_clock(one, self.hour, zone) for one in days if one.weekday() == self.weekday)
        return tuple(slot for slot in found if since < slot <= until)

    def is_inside_pause(self, at: datetime) -> bool:
        """Whether this instant lies before the day on which the pause ends."""
        return self.paused is not None and at.astimezone(ZoneInfo(self.zone)).date() < self.paused

    def made_up(self) -> datetime | None:
        """When what fell into the pause is made up for."""
        return on_the_clock(self.paused, self.hour, ZoneInfo(self.zone)) if self.paused else None


@dataclass(frozen=True, slots=True)
class Edition:
    """The lab's watches and lists, as the configuration has them for a time."""

    questions: tuple[Question, ...]
    lists: tuple[WorldList, ...]

    def question(self, name: str) -> Question | None:
        """The watch, if there is one."""
        return next((one for one in self.questions if one.name == name), None)

    def digest_list(self, name: str) -> WorldList | None:
        """The list, if there is one."""
        return next((one for one in self.lists if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Change:
    """The lab edits its configuration: when, what kind of an edit, and the number of the edition that is in force then."""

    at: datetime
    kind: str
    edition: int


@dataclass(frozen=True, slots=True)
class Paper:
    """One record and its fate: NCBI's days on which it appears, can be fetched, gets a heading, is doubted, is amended, is retracted, is
    taken away."""

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
    doubted: date | None = None
    amended: date | None = None

    def matches(self, topics: Collection[str]) -> date | None:
        """The day from which a query for these topics finds it."""
        days = [day for day, name in self.headings if name in topics]
        return self.appears if self.topics & set(topics) else min(days, default=None)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that one seed plants. The service starts on `start` at noon in Berlin."""

    seed: int
    start: date
    weeks: int
    papers: tuple[Paper, ...] = ()
    questions: tuple[Question, ...] = ()
    lists: tuple[WorldList, ...] = ()
    admin: str = ""
    later: tuple[Edition, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def editions(self) -> tuple[Edition, ...]:
        """The configurations that the lab has in turn."""
        return (Edition(self.questions, self.lists), *self.later)

    @property
    def all_lists(self) -> tuple[WorldList, ...]:
        """Every list that there ever is, as it is first."""
        return tuple({list_.name: list_ for edition in reversed(self.editions) for list_ in edition.lists}.values())

    @property
    def titles(self) -> dict[str, str]:
        """Every watch that there ever is, and its title."""
        return {question.name: question.title for edition in self.editions for question in edition.questions}

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


def build(seed: int, weeks: int, *, edits: bool = True) -> World:
    """The world of a seed; the same for the same seed and length. Without `edits` its configuration stays as it is."""
    dice = random.Random(f"world {seed}")  # noqa: S311 - replayable
    start = dice.choice(_FIRST_DAYS) + timedelta(days=dice.randrange(7))
    admin = dice.choice(["admin@lab.example", ""])
    empty = World(seed, start, weeks, questions=_QUESTIONS, lists=_LISTS, admin=admin)
    fates = random.Random(f"fates {seed}")  # noqa: S311 - replayable
    papers = tuple(_with_fate(paper, start, fates) for paper in _Press(dice, empty).papers())
    with_papers = replace(empty, papers=papers)
    return _Mind(random.Random(f"edits {seed}"), with_papers).changed() if edits else with_papers  # noqa: S311 - replayable


_QUESTIONS = (
    Question("nmj", "Neuromuscular junction", ("nmj",)),
    Question("agrin", "Agrin biology", ("agrin",)),
    Question("kidney", "Kidney filter", ("kidney",)),
)
_MUSCLE = Question("muscle", "Muscle springs", ("titin",))

_LISTS = (
    WorldList(
        "lab-weekly",
        "Lab weekly",
        ("nmj", "agrin"),
        0,
        time(8, 0),
        "Europe/Berlin",
        "monday 08:00",
        ("pi@lab.example", "postdoc@lab.example"),
        "LAB",
        at_once=True,
    ),
    WorldList(
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
    WorldList("night-owls", "Night owls", ("nmj",), 6, time(2, 30), "Europe/Berlin", "30 2 * * 0", ("owl@lab.example",), "OWLS"),
)
_NEWCOMERS = WorldList(
    "newcomers",
    "Newcomers",
    ("nmj", "kidney"),
    1,
    time(12, 0),
    "Europe/Berlin",
    "tuesday 12:00",
    ("new@lab.example",),
    "NEW",
)


@dataclass
class _Mind:
    """Draws what the lab changes its mind about: one edit after the other, each from the configuration that it has then."""

    dice: random.Random
    world: World

    def changed(self) -> World:
        """The world with its edits."""
        at, editions, changes = self.world.begins_at, [*self.world.editions], list[Change]()
        while (at := at + timedelta(hours=self.dice.randint(7 * 24, 24 * 24))) < self.world.ends_at:
            kind = self.dice.choice(["wider", "narrower", "watch removed", "watch added", "list paused", "list added", "seeds"])
            edition = self._edited(kind, editions[-1], at)
            if edition == editions[-1] and kind != "seeds":
                continue
            editions.append(edition)
            changes.append(Change(at, kind, len(editions) - 1))
        return replace(self.world, later=tuple(editions[1:]), changes=tuple(changes))

    def _edited(self, kind: str, now: Edition, at: datetime) -> Edition:
        ways = {
            "wider": self._wider,
            "narrower": self._narrower,
            "watch removed": self._without_a_watch,
            "watch added": self._with_a_watch,
            "list added": self._with_a_list,
        }
        if kind == "list paused":
            return self._paused(now, at)
        return ways[kind](now) if kind in ways else now

    def _wider(self, now: Edition) -> Edition:
        """A query asks for one thing more."""
        question = self.dice.choice(now.questions)
        more = [topic for topic in TOPICS if topic not in question.topics]
        return _with_question(now, replace(question, topics=(*question.topics, self.dice.choice(more)))) if more else now

    def _narrower(self, now: Edition) -> Edition:
        """A query asks for one thing less."""
        broad = [question for question in now.questions if len(question.topics) > 1]
        if not broad:
            return now
        question = self.dice.choice(broad)
        dropped = self.dice.choice(question.topics)
        return _with_question(now, replace(question, topics=tuple(topic for topic in question.topics if topic != dropped)))

    def _without_a_watch(self, now: Edition) -> Edition:
        """A watch is taken out, where each list keeps another one."""
        spare = [one for one in now.questions if all(list_.watches != (one.name,) for list_ in now.lists)]
        if not spare:
            return now
        name = self.dice.choice(spare).name
        lists = (replace(list_, watches=tuple(one for one in list_.watches if one != name)) for list_ in now.lists)
        return Edition(tuple(one for one in now.questions if one.name != name), tuple(lists))

    def _with_a_watch(self, now: Edition) -> Edition:
        """A new watch, or one that had been taken out, as it was then, for some of the lists."""
        absent = [one for one in (*self.world.questions, _MUSCLE) if now.question(one.name) is None]
        if not absent:
            return now
        question = self.dice.choice(absent)
        readers = set(self.dice.sample([list_.name for list_ in now.lists], 2))
        lists = (replace(list_, watches=(*list_.watches, question.name)) if list_.name in readers else list_ for list_ in now.lists)
        return Edition((*now.questions, question), tuple(lists))

    def _with_a_list(self, now: Edition) -> Edition:
        if now.digest_list(_NEWCOMERS.name):
            return now
        watches = tuple(name for name in _NEWCOMERS.watches if now.question(name)) or (now.questions[0].name,)
        return replace(now, lists=(*now.lists, replace(_NEWCOMERS, watches=watches)))

    def _paused(self, now: Edition, at: datetime) -> Edition:
        list_ = self.dice.choice(now.lists)
        until = at.astimezone(ZoneInfo(list_.zone)).date() + timedelta(days=self.dice.randint(2, 24))
        return replace(now, lists=tuple(replace(one, paused=until) if one is list_ else one for one in now.lists))


def _with_question(now: Edition, question: Question) -> Edition:
    return replace(now, questions=tuple(question if one.name == question.name else one for one in now.questions))


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
        names = ["nmj", "agrin", "kidney", "nmj", "agrin", "kidney", "titin", "lamin"]
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


def _with_fate(paper: Paper, start: date, dice: random.Random) -> Paper:
    """The paper, of which an erratum or an expression of concern may appear once it can be had; a retraction may follow or go before."""
    had = max([paper.fetchable or paper.appears, *(day for day, _ in paper.headings)])
    days = [had + timedelta(days=dice.randint(1, 40)) for _ in range(2)]
    doubted, amended = dice.random() < 0.08, dice.random() < 0.12
    if paper.preprint or paper.update_of or paper.vanishes or had <= start:
        return paper
    return replace(paper, doubted=days[0] if doubted else None, amended=days[1] if amended else None)


def _changes(since: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The instants after `since` at which the zone's offset changes, to the minute."""
    at, before = since, since.astimezone(zone).utcoffset()
    while True:
        at += timedelta(minutes=1)
        now = at.astimezone(zone).utcoffset()
        if now != before:
            yield at
        before = now
