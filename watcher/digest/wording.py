"""How counts, days and spans read in English, alike in mail, text, Slack and Teams, whatever the machine's locale is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from watcher.domain import Author, PartialDate, RecordId

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def count(number: int, noun: str, plural: str = "") -> str:
    """A count in words: "1 new paper", "1,204 new papers"; `plural` where an s is not enough."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def short_span(first: date, last: date) -> str:
    """As in "21 Sep", "15–21 Sep", "29 Sep – 5 Oct", "29 Dec 2026 – 4 Jan 2027": for a subject, where one year is plain."""
    if first == last:
        return _day(last, 3)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_day(last, 3)}"
    if first.year != last.year:
        return f"{_day(first, 3)} {first.year} – {_day(last, 3)} {last.year}"
    return f"{_day(first, 3)} – {_day(last, 3)}"


def long_span(first: date, last: date) -> str:
    """As in "15–21 September 2026", "29 December 2026 – 4 January 2027"."""
    if first == last:
        return long_day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{long_day(last)}"
    if first.year == last.year:
        return f"{_day(first)} – {long_day(last)}"
    return f"{long_day(first)} – {long_day(last)}"


def long_day(day: date) -> str:
    """As in "21 September 2026"."""
    return f"{_day(day)} {day.year}"


def moment(at: datetime, zone: str) -> str:
    """The instant `at` on a clock in `zone`: "Monday 28 September 2026, 08:00 (Europe/Berlin)"."""
    return f"{moment_there(at, zone)} ({zone})"


def moment_there(at: datetime, zone: str) -> str:
    """The same where the zone is plain: "Monday 28 September 2026, 08:00"."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{_WEEKDAYS[local.weekday()]} {long_day(local.date())}, {local:%H:%M}"


def day(at: datetime, zone: str) -> str:
    """The day of the instant `at` on a clock in `zone`: "3 March"."""
    return _day(at.astimezone(ZoneInfo(zone)).date())


def day_and_time(at: datetime, zone: str, *, year: bool = False) -> str:
    """The instant `at` on a clock in `zone`: "3 March, 05:31", with `year` "3 March 2026, 05:31"."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{long_day(local.date()) if year else _day(local.date())}, {local:%H:%M}"


def time_span(since: datetime, until: datetime, zone: str, *, year: bool = False) -> str:
    """As in "3 March, 05:31 to 4 March, 09:12", "3 March, 05:31 to 09:12"; with years where they differ, or with `year`."""
    first, last = since.astimezone(ZoneInfo(zone)), until.astimezone(ZoneInfo(zone))
    if first.date() == last.date():
        return f"{day_and_time(since, zone, year=year)} to {last:%H:%M}"
    years = year or first.year != last.year
    return f"{day_and_time(since, zone, year=years)} to {day_and_time(until, zone, year=years)}"


def lasting(span: timedelta) -> str:
    """Roughly how long a span is: "40 minutes", "5 hours", "3 days"."""
    minutes = max(round(span.total_seconds() / 60), 1)
    if minutes < 90:
        return count(minutes, "minute")
    return count(round(minutes / 60), "hour") if minutes < 48 * 60 else count(round(minutes / 1440), "day")


def named(record_ids: Sequence[RecordId]) -> str:
    """Records as a sentence holds them, the first ten by name: "PMID 1", "PMID 1, 2", "PMID 1, …, 10 and 3 more"."""
    shown = record_ids[:10]
    told = [one.label if place == 0 or one.source != shown[place - 1].source else str(one.id) for place, one in enumerate(shown)]
    return ", ".join(told) + (f" and {len(record_ids) - 10:,} more" if len(record_ids) > 10 else "")


def listed(names: Sequence[str]) -> str:
    """Names as a sentence holds them: "A", "A and B", "A, B and C"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def published(when: PartialDate) -> str:
    """As in "12 Sep 2026", "Sep 2026", or the record's own words ("2026 Winter")."""
    if when.year is None or when.month is None:
        return when.text or (str(when.year) if when.year else "")
    month = _MONTHS[when.month - 1][:3]
    return f"{when.day} {month} {when.year}" if when.day else f"{month} {when.year}"


def elapsed(first: date, last: date) -> str:
    """Roughly how long after `first` the day `last` is: "8 months", "3 years"."""
    months = round((last - first).days / 30.44)
    return count(months, "month") if months < 24 else count(months // 12, "year")


def sentence(text: str) -> str:
    """`text` with a capital first and a full stop last, where they are missing."""
    ended = text if text.endswith((".", "!", "?")) or not text else f"{text}."
    return ended[:1].upper() + ended[1:]


def byline(authors: tuple[Author, ...], *, complete: bool) -> str:
    """First and last author: "García M", "García M, Tanaka H", "García M … Tanaka H"."""
    names = [author.display for author in authors if author.display]
    if not names:
        return ""
    joined = {1: names[0], 2: ", ".join(names[:2])}.get(len(names), f"{names[0]} … {names[-1]}")
    return joined if complete else f"{joined}, et al."


def _day(day: date, letters: int | None = None) -> str:
    return f"{day.day} {_MONTHS[day.month - 1][:letters]}"
