"""What `watcher status` tells: a document in the words of the configuration, with nothing secret in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import watcher
from watcher import clock, health
from watcher.domain import DeliveryState, DigestList, Outage, Place, RunOutcome, VerdictKind, Warned, Watch
from watcher.errors import ConfigurationError
from watcher.flows.compose import weeks
from watcher.flows.compose.outages import coverage
from watcher.flows.notices import wording
from watcher.flows.schedule.tick import Ticker, is_paused
from watcher.flows.scoring.verdicts import counted
from watcher.flows.search.corrections import summary as reread_line
from watcher.health import Pulse
from watcher.store import DeliveryFacts, RunHistory, Store, StoreFacts

_LISTED = 20
"""Deliveries that are told one by one."""

_UPCOMING = 3
"""Slots that are told of each watch and list."""

_OUTAGES_FOR = timedelta(days=28)
"""How long an outage that was made good is told."""


@dataclass(frozen=True, slots=True)
class State:
    """How things stand: the `document` that other programs read, and for people `remarks` besides, in the time zone `zone`."""

    document: dict[str, Any]
    remarks: tuple[str, ...] = ()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the database: its kind, the pulse of the service if there is one, and why the configuration file is
    refused while the last good one is in force; and all that is warned of."""

    database: str = "sqlite"
    pulse: Pulse | None = None
    refused: ConfigurationError | None = None
    warnings: tuple[Warned, ...] = ()


def status(ticker: Ticker, store: Store, *, now: datetime, config_sha256: str, around: Around | None = None) -> State:
    """The state of everything, also before anything has run.

    Returns:
        The document {now, clock, timezone, zones, version, schema, service{…}, database{…}, config{…}, watches[…], lists[…], deliveries{…},
        corrections{next_rereading_at, last_rereading}, outages[…], warnings[…], incidents[…], troubles[…]}; times are ISO with offset,
        dates ISO, absent things null. A `next_…_at` that is `now` is due.
    """
    around = around or Around()
    facts, zone = store.facts(), ticker.run_schedule.zone.key
    coming = {(one.kind, one.name): [_iso(slot) for slot in one.slots] for one in ticker.upcoming(now, _UPCOMING)}
    found = _incidents(store, ticker.watches.values(), now)
    document = {
        **_frame(now, zone, facts.schema),
        "service": _service(around.pulse),
        "database": {"kind": around.database, "size_bytes": facts.size_bytes, "damaged": facts.damaged},
        "config": _config(config_sha256, around.refused),
        "watches": [
            _watch(ticker, store, watch, now) | {"upcoming": coming["watch", name]} for name, watch in ticker.watches.items()
        ],
        "lists": [_list(ticker, store, order, now) | {"upcoming": coming["list", name]} for name, order in ticker.orders.items()],
        "deliveries": {
            "pending": facts.pending,
            "sending": facts.sending,
            "parked": facts.parked,
            "oldest_at": _iso(facts.oldest_at),
        },
        "corrections": _corrections(ticker, store, now),
        "outages": [_outage(one) for one in _outages(ticker, store, now)],
        "warnings": [warned(one) for one in around.warnings],
        "incidents": [*_refused(around.refused), *(one.told for one in found)],
        "troubles": [one.document for one in found],
    }
    return State(document, tuple(_remarks(ticker, store, facts, now)), zone)


def broken(error: ConfigurationError, *, now: datetime) -> State:
    """The same document when neither the configuration nor a last good one can be had: the place of its first error stands in
    `config`, what is wrong among the incidents."""
    document = {
        **_frame(now, None, None),
        "service": _service(None),
        "database": {"kind": None, "size_bytes": None, "damaged": None},
        "config": _config(None, error),
        "watches": [],
        "lists": [],
        "deliveries": {"pending": 0, "sending": 0, "parked": 0, "oldest_at": None},
        "corrections": {"next_rereading_at": None, "last_rereading": None},
        "outages": [],
        "warnings": [],
        "incidents": list(_refused(error)),
        "troubles": [],
    }
    return State(document)


def _frame(now: datetime, zone: str | None, schema: str | None) -> dict[str, Any]:
    told = {"now": _iso(now), "clock": clock.source(), "timezone": zone, "zones": clock.zones_in_use()}
    return {**told, "version": watcher.__version__, "schema": schema}


def _service(pulse: Pulse | None) -> dict[str, Any]:
    """The service that works on this database's folder, as `watcher healthcheck` sees it."""
    now = clock.real_now()
    running = pulse is not None and not health.is_stale(pulse, now)
    why = health.verdict(pulse, now)
    return {
        "running": running,
        "pid": pulse.pid if pulse and running else None,
        "since": _iso(pulse.started_at) if pulse and running else None,
        "healthy": not why,
        "problems": list(why),
    }


def _config(sha256: str | None, refused: ConfigurationError | None) -> dict[str, Any]:
    """`sha256` is of the configuration in force, also while the file is refused."""
    if refused is None:
        return {"state": "good", "sha256": sha256, "error": None}
    place = refused.problems[0].place
    told = {name: held for name, held in where(place).items() if name != "column"}
    return {"state": "bad", "sha256": sha256, "error": told}


def warned(one: Warned) -> dict[str, Any]:
    """A warning as status and check write it in JSON."""
    return {"code": one.code.value, **where(one.place), "what": one.what, "fix": one.fix}


def where(place: Place | None) -> dict[str, Any]:
    """A place in JSON; what is not known is null."""
    if place is None:
        return dict.fromkeys(("file", "line", "column", "key"))
    return {"file": str(place.path), "line": place.line, "column": place.column, "key": place.key}


def _refused(error: ConfigurationError | None) -> Iterator[str]:
    yield from (str(problem) for problem in (error.problems if error else ()))


