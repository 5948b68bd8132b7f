from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.records import in_numbers
from support.store_samples import BY_QUERY, CUT, MAIL, MONDAY, RANKING, REASONS, Bench, days, paper, pmids, updates

from watcher.domain import (
    ChannelKind,
    FollowUp,
    Gap,
    HitState,
    Item,
    Message,
    Outcome,
    Receipt,
    RunKind,
    Scored,
    Section,
    pubmed_id,
)
from watcher.errors import AlreadyComposed, StoreError, UnknownNameError
from watcher.store import LeftOut, ListHistory, Owed, RunCommit
from watcher.store.database import Database


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


# --- what is to be judged


def test_news_is_judged_once_by_each_list(bench: Bench) -> None:
    bench.register(lists={"weekly": ("nmj",), "daily": ("nmj",)})
    bench.news(paper(1), paper(2))
    one, two = bench.store.unjudged("weekly", "nmj")

    bench.compose(one, judged={2: Outcome.BELOW_THRESHOLD})

    assert bench.store.unjudged("weekly", "nmj") == ()
    assert bench.store.unjudged("daily", "nmj") == (one, two)


def test_a_candidate_carries_its_article_work_and_hit(bench: Bench) -> None:
    bench.news(paper(1, abstract="Agrin clusters receptors."))

    (candidate,) = bench.store.unjudged("weekly", "nmj")

    assert candidate.article == paper(1, abstract="Agrin clusters receptors.")
    (hit,) = candidate.hits
    assert in_numbers((hit.watch, hit.record_id, hit.origins, hit.state, hit.news_at)) == (
        "nmj",
        1,
        BY_QUERY,
        HitState.NEWS,
        MONDAY,
    )
    assert bench.store.works([candidate.work_id]) == {candidate.work_id: (candidate.article,)}


def test_baseline_and_awaiting_hits_are_not_judged(bench: Bench) -> None:
    bench.store.save_articles([paper(1), paper(2)], MONDAY)
    bench.run(baseline=frozenset({pubmed_id(1)}), awaiting={pubmed_id(2): BY_QUERY})

    assert bench.store.unjudged("weekly", "nmj") == ()


def test_a_list_that_takes_up_an_old_watch_begins_at_its_own_cut(bench: Bench) -> None:
    bench.news(paper(1, crdt=date(2026, 9, 1)), paper(2, crdt=date(2026, 9, 13)), paper(3, crdt=None))

    bench.register(lists={"weekly": ("nmj",), "late": ("nmj",)}, since=date(2026, 9, 13), at=MONDAY + days(1))

    assert pmids(bench.store.unjudged("late", "nmj")) == [2, 3]


def test_what_becomes_news_after_the_list_took_the_watch_counts_however_old_it_is(bench: Bench) -> None:
    bench.news(paper(1, crdt=date(2019, 1, 1)), at=MONDAY)

    assert pmids(bench.store.unjudged("weekly", "nmj")) == [1]


def test_a_list_that_does_not_take_the_watch_has_nothing_to_judge(bench: Bench) -> None:
    bench.register(lists={"weekly": ("nmj",), "other": ()})
    bench.news(paper(1))

    assert bench.store.unjudged("other", "nmj") == ()
    assert bench.store.starters("other", "nmj") == ()


def test_a_list_that_left_a_watch_and_comes_back_misses_what_came_between(bench: Bench) -> None:
    bench.register(lists={"weekly": ()}, at=MONDAY - days(10))
    bench.news(paper(1, crdt=date(2026, 9, 5)), at=MONDAY - days(8))
    assert bench.store.unjudged("weekly", "nmj") == ()

    bench.register(since=date(2026, 9, 8), at=MONDAY - days(6))
    bench.news(paper(2, crdt=date(2026, 9, 9)), at=MONDAY)

    assert pmids(bench.store.unjudged("weekly", "nmj")) == [2]


