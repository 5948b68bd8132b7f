"""The bounds of one exchange with another machine: how long it may take in all, and how much it may bring.

A time-out of a socket is per read, so that a server which sends a byte now and then is never late, and nothing in HTTP or SMTP says
how much comes. Here a watchdog cuts the connections of an exchange when its time is over, so that whoever waits there, in a TLS
handshake, a head, a body or a long reply, returns; and what comes is counted, on the wire and unpacked. A name look-up cannot be cut:
it is left behind in its thread.

    with within(60, most_bytes=MEGABYTE) as exchange, new_session() as session:
        answer = session.get(url, timeout=(10, 20))

Whoever then meets an OSError asks the exchange first whether that was its end. This module knows no protocol's meaning.
"""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from heapq import heappop, heappush
from http.client import HTTPResponse
from itertools import count
from typing import Any, Final, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

T = TypeVar("T")

MEGABYTE: Final = 1_000_000

_FRAMING: Final = MEGABYTE
"""What heads, chunk lines and the like may take on the wire beside the body."""

_PIECE: Final = 1 << 16


class Late(TimeoutError):
    """The time of the whole exchange is over."""


class TooLong(requests.RequestException):
    """The exchange brought more than it may: an OSError, and one that users of `requests` expect."""


@dataclass(order=True)
class _Alarm:
    at: float
    number: int
    then: Callable[[], None] | None = field(compare=False)


class _Watchdog:
    """One thread that does things at their time, for all exchanges of the process: a thread for each would cost more than a mail does."""

    def __init__(self) -> None:
        self._alarms: list[_Alarm] = []
        self._changed = threading.Condition()
        self._numbers = count()
        self._runs = False

    def at(self, instant: float, then: Callable[[], None]) -> _Alarm:
        """Do something at an instant of `time.monotonic`, unless the alarm is called off by then."""
        alarm = _Alarm(instant, next(self._numbers), then)
        with self._changed:
            heappush(self._alarms, alarm)
            if not self._runs:
                threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
                self._runs = True
            if self._alarms[0] is alarm:
                self._changed.notify()
        return alarm

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._alarms or self._alarms[0].at > time.monotonic():
                    self._changed.wait(self._alarms[0].at - time.monotonic() if self._alarms else None)
                then = heappop(self._alarms).then
            if then is not None:
                then()


_watchdog = _Watchdog()


def _after_fork() -> None:
    """A child process has no thread but the one that forked."""
    global _watchdog  # noqa: PLW0603 - one for each process
    _watchdog = _Watchdog()


os.register_at_fork(after_in_child=_after_fork)


