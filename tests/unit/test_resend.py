"""Stored digests that are sent to those who lack them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from support.flow_samples import WEEKLY, Desk, mail_channel

from standins.eutils.papers import paper
from watcher.flows.deliver.resend import Resent, resend

Desks = Callable[..., Desk]

START, MONDAY, FRIDAY = "2026-03-02T09:00", "2026-03-09T07:00", "2026-03-13T09:00"


def after_a_digest(at_desk: Desks) -> Desk:
    one = at_desk(paper(1, title="The neuromuscular junction", created="2026-03-01"))
    one.tick(START)
    one.tick(MONDAY)
    one.post.taken.clear()
    return one


def sent_again(one: Desk, *recipients: str, since: date = date(2026, 3, 9), again: bool = False, heard: list[int]) -> Resent:
    now = one.at(FRIDAY)
    return resend(
        one.ticker().deliverer,
        WEEKLY,
        mail_channel("mail"),
        recipients,
        since=since,
        again=again,
        host="lab.example",
        now=now,
        owed=heard.append,
    )


def test_who_lacks_a_digest_gets_it_and_who_has_it_does_not(at_desk: Desks) -> None:
    one, heard = after_a_digest(at_desk), list[int]()

    done = sent_again(one, "pi@lab.example", "new@lab.example", heard=heard)

    assert (done.owed, heard, done.facts.pending) == (1, [1], 0)
    assert [recipient for _, recipient, _ in one.post.taken] == ["new@lab.example"]
    assert [sending.failed for sending in done.sendings] == [False]


def test_asked_for_again_it_goes_to_those_who_have_it_under_its_message_id(at_desk: Desks) -> None:
    one = after_a_digest(at_desk)
    (before,) = [facts.id for facts in one.store.deliveries()]

    done = sent_again(one, "pi@lab.example", again=True, heard=[])

    assert [sending.delivery.id for sending in done.sendings] == [before]
    assert len(one.post.taken) == 1


def test_a_day_begins_in_the_lists_time_zone(at_desk: Desks) -> None:
    one = after_a_digest(at_desk)

    none = sent_again(one, "new@lab.example", since=date(2026, 3, 10), heard=[])

    assert (none.owed, none.sendings, one.post.taken) == (0, (), [])
