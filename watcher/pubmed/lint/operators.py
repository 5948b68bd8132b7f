"""AND, OR and NOT: where they join nothing, stand side by side, are mixed, or are missing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from watcher.domain import Code
from watcher.pubmed.lint.comments import COMMENT
from watcher.pubmed.lint.tokens import CLOSE, OPEN, OPERATORS, Token, is_small_operator, operands
from watcher.pubmed.lint.unplaced import UnplacedFlaw


def small_operators(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """and, or, not in small letters. Between other words of one term they belong to it: wounds and injuries[mh]; and an "and" among
    untagged words changes nothing, since PubMed joins these by AND."""
    around = {
        token.start: (before, after) for before, token, after in zip([OPEN, *tokens], tokens, [*tokens[1:], CLOSE], strict=False)
    }
    for run, tag in operands(tokens):
        for number, token in enumerate(run):
            if not is_small_operator(token):
                continue
            before, after = around[token.start]
            joins_before = number == 0 and before.kind in ("tag", "close", "phrase")
            joins_after = number == len(run) - 1 and after.kind in ("open", "phrase")
            is_inside = 0 < number < len(run) - 1 and tag is None and token.text != "and"
            if joins_before or joins_after or is_inside:
                what = f"{token.text} is searched as a word"
                yield UnplacedFlaw(token.start, Code.QUERY_OPERATOR, what, f"write {token.text.upper()}", token.text)


def lines_side_by_side(tokens: list[Token], term: str) -> Iterator[UnplacedFlaw]:
    """Two terms on two lines with no operator between them."""
    for before, token in pairwise(tokens):
        ends = before.kind in ("tag", "close", "phrase")
        begins = token.is_operand or token.kind == "open"
        is_other = token.text.upper() in OPERATORS or COMMENT.match(token.text)
        if ends and begins and not is_other and "\n" in term[before.start + len(before.text) : token.start]:
            what = "no operator joins this line with the one above, and PubMed takes AND"
            yield UnplacedFlaw(token.start, Code.QUERY_OPERATOR, what, "write OR or AND at its beginning")


def operators(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """Operators that stand side by side, empty parentheses, and AND or NOT after OR."""
    before = OPEN
    for token in tokens:
        yield from _meeting(before, token)
        before = token
    yield from _mixtures(tokens)


def dangling(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """Operators that join nothing."""
    for before, token in pairwise([OPEN, *tokens, CLOSE]):
        if token.kind == "operator" and before.kind == "open" and token.text != "NOT":
            yield UnplacedFlaw(
                token.start, Code.QUERY_OPERATOR, f"nothing stands before {token.text}", "remove it, or add what it joins"
            )
        elif token.kind == "close" and before.kind == "operator":
            yield UnplacedFlaw(
                before.start, Code.QUERY_OPERATOR, f"nothing stands after {before.text}", "remove it, or add what it joins"
            )


def _meeting(before: Token, token: Token) -> Iterator[UnplacedFlaw]:
    """What two neighbours do wrong together."""
    if token.kind == "operator" and before.kind == "operator" and (before.text, token.text) != ("AND", "NOT"):
        yield UnplacedFlaw(token.start, Code.QUERY_OPERATOR, f"{before.text} {token.text} stand side by side", "keep one of them")
    elif token.kind == "close" and before.text == "(":
        yield UnplacedFlaw(before.start, Code.QUERY_OPERATOR, "these parentheses are empty", "remove them")


def _mixtures(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """AND or NOT after OR in one group: PubMed reads from left to right, without precedence."""
    groups: list[set[str]] = [set()]
    for token in tokens:
        if token.kind == "open":
            groups.append(set())
        elif token.kind == "close" and len(groups) > 1:
            groups.pop()
        elif token.kind == "operator":
            if token.text != "OR" and groups[-1] == {"OR"}:
                yield UnplacedFlaw(
                    token.start,
                    Code.QUERY_OPERATOR,
                    f"{token.text} after OR without parentheses: PubMed reads from left to right, (a OR b) {token.text} c",
                    "put parentheses around what belongs together",
                )
            groups[-1].add(token.text)
