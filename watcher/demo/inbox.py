"""A mail server and a Slack on loopback that keep what they receive, for the demo and the tests. They can be told to refuse."""

from __future__ import annotations

import asyncio
import email
import json
import threading
from collections import deque
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it arrived: the envelope's addresses and the message."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    def part(self, kind: str) -> str:
        """The text of the first part of this content type with line feeds only, "" when there is none."""
        for part in self.message.walk():
            if part.get_content_type() == kind:
                content = part.get_content()
                text = content.decode() if isinstance(content, bytes) else str(content)
                return text.replace("\r\n", "\n")
        return ""


class _AnyPort(Controller):
    """A controller on a port that the system chose; the original would knock at port 0."""

    def _trigger_server(self) -> None:
        self.port = cast("asyncio.Server", self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd leaves it untyped


class MailServer:
    """An SMTP server on 127.0.0.1. `answers` are given to the next DATA commands instead of taking the mail; `refused` maps
    recipients to the answer that their RCPT gets. A context manager."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.answers: deque[str] = deque()
        self.refused: dict[str, str] = {}
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=0)

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
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail, or give the planted answer."""
        if self.answers:
            return self.answers.popleft()
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        message = email.message_from_bytes(content, policy=policy.default)
        self.mails.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), message))
        return "250 OK"


@dataclass(frozen=True, slots=True)
class Post:
    """One Slack post: the path it came to and its payload."""

    path: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the Slack server says instead of "ok"."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class SlackServer:
    """Slack's webhook and chat.postMessage on 127.0.0.1. `answers` are given to the next posts instead of taking them. A context
    manager."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.answers: deque[Answer] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_url(self) -> str:
        """What WATCHER_SLACK_BASE_URL may be set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def webhook(self) -> str:
        """A webhook address of its own."""
        return f"{self.base_url}/services/T00000000/B00000000/samplesamplesamplesample"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, path: str, body: bytes) -> Answer:
        """Keep a post, or give the planted answer."""
        if self.answers:
            return self.answers.popleft()
        self.posts.append(Post(path, json.loads(body)))
        if path.endswith("chat.postMessage"):
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
            body = answer.body.encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

    return Handler
