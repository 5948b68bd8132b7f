"""What pydantic finds wrong, told to the person who wrote the file: where, what, and what to write instead.

The one place that decides whether a value may be repeated in a message: never a secret, never what might be one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from watcher.config.document import KeyPath, is_showable
from watcher.config.key_tree import KeyTree, key_tree_at, keys_of, places_of, twin_of
from watcher.config.suggest import nearest
from watcher.errors import Place, Problem

Said = tuple[str, str]
"""What is wrong, and what to write instead."""

_BOUNDS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_KINDS = {
    "string_type": ("this is not text", "put it in quotes"),
    "int_type": ("this is not a whole number", "write digits only"),
    "int_parsing": ("this is not a whole number", "write digits only"),
    "int_parsing_size": ("this number is too large", "write a smaller one"),
    "int_from_float": ("this is not a whole number", "write it without a fraction"),
    "float_type": ("this is not a number", "write digits only"),
    "float_parsing": ("this is not a number", "write digits only"),
    "finite_number": ("this is not a finite number", "write digits only"),
    "bool_type": ("this is neither true nor false", "write true or false"),
    "bool_parsing": ("this is neither true nor false", "write true or false"),
    "date_type": ("this is not a day", "write it as 2027-01-07"),
    "date_parsing": ("this is not a day", "write it as 2027-01-07"),
    "date_from_datetime_parsing": ("this is not a day", "write it as 2027-01-07"),
    "date_from_datetime_inexact": ("this is a time, not a day", "write it as 2027-01-07"),
    "tuple_type": ("this is not a list", "write it in brackets: [a, b]"),
    "model_type": ("this is not a section", "write `key: value` lines below it, indented"),
    "dict_type": ("these are not named sections", "write a name and a colon, and below it, indented, its keys"),
    "mapping_type": ("these are not named sections", "write a name and a colon, and below it, indented, its keys"),
    "too_short": ("this list is empty", "write at least one entry"),
    "string_too_short": ("this is empty", "write a text, or remove the key"),
    "string_pattern_mismatch": ("this is not allowed here", "remove the spaces"),
}


def problems_of(error: ValidationError, values: Mapping[str, Any], place: Callable[[KeyPath], Place]) -> Iterator[Problem]:
    """Each as a Problem.

    Args:
        error: what pydantic found.
        values: the merged values that it looked at.
        place: where a key was written.
    """
    for one in error.errors(include_url=False):
        key = _key_of(one)
        if one["type"] == "missing" and _is_named_by_twin(key, values):
            continue  # its file could not be read, which is told already
        what, fix = _said(one, key)
        yield Problem(what, fix, place(key))


def _said(one: ErrorDetails, key: KeyPath) -> Said:
    kind, context = one["type"], one.get("ctx", {})
    if kind == "refused":
        return f"{_shown(one, key)}{context['what']}", context["fix"]
    if kind == "extra_forbidden":
        return _unknown_key(key)
    if kind == "missing":
        return _missing(key)
    if kind in ("literal_error", "enum"):
        return _not_among(one, key)
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{_shown(one, key)}this is not allowed", f"write {words} {context[name]:g}"
    if one["input"] is None:
        return "this has no value", _example(key_tree_at(key)) or "write one, or remove the key"
    what, fix = _KINDS.get(kind, (one["msg"].lower(), "see docs/configuration.md"))
    return f"{_shown(one, key)}{what}", fix


def _key_of(one: ErrorDetails) -> KeyPath:
    location: KeyPath = one["loc"]
    if location and location[-1] == "[key]":  # pydantic's word for "the name itself"
        return location[:-1]
    position = one.get("ctx", {}).get("position")
    return location if position is None else (*location, position)


def _unknown_key(key: KeyPath) -> Said:
    name, section = str(key[-1]), key_tree_at(key[:-1])
    known = keys_of(section.model) if section and section.model else ()
    near = nearest(name, known)
    elsewhere = places_of(name)
    if near:
        fix = f"did you mean {near}?"
    elif elsewhere:
        fix = f"it belongs {' or '.join(f'under {one}' if one else 'to the top of the file' for one in elsewhere)}"
    else:
        fix = f"remove it; known here: {', '.join(known)}"
    return "there is no such key", fix


def _missing(key: KeyPath) -> Said:
    example = _example(key_tree_at(key))
    twin = twin_of(key)
    either = f", or {twin[-1]} with the name of a file that holds it" if twin else ""
    return f"{key[-1]} is missing", f"{example or f'write {key[-1]}: …'}{either}"


def _example(tree: KeyTree | None) -> str:
    """One of the key's examples, from its description."""
    examples = tree.field.examples if tree and tree.field else None
    if not examples:
        return ""
    text = f"[{', '.join(map(str, examples[0]))}]" if isinstance(examples[0], list) else examples[0]
    return f"write for example {text}"


def _not_among(one: ErrorDetails, key: KeyPath) -> Said:
    allowed = re.findall(r"'([^']+)'", one.get("ctx", {})["expected"])
    near = nearest(str(one["input"]), allowed)
    listed = f"write {' or '.join(allowed)}" if len(allowed) > 1 else f"write {allowed[0]}, the only one there is"
    return f"{_shown(one, key)}this is not allowed", f"did you mean {near}? {listed}" if near else listed


def _shown(one: ErrorDetails, key: KeyPath) -> str:
    """The value and a colon, when it may be repeated: a short single value of a known key that is no secret."""
    tree, value = key_tree_at(key), one["input"]
    if tree is None or not tree.is_single or tree.is_secret or isinstance(value, dict | list | tuple):
        return ""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return f"{text}: " if value != "" and is_showable(text) else ""


def _is_named_by_twin(key: KeyPath, values: Mapping[str, Any]) -> bool:
    twin = twin_of(key)
    found: Any = values
    for part in twin or ():
        found = found.get(part) if isinstance(found, Mapping) else None
    return twin is not None and found is not None
