"""What a notice says: what fails since when, what it said, what to do; and how it ended. Pure.

Commands stand in `backticks`. Nothing here decides whether anybody is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from watcher.digest.clean import clip, plain
from watcher.digest.corrections import counted, line, name
from watcher.digest.wording import count, day, day_and_time, listed
from watcher.domain import ErrorKind, Notice, RunOutcome, RunReport, Warned
from watcher.errors import Problem
from watcher.store import CorrectionFacts, DeliveryFacts, PushFacts, Rereading, RunHistory, StopFacts

CONFIGURATION = "configuration"
WATCH = "watch:"
WARNINGS = "warnings"
CHANNEL = "channel:"
CORRECTION = "correction"
STOP = "stop"
REREADING = "rereading"
CROSSREF = "crossref"
PUSH = "zotero-push"
FEEDS = "feeds"

_SAID = 400
"""Characters of what a server or a file said: an answer may be a page of HTML."""
_PROBLEMS = 5
_WARNINGS = 20
_NAMED = 5
_TITLE = 120
"""How many problems, warnings and deliveries a notice names, and characters of a title: the rest is counted, and told by a command."""

_BY_ITSELF = "Nothing is lost: the search is tried again by itself, and the next good one reads everything since the last."
_SHORT = {
    ErrorKind.NO_ANSWER: "PubMed does not answer",
    ErrorKind.LATE: "PubMed does not answer in time",
    ErrorKind.TOO_LONG: "PubMed's answers are too long",
    ErrorKind.INCOMPLETE: "PubMed's answers are incomplete",
    ErrorKind.QUERY: "PubMed refuses its query",
    ErrorKind.TOO_MANY: "its query matches too much",
    ErrorKind.CANNOT_BE_CUT: "its query matches too much",
    ErrorKind.KEY: "NCBI refuses the API key",
    ErrorKind.SEEDS: "its seeds cannot be used",
    ErrorKind.SEED_FILE: "its seeds cannot be read",
    ErrorKind.COLLECTION: "its seeds in Zotero cannot be read",
    ErrorKind.CUT_OFF: "its searches are cut off",
}
_TODO = {
    ErrorKind.QUERY: "Correct the query of `watches.{name}` in the configuration; saving the file is enough. `watcher check --online` tells "
    "what PubMed makes of it.",
    ErrorKind.TOO_MANY: "Make the query of `watches.{name}` narrower, or raise its allow_over; saving the file is enough.",
    ErrorKind.CANNOT_BE_CUT: "Make the query of `watches.{name}` narrower; saving the file is enough.",
    ErrorKind.KEY: "Put a valid key into pubmed.api_key or its file, or take it out: searches then go on, more slowly.",
    ErrorKind.SEEDS: "Mend or replace the seeds of `watches.{name}`; `watcher seeds {name}` shows what is understood of them.",
    ErrorKind.SEED_FILE: "Mend the file or take it out of the folder; `watcher seeds {name}` shows what is understood of it.",
    ErrorKind.COLLECTION: "It is tried again by itself. `watcher zotero check` tries at once, and says what the key may do.",
    ErrorKind.CUT_OFF: "Something ends the service in the middle of its searches: look at its log, its memory limit and what restarts it.",
}
_NO_ANSWER = (
    f"{_BY_ITSELF} If other programs on this machine do not reach the internet either, look at its network and proxy first; "
    "`watcher check --online` tries PubMed at once."
)


def in_short(kind: ErrorKind) -> str:
    """What a watch fails of, in a few words."""
    return _SHORT.get(kind, "its searches fail")


def watch_fails(name: str, title: str, history: RunHistory, now: datetime, zone: str) -> Notice:
    """A watch that was searched in vain several times in a row. People know it by its title; what is to be mended bears its name."""
    last, since = history.last, history.failing_since or now
    kind = last.error_kind if last and last.error_kind else ErrorKind.OTHER
    short, tries = in_short(kind), count(history.failed_in_row, "try", "tries")
    if history.last_good:
        ended = history.last_good.finished_at
        headline = f"Watch {title} has not been searched since {day(ended, zone)}: {short}"
        good = f"The last good search ended on {day_and_time(ended, zone)}"
    else:
        headline, good = f"Watch {title} could not be searched yet: {short}", "There was no good search so far"
    failed = f"{tries} since {day_and_time(since, zone)} failed"
    what = f"{good}; {failed}. The last one said: {_said(last.error if last else None)}"
    todo = f"{_sentence(last.fix or '') if last else ''} {_TODO.get(kind, _NO_ANSWER).format(name=name)}"
    return Notice(f"{WATCH}{name}", since, headline=headline, what=what, todo=todo.strip())


def watch_works(name: str, title: str, since: datetime, reports: Sequence[RunReport], now: datetime, zone: str) -> Notice:
    """The end of that; `reports` are the runs from then on, oldest first."""
    good = next((one for one in reports if one.outcome is RunOutcome.GOOD), None)
    failed = sum(one.outcome is not RunOutcome.GOOD for one in reports[: reports.index(good) if good else None])
    told = []
    if failed:
        told.append(f"{count(failed, 'try', 'tries')} had failed since {day_and_time(since, zone)}.")
    if good:
        found, ended = count(good.new, "new record"), day_and_time(good.finished_at, zone)
        told.append(f"The search that ended on {ended} read everything since the last good one: {found}.")
    ended_at = good.finished_at if good else now
    return Notice(f"{WATCH}{name}", since, headline=f"Watch {title} is searched again", what=" ".join(told), recovered_at=ended_at)


def channel_fails(name: str, parked: Sequence[DeliveryFacts], now: datetime, zone: str) -> Notice:
    """A channel that does not take what it is owed; `parked` is newest first and not empty. What a clock that had gone ahead dated
    later than now waits since now."""
    since = min(now, *(one.created_at for one in parked))
    waiting = f"{count(len(parked), 'message')} {'waits' if len(parked) == 1 else 'wait'}"
    oldest = f", the oldest from {day_and_time(since, zone)}" if len(parked) > 1 else f" since {day_and_time(since, zone)}"
    headline = f"Messages to channel {name} are held back since {day(since, zone)}"
    what = f"{waiting}{oldest}. The last try said: {_said(parked[0].reason or 'it gave no reason')}"
    numbers = ", ".join(str(one.id) for one in parked[:_NAMED]) + (" and others" if len(parked) > _NAMED else "")
    again = (
        "What is held back is tried again each day, after any change of the configuration or a secret, and when another message to the "
        f"channel goes through; `watcher deliver` tries at once. `watcher deliver --drop ID` gives one up ({numbers})."
    )
    todo = f"{_sentence(parked[0].fix or '')} {again}".strip()
    return Notice(f"{CHANNEL}{name}", since, headline=headline, what=what, todo=todo)


def channel_works(name: str, since: datetime, now: datetime, zone: str) -> Notice:
    """The end of that."""
    since = min(since, now)
    what = f"Nothing is held back for it any more; the oldest was from {day_and_time(since, zone)}."
    return Notice(f"{CHANNEL}{name}", since, headline=f"Channel {name} takes messages again", what=what, recovered_at=now)


def push_fails(parked: Sequence[PushFacts], now: datetime, zone: str) -> Notice:
    """Papers that are held back on their way into Zotero; `parked` is not empty."""
    since = min(now, *(one.created_at for one in parked))
    waiting = f"{count(len(parked), 'paper')} {'waits' if len(parked) == 1 else 'wait'}"
    what = f"{waiting} since {day_and_time(since, zone)}. The last try said: {_said(parked[-1].reason or 'it gave no reason')}"
    again = (
        "Nothing is lost: what is held back is tried again each day, and after any change of the configuration or a secret; "
        "`watcher zotero push` tries at once, `watcher zotero check` says what the key may do."
    )
    todo = f"{_sentence(parked[-1].fix or '')} {again}".strip()
    return Notice(PUSH, since, headline=f"Marked papers do not get into Zotero since {day(since, zone)}", what=what, todo=todo)


def push_works(since: datetime, now: datetime, zone: str) -> Notice:
    """The end of that."""
    what = f"No paper is held back any more; the oldest was from {day_and_time(since, zone)}."
    return Notice(PUSH, since, headline="Marked papers get into Zotero again", what=what, recovered_at=now)


def rereading_fails(last: Rereading, now: datetime, zone: str) -> Notice:
    """A rereading whose records could not be read several times in a row."""
    since = min(now, last.started_at)
    what = f"{_tries(last)} to read again the papers that readers had. The last one said: {_said(last.error)}"
    todo = (
        "Nothing is lost: it is tried again by itself, goes on where it was, and finds what became of papers until then. "
        "`watcher corrections --now` tries at once. If watches cannot be searched either, look at this machine's network and proxy first."
    )
    return Notice(REREADING, since, headline=f"No corrections could be looked for since {day(since, zone)}", what=what, todo=todo)


def rereading_works(since: datetime, last: Rereading, now: datetime) -> Notice:
    """The end of that."""
    told = f"{count(last.papers, 'record')} read again, {count(last.found, 'correction')} found."
    ended = last.read_at or now
    return Notice(REREADING, since, headline="Corrections are looked for again", what=told, recovered_at=ended)


def crossref_fails(last: Rereading, now: datetime, zone: str) -> Notice:
    """Crossref, which did not answer several times in a row."""
    since = min(now, last.started_at)
    todo = (
        "Nothing is lost: PubMed is asked all the same, and Crossref again by itself, at the latest with the next rereading. If it lasts, "
        "look at `corrections.crossref_url` and at this machine's network and proxy."
    )
    headline = f"Crossref has not answered for corrections since {day(since, zone)}"
    what = f"{_tries(last)} to ask what became of papers. The last one said: {_said(last.error)}"
    return Notice(CROSSREF, since, headline=headline, what=what, todo=todo)


def crossref_works(since: datetime, last: Rereading, now: datetime) -> Notice:
    """The end of that."""
    told = f"{count(last.dois - last.unanswered, 'DOI')} asked about."
    return Notice(CROSSREF, since, headline="Crossref answers again", what=told, recovered_at=last.finished_at or now)


def _tries(last: Rereading) -> str:
    return f"{count(last.failures, 'try', 'tries')} in a row failed"


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
    headline = "The configuration cannot be used as it was saved; the last good one stays in force"
    what = f"Found on {day_and_time(now, zone)}. {told}{more}"
    fix = next((one.fix for one in problems if one.fix), "")
    todo = f"{_sentence(fix)} Saving the corrected file is enough; `watcher check` tells beforehand whether it is right."
    return Notice(configuration_topic(place), now, headline=headline, what=what, todo=todo.strip())


def configuration_works(place: str, since: datetime, now: datetime, zone: str) -> Notice:
    """The end of that."""
    headline = "The configuration is good again and in force"
    what = f"What was saved from {day_and_time(since, zone)} on could not be used."
    return Notice(configuration_topic(place), since, headline=headline, what=what, recovered_at=now)


def feeds_topic(place: str) -> str:
    """The topic of one service's folder of feeds."""
    return f"{FEEDS}:{place}"


