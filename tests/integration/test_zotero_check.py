"""`watcher zotero check`: what the key may do in what the configuration names, before a local Zotero."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Shell
from support.rehearsal import lab

from standins.answers import Answer
from standins.zotero.server import ZoteroServer

KEY = "SAMPLEKEYSAMPLEKEY000001"
LAB = "groups/12345"
RIGHTS = {"library": True, "write": True}


@pytest.fixture
def zotero() -> Iterator[ZoteroServer]:
    with ZoteroServer() as one:
        one.key(KEY, 77, own={"library": True}, groups={"12345": RIGHTS})
        library = one.library(LAB)
        library.add_collection("ABCD2345", "Reading")
        library.add_item("AAAA2222", collections=["ABCD2345"])
        yield one


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], zotero: ZoteroServer
) -> Iterator[Shell]:
    with lab(tmp_path, [], monkeypatch) as one:
        one.move_clock("2026-03-02T09:00")
        (tmp_path / "key").write_text(f"{KEY}\n")
        one.document["zotero"] = {"library": LAB, "base_url": zotero.base_url, "api_key_file": "key", "collection": "ABCD2345"}
        one.write()
        yield Shell(one, monkeypatch, capsys)


def test_a_good_key_is_told_with_its_user_and_the_collection_by_name(shell: Shell) -> None:
    said = shell("zotero", "check")

    assert said.code == 0
    assert "users/77" in said.out
    assert f"{LAB}, collection ABCD2345 (Reading): 1 item directly in it" in said.out
    assert KEY not in said.out + said.err


def test_without_a_key_a_public_group_can_be_read(shell: Shell, zotero: ZoteroServer) -> None:
    zotero.library(LAB).reading = "all"
    shell.change("zotero", value={"library": LAB, "base_url": zotero.base_url})

    said = shell("zotero", "check")

    assert (said.code, "1 items can be read" in said.out) == (0, True)
    assert "public groups can be read" in said.out


def test_an_unknown_key_is_asked_with_once_and_what_to_do_is_told(shell: Shell, zotero: ZoteroServer) -> None:
    zotero.keys.clear()

    said = shell("zotero", "check")

    assert said.code == 3
    assert "Invalid key" in said.out
    assert "zotero.org/settings/keys" in said.out
    assert len(zotero.asked) == 1


def test_an_outage_is_no_fault_of_the_key(shell: Shell, zotero: ZoteroServer) -> None:
    zotero.plant(Answer(503, "Server updates in progress."))

    assert shell("zotero", "check").code == 4


def test_a_collection_in_the_trash_or_gone_is_not_good(shell: Shell, zotero: ZoteroServer) -> None:
    zotero.library(LAB).trash("ABCD2345")
    trashed = shell("zotero", "check", "--json")
    zotero.library(LAB).erase("ABCD2345")
    gone = shell("zotero", "check")

    assert (trashed.code, gone.code) == (3, 3)
    assert "trash" in json.loads(trashed.out)["findings"][1]["told"]
    assert "Collection not found" in gone.out


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("groups/12345", "groups/12345"),
        ("https://www.zotero.org/groups/12345/the_lab/library", "groups/12345"),
        ("users/77", "users/77"),
        ("", ""),
        ("labuser", None),
        ("groups/the_lab", None),
    ],
)
def test_a_library_is_taken_as_its_address_gives_it(shell: Shell, written: str, kept: str | None) -> None:
    shell.change("zotero", "library", value=written)

    said = shell("check")

    assert said.code == (1 if kept is None else 0)
    assert ("this is no library of Zotero" in said.err) == (kept is None)
