"""Corrections say where they are told, and who says so; the papers that readers had are read again, in rereadings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds the columns and the tables. Nothing wrote corrections before: should one be there, PubMed said so."""
    _corrections()
    _told()
    _rereadings()


def _corrections() -> None:
    with op.batch_alter_table("correction") as correction:
        correction.add_column(sa.Column("notice_pmid", sa.Integer(), nullable=True))
        correction.add_column(sa.Column("notice_doi", sa.Text(), nullable=True))
        correction.add_column(sa.Column("citation", sa.Text(), nullable=True))
        correction.add_column(sa.Column("sources", sa.Text(), nullable=True))
        correction.add_column(sa.Column("label", sa.Text(), nullable=True))
        correction.add_column(sa.Column("dated", sa.Date(), nullable=True))
        correction.add_column(sa.Column("ended_at", UTCDateTime(), nullable=True))
        correction.add_column(sa.Column("about_id", sa.Integer(), nullable=True))
    op.execute("UPDATE correction SET citation = '', label = '', sources = '[\"PubMed\"]'")
    with op.batch_alter_table("correction") as correction:
        for name in ("citation", "sources", "label"):
            correction.alter_column(name, existing_type=sa.Text(), nullable=False)
    op.create_index("correction_notice", "correction", ["notice_pmid"])


def _told() -> None:
    with op.batch_alter_table("correction_told") as told:
        told.add_column(sa.Column("notice_id", sa.Integer(), nullable=True))
        told.add_column(sa.Column("with_paper", sa.Boolean(), nullable=True))
        told.add_column(sa.Column("told_at", UTCDateTime(), nullable=True))
        told.create_foreign_key("fk_correction_told_notice_id_notice", "notice", ["notice_id"], ["id"])
    table = sa.table("correction_told", sa.column("with_paper", sa.Boolean()))
    op.execute(table.update().values(with_paper=False))
    op.execute(
        "UPDATE correction_told SET told_at = (SELECT digest.composed_at FROM digest WHERE digest.id = correction_told.digest_id)"
    )
    with op.batch_alter_table("correction_told") as told:
        told.alter_column("digest_id", existing_type=sa.Integer(), nullable=True)
        told.alter_column("with_paper", existing_type=sa.Boolean(), nullable=False)
        told.alter_column("told_at", existing_type=UTCDateTime(), nullable=False)


def _rereadings() -> None:
    op.create_table(
        "rereading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_at", UTCDateTime(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("papers", "absent", "found", "requests")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("dois", "unanswered", "failures")),
        sa.Column("failed_at", UTCDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_rereading"),
    )
    where = sa.text("finished_at IS NULL")
    op.create_index("rereading_open", "rereading", ["slot_at"], unique=True, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "reread",
        sa.Column("pmid", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("crossref_at", UTCDateTime(), nullable=True),
        sa.Column("absent_since", UTCDateTime(), nullable=True),
        sa.Column("absent_at", UTCDateTime(), nullable=True),
        sa.Column("absent_readings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("pmid", name="pk_reread"),
    )
