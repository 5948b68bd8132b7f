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
from watcher.digest.view import Card, Correctedness, Page
from watcher.digest.wording import count

Block: TypeAlias = dict[str, object]
Unit: TypeAlias = tuple[Block, ...]

SECTION = 3_000
HEADER = 150
_BLOCKS = 45
_TEXT = 9_500
_BLOCK_COST = 40
_SHORT_LIST = 2_800
_TOP = 8
"""So many papers stand in the first post."""


def payloads(page: Page, *, rest_in: str = "in the mail") -> tuple[dict[str, object], ...]:
    """The whole payloads, in order, each with its top-level `text` for notifications.

    Up to eight papers that fit into one post are one. Else the first post holds the head and the best papers, a line each, and the parts
    after it hold every paper, the attached ones in short. Where the list wants the first post alone, it ends with the receipt and says
    where the rest is (`rest_in`).
    """
    told = [*_whole(page), *_receipt(page)]
    best = _best(page)
    if page.top_only and best:
        bodies = packed([*_head(page), *_in_short(page, best, rest_in), *_receipt(page)], within)
    elif not best or (_papers(page) <= _TOP and within([*_head(page), *told])):
        bodies = packed([*_head(page), *told], within)
    else:
        bodies = packed([*_head(page), *_in_short(page, best, "")], within) + packed(told, within)
    return tuple(_payload(page, number, len(bodies), body) for number, body in enumerate(bodies, 1))


def headed(title: str, lead: str) -> Unit:
    """What opens a message that is no digest."""
    text: Block = {"type": "plain_text", "text": clip(quiet(title), HEADER), "emoji": False}
    return ({"type": "header", "text": text}, _section(templates.mrkdwn(lead)))


def footed(text: str) -> Unit:
    """What ends a message that is no digest."""
    return ({"type": "divider"}, _context(templates.mrkdwn(text)))


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


def _head(page: Page) -> Iterable[Unit]:
    title: Block = {"type": "plain_text", "text": clip(quiet(f"{page.title}: {page.counts}"), HEADER), "emoji": False}
    header: Block = {"type": "header", "text": title}
    head, *rest = _sections("head", page=page)
    yield header, head
    yield from ((section,) for section in rest)
    yield from corrected(page.corrected)


def _in_short(page: Page, best: Sequence[Card], rest_in: str) -> Iterable[Unit]:
    """The best papers in a line each, and where a reader finds the others."""
    yield from _listed([_rendered("line", card=card) for card in best])
    yield (_context(templates.mrkdwn(_rest(page, len(best), rest_in))),)


def _best(page: Page) -> list[Card]:
    """The picks, then the others by their score."""
    picks = [card for group in page.groups if group.whole for card in group.cards]
    others = [card for group in page.groups if not group.whole for card in group.cards]
    return [*picks, *sorted(others, key=lambda card: -card.score)][:_TOP]


def _papers(page: Page) -> int:
    return sum(len(group.cards) for group in page.groups) + len(page.attached)


def _rest(page: Page, told: int, rest_in: str) -> str:
    """Where a reader finds what the first post leaves out; `rest_in` "": in the parts that follow."""
    papers = _papers(page)
    more = [f"{count(papers - told, 'more paper')}"] if papers > told else []
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
        yield from ((_context(piece),) for piece in cut(receipt, characters(SECTION)))


def corrected(papers: Iterable[Correctedness]) -> Iterable[Unit]:
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
