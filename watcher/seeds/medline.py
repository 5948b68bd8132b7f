"""PubMed's own format, which it calls PubMed, MEDLINE or .nbib: tags of four letters, values that go on below, indented.

Ovid writes the like: its number (UI) is a PMID where DB names MEDLINE; NLM's own UI is another number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from watcher.seeds.entry import SeedEntry, folded, shown
from watcher.seeds.evidence import Evidence
from watcher.seeds.tagged import Field, Record, entries, fields

_TAG = re.compile(r"^(?:\d{1,5}: (?=PMID-))?([A-Z][A-Z0-9]{1,3}) *- ?(.*)$")
"""Earlier saves of PubMed have a number before the first tag of each record: `1: PMID- 33390062`."""
_NAMED = re.compile(r"^(?:PMID|PMC |PMCR|OWN |STAT|UI  |VN {1,2})- ?\S", re.MULTILINE)
_OTHER_LINE = re.compile(r"^(?:TI {1,2}|TT  |BTI |AB  |AU  |FAU |DP  |JT  |MH  |AID |LID )- ?\S", re.MULTILINE)
_SOURCE_DOI = re.compile(r"\bdoi: (10\.\S+)")
_ONCE = frozenset({"PMID", "PMC", "TI", "OWN", "STAT", "UI", "VN"})


def is_medline(text: str) -> bool:
    """Whether a text is in PubMed's format, whatever tag it begins with. RIS has some of its tags, and TY besides."""
    has_pmid = re.search(r"^(?:\d{1,5}: )?PMID- ?\d", text, re.MULTILINE)
    return bool(has_pmid or (_NAMED.search(text) and _OTHER_LINE.search(text))) and not re.search(
        r"^TY\s{1,3}- ", text, re.MULTILINE
    )


def read_medline(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of a text in PubMed's format.

    Raises:
        SeedError: it holds none.
    """
    return entries(_records(fields(text, _tag_of, indented=True)), _entry, path, "PMID- ")


def _tag_of(line: str) -> tuple[str, str] | None:
    found = _TAG.match(line)
    return (found[1], found[2]) if found and found.start(2) - found.start(1) <= 6 else None


def _records(found: Iterable[Field]) -> Iterator[Record]:
    """The records, which an empty line parts. A statement of interests may hold empty lines too: behind one, a record begins with the tag
    that the file begins with, or where a tag comes again that a record has once; a second PMID begins one in any case."""
    record, seen, first = Record(), set[str](), ""
    for lines in _paragraphs(found):
        first = first or lines[0].tag
        if record and (lines[0].tag == first or any(one.tag in _ONCE & seen for one in lines)):
            yield record
            record, seen = Record(), set()
        record.fields += lines
        seen.update(one.tag for one in lines)
    if record:
        yield record


def _paragraphs(found: Iterable[Field]) -> Iterator[list[Field]]:
    """Fields without an empty line, or a second PMID, between them."""
    lines: list[Field] = []
    has_pmid = False
    for one in found:
        if lines and (one.after_blank or (one.tag == "PMID" and has_pmid)):
            yield lines
            lines, has_pmid = [], False
        lines.append(one)
        has_pmid = has_pmid or one.tag == "PMID"
    if lines:
        yield lines


def _entry(record: Record, path: Path) -> SeedEntry:
    evidence = Evidence()
    evidence.numbers(value.split()[0] for value in record.all("PMID"))
    evidence.doi_fields(value for value in record.all("AID", "LID") if "[doi]" in value)
    evidence.doi_fields([*record.all("DO"), *_SOURCE_DOI.findall(folded(" ".join(record.all("SO"))))])
    evidence.labelled(record.all("AID", "LID"))
    evidence.pmcid_fields(record.all("PMC"))
    evidence.accession(record.all("UI", "AN") if record.has("DB") else [], record.all("DB"))
    return SeedEntry(
        f"line {record.line}",
        record.line,
        evidence.ids,
        title=shown(record.first("TI", "BTI", "TT")),
        abstract=shown(record.first("AB")),
        keywords=tuple(dict.fromkeys(folded(one).removeprefix("*") for one in record.all("OT"))),
        headings=tuple(dict.fromkeys(_heading(one) for one in record.all("MH"))),
        passed_over=evidence.passed_over(path, record.line, record.line_of),
    )


def _heading(text: str) -> str:
    """A heading without its qualifiers and the mark of a main topic."""
    return folded(text).partition("/")[0].removeprefix("*")
