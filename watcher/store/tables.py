"""The tables, as SQLModel rows. Rows are persistence: none of them ever leaves this room, frozen values do.

The keys and constraints carry the promises of the service:

* nothing twice: the primary key of `presented` is the list and the *work*;
* one digest for each period: UNIQUE(list, period) of `digest`;
* no message owed twice to one reader: UNIQUE(message, channel, recipient) of `delivery`;
* one open run for each watch: the partial unique index of `run`;
* one open notice for each topic: that of `notice`;
* nothing twice in a feed: UNIQUE(feed, key) of `feed_entry`.

Watches, lists, hits, judgements and presented works are kept for ever. Times are aware UTC. `Article` bodies, reasons, receipts and the
like are canonical JSON written by `codec`. Columns `…record_id` hold records as `RecordNumber` numbers them; constraints of the time when they
were called `pmid` keep their names. Statements name the columns of `columns`, which are the same and cost no model.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from watcher.store.columns import Bytes, PlainText, RecordNumber

Words = Annotated[str, Field(sa_type=PlainText)]
MaybeWords = Annotated[str | None, Field(sa_type=PlainText)]
Record = Annotated[int, Field(sa_type=RecordNumber)]
MaybeRecord = Annotated[int | None, Field(sa_type=RecordNumber)]


class Row(SQLModel):
    """What every table shares: metadata of their own, whose constraints all have names, so that a later migration can drop them."""

    metadata: ClassVar[sa.MetaData] = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _where(name: str, *columns: str, condition: str, unique: bool = False) -> sa.Index:
    """A partial index, which both databases know under their own keyword."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


_WITHOUT_ROWID = {"sqlite_with_rowid": False}


# --- configuration ----------------------------------------------------------------------------------------------------------


class ConfigVersionRow(Row, table=True):
    """A configuration that was good when it was loaded, secrets left out."""

    __tablename__ = "config_version"

    id: int = Field(default=None, primary_key=True)
    sha256: Words = Field(unique=True, sa_type=PlainText)
    loaded_at: dt.datetime
    document: Words


class WatchRow(Row, table=True):
    """A watch's name. Kept for ever: `removed_at` says since when the configuration no longer has it."""

    __tablename__ = "watch"

    id: int = Field(default=None, primary_key=True)
    name: Words = Field(unique=True, sa_type=PlainText)
    created_at: dt.datetime
    removed_at: dt.datetime | None = None


class QueryVersionRow(Row, table=True):
    """A query whose full set was read whole. Written together with its baseline, so that a version never lacks one."""

    __tablename__ = "query_version"
    __table_args__ = (sa.UniqueConstraint("watch_id", "ordinal"),)

    id: int = Field(default=None, primary_key=True)
    watch_id: int = Field(foreign_key="watch.id")
    ordinal: int
    term: Words
    translation: Words
    phrases_not_found: Words
    valid_from: dt.datetime
    baseline_cut: dt.date
    baseline_matched: int


class DigestListRow(Row, table=True):
    """A list's name, kept for ever as watches are."""

    __tablename__ = "digest_list"

    id: int = Field(default=None, primary_key=True)
    name: Words = Field(unique=True, sa_type=PlainText)
    created_at: dt.datetime
    removed_at: dt.datetime | None = None


class SubscriptionRow(Row, table=True):
    """A list takes a watch's news from `since` on (record creation days), until it no longer does.

    `after_run_id` is the watch's last finished run before the list took it (0: none), `until_run_id` the last one begun before it gave it
    up: what runs between them bring is the list's, whatever the clock said meanwhile. It stays the list's: when the list takes the
    watch again, what it never judged of an earlier subscription is owed.
    """

    __tablename__ = "subscription"

    list_id: int = Field(foreign_key="digest_list.id", primary_key=True)
    watch_id: int = Field(foreign_key="watch.id", primary_key=True)
    since: dt.date = Field(primary_key=True)
    until: dt.date | None = None
    created_at: dt.datetime
    after_run_id: int
    until_run_id: int | None = None


# --- articles and works -----------------------------------------------------------------------------------------------------


