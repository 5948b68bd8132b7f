"""Coming in by the lab's password, and going out."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watcher.web import password
from watcher.web.forms import fields, reader_in
from watcher.web.site import shown, site_of

TRIES: Final = 10
"""Wrong passwords a minute, of all browsers that bear a name and of all others together: behind a proxy all come from one address, and one lab
needs no more. A name is signed, and given to who was let in or has a link: strangers who guess do not close the door before the lab."""
SPAN_SECONDS: Final = 60.0
LONGEST_PASSWORD: Final = 1_000


class Attempts:
    """Counts wrong passwords, and has one looked at at a time, since each takes 32 MB."""

    def __init__(self) -> None:
        self._failed: dict[bool, deque[float]] = {known: deque(maxlen=TRIES) for known in (False, True)}
        self._lock = threading.Lock()

    def is_right(self, tried: str, hash_: str, *, is_known: bool) -> bool | None:
        """Whether a password is right; None when too many were wrong of late, and it was not looked at.

        `is_known`: the browser bears a name.
        """
        failed = self._failed[is_known]
        with self._lock:
            now = time.monotonic()
            if len(failed) == TRIES and now - failed[0] < SPAN_SECONDS:
                return None
            is_right = len(tried) <= LONGEST_PASSWORD and password.matches(tried, hash_)
            if not is_right:
                failed.append(now)
            return is_right


_ATTEMPTS = Attempts()


async def page(request: Request) -> Response:
    """Ask for the password, or look at it."""
    site = site_of(request)
    to = local(request.query_params.get("to", "/"))
    if not site.has_password:
        return RedirectResponse("/", 303)
    if request.method != "POST":
        return await run_in_threadpool(shown, request, "login.html", to=to, told="", reader=site.cookies(request).reader(request))
    form = await fields(request)
    is_right = await run_in_threadpool(_is_right, request, form.get("password", ""))
    reader = reader_in(form)
    if not is_right:
        told = "That is not the password." if is_right is False else "Too many wrong passwords: wait a minute, and try again."
        status = 403 if is_right is False else 429
        return await run_in_threadpool(shown, request, "login.html", status=status, to=to, told=told, reader=reader)
    response = RedirectResponse(local(form.get("to", "/")), 303)
    site.cookies(request).log_in(response)
    if reader:
        site.cookies(request).remember(response, reader)
    return response


def _is_right(request: Request, tried: str) -> bool | None:
    site = site_of(request)
    return _ATTEMPTS.is_right(tried, site.password_hash, is_known=bool(site.cookies(request).reader(request)))


async def out(request: Request) -> Response:
    """End the login of this browser."""
    await fields(request)
    response = RedirectResponse("/login", 303)
    site_of(request).cookies(request).log_out(response)
    return response


def local(to: str) -> str:
    """An address of this page, whatever was asked for: nobody is sent elsewhere after a login."""
    is_path = to.startswith("/") and not to.startswith(("//", "/\\")) and "\\" not in to
    return to if is_path and to.isprintable() and to.isascii() else "/"


ROUTES = [Route("/login", page, methods=["GET", "POST"]), Route("/logout", out, methods=["POST"])]
