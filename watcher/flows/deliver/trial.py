"""A test message for a channel: made like a digest's and as long as its longest part, owed by nobody.

A service that takes a short greeting may refuse a digest: what passes this test is delivered.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime

from watcher.digest.kinds import renderers
from watcher.digest.parts import Fits
from watcher.domain import Channel, Delivery, DeliveryState
from watcher.errors import DeliveryError
from watcher.flows.ports import Sender


def trial_deliveries(
    channel: Channel, recipients: tuple[str, ...], *, host: str, now: datetime, fits: Fits = lambda _subject, _text: True
) -> tuple[Delivery, ...]:
    """One delivery for each recipient of the channel, none of them in the store. `fits`: what the channel takes in one message."""
    text = f"This is a test of the channel {channel.name}, sent {now:%d %B %Y %H:%M} UTC. If you can read it, digests will arrive here."
    message = renderers[channel.kind].trial(f"[watcher] test of channel {channel.name}", text, fits)
    return tuple(
        Delivery(0, channel.name, recipient, message, f"test.{secrets.token_hex(8)}@{host}", DeliveryState.SENDING, 1, now)
        for recipient in recipients
    )


def tried(
    sender: Sender, channel: Channel, recipients: tuple[str, ...], *, host: str, now: datetime, fits: Fits
) -> Iterator[tuple[Delivery, DeliveryError | None]]:
    """Sends a test message to each recipient of a channel; each delivery with what it failed of, None where it was taken."""
    for delivery in trial_deliveries(channel, recipients, host=host, now=now, fits=fits):
        try:
            sender.send(delivery, channel, now=now)
        except DeliveryError as error:
            yield delivery, error
        else:
            yield delivery, None
