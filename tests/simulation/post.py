"""What arrived, read as a reader would: lists, periods, papers, from the mails and the posts themselves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

_AN = re.compile(r"^AN  - (\d+)", re.MULTILINE)
_LINK = re.compile(r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)")
_DAY = r"\d{1,2}(?: [A-Z][a-z]+)?(?: \d{4})?"
_SPAN = rf"(?P<since>{_DAY})(?: ?– ?(?P<until>{_DAY}))?"
_COVERAGE = re.compile(rf"Papers added to PubMed {_SPAN}\.|No new days could be covered\.")
_GAP = re.compile(rf"Not covered yet: papers added {_SPAN} for (?P<watch>[^.,]+)[.,]")
_MOMENT = r"(?:\d{1,2} [A-Z][a-z]+(?: \d{4})?, )?\d\d:\d\d"
_OUTAGE = re.compile(
    rf"PubMed was not searched(?: for (?P<watches>[^.]+?))? from (?P<since>{_MOMENT}) to (?P<until>{_MOMENT}) "
    r"\((?P<reason>.*?)\)\. It was read afterwards"
)
_JOINED = re.compile(
    rf"PubMed was not searched(?: for (?P<watches>[^.]+?))? (?P<times>[\d,]+) times between (?P<since>{_MOMENT}) and (?P<until>{_MOMENT}), "
    r"for up to \d+ \w+ \((?P<reason>.*?)\)\. It was read afterwards"
)
_OPEN = re.compile(
    rf"(?:PubMed has not been searched(?: for (?P<watches>[^.]+?))? since|not searched since) (?P<since>{_MOMENT})\."
    r"(?: (?:Reason: )?(?P<reason>.{0,60}))?"
)
_CORRECTIONS = re.compile(r"^CORRECTIONS TO PAPERS YOU HAD\n-+\n(?P<told>.*?)(?=^[A-Z][^\n]*\n-{3,}$|\Z)", re.MULTILINE | re.DOTALL)
_NAMES = (
    "Retracted|Retracted and republished|Retracted in part|Withdrawn|Removed by the publisher|Expression of concern|Erratum|"
    "Corrected and republished|Update|Reinstated|Notice retracted|Taken back|Deleted from PubMed"
)
_NAMED = re.compile(rf"\b({_NAMES})(?=: | \()")
_ATTACHED = re.compile(r"^([\d,]+) more papers? (?:is|are) in the attached ", re.MULTILINE)
_TEXT_ONLY = re.compile(r"And ([\d,]+) more, told in the plain-text part of this mail")
_PART = re.compile(r" \(part (\d+) of \d+\)")
_OVER = re.compile(rf"Failed from .*? to [A-Z][a-z]+day (?P<until>{_DAY}, \d\d:\d\d) \((?P<zone>[\w/+-]+)\)")
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stated gap: the watch's title, and the first day that is not covered."""

    watch: str
    since: date


@dataclass(frozen=True, slots=True)
class Outage:
    """A stated span without a search; `until` None: it lasts, and `reason` is where its text begins. `watches` are titles; none: all of
    the list's. Of several `times` that are stated as one, the span is from the beginning of the first to the end of the last."""

    since: datetime
    until: datetime | None
    watches: tuple[str, ...]
    reason: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Letter:
    """One copy of one message. `where` is the mail's recipient or the post's path; `list` is the list's name, "" for a notice; `papers`
    are those that it presents, `links` all that its text names; `only_attached` and `only_in_text` are how many it says are in its file
    alone, and of papers that it had before in its text alone. `corrected` are those of which it says what became of them, each with the
    name by which it calls that, `beside` the same of papers that it presents; `prints` tells copies apart that are not the same bytes.
    `at_once` is the list whose readers hear of corrections at once by it. A recovery says when it was: `over_at`, by the service's clock."""

    where: str
    list: str
    period: str
    covers_from: date | None
    covers_to: date | None
    gaps: tuple[Gap, ...]
    papers: frozenset[int]
    links: frozenset[int]
    links_in_html: frozenset[int]
    identity: str
    prints: str
    at_monotonic: float
    text: str
    part: int = 1
    notice: str = ""
    recovers: bool = False
    corrected: frozenset[tuple[int, str]] = frozenset()
    beside: frozenset[tuple[int, str]] = frozenset()
    at_once: str = ""
    over_at: datetime | None = None
    only_attached: int = 0
    only_in_text: int = 0

    @property
    def headline(self) -> str:
        """A post's first line, which its parts have in common."""
        return _PART.sub("", self.text.partition("\n")[0])


def mail(message: EmailMessage, raw: bytes, recipients: Iterable[str], at_monotonic: float) -> Letter:
    """A mail as it was taken."""
    text, html = _part(message, "text/plain"), _part(message, "text/html")
    covers = str(message["X-Watcher-Period"] or "").split("/")
    days = [date.fromisoformat(day) for day in covers] if len(covers) == 2 else [None, None]
    flat = " ".join(re.sub(r"\n! ", "\n", text).split())
    list_, is_at_once = str(message["X-Watcher-List"] or ""), message["X-Watcher-Corrections"] is not None
    return Letter(
        where=",".join(recipients),
        list="" if is_at_once else list_,
        period=str(message["X-Watcher-Digest"] or ""),
        covers_from=days[0],
        covers_to=days[1],
        gaps=gaps(flat),
        papers=_pmids(_AN, _part(message, "application/x-research-info-systems")),
        links=_pmids(_LINK, text),
        links_in_html=_pmids(_LINK, html),
        identity=str(message["Message-ID"]),
        prints=hashlib.sha256(raw).hexdigest(),
        at_monotonic=at_monotonic,
        text=text,
        notice=str(message["X-Watcher-Notice"] or ""),
        recovers=re.search(r"^Failed from ", text, re.MULTILINE) is not None,
        corrected=corrected(text),
        beside=beside(text),
        at_once=list_ if is_at_once else "",
        over_at=over_at(flat),
        only_attached=_said(_ATTACHED, text),
        only_in_text=_said(_TEXT_ONLY, html),
    )


