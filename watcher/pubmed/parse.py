"""PubMed's XML, read as a stream: records go in, `Article` values come out.

The room's reader. It understands what NLM's DTD (pubmed_250101.dtd) allows and what real files hold besides; whatever is missing
stays at the default of `Article`. It never touches the network, a clock or a DTD, never expands an entity that a document declares,
and never descends into ReferenceList, so that no cited paper's identifier can pass for the record's own.

Memory is constant: a record is forgotten as soon as its article has been handed over. Speed comes from one pass over the children
of each element, dispatched by tag; there is no XPath on that way.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from calendar import monthrange
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import BinaryIO, Protocol

from lxml import etree
from lxml.etree import _Element

from watcher.domain import (
    HIGHEST_PMID,
    NO_TITLE,
    AbstractSection,
    Article,
    Author,
    Heading,
    Journal,
    OtherAbstract,
    PartialDate,
    Qualifier,
    RecordId,
    Relation,
    is_placeholder,
    pubmed_id,
)
from watcher.errors import AnswerTooLong, IncompleteAnswer, RecordError

Source = str | Path | bytes | BinaryIO
"""Where XML comes from: a path, the bytes themselves, or a binary file. Each may be gzipped, which its first two bytes tell."""

Broken = tuple[RecordId | None, str]
"""A record that cannot be understood: which it is where anything in it tells one, and the reason with the record's position."""


@dataclass(frozen=True, slots=True)
class FetchedRecords:
    """One EFetch answer, understood. Of several versions of a record `articles` holds the highest, in the answer's order."""

    articles: tuple[Article, ...]
    broken: tuple[Broken, ...] = ()
    deleted: tuple[RecordId, ...] = ()


def articles(source: Source, *, on_broken: Callable[[RecordId | None, str], None] | None = None) -> Iterator[Article]:
    """Read every record of `source` in its order, all versions of a record included, in constant memory.

    Takes a PubmedArticleSet, a book article set, or one bare record; yields an `Article` for each. A record that cannot be
    understood is given to `on_broken` and left out; without `on_broken` it raises RecordError, which names the record's position.
    Raises IncompleteAnswer when the XML breaks off or is not PubMed's, after all whole records before that point were yielded.
    """
    with _opened(source) as stream:
        for position, element in enumerate(_elements(stream), 1):
            if element.tag in _DELETIONS:
                continue
            try:
                yield _article(element)
            except RecordError as error:
                record_id, reason = _broken(element, position, error)
                if on_broken is None:
                    raise RecordError(reason) from error
                on_broken(record_id, reason)


def deleted(source: Source) -> tuple[RecordId, ...]:
    """Name the records that `source` declares deleted (DeleteCitation, at the end of PubMed's daily update files).

    Raises IncompleteAnswer when the XML breaks off or is not PubMed's.
    """
    with _opened(source) as stream:
        return tuple(one for element in _elements(stream) if element.tag in _DELETIONS for one in _deletions(element))


def read_fetch(source: Source, *, most_bytes: int | None = None) -> FetchedRecords:
    """Read one EFetch answer whole, of at most `most_bytes` when it is unpacked; a broken record costs only itself.

    A record is broken when it has no usable PMID, or when its own XML is malformed in an answer that is otherwise complete.
    Raises IncompleteAnswer when the answer breaks off or is not PubMed's XML, AnswerTooLong when it is longer than that.
    """
    with _opened(source) as stream:
        content = _whole(stream, most_bytes)
    batch = _Batch()
    try:
        batch.read(content)
    except IncompleteAnswer as fault:
        batch = _read_piecemeal(content, fault)
    return FetchedRecords(tuple(batch.found.values()), tuple(batch.broken), tuple(batch.deleted))


def _whole(stream: _Readable, most_bytes: int | None) -> bytes:
    whole = io.BytesIO()
    for chunk in _chunks(stream):
        whole.write(chunk)
        if most_bytes is not None and whole.tell() > most_bytes:
            raise AnswerTooLong(f"efetch: an answer is longer than {most_bytes / 1_000_000:,.0f} MB when it is unpacked")
    return whole.getvalue()


