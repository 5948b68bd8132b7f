"""Text that both forms of a feed can hold, and instants as they write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for, be it escaped: control characters, halves of surrogate pairs, U+FFFE and U+FFFF (production 2, Char)."""


def clean(text: str) -> str:
    """`text` without the characters that XML 1.0 cannot hold."""
    return _NOT_XML.sub("", text)


def instant(at: datetime) -> str:
    """An instant by RFC 3339, in UTC and whole seconds, as both formats want it: "2026-09-21T06:00:12Z"."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
