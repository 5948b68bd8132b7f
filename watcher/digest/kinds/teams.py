"""Microsoft Teams: an Adaptive Card, posted to a workflow. A digest is one card: its head and the best papers.

A workflow of the template "Send webhook alerts to a channel" takes a message with cards as attachments. A message holds about 28 KB
(https://learn.microsoft.com/en-us/connectors/teams/, message size limit); others met the refusal at 21 KB (the gem msteams_hermes), and it
comes after the workflow has answered, so that nobody is told. Elements and their versions: https://adaptivecards.io/explorer.

Text stands in RichTextBlocks, which read no Markdown (https://learn.microsoft.com/en-us/adaptive-cards/create/textfeatures):
Teams on phones has shown the backslashes of escaped text (microsoft/AdaptiveCards issues 5590 and 4677). What stays is `{{DATE(…)}}`, which
any text may hold. Links stand in TextBlocks of their own, since Teams has drawn those of a RichTextBlock as text (issue 9100 there); what
is Markdown in them is ours: labels of our own, and addresses that are percent-encoded.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from watcher.digest import corrections
from watcher.digest.clean import clip
from watcher.digest.mentions import quiet
from watcher.digest.parts import Fits, filled, packed
from watcher.digest.sheets import CorrectionsSheet, Edition, NoticeSheet
from watcher.digest.view import Card, Correctedness, Link, Page, Told
from watcher.digest.wording import count
from watcher.domain import ChannelKind, Digest, Message

Element: TypeAlias = dict[str, object]
Unit: TypeAlias = tuple[Element, ...]
"""What must not be torn apart."""

MOST_BYTES: Final = 20_000
"""A post has no more, as it is sent."""

_VERSION: Final = "1.4"
_TOP: Final = 8
"""So many papers stand in a digest's card, and so many corrections."""
_HEAD: Final = 5_000
_FOOT: Final = 4_000
_NOTICE: Final = 6_000
_LEAST: Final = 40
_CODE: Final = re.compile(r"`([^`]+)`")
_BRACES: Final = re.compile(r"\{(?=\{)")
_IN_ADDRESS: Final = str.maketrans({"(": "%28", ")": "%29", "<": "%3C", ">": "%3E", "\\": "%5C", " ": "%20"})
"""What would end an address in Markdown."""


# --- the digest --------------------------------------------------------------------------------------------------------------


def digest(edition: Edition) -> tuple[Message, ...]:
    """One card."""
    return (_message(1, edition.page.subject, _digest(edition)),)


def preview(edition: Edition, form: str) -> str:  # noqa: ARG001 - there is one
    """The post, indented."""
    return json.dumps(_posted(edition.page.subject, _digest(edition)), ensure_ascii=False, indent=2) + "\n"


def _digest(edition: Edition) -> list[Unit]:
    """The head; corrections, the best papers and papers now published, one of each after the other as long as there is room beside what
    follows: how many are left out and where they are, and the receipt."""
    page = edition.page
    units = {
        "corrected": [*_corrected(page.corrected[:_TOP])],
        "papers": [_paper(card) for card in page.best[:_TOP]],
        "follow_ups": [_follow_up(told) for told in page.follow_ups[:_TOP]],
    }
    shown = dict.fromkeys(units, 0)
    for number in range(1, _TOP + 1):
        for name, found in units.items():
            more = shown | {name: number}
            if shown[name] == number - 1 and number <= len(found) and _within(page.subject, _body(edition, units, more)):
                shown = more
    return _body(edition, units, shown)


def _body(edition: Edition, units: Mapping[str, Sequence[Unit]], shown: Mapping[str, int]) -> list[Unit]:
    told = {name: found[: shown[name]] for name, found in units.items()}
    return [
        _head(edition.page),
        *told["corrected"],
        *_headed("Best papers" if edition.page.papers > shown["papers"] else "Papers", told["papers"]),
        *_headed("Now published", told["follow_ups"]),
        *_left_out(edition, shown),
        *_receipt(edition.page),
    ]


