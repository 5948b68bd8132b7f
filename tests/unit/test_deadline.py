"""What an exchange takes and brings is bounded, whatever the other side does."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from support.awkward import HTTP_DRIPS, OK, answering, conducting, ended, packed, silent, whole

from watcher.deadline import MEGABYTE, Exchange, Late, body, connect, left_behind, new_session, within

SECONDS = 0.3


def get(url: str, *, seconds: float = SECONDS, most_bytes: int = MEGABYTE) -> tuple[Exchange, bytes | None]:
    """The exchange as it ended, and the body, or None when an error came instead."""
    with within(seconds, most_bytes=most_bytes) as exchange, new_session() as session:
        session.trust_env = False
        try:
            with session.get(url, timeout=30, stream=True) as answer:
                return exchange, body(answer)
        except OSError:
            return exchange, None


@pytest.mark.parametrize(("before", "drop"), HTTP_DRIPS.values(), ids=HTTP_DRIPS)
def test_an_answer_without_end_is_cut_when_the_time_is_over(before: bytes, drop: bytes) -> None:
    with conducting(answering(before, drop)) as port:
        exchange, _ = get(f"http://127.0.0.1:{port}/")

    assert exchange.failure == "did not finish within 0.3 s"


def test_a_tls_handshake_that_hangs_is_cut() -> None:
    with conducting(silent) as port:
        exchange, found = get(f"https://127.0.0.1:{port}/")

    assert (exchange.failure, found) == ("did not finish within 0.3 s", None)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_hangs_is_cut(scheme: str) -> None:
    with (
        conducting(answering(b"HTTP/1.1 200 ", b"O")) as port,
        within(SECONDS, most_bytes=MEGABYTE) as exchange,
        new_session() as session,
    ):
        with pytest.raises(OSError):  # noqa: PT011 - whatever requests makes of it
            session.get(f"{scheme}://lab.example/", timeout=30, proxies={scheme: f"http://127.0.0.1:{port}"})

        assert exchange.failure == "did not finish within 0.3 s"


def test_redirections_share_one_deadline() -> None:
    seen: list[bytes] = []

    def onward(connection: socket.socket, over: threading.Event) -> None:
        seen.append(connection.recv(1 << 16))
        over.wait(0.1)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        ended(connection)

    with conducting(onward) as port:
        exchange, found = get(f"http://127.0.0.1:{port}/")

    assert (exchange.failure, found) == ("did not finish within 0.3 s", None)
    assert len(seen) < 5


def test_a_body_that_is_not_read_by_a_server_is_no_way_to_hold_us_up() -> None:
    with conducting(silent) as port, within(SECONDS, most_bytes=MEGABYTE) as exchange, new_session() as session:
        session.trust_env = False
        with pytest.raises(OSError):  # noqa: PT011 - whatever requests makes of it
            session.post(f"http://127.0.0.1:{port}/", data=bytes(30_000_000), timeout=30)

        assert exchange.failure == "did not finish within 0.3 s"


def test_a_connection_that_was_kept_open_is_cut_in_a_later_exchange() -> None:
    def once(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(1 << 16)
        connection.sendall(OK + b"Content-Length: 2\r\n\r\nok")
        connection.recv(1 << 16)
        while not over.wait(0.01):
            connection.sendall(b"H")

    with conducting(once) as port, new_session() as session:
        session.trust_env = False
        with within(60, most_bytes=MEGABYTE) as first:
            assert session.get(f"http://127.0.0.1:{port}/", timeout=30).content == b"ok"
        with within(SECONDS, most_bytes=MEGABYTE) as second, pytest.raises(OSError):  # noqa: PT011 - whatever requests makes of it
            session.get(f"http://127.0.0.1:{port}/", timeout=30)

    assert (first.failure, second.failure) == ("", "did not finish within 0.3 s")


def test_a_look_up_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    over, real = threading.Event(), socket.getaddrinfo

    def hanging(host: str, port: int, *, flags: int = 0, **kwargs: Any) -> Any:  # noqa: ANN401 - the signature of socket
        if not flags:
            over.wait(60)
        return real(host, port, flags=flags, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    with within(SECONDS, most_bytes=MEGABYTE), pytest.raises(Late, match="the look-up of lab"):
        connect("lab.example", 80, 30)
    over.set()


def test_what_cannot_be_cut_gives_its_value_its_error_or_is_late() -> None:
    over = threading.Event()

    def failing() -> None:
        raise TimeoutError("its own")

    assert left_behind(lambda: 7, 30, "a sum") == 7
    with pytest.raises(TimeoutError, match="its own"):
        left_behind(failing, 30, "a failure")
    with pytest.raises(Late, match="a nap did not finish"):
        left_behind(over.wait, 0.05, "a nap")
    over.set()


def test_a_name_that_is_none_and_a_port_that_is_closed_are_told_as_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with within(30, most_bytes=MEGABYTE):
        with pytest.raises(socket.gaierror):
            connect("no-such-host.invalid", 80, 30)
        with pytest.raises(ConnectionRefusedError):
            connect("127.0.0.1", port, 30)


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate", "gzip, gzip", "deflate, gzip, gzip"])
def test_a_body_longer_than_allowed_is_not_read_to_its_end(encoding: str) -> None:
    content = b" " * 3_000_000 if encoding == "identity" else packed(3, encoding)
    with conducting(whole(content, f"Content-Encoding: {encoding}\r\n".encode())) as port:
        exchange, found = get(f"http://127.0.0.1:{port}/", seconds=60, most_bytes=2 * MEGABYTE)

    assert (exchange.failure, found) == ("sent more than 2 MB", None)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
def test_a_packed_body_of_the_allowed_length_comes_whole(encoding: str) -> None:
    with conducting(whole(packed(2, encoding), f"Content-Encoding: {encoding}\r\n".encode())) as port:
        exchange, found = get(f"http://127.0.0.1:{port}/", seconds=60, most_bytes=2 * MEGABYTE)

    assert (exchange.failure, found) == ("", b" " * 2_000_000)


@pytest.mark.parametrize(
    ("before", "drop"),
    [
        (OK + b"\r\n", b" " * 65_536),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65_536 + b"\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Trailer: 1\r\n" * 4_096),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 4_096),
    ],
    ids=["until close", "chunks", "trailers", "interim answers"],
)
def test_an_endless_answer_is_left_when_it_is_too_long(before: bytes, drop: bytes) -> None:
    with conducting(answering(before, drop, endless=True)) as port:
        exchange, found = get(f"http://127.0.0.1:{port}/", seconds=60)

    assert (exchange.failure, found) == ("sent more than 1 MB", None)


def test_the_body_of_a_redirection_is_bounded_too() -> None:
    with conducting(answering(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", b" " * 65_536, endless=True)) as port:
        exchange, found = get(f"http://127.0.0.1:{port}/", seconds=60)

    assert (exchange.failure, found) == ("sent more than 1 MB", None)


_HOLDS = """
import resource, sys
from watcher.deadline import MEGABYTE, body, new_session, within
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with within(120, most_bytes=20 * MEGABYTE) as exchange, new_session() as session:
    try:
        with session.get(sys.argv[1], timeout=60, stream=True) as answer:
            body(answer)
    except OSError:
        pass
