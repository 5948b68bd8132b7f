"""Whole journeys over weeks: what reaches the inbox is what was planted, each paper once, in the first digest after it could be seen.

The expectation is worked out from planted days by `Oracle`, which knows nothing of how the service searches.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.rehearsal import EVERYTHING, Lab, aware, lab, posted, presented, shown, shown_in_html

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper

START = date(2026, 3, 3)  # a Tuesday
DIGESTS = tuple(date(2026, 3, 9) + timedelta(weeks=number) for number in range(5))
TITLE = "Agrin at the neuromuscular junction"
OTHER_TITLE = "Agrin in the kidney"


@dataclass(frozen=True)
class Plan:
    """One planted paper: its record's dates, the NCBI days on which it can be seen, matches the query and can be fetched."""

    pmid: int
    created: date
    appears: date
    entered: date | None = None
    matches: date | None = None
    fetchable: date | None = None
    how: str = "title"

    @property
    def seen(self) -> date:
        """The first day on which it is there and matches."""
        return max(self.appears, self.matches or self.appears)

    def planted(self) -> Planted:
        """The record as the local PubMed holds it."""
        late = self.matches is not None
        first = self._xml(matching=not late, day=self.created)
        changes = ((self.matches, self._xml(matching=True, day=self.matches)),) if self.matches else ()
        return Planted(first, appears_at=self.appears, changes=changes, fetchable_at=self.fetchable)

    def _xml(self, *, matching: bool, day: date) -> bytes:
        by_mesh = self.how == "mesh"
        return paper(
            self.pmid,
            title=TITLE if matching and not by_mesh else OTHER_TITLE,
            abstract="MuSK and LRP4 were studied." if self.pmid % 3 else "",
            created=self.created,
            entered=self.entered or self.created,
            mesh_on=day if matching and by_mesh else None,
            mesh=["Neuromuscular Junction"] if matching and by_mesh else [],
            revised=day,
            published=f"{self.created:%Y %b}",
        )


def oracle(plans: list[Plan]) -> dict[date, set[int]]:
    """For each digest day, the papers that it must bring. The service looks every morning and before each digest, at 08:00 in
    Berlin, which is 02:00 or 03:00 of the same day at NCBI; what was there at the start and older than 30 days is not news."""
    expected: dict[date, set[int]] = {day: set() for day in DIGESTS}
    for plan in plans:
        if plan.seen <= START and plan.created < START - timedelta(days=30):
            continue
        ready = max(plan.seen, plan.fetchable or plan.seen)
        due = next((day for day in DIGESTS if day >= ready), None)
        if due is not None:
            expected[due].add(plan.pmid)
    return expected


def random_plans(seed: int, count: int = 60) -> list[Plan]:
    dice = random.Random(seed)  # noqa: S311 - replayable
    plans = []
    for number in range(count):
        appears = START + timedelta(days=dice.randint(-60, 33))
        created = appears - timedelta(days=dice.choice([0, 0, 0, 1, 2, 9]))
        entered = created - timedelta(days=dice.choice([0, 0, 1, 400, 4000]))
        late = dice.random() < 0.2
        matches = appears + timedelta(days=dice.randint(1, 25)) if late else None
        fetchable = max(appears, matches or appears) + timedelta(days=dice.randint(1, 6)) if dice.random() < 0.15 else None
        how = "mesh" if late and dice.random() < 0.7 else "title"
        plans.append(Plan(1000 + number, created, appears, entered, matches, fetchable, how))
    return plans


def live_through(one: Lab, until: date) -> None:
    one.tick(f"{START}T09:00")
    day = START + timedelta(days=1)
    while day <= until:
        one.tick(f"{day}T06:30")
        if day.weekday() == 0:
            one.tick(f"{day}T08:00")
        day += timedelta(days=1)


def inbox(one: Lab) -> dict[date, set[int]]:
    zone = ZoneInfo("Europe/Berlin")
    return {
        datetime.fromisoformat(str(mail.message["X-Watcher-Digest"])).astimezone(zone).date(): presented(mail)
        for mail in one.mail.mails
    }


