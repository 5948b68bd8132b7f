"""What every format gives: the parts of one paper, where in its file it stands, and what of it was not understood."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from pathlib import Path

from watcher.errors import Place, Problem, SeedError
from watcher.seeds.identifiers import Identifiers

_END = r"(?:\s[^<>]{0,100}=[^<>]{0,100}|\s{0,9}/?)>"
"""How a tag ends: with attributes or without; `a<b and c>d` holds none."""
_BREAKING_TAG = re.compile(
    rf"</?(?:p|br|h[1-6]|div|li|ul|ol|title|subtitle|(?:jats:)?(?:sec|title|p|list|list-item)){_END}", re.IGNORECASE
)
_TAG = re.compile(rf"</?(?:i|b|u|em|strong|sub|sup|span|small|(?:jats:)?(?:italic|bold|sub|sup|sc)){_END}", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


@dataclass(frozen=True, slots=True)
class SeedEntry:
    """One paper of one file. `locator` tells the file's entries apart; `line` is where it begins. `claimed_pmid` is a number that the
    record gives without saying whose it is. `passed_over` are what stands there and is not understood; an entry of nothing else is passed over
    and told by them."""

    locator: str = ""
    line: int = 1
    ids: Identifiers = field(default_factory=Identifiers)
    title: str = ""
    abstract: str = ""
    keywords: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    notes: str = ""
    claimed_pmid: int | None = None
    passed_over: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was understood."""
        return bool(self.ids or self.claimed_pmid or self.title or self.abstract)


def folded(text: str) -> str:
    """Runs of white space become one space."""
    return re.sub(r"\s+", " ", text).strip()


def shown(text: str) -> str:
    """A text as a page would show it, folded: publishers' exports have tags and entities of HTML and JATS in titles and abstracts.

    Some escape them twice: Europe PMC and Crossref give titles with `&lt;i&gt;`, and abstracts with `&amp;lt;`. What is an entity with its
    semicolon, or a tag that texts have, after the first reading is read again.
    """
    once = html.unescape(_untagged(text))
    return folded(_untagged(_ENTITY.sub(lambda one: html.unescape(one[0]), once)))


def _untagged(text: str) -> str:
    return _TAG.sub("", _BREAKING_TAG.sub(" ", text))


def terms(text: str) -> tuple[str, ...]:
    """The entries of a list that is parted by semicolons, lines, or else commas; each once."""
    lines = [line.lstrip("-*• \t") for line in text.splitlines()]
    joined = ";".join(line for line in lines if line)
    parts = joined.split(";") if ";" in joined else joined.split(",")
    return tuple(dict.fromkeys(folded(part) for part in parts if part.strip()))


def refused(path: Path, line: int | None, what: str, fix: str) -> SeedError:
    """The error for one problem in a seed file."""
    return SeedError(Problem(what, fix, Place(path, line)))
