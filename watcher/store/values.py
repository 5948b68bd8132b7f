"""What the store answers and what it is given to write, as frozen values. Rows never cross this door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from watcher.domain import (
    Article,
    Corrected,
    Correction,
    Entered,
    FeedEntry,
    Gap,
    HitState,
    Message,
    Origin,
    Outcome,
    OwnGround,
    PushOutcome,
    PushState,
    RankingFacts,
    Receipt,
    RecordId,
    RunReport,
    Scored,
    Section,
    SeedsFrom,
    Verdict,
)

# --- configuration ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LastGood:
    """The configuration that was good when it was loaded last: `document` is its JSON, secrets left out."""

    sha256: str
    document: str
    loaded_at: datetime


# --- runs -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A query version to be put in force: its full set was read whole. `cut`: records created before it are baseline."""

    term: str
    cut: date
    translation: str
    phrases_not_found: tuple[str, ...]
    matched: int


@dataclass(frozen=True, slots=True)
class QueryVersion:
    """A query version as it is kept; `ordinal` counts from 1 within its watch."""

    id: int
    watch: str
    ordinal: int
    term: str
    cut: date
    translation: str
    phrases_not_found: tuple[str, ...]
    matched: int
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class RunHistory:
    """What the next run of a watch has to know of the earlier ones.

    `window_to` is of the last good run that searched a window, or read a whole set for the first time or after an edit.
    `failed_in_row` counts the runs since the last good one that failed, were refused or were abandoned, `abandoned_in_row` the latest
    of them that were abandoned one after the other; `failing_since` is when the first of them started, `failed_at` when the last one
    ended, `failed_config_sha256` the configuration under which that one ran, `config_sha256` that
    of the last run. Runs that ended because the service was stopped are left out of everything.
    """

    last_good: RunReport | None = None
    last: RunReport | None = None
    window_to: date | None = None
    full_set_at: datetime | None = None
    full_set_as_of: date | None = None
    full_set_matched: int = 0
    failed_in_row: int = 0
    failing_since: datetime | None = None
    similar_at: datetime | None = None
    config_sha256: str | None = None
    abandoned_in_row: int = 0
    failed_at: datetime | None = None
    failed_config_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """What a run asks of a stored record before it fetches it again. `fetched_at`: when EFetch last gave it, changed or not."""

    record_id: RecordId
    content_sha256: str
    fetched_at: datetime
    has_abstract: bool
    has_headings: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A hit whose record EFetch does not give yet."""

    record_id: RecordId
    since: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class Fed:
    """What a run puts into the feed of its watch, what stands first on top: entries, and beside them papers that are too many to be shown."""

    entries: tuple[FeedEntry, ...] = ()
    beside: tuple[RecordId, ...] = ()


@dataclass(frozen=True, slots=True)
class RunCommit:
    """Everything that one good run changes, written in one transaction.

    `news` and `awaiting`: new hits with and without a record. `arrived` and `unavailable`: earlier awaiting ones that came, or were
    given up. `starters`: baseline hits to be shown once. `absent` and `present`: of the ledger, at a full-set reading.
    """

    report: RunReport
    version: NewVersion | None = None
    articles: Sequence[Article] = ()
    news: Mapping[RecordId, frozenset[Origin]] = field(default_factory=dict)
    awaiting: Mapping[RecordId, frozenset[Origin]] = field(default_factory=dict)
    still_awaiting: tuple[RecordId, ...] = ()
    arrived: tuple[RecordId, ...] = ()
    unavailable: tuple[RecordId, ...] = ()
    baseline: frozenset[RecordId] = frozenset()
    starters: tuple[RecordId, ...] = ()
    absent: frozenset[RecordId] = frozenset()
    present: frozenset[RecordId] = frozenset()
    ranking: RankingFacts | None = None
    scores: Sequence[Scored] = ()
    similar_read: bool = False
    fed: Fed = Fed()


# --- seeds ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResolvedSeedRow:
    """How an entry of a seed file was resolved when it was last looked at."""

    path: str
    locator: str
    file_sha256: str
    record_id: RecordId | None
    resolved_by: str | None
    resolved_at: datetime
    problem: str | None


# --- composing --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a digest decided about one hit, to be written with it."""

    watch: str
    record_id: RecordId
    outcome: Outcome
    score: float
    threshold: float
    ranking_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """A message and to whom it goes; `recipients` is ("",) when the channel's URL says who."""

    message: Message
    channel: str
    recipients: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class ListHistory:
    """What the next digest of a list has to know of the earlier ones; `last_…` are of the latest digest. `created_at` is None
    for a list that no working process has registered yet."""

    name: str
    created_at: datetime | None = None
    last_period: str | None = None
    last_slot_at: datetime | None = None
    covers_to: date | None = None
    last_composed_at: datetime | None = None
    last_papers: int = 0
    digests: int = 0


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """A digest as it is kept."""

    id: int
    list_name: str
    period: str
    kind: str
    slot_at: datetime
    covers_from: date
    covers_to: date
    composed_at: datetime
    papers: int
    gaps: tuple[Gap, ...]
    receipt: Receipt
    late_reason: str


