"""Tables: what PubMed, Europe PMC, Zotero, RefWorks, EndNote, Scopus, Web of Science, Dimensions, Rayyan, Covidence and spreadsheets
write as CSV, or with tabs or semicolons.

Columns are known by their names, whatever their case, blanks and underscores. A cell under PMID, DOI or PMCID that is not understood is
told with its line and column.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from watcher.errors import Place, Problem
from watcher.seeds.entry import SeedEntry, folded, terms
from watcher.seeds.evidence import of_another
from watcher.seeds.identifiers import Identifiers, doi_of, dois_in, identified, pmcid_of, pmid_of, pmids_in
from watcher.seeds.lists import read_list
from watcher.seeds.mentions import Mention, mentions, own, papers
from watcher.seeds.numbers import is_date, loose_numbers

_Value = TypeVar("_Value")

_COLUMNS = {
    "pmid": "pmid; pmids; pubmed id; pubmed; pubmed pmid; medline pmid; pm; ids pmid; pubmed number; entrez uid",
    "doi": "doi; di; do; doi link; doi name; digital object identifier; ids doi; article doi; item doi",
    "pmcid": "pmcid; pmc id; pmc; pubmed central id; ids pmcid",
    "title": "title; article title; item title; title primary; document title; primary title; ti; t1; publication title of the article; "
    "display name; titel",
    "abstract": "abstract; abstract note; abstract text; ab; summary",
    "keywords": "keywords; author keywords; manual tags; automatic tags; index keywords; descriptors; de; keywords plus; tags; other terms",
    "headings": "mesh; mesh terms; mesh headings; headings; mh; subject headings",
    "address": "url; urls; link; links; article url; web page; source url; file urls; urlpubmed; plink; document url",
    "extra": "extra; xref; custom 2; ut; ut unique wos id; unique wos id; accession number; an; identifiers; other ids",
    "source": "source; database",
    "external": "ext id; external id; extid",
}
"""What a column may be called."""
_IDENTIFIERS = ("pmid", "doi", "pmcid")
_DELIMITERS = ",;\t|"
_HEAD_WITHIN = 10
"""Rows within which the head stands; some programs put a line about the export before it."""
_HEAD_OF_TEXT = 3
"""The same, in a text file that may be something else."""
_NOTHING = frozenset(
    {"", "n/a", "na", "nan", "none", "null", "nil", "-", "–", "—", "0", "?", "unknown", "not available", "no doi", "."}
)
_LEAST_DIGITS = 5
_PMIDS_LENGTH = 7
"""Digits from which a number in a row without a head may be another paper's PMID."""
_COMMENT = re.compile(r"(?:^|\s)#", re.MULTILINE)
_MEDLINE_NUMBER = re.compile(r"\b(?:MEDLINE:|PUBMED[: ]\s*)(\d{1,9})\b")
_OTHERS_AT_EBSCO = re.compile(r"ebscohost[.-]com\b.*\bdb=(?!cmedm\b|mnh\b|mdc\b|mdl\b)\w", re.IGNORECASE)
_RULE_LINE = re.compile(r"\|?(?:[ \t]*:?-{2,}:?[ \t]*\|)+[ \t]*(?::?-{2,}:?[ \t]*)?")
"""The line below the head of a Markdown table."""
_NAMES = {"pmid": "PMID", "doi": "DOI", "pmcid": "PMCID"}


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one row, and the line on which it begins."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    """The names of the columns, and which hold what."""

    names: tuple[str, ...]
    columns: Mapping[str, tuple[int, ...]]

    def is_enough(self) -> bool:
        """Whether rows below it may name papers."""
        return bool(self.columns.keys() & set(_IDENTIFIERS)) or ("title" in self.columns and len(self.columns) > 1)


def is_table(text: str) -> bool:
    """Whether a text begins like a table with a head of two known columns or more, or holds a Markdown table of papers and no other."""
    if _within_markdown(text) is not None:
        return True
    begun = text.lstrip()[:20_000]
    heads = [_head_of(row) for row in _rows(begun)[:_HEAD_OF_TEXT]]
    is_known = any(head.is_enough() and sum(map(len, head.columns.values())) > 1 for head in heads)
    return is_known and ("\n\n" not in begun or bool(re.match(r"sep=", begun, re.IGNORECASE)))


def read_table(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of a table, one in a row. A table without a head has its identifiers wherever they stand in a row.

    Raises:
        SeedError: as for a list, for one column without a head.
    """
    rows = _rows(_within_markdown(text) or text)
    for position, row in enumerate(rows[:_HEAD_WITHIN]):
        head = _head_of(row)
        if head.is_enough():
            return tuple(_entry(head, each, path) for each in rows[position + 1 :] if not _is_rule(each))
    is_wide = any(sum(map(bool, row.cells)) > 1 for row in rows) and not _COMMENT.search(text)
    headless = tuple(entry for row in rows for entry in _headless(row, path)) if is_wide else ()
    return headless if any(headless) else read_list(text, path)


