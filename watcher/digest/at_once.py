"""Corrections that a list's readers are told at once, as messages: one mail, and as many parts as other channels need. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from watcher.digest import as_html, as_slack, as_text, clean, corrections, imprint, links, templates
from watcher.digest.mentions import quiet
from watcher.digest.parts import Fits, cut, packed
from watcher.digest.view import Correctedness, corrected
from watcher.domain import ChannelKind, Contact, Corrected, DigestList, Message

_SHOWN = 40
"""Papers in the HTML of a mail; its text holds them all."""

_WHY = "This comes at once, and not with the next digest, as the list is set."
_WHAT = "these messages"
"""What a reader may have changed or stopped."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The message, worded. `contact` is who runs the service."""

    subject: str
    title: str
    counts: str
    why: str
    papers: tuple[Correctedness, ...]
    contact: Contact | None

    def signed(self, *, in_mail: bool) -> str:
        """Who runs the service, as a sentence; "" when nobody is known."""
        address = self.contact.address if self.contact else ""
        return address.join(imprint.run_by(self.contact, in_mail=in_mail, what=_WHAT))


def subject(order: DigestList, papers: Sequence[Corrected]) -> str:
    """Of one paper what became of it and its title, of several how many of each; one line, at most 200 characters."""
    prefix = clean.clip(clean.plain(order.subject_prefix or f"{order.title or order.name}:"), 80)
    told = f"{corrections.counts(papers)}: papers you had"
    if len(papers) == 1:
        only = corrected(papers[0], order.timezone)
        told = f"{only.name}: {only.title_short}"
    return clean.clip(f"{prefix} {told}", 200)


def messages(
    order: DigestList,
    papers: Sequence[Corrected],
    kinds: Collection[ChannelKind],
    *,
    fits: Fits = lambda _subject, _text: True,
    host: str = "",
    contact: Contact | None = None,
) -> tuple[Message, ...]:
    """What each kind of channel in `kinds` is sent of these papers, which is at least one. `host` ends the list's List-Id; without one there
    is none. `contact` is who runs the service."""
    worded = tuple(corrected(one, order.timezone) for one in papers)
    title = clean.clip(clean.plain(order.title or order.name), 100)
    sheet = Sheet(subject(order, papers), title, corrections.counts(papers), _WHY, worded, contact)
    made: list[Message] = []
    if ChannelKind.EMAIL in kinds:
        headers = {"X-Watcher-List": clean.plain(order.name), "X-Watcher-Corrections": str(len(papers))}
        headers |= {"List-Id": imprint.list_id(order.name, title, host)} if host else {}
        made.append(Message(ChannelKind.EMAIL, 1, sheet.subject, _email(sheet), headers))
    if ChannelKind.SLACK in kinds:
        made += _slack(sheet)
    if ChannelKind.OTHER in kinds:
        made += _other(sheet, fits)
    return tuple(made)


def _email(sheet: Sheet) -> dict[str, str]:
    hidden = len(sheet.papers) - _SHOWN
    more = f"And {hidden:,} more, told in the plain-text part of this mail." if hidden > 0 else ""
    values = {"sheet": sheet, "title": corrections.TITLE, "papers": sheet.papers[:_SHOWN], "more": more}
    run_by = imprint.run_by(sheet.contact, in_mail=True, what=_WHAT)
    mail_to = links.mail(sheet.contact.address) if sheet.contact else ""
    document = templates.html().get_template("at_once.html.j2").render(**values, run_by=run_by, mail_to=mail_to)
    return {"text": "\n\n".join(_units(sheet, as_text.WIDTH)) + "\n", "html": as_html.inlined(document)}


def _units(sheet: Sheet, width: int | None) -> list[str]:
    head = "\n".join([sheet.title, sheet.counts, "", templates.indented(sheet.why, width)])
    signed = templates.indented(sheet.signed(in_mail=width is not None), width, "", "   ")
    return [head, *as_text.corrected(sheet.papers, width), *([signed] if signed else [])]


def _slack(sheet: Sheet) -> list[Message]:
    head = as_slack.headed(f"{sheet.title}: {sheet.counts}", sheet.why)
    signed = sheet.signed(in_mail=False)
    foot = [as_slack.footed(signed)] if signed else []
    bodies = packed([head, *as_slack.corrected(sheet.papers), *foot], as_slack.within)
    return [
        Message(ChannelKind.SLACK, part, sheet.subject, {"json": as_slack.dumped(as_slack.posted(sheet.subject, body))})
        for part, body in enumerate(bodies, 1)
    ]


def _other(sheet: Sheet, fits: Fits) -> list[Message]:
    has_room = as_text.room(quiet(f"{sheet.subject} (999/999)"), fits)
    units = [piece for unit in _units(sheet, None) for piece in cut(quiet(unit), has_room)]
    bodies = ["\n\n".join(part) for part in packed(units, lambda part: has_room("\n\n".join(part)))]
    numbered = [f" ({part}/{len(bodies)})" if len(bodies) > 1 else "" for part in range(1, len(bodies) + 1)]
    return [
        Message(ChannelKind.OTHER, part, quiet(sheet.subject) + numbered[part - 1], {"text": body})
        for part, body in enumerate(bodies, 1)
    ]
