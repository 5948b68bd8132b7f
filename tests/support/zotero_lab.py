"""A lab with a local Zotero beside its local PubMed: a group with a key that may write, and a collection that seeds follow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from standins.eutils.corpus import Planted
from standins.zotero.library import Library
from standins.zotero.server import ZoteroServer
from support.command_line import Shell
from support.rehearsal import lab
from watcher import clock

KEY = "SAMPLEKEYSAMPLEKEY000001"
LAB = "groups/12345"
SEEDS = "SEED2345"
USER = 77


@contextmanager
def zotero_lab(
    folder: Path,
    records: list[Planted],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    **watch: Any,  # noqa: ANN401 - any configuration value
) -> Iterator[tuple[Shell, ZoteroServer, Library]]:
    """A shell in the lab, its Zotero, and the group's library; the watch's seeds are those of the collection alone, unless told otherwise."""
    with lab(folder, records, monkeypatch) as one, ZoteroServer(clock=clock.now) as zotero:
        zotero.key(KEY, USER, groups={"12345": {"library": True, "write": True}})
        library = zotero.library(LAB)
        library.add_collection(SEEDS, "Examples")
        (folder / "key").write_text(f"{KEY}\n")
        one.document["zotero"] = {"library": LAB, "base_url": zotero.base_url, "api_key_file": "key"}
        section = one.document["watches"]["nmj"]
        section["seeds_from"] = [{"library": LAB, "collection": SEEDS}]
        del section["seeds"]
        section.update(watch)
        one.write()
        one.move_clock("2026-03-02T09:00")
        yield Shell(one, monkeypatch, capsys), zotero, library
