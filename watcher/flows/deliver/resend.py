"""Stored digests for those who lack them, such as a new recipient: owed again, and sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from watcher.domain import Channel, DigestList
from watcher.flows.deliver.deliver import Deliverer, Sending
from watcher.store import StoreFacts


@dataclass(frozen=True, slots=True)
class Resent:
    """What was owed anew, what became of it, and what is owed now."""

    owed: int
    sendings: tuple[Sending, ...]
    facts: StoreFacts


def resend(
    deliverer: Deliverer,
    list_: DigestList,
    channel: Channel,
    recipients: tuple[str, ...],
    *,
    since: date,
    again: bool,
    host: str,
    now: datetime,
    owed: Callable[[int], None] = lambda _count: None,
) -> Resent:
    """Owe a list's stored digests to the recipients of a channel, and send what is due.

    Args:
        deliverer: sends.
        list_: whose digests.
        channel: where they go.
        recipients: who gets them.
        since: the first day, in the list's time zone, of the digests.
        again: also to those who have them, under the same Message-ID.
        host: the right-hand side of Message-IDs.
        now: the present instant.
        owed: hears how many deliveries are owed, before any is sent.
    """
    store = deliverer.store
    start = datetime.combine(since, datetime.min.time(), tzinfo=ZoneInfo(list_.timezone))
    made = store.owe_again(list_.name, start, channel.name, recipients, channel.kind, again=again, host=host, at=now)
    owed(len(made))
    sendings = deliverer.deliver(now) if made else ()
    return Resent(len(made), sendings, store.facts())
