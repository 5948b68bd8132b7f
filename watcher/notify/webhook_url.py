"""What a webhook's address must be, before anything is posted to it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from watcher.domain import Channel
from watcher.errors import ConfigurationError, Problem

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def is_safe(url: str, channel: Channel) -> None:
    """Whether a webhook's address keeps its secret on the way.

    Raises:
        ConfigurationError: it is plain http, and not on this machine.
    """
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        what = f"the url of channel {channel.name!r} is plain http, which shows its secret on the way"
        raise ConfigurationError(Problem(what, "write its https address"))
