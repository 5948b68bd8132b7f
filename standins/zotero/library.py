"""One library: its objects with their versions, and what a write makes of each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_KEY = re.compile(r"[23456789ABCDEFGHIJKLMNPQRSTUVWXYZ]{8}")
_LONGEST_TAG = 255
_LONGEST_FIELD = 65_535
_CHILDREN = frozenset({"attachment", "note", "annotation"})
_ALWAYS = frozenset(
    {"key", "version", "itemType", "tags", "collections", "relations", "deleted", "parentItem", "dateAdded", "dateModified"}
)

BASE_FIELDS = ("title", "creators", "abstractNote", "date", "shortTitle", "language", "url", "accessDate", "archive", "archiveLocation",
               "libraryCatalog", "callNumber", "rights", "extra")  # fmt: skip
FIELDS: dict[str, tuple[str, ...]] = {
    "journalArticle": (*BASE_FIELDS, "publicationTitle", "volume", "issue", "pages", "series", "seriesTitle", "seriesText",
                       "journalAbbreviation", "DOI", "ISSN", "PMID", "PMCID", "publisher", "place", "citationKey"),
    "preprint": (*BASE_FIELDS, "genre", "repository", "archiveID", "place", "series", "seriesNumber", "DOI", "citationKey"),
    "book": (*BASE_FIELDS, "series", "seriesNumber", "volume", "numberOfVolumes", "edition", "place", "publisher", "numPages", "ISBN", "ISSN",
             "DOI", "citationKey"),
    "bookSection": (*BASE_FIELDS, "bookTitle", "series", "seriesNumber", "volume", "edition", "place", "publisher", "pages", "ISBN", "DOI",
                    "citationKey"),
    "note": ("note",),
    "attachment": ("title", "accessDate", "url", "note", "linkMode", "contentType", "charset", "filename", "md5", "mtime"),
    "webpage": (*BASE_FIELDS, "websiteTitle", "websiteType"),
}  # fmt: skip
"""The fields of each type, as of the schemas of 2026."""


@dataclass
class Refusal(Exception):
    """Why an object was not written."""

    code: int
    message: str
    data: dict[str, Any] | None = None


@dataclass
class Library:
    """One library. `version` grows by one with each object that is written. `fields` are those that each type has here."""

    version: int = 0
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    collections: dict[str, dict[str, Any]] = field(default_factory=dict)
    fields: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(FIELDS))
    editing: str = "members"
    owner: int = 0
    admins: tuple[int, ...] = ()
    name: str = "Sample library"
    reading: str = "members"

    # --- what people do in the desktop program

    def add_collection(self, key: str, name: str = "", *, parent: str | None = None) -> str:
        """A new collection."""
        self.version += 1
        self.collections[key] = {"key": key, "version": self.version, "name": name or key, "parentCollection": parent or False}
        return key

    def add_item(self, key: str, item_type: str = "journalArticle", *, collections: Iterable[str] = (), **values: Any) -> str:  # noqa: ANN401 - whatever a field holds
        """A new item, as a person or Zotero's own import makes it."""
        self.version += 1
        self.items[key] = {
            "key": key,
            "version": self.version,
            "itemType": item_type,
            "title": "",
            "creators": [],
            "tags": [],
            "collections": list(collections),
            "relations": {},
            **values,
        }
        return key

    def change(self, key: str, **values: Any) -> None:  # noqa: ANN401 - as above
        """Edit an item."""
        self.version += 1
        self.items[key] |= {**values, "version": self.version}

    def trash(self, key: str) -> None:
        """Put an item, or a collection, into the trash: it stays where it is, and lists leave it out."""
        self.version += 1
        if key in self.items:
            self.items[key] |= {"deleted": 1, "version": self.version}
        else:
            self.collections[key] |= {"deleted": True, "version": self.version}

    def erase(self, key: str) -> None:
        """Erase for ever. A collection that goes leaves its key in its items."""
        self.version += 1
        self.items.pop(key, None)
        self.collections.pop(key, None)

    def filed_under(self, collection: str) -> list[str]:
        """The items of a collection, those of the trash left out, by title."""
        return sorted(key for key, one in self.items.items() if collection in one.get("collections", ()) and not one.get("deleted"))

    # --- what the API reads

    def top(self, collection: str | None = None) -> dict[str, dict[str, Any]]:
        """The items without a parent that are not in the trash, of a collection itself or of the whole library."""
        return {
            key: one
            for key, one in self.items.items()
            if not one.get("parentItem")
            and not one.get("deleted")
            and (collection is None or collection in one.get("collections", ()))
        }

    # --- what the API writes

    def write(self, objects: list[Any]) -> dict[str, dict[str, Any]]:
        """What becomes of each object of a POST, by its place."""
        answer: dict[str, dict[str, Any]] = {"successful": {}, "success": {}, "unchanged": {}, "failed": {}}
        for place, one in enumerate(objects):
            self._write(str(place), one, answer)
        return answer

    def _write(self, place: str, one: Any, answer: dict[str, dict[str, Any]]) -> None:  # noqa: ANN401 - JSON
        try:
            if not isinstance(one, dict):
                raise Refusal(400, "Invalid value for item; expected object")
            key, is_changed = self._take(one)
        except Refusal as why:
            told = {"key": one["key"]} if isinstance(one, dict) and "key" in one else {}
            answer["failed"][place] = {**told, "code": why.code, "message": why.message, **({"data": why.data} if why.data else {})}
            return
        if not is_changed:
            answer["unchanged"][place] = key
            return
        answer["success"][place] = key
        answer["successful"][place] = whole(self.items[key])

    def _take(self, one: Mapping[str, Any]) -> tuple[str, bool]:
        key = str(one.get("key") or f"GEN{len(self.items) + 22222:05d}".replace("0", "Z").replace("1", "Y").replace("O", "Q"))
        if not _KEY.fullmatch(key):
            raise Refusal(400, f"'{key}' is not a valid item key")
        there = self.items.get(key)
        self._hold_to_version(one, there)
        item_type = one.get("itemType") or (there or {}).get("itemType")
        if not item_type:
            raise Refusal(400, "Item type not provided" if there is None else "'itemType' property not provided")
        if item_type not in self.fields:
            raise Refusal(400, f"'{item_type}' is not a valid itemType")
        self._hold_to_type(one, str(item_type))
        self._hold_to_places(one)
        changed = {
            name: value for name, value in one.items() if name not in ("key", "version") and (there or {}).get(name) != value
        }
        self.version += 1
        if there is not None and not changed:
            return key, False
        self.items[key] = {
            "tags": [],
            "collections": [],
            "relations": {},
            **(there or {}),
            **changed,
            "key": key,
            "version": self.version,
        }
        return key, True

    def _hold_to_version(self, one: Mapping[str, Any], there: Mapping[str, Any] | None) -> None:
        said = one.get("version")
        if "key" in one and said is None:
            raise Refusal(
                428, "Either If-Unmodified-Since-Version or object version property must be provided for key-based writes"
            )
        if there is None and said:
            raise Refusal(404, f"Item doesn't exist (expected version {said}; use 0 instead)")
        if there is not None and said != there["version"]:
            raise Refusal(412, f"Item has been modified since specified version (expected {said}, found {there['version']})")

    def _hold_to_type(self, one: Mapping[str, Any], item_type: str) -> None:
        known = {name for names in FIELDS.values() for name in names}
        for name, value in one.items():
            if name in _ALWAYS:
                continue
            if name not in known:
                raise Refusal(400, f"Invalid property '{name}'")
            if name not in self.fields[item_type]:
                raise Refusal(400, f"'{name}' is not a valid field for type '{item_type}'")
            if isinstance(value, str) and len(value.encode()) > _LONGEST_FIELD:
                raise Refusal(413, f"{name} field value '{value[:50]}…' too long")

    def _hold_to_places(self, one: Mapping[str, Any]) -> None:
        for tag in one.get("tags", ()):
            if len(tag["tag"]) > _LONGEST_TAG:
                raise Refusal(413, f"Tag '{tag['tag'][:50]}…' too long", {"tag": tag["tag"]})
        for key in one.get("collections", ()):
            if key not in self.collections and key not in self.items.get(str(one.get("key")), {}).get("collections", ()):
                raise Refusal(409, f"Collection {key} not found", {"collection": key})


def whole(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item, or a collection, as lists give it."""
    year = re.search(r"(?:1[89]|20)\d\d", str(item.get("date", "")))
    return {
        "key": item["key"],
        "version": item["version"],
        "library": {"type": "group", "id": 0, "name": "Sample library", "links": {}},
        "links": {},
        "meta": {"numChildren": 0, "parsedDate": year[0] if year else False},
        "data": dict(item),
    }


def is_child_type(item_type: str) -> bool:
    """Whether items of a type are no papers."""
    return item_type in _CHILDREN
