"""Exports of PubMed and of reference managers: .nbib, .ris and .bib. Only what describes a paper's content is taken."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbib
import rispy
from bibtexparser.entrypoint import parse_string
from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, ParsingFailedBlock
from bibtexparser.model import Entry as BibEntry
from nbib.exceptions import MalformedLine, UnknownTagFormat
from pylatexenc.latex2text import LatexNodes2Text

from watcher.domain import Pmid
from watcher.errors import Place, Problem, SeedError
from watcher.seeds.entry import Entry, folded, refused, terms
from watcher.seeds.identifiers import Identifiers, doi_of, pmcid_of, pmid_of, pmids_in

for _talkative in ("bibtexparser", "pylatexenc.latex2text"):
    # they log each fault; here a fault that matters becomes an error, which is told once
    logging.getLogger(_talkative).setLevel(logging.CRITICAL)

_NBIB_TAGS = re.compile(r"^(PMID|PMC |TI  |AB  |OT  |MH  |LID |AID |BTI )- ?")
_IDENTIFIER_TAGS = ("LID", "AID")
_RIS_TAG = re.compile(r"^([A-Z][A-Z0-9])\s{0,3}-(?:\s|$)")
_GREEK = re.compile(r"\\text(alpha|beta|gamma|delta|epsilon|eta|theta|kappa|lambda|mu|omega|sigma|tau)\b")
_OTHER_DATABASE = re.compile(r"embase|scopus|web of|cinahl|psyc|inspec|biosis|wos\b", re.IGNORECASE)


# --- nbib ----------------------------------------------------------------------------------------------------------------------


def is_nbib(text: str) -> bool:
    """Whether a text begins like PubMed's own format."""
    return bool(re.search(r"^PMID- ?\d", text, re.MULTILINE))


def read_nbib(text: str, path: Path) -> tuple[Entry, ...]:
    """The papers of an .nbib file.

    Raises:
        SeedError: it holds none, or a line breaks the format.
    """
    return _each(_nbib_records(text), lambda line, record: _nbib_entry(line, record, path), path, "PMID- ")


def _nbib_records(text: str) -> Iterator[tuple[int, str]]:
    """Each record with the number of its first line, reduced to the tags that are wanted: others may break the library."""
    record: list[str] = []
    start, wanted = 1, False
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if not line.strip():
            if record:
                yield start, "\n".join(record)
            record, wanted = [], False
        elif line.startswith("      "):
            record += [line] if wanted else []
        else:
            start = start if record else number
            wanted = bool(_NBIB_TAGS.match(line)) and not (line.startswith(_IDENTIFIER_TAGS) and "[doi]" not in line)
            # the library knows a DOI under AID only
            record += [re.sub(r"^LID", "AID", line)] if wanted or not re.match(r"^[A-Z]{2,4} *- ?", line) else []


def _nbib_entry(line: int, record: str, path: Path) -> Entry:
    try:
        found = nbib.read(record + "\n\n")
    except (MalformedLine, UnknownTagFormat, ValueError) as error:
        raise refused(path, line, "a line of this record is not in PubMed's format", "export the paper from PubMed anew") from error
    values: Mapping[str, Any] = found[0] if found else {}
    pmcid = values.get("pmcid")
    return Entry(
        f"line {line}",
        line,
        Identifiers(
            Pmid(values["pubmed_id"]) if values.get("pubmed_id") else None,
            doi_of(values.get("doi", "")),
            f"PMC{pmcid}" if pmcid else None,
        ),
        title=folded(values.get("title", "") or values.get("book_title", "")),
        abstract=folded(values.get("abstract", "")),
        keywords=tuple(map(folded, values.get("keywords", ()))),
        headings=tuple(dict.fromkeys(one["descriptor"] for one in values.get("descriptors", ()))),
    )


# --- RIS -----------------------------------------------------------------------------------------------------------------------


def is_ris(text: str) -> bool:
    """Whether a text begins like RIS."""
    return bool(re.search(r"^TY\s{1,3}- ?\w", text, re.MULTILINE))


def read_ris(text: str, path: Path) -> tuple[Entry, ...]:
    """The papers of a .ris file. AN counts as a PMID unless the record names another database.

    Raises:
        SeedError: it holds none, or text stands outside of the records.
    """
    return _each(_ris_records(text, path), _ris_entry, path, "TY  - ")


