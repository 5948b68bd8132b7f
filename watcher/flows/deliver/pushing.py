"""Papers that readers marked are pushed into a collection of Zotero: owed, written, recorded.

    owe       a row for each marked paper whose text is stored; a verdict that is taken back before the push takes the row along
    look      the collection (one in the trash takes what nobody sees), the index of the library, the items as they stand now
    write     at most fifty objects: a new item under a key that follows from library, collection and paper, with version 0, so that
              the same paper is never there twice; an item that is there by PMID, PMCID or DOI gets the collection added to its whole
              list, at its version
    settle    each object by itself, as the answer says: some fail inside a good answer

The lease `zotero` lets one process push at a time. A row is counted as begun before the request. An answer that is lost is found again: the
derived key is looked for before each write. What may pass is tried again as deliveries are; what cannot pass is parked, told, and tried daily.
"""

from __future__ import annotations

import math
import random
import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from watcher.domain import Article, PushOutcome, PushState, RecordId, VerdictKind
from watcher.errors import Busy, Stopped, ZoteroError, ZoteroRefused, ZoteroUnavailable
from watcher.flows.deliver.deliver import FIRST_WAIT, LONGEST_ASKED, LONGEST_WAIT, PARK_AFTER_ATTEMPTS, PARKED_WAIT
from watcher.flows.deliver.leases import held
from watcher.flows.ports import Libraries
from watcher.flows.scoring.verdicts import agreed
from watcher.flows.search.following import Manners
from watcher.flows.search.indexing import Indexer
from watcher.store import PushFacts, Store

if TYPE_CHECKING:
    from watcher.zotero.answers import Failed, WriteAnswer, ZoteroItem

LEASE = "zotero"
AT_ONCE = 50
"""Objects of one write."""
ROUNDS = 4
"""So often the same papers are looked at and written anew, where others edit them meanwhile or a field is refused."""
_FIELD = re.compile(r"'(\w+)'")
_NOT_BY_ITSELF = frozenset({"itemType", "title", "creators", "collections", "key", "version"})


