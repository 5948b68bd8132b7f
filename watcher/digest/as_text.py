"""The digest as plain text: the mail's twin, and what channels without files or markup get."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

from watcher.digest import corrections, templates
from watcher.digest.mentions import quiet
from watcher.digest.parts import Fits, cut, packed
from watcher.digest.sheets import CorrectionsSheet, NoticeSheet
from watcher.digest.view import Correctedness, Page

WIDTH = 76
_LEAST = 100
"""Characters of text that a part has at least behind its head."""
PART = 3_500
"""Characters a part for other channels: under Telegram's 4,096 and the like, with room for what the channel adds."""


_BETWEEN = "\n\n"


class _Unit(NamedTuple):
    """What must not be torn apart."""

    text: str
    is_paper: bool = False


class Twin(NamedTuple):
    """A text, and where its papers stand, so that a mail with little room can be cut between them: runs of papers that follow one
    another, each the place where its first one begins and the length of each, up to where the next thing begins."""

    text: str
    papers: tuple[tuple[int, ...], ...]


def twin(page: Page) -> Twin:
    """The mail's text part, wrapped at 76 characters. The attached papers stand in it when no file carries them."""
    units = tuple(_units(page, WIDTH, listing=not page.file_name))
    return Twin(_BETWEEN.join(unit.text for unit in units) + "\n", tuple(_runs(units)))


def _runs(units: Sequence[_Unit]) -> Iterable[tuple[int, ...]]:
    ends = accumulate(len(unit.text) + len(_BETWEEN) for unit in units)
    for is_paper, some in groupby(zip(units, ends, strict=True), key=lambda one: one[0].is_paper):
        run = tuple((end, len(unit.text) + len(_BETWEEN)) for unit, end in some)
        if is_paper:
            yield (run[0][0] - run[0][1], *(length for _, length in run))


def parts(page: Page, fits: Fits = lambda _subject, _text: True) -> tuple[str, ...]:
    """The digest for channels that carry no files: texts of at most 3,500 characters, and of no more than the channels take
    (`fits`), split between papers. Nobody is called by them."""
    subject = quiet(f"{page.subject} (999/999)")
    has_room = room(subject, fits, mark=quiet(_mark(page, 999, 999)))
    is_marked = has_room("x" * _LEAST)
    if not is_marked:  # so little room that the head of each part would leave none
        has_room = room(subject, fits)
    units = [piece for unit in _units(page, None, listing=True) for piece in cut(quiet(unit.text), has_room)]
    bodies = ["\n\n".join(part) for part in packed(units, lambda part: has_room("\n\n".join(part)))]
    return tuple(quiet(_mark(page, number, len(bodies)) if is_marked else "") + body for number, body in enumerate(bodies, 1))


def room(subject: str, fits: Fits, *, mark: str = "") -> Callable[[str], bool]:
    """Whether a text behind `mark` fits into one part with this subject."""
    return lambda text: len(mark + text) <= PART and fits(subject, mark + text)


def _mark(page: Page, number: int, total: int) -> str:
    """What heads each part after the first."""
    return f"{page.title}, {page.span}: part {number} of {total}\n\n" if number > 1 else ""


def _units(page: Page, width: int | None, *, listing: bool) -> Iterable[_Unit]:
    """In order: the head, corrections, each paper (its section's heading with the first), the receipt."""
    yield _Unit(_rendered("head", width, page=page))
    yield from (_Unit(text) for text in corrected(page.corrected, width))
    for group in page.groups:
        papers = (
            _rendered("paper", width, card=card, whole=group.whole, mark=f"{number}. " if group.whole else "-  ")
            for number, card in enumerate(group.cards, 1)
        )
        yield from _headed(group.title, group.lead, papers, width, are_papers=True)
    told = (_rendered("follow_up", width, told=told) for told in page.follow_ups)
    yield from _headed("Now published", "", told, width)
    if listing:
        lines = (_rendered("line", width, card=card) for card in page.attached)
        yield from _headed("In short", "", lines, width, are_papers=True)
    elif page.attached:
        yield _Unit(page.attached_sentence)
    receipt = _rendered("receipt", width, page=page)
    if receipt:
        yield from _headed("" if page.empty else "Receipt", "", [receipt], width)


def corrected(papers: Iterable[Correctedness], width: int | None) -> Iterable[str]:
    """What became of papers that readers had, each a unit, the heading with the first."""
    told = (_rendered("corrected", width, one=one) for one in papers)
    yield from (unit.text for unit in _headed(corrections.TITLE, "", told, width))


def at_once(sheet: CorrectionsSheet, width: int | None) -> list[str]:
    """Corrections that are told at once: a head, a unit for each paper, who runs the service."""
    head = "\n".join([sheet.title, sheet.counts, "", templates.indented(sheet.why, width)])
    signed = templates.indented(sheet.signed(in_mail=width is not None), width, "", "   ")
    return [head, *corrected(sheet.papers, width), *([signed] if signed else [])]


def notice(sheet: NoticeSheet, width: int | None) -> str:
    """A failure or its end."""
    return _rendered("notice", width, sheet=sheet) + "\n"


def _headed(title: str, lead: str, texts: Iterable[str], width: int | None, *, are_papers: bool = False) -> Iterable[_Unit]:
    """Units with the heading before the first of them, so that no part ends with a heading."""
    heading = _rendered("heading", width, title=title, lead=lead) + "\n\n" if title else ""
    for text in texts:
        yield _Unit(heading + text, are_papers)
        heading = ""


def _rendered(name: str, width: int | None, **values: object) -> str:
    return templates.text().get_template(f"{name}.txt.j2").render(width=width, **values).strip("\n")
