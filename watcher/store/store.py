"""`Store`: the one door of this room. Each method is one transaction, in the service's nouns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import sqlalchemy as sa

from watcher import clock
from watcher.domain import (
    Article,
    Candidate,
    ChannelKind,
    Corrected,
    Correction,
    Delivery,
    DeliveryState,
    Digest,
    Failure,
    FeedEntry,
    FeedKind,
    HitState,
    Notice,
    OwnGround,
    RankingFacts,
    RecordId,
    ResolvedSeed,
    RunReport,
    Scored,
    Verdict,
    VerdictKind,
    Warned,
    Weeks,
)
from watcher.errors import StoreDamaged
from watcher.store import (
    archive,
    articles,
    backup,
    compose,
    configuration,
    corrections,
    deliveries,
    embeddings,
    feeds,
    integrity,
    leases,
    ledger,
    messages,
    notices,
    papers,
    process_lock,
    questions,
    readers,
    rereading,
    restore,
    retention,
    runs,
    schema,
    scores,
    seeds,
    signing_keys,
    snapshots,
    stops,
    tellings,
    triage,
    verdicts,
    works,
)
from watcher.store.backup import BackupFacts
from watcher.store.candidates import Reader, check_owed, to_be_judged, without_text
from watcher.store.database import Database, file_of, warnings_about
from watcher.store.process_lock import ProcessLock
from watcher.store.readers import ForgottenFacts
from watcher.store.restore import RestoreFacts
from watcher.store.search import answers, filling, place
from watcher.store.search.answers import AnswerPage
from watcher.store.search.documents import Chips
from watcher.store.search.place import IndexDamaged
from watcher.store.search.query import Query
from watcher.store.search.values import Answer, SearchOrder, Selection
from watcher.store.spool import Spool
from watcher.store.sqlite_file import LOCK_WAIT_SECONDS
from watcher.store.values import (
    Absent,
    AttemptFacts,
    CorrectionFacts,
    DeliveryFacts,
    DigestFacts,
    FeedFacts,
    History,
    IssuedPaper,
    Judgement,
    KnownList,
    KnownVersion,
    LastGood,
    LeftOut,
    ListHistory,
    NoticeFacts,
    Owed,
    PaperFacts,
    QueryVersion,
    QueuedFacts,
    Rereading,
    Resending,
    ResolvedSeedRow,
    RunCommit,
    RunFacts,
    RunHistory,
    Snapshot,
    SnapshotFacts,
    StopFacts,
    StoredArticle,
    StoredMessage,
    StoreFacts,
    Untold,
    Waiting,
)
from watcher.store.zotero import ZoteroStore
from watcher.writing import Guarded

T = TypeVar("T")


class Store:
    """The database. Every method may raise StoreError when it cannot be used; threads and processes may share it.

    Methods that take the name of a watch or list raise UnknownNameError when none of that name was ever registered.
    """

    schema = schema.HEAD
    """The Alembic revision that an open store has."""

    def __init__(self, database: Database, *, keep_backups: int = 7) -> None:
        self._database = database
        self._keep_backups = keep_backups
        self._messages = messages.RecentMessages()
        self._histories: dict[tuple[str, datetime | None], RunHistory] | None = None

    @classmethod
    def open(
        cls, url: str, *, folder: Path, keep_backups: int = 7, check: bool = False, lock_wait: float = LOCK_WAIT_SECONDS
    ) -> Store:
        """Opens the database and brings it to this version's schema; what is changed by that is copied to `folder`/backups first.

        Args:
            url: sqlite:///PATH, or postgresql://….
            folder: the data folder, where lock files and backups go. It is made when it is not there, as is the SQLite file's own.
            keep_backups: how many of the backups that are made without being asked for are kept; with 0 none is made.
            check: read an SQLite file whole first (a second for each gigabyte), unless that was done less than a day ago, and set a damaged
                one aside.
            lock_wait: seconds for which another program that holds the database is waited for, here and in all that is asked of it.

        Raises:
            SchemaTooNew: a newer watcher wrote the database.
            StoreError: it cannot be used; the message names the file and the mend.
        """
        database = Database(url, folder=folder, lock_wait=lock_wait)
        try:
            if check:
                integrity.check(database)
            schema.migrate(database, keep_backups=keep_backups)
            integrity.settle(database)
        except BaseException:  # whatever stopped it, an interruption too: the file must not stay open
            database.close()
            raise
        return cls(database, keep_backups=keep_backups)

    @staticmethod
    def is_ready(url: str, *, folder: Path, lock_wait: float = LOCK_WAIT_SECONDS) -> bool:
        """Whether an `open` with `check` reads no whole file, and upgrades, makes and sets aside nothing: what takes much memory.

        Raises StoreError when the database cannot be used.
        """
        with closing(Database(url, folder=folder, lock_wait=lock_wait)) as database:
            try:
                return integrity.is_known_sound(database) and schema.is_head(database)
            except StoreDamaged:
                return False

    @staticmethod
    def set_aside_if_damaged(url: str, *, folder: Path, lock_wait: float = LOCK_WAIT_SECONDS) -> None:
        """Has SQLite read the whole file, which nobody here has open. Raises StoreUnusable when it is damaged, and was set aside."""
        with closing(Database(url, folder=folder, lock_wait=lock_wait)) as database:
            integrity.check(database)

    def close(self) -> None:
        """Closes every connection."""
        place.close(self._database)
        self._database.close()

    @contextmanager
    def _texts(self) -> Iterator[tuple[sa.Connection, articles.Texts]]:
        """A reading transaction that decodes articles. What it finds damaged is noted after it, and so fetched again."""
        texts = articles.Texts()
        with self._database.reading() as session:
            yield session, texts
        self._note_damaged(texts)

    def _note_damaged(self, texts: articles.Texts) -> None:
        if texts.damaged:
            with self._database.writing() as session:
                articles.mark_damaged(session, texts.damaged, clock.now())

    @staticmethod
    def warnings_about(url: str, *, folder: Path) -> tuple[Warned, ...]:
        """What is to be said of where a database lies and who may read it, without opening or making it."""
        return warnings_about(url, folder)

    @staticmethod
    def guarded(url: str, *, folder: Path) -> tuple[Guarded, ...]:
        """What no command may write over, of a database that need not be open: its files, its lock files, its own backups."""
        return tuple(integrity.guarded(file_of(url), folder))

    def backup(self, path: Path, *, force: bool = False, guarded: Iterable[Guarded] = ()) -> BackupFacts:
        """Writes a consistent copy into one SQLite file, while others go on working.

        Args:
            path: the file.
            force: replace a file that is there.
            guarded: what is not replaced all the same; what belongs to the database never is.

        Raises ConfigurationError when the file may not be replaced, StoreError when it cannot be written, or when the copy is not sound.
        """
        return backup.write(self._database, path, force=force, guarded=guarded)

    def weekly_backup(self, now: datetime) -> BackupFacts | None:
        """Makes a backup in the data folder when the newest one there is a week old; else None.

        Raises StoreError when it cannot be written, a full disk included: then nothing has changed, and the next call tries again.
        """
        return backup.weekly(self._database, now, keep=self._keep_backups)

    @staticmethod
    def restore(url: str, file: Path, *, folder: Path, force: bool = False, lock_wait: float = LOCK_WAIT_SECONDS) -> RestoreFacts:
        """Puts a backup in the place of the database; see `watcher.store.restore`."""
        return restore.restore(url, file, folder=folder, force=force, lock_wait=lock_wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # --- configuration

    def remember_configuration(self, sha256: str, document: str, at: datetime) -> None:
        """Keeps a configuration that was found good, secrets left out."""
        with self._database.writing() as session:
            configuration.remember(session, sha256, document, at)

    def configuration(self) -> tuple[str, datetime] | None:
        """The hash of the configuration that was remembered last, and when."""
        good = self.last_good()
        return (good.sha256, good.loaded_at) if good else None

    def last_good(self) -> LastGood | None:
        """The configuration that was remembered last: the last one that was good."""
        with self._database.reading() as session:
            return configuration.last_good(session)

    def register(
        self,
        watches: Mapping[str, str | None],
        lists: Mapping[str, tuple[str, ...]],
        since: Mapping[str, date],
        at: datetime,
    ) -> None:
        """Brings watches, lists and subscriptions to what the configuration says; registering the same again changes nothing.

        Args:
            watches: each watch's name and the name it had before (`was`), if any.
            lists: each list's name and the watches it takes.
            since: for each watch, the record creation day from which a list that takes it up now gets its news.
            at: now.
        """
        with self._database.writing() as session:
            configuration.register(session, watches, lists, since, at)

    def introduce(self, watches: Mapping[str, str | None], at: datetime) -> None:
        """Makes a place for what is found about these watches' seeds before they are registered; `watches` as there."""
        with self._database.writing() as session:
            configuration.introduce(session, watches, at)

    def taken_since(self, watch: str) -> date | None:
        """The earliest record creation day from which a list takes the watch's news; None when no list does."""
        with self._database.reading() as session:
            return configuration.taken_since(session, watch)

    def taken_at(self, watch: str) -> datetime | None:
        """Since when lists take the watch, without a break; None when none does."""
        with self._database.reading() as session:
            return configuration.taken_at(session, watch)

    # --- runs

    def run_history(self, watch: str, *, now: datetime | None = None) -> RunHistory:
        """What the next run of a watch has to know of the earlier ones. With `now`, runs dated more than an hour after it are left out:
        a clock that went ahead and came back must not silence anything."""
        known = self._histories
        if known is not None and (watch, now) in known:
            return known[watch, now]
        with self._database.reading() as session:
            found = runs.history(session, watch, now)
        if known is not None:
            known[watch, now] = found
        return found

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Within the block each run history is read once: for several looks at how things stand at one instant, between which no run is
        made."""
        self._histories = {}
        try:
            yield
        finally:
            self._histories = None

    def version_in_force(self, watch: str) -> QueryVersion | None:
        """The newest version of the watch's query whose full set was read whole."""
        with self._database.reading() as session:
            return runs.in_force(session, watch)

    def begin_run(self, watch: str, kind: str, at: datetime) -> int:
        """Opens a run and gives its number. Raises Busy when the watch has an open one."""
        with self._database.writing() as session:
            return runs.begin(session, watch, kind, at)

    def abandon_open_runs(self, at: datetime) -> int:
        """Closes open runs with the outcome abandoned; how many. For who holds the lease `pubmed`: then nobody else is running."""
        with self._database.writing() as session:
            return runs.abandon_open(session, at)

    def spool(self, kind: type[T]) -> Spool[T]:
        """A place for what a run finds until it is committed, which takes little memory however much that is."""
        return Spool(kind, self._database.folder)

    def commit_run(self, run_id: int, commit: RunCommit) -> None:
        """Closes a good run and writes all that it found. Raises Busy, with nothing written, when the run was closed meanwhile."""
        with self._database.writing() as session:
            runs.commit(session, run_id, commit)

    def fail_run(self, run_id: int, report: RunReport) -> None:
        """Closes a failed or refused run: only its row changes. Raises Busy when it was closed meanwhile."""
        with self._database.writing() as session:
            runs.fail(session, run_id, report)

    def runs_since(self, watch: str, since: datetime | None, *, now: datetime | None = None) -> tuple[RunReport, ...]:
        """The runs that finished after an instant (None: all), oldest first; with `now`, without those dated more than an hour after."""
        with self._database.reading() as session:
            return runs.since(session, watch, since, now)

    def run_documents(self, watch: str, since: datetime) -> tuple[tuple[datetime, str], ...]:
        """When each run that finished after an instant began, and the configuration that it ran under as JSON, oldest first."""
        with self._database.reading() as session:
            return runs.documents_since(session, watch, since)

    def document_at(self, at: datetime) -> str | None:
        """The configuration, as JSON without secrets, under which the last run up to an instant began; None when there was none."""
        with self._database.reading() as session:
            return runs.document_at(session, at)

    def ledger(self, watch: str) -> dict[RecordId, HitState]:
        """Every record that the watch ever saw."""
        with self._database.reading() as session:
            return ledger.states(session, configuration.known_watch_id(session, watch))

    def waiting(self, watch: str) -> tuple[Waiting, ...]:
        """The hits without a record yet, longest waiting first."""
        with self._database.reading() as session:
            return ledger.waiting(session, configuration.known_watch_id(session, watch))

    def awaiting_count(self, watch: str) -> int:
        """How many hits wait for their record."""
        with self._database.reading() as session:
            return ledger.awaiting_count(session, configuration.known_watch_id(session, watch))

    def newly_unavailable(self, watch: str, since: datetime | None) -> tuple[RecordId, ...]:
        """The hits whose record was given up after an instant (None: ever)."""
        with self._database.reading() as session:
            return ledger.newly_unavailable(session, configuration.known_watch_id(session, watch), since)

    # --- articles

    def stored(self, record_ids: Collection[RecordId]) -> dict[RecordId, StoredArticle]:
        """What is known of the stored ones among the records, without their text."""
        with self._database.reading() as session:
            return articles.stored(session, record_ids)

    def articles(self, record_ids: Collection[RecordId]) -> dict[RecordId, Article]:
        """The stored ones among the records."""
        with self._texts() as (session, texts):
            return articles.load(session, record_ids, texts)

    def save_articles(self, articles: Iterable[Article], at: datetime) -> None:
        """Stores articles outside a run, joined to their works."""
        with self._database.writing() as session:
            works.save(session, articles, at)

    def works(self, work_ids: Collection[int], *, at_hand: Iterable[Article] = ()) -> dict[int, tuple[Article, ...]]:
        """All stored records of each work, lowest record first; those that are `at_hand`, read before, are not read again."""
        with self._texts() as (session, texts):
            return articles.of_works(session, work_ids, texts, {one.record_id: one for one in at_hand})

    def without_text(self, watch: str) -> tuple[RecordId, ...]:
        """The hits of a watch whose stored text is damaged, or was dropped although a list has still to judge it: their records are to be
        fetched again. What digests have still to judge is read for it, the rest is known from earlier reading."""
        with self._texts() as (session, texts):
            check_owed(session, configuration.known_watch_id(session, watch), texts)
        with self._database.reading() as session:
            return without_text(session, configuration.known_watch_id(session, watch))

    def to_be_judged(self, watch: str) -> dict[RecordId, bool]:
        """What a list has still to judge of a watch, those read longest ago first, and whether the full set lacked it when it was last
        read."""
        with self._database.reading() as session:
            return dict(to_be_judged(session, configuration.known_watch_id(session, watch)))

    def awaiting_text(self, watch: str) -> tuple[RecordId, ...]:
        """Of these, what a list has still to judge."""
        with self._database.reading() as session:
            return without_text(session, configuration.known_watch_id(session, watch), owed_only=True)

    def verify(self, share: int, *, of: int) -> tuple[int, int]:
        """Reads one of so many equal shares of the stored texts and holds them against their hashes; how many were read, and were found
        damaged. These are fetched again by the next run of a watch that has seen them."""
        with self._texts() as (session, texts):
            read = articles.verify(session, share, of, texts)
        return read, len(texts.damaged)

    def forget(self, before: datetime, *, limit: int = 5_000) -> int:
        """Drops the texts, scores and vectors of articles that were last fetched before an instant, created before that day, and never
        selected; how many. That they were seen, and how they were judged, stays, and a later fetch brings the text back.

        Left alone are the works that a list presented, or has judged since then or has still to judge, records that are awaited,
        seeds, and papers on which a reader gave a verdict. At most `limit` at a time, oldest first.
        """
        with self._database.writing() as session:
            return retention.forget(session, before, limit)

    # --- vectors of texts

    def embeddings(self, model_sha256: str, texts: Collection[str]) -> dict[str, bytes]:
        """The vectors that are kept of a model for those of the texts, given by their hashes."""
        with self._database.reading() as session:
            return embeddings.stored(session, model_sha256, texts)

    def save_embeddings(self, model_sha256: str, vectors: Mapping[str, bytes], at: datetime) -> None:
        """Keeps vectors of a model by the hashes of their texts; one that is there already stays."""
        with self._database.writing() as session:
            embeddings.save(session, model_sha256, vectors, at)

    def count_embeddings(self, model_sha256: str) -> int:
        """How many vectors of a model are kept."""
        with self._database.reading() as session:
            return embeddings.count(session, model_sha256)

    # --- snapshots of a watch's own papers

    def snapshot(self, watch: str) -> Snapshot | None:
        """The snapshot that the watch's ranking rests on; None where there is none that is whole."""
        with self._database.reading() as session:
            return snapshots.standing(session, configuration.known_watch_id(session, watch))

    def snapshot_facts(self, watch: str) -> SnapshotFacts | None:
        """What is told of the watch's snapshot."""
        with self._database.reading() as session:
            return snapshots.facts(session, configuration.known_watch_id(session, watch))

    def save_snapshot(self, watch: str, snapshot: Snapshot) -> None:
        """Keeps a snapshot in the place of the one before. Raises UnknownNameError for a watch without a place."""
        with self._database.writing() as session:
            snapshots.save(session, configuration.watch_id(session, watch), snapshot)

    def save_belief(self, watch: str, snapshot_sha256: str, ranking_sha256: str, belief: OwnGround) -> None:
        """Keeps how far a ranking believes that snapshot."""
        with self._database.writing() as session:
            snapshots.save_belief(session, configuration.watch_id(session, watch), snapshot_sha256, ranking_sha256, belief)

    # --- Zotero

    @property
    def zotero(self) -> ZoteroStore:
        """What is known of Zotero's libraries."""
        return ZoteroStore(self._database)

    # --- seeds and scores

    def seeds(self, watch: str) -> tuple[ResolvedSeedRow, ...]:
        """How the entries of the watch's seed files were resolved."""
        with self._database.reading() as session:
            return seeds.standing(session, configuration.known_watch_id(session, watch))

    def add_seeds(self, watch: str, resolved: Sequence[ResolvedSeed], at: datetime) -> None:
        """Keeps what seeds of the watch were resolved to, with their articles. Raises UnknownNameError for a watch without a place."""
        with self._database.writing() as session:
            seeds.add(session, configuration.watch_id(session, watch), resolved, at)

    def drop_seeds(self, watch: str, entries: Collection[tuple[str, str]], at: datetime) -> None:
        """Marks entries (path, locator) that the watch's files no longer hold as removed."""
        if entries:
            with self._database.writing() as session:
                seeds.drop(session, configuration.watch_id(session, watch), entries, at)

    def scores(self, watch: str, ranking_sha256: str, record_ids: Collection[RecordId]) -> dict[RecordId, Scored]:
        """The scores under this ranking of records that have not changed since."""
        with self._database.reading() as session:
            return scores.current(session, configuration.known_watch_id(session, watch), ranking_sha256, record_ids)

    def brought(self, watch: str, ranking_sha256: str, since: datetime, until: datetime) -> tuple[float, ...]:
        """The scores under this ranking of the works that became news of the watch after the one instant and until the other."""
        with self._database.reading() as session:
            return scores.brought(session, configuration.known_watch_id(session, watch), ranking_sha256, since, until)

    def save_scores(self, watch: str, ranking: RankingFacts, scored: Sequence[Scored], at: datetime) -> None:
        """Keeps scores of stored articles, as they are stored now. Raises StoreError when one is not stored."""
        with self._database.writing() as session:
            scores.save(session, configuration.watch_id(session, watch), ranking, scored, at)

    # --- verdicts

    def give_verdict(
        self, record_id: RecordId, kind: VerdictKind | None, watches: Collection[str], *, reader: str, at: datetime, via: str = ""
    ) -> dict[str, VerdictKind | None]:
        """Puts a reader's verdict on a paper in the place of the one that they gave before, for each of the watches.

        Args:
            record_id: the paper; its record need not be stored.
            kind: what the reader says; None takes back what they said. What they said already has its date renewed.
            watches: for which watches.
            reader: who; one verdict of theirs is in force for each watch and paper.
            at: now.
            via: how it came.

        Returns:
            For each watch the kind that was in force; None when there was none.
        """
        with self._database.writing() as session:
            return verdicts.give(session, record_id, kind, watches, reader=reader, at=at, via=via)

    def verdicts(self, watch: str) -> tuple[Verdict, ...]:
        """The verdicts in force for a watch, oldest first."""
        with self._database.reading() as session:
            return verdicts.standing(session, configuration.known_watch_id(session, watch))

    def unread_verdicts(self, watch: str, since: datetime) -> tuple[RecordId, ...]:
        """The papers marked for a watch since then, whose text is not stored and was not given up."""
        with self._database.reading() as session:
            return verdicts.unread(session, configuration.known_watch_id(session, watch), since)

    # --- composing

    def list_history(self, name: str, *, now: datetime | None = None) -> ListHistory:
        """What the next digest of a list has to know of the earlier ones. With `now`, slots, coverage and times after it are left out:
        a clock that went ahead and came back must not silence anything."""
        with self._database.reading() as session:
            return compose.list_history(session, name, now)

    def last_digest(self, list_name: str) -> DigestFacts | None:
        """The latest digest of a list."""
        with self._database.reading() as session:
            return compose.last_digest(session, list_name)

    def unjudged(self, list_name: str, watch: str) -> tuple[Candidate, ...]:
        """The watch's news that the list never judged, one hit each. Counted are records created since the list's cut for this watch
        (or on an unknown day), and whatever became news after the list took the watch; of each time that it took the watch, what was
        first seen before it gave it up."""
        with self._texts() as (session, texts):
            return Reader(session, list_name, watch, texts).unjudged()

    def has_judged(self, list_name: str, watch: str) -> bool:
        """Whether the list ever judged a hit of the watch."""
        with self._texts() as (session, texts):
            return Reader(session, list_name, watch, texts).has_judged()

    def starters(self, list_name: str, watch: str) -> tuple[Candidate, ...]:
        """The older papers that an edit of the query added to be shown once, never judged by this list, which took the watch then."""
        with self._texts() as (session, texts):
            return Reader(session, list_name, watch, texts).starters()

    def gained(self, list_name: str, watch: str) -> tuple[Candidate, ...]:
        """What the list last judged as below the threshold and never presented, and whose record first gained an abstract or headings
        after that digest."""
        with self._texts() as (session, texts):
            return Reader(session, list_name, watch, texts).gained()

    def reconsiderable(self, list_name: str, watch: str, since: datetime, ranking_sha256: str) -> tuple[Candidate, ...]:
        """What the list last judged, since then and under another ranking, as below the threshold, and never presented."""
        with self._texts() as (session, texts):
            return Reader(session, list_name, watch, texts).reconsiderable(since, ranking_sha256)

    def presented(self, list_name: str, work_ids: Collection[int]) -> dict[int, RecordId]:
        """Those of the works that the list has had, each with the record that it was shown as."""
        with self._database.reading() as session:
            return compose.presented_works(session, list_name, work_ids)

    def owe_digest(
        self,
        digest: Digest,
        judgements: Sequence[Judgement],
        owed: Sequence[Owed],
        *,
        host: str,
        kind: str = "scheduled",
        entries: Sequence[FeedEntry] = (),
    ) -> int:
        """Writes a digest and all it owes, in one transaction; the number of the digest.

        Args:
            digest: what is presented and told, with its receipt.
            judgements: what it decided about every hit that it looked at.
            owed: the messages, and to whom each goes. A message may stand there for several channels of its kind.
            host: the right side of the Message-IDs.
            kind: "scheduled" or "manual".
            entries: what stands in the list's feed of it, the first on top.

        Raises:
            AlreadyComposed: the list has a digest for this period.
            StoreError: the list has already had one of the works.
        """
        with self._database.writing() as session:
            return compose.owe_digest(session, digest, judgements, owed, host=host, kind=kind, entries=entries)

    # --- corrections

    def corrections_of(self, record_ids: Collection[RecordId]) -> dict[RecordId, tuple[Correction, ...]]:
        """What stands against each of these records, oldest first."""
        with self._database.reading() as session:
            return corrections.standing_of(session, record_ids)

    def corrections_of_works(self, work_ids: Collection[int]) -> dict[int, tuple[Correction, ...]]:
        """What became of the records of each work, as far as it stands, oldest first."""
        with self._database.reading() as session:
            return corrections.of_works(session, work_ids)

    def untold(self, list_name: str, now: datetime) -> tuple[Untold, ...]:
        """The papers that a list had, with what became of them and its readers were never told of, worst first."""
        with self._texts() as (session, texts):
            return tellings.untold(session, list_name, texts, now)

    def owe_corrections(
        self,
        list_name: str,
        ids: Sequence[int],
        headline: str,
        owed: Sequence[Owed],
        *,
        host: str,
        at: datetime,
        entries: Sequence[FeedEntry] = (),
    ) -> bool:
        """Writes messages that tell of corrections at once, their entries of the list's feed, and that the list was told, in one transaction;
        False, with nothing written, when it was told of one of them meanwhile."""
        with self._database.writing() as session:
            return tellings.owe(session, list_name, ids, headline, owed, host=host, at=at, entries=entries)

    # --- feeds

    def feed(self, kind: FeedKind, name: str) -> FeedFacts | None:
        """The feed of a list or watch with its last 200 entries; None for one that was never registered."""
        with self._database.reading() as session:
            return feeds.facts(session, kind, name)

    def latest_entry(self) -> int:
        """A number that rises whenever something comes into any feed."""
        with self._database.reading() as session:
            return feeds.latest(session)

    def feed_ids(self) -> frozenset[str]:
        """The ids of all feeds, those of removed lists and watches too."""
        with self._database.reading() as session:
            return feeds.ids(session)

    def untold_in_feed(self, watch: str, now: datetime) -> tuple[Corrected, ...]:
        """What became of papers that stand in a watch's feed, and does not stand there yet: one event in each."""
        with self._texts() as (session, texts):
            return feeds.untold(session, configuration.known_watch_id(session, watch), texts, now)

    def untold_to_owner(self, watches: Collection[str], now: datetime) -> tuple[CorrectionFacts, ...]:
        """What became of seeds of these watches, and of papers marked as relevant for them, that no list presented, that the ranking goes
        on with, and that the owner was never told of, worst first."""
        with self._database.reading() as session:
            return tellings.untold_to_owner(session, watches, now)

    def tell_owner(self, ids: Sequence[int], notice: Notice, owed: Sequence[Owed], *, host: str, at: datetime) -> bool:
        """Writes the messages that tell the owner of these corrections, and that each was told, in one transaction; False, with nothing
        written, when one of them was told meanwhile."""
        with self._database.writing() as session:
            return tellings.tell_owner(session, ids, notice, owed, host=host, at=at)

    def corrections(self, *, since: datetime | None = None) -> tuple[CorrectionFacts, ...]:
        """The corrections found since then, of papers that a list had, a reader marked as relevant or a watch has as a seed; None: all."""
        with self._database.reading() as session:
            return tellings.found_since(session, since)

    def last_rereading(self, now: datetime) -> Rereading | None:
        """The latest rereading, finished or not."""
        with self._database.reading() as session:
            return rereading.last(session, now)

    def rereadings_since(self, now: datetime) -> datetime | None:
        """From when rereadings are due before there was one; None while there is no list."""
        with self._database.reading() as session:
            return rereading.since(session, now)

    def begin_rereading(self, slot: datetime, at: datetime) -> int:
        """Opens a rereading and gives its number. For who holds the lease `pubmed`."""
        with self._database.writing() as session:
            return rereading.begin(session, slot, at)

    def note_rereading(self, number: int, **values: object) -> None:
        """Sets facts of a rereading, by the names of `Rereading`."""
        with self._database.writing() as session:
            rereading.change(session, number, **values)

    def add_to_rereading(self, number: int, **counts: int) -> None:
        """Adds to counts of a rereading, by the names of `Rereading`."""
        with self._database.writing() as session:
            rereading.add(session, number, **counts)

    def to_reread(self, now: datetime, started_at: datetime) -> tuple[RecordId, ...]:
        """The records that the rereading begun then has still to ask PubMed for."""
        with self._database.reading() as session:
            return rereading.due(session, now, started_at, column="asked_at")

    def to_ask_crossref(self, now: datetime, started_at: datetime) -> dict[RecordId, str]:
        """The records whose DOI the rereading begun then has still to ask Crossref for, with the DOI."""
        with self._database.reading() as session:
            return rereading.dois(session, rereading.due(session, now, started_at, column="crossref_at"))

    def unread_notices(self, record_ids: Collection[RecordId]) -> frozenset[RecordId]:
        """Those of these notices whose records were never stored."""
        with self._database.reading() as session:
            return corrections.unread_notices(session, record_ids)

    def keep_reread(
        self, articles: Sequence[Article], asked: Collection[RecordId], missing: Collection[RecordId], at: datetime
    ) -> None:
        """Stores records that were asked for again, and notes which of them did not come, in one transaction."""
        with self._database.writing() as session:
            works.save(session, articles, at)
            rereading.note(session, asked, missing, at)

    def keep_crossref(self, record_id: RecordId, stated: Sequence[Correction] | None, at: datetime) -> None:
        """Takes down all that Crossref says of a paper, or with None that it was asked in vain and is not asked again in this rereading."""
        with self._database.writing() as session:
            if stated is not None:
                corrections.record_found(session, record_id, stated, at)
            rereading.note_crossref(session, record_id, at)

    def absent(self, readings: int) -> tuple[Absent, ...]:
        """The records that were absent in so many readings, and are not known to be gone."""
        with self._database.reading() as session:
            return rereading.absent(session, readings)

    def record_of_doi(self, doi: str) -> RecordId | None:
        """The stored record of a DOI; of several one that a watch has seen, and the lowest of those."""
        with self._database.reading() as session:
            return articles.of_doi(session, doi)

    def same_doi(self, record_id: RecordId, doi: str) -> RecordId | None:
        """Another stored record of this DOI that is no notice and is there."""
        with self._database.reading() as session:
            return rereading.same_doi(session, record_id, doi)

    def keep_gone(self, gone: Absent, living: RecordId | None, at: datetime) -> None:
        """Takes down that PubMed deleted a record, and joins it to the living one of the same DOI if there is one."""
        with self._database.writing() as session:
            corrections.record_gone(session, gone.record_id, living, at)
            if living is not None and gone.doi:
                works.join_by_doi(session, gone.record_id, living, gone.doi, at)

    def count_corrections(self) -> int:
        """How many corrections are known."""
        with self._database.reading() as session:
            return corrections.count(session)

    # --- notices

    def open_notice(self, notice: Notice, owed: Sequence[Owed], *, host: str, at: datetime) -> bool:
        """Writes a notice and the messages that it owes, part 1, in one transaction; False, with nothing written, when its topic has
        an open one. `host` is the right side of the Message-IDs."""
        with self._database.writing() as session:
            return notices.open_one(session, notice, owed, host=host, at=at)

    def close_notice(self, topic: str, owed: Sequence[Owed], *, host: str, at: datetime) -> bool:
        """Ends the open notice of a topic, and writes the messages that tell it, part 2, in one transaction; False, with nothing
        written, when none is open."""
        with self._database.writing() as session:
            return notices.close(session, topic, owed, host=host, at=at)

    def open_notices(self) -> tuple[NoticeFacts, ...]:
        """The failures that people were told of and that have not ended, oldest first."""
        with self._database.reading() as session:
            return notices.standing(session)

    # --- what readers do

    def signing_keys(self, at: datetime) -> tuple[str, ...]:
        """The keys that sign links, oldest first; one is made and kept where there is none."""
        return signing_keys.standing(self._database, at)

    def stop(self, list_name: str, recipient: str, *, until: datetime | None, via: str, at: datetime) -> tuple[StopFacts, int]:
        """Owes the recipient nothing of the list any more, for good or until an instant; and how many owed messages were dropped."""
        with self._database.writing() as session:
            return stops.stop(session, list_name, recipient, until=until, via=via, at=at)

    def resume(self, list_name: str, recipient: str, at: datetime) -> bool:
        """Ends the recipient's stop of the list; False when there is none."""
        with self._database.writing() as session:
            return stops.resume(session, list_name, recipient, at)

    def stops(self, at: datetime) -> tuple[StopFacts, ...]:
        """The stops that hold at an instant, oldest first."""
        with self._database.reading() as session:
            return stops.standing(session, at)

    def untold_stops(self) -> tuple[StopFacts, ...]:
        """The stops that the owner was not told of, oldest first."""
        with self._database.reading() as session:
            return stops.untold(session)

    def tell_owner_of_stops(self, ids: Collection[int], notice: Notice, owed: Sequence[Owed], *, host: str, at: datetime) -> bool:
        """Writes the messages that tell the owner of stops, and that they were told; False when one of them was told before."""
        with self._database.writing() as session:
            return stops.tell_owner(session, ids, notice, owed, host=host, at=at)

    def queue(self, reader: str, since: datetime, *, list_name: str = "", limit: int) -> tuple[tuple[QueuedFacts, ...], int]:
        """Papers that digests presented since then and the reader has not marked, the newest digest first; and how many there are in all."""
        with self._database.reading() as session:
            return triage.queue(session, reader, since, list_name=list_name, limit=limit)

    def reading_list(self, reader: str) -> tuple[QueuedFacts, ...]:
        """The papers that a reader keeps for later, the newest first."""
        with self._database.reading() as session:
            return triage.reading_list(session, reader)

    def note(self, record_id: RecordId, reader: str, text: str, at: datetime) -> None:
        """Keeps a reader's note on a paper in the place of the one before; an empty one takes it away."""
        with self._database.writing() as session:
            triage.note(session, record_id, reader, text, at)

    def notes(self, record_ids: Collection[RecordId], reader: str) -> dict[RecordId, str]:
        """A reader's notes on papers."""
        with self._database.reading() as session:
            return triage.notes_of(session, record_ids, reader)

    def is_owed(self, reader: str) -> bool:
        """Whether a message is still owed to an address."""
        with self._database.reading() as session:
            return readers.is_owed(session, reader)

    def forget_reader(self, reader: str) -> ForgottenFacts:
        """Puts another name in the place of a reader's name or address, wherever it stands, and takes their notes away."""
        with self._database.writing() as session:
            return readers.forget(session, reader)

    def delivery(self, delivery_id: int) -> DeliveryFacts | None:
        """Where one delivery stands, if there is one of this number."""
        with self._database.reading() as session:
            return next(iter(deliveries.listed(session, deliveries.numbered(delivery_id))), None)

    # --- deliveries

    def claim_delivery(
        self,
        now: datetime,
        *,
        holder: str,
        channel: str | None = None,
        everything: bool = False,
        only: int | None = None,
        exclude: Collection[int] = (),
    ) -> Delivery | None:
        """Claims the next delivery that is due, for `deliveries.LEASE_SECONDS` of real time; None when there is none.

        Due is what is pending or parked with its time come, or so far ahead that only a wrong clock can have set it (`everything`:
        whatever its time), and what is being sent under a lease that has run out. Part n of a message comes only when the parts
        before it are sent or dropped. The claim and its attempt are committed before this returns, and no other process or thread
        gets the same one.
        """
        wanted = deliveries.WantedDeliveries(channel, everything, only, frozenset(exclude))
        return deliveries.claim(self._database, self._messages, now, wanted, holder=holder)

    def is_delivery_due(self, now: datetime) -> bool:
        """Whether `claim_delivery` would find one; nothing is claimed."""
        with self._database.reading() as session:
            return deliveries.is_due(self._database, session, now)

    def renew_claim(self, delivery: Delivery) -> bool:
        """Prolongs a claim that `claim_delivery` gave, for as long again; False when it has passed to another."""
        return deliveries.renew(self._database, delivery)

    def handed_over(self, delivery: Delivery, at: datetime) -> None:
        """Notes that the other side has taken the message: what fails afterwards is only our own book-keeping."""
        with self._database.writing() as session:
            deliveries.handed_over(session, delivery, at)

    def settle(
        self,
        delivery: Delivery,
        state: DeliveryState,
        at: datetime,
        *,
        next_at: datetime | None = None,
        failure: Failure | None = None,
        remark: str = "",
    ) -> bool:
        """Ends a claim with the state that the delivery has now, with why it failed, if it did, and with what is to be known of how it
        was taken; False when the claim is no longer ours, and then nothing changes."""
        with self._database.writing() as session:
            return deliveries.settle(session, delivery, state, at, next_at=next_at, failure=failure, remark=remark)

    def wake_parked(self, now: datetime, channel: str | None = None, *, refused_too: bool = False) -> int:
        """Makes what is parked (on this channel) pending and due now; `refused_too`: also what waits after a refusal. How many."""
        with self._database.writing() as session:
            return deliveries.wake_parked(session, now, channel, refused_too=refused_too)

    def drop(self, delivery_id: int, at: datetime) -> bool:
        """Gives a delivery up for good; False when it was sent or dropped already, or is being sent this moment.

        Raises UnknownNameError when there is no such delivery.
        """
        return deliveries.drop(self._database, delivery_id, at)

    def deliveries(self, *, states: Collection[DeliveryState] | None = None, limit: int = 100) -> tuple[DeliveryFacts, ...]:
        """Where deliveries stand, newest first."""
        with self._database.reading() as session:
            return deliveries.listed(session, deliveries.in_states(states), limit=limit)

    def owe_again(
        self,
        list_name: str,
        since: datetime,
        channel: str,
        recipients: tuple[str, ...],
        kind: ChannelKind,
        *,
        again: bool,
        host: str,
        at: datetime,
    ) -> tuple[int, ...]:
        """Owes the stored messages of the digests composed since then to those recipients who lack them; the deliveries made due.

        A dropped one is owed anew; with `again` a sent one too, under the Message-ID of the first time.
        """
        with self._database.writing() as session:
            return deliveries.owe_again(session, list_name, since, channel, recipients, kind, again=again, host=host, at=at)

    def send_again(self, delivery_id: int, at: datetime) -> Resending:
        """Owes one delivery anew, whatever became of it, under the Message-ID of the first time. The next `claim_delivery` finds it.

        Raises UnknownNameError when there is no such delivery.
        """
        return deliveries.send_again(self._database, delivery_id, at)

    # --- the past

    def known_lists(self) -> tuple[KnownList, ...]:
        """The lists that ever were, with the number of their digests; those that the configuration has come first."""
        with self._database.reading() as session:
            return archive.known_lists(session)

    def digests_of(self, list_name: str, *, below: int | None = None, limit: int = 50) -> tuple[DigestFacts, ...]:
        """The digests of a list, the latest first; `below`: only those of a smaller number."""
        with self._database.reading() as session:
            return archive.digests_of(session, list_name, below=below, limit=limit)

    def digest(self, list_name: str, period: str) -> DigestFacts | None:
        """The digest of a list for a period."""
        with self._database.reading() as session:
            return archive.digest(session, list_name, period)

    def digests_beside(self, digest: DigestFacts) -> tuple[str | None, str | None]:
        """The periods of the list's digests before and after one."""
        with self._database.reading() as session:
            return archive.beside(session, digest)

    def messages_of(self, digest_id: int) -> tuple[StoredMessage, ...]:
        """The stored messages of a digest in their order; one whose bytes are damaged has no `message`."""
        with self._database.reading() as session:
            return archive.messages_of(session, digest_id)

    def papers_of(self, digest: DigestFacts, *, skip: int = 0, limit: int = 100) -> tuple[IssuedPaper, ...]:
        """What a digest presented, in its order."""
        with self._database.reading() as session:
            return archive.papers_of(session, digest, skip=skip, limit=limit)

    def titles(self, record_ids: Collection[RecordId]) -> dict[RecordId, str]:
        """The titles of the stored ones among the records, also of those whose text was dropped; "" where a record has none."""
        with self._database.reading() as session:
            return archive.titles(session, record_ids)

    def runs(
        self, *, watch: str | None = None, outcomes: Collection[str] | None = None, below: int | None = None, limit: int = 50
    ) -> tuple[RunFacts, ...]:
        """Runs, the latest first: of one watch or of all, of these outcomes or of any; `below`: only those of a smaller number."""
        with self._database.reading() as session:
            return archive.runs_listed(session, watch=watch, outcomes=outcomes, below=below, limit=limit)

    def deliveries_of(
        self,
        list_name: str | None = None,
        *,
        period: str | None = None,
        states: Collection[DeliveryState] | None = None,
        below: int | None = None,
        limit: int = 50,
    ) -> tuple[DeliveryFacts, ...]:
        """Deliveries, the latest first: of one list's digests (of a period) or of all; `below`: only those of a smaller number."""
        with self._database.reading() as session:
            return archive.deliveries_listed(session, list_name=list_name, period=period, states=states, below=below, limit=limit)

    def attempts_of(self, delivery_id: int, *, limit: int = 20) -> tuple[AttemptFacts, ...]:
        """The last tries at a delivery, the latest first."""
        with self._database.reading() as session:
            return archive.attempts_of(session, delivery_id, limit=limit)

    def versions(self, *, skip: int = 0, limit: int = 10) -> tuple[KnownVersion, ...]:
        """The configurations that were good, the one taken up last first."""
        with self._database.reading() as session:
            return archive.versions(session, skip=skip, limit=limit)

    # --- leases

    def take_lease(self, name: str, *, holder: str, seconds: float = 180) -> str | None:
        """The token of the lease when it was free or had run out, else None."""
        return leases.take(self._database, name, holder=holder, seconds=seconds)

    def renew_lease(self, name: str, token: str, seconds: float = 180) -> bool:
        """Prolongs a lease; False when another has taken it since."""
        return leases.renew(self._database, name, token, seconds=seconds)

    def release_lease(self, name: str, token: str) -> None:
        """Gives a lease back; nothing happens when another has taken it since. For a moment only this process can take it again."""
        leases.release(self._database, name, token)

    def lease_holder(self, name: str) -> str | None:
        """Who holds a lease now."""
        return leases.holder_of(self._database, name)

    def free_dead(self, holder: ProcessLock) -> int:
        """Frees the leases and sending claims of this host and data folder whose process is provably dead; how many."""
        freed = leases.free_dead(self._database, holder, clock.now())
        process_lock.sweep(holder.folder)
        return freed

    # --- questions

    def explain(self, record_id: RecordId) -> History:
        """Everything that is known of a record, also when that is nothing."""
        with self._texts() as (session, texts):
            return questions.explain(session, record_id, texts)

    def papers(self, watch: str, *, since: datetime | None = None) -> tuple[PaperFacts, ...]:
        """The papers of a watch whose texts are stored: those that became news since then, or that a list has still to judge. Without
        `since` all of them, baseline too."""
        with self._texts() as (session, texts):
            return papers.of_watch(session, configuration.known_watch_id(session, watch), since, texts)

    def read_since(self, watch: str) -> date | None:
        """The record creation day from which the watch has news; None before its query was first read."""
        with self._database.reading() as session:
            return papers.read_since(session, configuration.known_watch_id(session, watch))

    def export(
        self, *, list_name: str | None = None, watch: str | None = None, since: date | None = None, period: str | None = None
    ) -> tuple[Article, ...]:
        """The papers that a list presented, else a watch's news, else all that was presented; with both, the list's of that watch.

        `since`: only those of digests composed on that day (UTC) or later; for a watch alone, those that became news since. `period`:
        only those of the list's digest of this period; UnknownNameError when there is none.
        """
        with self._texts() as (session, texts):
            return questions.export(session, texts, list_name=list_name, watch=watch, since=since, period=period)

    def left_out(
        self, *, list_name: str | None = None, watch: str | None = None, since: date | None = None, period: str | None = None
    ) -> LeftOut:
        """How many papers `export` leaves out when asked the same, for their text was dropped or is damaged."""
        with self._database.reading() as session:
            return questions.left_out(session, list_name=list_name, watch=watch, since=since, period=period)

    def weeks(self, watch: str, bounds: Sequence[datetime], *, list_name: str | None = None) -> Weeks:
        """How many papers a watch found between each of the bounds and the next, and how many of its papers digests showed there: those
        of one list, or of all, where a paper in two digests of a week counts once."""
        with self._database.reading() as session:
            return questions.weeks(session, watch, bounds, list_name)

    # --- search

    def follow(self, chips: Chips, *, limit: int = filling.PIECE) -> int:
        """Takes up to `limit` works whose texts have changed into the text index, in one transaction of the index; how many are left.

        Runs and readers do not wait for it. An index that was damaged is made anew.
        """
        try:
            return filling.follow(self._database, chips, limit=limit)
        except IndexDamaged:
            return filling.follow(self._database, chips, limit=limit)

    def search(self, query: Query, selection: Selection, order: SearchOrder, page: AnswerPage) -> Answer:
        """A page of the papers that a query and filters leave, in an order, and how many there are in all; of what the text index has."""
        texts = articles.Texts(is_sharing=page.limit is None)
        found = answers.ask(self._database, query.node, selection, order, page, texts)
        self._note_damaged(texts)
        return found

    def found(self, query: Query, selection: Selection, order: SearchOrder) -> list[RecordId]:
        """All the papers that a query and filters leave, in an order, each by the record that it is shown by."""
        return answers.shown(self._database, query.node, selection, order)

    def facts(self) -> StoreFacts:
        """The size of things."""
        with self._database.reading() as session:
            return questions.facts(self._database, session)
