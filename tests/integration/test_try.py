"""`watcher try`: the first digest to look at; nothing is sent, and nothing that is kept changes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Shell
from support.rehearsal import Lab, lab, presented

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper

MONDAY = "2026-03-09T08:00"
FEW, MANY = 3, 25

RECENT = [
    Planted(paper(number, title=f"Agrin {number} at the neuromuscular junction", created=f"2026-03-0{number}"))
    for number in range(1, FEW + 1)
]
EARLIER = [
    Planted(paper(number, title=f"LRP4 {number} at the neuromuscular junction", created="2026-01-05"))
    for number in range(101, 101 + MANY)
]
OLD = [Planted(paper(900, title="The neuromuscular junction of long ago", created="2019-05-05"))]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A shell in a new lab."""
    with lab(tmp_path, [*RECENT, *EARLIER, *OLD], monkeypatch) as one:
        one.document["pubmed"]["max_attempts"] = 1
        one.write()
        one.move_clock(MONDAY)
        yield Shell(one, monkeypatch, capsys)


def pages(one: Lab, ending: str = "html") -> list[str]:
    return [path.read_text() for path in sorted((one.folder / "preview").glob(f"*.{ending}"))]


def everything(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "preview" not in path.parts}


def test_a_try_shows_the_digest_and_leaves_nothing_else_behind(shell: Shell) -> None:
    before = everything(shell.lab.folder)

    said = shell("try", "--days", 7)

    (page,), (text,) = pages(shell.lab), pages(shell.lab, "txt")
    assert said.code == 0
    assert all(f"pubmed.ncbi.nlm.nih.gov/{number}" in page for number in range(1, FEW + 1))
    assert all(f"pubmed.ncbi.nlm.nih.gov/{number}" in text for number in range(1, FEW + 1))
    assert "Agrin 1" in page
    assert "LRP4" not in page
    assert "lab-weekly: 3 papers shown, of the last 7 days" in said.out
    assert f"{len(shell.lab.pubmed.log)} requests to PubMed" in said.out
    assert everything(shell.lab.folder) == before
    assert (shell.lab.mail.mails, shell.lab.slack.posts) == ([], [])


def test_what_brings_few_papers_is_looked_for_further_back(shell: Shell) -> None:
    said = shell("try")

    (page,) = pages(shell.lab)
    assert "lab-weekly: 20 papers shown and 8 attached, of the last 90 days" in said.out
    assert page.count("LRP4") >= 17
    assert "of long ago" not in page


def test_the_first_real_digest_is_as_if_nothing_had_been_tried(shell: Shell) -> None:
    shell("try", "--days", 3_000)

    shell.lab.tick("2026-03-09T09:00")
    shell.lab.tick("2026-03-16T08:00")

    (mail,) = shell.lab.mail.mails
    assert presented(mail) == {1, 2, 3}


def test_a_second_try_writes_beside_the_first(shell: Shell) -> None:
    shell("try", "lab-weekly")
    first = pages(shell.lab)

    said = shell("try", "lab-weekly")

    assert said.code == 0
    assert len(pages(shell.lab)) == 2
    assert first[0] in pages(shell.lab)


def test_a_list_that_is_not_there_is_refused_before_pubmed_is_asked(shell: Shell) -> None:
    said = shell("try", "lab-monthly")

    assert (said.code, shell.lab.pubmed.log) == (1, [])
    assert "the configuration has: lab-weekly" in said.err


def test_without_a_list_there_is_nothing_to_look_at(shell: Shell) -> None:
    shell.change("lists", value={})

    said = shell("try")

    assert said.code == 1
    assert "there is no list" in said.err


def test_without_pubmed_nothing_is_written(shell: Shell) -> None:
    shell.lab.pubmed.faults.plant("esearch", kind="http-503", times=99)

    said = shell("try")

    assert said.code == 4
    assert not (shell.lab.folder / "preview").exists()


def test_a_broken_seed_file_is_told_before_pubmed_is_asked(shell: Shell) -> None:
    (shell.lab.folder / "seeds" / "nmj" / "empty.txt").write_text("")

    said = shell("try")

    assert (said.code, shell.lab.pubmed.log) == (1, [])
    assert "the file is empty" in said.err


def at_a_terminal(shell: Shell, *words: str, **environment: str) -> str:
    """What a command says at a terminal."""
    parent, child = pty.openpty()
    code = "import sys\nfrom watcher.cli import main\nsys.argv = ['watcher', *sys.argv[1:]]\nmain()"
    command = [sys.executable, "-c", code, "-c", str(shell.lab.config), *words]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=child, stdout=child, stderr=child, cwd=shell.lab.folder, env={**os.environ, **environment}
    ):
        os.close(child)
        said = b""
        try:
            while piece := os.read(parent, 10_000):
                said += piece
        except OSError:  # Linux: the other end is closed
            pass
    os.close(parent)
    return said.decode()


@pytest.mark.parametrize(
    ("words", "display", "shown"),
    [((), ":7", 1), (("--no-open",), ":7", 0), ((), "", 0)],
    ids=["screen", "told not to", "no screen"],
)
def test_the_page_is_opened_where_a_person_sits_before_a_screen(
    shell: Shell, words: tuple[str, ...], display: str, shown: int
) -> None:
    browser = shell.lab.folder / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> "{shell.lab.folder}/opened"\n')
    browser.chmod(0o755)

    said = at_a_terminal(shell, "try", *words, BROWSER=str(browser), DISPLAY=display, WAYLAND_DISPLAY="")

    (page,) = (shell.lab.folder / "preview").glob("*.html")
    opened = shell.lab.folder / "opened"
    assert "nothing was sent" in said
    assert (opened.read_text().split() if opened.exists() else []) == [page.as_uri()] * shown
