"""Lists of papers, references and PubMed's own text formats, whatever the file is called. All papers are made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.seed_files import ids, passed_over, seeds_of, told

TEXTS = ["papers.txt", "papers.md", "papers.list", "papers"]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("33390062,33579606, 33651117\n", [(33390062, None), (33579606, None), (33651117, None)]),
        ("33390062 33579606\n33651117", [(33390062, None), (33579606, None), (33651117, None)]),
        ("PMIDs: 33390062; 33579606", [(33390062, None), (33579606, None)]),
        ("PMID: 33390062; PMID: 33579606", [(33390062, None), (33579606, None)]),
        ("33390062 Doe 2026, junction\n33579606\tRoe 2026\n", [(33390062, None), (33579606, None)]),
        (
            "33390062 | 10.5555/smr.1\n10.5555/smr.2; 10.5555/smr.3",
            [(33390062, "10.5555/smr.1"), (None, "10.5555/smr.2"), (None, "10.5555/smr.3")],
        ),
        ("PMID: 11; DOI: 10.5555/a; PMID: 12; DOI: 10.5555/b", [(11, "10.5555/a"), (12, "10.5555/b")]),
        (
            (
                "# Papers we like\n\n- [A first](https://pubmed.ncbi.nlm.nih.gov/33390062/)\n"
                "- [A second](https://doi.org/10.5555/smr.2)\n- Third: PMID 33651117\n"
            ),
            [(33390062, None), (None, "10.5555/smr.2"), (33651117, None)],
        ),
        (
            "* https://europepmc.org/article/MED/33390062 good\n* doi:10.5555/smr.2, of 2026\n",
            [(33390062, None), (None, "10.5555/smr.2")],
        ),
        ("PMID\n33390062\n33579606\n", [(33390062, None), (33579606, None)]),
        ("33390062  # nice; see PMID: 11111111\n# 22222222\n33579606 #10.5555/x\n", [(33390062, None), (33579606, None)]),
    ],
)
def test_a_list_gives_each_of_its_papers(tmp_path: Path, name: str, text: str, found: list[tuple[int | None, str | None]]) -> None:
    seeds = seeds_of(tmp_path, name, text)

    assert [(seed.pmid, seed.doi) for seed in seeds] == found
    assert {(seed.title, seed.abstract, seed.notes) for seed in seeds} == {("", "", "")}
    assert len({seed.locator for seed in seeds}) == len(seeds)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "33390062\nhello\n33579606\n",
            "LAB/papers.txt:2: this line is no PMID, PMCID or DOI\n    write one PMID, PMCID or DOI on a line",
        ),
        (
            "PMID: 1; PMID: 2; DOI: 10.5555/a\n33390062\n",
            "LAB/papers.txt:1: it cannot be told which identifiers on this line are one paper's\n    write one paper on a line",
        ),
    ],
)
def test_what_names_no_paper_in_a_list_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert told(tmp_path, "papers.txt", text).startswith(said)


def test_a_reference_that_names_no_paper_costs_itself_and_is_told(tmp_path: Path) -> None:
    text = (
        "1. Doe J. A paper of somebody in a book. Some Town, 2026;12(1).\n"
        "2. Roe R. Another. Sample J. 2026;1:2. PMID: 12\n3. and one more that somebody has at home\n"
    )

    (seed,) = seeds_of(tmp_path, "papers.txt", text)

    assert (seed.pmid, seed.title) == (12, "Another.")
    assert passed_over(tmp_path) == [
        "LAB/papers.txt:1: this reference has no PMID, PMCID or DOI",
        "LAB/papers.txt:3: this line is no PMID, PMCID or DOI",
    ]


OLD_SUMMARY = """\
1: Doe C. Ancient made-up worms roll back. Made Up. 2026
Sep;573(7772):15. doi: 10.5555/d-1-x. PubMed PMID: 31485070.


2: Baby elephants, and made-up clues. Made Up.
2026 Sep;573(7772):10-11. doi: 10.5555/d-2-0. PubMed PMID: 31485069.


