"""A digest by hand: composed for real under a period of its own, or only looked at. The next slot's digest holds what is left."""

from __future__ import annotations

from datetime import datetime

from watcher import clock
from watcher.domain import DigestList
from watcher.flows.compose.compose import Draft
from watcher.flows.deliver.leases import held
from watcher.flows.schedule.tick import Done, Ticker


def compose_now(ticker: Ticker, order: DigestList, now: datetime) -> Done:
    """Search and reconcile the list's watches, compose, owe and send.

    Raises:
        Busy: another process talks to PubMed.
    """
    with held(ticker.store, "pubmed", ticker.holder):
        ticker.store.abandon_open_runs(now)
        runner = ticker.runner()
        runs = {watch.name: ticker.run(runner, watch, now, reconcile=True) for watch in ticker.read_by(order)}
        draft = ticker.composer.compose(ticker.request(order, runs))
    return Done(tuple(runs.values()), (draft,), ticker.send([draft]))


def draft_now(ticker: Ticker, order: DigestList) -> Draft:
    """The digest that the stored news would make now; PubMed is not asked, nothing is owed."""
    now = clock.now()
    last = {watch.name: ticker.store.run_history(watch.name, now=now).last_good for watch in ticker.read_by(order)}
    runs = {name: report for name, report in last.items() if report is not None}
    return ticker.composer.draft(ticker.request(order, runs))
