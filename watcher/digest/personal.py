"""What of a message is one reader's own: the links by which they mark papers, stop the list and open its page.

A stored message holds a place for each, which leads nowhere. It is as long as the link, so that sizes that were measured hold. `filled`
puts the links of one delivery there when it is sent; `bare` takes the places out, for whoever looks at a message and is not its reader. In
HTML a place lies between comments, on Slack within `<…>`, in text between control characters: a record's own text holds none of them.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Final

from watcher.domain import ChannelKind, Message, RecordId, VerdictKind

MARKING: Final = "v"
STOPPING: Final = "s"
"""What a link's path begins with."""

_ID: Final = 16
_SIGNATURE: Final = 27
"""Characters of a delivery in a link (`flows.deliver.personal`), and of a signature by HMAC-SHA1."""

_TEXTS: Final = ("html", "text")
"""Parts of a payload whose places are found by what stands around them; in any other they stand in JSON."""

BEGINS, ENDS = "\x1e", "\x1f"
"""Around a place in a text."""

_HTML: Final = re.compile(r"<!--own-->(.*?)<!--/own-->", re.DOTALL)
_HREF: Final = re.compile(r'href="[^"]*/([vs])/0{16}([\w:]*)\.~+(?:/([a-z]+))?"')
_TEXT: Final = re.compile(rf"\n[^\n{BEGINS}]*{BEGINS}[^\n{ENDS}]*/([vs])/0{{16}}([\w:]*)\.~+{ENDS}")
_SLACK: Final = re.compile(r"<[^<>|\s]*/([vs])/0{16}([\w:]*)\.~+(?:/([a-z]+))?\|([^<>|]*)>")
_SLACK_LINE: Final = re.compile(r"(?:\\n)?Mark it: (?:<[^<>|\s]*/v/0{16}[\w:]*\.~+/[a-z]+\|[a-z]+>(?: · )?)+")


@dataclass(frozen=True, slots=True)
class Act:
    """What a link is for: to mark a paper as something, or None for a page that lets the reader choose; without a paper to stop the
    list."""

    record_id: RecordId | None = None
    kind: VerdictKind | None = None


Link = Callable[[Act], str]
"""Gives the address for a place."""


def marking(base_url: str, record_id: RecordId, kind: VerdictKind | None = None) -> str:
    """The place of a link that marks a paper."""
    return _place(base_url, MARKING, str(record_id)) + (f"/{kind}" if kind else "")


def stopping(base_url: str) -> str:
    """The place of a link that stops the list."""
    return _place(base_url, STOPPING, "")


def _place(base_url: str, purpose: str, of: str) -> str:
    return f"{base_url.rstrip('/')}/{purpose}/{'0' * _ID}{of}.{'~' * _SIGNATURE}"


def is_personal(message: Message) -> bool:
    """Whether a message has places for links."""
    return any(_has_place(text) for text in message.payload.values())


def _has_place(text: str) -> bool:
    return "/" + "0" * _ID in text


def filled(message: Message, link: Link) -> Message:
    """The message with a reader's links in their places."""
    return _changed(message, lambda found: _address(found, link))


def bare(message: Message) -> Message:
    """The message without places."""
    return _changed(message, None)


def bare_text(kind: ChannelKind, form: str, text: str) -> str:
    """One part of a message without places; `form` is its name in the payload."""
    name = form if form in _TEXTS else "json"
    return bare(Message(kind, 1, "", {name: text})).payload[name]


def _changed(message: Message, address: Callable[[re.Match[str]], str] | None) -> Message:
    """The message with addresses in its places, or with None without them."""
    if not is_personal(message):
        return message
    payload = dict(message.payload)
    if "html" in payload:
        payload["html"] = _HTML.sub(lambda found: _in_html(found[1], address) if address else "", payload["html"])
    if "text" in payload:
        payload |= _texts(payload, address)
    if "json" in payload:
        payload["json"] = _in_slack(payload["json"], address)
    return replace(message, payload=payload)


def _in_html(inner: str, address: Callable[[re.Match[str]], str]) -> str:
    return _HREF.sub(lambda found: f'href="{address(found)}"', inner)


def _in_slack(text: str, address: Callable[[re.Match[str]], str] | None) -> str:
    if address is None:
        return _SLACK_LINE.sub("", text)
    return _SLACK.sub(lambda found: f"<{address(found)}|{found[4]}>", text)


def _address(found: re.Match[str], link: Link) -> str:
    record_id = RecordId.read(int(found[2]) if found[2].isdecimal() else found[2]) if found[2] else None
    said = found[3] if found.re.groups > 2 else None
    return link(Act(record_id, VerdictKind(said) if said else None))


# --- text ----------------------------------------------------------------------------------------------------------------------


def _texts(payload: dict[str, str], address: Callable[[re.Match[str]], str] | None) -> dict[str, str]:
    """The text with links or without places, and where its papers stand in it then."""
    text, found = payload["text"], list(_TEXT.finditer(payload["text"]))
    pieces = [_line(one, address) for one in found]
    told = {"text": "".join(_spliced(text, found, pieces))}
    if "text_papers" in payload:
        told["text_papers"] = json.dumps(_moved(json.loads(payload["text_papers"]), found, pieces), separators=(",", ":"))
    return told


def _line(found: re.Match[str], address: Callable[[re.Match[str]], str] | None) -> str:
    if address is None:
        return ""
    before = found[0].partition(BEGINS)[0]
    return f"{before}{address(found)}"


def _spliced(text: str, found: Sequence[re.Match[str]], pieces: Sequence[str]) -> Iterator[str]:
    at = 0
    for one, piece in zip(found, pieces, strict=True):
        yield text[at : one.start()]
        yield piece
        at = one.end()
    yield text[at:]


def _moved(runs: Sequence[Sequence[int]], found: Sequence[re.Match[str]], pieces: Sequence[str]) -> list[list[int]]:
    """Where papers stand (`as_text.Twin`) once each place is as long as what took it: runs of a start and the lengths that follow."""
    ends = [one.end() for one in found]
    grown = [0, *accumulate(len(piece) - len(one[0]) for one, piece in zip(found, pieces, strict=True))]
    moved = []
    for start, *lengths in runs:
        bounds = [at + grown[bisect_right(ends, at)] for at in accumulate(lengths, initial=start)]
        moved.append([bounds[0], *(after - before for before, after in pairwise(bounds))])
    return moved
