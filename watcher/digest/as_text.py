"""The digest as plain text: the mail's twin, and what channels without files or markup get."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from watcher.digest import templates
from watcher.digest.mentions import quiet
from watcher.digest.parts import Fits, cut, packed
from watcher.digest.view import Page

WIDTH = 76
_LEAST = 100
"""Characters of text that a part has at least behind its head."""
PART = 3_500
"""Characters a part for other channels: under Telegram's 4,096 and the like, with room for what the channel adds."""


def twin(page: Page) -> str:
    """The mail's text part, wrapped at 76 characters. The attached papers stand in it when no file carries them."""
    return "\n\n".join(_units(page, WIDTH, listing=not page.file_name)) + "\n"


def parts(page: Page, fits: Fits = lambda _subject, _text: True) -> tuple[str, ...]:
    """The digest for channels that carry no files: texts of at most 3,500 characters, and of no more than the channels take
    (`fits`), split between papers. Nobody is called by them."""
    subject = quiet(f"{page.subject} (999/999)")
    has_room = room(subject, fits, mark=quiet(_mark(page, 999, 999)))
    is_marked = has_room("x" * _LEAST)
    if not is_marked:  # so little room that the head of each part would leave none
        has_room = room(subject, fits)
    units = [piece for unit in _units(page, None, listing=True) for piece in cut(quiet(unit), has_room)]
    bodies = ["\n\n".join(part) for part in packed(units, lambda part: has_room("\n\n".join(part)))]
    return tuple(quiet(_mark(page, number, len(bodies)) if is_marked else "") + body for number, body in enumerate(bodies, 1))


def room(subject: str, fits: Fits, *, mark: str = "") -> Callable[[str], bool]:
    """Whether a text behind `mark` fits into one part with this subject."""
    return lambda text: len(mark + text) <= PART and fits(subject, mark + text)


def _mark(page: Page, number: int, total: int) -> str:
    """What heads each part after the first."""
    return f"{page.title}, {page.span}: part {number} of {total}\n\n" if number > 1 else ""


def _units(page: Page, width: int | None, *, listing: bool) -> Iterable[str]:
    """What must not be torn apart, in order: the head, each paper (its section's heading with the first), the receipt."""
    yield _rendered("head", width, page=page)
    for group in page.groups:
        papers = (
            _rendered("paper", width, card=card, whole=group.whole, mark=f"{number}. " if group.whole else "-  ")
            for number, card in enumerate(group.cards, 1)
        )
        yield from _headed(group.title, group.lead, papers, width)
    told = (_rendered("follow_up", width, told=told) for told in page.follow_ups)
    yield from _headed("Now published", "", told, width)
    if listing:
        yield from _headed("In short", "", (_rendered("line", width, card=card) for card in page.attached), width)
    elif page.attached:
        yield page.attached_sentence
    receipt = _rendered("receipt", width, page=page)
    if receipt:
        yield from _headed("" if page.empty else "Receipt", "", [receipt], width)


def _headed(title: str, lead: str, units: Iterable[str], width: int | None) -> Iterable[str]:
    """`units` with the heading before the first of them, so that no part ends with a heading."""
    heading = _rendered("heading", width, title=title, lead=lead) + "\n\n" if title else ""
    for unit in units:
        yield heading + unit
        heading = ""


def _rendered(name: str, width: int | None, **values: object) -> str:
    return templates.text().get_template(f"{name}.txt.j2").render(width=width, **values).strip("\n")
