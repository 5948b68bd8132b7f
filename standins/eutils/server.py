"""E-utilities over HTTP on loopback: real sockets, keep-alive, GET and POST, NCBI's rate limit, planted faults.

    with EutilsServer(Corpus.of([paper("10", created="2026-09-16")]), clock=now) as server:
        ...  # talk to server.base_url, look at server.log

A record is there from the day on which it appears in the corpus; the day is NCBI's, and the clock is read at each request, so that a
moved clock file moves the server.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from . import bodies
from .corpus import Corpus
from .exchange import Call, Exchange, Reply, Wire
from .faults import FAULTS, Faults, bad_key, too_many
from .utilities import Utilities

PATH = "/entrez/eutils/"
LONGEST_LINE = 8_190
"""Bytes of a request line beyond which a web server answers 414; longer terms and id lists go by POST."""

DRIP_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class RateRule:
    """How many requests each caller (an API key, or all without one) may make in any `window` seconds of real time.

    `retry_after` is what a refusal asks to wait, in seconds; None: NCBI's refusals name no time.
    """

    per_second: int = 3
    with_key: int = 10
    window: float = 1.0
    retry_after: int | None = None


class _Limiter:
    def __init__(self, rule: RateRule) -> None:
        self.rule = rule
        self._seen: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str) -> int:
        """How many requests are left after this one; -1 when it is itself too many. Refused ones do not count."""
        allowed = self.rule.with_key if key else self.rule.per_second
        now = time.monotonic()
        with self._lock:
            seen = self._seen.setdefault(key, deque())
            while seen and seen[0] <= now - self.rule.window:
                seen.popleft()
            if len(seen) >= allowed:
                return -1
            seen.append(now)
            return allowed - len(seen)

    def headers(self, key: str, left: int) -> dict[str, str]:
        """What NCBI tells of the limit in every answer."""
        limit = self.rule.with_key if key else self.rule.per_second
        return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(max(left, 0))}


class EutilsServer:
    """E-utilities over a corpus at `base_url`, from construction until `close` (or the end of a `with` block)."""

    def __init__(
        self,
        corpus: Corpus,
        *,
        clock: Callable[[], datetime],
        port: int = 0,
        rate: RateRule | None = None,
        api_keys: Collection[str] | None = None,
        drop_unknown: bool = False,
    ) -> None:
        """Start serving.

        Args:
            corpus: the records; more can be planted while the server runs.
            clock: says what time it is, aware, at each request.
            port: on 127.0.0.1; 0 takes a free one.
            rate: refuse more requests than this; None: never.
            api_keys: the keys that are known; any other is refused. None: every key is.
            drop_unknown: leave unknown tagged words out of a query (see `search`) where the default finds nothing.
        """
        self.corpus = corpus
        self.faults = Faults()
        self.utilities = Utilities(corpus, clock, drop_unknown=drop_unknown)
        self.log: list[Exchange] = []
        self._limiter = _Limiter(rate) if rate else None
        self._api_keys = api_keys
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._http = _Listener(("127.0.0.1", port), self)
        self.port = int(self._http.server_address[1])
        self.base_url = f"http://127.0.0.1:{self.port}{PATH}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="eutils", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving: hanging answers end, and connections that are kept alive are cut."""
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._http.cut()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def requests_by_tool(self) -> Counter[str]:
        """How many requests each tool has had, refused and spoiled ones included."""
        with self._lock:
            return Counter(exchange.tool for exchange in self.log)

    def calls(self, tool: str) -> list[Exchange]:
        """The log's lines of one tool, in order."""
        with self._lock:
            return [exchange for exchange in self.log if exchange.tool == tool]

    def forget(self) -> None:
        """Empty the log."""
        with self._lock:
            self.log.clear()

    def respond(self, call: Call) -> Reply:
        """The reply to a call: refused, spoiled or right; a line goes into the log before it is sent."""
        reply, fault = self._decide(call)
        exchange = Exchange(call.tool, call.parameters, call.method, reply.status, fault)
        with self._lock:
            self.log.append(exchange)
        return reply

    def _decide(self, call: Call) -> tuple[Reply, str | None]:
        if self._limiter is None:
            return self._answer(call)
        key = call.value("api_key")
        left = self._limiter.take(key)
        refused = too_many(call, retry_after=self._limiter.rule.retry_after)
        reply, fault = self._answer(call) if left >= 0 else (refused, "rate")
        return replace(reply, headers={**reply.headers, **self._limiter.headers(key, left)}), fault

    def _answer(self, call: Call) -> tuple[Reply, str | None]:
        key = call.value("api_key")
        if key and self._api_keys is not None and key not in self._api_keys:
            return bad_key(call), None
        kind = self.faults.take(call)
        if kind is None:
            return self.utilities.answer(call), None
        return FAULTS[kind].play(call, lambda: self.utilities.answer(call)), kind


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], eutils: EutilsServer) -> None:
        self.eutils = eutils
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection, to cut it when the server closes."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._open.discard(connection)

    def cut(self) -> None:
        """End all connections; whoever reads from one sees its end."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is part of the game; anything else is a defect and is told on stderr."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._serve(self.rfile.read(length).decode("utf-8", "replace"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """The log is `EutilsServer.log`; nothing is printed."""

    def _serve(self, form: str) -> None:
        address = urlsplit(self.path)
        tool = address.path.removeprefix(PATH).removesuffix(".fcgi")
        if not address.path.startswith(PATH) or tool not in self.server.eutils.utilities.tools:
            self._send(bodies.html_reply("Not Found", "There is nothing at this address.", 404))
            return
        if len(self.requestline) > LONGEST_LINE:
            self._send(bodies.html_reply("Request-URI Too Long", "Send long terms and id lists by POST.", 414))
            return
        query = "&".join(part for part in (address.query, form) if part)
        parameters = parse_qs(query, keep_blank_values=True, max_num_fields=100_000)
        self._send(self.server.eutils.respond(Call(tool, parameters, self.command)))

    def _send(self, reply: Reply) -> None:
        ways: dict[Wire, Callable[[Reply], None]] = {
            Wire.WHOLE: self._send_whole,
            Wire.SHORT: self._send_short,
            Wire.CHUNKS_CUT: self._send_chunks,
            Wire.RESET: self._reset,
            Wire.HANG: self._hang,
            Wire.DRIP: self._drip,
        }
        ways[reply.wire](reply)

    def _head(self, reply: Reply, **more: str) -> bytes:
        lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('',))[0]}"]
        headers = {
            "Date": self.date_time_string(),
            "Server": "watcher-demo",
            "Content-Type": reply.content_type,
            **reply.headers,
            **more,
        }
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _send_whole(self, reply: Reply) -> None:
        self.wfile.write(self._head(reply, Content_Length=str(len(reply.body))) + reply.body)

    def _send_short(self, reply: Reply) -> None:
        self.wfile.write(self._head(reply, Content_Length=str(len(reply.body))) + reply.body[: len(reply.body) * 2 // 3])
        self.close_connection = True

    def _send_chunks(self, reply: Reply) -> None:
        part = reply.body[: len(reply.body) * 2 // 3]
        self.wfile.write(self._head(reply, Transfer_Encoding="chunked") + b"%x\r\n%s\r\n" % (len(part), part))
        self.close_connection = True

    def _reset(self, _reply: Reply) -> None:
        """An RST instead of an answer: closing with SO_LINGER of zero seconds discards what was to be sent."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())
        self.close_connection = True

    def _hang(self, _reply: Reply) -> None:
        while not self._client_left(0.02):
            pass
        self.close_connection = True

    def _drip(self, reply: Reply) -> None:
        self.wfile.write(self._head(reply, Content_Length=str(max(len(reply.body), 1_000_000))))
        for place in range(1_000_000):
            if self._client_left(DRIP_SECONDS):
                break
            self.wfile.write(reply.body[place : place + 1] or b" ")
        self.close_connection = True

    def _client_left(self, seconds: float) -> bool:
        """Wait so long; True when the client has hung up or the server is closing."""
        if self.server.eutils.closing.is_set():
            return True
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)


def serve_forever(
    corpus: Corpus,
    port: int,
    *,
    clock: Callable[[], datetime],
    say: Callable[[str], None] = lambda _line: None,
    until: threading.Event | None = None,
) -> None:
    """Serve a corpus on 127.0.0.1:`port` until interrupted (Ctrl-C), or until `until` is set; `say` hears the address."""
    stop = until or threading.Event()
    with EutilsServer(corpus, clock=clock, port=port) as server, suppress(KeyboardInterrupt):
        say(f"E-utilities over {len(corpus.editions)} sample records at {server.base_url}")
        stop.wait()
