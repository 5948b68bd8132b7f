"""What is warned of before anything runs: the configuration, its queries, channels and places, the seeds as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from watcher.config import Settings
from watcher.domain import Code, Warned
from watcher.flows.questions.warnings import ordered
from watcher.notify import Notifier
from watcher.pubmed.publication_types import nearest_type
from watcher.setup import queries
from watcher.store import Store

if TYPE_CHECKING:
    from watcher.flows.scoring.embedding import DenseState
    from watcher.seeds import Examples

LONG_PAUSE = timedelta(days=366)
"""Nobody means to pause for longer: the year is mistyped."""


def of_files(settings: Settings, today: date, seeds: Mapping[str, Examples], dense: DenseState | None = None) -> tuple[Warned, ...]:
    """What the files say, and the places that they name; no database is opened for it.

    Args:
        settings: the configuration.
        today: NCBI's day.
        seeds: of the watches whose seed files can be read.
        dense: how the dense part stands that the configuration names; None where it names none.
    """
    found = [*settings.warnings, *queries.warnings(settings, today), *_pauses(settings, today), *_types(settings)]
    found += [*_channels(settings), *_database(settings), *_dense(settings, dense)]
    found += [one for name in settings.watches for one in of_seeds(settings, name, seeds.get(name))]
    return ordered(found)


def of_seeds(settings: Settings, watch: str, examples: Examples | None) -> tuple[Warned, ...]:
    """What of a watch's seed files was passed over; () where they cannot be read."""
    place = settings.place(("watches", watch, "seeds"))
    passed_over = examples.passed_over if examples else ()
    return tuple(Warned(Code.SEED_PASSED_OVER, one.what, one.fix, one.place or place) for one in passed_over)


def _pauses(settings: Settings, today: date) -> Iterator[Warned]:
    for name, section in settings.lists.items():
        until = section.pause_until
        if until is not None and until - today > LONG_PAUSE:
            what = f"list {name} is paused until {until}, more than a year from now: no digest is sent before"
            yield Warned(Code.LONG_PAUSE, what, "look at the year", settings.place(("lists", name, "pause_until")))


def _types(settings: Settings) -> Iterator[Warned]:
    for name, section in settings.watches.items():
        for position, wanted in enumerate(section.exclude_types):
            near, is_known = nearest_type(wanted)
            if not is_known:
                fix = f"did you mean {near}?" if near else "write it as PubMed does, such as Editorial or Letter"
                what = f"{wanted} is no publication type of PubMed's: it excludes nothing"
                yield Warned(Code.UNKNOWN_TYPE, what, fix, settings.place(("watches", name, "exclude_types", position)))


def _channels(settings: Settings) -> Iterator[Warned]:
    """What is allowed in the channels' URLs, and hardly meant."""
    notifier = Notifier()
    for name in settings.channels:
        for problem in notifier.warnings(settings.channel(name)):
            yield Warned(Code.CHANNEL_URL, problem.what, problem.fix, settings.place(("channels", name, "url")))


def _database(settings: Settings) -> Iterator[Warned]:
    place = settings.place(("database", "url"))
    found = Store.warnings_about(settings.database_url, folder=settings.data_folder)
    return (replace(one, place=place) for one in found)


def _dense(settings: Settings, state: DenseState | None) -> Iterator[Warned]:
    """Why the dense part that is configured is not in use."""
    if state is not None and state.why:
        what = f"ranking by words alone, without the dense part: {state.why}"
        yield Warned(Code.DENSE_OFF, what, state.fix, settings.place(("ranking", "dense_model")))
