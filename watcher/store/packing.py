"""Article bodies as they lie in the database: packed by zlib (RFC 1950), since most of what a database holds is their text.

The first byte says how a body is stored: "x" (0x78) begins zlib's format with a window of 32 KB, anything else the text itself, which is JSON
and begins with "{". A later format needs another first byte, or zlib's own mark of a preset dictionary (RFC 1950, 2.2, FDICT); see decision
0061.
"""

from __future__ import annotations

import zlib

from watcher.store.codec import Undecodable

_ZLIB = b"x"

MOST_BYTES = 64 * 2**20
"""A longer text is stored as it is. What unpacks to more was not written by `pack`, and must not fill the memory."""


def pack(text: bytes) -> bytes:
    """The body that is stored for a text."""
    return zlib.compress(text) if len(text) <= MOST_BYTES else text


def unpack(stored: object) -> bytes:
    """The text of a stored body. A damaged file may hold a text where the body was, which is taken for one that is not packed.

    Raises Undecodable when it is no body, or a packed one that was damaged.
    """
    body = stored.encode("utf-8", "replace") if isinstance(stored, str) else stored
    if not isinstance(body, bytes):
        raise Undecodable("no bytes")
    if not body.startswith(_ZLIB):
        return body
    inflating = zlib.decompressobj()
    try:
        text = inflating.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise Undecodable(str(error)) from error
    if not inflating.eof or inflating.unused_data:
        raise Undecodable("not one packed text, or too long a one")
    return text
