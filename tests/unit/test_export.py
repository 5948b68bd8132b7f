"""What `watcher.export` writes, read back by the libraries that others read it with."""

import csv
import io
import json
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library
from Bio import Medline
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher import export
from watcher.domain import AbstractSection, Article, Author, Heading, Journal, PartialDate, Qualifier, Relation, pubmed_id
from watcher.seeds.bibtex import read_bibtex
from watcher.seeds.csl import read_csl
from watcher.seeds.medline import read_medline
from watcher.seeds.ris import read_ris

PAPER = Article(
    record_id=pubmed_id(90000001),
    title="Sample: Agrn+/- mice & 5% {braces} when p < 0.05_α",
    title_markup="Sample: <i>Agrn</i><sup>+/-</sup> mice &amp; 5% {braces} when <i>p</i> &lt; 0.05_α",
    vernacular_title="Probe über Agrin",
    abstract="Long. Short.",
    sections=(AbstractSection("AIMS", "OBJECTIVE", "Long."), AbstractSection("", "", "Short.")),
    authors=(
        Author("Sample", "Jane A", "JA", "Jr", orcid="0000-0002-1825-0097", affiliations=("Institute, Nowhere.", "Elsewhere.")),
        Author("Müller-Łoś", "Ödön", "Ö"),
        Author(collective="Sample Consortium and Friends"),
    ),
    journal=Journal("Sample journal of synapses", "Sample J Synapses", "0000-0019", "00000001", "England", issn_kind="Electronic"),
    volume="12",
    issue="3",
    pages="187-94",
    published=PartialDate("2026 Jan 5", 2026, 1, 5),
    electronic=PartialDate("2025 Dec 24", 2025, 12, 24),
    languages=("eng",),
    publication_types=("Journal Article",),
    headings=(
        Heading("Neuromuscular Junction", "D009469", major=True),
        Heading("Receptors, Nicotinic", "D011978", major=False, qualifiers=(Qualifier("genetics", "Q000235", major=True),)),
    ),
    substances=("Agrin",),
    keywords=("agrin", "endplate"),
    doi="10.0000/Sample_2026.1",
    pmcid="PMC90000001",
    pii="S0000",
    status="MEDLINE",
    pub_status="ppublish",
    crdt=date(2025, 12, 25),
    edat=date(2025, 12, 26),
    mhda=date(2026, 3, 2),
    lr=date(2026, 3, 9),
    relations=(Relation("UpdateOf", pubmed_id(90000002), "bioSample. 2025"), Relation("AssociatedDataset", None, "elsewhere")),
)
CHAPTER = Article(
    record_id=pubmed_id(90000010),
    title="A chapter",
    authors=(Author("Chapter", "Carl", "C"),),
    editors=(Author("Editor", "Eve", "E"),),
    journal=Journal(title="Sample Reviews", publisher="Sample Press", country="Nowhere", isbn="9780000000002"),
    published=PartialDate("2026 Feb", 2026, 2),
    is_book=True,
    book_accession="NBK900010",
)
BOOK = replace(CHAPTER, record_id=pubmed_id(90000011), title="Sample Reviews", authors=())
BARE = Article(record_id=pubmed_id(90000020))
CROWD = replace(PAPER, record_id=pubmed_id(90000030), authors=tuple(Author(f"Name{number}", "A B", "AB") for number in range(1000)))
ALL = (PAPER, CHAPTER, BOOK, BARE, CROWD)


def ris(*articles: Article) -> list[dict[str, object]]:
    return list(rispy.loads(export.to_ris(articles)))


def bibtex(*articles: Article) -> Library:
    library = parse_string(export.to_bibtex(articles))
    assert library.failed_blocks == []
    return library


def rows(*articles: Article) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export.to_csv(articles), newline="")))


def medline(*articles: Article) -> list[dict[str, Any]]:
    return list(Medline.parse(io.StringIO(export.to_nbib(articles))))  # type: ignore[no-untyped-call]  # Biopython's


# --- all formats -----------------------------------------------------------------------------------------------------------------


def test_the_formats_are_named_as_the_command_line_names_them() -> None:
    assert dict(export.FORMATS) == {
        "ris": export.to_ris,
        "bib": export.to_bibtex,
        "csl-json": export.to_csl,
        "csv": export.to_csv,
        "nbib": export.to_nbib,
    }


def count_ris(text: str) -> int:
    return len(rispy.loads(text))


