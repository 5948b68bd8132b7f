"""A link of a mail or of Slack that marks a paper: a page with one button, which alone changes anything, since mail scanners follow links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watcher import clock
from watcher.app import App
from watcher.digest import clean, links
from watcher.digest.personal import MARKING
from watcher.domain import NO_TITLE, RecordId, VerdictKind
from watcher.elsewhere import worked_out
from watcher.errors import Stopped, WorkLost
from watcher.flows.deliver.personal import Opened, kind_said, opened
from watcher.flows.scoring.verdicts import Marking, mark
from watcher.store import History
from watcher.web.forms import fields, reader_in
from watcher.web.site import Site, shown, site_of

WORDS = {VerdictKind.RELEVANT: "relevant", VerdictKind.NOT: "not relevant", VerdictKind.LATER: "to be read later"}
BUTTONS = {VerdictKind.RELEVANT: "Mark as relevant", VerdictKind.NOT: "Mark as not relevant", VerdictKind.LATER: "Keep for later"}
UNDO = "undo"
UNKNOWN = "This could not be worked out now; the next digest is ranked by it all the same."


if TYPE_CHECKING:
    from watcher.flows.questions.learnt import Learnt

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link asks: of which paper, in which words, and by whom; `reader` is "" as long as nobody has said who it is."""

    link: Opened
    record_id: RecordId
    history: History
    watches: tuple[str, ...]
    reader: str

    @property
    def title(self) -> str:
        """The paper's title."""
        return clean.title(self.history.article) if self.history.article else clean.plain(self.history.title) or NO_TITLE

    @property
    def said(self) -> VerdictKind | None:
        """What the reader has said of it."""
        mine = (one.kind for one in self.history.verdicts if one.undone_at is None and one.reader == self.reader)
        return next(mine, None)


async def page(request: Request) -> Response:
    """Show what the link would do, or do it."""
    form = await fields(request) if request.method == "POST" else None
    return await run_in_threadpool(_answer, request, form)


def _answer(request: Request, form: dict[str, str] | None) -> Response:
    site, token = site_of(request), request.path_params["token"]
    link = opened(site.store, site.keys, MARKING, token, clock.now())
    if link is None or link.record_id is None:
        return dead(
            request, "This link is not one of ours", "It may have been cut on its way, or be of a database that is gone.", 404
        )
    if link.is_expired:
        return dead(
            request,
            "This link is too old",
            "Links are good for half a year. `watcher mark` and the page take verdicts at any time.",
            410,
        )
    asked = _asked(request, site, link, link.record_id, form)
    if not asked.watches:
        told = "The watches that found this paper are no longer in the configuration, so nothing would learn from it."
        return dead(request, "This paper cannot be marked any more", told, 410)
    if form is None or not asked.reader:
        return _shown(request, asked, "" if form is None else "Please say who you are: a post on Slack does not tell.")
    return _marked(request, site, asked, form)


def _asked(request: Request, site: Site, link: Opened, record_id: RecordId, form: dict[str, str] | None) -> Asked:
    history = site.store.explain(record_id)
    list_ = site.app.lists.get(link.delivery.list_name or "")
    known = [hit.watch for hit in history.hits if hit.watch in site.app.watches]
    of_list = tuple(name for name in known if list_ is None or name in list_.watches)
    given = reader_in(form or {})
    reader = link.delivery.recipient if link.has_reader else given or site.cookies(request).reader(request)
    return Asked(link, record_id, history, of_list or tuple(known), reader)


def _shown(request: Request, asked: Asked, told: str) -> Response:
    kind = kind_said(request.path_params.get("kind", ""))
    kinds = [kind] if kind else list(VerdictKind)
    base = f"/{MARKING}/{request.path_params['token']}"
    return shown(
        request,
        "marking.html",
        asked=asked,
        url=links.page(asked.record_id),
        buttons=[(one.value, BUTTONS[one]) for one in kinds],
        others=[(f"{base}/{one}", WORDS[one]) for one in VerdictKind if one not in kinds],
        said=WORDS[asked.said] if asked.said else "",
        has_reader=asked.link.has_reader,
        told=told,
    )


def _marked(request: Request, site: Site, asked: Asked, form: dict[str, str]) -> Response:
    word = form.get("kind", "")
    kind = kind_said(word)
    if kind is None and word != UNDO:
        return dead(request, "That is no verdict", "The form has a button for each that there is.", 400)
    done, learnt = marked(site, asked.record_id, kind, asked.watches, reader=asked.reader, via=_via(asked.link))
    response = shown(
        request,
        "marked.html",
        asked=asked,
        url=links.page(asked.record_id),
        word=WORDS[kind] if kind else "",
        lines=[UNKNOWN] if learnt is None else [line for one in learnt for line in lines(one)],
        risen=[(clean.title(one), links.page(one.record_id)) for each in learnt or () for one in each.risen],
        done=done,
        back=f"/{MARKING}/{request.path_params['token']}",
    )
    if not asked.link.has_reader:
        site.cookies(request).remember(response, asked.reader)
    return response


def marked(
    site: Site, record_id: RecordId, kind: VerdictKind | None, watches: tuple[str, ...], *, reader: str, via: str
) -> tuple[Marking, tuple[Learnt, ...] | None]:
    """Give a verdict for watches, and what they learn from it, None where that could not be worked out; `later` teaches nothing, and nothing
    is ranked for it."""
    give = partial(_given, record_id=record_id, kind=kind, watches=watches, reader=reader, via=via, now=clock.now())
    if kind is VerdictKind.LATER:
        return give(site.app), ()
    with site.turn() as is_ours:
        try:
            if is_ours:
                return worked_out(site.app, partial(_learning, give=give, watches=watches, now=clock.now()))
        except (WorkLost, Stopped) as error:
            _log.warning("what a verdict teaches cannot be told", record=record_id, reason=str(error))
    return give(site.app), None  # what the other process has given stays as it is


def _given(
    app: App, *, record_id: RecordId, kind: VerdictKind | None, watches: tuple[str, ...], reader: str, via: str, now: datetime
) -> Marking:
    return mark(app.store, record_id, kind, [name for name in watches if name in app.watches], reader=reader, via=via, now=now)


def _learning(
    app: App, *, give: Callable[[App], Marking], watches: tuple[str, ...], now: datetime
) -> tuple[Marking, tuple[Learnt, ...]]:
    from watcher.flows.questions.learnt import learning  # noqa: PLC0415 - it loads the ranking

    return learning(app.orderer(), [app.watch(name) for name in watches], partial(give, app), now)


def lines(learnt: Learnt) -> list[str]:
    """What a watch learnt, in sentences."""
    papers = "1 paper" if learnt.moved == 1 else f"{learnt.moved:,} papers"
    moves = "moves" if learnt.moved == 1 else "move"
    told = [
        f"{learnt.watch.title}: {papers} of the last four weeks {moves}."
        if learnt.moved
        else f"{learnt.watch.title}: no paper of the last four weeks moves by a point or more."
    ]
    if learnt.fallen:
        told.append(f"{len(learnt.fallen):,} would no longer be shown.")
    return told


def dead(request: Request, title: str, told: str, status: int) -> Response:
    """A page that says why a link does nothing."""
    return shown(request, "told.html", status=status, title=title, told=told)


def _via(link: Opened) -> str:
    return "mail" if link.has_reader else "slack"


ROUTES = [
    Route(f"/{MARKING}/{{token}}", page, methods=["GET", "POST"]),
    Route(f"/{MARKING}/{{token}}/{{kind}}", page, methods=["GET", "POST"]),
]
