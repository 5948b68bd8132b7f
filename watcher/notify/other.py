"""Any other service: the text, through the plugin that Apprise makes of the URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from watcher.domain import Delivery
from watcher.errors import ConfigurationError, DeliveryError, Problem
from watcher.notify.room import TextRoom, room_of
from watcher.notify.through_apprise import instance, pushed
from watcher.notify.way import Way


class OtherWay(Way):
    """A plugin of Apprise's, which decides all but the text."""

    @cached_property
    def _plugin(self) -> Any:  # noqa: ANN401 - Apprise ships no types for its plugins
        if self.url.lower().startswith(("mailto://", "mailtos://")):  # Apprise would read it otherwise than we do
            raise ConfigurationError(Problem(f"the url of channel {self.channel.name!r} is a mail URL", "write kind: email"))
        from watcher.notify.sending import take_over_requests  # noqa: PLC0415 - the network: only to send or to reach

        plugin = instance(self.url, secret=self.url)
        if plugin is None:
            raise self.not_understood("an Apprise", "write an Apprise URL; its wiki lists the services")
        take_over_requests()
        return plugin

    def check(self) -> None:
        """Whether the URL is one of Apprise's, and not one of mail."""
        _ = self._plugin

    def server(self) -> str:
        """The host, where the URL has one."""
        plugin = self._plugin
        return f"{plugin.host}:{plugin.port}" if getattr(plugin, "host", None) else ""

    def room(self) -> TextRoom:
        """What its service takes."""
        return room_of(self._plugin)

    def reach(self) -> str:
        """Nothing can be asked without sending."""
        self.check()
        return "understood; this service can only be tried by sending (`watcher send-test`)"

    def send(self, delivery: Delivery, now: datetime) -> str:  # noqa: ARG002 - services date what they get
        """Send the text; one that is longer than the channel takes, since it was made for another one, goes in pieces."""
        subject, room = delivery.message.subject, self.room()
        text = delivery.message.payload.get("text") or subject
        for piece in _pieces(text, lambda one: room.fits(subject, one)):
            self._push(piece, room.title(subject))
        return ""

    def _push(self, text: str, title: str) -> None:
        """Let Apprise's plugin send one text; what makes connections of its own is left behind when it is late."""
        from watcher.notify.sending import bounded, late, left_behind_when_late  # noqa: PLC0415 - as above

        who = f"channel {self.channel.name!r}"

        def within_bounds() -> Any:  # noqa: ANN401 - Apprise's own result
            with bounded() as exchange:
                result, failure = pushed(self._plugin, text, title, secret=self.url), late(exchange, who)
            if failure and not result:
                raise failure
            return result

        result = left_behind_when_late(within_bounds, who)
        if not result:
            raise DeliveryError(
                f"{who} did not take the message (Apprise says {result.status.name.lower()})",
                permanent=False,
                fix=f"try `watcher send-test {self.channel.name}`",
            )


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
