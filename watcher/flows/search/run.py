"""One look of one watch at PubMed: what is new is the set difference between what matches and what was ever seen.

    plan       which term, which kind of reading                                                                   `plan`
    search     -> Reading: unseen records with their origins, the baseline, what may have changed                    `reading`
    follow     the collections of Zotero that its seeds come from                                              `following`
    resolve    seeds -> their records; their neighbours are a second origin                                        `seeds`
    fetch      new, awaited, changed, marked, stray and (after an edit) older records, part by part                `records`
    rank       -> scores of each part, which then waits on disk (decision 65)
    snapshot   of the watch's own papers, where one is due                                                     `scoring.ground`
    commit     one transaction: version, articles, hits, scores, run

A failure before the commit leaves everything as it was; the next run asks again from the same window. So does the service's end: it
is looked for between any two steps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial

from watcher import clock
from watcher.domain import Article, Code, HitState, Origin, RecordId, RunKind, RunOutcome, RunReport, Scored, Seed, Warned, Watch
from watcher.errors import BadQuery, ConfigurationError, PubMedError, Stopped, ZoteroError
from watcher.flows.ports import Rank, Ranks, Source
from watcher.flows.scoring.ground import Grounds
from watcher.flows.scoring.unranked import ranking_or_not
from watcher.flows.search.error_kinds import kind_of, told
from watcher.flows.search.feeding import fed
from watcher.flows.search.plan import Plan, Planner
from watcher.flows.search.reading import Origins, Reading, Searcher, of_the_size
from watcher.flows.search.records import Fetcher, Records
from watcher.flows.search.seeds import resolve
from watcher.store import NewVersion, RunCommit, Snapshot, Spool, Store


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs watches. `seeds` gives the seeds of a watch, once `follow` has looked at the collections that they follow; `rank` builds a
    ranking; `say` hears what is going on; once `stopping` is set, a run ends at its next step. `grounds` takes the snapshot of a watch's
    own papers; None: no watch has one."""

    source: Source
    store: Store
    seeds: Callable[[Watch], Sequence[Seed]]
    rank: Rank
    overlap_days: int = 3
    fetch_again_days: int = 30
    say: Callable[[str], None] = field(default=lambda _line: None)
    stopping: threading.Event = field(default_factory=threading.Event)
    grounds: Grounds | None = None
    follow: Callable[[Watch, datetime], Sequence[Warned]] = lambda _watch, _now: ()

    def run(
        self, watch: Watch, *, now: datetime, lists: Sequence[str] = (), reconcile: bool = False, at_once: bool = False
    ) -> RunReport:
        """Look once and keep what was found.

        Args:
            watch: whose query is asked.
            now: the present instant; PubMed's day is taken from it.
            lists: the lists that read this watch; an edit's cut is the earliest end of what their digests covered.
            reconcile: read the full set even when the last reading is not a week old.
            at_once: do not wait for NCBI's quiet hours with a large job.

        Returns:
            The report; a failure of PubMed, or seeds without any text, are in it, not raised.

        Raises:
            Stopped: the service is to stop; the run was closed as abandoned, with nothing kept.
        """
        if self.stopping.is_set():
            raise Stopped
        plan = self.plan(watch, now=now, lists=lists, reconcile=reconcile)
        run_id = self.store.begin_run(watch.name, plan.kind, now)
        requests, started = self.source.requests_made, time.monotonic()
        try:
            commit = self.look(plan, now=now, at_once=at_once)
            snapshot = self._snapshot(plan, commit, now)
        except (PubMedError, ConfigurationError, ZoteroError, Stopped) as error:
            report = self._measured(_failed(plan, now, error), requests, started)
            self.store.fail_run(run_id, report)
            if isinstance(error, Stopped):
                raise
            return report
        commit = replace(commit, report=self._measured(commit.report, requests, started), fed=fed(self.store, plan, commit, now))
        self.store.commit_run(run_id, commit)
        if self.grounds:
            resolved, _ = resolve(watch.name, self.seeds(watch), store=self.store, source=None, now=now)
            self.grounds.keep(watch, snapshot, resolved)
        return commit.report

    def _snapshot(self, plan: Plan, commit: RunCommit, now: datetime) -> Snapshot | None:
        """Of the papers that the watch knows, this run's too: a snapshot, where one is due."""
        if self.grounds is None or self.stopping.is_set():
            return None
        textless = (HitState.AWAITING, HitState.UNAVAILABLE)
        known = {record_id for record_id, state in plan.ledger.items() if state not in textless}
        return self.grounds.taken(plan.watch.name, plan.term, known | commit.baseline | commit.news.keys(), now)

    def rehearse(self, watch: Watch, *, now: datetime, lists: Sequence[str] = (), at_once: bool = False) -> RunCommit:
        """What `run` would keep, measured like it; nothing is kept, save how the seeds were resolved.

        Raises:
            PubMedError: a search or a fetch failed.
        """
        requests, started = self.source.requests_made, time.monotonic()
        commit = self.look(self.plan(watch, now=now, lists=lists), now=now, at_once=at_once)
        return replace(commit, report=self._measured(commit.report, requests, started))

    def plan(self, watch: Watch, *, now: datetime, lists: Sequence[str] = (), reconcile: bool = False) -> Plan:
        """What a run would ask; see `Planner.plan`."""
        planner = Planner(self.store, self.source.normalise, self.overlap_days)
        return planner.plan(watch, now=now, lists=lists, reconcile=reconcile)

    def look(self, plan: Plan, *, now: datetime, at_once: bool = False) -> RunCommit:
        """Ask PubMed and work out what would be kept, without keeping it (the seeds' resolution apart).

        Raises:
            PubMedError: a search or a fetch failed; nothing of it counts.
        """
        return _Look(self, plan, now, at_once).commit()

    def _measured(self, report: RunReport, requests: int, started: float) -> RunReport:
        return replace(
            report,
            finished_at=clock.now(),
            requests=self.source.requests_made - requests,
            seconds=round(time.monotonic() - started, 3),
        )