# --- one answer ----------------------------------------------------------------------------------------------------------------


class _Batch:
    """What has been read of one answer so far."""

    def __init__(self) -> None:
        self.found: dict[RecordId, Article] = {}
        self.broken: list[Broken] = []
        self.deleted: list[RecordId] = []

    def read(self, content: bytes, *, first: int = 1) -> None:
        """Add all records of `content`, of which the first is the answer's `first`."""
        for position, element in enumerate(_elements(io.BytesIO(content)), first):
            if element.tag in _DELETIONS:
                self.deleted.extend(_deletions(element))
                continue
            try:
                self._add(_article(element))
            except RecordError as error:
                self.broken.append(_broken(element, position, error))

    def _add(self, article: Article) -> None:
        known = self.found.get(article.record_id)
        if known is None or known.version <= article.version:
            self.found[article.record_id] = article


_ROOT = re.compile(rb"<(PubmedArticleSet|PubmedBookArticleSet)\b[^>]*>")
_RECORD = re.compile(rb"<(?:PubmedArticle|PubmedBookArticle)[\s>]")
_PMID = re.compile(rb"<PMID\b[^>]*>\s*([1-9][0-9]{0,9})\s*</PMID>")


def _read_piecemeal(content: bytes, fault: IncompleteAnswer) -> _Batch:
    """Read an answer whose XML is malformed somewhere record by record; raise `fault` when the answer is not complete."""
    root, starts = _ROOT.search(content), [match.start() for match in _RECORD.finditer(content)]
    end = b"</" + root[1] + b">" if root else b""
    if root is None or not starts or not content.rstrip().endswith(end):
        raise fault
    batch = _Batch()
    for position, (start, stop) in enumerate(zip(starts, [*starts[1:], content.rindex(end)], strict=True), 1):
        piece = content[start:stop]
        try:
            batch.read(content[: starts[0]] + piece + end, first=position)
        except IncompleteAnswer as error:
            told = _PMID.search(piece)
            reason = f"record {position}: its XML is malformed: {error.__cause__}"
            number = _number(told[1].decode(), 1, HIGHEST_PMID) if told else None
            batch.broken.append((None if number is None else pubmed_id(number), reason))
    return batch


# --- the stream ----------------------------------------------------------------------------------------------------------------

_CHUNK = 1 << 17
_GZIP = b"\x1f\x8b"
_WRAPPERS = frozenset({"PubmedArticle", "PubmedBookArticle"})
_BARE = frozenset({"MedlineCitation", "BookDocument"})
_DELETIONS = frozenset({"DeleteCitation", "DeleteDocument"})
_SETS = frozenset({"PubmedArticleSet", "PubmedBookArticleSet", "BookDocumentSet", "MedlineCitationSet"})
_WANTED = _WRAPPERS | _BARE | _DELETIONS


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Rejoined(io.RawIOBase):
    """A binary file whose first bytes were read ahead, put together again; the file need not be able to seek."""

    def __init__(self, head: bytes, rest: _Readable) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        """Give the head first, whatever the `size`, then the rest."""
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._rest.read(size)


@contextmanager
def _opened(source: Source) -> Iterator[_Readable]:
    """Open `source` for reading plain XML; a file that the caller opened stays open."""
    if isinstance(source, bytes):
        yield _inflated(io.BytesIO(source))
    elif isinstance(source, str | Path):
        with Path(source).open("rb") as stream:
            yield _inflated(stream)
    else:
        yield _inflated(source)


def _inflated(stream: _Readable) -> _Readable:
    head = stream.read(len(_GZIP))
    whole = _Rejoined(head, stream)
    return gzip.GzipFile(fileobj=whole) if head == _GZIP else whole


def _chunks(stream: _Readable) -> Iterator[bytes]:
    try:
        while chunk := stream.read(_CHUNK):
            yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise IncompleteAnswer(f"the compressed data break off or are damaged ({error}); fetch them again") from error


