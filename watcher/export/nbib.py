"""PubMed's own format (.nbib, "MEDLINE display format"), which Zotero, EndNote and Mendeley read as they read PubMed's download."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from watcher.domain import Article, Author, PartialDate
from watcher.export.fields import Pairs, abstract_of, line, pmid, starred

_INDENT = " " * 6
_ROW = re.compile(r"[^ ].{0,81}(?= |$)|[^ ]+")
"""What fits into a line of 88 characters beside its tag, cut between words (`textwrap` takes a minute for 20,000 records)."""
_WRAPPED = frozenset({"TI", "TT", "AB", "AD", "JT", "MH", "SO"})
"""The tags whose long values go over several lines. PubMed wraps every tag, but Bio.Medline takes each line of an OT or a PT for a
value of its own, and a wrapped AID is refused by the nbib library."""

_RELATION_TAGS = {
    "CommentIn": "CIN", "CommentOn": "CON", "CorrectedandRepublishedIn": "CRI", "CorrectedandRepublishedFrom": "CRF",
    "ErratumIn": "EIN", "ErratumFor": "EFR", "ExpressionOfConcernIn": "ECI", "ExpressionOfConcernFor": "ECF", "OriginalReportIn": "ORI",
    "RepublishedIn": "RPI", "RepublishedFrom": "RPF", "RetractedandRepublishedIn": "RRI", "RetractedandRepublishedFrom": "RRF",
    "RetractionIn": "RIN", "RetractionOf": "ROF", "SummaryForPatientsIn": "SPIN", "UpdateIn": "UIN", "UpdateOf": "UOF",
}  # fmt: skip


def to_nbib(articles: Iterable[Article]) -> str:
    """Write `articles` in PubMed's format, one blank line between records.

    Tags and their order are those of PubMed's own download (NLM, "MEDLINE/PubMed Data Element (Field) Descriptions"). Tags for what an
    `Article` does not hold (OWN, DCOM, GR, RN numbers, hours of the history) are left out or read 00:00. Where PubMed has no title but the
    vernacular one, TI holds that too: few readers know TT.
    """
    return "\n".join("".join(f"{row}\n" for row in _rows(article)) for article in articles)


def _rows(article: Article) -> Iterator[str]:
    for tag, value in _pairs(article):
        text = line(value)
        if tag in _WRAPPED:
            yield from _wrapped(tag, text)
        elif text:
            yield f"{tag:<4}- {text}"


def _wrapped(tag: str, text: str) -> Iterator[str]:
    head = f"{tag:<4}- "
    for row in _ROW.findall(text):
        yield head + row.rstrip(" ")
        head = _INDENT


def _pairs(article: Article) -> Pairs:
    yield "PMID", pmid(article)
    yield "STAT", article.status
    yield "LR", f"{article.lr:%Y%m%d}" if article.lr else ""
    yield from _source(article)
    yield from _people(article)
    yield from (("LA", language) for language in article.languages)
    yield from (("PT", kind) for kind in article.publication_types)
    yield "TT", article.vernacular_title
    yield "DEP", _compact(article.electronic)
    yield from _journal(article)
    yield from (("NM", name) for name in dict.fromkeys((*article.substances, *article.supplementary)))
    yield from _relations(article)
    yield from (("MH", starred(heading)) for heading in article.headings)
    yield "PMC", article.pmcid or ""
    yield from (("OT", keyword) for keyword in article.keywords)
    yield from _history(article)
    yield from (("AID", location) for location in _locations(article))
    yield "PST", article.pub_status
    yield "SO", _citation(article)


def _source(article: Article) -> Pairs:
    journal = article.journal
    if journal.issn and journal.issn_kind:
        yield "IS", f"{journal.issn} ({journal.issn_kind})"
    yield "ISBN", journal.isbn
    yield "VI", article.volume
    yield "IP", article.issue
    yield "DP", article.published.text
    yield "TI", article.display_title if article.vernacular_title else article.title
    yield "BTI", journal.title if article.is_book else ""
    yield "PG", article.pages
    yield from (("LID", location) for location in _locations(article))
    yield "AB", abstract_of(article)


def _people(article: Article) -> Pairs:
    for author in article.authors:
        if author.collective:
            yield "CN", author.collective
        else:
            yield "FAU", _full_name(author)
            yield "AU", author.display
        yield "AUID", f"ORCID: {author.orcid}" if author.orcid else ""
        yield from (("AD", affiliation) for affiliation in author.affiliations)
    for editor in article.editors:
        yield "FED", _full_name(editor)
        yield "ED", editor.display


def _full_name(author: Author) -> str:
    given = " ".join(part for part in (author.fore_name, author.suffix) if part)
    return author.collective or ", ".join(part for part in (author.last_name, given) if part)


def _journal(article: Article) -> Pairs:
    journal = article.journal
    yield "PL", journal.country
    yield "PB", journal.publisher
    if not article.is_book:
        yield "TA", journal.abbreviation
        yield "JT", journal.title
    yield "JID", journal.nlm_id


def _relations(article: Article) -> Pairs:
    for relation in article.relations:
        tag = _RELATION_TAGS.get(relation.kind)
        if tag:
            yield tag, f"{relation.source} {relation.record_id.label.replace(' ', ': ')}" if relation.record_id else relation.source


def _history(article: Article) -> Pairs:
    days = {"EDAT": (article.edat, "pubmed"), "MHDA": (article.mhda, "medline"), "CRDT": (article.crdt, "entrez")}
    yield from ((tag, f"{day:%Y/%m/%d} 00:00") for tag, (day, _) in days.items() if day)
    yield from (("PHST", f"{day:%Y/%m/%d} 00:00 [{status}]") for day, status in days.values() if day)


def _locations(article: Article) -> Iterator[str]:
    ids = {"pii": article.pii, "doi": article.doi, "bookaccession": article.book_accession}
    return (f"{text} [{kind}]" for kind, text in ids.items() if text)


def _compact(date: PartialDate) -> str:
    """YYYYMMDD, for a date that is known to the day."""
    return f"{date.year:04}{date.month:02}{date.day:02}" if date.year and date.month and date.day else ""


def _citation(article: Article) -> str:
    """The SO line: "J Sample. 2026 Jan;3(2):187-94. doi: 10.1/x."."""
    issue = f"({article.issue})" if article.issue else ""
    pages = f":{article.pages}" if article.pages else ""
    where = f"{article.volume}{issue}{pages}"
    when = f"{article.published.text};{where}" if where else article.published.text
    doi = f"doi: {article.doi}" if article.doi else ""
    parts = (article.journal.display.rstrip("."), when, doi)
    return " ".join(f"{part}." for part in parts if part)
