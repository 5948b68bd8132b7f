"""A delivery says how it was taken, where that is worth a word: that a mail went without its attachment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds the column, which earlier rows have nothing for."""
    op.add_column("delivery", sa.Column("remark", sa.Text(), nullable=True))
