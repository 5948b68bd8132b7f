from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from support.flow_samples import Plain, Post, final, mail_channel, passing
from support.store_samples import MAIL, MONDAY, Bench, days

from watcher.domain import Channel, ChannelKind, Delivery, DeliveryState, Failure, Message
from watcher.errors import DeliveryError, Stopped, StoreError
from watcher.flows.deliver import deliver as flows_deliver
from watcher.flows.deliver.deliver import LONGEST_WAIT, PARK_AFTER_ATTEMPTS, Deliverer, Sending
from watcher.store import DeliveryFacts

CHANNELS = {name: mail_channel(name) for name in ("archive", "mail", "slack")}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    with time_machine.travel(MONDAY, tick=False):
        yield made
    made.store.close()


@pytest.fixture
def post() -> Post:
    return Post()


def deliverer(bench: Bench, post: Post, *, jitter: float = 1.0, **more: object) -> Deliverer:
    return Deliverer(bench.store, post, CHANNELS, "me", jitter=lambda: jitter, **more)  # type: ignore[arg-type]


def deliver(bench: Bench, post: Post, now: datetime = MONDAY, **more: bool) -> tuple[Sending, ...]:
    return deliverer(bench, post).deliver(now, **more)


def standing(bench: Bench) -> list[str]:
    return [one.state for one in reversed(bench.store.deliveries())]


def only(bench: Bench) -> DeliveryFacts:
    (facts,) = bench.store.deliveries()
    return facts


def test_what_is_owed_is_sent_once_under_its_message_id(bench: Bench, post: Post) -> None:
    bench.owe("pi@lab.example", "postdoc@lab.example")

    first, second = deliver(bench, post), deliver(bench, post, MONDAY + days(2))

    assert [(one.state, one.failure, one.stale) for one in first] == [("sent", None, False)] * 2
    assert second == ()
    assert post.taken == [("mail", one.recipient, one.rfc822_id) for one in reversed(bench.store.deliveries())]
    assert {one.sent_at for one in bench.store.deliveries()} == {MONDAY}


def test_nothing_is_sent_when_nothing_is_owed(bench: Bench, post: Post) -> None:
    assert deliver(bench, post) == ()
    assert post.tried == []


def test_what_is_not_due_waits_unless_everything_is_wanted(bench: Bench, post: Post) -> None:
    bench.owe("pi@lab.example")

    assert deliver(bench, post, MONDAY - MINUTE) == ()
    assert len(deliver(bench, post, MONDAY - MINUTE, everything=True)) == 1


# --- failures that may pass


