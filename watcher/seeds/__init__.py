"""Seeds: the papers that the lab chose as examples, read from the files of a folder.

    *.txt *.md            a page about one paper (pages), a list of identifiers (plain), or an export saved as text
    *.list *.csv *.tsv    identifiers, one a line or in a column (plain)
    *.nbib *.ris *.bib    exports of PubMed and of reference managers (bibliographies)

This room reads files and nothing else: what PubMed knows of a seed is found by the flow `resolve`. Hidden files, README files and
folders are passed over; any other file must be understood, so that no example is silently left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from watcher.domain import Seed
from watcher.errors import Place, Problem, SeedError
from watcher.seeds.bibliographies import is_nbib, is_ris, read_bib, read_nbib, read_ris
from watcher.seeds.entry import Entry, refused
from watcher.seeds.pages import read_page
from watcher.seeds.plain import is_list, read_list, read_table

__all__ = ["Examples", "distinct", "read", "read_examples", "read_file"]

_Reader = Callable[[str, Path], tuple[Entry, ...]]

_PASSED_OVER = frozenset({"thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Examples:
    """The seeds of a folder, and what in its files was passed over, each with its line."""

    seeds: tuple[Seed, ...]
    doubts: tuple[Problem, ...] = ()


def read(folder: Path, *, root: Path) -> tuple[Seed, ...]:
    """The seeds of a folder without what is to be told of them; otherwise as `read_examples`."""
    return read_examples(folder, root=root).seeds


def read_examples(folder: Path, *, root: Path) -> Examples:
    """The seeds of a folder, in the order of its files' names; a paper that is there twice comes once.

    Args:
        folder: whose files are read.
        root: the folder `seeds/`; a seed's `path` is relative to it.

    Raises:
        SeedError: every file, line or entry that cannot be understood, and a folder without any.
    """
    seeds: list[Seed] = []
    doubts: list[Problem] = []
    problems: list[Problem] = []
    for path in _files(folder):
        try:
            found = _seeds(path, root)
        except SeedError as error:
            problems += error.problems
        else:
            seeds += found.seeds
            doubts += found.doubts
    if problems:
        raise SeedError(*problems)
    if not seeds:
        raise refused(folder, None, "the folder holds no papers", f"put one or more into it: {_KNOWN_KINDS}")
    return Examples(distinct(seeds), tuple(doubts))


def read_file(path: Path, *, root: Path) -> tuple[Seed, ...]:
    """The seeds of one file; otherwise as `read`."""
    return distinct(_seeds(path, root).seeds)


def distinct(seeds: Iterable[Seed]) -> tuple[Seed, ...]:
    """Each paper once: of seeds that share a PMID, DOI or PMCID the first stays, and takes from the others what it lacks."""
    kept: list[Seed] = []
    for seed in seeds:
        same = [one for one in kept if _is_same(one, seed)]
        if not same:
            kept.append(seed)
            continue
        merged = same[0]
        for other in [*same[1:], seed]:
            merged = _completed(merged, other)
        kept = [merged if one is same[0] else one for one in kept if one is same[0] or one not in same]
    return tuple(kept)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file() and _is_meant(path.name))
    except OSError as error:
        raise refused(folder, None, f"the folder cannot be read: {error.strerror}", "see `seeds` in the configuration") from error


def _is_meant(name: str) -> bool:
    plain = name.casefold()
    return not (plain.startswith((".", "readme", "~$")) or plain.endswith("~") or plain in _PASSED_OVER)


def _seeds(path: Path, root: Path) -> Examples:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise refused(path, None, "this kind of file is not known here", f"{_instead_of(path)}known are {_KNOWN_KINDS}")
    raw, text = _content(path)
    file_sha256 = hashlib.sha256(raw).hexdigest()
    entries = reader(text, path)
    doubts = tuple(doubt for entry in entries for doubt in entry.doubts)
    nameless = [entry for entry in entries if not entry and not entry.doubts]
    if nameless:
        what, fix = "neither an identifier nor a title is found here", "write the PMID or DOI, or remove it"
        raise SeedError(*(Problem(what, fix, Place(path, entry.line)) for entry in nameless))
    place = path.relative_to(root).as_posix()
    seeds = tuple(_seed(entry, place, file_sha256) for entry in entries if entry)
    if not seeds:
        raise SeedError(*doubts)
    return Examples(seeds, doubts)


def _instead_of(path: Path) -> str:
    is_paper = path.suffix.lower() in (".pdf", ".doc", ".docx", ".html", ".htm")
    return "write the paper's DOI or PMID into a file such as papers.list; " if is_paper else ""


def _content(path: Path) -> tuple[bytes, str]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise refused(
            path, None, f"the file cannot be read: {error.strerror}", "make it readable for the user who runs watcher"
        ) from error
    try:
        text = raw.decode("utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refused(path, line, "the file is not in UTF-8", "save it as UTF-8") from error
    if not text.strip():
        raise refused(path, None, "the file is empty", "write something into it, or remove it")
    return raw, text.replace("\r\n", "\n").replace("\r", "\n")


def _read_text(text: str, path: Path) -> tuple[Entry, ...]:
    """A text file by what it looks like: PubMed saves its formats as .txt, too."""
    if is_nbib(text):
        return read_nbib(text, path)
    if is_ris(text):
        return read_ris(text, path)
    if is_list(text):
        return read_list(text, path)
    return (read_page(text),)


def _seed(entry: Entry, path: str, file_sha256: str) -> Seed:
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


def _is_same(one: Seed, other: Seed) -> bool:
    pairs = ((one.pmid, other.pmid), (one.doi, other.doi), (one.pmcid, other.pmcid))
    return any(mine is not None and mine == theirs for mine, theirs in pairs)


def _completed(one: Seed, other: Seed) -> Seed:
    return Seed(
        path=one.path,
        locator=one.locator,
        file_sha256=one.file_sha256,
        pmid=one.pmid or other.pmid,
        doi=one.doi or other.doi,
        pmcid=one.pmcid or other.pmcid,
        title=one.title or other.title,
        abstract=one.abstract or other.abstract,
        keywords=one.keywords or other.keywords,
        headings=one.headings or other.headings,
        notes=one.notes or other.notes,
        claimed_pmid=one.claimed_pmid or other.claimed_pmid,
    )


_READERS: dict[str, _Reader] = {
    ".txt": _read_text,
    ".text": _read_text,
    ".md": _read_text,
    ".markdown": _read_text,
    ".list": read_list,
    ".csv": read_table,
    ".tsv": read_table,
    ".nbib": read_nbib,
    ".ris": read_ris,
    ".bib": read_bib,
}
_KNOWN_KINDS = ", ".join(_READERS)
