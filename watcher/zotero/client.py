"""Asks Zotero's Web API, one request after the other.

A `Backoff` may come with any answer, mostly good ones: the answer counts, and the next request waits. What asks for a longer wait than a
few seconds ends the work at its next request, and says for how long (`rests_for`); so does a 429 with or without Retry-After.

The key goes in a header, which no log and no exception shows, and follows no redirection. An `Expect` header is never sent, nor the version
of a library with a write: any colleague's edit would refuse it. Sources: Zotero's pages on Web API v3 (Basics, Syncing, Write Requests), and
its server's source (zotero/dataserver) where they are silent.
"""

from __future__ import annotations

import html
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from typing import TypeVar

import requests

import watcher
from watcher import waits
from watcher.deadline import MEGABYTE, new_session, within
from watcher.errors import Stopped, ZoteroRefused, ZoteroUnavailable
from watcher.failing import in_words
from watcher.zotero import answers
from watcher.zotero.answers import Access, Collection, Versions, WriteAnswer, ZoteroGroup, ZoteroItem

BASE = "https://api.zotero.org/"
TIMEOUTS = (10, 60)
PATIENCE_SECONDS = 120.0
MOST_BYTES = 50 * MEGABYTE
WAITED_FOR = 10.0
"""A wait of so many seconds is waited for; a longer one ends the work until then."""
MOST_WRITTEN = 50
"""Objects of one write; one more is refused as a whole."""
MOST_ASKED = 50
"""Items of one request by their keys."""
FEWEST_ASKED = 5
"""Where even so few items are too much for a gateway, it is out of order."""
PAGE = 100
ROUNDS = 3
"""So often a list is read anew that changes while it is paged through."""
AFTER_BAD_KEYS = 900.0
"""Seconds without a request after "Too many authentication failures": they are counted over 300 s."""
AFTER_TOO_MANY = 60.0
"""The same after another 429 without Retry-After."""
LONGEST_ASKED = 86_400.0
_SAID = 200
_NOT_ITS = "Zotero: the answer is none of its Web API"
_T = TypeVar("_T")
_MAY_PASS = frozenset({408, 409, 425, 429})
_TOO_MUCH = frozenset({500, 502, 503, 504})
"""What a gateway answers when a page takes too long; also what it answers when the service is down."""


