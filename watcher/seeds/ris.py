"""RIS, with the lapses of those who write it: Ovid's tags between the references, EBSCO's and Embase's places for identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from watcher.seeds.entry import SeedEntry, folded, shown
from watcher.seeds.evidence import Evidence
from watcher.seeds.tagged import Field, Record, entries, fields

_TAG = re.compile(r"^\s{0,8}([A-Z][A-Z0-9])  [-–](?:\s(.*)|)$")
_LAX_TAG = re.compile(r"^([A-Z][A-Z0-9])\s{0,3}[-–](?:\s+(.*)|(\w.*)|)$")
_LONG_TAG = re.compile(r"^(PMID|PMCID|DOI)\s{0,3}-\s+(\S.*)$")
_OF_LONG = {"PMID": "PM", "PMCID": "PC", "DOI": "DO"}
"""Tags that scripts write, which RIS does not have, and what they are here."""
_BARE_END = re.compile(r"^ER\s*$")
_KNOWN = re.compile(
    "TY|ER|A[1-4BDNUV]|B[NT]|C[1-8ANPTY]|D[ABIOP]|E[DPT]|I[DS]|J[12AFO]|KW|L[1-4ABK]|M[123]|N[12V]|OP|P[BMPY]|R[INP]|S[ENPT]|T[123AIT]|U[1-5R]|V[LO]|Y[12]"
)
"""Tags that count also where there are other spaces around the dash."""
_TITLES = ("TI", "T1", "CT", "BT", "TT", "ST")
_LABELLED = ("U1", "U2", "U3", "U4", "U5", "C1", "C2", "C3", "C4", "C5", "C6", "C8", "M1", "M2", "M3", "ID", "L3", "LB")
_NOTES = ("N1", "RN")
_ADDRESSES = ("UR", "LK", "L2", "L1", "L3", "L4", "M3")
_COCHRANE = re.compile(r"(?:^|,)\s*PUBMED (\d{1,9})\s*(?=,|$)")
_SAID_OF_EMBASE = re.compile(r"embase|medline", re.IGNORECASE)
_SAID_OF_SCOPUS = re.compile(r"scopus", re.IGNORECASE)


def is_ris(text: str) -> bool:
    """Whether a text holds RIS: a line that names a reference's type, or tags and an end."""
    if re.search(r"^\s{0,8}TY\s{1,3}[-–] {0,3}\w", text, re.MULTILINE):
        return True
    return bool(re.search(r"^ER  - ?$", text, re.MULTILINE) and re.search(r"^(?:TI|T1|AU|A1)  - ", text, re.MULTILINE))


def read_ris(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of a text in RIS.

    AN is a PMID where DB or DP names PubMed or MEDLINE and no other, and a claim where neither is there.

    Raises:
        SeedError: it holds none.
    """
    return entries(_records(fields(text, _tag_of)), _entry, path, "TY  - JOUR")


def _tag_of(line: str) -> tuple[str, str] | None:
    if found := _TAG.match(line):
        return found[1], found[2] or ""
    if found := _LONG_TAG.match(line):
        return _OF_LONG[found[1]], found[2]
    lax = _LAX_TAG.match(line)
    if lax and _KNOWN.fullmatch(lax[1]):
        return lax[1], lax[2] or lax[3] or ""
    return ("ER", "") if _BARE_END.match(line) else None


def _records(found: Iterable[Field]) -> Iterator[Record]:
    """The references: from TY to ER, or to the next TY where the end is missing.

    Tags between the end of one and TY of the next are the next's where its writer puts TY later, or it has no title without them; they
    are a reference of their own where they have a title; else (Ovid) they are nobody's.
    """
    strays, late = Record(), False
    for number, (record, ended) in enumerate(_segments(found)):
        if not record.has("TY") and not ended:
            strays, late = record, late or number == 0
            continue
        if strays and (late or not record.has(*_TITLES)):
            yield Record([*strays.fields, *record.fields])
        else:
            yield from (one for one in (strays, record) if one is record or one.has(*_TITLES))
        strays = Record()
    if strays.has(*_TITLES):
        yield strays


def _segments(found: Iterable[Field]) -> Iterator[tuple[Record, bool]]:
    """Runs of fields, each with whether ER ended it; TY begins another."""
    record = Record()
    for one in found:
        if one.tag == "TY" and record:
            yield record, record.has("TY")
            record = Record()
        if one.tag != "ER":
            record.fields.append(one)
        elif record:
            yield record, True
            record = Record()
    if record:
        yield record, record.has("TY")


def _entry(record: Record, path: Path) -> SeedEntry:
    evidence = _evidence(record)
    return SeedEntry(
        f"line {record.line}",
        record.line,
        evidence.ids,
        title=shown(record.first(*_TITLES)),
        abstract=shown(record.first("AB", "N2")),
        keywords=tuple(dict.fromkeys(_keywords(record))),
        claimed_pmid=evidence.claimed,
        passed_over=evidence.passed_over(path, record.line, record.line_of),
    )


def _keywords(record: Record) -> Iterator[str]:
    """One a line, also where a line has no tag of its own; or several, parted by semicolons."""
    for value in record.all("KW"):
        yield from (one for part in re.split(r"[;\n]", value) if (one := folded(part).removeprefix("*")))


def _evidence(record: Record) -> Evidence:
    databases = record.all("DB", "DP")
    evidence = Evidence()
    evidence.numbers(record.all("PM"))
    evidence.doi_fields(record.all("DO", "DI"))
    evidence.pmcid_fields(record.all("PC"))
    evidence.labelled(record.all(*_LABELLED))
    evidence.notes(record.all(*_NOTES))
    evidence.accession(record.all("AN"), databases)
    evidence.numbers(found for value in record.all("C3") for found in _COCHRANE.findall(value))
    evidence.custom(record.all("C5"), databases, _SAID_OF_EMBASE)
    evidence.custom(record.all("C2"), databases, _SAID_OF_SCOPUS)
    evidence.addresses(record.all(*_ADDRESSES))
    evidence.claim_notes(record.all("N1"))
    evidence.claim_ids([] if record.has("AN") else record.all("ID"), databases)
    return evidence
