from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from support.records import in_numbers
from support.store_samples import BY_QUERY, MAIL, MONDAY, RANKING, REASONS, Bench, days, paper, updates

from watcher.domain import Article, DeliveryState, FollowUp, HitState, Outcome, RunKind, Scored, Section, pubmed_id
from watcher.store import Owed, Store, StoreFacts


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


def _titles(articles: tuple[Article, ...]) -> list[int]:
    return [article.record_id.id for article in articles]


# --- explain


def test_a_pmid_that_was_never_seen_has_an_empty_history(bench: Bench) -> None:
    history = bench.store.explain(pubmed_id(7))

    assert not history.seen
    assert (history.article, history.work_record_ids, history.hits, history.scores) == (None, (), (), ())
    assert (history.judgements, history.presented, history.follow_ups, history.deliveries) == ((), (), (), ())


def test_a_baseline_paper_says_so_and_when_it_was_first_seen(bench: Bench) -> None:
    bench.run(report={"kind": RunKind.FIRST}, baseline=frozenset({pubmed_id(7)}))

    (hit,) = bench.store.explain(pubmed_id(7)).hits

    assert (hit.watch, hit.state, hit.first_seen_at, hit.origins) == (
        "nmj",
        HitState.BASELINE,
        MONDAY,
        frozenset(),
    )


def test_an_awaiting_paper_says_since_when_and_how_often_it_was_tried(bench: Bench) -> None:
    bench.run(awaiting={pubmed_id(7): BY_QUERY})
    bench.run(at=MONDAY + days(1), still_awaiting=(pubmed_id(7),))

    (hit,) = bench.store.explain(pubmed_id(7)).hits

    assert (hit.state, hit.first_seen_at, hit.tries, hit.origins) == (HitState.AWAITING, MONDAY, 2, BY_QUERY)


def test_a_paper_below_the_threshold_says_its_score_the_threshold_and_the_digest(bench: Bench) -> None:
    bench.run(articles=(paper(7),), news={pubmed_id(7): BY_QUERY}, ranking=RANKING, scores=(Scored(pubmed_id(7), 12.3, REASONS),))
    bench.compose(judged={7: Outcome.BELOW_THRESHOLD}, score=12.3, ranking=RANKING.sha256)

    history = bench.store.explain(pubmed_id(7))

    (judgement,) = history.judgements
    assert (judgement.list_name, judgement.watch, judgement.outcome) == ("weekly", "nmj", Outcome.BELOW_THRESHOLD)
    assert (judgement.score, judgement.threshold, judgement.ranking_sha256) == (12.3, 35, RANKING.sha256)
    assert (judgement.period, judgement.composed_at) == (MONDAY.isoformat(), MONDAY)
    (score,) = history.scores
    assert (score.watch, score.made_at, score.current, score.scored) == ("nmj", MONDAY, True, Scored(pubmed_id(7), 12.3, REASONS))
    assert history.deliveries == ()


def test_a_score_of_an_earlier_content_is_not_current(bench: Bench) -> None:
    bench.run(articles=(paper(7),), news={pubmed_id(7): BY_QUERY}, ranking=RANKING, scores=(Scored(pubmed_id(7), 12.3, REASONS),))

    bench.run(at=MONDAY + days(1), articles=(paper(7, abstract="Gained."),))

    assert [score.current for score in bench.store.explain(pubmed_id(7)).scores] == [False]


def test_a_shown_paper_says_where_it_stood_and_to_whom_it_was_delivered(bench: Bench) -> None:
    bench.news(paper(7))
    digest_id = bench.compose(
        *bench.store.unjudged("weekly", "nmj"), section=Section.PICK, owed=(Owed(MAIL, "mail", ("a@lab.example", "b@lab.example")),)
    )
    delivery = bench.store.claim_delivery(MONDAY, holder="me")
    assert delivery is not None
    bench.store.settle(delivery, DeliveryState.SENT, MONDAY + timedelta(minutes=2))

    history = bench.store.explain(pubmed_id(7))

    (shown,) = history.presented
    assert in_numbers((shown.list_name, shown.digest_id, shown.record_id, shown.section, shown.position)) == (
        "weekly",
        digest_id,
        7,
        Section.PICK,
        1,
    )
    assert [(one.recipient, one.state, one.sent_at) for one in history.deliveries] == [
        ("a@lab.example", "sent", MONDAY + timedelta(minutes=2)),
        ("b@lab.example", "pending", None),
    ]


