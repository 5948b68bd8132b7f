"""Corrections that a list's readers are told at once, as messages: one mail, and as many parts as other channels need. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from watcher.digest import clean, corrections
from watcher.digest.kinds import renderers
from watcher.digest.parts import Fits
from watcher.digest.sheets import CorrectionsSheet
from watcher.digest.view import corrected
from watcher.domain import ChannelKind, Contact, Corrected, DigestList, Message

_WHY = "This comes at once, and not with the next digest, as the list is set."


def subject(list_: DigestList, papers: Sequence[Corrected]) -> str:
    """Of one paper what became of it and its title, of several how many of each; one line, at most 200 characters."""
    prefix = clean.clip(clean.plain(list_.subject_prefix or f"{list_.title or list_.name}:"), 80)
    told = f"{corrections.counts(papers)}: papers you had"
    if len(papers) == 1:
        only = corrected(papers[0], list_.timezone)
        told = f"{only.name}: {only.title_short}"
    return clean.clip(f"{prefix} {told}", 200)


def messages(
    list_: DigestList,
    papers: Sequence[Corrected],
    kinds: Collection[ChannelKind],
    *,
    fits: Fits = lambda _subject, _text: True,
    host: str = "",
    contact: Contact | None = None,
) -> tuple[Message, ...]:
    """What each kind of channel in `kinds` is sent of these papers, which is at least one. `host` ends the list's List-Id; without one there
    is none. `contact` is who runs the service."""
    worded = tuple(corrected(one, list_.timezone) for one in papers)
    title = clean.clip(clean.plain(list_.title or list_.name), 100)
    sheet = CorrectionsSheet(list_.name, subject(list_, papers), title, corrections.counts(papers), _WHY, worded, contact, host)
    return tuple(one for kind, renderer in renderers.items() if kind in kinds for one in renderer.at_once(sheet, fits))
