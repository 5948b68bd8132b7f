"""How the service does: what fails at the moment, and the runs."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watcher import clock, health
from watcher.domain import DeliveryState, RunOutcome
from watcher.flows.notices import wording
from watcher.web.site import shown, site_of
from watcher.web.telling import leaf, number

RUNS: Final = 50
LISTED: Final = 10
WARNINGS: Final = 30


def page(request: Request) -> Response:
    """What fails, and where runs, deliveries and the configuration are."""
    site, now = site_of(request), clock.now()
    real_now = clock.real_now()
    pulse = health.latest(site.app.data_folder, real_now)
    histories = [(one, site.store.run_history(one.name, now=now)) for one in site.app.watches.values()]
    error = site.loaded.error
    return shown(
        request,
        "operate.html",
        problems=health.verdict(pulse, real_now),
        since=pulse.started_at if pulse else None,
        refused=[str(one) for one in error.problems[:LISTED]] if error else [],
        failing=[(one, told.last) for one, told in histories if told.last and told.last.error_kind][:LISTED],
        parked=site.store.deliveries_of(states={DeliveryState.PARKED}, limit=LISTED + 1),
        waiting=site.store.deliveries_of(states={DeliveryState.PENDING, DeliveryState.SENDING}, limit=LISTED + 1),
        listed=LISTED,
        notices=[one for one in site.store.open_notices() if not wording.is_warnings(one.topic)][:LISTED],
        warnings=site.app.warnings(now)[:WARNINGS],
        stops=site.store.stops(now)[:LISTED],
    )


def runs(request: Request) -> Response:
    """The runs of all watches, or of one."""
    site = site_of(request)
    watch, outcome = request.query_params.get("watch", ""), request.query_params.get("outcome", "")
    outcomes = [one for one in RunOutcome if one.value == outcome] or None
    found = site.store.runs(watch=watch or None, outcomes=outcomes, below=number(request, "below"), limit=RUNS + 1)
    page = leaf(request, found, RUNS, below=found[RUNS - 1].id if len(found) > RUNS else 0)
    return shown(
        request,
        "runs.html",
        page=page,
        watches=tuple(site.app.watches),
        outcomes=list(RunOutcome),
        watch=watch,
        outcome=outcome,
    )


ROUTES = [Route("/operate", page), Route("/runs", runs)]
