"""Pages about one paper, as text or Markdown: a repository's page copied from the browser, a summary that a tool wrote.

A page is a title and labelled blocks, in any order. A label stands alone on its line ("Abstract", "## Abstract"), or before its
value ("DOI: 10.…", "**Keywords:** …", a line of front matter). What is not known is passed over, so that the text around a paper does not
become its own. A PMID counts where the page calls it its own: behind a label, on a line of its own, or at the end of the citation at the
page's head. A number in notes, in references, or behind words such as "Comment in" is another paper's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from watcher.errors import Place, Problem
from watcher.seeds.citations import is_citation
from watcher.seeds.entry import SeedEntry, folded, refused, terms
from watcher.seeds.identifiers import Identifiers, identified, unwrapped
from watcher.seeds.mentions import OF_OTHERS, OTHERS, Mention, left_over, mentions, own, papers
from watcher.seeds.numbers import loose_numbers

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
    "cited": OF_OTHERS,
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
_INLINE_LABEL = re.compile(r"^(?:[-*•]\s+)?([A-Za-z][A-Za-z;/ -]{1,30}?)\s*[:=：]\s*(.*)$")
_BRACKET_LABEL = re.compile(r"^[\[(]\s*(PMID|DOI|PMCID)\s*[:=]?\s*(.*?)[\])]$", re.IGNORECASE)
_NUMBER_LABEL = re.compile(r"^(PMID|DOI|PMCID)\s+(\S+)$", re.IGNORECASE)
_ENTITY = re.compile(r"\(MESH:[A-Z]\d+\)")
_BEFORE_ENTITY = re.compile(r"[,()\[\]:*]")
_ONE_LINE = frozenset({"pmid", "doi", "pmcid"})
_NOT_ITS_OWN = frozenset({"cited", "notes", "abstract", "entities", "keywords", "headings"})
"""Parts whose identifiers are other papers', or about to be taken for what they are not."""
_CLOSED = frozenset({"cited", "notes"})
"""Parts that a label with a PMID or DOI behind it does not end, save where they are a line of their own with an empty one below."""
_OF_ONE = re.compile(
    r"(?:comment|correction|update|retraction|republished|expression of concern)s? (?:in|on|of|for|from)|errat(?:um|a) (?:in|for)",
    re.IGNORECASE,
)
"""Labels of a line about one other paper, which tells nothing of what stands below the next empty line."""
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_KEY = re.compile(r"^([A-Za-z][\w -]{0,30}?)\s*:(?:\s+|$)(.*)$")
_EMPTY = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null", "unknown", "not available", "tbd", "?", "~", "[]", "''", '""'})
_MARKED_LINE = re.compile(r"^[^\S\n]*(?:#{1,6}|[-*•]|>)[^\S\n]+", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^)\s\[]*\)")
_STARRED = re.compile(r"(\*{1,3})(?=[^\s*])([^*\n]+)(?<=\S)\1(?!\w)")
_UNDERLINED = re.compile(r"(?<!\w)(_{1,2})(?=\S)(.{1,200}?)(?<=\S)\1(?!\w)")
"""Markdown's signs. None of them looks further than the next of its kind, or 200 characters: texts of any length are read in linear time."""
_SEVERAL = "the numbers on this line may be PMIDs, and nothing says so"
_NONE_ITS_OWN = "this page names several papers and none as its own"
_ONE_ON_A_LINE = "write one PMID or DOI on a line, or give the page's paper a line of its own, such as `PMID: …`"
_LONG = 200
"""Characters from which a paragraph without a label may be the abstract."""


@dataclass(slots=True)
class _Block:
    """The lines under one label, and the number of the line with the label. `name` is a key of the labels, or "opening", or "stray" for
    lines without one; `is_section` when a Markdown heading began it."""

    name: str
    lines: list[str] = field(default_factory=list)
    line: int = 1
    is_section: bool = False
    is_of_one: bool = False
    has_text: bool = False

    def __post_init__(self) -> None:
        self.has_text = any(line.strip() for line in self.lines)

    def add(self, line: str) -> None:
        """Take one more line."""
        self.lines.append(line)
        self.has_text = self.has_text or bool(line.strip())

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()

    @property
    def is_full(self) -> bool:
        """Whether the value is one line and stands there, so that what follows is not part of it."""
        if self.name == "title" and self.is_section:
            return True
        return (
            self.has_text
            if self.name in _ONE_LINE
            else (self.name == "" and bool(self.lines[0])) or (self.is_of_one and self.is_over)
        )

    @property
    def is_over(self) -> bool:
        """Whether the value began behind its label, and an empty line stands below it."""
        return not self.is_section and bool(self.lines[0].strip()) and not self.lines[-1].strip()


