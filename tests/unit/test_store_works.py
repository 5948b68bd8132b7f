from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.records import in_numbers
from support.store_samples import MONDAY, Bench, days, paper, updates
from support.two_databases import Place

from watcher.domain import Article, Author, Heading, Journal, Outcome, Relation, pubmed_id
from watcher.errors import StoreError

DOI = "10.9999/sample.1"
PREPRINT = paper(1, "Agrin at the synapse", publication_types=("Preprint",), relations=updates("UpdateIn", 2))
ARTICLE = paper(2, "Agrin at the neuromuscular synapse")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    made.store.close()


def _works(bench: Bench) -> set[frozenset[int]]:
    """The pmids of each work."""
    found: dict[int, set[int]] = {}
    for candidate in bench.everything():
        found.setdefault(candidate.work_id, set()).add(candidate.article.record_id.id)
    return {frozenset(pmids) for pmids in found.values()}


def _bring(bench: Bench, articles: Sequence[Article], *, together: bool) -> None:
    """The papers come in one run, or in a run each."""
    for day, batch in enumerate([articles] if together else [[article] for article in articles]):
        bench.news(*batch, at=MONDAY + days(day))


ORDERS = [pytest.param(order, together, id=f"{order}-{together}") for order in ((0, 1), (1, 0)) for together in (True, False)]


def _check(bench: Bench, pair: Sequence[Article], order: tuple[int, ...], together: bool, expected: set[frozenset[int]]) -> None:
    _bring(bench, [pair[place] for place in order], together=together)

    assert _works(bench) == expected


ONE = {frozenset({1, 2})}
TWO = {frozenset({1}), frozenset({2})}


@pytest.mark.parametrize(("order", "together"), ORDERS)
def test_a_preprint_that_says_update_in_joins_its_article(bench: Bench, order: tuple[int, ...], together: bool) -> None:
    _check(bench, (PREPRINT, ARTICLE), order, together, ONE)


@pytest.mark.parametrize(("order", "together"), ORDERS)
def test_an_article_that_says_update_of_joins_its_preprint(bench: Bench, order: tuple[int, ...], together: bool) -> None:
    pair = (paper(1, "A preprint"), paper(2, "A quite different title", relations=updates("UpdateOf", 1)))

    _check(bench, pair, order, together, ONE)


@pytest.mark.parametrize(("order", "together"), ORDERS)
def test_equal_dois_join_when_the_titles_are_alike(bench: Bench, order: tuple[int, ...], together: bool) -> None:
    pair = (paper(1, "Agrin at the synapse.", doi=DOI), paper(2, "AGRIN at the Synapse", doi=DOI.upper()))

    _check(bench, pair, order, together, ONE)


@pytest.mark.parametrize(("order", "together"), ORDERS)
def test_equal_dois_with_other_titles_stay_apart(bench: Bench, order: tuple[int, ...], together: bool) -> None:
    pair = (paper(1, "Agrin at the synapse", doi=DOI), paper(2, "Vertebral endplate lesions in dogs", doi=DOI))

    _check(bench, pair, order, together, TWO)


@pytest.mark.parametrize(("order", "together"), ORDERS)
@pytest.mark.parametrize(
    "about",
    [
        {"publication_types": ("Published Erratum",)},
        {"publication_types": ("Journal Article", "Comment")},
        {"publication_types": ("Retraction of Publication",)},
        {"publication_types": ("Expression of Concern",)},
        {"relations": (Relation("ErratumFor", pubmed_id(1), "Sample J. 2026"),)},
        {"relations": (Relation("CommentOn", pubmed_id(1), "Sample J. 2026"),)},
        {"relations": (Relation("RetractionOf", pubmed_id(1), "Sample J. 2026"),)},
        {"relations": (Relation("ExpressionOfConcernFor", None, "Sample J. 2026"),)},
    ],
)
def test_a_notice_with_the_papers_doi_and_title_is_a_work_of_its_own(
    bench: Bench, order: tuple[int, ...], together: bool, about: dict[str, tuple[object, ...]]
) -> None:
    pair = (paper(1, "Agrin at the synapse", doi=DOI), paper(2, "Correction to: Agrin at the synapse", doi=DOI, **about))

    _check(bench, pair, order, together, TWO)


def test_a_retracted_paper_is_no_notice(bench: Bench) -> None:
    retracted = paper(2, "Agrin at the synapse", doi=DOI, publication_types=("Retracted Publication",))
    bench.news(paper(1, "Agrin at the synapse", doi=DOI), retracted)

    assert _works(bench) == ONE


