"""The headers of a mail have their first word beside their name, and are read as they were written."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from watcher.notify.letter import POLICY

LONG = "Messages to channel lab-mail are held back since 7 September, and nobody knows for how long that may last, or why"


def written(name: str, value: str) -> bytes:
    message = EmailMessage(policy=POLICY)
    message[name] = value
    return message.as_bytes()


@pytest.mark.parametrize("length", range(55, 100))
@pytest.mark.parametrize("first", ["[watcher] ", "[NMJ] Größe "])
def test_a_subject_of_any_length_begins_beside_its_name_and_is_read_as_it_was_written(first: str, length: int) -> None:
    subject = (first + LONG)[:length].strip()

    raw = written("Subject", subject)

    assert raw.startswith(b"Subject: " + first[:5].encode())
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert str(message_from_bytes(raw, policy=policy.default)["Subject"]) == subject


@pytest.mark.parametrize("name", ["To", "Message-ID", "Subject"])
def test_a_word_that_is_longer_than_a_line_stays_beside_the_name(name: str) -> None:
    word = f"{'x' * 40}@{'y' * 28}.example"

    raw = written(name, f"<{word}>" if name == "Message-ID" else word)

    assert raw.startswith(f"{name}: ".encode())
    assert word in str(message_from_bytes(raw, policy=policy.default)[name])
