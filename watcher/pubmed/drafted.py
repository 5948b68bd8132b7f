"""Writes clauses as a PubMed query: one line for each, joined by OR.

    "Attention Deficit Disorder with Hyperactivity"[mh] OR "attention deficit disorder*"[tiab]
    OR (methylphenidate*[tiab] AND (tic[tiab] OR tics[tiab]))

A heading never stands alone: new records get theirs weeks to months after they appear (NLM, "MeSH Indexing"). A phrase of several words
stands in quotation marks, and its last word takes any ending; a single word does where at least six letters stand before the asterisk, so
that "gene" does not find "general". The syntax is that of PubMed's help (https://pubmed.ncbi.nlm.nih.gov/help/). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from watcher.domain import Clause, Phrase

LEAST_BEFORE_STAR = 6
"""Letters of a single word; PubMed itself asks for four."""
IN_A_PHRASE = 4
_VOWELS = "aeiou"


def lines(clauses: Sequence[Clause]) -> tuple[str, ...]:
    """A line for each clause, none with an operator at its beginning."""
    return tuple(map(_line, clauses))


def query(written: Sequence[str]) -> str:
    """The lines as one query."""
    return "\nOR ".join(written)


def _line(clause: Clause) -> str:
    if len(clause.phrases) > 1:
        return f"({' AND '.join(_grouped(_terms(phrase)) for phrase in clause.phrases)})"
    heading = [f'"{clause.heading}"[mh]'] if clause.heading else []
    return " OR ".join([*heading, *(term for phrase in clause.phrases for term in _terms(phrase))])


def _grouped(terms: Sequence[str]) -> str:
    return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"


def _terms(phrase: Phrase) -> list[str]:
    """The phrase with any ending; where that would find too much, its forms."""
    *before, last = phrase.words
    least = IN_A_PHRASE if before else LEAST_BEFORE_STAR
    stem = _stem(last)
    if len(stem) >= least and re.fullmatch("[a-z]+", stem):
        return [_tagged(" ".join((*before, f"{stem}*")))]
    plain = " ".join(phrase.words)
    return [
        _tagged(form) for form in dict.fromkeys((*_shown(phrase.forms), plain) if not _is_said(phrase) else _shown(phrase.forms))
    ]


def _stem(word: str) -> str:
    """What a word's singular and plural begin with: "therap" of therapy and therapies."""
    return word[:-1] if len(word) > 2 and word.endswith("y") and word[-2] not in _VOWELS else word


def _is_said(phrase: Phrase) -> bool:
    return " ".join(phrase.words) in {form.lower() for form in phrase.forms}


def _shown(forms: Iterable[str]) -> list[str]:
    """The forms, in small letters unless capitals are more than a beginning; each once, whatever its letters."""
    shown: dict[str, str] = {}
    for form in forms:
        shown.setdefault(form.lower(), " ".join(word if _is_acronym(word) else word.lower() for word in form.split()))
    return list(shown.values())


def _is_acronym(word: str) -> bool:
    return sum(one.isupper() or one.isdigit() for one in word) > 1


def _tagged(text: str) -> str:
    return f"{text}[tiab]" if re.fullmatch(r"[A-Za-z]+\*?", text) else f'"{text}"[tiab]'
