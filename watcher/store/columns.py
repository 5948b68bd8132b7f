"""The columns of the tables, as statements name them: names, types, keys and the values of what is left out.

`tables` describes the same as SQLModel rows, with all that a database holds to; it makes the schema. Building those models costs half a
second at each start and no statement needs them (docs/decisions/0060), so that it is imported by migrations and tests alone;
`tests/unit/test_store_columns.py` holds both equal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from watcher.domain import PUBMED_SOURCE, RecordId, RecordSource
from watcher.errors import StoreError


class PlainText(sa.TypeDecorator[str]):
    """Text that both databases can hold: without NUL, which PostgreSQL refuses, and with "?" for half characters (lone surrogates, as
    in the names of files that are not UTF-8)."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """The text to store."""
        del dialect
        if not value:
            return value
        whole = value if value.isascii() else value.encode("utf-8", "replace").decode()
        return whole.replace("\x00", "")


class Instant(sa.TypeDecorator[datetime]):
    """An instant: aware and in UTC here; in the database TIMESTAMP WITH TIME ZONE where there is such a type, else UTC without offset."""

    impl = sa.DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def __repr__(self) -> str:
        return "UTCDateTime()"

    def coerce_compared_value(self, op: Any, value: Any) -> sa.types.TypeEngine[Any]:  # noqa: ANN401 - as SQLAlchemy has it
        """An interval where one is added or taken away, else an instant."""
        del op
        return sa.Interval() if isinstance(value, timedelta) else self

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """The instant to store. Raises ValueError for one without an offset."""
        del dialect
        if value is not None and value.utcoffset() is None:
            raise ValueError(f"{value}: an instant needs an offset")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """The stored instant, aware."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.utcoffset() is None else value.astimezone(UTC)


class Bytes(sa.LargeBinary):
    """Bytes, handed out as they lie there: a damaged SQLite file may hold a text in their place, which is for its reader to find out."""

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[object], object]:
        """Bytes, or a text's."""
        del dialect
        return lambda value: value.encode("utf-8", "replace") if isinstance(value, str) else value

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> None:
        """Nothing is done to them."""
        del dialect, coltype


SOURCES: dict[RecordSource, int] = {PUBMED_SOURCE: 0}
"""The number of each source: 0 for PubMed, others from 1. It is never changed and never given to another source."""

OTHERS_BITS = 28
"""Bits that the numbers of a source's records have in its part of the numbers below 0. Eight sources fit into the 32 bits of a column."""


class RecordNumber(sa.TypeDecorator[RecordId]):
    """A record, as one whole number: its PMID for PubMed, a number below 0 for any other source. See docs/decisions/0067."""

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: RecordId | None, dialect: sa.Dialect) -> int | None:
        """The number to store. Raises ValueError for a record whose number is too large, StoreError for one of an unknown source."""
        del dialect
        if value is None:
            return None
        part = SOURCES.get(value.source)
        if part == 0:
            return value.id
        if part is None:
            raise StoreError(f"{value} is of a source that has no number here")
        if not 0 < value.id < 1 << OTHERS_BITS:
            raise ValueError(f"{value} is beyond the numbers that are kept of its source")
        return -((part - 1 << OTHERS_BITS) + value.id)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> RecordId | None:
        """The record that a stored number stands for. Raises StoreError for one of a source that this version does not know."""
        del dialect
        if value is None:
            return None
        if value >= 0:
            return RecordId(PUBMED_SOURCE, value)
        part, number = divmod(-value, 1 << OTHERS_BITS)
        source = next((source for source, its in SOURCES.items() if its == part + 1), None)
        if source is None:
            raise StoreError(f"record {value} is of a source that this version does not know: a newer one wrote it")
        return RecordId(source, number)


_METADATA = sa.MetaData()


def _column(name: str, kind: Any, key: bool, default: object) -> sa.Column[Any]:  # noqa: ANN401 - a type or its class
    return sa.Column(name, kind, primary_key=key, default=default)


def _number(name: str, *, key: bool = False, default: int | None = None) -> sa.Column[Any]:
    return _column(name, sa.Integer, key, default)


def _record(name: str, *, key: bool = False) -> sa.Column[Any]:
    return _column(name, RecordNumber, key, None)


def _text(name: str, *, key: bool = False, default: str | None = None) -> sa.Column[Any]:
    return _column(name, PlainText, key, default)


def _instant(name: str) -> sa.Column[Any]:
    return _column(name, Instant, False, None)


