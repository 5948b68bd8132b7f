"""Who may come in. Each request passes here before any page sees it.

its Host      is ours: else a page of another site could read ours through a name of its own (DNS rebinding)
its size      is bounded, in the head by h11 and in the body by Starlette
its reader    is on this machine, or logged in, or has a link that is signed or a token; else they are asked for the password
the answer    loads nothing from anywhere else, runs no script but our own files, and is kept by nobody
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watcher.web.near import host_of
from watcher.web.site import Site

MOST_BODY: Final = 256_000
"""Bytes of a request's body: a form of ours has a few hundred, a selection for export some thousands."""

OPEN: Final = ("/static/", "/v/", "/s/", "/feeds/", "/healthz", "/login")
"""What is shown without a login: what is signed or has a token of its own, and what holds nothing of the lab."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HOW: Final = (
    "This page is open to this machine alone until it has a password.\n\n"
    "Where the service runs, `watcher password --out secrets/web_password_hash` asks for one and writes its hash; then name that file in the\n"
    "configuration as web.password_hash_file, or put it into /run/secrets in a container.\n"
)


class Guard:
    """Lets a request through to a site, or answers it."""

    def __init__(self, inner: ASGIApp, site: Site) -> None:
        self._inner = inner
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        refused = self._refused(Request(scope))
        sending = _with_headers(send, scope["path"])
        await (refused or self._inner)(scope, receive, sending)

    def _refused(self, request: Request) -> Response | None:
        """The answer to a request that goes no further."""
        if host_of(request) not in self._site.hosts and not _is_address(host_of(request), self._site):
            what = f"This page does not go by the name {host_of(request)[:100]!r}. Name its address as base_url in the configuration.\n"
            return PlainTextResponse(what, 421)
        if request.scope["path"].startswith(OPEN) or self._site.may_enter(request):
            return None
        if not self._site.has_password:
            return PlainTextResponse(_HOW, 403)
        if request.method not in ("GET", "HEAD") or request.headers.get("hx-request"):
            return PlainTextResponse("The login has run out. Load the page anew.\n", 401)
        query = request.scope["query_string"].decode("latin-1")
        path = quote(request.scope["path"] + (f"?{query}" if query else ""), safe="/")
        return RedirectResponse(f"/login?to={path}", 303)


def _with_headers(send: Send, path: str) -> Callable[[Message], Awaitable[None]]:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "max-age=86400" if path.startswith("/static/") else "no-store")
        await send(message)

    return sending


def _is_address(host: str, site: Site) -> bool:
    """Whether the request goes by a bare address, which no other site can give itself; a page that listens everywhere has many."""
    if not site.listens_everywhere:
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