def count_bib(text: str) -> int:
    return len(parse_string(text).entries)


def count_csv(text: str) -> int:
    return len(list(csv.DictReader(io.StringIO(text, newline=""))))


def count_nbib(text: str) -> int:
    return len(list(Medline.parse(io.StringIO(text))))  # type: ignore[no-untyped-call]  # Biopython's


def count_csl(text: str) -> int:
    return len(json.loads(text))


READERS: list[tuple[str, Callable[[str], int]]] = [
    ("ris", count_ris),
    ("bib", count_bib),
    ("csl-json", count_csl),
    ("csv", count_csv),
    ("nbib", count_nbib),
]


@pytest.mark.parametrize(("name", "count"), READERS)
def test_every_article_comes_back_whatever_it_lacks(name: str, count: Callable[[str], int]) -> None:
    text = export.FORMATS[name](iter(ALL))

    assert count(text) == len(ALL)
    assert text.endswith("\n")


@pytest.mark.parametrize(("name", "count"), READERS)
def test_no_articles_make_an_empty_file(name: str, count: Callable[[str], int]) -> None:
    assert count(export.FORMATS[name]([])) == 0


BREAKS = st.text(st.sampled_from("ab{}\\%$<>&\"'=+-@#\n\r\t\x0b\x85\u2028é漢 "), max_size=30)


@settings(max_examples=60, deadline=None)
@given(BREAKS, BREAKS)
def test_nothing_in_a_record_breaks_a_file(first: str, second: str) -> None:
    odd = Article(
        record_id=pubmed_id(7),
        title=f"x{first}x",
        abstract=f"x{second}x",
        authors=(Author(f"N{first}", second), Author(collective=f"C{second}")),
        journal=Journal(title=f"J{first}"),
        keywords=(f"k{second}",),
        doi=f"10.1/{first}",
        published=PartialDate("2026", 2026),
    )

    counted = {name: count(export.FORMATS[name]([odd, PAPER])) for name, count in READERS}

    assert set(counted.values()) == {2}
    assert medline(odd)[0]["PMID"] == "7"
    assert bibtex(odd, PAPER).entries[1].key == "Sample2026_90000001"


# --- RIS -------------------------------------------------------------------------------------------------------------------------


def test_ris_says_what_the_article_says() -> None:
    (entry,) = ris(PAPER)

    assert entry == {
        "type_of_reference": "JOUR",
        "secondary_title": "Sample journal of synapses",
        "alternate_title3": "Sample journal of synapses",
        "alternate_title1": "Sample J Synapses",
        "alternate_title2": "Sample J Synapses",
        "issn": "0000-0019",
        "volume": "12",
        "number": "3",
        "start_page": "187",
        "end_page": "194",
        "title": "Sample: Agrn+/- mice & 5% {braces} when p < 0.05_α",
        "authors": ["Sample, Jane A, Jr", "Müller-Łoś, Ödön", "Sample Consortium and Friends,"],
        "year": "2026",
        "date": "2026/01/05/",
        "doi": "10.0000/Sample_2026.1",
        "accession_number": "90000001",
        "name_of_database": "PubMed",
        "custom2": "PMC90000001",
        "language": "eng",
        "abstract": "AIMS: Long. Short.",
        "keywords": ["agrin", "endplate", "Neuromuscular Junction", "Receptors, Nicotinic"],
        "notes": ["PMID: 90000001", "PMCID: PMC90000001"],
        "urls": ["https://pubmed.ncbi.nlm.nih.gov/90000001/"],
    }


def test_every_line_of_ris_is_a_tag() -> None:
    lines = export.to_ris([replace(PAPER, abstract="One\r\ntwo\u2028three", sections=()), CHAPTER]).splitlines()

    assert all(line == "" or line[2:6] == "  - " for line in lines)
    assert "AB  - One two three" in lines
    assert lines.count("ER  - ") == 2


def test_a_collective_in_ris_ends_in_a_comma_unless_it_has_one() -> None:
    authors = (Author(collective="Sample Network"), Author(collective="Sample Unit, Nowhere"), Author("Sample"))

    (entry,) = ris(replace(PAPER, authors=authors))

    assert entry["authors"] == ["Sample Network,", "Sample Unit, Nowhere", "Sample"]


