"""What is wrong with a configuration that no room sees alone: queries, schedules, channel URLs, seed files. Each problem with its place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from watcher import schedule
from watcher.config import Settings
from watcher.errors import ConfigurationError, Problem
from watcher.notify import Notifier
from watcher.setup import queries


def problems(settings: Settings) -> tuple[Problem, ...]:
    """What the queries, the schedules and the channels' URLs say that cannot be meant."""
    return (*queries.problems(settings), *_of_schedules(settings), *_of_channels(settings))


def seed_problems(settings: Settings) -> list[Problem]:
    """What is wrong with the seed files."""
    from watcher.seeds import read as read_seeds  # noqa: PLC0415 - readers of two dozen formats: most commands read no seeds

    root, found = settings.home / "seeds", []
    for name in settings.watches:
        for folder in settings.watch(name).seeds:
            found += _placed(settings, ("watches", name, "seeds"), partial(read_seeds, root / folder, root=root))
    return found


def _of_schedules(settings: Settings) -> list[Problem]:
    found = _placed(settings, ("runs", "schedule"), lambda: schedule.parse(settings.runs.schedule, settings.timezone))
    found += _placed(settings, ("runs", "corrections"), lambda: schedule.parse(settings.runs.corrections, settings.timezone))
    for name in settings.lists:
        list_ = settings.digest_list(name)
        found += _placed(settings, ("lists", name, "schedule"), partial(schedule.parse, list_.schedule, list_.timezone))
    return found


def _of_channels(settings: Settings) -> list[Problem]:
    notifier, found = Notifier(), []
    for name in settings.channels:
        channel = settings.channel(name)
        found += _placed(settings, ("channels", name, "url"), partial(notifier.check, channel))
    return found


def _placed(settings: Settings, key: tuple[str, ...], check: Callable[[], object]) -> list[Problem]:
    """The problems of one check; those that know no place of their own get the key's."""
    try:
        check()
    except ConfigurationError as error:
        return [Problem(one.what, one.fix, one.place or settings.place(key)) for one in error.problems]
    return []
