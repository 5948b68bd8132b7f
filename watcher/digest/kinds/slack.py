"""Slack: Block Kit, split between papers under Slack's limits.

Limits (Slack's Block Kit reference): 50 blocks a message, 3,000 characters a section, 150 a header. Undocumented, and reported by
others (slackapi/bolt-js issues 2509 and 2867): a message whose blocks hold more than about 11,000 characters of text is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from watcher.digest import corrections, templates
from watcher.digest.clean import clip
from watcher.digest.mentions import quiet
from watcher.digest.parts import Fits, cut, filled, packed, within
from watcher.digest.sheets import CorrectionsSheet, Edition, NoticeSheet
from watcher.digest.view import Card, Correctedness, Page
from watcher.digest.wording import count
from watcher.domain import ChannelKind, Message

Block: TypeAlias = dict[str, object]
Unit: TypeAlias = tuple[Block, ...]

_SECTION: Final = 3_000
_HEADER: Final = 150
_BLOCKS: Final = 45
_TEXT: Final = 9_500
_BLOCK_COST: Final = 40
_SHORT_LIST: Final = 2_800
_NOTICE_SECTION: Final = 2_900
_TOP: Final = 8
"""So many papers stand in the first post."""
_CODE: Final = re.compile(r"`([^`]+)`")
_ELSEWHERE: Final = "in the digest's other messages"


# --- the digest --------------------------------------------------------------------------------------------------------------


def digest(edition: Edition) -> tuple[Message, ...]:
    """A first post with the best papers, and every paper in further ones, unless the list wants the first alone."""
    place = edition.place_of_the_whole(ChannelKind.SLACK) or _ELSEWHERE
    return _numbered(edition.page.subject, _payloads(edition.page, place))


def preview(edition: Edition, form: str) -> str:  # noqa: ARG001 - there is one
    """Its payloads as an array."""
    place = edition.place_of_the_whole(ChannelKind.SLACK) or _ELSEWHERE
    return json.dumps(_payloads(edition.page, place), ensure_ascii=False, indent=2) + "\n"


def _payloads(page: Page, rest_in: str) -> tuple[dict[str, object], ...]:
    """The whole payloads, in order, each with its top-level `text` for notifications.

    Up to eight papers that fit into one post are one. Else the first post holds the head and the best papers, a line each, and the parts
    after it hold every paper, the attached ones in short. Where the list wants the first post alone, it ends with the receipt and says
    where the rest is (`rest_in`).
    """
    told = [*_whole(page), *_receipt(page)]
    best = page.best[:_TOP]
    if page.top_only and best:
        bodies = packed([*_head(page), *_in_short(page, best, rest_in), *_receipt(page)], _within)
    elif not best or (page.papers <= _TOP and _within([*_head(page), *told])):
        bodies = packed([*_head(page), *told], _within)
    else:
        bodies = packed([*_head(page), *_in_short(page, best, "")], _within) + packed(told, _within)
    return tuple(_payload(page, number, len(bodies), body) for number, body in enumerate(bodies, 1))


def _payload(page: Page, number: int, total: int, body: Sequence[Unit]) -> dict[str, object]:
    part = f" (part {number} of {total})" if total > 1 else ""
    blocks = [block for unit in body for block in unit]
    if number > 1:
        blocks.insert(0, _context(templates.mrkdwn(f"{page.title}, {page.span}{part}")))
    return _posted(templates.mrkdwn(page.subject + part), blocks)


def _within(units: Sequence[Unit]) -> bool:
    """Whether Slack takes these in one message."""
    blocks = [block for unit in units for block in unit]
    return len(blocks) <= _BLOCKS and sum(_BLOCK_COST + len(json.dumps(block, ensure_ascii=False)) for block in blocks) <= _TEXT


def _head(page: Page) -> Iterable[Unit]:
    head, *rest = _sections("head", page=page)
    yield _header(f"{page.title}: {page.counts}"), head
    yield from ((section,) for section in rest)
    yield from _corrected(page.corrected)


def _in_short(page: Page, best: Sequence[Card], rest_in: str) -> Iterable[Unit]:
    """The best papers in a line each, and where a reader finds the others."""
    yield from _listed([_rendered("line", card=card) for card in best])
    yield (_context(templates.mrkdwn(_rest(page, len(best), rest_in))),)


def _rest(page: Page, told: int, rest_in: str) -> str:
    """Where a reader finds what the first post leaves out; `rest_in` "": in the parts that follow."""
    more = [f"{count(page.papers - told, 'more paper')}"] if page.papers > told else []
    more += [f"{count(len(page.follow_ups), 'paper')} now published"] if page.follow_ups else []
    whole = f"All papers stand {rest_in or 'below'} with conclusions and further links"
    return f"{whole}, {' and '.join(more)} among them." if more else f"{whole}."


def _whole(page: Page) -> Iterable[Unit]:
    """Every paper; what must not be torn apart: each of them, a divider and its section's heading with the first."""
    for group in page.groups:
        papers = [_sections("paper", card=card, whole=group.whole) for card in group.cards]
        yield from _headed(group.title, group.lead, papers)
    yield from _headed("Now published", "", [_sections("follow_up", told=told) for told in page.follow_ups])
    yield from _headed("In short", "", _listed([_rendered("line", card=card) for card in page.attached]))


