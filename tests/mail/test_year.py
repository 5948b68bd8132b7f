"""A year of digests through Postfix and Dovecot: none lost, none twice, each as it was meant. `make mail-test`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path

import pytest
from mail_readers import Attachment, NoMailparser, Opened, by_mailparser, by_python, install_mailparser
from mail_year import FAULTS, OWNER, SENDER, SMALL, STAY, Received, Year, lived, weeks
from post_office import missing, post_office

pytestmark = pytest.mark.mail

AT_ONCE = ("none", "no-mailboxes", "small")
"""The weeks in which the mail server takes the digest at the first try."""
PARKED = ("refuses", "too-small")

_LINK = re.compile(r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)")
_AN = re.compile(r"^AN  - (\d+)", re.MULTILINE)
RIS = "application/x-research-info-systems"
ADDED = 2_000
"""Bytes of headers that the servers put on top at most."""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    if missing():
        pytest.skip(missing())
    with post_office() as office, lived(tmp_path_factory.mktemp("lab"), office, weeks()) as one:
        yield one


def named(text: str) -> set[int]:
    return {int(pmid) for pmid in _LINK.findall(text)}


def differences(year: Year, one: Received, opened: Opened) -> dict[str, tuple[object, object]]:
    """What a mail shows, and what it must show by what the service keeps of its message, where that is not the same."""
    kept = year.stored[str(one.message["Message-ID"]).strip("<>")]
    parts, ris, headers = kept["payload"], kept["payload"].get("ris", ""), {**kept["headers"], "Auto-Submitted": "auto-generated"}
    meant = Opened(
        subject=kept["subject"],
        sender=("watcher", SENDER),
        to=(one.reader,),
        reply_to=(),
        sent_at=parsedate_to_datetime(str(one.message["Date"])).astimezone(UTC),
        message_id=str(one.message["Message-ID"]),
        text=parts["text"].rstrip("\n"),
        html=parts["html"].rstrip("\n"),
        attachments=(Attachment(parts["ris_name"], RIS, sha256(ris.encode()).hexdigest()),) if ris else (),
        headers={name.lower(): value for name, value in headers.items()},
    )
    shown = replace(opened, headers={name: value for name, value in opened.headers.items() if name in meant.headers})
    told = [(name, getattr(shown, name), getattr(meant, name)) for name in (one.name for one in fields(Opened))]
    is_cut = year.week(one).fault == "small" if one.period else False
    return {
        name: (had, must) for name, had, must in told if had != must and not (is_cut and name in ("text", "html", "attachments"))
    }


# --- lost 0, twice 0 -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", STAY)
def test_each_reader_has_each_digest_of_their_time_once(year: Year, reader: str) -> None:
    assert [one.period for one in year.inbox(reader)] == [week.period for week in year.plan if week.number in STAY[reader]]


@pytest.mark.parametrize("reader", STAY)
def test_each_paper_came_once_with_the_digest_of_its_week(year: Year, reader: str) -> None:
    planted = {week.period: set(week.pmids) for week in year.plan if week.number in STAY[reader]}

    assert {one.period: named(by_python(one.raw).text) for one in year.inbox(reader)} == planted
    assert {one.period: named(by_python(one.raw).html) for one in year.inbox(reader)} == planted


def test_no_mail_came_twice(year: Year) -> None:
    names = Counter((one.reader, one.message["Message-ID"]) for one in year.received)

    assert set(names.values()) == {1}
    assert {str(name).strip("<>") for _, name in names} == set(year.stored)


# --- as meant ------------------------------------------------------------------------------------------------------------------------


def test_each_mail_is_7_bit_and_its_lines_are_short(year: Year) -> None:
    for one in year.received:
        assert one.raw.isascii()
        assert max(map(len, one.raw.split(b"\r\n"))) <= 998  # RFC 5322, 2.1.1
        assert b"\n" not in one.raw.replace(b"\r\n", b"")


def test_each_mail_is_to_python_what_it_is_meant_to_be(year: Year) -> None:
    assert [found for one in year.received if (found := differences(year, one, by_python(one.raw)))] == []


def test_each_mail_is_to_mailparser_what_it_is_meant_to_be(year: Year, tmp_path: Path) -> None:
    try:
        install_mailparser(tmp_path)
    except NoMailparser as error:
        pytest.skip(str(error))

    opened = by_mailparser([one.raw for one in year.received], tmp_path)

    pairs = zip(year.received, opened, strict=True)
    assert [found for one, shown in pairs if (found := differences(year, one, shown))] == []


def test_an_attachment_that_has_no_room_is_cut_at_a_reference_and_the_mail_says_so(year: Year) -> None:
    full = [one for one in year.received if one.period and year.week(one).fault == "small"]

    for one in full:
        attached, kept = one.part(RIS), year.stored[str(one.message["Message-ID"]).strip("<>")]["payload"]["ris"]
        papers = len(_AN.findall(attached))
        assert len(one.raw) <= SMALL + ADDED
        assert papers < len(year.week(one).pmids)
        assert kept.startswith(attached.rstrip("\n"))
        assert f"This digest has 25 papers; {f'{papers} of them are in' if papers else 'they are not attached'}" in one.flat
    assert any(one.part(RIS) for one in full)


# --- the faults were there -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_kept_digests_back_or_did_not_as_it_is_made(year: Year, fault: str) -> None:
    digests = [one for one in year.received if one.period and year.week(one).fault == fault]
    tries = {(year.week(one).number, year.tries[str(one.message["Message-ID"]).strip("<>")]) for one in digests}

    assert len({number for number, _ in tries}) >= 4
    assert all(any(count > 1 for week, count in tries if week == number) for number, _ in tries) == (fault not in AT_ONCE)


def test_the_greylist_was_met(year: Year) -> None:
    digests = [one for one in year.received if one.period and year.week(one).fault == "forgets"]

    assert all("delayed" in str(one.message["X-Greylist"]) for one in digests)


def test_the_owner_is_told_of_what_is_held_back_and_of_its_end(year: Year) -> None:
    told = [
        str(one.message["Subject"])
        for one in year.received
        if one.reader == OWNER and one.message["X-Watcher-Notice"] == "channel:lab-mail"
    ]
    held = [week.monday for week in year.plan if week.fault in PARKED]

    assert told == [
        subject
        for day in held
        for subject in (
            f"[watcher] Messages to channel lab-mail are held back since {day.day} {day:%B}",
            "[watcher] Channel lab-mail takes messages again",
        )
    ]
