"""Serves the page as long as the service lives: one event loop, in a thread of its own.

the queue    brings each configuration that comes into force, and the end of the page
a new one    answers the requests that come from then on; those under way are finished by the one before
the port     is tried again while another program has it, which is told once
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from queue import SimpleQueue

import anyio.to_thread
import h11
import structlog
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from watcher.setup.loading import Loaded
from watcher.web.routing import answering
from watcher.web.site import Site

AT_ONCE = 8
"""Requests that work at a time; others wait."""
MOST_CONNECTIONS = 200
REQUEST_SECONDS = 20.0
"""How long a request may take to come whole. Without an end a stranger who says nothing keeps a place of `MOST_CONNECTIONS` for ever."""
END_SECONDS = 10
"""How long requests under way may take once the page is to end, or its address has changed."""
_HIGHEST_PORT = 65_535
_FIRST_WAIT, _LONGEST_WAIT = 2.0, 60.0

_log = structlog.get_logger(__name__)


Changes = SimpleQueue[Loaded | None]
"""Brings a page each configuration that takes the place of the one before; None ends it."""


def live(loaded: Loaded, changes: Changes) -> None:
    """Serve, by this configuration and those that come, until the end comes: in a thread that does nothing else."""
    asyncio.run(_Front(loaded, changes).run())


class _Front:
    """What answers: the site of the configuration in force."""

    def __init__(self, loaded: Loaded, changes: Changes) -> None:
        self._changes = changes
        self._site = _Counted(Site(loaded))
        self._changed, self._over = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        anyio.to_thread.current_default_thread_limiter().total_tokens = AT_ONCE
        threading.Thread(target=self._hear, args=(loop,), name="page changes", daemon=True).start()
        while not self._over.is_set():
            await self._listen()
        self._site.retire()

    def _end(self) -> None:
        self._over.set()
        self._changed.set()

    def _hear(self, loop: asyncio.AbstractEventLoop) -> None:
        """Each configuration that comes; the loop may be over by then."""
        with suppress(RuntimeError):
            while (loaded := self._changes.get()) is not None:
                loop.call_soon_threadsafe(self._take, loaded)
            loop.call_soon_threadsafe(self._end)

    def _take(self, loaded: Loaded) -> None:
        before, self._site = self._site, _Counted(Site(loaded))
        before.retire()
        self._changed.set()

    async def _listen(self) -> None:
        """Serve at the address of the configuration in force until that changes."""
        self._changed.clear()
        web = self._site.of.settings.web
        listener = await self._bound(web.listen) if web.enabled else None
        if listener is None:
            await self._changed.wait()
            return
        server = _Server(self)
        _log.info("the page is there", address=f"http://{web.listen}/")
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not self._over.is_set() and self._is_at(web.listen):
                self._changed.clear()
                await self._changed.wait()
        finally:
            server.should_exit = True
            await serving
            listener.close()

    def _is_at(self, address: str) -> bool:
        web = self._site.of.settings.web
        return web.enabled and web.listen == address

    async def _bound(self, address: str) -> socket.socket | None:
        """The listening socket; None once the page is over, or is to be elsewhere. Tried again while it cannot be had."""
        wait, told = _FIRST_WAIT, ""
        while not self._over.is_set() and self._is_at(address):
            try:
                return bound(address)
            except OSError as error:
                if str(error) != told:
                    told = str(error)
                    fix = "end that program, or name another address under web.listen; it is tried again"
                    _log.warning("the page cannot be shown", address=address, reason=why_not(error), fix=fix)
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait)
            wait = min(wait * 2, _LONGEST_WAIT)
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, by the site that is in force when it comes."""
        await self._site(scope, receive, send)


class _Counted:
    """A site that is closed once it is no longer in force and its last request is answered."""

    def __init__(self, site: Site) -> None:
        self.of = site
        self._answering = answering(site)
        self._under_way = 0
        self._is_retired = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._under_way += 1
        try:
            await self._answering(scope, receive, send)
        finally:
            self._under_way -= 1
            self._close_if_over()

    def retire(self) -> None:
        self._is_retired = True
        self._close_if_over()

    def _close_if_over(self) -> None:
        if self._is_retired and not self._under_way:
            self.of.close()


class _Hurried(H11Protocol):
    """A connection that is closed when a request does not come whole in time, or nothing of an answer is taken for as long; uvicorn has an end
    only for what follows an answer."""

    _ending: asyncio.TimerHandle | None = None
    _looking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()
        self._look(0)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        if self._looking is not None:
            self._looking.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Wait for the rest of a request: from the connection or its first byte on, whatever comes of it in between."""
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._wait_no_more()
        elif self._ending is None:
            self._ending = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _look(self, before: int) -> None:
        """Look from time to time whether what was to be sent is taken. An answer is written whole, so that it only becomes less."""
        unsent = self.transport.get_write_buffer_size()
        if before and unsent >= before:
            self.transport.abort()
            return
        self._looking = self.loop.call_later(REQUEST_SECONDS, self._look, unsent)

    def _wait_no_more(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None


class _Server(uvicorn.Server):
    """uvicorn without its signals, which are ours to hear, and without a log of requests: their addresses hold tokens."""

    def __init__(self, front: _Front) -> None:
        config = uvicorn.Config(
            front,
            http=_Hurried,
            ws="none",
            loop="asyncio",
            lifespan="off",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=END_SECONDS,
        )
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Nothing is captured."""
        yield


def bound(address: str) -> socket.socket:
    """A socket that listens at "host:port". Raises OSError when it cannot be had."""
    host, _, port = address.rpartition(":")
    if int(port) > _HIGHEST_PORT:
        raise OSError(errno.EINVAL, f"there is no port {port}: the highest is {_HIGHEST_PORT}")
    family, kind, protocol, _, place = socket.getaddrinfo(
        host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with ExitStack() as undone:
        listener = undone.enter_context(socket.socket(family, kind, protocol))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(128)
        listener.setblocking(False)
        undone.pop_all()  # it is whole, and stays open
    return listener


def why_not(error: OSError) -> str:
    """Why an address cannot be had, in words."""
    if error.errno == errno.EADDRINUSE:
        return "another program listens there"
    if error.errno == errno.EACCES:
        return "ports below 1024 are not for this user"
    return error.strerror or str(error)
