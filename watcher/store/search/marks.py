"""Where the asked words stand in a text, as ranges of its characters; and the piece of a text that shows most of them. Reads no database."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from watcher.store.search.folding import FoldedText, pattern_of
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
    if not phrases:
        return ()
    folded = FoldedText(text)
    patterns = [pattern_of(phrase.words, is_prefix=phrase.is_prefix) for phrase in phrases]
    return _joined(sorted(found for pattern in patterns for found in folded.ranges(pattern)))


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
    start = _fullest([one for one, _ in found])
    first, last = _cut(text, start)
    inside = tuple((start - first, end - first) for start, end in found if start >= first and end <= last)
    return Snippet(text[first:last], inside, first > 0, last < len(text))


def _fullest(starts: Sequence[int]) -> int:
    """The first of these places with most of them close behind it; 0 where there are none."""
    near = [bisect_left(starts, one + SNIPPET * 3 // 4) - number for number, one in enumerate(starts)]
    return starts[near.index(max(near))] if near else 0


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
