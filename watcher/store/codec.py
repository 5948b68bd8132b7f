"""Frozen values to canonical JSON and back, by pydantic, for the dataclasses of `watcher.domain`.

The text is stable: keys sorted, fields at their default left out, so that a field added later changes neither the text nor the hash
of what is stored. Reading ignores unknown keys and gives missing ones their default, so that older and newer versions read each
other's text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def dumps(value: object) -> str:
    """The canonical JSON text of a frozen value, or of tuples and mappings of such."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), default=_told)


class Undecodable(ValueError):
    """A stored text is not what `dumps` wrote: it was damaged since."""


def loads(kind: type[T], text: str | bytes) -> T:
    """The value of type `kind` that `text` holds; `kind` may be generic, such as tuple[Gap, ...].

    Raises Undecodable when the text is not one that `dumps` wrote for this type.
    """
    adapter = _adapter(cast("Any", kind))
    try:
        try:
            return cast("T", adapter.validate_json(text))
        except ValidationError:  # pydantic's JSON takes no half of a surrogate pair, which Python's does
            return cast("T", adapter.validate_python(json.loads(text)))
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"no {getattr(kind, '__name__', kind)}: {error}") from error


def loads_or(kind: type[T], text: str | bytes, instead: T) -> T:
    """As `loads`; `instead` when the text is damaged, for what is told beside and must not stop what it stands beside."""
    try:
        return loads(kind, text)
    except Undecodable:
        return instead


def sha256(text: str | bytes) -> str:
    """The hash of a canonical text, in hexadecimal digits."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - any annotation
    return TypeAdapter(kind)


def _plain(value: object) -> object:
    """A value whose dataclasses are mappings of the fields that are not at their default."""
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    return _adapter(cast("Any", type(value))).dump_python(value, exclude_defaults=True, by_alias=True)


def _told(value: object) -> object:
    """What JSON has no word for."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no place in a stored text")
