r"""Text as LaTeX, for BibTeX files that programs read which are no LaTeX.

The text stays UTF-8, and only what BibTeX or LaTeX takes for a command is written as one: readers know few commands, and show or drop
the others (docs/exports.md has the figures). pdfLaTeX in turn knows few letters beyond the European ones; it is told the others of a file
in an `@preamble`, which BibTeX copies to where LaTeX reads it, and other readers pass over.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

from watcher.export.fields import line

_SPECIALS = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",  # BibTeX counts braces, the escaped ones too
    "}": r"{\textbraceright}",
    "<": "$<$",
    ">": "$>$",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    **{sign: f"\\{sign}" for sign in "$&%#_"},
}
_SPECIAL = re.compile(rf"[{re.escape(''.join(_SPECIALS))}]|(?<=-)-|(?<=')'|(?<=,),|(?<=[`?!])`")
"""Those, and the second of two signs that LaTeX and its readers make one of: --, '', ``, and with T1 fonts ,, too."""

_KNOWN = frozenset("–—‘’“”‚„†‡•…‰€™")
_FIRST_UNKNOWN = "\u0180"
"""What pdfLaTeX knows of itself: Latin-1, Latin Extended-A, and some signs. That it knows more does no harm: it is not told again."""

_T1_ONLY = {
    "ĄąĘęĮįŲų": r"\k", "Đ": r"\DJ", "đ": r"\dj", "Ð": r"\DH", "ð": r"\dh", "Þ": r"\TH", "þ": r"\th", "Ŋ": r"\NG", "ŋ": r"\ng",
    "«": r"\guillemotleft", "»": r"\guillemotright", "„": r"\quotedblbase", "‚": r"\quotesinglbase",
}  # fmt: skip
"""Letters that LaTeX's first font encoding lacks (OT1), with their commands; they are taken from T1 fonts."""

_MATHEMATICS = {
    "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "∼": r"\sim", "≃": r"\simeq", "≅": r"\cong", "≡": r"\equiv",
    "≪": r"\ll", "≫": r"\gg", "⩽": r"\leq", "⩾": r"\geq", "≦": r"\leq", "≧": r"\geq", "∝": r"\propto", "∞": r"\infty",
    "−": "-", "∓": r"\mp", "∗": r"\ast", "∘": r"\circ", "∙": r"\bullet", "⋅": r"\cdot", "∕": "/", "⊕": r"\oplus", "⊗": r"\otimes",
    "√": r"\surd", "∂": r"\partial", "∆": r"\Delta", "∇": r"\nabla", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∅": r"\emptyset",
    "∈": r"\in", "∉": r"\notin", "∩": r"\cap", "∪": r"\cup", "⊂": r"\subset", "⊃": r"\supset", "⊆": r"\subseteq", "⊇": r"\supseteq",
    "∀": r"\forall", "∃": r"\exists", "∧": r"\wedge", "∨": r"\vee", "⊥": r"\bot", "∥": r"\parallel", "∠": r"\angle",
    "←": r"\leftarrow", "→": r"\rightarrow", "↑": r"\uparrow", "↓": r"\downarrow", "↔": r"\leftrightarrow", "↕": r"\updownarrow",
    "⇐": r"\Leftarrow", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow", "⟶": r"\longrightarrow", "′": r"^{\prime}", "″": r"^{\prime\prime}",
    "‴": r"^{\prime\prime\prime}", "ℓ": r"\ell", "★": r"\star", "☆": r"\star", "△": r"\triangle", "◦": r"\circ",
    "ϑ": r"\vartheta", "ϕ": r"\phi", "ϖ": r"\varpi", "ϱ": r"\varrho", "ϵ": r"\epsilon",
}  # fmt: skip
_GREEK = re.compile(r"(?:GREEK|MATHEMATICAL [A-Z -]+) (SMALL|CAPITAL) (?:LETTER )?(FINAL SIGMA|[A-Z]+)(?: WITH .*| SYMBOL)?")
_CAPITALS = frozenset({"GAMMA", "DELTA", "THETA", "LAMBDA", "XI", "PI", "SIGMA", "UPSILON", "PHI", "PSI", "OMEGA"})
_SMALLS = _CAPITALS | {"ALPHA", "BETA", "EPSILON", "ZETA", "ETA", "IOTA", "KAPPA", "MU", "NU", "RHO", "TAU", "CHI"}
"""Greek letters that have a command."""
_ALIKE = {**dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo", strict=True)), "‒": "--", "―": "---"}
"""Those that look like a Latin one and have none; dashes."""
_SCRIPTS = {"<super>": r"\textsuperscript", "<sub>": r"\textsubscript"}

_TELLING = r"""@preamble{"{\newcommand\sign[2]{\expandafter\ifx\csname#1\endcsname\relax\expandafter\gdef\csname#1\endcsname{#2}\fi}
%s
}"}
"""
r"""Each sign that LaTeX does not know yet is defined, as `\DeclareUnicodeCharacter` does, which is not allowed there. XeLaTeX and LuaLaTeX
never ask for these names. `\newcommand` stands first and without braces: @retorquere/bibtex-parser then leaves the rest alone, where it
would else report each command."""


def escaped(text: str) -> str:
    """`text` on one line, to stand in a field's braces."""
    return _SPECIAL.sub(_written, line(text))


def braced(latex: str = "") -> str:
    """`latex` in braces; nothing for nothing."""
    return f"{{{latex}}}" if latex else ""


def _written(found: re.Match[str]) -> str:
    return _SPECIALS.get(found[0]) or f"{{}}{found[0]}"


def preamble(entries: str) -> str:
    """What pdfLaTeX must be told to print a file's entries, in whatever font encoding; nothing where it knows all signs."""
    rows = [row for sign in sorted(set(entries)) if not sign.isascii() for row in _told(sign)]
    return _TELLING % "\n".join(dict.fromkeys(rows)) if rows else ""


@lru_cache(maxsize=4096)
def _told(sign: str) -> tuple[str, ...]:
    """The definition of a sign, where it needs one."""
    for letters, command in _T1_ONLY.items():
        if sign in letters:
            use = r"\UseTextAccent" if command == r"\k" else r"\UseTextSymbol"
            return (rf"\sign{{?\string{command}}}{{{use}{{T1}}{command}}}",)
    if sign < _FIRST_UNKNOWN or sign in _KNOWN:
        return ()
    return (rf"\sign{{u8:\detokenize{{{sign}}}}}{{{_latex(sign)}}}",)


def _latex(sign: str) -> str:
    """A sign for pdfLaTeX: a command, or what it is made of, or else how it is transcribed."""
    if command := _MATHEMATICS.get(sign) or _greek(sign):
        return rf"\ensuremath{{{command}}}"
    kind, *codes = unicodedata.decomposition(sign).split() or [""]
    if kind in _SCRIPTS:
        return f"{_SCRIPTS[kind]}{{{escaped(''.join(chr(int(code, 16)) for code in codes))}}}"
    return r"\," if sign.isspace() else _ALIKE.get(sign) or escaped(anyascii(sign))


def _greek(sign: str) -> str:
    found = _GREEK.fullmatch(unicodedata.name(sign, "").replace("LAMDA", "LAMBDA"))
    if found is None:
        return ""
    size, letter = found.groups()
    if letter == "FINAL SIGMA":
        return r"\varsigma"
    if letter not in (_SMALLS if size == "SMALL" else _CAPITALS):
        return ""
    return f"\\{letter.lower() if size == 'SMALL' else letter.capitalize()}"