def test_what_a_list_had_seen_is_owed_when_it_takes_the_watch_again(bench: Bench) -> None:
    bench.news(paper(1, crdt=date(2026, 8, 20)), paper(2, crdt=date(2019, 1, 1)), at=MONDAY)
    bench.register(lists={"weekly": (), "other": ("nmj",)}, at=MONDAY + days(1))
    bench.news(paper(3, crdt=date(2026, 9, 14)), at=MONDAY + days(2))

    bench.register(since=date(2026, 10, 1), at=MONDAY + days(50))

    assert pmids(bench.store.unjudged("weekly", "nmj")) == [1, 2]


def test_what_a_run_brings_that_was_under_way_when_the_list_gave_up_the_watch_is_owed(bench: Bench) -> None:
    run_id = bench.store.begin_run("nmj", "window", MONDAY)
    bench.register(lists={"weekly": ()}, at=MONDAY)
    seen = bench.report(MONDAY + days(0.01), kind=RunKind.WINDOW)
    bench.store.commit_run(run_id, RunCommit(seen, articles=(paper(1),), news={pubmed_id(1): BY_QUERY}))

    bench.register(since=date(2026, 12, 1), at=MONDAY + days(100))

    assert pmids(bench.store.unjudged("weekly", "nmj")) == [1]


def test_what_was_awaited_when_the_list_gave_up_the_watch_is_owed_when_it_has_arrived(bench: Bench) -> None:
    bench.run(awaiting={pubmed_id(1): BY_QUERY})
    bench.register(lists={"weekly": (), "other": ("nmj",)}, at=MONDAY + days(1))
    bench.run(at=MONDAY + days(2), articles=(paper(1),), arrived=(pubmed_id(1),))

    bench.register(since=date(2026, 12, 1), at=MONDAY + days(100))

    assert pmids(bench.store.unjudged("weekly", "nmj")) == [1]


def test_starters_of_an_edit_are_owed_by_the_list_that_had_the_watch_then(bench: Bench) -> None:
    bench.run(articles=(paper(1), paper(2)), baseline=frozenset({pubmed_id(1), pubmed_id(2)}), starters=(pubmed_id(1),))
    bench.register(lists={"weekly": (), "other": ("nmj",)}, at=MONDAY + days(1))
    bench.run(at=MONDAY + days(2), starters=(pubmed_id(2),))

    bench.register(since=date(2026, 12, 1), at=MONDAY + days(100))

    assert pmids(bench.store.starters("weekly", "nmj")) == [1]


def test_a_list_may_leave_and_take_up_a_watch_on_one_day(bench: Bench) -> None:
    bench.news(paper(1))
    bench.register(lists={"weekly": ()})

    bench.register(since=CUT)

    assert pmids(bench.store.unjudged("weekly", "nmj")) == [1]


def test_registering_the_same_again_moves_no_cut(bench: Bench) -> None:
    bench.news(paper(1, crdt=date(2026, 8, 20)), at=MONDAY - days(31))

    bench.register(since=date(2026, 9, 14), at=MONDAY)

    assert pmids(bench.store.unjudged("weekly", "nmj")) == [1]


def test_starters_are_shown_once_by_lists_that_had_the_watch_at_the_edit(bench: Bench) -> None:
    bench.run(articles=(paper(1), paper(2)), baseline=frozenset({pubmed_id(1), pubmed_id(2)}), starters=(pubmed_id(2),))
    bench.register(lists={"weekly": ("nmj",), "late": ("nmj",)}, at=MONDAY + days(1))
    assert bench.store.starters("late", "nmj") == ()
    (starter,) = bench.store.starters("weekly", "nmj")
    assert (starter.article.pmid, starter.hits[0].state) == (2, HitState.BASELINE)

    bench.compose(starter, section=Section.STARTER)

    assert bench.store.starters("weekly", "nmj") == ()
    assert in_numbers(bench.store.ledger("nmj")) == {1: HitState.BASELINE, 2: HitState.BASELINE}


def test_only_what_stayed_below_the_threshold_may_gain(bench: Bench) -> None:
    bench.news(*(paper(number) for number in range(1, 5)))
    shown = bench.store.unjudged("weekly", "nmj")[0]
    bench.compose(shown, judged={2: Outcome.BELOW_THRESHOLD, 3: Outcome.EXCLUDED_TYPE, 4: Outcome.BELOW_THRESHOLD})

    bench.run(at=MONDAY + days(1), articles=tuple(paper(number, abstract="Gained.") for number in (1, 2, 3)))

    assert pmids(bench.store.gained("weekly", "nmj")) == [2]


