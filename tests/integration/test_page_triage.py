"""The queue of papers that wait for a reader's word, by a browser without script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.paged import SECOND, Browser, House, digest, paged_lab, paged_with_digest, verdicts


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    with paged_lab(tmp_path, monkeypatch, capsys) as shell, paged_with_digest(shell) as made:
        digest(made)
        yield made


def queue(browser: Browser, show: str = "") -> list[int]:
    return [int(one) for one in re.findall(r'data-record="(\d+)"', browser.get(f"/triage{show}").text)]


def named(house: House, reader: str = "anna") -> Browser:
    browser = house.browser()
    browser.post("/triage/name", given={"reader": reader}, form_of="/triage")
    return browser


def test_a_marked_paper_leaves_the_queue_of_its_reader_alone(house: House) -> None:
    anna, ben = named(house), named(house, "ben")
    before = queue(anna)

    said = anna.post(f"/triage/{before[0]}", given={"kind": "relevant"}, form_of="/triage")

    assert said.headers["Location"] == "/triage?marked=marked+as+relevant"
    assert "Marked as relevant." in anna.get(said.headers["Location"]).text
    assert queue(anna) == before[1:]
    assert queue(ben) == before
    assert [line for line in verdicts(house, before[0]) if "by anna via page" in line]


def test_undo_brings_it_back_and_a_new_digest_stands_first(house: House) -> None:
    anna = named(house)
    before = queue(anna)
    anna.post(f"/triage/{before[0]}", given={"kind": "not"}, form_of="/triage")
    anna.post(f"/triage/{before[0]}", given={"kind": "undo"}, form_of="/triage")

    house.tick(SECOND)

    assert queue(anna) == [11, *before]


def test_later_is_a_list_of_its_own(house: House) -> None:
    anna = named(house)
    first, second, *_ = queue(anna)

    anna.post(f"/triage/{first}", given={"kind": "later"}, form_of="/triage")
    anna.post(f"/triage/{second}", given={"kind": "later"}, form_of="/triage")
    kept = queue(anna, "?show=later")
    anna.post(f"/triage/{first}", given={"kind": "relevant"}, form_of="/triage")

    assert set(kept) == {first, second}
    assert queue(anna, "?show=later") == [second]
    assert queue(named(house, "ben"), "?show=later") == []


def test_a_note_stays_with_its_reader_and_an_empty_one_goes(house: House) -> None:
    anna = named(house)
    paper = queue(anna)[0]

    anna.post(f"/triage/{paper}", given={"note": "see <fig> 2\r\nand ask"}, form_of="/triage")
    kept, others = anna.get("/triage").text, named(house, "ben").get("/triage").text
    anna.post(f"/triage/{paper}", given={"note": " "}, form_of="/triage")

    assert "see &lt;fig&gt; 2\nand ask</textarea>" in kept
    assert "and ask" not in others
    assert "and ask" not in anna.get("/triage").text


def test_who_has_no_name_is_asked_and_what_is_no_verdict_or_paper_is_refused(house: House) -> None:
    nobody, anna = house.browser(), named(house)
    paper = queue(anna)[0]

    answers = [
        nobody.post(f"/triage/{paper}", given={"kind": "relevant"}, form_of="/triage").status_code,
        anna.post(f"/triage/{paper}", given={"kind": "perhaps"}, form_of="/triage").status_code,
        anna.post("/triage/99", given={"kind": "relevant"}, form_of="/triage").status_code,
        anna.post("/triage/evil:x", given={"kind": "relevant"}, form_of="/triage").status_code,
        anna.bare(f"/triage/{paper}", {"kind": "relevant"}).status_code,
    ]

    assert answers == [400, 400, 409, 404, 403]
    assert verdicts(house, paper) == []


def test_what_the_ranking_learnt_today_is_told(house: House) -> None:
    anna = named(house)
    paper = queue(anna)[-1]
    nothing = anna.get("/triage/learnt").text
    anna.post(f"/triage/{paper}", given={"kind": "not"}, form_of="/triage")

    told = anna.get("/triage/learnt").text

    assert "Nothing yet" in nothing
    assert "Neuromuscular junction:" in told
    assert "Nothing yet" not in told


def test_an_empty_queue_says_what_comes_next(house: House) -> None:
    anna = named(house)
    for paper in queue(anna):
        anna.post(f"/triage/{paper}", given={"kind": "later"}, form_of="/triage")

    assert "Nothing waits" in anna.get("/triage").text
    assert "<script>" not in anna.get("/triage?marked=<script>").text
