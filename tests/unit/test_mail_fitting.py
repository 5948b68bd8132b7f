"""As many papers as a mail has room for are attached, and the mail says how to get the rest."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from support.digest_samples import WEEKLY, digest, many, ris
from support.digest_samples import paper as digest_paper
from support.store_samples import paper

from watcher.digest.render import messages
from watcher.domain import ChannelKind, Delivery, DeliveryState, FollowUp, Message
from watcher.export import to_nbib, to_ris
from watcher.notify.fitting import Fitted, MailRoom, fitted
from watcher.notify.letter import Letter, Letters, MailSender

PAPERS = 40
RIS = to_ris([paper(number, title=f"Endplates β {number}") for number in range(1, PAPERS + 1)])
SENTENCE = "33 more papers are in the attached lab-weekly-2026-03-02.ris."
MESSAGE = Message(
    ChannelKind.EMAIL,
    1,
    "[NMJ] 40 new papers",
    {
        "text": f"7 papers\n\n{SENTENCE}\n\nReceipt\n",
        "html": f'<html><body class="x"><p><b>{SENTENCE}</b></p></body></html>',
        "ris": RIS,
        "ris_name": "lab-weekly-2026-03-02.ris",
    },
    {"X-Watcher-List": "lab weekly", "X-Watcher-Digest": "2026-03-02T08:00+01:00"},
)
COMMAND = "watcher export --list 'lab weekly' --digest 2026-03-02T08:00+01:00 --out lab-weekly-2026-03-02.ris"


def with_room(message: Message, room: int) -> Fitted:
    """The message with so much room for its attachment, and any for its text."""
    return fitted(message, MailRoom(body=1, whole=room), lambda _: 0)


ROOM = len(RIS.encode()) * 78 // 57


def test_a_message_that_fits_stays_what_it_is() -> None:
    found = with_room(MESSAGE, ROOM + 100)

    assert found.message is MESSAGE
    assert (found.attached, found.papers, found.is_whole) == (PAPERS, PAPERS, True)


def test_of_a_message_that_does_not_fit_the_first_references_go_along_whole() -> None:
    found = with_room(MESSAGE, ROOM // 2)

    ris = found.message.payload["ris"]
    assert 15 <= found.attached <= 20
    assert ris == RIS[: len(ris)]
    assert ris.endswith("\nER  - \n")
    assert ris.count("TY  - ") == ris.count("ER  - ") == found.attached
    assert len(ris.encode()) * 78 / 57 <= ROOM // 2


@pytest.mark.parametrize("room", [ROOM // 2, 0])
def test_what_is_not_attached_is_counted_with_a_command_that_gets_it(room: int) -> None:
    found = with_room(MESSAGE, room)

    text, html = found.message.payload["text"], found.message.payload["html"]
    assert "This digest has 40 papers; " in text
    assert "This digest has 40 papers; " in html
    assert COMMAND in text
    assert COMMAND.replace("'", "&#x27;") in html
    assert shlex.split(COMMAND)[3] == "lab weekly"
    assert SENTENCE not in text + html
    told = f"{found.attached} of them are in the attached lab-weekly-2026-03-02.ris" if room else "they are not attached"
    assert told in text


def test_without_a_sentence_about_the_attachment_the_note_comes_first() -> None:
    plain = replace(
        MESSAGE, payload=dict(MESSAGE.payload) | {"text": "all are shown\n", "html": '<body class="x"><p>all</p></body>'}
    )

    found = with_room(plain, 0)

    assert found.message.payload["text"].startswith("This digest has 40 papers; ")
    assert found.message.payload["html"].startswith('<body class="x"><p>This digest has 40 papers; ')


def test_what_was_left_out_when_the_digest_was_composed_is_counted_too() -> None:
    cut = replace(MESSAGE, payload=dict(MESSAGE.payload) | {"ris_total": "17965"})

    found = with_room(cut, ROOM + 100)

    assert (found.attached, found.papers) == (PAPERS, 17_965)
    assert found.message.payload["ris"] == RIS
    assert "This digest has 17,965 papers; 40 of them are in the attached" in found.message.payload["text"]


NBIB = to_nbib([paper(number, title=f"Endplates β {number}") for number in range(1, PAPERS + 1)])


def with_files(**files: str) -> Message:
    names = {f"{kind}_name": f"weekly.{kind}" for kind in files}
    text = f"33 more papers are in the attached {' and '.join(names.values())}.\n"
    return replace(MESSAGE, payload={"text": text, "html": f"<body><b>{text}</b>", **files, **names})


def test_an_nbib_file_is_cut_at_whole_records() -> None:
    found = with_room(with_files(nbib=NBIB), len(NBIB.encode()) * 78 // 57 // 2)

    nbib = found.message.payload["nbib"]
    assert 15 <= found.attached <= 20
    assert nbib == NBIB[: len(nbib)]
    assert NBIB[len(nbib) :].startswith("\nPMID- ")
    assert nbib.count("PMID- ") == found.attached
    assert f"{found.attached} of them are in the attached weekly.nbib, which has no room" in found.message.payload["text"]
    assert "--out weekly.nbib" in found.message.payload["html"]
    assert "33 more" not in found.message.payload["text"] + found.message.payload["html"]


def test_two_files_hold_the_same_papers() -> None:
    whole = with_files(ris=RIS, nbib=NBIB)
    room = (len(RIS.encode()) + len(NBIB.encode())) * 78 // 57

    found = with_room(whole, room // 3)

    payload = found.message.payload
    assert with_room(whole, room + 100).message is whole
    assert 10 <= found.attached <= 14
    assert payload["ris"].count("TY  - ") == payload["nbib"].count("PMID- ") == found.attached
    assert (len(payload["ris"].encode()) + len(payload["nbib"].encode())) * 78 / 57 <= room // 3
    assert "are in the attached weekly.ris and weekly.nbib, which have no room for more." in payload["text"]
    assert "33 more" not in payload["text"] + payload["html"]


def test_of_two_files_of_which_one_was_stored_shorter_both_keep_what_both_have() -> None:
    shorter = to_nbib([paper(number, title=f"Endplates β {number}") for number in range(1, 31)])
    stored = with_files(ris=RIS, nbib=shorter)

    found = with_room(replace(stored, payload=dict(stored.payload) | {"nbib_total": str(PAPERS)}), 10 * ROOM)

    assert (found.attached, found.papers) == (30, PAPERS)
    assert found.message.payload["ris"].count("TY  - ") == 30
    assert "30 of them are in the attached" in found.message.payload["text"]


def test_a_message_without_an_attachment_is_left_alone() -> None:
    bare = replace(MESSAGE, payload={"text": "x", "html": "<p>x</p>"})

    assert with_room(bare, 0).message is bare
    assert with_room(bare, 0).is_whole


@pytest.mark.parametrize("most", [8_000, 12_000, 20_000])
@pytest.mark.parametrize("announced", [0, 7_000, 15_000])
def test_a_written_mail_keeps_to_the_smaller_of_both_limits(most: int, announced: int) -> None:
    delivery = Delivery(
        1, "c", "pi@lab.example", MESSAGE, "1@lab.example", DeliveryState.SENDING, 1, datetime(2026, 3, 2, tzinfo=UTC), "t"
    )
    now = datetime(2026, 3, 2, 7, tzinfo=UTC)
    letter = Letter(Letters(), delivery, MailSender("watcher", "w@lab.example"), "pi@lab.example", now, most)

    written = letter.as_bytes(announced)

    limit = min(most, announced) if announced else most
    assert len(written) <= limit
    assert letter.fitted(announced).is_whole or len(written) > limit * 0.6
    assert written == letter.as_bytes(announced)
    assert not [byte for byte in written if byte > 127]


# --- text and HTML ---------------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
MANY = 900
ANNOUNCED = [9_000, 20_000, 45_000, 130_000, 300_000]
"""What a mail server may announce: the smallest takes no more than the beginning of the text, the largest all of it."""


def rendered(count: int = MANY, **changes: object) -> Message:
    """A digest of so many papers, none of them in a file, as it is stored."""
    list_ = replace(WEEKLY, limit=0, attach=(), **changes)  # type: ignore[arg-type]
    told = [FollowUp(digest_paper(5_000 + number), number, "now in Sample eLife") for number in range(3)]
    return messages(digest(many(count), list_=list_, follow_ups=told), kinds=[ChannelKind.EMAIL], ris=ris)[1][0]


WHOLE = rendered()


def letter(message: Message, most: int = 10_000_000) -> Letter:
    delivery = Delivery(1, "c", "pi@lab.example", message, "1@lab.example", DeliveryState.SENDING, 1, NOW, "t")
    return Letter(Letters(), delivery, MailSender("watcher", "w@lab.example"), "pi@lab.example", NOW, most)


def read_back(written: bytes) -> tuple[str, str]:
    """Text and HTML of a mail, as Python's own reader gives them; the HTML may be missing."""
    message = message_from_bytes(written, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    assert not [part.defects for part in message.walk() if part.defects]
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    return tuple(str(part.get_content()).replace("\r\n", "\n") if part else "" for part in (plain, rich))  # type: ignore[return-value]


def numbers(text: str) -> list[int]:
    """The sample papers that a text tells, follow-ups aside, each once, in order."""
    found = (int(number) - 99_000_000 for number in re.findall(r"pubmed\.ncbi\.nlm\.nih\.gov/(\d+)/", text))
    return list(dict.fromkeys(number for number in found if number <= MANY))


@pytest.mark.parametrize("announced", ANNOUNCED)
def test_a_body_is_cut_to_its_first_papers_and_counts_the_others(announced: int) -> None:
    one = letter(WHOLE)
    found, written = one.fitted(announced), one.as_bytes(announced)

    text, html = read_back(written)
    assert len(written) <= announced
    assert len(written) > announced - 4_000 or found.is_whole
    assert numbers(text) == list(range(1, (found.told or 0) + 1 if found.is_cut else MANY + 1))
    assert numbers(html) == numbers(text)[: len(numbers(html))]
    if found.is_cut:
        left_out = MANY - len(numbers(text))
        assert left_out > 0
        assert f"This digest has {MANY} papers; " in text
        assert "watcher export --list lab-weekly --digest 2026-09-21T08:00+02:00 --out papers.ris" in text


def test_papers_that_are_left_out_are_those_at_the_end_alone() -> None:
    text, html = read_back(letter(WHOLE).as_bytes(45_000))

    kept = len(numbers(text))
    assert 5 < kept < 60
    assert numbers(html) == numbers(text)
    assert f"This digest has {MANY} papers; the first {kept} are in this mail, which has no room for more." in text
    for part in (text, html):
        assert part.count("Now in Sample eLife") == 3
        assert "Below the threshold" in part
        assert "more papers are in the plain-text part" not in part


def test_an_html_that_fits_whole_stays_whole_and_says_where_more_stand() -> None:
    stored = WHOLE.payload["html"]

    text, html = read_back(letter(WHOLE).as_bytes(300_000 - 100_000))

    assert numbers(html) == numbers(stored)
    assert len(numbers(html)) < len(numbers(text)) < MANY
    told = (
        f"This digest has {MANY} papers; the first {len(numbers(text))} are in the plain-text part of this mail, which has no room"
    )
    assert told in html
    assert "more papers are in the plain-text part" not in html


def test_a_section_without_papers_is_left_out() -> None:
    whole = rendered(300)
    assert "<h2" in whole.payload["html"].split("<!--/group-->")[1]

    _, html = read_back(letter(whole).as_bytes(20_000))

    assert 0 < len(numbers(html)) <= 5
    assert html.count("<!--group-->") == html.count("<!--/papers-->") == 1


def test_where_the_html_leaves_no_room_for_a_paper_the_text_goes_alone() -> None:
    one = letter(WHOLE)
    found = one.fitted(9_000)

    text, html = read_back(one.as_bytes(9_000))
    assert html == ""
    assert len(numbers(text)) == found.told
    assert 1 < len(numbers(text)) < 60


def test_a_digest_all_of_whose_papers_fit_without_html_says_so() -> None:
    whole = rendered(12)
    plain = replace(whole, payload={name: part for name, part in whole.payload.items() if name != "html"})
    room = len(letter(plain).as_bytes(0)) + 2_500

    text, html = read_back(letter(whole).as_bytes(room))

    assert (len(numbers(text)), html) == (12, "")
    assert text.startswith("All 12 papers are in this mail, as plain text alone, since a larger mail is not allowed.")
    assert letter(whole).fitted(room).is_cut


def test_of_a_file_that_is_left_out_all_papers_are_counted() -> None:
    (filed,) = messages(digest(many(300), list_=replace(WEEKLY, limit=0)), kinds=[ChannelKind.EMAIL], ris=ris)[1]

    one = letter(filed)
    found = one.fitted(30_000)

    text, _ = read_back(one.as_bytes(30_000))
    assert (found.papers, found.attached, found.has_file) == (300, 0, True)
    assert len(numbers(text)) == found.told
    assert f"This digest has 300 papers; the first {found.told} are in this mail" in text
    assert "are in the attached" not in text


@pytest.mark.parametrize("announced", [300, 2_000, 6_000])
def test_what_is_no_digest_keeps_the_beginning_of_its_text(announced: int) -> None:
    lines = "".join(f"line {number} of a failure\n" for number in range(400))
    notice = Message(ChannelKind.EMAIL, 1, "[watcher] x", {"text": lines, "html": f"<p>{lines}</p>"}, {"X-Watcher-Notice": "x"})

    text, html = read_back(letter(notice).as_bytes(announced))

    note, _, rest = text.partition("\n\n")
    assert note == "This mail has room for the beginning of its text alone."
    assert lines.startswith(rest.strip("\n"))
    assert bool(rest.strip()) is (announced == 6_000)
    assert html == ""


def test_a_text_whose_papers_are_not_known_is_cut_between_lines() -> None:
    old = replace(WHOLE, payload={"text": WHOLE.payload["text"], "html": WHOLE.payload["html"]})

    one = letter(old)
    found = one.fitted(50_000)

    text, html = read_back(one.as_bytes(50_000))
    assert (found.told, found.is_cut, html) == (None, True, "")
    assert numbers(text) == list(range(1, len(numbers(text)) + 1))
    assert text.startswith(
        "This mail has room for the beginning of its text alone. Where the service runs, this writes them all: watcher"
    )


def test_a_channel_s_own_limit_leaves_the_text_what_every_server_takes() -> None:
    written = letter(WHOLE, most=1_000).as_bytes(0)

    assert 50_000 < len(written) <= 64_000
    assert len(letter(WHOLE, most=1_000).as_bytes(30_000)) <= 30_000


def test_where_papers_stand_in_a_text_is_stored_beside_it() -> None:
    found = letter(rendered(40)).fitted(0)

    assert found.is_whole
    assert found.papers == 40
    assert found.message.payload == rendered(40).payload
