"""What reference managers, databases and publishers export, as they write it. The papers are made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.seed_files import ids, passed_over, seeds_of, told

# --- PubMed's own format ------------------------------------------------------------------------------------------------------------------

NBIB = """\
PMID- 11
OWN - NLM
DP  - 2026 Michaelmas
TI  - A sample paper about agrin and
      its partners.
LID - 10.1000/Sample.1 [doi]
LID - not in brackets
AID - S0000 [pii]
AB  - BACKGROUND: Agrin.
      RESULTS: LRP4.
OT  - agrin
OT  - *LRP4
MH  - *Neuromuscular Junction/metabolism/physiology
MH  - Humans
PMC - PMC22

PMID- 33
TI  - Another."""


@pytest.mark.parametrize("name", ["export.nbib", "pubmed-agrin-set.txt", "pubmed.ris", "pubmed.list", "pubmed.bib"])
def test_pubmeds_own_format_is_read_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    first, second = seeds_of(tmp_path, name, NBIB)

    assert ids(first) == (11, "10.1000/sample.1", "PMC22")
    assert first.title == "A sample paper about agrin and its partners."
    assert first.abstract == "BACKGROUND: Agrin. RESULTS: LRP4."
    assert (first.keywords, first.headings) == (("agrin", "LRP4"), ("Neuromuscular Junction", "Humans"))
    assert (second.locator, second.pmid, second.title) == ("line 17", 33, "Another.")


@pytest.mark.parametrize(
    "unread",
    [
        "COIS- Interests: AS is paid by a firm. \n RR is too, \n and by a third.",
        "COIS- Interests: AS is paid.\n\n RR is not.",
        "COIS- Interests: AS is paid.\n\nRR is not.\nNor is BT.",
        "FIR - nothing\nwhat is this",
        "XYZ - a tag of next year\n      and more of it",
        "IR  -",
    ],
)
def test_what_is_not_read_may_be_anything(tmp_path: Path, unread: str) -> None:
    content = f"PMID- 11\nTI  - One.\n{unread}\nAID - 10.1000/a [doi]\n\nPMID- 12\nTI  - Two.\nAID - 10.1000/b [doi]\n"

    first, second = seeds_of(tmp_path, "x.nbib", content)

    assert (*ids(first), first.title) == (11, "10.1000/a", None, "One.")
    assert (*ids(second), second.title) == (12, "10.1000/b", None, "Two.")
    assert passed_over(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [
        "PMC - PMC1\nPMID- 11\nTI  - One.\n\nPMC - PMC2\nPMID- 12\nTI  - Two.\n",
        "OWN - NLM\nPMID- 11\nTI  - One.\n\nOWN - NLM\nPMID- 12\nTI  - Two.\n",
        "PMID- 11\nTI  - One.\nPMID- 12\nTI  - Two.\n",
        "STAT- Publisher\nTI  - One.\nPMID- 11\n\n\n\nTI  - Two.\nPMID- 12\n",
        "PMID- 11\nOWN - NLM\nTI  - One.\n\nLR  - 2026\nTI  - Two.\nPMID- 12\n",
        "\n\n1: \nPMID- 11\nTI  - One.\n\n2: \nPMID- 12\nTI  - Two.\n",
    ],
)
def test_records_may_begin_with_any_tag_and_follow_without_a_gap(tmp_path: Path, content: str) -> None:
    found = seeds_of(tmp_path, "x.txt", content)

    assert [(seed.pmid, seed.title) for seed in found] == [(11, "One."), (12, "Two.")]


def test_a_number_that_is_none_is_told_and_costs_only_itself(tmp_path: Path) -> None:
    first, second = seeds_of(tmp_path, "x.nbib", "PMID- 11\nTI  - Fine.\n\nPMID- eleven\nTI  - Not.\n")

    assert (first.pmid, second.pmid, second.title) == (11, None, "Not.")
    assert passed_over(tmp_path) == ["LAB/x.nbib:4: this PMID is none and is passed over: “eleven”"]


def test_a_doi_that_is_none_is_told_in_pubmeds_format(tmp_path: Path) -> None:
    (found,) = seeds_of(tmp_path, "x.nbib", "PMID- 11\nTI  - Fine.\nAID - S0001(26)1 [pii]\nAID - eleven [doi]\n")

    assert ids(found) == (11, None, None)
    assert passed_over(tmp_path) == ["LAB/x.nbib:4: this DOI is none and is passed over: “eleven [doi]”"]


@pytest.mark.parametrize("name", ["x.ris", "x.nbib", "x.bib", "x.txt"])
def test_exports_of_several_formats_in_one_file_are_all_read(tmp_path: Path, name: str) -> None:
    ris = "TY  - JOUR\nTI  - One.\nAN  - 11\nDB  - PubMed\nER  - \n"
    medline = "\nPMID- 12\nTI  - Two.\nAB  - First.\n      Second.\n\nOWN - NLM\nPMID- 13\nTI  - Three.\n\n"
    bibtex = "@article{four,\n title = {Four},\n pmid = {14}\n}\n"

    found = seeds_of(tmp_path, name, ris + medline + bibtex + ris.replace("One", "Five").replace("11", "15"))

    assert [(seed.pmid, seed.title.rstrip(".")) for seed in found] == [
        (11, "One"),
        (12, "Two"),
        (13, "Three"),
        (14, "Four"),
        (15, "Five"),
    ]
    assert [seed.locator for seed in found][:3] == ["line 1", "line 7", "line 12"]
    assert passed_over(tmp_path) == []


def test_ovids_tags_are_read_and_its_number_is_a_pmid_for_medline_only(tmp_path: Path) -> None:
    content = "<1. >\nVN  - Ovid Technologies\nDB  - Ovid MEDLINE(R) ALL\nUI  - 11\nTI  - One.\nAB  - Text.\n\n"
    content += "<2. >\nVN  - Ovid Technologies\nDB  - Embase\nUI  - 12\nTI  - Two.\nDO  - https://dx.doi.org/10.1000/b\n"

    first, second = seeds_of(tmp_path, "x.txt", content)

    assert (*ids(first), first.title, first.abstract) == (11, None, None, "One.", "Text.")
    assert (*ids(second), second.title) == (None, "10.1000/b", None, "Two.")


def test_nlms_old_numbers_are_no_pmids(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.txt", "UI  - 92043271\nOWN - NLM\nTI  - One.\nAB  - Text.\n")

    assert (seed.pmid, seed.claimed_pmid, seed.title) == (None, None, "One.")


def test_erics_doi_has_no_label(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.nbib", "OWN - ERIC\nTI  - One.\nAID - http://dx.doi.org/10.1000/a\nOID - EJ1131633\n")

    assert (*ids(seed), seed.title) == (None, "10.1000/a", None, "One.")


def test_the_source_line_gives_a_doi_where_no_other_line_does(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.nbib", "PMID- 11\nTI  - One.\nSO  - J Samples. 2026;1(1):1. doi:\n      10.1000/a.\n")

    assert seed.doi == "10.1000/a"


# --- RIS ----------------------------------------------------------------------------------------------------------------------------------

RIS = """\
Provider: a sample database
TY  - JOUR
TI  - A sample paper
  about agrin