def _elements(stream: _Readable) -> Iterator[_Element]:
    """Yield each record's element, and each list of deletions, complete; it is emptied when the next one is asked for.

    Within NLM's limits libxml2 parses anything: 256 levels, 10 MB of one text. What a document declares as entity is not expanded.
    """
    parser = etree.XMLPullParser(
        events=("end",),
        tag=tuple(_WANTED),
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        remove_comments=True,
        remove_pis=True,
    )
    count = 0
    for chunk in _chunks(stream):
        fault = _fed(parser, chunk)
        for _, element in parser.read_events():
            if isinstance(element, _Element) and not _is_wrapped(element):
                count += 1
                yield element
                _forget(element)
        if fault is not None:
            raise _cut_off(count, fault) from fault
    _close(parser, count)


def _fed(parser: etree.XMLPullParser, chunk: bytes) -> etree.XMLSyntaxError | None:
    """Feed one chunk and give back the fault in it, so that the records before the fault are handed over first."""
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as fault:
        return fault
    return None


def _is_wrapped(element: _Element) -> bool:
    """Whether this is the MedlineCitation or BookDocument of a record that is still to come whole."""
    parent = element.getparent()
    return parent is not None and parent.tag in _WRAPPERS


def _forget(element: _Element) -> None:
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _close(parser: etree.XMLPullParser, count: int) -> None:
    """Check that the document came to its end, and that it was one of PubMed's."""
    try:
        root = parser.close()
    except etree.XMLSyntaxError as fault:
        raise _cut_off(count, fault) from fault
    if not count and root.tag not in _SETS:
        said = " ".join(_text(root).split())[:200]
        raise IncompleteAnswer(f"not a set of PubMed records but <{root.tag}>: {said}")


def _cut_off(count: int, fault: etree.XMLSyntaxError) -> IncompleteAnswer:
    return IncompleteAnswer(f"the XML breaks off or is malformed after {count} whole records: {fault}; fetch it again")


# --- one record ----------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Draft:
    """An article in the making, with what only the whole record can settle.

    `texts` holds elements that are one plain text, by tag; `titles` those that may hold markup. `located` are the ELocationIDs and
    `listed` the record's own ArticleIds by type, `refused` those marked invalid, in lower case. `days` is the History by status.
    """

    record_id: RecordId | None = None
    version: int = 1
    status: str = ""
    pub_model: str = ""
    is_book: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    titles: dict[str, _Element] = field(default_factory=dict)
    located: dict[str, list[str]] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    days: dict[str, date | None] = field(default_factory=dict)
    dates: dict[str, PartialDate] = field(default_factory=dict)
    abstract: str = ""
    sections: tuple[AbstractSection, ...] = ()
    other_abstracts: tuple[OtherAbstract, ...] = ()
    authors: tuple[Author, ...] = ()
    authors_complete: bool = True
    book_authors: tuple[Author, ...] = ()
    editors: tuple[Author, ...] = ()
    languages: tuple[str, ...] = ()
    publication_types: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()
    supplementary: tuple[str, ...] = ()
    substances: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()


_Handler = Callable[[_Element, _Draft], None]


def _article(element: _Element) -> Article:
    """Read one record; raises RecordError when it has no usable PMID, which is all that an article cannot do without."""
    draft = _Draft()
    _RECORDS[element.tag](element, draft)
    if draft.record_id is None:
        raise RecordError("it has no PMID")
    return _joined(draft, draft.record_id)


def _joined(draft: _Draft, record_id: RecordId) -> Article:
    texts = draft.texts
    title = _plain_title(draft)
    return Article(
        record_id=record_id,
        title=title,
        abstract=draft.abstract,
        title_markup=_title_markup(draft, title),
        version=draft.version,
        vernacular_title=texts.get("VernacularTitle", ""),
        sections=draft.sections,
        other_abstracts=draft.other_abstracts,
        authors=draft.authors or draft.book_authors,
        authors_complete=draft.authors_complete,
        editors=draft.editors,
        journal=_book(texts) if draft.is_book else _journal_of(texts),
        volume=texts.get("Volume", ""),
        issue=texts.get("Issue", ""),
        pages=_pages(texts),
        published=draft.dates.get("ContributionDate") or draft.dates.get("PubDate") or PartialDate(),
        electronic=draft.dates.get("ArticleDate") or PartialDate(),
        languages=draft.languages,
        publication_types=draft.publication_types,
        headings=draft.headings,
        supplementary=draft.supplementary,
        substances=draft.substances,
        keywords=draft.keywords,
        doi=_own(draft, "doi"),
        pmcid=_pmcid(draft),
        pii=_own(draft, "pii"),
        status=draft.status,
        pub_model=draft.pub_model,
        pub_status=texts.get("PublicationStatus", ""),
        crdt=draft.days.get("entrez"),
        edat=draft.days.get("pubmed"),
        mhda=draft.days.get("medline"),
        lr=draft.days.get("DateRevised"),
        relations=draft.relations,
        is_book=draft.is_book,
        book_accession=_own(draft, "bookaccession"),
    )


