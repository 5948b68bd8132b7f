"""/healthz: whether the service is well, for a monitor; it tells nothing of the lab."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watcher import clock, health
from watcher.web.site import site_of


def healthz(request: Request) -> Response:
    """200 "well", or 503 and that `watcher status` says why."""
    pulse = health.latest(site_of(request).app.data_folder, clock.real_now())
    why = health.verdict(pulse, clock.real_now())
    return PlainTextResponse("well\n" if not why else "not well: see `watcher status`\n", 503 if why else 200)


ROUTES = [Route("/healthz", healthz)]
