"""What the page asks of the past: a page at a time, the latest first; and one delivery that is owed anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.store_samples import MAIL, MONDAY, Bench, days, paper
from support.two_databases import Place

from watcher.domain import DeliveryState, Failure, RunOutcome, Section, pubmed_id
from watcher.errors import UnknownNameError
from watcher.store import Resending, Store

PI, POSTDOC = "pi@lab.example", "postdoc@lab.example"
LATER = MONDAY + timedelta(hours=1)


@pytest.fixture
def bench(place: Place) -> Iterator[Bench]:
    place.folder.mkdir(exist_ok=True)
    made = Bench(Store.open(place.url, folder=place.folder), place.url)
    made.register()
    yield made
    made.store.close()


def test_digests_come_page_by_page_and_know_their_neighbours(bench: Bench) -> None:
    for week in range(5):
        bench.owe(PI, at=MONDAY + days(7 * week))

    first = bench.store.digests_of("weekly", limit=2)
    second = bench.store.digests_of("weekly", below=first[-1].id, limit=2)
    (one,) = [bench.store.digest("weekly", second[0].period)]

    assert [digest.composed_at for digest in (*first, *second)] == [MONDAY + days(7 * week) for week in (4, 3, 2, 1)]
    assert one == second[0]
    assert bench.store.digests_beside(second[0]) == (second[1].period, first[1].period)
    assert bench.store.digests_beside(first[0])[1] is None
    assert bench.store.digest("weekly", "never") is None
    assert [(known.name, known.digests, known.removed_at) for known in bench.store.known_lists()] == [("weekly", 5, None)]


def test_a_removed_list_is_known_after_the_others(bench: Bench) -> None:
    bench.register(lists={"new": ("nmj",)}, at=LATER)

    assert [(known.name, known.removed_at) for known in bench.store.known_lists()] == [("new", None), ("weekly", LATER)]


def test_a_digest_has_its_papers_in_order_and_its_messages(bench: Bench) -> None:
    bench.news(paper(7, title="Seven"), paper(8, title="Eight"), paper(9, title="Nine"))
    known = {one.article.record_id.id: one for one in bench.everything()}
    bench.owe(PI)
    bench.compose(known[9], known[8], at=MONDAY + days(7))
    bench.compose(known[7], at=MONDAY + days(14), section=Section.PICK)
    last, middle, first = bench.store.digests_of("weekly")

    assert [(one.record_id, one.title) for one in bench.store.papers_of(middle)] == [
        (pubmed_id(9), "Nine"),
        (pubmed_id(8), "Eight"),
    ]
    assert [one.title for one in bench.store.papers_of(middle, skip=1)] == ["Eight"]
    assert [one.section for one in bench.store.papers_of(last)] == [Section.PICK]
    assert [(one.kind, one.part, one.message) for one in bench.store.messages_of(first.id)] == [("email", 1, MAIL)]
    assert bench.store.titles([pubmed_id(7), pubmed_id(4)]) == {pubmed_id(7): "Seven"}


def test_runs_are_told_of_one_watch_and_of_one_outcome(bench: Bench) -> None:
    bench.register({"nmj": None, "other": None}, {"weekly": ("nmj", "other")})
    for day in range(3):
        bench.run(at=MONDAY + days(day))
    bench.run(at=MONDAY + days(3), watch="other")
    number = bench.store.begin_run("nmj", "window", MONDAY + days(4))
    bench.store.fail_run(number, bench.report(MONDAY + days(4), outcome=RunOutcome.FAILED, error="no answer"))
    bench.store.begin_run("other", "window", MONDAY + days(5))

    found = bench.store.runs()

    assert [one.watch for one in found] == ["other", "nmj", "other", "nmj", "nmj", "nmj"]
    assert found[0].report is None
    assert [one.report.error for one in bench.store.runs(outcomes=["failed"]) if one.report] == ["no answer"]
    assert [one.id for one in bench.store.runs(watch="nmj", below=found[1].id, limit=2)] == [found[3].id, found[4].id]
    assert bench.store.runs(watch="none") == ()


def test_deliveries_are_told_by_list_period_and_state(bench: Bench) -> None:
    bench.owe(PI, POSTDOC)
    bench.owe(PI, at=MONDAY + days(7))
    bench.store.drop(1, LATER)

    def numbers(**asked: object) -> list[int]:
        return [one.id for one in bench.store.deliveries_of(**asked)]  # type: ignore[arg-type]

    assert numbers() == [3, 2, 1]
    assert numbers(list_name="weekly", period=MONDAY.isoformat()) == [2, 1]
    assert numbers(states={DeliveryState.DROPPED}) == [1]
    assert numbers(below=3, limit=1) == [2]
    assert numbers(list_name="none") == []


def test_a_delivery_is_owed_anew_under_its_message_id(bench: Bench) -> None:
    bench.owe(PI)
    sent = bench.store.claim_delivery(LATER, holder="me")
    assert sent is not None
    bench.store.settle(sent, DeliveryState.SENT, LATER)

    told = bench.store.send_again(sent.id, LATER + days(1))
    again = bench.store.claim_delivery(LATER + days(1), holder="me")

    assert told is Resending.OWED
    assert again is not None
    assert (again.id, again.rfc822_id, again.attempts) == (sent.id, sent.rfc822_id, 2)
    assert bench.store.send_again(sent.id, LATER + days(1)) is Resending.BEING_SENT
    assert [one.outcome for one in bench.store.attempts_of(sent.id)] == [None, "sent"]


def test_what_waits_is_due_at_once_and_what_was_dropped_comes_back(bench: Bench) -> None:
    bench.owe(PI, POSTDOC)
    first = bench.store.claim_delivery(LATER, holder="me")
    assert first is not None
    bench.store.settle(first, DeliveryState.PARKED, LATER, next_at=LATER + days(1), failure=Failure("refused", "ask"))
    bench.store.drop(2, LATER)

    told = [bench.store.send_again(number, LATER) for number in (1, 2)]

    assert told == [Resending.OWED] * 2
    assert [(one.state, one.next_at, one.reason) for one in bench.store.deliveries()] == [("pending", LATER, None)] * 2


def test_nothing_goes_to_who_stopped_the_list_nor_to_nobody(bench: Bench) -> None:
    bench.owe(PI)
    bench.store.stop("weekly", PI, until=None, via="mail", at=LATER)

    assert bench.store.send_again(1, LATER) is Resending.STOPPED
    assert [one.state for one in bench.store.deliveries()] == ["dropped"]
    with pytest.raises(UnknownNameError, match="no delivery 99"):
        bench.store.send_again(99, LATER)


def test_configurations_stand_with_the_last_one_first(bench: Bench) -> None:
    for number in range(3):
        bench.store.remember_configuration(f"sha{number}", f'{{"a": {number}}}', MONDAY + days(number))
    bench.store.remember_configuration("sha0", '{"a": 0}', MONDAY + days(9))

    assert [one.sha256 for one in bench.store.versions()] == ["sha0", "sha2", "sha1"]
    assert [one.document for one in bench.store.versions(skip=1, limit=1)] == ['{"a": 2}']
    assert bench.store.versions()[0].loaded_at == MONDAY + days(9)
