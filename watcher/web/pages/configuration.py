"""The configuration as it is understood, each key with its place, secrets left out; and how it changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, SecretStr
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watcher.config.document import KeyPath
from watcher.digest.clean import clip
from watcher.store import KnownVersion
from watcher.web.site import Site, shown, site_of
from watcher.web.telling import leaf, number

NAMED: Final = ("channels", "watches", "lists")
"""Sections that hold others by names of the lab's own: each of these has a page."""

VERSIONS: Final = 10
CHANGES: Final = 25
LONGEST: Final = 4_000
LONGEST_CHANGE: Final = 400
HIDDEN: Final = "set, and not shown"
ABSENT: Final = "–"


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key, its value in words, and where it stands; "" for a default."""

    key: str
    value: str
    place: str


@dataclass(frozen=True, slots=True)
class Change:
    """A key whose value is another one; "" where it was not there."""

    key: str
    before: str
    after: str


def page(request: Request) -> Response:
    """The configuration but for the sections with names of their own, which it leads to."""
    site = site_of(request)
    held = {name: sorted(getattr(site.settings, name)) for name in NAMED}
    values = {
        name: value for name in type(site.settings).model_fields if name not in NAMED for value in [getattr(site.settings, name)]
    }
    return shown(
        request,
        "configuration.html",
        file=str(site.settings.path),
        sha256=site.settings.sha256,
        refused=[str(one) for one in site.loaded.error.problems] if site.loaded.error else [],
        sections=[(f"/configuration/{name}", name, names) for name, names in held.items()],
        lines=[
            line for name, value in values.items() for line in _lines(site, (name,), value, name in site.settings.model_fields_set)
        ],
    )


def part(request: Request) -> Response:
    """One watch, list or channel."""
    site, section, name = site_of(request), request.path_params["section"], request.path_params["name"]
    held: Mapping[str, BaseModel] = getattr(site.settings, section) if section in NAMED else {}
    if name not in held:
        raise HTTPException(404, f"The configuration has no {section[:20]}: {name[:100]}")
    lines = list(_lines(site, (section, name), held[name], True))
    return shown(request, "configuration_part.html", section=section, name=name, lines=lines)


def _lines(site: Site, key: KeyPath, value: object, is_said: bool) -> Iterator[KeyLine]:
    """The keys of a section, or the key itself."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _lines(site, (*key, name), getattr(value, name), is_said and name in value.model_fields_set)
        return
    if isinstance(value, Mapping) and value and all(isinstance(one, BaseModel) for one in value.values()):
        for name, one in value.items():
            yield from _lines(site, (*key, name), one, is_said)
        return
    yield KeyLine(".".join(map(str, key)), _said(value), _place(site, key) if is_said else "")


def _place(site: Site, key: KeyPath) -> str:
    place = site.settings.place(key)
    return f"{place.path.name}:{place.line}" if place.line else str(place)


def _said(value: object) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN
    if value is None:
        return ABSENT
    text = value if isinstance(value, str) else json.dumps(_plain(value), ensure_ascii=False, default=str)
    return clip(text.strip("\n"), LONGEST)


def _plain(value: object) -> object:
    return {str(name): one for name, one in value.items()} if isinstance(value, Mapping) else value


# --- how it changed --------------------------------------------------------------------------------------------------------------


def changes(request: Request) -> Response:
    """The configurations that were good, each with what it changed."""
    skip = number(request, "from") or 0
    found = site_of(request).store.versions(skip=skip, limit=VERSIONS + 1)
    page = leaf(request, found, VERSIONS, **{"from": skip + VERSIONS})
    pairs = zip(page.rows, (*found[1:], None), strict=False)
    return shown(request, "changes.html", page=page, versions=[(one, _since(before, one)) for one, before in pairs], most=CHANGES)


def _since(before: KnownVersion | None, one: KnownVersion) -> list[Change] | None:
    """What changed since the one before; None for the first, or where one of the two cannot be read."""
    old, new = (_flat(each.document) if each else None for each in (before, one))
    if old is None or new is None:
        return None
    differing = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return [Change(key, old.get(key, ""), new.get(key, "")) for key in sorted(differing)]


def _flat(document: str) -> dict[str, str] | None:
    """A document's keys with their values in words; None when it is damaged."""
    try:
        read = json.loads(document)
    except ValueError:
        return None
    return dict(_leaves((), read)) if isinstance(read, dict) else None


def _leaves(key: tuple[str, ...], value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict) and value:
        for name, one in value.items():
            yield from _leaves((*key, name), one)
        return
    text = value if isinstance(value, str) else ABSENT if value is None else json.dumps(value, ensure_ascii=False)
    yield ".".join(key), clip(text, LONGEST_CHANGE)


ROUTES = [
    Route("/configuration", page),
    Route("/configuration/changes", changes),
    Route("/configuration/{section}/{name}", part),
]
