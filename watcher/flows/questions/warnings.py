"""What is warned of at present: one list, that `check`, the log, `run`, `status` and the alerts' channel tell.

    of the files     the configuration, the queries, the seeds as they are written
    of the runs      what PubMed said when it was last asked, and what became of the seeds

The list is read off the files and the database each time; nothing remembers it. A warning stops nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from watcher.config import Settings
from watcher.digest.corrections import line
from watcher.domain import Code, Place, Seed, VerdictKind, Warned, Watch
from watcher.flows.ports import Normalise
from watcher.flows.search.reading import of_the_size
from watcher.store import ResolvedSeedRow, Store

_OF_SEEDS = frozenset({Code.SEEDS_NOT_ASKED, Code.SIMILAR_LEFT_OUT, Code.UNRANKED, Code.MARKED_RETRACTED})
_OF_COLLECTIONS = frozenset(
    {
        Code.COLLECTION_NOT_ASKED,
        Code.COLLECTION_UNREAD,
        Code.COLLECTION_SHRANK,
        Code.SEED_PASSED_OVER,
        Code.SEED_DISAGREES,
        Code.SEED_NOT_FOUND,
        Code.SEED_WITHOUT_TEXT,
        Code.SEED_RETRACTED,
    }
)
"""Of seeds those codes that stand at their file, unless they come of a collection."""
_OF_TERM = frozenset(
    {Code.PUBMED_PHRASE, Code.PUBMED_FIELD, Code.PUBMED_IGNORED, Code.PUBMED_MESSAGE, Code.NO_MATCH, Code.TOO_MANY}
)


def ordered(found: Sequence[Warned]) -> tuple[Warned, ...]:
    """Each warning once, in the order of files and lines; those of no line last."""
    first = {one.identity: one for one in reversed(found)}
    return tuple(sorted(first.values(), key=_order))


def _order(one: Warned) -> tuple[str, float, float, str, str]:
    place = one.place
    if place is None:
        return ("\uffff", 0, 0, one.code.value, one.what)
    return (str(place.path), place.line or float("inf"), place.column or 0, one.code.value, one.what)


# --- of the runs ---------------------------------------------------------------------------------------------------------------


def of_runs(
    settings: Settings, store: Store, seeds: Mapping[str, Sequence[Seed]], now: datetime, normalise: Normalise
) -> tuple[Warned, ...]:
    """What the last good run of each watch said, and which seeds teach nothing. `seeds`: of the watches whose files can be read."""
    found: list[Warned] = []
    for name in settings.watches:
        watch = settings.watch(name)
        rows = store.seeds(name)
        told = [
            *_of_history(watch, store, now, normalise),
            *_of_seeds(settings.home, rows, seeds.get(name, ())),
            *of_marked(store, watch),
        ]
        told += retracted(settings.home, rows, seeds.get(name, ()), store)
        found += (at_its_key(one, settings, name) for one in told)
    return ordered(found)


def at_its_key(one: Warned, settings: Settings, watch: str) -> Warned:
    """The warning with the place of the key that it is about, if it has none of its own."""
    key = "seeds_from" if one.code in _OF_COLLECTIONS else "seeds" if one.code in _OF_SEEDS else "query"
    return one if one.place else replace(one, place=settings.place(("watches", watch, key)))


def _of_history(watch: Watch, store: Store, now: datetime, normalise: Normalise) -> Iterator[Warned]:
    """An edited query that has not been read yet has nothing to answer for what PubMed said of the one before."""
    history, version = store.run_history(watch.name, now=now), store.version_in_force(watch.name)
    is_read = version is not None and version.term == normalise(watch.query)
    said = history.last_good.warnings if history.last_good else ()
    yield from (one for one in said if is_read or one.code not in _OF_TERM)
    if is_read and history.full_set_as_of is not None:
        yield from of_the_size(history.full_set_matched, watch)


def _of_seeds(home: Path, rows: Sequence[ResolvedSeedRow], seeds: Sequence[Seed]) -> Iterator[Warned]:
    """What became of the seeds when they were looked up. One whose file has changed is looked up by the next run."""
    known = {(row.path, row.locator): row for row in rows}
    for seed in seeds:
        row = known.get((seed.path, seed.locator))
        if row and row.file_sha256 == seed.file_sha256:
            yield from _of_seed(seed, row, _place(home, seed))


def _of_seed(seed: Seed, row: ResolvedSeedRow, place: Place | None) -> Iterator[Warned]:
    told = f"seed {_named(seed)}: {row.problem}"
    if row.resolved_by and row.problem:
        yield Warned(Code.SEED_DISAGREES, told, "correct what the file says of it", place)
    elif not row.resolved_by and not _has_text(seed):
        what = f"PubMed has no record for {_named(seed)}, and {_source(seed)} no text: nothing is learnt from this seed"
        yield Warned(Code.SEED_WITHOUT_TEXT, what, "look at the number, or write the paper's title and abstract", place)
    elif not row.resolved_by and (seed.pmid or seed.doi or seed.pmcid):
        yield Warned(
            Code.SEED_NOT_FOUND, told, "look at its identifiers; a paper that PubMed does not have yet is looked for again", place
        )


def retracted(home: Path, rows: Sequence[ResolvedSeedRow], seeds: Sequence[Seed], store: Store) -> Iterator[Warned]:
    """Seeds whose papers no longer stand."""
    records = {(row.path, row.locator): row.record_id for row in rows if row.record_id and row.resolved_by}
    found = store.corrections_of(frozenset(records.values()))
    for seed in seeds:
        record_id = records.get((seed.path, seed.locator))
        worst = next((one for one in found.get(record_id, ()) if one.kind.retracts), None) if record_id else None
        if record_id and worst is not None:
            what = f"seed {_named(seed)} ({record_id.label}) no longer stands, and the ranking goes without it. {line(worst)}"
            where = "collection" if seed.is_followed else "folder"
            yield Warned(Code.SEED_RETRACTED, what, f"take it out of the {where}", _place(home, seed))


def of_marked(store: Store, watch: Watch) -> Iterator[Warned]:
    """Papers that readers marked as relevant and that no longer stand."""
    marked = {one.record_id for one in store.verdicts(watch.name) if one.kind is VerdictKind.RELEVANT}
    for record_id, found in sorted(store.corrections_of(marked).items()):
        worst = next((one for one in found if one.kind.retracts), None)
        if worst is not None:
            what = f"{record_id.label}, marked as relevant, no longer stands, and the ranking goes without it. {line(worst)}"
            yield Warned(Code.MARKED_RETRACTED, what, f"`watcher mark {record_id} undo` takes the verdict back")


def _has_text(seed: Seed) -> bool:
    return bool(seed.title or seed.abstract or seed.keywords or seed.headings)


def _source(seed: Seed) -> str:
    return "the item" if seed.is_followed else "the file"


def _named(seed: Seed) -> str:
    """How a seed is told of; an item of a collection with its key, since it stands on no line."""
    return f"{seed.label} ({seed.path} {seed.locator})" if seed.is_followed and seed.title else seed.label


def _place(home: Path, seed: Seed) -> Place | None:
    """Where a seed stands; None for an item of a collection."""
    if seed.is_followed:
        return None
    line = re.fullmatch(r"line (\d+)", seed.locator)
    return Place(home / "seeds" / seed.path, int(line[1]) if line else None, key=None if line else seed.locator or None)


# --- as JSON ---------------------------------------------------------------------------------------------------------------------


def document(one: Warned) -> dict[str, Any]:
    """A warning, as `status` and `check` write it."""
    return {"code": one.code.value, **where(one.place), "what": one.what, "fix": one.fix}


def where(place: Place | None) -> dict[str, Any]:
    """A place; what is not known is null."""
    if place is None:
        return dict.fromkeys(("file", "line", "column", "key"))
    return {"file": str(place.path), "line": place.line, "column": place.column, "key": place.key}
