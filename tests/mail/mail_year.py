"""A year of weekly digests through a real mail server, at which something is wrong in most weeks.

Papers are planted week by week; each Monday's digest meets the fault of its week, is tried again while the fault lasts, and
once more when it has passed. What the readers then have is read by IMAP.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from post_office import DOMAIN, PostOffice
from support.rehearsal import Lab, lab
from support.served import Served, served

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper

WEEKS = 52
START = date(2026, 3, 3)
"""A Tuesday; the first digest is that of the Monday after it."""
ZONE = ZoneInfo("Europe/Berlin")
SENDER, OWNER = f"watcher@{DOMAIN}", f"owner@{DOMAIN}"
PI, POSTDOC, GUEST = f"pi@{DOMAIN}", f"postdoc@{DOMAIN}", f"guest@{DOMAIN}"
STAY: Mapping[str, range] = {PI: range(WEEKS), POSTDOC: range(WEEKS), GUEST: range(17, 41)}
"""The weeks in which each is a reader."""
ROOMY, SMALL, TOO_SMALL = 10_240_000, 100_000, 500
"""Bytes that the mail server allows: more than any mail, less than that of a full week, less than any mail."""

_TITLES = (
    "Agrin at the neuromuscular junction of ageing mice",
    "α-Bungarotoxin and the neuromuscular junction: Größe, Zahl, Ångström",
    "From bench to bedside: the neuromuscular junction in sarcopenia",
    "神経筋接合部: MuSK & LRP4 < 3 μm at the neuromuscular junction",
    "... and what is left of the neuromuscular junction?",
    "A neuromuscular junction with a very long title " + "that goes on and on " * 12,
    "=?utf-8?q?No?= encoded word, a neuromuscular junction",
)
_SENTENCES = (
    "From this, dose = 3.5 mg/kg follows.",
    ".\nA line of its own begins with a dot.",
    "Motor endplates fragment with age (p < 0.05); χ² = 7.1.",
    "Naïve synapses — “quoted”, en–dash, \u00a0no-break, 10⁻³ M.",
    "𝛼-helices lie beyond the basic plane.",
)


@dataclass(frozen=True, slots=True)
class Week:
    """One week: its Monday, the papers that it brings, and what is wrong with the mail server on that day."""

    number: int
    pmids: tuple[int, ...]
    fault: str

    @property
    def monday(self) -> date:
        """The day of its digest."""
        return START + timedelta(days=6 + 7 * self.number)

    @property
    def period(self) -> str:
        """What its digest is called."""
        return datetime.combine(self.monday, time(8), ZONE).isoformat(timespec="minutes")


def weeks(seed: int = 11) -> tuple[Week, ...]:
    """The plan of a year: each fault several times; a week that is short of room brings much."""
    dice = random.Random(seed)  # noqa: S311 - replayable
    faults = [name for number in range(WEEKS) for name in [list(FAULTS)[number % len(FAULTS)]]]
    dice.shuffle(faults)
    numbers = iter(range(42_000_001, 43_000_000))
    counts = [25 if fault == "small" else dice.choice([0, 1, 2, 2, 3, 4, 6]) for fault in faults]
    return tuple(
        Week(number, tuple(next(numbers) for _ in range(count)), fault)
        for number, (fault, count) in enumerate(zip(faults, counts, strict=True))
    )


def planted(plan: Sequence[Week], seed: int = 12) -> Iterator[Planted]:
    """The papers of the plan: each appears on a day of its week."""
    dice = random.Random(seed)  # noqa: S311 - replayable
    for week in plan:
        for pmid in week.pmids:
            day = week.monday - timedelta(days=dice.randint(0, 5))
            text = " ".join(dice.choice(_SENTENCES) for _ in range(60 if week.fault == "small" else 6))
            title = f"{dice.choice(_TITLES)} ({pmid})"
            yield Planted(paper(pmid, title=title, abstract=text, created=day, doi=f"10.0000/sample.{pmid}"), appears_at=day)


# --- what goes wrong -----------------------------------------------------------------------------------------------------------------


Fault = Callable[[PostOffice], AbstractContextManager[None]]


def _set(name: str, during: str, after: str = "") -> Fault:
    """A parameter of Postfix has another value."""

    @contextmanager
    def lasts(office: PostOffice) -> Iterator[None]:
        office.set(**{name: during})
        yield
        office.set(**{name: after})

    return lasts


@contextmanager
def _nothing(_office: PostOffice) -> Iterator[None]:
    yield


@contextmanager
def _is_down(office: PostOffice) -> Iterator[None]:
    office.stop()
    yield
    office.start()


@contextmanager
def _without_mailboxes(office: PostOffice) -> Iterator[None]:
    """Postfix takes the mails, cannot hand them over, and is started anew with all of them in its queue."""
    office.stop_mailboxes()
    yield
    office.stop()
    office.start()
    office.start_mailboxes()


@contextmanager
def _without_greylist(office: PostOffice) -> Iterator[None]:
    office.end_greylist()
    yield
    office.start_greylist()


@contextmanager
def _forgets(office: PostOffice) -> Iterator[None]:
    office.end_greylist()
    office.start_greylist()
    yield


FAULTS: Mapping[str, Fault] = {
    "none": _nothing,
    "down": _is_down,
    "no-mailboxes": _without_mailboxes,
    "forgets": _forgets,
    "no-greylist": _without_greylist,
    "defers": _set("smtpd_client_restrictions", "defer"),
    "refuses": _set("smtpd_client_restrictions", "reject"),
    "defers-at-end": _set("smtpd_end_of_data_restrictions", "defer"),
    "disk-full": _set("queue_minfree", str(2**53), "0"),
    "small": _set("message_size_limit", str(SMALL), str(ROOMY)),
    "too-small": _set("message_size_limit", str(TOO_SMALL), str(ROOMY)),
}
"""What is wrong with the mail server on a Monday: the greylist forgets everybody or is gone (451), everything is refused for now (450) or
for good (554), at the client's greeting or after the mail's last line, the disk is full (452), SIZE is too small for what is attached or
for the mail itself."""

TAKEN_UP = "a new configuration is taken up"
KEYWORDS = ("8bitmime,smtputf8", "8bitmime,smtputf8,chunking,pipelining", "8bitmime,smtputf8,dsn,enhancedstatuscodes,size", "")
"""What the server leaves out of its greeting, a quarter of the year each."""


# --- living ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Received:
    """A mail as a reader has it."""

    reader: str
    raw: bytes = field(repr=False)

    @cached_property
    def message(self) -> EmailMessage:
        """What Python's own reader makes of it."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def period(self) -> str:
        """Which digest it is, "" for a notice."""
        return str(self.message["X-Watcher-Digest"] or "")

    def part(self, kind: str) -> str:
        """The text of the first part of this type with line feeds, "" when there is none."""
        part = next((one for one in self.message.walk() if one.get_content_type() == kind), None)
        content = part.get_content() if part is not None else ""
        return (content.decode() if isinstance(content, bytes) else str(content)).replace("\r\n", "\n")

    @property
    def flat(self) -> str:
        """Its plain text on one line."""
        return " ".join(self.part("text/plain").split())


