"""Lines of several numbers, papers beside a page's own, and rules of tables. All papers are made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.seed_files import passed_over, seeds_of, told

TWO = [33390062, 33579606]


@pytest.mark.parametrize("name", ["papers.txt", "papers.list"])
@pytest.mark.parametrize(
    "line",
    [
        "33390062 OR 33579606",
        "33390062 Doe 2020; 33579606 Roe 2021",
        "33390062 (Doe), 33579606 (Roe)",
        "PMID 33390062 OR 33579606",
        "https://pubmed.ncbi.nlm.nih.gov/?term=33390062,33579606",
        "https://pubmed.ncbi.nlm.nih.gov/33390062,33579606",
        "33390062[uid] OR 33579606[uid]",
        "(33390062[PMID] OR 33579606[PMID])",
        '["33390062","33579606"]',
        "33390062/33579606",
        "Papers: 33390062, 33579606",
        "Our seeds are 33390062 and 33579606.",
    ],
)
def test_each_number_of_a_line_is_a_paper(tmp_path: Path, name: str, line: str) -> None:
    assert [seed.pmid for seed in seeds_of(tmp_path, name, line)] == TWO


@pytest.mark.parametrize("name", ["papers.txt", "papers.list"])
@pytest.mark.parametrize(
    "line", ["33390062 vs. 33579606", "33390062 - 33579606", "33390062 NOT 33579606", "PMID 33390062 vs 33579606"]
)
def test_a_second_number_that_is_not_understood_refuses_its_line(tmp_path: Path, name: str, line: str) -> None:
    assert told(tmp_path, name, line).startswith(f"LAB/{name}:1: ")


@pytest.mark.parametrize("note", ["20260105", "grant 1234567", "Doe, Sample J 2020;12:1234567", "https://sample.example/12345678"])
def test_a_number_of_something_else_is_a_note(tmp_path: Path, note: str) -> None:
    assert [seed.pmid for seed in seeds_of(tmp_path, "papers.list", f"33390062 {note}")] == [33390062]


def test_a_row_of_numbers_without_a_head_gives_each(tmp_path: Path) -> None:
    assert [seed.pmid for seed in seeds_of(tmp_path, "papers.csv", "33390062,33579606")] == TWO


@pytest.mark.parametrize("heading", ["See also", "Related", "Related work", "Compare with", "Further reading"])
@pytest.mark.parametrize("mark", ["-", ">"])
def test_related_papers_of_a_page_are_no_seeds(tmp_path: Path, heading: str, mark: str) -> None:
    page = f"# Doe 2026\nPMID: 33390062\n\n## {heading}\n{mark} PMID: 33579606\n"

    assert [seed.pmid for seed in seeds_of(tmp_path, "page.md", page)] == [33390062]


def test_a_paper_that_a_page_cites_is_no_seed(tmp_path: Path) -> None:
    page = "[PubMed](https://pubmed.ncbi.nlm.nih.gov/33390062/)\n\nCites [Roe](https://pubmed.ncbi.nlm.nih.gov/33579606/)\n"

    assert [(seed.pmid, seed.title) for seed in seeds_of(tmp_path, "page.md", page)] == [(33390062, "")]


@pytest.mark.parametrize("rule", ["|---|---|", "|:---|---:|", "--- | ---"])
def test_the_rule_below_a_tables_head_is_no_seed(tmp_path: Path, rule: str) -> None:
    table = f"| PMID | Title |\n{rule}\n| 33390062 | Cold |\n"

    assert [seed.title for seed in seeds_of(tmp_path, "papers.md", table)] == ["Cold"]


def test_a_number_too_large_for_a_pmid_costs_itself(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "papers.list", "2147483648\n33390062\n")

    assert seed.pmid == 33390062
    assert passed_over(tmp_path) == ["LAB/papers.list:1: 2147483648 is no PMID: none has more than nine digits"]