def _day(name: str, *, key: bool = False) -> sa.Column[Any]:
    return _column(name, sa.Date, key, None)


def _flag(name: str, *, default: bool | None = None) -> sa.Column[Any]:
    return _column(name, sa.Boolean, False, default)


def _real(name: str, *, default: float | None = None) -> sa.Column[Any]:
    return _column(name, sa.Float, False, default)


def _bytes(name: str) -> sa.Column[Any]:
    return _column(name, sa.LargeBinary, False, None)


articles = sa.Table(
    "article",
    _METADATA,
    _record("record_id", key=True),
    _number("work_id"),
    _number("version"),
    _text("doi"),
    _text("pmcid"),
    _text("title"),
    _column("body", Bytes, False, None),
    _day("crdt"),
    _day("edat"),
    _day("mhda"),
    _day("lr"),
    _text("pub_status"),
    _flag("is_notice"),
    _flag("has_abstract"),
    _flag("has_headings"),
    _text("content_sha256"),
    _instant("fetched_at"),
    _instant("abstract_at"),
    _instant("headings_at"),
    _instant("forgotten_at"),
    _instant("damaged_at"),
)
attempts = sa.Table(
    "attempt",
    _METADATA,
    _number("id", key=True),
    _number("delivery_id"),
    _instant("started_at"),
    _instant("handed_over_at"),
    _instant("finished_at"),
    _text("outcome"),
    _text("reason"),
    _text("fix"),
)
config_versions = sa.Table(
    "config_version",
    _METADATA,
    _number("id", key=True),
    _text("sha256"),
    _instant("loaded_at"),
    _text("document"),
)
corrections = sa.Table(
    "correction",
    _METADATA,
    _number("id", key=True),
    _record("record_id"),
    _text("kind"),
    _text("notice"),
    _instant("found_at"),
    _record("notice_record_id"),
    _text("notice_doi"),
    _text("citation", default=""),
    _text("sources"),
    _text("label", default=""),
    _day("dated"),
    _instant("ended_at"),
    _number("about_id"),
)
corrections_told = sa.Table(
    "correction_told",
    _METADATA,
    _number("correction_id", key=True),
    _number("list_id", key=True),
    _number("digest_id"),
    _number("notice_id"),
    _flag("with_paper", default=False),
    _instant("told_at"),
)
deliveries = sa.Table(
    "delivery",
    _METADATA,
    _number("id", key=True),
    _number("message_id"),
    _text("channel"),
    _text("recipient"),
    _text("state"),
    _number("attempts", default=0),
    _instant("created_at"),
    _instant("next_at"),
    _text("holder"),
    _text("token"),
    _instant("lease_until"),
    _text("rfc822_id"),
    _instant("sent_at"),
    _text("reason"),
    _text("fix"),
    _text("remark"),
)
digests = sa.Table(
    "digest",
    _METADATA,
    _number("id", key=True),
    _number("list_id"),
    _text("period"),
    _text("kind"),
    _instant("slot_at"),
    _day("covers_from"),
    _day("covers_to"),
    _text("gaps"),
    _instant("composed_at"),
    _number("papers"),
    _text("receipt"),
    _text("late_reason"),
)
embeddings = sa.Table(
    "embedding",
    _METADATA,
    _text("model_sha256", key=True),
    _text("text_sha256", key=True),
    _bytes("vector"),
    _instant("made_at"),
)
feed_entries = sa.Table(
    "feed_entry",
    _METADATA,
    _number("id", key=True),
    _number("feed_id"),
    _text("key"),
    _text("kind"),
    _record("record_id"),
    _number("work_id"),
    _number("correction_id"),
    _number("last_correction_id"),
    _instant("entered_at"),
    _column("body", Bytes, False, None),
    _text("sha256"),
)
feeds = sa.Table(
    "feed",
    _METADATA,
    _number("id", key=True),
    _number("list_id"),
    _number("watch_id"),
    _text("uuid"),
    _instant("made_at"),
    _number("after_run_id", default=0),
)
follow_ups = sa.Table(
    "follow_up",
    _METADATA,
    _number("list_id", key=True),
    _number("work_id", key=True),
    _record("record_id", key=True),
    _text("kind", key=True),
    _number("digest_id"),
)
hit_origins = sa.Table(
    "hit_origin",
    _METADATA,
    _number("watch_id", key=True),
    _record("record_id", key=True),
    _text("origin", key=True),
    _number("run_id"),
)
hits = sa.Table(
    "hit",
    _METADATA,
    _number("watch_id", key=True),
    _record("record_id", key=True),
    _text("state"),
    _number("first_run_id"),
    _number("query_version_id"),
    _number("tries", default=0),
    _instant("news_at"),
    _instant("unavailable_at"),
    _instant("starter_at"),
    _instant("absent_since"),
    _number("absent_readings", default=0),
)
judgements = sa.Table(
    "judgement",
    _METADATA,
    _number("list_id", key=True),
    _number("watch_id", key=True),
    _record("record_id", key=True),
    _number("digest_id", key=True),
    _text("outcome"),
    _real("score"),
    _real("threshold"),
    _number("ranking_id"),
)
leases = sa.Table(
    "lease",
    _METADATA,
    _text("name", key=True),
    _text("holder"),
    _text("token"),
    _instant("until"),
)
lists = sa.Table(
    "digest_list",
    _METADATA,
    _number("id", key=True),
    _text("name"),
    _instant("created_at"),
    _instant("removed_at"),
)
messages = sa.Table(
    "message",
    _METADATA,
    _number("id", key=True),
    _number("digest_id"),
    _number("notice_id"),
    _text("kind"),
    _number("part"),
    _text("subject"),
    _bytes("payload"),
    _text("sha256"),
)
notes = sa.Table(
    "note",
    _METADATA,
    _record("record_id", key=True),
    _text("reader", key=True),
    _text("text"),
    _instant("made_at"),
)
notices = sa.Table(
    "notice",
    _METADATA,
    _number("id", key=True),
    _text("key"),
    _text("topic"),
    _text("what"),
    _instant("since"),
    _instant("opened_at"),
    _instant("closed_at"),
    _text("headline"),
    _text("todo"),
)
presented = sa.Table(
    "presented",
    _METADATA,
    _number("list_id", key=True),
    _number("work_id", key=True),
    _record("record_id"),
    _number("digest_id"),
    _text("section"),
    _number("position"),
)
query_versions = sa.Table(
    "query_version",
    _METADATA,
    _number("id", key=True),
    _number("watch_id"),
    _number("ordinal"),
    _text("term"),
    _text("translation"),
    _text("phrases_not_found"),
    _instant("valid_from"),
    _day("baseline_cut"),
    _number("baseline_matched"),
)
rankings = sa.Table(
    "ranking",
    _METADATA,
    _number("id", key=True),
    _number("watch_id"),
    _text("sha256"),
    _text("seeds_sha256"),
    _text("background_sha256"),
    _number("last_verdict_id"),
    _text("code"),
    _instant("made_at"),
    _text("snapshot_sha256"),
)
reread = sa.Table(
    "reread",
    _METADATA,
    _record("record_id", key=True),
    _instant("asked_at"),
    _instant("crossref_at"),
    _instant("absent_since"),
    _instant("absent_at"),
    _number("absent_readings", default=0),
)
rereadings = sa.Table(
    "rereading",
    _METADATA,
    _number("id", key=True),
    _instant("slot_at"),
    _instant("started_at"),
    _instant("read_at"),
    _instant("finished_at"),
    _number("papers", default=0),
    _number("absent", default=0),
    _number("found", default=0),
    _number("requests", default=0),
    _number("dois", default=0),
    _number("unanswered", default=0),
    _number("failures", default=0),
    _instant("failed_at"),
    _text("error"),
)
runs = sa.Table(
    "run",
    _METADATA,
    _number("id", key=True),
    _number("watch_id"),
    _text("kind"),
    _number("query_version_id"),
    _number("config_id"),
    _instant("started_at"),
    _instant("finished_at"),
    _text("outcome"),
    _day("window_from"),
    _day("window_to"),
    _day("full_set_as_of"),
    _flag("similar_read", default=False),
    _text("translation", default=""),
    _text("warnings", default="[]"),
    _number("matched", default=0),
    _number("known", default=0),
    _number("fetched", default=0),
    _number("new", default=0),
    _number("awaiting", default=0),
    _number("selected", default=0),
    _number("requests", default=0),
    _real("seconds", default=0.0),
    _text("error_kind"),
    _text("error"),
    _text("fix"),
    _flag("may_pass", default=False),
)
scores = sa.Table(
    "score",
    _METADATA,
    _number("watch_id", key=True),
    _record("record_id", key=True),
    _number("ranking_id", key=True),
    _text("content_sha256", key=True),
    _real("value"),
    _text("reasons"),
)
search_changes = sa.Table(
    "search_change",
    _METADATA,
    _number("work_id", key=True),
    _number("number"),
)
search_sources = sa.Table(
    "search_source",
    _METADATA,
    _number("id", key=True),
    _text("token"),
)
seeds = sa.Table(
    "seed",
    _METADATA,
    _number("id", key=True),
    _number("watch_id"),
    _text("path"),
    _text("locator"),
    _text("file_sha256"),
    _record("record_id"),
    _text("resolved_by"),
    _instant("resolved_at"),
    _text("problem"),
    _instant("removed_at"),
)
signing_keys = sa.Table(
    "signing_key",
    _METADATA,
    _number("id", key=True),
    _text("secret"),
    _instant("made_at"),
)
snapshots = sa.Table(
    "snapshot",
    _METADATA,
    _number("watch_id", key=True),
    _text("sha256"),
    _text("term"),
    _number("papers"),
    _instant("taken_at"),
    _column("content", Bytes, False, None),
    _text("ranking_sha256"),
    _text("belief"),
)
stops = sa.Table(
    "stop",
    _METADATA,
    _number("id", key=True),
    _number("list_id"),
    _text("reader"),
    _instant("made_at"),
    _instant("until_at"),
    _text("via"),
    _instant("ended_at"),
    _instant("owner_told_at"),
)
subscriptions = sa.Table(
    "subscription",
    _METADATA,
    _number("list_id", key=True),
    _number("watch_id", key=True),
    _day("since", key=True),
    _day("until"),
    _instant("created_at"),
    _number("after_run_id"),
    _number("until_run_id"),
)
verdicts = sa.Table(
    "verdict",
    _METADATA,
    _number("id", key=True),
    _number("watch_id"),
    _record("record_id"),
    _text("reader"),
    _text("kind"),
    _instant("made_at"),
    _text("via"),
    _instant("undone_at"),
)
watches = sa.Table(
    "watch",
    _METADATA,
    _number("id", key=True),
    _text("name"),
    _instant("created_at"),
    _instant("removed_at"),
)
work_links = sa.Table(
    "work_link",
    _METADATA,
    _record("from_record_id", key=True),
    _record("to_record_id", key=True),
    _text("kind", key=True),
    _text("evidence"),
    _instant("found_at"),
)
works = sa.Table(
    "work",
    _METADATA,
    _number("id", key=True),
)
zotero_changes = sa.Table(
    "zotero_change",
    _METADATA,
    _number("id", key=True),
    _number("collection_id"),
    _instant("found_at"),
    _number("came"),
    _number("went"),
    _number("changed"),
)
zotero_collections = sa.Table(
    "zotero_collection",
    _METADATA,
    _number("id", key=True),
    _text("library"),
    _text("collection"),
    _flag("subcollections"),
    _text("name", default=""),
    _number("version"),
    _instant("read_at"),
    _instant("looked_at"),
    _number("shrank_to"),
    _flag("accepts", default=False),
    _number("failures", default=0),
    _instant("failed_at"),
    _text("error"),
    _text("fix"),
    _flag("may_pass", default=True),
)
zotero_items = sa.Table(
    "zotero_item",
    _METADATA,
    _text("library", key=True),
    _text("item_key", key=True),
    _number("version"),
    _flag("is_paper"),
    _text("body"),
    _number("pmid"),
    _text("doi"),
    _text("pmcid"),
    _text("title_key"),
    _instant("gone_at"),
)
zotero_libraries = sa.Table(
    "zotero_library",
    _METADATA,
    _text("library", key=True),
    _number("version"),
    _instant("read_at"),
    _flag("is_open", default=False),
    _number("failures", default=0),
    _instant("failed_at"),
    _text("error"),
    _text("fix"),
    _flag("may_pass", default=True),
)
zotero_members = sa.Table(
    "zotero_member",
    _METADATA,
    _number("collection_id", key=True),
    _text("item_key", key=True),
)
zotero_pushes = sa.Table(
    "zotero_push",
    _METADATA,
    _number("id", key=True),
    _text("library"),
    _text("collection"),
    _record("record_id"),
    _text("item_key"),
    _text("state"),
    _number("attempts", default=0),
    _instant("created_at"),
    _instant("next_at"),
    _instant("begun_at"),
    _instant("finished_at"),
    _text("outcome"),
    _text("reason"),
    _text("fix"),
)
zotero_servers = sa.Table(
    "zotero_server",
    _METADATA,
    _text("address", key=True),
    _instant("rests_until"),
    _instant("refused_at"),
    _text("refused_config_sha256"),
    _text("said"),
)

NAMES = frozenset(_METADATA.tables)
"""What the tables are called in the database."""