def test_a_preprint_and_a_retraction_are_marked_in_ris() -> None:
    (entry,) = ris(replace(PAPER, publication_types=("Preprint", "Retracted Publication")))

    assert (entry["type_of_reference"], entry["type_of_work"]) == ("JOUR", "Preprint")
    assert entry["notes"] == ["PMID: 90000001", "PMCID: PMC90000001", "Preprint", "This paper was retracted."]


def test_a_chapter_and_a_book_have_their_own_ris_types() -> None:
    chapter, book = ris(CHAPTER, BOOK)

    assert (chapter["type_of_reference"], chapter["secondary_title"], chapter["title"]) == ("CHAP", "Sample Reviews", "A chapter")
    assert (chapter["secondary_authors"], chapter["publisher"], chapter["issn"]) == (
        ["Editor, Eve"],
        "Sample Press",
        "9780000000002",
    )
    assert (book["type_of_reference"], book["title"]) == ("BOOK", "Sample Reviews")
    assert (book["tertiary_authors"], chapter.get("tertiary_authors")) == (["Editor, Eve"], None)
    assert not {"secondary_title", "secondary_authors"} & book.keys()
    assert not {"alternate_title3"} & (chapter.keys() | book.keys())


def test_the_pmcid_of_a_chapter_is_a_note_alone() -> None:
    (entry,) = ris(replace(CHAPTER, pmcid="PMC90000010"))

    assert (entry["notes"], "custom2" in entry) == (["PMID: 90000010", "PMCID: PMC90000010"], False)


def test_our_own_reader_of_seeds_knows_whose_number_a_note_in_ris_is() -> None:
    for article in ALL:
        (entry,) = read_ris(export.to_ris([article]), Path("x.ris"))

        assert (entry.ids.pmid, entry.ids.pmcid, entry.passed_over) == (article.pmid, article.pmcid, ())


def test_a_thousand_authors_are_all_in_the_ris() -> None:
    (entry,) = ris(CROWD)

    assert entry["authors"] == [f"Name{number}, A B" for number in range(1000)]


def test_an_article_without_a_title_is_exported_under_its_vernacular_one() -> None:
    (entry,) = ris(replace(PAPER, title="[Not Available]."))

    assert entry["title"] == "Probe über Agrin"


def test_without_an_issue_the_electronic_date_counts() -> None:
    (entry,) = ris(replace(PAPER, published=PartialDate("undated")))

    assert (entry["year"], entry["date"]) == ("2025", "2025/12/24/")


@pytest.mark.parametrize(
    ("pages", "first", "last"),
    [
        ("187-94", "187", "194"),
        ("S12-8", "S12", "S18"),
        ("e1-e12", "e1", "e12"),
        ("1116-1122", "1116", "1122"),
        ("026002", "026002", None),
        ("12-3; discussion 14", "12-3; discussion 14", None),
    ],
)
def test_the_last_page_is_written_in_full(pages: str, first: str, last: str | None) -> None:
    (entry,) = ris(replace(PAPER, pages=pages))

    assert (entry["start_page"], entry.get("end_page")) == (first, last)


# --- BibTeX ----------------------------------------------------------------------------------------------------------------------


def test_bibtex_says_what_the_article_says_in_utf_8() -> None:
    (entry,) = bibtex(PAPER).entries
    fields = {field.key: field.value for field in entry.fields}

    assert (entry.entry_type, entry.key) == ("article", "Sample2026_90000001")
    assert fields["author"] == "Sample, Jr, Jane A and Müller-Łoś, Ödön and {Sample Consortium and Friends}"
    assert fields["title"] == (
        r"{{Sample: }\textit{{Agrn}}\textsuperscript{{+/-}}{ mice \& 5\% {\textbraceleft}braces{\textbraceright} when }"
        r"\textit{{p}}{ $<$ 0.05\_α}}"
    )
    assert fields["journal"] == "{Sample journal of synapses}"
    assert (fields["volume"], fields["number"], fields["pages"]) == ("12", "3", "187--194")
    assert (fields["doi"], fields["pmid"], fields["pmcid"]) == ("10.0000/Sample_2026.1", "90000001", "PMC90000001")
    assert fields["url"] == "https://pubmed.ncbi.nlm.nih.gov/90000001/"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("10–12 α ≤ é 漢", "10–12 α ≤ é 漢"),
        ("a & 5% #1 b_c $2", r"a \& 5\% \#1 b\_c \$2"),
        ("p<0.05>x", "p$<$0.05$>$x"),
        ("{a}\\b", r"{\textbraceleft}a{\textbraceright}{\textbackslash}b"),
        ("~5^2", r"{\textasciitilde}5{\textasciicircum}2"),
        ("NO3--N --- 5''-end ``q ?`x ,,y", "NO3-{}-N -{}-{}- 5'{}'-end `{}`q ?{}`x ,{},y"),
    ],
)
def test_only_what_is_special_to_bibtex_and_latex_is_escaped(text: str, latex: str) -> None:
    (entry,) = bibtex(replace(PAPER, abstract=text, sections=())).entries

    assert entry["abstract"] == latex


