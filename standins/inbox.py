"""A mail server and a Slack on loopback that keep what they receive, for the demo and the tests. They can be told to fail.

    mail.plant("greylists", times=2, to="pi@lab.example")
    slack.plant("rate-limit", path=slack.path("lab"))

`MAIL_FAULTS` and `SLACK_FAULTS` say what each kind does. A fault with a recipient or a path waits until that one is met.
"""

from __future__ import annotations

import asyncio
import email
import json
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

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

SLACK_FAULTS: Mapping[str, str] = {
    "rate-limit": "429 with `Retry-After: 30`",
    "error": "500",
    "unavailable": "503 with an HTML page",
    "gone": "404 no_service: the webhook was removed",
    "login-page": "200 with the web page of a login: a proxy stands in between; the post is not kept",
    "invalid-blocks": "200 with the text invalid_blocks; the post is not kept",
    "empty": "200 without a body; the post is not kept",
    "no-content": "204; the post is not kept",
    "redirects": "302 to a login; the post is not kept",
    "truncates": "200 with the beginning of an answer, and the connection closed; the post is not kept",
    "hangs": "silence until the client gives up; the post is not kept",
    "loses": "the connection is closed; the post is not kept",
    "takes-and-hangs-up": "the post is kept, and the connection closed before the client is told",
    "takes-and-hangs": "the post is kept, and then silence until the client gives up",
}
"""Every way in which the Slack can be told to fail."""

_AT_CONNECTION = ("hangs-up", "busy")
_AT_RECIPIENT = {"greylists": "451 4.7.1 Greylisted, please try again later", "refuses": "550 5.1.1 No such user here"}
_TAKES = ("takes-and-hangs-up", "takes-and-hangs")
_AT_DATA = ("hangs", "loses", *_TAKES)
_LONGEST_SILENCE = 120.0


@dataclass
class Planted:
    """One planted fault: it is played `times` times, for `at` (a recipient, a path) or, when that is "", for anybody."""

    kind: str
    times: int
    at: str


@dataclass(frozen=True, slots=True)
class Played:
    """A fault that was played: which, for whom, and when by `time.monotonic`."""

    kind: str
    at: str
    at_monotonic: float = field(default_factory=time.monotonic)


