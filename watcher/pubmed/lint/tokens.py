"""Cuts a query term into phrases, words, tags, parentheses and operators, and says how they hang together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from watcher.pubmed.fields import NAMES
from watcher.pubmed.foreign import HIDDEN

_TOKEN = re.compile(
    r'(?P<phrase>"[^"]*")|(?P<quote>")|(?P<tag>\[[^\[\]]*\])|(?P<bracket>[\[\]])|(?P<open>\()|(?P<close>\))|(?P<colon>:)'
    r'|(?P<word>[^\s"\[\]():]+)'
)
OPERATORS = frozenset({"AND", "OR", "NOT"})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a term: its kind (the names of the groups above, or "operator"), its text, and where it begins."""

    kind: str
    text: str
    start: int

    @property
    def is_operand(self) -> bool:
        """Whether it is a word or a phrase."""
        return self.kind in ("phrase", "word")


OPEN, CLOSE = Token("open", "", 0), Token("close", "", 0)
"""What stands before and behind every query."""


def tokenise(term: str) -> Iterator[Token]:
    """Cut a term up; an operator has the kind "operator". A quotation mark without a second one turns no others round."""
    lone = _lone_quote(term)
    if lone is not None:
        yield from _cut(term[:lone], 0)
        yield Token("quote", '"', lone)
        yield from _cut(term[lone + 1 :], lone + 1)
    else:
        yield from _cut(term, 0)


def _cut(text: str, start: int) -> Iterator[Token]:
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        yield Token("operator" if found.group() in OPERATORS else kind, found.group(), start + found.start())


def _lone_quote(term: str) -> int | None:
    """Of an odd number of quotation marks the one that has no second: in the first line with an odd number, where two phrases open or
    close one after the other."""
    start = 0
    for line in term.split("\n") if term.count('"') % 2 else ():
        if line.count('"') % 2:
            return start + _lone_in(line)
        start += len(line) + 1
    return None


def _lone_in(line: str) -> int:
    opened: int | None = None
    last = line.rindex('"')
    for found in re.finditer('"', line):
        at = found.start()
        opens = at == 0 or line[at - 1] in " \t(:"
        if opens == (opened is not None):
            return at if opened is None else opened
        opened = at if opens else None
    return last if opened is None else opened


def field(token: Token) -> tuple[str | None, str]:
    """A tag's field by its full name, None for an unknown one; and what follows the colon, in lower case."""
    spelling, _, modifier = token.text[1:-1].partition(":")
    return NAMES.get(" ".join(spelling.lower().split())), modifier.strip().lower()


def is_small_operator(token: Token) -> bool:
    """Whether it is and, or, not in other letters than capitals."""
    return token.kind == "word" and token.text not in OPERATORS and token.text.upper() in OPERATORS


def is_edge(token: Token) -> bool:
    """Whether a term ends before or begins behind this."""
    return token.kind in ("open", "close") or joins(token)


def joins(token: Token) -> bool:
    """Whether it is an operator, in whatever letters."""
    return token.kind == "operator" or is_small_operator(token)


def hidden(term: str, tokens: list[Token]) -> str:
    """The term with HIDDEN inside its phrases and tags; as long as it was."""
    text = list(term)
    for token in tokens:
        if token.kind in ("phrase", "tag"):
            text[token.start + 1 : token.start + len(token.text) - 1] = HIDDEN * (len(token.text) - 2)
    return "".join(text)


def operands(tokens: list[Token]) -> Iterator[tuple[list[Token], Token | None]]:
    """The runs of words and phrases, each with the tag behind it; a phrase is a run of its own."""
    run: list[Token] = []
    for token in tokens:
        if run and not (token.kind == "word" and run[-1].kind == "word"):
            yield run, token if token.kind == "tag" else None
            run = []
        if token.is_operand:
            run.append(token)
    if run:
        yield run, None


def negated(tokens: list[Token]) -> set[int]:
    """Where the tokens start that stand under a NOT."""
    found: set[int] = set()
    groups = [False]
    is_now = False
    for token in tokens:
        if token.kind == "operator":
            is_now = groups[-1] or token.text == "NOT"
        elif token.kind == "open":
            groups.append(is_now)
        elif token.kind == "close" and len(groups) > 1:
            groups.pop()
            is_now = groups[-1]
        elif is_now:
            found.add(token.start)
    return found
