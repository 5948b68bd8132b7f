"""Bars and sparklines: as long and as high as their numbers, and of characters that the terminal has."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.cli.drawing import bar, has_blocks, sparkline

COUNTS = st.lists(st.integers(min_value=0, max_value=10_000), min_size=1, max_size=8)


def test_a_sparkline_has_a_character_for_each_number_and_its_lowest_for_none_alone() -> None:
    assert sparkline([0, 1, 4, 7, 0], blocks=True) == "▁▂▅█▁"
    assert sparkline([0, 1, 4, 7, 0], blocks=False) == "_.=#_"
    assert sparkline([0, 0], blocks=True) == "▁▁"
    assert sparkline([], blocks=True) == ""
    assert sparkline([1, 10_000], blocks=True) == "▂█"


@given(COUNTS)
def test_a_larger_number_is_never_lower(numbers: list[int]) -> None:
    drawn = sparkline(numbers, blocks=True)

    assert len(drawn) == len(numbers)
    pairs = sorted(zip(numbers, drawn, strict=True))
    assert [mark for _, mark in pairs] == sorted(mark for _, mark in pairs)


def test_a_bar_is_as_long_as_its_number_and_never_empty_where_there_is_anything() -> None:
    assert bar(10, 10, 4, blocks=True) == "████"
    assert bar(5, 10, 3, blocks=True) == "█▌"
    assert bar(1, 10_000, 4, blocks=True) == "▏"
    assert bar(5, 10, 4, blocks=False) == "##"
    assert bar(1, 10_000, 4, blocks=False) == "#"
    assert [bar(0, 10, 4, blocks=True), bar(0, 0, 4, blocks=True), bar(3, 4, 0, blocks=True)] == ["", "", ""]


@given(COUNTS, st.integers(min_value=1, max_value=80), st.booleans())
def test_no_bar_is_wider_than_there_is_room(numbers: list[int], width: int, blocks: bool) -> None:
    assert all(len(bar(number, max(numbers), width, blocks=blocks)) <= width for number in numbers)


@pytest.mark.parametrize(("encoding", "has"), [("utf-8", True), ("ascii", False), ("iso-8859-1", False), ("cp437", False)])
def test_a_terminal_that_has_no_block_characters_gets_ascii(encoding: str, has: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))

    assert has_blocks() is has