def test_a_title_that_begins_with_markup_does_not_begin_with_a_command() -> None:
    (entry,) = bibtex(replace(PAPER, title_markup="<i>Torpedo <sub>2</sub></i> rays")).entries

    assert entry["title"] == r"{{}\textit{{Torpedo }$_{\textrm{2}}$}{ rays}}"


@pytest.mark.parametrize(
    ("markup", "written"),
    [
        ("CO<sub>2</sub> and Ca<sup>2+</sup>", r"{{CO}$_{\textrm{2}}${ and Ca}$^{\textrm{2+}}$}"),
        ("PM<sub>2.5</sub>, T<sub>max</sub>", r"{{PM}$_{\textrm{2.5}}${, T}$_{\textrm{max}}$}"),
        ("Cl<sup>-</sup>", r"{{Cl}\textsuperscript{{-}}}"),
        ("O<sub><i>n</i></sub>", r"{{O}\textsubscript{\textit{{n}}}}"),
        ("A<sub>a &lt; b</sub>", r"{{A}\textsubscript{{a $<$ b}}}"),
        ("<sub>2</sub>H", r"{$_{\textrm{2}}${H}}"),
        ("A<sub>2</sub></i>", r"{{A title}}"),
    ],
)
def test_scripts_of_plain_signs_are_mathematics_and_others_commands(markup: str, written: str) -> None:
    (entry,) = bibtex(replace(PAPER, title="A title", title_markup=markup)).entries

    assert entry["title"] == written


@pytest.mark.parametrize(
    ("author", "written"),
    [
        (Author("van Sample", "Ann"), "van Sample, Ann"),
        (Author("Van Sample"), "{Van Sample}"),
        (Author("Sample", initials="A"), "Sample, A"),
        (Author("Sample-de-Sample", "A"), "{Sample-de-Sample}, A"),
        (Author("Sample-Dé-Ándersand", "A"), "Sample-Dé-Ándersand, A"),
        (Author("Sample and Sons", "A"), "{Sample and Sons}, A"),
        (Author("Sample, Widow", "A", suffix="2nd"), "{Sample, Widow}, 2nd, A"),
        (Author(collective="Sample & Friends"), r"{Sample \& Friends}"),
    ],
)
def test_a_name_is_one_name_to_bibtex(author: Author, written: str) -> None:
    (entry,) = bibtex(replace(PAPER, authors=(author,))).entries

    assert entry["author"] == written


def test_latex_is_told_of_the_signs_that_it_does_not_know() -> None:
    text = export.to_bibtex([replace(PAPER, title_markup="", title="TGF-β ≤ 5 CO₂ 山 м Α ﬂ and Łoś, é, ą\u2009– “q”")])

    told = dict(re.findall(r"^\\sign\{(.*?)\}\{(.*)\}$", text, re.MULTILINE))
    assert told == {
        r"u8:\detokenize{β}": r"\ensuremath{\beta}",
        r"u8:\detokenize{≤}": r"\ensuremath{\leq}",
        r"u8:\detokenize{₂}": r"\textsubscript{2}",
        r"u8:\detokenize{山}": "Shan",
        r"u8:\detokenize{м}": "m",
        r"u8:\detokenize{Α}": "A",
        r"u8:\detokenize{ﬂ}": "fl",
        r"u8:\detokenize{" + "\u2009}": r"\,",
        r"?\string\k": r"\UseTextAccent{T1}\k",
    }


def test_a_file_of_signs_that_latex_knows_has_no_preamble() -> None:
    assert export.to_bibtex([replace(PAPER, title_markup="", title="Müller’s “10–12” µm ± 5 °C")]).startswith("@article{")


def test_our_own_reader_of_seeds_gives_back_what_was_written() -> None:
    text = r"a {b} c^2 ~5 \d <x> 5% & #1 a_b $2 -- ``q'' 漢 β"

    (entry,) = read_bibtex(
        export.to_bibtex([replace(PAPER, title_markup="", title=text, abstract=text, sections=())]), Path("x.bib")
    )

    assert (entry.title, entry.abstract) == (text, text)
    assert (entry.ids.pmid, entry.ids.doi, entry.ids.pmcid) == (PAPER.pmid, "10.0000/sample_2026.1", PAPER.pmcid)


