"""RefWorks' tagged format: tags of two characters as in RIS, each followed by a space, from RT on."""

from __future__ import annotations

import re
from pathlib import Path

from watcher.seeds.entry import SeedEntry, folded, shown
from watcher.seeds.evidence import Evidence
from watcher.seeds.tagged import Record, begun, entries, fields

_TAG = re.compile(r"^([A-Z][A-Z0-9])(?: (.*)|)$")


def is_refworks(text: str) -> bool:
    """Whether a text holds such references: a type and a title."""
    return bool(re.search(r"^RT [A-Z][a-z]", text, re.MULTILINE) and re.search(r"^T1 \S", text, re.MULTILINE))


def read_refworks(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of such a text: AN is a PMID where DS or DB names PubMed or MEDLINE, and a claim where neither is there.

    Raises:
        SeedError: it holds none.
    """
    return entries(begun(fields(text, _tag_of), "RT"), _entry, path, "RT Journal Article")


def _tag_of(line: str) -> tuple[str, str] | None:
    found = _TAG.match(line.rstrip())
    return (found[1], found[2] or "") if found else None


def _entry(record: Record, path: Path) -> SeedEntry:
    evidence = Evidence()
    evidence.numbers(record.all("PM"))
    evidence.doi_fields(record.all("DO"))
    evidence.labelled(record.all("U1", "U2", "U3", "U4", "U5", "PC"))
    evidence.notes(record.all("NO"))
    evidence.accession(record.all("AN"), record.all("DS", "DB", "RD"))
    evidence.addresses(record.all("LK", "UL", "U5"))
    return SeedEntry(
        f"line {record.line}",
        record.line,
        evidence.ids,
        title=shown(record.first("T1", "T2")),
        abstract=shown(record.first("AB")),
        keywords=tuple(dict.fromkeys(folded(one).removeprefix("*") for one in record.all("K1"))),
        claimed_pmid=evidence.claimed,
        passed_over=evidence.passed_over(path, record.line, record.line_of),
    )
