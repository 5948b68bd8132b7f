"""BibTeX and BibLaTeX, of reference managers and of publishers' pages, freed of LaTeX.

bibtexparser finds the entries. What it gives up (an entry without a key, a comma that is missing or too many, a key or a field that is
there twice) is looked through here: the field that is wanted is mostly sound.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from watcher.seeds.entry import SeedEntry, refused, shown, terms
from watcher.seeds.evidence import Evidence
from watcher.seeds.latex import address, plain
from watcher.seeds.tagged import not_understood

if TYPE_CHECKING:
    from bibtexparser.library import Library
    from bibtexparser.model import Block
    from bibtexparser.model import Entry as BibEntry

# it logs each problem; here one that matters is told once
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)

_HEAD = r"(?:\s*%[^\n]*\n|\s*This file was created with[^\n]*\n|\s*Encoding:[^\n]*\n)*"
_BEGINNING = re.compile(rf"{_HEAD}\s*@\s*[A-Za-z]+\s*[{{(]")
_OPENING = re.compile(r"\s*@\s*(\w+)\s*[{(]\s*(?:([^\s,={}()\"]*)\s*,)?")
_ENTRIES = re.compile(r"^[ \t]*@[ \t]*[A-Za-z]+[ \t]*[{(][^\s,={}]*,", re.MULTILINE)
_FIELD = re.compile(r"(?<![\w:.-])([A-Za-z][\w:.-]*)\s*=\s*")
_FIELD_LINE = re.compile(r"(?m)^[ \t]*([A-Za-z][\w:.-]*)[ \t]*=[ \t]*(?=[{\"\w])")
_SWALLOWED = re.compile(
    r"(?:^[ \t]*|,\s*)(author|title|booktitle|journal|year|month|volume|number|pages|doi|pmid|pmcid|url|issn|publisher|abstract|keywords)"
    r"\s*=\s*(?=[{\"])",
    re.IGNORECASE | re.MULTILINE,
)
"""A field inside of another's value, which lacks its closing brace or quote."""
_FREE_TEXT = frozenset({"note", "annote", "annotation", "abstract", "comment", "review", "file"})
"""Fields that may quote a whole entry."""
_PIECE = re.compile(r"[^\s{}\",#=]+")
_DELIMITER = re.compile(r'\\.|[{}"]', re.DOTALL)
_WITHOUT_PAPERS = frozenset({"comment", "string", "preamble", "set", "xdata", "control", "ieeetranbstctl"})
_WANTED = frozenset({"title", "abstract", "keywords", "doi", "pmid", "pmcid", "url"})
_LONGEST_STRING = 1_000
_PMID_KEY = re.compile(r"^(?:pmid[:_-]?|MEDLINE:)(\d{1,9})$", re.IGNORECASE)
"""Keys of Europe PMC (`PMID:33390062`), TeXMed (`pmid33390062`) and, for records of MEDLINE, Web of Science, whose Unique-ID is the same."""
_PMID_TYPES = frozenset({"pmid", "pubmed", "medline"})
_PMCID_TYPES = frozenset({"pmcid", "pmc"})


_Fields = list[tuple[str, str | None]]
"""Names and raw values; None for a value with a brace or quote that is never closed."""


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry: its line, its key, its raw fields by their plain names, and those that are wanted and cannot be read."""

    line: int
    key: str
    fields: Mapping[str, str]
    broken: tuple[str, ...] = ()


def is_bibtex(text: str) -> bool:
    """Whether a text is BibTeX: it begins with an entry, below comments and the line that JabRef writes, or holds several; a page may
    end with one, which says how to cite it."""
    return bool(_BEGINNING.match(text)) or sum(1 for _ in islice(_ENTRIES.finditer(text), 2)) > 1


def read_bibtex(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of a text in BibTeX.

    Raises:
        SeedError: it holds no entry.
    """
    from bibtexparser.entrypoint import parse_string  # noqa: PLC0415 - only for a file of BibTeX

    library = parse_string(text, parse_stack=[])
    strings = _strings(library)
    found = tuple(_entry(one, strings, path) for one in _entries(library, text.split("\n")))
    if not found:
        raise refused(
            path, 1, "the file holds no entry", "an entry begins with @article{key,; export the papers as BibTeX or RIS anew"
        )
    return found


