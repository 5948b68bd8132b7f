"""Is a PubMed record the paper that a seed names? Held against the seed's own DOI, PMCID, title and abstract.

A number that was mistyped, or belongs to another database, leads to a paper that has nothing in common with the seed: titles are
compared kindly, since people shorten them, and a record's title may be a translation in brackets.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from rapidfuzz import fuzz

from watcher.domain import Article, Seed, is_placeholder

SAME = 95
"""rapidfuzz ratio of plain titles, 0 to 100, from which two titles are one (decision 0032)."""
ALIKE = 90
"""The ratio from which two titles may be of one paper, where an identifier says so too."""
_LEAST_WORDS = 4
"""Words that a shortened title must have left to speak for itself."""
_SAME_ABSTRACT = 85
"""The ratio from which two abstracts are one."""
_LONG = 200
"""Characters from which an abstract is compared."""

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta", "ι": "iota",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma",
    "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_SPELT = str.maketrans(_GREEK)
_MARKUP = re.compile(r"</?[a-z][a-z0-9:]*(?:\s[^<>]*)?/?>", re.IGNORECASE)
_NO_OWN_TITLE = re.compile(r"correct(?:ion|ed)|corrigend|errat|retract|reply|response to|comment(?:ary)? on", re.IGNORECASE)


class Held(Enum):
    """What a record is to a seed, as far as the two can be compared."""

    SAME = "the same paper"
    OTHER = "another paper"
    UNKNOWN = "nothing to compare"


@dataclass(frozen=True, slots=True)
class Agreement:
    """The outcome, and what differs, as a phrase about the record and the seed: always for another paper, and for the same one where
    identifiers agree and titles do not. `is_weak` when no title speaks against the record."""

    held: Held
    differs: str = ""
    is_weak: bool = False


def agreement(seed: Seed, article: Article, by: str) -> Agreement:
    """Hold a record that was found by one identifier against the rest of what the seed says.

    Args:
        seed: as its file gives it.
        article: the record.
        by: "pmid", "doi" or "pmcid": what it was found by, and so proves nothing.
    """
    ids = _identifiers(seed, article, by)
    titles = _likeness(seed.title, article)
    needed = SAME if False in ids.values() else ALIKE
    if (titles is not None and titles >= needed) or _same_abstract(seed, article):
        return Agreement(Held.SAME)
    if titles is not None and titles < ALIKE:
        held = Held.SAME if True in ids.values() else Held.OTHER
        return Agreement(held, f"is “{article.display_title}” at PubMed, and “{seed.title}” here")
    if True in ids.values():
        return Agreement(Held.SAME)
    for name, same in ids.items():
        if same is False:
            theirs, mine = getattr(article, name), getattr(seed, name)
            return Agreement(
                Held.OTHER, f"is “{article.display_title}” at PubMed, with {_NAMES[name]} {theirs}, not {mine}", is_weak=True
            )
    return Agreement(Held.UNKNOWN)


_NAMES = {"doi": "the DOI", "pmcid": "the PMCID"}


def same_title(title: str, article: Article) -> bool:
    """Whether a title is the record's, so surely that nothing else has to say so."""
    return any(fuzz.ratio(_plain(title), _plain(other)) >= SAME for other in _titles(article))


def _identifiers(seed: Seed, article: Article, by: str) -> dict[str, bool]:
    """Of each identifier that both have: is it the same? A PMID speaks for a record only; against it, it was asked already."""
    pairs = {"doi": (seed.doi, article.doi), "pmcid": (seed.pmcid, article.pmcid)}
    found = {name: mine.lower() == theirs.lower() for name, (mine, theirs) in pairs.items() if name != by and mine and theirs}
    if by != "pmid" and seed.pmid == article.pmid:
        found["pmid"] = True
    return found


def _titles(article: Article) -> list[str]:
    return [one for one in (article.title, article.vernacular_title) if one and not is_placeholder(one)]


def _likeness(title: str, article: Article) -> float | None:
    """How like a title is to the record's, 0 to 100; None when the two cannot be compared: one is no title, or they are written in
    different alphabets."""
    mine = _plain(title)
    theirs = [_plain(one) for one in _titles(article)]
    comparable = [one for one in theirs if one and _is_latin(one) == _is_latin(mine)]
    if not mine or not comparable:
        return None
    if ": " in article.title and mine == _plain(article.title.partition(": ")[0]):
        return SAME - 1  # without its subtitle
    return max(_score(mine, one, title, article.title) for one in comparable)


def _score(mine: str, theirs: str, written: str, printed: str) -> float:
    ratio = fuzz.ratio(mine, theirs)
    shorter, longer = sorted((mine, theirs), key=len)
    is_telling = len(shorter.split()) >= _LEAST_WORDS
    is_about_another = bool(_NO_OWN_TITLE.search(printed)) != bool(_NO_OWN_TITLE.search(written))
    if not is_telling or is_about_another:
        return ratio if ratio >= SAME else min(ratio, ALIKE - 1)
    # a title that was cut off, or has a site's name behind it
    return max(
        ratio, min(fuzz.ratio(shorter, longer[: len(shorter)]), SAME - 1), min(fuzz.token_set_ratio(mine, theirs), SAME - 1) - 5
    )


def _same_abstract(seed: Seed, article: Article) -> bool:
    mine, theirs = _plain(seed.abstract), _plain(article.abstract)
    shorter = min(len(mine), len(theirs))
    return shorter >= _LONG and fuzz.ratio(mine[:shorter], theirs[:shorter]) >= _SAME_ABSTRACT


def _plain(text: str) -> str:
    """Letters and digits in small letters: without markup, accents, brackets and punctuation, Greek letters by name."""
    text = _MARKUP.sub("", html.unescape(text))
    text = unicodedata.normalize("NFKD", text).casefold().translate(_SPELT)
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", text))


def _is_latin(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return 2 * sum(letter < "\u0250" for letter in letters) >= len(letters)
