"""What a list's first digest would hold if it went out now: searched, ranked and composed as the service does it, over a database of
its own. Nothing is owed and nothing is sent.

The first digest looks back over `start: days`. A query that brings few papers would show a nearly empty page, so a trial looks back
further, up to a year, until there is enough to fill one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from watcher import clock
from watcher.digest.render import preview as rendered
from watcher.domain import Article, Code, Digest, DigestList, RunOutcome, RunReport, Start, Warned, Watch
from watcher.errors import BadQuery
from watcher.flows.ports import Source
from watcher.flows.schedule.tick import Ticker, readers
from watcher.writing import Guarded, write

FURTHER = (90, 180, 365)
"""How many days a trial looks back when `start: days` brings too little."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A list's digest as it would be, and the days that each watch looked back."""

    digest: Digest
    days: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial brought. A list stands in `previews` if at least one of its watches could be read."""

    runs: tuple[RunReport, ...]
    previews: tuple[Preview, ...]
    requests: int
    seconds: float


def trial(ticker: Ticker, lists: Sequence[DigestList], source: Source, *, now: datetime, days: int | None = None) -> Trial:
    """Read the watches of some lists, and draft a digest of each.

    Args:
        ticker: over a database that nothing was written to yet.
        lists: that are drafted.
        source: PubMed.
        now: the present instant.
        days: how far each watch looks back; None: as far as its first digest does, further where that brings little.

    Raises:
        PubMedError: PubMed could not be asked how much there is.
    """
    began, asked = time.monotonic(), source.requests_made
    wanted = dict.fromkeys(name for list_ in lists for name in list_.watches)
    watches = {name: _reaching_back(ticker.watches[name], source, now, days) for name in wanted}
    of_trial = replace(ticker, watches={**ticker.watches, **watches})
    runner = ticker.runner()
    runs = {name: runner.run(watch, now=now, lists=readers(name, ticker.lists), at_once=True) for name, watch in watches.items()}
    previews = tuple(_previews(of_trial, lists, runs))
    return Trial(tuple(runs.values()), previews, source.requests_made - asked, time.monotonic() - began)


def _previews(ticker: Ticker, lists: Sequence[DigestList], runs: Mapping[str, RunReport]) -> Iterator[Preview]:
    for list_ in lists:
        mine = {name: runs[name] for name in list_.watches}
        if any(run.outcome is RunOutcome.GOOD for run in mine.values()):
            draft = ticker.composer.draft(ticker.request(list_, mine))
            yield Preview(draft.digest, {name: ticker.watches[name].start.days for name in mine})


def _reaching_back(watch: Watch, source: Source, now: datetime, days: int | None) -> Watch:
    """The watch with the days that its trial looks back."""
    if days is None:
        days = _enough(watch, source, now)
    return replace(watch, start=Start(days, watch.start.papers))


def _enough(watch: Watch, source: Source, now: datetime) -> int:
    """The fewest days that bring as many papers as the first digest shows. A query that PubMed refuses is told by its run."""
    spans = (watch.start.days, *(days for days in FURTHER if days > watch.start.days))
    for days in spans[:-1]:
        term = source.created_between(source.normalise(watch.query), clock.ncbi_day(now) - timedelta(days=days), None)
        try:
            if source.search(term, retmax=0).facts.count >= watch.start.papers:
                return days
        except BadQuery:
            return watch.start.days
    return spans[-1]


_BESIDE_THE_POINT = frozenset(
    {
        Code.EXAMPLE_ADDRESS,
        Code.CHANNEL_URL,
        Code.UNUSED_SECRET,
        Code.UNREADABLE_SECRET,
        Code.DATABASE_PLACE,
        Code.DATABASE_READABLE,
        Code.LONG_PAUSE,
    }
)
"""Warnings about sending and keeping, which a trial does not do."""


def to_the_point(warnings: Sequence[Warned]) -> tuple[Warned, ...]:
    """The warnings that a trial tells: those about queries, seeds and the ranking."""
    return tuple(one for one in warnings if one.code not in _BESIDE_THE_POINT)


def write_pages(
    folder: Path, digest: Digest, now: datetime, guarded: Sequence[Guarded], ris: Callable[[Sequence[Article]], str]
) -> Path:
    """Writes a digest as HTML, and as text beside it, under names that nothing in the folder has yet; the HTML's file.

    Raises:
        ConfigurationError: it cannot be written there.
    """
    stem = _free(folder, f"{digest.list.name}-{now:%Y-%m-%d-%H%M%S}")
    for style, ending in (("text", "txt"), ("html", "html")):
        file = stem.with_name(f"{stem.name}.{ending}")
        write(file, rendered(digest, style, ris).encode(), guarded)
    return file


def _free(folder: Path, name: str) -> Path:
    """The name, numbered if something in the folder is called so."""
    names = (name, *(f"{name}-{number}" for number in range(2, 1_000)))
    return next(folder / one for one in names if not os.path.lexists(folder / f"{one}.html"))
