"""References as people and PubMed print them: what identifiers one has, and its title where it can be told.

PubMed's Summary (text): `Authors. Title. Journal. 2026 Jan 5;12(1):1-9. doi: …. Epub …. Erratum in: …. PMID: 1; PMCID: PMC2.`: the DOI comes
before those of errata, the PMID and PMCID at the end are the paper's own.
"""

from __future__ import annotations

import re

from watcher.seeds.entry import folded
from watcher.seeds.identifiers import Identifiers, doi_of, pmcid_of, pmid_of
from watcher.seeds.mentions import OTHERS, mentions, papers

_SHORTEST = 30
"""Characters that a reference has at least."""
_AT_HEAD = 4
"""Characters within which words about another paper begin a text that is all about it."""
_YEAR = r"(?:1[89]|20)\d\d"
_ABOUT = re.compile(r"\b(?:for|of)$", re.IGNORECASE)
"""An erratum's own title begins so: `Erratum for the article …`."""
_OWN_END = re.compile(r"\bPMID:?\s*(\d{1,9})(?:\s*\[[^\]]*\])?(?:[;.,\s]+PMCID:?\s*(PMC\d+))?[;.,\s]*$", re.IGNORECASE)
_NEXT_PMID = re.compile(
    r"\bPMIDs?:?\s*\d{1,9}(?:\s*\[[^\]]*\])?\s*(?:[,;/&+]|and|or)\s*(?:PMID:?\s*)?(\d{7,9})(?!\w)", re.IGNORECASE | re.ASCII
)
_INITIALS = r"(?:[A-Z]{1,3}(?:-[A-Z])?(?![\w:])|(?:[A-Z]\.[ -]?){1,4})"
_NAME = rf"[^\W\d_][\w'’.-]*(?:[ -][^\W\d_][\w'’-]*){{0,4}},? {_INITIALS}(?: (?:Jr|Sr|2nd|3rd|4th))?(?:\(\d+(?:,\d+)*\))*"
_COLLECTIVE = r"[^.;:]*\b(?:Group|Consortium|Investigators|Network|Collaboration)"
AUTHORS = re.compile(
    rf"^(?:{_NAME}(?:, |; |, and | and |, & | & ))*(?:{_NAME}|et al|{_COLLECTIVE})[.:]?\s*(?:et al\.?\s*)?(?:\({_YEAR}\w?\)\.?\s*)?"
)
_VANCOUVER = re.compile(rf"^(?P<title>(?:(?!\bdoi\b).){{3,}}?[.?!\]])\s+(?P<journal>[A-Z][^.?!;]{{1,90}})\.\s+{_YEAR}\b")
_ISSUE = re.compile(rf"\b{_YEAR}\b.{{0,40}}?(?:;\s?\d+|\d+\s?\(\d+|\b\d+\s?[:,]\s?e?\d+)|\bet al\b|\bdoi\b", re.IGNORECASE)


def looks_cited(text: str) -> bool:
    """Whether a piece of text is a reference to a paper: authors at its head, a year with a volume behind."""
    return bool(AUTHORS.match(text) and _ISSUE.search(text)) and len(text) >= _SHORTEST


def is_citation(text: str) -> bool:
    """Whether a line ends with a PMID behind a year with a volume or a DOI, as citations do."""
    return bool(_OWN_END.search(text) and _ISSUE.search(text))


def cited(text: str) -> Identifiers | None:
    """The identifiers of the paper that a reference names; empty for one without, None where several papers are named."""
    end, others = _OWN_END.search(text), OTHERS.search(text)
    head = text[: others.start()] if others else text
    numbers = {one.value for one in mentions(text) if one.kind == "pmid"}
    is_own = end is not None and (numbers == {end[1]} or (others is not None and looks_cited(text)))
    if end is None or not is_own or (others is not None and others.start() < _AT_HEAD and not _ABOUT.search(others[0])):
        return _one(head)
    dois = list(dict.fromkeys(one.value for one in mentions(head) if one.kind == "doi"))
    if others is None and len(dois) > 1:
        return None
    return Identifiers(pmid_of(end[1]), dois[0] if dois else None, pmcid_of(end[2] or ""))


def second_pmid(text: str) -> str:
    """The number that stands behind a reference's PMID as if it were one too; nothing where there is none."""
    own = text[: others.start()] if (others := OTHERS.search(text)) else text
    found = _NEXT_PMID.search(own)
    return found[1] if found else ""


def _one(text: str) -> Identifiers | None:
    found = papers(mentions(text))
    if found is None or len(found) > 1:
        return None
    return found[0] if found else Identifiers(doi=doi_of(text))


def title_of(text: str) -> str:
    """The title in a reference, where authors, title and journal are surely told apart; else nothing."""
    text = re.sub(r"\*\*|__", "", folded(text))
    authors = AUTHORS.match(text)
    if authors is None:
        return ""
    found = _VANCOUVER.match(text[authors.end() :])
    return found["title"] if found else ""
