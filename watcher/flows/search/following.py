"""Seeds that follow collections of Zotero: before each run of a watch its collections are looked at, and what they hold is kept.

    304        nothing in the library has changed: one request
    else       the collection itself, with subcollections the tree of them; the keys of its papers, compared whole, since what has left a
               collection or lies in the trash is told nowhere; what is new or changed, fifty at a time

An answer that fails, a collection in the trash, and one with fewer than half of its papers leave the seeds as they were, and are told.
While a library moves under the reading of several collections, papers are added and none is taken out. Once a week a library is read whole
although it says that nothing has changed. How many items there are, and of what, is Zotero's affair: what is no paper is no seed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from watcher.domain import Code, SeedsFrom, Warned, Watch
from watcher.errors import Problem, SeedError, SeedsUnread, ZoteroError, ZoteroRefused, ZoteroUnavailable
from watcher.flows.ports import Libraries
from watcher.store import CollectionChange, CollectionFacts, Store, ZoteroItemFacts, ZoteroServerFacts

if TYPE_CHECKING:
    from watcher.seeds import Examples
    from watcher.zotero.answers import Collection as Folder
    from watcher.zotero.answers import Versions, ZoteroItem

READ_WHOLE_AFTER = timedelta(days=7)
"""So long a library is believed that says that nothing has changed."""
REFUSED_FOR = timedelta(days=1)
"""After so long a key that Zotero did not know is tried again, although nothing was changed."""
ROUNDS = 3
"""So often the collections of a tree are read anew while their library moves."""
FAILURES_TOLD = 3
"""After so many failed looks in a row an outage is warned of on the alerts' channel."""
SAID_KEY = "invalid key"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manners:
    """What keeps us from asking: a server's wish to be left alone, and a key that it does not know. Kept in the database, so that several
    processes heed it. `config_sha256` is of the configuration in force: with another one a key is tried again."""

    store: Store
    address: str
    config_sha256: str

    def hold(self, now: datetime) -> None:
        """Nothing, if Zotero may be asked now. Raises ZoteroUnavailable or ZoteroRefused."""
        known = self.store.zotero.server(self.address)
        if known.rests_until is not None and now < known.rests_until <= now + REFUSED_FOR:
            left = (known.rests_until - now).total_seconds()
            raise ZoteroUnavailable(f"Zotero asked not to be asked for another {left:,.0f} s", retry_after=left)
        is_same = known.refused_config_sha256 == self.config_sha256
        if is_same and known.refused_at is not None and timedelta() <= now - known.refused_at < REFUSED_FOR:
            fix = "make a key at zotero.org/settings/keys, and put it into the file that `zotero.api_key_file` names"
            raise ZoteroRefused(
                f"{known.said}; it is not asked again with this key before tomorrow", fix=fix
            )  # no answer: no status

    def note(self, libraries: Libraries, error: ZoteroError | None, now: datetime) -> None:
        """Keep what the last answers asked for; `error`: by which they ended."""
        rests = libraries.rests_for
        is_bad_key = error is not None and error.status == 403 and SAID_KEY in str(error).casefold()
        if not rests and not is_bad_key:
            return
        until = now + timedelta(seconds=rests) if rests else None
        bad = (now, self.config_sha256, str(error)) if is_bad_key else (None, None, None)
        self.store.zotero.note_server(self.address, ZoteroServerFacts(until, *bad))


