"""Seeds that follow a collection of Zotero: through what people do there, and through every way of Zotero's to fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Shell
from support.zotero_lab import LAB, SEEDS, zotero_lab

from standins.answers import Answer
from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from standins.zotero.library import Library
from standins.zotero.server import ZoteroServer

RECORDS = [
    Planted(paper(1, title="Agrin at the neuromuscular junction", created="2020-03-04", abstract="MuSK.", doi="10.9999/one")),
    Planted(paper(2, title="Rapsyn and the neuromuscular junction of mice", created="2020-03-05", abstract="Rapsyn.")),
    Planted(paper(3, title="The neuromuscular junction ages with its Schwann cells", created="2020-01-01", abstract="Ageing.")),
    Planted(paper(5, title="Agrin and MuSK again at the neuromuscular junction", created="2026-03-05", abstract="MuSK, agrin.")),
]
SHARED = Path(__file__).parents[3] / "shared" / "zotero"


@pytest.fixture
def all_(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[Shell, ZoteroServer, Library]]:
    with zotero_lab(tmp_path, RECORDS, monkeypatch, capsys) as made:
        yield made


@pytest.fixture
def shell(all_: tuple[Shell, ZoteroServer, Library]) -> Shell:
    return all_[0]


@pytest.fixture
def zotero(all_: tuple[Shell, ZoteroServer, Library]) -> ZoteroServer:
    return all_[1]


@pytest.fixture
def library(all_: tuple[Shell, ZoteroServer, Library]) -> Library:
    """The group's library, with three papers in the collection: by field, by lines in Extra."""
    library = all_[2]
    library.add_item("PAPA2222", collections=[SEEDS], title="Agrin at the neuromuscular junction", PMID="1")
    library.add_item(
        "PAPB2222",
        collections=[SEEDS],
        title="Rapsyn and the neuromuscular junction of mice",
        extra="Citation Key: r\npmid: 2\ntex.x: y",
    )
    library.add_item(
        "PAPC2222",
        "preprint",
        collections=[SEEDS],
        title="The neuromuscular junction ages with its Schwann cells",
        extra="PMID: 3",
    )
    return library


def seeds(shell: Shell) -> set[str]:
    """The items that are seeds, by their keys, as `watcher seeds` tells them."""
    said = shell("seeds")
    return {
        line.split("item ")[1][:8] for line in said.out.splitlines() if f"zotero:{LAB}/{SEEDS}" in line and "warning" not in line
    }


def status(shell: Shell) -> dict[str, object]:
    (watch,) = json.loads(shell("status", "--json").out)["watches"]
    (found,) = watch["seeds_from"]
    return dict(found)


def warned(shell: Shell) -> set[str]:
    return {one["code"] for one in json.loads(shell("status", "--json").out)["warnings"]}


