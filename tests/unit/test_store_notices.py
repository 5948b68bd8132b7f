from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from support.store_samples import MONDAY, Bench, days

from watcher.domain import ChannelKind, Delivery, DeliveryState, Message, Notice
from watcher.errors import StoreError
from watcher.store import NoticeFacts, Owed

FAILS = Notice(
    "watch:nmj",
    MONDAY,
    headline="nmj has not been searched since 14 September",
    what="HTTP 503.",
    todo="Nothing: it is tried again.",
)
FAILURE = Message(ChannelKind.EMAIL, 1, "[watcher] nmj has not been searched", {"text": FAILS.what})
RECOVERY = Message(ChannelKind.EMAIL, 2, "[watcher] nmj is searched again", {"text": "PubMed answers."})
TOLD_AT = MONDAY + timedelta(hours=3)
OVER_AT = MONDAY + days(1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


def _open(bench: Bench, notice: Notice = FAILS, message: Message = FAILURE) -> bool:
    owed = (Owed(message, "mail", ("pi@lab.example", "postdoc@lab.example")),)
    return bench.store.open_notice(notice, owed, host="lab.example", at=TOLD_AT)


def _close(bench: Bench, topic: str = FAILS.topic) -> bool:
    return bench.store.close_notice(topic, (Owed(RECOVERY, "mail", ("pi@lab.example",)),), host="lab.example", at=OVER_AT)


def _claim(bench: Bench) -> Delivery | None:
    return bench.store.claim_delivery(OVER_AT, holder="me")


def test_a_notice_is_open_from_when_it_is_told_and_knows_since_when_it_fails(bench: Bench) -> None:
    assert _open(bench)

    (standing,) = bench.store.open_notices()
    assert standing == NoticeFacts(standing.id, "watch:nmj", MONDAY, FAILS.what, TOLD_AT, FAILS.headline, FAILS.todo)


def test_a_notice_is_owed_to_each_recipient_by_its_topic(bench: Bench) -> None:
    _open(bench)

    told = {(one.recipient, one.topic, one.list_name, one.period, one.state) for one in bench.store.deliveries()}

    assert told == {(f"{name}@lab.example", "watch:nmj", None, None, "pending") for name in ("pi", "postdoc")}


def test_the_deliveries_of_a_digest_have_no_topic(bench: Bench) -> None:
    bench.owe("pi@lab.example")

    assert [(one.list_name, one.topic) for one in bench.store.deliveries()] == [("weekly", None)]


def test_an_open_topic_is_not_opened_again_and_owes_nothing_more(bench: Bench) -> None:
    _open(bench)

    assert not _open(bench, Notice("watch:nmj", OVER_AT, headline="It still fails"))

    assert len(bench.store.deliveries()) == 2
    assert [one.since for one in bench.store.open_notices()] == [MONDAY]


def test_other_topics_are_open_beside_it(bench: Bench) -> None:
    _open(bench)

    assert _open(bench, Notice("channel:slack", MONDAY, headline="Slack does not take our messages"))

    assert [one.topic for one in bench.store.open_notices()] == ["watch:nmj", "channel:slack"]


def test_of_many_that_open_a_topic_at_once_one_does(bench: Bench) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: _open(bench), range(8)))

    assert sorted(opened) == [False] * 7 + [True]
    assert len(bench.store.deliveries()) == 2


def test_a_closed_notice_is_open_no_more_and_closes_once(bench: Bench) -> None:
    _open(bench)

    assert _close(bench)

    assert bench.store.open_notices() == ()
    assert not _close(bench)
    assert len(bench.store.deliveries()) == 3


def test_nothing_is_closed_or_owed_when_the_topic_is_not_open(bench: Bench) -> None:
    assert not _close(bench)

    assert bench.store.deliveries() == ()


def test_a_notice_may_close_without_a_word(bench: Bench) -> None:
    _open(bench)

    assert bench.store.close_notice(FAILS.topic, (), host="lab.example", at=OVER_AT)

    assert len(bench.store.deliveries()) == 2


def test_the_end_is_sent_after_the_failure(bench: Bench) -> None:
    _open(bench)
    _close(bench)
    claimed = [_claim(bench), _claim(bench)]
    assert _claim(bench) is None
    for delivery in claimed:
        assert delivery is not None
        assert delivery.message == FAILURE
        bench.store.settle(delivery, DeliveryState.SENT, OVER_AT)

    last = _claim(bench)

    assert last is not None
    assert (last.recipient, last.message) == ("pi@lab.example", RECOVERY)


def test_the_same_failure_may_come_again_after_its_end(bench: Bench) -> None:
    for _ in range(3):
        assert _open(bench)
        assert _close(bench)

    assert len(bench.store.deliveries()) == 9
    assert len({one.rfc822_id for one in bench.store.deliveries()}) == 9


def test_a_failure_that_comes_again_arrives_after_the_end_of_the_one_before(bench: Bench) -> None:
    _open(bench)
    _close(bench)
    _open(bench)
    arrived: list[tuple[str, int]] = []
    while delivery := _claim(bench):
        if (delivery.recipient, delivery.message.part) == ("pi@lab.example", 2):
            bench.store.settle(delivery, DeliveryState.PENDING, OVER_AT, next_at=OVER_AT + timedelta(minutes=2))
        else:
            arrived.append((delivery.recipient, delivery.message.part))
            bench.store.settle(delivery, DeliveryState.SENT, OVER_AT)

    is_due = bench.store.is_delivery_due(OVER_AT)
    later = OVER_AT + timedelta(minutes=2)
    while delivery := bench.store.claim_delivery(later, holder="me"):
        arrived.append((delivery.recipient, delivery.message.part))
        bench.store.settle(delivery, DeliveryState.SENT, later)

    assert not is_due
    assert [part for to, part in arrived if to == "pi@lab.example"] == [1, 2, 1]
    assert [part for to, part in arrived if to == "postdoc@lab.example"] == [1, 1]


def test_topics_that_begin_alike_do_not_share_their_keys(bench: Bench) -> None:
    for topic in ("watch:nm_", "watch:nmj", "watch:nmj@x"):
        assert _open(bench, Notice(topic, MONDAY, headline="It fails"))

    assert len(bench.store.open_notices()) == 3


def test_a_notice_whose_messages_contradict_each_other_is_not_written(bench: Bench) -> None:
    other = Message(ChannelKind.EMAIL, 1, "another", {"text": "another"})

    with pytest.raises(StoreError, match="two different email messages for part 1"):
        bench.store.open_notice(FAILS, (Owed(FAILURE, "mail"), Owed(other, "archive")), host="lab.example", at=TOLD_AT)

    assert bench.store.open_notices() == ()
    assert bench.store.deliveries() == ()


def test_a_notice_is_not_sent_again_with_the_digests_of_a_list(bench: Bench) -> None:
    _open(bench)
    bench.owe("pi@lab.example", at=OVER_AT)

    resent = bench.store.owe_again(
        "weekly", MONDAY, "mail", ("new@lab.example",), ChannelKind.EMAIL, again=False, host="lab.example", at=OVER_AT
    )

    assert [one.list_name for one in bench.store.deliveries() if one.id in resent] == ["weekly"]
