"""In which spans watches were not searched, read off their runs: what was off or refused leaves its trace there.

    failing   from the start of the first failed run to the next good one; the reason is what the last failed one said
    off       slots of the run schedule passed without any run: from the last run before them to the first one after

A span is made good when a good run ends after it: a window begins where the last good one ended. A run that was cut off counts as a sign
of life and no more; a large job that waits for NCBI's quiet hours is no failure. Slots of a schedule that was not in force yet were not
missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.config.standing import Standing
from watcher.domain import Outage, RunOutcome, RunReport
from watcher.schedule import Schedule, jittered
from watcher.store import Store

OFF = "the service was off or held up"
HELD_UP = timedelta(hours=2)
"""A slot served later than this was missed; other watches' long runs may come before a watch's own."""
TOGETHER = timedelta(hours=1)
"""Spans of several watches that begin and end within this of one another are told as one."""


_LOOK_BACK = tuple(timedelta(days=days) for days in (8, 60, 400))
"""How far back runs are read, in steps, until a good one before the span is among them: after a week with daily runs the first will do."""


def coverage(
    store: Store, watches: Iterable[str], run_schedule: Schedule | None, jitter_minutes: int, since: datetime, now: datetime
) -> tuple[Outage, ...]:
    """The `outages` of these watches that last, or were made good after `since`, from what the store knows. A watch that had been taken
    out was not to be searched until it came back."""
    reports = {name: _while_taken(store, name, _reports(store, name, since, now)) for name in watches}
    changed = {name: at for name in reports if run_schedule and (at := _changed_at(store, name, run_schedule, reports[name], now))}
    return outages(reports, run_schedule, jitter_minutes, since, now, changed)


def _reports(store: Store, watch: str, since: datetime, now: datetime) -> tuple[RunReport, ...]:
    """The runs of a watch from a good one before `since` on: what failed then may have been made good only later."""
    for span in _LOOK_BACK:
        reports = store.runs_since(watch, since - span, now=now)
        if any(run.outcome is RunOutcome.GOOD and run.finished_at < since for run in reports):
            return reports
    return store.runs_since(watch, None, now=now)


def _while_taken(store: Store, watch: str, reports: tuple[RunReport, ...]) -> tuple[RunReport, ...]:
    """The runs since the watch was taken by a list without a break; all of them when none of them was."""
    taken_at = store.taken_at(watch)
    if taken_at is None or all(run.started_at < taken_at for run in reports):
        return reports
    return tuple(run for run in reports if run.started_at >= taken_at)


def _changed_at(store: Store, watch: str, times: Schedule, reports: Sequence[RunReport], now: datetime) -> datetime | None:
    """When the last run under another run schedule began; None when all of these ran under the present one."""
    first = min((run.finished_at for run in reports), default=now) - timedelta(seconds=1)
    return max(
        (at for at, document in store.run_documents(watch, first) if at <= now and not _same(times, Standing.read(document))),
        default=None,
    )


def _same(times: Schedule, before: Standing) -> bool:
    """Whether runs were due at the same times; what is not written down of them has not changed."""
    written, zone = before.run_schedule or times.text, before.timezone or times.zone.key
    return (written.strip(), zone) == (times.text, times.zone.key)


def outages(
    reports_by_watch: Mapping[str, Sequence[RunReport]],
    run_schedule: Schedule | None,
    jitter_minutes: int,
    since: datetime | None,
    until: datetime,
    changed_at: Mapping[str, datetime] | None = None,
) -> tuple[Outage, ...]:
    """The spans without a search that a digest tells, in order.

    Args:
        reports_by_watch: the finished runs of each watch, from a good one before `since` on where there is one.
        run_schedule: when watches run by themselves; None: only failures are looked for.
        jitter_minutes: by how much their slots are spread.
        since: the last digest; what was made good before it has been told. None: everything is told.
        until: now; runs dated later are left out.
        changed_at: for a watch, when its last run under another run schedule began: what slots passed before the next one is unknown.

    Returns:
        Outages that last, or were made good after `since`. Where several watches share one, each of them was without a search from
        `since` to `until`, and the last of them was made good at `made_good_at`.
    """
    spans: list[Outage] = []
    for watch, reports in reports_by_watch.items():
        known = sorted((one for one in reports if one.started_at <= until), key=lambda one: one.started_at)
        spans += _failing(watch, known, until)
        if run_schedule is not None:
            changed = (changed_at or {}).get(watch)
            under_it = [one for one in known if changed is None or one.started_at > changed]
            spans += _off(watch, under_it, run_schedule, jitter_minutes, until)
    untold = [one for one in spans if since is None or one.made_good_at is None or one.made_good_at > since]
    return _together(untold)


def _failing(watch: str, reports: Sequence[RunReport], until: datetime) -> Iterator[Outage]:
    failed: list[RunReport] = []
    for report in reports:
        if report.is_failure:
            failed.append(report)
        elif report.outcome is RunOutcome.GOOD and failed:
            yield Outage((watch,), failed[0].started_at, report.started_at, _reason(failed), report.finished_at)
            failed = []
    if failed:
        yield Outage((watch,), failed[0].started_at, until, _reason(failed))


def _off(watch: str, reports: Sequence[RunReport], times: Schedule, minutes: int, until: datetime) -> Iterator[Outage]:
    failing = False
    alive: datetime | None = None
    for number, report in enumerate(reports):
        missed = alive and not failing and _missed(watch, reports[number - 1], report.started_at, times, minutes)
        if alive and missed:
            good = next((one.finished_at for one in reports[number:] if one.outcome is RunOutcome.GOOD), None)
            yield Outage((watch,), alive, report.started_at, OFF, good)
        failing = report.is_failure or (failing and report.outcome is not RunOutcome.GOOD)
        alive = _seen_alive(report)
    if alive and not failing and _missed(watch, reports[-1], until, times, minutes):
        yield Outage((watch,), alive, until, OFF)


def _seen_alive(report: RunReport) -> datetime:
    """Until when a run shows that the service was there: one that was cut off is closed by whoever comes next, maybe days later."""
    return report.started_at if report.outcome is RunOutcome.ABANDONED else max(report.started_at, report.finished_at)


def _missed(watch: str, last: RunReport, following: datetime, times: Schedule, minutes: int) -> bool:
    """Whether a slot after the beginning of one run was served by neither it nor the next. A slot that passed while the run was under
    way waits for its end."""
    began = last.started_at
    jitter = jittered(began, watch, minutes) - began
    slot = jittered(times.next(began - jitter), watch, minutes)
    return max(slot, _seen_alive(last)) + HELD_UP < following


def _reason(failed: Sequence[RunReport]) -> str:
    return " ".join((failed[-1].error or "the search failed").split()).rstrip(".")


def _together(spans: Iterable[Outage]) -> tuple[Outage, ...]:
    told: list[Outage] = []
    for span in sorted(spans, key=lambda one: (one.since, one.until, one.watches)):
        for number, other in enumerate(told):
            if _shared(other, span):
                told[number] = _joined(other, span)
                break
        else:
            told.append(span)
    return tuple(told)


def _shared(one: Outage, other: Outage) -> bool:
    same = one.reason == other.reason and (one.made_good_at is None) == (other.made_good_at is None)
    apart = set(one.watches).isdisjoint(other.watches)
    near = abs(one.since - other.since) <= TOGETHER and abs(one.until - other.until) <= TOGETHER
    return same and apart and near and max(one.since, other.since) < min(one.until, other.until)


def _joined(one: Outage, other: Outage) -> Outage:
    good = max(one.made_good_at, other.made_good_at) if one.made_good_at and other.made_good_at else None
    return replace(
        one,
        watches=one.watches + other.watches,
        since=max(one.since, other.since),
        until=min(one.until, other.until),
        made_good_at=good,
    )
