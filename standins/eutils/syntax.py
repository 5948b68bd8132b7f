"""PubMed's query syntax: a term as it was typed -> a tree. Total: whatever is typed has a tree, as at PubMed.

    expression := operand ((AND | OR | NOT)? operand)*      evaluated from left to right; two operands side by side mean AND
    operand    := "(" expression ")" | leaf | leaf ":" leaf | "#" number
    leaf       := (words | '"' phrase '"') ("[" tag "]")?

Operators count in capitals only. What does not balance is mended as PubMed does, without an error: a missing closing parenthesis
is added at the end, a surplus one ignored, a quotation mark without its twin ignored; an operator without an operand is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

OPERATORS = frozenset({"AND", "OR", "NOT"})

_TOKEN = re.compile(r'"(?P<quoted>[^"]*)"|\[(?P<tag>[^\[\]]*)\]|(?P<sign>[():])|(?P<word>[^\s()\[\]":]+)|[\[\]"]|\s+')


@dataclass(frozen=True, slots=True)
class Leaf:
    """Words or a quoted phrase, with the tag as written (None: none)."""

    text: str
    quoted: bool = False
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A range "low : high"; the tag is that of either end."""

    low: Leaf
    high: Leaf


@dataclass(frozen=True, slots=True)
class Recall:
    """An earlier search or upload of the same WebEnv: #1."""

    key: int


@dataclass(frozen=True, slots=True)
class Group:
    """A part in parentheses."""

    inner: Chain


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands from left to right, each but the first with the operator before it; may be empty."""

    links: tuple[tuple[str, Node], ...] = ()


Node = Leaf | Span | Recall | Group


def parse(term: str) -> Chain:
    """The tree of a query term."""
    reader = _Reader(list(_tokens(term)))
    chain = reader.chain()
    while not reader.at_end:
        reader.advance()
        chain = Chain((*chain.links, *reader.chain(joined=bool(chain.links)).links))
    return chain


def leaves(term: str) -> Iterator[Leaf]:
    """Every leaf of a query, from left to right; what a corpus takes as `also_indexed` to know all of its words."""
    for _, node in parse(term).links:
        yield from _leaves(node)


def _leaves(node: Node) -> Iterator[Leaf]:
    match node:
        case Leaf():
            yield node
        case Span(low, high):
            yield from (low, high)
        case Group(inner):
            for _, child in inner.links:
                yield from _leaves(child)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(term: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(term):
        kind = found.lastgroup
        if kind == "word" and found["word"] in OPERATORS:
            yield _Token("operator", found["word"])
        elif kind:
            yield _Token(kind, found[kind].strip())


@dataclass
class _Reader:
    tokens: list[_Token]
    place: int = field(default=0)

    @property
    def at_end(self) -> bool:
        return self.place >= len(self.tokens)

    def peek(self) -> _Token:
        return self.tokens[self.place] if not self.at_end else _Token("end", "")

    def advance(self) -> _Token:
        token = self.peek()
        self.place += 1
        return token

    def chain(self, *, joined: bool = False) -> Chain:
        """The operands up to a closing parenthesis or the end. `joined`: the first of them follows another operand."""
        links: list[tuple[str, Node]] = []
        operator = "AND"
        while not self.at_end and self.peek() != _Token("sign", ")"):
            if self.peek().kind == "operator":
                operator = self.advance().text if operator != "NOT" else self._skip("NOT")
                continue
            for node in self._operand():
                links.append((operator, node))
                operator = "AND"
        return Chain(tuple(links)) if joined or not links else Chain((_opening(links[0]), *links[1:]))

    def _skip(self, kept: str) -> str:
        self.advance()
        return kept

    def _operand(self) -> Iterator[Node]:
        token = self.advance()
        if token == _Token("sign", "("):
            yield from self._group()
        elif token.kind == "quoted":
            yield from self._leaf(Leaf(token.text, quoted=True))
        elif token.kind == "word":
            yield from self._run(token.text)

    def _group(self) -> Iterator[Node]:
        inner = self.chain()
        self.advance()
        if self.peek().kind == "tag":
            self.advance()
        if inner.links:
            yield Group(inner)

    def _run(self, first: str) -> Iterator[Node]:
        """A run of bare words; a tag or a colon after it belongs to it."""
        run = [first]
        while self.peek().kind == "word":
            run.append(self.advance().text)
        words: list[str] = []
        for word in run:
            if re.fullmatch(r"#\d+", word):
                yield from self._flush(words)
                words = []
                yield Recall(int(word[1:]))
            else:
                words.append(word)
        if words:
            yield from self._leaf(Leaf(" ".join(words)))

    def _flush(self, words: list[str]) -> Iterator[Node]:
        if words:
            yield Leaf(" ".join(words))

    def _leaf(self, leaf: Leaf) -> Iterator[Node]:
        leaf = self._tagged(leaf)
        if self.peek() != _Token("sign", ":"):
            if leaf.text:
                yield leaf
            return
        self.advance()
        after = self.peek()
        if after.kind not in ("quoted", "word"):
            yield leaf
            return
        self.advance()
        yield from self._span(leaf, self._tagged(self._words_after(after)))

    def _words_after(self, first: _Token) -> Leaf:
        if first.kind == "quoted":
            return Leaf(first.text, quoted=True)
        return Leaf(first.text)

    def _span(self, low: Leaf, high: Leaf) -> Iterator[Node]:
        if low.tag is None and high.tag is None:
            yield from self._leaf(Leaf(f"{low.text} {high.text}", quoted=low.quoted and high.quoted))
            return
        if not low.quoted and low.tag is None and " " in low.text:
            before, _, last = low.text.rpartition(" ")
            yield Leaf(before)
            low = Leaf(last)
        yield Span(low, high)

    def _tagged(self, leaf: Leaf) -> Leaf:
        if self.peek().kind != "tag":
            return leaf
        return Leaf(leaf.text, leaf.quoted, self.advance().text)


def _opening(link: tuple[str, Node]) -> tuple[str, Node]:
    """The first operand of a chain has no operator but a NOT, which takes it from all records."""
    operator, node = link
    return (operator if operator == "NOT" else "", node)
