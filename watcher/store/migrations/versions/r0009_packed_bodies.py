"""Article bodies are bytes, which may be packed. Those that are there stay as they are, text that is not packed: `repacking` packs them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Makes the column one of bytes, where it is none yet."""
    (body,) = [column for column in sa.inspect(op.get_bind()).get_columns("article") if column["name"] == "body"]
    if isinstance(body["type"], sa.LargeBinary):
        return
    with op.batch_alter_table("article") as article:
        article.alter_column(
            "body",
            existing_type=sa.Text(),
            type_=sa.LargeBinary(),
            existing_nullable=True,
            postgresql_using="convert_to(body, 'UTF8')",
        )
