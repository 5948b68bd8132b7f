"""Where papers stand in a digest, what is shown and what attached, and how the receipt counts it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.digest_samples import NMJ, WATCHES, WEEK, WEEKLY, digest, entry, many, paper

from watcher.digest.arrange import Entry, GivingWay, by_theme, fit, importance
from watcher.domain import Article, Digest, GaveWay, Origin, PartialDate, Receipt, Section, pubmed_id


def numbers(items: Sequence[object]) -> list[int]:
    """The sample numbers of items, in order."""
    return [item.article.record_id.id - 99_000_000 for item in items]  # type: ignore[attr-defined]


def in_section(whole: Digest, section: Section) -> list[int]:
    return numbers([item for item in whole.items if item.section is section])


def test_the_best_papers_are_picks_and_the_rest_stand_by_watch_in_the_list_s_order() -> None:
    entries = [
        entry(paper(1), watches={"als": 50}),
        entry(paper(2), 40),
        entry(paper(3), 90),
        entry(paper(4), 45),
        entry(paper(5), watches={"als": 80}),
    ]

    whole = digest(entries, list_=replace(WEEKLY, top=2))

    assert in_section(whole, Section.PICK) == [3, 5]
    assert in_section(whole, Section.WATCH) == [4, 2, 1]


def test_equal_scores_are_ordered_by_newest_then_by_pmid() -> None:
    older, newer = date(2026, 9, 15), date(2026, 9, 18)
    entries = [entry(paper(3, crdt=older)), entry(paper(2, crdt=older)), entry(paper(9, crdt=newer))]

    assert numbers(digest(entries).items) == [9, 2, 3]


def test_the_order_of_arrival_changes_nothing() -> None:
    entries = many(40)
    shuffled = list(entries)
    random.Random(1).shuffle(shuffled)  # noqa: S311 -- a shuffle, no secret

    assert digest(entries) == digest(shuffled)


def test_a_paper_of_two_watches_stands_once_under_the_better_and_names_both() -> None:
    whole = digest([entry(paper(1), watches={"nmj": 60, "als": 75})], list_=replace(WEEKLY, top=0))

    (item,) = whole.presented
    assert item.watches == ("als", "nmj")
    assert item.score == 75
    assert item.highlight


def test_a_paper_is_highly_relevant_when_one_of_its_watches_says_so() -> None:
    watches = WATCHES | {"nmj": replace(NMJ, highlight=55)}

    whole = digest([entry(paper(1), watches={"nmj": 60, "als": 65}), entry(paper(2), watches={"als": 69.9})], watches=watches)

    assert {number: item.highlight for number, item in zip(numbers(whole.items), whole.items, strict=True)} == {1: True, 2: False}
    assert whole.highlights == 1


def test_only_the_compact_papers_stand_under_themes() -> None:
    whole = digest([entry(paper(number), 90 - number) for number in range(1, 5)], list_=replace(WEEKLY, top=1, group_by="theme"))

    told = by_theme(whole, ("Ageing", "Glia"), lambda item: "Ageing" if item.article.pmid == 99_000_003 else "Glia")

    assert [(number, item.theme) for number, item in zip(numbers(told.items), told.items, strict=True)] == [
        (1, ""),
        (3, "Ageing"),
        (2, "Glia"),
        (4, "Glia"),
    ]


def test_titles_are_those_of_the_lists_watches_that_there_are() -> None:
    whole = digest([entry(paper(1))], list_=replace(WEEKLY, watches=("nmj", "gone")))

    assert whole.watch_titles == {"nmj": NMJ.title}


def giving_way(*pairs: tuple[int, int]) -> GivingWay:
    """What finds that the first of each pair of sample papers is very like the second."""
    return lambda _articles, _scores, _top: [GaveWay(paper(one).record_id, paper(other).record_id, 0.7) for one, other in pairs]


def test_a_paper_that_gives_way_stands_with_its_watch_and_the_next_one_is_picked() -> None:
    entries = [entry(paper(number), 90 - number) for number in range(1, 6)]

    whole = digest(entries, list_=replace(WEEKLY, top=2), giving_way=giving_way((2, 1)))

    assert in_section(whole, Section.PICK) == [1, 3]
    assert in_section(whole, Section.WATCH) == [2, 4, 5]
    assert whole.receipt.gave_way == (GaveWay(paper(2).record_id, paper(1).record_id, 0.7),)
    assert [item.gave_way for item in whole.items if item.gave_way] == [GaveWay(paper(2).record_id, paper(1).record_id, 0.7)]


def test_candidates_are_handed_over_best_first_and_only_those_that_can_be_picks() -> None:
    heard: list[tuple[list[int], list[float], int]] = []

    def hear(articles: Sequence[Article], scores: Sequence[float], top: int) -> list[GaveWay]:
        heard.append(([article.record_id.id - 99_000_000 for article in articles], list(scores), top))
        return []

    entries = [entry(paper(1), 40), entry(paper(2), 80), entry(paper(3, publication_types=("Preprint",)), 99), entry(paper(4), 60)]
    digest(entries, list_=replace(WEEKLY, top=2), giving_way=hear)

    assert heard == [([2, 4, 1], [80, 60, 40], 2)]


@pytest.mark.parametrize("top", [0, 2, 3])
def test_nothing_is_asked_where_every_candidate_is_picked_or_none(top: int) -> None:
    def never(*_: object) -> list[GaveWay]:
        pytest.fail("nobody has to give way")

    whole = digest([entry(paper(1)), entry(paper(2))], list_=replace(WEEKLY, top=top), giving_way=never)

    assert len(whole.items) == 2


def test_a_paper_that_gave_way_is_the_last_but_the_picks_to_be_attached() -> None:
    entries = [entry(paper(number), 90 - number) for number in range(1, 6)]

    whole = digest(entries, list_=replace(WEEKLY, top=2, limit=3), giving_way=giving_way((2, 1)))

    assert numbers(whole.items) == [1, 3, 2]
    assert numbers(whole.attached) == [4, 5]


def test_preprints_and_late_papers_have_their_own_sections_and_are_no_picks() -> None:
    entries = [
        entry(paper(1, publication_types=("Preprint",)), 95),
        entry(paper(2, published=PartialDate("2025", 2025)), 90),
        entry(paper(3), 85, by_late_dates=True),
        entry(paper(4), 40),
    ]

    whole = digest(entries)

    assert [item.section for item in whole.items] == [Section.PICK, Section.PREPRINT, Section.LATE, Section.LATE]
    assert numbers(whole.items) == [4, 1, 2, 3]


@pytest.mark.parametrize(("days", "section"), [(180, Section.PICK), (181, Section.LATE)])
def test_late_begins_the_day_after_late_after_days(days: int, section: Section) -> None:
    published = date.fromordinal(date(2026, 9, 16).toordinal() - days)
    article = paper(1, published=PartialDate("", published.year, published.month, published.day), crdt=date(2026, 9, 16))

    assert digest([entry(article)]).items[0].section is section


def test_lateness_counts_from_the_earliest_form_of_the_paper() -> None:
    article = paper(1, electronic=PartialDate("", 2025, 1, 5))

    assert digest([entry(article)]).items[0].section is Section.LATE


def test_a_late_paper_says_why() -> None:
    long_ago = paper(1, published=PartialDate("2024 Mar", 2024, 3), crdt=date(2026, 9, 17))
    indexed_late = paper(2, published=PartialDate("2026 Apr", 2026, 4), crdt=date(2026, 5, 4))

    whole = digest([entry(long_ago), entry(indexed_late, by_late_dates=True, note="its MeSH headings have arrived")])

    notes = {number: item.note for number, item in zip(numbers(whole.items), whole.items, strict=True)}
    assert notes[1] == "Added to PubMed on 17 September 2026, 2 years after it was published."
    assert notes[2].startswith("In PubMed since 4 May 2026, but matched only now")
    assert notes[2].endswith(" Its MeSH headings have arrived.")


def test_in_a_first_digest_the_full_set_makes_nothing_late() -> None:
    known_by_full_set = entry(paper(1), by_late_dates=True)

    assert digest([known_by_full_set], period=replace(WEEK, first=True)).items[0].section is Section.PICK
    assert digest([known_by_full_set], new_watches=["nmj"]).items[0].section is Section.PICK
    assert digest([known_by_full_set], new_watches=["als"]).items[0].section is Section.LATE


def test_a_paper_known_only_as_a_neighbour_of_the_seeds_says_so() -> None:
    neighbour, both = frozenset({Origin.SIMILAR}), frozenset({Origin.SIMILAR, Origin.QUERY})

    whole = digest([entry(paper(1), 60, origins=neighbour), entry(paper(2), 50, origins=both)])

    assert "similar to the seeds" in whole.items[0].note
    assert whole.items[1].note == ""


def test_what_comes_again_stays_in_its_section_however_good_or_old_it_is() -> None:
    old: dict[str, Any] = {"published": PartialDate("2001", 2001), "publication_types": ("Preprint",)}
    entries = [entry(paper(1, **old), 99, kind=Section.RECONSIDERED), entry(paper(2, **old), 98, kind=Section.STARTER)]

    whole = digest(entries)

    assert [item.section for item in whole.items] == [Section.RECONSIDERED, Section.STARTER]


def test_a_first_digest_shows_the_best_of_each_watch_and_attaches_the_rest() -> None:
    watches = {name: replace(watch, start=replace(watch.start, papers=2)) for name, watch in WATCHES.items()}
    entries = [entry(paper(n), 90 - n) for n in range(1, 6)] + [entry(paper(n), watches={"als": 60 - n}) for n in range(11, 14)]

    whole = digest(entries, watches=watches, period=replace(WEEK, first=True))

    assert sorted(numbers(whole.items)) == [1, 2, 11, 12]
    assert numbers(whole.attached) == [3, 4, 5, 13]


def test_only_the_new_watch_of_an_older_list_is_held_to_its_start() -> None:
    watches = {name: replace(watch, start=replace(watch.start, papers=1)) for name, watch in WATCHES.items()}
    entries = [entry(paper(n), 50 - n) for n in (1, 2)] + [entry(paper(n), watches={"als": 50 - n}) for n in (3, 4)]

    whole = digest(entries, watches=watches, new_watches=["als"])

    assert numbers(whole.attached) == [4]


def test_the_limit_caps_what_is_shown_and_0_is_no_limit() -> None:
    entries = many(70)

    capped = digest(entries, list_=replace(WEEKLY, limit=60))
    free = digest(entries, list_=replace(WEEKLY, limit=0))

    assert (len(capped.items), len(capped.attached)) == (60, 10)
    assert min(item.score for item in capped.items) > max(item.score for item in capped.attached)
    assert (len(free.items), len(free.attached)) == (70, 0)


def test_the_receipt_counts_what_was_decided() -> None:
    counted = Receipt(checked=500, below_threshold=7, excluded_type=2, already_presented=1, retracted=(pubmed_id(5),))
    again = entry(paper(99), kind=Section.STARTER)

    receipt = digest([*many(12), again], list_=replace(WEEKLY, limit=10), receipt=counted).receipt

    assert (receipt.shown, receipt.attached) == (10, 3)
    assert receipt.new == 12 + 7 + 2 + 1 + 1
    assert digest(many(2), receipt=replace(counted, new=40)).receipt.new == 40


# --- fit --------------------------------------------------------------------------------------------------------------------


def size(whole: Digest) -> int:
    """A stand-in for a rendering: 100 bytes of frame, ten a shown paper, one an attached."""
    return 100 + 10 * len(whole.items) + len(whole.attached)


def test_a_digest_that_fits_is_left_alone() -> None:
    whole = digest(many(10))

    assert fit(whole, max_bytes=200, measure=size) is whole


@given(count=st.integers(min_value=1, max_value=80), max_bytes=st.integers(min_value=0, max_value=1000))
def test_as_few_as_needed_move_and_the_least_important_of_them(count: int, max_bytes: int) -> None:
    whole = digest(many(count), list_=replace(WEEKLY, limit=0))

    fitted = fit(whole, max_bytes=max_bytes, measure=size)

    assert sorted(numbers(fitted.presented)) == sorted(numbers(whole.presented))
    assert size(fitted) <= max_bytes or not fitted.items
    if fitted.attached:
        assert max(map(importance, fitted.items), default=(-1,)) < min(map(importance, fitted.attached))
        assert size(fitted) + 9 > max_bytes
    assert (fitted.receipt.shown, fitted.receipt.attached) == (len(fitted.items), len(fitted.attached))
    assert fitted == fit(whole, max_bytes=max_bytes, measure=size)


def test_fitting_keeps_the_order_of_what_stays() -> None:
    entries: list[Entry] = [entry(paper(n), watches={"als" if n % 2 else "nmj": 90 - n}) for n in range(1, 31)]
    whole = digest(entries)

    fitted = fit(whole, max_bytes=250, measure=size)

    kept = set(numbers(fitted.items))
    assert numbers(fitted.items) == [number for number in numbers(whole.items) if number in kept]
