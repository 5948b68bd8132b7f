"""The conversation with a mail server, over a connection that is kept open from mail to mail."""

from __future__ import annotations

import base64
import hmac
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from watcher.deadline import MEGABYTE, Late, connect, counted, current, left_behind, within
from watcher.notify.fitting import Fitted
from watcher.notify.letter import Letter

SMTP_TIMEOUT_SECONDS = 20
DATA_SECONDS = 60  # servers look for viruses and spam before they take a mail
QUIT_SECONDS = 5.0

_MOST_CHALLENGES: Final = 5
_PIECE: Final = 65_536
_OWN_NAME_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server as a channel's URL names it: `secure_mode` is insecure, starttls or ssl; with user and password there is a login."""

    host: str
    port: int
    secure_mode: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    verify: bool = True


class Line:
    """The way to one mail server. Its connection is made by the first mail, and kept until `close`.

    Whoever uses it stands in an exchange, one for each mail, whose bounds hold for it. What cannot be handed over raises OSError or
    SMTPException.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._smtp: Smtp | None = None
        self.last: Fitted | None = None
        """What the server was last offered."""

    def hand_over(self, letter: Letter) -> Fitted:
        """Send one mail; what it was in the end.

        A connection that was kept and turns out to be gone is made anew, unless it broke off when the mail's content was under way: then
        the mail may have been taken.
        """
        self.last, kept = None, self._taken_up()
        if kept is not None:
            try:
                return self._offered(kept, letter)
            except (OSError, smtplib.SMTPException):
                if kept.sock is not None or kept.began_data:
                    raise
        return self._offered(self._connected(), letter)

    def _offered(self, smtp: Smtp, letter: Letter) -> Fitted:
        self.last = letter.fitted(smtp.most_bytes())
        smtp.take(letter)
        return self.last

    def reach(self) -> None:
        """Connect, log in, and say nothing more."""
        self._connected().noop()

    def close(self) -> None:
        """Say goodbye, and wait no longer for the answer than QUIT_SECONDS."""
        if self._smtp is None or self._smtp.sock is None:
            return
        with within(QUIT_SECONDS, most_bytes=MEGABYTE) as exchange:
            exchange.watch(self._smtp.sock)
            _hang_up(self._smtp)
        self._smtp = None

    def _taken_up(self) -> Smtp | None:
        """The connection that was kept, if there is one that still answers."""
        smtp, self._smtp = self._smtp, None
        if smtp is None or smtp.sock is None:
            return None
        current().watch(smtp.sock)
        smtp.began_data = False
        try:
            code, _ = smtp.rset()
        except (OSError, smtplib.SMTPException):
            code = 0
        if code != 250:
            smtp.close()
            return None
        self._smtp = smtp
        return smtp

    def _connected(self) -> Smtp:
        """A new connection as the URL wants it: plain, STARTTLS or TLS, logged in when it names a user and a password."""
        server, context = self._server, None
        if server.secure_mode in ("ssl", "starttls"):
            context = _context(verify=server.verify)
        made: dict[str, Any] = {"timeout": SMTP_TIMEOUT_SECONDS, "local_hostname": _own_name()}
        is_tls = server.secure_mode == "ssl"
        smtp = SmtpTls(server.host, server.port, context=context, **made) if is_tls else Smtp(server.host, server.port, **made)
        try:
            if server.secure_mode == "starttls":
                smtp.starttls(context=context)
            if server.user and server.password:
                smtp.login(server.user, server.password)
        except (OSError, smtplib.SMTPException):
            _hang_up(smtp)
            raise
        self._smtp = smtp
        return smtp


def _context(*, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _own_name() -> str:
    """How we introduce ourselves (RFC 5321, 4.1.4): this machine's full name, or its address; smtplib's own look-up has no end."""
    try:
        return left_behind(_looked_up, min(_OWN_NAME_SECONDS, current().left), "the look-up of this machine's name")
    except Late:
        return "[127.0.0.1]"


def _looked_up() -> str:
    name = socket.getfqdn()
    if "." in name:
        return name
    try:
        return f"[{socket.gethostbyname(socket.gethostname())}]"
    except OSError:
        return "[127.0.0.1]"


class Smtp(smtplib.SMTP):
    """Keeps the bounds of the exchange that it is used in, from the look-up of the host's name on."""

    source_address: tuple[str, int] | None
    began_data = False
    """Whether the last mail got as far as its content: from there on it may have been taken."""

    def most_bytes(self) -> int:
        """The SIZE that the server announces (RFC 1870), 0 where it announces no limit."""
        self.ehlo_or_helo_if_needed()
        said = self.esmtp_features.get("size", "")
        return int(said) if said.isdecimal() else 0

    def take(self, letter: Letter) -> None:
        """Send a mail: ready bytes to addresses in ASCII, or a message to any."""
        if letter.is_ascii:
            self.sendmail(letter.sender.address, [letter.recipient], letter.as_bytes(self.most_bytes()))
        else:
            self.send_message(letter.as_message(self.most_bytes()), letter.sender.address, [letter.recipient])

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        return connect(host, port, timeout, source_address=self.source_address)

    def getreply(self) -> tuple[int, bytes]:
        """One reply, of however many lines; what comes is counted."""
        if self.file is None and self.sock is not None:
            self.file = counted(self.sock.makefile("rb"))
        return super().getreply()

    def data(self, msg: Any) -> tuple[int, bytes]:  # noqa: ANN401 - bytes or text, as smtplib has it
        """Send the mail itself, bytes whose lines end in CRLF, in pieces: smtplib's own makes two copies of it. The answer is waited for
        longer than others.

        Raises:
            SMTPDataError: the server takes no content now.
        """
        self.began_data = True
        if self.sock is not None:
            self.sock.settimeout(DATA_SECONDS)
        code, said = self.docmd("DATA")
        if code != 354:
            raise smtplib.SMTPDataError(code, said)
        for piece in stuffed(msg):
            self.send(piece)
        answer = self.getreply()
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


def stuffed(mail: bytes, size: int = _PIECE) -> Iterator[bytes]:
    """A mail as DATA takes it, in pieces of about `size` bytes: a line that begins with a dot gets another, and a dot alone ends it
    (RFC 5321, 4.5.2)."""
    start = 0
    while start < len(mail):
        end = mail.find(b"\n", start + size) + 1 or len(mail)
        piece = mail[start:end].replace(b"\n.", b"\n..")
        yield b"." + piece if piece.startswith(b".") else piece
        start = end
    yield b".\r\n" if mail.endswith(b"\r\n") else b"\r\n.\r\n"


def _challenge(said: bytes) -> bytes:
    try:
        return base64.b64decode(said)
    except ValueError:
        raise smtplib.SMTPResponseException(501, b"a login's challenge that is no base64") from None


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class SmtpTls(smtplib.SMTP_SSL, Smtp):
    """The same inside TLS: SMTP_SSL wraps the socket that `Smtp` makes."""


def _hang_up(smtp: smtplib.SMTP) -> None:
    """Say goodbye. Nobody waits long for the answer: until this returns, a mail that was taken is not written down as sent."""
    current().cut_after(QUIT_SECONDS)
    try:
        if smtp.sock is not None:
            smtp.sock.settimeout(QUIT_SECONDS)
        smtp.quit()
    except (OSError, smtplib.SMTPException):
        smtp.close()
