"""Numbers as bars and sparklines, of block characters where the terminal can show them, else of ASCII. Pure, save for the look at the
terminal's encoding."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_LEVELS = {True: "▁▂▃▄▅▆▇█", False: "_.:-=+*#"}
_EIGHTHS = "▏▎▍▌▋▊▉█"


def has_blocks() -> bool:
    """Whether standard output can be given block characters."""
    try:
        (_LEVELS[True] + _EIGHTHS).encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def sparkline(numbers: Sequence[int], *, blocks: bool) -> str:
    """A character for each number, the largest of them at the top; the lowest character stands for none alone."""
    levels, most = _LEVELS[blocks], max(numbers, default=0)
    return "".join(levels[-(-number * (len(levels) - 1) // most)] if number else levels[0] for number in numbers)


def bar(number: int, most: int, width: int, *, blocks: bool) -> str:
    """A bar that is as long, of `width` characters, as the number is of the most; never empty where there is anything."""
    if number <= 0 or most <= 0 or width <= 0:
        return ""
    if not blocks:
        return "#" * max(1, number * width // most)
    whole, rest = divmod(max(1, number * width * len(_EIGHTHS) // most), len(_EIGHTHS))
    return _EIGHTHS[-1] * whole + (_EIGHTHS[rest - 1] if rest else "")
