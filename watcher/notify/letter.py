"""A mail as it travels: the bytes of one delivery. What all readers of a message share is made once.

Everything is 7 bit (RFC 2045, 6), so that a server need not announce 8BITMIME, which smtplib does not look at.
"""

from __future__ import annotations

import hashlib
import mimetypes
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Final

from watcher.domain import Delivery, Message
from watcher.notify.fitting import Fitted, MailRoom, fitted
from watcher.notify.folding import HeaderPolicy
from watcher.visible import visible

FILE_TYPES: Final = {"ris": "application/x-research-info-systems", "nbib": "application/nbib"}
"""What a file is announced as: RIS as reference managers register it, nbib as PubMed sends it."""
POLICY: Final = HeaderPolicy(linesep="\r\n", cte_type="7bit")
_OWN_HEAD: Final = 2_000
"""What To, Date, Message-ID, the attachment's own head and the note may take."""

LEAST_ROOM: Final = 64_000
"""Text and HTML may take so much, whatever the channel allows: every server takes 64K octets (RFC 5321, 4.5.3.1.7)."""

for _kind, _type in FILE_TYPES.items():
    mimetypes.add_type(_type, f".{_kind}")


@dataclass(frozen=True, slots=True)
class MailSender:
    """Who writes: name and address of the From line, and where answers go, if elsewhere."""

    name: str
    address: str
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class _Written:
    """A message that fits, as bytes without what belongs to a delivery."""

    fitted: Fitted
    content: bytes


class Letters:
    """Writes the mails of one channel. The last message is kept as it was written, and in each form that was cut for want of room: a
    server that refuses what is too large is offered them again for the next reader."""

    def __init__(self) -> None:
        self._of: tuple[Message, MailSender] | None = None
        self._kept: dict[MailRoom, _Written] = {}

    def fitted(self, message: Message, sender: MailSender, room: MailRoom) -> Fitted:
        """As much of the message as there is room for."""
        return self._written(message, sender, room).fitted

    def written(self, letter: Letter, room: MailRoom) -> bytes:
        """The mail of a delivery. What belongs to it, To, Date and Message-ID, is the same at each attempt."""
        of = self._written(letter.delivery.message, letter.sender, room)
        own = EmailMessage(policy=POLICY)
        letter.address(own)
        return b"".join((own.as_bytes().rstrip(b"\r\n"), b"\r\n", of.content))

    def _written(self, message: Message, sender: MailSender, room: MailRoom) -> _Written:
        if self._of != (message, sender):
            self._of, self._kept = (message, sender), {}
        if room not in self._kept:
            self._kept = {of: one for of, one in self._kept.items() if one.fitted.is_cut}
            self._kept[room] = _write(message, sender, room)
        return self._kept[room]


def _write(message: Message, sender: MailSender, room: MailRoom) -> _Written:
    found = fitted(message, room, lambda one: len(shared(one, sender).as_bytes()) + _OWN_HEAD)
    content = shared(found.message, sender).as_bytes()
    return _Written(replace(found, size=len(content)), content)


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery on its way: written by `letters` when the server is known. `now` is the Date of a first attempt; `attaches`: its
    attachment goes along as far as it fits."""

    letters: Letters
    delivery: Delivery
    sender: MailSender
    recipient: str
    now: datetime
    most_bytes: int
    attaches: bool = True

    def room(self, announced: int) -> MailRoom:
        """How large it may be at a server that announces a SIZE (RFC 1870), 0 where it sets no limit."""
        server = announced if announced > 0 else sys.maxsize
        whole = min(self.most_bytes, server)
        return MailRoom(body=max(whole, min(LEAST_ROOM, server)), whole=whole, attaches=self.attaches)

    def shorter(self, refused: Fitted) -> Letter | None:
        """What may still be taken where this was refused for its size: without attachment, else half as large; None when it is so
        small that its size cannot be why."""
        if refused.attached:
            return replace(self, attaches=False)
        if refused.size <= LEAST_ROOM:
            return None
        return replace(self, attaches=False, most_bytes=max(refused.size // 2, LEAST_ROOM))

    def fitted(self, announced: int) -> Fitted:
        """What such a server is sent."""
        return self.letters.fitted(self.delivery.message, self.sender, self.room(announced))

    def as_bytes(self, announced: int) -> bytes:
        """The mail for such a server."""
        return self.letters.written(self, self.room(announced))

    def as_message(self, announced: int) -> EmailMessage:
        """The same for an address with letters beyond ASCII, which wants headers in UTF-8 (RFC 6531)."""
        message = shared(self.fitted(announced).message, self.sender)
        self.address(message)
        return message

    @property
    def is_ascii(self) -> bool:
        """Whether its addresses are."""
        return (self.sender.address + self.recipient).isascii()

    def address(self, message: EmailMessage) -> None:
        """Make a message that of this delivery."""
        message["To"] = self.recipient
        message["Date"] = format_datetime(self.delivery.first_attempt_at or self.now)
        message["Message-ID"] = f"<{self.delivery.rfc822_id}>"


def shared(stored: Message, sender: MailSender) -> EmailMessage:
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
    for kind, type_ in FILE_TYPES.items():
        if parts.get(kind):
            message.add_attachment(
                parts[kind].encode(),
                maintype="application",
                subtype=type_.removeprefix("application/"),
                filename=_header(parts.get(f"{kind}_name") or f"papers.{kind}"),
            )
    _fix_boundaries(message, f"{stored.subject}\n{parts['text']}")
    return message


def _header(text: str) -> str:
    """A header's text on one line, with nothing in it that acts."""
    return visible(" ".join(text.split()))


def _fix_boundaries(message: EmailMessage, seed: str) -> None:
    """The same message has the same bytes each time."""
    of = hashlib.sha256(seed.encode(errors="surrogatepass"))
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{hashlib.sha256(of.digest() + bytes([number])).hexdigest()[:32]}")
