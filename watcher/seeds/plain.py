"""Lists of identifiers: one a line, with `#` comments; and tables (CSV) with a column for them, such as PubMed's own export."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from watcher.errors import Place, Problem, SeedError
from watcher.seeds.entry import Entry, folded, terms
from watcher.seeds.identifiers import Identifiers, doi_of, identified, pmcid_of, pmid_of

_FIX = "write one PMID, PMCID or DOI on a line; comments go behind #"
_BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")
_COMMENT = re.compile(r"(?:^|\s)#\s?(.*)$")
_COLUMNS = {
    "pmid": ("pmid", "pubmed id", "pubmed_id"),
    "doi": ("doi",),
    "pmcid": ("pmcid", "pmc id", "pmc"),
    "title": ("title", "article title"),
    "abstract": ("abstract",),
    "keywords": ("keywords", "author keywords"),
    "headings": ("mesh", "mesh terms", "mesh headings", "headings"),
}


def is_list(text: str) -> bool:
    """Whether a text is a list of identifiers: at least half of its lines are."""
    lines = [bare for _, bare, _ in _lines(text)]
    return bool(lines) and 2 * sum(bool(identified(line)) for line in lines) >= len(lines)


def read_list(text: str, path: Path) -> tuple[Entry, ...]:
    """The papers of a list. A comment on an identifier's line becomes the seed's note.

    Raises:
        SeedError: each line that is no identifier.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, line, comment in _lines(text):
        if ids := identified(line):
            entries.append(Entry(f"line {number}", number, ids, notes=comment))
        else:
            problems.append(Problem("this line is no PMID, PMCID or DOI", _FIX, Place(path, number)))
    if problems:
        raise SeedError(*problems)
    return tuple(entries)


def read_table(text: str, path: Path) -> tuple[Entry, ...]:
    """The papers of a table whose first line names its columns; a table without such a line is read as a list.

    Raises:
        SeedError: as for a list.
    """
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    columns = _columns(next(rows, []))
    if not columns.keys() & {"pmid", "doi", "pmcid"}:
        return read_list(text, path)
    entries: list[Entry] = []
    first = rows.line_num + 1
    for row in rows:
        if any(cell.strip() for cell in row):
            entries.append(_row(row, columns, first))
        first = rows.line_num + 1
    return tuple(entries)


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Number, identifier and comment of each line that is not only a comment."""
    for number, line in enumerate(text.splitlines(), start=1):
        found = _COMMENT.search(line)
        bare = _BULLET.sub("", line[: found.start()] if found else line).strip().rstrip(",;")
        if bare:
            yield number, bare, folded(found[1]) if found else ""


def _delimiter(text: str) -> str:
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)


def _columns(head: list[str]) -> dict[str, int]:
    """Which column holds what, of those that are known."""
    names = [name.strip().casefold() for name in head]
    found = {key: [names.index(known) for known in spellings if known in names] for key, spellings in _COLUMNS.items()}
    return {key: positions[0] for key, positions in found.items() if positions}


def _row(row: list[str], columns: dict[str, int], line: int) -> Entry:
    def cell(name: str) -> str:
        position = columns.get(name)
        return row[position].strip() if position is not None and position < len(row) else ""

    ids = Identifiers(pmid_of(cell("pmid")), doi_of(cell("doi")), pmcid_of(cell("pmcid")))
    return Entry(
        f"line {line}",
        line,
        ids,
        title=folded(cell("title")),
        abstract=folded(cell("abstract")),
        keywords=terms(cell("keywords")),
        headings=terms(cell("headings")),
    )
