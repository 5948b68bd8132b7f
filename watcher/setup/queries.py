"""What stands wrong in the watches' queries, told at the lines of the file that they were written in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from watcher.config import Settings
from watcher.domain import Place, Warned
from watcher.errors import Problem
from watcher.pubmed import lint

_BLANK_LINES = 5
"""With how many blank lines a query may begin and still be told its place."""


def problems(settings: Settings) -> Iterator[Problem]:
    """What breaks a query, so that it cannot mean what was written."""
    for name in settings.watches:
        for flaw, what, place in _placed(settings, name, None):
            if flaw.breaks:
                yield Problem(what, flaw.fix, place)


def warnings(settings: Settings, today: date) -> Iterator[Warned]:
    """What PubMed would silently read otherwise than it was meant. `today` is NCBI's."""
    for name in settings.watches:
        for flaw, what, place in _placed(settings, name, today):
            if not flaw.breaks:
                yield Warned(flaw.code, what, flaw.fix, place)


def _placed(settings: Settings, watch: str, today: date | None) -> Iterator[tuple[lint.Flaw, str, Place]]:
    """Each flaw with line and column of the file; where the file does not spell the query line by line, with the key's place and the
    query's line in words."""
    term, place = settings.watches[watch].query, settings.place(("watches", watch, "query"))
    found = lint.flaws(term, today)
    lines = _lines(place) if found else []
    for flaw in found:
        text = term.split("\n")[flaw.line - 1].strip()
        spot = _spot(flaw, term, lines, place) if text else None
        yield flaw, flaw.what if spot or not text else flaw.told, spot or place


def _lines(place: Place) -> list[str]:
    try:
        return place.path.read_text(encoding="utf-8-sig", errors="replace").splitlines() if place.line is not None else []
    except OSError:
        return []


def _spot(flaw: lint.Flaw, term: str, lines: list[str], place: Place) -> Place | None:
    """Where the flaw stands in the file."""
    written = term.split("\n")[flaw.line - 1]
    text, first = written.strip(), (place.line or 0) + flaw.line  # a block begins below its key, perhaps with blank lines
    offset = flaw.column - 1 - written.index(text)
    for number in (*range(first, first + _BLANK_LINES), place.line or 0):
        column = lines[number - 1].find(text) if 0 < number <= len(lines) else -1
        if column >= 0:
            return replace(place, line=number, column=column + offset + 1)
    return None
