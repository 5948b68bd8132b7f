"""Does the configuration do what the lab means? Offline: seeds, queries, schedules. Online: PubMed's counts and complaints, and
whether each channel can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from watcher import clock
from watcher.domain import Channel, DigestList, Found, Seed, Theme, Warned, Watch, as_document
from watcher.errors import BadQuery, ConfigurationError, DeliveryError, Problem, PubMedError, TooManyMatches
from watcher.flows.ports import Source
from watcher.flows.questions import warnings
from watcher.flows.schedule.due import digests_after
from watcher.flows.search.reading import of_the_size
from watcher.store import Store

_SLOTS = 3
"""Slots that are told of each list."""
_Warn = Callable[[Warned, str], None]
"""Hears of a warning, and of which watch it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check: about what, what was found, and whether it is good or a failure."""

    about: str
    told: str
    failed: bool = False
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class CheckedWatch:
    """A watch as the files give it. `themes` is None where it has no file of them; `follows` are collections of Zotero, whose seeds are not
    counted."""

    name: str
    seeds: int
    threshold: float
    themes: int | None = None
    follows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedList:
    """A list, its next slots, those of its pause left out, and whom its readers write to."""

    name: str
    schedule: str
    timezone: str
    upcoming: tuple[datetime, ...]
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything that a check knows. `online` is None where PubMed and the channels were not asked; `problems` are what a
    configuration is refused for: nothing else is known of one that has any. `zones`: the release of the world's time zones in
    use; `limits`: what each channel takes in one message, by its name."""

    path: Path | None
    watches: tuple[CheckedWatch, ...] = ()
    lists: tuple[CheckedList, ...] = ()
    warnings: tuple[Warned, ...] = ()
    online: tuple[Finding, ...] | None = None
    problems: tuple[Problem, ...] = ()
    zones: str = ""
    limits: Mapping[str, str] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[Finding, ...]:
        """What the check as a whole fails by."""
        return tuple(one for one in self.online or () if one.failed)


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks a configuration that has loaded. `seeds` reads the seeds of a watch; `themes` are of the watches that have a file of them;
    `limits` what each channel takes in one message; `contacts` whom the readers of each list write to; `placed` gives a warning of a watch
    the place of the key that it is about; `reach` tries a channel; `store` and `source` are opened online only."""

    path: Path
    watches: Mapping[str, Watch]
    lists: Mapping[str, DigestList]
    channels: Mapping[str, Channel]
    seeds: Callable[[Watch], Sequence[Seed]]
    themes: Mapping[str, Sequence[Theme]]
    limits: Mapping[str, str]
    contacts: Mapping[str, str]
    store: Callable[[], Store]
    source: Callable[[], Source]
    placed: Callable[[Warned, str], Warned]
    reach: Callable[[Channel], str]

    def offline(self, warned: tuple[Warned, ...], now: datetime) -> Checked:
        """What can be known without a network; `warned` is what the files are warned of."""
        return check_offline(
            self.path,
            self.watches,
            self.lists,
            self.seeds,
            warnings=warned,
            themes=self.themes,
            limits=self.limits,
            contacts=self.contacts,
            now=now,
        )

    def online(self, warned: tuple[Warned, ...], now: datetime) -> Checked:
        """The same with what PubMed says of each query, and how far each channel can be reached."""
        told, more = check_online(
            self.watches, self.channels, store=self.store(), source=self.source(), placed=self.placed, reach=self.reach
        )
        return replace(self.offline(warned, now), online=tuple(told), warnings=warnings.ordered([*warned, *more]))


def check_offline(
    path: Path,
    watches: Mapping[str, Watch],
    lists: Mapping[str, DigestList],
    seeds: Callable[[Watch], Sequence[Seed]],
    *,
    warnings: tuple[Warned, ...],
    themes: Mapping[str, Sequence[Theme]],
    limits: Mapping[str, str],
    contacts: Mapping[str, str],
    now: datetime,
) -> Checked:
    """What can be known without a network; a configuration that does not load never gets here. `themes`: of the watches that have a
    file of them; `contacts`: whom the readers of each list write to."""
    known = tuple(
        CheckedWatch(
            one.name,
            len(seeds(one)),
            one.threshold,
            len(themes[one.name]) if one.name in themes else None,
            tuple(source.path for source in one.seeds_from),
        )
        for one in watches.values()
    )
    checked = tuple(
        CheckedList(
            one.name, one.schedule, one.timezone, tuple(islice(digests_after(one, now), _SLOTS)), contacts.get(one.name, "")
        )
        for one in lists.values()
    )
    return Checked(path, known, checked, warnings, zones=clock.zones_in_use(), limits=limits)


def check_online(
    watches: Mapping[str, Watch],
    channels: Mapping[str, Channel],
    *,
    store: Store,
    source: Source,
    placed: Callable[[Warned, str], Warned],
    reach: Callable[[Channel], str],
) -> tuple[list[Finding], list[Warned]]:
    """Ask PubMed about each query, and go as far towards each channel as is possible without sending.

    Args:
        watches: whose queries are asked.
        channels: that are tried.
        store: what was read of each query before.
        source: PubMed.
        placed: gives a warning of a watch the place of the key that it is about.
        reach: tries a channel.
    """
    more: list[Warned] = []
    found = _pubmed(watches.values(), store, source, lambda one, watch: more.append(placed(one, watch)))
    for channel in channels.values():
        try:
            found.append(Finding(f"channel {channel.name}", reach(channel)))
        except (DeliveryError, ConfigurationError) as error:
            found.append(Finding(f"channel {channel.name}", str(error), failed=True))
    return found, more


def _pubmed(watches: Iterable[Watch], store: Store, source: Source, warn: _Warn) -> list[Finding]:
    """Whether PubMed answers, and what it makes of each query. Where it is out of reach once, it is not asked again."""
    about, found = "PubMed", list[Finding]()
    try:
        found.append(Finding(about, f"answers; its database was last updated {source.ping()}"))
        for watch in watches:
            about = f"watch {watch.name}"
            try:
                found += _asked(watch, store, source, warn)
            except BadQuery as error:
                found.append(Finding(about, str(error), failed=True))
    except PubMedError as error:
        found.append(Finding(about, str(error), failed=True, unreachable=error.may_pass))
    return found


def _asked(watch: Watch, store: Store, source: Source, warn: _Warn) -> list[Finding]:
    about, term = f"watch {watch.name}", source.normalise(watch.query)
    answer = source.search(term, retmax=0)
    if answer.facts.count > watch.allow_over:
        raise TooManyMatches(
            f"{answer.facts.count:,} records match, more than allow_over ({watch.allow_over:,}): narrow the query, or raise allow_over",
            matched=answer.facts.count,
            allowed=watch.allow_over,
        )
    found = [Finding(about, _counts(watch, store, source, answer, term))]
    found.append(Finding(about, f"PubMed reads it as: {answer.facts.translation or '(not said)'}"))
    for warning in (*source.warnings(answer.facts, term), *of_the_size(answer.facts.count, watch)):
        warn(warning, watch.name)
    return found


def _counts(watch: Watch, store: Store, source: Source, answer: Found, term: str) -> str:
    version = store.version_in_force(watch.name)
    now = _match(answer.facts.count)
    if version is None:
        return f"{now}; this query has not been read yet"
    if version.term == term:
        return f"{version.matched:,} {'record' if version.matched == 1 else 'records'} matched when it was first read, {now} now"
    before = source.search(version.term, retmax=0)
    return f"the query was edited: {_match(before.facts.count)} the old one, {now} the new one"


def _match(count: int) -> str:
    return "1 record matches" if count == 1 else f"{count:,} records match"


def document(found: Checked) -> dict[str, Any]:
    """A check in JSON, as docs/warnings.md shows it."""
    return {
        "configuration": {"file": str(found.path) if found.path else None, "state": "bad" if found.problems else "good"},
        "zones": found.zones or None,
        "problems": [{**warnings.where(one.place), "what": one.what, "fix": one.fix} for one in found.problems],
        "warnings": [warnings.document(one) for one in found.warnings],
        "watches": [as_document(one) for one in found.watches],
        "lists": [as_document(one) | {"upcoming": [slot.isoformat() for slot in one.upcoming]} for one in found.lists],
        "limits": dict(found.limits),
        "online": None if found.online is None else [as_document(one) for one in found.online],
    }
