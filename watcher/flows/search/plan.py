"""What one run is going to ask: which term, which kind of reading, from which day on.

first   no version of the query has been read yet: the full set, and what of it is newer than the cut
edit    the normalised term differs: the same for the new term, against the ledger and the old term's set
full    the window, and the full set against the ledger (weekly, and before a digest)
window  what was created, entered, indexed or revised since the last good run, less an overlap
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from watcher import clock
from watcher.domain import HitState, RecordId, RunKind, Watch
from watcher.flows.ports import Normalise
from watcher.store import QueryVersion, RunHistory, Store

FULL_SET_EVERY = timedelta(days=7)
"""How long the window may be trusted alone: late papers come with the next full set (decision 0001)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run is going to ask. `version` is the one in force, None on a first reading; `cut` parts news from baseline."""

    watch: Watch
    kind: RunKind
    term: str
    as_of: date
    cut: date
    version: QueryVersion | None
    window_from: date | None
    history: RunHistory
    ledger: Mapping[RecordId, HitState]


@dataclass(frozen=True, slots=True)
class Planner:
    """Decides what to ask, from the store's memory of a watch. `overlap_days`: how far a window reaches back before the last good run."""

    store: Store
    normalise: Normalise
    overlap_days: int

    def plan(self, watch: Watch, *, now: datetime, lists: Sequence[str] = (), reconcile: bool = False) -> Plan:
        """The plan of a run at `now`; `lists` and `reconcile` as for `Runner.run`."""
        history = self.store.run_history(watch.name, now=now)
        version = self.store.version_in_force(watch.name)
        term, as_of = self.normalise(watch.query), clock.ncbi_day(now)
        overlap = timedelta(days=self.overlap_days)
        plan = Plan(
            watch=watch,
            kind=RunKind.FIRST,
            term=term,
            as_of=as_of,
            cut=min(as_of - timedelta(days=watch.start.days), self.store.taken_since(watch.name) or as_of),
            version=version,
            window_from=min(history.window_to, as_of) - overlap if history.window_to else None,
            history=history,
            ledger=self.store.ledger(watch.name),
        )
        if version is None:
            return plan
        if version.term != term:
            return replace(plan, kind=RunKind.EDIT, cut=self._edit_cut(version, history, lists, now))
        stale = history.full_set_at is None or now - history.full_set_at >= FULL_SET_EVERY
        return replace(plan, kind=RunKind.FULL if reconcile or stale else RunKind.WINDOW, cut=version.cut)

    def _edit_cut(self, version: QueryVersion, history: RunHistory, lists: Sequence[str], now: datetime) -> date:
        """The earliest end of what the lists' last digests covered, so that the edit loses nothing that they still owe (decision 0008)."""
        covered = [self.store.list_history(name, now=now).covers_to for name in lists]
        ends = [version.cut if end is None else end for end in covered] or [version.cut]
        return min([*ends, history.full_set_as_of or version.cut])
