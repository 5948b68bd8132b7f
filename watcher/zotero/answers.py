"""The answers of Zotero's Web API as values. Pure.

A body may come from a proxy or a gateway, with status 200 all the same: what has not the documented shape raises ValueError, which the
client tells as a failure that may pass. PHP writes an empty object as `[]`, and one whose names are 0, 1, 2 … as a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

_SAID = 200
"""Characters of a message: one may hold the whole field that is too long."""
_LATEST = 2**31 - 1
"""PostgreSQL's integer ends there; Zotero's versions count writes."""


@dataclass(frozen=True, slots=True)
class Versions:
    """The keys of a list with the version of each. `library` is the library's version, None where the answer did not say it."""

    keys: Mapping[str, int]
    library: int | None


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection. `parent` is the key of the one around it."""

    key: str
    name: str
    parent: str | None = None
    is_trashed: bool = False


@dataclass(frozen=True, slots=True)
class ZoteroItem:
    """An item: `data` as it stands there; `parsed_date` is the day, month or year that Zotero reads in its date, "" for none."""

    key: str
    version: int
    data: Mapping[str, Any]
    parsed_date: str = ""

    @property
    def is_trashed(self) -> bool:
        """Whether it lies in the trash: it is in its collections all the same."""
        return bool(self.data.get("deleted"))

    @property
    def collections(self) -> tuple[str, ...]:
        """The keys of the collections that it is in."""
        listed = self.data.get("collections")
        return tuple(one for one in (listed if isinstance(listed, list) else []) if isinstance(one, str))


@dataclass(frozen=True, slots=True)
class ZoteroGroup:
    """A group: its name, and who may edit its library: `members` or `admins`; `admins` are users with that right, the owner too."""

    name: str
    editing: str
    admins: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """What a key may do. `groups` are its rights by group number, with "all" for every group."""

    user: int
    username: str
    own: Mapping[str, bool] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)

    def of(self, library: str) -> Mapping[str, bool]:
        """Its rights in a library, `users/ID` or `groups/ID`: `library` to read, `write`, and others that watcher does not need."""
        kind, _, number = library.partition("/")
        if kind == "users":
            return self.own if number == str(self.user) else {}
        return self.groups.get(number) or self.groups.get("all") or {}


@dataclass(frozen=True, slots=True)
class Failed:
    """Why one object of a write failed, inside an answer with status 200."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """What became of each object of a write, by its place: those that were written or need not be, with their keys, and those that failed.
    Of an object in neither the answer says nothing."""

    done: Mapping[int, str]
    failed: Mapping[int, Failed]


def is_version(found: object) -> TypeGuard[int]:
    """Whether something is the version of an item or library: a whole number that each database can hold."""
    return isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _LATEST


def versions(body: object) -> Mapping[str, int]:
    """An answer of `format=versions`."""
    found = _mapping(body)
    if not all(is_version(version) for version in found.values()):
        raise ValueError("a version is none")
    return {str(key): version for key, version in found.items()}


def items(body: object) -> tuple[ZoteroItem, ...]:
    """A list of items."""
    return tuple(_item(one) for one in _list(body))


def collections(body: object) -> tuple[Collection, ...]:
    """A list of collections."""
    return tuple(collection(one) for one in _list(body))


def collection(body: object) -> Collection:
    """One collection; `parentCollection` is false for one that lies in none."""
    whole = _object(body)
    data = _object(whole.get("data", whole))
    parent = data.get("parentCollection")
    key = data.get("key", whole.get("key"))
    if not isinstance(key, str):
        raise ValueError("a collection has no key")
    inside = parent if isinstance(parent, str) and parent else None
    return Collection(key, str(data.get("name") or ""), inside, bool(data.get("deleted")))


def group(body: object) -> ZoteroGroup:
    """One group."""
    whole = _object(body)
    data = _object(whole.get("data", whole))
    listed = data.get("admins")
    known = [*(listed if isinstance(listed, list) else []), data.get("owner")]
    admins = frozenset(one for one in known if isinstance(one, int))
    return ZoteroGroup(str(data.get("name") or ""), str(data.get("libraryEditing") or ""), admins)


def access(body: object) -> Access:
    """What `/keys/current` says; `user` or `groups` is absent where there is no such right."""
    whole = _object(body)
    number = whole.get("userID")
    if not isinstance(number, int):
        raise ValueError("it names no user")
    rights = _mapping(whole.get("access", {}))
    groups = {str(one): _rights(held) for one, held in _mapping(rights.get("groups", {})).items()}
    return Access(number, str(whole.get("username") or ""), _rights(rights.get("user", {})), groups)


def written(body: object) -> WriteAnswer:
    """What became of a write: `successful` and `success` name the same objects, older servers give the second alone."""
    whole = _object(body)
    if not whole.keys() & {"success", "successful", "unchanged", "failed"}:
        raise ValueError("it says nothing of any object")
    done = {place: _key(one) for part in ("successful", "success", "unchanged") for place, one in _places(whole.get(part, {}))}
    failed = {place: _failed(one) for place, one in _places(whole.get("failed", {}))}
    return WriteAnswer({place: key for place, key in done.items() if place not in failed}, failed)


def fields(body: object) -> frozenset[str]:
    """The names of an item template."""
    return frozenset(map(str, _object(body)))


def _item(body: object) -> ZoteroItem:
    whole = _object(body)
    data = _object(whole.get("data", whole))
    key, version = data.get("key", whole.get("key")), data.get("version", whole.get("version"))
    if not isinstance(key, str) or not is_version(version):
        raise ValueError("an item has no key or no version")
    meta = whole.get("meta")
    parsed = meta.get("parsedDate") if isinstance(meta, dict) else None
    return ZoteroItem(key, version, data, str(parsed or ""))


def _failed(body: object) -> Failed:
    whole = _object(body)
    code = whole.get("code")
    message = " ".join(str(whole.get("message") or "").split())
    return Failed(code if isinstance(code, int) else 0, message[:_SAID])


def _key(one: object) -> str:
    return str(one.get("key") or "") if isinstance(one, dict) else str(one)


def _places(body: object) -> list[tuple[int, Any]]:
    return [(int(place), one) for place, one in _mapping(body).items()]


def _rights(body: object) -> dict[str, bool]:
    return {str(name): bool(held) for name, held in _mapping(body).items()}


def _mapping(body: object) -> Mapping[Any, Any]:
    if isinstance(body, list):
        return dict(enumerate(body))
    return _object(body)


def _object(body: object) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise ValueError("it is no object")
    return body


def _list(body: object) -> list[Any]:
    if not isinstance(body, list):
        raise ValueError("it is no list")
    return body
