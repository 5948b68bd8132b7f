"""Themes found from seeds, and the theme that a paper fits best. Samples written for these tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.rank_samples import AGEING, AGRIN, CROPS, ENDPLATE, MUSK, RECEPTORS, WHEAT

from watcher import rank
from watcher.config.themes import read_themes
from watcher.domain import Article, Heading, ResolvedSeed, Seed, Theme, pubmed_id
from watcher.rank.themes import MOST, fitting, found
from watcher.seeds import read
from watcher.setup import starter

GLIA = Theme("Glia", ("perisynaptic Schwann cells", "glia"))
AGE = Theme("Age", ("sarcopenia", "age"))
MYASTHENIA = Theme("Myasthenia", ("myastheni*",))


def fit(article: Article, *themes: Theme) -> str | None:
    return fitting(article, themes, rank.load_background())


def test_a_paper_goes_to_the_theme_whose_words_weigh_most_in_it() -> None:
    assert fit(MUSK, GLIA, AGE, MYASTHENIA) == "Myasthenia"
    assert fit(AGRIN, AGE, MYASTHENIA) == "Age"
    assert fit(AGRIN, GLIA, replace(AGE, words=("age",))) == "Glia"


def test_a_paper_without_any_of_the_words_fits_none() -> None:
    assert fit(WHEAT, GLIA, AGE, MYASTHENIA) is None
    assert fit(AGRIN) is None


@pytest.mark.parametrize(
    ("text", "word", "fits"),
    [
        ("Terminal SCHWANN CELLS", "schwann cell", True),
        ("Schwann and other cells", "schwann cell", False),
        ("Schwannoma", "schwann", False),
        ("Schwannoma", "schwann*", True),
        ("cell Schwann", "schwann cell", False),
        ("Charcot–Marie–Tooth disease", "Charcot-Marie-Tooth", True),
    ],
)
def test_words_are_found_side_by_side_whatever_case_and_plural(text: str, word: str, fits: bool) -> None:
    article = Article(record_id=pubmed_id(1), title=text)

    assert (fit(article, Theme("it", (word,))) == "it") is fits


def test_the_title_counts_twice_and_headings_and_keywords_count() -> None:
    in_title = Article(record_id=pubmed_id(1), title="Glia", abstract="Sarcopenia.")
    heading = Article(record_id=pubmed_id(2), title="A sample", headings=(Heading("Sarcopenia", "D055948", major=True),))

    assert fit(in_title, Theme("one", ("glia",)), Theme("two", ("glia", "sarcopenia"))) == "two"
    assert fit(in_title, Theme("one", ("dystrophin",)), Theme("two", ("glia",))) == "two"
    assert fit(heading, GLIA, AGE) == "Age"
    assert fit(Article(record_id=pubmed_id(3), title="", keywords=("Glia",)), AGE, GLIA) == "Glia"


def test_of_equal_themes_the_first_is_taken() -> None:
    assert fit(AGRIN, replace(GLIA, name="first"), replace(GLIA, name="second")) == "first"


def test_the_shipped_seeds_speak_of_what_their_abstracts_name() -> None:
    root = starter.shipped() / "seeds"
    seeds = [ResolvedSeed(seed) for seed in read(root / "nmj", root=root)]

    themes = found(seeds, rank.load_background())

    assert len(themes) == MOST
    named = " | ".join(theme.name for theme in themes).lower()
    for wanted in (
        "amyotrophic lateral sclerosis",
        "charcot-marie-tooth",
        "sarcopenia",
        "congenital myasthenic syndromes",
        "perisynaptic schwann cell",
        "presynaptic neurotransmitter release",
        "immune cells",
        "interspecies differences",
        "organoid models",
    ):
        assert wanted in named


def test_what_all_seeds_speak_of_and_what_all_research_is_written_in_makes_no_theme() -> None:
    themes = found([AGEING, RECEPTORS, CROPS], rank.load_background())

    words = {word.lower() for theme in themes for word in theme.words}
    assert words
    assert not words & {"review", "neuromuscular", "the", "we"}


def test_the_order_of_seeds_makes_no_other_words() -> None:
    background = rank.load_background()

    one, other = (found(seeds, background) for seeds in ([AGEING, CROPS], [CROPS, AGEING]))

    assert {word for theme in one for word in theme.words} == {word for theme in other for word in theme.words}


def test_a_theme_holds_a_paper_that_is_written_in_its_words() -> None:
    themes = found([AGEING], rank.load_background())

    for theme in themes:
        assert fit(Article(record_id=pubmed_id(1), title=theme.words[0]), *themes) == theme.name


def test_seeds_without_telling_words_have_no_themes() -> None:
    assert found([ResolvedSeed(Seed("a.txt", "", "0" * 64, title="This is a review of the results"))], rank.load_background()) == ()
    assert found([], rank.load_background()) == ()


def test_the_shipped_themes_sort_the_samples() -> None:
    folder: Path = starter.shipped() / "config" / "themes"
    read = read_themes(folder, ["nmj"])

    assert (read.problems, read.warnings) == ((), ())
    themes = read.themes
    assert fit(MUSK, *themes["nmj"]) == "Congenital syndromes and autoimmunity"
    assert fit(ENDPLATE, *themes["nmj"]) is None
