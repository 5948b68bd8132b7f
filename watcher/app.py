"""The composition root: Settings become an App. The only module that names concrete parts.

Nothing is opened before it is asked for: the database at the first use of `store`, the network by the first search, the ranking's
background by the first score.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

from watcher import clock, health, memory, schedule
from watcher.config import THEMES, Settings, guarded, must_hold
from watcher.crossref import Crossref
from watcher.domain import (
    Article,
    Channel,
    Contact,
    DigestList,
    GaveWay,
    ResolvedSeed,
    RunReport,
    Seed,
    Theme,
    Warned,
    Watch,
)
from watcher.errors import ConfigurationError, Place, Problem, SeedError, StoreDamaged, UnknownNameError
from watcher.export import to_nbib, to_ris
from watcher.flows.compose.compose import Composer
from watcher.flows.compose.themes import Facets, document
from watcher.flows.deliver.deliver import Deliverer, Unsettled
from watcher.flows.notices.alert import Alerter
from watcher.flows.notices.heartbeat import Beats
from watcher.flows.ports import Source
from watcher.flows.questions.rank import Orderer, joined
from watcher.flows.questions.warnings import at_its_key, of_runs, ordered
from watcher.flows.schedule.at_once import Messenger
from watcher.flows.schedule.tick import Ticker
from watcher.flows.scoring.verdicts import Lessons, lessons
from watcher.flows.search.corrections import Rereader
from watcher.flows.search.crossref import Asker
from watcher.flows.search.run import Runner
from watcher.flows.search.seeds import once, resolve
from watcher.heartbeat import Heartbeat
from watcher.hub import PAUSES as HUB_PAUSES
from watcher.hub import Hub
from watcher.notify import Notifier
from watcher.pubmed.client import Entrez
from watcher.pubmed.query import normalise
from watcher.rank import Ranking, background_is_loaded, build, load_background, unload_background
from watcher.seeds import Examples, read_file
from watcher.seeds import read as read_seeds
from watcher.setup.loading import Loaded, seeds_of, seeds_or_why
from watcher.setup.warnings import of_files, of_seeds
from watcher.store import Holder, RestoreFacts, Store
from watcher.unreadable import is_there
from watcher.writing import Guarded, Reach, write

if TYPE_CHECKING:
    from watcher.flows.scoring.embedding import Choice, DenseState, Embedding, Kept

_Value = TypeVar("_Value")

_log = logging.getLogger(__name__)

_TOLD: set[str] = set()
"""Warnings that this process has logged."""

_FAILED_RUNS = 3
"""After how many failed searches in a row a watch is reported where the configuration has no `alerts`."""


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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while self._opened:
            self._opened.pop()()
        if self._is_at_work and isinstance(error, StoreDamaged):
            Store.set_aside_if_damaged(self.settings.database_url, folder=self.data_folder)

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

    # --- warnings ---------------------------------------------------------------------------------------------------------------

    def file_warnings(self, now: datetime) -> tuple[Warned, ...]:
        """What the files say, and the places that they name; no database is opened for it. Read once a day of NCBI's."""
        today = clock.ncbi_day(now)
        if self._warned is None or self._warned[0] != today:
            dense = self.dense_state() if self.settings.ranking.dense_model else None
            self._warned = today, of_files(self.settings, today, self._examples_read, dense)
        return self._warned[1]

    def warnings(self, now: datetime, reports: Sequence[RunReport] = ()) -> tuple[Warned, ...]:
        """Everything that is warned of: what the files say, and what the runs met, and `reports` of runs that were not kept."""
        seeds = {name: found.seeds for name, found in self._examples_read.items()}
        told = [self.at_its_key(one, report.watch) for report in reports for one in report.warnings]
        return ordered([*self.file_warnings(now), *of_runs(self.settings, self.store, seeds, now, normalise), *told])

    def at_its_key(self, warning: Warned, watch: str) -> Warned:
        """A warning of a watch with the place of the key that it is about."""
        return at_its_key(warning, self.settings, watch)

    @cached_property
    def _examples_read(self) -> Mapping[str, Examples]:
        """The seeds of each watch whose files can be read."""
        found = self.loaded.seeds if self.loaded else {one.name: seeds_or_why(self.settings, one) for one in self.watches.values()}
        return {name: one for name, one in found.items() if not isinstance(one, ConfigurationError)}

    def seed_warnings(self, watch: str) -> tuple[Warned, ...]:
        """What of a watch's seed files was passed over; () where they cannot be read."""
        return of_seeds(self.settings, watch, self._examples_read.get(watch))

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
        return self._open_store(check=False)

    @cached_property
    def guarded(self) -> tuple[Guarded, ...]:
        """What no command writes over: the database and what belongs to it, the configuration's folder, secrets, seeds, models."""
        settings, folder = self.settings, self.data_folder
        named = os.environ.get(clock.CLOCK_FILE)
        return (
            *Store.guarded(settings.database_url, folder=folder),
            *guarded(settings),
            Guarded(folder / "models", "a file of a model", Reach.THERE),
            *(Guarded(pulse, "the service's sign of life") for pulse in health.pulse_files(folder)),
            *([Guarded(Path(named), "the clock file")] if named else ()),
        )

    def _open_store(self, *, check: bool) -> Store:
        settings = self.settings
        store = Store.open(settings.database_url, folder=self.data_folder, keep_backups=settings.database.keep_backups, check=check)
        self._opened.append(store.close)
        return store

    @property
    def channel_limits(self) -> dict[str, str]:
        """What the channels of other services take in one message, in words, by name."""
        rooms = {name: self.notifier.room(channel) for name, channel in self.channels.items()}
        return {name: room.told for name, room in rooms.items() if room}

    @property
    def contacts(self) -> dict[str, str]:
        """Whom the readers of each list write to, and where that is said, in words."""
        told = {}
        for name, order in self.orders.items():
            channels = [self.channels[one] for one in order.channels]
            said_by = next((one.name for one in channels if self.notifier.answers_to(one)), "")
            where = f"reply_to of {said_by}" if said_by else "pubmed.email, since no channel of it has a reply_to"
            told[name] = f"{self.contact(channels).address} ({where})"
        return told

    def restore(self, file: Path, *, force: bool) -> RestoreFacts:
        """Puts a backup in the place of the database, which must not be open."""
        return Store.restore(self.settings.database_url, file, folder=self.data_folder, force=force)

    def at_work(self, now: datetime, *, starting: bool = False) -> Store:
        """The store, ready for work: it was read whole within a day, what a dead process of this machine still holds is freed, the
        configuration is known, and after any change of it, or when a service is `starting` with it, what was parked is tried again."""
        self._is_at_work = True
        memory.give_blocks_back()
        if "store" not in vars(self):
            self.store = self._open_store(check=True)
        self.store.free_dead(self.holder)
        known = self.store.configuration()
        changed = known is not None and known[0] != self.settings.sha256
        if starting or changed:
            self.store.wake_parked(now, refused_too=changed)
        today = clock.ncbi_day(now)
        self.store.register(
            {watch.name: watch.was for watch in self.watches.values()},
            {order.name: order.watches for order in self.orders.values()},
            {watch.name: today - timedelta(days=watch.start.days) for watch in self.watches.values()},
            now,
        )
        if self.loaded is None or self.loaded.error is None:  # the last good one is known, and may lack a secret now
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
            stopping=self.stopping,
        )
        self._opened.append(source.close)
        return source

    @cached_property
    def notifier(self) -> Notifier:
        """Sends deliveries."""
        return Notifier()

    def seeds(self, watch: Watch) -> tuple[Seed, ...]:
        """The seeds of a watch, as its files give them, or gave them when the configuration was taken up."""
        return self._examples(watch).seeds

    def _examples(self, watch: Watch) -> Examples:
        if self.loaded is None:
            return seeds_of(self.settings, watch)
        seeds = self.loaded.seeds[watch.name]
        if isinstance(seeds, ConfigurationError):
            raise seeds
        return seeds

    def resolved(self, watch: Watch) -> Sequence[ResolvedSeed]:
        """The seeds of a watch joined with what earlier runs found; PubMed is not asked."""
        return resolve(watch.name, self.seeds(watch), store=self.store, source=None, now=clock.now())[0]

    def rank(self, watch: Watch, seeds: Sequence[ResolvedSeed]) -> Ranking:
        """The ranking of a watch by its seeds, and by its readers' verdicts as they are now."""
        return self.rank_by(seeds, lessons(self.store, watch.name))

    def rank_by(self, seeds: Sequence[ResolvedSeed], learnt: Lessons) -> Ranking:
        """The ranking of seeds and marked papers against the frozen background, with the dense part if there is one."""
        seeds = once(seeds)
        ranking = build(seeds, relevant=learnt.relevant, not_relevant=learnt.not_relevant, embed=self.embedding)
        return replace(ranking, facts=replace(ranking.facts, last_verdict_id=learnt.last_id))

    @property
    def dense_choice(self) -> Choice:
        """What the configuration says of the dense part."""
        from watcher.flows.scoring.embedding import Choice  # noqa: PLC0415 - NumPy only when used

        said = self.settings.ranking
        return Choice(
            model=said.dense_model,
            home=self.settings.home,
            models=self.models or self.data_folder / "models",
            model_sha256=said.dense_sha256,
            tokenizer_sha256=said.dense_tokenizer_sha256,
            place=self.settings.place(("ranking", "dense_model")),
        )

    @cached_property
    def embedding(self) -> Embedding | None:
        """The dense part of the ranking; None where none is configured, or where it cannot be used, which is logged once."""
        from watcher.flows.scoring.embedding import open_embedding  # noqa: PLC0415 - NumPy only when used

        choice = self.dense_choice
        if not choice.model:
            return None
        try:
            return open_embedding(choice, self._kept(choice), _sample_pmids())
        except ConfigurationError as error:
            _tell_once(f"ranking by words alone, without the dense part: {error}")
            return None

    def _kept(self, choice: Choice) -> Kept:
        from watcher.flows.scoring.embedding import Kept, open_encoder  # noqa: PLC0415 - NumPy only when used

        return Kept(open_encoder(choice), self.store, self.say, self.stopping)

    def dense_state(self) -> DenseState:
        """How the dense part stands; the database is not opened for it."""
        from watcher.flows.scoring.embedding import dense_state  # noqa: PLC0415 - NumPy only when used

        return dense_state(self.dense_choice, _sample_pmids)

    def prepare_dense(self) -> Path:
        """Make the sample of the configured model; the file. Raises ConfigurationError when there is no model to use."""
        from watcher.flows.scoring.embedding import prepare  # noqa: PLC0415 - NumPy only when used

        choice = self.dense_choice
        return prepare(choice, self._kept(choice), self.source, _sample_pmids())

    @cached_property
    def hub(self) -> Hub:
        """Where models are fetched from."""
        return Hub(str(self.settings.ranking.hub_url), say=self.say, stopping=self.stopping, pauses=HUB_PAUSES)

    def rest(self) -> None:
        """Give back what takes much memory and is needed for work only."""
        vars(self).pop("embedding", None)
        unload_background()
        memory.hand_back()

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
            stopping=self.stopping,
        )

    def composer(self) -> Composer:
        """Composes digests."""
        return Composer(
            store=self.store,
            seeds=self.resolved,
            rank=self.rank,
            ris=_ris,
            nbib=_nbib,
            recipients=self.notifier.recipients,
            host=self.message_host,
            base_url=self.settings.base_url,
            run_schedule=self.run_schedule,
            jitter_minutes=self.settings.runs.jitter_minutes,
            giving_way=_giving_way if self.settings.ranking.diversity else None,
            rest=self.rest,
            facets=self.facets,
            fits=self.notifier.fits,
            contact=self.contact,
        )

    def orderer(self) -> Orderer:
        """Looks at the order of papers."""
        return Orderer(store=self.store, seeds=self.resolved, rank_by=self.rank_by, say=self.say)

    def other_seeds(self, place: Path, *, ask: bool) -> tuple[ResolvedSeed, ...]:
        """The seeds of a folder or file, joined with stored records; with `ask` also with those that PubMed has.

        Args:
            place: a path as it is, or below seeds/.
            ask: look up in PubMed what is not stored.

        Raises:
            SeedError: there is no such place, or it cannot be understood.
            PubMedError: it was asked, and failed.
        """
        root = (self.settings.home / "seeds").resolve()
        found = next((one.resolve() for one in (place, root / place) if is_there(one)), None)
        if found is None:
            raise SeedError(Problem(f"there is no folder or file {place}", f"give a path, or a name below {root}"))
        folder = found if found.is_dir() else found.parent
        base = root if found.is_relative_to(root) else folder
        seeds = read_seeds(found, root=base) if found.is_dir() else read_file(found, root=base)
        return joined(seeds, self.watches, store=self.store, source=self.source if ask else None, now=clock.now())

    def facets(self, watch: Watch) -> Facets:
        """The themes of a watch: its file's, else those found from its seeds."""
        own = self.settings.themes.get(watch.name)
        origin = str(self.themes_file(watch)) if own else "found from the seeds"
        themes = own or self.found_themes(watch)
        return Facets(themes, partial(_fitting, themes), origin)

    def found_themes(self, watch: Watch) -> tuple[Theme, ...]:
        """The themes that the watch's seeds speak of."""
        from watcher.rank.themes import found  # noqa: PLC0415 - NumPy only when used

        return found(once(self.resolved(watch)), load_background())

    def themes_file(self, watch: Watch) -> Path:
        """Where the watch's own themes stand, or would."""
        return self.settings.path.parent / THEMES / f"{watch.name}.yaml"

    def write_themes(self, watch: Watch, *, force: bool) -> tuple[Path, int]:
        """Writes the themes that the watch's seeds speak of to its file, for the lab to edit; the file, and how many they are.

        Raises ConfigurationError when there is a file and `force` was not given, or when it cannot be written.
        """
        file, themes = self.themes_file(watch), self.found_themes(watch)
        if not themes:
            fix = "`watcher seeds` shows what is understood of each; put one text page or one export beside them"
            raise ConfigurationError(Problem(f"the seeds of {watch.name} have no text that themes could be found in", fix))
        if file.exists() and not force:
            raise ConfigurationError(Problem("this file is there already", "edit it, or say --force to replace it", Place(file)))
        elsewhere = [one for one in self.guarded if not file.is_relative_to(one.path)]
        content = document(watch.name, themes).encode()
        write(file, content, elsewhere, force=force, read_back=partial(must_hold, themes=themes))
        return file, len(themes)

    @property
    def run_schedule(self) -> schedule.Schedule:
        """When watches are searched by themselves."""
        return schedule.parse(self.settings.runs.schedule, self.settings.timezone)

    def alerter(self) -> Alerter:
        """Tells people what fails and what works again."""
        alerts = self.settings.alerts
        return Alerter(
            store=self.store,
            channels=self.channels,
            orders=self.orders,
            watches=self.watches,
            recipients=self.notifier.recipients,
            host=self.message_host,
            alert_channel=alerts.channel if alerts else None,
            after_failed_runs=alerts.after_failed_runs if alerts else _FAILED_RUNS,
            zone=self.settings.timezone,
            place=self.holder.place,
            fits=self.notifier.fits,
            contact=self.contact,
        )

    @cached_property
    def beats(self) -> Beats:
        """Tells the watching service of each run."""
        url = self.settings.alerts.heartbeat_url if self.settings.alerts else None
        return Beats(Heartbeat(url.get_secret_value() if url else None))

    def deliverer(self) -> Deliverer:
        """Delivers what is owed."""
        return Deliverer(
            self.store, self.notifier, self.channels, self.holder.name, self.say, stopping=self.stopping, unsettled=self.unsettled
        )

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
            run_schedule=self.run_schedule,
            seeds=self.seeds,
            normalise=normalise,
            jitter_minutes=runs.jitter_minutes,
            wait_for_pubmed=timedelta(hours=runs.wait_for_pubmed_hours),
            say=self.say,
            began=self.beats.began,
            ended=self.beats.ended,
            stopping=self.stopping,
            rereader=self.rereader(),
            asker=self.asker(),
            messenger=self.messenger(),
            rest=self.rest,
        )

    def rereader(self) -> Rereader:
        """Reads papers again that readers had."""
        when = schedule.parse(self.settings.runs.corrections, self.settings.timezone)
        asks = self.settings.corrections.crossref_email is not None
        return Rereader(lambda: self.source, self.store, when, asks, say=self.say, stopping=self.stopping)

    def asker(self) -> Asker | None:
        """Asks Crossref what became of papers; None where it is not to be asked."""
        section = self.settings.corrections
        if section.crossref_email is None:
            return None
        crossref = Crossref(section.crossref_email, base_url=str(section.crossref_url), stopping=self.stopping)
        return Asker(self.store, crossref, self.stopping)

    def messenger(self) -> Messenger:
        """Tells corrections at once."""
        return Messenger(
            store=self.store,
            orders=self.orders,
            channels=self.channels,
            recipients=self.notifier.recipients,
            host=self.message_host,
            fits=self.notifier.fits,
            contact=self.contact,
        )

    def contact(self, channels: Sequence[Channel]) -> Contact:
        """Whom the readers of these channels write to: the first `reply_to` among them, else the contact address."""
        named = next(filter(None, map(self.notifier.answers_to, channels)), "")
        answered = [channel for channel in channels if channel.kind.facts.is_answered]
        is_answered = bool(answered) and all(self.notifier.answers_to(channel) == named for channel in answered)
        return Contact(named or self.settings.pubmed.email, is_answered=bool(named) and is_answered)

    @property
    def message_host(self) -> str:
        """The right-hand side of Message-IDs: the page's host, else the domain of the contact address."""
        page = urlsplit(self.settings.base_url).hostname if self.settings.base_url else None
        return page or self.settings.pubmed.email.rpartition("@")[2]