def _receipt(page: Page) -> Iterable[Unit]:
    receipt = _rendered("receipt", page=page)
    if receipt:
        yield ({"type": "divider"},)
        yield from ((_context(piece),) for piece in cut(receipt, within(_SECTION)))


def _corrected(papers: Iterable[Correctedness]) -> Iterable[Unit]:
    """What became of papers that readers had, each a unit, the heading with the first."""
    yield from _headed(corrections.TITLE, "", [_sections("corrected", one=one) for one in papers])


def _listed(lines: Sequence[str]) -> list[Unit]:
    """Lines in as few sections as take them."""
    return [(_section("\n".join(part)),) for part in packed(lines, lambda part: len("\n".join(part)) <= _SHORT_LIST)]


def _headed(title: str, lead: str, units: Iterable[Unit]) -> Iterable[Unit]:
    """`units` with divider and heading before the first of them, so that no message ends with a heading."""
    heading: Unit = ({"type": "divider"}, _section(_rendered("heading", title=title, lead=lead)))
    for unit in units:
        yield heading + unit
        heading = ()


def _sections(name: str, **values: object) -> Unit:
    return tuple(_section(piece) for piece in cut(_rendered(name, **values), within(_SECTION)))


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> Block:
    """Verbatim: Slack shall find no links, channels or names of its own in a title."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _rendered(name: str, **values: object) -> str:
    return templates.slack().get_template(f"{name}.slack.j2").render(**values).strip("\n")


# --- what is no digest -------------------------------------------------------------------------------------------------------


def notice(sheet: NoticeSheet, fits: Fits) -> Message:  # noqa: ARG001 - a form of its own
    """One post; what is to be typed is code."""
    blocks = [_header(sheet.headline)]
    blocks += [_section(piece) for text in _told(sheet) for piece in cut(text, within(_NOTICE_SECTION))]
    blocks.append(_context(f"{_marked(sheet.when)} · {_marked(sheet.signed)}"))
    return _message(sheet.part, sheet.subject, _posted(templates.mrkdwn(sheet.subject), blocks))


def _told(sheet: NoticeSheet) -> Iterator[str]:
    if sheet.told:
        yield "\n".join(map(_marked, sheet.told))
    if sheet.todo:
        yield f"*What to do:* {_marked(sheet.todo)}"


def _marked(text: str) -> str:
    """Escaped for Slack, commands as code: inside it only &, < and > mean anything."""
    pieces = _CODE.split(text)
    return "".join(f"`{_entities(piece)}`" if number % 2 else templates.mrkdwn(piece) for number, piece in enumerate(pieces))


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def at_once(sheet: CorrectionsSheet, fits: Fits) -> tuple[Message, ...]:  # noqa: ARG001 - a form of its own
    """Every paper, in as many posts as that takes."""
    head: Unit = (_header(f"{sheet.title}: {sheet.counts}"), _section(templates.mrkdwn(sheet.why)))
    signed = sheet.signed(in_mail=False)
    foot: list[Unit] = [({"type": "divider"}, _context(templates.mrkdwn(signed)))] if signed else []
    bodies = packed([head, *_corrected(sheet.papers), *foot], _within)
    blocks = ([block for unit in body for block in unit] for body in bodies)
    return _numbered(sheet.subject, [_posted(templates.mrkdwn(sheet.subject), one) for one in blocks])


def trial(subject: str, text: str, fits: Fits) -> Message:  # noqa: ARG001 - a form of its own
    """A post with as many blocks or as much text as Slack takes."""
    lines = filled(text, lambda lines: _within([(_plain(line),) for line in lines]))
    payload = _posted(subject, [_plain(line) for line in lines])
    return Message(ChannelKind.SLACK, 1, subject, {"json": json.dumps(payload, ensure_ascii=False)})


def _plain(line: str) -> Block:
    return {"type": "section", "text": {"type": "plain_text", "text": line}}


# --- posts -------------------------------------------------------------------------------------------------------------------


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": clip(quiet(text), _HEADER), "emoji": False}}


def _posted(text: str, blocks: Sequence[Block]) -> Block:
    """A payload; `text` is for notifications."""
    return {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _numbered(subject: str, payloads: Sequence[Block]) -> tuple[Message, ...]:
    return tuple(_message(part, subject, payload) for part, payload in enumerate(payloads, 1))


def _message(part: int, subject: str, payload: Block) -> Message:
    return Message(ChannelKind.SLACK, part, subject, {"json": json.dumps(payload, ensure_ascii=False, separators=(",", ":"))})
