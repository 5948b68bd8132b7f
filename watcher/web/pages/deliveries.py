"""Deliveries: where each stands and why. What is asked for here is written down; the service sends it, the page never does."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watcher import clock
from watcher.domain import DeliveryState
from watcher.store import DeliveryFacts, Resending
from watcher.web.forms import fields
from watcher.web.site import shown, site_of
from watcher.web.telling import digest_at, leaf, number

DELIVERIES: Final = 50
OPEN: Final = frozenset({DeliveryState.PENDING.value, DeliveryState.PARKED.value})

_TOLD: Final = {
    Resending.OWED: "It is owed: the service sends it in its next round.",
    Resending.BEING_SENT: "Nothing was changed: it is being sent this moment.",
    Resending.STOPPED: "Nothing was changed: its reader stopped the list. `watcher resume` takes it up again for them.",
}


def every(request: Request) -> Response:
    """All deliveries, those of a list, or those in a state."""
    site, asked = site_of(request), request.query_params
    list_name, period, state = (asked.get(name, "") for name in ("list", "period", "state"))
    states = {one for one in DeliveryState if one.value == state} or None
    found = site.store.deliveries_of(
        list_name or None, period=period or None, states=states, below=number(request, "below"), limit=DELIVERIES + 1
    )
    page = leaf(request, found, DELIVERIES, below=found[DELIVERIES - 1].id if len(found) > DELIVERIES else 0)
    return shown(
        request,
        "deliveries.html",
        page=page,
        rows=[(one, _address(one)) for one in page.rows],
        lists=[one.name for one in site.store.known_lists()],
        states=list(DeliveryState),
        list_name=list_name,
        period=period,
        state=state,
    )


def page(request: Request) -> Response:
    """One delivery with its tries."""
    return _shown(request, "")


async def again(request: Request) -> Response:
    """Owe it anew."""
    await fields(request)
    return await run_in_threadpool(_again, request)


def _again(request: Request) -> Response:
    site, one = site_of(request), _delivery(request)
    if one.channel not in site.app.channels:
        return _shown(request, f"Nothing was changed: the configuration has no channel {one.channel!r} any more.")
    return _shown(request, _TOLD[site.store.send_again(one.id, clock.now())])


async def drop(request: Request) -> Response:
    """Ask whether it is to be given up, and give it up."""
    if request.method != "POST":
        return await run_in_threadpool(_asked, request)
    await fields(request)
    return await run_in_threadpool(_dropped, request)


def _asked(request: Request) -> Response:
    one = _delivery(request)
    if one.state not in OPEN:
        return RedirectResponse(f"/deliveries/{one.id}", 303)
    return shown(request, "dropping.html", one=one, digest=_address(one))


def _dropped(request: Request) -> Response:
    is_dropped = site_of(request).store.drop(_delivery(request).id, clock.now())
    told = "It was given up. “Send again” takes it up." if is_dropped else "Nothing was changed: it is being sent, or was sent."
    return _shown(request, told)


def _shown(request: Request, told: str) -> Response:
    site, one = site_of(request), _delivery(request)
    return shown(
        request,
        "delivery.html",
        one=one,
        digest=_address(one),
        attempts=site.store.attempts_of(one.id),
        is_open=one.state in OPEN,
        is_sending=one.state == DeliveryState.SENDING,
        is_sent=one.state == DeliveryState.SENT,
        told=told,
    )


def _delivery(request: Request) -> DeliveryFacts:
    number_ = request.path_params["delivery"]
    one = site_of(request).store.delivery(number_) if number_ < 2**31 else None
    if one is None:
        raise HTTPException(404, f"There is no delivery {number_}")
    return one


def _address(one: DeliveryFacts) -> str:
    return digest_at(one.list_name, one.period) if one.list_name and one.period else ""


ROUTES = [
    Route("/deliveries", every),
    Route("/deliveries/{delivery:number}", page),
    Route("/deliveries/{delivery:number}/again", again, methods=["POST"]),
    Route("/deliveries/{delivery:number}/drop", drop, methods=["GET", "POST"]),
]