class WorkRow(Row, table=True):
    """What a reader means by a paper. A work merged into an older one keeps its row, so that its number is never given again."""

    __tablename__ = "work"

    id: int = Field(default=None, primary_key=True)


class ArticleRow(Row, table=True):
    """One record. `body` is the Article's text as `packing` packs it, NULL since `forgotten_at`; the columns beside it are what SQL asks for,
    and stay. `content_sha256` is the hash of the text.

    `abstract_at` and `headings_at`: when the record first gained them after its first fetch; NULL if it had them at first.
    `damaged_at`: since when it is known that `body` is not what was written; it is not read then, and kept
    until the record was fetched again.
    """

    __tablename__ = "article"
    __table_args__ = (
        sa.Index("article_doi", "doi"),
        sa.Index("article_pmcid", "pmcid"),
        sa.Index("article_work", "work_id"),
        sa.Index("article_crdt", "crdt"),
        _where("article_kept", "fetched_at", condition="forgotten_at IS NULL"),
        _where("article_damaged", "record_id", condition="damaged_at IS NOT NULL"),
    )

    record_id: Record = Field(primary_key=True, sa_column_kwargs={"autoincrement": False}, sa_type=RecordNumber)
    work_id: int = Field(foreign_key="work.id")
    version: int
    doi: MaybeWords = None
    pmcid: MaybeWords = None
    title: MaybeWords = None
    body: bytes | None = Field(default=None, sa_type=Bytes)
    crdt: dt.date | None = None
    edat: dt.date | None = None
    mhda: dt.date | None = None
    lr: dt.date | None = None
    pub_status: Words
    is_notice: bool
    has_abstract: bool
    has_headings: bool
    content_sha256: Words
    fetched_at: dt.datetime
    abstract_at: dt.datetime | None = None
    headings_at: dt.datetime | None = None
    forgotten_at: dt.datetime | None = None
    damaged_at: dt.datetime | None = None


class SearchChangeRow(Row, table=True):
    """When a work's texts changed last: a number, higher than all before. The text index follows it."""

    __tablename__ = "search_change"
    __table_args__ = (sa.Index("search_change_number", "number", "work_id"),)

    work_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    number: int


class SearchSourceRow(Row, table=True):
    """One row: what tells this database from others, for an index to be made anew when it is another one."""

    __tablename__ = "search_source"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    token: Words


class WorkLinkRow(Row, table=True):
    """Two records of one work, as one of them says (or as their DOI does). The other need not be stored yet."""

    __tablename__ = "work_link"
    __table_args__ = (sa.Index("work_link_to", "to_record_id"),)

    from_record_id: Record = Field(primary_key=True, sa_type=RecordNumber)
    to_record_id: Record = Field(primary_key=True, sa_type=RecordNumber)
    kind: Words = Field(primary_key=True, sa_type=PlainText)
    evidence: Words
    found_at: dt.datetime


class CorrectionRow(Row, table=True):
    """What became of the paper of a record. `notice` tells it from another one of its kind on the record. `sources` is JSON. `ended_at`: since
    when no source says so any more. `about_id` is the correction that was taken back, or whose notice was retracted."""

    __tablename__ = "correction"
    __table_args__ = (
        sa.UniqueConstraint("record_id", "kind", "notice", name="uq_correction_pmid_kind_notice"),
        sa.Index("correction_notice", "notice_record_id"),
    )

    id: int = Field(default=None, primary_key=True)
    record_id: Record
    kind: Words
    notice: Words
    found_at: dt.datetime
    notice_record_id: MaybeRecord = None
    notice_doi: MaybeWords = None
    citation: Words = ""
    sources: Words
    label: Words = ""
    dated: dt.date | None = None
    ended_at: dt.datetime | None = None
    about_id: int | None = None


