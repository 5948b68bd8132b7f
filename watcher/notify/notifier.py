"""One stored message to one recipient of one channel.

Apprise decides where and how (its URL, its transport settings); what is sent is ours. Two of its plugins are subclassed so that our
own bytes travel and the other side's answer comes back: `DigestEmail` passes an `EmailMessage` to smtplib, `DigestSlack` posts a
Block Kit payload. Any other Apprise URL gets the text. A send is tried once: what comes after is the store's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from watcher.domain import UNKNOWN_URL, Channel, ChannelKind, Delivery
from watcher.errors import ConfigurationError, DeliveryError, Problem
from watcher.notify.email import DigestEmail, email_plugin, email_warnings
from watcher.notify.other import notify, notify_all, other_plugin
from watcher.notify.room import Room, room_of
from watcher.notify.slack import DigestSlack, slack_plugin

SLACK_BASE_URL = "WATCHER_SLACK_BASE_URL"
_SMALL = 500


class Notifier:
    """Sends deliveries. `slack_base_url` replaces Slack's hosts, for proxies and tests."""

    def __init__(self, *, slack_base_url: str | None = None) -> None:
        self._slack_base_url = (slack_base_url or os.environ.get(SLACK_BASE_URL) or "").rstrip("/")
        self._kept: dict[str, DigestEmail | None] = {}

    @contextmanager
    def kept_open(self, channel: Channel) -> Iterator[None]:
        """Keep the way to a channel open from one `send` of the block to the next, where it is mail."""
        self._kept[channel.name] = None
        try:
            yield
        finally:
            plugin = self._kept.pop(channel.name)
            if plugin is not None:
                plugin.line.close()

    def server(self, channel: Channel) -> str:
        """Which server a channel leads to, as host:port; "" where its URL does not say."""
        try:
            plugin = self._plugin(channel)
        except ConfigurationError:
            return ""
        if isinstance(plugin, DigestEmail):
            return f"{plugin.smtp_host}:{plugin.port}"
        if isinstance(plugin, DigestSlack):
            return urlsplit(plugin.post_url or plugin.webhook_url).netloc.rpartition("@")[2]
        return f"{plugin.host}:{plugin.port}" if getattr(plugin, "host", None) else ""

    def send(self, delivery: Delivery, channel: Channel, *, now: datetime) -> str:
        """Hand one message over.

        Args:
            delivery: what, and to whom.
            channel: its channel as configured now.
            now: the present instant; the Date of a first attempt.

        Returns:
            What is to be known of how it was taken: that a mail went without all of its attachment; "" when there is nothing.

        Raises:
            DeliveryError: it was not taken; `permanent` says whether sending the same again can help.
        """
        try:
            plugin = self._kept.get(channel.name) or self._plugin(channel)
        except ConfigurationError as error:
            problem = error.problems[0]
            raise DeliveryError(problem.what, permanent=True, fix=problem.fix) from None
        if isinstance(plugin, DigestEmail):
            return self._mail(plugin, delivery, channel, now)
        text = delivery.message.payload.get("text") or delivery.message.subject
        if isinstance(plugin, DigestSlack):
            plugin.outgoing = json.loads(delivery.message.payload["json"])
            notify(plugin, channel, text, delivery.message.subject)
        else:
            notify_all(plugin, channel, text, delivery.message.subject)
        return ""

    def _mail(self, plugin: DigestEmail, delivery: Delivery, channel: Channel, now: datetime) -> str:
        plugin.write(delivery, channel, now)
        plugin.send()
        if channel.name in self._kept:
            self._kept[channel.name] = plugin
        else:
            plugin.line.close()
        if plugin.failure is not None:
            raise plugin.failure
        return plugin.remark

    def recipients(self, channel: Channel) -> tuple[str, ...]:
        """To whom a channel delivers, each a delivery of its own: `to`, else the addresses in its URL; ("",) when it has none.

        Raises:
            ConfigurationError: the channel's URL is not understood.
        """
        if channel.kind is not ChannelKind.EMAIL:
            return ("",)
        if channel.to:
            return channel.to
        plugin = self._plugin(channel)
        named = [address for _, address in plugin.targets]
        return tuple(dict.fromkeys([*named, *sorted(plugin.cc), *sorted(plugin.bcc)]))

    def answers_to(self, channel: Channel) -> str:
        """Where readers of a channel are to write: its `reply_to`, or for mail what its URL says; "" where neither is known."""
        if channel.kind is ChannelKind.EMAIL and not channel.reply_to:
            with suppress(ConfigurationError):
                plugin = self._plugin(channel)
                return str(plugin.answers_to(channel))
        return channel.reply_to or ""

    def check(self, channel: Channel) -> None:
        """Whether the channel's URL is understood.

        Raises:
            ConfigurationError: it is not; the URL is not repeated.
        """
        self._plugin(channel)

    def warnings(self, channel: Channel) -> tuple[Problem, ...]:
        """What is allowed in a channel's URL, and hardly meant; () also where the URL is not understood, which `check` tells."""
        try:
            room = self.room(channel)
            found = email_warnings(channel) if channel.kind is ChannelKind.EMAIL else ()
        except ConfigurationError:
            return ()
        if room is not None and room.most < _SMALL:
            what = f"channel {channel.name!r} takes no more than {room.most} {room.unit} a message: a digest comes in very many"
            found += (Problem(what, "name a channel of another service for digests, and use this one for alerts"),)
        return found

    def room(self, channel: Channel) -> Room | None:
        """How much text the channel takes in one message; None for mail and Slack, whose messages have forms of their own.

        Raises:
            ConfigurationError: the channel's URL is not understood.
        """
        return room_of(self._plugin(channel)) if channel.kind is ChannelKind.OTHER else None

    def fits(self, channels: Iterable[Channel]) -> Callable[[str, str], bool]:
        """Whether all of these channels take a text with this subject in one message; one whose URL is not understood takes any."""
        rooms: list[Room] = []
        for channel in channels:
            with suppress(ConfigurationError):
                rooms += filter(None, [self.room(channel)])
        return lambda subject, text: all(room.fits(subject, text) for room in rooms)

    def reach(self, channel: Channel) -> str:
        """Go as far towards the channel as is possible without sending anything.

        Returns:
            What was reached, in words.

        Raises:
            DeliveryError: it was not.
            ConfigurationError: the channel's URL is not understood.
        """
        plugin = self._plugin(channel)
        if isinstance(plugin, DigestEmail | DigestSlack):
            return plugin.reach()
        return "understood; this service can only be tried by sending (`watcher send-test`)"

    def _plugin(self, channel: Channel) -> Any:  # noqa: ANN401 - Apprise ships no types for its plugins
        if channel.url == UNKNOWN_URL:
            what = f"the url of channel {channel.name!r} is not known: the configuration file is broken"
            raise ConfigurationError(Problem(what, "mend the file; `watcher check` names the line"))
        if channel.kind is ChannelKind.EMAIL:
            return email_plugin(channel)
        if channel.kind is ChannelKind.SLACK:
            return slack_plugin(channel, self._slack_base_url)
        return other_plugin(channel)
