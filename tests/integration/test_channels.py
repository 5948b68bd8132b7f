"""A channel of another service, from the configuration to the post: what passes the test message delivers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.chat import CHAT_URL, MOST, Chat, chatting
from support.command_line import Shell
from support.rehearsal import lab

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper

START = "2026-03-02T09:00"
MONDAY = "2026-03-09T08:00"
PAPERS = 14


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    title = "The neuromuscular junction of the sample animal, number {}, told at length for @everyone <!channel>"
    records = [Planted(paper(one, title=title.format(one), created="2026-03-04")) for one in range(1, PAPERS + 1)]
    with lab(tmp_path, records, monkeypatch) as one:
        one.document["channels"]["chat"] = {"kind": "other", "url": CHAT_URL}
        one.document["lists"]["lab-weekly"]["channels"] = ["chat"]
        one.write()
        yield Shell(one, monkeypatch, capsys)


def test_a_digest_reaches_a_chat_in_parts_that_it_takes_and_wakes_nobody(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.at(START, "tick")

    with chatting(monkeypatch):
        shell.at(MONDAY, "tick")

    told = "\n".join(Chat.posts)
    assert Chat.refused == []
    assert len(Chat.posts) > 1
    assert all(f"https://pubmed.ncbi.nlm.nih.gov/{number}/" in told for number in range(1, PAPERS + 1))
    assert "@everyone" not in told
    assert "<!channel>" not in told
    assert "@\u200beveryone <\u200b!channel>" in told


def test_the_test_message_is_as_long_as_a_part(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with chatting(monkeypatch):
        said = shell.at(START, "send-test", "chat")

    assert said.code == 0
    assert [MOST - 20 <= len(post) <= MOST for post in Chat.posts] == [True]


@pytest.mark.parametrize("url", ["mailto://lab:Xq7@127.0.0.1?from=w@lab.example", "MAILTOS://lab:Xq7;Rt@smtp.lab.example"])
def test_a_mail_url_of_another_kind_is_refused_since_it_would_be_read_otherwise(shell: Shell, url: str) -> None:
    shell.change("channels", "chat", "url", value=url)

    said = shell("check")

    assert said.code == 1
    assert "the url of channel 'chat' is a mail URL\n    write kind: email" in said.err
    assert "Xq7" not in said.err