class RereadingRow(Row, table=True):
    """A rereading: the papers that readers had were read again. Open until `finished_at` is set. `slot_at` is the time that it is
    for; `papers`, `absent` and `found` count records asked for, records that did not come, and corrections; `dois` and `unanswered` those
    asked at Crossref, and those of them that it did not answer for. `error` says what failed last, `failures` how often in a row."""

    __tablename__ = "rereading"
    __table_args__ = (_where("rereading_open", "slot_at", condition="finished_at IS NULL", unique=True),)

    id: int = Field(default=None, primary_key=True)
    slot_at: dt.datetime
    started_at: dt.datetime
    read_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    papers: int = 0
    absent: int = 0
    found: int = 0
    requests: int = 0
    dois: int = 0
    unanswered: int = 0
    failures: int = 0
    failed_at: dt.datetime | None = None
    error: MaybeWords = None


class RereadRow(Row, table=True):
    """When a record was last asked for by a rereading, at PubMed and at Crossref. `absent_since` and `absent_readings`: EFetch no longer gives
    it."""

    __tablename__ = "reread"

    record_id: Record = Field(primary_key=True, sa_column_kwargs={"autoincrement": False}, sa_type=RecordNumber)
    asked_at: dt.datetime
    crossref_at: dt.datetime | None = None
    absent_since: dt.datetime | None = None
    absent_at: dt.datetime | None = None
    absent_readings: int = 0


class SeedRow(Row, table=True):
    """One entry of a seed file, and the PubMed record that it was found to be."""

    __tablename__ = "seed"
    __table_args__ = (sa.UniqueConstraint("watch_id", "path", "locator"),)

    id: int = Field(default=None, primary_key=True)
    watch_id: int = Field(foreign_key="watch.id")
    path: Words
    locator: Words
    file_sha256: Words
    record_id: MaybeRecord = None
    resolved_by: MaybeWords = None
    resolved_at: dt.datetime
    problem: MaybeWords = None
    removed_at: dt.datetime | None = None


# --- Zotero -----------------------------------------------------------------------------------------------------------------


class ZoteroServerRow(Row, table=True):
    """A server of Zotero's Web API, by its address: until when it asked not to be asked, and the configuration whose key it does not know."""

    __tablename__ = "zotero_server"

    address: Words = Field(primary_key=True, sa_type=PlainText)
    rests_until: dt.datetime | None = None
    refused_at: dt.datetime | None = None
    refused_config_sha256: MaybeWords = None
    said: MaybeWords = None


class ZoteroCollectionRow(Row, table=True):
    """A collection that seeds follow. `version` is the library's when the collection was last read; `read_at` of the last whole reading,
    `looked_at` of the last look that ended well. `shrank_to`: how many papers were found when they were so few that the former ones stay;
    `accepts`: a person has said that they are meant."""

    __tablename__ = "zotero_collection"
    __table_args__ = (sa.UniqueConstraint("library", "collection", "subcollections"),)

    id: int = Field(default=None, primary_key=True)
    library: Words
    collection: Words
    subcollections: bool
    name: Words = ""
    version: int | None = None
    read_at: dt.datetime | None = None
    looked_at: dt.datetime | None = None
    shrank_to: int | None = None
    accepts: bool = False
    failures: int = 0
    failed_at: dt.datetime | None = None
    error: MaybeWords = None
    fix: MaybeWords = None
    may_pass: bool = True


class ZoteroItemRow(Row, table=True):
    """An item of a library. `body` is what is kept of it as JSON, for items of a followed collection; the identifiers are those that it gives
    as its own, `title_key` its title and year. `gone_at`: since when its library no longer lists it."""

    __tablename__ = "zotero_item"
    __table_args__ = (
        sa.Index("zotero_item_pmid", "pmid"),
        sa.Index("zotero_item_doi", "doi"),
        sa.Index("zotero_item_pmcid", "pmcid"),
        sa.Index("zotero_item_title", "title_key"),
    )

    library: Words = Field(primary_key=True, sa_type=PlainText)
    item_key: Words = Field(primary_key=True, sa_type=PlainText)
    version: int
    is_paper: bool
    body: MaybeWords = None
    pmid: int | None = None
    doi: MaybeWords = None
    pmcid: MaybeWords = None
    title_key: MaybeWords = None
    gone_at: dt.datetime | None = None


