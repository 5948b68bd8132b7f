from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from support.store_samples import MAIL, MONDAY, Bench, days

from watcher.domain import ChannelKind, Delivery, DeliveryState, Failure, Message
from watcher.errors import UnknownNameError
from watcher.store import DeliveryFacts
from watcher.store.columns import attempts

LATER = MONDAY + timedelta(hours=1)
SLACK = tuple(Message(ChannelKind.SLACK, part, "NMJ", {"json": f'{{"part": {part}}}'}) for part in (1, 2, 3))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


def _claim(bench: Bench, holder: str = "me") -> Delivery:
    delivery = bench.store.claim_delivery(LATER, holder=holder)
    assert delivery is not None
    return delivery


def _only(bench: Bench) -> DeliveryFacts:
    (facts,) = bench.store.deliveries()
    return facts


# --- claiming


def test_the_end_of_a_claim_ends_its_own_attempt_and_no_other(bench: Bench) -> None:
    bench.owe("pi@lab.example", "postdoc@lab.example")
    first, second = _claim(bench), _claim(bench)

    bench.store.settle(first, DeliveryState.SENT, LATER)

    with bench.store._database.reading() as session:
        ended = dict(session.execute(sa.select(attempts.c.delivery_id, attempts.c.outcome)).all())
    assert ended == {first.id: "sent", second.id: None}


def test_a_claim_is_a_sending_delivery_with_its_message_and_first_attempt(bench: Bench) -> None:
    bench.owe("pi@lab.example")

    delivery = _claim(bench)

    facts = _only(bench)
    assert (delivery.channel, delivery.recipient, delivery.message, delivery.rfc822_id) == (
        "mail",
        "pi@lab.example",
        MAIL,
        facts.rfc822_id,
    )
    assert (delivery.state, delivery.attempts, delivery.first_attempt_at) == (DeliveryState.SENDING, 1, LATER)
    assert (facts.state, facts.attempts, facts.list_name, facts.period) == ("sending", 1, "weekly", MONDAY.isoformat())


