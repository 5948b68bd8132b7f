"""A subscription that has ended knows which run was the last before its end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_END_OF_DAY = {
    "sqlite": "datetime(subscription.until, '+29 hours')",
    "postgresql": "(subscription.until + interval '29 hours') AT TIME ZONE 'UTC'",
}
"""When the day on which it ended is over at NCBI: five hours after midnight UTC at the latest."""


def upgrade() -> None:
    """Adds the column, and fills it for what has ended by the day on which it did."""
    op.add_column("subscription", sa.Column("until_run_id", sa.Integer(), nullable=True))
    end = _END_OF_DAY[op.get_bind().dialect.name]
    op.execute(
        "UPDATE subscription SET until_run_id = (SELECT coalesce(max(run.id), 0) FROM run "  # noqa: S608 - both texts stand here
        f"WHERE run.watch_id = subscription.watch_id AND run.started_at < {end}) WHERE until IS NOT NULL"
    )
