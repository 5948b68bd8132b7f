"""Records in short: tests write the numbers of PubMed's records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watcher.domain import RecordId


def in_numbers(value: Any) -> Any:  # noqa: ANN401 - any container
    """A value in which each record stands as its number alone, so that a test can hold it against plain numbers."""
    if isinstance(value, RecordId):
        return value.id
    if isinstance(value, Mapping):
        return {in_numbers(key): in_numbers(held) for key, held in value.items()}
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(map(in_numbers, value))
    return value