@dataclass(frozen=True, slots=True)
class _Look:
    """One look with a plan, by a runner's means."""

    by: Runner
    plan: Plan
    now: datetime
    at_once: bool

    def commit(self) -> RunCommit:
        """All steps before the commit."""
        plan, by, now = self.plan, self.by, self.now
        by.say(f"{plan.watch.name}: searching ({plan.kind})")
        reader = Searcher(by.source, plan)
        reading = reader.read()
        followed = by.follow(plan.watch, now)
        seeds, seed_warnings = resolve(plan.watch.name, by.seeds(plan.watch), store=by.store, source=by.source, now=now, say=by.say)
        self._go_on()
        similar = reader.similar(reading, seeds, now)
        news = _merged(reading.news, similar.news)
        self._go_on()
        ranking, unranked = ranking_or_not(by.rank, seeds, plan.watch)
        came = _Came(ranking, by.store.spool(Article), by.store.spool(Scored))
        records = self._fetched(replace(reading, news=news), came)
        self._go_on()
        commit = self._sorted_out(reading, news, records, came)
        mute = (Warned(Code.UNRANKED, unranked, "`watcher seeds` shows what is understood of each seed"),) if unranked else ()
        warnings = (*commit.report.warnings, *followed, *seed_warnings, *similar.warnings, *mute)
        return replace(commit, similar_read=similar.were_read, report=replace(commit.report, warnings=warnings))

    def _go_on(self) -> None:
        if self.by.stopping.is_set():
            raise Stopped

    def _fetched(self, reading: Reading, came: _Came) -> Records:
        by = self.by
        oldest = self.now - timedelta(days=by.fetch_again_days)
        fetcher = Fetcher(by.source, by.store, self.plan, reading, oldest, by.say)
        return fetcher.fetch(partial(came.take, frozenset(fetcher.older())), self.now, at_once=self.at_once)

    # --- what is kept ----------------------------------------------------------------------------------------------------------

    def _sorted_out(self, reading: Reading, news: Origins, records: Records, came: _Came) -> RunCommit:
        plan = self.plan
        starters = self._starters([came.older[record_id] for record_id in records.older if record_id in came.older], came.ranking)
        came.keep([came.older[record_id] for record_id in starters], tuple(starters.values()))
        kept = came.kept
        arrived = tuple(one.record_id for one in records.waiting if one.record_id in kept) + tuple(
            p for p in records.revived if p in kept
        )
        still = tuple(one.record_id for one in records.waiting if one.record_id not in kept)
        awaiting = {record_id: origins for record_id, origins in news.items() if record_id not in kept}
        fresh = {
            record_id: _dated(origins, kept[record_id], plan.window_from)
            for record_id, origins in news.items()
            if record_id in kept
        }
        absent, present = _presence(plan, reading)
        commit = RunCommit(
            report=self._report(reading),
            version=_new_version(plan, reading),
            articles=came.articles,
            news=fresh,
            awaiting=awaiting,
            still_awaiting=still,
            arrived=arrived,
            unavailable=records.given_up,
            baseline=reading.baseline,
            starters=tuple(starters),
            absent=absent,
            present=present,
            ranking=came.ranking.facts,
            scores=came.scores,
        )
        counted = replace(
            commit.report,
            fetched=len(records.got),
            new=len(fresh) + len(awaiting),
            awaiting=len(awaiting) + len(still),
            selected=sum(kept[record_id].score >= plan.watch.threshold for record_id in fresh),
            warnings=(*commit.report.warnings, *records.warnings),
        )
        return replace(commit, report=counted)

    def _starters(self, older: Sequence[Article], ranking: Ranks) -> dict[RecordId, Scored]:
        watch = self.plan.watch
        excluded = set(watch.exclude_types)
        usable = [one for one in older if one.stands and not excluded & set(one.publication_types)]
        near = [scored for scored in ranking.score(usable) if scored.value >= watch.threshold]
        best = sorted(near, key=lambda scored: (-scored.value, -scored.record_id.id))[: watch.start.papers]
        return {scored.record_id: scored for scored in best}

    def _report(self, reading: Reading) -> RunReport:
        plan = self.plan
        return RunReport(
            watch=plan.watch.name,
            kind=plan.kind,
            outcome=RunOutcome.GOOD,
            started_at=self.now,
            finished_at=self.now,
            window_from=plan.window_from,
            window_to=plan.as_of,
            full_set_as_of=plan.as_of if reading.full is not None else None,
            matched=len(reading.seen),
            known=len(reading.seen & plan.ledger.keys()),
            translation=reading.facts.translation,
            warnings=(
                *self.by.source.warnings(reading.facts, plan.watch.query),
                *reading.warnings,
                *_of_the_set(plan, reading),
            ),
            error_kind=kind_of(reading.refusal) if reading.refusal else None,
            error=str(reading.refusal) if reading.refusal else None,
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is held of each record that is kept: its score, the later of its creation and its entry day, where it says one."""

    score: float
    day: date | None


@dataclass(frozen=True, slots=True)
class _Came:
    """The records of a run as they come: scored, and put down until the commit. Those that an edit adds are held: they are few."""

    ranking: Ranks
    articles: Spool[Article]
    scores: Spool[Scored]
    kept: dict[RecordId, _Known] = field(default_factory=dict)
    older: dict[RecordId, Article] = field(default_factory=dict)

    def take(self, older: Collection[RecordId], articles: Sequence[Article]) -> None:
        """Take a part of them; `older` are those that an edit adds."""
        self.older.update((one.record_id, one) for one in articles if one.record_id in older)
        kept = tuple(one for one in articles if one.record_id not in older)
        self.keep(kept, self.ranking.score(kept))

    def keep(self, articles: Sequence[Article], scores: Sequence[Scored]) -> None:
        """Put records down with their scores, which are in the same order."""
        for article, scored in zip(articles, scores, strict=True):
            days = [day for day in (article.crdt, article.edat) if day is not None]
            self.kept[article.record_id] = _Known(scored.value, max(days, default=None))
        self.articles.extend(articles)
        self.scores.extend(scores)


def _of_the_set(plan: Plan, reading: Reading) -> tuple[Warned, ...]:
    """What the size of the full set says, where it was read by the watch's own query."""
    return () if reading.full is None or reading.refusal else of_the_size(len(reading.full), plan.watch)


def _merged(news: Origins, similar: Origins) -> dict[RecordId, frozenset[Origin]]:
    return {record_id: news.get(record_id, frozenset()) | similar.get(record_id, frozenset()) for record_id in [*news, *similar]}


def _dated(origins: frozenset[Origin], known: _Known, window_from: date | None) -> frozenset[Origin]:
    """A record in the window by neither its creation nor its entry date got there by being indexed or revised."""
    if window_from is None or Origin.QUERY not in origins:
        return origins
    if known.day is None or known.day >= window_from:
        return origins
    return origins - {Origin.QUERY} | {Origin.INDEXED}


def _presence(plan: Plan, reading: Reading) -> tuple[frozenset[RecordId], frozenset[RecordId]]:
    """Known news that a full set of the version in force no longer, and still, holds."""
    if plan.kind is not RunKind.FULL or reading.full is None:
        return frozenset(), frozenset()
    known = frozenset(record_id for record_id, state in plan.ledger.items() if state is HitState.NEWS)
    return known - reading.full, known & reading.full


def _new_version(plan: Plan, reading: Reading) -> NewVersion | None:
    if plan.kind not in (RunKind.FIRST, RunKind.EDIT) or reading.refusal or reading.full is None:
        return None
    return NewVersion(
        term=plan.term,
        cut=plan.cut,
        translation=reading.facts.translation,
        phrases_not_found=reading.facts.phrases_not_found,
        matched=len(reading.full),
    )


def _failed(plan: Plan, now: datetime, error: PubMedError | ConfigurationError | ZoteroError | Stopped) -> RunReport:
    said, fix = told(error)
    outcome = RunOutcome.ABANDONED if isinstance(error, Stopped) else RunOutcome.FAILED
    return RunReport(
        watch=plan.watch.name,
        kind=plan.kind,
        outcome=RunOutcome.REFUSED if isinstance(error, BadQuery) else outcome,
        started_at=now,
        finished_at=now,
        window_from=plan.window_from,
        error_kind=kind_of(error),
        error=said,
        fix=fix,
        may_pass=isinstance(error, Stopped) or (isinstance(error, PubMedError | ZoteroError) and error.may_pass),
    )
