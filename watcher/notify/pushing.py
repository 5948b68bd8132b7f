"""A plugin of Apprise's, ours or any other, asked to send once."""

from __future__ import annotations

from typing import Any

import apprise

from watcher.domain import Channel
from watcher.errors import DeliveryError
from watcher.notify.hush import hushed
from watcher.notify.instance import asset
from watcher.notify.sending import bounded, late, left_behind_when_late


def notify(plugin: Any, channel: Channel, text: str, subject: str, *, ends_by_itself: bool = False) -> None:  # noqa: ANN401 - Apprise ships no types for its plugins
    """Let a plugin send. Ours leave what failed in `failure`, and end in time by themselves.

    Raises:
        DeliveryError: the message was not taken.
    """
    service = apprise.Apprise(asset=asset())
    service.add(plugin)

    who = f"channel {channel.name!r}"

    def pushed() -> Any:  # noqa: ANN401 - Apprise's own result
        with hushed(channel.url):
            return service.notify(body=text, title=subject, body_format=apprise.NotifyFormat.TEXT)

    def pushed_within_bounds() -> Any:  # noqa: ANN401 - the same
        with bounded() as exchange:
            result = pushed()
            fault = late(exchange, who)
        if fault and not result:
            raise fault
        return result

    result = pushed() if ends_by_itself else left_behind_when_late(pushed_within_bounds, who)
    failure = getattr(plugin, "failure", None)
    if failure is not None:
        raise failure
    if not result:
        raise DeliveryError(
            f"{who} did not take the message (Apprise says {result.status.name.lower()})",
            permanent=False,
            fix=f"try `watcher send-test {channel.name}`",
        )
