"""A failure or its end as messages, one for each kind of channel. Pure; same notice, same bytes.

The headline is the subject too; the rest follows, then what to do. Commands stand in `backticks`.
The failure is part 1 and its end part 2 of one notice, so that nobody hears of the end first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup, escape

from watcher.digest import as_html, templates
from watcher.digest.clean import clip, plain
from watcher.digest.links import addressed
from watcher.digest.mentions import quiet
from watcher.digest.parts import Fits, cut, within
from watcher.digest.wording import moment, moment_there, sentence
from watcher.domain import ChannelKind, Contact, Message, Notice

_HEADLINE = 180
_TEXT = 6_000
_SECTION = 2_900
_OTHER = 3_500
_LEAST = 40
_WIDTH = 76
_SIGNED = "`watcher status` tells how everything stands."
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A notice, worded: plain text, commands in backticks. `todo` may be "", `state` heads it; `signed` says where to learn more, and who runs
    the service."""

    subject: str
    headline: str
    when: str
    told: tuple[str, ...]
    todo: str
    recovered: bool
    state: str
    signed: str


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
    sheet, part = _sheet(notice, zone, contact), 2 if notice.recovered_at else 1
    rendered: dict[ChannelKind, Callable[[Sheet], dict[str, str]]] = {
        ChannelKind.EMAIL: _email,
        ChannelKind.SLACK: _slack,
        ChannelKind.OTHER: partial(_other, fits=fits),
    }
    headers = {"X-Watcher-Notice": plain(notice.topic)}
    return tuple(
        Message(kind, part, sheet.subject, made(sheet), headers if kind is ChannelKind.EMAIL else {})
        for kind, made in rendered.items()
        if kind in kinds
    )


def _sheet(notice: Notice, zone: str, contact: Contact | None) -> Sheet:
    lines = [addressed(line) for line in map(plain, clip(notice.what, _TEXT).splitlines()) if line]
    headline = clip(addressed(plain(notice.headline)).rstrip(".") or plain(notice.topic), _HEADLINE)
    failing, failed, works = (
        ("Failing since", "Failed from", "Works again") if notice.is_failure else ("Since", "From", "Nothing left")
    )
    over = notice.recovered_at and f"{failed} {moment_there(notice.since, zone)} to {moment(notice.recovered_at, zone)}"
    return Sheet(
        subject=f"[watcher] {headline.replace('`', '')}",
        headline=headline,
        when=over or f"{failing} {moment(notice.since, zone)}",
        told=tuple(map(sentence, lines)),
        todo=addressed(plain(notice.todo)),
        recovered=notice.recovered_at is not None,
        state=works if notice.recovered_at else "Needs attention",
        signed=f"{_SIGNED} Run by {plain(contact.address)}: write there to change or stop this." if contact else _SIGNED,
    )


# --- the kinds -----------------------------------------------------------------------------------------------------------------


def _email(sheet: Sheet) -> dict[str, str]:
    document = (
        templates.html()
        .get_template("notice.html.j2")
        .render(
            sheet=sheet,
            headline=_code(sheet.headline),
            told=[*map(_code, sheet.told)],
            todo=_code(sheet.todo),
            signed=_code(sheet.signed),
        )
    )
    return {"text": _text(sheet, _WIDTH), "html": as_html.inlined(document)}


def _other(sheet: Sheet, *, fits: Fits) -> dict[str, str]:
    text, limit = quiet(_text(sheet, None)), _OTHER
    while limit > _LEAST and not fits(sheet.subject, clip(text, limit)):
        limit = limit * 9 // 10
    return {"text": clip(text, limit)}


def _text(sheet: Sheet, width: int | None) -> str:
    return templates.text().get_template("notice.txt.j2").render(sheet=sheet, width=width).strip("\n") + "\n"


def _slack(sheet: Sheet) -> dict[str, str]:
    blocks: list[dict[str, object]] = [
        {"type": "header", "text": {"type": "plain_text", "text": clip(quiet(sheet.headline), 150), "emoji": False}}
    ]
    blocks += [_section(piece) for text in _slack_texts(sheet) for piece in cut(text, within(_SECTION))]
    footer = {"type": "mrkdwn", "text": f"{_mrkdwn(sheet.when)} · {_mrkdwn(sheet.signed)}", "verbatim": True}
    whole = {
        "text": templates.mrkdwn(sheet.subject),
        "blocks": [*blocks, {"type": "context", "elements": [footer]}],
        "unfurl_links": False,
        "unfurl_media": False,
    }
    return {"json": json.dumps(whole, ensure_ascii=False, separators=(",", ":"))}


def _slack_texts(sheet: Sheet) -> Iterator[str]:
    if sheet.told:
        yield "\n".join(map(_mrkdwn, sheet.told))
    if sheet.todo:
        yield f"*What to do:* {_mrkdwn(sheet.todo)}"


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _code(text: str) -> Markup:
    """Escaped for HTML, commands in code elements."""
    return Markup(_CODE.sub(r'<code class="code">\1</code>', str(escape(text))))  # noqa: S704 -- escaped the line before


def _mrkdwn(text: str) -> str:
    """Escaped for Slack, commands as code: inside it only &, < and > mean anything."""
    pieces = _CODE.split(text)
    return "".join(f"`{_entities(piece)}`" if number % 2 else templates.mrkdwn(piece) for number, piece in enumerate(pieces))


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
