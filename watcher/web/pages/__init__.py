"""The pages, a module for each part: `ROUTES` of each is what it answers."""

from collections.abc import Iterator

from starlette.routing import Route

from watcher.web.pages import (
    archive,
    configuration,
    deliveries,
    feeds,
    health,
    login,
    marking,
    operate,
    overview,
    paper,
    searching,
    stopping,
    triage,
    watches,
)

_PAGES = (
    archive,
    configuration,
    deliveries,
    feeds,
    health,
    login,
    marking,
    operate,
    overview,
    paper,
    searching,
    stopping,
    triage,
    watches,
)


def routes() -> Iterator[Route]:
    """All routes, in the order in which they are tried."""
    for module in _PAGES:
        yield from module.ROUTES
