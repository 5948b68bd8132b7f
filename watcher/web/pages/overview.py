"""The first page: what the lists and watches are, and how they stand."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watcher import clock
from watcher.digest.wording import day_and_time
from watcher.web.site import shown, site_of
from watcher.web.zone import zone_of


def page(request: Request) -> Response:
    """Lists with their last digest, watches with their last search."""
    site, now = site_of(request), clock.now()
    zone = zone_of(request, site.settings.timezone).name
    lists = [(one, site.store.list_history(one.name, now=now)) for one in site.app.lists.values()]
    watches = [(one, site.store.run_history(one.name, now=now).last_good) for one in site.app.watches.values()]
    return shown(
        request,
        "overview.html",
        lists=[(one, told.last_papers, _at(told.last_composed_at, zone)) for one, told in lists],
        watches=[(one, _at(last.started_at if last else None, zone)) for one, last in watches],
    )


def _at(at: datetime | None, zone: str) -> str:
    return day_and_time(at, zone) if at else ""


ROUTES = [Route("/", page)]
