"""Readers' verdicts from the command line to the digest: they move the order, wait for their text, and can be taken back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Said, Shell
from support.rehearsal import lab, presented, shown

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.domain import Article, Scored
from watcher.rank import Ranking

START, MONDAY, TUESDAY = "2026-03-02T09:00", "2026-03-09T08:00", "2026-03-10T09:00"
SECOND, WEDNESDAY, THIRD = "2026-03-16T08:00", "2026-03-18T09:00", "2026-03-23T08:00"
THRESHOLD = 99.5
STRICT: dict[str, Any] = {"threshold": THRESHOLD, "highlight": THRESHOLD}


def _about(pmid: int, title: str, abstract: str, created: str = "2026-03-04") -> Planted:
    return Planted(paper(pmid, title=title, abstract=abstract, created=created))


AGRIN, BLOCKADE, OLD, TOXIN, SPIDER, WASP = 1, 2, 3, 4, 5, 6
RECORDS = [
    _about(
        AGRIN,
        "Agrin keeps the neuromuscular junction of old mice",
        "The neuromuscular junction loses its shape with age. Agrin and MuSK protect motor neurons from denervation in sarcopenia.",
    ),
    _about(
        BLOCKADE,
        "Rocuronium and sugammadex in day surgery",
        "Rocuronium blocked the neuromuscular junction in adults under general anaesthesia. Sugammadex reversed the blockade, and "
        "patients were extubated earlier.",
    ),
    _about(
        OLD,
        "Insecticides from the venom of spiders",
        "Venom peptides of a spider paralyse insect pests of crops at the neuromuscular junction and are insecticides.",
        "2020-01-01",
    ),
    _about(
        TOXIN,
        "Botulinum toxin for spasticity of the arm",
        "Botulinum toxin acts at the neuromuscular junction. After stroke, patients had less spasticity of the arm and hand.",
    ),
    _about(
        SPIDER,
        "Spider venom peptides silence insect nerves",
        "Peptides of spider venom block calcium channels at the neuromuscular junction of flies. Venom peptides may serve as "
        "insecticides against pests of crops.",
    ),
    _about(
        WASP,
        "Venom peptides of a wasp as insecticides",
        "A wasp paralyses its prey by venom peptides that act at the neuromuscular junction. The peptides killed insect pests of crops "
        "and may become insecticides.",
    ),
]


@pytest.fixture(scope="module")
def first_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a lab that has sent its first digest, in which only the paper on agrin passed."""
    with pytest.MonkeyPatch.context() as patch, lab(tmp_path_factory.mktemp("lab"), RECORDS, patch, **STRICT) as one:
        assert not one.tick(START).failed
        assert not one.tick(MONDAY).failed
        (sent,) = one.mail.mails
        assert presented(sent) == {AGRIN}
        return one.folder / "data"