3: Erratum for the Article "Made-up pathways
stimulate" by P. F. Roe, A. P. Poe. Made Up. 2026 Aug 2;365(6452). pii: eaay8818.
doi: 10.5555/s.8818. PubMed PMID: 31371580.


4: Doe J, Poe N, Roe van der V. Win-wins for made-up health
- new report. Made Up. 2026 Jul;571(7763):36. doi: 10.5555/d-30-8.
PubMed PMID: 31267057.
"""


def test_pubmeds_summary_of_earlier_years_is_read(tmp_path: Path) -> None:
    found = seeds_of(tmp_path, "pubmed_result.txt", OLD_SUMMARY)

    assert [(seed.pmid, seed.doi) for seed in found] == [
        (31485070, "10.5555/d-1-x"),
        (31485069, "10.5555/d-2-0"),
        (31371580, None),
        (31267057, "10.5555/d-30-8"),
    ]
    assert passed_over(tmp_path) == []


SUMMARY = """\
1: Aas J, Baas R, Caas P, Daas M, Faas L, Gaas K. A first sample paper about a
synapse of the limb. Sample J Fict. 2026 Jan 5;12(1):1-9. doi:
10.5555/smq.1. Epub 2025 Dec 29. Erratum in: Sample J Fict. 2026 Feb;12(2):99. doi:
10.5555/smq.99. PMID: 33390062; PMCID: PMC1000001.

2: Roe R. What is new about the thymus? Sample J Fict. 2026
Feb;12(2):10-19. doi: 10.5555/smq.2. PMID: 33579606.

3: Poe P. A third sample paper, on a phage. Sample J Fict. 2026 Mar;12(3):20-29.
PMID: 33651117.
"""


@pytest.mark.parametrize("name", [*TEXTS, "summary-set.md"])
@pytest.mark.parametrize("mark", ["{}: ", "{}. ", "[{}] ", "- "])
def test_pubmeds_summary_is_read_with_titles(tmp_path: Path, name: str, mark: str) -> None:
    text = SUMMARY
    for number in (1, 2, 3):
        text = text.replace(f"{number}: ", mark.format(number), 1)

    first, second, third = seeds_of(tmp_path, name, text)

    assert ids(first) == (33390062, "10.5555/smq.1", "PMC1000001")
    assert ids(second) == (33579606, "10.5555/smq.2", None)
    assert ids(third) == (33651117, None, None)
    assert [seed.title for seed in (first, second, third)] == [
        "A first sample paper about a synapse of the limb.",
        "What is new about the thymus?",
        "A third sample paper, on a phage.",
    ]
    assert [seed.locator for seed in (first, second, third)] == ["line 1", "line 6", "line 9"]


def test_references_in_paragraphs_without_numbers_are_read(tmp_path: Path) -> None:
    text = (
        "Doe J, Roe R. A paper on\ncold things. Sample J Fict. 2026;1:2.\nPMID: 11\n\n"
        "Roe R. A paper on warm things. Sample J Fict. 2026;1:2.\nhttps://doi.org/10.5555/warm\n"
    )

    first, second = seeds_of(tmp_path, "papers.txt", text)

    assert (first.pmid, first.title) == (11, "A paper on cold things.")
    assert (second.doi, second.title) == ("10.5555/warm", "A paper on warm things.")


def test_a_reference_without_an_identifier_stands_by_its_title(tmp_path: Path) -> None:
    text = "1. Doe J, Roe R. A paper on cold things. Sample J Fict. 2026;1:2-9.\n2. Roe R. On warmth. Sample J Fict. 2026;1:10. PMID: 12\n"

    first, second = seeds_of(tmp_path, "papers.txt", text)

    assert (*ids(first), first.title) == (None, None, None, "A paper on cold things.")
    assert second.pmid == 12


ABSTRACTS = """\
1. Sample J Fict. 2026 Jan 5;12(1):1-9. doi: 10.5555/smq.1. Epub 2025 Dec
29.

A first sample paper about a synapse of
the limb.

Doe J(1), Roe R(2), van der Poe P Jr(1)(2).

