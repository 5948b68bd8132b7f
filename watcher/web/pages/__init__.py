"""The pages, a module for each part: `ROUTES` of each is what it answers."""

from collections.abc import Iterator

from starlette.routing import Route

from watcher.web.pages import feeds, health, login, marking, overview, searching, stopping, triage


def routes() -> Iterator[Route]:
    """All routes, in the order in which they are tried."""
    for module in (overview, triage, searching, feeds, login, marking, stopping, health):
        yield from module.ROUTES
