"""The way to one channel, as each kind has its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime

from watcher.domain import UNKNOWN_URL, Channel, Delivery
from watcher.errors import ConfigurationError, Problem
from watcher.notify.room import TextRoom


class Way(ABC):
    """The way to one channel. A kind of channel is a subclass in a module of its own, and a row in `notifier.WAYS`."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    @property
    def url(self) -> str:
        """The channel's URL, a secret.

        Raises:
            ConfigurationError: it is not known.
        """
        if self.channel.url == UNKNOWN_URL:
            what = f"the url of channel {self.channel.name!r} is not known: the configuration file is broken"
            raise ConfigurationError(Problem(what, "mend the file; `watcher check` names the line"))
        return self.channel.url

    def not_understood(self, kind: str, fix: str) -> ConfigurationError:
        """The refusal of the URL, which is not repeated: it is not `kind` ("an Apprise") URL."""
        return ConfigurationError(Problem(f"the url of channel {self.channel.name!r} is not {kind} URL", fix))

    @abstractmethod
    def check(self) -> None:
        """Whether the channel's URL is understood.

        Raises:
            ConfigurationError: it is not; the URL is not repeated.
        """

    @abstractmethod
    def server(self) -> str:
        """Which server it leads to, as host:port; "" where the URL does not say.

        Raises:
            ConfigurationError: the URL is not understood.
        """

    def recipients(self) -> tuple[str, ...]:
        """To whom it delivers, each a delivery of its own; ("",) when the service knows who.

        Raises:
            ConfigurationError: the URL is not understood.
        """
        return ("",)

    def answers_to(self) -> str:
        """Where readers are to write by the URL, for a channel without `reply_to`; "" where it does not say.

        Raises:
            ConfigurationError: the URL is not understood.
        """
        return ""

    def warnings(self) -> tuple[Problem, ...]:
        """What is allowed in the URL, and hardly meant.

        Raises:
            ConfigurationError: the URL is not understood.
        """
        return ()

    def room(self) -> TextRoom | None:
        """How much text it takes in one message; None where messages have a form of their own.

        Raises:
            ConfigurationError: the URL is not understood.
        """
        return None

    @abstractmethod
    def reach(self) -> str:
        """Go as far as is possible without sending anything.

        Returns:
            What was reached, in words.

        Raises:
            DeliveryError: it was not.
            ConfigurationError: the URL is not understood.
        """

    @abstractmethod
    def send(self, delivery: Delivery, now: datetime) -> str:
        """Hand one message over, once.

        Args:
            delivery: what, and to whom.
            now: the present instant.

        Returns:
            What is to be known of how it was taken; "" when there is nothing.

        Raises:
            DeliveryError: it was not taken.
            ConfigurationError: the URL is not understood.
        """

    def close(self) -> None:  # noqa: B027 - most keep nothing open
        """Let go of what was kept open for further messages."""
