"""The page's password: never kept, only its scrypt hash (RFC 7914), as `scrypt$N$r$p$salt$hash` with the last two in base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

SHORTEST: Final = 12
"""Characters of a password that everybody of a lab knows and the internet may try."""

_N, _R, _P = 2**15, 8, 1
"""32 MB and some 100 ms: OWASP's second choice for scrypt has N = 2^16; the login is limited besides."""
_MOST: Final = 2**20 * 128 * 8
"""No hash may ask for more memory than N = 2^20 with r = 8 would."""


def hashed(password: str) -> str:
    """The hash of a password, with fresh salt."""
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${_text(salt)}${_text(_scrypt(password, salt, _N, _R, _P))}"


def is_hash(text: str) -> bool:
    """Whether this is what `hashed` gives."""
    return _read(text) is not None


def matches(password: str, text: str) -> bool:
    """Whether a hash is that of the password; False for what is no hash."""
    found = _read(text)
    if found is None:
        return False
    n, r, p, salt, expected = found
    return hmac.compare_digest(_scrypt(password, salt, n, r, p), expected)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MOST + 2**20, dklen=32)


def _read(text: str) -> tuple[int, int, int, bytes, bytes] | None:
    parts = text.strip().split("$")
    if len(parts) != 6 or parts[0] != "scrypt" or not all(part.isdecimal() and len(part) < 9 for part in parts[1:4]):
        return None
    n, r, p = map(int, parts[1:4])
    if n < 2 or n & (n - 1) or not 1 <= r <= 32 or not 1 <= p <= 16 or 128 * n * r > _MOST:
        return None
    try:
        salt, expected = (base64.b64decode(part, validate=True) for part in parts[4:])
    except binascii.Error:
        return None
    return (n, r, p, salt, expected) if salt and len(expected) == 32 else None


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
