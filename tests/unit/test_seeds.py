"""Every kind of seed file, sound and broken. The papers are made up, save the two that come with the project."""

from __future__ import annotations

import hashlib
import os
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from support.seed_files import ids, passed_over, seeds_of, told

from watcher.domain import Seed
from watcher.errors import SeedError
from watcher.seeds import distinct, read, read_file
from watcher.seeds.duplicates import told_apart
from watcher.seeds.identifiers import Identifiers, doi_of, dois_in, identified, pmids_in

ROOT = Path(__file__).parents[2]
ORIGINALS = ROOT.parent / "shared" / "seeds"


# --- the two seeds of the project --------------------------------------------------------------------------------------------------------


def shipped(name: str) -> Seed:
    (found,) = [seed for seed in read(ROOT / "seeds" / "nmj", root=ROOT / "seeds") if name in seed.path]
    return found


def test_a_repositorys_page_is_understood() -> None:
    seed = shipped("aging")

    assert (seed.path, seed.locator) == ("nmj/2025-nmj-in-aging-and-disease.txt", "")
    assert ids(seed) == (41224659, "10.1523/jneurosci.1353-25.2025", None)
    assert seed.title == "The Neuromuscular Junction: A Shared Vulnerability in Aging and Disease."
    assert seed.abstract.startswith("The neuromuscular junction (NMJ) is a specialized synapse")
    assert seed.abstract.endswith("across neuromuscular diseases and aging.")  # without the page's buttons below it
    assert seed.keywords == (
        "JMG",
        "Humans",
        "Neuromuscular Junction",
        "Aging",
        "Animals",
        "Neuromuscular Diseases",
        "Schwann Cells",
    )
    assert (seed.headings, seed.notes) == ((), "")


def test_a_markdown_summary_is_understood() -> None:
    seed = shipped("human-and-animal")

    assert ids(seed) == (None, "10.3390/ijms27031253", "PMC12898414")
    assert seed.title == "New Insights into Neuromuscular Junction Biology: Evidence from Human and Animal Research"
    assert seed.abstract.startswith("Neuromuscular junctions (NMJs) are highly specialized synapses")
    assert seed.abstract.endswith("our understanding of human NMJs.")
    assert seed.headings == ("neuromuscular disorders", "age", "declines in skeletal muscle mass")
    assert "Immune cells at neuromuscular junctions vary based on muscle regenerative state." in seed.notes
    assert "tomesphere" not in "".join(map(str, astuple(seed)))


def test_a_seed_carries_the_hash_of_its_file() -> None:
    seed = shipped("aging")

    assert seed.file_sha256 == hashlib.sha256((ROOT / "seeds" / seed.path).read_bytes()).hexdigest()


@pytest.mark.skipif(not ORIGINALS.exists(), reason="the originals of the two seeds (../shared) are not here")
def test_the_two_seeds_are_untouched() -> None:
    here = {path.read_bytes() for path in (ROOT / "seeds" / "nmj").iterdir()}

    assert here == {path.read_bytes() for path in ORIGINALS.iterdir()}


# --- pages --------------------------------------------------------------------------------------------------------------------------------

ABSTRACT = "This sample abstract speaks of agrin and of the muscle that it binds to, at some length. " * 3

PAGE = f"""\
A sample paper about agrin

Author

Ada Sample

Abstract

{ABSTRACT}

Methods

We wrote it.

DOI

https://doi.org/10.1000/Sample.1

Keywords

Agrin

PMID

123

Rights Statement

Somebody's.
"""


