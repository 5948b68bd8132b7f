"""Who holds a lease: a process, known by a locked file, so that another can prove that it is dead.

A process that works on a data folder keeps an flock on `locks/<host>.<pid>.<nonce>.lock` there. The kernel gives the lock up when the
process ends, however it ends. Nothing is ever concluded about another host or another folder: there only the lease's end counts. A
folder is known by its path and a number in a file, since two containers may call different volumes by one path.
All of them share a second lock, so that a restore, which wants it for itself, knows whether anybody is at work.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from watcher import writing
from watcher.errors import Busy
from watcher.store import access

_SHARED = "at-work.lock"
_MARK = "folder"


@dataclass(frozen=True, slots=True)
class ProcessLock:
    """This process, as a holder of leases. `name` is "host:folder's mark:pid:nonce"."""

    name: str
    folder: Path
    _handle: int
    _shared: int

    @classmethod
    def claim(cls, folder: Path) -> ProcessLock:
        """Makes and locks this process's file under `folder`/locks.

        Raises StoreError when the folder cannot be written, Busy while a backup is being restored in it.
        """
        shared = _joined(folder)
        while True:
            name = f"{_host()}:{_mark(folder)}:{os.getpid()}:{secrets.token_hex(4)}"
            path = _lock_file(name, folder)
            handle = _locked(path)
            if path.exists():
                return cls(name, folder, handle, shared)
            os.close(handle)  # swept away between being made and being locked

    @property
    def place(self) -> str:
        """Where this process works, "host:folder's mark": the same for every process on this host and folder."""
        return ":".join(self.name.split(":")[:2])

    def close(self) -> None:
        """Gives the name up: whatever is still held under it is free to be taken."""
        _lock_file(self.name, self.folder).unlink(missing_ok=True)
        os.close(self._handle)
        os.close(self._shared)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def is_dead(name: str, folder: Path) -> bool:
    """Whether the holder of this name provably no longer runs: it worked here, and its lock is free or its file gone.

    The file of a dead one is removed.
    """
    parts = name.split(":")
    if len(parts) != 4 or parts[:2] != [_host(), _mark(folder)]:
        return False
    path = _lock_file(name, folder)
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        path.unlink(missing_ok=True)
        return True
    finally:
        os.close(handle)


@contextmanager
def nobody_at_work(folder: Path) -> Iterator[None]:
    """Keeps every process from beginning work on the data folder. Raises Busy, naming them, when some are at work."""
    handle = _opened(folder / "locks" / _SHARED, folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Busy(f"{folder}: watcher is at work here ({_living(folder)}); stop it first, then try again") from None
    finally:
        os.close(handle)


def _joined(folder: Path) -> int:
    """A share in the lock of all who are at work."""
    handle = _opened(folder / "locks" / _SHARED, folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Busy(f"{folder}: a backup is being restored here; try again when that is done") from None
    return handle


def _living(folder: Path) -> str:
    """The processes whose lock files stand there, by host and number."""
    sweep(folder)
    found = sorted(path.name.removesuffix(".lock").rsplit(".", 2) for path in (folder / "locks").glob("*.*.*.lock"))
    return ", ".join(f"process {pid} on {host}" for host, pid, _ in found) or "a process that has just begun"


def _locked(path: Path) -> int:
    """A new file, open and locked."""
    handle = _opened(path, path.parent.parent, os.O_EXCL)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _opened(path: Path, folder: Path, flags: int = 0) -> int:
    with access.writing(path, folder):
        writing.private_folder(path.parent)
        return os.open(path, os.O_RDWR | os.O_CREAT | flags, writing.PRIVATE_FILE)


def sweep(folder: Path) -> None:
    """Removes the lock files that dead processes of this host left behind."""
    for path in (folder / "locks").glob(f"{_host()}.*.lock"):
        pid, nonce = path.name.removesuffix(".lock").rsplit(".", 2)[1:]
        is_dead(f"{_host()}:{_mark(folder)}:{pid}:{nonce}", folder)


def _host() -> str:
    return socket.gethostname().replace(":", "-").replace("/", "-")


def _mark(folder: Path) -> str:
    """What tells this folder from all others: its path, and the number that it was given by whoever came first."""
    path = folder / "locks" / _MARK
    if not path.exists():
        _give_number(path, folder)
    return hashlib.sha256(f"{folder.resolve()} {path.read_text(encoding='ascii')}".encode()).hexdigest()[:12]


def _give_number(path: Path, folder: Path) -> None:
    """Writes the file whole, and not over another's."""
    with access.writing(path, folder):
        writing.private_folder(path.parent)
        made = path.with_name(f"{_MARK}.{secrets.token_hex(4)}")
        writing.private_file(made)
        made.write_text(secrets.token_hex(8), encoding="ascii")
        try:
            os.link(made, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links: of two who come at once, the later one's number stays
            made.replace(path)
        made.unlink(missing_ok=True)


def _lock_file(name: str, folder: Path) -> Path:
    host, _, pid, nonce = name.split(":")
    return folder / "locks" / f"{host}.{pid}.{nonce}.lock"
