"""What is warned of, read off the files and the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.configured import SMALL, Home, home_in
from support.flow_samples import NMJ, Desk

from standins.eutils.papers import paper
from watcher.config import Settings
from watcher.domain import Code, Place, SearchFacts, Seed, Warned
from watcher.flows.questions import warnings
from watcher.flows.search.reading import of_the_size
from watcher.pubmed.query import normalise
from watcher.pubmed.remarks import warnings as remarked
from watcher.setup.warnings import of_files

Desks = Callable[..., Desk]

START = "2026-03-02T09:00"
TODAY = date(2026, 3, 2)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return home_in(tmp_path / "home")


def told(settings: Settings) -> list[tuple[Code, int | None, str]]:
    """Code, line and key of what the files say."""
    return [
        (one.code, one.place.line, one.place.key or "") if one.place else (one.code, None, "")
        for one in of_files(settings, TODAY, {})
    ]


# --- of the files


def test_a_sound_configuration_has_nothing_to_warn_of(home: Home) -> None:
    assert told(home.load(SMALL)) == []


def test_a_query_is_warned_of_at_its_own_line_of_the_file(home: Home) -> None:
    block = "query: |\n\n      agrin[tiab]\n        OR musk[tiabb]\n"

    settings = home.load(SMALL.replace("query: neuromuscular junction*[tiab]\n", block))

    assert told(settings) == [(Code.QUERY_FIELD, 12, "watches.nmj.query")]
    (warning,) = of_files(settings, TODAY, {})
    assert warning.place is not None
    assert (warning.place.column, warning.fix) == (16, "did you mean [tiab]?")


def test_a_pause_of_more_than_a_year_is_warned_of(home: Home) -> None:
    short, long = (SMALL + f"    pause_until: {day}\n" for day in ("2027-03-01", "2062-03-09"))

    assert told(home.load(short)) == []
    assert told(home.load(long)) == [(Code.LONG_PAUSE, 16, "lists.lab-weekly.pause_until")]


@pytest.mark.parametrize(
    ("wanted", "fix"),
    [
        ("Editorials", "did you mean Editorial?"),
        ("comment", "did you mean Comment?"),
        ("Retracted Publicaton", "did you mean Retracted Publication?"),
        ("Qqqq", "write it as PubMed does, such as Editorial or Letter"),
    ],
)
def test_an_unknown_publication_type_is_warned_of_with_the_nearest(wanted: str, fix: str, home: Home) -> None:
    settings = home.load(SMALL.replace("seeds: [nmj]", f"seeds: [nmj]\n    exclude_types: [Letter, {wanted}]"))

    (warning,) = of_files(settings, TODAY, {})

    assert (warning.code, warning.fix) == (Code.UNKNOWN_TYPE, fix)
    assert warning.place is not None
    assert warning.place.key == "watches.nmj.exclude_types[1]"


def test_keys_without_effect_are_warned_of_where_they_are_set_and_only_there(home: Home) -> None:
    text = SMALL.replace("seeds: [nmj]", "seeds: [nmj]\n    must_find: [7]")

    found = told(home.load(text, {"WATCHER_ZOTERO__COLLECTION": "ABCD2345"}))

    assert [(code, key) for code, _, key in found] == [
        (Code.WITHOUT_EFFECT, "watches.nmj.must_find"),
        (Code.WITHOUT_EFFECT, "WATCHER_ZOTERO__COLLECTION"),
    ]


@pytest.mark.parametrize(
    ("query", "closed"),
    [
        ('agrin AND ("2010"[dp] : "2024"[dp])', True),
        ("agrin AND 2010:2026/02[dp]", True),
        ("agrin AND 2025[dp]", True),
        ("agrin AND 2010:2026[dp]", False),
        ('agrin AND "2020/01/01"[crdt] : "3000"[crdt]', False),
        ('agrin NOT ("1800"[dp] : "2019"[dp])', False),
        ("agrin NOT 2019[dp]", False),
        ('agrin AND "last 5 years"[dp]', False),
        ("agrin AND (2026[dp] NOT 2025[dp])", False),
        ('"2020"[dp]:"2024"[dp] OR "2025"[dp]:"3000"[dp]', False),
        ('agrin AND ("2020"[dp]:"2024"[dp] OR musk[tiab])', False),
        ('"2020"[dp]:"2024"[dp] AND agrin OR musk[tiab]', False),
        ("agrin OR 2024[dp]", False),
        ("(agrin OR musk) AND 2020:2024[dp]", True),
        ('2020:2024[dp] AND (agrin[tiab] OR "neuromuscular junction"[tiab])', True),
        ("agrin NOT (musk AND 2020:2024[dp])", False),
    ],
)
def test_dates_that_lie_behind_are_warned_of_unless_they_are_excluded(query: str, closed: bool, home: Home) -> None:
    settings = home.load(SMALL.replace("neuromuscular junction*[tiab]", f"'{query}'"))

    assert [code for code, _, _ in told(settings)] == [Code.QUERY_DATE] * closed


# --- of the runs


def of_runs(one: Desk, home: Home, query: str, seeds: tuple[Seed, ...] = ()) -> list[Warned]:
    """What the runs say, of a configuration with this query."""
    settings = home.load(SMALL.replace("neuromuscular junction*[tiab]", f"'{query}'"))
    one.edit(query=query)
    return list(warnings.of_runs(settings, one.store, {"nmj": seeds}, one.at(START), normalise))


def test_what_pubmed_said_stands_until_the_query_is_edited(at_desk: Desks, home: Home) -> None:
    one = at_desk(paper(1, title="The neuromuscular junction", created="2026-03-01"))
    term = 'neuromuscular junction[tiab] OR "gibberish phrase"[tiab]'
    one.edit(query=term)
    one.run(START)

    warning = of_runs(one, home, term)[0]

    assert (warning.code, warning.fix) == (Code.PUBMED_PHRASE, 'look at its spelling, or write "gibberish phrase"[tiab:~0]')
    assert warning.place is not None
    assert (warning.place.line, warning.place.key) == (9, "watches.nmj.query")
    assert of_runs(one, home, "neuromuscular junction[tiab]") == []


def test_what_the_querys_own_flaws_tell_is_not_told_again_by_pubmeds_answer(at_desk: Desks, home: Home) -> None:
    one = at_desk(paper(1, title="The neuromuscular junction", created="2026-03-01"))
    term = 'neuromuscular junction[tiab] or agrin[tiabb] OR nmj*[tiab] OR "gibberish phrase"[tiab]'
    one.edit(query=term)

    report = one.run(START)

    told = [warning for warning in of_runs(one, home, term) if warning.code.value.startswith("pubmed")]
    assert {warning.code for warning in told} == {Code.PUBMED_PHRASE}
    assert {warning.what.rpartition(": ")[2] for warning in told} == {'"gibberish phrase"[tiab]', "gibberish", "phrase"}
    assert {warning.what for warning in told} == {one.what for one in report.warnings if one.code is not Code.NO_MATCH}


@pytest.mark.parametrize(
    ("said", "is_new"),
    [
        (SearchFacts("", 0, fields_not_found=("tiabb",)), False),
        (SearchFacts("", 0, fields_not_found=("[TIABB]",)), False),
        (SearchFacts("", 0, fields_not_found=("tib",)), True),
        (SearchFacts("", 0, phrases_not_found=("or",)), False),
        (SearchFacts("", 0, phrases_not_found=('"or"[tiab]',)), False),
        (SearchFacts("", 0, phrases_ignored=("or",)), False),
        (SearchFacts("", 0, phrases_not_found=("orr",)), True),
        (SearchFacts("", 0, phrases_not_found=("agrin[tiabb]",)), True),
        (SearchFacts("", 0, messages=("or",)), True),
    ],
)
def test_pubmeds_complaint_is_new_unless_a_flaw_is_about_the_same_word_or_tag(said: SearchFacts, is_new: bool) -> None:
    assert bool(remarked(said, "musk[tiab] or agrin[tiabb]")) is is_new


def test_a_query_that_matches_nothing_or_too_much_is_warned_of(at_desk: Desks, home: Home) -> None:
    one = at_desk(*(paper(pmid, title="The neuromuscular junction", created="2026-03-01") for pmid in (1, 2)))
    one.edit(query="unheard[tiab]")
    report = one.run(START)

    assert [warning.code for warning in of_runs(one, home, "unheard[tiab]") if warning.code is Code.NO_MATCH] == [Code.NO_MATCH]
    assert Code.NO_MATCH in [warning.code for warning in report.warnings]
    assert [one.code for one in of_the_size(2, replace(NMJ, allow_over=1))] == [Code.TOO_MANY]
    assert of_the_size(2, replace(NMJ, allow_over=2)) == ()


def test_a_seed_that_has_neither_record_nor_text_is_warned_of_once_it_was_looked_up(at_desk: Desks, home: Home) -> None:
    one = at_desk(paper(1, title="The neuromuscular junction", created="2026-03-01"))
    bare = Seed("nmj/papers.list", "line 3", "sha", pmid=999)
    known, written = (
        Seed("nmj/papers.list", "line 4", "sha", pmid=1),
        Seed("nmj/a.txt", "", "sha", title="Our manuscript"),
    )
    one.seeds = (bare, known, written)
    term = "neuromuscular junction[tiab]"

    before = of_runs(one, home, term, one.seeds)
    one.run(START)
    found = of_runs(one, home, term, one.seeds)
    edited = of_runs(one, home, term, (replace(bare, file_sha256="other"),))

    assert (before, edited) == ([], [])
    (warning,) = found
    assert (warning.code, warning.place) == (Code.SEED_WITHOUT_TEXT, Place(home.folder / "seeds/nmj/papers.list", 3))
    assert "PMID 999" in warning.what


def test_a_seed_whose_record_is_another_papers_or_not_there_is_warned_of(at_desk: Desks, home: Home) -> None:
    one = at_desk(
        paper(1, title="The neuromuscular junction of the frog", created="2026-03-01", doi="10.9999/frog"),
        paper(2, title="Roads and junctions in winter", created="2026-03-01"),
    )
    one.seeds = (
        Seed("nmj/a.ris", "1", "sha", pmid=2, doi="10.9999/frog", title="The neuromuscular junction of the frog"),
        Seed("nmj/a.ris", "2", "sha", doi="10.9999/none", title="A paper to come"),
    )
    one.run(START)

    found = of_runs(one, home, "neuromuscular junction[tiab]", one.seeds)

    seeds = [warning for warning in found if warning.place and warning.place.path.name == "a.ris"]
    assert [(warning.code, warning.place and warning.place.key) for warning in seeds] == [
        (Code.SEED_DISAGREES, "1"),
        (Code.SEED_NOT_FOUND, "2"),
    ]
    assert "Roads and junctions in winter" in seeds[0].what


def test_a_warning_stands_once_and_in_the_files_order() -> None:
    first, second = (Warned(Code.QUERY_FIELD, f"field {n}", "", Place(Path("a.yaml"), n, 1)) for n in (2, 10))
    loose = Warned(Code.NO_MATCH, "nothing")

    assert warnings.ordered([loose, second, first, second]) == (first, second, loose)


def test_a_warning_that_moves_is_the_same() -> None:
    one = Warned(Code.QUERY_FIELD, "field", "fix", Place(Path("/lab/a.yaml"), 2, 1, "watches.nmj.query"))
    moved = replace(one, place=Place(Path("/mnt/a.yaml"), 20, 7, "watches.nmj.query"))
    elsewhere = replace(one, place=Place(Path("/lab/a.yaml"), 2, 1, "watches.als.query"))

    assert one.identity == moved.identity
    assert one.identity != elsewhere.identity