def _plain_title(draft: _Draft) -> str:
    return draft.texts.get("ArticleTitle", "") or (draft.texts.get("BookTitle", "") if draft.is_book else "")


def _title_markup(draft: _Draft, title: str) -> str:
    """The title as HTML limited to i, b, sub and sup; the vernacular one where the record has no other."""
    if not is_placeholder(title):
        return _markup(draft.titles.get("ArticleTitle", draft.titles.get("BookTitle")), title)
    vernacular = draft.texts.get("VernacularTitle")
    return _markup(draft.titles["VernacularTitle"], vernacular) if vernacular else escape(NO_TITLE)


def _journal_of(texts: dict[str, str]) -> Journal:
    get = texts.get
    abbreviation = get("ISOAbbreviation") or get("MedlineTA", "")
    issn, kind = (get("ISSN", ""), get("IssnType", "")) if get("ISSN") else (get("ISSNLinking", ""), "Linking")
    return _journal(get("Title", ""), abbreviation, issn, kind if issn else "", get("NlmUniqueID", ""), get("Country", ""))


@lru_cache(maxsize=8192)
def _journal(title: str, abbreviation: str, issn: str, issn_kind: str, nlm_id: str, country: str) -> Journal:
    """One value for all papers of a journal."""
    return Journal(title, abbreviation, issn, nlm_id, country, issn_kind=issn_kind)


def _book(texts: dict[str, str]) -> Journal:
    return Journal(
        title=texts.get("BookTitle", ""),
        country=texts.get("PublisherLocation", ""),
        publisher=texts.get("PublisherName", ""),
        isbn=texts.get("Isbn", ""),
    )


def _pages(texts: dict[str, str]) -> str:
    stated = texts.get("MedlinePgn")
    return stated or "-".join(page for page in (texts.get("StartPage"), texts.get("EndPage")) if page)


# --- ids -----------------------------------------------------------------------------------------------------------------------

_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\..+)", re.IGNORECASE)
_PMCID = re.compile(r"(?:PMC)?([0-9]+)|.*?\bPMC([0-9]+)\b.*", re.IGNORECASE)


def _own(draft: _Draft, kind: str) -> str | None:
    """The record's id of this kind: its ELocationID, else from its own ArticleIdList, never one that is marked invalid.

    The ELocationID of a chapter stands in its Book and is the book's, shared by all chapters (NLM DTD: Book holds ELocationID*).
    """
    is_chapter = draft.is_book and "ArticleTitle" in draft.texts
    located = () if is_chapter else draft.located.get(kind, ())
    listed = [text for text in draft.listed.get(kind, ()) if text.lower() not in draft.refused]
    return next((text for text in (*located, *listed) if text), None)


def _pmcid(draft: _Draft) -> str | None:
    """PMC1234 from IdType pmc ("PMC1234", "1234"), else from pmcid ("pmc-id: PMC1234;embargo-date: 2026/01/01;")."""
    for text in (*draft.listed.get("pmc", ()), *draft.listed.get("pmcid", ())):
        match = _PMCID.fullmatch(text)
        if match:
            return f"PMC{match[1] or match[2]}"
    return None


def _identifier(kind: str, text: str) -> str:
    """The id as it is kept: a DOI without resolver or prefix, "" when it is none."""
    if kind != "doi":
        return text
    match = _DOI.fullmatch(text)
    return match[1] if match else ""