@pytest.mark.parametrize(
    "text",
    [
        PAGE,
        PAGE.replace("\n", "\r\n"),
        "\ufeff" + PAGE,
        PAGE.replace("Abstract\n\n", "Abstract:\n").replace("PMID\n\n", "PMID: ").replace("Keywords\n\n", "Keywords: "),
        PAGE.replace("DOI\n\nhttps://doi.org/", "doi:").replace("PMID\n\n", "PMID "),
        "PMID\n\n123\n\n" + PAGE.replace("PMID\n\n123\n\n", "").replace("A sample paper", "Title\n\nA sample paper"),
    ],
)
def test_the_labels_of_a_page_may_come_in_any_order_and_style(tmp_path: Path, text: str) -> None:
    (seed,) = seeds_of(tmp_path, "page.txt", text)

    assert ids(seed) == (123, "10.1000/sample.1", None)
    assert seed.title == "A sample paper about agrin"
    assert seed.abstract == f"{ABSTRACT}Methods We wrote it.".replace("  ", " ")
    assert seed.keywords == ("Agrin",)


def test_a_page_in_utf_16_is_read_as_well(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "page.txt", PAGE.encode("utf-16"))

    assert seed.title == "A sample paper about agrin"


def test_a_long_paragraph_without_a_label_is_the_abstract(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "page.md", f"A sample paper\n\nSample A, Tester B\n\nPMID: 5\n\n{ABSTRACT}")

    assert (seed.title, seed.pmid, seed.abstract) == ("A sample paper", 5, ABSTRACT.strip())


def test_markdown_is_taken_off_and_its_sections_kept_apart(tmp_path: Path) -> None:
    (seed,) = seeds_of(
        tmp_path,
        "page.md",
        "# A *sample* paper\n\n**Keywords:** agrin; **LRP4**\n\n## Abstract\n\n### Background\n\nSee [agrin](https://x.org/a) "
        "and MuSK_a.\n\n## Introduction\n\nNot this.\n\n## MeSH terms\n\n- Synapses\n- Agrin\n\n## Highlights\n\n- One\n- Two\n",
    )

    assert seed.title == "A sample paper"
    assert seed.keywords == ("agrin", "LRP4")
    assert seed.abstract == "Background See agrin and MuSK_a."
    assert seed.headings == ("Synapses", "Agrin")
    assert seed.notes == "One Two"


def test_identifiers_of_cited_papers_are_not_the_papers_own(tmp_path: Path) -> None:
    (seed,) = seeds_of(
        tmp_path,
        "page.md",
        "# A sample paper\n\n## References\n\n1. Other. PMID: 77. doi:10.1000/other PMC999\n\n## Abstract\n\nAgrin.\n",
    )

    assert ids(seed) == (None, None, None)


def test_of_several_identifiers_without_a_label_none_is_taken(tmp_path: Path) -> None:
    (one,) = seeds_of(tmp_path, "page.md", "# A sample paper\n\nhttps://x.org/PMC1234 and https://x.org/10.1000/a\n")
    (several,) = seeds_of(tmp_path, "page.md", f"# A sample paper\n\nPMC1234, PMC5678, 10.1000/a and 10.1000/b\n\n{ABSTRACT}")

    assert ids(one) == (None, "10.1000/a", "PMC1234")
    assert ids(several) == (None, None, None)


# --- lists and tables ---------------------------------------------------------------------------------------------------------------------

LIST = """\
# papers that we like

41224659            # the review of 2025
PMID: 22
- https://pubmed.ncbi.nlm.nih.gov/33/
PMC12898414,
10.1000/Sample.1
https://doi.org/10.1000/SAMPLE.2
"""


@pytest.mark.parametrize("name", ["papers.list", "papers.txt", "papers.md", "papers.csv"])
def test_a_list_gives_one_seed_a_line(tmp_path: Path, name: str) -> None:
    found = seeds_of(tmp_path, name, LIST)

    assert [(seed.locator, *ids(seed)) for seed in found] == [
        ("line 3", 41224659, None, None),
        ("line 4", 22, None, None),
        ("line 5", 33, None, None),
        ("line 6", None, None, "PMC12898414"),
        ("line 7", None, "10.1000/sample.1", None),
        ("line 8", None, "10.1000/sample.2", None),
    ]
    assert {seed.notes for seed in found} == {""}  # a comment is no text about the paper
    assert {seed.path for seed in found} == {f"lab/{name}"}


