"""What happened in a life, in plain values: all that the oracle is shown besides the world."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from simulation.post import Letter


@dataclass(frozen=True, slots=True)
class Look:
    """The service has ended a round at this true instant, its clock showing `shown`, by `time.monotonic` at `ended`, working by this
    edition of the configuration. `undisturbed`, `troubled` and `harmed` are those of the step."""

    at: datetime
    shown: datetime
    clean: bool
    ended: float = 0.0
    edition: int = 0
    undisturbed: bool = True
    troubled: bool = False
    harmed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Spoiled:
    """An answer of PubMed's that left records out."""

    at_monotonic: float
    pmids: frozenset[int]


@dataclass(frozen=True)
class Evidence:
    """What happened. `moves` are the clock's, as (monotonic, true instant); `ends` the service's deaths; `untold` the messages that
    were taken without the service being told, by recipient or path; `refused` those that were refused for good; `unsent` and
    `unanswered` when any message or question met a fault; `paths` the webhook of each list."""

    letters: tuple[Letter, ...]
    posts: tuple[Letter, ...]
    moves: tuple[tuple[float, datetime], ...]
    ends: tuple[float, ...] = ()
    untold: tuple[tuple[str, float], ...] = ()
    refused: tuple[tuple[str, float], ...] = ()
    unsent: tuple[float, ...] = ()
    unanswered: tuple[float, ...] = ()
    spoiled: tuple[Spoiled, ...] = ()
    looks: tuple[Look, ...] = ()
    paths: Mapping[str, str] = field(default_factory=dict)

    def true_at(self, at_monotonic: float) -> datetime:
        """The true instant at a moment of the machine's."""
        place = bisect_right(self.moves, at_monotonic, key=lambda move: move[0])
        return self.moves[max(place - 1, 0)][1]

    @cached_property
    def arrivals(self) -> Mapping[tuple[str, str], datetime]:
        """When any reader first had the digest of a list for a period."""
        first: dict[tuple[str, str], float] = {}
        for letter in self.letters:
            key = (letter.list, letter.period)
            first[key] = min(first.get(key, letter.at_monotonic), letter.at_monotonic)
        return {key: self.true_at(moment) for key, moment in first.items()}

    @cached_property
    def ever_spoiled(self) -> frozenset[int]:
        """The records that an answer left out at any time."""
        return frozenset(pmid for one in self.spoiled for pmid in one.pmids)
