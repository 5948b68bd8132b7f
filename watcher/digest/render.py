"""From a digest to the messages that channels are owed: fitted to the mail's size, then worded once and rendered per kind.

Where a paper stands for each kind of channel:

    kind    shown                            attached
    email   HTML, text twin, files           the files; when the list attaches none, a line each in the text twin
    slack   the best in a first post, then   a line each, in further parts; both are left out where the list wants the first post alone
            Block Kit, whole
    other   text, whole                      a line each, in further parts
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal

from watcher.digest import as_html, as_json, as_slack, as_text
from watcher.digest.arrange import fit
from watcher.digest.clean import plain
from watcher.digest.imprint import list_id
from watcher.digest.mentions import quiet
from watcher.digest.parts import Fits
from watcher.digest.view import Page, file_names, page, subject
from watcher.domain import Article, ChannelKind, Digest, Message

__all__ = ["Format", "Ris", "messages", "preview", "subject"]

Format = Literal["html", "text", "slack", "json"]
Ris = Callable[[Sequence[Article]], str]
"""Writes papers as a file: in RIS, or as RIS is written."""


MOST_BYTES = 10_000_000
_AT_ONCE = 200


def messages(
    digest: Digest,
    *,
    kinds: Collection[ChannelKind],
    ris: Ris,
    nbib: Ris | None = None,
    fits: Fits = lambda _subject, _text: True,
    most_bytes: int = MOST_BYTES,
    host: str = "",
) -> tuple[Digest, tuple[Message, ...]]:
    """The digest as it was fitted, and what each kind of channel in `kinds` is sent.

    Whatever the kinds, the HTML's budget decides what is shown and what attached, so that a list's record does not depend on its
    channels. An email is one message, Slack and others one message a part, counted from 1. `ris` and `nbib` write the files that a list
    may attach. `fits`: what the other channels take in one message. `most_bytes` bounds each file: what no channel's mail has room for is
    not kept. `host` ends the list's List-Id; without one there is none. Same digest, same bytes.
    """
    fitted = _fitted(digest)
    worded = page(fitted)
    rendered: list[Message] = []
    if ChannelKind.EMAIL in kinds:
        rendered.append(_email(fitted, worded, {"ris": ris, "nbib": nbib}, most_bytes, host))
    if ChannelKind.SLACK in kinds:
        rendered += _slack(worded, "in the mail" if ChannelKind.EMAIL in kinds else "in the digest's other messages")
    if ChannelKind.OTHER in kinds:
        rendered += _other(worded, fits)
    return fitted, tuple(rendered)


def preview(digest: Digest, format: Format, ris: Ris) -> str:  # noqa: A002 -- the command line's own word
    """What would be sent, in one text: the HTML, the text twin, a JSON array of Slack payloads, or `as_json`'s document."""
    fitted = _fitted(digest)
    if format == "json":
        return as_json.document(fitted)
    worded = page(fitted)
    if format == "slack":
        return json.dumps(as_slack.payloads(worded), ensure_ascii=False, indent=2) + "\n"
    return _email(fitted, worded, {"ris": ris}, MOST_BYTES).payload[format]


def _fitted(digest: Digest) -> Digest:
    # 1,000 bytes to the kilobyte: under the limit however a mail client counts.
    max_bytes = digest.order.max_html_kb * 1_000
    return fit(digest, max_bytes=max_bytes, measure=lambda one: as_html.size(as_html.html(page(one), max_bytes=max_bytes)))


def _email(digest: Digest, worded: Page, writers: Mapping[str, Ris | None], most_bytes: int, host: str = "") -> Message:
    twin = as_text.twin(worded)
    payload = {"text": twin.text, "html": as_html.html(worded, max_bytes=digest.order.max_html_kb * 1_000)}
    if twin.papers:
        payload["text_papers"] = json.dumps(twin.papers, separators=(",", ":"))
    for kind, name in file_names(digest).items():
        if write := writers.get(kind):
            payload |= _file(digest, kind, name, write, most_bytes)
    headers = {
        "X-Watcher-List": plain(digest.order.name),
        "X-Watcher-Digest": plain(digest.period.key),
        "X-Watcher-Period": f"{digest.period.covers_from.isoformat()}/{digest.period.covers_to.isoformat()}",
    }
    if host:
        headers["List-Id"] = list_id(digest.order.name, worded.title, host)
    return Message(ChannelKind.EMAIL, 1, worded.subject, payload, headers)


def _file(digest: Digest, kind: str, name: str, write: Ris, most_bytes: int) -> dict[str, str]:
    """The parts of a payload that are an attached file."""
    text, whole = _attached([item.article for item in digest.presented], write, most_bytes)
    file = {kind: text, f"{kind}_name": name}
    return file if whole else file | {f"{kind}_total": str(len(digest.presented))}


def _attached(articles: Sequence[Article], write: Ris, most_bytes: int) -> tuple[str, bool]:
    """The first papers in a file, up to so many bytes, and whether these are all. What a mail says of the rest is said when it is sent."""
    whole = bytearray()
    for start in range(0, len(articles), _AT_ONCE):
        piece = (("\n" if start else "") + write(articles[start : start + _AT_ONCE])).encode()
        if start and len(whole) + len(piece) + 1 > most_bytes:
            return whole.decode(), False
        whole += piece
    return whole.decode(), True


def _slack(worded: Page, rest_in: str) -> tuple[Message, ...]:
    return tuple(
        Message(ChannelKind.SLACK, part, worded.subject, {"json": as_slack.dumped(payload)})
        for part, payload in enumerate(as_slack.payloads(worded, rest_in=rest_in), 1)
    )


def _other(worded: Page, fits: Fits) -> tuple[Message, ...]:
    texts = as_text.parts(worded, fits)
    return tuple(
        Message(ChannelKind.OTHER, part, _numbered(quiet(worded.subject), part, len(texts)), {"text": text})
        for part, text in enumerate(texts, 1)
    )


def _numbered(line: str, part: int, total: int) -> str:
    return f"{line} ({part}/{total})" if total > 1 else line
