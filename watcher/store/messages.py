"""Messages as they are kept: byte for byte, once for each kind and part, and owed to each recipient once."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict

import sqlalchemy as sa

from watcher.domain import ChannelKind, DeliveryState, Message
from watcher.errors import StoreError
from watcher.store import codec
from watcher.store.columns import deliveries, messages
from watcher.store.database import insert_one

MOST_KEPT = 16
LONGEST_KEPT = 2_000_000
"""How many messages are kept in memory once they were read, and how long one may be for that, in characters."""


class Damaged(StoreError):
    """What is stored of a message is not what was written."""


class Subject(TypedDict, total=False):
    """What a message is of: one of the two."""

    digest_id: int
    notice_id: int


def payload(message: Message) -> bytes:
    """The parts and headers of a message as canonical JSON in UTF-8."""
    return codec.dumps({"headers": message.headers, "payload": message.payload}).encode()


def value(row: sa.RowMapping) -> Message:
    """The message of a row of `message`.

    Raises Damaged when the stored bytes are not those that were written.
    """
    held = row["payload"]
    stored = held.encode() if isinstance(held, str) else bytes(held)
    if hashlib.sha256(stored).hexdigest() != row["sha256"]:
        raise Damaged(f"the stored message {row['subject']!r} is damaged")
    parts = codec.loads(dict[str, dict[str, str]], stored)
    return Message(ChannelKind(row["kind"]), row["part"], row["subject"], payload=parts["payload"], headers=parts["headers"])


class RecentMessages:
    """The messages that were read last: the readers of one get the same, one after the other. Several threads may use it at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, str], Message] = OrderedDict()
        self._lock = threading.Lock()

    def value(self, session: sa.Connection, message_id: int) -> Message:
        """A message by its row. Raises StoreError as `value` does."""
        sha256 = session.execute(sa.select(messages.c.sha256).where(messages.c.id == message_id)).scalar_one()
        key = (message_id, sha256)
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            found = value(session.execute(messages.select().where(messages.c.id == message_id)).mappings().one())
            self._keep(key, found)
        return found

    def _keep(self, key: tuple[int, str], message: Message) -> None:
        if sum(map(len, message.payload.values())) > LONGEST_KEPT:
            return
        with self._lock:
            self._kept[key] = message
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)


def keep(session: sa.Connection, message: Message, source: Subject) -> int:
    """The row of a message, which several channels of one kind may share.

    Raises StoreError when another text is stored under the same source, kind and part.
    """
    stored = payload(message)
    digest = hashlib.sha256(stored).hexdigest()
    same = [messages.c[name] == number for name, number in source.items()]
    same += [messages.c.kind == message.kind.value, messages.c.part == message.part]
    found = session.execute(sa.select(messages.c.id, messages.c.sha256, messages.c.subject).where(*same)).first()
    if found is None:
        about: Mapping[str, Any] = {"kind": message.kind.value, "part": message.part, "subject": message.subject}
        return insert_one(session, messages, **source, **about, payload=stored, sha256=digest)
    if (found.sha256, found.subject) != (digest, message.subject):
        raise StoreError(f"two different {message.kind.value} messages for part {message.part} of one digest or notice")
    return int(found.id)


def owe(session: sa.Connection, message_id: int, channel: str, recipients: Iterable[str], *, host: str, at: datetime) -> list[int]:
    """Owes a message to each recipient, due at once, under a Message-ID that is theirs for ever; the rows."""
    return [_owe_one(session, message_id, channel, recipient, host, at) for recipient in dict.fromkeys(recipients)]


def _owe_one(session: sa.Connection, message_id: int, channel: str, recipient: str, host: str, at: datetime) -> int:
    row = insert_one(
        session,
        deliveries,
        message_id=message_id,
        channel=channel,
        recipient=recipient,
        state=DeliveryState.PENDING.value,
        created_at=at,
        next_at=at,
        rfc822_id=f"{secrets.token_hex(16)}@{host}",
    )
    named = deliveries.update().where(deliveries.c.id == row).values(rfc822_id=f"{row}.{secrets.token_hex(4)}@{host}")
    session.execute(named)
    return row
