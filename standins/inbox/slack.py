"""A Slack on loopback that keeps what it receives, and can be told to fail."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from ..answers import Answer
from ..mishaps import LONGEST_SILENCE, TAKES, Mishaps

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


@dataclass(frozen=True, slots=True)
class Post:
    """One Slack post: the path it came to, its payload, its bytes, and when by `time.monotonic`."""

    path: str
    payload: dict[str, Any]
    raw: bytes = field(default=b"", repr=False)
    at_monotonic: float = field(default_factory=time.monotonic)


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
    "hangs": Answer(0, silence=LONGEST_SILENCE),
    "loses": Answer(0),
    "takes-and-hangs-up": Answer(0),
    "takes-and-hangs": Answer(0, silence=LONGEST_SILENCE),
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
        if kind is not None and kind not in TAKES:
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
