"""The keys that the configuration takes and that do nothing yet, in one table: the warning, the schema, docs/configuration.md and the
README follow it. A feature that comes takes its keys out of here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from watcher.config.document import KeyPath
from watcher.config.settings import Settings

ANY = "*"
"""Stands for each name of a section."""

WITHOUT_EFFECT: tuple[KeyPath, ...] = (
    ("watches", ANY, "must_find"),
    ("watches", ANY, "lift"),
    ("vocabulary",),
    ("projects",),
)
"""A section that stands here alone has no key with an effect."""

NOT_YET = "**Not yet**: it has no effect in this version."


def set_without_effect(settings: Settings) -> Iterator[KeyPath]:
    """The keys of the table that were set, each by its whole path."""
    for known in WITHOUT_EFFECT:
        yield from _set_below(settings, known, ())


def _set_below(value: object, wanted: KeyPath, so_far: KeyPath) -> Iterator[KeyPath]:
    if not wanted:
        yield so_far
    elif isinstance(value, Mapping) and wanted[0] == ANY:
        for name, one in value.items():
            yield from _set_below(one, wanted[1:], (*so_far, name))
    elif isinstance(value, BaseModel) and wanted[0] in value.model_fields_set:
        yield from _set_below(getattr(value, str(wanted[0])), wanted[1:], (*so_far, wanted[0]))
