"""Papers that several files, or several entries of one, name.

Seeds that share an identifier are one paper, unless they contradict each other: then the identifier of one of them is wrong (a slip of
the keyboard, a row that was copied), and only PubMed can say of which. Both stay, and it is told.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from itertools import islice
from pathlib import Path

from watcher.domain import Seed
from watcher.errors import Place, Problem

_SAID = {"pmid": "PMID {}", "doi": "the DOI {}", "pmcid": "{}"}
_MOST_HELD = 20
"""Papers under one identifier that a seed is held against one by one; of more, those with its very title or another of its identifiers."""
_FEW = 0.5
"""The share of the shorter title's words up to which two titles may speak of two papers."""
_ALIKE = 85
"""The likeness (rapidfuzz, 0 to 100) from which they differ in spelling only."""
_SMALL_WORDS = frozenset(
    "a an and are as at by for from in into is its of on or the to via with der die das und von the le la les de des du et el los y en".split()  # noqa: SIM905
)
_LINE = re.compile(r"line (\d+)")
_MARKUP = re.compile(r"</?[a-z][^<>]{0,100}>", re.IGNORECASE)

Name = tuple[str, str]


def distinct(seeds: Iterable[Seed]) -> tuple[Seed, ...]:
    """The papers of `told_apart`, without what is to be told."""
    return told_apart(seeds, Path())[0]


def told_apart(seeds: Iterable[Seed], root: Path) -> tuple[tuple[Seed, ...], tuple[Problem, ...]]:
    """Each paper once: of seeds that share a PMID, DOI or PMCID the first stays, and takes from the others what it lacks. A seed that
    shares one identifier with one paper and another with a second makes them one.

    Seeds that share an identifier and have two of another kind, or titles with few words in common, are two papers.

    Args:
        seeds: in their order; a paper stands where its first seed stood.
        root: the folder that their paths are relative to.

    Returns:
        The papers, and a problem for each seed that is kept apart from another with the same identifier, with both places.
    """
    papers = _Papers(root)
    for number, seed in enumerate(seeds):
        papers.add(number, seed)
    return tuple(seed for _, seed in sorted(papers.found.items())), tuple(papers.passed_over.values())


@dataclass(slots=True)
class _Papers:
    """What was told apart so far: papers by their numbers, and the numbers under each identifier, and under it with each title."""

    root: Path
    found: dict[int, Seed] = field(default_factory=dict)
    under: dict[Name, dict[int, None]] = field(default_factory=dict)
    titled: dict[tuple[Name, str], int] = field(default_factory=dict)
    passed_over: dict[tuple[int, int], Problem] = field(default_factory=dict)

    def add(self, number: int, seed: Seed) -> None:
        """Join a seed with the papers that it names, as far as it does not contradict them."""
        joined: list[int] = []
        others: list[int] = []
        whole = seed
        for other in self._sharing(seed):
            if _contradiction(whole, self.found[other]):
                others.append(other)
            else:
                joined.append(other)
                whole = _completed(whole, self.found[other])
        place = joined[0] if joined else number
        parts = [*(self.found[one] for one in joined), seed]
        for merged in joined[1:]:
            self._forget(merged)
        self._put(place, reduce(_completed, parts))
        if others:
            self._tell(*sorted((place, others[0])))

    def _sharing(self, seed: Seed) -> list[int]:
        """The papers under the seed's identifiers, in their order."""
        numbers: set[int] = set()
        for name in _names(seed):
            under = self.under.get(name, {})
            numbers.update(islice(under, _MOST_HELD))
            same = self.titled.get((name, _plain(seed.title)))
            numbers.update([same] if same is not None and same in under else [])
        return sorted(numbers)

    def _put(self, number: int, seed: Seed) -> None:
        self.found[number] = seed
        for name in _names(seed):
            self.under.setdefault(name, {})[number] = None
            if self.titled.setdefault((name, _plain(seed.title)), number) not in self.found:
                self.titled[name, _plain(seed.title)] = number

    def _forget(self, number: int) -> None:
        for name in _names(self.found.pop(number)):
            del self.under[name][number]

    def _tell(self, first: int, second: int) -> None:
        one, other = self.found[first], self.found[second]
        shared = next(name for name in _names(other) if name in _names(one))
        what = f"{_said(shared)} stands also at {_place(one)}, with {_contradiction(one, other)}: both are kept"
        fix = "correct what is wrong; `watcher seeds --resolve` says which paper PubMed has under it"
        self.passed_over.setdefault((first, second), self._problem(what, fix, other))

    def _problem(self, what: str, fix: str, about: Seed) -> Problem:
        """The problem at its line; an item of a collection stands on none, and is named."""
        if about.is_followed:
            return Problem(f"{_place(about)}: {what}", fix)
        return Problem(what, fix, Place(self.root / about.path, _line(about)))


