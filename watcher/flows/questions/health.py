"""What the service reports of itself after each round, for `watcher healthcheck`: facts from the database, judged by `health`."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher import health
from watcher.domain import DeliveryState
from watcher.flows.schedule.tick import Ticker
from watcher.health import OwedFacts, WatchFacts
from watcher.schedule import Schedule
from watcher.store import Store

_OWED = frozenset({DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.PARKED})
_ALL = 10_000
"""More is hardly ever owed; what is older than these is not needed to know that something is owed for too long."""


def problems(ticker: Ticker, store: Store, now: datetime, *, failed_rounds: int = 0, error: str = "") -> tuple[str, ...]:
    """Why the service is not well at `now`, in sentences; () when it is.

    Args:
        ticker: what is watched, and when.
        store: what happened.
        now: the service's clock.
        failed_rounds: how many rounds in a row ended with an error.
        error: what the last of these failed of, in one line.
    """
    before = _slot_before_last(ticker.run_schedule, now - health.RUN_GRACE)
    watches = [_watch(store, name, before, now) for name in ticker.watches]
    owed = [OwedFacts(one.channel, one.created_at) for one in store.deliveries(states=_OWED, limit=_ALL)]
    return health.problems(watches, owed, now, failed_rounds=failed_rounds, error=error)


def _slot_before_last(schedule: Schedule, instant: datetime) -> datetime | None:
    last = schedule.latest(instant)
    return schedule.latest(last - timedelta(seconds=1)) if last else None


def _watch(store: Store, name: str, before: datetime | None, now: datetime) -> WatchFacts:
    history = store.run_history(name, now=now)
    good = history.last_good
    return WatchFacts(name, good.started_at if good else None, before, history.failing_since)