class ZoteroLibraryRow(Row, table=True):
    """A library whose papers are indexed. `version` is the library's of the last whole reading at `read_at`, NULL to read it whole again;
    `is_open`: a reading goes on with the next tick."""

    __tablename__ = "zotero_library"

    library: Words = Field(primary_key=True, sa_type=PlainText)
    version: int | None = None
    read_at: dt.datetime | None = None
    is_open: bool = False
    failures: int = 0
    failed_at: dt.datetime | None = None
    error: MaybeWords = None
    fix: MaybeWords = None
    may_pass: bool = True


class ZoteroMemberRow(Row, table=True):
    """An item that a followed collection holds."""

    __tablename__ = "zotero_member"

    collection_id: int = Field(foreign_key="zotero_collection.id", primary_key=True)
    item_key: Words = Field(primary_key=True, sa_type=PlainText)


class ZoteroPushRow(Row, table=True):
    """A marked paper that is owed to a collection ("" is the library itself), written before the first request, and kept for ever.
    `item_key` is that of the item that is made where there is none."""

    __tablename__ = "zotero_push"
    __table_args__ = (sa.UniqueConstraint("library", "collection", "record_id"),)

    id: int = Field(default=None, primary_key=True)
    library: Words
    collection: Words
    record_id: Record
    item_key: Words
    state: Words
    attempts: int = 0
    created_at: dt.datetime
    next_at: dt.datetime
    begun_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    outcome: MaybeWords = None
    reason: MaybeWords = None
    fix: MaybeWords = None


class ZoteroChangeRow(Row, table=True):
    """A followed collection was found otherwise than before: so many papers came, left, and say something else."""

    __tablename__ = "zotero_change"
    __table_args__ = (sa.Index("zotero_change_found", "collection_id", "found_at"),)

    id: int = Field(default=None, primary_key=True)
    collection_id: int = Field(foreign_key="zotero_collection.id")
    found_at: dt.datetime
    came: int
    went: int
    changed: int


# --- runs and the seen ledger -----------------------------------------------------------------------------------------------


class RunRow(Row, table=True):
    """One look of one watch at PubMed; open until `finished_at` is set."""

    __tablename__ = "run"
    __table_args__ = (
        _where("run_open", "watch_id", condition="finished_at IS NULL", unique=True),
        sa.Index("run_finished", "watch_id", "finished_at"),
    )

    id: int = Field(default=None, primary_key=True)
    watch_id: int = Field(foreign_key="watch.id")
    kind: Words
    query_version_id: int | None = Field(foreign_key="query_version.id", default=None)
    config_id: int | None = Field(foreign_key="config_version.id", default=None)
    started_at: dt.datetime
    finished_at: dt.datetime | None = None
    outcome: MaybeWords = None
    window_from: dt.date | None = None
    window_to: dt.date | None = None
    full_set_as_of: dt.date | None = None
    similar_read: bool = False
    translation: Words = ""
    warnings: Words = "[]"
    matched: int = 0
    known: int = 0
    fetched: int = 0
    new: int = 0
    awaiting: int = 0
    selected: int = 0
    requests: int = 0
    seconds: float = 0.0
    error_kind: MaybeWords = None
    error: MaybeWords = None
    fix: MaybeWords = None
    may_pass: bool = False


class HitRow(Row, table=True):
    """The seen ledger: one row for each record that ever matched the watch, for ever.

    `starter_at`: an older paper that an edited query added, to be shown once. `absent_since` and `absent_readings`: it stopped
    coming with the full set.
    """

    __tablename__ = "hit"
    __table_args__ = (
        _where("hit_open", "watch_id", "state", condition="state = 'awaiting-record'"),
        _where("hit_news", "watch_id", condition="state = 'news'"),
        _where("hit_starter", "watch_id", condition="starter_at IS NOT NULL"),
        sa.Index("hit_record", "record_id"),
        _WITHOUT_ROWID,
    )

    watch_id: int = Field(foreign_key="watch.id", primary_key=True)
    record_id: Record = Field(primary_key=True, sa_type=RecordNumber)
    state: Words
    first_run_id: int = Field(foreign_key="run.id")
    query_version_id: int | None = Field(foreign_key="query_version.id", default=None)
    tries: int = 0
    news_at: dt.datetime | None = None
    unavailable_at: dt.datetime | None = None
    starter_at: dt.datetime | None = None
    absent_since: dt.datetime | None = None
    absent_readings: int = 0


