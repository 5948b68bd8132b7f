"""The keys of items that are written from here: derived, so that the same paper has the same key however often it is written."""

from __future__ import annotations

import hashlib

_SIGNS = "23456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
"""The signs of an object key, eight of which make one (Zotero's Web API: Write requests)."""
_LENGTH = 8


def item_key(*parts: str) -> str:
    """The key of what `parts` name. Two of a library's million items share a key once in a million such libraries' papers."""
    number = int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest(), "big")
    signs = []
    for _ in range(_LENGTH):
        number, sign = divmod(number, len(_SIGNS))
        signs.append(_SIGNS[sign])
    return "".join(signs)
