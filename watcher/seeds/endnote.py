"""EndNote's tagged export (.enw), which refer and BibIX write too: a per cent sign and one character before each value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from watcher.seeds.entry import SeedEntry, folded, shown
from watcher.seeds.evidence import Evidence
from watcher.seeds.tagged import Field, Record, entries, fields

_TAG = re.compile(r"^%([0-9A-Z!@#$&()*+,<=>?\[\]^~|:])(?:\s(.*)|)$")
_DATABASES = ("~", "W")


def is_endnote(text: str) -> bool:
    """Whether a text holds such references: a type or a title, and another tag."""
    tags = set(re.findall(r"^%([0-9A-Z@])\s\S", text, re.MULTILINE))
    return bool(tags & {"0", "T"}) and len(tags) > 1


def read_endnote(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of such a text: %M is an accession number, a PMID where %~ or %W names PubMed or MEDLINE, a claim where neither is there.

    Raises:
        SeedError: it holds none.
    """
    return entries(_records(fields(text, _tag_of)), _entry, path, "%0 Journal Article")


def _tag_of(line: str) -> tuple[str, str] | None:
    found = _TAG.match(line)
    return (found[1], found[2] or "") if found else None


def _records(found: Iterable[Field]) -> Iterator[Record]:
    """A reference begins with its type (%0), or behind an empty line with another title."""
    record = Record()
    for one in found:
        if record and (
            (one.tag == "0" and len(record.fields) > 1) or (one.after_blank and record.has("T") and not record.has("0"))
        ):
            yield record
            record = Record()
        record.fields.append(one)
    if record:
        yield record


def _entry(record: Record, path: Path) -> SeedEntry:
    evidence = Evidence()
    evidence.doi_fields(record.all("R"))
    evidence.labelled(record.all("2", "3", "#", "$", "1", "F", "L"))
    evidence.notes(record.all("Z"))
    evidence.accession(record.all("M"), record.all(*_DATABASES))
    evidence.addresses(record.all("U", ">"))
    evidence.claim_notes(record.all("Z"))
    return SeedEntry(
        f"line {record.line}",
        record.line,
        evidence.ids,
        title=shown(record.first("T", "B", "!")),
        abstract=shown(record.first("X")),
        keywords=tuple(dict.fromkeys(_keywords(record))),
        claimed_pmid=evidence.claimed,
        passed_over=evidence.passed_over(path, record.line, record.line_of),
    )


def _keywords(record: Record) -> Iterator[str]:
    for value in record.all("K"):
        yield from (one for line in value.split("\n") if (one := folded(line).removeprefix("*")))
