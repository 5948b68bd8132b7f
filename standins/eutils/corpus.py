"""The records that the local PubMed holds, and on which day each of them stands how.

A record is planted with the day on which it appears, the days on which it changes, and the day on which it vanishes; each spell
with one XML is an `Edition`. The corpus knows days, never the time: the server tells it which day it is.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from .reading import Entry, created, identity, phrase, read_entry, split_records

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Planted:
    """One record and its fate.

    Args:
        xml: one <PubmedArticle> or <PubmedBookArticle> element.
        appears_at: NCBI's day from which ESearch lists it; None: its crdt.
        changes: (day, xml) pairs in order of days: from then on the record reads so.
        vanishes_at: the day from which it is gone.
        fetchable_at: the day from which EFetch and ESummary return it; None: as soon as it appears.
    """

    xml: bytes
    appears_at: date | None = None
    changes: tuple[tuple[date, bytes], ...] = ()
    vanishes_at: date | None = None
    fetchable_at: date | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """One XML of one record, in force from `since` until the day before `until`; `number` is its place in the corpus."""

    number: int
    pmid: int
    version: int
    xml: bytes = field(repr=False)
    since: date
    until: date
    fetchable_from: date

    def stands(self, day: date) -> bool:
        """Whether this edition is in force on `day`."""
        return self.since <= day < self.until


class Corpus:
    """All planted records. Records can be added while a server runs; nothing is ever taken out (use `vanishes_at`)."""

    def __init__(self, *, also_indexed: Iterable[str] = (), not_indexed: Iterable[str] = ()) -> None:
        """An empty corpus.

        Args:
            also_indexed: words and phrases that PubMed's index holds although none of these records does, so that a search for
                them finds nothing without a warning.
            not_indexed: phrases that its phrase index lacks although records contain them: in quotes they are split into words,
                and a warning says so.
        """
        self.lock = threading.RLock()
        self.editions: list[Edition] = []
        self.also_indexed = frozenset(phrase(text) for text in also_indexed)
        self.not_indexed = frozenset(phrase(text) for text in not_indexed)
        self._by_pmid: dict[int, list[Edition]] = {}
        self._entries: dict[int, Entry] = {}
        self._standing: dict[date, frozenset[int]] = {}

    @classmethod
    def of(cls, records: Iterable[Planted | bytes], *, also_indexed: Iterable[str] = (), not_indexed: Iterable[str] = ()) -> Corpus:
        """A corpus of these records; bare bytes are a record that appears on its crdt."""
        corpus = cls(also_indexed=also_indexed, not_indexed=not_indexed)
        corpus.plant(*records)
        return corpus

    @classmethod
    def from_files(
        cls, paths: Iterable[str | Path], *, also_indexed: Iterable[str] = (), not_indexed: Iterable[str] = ()
    ) -> Corpus:
        """A corpus of whole PubmedArticleSet files (.gz by their first bytes), each record appearing on its crdt.

        Of several records with one pmid and version the last counts, as NLM's update files are meant.
        """
        found: dict[tuple[int, int], bytes] = {}
        for path in paths:
            for record in split_records(_unpacked(Path(path).read_bytes())):
                key = identity(record)
                found.pop(key, None)
                found[key] = record
        return cls.of(found.values(), also_indexed=also_indexed, not_indexed=not_indexed)

    def plant(self, *records: Planted | bytes) -> None:
        """Add records. Raises ValueError for days out of order, or a pmid and version that already stands on one of the days."""
        with self.lock:
            for record in records:
                self._add(record if isinstance(record, Planted) else Planted(record))
            self._standing.clear()

    def standing(self, day: date) -> frozenset[int]:
        """The numbers of all editions in force on `day`."""
        with self.lock:
            if day not in self._standing:
                self._standing[day] = frozenset(edition.number for edition in self.editions if edition.stands(day))
            return self._standing[day]

    def entry(self, number: int) -> Entry:
        """What the search engine sees of an edition; read once."""
        if number not in self._entries:
            self._entries[number] = read_entry(self.editions[number].xml)
        return self._entries[number]

    def searchable(self, pmid: int, day: date) -> Edition | None:
        """The edition of the highest version of `pmid` that stands on `day`."""
        standing = [edition for edition in self._by_pmid.get(pmid, ()) if edition.stands(day)]
        return max(standing, key=lambda edition: edition.version, default=None)

    def fetchable(self, pmid: int, day: date) -> tuple[Edition, ...]:
        """Every version of `pmid` that EFetch returns on `day`, the lowest version first; () for an unknown one."""
        standing = (edition for edition in self._by_pmid.get(pmid, ()) if edition.stands(day) and edition.fetchable_from <= day)
        return tuple(sorted(standing, key=lambda edition: edition.version))

    def _add(self, planted: Planted) -> None:
        pmid, version = identity(planted.xml)
        appears = planted.appears_at or created(planted.xml)
        starts = [appears, *(day for day, _ in planted.changes)]
        ends = [*starts[1:], planted.vanishes_at or date.max]
        if any(start >= end for start, end in zip(starts, ends, strict=True)):
            raise ValueError(f"PMID {pmid}: its days are out of order; give appears_at < changes < vanishes_at")
        self._refuse_twins(pmid, version, appears, ends[-1])
        texts = [planted.xml, *(xml for _, xml in planted.changes)]
        for xml, since, until in zip(texts, starts, ends, strict=True):
            if identity(xml)[0] != pmid:
                raise ValueError(f"PMID {pmid}: a change carries PMID {identity(xml)[0]}; plant that record on its own")
            edition = Edition(len(self.editions), pmid, identity(xml)[1], xml, since, until, planted.fetchable_at or appears)
            self.editions.append(edition)
            self._by_pmid.setdefault(pmid, []).append(edition)

    def _refuse_twins(self, pmid: int, version: int, since: date, until: date) -> None:
        for other in self._by_pmid.get(pmid, ()):
            if other.version == version and other.since < until and since < other.until:
                raise ValueError(
                    f"PMID {pmid}: two records of version {version} stand on the same day; set vanishes_at or the version"
                )


def _unpacked(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(_GZIP) else content
