"""Which reader a file is for: by what stands in it, whatever its name ends in, and only then by that ending.

PubMed saves its formats as .txt, catalogues call RIS .txt and PubMed's format .ris, and mail programs rename what they send. So the first
recogniser of `BY_CONTENT` that knows a text names its reader. Of the rest, `BY_ENDING` has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from watcher.seeds.abstracts import is_abstracts, read_abstracts
from watcher.seeds.bibtex import is_bibtex, read_bibtex
from watcher.seeds.csl import is_csl, read_csl
from watcher.seeds.encoding import without_controls
from watcher.seeds.endnote import is_endnote, read_endnote
from watcher.seeds.entry import SeedEntry, refused
from watcher.seeds.foreign import refuse_beginning, refuse_ending, refuse_lines
from watcher.seeds.joined import parted
from watcher.seeds.lists import is_list, read_list
from watcher.seeds.medline import is_medline, read_medline
from watcher.seeds.pages import read_page
from watcher.seeds.refworks import is_refworks, read_refworks
from watcher.seeds.ris import is_ris, read_ris
from watcher.seeds.tables import is_table, read_table
from watcher.seeds.web_of_science import is_web_of_science, read_web_of_science

Reader = Callable[[str, Path], tuple[SeedEntry, ...]]
"""Text and path to the file's papers; raises SeedError where nothing of it can be read."""
Recogniser = Callable[[str], bool]
"""Whether a text is of the reader's format; quick, and never raises."""


def _read_text(text: str, path: Path) -> tuple[SeedEntry, ...]:
    return next((read for knows, read in OF_TEXTS if knows(text)), read_page)(text, path)


def _read_nameless(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """A file without an ending may be anything: only a list shows that it is meant."""
    if not is_list(text):
        raise refused(path, None, "this kind of file is not known here", f"{_END_IT}; known are {KNOWN}")
    return read_list(text, path)


BY_CONTENT: tuple[tuple[Recogniser, Reader], ...] = (
    (is_ris, read_ris),
    (is_medline, read_medline),
    (is_web_of_science, read_web_of_science),
    (is_endnote, read_endnote),
    (is_refworks, read_refworks),
    (is_bibtex, read_bibtex),
    (is_abstracts, read_abstracts),
    (is_table, read_table),
)
"""Formats that show themselves, in files of any known ending. A text that several know goes to the first."""

OF_TEXTS: tuple[tuple[Recogniser, Reader], ...] = ((is_list, read_list),)
"""Asked of .txt and .md only, where no other format shows itself; what none of them knows is a page."""

BY_ENDING: dict[str, Reader] = {
    ".txt": _read_text,
    ".text": _read_text,
    ".md": _read_text,
    ".markdown": _read_text,
    ".list": read_list,
    ".csv": read_table,
    ".tsv": read_table,
    ".nbib": read_medline,
    ".ris": read_ris,
    ".bib": read_bibtex,
    ".bibtex": read_bibtex,
    ".json": read_csl,
    ".ciw": read_web_of_science,
    ".enw": read_endnote,
    "": _read_nameless,
}
"""Who reads a file whose content no recogniser of `BY_CONTENT` knows."""

_PRE = re.compile(r"^[ \t]*</?pre(?: [^<>\n]{0,200})?>", re.MULTILINE | re.IGNORECASE)
"""How E-utilities and PubMed's earlier pages wrap text that a browser saves."""

KNOWN = ", ".join(filter(None, BY_ENDING))
_END_IT = "give it an ending, such as .txt for a page about one paper"


def refuse_kind(path: Path) -> None:
    """Refuses a file by its name, before it is opened.

    Raises:
        SeedError: this kind of file is not read here.
    """
    refuse_ending(path)
    if path.suffix.lower() not in BY_ENDING:
        raise refused(path, None, "this kind of file is not known here", f"known are {KNOWN}")


def entries_of(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The papers of a file whose kind is known.

    Args:
        text: what the file holds, with line feeds only.
        path: the file, for its ending, and for what is told of it.

    Raises:
        SeedError: nothing in it can be read; says what to save or export instead.
    """
    if is_csl(text):
        return read_csl(text, path)
    refuse_beginning(text, path)
    text = dedent(_PRE.sub("", without_controls(text)))  # mail programs and Ovid indent a whole export
    parts = parted(text)
    return tuple(sorted((entry for part in parts for entry in _entries(part, path)), key=lambda entry: entry.line))


def _entries(text: str, path: Path) -> tuple[SeedEntry, ...]:
    reader = next((read for knows, read in BY_CONTENT if knows(text)), None)
    if reader is None:
        refuse_lines(text, path)
        reader = BY_ENDING[path.suffix.lower()]
    return reader(text, path)
