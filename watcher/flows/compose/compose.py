"""A list's digest for one period: judged, arranged, rendered, and owed in one transaction.

    1 gather   per watch: news never judged by this list, records that gained an abstract or headings, papers to reconsider, starters
    2 score    under the present ranking of each watch; what the store lacks is computed and kept
    3 judge    outcomes; works merged over records and watches
    4 arrange  sections, limits; on top what became of papers of earlier digests; rendered until the mail fits its budget
    5 owe      digest, judgements, presented works, messages and one pending delivery per recipient

Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from watcher import clock, schedule
from watcher.digest.arrange import GivingWay, Yardstick, arrange, by_theme
from watcher.digest.chips import chips, with_known
from watcher.digest.parts import Fits
from watcher.digest.wording import day_and_time, named
from watcher.domain import (
    Article,
    Candidate,
    Channel,
    Code,
    Contact,
    DeliveryState,
    Digest,
    DigestList,
    Empty,
    ErrorKind,
    Gap,
    Highlight,
    Item,
    Message,
    Outcome,
    Period,
    Receipt,
    RecordId,
    ResolvedSeed,
    RunOutcome,
    RunReport,
    Scored,
    Section,
    VerdictKind,
    Watch,
    Weeks,
)
from watcher.errors import ConfigurationError
from watcher.flows.compose import weeks
from watcher.flows.compose.highlight import SPAN, yardstick
from watcher.flows.compose.judging import Basis, Judged, entries, follow_ups, judge, outcomes, reconsidered, tally, with_remarks
from watcher.flows.compose.outages import coverage
from watcher.flows.compose.themes import Facets, sorting
from watcher.flows.notices import wording
from watcher.flows.ports import Rank, Ranks
from watcher.flows.scoring.unranked import ranking_or_not
from watcher.flows.scoring.verdicts import counted, not_wanted
from watcher.flows.search.following import told_of_changes
from watcher.rank.calibration import ENOUGH, Labelled
from watcher.store import DeliveryFacts, Judgement, ListHistory, Owed, Store

RECONSIDER_BACK = timedelta(days=28)
"""So long a paper that was below the threshold may come back, when seeds or verdicts have changed."""
LARGE = 2_000
"""So many papers take much memory by themselves: before and after they are rendered, what else takes some is given back."""
TOLD_FROM = timedelta(hours=2)
"""Outages from this length on are worth a mail to a list that is silent about empty periods."""


_FOR_READERS = frozenset({Code.UNRANKED})
_FOR_THE_OWNER = frozenset({ErrorKind.SEEDS, ErrorKind.SEED_FILE, ErrorKind.COLLECTION})
"""What an error of these kinds says names files and keys: a reader is told the kind."""


@dataclass(frozen=True, slots=True)
class Request:
    """One digest to compose. `slot` None is a digest by hand, now; `runs` are this occasion's reports by watch."""

    list: DigestList
    watches: tuple[Watch, ...]
    channels: tuple[Channel, ...]
    runs: Mapping[str, RunReport]
    now: datetime
    slot: datetime | None = None
    late_reason: str = ""
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A composed digest that nobody owes yet."""

    digest: Digest
    messages: tuple[Message, ...]
    judgements: tuple[Judgement, ...]
    is_empty: bool

    @property
    def is_large(self) -> bool:
        """Whether its papers take much memory by themselves."""
        return len(self.digest.presented) > LARGE

    def without_texts(self) -> Draft:
        """The same without the abstracts of its papers, which only rendering needs."""

        def bare(items: Sequence[Item]) -> tuple[Item, ...]:
            return tuple(replace(item, article=replace(item.article, abstract="")) for item in items)

        return replace(self, digest=replace(self.digest, items=bare(self.digest.items), attached=bare(self.digest.attached)))


@dataclass(slots=True)
class _Hearing:
    """What was judged. `rankings`: the hash of the ranking that each watch was judged under; `yardsticks`
    and `highlights`: what its scores mean, and how that was found; `starting`: watches that this list has had
    no digest of; `unheard`: watches that could not be judged, and why."""

    judged: list[Judged] = field(default_factory=list)
    rankings: dict[str, str] = field(default_factory=dict)
    yardsticks: dict[str, Yardstick] = field(default_factory=dict)
    highlights: list[Highlight] = field(default_factory=list)
    starting: set[str] = field(default_factory=set)
    unheard: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes digests. `seeds` gives a watch's resolved seeds without asking PubMed; `ris` and `nbib` write articles as files;
    `recipients` says to whom a channel delivers; `host` is the right-hand side of Message-IDs and List-Ids; `run_schedule`, spread
    by `jitter_minutes`, says when watches are searched by themselves, so that a digest can tell when they were not; `giving_way`
    finds near-duplicates among the candidates for the picks (None: none are looked for); `facets` gives a watch's themes (None:
    lists that ask for them group all under "Other"); `fits` says what channels take in one message; `contact` whom the readers of
    channels write to; `rest` gives back what ranking took, once a large digest is judged; `labelled` scores the papers that
    a watch's readers marked, each without its own verdict; `known` says which works are in the lab's library, which with
    `leaves_known_out` are not shown."""

    store: Store
    seeds: Callable[[Watch], Sequence[ResolvedSeed]]
    rank: Rank
    ris: Callable[[Sequence[Article]], str]
    nbib: Callable[[Sequence[Article]], str]
    recipients: Callable[[Channel], tuple[str, ...]]
    host: str
    base_url: str | None = None
    run_schedule: schedule.Schedule | None = None
    jitter_minutes: int = 0
    giving_way: GivingWay | None = None
    facets: Callable[[Watch], Facets] | None = None
    fits: Callable[[Sequence[Channel]], Fits] = lambda _channels: lambda _subject, _text: True
    contact: Callable[[Sequence[Channel]], Contact | None] = lambda _channels: None
    rest: Callable[[], None] = lambda: None
    labelled: Callable[[Watch], Sequence[Labelled]] = lambda _watch: ()
    known: Callable[[Collection[int]], frozenset[int]] = lambda _works: frozenset()
    leaves_known_out: bool = False

    def compose(self, request: Request, *, with_texts: bool = True) -> Draft:
        """Compose and owe; the messages are in the database then, and no longer in the draft, nor are abstracts unless `with_texts`.

        Raises:
            AlreadyComposed: this list has a digest for this period.
        """
        from watcher.digest.entries import of_digest  # noqa: PLC0415 - as in draft

        draft = self.draft(request)
        entries, owed = of_digest(draft.digest), self._owed(request, draft)
        draft = draft if with_texts else draft.without_texts()
        if draft.is_large:
            self.rest()
        kind = "scheduled" if request.slot else "manual"
        self.store.owe_digest(draft.digest, draft.judgements, owed, host=self.host, kind=kind, entries=entries)
        return replace(draft, messages=(), judgements=())

    def draft(self, request: Request) -> Draft:
        """Compose without owing anything; scores that were missing are kept."""
        from watcher.digest.render import messages  # noqa: PLC0415 - templates and Jinja: only when something is composed

        history = self.store.list_history(request.list.name, now=request.now)
        hearing = self._heard(request, history)
        judged = hearing.judged
        if len(judged) > LARGE:
            self.rest()
        basis = self._basis(request.list, judged)
        records = self.store.works({one.candidate.work_id for one in judged}, at_hand=[one.article for one in judged])
        period = self._period(request, history, hearing.unheard)
        arranged = arrange(
            entries(judged, records),
            list_=request.list,
            watches={watch.name: watch for watch in request.watches},
            period=period,
            composed_at=clock.now(),  # after the runs: what they found is not news to the next digest
            follow_ups=follow_ups(judged, basis, records),
            gaps=_gaps(request, period, self.store, hearing.unheard),
            receipt=replace(self._receipt(request, history, judged), highlights=tuple(hearing.highlights)),
            base_url=self.base_url,
            contact=self.contact(request.channels),
            new_watches=hearing.starting,
            giving_way=self.giving_way,
            yardsticks=hearing.yardsticks,
        )
        arranged = self._with_corrections(self._with_known(arranged), request)
        if request.list.group_by == "theme":
            known = {one.name: self.facets(one) for one in request.watches if self.facets and one.name in hearing.rankings}
            arranged = by_theme(arranged, *sorting(request.list.watches, known))
        kinds = {channel.kind for channel in request.channels}
        most = max((one.max_mail_mb for one in request.channels if one.kind.facts.attaches), default=0.0)
        fits, most_bytes = self.fits(request.channels), int(most * 1_000_000)
        digest, rendered = messages(
            arranged, kinds=kinds, ris=self.ris, nbib=self.nbib, fits=fits, most_bytes=most_bytes, host=self.host
        )
        told = digest.presented or digest.follow_ups or digest.corrected
        return Draft(digest, rendered, _judgements(request, digest, hearing), not told)

    def _with_known(self, digest: Digest) -> Digest:
        """The digest with a chip at each paper that is in the lab's library."""
        known = self.known({item.work_id for item in digest.presented})

        def marked(items: tuple[Item, ...]) -> tuple[Item, ...]:
            return tuple(replace(item, chips=with_known(item.chips)) if item.work_id in known else item for item in items)

        return replace(digest, items=marked(digest.items), attached=marked(digest.attached))

    def _with_corrections(self, digest: Digest, request: Request) -> Digest:
        """The digest with what became of papers that the list had, and beside its own papers what was there before them."""
        known = self.store.corrections_of_works({item.work_id for item in digest.presented})

        def told(items: tuple[Item, ...]) -> tuple[Item, ...]:
            return tuple(replace(item, corrections=known[item.work_id]) if item.work_id in known else item for item in items)

        corrected = tuple(one.paper for one in self.store.untold(request.list.name, clock.now()))
        return replace(digest, items=told(digest.items), attached=told(digest.attached), corrected=corrected)

    # --- gather, score, judge ---------------------------------------------------------------------------------------------------

    def _heard(self, request: Request, history: ListHistory) -> _Hearing:
        """Everything judged, watch by watch. A watch whose seeds cannot be read is left for the next digest, and the others go on."""
        hearing = _Hearing()
        for watch in request.watches:
            try:
                ranking, unranked = ranking_or_not(self.rank, self.seeds(watch), watch)
            except ConfigurationError as error:
                hearing.unheard[watch.name] = "; ".join(problem.what for problem in error.problems)
                continue
            hearing.rankings[watch.name] = ranking.facts.sha256
            new = self.store.unjudged(request.list.name, watch.name)
            hearing.judged += self._judged_for(request, history, watch, ranking, new)
            brought = self.store.brought(watch.name, ranking.facts.sha256, (request.slot or request.now) - SPAN, request.now)
            meaning, highlight = yardstick(watch, brought, self._labelled(watch), is_ranked=unranked is None)
            hearing.yardsticks[watch.name] = meaning
            hearing.highlights.append(highlight)
            if self._is_starting(request.list.name, watch.name, new, history):
                hearing.starting.add(watch.name)
        return hearing

    def _labelled(self, watch: Watch) -> Sequence[Labelled]:
        """The marked papers, where they decide what is highly relevant: they are scored anew, which takes a while."""
        said = counted(self.store, watch.name)
        is_enough = min(said.get(kind, 0) for kind in VerdictKind if kind.teaches) >= ENOUGH
        return self.labelled(watch) if watch.highlight is None and is_enough else ()

    def _is_starting(self, list_: str, watch: str, new: Sequence[Candidate], history: ListHistory) -> bool:
        """Whether the list has had no digest of this watch: its query was first read since the last one, or it brings news that was
        there before the last one and the list never judged anything of it."""
        last, version = history.last_composed_at, self.store.version_in_force(watch)
        if last is None or (version and version.ordinal == 1 and version.valid_from > last):
            return True
        earlier = any(hit.news_at is not None and hit.news_at <= last for one in new for hit in one.hits)
        return earlier and not self.store.has_judged(list_, watch)

    def _judged_for(
        self, request: Request, history: ListHistory, watch: Watch, ranking: Ranks, new: Sequence[Candidate]
    ) -> list[Judged]:
        name, since, last = request.list.name, request.now - RECONSIDER_BACK, history.last_composed_at
        gained = self.store.gained(name, watch.name)
        starters = self.store.starters(name, watch.name)
        again = self.store.reconsiderable(name, watch.name, since, ranking.facts.sha256)
        unwanted = not_wanted(self.store, watch.name)
        again = tuple(one for one in _without(again, (*new, *gained, *starters)) if one.article.record_id not in unwanted)
        scores = self._scores(watch, ranking, (*new, *gained, *starters, *again), request.now)
        basis = self._basis(request.list, (*new, *gained, *starters, *again))
        return [
            *with_remarks(judge(basis, watch, new, scores), last),
            *judge(basis, watch, _without(gained, new), scores, note="its abstract or its MeSH headings have arrived"),
            *judge(basis, watch, _without(starters, (*new, *gained)), scores, Section.STARTER),
            *reconsidered(basis, watch, again, scores),
        ]

    def _scores(self, watch: Watch, ranking: Ranks, candidates: Sequence[Candidate], now: datetime) -> dict[RecordId, Scored]:
        articles = {one.article.record_id: one.article for one in candidates}
        known = self.store.scores(watch.name, ranking.facts.sha256, articles.keys())
        missing = [article for record_id, article in articles.items() if record_id not in known]
        fresh = ranking.score(missing)
        if fresh:
            self.store.save_scores(watch.name, ranking.facts, fresh, now)
        return known | {scored.record_id: scored for scored in fresh}

    def _basis(self, list_: DigestList, of: Sequence[Judged] | Sequence[Candidate]) -> Basis:
        works = {one.candidate.work_id if isinstance(one, Judged) else one.work_id for one in of}
        left_out = self.known(works) if self.leaves_known_out else frozenset()
        return Basis(list_, self.store.presented(list_.name, works), chips, self._fallen(works), left_out)

    def _fallen(self, works: Collection[int]) -> dict[int, tuple[Article, ...]]:
        """By work, the records that were retracted, withdrawn or removed: few, so that their texts are read for them alone."""
        known = self.store.corrections_of_works(works)
        fallen = {work: {one.record_id for one in found if one.kind.retracts} for work, found in known.items()}
        records = self.store.works([work for work, record_ids in fallen.items() if record_ids])
        return {work: tuple(one for one in found if one.record_id in fallen[work]) for work, found in records.items()}

    # --- the digest's frame -------------------------------------------------------------------------------------------------------

    def _period(self, request: Request, history: ListHistory, unheard: Mapping[str, str]) -> Period:
        """The days that are covered: up to the latest reading of a watch that was judged; none beyond the last digest's end when there
        was no reading since."""
        heard = [watch.name for watch in request.watches if watch.name not in unheard]
        fresh = [day for name in heard if (report := request.runs.get(name)) and (day := _fresh_day(report))]
        before = [day for name in heard if (day := self.store.run_history(name, now=request.now).full_set_as_of)]
        first = history.covers_to is None
        start = max((watch.start.days for watch in request.watches), default=0)
        covers_from = history.covers_to or clock.ncbi_day(history.created_at or request.now) - timedelta(days=start)
        covers_to = max(fresh) if fresh else max([covers_from, *before])
        slot = request.slot or request.now
        return Period(
            key=schedule.period_key(slot) if request.slot else f"manual:{request.now.isoformat(timespec='seconds')}",
            slot_at=slot,
            covers_from=min(covers_from, covers_to),
            covers_to=covers_to,
            first=first,
            late_reason=request.late_reason,
        )

    def _receipt(self, request: Request, history: ListHistory, judged: Sequence[Judged]) -> Receipt:
        counts = tally(judged)
        runs = {
            watch.name: self.store.runs_since(watch.name, history.last_composed_at, now=clock.now()) for watch in request.watches
        }
        latest = [next((run for run in reversed(reports) if run.outcome is RunOutcome.GOOD), None) for reports in runs.values()]
        since = history.last_composed_at or history.created_at or request.now
        damaged = {watch.name: self.store.awaiting_text(watch.name) for watch in request.watches}
        titles = {watch.name: watch.title for watch in request.watches}
        untold = [
            f"watch {titles[name]}: the stored text of {named(held)} is damaged: it comes once the record was fetched again"
            for name, held in damaged.items()
            if held
        ]
        gone = [
            record_id
            for watch in request.watches
            for record_id in self.store.newly_unavailable(watch.name, history.last_composed_at)
        ]
        return Receipt(
            checked=sum(_full_count(reports) for reports in runs.values()),
            new=counts.new,
            below_threshold=counts.rejections.get(Outcome.BELOW_THRESHOLD, 0),
            excluded_type=counts.rejections.get(Outcome.EXCLUDED_TYPE, 0),
            already_presented=counts.rejections.get(Outcome.ALREADY_PRESENTED, 0),
            in_library=counts.rejections.get(Outcome.IN_LIBRARY, 0),
            retracted=counts.retracted,
            awaiting=sum(self.store.awaiting_count(name) + len(held) for name, held in damaged.items()),
            unavailable=tuple(sorted(set(gone))),
            failures=(
                *request.failures,
                *_standing(self.store, request.list),
                *(line for name, reports in runs.items() for line in _failures(titles[name], reports, request.list.timezone)),
            ),
            remarks=tuple(dict.fromkeys([*_for_readers(latest, titles), *self._seeds_changed(request, history), *untold])),
            next_digest_at=schedule.parse(request.list.schedule, request.list.timezone).next(request.now),
            weeks=self._weeks(request),
            outages=coverage(self.store, runs, self.run_schedule, self.jitter_minutes, since, clock.now()),
            reweighed=tuple(watch.title for watch in request.watches if self._is_reweighed(watch, history)),
        )

    def _seeds_changed(self, request: Request, history: ListHistory) -> Iterator[str]:
        """How the collections that seeds follow were found otherwise since the list's last digest."""
        since = history.last_composed_at
        followed = [(watch, source) for watch in request.watches for source in watch.seeds_from]
        for watch, source in followed:
            told = told_of_changes(self.store.zotero.changes(source, since)) if since else ""
            known = self.store.zotero.collection(source) if told else None
            if known is not None:
                yield f"watch {watch.title}: its seeds follow the collection {known.name}, in which {told}"

    def _is_reweighed(self, watch: Watch, history: ListHistory) -> bool:
        """Whether the ranking is another one by a snapshot that was taken since the last digest."""
        own, last = self.store.snapshot_facts(watch.name), history.last_composed_at
        return own is not None and last is not None and own.taken_at > last

    def _weeks(self, request: Request) -> tuple[Weeks, ...]:
        """The last weeks of each watch, as far as they are written down."""
        limits, list_ = weeks.bounds(request.now, request.list.timezone), request.list.name
        return tuple(self.store.weeks(watch.name, limits, list_name=list_) for watch in request.watches)

    def _owed(self, request: Request, draft: Draft) -> tuple[Owed, ...]:
        silent = draft.is_empty and request.list.empty is Empty.NOTHING
        if silent and not _speaks(draft.digest):
            return ()
        return tuple(
            Owed(message, channel.name, self.recipients(channel))
            for channel in request.channels
            for message in draft.messages
            if message.kind is channel.kind
        )