@pytest.fixture
def shell(tmp_path: Path, first_week: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A shell on the Tuesday after that digest."""
    with lab(tmp_path, RECORDS, monkeypatch, **STRICT) as one:
        shutil.copytree(first_week, one.folder / "data", ignore=shutil.ignore_patterns("locks"), dirs_exist_ok=True)
        one.move_clock(TUESDAY)
        yield Shell(one, monkeypatch, capsys)


def document(said: Said) -> dict[str, Any]:
    assert said.code == 0, said.err
    (found,) = json.loads(said.out)["watches"]
    return dict(found)


def order(shell: Shell, *words: str) -> list[int]:
    return [one["pmid"] for one in document(shell("rank", "--json", *words))["papers"]]


def digests(shell: Shell) -> list[set[int]]:
    """What each digest since the first presented, that one before them."""
    return [{AGRIN}, *(presented(mail) for mail in shell.lab.mail.mails)]


def rows(shell: Shell, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(shell.lab.folder / "data" / "watcher.db")) as database:
        return database.execute(question).fetchall()


# --- the journey


def test_a_verdict_moves_the_order_brings_papers_back_and_nothing_comes_twice(shell: Shell) -> None:
    before = order(shell)

    said = shell("mark", SPIDER, "relevant", "--reader", "anna")
    after = order(shell)
    second = shell.at(SECOND, "tick")
    third = shell.at(THIRD, "tick")

    assert said.out.splitlines() == ["PMID 5: Spider venom peptides silence insect nerves", "watch nmj: marked relevant by anna"]
    assert (before, after) == ([AGRIN, TOXIN, WASP, SPIDER, BLOCKADE], [SPIDER, AGRIN, WASP, TOXIN, BLOCKADE])
    assert (second.code, third.code) == (0, 0)
    assert digests(shell) == [{AGRIN}, {SPIDER, WASP}, set()]
    mail = shell.lab.mail.mails[0]
    assert shown(mail) == {SPIDER, WASP}
    assert "reconsidered" in mail.part("text/plain").lower()


def test_undo_restores_the_ranking_its_hash_and_every_number(shell: Shell) -> None:
    before = document(shell("rank", "--json"))
    shell("mark", SPIDER, "relevant")
    shell("mark", BLOCKADE, "not")
    marked = document(shell("rank", "--json"))

    undone = [shell("mark", pmid, "undo").code for pmid in (SPIDER, BLOCKADE)]

    assert undone == [0, 0]
    assert (marked["relevant"], marked["not_relevant"]) == (1, 1)
    assert marked["ranking"] != before["ranking"]
    assert {one["pmid"]: one["score"] for one in marked["papers"]} != {one["pmid"]: one["score"] for one in before["papers"]}
    assert document(shell("rank", "--json")) == before


def test_later_moves_nothing_and_says_so(shell: Shell) -> None:
    before = document(shell("rank", "--json"))

    said = shell("mark", SPIDER, "later", "--reader", "anna")

    assert said.out.splitlines()[1] == "watch nmj: marked to be read later by anna; the ranking learns nothing from it"
    assert document(shell("rank", "--json")) == before


def test_the_order_in_which_papers_were_marked_makes_no_difference(shell: Shell) -> None:
    for pmid in (SPIDER, TOXIN):
        shell("mark", pmid, "relevant")
    before = document(shell("rank", "--json"))
    for pmid in (SPIDER, TOXIN):
        shell("mark", pmid, "undo")

    for pmid in (TOXIN, SPIDER):
        shell("mark", pmid, "relevant")

    assert document(shell("rank", "--json")) == before


def test_no_score_is_computed_or_kept_twice(shell: Shell) -> None:
    computed: list[tuple[str, int]] = []
    honest = Ranking.score

    def score(ranking: Ranking, articles: tuple[Article, ...]) -> tuple[Scored, ...]:
        computed.extend((ranking.facts.sha256, article.record_id.id) for article in articles)
        return honest(ranking, articles)

    shell.monkeypatch.setattr(Ranking, "score", score)
    first = dict(rows(shell, "SELECT sha256, id FROM ranking"))
    shell("mark", TOXIN, "relevant")
    shell.at(SECOND, "tick")
    by_mark = list(computed)
    shell.at(WEDNESDAY, "mark", TOXIN, "undo")
    shell.at(THIRD, "tick")

    assert sorted(pmid for _, pmid in by_mark) == [BLOCKADE, TOXIN, SPIDER, WASP]
    assert not {sha256 for sha256, _ in by_mark} & set(first)
    assert computed == by_mark  # after the undo all scores of the first ranking are there
    kept = rows(shell, "SELECT watch_id, record_id, ranking_id, content_sha256 FROM score")
    assert len(kept) == len(set(kept)) == 5 + 4
    assert digests(shell) == [{AGRIN}, {TOXIN}, set()]


def test_the_ranking_that_is_kept_says_up_to_which_verdict_it_learnt(shell: Shell) -> None:
    shell("mark", SPIDER, "relevant")
    shell("mark", TOXIN, "not")
    shell.at(SECOND, "tick")

    kept = rows(shell, "SELECT last_verdict_id FROM ranking ORDER BY id")

    assert kept == [(None,), (2,)]


def test_a_paper_that_readers_do_not_want_is_not_reconsidered(shell: Shell) -> None:
    shell("mark", BLOCKADE, "not")
    shell.lab.edit(threshold=0, highlight=70)

    shell.at(SECOND, "tick")

    assert digests(shell)[1] == {TOXIN, SPIDER, WASP}


def test_a_verdict_hides_no_paper_that_is_still_to_be_judged(shell: Shell) -> None:
    shell.lab.edit(threshold=0, highlight=70)
    fresh = _about(8, "Sugammadex and the elderly", "Sugammadex reverses block of the neuromuscular junction.", "2026-03-11")
    shell.lab.pubmed.corpus.plant(fresh)
    shell.at("2026-03-12T06:00", "tick")

    shell("mark", 8, "not")
    shell.at(SECOND, "tick")

    assert 8 in digests(shell)[1]


# --- a marked paper without a text


def test_a_marked_paper_of_the_baseline_is_fetched_by_the_next_run_and_learnt_from_but_not_presented(shell: Shell) -> None:
    before = document(shell("rank", "--json"))

    said = shell("mark", OLD, "relevant")
    waiting = document(shell("rank", "--json"))
    told = shell("rank", "--explain", OLD)
    shell.at(SECOND, "run")
    learnt = document(shell("rank", "--json"))
    explained = shell("rank", "--explain", OLD)
    shell.at(THIRD, "tick")

    assert said.out.splitlines() == [
        "PMID 3: [Title not available]",
        "watch nmj: marked relevant by "
        + _me(said)
        + "; its text is not stored yet: the next run fetches it, and it counts from then on",
    ]
    assert (waiting["ranking"], waiting["relevant"]) == (before["ranking"], 0)
    assert (told.code, "the text of PMID 3 is not stored" in told.err) == (1, True)
    assert learnt["relevant"] == 1
    assert learnt["ranking"] != before["ranking"]
    assert "verdict\t" in explained.out
    assert OLD not in set().union(*digests(shell))
    assert {WASP, SPIDER} <= digests(shell)[-1]


def _me(said: Said) -> str:
    return said.out.splitlines()[1].removeprefix("watch nmj: marked relevant by ").partition(";")[0]


def test_each_marked_paper_is_fetched_once(shell: Shell) -> None:
    shell("mark", OLD, "relevant")
    shell.at(SECOND, "run")
    shell.lab.pubmed.forget()

    shell.at("2026-03-17T09:00", "run")

    assert [call for call in shell.lab.pubmed.calls("efetch") if str(OLD) in call.parameters["id"][0].split(",")] == []


# --- a watch whose seeds have no text


def test_a_watch_whose_seeds_have_no_text_is_ranked_by_a_verdict_alone(shell: Shell) -> None:
    folder = shell.lab.folder / "seeds" / "bare"
    folder.mkdir()
    (folder / "papers.list").write_text("77777\n")
    shell.lab.edit(seeds=["bare"])
    before = document(shell("rank", "--json"))
    counted = shell("rank", "--calibrate")

    shell("mark", SPIDER, "relevant")
    after = document(shell("rank", "--json"))
    left_out = document(shell("rank", "--calibrate", "--json"))
    only_wrong = [shell("mark", SPIDER, said).code for said in ("undo", "not")]

    assert "its papers are not ranked and all are shown" in before["unranked"]
    assert {one["score"] for one in before["papers"]} == {THRESHOLD}
    assert "its papers are not ranked" in counted.out
    assert (after["unranked"], after["papers"][0]["pmid"], after["papers"][1]["pmid"]) == (None, SPIDER, WASP)
    assert (left_out["left_out"], left_out["relevant"]) == (1, 0)  # without its own verdict nothing is left to rank it by
    assert only_wrong == [0, 0]
    assert "not ranked" in document(shell("rank", "--json"))["unranked"]


# --- mark


def test_marking_tells_what_was_before_and_what_others_say(shell: Shell) -> None:
    said = [
        shell("mark", AGRIN, *words).out.splitlines()[1]
        for words in (
            ("relevant", "--reader", "anna"),
            ("relevant", "--reader", "anna"),
            ("not", "--reader", "anna"),
            ("relevant", "--reader", "ben"),
            ("relevant", "--reader", "cleo", "--watch", "nmj"),
            ("undo", "--reader", "anna"),
            ("undo", "--reader", "anna"),
        )
    ]

    assert said == [
        "watch nmj: marked relevant by anna",
        "watch nmj: anna had marked it relevant already; the date is renewed",
        "watch nmj: marked not relevant instead of relevant by anna",
        "watch nmj: marked relevant by ben; anna says not relevant: as many for as against, so it counts neither way",
        "watch nmj: marked relevant by cleo; anna says not relevant, ben says relevant",
        "watch nmj: anna takes back not relevant; ben says relevant, cleo says relevant: it counts as relevant",
        "watch nmj: nothing to undo, anna has not marked it; ben says relevant, cleo says relevant: it counts as relevant",
    ]


def test_the_reader_is_the_user_of_this_machine_unless_told(shell: Shell) -> None:
    shell.monkeypatch.setenv("LOGNAME", "dora")

    assert shell("mark", AGRIN, "relevant").out.endswith("marked relevant by dora\n")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("99 relevant", 1, "no watch has seen PMID 99"),
        ("99 relevant", 1, "put it among the seeds of a watch (nmj)"),
        ("1 not --watch als", 1, "the configuration has: nmj"),
        ("1 maybe", 2, "'maybe' is not one of 'relevant', 'not', 'later', 'undo'"),
        ("one relevant", 2, "neither a PMID"),
        ("0 relevant", 2, "neither a PMID"),
        ("99999999999999999999 relevant", 2, "neither a PMID"),
        ("1", 2, "Missing"),
    ],
)
def test_a_verdict_that_cannot_be_taken_says_why_and_writes_nothing(words: str, code: int, says: str, shell: Shell) -> None:
    said = shell("mark", *words.split())

    assert (said.code, said.out) == (code, "")
    assert says in said.err
    assert rows(shell, "SELECT count(*) FROM verdict") == [(0,)]


@pytest.mark.parametrize("name", ["", "  ", "an\nna", "a" * 101])
def test_a_reader_needs_a_name(name: str, shell: Shell) -> None:
    said = shell("mark", 1, "relevant", "--reader", name)

    assert (said.code, "the reader needs a name" in said.err) == (2, True)


def test_explain_tells_what_was_marked_changed_and_taken_back(shell: Shell) -> None:
    shell("mark", AGRIN, "not", "--reader", "anna")
    shell.at("2026-03-11T09:00", "mark", AGRIN, "relevant", "--reader", "anna")
    shell.at("2026-03-12T09:00", "mark", AGRIN, "undo", "--reader", "anna")

    steps = json.loads(shell("explain", AGRIN, "--json").out)["steps"]

    assert [(one["step"], one["outcome"], one["at"][:10]) for one in steps if one["step"] in {"marked", "unmarked"}] == [
        ("marked", "not relevant", "2026-03-10"),
        ("unmarked", "not relevant", "2026-03-11"),
        ("marked", "relevant", "2026-03-11"),
        ("unmarked", "relevant", "2026-03-12"),
    ]


# --- rank


def test_the_order_is_printed_best_first_with_where_each_paper_stands(shell: Shell) -> None:
    shell("mark", SPIDER, "relevant")
    said = shell("rank", "nmj", "--top", "2")

    heading, first, second = said.out.splitlines()
    assert heading == (
        "watch nmj: 5 papers (news since 2026-02-10 and what is still to be judged), the best 2; threshold 99.5; "
        "learnt from 1 relevant, 0 not relevant"
    )
    assert first.split("\t")[2:] == [
        "2026-03-04",
        "5",
        "below-threshold",
        "relevant",
        "Spider venom peptides silence insect nerves",
    ]
    assert second.split("\t")[3:] == ["1", "shown", "", "Agrin keeps the neuromuscular junction of old mice"]


def test_the_span_can_be_chosen(shell: Shell) -> None:
    shell("mark", OLD, "relevant")
    shell.at(SECOND, "run")

    assert order(shell, "--since", "2026-03-10") == []
    assert sorted(order(shell, "--since", "2026-03-09")) == [1, 2, 4, 5, 6]
    assert sorted(order(shell, "--all")) == [1, 2, 3, 4, 5, 6]


def test_the_json_document_has_exactly_its_keys(shell: Shell) -> None:
    found = document(shell("rank", "--json", "--watch", "nmj", "--top", "1"))

    assert list(found) == [
        "watch", "ranking", "threshold", "highlight", "since", "unranked", "relevant", "not_relevant", "papers_in_all", "papers",
    ]  # fmt: skip
    assert (found["papers_in_all"], len(found["papers"])) == (5, 1)
    assert list(found["papers"][0]) == ["place", "pmid", "score", "created", "state", "verdict", "title"]


def test_looking_changes_nothing(shell: Shell) -> None:
    shell("mark", SPIDER, "relevant")
    tables = [name for (name,) in rows(shell, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {name: rows(shell, f"SELECT * FROM {name}") for name in tables}  # noqa: S608 - our own names

    looks = [["rank"], ["rank", "--all"], ["rank", "--explain", "1"], ["rank", "--against", "nmj"], ["rank", "--calibrate"]]

    assert [shell(*words).code for words in looks] == [0] * 5
    assert {name: rows(shell, f"SELECT * FROM {name}") for name in tables} == before  # noqa: S608


def test_what_is_behind_a_score_adds_up_and_names_the_verdicts(shell: Shell) -> None:
    shell("mark", SPIDER, "relevant")
    shell("mark", BLOCKADE, "not")

    found = document(shell("rank", "--explain", str(WASP), "--json"))
    printed = shell("rank", "--explain", str(WASP)).out

    assert found["total"] == pytest.approx(sum(part["points"] for part in found["spaces"]))
    moved = {pmid: (kind, points) for pmid, kind, points in found["verdicts"]}
    assert moved[SPIDER][0] == "relevant"
    assert moved[SPIDER][1] > 0 > moved[BLOCKADE][1]
    assert found["value"] == next(one["score"] for one in document(shell("rank", "--json"))["papers"] if one["pmid"] == WASP)
    assert f"verdict\t{moved[SPIDER][1]:+.2f}\tPMID 5 relevant\n" in printed
    assert f"verdict\t{moved[BLOCKADE][1]:+.2f}\tPMID 2 not relevant\n" in printed


def test_other_seeds_are_held_against_the_watchs_own(shell: Shell) -> None:
    others = shell.lab.folder / "venom.list"
    others.write_text(f"{SPIDER}\n77777\n")

    found = document(shell("rank", "--against", str(others), "--json"))
    printed = shell("rank", "--against", str(others)).out
    same = document(shell("rank", "--against", "nmj", "--json"))

    assert (found["papers"], found["seeds"], found["others"], found["threshold"]) == (5, 1, 2, THRESHOLD)
    assert [one["pmid"] for one in found["gained"]][:2] == [SPIDER, WASP]
    places = {one["pmid"]: (one["place_before"], one["place_after"]) for one in found["movers"]}
    assert places[SPIDER] == (4, 1)
    assert places[AGRIN][0] == 1 < places[AGRIN][1]
    (warning,) = found["warnings"]
    assert "77777" in warning
    assert "only with the others" in printed
    assert (same["gained"], same["lost"], same["movers"], same["correlation"]) == ([], [], [], 1.0)


def test_other_seeds_can_be_looked_up(shell: Shell) -> None:
    others = shell.lab.folder / "venom.list"
    others.write_text(f"{OLD}\n")

    bare = shell("rank", "--against", str(others))
    looked_up = document(shell("rank", "--against", str(others), "--resolve", "--json"))

    assert bare.code == 1
    assert "has no text to rank by" in bare.err
    assert looked_up["warnings"] == []
    assert {SPIDER, WASP} <= {one["pmid"] for one in looked_up["gained"]}


def test_calibration_counts_what_each_threshold_lets_through_and_changes_nothing(shell: Shell) -> None:
    config = shell.lab.config.read_bytes()

    found = document(shell("rank", "--calibrate", "--json"))
    one_a_week = document(shell("rank", "--calibrate", "--per-week", "0.2", "--json"))
    printed = shell("rank", "--calibrate").out

    assert (found["since"], found["until"], found["papers"], found["present"]) == ("2026-01-31", "2026-03-10", 5, THRESHOLD)
    assert {step["threshold"]: step["papers"] for step in found["steps"]} | {0: 5, 99: 1, 99.5: 1} == {
        step["threshold"]: step["papers"] for step in found["steps"]
    }
    assert found["proposal"]["threshold"] == THRESHOLD
    assert one_a_week["proposal"]["threshold"] == 99
    assert [one["pmid"] for one in found["borders"][0]["above"]] == [AGRIN]
    assert found["borders"][0]["below"][0]["pmid"] == TOXIN
    assert "proposal: keep 99.5." in printed
    assert "verdicts: 0 relevant, 0 not relevant: too few to propose from, 10 of each are needed" in printed
    assert shell.lab.config.read_bytes() == config


def test_a_marked_paper_is_calibrated_without_its_own_verdict(shell: Shell) -> None:
    alone = {one["pmid"]: one["score"] for one in document(shell("rank", "--json"))["papers"]}
    shell("mark", SPIDER, "relevant")

    found = document(shell("rank", "--calibrate", "--json"))

    assert alone[SPIDER] < 99 < document(shell("rank", "--json"))["papers"][0]["score"]
    recall = {step["threshold"]: step["recall"]["part"] for step in found["steps"]}
    assert (recall[98], recall[99]) == (1, 0)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("als", 1, "the configuration has: nmj"),
        ("--watch als", 1, "the configuration has: nmj"),
        ("nmj --watch nmj", 2, "give WATCH or --watch, not both"),
        ("--top 0", 2, "greater than or equal to 1"),
        ("--since yesterday", 2, "'yesterday' does not match"),
        ("--since 2026-03-01 --all", 2, "give --since or --all, not both"),
        ("--explain 1 --calibrate", 2, "give one of --explain, --against and --calibrate"),
        ("--explain 1 --all", 2, "--since and --all do not go with"),
        ("--calibrate --since 2026-03-01", 2, "--since and --all do not go with"),
        ("--resolve", 2, "--resolve belongs to --against"),
        ("--per-week 3", 2, "--per-week to --calibrate"),
        ("--calibrate --per-week -1", 2, "greater than or equal to 0"),
        ("--calibrate --per-week nan", 2, "Invalid value for '--per-week'"),
        ("--explain 99", 1, "PMID 99 is not stored: no watch has seen it"),
        ("--explain 3", 1, "`watcher mark 3 relevant` makes the next run fetch it"),
        ("--explain one", 2, "neither a PMID"),
        ("--explain 99999999999999999999", 2, "neither a PMID"),
        ("--calibrate --per-week inf", 2, "less than or equal to 100000"),
        ("--against nowhere", 1, "there is no folder or file nowhere"),
    ],
)
def test_what_rank_cannot_do_it_says(words: str, code: int, says: str, shell: Shell) -> None:
    said = shell("rank", *words.split())

    assert (said.code, said.out) == (code, "")
    assert says in said.err


def test_an_order_before_anything_ran_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with lab(tmp_path, RECORDS, monkeypatch) as one:
        one.move_clock(START)
        shell = Shell(one, monkeypatch, capsys)

        said, calibrated, marked = shell("rank"), shell("rank", "--calibrate"), shell("mark", 1, "relevant")

    assert (said.code, said.out) == (
        0,
        "watch nmj: 0 papers (news since 2026-02-02 and what is still to be judged); threshold 0\n",
    )
    assert (calibrated.code, "proposal: keep 0." in calibrated.out) == (0, True)
    assert (marked.code, "no watch has seen PMID 1" in marked.err) == (1, True)


def test_a_proposed_threshold_above_highlight_says_that_both_must_be_raised(shell: Shell) -> None:
    shell.lab.edit(threshold=50, highlight=70)

    raised = shell("rank", "--calibrate", "--per-week", "0.2").out
    kept = shell("rank", "--calibrate").out

    assert "proposal: `threshold: 99`." in raised
    assert "`highlight` (70) must not be below it: raise it too." in raised
    assert "highlight" not in kept
