"""The lab's own themes: `themes/WATCH.yaml` beside the configuration, a name and its words on each line.

Ageing and sarcopenia: [sarcopenia, ageing, aging, "denervat*"]
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from watcher.config.document import Document, read_document
from watcher.config.suggest import nearest
from watcher.domain import LONGEST_THEME_NAME, OTHER_THEMES, Code, Theme, Warned
from watcher.errors import ConfigurationError, Place, Problem
from watcher.unreadable import is_absence, mend, unlisted

FOLDER = "themes"
MOST = 30


@dataclass(frozen=True, slots=True)
class ThemesRead:
    """What the folder of themes holds: the themes of each watch that has a file, everything wrong with these files, and files that belong
    to no watch, which are passed over."""

    themes: Mapping[str, tuple[Theme, ...]]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Warned, ...] = ()


def read_themes(folder: Path, watches: Collection[str]) -> ThemesRead:
    """Read every file of the folder.

    Args:
        folder: `themes` beside the configuration; it need not be there.
        watches: their names.
    """
    found: dict[str, tuple[Theme, ...]] = {}
    problems: list[Problem] = []
    warnings: list[Warned] = []
    if (error := unlisted(folder)) is not None:
        barred = Problem(f"the folder cannot be read: {error.strerror}", mend(folder, error), Place(folder))
        return ThemesRead({}, () if is_absence(error) else (barred,))
    for path in sorted(folder.glob("*.y*ml")):
        if path.suffix != ".yaml" or path.stem not in watches:
            warnings.append(_orphan(path, watches))
            continue
        themes, wrong = _read(path)
        problems += wrong
        if not wrong:
            found[path.stem] = themes
    return ThemesRead(found, tuple(problems), tuple(warnings))


def _orphan(path: Path, watches: Collection[str]) -> Warned:
    near = nearest(path.stem, watches) if path.suffix == ".yaml" else path.stem
    fix = f"rename it to {near}.yaml" if near else "name it like a watch, or remove it"
    return Warned(Code.ORPHAN_THEMES, "this file of themes belongs to no watch and is not used", fix, Place(path))


def must_hold(path: Path, themes: Sequence[Theme]) -> None:
    """Raises ConfigurationError unless the file reads as these themes."""
    found, wrong = _read(path)
    if wrong:
        raise ConfigurationError(*wrong)
    if found != tuple(themes):
        raise ConfigurationError(Problem("this file of themes would not read as what was to be written", "report it", Place(path)))


def _read(path: Path) -> tuple[tuple[Theme, ...], tuple[Problem, ...]]:
    """The themes of one file, and everything wrong with it."""
    try:
        document = read_document(path, begin="write lines such as `Ageing: [sarcopenia, aging]`, or remove the file")
    except ConfigurationError as error:
        return (), error.problems
    wrong = (*document.problems, *_problems(document))
    if wrong:
        return (), wrong
    lines = document.values.items()
    return tuple(Theme(name.strip(), tuple(word.strip() for word in words)) for name, words in lines), ()


def _problems(document: Document) -> Iterator[Problem]:
    if len(document.values) > MOST:
        yield Problem(f"these are more than {MOST} themes", "join some of them", Place(document.path))
    taken: dict[str, str] = {}
    for name, words in document.values.items():
        place = document.place((name,))
        if not name.strip() or len(name) > LONGEST_THEME_NAME:
            yield Problem("this is no name of a theme", f"write 1 to {LONGEST_THEME_NAME} characters before the colon", place)
        if name.strip().lower() == OTHER_THEMES.lower():
            yield Problem(f"{OTHER_THEMES} is the heading of what fits no theme", "give the theme another name", place)
        if not isinstance(words, list) or not words:
            yield Problem("a theme needs a list of words", "write for example [sarcopenia, aging]", place)
            continue
        yield from _bad_words(document, name, words, taken)


def _bad_words(document: Document, name: str, words: Sequence[object], taken: dict[str, str]) -> Iterator[Problem]:
    for position, word in enumerate(words):
        place = document.place((name, position))
        if not isinstance(word, str):
            yield Problem("this is not text", "put it in quotes", place)
        elif not _can_be_sought(word.strip()):
            fix = "write a letter and at least one more letter or digit; a * may only stand at the end"
            yield Problem("this is no word to look for", fix, place)
        elif (folded := word.strip().lower()) in taken:
            yield Problem("this word is here twice", f"keep it once; it stands under {taken[folded]!r} already", place)
        else:
            taken[folded] = name


def _can_be_sought(word: str) -> bool:
    return any(map(str.isalpha, word)) and sum(map(str.isalnum, word)) > 1 and "*" not in word[:-1]
