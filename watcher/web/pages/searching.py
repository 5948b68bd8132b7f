"""Search over everything stored. The address bar holds the query, and a selection can be taken along in every format."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watcher.digest import clean, links
from watcher.export import FORMATS
from watcher.flows.questions.search import ResultPaper, Search, fill, search, selection
from watcher.store import Counts, SearchOrder, Snippet, VerdictFilter
from watcher.web.site import shown, site_of

LONGEST_QUERY: Final = 2_000
"""Characters of an address's parameters; a longer one is no question of a reader."""
MOST_EXPORTED: Final = 20_000
STEPS: Final = 8
"""So many pieces of the index are filled before an export, two seconds' work."""
COUNTED: Final = 12
"""Journals, types and chips that are offered to narrow an answer."""

_FILES: Final = {
    "ris": ("papers.ris", "application/x-research-info-systems"),
    "nbib": ("papers.nbib", "application/nbib"),
    "bib": ("papers.bib", "application/x-bibtex"),
    "csl-json": ("papers.json", "application/vnd.citationstyles.csl+json"),
    "csv": ("papers.csv", "text/csv"),
}
_ORDERS: Final = {
    SearchOrder.NEWEST: "newest first",
    SearchOrder.SCORE: "best score first",
    SearchOrder.RELEVANCE: "most words in the title first",
}
_VERDICTS: Final = {
    VerdictFilter.RELEVANT: "marked relevant",
    VerdictFilter.NOT: "marked not relevant",
    VerdictFilter.LATER: "kept for later",
    VerdictFilter.ANY: "marked",
    VerdictFilter.NONE: "not marked",
}


def page(request: Request) -> Response:
    """The papers that an address asks for."""
    asked = _asked(request)
    store = site_of(request).store
    fill(store, steps=1)  # what the last run brought; the rest is told, and taken in by the service
    found = search(store, asked)
    return shown(
        request,
        "search.html",
        asked=asked,
        found=found,
        papers=[(one, _title(one), _snippet(one.snippet)) for one in found.papers],
        query=urlencode(_without(asked, "after")),
        next=urlencode(found.next.to_params()) if found.next else "",
        watches=[(one.name, one.title) for one in site_of(request).app.watches.values()],
        orders=list(_ORDERS.items()),
        verdicts=list(_VERDICTS.items()),
        filters=list(_filters(asked)),
        formats=list(_FILES),
        page=links.page,
    )


def narrower(request: Request) -> Response:
    """By what the papers of a search could be narrowed: apart from the search, since counting all of them takes longer than finding a page."""
    asked = _asked(request)
    counts = search(site_of(request).store, asked, counts=True).counts
    is_part = request.headers.get("hx-request") == "true"
    return shown(
        request,
        "narrower_part.html" if is_part else "narrower.html",
        asked=asked,
        query=urlencode(_without(asked, "after")),
        narrower=list(_narrower(asked, counts)) if counts else [],
    )


def export(request: Request) -> Response:
    """All papers of a search as a file."""
    style = request.path_params["style"]
    if style not in FORMATS:
        raise HTTPException(404, "There is no such format")
    site, asked = site_of(request), _asked(request)
    left = fill(site.store, steps=STEPS)
    if left:  # a file says nothing of what it lacks
        raise HTTPException(503, f"{left:,} papers are not indexed yet, and would be missing: try again in a minute")
    found = search(site.store, asked)
    if found.total > MOST_EXPORTED:
        told = f"These are {found.total:,} papers: narrow them to {MOST_EXPORTED:,}, or take them by `watcher search --export`"
        raise HTTPException(413, told)
    articles, _ = selection(site.store, asked)
    name, kind = _FILES[style]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(FORMATS[style](articles).encode(), media_type=kind, headers=headers)


def _asked(request: Request) -> Search:
    if len(request.url.query) > LONGEST_QUERY:
        raise HTTPException(414, "This question is too long")
    return Search.from_params(request.query_params.multi_items())


def _without(asked: Search, *names: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in asked.to_params() if name not in names]


def _narrower(asked: Search, counts: Counts) -> Iterable[tuple[str, list[tuple[str, int, str]]]]:
    """What an answer could be narrowed to: a heading, and of each kind the most frequent with their numbers and addresses."""
    kinds = (
        ("Watch", "watch", counts.watches),
        ("Chip", "chip", counts.chips),
        ("Type", "type", counts.types),
        ("Journal", "journal", counts.journals),
    )
    here = _without(asked, "after")
    for heading, name, counted in kinds:
        offered = [
            (value, many, urlencode([*here, (name, value)])) for value, many in counted[:COUNTED] if (name, value) not in here
        ]
        if offered:
            yield heading, offered


def _filters(asked: Search) -> Iterable[tuple[str, str]]:
    """Each filter that stands, and the address without it."""
    here = _without(asked, "after")
    for name, value in here:
        if name in ("watch", "type", "chip", "journal"):
            yield f"{name}: {clean.clip(clean.plain(value), 80)}", urlencode([one for one in here if one != (name, value)])


def _title(found: ResultPaper) -> Markup:
    """The title with the asked words marked."""
    return _marked(found.paper.title, found.title_marks)


def _snippet(found: Snippet | None) -> Markup:
    if found is None:
        return Markup()
    before, behind = ("… " if found.is_cut_before else ""), (" …" if found.is_cut_behind else "")
    return Markup("{}{}{}").format(before, _marked(found.text, found.marks), behind)


def _marked(text: str, ranges: Iterable[tuple[int, int]]) -> Markup:
    """A stranger's text, cleaned and escaped, with these ranges in mark elements."""
    told, at = Markup(), 0
    for begins, ends in ranges:
        told += escape(clean.piece(text[at:begins])) + Markup("<mark>{}</mark>").format(clean.piece(text[begins:ends]))
        at = ends
    return told + escape(clean.piece(text[at:]))


ROUTES = [Route("/search", page), Route("/search/narrower", narrower), Route("/search/export/{style}", export)]