def test_a_paper_whose_work_was_presented_meanwhile_does_not_come_back(bench: Bench) -> None:
    bench.news(paper(1))
    bench.compose(judged={1: Outcome.BELOW_THRESHOLD}, ranking=None)
    bench.news(paper(2, relations=updates("UpdateOf", 1)), at=MONDAY + days(1))
    (article,) = bench.store.unjudged("weekly", "nmj")
    bench.compose(article, at=MONDAY + days(2))

    bench.run(at=MONDAY + days(3), articles=(paper(1, abstract="Gained."),))

    assert bench.store.gained("weekly", "nmj") == ()
    assert bench.store.reconsiderable("weekly", "nmj", MONDAY - days(1), "ranking-2") == ()


def test_what_was_below_the_threshold_under_another_ranking_may_be_reconsidered(bench: Bench) -> None:
    bench.news(paper(1), paper(2))
    bench.store.save_scores("nmj", RANKING, [Scored(pubmed_id(1), 12, REASONS)], MONDAY)
    bench.compose(judged={1: Outcome.BELOW_THRESHOLD, 2: Outcome.RETRACTED}, ranking=RANKING.sha256)

    assert pmids(bench.store.reconsiderable("weekly", "nmj", MONDAY - days(28), "ranking-2")) == [1]
    assert bench.store.reconsiderable("weekly", "nmj", MONDAY - days(28), RANKING.sha256) == ()
    assert bench.store.reconsiderable("weekly", "nmj", MONDAY + days(1), "ranking-2") == ()


def test_only_the_last_judgement_counts_for_reconsidering(bench: Bench) -> None:
    bench.news(paper(1))
    bench.store.save_scores("nmj", RANKING, [Scored(pubmed_id(1), 12, REASONS)], MONDAY)
    bench.compose(judged={1: Outcome.BELOW_THRESHOLD}, ranking=None)
    assert pmids(bench.store.reconsiderable("weekly", "nmj", MONDAY, RANKING.sha256)) == [1]

    bench.compose(at=MONDAY + days(7), judged={1: Outcome.BELOW_THRESHOLD}, ranking=RANKING.sha256)

    assert bench.store.reconsiderable("weekly", "nmj", MONDAY, RANKING.sha256) == ()


# --- writing a digest


def test_a_list_without_digests_has_a_history_of_its_birth(bench: Bench) -> None:
    assert bench.store.list_history("weekly") == ListHistory("weekly", MONDAY - days(30))
    assert bench.store.last_digest("weekly") is None


def test_of_a_list_that_nobody_registered_nothing_is_known(bench: Bench) -> None:
    assert bench.store.list_history("monthly") == ListHistory("monthly")
    assert bench.store.last_digest("monthly") is None
    assert bench.store.export(list_name="monthly") == ()


def test_the_history_of_a_list_is_that_of_its_latest_digest(bench: Bench) -> None:
    bench.news(paper(1), paper(2), paper(3))
    one, two, three = bench.store.unjudged("weekly", "nmj")
    bench.compose(one)

    bench.compose(two, three, at=MONDAY + days(7), period="2026-09-21T08:00+02:00")

    assert bench.store.list_history("weekly") == ListHistory(
        name="weekly",
        created_at=MONDAY - days(30),
        last_period="2026-09-21T08:00+02:00",
        last_slot_at=MONDAY + days(7),
        covers_to=date(2026, 9, 21),
        last_composed_at=MONDAY + days(7),
        last_papers=2,
        digests=2,
    )