class HitOriginRow(Row, table=True):
    """How a record came to a watch; not kept for the baseline."""

    __tablename__ = "hit_origin"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["watch_id", "record_id"], ["hit.watch_id", "hit.record_id"], name="fk_hit_origin_watch_id_pmid_hit"
        ),
        _WITHOUT_ROWID,
    )

    watch_id: int = Field(primary_key=True)
    record_id: Record = Field(primary_key=True, sa_type=RecordNumber)
    origin: Words = Field(primary_key=True, sa_type=PlainText)
    run_id: int = Field(foreign_key="run.id")


# --- scores -----------------------------------------------------------------------------------------------------------------


class RankingRow(Row, table=True):
    """Seeds, background, verdicts and code: everything that a score depends on besides the article."""

    __tablename__ = "ranking"
    __table_args__ = (sa.UniqueConstraint("watch_id", "sha256"),)

    id: int = Field(default=None, primary_key=True)
    watch_id: int = Field(foreign_key="watch.id")
    sha256: Words
    seeds_sha256: Words
    background_sha256: Words
    last_verdict_id: int | None = None
    code: Words
    made_at: dt.datetime
    snapshot_sha256: MaybeWords = None


class SnapshotRow(Row, table=True):
    """Some hundreds of a watch's own papers as counts of hashed words, by which its ranking weighs them; `term` is the query that they
    match. `belief`: how far the ranking `ranking_sha256` believes it, with the evidence."""

    __tablename__ = "snapshot"

    watch_id: int = Field(primary_key=True, foreign_key="watch.id", sa_column_kwargs={"autoincrement": False})
    sha256: Words
    term: Words
    papers: int
    taken_at: dt.datetime
    content: bytes = Field(sa_type=Bytes)
    ranking_sha256: MaybeWords = None
    belief: MaybeWords = None


class ScoreRow(Row, table=True):
    """A score, immutable for its watch, record, ranking and content."""

    __tablename__ = "score"
    __table_args__ = (
        sa.ForeignKeyConstraint(["record_id"], ["article.record_id"], name="fk_score_pmid_article"),
        sa.Index("score_record", "record_id", "watch_id", "ranking_id", "value"),
    )

    watch_id: int = Field(foreign_key="watch.id", primary_key=True)
    record_id: Record = Field(primary_key=True, sa_type=RecordNumber)
    ranking_id: int = Field(foreign_key="ranking.id", primary_key=True)
    content_sha256: Words = Field(primary_key=True, sa_type=PlainText)
    value: float
    reasons: Words


class EmbeddingRow(Row, table=True):
    """The vector that a model of the ranking's dense part gave for a text."""

    __tablename__ = "embedding"
    __table_args__ = (sa.Index("embedding_text", "text_sha256"), sa.Index("embedding_made", "made_at"))

    model_sha256: Words = Field(primary_key=True, sa_type=PlainText)
    text_sha256: Words = Field(primary_key=True, sa_type=PlainText)
    vector: bytes
    made_at: dt.datetime


class VerdictRow(Row, table=True):
    """A reader's relevant, not or later on one paper."""

    __tablename__ = "verdict"

    id: int = Field(default=None, primary_key=True)
    watch_id: int | None = Field(foreign_key="watch.id", default=None)
    record_id: Record
    reader: Words
    kind: Words
    made_at: dt.datetime
    via: MaybeWords = None
    undone_at: dt.datetime | None = None


class NoteRow(Row, table=True):
    """What a reader noted on a paper."""

    __tablename__ = "note"

    record_id: Record = Field(primary_key=True, sa_column_kwargs={"autoincrement": False}, sa_type=RecordNumber)
    reader: Words = Field(primary_key=True, sa_type=PlainText)
    text: Words
    made_at: dt.datetime


