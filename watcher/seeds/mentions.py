"""Which papers a piece of running text names: identifiers in their order, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from watcher.seeds.dois import placed_dois
from watcher.seeds.identifiers import Identifiers, placed_pmcids, placed_pmids

OTHERS = re.compile(
    r"\b(?:comments?|errat\w+|corrigend\w+|corrected and republished|republished|retract\w*|expression of concern|summary for patients|"
    r"original report)\s+(?:in|on|of|for|from)\b|\bcorrects the article\b|\bcited by\b|\bcompare (?:with|to)\b|\bcf\.|\bsee (?:also|e\.?g\.)|"
    r"(?:^[^\w\n]*|\b(?=[^\n:]{0,30}:))(?:update|reply|response|commentary|correction|reprint|similar|related|companion|other|citing)\b"
    r" ?(?:in|on|of|for|from|to|articles?|papers?|works?)?\b(?=\s*:|\s*$)|"
    r"^[^\w\n]*(?:cites|citing|builds (?:up)?on|extends|follows(?: up)?|replicates|confirms|contradicts|supersedes)\b",
    re.IGNORECASE | re.MULTILINE,
)
"""Words behind which a text speaks of another paper."""
OF_OTHERS = (
    r"references|bibliography|literature( cited)?|works cited|(recommended )?citations?|cit(es|ed)( by)?|citing (articles|papers)|"
    r"((further|background|additional|recommended|suggested|more) )?reading|(background|other|related) literature|"
    r"((similar|related|other|companion|relevant|associated|linked|comparable) )(articles?|papers?|works?|publications?|research|stud(y|ies)|"
    r"links|notes|references|reviews?|records|reading|entries|pages)|related( to)?|similar( to)?|see also|compare( (with|to))?|companions?|"
    r"(comment|correction|update|retraction|republished|expression of concern)s? (in|on|of|for|from)|errat(um|a) (in|for)"
)
"""What the part of a page that is about other papers may be called."""


@dataclass(frozen=True, slots=True)
class Mention:
    """An identifier in a text: its kind ("pmid", "doi", "pmcid"), value and place."""

    kind: str
    value: str
    start: int
    end: int


def mentions(text: str) -> list[Mention]:
    """The identifiers in a text, in their order; numbers count where the text calls them PMIDs or links to PubMed. One that is repeated
    at once, such as a link's text and its address, comes once."""
    found = [Mention("doi", doi, start, end) for start, end, doi in placed_dois(text)]
    rest = blanked(text, found)  # a DOI may hold anything, also what looks like another identifier
    found += [Mention("pmid", str(pmid), start, end) for start, end, pmid in placed_pmids(rest)]
    found += [Mention("pmcid", pmcid, start, end) for start, end, pmcid in placed_pmcids(rest)]
    found.sort(key=lambda one: one.start)
    return [one for one, before in zip(found, [None, *found], strict=False) if before is None or _name(one) != _name(before)]


def papers(found: Sequence[Mention]) -> list[Identifiers] | None:
    """The papers that some mentions name: each has at most one identifier of a kind. None where it cannot be told what belongs together."""
    groups: list[dict[str, str]] = []
    for one in found:
        if groups and groups[-1].get(one.kind, one.value) == one.value:
            groups[-1][one.kind] = one.value
        else:
            groups.append({one.kind: one.value})
    if len({frozenset(group) for group in groups}) > 1:
        return None
    return [_identifiers(group) for group in groups]


def own(text: str) -> list[Mention]:
    """The mentions in a text, without those of other papers: what follows such words on a line, and a block that begins with them."""
    return mentions("\n".join(_without_others(text.split("\n"))))


def _without_others(lines: Iterable[str]) -> Iterator[str]:
    is_others = False
    for line in lines:
        speaks = OTHERS.search(line)
        is_others = bool(line.strip()) and (is_others or bool(speaks and speaks.start() <= len(line) - len(line.lstrip()) + 2))
        yield "" if is_others else line[: speaks.start()] if speaks else line


def left_over(text: str, found: Iterable[Mention]) -> str:
    """What a text says beside its identifiers and their labels."""
    bare = re.sub(r"(?:https?://|www\.)\S*", " ", blanked(text, found), flags=re.IGNORECASE)
    bare = re.sub(r"\b(?:pubmed|pmid|pmcid|pmc|doi|id|link|url|and)s?\b", " ", bare, flags=re.IGNORECASE)
    bare = re.sub(r"\[indexed[^\]]*\]|\[pubmed[^\]]*\]|\bfree(?: pmc)? article\b|\bepub\b[^.;]*", " ", bare, flags=re.IGNORECASE)
    return " ".join(re.findall(r"\w+", bare))


def blanked(text: str, found: Iterable[Mention]) -> str:
    """A text of the same length with blanks in the place of some mentions."""
    parts: list[str] = []
    place = 0
    for one in sorted(found, key=lambda one: one.start):
        parts += (text[place : one.start], " " * (one.end - max(place, one.start)))
        place = max(place, one.end)
    return "".join([*parts, text[place:]])


def _name(one: Mention) -> tuple[str, str]:
    return one.kind, one.value


def _identifiers(group: dict[str, str]) -> Identifiers:
    pmid = group.get("pmid")
    return Identifiers(int(pmid) if pmid else None, group.get("doi"), group.get("pmcid"))
