"""Who holds a lease: a process, known by a locked file, so that another can prove that it is dead.

A process that works on a data folder keeps an flock on `locks/<host>.<pid>.<nonce>.lock` there. The kernel gives the lock up when the
process ends, however it ends. Nothing is ever concluded about another host or another folder: there only the lease's end counts.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from watcher.errors import StoreError


@dataclass(frozen=True, slots=True)
class Holder:
    """This process, as a holder of leases. `name` is "host:folder hash:pid:nonce"."""

    name: str
    folder: Path
    _handle: int

    @classmethod
    def claim(cls, folder: Path) -> Holder:
        """Makes and locks this process's file under `folder`/locks.

        Raises StoreError when the folder cannot be written.
        """
        while True:
            name = f"{_host()}:{_mark(folder)}:{os.getpid()}:{secrets.token_hex(4)}"
            path = _lock_file(name, folder)
            handle = _locked(path)
            if path.exists():
                return cls(name, folder, handle)
            os.close(handle)  # swept away between being made and being locked

    def close(self) -> None:
        """Gives the name up: whatever is still held under it is free to be taken."""
        _lock_file(self.name, self.folder).unlink(missing_ok=True)
        os.close(self._handle)

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


def _locked(path: Path) -> int:
    """A new file, open and locked."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written and locked ({error.strerror}); the data folder must be a local one where the service's user "
            "may write"
        ) from error
    return handle


def sweep(folder: Path) -> None:
    """Removes the lock files that dead processes of this host left behind."""
    for path in (folder / "locks").glob(f"{_host()}.*.lock"):
        pid, nonce = path.name.removesuffix(".lock").rsplit(".", 2)[1:]
        is_dead(f"{_host()}:{_mark(folder)}:{pid}:{nonce}", folder)


def _host() -> str:
    return socket.gethostname().replace(":", "-").replace("/", "-")


def _mark(folder: Path) -> str:
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]


def _lock_file(name: str, folder: Path) -> Path:
    host, _, pid, nonce = name.split(":")
    return folder / "locks" / f"{host}.{pid}.{nonce}.lock"
