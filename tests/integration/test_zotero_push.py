"""Marked papers get into a collection of a local Zotero: once each, through every answer, a lost one and a kill too."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Shell
from support.zotero_lab import USER, zotero_lab

from standins.answers import Answer
from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from standins.zotero.library import FIELDS, Library
from standins.zotero.server import Asked, ZoteroServer
from watcher.flows.deliver.leases import held
from watcher.flows.deliver.pushing import LEASE

RECORDS = [
    Planted(
        paper(
            1,
            title="Agrin at the neuromuscular junction",
            created="2020-03-04",
            abstract="MuSK.",
            doi="10.9999/One",
            pmcid="PMC11",
            keywords=("Synapse", "x" * 300),
        )
    ),
    Planted(
        paper(2, title="Rapsyn and the neuromuscular junction of mice", created="2020-03-05", abstract="Rapsyn.", doi="10.9999/two")
    ),
    Planted(
        paper(
            3,
            title="The neuromuscular junction as a preprint",
            created="2020-01-01",
            abstract="Early.",
            doi="10.9999/three",
            types=("Preprint",),
        )
    ),
    *(
        Planted(paper(number, title=f"Paper number {number} on the neuromuscular junction", created="2020-01-01", abstract="Many."))
        for number in range(100, 170)
    ),
]
INTO = "PVSH2345"
SHARED = Path(__file__).parents[3] / "shared" / "zotero"


@pytest.fixture
def all_(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[Shell, ZoteroServer, Library]]:
    with zotero_lab(tmp_path, RECORDS, monkeypatch, capsys, seeds=["nmj"], seeds_from=[]) as made:
        shell, _, library = made
        library.add_collection(INTO, "From the watcher")
        shell.change("zotero", "push", value={"collection": INTO})
        shell.change("watches", "nmj", "start", value={"days": 30, "papers": 0})
        _searched(shell)
        yield made


_KEPT: list[Path] = []
"""The data folder after the first run, made once in a process: every test begins there."""


def _searched(shell: Shell) -> None:
    """The lab after its first run."""
    data = shell.lab.folder / "data"
    if _KEPT:
        shutil.copytree(_KEPT[0], data, dirs_exist_ok=True)
        return
    assert shell("run").code == 0
    _KEPT.append(Path(tempfile.mkdtemp()) / "data")
    shutil.copytree(data, _KEPT[0])


@pytest.fixture
def shell(all_: tuple[Shell, ZoteroServer, Library]) -> Shell:
    return all_[0]


@pytest.fixture
def zotero(all_: tuple[Shell, ZoteroServer, Library]) -> ZoteroServer:
    return all_[1]


@pytest.fixture
def library(all_: tuple[Shell, ZoteroServer, Library]) -> Library:
    return all_[2]


def mark(shell: Shell, *pmids: int, said: str = "relevant") -> None:
    for pmid in pmids:
        assert shell("mark", pmid, said).code == 0
    shell("run")  # the texts of marked papers are fetched


def state(shell: Shell) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell("status", "--json").out)
    return {key: found["zotero"]["push"][key] for key in ("pending", "parked", "pushed")}


def subjects(shell: Shell) -> list[str]:
    return [str(one.message["Subject"]) for one in shell.lab.mail.mails]


def by_pmid(library: Library) -> dict[str, dict[str, Any]]:
    """The items of the collection by their PMID, wherever that stands."""
    found = {}
    for key in library.filed_under(INTO):
        one = library.items[key]
        extra = [line.removeprefix("PMID: ") for line in str(one.get("extra", "")).splitlines() if line.startswith("PMID: ")]
        found[one.get("PMID") or extra[0]] = one
    return found


def test_a_marked_paper_gets_into_the_collection_once(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    mark(shell, 1, 3)

    shell.at("2026-03-02T10:00", "tick")
    writes = len(zotero.calls("POST"))
    shell.at("2026-03-02T11:00", "tick")
    shell("zotero", "push")

    article, preprint = by_pmid(library)["1"], by_pmid(library)["3"]
    assert (article["itemType"], article["DOI"], article["PMCID"], article["title"]) == (
        "journalArticle", "10.9999/One", "PMC11", "Agrin at the neuromuscular junction",
    )  # fmt: skip
    assert article["tags"] == [{"tag": "Synapse", "type": 1}]
    assert (preprint["itemType"], preprint["DOI"], preprint["extra"]) == ("preprint", "10.9999/three", "PMID: 3")
    assert len(library.filed_under(INTO)) == 2
    assert (writes, len(zotero.calls("POST"))) == (1, 1)
    assert state(shell) == {"pending": 0, "parked": 0, "pushed": 2}
    assert zotero.most_at_once == 1
    assert all("If-Unmodified-Since-Version" not in one.headers for one in zotero.calls("POST"))


def test_the_fields_of_an_old_schema_are_heeded(shell: Shell, library: Library) -> None:
    library.fields["journalArticle"] = tuple(one for one in FIELDS["journalArticle"] if one not in ("PMID", "PMCID"))
    mark(shell, 1)

    shell("zotero", "push")

    (item,) = by_pmid(library).values()
    assert item["extra"] == "PMID: 1\nPMCID: PMC11"


def test_a_field_that_the_template_promised_and_the_service_refuses_goes_to_extra(
    shell: Shell, library: Library, zotero: ZoteroServer
) -> None:
    library.fields["journalArticle"] = tuple(one for one in FIELDS["journalArticle"] if one not in ("PMID", "PMCID", "language"))
    whole = {"itemType": "journalArticle", **dict.fromkeys(FIELDS["journalArticle"], "")}
    zotero.plant(Answer(200, json.dumps(whole)), path="/items/new", times=9)
    mark(shell, 1, 2, 100)

    shell("zotero", "push")

    found = by_pmid(library)
    assert {pmid: item["extra"] for pmid, item in found.items()} == {
        "1": "PMID: 1\nPMCID: PMC11",
        "2": "PMID: 2",
        "100": "PMID: 100",
    }
    assert state(shell) == {"pending": 0, "parked": 0, "pushed": 3}


def test_a_service_without_templates_gets_what_every_schema_has(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    zotero.plant(Answer(404, "Not found"), path="/items/new", times=9)
    mark(shell, 1, 3)

    shell("zotero", "push")

    assert by_pmid(library).keys() == {"1", "3"}


@pytest.mark.parametrize(
    "there",
    [
        {"DOI": "https://doi.org/10.9999/oNE"},
        {"PMID": "1"},
        {"extra": "tex.a: b\npmid: 1"},
        {"PMCID": "PMC11"},
        {"date": "2026-09"},
    ],
    ids=["doi", "pmid", "extra", "pmcid", "title and year"],
)
def test_a_paper_that_is_there_is_filed_and_never_doubled(shell: Shell, library: Library, there: dict[str, str]) -> None:
    library.add_collection("THEM2222")
    library.add_item(
        "HAVE2222", collections=["THEM2222"], title="Agrin at the neuromuscular junction", tags=[{"tag": "mine"}], **there
    )
    mark(shell, 1)

    shell("zotero", "push")

    assert library.filed_under(INTO) == ["HAVE2222"]
    assert library.items["HAVE2222"]["collections"] == ["THEM2222", INTO]
    assert library.items["HAVE2222"]["tags"] == [{"tag": "mine"}]
    assert len(library.items) == 1


@pytest.mark.parametrize(("path", "body"), [("/items", "[]"), ("/items/top", "{}"), ("/items/top", "[]")])
def test_an_empty_answer_from_something_between_doubles_nothing(
    shell: Shell, library: Library, zotero: ZoteroServer, path: str, body: str
) -> None:
    library.add_item("HAVE2222", title="Agrin at the neuromuscular junction", PMID="1")
    mark(shell, 1)
    zotero.plant(Answer(200, body), path=path)

    kept_back = shell("zotero", "push")
    shell("zotero", "push")

    assert "none of its Web API" in kept_back.out
    assert library.filed_under(INTO) == ["HAVE2222"]
    assert len(library.items) == 1


def test_a_paper_that_is_in_the_collection_already_needs_no_write(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    library.add_item("HAVE2222", collections=[INTO], title="Agrin", PMID="1")
    mark(shell, 1)

    shell("zotero", "push")

    assert zotero.calls("POST") == []
    assert state(shell)["pushed"] == 1


def test_seventy_papers_go_in_two_writes_of_fifty_at_most(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    mark(shell, *range(100, 170))

    shell("zotero", "push")

    assert [len(json.loads(one.body)) for one in zotero.calls("POST")] == [50, 20]
    assert len(library.filed_under(INTO)) == 70


def test_later_is_pushed_where_that_is_wanted_and_no_other_verdict(shell: Shell, library: Library) -> None:
    shell.change("zotero", "push", value={"collection": INTO, "what": "later"})
    mark(shell, 1)
    mark(shell, 2, said="later")

    shell("zotero", "push")

    assert by_pmid(library).keys() == {"2"}


def test_a_verdict_that_is_taken_back_before_the_push_takes_the_paper_along(shell: Shell, library: Library) -> None:
    mark(shell, 1, 2)
    shell("mark", 1, "undo")

    shell("zotero", "push")
    shell("mark", 2, "undo")
    shell("zotero", "push")

    assert by_pmid(library).keys() == {"2"}


def test_today_s_collection_is_where_push_names_none_and_the_library_where_neither_does(shell: Shell, library: Library) -> None:
    shell.change("zotero", "push", value={"what": "relevant"})
    shell.change("zotero", "collection", value=INTO)
    mark(shell, 1)
    shell("zotero", "push")
    shell.change("zotero", "collection", value="")
    mark(shell, 2)
    shell("zotero", "push")

    assert by_pmid(library).keys() == {"1"}
    assert len(library.items) == 2


# --- what goes wrong ------------------------------------------------------------------------------------------------------------------


def test_an_answer_that_is_lost_after_the_write_doubles_nothing(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    zotero.plant(Answer(0), method="POST", after=True)
    mark(shell, 1, 2)

    lost = shell("zotero", "push")
    held = state(shell)
    shell("zotero", "push")

    assert (lost.code, held["pending"]) == (3, 2)
    assert by_pmid(library).keys() == {"1", "2"}
    assert len(library.items) == 2
    assert len(zotero.calls("POST")) == 1
    assert state(shell) == {"pending": 0, "parked": 0, "pushed": 2}


@pytest.mark.parametrize("when", ["before the write", "after the write", "while it is read"])
def test_a_kill_in_mid_push_loses_and_doubles_nothing(shell: Shell, library: Library, zotero: ZoteroServer, when: str) -> None:
    mark(shell, 1, 2)
    killed: list[Any] = []

    def kill(asked: Asked) -> None:
        is_it = asked.method == "POST" if when != "while it is read" else asked.path.endswith("/items/top")
        if is_it and not killed:
            killed.append(asked)
            if when == "after the write":
                library.write(json.loads(asked.body))
            process.process.kill()
            assert wait([process.process.sentinel], 30)  # `end` asks how it ended: two threads may not

    zotero.on_request = kill
    process = shell.fork("zotero", "push")
    said = process.end()
    zotero.on_request = lambda _asked: None
    after = shell("zotero", "push")

    assert (said.code, after.code) == (-signal.SIGKILL, 0)
    assert by_pmid(library).keys() == {"1", "2"}
    assert len(library.items) == 2


def test_a_push_beside_another_process_says_so_and_not_that_nothing_is_owed(shell: Shell, library: Library) -> None:
    mark(shell, 1)
    with shell.lab.app() as app, held(app.store, LEASE, "another"):
        said = shell("zotero", "push")

    assert (said.code, said.out) == (0, "pushed into Zotero: another process does it just now\n")
    assert by_pmid(library) == {}
    assert shell("zotero", "push").out == "pushed into Zotero: 1 new\n"


def test_two_processes_push_the_same_once(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    mark(shell, *range(100, 130))

    ends = [one.end().code for one in [shell.fork("zotero", "push"), shell.fork("zotero", "push")]]
    shell("zotero", "push")

    assert ends == [0, 0]
    assert len(library.filed_under(INTO)) == len(library.items) == 30
    assert zotero.most_at_once == 1


PASSING = {
    "rate": Answer(429, "Request rate limit exceeded", {"Retry-After": "10"}),
    "at once": Answer(429, "Concurrent request limit exceeded", {"Retry-After": "17"}),
    "rate without a word": Answer(429, "Request rate limit exceeded"),
    "bad keys from here": Answer(429, "Too many authentication failures"),
    "error": Answer(500, "An error occurred"),
    "maintenance": Answer(503, "Server updates in progress. Please try again in a few minutes."),
    "gateway": Answer(504, "<html><head><title>504 Gateway Time-out</title></head></html>"),
    "locked": Answer(409, "Library is locked"),
    "a page of a proxy": Answer(200, "<html>log in</html>"),
    "hung up": Answer(0),
}
FINAL = {
    "bad key": Answer(403, "Invalid key"),
    "may not write": Answer(403, "Write access denied"),
    "no key": Answer(403, "An API key is required for write requests."),
    "gone": Answer(404, "Not found"),
    "method": Answer(405, "Method not allowed"),
    "precondition": Answer(428, "Either If-Unmodified-Since-Version or object version property must be provided"),
}


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING.keys())
def test_what_may_pass_is_tried_again_by_itself(shell: Shell, library: Library, zotero: ZoteroServer, answer: Answer) -> None:
    mark(shell, 1)
    zotero.plant(answer, method="POST")

    shell.at("2026-03-02T10:00", "tick")
    held = state(shell)
    shell.at("2026-03-02T10:00:30", "tick")
    during = len(zotero.calls("POST"))
    shell.at("2026-03-02T14:30", "tick")

    assert held == {"pending": 1, "parked": 0, "pushed": 0}
    assert during == 1
    assert by_pmid(library).keys() == {"1"}
    assert len(library.items) == 1


@pytest.mark.parametrize("answer", FINAL.values(), ids=FINAL.keys())
def test_what_cannot_pass_is_parked_told_and_tried_daily(
    shell: Shell, library: Library, zotero: ZoteroServer, answer: Answer
) -> None:
    mark(shell, 1)
    zotero.plant(answer, method="POST")

    shell.at("2026-03-02T10:00", "tick")
    held, told = state(shell), shell("status").out
    mails = subjects(shell)
    shell.at("2026-03-02T20:00", "tick")
    during = len(zotero.calls("POST"))
    shell.at("2026-03-03T11:00", "tick")
    shell.at("2026-03-03T11:10", "tick")

    assert held == {"pending": 0, "parked": 1, "pushed": 0}
    assert "cannot be pushed into Zotero" in told
    assert any("do not get into Zotero" in one for one in mails)
    assert during == 1
    assert by_pmid(library).keys() == {"1"}
    assert any("get into Zotero again" in one for one in subjects(shell))


def test_a_collection_in_the_trash_or_gone_takes_nothing(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    mark(shell, 1)
    library.trash(INTO)
    trashed = shell("zotero", "push")
    library.erase(INTO)
    gone = shell("zotero", "push")

    assert (trashed.code, gone.code) == (3, 3)
    assert "lies in the trash" in trashed.out
    assert zotero.calls("POST") == []
    assert state(shell)["parked"] == 1


def test_a_collection_that_goes_while_it_is_written_is_told_for_each_object(
    shell: Shell, library: Library, zotero: ZoteroServer
) -> None:
    mark(shell, 1)

    def lose(asked: Asked) -> None:
        if asked.method == "POST":
            library.collections.pop(INTO, None)

    zotero.on_request = lose

    said = shell("zotero", "push")

    assert said.code == 3
    assert f"(409): Collection {INTO} not found" in said.out
    assert library.items == {}


def test_in_a_group_that_only_admins_edit_it_is_said(shell: Shell, library: Library) -> None:
    mark(shell, 1)
    library.editing = "admins"
    refused = shell("zotero", "push")
    check = shell("zotero", "check")
    library.owner = USER
    shell("zotero", "push")

    assert "Write access denied" in refused.out
    assert "only admins edit" in check.out
    assert by_pmid(library).keys() == {"1"}


def test_an_item_that_a_colleague_edits_meanwhile_is_read_again(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    library.add_item("HAVE2222", collections=[], title="Agrin", PMID="1")
    mark(shell, 1, 2)
    edits = iter(range(2))

    def edit(asked: Asked) -> None:
        if asked.method == "POST" and next(edits, None) is not None:
            library.change("HAVE2222", title=f"Agrin {library.version}", collections=["THEM2222"])

    library.add_collection("THEM2222")
    zotero.on_request = edit

    shell("zotero", "push")

    assert library.items["HAVE2222"]["collections"] == ["THEM2222", INTO]
    assert library.items["HAVE2222"]["title"].startswith("Agrin ")
    assert len(library.filed_under(INTO)) == 2


def test_some_objects_fail_inside_a_good_answer_and_the_others_are_done(
    shell: Shell, library: Library, zotero: ZoteroServer
) -> None:
    mark(shell, 1, 2)
    written = {
        "successful": {},
        "success": {},
        "unchanged": {},
        "failed": {"0": {"code": 400, "message": "Bad input"}, "1": {"code": 412, "message": "Item has been modified"}},
    }
    zotero.plant(Answer(200, json.dumps(written)), method="POST")

    said = shell("zotero", "push")

    assert said.code == 3
    assert "Bad input" in said.out
    assert state(shell) == {"pending": 0, "parked": 1, "pushed": 1}
    assert len(library.filed_under(INTO)) == 1


def test_what_is_too_large_is_halved_and_what_is_too_long_goes_without_abstract(
    shell: Shell, library: Library, zotero: ZoteroServer
) -> None:
    mark(shell, *range(100, 104))
    zotero.plant(Answer(413, "Request entity too large"), method="POST")
    long = {"success": {}, "unchanged": {}, "failed": {"0": {"code": 413, "message": "abstractNote field value too long"}}}
    zotero.plant(Answer(200, json.dumps(long)), method="POST")

    shell("zotero", "push")

    assert [len(json.loads(one.body)) for one in zotero.calls("POST")][:2] == [4, 2]
    assert len(library.filed_under(INTO)) == 4
    assert sum("abstractNote" not in one for one in library.items.values()) == 1


def test_our_item_in_the_trash_stays_there(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    zotero.plant(Answer(0), method="POST", after=True)
    mark(shell, 1)
    shell("zotero", "push")
    (key,) = library.items
    library.trash(key)

    shell("zotero", "push")

    assert list(library.items) == [key]
    assert library.items[key]["deleted"] == 1
    assert state(shell)["pushed"] == 1


def test_a_backoff_on_a_good_write_counts_it_and_waits(shell: Shell, library: Library, zotero: ZoteroServer) -> None:
    mark(shell, *range(100, 160))
    zotero.plant(Answer(0, headers={"Backoff": "600"}), method="POST", headers_only=True)

    shell.at("2026-03-02T10:00", "tick")
    first = len(library.filed_under(INTO))
    shell.at("2026-03-02T10:05", "tick")
    second = len(library.filed_under(INTO))
    shell.at("2026-03-02T10:11", "tick")

    assert (first, second) == (50, 50)
    assert len(library.filed_under(INTO)) == 60
    assert len(zotero.calls("POST")) == 2


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded and composed answers (../shared/zotero) are not here")
@pytest.mark.parametrize("path", sorted((SHARED / "errors").glob("*")) if SHARED.exists() else [], ids=lambda path: path.name)
def test_every_recorded_error_delays_the_push_and_loses_nothing(
    shell: Shell, library: Library, zotero: ZoteroServer, path: Path
) -> None:
    text = path.read_text(encoding="utf-8")
    head, _, body = text.partition("\n\n") if path.suffix == ".http" else ("", "", text)
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    mark(shell, 1)
    zotero.plant(Answer(int(path.name[:3]), body, headers), method="POST")

    shell.at("2026-03-02T10:00", "tick")
    shell.at("2026-03-04T10:00", "tick")

    assert by_pmid(library).keys() == {"1"}
    assert len(library.items) == 1
    assert state(shell) == {"pending": 0, "parked": 0, "pushed": 1}


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded and composed answers (../shared/zotero) are not here")
@pytest.mark.parametrize("path", sorted((SHARED / "write").glob("*")) if SHARED.exists() else [], ids=lambda path: path.name)
def test_every_recorded_answer_to_a_write_ends_in_one_item_or_is_told(
    shell: Shell, library: Library, zotero: ZoteroServer, path: Path
) -> None:
    mark(shell, 1)
    zotero.plant(Answer(200, path.read_text(encoding="utf-8")), method="POST")

    shell.at("2026-03-02T10:00", "tick")

    held = state(shell)
    assert held["pending"] + held["parked"] + held["pushed"] == 1
    assert len(library.items) <= 1
