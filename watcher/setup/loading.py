"""From files to settings and seeds: as they are now, or, while the file is wrong, as the database keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from watcher.config import Settings, load, load_last_good, locate_database
from watcher.domain import Channel, Seed, Watch
from watcher.errors import ConfigurationError, Problem, SeedError
from watcher.notify import Notifier
from watcher.setup.checks import problems, seed_problems
from watcher.store import Store
from watcher.unreadable import is_there

if TYPE_CHECKING:
    from watcher.seeds import Examples

Seeds: TypeAlias = "Examples | ConfigurationError"
"""The seeds of a watch, or why their files cannot be read."""


@dataclass(frozen=True)
class Loaded:
    """A configuration as it was read once: its settings, and the seeds of each watch, or why they cannot be read.

    `error` is set for the last good one, which stands in for a file that is broken: why it is.
    """

    settings: Settings
    seeds: Mapping[str, Seeds]
    error: ConfigurationError | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong: with the file, or with seed files."""
        found = [] if self.error is None else list(self.error.problems)
        for seeds in self.seeds.values():
            found += seeds.problems if isinstance(seeds, ConfigurationError) else ()
        return tuple(dict.fromkeys(found))


def load_settings(path: Path | None = None, *, with_seeds: bool = False) -> Settings:
    """Read the configuration, and check what only several rooms together can: queries, schedules and channel URLs.

    Args:
        path: the file or its folder; None means WATCHER_CONFIG, else config/watcher.yaml below the working folder.
        with_seeds: read the seed files too. Without it, a broken one is met by the run of its watch, and the others go on.

    Raises:
        ConfigurationError: every problem found, with its place.
    """
    settings = load(path)
    found = [*problems(settings), *(seed_problems(settings) if with_seeds else ())]
    if found:
        raise ConfigurationError(*found)
    return settings


def load_whole(path: Path | None = None) -> Loaded:
    """Read the configuration as a service does, with the seeds; a seed file that cannot be read is met by the run of its watch.

    Raises:
        ConfigurationError: every problem of the configuration itself.
    """
    return _with_seeds(load_settings(path))


def load_kept(path: Path | None, error: ConfigurationError, *, database: Store | None = None) -> Loaded | None:
    """The configuration that was last good, from the database, while the file is wrong (`error`); None when there is none.

    Args:
        path: as for `load_settings`.
        error: what is wrong with the file.
        database: the database if it is open already; else it is looked for, and one that is not there is not made.

    Raises:
        StoreError: the database cannot be used.
    """
    if database is None:
        where = locate_database(path)
        if not where.is_there:
            return None
        with Store.open(where.database_url, folder=where.data_folder) as opened:
            return load_kept(path, error, database=opened)
    kept = database.last_good()
    if kept is None:
        return None
    try:
        settings = load_last_good(kept.document, kept.sha256, path)
    except ConfigurationError:
        return None
    notifier = Notifier()
    unusable = {name for name in settings.channels if not _is_understood(notifier, settings.channel(name))}
    return _with_seeds(settings.without_urls(unusable) if unusable else settings, error)


def _is_understood(notifier: Notifier, channel: Channel) -> bool:
    try:
        notifier.check(channel)
    except ConfigurationError:
        return False
    return True


def _with_seeds(settings: Settings, error: ConfigurationError | None = None) -> Loaded:
    return Loaded(settings, {name: seeds_or_why(settings, settings.watch(name)) for name in settings.watches}, error)


def seeds_or_why(settings: Settings, watch: Watch) -> Seeds:
    """The seeds of a watch, or why its files cannot be read, at the key that names them where no file is to blame."""
    place = settings.place(("watches", watch.name, "seeds"))
    try:
        return seeds_of(settings, watch)
    except ConfigurationError as error:
        return SeedError(*(Problem(one.what, one.fix, one.place or place) for one in error.problems))


def seeds_of(settings: Settings, watch: Watch) -> Examples:
    """The seeds of a watch as its files are now. Raises SeedError."""
    from watcher.seeds import read_examples, together  # noqa: PLC0415 - readers of two dozen formats: most commands read no seeds

    root = settings.home / "seeds"
    return together((read_examples(root / folder, root=root) for folder in watch.seeds), root=root)


def seeds_at(settings: Settings, place: Path) -> tuple[Seed, ...]:
    """The seeds of a folder or file: a path as it is, or below seeds/.

    Raises:
        SeedError: there is no such place, or it cannot be understood.
    """
    from watcher.seeds import read, read_file  # noqa: PLC0415 - as above

    root = (settings.home / "seeds").resolve()
    found = next((one.resolve() for one in (place, root / place) if is_there(one)), None)
    if found is None:
        raise SeedError(Problem(f"there is no folder or file {place}", f"give a path, or a name below {root}"))
    folder = found if found.is_dir() else found.parent
    base = root if found.is_relative_to(root) else folder
    return read(found, root=base) if found.is_dir() else read_file(found, root=base)
