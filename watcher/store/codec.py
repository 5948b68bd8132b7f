"""Frozen values to canonical JSON and back, generic over the dataclasses of `watcher.domain`.

The text is stable: keys sorted, fields at their default left out, so that a field added later changes neither the text nor the hash
of what is stored. Reading ignores unknown keys and gives missing ones their default, so that older and newer versions read each
other's text.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast

T = TypeVar("T")


def dumps(value: object) -> str:
    """The canonical JSON text of a frozen value, or of tuples and mappings of such."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


class Undecodable(ValueError):
    """A stored text is not what `dumps` wrote: it was damaged since."""


_SIGNS = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What decoding a damaged text may end with: no JSON, no such value, a field without a default that is missing, another shape."""


def loads(kind: type[T], text: str | bytes) -> T:
    """The value of type `kind` that `text` holds; `kind` may be generic, such as tuple[Gap, ...].

    Raises Undecodable when the text is not one that `dumps` wrote for this type.
    """
    try:
        return cast("T", _reader(cast("Any", kind))(json.loads(text)))
    except _SIGNS as error:
        raise Undecodable(f"no {getattr(kind, '__name__', kind)}: {error}") from error


def loads_or(kind: type[T], text: str | bytes, instead: T) -> T:
    """As `loads`; `instead` when the text is damaged, for what is told beside and must not stop what it stands beside."""
    try:
        return loads(kind, text)
    except Undecodable:
        return instead


def sha256(text: str) -> str:
    """The hash of a canonical text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(held) for name, held in _told(value)}
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (frozenset, set)):
        return sorted(cast("Collection[Any]", [_plain(item) for item in value]))
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    return value


def _told(value: Any) -> list[tuple[str, object]]:  # noqa: ANN401 - any dataclass
    """The fields that are not at their default."""
    told = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
    return [(field.name, held) for field, held in told if not _is_default(field, held)]


def _is_default(field: dataclasses.Field[Any], held: object) -> bool:
    if field.default_factory is not dataclasses.MISSING:
        return bool(held == field.default_factory())
    return type(held) is type(field.default) and bool(held == field.default)


Reader = Callable[[Any], Any]


@cache
def _reader(kind: Any) -> Reader:  # noqa: ANN401 - any annotation
    """A function from parsed JSON to a value of the annotated type."""
    if isinstance(kind, typing.NewType):
        return _reader(kind.__supertype__)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        return _optional(arguments)
    if origin is tuple:
        return _tuple(arguments)
    if origin is frozenset:
        return _many(frozenset, arguments[0])
    if origin in (Mapping, dict):
        return _mapping(arguments[1])
    if dataclasses.is_dataclass(kind):
        return _dataclass(cast("type[Any]", kind))
    if kind in (date, datetime):
        return cast("Reader", kind.fromisoformat)
    return cast("Reader", kind) if isinstance(kind, type) and issubclass(kind, (Enum, float)) else _as_it_is


def _as_it_is(value: object) -> object:
    return value


def _optional(arguments: tuple[Any, ...]) -> Reader:
    (inner,) = (_reader(argument) for argument in arguments if argument is not types.NoneType)
    return lambda value: None if value is None else inner(value)


def _tuple(arguments: tuple[Any, ...]) -> Reader:
    if arguments[-1] is Ellipsis:
        return _many(tuple, arguments[0])
    readers = tuple(_reader(argument) for argument in arguments)
    return lambda value: tuple(read(item) for read, item in zip(readers, value, strict=True))


def _many(gather: type[Any], inner: object) -> Reader:
    read = _reader(inner)
    return lambda value: gather(read(item) for item in value)


def _mapping(inner: object) -> Reader:
    read = _reader(inner)
    return lambda value: {key: read(held) for key, held in value.items()}


def _dataclass(kind: type[Any]) -> Reader:
    hints = typing.get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}
    return lambda value: kind(**{name: readers[name](held) for name, held in value.items() if name in readers})
