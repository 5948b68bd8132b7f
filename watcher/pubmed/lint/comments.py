"""Comments in a query, which PubMed searches as words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from watcher.domain import Code
from watcher.pubmed.lint.tokens import CLOSE, OPEN, Token, hidden, is_edge, joins
from watcher.pubmed.lint.unplaced import UnplacedFlaw


def comments(tokens: list[Token], term: str) -> Iterator[UnplacedFlaw]:
    """A # before a blank or a letter, and the signs of other languages."""
    hashtags = set(_hashtags(tokens, term))
    for found in COMMENT.finditer(hidden(term, tokens)):
        start = found.end() - len(found.group().lstrip())
        if start not in hashtags:
            what, fix = "PubMed knows no comments and searches these words", "move the comment into the watch's note"
            yield UnplacedFlaw(start, Code.QUERY_COMMENT, what, fix)


COMMENT = re.compile(
    r"(?<!\S)#+(?=\s|[A-Za-z])|(?<!\S)(?://|--)|(?<![\w*])/\*|<!--|(?<=[\])\"])[ \t]*(?:%|--|//)(?!\d)|^[ \t]*(?:#+(?!\d)|%(?!\d)|;)",
    re.MULTILINE,
)


def _hashtags(tokens: list[Token], term: str) -> Iterator[int]:
    """Where words such as #metoo begin that are terms of their own: between operators or parentheses, up to three words of one line with
    their tag."""
    around = [OPEN, *tokens, CLOSE]
    for number, token in enumerate(tokens):
        if token.kind == "word" and re.match(r"#[A-Za-z]", token.text) and is_edge(around[number]):
            behind = around[number + 2 : number + 6]
            words = next((count for count, one in enumerate(behind) if one.kind != "word" or joins(one)), len(behind))
            is_tagged = words < 3 and behind[words].kind == "tag" and "\n" not in term[token.start : behind[words].start]
            if is_edge(behind[words + 1 if is_tagged else 0]) and (is_tagged or words == 0):
                yield token.start
