"""The service as a process: it does what is due, takes edits up, survives bad ones, ends in order, and loses nothing when it is killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from support.rehearsal import Lab, lab, presented
from support.served import served

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.domain import ErrorKind, RunOutcome

START = "2026-03-02T09:00"
MONDAYS = ("2026-03-09T08:00", "2026-03-16T08:00", "2026-03-23T08:00")


def _records() -> list[Planted]:
    days = (date(2026, 3, 4), date(2026, 3, 11), date(2026, 3, 18))
    return [Planted(paper(number, title="The neuromuscular junction", created=day)) for number, day in enumerate(days, 1)]


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    with lab(tmp_path, _records(), monkeypatch) as made:
        made.document["pubmed"] |= {"max_attempts": 1, "read_timeout_seconds": 1}
        made.document["alerts"] = {"channel": "lab-slack"}
        made.write()
        made.move_clock(START)
        yield made


def digests(one: Lab) -> list[set[int]]:
    """What each mail presents."""
    return [presented(mail) for mail in one.mail.mails if "[watcher]" not in str(mail.message["Subject"])]


def notices(one: Lab) -> list[str]:
    """The notices of failures that came on Slack, each as its text; those of warnings are another matter."""
    told = [str(post.payload) for post in one.slack.posts]
    return [text for text in told if "[watcher]" in text and "warn" not in text]


def break_file(one: Lab, old: str, new: str) -> int:
    """Put a mistake into the configuration; its line."""
    text = one.config.read_text()
    assert old in text
    one.config.write_text(text.replace(old, new, 1))
    return next(number for number, line in enumerate(one.config.read_text().splitlines(), 1) if new in line)


# --- what is due


def test_it_searches_composes_and_sends_by_the_clock_and_ends_in_order(one: Lab) -> None:
    with served(one) as service:
        for monday in MONDAYS:
            service.at(monday)
        code = service.end()

    assert code == 0
    assert digests(one) == [{1}, {2}, {3}]
    assert service.pulse() is None
    assert list((one.folder / "data" / "locks").glob("*.*.*.lock")) == []


def test_it_says_at_start_who_it_is_and_the_next_three_slots_of_everything(one: Lab) -> None:
    with served(one) as service:
        service.rounds()

    (first,) = service.log("watcher is at work")
    assert first["configuration"] == str(one.config)
    assert first["timezone"] == "Europe/Berlin"
    assert first["now"].startswith("2026-03-02T08:00")
    slots = {entry["name"]: entry["slots"] for entry in service.log("next")}
    assert slots["lab-weekly"] == [f"Mon {day} Mar 2026 08:00 CET" for day in ("09", "16", "23")]
    assert len(slots["nmj"]) == 3


def test_a_clock_that_jumps_a_month_ahead_and_back_again_changes_nothing_but_the_hour(one: Lab) -> None:
    with served(one) as service:
        service.at(MONDAYS[0])
        service.at("2026-04-08T12:00")
        service.at(MONDAYS[0])
        service.at(MONDAYS[1])
        service.at("2026-04-13T08:00")
        code = service.end()

    assert code == 0
    assert sorted(pmid for found in digests(one) for pmid in found) == [1, 2, 3]


# --- edits


def test_a_saved_edit_is_taken_up_without_a_restart(one: Lab) -> None:
    with served(one) as service:
        service.rounds()

        one.document["lists"]["lab-weekly"]["subject_prefix"] = "[edited]"
        one.write()
        service.until(lambda: service.log("a new configuration is taken up"))
        service.at(MONDAYS[0])

    assert str(one.mail.mails[0].message["Subject"]).startswith("[edited]")


def test_a_channel_that_is_mended_gets_at_once_what_was_parked(one: Lab) -> None:
    good = one.document["channels"]["lab-mail"]["url"]
    one.document["channels"]["lab-mail"]["url"] = f"{good}&name=old"
    one.mail.answers.append("535 authentication refused")
    one.write()
    with served(one) as service:
        service.at(MONDAYS[0])
        parked = service.log("delivery parked")

        one.document["channels"]["lab-mail"]["url"] = good
        one.write()
        service.until(lambda: digests(one))

    assert len(parked) == 1
    assert digests(one) == [{1}]


def test_a_seed_that_is_added_and_one_that_is_broken(one: Lab) -> None:
    seeds = one.folder / "seeds" / "nmj"
    with served(one) as service:
        service.rounds()
        (seeds / "musk.txt").write_text("MuSK and the neuromuscular junction\n\nAbstract\n\nAgrin and LRP4.\n")
        service.until(lambda: service.log("a new configuration is taken up"))

        (seeds / "broken.ris").write_bytes(b"\xff\xfe\x00")
        service.until(lambda: service.log("the configuration is wrong"))
        service.at(MONDAYS[0])

    assert service.log("the configuration is wrong")[0]["file"] == str(seeds / "broken.ris")
    assert digests(one) == [{1}]


def test_a_seed_file_that_comes_changes_and_goes_is_told_in_the_log(one: Lab) -> None:
    paper = one.folder / "seeds" / "nmj" / "musk.list"
    with served(one) as service:
        service.rounds()
        for number, content in enumerate(("PMID 11\nPMID 12\n", "PMID 12\n", None), 1):
            if content is None:
                paper.unlink()
            else:
                paper.write_text(content)
            service.until(lambda: len(service.log("the seeds of a watch have changed")) == number)  # noqa: B023 - used at once

    told = service.log("the seeds of a watch have changed")
    begun = told[0]["before"]
    assert [(one["watch"], one["before"] - begun, one["now"] - begun) for one in told] == [
        ("nmj", 0, 2),
        ("nmj", 2, 1),
        ("nmj", 1, 0),
    ]
    assert [one.get(key) for one, key in zip(told, ("files_new", "files_changed", "files_gone"), strict=True)] == [
        ["nmj/musk.list"]
    ] * 3


def test_themes_that_are_written_while_it_runs_group_the_next_digest_and_broken_ones_are_told(one: Lab) -> None:
    themes = one.config.parent / "themes" / "nmj.yaml"
    one.document["lists"]["lab-weekly"] |= {"group_by": "theme", "top": 0}
    one.write()
    with served(one) as service:
        service.rounds()
        themes.parent.mkdir()
        themes.write_text("Where nerve meets muscle: [neuromuscular]\n")
        service.until(lambda: service.log("a new configuration is taken up"))

        themes.write_text("Where nerve meets muscle: [neuromuscular]\nAgeing: sarcopenia\n")
        service.until(lambda: service.log("the configuration is wrong"))
        service.at(MONDAYS[0])

    (told,) = service.log("the configuration is wrong")
    assert (told["file"], told["line"]) == (str(themes), 2)
    assert digests(one) == [{1}]
    assert "Where nerve meets muscle" in one.mail.mails[0].part("text/html")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("subject_prefix:", "subject_prefixx:"),
        ("    kind: email", "   kind: email"),
        ("- lab-slack", "- lab-slacks"),
    ],
)
def test_a_bad_edit_is_told_with_its_line_and_the_last_good_one_goes_on(old: str, new: str, one: Lab) -> None:
    with served(one) as service:
        service.rounds()
        line = break_file(one, old, new)
        service.until(lambda: service.log("the configuration is wrong"))
        service.at(MONDAYS[0])
        pulse = service.rounds()

        one.write()
        service.until(lambda: len(notices(one)) == 2)
        healthy = service.rounds()

    told = {entry["line"] for entry in service.log("the configuration is wrong")}
    assert told & {line, line + 1}
    assert pulse.config_error is not None
    assert healthy.config_error is None
    assert digests(one) == [{1}]
    assert f"watcher.yaml:{line}" in notices(one)[0] or f"watcher.yaml:{line + 1}" in notices(one)[0]
    assert "good again" in notices(one)[1]


def test_a_file_that_is_removed_and_comes_back_is_a_bad_edit_and_its_mend(one: Lab) -> None:
    text = one.config.read_text()
    with served(one) as service:
        service.rounds()
        one.config.unlink()
        service.until(lambda: service.log("the configuration is wrong"))
        service.at(MONDAYS[0])
        one.config.write_text(text)
        service.until(lambda: service.log("the configuration is good again"))

    assert digests(one) == [{1}]


# --- a start over a bad file


def test_a_restart_over_a_bad_file_goes_on_with_the_last_good_one_and_tells_it(one: Lab) -> None:
    with served(one) as service:
        service.at(MONDAYS[0])
        service.end()
    line = break_file(one, "    schedule: monday", "    schedule monday")

    with served(one) as again:
        again.at(MONDAYS[1])
        again.until(lambda: notices(one))
        pulse = again.rounds()
        one.write()
        again.until(lambda: again.log("a new configuration is taken up"))
        again.at(MONDAYS[2])

    assert again.log("this is the last good configuration")
    assert again.log("the configuration is wrong")[0]["line"] == line
    assert pulse.config_error is not None
    assert f":{line}:" in pulse.config_error
    assert digests(one) == [{1}, {2}, {3}]


def test_what_goes_to_a_channel_whose_url_was_lost_waits_until_the_file_is_mended(one: Lab) -> None:
    with served(one) as service:
        service.at(MONDAYS[0])
        service.kill()
    text = one.config.read_text()
    one.config.write_text("".join(line for line in text.splitlines(keepends=True) if "mailto://" not in line))

    with served(one) as again:
        again.at(MONDAYS[1])
        again.until(lambda: again.log("delivery parked"))
        before = digests(one)
        one.write()
        again.until(lambda: len(digests(one)) == 2)

    assert before == [{1}]
    assert "is not known: the configuration file is broken" in again.log("delivery parked")[0]["reason"]
    assert digests(one) == [{1}, {2}]


def test_a_first_start_over_a_bad_file_ends_with_1_and_the_line(one: Lab) -> None:
    one.forget()
    line = break_file(one, "schedule: monday", "schedule: mondaay")

    with served(one) as service:
        code = service.process.wait(60)

    assert code == 1
    assert f"{one.config}:{line}:" in service.told()
    assert not (one.folder / "data").exists()


def test_a_tick_that_is_no_number_ends_with_1(one: Lab) -> None:
    with served(one, WATCHER_TICK_SECONDS="often") as service:
        code = service.process.wait(60)

    assert code == 1
    assert "WATCHER_TICK_SECONDS: this is no length of a tick" in service.told()


# --- ends


def outcomes(one: Lab) -> list[tuple[RunOutcome, str | None]]:
    with one.app() as app:
        return [(run.outcome, run.error_kind) for run in app.store.runs_since("nmj", None)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_search_that_hangs_ends_in_order_and_the_next_start_goes_on(number: signal.Signals, one: Lab) -> None:
    one.document["pubmed"]["max_attempts"] = 3
    one.write()
    one.pubmed.faults.plant("esearch", kind="hang")
    with served(one) as service:
        service.until(lambda: one.pubmed.calls("esearch"))
        code = service.end(number)
    ended = outcomes(one)

    with served(one) as again:
        again.at(MONDAYS[0])

    assert code == 0
    assert ended == [(RunOutcome.ABANDONED, ErrorKind.STOPPED)]
    assert digests(one) == [{1}]


def test_a_second_signal_ends_it_at_once_and_loses_nothing(one: Lab) -> None:
    one.document["pubmed"]["read_timeout_seconds"] = 60
    one.write()
    one.pubmed.faults.plant("esearch", kind="hang")
    with served(one) as service:
        service.until(lambda: one.pubmed.calls("esearch"))
        service.process.send_signal(signal.SIGTERM)
        with pytest.raises(Exception, match="timed out"):
            service.process.wait(1)
        code = service.end()

    with served(one) as again:
        again.at(MONDAYS[0])

    assert code == 128 + signal.SIGTERM
    assert digests(one) == [{1}]


def test_after_sigkill_the_next_start_waits_for_nobody(one: Lab) -> None:
    one.document["pubmed"]["read_timeout_seconds"] = 60
    one.write()
    one.pubmed.faults.plant("esearch", kind="hang")
    with served(one) as service:
        service.until(lambda: one.pubmed.calls("esearch"))
        service.kill()

    with served(one) as again:
        again.at(MONDAYS[0])

    assert again.log("another process") == []
    assert digests(one) == [{1}]


def test_two_services_on_one_database_do_everything_once(one: Lab) -> None:
    with served(one) as first, served(one) as second:
        first.until(lambda: all(service.log("watcher is at work") for service in (first, second)))
        for monday in MONDAYS:
            before = len(one.mail.mails)
            one.move_clock(monday)
            first.until(partial(_more_mails_than, before, one))
        codes = (first.end(), second.end())

    assert codes == (0, 0)
    assert digests(one) == [{1}, {2}, {3}]


def _more_mails_than(number: int, one: Lab) -> bool:
    return len(one.mail.mails) > number


# --- trouble


def test_a_damaged_database_ends_it_with_1_and_is_not_begun_anew(one: Lab) -> None:
    with served(one) as service:
        service.rounds()
        service.end()
    (one.folder / "data" / "watcher.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 8192)

    with served(one) as again:
        code = again.process.wait(60)

    assert code == 1
    assert "damaged" in again.told()
    assert not (one.folder / "data" / "watcher.db").exists()


def test_an_edit_that_moves_the_database_opens_the_other_one(one: Lab) -> None:
    with served(one) as service:
        service.rounds()
        one.document["database"] = {"url": "sqlite:///other/w.db"}
        one.write()
        service.until((one.folder / "other" / "w.db").exists)
        service.until(lambda: len(service.log("a new configuration is taken up")) == 1)

    assert service.log("a new configuration is taken up")[0]["database"].endswith("other/w.db")
