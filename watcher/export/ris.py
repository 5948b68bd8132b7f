"""RIS, for EndNote, Mendeley, Citavi, and whoever else reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

import rispy

from watcher.domain import Article, Author, PartialDate
from watcher.export.fields import Kind, abstract_of, date_of, keywords_of, kind_of, line, page_range, pmid, pubmed_page

_TYPES = {Kind.ARTICLE: "JOUR", Kind.CHAPTER: "CHAP", Kind.BOOK: "BOOK"}
_EDITORS = {Kind.ARTICLE: "secondary_authors", Kind.CHAPTER: "secondary_authors", Kind.BOOK: "tertiary_authors"}
"""A2, or A3 for a whole book, whose A2 are the editors of its series (Zotero, EndNote)."""


class _Writer(rispy.RisWriter):  # type: ignore[misc]  # rispy has no types
    """rispy's writer without the number that it puts before each reference, which is not RIS."""

    def set_header(self, count: int) -> str:  # noqa: ARG002  # the base class's signature
        return ""


def to_ris(articles: Iterable[Article]) -> str:
    """Write `articles` as RIS, one reference each.

    The journal is T2 and JF, without which bibutils takes the abbreviation for it; that is J2 and JA, never JO, which is a full title where
    it is read. A collective ends in a comma, without which it is a person's fore names and last name (EndNote's manual, "Author and Editor
    Names"); one that has a comma of its own is parted anyhow.

    AN is the PMID, DB "PubMed", C2 of an article the PMCID (EndNote's field for it), UR the PubMed page, KW the authors' keywords and the
    MeSH headings. What Zotero has no field for stands as a note too, N1: "PMID: 1", "PMCID: PMC1", "Preprint". A preprint is TY JOUR with M3
    "Preprint", since UNPB would lose server and DOI in most managers; a book article is CHAP, or BOOK when it is the whole book.
    Source of the tags: the RIS specification (Research Information Systems, 2001).
    """
    return cast("str", rispy.dumps([_entry(article) for article in articles], implementation=_Writer))


def _entry(article: Article) -> dict[str, str | list[str]]:
    kind, date = kind_of(article), date_of(article)
    entry: dict[str, str | list[str]] = {"type_of_reference": _TYPES[kind], **_source(article, kind)}
    entry |= {
        "title": line(article.display_title),
        "authors": list(filter(None, map(_name, article.authors))),
        _EDITORS[kind]: list(filter(None, map(_name, article.editors))),
        "year": str(date.year or ""),
        "date": _date(date),
        "doi": line(article.doi or ""),
        "accession_number": pmid(article),
        "name_of_database": "PubMed" if article.pmid else "",
        "custom2": (article.pmcid or "") if kind is Kind.ARTICLE else "",  # in a chapter Zotero takes it for the book's author
        "type_of_work": "Preprint" if article.is_preprint else "",
        "language": ", ".join(map(line, article.languages)),
        "abstract": abstract_of(article),
        "keywords": keywords_of(article),
        "notes": list(_notes(article)),
        "urls": [page for page in (pubmed_page(article),) if page],
    }
    return {key: value for key, value in entry.items() if value}


def _source(article: Article, kind: Kind) -> dict[str, str | list[str]]:
    journal, (first, last) = article.journal, page_range(article.pages)
    title = line(journal.title or journal.abbreviation)
    return {
        "secondary_title": "" if kind is Kind.BOOK else title,
        "alternate_title3": title if kind is Kind.ARTICLE else "",
        "alternate_title1": line(journal.abbreviation),
        "alternate_title2": line(journal.abbreviation),
        "publisher": line(journal.publisher),
        "place_published": line(journal.country) if article.is_book else "",
        "issn": journal.isbn if article.is_book else journal.issn,
        "volume": line(article.volume),
        "number": line(article.issue),
        "start_page": first,
        "end_page": last,
    }


def _notes(article: Article) -> Iterator[str]:
    if article.pmid:
        yield f"PMID: {article.pmid}"
    if article.pmcid:
        yield f"PMCID: {article.pmcid}"
    if article.is_preprint:
        yield "Preprint"
    if article.is_retracted:
        yield "This paper was retracted."


def _name(author: Author) -> str:
    if collective := line(author.collective):
        return collective if "," in collective else f"{collective},"
    return line(", ".join(part for part in (author.last_name, author.fore_name or author.initials, author.suffix) if part))


def _date(date: PartialDate) -> str:
    """YYYY/MM/DD/ with what is unknown left empty, as RIS has it."""
    if date.year is None:
        return ""
    month, day = f"{date.month:02}" if date.month else "", f"{date.day:02}" if date.day else ""
    return f"{date.year:04}/{month}/{day}/"
