"""Watches: what they ask, with which seeds, how PubMed reads it, what is warned of, what their runs brought and which days they cover."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watcher import clock
from watcher.digest import clean
from watcher.domain import RunOutcome, RunReport, Seed, Warned, Watch, Weeks
from watcher.errors import ConfigurationError
from watcher.flows.compose import weeks
from watcher.flows.compose.outages import coverage
from watcher.pubmed.query import normalise
from watcher.store import ResolvedSeedRow
from watcher.web.site import Site, shown, site_of
from watcher.web.telling import leaf, number, paper_at

SEEDS: Final = 100
RUNS: Final = 8
WARNINGS: Final = 50
OUTAGES_FOR: Final = timedelta(days=90)
"""How long an outage that was made good is told here."""


def every(request: Request) -> Response:
    """The watches of the configuration."""
    site, now = site_of(request), clock.now()
    histories = [(one, site.store.run_history(one.name, now=now)) for one in site.app.watches.values()]
    return shown(request, "watches.html", watches=histories)


def page(request: Request) -> Response:
    """One watch."""
    site, now, name = site_of(request), clock.now(), request.path_params["watch"]
    watch = site.app.watches.get(name)
    if watch is None:
        raise HTTPException(404, f"The configuration has no watch {name[:100]!r}")
    skip, seeds = number(request, "from") or 0, _seeds(site, watch)
    found = (seeds or [])[skip : skip + SEEDS + 1]
    history = site.store.run_history(name, now=now)
    version = site.store.version_in_force(name)
    return shown(
        request,
        "watch.html",
        watch=watch,
        lists=[one for one in site.app.lists.values() if name in one.watches],
        version=version,
        is_edited=version is not None and version.term != normalise(watch.query),
        history=history,
        is_failing=history.last is not None and history.last.outcome is not RunOutcome.GOOD,
        next_run=site.app.calendar().next_run(watch, now),
        awaiting=site.store.awaiting_count(name),
        warnings=_warnings(site, watch, now)[:WARNINGS],
        seeds=None if seeds is None else leaf(request, found, SEEDS, **{"from": skip + SEEDS}),
        seeds_total=len(seeds or ()),
        weeks=_weeks(site, watch, now, history.last),
        outages=_outages(site, watch, now),
        runs=site.store.runs(watch=name, limit=RUNS),
    )


def _seeds(site: Site, watch: Watch) -> list[tuple[Seed, str, str, str]] | None:
    """Each seed with its title, its address and what is wrong with it; None when the files cannot be read."""
    try:
        seeds = site.app.seeds(watch)
    except ConfigurationError:
        return None
    rows = {(one.path, one.locator): one for one in site.store.seeds(watch.name)}
    return [_seed(one, rows.get((one.path, one.locator))) for one in seeds]


def _seed(seed: Seed, row: ResolvedSeedRow | None) -> tuple[Seed, str, str, str]:
    record_id = (row.record_id if row else None) or seed.record_id
    title = clean.clip(clean.plain(seed.label), 300)
    return seed, title, paper_at(record_id) if record_id else "", (row.problem or "") if row else ""


def _warnings(site: Site, watch: Watch, now: datetime) -> list[Warned]:
    """What is warned of this watch: of its keys, its query, its seeds, its runs."""
    folders = [site.settings.home / "seeds" / one for one in watch.seeds]
    key = f"watches.{watch.name}"

    def is_of_it(one: Warned) -> bool:
        place = one.place
        if place is None:
            return False
        of_key = place.key is not None and (place.key == key or place.key.startswith(f"{key}."))
        return of_key or any(place.path.is_relative_to(folder) for folder in folders)

    return [one for one in site.app.warnings(now) if is_of_it(one)]


def _weeks(site: Site, watch: Watch, now: datetime, last: RunReport | None) -> list[tuple[str, int, int]]:
    """The last weeks: the first day of each, what was found in it and what digests showed."""
    limits = weeks.bounds(now, site.settings.timezone)
    counted = _counted(site, watch.name, limits, last)
    days = [limit.astimezone(site.zone).date().isoformat() for limit in limits[:-1]]
    return list(zip(days, counted.found, counted.shown, strict=True))


def _counted(site: Site, name: str, limits: tuple[datetime, ...], last: RunReport | None) -> Weeks:
    """The weeks, counted once for each run and digest."""
    of = (limits, last, tuple((one.name, one.digests) for one in site.store.known_lists()))
    known = site.counted.get(name)
    if known is None or known[0] != of:
        known = site.counted[name] = (of, site.store.weeks(name, limits))
    return known[1]


def _outages(site: Site, watch: Watch, now: datetime) -> Iterator[object]:
    """The spans without a search, the latest first."""
    jitter = site.settings.runs.jitter_minutes
    found = coverage(site.store, [watch.name], site.app.run_schedule, jitter, now - OUTAGES_FOR, now)
    return reversed(found[-20:])


ROUTES = [Route("/watches", every), Route("/watches/{watch}", page)]
