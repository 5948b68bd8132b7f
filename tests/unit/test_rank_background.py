from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.rank_samples import AGRIN, MUSK, WHEAT

from watcher import rank
from watcher.domain import Article, ResolvedSeed, Seed, pubmed_id
from watcher.errors import ConfigurationError
from watcher.rank import words
from watcher.rank.background import (
    Frozen,
    background_of,
    lengths,
    load_background,
    load_weights,
    on_grid,
    read,
    read_sha256,
    read_weights,
    shipped_sha256,
)
from watcher.rank.features import PLACES, SIZE, count, paper, word_ids

EVERY = np.arange(SIZE)


def _frozen() -> Frozen:
    sample = count([paper(article) for article in (AGRIN, Article(pubmed_id(9)), MUSK, WHEAT)])
    frequencies = np.bincount(sample.indices, minlength=SIZE).astype(np.uint16)
    return Frozen(4, frequencies, np.array([1, 9, 2, 4], np.uint32), sample)


def _weight(word: str) -> float:
    place = word_ids(np.array([words.key(word)], np.uint64))[0]
    return float(rank.load_background().weights.idf(place))


def test_the_shipped_background_counts_50788_papers_and_holds_a_sample_of_10000() -> None:
    background = rank.load_background()

    assert background.documents == 50_788
    assert background.sample.phrases.shape == (10_000, SIZE)
    assert background.sample.words.shape == (10_000, SIZE)
    assert len(set(background.pmids.tolist())) == 10_000


def test_the_shipped_background_is_read_once() -> None:
    assert rank.load_background() is rank.load_background()


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    assert _weight("neuromuscular") > _weight("muscle") > _weight("patients") > _weight("the")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    frozen = _frozen()

    frozen.write(tmp_path / "background.npz")
    with (tmp_path / "background.npz").open("rb") as file:
        back = read(file)

    assert back.sha256 == frozen.sha256
    assert back.documents == 4
    assert (back.frequencies == frozen.frequencies).all()
    assert (back.pmids == frozen.pmids).all()
    assert (back.sample.toarray() == frozen.sample.toarray()).all()


def test_what_words_weigh_is_the_same_read_alone(tmp_path: Path) -> None:
    frozen = _frozen()
    frozen.write(tmp_path / "background.npz")

    with (tmp_path / "background.npz").open("rb") as file:
        weights = read_weights(file)

    whole = background_of(frozen).weights
    assert weights.pivots == whole.pivots
    assert (weights.idf(EVERY) == whole.idf(EVERY)).all()


def test_what_words_weigh_in_the_shipped_background_is_the_same_read_alone() -> None:
    rank.unload_background()
    weights = load_weights()
    loaded = load_background.cache_info().currsize

    whole = rank.load_background().weights

    assert not loaded
    assert weights.pivots == whole.pivots
    assert (weights.idf(EVERY) == whole.idf(EVERY)).all()
    assert load_weights() is whole


def test_what_the_sample_s_papers_are_along_its_mean_adds_up_exactly() -> None:
    background = rank.load_background()

    for rows, mean, usual in zip(background.sample, background.mean, background.usual, strict=True):
        assert (rows @ mean.astype(np.float64) == usual).all()


def test_the_sample_is_weighted_as_any_papers_are() -> None:
    background = rank.load_background()

    some = background.vectors(background.counts[990:1_010])

    assert (some.phrases != background.sample.phrases[990:1_010]).nnz == 0
    assert (some.words != background.sample.words[990:1_010]).nnz == 0


def test_a_mean_in_single_precision_is_the_mean() -> None:
    background = rank.load_background()

    for kept, rows in zip(background.mean, background.sample, strict=True):
        assert (kept == on_grid(np.bincount(rows.indices, weights=rows.data, minlength=SIZE) / 10_000)).all()


def test_the_loaded_background_takes_little_memory() -> None:
    shipped = rank.load_background()

    held = [shipped.weights.frequencies, shipped.rows, shipped.places, *shipped.mean, shipped.counts.data, shipped.counts.indices]
    held += [shipped.sample.phrases.data, shipped.sample.words.data, shipped.sample.words.indices]

    assert sum(one.nbytes for one in held) < 70_000_000
    assert np.shares_memory(shipped.sample.phrases.indices, shipped.counts.indices)


def test_the_hash_is_read_without_the_rest() -> None:
    rank.unload_background()
    found = shipped_sha256()
    loaded = load_background.cache_info().currsize

    assert not loaded
    assert rank.load_background().sha256 == found


