"""What `watcher.pubmed.parse` makes of PubMed's XML. The samples under tests/records come in pairs: XML and what it says."""

import gzip
import io
import runpy
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html
from support.records import in_numbers

from watcher.domain import Article, PartialDate, RecordId, pubmed_id
from watcher.errors import IncompleteAnswer, RecordError
from watcher.pubmed import parse

RECORDS = Path(__file__).parents[1] / "records"
SAMPLES = sorted(RECORDS.glob("*.xml"))
UPDATE = RECORDS / "sample_update.xml"


def record(*, pmid: str = '<PMID Version="1">1</PMID>', article: str = "", citation: str = "", data: str = "") -> str:
    """One sample PubmedArticle with the given children."""
    return (
        f"<PubmedArticle><MedlineCitation>{pmid}<Article>{article}</Article>{citation}</MedlineCitation>"
        f"<PubmedData>{data}</PubmedData></PubmedArticle>"
    )


def record_set(*records: str) -> bytes:
    return f"<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>".encode()


def only(content: str | bytes) -> Article:
    """The one article of `content`."""
    source = content if isinstance(content, bytes) else content.encode()
    (article,) = parse.articles(source)
    return article


def titled(markup: str) -> Article:
    return only(record(article=f"<ArticleTitle>{markup}</ArticleTitle>"))


def dated(inner: str) -> PartialDate:
    return only(record(article=f"<Journal><JournalIssue><PubDate>{inner}</PubDate></JournalIssue></Journal>")).published


class Pipe(io.RawIOBase):
    """A binary file that cannot seek and counts what is read of it."""

    def __init__(self, content: bytes) -> None:
        self.content = io.BytesIO(content)

    def read(self, size: int = -1, /) -> bytes:
        """Read from the content."""
        return self.content.read(size)


# --- the samples -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_says_what_stands_beside_it(path: Path) -> None:
    expected = runpy.run_path(str(path.with_suffix(".py")))

    found = tuple(parse.articles(path))

    assert found == expected["ARTICLES"]
    assert parse.deleted(path) == expected["DELETED"]


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 3


# --- sources -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_every_kind_of_source_gives_the_same_articles(pack: type[bytes], tmp_path: Path) -> None:
    content = pack(UPDATE.read_bytes())
    path = tmp_path / "records"
    path.write_bytes(content)
    pipe = cast("BinaryIO", Pipe(content))

    with path.open("rb") as opened:
        results = [tuple(parse.articles(source)) for source in (path, str(path), content, opened, pipe)]

    assert all(result == tuple(parse.articles(UPDATE)) for result in results)


def test_a_gzip_file_of_several_members_is_read_to_its_end() -> None:
    content = record_set(record(pmid="<PMID>1</PMID>"), record(pmid="<PMID>2</PMID>"))

    found = parse.articles(gzip.compress(content[:60]) + gzip.compress(content[60:]))

    assert [article.pmid for article in found] == [1, 2]


def test_a_file_that_the_caller_opened_stays_open() -> None:
    with UPDATE.open("rb") as opened:
        list(parse.articles(opened))

        assert not opened.closed


def test_articles_come_before_the_source_is_read_to_its_end() -> None:
    pipe = Pipe(record_set(*(record(pmid=f"<PMID>{number}</PMID>") for number in range(1, 5_001))))

    first = next(parse.articles(cast("BinaryIO", pipe)))

    assert first.pmid == 1
    assert pipe.content.tell() < len(pipe.content.getvalue()) / 2


@pytest.mark.parametrize(
    "bare",
    [
        record(),
        "<MedlineCitationSet><MedlineCitation><PMID>1</PMID></MedlineCitation></MedlineCitationSet>",
        "<MedlineCitation><PMID>1</PMID></MedlineCitation>",
        "<PubmedBookArticleSet><PubmedBookArticle><BookDocument><PMID>1</PMID></BookDocument></PubmedBookArticle></PubmedBookArticleSet>",
        "<BookDocumentSet><BookDocument><PMID>1</PMID></BookDocument></BookDocumentSet>",
    ],
)
def test_a_bare_record_and_older_sets_are_read(bare: str) -> None:
    assert only(bare).pmid == 1


def test_an_empty_set_holds_no_articles() -> None:
    assert parse.read_fetch(b"<PubmedArticleSet></PubmedArticleSet>") == parse.FetchedRecords(articles=())


