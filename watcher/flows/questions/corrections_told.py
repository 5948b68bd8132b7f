"""What was found about papers that readers had, and whom it was told, or why not yet: the answer to `watcher corrections`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watcher.digest.corrections import line
from watcher.digest.wording import long_day
from watcher.domain import CorrectionKind, DigestList, as_document
from watcher.flows.notices.wording import roles
from watcher.flows.schedule.due import is_paused
from watcher.store import CorrectionFacts, Rereading, Store, TellingFacts


@dataclass(frozen=True, slots=True)
class Answered:
    """One correction: its facts, what it is in a line, and a sentence for each list, or for nobody."""

    facts: CorrectionFacts
    line: str
    told: tuple[str, ...]


NextDigest = Callable[[str], datetime | None]
"""When the next digest of a list is composed, in the list's time zone; None when that is not known."""


def answered(
    store: Store, lists: Mapping[str, DigestList], now: datetime, next_digest: NextDigest, *, since: datetime | None = None
) -> tuple[Answered, ...]:
    """Everything found since then, the latest first."""
    return tuple(answer(one, lists, now, next_digest) for one in reversed(store.corrections(since=since)))


def answer(facts: CorrectionFacts, lists: Mapping[str, DigestList], now: datetime, next_digest: NextDigest) -> Answered:
    """One correction in words."""
    return Answered(facts, line(facts.correction), tuple(_sentences(facts, lists, now, next_digest)))


def _sentences(facts: CorrectionFacts, lists: Mapping[str, DigestList], now: datetime, next_digest: NextDigest) -> Iterator[str]:
    for one in facts.tellings:
        if one.told_at is not None:
            yield _told(one)
        elif facts.ended_at is not None:
            yield f"list {one.list_name}: not told, as no source says so any more since {long_day(facts.ended_at.date())}"
        else:
            yield f"list {one.list_name}: not told yet, {_waits(one, facts, lists.get(one.list_name), now, next_digest)}"
    yield from (f"{role}{_left(facts)}" for role in roles(facts))
    if not facts.tellings:
        yield f"no list has presented it, so no reader is told{_owner(facts)}"


def _told(one: TellingFacts) -> str:
    if one.with_paper:
        return f"list {one.list_name}: it came with the paper, in the digest of {one.had_period}"
    at = long_day(one.told_at.date()) if one.told_at else ""
    how = f"in the digest of {one.period}" if one.period else "at once"
    return f"list {one.list_name}: told on {at} {how}; it had the paper in that of {one.had_period}"


def _waits(one: TellingFacts, facts: CorrectionFacts, list_: DigestList | None, now: datetime, next_digest: NextDigest) -> str:
    if list_ is None:
        since = f" since {long_day(one.removed_at.date())}" if one.removed_at else ""
        return f"the configuration is without this list{since}"
    if facts.correction.kind in (CorrectionKind.TAKEN_BACK, CorrectionKind.NOTICE_RETRACTED):
        return "and only if it is told what this is about"
    if is_paused(list_, now):
        return f"the list is paused until {list_.pause_until}"
    at = next_digest(list_.name)
    when = f" ({at:%Y-%m-%d %H:%M})" if at else ""
    return (
        f"it comes at once or with the next digest{when}" if list_.corrections_at_once else f"it comes with the next digest{when}"
    )


def _left(facts: CorrectionFacts) -> str:
    is_void = facts.correction.kind.retracts and facts.ended_at is None
    return ": the owner is warned, and the ranking goes without it" if is_void else ""


def _owner(facts: CorrectionFacts) -> str:
    """Whether the owner was told; retractions are warned of."""
    if facts.owner_told_at is not None:
        return f"; the owner was told on {long_day(facts.owner_told_at.date())}"
    waits = not facts.correction.kind.retracts and facts.ended_at is None
    return "; the owner is told through alerts.channel" if waits else ""


def document(found: Sequence[Answered], last: Rereading | None) -> dict[str, Any]:
    """The answer in JSON."""
    return {"last_rereading": as_document(last) if last else None, "corrections": [_document(one) for one in found]}


def _document(one: Answered) -> dict[str, Any]:
    facts = one.facts
    what = {name: held for name, held in as_document(facts.correction).items() if name not in ("id", "about")}
    return {
        **what,
        "title": facts.title,
        "line": one.line,
        "ended_at": facts.ended_at,
        "seed_of": list(facts.seed_of),
        "marked_for": list(facts.marked_for),
        "owner_told_at": facts.owner_told_at,
        "lists": [as_document(each) for each in facts.tellings],
        "told": list(one.told),
    }
