"""A list's text in pieces, one for each thing that is listed, however it is marked and wrapped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watcher.seeds.entry import folded
from watcher.seeds.identifiers import identified
from watcher.seeds.mentions import mentions

_MARK = re.compile(r"^\s*(?:[-*•+–]|\[(\d{1,4})\]|\(?(\d{1,4})[.):])\s+(?:\[[ xX✓-]?\]\s+)?")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_RULE = re.compile(r"(?:[-=_*]\s*){3,}|\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+[ \t]*:?-*:?")
_LONGEST = 5_000
"""Characters beyond which no reference goes on: what follows is looked at line by line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing of a list: the line on which it begins, its text without its mark and without comments, and whether it has a mark."""

    line: int
    text: str
    marked: bool = False


def pieces(text: str) -> list[Piece]:
    """The pieces of a list: what begins with a bullet or the next number, with the lines that go on with it; any other line is one.
    What stands behind `#` is a comment and gives nothing."""
    found: list[Piece] = []
    number, goes_on = 0, False
    for line, written in enumerate(text.split("\n"), start=1):
        bare = _COMMENT.sub("", written)
        mark = None if _RULE.fullmatch(written.strip()) else _MARK.match(bare)
        counted = int(mark[1] or mark[2]) if mark and (mark[1] or mark[2]) else None
        if mark and counted is not None and number and counted not in (number, number + 1):
            mark = None  # a number at the head of a line that goes on
        elif (
            mark and counted is None and number and goes_on and not mentions(found[-1].text) and not identified(bare[mark.end() :])
        ):
            mark = None  # a dash at the head of one
        if not bare.strip() or _RULE.fullmatch(written.strip()):
            goes_on = goes_on and bool(written.strip()) and not _RULE.fullmatch(written.strip())
        elif mark:
            found.append(Piece(line, folded(bare[mark.end() :]), marked=True))
            number, goes_on = counted or number, True
        elif goes_on and len(found[-1].text) < _LONGEST and not _is_another(bare, found[-1].text):
            found[-1] = Piece(found[-1].line, f"{found[-1].text} {folded(bare)}", marked=True)
        else:
            found.append(Piece(line, folded(bare)))
            goes_on = False
    return found


def _is_another(line: str, before: str) -> bool:
    """Whether a line is an identifier of a kind that the lines before have already."""
    ids = identified(line)
    kinds = {one.kind for one in mentions(before)}
    return bool(ids) and (bool(identified(before)) or any(getattr(ids, kind) for kind in kinds))


def paragraphs(text: str) -> list[Piece]:
    """The paragraphs of a text as pieces, without comments."""
    return list(_paragraphs([_COMMENT.sub("", line) for line in text.split("\n")]))


def _paragraphs(lines: Sequence[str]) -> Iterator[Piece]:
    held: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            held.append(line)
        elif held:
            yield Piece(number - len(held), folded(" ".join(held)))
            held = []