def _contradiction(one: Seed, other: Seed) -> str:
    """What says that two seeds are two papers, as a phrase that begins with what the first has; empty if nothing does."""
    mine, theirs = dict(_names(one)), dict(_names(other))
    for kind, value in mine.items():
        if theirs.get(kind, value) != value:
            return f"{_said((kind, value))} there and {_said((kind, theirs[kind]))} here"
    return f"the title “{one.title}” there and “{other.title}” here" if _are_two(one.title, other.title) else ""


def _are_two(one: str, other: str) -> bool:
    """Whether two titles are clearly of two papers; people shorten them, and a title in another alphabet says nothing."""
    mine, theirs = _plain(one), _plain(other)
    if not mine or not theirs or mine in theirs or theirs in mine or _is_latin(mine) != _is_latin(theirs):
        return False
    words, others = _words(mine), _words(theirs)
    share = len(words & others) / min(len(words), len(others))
    numbers = [[word for word in title.split() if re.search(r"\d", word)] for title in (mine, theirs)]
    if share > _FEW or numbers[0] != numbers[1]:
        return share <= _FEW
    from rapidfuzz import fuzz  # noqa: PLC0415 - two titles are seldom so much alike

    return fuzz.ratio(mine, theirs) < _ALIKE


def _is_latin(plain: str) -> bool:
    return 2 * sum(letter < "\u0250" for letter in plain) >= len(plain)


@lru_cache(maxsize=4_096)
def _plain(title: str) -> str:
    """Letters and digits in small letters, without markup, accents and punctuation."""
    text = unicodedata.normalize("NFKD", _MARKUP.sub("", html.unescape(title))).casefold()
    return " ".join(re.findall(r"\w+", "".join(letter for letter in text if not unicodedata.combining(letter))))


@lru_cache(maxsize=4_096)
def _words(plain: str) -> frozenset[str]:
    """The words that tell something, or all where none does."""
    words = frozenset(plain.split())
    return words - _SMALL_WORDS or words


def _said(name: Name) -> str:
    return _SAID[name[0]].format(name[1])


def _place(seed: Seed) -> str:
    return f"{seed.path} {seed.locator}".strip()


def _line(seed: Seed) -> int | None:
    found = _LINE.match(seed.locator)
    return int(found[1]) if found else None


def _names(seed: Seed) -> Iterator[Name]:
    if seed.pmid is not None:
        yield "pmid", str(seed.pmid)
    if seed.doi is not None:
        yield "doi", seed.doi
    if seed.pmcid is not None:
        yield "pmcid", seed.pmcid


def _completed(one: Seed, other: Seed) -> Seed:
    if one is other:
        return one
    return replace(
        one,
        pmid=one.pmid or other.pmid,
        doi=one.doi or other.doi,
        pmcid=one.pmcid or other.pmcid,
        title=one.title or other.title,
        abstract=one.abstract or other.abstract,
        keywords=one.keywords or other.keywords,
        headings=one.headings or other.headings,
        notes=one.notes or other.notes,
        claimed_pmid=one.claimed_pmid or other.claimed_pmid,
    )
