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
    "title": ("title", "article title"),
    "pmid": ("pmid", "pubmed id", "pubmed"),
    "doi": ("doi", "digital object identifier"),
    "pmcid": ("pmcid", "pmc id", "pmc", "pubmed central id"),
    "keywords": ("keywords", "key words", "keyword", "author keywords"),
    "headings": ("mesh", "mesh terms", "mesh headings", "subject headings"),
    "abstract": ("abstract", "summary", "abstract/summary"),
    "notes": (
        "tl;dr",
        "tldr",
        "contribution",
        "key findings",
        "key points",
        "highlights",
        "significance",
        "significance statement",
        "notes",
    ),
    "entities": ("full-text entities", "entities"),
}
_OTHERS = [
    "authors",
    "author",
    "affiliations",
    "references",
    "figures",
    "tables",
    "funding",
    "license",
    "rights",
    "copyright",
    "journal",
    "volume",
    "issue",
    "issn",
    "isbn",
    "share",
    "coins",
    "comments",
    "citation",
    "source",
    "download",
    "metrics",
    "doctype",
    "type",
    "language",
    "publisher",
    "year",
    "date",
]
_PASSED_OVER = (
    *_OTHERS,
    "document type",
    "publication date",
    "publication title",
    "recommended citation",
    "conflict of interest",
    "supplementary material",
    "full text",
    "first page",
    "last page",
    "included in",
    "cited by",
    "similar articles",
    "related papers",
)
_KNOWN = {spelling: name for name, spellings in _LABELS.items() for spelling in spellings} | dict.fromkeys(_PASSED_OVER, "")
_CITED = (
    "references",
    "cited by",
    "similar articles",
    "related papers",
    "recommended citation",
    "bibliography",
    "literature cited",
)
_PARTS_OF_ABSTRACTS = frozenset(
    [
        "background",
        "introduction",
        "objective",
        "objectives",
        "aim",
        "aims",
        "purpose",
        "rationale",
        "hypothesis",
        "design",
        "setting",
        "methods",
        "method",
        "approach",
        "results",
        "findings",
        "conclusion",
        "conclusions",
        "discussion",
        "interpretation",
        "significance",
        "limitations",
    ]
)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_BOLD_LABEL = re.compile(r"^(?:[-*]\s+)?\*\*([^*]{1,40}?):?\*\*:?\s*(.*)$")
_INLINE_LABEL = re.compile(r"^([A-Za-z][A-Za-z;/ -]{1,30}?)\s*:\s*(.*)$")
_NUMBER_LABEL = re.compile(r"^(PMID|DOI|PMCID)\s+(\S+)$", re.IGNORECASE)
_ENTITY = re.compile(r"([^,()\[\]:*]+?)\s*\(MESH:[A-Z]\d+\)")
_LONG = 200
"""Characters from which a paragraph without a label may be the abstract."""


@dataclass(slots=True)
class _Block:
    """The lines under one label. `name` is "" for what is passed over; `is_cited` where other papers are named."""

    name: str
    lines: list[str] = field(default_factory=list)
    is_cited: bool = False

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


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
        if found is None:
            blocks[-1].lines.append(line)
        elif _is_title(found[0], line, blocks):
            blocks.append(_Block("title", [found[0]]))
        else:
            plain = found[0].casefold().strip(" :")
            blocks.append(_Block(_KNOWN.get(plain, ""), [found[1]], plain in _CITED))
        if found and found[1] and blocks[-1].name in ("", "pmid", "doi", "pmcid"):
            blocks.append(_Block("stray"))  # such a value is one line; what follows is not part of it
    return blocks


def _is_title(label: str, line: str, blocks: list[_Block]) -> bool:
    """Whether a line is the Markdown document's first heading of the first level."""
    is_first = not any(one.name == "title" for one in blocks)
    return is_first and line.startswith("# ") and label.casefold() not in _KNOWN


def _labelled(line: str, block: _Block) -> tuple[str, str] | None:
    """Label and value of a line that has a label, or None. A Markdown heading is one whatever it says, save inside an abstract."""
    if heading := _HEADING.match(line):
        is_part = block.name == "abstract" and line.startswith("###") and heading[1].casefold().strip(" :") in _PARTS_OF_ABSTRACTS
        return None if is_part else (heading[1], "")
    line = line.strip()
    if line.casefold().rstrip(":") in _KNOWN:
        return line, ""
    labelled = _BOLD_LABEL.match(line) or _NUMBER_LABEL.match(line) or _INLINE_LABEL.match(line)
    return (labelled[1], labelled[2]) if labelled and labelled[1].casefold() in _KNOWN else None


def _heading_like(lines: list[str], position: int, block: _Block) -> tuple[str, str] | None:
    """A short line with white space around it ends the block before it, unless that block still waits for its value."""
    line = lines[position].strip()
    is_alone = not any(lines[other].strip() for other in (position - 1, position + 1) if 0 <= other < len(lines))
    if not is_alone or not block.text or block.name in ("opening", "stray"):
        return None
    words = line.split()
    is_short = 0 < len(words) <= 4 and len(line) <= 40 and not re.search(r"[.,;:!?\d]", line)
    return (line, "") if is_short and line[0].isupper() and words[0].casefold() not in _PARTS_OF_ABSTRACTS else None


def _identifiers(blocks: list[_Block], named: Mapping[str, str]) -> Identifiers:
    """From labelled blocks; else the one that the page calls by its kind; else the only one there is. Cited papers are left out."""
    own = "\n".join(line for block in blocks if not block.is_cited for line in block.lines)
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
