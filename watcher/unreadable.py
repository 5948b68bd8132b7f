"""What keeps the user who runs watcher from reading a file or a folder, and the command that mends it."""

from __future__ import annotations

import errno
import os
import shlex
from pathlib import Path

FOR_A_CONTAINER = "chmod 700 . && chmod -R a+rX config seeds secrets"
"""The line of README that lets the image's user read the folders that are mounted, and nobody else on the machine."""

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})
_EFFECTIVE = os.access in os.supports_effective_ids


def mend(path: Path, error: OSError, *, alone: bool = False) -> str:
    """What to do about a file or folder that could not be read.

    Args:
        path: what was to be read.
        error: what the system said.
        alone: nobody else should read it.
    """
    if not isinstance(error, PermissionError):
        return "make it readable for the user who runs watcher"
    barrier, me = _barrier(path.absolute()), os.geteuid()
    if _owner(barrier) == me:
        return f"mend it with: chmod -R u+rX {shlex.quote(str(barrier))}"
    wanted = "read it" if barrier == path.absolute() else f"enter {barrier}"
    others = ", and nobody else" if alone else ""
    return f"let uid {me}, as which watcher runs, {wanted}{others} (for a container, beside docker-compose.yml: {FOR_A_CONTAINER})"


def unlisted(folder: Path) -> OSError | None:
    """The error of who lists a folder and looks at what lies in it; None where both can be done."""
    try:
        with os.scandir(folder) as found:
            next(found, None)
        os.stat(os.path.join(folder, os.curdir))  # noqa: PTH116, PTH118 - pathlib drops the dot, which asks for the right to enter
    except OSError as error:
        return error
    return None


def is_absence(error: OSError) -> bool:
    """Whether an error says that there is no such file or folder."""
    return error.errno in _ABSENT


def is_there(path: Path) -> bool:
    """Whether there is something, and it can be seen; `Path.exists` may raise where a folder above cannot be entered."""
    try:
        return path.exists()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder, and it can be seen; `Path.is_dir` may raise where a folder above cannot be entered."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _barrier(path: Path) -> Path:
    """The first folder on the way that we may not enter, else the path itself."""
    barred = (one for one in reversed(path.parents) if not os.access(one, os.X_OK, effective_ids=_EFFECTIVE))
    return next(barred, path)


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None
