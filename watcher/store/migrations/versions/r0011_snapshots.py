"""A watch has a snapshot of its own papers, and a ranking may rest on one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds the table and the column. Rankings that are there rest on none."""
    op.create_table(
        "snapshot",
        sa.Column("watch_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("taken_at", UTCDateTime(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("ranking_sha256", sa.Text(), nullable=True),
        sa.Column("belief", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("watch_id", name="pk_snapshot"),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name="fk_snapshot_watch_id_watch"),
    )
    op.add_column("ranking", sa.Column("snapshot_sha256", sa.Text(), nullable=True))
