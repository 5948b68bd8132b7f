"""The JSON Schema for editors and the table of all keys for docs/configuration.md, both made from the models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from watcher.config.layers import variable_of
from watcher.config.settings import Settings
from watcher.config.without_effect import NOT_YET, WITHOUT_EFFECT

BEGIN = "<!-- keys: made by `python -m watcher.config`, do not edit -->"
END = "<!-- end of keys -->"
_REQUIRED = "**required**"

_Schema = Mapping[str, Any]


def write_schema() -> str:
    """The JSON Schema of `watcher.yaml` as text, for `config/watcher.schema.json`."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_schema()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_reference(document: str) -> str:
    """A document with the table of all keys put in anew between its two marks.

    Raises:
        ValueError: the marks are missing.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{_reference()}\n{END}{after}"


def _schema() -> dict[str, Any]:
    """The models' schema; what has no effect yet says so."""
    schema = Settings.model_json_schema()
    for key in WITHOUT_EFFECT:
        section = schema["$defs"][_section_name(schema["properties"][str(key[0])])]
        told = section["properties"][str(key[-1])] if len(key) > 1 else section
        told["description"] = f"{told['description']} {NOT_YET}"
    return schema


def _section_name(field: _Schema) -> str:
    """The model's name that a field of the top leads to."""
    found = re.search(r"#/\$defs/(\w+)", json.dumps(field))
    if found is None:
        raise AssertionError("a section without a model")
    return found[1]


def _reference() -> str:
    schema = _schema()
    top = {key: one for key, one in schema["properties"].items() if not _section(one, schema)}
    parts = ["### At the top of the file\n", *_table(top, schema, ())]
    for key, one in schema["properties"].items():
        if section := _section(one, schema):
            parts += _chapter(key, one, section, schema)
    return "\n".join(parts)


def _chapter(key: str, field: _Schema, section: _Schema, schema: _Schema) -> Iterator[str]:
    named = "additionalProperties" in field or "patternProperties" in field
    path = (key, "name") if named else (key,)
    yield f"\n### `{key}:`{' (by name)' if named else ''}\n"
    yield f"{section['description']}\n"
    yield f"As variables: `{variable_of((*path, 'key'))}`.\n"
    yield from _table(section["properties"], schema, tuple(section.get("required", ())))


def _table(properties: Mapping[str, _Schema], schema: _Schema, required: tuple[str, ...]) -> Iterator[str]:
    yield "| Key | Value | Default | What it is for |"
    yield "|---|---|---|---|"
    for key, field in properties.items():
        inner = _section(field, schema)
        if inner is None:
            default = _default(key, field, required)
            default += f", or `{key}_file`" if default == _REQUIRED and f"{key}_file" in properties else ""
            yield f"| `{key}` | {_kind(field, schema)} | {default} | {_escaped(field['description'])} |"
            inner = _section(field.get("items", {}), schema)
            if inner is None:
                continue
        for name, one in inner["properties"].items():
            default = _default(name, one, tuple(inner.get("required", ())))
            yield f"| `{key}: {name}` | {_kind(one, schema)} | {default} | {_escaped(one['description'])} |"


def _section(field: _Schema, schema: _Schema) -> _Schema | None:
    """The section that a key holds, or one of the sections that it names; None for a plain key."""
    for one in (field, *field.get("anyOf", ())):
        by_name = next(iter(one.get("patternProperties", {}).values()), None) or one.get("additionalProperties")
        target = one if "$ref" in one else by_name
        if isinstance(target, Mapping) and "$ref" in target:
            found: _Schema = schema["$defs"][target["$ref"].rpartition("/")[2]]
            if "properties" in found:
                return found
    return None


def _kind(field: _Schema, schema: _Schema) -> str:
    if "$ref" in field:
        field = schema["$defs"][field["$ref"].rpartition("/")[2]]
    if "properties" in field:
        return ", ".join(f"`{name}`" for name in field["properties"])
    if "anyOf" in field:
        either = field["anyOf"] if "const" in field["anyOf"][0] else field["anyOf"][:1]
        return " or ".join(_kind(one, schema) for one in either)
    allowed = field.get("enum") or ([field["const"]] if "const" in field else [])
    if allowed:
        return ", ".join(f"`{one}`" for one in allowed)
    if field["type"] == "array":
        return f"list: {_kind(field['items'], schema)}"
    if field["type"] in ("integer", "number"):
        return _number(field)
    if field.get("format") == "password":
        return "secret text"
    return {"boolean": "`true`, `false`", "string": _text(field)}[field["type"]]


def _number(field: _Schema) -> str:
    name = "whole number" if field["type"] == "integer" else "number"
    low, high = field.get("minimum"), field.get("maximum")
    if high is not None:
        return f"{name}, {low} to {high}"
    return f"{name} above {field['exclusiveMinimum']}" if low is None else f"{name}, at least {low}"


def _text(field: _Schema) -> str:
    return {"email": "email address", "uri": "web address", "date": "day", "file-path": "path"}.get(field.get("format", ""), "text")


def _default(key: str, field: _Schema, required: tuple[str, ...]) -> str:
    if key in required or "default" not in field:
        return _REQUIRED
    default = field["default"]
    if default is None or default in ("", []):
        return "–"
    return f"`{json.dumps(default, ensure_ascii=False) if not isinstance(default, str) else default}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
