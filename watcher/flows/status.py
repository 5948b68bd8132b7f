"""What `watcher status` tells: a document in the words of the configuration, with nothing secret in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import watcher
from watcher import clock, schedule
from watcher.domain import DeliveryState, DigestList, RunOutcome, Watch
from watcher.errors import ConfigurationError
from watcher.flows.tick import Ticker
from watcher.store import Store


def status(ticker: Ticker, store: Store, *, now: datetime, config_sha256: str) -> dict[str, Any]:
    """The state of everything.

    Returns:
        {now, clock, version, schema, config{state, sha256, error}, watches[…], lists[…], deliveries{…}, incidents[…], database{…}};
        times are ISO with offset, dates ISO, absent things null.
    """
    facts = store.facts()
    return {
        **_frame(now, facts.schema),
        "config": {"state": "good", "sha256": config_sha256, "error": None},
        "watches": [_watch(ticker, store, watch, now) for watch in ticker.watches.values()],
        "lists": [_list(store, order, now) for order in ticker.orders.values()],
        "deliveries": {
            "pending": facts.pending,
            "sending": facts.sending,
            "parked": facts.parked,
            "oldest_at": _iso(facts.oldest_at),
        },
        "incidents": _incidents(store, ticker.watches.values()),
        "database": {
            "articles": facts.articles,
            "works": facts.works,
            "hits": facts.hits,
            "digests": facts.digests,
            "bytes": facts.size_bytes,
        },
    }


def broken(error: ConfigurationError, *, now: datetime) -> dict[str, Any]:
    """The same document when the configuration cannot be read: its first error stands in `config`."""
    problem = error.problems[0]
    place = problem.place
    told = {
        "file": str(place.path) if place else None,
        "line": place.line if place else None,
        "key": place.key if place else None,
        "what": problem.what,
    }
    return {
        **_frame(now, None),
        "config": {"state": "bad", "sha256": None, "error": told},
        "watches": [],
        "lists": [],
        "deliveries": {"pending": 0, "sending": 0, "parked": 0, "oldest_at": None},
        "incidents": [str(problem)],
        "database": None,
    }


def _frame(now: datetime, schema: str | None) -> dict[str, Any]:
    return {"now": _iso(now), "clock": clock.source(), "version": watcher.__version__, "schema": schema}


def _watch(ticker: Ticker, store: Store, watch: Watch, now: datetime) -> dict[str, Any]:
    history = store.run_history(watch.name)
    good, last = history.last_good, history.last
    failing = last is not None and last.error is not None
    return {
        "name": watch.name,
        "last_good_run_at": _iso(good.started_at if good else None),
        "next_run_at": _iso(ticker.next_run(watch, now)),
        "matched": history.full_set_matched or None,
        "awaiting": store.awaiting_count(watch.name),
        "covers_to": _day(history.full_set_as_of),
        "gaps": _gaps(store, watch.name, now),
        "failing_since": _iso(history.failing_since),
        "error": last.error if failing and last else None,
        "warnings": list(good.warnings) if good else [],
    }


def _gaps(store: Store, watch: str, now: datetime) -> list[dict[str, Any]]:
    """Days since the last whole reading that failing runs leave open."""
    history = store.run_history(watch)
    if history.last is None or history.last.outcome is RunOutcome.GOOD:
        return []
    since = history.window_to
    return [{"from": _day(since), "to": _day(clock.ncbi_day(now)), "reason": history.last.error}]


def _list(store: Store, order: DigestList, now: datetime) -> dict[str, Any]:
    history = store.list_history(order.name)
    times = schedule.parse(order.schedule, order.timezone)
    last = {"period": history.last_period, "papers": history.last_papers} if history.last_period else None
    return {
        "name": order.name,
        "next_digest_at": _iso(times.next(max(now, history.created_at))),
        "upcoming": [_iso(slot) for slot in times.upcoming(now)],
        "last_digest": last,
        "paused_until": _day(order.pause_until),
    }


def _incidents(store: Store, watches: Iterable[Watch]) -> list[str]:
    told = []
    for watch in watches:
        history = store.run_history(watch.name)
        if history.failed_in_row and history.last:
            told.append(
                f"watch {watch.name} fails since {_iso(history.failing_since)} ({history.failed_in_row} runs): {history.last.error}"
            )
    parked = store.deliveries(states={DeliveryState.PARKED})
    return told + [f"delivery {one.id} to {one.channel} {one.recipient} is parked: {one.reason}" for one in parked]


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
