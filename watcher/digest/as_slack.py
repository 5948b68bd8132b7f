"""The digest as Slack messages: Block Kit, split between papers under Slack's limits.

Limits (Slack's Block Kit reference): 50 blocks a message, 3,000 characters a section, 150 a header. Undocumented, and reported by
others (slackapi/bolt-js issues 2509 and 2867): a message whose blocks hold more than about 11,000 characters of text is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from watcher.digest import corrections, templates
from watcher.digest.clean import clip
from watcher.digest.mentions import quiet
from watcher.digest.parts import cut, packed
from watcher.digest.parts import within as characters
from watcher.digest.view import Correctedness, Page

Block: TypeAlias = dict[str, object]
Unit: TypeAlias = tuple[Block, ...]

SECTION = 3_000
HEADER = 150
_BLOCKS = 45
_TEXT = 9_500
_BLOCK_COST = 40
_SHORT_LIST = 2_800


def payloads(page: Page) -> tuple[dict[str, object], ...]:
    """The whole payloads, in order, each with its top-level `text` for notifications. Attached papers are listed in short."""
    bodies = packed(_units(page), within)
    return tuple(_payload(page, number, len(bodies), body) for number, body in enumerate(bodies, 1))


def headed(title: str, lead: str) -> Unit:
    """What opens a message that is no digest."""
    text: Block = {"type": "plain_text", "text": clip(quiet(title), HEADER), "emoji": False}
    return ({"type": "header", "text": text}, _section(templates.mrkdwn(lead)))


def posted(subject: str, body: Sequence[Unit]) -> dict[str, object]:
    """The payload of a message that is no digest."""
    blocks = [block for unit in body for block in unit]
    return {"text": templates.mrkdwn(subject), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def dumped(payload: dict[str, object]) -> str:
    """`payload` as it is sent."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _payload(page: Page, number: int, total: int, body: Sequence[Unit]) -> dict[str, object]:
    part = f" (part {number} of {total})" if total > 1 else ""
    blocks = [block for unit in body for block in unit]
    if number > 1:
        blocks.insert(0, _context(templates.mrkdwn(f"{page.title}, {page.span}{part}")))
    return {"text": templates.mrkdwn(page.subject + part), "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def within(units: Sequence[Unit]) -> bool:
    """Whether Slack takes these in one message."""
    blocks = [block for unit in units for block in unit]
    return len(blocks) <= _BLOCKS and sum(_BLOCK_COST + len(json.dumps(block, ensure_ascii=False)) for block in blocks) <= _TEXT


def _units(page: Page) -> Iterable[Unit]:
    """What must not be torn apart: the head; each paper (a divider and its section's heading with the first); the receipt."""
    title: Block = {"type": "plain_text", "text": clip(quiet(f"{page.title}: {page.counts}"), HEADER), "emoji": False}
    header: Block = {"type": "header", "text": title}
    head, *rest = _sections("head", page=page)
    yield header, head
    yield from ((section,) for section in rest)
    yield from corrected(page.corrected)
    for group in page.groups:
        papers = [_sections("paper", card=card, whole=group.whole) for card in group.cards]
        yield from _headed(group.title, group.lead, papers)
    yield from _headed("Now published", "", [_sections("follow_up", told=told) for told in page.follow_ups])
    lines = [_rendered("line", card=card) for card in page.attached]
    lists = packed(lines, lambda part: len("\n".join(part)) <= _SHORT_LIST)
    yield from _headed("In short", "", [(_section("\n".join(part)),) for part in lists])
    receipt = _rendered("receipt", page=page)
    if receipt:
        yield ({"type": "divider"},)
        yield from ((_context(piece),) for piece in cut(receipt, characters(SECTION)))


def corrected(papers: Iterable[Correctedness]) -> Iterable[Unit]:
    """What became of papers that readers had, each a unit, the heading with the first."""
    yield from _headed(corrections.TITLE, "", [_sections("corrected", one=one) for one in papers])


def _headed(title: str, lead: str, units: Iterable[Unit]) -> Iterable[Unit]:
    """`units` with divider and heading before the first of them, so that no message ends with a heading."""
    heading: Unit = ({"type": "divider"}, _section(_rendered("heading", title=title, lead=lead)))
    for unit in units:
        yield heading + unit
        heading = ()


def _sections(name: str, **values: object) -> Unit:
    return tuple(_section(piece) for piece in cut(_rendered(name, **values), characters(SECTION)))


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> Block:
    """Verbatim: Slack shall find no links, channels or names of its own in a title."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _rendered(name: str, **values: object) -> str:
    return templates.slack().get_template(f"{name}.slack.j2").render(**values).strip("\n")
