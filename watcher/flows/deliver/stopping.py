"""A reader stops a list, or pauses it: by a link of theirs, or by whoever runs the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from watcher.digest.wording import count, day
from watcher.domain import DigestList
from watcher.store import StopFacts, Store


@dataclass(frozen=True, slots=True)
class StopDone:
    """What holds now, how many owed messages were dropped for it, and the list's time zone."""

    facts: StopFacts
    dropped: int
    zone: str

    @property
    def told(self) -> str:
        """The same in a sentence."""
        until = f" before {day(self.facts.until_at, self.zone)}" if self.facts.until_at else " any more"
        dropped = (
            f"; {count(self.dropped, 'message')} that {'was' if self.dropped == 1 else 'were'} owed will not be sent"
            if self.dropped
            else ""
        )
        return f"list {self.facts.list_name} sends {self.facts.reader} nothing{until}{dropped}"


def stop(store: Store, list_: DigestList, recipient: str, until: date | None, *, via: str, now: datetime) -> StopDone:
    """Owe a recipient nothing of a list any more.

    Args:
        store: the database.
        list_: the list.
        recipient: the address that its deliveries go to.
        until: the first day, in the list's time zone, of which they get digests again; None for good.
        via: how it came: "cli", "mail" or "page".
        now: the present instant.
    """
    until_at = datetime.combine(until, time(), ZoneInfo(list_.timezone)) if until else None
    facts, dropped = store.stop(list_.name, recipient, until=until_at, via=via, at=now)
    return StopDone(facts, dropped, list_.timezone)


def standing(store: Store, list_: DigestList, recipient: str, now: datetime) -> StopFacts | None:
    """A recipient's stop of a list that holds; None for none."""
    reader = recipient.strip().casefold()
    return next((one for one in store.stops(now) if (one.list_name, one.reader) == (list_.name, reader)), None)


def stop_told(facts: StopFacts, zone: str) -> str:
    """A standing stop in a line."""
    what = f"pauses it until {day(facts.until_at, zone)}" if facts.until_at else "stopped it"
    return f"list {facts.list_name}: {facts.reader} {what} (since {day(facts.made_at, zone)})"
