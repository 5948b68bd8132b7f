"""What each reader must have received, from what was planted and what happened alone. It shares no code with the service.

A paper is owed to a list from the day on which one of the list's watches finds it and it can be fetched (see `claims`). It must stand
in the first digest whose coverage reaches that day (for a watch with a stated gap: reaches it before the gap), and in no other.
`verdict` says what is wrong; nothing is wrong when it is empty.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

from simulation import post, telling
from simulation.claims import Claim, Reign, claims
from simulation.evidence import Evidence, Look
from simulation.post import Letter
from simulation.world import Paper, World, WorldList, ncbi_day, on_the_clock

WINDOW_SECONDS = 15.0
"""Real seconds between the taking of a message and the death of the service within which it may come twice: it sends, is answered,
and writes down that it has sent, on a machine that may be busy."""

AFTER_TROUBLE = timedelta(hours=1)
"""How long after trouble a digest that is due may still wait: the service asks again at growing intervals."""


READ_AGAIN_DAYS = 9
"""So many days after something became of a paper the next Saturday is over."""

READ_AGAIN_AT = time(4)
"""The hour of the Saturday, in Berlin."""

AFTER_READING = timedelta(hours=12)
"""So long after a look with all well a reading that failed before it has been tried again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, in sentences, and what was counted on the way; `told` counts what became of papers, by name and whether it came with a
    digest or at once, once for each reader."""

    wrong: tuple[str, ...]
    messages: int
    repeated: int
    papers: int
    told: Mapping[str, int]

    @property
    def losses(self) -> int:
        """How many papers did not come when they had to."""
        return sum(line.startswith("LOST") for line in self.wrong)

    @property
    def duplicates(self) -> int:
        """How many papers or messages came twice without leave."""
        return sum(line.startswith("TWICE") for line in self.wrong)


def verdict(world: World, happened: Evidence) -> Verdict:
    """Hold what arrived against what was planted."""
    wrong: list[str] = []
    papers, told = 0, Counter[str]()
    reign = Reign.of(world, happened)
    for list_ in world.all_lists:
        for reader in list_.readers:
            letters = [one for one in happened.letters if one.where == reader and one.list == list_.name]
            at_once = [one for one in happened.letters if one.where == reader and one.at_once == list_.name]
            judge = Judge(world, list_, reader, happened, _first_copies(letters), reign, _first_copies(at_once))
            wrong += judge.complaints()
            papers += sum(len(letter.papers) for letter in judge.digests)
            told.update(name for letter in judge.digests for _, name in letter.corrected)
            told.update(f"{name}, at once" for letter in judge.at_once for _, name in letter.corrected)
        wrong += _slack(list_, happened)
    wrong += _agreement(world, happened)
    wrong += _copies(happened)
    wrong += telling.complaints(world, happened, reign)
    everything = (*happened.letters, *happened.posts)
    repeated = len(everything) - len({(one.where, one.identity) for one in everything})
    return Verdict(tuple(wrong), len(everything), repeated, papers, told)


# --- one list, as one reader sees it -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judge:
    """One reader's digests of one list, in the order in which they were composed, and what the list told at once."""

    world: World
    list: WorldList
    reader: str
    happened: Evidence
    letters: Sequence[Letter]
    reign: Reign
    at_once: Sequence[Letter] = ()
    _claimed: dict[int, tuple[Claim, ...]] = field(default_factory=dict)
    _began: dict[str, datetime] = field(default_factory=dict)
    _went_ahead: dict[str, tuple[datetime, ...]] = field(default_factory=dict)

    @cached_property
    def digests(self) -> tuple[Letter, ...]:
        """As they were composed: a clock that ran ahead brings a later period forward, and an earlier one may follow."""
        return tuple(sorted(self.letters, key=self._turn))

    def _turn(self, letter: Letter) -> tuple[datetime, datetime, float]:
        """When the service first saw the slot behind it; of several slots the latest comes first."""
        slot, arrived = post.slot(letter.period), self.arrived(letter)
        seen = next((look.at for look in self.happened.looks if look.shown >= slot), arrived)
        return seen, arrived, -slot.timestamp()

    def complaints(self) -> Iterator[str]:
        """Everything that is wrong."""
        for line in (*self._frame(), *self._papers(), *self._follow_ups(), *self._corrections(), *self._missing()):
            kind, _, rest = line.partition(" ")
            yield f"{kind} {self.list.name} to {self.reader}: {rest}"

    # --- periods and coverage

    def _frame(self) -> Iterator[str]:
        """Periods are slots; coverage goes on where it ended; text, HTML and file tell the same."""
        slots = set(self.list.slots(self.reign.begins(self.list.name), self.world.ends_at + timedelta(days=40)))
        before: Letter | None = None
        for letter in self.digests:
            if post.slot(letter.period) not in slots:
                yield f"FALSE {letter.period} is no slot of {self.list.schedule} in {self.list.zone}"
            if self._is_inside_a_pause(letter):
                yield f"FALSE {letter.period} came while the list was paused"
            yield from self._coverage(before, letter)
            if not _says_the_same(letter):
                yield f"FALSE {letter.period}: text and HTML name different papers: {sorted(letter.links ^ letter.links_in_html)}"
            in_file = sorted(letter.papers - letter.links)
            if len(in_file) != letter.only_attached:
                yield f"FALSE {letter.period}: the file alone holds {in_file}, and the text says {letter.only_attached}"
            before = letter

    def _coverage(self, before: Letter | None, letter: Letter) -> Iterator[str]:
        if letter.covers_from is None or letter.covers_to is None:
            yield f"FALSE {letter.period} does not say what it covers"
            return
        if letter.covers_from > letter.covers_to:
            yield f"FALSE {letter.period} covers {letter.covers_from} to {letter.covers_to}, backwards"
        if before is not None and before.covers_to != letter.covers_from and not self._misled(before, letter):
            yield f"FALSE {letter.period} covers from {letter.covers_from}, the one before to {before.covers_to}"

    def _misled(self, before: Letter, letter: Letter) -> bool:
        """Whether the service's clock was wrong meanwhile."""
        since, until = min(self._composed_by(before), post.slot(before.period)) - timedelta(days=1), self.arrived(letter)
        return any(look.at != look.shown for look in self.happened.looks if since <= look.at <= until)

    # --- papers

    def _papers(self) -> Iterator[str]:
        """Each work once, not too early, not too late."""
        stood: defaultdict[int, list[int]] = defaultdict(list)
        for number, letter in enumerate(self.digests):
            for pmid in letter.papers:
                stood[self._work(pmid)].append(number)
        works: defaultdict[int, list[Paper]] = defaultdict(list)
        for paper in self.world.papers:
            works[self._work(paper.pmid)].append(paper)
        for work, records in works.items():
            yield from self._one_work(records, stood.pop(work, []))
        for work, numbers in stood.items():
            yield f"FALSE {self.digests[numbers[0]].period} holds PMID {work}, which nobody planted"

    def _one_work(self, records: Sequence[Paper], stood: Sequence[int]) -> Iterator[str]:
        name = " and ".join(f"PMID {paper.pmid}" for paper in records)
        if len(stood) > 1:
            yield f"TWICE {name} stands in {', '.join(self.digests[number].period for number in stood)}"
        first = min(stood, default=None)
        if first is not None and not any(self._may(paper, self.digests[first]) for paper in records):
            yield f"FALSE {name} stands in {self.digests[first].period}, though {self._why_not(records)}"
        due = min((number for paper in records if (number := self._due(paper)) is not None), default=None)
        if due is not None and (first is None or (first > due and not self._came_early(first, due))):
            where = f"only in {self.digests[first].period}" if first is not None else "nowhere"
            yield f"LOST {name} belongs into {self.digests[due].period} and stands {where} ({self._days(records)})"

    def _came_early(self, first: int, due: int) -> bool:
        """Whether a clock that ran ahead brought a later digest before the one that was due: readers had the paper in time."""
        letter, other = self.digests[first], self.digests[due]
        return len(self._ahead(letter)) > 1 and self.arrived(letter) <= self.arrived(other)

    def _due(self, paper: Paper) -> int | None:
        """The digest in which the paper must stand at the latest; None when it need not come at all."""
        owed = [claim for claim in self._claims(paper) if claim.certain]
        if not owed or paper.vanishes:
            return None
        for number, letter in enumerate(self.digests):
            if not any(self._reaches(letter, claim) for claim in owed):
                continue
            fallen = self._fallen(paper)
            if fallen is not None and fallen <= ncbi_day(self.arrived(letter)):
                return None
            if not self._is_excused(paper, number):
                return number
        return None

    def _reaches(self, letter: Letter, claim: Claim) -> bool:
        """Whether the digest must hold what is claimed: it was composed while the claim stood, and covers its day."""
        begun, arrived = self._begun(letter), self.arrived(letter)
        stood = claim.since < begun and (claim.until is None or arrived < claim.until)
        gap = self._gap(letter, claim.watch)
        edited = claim.since > self.world.begins_at
        unread = gap is not None and edited and gap <= ncbi_day(claim.since)
        return stood and not unread and claim.ready <= self._frontier(letter, claim.watch)

    def _may(self, paper: Paper, letter: Letter) -> bool:
        """Whether the paper could be known when this digest was composed, and was worth telling."""
        begun, arrived = self._begun(letter), self.arrived(letter)
        known = [
            claim
            for claim in self._claims(paper)
            if claim.ready <= ncbi_day(arrived)
            and claim.since <= arrived
            and (claim.taken_until is None or begun <= claim.taken_until)
        ]
        if not known:
            return False
        return paper.retracted is None or paper.retracted > min(self._frontier(letter, claim.watch) for claim in known)

    def _claims(self, paper: Paper) -> tuple[Claim, ...]:
        if paper.pmid not in self._claimed:
            self._claimed[paper.pmid] = claims(paper, self.list.name, self.reign)
        return self._claimed[paper.pmid]

    def _begun(self, letter: Letter) -> datetime:
        """The earliest instant at which the digest can have been composed."""
        if letter.period not in self._began:
            slot = post.slot(letter.period)
            looks = (look.at for look in self.happened.looks if look.at >= slot)
            self._began[letter.period] = min(next(looks, slot), self._composed_by(letter))
        return self._began[letter.period]

    def _is_inside_a_pause(self, letter: Letter) -> bool:
        slot, arrived = post.slot(letter.period), self.arrived(letter)
        list_ = self.reign.digest_list(self.list.name, slot)
        ends = list_.made_up() if list_ else None
        paused = list_ is not None and list_.is_inside_pause(slot)
        return paused and ends is not None and arrived < ends and self._ahead(letter) == (arrived,)

    def _frontier(self, letter: Letter, watch: str) -> date:
        """The day up to which the digest vouches for a watch; never later than the true one."""
        gap, covered = self._gap(letter, watch), letter.covers_to or date.min
        return min(gap if gap is not None else covered, ncbi_day(self._composed_by(letter)))

    def _gap(self, letter: Letter, watch: str) -> date | None:
        """The first day that the digest does not vouch for, where it states a gap for the watch."""
        return next((gap.since for gap in letter.gaps if gap.watch == self.world.titles[watch]), None)

    def _is_excused(self, paper: Paper, number: int) -> bool:
        """PubMed left the record out of an answer since the digest before: it is asked for again."""
        since = self.arrived(self.digests[number - 1]) if number else self.world.begins_at
        until = self.arrived(self.digests[number])
        start = min(since, post.slot(self.digests[number].period))
        return any(
            paper.pmid in one.pmids and start <= self.happened.true_at(one.at_monotonic) <= until for one in self.happened.spoiled
        )

    def _follow_ups(self) -> Iterator[str]:
        """An article whose preprint was presented is told, though not presented."""
        for paper in self.world.papers:
            stood = next((letter for letter in self.digests if paper.update_of in letter.papers), None)
            if paper.update_of is None or stood is None or paper.vanishes:
                continue
            owed = [claim for claim in self._claims(paper) if claim.certain]
            later = [one for one in self.digests if one is not stood and post.slot(one.period) > post.slot(stood.period)]
            due = [letter for letter in later if any(self._reaches(letter, claim) for claim in owed)]
            told = [letter for letter in self.digests if paper.pmid in letter.links]
            if len(due) > 1 and not told:
                yield f"LOST PMID {paper.pmid}, the article of PMID {paper.update_of}, was never told (from {due[0].period} on)"

    # --- what became of papers

    def _fallen(self, paper: Paper) -> date | None:
        """From when on the paper, or for a preprint its article, is retracted."""
        days = [one.retracted for one in self.world.papers if one.retracted and paper.pmid in (one.pmid, one.update_of)]
        return min(days, default=None)

    def _corrections(self) -> Iterator[str]:
        """What became of a presented paper is told once, by its name, not before, and in time."""
        told: defaultdict[tuple[int, str], list[Letter]] = defaultdict(list)
        for letter in sorted((*self.digests, *self.at_once), key=lambda one: one.at_monotonic):
            for event in letter.corrected | letter.beside:
                told[event].append(letter)
        for letter in self.at_once:
            if not _says_the_same(letter):
                yield f"FALSE {_called(letter)}: text and HTML name different papers: {sorted(letter.links ^ letter.links_in_html)}"
        for paper in self.world.papers:
            had = next((letter for letter in self.digests if paper.pmid in letter.papers), None)
            for name, day in self._fates(paper):
                yield from self._one_correction(paper, name, day, had, told.pop((paper.pmid, name), []))
        for (pmid, name), letters in told.items():
            yield f"FALSE {_called(letters[0])} tells of PMID {pmid} {name!r}, and nobody planted that"

    def _fates(self, paper: Paper) -> Iterator[tuple[str, date]]:
        """What became of the paper, by the names that readers know, and from which day on."""
        days = (self._fallen(paper), paper.doubted, paper.amended, paper.vanishes)
        names = ("Retracted", "Expression of concern", "Erratum", "Deleted from PubMed")
        yield from ((name, day) for name, day in zip(names, days, strict=True) if day)

    def _one_correction(self, paper: Paper, name: str, day: date, had: Letter | None, told: Sequence[Letter]) -> Iterator[str]:
        called = ", ".join(map(_called, told))
        if told and had is None:
            yield f"FALSE {called} tells {name!r} of PMID {paper.pmid}, which the list never had"
        if len(told) > 1:
            yield f"TWICE {name!r} of PMID {paper.pmid} is told in {called}"
        if told and ncbi_day(self.happened.true_at(told[0].at_monotonic)) < day:
            yield f"FALSE {called} tells {name!r} of PMID {paper.pmid} before it was so ({day})"
        if had is None or name == "Deleted from PubMed":
            return
        since = max(day, ncbi_day(self.arrived(had)))
        if told and not told[0].at_once:
            yield from self._waited(paper.pmid, name, told[0], since)
        settled = self._settled(since)
        due = next((one for one in self.digests if settled and post.slot(one.period) > settled), None)
        if not told and due:
            yield f"LOST that PMID {paper.pmid} is {name!r} since {day} was never told, not in {due.period}"

    def _waited(self, pmid: int, name: str, told: Letter, since: date) -> Iterator[str]:
        """A list that tells at once tells nothing with a digest that it could have told before."""
        read = on_the_clock(_saturday(since + timedelta(days=2)), READ_AGAIN_AT, ZoneInfo("Europe/Berlin"))
        if any(pmid in one.pmids and self.happened.true_at(one.at_monotonic) >= read for one in self.happened.spoiled):
            return
        known = next((at for at in self._well_after(read) if self._tells_at_once(at)), None)
        if known is not None and known < self._begun(told):
            yield f"LOST PMID {pmid} {name!r} could be told by {known}, and waited for {told.period}"

    def _tells_at_once(self, at: datetime) -> bool:
        list_ = self.reign.digest_list(self.list.name, at)
        return list_ is not None and list_.at_once and not list_.is_inside_pause(at)

    def _well_after(self, instant: datetime) -> Iterator[datetime]:
        """The looks with all well by which a reading that was due at this instant must have gone through."""
        looks = [look.at for look in self.happened.looks if look.clean and look.at >= instant]
        yield from (at for at in looks if at - looks[0] >= AFTER_READING)

    def _settled(self, day: date) -> datetime | None:
        """When what came to be on this day must have been found: the service had looked, with all well and more than once, after the
        Saturday on which papers are read again."""
        looks = [look for look in self.happened.looks if look.clean and (ncbi_day(look.at) - day).days >= READ_AGAIN_DAYS]
        return next(self._well_after(looks[0].at), None) if looks else None

    # --- digests that did not come

    def _missing(self) -> Iterator[str]:
        """A slot with a look at it while all was well has a digest; the service may also have caught up with it."""
        periods = {post.slot(letter.period) for letter in self.digests}
        begins = self.reign.begins(self.list.name)
        slots = self.list.slots(begins, self.happened.looks[-1].at if self.happened.looks else begins)
        for slot, after in zip(slots, (*slots[1:], None), strict=True):
            if slot in periods or not self._had_a_chance(slot, after):
                continue
            yield f"LOST the digest of {slot.isoformat()}"

    def _had_a_chance(self, slot: datetime, after: datetime | None) -> bool:
        looks = self.happened.looks
        if any(look.at < slot <= look.shown for look in looks):
            return False  # a clock that ran ahead has composed for later slots already
        for number, look in enumerate(looks):
            inside = look.at >= slot and (after is None or look.at < after) and not self._waits_for_a_pause(look, slot)
            recent = [one for one in looks[:number] if look.at - one.at < AFTER_TROUBLE]
            if inside and look.clean and all(one.clean for one in recent):
                return True
        return False

    def _waits_for_a_pause(self, look: Look, slot: datetime) -> bool:
        list_ = self.world.editions[look.edition].digest_list(self.list.name)
        ends = list_.made_up() if list_ else None
        return list_ is not None and ends is not None and list_.is_inside_pause(slot) and look.at < ends

    # --- small questions

    def arrived(self, letter: Letter) -> datetime:
        """When any reader of the list first had this digest."""
        return self.happened.arrivals[letter.list, letter.period]

    def _composed_by(self, letter: Letter) -> datetime:
        """An instant at which the digest may have been composed: the first at which a clock that ran ahead allowed it, else that of its
        arrival."""
        return min(self.arrived(letter), *self._ahead(letter))

    def _ahead(self, letter: Letter) -> tuple[datetime, ...]:
        """The true instants before its arrival at which the service's clock ran ahead and had reached its slot; its arrival last."""
        if letter.period not in self._went_ahead:
            arrived, slot = self.arrived(letter), post.slot(letter.period)
            looks = (look for look in self.happened.looks if look.shown > look.at and look.at <= arrived)
            self._went_ahead[letter.period] = (*(look.at for look in looks if look.shown >= slot), arrived)
        return self._went_ahead[letter.period]

    def _work(self, pmid: int) -> int:
        """What names a paper in all its forms: its first record."""
        article = next((paper for paper in self.world.papers if paper.pmid == pmid), None)
        return article.update_of if article is not None and article.update_of else pmid

    def _days(self, records: Sequence[Paper]) -> str:
        told = {
            paper.pmid: [f"{one.watch} {one.ready} {'' if one.certain else 'perhaps'}".strip() for one in self._claims(paper)]
            for paper in records
        }
        return "; ".join(
            f"PMID {paper.pmid}: {', '.join(told[paper.pmid]) or 'nobody'}, created {paper.created}" for paper in records
        )

    def _why_not(self, records: Sequence[Paper]) -> str:
        days = self._days(records)
        return f"it was not to be had by then ({days}, retracted {[paper.retracted for paper in records]})"


