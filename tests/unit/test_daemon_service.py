"""Rounds: what one does, and that nothing which goes wrong in one ends the service."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.rehearsal import Lab, lab, presented

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher import clock
from watcher.apart import is_possible
from watcher.app import App
from watcher.daemon.alarm import Alarm
from watcher.daemon.pulse import PulseWriter
from watcher.daemon.service import Service
from watcher.errors import SchemaTooNew, StoreError, StoreUnusable
from watcher.flows.questions.search import Search, search
from watcher.flows.schedule.tick import Done, Ticker
from watcher.flows.search.run import Runner
from watcher.health import pulse_file, read
from watcher.rank.background import load_background
from watcher.setup.in_force import Configuration
from watcher.setup.loading import load_whole
from watcher.store import Store

START = "2026-03-02T09:00"
MONDAY = "2026-03-09T08:00"


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    records = [Planted(paper(1, title="The neuromuscular junction", created="2026-03-01"))]
    with lab(tmp_path, records, monkeypatch) as made:
        made.document["alerts"] = {"channel": "lab-mail"}
        made.write()
        made.move_clock(START)
        yield made


@pytest.fixture
def service(one: Lab) -> Iterator[Service]:
    made = Service(Configuration(one.config, load_whole(one.config)), threading.Event())
    yield made
    assert made.end(10)


def at(one: Lab, service: Service, instant: str) -> list[str]:
    """A round at an instant; what it logged."""
    one.move_clock(instant)
    with capture_logs() as logs:
        service.round()
    return [str(entry["event"]) for entry in logs if entry["log_level"] != "debug"]


def database(one: Lab) -> Path:
    return one.folder / "data" / "watcher.db"


# --- a round


def test_a_round_does_what_is_due_and_says_a_line_for_each_thing(one: Lab, service: Service) -> None:
    first = at(one, service, START)
    second = at(one, service, MONDAY)
    third = at(one, service, MONDAY)

    assert first[0] == "watcher is at work"
    assert any(line.startswith("run nmj (first) good") for line in first)
    assert [line.partition(" ")[0] for line in second] == ["run", "digest", "delivery", "delivery"]
    assert third == []
    assert presented(one.mail.mails[0]) == {1}
    assert (service.rounds.count, service.rounds.now, service.rounds.problems) == (3, clock.now(), ())


def test_a_dead_holders_claim_is_freed_by_the_next_round_of_another_process(one: Lab, service: Service) -> None:
    at(one, service, START)
    with one.app() as app:
        app.at_work(clock.now())
        dead = app.process_lock.name
        app.store.take_lease("pubmed", holder=dead, seconds=3600)

        assert at(one, service, MONDAY)[0].startswith("another process")
    assert at(one, service, MONDAY)[0].startswith("run nmj")


def test_while_another_process_searches_it_is_said_once_and_what_is_owed_goes_out(one: Lab, service: Service) -> None:
    at(one, service, START)
    with one.app() as app:
        token = app.store.take_lease("pubmed", holder=app.process_lock.name, seconds=3600)
        told = [at(one, service, MONDAY) for _ in range(3)]
        assert token is not None
        app.store.release_lease("pubmed", token)

    assert [len(lines) for lines in told] == [1, 0, 0]
    assert service.rounds.failed_in_row == 0
    assert at(one, service, MONDAY)


def test_a_new_configuration_is_taken_up_by_the_next_round(one: Lab, service: Service) -> None:
    at(one, service, START)
    one.document["lists"]["lab-weekly"]["subject_prefix"] = "[edited]"
    one.write()
    service.configuration.read()

    told = at(one, service, MONDAY)

    assert told[0] == "a new configuration is taken up"
    assert str(one.mail.mails[0].message["Subject"]).startswith("[edited]")


def test_an_edit_that_is_warned_of_is_told_in_the_log_and_once_to_the_owner(one: Lab, service: Service) -> None:
    one.document["alerts"] = {"channel": "lab-slack"}
    one.write()
    service.configuration.read()
    at(one, service, START)
    before = len(one.slack.posts)
    one.edit(query="neuromuscular junction[tiab] AND frog[tiabb]")
    service.configuration.read()

    one.move_clock("2026-03-02T10:00")
    with capture_logs() as logs:
        service.round()
        service.round()

    (line,) = [entry for entry in logs if entry.get("code") == "query-field"]
    assert (line["log_level"], line["key"], line["fix"]) == ("warning", "watches.nmj.query", "did you mean [tiab]?")
    assert (line["file"], line["line"] > 1) == (str(one.config), True)
    told = [str(post.payload) for post in one.slack.posts[before:]]
    assert ["[tiabb]" in text for text in told] == [True]


def test_a_restart_tells_no_warning_again(one: Lab, service: Service) -> None:
    one.document["alerts"] = {"channel": "lab-slack"}
    one.edit(query="neuromuscular junction[tiab] AND frog[tiabb]")
    service.configuration.read()
    at(one, service, START)
    before = len(one.slack.posts)
    service.end(10)
    again = Service(Configuration(one.config, load_whole(one.config)), threading.Event())

    at(one, again, "2026-03-02T10:00")
    again.end(10)

    assert before == 1
    assert len(one.slack.posts) == before


def test_while_the_file_is_wrong_the_alert_is_about_that_and_no_warning_ends(one: Lab, service: Service) -> None:
    one.document["alerts"] = {"channel": "lab-slack"}
    one.edit(query="neuromuscular junction[tiab] AND frog[tiabb]")
    service.configuration.read()
    at(one, service, START)
    good = one.config.read_text()
    one.config.write_text(good + "x: [\n")
    service.configuration.read()
    at(one, service, "2026-03-02T10:00")
    one.config.write_text(good)
    service.configuration.read()

    at(one, service, "2026-03-02T10:01")

    assert ["warning" in str(post.payload["text"]) for post in one.slack.posts] == [True, False, False]


def test_that_the_file_is_wrong_again_is_not_told_before_that_it_was_well(one: Lab, service: Service) -> None:
    at(one, service, START)
    good = one.config.read_text()

    def told(text: str, instant: str) -> None:
        one.config.write_text(text)
        service.configuration.read()
        at(one, service, instant)

    told(good + "x: [\n", "2026-03-02T10:00")
    one.mail.plant("greylists")
    told(good, "2026-03-02T10:01")
    told(good + "x: [\n", "2026-03-02T10:02")
    at(one, service, "2026-03-02T10:10")
    at(one, service, "2026-03-02T10:20")
    told(good, "2026-03-02T10:30")

    subjects = [str(mail.message["Subject"]) for mail in one.mail.mails]
    assert ["cannot be used" in subject for subject in subjects] == [True, False, True, False]


def test_a_removed_watch_keeps_its_history_and_comes_back_to_it(one: Lab, service: Service) -> None:
    at(one, service, START)
    at(one, service, MONDAY)
    good = one.config.read_text()
    one.document["watches"]["als"] = one.document["watches"].pop("nmj")
    one.document["lists"]["lab-weekly"]["watches"] = ["als"]
    one.write()
    service.configuration.read()
    at(one, service, "2026-03-10T08:00")
    one.config.write_text(good)
    service.configuration.read()

    at(one, service, "2026-03-16T08:00")

    assert [presented(mail) for mail in one.mail.mails] == [{1}, set()]


def test_upkeep_is_done_once_a_day_and_a_clock_that_goes_back_does_not_stop_it(one: Lab, service: Service) -> None:
    backups = one.folder / "data" / "backups"
    told = [
        sum(line == "weekly backup" for line in at(one, service, instant))
        for instant in (START, "2026-03-02T12:00", "2026-03-08T12:00", "2026-03-10T12:00", "2026-03-10T13:00", START)
    ]

    assert told == [1, 0, 0, 1, 0, 0]
    assert len(list(backups.glob("*-weekly.db"))) == 2


def test_the_upkeep_takes_stored_papers_into_the_text_index(one: Lab, service: Service) -> None:
    at(one, service, START)

    with Store.open(f"sqlite:///{one.folder}/data/watcher.db", folder=one.folder / "data") as store:
        found = search(store, Search(words="neuromuscular"))
    assert (found.total, found.notes) == (1, ())


def test_a_text_index_that_cannot_be_written_is_a_warning_and_costs_nothing_else(one: Lab, service: Service) -> None:
    (one.folder / "data" / "watcher.db.search").mkdir(parents=True)

    told = at(one, service, START)

    assert any("the text index could not be brought up to date" in line for line in told)
    assert service.rounds.failed_in_row == 0


def test_a_backup_that_cannot_be_made_is_a_warning_and_costs_nothing_else(one: Lab, service: Service) -> None:
    (one.folder / "data" / "backups").write_text("in the way")

    told = at(one, service, START)

    assert any("no weekly backup could be made" in line for line in told)
    assert service.rounds.failed_in_row == 0


# --- trouble


def fault(*_: object, **__: object) -> None:
    raise ZeroDivisionError("a fault of ours")


def test_a_fault_of_ours_ends_its_round_and_not_the_service(one: Lab, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("watcher.flows.schedule.tick.Ticker.tick", fault)
        told = [at(one, service, START), at(one, service, START)]
        problems = service.rounds.problems

    mended = at(one, service, START)

    assert [sum("ZeroDivisionError: a fault of ours" in line for line in lines) for lines in told] == [1, 0]
    assert problems == ("the last 2 rounds failed: ZeroDivisionError: a fault of ours",)
    assert "rounds work again" in mended
    assert service.rounds.problems == ()


def test_a_database_that_is_locked_for_a_while_costs_rounds_and_nothing_else(one: Lab, service: Service) -> None:
    one.document["database"] = {"lock_wait_seconds": 0.5}
    one.write()
    service.configuration.read()
    at(one, service, START)
    other = sqlite3.connect(database(one), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    told = [at(one, service, MONDAY), at(one, service, MONDAY)]
    problems = service.rounds.problems
    other.execute("ROLLBACK")
    other.close()
    mended = at(one, service, MONDAY)

    assert [len(lines) for lines in told] == [1, 0]
    assert "locked" in told[0][0]
    assert problems[0].startswith("the last 2 rounds failed")
    assert mended[-1] == "rounds work again"
    assert presented(one.mail.mails[0]) == {1}


def test_a_clock_that_cannot_be_read_costs_rounds_until_it_can(one: Lab, service: Service) -> None:
    (one.folder / "clock").write_text("soon")
    with capture_logs() as logs:
        service.round()
    failed = service.rounds

    at(one, service, START)

    assert [entry["log_level"] for entry in logs] == ["error"]
    assert (failed.failed_in_row, failed.count) == (1, 1)
    assert (service.rounds.failed_in_row, service.rounds.count) == (0, 2)


def test_a_database_of_a_newer_watcher_is_the_end(one: Lab, service: Service) -> None:
    with one.app() as app:
        app.at_work(clock.now())
    with sqlite3.connect(database(one)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    at(one, service, START)

    assert isinstance(service.fatal, SchemaTooNew)


def test_a_damaged_database_is_the_end_of_a_service_that_begins(one: Lab, service: Service) -> None:
    database(one).write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)

    at(one, service, START)

    assert isinstance(service.fatal, StoreUnusable)


def test_an_edit_whose_database_cannot_be_used_is_a_bad_one(one: Lab, service: Service) -> None:
    at(one, service, START)
    one.document["database"] = {"url": "sqlite:///other/w.db"}
    one.write()
    (one.folder / "other").write_text("in the way of the folder")
    service.configuration.read()

    told = at(one, service, MONDAY)
    problems = service.configuration.problems
    (one.folder / "other").unlink()
    service.configuration.read()
    at(one, service, MONDAY)

    assert told[0] == "the configuration is wrong, the last good one stays in force"
    assert [problem.place.key for problem in problems if problem.place] == ["database.url"]
    assert presented(one.mail.mails[0]) == {1}
    assert service.configuration.problems == ()
    assert (one.folder / "other" / "w.db").exists()


def test_a_database_that_goes_away_costs_rounds_until_it_is_back(one: Lab, service: Service) -> None:
    at(one, service, START)
    assert service.end(10)
    aside = database(one).with_name("aside")
    database(one).rename(aside)

    told = [at(one, service, MONDAY), at(one, service, MONDAY)]
    fatal = service.fatal
    aside.rename(database(one))
    at(one, service, MONDAY)

    assert [len(lines) for lines in told] == [1, 0]
    assert "there are backups" in told[0][0]
    assert fatal is None
    assert presented(one.mail.mails[0]) == {1}


# --- its end


def test_no_round_begins_once_it_is_stopping(one: Lab, service: Service) -> None:
    service.stopping.set()

    service.round()

    assert service.rounds.began_at is None
    assert one.pubmed.log == []


def test_an_end_gives_lock_and_database_back(one: Lab, service: Service) -> None:
    at(one, service, START)
    during = list((one.folder / "data" / "locks").glob("*.*.*.lock"))

    assert service.end(10)

    assert len(during) == 1
    assert list((one.folder / "data" / "locks").glob("*.*.*.lock")) == []


def test_a_round_that_hangs_holds_the_end_up_only_so_long(one: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging, free = threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        hanging.set()
        free.wait(60)

    monkeypatch.setattr("watcher.flows.schedule.tick.Ticker.tick", hang)
    service = Service(Configuration(one.config, load_whole(one.config)), threading.Event())
    thread = threading.Thread(target=service.round)
    thread.start()
    assert hanging.wait(60)

    ended = service.end(0.05)

    free.set()
    thread.join(60)
    assert not ended
    assert service.end(10)


# --- its pulse


def test_the_pulse_tells_the_rounds_the_clock_and_a_wrong_configuration(one: Lab, service: Service) -> None:
    at(one, service, MONDAY)
    one.config.write_text(one.config.read_text().replace("limit:", "limmit:"))
    service.configuration.read()

    PulseWriter(service, service.configuration, 20).beat()

    pulse = read(pulse_file(one.folder / "data"))
    assert pulse is not None
    assert (pulse.rounds, pulse.now, pulse.tick_seconds, pulse.problems) == (1, clock.now(), 20, ())
    assert pulse.config_error is not None
    assert pulse.config_error.startswith(f"{one.config}:")
    assert not pulse.in_round


def test_the_pulse_moves_with_the_database_and_goes_at_the_end(one: Lab, service: Service) -> None:
    writer = PulseWriter(service, service.configuration, 20)
    writer.beat()
    before = pulse_file(one.folder / "data")
    one.document["database"] = {"url": "sqlite:///other/w.db"}
    one.write()
    service.configuration.read()
    at(one, service, START)

    writer.beat()

    after = pulse_file(one.folder / "other")
    assert (before.exists(), after.exists()) == (False, True)
    writer.end()
    assert not after.exists()


def test_a_pulse_that_cannot_be_written_is_said_once(one: Lab, service: Service) -> None:
    writer = PulseWriter(service, service.configuration, 20)
    shutil.rmtree(one.folder / "data", ignore_errors=True)
    (one.folder / "data").write_text("in the way")

    with capture_logs() as logs:
        writer.beat()
        writer.beat()
    (one.folder / "data").unlink()
    writer.beat()

    assert len(logs) == 1
    assert pulse_file(one.folder / "data").exists()


# --- rounds that fail for long


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_rounds_that_fail_for_a_quarter_of_an_hour_are_told_once_and_their_end_too(one: Lab) -> None:
    alarm, settings = Alarm(), load_whole(one.config).settings

    counts = []
    for minutes, error in ((0, "disk full"), (14, "disk full"), (15, "disk full"), (600, "locked"), (601, None), (602, None)):
        alarm.after_round(settings, error, after(minutes))
        counts.append(len(one.mail.mails))

    assert counts == [0, 0, 1, 1, 2, 2]
    first, last = (mail.part("text/plain") for mail in one.mail.mails)
    assert "disk full" in first
    assert "Nothing is lost" in first
    assert "works again" in last
    assert "Run by library@lab.example: write there to change or stop this." in " ".join(first.split())
    assert one.slack.posts == []


def test_failures_that_pass_soon_are_told_to_nobody(one: Lab) -> None:
    alarm, settings = Alarm(), load_whole(one.config).settings

    for minutes in range(0, 120, 10):
        alarm.after_round(settings, "locked" if minutes % 20 else None, after(minutes))

    assert one.mail.mails == []


def test_an_alarm_that_reaches_nobody_is_a_line_in_the_log(one: Lab) -> None:
    one.mail.answers.append("554 no")
    alarm, settings = Alarm(), load_whole(one.config).settings

    with capture_logs() as logs:
        alarm.after_round(settings, "disk full", NOON)
        alarm.after_round(settings, "disk full", after(20))

    assert [entry["event"] for entry in logs] == ["nobody could be told that the service cannot work"]


def test_who_could_not_be_told_is_tried_again_every_five_minutes_and_alone(one: Lab) -> None:
    one.document["channels"]["lab-mail"]["to"] = ["pi@uni-sample.de", "postdoc@uni-sample.de"]
    one.write()
    one.mail.answers.append("554 no")
    alarm, settings = Alarm(), load_whole(one.config).settings

    counts = []
    for minutes, error in ((0, "full"), (15, "full"), (19, "full"), (20, "full"), (30, "full"), (31, None), (32, None)):
        alarm.after_round(settings, error, after(minutes))
        counts.append(len(one.mail.mails))

    assert counts == [0, 1, 1, 2, 2, 4, 4]
    told = [mail.message["To"] for mail in one.mail.mails]
    assert told == ["postdoc@uni-sample.de", "pi@uni-sample.de", "pi@uni-sample.de", "postdoc@uni-sample.de"]


def test_the_end_is_told_only_to_those_who_heard_of_the_beginning(one: Lab) -> None:
    one.document["channels"]["lab-mail"]["to"] = ["pi@uni-sample.de", "postdoc@uni-sample.de"]
    one.write()
    one.mail.answers.append("554 no")
    alarm, settings = Alarm(), load_whole(one.config).settings

    for minutes, error in ((0, "full"), (15, "full"), (16, None)):
        alarm.after_round(settings, error, after(minutes))

    assert [mail.message["To"] for mail in one.mail.mails] == ["postdoc@uni-sample.de"] * 2


# --- the seeds that were read


def test_a_run_uses_the_seeds_that_were_read_with_the_configuration(one: Lab) -> None:
    loaded = load_whole(one.config)
    shutil.rmtree(one.folder / "seeds")

    with App(loaded.settings, loaded=loaded) as app:
        seeds = app.seeds(app.watch("nmj"))

    assert [seed.path for seed in seeds] == ["nmj/agrin.txt"]


# --- memory


def test_a_while_after_its_work_it_gives_the_rankings_background_back(
    one: Lab, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(one, service, START)
    at(one, service, START)
    while_at_it = load_background.cache_info().currsize

    monkeypatch.setattr("watcher.daemon.steps.REST_AFTER_SECONDS", -1)
    at(one, service, START)
    at_rest = load_background.cache_info().currsize
    at(one, service, MONDAY)

    assert (while_at_it, at_rest, load_background.cache_info().currsize) == (1, 0, 1)


# --- work apart (the processes themselves: test_apart.py)


@pytest.fixture
def apart(one: Lab) -> Iterator[Service]:
    made = Service(Configuration(one.config, load_whole(one.config)), threading.Event(), works_apart=True)
    yield made
    assert made.end(10)


@pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")
def test_searches_digests_and_sends_are_done_in_processes_that_end(
    one: Lab, apart: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = one.folder / "numbers"
    ticked = Ticker.tick

    def noted(ticker: Ticker, now: datetime) -> Done:
        with numbers.open("a") as file:
            file.write(f"{os.getpid()}\n")
        return ticked(ticker, now)

    monkeypatch.setattr(Ticker, "tick", noted)

    for instant in (START, MONDAY, MONDAY):
        at(one, apart, instant)

    assert presented(one.mail.mails[0]) == {1}
    assert (apart.rounds.count, apart.rounds.problems) == (3, ())
    workers = numbers.read_text().split()
    assert len(workers) == 2  # the third round had nothing to do
    assert str(os.getpid()) not in workers
    for worker in workers:
        with pytest.raises(ChildProcessError):  # it was waited for; other children of this process are other tests'
            os.waitpid(int(worker), os.WNOHANG)


@pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")
def test_where_nothing_may_be_forked_the_processes_are_begun_anew(one: Lab, apart: Service, forks: list[int]) -> None:
    apart.may_fork = lambda: False

    for instant in (START, MONDAY, MONDAY):
        at(one, apart, instant)

    assert presented(one.mail.mails[0]) == {1}
    assert len(one.mail.mails) == 1
    assert (apart.rounds.count, apart.rounds.problems, apart.rounds.failed_in_row) == (3, (), 0)
    assert forks == []


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that the service began."""
    begun, forked = [], os.fork

    def fork() -> int:
        begun.append(number := forked())
        return number

    monkeypatch.setattr(os, "fork", fork)
    return begun


@pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")
def test_all_work_of_a_round_is_done_in_one_process(one: Lab, apart: Service, forks: list[int]) -> None:
    begun = []
    for instant in (START, START, MONDAY, MONDAY):
        at(one, apart, instant)
        begun.append(len(forks))

    assert begun == [2, 2, 3, 3]  # the first of all makes the database
    assert apart.rounds.problems == ()


@pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")
def test_a_database_that_is_up_to_date_is_not_made_ready_again(one: Lab, apart: Service, forks: list[int]) -> None:
    at(one, apart, START)
    assert apart.end(10)
    del forks[:]

    again = Service(Configuration(one.config, load_whole(one.config)), threading.Event(), works_apart=True)
    at(one, again, START)
    assert again.end(10)

    assert len(forks) == 1  # the upkeep and the warnings of a service that has just begun


@pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")
def test_while_another_process_asks_pubmed_none_is_begun(one: Lab, apart: Service, forks: list[int]) -> None:
    at(one, apart, START)
    del forks[:]
    with closing(Store.open(f"sqlite:///{database(one)}", folder=database(one).parent)) as store:
        token = store.take_lease("pubmed", holder="another:host:1:a")
        assert token
        busy = [at(one, apart, MONDAY), at(one, apart, MONDAY)]
        while_busy = len(forks)
        store.release_lease("pubmed", token)
    at(one, apart, MONDAY)

    assert [len(lines) for lines in busy] == [1, 0]
    assert "holds 'pubmed'" in busy[0][0]
    assert (while_busy, len(forks)) == (0, 1)
    assert presented(one.mail.mails[0]) == {1}


@pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")
def test_a_send_that_could_not_be_written_down_is_handed_on_to_the_next_process(
    one: Lab, apart: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> bool:
        raise StoreError("the disk is full")

    at(one, apart, START)
    with monkeypatch.context() as patched:
        patched.setattr(Store, "settle", full)
        at(one, apart, MONDAY)
    sent = len(one.mail.mails)

    failed = apart.rounds.problems
    at(one, apart, MONDAY)
    at(one, apart, MONDAY)

    assert "the disk is full" in failed[0]
    assert sent >= 1
    assert len({str(mail.message["Message-ID"]) + str(mail.recipients) for mail in one.mail.mails}) == len(one.mail.mails)
    assert apart.rounds.problems == ()


@pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")
def test_work_that_is_killed_costs_a_round_and_is_done_by_the_next(
    one: Lab, apart: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Runner, "run", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        at(one, apart, START)
    told = apart.rounds.problems

    at(one, apart, START)

    assert "ended by SIGKILL" in told[0]
    assert apart.rounds.problems == ()
    assert len(one.pubmed.log) > 0
