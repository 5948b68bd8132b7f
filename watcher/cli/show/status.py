"""How things stand, printed; times are the configuration's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from watcher.cli.console import document as json
from watcher.cli.console import line, table
from watcher.cli.drawing import has_blocks, sparkline
from watcher.cli.show.words import warning
from watcher.domain import Outage
from watcher.flows.questions.status import ListState, OwedState, PushedState, ServiceState, Status, WatchState, document
from watcher.store import LibraryFacts

_NAME_SHOWN = 20


def status(state: Status, *, as_json: bool) -> None:
    """The state of everything."""
    if as_json:
        json(document(state))
        return
    now = _Now(state)
    clock = "" if state.clock == "system" else f", by the clock file {state.clock}"
    line(f"watcher {state.version}, database schema {state.schema or 'unknown'}")
    line(f"{state.now.astimezone(now.zone):%a %d %b %Y %H:%M} ({now.zone.key}){clock}; time zones: {state.zones}")
    line(_service_line(state.service, now.zone))
    line(f"configuration: {'bad' if state.config.is_refused else 'good'}{_in_force(state)}")
    _tables(state, now)
    line(_owed_line(state.owed, now))
    if state.dense:
        used = ", ".join(state.dense.used_lines())
        line(f"dense part: {state.dense.model}, {'NOT in use' if state.dense.why else 'in use'}{': ' if used else ''}{used}")
    if state.zotero:
        line(_library_line(state.zotero, now))
    if state.push:
        line(_push_line(state.push))
    for one in state.outages:
        line(_outage_line(one, now))
    for remark in state.remarks:
        line(remark)
    for warned in state.warnings:
        warning(warned)
    for told in state.told:
        line(f"incident: {told}")
    if not state.told:
        line("no incidents")


class _Now:
    """The present instant, and how others are told beside it."""

    def __init__(self, state: Status) -> None:
        self.at, self.zone = state.now, ZoneInfo(state.timezone or "UTC")

    def moment(self, at: datetime | None) -> str:
        """An instant in the zone, its year only where it is not the present one."""
        if at is None:
            return "never"
        if at.isoformat(timespec="seconds") == self.at.isoformat(timespec="seconds"):
            return "now"
        there, present = at.astimezone(self.zone), self.at.astimezone(self.zone)
        return f"{there:%a %d %b %H:%M}" if there.year == present.year else f"{there:%d %b %Y %H:%M}"


def _tables(state: Status, now: _Now) -> None:
    if state.watches:
        heads = ("watch", "last good run", "next run", "matched", "awaiting", "read up to")
        table(heads, [_watch_row(one, now) for one in state.watches])
    if state.lists:
        table(("list", "last digest", "papers", "next digest"), [_list_row(one, now) for one in state.lists])
    if state.watches:
        heads_of_weeks = ("eight weeks", "", "oldest first", "") if sys.stdout.isatty() else ()
        table(heads_of_weeks, [row for one in state.watches for row in _weeks_rows(one)])
    for watch in state.watches:
        line(f"next runs of {watch.name}: {_slots(watch.upcoming, now)}")
    for one in state.lists:
        line(f"next digests of {one.name}: {_slots(one.upcoming, now)}")


def _slots(upcoming: tuple[datetime, ...], now: _Now) -> str:
    return " · ".join(map(now.moment, upcoming))


def _watch_row(one: WatchState, now: _Now) -> tuple[str, ...]:
    matched = f"{one.matched:,}" if one.matched is not None else "-"
    last, coming = now.moment(one.last_good_run_at), now.moment(one.next_run_at)
    return (one.name, last, coming, matched, f"{one.awaiting:,}", one.covers_to.isoformat() if one.covers_to else "-")


def _list_row(one: ListState, now: _Now) -> tuple[str, ...]:
    last = (one.last_period, str(one.last_papers)) if one.last_period else ("none yet", "-")
    return (one.name, *last, now.moment(one.next_digest_at))


def _weeks_rows(one: WatchState) -> Iterator[tuple[str, ...]]:
    """What a watch found and what was shown of it in each week: with a sparkline on a terminal, else the numbers alone."""
    name, on_terminal, blocks = one.name, sys.stdout.isatty(), has_blocks()
    short = name if len(name) <= _NAME_SHOWN or not on_terminal else f"{name[: _NAME_SHOWN - 1]}{'…' if blocks else '.'}"
    counted = {"found": one.weeks.found, "shown": one.weeks.shown}
    wide = max(len(str(number)) for numbers in counted.values() for number in numbers)
    for kind, numbers in counted.items():
        if on_terminal:
            drawn = sparkline(numbers, blocks=blocks)
            yield (short if kind == "found" else "", kind, drawn, " ".join(f"{number:>{wide}}" for number in numbers))
        else:
            yield ("weeks", name, kind, " ".join(map(str, numbers)))


def _service_line(service: ServiceState, zone: ZoneInfo) -> str:
    if service.since is None:
        return "; ".join(service.problems)
    state = f"NOT WELL: {'; '.join(service.problems)}" if service.problems else "well"
    return f"service: process {service.pid}, running since {service.since.astimezone(zone):%d %b %Y %H:%M}, {state}"


def _in_force(state: Status) -> str:
    if not state.config.is_refused or state.config.sha256 is None:
        return ""
    return f"; {'the service works by' if state.service.is_running else 'this is told by'} the last good one"


def _outage_line(one: Outage, now: _Now) -> str:
    end = f"made good {now.moment(one.made_good_at)}" if one.made_good_at else "not made good yet"
    since, until = now.moment(one.since), now.moment(one.until)
    return f"outage: {', '.join(one.watches)} not searched {since} to {until} ({one.reason}); {end}"


def _push_line(one: PushedState) -> str:
    counted = {"pending": one.pending, "parked": one.parked, "pushed": one.pushed}
    counts = ", ".join(f"{number:,} {state}" for state, number in counted.items() if number) or "none yet"
    return f"papers marked {one.what} to {f'collection {one.collection}' if one.collection else 'the library'}: {counts}"


def _library_line(one: LibraryFacts, now: _Now) -> str:
    known = f"Zotero library {one.library}: {one.papers:,} papers known, read {now.moment(one.read_at)}"
    return f"{known}{', and not to its end yet' if one.is_open else ''}"


def _owed_line(owed: OwedState, now: _Now) -> str:
    if owed.oldest_at is None:
        return "deliveries: nothing is owed"
    counted = {"pending": owed.pending, "sending": owed.sending, "parked": owed.parked}
    counts = ", ".join(f"{number:,} {state}" for state, number in counted.items() if number)
    return f"deliveries: {counts}; the oldest: {now.moment(owed.oldest_at)}"
