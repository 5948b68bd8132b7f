"""Titles as text, with the sub- and superscripts that Unicode has: Ca²⁺, CO₂, IC₅₀."""

from __future__ import annotations

import re

from markupsafe import Markup

_SCRIPT = re.compile(r"<(su[bp])>(.*?)</\1>", re.DOTALL)

_RAISED = str.maketrans(
    "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδφχ",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᵠᵡ",
)
_LOWERED = str.maketrans("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ")
"""The characters of Unicode's blocks of superscripts, subscripts and modifier letters (The Unicode Standard, 22.4)."""


def scripted(markup: str) -> str:
    """`markup`, which is HTML with i, b, sub and sup, as text. A script of which Unicode lacks a character stays on the line whole: half of
    it raised would read as something else."""
    return Markup(_SCRIPT.sub(_moved, markup)).striptags()  # noqa: S704 - its tags are taken off


def _moved(found: re.Match[str]) -> str:
    table = _RAISED if found[1] == "sup" else _LOWERED
    text = Markup(found[2]).striptags()  # noqa: S704 - as above
    fits = all(ord(letter) in table for letter in text)
    return text.translate(table) if fits else found[2]
