"""What a method is: it reads a pool of papers once, then scores all of them from a few known ones, as often as asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from contest.measures import Floats
from contest.sets import NOBODY, Ids, LabelledSet


@dataclass(frozen=True, eq=False)
class Known:
    """What a method is told, as rows of the pool: seeds, papers marked relevant or not, and one random irrelevant paper for methods
    that cannot start without one."""

    seeds: Ids
    relevant: Ids = field(default_factory=lambda: NOBODY)
    not_relevant: Ids = field(default_factory=lambda: NOBODY)
    stranger: Ids = field(default_factory=lambda: NOBODY)


Score = Callable[[Known], Floats]
"""A score for each paper of the pool, higher is nearer."""


class Method(NamedTuple):
    """A method by its name. `version` changes with all code that can change its scores. `prepare` reads
    the pool: word statistics come from there, unless the method brings its own."""

    name: str
    version: str
    prepare: Callable[[LabelledSet], Score]


class Unavailable(Exception):
    """A method that cannot be run here: why, and how to do without it."""
