"""Feeds over weeks: what stands in them is what digests presented and runs found, and nothing changes what stands there.

The list's digests are due on Mondays, runs every morning, the rereadings on Saturdays at 4 o'clock.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree
from support.command_line import Shell
from support.flow_samples import WEEKLY, Desk, desk, mail_channel
from support.rehearsal import Lab, lab
from support.served import served
from support.two_databases import Place

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.demo import live
from watcher.domain import FeedKind, pubmed_id
from watcher.feeds import FeedForm, written
from watcher.flows.deliver.resend import resend
from watcher.flows.questions.feeds import FeedFiles, FeedName, Feeds, states
from watcher.flows.schedule.manual import draft_now, rehearse_now
from watcher.writing import Guarded, Reach

Desks = Callable[..., AbstractContextManager[Desk]]
START, FIRST = "2026-03-02T09:00", "2026-03-09T08:00"
RETRACTED: dict[str, Any] = {
    "types": ["Journal Article", "Retracted Publication"],
    "relations": [("RetractionIn", 90, "J Sample Res. 2026 May;2(5):9")],
}
LIST = FeedName(FeedKind.LIST, "weekly", "NMJ weekly")
WATCH = FeedName(FeedKind.WATCH, "nmj", "Neuromuscular junction")
SECRET = "sample-token-of-alice-0001"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def on_nmj(pmid: int, created: str = "2026-03-04", **more: Any) -> Planted:  # noqa: ANN401 - whatever a paper takes
    return Planted(paper(pmid, **{"title": f"The neuromuscular junction, part {pmid}", "created": created, **more}))


def changing(pmid: int, *changes: tuple[str, dict[str, Any]], **more: Any) -> Planted:  # noqa: ANN401 - whatever a paper takes
    later = tuple((date.fromisoformat(day), on_nmj(pmid, **{**more, **told}).xml) for day, told in changes)
    return replace(on_nmj(pmid, **more), changes=later)


def feeds(one: Desk, **more: Any) -> Feeds:  # noqa: ANN401 - whatever Feeds take
    return Feeds(one.store, {each.name: each for each in one.lists}, {each.name: each for each in one.watches}, **more)


def titles(one: Desk, name: FeedName = LIST) -> list[str]:
    feed = feeds(one).feed(name)
    assert feed is not None
    return [each.entry.title for each in feed.entries]


@pytest.fixture
def on_both(migrated: Place, monkeypatch: pytest.MonkeyPatch) -> Desks:
    return lambda *records: desk(migrated.folder, monkeypatch, *records, url=migrated.url)


@pytest.fixture
def with_papers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desks:
    return lambda *records: desk(tmp_path, monkeypatch, *records)


PART = "The neuromuscular junction, part"


def test_a_lists_feed_is_what_its_digests_presented_and_what_became_of_it(on_both: Desks) -> None:
    """A few weeks: two digests with papers, one without, and a retraction that the third tells of."""
    late = on_nmj(3, "2026-03-12")
    with on_both(changing(1, ("2026-03-18", RETRACTED)), on_nmj(2), late) as one:
        one.values = {1: 80, 2: 70, 3: 60, 90: 10}
        for moment in (START, FIRST, "2026-03-16T08:00"):
            one.tick(moment)
        two_weeks = feeds(one).feed(LIST)
        for moment in ("2026-03-21T06:00", "2026-03-23T08:00", "2026-03-30T08:00"):
            one.tick(moment)
        feed = feeds(one).feed(LIST)

        assert two_weeks is not None
        assert feed is not None
        assert [each.entry.title for each in two_weeks.entries] == [f"{PART} 3", f"{PART} 1", f"{PART} 2"]
        assert [each.entry.title for each in feed.entries] == [f"Retracted: {PART} 1", f"{PART} 3", f"{PART} 1", f"{PART} 2"]
        assert feed.entries[1:] == two_weeks.entries
        assert feed.updated_at == feed.entries[0].at > two_weeks.updated_at


def test_a_watchs_feed_is_its_papers_at_the_threshold_at_each_run(on_both: Desks) -> None:
    with on_both(changing(1, ("2026-03-18", RETRACTED)), on_nmj(2), on_nmj(3, types=["Editorial"]), on_nmj(4)) as one:
        one.lists = []
        one.values = {1: 80, 2: 34.9, 3: 90, 4: 35}
        one.tick(START)
        one.tick("2026-03-05T06:00")
        found = titles(one, WATCH)
        for moment in ("2026-03-21T06:00", "2026-03-22T06:00"):
            one.tick(moment)

        assert found == [f"{PART} 1", f"{PART} 4"]
        assert titles(one, WATCH) == [f"Retracted: {PART} 1", *found]


def test_a_paper_whose_abstract_arrives_comes_when_it_reaches_the_threshold(with_papers: Desks) -> None:
    longer = {"abstract": "Agrin was studied at length.", "revised": date(2026, 3, 10)}
    with with_papers(changing(1, ("2026-03-10", longer), abstract="")) as one:
        one.values = {1: 20}
        one.tick("2026-03-05T06:00")
        before = titles(one, WATCH)
        one.values, one.ranked_as = {1: 60}, "ranking-2"
        one.tick("2026-03-11T06:00")

        assert (before, titles(one, WATCH)) == ([], [f"{PART} 1"])


def test_no_entry_changes_when_its_record_is_revised(with_papers: Desks) -> None:
    revised = {"title": "A title of later on", "revised": date(2026, 3, 18)}
    with with_papers(changing(1, ("2026-03-18", revised))) as one:
        one.tick(START)
        one.tick(FIRST)
        before = [feeds(one).document(name, form) for name in (LIST, WATCH) for form in FeedForm]
        one.tick("2026-03-19T08:00")
        assert one.store.articles([pubmed_id(1)])[pubmed_id(1)].title == "A title of later on"
        after = [feeds(one).document(name, form) for name in (LIST, WATCH) for form in FeedForm]

        assert after == before
        assert all(each is not None and f"{PART} 1".encode() in each.content for each in before)


def test_an_empty_digest_a_resend_and_dry_runs_make_no_entry(with_papers: Desks) -> None:
    with with_papers(on_nmj(1), on_nmj(2, "2026-03-17")) as one:
        for moment in (START, FIRST, "2026-03-16T08:00"):
            one.tick(moment)
        before = one.store.latest_entry()
        ticker, now = one.ticker(), one.at("2026-03-18T09:00")
        rehearse_now(ticker, one.watches, lambda _reports: (), now)
        draft_now(ticker, WEEKLY)
        resend(
            ticker.deliverer,
            WEEKLY,
            mail_channel(),
            one.recipients,
            since=date(2026, 3, 1),
            again=True,
            host="lab.example",
            now=now,
            owed=lambda _count: None,
        )

        assert len(one.post.messages) == 4
        assert one.store.latest_entry() == before
        assert titles(one) == [f"{PART} 1"]


def test_a_digest_that_nobody_could_be_sent_stands_in_the_feed_all_the_same(with_papers: Desks) -> None:
    with with_papers(on_nmj(1)) as one:
        one.recipients = ()
        one.tick(START)
        one.tick(FIRST)

        assert one.post.messages == []
        assert titles(one) == [f"{PART} 1"]


def test_a_list_that_tells_at_once_has_the_retraction_at_once(with_papers: Desks) -> None:
    with with_papers(changing(1, ("2026-03-11", RETRACTED))) as one:
        one.lists = [replace(WEEKLY, corrections_at_once=True)]
        for moment in (START, FIRST, "2026-03-14T06:00"):
            one.tick(moment)
        at_once = titles(one)
        one.tick("2026-03-16T08:00")

        assert at_once == titles(one) == [f"Retracted: {PART} 1", f"{PART} 1"]


@pytest.mark.parametrize("broken", ["enter_told", "enter_found"])
def test_a_crash_before_the_commit_loses_and_doubles_nothing(
    with_papers: Desks, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    with with_papers(on_nmj(1), on_nmj(2)) as one:
        one.tick(START)
        with monkeypatch.context() as dying:
            dying.setattr(f"watcher.store.feeds.{broken}", _dying)
            with pytest.raises(KeyboardInterrupt):
                one.tick(FIRST)
        one.store.abandon_open_runs(one.at(FIRST))
        one.tick(FIRST)

        assert sorted(titles(one)) == sorted(titles(one, WATCH)) == [f"{PART} 1", f"{PART} 2"]


def _dying(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_after_the_demos_weeks_the_feed_holds_what_its_digests_presented_and_the_retraction(tmp_path: Path) -> None:
    """The sample records, through mails and database on the one side, through a feed reader on the other."""
    live(tmp_path / "demo", say=lambda _line: None)

    found = feedparser.parse((tmp_path / "demo" / "data" / "feeds" / "lists" / "lab-weekly.atom").read_bytes())
    with closing(sqlite3.connect(tmp_path / "demo" / "data" / "watcher.db")) as database:
        presented = "SELECT record_id FROM presented ORDER BY digest_id DESC, position"
        papers = [f"https://pubmed.ncbi.nlm.nih.gov/{number}/" for (number,) in database.execute(presented)]
        retracted = (
            "SELECT title FROM correction JOIN article USING (record_id) JOIN correction_told ON correction_id = correction.id "
            "WHERE kind = 'retraction' AND NOT with_paper"
        )
        titles = [title for (title,) in database.execute(retracted)]
    told = [entry for entry in found.entries if "You had" in entry.summary]

    assert [entry.link for entry in found.entries if entry not in told] == papers
    assert len({entry.id for entry in found.entries}) == len(found.entries) > 40
    assert titles
    assert {f"Retracted: {title}" for title in titles} <= {entry.title for entry in told}
    as_json = json.loads((tmp_path / "demo" / "data" / "feeds" / "lists" / "lab-weekly.json").read_text())
    assert [(item["id"], item["title"]) for item in as_json["items"]] == [(entry.id, entry.title) for entry in found.entries]


# --- as an answer ----------------------------------------------------------------------------------------------------------------


def test_an_answer_is_the_document_and_304_for_who_has_it(with_papers: Desks) -> None:
    with with_papers(on_nmj(1)) as one:
        one.tick(START)
        one.tick(FIRST)
        asked = feeds(one, base_url="https://watcher.lab.example/", tokens={"alice": "a" * 20})

        first = asked.answer("lists/weekly.atom")
        assert first is not None
        again = asked.answer("lists/weekly.atom", if_none_match=first.headers["ETag"])
        with_token = asked.answer("lists/weekly.atom", token="a" * 20)
        as_json = asked.answer("watches/nmj.json")

        assert (first.status, first.headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
        assert again is not None
        assert (again.status, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert b'rel="self" type="application/atom+xml" href="https://watcher.lab.example/feeds/lists/weekly.atom"' in first.content
        assert with_token is not None
        assert b"self" not in with_token.content
        assert b"aaaa" not in with_token.content
        assert as_json is not None
        assert [item["title"] for item in json.loads(as_json.content)["items"]] == [f"{PART} 1"]
        assert [asked.answer(path) for path in ("lists/nmj.atom", "lists/../weekly.atom", "weekly.atom", "lists/weekly")] == [
            None
        ] * 4
        assert [asked.is_allowed(token) for token in ("a" * 20, "b" * 20, "", None)] == [True, False, False, False]


def test_a_list_that_nothing_has_registered_has_no_feed_yet(with_papers: Desks) -> None:
    with with_papers() as one:
        one.lists = [replace(WEEKLY, name="new")]

        assert feeds(one).answer("lists/new.atom") is None
        assert [state.entries for state in states(feeds(one), None)] == [0, 0]


def test_an_entry_that_is_damaged_leads_to_its_paper(with_papers: Desks) -> None:
    with with_papers(on_nmj(1)) as one:
        one.tick(START)
        one.tick(FIRST)
        before = feeds(one).feed(LIST)
        with one.store._database.writing() as session:
            session.exec_driver_sql("UPDATE feed_entry SET sha256 = 'x'")
        after = feeds(one).feed(LIST)

        assert before is not None
        assert after is not None
        assert [each.id for each in after.entries] == [each.id for each in before.entries]
        assert after.entries[0].entry.url == "https://pubmed.ncbi.nlm.nih.gov/1/"
        assert "damaged" in after.entries[0].entry.summary
        assert etree.fromstring(written(after, FeedForm.ATOM).content) is not None


# --- as files --------------------------------------------------------------------------------------------------------------------


def test_files_are_written_whole_and_only_when_they_change(with_papers: Desks, tmp_path: Path) -> None:
    folder = tmp_path / "feeds"
    with with_papers(on_nmj(1), on_nmj(2, "2026-03-12")) as one:
        one.tick(START)
        one.tick(FIRST)
        files = FeedFiles(feeds(one), folder)
        first, again = files.write(), files.write()
        one.tick("2026-03-16T08:00")
        third = files.write()

        names = ["lists/weekly.atom", "lists/weekly.json", "watches/nmj.atom", "watches/nmj.json"]
        assert sorted(str(file.relative_to(folder)) for file in first.written) == names
        assert (again.written, again.problems) == ((), ())
        assert set(third.written) == set(first.written)
        document = feeds(one).document(LIST, FeedForm.ATOM)
        assert document is not None
        assert (folder / "lists/weekly.atom").read_bytes() == document.content
        assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()) == names


def test_files_of_what_is_gone_or_renamed_are_removed_and_nobody_elses(with_papers: Desks, tmp_path: Path) -> None:
    folder = tmp_path / "feeds"
    with with_papers(on_nmj(1)) as one:
        one.tick(START)
        FeedFiles(feeds(one), folder).write()
        stranger = folder / "lists" / "stranger.atom"
        stranger.write_text("<feed><id>urn:uuid:00000000-0000-4000-8000-000000000000</id></feed>")
        one.lists, one.watches = [], [replace(one.watch, name="synapse", was="nmj")]
        one.load("2026-03-03T09:00")

        filed = FeedFiles(feeds(one), folder).write()

        assert sorted(file.name for file in filed.removed) == ["nmj.atom", "nmj.json", "weekly.atom", "weekly.json"]
        assert sorted(file.name for file in folder.rglob("*.*")) == ["stranger.atom", "synapse.atom", "synapse.json"]


def test_a_file_that_cannot_be_written_is_told_and_costs_the_others_nothing(with_papers: Desks, tmp_path: Path) -> None:
    folder = tmp_path / "feeds"
    (folder / "lists" / "weekly.atom").mkdir(parents=True)
    with with_papers(on_nmj(1)) as one:
        one.tick(START)
        refused = FeedFiles(feeds(one), folder).write()
        guarded = FeedFiles(feeds(one), folder, [Guarded(folder, "a seed file", Reach.BELOW)]).write()
        (folder / "lists" / "weekly.atom").rmdir()
        mended = FeedFiles(feeds(one), folder).write()

        assert [str(problem.place) for problem in refused.problems] == [str(folder / "lists" / "weekly.atom")]
        assert len(refused.written) == 3
        assert guarded.problems
        assert all("seed file" in problem.what for problem in guarded.problems)
        assert ([file.name for file in mended.written], mended.problems) == (["weekly.atom"], ())
        assert not list(folder.rglob(".*"))


# --- the service and the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def one_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with lab(tmp_path, [on_nmj(1, "2026-03-01"), on_nmj(2, "2026-03-12")], monkeypatch) as one:
        one.document["feeds"] = {"folder": "data/feeds", "tokens": {"alice": {"token": SECRET}, "bob": {"token_file": "bob"}}}
        (tmp_path / "bob").write_text("b" * 24 + "\n")
        one.write()
        yield one


def test_the_service_writes_the_files_and_a_folder_in_the_way_stops_no_digest_and_is_told(one_lab: Lab) -> None:
    one_lab.document["alerts"] = {"channel": "lab-mail"}
    one_lab.write()
    place = one_lab.folder / "data" / "feeds" / "lists" / "lab-weekly.atom"
    one_lab.move_clock("2026-03-02T09:00")
    with served(one_lab) as service:
        service.until(place.is_file)
        before = place.read_bytes()
        service.at("2026-03-09T08:00")
        service.until(lambda: place.read_bytes() != before)
        shutil.rmtree(place.parent)
        place.mkdir(parents=True)
        service.at("2026-03-16T08:00")
        service.until(lambda: any("feeds cannot be written" in mail.message["Subject"] for mail in one_lab.mail.mails))
        place.rmdir()
        service.until(lambda: any("written into their folder again" in mail.message["Subject"] for mail in one_lab.mail.mails))
        service.end()

        assert [mail.message["Subject"] for mail in one_lab.mail.mails if "new paper" in mail.message["Subject"]]
        assert f"{PART} 2" in place.read_text()
        assert SECRET not in service.told()
        assert "b" * 24 not in service.told()


def test_the_command_tells_the_addresses_of_a_reader_and_writes_the_files(
    one_lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(one_lab, monkeypatch, capsys)
    shell.change("base_url", value="https://watcher.uni-sample.de")
    for monday in ("2026-03-02T09:00", "2026-03-09T09:00"):
        shell.at(monday, "tick")
    by_tick = one_lab.folder / "data" / "feeds" / "lists" / "lab-weekly.atom"
    assert by_tick.is_file()

    without_page = shell("feeds")
    shell.change("web", "enabled", value=True)
    plain, for_bob = shell("feeds"), shell("feeds", "--token", "bob")
    out, unknown = shell("feeds", "--out", str(one_lab.folder / "out")), shell("feeds", "--token", "eve")
    found = json.loads(shell("feeds", "--json").out)["feeds"]

    assert "https://watcher.uni-sample.de/feeds/lists/lab-weekly.atom\n" in plain.out
    assert f"{by_tick}\n" in plain.out
    assert "https://" not in without_page.out
    assert "the page is switched off" in without_page.out
    assert not any(secret in plain.out for secret in (SECRET, "b" * 24))
    assert f"https://watcher.uni-sample.de/feeds/watches/nmj.json?token={'b' * 24}\n" in for_bob.out
    assert "4 files written" in out.out
    written_out = etree.parse(one_lab.folder / "out" / "watches" / "nmj.atom").getroot()
    assert written_out.findtext("a:title", "", ATOM) == "Neuromuscular junction"
    assert unknown.code == 1
    assert "alice, bob" in unknown.err
    assert [(one["name"], one["entries"]) for one in found] == [("lab-weekly", 1), ("nmj", 1)]


def test_a_command_whose_files_cannot_be_written_has_done_its_work_and_says_so(
    one_lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(one_lab, monkeypatch, capsys)
    shell.change("feeds", "folder", value="seeds/nmj")

    shell.at("2026-03-02T09:00", "tick")
    said = shell.at("2026-03-09T09:00", "tick")

    assert said.code == 0
    assert "feed not written" in said.err
    assert "read as seeds" in said.err
    assert one_lab.mail.mails
    assert "The feeds cannot be written into their folder" in shell("status").out
