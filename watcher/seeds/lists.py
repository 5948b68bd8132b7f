"""Lists of papers: identifiers one or several on a line, with a note behind or before them, links, and whole references.

What stands behind `#` is a comment. Neither it nor what else a line says counts as text about the paper, save the title of a
reference in which it can be told from authors and journal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from watcher.errors import Place, Problem, SeedError
from watcher.seeds.citations import cited, is_citation, looks_cited, second_pmid, title_of
from watcher.seeds.entry import SeedEntry
from watcher.seeds.identifiers import Identifiers, identified
from watcher.seeds.mentions import OF_OTHERS, Mention, left_over, mentions, own, papers
from watcher.seeds.numbers import listed, loose_numbers, noted
from watcher.seeds.pieces import Piece, paragraphs, pieces

_FIX = "write one PMID, PMCID or DOI on a line; comments go behind #"
_ABSTRACT = re.compile(r"^[#* \t]*(?:abstract|summary)\b[*\s]*(?::|$)", re.IGNORECASE | re.MULTILINE)
_SECTION = re.compile(
    rf"^[#*> \t]*(?:{OF_OTHERS}|notes|tl;?dr|key (?:findings|points)|highlights|introduction|keywords?)[*: \t]*$|^>",
    re.IGNORECASE | re.MULTILINE,
)
"""A heading that pages about one paper have, or the beginning of what such a page quotes."""
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n---", re.DOTALL)
_FRONT_LABEL = re.compile(r"(?:title|pmid|doi|pmcid)[ \t]*:", re.IGNORECASE)
_LABEL = re.compile(r"(pmid|pmcid|doi|pubmed(?: id)?)\b\s*[:=]", re.IGNORECASE)
_HEAD = re.compile(r"(?:pmid|pmcid|doi|pubmed id)s?:?", re.IGNORECASE)
_TOO_LARGE = re.compile(r"(?:(?:pmid|pubmed(?: id)?)\W{0,3})?(\d{10,})(?:\W.*)?", re.IGNORECASE | re.ASCII)
"""A number where a PMID stands, which none can be."""
_MOST_WORDS = 12
"""Words for each paper that a line of a list has at most, where it has no bullet."""
_MORE_DIGITS = re.compile(r"\s(?!(?:1[89]|20)\d\d\b)\d{2,}")
"""A number that goes on behind a blank: `3339 0062`."""
_NUMBER_FIRST = re.compile(r"(\d{5,9})(?:\s*[,;:|\t–-]\s*|\s+)(.+)", re.ASCII)


def is_list(text: str) -> bool:
    """Whether a text is a list of papers: at least half of what it lists names one, and it is not all about a single one."""
    if _ABSTRACT.search(text) or _has_front_matter(text):
        return False
    section = _SECTION.search(text)
    before = text[: section.start()] if section else ""
    found = _pieces_of(before if before.strip() else text)
    named = [one for one in found if identified(one.text) or _papers(one) or _is_reference(one)]
    if not named or 2 * len(named) < len(found):
        return False
    labels = [label[1].lower().split()[0] for one in found if (label := _LABEL.match(one.text))]
    if len(labels) > 1 and len(set(labels)) == len(labels):
        return False
    is_prose = len(named) == 1 and _is_prose(named[0])
    is_page = bool(before.strip()) or len(named) < len(found)
    return not (is_prose or (is_page and _is_single(found)))


def read_list(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of a list. A reference, or what has a bullet, costs only itself where it names no paper.

    Raises:
        SeedError: each other line that names none, or of which it cannot be told what belongs together.
    """
    entries: list[SeedEntry] = []
    problems: list[Problem] = []
    for piece in _pieces_of(text):
        found = _papers(piece)
        title = title_of(piece.text) if " " in piece.text and len(found or ()) < 2 else ""
        if found:
            passed_over = _passed_over(piece, path, "the first counts") if len(found) == 1 else ()
            entries += (SeedEntry(f"line {piece.line}", piece.line, ids, title=title, passed_over=passed_over) for ids in found)
        elif title and _is_reference(piece):
            passed_over = _passed_over(piece, path, "its title counts")
            entries.append(SeedEntry(f"line {piece.line}", piece.line, title=title, passed_over=passed_over))
        elif piece.marked or _is_reference(piece) or _TOO_LARGE.fullmatch(piece.text):
            entries.append(SeedEntry(f"line {piece.line}", piece.line, passed_over=(_problem(piece, path),)))
        else:
            problems.append(_problem(piece, path))
    if problems:
        raise SeedError(*problems)
    return tuple(entries)


