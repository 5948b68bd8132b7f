"""What the services that are posted to on loopback share: they keep what they take, and can be told to fail."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from ..answers import Answer
from ..mishaps import TAKES, Mishaps


@dataclass(frozen=True, slots=True)
class Post:
    """One post: the path it came to, its payload, its bytes, and when by `time.monotonic`."""

    path: str
    payload: dict[str, Any]
    raw: bytes = field(default=b"", repr=False)
    at_monotonic: float = field(default_factory=time.monotonic)


class WebhookServer(ABC):
    """A service on 127.0.0.1 that takes posts. `answers` are given to the next posts instead of taking them. A context manager.

    A service of its own says what its faults answer, and how it answers what it takes.
    """

    def __init__(self, faults: Mapping[str, str], said: Mapping[str, Answer]) -> None:
        self.posts: list[Post] = []
        self.answers: deque[Answer] = deque()
        self.mishaps = Mishaps(faults)
        self.closing = threading.Event()
        self._said = said
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def plant(self, kind: str, *, times: int = 1, path: str = "") -> None:
        """Fail the next `times` posts, to `path` if it is given, in the way of `kind`.

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
        kind = self.mishaps.take(tuple(self._said), path)
        if kind is not None and kind not in TAKES:
            return self._said[kind]
        answer = self.taken(Post(path, json.loads(body), body))
        return answer if kind is None else self._said[kind]

    @abstractmethod
    def taken(self, post: Post) -> Answer:
        """Keep a post, if that is how the service takes it; what it says."""


def _handler(service: WebhookServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._say(service.take(self.path, body))

        def do_HEAD(self) -> None:
            self._say(Answer(200))

        def _say(self, answer: Answer) -> None:
            if answer.status == 0:
                _stay_silent(self.connection, answer.silence, service.closing)
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
