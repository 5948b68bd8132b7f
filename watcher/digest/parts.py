"""Packs what belongs together into as few parts as a channel's limits allow."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Unit = TypeVar("Unit")


def packed(units: Iterable[Unit], fits: Callable[[Sequence[Unit]], bool]) -> list[list[Unit]]:
    """`units` in order, in parts for each of which `fits` holds; a unit that fits nowhere gets a part of its own."""
    parts: list[list[Unit]] = []
    for unit in units:
        if parts and fits([*parts[-1], unit]):
            parts[-1].append(unit)
        else:
            parts.append([unit])
    return parts


def cut(text: str, limit: int) -> list[str]:
    """`text` in pieces of at most `limit` characters, cut between lines; a longer line is cut between words, or within one."""
    lines = [
        piece
        for line in text.split("\n")
        for piece in (textwrap.wrap(line, limit, replace_whitespace=False, drop_whitespace=False) if len(line) > limit else [line])
    ]
    return ["\n".join(part) for part in packed(lines, lambda part: len("\n".join(part)) <= limit)]
