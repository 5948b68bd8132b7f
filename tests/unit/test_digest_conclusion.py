"""The conclusion sentence and the chips of a paper. All texts are samples."""

from __future__ import annotations

import pytest
from support.digest_samples import paper

from watcher.digest.chips import chips
from watcher.digest.conclusion import conclusion, sentences
from watcher.domain import AbstractSection, Article, Heading


def structured(*sections: tuple[str, str, str]) -> Article:
    return paper(1, sections=tuple(AbstractSection(*section) for section in sections))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Levels fell by 0.5 (p < 0.05). They rose later.", ("Levels fell by 0.5 (p < 0.05).", "They rose later.")),
        ("We grew C. elegans and E. coli. They did well.", ("We grew C. elegans and E. coli.", "They did well.")),
        ("As Rao et al. Found, it binds (e.g. MuSK). So do we.", ("As Rao et al. Found, it binds (e.g. MuSK).", "So do we.")),
        ("Strength vs. Controls (Fig. 2) rose by 2.5 mV. It held!", ("Strength vs. Controls (Fig. 2) rose by 2.5 mV.", "It held!")),
        ("It needs vitamin D. Mice lack it.", ("It needs vitamin D.", "Mice lack it.")),
        ("He said “Done.” Then 10 mice slept.", ("He said “Done.”", "Then 10 mice slept.")),
        ("Is it? α-Bungarotoxin says yes.", ("Is it?", "α-Bungarotoxin says yes.")),
        ("", ()),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: tuple[str, ...]) -> None:
    assert sentences(text) == expected


def test_the_section_categorised_as_conclusion_wins_over_a_cue_elsewhere() -> None:
    article = structured(
        ("RESULTS", "RESULTS", "In conclusion, this is not it."),
        ("WHAT IT MEANS", "CONCLUSIONS", "Agrin is enough."),
        ("REGISTRATION", "", "NCT01234567."),
    )

    assert conclusion(article) == "Agrin is enough."


@pytest.mark.parametrize("label", ["Conclusions", "INTERPRETATION", "Significance statement", "Clinical implications"])
def test_a_conclusion_like_label_is_enough_without_a_category(label: str) -> None:
    article = structured(("METHODS", "", "We counted."), (label, "", "Counting helps."), ("FUNDING", "", "Nobody."))

    assert conclusion(article) == "Counting helps."


def test_without_a_section_the_strongest_cue_wins_and_the_last_of_several() -> None:
    abstract = (
        "Our data suggest a start. Taken together, agrin acts early. Collectively, agrin acts late in C. elegans. Thus we wrote."
        " © 2026 The Sample Society. All rights reserved."
    )

    assert conclusion(paper(1, abstract=abstract)) == "Collectively, agrin acts late in C. elegans."


@pytest.mark.parametrize(
    "sentence",
    [
        "These findings identify rapsyn as a scaffold.",
        "This study shows that glia matter.",
        "Therefore, denervation comes first.",
        "Here, we show that muscle speaks back.",
    ],
)
def test_a_weaker_cue_wins_over_the_last_sentence(sentence: str) -> None:
    assert conclusion(paper(1, abstract=f"We looked. {sentence} Samples are kept cold.")) == sentence


def test_without_any_cue_the_last_sentence_stands_that_no_publisher_appended() -> None:
    abstract = "We looked. Endplates were smaller. Trial registration: ClinicalTrials.gov NCT01234567. Copyright © 2026 Nobody."

    assert conclusion(paper(1, abstract=abstract)) == "Endplates were smaller."


def test_sections_without_a_conclusion_are_searched_in_order_leaving_asides_out() -> None:
    article = structured(("AIM", "OBJECTIVE", "To see."), ("RESULTS", "RESULTS", "We saw."), ("FUNDING", "", "A grant."))

    assert conclusion(article) == "We saw."


def test_a_long_conclusion_keeps_whole_sentences_up_to_300_characters() -> None:
    first, second, third = "First part. " + "a" * 80 + ".", "B" * 90 + ".", "C" * 150 + "."
    article = structured(("CONCLUSION", "CONCLUSIONS", f"{first} {second} {third}"))

    assert conclusion(article) == f"{first} {second}"


def test_one_endless_sentence_is_cut_at_a_word_with_an_ellipsis() -> None:
    said = conclusion(paper(1, abstract="synapse " * 100))

    assert len(said) <= 300
    assert said.endswith("synapse…")


def test_no_abstract_gives_no_conclusion() -> None:
    assert conclusion(paper(1, abstract="")) == ""


def test_control_and_direction_characters_do_not_survive() -> None:
    assert conclusion(paper(1, abstract="Agrin\x00 \u202ereversed\u202c\n binds.")) == "Agrin reversed binds."


def test_chips_come_in_one_fixed_order_whatever_the_record_s() -> None:
    one = paper(
        1, publication_types=("Review", "Preprint"), headings=(Heading("Rats", "", major=False), Heading("Mice", "", major=False))
    )
    other = paper(
        1, publication_types=("Preprint", "Review"), headings=(Heading("Mice", "", major=False), Heading("Rats", "", major=False))
    )

    assert chips(one) == chips(other) == ("Preprint", "Review", "Mice", "Rats")


@pytest.mark.parametrize(
    ("types", "headings", "expected"),
    [
        (("Journal Article", "Review", "Systematic Review"), (), ("Systematic review",)),
        (("Clinical Trial", "Randomized Controlled Trial"), (), ("Randomized trial",)),
        (("Clinical Trial, Phase II",), ("Humans", "Female"), ("Clinical trial", "Humans")),
        ((), ("Animals", "Zebrafish"), ("Zebrafish",)),
        ((), ("Animals", "Dogs"), ("Animals",)),
        (("Retraction of Publication",), (), ("Retraction notice",)),
        (("Journal Article", "English Abstract"), ("Electromyography",), ()),
    ],
)
def test_chips_tell_what_a_reader_would_ask_and_nothing_twice(
    types: tuple[str, ...], headings: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    article = paper(1, publication_types=types, headings=tuple(Heading(name, "", major=False) for name in headings))

    assert chips(article) == expected
