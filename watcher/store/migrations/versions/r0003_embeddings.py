"""Vectors of texts are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "embedding",
        sa.Column("model_sha256", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("model_sha256", "text_sha256", name="pk_embedding"),
    )
    op.create_index("embedding_text", "embedding", ["text_sha256"])
    op.create_index("embedding_made", "embedding", ["made_at"])
