"""LaTeX as plain text, as far as titles and abstracts have it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from watcher.seeds.entry import folded

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text

# it logs each problem; what it does not understand is left out
logging.getLogger("pylatexenc.latex2text").setLevel(logging.CRITICAL)

_GREEK = dict(
    zip(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega".split(),  # noqa: SIM905
        "αβγδεζηθικλμνξπρστυφχψω",
        strict=True,
    )
)
_TEXT_GREEK = re.compile(r"\\text(" + "|".join(_GREEK) + r")(?![A-Za-z])(?:\{\}| +(?=[A-Za-z]))?")
"""Commands that the library does not know."""
_TEXT_SIGNS = {"braceleft": r"\{", "braceright": r"\}", "asciicircum": "^"}
_TEXT_SIGN = re.compile(r"\\text(" + "|".join(_TEXT_SIGNS) + r")(?![A-Za-z])(?:\{\}| +(?=[A-Za-z]))?")
"""Commands that the library leaves out, or takes for another sign."""
_FORMULA = re.compile(r"(?<!\\)\$(?:[^$\\]|\\.)*\$", re.DOTALL)
_SCRIPT = re.compile(r"(?<!\\)[_^]")
"""What begins a sub- or superscript in a formula; PubMed's titles have none: CO2, Ca2+."""
_BARE = re.compile(r"(?<!\\)([%&#])")
_SIGNS = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("~", " "))
_SPECIAL = re.compile(r"[\\$]")
_OPEN_COMMAND = re.compile(r"\\[A-Za-z]+\s*$")
_MARK = re.compile(r"\\.|[{}$]|\s+", re.DOTALL)
_DEEPEST = 40
"""Braces in braces from which nobody wrote a text so; the library reads them by recursion."""


def plain(latex: str) -> str:
    r"""LaTeX as text. A bare %, & or # is that sign in what people export. What cannot be read keeps its words.

    Only the words with a command or a formula are shown to the library, which takes 20 µs a letter; most have none.
    """
    if "\\begin" in latex:
        return folded(_understood(latex))
    return folded("".join(_understood(run) if _SPECIAL.search(run) else _signs(run) for run in _runs(latex)))


def _runs(latex: str) -> Iterator[str]:
    """The text in runs of words with LaTeX in them and of others; braces and formulas are not cut, nor a command from what follows it."""
    run: list[str] = []
    special = is_open = False
    for word in _words_of(latex):
        is_special = bool(_SPECIAL.search(word))
        if run and is_special != special and not is_open and not (special and word.startswith("{")):
            yield "".join(run)
            run, special = [], False
        run.append(word)
        special = special or is_special
        is_open = bool(_OPEN_COMMAND.search(word))
    yield "".join(run)


def _words_of(latex: str) -> Iterator[str]:
    """Words with the white space behind them; what stands in braces or in a formula is one word."""
    start = depth = 0
    math = False
    for mark in _MARK.finditer(latex):
        if mark[0] == "$":
            math = not math
        elif mark[0] in ("{", "}"):
            depth = max(0, depth + (1 if mark[0] == "{" else -1))
        elif mark[0].isspace() and not depth and not math:
            yield latex[start : mark.end()]
            start = mark.end()
    yield latex[start:]


def _understood(latex: str) -> str:
    """A run with LaTeX in it as the library understands it."""
    if _depth(latex) > _DEEPEST:
        return _words(latex)
    known = _TEXT_SIGN.sub(lambda command: _TEXT_SIGNS[command[1]], _TEXT_GREEK.sub(_letter, latex))
    known = _FORMULA.sub(lambda formula: _SCRIPT.sub("", formula[0]), known)
    try:
        return str(_to_text().latex_to_text(_BARE.sub(r"\\\1", known)))
    except (ValueError, IndexError, TypeError, AttributeError, KeyError):  # its handlers of commands trust the arguments
        return _words(latex)


@cache
def _to_text() -> LatexNodes2Text:
    from pylatexenc.latex2text import LatexNodes2Text  # noqa: PLC0415 - only where there is LaTeX

    return LatexNodes2Text(math_mode="text")


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
    return re.sub(r"[{}]", "", text)  # last: "-{}-" are two hyphens


def _words(latex: str) -> str:
    """The text without commands, braces and dollar signs."""
    return _signs(re.sub(r"\\[A-Za-z]+\*?|\\.|\$", " ", latex))


def _depth(text: str) -> int:
    deepest = depth = 0
    for mark in re.findall(r"[{}\[\]]|\\begin|\\left|\\[A-Za-z]+\s*(?=\\)", text):
        depth += -1 if mark in "}]" else 1
        deepest = max(deepest, depth)
    return deepest
