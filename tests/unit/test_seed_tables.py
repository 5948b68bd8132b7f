"""Tables as programs write them: columns, marks between cells, numbers that spreadsheets changed. All papers are made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.seed_files import ids, passed_over, seeds_of

WHOLE: dict[str, Any] = {"pmid": 33390062, "doi": "10.5555/smp.2", "title": "A sample study of frost", "abstract": "Some text."}


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (  # RefWorks
            (
                "Reference Type\tAuthors, Primary\tTitle Primary\tAbstract\tKeywords\tDescriptors\tDOI\tPMID\n"
                "Journal Article\tDoe, J\tA sample study of frost\tSome text.\ta; b\tc\t10.5555/smp.2\t33390062\n"
            ),
            WHOLE | {"keywords": ("a", "b", "c")},
        ),
        (  # Zotero
            (
                '"Key","Title","DOI","Url","Abstract Note","Extra","Manual Tags","Automatic Tags"\n'
                '"AB12","A sample study of frost","10.5555/smp.2","https://some.example","Some text.","PMID: 33390062\n'
                'PMCID: PMC777","nmj; mouse","x"\n'
            ),
            WHOLE | {"pmcid": "PMC777", "keywords": ("nmj", "mouse", "x")},
        ),
        (  # PubMed
            (
                "\ufeffPMID,Title,Authors,Citation,First Author,Journal/Book,Publication Year,Create Date,PMCID,NIHMS ID,DOI\n"
                '33390062,"A sample study of frost","Doe J.",x,Doe J,Sample J Fict,2026,2026/01/05,PMC77,,10.5555/smp.2\n'
            ),
            WHOLE | {"abstract": "", "pmcid": "PMC77"},
        ),
        (  # PubMed in earlier years
            (
                "Title,URL,Description,Details,ShortDetails,Resource,Type,Identifiers,Db,EntrezUID,Properties\n"
                "A sample study of frost,/pubmed/33390062,Doe J.,x,x,PubMed,citation,PMID:33390062 | PMCID:PMC777,pubmed,33390062,x\n"
            ),
            {"pmid": 33390062, "pmcid": "PMC777", "title": "A sample study of frost"},
        ),
        (  # Scopus
            (
                '"Authors","Title","Year","DOI","Link","Abstract","Author Keywords","Index Keywords","PubMed ID","EID"\n'
                '"Doe J.","A sample study of frost","2026","10.5555/smp.2","https://x.example","Some text.","a; b","c; d",'
                '"33390062","2-s2.0-1"\n'
            ),
            WHOLE | {"keywords": ("a", "b", "c", "d")},
        ),
        (  # Web of Science, by tags and by names
            "PT\tAU\tTI\tDE\tAB\tDI\tPM\tUT\nJ\tDoe, J\tA sample study of frost\ta\tSome text.\t10.5555/smp.2\t33390062\tWOS:000\n",
            WHOLE | {"keywords": ("a",)},
        ),
        (
            (
                "Article Title;Author Keywords;Abstract;DOI;Pubmed Id;UT (Unique WOS ID)\n"
                "A sample study of frost;a;Some text.;10.5555/smp.2;;MEDLINE:33390062\n"
            ),
            WHOLE | {"keywords": ("a",)},
        ),
        (  # Rayyan
            "key,title,year,abstract,doi,keywords,pubmed_id,pmc_id\n1,A sample study of frost,2026,Some text.,10.5555/smp.2,a,33390062,PMC77\n",
            WHOLE | {"pmcid": "PMC77", "keywords": ("a",)},
        ),
        (  # Dimensions, below a line about the export
            (
                '"About the data: exported on 2026-01-05"\nRank,DOI,PMID,PMCID,Title,Abstract,MeSH terms\n'
                "1,10.5555/smp.2,33390062,PMC77,A sample study of frost,Some text.,Mice; Agrin\n"
            ),
            WHOLE | {"pmcid": "PMC77", "headings": ("Mice", "Agrin")},
        ),
        (  # Europe PMC
            "SOURCE,EXT_ID,DOI,TITLE,ABSTRACT\nMED,33390062,10.5555/smp.2,A sample study of frost,Some text.\n",
            WHOLE,
        ),
        (  # Covidence: whose number it is, is not said
            (
                "Title,Authors,Abstract,Published Year,Accession Number,DOI,Covidence #\n"
                "A sample study of frost,Doe,Some text.,2026,33390062,10.5555/smp.2,#1\n"
            ),
            WHOLE | {"pmid": None, "claimed_pmid": 33390062},
        ),
        ("sep=;\nPMID;Title\n33390062;A sample study of frost\n", {"pmid": 33390062, "title": "A sample study of frost"}),
        ("  pub_med ID |DOI\n33390062|https://doi.org/10.5555/SMP.2\n", {"pmid": 33390062, "doi": "10.5555/smp.2"}),
    ],
)
@pytest.mark.parametrize("name", ["export.csv", "export.tsv", "export.txt"])
def test_columns_are_known_by_the_names_that_programs_give_them(
    tmp_path: Path, name: str, table: str, found: dict[str, Any]
) -> None:
    (seed,) = seeds_of(tmp_path, name, table)

    assert {key: getattr(seed, key) for key in found} == found
    assert passed_over(tmp_path) == []


def test_a_table_of_excels_in_utf_16_is_read(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "export.txt", "PMID\tTitle\r\n33390062\tA made-up paper\r\n".encode("utf-16"))

    assert (seed.pmid, seed.title) == (33390062, "A made-up paper")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"33390062"\n"33579606"\n', [(33390062, None), (33579606, None)]),
        ('"33390062","Doe, J","2026"\n"33579606","Roe, R","2026"\n', [(33390062, None), (33579606, None)]),
        ("Doe 2026;10.5555/a;33390062\nRoe 2026;10.5555/b;\n", [(33390062, "10.5555/a"), (None, "10.5555/b")]),
    ],
)
def test_a_table_without_a_head_gives_what_its_cells_are(
    tmp_path: Path, text: str, found: list[tuple[int | None, str | None]]
) -> None:
    seeds = seeds_of(tmp_path, "export.csv", text)

    assert [(seed.pmid, seed.doi) for seed in seeds] == found


def test_numbers_that_a_spreadsheet_changed_are_read_where_no_digit_is_lost(tmp_path: Path) -> None:
    table = 'PMID,Title\n33390062.0,a\n3.3579606E7,b\n"=""33651117""",c\n3.36E+07,d\nn/a,e\n0,f\n'

    found = seeds_of(tmp_path, "export.csv", table)

    assert [seed.pmid for seed in found] == [33390062, 33579606, 33651117, None, None, None]
    assert passed_over(tmp_path) == ["LAB/export.csv:5:1: PMID: “3.36E+07” is no PMID, and is passed over"]


