"""Owed messages go out: claim, send, settle.

    claim   a conditional update with a token and a lease, committed before a byte is sent; the lease is renewed while the send lasts
    send    through the channel; its failure says whether trying again can help
    settle  where the token is still mine: sent; pending and later; or parked

Channels take their turns side by side, so that a dead one delays no other, at most TURNS_AT_ONE_SERVER of them at one server, so that
none is flooded. A turn goes through what its channel is owed, one after the other, and keeps the way there open meanwhile. It ends with
a failure that concerns the whole channel; one that concerns a single recipient costs that recipient his turn. Nothing is ever given up
here: what cannot pass now is parked and tried again daily.

What cannot be settled at once (a full disk, a locked database) is remembered, and settled before anything else is sent: a message that
was taken is not sent again for that.
"""

from __future__ import annotations

import math
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from watcher import clock
from watcher.digest.personal import bare
from watcher.domain import Channel, Delivery, DeliveryState, Failure
from watcher.errors import DeliveryError, Stopped, StoreError
from watcher.flows.ports import Sender
from watcher.store import DeliveryFacts, Store

FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=4)
PARK_AFTER_ATTEMPTS = 12
"""2, 4, 8 … 240, 240 minutes: about a day of trying."""
PARKED_WAIT = timedelta(days=1)
"""What cannot pass as things are is tried daily all the same, and never given up."""
LONGEST_ASKED = timedelta(days=1)
"""How long another side may ask us to wait."""

TURNS_AT_ONCE = 8
TURNS_AT_ONE_SERVER = 2
"""Channels that take their turn at a time, in all and at one server; each has one connection at most (decision 0039)."""
RENEW_SECONDS = 45.0
"""A quarter of a claim's lease (`store.deliveries`): two renewals in a row may fail."""
RENEWALS = 40
"""A send that lasts longer than half an hour hangs for good; its lease may then run out."""

_NOT_THIS_RECIPIENT = range(400, 500)
"""Passing answers of SMTP (RFC 5321, 4.2.1) and HTTP that may concern one recipient alone."""
_THE_WHOLE_CHANNEL = frozenset({408, 421, 425, 429, 454})
"""Of the passing answers those that every recipient would get: too many requests, service or login not available."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What became of one attempt. `stale` when another process had taken the delivery over meanwhile; `remark` is what is to be known of
    a message that was taken, such as that it went without its attachment."""

    delivery: Delivery
    state: DeliveryState
    failure: Failure | None = None
    next_at: datetime | None = None
    stale: bool = False
    remark: str = ""

    @property
    def failed(self) -> bool:
        """Whether the message was not taken."""
        return self.failure is not None


