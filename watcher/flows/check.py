"""Does the configuration do what the lab means? Offline: seeds, queries, schedules. Online: PubMed's counts and complaints, and
whether each channel can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from watcher import clock, schedule
from watcher.domain import Channel, DigestList, Seed, Theme, Watch
from watcher.errors import BadQuery, ConfigurationError, DeliveryError, Problem, PubMedError, TooManyMatches
from watcher.flows.source import Source
from watcher.pubmed import query
from watcher.pubmed.client import Found
from watcher.store import Store


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a check: about what, what was found, and whether it is good, a warning or a failure."""

    about: str
    told: str
    state: str = "good"
    unreachable: bool = False

    @property
    def failed(self) -> bool:
        """Whether the check as a whole fails by it."""
        return self.state == "failed"


def check_offline(
    path: Path,
    warnings: Iterable[str],
    watches: Mapping[str, Watch],
    orders: Mapping[str, DigestList],
    seeds: Callable[[Watch], Sequence[Seed]],
    *,
    doubts: Callable[[Watch], Sequence[Problem]],
    themes: Mapping[str, Sequence[Theme]],
    now: datetime,
) -> list[Finding]:
    """What can be known without a network; a configuration that does not load never gets here. `doubts`: what
    of a watch's seed files was passed over; `themes`: of the watches that have a file of them."""
    found = [Finding("configuration", f"{path} is understood"), Finding("time zones", clock.zones_in_use())]
    found += [Finding("configuration", warning, "warning") for warning in warnings]
    for watch in watches.values():
        count = len(seeds(watch))
        own = f", {len(themes[watch.name])} themes of its own" if watch.name in themes else ""
        told = f"{count} seed{'' if count == 1 else 's'}, threshold {watch.threshold:g}{own}"
        found.append(Finding(f"watch {watch.name}", told))
        found += [Finding(f"watch {watch.name}", str(doubt), "warning") for doubt in doubts(watch)]
        found += [Finding(f"watch {watch.name}", str(problem), "warning") for problem in query.lint(watch.query)]
    for order in orders.values():
        times = schedule.parse(order.schedule, order.timezone)
        slots = ", ".join(f"{slot:%a %d %b %H:%M %Z}" for slot in times.upcoming(now))
        found.append(Finding(f"list {order.name}", f"{order.schedule} ({order.timezone}): next {slots}"))
    return found


def limits(told: Mapping[str, str]) -> list[Finding]:
    """What each channel takes in one message, by its name."""
    return [Finding(f"channel {name}", what) for name, what in told.items()]


def check_online(
    watches: Mapping[str, Watch],
    channels: Mapping[str, Channel],
    *,
    store: Store,
    source: Source,
    reach: Callable[[Channel], str],
) -> list[Finding]:
    """Ask PubMed about each query, and go as far towards each channel as is possible without sending."""
    found = _pubmed(watches.values(), store, source)
    for channel in channels.values():
        try:
            found.append(Finding(f"channel {channel.name}", reach(channel)))
        except (DeliveryError, ConfigurationError) as error:
            found.append(Finding(f"channel {channel.name}", str(error), "failed"))
    return found


def _pubmed(watches: Iterable[Watch], store: Store, source: Source) -> list[Finding]:
    """Whether PubMed answers, and what it makes of each query. Where it is out of reach once, it is not asked again."""
    about, found = "PubMed", list[Finding]()
    try:
        found.append(Finding(about, f"answers; its database was last updated {source.ping()}"))
        for watch in watches:
            about = f"watch {watch.name}"
            try:
                found += _asked(watch, store, source)
            except BadQuery as error:
                found.append(Finding(about, str(error), "failed"))
    except PubMedError as error:
        found.append(Finding(about, str(error), "failed", unreachable=error.may_pass))
    return found


def _asked(watch: Watch, store: Store, source: Source) -> list[Finding]:
    about, term = f"watch {watch.name}", query.normalise(watch.query)
    answer = source.search(term, retmax=0)
    if answer.facts.count > watch.allow_over:
        raise TooManyMatches(
            f"{answer.facts.count:,} records match, more than allow_over ({watch.allow_over:,}): narrow the query, or raise allow_over",
            matched=answer.facts.count,
            allowed=watch.allow_over,
        )
    found = [Finding(about, _counts(watch, store, source, answer, term))]
    found.append(Finding(about, f"PubMed reads it as: {answer.facts.translation or '(not said)'}"))
    found += [Finding(about, warning, "warning") for warning in answer.facts.warnings]
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