def test_the_wait_doubles_from_two_minutes_to_four_hours_and_after_a_day_it_is_parked(bench: Bench, post: Post) -> None:
    bench.owe("pi@lab.example")
    post.refuse("mail", *passing(PARK_AFTER_ATTEMPTS))
    now, waits, states = MONDAY, [], []

    for _ in range(PARK_AFTER_ATTEMPTS):
        (sending,) = deliver(bench, post, now)
        assert sending.next_at is not None
        assert deliver(bench, post, sending.next_at - MINUTE) == ()
        waits.append((sending.next_at - now) // MINUTE)
        states.append(sending.state)
        now = sending.next_at

    assert waits == [2, 4, 8, 16, 32, 64, 128, 240, 240, 240, 240, 24 * 60]
    assert states == ["pending"] * 11 + ["parked"]
    assert deliver(bench, post, now)[0].state is DeliveryState.SENT


@pytest.mark.parametrize("jitter", [0.8, 1.2])
def test_waits_are_spread(bench: Bench, post: Post, jitter: float) -> None:
    bench.owe("pi@lab.example")
    post.refuse("mail", *passing())

    (sending,) = deliverer(bench, post, jitter=jitter).deliver(MONDAY)

    assert sending.next_at == MONDAY + 2 * MINUTE * jitter


def test_a_retry_after_that_is_longer_than_the_wait_is_honoured(bench: Bench, post: Post) -> None:
    bench.owe("pi@lab.example")
    post.refuse("mail", *passing(retry_after=3600), *passing(retry_after=1))

    (first,) = deliver(bench, post)
    (second,) = deliver(bench, post, MONDAY + 60 * MINUTE)

    assert first.next_at == MONDAY + timedelta(hours=1)
    assert second.next_at == MONDAY + timedelta(hours=1) + 4 * MINUTE


@pytest.mark.parametrize(("asked", "waits"), [(7 * 86_400, 1_440), (float("inf"), 1_440), (float("nan"), 2), (-5, 2)])
def test_a_retry_after_beyond_all_reason_waits_no_longer_than_a_day(bench: Bench, post: Post, asked: float, waits: int) -> None:
    bench.owe("pi@lab.example")
    post.refuse("mail", *passing(retry_after=asked))

    (sending,) = deliver(bench, post)

    assert sending.next_at == MONDAY + waits * MINUTE


def test_the_longest_wait_is_no_limit_to_a_retry_after(bench: Bench, post: Post) -> None:
    bench.owe("pi@lab.example")
    post.refuse("mail", *passing(retry_after=2 * LONGEST_WAIT.total_seconds()))

    (sending,) = deliver(bench, post)

    assert sending.next_at == MONDAY + 2 * LONGEST_WAIT


# --- failures that cannot pass


def test_what_cannot_pass_is_parked_told_and_tried_again_the_next_day(bench: Bench, post: Post) -> None:
    bench.owe("pi@lab.example")
    post.refuse("mail", final())

    (sending,) = deliver(bench, post)

    assert (sending.state, sending.failure) == ("parked", Failure("535 authentication refused", "check the password"))
    assert (only(bench).state, only(bench).reason, only(bench).fix) == (
        "parked",
        "535 authentication refused",
        "check the password",
    )
    assert deliver(bench, post, MONDAY + days(1) - MINUTE) == ()
    assert deliver(bench, post, MONDAY + days(1))[0].state is DeliveryState.SENT


def test_one_refused_reader_does_not_keep_the_others_of_the_channel_from_theirs(bench: Bench, post: Post) -> None:
    bench.owe("gone@lab.example", "pi@lab.example")
    post.refuse("mail", final())

    deliver(bench, post)

    assert [recipient for _, recipient, _ in post.taken] == ["pi@lab.example"]


def test_a_channel_that_is_configured_no_more_parks_its_deliveries_and_says_how_to_end_them(bench: Bench, post: Post) -> None:
    bench.owe("pi@lab.example", channel="fax")

    (sending,) = deliver(bench, post)

    assert sending.state is DeliveryState.PARKED
    assert sending.failure is not None
    assert "'fax' is no longer configured" in sending.failure.reason
    assert f"watcher deliver --drop {only(bench).id}" in sending.failure.fix
    assert post.tried == []


def test_a_success_wakes_what_is_parked_on_that_channel_alone(bench: Bench, post: Post) -> None:
    bench.owe("pi@lab.example")
    bench.owe("", channel="slack", at=MONDAY + MINUTE)
    post.refuse("mail", final())
    post.refuse("slack", final())
    deliver(bench, post, MONDAY + MINUTE)
    bench.owe("postdoc@lab.example", at=MONDAY + 2 * MINUTE)

    heard: list[str] = []
    deliverer(bench, post, say=heard.append).deliver(MONDAY + 2 * MINUTE)

    assert standing(bench) == ["sent", "parked", "sent"]
    assert "mail works again: what was parked is tried at once" in heard


def test_a_parked_delivery_is_tried_once_in_a_turn_however_often_it_is_woken(bench: Bench, post: Post) -> None:
    bench.owe("gone@lab.example", "pi@lab.example", "postdoc@lab.example")
    post.refuse("mail", final())

    deliver(bench, post)

    assert post.tried == ["mail"] * 3
    assert sorted(standing(bench)) == ["pending", "sent", "sent"]


# --- channels


@pytest.mark.parametrize("code", [None, 421, 429, 454, 503])
def test_a_channel_that_is_down_is_tried_once_a_turn_and_delays_no_other(bench: Bench, post: Post, code: int | None) -> None:
    bench.owe("a@lab.example", "b@lab.example", "c@lab.example")
    bench.owe("", channel="slack", at=MONDAY + MINUTE)
    bench.owe("", channel="archive", at=MONDAY + 2 * MINUTE)
    post.refuse("mail", *passing(3, code=code))

    deliver(bench, post, MONDAY + 2 * MINUTE)

    assert sorted(post.tried) == ["archive", "mail", "slack"]
    assert sorted(channel for channel, _, _ in post.taken) == ["archive", "slack"]


def test_a_reader_whom_the_server_puts_off_holds_up_no_other_of_the_channel(bench: Bench, post: Post) -> None:
    bench.owe("a@lab.example", "b@lab.example")
    bench.owe("a@lab.example", "b@lab.example", at=MONDAY + MINUTE)
    post.refuse("mail", *passing(code=450))

    deliver(bench, post, MONDAY + MINUTE)

    assert post.tried == ["mail"] * 3
    assert [recipient for _, recipient, _ in post.taken] == ["b@lab.example"] * 2
    assert standing(bench) == ["pending", "sent", "pending", "sent"]


class _Waiting(Plain):
    """A sender whose first channel ends only when the second has been served."""

    def __init__(self) -> None:
        self.served = threading.Event()

    def send(self, delivery: Delivery, channel: Channel, *, now: datetime) -> None:  # noqa: ARG002 - the protocol's
        if channel.name == "slack":
            self.served.set()
        elif not self.served.wait(30):
            raise DeliveryError("the other channel had to wait", permanent=False)


def test_a_channel_that_hangs_delays_no_other(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    bench.owe("", channel="slack", at=MONDAY + MINUTE)

    done = Deliverer(bench.store, _Waiting(), CHANNELS, "me").deliver(MONDAY + MINUTE)

    assert [(one.delivery.channel, str(one.state)) for one in done] == [("mail", "sent"), ("slack", "sent")]


class _Server(Plain):
    """A sender whose channels lead to servers, and which counts who is there at once. The first wait until so many have come together."""

    def __init__(self, servers: Mapping[str, str], together: int) -> None:
        self.servers = servers
        self.open: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.kept: list[str] = []
        self._lock = threading.Lock()
        self._together = threading.Barrier(together)
        self._have_met = threading.Event()

    def server(self, channel: Channel) -> str:
        return self.servers[channel.name]

    @contextmanager
    def kept_open(self, channel: Channel) -> Iterator[None]:
        server = self.server(channel)
        with self._lock:
            self.kept.append(channel.name)
            self.open[server] += 1
            self.most[server] = max(self.most[server], self.open[server])
        yield
        with self._lock:
            self.open[server] -= 1

    def send(self, *_: object, **__: object) -> None:
        if not self._have_met.is_set():
            with suppress(threading.BrokenBarrierError):
                self._together.wait(30)
            self._have_met.set()
            self._together.abort()


def test_a_server_is_met_by_two_channels_at_once_and_no_more(bench: Bench) -> None:
    names = [f"mail-{number}" for number in range(6)]
    for number, name in enumerate(names):
        bench.owe("pi@lab.example", channel=name, at=MONDAY + number * MINUTE)
    post = _Server(dict.fromkeys(names, "smtp.lab.example:587"), together=2)

    done = Deliverer(bench.store, post, {name: mail_channel(name) for name in names}, "me").deliver(MONDAY + 6 * MINUTE)

    assert [str(one.state) for one in done] == ["sent"] * 6
    assert (post.most, sorted(post.kept)) == ({"smtp.lab.example:587": 2}, names)


def test_a_server_with_many_channels_keeps_no_other_server_waiting(bench: Bench) -> None:
    servers = {f"a-{number}": "a.example:25" for number in range(12)} | {
        f"b-{number}": f"b{number}.example:25" for number in range(6)
    }
    for number, name in enumerate(servers):
        bench.owe("pi@lab.example", channel=name, at=MONDAY + number * MINUTE)
    post = _Server(servers, together=7)

    Deliverer(bench.store, post, {name: mail_channel(name) for name in servers}, "me").deliver(MONDAY + 18 * MINUTE)

    assert set(post.kept[:7]) == {"a-0", *(f"b-{number}" for number in range(6))}


def test_what_becomes_owed_during_a_turn_goes_out_in_it(bench: Bench, post: Post) -> None:
    class Growing(Plain):
        def send(self, delivery: Delivery, channel: Channel, *, now: datetime) -> None:
            if not post.taken:
                bench.owe("late@lab.example", at=MONDAY - MINUTE)
            post.send(delivery, channel, now=now)

    bench.owe("pi@lab.example")

    Deliverer(bench.store, Growing(), CHANNELS, "me").deliver(MONDAY)

    assert [recipient for _, recipient, _ in post.taken] == ["pi@lab.example", "late@lab.example"]


def test_a_turn_asks_the_database_only_as_often_as_there_are_deliveries(bench: Bench, post: Post) -> None:
    bench.owe(*(f"reader{number}@lab.example" for number in range(40)))
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1

    sa.event.listen(sa.Engine, "begin", count)
    try:
        deliver(bench, post)
    finally:
        sa.event.remove(sa.Engine, "begin", count)

    assert len(post.taken) == 40
    assert asked <= 3 * 40 + 3


def test_the_other_readers_of_a_channel_get_their_turn_before_the_one_that_failed(bench: Bench, post: Post) -> None:
    bench.owe("a@lab.example", "b@lab.example")
    post.refuse("mail", *passing(code=None))

    deliver(bench, post)
    deliver(bench, post, MONDAY + MINUTE)

    assert [recipient for _, recipient, _ in post.taken] == ["b@lab.example"]


def test_parts_arrive_in_order_and_the_second_waits_for_the_first(bench: Bench, post: Post) -> None:
    parts = tuple(Message(ChannelKind.SLACK, part, "NMJ", {"json": "{}"}) for part in (1, 2))
    bench.owe("", channel="slack", messages=parts)
    post.refuse("slack", *passing())

    deliver(bench, post)
    before = standing(bench)
    sent = deliver(bench, post, MONDAY + 2 * MINUTE)

    assert before == ["pending", "pending"]
    assert [one.delivery.message.part for one in sent] == [1, 2]


# --- other processes


class _Thief(Plain):
    """A sender during whose work another process takes the delivery over."""

    def __init__(self, bench: Bench, failure: DeliveryError | None = None) -> None:
        self._bench = bench
        self._failure = failure

    def send(self, *_: object, **__: object) -> None:
        with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
            assert self._bench.store.claim_delivery(MONDAY + timedelta(hours=1), holder="you") is not None
        if self._failure is not None:
            raise self._failure


def test_what_another_process_took_over_meanwhile_is_left_to_it(bench: Bench) -> None:
    bench.owe("pi@lab.example")

    (sending,) = Deliverer(bench.store, _Thief(bench), CHANNELS, "me").deliver(MONDAY)

    assert sending.stale
    assert only(bench).state == "sending"


def test_a_failure_of_a_delivery_that_is_another_process_now_changes_nothing(bench: Bench) -> None:
    bench.owe("pi@lab.example")

    (sending,) = Deliverer(bench.store, _Thief(bench, final()), CHANNELS, "me").deliver(MONDAY)

    assert sending.stale
    assert (only(bench).state, only(bench).reason) == ("sending", None)


def test_a_send_that_takes_long_keeps_its_claim(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows_deliver, "RENEW_SECONDS", 0.01)
    renewed, renew = threading.Event(), bench.store.renew_claim

    def told(delivery: Delivery) -> bool:
        done = renew(delivery)
        renewed.set()
        return done

    monkeypatch.setattr(bench.store, "renew_claim", told)

    class Slow(Plain):
        def send(self, *_: object, **__: object) -> None:
            with time_machine.travel(MONDAY + timedelta(seconds=170), tick=False):
                renewed.clear()
                assert renewed.wait(30)
            with time_machine.travel(MONDAY + timedelta(seconds=200), tick=False):
                assert bench.store.claim_delivery(MONDAY + MINUTE, holder="you") is None

    bench.owe("pi@lab.example")

    (sending,) = Deliverer(bench.store, Slow(), CHANNELS, "me").deliver(MONDAY)

    assert (sending.state, sending.stale) == (DeliveryState.SENT, False)


# --- a database that cannot be written, and the service's end


@pytest.mark.parametrize("refusals", [[], list(passing())])
def test_how_a_send_went_is_written_down_once_the_database_can_be_written_again(
    tmp_path: Path, refusals: list[DeliveryError]
) -> None:
    post, other = Post(), sqlite3.connect(tmp_path / "watcher.db", isolation_level=None)
    post.refuse("mail", *refusals)

    class Locking(Plain):
        def send(self, delivery: Delivery, channel: Channel, *, now: datetime) -> None:
            other.execute("BEGIN IMMEDIATE")
            post.send(delivery, channel, now=now)

    with time_machine.travel(MONDAY, tick=False) as clock_of_all, Bench.at(tmp_path, lock_wait=0).store as store, closing(other):
        bench, one = Bench(store, ""), Deliverer(store, Locking(), CHANNELS, "me", jitter=lambda: 1.0)
        bench.owe("pi@lab.example")
        with pytest.raises(StoreError, match="another process is writing"):
            one.deliver(MONDAY)
        with pytest.raises(StoreError, match="another process is writing"):
            one.deliver(MONDAY)
        other.execute("ROLLBACK")
        clock_of_all.shift(timedelta(hours=1))

        assert one.deliver(MONDAY) == ()

        assert (post.tried, len(one.unsettled)) == (["mail"], 0)
        assert standing(bench) == ["pending" if refusals else "sent"]


def test_the_services_end_lets_the_message_in_hand_be_settled_and_claims_no_other(bench: Bench) -> None:
    stopping, taken = threading.Event(), []

    class Stopping(Plain):
        def send(self, delivery: Delivery, *_: object, **__: object) -> None:
            taken.append(delivery.recipient)
            stopping.set()

    bench.owe("pi@lab.example", "postdoc@lab.example")

    with pytest.raises(Stopped):
        Deliverer(bench.store, Stopping(), CHANNELS, "me", stopping=stopping).deliver(MONDAY)

    assert taken == ["pi@lab.example"]
    assert standing(bench) == ["sent", "pending"]


def test_a_defect_in_one_channel_is_raised_when_the_others_have_settled_what_they_had_in_hand(bench: Bench) -> None:
    class Broken(Plain):
        def send(self, delivery: Delivery, channel: Channel, *, now: datetime) -> None:  # noqa: ARG002 - the protocol's
            if channel.name == "mail":
                raise ZeroDivisionError

    bench.owe("pi@lab.example")
    bench.owe("", channel="slack", at=MONDAY + MINUTE)

    with pytest.raises(ZeroDivisionError):
        Deliverer(bench.store, Broken(), CHANNELS, "me").deliver(MONDAY + MINUTE)

    assert standing(bench)[0] == "sending"
    assert standing(bench)[1] in ("sent", "pending")


def test_how_a_message_was_taken_is_told_and_recorded(bench: Bench) -> None:
    class Cutting(Plain):
        def send(self, *_: object, **__: object) -> str:
            return "sent without its attachment"

    bench.owe("pi@lab.example")
    heard: list[str] = []

    (sending,) = Deliverer(bench.store, Cutting(), CHANNELS, "me", heard.append).deliver(MONDAY)

    assert (sending.state, sending.remark) == (DeliveryState.SENT, "sent without its attachment")
    assert (only(bench).state, only(bench).remark, only(bench).reason) == ("sent", "sent without its attachment", None)
    assert heard == [f"{MAIL.subject!r} part 1 to mail pi@lab.example: sent: sent without its attachment"]


def test_each_attempt_is_told(bench: Bench, post: Post) -> None:
    bench.owe("pi@lab.example")
    post.refuse("mail", *passing())
    heard: list[str] = []

    deliverer(bench, post, say=heard.append).deliver(MONDAY)

    assert heard == [f"{MAIL.subject!r} part 1 to mail pi@lab.example: pending: 451 try later"]


def test_a_defect_of_a_sender_is_not_taken_for_a_failed_delivery(bench: Bench) -> None:
    class Broken(Plain):
        def send(self, *_: object, **__: object) -> None:
            raise ZeroDivisionError

    bench.owe("pi@lab.example")

    with pytest.raises(ZeroDivisionError):
        Deliverer(bench.store, Broken(), CHANNELS, "me").deliver(MONDAY)
