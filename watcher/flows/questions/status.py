"""How things stand, told by `watcher status`: the service, the database, the configuration, each watch and list, what is owed, what fails.

`status` gives a value, `document` writes it as JSON in the words of the configuration. Nothing secret is in either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import watcher
from watcher import clock, health
from watcher.domain import (
    DeliveryState,
    DigestList,
    Outage,
    Place,
    PushState,
    RunOutcome,
    SeedsFrom,
    VerdictKind,
    Warned,
    Watch,
    Weeks,
    as_document,
)
from watcher.errors import ConfigurationError
from watcher.flows.compose import weeks
from watcher.flows.compose.outages import coverage
from watcher.flows.deliver.stopping import stop_told
from watcher.flows.notices import wording
from watcher.flows.questions import warnings
from watcher.flows.schedule.due import Calendar, is_paused
from watcher.flows.scoring.ground import told
from watcher.flows.scoring.verdicts import counted
from watcher.flows.search.corrections import summary as reread_line
from watcher.health import Pulse
from watcher.store import CollectionFacts, DeliveryFacts, LibraryFacts, Rereading, RunHistory, SnapshotFacts, Store, StoreFacts

if TYPE_CHECKING:
    from watcher.flows.deliver.pushing import Target
    from watcher.flows.schedule.tick import Ticker
    from watcher.flows.scoring.embedding import DenseState

_LISTED = 20
"""Deliveries that are told one by one."""

_NAMED = 5
"""Papers that are named of those that cannot be pushed for one reason."""

_UPCOMING = 3
"""Slots that are told of each watch and list."""

_OUTAGES_FOR = timedelta(days=28)
"""How long an outage that was made good is told."""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The service that works on this database's folder, as `watcher healthcheck` sees it: `pid` and `since` while it runs, and `problems`,
    which are none while it is well."""

    pid: int | None
    since: datetime | None
    problems: tuple[str, ...]

    @property
    def is_running(self) -> bool:
        """Whether it gives signs of life."""
        return self.pid is not None


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """The database: its kind, its size, and how many of its texts are damaged; None where it was not opened."""

    kind: str | None = None
    size_bytes: int | None = None
    damaged: int | None = None


@dataclass(frozen=True, slots=True)
class ConfigState:
    """The configuration: `sha256` is of the one in force, also while the file is refused (`is_refused`, for an error at `error`)."""

    sha256: str | None
    is_refused: bool = False
    error: Place | None = None


@dataclass(frozen=True, slots=True)
class OpenSpan:
    """Days since the last whole reading that failing runs leave open."""

    since: date | None
    until: date
    reason: str | None
    fix: str | None


