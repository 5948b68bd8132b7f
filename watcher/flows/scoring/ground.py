"""The snapshot of a watch's own papers, by which its ranking weighs words (docs/decisions/0070): when it is taken, and of what.

    due     there is none, it is a year old, or the query was edited; and the watch knows papers enough
    taken   of all that the watch ever saw, a sample that the records' numbers draw; what is not stored is fetched and not kept
    kept    with the run that took it; from then on the ranking is another one
    told    how far the ranking believes it, in the digest's receipt, `status` and `rank --explain`

A snapshot that cannot be taken costs nothing: the run goes on, and the next one tries again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from watcher.domain import Article, OwnGround, RankingFacts, RecordId, ResolvedSeed, Watch
from watcher.errors import ConfigurationError, PubMedError
from watcher.flows.ports import Source
from watcher.rank import snapshot_of
from watcher.store import Snapshot, Store

LEAST = 200
"""With fewer papers of its own a watch is ranked by the general weights alone."""
MOST = 300
KEPT = timedelta(days=365)
"""Another snapshot is another ranking, under which no paper has a score yet: what is highly relevant needs forty (decision 68)."""
_PART = 200

_log = logging.getLogger(__name__)

Believe = Callable[[Watch, Sequence[ResolvedSeed], str | None], tuple[RankingFacts, OwnGround | None] | None]
"""The watch's ranking of the moment, and how far it believes the snapshot; None when that ranking is the one that is given, by its hash."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """Takes snapshots. `believe` asks the ranking."""

    source: Source
    store: Store
    believe: Believe

    def taken(self, watch: str, term: str, known: Collection[RecordId], now: datetime) -> Snapshot | None:
        """A snapshot to be kept, where one is due and can be taken.

        Args:
            watch: whose papers they are.
            term: the query that is in force.
            known: the records that the watch has seen, this run's too, without those that have no text yet.
            now: the present instant.
        """
        before = self.store.snapshot(watch)
        if len(known) < LEAST or (before and before.term == term and now - before.taken_at < KEPT):
            return None
        try:
            articles = self._read(drawn(known))
        except PubMedError as error:
            _log.warning("%s: no snapshot of its own papers could be taken, the next run tries again: %s", watch, error)
            return None
        if len(articles) < LEAST:
            return None
        content = snapshot_of(articles)
        return Snapshot(hashlib.sha256(content).hexdigest(), term, len(articles), now, content)

    def keep(self, watch: Watch, snapshot: Snapshot | None, seeds: Sequence[ResolvedSeed]) -> None:
        """Keep a snapshot that was taken, and how far the ranking of the moment believes the one in force."""
        if snapshot is not None:
            self.store.save_snapshot(watch.name, snapshot)
        standing = self.store.snapshot(watch.name)
        if standing is None:
            return
        try:
            found = self.believe(watch, seeds, standing.ranking_sha256)
        except ConfigurationError:
            return  # no text to rank by, as the run's report says
        if found and found[1]:
            self.store.save_belief(watch.name, standing.sha256, found[0].sha256, found[1])

    def _read(self, record_ids: Sequence[RecordId]) -> list[Article]:
        """The texts of records: as they are stored, or from PubMed."""
        held = self.store.articles(record_ids)
        absent = [one for one in record_ids if one not in held]
        for start in range(0, len(absent), _PART):
            answer = self.source.fetch(absent[start : start + _PART])
            held = {**held, **{one.record_id: one for one in answer.articles}}
        return [one for one in held.values() if one.title or one.abstract]


def drawn(known: Iterable[RecordId]) -> list[RecordId]:
    """At most 300 of the records: those whose numbers hash lowest, so that one snapshot shares most of its papers with the next."""
    return sorted(known, key=lambda one: hashlib.blake2b(f"{one}".encode(), digest_size=8).digest())[:MOST]


def told(own: OwnGround) -> str:
    """How far a ranking believes the watch's own papers, and by what evidence, in one line."""
    if not own.before:
        return "its own papers weigh no words: it takes two seeds or relevant papers to try them"
    left = f"{len(own.before)} seeds and relevant papers that were left out stand at place"
    places = f"{left} {median(own.before):g} of {own.papers:,} in the median without them, {median(own.after):g} with them"
    return f"its own papers weigh words with strength {own.strength:.2f}: {places}"
