"""What was understood of each seed, and its record: the answer to `watcher seeds`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from watcher.domain import ResolvedSeed, Seed, Warned, Watch
from watcher.flows.ports import Source
from watcher.flows.search.seeds import resolve
from watcher.store import Store


@dataclass(frozen=True, slots=True)
class Understood:
    """The seeds of one watch, and what is warned of about them."""

    watch: Watch
    seeds: tuple[ResolvedSeed, ...]
    warnings: tuple[Warned, ...]


def understood(
    watches: Sequence[Watch],
    seeds: Callable[[Watch], Sequence[Seed]],
    warned: Callable[[str], Sequence[Warned]],
    *,
    store: Store,
    source: Source | None,
    now: datetime,
    say: Callable[[str], None],
    follow: Callable[[Watch, datetime], Sequence[Warned]] = lambda _watch, _now: (),
) -> tuple[Understood, ...]:
    """The seeds of each watch.

    Args:
        watches: whose seeds are told.
        seeds: reads the seed files of a watch.
        warned: what of a watch's seed files was passed over.
        store: knows what was looked up before.
        source: PubMed, which is asked for what is open, and what it says is remembered; None: it is not asked.
        now: the present instant.
        say: hears how far it is.
        follow: looks at the collections that a watch's seeds follow; left out: Zotero is not asked.
    """
    found = []
    for watch in watches:
        followed = follow(watch, now)
        resolved, warnings = resolve(watch.name, seeds(watch), store=store, source=source, now=now, say=say)
        found.append(Understood(watch, resolved, (*warned(watch.name), *followed, *warnings)))
    return tuple(found)
