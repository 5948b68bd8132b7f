"""Column types of the migrations' own, so that one that was written never changes with a library. These are never edited either."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa


class UTCDateTime(sa.TypeDecorator[datetime]):
    """An instant: aware and in UTC here; in the database TIMESTAMP WITH TIME ZONE where there is such a type, else UTC without offset."""

    impl = sa.DateTime
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(timezone=True)

    def __repr__(self) -> str:
        return "UTCDateTime()"

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """The instant to store. Raises ValueError for one without an offset."""
        del dialect
        if value is not None and value.utcoffset() is None:
            raise ValueError(f"{value}: an instant needs an offset")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """The stored instant, aware."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.utcoffset() is None else value.astimezone(UTC)
