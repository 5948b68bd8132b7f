"""A reader may stop a list, and links to the page are signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Adds both tables, which are empty: nobody has stopped anything, and a key is made when one is first asked for."""
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signing_key"),
    )
    op.create_table(
        "stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("until_at", UTCDateTime(), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("owner_told_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_stop"),
        sa.ForeignKeyConstraint(["list_id"], ["digest_list.id"], name="fk_stop_list_id_digest_list"),
    )
