"""Reads query terms for mistakes that PubMed itself would not report: it mends a broken query without an error, drops what does not
balance, and searches an unknown field as plain text, so that a result explodes or shrinks unseen.

Pure: a term in, flaws out. It never asks PubMed and reads no clock. The syntax is that of PubMed's help
(https://pubmed.ncbi.nlm.nih.gov/help/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from watcher.domain import Code
from watcher.pubmed.lint.comments import comments
from watcher.pubmed.lint.dates import dates
from watcher.pubmed.lint.history import history
from watcher.pubmed.lint.nesting import unbalanced
from watcher.pubmed.lint.operators import dangling, operators, small_operators
from watcher.pubmed.lint.strangers import strangers
from watcher.pubmed.lint.tags import headings, tags
from watcher.pubmed.lint.tokens import Token, tokenise
from watcher.pubmed.lint.unplaced import UnplacedFlaw
from watcher.pubmed.lint.wildcards import wildcards


@dataclass(frozen=True, slots=True)
class Flaw:
    """What PubMed would silently read otherwise than it was meant. Line and column count from 1 inside the term.

    `breaks` is set where the term falls apart, so that it cannot mean what was written: nothing balances, or an operator joins nothing.
    """

    line: int
    column: int
    code: Code
    what: str
    fix: str
    breaks: bool

    @property
    def told(self) -> str:
        """The flaw with its place inside the term."""
        return f"line {self.line}, column {self.column}: {self.what}"


def flaws(term: str, today: date | None = None) -> tuple[Flaw, ...]:
    """What PubMed would silently read otherwise than it was meant, in the order of the term. An empty tuple means that nothing was
    found, not that the query is good.
    """
    if not term.strip():
        fix = 'write what PubMed shall search, such as "neuromuscular junction"[tiab]'
        return (Flaw(1, 1, Code.QUERY_TAG, "the query is empty", fix, breaks=True),)
    tokens = list(tokenise(term))
    broken = {*unbalanced(tokens), *dangling(tokens)}
    flaws_found = [*sorted(broken), *_told_once(_milder(term, tokens, today))]
    return tuple(_flaw(term, flaw, breaks=flaw in broken) for flaw in sorted(flaws_found))


def flawed_words(term: str) -> frozenset[str]:
    """The words, phrases and [tags] that flaws are about, in lower case: what PubMed may complain of too; none of an empty term."""
    if not term.strip():
        return frozenset()
    return frozenset(flaw.about.strip('"').casefold() for flaw in _milder(term, list(tokenise(term)), None) if flaw.about)


def _milder(term: str, tokens: list[Token], today: date | None) -> Iterator[UnplacedFlaw]:
    """What does not break the term."""
    yield from comments(tokens, term)
    yield from tags(tokens)
    yield from small_operators(tokens)
    yield from history(tokens)
    yield from operators(tokens)
    yield from wildcards(tokens)
    yield from dates(tokens, today)
    yield from headings(tokens)
    yield from strangers(term, tokens)


def _told_once(flaws_found: Iterable[UnplacedFlaw]) -> Iterator[UnplacedFlaw]:
    """Of equal flaws the first, with the number of places."""
    places: dict[tuple[Code, str, str], list[int]] = {}
    for flaw in flaws_found:
        places.setdefault((flaw.code, flaw.what, flaw.fix), []).append(flaw.start)
    for (code, what, fix), starts in places.items():
        count = len(set(starts))
        yield UnplacedFlaw(min(starts), code, f"{what} ({count} places)" if count > 1 else what, fix)


def _flaw(term: str, flaw: UnplacedFlaw, *, breaks: bool) -> Flaw:
    return Flaw(*_place(term, flaw.start), flaw.code, flaw.what, flaw.fix, breaks)


def _place(term: str, start: int) -> tuple[int, int]:
    before = term[:start]
    return before.count("\n") + 1, start - before.rfind("\n")
