"""What somebody does by hand, whether or not it is due: a tick, runs, a digest, a rereading, a model.

A digest by hand is composed for real under a period of its own, or only looked at. The next slot's digest holds what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from watcher import clock
from watcher.domain import DigestList, RunReport, Warned, Watch
from watcher.flows.deliver.leases import held
from watcher.flows.schedule.tick import Done, Ticker, readers
from watcher.store import Rereading, RunCommit

if TYPE_CHECKING:
    from watcher.flows.compose.compose import Draft
    from watcher.flows.notices.alert import Alerter
    from watcher.flows.scoring.ranking import Rankings
    from watcher.flows.search.corrections import Rereader

Warnings = Callable[[Sequence[RunReport]], Sequence[Warned]]
"""Everything that is warned of now, and by reports of runs that were not kept."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick did, and what is warned of; `is_news` when that is another set than the one that was told last."""

    done: Done
    warnings: tuple[Warned, ...]
    is_news: bool


@dataclass(frozen=True, slots=True)
class Ran:
    """What runs found: their `reports`, or what they would have kept (`rehearsed`); and what is warned of."""

    reports: tuple[RunReport, ...]
    rehearsed: tuple[RunCommit, ...]
    warnings: tuple[Warned, ...]


def tick_now(ticker: Ticker, alerter: Alerter, warnings: Warnings, now: datetime) -> Ticked:
    """Do everything that is due, and tell people what fails; what is owed for that goes out at once.

    Raises:
        Busy: another process talks to PubMed.
    """
    done = ticker.tick(now)
    found = tuple(warnings(()))
    is_news = alerter.is_news(found)
    told = alerter.warnings(found, clock.now())
    if alerter.after_tick(clock.now()) or told:
        done = replace(done, sendings=done.sendings + ticker.deliverer.deliver(clock.now()))
    return Ticked(done, found, is_news)


def run_now(
    ticker: Ticker, watches: Sequence[Watch], alerter: Alerter, warnings: Warnings, now: datetime, *, at_once: bool = False
) -> Ran:
    """Search for the news of watches, and keep them; `at_once`: do not wait for NCBI's quiet hours with a large job.

    Raises:
        Busy: another process talks to PubMed.
    """
    with held(ticker.store, "pubmed", ticker.holder):
        ticker.store.abandon_open_runs(now)
        runner = ticker.runner()
        reports = tuple(ticker.run(runner, watch, now, at_once=at_once) for watch in watches)
        found = tuple(warnings(reports))
        alerter.after_tick(clock.now())
        alerter.warnings(found, clock.now())
    return Ran(reports, (), found)


def rehearse_now(ticker: Ticker, watches: Sequence[Watch], warnings: Warnings, now: datetime, *, at_once: bool = False) -> Ran:
    """The same without keeping anything, save how the seeds were resolved.

    Raises:
        Busy: another process talks to PubMed.
        PubMedError: a search or a fetch failed.
    """
    with held(ticker.store, "pubmed", ticker.holder):
        ticker.store.abandon_open_runs(now)
        runner = ticker.runner()
        rehearsed = tuple(
            runner.rehearse(watch, now=now, lists=readers(watch.name, ticker.lists), at_once=at_once) for watch in watches
        )
        return Ran((), rehearsed, tuple(warnings([one.report for one in rehearsed])))


def reread_now(rereader: Rereader, holder: str, now: datetime) -> Rereading:
    """Read again the papers that readers had.

    Raises:
        Busy: another process talks to PubMed.
    """
    with held(rereader.store, "pubmed", holder):
        return rereader.read_now(now)


def prepare_now(rankings: Rankings, holder: str) -> Path:
    """Make the sample of the configured model; the file.

    Raises:
        Busy: another process talks to PubMed.
        ConfigurationError: there is no model to use.
        PubMedError: PubMed did not give the records.
    """
    with held(rankings.store(), "pubmed", holder):
        return rankings.prepare_dense()


def compose_now(ticker: Ticker, list_: DigestList, now: datetime) -> Done:
    """Search and reconcile the list's watches, compose, owe and send.

    Raises:
        Busy: another process talks to PubMed.
    """
    with held(ticker.store, "pubmed", ticker.holder):
        ticker.store.abandon_open_runs(now)
        ticker.look_at_library(now)
        runner = ticker.runner()
        runs = {watch.name: ticker.run(runner, watch, now, reconcile=True) for watch in ticker.read_by(list_)}
        draft = ticker.composer.compose(ticker.request(list_, runs))
    return Done(tuple(runs.values()), (draft,), ticker.send([draft]))


def draft_now(ticker: Ticker, list_: DigestList) -> Draft:
    """The digest that the stored news would make now; PubMed is not asked, nothing is owed."""
    now = clock.now()
    last = {watch.name: ticker.store.run_history(watch.name, now=now).last_good for watch in ticker.read_by(list_)}
    runs = {name: report for name, report in last.items() if report is not None}
    return ticker.composer.draft(ticker.request(list_, runs))
