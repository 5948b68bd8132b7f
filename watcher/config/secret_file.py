"""The file of one secret: a plain file of one line, read once and never waited for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from watcher.errors import ConfigurationError, Place, Problem
from watcher.unreadable import mend

LONGEST = 64 * 1024
"""Bytes of a secret's file; the longest that is of use is a private key."""

_ALONE = "write the secret alone on one line"


def read_secret(path: Path) -> str:
    """The one line that a secret's file holds.

    Raises:
        ConfigurationError: it cannot be read, is no plain file, is too long, or holds no line or several; its text is not repeated.
    """
    try:
        raw = _bytes_of(path)
        text = raw.decode("utf-8-sig").strip()
    except FileNotFoundError:
        raise _refused(path, "there is no such file", "create it, with the secret alone on one line") from None
    except OSError as error:
        raise _refused(path, f"the file cannot be read: {error.strerror}", mend(path, error, alone=True)) from None
    except ValueError:
        raise _refused(path, "this is no file of UTF-8 text", _ALONE) from None
    if not text:
        raise _refused(path, "the file is empty", _ALONE)
    if len(text.splitlines()) > 1:
        raise _refused(path, "the file holds more than one line", _ALONE)
    return text


def _bytes_of(path: Path) -> bytes:
    """All that the file holds. What is no plain file is not opened: a pipe would be waited for, a device may act."""
    _plain(path, path.stat())
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        _plain(path, os.fstat(file.fileno()))  # another may lie there by now
        raw = file.read(LONGEST + 1)
    if len(raw) > LONGEST:
        raise _refused(path, f"the file holds more than {LONGEST // 1024} KB", f"a secret has at most that; {_ALONE}")
    return raw


def _plain(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        what = next((what for is_it, what in _KINDS if is_it(found.st_mode)), "something else")
        raise _refused(path, f"this is {what}, not a file", f"name a plain file; {_ALONE}")


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _refused(path: Path, what: str, fix: str) -> ConfigurationError:
    return ConfigurationError(Problem(what, fix, Place(path)))
