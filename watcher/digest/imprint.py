"""What a message says of itself: which list it belongs to, and who runs the service. Pure; the same for digests and corrections."""

from __future__ import annotations

import re

from watcher.domain import Contact

_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*\.?[A-Za-z0-9-])*")


def list_id(name: str, title: str, host: str) -> str:
    """A list's identity, the same for as long as it has its name (RFC 2919). Its title stands before it where it needs no encoding; a
    host that is no name of the Internet gives way to `localhost`, which stands for lists that nobody manages."""
    phrase = f'"{title}" ' if title.isascii() and not set(title) & set('"\\\r\n') else ""
    label = re.sub(r"[^\w-]+", "-", name, flags=re.ASCII).strip("-") or "list"
    return f"{phrase}<{label}.{host if _DOMAIN.fullmatch(host) else 'localhost'}>"


def run_by(contact: Contact | None, *, in_mail: bool, what: str = "this digest") -> tuple[str, str]:
    """What stands before and behind the address of who runs the service; two times "" when nobody is known. `what` it is that can be
    changed or stopped; `in_mail`: whether the reader can answer it."""
    if contact is None:
        return ("", "")
    how = "Reply, or write there," if in_mail and contact.is_answered else "Write there"
    return ("Run by ", f". {how} to change or stop {what}.")
