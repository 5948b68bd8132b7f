from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from support.flow_samples import ALS, NMJ, WEEKLY, candidate, preprint, scored
from support.records import in_numbers
from support.store_samples import MONDAY, paper, updates

from watcher.digest.chips import chips
from watcher.domain import Article, Candidate, Heading, Journal, Origin, Outcome, Section, pubmed_id
from watcher.flows.compose.judging import Basis, Judged, entries, follow_ups, judge, outcomes, reconsidered, tally, with_remarks


def bench(presented: Mapping[int, int] | None = None, **changes: object) -> Basis:
    had = {work: pubmed_id(pmid) for work, pmid in (presented or {}).items()}
    return Basis(replace(WEEKLY, **changes), had, chips)  # type: ignore[arg-type]


def decided(one: Candidate, score: float, on: Basis, kind: Section = Section.WATCH) -> Outcome | None:
    (judged,) = judge(on, NMJ, [one], scored({one.article.record_id.id: score}), kind)
    return judged.outcome


# --- the decision


def test_a_paper_at_the_threshold_passes_and_one_below_does_not() -> None:
    assert decided(candidate(paper(1)), 35, bench()) is None
    assert decided(candidate(paper(1)), 34.9, bench()) is Outcome.BELOW_THRESHOLD


@pytest.mark.parametrize(
    ("article", "presented", "score", "outcome"),
    [
        (paper(1, publication_types=("Retracted Publication", "Comment")), {1: 1}, 10, Outcome.RETRACTED),
        (paper(1, publication_types=("Comment",)), {1: 1}, 10, Outcome.ALREADY_PRESENTED),
        (paper(1, publication_types=("Comment",)), {}, 10, Outcome.EXCLUDED_TYPE),
        (paper(1), {}, 10, Outcome.BELOW_THRESHOLD),
    ],
)
def test_the_first_reason_that_holds_decides(article: Article, presented: dict[int, int], score: float, outcome: Outcome) -> None:
    assert decided(candidate(article), score, bench(presented)) is outcome


def test_a_retraction_notice_is_a_paper_of_its_own_and_no_retracted_one() -> None:
    notice = paper(1, publication_types=("Retraction of Publication",))

    assert decided(candidate(notice), 50, bench()) is None


def test_only_papers_with_one_of_the_lists_chips_pass() -> None:
    on = bench(chips=("Mice", "Review"))
    mouse = paper(1, headings=(Heading("Mice", "", major=False),))

    assert decided(candidate(mouse), 50, on) is None
    assert decided(candidate(paper(2)), 50, on) is Outcome.EXCLUDED_TYPE


def test_a_starter_is_not_held_against_the_threshold_but_against_all_else() -> None:
    assert decided(candidate(paper(1)), 1, bench(), Section.STARTER) is None
    assert decided(candidate(paper(1)), 1, bench({1: 1}), Section.STARTER) is Outcome.ALREADY_PRESENTED


def test_each_watch_holds_papers_against_its_own_threshold_and_types() -> None:
    comment = candidate(paper(1, publication_types=("Comment",)), watch="als")

    (judged,) = judge(bench(), replace(ALS, exclude_types=()), [comment], scored({1: 60}))

    assert (judged.watch, judged.outcome) == ("als", None)


@pytest.mark.parametrize(
    ("fallen", "article", "outcome"),
    [
        (paper(2), preprint(1), Outcome.RETRACTED),
        (preprint(1), paper(2), None),
        (paper(3), paper(2), Outcome.RETRACTED),
        (paper(2), paper(2), Outcome.RETRACTED),
        (paper(1), paper(2), None),
        (preprint(3), preprint(2), Outcome.RETRACTED),
    ],
    ids=[
        "the article of a preprint",
        "the preprint of an article",
        "a later record",
        "itself",
        "an earlier record",
        "a later preprint",
    ],
)
def test_a_record_falls_with_itself_and_with_later_forms_of_its_work(
    fallen: Article, article: Article, outcome: Outcome | None
) -> None:
    on = replace(bench(), fallen={7: (fallen,)})

    assert decided(candidate(article, 7), 50, on) is outcome


