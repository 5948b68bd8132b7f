"""Words as the ranking sees them: where they stand in a text, what they are folded to, their 64-bit keys.

Pure and free of vendors. A key is the same on every machine and in every version of Python, since scores depend on it. Nothing
here knows how often a word occurs anywhere.
"""

from __future__ import annotations

import re
from array import array
from functools import lru_cache
from hashlib import blake2b

_WORD = re.compile(r"\w\w+")

_STOP_WORDS = """
    a about again all almost also although always among an and another any are as at be because been before being between both but by
    can could did do does done due during each either enough especially etc for found from further had has have having here how
    however i if in into is it its itself just kg km made mainly make may mg might ml mm most mostly must nearly neither no nor
    obtained of often on our overall perhaps pmid quite rather really regarding seem seen several should show showed shown shows
    significantly since so some such than that the their theirs them then there therefore these they this those through thus to
    upon use used using various very was we were what when which while with within without would
"""
_MORE_STOP_WORDS = """
    above across after against along around away below beyond cannot despite doi down eg even ever every except few first get give
    given he hence her his ie included includes including into less let like many more moreover much my nevertheless new non not now
    off once one only onto or other others out over own per same second she still then third though three together too toward towards
    two under until up versus via vs well went whereas where whether who whom whose why will yet you your
"""
STOP_WORDS = frozenset((_STOP_WORDS + _MORE_STOP_WORDS).split())
"""The stop words of PubMed itself (PubMed Help, "Stopwords", NLM), and more words of that kind."""

_CHECK_TAGS = (
    "humans; animals; male; female; pregnancy; adult; aged; middle aged; aged, 80 and over; young adult; adolescent; child; "
    "child, preschool; infant; infant, newborn; mice; rats; cats; dogs; cattle; rabbits; guinea pigs; hamsters; swine; sheep; "
    "chick embryo; in vitro techniques; comparative study; case reports; english abstract; united states"
)
CHECK_TAGS = frozenset(_CHECK_TAGS.split("; "))
"""Headings that indexers must consider for every record (NLM, "Check Tags"): they say nothing about its topic."""


def spans(text: str) -> list[tuple[int, int]]:
    """Where the words of `text` start and end: runs of at least two letters, digits or underscores."""
    return [match.span() for match in _WORD.finditer(text)]


_IS_WORD = re.compile(r"\w", re.ASCII)
_APART = bytes(byte if byte > 127 else ord(chr(byte).lower()) if _IS_WORD.match(chr(byte)) else 32 for byte in range(256))


def stretches(text: str) -> list[bytes]:
    """A text in UTF-8 between the marks that ASCII has, its ASCII letters small: mostly words. Outside ASCII a mark does not part them, so a
    stretch can hold several words, and one of a single letter holds none."""
    return text.encode("utf-8", "surrogatepass").translate(_APART).split()


class Lexicon(dict[bytes, int]):
    """Stretches, numbered as they come. `found[starts[n] : starts[n + 1]]` are the keys of the words of stretch n."""

    def __init__(self) -> None:
        super().__init__()
        self.empty()

    def empty(self) -> None:
        """Forgets them all."""
        self.clear()
        self.starts = array("q", [0])
        self.found = array("Q")

    def __missing__(self, stretch: bytes) -> int:
        text = stretch.decode("utf-8", "surrogatepass")
        if not text.isascii():
            self.found.extend(map(_key, _WORD.findall(text)))
        elif len(text) > 1:
            self.found.append(_key(text))
        self.starts.append(len(self.found))
        number = self[stretch] = len(self)
        return number


def keys(text: str) -> list[int]:
    """The key of each word of `text`, in order; 0 for a mere number."""
    return [key(word) for word in _WORD.findall(text)]


@lru_cache(maxsize=1 << 16)
def key(word: str) -> int:
    """A word's key: 64 bits of BLAKE2b (RFC 7693) over its folded form; 0 for a mere number, which says nothing about a topic."""
    return _key(word)


def _key(word: str) -> int:
    if word.isdecimal():
        return 0
    return int.from_bytes(blake2b(fold(word).encode(), digest_size=8).digest(), "little") or 1


def fold(word: str) -> str:
    """Lower case without the plural's s, so that "NMJs" and "NMJ" are one word.

    The three rules of the S-stemmer (Harman, JASIS 42:7, 1991); Latin and Greek singulars in -is keep their end.
    """
    low = word.lower()
    if len(low) <= 3:
        return low
    if low.endswith("ies") and low[-4] not in "ae":
        return low[:-3] + "y"
    if low.endswith("es") and low[-3] not in "aeo":
        return low[:-1]
    if low.endswith("s") and low[-2] not in "usi":
        return low[:-1]
    return low


STOP_KEYS = frozenset(key(word) for word in STOP_WORDS)