def test_a_ranking_is_named_without_the_background_and_scores_with_it() -> None:
    rank.unload_background()
    seeds = [ResolvedSeed(Seed("seed.txt", "", "0" * 64), MUSK)]

    bare = rank.build(seeds)
    nothing = bare.score([]), bare.values([])
    loaded = load_background.cache_info().currsize
    whole = rank.build(seeds, background=rank.load_background())

    assert nothing == ((), ())
    assert not loaded
    assert bare.facts == whole.facts
    assert bare.score([AGRIN, WHEAT]) == whole.score([AGRIN, WHEAT])


def test_a_damaged_background_is_told_before_anything_is_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray((Path(rank.__file__).parent / "background.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "background.npz").write_bytes(content)
    monkeypatch.setattr("watcher.rank.background._FILE", str(tmp_path / "background.npz"))
    rank.unload_background()

    with pytest.raises(ConfigurationError, match="install watcher anew"):
        rank.build([ResolvedSeed(Seed("seed.txt", "", "0" * 64), MUSK)])

    rank.unload_background()


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        _frozen().write(tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_the_hash_changes_with_the_content() -> None:
    other = _frozen().frequencies.copy()
    other[3] += 1

    assert replace(_frozen(), frequencies=other).sha256 != _frozen().sha256
    assert replace(_frozen(), documents=5).sha256 != _frozen().sha256


def test_the_file_holds_no_text(tmp_path: Path) -> None:
    _frozen().write(tmp_path / "background.npz")

    with np.load(tmp_path / "background.npz", allow_pickle=False) as stored:
        content = b"".join(stored[name].tobytes() for name in stored)

    assert b"neuromuscular" not in content.lower()


def test_a_file_whose_content_was_changed_is_refused(tmp_path: Path) -> None:
    _frozen().write(tmp_path / "background.npz")
    with np.load(tmp_path / "background.npz", allow_pickle=False) as stored:
        arrays = {name: stored[name].copy() for name in stored}
    arrays["frequencies"][0] ^= 1
    changed = io.BytesIO()
    np.savez_compressed(changed, allow_pickle=False, **arrays)

    for reading in (read, read_weights, read_sha256):
        changed.seek(0)
        with pytest.raises(ConfigurationError, match=r"background\.npz.*sha256.*\n.*install watcher anew"):
            reading(changed)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_background_is_refused(content: bytes) -> None:
    with pytest.raises(ConfigurationError, match="install watcher anew"):
        read(io.BytesIO(content))


def test_the_space_of_words_leaves_out_pairs_and_stop_words() -> None:
    vectors = rank.load_background().vectors(count([paper(Article(pubmed_id(1), abstract="the motor neuron of the muscle"))]))

    kept = {int(place) for place in vectors.words.indices}

    assert kept == set(word_ids(np.array([words.key(word) for word in ("motor", "neuron", "muscle")], np.uint64)).tolist())
    assert (vectors.phrases.indices >= PLACES).any()


def test_a_bare_title_does_not_pass_for_a_whole_paper() -> None:
    background = rank.load_background()
    bare, whole = (background.vectors(count([paper(one)])) for one in (replace(AGRIN, abstract=""), AGRIN))

    assert lengths(bare.phrases)[0] < lengths(whole.phrases)[0]
    assert lengths(bare.phrases)[0] < 0.95


def test_weights_stand_on_a_grid_on_which_sums_of_products_are_exact() -> None:
    background = background_of(_frozen())
    weights = rank.load_background().sample.phrases.data

    assert (weights == on_grid(weights)).all()
    assert (background.mean[0] == on_grid(background.mean[0].astype(np.float64))).all()


def test_what_a_paper_is_about_is_pubmeds_formula_by_hand() -> None:
    article = Article(pubmed_id(1), title="agrin", abstract="the agrin of muscle")
    features = rank.load_background().features(count([paper(article)]))

    row = features.elite.toarray()[0]
    found = row[word_ids(np.array([words.key("agrin"), words.key("muscle"), words.key("the")], np.uint64))]

    agrin = 1 / (1 + (0.013 / 0.022) ** 2 * math.exp(0.009 * 4))
    assert found == pytest.approx([agrin, 1 / (1 + math.exp(0.009 * 4)), 0], abs=2**-16)


def test_what_the_samples_papers_are_about_is_as_of_any_papers() -> None:
    background = rank.load_background()

    kept = background.measured.elite.tocsr()[990:1_010]

    assert (kept != background.features(background.counts[990:1_010]).elite).nnz == 0
    assert np.shares_memory(background.measured.elite.indices, background.measured.columns.words.indices)


def test_products_of_what_papers_are_about_add_up_exactly() -> None:
    data = rank.load_background().measured.elite.data.astype(np.float64)

    assert (data * 2.0**16 == np.rint(data * 2.0**16)).all()
    assert 0 <= data.min() <= data.max() <= 1
