"""The lab's own themes: `themes/WATCH.yaml` beside the configuration, a name and its words on each line.

Ageing and sarcopenia: [sarcopenia, ageing, aging, "denervat*"]
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from watcher.config.document import Document, read_document
from watcher.config.suggest import nearest
from watcher.domain import Theme
from watcher.errors import ConfigurationError, Place, Problem

FOLDER = "themes"
OTHER = "Other"
"""Where the papers go that fit no theme; no theme is called so."""

LONGEST_NAME = 60
MOST = 30


def read_themes(folder: Path, watches: Collection[str]) -> tuple[Mapping[str, tuple[Theme, ...]], tuple[Problem, ...]]:
    """The themes of each watch that has a file, and everything wrong with the files of the folder.

    Args:
        folder: `themes` beside the configuration; it need not be there.
        watches: their names.
    """
    found: dict[str, tuple[Theme, ...]] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.y*ml")) if folder.is_dir() else ():
        if path.suffix != ".yaml" or path.stem not in watches:
            near = nearest(path.stem, watches) if path.suffix == ".yaml" else path.stem
            fix = f"rename it to {near}.yaml" if near else "name it like a watch, or remove it"
            problems.append(Problem("this file of themes belongs to no watch", fix, Place(path)))
            continue
        try:
            document = read_document(path, begin="write lines such as `Ageing: [sarcopenia, aging]`, or remove the file")
        except ConfigurationError as error:
            problems += error.problems
            continue
        wrong = [*document.problems, *_problems(document)]
        problems += wrong
        if not wrong:
            found[path.stem] = tuple(
                Theme(name.strip(), tuple(word.strip() for word in words)) for name, words in document.values.items()
            )
    return found, tuple(problems)


def _problems(document: Document) -> Iterator[Problem]:
    if len(document.values) > MOST:
        yield Problem(f"these are more than {MOST} themes", "join some of them", Place(document.path))
    taken: dict[str, str] = {}
    for name, words in document.values.items():
        place = document.place((name,))
        if not name.strip() or len(name) > LONGEST_NAME:
            yield Problem("this is no name of a theme", f"write 1 to {LONGEST_NAME} characters before the colon", place)
        if name.strip().lower() == OTHER.lower():
            yield Problem(f"{OTHER} is the heading of what fits no theme", "give the theme another name", place)
        if not isinstance(words, list) or not words:
            yield Problem("a theme needs a list of words", "write for example [sarcopenia, aging]", place)
            continue
        yield from _bad_words(document, name, words, taken)


def _bad_words(document: Document, name: str, words: Sequence[object], taken: dict[str, str]) -> Iterator[Problem]:
    for position, word in enumerate(words):
        place = document.place((name, position))
        if not isinstance(word, str):
            yield Problem("this is not text", "put it in quotes", place)
        elif sum(map(str.isalpha, word)) < 2 or "*" in word.strip()[:-1]:
            yield Problem("this is no word to look for", "write at least two letters; a * may only stand at the end", place)
        elif (folded := word.strip().lower()) in taken:
            yield Problem("this word is here twice", f"keep it once; it stands under {taken[folded]!r} already", place)
        else:
            taken[folded] = name
