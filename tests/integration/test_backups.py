"""Backups and restores from the command line, and a lab that loses its database."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support.command_line import Shell
from support.rehearsal import lab, presented

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.store import mounts

START = "2026-03-02T09:00"
MONDAY = "2026-03-09T08:00"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    records = [Planted(paper(1, title="The neuromuscular junction", created=date(2026, 3, 4)))]
    with lab(tmp_path, records, monkeypatch) as one:
        one.move_clock(START)
        yield Shell(one, monkeypatch, capsys)


def damage(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(3 * 4096)
        opened.write(b"\xff" * 4096)


def test_backup_tells_size_rows_and_seconds_and_replaces_only_with_force(shell: Shell) -> None:
    shell("tick")

    first = shell("backup", "friday.db")
    second = shell("backup", "friday.db")
    third = shell("backup", "friday.db", "--force")

    assert re.fullmatch(r"wrote friday\.db: 0\.\d MB, \d+ rows, schema \d{4}, \d+\.\d s\n", first.out)
    assert (first.code, second.code, third.code) == (0, 1, 0)
    assert second.err == "friday.db: there is a file already\n    name another one, or replace it with --force\n"


def test_a_lab_whose_database_is_damaged_goes_on_from_its_backup_and_nothing_comes_twice(shell: Shell) -> None:
    shell("tick")
    shell.at(MONDAY, "tick")
    shell("backup", "friday.db")
    damage(shell.lab.folder / "data" / "watcher.db")

    refused = shell("tick")
    again = shell("status")
    restored = shell("restore", "friday.db")
    after = shell("tick")

    assert (refused.code, again.code, restored.code, after.code) == (1, 1, 0, 0)
    assert "set aside as watcher.db.damaged-" in refused.err
    assert again.err == refused.err
    assert re.match(r"restored friday\.db: 0\.\d MB, \d+ rows, schema \d{4}, \d+\.\d s\n", restored.out)
    assert [presented(mail) for mail in shell.lab.mail.mails] == [{1}]


def test_restore_names_what_was_set_aside_and_waits_for_nobody(shell: Shell) -> None:
    shell("tick")
    shell("backup", "friday.db")
    with shell.lab.app() as app:
        app.process_lock  # noqa: B018 - being at work
        busy = shell("restore", "friday.db")

    done = shell("restore", "friday.db")

    assert busy.code == 5
    assert f"watcher is at work here (process {os.getpid()} on " in busy.err
    assert re.search(r"what was there before: .*watcher\.db\.before-restore-\d{8}T\d{6}Z$", done.out.strip())
    assert list((shell.lab.folder / "data").glob("watcher.db.before-restore-*"))


def test_check_warns_of_a_network_file_system_and_makes_no_database(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.lab.forget()
    table = shell.lab.folder / "mountinfo"
    table.write_text("21 1 0:1 / / rw shared:1 - nfs4 filer:/data rw\n")
    monkeypatch.setattr(mounts, "MOUNTS", table)

    said = shell("check")

    assert "lies on a network file system (nfs4 at /)" in said.out
    assert not (shell.lab.folder / "data").exists()
