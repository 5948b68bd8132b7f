"""The composition root: Settings become an App. The only module that names concrete parts.

Nothing is opened before it is asked for: the database at the first use of `store`, the network by the first search, the ranking's
background by the first score.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from watcher import clock, schedule
from watcher.config import Settings, load
from watcher.domain import Article, Channel, DigestList, ResolvedSeed, Seed, Watch
from watcher.errors import ConfigurationError, Problem, UnknownNameError
from watcher.export import to_ris
from watcher.flows.compose import Composer
from watcher.flows.deliver import Deliverer
from watcher.flows.resolve import resolve
from watcher.flows.run import Runner
from watcher.flows.tick import Ticker
from watcher.notify import Notifier
from watcher.pubmed.client import Entrez
from watcher.rank import Ranking, build, load_background
from watcher.seeds import distinct
from watcher.seeds import read as read_seeds
from watcher.store import Holder, Store

_Value = TypeVar("_Value")


@dataclass
class App:
    """Everything wired together for one process. Use as a context manager: leaving it gives back the database and the lock."""

    settings: Settings
    say: Callable[[str], None] = field(default=lambda _line: None)
    _opened: list[Callable[[], None]] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while self._opened:
            self._opened.pop()()

    # --- what the configuration names ---------------------------------------------------------------------------------------

    @cached_property
    def watches(self) -> Mapping[str, Watch]:
        """All watches, in the configuration's order."""
        return {name: self.settings.watch(name) for name in self.settings.watches}

    @cached_property
    def orders(self) -> Mapping[str, DigestList]:
        """All lists, in the configuration's order."""
        return {name: self.settings.order(name) for name in self.settings.lists}

    @cached_property
    def channels(self) -> Mapping[str, Channel]:
        """All channels, in the configuration's order."""
        return {name: self.settings.channel(name) for name in self.settings.channels}

    def watch(self, name: str) -> Watch:
        """One watch; UnknownNameError with the known ones when there is none of this name."""
        return _named("watch", name, self.watches)

    def order(self, name: str) -> DigestList:
        """One list; UnknownNameError with the known ones when there is none of this name."""
        return _named("list", name, self.orders)

    def channel(self, name: str) -> Channel:
        """One channel; UnknownNameError with the known ones when there is none of this name."""
        return _named("channel", name, self.channels)

    # --- parts ------------------------------------------------------------------------------------------------------------------

    @cached_property
    def data_folder(self) -> Path:
        """Where the database (on SQLite) and the lock files live."""
        return self.settings.data_folder

    @cached_property
    def holder(self) -> Holder:
        """This process in leases and claims, alive as long as its lock."""
        holder = Holder.claim(self.data_folder)
        self._opened.append(holder.close)
        return holder

    @cached_property
    def store(self) -> Store:
        """The database, migrated. Reading it needs no more; before any work it is made ready by `at_work`."""
        store = Store.open(self.settings.database_url, folder=self.data_folder)
        self._opened.append(store.close)
        return store

    def at_work(self, now: datetime) -> Store:
        """The store, ready for work: what a dead process of this machine still holds is freed, the configuration is known, and after
        any change of it what was parked is tried again."""
        self.store.free_dead(self.holder)
        known = self.store.configuration()
        if known is not None and known[0] != self.settings.sha256:
            self.store.wake_parked(now)
        today = clock.ncbi_day(now)
        self.store.register(
            {watch.name: watch.was for watch in self.watches.values()},
            {order.name: order.watches for order in self.orders.values()},
            {watch.name: today - timedelta(days=watch.start.days) for watch in self.watches.values()},
            now,
        )
        self.store.remember_configuration(self.settings.sha256, self.settings.document_without_secrets(), now)
        return self.store

    @cached_property
    def source(self) -> Entrez:
        """PubMed."""
        pubmed = self.settings.pubmed
        key = pubmed.api_key
        source = Entrez(
            email=pubmed.email,
            tool=pubmed.tool,
            api_key=key.get_secret_value() if key else None,
            base_url=str(pubmed.base_url),
            connect_timeout=pubmed.connect_timeout_seconds,
            read_timeout=pubmed.read_timeout_seconds,
            deadline=pubmed.deadline_seconds,
            max_attempts=pubmed.max_attempts,
            on_retry=self.say,
        )
        self._opened.append(source.close)
        return source

    @cached_property
    def notifier(self) -> Notifier:
        """Sends deliveries."""
        return Notifier()

    def seeds(self, watch: Watch) -> tuple[Seed, ...]:
        """The seeds of a watch, as its files give them."""
        root = self.settings.home / "seeds"
        return distinct(seed for folder in watch.seeds for seed in read_seeds(root / folder, root=root))

    def resolved(self, watch: Watch) -> Sequence[ResolvedSeed]:
        """The seeds of a watch joined with what earlier runs found; PubMed is not asked."""
        return resolve(watch.name, self.seeds(watch), store=self.store, source=None, now=clock.now())[0]

    @staticmethod
    def rank(seeds: Sequence[ResolvedSeed]) -> Ranking:
        """The ranking of these seeds against the frozen background."""
        return build(seeds, background=load_background())

    def runner(self) -> Runner:
        """Runs watches."""
        runs = self.settings.runs
        return Runner(
            source=self.source,
            store=self.store,
            seeds=self.seeds,
            rank=self.rank,
            overlap_days=runs.overlap_days,
            fetch_again_days=runs.fetch_again_for_days,
            say=self.say,
        )

    def composer(self) -> Composer:
        """Composes digests."""
        return Composer(
            store=self.store,
            seeds=self.resolved,
            rank=self.rank,
            ris=_ris,
            recipients=self.notifier.recipients,
            host=self.message_host,
            base_url=self.settings.base_url,
        )

    def deliverer(self) -> Deliverer:
        """Delivers what is owed."""
        return Deliverer(self.store, self.notifier, self.channels, self.holder.name, self.say)

    def ticker(self) -> Ticker:
        """Does what is due."""
        runs = self.settings.runs
        return Ticker(
            store=self.store,
            runner=self.runner,
            composer=self.composer(),
            deliverer=self.deliverer(),
            watches=self.watches,
            orders=self.orders,
            channels=self.channels,
            holder=self.holder.name,
            run_schedule=schedule.parse(runs.schedule, self.settings.timezone),
            jitter_minutes=runs.jitter_minutes,
            wait_for_pubmed=timedelta(hours=runs.wait_for_pubmed_hours),
            say=self.say,
        )

    @property
    def message_host(self) -> str:
        """The right-hand side of Message-IDs: the page's host, else the domain of the contact address."""
        page = urlsplit(self.settings.base_url).hostname if self.settings.base_url else None
        return page or self.settings.pubmed.email.rpartition("@")[2]


