"""Servers on loopback that do what they like with each connection: drip, hang, never end, or send more than anybody asked for."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Conduct = Callable[[socket.socket, threading.Event], None]
"""What a server does with one connection, until the event says that the test is over."""

OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def conducting(conduct: Conduct) -> Iterator[int]:
    """The port of a server that treats every connection so, side by side."""
    over, threads = threading.Event(), list[threading.Thread]()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def treat(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            conduct(connection, over)

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=treat, args=(connection,), daemon=True))
            threads[-1].start()

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        server.join(30)
        for thread in threads:
            thread.join(30)


def answering(before: bytes, drop: bytes = b"", *, endless: bool = False) -> Conduct:
    """Reads a request, says `before`, and then nothing, or `drop` every now and then, or without a pause."""

    def conduct(connection: socket.socket, over: threading.Event) -> None:
        connection.settimeout(0.2)
        with suppress(TimeoutError):
            connection.recv(1 << 16)
        connection.settimeout(None)
        connection.sendall(before)
        while not over.wait(0 if endless else 0.01):
            connection.sendall(drop)

    return conduct


def silent(_connection: socket.socket, over: threading.Event) -> None:
    """Never a byte, not even of a TLS handshake."""
    over.wait()


def whole(body: bytes, head: bytes = b"") -> Conduct:
    """One answer, and the end of the connection."""
    length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)

    def conduct(connection: socket.socket, _over: threading.Event) -> None:
        connection.recv(1 << 16)
        connection.sendall(OK + head + length + body)
        ended(connection)

    return conduct


def ended(connection: socket.socket) -> None:
    """End a connection as a server does: what the other side still sends is read, or it would lose what it has not read yet."""
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1 << 16):
        pass


def packed(megabytes: int, encoding: str) -> bytes:
    """So many megabytes of spaces as a body of this Content-Encoding, made piece by piece; of "gzip, gzip" the inner one first."""
    first, *others = encoding.split(", ")
    packer = zlib.compressobj(6, zlib.DEFLATED, 31 if first == "gzip" else 15)
    piece = b" " * 1_000_000
    small = b"".join([*(packer.compress(piece) for _ in range(megabytes)), packer.flush()])
    for _ in others:
        small = gzip.compress(small)
    return small


HTTP_DRIPS = {
    "length": (OK + b"Content-Length: 1000000\r\n\r\n", b" "),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "one chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\nF0000\r\n", b" "),
    "until close": (OK + b"\r\n", b" "),
    "head": (OK + b"X-Slow: ", b"z"),
    "heads without end": (OK, b"X-Wait: 1\r\n"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "status line": (b"HTTP/1.1 200 O", b"K"),
    "silence": (b"", b""),
}
"""How an answer can be without end: what comes first, and what then drips. (requests would take each drip for a read in time.)"""