def _said(what: re.Pattern[str], text: str) -> int:
    """How many a message says are elsewhere, in all."""
    return sum(int(number.replace(",", "")) for number in what.findall(text))


def post(path: str, payload: dict[str, Any], raw: bytes, at_monotonic: float) -> Letter:
    """A Slack post as it was taken. It carries no identity: the same bytes on the same webhook are the same message."""
    text = _texts(payload)
    part = _PART.search(str(payload.get("text", "")))
    prints = hashlib.sha256(raw).hexdigest()
    links = _pmids(_LINK, text)
    return Letter(
        where=path,
        list="",
        period="",
        covers_from=None,
        covers_to=None,
        gaps=(),
        papers=links,
        links=links,
        links_in_html=links,
        identity=prints,
        prints=prints,
        at_monotonic=at_monotonic,
        text=text,
        part=int(part[1]) if part else 1,
    )


def corrected(text: str) -> frozenset[tuple[int, str]]:
    """The papers of which a mail says what became of them, with each name that it has for that; "" where it has none."""
    found = _CORRECTIONS.search(text)
    return frozenset((pmid, name) for pmid, names in _named(found["told"] if found else "") for name in names or ("",))


def beside(text: str) -> frozenset[tuple[int, str]]:
    """The same of papers that a digest presents: it stands between the link of the paper before and the paper's own."""
    return frozenset((pmid, name) for pmid, names in _named(_CORRECTIONS.sub("", text)) for name in names)


def _named(text: str) -> Iterator[tuple[int, list[str]]]:
    since = 0
    for link in _LINK.finditer(text):
        yield int(link[1]), _NAMED.findall(" ".join(text[since : link.start()].split()))
        since = link.end()


def over_at(flat: str) -> datetime | None:
    """When what failed was well again, as a recovery says it."""
    found = _OVER.search(flat)
    if found is None:
        return None
    return _moment(found["until"], ZoneInfo(found["zone"]), datetime(9999, 1, 1, tzinfo=UTC))


def gaps(flat: str) -> tuple[Gap, ...]:
    """The gaps that a digest states."""
    return tuple(Gap(found["watch"], _first_day(found["since"], found["until"])) for found in _GAP.finditer(flat))


def outages(letter: Letter, zone: str, at: datetime) -> tuple[Outage, ...]:
    """The spans without a search that a digest, which came at `at`, states; the zone is its list's."""
    flat, there = " ".join(re.sub(r"\n! ", "\n", letter.text).split()), ZoneInfo(zone)
    told = []
    for found in (*_OUTAGE.finditer(flat), *_JOINED.finditer(flat)):
        until = _moment(found["until"], there, at, found["since"])
        times = int(found.groupdict().get("times", "1").replace(",", ""))
        told.append(Outage(_moment(found["since"], there, until), until, _names(found["watches"]), found["reason"], times))
    told += [
        Outage(_moment(one["since"], there, at), None, _names(one["watches"]), one["reason"] or "") for one in _OPEN.finditer(flat)
    ]
    return tuple(told)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(re.split(r", | and ", text)) if text else ()


def _moment(text: str, zone: ZoneInfo, before: datetime, of: str = "") -> datetime:
    """The latest instant before `before`, a little more or less, that is written so; without a day it is that of the text `of`."""
    day, _, hour = text.rpartition(", ")
    words = (day or of.rpartition(", ")[0]).split()
    limit = before.astimezone(zone) + timedelta(hours=2)
    year = int(words[2]) if len(words) > 2 else limit.year
    found = datetime.combine(date(year, _MONTHS.index(words[1]) + 1, int(words[0])), time.fromisoformat(hour), zone)
    return found if found <= limit else found.replace(year=year - 1)


def covered(text: str) -> bool:
    """Whether this is a digest: it says what it covers."""
    return _COVERAGE.search(" ".join(text.split())) is not None


def slot(period: str) -> datetime:
    """The instant of a period's slot."""
    return datetime.fromisoformat(period)


def _first_day(since: str, until: str | None) -> date:
    """The first day of a span, whose month and year may stand at its end only."""
    own, other = since.split(), (until or since).split()
    month, year = (own[1] if len(own) > 1 else other[1]), (own[2] if len(own) > 2 else other[2])
    return date(int(year), _MONTHS.index(month) + 1, int(own[0]))


def _part(message: EmailMessage, kind: str) -> str:
    for part in message.walk():
        if part.get_content_type() == kind:
            content = part.get_content()
            return (content.decode() if isinstance(content, bytes) else str(content)).replace("\r\n", "\n")
    return ""


def _pmids(pattern: re.Pattern[str], text: str) -> frozenset[int]:
    return frozenset(int(found) for found in pattern.findall(text))


def _texts(value: object) -> str:
    """Every text in a payload, in order."""
    if isinstance(value, dict):
        return "\n".join(_texts(one) for key, one in value.items() if key != "type")
    if isinstance(value, list):
        return "\n".join(_texts(one) for one in value)
    return value if isinstance(value, str) else ""