class Zotero:
    """The API at `base_url`, asked with `key` or, where that is empty, without one. Once `stopping` is set, no further request is made."""

    def __init__(
        self, key: str = "", *, base_url: str = BASE, patience: float = PATIENCE_SECONDS, stopping: threading.Event | None = None
    ) -> None:
        self._key = key
        self._base = base_url.rstrip("/")
        self._patience = patience
        self._stopping = stopping or threading.Event()
        self._not_before = 0.0

    @property
    def rests_for(self) -> float:
        """For how many seconds the service asked not to be asked; 0 when it may be."""
        return max(0.0, self._not_before - time.monotonic())

    # --- reading

    def access(self) -> Access:
        """What the key may do.

        Raises:
            ZoteroUnavailable: there was no answer that can be used; so for each of these.
            ZoteroRefused: the answer was no, and asking again does not change it; so for each of these.
        """
        return self._read("/keys/current", answers.access)

    def group(self, library: str) -> ZoteroGroup:
        """The group of `groups/ID`."""
        return self._read(f"/{library}", answers.group)

    def collection(self, library: str, key: str) -> Collection:
        """One collection, also one that lies in the trash."""
        return self._read(f"/{library}/collections/{key}", answers.collection)

    def collections(self, library: str) -> tuple[Collection, ...]:
        """All collections of a library. Pages are no snapshot: they are read anew when the library has moved meanwhile."""
        for _ in range(ROUNDS):
            pages = list(self._pages(f"/{library}/collections"))
            if len({version for _, version in pages}) <= 1:
                break
        found = {one.key: one for page, _ in pages for one in page}
        return tuple(found.values())

    def _pages(self, path: str) -> Iterator[tuple[tuple[Collection, ...], int | None]]:
        start = 0
        while True:
            answer = self._ask("GET", path, {"limit": PAGE, "start": start, "sort": "title"})
            page = _listed(answer, answers.collections)
            yield page, _version(answer)
            start += len(page)
            total = answer.headers.get("Total-Results", "")
            has_more = start < int(total) if total.isdecimal() else 'rel="next"' in answer.headers.get("Link", "")
            if not page or not has_more:
                return

    def versions(self, library: str, collection: str | None = None, *, since: int | None = None) -> Versions | None:
        """The keys of all items with no parent, of a collection (without those below it) or the library, the trash left out: one answer,
        however many they are; a server that gives them in pages is followed. None when nothing in the library has changed since it had
        the version `since`."""
        path = f"/{library}/collections/{collection}/items/top" if collection else f"/{library}/items/top"
        headers = {"If-Modified-Since-Version": str(since)} if since is not None else {}
        answer = self._ask("GET", path, {"format": "versions"}, headers)
        if answer.status_code == requests.codes.not_modified:
            return None
        found, version = dict(_listed(answer, answers.versions)), _version(answer)
        while 'rel="next"' in answer.headers.get("Link", ""):
            answer = self._ask("GET", path, {"format": "versions", "start": len(found)})
            more = _listed(answer, answers.versions)
            if _version(answer) != version or more.keys() <= found.keys():
                raise ZoteroUnavailable("Zotero: the library changed while it was listed", status=answer.status_code)
            found |= more
        return Versions(found, version)

    def items(self, library: str, keys: Sequence[str]) -> Iterator[tuple[ZoteroItem, ...]]:
        """The items of these keys, also those in the trash, as they come; of one that is not there nothing is said. Where a gateway gives up,
        half as many are asked for."""
        rest, size = list(keys), MOST_ASKED
        while rest:
            asked = rest[:size]
            try:
                query = {"itemKey": ",".join(asked), "limit": PAGE, "includeTrashed": 1, "format": "json"}
                page = _listed(self._ask("GET", f"/{library}/items", query), answers.items)
            except ZoteroUnavailable as error:
                if error.status not in _TOO_MUCH or size <= FEWEST_ASKED or self.rests_for:
                    raise
                size = max(size // 2, FEWEST_ASKED)
                continue
            yield tuple(one for one in page if one.key in asked)
            rest = rest[size:]

    def template(self, item_type: str) -> frozenset[str] | None:
        """The names of the fields that a type of item has; None where the service does not say."""
        try:
            return self._read("/items/new", answers.fields, {"itemType": item_type}) or None
        except ZoteroRefused as error:
            if error.status in (400, 404, 501):
                return None
            raise

    # --- writing

    def write(self, library: str, objects: Sequence[Mapping[str, object]]) -> WriteAnswer:
        """Write at most MOST_WRITTEN items. An object with `version` 0 must not exist yet, one with another must still have that; each may
        fail by itself. When no answer comes, they may have been written or not."""
        body = json.dumps(list(objects), ensure_ascii=False).encode()
        answer = self._ask("POST", f"/{library}/items", {}, {"Content-Type": "application/json"}, body)
        return _understood(answer, answers.written)

    # --- one request

    def _read(self, path: str, understand: Callable[[object], _T], query: Mapping[str, object] | None = None) -> _T:
        return _understood(self._ask("GET", path, query or {}), understand)

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        self._wait()
        with within(self._patience, most_bytes=MOST_BYTES) as exchange, new_session() as session:
            try:
                answer = session.request(
                    method,
                    f"{self._base}{path}",
                    params={name: str(value) for name, value in query.items()},
                    headers={**self._headers(), **(headers or {})},
                    data=body,
                    timeout=TIMEOUTS,
                    allow_redirects=False,
                    auth=_as_it_is,
                )
                answer.content  # noqa: B018 - read within the exchange
            except (OSError, ValueError) as error:
                raise ZoteroUnavailable(f"Zotero: {exchange.failure or in_words(error)}") from error
        self._heed(answer)
        if (answer.ok and answer.status_code < 300) or answer.status_code == requests.codes.not_modified:
            return answer
        raise self._failure(answer, is_write=method == "POST")

    def _headers(self) -> dict[str, str]:
        if not (self._key.isascii() and self._key.isprintable()):
            raise ZoteroRefused("the key to Zotero holds a sign that none has, perhaps one that is not seen", fix=_NEW_KEY)
        key = {"Zotero-API-Key": self._key} if self._key else {}
        return {"Zotero-API-Version": "3", "User-Agent": f"watcher/{watcher.__version__}", "Accept": "application/json", **key}

    def _wait(self) -> None:
        """Wait for what the service asked for, if that is not long."""
        if self.rests_for > WAITED_FOR:
            raise ZoteroUnavailable(f"Zotero asked not to be asked for another {self.rests_for:,.0f} s", retry_after=self.rests_for)
        if self._stopping.wait(self.rests_for):
            raise Stopped

    def _heed(self, answer: requests.Response) -> None:
        """Keep for how long the service is not to be asked."""
        asked = max(waits.asked_for(answer.headers, name) or 0.0 for name in ("Backoff", "Retry-After"))
        if answer.status_code == requests.codes.too_many_requests and not asked:
            asked = AFTER_BAD_KEYS if "authentication" in answer.text.lower() else AFTER_TOO_MANY
        if asked:
            self._not_before = max(self._not_before, time.monotonic() + min(asked, LONGEST_ASKED))

    def _failure(self, answer: requests.Response, *, is_write: bool) -> ZoteroUnavailable | ZoteroRefused:
        status = answer.status_code
        told = f"Zotero answered {status}{self._said(answer)}"
        if status in _MAY_PASS or (status >= 500 and status != 501):
            return ZoteroUnavailable(told, status=status, retry_after=self.rests_for or None)
        return ZoteroRefused(told, status=status, fix=_fix(status, answer.text, is_write=is_write))

    def _said(self, answer: requests.Response) -> str:
        """What an answer says: bare text with some signs escaped, or the page of a gateway, which is left out."""
        said = " ".join(html.unescape(answer.text).split())
        if not said or said.startswith("<"):
            return ""
        return f": {(said.replace(self._key, '****') if self._key else said)[:_SAID]}"


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No further credentials: requests would take some from a .netrc file, and two different ones are refused."""
    return request


def _understood(answer: requests.Response, understand: Callable[[object], _T]) -> _T:
    try:
        return understand(json.loads(answer.content))
    except (ValueError, RecursionError) as error:
        raise ZoteroUnavailable(_NOT_ITS, status=answer.status_code) from error


_Many = TypeVar("_Many", bound=Sized)


def _listed(answer: requests.Response, understand: Callable[[object], _Many]) -> _Many:
    """A list as it is understood. With each, Zotero says the version of its library: an empty one without it comes from something between."""
    found = _understood(answer, understand)
    if not found and _version(answer) is None:
        raise ZoteroUnavailable(_NOT_ITS, status=answer.status_code)
    return found


def _version(answer: requests.Response) -> int | None:
    said = answer.headers.get("Last-Modified-Version", "")
    return number if said.isdecimal() and answers.is_version(number := int(said)) else None


_NEW_KEY = (
    "make a key at zotero.org/settings/keys that may use the library, and put it into the file that `zotero.api_key_file` names"
)


def _fix(status: int, said: str, *, is_write: bool) -> str:
    """What a person can do about a refusal."""
    text = said.casefold()
    if "invalid key" in text or "api key is required" in text:
        return _NEW_KEY
    if status == 403:
        who = (
            "in a group where only admins edit, a key of an admin is needed"
            if is_write
            else "it must be the key of a member of the group"
        )
        return f"`watcher zotero check` says what the key may do; {who}"
    if status == 404:
        return "it does not exist, or the key may not see it: `watcher zotero check` says what it may see"
    if 300 <= status < 400 or status == 501:
        return "look at `zotero.base_url`: this is not where the Web API answers"
    return ""