def read_page(text: str, path: Path) -> tuple[SeedEntry, ...]:
    """The paper that a page is about.

    Raises:
        SeedError: it names several papers and none as its own.
    """
    blocks = [*_front_matter(text), *_blocks(_without_front_matter(text))]
    named = {
        name: "\n\n".join(one.text for one in blocks if one.name == name and one.text) for name in {one.name for one in blocks}
    }
    opening = _paragraphs(named.get("opening", ""))
    title = next(iter(_paragraphs(named.get("title", ""))), "") or next(filter(_may_be_title, opening), "")
    abstract = named.get("abstract") or _longest([*opening[1:], *_paragraphs(named.get("stray", ""))])
    ids, passed_over = _identifiers(blocks, path)
    if not ids and not abstract and not passed_over:
        _refuse_several(text, path)
    return (
        SeedEntry(
            ids=ids,
            title=_unmarked(_unquoted(title)),
            abstract=_unmarked(_unquoted(re.sub(r"\A[|>][+-]?\s*\n", "", abstract))),
            keywords=tuple(map(_unmarked, terms(_unlisted(named.get("keywords", ""))))),
            headings=tuple(map(_unmarked, [*terms(_unlisted(named.get("headings", ""))), *_entities(named.get("entities", ""))])),
            notes=_unmarked(named.get("notes", "")),
            passed_over=passed_over,
        ),
    )


def _may_be_title(paragraph: str) -> bool:
    """Whether a paragraph says something beside identifiers, and not of another paper."""
    others, found = OTHERS.search(paragraph), mentions(paragraph)
    return not found or bool(left_over(paragraph, found) and not (others and others.start() == 0))


def _refuse_several(text: str, path: Path) -> None:
    lines = text.split("\n")
    numbers = {number: loose for number, line in enumerate(lines, start=1) if (loose := loose_numbers(line))}
    is_many = len(numbers) > 1 and 2 * len(numbers) >= sum(bool(line.strip()) for line in lines)
    line = (
        next(iter(numbers), 1)
        if is_many
        else next((number for number, loose in numbers.items() if len(loose) + len(mentions(lines[number - 1])) > 1), None)
    )
    if line is not None:
        what = "the numbers on these lines may be PMIDs, and nothing says so" if is_many else _SEVERAL
        raise refused(path, line, what, "write one PMID on a line, or name the columns in the first line of a table")
    if not any(one.isalpha() for one in text):
        raise refused(path, 1, "this is no PMID, PMCID or DOI, and no page about a paper", "write one PMID, PMCID or DOI on a line")
    found = mentions(text)
    kinds = [{one.value for one in found if one.kind == kind} for kind in ("pmid", "doi", "pmcid")]
    if max(map(len, kinds)) > 1:
        line = text.count("\n", 0, found[0].start) + 1
        raise refused(path, line, _NONE_ITS_OWN, _ONE_ON_A_LINE)


# --- parts -----------------------------------------------------------------------------------------------------------------------


def _front_matter(text: str) -> Iterable[_Block]:
    """The keys that note-taking programs write between two lines `---` at a file's head."""
    found = _FRONT_MATTER.match(text)
    blocks: list[_Block] = []
    first = text.count("\n", 0, found.start(1)) + 1 if found else 0
    for number, line in enumerate(found[1].split("\n") if found else (), start=first):
        if key := _FRONT_KEY.match(line):
            blocks.append(_Block(_name_of(key[1]) or "", [key[2]], number))
        elif blocks:
            blocks[-1].add(line)
    return blocks


def _without_front_matter(text: str) -> list[str]:
    found = _FRONT_MATTER.match(text)
    return text.split("\n") if found is None else [*[""] * found[0].count("\n"), *text[found.end() :].split("\n")]


