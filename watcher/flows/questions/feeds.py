"""The feeds of a configuration, read off the database: as documents for a page, as addresses, and as plain files.

A document is a function of what is stored: nothing in it comes from the time at which it is asked for. An address with a token is never part of
one, since documents are passed on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from watcher.digest import links
from watcher.digest.clean import clip, plain
from watcher.domain import DigestList, Feed, FeedEntry, FeedKind, Watch
from watcher.errors import ConfigurationError, Place, Problem
from watcher.feeds import FeedDocument, FeedForm, is_current, token_of, written
from watcher.store import FeedFacts, Store
from watcher.writing import Guarded, write

FOLDER = "feeds"
"""What the addresses of feeds begin with."""

_ABOUT = {
    FeedKind.LIST: "The papers that its digests presented, and what became of them.",
    FeedKind.WATCH: "The papers that its runs found at its threshold, and what became of them.",
}
_DAMAGED = "The text of this entry is damaged in the database."
_ID = re.compile(rb"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class FeedName:
    """A feed of the configuration: of what, and how that is called there and by its readers."""

    kind: FeedKind
    name: str
    title: str

    def path(self, form: FeedForm) -> str:
        """Where it is below `feeds/`, on the page and in the folder."""
        return f"{self.kind}/{self.name}.{form}"


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """The answer to a request, as HTTP has it."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Feeds:
    """The feeds of lists and watches. `base_url` is the page's address as others know it, if they do; `tokens` are secrets by
    whose they are."""

    store: Store
    lists: Mapping[str, DigestList]
    watches: Mapping[str, Watch]
    base_url: str | None = None
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    def names(self) -> tuple[FeedName, ...]:
        """All of them, lists first, in the configuration's order."""
        lists = (FeedName(FeedKind.LIST, one.name, one.title or one.name) for one in self.lists.values())
        watches = (FeedName(FeedKind.WATCH, one.name, one.title or one.name) for one in self.watches.values())
        return (*lists, *watches)

    def named(self, path: str) -> tuple[FeedName, FeedForm] | None:
        """The feed, and its form, to which a path below `feeds/` leads; None where it leads nowhere."""
        return next(((name, form) for name in self.names() for form in FeedForm if name.path(form) == path), None)

    def feed(self, name: FeedName) -> Feed | None:
        """A feed; None while the database does not know its list or watch, which a service or `watcher tick` tells it."""
        facts = self.store.feed(name.kind, name.name)
        return None if facts is None else _feed(name, facts, self.base_url)

    def document(self, name: FeedName, form: FeedForm, *, addressed: bool = False) -> FeedDocument | None:
        """A feed written out; None as for `feed`. `addressed`: it names its own address, as it may where no token leads to it."""
        feed = self.feed(name)
        own = address(self.base_url, name, form) if addressed and self.base_url else None
        return None if feed is None else written(replace(feed, address=own), form)

    def answer(self, path: str, *, if_none_match: str | None = None, token: str | None = None) -> FeedAnswer | None:
        """The answer to a request whose reader may read; None where there is no such feed. With the ETag that the reader has: 304, and no
        content."""
        found = self.named(path)
        document = self.document(*found, addressed=not token) if found else None
        if document is None:
            return None
        headers = {"ETag": document.etag, "Cache-Control": "private, no-cache"}
        if is_current(if_none_match, document.etag):
            return FeedAnswer(304, headers)
        return FeedAnswer(200, {**headers, "Content-Type": document.content_type}, document.content)

    def is_allowed(self, token: str | None) -> bool:
        """Whether a token lets its reader in."""
        return token_of(token, self.tokens) is not None


def address(page: str, name: FeedName, form: FeedForm, token: str | None = None) -> str:
    """Where a feed is read, below the page's address. The token of a reader makes it a secret."""
    shown = f"?token={quote(token, safe='')}" if token else ""
    return f"{page.rstrip('/')}/{FOLDER}/{name.path(form)}{shown}"


def _feed(name: FeedName, facts: FeedFacts, base_url: str | None) -> Feed:
    entries = tuple(replace(one, entry=_sound(one.entry)) for one in facts.entries)
    return Feed(
        id=facts.id,
        title=clip(plain(name.title), 100),
        about=_ABOUT[name.kind],
        updated_at=max((one.at for one in entries), default=facts.made_at),
        entries=entries,
        home=links.web(base_url),
    )


