"""A mail as it travels: the bytes of one delivery. What all readers of a message share is made once.

Everything is 7 bit (RFC 2045, 6), so that a server need not announce 8BITMIME, which smtplib does not look at.
"""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Final

from watcher.domain import Delivery, Message
from watcher.visible import visible

RIS_TYPE: Final = "application/x-research-info-systems"
POLICY: Final = policy.SMTP.clone(cte_type="7bit")

mimetypes.add_type(RIS_TYPE, ".ris")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: name and address of the From line, and where answers go, if elsewhere."""

    name: str
    address: str
    reply_to: str = ""


class Letters:
    """Writes the mails of one channel; the last message is kept as it was written."""

    def __init__(self) -> None:
        self._of: tuple[Message, Sender] | None = None
        self._head = self._body = b""

    def written(self, delivery: Delivery, sender: Sender, recipient: str, now: datetime) -> bytes:
        """The mail of a delivery. What belongs to it, To, Date and Message-ID, is the same at each attempt."""
        if self._of != (delivery.message, sender):
            self._head, _, self._body = shared(delivery.message, sender).as_bytes().partition(b"\r\n\r\n")
            self._of = (delivery.message, sender)
        own = EmailMessage(policy=POLICY)
        address(own, delivery, recipient, now)
        return b"".join((own.as_bytes().rstrip(b"\r\n"), b"\r\n", self._head, b"\r\n\r\n", self._body))


def shared(stored: Message, sender: Sender) -> EmailMessage:
    """What all readers of a stored message get."""
    parts, message = stored.payload, EmailMessage(policy=POLICY)
    message["From"] = formataddr((sender.name, sender.address))
    message["Subject"] = _header(stored.subject)
    if sender.reply_to:
        message["Reply-To"] = sender.reply_to
    message["Auto-Submitted"] = "auto-generated"
    for name, value in stored.headers.items():
        message[name] = _header(value)
    message.set_content(parts["text"])
    if parts.get("html"):
        message.add_alternative(parts["html"], subtype="html")
    if parts.get("ris"):
        message.add_attachment(
            parts["ris"].encode(),
            maintype="application",
            subtype=RIS_TYPE.removeprefix("application/"),
            filename=_header(parts.get("ris_name") or "papers.ris"),
        )
    _fix_boundaries(message, f"{stored.subject}\n{parts['text']}")
    return message


def address(message: EmailMessage, delivery: Delivery, recipient: str, now: datetime) -> None:
    """Make a message that of one delivery; `now` is the Date of a first attempt."""
    message["To"] = recipient
    message["Date"] = format_datetime(delivery.first_attempt_at or now)
    message["Message-ID"] = f"<{delivery.rfc822_id}>"


def _header(text: str) -> str:
    """A header's text on one line, with nothing in it that acts."""
    return visible(" ".join(text.split()))


def _fix_boundaries(message: EmailMessage, seed: str) -> None:
    """The same message has the same bytes each time."""
    of = hashlib.sha256(seed.encode(errors="surrogatepass"))
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{hashlib.sha256(of.digest() + bytes([number])).hexdigest()[:32]}")
