"""Exports of real records, read back by our own readers of seeds; the records lie beside the project; skipped where they are absent."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from watcher.domain import Article, Author
from watcher.export import to_bibtex, to_csl, to_nbib, to_ris
from watcher.export.fields import abstract_of
from watcher.pubmed import parse
from watcher.seeds.bibtex import read_bibtex
from watcher.seeds.csl import read_csl
from watcher.seeds.entry import SeedEntry, folded
from watcher.seeds.latex import plain
from watcher.seeds.medline import read_medline
from watcher.seeds.ris import read_ris

RECORDS = Path(__file__).parents[2].parent / "shared" / "pubmed" / "records"
FILES = ("pubmed21n1298.xml.gz", "nmj_strict.xml", "nmj_broad_only.xml", "efetch_2026_a.xml", "efetch_2026_b.xml")

pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="the real records (../shared/pubmed) are not here")


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    """All real records, without their abstracts and headings, which take most of the time."""
    every = (article for name in FILES for article in parse.articles(RECORDS / name))
    return [replace(article, abstract="", sections=(), headings=(), keywords=()) for article in every]


@pytest.fixture(scope="module")
def some() -> list[Article]:
    """A hundredth of them, whole."""
    return list(parse.articles(RECORDS / FILES[0]))[::100]


def shown(text: str) -> str:
    """A text of a record, of which a few hold entities and tags of HTML as text: our readers show what they stand for."""
    return folded(html.unescape(re.sub(r"</?(?:i|b|sub|sup)>", "", text)))


def test_bibtex_gives_back_titles_and_identifiers(articles: list[Article]) -> None:
    entries = read_bibtex(to_bibtex(articles), Path("x.bib"))

    assert len(entries) == len(articles) > 21_000
    assert [entry.title for entry in entries] == [shown(article.display_title) for article in articles]
    assert [(entry.ids.pmid, entry.ids.pmcid) for entry in entries] == [(article.pmid, article.pmcid) for article in articles]


def names(latex: str) -> Iterator[str]:
    """The names of a field, each as BibTeX parts it, by our own reading of LaTeX."""
    for name in re.split(r" and (?![^{]*\})", latex):
        yield plain(name)


def written(author: Author) -> str:
    """A name with its parts as BibTeX orders them."""
    parts = (author.last_name, author.suffix, author.fore_name or author.initials)
    return folded(author.collective or ", ".join(part for part in parts if part))


def test_bibtex_gives_back_authors(articles: list[Article]) -> None:
    fields = re.findall(r"^(?:@.*|\tauthor = \{(.*)\},)$", to_bibtex(articles), re.MULTILINE)

    read = [list(names(field)) for field in fields if field]
    assert read == [[written(author) for author in article.authors] for article in articles if article.authors]


def test_every_format_gives_back_titles_abstracts_and_identifiers(some: list[Article]) -> None:
    def told(entries: tuple[SeedEntry, ...]) -> list[tuple[object, ...]]:
        return [(entry.ids.pmid, entry.ids.pmcid, entry.title, entry.abstract) for entry in entries]

    expected = [(one.pmid, one.pmcid, shown(one.display_title), shown(abstract_of(one))) for one in some]

    assert told(read_bibtex(to_bibtex(some), Path("x.bib"))) == expected
    assert told(read_ris(to_ris(some), Path("x.ris"))) == expected
    assert told(read_csl(to_csl(some), Path("x.json"))) == expected
    assert [one[:3] for one in told(read_medline(to_nbib(some), Path("x.nbib")))] == [one[:3] for one in expected]
