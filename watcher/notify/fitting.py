"""A mail that has no room for all of its message: as much as fits goes along, and the mail says how to get it all.

What goes first are the attached files, from their end: RIS and nbib, whose references begin with a line of their own. Where text and HTML
alone are too large,
both keep the first papers, as many as fit; where not even one fits beside it, the HTML goes; at last the text is cut between lines. What
is cut is decided when the server is known, so that the stored message stays what it is.
"""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise
from typing import Final

from watcher.domain import Message

_BEGINNINGS: Final = {"ris": re.compile(r"^TY  - ", re.MULTILINE), "nbib": re.compile(r"^PMID- ", re.MULTILINE)}
"""How a reference begins, in each kind of file."""
_FILE: Final = r"[\w.-]+\.(?:ris|nbib)"
_SENTENCE: Final = re.compile(
    rf"[\d,]+ more papers? (?:is|are) in (?:the attached {_FILE}(?: and {_FILE})?|the plain-text part of this mail)\."
)
_MORE: Final = " more paper"
_BODY: Final = re.compile(r"<body[^>]*>", re.IGNORECASE)
_GROUP: Final = re.compile(r"<!--group-->.*?<!--/group-->", re.DOTALL)
_PAPER: Final = "<!--paper-->"
_LAST_PAPER: Final = "<!--/papers-->"

_BASE64: Final = 78 / 57
"""What an attachment takes on the way: lines of 76 characters and their ends for 57 bytes (RFC 2045, 6.8)."""

Size = Callable[[Message], int]
"""What a message takes on the way, in bytes."""


@dataclass(frozen=True, slots=True)
class MailRoom:
    """What a mail may take on the way, in bytes: its text and HTML, and all of it. No attachment goes along unless `attaches`."""

    body: int
    whole: int
    attaches: bool = True


