"""What is told when something fails, by commands as cron would run them: the mail server, the Slack and the watching service are real."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Shell
from support.pings import SECRET, listening
from support.rehearsal import lab

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from standins.inbox import MailServer

START = "2026-03-02T09:00"
DAYS = ("2026-03-03T06:30", "2026-03-03T12:30", "2026-03-03T18:30")
BACK = "2026-03-04T06:30"
MONDAY = "2026-03-09T08:00"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    record = Planted(paper(1, title="The neuromuscular junction", created="2026-03-03"))
    with lab(tmp_path, [record], monkeypatch) as one:
        one.document["pubmed"]["max_attempts"] = 1
        one.write()
        yield Shell(one, monkeypatch, capsys)


def fail(shell: Shell, *instants: str) -> None:
    for instant in instants:
        shell.lab.pubmed.faults.plant("esearch", kind="http-503", times=1)
        shell.at(instant, "tick")


def test_a_tick_that_sees_the_third_failure_tells_it_at_once_and_a_good_one_the_end(shell: Shell) -> None:
    shell.change("alerts", "channel", value="lab-slack")
    shell.at(START, "tick")

    fail(shell, *DAYS)
    shell.at(BACK, "tick")

    told = [str(post.payload["text"]) for post in shell.lab.slack.posts]
    assert [text for text in told if "warning" not in text] == [
        "[watcher] Watch Neuromuscular junction has not been searched since 2 March: PubMed does not answer",
        "[watcher] Watch Neuromuscular junction is searched again",
    ]
    assert shell.lab.mail.mails == []


def test_without_an_alert_channel_the_readers_are_told_by_mail_with_html_and_text(shell: Shell) -> None:
    shell.at(START, "tick")

    fail(shell, *DAYS)

    (mail,) = shell.lab.mail.mails
    assert (
        mail.message["Subject"]
        == "[watcher] Watch Neuromuscular junction has not been searched since 2 March: PubMed does not answer"
    )
    assert mail.message["X-Watcher-Notice"] == "watch:nmj"
    assert "WHAT TO DO" in mail.part("text/plain")
    assert "HTTP 503" in mail.part("text/html")


def test_a_dead_mail_server_is_told_on_slack_and_in_the_next_digest(shell: Shell) -> None:
    shell.lab.mail.plant("refuses", times=4)
    shell.at(START, "tick")

    shell.at(MONDAY, "tick")
    digest, notice = shell.lab.slack.posts
    shell.at("2026-03-16T08:00", "digest", "lab-weekly", "--dry-run", "--out", "next.txt")

    assert notice.payload["text"] == "[watcher] Messages to channel lab-mail are held back since 9 March"
    told = " ".join((shell.lab.folder / "next.txt").read_text("utf-8").split())
    assert (
        "Failed: 1 message is held back for channel lab-mail since 9 March, 08:00: 127.0.0.1 answered 550 5.1.1 No such user here"
        in told
    )
    assert "PubMed was not searched from 2 March, 09:00 to 9 March, 08:00 (the service was off or held up)." in str(digest.payload)


GMAIL = "550-5.7.26 Unauthenticated email. Learn more: https://support.example/mail - see there\r\n550 5.7.26 d2e1a - gsmtp"


def test_what_a_server_answers_is_told_as_it_is_and_never_taken_for_advice(shell: Shell) -> None:
    shell.at(START, "tick")
    shell.lab.mail.refused["pi@uni-sample.de"] = GMAIL

    shell.at(MONDAY, "tick")
    document = json.loads(shell("status", "--json").out)

    _, notice = shell.lab.slack.posts
    said, todo = (block["text"]["text"] for block in notice.payload["blocks"] if block["type"] == "section")
    assert "Learn more: https://support.example/mail - see there" in said
    assert "see there d2e1a - gsmtp." in said
    assert todo.startswith("*What to do:* What is held back is tried again each day")
    (parked,) = [one for one in document["troubles"] if one["about"] == "delivery"]
    assert parked["reason"].endswith(
        "550 5.7.26 Unauthenticated email. Learn more: https://support.example/mail - see there d2e1a - gsmtp"
    )
    assert parked["fix"] is None


def test_a_refused_login_is_told_with_the_remedy_beside_it(shell: Shell) -> None:
    with MailServer(logins={"lab": "sesame"}) as mail:
        shell.at(START, "tick")
        shell.change("channels", "lab-mail", "url", value=f"mailto://lab:wrong@127.0.0.1:{mail.port}?from=w@lab.example")
        shell.at(MONDAY, "tick")
        document = json.loads(shell("status", "--json").out)

    _, notice = shell.lab.slack.posts
    said, todo = (block["text"]["text"] for block in notice.payload["blocks"] if block["type"] == "section")
    assert "refused the login (535" in said
    assert "app password" not in said
    assert todo.startswith("*What to do:* Check user and password in the channel's URL; many providers want an app password")
    (parked,) = [one for one in document["troubles"] if one["about"] == "delivery"]
    assert "app password" not in parked["reason"]
    assert parked["fix"].startswith("check user and password")


def test_the_next_digest_tells_when_pubmed_failed_and_when_that_was_made_good(shell: Shell) -> None:
    shell.at(START, "tick")
    fail(shell, *DAYS)
    for instant in (BACK, *(f"2026-03-{day:02}T06:30" for day in range(5, 10)), MONDAY):
        shell.at(instant, "tick")

    (mail,) = (one for one in shell.lab.mail.mails if one.message["X-Watcher-List"])
    told = " ".join(mail.part("text/plain").split())
    assert "PubMed was not searched from 3 March, 06:30 to 4 March, 06:30 (esearch: HTTP 503" in told
    assert "It was read afterwards: nothing was lost." in told
    assert "Failed:" not in told


def test_three_weeks_of_late_starts_open_no_mail_and_are_one_line_of_each_receipt(shell: Shell) -> None:
    for day in range(2, 24):
        shell.at(f"2026-03-{day:02}T08:05", "tick")

    mails = [one for one in shell.lab.mail.mails if one.message["X-Watcher-List"]]
    assert len(mails) == 3
    for mail, monday in zip(mails, (9, 16, 23), strict=True):
        text = mail.part("text/plain")
        title, counts, coverage, *more = text.partition("\n\n")[0].splitlines()
        assert coverage.startswith("Papers added to PubMed ")
        assert [line for line in more if "checked, none of them new" not in line] == []
        told = " ".join(text.split())
        assert told.count("PubMed was not searched") == 1
        assert (
            f"PubMed was not searched 7 times between {monday - 7} March, 08:05 and {monday} March, 08:05, for up to 24 hours"
            in told
        )
        assert "It was read afterwards: nothing was lost." in told
        assert "late" not in told.replace("related", "")
        assert 'class="rem"' not in mail.part("text/html")
        assert title == "NMJ weekly"
        assert counts.startswith("1 new paper" if monday == 9 else "No papers to read")


def test_a_mail_says_who_runs_it_in_its_text_and_its_list_in_its_head(shell: Shell) -> None:
    for instant in (START, MONDAY):
        shell.at(instant, "tick")
    shell.change("channels", "lab-mail", "reply_to", value="library@lab.example")
    shell.at("2026-03-16T08:00", "tick")

    unsaid, said = (one for one in shell.lab.mail.mails if one.message["X-Watcher-List"])
    contact = shell.lab.document["pubmed"]["email"]
    assert f"Run by {contact}. Write there to change or stop this digest." in " ".join(unsaid.part("text/plain").split())
    assert "Run by library@lab.example. Reply, or write there, to change" in " ".join(said.part("text/plain").split())
    assert said.message["Reply-To"] == "library@lab.example"
    assert unsaid.message["List-Id"] == said.message["List-Id"] == f'"NMJ weekly" <lab-weekly.{contact.partition("@")[2]}>'


def test_a_mail_about_a_correction_says_the_same_in_its_text_and_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: dict[str, Any] = {"title": "The neuromuscular junction", "created": "2026-03-03"}
    doubted = paper(1, **told, relations=[("ExpressionOfConcernIn", 9, "J Sample Res. 2026 Mar;1(2):7")])
    record = Planted(paper(1, **told), changes=((date(2026, 3, 11), doubted),))
    with lab(tmp_path, [record], monkeypatch) as one:
        shell = Shell(one, monkeypatch, capsys)
        shell.change("channels", "lab-mail", "reply_to", value="library@lab.example")
        shell.change("lists", "lab-weekly", "corrections", value="at-once")
        for instant in (START, MONDAY, "2026-03-14T06:00"):
            shell.at(instant, "tick")

        digest, at_once = one.mail.mails
        assert at_once.message["X-Watcher-Corrections"] == "1"
        assert at_once.message["List-Id"] == digest.message["List-Id"] == '"NMJ weekly" <lab-weekly.lab.example>'
        how = "Run by library@lab.example. Reply, or write there, to change or stop"
        assert all(how in " ".join(mail.part("text/plain").split()) for mail in (digest, at_once))


def test_check_says_whom_readers_write_to(shell: Shell) -> None:
    contact = shell.lab.document["pubmed"]["email"]

    unsaid = shell.at(START, "check").out
    shell.change("channels", "lab-mail", "reply_to", value="library@lab.example")
    said = shell("check").out

    assert f"its readers write to {contact} (pubmed.email, since no channel of it has a reply_to)" in unsaid
    assert "its readers write to library@lab.example (reply_to of lab-mail)" in said


@pytest.mark.parametrize("command", ["tick", "run"])
def test_each_run_pings_the_watching_service(command: str, shell: Shell) -> None:
    with listening() as service:
        shell.change("alerts", "heartbeat_url", value=service.url)
        shell.at(START, command)
        shell.lab.pubmed.faults.plant("esearch", kind="http-503", times=1)
        shell.at(DAYS[0], command)

    good, failed = (body for _, path, body in service.heard if not path.endswith("/start"))
    assert [path for _, path, _ in service.heard] == [f"/{SECRET}/start", f"/{SECRET}", f"/{SECRET}/start", f"/{SECRET}/fail"]
    assert good.startswith("run nmj (first) good: matched 0")
    assert failed.startswith("run nmj (window) failed: ")
    assert "HTTP 503" in failed


def test_a_third_failed_run_by_hand_is_owed_and_told_by_the_next_tick(shell: Shell) -> None:
    shell.at(START, "run")
    for instant in DAYS:
        shell.lab.pubmed.faults.plant("esearch", kind="http-503", times=1)
        shell.at(instant, "run")
    assert shell.lab.slack.posts == []

    shell("deliver")

    assert [post.payload["text"].partition(":")[0] for post in shell.lab.slack.posts] == [
        "[watcher] Watch Neuromuscular junction has not been searched since 2 March"
    ]