# --- what goes wrong -----------------------------------------------------------------------------------------------------------

GOOD = record(pmid="<PMID>1</PMID>")
NAMELESS = record(pmid="", data='<ArticleIdList><ArticleId IdType="pubmed">7</ArticleId></ArticleIdList>')
WRONG = record(pmid="<PMID>12x</PMID>")


def test_a_record_without_a_pmid_raises_with_its_position() -> None:
    found = parse.articles(record_set(GOOD, NAMELESS))

    assert next(found).pmid == 1
    with pytest.raises(RecordError, match=r"record 2, listed as PMID 7: it has no PMID"):
        next(found)


def test_broken_records_are_told_and_the_others_read_on() -> None:
    told: list[tuple[RecordId | None, str]] = []

    found = parse.articles(record_set(NAMELESS, WRONG, GOOD), on_broken=lambda record_id, reason: told.append((record_id, reason)))

    assert [article.pmid for article in found] == [1]
    assert told == [
        (pubmed_id(7), "record 1, listed as PMID 7: it has no PMID"),
        (None, "record 2: its PMID '12x' is not the number of a record"),
    ]


def test_a_broken_record_of_an_answer_costs_only_itself() -> None:
    fetched = parse.read_fetch(record_set(GOOD, NAMELESS))

    assert [article.pmid for article in fetched.articles] == [1]
    assert in_numbers(fetched.broken) == ((7, "record 2, listed as PMID 7: it has no PMID"),)


@pytest.mark.parametrize(
    "malformed",
    [
        "<PubmedArticle><MedlineCitation><PMID Version='1'>8</PMID> & </MedlineCitation></PubmedArticle>",
        "<PubmedArticle><MedlineCitation><PMID Version='1'>8</PMID></MedlineCitation>",
        "<PubmedArticle><MedlineCitation><PMID Version='1'>8</PMID>\x0b</MedlineCitation></PubmedArticle>",
        "<PubmedArticle><MedlineCitation><PMID Version='1'>8</PMID></Medline></PubmedArticle>",
    ],
    ids=["ampersand", "never closed", "control character", "crossed tags"],
)
def test_malformed_xml_of_one_record_costs_only_that_record(malformed: str) -> None:
    content = record_set(GOOD, malformed, record(pmid="<PMID>2</PMID>"))

    fetched = parse.read_fetch(content)

    assert [article.pmid for article in fetched.articles] == [1, 2]
    ((pmid, reason),) = fetched.broken
    assert in_numbers(pmid) == 8
    assert reason.startswith("record 2: its XML is malformed: ")


def test_deletions_survive_a_malformed_record() -> None:
    content = record_set("<PubmedArticle>&</PubmedArticle>", GOOD, "<DeleteCitation><PMID>9</PMID></DeleteCitation>")

    fetched = parse.read_fetch(content)

    assert in_numbers((len(fetched.articles), len(fetched.broken), fetched.deleted)) == (1, 1, (9,))


def test_xml_that_breaks_off_raises_after_the_whole_records() -> None:
    content = record_set(GOOD, record(pmid="<PMID>2</PMID>"))
    found = parse.articles(content[:-60])

    assert next(found).pmid == 1
    with pytest.raises(IncompleteAnswer, match="after 1 whole records"):
        next(found)


def test_an_answer_that_breaks_off_is_never_taken_for_a_broken_record() -> None:
    content = record_set(GOOD, record(pmid="<PMID>2</PMID>"))

    for length in range(len(content)):
        with pytest.raises(IncompleteAnswer):
            parse.read_fetch(content[:length])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "breaks off"),
        (b'{"error":"API rate limit exceeded"}', "Start tag expected"),
        (b"<!DOCTYPE html><html><body><br>Service unavailable</body></html>", "malformed"),
        (b"<html><body>Bad gateway</body></html>", "<html>: Bad gateway"),
        (b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>", "<eFetchResult>: Unable to obtain query #1"),
    ],
)
def test_what_is_not_pubmeds_xml_raises_and_says_what_came(body: bytes, told: str) -> None:
    with pytest.raises(IncompleteAnswer, match=told):
        list(parse.articles(body))
    with pytest.raises(IncompleteAnswer):
        parse.read_fetch(body)