def _for_readers(latest: Iterable[RunReport | None], titles: Mapping[str, str]) -> Iterator[str]:
    """What the last good runs met that explains what is shown, by the watches' titles; all else is for those who keep the watcher."""
    for run in filter(None, latest):
        yield from (f"watch {titles[run.watch]}: {one.what}" for one in run.warnings if one.code in _FOR_READERS)


def _speaks(digest: Digest) -> bool:
    """Whether a reader must hear of an empty period even when the list is silent about them."""
    receipt = digest.receipt
    long = any(one.made_good_at is None or one.until - one.since >= TOLD_FROM for one in receipt.outages)
    return bool(digest.gaps or receipt.failures or long)


def _without(candidates: Sequence[Candidate], others: Sequence[Candidate]) -> tuple[Candidate, ...]:
    taken = {one.article.record_id for one in others}
    return tuple(one for one in candidates if one.article.record_id not in taken)


def _judgements(request: Request, digest: Digest, hearing: _Hearing) -> tuple[Judgement, ...]:
    thresholds = {watch.name: watch.threshold for watch in request.watches}
    shown = frozenset(item.article.record_id for item in digest.items)
    attached = frozenset(item.article.record_id for item in digest.attached)
    return tuple(
        Judgement(one.watch, one.article.record_id, outcome, one.scored.value, thresholds[one.watch], hearing.rankings[one.watch])
        for one, outcome in outcomes(hearing.judged, shown, attached)
    )


