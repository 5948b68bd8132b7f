from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rank_samples import AGEING, AGRIN, WHEAT

from watcher.domain import Article, Heading, OtherAbstract, ResolvedSeed, Seed, pubmed_id
from watcher.rank import words
from watcher.rank.features import PLACES, SIZE, count, count_articles, example, pair_ids, paper, word_ids


def _features(*texts: str) -> set[int]:
    return set(count([paper(Article(pubmed_id(1), abstract=text)) for text in texts]).indices.tolist())


def _of(word: str) -> int:
    return int(word_ids(np.array([words.key(word)], np.uint64))[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [("NMJs", "nmj"), ("studies", "Study"), ("synapses", "synapse"), ("AXONS", "axon")],
)
def test_a_plural_and_its_singular_are_one_word(one: str, other: str) -> None:
    assert words.key(one) == words.key(other)


@pytest.mark.parametrize("word", ["virus", "analysis", "loss", "gas", "nervous"])
def test_an_s_that_marks_no_plural_stays(word: str) -> None:
    assert words.fold(word) == word


def test_the_key_of_a_word_is_the_same_everywhere_for_ever() -> None:
    assert words.key("neuromuscular") == 13497914070993702094


def test_a_number_is_no_word() -> None:
    assert words.keys("in 2021 we saw 37") == [words.key("in"), 0, words.key("we"), words.key("saw"), 0]
    assert _features("we saw 37") == _features("we saw")


def test_neighbouring_words_make_a_pair_and_their_order_counts() -> None:
    there, back = np.array([7, 9], np.uint64), np.array([9, 7], np.uint64)

    assert pair_ids(there[:1], there[1:]) != pair_ids(back[:1], back[1:])
    assert _features("motor neuron") ^ _features("neuron motor") != set()


def test_words_and_pairs_have_places_of_their_own() -> None:
    counts = count([paper(AGRIN), paper(WHEAT)])

    assert counts.shape == (2, SIZE)
    assert (counts.indices < PLACES).any()
    assert (counts.indices >= PLACES).any()
    assert counts.has_sorted_indices


def test_no_pair_spans_two_headings() -> None:
    apart = Article(pubmed_id(1), headings=(Heading("Motor", "", major=False), Heading("Neuron", "", major=False)))
    together = Article(pubmed_id(1), headings=(Heading("Motor Neuron", "", major=False),))

    assert set(count([paper(apart)]).indices) < set(count([paper(together)]).indices)


def test_a_word_of_the_title_counts_twice() -> None:
    counts = count([paper(Article(pubmed_id(1), title="agrin", abstract="muscle"))])

    assert counts[0, _of("agrin")] == 2
    assert counts[0, _of("muscle")] == 1


def test_keywords_and_headings_are_read_and_check_tags_are_not() -> None:
    article = Article(
        pubmed_id(1),
        keywords=("sarcopenia", "Humans"),
        headings=(Heading("Agrin", "", major=True), Heading("Mice", "", major=False)),
    )

    texts = [passage.text for passage in paper(article)]

    assert texts == ["sarcopenia", "Agrin"]


def test_an_english_abstract_of_another_kind_is_read_and_one_in_another_language_is_not() -> None:
    others = (OtherAbstract("plain-language-summary", "eng", "muscles tire"), OtherAbstract("Publisher", "ger", "Muskeln ermüden"))

    texts = [passage.text for passage in paper(Article(pubmed_id(1), other_abstracts=others))]

    assert texts == ["muscles tire"]


def test_an_article_without_any_text_has_no_features() -> None:
    assert count([paper(Article(pubmed_id(1)))]).nnz == 0
    assert count([]).shape == (0, SIZE)


def test_a_seed_is_read_with_its_record_and_what_both_say_counts_once() -> None:
    alone = replace(AGEING, article=None)

    texts = [passage.text for passage in example(AGEING)]

    assert texts == [*(passage.text for passage in example(alone)), "Neuromuscular Junction"]


def test_a_seed_without_a_record_is_read_from_its_own_title_abstract_keywords_and_notes() -> None:
    seed = Seed(
        "a",
        "",
        "",
        title="one title",
        abstract="an abstract",
        keywords=("a keyword",),
        headings=("some heading",),
        notes="and notes",
    )

    texts = [passage.text for passage in example(ResolvedSeed(seed))]

    assert texts == ["one title", "an abstract", "and notes", "a keyword", "some heading"]


_odd = st.text(st.sampled_from("aB_9s ,.-\n\x1f\x85–µβéß²神\u0301\ud800"), max_size=12)


@given(
    st.lists(
        st.builds(Article, record_id=st.just(pubmed_id(1)), title=_odd, abstract=_odd, keywords=st.tuples(_odd, _odd)), max_size=5
    )
)
def test_articles_are_counted_as_their_passages_whatever_they_hold(articles: list[Article]) -> None:
    passages, quick = count([paper(article) for article in articles]), count_articles(articles)

    assert (quick.shape, quick.dtype) == (passages.shape, passages.dtype)
    for part in ("data", "indices", "indptr"):
        assert getattr(quick, part).tolist() == getattr(passages, part).tolist()


def test_many_articles_are_counted_after_the_lexicon_was_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    articles = [Article(pubmed_id(number), title=f"agrin{number} and MuSK", abstract="Agrin and Lrp4") for number in range(2_000)]
    monkeypatch.setattr("watcher.rank.features._MOST", 10)

    counts = [count_articles(articles[start : start + 500]) for start in range(0, 2_000, 500)]

    whole = count([paper(article) for article in articles])
    assert [row.data.tolist() for row in counts] == [whole[start : start + 500].data.tolist() for start in range(0, 2_000, 500)]
    assert [row.indices.tolist() for row in counts] == [
        whole[start : start + 500].indices.tolist() for start in range(0, 2_000, 500)
    ]
