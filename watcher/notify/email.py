"""Mail: our own `EmailMessage` through the server that the channel's URL names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from watcher.domain import Delivery
from watcher.errors import ConfigurationError, DeliveryError, Problem
from watcher.notify import mail_url
from watcher.notify.mail_url import MailUrl, MailUrlProblem
from watcher.notify.through_apprise import carried, instance
from watcher.notify.way import Way

if TYPE_CHECKING:
    from watcher.notify.fitting import Fitted
    from watcher.notify.letter import Letter, Letters
    from watcher.notify.smtp import Line, Server

_FROM_ANYWHERE = "watcher@lab.example"
"""What Apprise takes for the sender until the URL's own is put in its place."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where mails are handed over, and who they are from: name and address. `own` is where they go when nobody is named."""

    server: Server
    name: str
    address: str
    own: str


def account(url: MailUrl) -> Account:
    """What Apprise makes of what a URL says: a provider's server and login, ports, the sender of an address alone.

    The URL is read before (decision 37), and Apprise is given its parts, as they are to be decoded once: login and host, never a recipient.

    Raises:
        MailUrlProblem: the URL names no sender, or no mail server.
    """
    from watcher.notify.smtp import Server  # noqa: PLC0415 - the network: only to send or to reach

    plugin = instance(
        {
            "schema": "mailtos" if url.secure else "mailto",
            "host": url.host,
            "port": url.port,
            "user": quote(url.user, safe=""),
            "password": quote(url.password, safe=""),
            "smtp_host": url.smtp,
            "from_addr": _FROM_ANYWHERE if url.sender[1] else None,
            "secure_mode": url.mode or None,
            "verify": url.verify,
        },
        secret="",
    )
    if plugin is None:
        raise MailUrlProblem("names no sender", "write it as from=, for example from=watcher@lab.example")
    if not plugin.smtp_host:
        raise MailUrlProblem("names no mail server", "write it as the host or as smtp=")
    login = (plugin.user or None, plugin.password or None)
    server = Server(plugin.smtp_host, plugin.port, str(plugin.secure_mode), *login, verify=bool(plugin.verify_certificate))
    name, address = plugin.from_addr
    own = url.sender[1] or plugin.targets[0][1]
    return Account(server, str(url.sender[0] or name or "watcher"), str(url.sender[1] or address), str(own))


class EmailWay(Way):
    """A mail for each recipient, through the server that the URL names. The way there stays open until it is closed."""

    @cached_property
    def _read(self) -> MailUrl:
        try:
            return mail_url.read(self.url)
        except MailUrlProblem as problem:
            raise self._refusal(problem) from None

    @cached_property
    def _account(self) -> Account:
        try:
            return account(self._read)
        except MailUrlProblem as problem:
            raise self._refusal(problem) from None

    def _refusal(self, problem: MailUrlProblem) -> ConfigurationError:
        return ConfigurationError(Problem(f"the url of channel {self.channel.name!r} {problem.what}", problem.fix))

    @cached_property
    def _line(self) -> Line:
        from watcher.notify.smtp import Line  # noqa: PLC0415 - as above

        return Line(self._account.server)

    @cached_property
    def _letters(self) -> Letters:
        from watcher.notify.letter import Letters  # noqa: PLC0415 - as above

        return Letters()

    def check(self) -> None:
        """Whether the URL is a mail URL that can be read in one way only, and says from whom and through which server."""
        url = self._read
        if not (url.sender[1] and (url.host or url.smtp)):  # else Apprise need not be loaded to know it
            _ = self._account

    def server(self) -> str:
        """The mail server."""
        return f"{self._account.server.host}:{self._account.server.port}"

    def recipients(self) -> tuple[str, ...]:
        """`to`, else every address in the URL, else the sender."""
        if self.channel.to:
            return self.channel.to
        url = self._read
        return tuple(dict.fromkeys([*(url.to or [self._account.own]), *sorted(url.cc), *sorted(url.bcc)]))

    def answers_to(self) -> str:
        """The URL's `reply=`."""
        self.check()
        return ", ".join(sorted(self._read.reply))

    def warnings(self) -> tuple[Problem, ...]:
        """A password that travels in the open, and a certificate that nobody looks at."""
        url = self._read
        is_open = url.mode == "insecure" and bool(url.password)
        is_known = bool(url.mode or url.secure) and (url.verify or url.mode == "insecure")
        if is_known and not is_open:  # so Apprise need not be loaded to know it
            return ()
        return tuple(_warnings(self._account.server, f"the url of channel {self.channel.name!r}"))

    def reach(self) -> str:
        """Connect, log in and say nothing more."""
        from smtplib import SMTPException  # noqa: PLC0415 - as above

        from watcher.notify.mail_failures import smtp_failure  # noqa: PLC0415 - as above
        from watcher.notify.sending import bounded, late  # noqa: PLC0415 - as above

        server = self._account.server
        with bounded() as exchange:
            try:
                self._line.reach()
            except (OSError, SMTPException) as error:
                raise late(exchange, server.host) or smtp_failure(error, server.host) from None
        self._line.close()
        return f"{server.host}:{server.port} answers{' and accepts the login' if server.user and server.password else ''}"

    def send(self, delivery: Delivery, now: datetime) -> str:
        """Send one mail; one that is too large goes in a shorter form, until it is taken or no longer large. What it lacks is told."""
        from watcher.notify.letter import Letter, MailSender  # noqa: PLC0415 - as above

        account, channel = self._account, self.channel
        sender = MailSender(account.name, account.address, channel.reply_to or self.answers_to())
        recipient = delivery.recipient or next(iter(self._read.to), account.own)
        letter = Letter(self._letters, delivery, sender, recipient, now, int(channel.max_mail_mb * 1_000_000))
        return carried(partial(self._handed_over, letter), delivery.message.subject)

    def _handed_over(self, letter: Letter) -> str:
        """What is to be known of a mail that was taken."""
        why = ""
        while True:
            fitted, failure = self._tried(letter)
            if failure is None:
                return _remark(fitted, why)
            shorter = _shorter(letter, fitted, failure) if fitted is not None else None
            if shorter is None:
                raise failure
            letter, why = shorter, f": {failure}"

    def _tried(self, letter: Letter) -> tuple[Fitted | None, DeliveryError | None]:
        """What was handed over, as far as a server was met, and why it was not taken."""
        from smtplib import SMTPException  # noqa: PLC0415 - as above

        from watcher.notify.mail_failures import smtp_failure  # noqa: PLC0415 - as above
        from watcher.notify.sending import bounded, late  # noqa: PLC0415 - as above

        host = self._account.server.host
        with bounded() as exchange:
            try:
                return self._line.hand_over(letter), None
            except (OSError, SMTPException) as error:
                failure = late(exchange, host) or smtp_failure(error, host)
        return self._line.last, failure

    def close(self) -> None:
        """Say goodbye to the server."""
        if "_line" in vars(self):
            self._line.close()


def _warnings(server: Server, about: str) -> Iterator[Problem]:
    if server.password and server.secure_mode == "insecure":
        fix = "write mailtos:// (STARTTLS), or mode=ssl where the server wants TLS from the start"
        yield Problem(f"{about} sends the password unencrypted to {server.host}", fix)
    if server.secure_mode != "insecure" and not server.verify:
        fix = "take verify=no away, and make the institute's CA known by SSL_CERT_FILE"
        yield Problem(f"{about} does not verify the certificate of {server.host}: whoever answers in its place is trusted", fix)


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
