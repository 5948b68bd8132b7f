"""The search on the page: what the address bar holds is what is found, marked and taken along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.paged import FIRST, PI, START, House, digest, links, paged_lab, paged_with_digest, verdicts


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    with paged_lab(tmp_path, monkeypatch, capsys) as shell, paged_with_digest(shell) as made:
        digest(made)
        yield made


def found(house: House, query: str) -> list[int]:
    return [
        int(one)
        for one in re.findall(r'<h2 class="hit" dir="auto"><a href="/papers/(\d+)">', house.browser().get(f"/search?{query}").text)
    ]


def test_words_find_papers_and_stand_marked(house: House) -> None:
    page = house.browser().get("/search?q=sarcopenia").text

    assert found(house, "q=sarcopenia") == [6]
    assert "<mark>sarcopenia</mark>" in page
    assert '<input id="q" name="q" type="search" value="sarcopenia"' in page
    assert set(found(house, "q=junction")) >= {4, 5, 6}


def test_filters_stand_in_the_address_and_can_be_taken_away(house: House) -> None:
    house.browser().post(links(house)["5 not"], given={"kind": "not"})

    assert found(house, "verdict=not") == [5]
    assert 5 not in found(house, "q=junction&verdict=none")
    assert found(house, "q=junction&since=2026-03-06&until=2026-03-06") == [6]
    assert found(house, "watch=nobody") == []
    assert "take away" in house.browser().get("/search?journal=Nowhere").text


def test_an_answer_is_narrowed_by_what_its_papers_have(house: House) -> None:
    page = house.browser().get("/search?q=junction").text
    (address,) = set(re.findall(r'href="(/search/narrower[^"]*)"', page))
    whole, part = house.browser().get(address).text, house.browser().get(address, HX_Request="true").text

    assert f'hx-get="{address}"' in page
    assert "</html>" in whole
    assert "<html" not in part
    for one in (whole, part):
        watch = re.findall(r'<a href="(/search\?[^"]*watch=nmj)">nmj</a> <span class="mut">(\d+)<', one)
        assert [int(many) for _, many in watch] == [len(found(house, "q=junction"))]
    assert "<b>Watch:</b>" not in house.browser().get("/search/narrower?q=junction&watch=nmj").text
    assert house.browser().get(f"/search/narrower?q={'x' * 3000}").status_code == 414


def test_odd_signs_and_strangers_words_harm_nothing(house: House) -> None:
    for query in (
        "q=%22%22%22",
        "q=%28%29-%2A",
        "q=%3Cscript%3Ealert(1)%3C/script%3E",
        "q=%00",
        "since=soon&score=high&sort=upwards",
    ):
        answer = house.browser().get(f"/search?{query}")
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
    assert "not understood" in house.browser().get("/search?since=soon").text
    assert house.browser().get(f"/search?q={'x' * 3000}").status_code == 414


@pytest.mark.parametrize(
    ("style", "holds"), [("ris", "TY  - "), ("nbib", "PMID- 6"), ("bib", "@article"), ("csl-json", '"PMID"'), ("csv", "sarcopenia")]
)
def test_a_selection_can_be_taken_along_in_every_format(house: House, style: str, holds: str) -> None:
    answer = house.browser().get(f"/search/export/{style}?q=sarcopenia")

    assert answer.status_code == 200
    assert holds in answer.text
    assert "attachment" in answer.headers["Content-Disposition"]
    assert house.browser().get("/search/export/exe?q=sarcopenia").status_code == 404


# --- a reader is forgotten


def test_a_reader_can_be_forgotten_once_the_configuration_names_them_no_more(house: House) -> None:
    house.browser().post(links(house)["4 relevant"], given={"kind": "relevant"})
    house.shell("stop", "lab-weekly", PI)
    named = house.shell("forget-reader", PI)
    house.shell.change("channels", "lab-mail", "to", value=["postdoc@uni-sample.de"])

    done = house.shell("forget-reader", PI.upper())
    again = house.shell("forget-reader", PI)

    assert (named.code, done.code, again.code) == (1, 0, 1)
    assert "the configuration names" in named.err
    assert "1 verdicts" in done.out
    assert [line for line in verdicts(house, 4) if "relevant: watch nmj: by forgotten-" in line or "forgotten-" in line]
    for file in (house.shell.lab.folder / "data").glob("watcher.db*"):
        assert PI.encode() not in file.read_bytes()
    assert house.shell.at(START, "status").code in (0, 1)
    assert house.shell.at(FIRST, "tick").code == 0
