"""A snapshot of a watch's own papers: packed and read, what it makes of weights, and how far it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from contest import ours
from contest.sets import LabelledSet, read

from watcher import rank
from watcher.domain import Article, pubmed_id
from watcher.rank import ground
from watcher.rank.features import count_articles

SAMPLES = Path(__file__).parents[1] / "records" / "ranking" / "samples.jsonl"


@pytest.fixture(scope="module")
def samples() -> LabelledSet:
    return read(SAMPLES)


def seeds_of(samples: LabelledSet, count: int) -> list[Article]:
    """Papers of one topic."""
    labels = next(iter(samples.topics.values()))
    return [samples.articles[row] for row in np.flatnonzero(labels)[:count].tolist()]


def built(seeds: list[Article], snapshot: bytes | None, not_relevant: Sequence[Article] = ()) -> rank.Ranking:
    given = [ours.as_seed(one) for one in seeds]
    return rank.build(given, background=rank.load_background(), snapshot=snapshot, not_relevant=not_relevant)


def test_a_snapshot_is_read_as_it_was_packed_whatever_order_the_papers_came_in(samples: LabelledSet) -> None:
    papers = samples.articles

    packed = ground.pack(papers)

    assert packed == ground.pack(papers[::-1])
    found, counted = ground.unpack(packed), count_articles(sorted(papers, key=lambda one: one.record_id))
    assert (found != counted).nnz == 0
    assert np.array_equal(found.indices, counted.indices)


def test_bytes_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="not a snapshot"):
        ground.unpack(b"something else")


def test_what_the_papers_hold_often_is_worth_less() -> None:
    papers = [Article(pubmed_id(n), title=f"synapse {word}", abstract="") for n, word in enumerate(["agrin", *["of mice"] * 30], 1)]
    counts, one = count_articles(papers), count_articles(papers[:1])
    of = ground.relative(counts, rank.load_background())

    (common,), (rare,) = (
        of(np.intersect1d(one.indices, count_articles([Article(pubmed_id(99), title=word, abstract="")]).indices))
        for word in ("synapse", "agrin")
    )

    assert common < 0.2 < rare <= 1


@pytest.mark.parametrize(
    ("before", "after", "least", "most"),
    [
        ((1, 1), (1, 1), 0, 0),
        ((1, 1), (9, 9), 0, 0),
        ((100, 100), (10, 10), 1, 1),
        ((10, 10), (100, 100), 0, 0),
        ((4, 4), (4, 4), 0.4, 0.6),
        ((2, 1), (2, 1), 0.15, 0.25),
    ],
)
def test_strength_is_earned_by_those_that_rise_where_there_is_room(
    before: tuple[int, ...], after: tuple[int, ...], least: float, most: float
) -> None:
    assert least <= ground.strength(before, after) <= most


def test_one_seed_alone_earns_nothing_and_scores_are_what_they_were(samples: LabelledSet) -> None:
    seeds, snapshot = seeds_of(samples, 1), rank.snapshot_of(samples.articles)

    with_one, without = built(seeds, snapshot), built(seeds, None)

    assert with_one.values(samples.articles) == without.values(samples.articles)
    assert with_one.own_ground is not None
    assert (with_one.own_ground.strength, with_one.own_ground.before) == (0.0, ())
    assert without.own_ground is None


def believed(samples: LabelledSet) -> tuple[list[Article], bytes]:
    """Two seeds and a snapshot that their ranking believes."""
    snapshot = rank.snapshot_of(samples.articles)
    for labels in samples.topics.values():
        for pair in combinations([samples.articles[row] for row in np.flatnonzero(labels).tolist()], 2):
            own = built([*pair], snapshot).own_ground
            if own and own.strength > 0.2:
                return [*pair], snapshot
    raise AssertionError("no ranking believes it")


def test_a_snapshot_that_is_believed_changes_scores_and_the_ranking_has_another_name(samples: LabelledSet) -> None:
    seeds, snapshot = believed(samples)

    with_one, without = built(seeds, snapshot), built(seeds, None)

    assert with_one.values(samples.articles) != without.values(samples.articles)
    assert with_one.facts.sha256 != without.facts.sha256
    assert (with_one.facts.snapshot_sha256 is None, without.facts.snapshot_sha256) == (False, None)
    assert with_one.facts.seeds_sha256 == without.facts.seeds_sha256


def test_a_score_by_a_snapshot_does_not_depend_on_other_papers_or_the_order_of_seeds(samples: LabelledSet) -> None:
    seeds, snapshot = believed(samples)

    one, other = built(seeds, snapshot), built(seeds[::-1], snapshot)

    together = one.values(samples.articles)
    assert other.values(samples.articles) == together
    assert tuple(one.values([paper])[0] for paper in samples.articles) == together
    assert one.own_ground == other.own_ground


def test_what_is_behind_a_score_adds_up_to_it_with_verdicts_and_labels_too(samples: LabelledSet) -> None:
    """The parts of the spaces make the total, and what a verdict moved is what is missing without it, to the standardising."""
    seeds, snapshot = believed(samples)
    wrong = next(paper for paper in samples.articles if paper not in seeds)
    ranking = built(seeds, snapshot, not_relevant=[wrong])

    for paper in samples.articles[:5]:
        found = ranking.breakdown(paper)
        assert found.total == pytest.approx(sum(part.points for part in found.spaces))
        assert found.ground == ranking.own_ground
    assert ranking.breakdown(wrong).verdicts[0][2] < 0