def test_what_is_claimed_is_not_claimed_again(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    _claim(bench)

    assert bench.store.claim_delivery(LATER, holder="you", everything=True) is None


def test_what_is_not_due_waits_unless_everything_is_wanted(bench: Bench) -> None:
    bench.owe("pi@lab.example", at=MONDAY)

    assert bench.store.claim_delivery(MONDAY - days(1), holder="me") is None
    assert bench.store.claim_delivery(MONDAY - days(1), holder="me", everything=True) is not None


def test_a_claim_may_be_of_one_channel_or_one_delivery_or_leave_some_out(bench: Bench) -> None:
    bench.owe("a@lab.example", "b@lab.example")
    bench.owe("c@lab.example", channel="archive", at=LATER)
    archive, second, first = bench.store.deliveries()

    assert bench.store.claim_delivery(LATER, holder="me", channel="slack") is None
    assert bench.store.claim_delivery(LATER, holder="me", channel="archive", exclude=[archive.id]) is None
    found = [
        bench.store.claim_delivery(LATER, holder="me", channel="archive"),
        bench.store.claim_delivery(LATER, holder="me", only=second.id),
        bench.store.claim_delivery(LATER, holder="me", exclude=[]),
    ]

    assert [one and one.id for one in found] == [archive.id, second.id, first.id]


def test_parts_of_a_message_are_claimed_in_order(bench: Bench) -> None:
    bench.owe("", channel="slack", messages=tuple(reversed(SLACK)))
    first = _claim(bench)
    assert first.message.part == 1
    assert bench.store.claim_delivery(LATER, holder="me") is None

    bench.store.settle(first, DeliveryState.PARKED, LATER, next_at=LATER + days(1), failure=Failure("invalid_auth"))
    assert bench.store.claim_delivery(LATER, holder="me") is None

    bench.store.wake_parked(LATER)
    bench.store.settle(_claim(bench), DeliveryState.SENT, LATER)
    second = _claim(bench)
    assert second.message.part == 2

    bench.store.settle(second, DeliveryState.PENDING, LATER, next_at=LATER + days(1))
    bench.store.drop(second.id, LATER)
    assert _claim(bench).message.part == 3


def test_parts_for_another_reader_or_digest_do_not_hold_each_other_up(bench: Bench) -> None:
    parts = (MAIL, replace(MAIL, part=2))
    bench.owe("a@lab.example", "b@lab.example", messages=parts)
    bench.owe("a@lab.example", messages=parts, at=MONDAY + timedelta(minutes=1))

    claimed = []
    while delivery := bench.store.claim_delivery(LATER, holder="me"):
        claimed.append((delivery.recipient, delivery.message.part))
        if len(claimed) == 3:
            bench.store.settle(delivery, DeliveryState.SENT, LATER)

    first_digest, second_digest = [("a@lab.example", 1), ("b@lab.example", 1)], [("a@lab.example", 1), ("a@lab.example", 2)]
    assert claimed == first_digest + second_digest


def test_a_claim_that_is_renewed_lasts_as_long_again(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    with time_machine.travel(MONDAY, tick=False):
        mine = _claim(bench)
    with time_machine.travel(MONDAY + timedelta(seconds=170), tick=False):
        assert bench.store.renew_claim(mine)
    with time_machine.travel(MONDAY + timedelta(seconds=349), tick=False):
        assert bench.store.claim_delivery(LATER, holder="you") is None
    with time_machine.travel(MONDAY + timedelta(seconds=351), tick=False):
        assert bench.store.claim_delivery(LATER, holder="you") is not None

    assert not bench.store.renew_claim(mine)


def test_a_delivery_whose_lease_ran_out_is_sent_again_under_the_same_message_id(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    with time_machine.travel(MONDAY, tick=False):
        lost = _claim(bench, "lost")
    with time_machine.travel(MONDAY + timedelta(seconds=179), tick=False):
        assert bench.store.claim_delivery(LATER, holder="me") is None

    with time_machine.travel(MONDAY + timedelta(seconds=181), tick=False):
        again = bench.store.claim_delivery(LATER + days(1), holder="me")

    assert again is not None
    assert (again.id, again.rfc822_id, again.first_attempt_at) == (lost.id, lost.rfc822_id, LATER)
    assert (again.attempts, again.token != lost.token) == (2, True)


def test_leases_do_not_follow_the_clock_that_is_told(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    _claim(bench)

    assert bench.store.claim_delivery(LATER + days(365), holder="you") is None


def test_a_stale_claim_cannot_settle(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    with time_machine.travel(MONDAY, tick=False):
        stale = _claim(bench, "slow")
    with time_machine.travel(MONDAY + days(1), tick=False):
        mine = _claim(bench, "me")

    bench.store.handed_over(stale, LATER)  # notes nothing: the claim is another's now
    assert not bench.store.settle(stale, DeliveryState.PARKED, LATER, failure=Failure("535 refused"))
    assert _only(bench).state == "sending"
    assert bench.store.settle(mine, DeliveryState.SENT, LATER)
    assert not bench.store.settle(mine, DeliveryState.PENDING, LATER)
    assert (_only(bench).state, _only(bench).reason, _only(bench).sent_at) == ("sent", None, LATER)


def test_what_was_handed_over_before_its_sender_was_lost_is_sent_and_not_sent_twice(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    with time_machine.travel(MONDAY, tick=False):
        bench.store.handed_over(_claim(bench, "lost"), LATER)

    assert bench.store.claim_delivery(LATER + days(1), holder="me", everything=True) is None

    assert (_only(bench).state, _only(bench).sent_at) == ("sent", LATER)


_WORKER = """
import sys
from datetime import datetime
from pathlib import Path
from watcher.domain import DeliveryState
from watcher.store import Store

with Store.open(sys.argv[1], folder=Path(sys.argv[2])) as store:
    now = datetime.fromisoformat(sys.argv[3])
    while delivery := store.claim_delivery(now, holder=sys.argv[4]):
        print(delivery.id)
        assert store.settle(delivery, DeliveryState.SENT, now)
"""


def test_two_processes_claim_every_delivery_once(bench: Bench, tmp_path: Path) -> None:
    bench.owe(*(f"reader{number}@lab.example" for number in range(50)))
    command = [sys.executable, "-c", _WORKER, bench.url, str(tmp_path), LATER.isoformat()]

    workers = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own interpreter
        for name in ("one", "two")
    ]
    claimed = Counter(line for worker in workers for line in worker.communicate()[0].split())

    assert sorted(claimed.values()) == [1] * 50
    assert {facts.state for facts in bench.store.deliveries()} == {"sent"}


def test_threads_claim_every_delivery_once(bench: Bench) -> None:
    bench.owe(*(f"reader{number}@lab.example" for number in range(50)))

    def work(name: int) -> list[int]:
        mine = []
        while delivery := bench.store.claim_delivery(LATER, holder=str(name)):
            mine.append(delivery.id)
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [one for mine in pool.map(work, range(4)) for one in mine]

    assert sorted(claimed) == sorted(facts.id for facts in bench.store.deliveries())


# --- settling


def test_what_may_pass_is_pending_until_its_time(bench: Bench) -> None:
    bench.owe("pi@lab.example")

    bench.store.settle(_claim(bench), DeliveryState.PENDING, LATER, next_at=LATER + days(1), failure=Failure("421 try later"))

    assert (_only(bench).state, _only(bench).reason, _only(bench).next_at) == ("pending", "421 try later", LATER + days(1))
    assert bench.store.claim_delivery(LATER + timedelta(hours=23), holder="me") is None
    again = bench.store.claim_delivery(LATER + days(1), holder="me")
    assert again is not None
    assert (again.attempts, again.first_attempt_at) == (2, LATER)


def test_pending_without_a_time_is_due_at_once(bench: Bench) -> None:
    bench.owe("pi@lab.example")

    bench.store.settle(_claim(bench), DeliveryState.PENDING, LATER)

    assert bench.store.claim_delivery(LATER, holder="me") is not None


def test_parked_deliveries_come_back_at_their_time_or_when_woken(bench: Bench) -> None:
    bench.owe("a@lab.example")
    bench.owe("b@lab.example", channel="archive", at=LATER)
    for _ in range(2):
        bench.store.settle(_claim(bench), DeliveryState.PARKED, LATER, next_at=LATER + days(1), failure=Failure("535 refused"))
    assert bench.store.claim_delivery(LATER, holder="me") is None

    assert bench.store.wake_parked(LATER, "archive") == 1

    woken = _claim(bench)
    assert woken.channel == "archive"
    assert bench.store.claim_delivery(LATER, holder="me") is None
    waited = bench.store.claim_delivery(LATER + days(1), holder="me")
    assert waited is not None
    assert waited.channel == "mail"


def test_waking_all_channels_leaves_what_is_not_parked(bench: Bench) -> None:
    bench.owe("a@lab.example", "b@lab.example")
    bench.store.settle(_claim(bench), DeliveryState.SENT, LATER)

    assert bench.store.wake_parked(LATER) == 0

    assert sorted(facts.state for facts in bench.store.deliveries()) == ["pending", "sent"]


def test_dropping_ends_what_is_owed(bench: Bench) -> None:
    bench.owe("pi@lab.example")

    assert bench.store.drop(_only(bench).id, LATER)

    assert _only(bench).state == "dropped"
    assert not bench.store.drop(_only(bench).id, LATER)
    assert bench.store.claim_delivery(LATER, holder="me", everything=True) is None


def test_what_is_being_sent_or_was_sent_is_not_dropped(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    delivery = _claim(bench)
    assert not bench.store.drop(delivery.id, LATER)

    bench.store.settle(delivery, DeliveryState.SENT, LATER)

    assert not bench.store.drop(delivery.id, LATER)
    assert _only(bench).state == "sent"


def test_a_stranded_claim_may_be_dropped(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    with time_machine.travel(MONDAY, tick=False):
        stranded = _claim(bench)

    assert bench.store.drop(stranded.id, LATER)

    assert not bench.store.settle(stranded, DeliveryState.SENT, LATER)
    assert _only(bench).state == "dropped"


def test_an_unknown_delivery_cannot_be_dropped(bench: Bench) -> None:
    with pytest.raises(UnknownNameError, match="no delivery 7"):
        bench.store.drop(7, LATER)


def test_deliveries_are_told_newest_first_by_state_and_number(bench: Bench) -> None:
    bench.owe("a@lab.example", "b@lab.example", "c@lab.example")
    bench.store.settle(_claim(bench), DeliveryState.SENT, LATER)

    owed = bench.store.deliveries(states=[DeliveryState.PENDING])

    assert [facts.recipient for facts in owed] == ["c@lab.example", "b@lab.example"]
    assert [facts.recipient for facts in bench.store.deliveries(limit=1)] == ["c@lab.example"]
    assert bench.store.deliveries(states=[]) == ()


# --- sending again


def _resend(
    bench: Bench, *recipients: str, again: bool = False, channel: str = "mail", kind: ChannelKind = ChannelKind.EMAIL
) -> int:
    owed = bench.store.owe_again("weekly", MONDAY, channel, recipients, kind, again=again, host="lab.example", at=MONDAY + days(2))
    return len(owed)


def test_resending_owes_stored_messages_to_those_who_lack_them(bench: Bench) -> None:
    bench.owe("a@lab.example", at=MONDAY - days(7))
    bench.owe("a@lab.example")
    bench.owe("a@lab.example", at=MONDAY + days(1))

    assert _resend(bench, "a@lab.example", "b@lab.example") == 2

    new = [facts for facts in bench.store.deliveries() if facts.recipient == "b@lab.example"]
    assert [facts.period for facts in new] == [(MONDAY + days(1)).isoformat(), MONDAY.isoformat()]
    assert _resend(bench, "a@lab.example", "b@lab.example") == 0


def test_resending_to_another_channel_of_the_same_kind_owes_the_same_bytes(bench: Bench) -> None:
    bench.owe("a@lab.example")

    assert _resend(bench, "", channel="archive") == 1

    copy = bench.store.claim_delivery(MONDAY + days(2), holder="me", channel="archive")
    assert copy is not None
    assert copy.message == MAIL


def test_nothing_is_resent_to_a_kind_of_channel_that_has_no_stored_message(bench: Bench) -> None:
    bench.owe("a@lab.example")

    assert _resend(bench, "", channel="slack", kind=ChannelKind.SLACK) == 0


def test_what_was_sent_is_sent_again_only_when_asked_and_under_its_message_id(bench: Bench) -> None:
    bench.owe("a@lab.example")
    sent = _claim(bench)
    bench.store.settle(sent, DeliveryState.SENT, LATER)
    assert _resend(bench, "a@lab.example") == 0

    assert _resend(bench, "a@lab.example", again=True) == 1

    again = bench.store.claim_delivery(MONDAY + days(2), holder="me")
    assert again is not None
    assert (again.rfc822_id, again.first_attempt_at) == (sent.rfc822_id, LATER)


def test_what_was_dropped_is_owed_anew(bench: Bench) -> None:
    bench.owe("a@lab.example")
    bench.store.drop(_only(bench).id, LATER)

    assert _resend(bench, "a@lab.example") == 1

    assert _only(bench).state == "pending"


def test_what_is_still_owed_is_left_as_it_is(bench: Bench) -> None:
    bench.owe("a@lab.example")
    bench.store.settle(_claim(bench), DeliveryState.PARKED, LATER, next_at=LATER + days(1), failure=Failure("535 refused"))

    assert _resend(bench, "a@lab.example", again=True) == 0

    assert (_only(bench).state, _only(bench).reason) == ("parked", "535 refused")


def test_after_a_change_what_waits_for_another_try_is_due_at_once(bench: Bench) -> None:
    bench.owe("pi@lab.example")
    bench.store.settle(_claim(bench), DeliveryState.PENDING, LATER, next_at=LATER + days(1), failure=Failure("451 later"))

    assert bench.store.wake_parked(LATER) == 0
    assert bench.store.wake_parked(LATER, refused_too=True) == 1

    assert bench.store.claim_delivery(LATER, holder="me")
