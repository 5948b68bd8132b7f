"""Quotation marks, brackets and parentheses that have no second one."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.domain import Code
from watcher.pubmed.lint.tokens import Token
from watcher.pubmed.lint.unplaced import UnplacedFlaw


def unbalanced(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """What is opened and never closed, or closed and never opened."""
    waiting: list[Token] = []
    for token in tokens:
        if token.kind == "quote":
            yield UnplacedFlaw(
                token.start, Code.QUERY_NESTING, "this quotation mark has no second one", 'close the phrase with another "'
            )
        elif token.kind == "bracket":
            yield UnplacedFlaw(
                token.start, Code.QUERY_NESTING, f"{token.text} stands alone", "write a field as [tag], without a bracket inside"
            )
        elif token.kind == "open":
            waiting.append(token)
        elif token.kind == "close" and not waiting:
            yield UnplacedFlaw(
                token.start,
                Code.QUERY_NESTING,
                "this closing parenthesis was never opened",
                "remove it, or open it before its first word",
            )
        elif token.kind == "close":
            waiting.pop()
    for token in waiting:
        yield UnplacedFlaw(token.start, Code.QUERY_NESTING, "this parenthesis is never closed", "close it after its last word")
