"""Marked papers are owed to a collection of Zotero."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "zotero_push",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=False),
        sa.Column("begun_at", UTCDateTime(), nullable=True),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fix", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_zotero_push"),
        sa.UniqueConstraint("library", "collection", "record_id", name="uq_zotero_push_library_collection_record_id"),
    )
