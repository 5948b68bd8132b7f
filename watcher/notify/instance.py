"""The plugin that Apprise makes of a channel's URL."""

from __future__ import annotations

from typing import Any

import apprise

from watcher.domain import Channel
from watcher.errors import ConfigurationError, Problem
from watcher.notify.hush import hushed


def asset() -> apprise.AppriseAsset:
    """One attempt, in this thread, as long as its own time-outs allow."""
    return apprise.AppriseAsset(app_id="watcher", async_mode=False, service_timeout=0)


def instance(channel: Channel, ours: Any, theirs: Any) -> Any | None:  # noqa: ANN401 - Apprise ships no types for its plugins
    """Our subclass of Apprise's plugin for a channel's URL; None where the URL leads to another plugin, or to none.

    Args:
        channel: the channel.
        ours: the subclass.
        theirs: the class of Apprise's that the URL has to lead to.
    """
    with hushed(channel.url):
        parsed = apprise.Apprise.instantiate(channel.url, asset=asset())
        if not isinstance(parsed, theirs):
            return None
        settings = theirs.parse_native_url(channel.url) if channel.url.startswith("http") else theirs.parse_url(channel.url)
        return ours(**settings, asset=asset())


def not_understood(channel: Channel, kind: str, fix: str) -> ConfigurationError:
    """The refusal of a channel's URL, which is not repeated: it is not `kind` ("an Apprise") URL."""
    return ConfigurationError(Problem(f"the url of channel {channel.name!r} is not {kind} URL", fix))
