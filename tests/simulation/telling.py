"""Whether what the service says of failures is true, and whether it says all that it must.

    outages    a digest tells each span without a search that it must know of, and none in which a search went through
    notices    a failure is told once, then its end once; PubMed's failures and channels that refuse are told, and nothing else is
    channels   a channel that nothing is planted for has a digest when the first copy of it has arrived anywhere

What happened while the service's clock was wrong is left out: then its own times are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from simulation import post
from simulation.claims import Reign
from simulation.evidence import Evidence, Look
from simulation.post import Letter, Outage
from simulation.world import World, WorldList, on_the_clock

RUN_HOUR, RUN_ZONE = time(5, 30), ZoneInfo("Europe/Berlin")
JITTER = timedelta(minutes=31)
HELD_UP = timedelta(hours=2, minutes=5)
NEAR = timedelta(minutes=75)
"""What a minute, and an hour that the clocks repeat, may make of a written time."""

OFF = "the service was off or held up"
AGAIN = timedelta(hours=5)
"""The longest that the service waits before it asks again."""


def complaints(world: World, happened: Evidence, reign: Reign) -> Iterator[str]:
    """Everything that is wrong with what was told."""
    days = _Days(happened.looks)
    for list_ in world.all_lists:
        teller = _Teller(world, list_, happened, reign, days)
        yield from (f"{line.partition(' ')[0]} {list_.name}: {line.partition(' ')[2]}" for line in teller.complaints())
    yield from _notices(world, happened, reign)
    for list_ in world.all_lists:
        yield from _side_by_side(list_, happened)


@dataclass(frozen=True)
class _Days:
    """What the looks say of the days between them."""

    looks: Sequence[Look]

    def is_misled(self, since: datetime, until: datetime) -> bool:
        """Whether the service's clock was wrong at any time that touches these."""
        margin = timedelta(days=2)
        return any(
            look.at != look.shown and min(look.at, look.shown) - margin <= until and max(look.at, look.shown) + margin >= since
            for look in self.looks
        )

    def inside(self, since: datetime, until: datetime) -> list[Look]:
        """The looks well inside a span."""
        return [look for look in self.looks if since + NEAR < look.at < until - NEAR]


def _run_slot(since: datetime, until: datetime) -> datetime | None:
    """The first instant in a span at which watches are searched by themselves."""
    day = since.astimezone(RUN_ZONE).date()
    slots = (on_the_clock(day + timedelta(days=number), RUN_HOUR, RUN_ZONE) for number in range((until - since).days + 3))
    return next((slot for slot in slots if since < slot < until), None)