def _ris_records(text: str, path: Path) -> Iterator[tuple[int, str]]:
    """Each record with the number of its first line, ended where its end is missing: the library drops such a one in silence."""
    record: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), start=1):
        tag = _RIS_TAG.match(line)
        name = tag[1] if tag else ""
        if name in ("TY", "ER") and record:
            yield start, "\n".join([*record, "ER  - "])
            record = []
        if name == "TY":
            start = number
        if name == "TY" or record:
            record.append(_RIS_TAG.sub(r"\1  - ", line))
        elif name not in ("", "ER"):
            raise refused(path, number, "this stands outside of a reference", "begin each reference with a line `TY  - JOUR`")
    if record:
        yield start, "\n".join([*record, "ER  - "])


def _ris_entry(line: int, record: str) -> Entry:
    values: dict[str, Any] = next(iter(rispy.loads(record)), {})
    return Entry(
        f"line {line}",
        line,
        Identifiers(_ris_pmid(values), doi_of(values.get("doi", "")), pmcid_of(values.get("custom2", ""))),
        title=folded(values.get("title") or values.get("primary_title") or ""),
        abstract=folded(values.get("abstract") or values.get("notes_abstract") or ""),
        keywords=tuple(dict.fromkeys(map(folded, values.get("keywords", ())))),
    )


def _ris_pmid(values: Mapping[str, Any]) -> Pmid | None:
    told = " ".join([*values.get("notes", ()), *values.get("urls", ())])
    if found := pmids_in(told):
        return found[0]
    base = f"{values.get('name_of_database', '')} {values.get('database_provider', '')}"
    return None if _OTHER_DATABASE.search(base) else pmid_of(values.get("accession_number", ""))


# --- BibTeX --------------------------------------------------------------------------------------------------------------------


def is_bib(text: str) -> bool:
    """Whether a text begins like BibTeX: with an entry, below comments and the line that JabRef writes."""
    return bool(
        re.match(r"(?:\s*%[^\n]*\n|\s*This file was created with[^\n]*\n|\s*Encoding:[^\n]*\n)*\s*@\s*[A-Za-z]+\s*[{(]", text)
    )


def read_bib(text: str, path: Path) -> tuple[Entry, ...]:
    """The papers of a .bib file, freed of LaTeX.

    Raises:
        SeedError: it holds none, an entry cannot be read, or two have the same key.
    """
    library = parse_string(text)
    if library.failed_blocks:
        raise SeedError(*(_bib_problem(block, path) for block in library.failed_blocks))
    if not library.entries:
        raise refused(path, None, "the file holds no entry", "an entry begins with @article{key,")
    return tuple(_bib_entry(entry) for entry in library.entries)


def _bib_problem(block: ParsingFailedBlock, path: Path) -> Problem:
    place = Place(path, (block.start_line or 0) + 1)
    if isinstance(block, DuplicateBlockKeyBlock):
        return Problem(f"the key {block.key} is here twice", "give one of the two another key", place)
    if isinstance(block, DuplicateFieldKeyBlock):
        return Problem(f"the entry has twice: {', '.join(sorted(block.duplicate_keys))}", "keep one of the two", place)
    return Problem("this entry cannot be read", "look for a brace or a comma that is missing", place)


def _bib_entry(entry: BibEntry) -> Entry:
    values = {field.key.lower(): str(field.value) for field in entry.fields}
    note = f"{values.get('note', '')} {values.get('annote', '')}"
    pmids = pmids_in(note)
    return Entry(
        f"entry {entry.key}",
        (entry.start_line or 0) + 1,
        Identifiers(
            pmid_of(values.get("pmid", "")) or (pmids[0] if pmids else None),
            doi_of(values.get("doi", "").strip("{}")) or doi_of(values.get("url", "")),
            pmcid_of(values.get("pmcid", "") or values.get("pmc", "")),
        ),
        title=_plain(values.get("title", "")),
        abstract=_plain(values.get("abstract", "")),
        keywords=terms(_plain(values.get("keywords", ""))),
    )


def _plain(latex: str) -> str:
    """LaTeX as text. A bare % is a per cent sign in what people export, not a comment."""
    latex = re.sub(r"(?<!\\)%", r"\\%", _GREEK.sub(r"$\\\1$", latex))
    return folded(str(LatexNodes2Text(math_mode="text").latex_to_text(latex)))


# --- both ------------------------------------------------------------------------------------------------------------------------


def _each(records: Iterator[tuple[int, str]], read: Callable[[int, str], Entry], path: Path, beginning: str) -> tuple[Entry, ...]:
    entries = tuple(read(line, record) for line, record in records)
    if not entries:
        raise refused(path, None, "the file holds no reference", f"a reference begins with {beginning!r}")
    return entries
