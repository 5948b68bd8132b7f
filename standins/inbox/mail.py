"""A mail server on loopback that keeps what it receives, and can be told to fail."""

from __future__ import annotations

import asyncio
import email
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from ..mishaps import LONGEST_SILENCE, TAKES, Mishaps

MAIL_FAULTS: Mapping[str, str] = {
    "hangs-up": "the connection is closed before the greeting",
    "busy": "421 in place of the greeting",
    "greylists": "451 for the recipient",
    "refuses": "550 for the recipient",
    "hangs": "silence after the mail's last line, until the client gives up; the mail is not kept",
    "loses": "the connection is closed after the mail's last line; the mail is not kept",
    "takes-and-hangs-up": "the mail is kept, and the connection closed before the client is told",
    "takes-and-hangs": "the mail is kept, and then silence until the client gives up",
    "refuses-login": "535 for the login",
}
"""Every way in which the mail server can be told to fail."""

_AT_CONNECTION = ("hangs-up", "busy")
_AT_RECIPIENT = {"greylists": "451 4.7.1 Greylisted, please try again later", "refuses": "550 5.1.1 No such user here"}
_AT_DATA = ("hangs", "loses", *TAKES)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it arrived: the envelope's addresses, the message, its bytes, and when by `time.monotonic`."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes = field(default=b"", repr=False)
    at_monotonic: float = field(default_factory=time.monotonic)

    def part(self, kind: str) -> str:
        """The text of the first part of this content type with line feeds only, "" when there is none."""
        for part in self.message.walk():
            if part.get_content_type() == kind:
                content = part.get_content()
                text = content.decode() if isinstance(content, bytes) else str(content)
                return text.replace("\r\n", "\n")
        return ""


class _Smtp(SMTP):
    """An SMTP conversation that may end before it begins."""

    async def _handle_client(self) -> None:
        kind = cast("MailServer", self.event_handler).mishaps.take(_AT_CONNECTION)
        if kind is None:
            await super()._handle_client()
            return
        if kind == "busy":
            await self.push("421 4.3.2 Too busy, please try again later")
        cast("asyncio.Transport", self.transport).close()


class _AnyPort(Controller):
    """A controller on a port that the system chose; the original would knock at port 0."""

    def factory(self) -> SMTP:
        """One conversation."""
        return _Smtp(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        self.port = cast("asyncio.Server", self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd leaves it untyped


class MailServer:
    """An SMTP server on 127.0.0.1. `answers` are given to the next DATA commands instead of taking the mail; `refused` maps
    recipients to the answer that their RCPT gets. With `logins` (passwords by user) it offers a login, and keeps the user and the
    password of each in `heard`. Without `eight_bit` it does not announce 8BITMIME, and refuses bodies that are not ASCII. A context
    manager."""

    def __init__(self, *, logins: Mapping[str, str] | None = None, eight_bit: bool = True) -> None:
        self.mails: list[Mail] = []
        self.answers: deque[str] = deque()
        self.refused: dict[str, str] = {}
        self.heard: list[tuple[str, str]] = []
        self.mishaps = Mishaps(MAIL_FAULTS)
        self._logins = dict(logins or {})
        offers: dict[str, Any] = (
            {"authenticator": self._authenticate, "auth_require_tls": False, "auth_exclude_mechanism": ["LOGIN"]} if logins else {}
        )
        if not eight_bit:
            offers |= {"decode_data": True, "enable_SMTPUTF8": False}
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=0, **offers)

    def plant(self, kind: str, *, times: int = 1, to: str = "") -> None:
        """Fail the next `times` times in the way of `kind` (see `MAIL_FAULTS`); with `to`, for that recipient only, where the kind
        befalls one. Raises ValueError for a kind that does not exist."""
        self.mishaps.plant(kind, times, "" if kind in (*_AT_CONNECTION, "refuses-login") else to)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    def url(self, *, to: str = "pi@lab.example", sender: str = "watcher@lab.example") -> str:
        """An Apprise URL for it."""
        return f"mailto://127.0.0.1:{self.port}?from={sender}&to={to}"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._controller.stop(no_assert=True)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept or refuse one recipient."""
        if address in self.refused:
            return self.refused[address]
        kind = self.mishaps.take(tuple(_AT_RECIPIENT), address)
        if kind is not None:
            return _AT_RECIPIENT[kind]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail, or give the planted answer."""
        if self.answers:
            return self.answers.popleft()
        kind = self.mishaps.take(_AT_DATA, envelope.rcpt_tos[0] if envelope.rcpt_tos else "")
        if kind is None or kind in TAKES:
            self._keep(envelope)
        if kind in ("hangs", "takes-and-hangs"):
            await _until_gone(server)
        if kind is not None:
            cast("asyncio.Transport", server.transport).abort()
        return "250 OK"

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = email.message_from_bytes(content, policy=policy.default)
        self.mails.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), message, content))

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object) -> AuthResult:
        if not isinstance(given, LoginPassword):
            return AuthResult(success=False, handled=False)
        user, password = given.login.decode(), given.password.decode()
        self.heard.append((user, password))
        refused = self.mishaps.take(("refuses-login",))
        return AuthResult(success=refused is None and self._logins.get(user) == password, handled=False)


async def _until_gone(server: SMTP) -> None:
    """Wait until the client has hung up."""
    ends = time.monotonic() + LONGEST_SILENCE
    while not server._reader.at_eof() and time.monotonic() < ends:  # noqa: SLF001 - aiosmtpd has no public name for it
        await asyncio.sleep(0.05)
