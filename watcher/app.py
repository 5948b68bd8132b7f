"""The composition root: Settings become an App. The only module that names concrete parts.

Nothing is opened before it is asked for: the database at the first use of `store`, the network by the first search, the ranking's
background by the first score. Nor is a part's code loaded before it is wired, which most commands never do (docs/decisions/0060).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypedDict, TypeVar

from watcher import clock, health, memory, schedule
from watcher.config import Settings
from watcher.domain import (
    Channel,
    DigestList,
    ResolvedSeed,
    RunReport,
    Seed,
    VerdictKind,
    Warned,
    Watch,
)
from watcher.errors import ConfigurationError, Problem, StoreDamaged, UnknownNameError
from watcher.flows.deliver.deliver import Deliverer, Unsettled
from watcher.flows.deliver.personal import Links
from watcher.notify import Notifier
from watcher.pubmed.query import normalise
from watcher.setup.contacts import Contacts
from watcher.setup.loading import Loaded, seeds_at, seeds_of, seeds_or_why
from watcher.store import ProcessLock, RestoreFacts, Store

if TYPE_CHECKING:
    from watcher.flows.compose.compose import Composer
    from watcher.flows.deliver.pushing import Pusher, Target
    from watcher.flows.notices.alert import Alerter
    from watcher.flows.notices.heartbeat import RunHeartbeat
    from watcher.flows.ports import Source
    from watcher.flows.questions.check import Checker
    from watcher.flows.questions.feeds import FeedFiles, Feeds, Filed
    from watcher.flows.questions.rank import Orderer
    from watcher.flows.questions.status import Around
    from watcher.flows.questions.zotero import Use
    from watcher.flows.schedule.at_once import Messenger
    from watcher.flows.schedule.due import Calendar
    from watcher.flows.schedule.tick import Ticker
    from watcher.flows.scoring.embedding import Choice, DenseState
    from watcher.flows.scoring.ranking import Rankings
    from watcher.flows.search.corrections import Rereader
    from watcher.flows.search.crossref import Asker
    from watcher.flows.search.following import Follower, Manners
    from watcher.flows.search.indexing import Indexer
    from watcher.flows.search.run import Runner
    from watcher.hub import Hub
    from watcher.pubmed.client import Entrez
    from watcher.rank.calibration import Labelled
    from watcher.seeds import Examples
    from watcher.setup.themes import Themes
    from watcher.writing import Guarded
    from watcher.zotero.client import Zotero

_Value = TypeVar("_Value")

_FAILED_RUNS = 3
"""After how many failed searches in a row a watch is reported where the configuration has no `alerts`."""


class _Marks(TypedDict, total=False):
    """What a composer is given where papers of the lab's library are marked or left out."""

    known: Callable[[Collection[int]], frozenset[int]]
    leaves_known_out: bool


