"""Items of Zotero, as its Web API takes them: what stands where in an article, a preprint, a book and a chapter.

Fields that the service's template of a type does not have are left out, since one of them refuses the whole item; PMID and PMCID then
stand as lines in Extra, where Zotero's own importers put them before it had fields for them. Tags are the headings and keywords, as those of
an import (type 1). Sources: Zotero's schema.json, and the importers "PubMed" and "PubMed XML" of zotero/translators.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from watcher.domain import Article, Author, PartialDate
from watcher.export.fields import Kind, abstract_of, date_of, keywords_of, kind_of, line, page_range, pmid, pubmed_page

TYPES: Mapping[Kind, str] = {Kind.ARTICLE: "journalArticle", Kind.CHAPTER: "bookSection", Kind.BOOK: "book"}
PREPRINT = "preprint"
LONGEST_BYTES = 60_000
"""Bytes of a field; Zotero refuses more than 65,535."""
LONGEST_TAG = 255
MOST_CREATORS = 1_000
_EVERYWHERE = frozenset(
    {"itemType", "title", "creators", "abstractNote", "date", "language", "url", "libraryCatalog", "extra", "tags", "collections"}
)
_OF_TYPE: Mapping[str, frozenset[str]] = {
    "journalArticle": _EVERYWHERE | {"publicationTitle", "volume", "issue", "pages", "journalAbbreviation", "DOI", "ISSN"},
    PREPRINT: _EVERYWHERE | {"genre", "repository", "DOI"},
    "bookSection": _EVERYWHERE | {"bookTitle", "volume", "pages", "publisher", "place", "ISBN"},
    "book": _EVERYWHERE | {"volume", "publisher", "place", "ISBN"},
}
"""What is written where the service does not say which fields a type has: those that old schemas have too, PMID and PMCID not among them."""


def item_type(article: Article) -> str:
    """Which type of item an article is."""
    return PREPRINT if article.is_preprint else TYPES[kind_of(article)]


def to_item(
    article: Article, fields: Collection[str] | None, *, without: Collection[str] = (), is_slim: bool = False
) -> dict[str, object]:
    """An item without key, version and collections.

    Args:
        article: the paper.
        fields: the names that the service's template of its type has; None where it does not say.
        without: fields that the service refused all the same.
        is_slim: without abstract and tags, for a service that found them too long.
    """
    named = item_type(article)
    known = (frozenset(fields) if fields is not None else _OF_TYPE[named]) - frozenset(without)
    of = {name: _bounded(value) for name, value in _texts(article, named).items() if value}
    if is_slim:
        of.pop("abstractNote", None)
    extra = [f"{name}: {of[name]}" for name in ("PMID", "PMCID", "DOI") if name in of and name not in known]
    if extra:
        of["extra"] = "\n".join(extra)
    tags = [] if is_slim else [{"tag": tag, "type": 1} for tag in keywords_of(article) if tag and len(tag) <= LONGEST_TAG]
    return {
        "itemType": named,
        **{name: value for name, value in of.items() if name in known},
        **({"creators": _creators(article)} if "creators" not in without else {}),
        **({"tags": tags} if tags and "tags" not in without else {}),
    }


def _texts(article: Article, named: str) -> dict[str, str]:
    journal = article.journal
    first, last = page_range(article.pages)
    title = line(journal.title or journal.abbreviation)
    return {
        "title": line(article.display_title),
        "abstractNote": abstract_of(article),
        "date": _date(date_of(article)),
        "language": ", ".join(article.languages),
        "url": pubmed_page(article),
        "libraryCatalog": "PubMed" if article.pmid else "",
        "publicationTitle": title,
        "bookTitle": title,
        "repository": title,
        "journalAbbreviation": line(journal.abbreviation),
        "volume": line(article.volume),
        "issue": line(article.issue),
        "pages": f"{first}-{last}" if last else first,
        "publisher": line(journal.publisher),
        "place": line(journal.country) if article.is_book else "",
        "ISSN": journal.issn or "",
        "ISBN": journal.isbn or "",
        "DOI": line(article.doi or ""),
        "PMID": pmid(article),
        "PMCID": article.pmcid or "",
        "genre": "Preprint" if named == PREPRINT else "",
    }


def _creators(article: Article) -> list[dict[str, str]]:
    people = [("author", one) for one in article.authors] + [("editor", one) for one in article.editors]
    found = [_creator(role, one) for role, one in people]
    return [one for one in found if one][:MOST_CREATORS]


def _creator(role: str, author: Author) -> dict[str, str]:
    if collective := line(author.collective):
        return {"creatorType": role, "name": collective}
    last = " ".join(part for part in (line(author.last_name), line(author.suffix)) if part)
    first = line(author.fore_name or author.initials)
    return {"creatorType": role, "firstName": first, "lastName": last} if last else {}


def _date(date: PartialDate) -> str:
    parts = [f"{date.year:04d}"] if date.year else []
    if date.year and date.month:
        parts.append(f"{date.month:02d}")
        parts += [f"{date.day:02d}"] if date.day else []
    return "-".join(parts)


def _bounded(text: str) -> str:
    """A text that a field takes."""
    if len(text) * 4 <= LONGEST_BYTES:
        return text
    return text.encode()[:LONGEST_BYTES].decode(errors="ignore")
