"""Notices say what they are about; a subscription knows after which run it began; the oldest texts are found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the columns, fills them from what is there, and adds the indexes."""
    _notices()
    _subscriptions()
    _partial_index("article_kept", "article", ["fetched_at"], "forgotten_at IS NULL")


def _partial_index(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _notices() -> None:
    """Earlier versions wrote none: should one be there, its key is its topic, which no two can share."""
    with op.batch_alter_table("notice") as notice:
        notice.add_column(sa.Column("topic", sa.Text(), nullable=True))
        notice.add_column(sa.Column("what", sa.Text(), nullable=True))
        notice.add_column(sa.Column("since", UTCDateTime(), nullable=True))
    op.execute("UPDATE notice SET topic = key, what = '', since = opened_at")
    with op.batch_alter_table("notice") as notice:
        for name, kind in (("topic", sa.Text()), ("what", sa.Text()), ("since", UTCDateTime())):
            notice.alter_column(name, existing_type=kind, nullable=False)
    _partial_index("notice_open", "notice", ["topic"], "closed_at IS NULL", unique=True)


def _subscriptions() -> None:
    with op.batch_alter_table("subscription") as subscription:
        subscription.add_column(sa.Column("after_run_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE subscription SET after_run_id = (SELECT coalesce(max(run.id), 0) FROM run "
        "WHERE run.watch_id = subscription.watch_id AND run.finished_at < subscription.created_at)"
    )
    with op.batch_alter_table("subscription") as subscription:
        subscription.alter_column("after_run_id", existing_type=sa.Integer(), nullable=False)