def test_a_digest_comes_back_with_its_gaps_and_receipt(bench: Bench) -> None:
    gaps = (Gap("nmj", date(2026, 9, 12), date(2026, 9, 14), "PubMed did not answer"),)
    receipt = Receipt(checked=420, new=3, retracted=(pubmed_id(8),), next_digest_at=datetime(2026, 9, 21, 6, tzinfo=UTC))

    digest_id = bench.compose(gaps=gaps, receipt=receipt)

    found = bench.store.last_digest("weekly")
    assert found is not None
    assert (found.id, found.kind, found.gaps, found.receipt) == (digest_id, "scheduled", gaps, receipt)


def test_a_list_has_one_digest_for_each_period(bench: Bench) -> None:
    bench.news(paper(1))
    (candidate,) = bench.store.unjudged("weekly", "nmj")
    bench.owe()

    with pytest.raises(AlreadyComposed, match="list weekly: the digest for"):
        bench.compose(candidate, period=MONDAY.isoformat(), owed=(Owed(MAIL, "mail", ("pi@lab.example",)),))

    assert bench.store.list_history("weekly").digests == 1
    assert bench.store.unjudged("weekly", "nmj") == (candidate,)


def test_another_list_may_have_a_digest_for_the_same_period(bench: Bench) -> None:
    bench.register(lists={"weekly": ("nmj",), "daily": ("nmj",)})
    bench.compose()

    bench.compose(list_name="daily")

    assert bench.store.list_history("daily").digests == 1


def test_a_work_is_presented_once_to_a_list(bench: Bench) -> None:
    bench.news(paper(1))
    (candidate,) = bench.store.unjudged("weekly", "nmj")
    bench.compose(candidate)

    with pytest.raises(StoreError, match=r"list weekly: a paper of the digest for .* was presented before"):
        bench.compose(candidate, at=MONDAY + days(7), owed=(Owed(MAIL, "mail"),))

    assert bench.store.list_history("weekly").digests == 1
    assert bench.store.deliveries() == ()


def test_two_records_of_one_work_cannot_be_in_one_digest(bench: Bench) -> None:
    bench.news(paper(1), paper(2, relations=updates("UpdateOf", 1)))

    with pytest.raises(StoreError, match="stands twice in it"):
        bench.compose(*bench.store.unjudged("weekly", "nmj"))


def test_a_paper_that_is_not_stored_cannot_be_presented(bench: Bench) -> None:
    bench.news(paper(1))
    (candidate,) = bench.store.unjudged("weekly", "nmj")

    with pytest.raises(StoreError, match="PMID 2 cannot be presented"):
        bench.compose(replace(candidate, article=paper(2)))


def test_presented_works_are_known_by_the_record_that_was_shown(bench: Bench) -> None:
    bench.news(paper(1), paper(2))
    one, two = bench.store.unjudged("weekly", "nmj")

    bench.compose(two)

    assert in_numbers(bench.store.presented("weekly", [one.work_id, two.work_id])) == {two.work_id: 2}


def test_attached_papers_are_presented_after_those_shown(bench: Bench) -> None:
    bench.news(paper(1), paper(2))
    one, two = bench.store.unjudged("weekly", "nmj")
    attached = Item(one.article, one.work_id, ("nmj",), 40, REASONS, Section.LATE)

    bench.compose(two, attached=(attached,), judged={1: Outcome.ATTACHED})

    places = [(facts.section, facts.position) for pmid in (2, 1) for facts in bench.store.explain(pubmed_id(pmid)).presented]
    assert places == [(Section.WATCH, 1), (Section.LATE, 2)]
    assert bench.store.list_history("weekly").last_papers == 2


def test_a_follow_up_is_kept_with_its_digest(bench: Bench) -> None:
    bench.news(paper(1))
    (preprint,) = bench.store.unjudged("weekly", "nmj")
    bench.compose(preprint)
    bench.news(paper(2, relations=updates("UpdateOf", 1)), at=MONDAY + days(1))
    (article,) = bench.store.unjudged("weekly", "nmj")
    told = FollowUp(article.article, article.work_id, "now in Sample J.")

    bench.compose(at=MONDAY + days(7), follow_ups=(told,), judged={2: Outcome.ALREADY_PRESENTED})

    (follow_up,) = bench.store.explain(pubmed_id(2)).follow_ups
    assert (follow_up.list_name, follow_up.composed_at) == ("weekly", MONDAY + days(7))
    assert bench.store.unjudged("weekly", "nmj") == ()


