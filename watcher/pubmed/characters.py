"""Characters that look like others, or like nothing: what word processors, PDF files and other alphabets leave in a query."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_LOOK_ALIKE = {
    **dict.fromkeys("“”„‟«»‹›″〝〞＂", '"'),
    **dict.fromkeys("（﹙⁽❨", "("),
    **dict.fromkeys("）﹚⁾❩", ")"),
    **dict.fromkeys("［【〔⟦", "["),
    **dict.fromkeys("］】〕⟧", "]"),
    **dict.fromkeys("：﹕∶꞉", ":"),
    **dict.fromkeys("＊∗⁎", "*"),
    **dict.fromkeys("／∕⁄", "/"),
    "～": "~",
    "，": ",",
    "＃": "#",
    "＋": "+",
    "－": "-",
    "；": ";",
    "．": ".",
    "＆": "&",
    "＄": "$",
    "？": "?",
    "＇": "'",
}
_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_KINDS = {
    '"': "quotation mark",
    "(": "parenthesis",
    ")": "parenthesis",
    "[": "bracket",
    "]": "bracket",
    ":": "colon",
    "*": "asterisk",
}

_LIKE = re.compile("[" + re.escape("".join(_LOOK_ALIKE)) + "]")
_BLANK = re.compile(f"[{_BLANKS}]")
_NOTHING = re.compile(f"[{_UNSEEN}]")
_DASH = re.compile(r"(?<=\d)\"?(?:\[\w+\])?\s*[–—−]\s*\"?(?=\d{4}\b)")
_WIDE = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d6a3\U0001d7ce-\U0001d7ff]+")
_SINGLE = re.compile(r"(?<![\w'’\[\]])['‘](?=\w)[^'‘’\[\]()\"\n]{0,120}?(?<=[\w*.+-])['’](?![\w/:])|`[^`\[\]()\"\n]{1,120}`")
_MIXED = re.compile(r"[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]")


def strange(term: str) -> Iterator[tuple[int, str, str]]:
    """Where a strange character stands, what it is, and what to write."""
    for found in _LIKE.finditer(term):
        plain = _LOOK_ALIKE[found.group()]
        yield found.start(), f"{found.group()} is no {_KINDS.get(plain, plain)} to PubMed", f"write {plain}"
    for found in _BLANK.finditer(term):
        yield found.start(), "this is a no-break blank, or another that is none to PubMed", "write a plain blank"
    for found in _NOTHING.finditer(term):
        yield found.start(), f"here is a character that cannot be seen (U+{ord(found.group()):04X})", "delete it"
    for found in _WIDE.finditer(term):
        plain = unicodedata.normalize("NFKC", found.group())
        yield found.start(), f"{found.group()} is written in letters that only look like {plain}", f"write {plain}"
    for found in _SINGLE.finditer(term):
        yield found.start(), "single quotation marks hold no phrase together in PubMed", 'write double ones: "lung function"[tiab]'
    for found in _DASH.finditer(term):
        yield found.start(), "a dash makes no range", 'write a colon: "2020"[dp] : "3000"[dp]'
    for found in _MIXED.finditer(term):
        yield found.start(), "letters of two alphabets stand in one word", "write the word anew: one of them only looks right"