@dataclass
class Unsettled:
    """What became of deliveries, as long as it is not in the database. One for each process."""

    _left: dict[str, tuple[Sending, datetime]] = field(default_factory=dict)

    def note(self, sending: Sending, at: datetime) -> None:
        """Keep how a send went, whatever happens next."""
        self._left[sending.delivery.token] = (sending, at)

    def settle(self, store: Store, sending: Sending, at: datetime) -> bool:
        """Write down how a send went; False when the claim has passed to another process.

        Raises:
            StoreError: it cannot be written now; it is kept for the next try.
        """
        delivery, taken = sending.delivery, sending.state is DeliveryState.SENT
        self.note(sending, at)
        if taken:
            store.handed_over(delivery, at)
        mine = store.settle(delivery, sending.state, at, next_at=sending.next_at, failure=sending.failure, remark=sending.remark)
        del self._left[delivery.token]
        return mine

    def settle_all(self, store: Store) -> None:
        """Write down what could not be written before. Raises StoreError when it still cannot."""
        for sending, at in list(self._left.values()):
            self.settle(store, sending, at)

    def take_over(self, other: Unsettled) -> None:
        """What another process, which was given these, has left."""
        self._left = dict(other._left)

    def __len__(self) -> int:
        """How many are left."""
        return len(self._left)


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Delivers what is owed. `holder` names this process in claims; `jitter` gives a factor near 1; once `stopping` is set, nothing
    further is claimed; `personal` puts a reader's own links into their message."""

    store: Store
    sender: Sender
    channels: Mapping[str, Channel]
    holder: str
    say: Callable[[str], None] = field(default=lambda _line: None)
    jitter: Callable[[], float] = field(default=lambda: random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, no secret
    stopping: threading.Event = field(default_factory=threading.Event)
    unsettled: Unsettled = field(default_factory=Unsettled)
    personal: Callable[[Delivery], Delivery] = field(default=lambda delivery: replace(delivery, message=bare(delivery.message)))

    def deliver(self, now: datetime, *, everything: bool = False) -> tuple[Sending, ...]:
        """Send what is due.

        Args:
            now: the present instant.
            everything: also what waits for a later try, and what is parked.

        Raises:
            Stopped: the service is to stop; every message under way was settled.
        """
        self.unsettled.settle_all(self.store)
        owed: dict[str, list[DeliveryFacts]] = {}
        for facts in self.store.deliveries(states=_OPEN, limit=100_000):
            owed.setdefault(facts.channel, []).append(facts)
        with _Claims(self.store) as claims:
            turns = [_Turn(self, channel, tuple(reversed(owed[channel])), now, everything, claims) for channel in sorted(owed)]
            done = _side_by_side(turns)
        if self.stopping.is_set() and owed:
            raise Stopped
        return done


@dataclass
class _Turn:
    """One channel's turn: everything that it is owed, one after the other. `owed` is what it was when the turns began, oldest first."""

    by: Deliverer
    channel: str
    owed: Sequence[DeliveryFacts]
    now: datetime
    everything: bool
    claims: _Claims
    done: list[Sending] = field(default_factory=list)
    halted: threading.Event = field(default_factory=threading.Event)
    _passed_over: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._parked = any(one.state == DeliveryState.PARKED for one in self.owed)

    @property
    def server(self) -> str:
        """What it is not to flood."""
        known = self.by.channels.get(self.channel)
        return (self.by.sender.server(known) if known else "") or f"channel {self.channel}"

    def take(self) -> None:
        """Send what is due, until nothing is left or the channel fails."""
        known = self.by.channels.get(self.channel)
        with self.by.sender.kept_open(known) if known else nullcontext():
            for delivery in self._claimed():
                self._send(delivery)

    def _claimed(self) -> Iterator[Delivery]:
        """Claims what was owed when the turns began, by number, and then whatever else is due by now."""
        for one in self.owed:
            if self._is_due(one) and (delivery := self._claim(only=one.id)):
                yield delivery
        while delivery := self._claim(exclude=frozenset(self._passed_over)):
            yield delivery

    def _is_due(self, one: DeliveryFacts) -> bool:
        due = self.everything or (one.state != DeliveryState.SENDING and one.next_at is not None and one.next_at <= self.now)
        return due and one.id not in self._passed_over

    def _claim(self, *, only: int | None = None, exclude: frozenset[int] = frozenset()) -> Delivery | None:
        if self.halted.is_set() or self.by.stopping.is_set():
            return None
        return self.by.store.claim_delivery(
            self.now, holder=self.by.holder, channel=self.channel, everything=self.everything, only=only, exclude=exclude
        )

    def _send(self, delivery: Delivery) -> None:
        self._passed_over.add(delivery.id)
        sending = self._attempt(delivery)
        self.done.append(sending)
        self.by.say(_line(sending))
        if sending.state is DeliveryState.PARKED:
            self._parked = True
        elif sending.state is DeliveryState.SENT:
            self._passed_over.discard(delivery.id)  # nobody claims it again
            self._wake_parked()

    def _wake_parked(self) -> None:
        if self._parked and self.by.store.wake_parked(self.now, self.channel):
            self.by.say(f"{self.channel} works again: what was parked is tried at once")
        self._parked = False

    def _attempt(self, delivery: Delivery) -> Sending:
        channel = self.by.channels.get(delivery.channel)
        try:
            if channel is None:
                raise DeliveryError(
                    f"channel {delivery.channel!r} is no longer configured",
                    permanent=True,
                    fix=f"configure it again, or end this with `watcher deliver --drop {delivery.id}`",
                )
            with self.claims.kept(delivery):
                remark = self.by.sender.send(self.by.personal(delivery), channel, now=self.now)
        except DeliveryError as error:
            return self._settled(self._failed(delivery, error))
        return self._settled(Sending(delivery, DeliveryState.SENT, remark=remark or ""))

    def _settled(self, sending: Sending) -> Sending:
        self.by.unsettled.note(sending, self.now)
        mine = self.by.unsettled.settle(self.by.store, sending, clock.now())
        return replace(sending, stale=not mine)

    def _failed(self, delivery: Delivery, error: DeliveryError) -> Sending:
        if error.permanent or delivery.attempts >= PARK_AFTER_ATTEMPTS:
            state, next_at = DeliveryState.PARKED, self.now + PARKED_WAIT
        else:
            state, next_at = DeliveryState.PENDING, self.now + self._wait(delivery.attempts, error.retry_after)
        if not error.permanent:
            self._pass_over(delivery, error)
        return Sending(delivery, state, Failure(str(error), error.fix), next_at)

    def _pass_over(self, delivery: Delivery, error: DeliveryError) -> None:
        """After a failure that may pass: this recipient's other messages wait, or the whole channel does."""
        if error.code in _NOT_THIS_RECIPIENT and error.code not in _THE_WHOLE_CHANNEL:
            self._passed_over.update(one.id for one in self.owed if one.recipient == delivery.recipient)
        else:
            self.halted.set()

    def _wait(self, attempts: int, asked: float | None) -> timedelta:
        backed_off = min(FIRST_WAIT * math.pow(2, max(attempts - 1, 0)), LONGEST_WAIT) * self.by.jitter()
        return max(backed_off, timedelta(seconds=_bounded(asked)))


def _side_by_side(turns: Sequence[_Turn]) -> tuple[Sending, ...]:
    """Let every channel take its turn. When one ends by an error, or we are interrupted, the others end after the message in hand."""
    lanes = _lanes(turns)
    if len(lanes) == 1:
        _go_through(lanes[0])
    elif lanes:
        with ThreadPoolExecutor(min(len(lanes), TURNS_AT_ONCE), thread_name_prefix="deliver") as pool:
            try:
                for finished in [pool.submit(_go_through, lane) for lane in lanes]:
                    finished.result()
            except BaseException:  # whatever stopped us, an interruption too: else the pool waits for all that is owed
                for turn in turns:
                    turn.halted.set()
                raise
    return tuple(sending for turn in turns for sending in turn.done)


def _lanes(turns: Sequence[_Turn]) -> list[deque[_Turn]]:
    """What is gone through side by side: for each server its queue, so often as turns may be taken there at once. Every server's first
    lane comes before any second one, so that a server with many channels keeps no other waiting."""
    queues: dict[str, deque[_Turn]] = {}
    for turn in turns:
        queues.setdefault(turn.server, deque()).append(turn)
    return [queue for number in range(TURNS_AT_ONE_SERVER) for queue in queues.values() if len(queue) > number]


def _go_through(queue: deque[_Turn]) -> None:
    """Take the turns of a queue, which others may go through too, until there is none left."""
    while True:
        try:
            turn = queue.popleft()
        except IndexError:
            return
        turn.take()


class _Claims:
    """The claims in hand, renewed as long as their sends last: a slow server must not make another process send the same."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_hand: dict[int, tuple[Delivery, int]] = {}
        self._over = threading.Event()
        self._renewing = threading.Thread(target=self._renew_all, name="claims", daemon=True)

    def __enter__(self) -> Self:
        self._renewing.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._renewing.join()

    @contextmanager
    def kept(self, delivery: Delivery) -> Iterator[None]:
        """Renew this claim in the block."""
        self._in_hand[delivery.id] = (delivery, RENEWALS)
        try:
            yield
        finally:
            del self._in_hand[delivery.id]

    def _renew_all(self) -> None:
        while not self._over.wait(RENEW_SECONDS):
            for number, (delivery, left) in list(self._in_hand.items()):
                self._renew(delivery, left)
                if number in self._in_hand:
                    self._in_hand[number] = (delivery, left - 1)

    def _renew(self, delivery: Delivery, left: int) -> None:
        if left > 0:
            with suppress(StoreError):  # it may be written again before the lease runs out
                self._store.renew_claim(delivery)


def _bounded(asked: float | None) -> float:
    """The seconds that the other side asks for, as far as that makes sense; an answer may hold anything."""
    return min(asked, LONGEST_ASKED.total_seconds()) if asked is not None and asked > 0 else 0.0


_OPEN = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.PARKED)


def _line(sending: Sending) -> str:
    delivery = sending.delivery
    to = f"{delivery.channel} {delivery.recipient}".strip()
    text = f"{delivery.message.subject!r} part {delivery.message.part} to {to}: {sending.state}"
    told = sending.failure.reason if sending.failure else sending.remark
    return f"{text}: {told}" if told else text
