"""A record is known by its number, which is its PMID for PubMed: the columns are no longer named after PubMed. Nothing but names changes: no
row is written and no place on the disk is needed. Constraints keep the names that they were made with."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

_COLUMNS = (
    ("article", "pmid", "record_id"),
    ("work_link", "from_pmid", "from_record_id"),
    ("work_link", "to_pmid", "to_record_id"),
    ("correction", "pmid", "record_id"),
    ("correction", "notice_pmid", "notice_record_id"),
    ("reread", "pmid", "record_id"),
    ("seed", "pmid", "record_id"),
    ("hit", "pmid", "record_id"),
    ("hit_origin", "pmid", "record_id"),
    ("score", "pmid", "record_id"),
    ("verdict", "pmid", "record_id"),
    ("judgement", "pmid", "record_id"),
    ("presented", "pmid", "record_id"),
    ("follow_up", "pmid", "record_id"),
)


def upgrade() -> None:
    """Renames the columns, and the two indexes that are named after one."""
    for table, former, name in _COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {former} TO {name}")
    for table in ("hit", "judgement"):
        if op.get_bind().dialect.name == "sqlite":  # which cannot rename an index
            op.drop_index(f"{table}_pmid", table)
            op.create_index(f"{table}_record", table, ["record_id"])
        else:
            op.execute(f"ALTER INDEX {table}_pmid RENAME TO {table}_record")