class Writer(Protocol):
    """Makes an item of an article: of these fields, None where they are not known, without some; slim without what may be too long."""

    def __call__(
        self, article: Article, fields: Collection[str] | None, *, without: Collection[str] = (), is_slim: bool = False
    ) -> dict[str, object]:
        """The item."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where papers are pushed, "" being the library itself, and which: those marked so."""

    library: str
    collection: str
    what: VerdictKind = VerdictKind.RELEVANT

    @property
    def told(self) -> str:
        """How a person is told of it."""
        return f"collection {self.collection} of {self.library}" if self.collection else self.library


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push came to: how many papers were made, filed, there already, and how many failed for now; `error` is what the last said.
    `is_elsewhere`: nothing was tried, since another process pushes."""

    made: int = 0
    filed: int = 0
    there: int = 0
    failed: int = 0
    error: str = ""
    is_elsewhere: bool = False

    @property
    def is_any(self) -> bool:
        """Whether anything was tried."""
        return bool(self.made or self.filed or self.there or self.failed)

    @property
    def told(self) -> str:
        """All of it in words."""
        if self.is_elsewhere:
            return "another process does it just now"
        counts = {"new": self.made, "filed": self.filed, "there already": self.there, "not yet": self.failed}
        parts = ", ".join(f"{number:,} {word}" for word, number in counts.items() if number)
        return f"{parts or 'nothing is owed'}{f': {self.error}' if self.error else ''}"


@dataclass(frozen=True, slots=True)
class Pusher:
    """Pushes marked papers. `key_of` derives an item's key; `type_of` and `write` make an item; `match_of` gives what an item is known by;
    `holder` names this process in the lease; `jitter` gives a factor near 1; once `stopping` is set, nothing further is written."""

    target: Target
    libraries: Callable[[], Libraries]
    store: Store
    manners: Manners
    indexer: Indexer
    watches: Collection[str]
    holder: str
    key_of: Callable[..., str]
    type_of: Callable[[Article], str]
    write: Writer
    title_of: Callable[[Article], str]
    say: Callable[[str], None] = field(default=lambda _line: None)
    jitter: Callable[[], float] = field(default=lambda: random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, no secret
    stopping: threading.Event = field(default_factory=threading.Event)

    def owe(self, now: datetime) -> int:
        """Bring what is owed in line with the verdicts in force; how many rows that changed."""
        wanted = self._wanted()
        target = self.target
        keys = {record_id: self.key_of(target.library, target.collection, str(record_id)) for record_id in wanted}
        return self.store.zotero.owe(target.library, target.collection, keys, now)

    def _wanted(self) -> frozenset[RecordId]:
        """The papers that are marked so and whose text is stored: by the agreement of the readers where readers may disagree."""
        found: set[RecordId] = set()
        for watch in self.watches:
            verdicts = self.store.verdicts(watch)
            if self.target.what is VerdictKind.RELEVANT:
                found |= {record_id for record_id, kind in agreed(verdicts).items() if kind is VerdictKind.RELEVANT}
            else:
                found |= {one.record_id for one in verdicts if one.kind is self.target.what}
        return frozenset(self.store.stored(found))

    def is_due(self, now: datetime) -> bool:
        """Whether anything is to be owed or pushed now."""
        target, wanted = self.target, self._wanted()
        rows = self.store.zotero.pushes(target.library, target.collection)
        owed = {one.record_id for one in rows if one.state is not PushState.DROPPED}
        stale = any(one.state in _OPEN and one.record_id not in wanted for one in rows)
        return bool(wanted - owed) or stale or any(_is_due(one, now) for one in rows)

    def push(self, now: datetime, *, everything: bool = False) -> Pushed:
        """Push what is due; with `everything` also what waits for a later try, and what is parked. Nothing where another process does.

        Raises:
            Stopped: the service is to stop; what was written is recorded.
        """
        if not everything and not self.is_due(now):
            return Pushed()
        try:
            with held(self.store, LEASE, self.holder):
                self.owe(now)
                return _Push(self, now, everything).all()
        except Busy:
            return Pushed(is_elsewhere=True)


_OPEN = frozenset({PushState.PENDING, PushState.PARKED})


def _is_due(one: PushFacts, now: datetime) -> bool:
    """Whether a row is to be tried; one that a clock that had gone ahead put off for longer than any wait is."""
    return one.state in _OPEN and (one.next_at <= now or one.next_at > now + 2 * PARKED_WAIT)


@dataclass(slots=True)
class _Push:
    """One push by a pusher's means. `banned` are fields that the service refused, by type; `slim` the rows written without what is too long."""

    by: Pusher
    now: datetime
    everything: bool
    outcomes: dict[int, PushOutcome] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)
    banned: dict[str, set[str]] = field(default_factory=dict)
    slim: set[int] = field(default_factory=set)
    templates: dict[str, frozenset[str] | None] = field(default_factory=dict)
    size: int = AT_ONCE

    def all(self) -> Pushed:
        """Push portion after portion."""
        target = self.by.target
        rows = self.by.store.zotero.pushes(target.library, target.collection)
        due = [one for one in rows if (self.everything and one.state in _OPEN) or _is_due(one, self.now)]
        libraries, error = self.by.libraries(), None
        begun: list[PushFacts] = []
        try:
            if due:
                self.by.manners.hold(self.now)
                begun = due
                self.by.store.zotero.begin_pushes([one.id for one in due], self.now)
                self._go_through(libraries, due)
        except ZoteroError as failed:
            error = failed
            left = [one for one in begun or due if one.id not in self.outcomes and one.id not in self.failures]
            self._fail(left, failed, is_begun=bool(begun))
        self.by.manners.note(libraries, error, self.now)
        return self._told()

    def _go_through(self, libraries: Libraries, due: Sequence[PushFacts]) -> None:
        self._hold_to_collection(libraries)
        self.by.indexer.read(libraries, self.now)
        if self.by.store.zotero.library(self.by.target.library).is_open:
            raise ZoteroUnavailable("the Zotero library is not read to its end yet", retry_after=0.0)
        left = list(due)
        rounds, learnt = 0, self._learnt()
        while left:
            if self.by.stopping.is_set():
                raise Stopped
            portion = left[: self.size]
            again = self._portion(libraries, portion)
            rounds = rounds + 1 if len(again) == len(portion) and learnt == self._learnt() else 0
            learnt = self._learnt()
            if rounds >= ROUNDS:
                self._fail(again, ZoteroUnavailable("Zotero: others edit the same items just now"), is_begun=True)
                again = []
            left = [*again, *left[len(portion) :]]
            if again:
                self.by.indexer.read(libraries, self.now)

    def _learnt(self) -> tuple[int, int, int]:
        """What the service taught so far: trying again with it is no idle round."""
        return sum(map(len, self.banned.values())), len(self.slim), self.size

    def _hold_to_collection(self, libraries: Libraries) -> None:
        target = self.by.target
        if not target.collection:
            return
        found = libraries.collection(target.library, target.collection)
        if found.is_trashed:
            raise ZoteroRefused(
                f"the {target.told} ({found.name}) lies in the trash: what is written there is seen by nobody",
                fix="restore it in Zotero, or name another in `zotero.push.collection`",
            )

    # --- one portion

    def _portion(self, libraries: Libraries, portion: Sequence[PushFacts]) -> list[PushFacts]:
        """Write a portion; the rows that are to be looked at again."""
        texts = self.by.store.articles([one.record_id for one in portion])
        lost = [one for one in portion if one.record_id not in texts]
        self._fail(
            lost, ZoteroUnavailable("the text of the paper is not stored: the next run of its watch fetches it"), is_begun=True
        )
        rows = [one for one in portion if one.record_id in texts]
        matches = {one.id: self._matches(one, texts[one.record_id]) for one in rows}
        there = self._there(libraries, {key for keys in matches.values() for key in keys})
        objects: dict[int, dict[str, object]] = {}
        again: list[PushFacts] = []
        taken: set[str] = set()
        for one in rows:
            names = _names(texts[one.record_id])
            if names & taken:
                again.append(one)
                continue
            taken |= names
            made = self._object(libraries, one, texts[one.record_id], [there[key] for key in matches[one.id] if key in there])
            if made is not None:
                objects[one.id] = made
        return [*again, *self._written(libraries, [one for one in rows if one.id in objects], objects)]

    def _matches(self, one: PushFacts, article: Article) -> list[str]:
        """The items that may be the paper, best first; its derived key before all."""
        found = self.by.store.zotero.matches(
            self.by.target.library, pmid=article.pmid, pmcid=article.pmcid, doi=article.doi, title_key=self.by.title_of(article)
        )
        return [one.item_key, *(key for key in found if key != one.item_key)]

    def _there(self, libraries: Libraries, keys: Iterable[str]) -> dict[str, ZoteroItem]:
        """The items as they stand there now."""
        pages = libraries.items(self.by.target.library, sorted(keys))
        return {one.key: one for page in pages for one in page}

    def _object(
        self, libraries: Libraries, one: PushFacts, article: Article, there: Sequence[ZoteroItem]
    ) -> dict[str, object] | None:
        """What to write for a row; None where nothing is to be written, which is recorded."""
        collection = self.by.target.collection
        own = next((item for item in there if item.key == one.item_key), None)
        if own is not None and own.is_trashed:
            self._done(one, PushOutcome.TRASHED)
            return None
        standing = [item for item in there if not item.is_trashed]
        if any(not collection or collection in item.collections for item in standing):
            self._done(one, PushOutcome.MADE if own is not None else PushOutcome.THERE)
            return None
        if standing:
            item = standing[0]
            known = {"itemType": item.data["itemType"]} if "itemType" in item.data else {}
            return {"key": item.key, "version": item.version, **known, "collections": [*item.collections, collection]}
        item_type = self.by.type_of(article)
        if item_type not in self.templates:
            self.templates[item_type] = libraries.template(item_type)
        without = self.banned.get(item_type, ())
        fresh = self.by.write(article, self.templates[item_type], without=without, is_slim=one.id in self.slim)
        return {"key": one.item_key, "version": 0, **fresh, "collections": [collection] if collection else []}

    # --- what the answer says

    def _written(
        self, libraries: Libraries, rows: Sequence[PushFacts], objects: Mapping[int, Mapping[str, object]]
    ) -> list[PushFacts]:
        if not rows:
            return []
        try:
            answer = libraries.write(self.by.target.library, [objects[one.id] for one in rows])
        except ZoteroRefused as refused:
            return self._refused(rows, refused)
        return [one for place, one in enumerate(rows) if self._settled(one, objects[one.id], answer, place)]

    def _refused(self, rows: Sequence[PushFacts], refused: ZoteroRefused) -> list[PushFacts]:
        """A write that was refused as a whole: too large is written in halves; one against a version is looked at again."""
        if refused.status == 412:
            return list(rows)
        if refused.status != 413:
            raise refused
        if len(rows) > 1:
            self.size = max(1, len(rows) // 2)
            return list(rows)
        return [one for one in rows if self._too_long(one, refused)]

    def _settled(self, one: PushFacts, said: Mapping[str, object], answer: WriteAnswer, place: int) -> bool:
        """Record what became of one object; whether it is to be looked at again."""
        if place in answer.done:
            self._done(one, PushOutcome.MADE if said["version"] == 0 else PushOutcome.FILED)
            return False
        failed = answer.failed.get(place)
        if failed is None or failed.code in (404, 412):
            return True
        if failed.code == 400 and self._bans(str(said.get("itemType")), said, failed):
            return True
        error = ZoteroRefused(f"Zotero refused the item ({failed.code}): {failed.message}", status=failed.code, fix=_fix(failed))
        if failed.code == 413:
            return self._too_long(one, error)
        passing = ZoteroUnavailable(str(error)) if failed.code >= 500 or failed.code in (0, 429) else error
        self._fail([one], passing, is_begun=True)
        return False

    def _bans(self, item_type: str, said: Mapping[str, object], failed: Failed) -> bool:
        """Leave a field out from now on that the type does not have, whatever its template said. Others of the same write had it too."""
        named = next((name for name in _FIELD.findall(failed.message) if name in said), None)
        if named is None or named in _NOT_BY_ITSELF:
            return False
        self.banned.setdefault(item_type, set()).add(named)
        return True

    def _too_long(self, one: PushFacts, error: ZoteroError) -> bool:
        """Try again without abstract and tags; fail where that was tried."""
        if one.id in self.slim:
            self._fail([one], error, is_begun=True)
            return False
        self.slim.add(one.id)
        return True

    # --- what is recorded

    def _done(self, one: PushFacts, outcome: PushOutcome) -> None:
        self.outcomes[one.id] = outcome
        self.by.store.zotero.settle_push(one.id, PushState.PUSHED, self.now, outcome=outcome)
        self.by.say(f"{one.record_id.label} to {self.by.target.told}: {outcome.value}")

    def _fail(self, rows: Sequence[PushFacts], error: ZoteroError, *, is_begun: bool) -> None:
        """Put off what may pass, and park what cannot. A wait that the service asked for beforehand is no try."""
        asked = timedelta(seconds=min(error.retry_after or 0.0, LONGEST_ASKED.total_seconds()))
        is_wait = error.may_pass and error.status is None and error.retry_after is not None
        for one in rows:
            attempts = one.attempts + is_begun
            self.failures[one.id] = str(error)
            if is_wait:
                state, next_at = one.state, self.now + asked
            elif error.may_pass and attempts < PARK_AFTER_ATTEMPTS:
                state, next_at = PushState.PENDING, self.now + max(self._wait(attempts), asked)
            else:
                state, next_at = PushState.PARKED, self.now + max(PARKED_WAIT, asked)
            self.by.store.zotero.settle_push(
                one.id, state, self.now, next_at=next_at, reason=str(error), fix=error.fix, is_no_try=is_wait and is_begun
            )

    def _wait(self, attempts: int) -> timedelta:
        return min(FIRST_WAIT * math.pow(2, max(attempts - 1, 0)), LONGEST_WAIT) * self.by.jitter()

    def _told(self) -> Pushed:
        counts = {outcome: sum(one is outcome for one in self.outcomes.values()) for outcome in PushOutcome}
        there = counts[PushOutcome.THERE] + counts[PushOutcome.TRASHED]
        last = next(reversed(self.failures.values()), "")
        return Pushed(counts[PushOutcome.MADE], counts[PushOutcome.FILED], there, len(self.failures), last)


def _names(article: Article) -> set[str]:
    """What two records of one paper share."""
    named = {"pmid": article.pmid, "doi": (article.doi or "").lower(), "pmcid": article.pmcid}
    return {f"{name} {value}" for name, value in named.items() if value}


def _fix(failed: Failed) -> str:
    if failed.code == 409:
        return "the collection is gone: name another in `zotero.push.collection`"
    if failed.code == 403:
        return "`watcher zotero check` says what the key may do; where only admins edit, a key of an admin is needed"
    return "`watcher zotero push` tries again at once"
