"""From a digest to the messages that channels are owed: fitted to the mail's size, then worded once and rendered per kind.

Where a paper stands for each kind of channel:

    kind    shown                            attached
    email   HTML, text twin, files           the files; when the list attaches none, a line each in the text twin
    slack   the best in a first post, then   a line each, in further parts; both are left out where the list wants the first post alone
            Block Kit, whole
    teams   the best in one card; the rest   counted
            is counted
    other   text, whole                      a line each, in further parts
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypeAlias

from watcher.digest import as_html, as_json, personal
from watcher.digest.arrange import fit
from watcher.digest.kinds import renderers
from watcher.digest.parts import Fits
from watcher.digest.sheets import MOST_BYTES, Edition, Ris
from watcher.digest.view import page, subject
from watcher.domain import ChannelKind, Digest, Message

__all__ = ["MOST_BYTES", "Format", "Ris", "messages", "preview", "subject"]

Format: TypeAlias = str
"""How a digest is looked at: one of its kinds' formats (`KindFacts.previews`), or "json"."""

_KIND_OF: Final = {form: kind for kind in ChannelKind for form in kind.facts.previews}


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
    channels. An email is one message, Teams one card, Slack and others one message a part, counted from 1. `ris` and `nbib` write the files
    that a list may attach. `fits`: what the other channels take in one message. `most_bytes` bounds each file: what no channel's mail has
    room for is not kept. `host` ends the list's List-Id; without one there is none. Same digest, same bytes.
    """
    fitted = _fitted(digest)
    edition = Edition(fitted, frozenset(kinds), {"ris": ris, "nbib": nbib}, fits, most_bytes, host)
    return fitted, tuple(one for kind, renderer in renderers.items() if kind in kinds for one in renderer.digest(edition))


def preview(digest: Digest, format: Format, ris: Ris, kinds: Collection[ChannelKind] = tuple(ChannelKind)) -> str:  # noqa: A002 -- the command line's own word
    """What a list whose channels are of these kinds would be sent, in one text: the HTML, the text twin, a JSON array of Slack payloads, the
    message with its card for Teams, the parts of other channels, or `as_json`'s document."""
    fitted = _fitted(digest)
    if format == "json":
        return as_json.document(fitted)
    edition = Edition(fitted, frozenset(kinds), {"ris": ris})
    kind = _KIND_OF[format]
    return personal.bare_text(kind, format, renderers[kind].preview(edition, format))


def _fitted(digest: Digest) -> Digest:
    # 1,000 bytes to the kilobyte: under the limit however a mail client counts.
    max_bytes = digest.list.max_html_kb * 1_000
    return fit(digest, max_bytes=max_bytes, measure=lambda one: as_html.size(as_html.html(page(one), max_bytes=max_bytes)))
