"""The parser over real records, which lie beside the project and are no part of it; skipped where they are absent."""

import gzip
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from watcher.domain import Article
from watcher.errors import IncompleteAnswer, RecordError
from watcher.pubmed import parse

PUBMED = Path(__file__).parents[2].parent / "shared" / "pubmed"
RECORDS = PUBMED / "records"
UPDATE_FILE = RECORDS / "pubmed21n1298.xml.gz"

pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="the real records (../shared/pubmed) are not here")


def line(text: str) -> str:
    """The white-space rule, written another way than the parser's."""
    return re.sub(r"[ \t\r\n]*[\t\r\n][ \t\r\n]*", " ", text).strip()


def texts_by_lxml(path: Path) -> Iterator[tuple[int, str, str]]:
    """Pmid, title and abstract as a plain pass with lxml reads them."""
    with gzip.open(path) as stream:
        for _, element in etree.iterparse(stream, tag="PubmedArticle"):
            article = element.find("MedlineCitation/Article")
            title = "".join(article.find("ArticleTitle").itertext())
            abstract = " ".join("".join(part.itertext()) for part in article.iterfind("Abstract/AbstractText"))
            yield int(element.findtext("MedlineCitation/PMID")), line(title), line(abstract)
            element.clear()


def test_every_title_and_abstract_is_what_lxml_gives() -> None:
    pairs = itertools.zip_longest(parse.articles(UPDATE_FILE), texts_by_lxml(UPDATE_FILE))

    count = 0
    for article, expected in pairs:
        assert (article.pmid, article.title, article.abstract) == expected
        count += 1

    assert count == 20_788


@pytest.fixture(scope="module")
def update() -> list[Article]:
    """The first records of the daily update file."""
    return list(itertools.islice(parse.articles(UPDATE_FILE), 2_000))


def test_every_record_has_its_history_and_a_date(update: list[Article]) -> None:
    assert all(article.crdt and article.edat and article.mhda and article.lr for article in update)
    assert all(article.published.year for article in update)


def test_identifiers_have_one_form(update: list[Article]) -> None:
    assert all(article.doi is None or article.doi.startswith("10.") for article in update)
    assert all(article.pmcid is None or re.fullmatch(r"PMC[0-9]+", article.pmcid) for article in update)
    orcids = [author.orcid for article in update for author in article.authors if author.orcid]
    assert orcids
    assert all(re.fullmatch(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]", orcid) for orcid in orcids)


def test_the_update_file_deletes_twenty_records() -> None:
    assert len(parse.deleted(UPDATE_FILE)) == 20


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("records/nmj_strict.xml", 97),
        ("records/nmj_broad_only.xml", 366),
        ("records/efetch_2026_a.xml", None),
        ("records/efetch_2026_b.xml", None),
        ("records/odd/MedlineImporterTestArticleID.xml", None),
        ("records/odd/MedlineImporterTestArticleItalics.xml", None),
        ("records/odd/MedlineImporterTestArticleNoISSN.xml", 1),
        ("records/odd/MedlineImporterTestBookArticleSet.xml", 2),
        ("records/odd/MedlineImporterTestKeywordSingleEntry.xml", 1),
        ("records/odd/MedlineImporterTestMathML.xml", 1),
        ("records/odd/MedlineImporterTestMeshHeadingList.xml", 1),
        ("records/odd/MedlineImporterTestNbib.xml", None),
        ("records/odd/MedlineImporterTestPubmedBook.xml", 1),
        ("records/odd/pubmed25n0001.xml", None),
        ("records/odd/pubmed25n0002.xml", 1),
        ("records/odd/pubmed25n0004.xml", 2),
        *((f"answers/biopython/pubmed{number}.xml", None) for number in (1, 2, 4, 5, 6, 7)),
    ],
)
def test_a_file_of_records_is_read_whole(name: str, count: int | None) -> None:
    content = (PUBMED / name).read_bytes()

    found = list(parse.articles(content))

    starts = len(re.findall(rb"<(?:PubmedArticle|PubmedBookArticle)[\s>]", content))
    assert len(found) == (count or starts) == starts
    assert all(article.title or article.is_book for article in found)


def test_a_record_without_anything_is_broken() -> None:
    minimal = RECORDS / "odd" / "MedlineImporterTestMinimalEntry.xml"

    with pytest.raises(RecordError, match="record 1"):
        list(parse.articles(minimal))
    assert len(parse.read_fetch(minimal).broken) == 1


@pytest.mark.parametrize("name", ["MedlineImporterTestMalformedEntry.xml", "MedlinePlainImporterTestInvalidFormat.xml"])
def test_what_is_no_xml_is_an_incomplete_answer(name: str) -> None:
    with pytest.raises(IncompleteAnswer):
        list(parse.articles(RECORDS / "odd" / name))


def test_error_bodies_are_never_taken_for_records() -> None:
    bodies = [path for path in (PUBMED / "errors").iterdir() if path.name.startswith("efetch") and "unknown_pmids" not in path.name]

    for body in bodies:
        with pytest.raises(IncompleteAnswer, match="eFetchResult"):
            parse.read_fetch(body)
    assert len(bodies) >= 3
