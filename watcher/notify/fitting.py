"""A mail that has no room for all of its attachment: as many papers as fit go along, and the mail says how to get them all.

The attachment is RIS, whose references end with a line "ER  - ". What is cut is decided when the server is known, so that the stored
message stays what it is.
"""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import dataclass, replace
from typing import Final

from watcher.domain import Message

_END: Final = "\nER  - "
_SENTENCE: Final = re.compile(r"[\d,]+ more papers? (?:is|are) in the attached [\w.-]+\.ris\.")
_BODY: Final = re.compile(r"<body[^>]*>", re.IGNORECASE)

_BASE64: Final = 78 / 57
"""What an attachment takes on the way: lines of 76 characters and their ends for 57 bytes (RFC 2045, 6.8)."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A message that fits. Of `papers` in its digest, so many are `attached`; both are 0 where it never had an attachment."""

    message: Message
    attached: int = 0
    papers: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether everything is attached."""
        return self.attached == self.papers


def fitted(message: Message, room: int) -> Fitted:
    """The message with as much of its attachment as takes at most `room` bytes on the way, at whole references."""
    ris = message.payload.get("ris", "")
    if not ris:
        return Fitted(message)
    stored = ris.count(_END)
    papers = int(message.payload.get("ris_total", stored))
    text, attached = _cut(ris, stored, int(room / _BASE64))
    if attached == papers:
        return Fitted(message, attached, papers)
    return Fitted(_with(message, text, _note(message, attached, papers)), attached, papers)


def _cut(ris: str, stored: int, most: int) -> tuple[str, int]:
    """The first references within so many bytes, and how many they are."""
    if len(ris.encode()) <= most:
        return ris, stored
    kept, size = list[str](), 0
    for reference in ris.split(_END)[:-1]:
        size += len(reference.encode()) + len(_END)
        if size > most:
            break
        kept.append(reference)
    return "".join(f"{reference}{_END}" for reference in kept) + ("\n" if kept else ""), len(kept)


def _note(message: Message, attached: int, papers: int) -> tuple[str, str]:
    """A sentence, and the command that it ends with."""
    name = message.payload.get("ris_name") or "papers.ris"
    there = f"{attached:,} of them are in the attached {name}" if attached > 1 else f"one of them is in the attached {name}"
    where = f"{there}, which has no room for more" if attached else "they are not attached, since the mail would be too large"
    command = ["watcher", "export"]
    for option, header in (("--list", "X-Watcher-List"), ("--digest", "X-Watcher-Digest")):
        if message.headers.get(header):
            command += [option, message.headers[header]]
    return f"This digest has {papers:,} papers; {where}. Where the service runs, this writes them all:", shlex.join(
        [*command, "--out", name]
    )


def _with(message: Message, ris: str, note: tuple[str, str]) -> Message:
    """The message with another attachment, and the note in place of the sentence about it, or first of all."""
    sentence, command = note
    payload = dict(message.payload) | {"ris": ris}
    plain, rich = f"{sentence} {command}", f"{html.escape(sentence)} <code>{html.escape(command)}</code>"
    payload["text"] = _put(payload["text"], plain, f"{plain}\n\n{payload['text']}")
    if payload.get("html"):
        first = _BODY.search(payload["html"])
        at = first.end() if first else 0
        payload["html"] = _put(payload["html"], rich, f"{payload['html'][:at]}<p>{rich}</p>{payload['html'][at:]}")
    return replace(message, payload=payload)


def _put(text: str, note: str, otherwise: str) -> str:
    changed, count = _SENTENCE.subn(lambda _: note, text)
    return changed if count else otherwise