def _has_front_matter(text: str) -> bool:
    """Whether a note-taking program wrote at the file's head which paper it is about."""
    found = _FRONT_MATTER.match(text)
    return found is not None and _FRONT_LABEL.search(found[1]) is not None


def _problem(piece: Piece, path: Path) -> Problem:
    place = Place(path, piece.line)
    if large := _TOO_LARGE.fullmatch(piece.text):
        return Problem(f"{large[1][:20]} is no PMID: none has more than nine digits", _FIX, place)
    if len(mentions(piece.text)) + len(loose_numbers(piece.text)) > 1:
        return Problem("it cannot be told which identifiers on this line are one paper's", "write one paper on a line", place)
    if _is_reference(piece):
        return Problem("this reference has no PMID, PMCID or DOI", "write its PMID or DOI on the line", place)
    return Problem("this line is no PMID, PMCID or DOI", _FIX, place)


def _passed_over(piece: Piece, path: Path, outcome: str) -> tuple[Problem, ...]:
    """A second PMID in a reference, which has one of its own."""
    second = second_pmid(piece.text)
    what = f"this reference has a second PMID, {second}: {outcome}"
    return (Problem(what, "write one paper on a line", Place(path, piece.line)),) if second else ()


def _pieces_of(text: str) -> list[Piece]:
    """The pieces by bullets, numbers and lines; by paragraphs where each of these is a reference that goes over several lines."""
    by_line, by_paragraph = pieces(text), paragraphs(text)
    if len(by_line) > 1 and _HEAD.fullmatch(by_line[0].text):
        by_line = by_line[1:]
    is_wrapped = len(by_paragraph) < len(by_line) and not any(one.marked for one in by_line)
    if is_wrapped and by_paragraph and all(_is_reference(one) for one in by_paragraph) and not all(map(_papers, by_line)):
        return by_paragraph
    return by_line


def _is_reference(piece: Piece) -> bool:
    return looks_cited(piece.text)


def _is_single(found: Sequence[Piece]) -> bool:
    """Whether all identifiers may be those of one paper: they are called what they are, and no kind comes twice."""
    kinds = [kind for one in found for kind in ([mention.kind for mention in own(one.text)] or _kinds(identified(one.text)))]
    return 0 < len(kinds) == len(set(kinds)) and not any(one.marked and not _LABEL.match(one.text) for one in found)


def _kinds(ids: Identifiers) -> list[str]:
    return [kind for kind in ("pmid", "doi", "pmcid") if getattr(ids, kind)]


def _is_prose(piece: Piece) -> bool:
    """Whether a piece speaks of a paper rather than listing it."""
    text = piece.text
    is_listed = piece.marked or identified(text) or listed(text) or _NUMBER_FIRST.fullmatch(text) or _is_reference(piece)
    return not is_listed and len(left_over(text, mentions(text)).split()) > 1


def _papers(piece: Piece) -> list[Identifiers] | None:
    """The papers that a piece names; empty or None where it names none, or where it cannot be told which."""
    if whole := identified(piece.text):
        return [whole]
    if several := listed(piece.text) or noted(piece.text):
        return papers(several)
    found = own(piece.text)
    if numbered := _NUMBER_FIRST.fullmatch(piece.text):
        if set(loose_numbers(numbered[2])) - {numbered[1]}:
            return None
        first = Mention("pmid", str(int(numbered[1])), 0, len(numbered[1]))
        return papers([first, *(one for one in found if one.start >= numbered.start(2) and one.value != first.value)])
    if looks_cited(piece.text) or is_citation(piece.text):
        one = cited(piece.text)
        return [one] if one else None
    words = left_over(piece.text, found).split()
    is_split = any(one.kind == "pmid" and _MORE_DIGITS.match(piece.text, one.end) for one in found)
    is_clear = bool(found) and not is_split and not loose_numbers(piece.text)
    return papers(found) if is_clear and (piece.marked or len(words) <= _MOST_WORDS * len(found)) else None
