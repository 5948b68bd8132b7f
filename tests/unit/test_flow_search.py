"""The flow of a search: what an address bar holds, and what a page is told. All papers are invented."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.store_samples import Bench, paper

from watcher.domain import Heading, Journal
from watcher.flows.questions.search import Search, fill, search, selection
from watcher.store import SearchOrder, VerdictFilter


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


typed = st.text(alphabet='aα"&=+%# -:', max_size=12).map(str.strip)
names = st.lists(typed.filter(bool), max_size=3, unique=True).map(tuple)
searches = st.builds(
    Search,
    words=typed,
    watches=names,
    since=st.none() | st.dates(),
    until=st.none() | st.dates(),
    types=names,
    chips=names,
    journals=names,
    verdict=st.none() | st.sampled_from(VerdictFilter),
    min_score=st.none() | st.sampled_from((0.0, 35.0, 62.5, 100.0)),
    sort=st.sampled_from(SearchOrder),
    limit=st.integers(1, 200),
    after=st.sampled_from(("", "3177480000000001~2.0")),
)


@given(asked=searches)
def test_a_search_goes_through_an_address_and_comes_back(asked: Search) -> None:
    address = urlencode(asked.to_params())

    assert Search.from_params(parse_qsl(address, keep_blank_values=True)) == asked


def test_an_address_holds_what_differs_from_the_default_in_a_fixed_order() -> None:
    asked = Search(words="IL-6", watches=("als", "nmj"), min_score=35.0, sort=SearchOrder.SCORE, since=date(2026, 9, 1))

    assert urlencode(asked.to_params()) == "q=IL-6&watch=als&watch=nmj&since=2026-09-01&score=35&sort=score"
    assert Search().to_params() == []


def test_what_an_address_should_not_hold_is_left_out_and_told() -> None:
    pairs = [
        ("q", " agrin "),
        ("since", "last week"),
        ("score", "101"),
        ("sort", "best"),
        ("limit", "9999"),
        ("page", "2"),
        ("type", ""),
    ]

    found = Search.from_params(pairs)

    assert found == Search(words="agrin", limit=200)
    assert found.notes == (
        "since=last week: not understood, so it is left out",
        "score=101: not understood, so it is left out",
        "sort=best: not understood, so it is left out",
    )


def test_a_page_tells_what_it_shows_and_how_the_words_were_understood(bench: Bench) -> None:
    bench.news(
        paper(
            1,
            "Agrin at the synapse",
            abstract="We show that agrin binds.",
            journal=Journal(title="Sample Blood", abbreviation="Blood"),
        ),
        paper(2, "Rapsyn", abstract="No other word.", headings=(Heading("Mice", "D1", False),)),
    )
    assert fill(bench.store) == 0

    found = search(bench.store, Search(words='agrin OR "rapsyn'), counts=True)

    first, second = found.papers
    assert (found.total, found.understood, found.next) == (2, "agrin OR rapsyn", None)
    assert found.notes == ("the quotation mark that is not closed reaches to the end",)
    assert (second.paper.title, second.title_marks, second.journal, second.paper.watches) == (
        "Agrin at the synapse",
        ((0, 5),),
        "Blood",
        ("nmj",),
    )
    assert second.snippet is not None
    assert [second.snippet.text[start:end] for start, end in second.snippet.marks] == ["agrin"]
    assert (first.chips, first.title_marks) == (("Mice",), ((0, 6),))
    assert found.counts is not None
    assert found.counts.chips == (("Mice", 1),)


def test_pages_follow_each_other(bench: Bench) -> None:
    bench.news(*(paper(number, "agrin") for number in range(1, 6)))
    fill(bench.store)

    pages = [search(bench.store, Search(words="agrin", limit=2))]
    while (following := pages[-1].next) is not None:
        pages.append(search(bench.store, following))

    assert [[one.paper.record_id.id for one in page.papers] for page in pages] == [[5, 4], [3, 2], [1]]


def test_filling_goes_in_pieces_says_how_far_it_is_and_stops_when_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.flows.questions.search.PIECE", 2)
    bench.news(*(paper(number, "agrin") for number in range(1, 8)))
    said: list[str] = []

    stopped = fill(bench.store, stop=lambda: True)
    one_step = fill(bench.store, steps=1, say=said.append)
    partly = search(bench.store, Search(words="agrin"))
    rest = fill(bench.store, say=said.append)

    assert (stopped, one_step, rest) == (-1, 5, 0)
    assert said == [f"indexing for search: {left} papers left" for left in (5, 3, 1)]
    assert (partly.total, partly.notes) == (2, ("5 of 7 papers are not indexed yet",))


def test_a_selection_is_every_paper_whose_text_is_stored(bench: Bench) -> None:
    bench.news(*(paper(number, "agrin") for number in range(1, 31)), paper(40, "rapsyn"))
    fill(bench.store)

    articles, left_out = selection(bench.store, Search(words="agrin", limit=3, after="1"))

    assert [one.pmid for one in articles] == list(range(30, 0, -1))
    assert left_out == 0
