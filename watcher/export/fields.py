"""What several formats say alike: values of a record, each on one line, and what kind of publication it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from watcher.domain import Article, Heading, PartialDate

Pairs = Iterator[tuple[str, str]]
"""Names of a format and their values; an empty value is left out."""

_PUBMED = "https://pubmed.ncbi.nlm.nih.gov/{pmid}/"
_BREAK = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_PAGE_RANGE = re.compile(r"([A-Za-z]*)([0-9]+)\s*[-–]\s*([A-Za-z]*)([0-9]+)")


class Kind(StrEnum):
    """What reference managers tell apart."""

    ARTICLE = "article"
    CHAPTER = "chapter"
    BOOK = "book"


def kind_of(article: Article) -> Kind:
    """Whether it is an article, a part of a book, or the whole book, whose title is then the book's."""
    if not article.is_book:
        return Kind.ARTICLE
    return Kind.BOOK if article.title == article.journal.title else Kind.CHAPTER


def line(text: str) -> str:
    """`text` on one line, whatever Unicode calls a line break; other white space stays."""
    if not _BREAK.search(text):  # nearly all, and five times as fast
        return text.strip()
    return " ".join(part.strip() for part in text.replace("\t", " ").splitlines()).strip()


def date_of(article: Article) -> PartialDate:
    """The date of the issue, else the electronic one."""
    return article.published if article.published.year else article.electronic


def pmid(article: Article) -> str:
    """Its PMID; empty for a record of another source."""
    return str(article.pmid or "")


def pubmed_page(article: Article) -> str:
    """Its address at PubMed; empty for a record of another source."""
    return _PUBMED.format(pmid=article.pmid) if article.pmid else ""


def page_range(pages: str) -> tuple[str, str]:
    """First and last page, the last in full: MEDLINE's "187-94" is 187 to 194, "S12-8" is S12 to S18. Else all in the first."""
    match = _PAGE_RANGE.fullmatch(pages)
    if not match:
        return line(pages), ""
    before, first, letters, last = match.groups()
    if letters in ("", before) and len(last) < len(first):
        last = first[: -len(last)] + last
    return before + first, (letters or before) + last


def abstract_of(article: Article) -> str:
    """The abstract with its sections' labels, as PubMed prints it."""
    if not any(section.label for section in article.sections):
        return line(article.abstract)
    return " ".join(line(f"{section.label}: {section.text}" if section.label else section.text) for section in article.sections)


def keywords_of(article: Article) -> list[str]:
    """The authors' keywords and the names of the headings, each once."""
    return list(dict.fromkeys(map(line, (*article.keywords, *(heading.name for heading in article.headings)))))


def starred(heading: Heading) -> str:
    """MEDLINE style: "*Receptors, Nicotinic/chemistry/*genetics", the star before what is a major topic."""
    qualifiers = (f"/{'*' * qualifier.major}{qualifier.name}" for qualifier in heading.qualifiers)
    return f"{'*' * heading.major}{heading.name}{''.join(qualifiers)}"