Author information:
(1)Department of Made-up Things, Some University, Some Town, Somewhere. Electronic address: someone@some.example, who is the one to
write to about the paper, its data and its code, of which there is a great deal to be had.
(2)Institute of Other Things.

Erratum in
    Sample J Fict. 2026 Feb;12(2):99. doi: 10.5555/smq.99. PMID: 11111111.

Comment in
    Sample J Fict. 2026;12:100. PMID: 22222222.

BACKGROUND: The first abstract speaks of the junction.
METHODS: 2. In mice of 2019, and in men.

CONCLUSIONS: It stands there.

Copyright © 2026 Somebody. All rights reserved.

DOI: 10.5555/smq.1
PMCID: PMC1000001
PMID: 33390062 [Indexed for MEDLINE]

Conflict of interest statement: None of them has any. PMID: 44444444


2. Sample J Fict. 2026 Feb 5;12(2):1-9.

[A second sample paper, about the thymus].

[Article in German]

[No authors listed]

PMID: 33579606


3. Sample J Fict. 2026 Mar 5;12(3):1-9.

A third sample paper.

Poe P(1).

Short is the abstract.

PMID: 33651117  [PubMed - indexed for MEDLINE]
"""


@pytest.mark.parametrize("name", [*TEXTS, "abstract-set.txt"])
def test_pubmeds_abstracts_are_read(tmp_path: Path, name: str) -> None:
    first, second, third = seeds_of(tmp_path, name, ABSTRACTS)

    assert ids(first) == (33390062, "10.5555/smq.1", "PMC1000001")
    assert first.title == "A first sample paper about a synapse of the limb."
    assert first.abstract == (
        "BACKGROUND: The first abstract speaks of the junction. METHODS: 2. In mice of 2019, and in men. CONCLUSIONS: It stands there."
    )
    assert (*ids(second), second.title, second.abstract) == (
        33579606, None, None, "[A second sample paper, about the thymus].", "",
    )  # fmt: skip
    assert (third.pmid, third.title, third.abstract) == (33651117, "A third sample paper.", "Short is the abstract.")
    assert [seed.locator for seed in (first, second, third)] == ["line 1", "line 34", "line 45"]


def test_one_record_of_pubmeds_abstracts_below_a_remark_is_read(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "mail.txt", "Sent by somebody, see below\n\n" + ABSTRACTS.partition("\n\n\n2. ")[0])

    assert (seed.pmid, seed.locator) == (33390062, "line 3")


@pytest.mark.parametrize("behind", ["11111111, 22222222", "11111111; 22222222.", "11111111 and 22222222"])
def test_a_second_pmid_of_a_reference_is_told(tmp_path: Path, behind: str) -> None:
    (found,) = seeds_of(tmp_path, "x.txt", f"1. Sample A, Tester B. Agrin at the endplate. J Samples. 2020;1:1-9. PMID: {behind}\n")

    assert (found.pmid, found.title) == (11111111, "Agrin at the endplate.")
    assert passed_over(tmp_path) == ["LAB/x.txt:1: this reference has a second PMID, 22222222: the first counts"]


def test_a_reference_with_two_labelled_pmids_is_looked_for_by_its_title(tmp_path: Path) -> None:
    line = "1. Sample A, Tester B. Agrin at the endplate. J Samples. 2020;1:1-9. PMID: 11111111; PMID: 22222222"
    (found,) = seeds_of(tmp_path, "x.txt", f"{line}\n")

    assert (found.pmid, found.title) == (None, "Agrin at the endplate.")
    assert passed_over(tmp_path) == ["LAB/x.txt:1: this reference has a second PMID, 22222222: its title counts"]


def test_the_pmid_of_an_erratum_is_no_second_one(tmp_path: Path) -> None:
    line = (
        "1. Sample A. Agrin at the endplate. J Samples. 2020;1:1-9. Erratum in: J Samples. 2021;2:3. PMID: 22222222. PMID: 11111111"
    )
    (found,) = seeds_of(tmp_path, "x.txt", f"{line}\n")

    assert found.pmid == 11111111
    assert passed_over(tmp_path) == []