def _read_location(element: _Element, draft: _Draft) -> None:
    kind = element.get("EIdType", "")
    text = _identifier(kind, _plain(element))
    if element.get("ValidYN") == "N":
        draft.refused.add(text.lower())
    else:
        draft.located.setdefault(kind, []).append(text)


def _read_ids(element: _Element, draft: _Draft) -> None:
    for item in element:
        kind = item.get("IdType", "pubmed")
        draft.listed.setdefault(kind, []).append(_identifier(kind, _plain(item)))


def _read_pmid(element: _Element, draft: _Draft) -> None:
    if draft.record_id is None:
        draft.record_id = _record_id(_plain(element))
        draft.version = _number(element.get("Version", ""), 1, 999_999) or 1


def _record_id(text: str) -> RecordId:
    number = _number(text, 1, HIGHEST_PMID)
    if number is None:
        raise RecordError(f"its PMID {text[:40]!r} is not the number of a record" if text else "its PMID is empty")
    return pubmed_id(number)


def _broken(element: _Element, position: int, error: RecordError) -> Broken:
    """Report a record by its position and by the PMID that its own ArticleIdList may still tell."""
    number = _number(element.findtext("*/ArticleIdList/ArticleId[@IdType='pubmed']") or "", 1, HIGHEST_PMID)
    if number is None:
        return None, f"record {position}: {error}"
    return pubmed_id(number), f"record {position}, listed as PMID {number}: {error}"


def _deletions(element: _Element) -> Iterator[RecordId]:
    for child in element:
        number = _number(_plain(child), 1, HIGHEST_PMID)
        if number is not None:
            yield pubmed_id(number)


# --- titles, abstracts, lists ------------------------------------------------------------------------------------------------


def _keep_text(element: _Element, draft: _Draft) -> None:
    draft.texts.setdefault(element.tag, _plain(element))


def _read_issn(element: _Element, draft: _Draft) -> None:
    draft.texts["ISSN"], draft.texts["IssnType"] = _plain(element), element.get("IssnType", "")


def _keep_title(element: _Element, draft: _Draft) -> None:
    if element.tag not in draft.titles:
        draft.titles[element.tag] = element
        draft.texts[element.tag] = _plain(element)


def _read_abstract(element: _Element, draft: _Draft) -> None:
    parts = [part for part in element if part.tag == "AbstractText"]
    texts = [_text(part) for part in parts]
    draft.abstract = _one_line(" ".join(texts))
    draft.sections = tuple(
        AbstractSection(_label(part), part.get("NlmCategory", ""), line)
        for part, line in zip(parts, map(_one_line, texts), strict=True)
        if line
    )


def _label(element: _Element) -> str:
    """The label as printed; "UNLABELLED" stands for none, and PubMed does not print it."""
    label = " ".join(element.get("Label", "").split())
    return "" if label.upper() == "UNLABELLED" else label


def _read_other_abstract(element: _Element, draft: _Draft) -> None:
    text = _one_line(" ".join(_text(part) for part in element if part.tag == "AbstractText"))
    if text:
        draft.other_abstracts += (OtherAbstract(element.get("Type", ""), element.get("Language", "eng"), text),)


def _read_keywords(element: _Element, draft: _Draft) -> None:
    draft.keywords = tuple(dict.fromkeys((*draft.keywords, *_lines(element))))


def _read_types(element: _Element, draft: _Draft) -> None:
    draft.publication_types += tuple(_lines(element))


def _read_type(element: _Element, draft: _Draft) -> None:
    draft.publication_types += (_plain(element),)


def _read_language(element: _Element, draft: _Draft) -> None:
    draft.languages += (_plain(element),)


def _read_supplementary(element: _Element, draft: _Draft) -> None:
    draft.supplementary += tuple(_lines(element))


def _read_substances(element: _Element, draft: _Draft) -> None:
    draft.substances += tuple(
        name for chemical in element for part in chemical if part.tag == "NameOfSubstance" and (name := _plain(part))
    )


def _lines(element: _Element) -> Iterator[str]:
    return (text for text in map(_plain, element) if text)