@dataclass(frozen=True, slots=True)
class WatchState:
    """A watch. `matched` is None before its first reading; `relevant` and `not_relevant` count the papers that its readers agree on;
    `weeks_from` are the first days of the weeks that `weeks` counts; `snapshot`: of its own papers, which its ranking may believe;
    `collections`: of Zotero, which its seeds follow."""

    name: str
    last_good_run_at: datetime | None
    next_run_at: datetime
    matched: int | None
    awaiting: int
    covers_to: date | None
    open_spans: tuple[OpenSpan, ...]
    relevant: int
    not_relevant: int
    weeks_from: tuple[date, ...]
    weeks: Weeks
    upcoming: tuple[datetime, ...]
    snapshot: SnapshotFacts | None = None
    collections: tuple[CollectionFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class ListState:
    """A list. `last_period` is None before its first digest, which held `last_papers`."""

    name: str
    next_digest_at: datetime
    last_period: str | None
    last_papers: int
    upcoming: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class OwedState:
    """How many deliveries are owed, and since when the oldest is."""

    pending: int = 0
    sending: int = 0
    parked: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PushedState:
    """Which papers are pushed where in Zotero, and how many wait, are held back, and were pushed."""

    collection: str
    what: str
    pending: int = 0
    parked: int = 0
    pushed: int = 0


@dataclass(frozen=True, slots=True)
class CorrectionsState:
    """When papers that readers had are read again (None: never), and what came of the last time."""

    next_rereading_at: datetime | None = None
    last_rereading: Rereading | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that fails: what it is ("watch", "delivery", "notice"), its name or number, its kind where it has one, and as a
    sentence of its own what it said and what to do."""

    about: str
    name: str
    intro: str
    reason: str
    fix: str | None = None
    kind: str | None = None

    @property
    def told(self) -> str:
        """All of it for a person."""
        return f"{self.intro}: {_said(self.reason, self.fix)}"


@dataclass(frozen=True, slots=True)
class Status:
    """How everything stands at `now`, in the time zone `timezone` (None when no configuration can be had). `refused` are the problems of a
    file that is not in force, `remarks` what is worth a line on a terminal and is no incident. A `next_…_at` that is `now` is due."""

    now: datetime
    clock: str
    timezone: str | None
    zones: str
    version: str
    schema: str | None
    service: ServiceState
    config: ConfigState
    database: DatabaseState = DatabaseState()
    watches: tuple[WatchState, ...] = ()
    lists: tuple[ListState, ...] = ()
    owed: OwedState = OwedState()
    corrections: CorrectionsState = CorrectionsState()
    dense: DenseState | None = None
    zotero: LibraryFacts | None = None
    push: PushedState | None = None
    outages: tuple[Outage, ...] = ()
    warnings: tuple[Warned, ...] = ()
    refused: tuple[str, ...] = ()
    incidents: tuple[Incident, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """All that fails, for a person."""
        return (*self.refused, *(one.told for one in self.incidents))


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the database: its kind, the pulse of the service if there is one, and why the configuration file is refused
    while the last good one is in force; all that is warned of; how the dense part stands where a model is configured; and the library
    of Zotero that is indexed."""

    database: str = "sqlite"
    pulse: Pulse | None = None
    refused: ConfigurationError | None = None
    warnings: tuple[Warned, ...] = ()
    dense: DenseState | None = None
    library: str = ""
    push: Target | None = None


def status(ticker: Ticker | Calendar, store: Store, *, now: datetime, config_sha256: str, around: Around | None = None) -> Status:
    """The state of everything, also before anything has run."""
    around = around or Around()
    facts, zone = store.facts(), ticker.run_schedule.zone.key
    coming = {(one.kind, one.name): one.slots for one in ticker.upcoming(now, _UPCOMING)}
    return Status(
        now=now,
        clock=clock.source(),
        timezone=zone,
        zones=clock.zones_in_use(),
        version=watcher.__version__,
        schema=facts.schema,
        service=_service(around.pulse),
        config=_config(config_sha256, around.refused),
        database=DatabaseState(around.database, facts.size_bytes, facts.damaged),
        watches=tuple(_watch(ticker, store, watch, now, coming["watch", name]) for name, watch in ticker.watches.items()),
        lists=tuple(_list(ticker, store, list_, now, coming["list", name]) for name, list_ in ticker.lists.items()),
        owed=OwedState(facts.pending, facts.sending, facts.parked, facts.oldest_at),
        corrections=CorrectionsState(ticker.rereader.next_rereading(now) if ticker.rereader else None, store.last_rereading(now)),
        dense=around.dense,
        zotero=store.zotero.library(around.library) if around.library else None,
        push=_pushed(store, around.push) if around.push else None,
        outages=_outages(ticker, store, now),
        warnings=around.warnings,
        refused=_refused(around.refused),
        incidents=(*_incidents(store, ticker.watches.values(), now), *_held_back(store, around.push)),
        remarks=tuple(_remarks(ticker, store, facts, now)),
    )


def broken(error: ConfigurationError, *, now: datetime) -> Status:
    """The same when neither the configuration nor a last good one can be had: the place of its first error stands in `config`, what is
    wrong in `refused`."""
    return Status(
        now=now,
        clock=clock.source(),
        timezone=None,
        zones=clock.zones_in_use(),
        version=watcher.__version__,
        schema=None,
        service=_service(None),
        config=_config(None, error),
        refused=_refused(error),
    )


def _service(pulse: Pulse | None) -> ServiceState:
    now = clock.real_now()
    running = pulse if pulse is not None and not health.is_stale(pulse, now) else None
    why = health.verdict(pulse, now)
    return ServiceState(running.pid if running else None, running.started_at if running else None, tuple(why))


def _config(sha256: str | None, refused: ConfigurationError | None) -> ConfigState:
    return ConfigState(sha256) if refused is None else ConfigState(sha256, is_refused=True, error=refused.problems[0].place)


def _refused(error: ConfigurationError | None) -> tuple[str, ...]:
    return tuple(str(problem) for problem in (error.problems if error else ()))


def _watch(ticker: Ticker | Calendar, store: Store, watch: Watch, now: datetime, upcoming: tuple[datetime, ...]) -> WatchState:
    history = store.run_history(watch.name, now=now)
    good, marked = history.last_good, counted(store, watch.name)
    zone = ticker.run_schedule.zone.key
    limits = weeks.bounds(now, zone)
    return WatchState(
        name=watch.name,
        last_good_run_at=good.started_at if good else None,
        next_run_at=ticker.next_run(watch, now),
        matched=history.full_set_matched if history.full_set_as_of else None,
        awaiting=store.awaiting_count(watch.name),
        covers_to=history.full_set_as_of,
        open_spans=_open_spans(history, now),
        relevant=marked.get(VerdictKind.RELEVANT, 0),
        not_relevant=marked.get(VerdictKind.NOT, 0),
        weeks_from=tuple(limit.astimezone(ZoneInfo(zone)).date() for limit in limits[:-1]),
        weeks=store.weeks(watch.name, limits),
        upcoming=upcoming,
        snapshot=store.snapshot_facts(watch.name),
        collections=tuple(store.zotero.collection(source) or CollectionFacts(0, source) for source in watch.seeds_from),
    )


def _open_spans(history: RunHistory, now: datetime) -> tuple[OpenSpan, ...]:
    last = history.last
    if last is None or last.outcome is RunOutcome.GOOD:
        return ()
    return (OpenSpan(history.window_to, clock.ncbi_day(now), last.error, last.fix),)


def _list(ticker: Ticker | Calendar, store: Store, list_: DigestList, now: datetime, upcoming: tuple[datetime, ...]) -> ListState:
    history = store.list_history(list_.name, now=now)
    return ListState(list_.name, ticker.next_digest(list_, now), history.last_period or None, history.last_papers, upcoming)


def _pushed(store: Store, target: Target) -> PushedState:
    counts = Counter(one.state for one in store.zotero.pushes(target.library, target.collection))
    numbers = (counts[PushState.PENDING], counts[PushState.PARKED], counts[PushState.PUSHED])
    return PushedState(target.collection, target.what.value, *numbers)


def _held_back(store: Store, target: Target | None) -> Iterator[Incident]:
    """The papers that cannot be pushed as things are, as one incident for each reason."""
    rows = store.zotero.pushes(target.library, target.collection) if target else ()
    parked: dict[tuple[str, str | None], list[str]] = {}
    for one in rows:
        if one.state is PushState.PARKED:
            parked.setdefault((one.reason or "", one.fix), []).append(one.record_id.label)
    for (reason, fix), labels in parked.items():
        papers = f"{', '.join(labels[:_NAMED])}{' and others' if len(labels) > _NAMED else ''}"
        yield Incident("push", labels[0], f"{papers} cannot be pushed into Zotero", reason, fix)


def _outages(ticker: Ticker | Calendar, store: Store, now: datetime) -> tuple[Outage, ...]:
    """The spans without a search that last, or were made good of late."""
    return coverage(store, ticker.watches, ticker.run_schedule, ticker.jitter_minutes, now - _OUTAGES_FOR, now)


def _remarks(ticker: Ticker | Calendar, store: Store, facts: StoreFacts, now: datetime) -> Iterator[str]:
    yield from (stop_told(one, ticker.run_schedule.zone.key) for one in store.stops(now))
    for watch in ticker.watches.values():
        marked = counted(store, watch.name)
        if any(marked.values()):
            relevant, wrong = marked.get(VerdictKind.RELEVANT, 0), marked.get(VerdictKind.NOT, 0)
            yield f"watch {watch.name}: its readers marked {relevant:,} relevant, {wrong:,} not relevant"
        own = store.snapshot_facts(watch.name)
        if own is not None:
            taken = (
                f"watch {watch.name}: a snapshot of {own.papers:,} of its own papers was taken on {clock.ncbi_day(own.taken_at)}"
            )
            yield f"{taken}; {told(own.belief)}" if own.belief else taken
        yield from (_followed(watch, store.zotero.collection(source), source) for source in watch.seeds_from)
    for list_ in ticker.lists.values():
        if is_paused(list_, now):
            yield f"list {list_.name} is paused until {list_.pause_until}"
    for one in reversed(store.deliveries(states={DeliveryState.PENDING, DeliveryState.SENDING}, limit=_LISTED)):
        reason = f": {_said(one.reason, one.fix)}" if one.has_failed else ""
        yield f"delivery {one.id} to {_to(one)} is {one.state} (attempts: {one.attempts}){reason}"
    last = store.last_rereading(now)
    if last is not None:
        yield f"{reread_line(last)} ({_iso(last.started_at)})"
    size = f"{facts.size_bytes / 1_000_000:,.1f} MB"
    counts = f"works {facts.works:,}, records {facts.articles:,}, hits {facts.hits:,}, digests {facts.digests:,}"
    yield f"database: {counts}; {size}"
    if facts.damaged:
        are = "record is" if facts.damaged == 1 else "records are"
        yield (
            f"database: the stored text of {facts.damaged:,} {are} damaged; the runs of the watches that have seen them fetch them "
            "again: look at the disk"
        )


def _followed(watch: Watch, known: CollectionFacts | None, source: SeedsFrom) -> str:
    if known is None or known.looked_at is None:
        return f"watch {watch.name}: its seeds follow {source.path}, which was not read yet"
    papers = f"{known.papers:,} {'paper' if known.papers == 1 else 'papers'}"
    return f"watch {watch.name}: its seeds follow {source.path} ({known.name}): {papers}, looked at on {_iso(known.looked_at)}"


def _incidents(store: Store, watches: Iterable[Watch], now: datetime) -> Iterator[Incident]:
    for watch in watches:
        history = store.run_history(watch.name, now=now)
        last = history.last
        if last is not None and last.error_kind is not None:
            intro = f"watch {watch.name} {_failing(history)}"
            yield Incident("watch", watch.name, intro, last.error or "", last.fix, last.error_kind.value)
    for one in reversed(store.deliveries(states={DeliveryState.PARKED})):
        intro = f"delivery {one.id} to {_to(one)} is parked"
        yield Incident("delivery", str(one.id), intro, one.reason or "", one.fix)
    for notice in (one for one in store.open_notices() if not wording.is_warnings(one.topic)):
        intro = f"told on {_iso(notice.opened_at)}"
        yield Incident("notice", notice.topic, intro, notice.whole, notice.todo)


def _said(reason: str | None, fix: str | None) -> str:
    """What something failed of and what to do, on one line for a person; nothing reads it again."""
    return " - ".join(filter(None, [reason, fix]))


def _failing(history: RunHistory) -> str:
    if not history.failed_in_row:
        return "keeps the query it had, since the edited one was refused"
    times = "once" if history.failed_in_row == 1 else f"{history.failed_in_row} times"
    return f"fails since {_iso(history.failing_since)} ({times})"


def _to(one: DeliveryFacts) -> str:
    return f"{one.channel} {one.recipient}".strip()


# --- as JSON ---------------------------------------------------------------------------------------------------------------------


def document(state: Status) -> dict[str, Any]:
    """The state as {now, clock, timezone, zones, version, schema, service{…}, database{…}, config{…}, watches[…], lists[…], deliveries{…},
    corrections{next_rereading_at, last_rereading}, dense{…}, zotero{…}, outages[…], warnings[…], incidents[…], troubles[…]}; times are
    ISO with offset, dates ISO, absent things null."""
    return {
        "now": _iso(state.now),
        "clock": state.clock,
        "timezone": state.timezone,
        "zones": state.zones,
        "version": state.version,
        "schema": state.schema,
        "service": _service_document(state.service),
        "database": {"kind": state.database.kind, "size_bytes": state.database.size_bytes, "damaged": state.database.damaged},
        "config": _config_document(state.config),
        "watches": [_watch_document(one) for one in state.watches],
        "lists": [_list_document(one) for one in state.lists],
        "deliveries": {
            "pending": state.owed.pending,
            "sending": state.owed.sending,
            "parked": state.owed.parked,
            "oldest_at": _iso(state.owed.oldest_at),
        },
        "corrections": _corrections_document(state.corrections),
        "dense": _dense_document(state.dense),
        "zotero": _library_document(state.zotero, state.push),
        "outages": [_outage_document(one) for one in state.outages],
        "warnings": [warnings.document(one) for one in state.warnings],
        "incidents": list(state.told),
        "troubles": [
            {"about": one.about, "name": one.name, "kind": one.kind, "reason": one.reason, "fix": one.fix}
            for one in state.incidents
        ],
    }


def _service_document(service: ServiceState) -> dict[str, Any]:
    return {
        "running": service.is_running,
        "pid": service.pid,
        "since": _iso(service.since),
        "healthy": not service.problems,
        "problems": list(service.problems),
    }


def _config_document(config: ConfigState) -> dict[str, Any]:
    if not config.is_refused:
        return {"state": "good", "sha256": config.sha256, "error": None}
    told = {name: held for name, held in warnings.where(config.error).items() if name != "column"}
    return {"state": "bad", "sha256": config.sha256, "error": told}


def _watch_document(one: WatchState) -> dict[str, Any]:
    gaps = [{"from": _day(gap.since), "to": _day(gap.until), "reason": gap.reason, "fix": gap.fix} for gap in one.open_spans]
    return {
        "name": one.name,
        "last_good_run_at": _iso(one.last_good_run_at),
        "next_run_at": _iso(one.next_run_at),
        "matched": one.matched,
        "awaiting": one.awaiting,
        "covers_to": _day(one.covers_to),
        "gaps": gaps,
        "marked": {"relevant": one.relevant, "not_relevant": one.not_relevant},
        "weeks": {"from": [_day(day) for day in one.weeks_from], "found": list(one.weeks.found), "shown": list(one.weeks.shown)},
        "upcoming": [_iso(slot) for slot in one.upcoming],
        "snapshot": _snapshot_document(one.snapshot) if one.snapshot else None,
        "seeds_from": [_collection_document(found) for found in one.collections],
    }


def _collection_document(one: CollectionFacts) -> dict[str, Any]:
    source = one.source
    named = {"library": source.library, "collection": source.collection, "subcollections": source.subcollections}
    found = {"name": one.name or None, "papers": one.papers, "looked_at": _iso(one.looked_at), "shrank_to": one.shrank_to}
    return {**named, **found, "error": one.error}


def _snapshot_document(one: SnapshotFacts) -> dict[str, Any]:
    belief = as_document(one.belief) if one.belief else None
    return {"papers": one.papers, "taken_at": _iso(one.taken_at), "belief": belief}


def _list_document(one: ListState) -> dict[str, Any]:
    last = {"period": one.last_period, "papers": one.last_papers} if one.last_period else None
    slots = [_iso(slot) for slot in one.upcoming]
    return {"name": one.name, "next_digest_at": _iso(one.next_digest_at), "last_digest": last, "upcoming": slots}


_OF_A_REREADING = ("papers", "absent", "found", "requests", "dois", "unanswered", "error")


def _corrections_document(one: CorrectionsState) -> dict[str, Any]:
    last = one.last_rereading
    times = {name: _iso(getattr(last, name)) for name in ("started_at", "finished_at")} if last else {}
    told = {name: getattr(last, name) for name in _OF_A_REREADING} if last else {}
    return {"next_rereading_at": _iso(one.next_rereading_at), "last_rereading": {**times, **told} if last else None}


def _dense_document(one: DenseState | None) -> dict[str, Any] | None:
    return None if one is None else {"model": one.model, "in_use": not one.why, "sha256": one.sha256, "usage": one.used()}


def _library_document(one: LibraryFacts | None, push: PushedState | None) -> dict[str, Any] | None:
    if one is None:
        return None
    known = {"library": one.library, "papers": one.papers, "read_at": _iso(one.read_at), "error": one.error}
    return {**known, "push": as_document(push) if push else None}


def _outage_document(one: Outage) -> dict[str, Any]:
    spans = {"since": _iso(one.since), "until": _iso(one.until)}
    return {"watches": list(one.watches), **spans, "reason": one.reason, "made_good_at": _iso(one.made_good_at)}


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
