"""The chip "In your library", and papers left out, by what a local Zotero holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Shell
from support.zotero_lab import zotero_lab

from standins.answers import Answer
from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from standins.zotero.library import Library
from standins.zotero.server import ZoteroServer

RECORDS = [
    Planted(paper(1, title="Agrin at the neuromuscular junction", created="2026-03-04", abstract="MuSK.", doi="10.9999/One")),
    Planted(paper(2, title="Rapsyn and the neuromuscular junction", created="2026-03-05", abstract="Rapsyn.")),
    Planted(paper(3, title="The neuromuscular junction ages", created="2026-03-05", abstract="Ageing.", pmcid="PMC33")),
    Planted(paper(4, title="A neuromuscular junction that nobody has", created="2026-03-05", abstract="None.")),
]
CHIP = "In your library"


@pytest.fixture
def all_(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[Shell, ZoteroServer, Library]]:
    with zotero_lab(tmp_path, RECORDS, monkeypatch, capsys, seeds=["nmj"], seeds_from=[]) as made:
        shell, _, library = made
        shell.change("zotero", "mark_known", value=True)
        library.add_item("KNWA2222", title="Agrin", DOI="https://doi.org/10.9999/oNE")
        library.add_item("KNWB2222", "book", title="Rapsyn", extra="Citation Key: r\nPMID: 2")
        library.add_item("KNWC2222", title="Ageing", PMCID="PMC33")
        library.add_item("TRSH2222", title="Nobody's", PMID="4")
        library.trash("TRSH2222")
        yield made


def digest(shell: Shell, instant: str = "2026-03-09T08:01") -> dict[str, Any]:
    shell.at("2026-03-02T09:00", "tick")
    done = shell.at(instant, "digest", "lab-weekly", "--format", "json", "--out", "digest.json", "--force")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads((shell.lab.folder / "digest.json").read_text())
    return found


def chips(found: dict[str, Any]) -> dict[int, bool]:
    return {one["pmid"]: CHIP in one["chips"] for one in found["items"]}


def test_papers_of_the_library_have_a_chip_by_any_identifier_and_those_of_the_trash_none(
    all_: tuple[Shell, ZoteroServer, Library],
) -> None:
    shell, zotero, _ = all_

    found = digest(shell)

    assert chips(found) == {1: True, 2: True, 3: True, 4: False}
    assert found["receipt"]["in_library"] == 0
    assert zotero.most_at_once == 1
    assert "3 papers known" in shell("status").out
    assert json.loads(shell("status", "--json").out)["zotero"]["papers"] == 3


def test_papers_of_the_library_are_left_out_where_that_is_wanted_and_counted(all_: tuple[Shell, ZoteroServer, Library]) -> None:
    shell, *_ = all_
    shell.change("zotero", "leave_out_known", value=True)

    found = digest(shell)

    assert set(chips(found)) == {4}
    assert found["receipt"]["in_library"] == 3
    assert "it is in the lab's Zotero library" in shell("explain", 1).out
    assert "In your library, not shown" in shell.lab.mail.mails[-1].part("text/plain")


def test_the_library_is_read_once_a_day_and_only_what_is_new(all_: tuple[Shell, ZoteroServer, Library]) -> None:
    shell, zotero, library = all_
    shell.at("2026-03-02T09:00", "tick")
    first = len(zotero.asked)
    shell.at("2026-03-02T20:00", "tick")
    same_day = len(zotero.asked)
    shell.at("2026-03-03T10:00", "tick")
    next_day = len(zotero.asked)
    library.add_item("KNWD2222", title="Nobody's", PMID="4")
    library.erase("KNWA2222")
    zotero.asked.clear()
    shell.at("2026-03-04T11:00", "tick")

    assert (first, same_day, next_day) == (2, 2, 3)
    assert [one.query.get("itemKey") for one in zotero.asked] == [None, "KNWD2222"]
    assert chips(digest(shell)) == {1: False, 2: True, 3: True, 4: True}


def test_an_outage_leaves_what_is_known_and_a_page_in_the_middle_is_gone_on_with(all_: tuple[Shell, ZoteroServer, Library]) -> None:
    shell, zotero, library = all_
    for number in range(120):
        key = f"MANY{number:04d}".replace("0", "Z").replace("1", "Y")
        library.add_item(key, title=f"Paper {number}", PMID=str(9_000 + number))
    zotero.plant(Answer(429, "Request rate limit exceeded", {"Retry-After": "10"}), path="/items")
    shell.at("2026-03-02T09:00", "tick")
    zotero.plant(Answer(503, "Server updates in progress."), times=5)
    shell.at("2026-03-02T09:30", "tick")
    shell.at("2026-03-02T18:00", "tick")
    zotero.planted.clear()
    shell.at("2026-03-03T18:00", "tick")

    assert "123 papers known" in shell("status").out


@pytest.mark.parametrize("refused", [Answer(403, "Forbidden"), Answer(404, "Not found")], ids=["forbidden", "gone"])
def test_a_refusal_is_warned_of_and_a_digest_goes_out_all_the_same(
    all_: tuple[Shell, ZoteroServer, Library], refused: Answer
) -> None:
    shell, zotero, _ = all_
    zotero.plant(refused, times=50)

    found = digest(shell)

    assert set(chips(found)) == {1, 2, 3, 4}
    assert "library-unread" in {one["code"] for one in json.loads(shell("status", "--json").out)["warnings"]}


def test_marks_without_a_library_are_refused(all_: tuple[Shell, ZoteroServer, Library]) -> None:
    shell, *_ = all_
    shell.change("zotero", "library", value="")

    said = shell("check")

    assert (said.code, "mark_known needs a library" in said.err) == (1, True)
