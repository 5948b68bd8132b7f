"""What the tests of the flows share: candidates and scores in few words, a ranking that says what it is told, a sender that may refuse.

The store of these tests is always the real one, on SQLite (`store_samples.Bench`). All papers are invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from standins.eutils.corpus import Corpus, Planted
from standins.eutils.server import EutilsServer
from support.store_samples import BY_QUERY, REASONS, Bench, paper
from watcher import clock, schedule
from watcher.crossref import Crossref
from watcher.digest.arrange import GivingWay
from watcher.domain import (
    Article,
    Breakdown,
    Candidate,
    Channel,
    ChannelKind,
    Delivery,
    Digest,
    DigestList,
    Hit,
    HitState,
    Journal,
    Message,
    Origin,
    Part,
    RankingFacts,
    RecordId,
    ResolvedSeed,
    RunReport,
    Scored,
    Seed,
    Watch,
    pubmed_id,
)
from watcher.errors import DeliveryError
from watcher.export import to_nbib, to_ris
from watcher.flows.compose.compose import Composer
from watcher.flows.compose.themes import Facets
from watcher.flows.deliver.deliver import Deliverer
from watcher.flows.schedule.at_once import Messenger
from watcher.flows.schedule.tick import Done, Ticker
from watcher.flows.search.corrections import Rereader
from watcher.flows.search.crossref import Asker
from watcher.flows.search.plan import Plan
from watcher.flows.search.run import Runner
from watcher.pubmed.client import Entrez
from watcher.pubmed.pace import Pace
from watcher.pubmed.query import normalise
from watcher.rank import Ranking
from watcher.store import Store

NMJ = Watch("nmj", "Neuromuscular junction", "neuromuscular junction[tiab]", ("nmj",), similar=False, threshold=35)
ALS = Watch("als", "ALS", "amyotrophic lateral sclerosis[tiab]", ("als",), similar=False, threshold=60)
WEEKLY = DigestList("weekly", "NMJ weekly", ("nmj",), ("mail",), "monday 08:00", "Europe/Berlin")
PREPRINT = ("Preprint", "Journal Article")


def candidate(article: Article, work: int = 0, *, watch: str = "nmj", origins: frozenset[Origin] = BY_QUERY) -> Candidate:
    """An article that matched one watch; its work has its own number unless told otherwise."""
    return Candidate(article, work or article.record_id.id, (Hit(watch, article.record_id, origins),))


def scored(values: Mapping[int, float]) -> dict[RecordId, Scored]:
    """Scores by pmid."""
    return {pubmed_id(pmid): Scored(pubmed_id(pmid), value, REASONS) for pmid, value in values.items()}


def preprint(pmid: int, **more: Any) -> Article:  # noqa: ANN401 - whatever an Article takes
    """A preprint."""
    return paper(pmid, publication_types=PREPRINT, journal=Journal(abbreviation="bioRxiv"), **more)


@dataclass(frozen=True)
class _Told:
    """Gives each paper the score that the test says, else 50."""

    told: Mapping[int, float]

    def score(self, articles: Sequence[Article]) -> tuple[Scored, ...]:
        return tuple(
            Scored(article.record_id, value, REASONS) for article, value in zip(articles, self.values(articles), strict=True)
        )

    def values(self, articles: Sequence[Article]) -> tuple[float, ...]:
        return tuple(self.told.get(article.record_id.id, 50) for article in articles)

    def breakdown(self, article: Article) -> Breakdown:
        return Breakdown(self.told.get(article.record_id.id, 50), 1.5, (Part("phrases", 1.0), Part("words", 0.5)))


def ranking(values: Mapping[int, float] | None = None, *, name: str = "ranking-1") -> Ranking:
    """A ranking under which papers score what `values` says, else 50."""
    facts = RankingFacts(sha256=name, seeds_sha256="seeds", background_sha256="background", code="sample")
    return Ranking(facts, lambda: cast("Any", _Told(values or {})))


def mail_channel(name: str = "mail") -> Channel:
    """A channel that no test really uses."""
    return Channel(name, ChannelKind.EMAIL, "mailto://127.0.0.1")


class Plain:
    """What a sender has beside `send`: nothing that is kept open, and no server that two channels share."""

    def server(self, channel: Channel) -> str:
        """Unknown."""
        del channel
        return ""

    def kept_open(self, channel: Channel) -> AbstractContextManager[None]:
        """Nothing."""
        del channel
        return nullcontext()


@dataclass
class Post(Plain):
    """A sender: what it took, what it says of that by channel, and whom it refuses with which error, once for each that is given."""

    remarks: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, list[DeliveryError]] = field(default_factory=dict)
    taken: list[tuple[str, str, str]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    messages: list[tuple[str, str, Message]] = field(default_factory=list)

    def refuse(self, channel: str, *errors: DeliveryError) -> None:
        """Answer the next attempts at this channel so."""
        self.refusals.setdefault(channel, []).extend(errors)

    def send(self, delivery: Delivery, channel: Channel, *, now: datetime) -> str | None:  # noqa: ARG002 - the protocol's
        """Take it, or refuse."""
        self.tried.append(channel.name)
        if self.refusals.get(channel.name):
            raise self.refusals[channel.name].pop(0)
        self.taken.append((channel.name, delivery.recipient, delivery.rfc822_id))
        self.messages.append((channel.name, delivery.recipient, delivery.message))
        return self.remarks.get(channel.name)


def passing(times: int = 1, *, retry_after: float | None = None, code: int | None = 451) -> Iterable[DeliveryError]:
    """Failures that may pass, of one recipient; without a code, or with 421, of the whole channel."""
    return [DeliveryError("451 try later", permanent=False, retry_after=retry_after, code=code) for _ in range(times)]


def final() -> DeliveryError:
    """A failure that cannot pass."""
    return DeliveryError("535 authentication refused", permanent=True, code=535, fix="check the password")


@dataclass
class Desk:
    """A service in small: real flows, store and PubMed client before a local PubMed; scores and refusals are what the test says.

    Instants are in UTC. `watch` is the first of the watches.
    """

    bench: Bench
    pubmed: EutilsServer
    source: Entrez
    clock: Path
    watches: list[Watch] = field(default_factory=lambda: [NMJ])
    lists: list[DigestList] = field(default_factory=lambda: [WEEKLY])
    values: dict[int, float] = field(default_factory=dict)
    giving_way: GivingWay | None = None
    facets: Callable[[Watch], Facets] | None = None
    ranked_as: str = "ranking-1"
    seeds: tuple[Seed, ...] = ()
    post: Post = field(default_factory=Post)
    heard: list[str] = field(default_factory=list)
    recipients: tuple[str, ...] = ("pi@lab.example",)
    corrections: str = "saturday 04:00"
    crossref: Crossref | None = None

    @property
    def watch(self) -> Watch:
        """The first watch."""
        return self.watches[0]

    @property
    def store(self) -> Store:
        """The store."""
        return self.bench.store

    def at(self, instant: str) -> datetime:
        """Move the clock."""
        now = datetime.fromisoformat(instant).replace(tzinfo=UTC)
        self.clock.write_text(now.isoformat())
        return now

    def edit(self, **changes: Any) -> None:  # noqa: ANN401 - whatever a watch takes
        """Change the first watch."""
        self.watches[0] = replace(self.watch, **changes)

    def rank(self, _watch: Watch, _seeds: Sequence[ResolvedSeed]) -> Ranking:
        """The ranking of the moment."""
        return ranking(self.values, name=self.ranked_as)

    def runner(self) -> Runner:
        """A runner as the App makes it."""
        return Runner(self.source, self.store, lambda _watch: self.seeds, self.rank, say=self.heard.append)

    def run(self, instant: str, **more: Any) -> RunReport:  # noqa: ANN401 - whatever a run takes
        """Look once."""
        return self.runner().run(self.watch, now=self.at(instant), **{"lists": ("weekly",), **more})

    def plan(self, instant: str, **more: Any) -> Plan:  # noqa: ANN401 - whatever a plan takes
        """Decide what a run would ask."""
        return self.runner().plan(self.watch, now=self.at(instant), **{"lists": ("weekly",), **more})

    def ticker(self) -> Ticker:
        """A ticker as the App makes it, of a service that has just started."""
        channels = {name: mail_channel(name) for list_ in self.lists for name in list_.channels}
        return Ticker(
            store=self.store,
            runner=self.runner,
            composer=Composer(
                self.store,
                lambda _watch: (),
                self.rank,
                to_ris,
                to_nbib,
                lambda _channel: self.recipients,
                host="lab.example",
                giving_way=self.giving_way,
                facets=self.facets,
            ),
            deliverer=Deliverer(self.store, self.post, channels, "me"),
            watches={watch.name: watch for watch in self.watches},
            lists={list_.name: list_ for list_ in self.lists},
            channels=channels,
            holder="me",
            run_schedule=schedule.parse("daily 05:30", "Europe/Berlin"),
            seeds=lambda _watch: self.seeds,
            normalise=normalise,
            jitter_minutes=0,
            say=self.heard.append,
            rereader=Rereader(
                lambda: self.source, self.store, schedule.parse(self.corrections, "Europe/Berlin"), self.crossref is not None
            ),
            asker=Asker(self.store, self.crossref) if self.crossref else None,
            messenger=Messenger(
                self.store, {list_.name: list_ for list_ in self.lists}, channels, lambda _channel: self.recipients, "lab.example"
            ),
        )

    def ticker_with(self, **changes: Any) -> Ticker:  # noqa: ANN401 - whatever a ticker has
        """The same with other parts."""
        return replace(self.ticker(), **changes)

    def load(self, instant: str) -> datetime:
        """Register the watches and lists, as a process that starts to work does."""
        now = self.at(instant)
        self.bench.register(
            {watch.name: watch.was for watch in self.watches},
            {list_.name: list_.watches for list_ in self.lists},
            since=clock.ncbi_day(now) - timedelta(days=30),
            at=now,
        )
        return now

    def tick(self, instant: str) -> Done:
        """Do what is due."""
        now = self.load(instant)
        return self.ticker().tick(now)

    def digest(self, instant: str, list_: str = "weekly") -> Digest:
        """Tick, and give the list's digest that was composed."""
        (found,) = (draft.digest for draft in self.tick(instant).drafts if draft.digest.list.name == list_)
        return found

    def news(self) -> set[int]:
        """What the ledger holds as news."""
        return {record_id.id for record_id, state in self.store.ledger("nmj").items() if state is HitState.NEWS}

    def baseline(self) -> set[int]:
        """What the ledger holds as baseline."""
        return {record_id.id for record_id, state in self.store.ledger("nmj").items() if state is HitState.BASELINE}

    def terms(self) -> list[str]:
        """The terms that PubMed was asked since the log was last forgotten."""
        return [one.parameters["term"][0] for one in self.pubmed.calls("esearch")]


@contextmanager
def desk(folder: Path, monkeypatch: pytest.MonkeyPatch, *records: Planted | bytes, url: str = "") -> Iterator[Desk]:
    """A desk whose PubMed holds these records; the clock stands at Monday, 2 March 2026, and the list is new since the hour after its slot.
    `url` is a database without tables; "": an SQLite file."""
    clock_file = folder / "clock"
    monkeypatch.setenv(clock.CLOCK_FILE, str(clock_file))
    bench = Bench.at(folder, url, loaded_at=datetime(2026, 3, 2, 8, tzinfo=UTC), since=date(2026, 1, 31))
    with EutilsServer(Corpus.of(records), clock=clock.now) as pubmed:
        source = Entrez(
            email="library@lab.example", base_url=pubmed.base_url, max_attempts=2, pace=Pace(1_000), sleep=lambda _: None
        )
        with source, bench.store:
            one = Desk(bench, pubmed, source, clock_file)
            one.at("2026-03-02T06:00")
            yield one
