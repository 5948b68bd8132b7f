"""The sample records of the demo: invented papers on the neuromuscular junction, in genuine PubMed XML.

`records/*.xml` holds them by theme, `records/changes.xml` the forms that some take later, and `records/plan.toml` says on which
day each appears, changes, becomes fetchable or vanishes, and what it shows. All days are fixed to a demo that starts on
DEMO_START: the dates inside the XML belong to them. No record is a real paper's, and none is fetched from anywhere.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import islice, product
from typing import Any

from lxml import etree

from .corpus import Planted

DEMO_START = date(2026, 9, 7)
"""The Monday on which the demo's watch looks at PubMed for the first time."""

DIGEST_DAYS = (date(2026, 9, 14), date(2026, 9, 21), date(2026, 9, 28))
"""The Mondays on which the demo's digests go out."""

MARK = "Invented sample record of the watcher demo; no such paper exists."
"""Stands in every record, as a general note or as its copyright line."""

_RECORDS = files(__package__) / "records"
_CHANGES = "changes.xml"
_PLAN = "plan.toml"

_RECORD_TAGS = ("PubmedArticle", "PubmedBookArticle")

_Element = etree._Element  # noqa: SLF001 - lxml gives its element type no public name


class Kind(StrEnum):
    """What a record is to the demo's watch."""

    TOPIC = "topic"
    NOISE = "noise"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Fate:
    """One line of the plan. `changes` are the days from which the record reads as in changes.xml; `authors` is the length to
    which its author list is filled up, 0 for the list as it stands; `shows` says what a parser may trip over."""

    part: str
    pmid: int
    appears: date
    kind: Kind
    shows: str
    version: int = 1
    changes: tuple[date, ...] = ()
    vanishes: date | None = None
    fetchable: date | None = None
    authors: int = 0


def plan() -> tuple[Fate, ...]:
    """Every line of plan.toml, part by part. A record with a second version has a line for each."""
    parts = tomllib.loads((_RECORDS / _PLAN).read_text(encoding="utf-8"))
    return tuple(_fate(part, int(pmid), line) for part, lines in parts.items() for pmid, line in lines.items())


def planted() -> tuple[Planted, ...]:
    """All sample records with their fates, ready for `Corpus.of`.

    Raises:
        KeyError: the plan names a record, a version or a change that no file holds.
    """
    first, later = _first_forms(), _later_forms()
    return tuple(_planted(fate, first, later) for fate in plan())


def record_files() -> tuple[Traversable, ...]:
    """The XML files that hold the samples, each a PubmedArticleSet."""
    return tuple(sorted((file for file in _RECORDS.iterdir() if file.name.endswith(".xml")), key=lambda file: file.name))


def with_authors(record: bytes, total: int) -> bytes:
    """The record with an author list of `total` names.

    A thousand authors are genuine, but nobody would read them in a file: invented names are put in before the last author, each
    different, the same at every call.

    Args:
        record: one PubmedArticle with an author list.
        total: how long the list shall be; shorter than it is, and nothing is added.
    """
    root = etree.fromstring(record, _parser())
    (listed,) = root.iterfind("MedlineCitation/Article/AuthorList")
    for name in islice(_invented_names(), max(total - len(listed), 0)):
        listed.insert(len(listed) - 1, _author(*name))
    return etree.tostring(root, encoding="utf-8")


def _fate(part: str, pmid: int, line: dict[str, Any]) -> Fate:
    return Fate(part, pmid, **{**line, "kind": Kind(line["kind"]), "changes": tuple(line.get("changes", ()))})


def _planted(fate: Fate, first: dict[int, bytes], later: dict[tuple[int, int, date], bytes]) -> Planted:
    record = first[fate.pmid] if fate.version == 1 else later[fate.pmid, fate.version, fate.appears]
    return Planted(
        with_authors(record, fate.authors) if fate.authors else record,
        appears_at=fate.appears,
        changes=tuple((day, later[fate.pmid, fate.version, day]) for day in fate.changes),
        vanishes_at=fate.vanishes,
        fetchable_at=fate.fetchable,
    )


def _first_forms() -> dict[int, bytes]:
    """The records as they first stand, by pmid."""
    elements = (element for file in record_files() if file.name != _CHANGES for element in _elements(file))
    return {int(_text(element, "*/PMID")): _alone(element) for element in elements}


def _later_forms() -> dict[tuple[int, int, date], bytes]:
    """What stands in changes.xml, by pmid, version and DateRevised, the day from which it is in force."""
    return {_form(element): _alone(element) for element in _elements(_RECORDS / _CHANGES)}


def _form(element: _Element) -> tuple[int, int, date]:
    (pmid,) = element.iterfind("*/PMID")
    revised = date(*(int(_text(element, f"*/DateRevised/{part}")) for part in ("Year", "Month", "Day")))
    return int(pmid.text or ""), int(pmid.get("Version", "1")), revised


def _elements(file: Traversable) -> Iterator[_Element]:
    return etree.fromstring(file.read_bytes(), _parser()).iterchildren(*_RECORD_TAGS)


def _parser() -> etree.XMLParser:
    """Nothing is fetched for a DTD."""
    return etree.XMLParser(load_dtd=False, no_network=True, resolve_entities=False)


def _alone(element: _Element) -> bytes:
    return etree.tostring(element, encoding="utf-8", with_tail=False)


def _text(element: _Element, path: str) -> str:
    return element.findtext(path) or ""


def _author(last: str, fore: str) -> _Element:
    author = etree.Element("Author", ValidYN="Y")
    for tag, text in (("LastName", last), ("ForeName", fore), ("Initials", fore[0])):
        etree.SubElement(author, tag).text = text
    return author


def _invented_names() -> Iterator[tuple[str, str]]:
    """10,000 last names from four lists of syllables, and first names in turn."""
    beginnings = ("Al", "Bor", "Cas", "Dun", "El", "Fen", "Gri", "Hal", "Ist", "Jor")
    middles = ("a", "be", "do", "ga", "le", "mi", "no", "ra", "sa", "ve")
    ends = ("berg", "court", "dottir", "field", "hout", "lund", "moor", "quist", "stead", "wick")
    firsts = ("Ada", "Bao", "Chidi", "Dana", "Emil", "Farah", "Goran", "Hina", "Ivo", "Jun", "Kofi")
    for number, (middle, again, end, beginning) in enumerate(product(middles, middles, ends, beginnings)):
        yield f"{beginning}{middle}{again}{end}", firsts[number % len(firsts)]