@dataclass(frozen=True)
class Year:
    """A year that has passed."""

    plan: tuple[Week, ...]
    received: tuple[Received, ...]
    stored: Mapping[str, Mapping[str, Any]]
    """What the service's database holds of each message, by Message-ID: `subject`, `headers` and `payload`."""
    tries: Mapping[str, int]
    """How often each was tried, by Message-ID."""

    def inbox(self, reader: str) -> list[Received]:
        """The digests that a reader has."""
        return [one for one in self.received if one.reader == reader and one.period]

    def week(self, digest: Received) -> Week:
        """The week of a digest."""
        return next(week for week in self.plan if week.period == digest.period)


@contextmanager
def lived(folder: Path, office: PostOffice, plan: Sequence[Week]) -> Iterator[Year]:
    """Let the year pass, in a service that runs on."""
    office.open_mailbox(PI, POSTDOC, GUEST, OWNER, SENDER)
    with pytest.MonkeyPatch.context() as patch, lab(folder, list(planted(plan)), patch) as one:
        _turn_to(office, one)
        office.start_greylist()
        one.move_clock(f"{START}T09:00")
        with served(one) as service:
            for week in plan:
                if week.number % 13 == 0:
                    office.set(smtpd_discard_ehlo_keywords=KEYWORDS[week.number // 13])
                _live(week, service, office)
            assert service.end() == 0
        received = [Received(reader, raw) for reader in office.passwords for raw in office.inbox(reader)]
        yield Year(tuple(plan), tuple(received), *_written_down(folder / "data"))


def _turn_to(office: PostOffice, one: Lab) -> None:
    del one.document["channels"]["lab-slack"]
    one.document["lists"]["lab-weekly"]["channels"] = ["lab-mail"]
    one.document["channels"]["lab-mail"] |= {"url": f"mailto://127.0.0.1:{office.grey}?from={SENDER}", "to": _readers(0)}
    one.document["channels"]["owner"] = {"kind": "email", "url": f"mailto://127.0.0.1:{office.relay}?from={SENDER}", "to": [OWNER]}
    one.document["alerts"] = {"channel": "owner"}
    one.write()


def _readers(week: int) -> list[str]:
    return [reader for reader, stays in STAY.items() if week in stays]


def _live(week: Week, service: Served, office: PostOffice) -> None:
    """One Monday, until nothing is owed."""
    _edit(_readers(week.number), service)
    with FAULTS[week.fault](office):
        service.at(f"{week.monday}T08:00")
        service.at(f"{week.monday}T08:20")
    at, data = datetime.combine(week.monday, time(12), ZONE), service.lab.folder / "data"
    service.at(at.isoformat())
    while _rows(data, "SELECT 1 FROM delivery WHERE state <> 'sent'"):
        at += timedelta(hours=4)
        assert at.date() < week.monday + timedelta(days=6), f"week {week.number}, {week.fault}: not delivered by {at}"
        service.at(at.isoformat())
    office.flush()


def _edit(readers: list[str], service: Served) -> None:
    """Save the configuration with these readers, where they are others, and wait until the service works by it."""
    channel = service.lab.document["channels"]["lab-mail"]
    if channel["to"] == readers:
        return
    channel["to"], before = readers, len(service.log(TAKEN_UP))
    service.lab.write()
    service.until(lambda: len(service.log(TAKEN_UP)) > before)


def _rows(one: Path, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(one / "watcher.db")) as database:
        return database.execute(question).fetchall()


def _written_down(data: Path) -> tuple[dict[str, Any], dict[str, int]]:
    rows = _rows(data, "SELECT rfc822_id, subject, payload, attempts FROM delivery JOIN message ON message.id = message_id")
    kept = {name: {"subject": subject, **json.loads(payload)} for name, subject, payload, _ in rows}
    return kept, {name: attempts for name, _, _, attempts in rows}