def test_papers_without_anything_in_common_stay_apart(bench: Bench) -> None:
    bench.news(paper(1, "Same title"), paper(2, "Same title"))

    assert _works(bench) == TWO


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_chain_of_records_is_one_work_in_any_order(bench: Bench, order: tuple[int, ...]) -> None:
    chain = (
        paper(1, "Agrin, preprint", relations=updates("UpdateIn", 3)),
        paper(2, "Agrin, second preprint", relations=updates("UpdateIn", 3)),
        paper(3, "Agrin clusters receptors", doi=DOI),
        paper(4, "Agrin clusters receptors", doi=DOI),
    )

    _bring(bench, [chain[place] for place in order], together=False)

    assert _works(bench) == {frozenset({1, 2, 3, 4})}


def test_works_answer_all_their_records_lowest_pmid_first(bench: Bench) -> None:
    bench.news(ARTICLE, PREPRINT)
    work_id = bench.work_of(1)

    assert bench.store.works([work_id, 999]) == {work_id: (PREPRINT, ARTICLE)}


def test_a_link_that_a_record_gains_later_joins(bench: Bench) -> None:
    bench.news(paper(1), paper(2))

    bench.run(at=MONDAY + days(1), articles=(paper(1, relations=updates("UpdateIn", 2)),))

    assert _works(bench) == ONE


# --- versions and content


def test_a_higher_version_replaces_and_a_lower_one_does_not(bench: Bench) -> None:
    first, second = paper(1, "First version"), paper(1, "Second version", version=2)
    bench.news(first)

    bench.run(at=MONDAY + days(1), articles=(second,))
    bench.run(at=MONDAY + days(2), articles=(first,))

    assert in_numbers(bench.store.articles([pubmed_id(1)])) == {1: second}


def test_of_two_versions_in_one_answer_the_higher_is_kept(bench: Bench) -> None:
    bench.news(paper(1, "Second version", version=2), paper(1, "First version"))

    assert bench.store.articles([pubmed_id(1)])[pubmed_id(1)].title == "Second version"


def test_an_equal_version_with_another_content_replaces(bench: Bench) -> None:
    bench.news(paper(1, "As first entered"))
    before = bench.store.stored([pubmed_id(1)])[pubmed_id(1)].content_sha256

    bench.run(at=MONDAY + days(1), articles=(paper(1, "As corrected"),))

    assert bench.store.articles([pubmed_id(1)])[pubmed_id(1)].title == "As corrected"
    assert bench.store.stored([pubmed_id(1)])[pubmed_id(1)].content_sha256 != before


# --- merging what was presented


def _present_both(bench: Bench, first: int, second: int) -> None:
    """Two records, not yet known to be one work, are presented a week apart."""
    bench.news(paper(1), paper(2))
    by_pmid = {candidate.article.pmid: candidate for candidate in bench.store.unjudged("weekly", "nmj")}
    bench.compose(by_pmid[first], at=MONDAY)
    bench.compose(by_pmid[second], at=MONDAY + days(7))


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
@pytest.mark.parametrize("says", [1, 2])
def test_merged_works_keep_the_older_number_and_the_earlier_presentation(bench: Bench, first: int, second: int, says: int) -> None:
    _present_both(bench, first, second)
    numbers = sorted({bench.work_of(1), bench.work_of(2)})

    bench.run(at=MONDAY + days(8), articles=(paper(says, relations=updates("UpdateOf", 3 - says)),))

    assert {bench.work_of(1), bench.work_of(2)} == {numbers[0]}
    assert in_numbers(bench.store.presented("weekly", numbers)) == {numbers[0]: first}
    (presented,) = bench.store.explain(pubmed_id(second)).presented
    assert in_numbers((presented.record_id, presented.composed_at)) == (first, MONDAY)


def test_a_presentation_moves_with_the_younger_of_two_merged_works(bench: Bench) -> None:
    bench.news(paper(1), paper(2))
    younger = next(one for one in bench.store.unjudged("weekly", "nmj") if one.article.pmid == 2)
    bench.compose(younger)

    bench.run(at=MONDAY + days(1), articles=(paper(2, relations=updates("UpdateOf", 1)),))

    assert in_numbers(bench.store.presented("weekly", [bench.work_of(1)])) == {bench.work_of(1): 2}