def _head(page: Page) -> Unit:
    lines = [" ".join(filter(None, [f"{page.span.capitalize()}." if page.first else "", page.coverage])), *page.outages]
    lines += [f"⚠ {remark}" for remark in page.remarks] + ([page.one_line] if page.empty else [])
    return (_header(f"{page.title}: {page.counts}"), *map(_text, _first(lines, _HEAD)))


def _paper(card: Card) -> Unit:
    score = f"{'Highly relevant, ' if card.highlight else ''}score {card.score}"
    texts = [_rich([_run(" · ".join([*card.source, score, *card.chips]), isSubtle=True)]), _text(f"Why: {card.why}")]
    texts += [_text(card.note)] if card.note else []
    return (_titled(card.title_short), *texts, _links(card.links))


def _follow_up(told: Told) -> Unit:
    return (_titled(told.card.title_short), _text(told.text), _links(told.card.links))


def _left_out(edition: Edition, shown: Mapping[str, int]) -> Iterator[Unit]:
    """How much of the digest is not in the card, and where it is."""
    page, place = edition.page, edition.place_of_the_whole(ChannelKind.TEAMS)
    papers, published = page.papers - shown["papers"], len(page.follow_ups) - shown["follow_ups"]
    corrected = len(page.corrected) - shown["corrected"]
    left = [count(papers, "more paper")] * (papers > 0) + [f"{count(published, 'paper')} now published"] * (published > 0)
    left += [count(corrected, "more correction")] * (corrected > 0)
    if place and (left or page.papers):
        whole = f"All papers stand {place} with conclusions and further links"
        yield (_text(f"{whole}, {' and '.join(left)} among them." if left else f"{whole}.", separator=True),)
    elif left:
        told = f"Not shown: {' and '.join(left)}. Where the service runs, `{_command(edition.digest)}` writes all papers"
        told += ", and `watcher corrections` lists corrections." if corrected else "."
        yield (_text(told, separator=True, is_ours=True),)


def _command(of: Digest) -> str:
    return shlex.join(["watcher", "export", "--list", of.list.name, "--digest", of.period.key, "--out", "papers.ris"])


def _receipt(page: Page) -> Iterator[Unit]:
    lines = [] if page.empty else [" · ".join(f"{label} {value}" for label, value in page.receipt), *page.weeks]
    lines += [*page.made_good, *(f"⚠ {line}" for line in page.failures)]
    lines += [f"Next digest: {page.next_digest}"] if page.next_digest else []
    lines += [page.contact.address.join(page.run_by(in_mail=False))] if page.contact else []
    texts = [_small(line, separator=not number) for number, line in enumerate(_first(lines, _FOOT))]
    archive = [_links([Link("Open the archive", page.home)])] if page.home else []
    if texts or archive:
        yield (*texts, *archive)


def _first(lines: Iterable[str], most: int) -> list[str]:
    """Lines as long as they stay within so many bytes, and how many there are beyond."""
    lines = [line for line in lines if line]
    kept = next((number for number in range(len(lines), 0, -1) if len("".join(lines[:number]).encode()) <= most), 0)
    return [*lines[:kept], *([f"And {count(len(lines) - kept, 'more line')}."] if kept < len(lines) else [])]


# --- what is no digest -------------------------------------------------------------------------------------------------------


def notice(sheet: NoticeSheet, fits: Fits) -> Message:  # noqa: ARG001 - a form of its own
    """One card; what is to be typed is in a type of its own. What was told is cut where the card has no room for all of it."""
    limit = _NOTICE
    while not _within(sheet.subject, body := _notice(sheet, limit)) and limit > _LEAST:
        limit = limit * 9 // 10
    return _message(sheet.part, sheet.subject, body)


def _notice(sheet: NoticeSheet, limit: int) -> list[Unit]:
    told = [_text(line, is_ours=True) for line in clip("\n".join(sheet.told), limit).splitlines()]
    todo = [_rich([_run("What to do: ", weight="Bolder"), *_runs(sheet.todo)])] if sheet.todo else []
    foot = _small(f"{sheet.state} · {sheet.when} · {sheet.signed}")
    return [(_header(sheet.headline), *told, *todo, foot)]


