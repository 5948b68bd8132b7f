"""The oracle hears what is not told, and what is told and is not so. Each test spoils one thing in a life that went well."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from simulation import post
from simulation.claims import Reign, claims
from simulation.evidence import Evidence, Look
from simulation.post import Letter
from simulation.telling import complaints
from simulation.world import Edition, Paper, Question, World, WorldList

START = date(2026, 3, 17)
NMJ, AGRIN = Question("nmj", "Junction", ("nmj",)), Question("agrin", "Agrin", ("agrin",))
ORDER = WorldList("weekly", "Weekly", ("nmj",), 0, time(8), "Europe/Berlin", "monday 08:00", ("pi@lab.example",), "LAB")
WORLD = World(0, START, 4, (), (NMJ, AGRIN), (ORDER,), admin="admin@lab.example")
SLOTS = ORDER.slots(datetime(2026, 3, 17, tzinfo=UTC), datetime(2026, 4, 14, tzinfo=UTC))
QUIET = "Papers added to PubMed 17–23 March 2026."


def moment(at: datetime) -> float:
    return (at - WORLD.begins_at).total_seconds()


@dataclass
class Tale:
    """Looks at 05:32 and 08:01 each day for four weeks, a digest by mail and on Slack each Monday, and what the mails say."""

    texts: dict[int, str] = field(default_factory=dict)
    notices: list[Letter] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    posted_later: dict[int, timedelta] = field(default_factory=dict)
    unanswered: tuple[datetime, ...] = ()
    unsent: tuple[datetime, ...] = ()
    refused: tuple[tuple[str, datetime], ...] = ()

    def __post_init__(self) -> None:
        """Look at everything."""
        first = datetime(2026, 3, 18, 5, 5, tzinfo=UTC)
        looks = [first + timedelta(days=day, minutes=minutes) for day in range(28) for minutes in (0, 60, 61, 62)]
        self.looks = [Look(at, at, clean=True, ended=moment(at) + 30) for at in looks]

    def change(self, since: datetime, until: datetime, **what: object) -> None:
        """Make some looks others."""
        self.looks = [replace(look, **what) if since <= look.at <= until else look for look in self.looks]  # type: ignore[arg-type]

    def drop(self, since: datetime, until: datetime) -> None:
        """Nobody looked."""
        self.looks = [look for look in self.looks if not since <= look.at <= until]

    def found(self) -> list[str]:
        """What is wrong with what was told."""
        slots = [max(slot, next(look.at for look in self.looks if look.at >= slot)) for slot in SLOTS]
        mails = [digest("pi@lab.example", number, at, self.texts.get(number, QUIET)) for number, at in enumerate(slots)]
        posts = [
            replace(digest("/LAB", number, at + self.posted_later.get(number, timedelta()), QUIET), list="", period="")
            for number, at in enumerate(slots)
        ]
        happened = Evidence(
            letters=(*mails, *self.notices),
            posts=tuple(posts),
            moves=tuple((moment(look.at), look.at) for look in self.looks),
            looks=tuple(self.looks),
            unanswered=tuple(moment(at) for at in self.unanswered),
            unsent=tuple(moment(at) for at in self.unsent),
            refused=tuple((where, moment(at)) for where, at in self.refused),
            paths={"weekly": "/LAB"},
        )
        return list(complaints(WORLD, happened, Reign.of(WORLD, happened)))


def digest(where: str, number: int, at: datetime, text: str) -> Letter:
    none, slot = frozenset[int](), SLOTS[number].isoformat()
    return Letter(where, "weekly", slot, START, START, (), none, none, none, f"{slot} {where}", slot, moment(at) + 10, text)


def notice(topic: str, at: datetime, *, recovers: bool = False, where: str = "admin@lab.example") -> Letter:
    none, identity = frozenset[int](), f"{topic} {at} {recovers}"
    letter = Letter(where, "", "", None, None, (), none, none, none, identity, identity, moment(at) + 10, "")
    return replace(letter, notice=topic, recovers=recovers)


def day(number: int, hour: int = 12, *, month: int = 3) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


def has(wrong: list[str], *words: str) -> bool:
    return any(all(word in line for word in words) for line in wrong)


def told(since: str, until: str, reason: str) -> str:
    return f"{QUIET} PubMed was not searched from {since} to {until} ({reason}). It was read afterwards: nothing was lost."


def joined(since: str, until: str, reason: str) -> str:
    span = f"PubMed was not searched 2 times between {since} and {until}, for up to 40 hours ({reason})"
    return f"{QUIET} {span}. It was read afterwards: nothing was lost."


OFF = "the service was off or held up"


def test_nothing_is_wrong_with_a_life_in_which_all_went_well() -> None:
    assert Tale().found() == []


# --- outages


def test_a_time_off_that_is_told_by_the_next_digests_is_well_told_and_one_that_is_not_is_missed() -> None:
    silent = Tale()
    silent.drop(day(20), day(22))
    spoken = Tale(texts={0: told("20 March, 07:07", "23 March, 06:05", OFF)})
    spoken.drop(day(20), day(22))

    assert has(silent.found(), "LOST weekly", "nobody searched from 2026-03-20")
    assert spoken.found() == []


def test_a_time_off_in_which_the_service_searched_is_false() -> None:
    tale = Tale(texts={1: told("24 March, 10:00", "27 March, 06:05", OFF)})

    assert has(tale.found(), "FALSE weekly", "it searched on 2026-03-25")


def test_times_off_that_are_told_as_one_are_well_told_and_false_when_there_were_none() -> None:
    spoken = Tale(texts={0: joined("19 March, 07:07", "23 March, 06:05", OFF)})
    spoken.drop(day(20), day(22))
    invented = Tale(texts={1: joined("24 March, 10:00", "29 March, 06:05", f"{OFF}; esearch: HTTP 503")})
    failed = replace(invented, unanswered=(datetime(2026, 3, 25, 5, 6, tzinfo=UTC),))

    assert spoken.found() == []
    assert has(invented.found(), "FALSE weekly", "it searched at each time")
    assert failed.found() == []


def test_a_time_off_that_lasts_is_judged_by_whether_the_service_was_there() -> None:
    lasts = f"{QUIET} PubMed has not been searched since 20 March, 07:07. Reason: {OFF}."
    well, silent = Tale(texts={0: lasts}), Tale(texts={0: lasts.replace(OFF, "esearch: HTTP 503")})
    there = Tale(texts={0: lasts})
    for one in (well, silent):
        one.drop(day(20), day(23, 23))

    assert well.found() == []
    assert has(silent.found(), "FALSE weekly", "PubMed answered everything")
    assert has(there.found(), "FALSE weekly", "it searched on 2026-03-21")


def test_a_failure_of_pubmed_that_did_not_happen_is_false() -> None:
    text = told("24 March, 10:00", "25 March, 06:05", "esearch: HTTP 503")

    assert has(Tale(texts={1: text}).found(), "FALSE weekly", "PubMed answered everything")
    assert Tale(texts={1: text}, unanswered=(datetime(2026, 3, 25, 5, 6, tzinfo=UTC),)).found() == []


def test_what_a_clock_that_ran_ahead_wrote_is_read_by_that_clock_and_left_out() -> None:
    text = told("23 March, 06:05", "26 March, 06:05", "esearch: HTTP 503")
    ahead = Tale(texts={0: text})
    ahead.change(day(24, 5), day(24, 6), shown=day(26, 7), clean=False)

    assert ahead.found() == []
    assert has(Tale(texts={0: text}).found(), "FALSE weekly", "PubMed answered everything")


def test_an_outage_of_pubmed_that_no_digest_tells_is_missed() -> None:
    tale = Tale()
    tale.change(day(19, 5), day(19, 7), troubled=True, clean=False)

    assert has(tale.found(), "LOST weekly", "PubMed answered nothing on 2026-03-19")


# --- notices


def test_a_failure_is_told_once_and_its_end_once() -> None:
    failing = (day(24), day(24, 13), day(24, 14))
    once = [notice("watch:nmj", day(24, 15)), notice("watch:nmj", day(25), recovers=True)]

    assert Tale(notices=once, unanswered=failing).found() == []
    twice = [once[0], notice("watch:nmj", day(24, 16)), once[1]]
    assert has(Tale(notices=twice, unanswered=failing).found(), "TWICE admin@lab.example", "twice in a row")
    assert has(Tale(notices=once[:1], unanswered=failing).found(), "LOST admin@lab.example", "never as over")
    assert has(Tale(notices=once[1:], unanswered=failing).found(), "FALSE admin@lab.example", "nobody said that it failed")


@pytest.mark.parametrize("topic", ["watch:nmj", "channel:weekly-mail"])
def test_a_failure_that_was_none_is_false(topic: str) -> None:
    tale = Tale(notices=[notice(topic, day(24)), notice(topic, day(25), recovers=True)])

    assert has(tale.found(), "FALSE", topic, "nothing failed")


@pytest.mark.parametrize("topic", ["watch:nmj", "rereading"])
def test_a_recovery_that_waited_on_its_way_hides_no_failure_that_came_meanwhile(topic: str) -> None:
    first, meanwhile = (day(24), day(24, 13), day(24, 14)), (day(25, 16), day(26, 5), day(26, 6))
    late = replace(notice(topic, day(26, 7), recovers=True), over_at=day(25, 5))
    notices = [notice(topic, day(24, 15)), late, notice(topic, day(26, 8)), notice(topic, day(27), recovers=True)]

    assert Tale(notices=notices, unanswered=(*first, *meanwhile)).found() == []
    assert has(Tale(notices=notices, unanswered=first).found(), "FALSE", topic, "nothing failed")
    assert has(Tale(notices=notices, unanswered=(*first, *meanwhile[:2])).found(), "FALSE", topic, "nothing failed")


def test_what_a_recovery_says_by_a_wrong_clock_dates_nothing() -> None:
    failing = (day(24), day(24, 13), day(24, 14))
    late = replace(notice("watch:nmj", day(26, 7), recovers=True), over_at=day(28, 5))
    notices = [notice("watch:nmj", day(24, 15)), late, notice("watch:nmj", day(26, 8)), notice("watch:nmj", day(27), recovers=True)]
    ahead = Tale(notices=notices, unanswered=failing)
    ahead.change(day(25, 5), day(25, 6), shown=day(28, 5), clean=False)

    assert not has(ahead.found(), "FALSE", "watch:nmj")
    assert has(Tale(notices=notices, unanswered=failing).found(), "FALSE", "watch:nmj", "nothing failed")


def test_a_watch_that_failed_for_days_and_nobody_was_told_is_missed() -> None:
    tale = Tale(texts={0: f"{QUIET} PubMed has not been searched since 18 March, 07:00. Reason: it hung."}, unanswered=(day(19),))
    tale.change(day(19, 0), day(22, 23), troubled=True, clean=False)

    assert has(tale.found(), "LOST nobody was told that nmj failed")


def test_a_channel_that_refused_and_nobody_was_told_is_missed() -> None:
    tale = Tale(refused=(("pi@lab.example", day(23, 6)),), unsent=(day(23, 6),))
    heard = [notice("channel:weekly-mail", day(23, 7)), notice("channel:weekly-mail", day(24), recovers=True)]

    assert has(tale.found(), "LOST nobody was told that channel weekly-mail refuses")
    tale.notices = heard
    assert tale.found() == []


# --- channels


def test_a_channel_that_waits_for_another_one_is_found() -> None:
    tale = Tale(posted_later={1: timedelta(days=1)})
    harmed = Tale(posted_later={1: timedelta(days=1)})
    harmed.change(day(30, 0), day(31), harmed=frozenset({"slack"}))

    assert has(tale.found(), "LOST weekly", "came by slack", "nothing was in its way")
    assert harmed.found() == []


# --- claims


def reign(*editions: tuple[datetime, tuple[Question, ...], tuple[str, ...]]) -> Reign:
    """One edition after the other, each with its watches and those that the list takes."""
    made = [Edition(questions, (replace(ORDER, watches=taken),)) for _, questions, taken in editions]
    world = replace(WORLD, questions=made[0].questions, lists=made[0].lists, later=tuple(made[1:]))
    looks = tuple(Look(at, at, clean=True, edition=number) for number, (at, _, _) in enumerate(editions))
    return Reign.of(world, Evidence((), (), ((0.0, WORLD.begins_at),), looks=looks))


def about(*topics: str, appears: date, created: date | None = None) -> Paper:
    return Paper(1, frozenset(topics), created or appears, appears, appears)


def test_what_an_edited_query_adds_is_owed_whatever_its_age() -> None:
    wider = reign((day(17), (NMJ,), ("nmj",)), (day(25), (replace(NMJ, topics=("nmj", "agrin")),), ("nmj",)))

    (claim,) = claims(about("agrin", appears=date(2025, 1, 1)), "weekly", wider)

    assert (claim.ready, claim.certain) == (date(2026, 3, 25), True)


def test_what_appears_after_a_query_stopped_asking_for_it_is_not_owed() -> None:
    narrower = reign((day(17), (replace(NMJ, topics=("nmj", "agrin")),), ("nmj",)), (day(25), (NMJ,), ("nmj",)))

    assert claims(about("agrin", appears=date(2026, 3, 26)), "weekly", narrower) == ()
    assert [one.until for one in claims(about("agrin", appears=date(2026, 3, 20)), "weekly", narrower)] == [day(25)]


def test_what_appeared_while_a_watch_was_taken_out_is_owed_when_it_comes_back() -> None:
    both = (NMJ, AGRIN)
    gone = reign((day(17), both, ("nmj", "agrin")), (day(20), (NMJ,), ("nmj",)), (day(28), both, ("nmj", "agrin")))

    (claim,) = claims(about("agrin", appears=date(2026, 3, 22)), "weekly", gone)

    assert (claim.ready, claim.certain) == (date(2026, 3, 28), True)


def test_a_list_that_takes_a_watch_up_has_its_own_cut() -> None:
    both = (NMJ, AGRIN)
    taken = reign((day(17), both, ("nmj",)), (day(6, month=5), both, ("nmj", "agrin")))

    assert [one.certain for one in claims(about("agrin", appears=date(2026, 4, 20)), "weekly", taken)] == [True]
    assert [one.certain for one in claims(about("agrin", appears=date(2026, 3, 20)), "weekly", taken)] == [False]


def comes_back(read_at: datetime | None, *, topics: tuple[str, ...] = ("agrin",)) -> tuple[bool, ...]:
    """A list gives up a watch, takes it again six weeks later, with other topics perhaps, and another list had a digest of it at
    `read_at`: whether what the list may claim then of a paper from before is certain."""
    others = replace(ORDER, name="others", watches=("agrin",))
    back_at = day(6, month=5)
    made = [
        (day(17), AGRIN, ("nmj", "agrin")),
        (day(25), AGRIN, ("nmj",)),
        (back_at, replace(AGRIN, topics=topics), ("nmj", "agrin")),
    ]
    editions = [Edition((NMJ, watch), (replace(ORDER, watches=taken), others)) for _, watch, taken in made]
    world = replace(WORLD, questions=editions[0].questions, lists=editions[0].lists, later=tuple(editions[1:]))
    looks = tuple(Look(at, at, clean=True, edition=number) for number, (at, _, _) in enumerate(made))
    letters: tuple[Letter, ...] = ()
    if read_at is not None:
        letter = replace(digest("other@lab.example", 0, read_at, QUIET), list="others", period=read_at.isoformat())
        letters = (replace(letter, covers_to=read_at.date()),)
    moves = ((0.0, WORLD.begins_at), *((moment(at), at) for at in (read_at, back_at) if at))
    paper = about("agrin", appears=date(2026, 3, 19))
    found = claims(paper, "weekly", Reign.of(world, Evidence(letters, (), moves, looks=looks)))
    return tuple(one.certain for one in found if one.since == back_at)


def test_what_was_read_while_a_list_had_a_watch_is_owed_when_it_takes_the_watch_again() -> None:
    assert True in comes_back(day(24))
    assert comes_back(day(24), topics=("titin",)) == (True,)


def test_what_nobody_can_be_shown_to_have_read_in_that_time_may_come_and_need_not() -> None:
    assert comes_back(None) == (False, False)
    assert True not in comes_back(day(27))


# --- reading


def test_a_recovery_says_when_it_was() -> None:
    flat = "[watcher] Watch A is searched again Failed from Friday 29 December 2025, 05:31 to Sunday 4 January 2026, 09:12 (Europe/Berlin) x"

    assert post.over_at(flat) == datetime(2026, 1, 4, 8, 12, tzinfo=UTC)
    assert post.over_at("Failing since Friday 29 December 2025, 05:31 (Europe/Berlin)") is None


TOLD = """Lab weekly

