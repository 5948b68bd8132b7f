"""What went wrong after a rung: papers that came twice, papers that never came. Nothing of the service, and nothing of the year's oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from simulation.world import Paper, World, WorldList, ncbi_day

from ladder.rung import Arrival

SETTLED = timedelta(days=8)
"""A list's digests are a week apart: what it can have by then has had its digest."""


def twice(arrived: Iterable[Arrival]) -> Iterator[str]:
    """Who was presented a paper by two mails of a list. The same mail again, as after a kill between taking and telling, is one. Posts are
    passed over: they name papers that they do not present, such as those that were corrected."""
    presented = {(one.identity, one.where, one.list, pmid) for one in arrived if one.list for pmid in one.papers}
    times = Counter((where, list_, pmid) for _, where, list_, pmid in presented)
    return (
        f"TWICE {where} {list_}: {pmid}, {number} times" for (where, list_, pmid), number in sorted(times.items()) if number > 1
    )


def lost(world: World, arrived: Iterable[Arrival], until: datetime) -> Iterator[str]:
    """Who never had a paper that was to be had a list's week before `until`. Papers that were taken back or taken away are passed over."""
    had = {(one.where, pmid) for one in arrived for pmid in one.papers}
    for list_ in world.lists:
        for paper in _owed(world, list_, until):
            yield from (f"LOST {reader} {list_.name}: {paper.pmid}" for reader in list_.readers if (reader, paper.pmid) not in had)


def _owed(world: World, list_: WorldList, until: datetime) -> Iterator[Paper]:
    """The papers that every reader of the list must have had."""
    topics = {topic for name in list_.watches for question in world.questions if question.name == name for topic in question.topics}
    replaced = {paper.update_of for paper in world.papers}
    for paper in world.papers:
        found = paper.matches(topics)
        if found is None or paper.retracted or paper.vanishes or paper.update_of or paper.pmid in replaced:
            continue
        if paper.created >= world.start and max(found, paper.fetchable or found) <= ncbi_day(until - SETTLED):
            yield paper
