"""Seeds, marks and pushes of a lab with a local Zotero, on SQLite and on PostgreSQL: the same through outages, a kill and a lost answer."""

from __future__ import annotations

import json
import signal
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Shell
from support.two_databases import Place
from support.zotero_lab import SEEDS, zotero_lab

from standins.answers import Answer
from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from standins.zotero.server import Asked, ZoteroServer

INTO = "PVSH2345"
TITLES = {number: f"Agrin at the neuromuscular junction, part {number}" for number in range(1, 8)}
RECORDS = [
    Planted(paper(number, title=title, created="2026-03-04" if number < 5 else "2020-01-01", abstract="MuSK."))
    for number, title in TITLES.items()
]


def test_a_lab_lives_with_its_zotero_on_both_databases(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with zotero_lab(tmp_path, RECORDS, monkeypatch, capsys) as (shell, zotero, library):
        shell.change("database", value={"url": place.url})
        shell.change("zotero", "push", value={"collection": INTO})
        shell.change("zotero", "mark_known", value=True)
        library.add_collection(INTO, "From the watcher")
        library.add_item("SEED2222", collections=[SEEDS], title=TITLES[5], PMID="5")
        library.add_item("SEED3333", collections=[SEEDS], title=TITLES[6] + "\x00\ud800", extra="pmid:6")
        library.add_item("HAVE2222", collections=["THEM2222"], title=TITLES[1], extra="PMID: 1", tags=[{"tag": "mine"}])

        assert shell("run").code == 0
        zotero.plant(Answer(503, "Server updates in progress. \x00"), path="/items/top", times=2)
        assert shell.at("2026-03-05T09:00", "run").code == 0
        library.change("SEED3333", collections=[])
        library.add_item("SEED4444", collections=[SEEDS], title=TITLES[7], PMID="7")
        assert shell.at("2026-03-06T09:00", "run").code == 0
        shell.at("2026-03-09T08:01", "digest", "lab-weekly", "--format", "json", "--out", "digest.json", "--force")
        for pmid in (1, 2, 3, 4):
            assert shell("mark", pmid, "relevant").code == 0
        zotero.plant(Answer(0), method="POST", after=True)
        lost = shell("zotero", "push")
        killed = _killed(shell, zotero)
        mended = shell("zotero", "push")
        told = status(shell)

        assert chips((shell.lab.folder / "digest.json").read_text()) == {1: True, 2: False, 3: False, 4: False}
        assert (lost.code, killed, mended.code) == (3, -signal.SIGKILL, 0)
        assert told["watches"][0]["seeds_from"][0]["papers"] == 2
        assert {key: told["zotero"]["push"][key] for key in ("pending", "parked", "pushed")} == {
            "pending": 0,
            "parked": 0,
            "pushed": 4,
        }
        assert len(library.filed_under(INTO)) == 4
        assert len(library.items) == 7
        assert library.items["HAVE2222"]["collections"] == ["THEM2222", INTO]
        assert library.items["HAVE2222"]["tags"] == [{"tag": "mine"}]
        assert place.rows()["zotero_push"]


def _killed(shell: Shell, zotero: ZoteroServer) -> int:
    """How a push ends that is killed while it reads the library."""
    begun: list[Asked] = []

    def kill(asked: Asked) -> None:
        if not begun:
            begun.append(asked)
            process.process.kill()
            assert wait([process.process.sentinel], 30)

    zotero.on_request = kill
    process = shell.fork("zotero", "push")
    said = process.end()
    zotero.on_request = lambda _asked: None
    return said.code


def status(shell: Shell) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell("status", "--json").out)
    return found


def chips(told: str) -> dict[int, bool]:
    return {one["pmid"]: "In your library" in one["chips"] for one in json.loads(told)["items"]}
