"""The tables of the text index. They hold nothing that the database does not: any of it can be made anew, so no backup has it.

* SQLite: in a file of its own beside the database, `watcher.db.search`. A search has both open, the index as a second schema.
* PostgreSQL: beside the other tables, made when they are first needed.

    search_state    which database, which form, and up to which change the index has followed
    search_paper    a row for each paper (a work): the record by which it is shown
    search_record   which paper a record belongs to
    search_text     its words: an FTS5 table, or a tsvector for each paper
    search_part     PostgreSQL: those of papers with more words than a tsvector holds, in parts
    search_value    journals, publication types, chips; search_tag says which paper has which

A paper's `key` is its day and its work's number: in its order papers are by age, and a span of days is a span of keys.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from watcher.store.columns import PlainText, RecordNumber

FORM = 1
"""How texts are folded and laid out, what is a chip included. An index of another form is made anew."""

GAP = "x0"
"""Stands between texts, so that no phrase reaches from one into the next. No folded word has both a letter and a digit."""

FIELDS = ("title", "author", "journal", "other")
"""Where words stand; by PostgreSQL's weights A to D."""

_WORK_BITS = 32


def key_of(day: date | None, work_id: int) -> int:
    """The key of a paper."""
    return first_key(day or date.min) | work_id


def first_key(day: date) -> int:
    """Not more than the key of any paper of the day."""
    return day.toordinal() << _WORK_BITS


def work_of(key: int) -> int:
    """The work of a key."""
    return key & ((1 << _WORK_BITS) - 1)


def day_of(key: int) -> date | None:
    """The day of a key, None where the paper has none."""
    day = date.fromordinal(key >> _WORK_BITS)
    return None if day == date.min else day


METADATA = sa.MetaData()

state = sa.Table(
    "search_state",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("form", sa.Integer, nullable=False),
    sa.Column("token", PlainText, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("work_id", sa.Integer, nullable=False),
)
papers = sa.Table(
    "search_paper",
    METADATA,
    sa.Column("key", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("work_id", sa.Integer, nullable=False, unique=True),
    sa.Column("record_id", RecordNumber, nullable=False),
)
records = sa.Table(
    "search_record",
    METADATA,
    sa.Column("record_id", RecordNumber, primary_key=True, autoincrement=False),
    sa.Column("key", sa.BigInteger, nullable=False),
    sa.Index("search_record_key", "key", "record_id"),
)
values = sa.Table(
    "search_value",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", PlainText, nullable=False),
    sa.Column("value", PlainText, nullable=False),
    sa.Column("folded", PlainText, nullable=False),
    sa.UniqueConstraint("kind", "value", name="search_value_value"),
    sa.Index("search_value_folded", "kind", "folded"),
)
tags = sa.Table(
    "search_tag",
    METADATA,
    sa.Column("value_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Index("search_tag_key", "key", "value_id"),
    sqlite_with_rowid=False,
)
texts = sa.table("search_text", sa.column("key", sa.BigInteger), *(sa.column(name) for name in FIELDS), sa.column("words"))
parts = sa.table("search_part", sa.column("key", sa.BigInteger), sa.column("words"))

_TEXT = {
    "sqlite": (
        f"CREATE VIRTUAL TABLE search_text USING fts5({', '.join(FIELDS)}, tokenize = 'ascii', detail = full, columnsize = 0)",
    ),
    "postgresql": (
        "CREATE TABLE search_text (key BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
        "CREATE INDEX search_text_words ON search_text USING gin (words)",
        "CREATE TABLE search_part (key BIGINT NOT NULL, words TSVECTOR NOT NULL)",
        "CREATE INDEX search_part_key ON search_part (key)",
        "CREATE INDEX search_part_words ON search_part USING gin (words)",
    ),
}


def is_there(session: sa.Connection) -> bool:
    """Whether the tables were made."""
    return sa.inspect(session).has_table(state.name)


def make(session: sa.Connection) -> None:
    """Makes the tables."""
    METADATA.create_all(session)
    for statement in _TEXT[session.dialect.name]:
        session.exec_driver_sql(statement)


def drop(session: sa.Connection) -> None:
    """Removes them, if they are there."""
    for name in ("search_text", "search_part"):
        session.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    METADATA.drop_all(session)