def _within_markdown(text: str) -> str | None:
    """The text with nothing left but its Markdown tables, on the lines where they stand; None where the first is not of papers, or
    identifiers stand beside them."""
    lines = text.split("\n")
    inside = [False] * len(lines)
    for number, line in enumerate(lines):
        inside[number] = "|" in line and number > 0 and inside[number - 1]
        if number and "|" in lines[number - 1] and _RULE_LINE.fullmatch(line.strip()):
            inside[number - 1] = inside[number] = True
    if True not in inside:
        return None
    rows = [line.strip() if kept else "" for line, kept in zip(lines, inside, strict=True)]
    head = _head_of(_Row(1, tuple(lines[inside.index(True)].strip().strip("|").split("|"))))
    beside = "\n".join(line for line, kept in zip(lines, inside, strict=True) if not kept)
    return "\n".join(rows) if head.columns.keys() & set(_IDENTIFIERS) and not mentions(beside) else None


# --- rows ------------------------------------------------------------------------------------------------------------------------


def _rows(text: str) -> list[_Row]:
    """The rows that are not blank; Excel's first line `sep=;` names what parts the cells, else the mark that makes the best head does."""
    named = re.match(r"\s*\"?sep=(.)\"?[^\n]*\n", text, re.IGNORECASE)
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    if named:
        skipped = named[0].count("\n")
        return [_Row(row.line + skipped, row.cells) for row in _parted(text[named.end() :], named[1])]
    head = "\n".join(text.lstrip("\n").split("\n")[:_HEAD_WITHIN])
    return _parted(text, max(_DELIMITERS, key=lambda mark: (_known(head, mark), head.partition("\n")[0].count(mark))))


def _known(head: str, mark: str) -> int:
    return max((sum(map(len, _head_of(row).columns.values())) for row in _parted(head, mark)), default=0)


def _parted(text: str, mark: str) -> list[_Row]:
    """The rows by one mark. Programs that write tabs write no quotes around cells: one there that swallows rows is part of its text."""
    found = list(_read(text, mark, csv.QUOTE_MINIMAL))
    if mark == "\t" and any("\n" in cell and "\t" in cell for row in found for cell in row.cells):
        return list(_read(text, mark, csv.QUOTE_NONE))
    return found


def _read(text: str, mark: str, quoting: int) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(text), delimiter=mark, quoting=quoting, skipinitialspace=mark != "\t")  # type: ignore[arg-type]
    first = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield _Row(first, tuple(cell.strip() for cell in cells))
        first = reader.line_num + 1


def _is_rule(row: _Row) -> bool:
    """Whether a row is the line below a Markdown table's head."""
    return not "".join(row.cells).strip("-:+= ")


def _head_of(row: _Row) -> _Head:
    names = [re.sub(r"[\W_]+", "", name.casefold()) for name in row.cells]
    columns = {
        key: tuple(place for known in spellings for place, name in enumerate(names) if name == known)
        for key, spellings in _SPELLINGS.items()
    }
    return _Head(row.cells, {key: places for key, places in columns.items() if places})


