"""Seeds: the papers that the lab chose as examples, read from the files of a folder.

    *.txt *.md            a page about one paper (pages), a list of papers or references (lists), or an export saved as text
    *.list *.csv *.tsv    a list of papers (lists), or a table of them (tables)
    *.nbib *.ris *.bib    exports of databases and reference managers (medline, ris, bibtex; csl, endnote, refworks, web_of_science)

This room reads files and nothing else: what PubMed knows of a seed is found by the flow `resolve`. Hidden files, README files and
folders are passed over, and so are editors' leftovers, which are told; any other file must be understood, so that no example is
silently left out. Of a file that is understood, an entry that is not costs itself and is told.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from watcher.domain import Seed
from watcher.errors import Place, Problem, SeedError
from watcher.seeds.duplicates import distinct, told_apart
from watcher.seeds.encoding import decoded
from watcher.seeds.entry import SeedEntry, refused
from watcher.seeds.kinds import KNOWN, entries_of, refuse_kind
from watcher.unreadable import is_absence, mend, unlisted

__all__ = ["Examples", "distinct", "read", "read_examples", "read_file", "together"]

_PASSED_OVER = frozenset({"thumbs.db", "desktop.ini"})
_LEFTOVER = re.compile(r"~$|^#.*#$|\.(?:bak|swp|swo|orig|old|save|rej|te?mp|part|crdownload)\d*$", re.IGNORECASE)
"""How editors, browsers and version control call what they leave beside a file, or have not finished."""


@dataclass(frozen=True, slots=True)
class Examples:
    """The seeds of a folder, and what in its files was passed over, each with its line."""

    seeds: tuple[Seed, ...]
    passed_over: tuple[Problem, ...] = ()


def read(folder: Path, *, root: Path) -> tuple[Seed, ...]:
    """The seeds of a folder without what is to be told of them; otherwise as `read_examples`."""
    return read_examples(folder, root=root).seeds


def read_examples(folder: Path, *, root: Path) -> Examples:
    """The seeds of a folder, in the order of its files' names; a paper that is there twice comes once (`together`).

    Args:
        folder: whose files are read.
        root: the folder `seeds/`; a seed's `path` is relative to it.

    Raises:
        SeedError: every file, line or entry that cannot be understood, and a folder without any.
    """
    seeds: list[Seed] = []
    passed_over: list[Problem] = []
    problems: list[Problem] = []
    for path in _files(folder):
        try:
            found = _seeds(path, root)
        except SeedError as error:
            problems += error.problems
        else:
            seeds += found.seeds
            passed_over += found.passed_over
    if problems:
        raise SeedError(*problems)
    if not seeds:
        raise refused(folder, None, "the folder holds no papers", f"put one or more into it: {KNOWN}")
    return together([Examples(tuple(seeds), tuple(passed_over))], root=root)


def together(examples: Iterable[Examples], *, root: Path) -> Examples:
    """The seeds of several folders: a paper that is there twice comes once, and one that contradicts another with the same identifier
    stays beside it and is told.

    Args:
        examples: of the folders, in their order.
        root: as for `read_examples`.
    """
    examples = tuple(examples)
    seeds, passed_over = told_apart((seed for each in examples for seed in each.seeds), root)
    return Examples(seeds, tuple(dict.fromkeys([*(problem for each in examples for problem in each.passed_over), *passed_over])))


def read_file(path: Path, *, root: Path) -> tuple[Seed, ...]:
    """The seeds of one file; otherwise as `read`."""
    found = _seeds(path, root)
    if not found.seeds:
        raise SeedError(*found.passed_over)
    return distinct(found.seeds)


def _files(folder: Path) -> list[Path]:
    if (error := unlisted(folder)) is not None:
        fix = "see `seeds` in the configuration" if is_absence(error) else mend(folder, error)
        raise refused(folder, None, f"the folder cannot be read: {error.strerror}", fix) from error
    return sorted(path for path in folder.iterdir() if path.is_file() and _is_meant(path.name))


def _is_meant(name: str) -> bool:
    plain = name.casefold()
    return not (plain.startswith((".", "readme", "~$")) or plain in _PASSED_OVER)


def _leftover(path: Path) -> Problem:
    return Problem("this is a program's leftover and is passed over", "remove it, or rename it if it holds papers", Place(path))


def _seeds(path: Path, root: Path) -> Examples:
    if _LEFTOVER.search(path.name):
        return Examples((), (_leftover(path),))
    refuse_kind(path)
    raw = _raw(path)
    text, passed_over = decoded(raw, path)
    if not text.strip():
        raise refused(path, None, "the file is empty", "write something into it, or remove it")
    entries = entries_of(text, path)
    passed_over += tuple(problem for entry in entries for problem in _passed_over(entry, path))
    if not any(entries):
        raise SeedError(*passed_over)
    place, sha256 = path.relative_to(root).as_posix(), hashlib.sha256(raw).hexdigest()
    return Examples(tuple(_seed(entry, place, sha256) for entry in _told_apart(entries) if entry), passed_over)


def _passed_over(entry: SeedEntry, path: Path) -> tuple[Problem, ...]:
    """What is to be told of an entry; one without anything in it costs only itself."""
    if entry or entry.passed_over:
        return entry.passed_over
    what, fix = "neither an identifier nor a title is found here", "write the PMID or DOI, or remove it"
    return (Problem(what, fix, Place(path, entry.line)),)


def _told_apart(entries: Sequence[SeedEntry]) -> Iterator[SeedEntry]:
    """The entries with a locator of their own each: keys come twice, and one line may hold several."""
    seen: Counter[str] = Counter()
    for entry in entries:
        seen[entry.locator] += 1
        count = seen[entry.locator]
        yield entry if count == 1 else replace(entry, locator=f"{entry.locator} ({count})")


def _raw(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise refused(path, None, f"the file cannot be read: {error.strerror}", mend(path, error)) from error


def _seed(entry: SeedEntry, path: str, file_sha256: str) -> Seed:
    return Seed(
        path=path,
        locator=entry.locator,
        file_sha256=file_sha256,
        pmid=entry.ids.pmid,
        doi=entry.ids.doi,
        pmcid=entry.ids.pmcid,
        title=entry.title,
        abstract=entry.abstract,
        keywords=entry.keywords,
        headings=entry.headings,
        notes=entry.notes,
        claimed_pmid=entry.claimed_pmid,
    )
