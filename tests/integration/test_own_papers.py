"""A watch's own papers weigh its words: the snapshot is taken by a run, kept, told, renewed after a year, and its absence costs nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Shell
from support.rehearsal import Lab, lab, presented

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.domain import pubmed_id
from watcher.flows.scoring.ground import LEAST, MOST, drawn

START, MONDAY, SECOND, LATER = "2026-03-02T09:00", "2026-03-09T08:00", "2026-03-16T08:00", "2027-03-08T08:00"
KINDS = ("mice", "flies", "rats", "patients", "worms", "fish", "frogs")
PARTS = ("kinase", "collagen", "laminin", "calcium", "vesicle", "receptor", "axon", "muscle", "cholinesterase", "antibody", "toxin")
SEEDS = {
    "toxin.txt": "Toxin of the neuromuscular junction in fish\n\nAbstract\n\nA toxin acts at the neuromuscular junction of fish.\n",
    "fish.txt": "Toxins in fish and their synapses\n\nAbstract\n\nFish and toxins: a toxin of fish stops the synapse.\n",
}


def about(number: int, created: str = "2020-01-01") -> bytes:
    """A paper of the watch's query: one of its parts in one of its animals."""
    part, kind = PARTS[number % len(PARTS)], KINDS[number % len(KINDS)]
    title = f"The {part} of the neuromuscular junction in {kind}"
    abstract = f"At the neuromuscular junction of {kind} the {part} was number {number}. The junction of {kind} needs its {part}."
    return paper(number, title=title, abstract=abstract, created=created)


RECORDS = [
    *(about(number) for number in range(1, LEAST + 21)),
    about(1001, "2026-03-04"),
    about(1002, "2026-03-12"),
    about(1003, "2027-03-03"),
]


def written(one: Lab) -> None:
    """The seeds beside the one that a lab has."""
    for name, text in SEEDS.items():
        (one.folder / "seeds" / "nmj" / name).write_text(text, encoding="utf-8")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    with lab(tmp_path, [Planted(record) for record in RECORDS], monkeypatch, threshold=0, highlight=99) as one:
        written(one)
        yield Shell(one, monkeypatch, capsys)


def snapshot(shell: Shell) -> Any:  # noqa: ANN401 - a part of a document
    said = shell("status", "--json")
    (watch,) = json.loads(said.out)["watches"]
    return watch["snapshot"]


def rankings(shell: Shell) -> list[tuple[str, str | None]]:
    with closing(sqlite3.connect(shell.lab.folder / "data" / "watcher.db")) as database:
        return database.execute("SELECT sha256, snapshot_sha256 FROM ranking ORDER BY id").fetchall()


def test_a_run_takes_it_and_from_then_on_the_ranking_rests_on_it_and_says_so(shell: Shell) -> None:
    shell.at(START, "tick")
    taken = snapshot(shell)
    shell.at(MONDAY, "tick")
    again = snapshot(shell)

    explained = shell("rank", "--explain", 1001)
    document = json.loads(shell("rank", "--explain", 1001, "--json").out)["watches"][0]

    assert (taken["papers"], taken["taken_at"][:10]) == (LEAST + 20, "2026-03-02")
    assert taken["belief"]["before"] == again["belief"]["before"] != []
    assert again["taken_at"] == taken["taken_at"]
    assert document["ground"] == again["belief"]
    (line,) = [line for line in explained.out.splitlines() if "its own papers" in line]
    assert line.startswith(
        f"its own papers weigh words with strength {taken['belief']['strength']:.2f}: 3 seeds and relevant papers"
    )
    assert line in shell("status").out
    assert {bool(sha256) for _, sha256 in rankings(shell)[-1:]} == {True}


def test_it_is_renewed_after_a_year_and_the_digest_tells_it(shell: Shell) -> None:
    shell.at(START, "tick")
    for instant in (MONDAY, SECOND):
        shell.at(instant, "tick")
    before = snapshot(shell)

    shell.at(LATER, "tick")

    after = snapshot(shell)
    told = ["new snapshot of their own papers" in mail.part("text/plain") for mail in shell.lab.mail.mails]
    assert before["taken_at"][:10] == "2026-03-02"
    assert after["taken_at"][:10] == "2027-03-08"
    assert told == [False, False, True]
    assert [presented(mail) for mail in shell.lab.mail.mails] == [{1001}, {1002}, {1003}]
    assert len(rankings(shell)) == len(set(rankings(shell)))


def test_an_edit_of_the_query_renews_it_and_fewer_papers_than_it_takes_make_none(shell: Shell) -> None:
    shell.at(START, "tick")
    first = snapshot(shell)

    shell.lab.edit(query="neuromuscular junction[tiab] OR kidney[tiab]")
    shell.at("2026-03-03T09:00", "tick")

    assert (first["taken_at"][:10], snapshot(shell)["taken_at"][:10]) == ("2026-03-02", "2026-03-03")
    assert len(drawn([pubmed_id(number) for number in range(1, 2 * MOST)])) == MOST


def test_a_damaged_one_is_left_out_of_the_ranking_and_taken_anew(shell: Shell) -> None:
    for instant in (START, MONDAY):
        shell.at(instant, "tick")
    with closing(sqlite3.connect(shell.lab.folder / "data" / "watcher.db")) as database:
        database.execute("UPDATE snapshot SET content = x'00'")
        database.commit()

    said = shell("rank", "--explain", 1001)
    shell.at("2026-03-10T09:00", "tick")

    assert (said.code, "its own papers" in said.out) == (0, False)
    assert snapshot(shell)["taken_at"][:10] == "2026-03-10"


def test_where_pubmed_does_not_give_the_papers_the_run_goes_on_and_the_next_one_takes_it(shell: Shell) -> None:
    shell.lab.pubmed.faults.plant("efetch", kind="http-503", times=99, when=lambda call: len(call.value("id").split(",")) > 100)

    first = shell.at(START, "tick")
    absent, presented_anyway = snapshot(shell), shell.at(MONDAY, "tick")
    shell.lab.pubmed.faults.clear()
    shell.at("2026-03-10T09:00", "tick")

    assert (first.code, presented_anyway.code, absent) == (0, 0, None)
    assert "no snapshot of its own papers could be taken" in first.err
    assert [presented(mail) for mail in shell.lab.mail.mails] == [{1001}]
    assert snapshot(shell)["papers"] == LEAST + 21
