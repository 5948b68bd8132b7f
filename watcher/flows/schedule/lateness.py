"""Why a digest comes later than its slot: one clause for its head, true as far as the database knows."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.config.standing import Standing
from watcher.domain import RunOutcome
from watcher.flows.schedule.due import Due
from watcher.store import Store

LATE_AFTER = timedelta(hours=2)
"""Until then a digest has waited for the runs of its watches, which may be large."""

_ALL = "this one covers all of it"


def late_reason(due: Due, store: Store, now: datetime) -> str:
    """Why the digest of this slot is composed only now; "" when it is not late."""
    if due.paused:
        return f"the list was paused until {due.paused:%-d %B %Y}; {_ALL}"
    if not due.missed and now - due.slot <= LATE_AFTER:
        return ""
    edited = _edited(due, store)
    if edited:
        return edited
    if due.missed:
        digests = "one earlier digest was" if due.missed == 1 else f"{due.missed} earlier digests were"
        return f"{digests} missed while the service was off or held up; {_ALL}"
    reports = [run for watch in due.list.watches for run in store.runs_since(watch, due.slot, now=now)]
    if any(run.outcome is RunOutcome.FAILED and run.may_pass for run in reports):
        return "it waited for PubMed, which did not answer when it was due"
    return "the service was off or held up when it was due"


def _edited(due: Due, store: Store) -> str:
    """What the configuration of that time said otherwise of the list; it was not due then."""
    before = Standing.read(store.document_at(due.slot)).lists.get(due.list.name)
    if before is None:
        return ""
    if before.pause_until and due.slot.date() < before.pause_until:
        return f"the list was paused when it was due, and the pause was lifted since; {_ALL}"
    if (before.schedule, before.timezone) != (due.list.schedule, due.list.timezone):
        return f"the list had another schedule when it would have been due; {_ALL}"
    return ""