@dataclass(frozen=True, slots=True)
class Fitted:
    """A message that fits. Of `papers` in its digest, `attached` are attached and `told` are told in the text: None where that is not
    known. `has_file`: it had an attachment; `is_cut`: its text or HTML lacks something. `size`: its bytes on the way, near enough."""

    message: Message
    papers: int = 0
    attached: int = 0
    told: int | None = None
    has_file: bool = False
    is_cut: bool = False
    size: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether everything is there."""
        return not self.is_cut and not (self.has_file and self.attached < self.papers)


def fitted(message: Message, room: MailRoom, size: Size) -> Fitted:
    """As much of the message as there is room for, at whole papers."""
    bare = _without(message, *_BEGINNINGS)
    taken = size(bare)
    if taken <= room.body:
        return _attached(message, max(room.whole - taken, 0) if room.attaches else 0)
    return _cut(bare, _papers(message), lambda one: _at_least(one) <= room.body and size(one) <= room.body)


def _at_least(message: Message) -> int:
    """What text and HTML take in any encoding: found at once, where writing the mail takes its time."""
    return len(message.payload["text"]) + len(message.payload.get("html", ""))


def _papers(message: Message) -> int:
    """How many papers its digest has; 0 where it is no digest, or nobody knows."""
    kind = next(iter(_files(message)), None)
    if kind is None:
        return len(_places(message))
    return int(message.payload.get(f"{kind}_total", len(_starts(kind, message.payload[kind]))))


# --- the attachment ------------------------------------------------------------------------------------------------------------


def _attached(message: Message, room: int) -> Fitted:
    """The message with as many references in each of its files as take at most `room` bytes on the way."""
    files, papers = _files(message), _papers(message)
    if not files:
        return Fitted(message, papers)
    texts, attached = _first_references(files, int(room / _BASE64))
    if attached < papers:
        message = _noted(replace(message, payload=dict(message.payload) | texts), _of_attachment(message, attached, papers))
    return Fitted(message, papers, attached, has_file=True)


def _first_references(files: Mapping[str, str], most: int) -> tuple[dict[str, str], int]:
    """The files with their first references, the same in each, within so many bytes; and how many these are."""
    starts = {kind: _starts(kind, text) for kind, text in files.items()}
    stored = {len(each) for each in starts.values()}
    if len(stored) == 1 and sum(len(text.encode()) for text in files.values()) <= most:
        return dict(files), stored.pop()
    ends = {kind: [*starts[kind][1:], len(text)] for kind, text in files.items()}
    kept = size = 0
    for number in range(min(stored)):
        size += sum(len(text[starts[kind][number] : ends[kind][number]].encode()) for kind, text in files.items())
        if size > most:
            break
        kept = number + 1
    return {kind: text[: ends[kind][kept - 1]].rstrip("\r\n") + "\n" if kept else "" for kind, text in files.items()}, kept


def _of_attachment(message: Message, attached: int, papers: int) -> str:
    there = f"{attached:,} of them are in" if attached > 1 else "one of them is in"
    names = _names(message) or ["papers.ris"]
    where = (
        f"{there} the attached {' and '.join(names)}, which {'have' if names[1:] else 'has'} no room for more" if attached else ""
    )
    return f"This digest has {papers:,} papers; {where or 'they are not attached, since the mail would be too large'}."


# --- text and HTML -------------------------------------------------------------------------------------------------------------


def _cut(message: Message, papers: int, fits: Callable[[Message], bool]) -> Fitted:
    """A message without attachment, cut so that it fits; where nothing does, the least there is."""
    has_file, many = bool(_names(message)), len(_places(message))
    plain = _without(message, "html")
    for form, least in ((message, 1), (plain, 0)) if many else ():
        short = partial(_told, form, papers)
        told = _most(many, short, fits)
        if told >= least:
            return Fitted(short(told), papers, told=told, has_file=has_file, is_cut=True)
    frame = _first_papers(plain, 0)
    lines = frame.payload["text"].splitlines(keepends=True)
    short = partial(_first_lines, frame, papers, lines)
    kept = max(_most(len(lines), short, fits), 0)
    return Fitted(short(kept), papers, told=0 if many else None, has_file=has_file, is_cut=True)


def _most(count: int, short: Callable[[int], Message], fits: Callable[[Message], bool]) -> int:
    """The most, from 0 to `count`, of which the message fits, where one of less is smaller; -1 when none does."""
    fit, too_many = -1, count + 1
    while too_many - fit > 1:
        middle = (fit + too_many) // 2
        fit, too_many = (middle, too_many) if fits(short(middle)) else (fit, middle)
    return fit


def _told(message: Message, papers: int, kept: int) -> Message:
    """The message with its first papers alone, and a note of how many they are."""
    rich = message.payload.get("html", "").count(_PAPER)
    where = "the plain-text part of this mail" if 0 < rich < kept else "this mail"
    if kept == papers:
        note = f"All {papers:,} papers are in this mail, as plain text alone, since a larger mail is not allowed."
    elif kept:
        first = f"the first {kept:,} are" if kept > 1 else "the first is"
        note = f"This digest has {papers:,} papers; {first} in {where}, which has no room for more."
    else:
        note = f"This digest has {papers:,} papers; this mail has room for none of them."
    return _noted(_first_papers(message, kept), note)


def _first_papers(message: Message, kept: int) -> Message:
    """The message with its first papers alone, in text and HTML."""
    payload = dict(message.payload)
    text, places = payload["text"], _places(message)[kept:]
    between = pairwise([0, *(at for place in places for at in place), len(text)])
    payload["text"] = "".join(text[start:end] for number, (start, end) in enumerate(between) if number % 2 == 0).rstrip("\n") + "\n"
    if "html" in payload:
        payload["html"] = _first_rows(payload["html"], kept)
    return replace(message, payload=payload)


def _places(message: Message) -> list[tuple[int, int]]:
    """Where the papers stand in the text, one after the other."""
    runs = json.loads(message.payload.get("text_papers", "[]"))
    return [place for start, *lengths in runs for place in pairwise(accumulate(lengths, initial=start))]


def _first_rows(document: str, kept: int) -> str:
    """The HTML with its first papers alone, and without the sections that have none."""
    left = kept

    def first(found: re.Match[str]) -> str:
        nonlocal left
        head, *rows = found[0].split(_PAPER)
        last, end, tail = rows[-1].partition(_LAST_PAPER)
        some = [*rows[:-1], last][:left]
        left -= len(some)
        return "".join((head, *(f"{_PAPER}{row}" for row in some), end, tail)) if some else ""

    return _GROUP.sub(first, document)


def _first_lines(message: Message, papers: int, lines: Sequence[str], kept: int) -> Message:
    """The message with the first lines of its text, and a note that there are more."""
    of = f"This digest has {papers:,} papers; " if papers else ""
    bare = replace(message, payload=dict(message.payload) | {"text": "".join(lines[:kept])})
    return _noted(bare, f"{of}{'this' if of else 'This'} mail has room for the beginning of its text alone.")


# --- what is said of it ----------------------------------------------------------------------------------------------------------


def _noted(message: Message, note: str) -> Message:
    """The message with a note, and the command that gives all papers, in place of the sentence about the others, or first of all."""
    command = _command(message)
    plain, rich = note, html.escape(note)
    if command:
        note = f"{note} Where the service runs, this writes them all:"
        plain, rich = f"{note} {command}", f"{html.escape(note)} <code>{html.escape(command)}</code>"
    payload = dict(message.payload)
    payload["text"] = _put(payload["text"], plain, f"{plain}\n\n{payload['text']}")
    if payload.get("html"):
        first = _BODY.search(payload["html"])
        at = first.end() if first else 0
        payload["html"] = _put(payload["html"], rich, f"{payload['html'][:at]}<p>{rich}</p>{payload['html'][at:]}")
    return replace(message, payload=payload)


def _put(text: str, note: str, otherwise: str) -> str:
    if _MORE not in text:  # found at once; the pattern begins with digits, of which a text has many
        return otherwise
    changed, count = _SENTENCE.subn(lambda _: note, text)
    return changed if count else otherwise


def _command(message: Message) -> str:
    """What writes all papers of its digest; "" for another message."""
    named = [
        (option, message.headers[header])
        for option, header in (("--list", "X-Watcher-List"), ("--digest", "X-Watcher-Digest"))
        if message.headers.get(header)
    ]
    words = [word for pair in named for word in pair]
    return shlex.join(["watcher", "export", *words, "--out", _file_name(message)]) if named else ""


def _file_name(message: Message) -> str:
    return next(iter(_names(message)), "papers.ris")


def _names(message: Message) -> list[str]:
    """What the files are called that it has, or had."""
    return [name for kind in _BEGINNINGS if (name := message.payload.get(f"{kind}_name"))]


def _files(message: Message) -> dict[str, str]:
    """Its attached files, by their kinds."""
    return {kind: text for kind in _BEGINNINGS if (text := message.payload.get(kind))}


def _starts(kind: str, text: str) -> list[int]:
    return [found.start() for found in _BEGINNINGS[kind].finditer(text)]


def _without(message: Message, *parts: str) -> Message:
    return replace(message, payload={name: text for name, text in message.payload.items() if name not in parts})
