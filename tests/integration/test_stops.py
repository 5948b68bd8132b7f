"""A reader who stopped a list gets none of its mail: after a restart, an edit of the configuration and a restore too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Shell
from support.rehearsal import lab

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper

START, FIRST, SECOND = "2026-03-02T09:00", "2026-03-09T08:00", "2026-03-16T08:00"
PI, POSTDOC = "pi@uni-sample.de", "postdoc@uni-sample.de"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    records = [
        Planted(paper(number, title=f"The neuromuscular junction, part {number}", created=f"2026-03-{number:02}"))
        for number in (4, 11)
    ]
    with lab(tmp_path, records, monkeypatch) as one:
        one.document["channels"]["lab-mail"]["to"] = [PI, POSTDOC]
        one.write()
        made = Shell(one, monkeypatch, capsys)
        made.at(START, "tick")
        yield made


def readers(shell: Shell) -> list[str]:
    """To whom the mails went that have arrived since this was asked last."""
    found = [str(mail.message["To"]) for mail in shell.lab.mail.mails]
    shell.lab.mail.mails.clear()
    return found


def test_what_is_owed_and_the_next_digest_go_to_the_others(shell: Shell) -> None:
    shell.lab.mail.plant("refuses", times=100)
    shell.at(FIRST, "tick")
    shell.lab.mail.mishaps.clear()

    said = shell("stop", "lab-weekly", PI.upper())
    shell("deliver")
    shell.at(SECOND, "tick")

    assert said.out == f"list lab-weekly sends {PI} nothing any more; 1 message that was owed will not be sent\n"
    assert readers(shell) == [POSTDOC, POSTDOC]


def test_it_outlives_an_edit_of_the_configuration_and_a_restore(shell: Shell, tmp_path: Path) -> None:
    shell("stop", "lab-weekly", PI)
    shell.change("lists", "lab-weekly", "top", value=3)
    shell.change("channels", "lab-mail", "to", value=[POSTDOC.upper(), f" {PI.capitalize()}".strip()])
    shell.at(FIRST, "tick")
    shell("backup", str(tmp_path / "copy.db"))
    shell("restore", str(tmp_path / "copy.db"))
    shell.at(SECOND, "tick")

    assert [one.casefold() for one in readers(shell)] == [POSTDOC, POSTDOC]


def test_a_restore_of_an_older_backup_keeps_it_and_says_so(shell: Shell, tmp_path: Path) -> None:
    shell("backup", str(tmp_path / "copy.db"))
    shell("stop", "lab-weekly", PI)

    said = shell("restore", str(tmp_path / "copy.db"))
    shell.at(FIRST, "tick")

    assert f"stays stopped, since the backup: list lab-weekly for {PI}" in said.out.splitlines()
    assert readers(shell) == [POSTDOC]


def test_a_pause_ends_on_its_day_and_a_stop_when_it_is_taken_back(shell: Shell) -> None:
    shell("stop", "lab-weekly", PI, "--until", "2026-03-16")
    shell("stop", "lab-weekly", POSTDOC)
    shell.at(FIRST, "tick")
    first = readers(shell)
    resumed = [shell("resume", "lab-weekly", POSTDOC).out for _ in range(2)]
    shell.at(SECOND, "tick")

    assert (first, readers(shell)) == ([], [PI, POSTDOC])
    assert resumed == [
        f"list lab-weekly goes to {POSTDOC} again\n",
        f"{POSTDOC} has not stopped list lab-weekly: nothing to do\n",
    ]


def test_the_owner_is_told_once_and_status_lists_it(shell: Shell) -> None:
    shell.change("alerts", "channel", value="lab-slack")
    shell("stop", "lab-weekly", PI)

    shell.at("2026-03-03T09:00", "tick")
    shell.at("2026-03-03T19:00", "tick")

    told = [str(post.payload["text"]) for post in shell.lab.slack.posts]
    assert [text for text in told if "list" in text] == [f"[watcher] {PI} stopped list lab-weekly"]
    assert f"list lab-weekly: {PI} stopped it (since 2 March)" in shell("status").out.splitlines()


def test_who_is_no_reader_is_not_taken_and_the_readers_are_named(shell: Shell) -> None:
    said = shell("stop", "lab-weekly", "pl@uni-sample.de")

    assert said.code == 1
    assert f"list lab-weekly does not go to pl@uni-sample.de its readers are: {PI}, {POSTDOC}" in " ".join(said.err.split())