# --- across readers and channels ---------------------------------------------------------------------------------------------------


def _saturday(day: date) -> date:
    """The first Saturday on or after a day."""
    return day + timedelta(days=(5 - day.weekday()) % 7)


def _says_the_same(letter: Letter) -> bool:
    """Whether text and HTML name the same papers, but for as many as the HTML says are told in the text."""
    missing = letter.links - letter.links_in_html
    return letter.links_in_html <= letter.links and len(missing) <= letter.only_in_text


def _called(letter: Letter) -> str:
    """A mail of a list, as complaints name it."""
    return letter.period or f"the mail {letter.identity}"


def _first_copies(letters: Sequence[Letter]) -> tuple[Letter, ...]:
    """Each message once."""
    first: dict[str, Letter] = {}
    for letter in letters:
        first.setdefault(letter.identity, letter)
    return tuple(first.values())


def _slack(list_: WorldList, happened: Evidence) -> Iterator[str]:
    """The list's posts name what its mails name, in the same order of parts."""
    posts = _first_copies([one for one in happened.posts if one.where == happened.paths.get(list_.name)])
    posted = frozenset[int]().union(*(one.links for one in posts))
    mailed = frozenset[int]().union(*(one.links | one.papers for one in happened.letters if list_.name in (one.list, one.at_once)))
    if posted != mailed:
        yield f"LOST {list_.name} on Slack: by mail only {sorted(mailed - posted)}, on Slack only {sorted(posted - mailed)}"
    digests = sum(one.part == 1 and post.covered(one.text) for one in posts)
    periods = len({one.period for one in happened.letters if one.list == list_.name})
    if digests != periods:
        yield f"LOST {list_.name} on Slack: {digests} digests, by mail {periods}"
    digest: dict[str, Letter] = {}
    for one in posts:  # two services may send two digests at a time: each of them has its parts in order
        before = digest.get(one.headline)
        if one.part > 1 and (before is None or before.part != one.part - 1):
            yield f"FALSE {list_.name} on Slack: part {one.part} follows part {before.part if before else 'of another digest'}"
        digest[one.headline] = one


