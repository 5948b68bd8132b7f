"""What goes beyond words and pairs: topics, features read once, the dense part."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest
from support.rank_samples import AGEING, AGRIN, CROPS, ENDPLATE, MUSK, RECEPTORS, WHEAT

from watcher import rank
from watcher.domain import Article, ResolvedSeed, pubmed_id
from watcher.rank import words
from watcher.rank.background import lengths
from watcher.rank.features import count, paper, word_ids
from watcher.rank.model import _shares
from watcher.rank.spaces import labels_of, solved, whitener

Rows = npt.NDArray[np.float32]
ALL = [AGRIN, MUSK, ENDPLATE, WHEAT]


@dataclass(frozen=True, eq=False)
class _Embed:
    """Unit vectors drawn from a text's hash; a text that names wheat leans to one side."""

    sha256: str = "a model"
    size: int = 10_000

    @property
    def sample(self) -> Rows:
        return self([f"general paper {number}" for number in range(self.size)])

    def __call__(self, texts: Sequence[str]) -> Rows:
        rows = np.zeros((len(texts), 8))
        for row, text in zip(rows, texts, strict=True):
            row[:] = np.frombuffer(hashlib.sha256(text.encode()).digest(), np.int32) / 2**31
            row[0] += 5 * ("wheat" in text.lower())
        lying: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return lying


def _place(word: str) -> npt.NDArray[np.float64]:
    background = rank.load_background()
    row = background.rows[word_ids(np.array([words.key(word)], np.uint64))]
    place: npt.NDArray[np.float64] = background.placed(row)[0]
    return place / np.linalg.norm(place)


# --- topics --------------------------------------------------------------------------------------------------------------------


def test_words_of_one_topic_lie_near_each_other() -> None:
    assert _place("renal") @ _place("kidney") > 0.5
    assert _place("neuromuscular") @ _place("myasthenia") > 0.3
    assert abs(_place("renal") @ _place("wheat")) < 0.2


def test_a_paper_has_length_one_among_the_topics_and_none_without_known_words() -> None:
    background = rank.load_background()
    vectors = background.vectors(count([paper(AGRIN), paper(Article(pubmed_id(1), title="qqqzz xxyzzq"))]))

    rows, _ = background.topics(vectors.words)

    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0], abs=0.01)


@pytest.mark.parametrize("seeds", [[AGEING], [AGEING, CROPS]])
def test_the_gains_of_words_add_up_to_what_the_spaces_added(seeds: list[ResolvedSeed]) -> None:
    ranking = rank.build(seeds, background=rank.load_background())

    for article in ALL:
        told = ranking.breakdown(article)
        model = ranking._model
        features = rank.read([article], background=rank.load_background())
        totals, best = model.scores(features)
        (gains,) = model._gains(features, best)
        shares = _shares(model.views, int(best[0]))
        offset = sum(share * space.middle * space.scale for view, share in shares for space in view.spaces)
        assert sum(part.points for part in told.spaces) == pytest.approx(told.total)
        assert sum(gains.points) == pytest.approx(totals[0] + offset, abs=0.01)


# --- labels --------------------------------------------------------------------------------------------------------------------


def test_a_linear_model_is_learnt_once_something_is_not_relevant() -> None:
    def spaces(relevant: Sequence[Article] = (), not_relevant: Sequence[Article] = ()) -> list[str]:
        ranking = rank.build([AGEING], background=rank.load_background(), relevant=relevant, not_relevant=not_relevant)
        return [part.name for part in ranking.breakdown(MUSK).spaces]

    assert spaces() == spaces([AGRIN]) == ["phrases", "words", "topics"]
    assert spaces([AGRIN], [ENDPLATE]) == ["phrases", "words", "topics", "labels"]


def test_what_is_not_relevant_counts_by_the_labels_alone() -> None:
    def built(*not_relevant: Article) -> rank.Ranking:
        return rank.build([AGEING, CROPS], background=rank.load_background(), relevant=[AGRIN], not_relevant=not_relevant)

    without, with_two = (built(*some).breakdown(MUSK) for some in ((), (ENDPLATE, WHEAT)))

    *spaces, labels = with_two.spaces
    moved = {one: points for one, kind, points in with_two.verdicts if kind == "not"}
    assert tuple(spaces) == without.spaces
    assert labels.name == "labels"
    assert moved[ENDPLATE.record_id] < moved[WHEAT.record_id] <= 0
    assert with_two.total == pytest.approx(without.total + labels.points)
    assert [one.facts.code for one in (built(), built(ENDPLATE))] == ["lexical 3", "lexical 5"]


def test_the_linear_model_is_ridge_regression_with_classes_of_one_weight() -> None:
    vectors = rank.load_background().vectors(count([paper(article) for article in ALL])).phrases

    labels = labels_of(vectors[:3], vectors[3:])

    assert labels is not None
    rows, answers = vectors.toarray(), np.array([1.0, 1.0, 1.0, -1.0])
    residuals = answers - rows @ labels.space.whole()
    assert labels.shares == pytest.approx(residuals * np.array([4 / 6, 4 / 6, 4 / 6, 4 / 2]), abs=1e-5)  # where the gradient is 0
    np.testing.assert_allclose(labels.space.whole(), labels.shares @ rows, atol=1e-6)


def test_a_breakdown_adds_up_with_verdicts_of_both_kinds() -> None:
    ranking = rank.build([AGEING, CROPS], background=rank.load_background(), relevant=[AGRIN], not_relevant=[ENDPLATE])

    told = ranking.breakdown(MUSK)

    assert sum(part.points for part in told.spaces) == pytest.approx(told.total)
    assert [(kind, points > 0) for one, kind, points in told.verdicts if one == AGRIN.record_id] == [("relevant", True)]
    assert [(kind, points > 0) for one, kind, points in told.verdicts if one == ENDPLATE.record_id] == [("not", False)]


