"""One thing that is wrong in a term, before its place is told in lines and columns."""

from __future__ import annotations

from typing import NamedTuple

from watcher.domain import Code


class UnplacedFlaw(NamedTuple):
    """Where in the term something is wrong, of which kind it is, what it is, what to write instead, and which word or [tag] it is about,
    if it is about one."""

    start: int
    code: Code
    what: str
    fix: str
    about: str = ""