def test_a_watch_without_a_folder_runs_by_what_its_collection_holds(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    said = shell("run")

    assert (said.code, library.version > 0) == (0, True)
    assert seeds(shell) == {"PAPA2222", "PAPB2222", "PAPC2222"}
    told = shell("seeds").out
    assert "PMID 1" in told
    assert "PMID 2" in told
    assert {one["papers"] for one in [status(shell)]} == {3}
    assert f"its seeds follow zotero:{LAB}/{SEEDS} (Examples): 3 papers" in shell("status").out
    assert zotero.most_at_once == 1


def test_what_is_behind_a_score_names_the_nearest_seed_of_the_collection(shell: Shell, library: Library) -> None:
    library.version += 1
    shell("run")
    shell.at("2026-03-06T09:00", "run")

    assert "Agrin at the neuromuscular junction" in shell("rank", "--explain", 5).out


def test_check_names_the_collection_and_asks_nobody(shell: Shell, zotero: ZoteroServer) -> None:
    said = shell("check")

    assert (said.code, zotero.asked) == (0, [])
    assert f"0 seeds, and those of zotero:{LAB}/{SEEDS}" in said.out


def test_a_library_that_stands_still_costs_one_request_and_is_read_whole_after_a_week(
    shell: Shell, library: Library, zotero: ZoteroServer
) -> None:
    shell("run")
    zotero.asked.clear()

    shell.at("2026-03-03T09:00", "run")
    quiet = len(zotero.asked)
    shell.at("2026-03-09T10:00", "run")

    assert (library.version, quiet) == (4, 1)
    assert [one.headers.get("If-Modified-Since-Version") for one in zotero.asked[:2]] == ["4", None]


def test_papers_come_leave_go_to_the_trash_and_are_edited(shell: Shell, library: Library) -> None:
    shell("run")
    library.add_item("PAPD2222", collections=[SEEDS], title="Agrin and MuSK again at the neuromuscular junction", PMID="5")
    shell.at("2026-03-03T09:00", "run")
    came = seeds(shell)
    library.change("PAPA2222", collections=[])
    library.trash("PAPB2222")
    shell.at("2026-03-04T09:00", "run")

    assert came == {"PAPA2222", "PAPB2222", "PAPC2222", "PAPD2222"}
    assert seeds(shell) == {"PAPC2222", "PAPD2222"}


def test_a_paper_that_is_edited_is_looked_up_anew(shell: Shell, library: Library) -> None:
    shell("run")
    library.change("PAPB2222", extra="PMID: 3", title="The neuromuscular junction ages with its Schwann cells")

    shell.at("2026-03-03T09:00", "run")

    row = next(line for line in shell("seeds").out.splitlines() if "PAPB2222" in line)
    assert "PMID 3" in row


def test_the_next_digest_tells_how_the_seeds_have_changed(shell: Shell, library: Library) -> None:
    shell.at("2026-03-02T09:00", "tick")
    shell.at("2026-03-09T08:01", "tick")
    library.add_item("PAPD2222", collections=[SEEDS], title="Agrin and MuSK again", PMID="5")
    library.erase("PAPA2222")
    shell.at("2026-03-10T09:00", "tick")

    said = shell.at("2026-03-16T08:01", "digest", "lab-weekly", "--dry-run")

    assert "its seeds follow the collection Examples, in which 1 paper came, 1 paper left" in " ".join(said.out.split())


def test_a_file_without_a_papers_data_and_an_item_of_nothing_are_told_with_their_keys(shell: Shell, library: Library) -> None:
    library.add_item("FILE2222", "attachment", collections=[SEEDS], title="scan.pdf")
    library.add_item("NOTE2222", "note", collections=[SEEDS], note="<p>read this</p>")
    library.add_item("VOID2222", collections=[SEEDS])
    library.add_item("LOST2222", collections=[SEEDS], title="A paper that PubMed does not know at all", PMID="999")

    shell("run")

    told = shell("status").out
    assert "item FILE2222 (“scan.pdf”) is a file" in told
    assert "item VOID2222: neither an identifier nor a title" in told
    assert "item LOST2222" in told
    assert "NOTE2222" not in told
    assert seeds(shell) == {"PAPA2222", "PAPB2222", "PAPC2222", "LOST2222"}


@pytest.mark.parametrize("tags", [[{"type": 1}], [{"tag": None, "type": 1}], ["x", None], "x", {"tag": "x", "type": 1}])
def test_tags_that_are_none_keep_no_paper_back(shell: Shell, library: Library, tags: object) -> None:
    library.add_item("PAPD2222", collections=[SEEDS], title="Agrin and MuSK again", PMID="5", tags=tags)

    assert shell("run").code == 0
    assert "PAPD2222" in seeds(shell)


def test_subcollections_count_where_that_is_wanted_and_not_those_of_the_trash(shell: Shell, library: Library) -> None:
    library.add_collection("SUBA2222", "Below", parent=SEEDS)
    library.add_collection("SUBB2222", "Farther below", parent="SUBA2222")
    library.add_collection("SUBC2222", "Thrown away", parent=SEEDS)
    library.add_collection("SUBD2222", "Lost", parent="GONE2222")
    library.trash("SUBC2222")
    library.add_item("PAPD2222", collections=["SUBB2222"], title="Agrin and MuSK again at the neuromuscular junction", PMID="5")
    library.add_item("PAPE2222", collections=["SUBC2222"], title="Agrin and MuSK again in the trash")
    shell.change("watches", "nmj", "seeds_from", value=[{"library": LAB, "collection": SEEDS, "subcollections": True}])

    shell("run")

    assert {line.split("item ")[1][:8] for line in shell("seeds").out.splitlines() if "item " in line} == {
        "PAPA2222",
        "PAPB2222",
        "PAPC2222",
        "PAPD2222",
    }


def test_a_paper_that_moves_between_collections_while_they_are_read_is_not_lost(
    shell: Shell, library: Library, zotero: ZoteroServer
) -> None:
    library.add_collection("SUBA2222", "Below", parent=SEEDS)
    library.add_item("PAPD2222", collections=["SUBA2222"], title="Agrin and MuSK again", PMID="5")
    shell.change("watches", "nmj", "seeds_from", value=[{"library": LAB, "collection": SEEDS, "subcollections": True}])
    shell("run")
    there = True

    def move(asked: object) -> None:
        nonlocal there
        if getattr(asked, "path", "").endswith("SUBA2222/items/top"):
            there = not there
            library.change("PAPD2222", collections=[SEEDS] if there else ["SUBA2222"])

    library.change("PAPD2222", collections=["SUBA2222"])
    zotero.on_request = move
    shell.at("2026-03-03T09:00", "run")

    assert "PAPD2222" in shell("seeds").out


# --- what fails leaves the seeds as they were ------------------------------------------------------------------------------------------


FAILURES = {
    "bad key": Answer(403, "Invalid key"),
    "forbidden": Answer(403, "Forbidden"),
    "collection gone": Answer(404, "Collection not found"),
    "group gone": Answer(404, "Not found"),
    "two keys": Answer(400, "Zotero-API-Key header and &#039;key&#039; parameter differ"),
    "too often": Answer(429, "Request rate limit exceeded", {"Retry-After": "10"}),
    "too many at once": Answer(429, "Concurrent request limit exceeded", {"Retry-After": "17"}),
    "bad keys from here": Answer(429, "Too many authentication failures"),
    "error": Answer(500, "An error occurred"),
    "local api": Answer(501, "Method not implemented"),
    "maintenance": Answer(503, "Server updates in progress. Please try again in a few minutes."),
    "gateway": Answer(504, "<html>\n<head><title>504 Gateway Time-out</title></head>\n</html>"),
    "hung up": Answer(0),
    "a page of a proxy": Answer(200, "<html>log in</html>"),
    "empty": Answer(200, "{}", {"Last-Modified-Version": "99"}),
    "an empty list": Answer(200, "[]", {"Last-Modified-Version": "99"}),
}


@pytest.mark.parametrize("answer", FAILURES.values(), ids=FAILURES.keys())
def test_no_answer_empties_the_seeds_and_each_is_told(shell: Shell, library: Library, zotero: ZoteroServer, answer: Answer) -> None:
    shell("run")
    before = seeds(shell)
    library.version += 1
    zotero.plant(answer, path="/items/top", times=50)

    said = shell.at("2026-03-03T09:00", "run")
    after = seeds(shell)
    shell.at("2026-03-04T09:00", "run")
    shell.at("2026-03-05T09:00", "run")

    assert said.code == 0
    assert len(before) == 3
    assert after == seeds(shell) == before
    assert warned(shell) & {"collection-unread", "collection-shrank"}


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded and composed answers (../shared/zotero) are not here")
@pytest.mark.parametrize("path", sorted((SHARED / "errors").glob("*")) if SHARED.exists() else [], ids=lambda path: path.name)
def test_every_recorded_error_leaves_the_seeds_as_they_were(
    shell: Shell, library: Library, zotero: ZoteroServer, path: Path
) -> None:
    shell("run")
    library.version += 1
    text = path.read_text(encoding="utf-8")
    head, _, body = text.partition("\n\n") if path.suffix == ".http" else ("", "", text)
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    zotero.plant(Answer(int(path.name[:3]), body, headers), times=50)

    said = shell.at("2026-03-03T09:00", "run")

    assert said.code == 0
    assert len(seeds(shell)) == 3


def test_an_outage_before_the_first_reading_fails_the_run_and_passes(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    zotero.plant(Answer(503, "Server updates in progress."))

    failed = shell("run")
    mended = shell("run")

    assert (failed.code, mended.code) == (4, 0)
    assert library.filed_under(SEEDS)
    assert len(seeds(shell)) == 3


def test_an_unknown_key_is_not_tried_again_and_again(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    shell("run")
    zotero.asked.clear()
    known = dict(zotero.keys)
    zotero.keys.clear()

    for hour in range(10, 20):
        shell.at(f"2026-03-02T{hour}:00", "run")
    refused = len(zotero.asked)
    zotero.keys.update(known)
    library.version += 1
    (shell.lab.folder / "key2").write_text((shell.lab.folder / "key").read_text())
    shell.change("zotero", "api_key_file", value="key2")
    shell.change("timezone", value="Europe/Paris")
    shell.at("2026-03-02T20:00", "run")

    assert refused == 1
    assert warned(shell) == set(), shell("status").out


def test_a_key_that_is_known_again_is_tried_after_a_day_however_often_it_was_wanted(
    shell: Shell, library: Library, zotero: ZoteroServer
) -> None:
    shell("run")
    library.version += 1
    known = dict(zotero.keys)
    zotero.keys.clear()
    shell.at("2026-03-02T10:00", "run")
    zotero.keys.update(known)
    zotero.asked.clear()

    for hour in range(11, 24):
        shell.at(f"2026-03-02T{hour}:00", "run")
    shell.at("2026-03-03T09:59", "run")
    said = status(shell)["error"]
    before = len(zotero.asked)
    shell.at("2026-03-03T10:01", "run")

    assert before == 0
    assert str(said).count("not asked again") == 1
    assert zotero.asked
    assert warned(shell) == set()


def test_a_collection_in_the_trash_keeps_the_seeds_until_it_is_restored(shell: Shell, library: Library) -> None:
    shell("run")
    library.trash(SEEDS)
    shell.at("2026-03-03T09:00", "run")
    trashed = shell("status").out
    library.collections[SEEDS].pop("deleted")
    library.version += 1
    shell.at("2026-03-04T09:00", "run")

    assert "lies in the trash" in trashed
    assert len(seeds(shell)) == 3
    assert warned(shell) == set(), shell("status").out


def test_a_collection_that_shrinks_below_half_keeps_the_former_set_until_that_is_accepted(shell: Shell, library: Library) -> None:
    shell("run")
    library.erase("PAPA2222")
    library.erase("PAPB2222")
    shell.at("2026-03-03T09:00", "run")
    held, told = seeds(shell), shell("status").out
    accepted = shell("zotero", "accept", "nmj")
    again = shell("zotero", "accept", "nmj")
    shell.at("2026-03-04T09:00", "run")

    assert len(held) == 3
    assert "holds 1 papers only, fewer than half of 3" in told
    assert (accepted.code, again.code) == (0, 0)
    assert seeds(shell) == {"PAPC2222"}
    assert warned(shell) == set(), shell("status").out
    assert shell("zotero", "accept", "nmj").code == 1


def test_a_backoff_on_a_good_answer_is_heeded_by_the_next_process_too(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    shell("run")
    library.add_item("PAPD2222", collections=[SEEDS], title="Agrin and MuSK again", PMID="5")
    zotero.plant(Answer(0, headers={"Backoff": "3600"}), headers_only=True)
    zotero.asked.clear()

    shell.at("2026-03-03T09:00", "run")
    shell.at("2026-03-03T09:30", "run")
    during = len(zotero.asked)
    shell.at("2026-03-03T10:01", "run")

    assert during == 1
    assert "PAPD2222" in seeds(shell)


def test_pages_that_fail_are_gone_on_with(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    for number in range(60):
        library.add_item(
            f"MANY{number:04d}".replace("0", "Z").replace("1", "Y"), collections=[SEEDS], title=f"Paper {number} of many"
        )
    zotero.plant(Answer(504, "<html></html>"), path="/items", times=3)

    shell("run")

    assert status(shell)["papers"] == 63


def test_an_item_that_is_listed_and_not_given_is_asked_for_again(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    shell("run")
    library.add_item("PAPD2222", collections=[SEEDS], title="Agrin and MuSK again", PMID="5")
    zotero.plant(Answer(200, "[]"), path="/items")

    shell.at("2026-03-03T09:00", "run")
    first = seeds(shell)
    shell.at("2026-03-04T09:00", "run")

    assert "PAPD2222" not in first
    assert "PAPD2222" in seeds(shell)


def test_seeds_of_files_and_of_collections_are_one_set_and_a_paper_of_both_comes_once(shell: Shell, library: Library) -> None:
    (shell.lab.folder / "seeds" / "nmj" / "more.list").write_text("1\n5\n")
    shell.change("watches", "nmj", "seeds", value=["nmj"])
    library.version += 1

    shell("run")

    told = shell("seeds").out
    assert "watch nmj: 5 seeds" in told
    assert "more.list" in told
    assert "PAPA2222" not in told
    assert "PAPB2222" in told