def _read_headings(element: _Element, draft: _Draft) -> None:
    draft.headings += tuple(heading for child in element if (heading := _heading(child)) is not None)


def _heading(element: _Element) -> Heading | None:
    descriptor, qualifiers = None, []
    for part in element:
        if part.tag == "DescriptorName":
            descriptor = part
        elif part.tag == "QualifierName":
            qualifiers.append(Qualifier(_plain(part), part.get("UI", ""), part.get("MajorTopicYN") == "Y"))
    if descriptor is None:
        return None
    return Heading(_plain(descriptor), descriptor.get("UI", ""), descriptor.get("MajorTopicYN") == "Y", tuple(qualifiers))


def _read_relations(element: _Element, draft: _Draft) -> None:
    draft.relations += tuple(_relation(item) for item in element if item.get("RefType", "Cites") != "Cites")


def _relation(element: _Element) -> Relation:
    texts = {part.tag: _plain(part) for part in element}
    number = _number(texts.get("PMID", ""), 1, HIGHEST_PMID)
    return Relation(element.get("RefType", ""), None if number is None else pubmed_id(number), texts.get("RefSource", ""))


# --- people --------------------------------------------------------------------------------------------------------------------

_ORCID = re.compile(r"([0-9]{4})[-‐‑– ]?([0-9]{4})[-‐‑– ]?([0-9]{4})[-‐‑– ]?([0-9]{3}[0-9Xx])/?$")


def _read_authors(element: _Element, draft: _Draft) -> None:
    if element.get("Type") == "editors":
        draft.editors += _people(element)
    else:
        draft.authors += _people(element)
        draft.authors_complete = element.get("CompleteYN") != "N"


def _read_book_authors(element: _Element, draft: _Draft) -> None:
    """A Book's own authors are the record's when the record names no others."""
    if element.get("Type") == "editors":
        draft.editors += _people(element)
    else:
        draft.book_authors += _people(element)


def _people(element: _Element) -> tuple[Author, ...]:
    return tuple(author for child in element if child.get("ValidYN") != "N" and (author := _author(child)) is not None)


def _author(element: _Element) -> Author | None:
    texts: dict[str, str] = {}
    affiliations: list[str] = []
    orcid = ""
    for part in element:
        tag = part.tag
        if tag == "AffiliationInfo":
            affiliations += [text for line in part if line.tag == "Affiliation" and (text := _plain(line))]
        elif tag == "Identifier":
            orcid = orcid or (_orcid(_plain(part)) if part.get("Source") == "ORCID" else "")
        else:
            texts[tag] = _plain(part)
    get = texts.get
    last, fore, collective = get("LastName", ""), get("ForeName", ""), get("CollectiveName", "")
    if not (last or fore or collective):
        return None
    return Author(last, fore, get("Initials", ""), get("Suffix", ""), collective, orcid, tuple(affiliations))


def _orcid(text: str) -> str:
    """0000-0000-0000-0000 from a bare iD or any URL form; "" from what is not an iD (16 digits, the last may be X)."""
    match = _ORCID.search(text)
    return "-".join(match.groups()).upper() if match else ""


# --- text --------------------------------------------------------------------------------------------------------------------

_KEPT_MARKUP = frozenset({"i", "b", "sub", "sup"})
_WHITE = re.compile(r"[ \t\r\n]+")


def _text(element: _Element) -> str:
    """All text of an element, markup dropped."""
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""


def _plain(element: _Element) -> str:
    """All text of an element on one line."""
    return _one_line(_text(element))


def _one_line(text: str) -> str:
    """Strip the ends and make each run of white space that breaks the line one space; thin and double spaces stay as they are."""
    if "\n" in text or "\t" in text or "\r" in text:
        text = _WHITE.sub(_space, text)
    return text.strip()


def _space(run: re.Match[str]) -> str:
    return " " if run[0].strip(" ") else run[0]


def _markup(element: _Element | None, plain: str) -> str:
    return escape(plain, quote=False) if element is None or not len(element) else _one_line(_inner_markup(element))


