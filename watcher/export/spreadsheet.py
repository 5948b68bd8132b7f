"""CSV, for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from watcher.domain import Article
from watcher.export.fields import abstract_of, date_of, line, pmid, pubmed_page, starred

CSV_HEADER = (
    "pmid", "title", "authors", "journal", "published", "year", "volume", "issue", "pages", "doi", "pmcid", "publication_types",
    "mesh_headings", "keywords", "languages", "preprint", "retracted", "url", "abstract",
)  # fmt: skip
"""The first line. Cells that hold several values part them with "; "; `preprint` and `retracted` are yes or no; `published` reads as
PubMed prints it, `year` is its number."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection")."""


def to_csv(articles: Iterable[Article]) -> str:
    """Write `articles` as CSV (RFC 4180: comma, quotes doubled, CR LF) under `CSV_HEADER`.

    A cell that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(CSV_HEADER)
    rows.writerows([_inert(line(cell)) for cell in _cells(article)] for article in articles)
    return text.getvalue()


def _cells(article: Article) -> tuple[str, ...]:
    date = date_of(article)
    return (
        pmid(article),
        article.display_title,
        "; ".join(author.display for author in article.authors),
        article.journal.title or article.journal.abbreviation,
        date.text,
        str(date.year or ""),
        article.volume,
        article.issue,
        article.pages,
        article.doi or "",
        article.pmcid or "",
        "; ".join(article.publication_types),
        "; ".join(map(starred, article.headings)),
        "; ".join(article.keywords),
        "; ".join(article.languages),
        "yes" if article.is_preprint else "no",
        "yes" if article.is_retracted else "no",
        pubmed_page(article),
        abstract_of(article),
    )


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