def test_a_cell_that_is_not_understood_is_told_with_line_and_column(tmp_path: Path) -> None:
    table = 'Title,PMID,DOI\n"a\nb",thirty,see the web page\nc,,"10.5555/a; 10.5555/b"\nd,33390062,https://doi.org/10.5555/d\n'

    found = seeds_of(tmp_path, "export.csv", table)

    assert [ids(seed) for seed in found] == [(None, None, None), (None, None, None), (33390062, "10.5555/d", None)]
    assert passed_over(tmp_path) == [
        "LAB/export.csv:2:2: PMID: “thirty” is no PMID, and is passed over",
        "LAB/export.csv:2:3: DOI: “see the web page” is no DOI, and is passed over",
        "LAB/export.csv:4:3: DOI: “10.5555/a; 10.5555/b” is no DOI, and is passed over",
    ]


def test_a_row_with_more_cells_than_the_head_is_told(tmp_path: Path) -> None:
    seeds_of(tmp_path, "export.csv", "PMID,Title\n33390062,Cold, warm and in between\n")

    assert passed_over(tmp_path) == [
        "LAB/export.csv:2: this row has 3 cells, the head 2: what stands behind may be under another name"
    ]


def test_a_quote_in_a_table_with_tabs_swallows_no_rows(tmp_path: Path) -> None:
    found = seeds_of(tmp_path, "export.tsv", 'PMID\tTitle\n33390062\t"Agrin" in muscle\n33579606\t"Cold\n33651117\tWarm\n')

    assert [(seed.pmid, seed.title) for seed in found] == [
        (33390062, '"Agrin" in muscle'),
        (33579606, '"Cold'),
        (33651117, "Warm"),
    ]


def test_a_cell_of_any_length_is_read(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "export.csv", f"PMID,References\n33390062,{'x' * 200_000}\n")

    assert seed.pmid == 33390062


@pytest.mark.parametrize("name", ["papers.md", "papers.txt", "papers.csv"])
@pytest.mark.parametrize(
    "table",
    [
        "| PMID | Title |\n|------|-------|\n| 33390062 | First |\n| 33579606 | Second |",
        "| PMID |\n|:----:|\n| 33390062 |\n| 33579606 |",
    ],
)
def test_a_markdown_table_below_a_heading_is_read(name: str, table: str, tmp_path: Path) -> None:
    text = f"# Papers we like\n\nSome made-up words about them.\n\n{table}\n\nThat is all.\n"

    assert [seed.pmid for seed in seeds_of(tmp_path, name, text)] == [33390062, 33579606]


def test_a_table_of_other_papers_in_a_page_makes_no_list_of_it(tmp_path: Path) -> None:
    text = "# A made-up paper\n\nPMID: 33390062\n\n## Compared with\n\n| PMID | What |\n|---|---|\n| 33579606 | mouse |\n"

    assert "33579606" not in str(seeds_of(tmp_path, "page.md", text))


def test_addresses_of_several_papers_in_one_cell_are_told(tmp_path: Path) -> None:
    front = "https://pubmed.ncbi.nlm.nih.gov"

    (found,) = seeds_of(tmp_path, "x.csv", f"Title,URL\nOne,{front}/11111111/ {front}/22222222/\n")

    assert found.pmid == 11111111
    assert passed_over(tmp_path) == [
        "LAB/x.csv:2:2: URL: this cell leads to several papers at PubMed, 11111111 and 22222222: the first counts"
    ]