@contextmanager
def opened_source(settings: Settings, say: Callable[[str], None]) -> Iterator[Source]:
    """PubMed alone, as the settings say; closed at the end."""
    with App(settings, say=say) as one:
        yield one.source


@contextmanager
def trial(settings: Settings, *, say: Callable[[str], None]) -> Iterator[App]:
    """An App of these settings over a new database of its own, in a folder that is removed at the end: what it finds changes nothing."""
    with TemporaryDirectory(prefix="watcher-try-") as folder:
        apart = settings.with_database(Path(folder) / "watcher.db")
        with App(apart, say=say, models=settings.data_folder / "models") as one:
            yield one


def _sample_pmids() -> Sequence[int]:
    pmids: Sequence[int] = load_background().pmids.tolist()
    return pmids


def _giving_way(articles: Sequence[Article], scores: Sequence[float], top: int) -> Sequence[GaveWay]:
    """Near-duplicates among the candidates for the picks; where nothing was ranked, the background is not loaded whole for this."""
    from watcher.rank.background import load_weights  # noqa: PLC0415 - NumPy only when used
    from watcher.rank.diversity import giving_way  # noqa: PLC0415

    was_loaded = background_is_loaded()
    gave_way = giving_way(articles, scores, top, background=load_weights())
    if not was_loaded:
        memory.hand_back()  # what the weights took
    return gave_way


def _fitting(themes: Sequence[Theme], article: Article) -> str | None:
    from watcher.rank.themes import fitting  # noqa: PLC0415 - NumPy only when used

    return fitting(article, themes, load_background())


def _tell_once(warning: str) -> None:
    """Logs a warning that stands in every round, once in a process."""
    if warning not in _TOLD:
        _TOLD.add(warning)
        _log.warning(warning)


def _ris(articles: Sequence[Article]) -> str:
    return to_ris(articles)


def _nbib(articles: Sequence[Article]) -> str:
    return to_nbib(articles)


def _named(kind: str, name: str, known: Mapping[str, _Value]) -> _Value:
    if name not in known:
        names = ", ".join(known) or "none"
        raise UnknownNameError(Problem(f"there is no {kind} {name!r}", f"the configuration has: {names}"))
    return known[name]
