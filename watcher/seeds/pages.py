"""Pages about one paper, as text or Markdown: a repository's page copied from the browser, a summary that a tool wrote.

A page is a title and labelled blocks, in any order. A label stands alone on its line ("Abstract", "## Abstract"), or before its
value ("DOI: 10.…", "**Keywords:** …"). What is not known is passed over, so that the text around a paper does not become its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from watcher.seeds.entry import Entry, folded, terms
from watcher.seeds.identifiers import Identifiers, doi_of, dois_in, identified, pmcids_in, pmids_in

_T = TypeVar("_T")

_LABELS = {
    "title": r"(article )?title",
    "pmid": r"pmid|pubmed( id)?",
    "doi": r"doi|digital object identifier",
    "pmcid": r"pmcid|pmc( id)?|pubmed central id",
    "keywords": r"(author )?key ?words?",
    "headings": r"mesh( terms| headings)?|subject headings",
    "abstract": r"abstract|summary",
    "notes": r"tl;?dr|contribution|key (findings|points)|highlights|significance( statement)?|notes",
    "entities": r"(full-text )?entities",
    "cited": r"references|bibliography|literature cited|(recommended )?citation|cited by|(similar|related) (articles|papers)",
    "": r"authors?|affiliations?|figures|tables|funding|license|rights|copyright|journal|volume|issue|issn|isbn|publisher|language|"
    r"publication (date|title|type)|document type|date|year|(\w+ )?source|full text|(first|last) page|included in|share|coins|comments|"
    r"download|metrics|conflicts? of interest|supplementary material",
}
"""What each part of a page may be called; `cited` is about other papers, and what stands under "" is passed over."""
_PART_OF_ABSTRACT = re.compile(
    r"(background|introduction|objectives?|aims?|purpose|rationale|hypothesis|design|setting|methods?|approach|results|findings|"
    r"conclusions?|discussion|interpretation|limitations)\b",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_BOLD_LABEL = re.compile(r"^(?:[-*]\s+)?\*\*([^*]{1,40}?):?\*\*:?\s*(.*)$")
_INLINE_LABEL = re.compile(r"^([A-Za-z][A-Za-z;/ -]{1,30}?)\s*:\s*(.*)$")
_NUMBER_LABEL = re.compile(r"^(PMID|DOI|PMCID)\s+(\S+)$", re.IGNORECASE)
_ENTITY = re.compile(r"([^,()\[\]:*]+?)\s*\(MESH:[A-Z]\d+\)")
_ONE_LINE = frozenset({"pmid", "doi", "pmcid"})
_LONG = 200
"""Characters from which a paragraph without a label may be the abstract."""


@dataclass(slots=True)
class _Block:
    """The lines under one label; `name` is a key of the labels, or "opening", or "stray" for lines without one."""

    name: str
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()

    @property
    def is_full(self) -> bool:
        """Whether the value is one line and stands there, so that what follows is not part of it."""
        return bool(self.text) if self.name in _ONE_LINE else self.name == "" and bool(self.lines[0])


def read_page(text: str) -> Entry:
    """The paper that a page is about; an empty entry when nothing is understood."""
    blocks = _blocks(text.splitlines())
    named = {
        name: "\n\n".join(one.text for one in blocks if one.name == name and one.text) for name in {one.name for one in blocks}
    }
    opening = _paragraphs(named.get("opening", ""))
    title = named.get("title") or (opening[0] if opening else "")
    abstract = named.get("abstract") or _longest([*opening[1:], *_paragraphs(named.get("stray", ""))])
    return Entry(
        ids=_identifiers(blocks, named),
        title=_unmarked(title),
        abstract=_unmarked(abstract),
        keywords=tuple(map(_unmarked, terms(named.get("keywords", "")))),
        headings=tuple(map(_unmarked, [*terms(named.get("headings", "")), *_entities(named.get("entities", ""))])),
        notes=_unmarked(named.get("notes", "")),
    )


def _blocks(lines: list[str]) -> list[_Block]:
    blocks = [_Block("opening")]
    for position, line in enumerate(lines):
        found = _labelled(line, blocks[-1]) or _heading_like(lines, position, blocks[-1])
        if found is None and blocks[-1].is_full:
            blocks.append(_Block("stray", [line]))
        elif found is None:
            blocks[-1].lines.append(line)
        elif _is_title(found[0], line, blocks):
            blocks.append(_Block("title", [found[0]]))
        else:
            blocks.append(_Block(_name_of(found[0]) or "", [found[1]]))
    return blocks


def _is_title(label: str, line: str, blocks: list[_Block]) -> bool:
    """Whether a line is the Markdown document's first heading of the first level."""
    is_first = not any(one.name == "title" for one in blocks)
    return is_first and line.startswith("# ") and _name_of(label) is None


