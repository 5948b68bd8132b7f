"""PubMed's "Abstract (text)", as its Save and Email buttons and EFetch give it: numbered records of paragraphs.

1. Journal. 2026 Jan 5;12(1):1-9. doi: 10.….

Title.

Authors.

Author information:
(1)…

Comment in
    Journal. 2026;…

The abstract, in one or more paragraphs.

DOI: 10.…
PMCID: PMC…
PMID: 12345678 [Indexed for MEDLINE]

Conflict of interest statement: …
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from watcher.seeds.citations import AUTHORS
from watcher.seeds.entry import SeedEntry, folded, refused
from watcher.seeds.identifiers import Identifiers, doi_of, pmcid_of, pmid_of
from watcher.seeds.mentions import OTHERS, mentions

_HEAD = re.compile(r"(\d{1,5})[.:]\s+\S.*\b(?:1[89]|20)\d\d\b", re.DOTALL)
_PMID_LINE = re.compile(r"^PMID:?[ \t]*(\d{1,9})[ \t]*(?:\[[^\]\n]*\][ \t]*)?$", re.MULTILINE)
_ID_LINE = re.compile(r"^(PMID|PMCID|DOI):?[ \t]*(\S+)", re.MULTILINE | re.IGNORECASE)
_IDS = re.compile(r"(?:DOI|PMCID|PMID):?\s*\S+", re.IGNORECASE)
_ABOUT_AUTHORS = re.compile(
    r"Author information:|Collaborators?:|Conflict of interest|Copyright\b|©|\(C\)|Published by\b|\[No authors listed\]",
    re.IGNORECASE,
)
_ARTICLE_IN = re.compile(r"\[Article in [^\]]*\]$")


def is_abstracts(text: str) -> bool:
    """Whether a text is a set of records in PubMed's "Abstract (text)"."""
    return bool(_PMID_LINE.search(text)) and any(map(_is_record, (record for _, record in _records(text))))


def _is_record(text: str) -> bool:
    """Whether a title stands between the journal and the PMID."""
    _, *rest = text.split("\n\n")
    return bool(rest) and not _IDS.match(rest[0]) and any(map(_PMID_LINE.search, rest[1:]))


def read_abstracts(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of the set.

    Raises:
        SeedError: it holds none.
    """
    found = tuple(_entry(line, record) for line, record in _records(text))
    if not found:
        raise refused(path, None, "the file holds no record", "save the papers from PubMed anew")
    return found


def _records(text: str) -> Iterator[tuple[int, str]]:
    """Each record with the number of its first line: a paragraph that begins with the next number and has a year in it, once the record
    before has its PMID or two blank lines part them."""
    paragraphs = list(_paragraphs(text))
    start, number, held = 0, 0, list[str]()
    for line, paragraph, gap in paragraphs:
        head = _HEAD.match(paragraph)
        is_closed = not held or gap > 1 or any(map(_PMID_LINE.search, held))
        if head and int(head[1]) > number and is_closed:
            if held:
                yield start, "\n\n".join(held)
            start, number, held = line, int(head[1]), [paragraph]
        elif held:
            held.append(paragraph)
    if held:
        yield start, "\n\n".join(held)


def _paragraphs(text: str) -> Iterator[tuple[int, str, int]]:
    """Each paragraph with the number of its first line and how many blank lines stand before it."""
    held, gap = list[str](), 0
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            held.append(line.rstrip())
            continue
        if held:
            yield number - len(held), "\n".join(held), gap
            held, gap = [], 0
        gap += 1


def _entry(line: int, record: str) -> SeedEntry:
    head, *rest = record.split("\n\n")
    title = folded(rest[0]) if rest and not _IDS.match(rest[0]) else ""
    named = {name.lower(): value for one in rest if _IDS.match(one) for name, value in _ID_LINE.findall(one)}
    in_head = [one.value for one in mentions(head) if one.kind == "doi"]
    return SeedEntry(
        f"line {line}",
        line,
        Identifiers(
            pmid_of(named.get("pmid", "")),
            doi_of(named.get("doi", "")) or (in_head[0] if in_head else None),
            pmcid_of(named.get("pmcid", "")),
        ),
        title=_ARTICLE_IN.sub("", title).strip(),
        abstract=folded(" ".join(_abstract(rest[1:]))),
    )


def _abstract(paragraphs: list[str]) -> Iterator[str]:
    """What is left without authors, notes on other records, copyright and identifiers."""
    for number, paragraph in enumerate(paragraphs):
        is_others = OTHERS.match(paragraph.lstrip()) and "\n" in paragraph
        is_authors = number <= 1 and _is_authors(folded(paragraph))
        if not (
            is_others
            or is_authors
            or _ABOUT_AUTHORS.match(paragraph)
            or _IDS.match(paragraph)
            or _ARTICLE_IN.match(folded(paragraph))
        ):
            yield paragraph


def _is_authors(text: str) -> bool:
    found = AUTHORS.match(text)
    return bool(found) and found is not None and len(text) - found.end() <= 1