def _inner_markup(element: _Element) -> str:
    """The content of `element` as HTML: i, b, sub, sup kept bare, the text of all else (u, MathML) escaped.

    It may call itself because libxml2 bounds the depth to 256.
    """
    pieces = [escape(element.text or "", quote=False)]
    for child in element:
        inner = _inner_markup(child)
        pieces.append(f"<{child.tag}>{inner}</{child.tag}>" if child.tag in _KEPT_MARKUP else inner)
        pieces.append(escape(child.tail or "", quote=False))
    return "".join(pieces)


# --- dates ---------------------------------------------------------------------------------------------------------------------

_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SEASONS = {"winter": 1, "spring": 4, "summer": 7, "fall": 10, "autumn": 10}
"""The month that PubMed files a season under (PubMed User Guide, "Publication Date")."""
_MONTHS = {name[:length].lower(): number for number, name in enumerate(_MONTH_NAMES, 1) for length in (3, 4, 9)}
_YEAR = re.compile(r"(?<![0-9])[12][0-9]{3}(?![0-9])")
_MONTH_DAY = re.compile(r"([A-Za-z]+)\.?(?:\s+([0-9]{1,2})(?![0-9]))?")


def _read_history(element: _Element, draft: _Draft) -> None:
    for item in element:
        status = item.get("PubStatus", "")
        if status in ("entrez", "pubmed", "medline") and status not in draft.days:
            draft.days[status] = _day(item)


def _read_revised(element: _Element, draft: _Draft) -> None:
    draft.days["DateRevised"] = _day(element)


def _read_date(element: _Element, draft: _Draft) -> None:
    draft.dates.setdefault(element.tag, _partial_date(element))


def _day(element: _Element) -> date | None:
    texts = {part.tag: part.text or "" for part in element}
    return _calendar_day(texts.get("Year", ""), texts.get("Month", ""), texts.get("Day", ""))


@lru_cache(maxsize=8192)
def _calendar_day(year_text: str, month_text: str, day_text: str) -> date | None:
    """The day named; a day past the end of its month is that end, a missing month or day the first. None without a year."""
    year = _number(year_text, 1, 9999)
    if year is None:
        return None
    month = _month(month_text) or 1
    return date(year, month, min(_number(day_text, 1, 31) or 1, monthrange(year, month)[1]))


def _partial_date(element: _Element) -> PartialDate:
    texts = {part.tag: _plain(part) for part in element}
    if "MedlineDate" in texts:
        return _medline_date(texts["MedlineDate"])
    return _stated_date(texts.get("Year", ""), texts.get("Month", ""), texts.get("Day", ""), texts.get("Season", ""))


@lru_cache(maxsize=8192)
def _stated_date(year_text: str, month_text: str, day_text: str, season: str) -> PartialDate:
    year, month = _number(year_text, 1, 9999), _month(month_text)
    named = _MONTH_NAMES[month - 1][:3] if month and month_text.strip().isdecimal() else month_text
    text = " ".join(part for part in (year_text, named, day_text.lstrip("0"), season) if part)
    return _valid(text, year, month or _season(season), _number(day_text, 1, 31) if month else None)


@lru_cache(maxsize=8192)
def _medline_date(text: str) -> PartialDate:
    """The first date of a free text: "2025 Dec-2026 Jan", "1998 Nov 30-Dec 6", "Spring 2000", "1977-1978", "2021 3rd Quarter"."""
    years = [(match.start(), int(match[0])) for match in _YEAR.finditer(text)]
    if not years:
        return PartialDate(text)
    until = years[1][0] if len(years) > 1 else len(text)
    for match in _MONTH_DAY.finditer(text, 0, until):
        month = _month(match[1])
        if month or _season(match[1]):
            return _valid(text, years[0][1], month or _season(match[1]), _number(match[2] or "", 1, 31) if month else None)
    return PartialDate(text, years[0][1])


def _valid(text: str, year: int | None, month: int | None, day: int | None) -> PartialDate:
    """A date as far as the calendar has it: no month without a year, no 31 June."""
    if year is None or month is None:
        return PartialDate(text, year)
    return PartialDate(text, year, month, day if day and day <= monthrange(year, month)[1] else None)


