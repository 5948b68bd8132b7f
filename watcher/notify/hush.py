"""Apprise's own log lines, without what they repeat of a channel's URL.

Apprise names in them the targets, tokens and addresses that it drops, and what it drops may be the end of a password. A line is let
through with every piece of the URL starred out. So Apprise is given a URL inside `hushed` only.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import unquote

_SHORTEST = 3
"""A shorter piece of a URL tells nothing, and stands in every sentence."""

_URL: ContextVar[str | None] = ContextVar("url", default=None)


@contextmanager
def hushed(url: str) -> Iterator[None]:
    """In this block Apprise works on this URL; on "", where it says nothing that is not told otherwise, its lines are dropped."""
    token = _URL.set(url)
    try:
        yield
    finally:
        _URL.reset(token)


def without(text: str, url: str) -> str:
    """The text with every piece of the URL behind its scheme replaced by ***, and any address: Apprise's own stars leave the first and
    the last letter of a secret."""
    text = re.sub(r"\S+://\S+", "***", text)
    said = url.partition("://")[2]
    pieces = {*re.split(r"[/:@?&=;,#\s]+", said), *re.split(r"[/:@?&=;,#\s]+", unquote(said)), said}
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) >= _SHORTEST:
            text = re.sub(re.escape(piece), "***", text, flags=re.IGNORECASE)
    return text


class _Hush(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        url = _URL.get()
        if not url:
            return url is None
        record.msg, record.args = without(record.getMessage(), url), ()
        record.exc_info = record.exc_text = None
        return True


logging.getLogger("apprise").addFilter(_Hush())