def test_damaged_gzip_raises() -> None:
    packed = gzip.compress(UPDATE.read_bytes())

    with pytest.raises(IncompleteAnswer, match="compressed data break off"):
        list(parse.articles(packed[:-20]))
    with pytest.raises(IncompleteAnswer, match="compressed data"):
        list(parse.articles(packed[:60] + b"\x00" * 30 + packed[90:]))


def bomb(levels: int) -> str:
    """A record whose title would become 10 ** `levels` words if its entities were expanded."""
    entities = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, levels + 1))
    title = record(article=f"<ArticleTitle>A &e{levels}; title</ArticleTitle>")
    return f'<!DOCTYPE PubmedArticleSet [<!ENTITY e0 "boom">{entities}]>{record_set(title).decode()}'


def test_an_entity_is_not_expanded() -> None:
    article = only(bomb(levels=3))

    assert article.title == "A &e3; title"
    assert article.title_markup == "A &amp;e3; title"


def test_a_deeper_bomb_is_refused() -> None:
    with pytest.raises(IncompleteAnswer, match="entity"):
        only(bomb(levels=60))


def test_an_external_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden")
    head = f'<!DOCTYPE PubmedArticleSet [<!ENTITY file SYSTEM "{secret.as_uri()}">]>'

    article = only(head + record_set(record(article="<ArticleTitle>&file;</ArticleTitle>")).decode())

    assert "hidden" not in article.title


def test_of_several_versions_an_answer_keeps_the_highest_in_its_place() -> None:
    fetched = parse.read_fetch(UPDATE)

    assert [(article.pmid, article.version) for article in fetched.articles] == [(90000020, 2), (90000021, 1), (90000022, 1)]
    assert in_numbers(fetched.deleted) == (90000023, 90000024)


def test_of_equal_versions_an_answer_keeps_the_last() -> None:
    def version(title: str) -> str:
        return record(article=f"<ArticleTitle>{title}</ArticleTitle>")

    fetched = parse.read_fetch(record_set(version("first"), version("second")))

    assert [article.title for article in fetched.articles] == ["second"]


def test_only_the_first_pmid_of_a_citation_is_the_records() -> None:
    assert only(record(pmid='<PMID Version="3">5</PMID><PMID Version="4">6</PMID>')).pmid == 5


# --- text ------------------------------------------------------------------------------------------------------------------------


def test_white_space_that_breaks_a_line_becomes_one_space_and_all_other_stays() -> None:
    article = titled("\n  A  double,\u2009thin\n\t and\u00a0hard\tspace \u2009")

    assert article.title == "A  double,\u2009thin and\u00a0hard space"


def test_comments_and_instructions_in_a_text_are_no_text() -> None:
    assert titled("a<!-- not this -->b<?nor this?>c").title == "abc"


def test_sections_of_an_abstract_are_joined_by_one_space_without_labels() -> None:
    parts = '<AbstractText Label="AIMS">One.</AbstractText><AbstractText>\n Two.\n</AbstractText><AbstractText/>'

    article = only(record(article=f"<Abstract>{parts}<CopyrightInformation>Not this.</CopyrightInformation></Abstract>"))

    assert article.abstract == "One. Two."
    assert [(section.label, section.text) for section in article.sections] == [("AIMS", "One."), ("", "Two.")]


def test_unlabelled_is_no_label() -> None:
    article = only(record(article='<Abstract><AbstractText Label="UNLABELLED">One.</AbstractText></Abstract>'))

    assert article.sections[0].label == ""


def test_mathml_is_read_as_its_text() -> None:
    math = '<m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:mi>V</m:mi><m:mo>&lt;</m:mo><m:mn>2</m:mn></m:math>'

    article = titled(f"With {math} inside")

    assert (article.title, article.title_markup) == ("With V<2 inside", "With V&lt;2 inside")


def test_nested_markup_is_kept_and_the_rest_escaped() -> None:
    article = titled('<i>T<sub class="x">c<u>!</u></sub></i> &lt;script&gt; <b/>&amp;amp; <DispFormula>x</DispFormula>')

    assert article.title == "Tc! <script> &amp; x"
    assert article.title_markup == "<i>T<sub>c!</sub></i> &lt;script&gt; <b></b>&amp;amp; x"


