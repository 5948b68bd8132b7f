"""A plugin of Apprise's, ours or any other, asked to send once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import apprise

from watcher.domain import Channel
from watcher.errors import ConfigurationError, DeliveryError, Problem
from watcher.notify.hush import hushed
from watcher.notify.instance import asset, not_understood
from watcher.notify.room import room_of
from watcher.notify.sending import bounded, late, left_behind_when_late, take_over_requests
from watcher.notify.slack import DigestSlack


def other_plugin(channel: Channel) -> Any:  # noqa: ANN401 - Apprise ships no types for its plugins
    """The plugin for a channel of any other service.

    Raises:
        ConfigurationError: its URL is no URL of Apprise's, or one of mail, which Apprise would read otherwise than we do.
    """
    if channel.url.lower().startswith(("mailto://", "mailtos://")):
        raise ConfigurationError(Problem(f"the url of channel {channel.name!r} is a mail URL", "write kind: email"))
    with hushed(channel.url):
        plugin = apprise.Apprise.instantiate(channel.url, asset=asset())
    if plugin is None:
        raise not_understood(channel)
    take_over_requests()
    return plugin


def notify_all(plugin: Any, channel: Channel, text: str, subject: str) -> None:  # noqa: ANN401 - the same
    """Send a text of any length; one that is longer than the channel takes, since it was made for another one, goes in pieces.

    Raises:
        DeliveryError: one of them was not taken.
    """
    room = room_of(plugin)
    for piece in _pieces(text, lambda one: room.fits(subject, one)):
        notify(plugin, channel, piece, room.title(subject))


def _pieces(text: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """The text in pieces that fit, cut where lines or words end."""
    while not fits(text):
        size = len(text)
        while size > 1 and not fits(text[:size]):
            size = size * 9 // 10
        ends = [text.rfind(mark, 0, size) for mark in ("\n\n", "\n", " ")]
        size = next((end for end in ends if end > size // 2), size)
        yield text[:size].rstrip()
        text = text[size:].lstrip()
    yield text


def notify(plugin: Any, channel: Channel, text: str, subject: str) -> None:  # noqa: ANN401 - Apprise ships no types for its plugins
    """Let a plugin send; ours leave what failed in `failure`, and end in time by themselves.

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

    ours = isinstance(plugin, DigestSlack)
    result = pushed() if ours else left_behind_when_late(pushed_within_bounds, who)
    failure = getattr(plugin, "failure", None)
    if failure is not None:
        raise failure
    if not result:
        raise DeliveryError(
            f"{who} did not take the message (Apprise says {result.status.name.lower()})",
            permanent=False,
            fix=f"try `watcher send-test {channel.name}`",
        )
