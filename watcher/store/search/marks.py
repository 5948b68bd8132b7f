"""Where the asked words stand in a text, as ranges of its characters; and the piece of a text that shows most of them. Reads no database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from watcher.store.search.folding import PlacedWords
from watcher.store.search.query import SearchPhrase

SNIPPET = 240
"""Characters of a snippet, about."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text. `marks` are ranges of `text`; `is_cut_before` and `is_cut_behind`: the text goes on there."""

    text: str
    marks: tuple[Range, ...] = ()
    is_cut_before: bool = False
    is_cut_behind: bool = False


def marked(text: str, phrases: Sequence[SearchPhrase]) -> tuple[Range, ...]:
    """The ranges of a text in which one of the phrases stands, in order; those that touch are one."""
    placed = PlacedWords(text)
    found = [placed.range(*place) for phrase in phrases for place in _stands(placed.words, phrase)]
    return _joined(sorted(found))


def _stands(there: Sequence[str], phrase: SearchPhrase) -> Iterator[Range]:
    """The first and the last word of each place of a phrase."""
    *before, last = phrase.words
    behind = len(before)
    for place in range(behind, len(there)) if phrase.is_prefix else _places(there, last, behind):
        if phrase.is_prefix and not there[place].startswith(last):
            continue
        if list(there[place - behind : place]) == before:
            yield place - behind, place


def _places(there: Sequence[str], word: str, start: int) -> Iterator[int]:
    """Where a word stands, from a place on."""
    with suppress(ValueError):
        while True:
            start = there.index(word, start) + 1
            yield start - 1


def _joined(ranges: Sequence[Range]) -> tuple[Range, ...]:
    done: list[Range] = []
    for start, end in ranges:
        if done and start <= done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]))
        else:
            done.append((start, end))
    return tuple(done)


def snippet(text: str, phrases: Sequence[SearchPhrase]) -> Snippet:
    """The piece of the text with most of what is asked for; its beginning where nothing of it stands there."""
    found = marked(text, phrases)
    start = max((_count(found, one), -one) for one, _ in found)[1] * -1 if found else 0
    first, last = _cut(text, start)
    inside = tuple((start - first, end - first) for start, end in found if start >= first and end <= last)
    return Snippet(text[first:last], inside, first > 0, last < len(text))


def _count(found: Sequence[Range], start: int) -> int:
    return sum(start <= one < start + SNIPPET * 3 // 4 for one, _ in found)


def _cut(text: str, start: int) -> Range:
    """From where to where a snippet goes that shows what begins at `start`: between words, where there is a blank near."""
    first = max(0, min(start - SNIPPET // 4, len(text) - SNIPPET))
    last = min(len(text), first + SNIPPET)
    blank = text.find(" ", first, start)
    if first and blank >= 0:
        first = blank + 1
    if last < len(text) and (blank := text.rfind(" ", max(start, last - SNIPPET // 4), last)) > first:
        last = blank
    return first, last
