"""A test message for a channel: made like a digest's and as long as its longest part, owed by nobody.

A service that takes a short greeting may refuse a digest: what passes this test is delivered.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape

from watcher.digest import as_slack, as_text
from watcher.digest.parts import Fits
from watcher.domain import Channel, ChannelKind, Delivery, DeliveryState, Message

_LINE = "This is line {} of a message that is as long as the longest part of a digest – nothing of it is meant to be read."
_MAIL_BYTES = 90_000
"""As much HTML as a list sends when it does not say otherwise (`max_html_kb`)."""


def trial_deliveries(
    channel: Channel, recipients: tuple[str, ...], *, host: str, now: datetime, fits: Fits = lambda _subject, _text: True
) -> tuple[Delivery, ...]:
    """One delivery for each recipient of the channel, none of them in the store. `fits`: what the channel takes in one message."""
    text = f"This is a test of the channel {channel.name}, sent {now:%d %B %Y %H:%M} UTC. If you can read it, digests will arrive here."
    subject = f"[watcher] test of channel {channel.name}"
    if channel.kind is ChannelKind.SLACK:
        payload = {"json": json.dumps(_slack(subject, text), ensure_ascii=False)}
    elif channel.kind is ChannelKind.EMAIL:
        lines = _filled(text, lambda lines: len("".join(map(_paragraph, lines)).encode()) <= _MAIL_BYTES)
        payload = {"text": "\n\n".join(lines) + "\n", "html": "".join(map(_paragraph, lines))}
    else:
        has_room = as_text.room(subject, fits)
        payload = {"text": "\n\n".join(_filled(text, lambda lines: has_room("\n\n".join(lines))))}
    message = Message(channel.kind, 1, subject, payload)
    return tuple(
        Delivery(0, channel.name, recipient, message, f"test.{secrets.token_hex(8)}@{host}", DeliveryState.SENDING, 1, now)
        for recipient in recipients
    )


def _filled(first: str, fits: Callable[[Sequence[str]], bool]) -> list[str]:
    """The text, and numbered lines as long as they fit, the last one cut where the room ends."""
    lines = [first]
    while fits([*lines, line := _LINE.format(len(lines) + 1)]):
        lines.append(line)
    while line and not fits([*lines, line]):
        line = line[:-1].rstrip()
    return [*lines, line] if line else lines


def _paragraph(line: str) -> str:
    return f"<p>{escape(line)}</p>\n"


def _slack(subject: str, text: str) -> dict[str, object]:
    lines = _filled(text, lambda lines: as_slack.within([(_section(line),) for line in lines]))
    return {"text": subject, "blocks": [_section(line) for line in lines], "unfurl_links": False, "unfurl_media": False}


def _section(line: str) -> as_slack.Block:
    return {"type": "section", "text": {"type": "plain_text", "text": line}}