def test_a_later_record_tells_of_its_work_and_of_the_digest_that_told_of_it(bench: Bench) -> None:
    bench.news(paper(7))
    bench.compose(*bench.store.unjudged("weekly", "nmj"))
    bench.news(paper(8, relations=updates("UpdateOf", 7)), at=MONDAY + days(1))
    (article,) = bench.store.unjudged("weekly", "nmj")
    bench.compose(
        at=MONDAY + days(7),
        follow_ups=(FollowUp(article.article, article.work_id, "now in Sample J."),),
        owed=(Owed(MAIL, "mail"),),
    )

    history = bench.store.explain(pubmed_id(8))

    assert in_numbers(history.work_record_ids) == (7, 8)
    assert [one.record_id.id for one in history.presented] == [7]
    assert [one.period for one in history.follow_ups] == [(MONDAY + days(7)).isoformat()]
    assert [one.period for one in history.deliveries] == [(MONDAY + days(7)).isoformat()]


def test_every_watch_that_saw_a_paper_is_told(bench: Bench) -> None:
    bench.register({"nmj": None, "als": None})
    bench.news(paper(7), watch="als")
    bench.run(at=MONDAY + days(1), baseline=frozenset({pubmed_id(7)}))

    assert [(hit.watch, hit.state) for hit in bench.store.explain(pubmed_id(7)).hits] == [
        ("als", HitState.NEWS),
        ("nmj", HitState.BASELINE),
    ]


# --- export


@pytest.fixture
def issued(bench: Bench) -> Bench:
    """Two lists, two watches, two weeks: paper 1 and 2 in weekly, 2 and 3 in daily, 4 only news."""
    bench.register({"nmj": None, "als": None}, {"weekly": ("nmj",), "daily": ("nmj",)})
    bench.news(paper(1), paper(2), at=MONDAY)
    bench.news(paper(3), paper(4), at=MONDAY + days(7))
    bench.run(watch="als", at=MONDAY, baseline=frozenset({pubmed_id(2)}))
    one, two, three, _ = bench.store.unjudged("weekly", "nmj")
    bench.compose(two, at=MONDAY)
    bench.compose(one, at=MONDAY + days(7))
    bench.compose(three, two, at=MONDAY + days(7), list_name="daily")
    return bench


def test_a_list_exports_what_it_presented_in_its_order(issued: Bench) -> None:
    assert _titles(issued.store.export(list_name="weekly")) == [2, 1]
    assert _titles(issued.store.export(list_name="daily")) == [3, 2]


def test_a_watch_exports_its_news(issued: Bench) -> None:
    assert _titles(issued.store.export(watch="nmj")) == [1, 2, 3, 4]
    assert _titles(issued.store.export(watch="nmj", since=date(2026, 9, 15))) == [3, 4]


def test_everything_presented_is_exported_once(issued: Bench) -> None:
    assert _titles(issued.store.export()) == [2, 1, 3]


def test_a_list_and_a_watch_export_what_both_have(issued: Bench) -> None:
    assert _titles(issued.store.export(list_name="weekly", watch="als")) == [2]


def test_an_export_since_a_day_begins_with_its_digests(issued: Bench) -> None:
    assert _titles(issued.store.export(list_name="weekly", since=date(2026, 9, 21))) == [1]
    assert _titles(issued.store.export(list_name="weekly", since=date(2026, 9, 22))) == []


# --- facts


def test_the_facts_count_what_is_there(bench: Bench) -> None:
    bench.news(paper(1), paper(2, relations=updates("UpdateOf", 1)), paper(3))
    bench.run(at=MONDAY + days(1), awaiting={pubmed_id(9): BY_QUERY})
    candidates = {one.article.pmid: one for one in bench.store.unjudged("weekly", "nmj")}
    recipients = tuple(f"{name}@lab.example" for name in "abcde")
    bench.compose(candidates[1], candidates[3], owed=(Owed(MAIL, "mail", recipients),))
    for state in (DeliveryState.SENT, DeliveryState.PARKED, None):
        delivery = bench.store.claim_delivery(MONDAY, holder="me")
        assert delivery is not None
        if state:
            bench.store.settle(delivery, state, MONDAY)

    facts = bench.store.facts()

    assert facts.size_bytes > 0
    assert facts == StoreFacts(
        schema=Store.schema,
        articles=3,
        works=2,
        hits=4,
        awaiting=1,
        damaged=0,
        digests=1,
        presented=2,
        pending=2,
        sending=1,
        parked=1,
        oldest_at=MONDAY,
        size_bytes=facts.size_bytes,
    )


def test_nothing_owed_has_no_oldest(bench: Bench) -> None:
    assert bench.store.facts().oldest_at is None