def test_our_own_reader_of_seeds_gives_back_a_title_without_its_markup() -> None:
    markup = "CO<sub>2</sub> and Ca<sup>2+</sup> and Cl<sup>-</sup> in T<sub>max</sub> of <i>Agrn</i><sup>-/-</sup> mice"

    (entry,) = read_bibtex(export.to_bibtex([replace(PAPER, title_markup=markup)]), Path("x.bib"))

    assert entry.title == "CO2 and Ca2+ and Cl- in Tmax of Agrn-/- mice"


def test_months_are_bibtexs_own_names() -> None:
    assert "\tmonth = jan,\n" in export.to_bibtex([PAPER])


def test_books_have_their_own_bibtex_types() -> None:
    chapter, book = bibtex(CHAPTER, BOOK).entries

    assert (chapter.entry_type, chapter["booktitle"], chapter["editor"]) == ("incollection", "{Sample Reviews}", "Editor, Eve")
    assert (chapter["publisher"], chapter["address"], chapter["isbn"]) == ("Sample Press", "Nowhere", "9780000000002")
    assert (book.entry_type, "booktitle" in book.fields_dict) == ("book", False)


@pytest.mark.parametrize(
    ("authors", "key"),
    [
        ((Author("Müller", "A"),), "Muller2026_90000001"),
        ((Author("O'Neill van Sample", "A"),), "ONeillvanSample2026_90000001"),
        ((Author(collective="NMJ Group"),), "NMJGroup2026_90000001"),
        ((Author("山田", "A"),), "ShanTian2026_90000001"),
        ((Author("Łoś-Иванов", "A"),), "LosIvanov2026_90000001"),
        ((Author("‽", "A"),), "Anonymous2026_90000001"),
        ((), "Anonymous2026_90000001"),
    ],
)
def test_a_key_is_plain_letters_and_the_pmid(authors: tuple[Author, ...], key: str) -> None:
    (entry,) = bibtex(replace(PAPER, authors=authors)).entries

    assert entry.key == key


def test_two_versions_of_a_record_get_two_keys() -> None:
    keys = [entry.key for entry in bibtex(PAPER, replace(PAPER, version=2), PAPER).entries]

    assert keys == ["Sample2026_90000001", "Sample2026_90000001_2", "Sample2026_90000001_3"]


@pytest.mark.parametrize("markup", ["<i>open", "closed</i>", "</i>crossed<i>"])
def test_markup_that_does_not_close_gives_the_plain_title(markup: str) -> None:
    (entry,) = bibtex(replace(PAPER, title="Plain & simple", title_markup=markup)).entries

    assert entry["title"] == r"{{Plain \& simple}}"


def test_a_preprint_and_a_retraction_are_noted_in_bibtex() -> None:
    (entry,) = bibtex(replace(PAPER, publication_types=("Preprint", "Retracted Publication"))).entries

    assert entry["note"] == "Preprint; Retracted"


# --- CSV -------------------------------------------------------------------------------------------------------------------------


def test_csv_says_what_the_article_says() -> None:
    (row,) = rows(PAPER)

    assert row == {
        "pmid": "90000001",
        "title": PAPER.title,
        "authors": "Sample JA Jr; Müller-Łoś Ö; Sample Consortium and Friends",
        "journal": "Sample journal of synapses",
        "published": "2026 Jan 5",
        "year": "2026",
        "volume": "12",
        "issue": "3",
        "pages": "187-94",
        "doi": "10.0000/Sample_2026.1",
        "pmcid": "PMC90000001",
        "publication_types": "Journal Article",
        "mesh_headings": "*Neuromuscular Junction; Receptors, Nicotinic/*genetics",
        "keywords": "agrin; endplate",
        "languages": "eng",
        "preprint": "no",
        "retracted": "no",
        "url": "https://pubmed.ncbi.nlm.nih.gov/90000001/",
        "abstract": "AIMS: Long. Short.",
    }


def test_csv_lines_end_as_rfc_4180_has_it_and_quotes_are_doubled() -> None:
    text = export.to_csv([replace(PAPER, title='A "quoted", title')])

    assert text.count("\r\n") == 2
    assert '"A ""quoted"", title"' in text


