"""Packs what belongs together into as few parts as a channel's limits allow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias, TypeVar

Unit = TypeVar("Unit")

Fits: TypeAlias = Callable[[str, str], bool]
"""Whether a channel takes a text of this subject in one message."""

_WORD = re.compile(r"(?:<[^\s<>][^<>]*>|\S)+|\s+")
"""A word with the links in it, whose labels may hold blanks (`<address|label>`), or the white space between two."""

_LINE = "This is line {} of a message that is as long as the longest part of a digest – nothing of it is meant to be read."

_LINK = re.compile(r"<?https?://", re.IGNORECASE)
_LEFT_OUT = "(an address that is longer than a message here)"


def packed(units: Iterable[Unit], fits: Callable[[Sequence[Unit]], bool]) -> list[list[Unit]]:
    """`units` in order, in parts for each of which `fits` holds; a unit that fits nowhere gets a part of its own."""
    parts: list[list[Unit]] = []
    for unit in units:
        if parts and fits([*parts[-1], unit]):
            parts[-1].append(unit)
        else:
            parts.append([unit])
    return parts


def within(limit: int) -> Callable[[str], bool]:
    """Whether a text has at most so many characters."""
    return lambda text: len(text) <= limit


def cut(text: str, fits: Callable[[str], bool]) -> list[str]:
    """`text` in pieces that fit, cut between lines; a longer line between words, and never inside a link; a longer word within."""
    lines = [piece for line in text.split("\n") for piece in ([line] if fits(line) else _wrapped(line, fits))]
    return ["\n".join(part) for part in packed(lines, lambda part: fits("\n".join(part)))]


def _wrapped(line: str, fits: Callable[[str], bool]) -> list[str]:
    words = [piece for word in _WORD.findall(line) for piece in ([word] if fits(word) else _broken(word, fits))]
    return ["".join(part).rstrip() for part in packed(words, lambda part: fits("".join(part)))]


def _broken(word: str, fits: Callable[[str], bool]) -> Iterator[str]:
    """A word that fits nowhere, in pieces. Half an address leads nowhere: it is left out."""
    if _LINK.search(word):
        yield _LEFT_OUT
        return
    while word:
        size = len(word)
        while size > 1 and not fits(word[:size]):
            size = -(-size // 2) if size > 2 else 1
        yield word[:size]
        word = word[size:]


def filled(first: str, fits: Callable[[Sequence[str]], bool]) -> list[str]:
    """The text, and numbered lines as long as they fit, the last one cut where the room ends: a test message of a part's full length."""
    lines = [first]
    while fits([*lines, line := _LINE.format(len(lines) + 1)]):
        lines.append(line)
    while line and not fits([*lines, line]):
        line = line[:-1].rstrip()
    return [*lines, line] if line else lines