QUERY = '"neuromuscular junction"[tiab] OR "Neuromuscular Junction"[mh]'


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_paper_reaches_the_inbox_once_in_the_first_digest_after_it_could_be_seen(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = random_plans(seed)

    with lab(tmp_path, [plan.planted() for plan in plans], monkeypatch, QUERY) as one:
        live_through(one, DIGESTS[-1])

        assert inbox(one) == oracle(plans)
        assert all(shown(mail) == shown_in_html(mail) for mail in one.mail.mails)
        assert posted(one.slack) == set().union(*oracle(plans).values())


def test_requests_stay_near_the_least_that_could_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = random_plans(4)

    with lab(tmp_path, [plan.planted() for plan in plans], monkeypatch, QUERY) as one:
        one.tick(f"{START}T09:00")
        first = len(one.pubmed.log)
        one.tick("2026-03-04T06:30")
        window = len(one.pubmed.log) - first

    assert first <= 1 + 1 + 1 + 2
    assert window <= 1 + 1 + 2


def test_a_seed_is_looked_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with lab(tmp_path, [], monkeypatch, QUERY) as one:
        one.tick(f"{START}T09:00")
        terms = [exchange.parameters.get("term", [""])[0] for exchange in one.pubmed.log]
        asked = sum("agrin" in term.lower() for term in terms)
        one.tick("2026-03-04T06:30")
        later = [exchange.parameters.get("term", [""])[0] for exchange in one.pubmed.log][len(terms) :]

    assert asked == 1
    assert not any("agrin" in term.lower() for term in later)


def test_a_list_that_missed_three_mondays_sends_one_digest_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [Plan(1, date(2026, 3, 4), date(2026, 3, 4)), Plan(2, date(2026, 3, 18), date(2026, 3, 18))]

    with lab(tmp_path, [plan.planted() for plan in plans], monkeypatch, QUERY) as one:
        one.tick(f"{START}T09:00")
        one.tick("2026-03-24T11:00")

        (mail,) = one.mail.mails
        assert presented(mail) == {1, 2}
        assert mail.message["X-Watcher-Digest"] == "2026-03-23T08:00+01:00"
        assert "missed" in mail.part("text/plain")


def test_a_digest_that_was_composed_is_owed_until_the_server_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [Plan(1, date(2026, 3, 4), date(2026, 3, 4))]

    with lab(tmp_path, [plan.planted() for plan in plans], monkeypatch, QUERY) as one:
        one.tick(f"{START}T09:00")
        one.mail.answers.extend(["451 later", "421 later"])
        one.tick("2026-03-09T08:00")
        one.tick("2026-03-09T12:00")
        before = len(one.mail.mails)
        one.tick("2026-03-10T06:30")

        assert before == 0
        assert [presented(mail) for mail in one.mail.mails] == [{1}]
        assert len(one.slack.posts) == 1


def test_a_refused_mail_is_parked_and_comes_the_next_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [Plan(1, date(2026, 3, 4), date(2026, 3, 4))]

    with lab(tmp_path, [plan.planted() for plan in plans], monkeypatch, QUERY) as one:
        one.tick(f"{START}T09:00")
        one.mail.answers.append("550 no")
        done = one.tick("2026-03-09T08:00")
        one.tick("2026-03-09T20:00")
        before = len(one.mail.mails)
        one.tick("2026-03-10T09:00")

        assert [sending.state for sending in done.sendings if sending.delivery.channel == "lab-mail"] == ["parked"]
        assert before == 0
        assert [presented(mail) for mail in one.mail.mails] == [{1}]


SEARCH_FAULTS = ("rate-limit", "backend-failed", "html-page", "http-503", "empty-body", "reset", "short-id-list", "no-ids")
FETCH_FAULTS = ("efetch-timeout", "rate-limit-in-200", "truncated", "short-body", "omitted-records", "broken-record", "unknown-dtd")


@pytest.mark.parametrize(
    ("tool", "kind"), [*(("esearch", kind) for kind in SEARCH_FAULTS), *(("efetch", kind) for kind in FETCH_FAULTS)]
)
def test_a_fault_costs_a_retry_and_never_a_paper(tool: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [Plan(number, date(2026, 3, 4), date(2026, 3, 4)) for number in range(1, 6)]

    with lab(tmp_path, [plan.planted() for plan in plans], monkeypatch, QUERY) as one:
        one.tick(f"{START}T09:00")
        one.pubmed.faults.plant(tool, kind=kind, times=1)
        one.tick("2026-03-09T08:00")

        assert presented(one.mail.mails[0]) == {1, 2, 3, 4, 5}


def test_records_that_efetch_omits_come_with_the_digest_after_they_can_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(1, date(2026, 3, 5), date(2026, 3, 5), fetchable=date(2026, 3, 12))

    with lab(tmp_path, [plan.planted()], monkeypatch, QUERY) as one:
        live_through(one, date(2026, 3, 16))

        assert [presented(mail) for mail in one.mail.mails] == [set(), {1}]
        assert "1 record" in one.mail.mails[0].part("text/plain")


def test_an_edited_query_brings_what_is_new_and_floods_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_ones = [Planted(paper(number, title=OTHER_TITLE, created="2020-05-05")) for number in range(100, 130)]
    known = Plan(1, date(2026, 3, 4), date(2026, 3, 4)).planted()
    since = Planted(paper(2, title=OTHER_TITLE, created="2026-03-10"))

    with lab(tmp_path, [*old_ones, known, since], monkeypatch, QUERY, start={"days": 30, "papers": 3}) as one:
        live_through(one, date(2026, 3, 9))
        one.edit(query=f"{QUERY} OR kidney[ti]")
        one.tick("2026-03-11T06:30")
        one.tick("2026-03-16T08:00")
        one.tick("2026-03-23T08:00")

        first, second, third = (presented(mail) for mail in one.mail.mails)
        assert first == {1}
        assert 2 in second
        assert len(second & set(range(100, 130))) == 3
        assert third == set()


def test_an_edit_loses_nothing_that_the_old_query_would_have_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Plan(7, date(2026, 1, 5), date(2026, 1, 5), matches=date(2026, 3, 11), how="mesh")

    with lab(tmp_path, [late.planted()], monkeypatch, QUERY, start={"days": 30, "papers": 0}) as one:
        live_through(one, date(2026, 3, 10))
        one.edit(query=f"{QUERY} OR synapse[ti]")
        one.tick("2026-03-11T06:30")
        one.tick("2026-03-16T08:00")

        assert presented(one.mail.mails[-1]) == {7}


def test_a_digest_waits_for_pubmed_and_then_goes_out_with_its_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(1, date(2026, 3, 8), date(2026, 3, 8))

    with lab(tmp_path, [plan.planted()], monkeypatch, QUERY) as one:
        one.document["pubmed"]["max_attempts"] = 1
        one.write()
        one.tick(f"{START}T09:00")
        one.pubmed.faults.plant("esearch", kind="http-500", times=1000)
        waiting = one.tick("2026-03-09T08:00")
        one.tick("2026-03-09T15:00")

        assert waiting.waiting
        (mail,) = one.mail.mails
        assert presented(mail) == set()
        assert "2026" in mail.part("text/plain")


def test_two_watches_name_a_common_paper_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(1, date(2026, 3, 4), date(2026, 3, 4))

    with lab(tmp_path, [plan.planted()], monkeypatch, QUERY) as one:
        one.document["watches"]["agrin"] = {"title": "Agrin biology", "query": "agrin[ti]", "seeds": ["nmj"], **EVERYTHING}
        one.document["lists"]["lab-weekly"]["watches"] = ["nmj", "agrin"]
        one.write()
        one.tick(f"{START}T09:00")
        one.tick("2026-03-09T08:00")

        (mail,) = one.mail.mails
        text = mail.part("text/plain")
        assert text.count("pubmed.ncbi.nlm.nih.gov/1/") == 1
        assert "Neuromuscular junction" in text
        assert "Agrin biology" in text


def test_instants_without_an_offset_are_the_labs() -> None:
    assert aware("2026-03-09T08:00").utcoffset() == timedelta(hours=1)


def test_a_changed_configuration_wakes_what_was_parked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(1, date(2026, 3, 4), date(2026, 3, 4))

    with lab(tmp_path, [plan.planted()], monkeypatch, QUERY) as one:
        one.tick(f"{START}T09:00")
        one.mail.answers.append("550 no")
        one.tick("2026-03-09T08:00")
        one.tick("2026-03-09T08:05")
        before = len(one.mail.mails)
        one.document["channels"]["lab-mail"]["reply_to"] = "library@lab.example"
        one.write()
        one.tick("2026-03-09T08:10")

        assert before == 0
        assert [presented(mail) for mail in one.mail.mails] == [{1}]
