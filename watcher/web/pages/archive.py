"""Digests as they were sent: the lists, the digests of each, and one with its papers, its messages and its files."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watcher.digest import clean
from watcher.digest.personal import bare
from watcher.digest.wording import count, long_span
from watcher.domain import NO_TITLE
from watcher.export import FORMATS
from watcher.store import DigestFacts, StoredMessage
from watcher.web.site import shown, site_of
from watcher.web.telling import digest_at, leaf, number, paper_at

DIGESTS: Final = 50
PAPERS: Final = 100
"""How many of them a page has."""

MEDIA: Final = {
    "ris": "application/x-research-info-systems",
    "nbib": "application/nbib",
    "bib": "application/x-bibtex",
    "csl-json": "application/vnd.citationstyles.csl+json",
    "csv": "text/csv",
}
"""What browsers are told of a file of each format."""

_FRAMED: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}
"""A mail has its styles within; nothing else of it may do anything, and links open beside the page."""


def lists(request: Request) -> Response:
    """The lists, also those that the configuration no longer has."""
    site = site_of(request)
    found = [(one, site.app.lists.get(one.name), _latest(request, one.name)) for one in site.store.known_lists()]
    return shown(request, "digests.html", lists=found)


def _latest(request: Request, list_name: str) -> DigestFacts | None:
    return next(iter(site_of(request).store.digests_of(list_name, limit=1)), None)


def of_list(request: Request) -> Response:
    """The digests of a list."""
    site, name = site_of(request), request.path_params["list"]
    known = next((one for one in site.store.known_lists() if one.name == name), None)
    list_ = site.app.lists.get(name)
    if known is None and list_ is None:
        raise HTTPException(404, f"There is no list {name[:100]!r}")
    found = site.store.digests_of(name, below=number(request, "below"), limit=DIGESTS + 1)
    page = leaf(request, found, DIGESTS, below=found[DIGESTS - 1].id if len(found) > DIGESTS else 0)
    return shown(
        request,
        "digests_of.html",
        name=name,
        title=list_.title if list_ else name,
        list=list_,
        removed_at=known.removed_at if known else None,
        page=page,
        rows=[(one, digest_at(name, one.period), _span(one)) for one in page.rows],
    )


def _span(digest: DigestFacts) -> str:
    return long_span(digest.covers_from, digest.covers_to)


def issue(request: Request) -> Response:
    """One digest."""
    site, digest = site_of(request), _digest(request)
    list_ = site.app.lists.get(digest.list_name)
    stored = site.store.messages_of(digest.id)
    skip = number(request, "from") or 0
    found = site.store.papers_of(digest, skip=skip, limit=PAPERS + 1)
    page = leaf(request, found, PAPERS, **{"from": skip + PAPERS})
    before, after = site.store.digests_beside(digest)
    here = digest_at(digest.list_name, digest.period)
    return shown(
        request,
        "digest.html",
        digest=digest,
        title=list_.title if list_ else digest.list_name,
        span=_span(digest),
        here=here,
        has_html=_part(stored, "html") is not None,
        messages=stored,
        damaged=any(one.message is None for one in stored),
        formats=[(style, f"{here}/papers.{style}") for style in FORMATS],
        page=page,
        papers=[(paper_at(one.record_id), clean.plain(one.title) or NO_TITLE, one.record_id.label) for one in page.rows],
        skip=skip,
        before=digest_at(digest.list_name, before) if before else "",
        after=digest_at(digest.list_name, after) if after else "",
        counted=count(digest.papers, "paper"),
    )


def framed(request: Request) -> Response:
    """The mail as it was sent, without its readers' links, for a frame of the digest's page."""
    html = _part(site_of(request).store.messages_of(_digest(request).id), "html")
    if html is None:
        raise HTTPException(404, "No mail of this digest is stored")
    return Response(html.replace("<head>", '<head><base target="_blank">', 1), media_type="text/html", headers=_FRAMED)


def message(request: Request) -> Response:
    """A message as text: of a mail its plain part, of a post what was posted."""
    kind, part = request.path_params["kind"], request.path_params["part"]
    stored = site_of(request).store.messages_of(_digest(request).id)
    found = next((one for one in stored if one.kind == kind and one.part == part), None)
    if found is None or found.message is None:
        raise HTTPException(404, "This message is not stored, or what is stored of it is damaged")
    payload = bare(found.message).payload
    return PlainTextResponse(payload.get("text") or payload.get("json") or "")


def papers(request: Request) -> Response:
    """The papers of a digest as a file: the one that was attached, else made anew of the records."""
    site, digest, style = site_of(request), _digest(request), request.path_params["style"]
    if style not in FORMATS:
        raise HTTPException(404, f"There is no format {style[:20]!r}: there are {', '.join(FORMATS)}")
    attached = _part(site.store.messages_of(digest.id), style) if style in ("ris", "nbib") else None
    text = attached or FORMATS[style](site.store.export(list_name=digest.list_name, period=digest.period))
    return file_of(text, style, f"{digest.list_name}-{digest.slot_at.astimezone(site.zone).date()}")


def file_of(text: str, style: str, name: str) -> Response:
    """A text of a format for download."""
    ending = "json" if style == "csl-json" else style
    told = f'attachment; filename="{name}.{ending}"'
    return Response(text, media_type=f"{MEDIA[style]}; charset=utf-8", headers={"Content-Disposition": told})


def _digest(request: Request) -> DigestFacts:
    found = site_of(request).store.digest(request.path_params["list"], request.path_params["period"])
    if found is None:
        raise HTTPException(404, "There is no such digest")
    return found


def _part(stored: tuple[StoredMessage, ...], form: str) -> str | None:
    """A part of the mail among the messages, as it was sent, without readers' links."""
    mails = (one.message for one in stored if one.message and "html" in one.message.payload)
    return next((bare(mail).payload[form] for mail in mails if form in mail.payload), None)


_ONE = "/digests/{list}/{period}"
ROUTES = [
    Route("/digests", lists),
    Route("/digests/{list}", of_list),
    Route(_ONE, issue),
    Route(f"{_ONE}/sent", framed),
    Route(f"{_ONE}/message/{{kind}}/{{part:number}}", message),
    Route(f"{_ONE}/papers.{{style}}", papers),
]
