"""A plugin of Apprise's, ours or any other, asked to send once."""

from __future__ import annotations

from typing import Any

import apprise

from watcher.domain import Channel
from watcher.errors import DeliveryError
from watcher.notify.deadline import left_behind_when_late
from watcher.notify.email import DigestEmail
from watcher.notify.instance import asset, not_understood
from watcher.notify.slack import DigestSlack


def other_plugin(channel: Channel) -> Any:  # noqa: ANN401 - Apprise ships no types for its plugins
    """The plugin for a channel of any other service.

    Raises:
        ConfigurationError: its URL is no URL of Apprise's.
    """
    plugin = apprise.Apprise.instantiate(channel.url, asset=asset())
    if plugin is None:
        raise not_understood(channel)
    return plugin


def notify(plugin: Any, channel: Channel, text: str, subject: str) -> None:  # noqa: ANN401 - Apprise ships no types for its plugins
    """Let a plugin send; ours leave what failed in `failure`, and end in time by themselves.

    Raises:
        DeliveryError: the message was not taken.
    """
    service = apprise.Apprise(asset=asset())
    service.add(plugin)

    def pushed() -> Any:  # noqa: ANN401 - Apprise's own result
        return service.notify(body=text, title=subject, body_format=apprise.NotifyFormat.TEXT)

    ours = isinstance(plugin, DigestEmail | DigestSlack)
    result = pushed() if ours else left_behind_when_late(pushed, f"channel {channel.name!r}")
    failure = getattr(plugin, "failure", None)
    if failure is not None:
        raise failure
    if not result:
        raise DeliveryError(
            f"channel {channel.name!r} did not take the message (Apprise says {result.status.name.lower()})",
            permanent=False,
            fix=f"try `watcher send-test {channel.name}`",
        )
