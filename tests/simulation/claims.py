"""Which papers a list may claim, of which watch and for how long, while the lab edits its watches and lists.

    a first reading    what was created over 30 days before the watch came is old; the rest is news
    an edited query    what it adds is shown once, whatever its age; what it no longer asks for was news while it did
    a watch that comes back, or is taken up by another list
                       what was found before is news to the list when it was created in the 30 days before it took the watch
    a list that takes a watch again
                       what was found while it had it, and no digest of its own had judged, is owed, however long that is ago

Where the rules leave open what happens (a record that could not be fetched just then), a claim is not `certain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from simulation import post
from simulation.evidence import Evidence
from simulation.world import START_DAYS, Edition, Paper, World, WorldList, ncbi_day


@dataclass(frozen=True, slots=True)
class Claim:
    """A list is owed a paper through a watch from the day `ready`, by what was in force from `since` until `until`; it took the watch
    until `taken_until`."""

    watch: str
    ready: date
    since: datetime
    until: datetime | None
    taken_until: datetime | None
    certain: bool


Time = tuple[datetime, datetime | None]
"""Since when and until when a list takes a watch without a break."""


@dataclass(frozen=True, slots=True)
class Term:
    """A time in which one edition was in force."""

    since: datetime
    until: datetime | None
    edition: Edition

    def found(self, paper: Paper, watch: str) -> date | None:
        """The day in this time from which the watch finds the paper."""
        question = self.edition.question(watch)
        visible = paper.matches(question.topics) if question else None
        if visible is None or (self.until is not None and visible > ncbi_day(self.until)):
            return None
        return max(visible, ncbi_day(self.since))

    def takes(self, list_: str, watch: str) -> bool:
        """Whether the list takes the watch."""
        found = self.edition.digest_list(list_)
        return found is not None and watch in found.watches and self.edition.question(watch) is not None


@dataclass(frozen=True)
class Reign:
    """Which edition was in force when, as the service took them up."""

    terms: tuple[Term, ...]
    happened: Evidence
    _times: dict[tuple[str, str], tuple[Time, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World, happened: Evidence) -> Reign:
        """Read off the looks."""
        begun: list[tuple[datetime, int]] = [(world.begins_at, 0)]
        for look in happened.looks:
            if look.edition != begun[-1][1]:
                begun.append((look.at, look.edition))
        ends = [at for at, _ in begun[1:]]
        terms = [Term(at, until, world.editions[number]) for (at, number), until in zip(begun, [*ends, None], strict=True)]
        return cls(tuple(terms), happened)

    def begins(self, list_: str) -> datetime:
        """When the list came, or the end of all."""
        return next(
            (term.since for term in self.terms if term.edition.digest_list(list_)), self.terms[-1].since + timedelta(days=4000)
        )

    def times(self, list_: str, watch: str) -> tuple[Time, ...]:
        """All times in which the list takes the watch."""
        if (list_, watch) not in self._times:
            taking = [number for number, term in enumerate(self.terms) if term.takes(list_, watch)]
            self._times[list_, watch] = tuple(dict.fromkeys(_taken(list_, watch, self, [number]) for number in taking))
        return self._times[list_, watch]

    def digest_list(self, name: str, at: datetime) -> WorldList | None:
        """The list as it was then."""
        return next((term.edition.digest_list(name) for term in reversed(self.terms) if term.since <= at), None)

    def first_found(self, paper: Paper, watch: str) -> int | None:
        """In which of the terms the watch finds the paper first, whoever takes it."""
        return next((number for number, term in enumerate(self.terms) if term.found(paper, watch)), None)

    def is_first_reading(self, watch: str, number: int) -> bool:
        """Whether the watch came with this term."""
        return not any(term.edition.question(watch) for term in self.terms[:number])

    def vouched(self, watch: str, title: str, since: datetime) -> Iterator[tuple[datetime, date]]:
        """The digests after `since` that rest on a whole reading of the watch: when each came, and to which day it reaches."""
        for letter in self.happened.letters:
            if not letter.list or not letter.covers_to or title in {gap.watch for gap in letter.gaps}:
                continue
            arrived, slot = self.happened.arrivals[letter.list, letter.period], post.slot(letter.period)
            reads = all(term.takes(letter.list, watch) for term in self.between(min(slot, arrived), arrived))
            if reads and arrived > since:
                yield arrived, letter.covers_to

    def between(self, since: datetime, until: datetime) -> Iterator[Term]:
        """What was in force at any time of a span."""
        return (term for term in self.terms if term.since <= until and (term.until is None or term.until >= since))


def claims(paper: Paper, list_: str, reign: Reign) -> tuple[Claim, ...]:
    """What the list is owed of the paper."""
    watches = {name for term in reign.terms for one in [term.edition.digest_list(list_)] if one for name in one.watches}
    return tuple(claim for watch in sorted(watches) for claim in _of_watch(paper, list_, watch, reign))


def _of_watch(paper: Paper, list_: str, watch: str, reign: Reign) -> Iterator[Claim]:
    through = tuple(_through(paper, list_, watch, reign))
    times = reign.times(list_, watch)
    yield from through
    yield from _kept(paper, watch, through, times, reign)
    yield from _no_longer_asked_for(paper, watch, [time for time in times if not _stands_in(time, through)], reign)


def _stands_in(time: Time, through: Sequence[Claim]) -> bool:
    """Whether the query still asked for the paper in this time."""
    since, until = time
    return any(since <= one.since and (until is None or one.since < until) for one in through)


def _kept(paper: Paper, watch: str, through: Sequence[Claim], times: Sequence[Time], reign: Reign) -> Iterator[Claim]:
    """What the list had to expect of the watch before it gave it up; for certain only what somebody's digest shows to have been read."""
    for since, until in times[1:]:
        earlier = [one for one in through if one.taken_until is not None and one.taken_until <= since]
        if earlier:
            was_seen = any(_was_seen(paper, watch, one, reign) for one in earlier)
            yield Claim(watch, ncbi_day(since), since, until, until, certain=was_seen)


