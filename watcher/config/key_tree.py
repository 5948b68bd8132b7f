"""The key tree of the configuration: which keys can stand where. Read from the models, so that it is never told twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from watcher.config.document import KeyPath
from watcher.config.sections import FILE
from watcher.config.settings import Settings


@dataclass(frozen=True, slots=True)
class KeyTree:
    """What can stand at one place: a section with known keys, a set of named sections, a list, or a single value."""

    model: type[BaseModel] | None = None
    named: type[BaseModel] | None = None
    item: KeyTree | None = None
    is_secret: bool = False
    field: FieldInfo | None = None

    @property
    def is_single(self) -> bool:
        """Whether it is a text, a number, a date or a yes or no."""
        return not (self.model or self.named or self.item)


WHOLE = KeyTree(model=Settings)


def key_tree_at(key: KeyPath) -> KeyTree | None:
    """What can stand at `key`; None where nothing can."""
    tree: KeyTree | None = WHOLE
    for part in key:
        if tree is None:
            return None
        tree = _below(tree, part)
    return tree


def twin_of(key: KeyPath) -> KeyPath | None:
    """`…url_file` for `…url` and the other way round, or None for a key without a twin."""
    if not key or not isinstance(key[-1], str):
        return None
    name = key[-1]
    twin = (*key[:-1], name.removesuffix(FILE) if name.endswith(FILE) else name + FILE)
    return twin if key_tree_at(key) and key_tree_at(twin) else None


def secret_files(values: object, key: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    """Each `*_file` key that stands in a tree of values, with what it names."""
    if isinstance(values, Mapping):
        for name, value in values.items():
            below = (*key, name)
            if isinstance(name, str) and name.endswith(FILE) and twin_of(below):
                yield below, value
            else:
                yield from secret_files(value, below)


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a section."""
    return tuple(model.model_fields)


def places_of(key: str) -> tuple[str, ...]:
    """Where in the file a key of this name can stand, sections first: "pubmed", "watches.NAME"."""
    return tuple(dict.fromkeys(section for section, name in _all_keys() if name == key))


def all_keys(names: Mapping[str, Iterable[str]]) -> Iterator[KeyPath]:
    """Every key path there is, with the named sections that `names` gives for "channels", "watches" and "lists"."""
    for section, key in _all_keys():
        path = (*section.split("."), key) if section else (key,)
        if "NAME" in path:
            yield from (tuple(name if part == "NAME" else part for part in path) for name in names.get(path[0], ()))
        else:
            yield path


def _all_keys() -> Iterator[tuple[str, str]]:
    def walk(model: type[BaseModel], section: str) -> Iterator[tuple[str, str]]:
        for name, field in model.model_fields.items():
            tree = _tree(field.annotation, field)
            yield section, name
            below = f"{section}.{name}" if section else name
            if tree.model:
                yield from walk(tree.model, below)
            elif tree.named:
                yield from walk(tree.named, f"{below}.NAME")

    return walk(Settings, "")


def _below(tree: KeyTree, part: str | int) -> KeyTree | None:
    if isinstance(part, int):
        return tree.item
    if tree.named:
        return KeyTree(model=tree.named)
    field = tree.model.model_fields.get(part) if tree.model else None
    return _tree(field.annotation, field) if field else None


def _tree(annotation: Any, field: FieldInfo) -> KeyTree:  # noqa: ANN401 - annotations have no common type
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _tree(arguments[0], field)
    if origin in (Union, UnionType):
        return _tree(next(one for one in arguments if one is not type(None)), field)
    if origin is tuple:
        return KeyTree(item=_tree(arguments[0], field), field=field)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return KeyTree(named=arguments[1], field=field)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return KeyTree(model=annotation, field=field)
    return KeyTree(is_secret=annotation is SecretStr, field=field)
