"""Parts: what belongs together stays together, and no link is torn."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.digest.parts import cut, within

WORDS = ["word", "a-hyphenated-word", "https://x.example/a-b", "<https://x.example|two words>", "α" * 30, "\n"]
LINK = "<https://doi.org/10.1000/a-very-long-identifier-of-a-paper|A title with blanks in it>"


def test_a_line_is_cut_between_words_and_never_inside_a_link() -> None:
    line = f"Look at {LINK} and at https://pubmed.ncbi.nlm.nih.gov/99000001/?from=a-b-c-d-e-f-g-h-i-j too."

    pieces = cut(line, within(90))

    assert all(len(piece) <= 90 for piece in pieces)
    assert sum(LINK in piece for piece in pieces) == 1
    assert sum("https://pubmed.ncbi.nlm.nih.gov/99000001/?from=a-b-c-d-e-f-g-h-i-j" in piece for piece in pieces) == 1


def test_an_address_that_is_longer_than_a_message_is_left_out_and_told() -> None:
    assert cut(f"See https://doi.org/{'x' * 200} there", within(60)) == [
        "See (an address that is longer than a message here) there"
    ]


@given(
    st.lists(st.sampled_from(WORDS), max_size=40),
    st.integers(40, 120),
)
def test_nothing_is_lost_and_every_piece_fits(words: list[str], limit: int) -> None:
    text = " ".join(words)

    pieces = cut(text, within(limit))

    assert all(len(piece) <= limit for piece in pieces)
    assert "".join(re.sub(r"\s", "", piece) for piece in pieces) == re.sub(r"\s", "", text)
    assert sum(piece.count("<https://x.example|two words>") for piece in pieces) == words.count("<https://x.example|two words>")
    assert sum(len(re.findall(r"(?<!<)https://x\.example/a-b", piece)) for piece in pieces) == words.count("https://x.example/a-b")


@pytest.mark.parametrize("limit", [1, 7, 40])
def test_a_word_that_fits_nowhere_is_cut_within(limit: int) -> None:
    pieces = cut("x" * 100, within(limit))

    assert "".join(pieces).replace("\n", "") == "x" * 100
    assert all(len(piece) <= limit for piece in pieces)