# --- notices and deliveries -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueuedFacts:
    """A paper that a reader has still to look at: since `at` in a digest of the list, with the score that it was judged by; or kept for
    later since then."""

    record_id: RecordId
    at: datetime
    list_name: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class StopFacts:
    """A reader's stop of a list: for good, or until an instant. `reader` is their folded address; `ended_at`: they take it up again."""

    id: int
    list_name: str
    reader: str
    made_at: datetime
    until_at: datetime | None = None
    via: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """A failure that people were told of and that has not ended. `since` is when it began, `opened_at` when they were told."""

    id: int
    topic: str
    since: datetime
    what: str
    opened_at: datetime
    headline: str | None = None
    todo: str | None = None

    @property
    def whole(self) -> str:
        """What was told, in sentences; an earlier version kept no headline of its own."""
        return " ".join(filter(None, [self.headline and f"{self.headline}.", self.what]))


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """Where a delivery stands, for people. `list_name` and `period` are None for a notice, `topic` for a digest. `reason` is what the
    last attempt failed of, None when none has failed; `fix` what a person can do about it; `remark` what is to be known of how it was
    taken, such as that a mail went without its attachment."""

    id: int
    list_name: str | None
    period: str | None
    channel: str
    recipient: str
    part: int
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    sent_at: datetime | None
    reason: str | None
    rfc822_id: str
    topic: str | None = None
    fix: str | None = None
    remark: str | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the last attempt was refused or got no answer."""
        return self.reason is not None


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """A try at a delivery. Without `finished_at` it is under way; `outcome` is the state that the delivery had after it, or "lost" where
    nobody could tell."""

    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    reason: str | None
    fix: str | None


class Resending(StrEnum):
    """What came of asking that a delivery is sent again: it is owed; it is being sent this moment; its reader stopped the list."""

    OWED = "owed"
    BEING_SENT = "being-sent"
    STOPPED = "stopped"


# --- the past -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownList:
    """A list that the database knows, and how many digests it had. `removed_at`: since when the configuration no longer has it."""

    name: str
    removed_at: datetime | None
    digests: int


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it is stored; `message` is None when its bytes are not those that were written."""

    kind: str
    part: int
    subject: str
    message: Message | None


@dataclass(frozen=True, slots=True)
class IssuedPaper:
    """A paper that a digest presented: the record that it showed, where, and its title, "" when it has none."""

    record_id: RecordId
    section: Section
    title: str


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run; `report` is None while it is under way."""

    id: int
    watch: str
    kind: str
    started_at: datetime
    report: RunReport | None


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A configuration that was good, as JSON without secrets, and when it was taken up last."""

    sha256: str
    document: str
    loaded_at: datetime


