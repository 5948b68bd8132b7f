"""A failure or its end as messages, one for each kind of channel. Pure; same notice, same bytes.

The headline is the subject too; the rest follows, then what to do. Commands stand in `backticks`.
The failure is part 1 and its end part 2 of one notice, so that nobody hears of the end first.
"""

from __future__ import annotations

from collections.abc import Collection

from watcher.digest.clean import clip, plain
from watcher.digest.kinds import renderers
from watcher.digest.links import addressed
from watcher.digest.parts import Fits
from watcher.digest.sheets import NoticeSheet
from watcher.digest.wording import moment, moment_there, sentence
from watcher.domain import ChannelKind, Contact, Message, Notice

_HEADLINE = 180
_TEXT = 6_000
_SIGNED = "`watcher status` tells how everything stands."


def render(
    notice: Notice,
    kinds: Collection[ChannelKind],
    *,
    zone: str,
    fits: Fits = lambda _subject, _text: True,
    contact: Contact | None = None,
) -> tuple[Message, ...]:
    """What each kind of channel in `kinds` is sent.

    Args:
        notice: a failure, or with `recovered_at` its end. `what` may hold several lines; each is a paragraph.
        kinds: the kinds of the channels that are told.
        zone: the time zone in which instants are written.
        fits: what the other channels take in one message.
        contact: who runs the service.

    Returns:
        One message for each kind, in a fixed order; part 1, or 2 of an end.
    """
    sheet = _sheet(notice, zone, contact)
    return tuple(renderer.notice(sheet, fits) for kind, renderer in renderers.items() if kind in kinds)


def _sheet(notice: Notice, zone: str, contact: Contact | None) -> NoticeSheet:
    lines = [addressed(line) for line in map(plain, clip(notice.what, _TEXT).splitlines()) if line]
    headline = clip(addressed(plain(notice.headline)).rstrip(".") or plain(notice.topic), _HEADLINE)
    failing, failed, works = (
        ("Failing since", "Failed from", "Works again") if notice.is_failure else ("Since", "From", "Nothing left")
    )
    over = notice.recovered_at and f"{failed} {moment_there(notice.since, zone)} to {moment(notice.recovered_at, zone)}"
    return NoticeSheet(
        topic=plain(notice.topic),
        part=2 if notice.recovered_at else 1,
        subject=f"[watcher] {headline.replace('`', '')}",
        headline=headline,
        when=over or f"{failing} {moment(notice.since, zone)}",
        told=tuple(map(sentence, lines)),
        todo=addressed(plain(notice.todo)),
        recovered=notice.recovered_at is not None,
        state=works if notice.recovered_at else "Needs attention",
        signed=f"{_SIGNED} Run by {plain(contact.address)}: write there to change or stop this." if contact else _SIGNED,
    )