def feeds_fail(place: str, problems: Sequence[Problem], now: datetime, zone: str) -> Notice:
    """Feeds that cannot be written as files; `problems` is not empty."""
    told = " ".join(_said(f"`{one.place}`: {one.what}" if one.place else one.what) for one in problems[:_PROBLEMS])
    more = f" And {len(problems) - _PROBLEMS:,} more." if len(problems) > _PROBLEMS else ""
    fix = next((one.fix for one in problems if one.fix), "")
    todo = f"{_sentence(fix)} Digests go out all the same, and the files are tried again in each round."
    headline = "The feeds cannot be written into their folder"
    what = f"Found on {day_and_time(now, zone)}. {told}{more}"
    return Notice(feeds_topic(place), now, headline=headline, what=what, todo=todo.strip())


def feeds_work(place: str, since: datetime, now: datetime, zone: str) -> Notice:
    """The end of that."""
    what = f"They could not be written since {day_and_time(min(since, now), zone)}."
    return Notice(feeds_topic(place), since, headline="The feeds are written into their folder again", what=what, recovered_at=now)


def warnings_topic(place: str, found: Sequence[Warned]) -> str:
    """The topic of one set of warnings of one service. Another set has another topic; one that has moved in its file is the same."""
    told = "\n".join(sorted("\t".join(one.identity) for one in found))
    return f"{_warnings_of(place)}#{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def is_warnings(topic: str, place: str | None = None) -> bool:
    """Whether a topic is a set of warnings: of any service, or of the one at `place`."""
    return topic.partition(":")[0] == WARNINGS if place is None else topic.rpartition("#")[0] == _warnings_of(place)


