"""A reader's note on a paper."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Adds the table, which is empty."""
    op.create_table(
        "note",
        sa.Column("record_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "reader", name="pk_note"),
    )
