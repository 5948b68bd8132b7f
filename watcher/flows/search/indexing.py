"""The index of a Zotero library: which papers are there, by their identifiers. Refreshed once a day, and before anything is written there.

A library that has not changed costs one request; else the keys of all its papers with their versions are asked for, and what is new or
changed, fifty at a time and at most so many pages in one tick, each kept as it comes. What is no longer listed, or lies in the trash, is
marked as gone. Until the library was read whole once, papers are known as far as they were read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watcher.domain import Code, Warned
from watcher.errors import ZoteroError
from watcher.flows.ports import Libraries
from watcher.flows.search.following import FAILURES_TOLD, READ_WHOLE_AFTER, Manners
from watcher.schedule import BY_ITSELF
from watcher.store import LibraryFacts, Store, ZoteroItemFacts

if TYPE_CHECKING:
    from watcher.zotero.answers import ZoteroItem

DAILY = timedelta(days=1)
PAGES_IN_A_TICK = 100
"""Requests for items in one tick: a minute or two; 5,000 papers."""
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Indexer:
    """Knows what is in a library. `libraries` opens Zotero; `keep` makes of an item what is kept of it."""

    library: str
    libraries: Callable[[], Libraries]
    store: Store
    manners: Manners
    keep: Callable[[ZoteroItem], ZoteroItemFacts]
    say: Callable[[str], None] = field(default=lambda _line: None)

    def is_due(self, now: datetime) -> bool:
        """Whether the library is to be read now: not for a day, not to its end, or again after a failure."""
        known = self.store.zotero.library(self.library)
        if known.failed_at is not None and known.failed_at <= now:
            return known.failed_at + self._wait(known) <= now
        return known.is_open or known.read_at is None or not timedelta() <= now - known.read_at < DAILY

    def _wait(self, known: LibraryFacts) -> timedelta:
        return BY_ITSELF.wait(known.failures, self.library) if known.may_pass else LONGEST_WAIT

    def refresh(self, now: datetime) -> bool:
        """Read what is new in the library; whether it is known to its end. A failure is kept, and told by what is warned of.

        Raises:
            Stopped: the service is to stop; what was read is kept.
        """
        self.say(f"reading the Zotero library {self.library}")
        libraries, error = self.libraries(), None
        try:
            self.manners.hold(now)
            self.read(libraries, now)
        except ZoteroError as failed:
            error = failed
            self.store.zotero.library_failed(self.library, str(failed), failed.fix, now, may_pass=failed.may_pass)
        self.manners.note(libraries, error, now)
        return error is None and not self.store.zotero.library(self.library).is_open

    def read(self, libraries: Libraries, now: datetime) -> None:
        """The same for who holds to the manners already. Raises ZoteroError."""
        known = self.store.zotero.library(self.library)
        is_fresh = known.read_at is not None and timedelta() <= now - known.read_at < READ_WHOLE_AFTER and not known.is_open
        found = libraries.versions(self.library, since=known.version if is_fresh else None)
        if found is None:
            self.store.zotero.library_read(self.library, known.version, now, None)
            return
        kept = self.store.zotero.items(self.library, found.keys.keys())
        wanted = [key for key, version in found.keys.items() if key not in kept or kept[key].version != version]
        asked = wanted[: PAGES_IN_A_TICK * 50]
        answered = 0
        for page in libraries.items(self.library, asked):
            self.store.zotero.keep_indexed(self.library, [self.keep(one) for one in page if not one.is_trashed])
            answered += len(page)
        is_open = len(asked) < len(wanted)
        is_whole = not is_open and answered == len(asked)
        version = found.library if is_whole else None
        self.store.zotero.library_read(self.library, version, now, found.keys.keys(), is_open=is_open)

    def warnings(self) -> tuple[Warned, ...]:
        """What is warned of about the library."""
        known = self.store.zotero.library(self.library)
        if not known.error or (known.may_pass and known.failures < FAILURES_TOLD):
            return ()
        what = f"the Zotero library {self.library} cannot be read, and what is known of it stays as it was: {known.error}"
        return (Warned(Code.LIBRARY_UNREAD, what, known.fix or "`watcher zotero check` says what the key may do"),)
