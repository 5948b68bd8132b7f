"""One look of one watch at PubMed: what is new is the set difference between what matches and what was ever seen.

    plan       which term, which kind of reading:
                 first   no version of the query has been read yet: the full set, and what of it is newer than the cut
                 edit    the normalised term differs: the same for the new term, against the ledger and the old term's set
                 full    the window, and the full set against the ledger (weekly, and before a digest)
                 window  what was created, entered, indexed or revised since the last good run, less an overlap
    search     -> Reading: unseen pmids with their origins, the baseline, what may have changed
    resolve    seeds -> their records; their neighbours are a second origin
    fetch      new, awaited, changed, marked, stray and (after an edit) older records, in shared batches; new ones that do not come are
               asked for once more, and what was given up is asked for whenever it is found again
    rank       -> scores of what was fetched
    commit     one transaction: version, articles, hits, scores, run

A failure before the commit leaves everything as it was; the next run asks again from the same window. So does the service's end: it
is looked for between any two steps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from watcher import clock, schedule
from watcher.digest.wording import pmids
from watcher.domain import (
    Article,
    Code,
    Found,
    HitState,
    Origin,
    Pmid,
    ResolvedSeed,
    RunOutcome,
    RunReport,
    Scored,
    SearchFacts,
    Seed,
    Warned,
    Watch,
)
from watcher.errors import BadQuery, ConfigurationError, PubMedError, QuietHours, Stopped, TooManyMatches
from watcher.flows.ports import Rank, Ranks, Source
from watcher.flows.scoring.unranked import ranking_or_not
from watcher.flows.search.error_kinds import kind_of, told
from watcher.flows.search.resolve import resolve
from watcher.store import NewVersion, QueryVersion, RunCommit, RunHistory, Store, Waiting

FULL_SET_EVERY = timedelta(days=7)
SIMILAR_EVERY = timedelta(days=7)
SIMILAR_BACK = timedelta(days=30)
BATCH = 200
CHANGED_PER_RUN = 2_000
OLDER_PER_EDIT = 2_000
LARGE_JOB = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run is going to ask. `version` is the one in force, None on a first reading; `cut` parts news from baseline."""

    watch: Watch
    kind: str
    term: str
    as_of: date
    cut: date
    version: QueryVersion | None
    window_from: date | None
    history: RunHistory
    ledger: Mapping[Pmid, HitState]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the searches of one run found. `window` and `full` are None when that search was not part of the run."""

    facts: SearchFacts
    news: Mapping[Pmid, frozenset[Origin]]
    window: frozenset[Pmid] | None = None
    full: frozenset[Pmid] | None = None
    baseline: frozenset[Pmid] = frozenset()
    warnings: tuple[Warned, ...] = ()
    refusal: BadQuery | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """What EFetch gave. `asked_changed` are known records that were read again, `older` those that an edit adds."""

    got: Mapping[Pmid, Article]
    fetched: int
    waiting: tuple[Waiting, ...]
    given_up: tuple[Pmid, ...]
    revived: tuple[Pmid, ...]
    older: tuple[Pmid, ...]
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs watches. `seeds` reads the seed files of a watch; `rank` builds a ranking; `say` hears what is going on; once `stopping` is
    set, a run ends at its next step."""

    source: Source
    store: Store
    seeds: Callable[[Watch], Sequence[Seed]]
    rank: Rank
    overlap_days: int = 3
    fetch_again_days: int = 30
    say: Callable[[str], None] = field(default=lambda _line: None)
    stopping: threading.Event = field(default_factory=threading.Event)

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
        self._go_on()
        plan = self.plan(watch, now=now, lists=lists, reconcile=reconcile)
        run_id = self.store.begin_run(watch.name, plan.kind, now)
        requests, started = self.source.requests_made, time.monotonic()
        try:
            commit = self.look(plan, now=now, at_once=at_once)
        except (PubMedError, ConfigurationError, Stopped) as error:
            report = self._measured(_failed(plan, now, error), requests, started)
            self.store.fail_run(run_id, report)
            if isinstance(error, Stopped):
                raise
            return report
        commit = replace(commit, report=self._measured(commit.report, requests, started))
        self.store.commit_run(run_id, commit)
        return commit.report

    def rehearse(self, watch: Watch, *, now: datetime, lists: Sequence[str] = (), at_once: bool = False) -> RunCommit:
        """What `run` would keep, measured like it; nothing is kept, save how the seeds were resolved.

        Raises:
            PubMedError: a search or a fetch failed.
        """
        requests, started = self.source.requests_made, time.monotonic()
        commit = self.look(self.plan(watch, now=now, lists=lists), now=now, at_once=at_once)
        return replace(commit, report=self._measured(commit.report, requests, started))

    def plan(self, watch: Watch, *, now: datetime, lists: Sequence[str] = (), reconcile: bool = False) -> Plan:
        """Decide what to ask, from the store's memory of this watch."""
        history = self.store.run_history(watch.name, now=now)
        version = self.store.version_in_force(watch.name)
        term, as_of = self.source.normalise(watch.query), clock.ncbi_day(now)
        overlap = timedelta(days=self.overlap_days)
        plan = Plan(
            watch=watch,
            kind="first",
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
            return replace(plan, kind="edit", cut=self._edit_cut(version, history, lists, now))
        stale = history.full_set_at is None or now - history.full_set_at >= FULL_SET_EVERY
        return replace(plan, kind="full" if reconcile or stale else "window", cut=version.cut)

    def look(self, plan: Plan, *, now: datetime, at_once: bool = False) -> RunCommit:
        """Ask PubMed and work out what would be kept, without keeping it (the seeds' resolution apart).

        Raises:
            PubMedError: a search or a fetch failed; nothing of it counts.
        """
        self.say(f"{plan.watch.name}: searching ({plan.kind})")
        reading = self._read(plan)
        seeds, seed_warnings = resolve(
            plan.watch.name, self.seeds(plan.watch), store=self.store, source=self.source, now=now, say=self.say
        )
        self._go_on()
        similar, similar_read, similar_warnings = self._similar(plan, reading, seeds, now)
        news = _merged(reading.news, similar)
        records = self._fetch(plan, replace(reading, news=news), now, at_once=at_once)
        self._go_on()
        ranking, unranked = ranking_or_not(self.rank, seeds, plan.watch)
        commit = self._sorted_out(plan, reading, news, records, ranking, now)
        mute = (Warned(Code.UNRANKED, unranked, "`watcher seeds` shows what is understood of each seed"),) if unranked else ()
        warnings = (*commit.report.warnings, *seed_warnings, *similar_warnings, *mute)
        return replace(commit, similar_read=similar_read, report=replace(commit.report, warnings=warnings))

    def _go_on(self) -> None:
        if self.stopping.is_set():
            raise Stopped

    # --- search ------------------------------------------------------------------------------------------------------------

    def _read(self, plan: Plan) -> Reading:
        if plan.kind == "first":
            return self._read_first(plan)
        if plan.kind == "edit":
            return self._read_edit_or_old(plan)
        return self._read_known(plan)

    def _read_first(self, plan: Plan) -> Reading:
        whole, recent = self._whole_and_recent(plan)
        news = dict.fromkeys(recent, frozenset({Origin.QUERY}))
        full = frozenset(whole.pmids)
        return Reading(facts=whole.facts, news=news, full=full, baseline=full - recent)

    def _read_edit_or_old(self, plan: Plan) -> Reading:
        version = plan.version
        if version is None:
            raise AssertionError("an edit has a version in force")
        try:
            return self._read_edit(plan, version)
        except BadQuery as error:
            reading = self._read_known(replace(plan, kind="full", term=version.term, cut=version.cut))
            what = f"the edited query was refused, the one before stays in force: {error}"
            told = Warned(Code.EDIT_REFUSED, what, "correct the query")
            return replace(reading, refusal=error, warnings=(*reading.warnings, told))

    def _read_edit(self, plan: Plan, version: QueryVersion) -> Reading:
        """The new term's set against the ledger. A pmid that the old term would have found by now is news whatever its date: it
        became visible since the last run, and an edit must not lose it."""
        whole, recent = self._whole_and_recent(plan)
        before = self.source.read_set(version.term)
        full = frozenset(whole.pmids)
        window = self._window(plan, len(full))
        unseen = full - plan.ledger.keys()
        by_date, by_old_term = unseen & recent, unseen & frozenset(before.pmids)
        news = {pmid: frozenset({Origin.QUERY}) for pmid in by_date} | {
            pmid: frozenset({Origin.FULL_SET}) for pmid in by_old_term - by_date
        }
        return Reading(
            facts=whole.facts,
            news=news,
            window=frozenset(window.pmids),
            full=full,
            baseline=unseen - news.keys(),
        )

    def _read_known(self, plan: Plan) -> Reading:
        window = self._window(plan, plan.history.full_set_matched)
        news = {pmid: frozenset({Origin.QUERY}) for pmid in window.pmids if pmid not in plan.ledger}
        reading = Reading(facts=window.facts, news=news, window=frozenset(window.pmids))
        if plan.kind != "full":
            return reading
        whole, warnings = self._full_set(plan)
        full = frozenset(whole.pmids)
        late = {pmid: frozenset({Origin.FULL_SET}) for pmid in full if pmid not in plan.ledger and pmid not in news}
        return replace(reading, facts=whole.facts, full=full, news=news | late, warnings=warnings)

    def _window(self, plan: Plan, of: int) -> Found:
        since = plan.window_from or plan.as_of - FULL_SET_EVERY
        term = self.source.windowed(plan.term, since)
        return self._dated(plan, term, of)

    def _whole_and_recent(self, plan: Plan) -> tuple[Found, frozenset[Pmid]]:
        """The full set, and which of it was created since the cut. What appears between the two searches is left for the next run."""
        whole = self._allowed(plan)
        term = self.source.created_between(plan.term, plan.cut, None)
        recent = self._dated(plan, term, whole.facts.count)
        return whole, frozenset(recent.pmids) & frozenset(whole.pmids)

    def _dated(self, plan: Plan, term: str, of: int) -> Found:
        """The set of a dated search. It cannot hold more than the query alone: PubMed drops words that it does not know, and where a
        query consists of nothing else, only the dates are left. `of` is how many the query matched when that was last known."""
        found = self.source.search(term)
        if found.facts.count > of * 1.2 + 1_000:
            alone = self.source.search(plan.term, retmax=0).facts.count
            if found.facts.count > alone * 1.02 + 100:
                unknown = ", ".join(found.facts.phrases_not_found) or "it does not say which"
                raise BadQuery(
                    f"with dates added the query matches {found.facts.count:,} records, without them {alone:,}: PubMed drops words "
                    f"that it does not know ({unknown}); correct or remove them"
                )
        return self.source.read_set(term, first=found)

    def _allowed(self, plan: Plan) -> Found:
        first = self.source.search(plan.term)
        if first.facts.count > plan.watch.allow_over:
            raise TooManyMatches(
                f"the query matches {first.facts.count:,} records, more than allow_over "
                f"({plan.watch.allow_over:,}): narrow it, or raise allow_over",
                matched=first.facts.count,
                allowed=plan.watch.allow_over,
            )
        return self.source.read_set(plan.term, first=first)

    def _full_set(self, plan: Plan) -> tuple[Found, tuple[Warned, ...]]:
        whole = self.source.read_set(plan.term)
        last = plan.history.full_set_matched
        if len(whole.pmids) * 2 < last:
            whole = self.source.read_set(plan.term)
        warnings = []
        if len(whole.pmids) * 2 < last:
            what = f"the full set fell from {last:,} to {len(whole.pmids):,} records: PubMed or the query's terms have changed"
            warnings.append(Warned(Code.SET_FELL, what, "`watcher check --online` tells what PubMed makes of the query"))
        return whole, tuple(warnings)

    def _edit_cut(self, version: QueryVersion, history: RunHistory, lists: Sequence[str], now: datetime) -> date:
        covered = [self.store.list_history(name, now=now).covers_to for name in lists]
        ends = [version.cut if end is None else end for end in covered] or [version.cut]
        return min([*ends, history.full_set_as_of or version.cut])

    # --- similar articles ----------------------------------------------------------------------------------------------------

    def _similar(
        self, plan: Plan, reading: Reading, seeds: Sequence[ResolvedSeed], now: datetime
    ) -> tuple[Mapping[Pmid, frozenset[Origin]], bool, tuple[Warned, ...]]:
        """Neighbours of the seeds that were created lately: news like the others, with their own origin. A failure is a warning."""
        last = plan.history.similar_at
        pmids = sorted({resolved.article.pmid for resolved in seeds if resolved.article and not resolved.retracted})
        if not plan.watch.similar or not pmids or (last is not None and now - last < SIMILAR_EVERY):
            return {}, False, ()
        since = plan.cut if last is None else max(plan.cut, clock.ncbi_day(last) - SIMILAR_BACK)
        try:
            near = {neighbour.pmid for pmid in pmids for neighbour in self.source.similar(pmid)}
            unseen = sorted(near - plan.ledger.keys() - reading.news.keys() - reading.baseline)
            recent = self.source.created_since(unseen, since) if unseen else ()
        except PubMedError as error:
            told = Warned(Code.SIMILAR_LEFT_OUT, f"similar articles of the seeds were left out: {error}", "the next run asks again")
            return {}, False, (told,)
        found = {pmid: frozenset({Origin.SIMILAR}) for pmid in recent}
        also = {pmid: frozenset({Origin.SIMILAR}) for pmid in near & reading.news.keys()}
        return found | also, True, ()

    # --- fetch ---------------------------------------------------------------------------------------------------------------

    def _fetch(self, plan: Plan, reading: Reading, now: datetime, *, at_once: bool) -> Records:
        waiting = self.store.waiting(plan.watch.name)
        window = reading.window or frozenset()
        seen = window | (reading.full or frozenset())
        revived = tuple(sorted(pmid for pmid in seen if plan.ledger.get(pmid) is HitState.UNAVAILABLE))
        older = self._older(plan, reading)
        new = sorted(reading.news, reverse=True)
        oldest = now - timedelta(days=self.fetch_again_days)
        marked = self.store.unread_verdicts(plan.watch.name, oldest)
        damaged = self.store.without_text(plan.watch.name)[:CHANGED_PER_RUN]
        owed = self.store.to_be_judged(plan.watch.name)
        known = [*self._changed(plan, window, owed), *_strays(owed, reading)]
        wanted = list(dict.fromkeys([*new, *(one.pmid for one in waiting), *revived, *marked, *damaged, *known, *older]))
        _wait_for_quiet(plan, len(wanted), now, at_once=at_once)
        answer = self.source.fetch(wanted, progress=self._progress(plan, len(wanted)))
        got = {article.pmid: article for article in answer.articles}
        broken = dict(answer.broken)
        again = [pmid for pmid in new if pmid not in got]
        if again:
            second = self.source.fetch(again)
            got |= {article.pmid: article for article in second.articles}
            broken |= dict(second.broken)
        warnings = tuple(_unreadable(pmid, reason) for pmid, reason in broken.items() if pmid not in got)
        warnings += _mended(damaged, got)
        given_up = tuple(one.pmid for one in waiting if one.since < oldest and one.pmid not in got)
        waiting = tuple(one for one in waiting if one.pmid not in given_up)
        return Records(got, len(got), waiting, given_up, revived, older, warnings)

    def _changed(self, plan: Plan, window: frozenset[Pmid], owed: Collection[Pmid]) -> list[Pmid]:
        """Known records that the window found again, news and what a list has still to judge (`owed`: older papers of an edit too),
        those read longest ago first, at most 2,000. Where they are more than one batch, only those that moved since the last good run's
        own day: the overlap is there for records that were not seen."""
        known = self.store.stored([pmid for pmid in window if plan.ledger.get(pmid) is HitState.NEWS or pmid in owed])
        if len(known) > BATCH and plan.history.window_to is not None:
            moved = frozenset(self.source.read_set(self.source.windowed(plan.term, plan.history.window_to)).pmids)
            known = {pmid: facts for pmid, facts in known.items() if pmid in moved}
        return sorted(known, key=lambda pmid: (known[pmid].fetched_at, pmid))[:CHANGED_PER_RUN]

    def _older(self, plan: Plan, reading: Reading) -> tuple[Pmid, ...]:
        """What an edit adds from before the cut, newest first: the best of it is shown once."""
        if plan.kind != "edit" or reading.refusal or plan.watch.start.papers == 0:
            return ()
        return tuple(sorted(reading.baseline, reverse=True)[:OLDER_PER_EDIT])

    def _progress(self, plan: Plan, total: int) -> Callable[[int], None]:
        return lambda done: self.say(f"{plan.watch.name}: fetched {done:,} of {total:,} records")

    # --- what is kept ----------------------------------------------------------------------------------------------------------

    def _sorted_out(
        self,
        plan: Plan,
        reading: Reading,
        news: Mapping[Pmid, frozenset[Origin]],
        records: Records,
        ranking: Ranks,
        now: datetime,
    ) -> RunCommit:
        older = frozenset(records.older)
        kept = {pmid: article for pmid, article in records.got.items() if pmid not in older}
        scores = {scored.pmid: scored for scored in ranking.score(tuple(kept.values()))}
        starters = self._starters(plan, [records.got[pmid] for pmid in records.older if pmid in records.got], ranking)
        kept |= {pmid: records.got[pmid] for pmid in starters}
        scores |= starters
        arrived = tuple(one.pmid for one in records.waiting if one.pmid in kept) + tuple(p for p in records.revived if p in kept)
        still = tuple(one.pmid for one in records.waiting if one.pmid not in kept)
        awaiting = {pmid: origins for pmid, origins in news.items() if pmid not in kept}
        fresh = {pmid: _dated(origins, kept[pmid], plan.window_from) for pmid, origins in news.items() if pmid in kept}
        absent, present = _presence(plan, reading)
        commit = RunCommit(
            report=self._report(plan, reading, now),
            version=_new_version(plan, reading),
            articles=tuple(kept.values()),
            news=fresh,
            awaiting=awaiting,
            still_awaiting=still,
            arrived=arrived,
            unavailable=records.given_up,
            baseline=reading.baseline,
            starters=tuple(starters),
            absent=absent,
            present=present,
            ranking=ranking.facts,
            scores=tuple(scores.values()),
        )
        counted = replace(
            commit.report,
            fetched=records.fetched,
            new=len(fresh) + len(awaiting),
            awaiting=len(awaiting) + len(still),
            selected=sum(scores[pmid].value >= plan.watch.threshold for pmid in fresh),
            warnings=(*commit.report.warnings, *records.warnings),
        )
        return replace(commit, report=counted)

    def _starters(self, plan: Plan, older: Sequence[Article], ranking: Ranks) -> dict[Pmid, Scored]:
        excluded = set(plan.watch.exclude_types)
        usable = [one for one in older if one.stands and not excluded & set(one.publication_types)]
        near = [scored for scored in ranking.score(usable) if scored.value >= plan.watch.threshold]
        best = sorted(near, key=lambda scored: (-scored.value, -scored.pmid))[: plan.watch.start.papers]
        return {scored.pmid: scored for scored in best}

    def _report(self, plan: Plan, reading: Reading, now: datetime) -> RunReport:
        seen = reading.full if reading.full is not None else reading.window or frozenset()
        return RunReport(
            watch=plan.watch.name,
            kind=plan.kind,
            outcome=RunOutcome.GOOD,
            started_at=now,
            finished_at=now,
            window_from=plan.window_from,
            window_to=plan.as_of,
            full_set_as_of=plan.as_of if reading.full is not None else None,
            matched=len(seen),
            known=len(seen & plan.ledger.keys()),
            translation=reading.facts.translation,
            warnings=(*self.source.warnings(reading.facts, plan.watch.query), *reading.warnings, *_of_the_set(plan, reading)),
            error_kind=kind_of(reading.refusal) if reading.refusal else None,
            error=str(reading.refusal) if reading.refusal else None,
        )

    def _measured(self, report: RunReport, requests: int, started: float) -> RunReport:
        return replace(
            report,
            finished_at=clock.now(),
            requests=self.source.requests_made - requests,
            seconds=round(time.monotonic() - started, 3),
        )


def of_the_size(matched: int, watch: Watch) -> tuple[Warned, ...]:
    """What the number of records says that a query matches."""
    if matched == 0:
        return (Warned(Code.NO_MATCH, "the query matches nothing in PubMed", "try it on PubMed's page, one part after the other"),)
    if matched > watch.allow_over:
        what = f"the query matches more records than allow_over ({watch.allow_over:,})"
        return (Warned(Code.TOO_MANY, what, "narrow it, or raise allow_over"),)
    return ()


def _of_the_set(plan: Plan, reading: Reading) -> tuple[Warned, ...]:
    """What the size of the full set says, where it was read by the watch's own query."""
    return () if reading.full is None or reading.refusal else of_the_size(len(reading.full), plan.watch)


def _unreadable(pmid: Pmid | None, reason: str) -> Warned:
    fix = "it is asked for again; if it stays so, report it"
    return Warned(Code.RECORD_UNREADABLE, f"PMID {pmid or '?'} cannot be read: {reason}", fix)


def _merged(news: Mapping[Pmid, frozenset[Origin]], similar: Mapping[Pmid, frozenset[Origin]]) -> dict[Pmid, frozenset[Origin]]:
    return {pmid: news.get(pmid, frozenset()) | similar.get(pmid, frozenset()) for pmid in [*news, *similar]}


def _dated(origins: frozenset[Origin], article: Article, window_from: date | None) -> frozenset[Origin]:
    """A record in the window by neither its creation nor its entry date got there by being indexed or revised."""
    if window_from is None or Origin.QUERY not in origins:
        return origins
    days = [day for day in (article.crdt, article.edat) if day is not None]
    if not days or max(days) >= window_from:
        return origins
    return origins - {Origin.QUERY} | {Origin.INDEXED}


def _presence(plan: Plan, reading: Reading) -> tuple[frozenset[Pmid], frozenset[Pmid]]:
    """Known news that a full set of the version in force no longer, and still, holds."""
    if plan.kind != "full" or reading.full is None:
        return frozenset(), frozenset()
    known = frozenset(pmid for pmid, state in plan.ledger.items() if state is HitState.NEWS)
    return known - reading.full, known & reading.full


def _new_version(plan: Plan, reading: Reading) -> NewVersion | None:
    if plan.kind not in ("first", "edit") or reading.refusal or reading.full is None:
        return None
    return NewVersion(
        term=plan.term,
        cut=plan.cut,
        translation=reading.facts.translation,
        phrases_not_found=reading.facts.phrases_not_found,
        matched=len(reading.full),
    )


def _mended(damaged: Sequence[Pmid], got: Mapping[Pmid, Article]) -> tuple[Warned, ...]:
    """What is told of records whose stored text was damaged or gone."""
    again, missing = [pmid for pmid in damaged if pmid in got], [pmid for pmid in damaged if pmid not in got]
    told = [f"the stored text of {pmids(again)} was damaged or gone: fetched again"] if again else []
    if missing:
        told.append(
            f"the stored text of {pmids(missing)} is damaged or gone, and EFetch does not give the record: asked for with each run"
        )
    return tuple(
        Warned(Code.TEXT_DAMAGED, one, "look at the disk; docs/operations.md says how to check the database") for one in told
    )


def _strays(owed: Mapping[Pmid, bool], reading: Reading) -> list[Pmid]:
    """What a list has still to judge and the query no longer finds, so that no search tells that its record changed, at most 2,000."""
    strays = [pmid for pmid, is_absent in owed.items() if (is_absent if reading.full is None else pmid not in reading.full)]
    return strays[:CHANGED_PER_RUN]


def _wait_for_quiet(plan: Plan, records: int, now: datetime, *, at_once: bool) -> None:
    requests = -(-records // BATCH)
    if requests > LARGE_JOB and not at_once and not schedule.is_quiet_at_ncbi(now):
        raise QuietHours(
            f"{records:,} records take {requests} requests, which wait for NCBI's quiet hours (21:00 to 05:00 and weekends, US Eastern)",
            fix=f"`watcher run {plan.watch.name} --now` does it at once",
        )


def _failed(plan: Plan, now: datetime, error: PubMedError | ConfigurationError | Stopped) -> RunReport:
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
        may_pass=isinstance(error, Stopped) or (isinstance(error, PubMedError) and error.may_pass),
    )
