"""What a chat service would take for a call to people, made inert: a title may hold "@everyone" or "<!channel>".

An invisible space (U+200B) parts the mark from the name, so that a reader sees the text as it is. Addresses of mail stay whole, and in a
web address @ becomes %40, which leads to the same page.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_PARTED = "\u200b"
_WEB = re.compile(r"(https?://[^\s<>]+)", re.IGNORECASE)
_ALL = re.compile(r"@(?=(?:everyone|here|channel|all|room|team)\b(?!\.\w))", re.IGNORECASE)
"""@everyone and the like, which Discord finds within a word too."""
_NAME = re.compile(r"(?<![\w.+-])@(?=[\w*|&!])")
"""@name, @**all** (Zulip)."""
_ANGLE = re.compile(r"<(?=[@!#&:/]|users/|at>|a:|t:\d)", re.IGNORECASE)
"""<!channel>, <@U0123>, <#C0123>, <!subteam^S0123> (Slack), <@&0123>, <:name:0123> (Discord), <users/all> (Google Chat), <at> (Teams)."""


def quiet(text: str) -> str:
    """`text` without calls to people."""
    return _outside_addresses(text, _parted)


def quiet_in_slack(text: str) -> str:
    """The same where Slack's `<` is escaped, which makes all but @everyone and the like inert."""
    return _outside_addresses(text, _without_all)


def _outside_addresses(text: str, parted: Callable[[str], str]) -> str:
    pieces = _WEB.split(text)
    return "".join(piece.replace("@", "%40") if number % 2 else parted(piece) for number, piece in enumerate(pieces))


def _parted(text: str) -> str:
    return _NAME.sub(f"@{_PARTED}", _ANGLE.sub(f"<{_PARTED}", _without_all(text)))


def _without_all(text: str) -> str:
    return _ALL.sub(f"@{_PARTED}", text)
