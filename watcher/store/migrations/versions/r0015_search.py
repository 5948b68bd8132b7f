"""Works whose texts have changed are numbered, for the text index to follow; a record's scores are found by its number."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Adds the tables and the index. Every work that has records is new to the text index."""
    op.create_table(
        "search_change",
        sa.Column("work_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("work_id", name="pk_search_change"),
    )
    op.create_index("search_change_number", "search_change", ["number", "work_id"])
    op.create_table(
        "search_source",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_source"),
    )
    op.create_index("score_record", "score", ["record_id", "watch_id", "ranking_id", "value"])
    op.execute("INSERT INTO search_change (work_id, number) SELECT DISTINCT work_id, 1 FROM article")
    source = sa.text("INSERT INTO search_source (id, token) SELECT 1, :token WHERE EXISTS (SELECT 1 FROM search_change)")
    op.execute(source.bindparams(token=uuid.uuid4().hex))