CORRECTIONS TO PAPERS YOU HAD
-----------------------------

!  Sample 40000001: agrin in mice
   You had it on 9 March 2026.
   Retracted (PubMed).
   Expression of concern: J Sample Res. 2026 Mar;1:70000001, PMID 70000001
   (PubMed).
   https://pubmed.ncbi.nlm.nih.gov/40000001/

!  Sample 40000002: titin in mice
   You had it on 9 March 2026.
   Erratum: J Sample Res. 2026 Mar;1:60000002, PMID 60000002 (PubMed).
   https://pubmed.ncbi.nlm.nih.gov/40000002/

PICKS
-----

1. Sample 40000003: podocyte in mice
   score 50
   Expression
   of concern: J Sample Res. 2026 Mar;1:70000003, PMID 70000003 (PubMed).

   Why: phrases

   PubMed: https://pubmed.ncbi.nlm.nih.gov/40000003/

2. Sample 40000004: agrin in mice
   PubMed: https://pubmed.ncbi.nlm.nih.gov/40000004/
"""


def test_what_became_of_papers_is_read_with_its_names() -> None:
    concern = "Expression of concern"

    assert post.corrected(TOLD) == {(40000001, "Retracted"), (40000001, concern), (40000002, "Erratum")}
    assert post.beside(TOLD) == {(40000003, concern)}
    assert post.corrected(TOLD.replace("Erratum: ", "Oh: ")) >= {(40000002, "")}


def test_spans_are_read_in_every_form() -> None:
    letter = digest(
        "pi@lab.example",
        0,
        day(23),
        "PubMed was not searched for A, B and C from 29 December 2025, 05:31 to 4 January\n2026, 09:12 (it (hung)). It was read"
        " afterwards: nothing was lost.\nPubMed was not searched from 3 March, 05:31 to 09:12 (x). It was read afterwards: nothing was "
        "lost.\nPubMed was not searched for A 1,204 times between 4 March, 05:31 and 5 March, 07:00, for up to\n40 minutes (y; z). It was "
        "read afterwards: nothing was lost.\n"
        "! Not covered yet: papers added 3 March 2026 for Junction, not searched since 2 March, 05:31. It hung.",
    )

    found = post.outages(letter, "UTC", day(23))

    assert [(one.since, one.until, one.watches, one.times, one.reason) for one in found] == [
        (datetime(2025, 12, 29, 5, 31, tzinfo=UTC), datetime(2026, 1, 4, 9, 12, tzinfo=UTC), ("A", "B", "C"), 1, "it (hung)"),
        (datetime(2026, 3, 3, 5, 31, tzinfo=UTC), datetime(2026, 3, 3, 9, 12, tzinfo=UTC), (), 1, "x"),
        (datetime(2026, 3, 4, 5, 31, tzinfo=UTC), datetime(2026, 3, 5, 7, tzinfo=UTC), ("A",), 1_204, "y; z"),
        (datetime(2026, 3, 2, 5, 31, tzinfo=UTC), None, (), 1, "It hung."),
    ]
