"""What `watcher status` tells: a document in the words of the configuration, with nothing secret in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import watcher
from watcher import clock
from watcher.domain import DeliveryState, DigestList, RunOutcome, Watch
from watcher.errors import ConfigurationError
from watcher.flows.tick import Ticker, is_paused
from watcher.store import DeliveryFacts, RunHistory, Store, StoreFacts

_LISTED = 20
"""Deliveries that are told one by one."""


@dataclass(frozen=True, slots=True)
class State:
    """How things stand: the `document` that other programs read, and for people `remarks` besides, in the time zone `zone`."""

    document: dict[str, Any]
    remarks: tuple[str, ...] = ()
    zone: str = "UTC"


def status(ticker: Ticker, store: Store, *, now: datetime, config_sha256: str) -> State:
    """The state of everything, also before anything has run.

    Returns:
        The document {now, clock, version, schema, config{state, sha256, error}, watches[…], lists[…], deliveries{…}, incidents[…]};
        times are ISO with offset, dates ISO, absent things null. A `next_…_at` that is `now` is due.
    """
    facts = store.facts()
    document = {
        **_frame(now, facts.schema),
        "config": {"state": "good", "sha256": config_sha256, "error": None},
        "watches": [_watch(ticker, store, watch, now) for watch in ticker.watches.values()],
        "lists": [_list(ticker, store, order, now) for order in ticker.orders.values()],
        "deliveries": {
            "pending": facts.pending,
            "sending": facts.sending,
            "parked": facts.parked,
            "oldest_at": _iso(facts.oldest_at),
        },
        "incidents": _incidents(store, ticker.watches.values()),
    }
    return State(document, tuple(_remarks(ticker, store, facts, now)), ticker.run_schedule.zone.key)


def broken(error: ConfigurationError, *, now: datetime) -> State:
    """The same document when the configuration cannot be read: the place of its first error stands in `config`, what is wrong among
    the incidents."""
    place = error.problems[0].place
    told = {
        "file": str(place.path) if place else None,
        "line": place.line if place else None,
        "key": place.key if place else None,
    }
    document = {
        **_frame(now, None),
        "config": {"state": "bad", "sha256": None, "error": told},
        "watches": [],
        "lists": [],
        "deliveries": {"pending": 0, "sending": 0, "parked": 0, "oldest_at": None},
        "incidents": [str(problem) for problem in error.problems],
    }
    return State(document)


def _frame(now: datetime, schema: str | None) -> dict[str, Any]:
    return {"now": _iso(now), "clock": clock.source(), "version": watcher.__version__, "schema": schema}


def _watch(ticker: Ticker, store: Store, watch: Watch, now: datetime) -> dict[str, Any]:
    history = store.run_history(watch.name)
    good = history.last_good
    return {
        "name": watch.name,
        "last_good_run_at": _iso(good.started_at if good else None),
        "next_run_at": _iso(ticker.next_run(watch, now)),
        "matched": history.full_set_matched if history.full_set_as_of else None,
        "awaiting": store.awaiting_count(watch.name),
        "covers_to": _day(history.full_set_as_of),
        "gaps": _gaps(history, now),
    }


def _gaps(history: RunHistory, now: datetime) -> list[dict[str, Any]]:
    """Days since the last whole reading that failing runs leave open."""
    last = history.last
    if last is None or last.outcome is RunOutcome.GOOD:
        return []
    return [{"from": _day(history.window_to), "to": _day(clock.ncbi_day(now)), "reason": last.error}]


def _list(ticker: Ticker, store: Store, order: DigestList, now: datetime) -> dict[str, Any]:
    history = store.list_history(order.name)
    last = {"period": history.last_period, "papers": history.last_papers} if history.last_period else None
    return {"name": order.name, "next_digest_at": _iso(ticker.next_digest(order, now)), "last_digest": last}


def _remarks(ticker: Ticker, store: Store, facts: StoreFacts, now: datetime) -> Iterator[str]:
    """What is worth a line on a terminal and is no incident."""
    for watch in ticker.watches.values():
        good = store.run_history(watch.name).last_good
        yield from (f"watch {watch.name}: {warning}" for warning in (good.warnings if good else ()))
    for order in ticker.orders.values():
        if is_paused(order, now):
            yield f"list {order.name} is paused until {order.pause_until}"
    for one in reversed(store.deliveries(states={DeliveryState.PENDING, DeliveryState.SENDING}, limit=_LISTED)):
        reason = f": {one.reason}" if one.reason else ""
        yield f"delivery {one.id} to {_to(one)} is {one.state} (attempts: {one.attempts}){reason}"
    size = f"{facts.size_bytes / 1_000_000:,.1f} MB"
    counts = f"works {facts.works:,}, records {facts.articles:,}, hits {facts.hits:,}, digests {facts.digests:,}"
    yield f"database: {counts}; {size}"


def _incidents(store: Store, watches: Iterable[Watch]) -> list[str]:
    told = []
    for watch in watches:
        history = store.run_history(watch.name)
        if history.last is not None and history.last.error:
            told.append(f"watch {watch.name} {_trouble(history)}: {history.last.error}")
    parked = store.deliveries(states={DeliveryState.PARKED})
    return told + [f"delivery {one.id} to {_to(one)} is parked: {one.reason}" for one in reversed(parked)]


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
