"""Feeds: the documents, for feed readers with a token of theirs, and a page that says where they are."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watcher.flows.questions.feeds import FOLDER, Feeds, states
from watcher.web.site import Site, shown, site_of

_NO_ENTRY = (
    "This feed is read with the token of its reader, as ?token=… at the end of its address. Whoever keeps the watcher makes one under\n"
    "feeds: tokens: in the configuration; `watcher feeds --token NAME` prints the addresses.\n"
)


def document(request: Request) -> Response:
    """A feed, for whoever may see the page or has a token. To anybody else each feed is the same, be it there or not."""
    site, token = site_of(request), request.query_params.get("token")
    feeds = _feeds(site)
    if not (site.may_enter(request) or feeds.is_allowed(token)):
        return PlainTextResponse(_NO_ENTRY, 403)
    path = f"{request.path_params['kind']}/{request.path_params['file']}"
    answer = feeds.answer(path, if_none_match=request.headers.get("if-none-match"), token=token)
    if answer is None:
        return PlainTextResponse("There is no such feed. The page on feeds lists them.\n", 404)
    return Response(answer.content, answer.status, dict(answer.headers))


def page(request: Request) -> Response:
    """Where the feeds are."""
    site = site_of(request)
    feeds = _feeds(site)
    return shown(request, "feeds.html", feeds=states(feeds, None), has_tokens=bool(feeds.tokens))


def _feeds(site: Site) -> Feeds:
    site.store  # noqa: B018 - opened once, whoever comes first
    return site.app.feeds()


ROUTES = [Route(f"/{FOLDER}", page), Route(f"/{FOLDER}/{{kind}}/{{file}}", document)]