# --- questions --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HitFacts:
    """One watch's knowledge of a record: how and when it came, and whether its record is there."""

    watch: str
    state: HitState
    origins: frozenset[Origin]
    first_seen_at: datetime
    tries: int
    news_at: datetime | None
    unavailable_at: datetime | None
    starter_at: datetime | None
    absent_since: datetime | None
    absent_readings: int


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """What a list that takes a watch, or took it, has to do with a hit of it. `owed`: the list has never judged the hit, and does so in
    the next digest that it has while it takes the watch. `since` is the record creation day from which it has the watch's news,
    `taken_at` when it took the watch last, `until` the day on which it gave it up (None: it takes it). `list_removed_at` and
    `watch_removed_at`: when one of them left the configuration."""

    list_name: str
    watch: str
    owed: bool
    since: date
    taken_at: datetime
    until: date | None
    list_removed_at: datetime | None
    watch_removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """A score that was given; `current` when it belongs to the record as it is stored now."""

    watch: str
    ranking_sha256: str
    made_at: datetime
    current: bool
    scored: Scored


@dataclass(frozen=True, slots=True)
class JudgementFacts:
    """What a digest decided about the record."""

    list_name: str
    watch: str
    digest_id: int
    period: str
    composed_at: datetime
    outcome: Outcome
    score: float
    threshold: float
    ranking_sha256: str | None


@dataclass(frozen=True, slots=True)
class PresentedFacts:
    """How the record's work reached the readers of a list; `record_id` is the record that was shown, `gave_way_to` the pick that it is so
    like that it was no pick itself."""

    list_name: str
    digest_id: int
    period: str
    composed_at: datetime
    record_id: RecordId
    section: Section
    position: int
    gave_way_to: RecordId | None = None


@dataclass(frozen=True, slots=True)
class FollowUpFacts:
    """A list's readers were told of this record as a later record of a work that they had."""

    list_name: str
    digest_id: int
    period: str
    composed_at: datetime


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """A paper of one watch whose text is stored, and how far it has come. `outcome` is what a list decided last, a presentation before
    all else; None while none has judged it."""

    article: Article
    work_id: int
    state: HitState
    news_at: datetime | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many papers an export goes without: their texts were dropped since no digest presented them, or are damaged."""

    dropped: int = 0
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is known of one record, oldest first within each part; `claims` hold one value for each list and watch.

    `deliveries` are those of the digests that presented its work or told of it; `verdicts` hold those taken back too. Of a paper whose
    text was dropped at `forgotten_at`, or `is_damaged`, `title` is left and `article` is None.
    """

    record_id: RecordId
    article: Article | None
    work_record_ids: tuple[RecordId, ...]
    hits: tuple[HitFacts, ...]
    scores: tuple[ScoreFacts, ...]
    judgements: tuple[JudgementFacts, ...]
    presented: tuple[PresentedFacts, ...]
    follow_ups: tuple[FollowUpFacts, ...]
    deliveries: tuple[DeliveryFacts, ...]
    title: str = ""
    forgotten_at: datetime | None = None
    is_damaged: bool = False
    verdicts: tuple[Verdict, ...] = ()
    claims: tuple[ClaimFacts, ...] = ()
    corrections: tuple[CorrectionFacts, ...] = ()

    @property
    def seen(self) -> bool:
        """Whether any watch ever matched it."""
        return bool(self.hits)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """The size of things, for `status`. `damaged` counts the records whose stored text is not what was
    written. `oldest_at` is when the oldest delivery still owed was composed."""

    schema: str
    articles: int
    works: int
    hits: int
    awaiting: int
    damaged: int
    digests: int
    presented: int
    pending: int
    sending: int
    parked: int
    oldest_at: datetime | None
    size_bytes: int


# --- corrections --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rereading:
    """Papers that readers had are read again, for the time `slot_at`. At `read_at` all of PubMed's records were
    read, at `finished_at` everything was done. `papers`, `absent`, `dois` and `unanswered` count records, `found` corrections; `error` is
    what failed last, `failures` how often in a row."""

    id: int
    slot_at: datetime
    started_at: datetime
    read_at: datetime | None = None
    finished_at: datetime | None = None
    papers: int = 0
    absent: int = 0
    found: int = 0
    requests: int = 0
    dois: int = 0
    unanswered: int = 0
    failures: int = 0
    failed_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CollectionFacts:
    """A collection of Zotero that seeds follow. `papers` counts those that it gives as seeds; `version` is the library's of the last whole
    reading at `read_at`, `looked_at` the last look that ended well. `shrank_to`: so few papers were found that the former ones stay, unless a
    person `accepts` it. `failures` in a row, with what the last one said."""

    id: int
    source: SeedsFrom
    name: str = ""
    papers: int = 0
    version: int | None = None
    read_at: datetime | None = None
    looked_at: datetime | None = None
    shrank_to: int | None = None
    accepts: bool = False
    failures: int = 0
    failed_at: datetime | None = None
    error: str | None = None
    fix: str | None = None
    may_pass: bool = True