@dataclass(frozen=True, slots=True)
class Follower:
    """Looks at collections. `libraries` opens Zotero; `keep` makes of an item what is kept of it; `seeds` gives all seeds of a watch, of files
    too."""

    libraries: Callable[[], Libraries]
    store: Store
    manners: Manners
    keep: Callable[[ZoteroItem], ZoteroItemFacts]
    seeds: Callable[[Watch], object]
    say: Callable[[str], None] = field(default=lambda _line: None)
    _looked: dict[SeedsFrom, ZoteroError | None] = field(default_factory=dict)

    def follow(self, watch: Watch, now: datetime) -> tuple[Warned, ...]:
        """Look at the collections of a watch, each once however many watches follow it; what is warned of this once.

        Raises:
            ZoteroUnavailable: Zotero was not reached, and there is no seed of any kind yet.
            Stopped: the service is to stop; what was read is kept.
        """
        for source in watch.seeds_from:
            if source not in self._looked:
                self.say(f"{watch.name}: looking at {source.path}")
                self._looked[source] = self._look(source, now)
        passing = {one: error for one in watch.seeds_from if (error := self._looked[one]) is not None and error.may_pass}
        if passing:
            self._hold_to_some(watch, next(iter(passing.values())))
        return tuple(_not_asked(source, error) for source, error in passing.items())

    def _hold_to_some(self, watch: Watch, error: ZoteroError) -> None:
        """An outage before the first reading: without any seed there is nothing to run by."""
        try:
            self.seeds(watch)
        except SeedsUnread:
            raise error from None

    def _look(self, source: SeedsFrom, now: datetime) -> ZoteroError | None:
        error: ZoteroError | None = None
        libraries = self.libraries()
        try:
            self.manners.hold(now)
            _Look(libraries, self.store, source, now, self.keep).take()
        except ZoteroError as failed:
            error = failed
            self.store.zotero.failed(source, str(failed), failed.fix, now, may_pass=failed.may_pass)
        self.manners.note(libraries, error, now)
        return error


def _not_asked(source: SeedsFrom, error: ZoteroError) -> Warned:
    what = f"{source.path} could not be looked at, and the seeds stay as they were: {error}"
    return Warned(Code.COLLECTION_NOT_ASKED, what, "the next run asks again")


@dataclass(slots=True)
class _Look:
    """One look at one collection."""

    libraries: Libraries
    store: Store
    source: SeedsFrom
    now: datetime
    keep: Callable[[ZoteroItem], ZoteroItemFacts]
    _changed: int = 0
    _is_whole: bool = True

    def take(self) -> None:
        """Read what the collection holds, and keep it."""
        source, known = self.source, self.store.zotero.collection(self.source)
        first = self.libraries.versions(source.library, source.collection, since=self._since(known))
        if first is None:
            self.store.zotero.looked(source, self.now)
            return
        whole = self.libraries.collection(source.library, source.collection)
        if whole.is_trashed:
            raise ZoteroRefused(
                f"the collection {whole.name} ({source.path}) lies in the trash, and the seeds stay as they were",
                fix="restore it in Zotero, or name another in `seeds_from`",
            )
        before = self.store.zotero.members(source)
        listed, is_stable = self._listed(first, whole.key)
        keys = self._read(listed, before)
        if not is_stable:
            keys |= before.keys()
        self._settle(whole.name, keys, known, first.library if self._is_whole and is_stable else None)

    def _since(self, known: CollectionFacts | None) -> int | None:
        if known is None or known.read_at is None or known.accepts:
            return None
        is_fresh = timedelta() <= self.now - known.read_at < READ_WHOLE_AFTER
        return known.version if is_fresh else None

    # --- which items

    def _listed(self, first: Versions, key: str) -> tuple[dict[str, int], bool]:
        """The items of the collection, and of those below it where that is wanted; whether the library stood still meanwhile."""
        if not self.source.subcollections:
            return dict(first.keys), True
        for _ in range(ROUNDS):
            lists = [first, *self._below(key)]
            listed = {item: version for one in lists for item, version in one.keys.items()}
            if len({one.library for one in lists}) == 1:
                return listed, True
            again = self.libraries.versions(self.source.library, self.source.collection)
            first = again if again is not None else first
        return listed, False

    def _below(self, key: str) -> Iterator[Versions]:
        library = self.source.library
        for one in below(self.libraries.collections(library), key):
            found = self.libraries.versions(library, one)
            if found is not None:
                yield found

    # --- what they say

    def _read(self, listed: Mapping[str, int], before: Mapping[str, int]) -> set[str]:
        """The items that are there and not in the trash; what is new or changed is kept as it comes."""
        library = self.source.library
        known = self.store.zotero.items(library, listed.keys())
        wanted = [key for key, version in listed.items() if not _is_known(known.get(key), version)]
        there = set(listed) - set(wanted)
        answered: set[str] = set()
        for page in self.libraries.items(library, wanted):
            kept = [self.keep(one) for one in page if not one.is_trashed]
            self.store.zotero.keep_items(library, kept)
            answered |= {one.key for one in page}
            there |= {one.key for one in kept}
            self._changed += sum(one.key in before and one.is_paper and known.get(one.key, one).body != one.body for one in kept)
        silent = set(wanted) - answered
        self._is_whole = not silent
        return there | (silent & before.keys())

    def _settle(self, name: str, keys: Collection[str], known: CollectionFacts | None, version: int | None) -> None:
        kept = self.store.zotero.items(self.source.library, keys)
        papers = sum(one.is_paper for one in kept.values())
        before = known.papers if known else 0
        if 2 * papers < before and not (known and known.accepts):
            self.store.zotero.shrank(self.source, name, papers, self.now)
            return
        found = self.store.zotero.take(self.source, name, kept.keys(), version, self.now, self._changed)
        if found.is_any:
            counts = {"came": found.came, "went": found.went, "changed": found.changed, "now": papers}
            _log.info("the seeds of a collection have changed: %s (%s): %s", self.source.path, name, counts)


