"""A snapshot of a watch's own papers: packed and read, what it makes of weights, and how far it is believed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from contest import ours
from contest.ground import Sketch, ground_of, scores
from contest.sets import LabelledSet, read
from contest.variants import WITH_PMRA
from support.rank_samples import AGRIN, ENDPLATE, MUSK, WHEAT

from watcher import rank
from watcher.domain import Article, pubmed_id
from watcher.rank import ground
from watcher.rank.background import Features
from watcher.rank.features import count_articles
from watcher.rank.model import _shares
from watcher.rank.spaces import ELITE

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
    counts = count_articles(papers)
    worths = ground.worths(counts, rank.load_background())

    (common, all_hold), (rare, one_holds) = (
        [float(worths[space](count_articles([Article(pubmed_id(99), title=word)]).indices)[0]) for space in ("phrases", ELITE)]
        for word in ("synapse", "agrin")
    )

    assert common < 0.2 < rare <= 1
    assert [all_hold, one_holds] == pytest.approx([0.0, math.log(32 / 2)], abs=1e-4)


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


def test_papers_stand_in_the_order_of_the_variant_that_was_chosen(samples: LabelledSet) -> None:
    """The benchmark's own code, at the strength that the ranking found."""
    seeds, snapshot = believed(samples)
    model = built(seeds, snapshot)._model
    pool = ground_of(samples, 0)
    columns = np.searchsorted(pool.rows, [samples.articles.index(one) for one in seeds])

    mine, _ = model.scores(features_of(samples.articles))
    sketch = Sketch("", WITH_PMRA, most=model.own.strength if model.own else 0.0, snapshot=len(samples.articles))
    its, _ = scores(pool, sketch, columns)

    assert len(model.views) == len(pool.parts(columns))
    assert np.corrcoef(mine, its.papers)[0, 1] > 1 - 1e-6


@pytest.mark.parametrize("more", [[], [AGRIN, MUSK, WHEAT]])
def test_words_add_up_to_what_their_spaces_added(samples: LabelledSet, more: list[Article]) -> None:
    seeds, snapshot = believed(samples)
    ranking = built([*seeds, *more], snapshot, not_relevant=[samples.articles[-1]])
    model = ranking._model
    assert (len(model.views) > 1) == bool(more)

    for article in samples.articles[:8]:
        features = features_of([article])
        totals, best = model.scores(features)
        (gains,) = model._gains(features, best)
        shares = _shares(model.views, int(best[0]))
        offset = sum(share * space.middle * space.scale for view, share in shares for space in view.spaces)
        assert sum(gains.points) == pytest.approx(totals[0] + offset, abs=0.01)
    assert ELITE in [part.name for part in ranking.breakdown(samples.articles[0]).spaces]


@pytest.mark.parametrize("relevant", [[AGRIN, WHEAT], [AGRIN, MUSK, ENDPLATE, WHEAT]])
def test_what_verdicts_moved_adds_up_where_there_is_nothing_but_verdicts(samples: LabelledSet, relevant: list[Article]) -> None:
    """By relevant papers alone: all that a paper has in any space is from them, but for what is taken away of all papers."""
    _, snapshot = believed(samples)
    ranking = rank.build([], background=rank.load_background(), relevant=relevant, snapshot=snapshot)
    model, background = ranking._model, rank.load_background()
    whitening = model.ground.whiteners[2]
    assert whitening is not None
    assert len(model.views) > 1
    assert 0 < model.views[0].spaces[0].own < 1

    for article in samples.articles[:8]:
        features = features_of([article])
        _, best = model.scores(features)
        told, shares = ranking.breakdown(article), _shares(model.views, int(best[0]))
        usual = {"phrases": features.usual[0][0], "words": features.usual[1][0]}
        usual["topics"] = background.means[2] @ whitening @ features.spaces[2][0]
        away = sum(
            share * space.scale * (space.middle + usual.get(space.name, 0.0)) for view, share in shares for space in view.spaces
        )
        assert sum(points for *_, points in told.verdicts) == pytest.approx(told.total + away, abs=0.01)


def test_a_ranking_with_a_snapshot_has_another_code_and_one_without_the_same(samples: LabelledSet) -> None:
    seeds, snapshot = believed(samples)

    assert (built(seeds, snapshot).facts.code, built(seeds, None).facts.code) == ("lexical 4", "lexical 3")


def test_sums_over_elite_words_are_exact_so_that_no_machine_makes_others(samples: LabelledSet) -> None:
    seeds, snapshot = believed(samples)
    space = next(one for one in built(seeds, snapshot)._model.views[0].spaces if one.name == ELITE)
    rows = features_of(samples.articles).elite

    added = rows.astype(np.float64) @ space.whole()

    whole = (rows.data.astype(np.float64) * 2**16).astype(np.int64) * (space.whole() * 2**20).astype(np.int64)[rows.indices]
    assert (added * 2.0**36).tolist() == [int(whole[start:end].sum()) for start, end in pairwise(rows.indptr.tolist())]
    assert len(set(added.tolist())) > 5


def test_scores_by_a_snapshot_are_what_they_were(samples: LabelledSet) -> None:
    """To the last bit; written down when elite words came (code `lexical 4`)."""
    seeds, snapshot = believed(samples)

    numbers = built(seeds, snapshot, not_relevant=[samples.articles[-1]]).values(samples.articles)

    assert (
        hashlib.sha256(json.dumps(numbers).encode()).hexdigest()
        == "530b7c370935753402ff7ae4fac82ef8017652325a656853732f3349c854931d"
    )


def features_of(papers: Sequence[Article]) -> Features:
    return rank.read(papers, background=rank.load_background())