def _season(text: str) -> int | None:
    found = [(text.lower().find(name), month) for name, month in _SEASONS.items() if name in text.lower()]
    return min(found)[1] if found else None


def _month(text: str) -> int | None:
    """1 to 12 from "Nov", "November", "11" or, of several, the first of "Nov-Dec"."""
    word = re.match(r"\s*([A-Za-z]+)", text)
    return _MONTHS.get(word[1].lower()) if word else _number(text, 1, 12)


def _number(text: str, low: int, high: int) -> int | None:
    """The whole number that `text` is, when it lies between `low` and `high`."""
    text = text.strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else -1
    return number if low <= number <= high else None


# --- what stands where -----------------------------------------------------------------------------------------------------------


def _into(handlers: dict[str, _Handler]) -> _Handler:
    """A handler that gives each child to the handler of its tag and passes over all others."""

    def walk(element: _Element, draft: _Draft) -> None:
        for child in element:
            handler = handlers.get(child.tag)
            if handler is not None:
                handler(child, draft)

    return walk


def _texts(*tags: str) -> dict[str, _Handler]:
    return dict.fromkeys(tags, _keep_text)


_PAGINATION = _into(_texts("MedlinePgn", "StartPage", "EndPage"))

_read_article_parts = _into(
    {
        "Journal": _into(
            {
                **_texts("Title", "ISOAbbreviation"),
                "ISSN": _read_issn,
                "JournalIssue": _into({**_texts("Volume", "Issue"), "PubDate": _read_date}),
            }
        ),
        "ArticleTitle": _keep_title,
        "VernacularTitle": _keep_title,
        "Pagination": _PAGINATION,
        "ELocationID": _read_location,
        "Abstract": _read_abstract,
        "AuthorList": _read_authors,
        "Language": _read_language,
        "PublicationTypeList": _read_types,
        "ArticleDate": _read_date,
    }
)


def _read_article(element: _Element, draft: _Draft) -> None:
    draft.pub_model = element.get("PubModel", "")
    _read_article_parts(element, draft)


_read_citation_parts = _into(
    {
        "PMID": _read_pmid,
        "DateRevised": _read_revised,
        "Article": _read_article,
        "MedlineJournalInfo": _into(_texts("Country", "MedlineTA", "NlmUniqueID", "ISSNLinking")),
        "ChemicalList": _read_substances,
        "SupplMeshList": _read_supplementary,
        "CommentsCorrectionsList": _read_relations,
        "MeshHeadingList": _read_headings,
        "OtherAbstract": _read_other_abstract,
        "KeywordList": _read_keywords,
    }
)


def _read_citation(element: _Element, draft: _Draft) -> None:
    draft.status = element.get("Status", "")
    _read_citation_parts(element, draft)


_read_book_parts = _into(
    {
        "PMID": _read_pmid,
        "ArticleIdList": _read_ids,
        "Book": _into(
            {
                **_texts("Volume", "Isbn"),
                "Publisher": _into(_texts("PublisherName", "PublisherLocation")),
                "BookTitle": _keep_title,
                "PubDate": _read_date,
                "AuthorList": _read_book_authors,
                "ELocationID": _read_location,
            }
        ),
        "ArticleTitle": _keep_title,
        "VernacularTitle": _keep_title,
        "Pagination": _PAGINATION,
        "Language": _read_language,
        "AuthorList": _read_authors,
        "PublicationType": _read_type,
        "Abstract": _read_abstract,
        "KeywordList": _read_keywords,
        "ContributionDate": _read_date,
        "DateRevised": _read_revised,
    }
)


def _read_book_document(element: _Element, draft: _Draft) -> None:
    draft.is_book = True
    _read_book_parts(element, draft)


_DATA = _into({**_texts("PublicationStatus"), "History": _read_history, "ArticleIdList": _read_ids})
_PARTS: dict[str, _Handler] = {
    "MedlineCitation": _read_citation,
    "PubmedData": _DATA,
    "BookDocument": _read_book_document,
    "PubmedBookData": _DATA,
}
_RECORDS: dict[str, _Handler] = {**_PARTS, **dict.fromkeys(_WRAPPERS, _into(_PARTS))}