# --- outages -----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Teller:
    """One list's digests, for what they say of spans without a search."""

    world: World
    of: WorldList
    happened: Evidence
    reign: Reign
    days: _Days

    def complaints(self) -> Iterator[str]:
        """Spans that are told and were not, and spans that were and are not told."""
        digests = self._digests()
        told = [(at, letter, post.outages(letter, self.of.zone, self._written(letter, at))) for at, letter in digests]
        for at, letter, outages in told:
            for outage in outages:
                if (why := self._is_false(outage, at)) is not None:
                    yield f"FALSE {letter.period} tells an outage from {outage.since} to {outage.until} ({outage.reason}), though {why}"
        for moment, what in (*self._failed(), *self._missed()):
            following = [(letter, outages) for at, letter, outages in told if at > moment][:3]
            if len(following) == 3 and not any(_tells(outages, moment) for _, outages in following):
                yield f"LOST {following[0][0].period} and the two after it do not tell {what}"

    def _digests(self) -> list[tuple[datetime, Letter]]:
        """Each digest once, with its arrival, in order."""
        first: dict[str, Letter] = {}
        for letter in sorted(self.happened.letters, key=lambda one: one.at_monotonic):
            if letter.list == self.of.name:
                first.setdefault(letter.period, letter)
        arrived = [(self.happened.true_at(letter.at_monotonic), letter) for letter in first.values()]
        return sorted(arrived, key=lambda one: (one[0], one[1].period))

    def _written(self, letter: Letter, at: datetime) -> datetime:
        """By the service's own clock, the latest instant at which a digest that came at `at` can have been written."""
        until = bisect_left(self.days.looks, letter.at_monotonic, key=lambda look: look.ended) + 1
        return max([at, *(look.shown for look in self.days.looks[:until])])

    def _is_false(self, outage: Outage, at: datetime) -> str | None:
        """Why what is told by a digest that came at `at` cannot be; None when it can."""
        until = outage.until or at
        if self.days.is_misled(outage.since, until):
            return None
        if outage.times > 1:
            return self._nothing_was_missed(outage, until)
        if OFF in outage.reason:
            return self._was_there(outage.since, until)
        return None if self._faults(outage.since, until) else "PubMed answered everything"

    def _faults(self, since: datetime, until: datetime) -> int:
        planted = [self.happened.true_at(moment) for moment in self.happened.unanswered]
        return bisect_right(planted, until + NEAR) - bisect_left(planted, since - NEAR)

    def _nothing_was_missed(self, outage: Outage, until: datetime) -> str | None:
        """Why several spans that are told as one cannot be: nobody was away at a time to search, and no question failed."""
        looks = [look for look in self.days.looks if outage.since - NEAR <= look.at <= until + NEAR]
        away = any(_run_slot(before.at - NEAR, look.at - HELD_UP + timedelta(minutes=15)) for before, look in pairwise(looks))
        troubled = not all(look.clean for look in looks) or len(looks) < 2
        if away or troubled or self._faults(outage.since, until):
            return None
        return "it searched at each time, and PubMed answered everything"

    def _was_there(self, since: datetime, until: datetime) -> str | None:
        for look in self.days.inside(since, until):
            slot = _run_slot(since + NEAR, look.at - JITTER)
            if look.clean and slot:
                return f"it searched on {look.at}, after {slot}"
        return None

    def _failed(self) -> Iterator[tuple[datetime, str]]:
        """Looks at which PubMed answered nothing though a search was due."""
        for before, look in pairwise(self.days.looks):
            due = look.troubled and look.undisturbed and _run_slot(before.at, look.at - JITTER)
            if due and self._stands(before.at) and not self.days.is_misled(before.at, look.at):
                yield look.at, f"that PubMed answered nothing on {look.at}"

    def _missed(self) -> Iterator[tuple[datetime, str]]:
        """Spans in which the service was not there when a search was due."""
        for before, look in pairwise(self.days.looks):
            slot = _run_slot(before.at + NEAR, look.at - HELD_UP - JITTER)
            well = before.clean and look.clean
            if slot and well and self._stands(before.at - timedelta(days=1)) and not self.days.is_misled(before.at, look.at):
                yield slot + JITTER, f"that nobody searched from {before.at} to {look.at}"

    def _stands(self, at: datetime) -> bool:
        """Whether the list was there already, and read the watches that it reads ever after."""
        then, last = self.reign.digest_list(self.of.name, at), self.reign.terms[-1].edition.digest_list(self.of.name)
        return then is not None and last is not None and bool(set(then.watches) & set(last.watches))


def _tells(outages: Sequence[Outage], moment: datetime) -> bool:
    return any(one.since - NEAR <= moment and (one.until is None or moment <= one.until + NEAR) for one in outages)


# --- notices -----------------------------------------------------------------------------------------------------------------------


def _notices(world: World, happened: Evidence, reign: Reign) -> Iterator[str]:
    heard: defaultdict[tuple[str, str], list[Letter]] = defaultdict(list)
    known = set[tuple[str, str]]()
    for letter in sorted(happened.letters, key=lambda one: one.at_monotonic):
        if letter.notice and not letter.notice.startswith("warnings:") and (letter.where, letter.identity) not in known:
            known.add((letter.where, letter.identity))
            heard[letter.where, letter.notice].append(letter)
    for (where, topic), letters in heard.items():
        yield from (f"{kind} {where}: {told}" for kind, told in _in_turn(topic, letters, reign))
        yield from (f"FALSE {where}: {told}" for told in _unfounded(topic, letters, happened))
    yield from _untold_outages(world, happened, reign, {topic for _, topic in heard})
    yield from _untold_channels(world, happened, {topic for _, topic in heard})


def _in_turn(topic: str, letters: Sequence[Letter], reign: Reign) -> Iterator[tuple[str, str]]:
    """A failure, its end, a failure, its end; and in the end all is well. What the lab took out is no longer told of."""
    stays = topic not in _taken_out(reign)
    for before, one in pairwise(letters):
        if stays and before.recovers == one.recovers:
            yield "TWICE", f"{topic} is told as {'over' if one.recovers else 'failing'} twice in a row"
    if stays and letters[0].recovers:
        yield "FALSE", f"{topic} is over, and nobody said that it failed"
    if stays and not letters[-1].recovers:
        yield "LOST", f"{topic} was told as failing, and never as over"