@dataclass
class App:
    """Everything wired together for one process. Use as a context manager: leaving it gives back the database and the lock. Work that
    ends since the database is damaged sets it aside.

    `stopping`, once set, ends what is under way at the next step. `loaded` is what a service read when it took the configuration up:
    its seeds are used from then on, whatever becomes of the files. `unsettled` are sends whose end is not in the database yet: a process
    hands them on from one App to the next. `models` is where the dense part's models lie, if not beside the database.
    """

    settings: Settings
    say: Callable[[str], None] = field(default=lambda _line: None)
    stopping: threading.Event = field(default_factory=threading.Event)
    loaded: Loaded | None = None
    unsettled: Unsettled = field(default_factory=Unsettled)
    models: Path | None = None
    _opened: list[Callable[[], None]] = field(default_factory=list)
    _is_at_work: bool = False
    _warned: tuple[date, tuple[Warned, ...]] | None = None
    _dense: DenseState | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while self._opened:
            self._opened.pop()()
        if self._is_at_work and isinstance(error, StoreDamaged):
            lock_wait = self.settings.database.lock_wait_seconds
            Store.set_aside_if_damaged(self.settings.database_url, folder=self.data_folder, lock_wait=lock_wait)

    # --- what the configuration names ---------------------------------------------------------------------------------------

    @cached_property
    def watches(self) -> Mapping[str, Watch]:
        """All watches, in the configuration's order."""
        return {name: self.settings.watch(name) for name in self.settings.watches}

    @cached_property
    def lists(self) -> Mapping[str, DigestList]:
        """All lists, in the configuration's order."""
        return {name: self.settings.digest_list(name) for name in self.settings.lists}

    @cached_property
    def channels(self) -> Mapping[str, Channel]:
        """All channels, in the configuration's order."""
        return {name: self.settings.channel(name) for name in self.settings.channels}

    def watch(self, name: str) -> Watch:
        """One watch; UnknownNameError with the known ones when there is none of this name."""
        return _named("watch", name, self.watches)

    def digest_list(self, name: str) -> DigestList:
        """One list; UnknownNameError with the known ones when there is none of this name."""
        return _named("list", name, self.lists)

    def channel(self, name: str) -> Channel:
        """One channel; UnknownNameError with the known ones when there is none of this name."""
        return _named("channel", name, self.channels)

    # --- warnings ---------------------------------------------------------------------------------------------------------------

    def file_warnings(self, now: datetime) -> tuple[Warned, ...]:
        """What the files say, and the places that they name; no database is opened for it. Read once a day of NCBI's."""
        from watcher.setup.warnings import of_files

        today = clock.ncbi_day(now)
        if self._warned is None or self._warned[0] != today:
            self._dense = self.rankings.dense_state() if self.settings.ranking.dense_model else None
            self._warned = today, of_files(self.settings, today, self._examples_read, self._dense)
        return self._warned[1]

    def warnings(self, now: datetime, reports: Sequence[RunReport] = ()) -> tuple[Warned, ...]:
        """Everything that is warned of: what the files say, and what the runs met, and `reports` of runs that were not kept."""
        from watcher.flows.questions.warnings import of_runs, ordered

        seeds = {name: self._with_followed(self.watches[name], found).seeds for name, found in self._examples_read.items()}
        told = [self.at_its_key(one, report.watch) for report in reports for one in report.warnings]
        told += [one for name in self.watches for one in self._of_collections(name)]
        told += self._of_library()
        return ordered([*self.file_warnings(now), *of_runs(self.settings, self.store, seeds, now, normalise), *told])

    def warnings_now(self, reports: Sequence[RunReport]) -> tuple[Warned, ...]:
        """The same at this moment."""
        return self.warnings(clock.now(), reports)

    def at_its_key(self, warning: Warned, watch: str) -> Warned:
        """A warning of a watch with the place of the key that it is about."""
        from watcher.flows.questions.warnings import at_its_key

        return at_its_key(warning, self.settings, watch)

    @cached_property
    def _examples_read(self) -> Mapping[str, Examples]:
        """The seeds of each watch whose files can be read."""
        found = self.loaded.seeds if self.loaded else {one.name: seeds_or_why(self.settings, one) for one in self.watches.values()}
        return {name: one for name, one in found.items() if not isinstance(one, ConfigurationError)}

    def seed_warnings(self, watch: str) -> tuple[Warned, ...]:
        """What of a watch's seed files and collections was passed over; of files that cannot be read nothing."""
        from watcher.setup.warnings import of_seeds

        return (*of_seeds(self.settings, watch, self._examples_read.get(watch)), *self._of_collections(watch))

    def _of_collections(self, name: str) -> tuple[Warned, ...]:
        """What is warned of about the collections that a watch's seeds follow."""
        if not self.watches[name].seeds_from:
            return ()
        from watcher.flows.search.following import of_collections
        from watcher.setup.following import followed

        found = of_collections(self.watches[name], self.store, followed(self.watches[name], self.store))
        return tuple(self.at_its_key(one, name) for one in found)

    def _of_library(self) -> list[Warned]:
        """What is warned of about the lab's library."""
        indexer, place = self.indexer, self.settings.place(("zotero", "library"))
        return [replace(one, place=place) for one in indexer.warnings()] if indexer else []

    def _with_followed(self, watch: Watch, files: Examples) -> Examples:
        """The seeds of files with those of collections; alone where these give none."""
        if not watch.seeds_from:
            return files
        from watcher.setup.following import with_followed

        try:
            return with_followed(self.settings, watch, self.store, files)
        except ConfigurationError:
            return files

    # --- parts ------------------------------------------------------------------------------------------------------------------

    @cached_property
    def data_folder(self) -> Path:
        """Where the database (on SQLite) and the lock files live."""
        return self.settings.data_folder

    @cached_property
    def process_lock(self) -> ProcessLock:
        """This process in leases and claims, alive as long as it is locked."""
        lock = ProcessLock.claim(self.data_folder)
        self._opened.append(lock.close)
        return lock

    @cached_property
    def store(self) -> Store:
        """The database, migrated. Reading it needs no more; before any work it is made ready by `at_work`."""
        return self._open_store(check=False)

    @cached_property
    def guarded(self) -> tuple[Guarded, ...]:
        """What no command writes over."""
        from watcher.setup.guarded import off_limits

        return off_limits(self.settings)

    def _open_store(self, *, check: bool) -> Store:
        url, said = self.settings.database_url, self.settings.database
        store = Store.open(
            url, folder=self.data_folder, keep_backups=said.keep_backups, check=check, lock_wait=said.lock_wait_seconds
        )
        self._opened.append(store.close)
        return store

    @property
    def channel_limits(self) -> dict[str, str]:
        """What the channels of other services take in one message, in words, by name."""
        rooms = {name: self.notifier.room(channel) for name, channel in self.channels.items()}
        return {name: room.told for name, room in rooms.items() if room}

    @cached_property
    def contacts(self) -> Contacts:
        """Whom readers write to, and the host that messages are from."""
        return Contacts(self.settings, self.notifier)

    def restore(self, file: Path, *, force: bool) -> RestoreFacts:
        """Puts a backup in the place of the database, which must not be open."""
        url, lock_wait = self.settings.database_url, self.settings.database.lock_wait_seconds
        return Store.restore(url, file, folder=self.data_folder, force=force, lock_wait=lock_wait)

    def at_work(self, now: datetime, *, starting: bool = False) -> Store:
        """The store, ready for work: it was read whole within a day, what a dead process of this machine still holds is freed, the
        configuration is known, and after any change of it, or when a service is `starting` with it, what was parked is tried again."""
        from watcher.setup.taking_up import take_up

        self._is_at_work = True
        memory.give_blocks_back()
        if "store" not in vars(self):
            self.store = self._open_store(check=True)
        self.store.free_dead(self.process_lock)
        is_last_good = self.loaded is not None and self.loaded.error is not None
        take_up(self.store, self.settings, now, starting=starting, is_last_good=is_last_good)
        return self.store

    @cached_property
    def source(self) -> Entrez:
        """PubMed."""
        from watcher.pubmed.client import Entrez

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
            stopping=self.stopping,
        )
        self._opened.append(source.close)
        return source

    @cached_property
    def notifier(self) -> Notifier:
        """Sends deliveries."""
        return Notifier()

    def seeds(self, watch: Watch) -> tuple[Seed, ...]:
        """The seeds of a watch: as its files give them, or gave them when the configuration was taken up, and as its collections in Zotero
        gave them when they were last looked at."""
        if not watch.seeds_from:
            return self._examples(watch).seeds
        from watcher.setup.following import with_followed

        return with_followed(self.settings, watch, self.store, self._examples(watch)).seeds

    def _examples(self, watch: Watch) -> Examples:
        if self.loaded is None:
            return seeds_of(self.settings, watch)
        seeds = self.loaded.seeds[watch.name]
        if isinstance(seeds, ConfigurationError):
            raise seeds
        return seeds

    def resolved(self, watch: Watch) -> Sequence[ResolvedSeed]:
        """The seeds of a watch joined with what earlier runs found; PubMed is not asked."""
        from watcher.flows.search.seeds import resolve

        return resolve(watch.name, self.seeds(watch), store=self.store, source=None, now=clock.now())[0]

    @cached_property
    def rankings(self) -> Rankings:
        """Ranks watches."""
        from watcher.flows.scoring.ranking import Rankings

        return Rankings(lambda: self.store, lambda: self.source, lambda: self.dense_choice, self.say, self.stopping)

    @property
    def dense_choice(self) -> Choice:
        """What the configuration says of the dense part."""
        from watcher.flows.scoring.embedding import Choice
        from watcher.rank.usage import Configured

        said = self.settings.ranking
        return Choice(
            model=said.dense_model,
            home=self.settings.home,
            models=self.models or self.data_folder / "models",
            model_sha256=said.dense_sha256,
            tokenizer_sha256=said.dense_tokenizer_sha256,
            place=self.settings.place(("ranking", "dense_model")),
            files_sha256={name.lstrip("*"): sha256 for sha256, name in map(str.split, said.dense_files_sha256)},
            usage=Configured(said.dense_pooling, said.dense_input, said.dense_prefix, said.dense_max_tokens),
        )

    @cached_property
    def hub(self) -> Hub:
        """Where models are fetched from."""
        from watcher.hub import PAUSES, Hub

        return Hub(str(self.settings.ranking.hub_url), say=self.say, stopping=self.stopping, pauses=PAUSES)

    @cached_property
    def zotero(self) -> Zotero:
        """Zotero's Web API, asked with the lab's key."""
        from watcher.config.sections import ZoteroSection
        from watcher.zotero.client import Zotero

        section = self.settings.zotero or ZoteroSection()
        key = section.api_key
        return Zotero(key.get_secret_value() if key else "", base_url=str(section.base_url), stopping=self.stopping)

    @property
    def has_zotero_key(self) -> bool:
        """Whether there is a key to ask Zotero with."""
        return self.settings.zotero is not None and self.settings.zotero.api_key is not None

    @property
    def zotero_uses(self) -> tuple[Use, ...]:
        """The libraries and collections that the configuration names."""
        from watcher.flows.questions.zotero import Use

        section = self.settings.zotero
        named = (Use("zotero.library", section.library, section.collection),) if section and section.library else ()
        seeds = [(name, source) for name, watch in self.watches.items() for source in watch.seeds_from]
        if (target := self.push_target) is not None:
            named = (*named, Use("zotero.push", target.library, target.collection, writes=True))
        return (*named, *(Use(f"watches.{name}.seeds_from", source.library, source.collection) for name, source in seeds))

    @property
    def manners(self) -> Manners:
        """What keeps us from asking Zotero."""
        from watcher.config.sections import ZoteroSection
        from watcher.flows.search.following import Manners

        section = self.settings.zotero or ZoteroSection()
        return Manners(self.store, str(section.base_url), self.settings.sha256)

    def follower(self) -> Follower:
        """Looks at the collections that seeds follow."""
        from watcher.flows.search.following import Follower
        from watcher.setup.following import kept

        return Follower(lambda: self.zotero, self.store, self.manners, kept, self.seeds, say=self.say)

    @property
    def indexer(self) -> Indexer | None:
        """Reads the lab's library; None where nobody needs to know what is in it."""
        section = self.settings.zotero
        if section is None or not section.library or not (section.mark_known or section.leave_out_known):
            return None
        return self._indexer_of(section.library)

    def _indexer_of(self, library: str) -> Indexer:
        from watcher.flows.search.indexing import Indexer
        from watcher.setup.following import kept

        return Indexer(library, lambda: self.zotero, self.store, self.manners, kept, say=self.say)

    @property
    def push_target(self) -> Target | None:
        """Where marked papers are pushed; None where nowhere."""
        section = self.settings.zotero
        if section is None or section.push is None or not section.library or section.api_key is None:
            return None
        from watcher.flows.deliver.pushing import Target

        return Target(section.library, section.push.collection or section.collection, VerdictKind(section.push.what))

    def pusher(self) -> Pusher | None:
        """Pushes marked papers into Zotero; None where nothing is to be pushed."""
        target = self.push_target
        if target is None:
            return None
        from watcher.export.zotero import item_type, to_item
        from watcher.flows.deliver.pushing import Pusher
        from watcher.setup.following import article_key
        from watcher.zotero.keys import item_key

        return Pusher(
            target=target,
            libraries=lambda: self.zotero,
            store=self.store,
            manners=self.manners,
            indexer=self._indexer_of(target.library),
            watches=tuple(self.watches),
            holder=self.process_lock.name,
            key_of=item_key,
            type_of=item_type,
            write=to_item,
            title_of=article_key,
            say=self.say,
            stopping=self.stopping,
        )

    @property
    def _library(self) -> str:
        """The library that is indexed, "" for none."""
        target = self.push_target
        return self.indexer.library if self.indexer else target.library if target else ""

    def _known(self, works: Collection[int]) -> frozenset[int]:
        """Those of the works that are in the lab's library."""
        section = self.settings.zotero
        return self.store.zotero.known_works(section.library, works) if section and section.library else frozenset()

    def runner(self) -> Runner:
        """Runs watches."""
        from watcher.flows.scoring.ground import Grounds
        from watcher.flows.search.run import Runner

        runs = self.settings.runs
        return Runner(
            source=self.source,
            store=self.store,
            seeds=self.seeds,
            rank=self.rankings.rank,
            overlap_days=runs.overlap_days,
            fetch_again_days=runs.fetch_again_for_days,
            say=self.say,
            stopping=self.stopping,
            grounds=Grounds(self.source, self.store, self.rankings.believe),
            **({"follow": self.follower().follow} if any(one.seeds_from for one in self.watches.values()) else {}),
        )

    def composer(self) -> Composer:
        """Composes digests."""
        from watcher.export import to_nbib, to_ris
        from watcher.flows.compose.compose import Composer
        from watcher.flows.scoring.ranking import giving_way

        return Composer(
            store=self.store,
            seeds=self.resolved,
            rank=self.rankings.rank,
            ris=to_ris,
            nbib=to_nbib,
            recipients=self.notifier.recipients,
            host=self.contacts.message_host,
            base_url=self.settings.page_url,
            run_schedule=self.run_schedule,
            jitter_minutes=self.settings.runs.jitter_minutes,
            giving_way=giving_way if self.settings.ranking.diversity else None,
            rest=self.rankings.rest,
            labelled=self._labelled,
            facets=lambda watch: self.themes.facets(watch),  # noqa: PLW0108 - they are made for a digest by theme
            fits=self.notifier.fits,
            contact=self.contacts.of,
            **self._marks(),
        )

    def _marks(self) -> _Marks:
        """What a composer needs to know of the lab's library."""
        section = self.settings.zotero
        if self.indexer is None or section is None:
            return {}
        return {"known": self._known, "leaves_known_out": section.leave_out_known}

    def checker(self) -> Checker:
        """Checks the configuration."""
        from watcher.flows.questions.check import Checker

        return Checker(
            path=self.settings.path,
            watches=self.watches,
            lists=self.lists,
            channels=self.channels,
            seeds=lambda watch: self._examples(watch).seeds,
            themes=self.settings.themes,
            limits=self.channel_limits,
            contacts=self.contacts.told(self.lists.values(), self.channels),
            store=lambda: self.store,
            source=lambda: self.source,
            placed=self.at_its_key,
            reach=self.notifier.reach,
        )

    def around(self, refused: ConfigurationError | None, now: datetime) -> Around:
        """What `status` tells beside the database; `refused`: why the file is not in force."""
        from watcher.flows.questions.status import Around

        kind = self.settings.database_url.partition(":")[0].partition("+")[0]
        warned = self.warnings(now)  # which looks at the dense part
        return Around(
            kind, health.latest(self.data_folder, clock.real_now()), refused, warned, self._dense, self._library, self.push_target
        )

    def _labelled(self, watch: Watch) -> tuple[Labelled, ...]:
        """A watch's marked papers, each scored without its own verdict."""
        from watcher.flows.scoring.left_out import left_out
        from watcher.flows.scoring.verdicts import lessons

        return tuple(left_out(self.store, self.resolved(watch), lessons(self.store, watch.name), self.rankings.rank_by))

    def orderer(self) -> Orderer:
        """Looks at the order of papers."""
        from watcher.flows.questions.rank import Orderer

        return Orderer(store=self.store, seeds=self.resolved, rank_by=self.rankings.rank_by, say=self.say)

    def other_seeds(self, place: Path, *, ask: bool) -> tuple[ResolvedSeed, ...]:
        """The seeds of a folder or file, joined with stored records; with `ask` also with those that PubMed has.

        Args:
            place: a path as it is, or below seeds/.
            ask: look up in PubMed what is not stored.

        Raises:
            SeedError: there is no such place, or it cannot be understood.
            PubMedError: it was asked, and failed.
        """
        from watcher.flows.questions.rank import joined

        source = self.source if ask else None
        return joined(seeds_at(self.settings, place), self.watches, store=self.store, source=source, now=clock.now())

    @cached_property
    def themes(self) -> Themes:
        """The themes of watches."""
        from watcher.setup.themes import Themes

        return Themes(self.settings, self.resolved)

    @property
    def run_schedule(self) -> schedule.Schedule:
        """When watches are searched by themselves."""
        return schedule.parse(self.settings.runs.schedule, self.settings.timezone)

    def alerter(self) -> Alerter:
        """Tells people what fails and what works again."""
        from watcher.flows.notices.alert import Alerter

        alerts = self.settings.alerts
        return Alerter(
            store=self.store,
            channels=self.channels,
            lists=self.lists,
            watches=self.watches,
            recipients=self.notifier.recipients,
            host=self.contacts.message_host,
            alert_channel=alerts.channel if alerts else None,
            after_failed_runs=alerts.after_failed_runs if alerts else _FAILED_RUNS,
            zone=self.settings.timezone,
            place=self.process_lock.place,
            push_to=(target.library, target.collection) if (target := self.push_target) else None,
            fits=self.notifier.fits,
            contact=self.contacts.of,
        )

    @cached_property
    def heartbeat(self) -> RunHeartbeat:
        """Tells the watching service of each run."""
        from watcher.flows.notices.heartbeat import RunHeartbeat
        from watcher.heartbeat import Heartbeat

        url = self.settings.alerts.heartbeat_url if self.settings.alerts else None
        return RunHeartbeat(Heartbeat(url.get_secret_value() if url else None))

    def deliverer(self) -> Deliverer:
        """Delivers what is owed."""
        return Deliverer(
            self.store,
            self.notifier,
            self.channels,
            self.process_lock.name,
            self.say,
            stopping=self.stopping,
            unsettled=self.unsettled,
            personal=self.links.personal,
        )

    @cached_property
    def signing_keys(self) -> tuple[str, ...]:
        """The keys that sign links, the one in use last: the database's own, then those that the configuration names."""
        web = self.settings.web
        named = [key.get_secret_value() for key in (web.former_signing_key, web.signing_key) if key]
        return (*self.store.signing_keys(clock.now()), *named)

    @cached_property
    def links(self) -> Links:
        """Readers' own links to the page."""
        url = self.settings.page_url
        return Links(self.signing_keys if url else (), url)

    def ticker(self) -> Ticker:
        """Does what is due."""
        from watcher.flows.schedule.tick import Ticker

        runs = self.settings.runs
        return Ticker(
            store=self.store,
            runner=self.runner,
            composer=self.composer(),
            deliverer=self.deliverer(),
            watches=self.watches,
            lists=self.lists,
            channels=self.channels,
            holder=self.process_lock.name,
            run_schedule=self.run_schedule,
            seeds=self.seeds,
            normalise=normalise,
            jitter_minutes=runs.jitter_minutes,
            wait_for_pubmed=timedelta(hours=runs.wait_for_pubmed_hours),
            say=self.say,
            began=lambda watch: self.heartbeat.began(watch),  # noqa: PLW0108 - it is made for the first run
            ended=lambda report: self.heartbeat.ended(report),  # noqa: PLW0108 - as above
            stopping=self.stopping,
            rereader=self.rereader(),
            asker=self.asker(),
            messenger=self.messenger(),
            rest=self.rankings.rest,
            indexer=self.indexer,
            pusher=self.pusher(),
        )

    def calendar(self) -> Calendar:
        """Knows what is due, and does none of it."""
        from watcher.flows.schedule.due import Calendar

        jitter = self.settings.runs.jitter_minutes
        parts = (self.store, self.watches, self.lists, self.run_schedule, jitter, self.seeds, normalise)
        return Calendar(*parts, rereader=self.rereader())

    def feeds(self) -> Feeds:
        """The feeds of lists and watches."""
        from watcher.flows.questions.feeds import Feeds

        return Feeds(self.store, self.lists, self.watches, self.settings.page_url, self.settings.feed_tokens)

    def feed_files(self, folder: Path | None = None) -> FeedFiles | None:
        """The feeds as plain files: in this folder, else where the configuration wants them, if it does."""
        place = folder or self.settings.feeds_folder
        if place is None:
            return None
        from watcher.flows.questions.feeds import FeedFiles

        return FeedFiles(self.feeds(), place, self.guarded)

    def file_feeds(self, now: datetime) -> Filed | None:
        """Brings the folder of feeds up to date, and tells people what could not be written; None where the configuration has no folder."""
        files = self.feed_files()
        filed = files.write() if files else None
        self.alerter().feeds(filed.problems if filed else (), now)
        return filed

    def rereader(self) -> Rereader:
        """Reads papers again that readers had."""
        from watcher.flows.search.corrections import Rereader

        when = schedule.parse(self.settings.runs.corrections, self.settings.timezone)
        asks = self.settings.corrections.crossref_email is not None
        return Rereader(lambda: self.source, self.store, when, asks, say=self.say, stopping=self.stopping)

    def asker(self) -> Asker | None:
        """Asks Crossref what became of papers; None where it is not to be asked."""
        section = self.settings.corrections
        if section.crossref_email is None:
            return None
        from watcher.crossref import Crossref
        from watcher.flows.search.crossref import Asker

        crossref = Crossref(section.crossref_email, base_url=str(section.crossref_url), stopping=self.stopping)
        return Asker(self.store, crossref, self.stopping)

    def messenger(self) -> Messenger:
        """Tells corrections at once."""
        from watcher.flows.schedule.at_once import Messenger

        return Messenger(
            store=self.store,
            lists=self.lists,
            channels=self.channels,
            recipients=self.notifier.recipients,
            host=self.contacts.message_host,
            fits=self.notifier.fits,
            contact=self.contacts.of,
        )


@contextmanager
def opened_source(settings: Settings, say: Callable[[str], None]) -> Iterator[Source]:
    """PubMed alone, as the settings say; closed at the end."""
    with App(settings, say=say) as app:
        yield app.source


@contextmanager
def trial(settings: Settings, *, say: Callable[[str], None]) -> Iterator[App]:
    """An App of these settings over a new database of its own, in a folder that is removed at the end: what it finds changes nothing."""
    with TemporaryDirectory(prefix="watcher-try-") as folder:
        apart = settings.with_database(Path(folder) / "watcher.db")
        with App(apart, say=say, models=settings.data_folder / "models") as app:
            yield app


def _named(kind: str, name: str, known: Mapping[str, _Value]) -> _Value:
    if name not in known:
        names = ", ".join(known) or "none"
        raise UnknownNameError(Problem(f"there is no {kind} {name!r}", f"the configuration has: {names}"))
    return known[name]
