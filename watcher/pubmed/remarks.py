"""What PubMed remarks of a search, as warnings; what the query's own flaws tell already is left out."""

from __future__ import annotations

import re

from watcher.domain import Code, SearchFacts, Warned
from watcher.pubmed.lint import flawed_words


def warnings(facts: SearchFacts, term: str) -> tuple[Warned, ...]:
    """Each thing that PubMed remarked, without what it says of words and tags that flaws of the query `term` are about: these are
    told by `lint.flaws`."""
    told = flawed_words(term)
    phrases, ignored = (_new(said, told) for said in (facts.phrases_not_found, facts.phrases_ignored))
    fields = [one for one in facts.fields_not_found if f"[{one.strip('[] ').casefold()}]" not in told]
    unknown, field = "not in PubMed's index, so searched word by word or left out", "unknown field, searched as plain text"
    return (
        *(Warned(Code.PUBMED_PHRASE, f"{unknown}: {one}", _spelt(one)) for one in phrases),
        *(Warned(Code.PUBMED_FIELD, f"{field}: {one}", "PubMed's help lists the fields") for one in fields),
        *(Warned(Code.PUBMED_IGNORED, f"ignored: {one}", "take it out, or write another word") for one in ignored),
        *(  # "No items found." is what the count says
            Warned(Code.PUBMED_MESSAGE, one, "try the query on PubMed's page") for one in facts.messages if one != "No items found."
        ),
    )


def _new(remarks: tuple[str, ...], told: frozenset[str]) -> list[str]:
    return [one for one in remarks if not _forms(one) & told]


def _forms(remark: str) -> set[str]:
    """How a query may have written what PubMed names: with and without the quotation marks and the tag that PubMed adds."""
    bare = remark.casefold().strip(' "')
    return {bare, re.sub(r"\[[^\[\]]*\]$", "", bare).strip(' "')}


def _spelt(phrase: str) -> str:
    """What to write for a phrase that PubMed's index does not hold. A search by proximity needs no index of phrases (PubMed's help)."""
    bare = phrase.split("[", maxsplit=1)[0].strip(' "*')
    return f'look at its spelling, or write "{bare}"[tiab:~0]' if " " in bare else "look at its spelling"
