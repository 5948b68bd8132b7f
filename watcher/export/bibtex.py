"""BibTeX, for LaTeX and for everything that reads its files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import accumulate

from watcher.domain import Article, Author
from watcher.export.fields import Kind, Pairs, abstract_of, date_of, keywords_of, kind_of, line, page_range, pmid, pubmed_page
from watcher.export.keys import Keys
from watcher.export.latex import braced, escaped, preamble

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TYPES = {Kind.ARTICLE: "article", Kind.CHAPTER: "incollection", Kind.BOOK: "book"}
_CONTAINERS = {Kind.ARTICLE: "journal", Kind.CHAPTER: "booktitle"}

_PARTING = re.compile(r",|\b(?i:and)\b|-[^\W\d_A-Z]+-")
"""What parts names and their parts; citation-js parts "Sample-de-Sample" too."""
_VERBATIM = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})


def to_bibtex(articles: Iterable[Article]) -> str:
    r"""Write `articles` as BibTeX, in UTF-8, with what is special to BibTeX and LaTeX escaped (`latex`).

    Keys are `Surname2026_PMID` in ASCII, so they are unique and the same in every export. Titles keep italics, bold, sub- and superscripts
    as commands; titles and journals stand in braces of their own, so that neither styles nor readers change their capitals. `doi` and
    `url` are left unescaped, as styles want them. `article`, `incollection` or `book`.
    """
    keys = Keys()
    entries = [_entry(article, keys.of(article)) for article in articles]
    return "\n".join(filter(None, (preamble("".join(entries)), *entries)))


def _entry(article: Article, key: str) -> str:
    fields = "".join(f"\t{name} = {value},\n" for name, value in _fields(article) if value)
    return f"@{_TYPES[kind_of(article)]}{{{key},\n{fields}}}\n"


def _fields(article: Article) -> Pairs:
    journal, date, kind = article.journal, date_of(article), kind_of(article)
    yield "author", braced(" and ".join(filter(None, map(_name, article.authors))))
    yield "editor", braced(" and ".join(filter(None, map(_name, article.editors))))
    yield "title", braced(braced(_title(article)))
    if kind in _CONTAINERS:
        yield _CONTAINERS[kind], braced(_value(journal.title or journal.abbreviation))
    yield "publisher", _value(journal.publisher)
    yield "address", _value(journal.country) if article.is_book else ""
    yield "year", _value(str(date.year or ""))
    yield "month", _MONTHS[date.month - 1] if date.month else ""
    yield "volume", _value(article.volume)
    yield "number", _value(article.issue)
    yield "pages", braced("--".join(escaped(page) for page in page_range(article.pages) if page))
    yield from _identifiers(article)
    yield "language", _value(", ".join(article.languages))
    yield "keywords", _value("; ".join(keywords_of(article)))
    yield "abstract", _value(abstract_of(article))
    yield "note", _value("; ".join(_remarks(article)))


def _identifiers(article: Article) -> Pairs:
    yield "issn", _value(article.journal.issn)
    yield "isbn", _value(article.journal.isbn)
    yield "doi", braced(line(article.doi or "").translate(_VERBATIM))
    yield "pmid", _value(pmid(article))
    yield "pmcid", _value(article.pmcid or "")
    yield "url", braced(pubmed_page(article))


def _remarks(article: Article) -> Iterator[str]:
    if article.is_preprint:
        yield "Preprint"
    if article.is_retracted:
        yield "Retracted"


def _name(author: Author) -> str:
    """Last, Suffix, Fore. What has no comma stands in braces, which BibTeX then takes for one name: a collective, a name of one part."""
    if author.collective:
        return _value(author.collective)
    parts = [_part(part) for part in (author.last_name, author.suffix, author.fore_name or author.initials) if part]
    return ", ".join(parts) if len(parts) > 1 else braced(*parts)


def _part(text: str) -> str:
    """Part of a name; in braces where it would be parted itself."""
    return _value(text) if _PARTING.search(text) else escaped(text)


def _value(text: str) -> str:
    return braced(escaped(text))


_TAG = re.compile(r"(<sub>[0-9A-Za-z.+]+</sub>|<sup>[0-9A-Za-z.+]+</sup>|</?(?:i|b|sub|sup)>)")
"""A script of plain signs as a whole, and any other tag alone."""
_COMMANDS = {"<i>": r"\textit{", "<b>": r"\textbf{", "<sub>": r"\textsubscript{", "<sup>": r"\textsuperscript{"}


def _title(article: Article) -> str:
    r"""The title with its markup as commands; the plain title where the markup does not close what it opens.

    Each run of text has braces of its own inside those of the whole, since readers look at different ones before they change capitals.
    BibTeX itself changes what stands in a brace that begins with a command; hence `{}` before it.
    """
    pieces = _TAG.split(article.title_markup)
    depths = list(accumulate(map(_depth, pieces[1::2])))
    if not article.title_markup or (depths and (min(depths) < 0 or depths[-1])):
        return braced(escaped(article.display_title))
    latex = "".join(_piece(piece) for piece in pieces)
    return f"{{}}{latex}" if latex.startswith("\\") else latex


def _depth(tag: str) -> int:
    return 1 if tag in _COMMANDS else -1 if tag.startswith("</") else 0


def _piece(piece: str) -> str:
    r"""A tag as a command; a script of plain signs as mathematics, which Zotero writes and reads so. A hyphen would become a minus there."""
    if piece.startswith("<su") and piece not in _COMMANDS:
        return f"${'_' if piece.startswith('<sub') else '^'}{{\\textrm{{{piece[5:-6]}}}}}$"
    if piece in _COMMANDS:
        return _COMMANDS[piece]
    if _TAG.fullmatch(piece):
        return "}"
    lead, tail = " " * (piece[:1].isspace()), " " * (piece[-1:].isspace() and bool(piece.strip()))
    return braced(f"{lead}{escaped(unescape(piece))}{tail}")
