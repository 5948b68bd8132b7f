"""The bounds of a send: it ends after SEND_SECONDS whatever the other side does, and takes no more than MOST_BYTES of its answers.

Apprise's other plugins ask `requests`: they are given sessions of ours in its place. Those that speak MQTT, XMPP and the like make
connections of their own, which cannot be cut: such a send is left behind in its thread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from types import ModuleType
from typing import Any

import requests

from watcher.deadline import MEGABYTE, Exchange, Late, left_behind, new_session, within
from watcher.errors import DeliveryError

SEND_SECONDS = 60.0
MOST_BYTES = MEGABYTE


def bounded() -> AbstractContextManager[Exchange]:
    """The exchange of one send."""
    return within(SEND_SECONDS, most_bytes=MOST_BYTES)


def late(exchange: Exchange, who: str) -> DeliveryError | None:
    """What an error means that was met after the exchange went beyond its bounds; None when it did not."""
    return DeliveryError(f"{who} {exchange.failure}", permanent=False) if exchange.failure else None


def left_behind_when_late(work: Callable[[], Any], who: str) -> Any:  # noqa: ANN401 - whatever the work returns
    """Do the work in a thread, and wait for it no longer than SEND_SECONDS.

    Raises:
        DeliveryError: it did not end in that time.
    """
    try:
        return left_behind(work, SEND_SECONDS, who)
    except Late:
        raise DeliveryError(f"{who} did not finish within {SEND_SECONDS:g} s", permanent=False) from None


class _BoundedRequests(ModuleType):
    """`requests` as plugins use it, over sessions that keep the bounds of a send."""

    def __init__(self) -> None:
        super().__init__("requests")
        self.Session = new_session
        self.request = _asked
        for method in ("get", "options", "head", "post", "put", "patch", "delete"):
            setattr(self, method, partial(_asked, method))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever requests has
        return getattr(requests, name)


def _asked(method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - the signature of requests
    places = dict(zip({"get": ["params"], "post": ["data", "json"]}.get(method, ["data"]), args, strict=False))
    with new_session() as session:
        return session.request(method, url, **places, **kwargs)


_BOUNDED_REQUESTS = _BoundedRequests()


def take_over_requests() -> None:
    """Give Apprise's plugins that are loaded by now our sessions for those of `requests`."""
    for name, module in list(sys.modules.items()):
        if name.startswith("apprise.plugins.") and vars(module).get("requests") is requests:
            setattr(module, "requests", _BOUNDED_REQUESTS)  # noqa: B010 - a name inside a module that has no types