def test_equations_are_solved() -> None:
    draw = np.random.default_rng(5).normal(size=(30, 20))
    left, right = draw.T @ draw + np.eye(20), np.arange(40.0).reshape(20, 2)

    assert left @ solved(left, right) == pytest.approx(right)


# --- groups --------------------------------------------------------------------------------------------------------------------


def test_related_seeds_are_one_and_seeds_of_different_topics_fall_apart() -> None:
    def views(*seeds: ResolvedSeed) -> list[list[int]]:
        return [view.members.tolist() for view in rank.build(seeds, background=rank.load_background())._model.views]

    assert views(AGEING) == [[0]]
    assert views(AGEING, RECEPTORS) == [[0, 1]]
    assert views(AGEING, CROPS, RECEPTORS) == [[0, 1, 2], [0, 2], [1]]


def test_a_topic_of_one_seed_is_not_drowned_by_another_of_many() -> None:
    many = [replace(AGEING, seed=replace(AGEING.seed, abstract=f"{AGEING.seed.abstract} {number}")) for number in range(9)]
    plain = rank.build(many, background=rank.load_background())
    both = rank.build([*many, CROPS], background=rank.load_background())
    alone = rank.build([CROPS], background=rank.load_background())

    assert plain.values([WHEAT])[0] < 1
    assert both.values([WHEAT])[0] > 50
    assert alone.values([WHEAT])[0] > 50


def test_a_group_of_less_than_a_twentieth_speaks_by_the_mean_alone() -> None:
    many = [replace(AGEING, seed=replace(AGEING.seed, abstract=f"{AGEING.seed.abstract} {number}")) for number in range(20)]
    ranking = rank.build([*many, CROPS], background=rank.load_background())

    three = rank.build([*many, *[CROPS] * 3], background=rank.load_background())

    assert [view.members.size for view in ranking._model.views] == [21]
    assert sorted(view.members.size for view in three._model.views) == [3, 20, 23]


def test_a_verdict_counts_in_the_group_that_it_belongs_to() -> None:
    ranking = rank.build([AGEING, CROPS], background=rank.load_background(), relevant=[WHEAT], not_relevant=[ENDPLATE])
    plain = rank.build([AGEING, CROPS], background=rank.load_background())

    told = {pmid: (kind, points) for pmid, kind, points in ranking.breakdown(WHEAT).verdicts}

    assert told[WHEAT.record_id][0] == "relevant"
    assert told[WHEAT.record_id][1] > 0
    assert told[ENDPLATE.record_id][0] == "not"
    assert ranking.values([WHEAT])[0] > plain.values([WHEAT])[0]


def test_the_inverse_covariance_is_one_and_the_same_to_the_last_bit() -> None:
    rows = rank.load_background().spaces[2]

    found = whitener(rows, 0.001)

    assert (found == found.T).all()
    assert (found * 2**8 == np.rint(found * 2**8)).all()
    assert np.abs(found - np.linalg.inv(np.cov(rows.T, bias=True) + 0.001 * np.eye(rows.shape[1]))).max() < 2**-8


# --- read once -----------------------------------------------------------------------------------------------------------------


def test_features_read_once_serve_several_rankings() -> None:
    background = rank.load_background()
    features = rank.read(ALL, background=background)

    for seeds in ([AGEING], [RECEPTORS], [CROPS]):
        ranking = rank.build(seeds, background=background)
        assert ranking.values_of(features) == ranking.values(ALL) == tuple(scored.value for scored in ranking.score(ALL))


@pytest.mark.parametrize("order", [[3, 1, 0, 2], [2, 0], [1]])
def test_neither_order_nor_company_moves_a_number(order: list[int]) -> None:
    background, embed = rank.load_background(), _Embed()
    ranking = rank.build([AGEING, CROPS], background=background, embed=embed)
    alone = [ranking.values([article])[0] for article in ALL]

    together = ranking.values([*([WHEAT] * 300), *(ALL[place] for place in order), *([MUSK] * 300)])

    assert list(together[300:-300]) == [alone[place] for place in order]


# --- dense ---------------------------------------------------------------------------------------------------------------------


def test_the_dense_part_draws_up_what_it_finds_near() -> None:
    article = Article(pubmed_id(9), title="Yields", abstract="Something else about wheat.")
    plain = rank.build([CROPS], background=rank.load_background()).breakdown(article)
    dense = rank.build([CROPS], background=rank.load_background(), embed=_Embed()).breakdown(article)

    assert [part.name for part in dense.spaces] == ["phrases", "words", "topics", "dense"]
    assert dense.spaces[:3] == plain.spaces
    assert dense.total > plain.total


def test_the_model_of_the_dense_part_is_part_of_a_rankings_hash() -> None:
    hashes = {
        rank.build([AGEING], background=rank.load_background(), embed=embed).facts.sha256
        for embed in (None, _Embed(), _Embed("another model"))
    }

    assert len(hashes) == 3


def test_features_read_without_the_dense_part_are_refused_by_a_ranking_that_has_one() -> None:
    ranking = rank.build([AGEING], background=rank.load_background(), embed=_Embed())

    with pytest.raises(ValueError, match="read the features with its embed"):
        ranking.values_of(rank.read(ALL, background=rank.load_background()))


def test_weights_among_the_topics_stand_on_a_grid() -> None:
    rows = rank.load_background().spaces[2]

    assert (np.rint(rows * 2**12) == rows * 2**12).all()
    assert lengths(rank.load_background().sample.words).min() > 0