def load_settings(path: Path | None = None, *, with_seeds: bool = False) -> Settings:
    """Read the configuration, and check what only several rooms together can: schedules and channel URLs.

    Args:
        path: the file or its folder; None means WATCHER_CONFIG, else config/watcher.yaml below the working folder.
        with_seeds: read the seed files too. Without it, a broken one is met by the run of its watch, and the others go on.

    Raises:
        ConfigurationError: every problem found, with its place.
    """
    settings = load(path)
    problems = [*_schedule_problems(settings), *_channel_problems(settings), *(_seed_problems(settings) if with_seeds else ())]
    if problems:
        raise ConfigurationError(*problems)
    return settings


def _schedule_problems(settings: Settings) -> list[Problem]:
    found = _placed(settings, ("runs", "schedule"), lambda: schedule.parse(settings.runs.schedule, settings.timezone))
    found += _placed(settings, ("runs", "corrections"), lambda: schedule.parse(settings.runs.corrections, settings.timezone))
    for name in settings.lists:
        order = settings.order(name)
        found += _placed(settings, ("lists", name, "schedule"), partial(schedule.parse, order.schedule, order.timezone))
    return found


def _channel_problems(settings: Settings) -> list[Problem]:
    notifier, found = Notifier(), []
    for name in settings.channels:
        channel = settings.channel(name)
        found += _placed(settings, ("channels", name, "url"), partial(notifier.check, channel))
    return found


def _seed_problems(settings: Settings) -> list[Problem]:
    root, found = settings.home / "seeds", []
    for name in settings.watches:
        for folder in settings.watch(name).seeds:
            found += _placed(settings, ("watches", name, "seeds"), partial(read_seeds, root / folder, root=root))
    return found


def _placed(settings: Settings, key: tuple[str, ...], check: Callable[[], object]) -> list[Problem]:
    """The problems of one check; those that know no place of their own get the key's."""
    try:
        check()
    except ConfigurationError as error:
        return [Problem(one.what, one.fix, one.place or settings.place(key)) for one in error.problems]
    return []


def _ris(articles: Sequence[Article]) -> str:
    return to_ris(articles)


def _named(kind: str, name: str, known: Mapping[str, _Value]) -> _Value:
    if name not in known:
        names = ", ".join(known) or "none"
        raise UnknownNameError(Problem(f"there is no {kind} {name!r}", f"the configuration has: {names}"))
    return known[name]