def test_each_line_that_is_no_identifier_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, "papers.list", "1\nhello\n2 3\n\n0\n4\n") == (
        "LAB/papers.list:2: this line is no PMID, PMCID or DOI\n    write one PMID, PMCID or DOI on a line; comments go behind #\n"
        "LAB/papers.list:3: this line is no PMID, PMCID or DOI\n    write one PMID, PMCID or DOI on a line; comments go behind #\n"
        "LAB/papers.list:5: this line is no PMID, PMCID or DOI\n    write one PMID, PMCID or DOI on a line; comments go behind #"
    )


def test_a_table_is_read_by_its_columns(tmp_path: Path) -> None:
    found = seeds_of(
        tmp_path,
        "csv-sample.csv",
        'PMID,Title,Authors,PMCID,DOI\r\n11,"Agrin, ""again""",Sample A,PMC22,10.1000/A\r\n\r\n,Only a title,,,\r\n33,,,,\r\n',
    )

    assert [(seed.locator, *ids(seed), seed.title) for seed in found] == [
        ("line 2", 11, "10.1000/a", "PMC22", 'Agrin, "again"'),
        ("line 4", None, None, None, "Only a title"),
        ("line 5", 33, None, None, ""),
    ]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_table_may_have_other_marks_between_its_cells(tmp_path: Path, mark: str) -> None:
    rows = [["Title", "doi", "Abstract", "Keywords"], ["Agrin", "10.1000/a", "It binds.", "muscle"]]

    (seed,) = seeds_of(tmp_path, "table.csv", "\n".join(mark.join(row) for row in rows))

    assert (seed.doi, seed.title, seed.abstract, seed.keywords) == ("10.1000/a", "Agrin", "It binds.", ("muscle",))


