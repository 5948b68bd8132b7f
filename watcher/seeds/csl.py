"""CSL-JSON, of `watcher export`, Zotero, pandoc, Quarto and publishers' pages: an array of items, or one item."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from watcher.seeds.entry import SeedEntry, refused, shown, terms
from watcher.seeds.evidence import Evidence

_OF_PAPERS = frozenset({"title", "DOI", "PMID", "PMCID"})
_OPENING = re.compile(r"(\s*(?:\[\s*)?)\{")
_SPACE = re.compile(r"[\s,]*")
_FIX = "export the papers as RIS (.ris) or as CSL JSON anew; from PubMed: Save, format PubMed"


def is_csl(text: str) -> bool:
    """Whether a text is CSL-JSON: JSON whose first item has a type or an id, and what papers have."""
    opening = _OPENING.match(text)
    if opening is None:
        return False
    try:
        first, _ = json.JSONDecoder().raw_decode(text, opening.end(1))
    except (ValueError, RecursionError):
        return False
    return bool(first.keys() & {"type", "id"} and first.keys() & _OF_PAPERS)


def read_csl(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of a text in CSL-JSON. What its `note` labels as PMID or PMCID counts as in notes: Zotero keeps them there.

    Raises:
        SeedError: it is no JSON, or holds no item.
    """
    found = tuple(_entry(item, line, path) for item, line in _items(text, path))
    if not found:
        raise refused(path, None, "the file holds no item of CSL-JSON", _FIX)
    return found


def _items(text: str, path: Path) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Each item with the line on which it begins."""
    decoder, at = json.JSONDecoder(), len(text) - len(text.lstrip())
    at += text.startswith("[", at)
    line, counted = 1, 0
    while (at := _SPACE.match(text, at).end()) < len(text) and text[at] != "]":  # type: ignore[union-attr]  # it matches anywhere
        line, counted = line + text.count("\n", counted, at), at
        try:
            item, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise refused(path, line, "the item that begins here is no JSON", _FIX) from error
        if isinstance(item, dict):
            yield item, line


def _entry(item: Mapping[str, Any], line: int, path: Path) -> SeedEntry:
    def of(*names: str) -> list[str]:
        return [str(item[name]) for name in names if isinstance(item.get(name), str | int) and item[name]]

    def text(name: str) -> str:
        return shown(" ".join(of(name)))

    evidence = Evidence()
    evidence.numbers(of("PMID"))
    evidence.doi_fields(of("DOI"))
    evidence.pmcid_fields(of("PMCID"))
    evidence.notes(of("note", "annote"))
    evidence.addresses(of("URL"))
    key = " ".join(of("id"))
    return SeedEntry(
        f"item {key}" if key else f"line {line}",
        line,
        evidence.ids,
        title=text("title"),
        abstract=text("abstract"),
        keywords=terms(" ".join(of("keyword"))),
        claimed_pmid=evidence.claimed,
        passed_over=evidence.passed_over(path, line),
    )