def _agreement(world: World, happened: Evidence) -> Iterator[str]:
    """All readers of a list have had the same digests."""
    for list_ in world.all_lists:
        had: dict[str, dict[str, frozenset[int]]] = {reader: {} for reader in list_.readers}
        for letter in happened.letters:
            if letter.list == list_.name and letter.where in had:
                had[letter.where][letter.period] = letter.papers
        first, *others = had.items()
        for reader, digests in others:
            if digests != first[1]:
                differ = sorted(period for period in {*digests, *first[1]} if digests.get(period) != first[1].get(period))
                yield f"LOST {list_.name}: {reader} and {first[0]} have had different digests: {differ}"


def _copies(happened: Evidence) -> Iterator[str]:
    """A message may come again only when the service died, or was not told, right after it was taken; and then byte for byte."""
    seen: defaultdict[tuple[str, str], list[Letter]] = defaultdict(list)
    for letter in (*happened.letters, *happened.posts):
        seen[letter.where, letter.identity].append(letter)
    for (where, identity), copies in seen.items():
        for earlier, later in pairwise(copies):
            if earlier.prints != later.prints:
                yield f"TWICE {where}: {identity} came with other bytes"
            if not _in_the_window(happened, earlier):
                yield f"TWICE {where}: {identity} ({earlier.list} {earlier.period}) came again outside the documented window"
    periods: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for letter in happened.letters:
        if letter.list:
            periods[letter.where, letter.list, letter.period].add(letter.identity)
    yield from (
        f"TWICE {where}: the digest {list_} {period} came as {len(found)} messages"
        for (where, list_, period), found in periods.items()
        if len(found) > 1
    )


def _in_the_window(happened: Evidence, letter: Letter) -> bool:
    moment = letter.at_monotonic
    died = any(0 <= end - moment <= WINDOW_SECONDS for end in happened.ends)
    return died or any(at == letter.where and abs(told - moment) < 5 for at, told in happened.untold)
