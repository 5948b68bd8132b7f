"""The searches of one run: what is new is the set difference between what matches and what was ever seen (decision 0001)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher import clock
from watcher.domain import Code, Found, Origin, RecordId, ResolvedSeed, RunKind, SearchFacts, Warned, Watch
from watcher.errors import BadQuery, PubMedError, TooManyMatches
from watcher.flows.ports import Source
from watcher.flows.search.plan import FULL_SET_EVERY, Plan
from watcher.store import QueryVersion

SIMILAR_EVERY = timedelta(days=7)
"""A request for each seed: once a week is polite, and enough (decision 0010)."""

SIMILAR_BACK = timedelta(days=30)
"""So long before the last look a neighbour may have been created: PubMed computes who is similar some days late."""

Origins = Mapping[RecordId, frozenset[Origin]]
"""How each new record came to the watch."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the searches of one run found. `window` and `full` are None when that search was not part of the run."""

    facts: SearchFacts
    news: Origins
    window: frozenset[RecordId] | None = None
    full: frozenset[RecordId] | None = None
    baseline: frozenset[RecordId] = frozenset()
    warnings: tuple[Warned, ...] = ()
    refusal: BadQuery | None = None

    @property
    def seen(self) -> frozenset[RecordId]:
        """The widest set that was read."""
        return self.full if self.full is not None else self.window or frozenset()


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Similar articles of the seeds that were created lately: news like the others, with their own origin. `were_read`: whether they were
    asked for and told; a failure is a warning."""

    news: Origins
    were_read: bool = False
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True)
class Searcher:
    """Asks what a plan wants to know."""

    source: Source
    plan: Plan

    def read(self) -> Reading:
        """The searches of the plan.

        Raises:
            PubMedError: one failed; a query that PubMed refuses is a failure too, save an edited one, which leaves the one before in force.
        """
        if self.plan.kind is RunKind.FIRST:
            return self._first()
        if self.plan.kind is RunKind.EDIT:
            return self._edit_or_old()
        return self._known()

    # --- the kinds of reading ------------------------------------------------------------------------------------------------

    def _first(self) -> Reading:
        whole, recent = self._whole_and_recent()
        news = dict.fromkeys(recent, frozenset({Origin.QUERY}))
        full = frozenset(whole.record_ids)
        return Reading(facts=whole.facts, news=news, full=full, baseline=full - recent)

    def _edit_or_old(self) -> Reading:
        version = self.plan.version
        if version is None:
            raise AssertionError("an edit has a version in force")
        try:
            return self._edit(version)
        except BadQuery as error:
            old = replace(self.plan, kind=RunKind.FULL, term=version.term, cut=version.cut)
            reading = replace(self, plan=old).read()
            what = f"the edited query was refused, the one before stays in force: {error}"
            told = Warned(Code.EDIT_REFUSED, what, "correct the query")
            return replace(reading, refusal=error, warnings=(*reading.warnings, told))

    def _edit(self, version: QueryVersion) -> Reading:
        """The new term's set against the ledger. A record that the old term would have found by now is news whatever its date: it
        became visible since the last run, and an edit must not lose it (decision 0008)."""
        whole, recent = self._whole_and_recent()
        before = self.source.read_set(version.term)
        full = frozenset(whole.record_ids)
        window = self._window(len(full))
        unseen = full - self.plan.ledger.keys()
        by_date, by_old_term = unseen & recent, unseen & frozenset(before.record_ids)
        news = {record_id: frozenset({Origin.QUERY}) for record_id in by_date} | {
            record_id: frozenset({Origin.FULL_SET}) for record_id in by_old_term - by_date
        }
        return Reading(
            facts=whole.facts,
            news=news,
            window=frozenset(window.record_ids),
            full=full,
            baseline=unseen - news.keys(),
        )

    def _known(self) -> Reading:
        ledger = self.plan.ledger
        window = self._window(self.plan.history.full_set_matched)
        news = {record_id: frozenset({Origin.QUERY}) for record_id in window.record_ids if record_id not in ledger}
        reading = Reading(facts=window.facts, news=news, window=frozenset(window.record_ids))
        if self.plan.kind is not RunKind.FULL:
            return reading
        whole, warnings = self._full_set()
        full = frozenset(whole.record_ids)
        late = {record_id: frozenset({Origin.FULL_SET}) for record_id in full if record_id not in ledger and record_id not in news}
        return replace(reading, facts=whole.facts, full=full, news=news | late, warnings=warnings)

    # --- the searches --------------------------------------------------------------------------------------------------------

    def _window(self, of: int) -> Found:
        since = self.plan.window_from or self.plan.as_of - FULL_SET_EVERY
        return self._dated(self.source.windowed(self.plan.term, since), of)

    def _whole_and_recent(self) -> tuple[Found, frozenset[RecordId]]:
        """The full set, and which of it was created since the cut. What appears between the two searches is left for the next run."""
        whole = self._allowed()
        term = self.source.created_between(self.plan.term, self.plan.cut, None)
        recent = self._dated(term, whole.facts.count)
        return whole, frozenset(recent.record_ids) & frozenset(whole.record_ids)

    def _dated(self, term: str, of: int) -> Found:
        """The set of a dated search. It cannot hold more than the query alone: PubMed drops words that it does not know, and where a
        query consists of nothing else, only the dates are left. `of` is how many the query matched when that was last known; from a fifth
        and a thousand more on, the query alone is counted again (decision 0009)."""
        found = self.source.search(term)
        if found.facts.count > of * 1.2 + 1_000:
            alone = self.source.search(self.plan.term, retmax=0).facts.count
            if found.facts.count > alone * 1.02 + 100:  # what may come in between two searches
                unknown = ", ".join(found.facts.phrases_not_found) or "it does not say which"
                raise BadQuery(
                    f"with dates added the query matches {found.facts.count:,} records, without them {alone:,}: PubMed drops words "
                    f"that it does not know ({unknown}); correct or remove them"
                )
        return self.source.read_set(term, first=found)

    def _allowed(self) -> Found:
        first, allowed = self.source.search(self.plan.term), self.plan.watch.allow_over
        if first.facts.count > allowed:
            raise TooManyMatches(
                f"the query matches {first.facts.count:,} records, more than allow_over ({allowed:,}): narrow it, or raise allow_over",
                matched=first.facts.count,
                allowed=allowed,
            )
        return self.source.read_set(self.plan.term, first=first)

    def _full_set(self) -> tuple[Found, tuple[Warned, ...]]:
        """The full set; one that fell by more than half is read once more before it is believed."""
        whole = self.source.read_set(self.plan.term)
        last = self.plan.history.full_set_matched
        if len(whole.record_ids) * 2 < last:
            whole = self.source.read_set(self.plan.term)
        warnings = []
        if len(whole.record_ids) * 2 < last:
            what = f"the full set fell from {last:,} to {len(whole.record_ids):,} records: PubMed or the query's terms have changed"
            warnings.append(Warned(Code.SET_FELL, what, "`watcher check --online` tells what PubMed makes of the query"))
        return whole, tuple(warnings)

    # --- similar articles ----------------------------------------------------------------------------------------------------

    def similar(self, reading: Reading, seeds: Sequence[ResolvedSeed], now: datetime) -> Neighbours:
        """Neighbours of the seeds that were created lately. A failure is a warning."""
        plan, last = self.plan, self.plan.history.similar_at
        record_ids = sorted({resolved.article.record_id for resolved in seeds if resolved.article and not resolved.retracted})
        if not plan.watch.similar or not record_ids or (last is not None and now - last < SIMILAR_EVERY):
            return Neighbours({})
        since = plan.cut if last is None else max(plan.cut, clock.ncbi_day(last) - SIMILAR_BACK)
        try:
            near = {neighbour.record_id for record_id in record_ids for neighbour in self.source.similar(record_id)}
            unseen = sorted(near - plan.ledger.keys() - reading.news.keys() - reading.baseline)
            recent = self.source.created_since(unseen, since) if unseen else ()
        except PubMedError as error:
            told = Warned(Code.SIMILAR_LEFT_OUT, f"similar articles of the seeds were left out: {error}", "the next run asks again")
            return Neighbours({}, warnings=(told,))
        found = {record_id: frozenset({Origin.SIMILAR}) for record_id in recent}
        also = {record_id: frozenset({Origin.SIMILAR}) for record_id in near & reading.news.keys()}
        return Neighbours(found | also, were_read=True)


def of_the_size(matched: int, watch: Watch) -> tuple[Warned, ...]:
    """What the number of records says that a query matches."""
    if matched == 0:
        return (Warned(Code.NO_MATCH, "the query matches nothing in PubMed", "try it on PubMed's page, one part after the other"),)
    if matched > watch.allow_over:
        what = f"the query matches more records than allow_over ({watch.allow_over:,})"
        return (Warned(Code.TOO_MANY, what, "narrow it, or raise allow_over"),)
    return ()
