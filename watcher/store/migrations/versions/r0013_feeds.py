"""Lists and watches have feeds, whose entries stay as they were worded."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Adds the tables, and a feed without entries for each list and watch that is there. What watches have found so far is no news to them."""
    feed = _feeds()
    _entries()
    connection = op.get_bind()
    lists = connection.execute(sa.text("SELECT id, created_at FROM digest_list").columns(created_at=UTCDateTime()))
    rows = [{"list_id": number, "watch_id": None, "made_at": made_at, "after_run_id": 0} for number, made_at in lists]
    last = "SELECT id, created_at, (SELECT coalesce(max(run.id), 0) FROM run WHERE run.watch_id = watch.id) AS last FROM watch"
    watches = connection.execute(sa.text(last).columns(created_at=UTCDateTime()))
    rows += [{"list_id": None, "watch_id": number, "made_at": made_at, "after_run_id": run} for number, made_at, run in watches]
    if rows:
        connection.execute(feed.insert(), [{**row, "uuid": str(uuid.uuid4())} for row in rows])


def _feeds() -> sa.Table:
    return op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=True),
        sa.Column("watch_id", sa.Integer(), nullable=True),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("after_run_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed"),
        sa.ForeignKeyConstraint(["list_id"], ["digest_list.id"], name="fk_feed_list_id_digest_list"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_feed_watch_id_watch"),
        sa.UniqueConstraint("list_id", name="uq_feed_list_id"),
        sa.UniqueConstraint("watch_id", name="uq_feed_watch_id"),
        sa.UniqueConstraint("uuid", name="uq_feed_uuid"),
        sa.CheckConstraint("(list_id IS NULL) <> (watch_id IS NULL)", name=op.f("ck_feed_one_source")),
    )


def _entries() -> None:
    op.create_table(
        "feed_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("work_id", sa.Integer(), nullable=False),
        sa.Column("correction_id", sa.Integer(), nullable=True),
        sa.Column("last_correction_id", sa.Integer(), nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_feed_entry"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name="fk_feed_entry_feed_id_feed"),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name="fk_feed_entry_work_id_work"),
        sa.ForeignKeyConstraint(["correction_id"], ["correction.id"], name="fk_feed_entry_correction_id_correction"),
        sa.UniqueConstraint("feed_id", "key", name="uq_feed_entry_feed_id_key"),
    )
    op.create_index("feed_entry_work", "feed_entry", ["work_id"])
    where = sa.text("body IS NOT NULL")
    op.create_index("feed_entry_whole", "feed_entry", ["feed_id"], sqlite_where=where, postgresql_where=where)
