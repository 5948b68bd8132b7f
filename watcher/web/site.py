"""The page of one configuration: its routes, and what all of them share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from zoneinfo import ZoneInfo

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from watcher.app import App
from watcher.digest import clean
from watcher.domain import Weeks
from watcher.setup.loading import Loaded
from watcher.store import Store
from watcher.web import near, telling
from watcher.web.cookies import Cookies
from watcher.web.zone import zone_of

_log = structlog.get_logger(__name__)

NAV = (
    ("/", "Overview"),
    ("/search", "Search"),
    ("/triage", "Triage"),
    ("/digests", "Digests"),
    ("/watches", "Watches"),
    ("/feeds", "Feeds"),
    ("/operate", "Operate"),
)
"""The pages that each page leads to: their addresses and names."""

TURN_SECONDS = 5.0
_BELOW = {"papers": "/digests", "runs": "/operate", "deliveries": "/operate", "configuration": "/operate"}
"""To which of them pages belong whose addresses do not say so, by the first part of their own."""


class Site:
    """What pages ask for. Several threads use it at once; `counted` are the weeks of watches, with what they were counted of, since that reads
    all that a watch has found."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self.settings = loaded.settings
        self.app = App(loaded.settings, say=_log.debug, loaded=loaded)
        self._working = threading.Lock()
        self.counted: dict[str, tuple[object, Weeks]] = {}
        self._opening = threading.Lock()

    @property
    def store(self) -> Store:
        """The database. Raises StoreError when it cannot be used."""
        with self._opening:
            return self.app.store

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that sign links and cookies."""
        with self._opening:
            return self.app.signing_keys

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether it is one's turn to rank, which takes memory and time. It is waited for some seconds only: who waits keeps others out."""
        is_ones_turn = self._working.acquire(timeout=TURN_SECONDS)
        try:
            yield is_ones_turn
        finally:
            if is_ones_turn:
                self._working.release()

    def close(self) -> None:
        """Give the database back."""
        with self._opening:
            self.app.__exit__(None, None, None)

    # --- who may enter

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The names that the page goes by."""
        return near.hosts_of(self.settings.web.listen, self.settings.base_url)

    @property
    def listens_everywhere(self) -> bool:
        """Whether it listens at each address of its machine."""
        return self.settings.web.listen.startswith(("0.0.0.0:", "[::]:"))

    @property
    def has_password(self) -> bool:
        """Whether a password is set, by which everybody logs in."""
        return bool(self.password_hash)

    @property
    def password_hash(self) -> str:
        """The hash of the page's password; "" for none."""
        secret = self.settings.web.password_hash
        return secret.get_secret_value() if secret else ""

    def cookies(self, request: Request) -> Cookies:
        """What the browser of a request keeps; over https alone where it came that way."""
        is_https = (self.settings.base_url or "").startswith("https://") and not near.is_from_this_machine(request)
        return Cookies(self.keys, self.password_hash, is_https)

    def may_enter(self, request: Request) -> bool:
        """Whether a request needs no login, or has one."""
        if not self.has_password:
            return near.is_from_this_machine(request)
        return self.cookies(request).is_logged_in(request)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the configuration, whose days name files and part weeks."""
        return ZoneInfo(self.settings.timezone)


def site_of(request: Request) -> Site:
    """The site that a request is answered by."""
    site = request.app.state.site
    assert isinstance(site, Site)  # noqa: S101 - `routing` put it there
    return site


def shown(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page. Its forms bring along what shows that they are ours."""
    site = site_of(request)
    cookies = site.cookies(request)
    token, cookie = cookies.form_token(request)
    zone = zone_of(request, site.settings.timezone)
    shared = {
        "nav": NAV,
        "path": request.url.path,
        "under": _under(request.url.path),
        "zone": zone.name,
        "zone_is_readers": zone.is_readers,
        "may_load_anew": request.method == "GET",
        "form_token": token,
        "can_enter": site.may_enter(request),
        "has_password": site.has_password,
    }
    response = HTMLResponse(templates().get_template(template).render(**shared, **values), status)
    cookies.keep_form(response, cookie)
    return response


def _under(path: str) -> str:
    first = path.split("/")[1]
    return _BELOW.get(first, f"/{first}")


@cache
def templates() -> Environment:
    """Everything is escaped."""
    environment = Environment(
        loader=PackageLoader("watcher.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"at": telling.at, "plain": clean.plain}
    return environment