def test_a_row_that_names_nothing_costs_itself_and_is_told(tmp_path: Path) -> None:
    content = "PMID,Title\n1,\nx,\n2,\n"

    found = seeds_of(tmp_path, "t.csv", content)

    assert [seed.pmid for seed in found] == [1, 2]
    assert passed_over(tmp_path) == ["LAB/t.csv:3:1: PMID: “x” is no PMID, and is passed over"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("41224659", Identifiers(pmid=41224659)),
        ("pmid:41224659", Identifiers(pmid=41224659)),
        ("PMID41224659", Identifiers(pmid=41224659)),
        ("https://www.ncbi.nlm.nih.gov/pubmed/41224659", Identifiers(pmid=41224659)),
        ("https://pubmed.ncbi.nlm.nih.gov/41224659/?from=x", Identifiers(pmid=41224659)),
        ("europepmc.org/article/MED/41224659", Identifiers(pmid=41224659)),
        ("pmc12898414", Identifiers(pmcid="PMC12898414")),
        ("PMC 12898414", Identifiers(pmcid="PMC12898414")),
        ("PMCID: 12898414", Identifiers(pmcid="PMC12898414")),
        ("PMC12898414.1", Identifiers(pmcid="PMC12898414")),
        ("41224659.0", Identifiers(pmid=41224659)),
        ("4.1224659E7", Identifiers(pmid=41224659)),
        ("4.12E+07", Identifiers()),  # rounded: which paper it was is lost
        ('="41224659"', Identifiers(pmid=41224659)),
        ("PMID: '41224659'", Identifiers(pmid=41224659)),
        ('"pmid": "41224659",', Identifiers(pmid=41224659)),
        ("pmid = {41224659},", Identifiers(pmid=41224659)),
        ("**PMID:** 41224659", Identifiers(pmid=41224659)),
        ("[PMID: 41224659]", Identifiers(pmid=41224659)),
        ("PubMed PMID: 41224659.", Identifiers(pmid=41224659)),
        ("PMID: 41224659 [Indexed for MEDLINE]", Identifiers(pmid=41224659)),
        ("41224659 [PMID]", Identifiers(pmid=41224659)),
        ("PMID: [41224659](https://pubmed.ncbi.nlm.nih.gov/41224659/)", Identifiers(pmid=41224659)),
        ("[A title](https://pubmed.ncbi.nlm.nih.gov/41224659/)", Identifiers(pmid=41224659)),
        ("https://m.pubmed.ncbi.nlm.nih.gov/41224659", Identifiers(pmid=41224659)),
        ("https://pubmed-ncbi-nlm-nih-gov.proxy.lab.example/41224659/", Identifiers(pmid=41224659)),
        ("https://pubmed.ncbi.nlm.nih.gov/?term=41224659", Identifiers(pmid=41224659)),
        ("https://www.ncbi.nlm.nih.gov/pubmed/?term=12%5Buid%5D", Identifiers(pmid=12)),
        ("https://pubmed.ncbi.nlm.nih.gov/?term=2020", Identifiers()),  # a year, for all one knows
        ("https://www.ncbi.nlm.nih.gov/entrez/query.fcgi?cmd=Retrieve&db=PubMed&list_uids=12", Identifiers(pmid=12)),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/pmid/41224659/", Identifiers(pmid=41224659)),
        ("http://europepmc.org/abstract/MED/41224659", Identifiers(pmid=41224659)),
        ("PubMed Central ID: PMC12898414", Identifiers(pmcid="PMC12898414")),
        ("10.1093/pubmed/24.1.17", Identifiers(doi="10.1093/pubmed/24.1.17")),
        ("https://doi.org/10.1093/pubmed/24.1.17", Identifiers(doi="10.1093/pubmed/24.1.17")),
        ("10.1000/ab cd", Identifiers()),
        ("https://x.example/10.1000/ab and more", Identifiers()),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC12898414/", Identifiers(pmcid="PMC12898414")),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC12898414/pdf/x.pdf", Identifiers(pmcid="PMC12898414")),
        ("https://europepmc.org/article/PMC/PMC12898414", Identifiers(pmcid="PMC12898414")),
        ("doi: 10.1000/ABC", Identifiers(doi="10.1000/abc")),
        ("<https://doi.org/10.1000/ABC>", Identifiers(doi="10.1000/abc")),
        ("http://dx.doi.org/10.1000%2Fabc", Identifiers(doi="10.1000/abc")),
        ("https://onlinelibrary.wiley.com/doi/full/10.1002/mus.1?af=R", Identifiers(doi="10.1002/mus.1")),
        ("10.1000/abc).", Identifiers(doi="10.1000/abc")),
        ("10.1002/(SICI)1097(1997)20:11<14::AID>3.0.CO;2-X", Identifiers(doi="10.1002/(sici)1097(1997)20:11<14::aid>3.0.co;2-x")),
        ("0", Identifiers()),
        ("1234567890", Identifiers()),
        ("１２３", Identifiers()),
        ("PMC", Identifiers()),
        ("agrin", Identifiers()),
        ("https://example.org/paper", Identifiers()),
    ],
)
def test_an_identifier_has_one_spelling_however_it_is_written(text: str, found: Identifiers) -> None:
    assert identified(text) == found