def _sound(entry: FeedEntry) -> FeedEntry:
    """The entry; one whose text is damaged leads to the paper all the same."""
    if entry.url:
        return entry
    return replace(
        entry, title=clip(plain(entry.title), 400), url=links.page(entry.record_id), summary=_DAMAGED, html=f"<p>{_DAMAGED}</p>"
    )


# --- as files --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filed:
    """What writing the files came to: those that were written, since they were to be another; those that were removed, their list or watch
    being gone; and why some could not be."""

    written: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedFiles:
    """The feeds as plain files in a folder, for a web server or a file share. `guarded` is what is never written over."""

    feeds: Feeds
    folder: Path
    guarded: Sequence[Guarded] = ()

    def write(self) -> Filed:
        """Brings the folder to what the database has, each file whole or not at all. One that cannot be written costs the others nothing."""
        fresh: list[Path] = []
        problems: list[Problem] = []
        for name in self.feeds.names():
            for form in FeedForm:
                document, file = self.feeds.document(name, form), self.file(name, form)
                try:
                    if document is not None and self._put(file, document.content):
                        fresh.append(file)
                except ConfigurationError as error:
                    problems += error.problems
        removed, left = self._sweep()
        return Filed(tuple(fresh), removed, (*problems, *left))

    def file(self, name: FeedName, form: FeedForm) -> Path:
        """The file of a feed."""
        return self.folder / name.path(form)

    def _put(self, file: Path, content: bytes) -> bool:
        """Whether there was something to write. Another process that writes the same at the same time does no harm."""
        if _holds(file, content):
            return False
        try:
            write(file, content, self.guarded, force=os.path.lexists(file))
        except ConfigurationError:
            if not _holds(file, content):
                raise
        return True

    def _sweep(self) -> tuple[tuple[Path, ...], tuple[Problem, ...]]:
        """Removes files of lists and watches that are gone or have another name now; a file is ours when its id is that of a feed."""
        wanted = {self.file(name, form) for name in self.feeds.names() for form in FeedForm}
        ours = self.feeds.store.feed_ids()
        removed: list[Path] = []
        problems: list[Problem] = []
        for file in _files(self.folder):
            if file in wanted or _id_of(file) not in ours:
                continue
            try:
                file.unlink(missing_ok=True)
                removed.append(file)
            except OSError as error:
                told = f"the feed of a list or watch that is gone cannot be removed: {error.strerror}"
                problems.append(Problem(told, "remove the file", Place(file)))
        return tuple(removed), tuple(problems)


def _holds(file: Path, content: bytes) -> bool:
    try:
        return file.is_file() and file.read_bytes() == content
    except OSError:
        return False


def _files(folder: Path) -> Iterator[Path]:
    for kind in FeedKind:
        for form in FeedForm:
            yield from sorted((folder / kind).glob(f"*.{form}"))


def _id_of(file: Path) -> str:
    """The id of the feed that a file holds, which stands before its entries in both forms; "" where it holds none."""
    try:
        with file.open("rb") as opened:
            found = _ID.search(opened.read(2_000))
    except OSError:
        return ""
    return found[0].decode() if found else ""


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed as `watcher feeds` tells of it: its addresses by form, and its files where there are any. `latest_at` is when its last entry
    came."""

    name: FeedName
    entries: int
    latest_at: datetime | None
    addresses: Mapping[str, str]
    """From the page's root on, or whole."""
    files: Mapping[str, Path]


def states(
    feeds: Feeds, files: FeedFiles | None = None, token: str | None = None, *, page: str | None = ""
) -> tuple[FeedState, ...]:
    """Every feed of the configuration.

    Args:
        feeds: these.
        files: the files that are told of beside the addresses.
        token: of the reader for whom the addresses are.
        page: what the addresses begin with; "": they are those within the page, None: there is no page.
    """
    return tuple(_state(feeds, name, files, token, page) for name in feeds.names())


def _state(feeds: Feeds, name: FeedName, files: FeedFiles | None, token: str | None, page: str | None) -> FeedState:
    feed = feeds.feed(name)
    entries = feed.entries if feed else ()
    return FeedState(
        name,
        len(entries),
        entries[0].at if entries else None,
        {} if page is None else {form.value: address(page, name, form, token) for form in FeedForm},
        {form.value: files.file(name, form) for form in FeedForm} if files else {},
    )
