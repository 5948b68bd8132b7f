"""What became of a verdict, printed."""

from __future__ import annotations

from watcher.cli.console import line
from watcher.cli.show.words import VERDICTS
from watcher.domain import HitState
from watcher.flows.scoring.verdicts import Marked, Marking


def marking(done: Marking) -> None:
    """What became of a verdict, for each watch."""
    line(f"{done.record_id.label}: {done.title}")
    for one in done.watches:
        line(f"watch {one.watch}: {_change(one, done.reader)}{_meaning(one)}")


def _change(one: Marked, reader: str) -> str:
    if one.now is None:
        return f"{reader} takes back {VERDICTS[one.before]}" if one.before else f"nothing to undo, {reader} has not marked it"
    if one.now is one.before:
        return f"{reader} had marked it {VERDICTS[one.now]} already; the date is renewed"
    instead = f" instead of {VERDICTS[one.before]}" if one.before else ""
    return f"marked {VERDICTS[one.now]}{instead} by {reader}"


def _meaning(one: Marked) -> str:
    """What the watch learns from it, where that is not what was just said."""
    others = ", ".join(f"{other.reader} says {VERDICTS[other.kind]}" for other in one.others)
    told = f"; {others}" if others else ""
    if not any(said.teaches for said in (one.now, *(other.kind for other in one.others)) if said):
        return f"{told}; the ranking learns nothing from it" if one.now else told
    if one.others and one.agreed is None:
        told += ": as many for as against, so it counts neither way"
    elif one.others and one.agreed is not one.now and one.agreed is not None:
        told += f": it counts as {VERDICTS[one.agreed]}"
    if one.agreed is None or one.has_text:
        return told
    if one.state is HitState.UNAVAILABLE:
        return f"{told}; PubMed never gave its record, so nothing can be learnt from it unless that comes"
    return f"{told}; its text is not stored yet: the next run fetches it, and it counts from then on"
