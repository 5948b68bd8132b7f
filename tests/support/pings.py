"""A watching service on loopback, as healthchecks.io is one: it keeps what it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

SECRET = "6b1f-secret-0c2e"


@dataclass
class Listener:
    """What arrived, and how it is answered; with `silent` set, not at all until then."""

    status: int = 200
    silent: Event | None = None
    port: int = 0
    heard: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where to ping, the secret in it."""
        return f"http://127.0.0.1:{self.port}/{SECRET}"


@contextmanager
def listening(status: int = 200, silent: Event | None = None) -> Iterator[Listener]:
    """A service that answers each ping with `status`, once `silent` is set if it is given."""
    one = Listener(status, silent)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """A ping."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            one.heard.append((self.command, self.path, body))
            if one.silent:
                one.silent.wait(30)
            self.send_response(one.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        one.port = server.server_address[1]
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield one
        finally:
            server.shutdown()
