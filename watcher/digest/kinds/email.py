"""Mail: HTML, its text twin, and the files that a list attaches."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape as escaped
from typing import Final

from markupsafe import Markup, escape

from watcher.digest import as_html, as_text, corrections, imprint, links, templates
from watcher.digest.clean import plain
from watcher.digest.parts import Fits, filled
from watcher.digest.sheets import WHAT, CorrectionsSheet, Edition, NoticeSheet, Ris
from watcher.digest.view import file_names
from watcher.domain import Article, ChannelKind, Digest, Message

_AT_ONCE: Final = 200
"""So many papers are written to a file at once."""

_CORRECTED_SHOWN: Final = 40
"""Corrected papers in the HTML of a mail; its text holds them all."""

_TRIAL_BYTES: Final = 90_000
"""As much HTML as a list sends when it does not say otherwise (`max_html_kb`)."""

_CODE: Final = re.compile(r"`([^`]+)`")


def digest(edition: Edition) -> tuple[Message, ...]:
    """One mail, whatever it holds: HTML, a text that says the same, and the papers as files."""
    return (_mail(edition),)


def preview(edition: Edition, form: str) -> str:
    """Its HTML, or the text twin."""
    return _mail(edition).payload[form]


def _mail(edition: Edition) -> Message:
    of, payload = edition.digest, dict[str, str]()
    for kind, name in file_names(of).items():  # before text and HTML: writing a file takes the most memory
        if write := edition.writers.get(kind):
            payload |= _file(of, kind, name, write, edition.most_bytes)
    twin = as_text.twin(edition.page)
    payload |= {"text": twin.text, "html": as_html.html(edition.page, max_bytes=of.list.max_html_kb * 1_000)}
    if twin.papers:
        payload["text_papers"] = json.dumps(twin.papers, separators=(",", ":"))
    headers = {
        "X-Watcher-List": plain(of.list.name),
        "X-Watcher-Digest": plain(of.period.key),
        "X-Watcher-Period": f"{of.period.covers_from.isoformat()}/{of.period.covers_to.isoformat()}",
    }
    if edition.host:
        headers["List-Id"] = imprint.list_id(of.list.name, edition.page.title, edition.host)
    return Message(ChannelKind.EMAIL, 1, edition.page.subject, payload, headers)


def _file(of: Digest, kind: str, name: str, write: Ris, most_bytes: int) -> dict[str, str]:
    """The parts of a payload that are an attached file."""
    text, whole = _attached([item.article for item in of.presented], write, most_bytes)
    file = {kind: text, f"{kind}_name": name}
    return file if whole else file | {f"{kind}_total": str(len(of.presented))}


def _attached(articles: Sequence[Article], write: Ris, most_bytes: int) -> tuple[str, bool]:
    """The first papers in a file, up to so many bytes, and whether these are all. What a mail says of the rest is said when it is sent."""
    whole = bytearray()
    for start in range(0, len(articles), _AT_ONCE):
        piece = (("\n" if start else "") + write(articles[start : start + _AT_ONCE])).encode()
        if start and len(whole) + len(piece) + 1 > most_bytes:
            return whole.decode(), False
        whole += piece
    return whole.decode(), True


def notice(sheet: NoticeSheet, fits: Fits) -> Message:  # noqa: ARG001 - a mail has room
    """One mail; what is to be typed is code in its HTML."""
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
    payload = {"text": as_text.notice(sheet, as_text.WIDTH), "html": as_html.inlined(document)}
    return Message(ChannelKind.EMAIL, sheet.part, sheet.subject, payload, {"X-Watcher-Notice": sheet.topic})


def _code(text: str) -> Markup:
    """Escaped for HTML, commands in code elements."""
    return Markup(_CODE.sub(r'<code class="code">\1</code>', str(escape(text))))  # noqa: S704 -- escaped the line before


def at_once(sheet: CorrectionsSheet, fits: Fits) -> tuple[Message, ...]:  # noqa: ARG001 - a mail has room
    """One mail, whose text holds every paper."""
    hidden = len(sheet.papers) - _CORRECTED_SHOWN
    more = f"And {hidden:,} more, told in the plain-text part of this mail." if hidden > 0 else ""
    values = {"sheet": sheet, "title": corrections.TITLE, "papers": sheet.papers[:_CORRECTED_SHOWN], "more": more}
    run_by = imprint.run_by(sheet.contact, in_mail=True, what=WHAT)
    mail_to = links.mail(sheet.contact.address) if sheet.contact else ""
    document = templates.html().get_template("at_once.html.j2").render(**values, run_by=run_by, mail_to=mail_to)
    payload = {"text": "\n\n".join(as_text.at_once(sheet, as_text.WIDTH)) + "\n", "html": as_html.inlined(document)}
    headers = {"X-Watcher-List": plain(sheet.name), "X-Watcher-Corrections": str(len(sheet.papers))}
    headers |= {"List-Id": imprint.list_id(sheet.name, sheet.title, sheet.host)} if sheet.host else {}
    return (Message(ChannelKind.EMAIL, 1, sheet.subject, payload, headers),)


def trial(subject: str, text: str, fits: Fits) -> Message:  # noqa: ARG001 - a mail has room
    """A mail with as much HTML as a digest has."""
    lines = filled(text, lambda lines: len("".join(map(_paragraph, lines)).encode()) <= _TRIAL_BYTES)
    payload = {"text": "\n\n".join(lines) + "\n", "html": "".join(map(_paragraph, lines))}
    return Message(ChannelKind.EMAIL, 1, subject, payload)


def _paragraph(line: str) -> str:
    return f"<p>{escaped(line)}</p>\n"
