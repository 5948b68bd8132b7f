"""A record whose stored text is damaged says since when that is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds the column, and the index by which these records are found at once."""
    op.add_column("article", sa.Column("damaged_at", UTCDateTime(), nullable=True))
    damaged = sa.text("damaged_at IS NOT NULL")
    op.create_index("article_damaged", "article", ["pmid"], sqlite_where=damaged, postgresql_where=damaged)