def below(collections: Collection[Folder], key: str) -> tuple[str, ...]:
    """The keys of all collections below one, those of the trash and what lies in them left out. A parent that is not there, or a circle, ends a
    branch."""
    children: dict[str, list[Folder]] = {}
    for one in collections:
        if one.parent and not one.is_trashed:
            children.setdefault(one.parent, []).append(one)
    found: list[str] = []
    left = [key]
    while left:
        for one in children.get(left.pop(), ()):
            if one.key != key and one.key not in found:
                found.append(one.key)
                left.append(one.key)
    return tuple(found)


def _is_known(kept: ZoteroItemFacts | None, version: int) -> bool:
    return kept is not None and kept.version == version and (kept.body is not None or not kept.is_paper)


# --- what is told of it --------------------------------------------------------------------------------------------------------------


def of_collections(watch: Watch, store: Store, examples: Examples) -> Iterator[Warned]:
    """What is warned of about the collections of a watch; `examples`: what they give."""
    for source in watch.seeds_from:
        known = store.zotero.collection(source)
        if known is None:
            continue
        if known.error and (not known.may_pass or known.failures >= FAILURES_TOLD):
            since = f" ({known.failures} looks in a row)" if known.may_pass else ""
            what = f"{source.path} cannot be read, and the seeds stay as they were{since}: {known.error}"
            yield Warned(Code.COLLECTION_UNREAD, what, known.fix or "`watcher zotero check` says what the key may do")
        if known.shrank_to is not None:
            yield Warned(Code.COLLECTION_SHRANK, *_shrank(watch, known))
    yield from (Warned(Code.SEED_PASSED_OVER, one.what, one.fix) for one in examples.passed_over if one.place is None)


def _shrank(watch: Watch, known: CollectionFacts) -> tuple[str, str]:
    what = f"{known.source.path} ({known.name}) holds {known.shrank_to:,} papers only, fewer than half of {known.papers:,}"
    return (
        f"{what}: the former ones stay the seeds",
        f"put the papers back in Zotero; or, if it is meant, run `watcher zotero accept {watch.name}`",
    )


def told_of_changes(changes: Collection[CollectionChange]) -> str:
    """How a collection was found otherwise, as a phrase; "" where it was not."""
    came, went = sum(one.came for one in changes), sum(one.went for one in changes)
    changed = sum(one.changed for one in changes)
    parts = {"came": came, "left": went, "changed": changed}
    told = [f"{number:,} {'paper' if number == 1 else 'papers'} {word}" for word, number in parts.items() if number]
    return ", ".join(told)


def require(watch: Watch, examples: Examples, store: Store) -> Examples:
    """The seeds of a watch, if there are any. Raises SeedError where its collections give none and it has no others."""
    if examples.seeds or not watch.seeds_from:
        return examples
    unread = [one.path for one in watch.seeds_from if (known := store.zotero.collection(one)) is None or known.read_at is None]
    if unread:
        raise SeedsUnread(
            Problem(f"{', '.join(unread)} was not read yet, and there is no other seed", "the next run asks Zotero again")
        )
    names = ", ".join(one.path for one in watch.seeds_from)
    raise SeedError(Problem(f"{names} holds no paper, and there is no other seed", "put papers into the collection in Zotero"))