@pytest.mark.parametrize("start", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "＝1", "\t=1"])
def test_no_cell_runs_as_a_formula(start: str) -> None:
    (row,) = rows(replace(PAPER, title=start, keywords=(start,), authors=(Author(collective=start),)))

    assert row["title"] == f"'{start.strip()}"
    assert row["keywords"][0] == row["authors"][0] == "'"


# --- nbib ------------------------------------------------------------------------------------------------------------------------


def test_nbib_reads_as_pubmed_writes_it() -> None:
    assert export.to_nbib([PAPER]) == (
        "PMID- 90000001\n"
        "STAT- MEDLINE\n"
        "LR  - 20260309\n"
        "IS  - 0000-0019 (Electronic)\n"
        "VI  - 12\n"
        "IP  - 3\n"
        "DP  - 2026 Jan 5\n"
        "TI  - Sample: Agrn+/- mice & 5% {braces} when p < 0.05_α\n"
        "PG  - 187-94\n"
        "LID - S0000 [pii]\n"
        "LID - 10.0000/Sample_2026.1 [doi]\n"
        "AB  - AIMS: Long. Short.\n"
        "FAU - Sample, Jane A Jr\n"
        "AU  - Sample JA Jr\n"
        "AUID- ORCID: 0000-0002-1825-0097\n"
        "AD  - Institute, Nowhere.\n"
        "AD  - Elsewhere.\n"
        "FAU - Müller-Łoś, Ödön\n"
        "AU  - Müller-Łoś Ö\n"
        "CN  - Sample Consortium and Friends\n"
        "LA  - eng\n"
        "PT  - Journal Article\n"
        "TT  - Probe über Agrin\n"
        "DEP - 20251224\n"
        "PL  - England\n"
        "TA  - Sample J Synapses\n"
        "JT  - Sample journal of synapses\n"
        "JID - 00000001\n"
        "NM  - Agrin\n"
        "UOF - bioSample. 2025 PMID: 90000002\n"
        "MH  - *Neuromuscular Junction\n"
        "MH  - Receptors, Nicotinic/*genetics\n"
        "PMC - PMC90000001\n"
        "OT  - agrin\n"
        "OT  - endplate\n"
        "EDAT- 2025/12/26 00:00\n"
        "MHDA- 2026/03/02 00:00\n"
        "CRDT- 2025/12/25 00:00\n"
        "PHST- 2025/12/26 00:00 [pubmed]\n"
        "PHST- 2026/03/02 00:00 [medline]\n"
        "PHST- 2025/12/25 00:00 [entrez]\n"
        "AID - S0000 [pii]\n"
        "AID - 10.0000/Sample_2026.1 [doi]\n"
        "PST - ppublish\n"
        "SO  - Sample J Synapses. 2026 Jan 5;12(3):187-94. doi: 10.0000/Sample_2026.1.\n"
    )


def test_bio_medline_reads_it() -> None:
    first, second = medline(PAPER, CHAPTER)

    assert (first["PMID"], first["AID"], first["PMC"]) == ("90000001", ["S0000 [pii]", f"{PAPER.doi} [doi]"], "PMC90000001")
    assert first["TI"] == PAPER.title
    assert first["AD"] == ["Institute, Nowhere.", "Elsewhere."]
    assert first["FAU"][1] == "Müller-Łoś, Ödön"
    assert (first["IS"], first["PG"]) == ("0000-0019 (Electronic)", "187-94")
    assert first["MH"][1] == "Receptors, Nicotinic/*genetics"
    assert (second["PMID"], second["BTI"]) == ("90000010", ["Sample Reviews"])


def test_long_values_are_wrapped_as_pubmed_wraps_them_and_come_back_whole() -> None:
    words = " ".join(f"word{number}-with-hyphens" for number in range(200))
    keyword = "a keyword of more than eighty-eight letters, which Bio.Medline would take for several, were it wrapped"
    long = replace(PAPER, abstract=words, sections=(), title=words, keywords=(keyword,), doi=f"10.0000/{'x' * 120}")

    lines = export.to_nbib([long]).splitlines()
    (entry,) = medline(long)

    wrapped = [line for line in lines if line[:4] in ("TI  ", "AB  ") or line.startswith("      word")]
    assert len(wrapped) > 80
    assert max(map(len, wrapped)) <= 88
    assert (entry["TI"], entry["AB"], entry["OT"]) == (words, words, [keyword])
    assert entry["AID"][1] == f"{long.doi} [doi]"


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ab-é \u00a0\u2009"), max_size=400))
def test_values_are_cut_into_lines_as_textwrap_cuts_them(text: str) -> None:
    title = " ".join(f"x{text}x".split(" ")).strip()
    lines = export.to_nbib([replace(BARE, title=title)]).splitlines()

    wrapper = textwrap.TextWrapper(
        88, initial_indent="TI  - ", subsequent_indent=" " * 6, break_long_words=False, break_on_hyphens=False
    )
    assert [line for line in lines if line[:4] in ("TI  ", "    ")] == wrapper.wrap(title)


