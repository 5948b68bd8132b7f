"""The queue of papers that a reader has still to mark, one key or thumb each; and the reading list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from watcher import clock
from watcher.app import App
from watcher.digest import clean, links
from watcher.domain import RecordId, VerdictKind
from watcher.elsewhere import worked_out
from watcher.errors import Stopped, UnknownNameError, WorkLost
from watcher.flows.deliver.personal import kind_said
from watcher.flows.scoring.verdicts import mark
from watcher.store import QueuedFacts
from watcher.web.forms import fields, reader_in
from watcher.web.pages.marking import UNDO, UNKNOWN, WORDS, lines
from watcher.web.papers import all_shown, named_by
from watcher.web.site import Site, shown, site_of, templates

if TYPE_CHECKING:
    from watcher.flows.questions.learnt import Learnt

SINCE: Final = timedelta(weeks=8)
"""Papers of digests as old as this wait to be marked; older ones are found by the search."""
AT_ONCE: Final = 25
LONGEST_NOTE: Final = 4_000
BUTTONS: Final = (
    (VerdictKind.RELEVANT.value, "Relevant", "r"),
    (VerdictKind.NOT.value, "Not", "i"),
    (VerdictKind.LATER.value, "Later", "l"),
)
MARKED: Final = {
    word: f"{word[0].upper()}{word[1:]}."
    for word in (*(f"marked as {word}" for word in WORDS.values()), "taken back", "note kept", "note taken away")
}
"""What the queue says of what was just done; the address bar may hold anything."""


def page(request: Request) -> Response:
    """The queue, or with `show=later` the reading list."""
    site = site_of(request)
    reader, later = site.cookies(request).reader(request), request.query_params.get("show") == "later"
    list_name = request.query_params.get("list", "")
    if list_name not in site.app.lists:
        list_name = ""
    waiting = 0
    if later:
        found: Sequence[QueuedFacts] = site.store.reading_list(reader) if reader else ()
    else:
        found, waiting = site.store.queue(reader, clock.now() - SINCE, list_name=list_name, limit=AT_ONCE)
    return shown(
        request,
        "triage.html",
        reader=reader,
        later=later,
        waiting=waiting,
        papers=_cards(site, found, reader),
        lists=[(one.name, one.title) for one in site.app.lists.values()] if len(site.app.lists) > 1 else [],
        list_name=list_name,
        marked=MARKED.get(request.query_params.get("marked", ""), ""),
        buttons=BUTTONS,
    )


def _cards(site: Site, found: Sequence[QueuedFacts], reader: str) -> list[tuple[object, QueuedFacts, str]]:
    record_ids = [one.record_id for one in found]
    papers = all_shown(site.store.articles(record_ids), record_ids)
    notes = site.store.notes(record_ids, reader) if reader else {}
    return [(papers[one.record_id], one, notes.get(one.record_id, "")) for one in found if one.record_id in papers]


async def act(request: Request) -> Response:
    """Give a verdict, take it back, or keep a note."""
    return await run_in_threadpool(_acted, request, await fields(request))


def _acted(request: Request, form: dict[str, str]) -> Response:
    site, record_id = site_of(request), named_by(request.path_params["record"])
    reader = site.cookies(request).reader(request) or reader_in(form)
    if not reader:
        raise HTTPException(400, "Please say who you are: your name stands at the top of the page")
    note, word = form.get("note"), form.get("kind", "")
    told = _said(site, record_id, reader, word) if note is None else _noted(site, record_id, reader, note)
    response = _told(request, record_id, told, can_undo=note is None and word != UNDO)
    site.cookies(request).remember(response, reader)
    return response


def _said(site: Site, record_id: RecordId, reader: str, word: str) -> str:
    kind = kind_said(word)
    if kind is None and word != UNDO:
        raise HTTPException(400, "That is no verdict")
    try:
        mark(site.store, record_id, kind, site.app.watches, reader=reader, via="page", now=clock.now())
    except UnknownNameError as error:
        raise HTTPException(409, str(error)) from None
    return f"marked as {WORDS[kind]}" if kind else "taken back"


def _noted(site: Site, record_id: RecordId, reader: str, text: str) -> str:
    note = text.replace("\r\n", "\n").replace("\0", "").strip()[:LONGEST_NOTE]  # PostgreSQL has no text with a NUL
    site.store.note(record_id, reader, note, clock.now())
    return "note kept" if note else "note taken away"


def _told(request: Request, record_id: RecordId, told: str, *, can_undo: bool) -> Response:
    """A line in the paper's place for htmx; for a browser without script the queue again, which says it."""
    if request.headers.get("hx-request"):
        token, _ = site_of(request).cookies(request).form_token(request)
        values = {"told": told, "record_id": record_id, "can_undo": can_undo, "form_token": token}
        return HTMLResponse(templates().get_template("triage_told.html").render(**values))
    return RedirectResponse(f"/triage?{urlencode({'marked': told})}", 303)


async def name(request: Request) -> Response:
    """Say who this browser's reader is."""
    form = await fields(request)
    reader = reader_in(form)
    response = RedirectResponse("/triage", 303)
    if reader:
        await run_in_threadpool(lambda: site_of(request).cookies(request).remember(response, reader))
    return response


def _learnt_since(app: App, *, reader: str, now: datetime) -> tuple[Learnt, ...]:
    from watcher.flows.questions.learnt import learnt_since  # noqa: PLC0415 - it loads the ranking

    return learnt_since(app.orderer(), list(app.watches.values()), reader, now - timedelta(days=1), now)


def learnt(request: Request) -> Response:
    """What the ranking makes of what this reader said in the last day."""
    site = site_of(request)
    reader = site.cookies(request).reader(request)
    with site.turn() as is_ours:
        if not is_ours:
            raise HTTPException(503, UNKNOWN)
        try:
            found = worked_out(site.app, partial(_learnt_since, reader=reader, now=clock.now()))
        except (WorkLost, Stopped) as error:
            raise HTTPException(503, UNKNOWN) from error
    return shown(
        request,
        "learnt.html",
        told=[
            (lines(one), [(clean.title(each), links.page(each.record_id)) for each in one.risen[:10]], len(one.risen))
            for one in found
        ],
        reader=reader,
    )


ROUTES = [
    Route("/triage", page),
    Route("/triage/learnt", learnt),
    Route("/triage/name", name, methods=["POST"]),
    Route("/triage/{record}", act, methods=["POST"]),
]
