"""Whatever stands in a file: it is read, or refused by our own error with its place and a mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watcher.errors import Problem, SeedError
from watcher.seeds.encoding import decoded
from watcher.seeds.entry import SeedEntry
from watcher.seeds.kinds import BY_CONTENT, BY_ENDING, entries_of

TAGS = [
    "TY  - JOUR", "ER  - ", "ER", "TI  - ", "AN  - 12", "DB  - PubMed", "DO  - 10.1000/a", "U1  - 3 [PMID]", "L2  - https://pubmed.ncbi.nlm.nih.gov/3",
    "PMID- 12", "PMID-", "COIS- x", "OWN - NLM", "      more", " less", "1.", "<2. >", "VN  - Ovid", "LID - 10.1/x [doi]",
    "PT J", "FN x", "DI 10.1000/a", "PM 3", "EF", "%0 Journal", "%T Title", "%M 3", "RT Journal Article", "T1 Title", "AN 4",
    "@article{a, title={x}}", "@article{", '@string{s = "t"}', "@comment{", "title = {", 'title = "a " # s # {b},',
    "}", "{", "\\frac{", "$", "\\begin{x}",
    "PMID: 12; PMCID: PMC3", "doi:10.1000/a", "# note", "PMID,Title", "12,Words", "sep=;", "", "Abstract", "Words of a paper.",
    "\ufeff", "a line that ends with DOS\x1a", "\r", "\x85", "\u2028",
]  # fmt: skip
LINES = st.lists(
    st.one_of(st.sampled_from(TAGS), st.text(max_size=30), st.builds("{}{}".format, st.sampled_from(TAGS), st.text(max_size=12))),
    max_size=30,
)
PATHS = st.sampled_from([Path(f"x{ending}") for ending in BY_ENDING])


def outcome(read: Callable[[str, Path], tuple[SeedEntry, ...]], text: str, path: Path) -> tuple[Problem, ...]:
    """What is told of a text that was read or refused; anything but our own error goes through."""
    try:
        found = read(text.replace("\r", "\n"), path)
    except SeedError as error:
        assert error.problems  # noqa: PT017 - what a refusal says is a part of the outcome
        return error.problems
    assert all(1 <= entry.line <= text.count("\n") + text.count("\r") + 1 for entry in found)
    return tuple(problem for entry in found for problem in entry.passed_over)


def is_whole(told: Problem) -> bool:
    return bool(told.what and told.fix and told.place)


@given(LINES, PATHS)
@example([], Path("x.json"))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused_with_its_place(lines: list[str], path: Path) -> None:
    assert all(map(is_whole, outcome(entries_of, "\n".join(lines), path)))


@given(LINES, st.sampled_from([read for _, read in BY_CONTENT]))
@settings(max_examples=300, deadline=None)
def test_every_reader_stands_any_text_that_another_one_would_get(
    lines: list[str], read: Callable[[str, Path], tuple[SeedEntry, ...]]
) -> None:
    assert all(map(is_whole, outcome(read, "\n".join(lines), Path("x.txt"))))


@given(st.one_of(st.binary(max_size=300), LINES.map(lambda lines: "\n".join(lines).encode("cp1252", "replace"))))
@settings(max_examples=200, deadline=None)
def test_any_bytes_become_text_with_line_feeds_only(raw: bytes) -> None:
    text, passed_over = decoded(raw, Path("x.ris"))

    assert "\r" not in text
    text.encode()  # no half letters are left
    assert all(
        problem.fix and problem.place and 1 <= (problem.place.line or 0) <= raw.count(b"\n") + raw.count(b"\r") + 1
        for problem in passed_over
    )


@given(st.lists(st.sampled_from([line for line in TAGS if not line.startswith(("TY", "ER"))]), max_size=8))
@example(["OWN - NLM", "}"])
@settings(max_examples=100, deadline=None)
def test_what_stands_behind_a_reference_does_not_change_it(lines: list[str]) -> None:
    reference = "TY  - JOUR\nTI  - A sample paper\nDO  - 10.1000/own\nER  - \n"

    found = entries_of(reference + "\n".join(lines) + "\n" + reference, Path("x.ris"))

    assert [entry for entry in found if entry.ids.doi == "10.1000/own"]


@pytest.mark.parametrize(
    "piece",
    [
        "TY  - JOUR\n", "TI  - x\n", "ER  - \n", "@a{", "@article{a,\n", "{", "}", '"', "\\", "$", "a = ", "a = {", "#", " ", "\n", "%0 x\n",
        "%T x\n", "PT J\n", "PMID- 1\n", "\nPMID- 1\n", "AN  - 1; ", "10.1000/", "https://", "PMID: 1; ", "x@", "<1>\n", "@string{a = b # b}\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "beginning", ["TY  - JOUR\nN1  - ", "PMID- 1\nTI  - ", "@article{a, title={", "%0 x\n%T ", "PT J\nTI x\nER\n", ""]
)
def test_one_piece_ten_thousand_times_is_read_as_well(beginning: str, piece: str) -> None:
    assert all(map(is_whole, outcome(entries_of, beginning + piece * 10_000, Path("x.bib"))))