_SPELLINGS = {key: [known.replace(" ", "") for known in names.split("; ")] for key, names in _COLUMNS.items()}


# --- one row ---------------------------------------------------------------------------------------------------------------------


def _entry(head: _Head, row: _Row, path: Path) -> SeedEntry:
    def cells(name: str) -> list[str]:
        return [row.cells[place] for place in head.columns.get(name, ()) if place < len(row.cells) and row.cells[place]]

    ids, passed_over = _named(head, row, path)
    ids = _completed(
        ids,
        [*cells("address"), *cells("extra")],
        dict(zip(("source", "external"), map(_first, map(cells, ("source", "external"))), strict=True)),
    )
    is_anothers = of_another(cells("source")) or any(map(_OTHERS_AT_EBSCO.search, cells("address")))
    extra = [] if is_anothers else [int(one) for one in cells("extra") if re.fullmatch(rf"[0-9]{{{_LEAST_DIGITS},9}}", one)]
    return SeedEntry(
        f"line {row.line}",
        row.line,
        ids,
        title=folded(_first(cells("title"))),
        abstract=folded(_first(cells("abstract"))),
        keywords=tuple(dict.fromkeys(term for cell in cells("keywords") for term in terms(cell))),
        headings=tuple(dict.fromkeys(term for cell in cells("headings") for term in terms(cell))),
        claimed_pmid=extra[0] if extra and not ids.pmid else None,
        passed_over=(*passed_over, *_several(head, row, path), *_ragged(head, row, path)),
    )


def _named(head: _Head, row: _Row, path: Path) -> tuple[Identifiers, tuple[Problem, ...]]:
    """What stands under PMID, DOI and PMCID, and the cells there that are not understood."""
    found: dict[str, object] = {}
    passed_over: list[Problem] = []
    for kind in _IDENTIFIERS:
        for place in head.columns.get(kind, ()):
            cell = row.cells[place] if place < len(row.cells) else ""
            value = None if cell.casefold() in _NOTHING else _READ[kind](cell)
            if value is None and cell.casefold() not in _NOTHING:
                passed_over.append(_not_understood(kind, cell, Place(path, row.line, place + 1, head.names[place])))
            elif value is not None:
                found.setdefault(kind, value)
    return Identifiers(**found), tuple(passed_over)  # type: ignore[arg-type]


def _not_understood(kind: str, cell: str, place: Place) -> Problem:
    shown = cell if len(cell) <= 60 else f"{cell[:57]}…"
    fix = f"write one {_NAMES[kind]} into the cell"
    if kind == "pmid" and re.fullmatch(r"\d[.,]\d+e\+?\d+", cell, re.IGNORECASE):
        fix = "the spreadsheet has rounded it: format the column as whole numbers, and export it anew"
    return Problem(f"“{shown}” is no {_NAMES[kind]}, and is passed over", fix, place)


def _several(head: _Head, row: _Row, path: Path) -> Iterator[Problem]:
    """Addresses of several records in one cell, of which the first counts."""
    for place in head.columns.get("address", ()):
        numbers = pmids_in(row.cells[place]) if place < len(row.cells) else ()
        if len(numbers) > 1:
            what = f"this cell leads to several papers at PubMed, {numbers[0]} and {numbers[1]}: the first counts"
            yield Problem(what, "write one paper on a row", Place(path, row.line, place + 1, head.names[place]))


def _ragged(head: _Head, row: _Row, path: Path) -> tuple[Problem, ...]:
    """More cells than the head: a comma in a title that has no quotes moves what stands behind it."""
    if not any(row.cells[len(head.names) :]):
        return ()
    what = f"this row has {len(row.cells)} cells, the head {len(head.names)}: what stands behind may be under another name"
    return (Problem(what, "put text that holds the mark between cells into quotes", Place(path, row.line)),)


