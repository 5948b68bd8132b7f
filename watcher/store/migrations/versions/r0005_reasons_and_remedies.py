"""What failed, of which kind, and what to do about it are values of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

KINDS = {
    "PubMedUnavailable": "no-answer",
    "BudgetExceeded": "answer-late",
    "AnswerTooLong": "answer-too-long",
    "IncompleteAnswer": "answer-incomplete",
    "QuietHours": "waits-for-quiet-hours",
    "BadQuery": "query-refused",
    "TooManyMatches": "too-many-matches",
    "CannotBeCut": "cannot-be-cut",
    "BadCredentials": "key-refused",
    "ConfigurationError": "seeds-unusable",
    "SeedError": "seeds-unreadable",
    "Abandoned": "cut-off",
    "Stopped": "stopped",
}
"""What earlier versions wrote, the names of classes, as it is called since."""


def upgrade() -> None:
    """Adds the columns, which earlier rows have nothing for: their one sentence stays the reason. Renames the kinds of errors."""
    for table, columns in (("delivery", ("fix",)), ("attempt", ("fix",)), ("run", ("fix",)), ("notice", ("headline", "todo"))):
        for column in columns:
            op.add_column(table, sa.Column(column, sa.Text(), nullable=True))
    run = sa.table("run", sa.column("error_kind", sa.Text()))
    named = sa.case(KINDS, value=run.c.error_kind, else_="other")
    op.execute(run.update().where(run.c.error_kind.is_not(None)).values(error_kind=named))