class StopRow(Row, table=True):
    """A reader's word that a list shall send them nothing, for good or until an instant. `reader` is the folded address that its
    deliveries go to; `owner_told_at`: whoever runs the service knows."""

    __tablename__ = "stop"

    id: int = Field(default=None, primary_key=True)
    list_id: int = Field(foreign_key="digest_list.id")
    reader: Words
    made_at: dt.datetime
    until_at: dt.datetime | None = None
    via: MaybeWords = None
    ended_at: dt.datetime | None = None
    owner_told_at: dt.datetime | None = None


class SigningKeyRow(Row, table=True):
    """A key that signs links; the newest signs, all are believed."""

    __tablename__ = "signing_key"

    id: int = Field(default=None, primary_key=True)
    secret: Words
    made_at: dt.datetime


# --- digests ----------------------------------------------------------------------------------------------------------------


class DigestRow(Row, table=True):
    """One issue of a list. `papers` counts what it presented."""

    __tablename__ = "digest"
    __table_args__ = (sa.UniqueConstraint("list_id", "period"),)

    id: int = Field(default=None, primary_key=True)
    list_id: int = Field(foreign_key="digest_list.id")
    period: Words
    kind: Words
    slot_at: dt.datetime
    covers_from: dt.date
    covers_to: dt.date
    gaps: Words
    composed_at: dt.datetime
    papers: int
    receipt: Words
    late_reason: Words


class JudgementRow(Row, table=True):
    """What a digest decided about a hit."""

    __tablename__ = "judgement"
    __table_args__ = (sa.Index("judgement_record", "record_id"),)

    list_id: int = Field(foreign_key="digest_list.id", primary_key=True)
    watch_id: int = Field(foreign_key="watch.id", primary_key=True)
    record_id: Record = Field(primary_key=True, sa_type=RecordNumber)
    digest_id: int = Field(foreign_key="digest.id", primary_key=True)
    outcome: Words
    score: float
    threshold: float
    ranking_id: int | None = Field(foreign_key="ranking.id", default=None)


class PresentedRow(Row, table=True):
    """A work that reached the readers of a list. The key is the promise: nothing twice."""

    __tablename__ = "presented"

    list_id: int = Field(foreign_key="digest_list.id", primary_key=True)
    work_id: int = Field(foreign_key="work.id", primary_key=True)
    record_id: Record
    digest_id: int = Field(foreign_key="digest.id")
    section: Words
    position: int


class FollowUpRow(Row, table=True):
    """A later record of a presented work, told once."""

    __tablename__ = "follow_up"

    list_id: int = Field(foreign_key="digest_list.id", primary_key=True)
    work_id: int = Field(foreign_key="work.id", primary_key=True)
    record_id: Record = Field(primary_key=True, sa_type=RecordNumber)
    kind: Words = Field(primary_key=True, sa_type=PlainText)
    digest_id: int = Field(foreign_key="digest.id")


class CorrectionToldRow(Row, table=True):
    """A correction that a list's readers were told of: in a digest, `with_paper` beside the paper when it was new; or at once, in the
    message of a notice."""

    __tablename__ = "correction_told"

    correction_id: int = Field(foreign_key="correction.id", primary_key=True)
    list_id: int = Field(foreign_key="digest_list.id", primary_key=True)
    digest_id: int | None = Field(foreign_key="digest.id", default=None)
    notice_id: int | None = Field(foreign_key="notice.id", default=None)
    with_paper: bool = False
    told_at: dt.datetime


class FeedRow(Row, table=True):
    """A list's feed, or a watch's: what the ids of its entries rest on, made once. `after_run_id` is the watch's last run before the feed was
    there: what that one and earlier ones brought is no news to it."""

    __tablename__ = "feed"
    __table_args__ = (sa.CheckConstraint("(list_id IS NULL) <> (watch_id IS NULL)", name="one_source"),)

    id: int = Field(default=None, primary_key=True)
    list_id: int | None = Field(foreign_key="digest_list.id", default=None, unique=True)
    watch_id: int | None = Field(foreign_key="watch.id", default=None, unique=True)
    uuid: Words = Field(unique=True, sa_type=PlainText)
    made_at: dt.datetime
    after_run_id: int = 0


