"""Numbers of earlier searches and of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from watcher.domain import Code
from watcher.pubmed.lint.tokens import CLOSE, OPEN, Token, is_edge, joins
from watcher.pubmed.lint.unplaced import UnplacedFlaw

_LINE_NUMBER = re.compile(r"#\d+|S\d{1,3}|\d{1,3}")
_RANGE_OF_LINES = re.compile(r"(?:or|and)/\d+(?:[-,]\d+)*", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:#?(\d{1,3})[.):]?|S(\d{1,3})[.):]?)")


def history(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """Numbers of lines: PubMed keeps no history for a service."""
    what, fix = "this is the number of an earlier search, and there is none", "write the earlier searches out, in parentheses"
    alone = [
        token
        for before, token, after in zip([OPEN, *tokens], tokens, [*tokens[1:], CLOSE], strict=False)
        if token.kind == "word"
        and _LINE_NUMBER.fullmatch(token.text)
        and is_edge(before)
        and is_edge(after)
        and (joins(before) or joins(after))
    ]
    marks = [
        token
        for token in tokens
        if token.kind == "word" and (re.fullmatch(r"#\d+", token.text) or _RANGE_OF_LINES.fullmatch(token.text))
    ]
    for token in {*marks, *(alone if len(alone) > 1 else ())}:
        yield UnplacedFlaw(token.start, Code.QUERY_HISTORY, what, fix, token.text)


def numbers_of_lines(tokens: list[Token], term: str) -> list[Token]:
    """The numbers that lines begin with, where they count up from line to line."""
    first = [
        token
        for before, token in pairwise([None, *tokens])
        if token is not None and (before is None or "\n" in term[before.start + len(before.text) : token.start])
    ]
    found = [(int(number[1] or number[2]), token) for token in first if (number := _NUMBERED.fullmatch(token.text))]
    follow = [one for one, other in pairwise(found) if other[0] == one[0] + 1]
    return [token for _, token in found] if follow and len(found) > 1 else []
