"""Mail: our own `EmailMessage` through the server that an Apprise URL names."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from urllib.parse import quote

from apprise.exception import AppriseImproperlyConfigured
from apprise.plugins.email.base import NotifyEmail

from watcher.domain import Channel, Delivery
from watcher.errors import ConfigurationError, DeliveryError, Problem
from watcher.notify import mail_url
from watcher.notify.fitting import Fitted
from watcher.notify.hush import hushed
from watcher.notify.instance import asset
from watcher.notify.letter import Letter, Letters, MailSender
from watcher.notify.mail_url import MailUrl, MailUrlFault
from watcher.notify.sending import bounded, late
from watcher.notify.smtp import Line, Server
from watcher.notify.way import Way

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?!\S)")
_FROM_ANYWHERE = "watcher@lab.example"
"""What Apprise takes for the sender until the URL's own is put in its place."""


class DigestEmail(NotifyEmail):  # type: ignore[misc]  # Apprise ships no types for its plugins
    """Sends one ready `EmailMessage` to one address through the server that the Apprise URL names."""

    outgoing: Letter
    remark = ""
    """What is to be known of the last mail that was taken, if anything."""
    failure: DeliveryError | None = None

    @cached_property
    def line(self) -> Line:
        """The way to its server, which stays open from one send to the next until it is closed."""
        verify = bool(self.verify_certificate)
        return Line(Server(self.smtp_host, self.port, str(self.secure_mode), self.user, self.password, verify=verify))

    @cached_property
    def letters(self) -> Letters:
        """Writes its mails."""
        return Letters()

    def write(self, delivery: Delivery, channel: Channel, now: datetime) -> None:
        """Make a delivery's mail what is sent next."""
        sender = MailSender(str(self.from_addr[0] or "watcher"), str(self.from_addr[1]), self.answers_to(channel))
        recipient = delivery.recipient or str(self.targets[0][1])
        self.outgoing = Letter(self.letters, delivery, sender, recipient, now, int(channel.max_mail_mb * 1_000_000))

    def answers_to(self, channel: Channel) -> str:
        """Where answers go by the configuration or by the URL; "" where neither says, and they go to the sender."""
        return channel.reply_to or ", ".join(sorted(self.reply_to))

    def send(self, *_args: object, **_kwargs: object) -> bool:
        """Hand the message over; a refusal is kept in `failure` with its SMTP code. One that is too large is sent in a shorter form,
        until it is taken or no longer large."""
        letter: Letter | None = self.outgoing
        why = ""
        while letter is not None:
            fitted, self.failure = self._tried(letter)
            self.remark = _remark(fitted, why)
            if self.failure is None or fitted is None:
                break
            letter, why = _shorter(letter, fitted, self.failure), f": {self.failure}"
        return self.failure is None

    def _tried(self, letter: Letter) -> tuple[Fitted | None, DeliveryError | None]:
        """What was handed over, as far as a server was met, and why it was not taken."""
        with bounded() as exchange:
            try:
                return self.line.hand_over(letter), None
            except (OSError, smtplib.SMTPException) as error:
                failure = late(exchange, self.smtp_host) or _smtp_failure(error, self.smtp_host)
        return self.line.last, failure

    def reach(self) -> str:
        """Connect, log in and say nothing more.

        Returns:
            What was reached, in words.

        Raises:
            DeliveryError: it was not.
        """
        with bounded() as exchange:
            try:
                self.line.reach()
            except (OSError, smtplib.SMTPException) as error:
                raise late(exchange, self.smtp_host) or _smtp_failure(error, self.smtp_host) from None
        self.line.close()
        return f"{self.smtp_host}:{self.port} answers{' and accepts the login' if self.user and self.password else ''}"


