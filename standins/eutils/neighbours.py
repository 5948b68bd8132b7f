"""Which papers are near a paper, and which cite which: the links that ELink answers with.

Nearness is a plain measure of our own: the sum of log(N / n) over the words that two records share in title, abstract,
keywords and headings. A paper shares every word with itself, so a seed has the largest score of its set, as at PubMed. The scores
mean nothing outside their set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from math import log

from .corpus import Edition
from .search import STOPWORDS, Engine

ZONES = ("title", "abstract", "keywords", "headings")
KEPT = 100
LEAST_SHARE = 0.15
"""A neighbour has at least this share of the seed's own score."""

SMALL = 200
"""Words that more than this many records hold, and more than a fifth of all, say nothing of nearness and are passed over."""

Links = tuple[tuple[int, int], ...]
"""(pmid, score), the highest score first."""


class Neighbourhood:
    """The links between the records of one corpus."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.corpus = engine.corpus
        self.index = engine.index

    def similar(self, pmid: int, day: date) -> Links:
        """The seed itself, then at most `KEPT` papers like it; () for an unknown pmid."""
        with self.corpus.lock:
            seed = self.corpus.searchable(pmid, day)
            return self._near(seed, self.corpus.standing(day)) if seed else ()

    def _near(self, seed: Edition, standing: frozenset[int]) -> Links:
        weights: dict[int, float] = defaultdict(float)
        for holders in self._holders_of_its_words(seed, standing):
            for number in holders:
                weights[number] += log(1 + len(standing) / len(holders))
        scores = {seed.pmid: 1.5 * max(weights.values(), default=1.0)}
        for number, weight in weights.items():
            pmid = self.corpus.editions[number].pmid
            if weight >= weights[seed.number] * LEAST_SHARE:
                scores[pmid] = max(weight, scores.get(pmid, 0.0))
        ranked = sorted(scores.items(), key=lambda pair: (-pair[1], -pair[0]))[: KEPT + 1]
        return tuple((pmid, round(score * 100_000)) for pmid, score in ranked)

    def _holders_of_its_words(self, seed: Edition, standing: frozenset[int]) -> Iterator[frozenset[int]]:
        zones = [self.index.zone(name) for name in ZONES]
        for word in sorted({word for zone in zones for word in zone.texts[seed.number].replace("|", " ").split()} - STOPWORDS):
            holders = frozenset().union(*(zone.holders.get(word, ()) for zone in zones))
            if len(holders) <= max(SMALL, len(standing) // 5):
                yield holders & standing

    def of_type(self, links: Links, kind: str, day: date) -> Links:
        """Those of the links whose record has a publication type, such as "Review"."""
        with self.corpus.lock:
            return tuple((pmid, score) for pmid, score in links if kind in self._types(pmid, day))

    def _types(self, pmid: int, day: date) -> tuple[str, ...]:
        edition = self.corpus.searchable(pmid, day)
        return self.corpus.entry(edition.number).names.get("types", ()) if edition else ()

    def cited_by(self, pmid: int, day: date) -> Links:
        """The records that name `pmid` among their references. Their scores are their ids, as in NCBI's answers."""
        with self.corpus.lock:
            standing = sorted(self.corpus.standing(day))
            citing = {self.corpus.editions[number].pmid for number in standing if pmid in self.corpus.entry(number).cites}
        return tuple((found, found) for found in sorted(citing, reverse=True))

    def references(self, pmid: int, day: date) -> Links:
        """The pmids that the record names among its references."""
        with self.corpus.lock:
            edition = self.corpus.searchable(pmid, day)
            cited = self.corpus.entry(edition.number).cites if edition else ()
        return tuple((found, found) for found in cited)

    def in_pmc(self, pmid: int, day: date) -> Links:
        """The record's own id in PubMed Central."""
        with self.corpus.lock:
            edition = self.corpus.searchable(pmid, day)
            ids = self.corpus.entry(edition.number).names.get("identifiers", ()) if edition else ()
        numbers = [int(text[3:]) for text in ids if text.startswith("PMC") and text[3:].isdigit()]
        return tuple((number, number) for number in dict.fromkeys(numbers))
