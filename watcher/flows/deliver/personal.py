"""A reader's own links: made of the delivery, the paper and a key when a message is sent, read when one of them comes back.

    /v/ID…PMID.SIGNATURE/relevant    marks a paper          ID: eight hexadecimal digits of the delivery's number, and the eight random
    /s/ID.SIGNATURE                  stops the list             ones of its Message-ID, which tell it from another of the same number
                                                                after a restore of an older database

The same delivery has the same links at each try. They hold numbers only, and are good for `GOOD_FOR` after it was owed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from watcher.digest import personal
from watcher.digest.personal import MARKING, STOPPING, Act
from watcher.domain import Delivery, Message, RecordId, VerdictKind
from watcher.signing import Signing
from watcher.store import DeliveryFacts, Store

GOOD_FOR: Final = timedelta(days=180)
"""Half a year: a digest is read in the week it comes, and a mailbox is cleared up at the end of a term."""

_RANDOM: Final = re.compile(r"\d+\.([0-9a-f]{8})@")
_ID: Final = re.compile(r"([0-9a-f]{8})([0-9a-f]{8})(?:(\d+)|(\w+:\d+))?")
_NAMES: Final = (".local", ".internal", ".localhost", ".lan", ".home.arpa", ".test", ".example", ".invalid")


@dataclass(frozen=True)
class Links:
    """Makes a reader's links, and reads them. `keys` as in `signing.Signing`; without a `base_url` a message goes without links."""

    keys: Sequence[str]
    base_url: str | None

    def personal(self, delivery: Delivery) -> Delivery:
        """The delivery with its reader's links in its message."""
        message = delivery.message
        if not personal.is_personal(message):
            return delivery
        if self.base_url is None or not _random(delivery.rfc822_id):
            return replace(delivery, message=personal.bare(message))
        filled = personal.filled(message, lambda place: self.address(delivery.id, delivery.rfc822_id, place))
        return replace(delivery, message=self._unsubscribable(filled, delivery))

    def address(self, delivery_id: int, rfc822_id: str, place: Act) -> str:
        """A link of a delivery."""
        purpose = STOPPING if place.record_id is None else MARKING
        of = f"{delivery_id:08x}{_random(rfc822_id)}{place.record_id or ''}"
        signed = Signing(self.keys, purpose).sign(of)
        return f"{(self.base_url or '').rstrip('/')}/{purpose}/{signed}{f'/{place.kind}' if place.kind else ''}"

    def _unsubscribable(self, message: Message, delivery: Delivery) -> Message:
        """With the headers by which a mail program stops the list itself (RFC 8058): it posts from elsewhere, so only where the page is
        public and has a certificate."""
        if not message.kind.facts.is_answered or not is_public(self.base_url or ""):
            return message
        address = self.address(delivery.id, delivery.rfc822_id, Act())
        own = {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        return replace(message, headers=dict(message.headers) | own)


def is_public(base_url: str) -> bool:
    """Whether an address is https, and not plainly one of a network of the lab's own."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or "." not in host or host.endswith(_NAMES):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return True


# --- read ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link is about: the delivery, and the paper of one that marks. `is_expired`: it is too old to act on."""

    delivery: DeliveryFacts
    record_id: RecordId | None
    is_expired: bool

    @property
    def has_reader(self) -> bool:
        """Whether the delivery went to one reader, who is named; a post in a room has many."""
        return bool(self.delivery.recipient)


def opened(store: Store, keys: Sequence[str], purpose: str, signed: str, now: datetime) -> Opened | None:
    """What a signed link is about; None for one that we have not made, or whose delivery this database does not know."""
    text = Signing(keys, purpose).read(signed)
    found = _ID.fullmatch(text) if text is not None else None
    if found is None:
        return None
    delivery = store.delivery(int(found[1], 16))
    if delivery is None or _random(delivery.rfc822_id) != found[2]:
        return None
    record_id = RecordId.read(int(found[3]) if found[3] else found[4]) if found[3] or found[4] else None
    return Opened(delivery, record_id, abs(now - delivery.created_at) > GOOD_FOR)


def kind_said(said: str) -> VerdictKind | None:
    """The verdict that a link names; None for none."""
    return next((kind for kind in VerdictKind if kind.value == said), None)


def _random(rfc822_id: str) -> str:
    """The random digits of a Message-ID; "" for one of another form."""
    found = _RANDOM.match(rfc822_id)
    return found[1] if found else ""
