"""Dates and ranges of dates: what is no date, and what lies behind, so that nothing new can match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from watcher.domain import Code
from watcher.pubmed.fields import DATES
from watcher.pubmed.lint.tokens import Token, field, is_small_operator, operands
from watcher.pubmed.lint.unplaced import UnplacedFlaw

_STATED_DATE = re.compile(r"(\d{4})(?:[/-](\d{1,2})(?:[/-](\d{1,2}))?)?")
_RELATIVE_DATE = re.compile(r"last \d+ (?:days?|months?|years?)", re.IGNORECASE)


def dates(tokens: list[Token], today: date | None) -> Iterator[UnplacedFlaw]:
    """What is no date, ranges that are turned round or have no field, and, where `today` is known, what has ended."""
    for run, tag in operands(tokens):
        if tag is not None and field(tag)[0] in DATES and len(run) == 1:
            yield from _date(run[0])
    spans = list(_spans(tokens))
    for low, high, tag in spans:
        yield from _range(low, high, tag)
    if today is not None:
        yield from _closed(tokens, spans, today)


def _date(token: Token) -> Iterator[UnplacedFlaw]:
    text = token.text.strip('" ')
    if _stated(text) is None and not _RELATIVE_DATE.fullmatch(text):
        yield UnplacedFlaw(token.start, Code.QUERY_DATE, f"{token.text} is no date", "write YYYY, YYYY/MM or YYYY/MM/DD")


def _stated(text: str) -> tuple[int, int, int] | None:
    """A date's numbers, 0 where it states none; None for what is no date."""
    found = _STATED_DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    possible = month <= 12 and day <= 31 and (found[2] is None or month > 0) and (found[3] is None or day > 0)
    return (year, month, day) if possible else None


_Dated = tuple[tuple[int, int, int], Token]


def _spans(tokens: list[Token]) -> Iterator[tuple[_Dated, _Dated, Token | None]]:
    """Ranges of dates: both ends, and the tag behind the second."""
    numbered = [(number, token) for number, token in enumerate(tokens) if token.kind != "tag"]
    for (_, low), (_, colon), (number, high) in zip(numbered, numbered[1:], numbered[2:], strict=False):
        if colon.kind != "colon" or not (low.is_operand and high.is_operand):
            continue
        first, last = (_stated(end.text.strip('" ')) for end in (low, high))
        if first is not None and last is not None:
            after = tokens[number + 1] if number + 1 < len(tokens) else None
            yield (first, low), (last, high), after if after is not None and after.kind == "tag" else None


def _range(low: _Dated, high: _Dated, tag: Token | None) -> Iterator[UnplacedFlaw]:
    (first, one), (last, other) = low, high
    told = f"the range {one.text} : {other.text}"
    if tag is None:
        bare = (one.text.strip('"'), other.text.strip('"'))
        yield UnplacedFlaw(one.start, Code.QUERY_DATE, f"{told} has no field", f'write "{bare[0]}"[dp] : "{bare[1]}"[dp]')
    if first > last:
        yield UnplacedFlaw(one.start, Code.QUERY_DATE, f"{told} ends before it begins", "turn it round")


def _closed(tokens: list[Token], spans: list[tuple[_Dated, _Dated, Token | None]], today: date) -> Iterator[UnplacedFlaw]:
    """Ranges and dates that lie behind and that every paper must meet: no paper of tomorrow matches the query."""
    ended = {flaw.start: flaw for flaw in _ended(tokens, spans, today)}
    inner = {high[1].start for _, high, _ in spans}
    yield from (ended[start] for start in sorted(_unmet(tokens, ended, inner)))


def _ended(tokens: list[Token], spans: list[tuple[_Dated, _Dated, Token | None]], today: date) -> Iterator[UnplacedFlaw]:
    """Ranges and dates that lie behind."""
    within = {end.start for low, high, _ in spans for end in (low[1], high[1])}
    for low, high, tag in spans:
        if tag is not None and low[0] <= high[0] and _is_past(high[0], today):
            what = f"the range {low[1].text} : {high[1].text} has ended: no new paper can match it"
            yield UnplacedFlaw(
                low[1].start, Code.QUERY_DATE, what, f'leave its end open, such as "{low[1].text.strip(chr(34))}"[dp] : "3000"[dp]'
            )
    for run, tag in operands(tokens):
        stated = _stated(run[0].text.strip('" ')) if len(run) == 1 and run[0].start not in within else None
        if stated and tag is not None and field(tag)[0] in DATES and _is_past(stated, today):
            what = f"{run[0].text}{tag.text} lies behind: no new paper can match it"
            yield UnplacedFlaw(run[0].start, Code.QUERY_DATE, what, "take it out, or write a range with an open end")


_Unmet = frozenset[int]


def _unmet(tokens: list[Token], ended: Mapping[int, UnplacedFlaw], inner: set[int]) -> _Unmet:
    """Where the dates begin for which nothing new can match the whole term; empty where something can.

    A group is read from left to right, as PubMed does; `inner` are the ends of ranges, which are no terms of their own.
    """
    groups: list[tuple[_Unmet | None, str]] = [(None, "AND")]
    for token in tokens:
        if token.kind == "operator" or is_small_operator(token):
            groups[-1] = groups[-1][0], token.text.upper()
        elif token.kind == "open":
            groups.append((None, "AND"))
        elif token.kind == "close" and len(groups) > 1:
            unmet, _ = groups.pop()
            groups[-1] = _joined(*groups[-1], unmet or frozenset()), "AND"
        elif token.is_operand and token.start not in inner:
            groups[-1] = _joined(*groups[-1], frozenset({token.start} & ended.keys())), "AND"
    while len(groups) > 1:  # a parenthesis that was never closed
        unmet, _ = groups.pop()
        groups[-1] = _joined(*groups[-1], unmet or frozenset()), "AND"
    return groups[0][0] or frozenset()


def _joined(left: _Unmet | None, operator: str, right: _Unmet) -> _Unmet:
    """What cannot be met of two joined terms; `left` is None before the first."""
    if operator == "NOT":
        return left or frozenset()
    if left is None:
        return right
    if operator == "OR":
        return left | right if left and right else frozenset()
    return left | right


def _is_past(stated: tuple[int, int, int], today: date) -> bool:
    """Whether a date, to the end of its year or month, is before today."""
    year, month, day = stated
    return (year, month or 12, day or 31) < (today.year, today.month, today.day)