class Mishaps:
    """The faults planted in one server, played in the order of planting, and those that were played. Safe for many threads."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds
        self._planted: list[Planted] = []
        self._lock = threading.Lock()
        self.played: list[Played] = []

    def plant(self, kind: str, times: int, at: str) -> None:
        """Raises ValueError for a kind that does not exist."""
        if kind not in self._kinds:
            raise ValueError(f"no fault of the kind {kind!r}; there are: {', '.join(sorted(self._kinds))}")
        with self._lock:
            self._planted.append(Planted(kind, times, at))

    def take(self, kinds: tuple[str, ...], at: str = "") -> str | None:
        """The first planted fault among `kinds` that befalls `at`, counted as played; None when all goes well."""
        with self._lock:
            found = next((one for one in self._planted if one.kind in kinds and one.times > 0 and one.at in ("", at)), None)
            if found is None:
                return None
            found.times -= 1
            self.played.append(Played(found.kind, at))
            return found.kind

    def clear(self, kind: str | None = None) -> None:
        """Forget what was planted, or what of one kind was; what was played is kept."""
        with self._lock:
            self._planted = [one for one in self._planted if kind is not None and one.kind != kind]


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
        if kind is None or kind in _TAKES:
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
    ends = time.monotonic() + _LONGEST_SILENCE
    while not server._reader.at_eof() and time.monotonic() < ends:  # noqa: SLF001 - aiosmtpd has no public name for it
        await asyncio.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Post:
    """One Slack post: the path it came to, its payload, its bytes, and when by `time.monotonic`."""

    path: str
    payload: dict[str, Any]
    raw: bytes = field(default=b"", repr=False)
    at_monotonic: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the Slack server says instead of "ok"; with a status of 0 it says nothing and hangs up, after `silence` seconds."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    silence: float = 0.0

    @property
    def breaks_off(self) -> bool:
        """Whether less comes than the headers promise."""
        return int(self.headers.get("Content-Length", 0)) > len(self.body.encode())


_SLACK_ANSWERS: Mapping[str, Answer] = {
    "rate-limit": Answer(429, "rate_limited", {"Retry-After": "30"}),
    "error": Answer(500, "internal_error"),
    "unavailable": Answer(503, "<html><body>Service Unavailable</body></html>", {"Content-Type": "text/html"}),
    "gone": Answer(404, "no_service"),
    "login-page": Answer(200, "<!DOCTYPE html><html><head><title>Sign in</title></head></html>", {"Content-Type": "text/html"}),
    "invalid-blocks": Answer(200, "invalid_blocks"),
    "empty": Answer(200),
    "no-content": Answer(204),
    "redirects": Answer(302, "", {"Location": "https://login.lab.example/"}),
    "truncates": Answer(200, '{"ok":tr', {"Content-Length": "11"}),
    "hangs": Answer(0, silence=_LONGEST_SILENCE),
    "loses": Answer(0),
    "takes-and-hangs-up": Answer(0),
    "takes-and-hangs": Answer(0, silence=_LONGEST_SILENCE),
}


class SlackServer:
    """Slack's webhooks, workflows and chat.postMessage on 127.0.0.1. `answers` are given to the next posts instead of taking them.
    A context manager."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: deque[Answer] = deque()
        self.mishaps = Mishaps(SLACK_FAULTS)
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_url(self) -> str:
        """What WATCHER_SLACK_BASE_URL may be set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def webhook(self) -> str:
        """A webhook address of its own."""
        return f"{self.base_url}{self.path()}"

    @staticmethod
    def path(name: str = "B00000000") -> str:
        """The path of a webhook; any is taken."""
        return f"/services/T00000000/{name}/samplesamplesamplesample"

    def plant(self, kind: str, *, times: int = 1, path: str = "") -> None:
        """Fail the next `times` posts, to `path` if it is given, in the way of `kind` (see `SLACK_FAULTS`).

        Raises ValueError for a kind that does not exist.
        """
        self.mishaps.plant(kind, times, path)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, path: str, body: bytes) -> Answer:
        """Keep a post, or give the planted answer."""
        if self.answers:
            return self.answers.popleft()
        kind = self.mishaps.take(tuple(SLACK_FAULTS), path)
        if kind is not None and kind not in _TAKES:
            return _SLACK_ANSWERS[kind]
        self.posts.append(Post(path, json.loads(body), body))
        if kind is not None:
            return _SLACK_ANSWERS[kind]
        if path.endswith("chat.postMessage") or path.startswith(("/triggers/", "/workflows/")):
            return Answer(200, '{"ok": true}', {"Content-Type": "application/json"})
        return Answer(200, "ok", {"Content-Type": "text/plain"})


def _handler(slack: SlackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._say(slack.take(self.path, body))

        def do_HEAD(self) -> None:
            self._say(Answer(200))

        def _say(self, answer: Answer) -> None:
            if answer.status == 0:
                _stay_silent(self.connection, answer.silence, slack.closing)
                self.close_connection = True
                return
            body = answer.body.encode()
            self.send_response(answer.status)
            for name, value in ({"Content-Length": str(len(body))} | answer.headers).items():
                self.send_header(name, value)
            self.close_connection = self.close_connection or answer.breaks_off
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

    return Handler


def _stay_silent(connection: socket.socket, seconds: float, closing: threading.Event) -> None:
    """Wait so long, or until the client has hung up or the server is closing."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and not closing.is_set():
        readable, _, _ = select.select([connection], [], [], 0.05)
        if readable and not connection.recv(1, socket.MSG_PEEK):
            return
