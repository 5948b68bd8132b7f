from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from support.records import in_numbers
from support.store_samples import BY_QUERY, MONDAY, RANKING, REASONS, Bench, days, paper, pmids, updates

from watcher.domain import (
    Heading,
    HitState,
    Outcome,
    ResolvedSeed,
    Scored,
    Seed,
    VerdictKind,
    embedded_text,
    pubmed_id,
    text_sha256,
)

BEFORE = MONDAY + days(800)
"""Two years and more after the papers of these tests were fetched."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


def _below(bench: Bench, *wanted: int) -> None:
    """News that the list judged as below its threshold."""
    bench.news(*(paper(pmid, abstract="Agrin clusters receptors.") for pmid in wanted))
    bench.compose(judged=dict.fromkeys(wanted, Outcome.BELOW_THRESHOLD))


def _kept(bench: Bench, *asked: int) -> set[int]:
    return {one.id for one in bench.store.articles([pubmed_id(pmid) for pmid in asked])}


# --- what is forgotten


def test_the_text_of_a_paper_that_was_never_selected_is_dropped(bench: Bench) -> None:
    _below(bench, 1)

    with time_machine.travel(BEFORE, tick=False):
        assert bench.store.forget(BEFORE) == 1

    assert _kept(bench, 1) == set()
    history = bench.store.explain(pubmed_id(1))
    assert (history.article, history.title, history.forgotten_at) == (None, "Sample paper 1 on synapses", BEFORE)


def test_that_a_forgotten_paper_was_seen_and_judged_is_never_forgotten(bench: Bench) -> None:
    _below(bench, 1)

    bench.store.forget(BEFORE)

    assert in_numbers(bench.store.ledger("nmj")) == {1: HitState.NEWS}
    assert bench.store.stored([pubmed_id(1)]).keys() == {pubmed_id(1)}
    history = bench.store.explain(pubmed_id(1))
    assert [(one.outcome, one.score) for one in history.judgements] == [(Outcome.BELOW_THRESHOLD, 50)]
    assert [hit.origins for hit in history.hits] == [BY_QUERY]
    assert in_numbers(history.work_record_ids) == (1,)


def test_the_scores_of_a_forgotten_paper_go_with_its_text(bench: Bench) -> None:
    _below(bench, 1)
    bench.store.save_scores("nmj", RANKING, [Scored(pubmed_id(1), 12, REASONS)], MONDAY)

    bench.store.forget(BEFORE)

    assert bench.store.explain(pubmed_id(1)).scores == ()


def test_news_that_no_list_reads_is_forgotten(bench: Bench) -> None:
    bench.register(lists={})
    bench.news(paper(1))

    assert bench.store.forget(BEFORE) == 1


def test_what_was_fetched_or_created_since_is_kept(bench: Bench) -> None:
    bench.register(lists={})
    created = date(2026, 9, 14)
    bench.news(paper(1, crdt=created - days(1)), paper(2, crdt=created), at=MONDAY)
    bench.news(paper(3, crdt=created - days(1)), at=MONDAY + days(0.5))

    bench.store.forget(MONDAY)
    assert _kept(bench, 1, 2, 3) == {1, 2, 3}

    bench.store.forget(MONDAY + days(0.25))
    assert _kept(bench, 1, 2, 3) == {2, 3}

    bench.store.forget(MONDAY + days(1))
    assert _kept(bench, 1, 2, 3) == set()


def test_no_more_are_forgotten_at_once_than_asked_for_oldest_first(bench: Bench) -> None:
    bench.register({"nmj": None}, {})
    for day, pmid in enumerate((3, 1, 2)):
        bench.news(paper(pmid), at=MONDAY + days(day))

    assert bench.store.forget(BEFORE, limit=2) == 2
    assert _kept(bench, 1, 2, 3) == {2}
    assert bench.store.forget(BEFORE, limit=2) == 1
    assert bench.store.forget(BEFORE, limit=2) == 0


def test_thousands_are_forgotten_at_once(bench: Bench) -> None:
    bench.register({"nmj": None}, {})
    bench.news(*(paper(pmid) for pmid in range(1, 2_001)))

    assert bench.store.forget(BEFORE) == 2_000


# --- what is kept


def test_the_records_of_a_work_that_a_list_presented_are_kept(bench: Bench) -> None:
    bench.news(paper(1))
    bench.compose(*bench.store.unjudged("weekly", "nmj"))
    bench.news(paper(2, relations=updates("UpdateOf", 1)), at=MONDAY + days(1))
    bench.compose(at=MONDAY + days(7), judged={2: Outcome.ALREADY_PRESENTED})

    assert bench.store.forget(BEFORE) == 0

    assert _kept(bench, 1, 2) == {1, 2}


def test_what_was_judged_since_is_kept_for_it_may_be_judged_again(bench: Bench) -> None:
    bench.news(paper(1))
    bench.compose(at=BEFORE, judged={1: Outcome.BELOW_THRESHOLD})

    assert bench.store.forget(BEFORE) == 0

    assert pmids(bench.store.reconsiderable("weekly", "nmj", BEFORE, RANKING.sha256)) == [1]


def test_news_that_a_list_has_still_to_judge_is_kept(bench: Bench) -> None:
    bench.news(paper(1), paper(2, crdt=None), paper(3, crdt=date(2020, 1, 1)))

    assert bench.store.forget(BEFORE) == 0

    assert pmids(bench.store.unjudged("weekly", "nmj")) == [1, 2, 3]


def test_news_that_one_of_two_lists_has_still_to_judge_is_kept(bench: Bench) -> None:
    bench.register(lists={"weekly": ("nmj",), "daily": ("nmj",)})
    _below(bench, 1)

    assert bench.store.forget(BEFORE) == 0

    assert pmids(bench.store.unjudged("daily", "nmj")) == [1]


def test_news_from_before_the_cut_of_the_only_list_that_has_not_judged_it_is_forgotten(bench: Bench) -> None:
    _below(bench, 1)
    bench.register(lists={"weekly": ("nmj",), "daily": ("nmj",)}, since=date(2026, 10, 1), at=MONDAY + days(20))

    assert bench.store.forget(BEFORE) == 1


def test_news_that_a_list_never_judged_is_kept_while_it_is_without_the_watch(bench: Bench) -> None:
    bench.news(paper(1))
    bench.register({"nmj": None}, {"weekly": ()})
    bench.news(paper(2, crdt=date(2026, 9, 10)), at=MONDAY + days(1))

    assert bench.store.forget(BEFORE) == 1

    assert _kept(bench, 1, 2) == {1}


def test_an_older_paper_that_an_edit_added_to_be_shown_is_kept_until_it_is_judged(bench: Bench) -> None:
    bench.run(baseline=frozenset({pubmed_id(1)}))
    bench.run(at=MONDAY + days(1), articles=(paper(1, crdt=date(2020, 1, 1)),), starters=(pubmed_id(1),))
    assert bench.store.forget(BEFORE) == 0
    assert pmids(bench.store.starters("weekly", "nmj")) == [1]

    bench.compose(at=MONDAY + days(2), judged={1: Outcome.BELOW_THRESHOLD})

    assert bench.store.forget(BEFORE) == 1


def test_a_record_that_another_watch_awaits_is_kept(bench: Bench) -> None:
    bench.register({"nmj": None, "als": None}, {})
    bench.news(paper(1))
    bench.run(watch="als", awaiting={pubmed_id(1): BY_QUERY})

    assert bench.store.forget(BEFORE) == 0


def test_a_seed_is_kept(bench: Bench) -> None:
    bench.store.add_seeds("nmj", [ResolvedSeed(Seed("nmj/list.txt", "line 2", "sha"), paper(1), "doi")], MONDAY)

    assert bench.store.forget(BEFORE) == 0


def test_a_paper_with_a_readers_verdict_is_kept_while_it_stands(bench: Bench) -> None:
    _below(bench, 1, 2)
    for pmid in (1, 2):
        bench.store.give_verdict(pubmed_id(pmid), VerdictKind.NOT, ["nmj"], reader="pi", at=MONDAY)
    bench.store.give_verdict(pubmed_id(2), None, ["nmj"], reader="pi", at=MONDAY)

    assert bench.store.forget(BEFORE) == 1

    assert _kept(bench, 1, 2) == {1}


# --- afterwards


def test_a_later_fetch_brings_the_text_back_though_nothing_in_it_has_changed(bench: Bench) -> None:
    _below(bench, 1)
    same = paper(1, abstract="Agrin clusters receptors.")
    bench.store.forget(BEFORE)

    bench.store.save_articles([same], BEFORE + days(1))

    assert in_numbers(bench.store.articles([pubmed_id(1)])) == {1: same}
    assert bench.store.explain(pubmed_id(1)).forgotten_at is None
    assert bench.store.forget(BEFORE) == 0


def test_a_lower_version_does_not_bring_a_forgotten_text_back(bench: Bench) -> None:
    bench.news(paper(1, version=2))
    bench.compose(judged={1: Outcome.BELOW_THRESHOLD})
    bench.store.forget(BEFORE)

    bench.store.save_articles([paper(1, version=1)], BEFORE + days(1))

    assert _kept(bench, 1) == set()


def test_a_forgotten_paper_whose_headings_arrive_may_be_judged_again(bench: Bench) -> None:
    _below(bench, 1)
    bench.store.forget(BEFORE)
    assert bench.store.gained("weekly", "nmj") == ()

    bench.store.save_articles([paper(1, abstract="Agrin.", headings=(Heading("Synapses", "D1", major=True),))], BEFORE + days(1))

    assert pmids(bench.store.gained("weekly", "nmj")) == [1]


def test_a_record_of_the_same_doi_and_title_still_joins_the_work_of_a_forgotten_one(bench: Bench) -> None:
    bench.news(paper(1, "Agrin at the synapse", doi="10.1000/agrin"))
    bench.compose(judged={1: Outcome.BELOW_THRESHOLD})
    bench.store.forget(BEFORE)

    bench.news(paper(2, "Agrin at the synapse.", doi="10.1000/AGRIN"), at=BEFORE + days(1))

    assert in_numbers(bench.store.explain(pubmed_id(2)).work_record_ids) == (1, 2)
    assert [article.pmid for article in bench.store.works([bench.work_of(2)])[bench.work_of(2)]] == [2]


def test_what_reads_papers_goes_on_without_the_forgotten_ones(bench: Bench) -> None:
    _below(bench, 1, 2)
    bench.store.save_articles([paper(2, abstract="Agrin clusters receptors.")], BEFORE + timedelta(hours=1))

    assert bench.store.forget(BEFORE) == 1

    assert [article.pmid for article in bench.store.export(watch="nmj")] == [2]
    dropped = [bench.store.left_out(watch="nmj", since=since).dropped for since in (None, date(2026, 9, 15))]
    assert dropped == [1, 0]
    assert pmids(bench.store.reconsiderable("weekly", "nmj", MONDAY, RANKING.sha256)) == [2]
    assert bench.store.scores("nmj", RANKING.sha256, [pubmed_id(1)]) == {}
    assert (bench.store.facts().articles, bench.store.facts().hits) == (2, 2)


# --- vectors


def _text(pmid: int) -> str:
    return text_sha256(embedded_text(paper(pmid, abstract="Agrin clusters receptors.")))


def test_the_vectors_of_a_forgotten_text_are_dropped_and_others_stay(bench: Bench) -> None:
    _below(bench, 1)
    bench.news(paper(2, abstract="Agrin clusters receptors."))
    bench.store.save_embeddings("model", {_text(1): b"1", _text(2): b"2"}, BEFORE)
    bench.store.save_embeddings("another", {_text(1): b"3"}, BEFORE)

    assert bench.store.forget(BEFORE) == 1

    assert bench.store.embeddings("model", [_text(1), _text(2)]) == {_text(2): b"2"}
    assert bench.store.count_embeddings("another") == 0


def test_the_vectors_of_a_forgotten_pair_of_title_and_abstract_are_dropped(bench: Bench) -> None:
    _below(bench, 1)
    bench.news(paper(2, abstract="Agrin clusters receptors."))
    gone, stays = (embedded_text(paper(pmid, abstract="Agrin clusters receptors.")).parts_sha256 for pmid in (1, 2))
    bench.store.save_embeddings("model", {gone: b"1", stays: b"2"}, BEFORE)

    assert bench.store.forget(BEFORE) == 1

    assert bench.store.embeddings("model", [gone, stays]) == {stays: b"2"}


def test_a_vector_that_is_as_old_as_a_forgotten_text_is_dropped(bench: Bench) -> None:
    bench.store.save_embeddings("model", {"of a text that PubMed changed": b"1"}, BEFORE - days(1))
    bench.store.save_embeddings("model", {"of a text of today": b"2"}, BEFORE)

    bench.store.forget(BEFORE)

    assert bench.store.embeddings("model", ["of a text that PubMed changed", "of a text of today"]) == {"of a text of today": b"2"}