# --- messages


def test_a_message_comes_back_byte_for_byte(bench: Bench) -> None:
    odd = Message(
        ChannelKind.EMAIL,
        2,
        "[NMJ] α → β",
        {
            "text": "line\r\nline\n\ttab\x00nul   \u2028",
            "html": "<p>é e\u0301 😀</p>",
            "ris": "TY  - JOUR\r\n",
            "ris_name": "nmj.ris",
        },
        {"X-Watcher-List": "weekly", "X-Watcher-Period": "2026-09-14T08:00+02:00"},
    )
    bench.owe("pi@lab.example", messages=(odd,))

    delivery = bench.store.claim_delivery(MONDAY, holder="me")

    assert delivery is not None
    assert delivery.message == odd


def test_a_damaged_message_is_not_sent(bench: Bench, tmp_path: Path) -> None:
    bench.owe("pi@lab.example")
    database = Database(bench.url, folder=tmp_path)
    with database.writing() as session:
        session.execute(sa.text("UPDATE message SET payload = :other"), {"other": b'{"headers":{},"payload":{"text":"other"}}'})
    database.close()

    assert bench.store.claim_delivery(MONDAY, holder="me", everything=True) is None

    (parked,) = bench.store.deliveries()
    assert (parked.state, parked.next_at) == ("parked", MONDAY + days(1))
    assert "the stored message is damaged in the database" in str(parked.reason)


def test_a_damaged_message_holds_up_no_other(bench: Bench, tmp_path: Path) -> None:
    bench.owe("one@lab.example")
    bench.owe("two@lab.example", at=MONDAY + days(1))
    database = Database(bench.url, folder=tmp_path)
    with database.writing() as session:
        session.execute(sa.text("UPDATE message SET payload = :other WHERE id = 1"), {"other": b"{"})
    database.close()

    claimed = bench.store.claim_delivery(MONDAY + days(1), holder="me")

    assert claimed is not None
    assert claimed.recipient == "two@lab.example"


def test_channels_of_one_kind_share_a_message(bench: Bench) -> None:
    bench.compose(owed=(Owed(MAIL, "mail", ("a@lab.example",)), Owed(MAIL, "archive", ("b@lab.example",))))

    assert {(one.channel, one.recipient) for one in bench.store.deliveries()} == {
        ("mail", "a@lab.example"),
        ("archive", "b@lab.example"),
    }


def test_two_different_messages_of_one_kind_and_part_are_refused(bench: Bench) -> None:
    other = replace(MAIL, payload={"text": "another"})

    with pytest.raises(StoreError, match="two different email messages for part 1"):
        bench.compose(owed=(Owed(MAIL, "mail"), Owed(other, "archive")))

    assert bench.store.list_history("weekly").digests == 0


def test_a_recipient_named_twice_is_owed_one_message(bench: Bench) -> None:
    bench.owe("pi@lab.example", "pi@lab.example")

    assert len(bench.store.deliveries()) == 1


def test_every_delivery_has_a_message_id_of_its_own(bench: Bench) -> None:
    bench.owe("a@lab.example", "b@lab.example")

    ids = {one.id: one.rfc822_id for one in bench.store.deliveries()}

    assert len(set(ids.values())) == 2
    assert all(name.startswith(f"{row}.") and name.endswith("@lab.example") for row, name in ids.items())


def test_the_papers_of_one_digest_can_be_exported(bench: Bench) -> None:
    bench.news(paper(1), paper(2))
    first, second = bench.store.unjudged("weekly", "nmj")
    bench.compose(first, period="one")
    bench.compose(second, period="two", at=MONDAY + days(7))

    assert [one.pmid for one in bench.store.export(list_name="weekly", period="two")] == [second.article.pmid]
    assert bench.store.left_out(list_name="weekly", period="two") == LeftOut()
    with pytest.raises(UnknownNameError, match=r"no digest of the period 'three'\n    its last one is two"):
        bench.store.export(list_name="weekly", period="three")
