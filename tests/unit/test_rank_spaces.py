"""What goes beyond words and pairs: topics, features read once, the dense part."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from rank_samples import AGEING, AGRIN, CROPS, ENDPLATE, MUSK, RECEPTORS, WHEAT

from watcher import rank
from watcher.domain import Article, Pmid
from watcher.rank import words
from watcher.rank.background import lengths
from watcher.rank.features import count, paper, word_ids

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
    place: npt.NDArray[np.float64] = background.places[background.rows[word_ids(np.array([words.key(word)], np.uint64))[0]]]
    return place / np.linalg.norm(place)


# --- topics --------------------------------------------------------------------------------------------------------------------


def test_words_of_one_topic_lie_near_each_other() -> None:
    assert _place("renal") @ _place("kidney") > 0.5
    assert _place("neuromuscular") @ _place("myasthenia") > 0.3
    assert abs(_place("renal") @ _place("wheat")) < 0.2


def test_a_paper_has_length_one_among_the_topics_and_none_without_known_words() -> None:
    background = rank.load_background()
    vectors = background.vectors(count([paper(AGRIN), paper(Article(Pmid(1), title="qqqzz xxyzzq"))]))

    rows, _ = background.topics(vectors.words)

    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0], abs=0.01)


def test_the_gains_of_words_add_up_to_what_the_spaces_added() -> None:
    ranking = rank.build([AGEING], background=rank.load_background())
    features = rank.read(ALL, background=rank.load_background())
    model = ranking._model

    told = [sum(gains.values()) for gains in model._gains(features, model._directions())]

    offset = sum(space.middle * space.weight / space.spread for space in model.spaces)
    assert told == pytest.approx((np.sum(model.points(features), axis=0) + offset).tolist(), abs=0.01)


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
    article = Article(Pmid(9), title="Yields", abstract="Something else about wheat.")
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