def _blocks(lines: list[str]) -> list[_Block]:
    blocks = [_Block("opening")]
    for position, line in enumerate(lines):
        found = _labelled(line, blocks[-1]) or _heading_like(lines, position, blocks[-1])
        if found is None and blocks[-1].is_full:
            blocks.append(_Block("stray", [line], position + 1))
        elif found is None:
            blocks[-1].add(line)
        elif _is_title(found[0], line, blocks):
            blocks.append(_Block("title", [found[0]], position + 1, is_section=True))
        else:
            is_section, is_of_one = bool(_HEADING.match(line)), bool(_OF_ONE.fullmatch(found[0].strip(" :")))
            blocks.append(_Block(_name_of(found[0]) or "", [found[1]], position + 1, is_section, is_of_one))
    return blocks


def _is_title(label: str, line: str, blocks: list[_Block]) -> bool:
    """Whether a line is the Markdown document's first heading of the first level."""
    is_first = not any(one.name == "title" for one in blocks)
    return is_first and line.startswith("# ") and _name_of(label) is None


@lru_cache(maxsize=4096)
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
        return None if block.is_section and block.name in _CLOSED and _name_of(line) in _ONE_LINE else (line, "")
    labelled = _BOLD_LABEL.match(line) or _NUMBER_LABEL.match(line) or _INLINE_LABEL.match(line) or _BRACKET_LABEL.match(line)
    name = _name_of(labelled[1]) if labelled else None
    if labelled is None or name is None or (block.name in _CLOSED and not block.is_over and name in _ONE_LINE):
        return None
    return labelled[1], labelled[2]


def _heading_like(lines: list[str], position: int, block: _Block) -> tuple[str, str] | None:
    """A short line with white space around it ends the block before it, unless that block still waits for its value."""
    line = lines[position].strip()
    is_alone = not any(lines[other].strip() for other in (position - 1, position + 1) if 0 <= other < len(lines))
    if not is_alone or not block.has_text or block.name in ("opening", "stray"):
        return None
    words = line.split()
    is_short = 0 < len(words) <= 4 and len(line) <= 40 and not re.search(r"[.,;:!?\d]", line)
    return (line, "") if is_short and line[0].isupper() and not _PART_OF_ABSTRACT.match(line) else None


# --- whose identifiers -------------------------------------------------------------------------------------------------------------


def _identifiers(blocks: Sequence[_Block], path: Path) -> tuple[Identifiers, tuple[Problem, ...]]:
    """What the page calls its own, and the labelled values that are not understood: no other number takes their place.

    Raises:
        SeedError: it calls several PMIDs its own, and has several DOIs: it is several papers.
    """
    found: dict[str, list[str]] = {"pmid": [], "doi": [], "pmcid": []}
    passed_over: list[Problem] = []
    for block in blocks:
        if block.name in _ONE_LINE:
            value = next((line.strip() for line in block.lines if line.strip()), "")
            named = _labelled_ids(block.name, value)
            if named is None:
                passed_over.append(_not_understood(block, value, path))
                found[block.name].append("")
            for one in named or ():
                found[one.kind].append(one.value)
    if len(set(found["pmid"]) - {""}) > 1 and _has_several_dois(blocks):
        raise refused(path, next(block.line for block in blocks if block.name == "pmid"), _NONE_ITS_OWN, _ONE_ON_A_LINE)
    passed_over += [_twice(kind, values, blocks, path) for kind, values in found.items() if len(set(values) - {""}) > 1]
    elsewhere = _elsewhere(blocks)
    ids = {kind: _the_one(values) if values else _the_one(elsewhere[kind]) for kind, values in found.items()}
    return Identifiers(identified(f"pmid:{ids['pmid']}").pmid, ids["doi"], ids["pmcid"]), tuple(passed_over)


def _has_several_dois(blocks: Sequence[_Block]) -> bool:
    own_text = "\n".join(block.text for block in blocks if block.name not in _NOT_ITS_OWN)
    return len({one.value for one in own(own_text) if one.kind == "doi"}) > 1