def _strings(library: Library) -> dict[str, str]:
    """What abbreviations stand for; one may use those before it."""
    strings: dict[str, str] = {}
    for one in library.strings:
        strings[one.key.lower()] = _joined(str(one.value), strings)[:_LONGEST_STRING]
    return strings


def _entries(library: Library, lines: list[str]) -> Iterator[_Found]:
    from bibtexparser import model  # noqa: PLC0415 - only for a file of BibTeX

    blocks = [block for block in library.blocks if not isinstance(block, model.ImplicitComment | model.String)]
    for block, following in zip_longest(blocks, blocks[1:]):
        inner = (
            block.ignore_error_block if isinstance(block, model.DuplicateBlockKeyBlock | model.DuplicateFieldKeyBlock) else block
        )
        if isinstance(inner, model.Entry):
            found: _Found | None = _sound(inner, (block.start_line or 0) + 1)
        else:
            found = _salvaged(block, following, lines) if isinstance(block, model.ParsingFailedBlock) else None
        if found is not None:
            yield found


def _sound(entry: BibEntry, line: int) -> _Found | None:
    """An entry that the library has read; one of its values may go on with fields that lack a comma before them."""
    if entry.entry_type.lower() in _WITHOUT_PAPERS:
        return None
    fields: _Fields = []
    for one in entry.fields:
        raw = str(one.value)
        bare = not re.search(r'[{"#=]', raw)
        if not bare and one.key.lower() not in _FREE_TEXT and _SWALLOWED.search(raw):
            fields += _fields(f"{one.key} = {raw}", doubtful=True)
        else:
            fields += [(one.key, raw)] if bare else _fields(f"{one.key} = {raw}")
    return _found(line, entry.key.strip(), fields)


def _salvaged(block: Block, following: Block | None, lines: list[str]) -> _Found | None:
    """What can be read of an entry that the library gave up, up to the next block."""
    start = block.start_line or 0
    end = following.start_line if following is not None else None
    text = "\n".join(lines[start:end]) if end is None or end > start else block.raw or ""
    opening = _OPENING.match(text)
    if opening is None or opening[1].lower() in _WITHOUT_PAPERS:
        return None
    return _found(start + 1, opening[2] or "", _fields(text[opening.end() :], doubtful=True))


def _found(line: int, key: str, fields: _Fields) -> _Found:
    """Each field once, by its name without marks: pubmed_id, PubMed-ID and pubmedid are one; the first that is not empty stays."""
    values: dict[str, str] = {}
    broken: list[str] = []
    for name, value in fields:
        plain_name = re.sub(r"[\W_]", "", name.lower())
        if value is None:
            broken += [plain_name] if plain_name in _WANTED else []
        else:
            values[plain_name] = values.get(plain_name) or value
    return _Found(line, key, values, tuple(one for one in broken if not values.get(one)))


def _fields(text: str, *, doubtful: bool = False) -> _Fields:
    """The fields of an entry's inside, with their values as they stand.

    Behind a value without an end, the next line with a field counts; `doubtful`: so too where a value runs over such a line, since a brace
    that is missing takes its end from the entry.
    """
    fields: _Fields = []
    found = _FIELD.search(text)
    while found:
        end = _end_of_value(text, found.end())
        following = _following(text, found.end(), end) if doubtful or end is None else None
        if end is None or following:
            fields.append((found[1], None))
            found = following
        else:
            fields.append((found[1], text[found.end() : end]))
            found = _FIELD.search(text, max(end, found.end()))
    return fields


def _following(text: str, start: int, end: int | None) -> re.Match[str] | None:
    """The first field that begins within a value."""
    stop = len(text) if end is None else end
    found = [one for one in (_FIELD_LINE.search(text, start, stop), _SWALLOWED.search(text, start, stop)) if one]
    return min(found, key=lambda one: one.start(1), default=None)


