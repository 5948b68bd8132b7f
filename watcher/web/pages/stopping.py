"""A reader stops or pauses a list: by the link at the foot of a mail, or by their mail program, which posts there itself (RFC 8058)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watcher import clock
from watcher.digest.personal import STOPPING
from watcher.domain import DigestList
from watcher.flows.deliver.personal import Opened, opened
from watcher.flows.deliver.stopping import standing, stop, stop_told
from watcher.web.forms import fields
from watcher.web.pages.marking import dead
from watcher.web.site import Site, shown, site_of

WEEKS = (2, 4, 8)
"""How long a pause may be chosen to be; another day can be written."""
_ONE_CLICK = b"List-Unsubscribe=One-Click"
_IN_PARTS = re.compile(
    rb"\s*--[^\r\n]+\r\n(?:[^\r\n]+\r\n)*?content-disposition:[^\r\n]*;\s*name=\"?list-unsubscribe\"?\s*\r\n(?:[^\r\n]+\r\n)*"
    rb"\r\nOne-Click\r\n--[^\r\n]+--\s*",
    re.IGNORECASE,
)
_LONGEST = 2_000


async def page(request: Request) -> Response:
    """Ask what is to stop, or stop it."""
    if request.method == "POST" and is_one_click(await request.body()):
        return await run_in_threadpool(_one_click, request)
    form = await fields(request) if request.method == "POST" else None
    return await run_in_threadpool(_answer, request, form)


def is_one_click(body: bytes) -> bool:
    """Whether a mail program posts this: a form's one field, or the same in parts, which RFC 8058, 3.1 prefers."""
    said = body.strip()
    return said == _ONE_CLICK or (len(said) < _LONGEST and _IN_PARTS.fullmatch(said) is not None)


def _one_click(request: Request) -> Response:
    """A mail program's own button; without a cookie or a page, as RFC 8058, 3.2 wants it."""
    site, link = site_of(request), _link(request)
    list_ = _list(site, link) if link else None
    if link is None or list_ is None:
        return PlainTextResponse("there is no such list any more\n", 404)
    stop(site.store, list_, link.delivery.recipient, None, via="mail", now=clock.now())
    return PlainTextResponse("stopped\n")


def _link(request: Request) -> Opened | None:
    """The link; one that is too old stops all the same: what it asks harms nobody and must not fail."""
    site = site_of(request)
    link = opened(site.store, site.keys, STOPPING, request.path_params["token"], clock.now())
    return link if link is not None and link.has_reader else None


def _list(site: Site, link: Opened) -> DigestList | None:
    return site.app.lists.get(link.delivery.list_name or "")


def _answer(request: Request, form: dict[str, str] | None) -> Response:
    site, link = site_of(request), _link(request)
    if link is None:
        return dead(
            request, "This link is not one of ours", "It may have been cut on its way, or be of a database that is gone.", 404
        )
    list_ = _list(site, link)
    if list_ is None:
        return dead(request, "There is no such list any more", "So nothing comes from it.", 410)
    told = _done(site, list_, link, form) if form is not None else ""
    held = standing(site.store, list_, link.delivery.recipient, clock.now())
    return shown(
        request,
        "stopping.html",
        list=list_,
        reader=link.delivery.recipient,
        standing=stop_told(held, list_.timezone) if held else "",
        told=told,
        choices=[(weeks, _day_after(list_, weeks)) for weeks in WEEKS],
    )


def _done(site: Site, list_: DigestList, link: Opened, form: dict[str, str]) -> str:
    """Do what the form asks for; what came of it, in a sentence."""
    reader, now, asked = link.delivery.recipient, clock.now(), form.get("do", "")
    if asked == "resume":
        site.store.resume(list_.name, reader, now)
        return f"{list_.title} comes to {reader} again, from the next digest on."
    until = None
    if asked == "pause":
        until = _day(form.get("until", ""))
        if until is None or until <= _today(list_):
            return "A pause needs the day from which digests are to come again: one after today, as 2027-01-31."
    elif asked != "stop":
        return "Nothing was changed: the form has a button for each thing that can be done."
    return f"Done: {stop(site.store, list_, reader, until, via='page', now=now).told}."


def _today(list_: DigestList) -> date:
    return clock.now().astimezone(ZoneInfo(list_.timezone)).date()


def _day_after(list_: DigestList, weeks: int) -> date:
    return _today(list_) + timedelta(weeks=weeks)


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 - a day of the list's own calendar
    except ValueError:
        return None


ROUTES = [Route(f"/{STOPPING}/{{token}}", page, methods=["GET", "POST"])]
