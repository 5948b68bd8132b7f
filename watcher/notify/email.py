"""Mail: our own `EmailMessage` through the server that an Apprise URL names."""

from __future__ import annotations

import hashlib
import mimetypes
import smtplib
import socket
import ssl
from contextlib import contextmanager
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import TYPE_CHECKING, Any

from apprise.plugins.email.base import NotifyEmail

from watcher.deadline import connect, counted, current
from watcher.domain import Channel, Delivery
from watcher.errors import DeliveryError
from watcher.notify.instance import instance
from watcher.notify.sending import bounded, late

if TYPE_CHECKING:
    from collections.abc import Iterator

SMTP_TIMEOUT_SECONDS = 20
DATA_SECONDS = 60  # servers look for viruses and spam before they take a mail
QUIT_SECONDS = 5.0
RIS_TYPE = "application/x-research-info-systems"

mimetypes.add_type(RIS_TYPE, ".ris")


class _Smtp(smtplib.SMTP):
    """Keeps the bounds of the exchange that it is used in, from the look-up of the host's name on."""

    source_address: tuple[str, int] | None

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        return connect(host, port, timeout, source_address=self.source_address)

    def getreply(self) -> tuple[int, bytes]:
        """One reply, of however many lines; what comes is counted."""
        if self.file is None and self.sock is not None:
            self.file = counted(self.sock.makefile("rb"))
        return super().getreply()

    def data(self, msg: Any) -> tuple[int, bytes]:  # noqa: ANN401 - bytes or text, as smtplib has it
        """Send the mail itself, and wait longer for the answer than for others."""
        if self.sock is not None:
            self.sock.settimeout(DATA_SECONDS)
        answer = super().data(msg)
        if self.sock is not None:
            self.sock.settimeout(SMTP_TIMEOUT_SECONDS)
        return answer


class _SmtpTls(smtplib.SMTP_SSL, _Smtp):
    """The same inside TLS: SMTP_SSL wraps the socket that `_Smtp` makes."""


class DigestEmail(NotifyEmail):  # type: ignore[misc]  # Apprise ships no types for its plugins
    """Sends one ready `EmailMessage` to one address through the server that the Apprise URL names."""

    outgoing: tuple[EmailMessage, str]
    failure: DeliveryError | None = None

    def send(self, *_args: object, **_kwargs: object) -> bool:
        """Hand the message over; a refusal is kept in `failure` with its SMTP code."""
        message, recipient = self.outgoing
        with bounded() as exchange:
            try:
                with self.connection() as smtp:
                    smtp.send_message(message, from_addr=self.from_addr[1], to_addrs=[recipient])
            except (OSError, smtplib.SMTPException) as error:
                self.failure = late(exchange, self.smtp_host) or _smtp_failure(error, self.smtp_host)
        return self.failure is None

    def reach(self) -> str:
        """Connect, log in and say nothing more.

        Returns:
            What was reached, in words.

        Raises:
            DeliveryError: it was not.
        """
        with bounded() as exchange:
            try:
                with self.connection() as smtp:
                    smtp.noop()
            except (OSError, smtplib.SMTPException) as error:
                raise late(exchange, self.smtp_host) or _smtp_failure(error, self.smtp_host) from None
        return f"{self.smtp_host}:{self.port} answers{' and accepts the login' if self.user and self.password else ''}"

    @contextmanager
    def connection(self) -> Iterator[smtplib.SMTP]:
        """A connection as the URL wants it: plain, STARTTLS or TLS, logged in when it names a user and a password.

        It is made inside an exchange.

        Raises:
            OSError, smtplib.SMTPException: it could not be made.
        """
        context = ssl.create_default_context()
        if not self.verify_certificate:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        smtp = (
            _SmtpTls(self.smtp_host, self.port, timeout=SMTP_TIMEOUT_SECONDS, context=context)
            if self.secure_mode == "ssl"
            else _Smtp(self.smtp_host, self.port, timeout=SMTP_TIMEOUT_SECONDS)
        )
        try:
            if self.secure_mode == "starttls":
                smtp.starttls(context=context)
            if self.user and self.password:
                smtp.login(self.user, self.password)
            yield smtp
        finally:
            _hang_up(smtp)


