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
from collections.abc import Iterator
from functools import lru_cache

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


class FoldedText:
    """A text as it is compared, in which words are looked for without parting it into all of its words."""

    def __init__(self, text: str) -> None:
        self._origin = _Origin()
        self._folded = _BEYOND_ASCII.sub(self._origin.noted, text).lower()

    def ranges(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        """The characters of the text itself in which a pattern of `pattern_of` stands: each place, those that overlap too."""
        found = pattern.search(self._folded)
        while found is not None:
            start, end = found.span()
            yield self._origin.of(start), self._origin.of(end - 1) + 1
            found = pattern.search(self._folded, start + 1)


@lru_cache(maxsize=256)
def pattern_of(some: tuple[str, ...], *, is_prefix: bool) -> re.Pattern[str]:
    """What finds words of `words` one after the other in a FoldedText; with `is_prefix` of the last only the beginning, and all of the word
    that begins so. A word of as many characters as are looked at is a beginning too."""
    *before, last = some
    parts = [_pattern(word, is_prefix=len(word) == LONGEST) for word in before]
    return re.compile("[^a-z0-9]*".join((*parts, _pattern(last, is_prefix=is_prefix or len(last) == LONGEST))))


_NAMED_END = f"(?:{'|'.join(_NAMES_AT_THE_END)})(?![a-z])"
_WITHOUT_NAMED_END = "".join(f"(?<![a-z][a-z]{name})" for name in _NAMES_AT_THE_END)


def _pattern(word: str, *, is_prefix: bool) -> str:
    """One word. Its characters come first, so that only where they stand the rest is looked at, which is what `_parted` says: a word is a whole
    run of letters, a run without the name at its end, or that name."""
    if word.isdecimal():
        return f"{word}(?<![0-9]{word}){'[0-9]*' if is_prefix else ''}(?![0-9])"
    begins, goes_on = f"(?<![a-z]{word})", f"(?<=[a-z][a-z]{word})"
    rest = "[a-z]*?" if is_prefix else ""
    names = [name for name in _NAMES_AT_THE_END if name == word or (is_prefix and name.startswith(word))]
    ways = [
        f"{begins}{rest}(?<=[a-z][a-z])(?={_NAMED_END})",
        f"{begins}{rest}(?![a-z]){_WITHOUT_NAMED_END}",
        *(f"{goes_on}{name[len(word) :]}(?![a-z])" for name in names),
    ]
    return f"{word}(?:{'|'.join(ways)})"


class _Origin:
    """Where what was folded stood before: the characters that became none or several."""

    def __init__(self) -> None:
        self._places: list[int] = []
        self._origins: list[tuple[int, int]] = []
        self._grown = 0

    def noted(self, match: re.Match[str]) -> str:
        """What becomes of a character, noted unless it is one again."""
        made = _LETTERS[ord(match[0])]
        if len(made) == 1:
            return made
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
