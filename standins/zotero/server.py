"""The API over HTTP on loopback: whose key it is and what that may do, lists, pages, versions, templates, writes, and planted answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from ..answers import Answer
from .library import Library, whole

_TEXT = {"Content-Type": "text/plain; charset=UTF-8"}
_BAD_KEYS = 5
_OVER = timedelta(seconds=300)
_PAGE, _LARGEST_PAGE, _MOST_KEYS, _MOST_WRITTEN = 25, 100, 50, 50


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `with_key` is the key that came in its header."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    with_key: str
    body: str = ""


@dataclass
class Planted:
    """An answer in place of the server's own, to requests of a method whose path ends so; it is given `times` times. `after`: what was asked
    is done first, and only its answer is lost. `headers_only`: the server's own answer, with these headers added."""

    answer: Answer
    method: str = ""
    path: str = ""
    times: int = 1
    after: bool = False
    headers_only: bool = False


@dataclass
class Key:
    """What a key may do, as `/keys/current` says it."""

    user: int
    access: dict[str, Any] = field(default_factory=dict)
    username: str = "sampleuser"

    def rights(self, library: str) -> Mapping[str, Any]:
        """Its rights in a library."""
        kind, _, number = library.partition("/")
        if kind == "users":
            found = self.access.get("user", {}) if number == str(self.user) else {}
        else:
            groups = self.access.get("groups", {})
            found = groups.get(number) or groups.get("all") or {}
        return dict(found)


