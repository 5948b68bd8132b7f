"""Text as search compares it: small letters without marks, Greek letters by their names, runs of letters and of digits each a word.

Both databases are given the same words, and these are ASCII: neither the locale of a PostgreSQL server nor the Unicode version of an SQLite
library has a say in them. "IL-6", "IL6" and "il 6" are the words `il 6`; "α-synuclein" and "alpha-synuclein" are `alpha synuclein`; "TNFα",
"TNF-alpha" and "TNFalpha" are `tnf alpha`; "Ca²⁺" is `ca 2`.

* Unicode's NFKD without marks (UAX 15), its case folding, and `_WITHOUT_DECOMPOSITION` for letters that have no marks to lose ("ø").
* A Greek letter is a word of its own, by its English name. So are those names at the end of a longer word ("IFNgamma").
* Letters of other scripts are written in ASCII, six for each, so that prefixes stay prefixes; ideographs are words of their own.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right

LONGEST = 200
"""Characters of a word that are looked at; PostgreSQL takes no lexeme of more than 2,046 bytes (Text Search, Limitations)."""

_WITHOUT_DECOMPOSITION = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ŋ": "n", "ŧ": "t",
}  # fmt: skip

_NAMES_AT_THE_END = ("alpha", "beta", "gamma", "delta", "epsilon", "kappa", "lambda", "omega", "theta", "zeta")
_LEAST_BEFORE = 2
"""Letters before such a name: "NFkappa", not a word that merely ends so."""

_IDEOGRAPHS = ("CJK UNIFIED", "CJK COMPATIBILITY", "HIRAGANA", "KATAKANA", "BOPOMOFO", "YI SYLLABLE")
_IGNORED = ("M", "Cf")
"""Categories of what leaves no gap: marks, and invisible signs such as the soft hyphen."""

_WORDS = re.compile(r"[a-z]+|[0-9]+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


class _Letters(dict[int, str]):
    """What each character becomes, found when it is first met."""

    def __missing__(self, code: int) -> str:
        made = "".join(map(_folded, unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", chr(code)).casefold())))
        self[code] = made
        return made


_LETTERS = _Letters()


def _folded(letter: str) -> str:
    """One character of a decomposed text."""
    if letter.isascii():
        return letter if letter.isalnum() else " "
    category, name = unicodedata.category(letter), unicodedata.name(letter, "")
    if category.startswith(_IGNORED):
        return ""
    if (digit := unicodedata.decimal(letter, None)) is not None:
        return str(digit)
    if not letter.isalpha():
        return " "
    if letter in _WITHOUT_DECOMPOSITION:
        return _WITHOUT_DECOMPOSITION[letter]
    if name.startswith("GREEK SMALL LETTER "):
        return f" {name.removeprefix('GREEK SMALL LETTER ').replace('FINAL ', '').replace('LAMDA', 'LAMBDA').split()[0].lower()} "
    return f" {_in_ascii(letter)} " if name.startswith(_IDEOGRAPHS) else _in_ascii(letter)


def _in_ascii(letter: str) -> str:
    """A letter of another script: "q" and its number, in sixteen letters."""
    return "q" + "".join(chr(ord("a") + int(digit, 16)) for digit in f"{ord(letter):05x}")


def words(text: str) -> list[str]:
    """The words of a text, in its order."""
    return _words(_BEYOND_ASCII.sub(_of_match, text).lower())


def _of_match(match: re.Match[str]) -> str:
    return _LETTERS[ord(match[0])]


def _words(folded: str) -> list[str]:
    found = _WORDS.findall(folded)
    if any(name in folded for name in _NAMES_AT_THE_END):
        return [part[:LONGEST] for word in found for part in _parted(word)]
    return [word[:LONGEST] for word in found]


def _parted(word: str) -> tuple[str, ...]:
    """The word, and the name of a Greek letter at its end apart."""
    if not word.endswith(_NAMES_AT_THE_END):
        return (word,)
    name = next(one for one in _NAMES_AT_THE_END if word.endswith(one))
    before = word[: len(word) - len(name)]
    return (before, name) if len(before) >= _LEAST_BEFORE else (word,)


class PlacedWords:
    """The words of a text, and where they stand in it; that is worked out when it is first asked for."""

    def __init__(self, text: str) -> None:
        self._origin = _Origin()
        self._folded = _BEYOND_ASCII.sub(self._origin.noted, text).lower()
        self.words = _words(self._folded)
        self._starts: list[int] = []

    def range(self, first: int, last: int) -> tuple[int, int]:
        """The characters of the text itself from one of the words to another."""
        if not self._starts:
            self._starts = self._all_starts()
        end = self._starts[last] + len(self.words[last])
        return self._origin.of(self._starts[first]), self._origin.of(end - 1) + 1

    def _all_starts(self) -> list[int]:
        found = [match.span() for match in _WORDS.finditer(self._folded)]
        if len(found) == len(self.words):
            return [start for start, _ in found]
        parts = ((end, _parted(self._folded[start:end])) for start, end in found)
        return [end - len("".join(some[number:])) for end, some in parts for number in range(len(some))]


class _Origin:
    """Where what was folded stood before: the characters that became none or several."""

    def __init__(self) -> None:
        self._places: list[int] = []
        self._origins: list[tuple[int, int]] = []
        self._grown = 0

    def noted(self, match: re.Match[str]) -> str:
        """What becomes of a character, noted."""
        made = _LETTERS[ord(match[0])]
        place = match.start() + self._grown
        self._places.append(place)
        self._origins.append((match.start(), place + len(made)))
        self._grown += len(made) - 1
        return made

    def of(self, place: int) -> int:
        """The character that a place of the folded text came of."""
        number = bisect_right(self._places, place)
        if not number:
            return place
        character, behind = self._origins[number - 1]
        return character if place < behind else character + 1 + place - behind