def _warnings_of(place: str) -> str:
    return f"{WARNINGS}:{place}"


def warnings_found(place: str, found: Sequence[Warned], before: str, now: datetime, zone: str) -> Notice:
    """What is warned of, what is new first; `before` is what was told of the last set, "" when there was none."""
    fresh = [one for one in found if _warning(one) not in before]
    news = f", {len(fresh):,} of them new" if before and 0 < len(fresh) < len(found) else ""
    shown = [*fresh, *(one for one in found if one not in fresh)]
    lines = [f"{_where(one)}{_warning(one)} {_sentence(one.fix)}".strip() for one in shown[:_WARNINGS]]
    more = [f"And {len(shown) - _WARNINGS:,} more, which `watcher status` lists."] if len(shown) > _WARNINGS else []
    headline = f"{count(len(found), 'warning')} about what watcher was told to do{news}"
    todo = "Nothing stops because of a warning, and each says what to do. Saving the corrected file is enough; `watcher check` tells them too."
    what = "\n".join([f"Found on {day_and_time(now, zone)}.", *lines, *more])
    return Notice(warnings_topic(place, found), now, headline=headline, what=what, todo=todo, is_failure=False)


def warnings_gone(topic: str, since: datetime, now: datetime) -> Notice:
    """The end of that."""
    return Notice(topic, since, headline="There is nothing to warn of any more", recovered_at=now, is_failure=False)


