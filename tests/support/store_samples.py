"""Sample papers and a bench to put them through runs and digests of a store. All of them are invented."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from watcher.domain import (
    Article,
    Candidate,
    ChannelKind,
    Digest,
    DigestList,
    FeedEntry,
    Item,
    Message,
    Origin,
    Outcome,
    Period,
    RankingFacts,
    Reasons,
    Relation,
    RunKind,
    RunOutcome,
    RunReport,
    Section,
    Term,
    pubmed_id,
)
from watcher.store import Judgement, NewVersion, Owed, RunCommit, Store

MONDAY = datetime(2026, 9, 14, 6, tzinfo=UTC)
LOADED_AT = MONDAY - timedelta(days=30)
CUT = date(2026, 8, 15)
BY_QUERY = frozenset({Origin.QUERY})
RANKING = RankingFacts(sha256="ranking-1", seeds_sha256="seeds-1", background_sha256="background-1", code="tfidf-1")
REASONS = Reasons((Term("agrin", 0.6), Term("MuSK", 0.4)), (Term("Synapses", 0.2),), "Agrin at the synapse", 0.71)
MAIL = Message(
    ChannelKind.EMAIL, 1, "[NMJ] 1 new paper", {"text": "α-bungarotoxin", "html": "<p>α</p>\r\n"}, {"X-Watcher-List": "weekly"}
)


def days(number: float) -> timedelta:
    """So many days."""
    return timedelta(days=number)


def paper(pmid: int, title: str = "", **more: Any) -> Article:  # noqa: ANN401 - whatever the value takes
    """A sample record, created after the cut unless told otherwise."""
    return Article(
        record_id=pubmed_id(pmid), title=title or f"Sample paper {pmid} on synapses", **{"crdt": date(2026, 9, 10), **more}
    )


def updates(kind: str, pmid: int) -> tuple[Relation, ...]:
    """The relation of a preprint or article to the other."""
    return (Relation(kind, pubmed_id(pmid), "Sample J. 2026"),)


def pmids(candidates: Collection[Candidate]) -> list[int]:
    """Which records stand there."""
    return [candidate.article.record_id.id for candidate in candidates]


def version(term: str = "neuromuscular junction*[tiab]", **more: Any) -> NewVersion:  # noqa: ANN401 - whatever the value takes
    """A query version read whole."""
    told: dict[str, Any] = {"term": term, "cut": CUT, "translation": term, "phrases_not_found": (), "matched": 3}
    return NewVersion(**told | more)


def new_database(folder: Path) -> None:
    """Puts an SQLite database with this version's tables, and no rows, into a folder."""
    (folder / "watcher.db").write_bytes(_new_database())
    (folder / "watcher.db").chmod(0o600)


@cache
def _new_database() -> bytes:
    """A database without rows: migrated once, then copied for each test."""
    with tempfile.TemporaryDirectory() as folder:
        Store.open(f"sqlite:///{folder}/watcher.db", folder=Path(folder)).close()
        return Path(folder, "watcher.db").read_bytes()


@dataclass
class Bench:
    """A store with the watch `nmj` and the list `weekly`, and short ways to do to it what the flows do."""

    store: Store
    url: str

    @classmethod
    def at(cls, folder: Path, url: str = "", *, loaded_at: datetime = LOADED_AT, since: date = CUT, lock_wait: float = 15) -> Bench:
        """Opens a new store in the folder and registers the watch and the list."""
        if not url:
            url = f"sqlite:///{folder}/watcher.db"
            new_database(folder)
        bench = cls(Store.open(url, folder=folder, lock_wait=lock_wait), url)
        bench.register(at=loaded_at, since=since)
        return bench

    def register(
        self,
        watches: Mapping[str, str | None] | None = None,
        lists: Mapping[str, tuple[str, ...]] | None = None,
        *,
        since: date = CUT,
        at: datetime = LOADED_AT,
    ) -> None:
        """Loads a configuration; without words, the one of the bench."""
        named = watches if watches is not None else {"nmj": None}
        self.store.register(named, lists if lists is not None else {"weekly": ("nmj",)}, dict.fromkeys(named, since), at)

    def report(self, at: datetime = MONDAY, **more: Any) -> RunReport:  # noqa: ANN401 - whatever the value takes
        """A good run's report."""
        told: dict[str, Any] = {
            "watch": "nmj",
            "kind": RunKind.WINDOW,
            "outcome": RunOutcome.GOOD,
            "started_at": at,
            "finished_at": at,
        }
        return RunReport(**told | more)

    def run(
        self,
        *,
        at: datetime = MONDAY,
        report: Mapping[str, Any] | None = None,
        watch: str = "nmj",
        **changes: Any,  # noqa: ANN401 - whatever a RunCommit takes
    ) -> RunReport:
        """A good run that commits the changes."""
        told = self.report(at, **{"watch": watch, **(report or {})})
        run_id = self.store.begin_run(watch, told.kind, at)
        self.store.commit_run(run_id, RunCommit(told, **changes))
        return told

    def news(self, *articles: Article, at: datetime = MONDAY, watch: str = "nmj") -> None:
        """A good run that brings these papers as news."""
        self.run(at=at, watch=watch, articles=articles, news={article.record_id: BY_QUERY for article in articles})

    def work_of(self, pmid: int) -> int:
        """The number of the work of a stored record that is news."""
        (candidate,) = (one for one in self.everything() if one.article.pmid == pmid)
        return candidate.work_id

    def everything(self) -> tuple[Candidate, ...]:
        """All stored news of the watch, through a list that has judged nothing."""
        self.register(lists={"weekly": ("nmj",), "fresh": ("nmj",)})
        return self.store.unjudged("fresh", "nmj")

    def compose(
        self,
        *shown: Candidate,
        at: datetime = MONDAY,
        period: str = "",
        judged: Mapping[int, Outcome] | None = None,
        owed: tuple[Owed, ...] = (),
        score: float = 50,
        ranking: str | None = None,
        section: Section = Section.WATCH,
        list_name: str = "weekly",
        entries: tuple[FeedEntry, ...] = (),
        **more: Any,  # noqa: ANN401 - whatever a Digest takes
    ) -> int:
        """A digest that shows these candidates, and judges others as told."""
        items = tuple(Item(one.article, one.work_id, ("nmj",), score, REASONS, section) for one in shown)
        decided = {one.article.record_id: Outcome.SHOWN for one in shown}
        decided |= {pubmed_id(pmid): outcome for pmid, outcome in (judged or {}).items()}
        return self.store.owe_digest(
            Digest(
                list=DigestList(list_name, "Weekly", ("nmj",), ("mail",), "monday 08:00", "Europe/Berlin"),
                period=Period(period or at.isoformat(), at, at.date() - days(7), at.date()),
                composed_at=at,
                watch_titles={"nmj": "Neuromuscular junction"},
                items=items,
                **more,
            ),
            [Judgement("nmj", record_id, outcome, score, 35, ranking) for record_id, outcome in decided.items()],
            owed,
            host="lab.example",
            entries=entries,
        )

    def owe(self, *recipients: str, channel: str = "mail", at: datetime = MONDAY, messages: tuple[Message, ...] = (MAIL,)) -> int:
        """A digest without papers, owed to the recipients."""
        return self.compose(at=at, owed=tuple(Owed(message, channel, recipients or ("",)) for message in messages))
