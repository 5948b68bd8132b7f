"""One stored message to one recipient of one channel.

Apprise decides where and how (its URL, its transport settings); what is sent is ours. Each kind of channel has a way of its own; the
table of them is here. A send is tried once: what comes after is the store's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Final

from watcher.domain import Channel, ChannelKind, Delivery
from watcher.errors import ConfigurationError, DeliveryError, Problem
from watcher.notify.email import EmailWay
from watcher.notify.other import OtherWay
from watcher.notify.room import TextRoom
from watcher.notify.slack import SlackWay
from watcher.notify.teams import TeamsWay
from watcher.notify.way import Way

WAYS: Final[Mapping[ChannelKind, Callable[[Channel], Way]]] = {
    ChannelKind.EMAIL: EmailWay,
    ChannelKind.SLACK: SlackWay,
    ChannelKind.TEAMS: TeamsWay,
    ChannelKind.OTHER: OtherWay,
}
_SMALL = 500


class Notifier:
    """Sends deliveries. `slack_base_url` replaces Slack's hosts, for proxies and tests."""

    def __init__(self, *, slack_base_url: str | None = None) -> None:
        self._ways = dict(WAYS)
        if slack_base_url:
            self._ways[ChannelKind.SLACK] = partial(SlackWay, base_url=slack_base_url)
        self._kept: dict[str, Way | None] = {}

    @contextmanager
    def kept_open(self, channel: Channel) -> Iterator[None]:
        """Keep the way to a channel open from one `send` of the block to the next, where it is mail."""
        self._kept[channel.name] = None
        try:
            yield
        finally:
            way = self._kept.pop(channel.name)
            if way is not None:
                way.close()

    def server(self, channel: Channel) -> str:
        """Which server a channel leads to, as host:port; "" where its URL does not say."""
        try:
            return self._way(channel).server()
        except ConfigurationError:
            return ""

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
        way = self._kept.get(channel.name) or self._way(channel)
        try:
            return way.send(delivery, now)
        except ConfigurationError as error:
            problem = error.problems[0]
            raise DeliveryError(problem.what, permanent=True, fix=problem.fix) from None
        finally:
            if channel.name in self._kept:
                self._kept[channel.name] = way
            else:
                way.close()

    def recipients(self, channel: Channel) -> tuple[str, ...]:
        """To whom a channel delivers, each a delivery of its own: `to`, else the addresses in its URL; ("",) when it has none.

        Raises:
            ConfigurationError: the channel's URL is not understood.
        """
        return self._way(channel).recipients()

    def answers_to(self, channel: Channel) -> str:
        """Where readers of a channel are to write: its `reply_to`, or for mail what its URL says; "" where neither is known."""
        with suppress(ConfigurationError):
            return channel.reply_to or self._way(channel).answers_to()
        return ""

    def check(self, channel: Channel) -> None:
        """Whether the channel's URL is understood.

        Raises:
            ConfigurationError: it is not; the URL is not repeated.
        """
        self._way(channel).check()

    def warnings(self, channel: Channel) -> tuple[Problem, ...]:
        """What is allowed in a channel's URL, and hardly meant; () also where the URL is not understood, which `check` tells."""
        try:
            room, found = self.room(channel), self._way(channel).warnings()
        except ConfigurationError:
            return ()
        if room is not None and room.most < _SMALL:
            what = f"channel {channel.name!r} takes no more than {room.most} {room.unit} a message: a digest comes in very many"
            found += (Problem(what, "name a channel of another service for digests, and use this one for alerts"),)
        return found

    def room(self, channel: Channel) -> TextRoom | None:
        """How much text the channel takes in one message; None where messages have a form of their own, as those of mail.

        Raises:
            ConfigurationError: the channel's URL is not understood.
        """
        return self._way(channel).room()

    def fits(self, channels: Iterable[Channel]) -> Callable[[str, str], bool]:
        """Whether all of these channels take a text with this subject in one message; one whose URL is not understood takes any."""
        rooms: list[TextRoom] = []
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
        return self._way(channel).reach()

    def _way(self, channel: Channel) -> Way:
        return self._ways[channel.kind](channel)
