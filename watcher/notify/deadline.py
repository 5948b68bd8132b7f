"""The end of a send: it comes after SEND_SECONDS whatever the other side does.

Time-outs of sockets are per read, so that a server which sends a byte now and then is never late; hence `Deadline`, which cuts the
connections. Other Apprise plugins make connections of their own, which cannot be cut: such a send is left behind in its thread.
"""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from watcher.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable

SEND_SECONDS = 60.0


class Deadline:
    """Cuts every connection made in its block when SEND_SECONDS have passed, so that whoever reads or writes there returns.

    It holds a duplicate of each socket: that one stays valid when TLS takes the socket over, and belongs to nobody else.
    """

    def __init__(self) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timers = [self._timer(SEND_SECONDS, self._end)]

    def __enter__(self) -> Self:
        self._token = _DEADLINE.set(self)
        self._timers[0].start()
        return self

    def __exit__(self, *_raised: object) -> None:
        _DEADLINE.reset(self._token)
        for timer in self._timers:
            timer.cancel()
        with self._lock:
            for one in self._sockets:
                one.close()
            self._sockets.clear()

    def watch(self, connected: socket.socket) -> socket.socket:
        """Cut this one too.

        Raises:
            TimeoutError: the deadline has passed already.
        """
        with self._lock:
            if self.is_over:
                connected.close()
                raise TimeoutError("the deadline of the whole send has passed")
            self._sockets.append(connected.dup())
        return connected

    def cut_after(self, seconds: float) -> None:
        """Cut the connections sooner, which is no failure of the send."""
        timer = self._timer(seconds, self._cut)
        self._timers.append(timer)
        timer.start()

    def late(self, who: str) -> DeliveryError | None:
        """The failure, when the deadline has passed. What was read until then may be half an answer, and is not judged."""
        return late(who) if self.is_over else None

    @staticmethod
    def _timer(seconds: float, then: Callable[[], None]) -> threading.Timer:
        timer = threading.Timer(seconds, then)
        timer.daemon = True
        return timer

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
        self._cut()

    def _cut(self) -> None:
        with self._lock:
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


_DEADLINE: ContextVar[Deadline] = ContextVar("deadline")


def current() -> Deadline:
    """The deadline of the block that the caller runs in."""
    return _DEADLINE.get()


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _DEADLINE.get().watch(super()._new_conn())


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _DEADLINE.get().watch(super()._new_conn())


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class _Adapter(HTTPAdapter):
    """The transport adapter whose connections keep the deadline of the block they are made in."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the signature of requests
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - the signature of requests
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def new_session() -> requests.Session:
    """A session whose connections are cut at the deadline of the block they are made in."""
    session = requests.Session()
    session.mount("http://", _Adapter())
    session.mount("https://", _Adapter())
    return session


def left_behind_when_late(work: Callable[[], Any], who: str) -> Any:  # noqa: ANN401 - whatever the work returns
    """Do the work in a thread, and wait for it no longer than SEND_SECONDS."""
    done: Future[Any] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again by the one who waits
            done.set_exception(error)

    worker = threading.Thread(target=run, name="apprise", daemon=True)
    worker.start()
    worker.join(SEND_SECONDS)
    if not done.done():
        raise late(who)
    return done.result()


def late(who: str) -> DeliveryError:
    """What is told of `who` when its time is over; it may pass."""
    return DeliveryError(f"{who} did not finish within {SEND_SECONDS:g} s", permanent=False)