AB  - Agrin binds.
DO  - https://doi.org/10.1000/Sample.1
KW  - *agrin
KW  - muscle
      nerve
AN  - 11
C2  - PMC22
ER  -

TY - CHAP
T1  - Another
N2  - An old abstract.
AN  - 999
DB  - Embase
UR  - https://pubmed.ncbi.nlm.nih.gov/33/
TY  - JOUR
TI  - A third
AN  - 998
DB  - Scopus
"""


@pytest.mark.parametrize("name", ["export.ris", "export.txt", "export.nbib"])
def test_ris_is_read_with_its_lapses(tmp_path: Path, name: str) -> None:
    first, second, third = seeds_of(tmp_path, name, RIS)

    assert (*ids(first), first.claimed_pmid) == (None, "10.1000/sample.1", "PMC22", 11)
    assert (first.title, first.abstract) == ("A sample paper about agrin", "Agrin binds.")
    assert first.keywords == ("agrin", "muscle", "nerve")
    assert (second.title, second.abstract, second.pmid) == ("Another", "An old abstract.", 33)
    assert (third.title, third.pmid, third.claimed_pmid) == ("A third", None, None)


def ris(*lines: str) -> str:
    return "\n".join(["TY  - JOUR", "TI  - A sample paper", *lines, "ER  - ", ""])


@pytest.mark.parametrize(
    "database",
    [
        ["DB  - PubMed"],
        ["DB  - Medline"],
        ["DB  - MEDLINE", "DP  - EBSCOhost"],
        ["DP  - NLM"],
        ["DB  - Medline", "DP  - NLM"],
        ["DB  - Ovid MEDLINE(R) ALL"],
        ["DB  - Ovid MEDLINE(R) and Epub Ahead of Print, In-Process, In-Data-Review & Other Non-Indexed Citations, Daily"],
        ["DP  - Ovid MEDLINE(R) <2022>"],
        ["DB  - Ovid MEDLINE(R) ALL", "DP  - Ovid Technologies"],
        ["DP  - National Library of Medicine"],
        ["DB  - PubMed/MEDLINE", "DP  - U.S. National Library of Medicine"],
        ["DB  - Medline", "DP  - 2026 Jan 5"],
    ],
)
def test_an_accession_number_of_pubmed_is_a_pmid(tmp_path: Path, database: list[str]) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", ris("AN  - 33", *database))

    assert (seed.pmid, seed.claimed_pmid) == (33, None)


@pytest.mark.parametrize(
    "database",
    [
        ["DB  - rzh", "DP  - EBSCOhost"],
        ["DP  - EBSCOhost"],
        ["DB  - CINAHL Complete"],
        ["DB  - Embase", "DB  - Medline"],
        ["DB  - Dimensions, LENS, Medline, WoS"],
        ["DB  - Scopus"],
        ["DB  - APA PsycInfo", "DP  - Ovid"],
        ["DB  - PubMed Central"],
        ["DB  - i3h"],
        ["DB  - Web of Science"],
    ],
)
def test_an_accession_number_of_another_database_is_none(tmp_path: Path, database: list[str]) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", ris("AN  - 33766755", "DO  - 10.1000/a", *database))

    assert (*ids(seed), seed.claimed_pmid) == (None, "10.1000/a", None, None)


@pytest.mark.parametrize(
    "lines",
    [
        ["AN  - 33"],
        ["AN  - 33", "DB  - cmedm", "DP  - EBSCOhost"],
        ["C5  - 33"],
        ["ID  - 33", "DB  - Ovid MEDLINE(R) 1946-Present"],
        ["N1  - Accession Number: 2026-98025-001. PMID: 33 Partial author list: First Author: Sample, A"],
    ],
)
def test_a_number_that_nobody_vouches_for_is_a_claim(tmp_path: Path, lines: list[str]) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", ris(*lines))

    assert (seed.pmid, seed.claimed_pmid) == (None, 33)


def test_an_address_at_pubmed_confirms_an_accession_number(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", ris("AN  - 33", "UR  - https://www.ncbi.nlm.nih.gov/pubmed/33"))

    assert (seed.pmid, seed.claimed_pmid) == (33, None)


@pytest.mark.parametrize(
    "lines",
    [
        ["U1  - 33 [PMID]"],
        ["U1  - 33[pmid]"],
        ["U1  - PMC44 [PMCID]", "U1  - 33 [PMID]"],
        ["L2  - https://pubmed.ncbi.nlm.nih.gov/33/"],
        ["UR  - http://europepmc.org/abstract/MED/33"],
        ["LK  - https://www.ncbi.nlm.nih.gov/pubmed/33?dopt=Abstract"],
        ["DB  - Embase", "C5  - 33"],
        ["DB  - Embase", "DB  - Medline", "C5  - 33", "U2  - L2001108924"],
        ["DB  - Scopus", "C2  - 33"],
        ["C3  - PUBMED 33", "AN  - CN-00778158"],
        ["C3  - PUBMED 33,EMBASE 643589775"],
        ["PM  - 33"],
        ["AN  - MEDLINE:33"],
        ["AN  - PMID: 33"],
        ["M2  - PMID: 33", "PMCID: PMC44"],
    ],
)
def test_pmids_are_seen_where_programs_put_them(tmp_path: Path, lines: list[str]) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", ris(*lines))

    assert seed.pmid == 33


@pytest.mark.parametrize(
    "line",
    [
        "DO  - 10.1093/pubmed/24.1.17",
        "UR  - https://doi.org/10.1093/pubmed/24.1.17",
        "N1  - Comment in: J Samples. 2021;49:475. PMID: 21",
        "N1  - Erratum in J Samples. 2021;49:475. PMID: 21; Update of PMID: 22",
        "T3  - Erratum in: J Samples. 2021;49:475 PMID: 21 [https://www.ncbi.nlm.nih.gov/pubmed/21]",
        "AB  - As in PMID: 21, and https://pubmed.ncbi.nlm.nih.gov/22/.",
        "M1  - Sample, A. (2018). A cited paper. https://www.ncbi.nlm.nih.gov/pubmed/21",
        "M3  - Health & Mental Health Treatment & Prevention [3300]",
        "N1  - [3300]",
        "C7  - 1375339",
        "ID  - 21",
        "SP  - 21",
        "AN  - 2022-96522-001",
        "AN  - WOS:000389109400040",
        "AN  - 1751982281; 1533367",
        "U1  - 102199191",
    ],
)
def test_numbers_of_other_papers_and_other_things_are_no_pmids(tmp_path: Path, line: str) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", ris(line))

    assert (seed.pmid, seed.claimed_pmid) == (None, None)


@pytest.mark.parametrize(
    "line",
    [
        "DO  - 10.1000/A.1",
        "DO  - https://dx.doi.org/10.1000/a.1",
        "DO  - doi:10.1000/a.1.",
        "DO  - DOI: 10.1000/a.1",
        "DO  - 10.1000/a.1 [doi]",
        "DO  - 10.1000/a.1 10.1000/a.1",
        "DO  - http://dx.doi.org/http://dx.doi.org/10.1000/a.1",
        "DI  - 10.1000/a.1",
        "L3  - 10.1000/a.1",
        "M3  - doi: 10.1000/a.1",
        "N1  - doi: 10.1000/a.1",
        "UR  - https://doi.org/10.1000/a.1",
        "UR  - https://onlinelibrary.wiley.com/doi/full/10.1000/a.1",
        "L2  - http://dx.doi.org/10.1000/a.1",
        "L1  - https://link.springer.com/content/pdf/10.1000/a.1.pdf",
        "UR  - https://journals.example.org/doi/abs/10.1000/a.1?journalCode=x",
    ],
)
def test_dois_are_seen_where_programs_put_them(tmp_path: Path, line: str) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", ris(line))

    assert seed.doi == "10.1000/a.1"


@pytest.mark.parametrize(
    ("key", "pmid"), [("PMID:33", 33), ("pmid33", 33), ("PPR:PPR666666", None), ("sample2026", None), ("33", None)]
)
def test_the_keys_of_europe_pmc_and_texmed_are_pmids(tmp_path: Path, key: str, pmid: int | None) -> None:
    (seed,) = seeds_of(tmp_path, "x.bib", f"@article {{{key},\n\tTitle = {{x}},\n}}\n")

    assert seed.pmid == pmid


def test_a_long_text_with_a_formula_in_it_keeps_its_words(tmp_path: Path) -> None:
    words = "Words of a long abstract, with {NMJ} in it. " * 50

    (seed,) = seeds_of(
        tmp_path, "x.bib", f"@article{{a, title={{x}}, abstract={{{words}$\\alpha$ and \\textit{{in vivo}}, {words}}}}}"
    )

    plain = words.replace("{NMJ}", "NMJ")
    assert seed.abstract == f"{plain}α and in vivo, {plain}".strip()


def test_the_field_for_a_doi_comes_before_addresses(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", ris("UR  - https://doi.org/10.1000/dataset", "DO  - 10.1000/a"))

    assert seed.doi == "10.1000/a"


def test_tags_and_entities_of_web_pages_are_taken_off(tmp_path: Path) -> None:
    lines = [
        "AB  - <h4>Aim</h4><p>In <i>mice</i>, 10<sup>6</sup> cells &amp; p &lt; 0.05, if a < b > c.</p>",
        "KW  - agrin; muscle",
    ]

    (seed,) = seeds_of(tmp_path, "x.ris", ris(*lines))

    assert seed.abstract == "Aim In mice, 106 cells & p < 0.05, if a < b > c."
    assert seed.keywords == ("agrin", "muscle")


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Samples of &lt;i&gt;C. elegans&lt;/i&gt; with H&lt;sub&gt;2&lt;/sub&gt;O", "Samples of C. elegans with H2O"),
        ("Samples &amp;lt;i&amp;gt;in vivo&amp;lt;/i&amp;gt; &amp;ndash; a trial", "Samples in vivo – a trial"),
        ("A trial&lt;SUBTITLE&gt;With samples&lt;/SUBTITLE&gt;", "A trial With samples"),
        ("Samples when p &lt; 0.05 &amp; n &gt; 3", "Samples when p < 0.05 & n > 3"),
        ("Samples &lt;span lang=&quot;en&quot;&gt;of agrin&lt;/span&gt;", "Samples of agrin"),
        ("Samples where a&lt;b and c&gt;d", "Samples where a<b and c>d"),
        ("Samples where a<b and c>d", "Samples where a<b and c>d"),
        ("Samples of c.81C&gt;A and AT&amp;T or R&D;", "Samples of c.81C>A and AT&T or R&D;"),
    ],
)
@pytest.mark.parametrize("tag", ["TI", "T1"])
def test_escaped_markup_of_a_title_is_read_as_markup_and_signs_as_signs(tag: str, written: str, title: str, tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", f"TY  - JOUR\n{tag}  - {written}\nER  - \n")

    assert seed.title == title


def test_two_pmids_of_one_reference_are_told(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", ris("U1  - 33 [PMID]", "UR  - https://pubmed.ncbi.nlm.nih.gov/44/"))

    assert seed.pmid == 33
    assert passed_over(tmp_path) == ["LAB/x.ris:1: this reference calls two PMIDs its own, 33 and 44: the first counts"]


OVID = """\
1.
TY  - JOUR
T1  - One
DO  - 10.1000/1
ER  -
NL  - J Samples