def _name_of(label: str) -> str | None:
    """Which part of a page a label begins, or None for one that is not known."""
    plain = label.casefold().strip(" :")
    return next((name for name, pattern in _LABELS.items() if re.fullmatch(pattern, plain)), None)


def _labelled(line: str, block: _Block) -> tuple[str, str] | None:
    """Label and value of a line that has a label, or None. A Markdown heading is one whatever it says, save inside an abstract."""
    if heading := _HEADING.match(line):
        is_part = block.name == "abstract" and line.startswith("###") and _PART_OF_ABSTRACT.match(heading[1])
        return None if is_part else (heading[1], "")
    line = line.strip()
    if _name_of(line) is not None:
        return line, ""
    labelled = _BOLD_LABEL.match(line) or _NUMBER_LABEL.match(line) or _INLINE_LABEL.match(line)
    return (labelled[1], labelled[2]) if labelled and _name_of(labelled[1]) is not None else None


def _heading_like(lines: list[str], position: int, block: _Block) -> tuple[str, str] | None:
    """A short line with white space around it ends the block before it, unless that block still waits for its value."""
    line = lines[position].strip()
    is_alone = not any(lines[other].strip() for other in (position - 1, position + 1) if 0 <= other < len(lines))
    if not is_alone or not block.text or block.name in ("opening", "stray"):
        return None
    words = line.split()
    is_short = 0 < len(words) <= 4 and len(line) <= 40 and not re.search(r"[.,;:!?\d]", line)
    return (line, "") if is_short and line[0].isupper() and not _PART_OF_ABSTRACT.match(line) else None


def _identifiers(blocks: list[_Block], named: Mapping[str, str]) -> Identifiers:
    """From labelled blocks; else the one that the page calls by its kind; else the only one there is. Cited papers are left out."""
    own = "\n".join(line for block in blocks if block.name != "cited" for line in block.lines)
    called = re.search(r"\bDOI\s*[:=]?\s*((?:https?://\S+/)?10\.\S+)", own, re.IGNORECASE)
    return Identifiers(
        identified(named.get("pmid", "")).pmid or _only(pmids_in(own)),
        doi_of(named.get("doi", "")) or (doi_of(called[1]) if called else None) or _only(dois_in(own)),
        identified(named.get("pmcid", "")).pmcid or _only(pmcids_in(own)),
    )


def _only(found: Sequence[_T]) -> _T | None:
    return found[0] if len(found) == 1 else None


def _entities(text: str) -> list[str]:
    """The names that a tool found in the paper and gave a MeSH number, in the paper's own words."""
    return list(dict.fromkeys(folded(name) for name in _ENTITY.findall(text)))


def _paragraphs(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"\n\s*\n", text) if one.strip()]


def _longest(paragraphs: Sequence[str]) -> str:
    longest = max(paragraphs, key=len, default="")
    return longest if len(longest) >= _LONG else ""


def _unmarked(text: str) -> str:
    """Text without Markdown: headings, bullets, emphasis and links become what they show."""
    text = re.sub(r"^\s*(?:#{1,6}|[-*•]|>)\s+", "", text, flags=re.MULTILINE)
    text = re.sub(r"!?\[([^\]]*)\]\([^)\s]*\)", r"\1", text)
    return folded(re.sub(r"(\*{1,3}|(?<!\w)_{1,2})(?=\S)(.+?)(?<=\S)\1(?!\w)", r"\2", text))
