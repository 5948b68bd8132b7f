"""CSL-JSON, the items that citation processors take (citeproc, pandoc, Quarto, Zotero)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import takewhile

from watcher.domain import Article, Author, PartialDate
from watcher.export.fields import Kind, abstract_of, date_of, keywords_of, kind_of, line, page_range, pmid, pubmed_page
from watcher.export.keys import Keys

_TYPES = {Kind.ARTICLE: "article-journal", Kind.CHAPTER: "chapter", Kind.BOOK: "book"}
_LANGUAGES = {
    "afr": "af", "ara": "ar", "aze": "az", "bul": "bg", "bos": "bs", "cat": "ca", "cze": "cs", "wel": "cy", "dan": "da", "ger": "de",
    "gre": "el", "eng": "en", "epo": "eo", "spa": "es", "est": "et", "per": "fa", "fin": "fi", "fre": "fr", "gle": "ga", "glg": "gl",
    "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "arm": "hy", "ind": "id", "ice": "is", "ita": "it", "jpn": "ja", "geo": "ka",
    "kor": "ko", "lat": "la", "lit": "lt", "lav": "lv", "mac": "mk", "may": "ms", "dut": "nl", "nor": "no", "pol": "pl", "por": "pt",
    "rum": "ro", "rus": "ru", "slo": "sk", "slv": "sl", "alb": "sq", "srp": "sr", "swe": "sv", "tha": "th", "tur": "tr", "ukr": "uk",
    "vie": "vi", "chi": "zh",
}  # fmt: skip
"""PubMed's codes (ISO 639-2/B) as CSL wants them (BCP 47: the shortest); citation styles change the case of English titles only."""


def to_csl(articles: Iterable[Article]) -> str:
    """Write `articles` as a CSL-JSON array, one item each.

    `id` is the citation key that BibTeX has. Titles keep italics, bold, sub- and superscripts as CSL's own tags. An article is
    "article-journal", a preprint "article" of the genre "Preprint", as CSL has it; a book article is "chapter", or "book" when it is the
    whole book. Source: CSL 1.0.2, appendices III and IV, and its schema `csl-data.json`.
    """
    keys = Keys()
    items = [_item(article, keys.of(article)) for article in articles]
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


def _item(article: Article, key: str) -> dict[str, object]:
    kind, languages = kind_of(article), article.languages
    item: dict[str, object] = {
        "id": key,
        "type": "article" if article.is_preprint else _TYPES[kind],
        "title": _title(article),
        "author": [name for author in article.authors if (name := _name(author))],
        "editor": [name for editor in article.editors if (name := _name(editor))],
        "issued": _date(date_of(article)),
        **_source(article, kind),
        "DOI": line(article.doi or ""),
        "PMID": pmid(article),
        "PMCID": article.pmcid or "",
        "URL": pubmed_page(article),
        "genre": "Preprint" if article.is_preprint else "",
        "language": _LANGUAGES.get(languages[0], languages[0]) if languages else "",
        "keyword": "; ".join(keywords_of(article)),
        "note": "This paper was retracted." if article.is_retracted else "",
        "source": "PubMed" if article.pmid else "",
        "abstract": abstract_of(article),
    }
    return {name: value for name, value in item.items() if value}


def _source(article: Article, kind: Kind) -> dict[str, object]:
    journal = article.journal
    return {
        "container-title": "" if kind is Kind.BOOK else line(journal.title or journal.abbreviation),
        "container-title-short": "" if article.is_book else line(journal.abbreviation),
        "publisher": line(journal.publisher),
        "publisher-place": line(journal.country) if article.is_book else "",
        "ISSN": journal.issn,
        "ISBN": journal.isbn,
        "volume": line(article.volume),
        "issue": line(article.issue),
        "page": "-".join(page for page in page_range(article.pages) if page),
    }


def _title(article: Article) -> str:
    return line(unescape(article.title_markup)) if article.title_markup else line(article.display_title)


def _name(author: Author) -> dict[str, str]:
    """A name in its parts; particles in lower case before the family name ("van der") stand apart, since styles sort without them."""
    if collective := line(author.collective):
        return {"literal": collective}
    words = line(author.last_name).split(" ")
    particles = list(takewhile(str.islower, words[:-1]))
    parts = {
        "non-dropping-particle": " ".join(particles),
        "family": " ".join(words[len(particles) :]),
        "given": line(author.fore_name or author.initials),
        "suffix": line(author.suffix),
    }
    return {name: value for name, value in parts.items() if value}


def _date(date: PartialDate) -> dict[str, object]:
    known = list(_known(date))
    return {"date-parts": [known]} if known else {}


def _known(date: PartialDate) -> Iterator[int]:
    for part in (date.year, date.month, date.day):
        if part is None:
            return
        yield part
