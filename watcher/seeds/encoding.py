"""The text of a file, whatever program saved it: UTF-8, UTF-16 with or without its mark, or Windows-1252."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from watcher.errors import Place, Problem

_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_SURROGATES = {0xDC00 + byte: bytes([byte]).decode("cp1252", errors="replace") for byte in range(0x80, 0x100)}
"""A byte that is no UTF-8, as Python keeps it, and the letter that it is in Windows-1252 (of which Latin-1 is a part)."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_BINARY = 20
"""A text has fewer control characters than one in so many."""


def decoded(raw: bytes, path: Path) -> tuple[str, tuple[Problem, ...]]:
    """The text with line feeds only, and what is to be told of it.

    A byte that is no UTF-8 is read as Windows-1252, alone: programs join exports of both kinds into one file.
    """
    wide = _utf_16(raw)
    text, passed_over = (wide, ()) if wide is not None else _utf_8(raw, path)
    return text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n"), passed_over


def binary_from(text: str) -> int | None:
    """The line from which a file is no text, or None where it is one; a few control characters are in many exports."""
    controls = [found.start() for found in _CONTROL.finditer(text)]
    return text.count("\n", 0, controls[0]) + 1 if len(controls) * _BINARY > len(text) else None


def without_controls(text: str) -> str:
    """A text without control characters, such as the one that DOS ended its files with."""
    return _CONTROL.sub("", text)


def _utf_16(raw: bytes) -> str | None:
    """A text of two-byte letters, or None: it has the mark of one, or each second byte of its beginning is empty."""
    head = raw[:200]
    for mark, encoding in _UTF_16.items():
        empty = head[1::2] if encoding.endswith("le") else head[0::2]
        if raw.startswith(mark) or (len(head) >= 4 and empty.count(0) * 10 >= 9 * len(empty)):
            return raw.decode(encoding, errors="replace")
    return None


def _utf_8(raw: bytes, path: Path) -> tuple[str, tuple[Problem, ...]]:
    try:
        return raw.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        line = raw[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
        what = "the file is not in UTF-8 and was read as Windows-1252"
        problem = Problem(what, "save it as UTF-8 if letters are wrong", Place(path, line))
        return raw.decode("utf-8", errors="surrogateescape").translate(_SURROGATES), (problem,)