def test_our_own_reader_of_seeds_reads_nbib() -> None:
    for article in ALL:
        (entry,) = read_medline(export.to_nbib([article]), Path("x.nbib"))

        assert (entry.ids.pmid, entry.ids.pmcid, entry.passed_over) == (article.pmid, article.pmcid, ())
        assert entry.title == article.title


def test_bio_medline_reads_a_thousand_authors_and_their_order() -> None:
    (entry,) = medline(CROWD)

    assert entry["FAU"] == [f"Name{number}, A B" for number in range(1000)]


def test_a_book_has_its_own_tags_in_nbib() -> None:
    (entry,) = medline(CHAPTER)

    assert (entry["BTI"], entry["ISBN"], entry["PB"], entry["FED"]) == (
        ["Sample Reviews"],
        ["9780000000002"],
        ["Sample Press"],
        ["Editor, Eve"],
    )
    assert "JT" not in entry


@pytest.mark.parametrize(
    ("title", "vernacular", "shown"),
    [
        ("", "Probe über Agrin", "Probe über Agrin"),
        ("[Not Available].", "Probe über Agrin", "Probe über Agrin"),
        ("[Not Available].", "", "[Not Available]."),
        ("Sample of agrin", "Probe über Agrin", "Sample of agrin"),
    ],
)
def test_the_title_of_nbib_is_the_vernacular_one_where_pubmed_has_no_other(title: str, vernacular: str, shown: str) -> None:
    (record,) = medline(replace(PAPER, title=title, vernacular_title=vernacular))

    assert (record["TI"], record.get("TT", "")) == (shown, vernacular)


def test_an_issn_of_unknown_kind_is_left_out_of_nbib() -> None:
    assert "\nIS  -" not in export.to_nbib([replace(PAPER, journal=replace(PAPER.journal, issn_kind=""))])


def test_articles_may_come_as_a_stream() -> None:
    def stream() -> Iterable[Article]:
        yield PAPER
        yield BARE

    assert [entry["PMID"] for entry in Medline.parse(io.StringIO(export.to_nbib(stream())))] == ["90000001", "90000020"]  # type: ignore[no-untyped-call]  # Biopython's


# --- CSL-JSON --------------------------------------------------------------------------------------------------------------------


def items(*articles: Article) -> list[dict[str, Any]]:
    return list(json.loads(export.to_csl(articles)))


def test_csl_says_what_the_article_says() -> None:
    (item,) = items(PAPER)

    assert item == {
        "id": "Sample2026_90000001",
        "type": "article-journal",
        "title": "Sample: <i>Agrn</i><sup>+/-</sup> mice & 5% {braces} when <i>p</i> < 0.05_α",
        "author": [
            {"family": "Sample", "given": "Jane A", "suffix": "Jr"},
            {"family": "Müller-Łoś", "given": "Ödön"},
            {"literal": "Sample Consortium and Friends"},
        ],
        "issued": {"date-parts": [[2026, 1, 5]]},
        "container-title": "Sample journal of synapses",
        "container-title-short": "Sample J Synapses",
        "ISSN": "0000-0019",
        "volume": "12",
        "issue": "3",
        "page": "187-194",
        "DOI": "10.0000/Sample_2026.1",
        "PMID": "90000001",
        "PMCID": "PMC90000001",
        "URL": "https://pubmed.ncbi.nlm.nih.gov/90000001/",
        "language": "en",
        "keyword": "agrin; endplate; Neuromuscular Junction; Receptors, Nicotinic",
        "source": "PubMed",
        "abstract": "AIMS: Long. Short.",
    }