def _was_seen(paper: Paper, watch: str, claim: Claim, reign: Reign) -> bool:
    """Whether a whole reading of the watch had the paper while the list took the watch."""
    if not claim.certain or paper.pmid in reign.happened.ever_spoiled:
        return False
    read = reign.vouched(watch, _title(watch, reign), claim.since)
    return any(day > claim.ready and claim.until is not None and at < claim.until for at, day in read)


def _no_longer_asked_for(paper: Paper, watch: str, times: Sequence[Time], reign: Reign) -> Iterator[Claim]:
    """A list that takes a watch up may be shown what the watch found lately, though its query does not ask for that any more."""
    known = reign.first_found(paper, watch)
    for since, until in times:
        lately = paper.created >= ncbi_day(since) - timedelta(days=START_DAYS)
        if lately and known is not None and reign.terms[known].since < since and since > reign.terms[0].since:
            yield Claim(watch, ncbi_day(since), since, until, until, certain=False)


def _through(paper: Paper, list_: str, watch: str, reign: Reign) -> Iterator[Claim]:
    """The claims through one watch: one for each time in which the list takes it and it finds the paper."""
    standing: list[int] = []
    for number, term in enumerate((*reign.terms, None)):
        if term is not None and term.takes(list_, watch) and term.found(paper, watch):
            standing.append(number)
        elif standing:
            yield from _claim(paper, list_, watch, reign, standing)
            standing = []


def _claim(paper: Paper, list_: str, watch: str, reign: Reign, standing: list[int]) -> Iterator[Claim]:
    first, last = reign.terms[standing[0]], reign.terms[standing[-1]]
    found, known = first.found(paper, watch), reign.first_found(paper, watch)
    if found is None or known is None or _is_old(paper, watch, reign, known):
        return
    taken, until = _taken(list_, watch, reign, standing)
    settled = _certain(paper, watch, reign, known, taken)
    if settled is not None:
        yield Claim(watch, max(found, paper.fetchable or found), first.since, last.until, until, settled)


def _taken(list_: str, watch: str, reign: Reign, standing: list[int]) -> tuple[datetime, datetime | None]:
    """Since when and until when the list takes the watch, without a break around these terms."""
    first, last = standing[0], standing[-1]
    while first > 0 and reign.terms[first - 1].takes(list_, watch):
        first -= 1
    while last + 1 < len(reign.terms) and reign.terms[last + 1].takes(list_, watch):
        last += 1
    return reign.terms[first].since, reign.terms[last].until


def _is_old(paper: Paper, watch: str, reign: Reign, known: int) -> bool:
    """What the first reading of a watch found, and was created long before it, is no news."""
    term = reign.terms[known]
    start = ncbi_day(term.since)
    is_there = term.found(paper, watch) == start
    return reign.is_first_reading(watch, known) and is_there and paper.created < start - timedelta(days=START_DAYS)


def _certain(paper: Paper, watch: str, reign: Reign, known: int, taken: datetime) -> bool | None:
    """Whether the claim holds for certain; None when it does not hold at all.

    Args:
        paper: what is claimed.
        watch: through which watch.
        reign: what was in force when.
        known: the term in which the watch found it first.
        taken: since when the list takes the watch.
    """
    term = reign.terms[known]
    found = term.found(paper, watch)
    by_edit = known > 0 and found == ncbi_day(term.since) and not reign.is_first_reading(watch, known)
    spoiled = paper.pmid in reign.happened.ever_spoiled
    if by_edit and (paper.fetchable or spoiled):
        return False
    if known > 0 and reign.is_first_reading(watch, known) and paper.created < ncbi_day(term.since) - timedelta(days=START_DAYS):
        read = min((at for at, _ in reign.vouched(watch, _title(watch, reign), term.since)), default=None)
        if read is None or found is None or found <= ncbi_day(read):
            return False
    if taken <= term.since or (found is not None and found > ncbi_day(taken)):
        return True
    if by_edit or paper.created >= ncbi_day(taken) - timedelta(days=START_DAYS):
        return not by_edit
    return None if not spoiled and _was_read(paper, watch, reign, term, taken) else False


def _was_read(paper: Paper, watch: str, reign: Reign, term: Term, before: datetime) -> bool:
    """Whether somebody had a digest before then that rests on a reading with this paper."""
    found = term.found(paper, watch) or date.max
    ready = max(found, paper.fetchable or found)
    return any(at < before and day > ready for at, day in reign.vouched(watch, _title(watch, reign), term.since))


def _title(watch: str, reign: Reign) -> str:
    return next(found.title for term in reign.terms if (found := term.edition.question(watch)))