@pytest.mark.parametrize(
    ("address", "doi"),
    [
        ("https://onlinelibrary.wiley.com/doi/full/10.1002/mus.1?af=R", "10.1002/mus.1"),
        ("https://onlinelibrary.wiley.com/doi/10.1111/j.1365.x/abstract;jsessionid=A.f01", "10.1111/j.1365.x"),
        ("https://www.frontiersin.example/articles/10.3389/fnins.2026.00001/full", "10.3389/fnins.2026.00001"),
        ("10.3389/fnins.2026.00001/full", "10.3389/fnins.2026.00001"),
        ("https://link.springer.com/content/pdf/10.1007%2Fs00018-026-03456-x.pdf", "10.1007/s00018-026-03456-x"),
        ("https://link.springer.com/article/10.1007/s00401-026-1-2/fulltext.html", "10.1007/s00401-026-1-2"),
        ("https://www.biorxiv.org/content/10.1101/2026.01.01.123456v2.full.pdf+html", "10.1101/2026.01.01.123456"),
        ("https://www.medrxiv.org/content/10.1101/2026.01.01.20012345v1.full-text", "10.1101/2026.01.01.20012345"),
        ("10.1101/2026.01.01.123456v2", "10.1101/2026.01.01.123456"),
        ("10.64898/2026.01.01.123456v1", "10.64898/2026.01.01.123456"),
        ("10.48550/arXiv.2601.00001v2", "10.48550/arxiv.2601.00001"),
        ("https://doi.org/10.21203/rs.3.rs-123456/v1", "10.21203/rs.3.rs-123456/v1"),  # each version has a DOI of its own there
        ("https://journals.plos.org/plosone/article/file?id=10.1371/journal.pone.1&type=printable", "10.1371/journal.pone.1"),
        ("https://academic.oup.com/brain/advance-article/doi/10.1093/brain/awz123/5698765", "10.1093/brain/awz123"),
        ("www.pnas.org/doi/abs/10.1073/pnas.1234567890", "10.1073/pnas.1234567890"),
        ("https://doi-org.proxy.lab.example/10.1016/S0140-6736(20)30183-5", "10.1016/s0140-6736(20)30183-5"),
        (
            "https://onlinelibrary.wiley.com/doi/10.1002/(SICI)1097-4598(199706)20:6%3C665::AID-MUS1%3E3.0.CO;2-X/abstract",
            "10.1002/(sici)1097-4598(199706)20:6<665::aid-mus1>3.0.co;2-x",
        ),
        ("10.1002/(SICI)1097(1997)20:6&lt;665::AID&gt;3.0.CO;2-X", "10.1002/(sici)1097(1997)20:6<665::aid>3.0.co;2-x"),
        ("10.1016/S0140\u20106736(20)30183\u20105", "10.1016/s0140-6736(20)30183-5"),  # hyphens as PDFs have them
        ("10.1000/full", "10.1000/full"),
        ("https://www.lab.example/content/40/1/1", None),
    ],
)
def test_a_publishers_address_gives_the_doi_that_exists(address: str, doi: str | None) -> None:
    assert doi_of(address) == doi


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(see 10.1000/a, 10.1000/B; https://doi.org/10.1000/a.)", ("10.1000/a", "10.1000/b")),
        ("10.1000/a;10.1000/b", ("10.1000/a", "10.1000/b")),
        (
            "[10.1000/d](https://doi.org/10.1000/d) and <a href='https://x.example/doi/full/10.1000/c'>10.1000/c</a>",
            ("10.1000/d", "10.1000/c"),
        ),
        (
            "10.1002/(SICI)1097(1997)20:11<14::AID>3.0.CO;2-X;10.1000/z",
            ("10.1002/(sici)1097(1997)20:11<14::aid>3.0.co;2-x", "10.1000/z"),
        ),
    ],
)
def test_dois_are_found_in_running_text(text: str, found: tuple[str, ...]) -> None:
    assert dois_in(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PMID: 11; PMID: 12", (11, 12)),
        ("PMIDs: 11, 12 and 13", (11, 12, 13)),
        ("[a](https://pubmed.ncbi.nlm.nih.gov/33/), PMID 4; **PMID:** [5](x)", (33, 4, 5)),
        ("doi:10.1093/pubmed/24.1.17, https://doi.org/10.1093/pubmed/24.1.17", ()),
        ("PMID: 123.4", ()),
    ],
)
def test_pmids_are_found_where_a_text_calls_them_so_or_links_to_pubmed(text: str, found: tuple[int, ...]) -> None:
    assert pmids_in(text) == found


# --- folders ---------------------------------------------------------------------------------------------------------------------------------


