"""What a request for a feed says: which state its reader has, and which token it shows."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping


def etag_of(content: bytes) -> str:
    """The ETag of a document: a strong one (RFC 9110, 8.8.3), which changes with any byte and with nothing else."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def is_current(if_none_match: str | None, etag: str) -> bool:
    """Whether a reader that sent this If-None-Match has the document of this ETag: then 304 is the answer.

    Tags are compared weakly, as RFC 9110, 13.1.2 wants it: a proxy that compresses marks them with W/. `*` stands for whatever there is.
    """
    if not if_none_match:
        return False
    tags = [one.strip() for one in if_none_match.split(",")]
    return "*" in tags or any(one.removeprefix("W/") == etag for one in tags)


def token_of(given: str | None, tokens: Mapping[str, str]) -> str | None:
    """Whose token was shown, by its name; None where it is nobody's. All are compared, each in a time that tells nothing of it."""
    shown = (given or "").encode("utf-8", "replace")
    found = [name for name, token in tokens.items() if hmac.compare_digest(token.encode("utf-8", "replace"), shown)]
    return found[0] if found and shown else None