def _end_of_value(text: str, start: int) -> int | None:
    """Where a value ends: pieces in braces or quotes, or bare ones, joined by #; None where a brace or quote has no end."""
    end = start
    while True:
        end = _skipped(text, end)
        closing = _end_of_piece(text, end)
        if closing is None:
            return None
        after = _skipped(text, closing)
        if closing == end or text[after : after + 1] != "#":
            return closing
        end = after + 1


def _end_of_piece(text: str, start: int) -> int | None:
    opening = text[start : start + 1]
    if opening not in ("{", '"') or not opening:
        bare = _PIECE.match(text, start)
        return bare.end() if bare else start
    depth = 0
    for mark in _DELIMITER.finditer(text, start + 1):
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}" and depth:
            depth -= 1
        elif depth == 0 and mark[0] == ("}" if opening == "{" else '"'):
            return mark.end()
    return None


def _skipped(text: str, start: int) -> int:
    while text[start : start + 1].isspace():
        start += 1
    return start


def _joined(raw: str, strings: Mapping[str, str]) -> str:
    """A value without its braces or quotes; its pieces joined, and abbreviations replaced by what they stand for."""
    if not re.search(r'[{"#]', raw):
        return strings.get(raw.strip().lower(), raw)
    pieces, position = [], 0
    while position < len(raw):
        end = _end_of_piece(raw, position)
        piece = raw[position:end]
        pieces.append(piece[1:-1] if piece[:1] in ("{", '"') else strings.get(piece.lower(), piece))
        position = max(len(raw) if end is None else end, position + 1)
    return "".join(pieces)


def _entry(found: _Found, strings: Mapping[str, str], path: Path) -> SeedEntry:
    values = {name: _joined(raw, strings) for name, raw in found.fields.items()}
    evidence = _evidence(values, found.key)
    entry = SeedEntry(
        f"entry {found.key}" if found.key else f"line {found.line}",
        found.line,
        evidence.ids,
        title=_title(values),
        abstract=shown(plain(values.get("abstract", ""))),
        keywords=_keywords(values),
        claimed_pmid=evidence.claimed,
        passed_over=evidence.passed_over(path, found.line),
    )
    return _told(entry, found.broken, path)


def _told(entry: SeedEntry, broken: Sequence[str], path: Path) -> SeedEntry:
    if not broken:
        return entry
    what = f"a brace or quote behind {', '.join(broken)} is never closed"
    problem = not_understood(path, entry.line, what, "look for a brace or a comma that is missing")
    return replace(entry, passed_over=(*entry.passed_over, problem))


def _title(values: Mapping[str, str]) -> str:
    title = shown(plain(values.get("title") or values.get("booktitle", "")))
    subtitle = shown(plain(values.get("subtitle", "")))
    between = " " if title.endswith((".", ":", "?", "!")) else ": "
    return f"{title}{between}{subtitle}" if title and subtitle else title or subtitle


def _keywords(values: Mapping[str, str]) -> tuple[str, ...]:
    named = [terms(plain(values.get(name, ""))) for name in ("keywords", "keyword", "authorkeywords")]
    return tuple(dict.fromkeys(one for each in named for one in each))


def _evidence(values: Mapping[str, str], key: str) -> Evidence:
    def of(*names: str) -> list[str]:
        return [address(values[name]) for name in names if values.get(name)]

    evidence = Evidence()
    evidence.numbers(of("pmid", "pubmedid", "pubmed"))
    evidence.numbers(found for value in (key, *of("uniqueid")) for found in _PMID_KEY.findall(value))
    evidence.doi_fields(of("doi"))
    evidence.pmcid_fields(of("pmcid", "pmc", "pmcidn"))
    _eprint(evidence, of("eprint"), " ".join(of("eprinttype", "archiveprefix")).lower().split())
    evidence.labelled(of("howpublished", "eprint"))
    evidence.notes(of("note", "annote", "annotation", "addendum"))
    evidence.addresses(of("url", "link", "ee", "bdskurl1", "bdskurl2", "howpublished"))
    return evidence


def _eprint(evidence: Evidence, values: list[str], kinds: list[str]) -> None:
    if _PMID_TYPES.intersection(kinds):
        evidence.numbers(values)
    if _PMCID_TYPES.intersection(kinds):
        evidence.pmcid_fields(values)