print(exchange.failure, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, sep="|")
"""


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip"])
def test_a_packed_bomb_takes_memory_of_the_order_of_the_bound(encoding: str, tmp_path: Path) -> None:
    with conducting(whole(packed(300, encoding), f"Content-Encoding: {encoding}\r\n".encode())) as port:
        told = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-c", _HOLDS, f"http://127.0.0.1:{port}/"],
            check=True, capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(Path(__file__).parents[2])},
        ).stdout  # fmt: skip

    fault, megabytes = told.strip().split("|")
    assert fault == "sent more than 20 MB"
    assert int(megabytes) < 100


def test_an_exchange_leaves_the_connections_of_others_alone() -> None:
    with conducting(answering(b"")) as port, socket.create_connection(("127.0.0.1", port)) as ours:
        with within(0.01, most_bytes=MEGABYTE) as exchange:
            while not exchange.failure:
                threading.Event().wait(0.01)

        ours.sendall(b"still open")


def refused(make: Callable[[], object]) -> None:
    with pytest.raises(LookupError):
        make()


def test_a_connection_outside_of_an_exchange_is_a_mistake_of_ours() -> None:
    with conducting(silent) as port, new_session() as session:
        session.trust_env = False
        refused(lambda: connect("127.0.0.1", port, 30))
        refused(lambda: session.get(f"http://127.0.0.1:{port}/", timeout=30))


def test_a_certificate_is_still_looked_at() -> None:
    def shake(connection: socket.socket, _over: threading.Event) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with context.wrap_socket(connection, server_side=True) as _:
            pass

    with (
        conducting(shake) as port,
        within(30, most_bytes=MEGABYTE),
        new_session() as session,
        pytest.raises(requests.exceptions.SSLError),
    ):
        session.get(f"https://127.0.0.1:{port}/", timeout=30)
