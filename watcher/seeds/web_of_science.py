"""The text that Web of Science saves (savedrecs.txt, .ciw): tags of two letters, from PT to ER."""

from __future__ import annotations

import re
from pathlib import Path

from watcher.seeds.entry import SeedEntry, folded, shown, terms
from watcher.seeds.evidence import Evidence
from watcher.seeds.tagged import Record, begun, entries, fields

_TAG = re.compile(r"^([A-Z][A-Z0-9])(?: (.*)|)$")
_ACCESSION = re.compile(r"^MEDLINE:(\d{1,9})$", re.IGNORECASE)


def is_web_of_science(text: str) -> bool:
    """Whether a text holds such records: a type, a title, an end."""
    return all(re.search(pattern, text, re.MULTILINE) for pattern in (r"^PT [A-Z]\b", r"^TI \S", r"^(?:ER|EF)\s*$"))


def read_web_of_science(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of such a text: PM is the PMID, DI the DOI; UT is Web of Science's own number, or MEDLINE's.

    Raises:
        SeedError: it holds none.
    """
    return entries(begun(fields(text, _tag_of), "PT", ("ER", "EF")), _entry, path, "PT J")


def _tag_of(line: str) -> tuple[str, str] | None:
    found = _TAG.match(line.rstrip())
    return (found[1], found[2] or "") if found else None


def _entry(record: Record, path: Path) -> SeedEntry:
    evidence = Evidence()
    evidence.numbers(record.all("PM"))
    evidence.numbers(found for value in record.all("UT") for found in _ACCESSION.findall(value))
    evidence.doi_fields(record.all("DI"))
    keywords = [*terms(folded(record.first("DE"))), *terms(folded(record.first("ID")))]
    return SeedEntry(
        f"line {record.line}",
        record.line,
        evidence.ids,
        title=shown(record.first("TI")),
        abstract=shown(record.first("AB")),
        keywords=tuple(dict.fromkeys(keywords)),
        headings=terms(folded(record.first("MH"))),
        passed_over=evidence.passed_over(path, record.line, record.line_of),
    )
