"""What a notice says: what fails since when, what it said, what to do; and how it ended. Pure.

The first sentence of `what` is the headline. Commands stand in `backticks`. Nothing here decides whether anybody is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from watcher.digest.wording import count, day_and_time
from watcher.domain import Notice, RunOutcome, RunReport
from watcher.errors import Problem
from watcher.store import DeliveryFacts, RunHistory

CONFIGURATION = "configuration"
WATCH = "watch:"
CHANNEL = "channel:"

_SAID = 400
_PROBLEMS = 5
_NAMED = 5

_BY_ITSELF = "Nothing is lost: the search is tried again by itself, and the next good one reads everything since the last."
_SHORT = {
    "PubMedUnavailable": "PubMed does not answer",
    "BudgetExceeded": "PubMed does not answer in time",
    "AnswerTooLong": "PubMed's answers are too long",
    "IncompleteAnswer": "PubMed's answers are incomplete",
    "BadQuery": "PubMed refuses its query",
    "TooManyMatches": "its query matches too much",
    "CannotBeCut": "its query matches too much",
    "BadCredentials": "NCBI refuses the API key",
    "ConfigurationError": "its seeds cannot be used",
    "SeedError": "its seeds cannot be read",
    "Abandoned": "its searches are cut off",
}
_TODO = {
    "BadQuery": "Correct the query of watch {name} in the configuration; saving the file is enough. `watcher check --online` tells what "
    "PubMed makes of it.",
    "TooManyMatches": "Make the query of watch {name} narrower, or raise its allow_over; saving the file is enough.",
    "CannotBeCut": "Make the query of watch {name} narrower; saving the file is enough.",
    "BadCredentials": "Put a valid key into pubmed.api_key or its file, or take it out: searches then go on, more slowly.",
    "ConfigurationError": "Mend or replace the seeds of watch {name}; `watcher seeds {name}` shows what is understood of them.",
    "SeedError": "Mend the file or take it out of the folder; `watcher seeds {name}` shows what is understood of it.",
    "Abandoned": "Something ends the service in the middle of its searches: look at its log, at its memory limit and at what restarts it.",
}
_NO_ANSWER = (
    f"{_BY_ITSELF} If other programs on this machine do not reach the internet either, look at its network and proxy first; "
    "`watcher check --online` tries PubMed at once."
)


def watch_fails(name: str, history: RunHistory, now: datetime, zone: str) -> Notice:
    """A watch that was searched in vain several times in a row."""
    last, since = history.last, history.failing_since or now
    kind = (last.error_kind if last else None) or ""
    short, tries = _SHORT.get(kind, "its searches fail"), count(history.failed_in_row, "try", "tries")
    if history.last_good:
        good = day_and_time(history.last_good.finished_at, zone)
        what = f"Watch {name} has not been searched since {good.partition(',')[0]}: {short}. The last good search ended on {good}"
    else:
        what = f"Watch {name} could not be searched yet: {short}. There was no good search so far"
    what += f"; {tries} since {day_and_time(since, zone)} failed. The last one said: {_said(last.error if last else None)}"
    return Notice(f"{WATCH}{name}", since, what, _TODO.get(kind, _NO_ANSWER).format(name=name))


def watch_works(name: str, since: datetime, reports: Sequence[RunReport], now: datetime, zone: str) -> Notice:
    """The end of that; `reports` are the runs from then on, oldest first."""
    good = next((one for one in reports if one.outcome is RunOutcome.GOOD), None)
    failed = sum(one.outcome is not RunOutcome.GOOD for one in reports[: reports.index(good) if good else None])
    what = f"Watch {name} is searched again."
    if failed:
        what += f" {count(failed, 'try', 'tries')} had failed since {day_and_time(since, zone)}."
    if good:
        found = count(good.new, "new record")
        what += (
            f" The search that ended on {day_and_time(good.finished_at, zone)} read everything since the last good one: {found}."
        )
    return Notice(f"{WATCH}{name}", since, what, recovered_at=good.finished_at if good else now)


def channel_fails(name: str, parked: Sequence[DeliveryFacts], now: datetime, zone: str) -> Notice:
    """A channel that does not take what it is owed; `parked` is newest first and not empty. What a clock that had gone ahead dated
    later than now waits since now."""
    since = min(now, *(one.created_at for one in parked))
    said, _, fix = (parked[0].reason or "it gave no reason").partition(" - ")
    waiting = f"{count(len(parked), 'message')} {'waits' if len(parked) == 1 else 'wait'}"
    oldest = f", the oldest from {day_and_time(since, zone)}" if len(parked) > 1 else f" since {day_and_time(since, zone)}"
    what = (
        f"Messages to channel {name} are held back since {day_and_time(since, zone).partition(',')[0]}. "
        f"{waiting}{oldest}. The last try said: {_said(said)}"
    )
    numbers = ", ".join(str(one.id) for one in parked[:_NAMED]) + (" and others" if len(parked) > _NAMED else "")
    again = (
        "What is held back is tried again each day, after any change of the configuration or a secret, and when another message to the "
        f"channel goes through; `watcher deliver` tries at once. `watcher deliver --drop ID` gives one up ({numbers})."
    )
    return Notice(f"{CHANNEL}{name}", since, what, f"{_sentence(fix)} {again}".strip())


def channel_works(name: str, since: datetime, now: datetime, zone: str) -> Notice:
    """The end of that."""
    since = min(since, now)
    what = f"Channel {name} takes messages again. Nothing is held back for it any more; the oldest was from {day_and_time(since, zone)}."
    return Notice(f"{CHANNEL}{name}", since, what, recovered_at=now)


def configuration_topic(place: str) -> str:
    """The topic of one service's configuration: several services on one database each have their own."""
    return f"{CONFIGURATION}:{place}" if place else CONFIGURATION


def is_configuration(topic: str) -> bool:
    """Whether a topic is the configuration of any service."""
    return topic.partition(":")[0] == CONFIGURATION


def configuration_fails(place: str, problems: Sequence[Problem], now: datetime, zone: str) -> Notice:
    """An edited configuration that cannot be used; `place` is where the service works."""
    told = " ".join(_said(f"`{one.place}`: {one.what}" if one.place else one.what) for one in problems[:_PROBLEMS])
    more = f" And {len(problems) - _PROBLEMS:,} more." if len(problems) > _PROBLEMS else ""
    what = (
        f"The configuration cannot be used as it was saved; the last good one stays in force. Found on {day_and_time(now, zone)}. "
        f"{told}{more}"
    )
    fix = next((one.fix for one in problems if one.fix), "")
    todo = f"{_sentence(fix)} Saving the corrected file is enough; `watcher check` tells beforehand whether it is right."
    return Notice(configuration_topic(place), now, what, todo.strip())


def configuration_works(place: str, since: datetime, now: datetime, zone: str) -> Notice:
    """The end of that."""
    what = f"The configuration is good again and in force. What was saved from {day_and_time(since, zone)} on could not be used."
    return Notice(configuration_topic(place), since, what, recovered_at=now)


def _said(text: str | None) -> str:
    """What a server or a file said, as one sentence of bearable length."""
    flat = " ".join((text or "nothing").split())
    return _sentence(flat if len(flat) <= _SAID else f"{flat[: _SAID - 1]}…", capital=False)


def _sentence(text: str, *, capital: bool = True) -> str:
    ended = text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."
    return ended[:1].upper() + ended[1:] if capital else ended
