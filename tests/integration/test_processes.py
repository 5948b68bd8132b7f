"""Processes that are interrupted, killed, or two at once: nothing is lost, nothing comes twice, no secret is told."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support.command_line import Said, Shell, ended, wait_until
from support.rehearsal import Lab, lab, posted, presented

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.domain import DeliveryState

START = "2026-03-02T09:00"
MONDAYS = ("2026-03-09T08:00", "2026-03-16T08:00", "2026-03-23T08:00")
KEY = "0123456789abcdef0123456789abcdef4711"
PASSWORD = "Tr0ub4dor-and-3"
TOKEN = "sEcretSlackT0kenForTests"


def _records() -> list[Planted]:
    days = (date(2026, 3, 4), date(2026, 3, 11), date(2026, 3, 18))
    return [Planted(paper(number, title="The neuromuscular junction", created=day)) for number, day in enumerate(days, 1)]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    with lab(tmp_path, _records(), monkeypatch) as one:
        one.document["pubmed"]["max_attempts"] = 1
        one.write()
        one.move_clock(START)
        yield Shell(one, monkeypatch, capsys)


def message_ids(one: Lab) -> list[str]:
    return [str(mail.message["Message-ID"]) for mail in one.mail.mails]


def owed_ids(one: Lab) -> set[str]:
    with one.app() as app:
        return {f"<{owed.rfc822_id}>" for owed in app.store.deliveries() if owed.channel == "lab-mail"}


# --- interrupted


def test_130_an_interrupted_process_gives_all_back_and_the_next_one_finds_everything(shell: Shell) -> None:
    shell.lab.tick(START)
    shell.lab.move_clock(MONDAYS[0])
    shell.lab.pubmed.forget()
    shell.lab.pubmed.faults.plant("efetch", kind="hang")
    process = shell.spawn("tick")
    wait_until(lambda: shell.lab.pubmed.calls("efetch"), process)

    process.send_signal(signal.SIGINT)
    said = ended(process)
    with shell.lab.app() as app:
        held = app.store.lease_holder("pubmed")
    shell.lab.tick(MONDAYS[0])

    assert said.code == 130
    assert "interrupted: what was begun is left for the next run, nothing is lost" in said.err
    assert "Traceback" not in said.err
    assert held is None
    assert [presented(mail) for mail in shell.lab.mail.mails] == [{1}]


# --- killed


KILLED_BEFORE_DELIVERING = """
import os, signal
from watcher.flows.deliver.deliver import Deliverer
Deliverer.deliver = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""

KILLED_WHILE_SENDING = """
import os, signal
from watcher.notify import Notifier
Notifier.send = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
"""

KILLED_AFTER_SENDING = """
import os, signal
from watcher.store import Store
def settle(store, *_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
Store.settle = settle
"""


@pytest.mark.parametrize("how", [KILLED_BEFORE_DELIVERING, KILLED_WHILE_SENDING], ids=["before delivering", "while sending"])
def test_a_digest_of_a_killed_process_is_delivered_by_the_next_under_the_same_message_id(how: str, shell: Shell) -> None:
    shell.lab.tick(START)
    shell.lab.move_clock(MONDAYS[0])

    killed = shell.fork("tick", code=how).end()
    owed = owed_ids(shell.lab)
    before = len(shell.lab.mail.mails)
    done = shell.lab.tick(MONDAYS[0])

    assert killed.code == -signal.SIGKILL
    assert (len(owed), before) == (1, 0)
    assert (done.runs, done.drafts) == ((), ())
    assert set(message_ids(shell.lab)) == owed
    assert [presented(mail) for mail in shell.lab.mail.mails] == [{1}]
    assert posted(shell.lab.slack) == {1}


@pytest.mark.parametrize("channel", ["lab-mail", "lab-slack"])
def test_what_was_handed_over_before_the_kill_does_not_come_twice(channel: str, shell: Shell) -> None:
    shell.change("lists", "lab-weekly", "channels", value=[channel])
    shell.lab.tick(START)
    shell.lab.move_clock(MONDAYS[0])

    killed = shell.fork("tick", code=KILLED_AFTER_SENDING).end()
    before = len(shell.lab.mail.mails) + len(shell.lab.slack.posts)
    shell.lab.tick(MONDAYS[0])

    assert (killed.code, before) == (-signal.SIGKILL, 1)
    assert len(shell.lab.mail.mails) + len(shell.lab.slack.posts) == 1


def test_a_process_killed_in_the_middle_of_a_search_holds_nobody_up(shell: Shell) -> None:
    shell.lab.pubmed.faults.plant("esearch", kind="hang")
    process = shell.fork("tick")
    wait_until(lambda: shell.lab.pubmed.calls("esearch"), process)

    process.kill()
    done = shell.lab.tick("2026-03-02T09:01")

    assert [str(run.outcome) for run in done.runs] == ["good"]
    with shell.lab.app() as app:
        assert [str(run.outcome) for run in app.store.runs_since("nmj", None)] == ["abandoned", "good"]


