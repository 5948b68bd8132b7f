"""LaTeX as plain text, as far as titles and abstracts have it."""

from __future__ import annotations

import logging
import re

from pylatexenc.latex2text import LatexNodes2Text

from watcher.seeds.entry import folded

# it logs each fault; what it does not understand is left out
logging.getLogger("pylatexenc.latex2text").setLevel(logging.CRITICAL)

_TO_TEXT = LatexNodes2Text(math_mode="text")
_GREEK = dict(
    zip(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega".split(),  # noqa: SIM905
        "αβγδεζηθικλμνξπρστυφχψω",
        strict=True,
    )
)
_TEXT_GREEK = re.compile(r"\\text(" + "|".join(_GREEK) + r")(?![A-Za-z])(?:\{\}| +(?=[A-Za-z]))?")
"""Commands that the library does not know."""
_BARE = re.compile(r"(?<!\\)([%&#])")
_SIGNS = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("~", " "))
_DEEPEST = 40
"""Braces in braces from which nobody wrote a text so; the library reads them by recursion."""


def plain(latex: str) -> str:
    r"""LaTeX as text. A bare %, & or # is that sign in what people export. What cannot be read keeps its words.

    Most texts have no command, or braces around capitals at most, and are not shown to the library, which takes 10 µs a letter.
    """
    if "\\" not in latex and "$" not in latex:
        return folded(_signs(re.sub(r"[{}]", "", latex)))
    if _depth(latex) > _DEEPEST:
        return _words(latex)
    try:
        return folded(str(_TO_TEXT.latex_to_text(_BARE.sub(r"\\\1", _TEXT_GREEK.sub(_letter, latex)))))
    except (ValueError, IndexError, TypeError, AttributeError, KeyError):  # its handlers of commands trust the arguments
        return _words(latex)


def address(latex: str) -> str:
    """An identifier or a web address as it is meant: without braces, commands around it, and escapes."""
    bare = re.sub(r"\\(?:url|href|path)\s*\{([^{}]*)\}", r"\1 ", latex)
    bare = bare.replace(r"\textless", "<").replace(r"\textgreater", ">").replace(r"\textunderscore", "_")
    return re.sub(r"[{}]", "", re.sub(r"\\([_%&#$~<>])", r"\1", bare)).strip()


def _letter(command: re.Match[str]) -> str:
    return _GREEK[command[1]]


def _signs(text: str) -> str:
    for written, meant in _SIGNS:
        text = text.replace(written, meant)
    return text


def _words(latex: str) -> str:
    """The text without commands, braces and dollar signs."""
    return folded(_signs(re.sub(r"\\[A-Za-z]+\*?|\\.|[{}$]", " ", latex)))


def _depth(text: str) -> int:
    deepest = depth = 0
    for mark in re.findall(r"[{}\[\]]|\\begin|\\left|\\[A-Za-z]+\s*(?=\\)", text):
        depth += -1 if mark in "}]" else 1
        deepest = max(deepest, depth)
    return deepest