@pytest.mark.parametrize("title", ["", "[Not Available].", "[Not available]"])
def test_a_missing_title_is_shown_in_the_vernacular(title: str) -> None:
    article = only(
        record(article=f"<ArticleTitle>{title}</ArticleTitle><VernacularTitle>Die <i>erste</i> Seite.</VernacularTitle>")
    )

    assert article.title == title
    assert (article.display_title, article.title_markup) == ("Die erste Seite.", "Die <i>erste</i> Seite.")


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff"), max_size=8
)
MARKUP = st.recursive(
    WORDS.map(lambda text: (escape(text), text)),
    lambda inner: st.lists(st.tuples(st.sampled_from(["i", "b", "sub", "sup", "u", "mrow"]), inner), max_size=4).map(
        lambda parts: (
            "".join(f"<{tag}>{markup}</{tag}>" for tag, (markup, _) in parts),
            "".join(text for _, (_, text) in parts),
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(MARKUP)
def test_title_and_markup_say_the_same_whatever_the_markup(sample: tuple[str, str]) -> None:
    source, text = sample

    article = titled(f"x{source}x")

    fragment = html.fragment_fromstring(article.title_markup, create_parent=True)
    assert article.title == f"x{text}x"
    assert "".join(fragment.itertext()) == article.title
    assert {child.tag for child in fragment.iterdescendants()} <= {"i", "b", "sub", "sup"}


# --- ids -------------------------------------------------------------------------------------------------------------------------


def own_ids(*ids: tuple[str, str]) -> str:
    return "<ArticleIdList>" + "".join(f'<ArticleId IdType="{kind}">{text}</ArticleId>' for kind, text in ids) + "</ArticleIdList>"


def location(kind: str, text: str, valid: str = "Y") -> str:
    return f'<ELocationID EIdType="{kind}" ValidYN="{valid}">{text}</ELocationID>'


def test_the_doi_of_the_article_comes_before_that_of_the_list() -> None:
    article = only(record(article=location("doi", "10.1/a"), data=own_ids(("doi", "10.1/b"))))

    assert article.doi == "10.1/a"


def test_without_one_on_the_article_the_list_gives_the_doi() -> None:
    assert only(record(data=own_ids(("pubmed", "1"), ("doi", " 10.1/b ")))).doi == "10.1/b"


def test_an_invalid_doi_is_refused_in_the_list_too() -> None:
    article = only(record(article=location("doi", "10.1/Bad", "N"), data=own_ids(("doi", "10.1/bad"), ("pii", "S1"))))

    assert article.doi is None
    assert article.pii == "S1"


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("https://doi.org/10.1/x", "10.1/x"),
        ("doi: 10.1/x", "10.1/x"),
        ("http://dx.doi.org/10.1/X y", "10.1/X y"),
        ("S0140-1", None),
    ],
)
def test_a_doi_is_kept_without_its_resolver(text: str, doi: str | None) -> None:
    assert only(record(article=location("doi", text))).doi == doi


def test_ids_of_cited_papers_are_never_the_records() -> None:
    cited = own_ids(("doi", "10.9/cited"), ("pmc", "PMC9"), ("pii", "P9"), ("bookaccession", "NBK9"))
    citing = f"<ReferenceList><Reference>{cited}</Reference><ReferenceList><Reference>{cited}</Reference></ReferenceList></ReferenceList>"

    article = only(record(data=citing))

    assert (article.doi, article.pmcid, article.pii, article.book_accession) == (None, None, None, None)


@pytest.mark.parametrize(
    ("ids", "pmcid"),
    [
        ([("pmc", "PMC12")], "PMC12"),
        ([("pmc", "12")], "PMC12"),
        ([("pmcid", "pmc-id: PMC13;embargo-date: 2026/01/01;")], "PMC13"),
        ([("pmcid", "pmc-id: PMC13;"), ("pmc", "pmc12")], "PMC12"),
        ([("pmc", "none"), ("mid", "NIHMS1")], None),
    ],
)
def test_a_pmcid_is_one_form_whatever_the_list_holds(ids: list[tuple[str, str]], pmcid: str | None) -> None:
    assert only(record(data=own_ids(*ids))).pmcid == pmcid


# --- people ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "orcid"),
    [
        ("0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("http://orcid.org/0000-0002-9079-593X", "0000-0002-9079-593X"),
        ("https://orcid.org/0000-0002-9079-593x/", "0000-0002-9079-593X"),
        ("000000021825009X", "0000-0002-1825-009X"),
        ("0000\u20100002\u20101825\u20100097", "0000-0002-1825-0097"),
        ("0000-0001-9206-317", ""),
        ("nobody", ""),
    ],
)
def test_an_orcid_is_one_form_whatever_the_record_holds(text: str, orcid: str) -> None:
    person = f'<Author><LastName>A</LastName><Identifier Source="ORCID">{text}</Identifier></Author>'

    (author,) = only(record(article=f"<AuthorList>{person}</AuthorList>")).authors

    assert author.orcid == orcid


def test_an_identifier_of_another_kind_is_no_orcid() -> None:
    person = '<Author><LastName>A</LastName><Identifier Source="ISNI">0000000218250097</Identifier></Author>'

    assert only(record(article=f"<AuthorList>{person}</AuthorList>")).authors[0].orcid == ""


def test_a_thousand_authors_keep_their_order_and_affiliations() -> None:
    people = "".join(
        f"<Author><LastName>Name{number}</LastName><AffiliationInfo><Affiliation>Place {number}</Affiliation></AffiliationInfo></Author>"
        for number in range(1000)
    )

    article = only(record(article=f"<AuthorList>{people}</AuthorList>"))

    assert len(article.authors) == 1000
    assert article.authors[999].last_name == "Name999"
    assert article.authors[999].affiliations == ("Place 999",)


def test_editors_are_not_authors_and_nameless_entries_are_nobody() -> None:
    lists = (
        '<AuthorList Type="editors"><Author><LastName>E</LastName></Author></AuthorList>'
        '<AuthorList Type="authors"><Author><LastName>A</LastName></Author><Author><Initials>X</Initials></Author></AuthorList>'
    )

    article = only(record(article=lists))

    assert [author.last_name for author in article.authors] == ["A"]
    assert [editor.last_name for editor in article.editors] == ["E"]


# --- dates -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("<Year>2026</Year>", PartialDate("2026", 2026)),
        ("<Year>2026</Year><Month>Nov</Month>", PartialDate("2026 Nov", 2026, 11)),
        ("<Year>2026</Year><Month>11</Month><Day>05</Day>", PartialDate("2026 Nov 5", 2026, 11, 5)),
        ("<Year>2026</Year><Month>November</Month>", PartialDate("2026 November", 2026, 11)),
        ("<Year>2026</Year><Month>Jun</Month><Day>31</Day>", PartialDate("2026 Jun 31", 2026, 6)),
        ("<Year>2024</Year><Month>2</Month><Day>29</Day>", PartialDate("2024 Feb 29", 2024, 2, 29)),
        ("<Year>2026</Year><Month>13</Month><Day>1</Day>", PartialDate("2026 13 1", 2026)),
        ("<Year>2025</Year><Season>Fall</Season>", PartialDate("2025 Fall", 2025, 10)),
        ("<Year>2025</Year><Season>Spring-Summer</Season>", PartialDate("2025 Spring-Summer", 2025, 4)),
        ("<Year>0</Year>", PartialDate("0")),
        ("<Month>Nov</Month>", PartialDate("Nov")),
        ("", PartialDate()),
        ("<MedlineDate>2018 Jul-Aug</MedlineDate>", PartialDate("2018 Jul-Aug", 2018, 7)),
        ("<MedlineDate>2025 Dec-2026 Jan</MedlineDate>", PartialDate("2025 Dec-2026 Jan", 2025, 12)),
        ("<MedlineDate>Dec 2025-Jan 2026</MedlineDate>", PartialDate("Dec 2025-Jan 2026", 2025, 12)),
        ("<MedlineDate>2000 Dec 23-30</MedlineDate>", PartialDate("2000 Dec 23-30", 2000, 12, 23)),
        ("<MedlineDate>2021 Apr-Jun 01</MedlineDate>", PartialDate("2021 Apr-Jun 01", 2021, 4)),
        ("<MedlineDate>Summer 1999</MedlineDate>", PartialDate("Summer 1999", 1999, 7)),
        ("<MedlineDate>1977-1978</MedlineDate>", PartialDate("1977-1978", 1977)),
        ("<MedlineDate>2021 3rd Quarter</MedlineDate>", PartialDate("2021 3rd Quarter", 2021)),
        ("<MedlineDate>undated</MedlineDate>", PartialDate("undated")),
    ],
)
def test_a_publication_date_is_as_precise_as_the_record(inner: str, expected: PartialDate) -> None:
    assert dated(inner) == expected


