"""The nearest known word to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable

_NEAR_ENOUGH = 65
"""rapidfuzz ratio, 0 to 100, from which a word is worth proposing."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The word of `known` that `word` most likely stands for, or None."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - only where something is misspelt

    found = process.extractOne(word, sorted(known), scorer=fuzz.ratio, processor=_plain, score_cutoff=_NEAR_ENOUGH)
    return found[0] if found else None


def _plain(word: str) -> str:
    return word.casefold().replace("-", "_").strip()