@dataclass(frozen=True, slots=True)
class CollectionChange:
    """How a followed collection was found otherwise than before: papers that came, went, and whose words are others."""

    found_at: datetime
    came: int
    went: int
    changed: int

    @property
    def is_any(self) -> bool:
        """Whether anything is other than before."""
        return bool(self.came or self.went or self.changed)


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """A library whose papers are indexed: the version of the last whole reading at `read_at`, whether a reading is to be gone on with, how
    many papers are known, and `failures` in a row, with what the last one said."""

    library: str
    version: int | None = None
    read_at: datetime | None = None
    is_open: bool = False
    papers: int = 0
    failures: int = 0
    failed_at: datetime | None = None
    error: str | None = None
    fix: str | None = None
    may_pass: bool = True


@dataclass(frozen=True, slots=True)
class ZoteroItemFacts:
    """An item of a library. `body` is what is kept of its words, None where nobody needs them."""

    key: str
    version: int
    is_paper: bool
    body: str | None = None
    pmid: int | None = None
    doi: str | None = None
    pmcid: str | None = None
    title_key: str = ""
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PushFacts:
    """A marked paper that is owed to a collection, or was pushed: under which key it is made where there is no item, how often it was tried,
    when it is tried next, and what the last try said."""

    id: int
    record_id: RecordId
    item_key: str
    state: PushState
    attempts: int
    created_at: datetime
    next_at: datetime
    finished_at: datetime | None = None
    outcome: PushOutcome | None = None
    reason: str | None = None
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class ZoteroServerFacts:
    """What a server of Zotero's Web API asked for: not to be asked before an instant; and that it does not know the key of a
    configuration, with what it said."""

    rests_until: datetime | None = None
    refused_at: datetime | None = None
    refused_config_sha256: str | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """A stored record that PubMed no longer gives."""

    record_id: RecordId
    doi: str | None


@dataclass(frozen=True, slots=True)
class Untold:
    """A paper that a list had, with what its readers were never told of; `readers` are those who got the paper, as channel and
    recipient."""

    paper: Corrected
    readers: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TellingFacts:
    """A list that had the paper, and when it was told: in the digest of `period`, `with_paper` beside the paper itself, or at once (None).
    Without `told_at` it was not told yet; `removed_at`: it left the configuration."""

    list_name: str
    had_period: str
    had_at: datetime
    removed_at: datetime | None = None
    told_at: datetime | None = None
    period: str | None = None
    with_paper: bool = False


@dataclass(frozen=True, slots=True)
class CorrectionFacts:
    """A correction, and who was told of it. `ended_at`: since when no source says so any more. `seed_of` and `marked_for` are watches;
    `owner_told_at` is when their owner was told, which is done where no list presented the paper and the ranking goes on with it."""

    correction: Correction
    title: str
    tellings: tuple[TellingFacts, ...]
    seed_of: tuple[str, ...] = ()
    marked_for: tuple[str, ...] = ()
    ended_at: datetime | None = None
    owner_told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """A feed as it is stored: its id of the form urn:uuid:…, when it was made, its last entries, the latest first. An entry without an address
    was damaged: the rest of it is what is known besides."""

    id: str
    made_at: datetime
    entries: tuple[Entered, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of a watch's own papers. `term`: the query that they match; `content`: what the ranking reads; `ranking_sha256`: the
    ranking that said how far it believes it, None while none has."""

    sha256: str
    term: str
    papers: int
    taken_at: datetime
    content: bytes = field(repr=False)
    ranking_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """What is told of a watch's snapshot; `belief` is None until a run has asked the ranking."""

    papers: int
    taken_at: datetime
    belief: OwnGround | None