def email_plugin(channel: Channel) -> DigestEmail:
    """The plugin for a mail channel.

    Raises:
        ConfigurationError: its URL is no mail URL.
    """
    plugin: DigestEmail = instance(channel, DigestEmail, NotifyEmail)
    return plugin


def as_email(delivery: Delivery, channel: Channel, plugin: DigestEmail, now: datetime) -> EmailMessage:
    """The message as it travels. Everything but the stored parts belongs to the delivery and is the same at each attempt."""
    parts = delivery.message.payload
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = formataddr((str(plugin.from_addr[0] or "watcher"), str(plugin.from_addr[1])))
    message["To"] = delivery.recipient or plugin.targets[0][1]
    message["Subject"] = " ".join(delivery.message.subject.split())
    message["Date"] = format_datetime(delivery.first_attempt_at or now)
    message["Message-ID"] = f"<{delivery.rfc822_id}>"
    reply_to = channel.reply_to or ", ".join(sorted(plugin.reply_to))
    if reply_to:
        message["Reply-To"] = reply_to
    message["Auto-Submitted"] = "auto-generated"
    for name, value in delivery.message.headers.items():
        message[name] = " ".join(value.split())
    message.set_content(parts["text"])
    if parts.get("html"):
        message.add_alternative(parts["html"], subtype="html")
    if parts.get("ris"):
        message.add_attachment(
            parts["ris"].encode(),
            maintype="application",
            subtype=RIS_TYPE.removeprefix("application/"),
            filename=parts.get("ris_name") or "papers.ris",
        )
    _fix_boundaries(message, delivery.rfc822_id)
    return message


def _fix_boundaries(message: EmailMessage, seed: str) -> None:
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{hashlib.sha256(f'{seed}/{number}'.encode()).hexdigest()[:32]}")


def _smtp_failure(error: OSError | smtplib.SMTPException, host: str) -> DeliveryError:
    """What an SMTP exchange's failure means: 4xx and dropped lines may pass, 5xx, refused logins and certificates cannot."""
    code, said = _smtp_answer(error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryError(
            f"{host} refused the login ({code} {said})",
            permanent=code >= 500,
            code=code,
            fix="check user and password in the channel's URL; many providers want an app password, and Microsoft has switched "
            "password logins for SMTP off: use the institute's relay there",
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryError(f"{host} does not offer what the URL asks for: {error}", permanent=True, fix="change mode= in the URL")
    if isinstance(error, ssl.SSLCertVerificationError):
        return DeliveryError(
            f"the certificate of {host} cannot be verified: {error.verify_message}",
            permanent=True,
            fix="use the name that the certificate carries, or make the institute's CA known by SSL_CERT_FILE",
        )
    if code:
        return DeliveryError(f"{host} answered {code} {said}", permanent=code >= 500, code=code)
    what = "did not answer in time" if isinstance(error, TimeoutError) else f"could not be reached or hung up ({_plain(error)})"
    return DeliveryError(f"{host} {what}", permanent=False)


def _smtp_answer(error: OSError | smtplib.SMTPException) -> tuple[int, str]:
    code: int
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, said = error.smtp_code, error.smtp_error
    else:
        return 0, ""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return max(code, 0), " ".join(text.split())


def _plain(error: OSError | smtplib.SMTPException) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host"
    return str(getattr(error, "strerror", None) or type(error).__name__).lower()


def _hang_up(smtp: smtplib.SMTP) -> None:
    """Say goodbye. Nobody waits long for the answer: until this returns, a mail that was taken is not written down as sent."""
    current().cut_after(QUIT_SECONDS)
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(QUIT_SECONDS)
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        smtp.close()
