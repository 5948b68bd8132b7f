"""What stands in the way of writing a file or a folder, in one line, with the command that mends it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watcher.errors import StoreError, StoreUnusable


def refused(path: Path, error: OSError | None, *, data: Path) -> StoreError:
    """The error of who could not write `path`: as whom we run, whose the folder is, and the command that gives it to us.

    Args:
        path: what was to be written; it need not exist.
        error: what the system said, if it was asked.
        data: the data folder, which the command is about.
    """
    said = (error.strerror if error else "") or "no right to write"
    there = next(one for one in (path, *path.absolute().parents) if os.access(one, os.F_OK))
    if _read_only(there):
        return StoreUnusable(f"{path}: cannot be written: its file system is mounted read-only; mount it for writing")
    if error is not None and not isinstance(error, PermissionError):
        return StoreError(f"{path}: cannot be written ({said}); the service's user must have the right to write there")
    found = there.stat()
    return StoreUnusable(
        f"{path}: cannot be written ({said}): watcher runs as uid {os.geteuid()}, and {there} belongs to uid {found.st_uid} "
        f"(mode {found.st_mode & 0o777:o}); mend it with: {_command(data, owned=found.st_uid == os.geteuid())}"
    )


@contextmanager
def writing(path: Path, data: Path | None = None) -> Iterator[None]:
    """Turns the system's refusal to write `path` into the error that tells the mend; `data` is its folder unless another is given."""
    try:
        yield
    except OSError as error:
        raise refused(path, error, data=data or path.parent) from error


def _command(data: Path, *, owned: bool) -> str:
    """The command; where watcher runs in a container, its folder has another name outside."""
    if owned:
        return f"chmod -R u+rwX {data}"
    make = "" if os.access(data, os.F_OK) else f"sudo mkdir -p {data} && "
    return f"{make}sudo chown -R {os.geteuid()}:{os.getegid()} {data} (for a container: the folder that is mounted there)"


def _read_only(path: Path) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False