def corrected(found: Sequence[CorrectionFacts], now: datetime) -> Notice:
    """What became of papers that the ranking learns from and goes on with; `found` is worst first and not empty."""
    first, only = found[0].correction, len(found) == 1
    counts = counted(one.correction.kind for one in found)
    headline = f"{name(first.kind, first.label)}: {_title(found[0])}" if only else f"{counts}: papers that the ranking learns from"
    lines = [f"{_who(one)}: {line(one.correction)}" for one in found]
    more = [f"And {len(lines) - _WARNINGS:,} more, which `watcher corrections` lists."] if len(lines) > _WARNINGS else []
    todo = [f"The ranking goes on learning from {'it' if only else 'them'}."]
    todo += ["Taking a seed out of its folder ends that."] if any(one.seed_of for one in found) else []
    todo += ["`watcher mark PMID undo` takes a verdict back."] if any(one.marked_for for one in found) else []
    since = min(one.correction.found_at or now for one in found)
    what = "\n".join([*lines[:_WARNINGS], *more])
    return Notice(CORRECTION, min(since, now), headline=headline, what=what, todo=" ".join(todo), is_failure=False)


def stopped(found: Sequence[StopFacts], zone: str) -> Notice:
    """Which readers stopped or pause which lists; `found` is oldest first and not empty."""
    first, only = found[0], len(found) == 1
    what = f"{'pauses' if first.until_at else 'stopped'} list {first.list_name}"
    headline = f"{clip(plain(first.reader), _TITLE)} {what}" if only else f"{count(len(found), 'reader')} stopped or pause a list"
    lines = [_stop(one, zone) for one in found]
    more = [f"And {len(lines) - _WARNINGS:,} more, which `watcher status` lists."] if len(lines) > _WARNINGS else []
    todo = "Nothing needs to be done: nothing more is sent there, whatever the configuration says. `watcher resume LIST READER` ends a stop."
    return Notice(
        STOP, found[0].made_at, headline=headline, what="\n".join([*lines[:_WARNINGS], *more]), todo=todo, is_failure=False
    )


def _stop(one: StopFacts, zone: str) -> str:
    until = f", until {day(one.until_at, zone)}" if one.until_at else ""
    over = "; taken up again since" if one.ended_at else ""
    return f"{clip(plain(one.reader), _TITLE)}: list {one.list_name}, on {day_and_time(one.made_at, zone)}{until}{over}"


def roles(one: CorrectionFacts) -> list[str]:
    """What a paper is to watches: "a seed of watch nmj", "marked as relevant for watches als and nmj"."""
    told = {"a seed of": one.seed_of, "marked as relevant for": one.marked_for}
    return [f"{role} {'watch' if len(names) == 1 else 'watches'} {listed(list(names))}" for role, names in told.items() if names]


def _who(one: CorrectionFacts) -> str:
    return f"{one.correction.record_id.label}, {' and '.join(roles(one))} ({_title(one)})"


def _title(one: CorrectionFacts) -> str:
    return clip(plain(one.title).replace("`", "'").rstrip("."), _TITLE) or one.correction.record_id.label


def _where(one: Warned) -> str:
    return f"`{one.place}`: " if one.place else ""


def _warning(one: Warned) -> str:
    return _said(one.what)


def _said(text: str | None) -> str:
    """What a server or a file said, as one sentence of bearable length."""
    flat = " ".join((text or "nothing").split())
    return _sentence(flat if len(flat) <= _SAID else f"{flat[: _SAID - 1]}…", capital=False)


def _sentence(text: str, *, capital: bool = True) -> str:
    ended = text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."
    return ended[:1].upper() + ended[1:] if capital else ended
