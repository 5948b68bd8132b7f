"""A short test message for a channel: made like a digest's, owed by nobody."""

from __future__ import annotations

import json
import secrets
from datetime import datetime

from watcher.domain import Channel, ChannelKind, Delivery, DeliveryState, Message


def trial_deliveries(channel: Channel, recipients: tuple[str, ...], *, host: str, now: datetime) -> tuple[Delivery, ...]:
    """One delivery for each recipient of the channel, none of them in the store."""
    text = f"This is a test of the channel {channel.name}, sent {now:%d %B %Y %H:%M} UTC. If you can read it, digests will arrive here."
    subject = f"[watcher] test of channel {channel.name}"
    if channel.kind is ChannelKind.SLACK:
        block = {"type": "section", "text": {"type": "plain_text", "text": text}}
        payload = {"json": json.dumps({"text": subject, "blocks": [block]}), "text": text}
    elif channel.kind is ChannelKind.EMAIL:
        payload = {"text": f"{text}\n", "html": f"<p>{text}</p>"}
    else:
        payload = {"text": text}
    message = Message(channel.kind, 1, subject, payload)
    return tuple(
        Delivery(0, channel.name, recipient, message, f"test.{secrets.token_hex(8)}@{host}", DeliveryState.SENDING, 1, now)
        for recipient in recipients
    )
