"""Work in a process of its own, which gives back all the memory that it took by ending (docs/decisions/0064).

The process is forked from the service, so that it has the configuration and the code that are there, and loads what is heavy by itself;
or it is begun anew and given its work as a pickle, where other threads use the database (docs/decisions/0080). It holds leases and claims
under a name of its own. What it is told to stop by is what the service is told by: the service hands SIGTERM on. It never outlives the
service, and one that is killed leaves what the next round frees.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, TypeVar, cast

from watcher.errors import WatcherError, WorkLost

T = TypeVar("T")

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LOOK_SECONDS = 0.1
"""How soon a process that works hears that the service is to stop."""


def is_possible() -> bool:
    """Whether work can be done apart here: elsewhere a process could outlive the service that began it."""
    return sys.platform == "linux"


def apart(work: Callable[[threading.Event], T], stopping: threading.Event, *, anew: bool = False) -> T:
    """Do work in a process of its own, and wait for it.

    Args:
        work: is given what tells it to stop; what it returns is pickled. Nothing that is open here may be used in it: a database's
            connections must be closed before.
        stopping: when it is set, the process is told to stop.
        anew: the process is not forked from this one, and shares nothing with it; `work` is pickled too.

    Returns:
        What `work` returned.

    Raises:
        WorkLost: the process could not be begun, was killed, or ended without a word.
    """
    try:
        receiving, sending = Pipe(duplex=False)
    except OSError as error:
        raise WorkLost(_not_begun(error)) from error
    try:
        with _signals_wait():
            child = _begun(work, sending) if anew else _forked(partial(_done, work, sending, receiving))
        sending.close()
        outcome = _heard(receiving, child, stopping)
    finally:
        sending.close()
        receiving.close()
    _, status = os.waitpid(child, 0)
    if outcome is not None:
        return cast("T", outcome[0])
    raise WorkLost(_told(status))


def work_begun_anew() -> None:
    """What a process does that was begun anew: the work that comes by standard input. Its arguments are where to send what came of it,
    and the process that it belongs to."""
    sending, parent = Connection(int(sys.argv[1])), int(sys.argv[2])
    _go_with(parent)
    stopping = _listening()
    work = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own process
    _send(sending, work(stopping))
    _flush()
    os._exit(0)  # as one that was forked: nothing is left to be cleaned up


_ANEW = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from watcher.apart import work_begun_anew as go; go()"


def _begun(work: Callable[[threading.Event], object], sending: Connection) -> int:
    """Begin a process anew, and give it its work."""
    given = pickle.dumps(sys.path) + pickle.dumps(work)
    end = sending.fileno()
    words = [sys.executable, "-P", "-c", _ANEW, str(end), str(os.getpid())]
    try:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, pass_fds=[end])  # noqa: S603 - our own words
    except OSError as error:
        raise WorkLost(_not_begun(error)) from error
    process.returncode = 0  # it is waited for by whoever began it
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    with suppress(BrokenPipeError), process.stdin as to_it:  # it was killed: that is seen when it is waited for
        to_it.write(given)
    return process.pid


def _forked(work: Callable[[], None]) -> int:
    """Fork a process that does some work and ends: nothing of the service is closed or cleaned up in it."""
    _flush()
    parent = os.getpid()
    try:
        child = os.fork()
    except OSError as error:
        raise WorkLost(_not_begun(error)) from error
    if child:
        return child
    try:
        _go_with(parent)
        work()
    except BaseException:  # noqa: BLE001 - an interruption too: else this process would go on in the service's own code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _flush() -> None:
    """Have nothing be said twice, or not at all. A service that was begun with them closed has no such streams."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _go_with(parent: int) -> None:
    """Never outlive that process."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before it could be said
        os._exit(1)


def _done(work: Callable[[threading.Event], object], sending: Connection, receiving: Connection) -> None:
    receiving.close()
    _send(sending, work(_listening()))


def _send(sending: Connection, outcome: object) -> None:
    with suppress(BrokenPipeError):
        sending.send_bytes(pickle.dumps(outcome))


def _heard(receiving: Connection, child: int, stopping: threading.Event) -> tuple[Any] | None:
    """What the process sent; None when it ended without a word."""
    is_told = False
    while not receiving.poll(_LOOK_SECONDS):
        if stopping.is_set() and not is_told:
            is_told = True
            os.kill(child, signal.SIGTERM)
    try:
        word = receiving.recv_bytes()
    except (EOFError, OSError):  # OSError: it was ended in the middle of a word
        return None
    return (pickle.loads(word),)  # noqa: S301 - from our own process


@contextmanager
def _signals_wait() -> Iterator[None]:
    """A process that begins meanwhile hears of signals once it listens: until then they wait. So they do for this thread."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _listening() -> threading.Event:
    """What is set by each signal. Ctrl-C and a service manager tell all processes of a service, and the service hands on what it was told:
    so a second signal is no other. Where the service itself hears two it ends at once, and this process with it."""
    stopping = threading.Event()
    for number in _SIGNALS:
        signal.signal(number, lambda _number, _frame: stopping.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    return stopping


@dataclass(frozen=True, slots=True)
class Thrown:
    """An error in parts, to be raised in another process: one with fields of its own is not made from its arguments alone."""

    kind: type[BaseException]
    args: tuple[object, ...]
    fields: dict[str, Any]

    @classmethod
    def of(cls, error: BaseException) -> Thrown:
        """The parts; where one that nobody expected came from stands in its notes."""
        if not isinstance(error, WatcherError):
            error.add_note("".join(traceback.format_exception(error)))
        return cls(type(error), error.args, dict(vars(error)))

    def error(self) -> BaseException:
        """The error again."""
        made = self.kind.__new__(self.kind, *self.args)
        made.args = self.args
        vars(made).update(self.fields)
        return made


def _not_begun(error: OSError) -> str:
    fix = "the next round tries again (see how many processes and open files this user may have, and whether the machine has enough memory)"
    return f"no process can be begun to do the work: {error.strerror or error}; {fix}"


def _told(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    how = signal.Signals(-code).name if code < 0 else f"code {code}"
    return f"the process that did the work was ended by {how}; the next round goes on with it (see whether the machine has enough memory)"
