"""A configuration as it once stood, read from the document that the database keeps of it; asked for what was decided by it then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class StandingList:
    """A list as it stood: its schedule in its time zone, and until when it was paused."""

    schedule: str | None
    timezone: str | None
    pause_until: date | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A configuration as it stood. What an earlier version of watcher did not write down is None, or not there."""

    timezone: str | None = None
    run_schedule: str | None = None
    lists: Mapping[str, StandingList] = field(default_factory=dict)

    @classmethod
    def read(cls, document: str | None) -> Standing:
        """What a document says that `Settings.document_without_secrets` gave; None: none is kept of that time."""
        values: dict[str, Any] = json.loads(document) if document else {}
        timezone = values.get("timezone")
        lists = {name: _list(one, timezone) for name, one in values.get("lists", {}).items()}
        return cls(timezone, values.get("runs", {}).get("schedule"), lists)


def _list(values: Mapping[str, Any], timezone: str | None) -> StandingList:
    return StandingList(values.get("schedule"), values.get("timezone") or timezone, _day(values.get("pause_until")))


def _day(written: str | None) -> date | None:
    """The day; None when there is none, or it was damaged in the database."""
    try:
        return date.fromisoformat(written) if written else None
    except (TypeError, ValueError):
        return None