def _watch(ticker: Ticker, store: Store, watch: Watch, now: datetime) -> dict[str, Any]:
    history = store.run_history(watch.name, now=now)
    good = history.last_good
    return {
        "name": watch.name,
        "last_good_run_at": _iso(good.started_at if good else None),
        "next_run_at": _iso(ticker.next_run(watch, now)),
        "matched": history.full_set_matched if history.full_set_as_of else None,
        "awaiting": store.awaiting_count(watch.name),
        "covers_to": _day(history.full_set_as_of),
        "gaps": _gaps(history, now),
        "marked": _marked(store, watch),
        "weeks": _weeks(store, watch, now, ticker.run_schedule.zone.key),
    }


def _weeks(store: Store, watch: Watch, now: datetime, zone: str) -> dict[str, Any]:
    """Eight weeks of seven days, oldest first; the last one ends today."""
    limits = weeks.bounds(now, zone)
    counted_by = store.weeks(watch.name, limits)
    days = [_day(limit.astimezone(ZoneInfo(zone)).date()) for limit in limits[:-1]]
    return {"from": days, "found": list(counted_by.found), "shown": list(counted_by.shown)}


def _marked(store: Store, watch: Watch) -> dict[str, int]:
    """On how many papers the watch's readers agree, by what they say."""
    counts = counted(store, watch.name)
    return {"relevant": counts.get(VerdictKind.RELEVANT, 0), "not_relevant": counts.get(VerdictKind.NOT, 0)}


def _gaps(history: RunHistory, now: datetime) -> list[dict[str, Any]]:
    """Days since the last whole reading that failing runs leave open."""
    last = history.last
    if last is None or last.outcome is RunOutcome.GOOD:
        return []
    return [{"from": _day(history.window_to), "to": _day(clock.ncbi_day(now)), "reason": last.error, "fix": last.fix}]


def _corrections(ticker: Ticker, store: Store, now: datetime) -> dict[str, Any]:
    """When papers that readers had are read again, and what came of the last time."""
    last = store.last_rereading(now)
    counted = ("papers", "absent", "found", "requests", "dois", "unanswered", "error")
    told = {name: getattr(last, name) for name in counted} if last else {}
    times = {name: _iso(getattr(last, name)) for name in ("started_at", "finished_at")} if last else {}
    return {
        "next_rereading_at": _iso(ticker.rereader.next_rereading(now)) if ticker.rereader else None,
        "last_rereading": {**times, **told} if last else None,
    }


def _outages(ticker: Ticker, store: Store, now: datetime) -> tuple[Outage, ...]:
    """The spans without a search that last, or were made good of late."""
    return coverage(store, ticker.watches, ticker.run_schedule, ticker.jitter_minutes, now - _OUTAGES_FOR, now)


def _outage(one: Outage) -> dict[str, Any]:
    spans = {"since": _iso(one.since), "until": _iso(one.until)}
    return {"watches": list(one.watches), **spans, "reason": one.reason, "made_good_at": _iso(one.made_good_at)}


def _list(ticker: Ticker, store: Store, order: DigestList, now: datetime) -> dict[str, Any]:
    history = store.list_history(order.name, now=now)
    last = {"period": history.last_period, "papers": history.last_papers} if history.last_period else None
    return {"name": order.name, "next_digest_at": _iso(ticker.next_digest(order, now)), "last_digest": last}


def _remarks(ticker: Ticker, store: Store, facts: StoreFacts, now: datetime) -> Iterator[str]:
    """What is worth a line on a terminal and is no incident."""
    for watch in ticker.watches.values():
        marked = _marked(store, watch)
        if any(marked.values()):
            yield f"watch {watch.name}: its readers marked {marked['relevant']:,} relevant, {marked['not_relevant']:,} not relevant"
    for order in ticker.orders.values():
        if is_paused(order, now):
            yield f"list {order.name} is paused until {order.pause_until}"
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


@dataclass(frozen=True, slots=True)
class _Incident:
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

    @property
    def document(self) -> dict[str, Any]:
        """All of it for a program."""
        return {"about": self.about, "name": self.name, "kind": self.kind, "reason": self.reason, "fix": self.fix}


def _incidents(store: Store, watches: Iterable[Watch], now: datetime) -> list[_Incident]:
    found = []
    for watch in watches:
        history = store.run_history(watch.name, now=now)
        last = history.last
        if last is not None and last.error_kind is not None:
            intro = f"watch {watch.name} {_trouble(history)}"
            found.append(_Incident("watch", watch.name, intro, last.error or "", last.fix, last.error_kind.value))
    for one in reversed(store.deliveries(states={DeliveryState.PARKED})):
        intro = f"delivery {one.id} to {_to(one)} is parked"
        found.append(_Incident("delivery", str(one.id), intro, one.reason or "", one.fix))
    for notice in (one for one in store.open_notices() if not wording.is_warnings(one.topic)):
        intro = f"told on {_iso(notice.opened_at)}"
        found.append(_Incident("notice", notice.topic, intro, notice.whole, notice.todo))
    return found


def _said(reason: str | None, fix: str | None) -> str:
    """What something failed of and what to do, on one line for a person; nothing reads it again."""
    return " - ".join(filter(None, [reason, fix]))


def _trouble(history: RunHistory) -> str:
    if not history.failed_in_row:
        return "keeps the query it had, since the edited one was refused"
    times = "once" if history.failed_in_row == 1 else f"{history.failed_in_row} times"
    return f"fails since {_iso(history.failing_since)} ({times})"


def _to(one: DeliveryFacts) -> str:
    return f"{one.channel} {one.recipient}".strip()


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