SCRAPS = st.one_of(
    WORDS, st.integers(-1, 40).map(str), st.sampled_from(["Feb", "sept", "Winter", "2026", "20261", "²", "١", "1_0"])
)


@settings(deadline=None)
@given(SCRAPS, SCRAPS, SCRAPS, SCRAPS)
def test_no_date_however_odd_stops_a_record(year: str, month: str, day: str, season: str) -> None:
    year, month, day, season = map(escape, (year, month, day, season))
    parts = f"<Year>{year}</Year><Month>{month}</Month><Day>{day}</Day>"
    history = f'<History><PubMedPubDate PubStatus="entrez">{parts}</PubMedPubDate></History>'
    issue = f"<Journal><JournalIssue><PubDate>{parts}<Season>{season}</Season></PubDate></JournalIssue></Journal>"
    online = f"<ArticleDate><MedlineDate>{year} {month} {day}-{season}</MedlineDate></ArticleDate>"

    article = only(record(article=issue + online, data=history))

    assert (article.published.earliest is None) == (article.published.year is None)
    assert (article.electronic.earliest is None) == (article.electronic.year is None)
    assert (article.crdt is None) == (article.published.year is None)


@pytest.mark.parametrize(
    ("parts", "day"),
    [
        ("<Year>2021</Year><Month>6</Month><Day>31</Day>", date(2021, 6, 30)),
        ("<Year>2021</Year><Month>Jun</Month><Day>4</Day><Hour>6</Hour>", date(2021, 6, 4)),
        ("<Year>2021</Year>", date(2021, 1, 1)),
        ("<Year>0</Year><Month>6</Month><Day>1</Day>", None),
        ("", None),
    ],
)
def test_the_dates_of_the_history_are_days(parts: str, day: date | None) -> None:
    history = "".join(
        f'<PubMedPubDate PubStatus="{status}">{parts}</PubMedPubDate>' for status in ("entrez", "pubmed", "medline", "received")
    )

    article = only(record(data=f"<History>{history}</History>", citation=f"<DateRevised>{parts}</DateRevised>"))

    assert (article.crdt, article.edat, article.mhda, article.lr) == (day, day, day, day)


