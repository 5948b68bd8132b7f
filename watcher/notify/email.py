"""Mail: our own `EmailMessage` through the server that an Apprise URL names."""

from __future__ import annotations

import base64
import hashlib
import hmac
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
from urllib.parse import quote

from apprise.exception import AppriseImproperlyConfigured
from apprise.plugins.email.base import NotifyEmail

from watcher.deadline import connect, counted, current
from watcher.domain import Channel, Delivery
from watcher.errors import ConfigurationError, DeliveryError, Problem
from watcher.notify import mail_url
from watcher.notify.hush import hushed
from watcher.notify.instance import asset
from watcher.notify.mail_url import MailUrl, MailUrlFault
from watcher.notify.sending import bounded, late
from watcher.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

SMTP_TIMEOUT_SECONDS = 20
DATA_SECONDS = 60  # servers look for viruses and spam before they take a mail
QUIT_SECONDS = 5.0
RIS_TYPE = "application/x-research-info-systems"

_FROM_ANYWHERE = "watcher@lab.example"
"""What Apprise takes for the sender until the URL's own is put in its place."""
_MOST_CHALLENGES = 5

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

    def auth(self, mechanism: str, authobject: Any, *, initial_response_ok: bool = True) -> tuple[int, bytes]:  # noqa: ANN401 - smtplib's
        """AUTH by RFC 4954, user and password in UTF-8 (RFC 4616); smtplib's own takes ASCII alone.

        Raises:
            SMTPAuthenticationError: the login was refused.
        """
        first = authobject() if initial_response_ok else None
        code, said = self.docmd("AUTH", mechanism if first is None else f"{mechanism} {_base64(first)}")
        self._auth_challenge_count = 0 if first is None else 1  # read by auth_login
        while code == 334 and self._auth_challenge_count < _MOST_CHALLENGES:
            self._auth_challenge_count += 1
            code, said = self.docmd(_base64(authobject(_challenge(said))))
        if code in (235, 503):
            return code, said
        raise smtplib.SMTPAuthenticationError(code, said)

    def auth_cram_md5(self, challenge: Any = None) -> Any:  # noqa: ANN401 - overloaded in typeshed
        """The answer of CRAM-MD5 (RFC 2195); None begins it."""
        if challenge is None:
            return None
        return f"{self.user} {hmac.digest(self.password.encode(), challenge, 'md5').hex()}"


def _challenge(said: bytes) -> bytes:
    try:
        return base64.b64decode(said)
    except ValueError:
        raise smtplib.SMTPResponseException(501, b"a login's challenge that is no base64") from None


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


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
    try:
        with hushed(""):
            return _plugin(mail_url.read(channel.url))
    except mail_url.MailUrlFault as fault:
        raise ConfigurationError(Problem(f"the url of channel {channel.name!r} {fault.what}", fault.fix)) from None


def _plugin(url: MailUrl) -> DigestEmail:
    """Apprise's plugin, given what the URL says in place of the URL: its own reader would decode it again."""
    try:
        plugin = DigestEmail(
            schema="mailtos" if url.secure else "mailto",
            host=url.host,
            port=url.port,
            user=quote(url.user, safe=""),  # decoded there
            smtp_host=url.smtp,
            from_addr=_FROM_ANYWHERE if url.sender[1] else None,
            secure_mode=url.mode or None,
            verify=url.verify,
            asset=asset(),
        )
    except AppriseImproperlyConfigured:
        raise MailUrlFault("names no sender", "write it as from=, for example from=watcher@lab.example") from None
    if not plugin.smtp_host:
        raise MailUrlFault("names no mail server", "write it as the host or as smtp=")
    plugin.password = url.password
    plugin.from_addr = [url.sender[0] or plugin.from_addr[0], url.sender[1] or plugin.from_addr[1]]
    plugin.targets = [(False, address) for address in url.to] or [(False, plugin.from_addr[1])]
    plugin.cc, plugin.bcc, plugin.reply_to = set(url.cc), set(url.bcc), set(url.reply)
    return plugin


def email_warnings(channel: Channel) -> tuple[Problem, ...]:
    """What is allowed in a mail channel's URL, and hardly meant.

    Raises:
        ConfigurationError: the URL is not understood.
    """
    plugin, found = email_plugin(channel), []
    about = f"the url of channel {channel.name!r}"
    if plugin.password and plugin.secure_mode == "insecure":
        fix = "write mailtos:// (STARTTLS), or mode=ssl where the server wants TLS from the start"
        found.append(Problem(f"{about} sends the password unencrypted to {plugin.smtp_host}", fix))
    if plugin.secure_mode != "insecure" and not plugin.verify_certificate:
        fix = "take verify=no away, and make the institute's CA known by SSL_CERT_FILE"
        found.append(
            Problem(f"{about} does not verify the certificate of {plugin.smtp_host}: whoever answers in its place is trusted", fix)
        )
    return tuple(found)


def as_email(delivery: Delivery, channel: Channel, plugin: DigestEmail, now: datetime) -> EmailMessage:
    """The message as it travels. Everything but the stored parts belongs to the delivery and is the same at each attempt."""
    parts = delivery.message.payload
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = formataddr((str(plugin.from_addr[0] or "watcher"), str(plugin.from_addr[1])))
    message["To"] = delivery.recipient or plugin.targets[0][1]
    message["Subject"] = _header(delivery.message.subject)
    message["Date"] = format_datetime(delivery.first_attempt_at or now)
    message["Message-ID"] = f"<{delivery.rfc822_id}>"
    reply_to = channel.reply_to or ", ".join(sorted(plugin.reply_to))
    if reply_to:
        message["Reply-To"] = reply_to
    message["Auto-Submitted"] = "auto-generated"
    for name, value in delivery.message.headers.items():
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
    _fix_boundaries(message, delivery.rfc822_id)
    return message


def _header(text: str) -> str:
    """A header's text on one line, with nothing in it that acts."""
    return visible(" ".join(text.split()))


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
    if type(error) is smtplib.SMTPException:  # what login() raises when no way to log in is common to both
        return DeliveryError(
            f"{host} offers no login by password", permanent=True, fix="use a server that does, such as the institute's relay"
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
    return DeliveryError(f"{host} {_plain(error)}", permanent=False)


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
    if isinstance(error, TimeoutError):
        return "did not answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "hung up"
    said = "no such host" if isinstance(error, socket.gaierror) else str(error.strerror or "").lower()
    return f"could not be reached or hung up ({said})" if said else "could not be reached or hung up"


def _hang_up(smtp: smtplib.SMTP) -> None:
    """Say goodbye. Nobody waits long for the answer: until this returns, a mail that was taken is not written down as sent."""
    current().cut_after(QUIT_SECONDS)
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(QUIT_SECONDS)
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        smtp.close()