# --- two at once


def test_two_processes_at_once_never_send_twice_and_always_once(shell: Shell) -> None:
    shell.change("channels", "lab-mail", "to", value=["pi@uni-sample.de", "postdoc@uni-sample.de"])

    for instant in (START, *MONDAYS[:2]):
        shell.lab.move_clock(instant)
        both = [process.end() for process in (shell.fork("tick"), shell.fork("tick"))]
        assert 0 in {said.code for said in both}
        assert {said.code for said in both} <= {0, 5}, both

    arrived = Counter((mail.recipients[0], frozenset(presented(mail))) for mail in shell.lab.mail.mails)
    assert arrived == {(to, frozenset({number})): 1 for to in ("pi@uni-sample.de", "postdoc@uni-sample.de") for number in (1, 2)}
    assert len(set(message_ids(shell.lab))) == 4
    assert len(shell.lab.slack.posts) == 2


def test_two_processes_that_deliver_at_once_share_the_work(shell: Shell) -> None:
    readers = [f"reader{number}@lab.example" for number in range(8)]
    shell.change("channels", "lab-mail", "to", value=readers)
    shell.lab.tick(START)
    shell.lab.mail.answers.append("451 later")
    shell.lab.tick(MONDAYS[0])

    both = [process.end() for process in (shell.fork("deliver"), shell.fork("deliver"))]

    assert [said.code for said in both] == [0, 0]
    assert sorted(mail.recipients[0] for mail in shell.lab.mail.mails) == readers
    with shell.lab.app() as app:
        assert {owed.state for owed in app.store.deliveries()} == {DeliveryState.SENT}


# --- secrets


FAULTS = ("api-key-invalid", "rate-limit", "rate-limit-in-200", "http-503", "html-page", "reset", "backend-failed")


@pytest.fixture
def secretive(shell: Shell) -> Shell:
    """A shell in a lab whose key, password and webhook are known by sight, and which logs all it can."""
    shell.change("pubmed", "api_key", value=KEY)
    url = f"mailto://watcher:{PASSWORD}@127.0.0.1:{shell.lab.mail.port}?from=watcher@lab.example"
    shell.change("channels", "lab-mail", "url", value=url)
    shell.change("channels", "lab-slack", "url", value=f"{shell.lab.slack.base_url}/services/T0123/B0123/{TOKEN}")
    shell.change("channels", "gone", value={"kind": "email", "url": f"mailto://watcher:{PASSWORD}@127.0.0.1:9?from=a@lab.example"})
    shell.change("lists", "lab-weekly", "channels", value=["lab-mail", "lab-slack", "gone"])
    shell.change("log", value={"level": "debug"})
    return shell


def secrets_in(text: str) -> list[str]:
    return [secret for secret in (KEY, PASSWORD, TOKEN) if secret in text]


def kept(one: Lab) -> str:
    """All bytes of the data folder, as text."""
    return "".join(path.read_bytes().decode("latin-1") for path in sorted((one.folder / "data").rglob("*")) if path.is_file())


def test_no_secret_is_printed_logged_or_kept_whatever_fails(secretive: Shell) -> None:
    said: list[Said] = []
    for kind in FAULTS:
        secretive.lab.pubmed.faults.plant("*", kind=kind)
        said.append(secretive("run"))
    secretive.lab.pubmed.faults.clear()
    said.append(secretive.at(START, "tick"))
    secretive.lab.move_clock(MONDAYS[0])
    said.append(secretive.fork("tick").end())
    said += [secretive(*words.split()) for words in ("check --online", "status", "deliver", "send-test lab-mail", "explain 1")]
    state = json.loads(secretive("status", "--json").out)

    told = "".join(one.out + one.err for one in said)
    assert "parked" in told
    assert "127.0.0.1 does not offer what the URL asks for" in told
    assert posted(secretive.lab.slack) == {1}
    assert secrets_in(told) == []
    assert secrets_in(kept(secretive.lab)) == []
    assert secrets_in(json.dumps(state)) == []
    assert min(state["deliveries"]["parked"], state["deliveries"]["pending"]) > 0


def test_no_secret_is_told_when_the_configuration_is_wrong(secretive: Shell) -> None:
    secretive.change("channels", "lab-mail", "kind", value="slack")
    secretive.change("pubmed", "api_keys", value=KEY)

    said = [secretive(*words) for words in (("check",), ("status", "--json"), ("tick",))]

    assert {one.code for one in said} == {1}
    assert secrets_in("".join(one.out + one.err for one in said)) == []


DEFECTIVE = """
from watcher.flows.search.run import Runner
def look(runner, *_, **__):
    raise ZeroDivisionError("a defect")
Runner.look = look
"""


def test_no_secret_stands_in_the_traceback_of_a_defect(secretive: Shell) -> None:
    said = secretive.fork("tick", code=DEFECTIVE).end()

    assert said.code == 1
    assert "ZeroDivisionError: a defect" in said.out
    assert secrets_in(said.out + said.err) == []
