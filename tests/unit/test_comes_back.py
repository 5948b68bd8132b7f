"""A watch that leaves the configuration or a list, and comes back: what was seen as news and never judged is owed, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from support.flow_samples import ALS, NMJ, WEEKLY, Desk, desk
from support.two_databases import Place

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher import clock
from watcher.domain import Digest, pubmed_id
from watcher.flows.questions.explain import explain

BOTH = replace(WEEKLY, watches=("nmj", "als"))
OTHER = replace(WEEKLY, name="other", title="Other")
NMJ_0, ALS_0 = replace(NMJ, threshold=0), replace(ALS, threshold=0)
JULY_9, JULY_10, SEPT_17 = "2026-07-09T06:00", "2026-07-10T06:00", "2026-09-17T06:00"
DIGEST = "2026-09-21T07:00"

Desks = Callable[..., Desk]


@pytest.fixture
def at_place(migrated: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desks]:
    """Opens a desk over a database of either kind, with two watches and one list."""
    with ExitStack() as stack:

        def opened(*records: Planted | bytes) -> Desk:
            one = stack.enter_context(desk(migrated.folder, monkeypatch, *records, url=migrated.url))
            one.watches, one.lists = [NMJ_0, ALS_0], [BOTH]
            return one

        yield opened


def on_nmj(pmid: int, created: str = "2026-07-08") -> bytes:
    return paper(pmid, title="The neuromuscular junction", created=created)


def on_als(pmid: int, created: str = "2026-07-08") -> bytes:
    return paper(pmid, title="Amyotrophic lateral sclerosis", created=created)


def six() -> tuple[bytes, ...]:
    return tuple(on_als(pmid) for pmid in range(1, 7))


def settle(one: Desk) -> None:
    """The watches' first runs, and the list's first digest, before the story begins."""
    one.tick("2026-07-06T07:00")


def take_out(one: Desk, instant: str = JULY_10) -> None:
    """The watch `als` leaves the configuration."""
    one.watches, one.lists = [NMJ_0], [replace(BOTH, watches=("nmj",))]
    one.tick(instant)


def bring_back(one: Desk) -> None:
    """It is there again."""
    one.watches, one.lists = [NMJ_0, ALS_0], [BOTH]


def all_in(digest: Digest) -> list[int]:
    return sorted(item.article.record_id.id for item in digest.presented)


def papers(one: Desk, *instants: str, list_: str = "weekly") -> list[int]:
    """What the digests of a list that are due at these instants present: one that was missed comes with the first tick."""
    drafts = [draft for instant in instants for draft in one.tick(instant).drafts]
    return [pmid for draft in drafts if draft.digest.list.name == list_ for pmid in all_in(draft.digest)]


def answer(one: Desk, pmid: int) -> str:
    now, ticker = clock.now(), one.ticker()
    return explain(one.store, pubmed_id(pmid), now, lambda name: ticker.next_digest_of(name, now)).answer


def test_all_that_a_watch_had_seen_before_it_left_is_in_the_digest_after_its_return(at_place: Desks) -> None:
    one = at_place(*six())
    settle(one)
    one.tick(JULY_9)
    take_out(one)
    between = papers(one, "2026-07-13T07:00", "2026-08-10T07:00", "2026-09-14T07:00")

    bring_back(one)
    one.tick(SEPT_17)
    digest = one.digest(DIGEST)

    assert (between, all_in(digest)) == ([], [1, 2, 3, 4, 5, 6])
    assert digest.receipt.new == 6
    assert {item.note for item in digest.items} == {
        "Seen on 9 July 2026: the digests of this list since then were without its watch."
    }


def test_what_came_back_is_not_judged_twice(at_place: Desks) -> None:
    one = at_place(*six())
    settle(one)
    one.tick(JULY_9)
    take_out(one)
    bring_back(one)
    first = papers(one, SEPT_17, DIGEST)

    take_out(one, "2026-09-22T06:00")
    bring_back(one)

    assert first == [1, 2, 3, 4, 5, 6]
    assert papers(one, "2026-11-20T06:00", "2026-11-23T07:00") == []


def test_explain_tells_what_a_paper_waits_for_while_its_watch_is_gone_and_after(at_place: Desks) -> None:
    one = at_place(*six())
    settle(one)
    one.tick(JULY_9)
    before = answer(one, 1)
    take_out(one)
    gone = answer(one, 1)
    one.tick("2026-09-14T07:00")
    bring_back(one)
    one.tick(SEPT_17)
    back = answer(one, 1)
    one.tick(DIGEST)

    assert before == "It is news and waits for the next digest of list weekly (Monday 13 July 2026, 08:00 (Europe/Berlin))."
    assert gone == (
        "It is news, and no digest has judged it: watch als left the configuration on 10 July 2026. When that is undone, the next "
        "digest of list weekly judges it."
    )
    assert back == "It is news and waits for the next digest of list weekly (Monday 21 September 2026, 08:00 (Europe/Berlin))."
    assert answer(one, 1).startswith("It reached list weekly in the digest of 2026-09-21")


def test_papers_that_arrive_while_the_watch_is_gone_come_with_those_seen_before(at_place: Desks) -> None:
    one = at_place(*six(), on_als(7, "2026-07-20"), on_als(8, "2026-09-10"), on_als(9, "2019-01-01"))
    settle(one)
    one.tick(JULY_9)
    take_out(one)

    bring_back(one)

    assert papers(one, SEPT_17, DIGEST) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_watch_that_was_taken_from_a_list_and_is_searched_for_another_is_owed_what_was_seen_in_its_time(at_place: Desks) -> None:
    one = at_place(on_als(1), on_als(2, "2026-07-20"), on_als(3, "2026-09-10"))
    one.lists = [BOTH, replace(OTHER, watches=("als",))]
    settle(one)
    one.tick(JULY_9)
    one.lists = [replace(BOTH, watches=("nmj",)), replace(OTHER, watches=("als",))]
    one.tick(JULY_10)
    one.tick("2026-07-20T07:00")
    one.tick("2026-07-27T07:00")
    gone = answer(one, 1)
    late = answer(one, 2)

    one.lists = [BOTH, replace(OTHER, watches=("als",))]
    assert papers(one, SEPT_17, DIGEST) == [1, 3]
    assert gone.startswith("It reached list other in the digest of 2026-07-20")
    assert late.startswith("It reached list other")


def test_a_watch_that_moves_to_another_list_and_back_leaves_nothing_behind(at_place: Desks) -> None:
    one = at_place(on_als(1), on_als(2, "2026-07-20"))
    one.lists = [BOTH, OTHER]
    settle(one)
    one.tick(JULY_9)
    one.lists = [replace(BOTH, watches=("nmj",)), replace(OTHER, watches=("nmj", "als"))]
    one.tick(JULY_10)
    one.tick("2026-07-13T07:00")
    one.tick("2026-07-27T07:00")

    one.lists = [BOTH, OTHER]
    assert papers(one, SEPT_17, DIGEST) == [1]


def test_a_watch_that_goes_and_comes_twice_is_owed_what_was_seen_each_time(at_place: Desks) -> None:
    one = at_place(on_als(1), on_als(2, "2026-07-11"), on_als(3, "2026-07-13"))
    settle(one)
    one.tick(JULY_9)
    take_out(one)
    bring_back(one)
    one.tick("2026-07-12T06:00")
    take_out(one, "2026-07-12T12:00")

    bring_back(one)

    assert papers(one, SEPT_17, DIGEST) == [1, 2, 3]


def test_a_watch_that_is_gone_for_an_hour_is_owed_the_late_papers_that_it_had_seen(at_place: Desks) -> None:
    before = paper(5, title="The kidney", created="2026-02-10")
    after = paper(5, title="Amyotrophic lateral sclerosis", created="2026-02-10", revised="2026-07-08")
    one = at_place(Planted(before, changes=((date(2026, 7, 8), after),)))
    settle(one)
    one.tick("2026-07-09T04:00")
    take_out(one, "2026-07-09T05:00")
    bring_back(one)

    assert papers(one, "2026-07-09T06:00", "2026-07-13T07:00") == [5]


def test_a_watch_that_left_before_its_first_digest_begins_with_what_it_had_seen(at_place: Desks) -> None:
    one = at_place(*six())
    one.watches, one.lists = [NMJ_0], [replace(BOTH, watches=("nmj",))]
    settle(one)
    bring_back(one)
    one.tick(JULY_9)
    take_out(one)

    bring_back(one)

    assert papers(one, SEPT_17, DIGEST) == [1, 2, 3, 4, 5, 6]


def test_a_list_that_is_gone_and_comes_back_is_owed_what_was_seen_in_its_time(at_place: Desks) -> None:
    one = at_place(*six(), on_als(7, "2026-07-20"))
    one.lists = [BOTH, replace(OTHER, watches=("als",))]
    settle(one)
    one.tick(JULY_9)
    one.lists = [replace(OTHER, watches=("als",))]
    one.tick(JULY_10)
    one.tick("2026-07-27T07:00")

    one.lists = [BOTH, replace(OTHER, watches=("als",))]

    assert papers(one, SEPT_17) == [1, 2, 3, 4, 5, 6]


def test_a_watch_that_comes_back_under_another_name_is_owed_what_it_had_seen_under_the_old_one(at_place: Desks) -> None:
    one = at_place(*six())
    settle(one)
    one.tick(JULY_9)
    take_out(one)

    one.watches = [NMJ_0, replace(ALS_0, name="motor", was="als")]
    one.lists = [replace(BOTH, watches=("nmj", "motor"))]
    assert papers(one, SEPT_17, DIGEST) == [1, 2, 3, 4, 5, 6]


def test_a_watch_that_leaves_a_paused_list_is_owed_what_was_seen_in_the_pause(at_place: Desks) -> None:
    one = at_place(*six())
    settle(one)
    paused = replace(BOTH, pause_until=date(2026, 8, 3))
    one.lists = [paused]
    one.tick(JULY_9)
    waiting = answer(one, 1)
    one.watches, one.lists = [NMJ_0], [replace(paused, watches=("nmj",))]
    one.tick("2026-07-20T06:00")

    bring_back(one)

    assert waiting.endswith("of list weekly (Monday 3 August 2026, 08:00 (Europe/Berlin)).")
    assert papers(one, SEPT_17, DIGEST) == [1, 2, 3, 4, 5, 6]


def test_what_was_judged_before_the_watch_left_stays_judged(at_place: Desks) -> None:
    one = at_place(*six(), on_als(7, "2026-07-14"))
    settle(one)
    one.watches = [NMJ_0, replace(ALS_0, threshold=60)]
    one.tick("2026-07-13T07:00")
    one.tick("2026-07-15T06:00")
    take_out(one, "2026-07-16T06:00")

    bring_back(one)

    assert papers(one, SEPT_17, DIGEST) == [7]


def test_the_text_of_what_is_owed_is_kept_for_years(at_place: Desks) -> None:
    one = at_place(*six())
    settle(one)
    one.tick(JULY_9)
    take_out(one)
    one.at("2029-09-17T06:00")

    one.store.forget(datetime(2029, 9, 17, tzinfo=UTC))
    bring_back(one)

    assert papers(one, "2029-09-17T06:00", "2029-09-24T07:00") == [1, 2, 3, 4, 5, 6]


def test_news_of_a_watch_without_a_list_is_told_as_nobodys(at_place: Desks) -> None:
    one = at_place(*six())
    one.lists = [replace(BOTH, watches=("nmj",))]
    settle(one)
    one.run(JULY_9)
    one.runner().run(ALS_0, now=one.at(JULY_9))

    assert answer(one, 1) == "It is not in any digest, and none will judge it: no list takes watch als."


def test_a_paper_from_before_the_cut_of_a_list_is_told_as_such(at_place: Desks) -> None:
    one = at_place(*six())
    one.lists = [replace(BOTH, watches=("nmj",)), replace(OTHER, watches=("als",))]
    settle(one)
    one.tick(JULY_9)
    one.lists = [BOTH, OTHER]
    one.tick(SEPT_17)

    assert answer(one, 1) == (
        "It is news, and no digest has judged it: list other has not taken watch als since 17 September 2026. When that is undone, "
        "the next digest of list other judges it."
    )
    assert papers(one, SEPT_17, DIGEST) == []
