"""What PubMed complains of beside what the query's own flaws tell."""

from __future__ import annotations

import re
from dataclasses import replace

from watcher.domain import SearchFacts
from watcher.pubmed.lint import at_fault


def untold(facts: SearchFacts, term: str) -> SearchFacts:
    """What PubMed said of a search, without what it says of words and tags that the query's own flaws are about: these are told."""
    told = at_fault(term)

    def new(complaints: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one for one in complaints if not _forms(one) & told)

    return replace(
        facts,
        phrases_not_found=new(facts.phrases_not_found),
        fields_not_found=tuple(one for one in facts.fields_not_found if f"[{one.strip('[] ').casefold()}]" not in told),
        phrases_ignored=new(facts.phrases_ignored),
    )


def _forms(complaint: str) -> set[str]:
    """How a query may have written what PubMed names: with and without the quotation marks and the tag that PubMed adds."""
    bare = complaint.casefold().strip(' "')
    return {bare, re.sub(r"\[[^\[\]]*\]$", "", bare).strip(' "')}
