"""The words that a paper shares with the seeds, marked where they stand in its text. They are found as the ranking reads them: folded, and
side by side where a term has several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Final

from markupsafe import Markup, escape

from watcher.rank import words

_JOINT: Final = re.compile(r"[\s\d/‐‑–-]*")
_TAG: Final = re.compile(r"(<[^>]*>)")


def marked(text: str, terms: Iterable[str]) -> Markup:
    """The text as HTML with each of the terms in a `mark`, the longest where several begin with one word."""
    spans = [span for span in words.spans(text) if not text[slice(*span)].isdecimal()]
    told, place = Markup(), 0
    for start, end in _found(text, spans, _wanted(terms)):
        told += escape(text[place:start]) + Markup("<mark>{}</mark>").format(text[start:end])
        place = end
    return told + escape(text[place:])


def marked_markup(markup: Markup, terms: Iterable[str]) -> Markup:
    """The same of text that is HTML already, such as a title with italics; a term that a tag parts is not marked."""
    held = tuple(terms)
    parts = _TAG.split(str(markup))
    return Markup().join(
        Markup(part) if place % 2 else marked(unescape(part), held)  # noqa: S704 - the tags of what was HTML already
        for place, part in enumerate(parts)
    )


def _wanted(terms: Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
    """The folded words of each term by the first of them, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for term in terms:
        folded = tuple(words.fold(term[a:b]) for a, b in words.spans(term) if not term[a:b].isdecimal())
        if folded:
            found.setdefault(folded[0], []).append(folded)
    return {first: sorted(known, key=len, reverse=True) for first, known in found.items()}


def _found(text: str, spans: list[tuple[int, int]], wanted: dict[str, list[tuple[str, ...]]]) -> Iterator[tuple[int, int]]:
    folded = [words.fold(text[start:end]) for start, end in spans]
    place = 0
    while place < len(spans):
        length = next((len(one) for one in wanted.get(folded[place], ()) if _stands(text, spans, folded, place, one)), 0)
        if length:
            yield spans[place][0], spans[place + length - 1][1]
        place += max(length, 1)


def _stands(text: str, spans: list[tuple[int, int]], folded: list[str], place: int, term: tuple[str, ...]) -> bool:
    last = place + len(term)
    if tuple(folded[place:last]) != term:
        return False
    return all(_JOINT.fullmatch(text, spans[one][1], spans[one + 1][0]) for one in range(place, last - 1))
