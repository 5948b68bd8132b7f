"""Whose identifiers a page's are: labelled values, front matter, and what is another paper's. All papers are made up."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from support.seed_files import ids, passed_over, seeds_of, told

from watcher.errors import SeedError
from watcher.seeds import read_file

ABSTRACT = "This sample abstract speaks of agrin and of the muscle that it binds to, at some length. " * 3


@pytest.mark.parametrize(
    "line",
    [
        "PMID: 33390062",
        'PMID: "33390062"',
        "PMID = '33390062'",
        "**PMID:** 33390062",
        "**PMID**: [33390062](https://pubmed.ncbi.nlm.nih.gov/33390062/)",
        "[PMID: 33390062]",
        "- PMID: 33390062",
        "PubMed ID: 33390062 [Indexed for MEDLINE]",
        "PMID: 33390062 DOI: 10.5555/smr.1",
        "PMID\n\n33390062",
        "PMID: https://www.ncbi.nlm.nih.gov/pubmed/33390062",
        "Source: https://pubmed.ncbi.nlm.nih.gov/33390062/",
        "J Sample Res. 2026 Jan 5;12(1):1-9. doi: 10.5555/smr.1. PMID: 33390062; PMCID: PMC1000001.",
    ],
)
def test_a_labelled_pmid_is_read_however_it_is_dressed(tmp_path: Path, line: str) -> None:
    page = f"A sample paper about agrin\n\n{line}\n\nAbstract\n\n{ABSTRACT}\n\nNotes\n\nCompare with PMID: 33579606.\n"

    (seed,) = seeds_of(tmp_path, "page.txt", page)

    assert seed.pmid == 33390062
    assert seed.title == "A sample paper about agrin"
    assert passed_over(tmp_path) == []


def test_front_matter_is_read_as_note_taking_programs_write_it(tmp_path: Path) -> None:
    (seed,) = seeds_of(
        tmp_path,
        "note.md",
        '---\ncitekey: doe2026\ntitle: "A first paper: on the junction"\nauthors: [Doe J, Roe R]\nDOI: 10.5555/smr.1\nPMID: "33390062"\n'
        "keywords:\n  - agrin\n  - LRP4\nabstract: |\n  Cells were kept\n  in the cold.\nrelated: PMID 11\n---\n\n"
        "# A first paper: on the junction\n\n## Notes\nFine plate 3. Compare with PMID: 33579606.\n",
    )

    assert ids(seed) == (33390062, "10.5555/smr.1", None)
    assert seed.title == "A first paper: on the junction"
    assert seed.abstract == "Cells were kept in the cold."
    assert seed.keywords == ("agrin", "LRP4")


@pytest.mark.parametrize(
    ("value", "line"),
    [("thirty", 3), ("33390062 or 33579606", 3), ("3339 0062", 3), ("33579606 is similar", 3), ("4.12E+07", 3)],
)
def test_a_labelled_value_that_cannot_be_read_is_told_and_no_other_number_takes_its_place(
    tmp_path: Path, value: str, line: int
) -> None:
    page = f"# A sample paper\n\nPMID: {value}\n\nDOI: 10.5555/smr.1\n\nhttps://pubmed.ncbi.nlm.nih.gov/33579606/\n"

    (seed,) = seeds_of(tmp_path, "page.md", page)

    assert ids(seed) == (None, "10.5555/smr.1", None)
    assert passed_over(tmp_path) == [f"LAB/page.md:{line}: “{value}” is no PMID"]


@pytest.mark.parametrize("value", ["", "n/a", "-", "none"])
def test_an_empty_label_is_nothing_to_tell(tmp_path: Path, value: str) -> None:
    (seed,) = seeds_of(tmp_path, "page.md", f"# A sample paper\n\nPMID: {value}\n\nDOI: 10.5555/smr.1\n")

    assert ids(seed) == (None, "10.5555/smr.1", None)
    assert passed_over(tmp_path) == []


def test_two_numbers_that_a_page_calls_its_own_are_told_and_neither_counts(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "page.txt", f"A sample paper\n\nPMID: 11\n\nPMID: 12\n\nAbstract\n\n{ABSTRACT}")

    assert seed.pmid is None
    assert passed_over(tmp_path) == ["LAB/page.txt:3: the page calls two its own: PMID 11 and 12"]


@pytest.mark.parametrize(
    "other",
    [
        "Comment in\n\nSample J. 2026;49:475. PMID: 33579606",
        "Comment in: Sample J. 2026;49:475. PMID: 33579606",
        "Erratum in\n    Sample J. 2026;49:475. PMID: 33579606",
        "Compare with PMID: 33579606",
        "## Notes\n\nPMID: 33579606",
        "## My thoughts\n\nThis is like PMID 33579606.",
        "## References\n\n1. Roe R. Another. Sample J. 2026;49:475. PMID: 33579606\nPMID: 33579606",
        "Similar articles\n\nAnother. PMID: 33579606",
        "Update of: https://pubmed.ncbi.nlm.nih.gov/33579606/",
        "doi:10.1093/pubmed/24.1.17",
    ],
)
def test_a_number_of_another_paper_never_becomes_the_pages(tmp_path: Path, other: str) -> None:
    (seed,) = seeds_of(tmp_path, "page.md", f"# A sample paper\n\n## Abstract\n\n{ABSTRACT}\n\n{other}\n")

    assert seed.pmid is None
    assert seed.title == "A sample paper"


def test_a_doi_with_pubmed_in_it_is_a_doi(tmp_path: Path) -> None:
    page = "A made-up facility\n\nDOI: 10.1093/pubmed/24.1.17\n\nhttps://doi.org/10.1093/pubmed/24.1.17\n\nAbstract\nSome text.\n"

    (seed,) = seeds_of(tmp_path, "page.txt", page)

    assert ids(seed) == (None, "10.1093/pubmed/24.1.17", None)


def test_an_erratum_does_not_take_the_doi_of_the_paper_that_it_corrects(tmp_path: Path) -> None:
    (seed,) = seeds_of(
        tmp_path, "page.txt", "Erratum: a sample paper\n\nAbstract\n\n[This corrects the article DOI: 10.5555/original].\n"
    )

    assert ids(seed) == (None, None, None)
    assert seed.title == "Erratum: a sample paper"


def test_a_page_about_one_paper_stays_one_seed_whatever_it_cites(tmp_path: Path) -> None:
    references = "".join(f"{n}. Doe J, Roe R. Paper {n}. Sample J. 2026;{n}:1-9. PMID: {n}00001.\n" for n in range(1, 30))

    (seed,) = seeds_of(
        tmp_path, "page.md", f"# A sample paper\n\nDOI: 10.5555/smr.1\n\n## Abstract\n\n{ABSTRACT}\n\n## References\n\n{references}"
    )

    assert ids(seed) == (None, "10.5555/smr.1", None)
    assert seed.abstract == ABSTRACT.strip()


def test_a_page_that_names_several_papers_and_none_as_its_own_is_refused_with_its_line(tmp_path: Path) -> None:
    page = "# Journal club\n\nFirst we had cake, and then we read\nhttps://pubmed.ncbi.nlm.nih.gov/11/, which we liked,\n"
    page += "and\nmore than PMID 12, so that we went\nhome late.\n"

    assert told(tmp_path, "page.md", page).startswith(
        "LAB/page.md:4: this page names several papers and none as its own\n    write one"
    )


def test_a_short_page_with_a_title_and_identifiers_is_one_paper(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "page.txt", "A sample paper about agrin\nPMID: 11\nDOI: 10.5555/smr.1\nPMC12345\n")

    assert ids(seed) == (11, "10.5555/smr.1", "PMC12345")
    assert seed.title == "A sample paper about agrin"


def test_lines_of_numbers_that_nothing_calls_pmids_are_refused(tmp_path: Path) -> None:
    said = told(tmp_path, "run.txt", "CD010 AF 33390062 1 2.006\nCD010 AF 33579606 2 2.005\nCD010 AF 33651117 3 2.004\n")

    assert said.startswith(
        "LAB/run.txt:1: the numbers on these lines may be PMIDs, and nothing says so\n    write one PMID on a line"
    )


@pytest.mark.parametrize(
    "piece",
    ["[a](b", "*a ", "_a ", "[", "\n", "- ", "a: b\n", "title: b\n", "<", "(", "PMID: ", " ", "a ", "a (MESH:D1), "],
    ids=repr,
)
def test_a_page_of_any_length_is_read_in_a_bounded_number_of_steps(piece: str, tmp_path: Path) -> None:
    """A text of 100,000 characters, which took hours where a step looks through all that follows. The suite's patience is the bound."""
    for head in ("A made-up title\n\nAbstract\n\n", "A made-up title\n\nPMID:", "---\n", "Title\n\nEntities\n\n"):
        text = head + piece * (100_000 // len(piece)) + "y"
        (tmp_path / "page.txt").write_text(text, encoding="utf-8")

        with contextlib.suppress(SeedError):
            read_file(tmp_path / "page.txt", root=tmp_path)
