"""Any other service: text without markup, in as many parts as its room asks for. Nobody is called by it."""

from __future__ import annotations

from typing import Final

from watcher.digest import as_text
from watcher.digest.clean import clip
from watcher.digest.mentions import quiet
from watcher.digest.parts import Fits, cut, filled, packed
from watcher.digest.sheets import CorrectionsSheet, Edition, NoticeSheet
from watcher.domain import ChannelKind, Message

_NOTICE: Final = 3_500
_LEAST: Final = 40


def digest(edition: Edition) -> tuple[Message, ...]:
    """Every paper, those that mails have in a file in a line each."""
    texts = as_text.parts(edition.page, edition.fits)
    return tuple(
        Message(ChannelKind.OTHER, part, _numbered(quiet(edition.page.subject), part, len(texts)), {"text": text})
        for part, text in enumerate(texts, 1)
    )


def preview(edition: Edition, form: str) -> str:  # noqa: ARG001 - there is one
    """Its parts one below the other, each under its subject."""
    return "\n".join(f"== {message.subject}\n\n{message.payload['text'].rstrip()}\n" for message in digest(edition))


def notice(sheet: NoticeSheet, fits: Fits) -> Message:
    """One text, cut where the channel has no room for more."""
    text, limit = quiet(as_text.notice(sheet, None)), _NOTICE
    while limit > _LEAST and not fits(sheet.subject, clip(text, limit)):
        limit = limit * 9 // 10
    return Message(ChannelKind.OTHER, sheet.part, sheet.subject, {"text": clip(text, limit)})


def at_once(sheet: CorrectionsSheet, fits: Fits) -> tuple[Message, ...]:
    """Every paper, in parts."""
    has_room = as_text.room(quiet(f"{sheet.subject} (999/999)"), fits)
    units = [piece for unit in as_text.at_once(sheet, None) for piece in cut(quiet(unit), has_room)]
    bodies = ["\n\n".join(part) for part in packed(units, lambda part: has_room("\n\n".join(part)))]
    return tuple(
        Message(ChannelKind.OTHER, part, _numbered(quiet(sheet.subject), part, len(bodies)), {"text": body})
        for part, body in enumerate(bodies, 1)
    )


def trial(subject: str, text: str, fits: Fits) -> Message:
    """A text as long as the channel takes."""
    has_room = as_text.room(subject, fits)
    return Message(ChannelKind.OTHER, 1, subject, {"text": "\n\n".join(filled(text, lambda lines: has_room("\n\n".join(lines))))})


def _numbered(line: str, part: int, total: int) -> str:
    return f"{line} ({part}/{total})" if total > 1 else line