def at_once(sheet: CorrectionsSheet, fits: Fits) -> tuple[Message, ...]:  # noqa: ARG001 - a form of its own
    """Every paper, in as many cards as that takes."""
    head: Unit = (_header(f"{sheet.title}: {sheet.counts}"), _text(sheet.why))
    signed = sheet.signed(in_mail=False)
    foot: list[Unit] = [(_small(signed),)] if signed else []
    bodies = packed([head, *_corrected(sheet.papers), *foot], lambda units: _within(sheet.subject, units))
    return tuple(_message(part, sheet.subject, body) for part, body in enumerate(bodies, 1))


def trial(subject: str, text: str, fits: Fits) -> Message:  # noqa: ARG001 - a form of its own
    """A card with as many bytes as any has."""
    lines = filled(text, lambda lines: _within(subject, [(_text(line),) for line in lines]))
    return _message(1, subject, [(_text(line),) for line in lines])


# --- elements ----------------------------------------------------------------------------------------------------------------


def _corrected(papers: Iterable[Correctedness]) -> Iterator[Unit]:
    """What became of papers that readers had, each a unit, the heading with the first."""
    units = [
        (_titled(f"{one.name}: {one.title_short}"), _text(one.had), *map(_text, one.lines), _links([Link("PubMed", one.url)]))
        for one in papers
    ]
    yield from _headed(corrections.TITLE, units)


def _headed(title: str, units: Iterable[Unit]) -> Iterator[Unit]:
    """`units` with a heading before the first of them."""
    heading: Unit = (_rich([_run(title, weight="Bolder", size="Medium")], spacing="Large", separator=True),)
    for unit in units:
        yield heading + unit
        heading = ()


def _header(text: str) -> Element:
    return _rich(_runs(text, weight="Bolder", size="Large"))


def _titled(text: str) -> Element:
    return _rich([_run(text, weight="Bolder")], spacing="Medium")


def _text(text: str, *, separator: bool = False, is_ours: bool = False) -> Element:
    """A paragraph. What stands in backticks is to be typed where the text `is_ours`."""
    return _rich(_runs(text) if is_ours else [_run(text)], separator=separator, spacing="Medium" if separator else "Small")


def _small(text: str, *, separator: bool = True) -> Element:
    """A paragraph of what ends a card, in words of ours."""
    return _rich(_runs(text, isSubtle=True, size="Small"), separator=separator, spacing="Medium" if separator else "Small")


def _links(links: Iterable[Link]) -> Element:
    """Links in Markdown, the only one in a card."""
    text = " · ".join(f"[{link.label}]({link.url.translate(_IN_ADDRESS)})" for link in links)
    return {"type": "TextBlock", "text": text, "wrap": True, "spacing": "Small"}


def _rich(runs: Sequence[Element], *, separator: bool = False, spacing: str = "Small") -> Element:
    return {"type": "RichTextBlock", "inlines": runs, "spacing": spacing, **({"separator": True} if separator else {})}


def _runs(text: str, **style: object) -> list[Element]:
    """A text in runs, what stands in backticks in a type of its own."""
    pieces = enumerate(_CODE.split(text))
    runs = [_run(piece, **style, **({"fontType": "Monospace"} if number % 2 else {})) for number, piece in pieces if piece]
    return runs or [_run(text, **style)]


def _run(text: str, **style: object) -> Element:
    """Text as it is shown: nobody is called, and no date is put in its place."""
    return {"type": "TextRun", "text": _BRACES.sub("{\u200b", quiet(text)), **style}


# --- posts -------------------------------------------------------------------------------------------------------------------


def _posted(subject: str, body: Iterable[Unit]) -> Element:
    """The message that a workflow takes. `subject` is for a Teams that cannot show the card."""
    card: Element = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": _VERSION,
        "fallbackText": subject,
        "msteams": {"width": "Full"},
        "body": [element for unit in body for element in unit],
    }
    attachment: Element = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _within(subject: str, body: Iterable[Unit]) -> bool:
    """Whether Teams takes it."""
    return len(_dumped(_posted(subject, body)).encode()) <= MOST_BYTES


def _dumped(payload: Element) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _message(part: int, subject: str, body: Iterable[Unit]) -> Message:
    return Message(ChannelKind.TEAMS, part, subject, {"json": _dumped(_posted(subject, body))})