Link to the Ovid Full Text or citation: https://ovid.example/sample

2.
TY  - JOUR
T1  - Two
DO  - 10.1000/2
ER  -
"""
COCHRANE = """\
Record #1 of 2
Provider: A Sample Press
Content: text/plain; charset="UTF-8"

TY  -  JOUR
TI  -  One
DO  -  10.1000/1
ER  -

Record #2 of 2
Provider: A Sample Press

TY  -  JOUR
TI  -  Two
DO  -  10.1000/2
ER  -
"""


@pytest.mark.parametrize(
    "content",
    [
        # Ovid: numbers, and a tag behind the end
        OVID,
        # the Cochrane Library: two spaces behind the dash
        COCHRANE,
        # TY behind other tags
        "ID  - 1\nTI  - One\nTY  - JOUR\nDO  - 10.1000/1\nER  - \n\nID  - 2\nTI  - Two\nTY  - JOUR\nDO  - 10.1000/2\nER  - \n",
        # the first TY is lost
        "TI  - One\nDO  - 10.1000/1\nER  - \nTY  - JOUR\nTI  - Two\nDO  - 10.1000/2\nER  - \n",
        # ends without a dash, without a blank, and missing
        "TY  - JOUR\nTI  - One\nDO  - 10.1000/1\nER\nTY  - JOUR\nTI  - Two\nDO  - 10.1000/2\n",
        "TY  - JOUR\nTI  - One\nDO  - 10.1000/1\nTY  - JOUR\nTI  - Two\nDO  - 10.1000/2\nER  -",
        # a title between two references
        "TY  - JOUR\nTI  - One\nDO  - 10.1000/1\nER  - \nTI  - Two\nDO  - 10.1000/2\n",
        # indented
        "  TY  - JOUR\n  TI  - One\n  DO  - 10.1000/1\n  ER  - \n\n  TY  - JOUR\n  TI  - Two\n  DO  - 10.1000/2\n  ER  - \n",
        # other spaces, and the dash of a word processor
        "TY - JOUR\nTI - One\nDO - 10.1000/1\nER -\n\nTY  – JOUR\nTI  – Two\nDO  – 10.1000/2\nER  – \n",
        # double ends and empty lines within
        "TY  - JOUR\n\nTI  - One\n\nDO  - 10.1000/1\nER  - \nER  - \n\n\nTY  - JOUR\nTI  - Two\nDO  - 10.1000/2\nER  - \nER  - \n",
    ],
)  # fmt: skip
def test_references_are_told_apart_however_they_begin_and_end(tmp_path: Path, content: str) -> None:
    found = seeds_of(tmp_path, "x.ris", content)

    assert [(seed.title, seed.doi) for seed in found] == [("One", "10.1000/1"), ("Two", "10.1000/2")]
    assert passed_over(tmp_path) == []


def test_what_stands_between_two_references_is_nobodys(tmp_path: Path) -> None:
    content = ris() + "UR  - https://pubmed.ncbi.nlm.nih.gov/99/\nDO  - 10.1000/other\n" + ris("DO  - 10.1000/own")

    first, second = seeds_of(tmp_path, "x.ris", content)

    assert (ids(first), ids(second)) == ((None, None, None), (None, "10.1000/own", None))


def test_a_reference_without_anything_costs_itself_and_is_told(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", "TY  - JOUR\nPY  - 2026\nER  - \n" + ris("DO  - 10.1000/a"))

    assert seed.doi == "10.1000/a"
    assert passed_over(tmp_path) == ["LAB/x.ris:1: neither an identifier nor a title is found here"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("some words\n", "LAB/x.ris:1: the file holds no reference\n    a reference begins with a line 'TY  - JOUR'"),
        ("\nTY  - JOUR\nPY  - 2026\nER  - \n", "LAB/x.ris:2: neither an identifier nor a title is found here"),
    ],
)
def test_a_ris_file_without_anything_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    assert said in told(tmp_path, "x.ris", content)


# --- Web of Science, EndNote, RefWorks ---------------------------------------------------------------------------------------------------

SAVED = """\
FN Clarivate Analytics Web of Science
VR 1.0
PT J
AU Sample, A
   Tester, B