class FeedEntryRow(Row, table=True):
    """An entry of a feed, kept for ever; `body` is its text as `packing` packs it, NULL once it is no longer one of the last 200, and `sha256`
    the hash of the text. `last_correction_id` is the latest correction that was known when it came: what is found later is told."""

    __tablename__ = "feed_entry"
    __table_args__ = (
        sa.UniqueConstraint("feed_id", "key"),
        sa.Index("feed_entry_work", "work_id"),
        _where("feed_entry_whole", "feed_id", condition="body IS NOT NULL"),
    )

    id: int = Field(default=None, primary_key=True)
    feed_id: int = Field(foreign_key="feed.id")
    key: Words
    kind: Words
    record_id: Record
    work_id: int = Field(foreign_key="work.id")
    correction_id: int | None = Field(foreign_key="correction.id", default=None)
    last_correction_id: int
    entered_at: dt.datetime
    body: bytes | None = Field(default=None, sa_type=Bytes)
    sha256: MaybeWords = None


# --- messages and deliveries --------------------------------------------------------------------------------------------------


class NoticeRow(Row, table=True):
    """A failure, open until the recovery; owed like a digest. `since` is when it began, `opened_at` when people were told. `headline`
    and `todo` are missing where an earlier version told: its `what` says all."""

    __tablename__ = "notice"
    __table_args__ = (_where("notice_open", "topic", condition="closed_at IS NULL", unique=True),)

    id: int = Field(default=None, primary_key=True)
    key: Words = Field(unique=True, sa_type=PlainText)
    topic: Words
    what: Words
    since: dt.datetime
    opened_at: dt.datetime
    closed_at: dt.datetime | None = None
    headline: MaybeWords = None
    todo: MaybeWords = None


class MessageRow(Row, table=True):
    """A digest or a notice rendered for one kind of channel, byte for byte."""

    __tablename__ = "message"
    __table_args__ = (
        sa.UniqueConstraint("digest_id", "kind", "part"),
        sa.UniqueConstraint("notice_id", "kind", "part"),
        sa.CheckConstraint("(digest_id IS NULL) <> (notice_id IS NULL)", name="one_source"),
    )

    id: int = Field(default=None, primary_key=True)
    digest_id: int | None = Field(foreign_key="digest.id", default=None)
    notice_id: int | None = Field(foreign_key="notice.id", default=None)
    kind: Words
    part: int
    subject: Words
    payload: bytes
    sha256: Words


class DeliveryRow(Row, table=True):
    """One message owed to one recipient of one channel. `token` is the claim: only its owner may settle."""

    __tablename__ = "delivery"
    __table_args__ = (
        sa.UniqueConstraint("message_id", "channel", "recipient"),
        _where("delivery_due", "next_at", condition="state IN ('pending', 'sending', 'parked')"),
    )

    id: int = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id")
    channel: Words
    recipient: Words
    state: Words
    attempts: int = 0
    created_at: dt.datetime
    next_at: dt.datetime | None = None
    holder: MaybeWords = None
    token: MaybeWords = None
    lease_until: dt.datetime | None = None
    rfc822_id: Words = Field(unique=True, sa_type=PlainText)
    sent_at: dt.datetime | None = None
    reason: MaybeWords = None
    fix: MaybeWords = None
    remark: MaybeWords = None


class AttemptRow(Row, table=True):
    """One try at a delivery, written before a byte is sent."""

    __tablename__ = "attempt"
    __table_args__ = (sa.Index("attempt_delivery", "delivery_id"),)

    id: int = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id")
    started_at: dt.datetime
    handed_over_at: dt.datetime | None = None
    finished_at: dt.datetime | None = None
    outcome: MaybeWords = None
    reason: MaybeWords = None
    fix: MaybeWords = None


class LeaseRow(Row, table=True):
    """Who holds a piece of work ("pubmed", "compose:LIST"), in real time."""

    __tablename__ = "lease"

    name: Words = Field(primary_key=True, sa_type=PlainText)
    holder: Words
    token: Words
    until: dt.datetime