class ZoteroServer:
    """Zotero on 127.0.0.1. `libraries` by `users/ID` or `groups/ID`, `keys` by their text. What was asked stands in `asked`; `most_at_once` is
    how many requests were under way together at most. `on_request` hears of each before it is answered. A context manager."""

    def __init__(self, *, clock: Callable[[], datetime] = lambda: datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self.libraries: dict[str, Library] = {}
        self.keys: dict[str, Key] = {}
        self.planted: list[Planted] = []
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self.on_request: Callable[[Asked], None] = lambda _asked: None
        self._clock = clock
        self._bad_keys: list[datetime] = []
        self._at_once = 0
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_url(self) -> str:
        """What `zotero.base_url` may be set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- what a test says

    def library(self, name: str, **more: Any) -> Library:  # noqa: ANN401 - whatever a library has
        """A library by its prefix, made when it is not there."""
        return self.libraries.setdefault(name, Library(**more))

    def key(
        self, text: str, user: int, *, own: Mapping[str, bool] | None = None, groups: Mapping[str, Mapping[str, bool]] | None = None
    ) -> str:
        """A key with these rights; what it has none of is absent from its document, as there."""
        access = {name: dict(said) for name, said in (("user", own), ("groups", groups)) if said}
        self.keys[text] = Key(user, access)
        return text

    def plant(
        self, answer: Answer, *, method: str = "", path: str = "", times: int = 1, after: bool = False, headers_only: bool = False
    ) -> None:
        """Give this answer in place of its own, so many times."""
        self.planted.append(Planted(answer, method, path, times, after, headers_only))

    def calls(self, method: str, path: str = "") -> list[Asked]:
        """The requests of a method whose path holds this."""
        return [one for one in self.asked if one.method == method and path in one.path]

    # --- one request

    def respond(self, asked: Asked) -> Answer:
        """The answer to a request, a planted one first."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self.asked.append(asked)
        try:
            self.on_request(asked)
            with self._lock:
                return self._planted_or_own(asked)
        finally:
            with self._lock:
                self._at_once -= 1

    def _planted_or_own(self, asked: Asked) -> Answer:
        found = next(
            (one for one in self.planted if one.times > 0 and one.method in ("", asked.method) and asked.path.endswith(one.path)),
            None,
        )
        if found is None:
            return self._own(asked)
        found.times -= 1
        if found.headers_only:
            own = self._own(asked)
            return Answer(own.status, own.body, {**own.headers, **found.answer.headers})
        if found.after:
            self._own(asked)
        return found.answer

    def _own(self, asked: Asked) -> Answer:
        if "Expect" in asked.headers:
            return Answer(417, "Expectation Failed", _TEXT)
        if refused := self._refused_key(asked):
            return refused
        parts = asked.path.strip("/").split("/")
        if asked.path == "/keys/current":
            return self._current(asked)
        if asked.path == "/items/new":
            return self._template(asked)
        if len(parts) < 2 or parts[0] not in ("users", "groups"):
            return Answer(404, "Not found", _TEXT)
        return self._of_library("/".join(parts[:2]), parts[2:], asked)

    def _refused_key(self, asked: Asked) -> Answer | None:
        now = self._clock()
        self._bad_keys = [at for at in self._bad_keys if now - at <= _OVER]
        if len(self._bad_keys) > _BAD_KEYS:
            return Answer(429, "Too many authentication failures", _TEXT)
        if asked.query.get("key") and asked.with_key and asked.query["key"] != asked.with_key:
            return Answer(400, "Zotero-API-Key header and 'key' parameter differ", _TEXT)
        if asked.with_key and asked.with_key not in self.keys:
            self._bad_keys.append(now)
            return Answer(403, "Invalid key", _TEXT)
        return None

    def _current(self, asked: Asked) -> Answer:
        held = self.keys.get(asked.with_key)
        if held is None:
            return Answer(403, "Forbidden", _TEXT)
        return _json(
            {"key": asked.with_key, "userID": held.user, "username": held.username, "displayName": "", "access": held.access}
        )

    def _template(self, asked: Asked) -> Answer:
        item_type = asked.query.get("itemType", "")
        fields = next((one.fields for one in self.libraries.values()), Library().fields)
        if item_type not in fields:
            return Answer(400, f"Invalid item type '{item_type}'", _TEXT)
        empty = {name: [] if name == "creators" else "" for name in fields[item_type]}
        return _json({"itemType": item_type, **empty, "tags": [], "collections": [], "relations": {}})

    def _of_library(self, name: str, rest: list[str], asked: Asked) -> Answer:
        library, held = self.libraries.get(name), self.keys.get(asked.with_key)
        rights = held.rights(name) if held else {}
        is_public = library is not None and library.reading == "all"
        if library is None or not (rights.get("library") or is_public):
            hidden = library is None or name.startswith("groups/")
            return Answer(404, "Not found", _TEXT) if hidden else Answer(403, "Forbidden", _TEXT)
        if asked.method == "POST":
            return self._write(name, library, rest, held, asked)
        return self._read(name, library, rest, asked)

    # --- reading

    def _read(self, name: str, library: Library, rest: list[str], asked: Asked) -> Answer:
        match rest:
            case []:
                return self._group(name, library)
            case ["collections"]:
                return _listed(list(library.collections.values()), library, asked)
            case ["collections", key, *below] if below in ([], ["items", "top"]):
                return _of_collection(library, key, asked, is_list=bool(below))
            case ["items", "top"]:
                return _listed(list(library.top().values()), library, asked)
            case ["items"]:
                return _listed(_asked_for(library, asked), library, asked)
            case ["items", key]:
                one = library.items.get(key)
                return _json(whole(one), version=one["version"]) if one else Answer(404, "Item does not exist", _TEXT)
        return Answer(404, "Not found", _TEXT)

    def _group(self, name: str, library: Library) -> Answer:
        if not name.startswith("groups/"):
            return Answer(404, "Not found", _TEXT)
        number = int(name.partition("/")[2])
        said = {
            "id": number,
            "name": library.name,
            "owner": library.owner,
            "libraryEditing": library.editing,
            "libraryReading": library.reading,
        }
        return _json({"id": number, "version": 1, "data": {**said, **({"admins": list(library.admins)} if library.admins else {})}})

    # --- writing

    def _write(self, name: str, library: Library, rest: list[str], held: Key | None, asked: Asked) -> Answer:
        if held is None:
            return Answer(403, "An API key is required for write requests.", _TEXT)
        by_admins = name.startswith("groups/") and library.editing == "admins"
        is_admin = held.user == library.owner or held.user in library.admins
        if not held.rights(name).get("write") or (by_admins and not is_admin):
            return Answer(403, "Write access denied", _TEXT)
        if rest != ["items"]:
            return Answer(405, "Method not allowed", _TEXT)
        return _written(library, asked)


def _of_collection(library: Library, key: str, asked: Asked, *, is_list: bool) -> Answer:
    found = library.collections.get(key)
    if found is None:
        return Answer(404, "Collection not found", _TEXT)
    return _listed(list(library.top(key).values()), library, asked) if is_list else _json(whole(found), version=found["version"])


def _written(library: Library, asked: Asked) -> Answer:
    since = asked.headers.get("If-Unmodified-Since-Version")
    if since is not None and int(since) < library.version:
        told = f"Library has been modified since specified version (expected {since}, found {library.version})"
        return Answer(412, told, _TEXT)
    try:
        objects = json.loads(asked.body)
    except ValueError:
        return Answer(400, "Invalid JSON", _TEXT)
    if not isinstance(objects, list) or not asked.headers.get("Content-Type", "").startswith("application/json"):
        return Answer(400, "Uploaded data must be a JSON array", _TEXT)
    if len(objects) > _MOST_WRITTEN:
        return Answer(413, f"Cannot add more than {_MOST_WRITTEN} items at a time", _TEXT)
    return _json(library.write(objects), version=library.version)


def _asked_for(library: Library, asked: Asked) -> list[dict[str, Any]]:
    """The items of `itemKey`, or all; what is in the trash only where it is asked for."""
    keys = asked.query.get("itemKey")
    wanted = [key for key in keys.split(",")[: 2 * _MOST_KEYS] if key in library.items] if keys else list(library.items)
    return [one for key in wanted if not (one := library.items[key]).get("deleted") or asked.query.get("includeTrashed") == "1"]


def _listed(found: list[dict[str, Any]], library: Library, asked: Asked) -> Answer:
    since = asked.headers.get("If-Modified-Since-Version")
    if since is not None and int(since) >= library.version:
        return Answer(304, "", {"Last-Modified-Version": str(library.version)})
    total = {"Total-Results": str(len(found))}
    if asked.query.get("format") == "versions":
        return _json({one["key"]: one["version"] for one in found} or [], version=library.version, more=total)
    limit, start = min(int(asked.query.get("limit", _PAGE)), _LARGEST_PAGE), int(asked.query.get("start", 0))
    more = (
        {"Link": f'<http://127.0.0.1{asked.path}?limit={limit}&start={start + limit}>; rel="next"'}
        if start + limit < len(found)
        else {}
    )
    return _json([whole(one) for one in found[start : start + limit]], version=library.version, more={**total, **more})


def _json(body: object, *, version: int | None = None, more: Mapping[str, str] | None = None) -> Answer:
    of = {"Last-Modified-Version": str(version)} if version is not None else {}
    headers = {"Content-Type": "application/json", "Zotero-API-Version": "3", "Zotero-Schema-Version": "42", **of, **(more or {})}
    return Answer(200, json.dumps(body), headers)


def _handler(zotero: ZoteroServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(address.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            key = self.headers.get("Zotero-API-Key") or (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            found = zotero.respond(Asked(self.command, address.path, query, dict(self.headers), key, body))
            if not found.status:
                self.close_connection = True
                return
            sent = found.body.encode()
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            if found.status != 304:
                self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            if found.status != 304:
                self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
            """Nothing is printed."""

    return Handler
