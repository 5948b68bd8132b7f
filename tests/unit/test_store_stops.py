"""A reader who stopped a list gets nothing of it: not what is owed, not what comes, whatever the configuration says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.store_samples import MAIL, MONDAY, Bench, days
from support.two_databases import Place

from watcher.domain import ChannelKind, DeliveryState, Failure, Notice
from watcher.store import Owed, Store

PI, POSTDOC = "pi@lab.example", "postdoc@lab.example"
LATER = MONDAY + timedelta(hours=1)
NOTICE = Notice("stop", MONDAY, headline="A reader stopped a list", what="pi", todo="", is_failure=False)


@pytest.fixture
def bench(place: Place) -> Iterator[Bench]:
    place.folder.mkdir(exist_ok=True)
    made = Bench(Store.open(place.url, folder=place.folder), place.url)
    made.register()
    yield made
    made.store.close()


def stop(bench: Bench, reader: str = PI, days_long: float | None = None) -> int:
    until = None if days_long is None else LATER + days(days_long)
    return bench.store.stop("weekly", reader, until=until, via="mail", at=LATER)[1]


def states(bench: Bench) -> dict[str, str]:
    return {one.recipient: one.state for one in bench.store.deliveries()}


def test_what_is_owed_is_dropped_for_this_reader_alone(bench: Bench) -> None:
    bench.owe(PI, POSTDOC)

    dropped = stop(bench)

    assert (dropped, states(bench)) == (1, {PI: "dropped", POSTDOC: "pending"})
    assert [one.remark for one in bench.store.deliveries(states={DeliveryState.DROPPED})] == ["the reader stopped the list"]


def test_the_next_digest_is_owed_to_the_others(bench: Bench) -> None:
    stop(bench, "PI@Lab.Example")

    bench.owe(PI, POSTDOC, at=MONDAY + days(7))

    assert states(bench) == {POSTDOC: "pending"}


def test_a_pause_ends_by_itself(bench: Bench) -> None:
    stop(bench, days_long=10)

    bench.owe(PI, at=MONDAY + days(7))
    bench.owe(PI, at=MONDAY + days(14))

    assert [one.created_at for one in bench.store.deliveries()] == [MONDAY + days(14)]


def test_who_takes_it_up_again_gets_the_next(bench: Bench) -> None:
    stop(bench)

    ended = [bench.store.resume("weekly", PI, LATER) for _ in range(2)]
    bench.owe(PI, at=MONDAY + days(7))

    assert (ended, states(bench)) == ([True, False], {PI: "pending"})


def test_what_was_on_its_way_and_came_back_is_not_sent_again(bench: Bench) -> None:
    bench.owe(PI)
    underway = bench.store.claim_delivery(LATER, holder="me")
    assert underway is not None
    stop(bench)
    bench.store.settle(underway, DeliveryState.PENDING, LATER, next_at=LATER, failure=Failure("busy", ""))

    claimed = bench.store.claim_delivery(LATER + days(1), holder="me")

    assert (claimed, states(bench)) == (None, {PI: "dropped"})


def test_resending_leaves_them_out_until_they_take_it_up_again(bench: Bench) -> None:
    bench.owe(PI)
    stop(bench)

    def resent() -> int:
        to = ("weekly", MONDAY - days(1), "mail", (PI,), ChannelKind.EMAIL)
        return len(bench.store.owe_again(*to, again=True, host="h", at=LATER))

    first = resent()
    bench.store.resume("weekly", PI, LATER)

    assert (first, resent()) == (0, 1)


def test_a_new_word_takes_the_place_of_the_one_before(bench: Bench) -> None:
    stop(bench)
    stop(bench, days_long=10)

    (held,) = bench.store.stops(LATER)

    assert (held.reader, held.list_name, held.until_at, held.via) == (PI, "weekly", LATER + days(10), "mail")
    assert bench.store.stops(LATER + days(11)) == ()


def test_the_owner_is_told_of_each_once(bench: Bench) -> None:
    stop(bench)
    stop(bench, POSTDOC)
    ids = [one.id for one in bench.store.untold_stops()]

    told = [
        bench.store.tell_owner_of_stops(ids, NOTICE, [Owed(MAIL, "admin", ("owner@lab.example",))], host="h", at=LATER)
        for _ in range(2)
    ]

    assert (told, bench.store.untold_stops()) == ([True, False], ())
    assert [(one.recipient, one.topic) for one in bench.store.deliveries()] == [("owner@lab.example", "stop")]
    assert bench.store.open_notices() == ()


def test_the_key_is_made_once(bench: Bench) -> None:
    first = bench.store.signing_keys(MONDAY)

    assert len(first) == 1
    assert len(first[0]) >= 43
    assert bench.store.signing_keys(LATER) == first


# --- a restore


def test_a_restore_keeps_what_was_stopped_after_the_backup_and_tells_of_it(tmp_path: Path) -> None:
    made = Bench.at(tmp_path)
    stop(made, POSTDOC)
    before = made.store.signing_keys(MONDAY)
    made.store.backup(tmp_path / "friday.db")
    stop(made, PI)
    made.store.resume("weekly", POSTDOC, LATER + days(1))
    made.store.close()

    done = Store.restore(made.url, tmp_path / "friday.db", folder=tmp_path)

    with Store.open(made.url, folder=tmp_path) as store:
        assert [one.reader for one in done.stops or ()] == [PI]
        assert [one.reader for one in store.stops(LATER)] == [PI]
        assert PI in [one.reader for one in store.untold_stops()]
        assert store.signing_keys(LATER) == before


def test_a_restore_over_what_cannot_be_read_says_that_it_does_not_know(tmp_path: Path) -> None:
    made = Bench.at(tmp_path)
    made.store.backup(tmp_path / "friday.db")
    made.store.close()
    (tmp_path / "watcher.db").write_bytes(b"no database at all" * 1000)

    done = Store.restore(made.url, tmp_path / "friday.db", folder=tmp_path)

    assert done.stops is None
