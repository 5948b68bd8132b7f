"""Seeds may follow collections of Zotero, and a library is indexed: what they hold is kept, item by item."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from watcher.store.migrations.column_types import UTCDateTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Adds the tables."""
    op.create_table(
        "zotero_server",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("rests_until", UTCDateTime(), nullable=True),
        sa.Column("refused_at", UTCDateTime(), nullable=True),
        sa.Column("refused_config_sha256", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("address", name="pk_zotero_server"),
    )
    op.create_table(
        "zotero_collection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("subcollections", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.Column("looked_at", UTCDateTime(), nullable=True),
        sa.Column("shrank_to", sa.Integer(), nullable=True),
        sa.Column("accepts", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", UTCDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("fix", sa.Text(), nullable=True),
        sa.Column("may_pass", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_zotero_collection"),
        sa.UniqueConstraint(
            "library", "collection", "subcollections", name="uq_zotero_collection_library_collection_subcollections"
        ),
    )
    _items()
    op.create_table(
        "zotero_library",
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", UTCDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("fix", sa.Text(), nullable=True),
        sa.Column("may_pass", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("library", name="pk_zotero_library"),
    )
    _members()


def _members() -> None:
    op.create_table(
        "zotero_member",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("collection_id", "item_key", name="pk_zotero_member"),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["zotero_collection.id"], name="fk_zotero_member_collection_id_zotero_collection"
        ),
    )
    op.create_table(
        "zotero_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.Column("came", sa.Integer(), nullable=False),
        sa.Column("went", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_zotero_change"),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["zotero_collection.id"], name="fk_zotero_change_collection_id_zotero_collection"
        ),
    )
    op.create_index("zotero_change_found", "zotero_change", ["collection_id", "found_at"])


def _items() -> None:
    op.create_table(
        "zotero_item",
        sa.Column("library", sa.Text(), nullable=False),
        sa.Column("item_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_paper", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("pmid", sa.Integer(), nullable=True),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("pmcid", sa.Text(), nullable=True),
        sa.Column("title_key", sa.Text(), nullable=True),
        sa.Column("gone_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("library", "item_key", name="pk_zotero_item"),
    )
    for name in ("pmid", "doi", "pmcid"):
        op.create_index(f"zotero_item_{name}", "zotero_item", [name])
    op.create_index("zotero_item_title", "zotero_item", ["title_key"])
