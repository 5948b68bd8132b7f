"""The plugin that Apprise makes of a channel's URL."""

from __future__ import annotations

from typing import Any

import apprise

from watcher.domain import Channel, ChannelKind
from watcher.errors import ConfigurationError, Problem
from watcher.notify.hush import hushed

_FORMS = {
    ChannelKind.EMAIL: "write for example mailtos://user:password@smtp.lab.example?from=watcher@lab.example",
    ChannelKind.SLACK: "write the webhook's https address as Slack shows it, or slack://TokenA/TokenB/TokenC",
    ChannelKind.OTHER: "write an Apprise URL; its wiki lists the services",
}


def asset() -> apprise.AppriseAsset:
    """One attempt, in this thread, as long as its own time-outs allow."""
    return apprise.AppriseAsset(app_id="watcher", async_mode=False, service_timeout=0)


def instance(channel: Channel, ours: Any, theirs: Any) -> Any:  # noqa: ANN401 - Apprise ships no types for its plugins
    """Our subclass of Apprise's plugin for a channel's URL.

    Args:
        channel: the channel.
        ours: the subclass.
        theirs: the class of Apprise's that the URL has to lead to.

    Raises:
        ConfigurationError: it leads to another, or to none.
    """
    with hushed(channel.url):
        parsed = apprise.Apprise.instantiate(channel.url, asset=asset())
        if not isinstance(parsed, theirs):
            raise not_understood(channel)
        settings = theirs.parse_native_url(channel.url) if channel.url.startswith("http") else theirs.parse_url(channel.url)
        return ours(**settings, asset=asset())


def not_understood(channel: Channel) -> ConfigurationError:
    """The refusal of a channel's URL, which is not repeated."""
    kind = {ChannelKind.EMAIL: "an email", ChannelKind.SLACK: "a Slack", ChannelKind.OTHER: "an Apprise"}[channel.kind]
    return ConfigurationError(Problem(f"the url of channel {channel.name!r} is not {kind} URL", _FORMS[channel.kind]))
