"""Identifiers where programs put them, and other papers' numbers beside them. All papers are made up; `None` stands for what is not said."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.seed_files import ids, passed_over, seeds_of, told

EBSCO = "https://search.ebscohost.com/login.aspx?direct=true&db={}&AN=33390062&site=ehost-live"
OVID = "https://ovidsp.ovid.com/ovidweb.cgi?T=JS&CSC=Y&NEWS=N&PAGE=fulltext&D={}&AN=33390062"


def _ris(*lines: str) -> str:
    return "\n".join(["TY  - JOUR", "TI  - A made-up paper on frost", *lines, "ER  - ", ""])


@pytest.mark.parametrize(
    "lines",
    [
        ["UR  - " + EBSCO.format("cmedm")],
        ["UR  - https://proxy.example/login?url=" + EBSCO.format("mnh")],
        ["UR  - https://search-ebscohost-com.proxy.example/login.aspx?direct=true&AN=33390062&db=mdc"],
        ["DB  - Ovid MEDLINE(R) Epub Ahead of Print", "L2  - " + OVID.format("medp")],
        ["UR  - " + OVID.format("med22")],
        ["UR  - <Go to ISI>://MEDLINE:33390062"],
        ["ID  - pmid33390062"],
        ["U1  - PMID 33390062"],
        ["PMID  - 33390062"],
        ["PMID- 33390062"],
        ["PM  - 33390062 [Indexed for MEDLINE]"],
    ],
)
def test_a_record_of_medline_is_known_by_its_address_and_label(tmp_path: Path, lines: list[str]) -> None:
    (seed,) = seeds_of(tmp_path, "papers.ris", _ris(*lines))

    assert ids(seed) == (33390062, None, None)
    assert passed_over(tmp_path) == []


@pytest.mark.parametrize("address", [EBSCO.format("ccm"), EBSCO.format("psyh"), OVID.format("emed22"), OVID.format("psyc5")])
def test_the_number_of_another_database_at_the_same_host_is_none(tmp_path: Path, address: str) -> None:
    (seed,) = seeds_of(tmp_path, "papers.ris", _ris(f"UR  - {address}"))

    assert (seed.pmid, seed.claimed_pmid) == (None, None)


@pytest.mark.parametrize(
    "lines",
    [
        ["N1  - Accession Number: 107000001. Language: English. NLM UID: 9424900. PMID: NLM33390062.", "DB  - ccm"],
        ["AN  - 33390062", "DB  - Europe PMC"],
        ["AN  - MED:33390062", "DB  - Europe PMC"],
        ["ID  - 33390062", "DB  - PubMed"],
    ],
)
def test_a_number_that_may_be_pubmeds_waits_for_its_record(tmp_path: Path, lines: list[str]) -> None:
    (seed,) = seeds_of(tmp_path, "papers.ris", _ris(*lines))

    assert (seed.pmid, seed.claimed_pmid) == (None, 33390062)


@pytest.mark.parametrize(
    "lines", [["ID  - 12", "DB  - PubMed"], ["AN  - PPR123456", "DB  - Europe PMC"], ["AN  - 33390062", "DB  - a9h"]]
)
def test_a_count_and_anothers_number_are_no_claim(tmp_path: Path, lines: list[str]) -> None:
    (seed,) = seeds_of(tmp_path, "papers.ris", _ris(*lines))

    assert (seed.pmid, seed.claimed_pmid) == (None, None)


@pytest.mark.parametrize(
    "entry",
    [
        "@article{k, title={Frost}, pmid={PMID: 33390062 [PubMed - indexed for MEDLINE]}}",
        "@article{MEDLINE:33390062, title={Frost}}",
        "@article{k, title={Frost}, Unique-ID={MEDLINE:33390062}}",
    ],
)
def test_a_pmid_of_bibtex_is_read_with_what_stands_around_it(tmp_path: Path, entry: str) -> None:
    (seed,) = seeds_of(tmp_path, "papers.bib", entry)

    assert seed.pmid == 33390062


@pytest.mark.parametrize("cell", ["33390062,0", "3,3390062E+07", "33.390.062", "33,390,062", "33390062.0"])
def test_a_number_is_read_as_spreadsheets_of_any_country_show_it(tmp_path: Path, cell: str) -> None:
    (seed,) = seeds_of(tmp_path, "papers.csv", f'PMID;Titel\n"{cell}";Frost\n')

    assert (seed.pmid, seed.title) == (33390062, "Frost")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("Item Title,Item DOI\nFrost,10.5555/f.1\n", (None, "10.5555/f.1", None)),
        ("TY,TI,DO\nJOUR,Frost,10.5555/f.1\n", (None, "10.5555/f.1", None)),
        ("title,ids.pmcid\nFrost,https://www.ncbi.nlm.nih.gov/pmc/articles/7890123\n", (None, None, "PMC7890123")),
        (f'Article Title,Accession Number,PLink\nFrost,33390062,"{EBSCO.format("cmedm")}"\n', (33390062, None, None)),
    ],
)
def test_columns_of_further_programs_are_known(
    tmp_path: Path, table: str, expected: tuple[int | None, str | None, str | None]
) -> None:
    (seed,) = seeds_of(tmp_path, "papers.csv", table)

    assert (*ids(seed), seed.title) == (*expected, "Frost")


@pytest.mark.parametrize(
    "table",
    [
        f'Article Title,Accession Number,PLink\nFrost,33390062,"{EBSCO.format("ccm")}"\n',
        "Title,Accession Number,Database\nFrost,33390062,CINAHL\n",
    ],
)
def test_an_accession_number_of_another_database_in_a_table_is_no_claim(tmp_path: Path, table: str) -> None:
    (seed,) = seeds_of(tmp_path, "papers.csv", table)

    assert (seed.pmid, seed.claimed_pmid) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "1: PMID- 33390062\nOWN - NLM\nTI  - Frost\n\n2: PMID- 33579606\nTI  - Thaw\n",
        "<pre>\nPMID- 33390062\nTI  - Frost\n\nPMID- 33579606\nTI  - Thaw\n</pre>\n",
    ],
)
def test_pubmeds_earlier_pages_are_read(tmp_path: Path, text: str) -> None:
    assert [(seed.pmid, seed.title) for seed in seeds_of(tmp_path, "papers.nbib", text)] == [
        (33390062, "Frost"),
        (33579606, "Thaw"),
    ]


@pytest.mark.parametrize(
    ("text", "dois"),
    [
        ("10.5555/f.1|10.5555/f.2", ["10.5555/f.1", "10.5555/f.2"]),
        ("10.5555/f.1;frost\n10.5555/f.2;thaw", ["10.5555/f.1", "10.5555/f.2"]),
        ("10.1175/1520-0442(2000)013<1234:ABC>2.0.CO;2", ["10.1175/1520-0442(2000)013<1234:abc>2.0.co;2"]),
        (
            "10.1002/(SICI)1097-0258(1998)17:15<1661::AID-X>3.0.CO;2-#",
            ["10.1002/(sici)1097-0258(1998)17:15<1661::aid-x>3.0.co;2-#"],
        ),
    ],
)
def test_a_doi_ends_where_something_else_is_joined_to_it(tmp_path: Path, text: str, dois: list[str]) -> None:
    assert [seed.doi for seed in seeds_of(tmp_path, "papers.list", text)] == dois


def test_a_check_box_is_a_bullet(tmp_path: Path) -> None:
    found = seeds_of(tmp_path, "papers.md", "- [x] 33390062 – frost\n- [ ] PMID: 33579606\n")

    assert [seed.pmid for seed in found] == [33390062, 33579606]


def test_a_list_of_numbers_of_several_kinds_is_no_page(tmp_path: Path) -> None:
    found = seeds_of(tmp_path, "papers.txt", "33390062\nMED:33579606\nPMC7890123\n")

    assert [ids(seed) for seed in found] == [(33390062, None, None), (33579606, None, None), (None, None, "PMC7890123")]


@pytest.mark.parametrize(
    "page",
    [
        "# Frost and nerves\n\nRelated: PMID 8454279\n\nDOI: 10.5555/f.1\n",
        "Frost and nerves\n\nErratum in: Made Up J. 2026;6:1. PMID: 8454279\n\nhttps://doi.org/10.5555/f.1\n",
    ],
)
def test_a_line_about_another_paper_does_not_hide_what_stands_below(tmp_path: Path, page: str) -> None:
    (seed,) = seeds_of(tmp_path, "page.md", page)

    assert ids(seed) == (None, "10.5555/f.1", None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1.\nUnique Identifier\n33390062\nTitle\nFrost.\n\n2.\nUnique Identifier\n33579606\nTitle\nThaw.\n", "Ovid's text"),
        (
            "Frost\nJ Doe - Made Up J, 2026\nCited by 12 Related articles\n\nThaw\nCited by 3 Related articles\n",
            "Google Scholar's page",
        ),
    ],
)
def test_a_page_of_several_papers_is_refused(tmp_path: Path, text: str, says: str) -> None:
    assert says in told(tmp_path, "page.txt", text)


def test_results_copied_from_pubmeds_page_are_refused(tmp_path: Path) -> None:
    first = "1\nCite\nShare\nFrost.\nDoe S.\nMade Up J. 2026 Jan 5;1(1):1-9. doi: 10.5555/f.1.\nPMID: 33390062\nFree article.\n"
    second = (
        "2\nCite\nShare\nThaw and nerves.\nPoe S.\nMade Up J. 2026 Jan 6;1(1):10-9. doi: 10.5555/f.2.\nPMID: 33579606\nReview.\n"
    )

    assert told(tmp_path, "page.txt", f"{first}\n{second}").startswith(
        "LAB/page.txt:7: this page names several papers and none as its own"
    )
