"""What answers the requests to a site: its pages behind the guard, and what is said when one fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from watcher.errors import StoreError, WatcherError
from watcher.web import guard
from watcher.web.pages import routes
from watcher.web.site import Site, templates

_log = structlog.get_logger(__name__)


def answering(site: Site) -> ASGIApp:
    """What answers requests by a site."""
    static = Mount("/static", StaticFiles(packages=[("watcher.web", "static")]))
    handlers: Mapping[Any, Any] = {HTTPException: _http_error, WatcherError: _told_error, ClientDisconnect: _gone, Exception: _bug}
    inner = Starlette(routes=[*routes(), static], exception_handlers=handlers, max_body_size=guard.MOST_BODY)
    inner.router.redirect_slashes = False  # it names http://, where a proxy speaks https: a link would travel in the open
    inner.state.site = site
    return guard.Guard(inner, site)


def _error_page(title: str, told: str, status: int) -> Response:
    """A page without anything of the lab: whoever sees it need not be logged in, and the database may be why."""
    return HTMLResponse(templates().get_template("error.html").render(title=title, told=told), status)


def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - it is registered for that
    return _error_page(error.detail, _MEANING.get(error.status_code, ""), error.status_code)


def _told_error(_request: Request, error: Exception) -> Response:
    _log.warning("a page could not be shown", reason=str(error))
    if isinstance(error, StoreError):
        return _error_page(
            "The database cannot be used at the moment", "Nothing was changed. The log of the service says why.", 503
        )
    return _error_page("That cannot be done", str(error), 409)


def _gone(_request: Request, _error: Exception) -> Response:
    """To whoever hung up before their form was whole: nobody hears it, and it is no fault of the program."""
    return Response(status_code=400)


def _bug(request: Request, error: Exception) -> Response:
    _log.error("a page failed", path=request.scope.get("route_path", ""), exc_info=error)
    return _error_page(
        "This page failed", "That is a fault of the program; the log of the service has the details. Nothing was changed.", 500
    )


_MEANING = {
    404: "The address may be mistyped, or what was there is gone.",
    405: "This address cannot be used that way.",
    413: "What was sent is larger than any form of this page.",
}