# --- the rest --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "pages"),
    [
        ("<MedlinePgn>e12</MedlinePgn>", "e12"),
        ("<StartPage>25</StartPage><EndPage>138</EndPage>", "25-138"),
        ("<StartPage>25</StartPage>", "25"),
        ("<StartPage>187</StartPage><EndPage>194</EndPage><MedlinePgn>187-94</MedlinePgn>", "187-94"),
    ],
)
def test_pages_come_from_medline_or_from_start_and_end(inner: str, pages: str) -> None:
    assert only(record(article=f"<Pagination>{inner}</Pagination>")).pages == pages


def test_a_heading_without_a_descriptor_is_left_out() -> None:
    headings = "<MeshHeading><QualifierName>genetics</QualifierName></MeshHeading>"

    assert only(record(citation=f"<MeshHeadingList>{headings}</MeshHeadingList>")).headings == ()


def test_a_correction_without_a_kind_is_left_out() -> None:
    corrections = (
        "<CommentsCorrections><PMID>3</PMID></CommentsCorrections>"
        '<CommentsCorrections RefType="ErratumIn"><RefSource>There</RefSource><PMID>x</PMID></CommentsCorrections>'
    )

    (relation,) = only(record(citation=f"<CommentsCorrectionsList>{corrections}</CommentsCorrectionsList>")).relations

    assert (relation.kind, relation.record_id, relation.source) == ("ErratumIn", None, "There")


def test_what_is_empty_or_unknown_is_passed_over() -> None:
    titles = "<ArticleTitle>First.</ArticleTitle><ArticleTitle>Second.</ArticleTitle>"
    rest = (
        '<OtherAbstract Type="Publisher"><AbstractText> </AbstractText></OtherAbstract><Novelty>2031</Novelty>'
        '<MeshHeadingList><MeshHeading><DescriptorName UI="D1">Mice</DescriptorName><Novelty/></MeshHeading></MeshHeadingList>'
    )

    article = only(record(article=titles, citation=rest))

    assert (article.title, article.other_abstracts) == ("First.", ())
    assert [heading.name for heading in article.headings] == ["Mice"]


def test_a_deletion_that_names_no_pmid_deletes_nothing() -> None:
    deletions = "<DeleteCitation><PMID>x</PMID><PMID>3</PMID></DeleteCitation>"

    assert in_numbers(parse.deleted(record_set(record(), deletions))) == (3,)