TI A sample paper
   about agrin
DE agrin; muscle
ID NERVE
AB Agrin binds.
DI 10.1000/A
PM 11
UT WOS:000389109400040
ER

PT J
TI Another
UT MEDLINE:12
ER

EF
"""


@pytest.mark.parametrize("name", ["savedrecs.txt", "savedrecs.ciw", "savedrecs.md", "savedrecs.ris"])
def test_web_of_sciences_text_is_read(tmp_path: Path, name: str) -> None:
    first, second = seeds_of(tmp_path, name, SAVED)

    assert (*ids(first), first.title) == (11, "10.1000/a", None, "A sample paper about agrin")
    assert (first.abstract, first.keywords) == ("Agrin binds.", ("agrin", "muscle", "NERVE"))
    assert (second.pmid, second.title) == (12, "Another")


TAGGED = """\
%0 Journal Article
%A Sample, Ada
%T A sample paper
%K agrin
muscle
%X Agrin binds.

It does.
%R 10.1000/a
%M 11
%~ PubMed
%2 PMC22

%0 Journal Article
%T Another
%M 12
%~ rzh

%0 Journal Article
%T A third
%U https://pubmed.ncbi.nlm.nih.gov/33/
"""


@pytest.mark.parametrize("name", ["export.enw", "export.txt"])
def test_endnotes_tagged_export_is_read(tmp_path: Path, name: str) -> None:
    first, second, third = seeds_of(tmp_path, name, TAGGED)

    assert (*ids(first), first.title) == (11, "10.1000/a", "PMC22", "A sample paper")
    assert (first.abstract, first.keywords) == ("Agrin binds. It does.", ("agrin", "muscle"))
    assert (second.title, second.pmid, second.claimed_pmid) == ("Another", None, None)
    assert (third.title, third.pmid) == ("A third", 33)


def test_refer_without_types_is_read(tmp_path: Path) -> None:
    found = seeds_of(tmp_path, "x.txt", "%A Sample, A\n%T One\n%M 11\n\n%A Tester, B\n%T Two\n")

    assert [(seed.title, seed.claimed_pmid) for seed in found] == [("One", 11), ("Two", None)]


def test_refworks_tags_are_read(tmp_path: Path) -> None:
    content = "RT Journal Article\nSR Electronic\nA1 Sample,A.\nT1 One\nAB Text.\nK1 agrin\nDO 10.1000/a\nAN 11\nDS PubMed\n\n"
    content += "RT Journal Article\nT1 Two\nAN 12\nDS CINAHL\nLK https://pubmed.ncbi.nlm.nih.gov/33/\n"

    first, second = seeds_of(tmp_path, "refworks.txt", content)

    assert (*ids(first), first.title, first.abstract, first.keywords) == (11, "10.1000/a", None, "One", "Text.", ("agrin",))
    assert (second.title, second.pmid) == ("Two", 33)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            "RT Journal Article\nT1 One\nDO eleven\nPM twelve\n",
            ["DOI is none and is passed over: “eleven”", "PMID is none and is passed over: “twelve”"],
        ),
        (
            "%0 Journal Article\n%T One\n%R eleven\n%M twelve\n%~ PubMed\n",
            ["DOI is none and is passed over: “eleven”", "PMID is none and is passed over: “twelve”"],
        ),
        (
            "FN Clarivate\nVR 1.0\nPT J\nTI One\nDI eleven\nPM twelve\nER\n\nEF\n",
            ["DOI is none and is passed over: “eleven”", "PMID is none and is passed over: “twelve”"],
        ),
        ("PMID- 11\nTI  - One\nPMC - twelve\n", ["PMCID is none and is passed over: “twelve”"]),
    ],
    ids=["RefWorks", "EndNote", "Web of Science", "PubMed"],
)
def test_identifiers_that_are_none_are_told_with_their_lines(tmp_path: Path, content: str, says: list[str]) -> None:
    (found,) = seeds_of(tmp_path, "x.txt", content)
    lines = content.split("\n")
    expected = [
        f"LAB/x.txt:{next(n for n, line in enumerate(lines, 1) if line.endswith(one.split('“')[1][:-1]))}: this {one}"
        for one in says
    ]

    assert found.title == "One"
    assert sorted(passed_over(tmp_path)) == sorted(expected)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("<1>\nUnique Identifier\n  11\nTitle\n  One.\n\n<2>\nTitle\n  Two.\n", "Ovid's text"),
        ("Scopus\nEXPORT DATE: 30 November 2026\n\nSample A.\nOne\n", "Scopus's text"),
        ("Record #1 of 2\nID: CN-1\nAU: Sample A\nTI: One\n\nRecord #2 of 2\nTI: Two\n", "the Cochrane Library's text"),
        ("____________________________________________________________\n\nDocument 1 of 2\n\nOne\n", "ProQuest's text"),
        ("Reference Type:  Journal Article\nRecord Number: 1\nTitle: One\n", "EndNote's text"),
        ("--AU-- Sample\n--TI-- One\n--YP-- 2026\n------\n", "Biblioscape's text"),
        ("TI- One\nAU- Sample\nSE- x\nPU- y\n", "a catalogue's text"),
    ],
)
def test_texts_of_several_papers_that_are_not_read_are_refused_with_what_to_export(tmp_path: Path, content: str, what: str) -> None:
    said = told(tmp_path, "x.txt", content)

    assert f"this is {what}, which is not read here" in said
    assert "export the papers as RIS" in said


# --- BibTeX -------------------------------------------------------------------------------------------------------------------------------

BIB = r"""
@comment{made up}
@string{j = "J Sample Res"}
@article{sample2026,
  title = {The {NMJ} in {\'e}tude: $\alpha$- and \textbeta-subunits, 50% of {CO$_2$}},
  doi = {10.1000/Sample\_1},
  abstract = "Text ``quoted'' and na{\"\i}ve",
  keywords = {agrin, muscle},
  journal = j,
  PMID = {11}
}
@book{second, title = {Another}, note = {PMID: 33}, url = {https://doi.org/10.1000/b}, pmcid = {PMC22}}
"""


@pytest.mark.parametrize("name", ["refs.bib", "refs.bibtex", "refs.txt", "refs.md"])
def test_bibtex_is_freed_of_latex(tmp_path: Path, name: str) -> None:
    first, second = seeds_of(tmp_path, name, BIB)

    assert (first.locator, *ids(first)) == ("entry sample2026", 11, "10.1000/sample_1", None)
    assert first.title == "The NMJ in étude: α- and β-subunits, 50% of CO2"
    assert (first.abstract, first.keywords) == ("Text “quoted” and naïve", ("agrin", "muscle"))
    assert (second.locator, *ids(second)) == ("entry second", None, "10.1000/b", "PMC22")
    assert second.claimed_pmid == 33


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("{{NMJ}} --- a {{review}}", "NMJ — a review"),
        ("A & B, 50% of #1", "A & B, 50% of #1"),
        (r"{\'E}tude of \textmu{}m at 5{\textdegree}C", "Étude of μm at 5°C"),
        (r"A \& B in 5\% of $p < 0.05$", "A & B in 5% of p < 0.05"),
        ("IL-6~and {TNF}", "IL-6 and TNF"),
        (r"CO$_2$ and Ca$^{2+}$ in T$_{\textrm{max}}$", "CO2 and Ca2+ in Tmax"),
        (r"a$^{\_}$ costs \$2 a_b or \$3", "a_ costs $2 a_b or $3"),
        (r"$p$ for a_b and $q$", "p for a_b and q"),
        (r"\textlambda phage", "λphage"),
    ],
)
def test_titles_say_what_was_meant(tmp_path: Path, latex: str, text: str) -> None:
    (seed,) = seeds_of(tmp_path, "x.bib", f"@article{{a, title = {{{latex}}}}}")

    assert seed.title == text


@pytest.mark.parametrize(
    "field",
    [
        "pmid = {33}",
        "pmid = 33",
        "PMID = {PMID: 33}",
        "pubmed_id = {33}",
        "eprint = {33}, eprinttype = {pubmed}",
        "eprint = {33}, eprinttype = {pmid}",
        "eprint = {33}, archivePrefix = {PubMed}",
        r"url = {https://pubmed.ncbi.nlm.nih.gov/33/}",
        r"howpublished = {\url{https://www.ncbi.nlm.nih.gov/pubmed/33}}",
    ],
)
def test_pmids_are_seen_where_bibtex_has_them(tmp_path: Path, field: str) -> None:
    (seed,) = seeds_of(tmp_path, "x.bib", f"@article{{a, title = {{x}},\n {field}\n}}")

    assert seed.pmid == 33


@pytest.mark.parametrize(
    "field",
    [
        "annote = {Comment in: J Samples. 2021;49:475. PMID: 8454279}",
        "note = {doi:10.1093/pubmed/24.1.17}",
        "note = {Source type: Journals; DOCID: 1277482791; PCID: 35923441; PMID: 41976}",
        "eprint = {33}, eprinttype = {jstor}",
        "eprint = {33}",
        "abstract = {As in PMID: 33.}",
    ],
)
def test_other_numbers_in_bibtex_are_no_pmids(tmp_path: Path, field: str) -> None:
    (seed,) = seeds_of(tmp_path, "x.bib", f"@article{{a, title = {{x}}, {field}}}")

    assert (seed.pmid, seed.claimed_pmid) == (None, None)


@pytest.mark.parametrize(
    "field",
    [
        "doi = {https://dx.doi.org/10.1000/a_b}",
        r"doi = {10.1000/a\_b}",
        r"doi = {10.1000/a{\_}b}",
        r"doi = {{DOI: 10.1000/a_b}}",
        r"url = {https://example.org/doi/full/10.1000/a_b}",
        r"note = {doi: 10.1000/a\_b}",
    ],
)
def test_dois_are_seen_where_bibtex_has_them(tmp_path: Path, field: str) -> None:
    (seed,) = seeds_of(tmp_path, "x.bib", f"@article{{a, title = {{x}}, {field}}}")

    assert seed.doi == "10.1000/a_b"


@pytest.mark.parametrize(
    "content",
    [
        "@article{a, title={One}}\n@article{a, title={Two}}\n",
        "@article{,\n title={One}\n}\n\n@article{,\n title={Two}\n}\n",
        "@article{title={One}}\n@article{title={Two}}\n",
        "@article{a, title={One}, year={2026}, title={No}}\n@article{b, title={Two}, year={1}, year={2}}\n",
        "@article{a, title={One},, year={2026}}\n@article{b title={Two}}\n",
        '@article{a, year={2026} title={One}}\n@article{b, year=2026 title="Two"}\n',
        "@wonder{a, title={One}}\n@Misc(b, title={Two})\n",
        "@article{a, title={One}, publisher={Taylor {\\& Francis}, doi={10.1000/a}}\n@article{b, title={Two}}\n",
        "@article{a,\n publisher = {Taylor {{\\&} Francis},\n title = {One}\n}\n\n@article{b, title={Two}}\n",
        "@comment{x {y}\n@article{a, title={One}}\n@string{broken = {\n@article{b, title={Two}}\n",
        '@preamble{"\\newcommand{\\x}"}\n@article{a, month=jan # "~1", title={One}}\n@article{b, title={Two}, month=dec}\n',
        "% Encoding: UTF-8\n\nFree words. @article{a, title={One}}\n\n@article{b, title={Two}}\n@comment{jabref-meta: x;}\n",
        '@string{o = {On}}\n@article{a, title = o # "e"}\n@article{b, title = "T" # {w} # "o"}\n',
        "@set{s, entryset={a,b}}\n@xdata{x, publisher={y}}\n@article{a, title={One}}\n@article{b, title={Two}}\n",
    ],
)  # fmt: skip
def test_a_fault_that_costs_nothing_is_passed_over(tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    found = seeds_of(tmp_path, "x.bib", content)

    assert [seed.title for seed in found] == ["One", "Two"]
    assert len({seed.locator for seed in found}) == 2
    assert passed_over(tmp_path) == []
    assert caplog.records == []


def test_pieces_of_a_value_are_joined(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.bib", '@string{agrin = "agrin"}\n@article{a, title = "On " # agrin # {, again } # 2026}')

    assert seed.title == "On agrin, again 2026"


def test_an_entry_that_cannot_be_read_costs_itself_and_is_told(tmp_path: Path) -> None:
    content = "@article{a, title={x}}\n\n@article{b, title={never closed\n@article{c, title={z}}\n@article{d, year={2026}}\n"

    found = seeds_of(tmp_path, "x.bib", content)

    assert [seed.title for seed in found] == ["x", "z"]
    assert passed_over(tmp_path) == [
        "LAB/x.bib:3: a brace or quote behind title is never closed",
        "LAB/x.bib:5: neither an identifier nor a title is found here",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("words\n", "LAB/x.bib:1: the file holds no entry"),
        ("@article{a, year={2026}}\n", "LAB/x.bib:1: neither an identifier nor a title is found here"),
        ("@comment{nothing}\n", "LAB/x.bib:1: the file holds no entry"),
    ],
)
def test_a_bibtex_file_without_anything_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    assert said in told(tmp_path, "x.bib", content)


def test_a_subtitle_belongs_to_the_title(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.bib", "@article{a, title={Agrin}, subtitle={a review}}")

    assert seed.title == "Agrin: a review"


@pytest.mark.parametrize(
    "latex",
    [
        r"Half: \frac",
        r"Half: \ElsevierGlyph{2014}",
        r"Half: \url",
        "Half: $",
        r"Half: \begin{x",
        "Half: " + "{" * 300 + "}" * 300 + r"\x",
    ],
)
def test_latex_that_is_not_understood_is_left_out_in_silence(tmp_path: Path, latex: str, caplog: pytest.LogCaptureFixture) -> None:
    (seed,) = seeds_of(tmp_path, "x.bib", f"@article{{a, title={{{latex}}}}}")

    assert seed.title.startswith("Half:")
    assert caplog.records == []


def test_a_page_may_end_with_how_to_cite_it(tmp_path: Path) -> None:
    content = "# A sample paper\n\nPMID: 33\n\n## Abstract\n\nAgrin binds.\n\n## Citation\n\n@article{a, title={A sample paper}}\n"

    (seed,) = seeds_of(tmp_path, "page.md", content)

    assert (seed.pmid, seed.abstract) == (33, "Agrin binds.")


@pytest.mark.parametrize(
    ("name", "content", "claimed"),
    [
        ("x.ris", "TY  - JOUR\nTI  - x\nN1  - Read by us\nN1  - PMID: 33; PMCID: PMC44\nER  - \n", 33),
        ("x.ris", "TY  - JOUR\nTI  - x\nN1  - Comment in: J Samples\nN1  - PMID: 33\nER  - \n", None),
        ("x.ris", "TY  - JOUR\nTI  - x\nN1  - Erratum\nPMID: 33\nER  - \n", None),
        ("x.bib", "@article{a, title={x}, annotation={PMID: 33}}", 33),
        ("x.bib", "@article{a, title={x}, note={Publisher: A Sample Press\nPMID: 33}}", 33),
        ("x.bib", "@article{a, title={x}, note={Comment in: J Samples\nPMID: 33}}", None),
    ],
)
def test_a_labelled_number_in_notes_is_a_claim(tmp_path: Path, name: str, content: str, claimed: int | None) -> None:
    (seed,) = seeds_of(tmp_path, name, content)

    assert (seed.pmid, seed.claimed_pmid) == (None, claimed)


@pytest.mark.parametrize(
    "field", ["pmid={see note}", "pmid={33390062a}", "pmid={3000000000}", "doi={not a doi}", "pmcid={see note}"]
)
def test_a_field_of_bibtex_for_an_identifier_that_holds_none_is_told(tmp_path: Path, field: str) -> None:
    (seed,) = seeds_of(tmp_path, "x.bib", f"@article{{a, title={{x}}}}\n@article{{b, title={{y}}, {field}}}\n")[1:]

    assert (*ids(seed), seed.title) == (None, None, None, "y")
    assert [said.partition(" is none")[0] for said in passed_over(tmp_path)] == [
        f"LAB/x.bib:2: this {field.partition('=')[0].upper()}"
    ]


@pytest.mark.parametrize("line", ["AN  - PMID unknown", "AN  - 4294967296", "U1  - x [PMID]", "DO  - not a doi"])
def test_a_tag_for_an_identifier_that_holds_none_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    (seed,) = seeds_of(tmp_path, "x.ris", ris("DB  - PubMed", line))

    (said,) = passed_over(tmp_path)
    assert ids(seed) == (None, None, None)
    assert "is none and is passed over" in said
    assert not said.startswith("LAB/x.ris:1:")


@pytest.mark.parametrize(
    "first",
    [
        "@article{x,title={Unclosed {brace},doi={10.5555/x}}",
        "@article{x,title={Unclosed {brace},doi={10.5555/x}}}",
        "@article{x,title={Unclosed {brace, doi={10.5555/x}}",
    ],
)
def test_a_brace_that_is_never_closed_does_not_take_the_next_field_into_the_title(tmp_path: Path, first: str) -> None:
    found = seeds_of(tmp_path, "x.bib", f"{first}\n@article{{y,title={{Fine}},doi={{10.5555/y}}}}\n")

    assert [(seed.title, seed.doi) for seed in found] == [("", "10.5555/x"), ("Fine", "10.5555/y")]
    assert passed_over(tmp_path) == ["LAB/x.bib:1: a brace or quote behind title is never closed"]


# --- CSL-JSON


ZOTERO_ITEM = """[
  {"id": "http://zotero.org/1/items/A", "type": "article-journal", "title": "Agrin at the <i>endplate</i> of CO<sub>2</sub>",
   "DOI": "10.1000/A", "note": "PMID: 33\\nPMCID: PMC44", "issued": {"date-parts": [["2026"]]}},
  {"id": 7, "type": "book", "title": "A second paper", "PMID": 55},

  {"id": "third", "type": "article", "URL": "https://pubmed.ncbi.nlm.nih.gov/66/"},
  {"id": "nothing", "type": "article", "title": ["odd"], "DOI": null}
]
"""


@pytest.mark.parametrize("name", ["x.json", "x.txt"])
def test_items_of_csl_json_are_papers(tmp_path: Path, name: str) -> None:
    first, second, third = seeds_of(tmp_path, name, ZOTERO_ITEM)

    assert (first.title, first.doi, first.pmid, first.claimed_pmid, first.pmcid) == (
        "Agrin at the endplate of CO2", "10.1000/a", None, 33, "PMC44",
    )  # fmt: skip
    assert (second.pmid, second.title, second.locator) == (55, "A second paper", "item 7")
    assert third.pmid == 66
    assert passed_over(tmp_path) == [f"LAB/{name}:7: neither an identifier nor a title is found here"]


def test_one_item_of_csl_json_is_a_paper(tmp_path: Path) -> None:
    (seed,) = seeds_of(tmp_path, "x.json", '{"type": "article-journal", "title": "Agrin", "PMID": "33"}')

    assert (seed.pmid, seed.title, seed.locator) == (33, "Agrin", "line 1")
