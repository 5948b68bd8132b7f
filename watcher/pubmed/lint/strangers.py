"""What other databases, pages and word processors left in a query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from watcher.domain import Code
from watcher.pubmed.characters import strange
from watcher.pubmed.foreign import signs
from watcher.pubmed.lint.history import numbers_of_lines
from watcher.pubmed.lint.operators import lines_side_by_side
from watcher.pubmed.lint.tokens import CLOSE, OPEN, Token, hidden, is_edge, operands
from watcher.pubmed.lint.unplaced import UnplacedFlaw


def strangers(term: str, tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """What other databases, pages and word processors left."""
    for start, what, fix in strange(term):
        yield UnplacedFlaw(start, Code.QUERY_CHARACTER, what, fix, _piece(term, start))
    for start, rule in signs(term, hidden(term, tokens)):
        yield UnplacedFlaw(start, rule.code, rule.what, rule.fix, _piece(term, start))
    yield from _prefixes(tokens)
    yield from _fields_before(tokens)
    yield from _plus_signs(tokens)
    numbers = numbers_of_lines(tokens, term)
    for token in numbers:
        what = "these lines are numbered, and PubMed searches the numbers"
        yield UnplacedFlaw(token.start, Code.QUERY_HISTORY, what, "take the numbers out, and join the lines by AND and OR")
    if not numbers:
        yield from lines_side_by_side(tokens, term)


def _piece(term: str, start: int) -> str:
    """What stands between the blanks around a place, without parentheses and tag."""
    found = re.compile(r"\S{0,200}").match(term, max(term.rfind(mark, 0, start) for mark in " \t\n") + 1)
    return found.group().strip("()").partition("[")[0] if found else ""


_LONG_FIELDS = """
title title_abs abstract auth author authors authorid journal keyword keywords src pub_year pub_type first_pdate has_abstract has_ft
in_epmc in_pmc open_access grant_agency grant_id ext_id affiliation publication_year ti_ab title_abstract titleabstract tiab
title-abstract mesh mesh_terms
"""
_SHORT_FIELDS = "ti ab abs au kw mh ta tw ad pt dp la all text source aff lang issn disease organism chem gene_protein methods body"
_LONG, _SHORT = frozenset(_LONG_FIELDS.split()), frozenset(_SHORT_FIELDS.split())


def _fields_before(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """A field and a colon before what is sought, as Europe PMC and search engines have it. A short one may be a word of a tagged term:
    ti:sapphire laser[tiab]."""
    what = 'a field with a colon before a word, such as TITLE:"asthma", is the syntax of Europe PMC and of search engines'
    fix = "write a tag behind each word or phrase: asthma[tiab]"
    tagged = {token.start for run, tag in operands(tokens) for token in run if tag is not None}
    around = [OPEN, *tokens]
    for before, token, colon, after in zip(around, tokens, tokens[1:], tokens[2:], strict=False):
        name, is_joined = token.text.lower(), after.start == colon.start + 1
        if token.kind != "word" or colon.kind != "colon" or colon.start != token.start + len(token.text) or after.kind == "close":
            continue
        is_long = name in _LONG and (is_joined or is_edge(before))
        is_short = name in _SHORT and token.text in (name, name.upper()) and is_joined and after.start not in tagged
        if is_long or is_short:
            yield UnplacedFlaw(token.start, Code.QUERY_FOREIGN, what, fix, token.text)


def _plus_signs(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """A plus sign of its own between two terms; inside a tagged term it belongs to the words: CD4 + T cell*[tiab]."""
    what, fix = "+ between two terms joins nothing", "write AND, or OR"
    ends = {before.start for before in tokens if before.kind in ("tag", "close", "phrase")}
    previous = {token.start: before for before, token in pairwise(tokens)}
    for run, tag in operands(tokens):
        for number, token in enumerate(run):
            before = previous.get(token.start)
            if token.text != "+" or token.kind != "word" or before is None:
                continue
            if before.start in ends if number == 0 else tag is None and not before.text[-1].isdigit():
                yield UnplacedFlaw(token.start, Code.QUERY_FOREIGN, what, fix, token.text)


_PREFIXES = frozenset({"TI", "AB", "TX", "SU", "KW", "DE", "MW", "XB"})
_BEFORE_PHRASES = _PREFIXES | {"AU", "SO", "JN", "ZT"}


def _prefixes(tokens: list[Token]) -> Iterator[UnplacedFlaw]:
    """EBSCO's fields before an untagged word, and its N3 and W3."""
    what, fix = "TI, AB and TX before a word are CINAHL's syntax", "write a tag behind each word or phrase: asthma[tiab]"
    behind = {
        token.start: (after, more)
        for token, after, more in zip(tokens, [*tokens[1:], CLOSE], [*tokens[2:], CLOSE, CLOSE], strict=False)
    }
    sure = {one.start for one in _begins(tokens) if one.text in _BEFORE_PHRASES and _is_sought(one, *behind[one.start])}
    found = [token for token in _begins(tokens) if token.text in _PREFIXES or token.start in sure]
    marks = len(found) > 1 or any(token.kind == "word" and token.text in ("MH", "MM") for token in tokens)
    for token in found:
        if marks or token.start in sure or token.text not in ("AB", "DE"):
            yield UnplacedFlaw(token.start, Code.QUERY_FOREIGN, what, fix, token.text)
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_between = before.kind in ("word", "phrase", "close") and after.kind in ("word", "phrase", "open")
        is_sure = bool(found) or before.kind == "close" or after.kind == "open" or "*" in before.text + after.text
        if token.kind == "word" and re.fullmatch(r"[NW]\d{1,2}", token.text) and is_between and is_sure:
            what = "N3 and W3 between words are CINAHL's searches by proximity"
            yield UnplacedFlaw(token.start, Code.QUERY_FOREIGN, what, 'write "two words"[tiab:~3]')


def _is_sought(prefix: Token, after: Token, more: Token) -> bool:
    """Whether a phrase or a group follows: not the (2) of a formula."""
    is_formula = after.start == prefix.start + len(prefix.text) and len(more.text) < 3
    return after.kind == "phrase" or (after.kind == "open" and not is_formula)


def _begins(tokens: list[Token]) -> Iterator[Token]:
    """First words of untagged terms, with something behind them."""
    starts = {token.start for before, token in pairwise([OPEN, *tokens]) if before.kind in ("open", "operator")}
    after = dict(zip((token.start for token in tokens), [*tokens[1:], CLOSE], strict=True))
    for run, tag in operands(tokens):
        first = run[0]
        follows = len(run) > 1 or after[first.start].kind in ("phrase", "open")
        if first.kind == "word" and first.start in starts and tag is None and follows:
            yield first