@pytest.mark.parametrize(
    ("family", "parts"),
    [
        ("van der Sample", {"non-dropping-particle": "van der", "family": "Sample"}),
        ("van 't Sample", {"non-dropping-particle": "van 't", "family": "Sample"}),
        ("Van der Sample", {"family": "Van der Sample"}),
        ("Sample van Elsewhere", {"family": "Sample van Elsewhere"}),
        ("Ávila Sample", {"family": "Ávila Sample"}),
        ("al-sample", {"family": "al-sample"}),
        ("de sample", {"non-dropping-particle": "de", "family": "sample"}),
    ],
)
def test_particles_stand_apart_in_csl(family: str, parts: dict[str, str]) -> None:
    (item,) = items(replace(PAPER, authors=(Author(family, "Ann"),)))

    assert item["author"] == [parts | {"given": "Ann"}]


def test_kinds_of_publication_in_csl() -> None:
    preprint, chapter, book = items(replace(PAPER, publication_types=("Preprint", "Retracted Publication")), CHAPTER, BOOK)

    assert (preprint["type"], preprint["genre"], preprint["note"]) == ("article", "Preprint", "This paper was retracted.")
    assert (chapter["type"], chapter["container-title"], chapter["editor"]) == (
        "chapter",
        "Sample Reviews",
        [{"family": "Editor", "given": "Eve"}],
    )
    assert (chapter["publisher"], chapter["publisher-place"], chapter["ISBN"]) == ("Sample Press", "Nowhere", "9780000000002")
    assert (book["type"], book["title"], "container-title" in book) == ("book", "Sample Reviews", False)


@pytest.mark.parametrize(
    ("date", "issued"),
    [
        (PartialDate("2026 Jan", 2026, 1), {"date-parts": [[2026, 1]]}),
        (PartialDate("2026 Winter", 2026), {"date-parts": [[2026]]}),
        (PartialDate("undated"), {"date-parts": [[2025, 12, 24]]}),
    ],
)
def test_a_date_in_csl_is_as_precise_as_the_records(date: PartialDate, issued: dict[str, Any]) -> None:
    (item,) = items(replace(PAPER, published=date))

    assert item["issued"] == issued


def test_keys_are_the_same_in_csl_and_bibtex() -> None:
    twice = (*ALL, replace(PAPER, version=2))

    assert [item["id"] for item in items(*twice)] == [entry.key for entry in bibtex(*twice).entries]


TEXTS = (
    "abstract container-title container-title-short DOI genre id ISBN ISSN issue keyword language note page PMCID PMID publisher "
    "publisher-place source title URL volume"
)
TEXT = {"type": "string", "minLength": 1}
NAME = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": dict.fromkeys(("family", "given", "literal", "non-dropping-particle", "suffix"), TEXT),
}
NAMES = {"type": "array", "minItems": 1, "items": NAME}
DAY = {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "integer"}}
DATE = {
    "type": "object",
    "required": ["date-parts"],
    "additionalProperties": False,
    "properties": {"date-parts": {"type": "array", "minItems": 1, "maxItems": 1, "items": DAY}},
}
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["id", "type"],
        "additionalProperties": False,
        "properties": {
            **dict.fromkeys(TEXTS.split(), TEXT),
            "type": {"enum": ["article", "article-journal", "book", "chapter"]},
            "author": NAMES,
            "editor": NAMES,
            "issued": DATE,
        },
    },
}
"""Of CSL's own schema (csl-data.json, 1.0.2) what `to_csl` makes use of: a part of what that allows, and nothing that it does not."""


@settings(max_examples=60, deadline=None)
@given(BREAKS, BREAKS)
def test_csl_keeps_to_its_schema_whatever_a_record_holds(first: str, second: str) -> None:
    odd = replace(
        PAPER,
        title=first,
        title_markup="",
        authors=(Author(first, second), Author(collective=second)),
        journal=Journal(first, second),
    )

    jsonschema.validate(json.loads(export.to_csl([odd, PAPER, CHAPTER, BOOK, BARE])), SCHEMA)


def test_our_own_reader_of_seeds_reads_csl() -> None:
    entries = read_csl(export.to_csl(ALL), Path("x.json"))

    assert [(entry.ids.pmid, entry.ids.pmcid, entry.passed_over) for entry in entries] == [(one.pmid, one.pmcid, ()) for one in ALL]
    assert [entry.title for entry in entries] == [one.display_title for one in ALL]
    assert entries[0].abstract == "AIMS: Long. Short."
    assert entries[0].keywords == ("agrin", "endplate", "Neuromuscular Junction", "Receptors, Nicotinic")
