"""As many papers as a mail has room for are attached, and the mail says how to get the rest."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from store_samples import paper

from watcher.domain import ChannelKind, Delivery, DeliveryState, Message
from watcher.export import to_ris
from watcher.notify.fitting import fitted
from watcher.notify.letter import Letter, Letters, Sender

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
ROOM = len(RIS.encode()) * 78 // 57


def test_a_message_that_fits_stays_what_it_is() -> None:
    found = fitted(MESSAGE, ROOM + 100)

    assert found.message is MESSAGE
    assert (found.attached, found.papers, found.is_whole) == (PAPERS, PAPERS, True)


def test_of_a_message_that_does_not_fit_the_first_references_go_along_whole() -> None:
    found = fitted(MESSAGE, ROOM // 2)

    ris = found.message.payload["ris"]
    assert 15 <= found.attached <= 20
    assert ris == RIS[: len(ris)]
    assert ris.endswith("\nER  - \n")
    assert ris.count("TY  - ") == ris.count("ER  - ") == found.attached
    assert len(ris.encode()) * 78 / 57 <= ROOM // 2


@pytest.mark.parametrize("room", [ROOM // 2, 0])
def test_what_is_not_attached_is_counted_with_a_command_that_gets_it(room: int) -> None:
    found = fitted(MESSAGE, room)

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

    found = fitted(plain, 0)

    assert found.message.payload["text"].startswith("This digest has 40 papers; ")
    assert found.message.payload["html"].startswith('<body class="x"><p>This digest has 40 papers; ')


def test_what_was_left_out_when_the_digest_was_composed_is_counted_too() -> None:
    cut = replace(MESSAGE, payload=dict(MESSAGE.payload) | {"ris_total": "17965"})

    found = fitted(cut, ROOM + 100)

    assert (found.attached, found.papers) == (PAPERS, 17_965)
    assert found.message.payload["ris"] == RIS
    assert "This digest has 17,965 papers; 40 of them are in the attached" in found.message.payload["text"]


def test_a_message_without_an_attachment_is_left_alone() -> None:
    bare = replace(MESSAGE, payload={"text": "x", "html": "<p>x</p>"})

    assert fitted(bare, 0).message is bare
    assert fitted(bare, 0).is_whole


@pytest.mark.parametrize("most", [8_000, 12_000, 20_000])
@pytest.mark.parametrize("announced", [0, 7_000, 15_000])
def test_a_written_mail_keeps_to_the_smaller_of_both_limits(most: int, announced: int) -> None:
    delivery = Delivery(
        1, "c", "pi@lab.example", MESSAGE, "1@lab.example", DeliveryState.SENDING, 1, datetime(2026, 3, 2, tzinfo=UTC), "t"
    )
    now = datetime(2026, 3, 2, 7, tzinfo=UTC)
    letter = Letter(Letters(), delivery, Sender("watcher", "w@lab.example"), "pi@lab.example", now, most)

    written = letter.as_bytes(announced)

    limit = min(most, announced) if announced else most
    assert len(written) <= limit
    assert letter.fitted(announced).is_whole or len(written) > limit * 0.6
    assert written == letter.as_bytes(announced)
    assert not [byte for byte in written if byte > 127]
