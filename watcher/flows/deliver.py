"""Owed messages go out: claim, send, settle.

    claim   a conditional update with a token and a lease, committed before the socket opens
    send    through the channel; its failure says whether trying again can help
    settle  where the token is still mine: sent; pending and later; or parked

One channel after the other; the first failure of a channel that may pass ends its turn, so that a dead one costs the others one
time-out and no more. Nothing is ever given up here: what cannot pass now is parked and tried again daily.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from watcher import clock
from watcher.domain import Channel, Delivery, DeliveryState
from watcher.errors import DeliveryError
from watcher.store import Store

FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=4)
PARK_AFTER_ATTEMPTS = 12
"""2, 4, 8 … 240, 240 minutes: about a day of trying."""
PARKED_WAIT = timedelta(days=1)


class Sender(Protocol):
    """Sends one delivery through its channel."""

    def send(self, delivery: Delivery, channel: Channel, *, now: datetime) -> None:
        """Hand the message over.

        Raises:
            DeliveryError: it was not taken.
        """


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of one attempt. `stale` when another process had taken the delivery over meanwhile."""

    delivery: Delivery
    state: DeliveryState
    reason: str = ""
    fix: str = ""
    next_at: datetime | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Delivers what is owed. `holder` names this process in claims; `jitter` gives a factor near 1."""

    store: Store
    sender: Sender
    channels: Mapping[str, Channel]
    holder: str
    say: Callable[[str], None] = field(default=lambda _line: None)
    jitter: Callable[[], float] = field(default=lambda: random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, no secret

    def deliver(self, now: datetime, *, everything: bool = False) -> tuple[Sending, ...]:
        """Send what is due.

        Args:
            now: the present instant.
            everything: also what waits for a later try, and what is parked.
        """
        owed = {facts.channel for facts in self.store.deliveries(states=_OPEN, limit=100_000)}
        done: list[Sending] = []
        for channel in sorted(owed):
            done += self._channel(channel, now, everything=everything)
        return tuple(done)

    def _channel(self, channel: str, now: datetime, *, everything: bool) -> Sequence[Sending]:
        done: list[Sending] = []
        tried: set[int] = set()
        while delivery := self.store.claim_delivery(
            now, holder=self.holder, channel=channel, everything=everything, exclude=frozenset(tried)
        ):
            tried.add(delivery.id)
            sending = self._attempt(delivery, now)
            done.append(sending)
            self.say(_line(sending))
            if sending.state is DeliveryState.PENDING:
                break
            if sending.state is DeliveryState.SENT and self.store.wake_parked(now, channel):
                self.say(f"{channel} works again: what was parked is tried at once")
        return done

    def _attempt(self, delivery: Delivery, now: datetime) -> Sending:
        channel = self.channels.get(delivery.channel)
        try:
            if channel is None:
                raise DeliveryError(
                    f"channel {delivery.channel!r} is no longer configured",
                    permanent=True,
                    fix=f"configure it again, or end this with `watcher deliver --drop {delivery.id}`",
                )
            self.sender.send(delivery, channel, now=now)
        except DeliveryError as error:
            return self._failed(delivery, error, now)
        self.store.handed_over(delivery, clock.now())
        mine = self.store.settle(delivery, DeliveryState.SENT, clock.now())
        return Sending(delivery, DeliveryState.SENT, stale=not mine)

    def _failed(self, delivery: Delivery, error: DeliveryError, now: datetime) -> Sending:
        reason = f"{error} - {error.fix}" if error.fix else str(error)
        if error.permanent or delivery.attempts >= PARK_AFTER_ATTEMPTS:
            state, next_at = DeliveryState.PARKED, now + PARKED_WAIT
        else:
            state, next_at = DeliveryState.PENDING, now + self._wait(delivery.attempts, error.retry_after)
        mine = self.store.settle(delivery, state, clock.now(), next_at=next_at, reason=reason)
        return Sending(delivery, state, str(error), error.fix, next_at, stale=not mine)

    def _wait(self, attempts: int, asked: float | None) -> timedelta:
        backed_off = min(FIRST_WAIT * math.pow(2, max(attempts - 1, 0)), LONGEST_WAIT) * self.jitter()
        return max(backed_off, timedelta(seconds=asked or 0))


_OPEN = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.PARKED)


def _line(sending: Sending) -> str:
    delivery = sending.delivery
    to = f"{delivery.channel} {delivery.recipient}".strip()
    text = f"{delivery.message.subject!r} part {delivery.message.part} to {to}: {sending.state}"
    return f"{text}: {sending.reason}" if sending.reason else text