class EmailWay(Way):
    """A mail for each recipient, through the server that the URL names."""

    @cached_property
    def _plugin(self) -> DigestEmail:
        try:
            with hushed(""):
                return _plugin(mail_url.read(self.url))
        except mail_url.MailUrlFault as fault:
            raise ConfigurationError(Problem(f"the url of channel {self.channel.name!r} {fault.what}", fault.fix)) from None

    def check(self) -> None:
        """Whether the URL is a mail URL that can be read in one way only."""
        _ = self._plugin

    def server(self) -> str:
        """The mail server."""
        return f"{self._plugin.smtp_host}:{self._plugin.port}"

    def recipients(self) -> tuple[str, ...]:
        """`to`, else every address in the URL."""
        if self.channel.to:
            return self.channel.to
        plugin = self._plugin
        named = [address for _, address in plugin.targets]
        return tuple(dict.fromkeys([*named, *sorted(plugin.cc), *sorted(plugin.bcc)]))

    def answers_to(self) -> str:
        """The URL's `reply=`."""
        return self._plugin.answers_to(self.channel)

    def warnings(self) -> tuple[Problem, ...]:
        """A password that travels in the open, and a certificate that nobody looks at."""
        return tuple(_warnings(self._plugin, self.channel))

    def reach(self) -> str:
        """Connect and log in."""
        return self._plugin.reach()

    def send(self, delivery: Delivery, now: datetime) -> str:
        """Send one mail; one that is too large goes in a shorter form, which is told."""
        plugin = self._plugin
        plugin.write(delivery, self.channel, now)
        plugin.send()
        if plugin.failure is not None:
            raise plugin.failure
        return plugin.remark

    def close(self) -> None:
        """Say goodbye to the server."""
        self._plugin.line.close()


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


def _warnings(plugin: DigestEmail, channel: Channel) -> Iterator[Problem]:
    about = f"the url of channel {channel.name!r}"
    if plugin.password and plugin.secure_mode == "insecure":
        fix = "write mailtos:// (STARTTLS), or mode=ssl where the server wants TLS from the start"
        yield Problem(f"{about} sends the password unencrypted to {plugin.smtp_host}", fix)
    if plugin.secure_mode != "insecure" and not plugin.verify_certificate:
        fix = "take verify=no away, and make the institute's CA known by SSL_CERT_FILE"
        yield Problem(
            f"{about} does not verify the certificate of {plugin.smtp_host}: whoever answers in its place is trusted", fix
        )


def _shorter(letter: Letter, fitted: Fitted, failure: DeliveryError) -> Letter | None:
    """What a server is offered that refused a mail: a shorter one for 552, or the enhanced codes 5.2.3 and 5.3.4, "message length
    exceeds administrative limit" and "message too big for system" (RFC 1870, 6.1; RFC 3463, 3.3 and 3.4). A mailbox that is full
    (5.2.2) may have room for a mail without attachment; its text is not cut for that, since it will be emptied."""
    said = str(failure)
    if failure.code != 552 and "5.2.3" not in said and "5.3.4" not in said:
        return None
    return letter.shorter(fitted) if fitted.attached or "5.2.2" not in said else None


def _remark(fitted: Fitted | None, why: str) -> str:
    """What is to be known of a mail that lacks something, and why, which is left out where nothing was refused."""
    if fitted is None or fitted.is_whole:
        return ""
    reason = why or ": a larger mail is not allowed"
    if fitted.told is not None and fitted.is_cut:
        kept = f"the first {fitted.told:,} of {fitted.papers:,} papers"
        return f"sent with {'all its papers as plain text alone' if fitted.told == fitted.papers else kept}{reason}"
    if fitted.is_cut:
        return f"sent with the beginning of its text alone{reason}"
    if fitted.attached == 0:
        return f"sent without its attachment of {fitted.papers:,} papers{why}"
    return f"sent with {fitted.attached:,} of {fitted.papers:,} papers attached{reason}"


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
    if isinstance(error, smtplib.SMTPNotSupportedError) and "SMTPUTF8" in str(error):
        return DeliveryError(
            f"{host} takes no address with letters beyond ASCII (SMTPUTF8)",
            permanent=True,
            fix="write an address in ASCII, or use a server that takes others",
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
    return max(code, 0), " ".join(_one_code(text.splitlines()).split())


def _one_code(lines: Sequence[str]) -> str:
    """An answer of several lines with its enhanced status code once: each line repeats that of the first (RFC 2034, 4)."""
    found = [_ENHANCED.match(line) for line in lines]
    repeats = [bool(one and found[0] and one[1] == found[0][1]) for one in found[1:]]
    further = (_ENHANCED.sub("", line, count=1) if repeated else line for line, repeated in zip(lines[1:], repeats, strict=True))
    return " ".join([*lines[:1], *further])


def _plain(error: OSError | smtplib.SMTPException) -> str:
    if isinstance(error, TimeoutError):
        return "did not answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "hung up"
    said = "no such host" if isinstance(error, socket.gaierror) else str(error.strerror or "").lower()
    return f"could not be reached or hung up ({said})" if said else "could not be reached or hung up"
