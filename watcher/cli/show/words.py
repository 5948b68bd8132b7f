"""Words that several tables use."""

from __future__ import annotations

from watcher.cli.console import line
from watcher.domain import VerdictKind, Warned

VERDICTS = {VerdictKind.RELEVANT: "relevant", VerdictKind.NOT: "not relevant", VerdictKind.LATER: "to be read later"}
"""What a verdict says."""


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def warning(one: Warned) -> None:
    """A warning with its place, and what to do below it."""
    place, key = one.place, one.place.key if one.place else None
    parts = (place.path, place.line, place.column) if place else ()
    where = ":".join(str(part) for part in parts if part is not None)
    line(f"warning: {': '.join(part for part in (where, key, one.what) if part)}")
    if one.fix:
        line(f"    {one.fix}")