@pytest.mark.parametrize(
    ("news_at", "composed_at", "remark"),
    [
        (MONDAY, MONDAY, "seen on 14 September 2026: the digests of this list since then were without its watch"),
        (MONDAY + timedelta(seconds=1), MONDAY, ""),
        (MONDAY, None, ""),
        (None, MONDAY, ""),
    ],
)
def test_what_was_news_before_the_lists_last_digest_says_when(
    news_at: datetime | None, composed_at: datetime | None, remark: str
) -> None:
    one = candidate(paper(1))
    seen = replace(one, hits=tuple(replace(hit, news_at=news_at) for hit in one.hits))

    (judged,) = with_remarks(judge(bench(), NMJ, [seen], scored({1: 50})), composed_at)

    assert judged.remark == remark


# --- reconsidered


def test_at_most_five_come_back_the_best_ones_and_the_rest_is_not_judged_again() -> None:
    values = {1: 40, 2: 99, 3: 20, 4: 50, 5: 60, 6: 70, 7: 80, 8: 36}

    again = reconsidered(bench(), NMJ, [candidate(paper(pmid)) for pmid in values], scored(values))

    assert [one.article.pmid for one in again] == [2, 7, 6, 5, 4]
    assert {one.kind for one in again} == {Section.RECONSIDERED}
    assert all(one.note.startswith("reconsidered") and not one.is_new for one in again)


# --- works


def test_a_preprint_and_its_article_are_one_entry_under_the_article() -> None:
    article, pre = paper(1, journal=Journal(abbreviation="eLife"), relations=updates("UpdateOf", 2)), preprint(2)
    judged = judge(bench(), NMJ, [candidate(pre, 7), candidate(article, 7)], scored({1: 40, 2: 90}))

    (entry,) = entries(judged, {7: (article, pre)})

    assert entry.article == article
    assert entry.scores["nmj"].value == 40
    assert in_numbers(entry.also) == ((2, "preprint in bioRxiv"),)


def test_of_two_articles_of_a_work_the_newer_one_stands_for_it() -> None:
    judged = judge(bench(), NMJ, [candidate(paper(5), 7), candidate(paper(9), 7)], scored({5: 50, 9: 50}))

    (entry,) = entries(judged, {7: (paper(5), paper(9))})

    assert entry.article.pmid == 9
    assert in_numbers(entry.also) == ((5, "article in an unnamed journal"),)


def test_a_paper_of_two_watches_is_one_entry_with_both_scores() -> None:
    judged = [
        *judge(bench(), NMJ, [candidate(paper(1))], scored({1: 40})),
        *judge(bench(), ALS, [candidate(paper(1), watch="als")], scored({1: 80})),
    ]

    (entry,) = entries(judged, {1: (paper(1),)})

    assert {name: one.value for name, one in entry.scores.items()} == {"nmj": 40, "als": 80}
    assert entry.also == ()


def test_a_watch_whose_threshold_it_misses_is_not_named() -> None:
    judged = [
        *judge(bench(), NMJ, [candidate(paper(1))], scored({1: 40})),
        *judge(bench(), ALS, [candidate(paper(1), watch="als")], scored({1: 40})),
    ]

    (entry,) = entries(judged, {1: (paper(1),)})

    assert list(entry.scores) == ["nmj"]


def test_what_is_news_for_one_watch_is_news_though_another_reconsiders_it() -> None:
    judged = [
        *reconsidered(bench(), ALS, [candidate(paper(1), watch="als")], scored({1: 80})),
        *judge(bench(), NMJ, [candidate(paper(1))], scored({1: 40})),
    ]

    (entry,) = entries(judged, {1: (paper(1),)})

    assert entry.kind is Section.WATCH


@pytest.mark.parametrize(
    ("origins", "late"),
    [
        ({Origin.FULL_SET}, True),
        ({Origin.INDEXED}, True),
        ({Origin.INDEXED, Origin.FULL_SET}, True),
        ({Origin.QUERY, Origin.INDEXED}, False),
        ({Origin.SIMILAR}, False),
        (set(), False),
    ],
)
def test_a_paper_known_by_late_dates_alone_is_marked_so(origins: set[Origin], late: bool) -> None:
    judged = judge(bench(), NMJ, [candidate(paper(1), origins=frozenset(origins))], scored({1: 40}))

    (entry,) = entries(judged, {})

    assert entry.by_late_dates is late


def test_what_does_not_pass_is_no_entry() -> None:
    judged = judge(bench(), NMJ, [candidate(paper(1))], scored({1: 10}))

    assert entries(judged, {}) == ()


# --- after the digest found room