def _taken_out(reign: Reign) -> set[str]:
    every = {question.name for term in reign.terms for question in term.edition.questions}
    return {f"watch:{name}" for name in every if not all(term.edition.question(name) for term in reign.terms)}


def _unfounded(topic: str, letters: Sequence[Letter], happened: Evidence) -> Iterator[str]:
    """Failures that were told and were none."""
    kind = topic.partition(":")[0]
    asked = (*happened.unanswered, *happened.ends)
    met = {"watch": asked, "rereading": asked, "channel": happened.unsent}.get(kind)
    fewest = 1 if kind == "channel" else 3
    for number, letter in enumerate(letters):
        since = _well_again(letters[number - 1], happened) if number and kind != "channel" else 0.0
        if met is not None and not letter.recovers and sum(since <= one <= letter.at_monotonic for one in met) < fewest:
            yield f"{topic} is told as failing, and nothing failed"


def _well_again(letter: Letter, happened: Evidence) -> float:
    """From when on failures count after this letter: from what a recovery says of itself, since it may have waited on its way; else from its
    arrival. A clock that went wrong meanwhile makes what it says worthless: then every failure counts."""
    if letter.over_at is None:
        return letter.at_monotonic
    if _Days(happened.looks).is_misled(letter.over_at, happened.true_at(letter.at_monotonic)):
        return 0.0
    place = bisect_left(happened.moves, letter.over_at, key=lambda move: move[1])
    return min(letter.at_monotonic, happened.moves[place][0] if place < len(happened.moves) else letter.at_monotonic)


def _untold_outages(world: World, happened: Evidence, reign: Reign, topics: set[str]) -> Iterator[str]:
    """PubMed answered nothing at four looks, far enough apart: every watch has failed three times."""
    run: list[Look] = []
    for look in (*happened.looks, None):
        if look is not None and look.troubled and look.at == look.shown:
            run += [look] if look.undisturbed and (not run or look.at - run[-1].at > AGAIN) else []
            continue
        if len(run) >= 4:
            steady = [one.name for one in world.questions if all(term.edition.question(one.name) for term in reign.terms)]
            yield from (
                f"LOST nobody was told that {name} failed from {run[0].at} on" for name in steady if f"watch:{name}" not in topics
            )
        run = []


def _untold_channels(world: World, happened: Evidence, topics: set[str]) -> Iterator[str]:
    """A channel that refused for good while the service was left alone is told on another one."""
    for list_ in world.all_lists:
        for where, channel in ((list_.readers, "mail"), ((happened.paths.get(list_.name),), "slack")):
            moments = [moment for at, moment in happened.refused if at in where]
            if f"channel:{list_.name}-{channel}" not in topics and any(_was_left_alone(happened, moment) for moment in moments):
                yield f"LOST nobody was told that channel {list_.name}-{channel} refuses"


def _was_left_alone(happened: Evidence, moment: float) -> bool:
    place = bisect_left([look.ended for look in happened.looks], moment)
    return place < len(happened.looks) and all(look.undisturbed for look in happened.looks[place : place + 2])


# --- channels side by side ------------------------------------------------------------------------------------------------------------


def _side_by_side(list_: WorldList, happened: Evidence) -> Iterator[str]:
    """Faults are planted for mail or for Slack: where one of them has none, it has each digest as soon as the list is served at all."""
    ends = [look.ended for look in happened.looks]
    mails = {letter.period: letter for letter in reversed(happened.letters) if letter.list == list_.name}
    posts = [
        one for one in happened.posts if one.where == happened.paths.get(list_.name) and one.part == 1 and post.covered(one.text)
    ]
    first_posts = list({one.identity: one for one in reversed(posts)}.values())[::-1]
    for letter, posted in zip(sorted(mails.values(), key=lambda one: one.at_monotonic), first_posts, strict=False):
        mail, slack = bisect_left(ends, letter.at_monotonic), bisect_left(ends, posted.at_monotonic)
        late, kind = (slack, "slack") if slack > mail else (mail, "mail")
        between = happened.looks[max(min(mail, slack) - 1, 0) : late]
        left_alone = all(look.undisturbed and kind not in look.harmed for look in between)
        if late - min(mail, slack) > 1 and left_alone:
            looks = late - min(mail, slack)
            yield f"LOST {list_.name}: {letter.period} came by {kind} {looks} looks after the other, and nothing was in its way"