def test_files_come_in_the_order_of_their_names_and_what_is_no_seed_is_passed_over(tmp_path: Path) -> None:
    lab = tmp_path / "seeds" / "lab"
    (lab / "later").mkdir(parents=True)
    for name in ("later/x.pdf", ".hidden", "README.md", "readme", "~$open.docx", "Thumbs.db"):
        (lab / name).write_text("no seed")
    (lab / "b.list").write_text("2\n")
    (lab / "a.list").write_text("1\n")

    found = read(lab, root=tmp_path / "seeds")

    assert [(seed.path, seed.pmid) for seed in found] == [("lab/a.list", 1), ("lab/b.list", 2)]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "paper.pdf",
            b"%PDF",
            "LAB/paper.pdf: this kind of file is not known here\n    write the paper's DOI or PMID into a file such as",
        ),
        ("paper.xyz", b"1", "LAB/paper.xyz: this kind of file is not known here\n    known are .txt"),
        ("noending", b"A title", "LAB/noending: this kind of file is not known here"),
        ("page.txt", b" \n\n", "LAB/page.txt: the file is empty"),
        ("page.txt", b"title\n\x00\x01\x02\x03\n", "LAB/page.txt:2: this file is not text"),
        ("page.txt", b"Abstract\n\nDOI\n", "LAB/page.txt:1: neither an identifier nor a title is found here"),
    ],
)
def test_a_file_that_is_not_understood_is_told(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    assert said in told(tmp_path, name, content)


EXPORT = "TY  - JOUR\nTI  - Étude of agrin\nAN  - 11\nDB  - PubMed\nER  - \n"


@pytest.mark.parametrize("name", ["x.ris", "x.txt", "x.md", "x.nbib", "x.bib", "x.csv", "x.tsv", "x.list"])
def test_a_format_that_shows_itself_is_read_whatever_the_name_ends_in(tmp_path: Path, name: str) -> None:
    (seed,) = seeds_of(tmp_path, name, EXPORT)

    assert (seed.pmid, seed.title) == (11, "Étude of agrin")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_unicode_and_any_line_end_is_read(tmp_path: Path, encoding: str, end: str) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", EXPORT.replace("\n", end).encode(encoding))

    assert seed.title == "Étude of agrin"
    assert passed_over(tmp_path) == []


def test_an_export_that_is_indented_as_a_whole_is_read(tmp_path: Path) -> None:
    content = "\n <7. >\n VN  - Ovid Technologies\n DB  - Ovid MEDLINE(R)\n UI  - 11\n TI  - Agrin and\n   its partners\n"

    (seed,) = seeds_of(tmp_path, "x.txt", content)

    assert (seed.pmid, seed.title, seed.locator) == (11, "Agrin and its partners", "line 3")


def test_marks_and_controls_within_a_file_are_passed_over(tmp_path: Path) -> None:
    content = EXPORT + "\ufeff" + EXPORT.replace("11", "12").replace("agrin", "ag\x00rin") + "\x1a"

    first, second = seeds_of(tmp_path, "x.ris", content)

    assert (first.title, second.title, second.pmid) == ("Étude of agrin", "Étude of agrin", 12)


def test_windows_letters_are_read_and_told_also_between_others(tmp_path: Path) -> None:
    content = EXPORT.encode() + EXPORT.replace("11", "12").replace("agrin", "“agrin”").encode("cp1252")

    first, second = seeds_of(tmp_path, "x.ris", content)

    assert (first.title, second.title) == ("Étude of agrin", "Étude of “agrin”")
    assert passed_over(tmp_path) == ["LAB/x.ris:7: the file is not in UTF-8 and was read as Windows-1252"]


@pytest.mark.parametrize(
    ("name", "content", "what", "fix"),
    [
        ("library.json", '{"config": {"id": 1}, "items": [{"title": "x"}]}', "this is JSON", "format RIS"),
        ("library.json", "[]", "the file holds no item of CSL-JSON", "export the papers as RIS (.ris)"),
        ("library.txt", '[\n  {"name": "a", "title": "x"}]', "this is JSON", "format RIS"),
        ("library.rdf", "<rdf:RDF/>", "this is RDF", "format RIS"),
        ("library.txt", '<?xml version="1.0"?>\n<rdf:RDF/>', "this is RDF", "format RIS"),
        ("library.xml", "<xml/>", "this is XML", "RIS"),
        ("library.ris", '<?xml version="1.0"?><xml><records/></xml>', "this is EndNote's XML", "RefMan (RIS) Export"),
        ("pubmed.txt", '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "NLM">\n<PubmedArticleSet>', "PubMed's XML", "PubMed"),
        ("library.enl", "x", "this is an EndNote library", "RefMan (RIS) Export"),
        ("papers.xlsx", "PK", "this is a spreadsheet", "CSV"),
        ("paper.txt", "%PDF-1.7", "this is a PDF", "papers.list"),
        ("page.md", "<!DOCTYPE html><html>", "this is a web page", "papers.list"),
    ],
)  # fmt: skip
def test_a_format_that_is_not_read_is_refused_with_what_to_export(
    tmp_path: Path, name: str, content: str, what: str, fix: str
) -> None:
    said = told(tmp_path, name, content)

    assert said.startswith(f"LAB/{name}: ")
    assert what in said
    assert fix in said


def test_an_item_that_is_no_json_is_told_with_its_line(tmp_path: Path) -> None:
    said = told(tmp_path, "library.json", '[{"id": "a", "title": "x"},\n{"id": "b", "title": ]')

    assert said.startswith("LAB/library.json:2: the item that begins here is no JSON\n    export the papers as RIS (.ris)")


def test_what_programs_leave_beside_a_file_is_passed_over_and_told(tmp_path: Path) -> None:
    lab = tmp_path / "seeds" / "lab"
    lab.mkdir(parents=True)
    leftovers = ["#a.list#", "a.list.bak", "a.list.orig", "a.list.swp", "a.list.tmp", "a.list~", "b.ris.crdownload", "c.bak1"]
    for name in leftovers:
        (lab / name).write_text("2\n")

    (seed,) = seeds_of(tmp_path, "a.list", "1\n")

    assert seed.pmid == 1
    assert passed_over(tmp_path) == [f"LAB/{name}: this is a program's leftover and is passed over" for name in leftovers]


def test_a_leftover_that_is_named_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.list.bak").write_text("1\n")

    with pytest.raises(SeedError, match="this is a program's leftover"):
        read_file(tmp_path / "a.list.bak", root=tmp_path)


def test_two_entries_of_one_key_are_told_apart(tmp_path: Path) -> None:
    found = seeds_of(tmp_path, "x.csv", "PMID,Title\n1,a\n2,b\n")

    assert len({seed.locator for seed in found}) == 2


def test_all_faults_of_a_folder_are_told_at_once(tmp_path: Path) -> None:
    lab = tmp_path / "seeds" / "lab"
    lab.mkdir(parents=True)
    (lab / "a.list").write_text("hello\n")
    (lab / "c.bib").write_text("words\n")

    faults = told(tmp_path, "b.pdf", b"%PDF")

    assert [faults.find(name) >= 0 for name in ("a.list:1", "b.pdf", "c.bib")] == [True] * 3


def test_a_folder_without_papers_or_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("put papers here")

    with pytest.raises(SeedError, match="the folder holds no papers"):
        read(tmp_path, root=tmp_path)
    with pytest.raises(SeedError, match="the folder cannot be read: No such file"):
        read(tmp_path / "gone", root=tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    lab = tmp_path / "seeds" / "lab"
    lab.mkdir(parents=True)
    (lab / "a.list").write_text("1\n")
    (lab / "a.list").chmod(0)

    with pytest.raises(SeedError, match="the file cannot be read: Permission denied"):
        read(lab, root=tmp_path / "seeds")


def test_a_paper_that_is_there_twice_comes_once_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    lab = tmp_path / "seeds" / "lab"
    lab.mkdir(parents=True)
    (lab / "a.list").write_text("11\n11\n")

    found = seeds_of(
        tmp_path,
        "b.nbib",
        "PMID- 11\nTI  - A sample paper.\nAID - 10.1000/sample.1 [doi]\nPMC - PMC22\n\nPMID- 33\nTI  - Another.\n",
    )

    assert [(seed.path, seed.locator, *ids(seed)) for seed in found] == [
        ("lab/a.list", "line 1", 11, "10.1000/sample.1", "PMC22"),
        ("lab/b.nbib", "line 6", 33, None, None),
    ]
    assert found[0].title == "A sample paper."


def test_a_seed_that_joins_two_others_makes_all_three_one() -> None:
    seed = Seed("a", "", "")
    by_pmid, by_doi, both = (
        replace(seed, pmid=1),
        replace(seed, doi="10.1000/a"),
        replace(seed, pmid=1, doi="10.1000/a"),
    )

    assert distinct([by_pmid, by_doi]) == (by_pmid, by_doi)
    assert distinct([by_pmid, by_doi, both]) == (both,)


def test_papers_that_are_joined_stand_where_the_first_of_them_stood() -> None:
    def named(locator: str, **ids: Any) -> Seed:  # noqa: ANN401 - whatever names a seed
        return Seed("a", locator, "", **ids)

    seeds = [
        named("1", pmcid="PMC1"),
        named("2", doi="10.1000/a", title="A title"),
        named("3", pmid=3),
        named("4", pmid=3, doi="10.1000/a"),
        named("5", pmcid="PMC1", pmid=3),
        named("6", doi="10.1000/a"),
    ]

    assert distinct(seeds) == (named("1", pmcid="PMC1", pmid=3, doi="10.1000/a", title="A title"),)
    assert [seed.locator for seed in distinct(seeds[:4])] == ["1", "2"]


def test_telling_papers_apart_does_not_hold_each_against_all_others() -> None:
    comparisons = []

    class Counted(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            comparisons.append(other)
            return str.__eq__(self, other)

    seeds = [Seed("a", str(number), "", doi=Counted(f"10.1000/{number}")) for number in range(1_000)]

    assert len(distinct(seeds)) == 1_000
    assert len(comparisons) < 10 * 1_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", "PMID,Title\n33,Thymus paper\n33,A study of fish and more fish\n"),
        ("x.csv", "DOI,Title\n10.5555/a,Thymus paper\n10.5555/a,A study of fish and more fish\n"),
        ("x.csv", "PMID,DOI\n33,10.5555/a\n33,10.5555/b\n"),
        ("x.ris", "TY  - JOUR\nTI  - Thymus\nPM  - 33\nER  - \nTY  - JOUR\nTI  - A study of fish\nPM  - 33\nER  - \n"),
    ],
)
def test_seeds_of_one_identifier_that_contradict_each_other_both_stay_and_are_told(tmp_path: Path, name: str, content: str) -> None:
    found = seeds_of(tmp_path, name, content)

    (problem,) = passed_over(tmp_path)
    assert len(found) == 2
    assert problem.startswith(f"LAB/{name}:")
    assert f"stands also at lab/{name} line" in problem


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Agrin and its partners in the mouse", "Agrin and its partners"),
        ("The neuro-muscular junction", "The neuromuscular junction"),
        ("Étude de l'agrine", "Etude de l'agrine."),
        ("Agrin at the synapse", "シナプスのアグリン"),
        ("Agrin at the synapse", ""),
    ],
)
def test_titles_that_are_written_otherwise_are_one_papers(one: str, other: str) -> None:
    seeds = [Seed("a", str(number), "", pmid=1, title=title) for number, title in enumerate((one, other))]

    assert distinct(seeds) == (seeds[0],)


def test_many_seeds_of_one_wrong_identifier_stay_without_each_being_held_against_all() -> None:
    seeds = [Seed("a", str(number), "", pmid=1, title=f"{number:x} " * 3) for number in range(3_000)]

    found, passed_over = told_apart([*seeds, *seeds], Path())

    assert found == tuple(seeds)
    assert len(passed_over) == 2_999


def test_titles_that_differ_in_their_numbers_are_two_papers() -> None:
    seeds = [Seed("a", str(number), "", pmid=1, title=f"Subject{number} matter{number} alone{number}") for number in range(5)]

    assert distinct(seeds) == tuple(seeds)