def test_each_list_keeps_its_own_earlier_presentation(bench: Bench) -> None:
    bench.news(paper(1), paper(2))
    bench.register(lists={"weekly": ("nmj",), "daily": ("nmj",)})
    one, two = bench.store.unjudged("weekly", "nmj")
    bench.compose(one, at=MONDAY)
    bench.compose(two, at=MONDAY, list_name="daily")
    bench.compose(two, at=MONDAY + days(7))

    bench.run(at=MONDAY + days(8), articles=(paper(2, relations=updates("UpdateOf", 1)),))

    assert in_numbers(bench.store.presented("weekly", [one.work_id])) == {one.work_id: 1}
    assert in_numbers(bench.store.presented("daily", [one.work_id])) == {one.work_id: 2}


def test_a_work_that_was_merged_after_it_was_read_is_presented_under_its_new_number(bench: Bench) -> None:
    bench.news(paper(1), paper(2))
    one, stale = bench.store.unjudged("weekly", "nmj")
    bench.run(at=MONDAY + days(1), articles=(paper(2, relations=updates("UpdateOf", 1)),))

    bench.compose(stale, at=MONDAY + days(2))

    assert in_numbers(bench.store.presented("weekly", [one.work_id, stale.work_id])) == {one.work_id: 2}
    with pytest.raises(StoreError, match="presented before"):
        bench.compose(one, at=MONDAY + days(9))


def test_the_number_of_a_merged_work_is_never_given_again(bench: Bench) -> None:
    bench.news(paper(1), paper(2))
    merged = bench.work_of(2)
    bench.run(at=MONDAY + days(1), articles=(paper(2, relations=updates("UpdateOf", 1)),))

    bench.news(paper(3), at=MONDAY + days(2))

    assert bench.work_of(3) > merged


def test_records_at_hand_are_not_read_again_and_the_others_of_their_works_are(bench: Bench) -> None:
    bench.news(PREPRINT, ARTICLE)
    work_id = bench.work_of(1)
    at_hand = bench.store.articles([PREPRINT.record_id])[PREPRINT.record_id]

    records = bench.store.works([work_id], at_hand=[at_hand])[work_id]

    assert records == (PREPRINT, ARTICLE)
    assert records[0] is at_hand


def test_what_papers_have_alike_is_held_once(bench: Bench) -> None:
    alike: dict[str, Any] = {
        "journal": Journal("Journal of Made-up Synapses"),
        "authors": (Author("Sample", "Ada", "A"),),
        "keywords": ("agrin",),
    }
    bench.store.save_articles((paper(1, **alike), paper(2, **alike)), MONDAY)

    one, two = bench.store.articles([pubmed_id(1), pubmed_id(2)]).values()

    assert (one, two) == (paper(1, **alike), paper(2, **alike))
    assert one.journal is two.journal
    assert one.authors[0] is two.authors[0]
    assert one.keywords is two.keywords


# --- what a record gains


def test_a_record_that_gains_its_abstract_or_headings_says_when(bench: Bench) -> None:
    bench.news(paper(1), paper(2, abstract="Had one at first."))
    below: dict[int, Outcome] = dict.fromkeys((1, 2), Outcome.BELOW_THRESHOLD)
    bench.compose(judged=below)
    bench.run(
        at=MONDAY + days(3),
        articles=(paper(1, abstract="Has one now."), paper(2, title="Other title", abstract="Had one at first.")),
    )
    assert [one.article.pmid for one in bench.store.gained("weekly", "nmj")] == [1]

    bench.compose(at=MONDAY + days(7), judged=below)
    assert bench.store.gained("weekly", "nmj") == ()

    synapses = (Heading("Synapses", "D013569", major=False),)
    bench.run(at=MONDAY + days(9), articles=(paper(2, abstract="Had one at first.", headings=synapses),))
    assert [one.article.pmid for one in bench.store.gained("weekly", "nmj")] == [2]


def test_works_are_numbered_as_their_records_come_on_either_database(migrated: Place) -> None:
    """Records that stand alone, between two of one work and one whose work is stored."""
    made = Bench.at(migrated.folder, migrated.url)
    made.news(paper(7, "The first", doi=DOI))
    pair = (paper(3, "A preprint", relations=updates("UpdateIn", 4)), paper(4, "An article"))
    made.news(
        paper(1, "Alone"),
        pair[0],
        paper(2, "Alone too"),
        pair[1],
        paper(5, "The first", doi=DOI),
        paper(6, "Last"),
        at=MONDAY + days(1),
    )

    numbers = {one.article.record_id.id: one.work_id for one in made.everything()}
    made.store.close()

    assert numbers[3] == numbers[4]
    assert numbers[5] == numbers[7]
    assert numbers[7] < numbers[1] < numbers[3] < numbers[2] < numbers[6]