def _pmid(cell: str) -> int | None:
    return pmid_of(cell) or _only(pmids_in(cell)) or identified(cell).pmid


def _doi(cell: str) -> str | None:
    return doi_of(cell) or _only(dois_in(cell))


def _pmcid(cell: str) -> str | None:
    return pmcid_of(cell) or (f"PMC{cell}" if cell.isascii() and cell.isdigit() and len(cell) <= 9 else identified(cell).pmcid)


_READ: Mapping[str, Callable[[str], object]] = {"pmid": _pmid, "doi": _doi, "pmcid": _pmcid}


def _completed(ids: Identifiers, others: Sequence[str], europe: Mapping[str, str]) -> Identifiers:
    """With what addresses and Zotero's Extra say, Web of Science's UT of MEDLINE, and Europe PMC's number of a record of MEDLINE."""
    pmid, doi, pmcid = ids.pmid, ids.doi, ids.pmcid
    for one in others:
        named = {mention.kind: mention.value for mention in reversed(own(one))}
        number = named.get("pmid") or ((found := _MEDLINE_NUMBER.search(one)) and found[1]) or ""
        pmid = pmid or pmid_of(number)
        doi = doi or named.get("doi")
        pmcid = pmcid or named.get("pmcid")
    if europe["source"].upper() == "MED":
        pmid = pmid or pmid_of(europe["external"])
    return Identifiers(pmid, doi, pmcid)


def _headless(row: _Row, path: Path) -> list[SeedEntry]:
    """A row without a head: the papers that it names where it holds nothing but identifiers, else its first cell of each kind."""
    cells = [cell for cell in row.cells if cell]
    found = [_of_cell(cell, is_first=place == 0) for place, cell in enumerate(cells)]
    if all(found):
        named = papers([one for ones in found for one in ones])
        several = SeedEntry(f"line {row.line}", row.line, passed_over=(_no_one_paper(row, path),))
        return [SeedEntry(f"line {row.line}", row.line, ids) for ids in named] if named else [several]
    firsts = {one.kind: one for ones in reversed(found) for one in reversed(ones)}
    one = papers(list(firsts.values()))
    if one and not _strays(cells, found):
        return [SeedEntry(f"line {row.line}", row.line, one[0])]
    return [SeedEntry(f"line {row.line}", row.line, passed_over=(_no_one_paper(row, path),))]


def _of_cell(cell: str, *, is_first: bool) -> list[Mention]:
    """The identifiers that a cell is; a short number may be anything, and one that looks like a day is one behind another cell."""
    if cell.isdigit() and (len(cell) < _LEAST_DIGITS or (is_date(cell) and not is_first)):
        return []
    ids = identified(cell)
    return [Mention(kind, str(value), 0, 0) for kind in _IDENTIFIERS if (value := getattr(ids, kind))]


def _strays(cells: Sequence[str], found: Sequence[Sequence[Mention]]) -> set[str]:
    """The numbers in a row that may be PMIDs, besides its first one."""
    named = [
        one.value for cell, ones in zip(cells, found, strict=True) for one in ones if one.kind == "pmid" and not _is_short(cell)
    ]
    first = next((one.value for ones in found for one in ones if one.kind == "pmid"), None)
    return {*named, *(number for cell in cells for number in loose_numbers(cell))} - {first}


def _is_short(cell: str) -> bool:
    return cell.isdigit() and len(cell) < _PMIDS_LENGTH


def _no_one_paper(row: _Row, path: Path) -> Problem:
    is_none = not any(identified(cell) for cell in row.cells)
    what = "this row names no paper" if is_none else "it cannot be told which identifiers in this row are one paper's"
    return Problem(what, "write one PMID, PMCID or DOI into a cell, or name the columns in the first row", Place(path, row.line))


def _first(cells: Sequence[str]) -> str:
    return cells[0] if cells else ""


def _only(found: Sequence[_Value]) -> _Value | None:
    return found[0] if len(found) == 1 else None
