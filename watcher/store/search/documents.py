"""What of a paper is searched: its words by field, its labels for filters, its day. Decides; reads no database.

Searched are titles, authors and editors, journal, abstracts (those in other languages and for lay readers too), MeSH headings, substances and
keywords, of every record of the work. Affiliations and references are not. Of a record whose text was dropped or is damaged the title is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from watcher.domain import Article, Author, RecordId
from watcher.store.search.folding import words
from watcher.store.search.query import WINDOW
from watcher.store.search.tables import FIELDS, GAP, key_of

JOURNAL, JOURNAL_TITLE, TYPE, CHIP = "journal", "journal-title", "type", "chip"
"""Kinds of labels."""

MOST_POSITIONS = 16_000
"""Words of one tsvector; PostgreSQL counts up to 16,383 (Text Search, Limitations)."""

MOST_OF_A_WORD = 255
"""How often a word stands in one tsvector; PostgreSQL keeps 256 places."""

MOST_BYTES = 400_000
"""Of the words of one tsvector, which may have 1 MB."""

Chips = Callable[[Article], tuple[str, ...]]
Texts = Mapping[str, Sequence[Sequence[str]]]
"""By field, the words of each of its texts."""


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """What is stored of a record: its text, or its title alone."""

    record_id: RecordId
    title: str
    crdt: date | None
    article: Article | None


@dataclass(frozen=True, slots=True)
class PaperWords:
    """A paper as the index has it. `labels` are of kind and value."""

    key: int
    work_id: int
    record_id: RecordId
    record_ids: tuple[RecordId, ...]
    texts: Texts
    labels: frozenset[tuple[str, str]] = field(default_factory=frozenset)

    def folded(self, name: str) -> str:
        """The words of a field in one text."""
        return joined(self.texts[name])


def joined(some: Sequence[Sequence[str]]) -> str:
    """Words of several texts in one; no phrase reaches from one into another."""
    return f" {GAP} ".join(map(" ".join, some))


def document(work_id: int, known: Sequence[KnownRecord], chips: Chips) -> PaperWords:
    """The paper that these records are. It is shown, and dated, by the newest of them, one whose text is there before others."""
    shown = max(known, key=lambda one: (one.article is not None, _day(one) or date.min, one.record_id))
    found: dict[str, dict[tuple[str, ...], None]] = {name: {} for name in FIELDS}
    for one in known:
        for name, text in _texts(one):
            if text and (folded := tuple(words(text))):
                found[name][folded] = None
    labels = _labels(shown.article, chips) if shown.article else ()
    texts = {name: tuple(some) for name, some in found.items()}
    record_ids = tuple(one.record_id for one in known)
    return PaperWords(key_of(_day(shown), work_id), work_id, shown.record_id, record_ids, texts, frozenset(labels))


def _day(one: KnownRecord) -> date | None:
    article = one.article
    return one.crdt or (article and (article.edat or article.earliest_published)) or None


def _texts(one: KnownRecord) -> Iterator[tuple[str, str]]:
    """The texts of a record, and the field of each."""
    article = one.article
    if article is None:
        yield "title", one.title
        return
    yield from (("title", text) for text in (article.title, article.vernacular_title))
    yield from (("author", text) for author in (*article.authors, *article.editors) for text in _names(author))
    yield from (("journal", text) for text in (article.journal.title, article.journal.abbreviation))
    sections = [section.text for section in article.sections] or [article.abstract]
    others = [other.text for other in article.other_abstracts]
    headings = [heading.name for heading in article.headings]
    indexed = (headings, article.supplementary, article.substances, article.keywords)
    yield from (("other", text) for text in chain(sections, others, *indexed))


def _names(author: Author) -> Iterator[str]:
    """Smith JA, and Smith John A Smith: a quoted name is found in either order."""
    yield author.display
    if author.fore_name and author.last_name and not author.collective:
        yield f"{author.last_name} {author.fore_name} {author.last_name}"


def _labels(article: Article, chips: Chips) -> Iterable[tuple[str, str]]:
    if article.journal.display:
        yield JOURNAL, article.journal.display
    if article.journal.title:
        yield JOURNAL_TITLE, article.journal.title
    yield from ((TYPE, kind) for kind in article.publication_types)
    yield from ((CHIP, chip) for chip in chips(article))


def parts(texts: Texts) -> list[Texts]:
    """The texts in as few parts as fit a tsvector each; mostly one. Two parts share so many words that each phrase is whole in one."""
    whole = _Part()
    pieces = [(name, piece) for name, some in texts.items() for text in some for piece in _pieces(text)]
    done = []
    for name, piece in pieces:
        if not whole.takes(piece):
            done.append(whole)
            whole = _Part()
        whole.add(name, piece)
    return [part.texts for part in (*done, whole)]


def _pieces(text: Sequence[str]) -> Iterator[Sequence[str]]:
    """A text, or if it is too long for one part pieces of it that overlap."""
    if _Part().takes(text):
        yield text
        return
    size = MOST_OF_A_WORD
    for start in range(0, max(1, len(text) - WINDOW + 1), size - WINDOW + 1):
        yield text[start : start + size]


class _Part:
    """What one tsvector holds."""

    def __init__(self) -> None:
        self.texts: dict[str, list[Sequence[str]]] = {name: [] for name in FIELDS}
        self._counts: Counter[str] = Counter()
        self._positions = self._bytes = 0

    def takes(self, text: Sequence[str]) -> bool:
        """Whether a text has room."""
        if self._positions + len(text) + 1 > MOST_POSITIONS or self._bytes + sum(map(len, text)) > MOST_BYTES:
            return False
        if self._positions + len(text) <= MOST_OF_A_WORD:
            return True
        return all(self._counts[word] + count <= MOST_OF_A_WORD for word, count in Counter(text).items())

    def add(self, name: str, text: Sequence[str]) -> None:
        """Takes a text in."""
        self.texts[name].append(text)
        self._counts.update(text)
        self._positions += len(text) + 1
        self._bytes += sum(map(len, text))