class Exchange:
    """One exchange: every connection that its thread makes or takes up in the block of `within`."""

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self.seconds = seconds
        self.most_bytes = most_bytes
        self._was_cut = False
        self.was_too_long = False
        self._ends_at = time.monotonic() + seconds
        self._came = self._unpacked = 0
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._alarms = [_watchdog.at(self._ends_at, self._end)]

    @property
    def left(self) -> float:
        """The seconds that are left; 0 when the time is over."""
        return max(0.0, self._ends_at - time.monotonic())

    @property
    def failure(self) -> str:
        """Why the exchange has failed, if it did by its bounds, in words that follow a name; "" otherwise. Ask it after an error."""
        if self.was_too_long:
            return f"sent more than {_size(self.most_bytes)}"
        return "" if self.left and not self._was_cut else f"did not finish within {self.seconds:g} s"

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection too when the time is over.

        A duplicate is kept: it stays valid when TLS takes the socket over, and belongs to nobody else. Raises Late when it is over.
        """
        with self._lock:
            if self._was_cut:
                raise Late("the time of the whole exchange is over")
            self._sockets.append(socket.socket(fileno=os.dup(connection.fileno())))

    def cut_after(self, seconds: float) -> None:
        """Cut the connections sooner, which is no failure of the exchange."""
        self._alarms.append(_watchdog.at(time.monotonic() + seconds, self._cut))

    def came(self, size: int) -> None:
        """Count what came over the wire; 0 is its end.

        Raises Late when this is the end that we made, TooLong when more came than any body of the allowed length needs.
        """
        if size == 0 and self._was_cut:
            raise Late("the time of the whole exchange is over")
        self._came += size
        self._bounded(self._came, self.most_bytes + _FRAMING)

    def unpacked(self, size: int) -> None:
        """Count what a body holds when it is unpacked. Raises TooLong when that is more than it may."""
        self._unpacked += size
        self._bounded(self._unpacked, self.most_bytes)

    def close(self) -> None:
        """End the watch; the connections stay as they are."""
        for alarm in self._alarms:
            alarm.then = None
        with self._lock:
            for one in self._sockets:
                one.close()
            self._sockets.clear()

    def _bounded(self, size: int, most: int) -> None:
        if size > most:
            self.was_too_long = True
            raise TooLong(f"more than {_size(self.most_bytes)} came")

    def _end(self) -> None:
        with self._lock:
            self._was_cut = True
        self._cut()

    def _cut(self) -> None:
        with self._lock:
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


_EXCHANGE: ContextVar[Exchange] = ContextVar("exchange")


@contextmanager
def within(seconds: float, *, most_bytes: int) -> Iterator[Exchange]:
    """Bound what this thread exchanges in the block: it ends `seconds` from now, and brings no more than `most_bytes` of bodies.

    Connections are bounded that were made by `connect` or belong to a `new_session`. What is cut fails by an OSError, also a body that
    ends with its connection.
    """
    exchange = Exchange(seconds, most_bytes)
    token = _EXCHANGE.set(exchange)
    try:
        yield exchange
    finally:
        _EXCHANGE.reset(token)
        exchange.close()


def current() -> Exchange:
    """The exchange that the caller takes part in. Raises LookupError when there is none."""
    return _EXCHANGE.get()


def left_behind(work: Callable[[], T], seconds: float, name: str) -> T:
    """Do in a thread what cannot be cut, and wait for it no longer than `seconds`.

    Returns what the work returns, and raises what it raises, or Late.
    """
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again by the one who waits
            done.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        return done.result(seconds)
    except TimeoutError:
        if done.done():
            raise
        raise Late(f"{name} did not finish in time") from None


# --- connections ---------------------------------------------------------------------------------------------------------------


def connect(
    host: str,
    port: int,
    timeout: float | None,
    *,
    source_address: tuple[str, int] | None = None,
    options: Iterable[Any] = (),
) -> socket.socket:
    """A TCP connection of the present exchange, to the first address of `host` that answers; `timeout` is for each address.

    Raises:
        socket.gaierror: there is no such host.
        TimeoutError: no answer in time; Late when the name could not be looked up in it.
        OSError: no address could be reached.
    """
    exchange, failure = current(), OSError(f"{host} has no address")
    for family, kind, protocol, _, place in _addresses(host, port, exchange.left):
        one = socket.socket(family, kind, protocol)
        try:
            exchange.watch(one)
            one.settimeout(exchange.left if timeout is None else min(timeout, exchange.left))
            for option in options:
                one.setsockopt(*option)
            if source_address:
                one.bind(source_address)
            one.connect(place)
            one.settimeout(timeout)
            return one
        except OSError as error:
            one.close()
            failure = error
    raise failure


def _addresses(host: str, port: int, seconds: float) -> list[Any]:
    with suppress(socket.gaierror):  # a number needs no look-up
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return left_behind(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), seconds, f"the look-up of {host}")


class _Counted(io.RawIOBase):
    """The reading end of a connection; whatever comes is counted for the exchange that reads it."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - a writable buffer, which has no type before Python 3.12
        size = self._raw.readinto(buffer)
        current().came(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


def counted(file: Any) -> io.BufferedReader:  # noqa: ANN401 - what socket.makefile("rb") gives, which typeshed does not say
    """A connection's file for reading, counted for the exchange that reads it."""
    return io.BufferedReader(_Counted(file.detach()))


# --- HTTP ------------------------------------------------------------------------------------------------------------------------


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the signature of http.client
        super().__init__(sock, *args, **kwargs)
        self.fp = counted(self.fp)


class _Bounded:
    """What both kinds of urllib3's connections have in common here."""

    sock: socket.socket | None
    response_class = _Response

    def _new_conn(self: Any) -> socket.socket:
        """As urllib3's own, with its exceptions, but within the exchange."""
        try:
            return connect(
                self._dns_host, self.port, self.timeout, source_address=self.source_address, options=self.socket_options or ()
            )
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"no connection to {self.host} in time") from error
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error}") from error

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the signature of urllib3
        """Send a request; a connection that was kept open from another exchange joins this one."""
        if self.sock is not None:
            current().watch(self.sock)
        super().request(*args, **kwargs)  # type: ignore[misc]  # of the connection that this is mixed into


class _Connection(_Bounded, HTTPConnection):  # type: ignore[misc]  # response_class has no type in typeshed
    pass


class _TlsConnection(_Bounded, HTTPSConnection):  # type: ignore[misc]  # the same
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS: Final = {"http": _Pool, "https": _TlsPool}


class _Answer(requests.Response):
    """An answer whose body is counted as it is unpacked, piece by piece; also where requests reads it by itself, as of a redirection."""

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[Any]:
        for piece in super().iter_content(chunk_size, decode_unicode):
            current().unpacked(len(piece))
            yield piece


class _Adapter(HTTPAdapter):
    """The transport adapter whose connections and answers belong to the exchange of their thread."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the signature of requests
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - the signature of requests
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):  # whose pools are what goes through the proxy at all
            manager.pool_classes_by_scheme = _POOLS
        return manager

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:  # noqa: ANN401 - urllib3's own
        made, answer = super().build_response(req, resp), _Answer()
        vars(answer).update(vars(made))
        return answer


def new_session() -> requests.Session:
    """A session for use within exchanges."""
    session = requests.Session()
    session.mount("http://", _Adapter())
    session.mount("https://", _Adapter())
    return session


def body(answer: requests.Response) -> bytes:
    """The whole body of a streamed answer, unpacked, in little more memory than it has bytes."""
    whole = io.BytesIO()
    for piece in answer.iter_content(_PIECE):
        whole.write(piece)
    return whole.getvalue()


def _size(size: int) -> str:
    return f"{size / MEGABYTE:,.0f} MB"