def _labelled_ids(kind: str, value: str) -> list[Mention] | None:
    """The identifiers behind a label: the one that it names, perhaps with others of the same paper; None for what is not understood."""
    if unwrapped(value).casefold() in _EMPTY:
        return []
    if whole := getattr(identified(f"{kind}: {value}"), kind):
        return [Mention(kind, str(whole), 0, 0)]
    line = f"{kind}: {value}"
    found = mentions(line)
    is_one = len(papers(found) or ()) == 1 and any(one.kind == kind for one in found)
    return found if is_one and not OTHERS.search(line) and not left_over(line, found) else None


def _not_understood(block: _Block, value: str, path: Path) -> Problem:
    name = block.name.upper()
    shown = value if len(value) <= 60 else f"{value[:57]}…"
    return Problem(f"“{shown}” is no {name}", f"write the {name} alone behind its label", Place(path, block.line))


def _twice(kind: str, values: Sequence[str], blocks: Sequence[_Block], path: Path) -> Problem:
    line = next(block.line for block in blocks if block.name == kind)
    several = " and ".join(dict.fromkeys(filter(None, values)))
    return Problem(
        f"the page calls two its own: {kind.upper()} {several}", "keep the paper's, or make a list of them", Place(path, line)
    )


def _elsewhere(blocks: Sequence[_Block]) -> dict[str, list[str]]:
    """What stands without a label: PMIDs at the end of a citation before the first label, and on lines of nothing but identifiers;
    DOIs and PMCIDs in all that is the page's own, those that are called so before others."""
    opening = [line for block in blocks if block.name == "opening" for line in block.lines]
    body = "\n".join("\n".join(block.lines) for block in blocks if block.name not in _NOT_ITS_OWN)
    found = [
        *(one for line in opening if is_citation(line) for one in own(line)),
        *(one for line in body.split("\n") for one in _bare(line)),
    ]
    wider = own(body)
    if {one.value for one in wider if one.kind == "pmid"} - {one.value for one in found}:
        found = []  # numbers in running text: whose they are is not said
    called = [
        one
        for one in wider
        if one.kind == "doi" and re.search(r"\bDOI\s*[:=]?\s*(?:https?://\S*)?$", _before(one, body), re.IGNORECASE)
    ]
    return {
        "pmid": [one.value for one in found if one.kind == "pmid"],
        "doi": [called[0].value] if called else [one.value for one in wider if one.kind == "doi"],
        "pmcid": [one.value for one in wider if one.kind == "pmcid"],
    }


def _bare(line: str) -> list[Mention]:
    """The identifiers of a line that holds nothing else but a word or two about them, such as `Source: https://pubmed…`."""
    found = own(line)
    return found if len(left_over(line, found).split()) <= 1 else []


def _before(one: Mention, text: str) -> str:
    return text[max(0, one.start - 30) : one.start]


def _the_one(values: Sequence[str]) -> str | None:
    """The only value there is."""
    several = set(values)
    return (several.pop() or None) if len(several) == 1 else None


# --- texts -------------------------------------------------------------------------------------------------------------------------


def _entities(text: str) -> list[str]:
    """The names that a tool found in the paper and gave a MeSH number, in the paper's own words."""
    before = [_BEFORE_ENTITY.split(part)[-1] for part in _ENTITY.split(text)[:-1]]
    return list(dict.fromkeys(name for part in before if (name := folded(part))))


def _paragraphs(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"\n\s*\n", text) if one.strip()]


def _longest(paragraphs: Sequence[str]) -> str:
    """The longest paragraph that is long enough for an abstract and names no other papers."""
    longest = max((one for one in paragraphs if len(mentions(one)) < 2), key=len, default="")
    return longest if len(longest) >= _LONG else ""


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _unlisted(text: str) -> str:
    """The entries of a YAML list as other lists are written."""
    found = re.fullmatch(r"\[(.*)\]", text.strip(), re.DOTALL)
    return re.sub(r"[\"']", "", found[1]) if found else text


def _unmarked(text: str) -> str:
    """Text without Markdown: headings, bullets, emphasis and links become what they show."""
    text = _MARKED_LINE.sub("", text)
    text = _LINK.sub(r"\1", text)
    return folded(_UNDERLINED.sub(r"\2", _STARRED.sub(r"\2", text)))