def _fresh_day(report: RunReport) -> date | None:
    return report.full_set_as_of if report.outcome is RunOutcome.GOOD else None


def _gaps(request: Request, period: Period, store: Store, unheard: Mapping[str, str]) -> tuple[Gap, ...]:
    """Watches whose full set could not be read for this digest, or whose news could not be judged."""
    gaps = []
    until = max(period.covers_to, clock.ncbi_day(request.now))
    for watch in request.watches:
        report = request.runs.get(watch.name)
        if watch.name in unheard or report is None or _fresh_day(report) is None:
            read = None if watch.name in unheard else store.run_history(watch.name, now=request.now).full_set_as_of
            reason = unheard.get(watch.name) or _why(report) or "PubMed was not asked"
            gaps.append(Gap(watch.name, read or period.covers_from, until, reason))
    return tuple(gaps)


def _why(report: RunReport | None) -> str | None:
    """What a run failed of, for a reader."""
    if report is None or report.error_kind not in _FOR_THE_OWNER:
        return report.error if report else None
    return wording.in_short(report.error_kind)


def _full_count(reports: Sequence[RunReport]) -> int:
    return next((run.matched for run in reversed(reports) if run.full_set_as_of is not None), 0)


def _failures(title: str, reports: Sequence[RunReport], zone: str) -> tuple[str, ...]:
    """One sentence for the runs of a watch since the last digest that ended with an error and that no outage tells of: an edited query that was
    refused, a large job that waits for the night, a last run that was cut off."""
    superseded = {run for run in reports[:-1] if run.outcome is RunOutcome.ABANDONED}
    failed = [run for run in reports if run.error_kind and not run.is_failure and run not in superseded]
    if not failed:
        return ()
    good = reports[-1].outcome is RunOutcome.GOOD and reports[-1].error_kind is None
    last = failed[-1]
    times = "once" if len(failed) == 1 else f"{len(failed)} times"
    ending = "; a later run made it good" if good else ""
    return (f"watch {title}: a run failed {times}, last on {day_and_time(last.started_at, zone)}: {last.error}{ending}",)


def _standing(store: Store, list_: DigestList) -> Iterator[str]:
    """What is wrong besides PubMed: messages that a channel does not take, a configuration that cannot be used."""
    parked: dict[str, list[DeliveryFacts]] = {}
    for one in store.deliveries(states={DeliveryState.PARKED}, limit=10_000):
        if one.list_name in (None, list_.name) or one.channel in list_.channels:
            parked.setdefault(one.channel, []).append(one)
    for channel, held in sorted(parked.items()):
        messages_are = "1 message is" if len(held) == 1 else f"{len(held):,} messages are"
        since = day_and_time(min(one.created_at for one in held), list_.timezone)
        yield f"{messages_are} held back for channel {channel} since {since}: {held[0].reason}"
    yield from (notice.whole.replace("`", "") for notice in store.open_notices() if wording.is_configuration(notice.topic))