def test_outcomes_follow_from_where_the_papers_found_room() -> None:
    judged = judge(bench(), NMJ, [candidate(paper(pmid)) for pmid in (1, 2, 3, 4)], scored({1: 50, 2: 50, 3: 50, 4: 10}))

    found = outcomes(judged, frozenset({pubmed_id(1)}), frozenset({pubmed_id(2)}))

    assert {one.article.pmid: outcome for one, outcome in found} == {
        1: Outcome.SHOWN,
        2: Outcome.ATTACHED,
        3: Outcome.ALREADY_PRESENTED,
        4: Outcome.BELOW_THRESHOLD,
    }


# --- follow-ups


def test_the_article_of_a_preprint_that_the_readers_had_is_told() -> None:
    article, pre = paper(2, journal=Journal(abbreviation="eLife")), preprint(1)
    on = bench({7: 1})
    judged = judge(on, NMJ, [candidate(article, 7)], scored({2: 50}))

    (told,) = follow_ups(judged, on, {7: (pre, article)})

    assert (told.article, told.work_id, told.text) == (article, 7, "now in eLife")


def test_a_follow_up_is_told_once_though_two_watches_found_it() -> None:
    article, pre = paper(2), preprint(1)
    on = bench({7: 1})
    judged = [
        *judge(on, NMJ, [candidate(article, 7)], scored({2: 50})),
        *judge(on, ALS, [candidate(article, 7, watch="als")], scored({2: 90})),
    ]

    assert [told.text for told in follow_ups(judged, on, {7: (pre, article)})] == ["now in a journal"]


@pytest.mark.parametrize(
    ("had", "later"),
    [(paper(1), paper(2)), (preprint(1), preprint(2)), (paper(1), preprint(2))],
    ids=["article and article", "preprint and preprint", "article and preprint"],
)
def test_nothing_else_is_a_follow_up(had: Article, later: Article) -> None:
    on = bench({7: 1})
    judged = judge(on, NMJ, [candidate(later, 7)], scored({2: 50}))

    assert follow_ups(judged, on, {7: (had, later)}) == ()


def test_the_same_record_found_again_is_no_follow_up() -> None:
    on = bench({7: 1})
    judged = judge(on, NMJ, [candidate(preprint(1), 7)], scored({1: 50}))

    assert follow_ups(judged, on, {7: (preprint(1),)}) == ()


# --- the receipt's counts


def _judged(*found: tuple[int, int, Outcome | None, str]) -> list[Judged]:
    return [
        Judged(watch, candidate(paper(pmid), work, watch=watch), scored({pmid: 50})[pubmed_id(pmid)], Section.WATCH, outcome)
        for pmid, work, outcome, watch in found
    ]


def test_each_new_work_counts_once_so_that_the_receipt_adds_up() -> None:
    below, excluded = Outcome.BELOW_THRESHOLD, Outcome.EXCLUDED_TYPE
    judged = _judged(
        (1, 1, None, "nmj"),
        (1, 1, below, "als"),  # shown by one watch: not below the threshold
        (2, 2, below, "nmj"),
        (2, 2, excluded, "als"),  # one work, one reason
        (3, 3, below, "nmj"),
        (4, 3, None, "nmj"),  # the work passes by its other record
        (5, 5, below, "nmj"),
        (6, 6, Outcome.RETRACTED, "nmj"),
        (7, 7, Outcome.ALREADY_PRESENTED, "nmj"),
    )

    counts = tally(judged)

    assert counts.new == 6
    assert counts.rejections == {below: 1, excluded: 1, Outcome.RETRACTED: 1, Outcome.ALREADY_PRESENTED: 1}
    assert in_numbers(counts.retracted) == (6,)


def test_what_is_judged_again_is_new_only_when_it_passes_now() -> None:
    again = judge(
        bench(), NMJ, [candidate(paper(pmid)) for pmid in (1, 2)], scored({1: 10, 2: 40}), note="its abstract has arrived"
    )

    counts = tally(again)

    assert (counts.new, counts.rejections) == (1, {})


def test_what_an_edit_adds_or_the_seeds_bring_back_is_not_new() -> None:
    starter = judge(bench(), NMJ, [candidate(paper(1))], scored({1: 40}), Section.STARTER)
    again = reconsidered(bench(), NMJ, [candidate(paper(2))], scored({2: 40}))

    assert tally([*starter, *again]).new == 0
