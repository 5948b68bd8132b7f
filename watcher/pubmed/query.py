"""Writes PubMed query terms: windows, date cuts, the normal form; and reads them for mistakes that PubMed itself would not report.

Pure: terms in, terms or `Problem`s out. It never asks PubMed, reads no clock and changes no term that a lab wrote, save by putting
parentheses around it. The syntax is that of PubMed's help (https://pubmed.ncbi.nlm.nih.gov/help/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from itertools import pairwise

from watcher.errors import Problem

FIRST_DAY = date(1800, 1, 1)
"""Before any date in PubMed."""

FOR_EVER = "3000"
"""PubMed's own way of leaving a range of dates open at its end."""

# --- terms ---------------------------------------------------------------------------------------------------------------------


def normalise(term: str) -> str:
    """Fold white space outside quotation marks; two terms are one version of a query when their normal forms are equal."""
    parts = re.split(r'("[^"]*"?)', term)
    return "".join(part if part.startswith('"') else re.sub(r"\s+", " ", part) for part in parts).strip()


def windowed(term: str, since: date) -> str:
    """Those of `term` that were created, entered, indexed or revised on or after `since` (a day at NCBI)."""
    dates = " OR ".join(f"({_days(since, None, field)})" for field in ("crdt", "edat", "mhda", "lr"))
    return f"({term}) AND ({dates})"


def created_between(term: str, since: date | None, until: date | None) -> str:
    """Those of `term` whose record was created from `since` to `until`, both inclusive, None for no bound."""
    return f"({term}) AND ({_days(since, until, 'crdt')})"


def created_never(term: str) -> str:
    """Those of `term` that no range of creation dates finds."""
    return f"({term}) NOT ({_days(None, None, 'crdt')})"


def entered_between(term: str, since: date | None, until: date | None) -> str:
    """Those of `term` whose entry date lies from `since` to `until`, both inclusive, None for no bound."""
    return f"({term}) AND ({_days(since, until, 'edat')})"


def published_in(term: str, first_year: int, last_year: int) -> str:
    """Those of `term` published, on paper or on line, from `first_year` to `last_year`.

    A record with a print and an electronic date in different years matches both of them.
    """
    return f'({term}) AND ("{first_year:04d}"[dp] : "{last_year:04d}"[dp])'


def _days(since: date | None, until: date | None, field: str) -> str:
    last = f"{until:%Y/%m/%d}" if until else FOR_EVER
    return f'"{since or FIRST_DAY:%Y/%m/%d}"[{field}] : "{last}"[{field}]'


# --- fields --------------------------------------------------------------------------------------------------------------------

_FIELDS = {
    "Affiliation": "ad affl",
    "All Fields": "all",
    "Article Identifier": "aid doi",
    "Author": "au auth",
    "Author - Corporate": "cn coln,corporate author",
    "Author - First": "1au faut,first author,first author name",
    "Author - Full": "fau,full author name",
    "Author - Identifier": "auid,author identifier",
    "Author - Last": "lastau laut,last author,last author name",
    "Book": "book,book accession",
    "Conflict of Interest Statements": "cois,conflict of interest statement,conflict of interest",
    "Date - Completion": "dcom cdat,completion date",
    "Date - Create": "crdt,create date,date created",
    "Date - Entry": "edat,entrez date,entry date",
    "Date - MeSH": "mhda,mesh date",
    "Date - Modification": "lr mdat,modification date,last revision",
    "Date - Publication": "dp pdat,publication date",
    "EC/RN Number": "rn ecno,registry number",
    "Editor": "ed",
    "Electronic Publication Date": "epdat epdt,date - electronic publication",
    "Filter": "filter filt sb subset",
    "Grants and Funding": "gr grnt,grant number,grants",
    "Investigator": "ir fir finv,full investigator name",
    "ISBN": "isbn",
    "Issue": "ip iss",
    "Journal": "ta jour so,journal title abbreviation",
    "Language": "la lang",
    "Location ID": "lid",
    "MeSH Major Topic": "majr",
    "MeSH Subheading": "sh subh,mesh subheadings,subheading,subheadings",
    "MeSH Terms": "mh mesh",
    "NLM Unique ID": "jid",
    "Other Term": "ot otrm,other terms,keyword,keywords",
    "Owner": "own",
    "Pagination": "pg page",
    "Pharmacological Action": "pa papx,pharmacologic action",
    "Place of Publication": "pl cnty",
    "PMID": "pmid uid",
    "Print Publication Date": "ppdat ppdt,date - print publication",
    "Publication Type": "pt ptyp",
    "Publisher": "pubn",
    "Publisher ID": "pid",
    "Secondary Source ID": "si,secondary source",
    "Subject - Personal Name": "ps,personal name as subject",
    "Supplementary Concept": "nm subs,substance name,supplementary concepts",
    "Text Word": "tw word,text words",
    "Title": "ti titl",
    "Title/Abstract": "tiab,title abstract",
    "Abstract": "ab",
    "Transliterated Title": "tt",
    "Volume": "vi vol",
}
"""Names and tags of PubMed's search fields as PubMed's help and EInfo list them: short tags, then further long names."""


def _spellings() -> Iterator[tuple[str, str]]:
    for name, others in _FIELDS.items():
        tags, *names = others.split(",")
        for spelling in (name, *tags.split(), *names):
            yield spelling.lower(), name


_NAMES = dict(_spellings())
_DATES = frozenset(name for name in _FIELDS if "Date" in name)
_PROXIMITY = frozenset({"Title", "Title/Abstract", "Affiliation"})
_UNEXPLODED = frozenset({"MeSH Terms", "MeSH Major Topic", "MeSH Subheading", "Publication Type", "Pharmacological Action"})

# --- lint ----------------------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r'(?P<phrase>"[^"]*")|(?P<quote>")|(?P<tag>\[[^\[\]]*\])|(?P<bracket>[\[\]])|(?P<open>\()|(?P<close>\))|(?P<colon>:)'
    r'|(?P<word>[^\s"\[\]():]+)'
)
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_STATED_DATE = re.compile(r"(\d{4})(?:[/-](\d{1,2})(?:[/-](\d{1,2}))?)?")
_RELATIVE_DATE = re.compile(r"last \d+ (?:days?|months?|years?)", re.IGNORECASE)
_FOREIGN = re.compile(r"(?:NEAR/|ADJ|W/|PRE/|NEXT/)\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int

    @property
    def is_operand(self) -> bool:
        return self.kind in ("phrase", "word")


@dataclass(frozen=True, slots=True)
class Flaw:
    """What PubMed would silently read otherwise than it was meant. Line and column count from 1 inside the term.

    `breaks` is set where the term falls apart, so that it cannot mean what was written: nothing balances, or an operator joins nothing.
    """

    line: int
    column: int
    what: str
    fix: str
    breaks: bool

    @property
    def told(self) -> str:
        """The flaw with its place inside the term."""
        return f"line {self.line}, column {self.column}: {self.what}"


def lint(term: str) -> tuple[Problem, ...]:
    """Find what PubMed would silently read otherwise than it was meant; each problem names line and column inside the term.

    PubMed mends a broken query without an error: it drops what does not balance and searches an unknown field as plain text, so
    that a result explodes or shrinks unseen. An empty tuple means that nothing was found, not that the query is good.
    """
    return tuple(Problem(flaw.told if term.strip() else flaw.what, flaw.fix) for flaw in flaws(term))


def flaws(term: str) -> tuple[Flaw, ...]:
    """What `lint` tells, in the order of the term, with places that can be reckoned with."""
    if not term.strip():
        fix = 'write what PubMed shall search, such as "neuromuscular junction"[tiab]'
        return (Flaw(1, 1, "the query is empty", fix, breaks=True),)
    tokens = list(_tokens(term))
    broken = {*_unbalanced(tokens), *_dangling(tokens)}
    milder = {
        *_comments(term),
        *_tags(tokens),
        *_words(tokens),
        *_operators(tokens),
        *_wildcards(tokens),
        *_dates(tokens),
    }
    return tuple(Flaw(*_place(term, fault[0]), fault[1], fault[2], fault in broken) for fault in sorted(broken | milder))


_Fault = tuple[int, str, str]
"""Where in the term, what is wrong, what to write instead."""


def _place(term: str, start: int) -> tuple[int, int]:
    before = term[:start]
    return before.count("\n") + 1, start - before.rfind("\n")


def _tokens(term: str) -> Iterator[_Token]:
    """Cut a term up; an operator has the kind "operator". A quotation mark without a second one turns no others round."""
    lone = _lone_quote(term)
    if lone is not None:
        yield from _cut(term[:lone], 0)
        yield _Token("quote", '"', lone)
        yield from _cut(term[lone + 1 :], lone + 1)
    else:
        yield from _cut(term, 0)


def _cut(text: str, start: int) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        yield _Token("operator" if found.group() in _OPERATORS else kind, found.group(), start + found.start())


def _lone_quote(term: str) -> int | None:
    """Of an odd number of quotation marks the one that has no second: in the first line with an odd number, where two phrases open or
    close one after the other."""
    start = 0
    for line in term.split("\n") if term.count('"') % 2 else ():
        if line.count('"') % 2:
            return start + _lone_in(line)
        start += len(line) + 1
    return None


def _lone_in(line: str) -> int:
    opened: int | None = None
    last = line.rindex('"')
    for found in re.finditer('"', line):
        at = found.start()
        opens = at == 0 or line[at - 1] in " \t(:"
        if opens == (opened is not None):
            return at if opened is None else opened
        opened = at if opens else None
    return last if opened is None else opened


def _comments(term: str) -> Iterator[_Fault]:
    for found in re.finditer(r"^[ \t]*(#(?!\d)|//|--|/\*)", term, re.MULTILINE):
        yield found.start(1), "PubMed knows no comments and searches these words", "move the comment into the watch's note"


def _unbalanced(tokens: list[_Token]) -> Iterator[_Fault]:
    waiting: list[_Token] = []
    for token in tokens:
        if token.kind == "quote":
            yield token.start, "this quotation mark has no second one", 'close the phrase with another "'
        elif token.kind == "bracket":
            yield token.start, f"{token.text} stands alone", "write a field as [tag], without a bracket inside"
        elif token.kind == "open":
            waiting.append(token)
        elif token.kind == "close" and not waiting:
            yield token.start, "this closing parenthesis was never opened", "remove it, or open it before its first word"
        elif token.kind == "close":
            waiting.pop()
    for token in waiting:
        yield token.start, "this parenthesis is never closed", "close it after its last word"


def _tags(tokens: list[_Token]) -> Iterator[_Fault]:
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.kind != "tag":
            continue
        if before is None or not before.is_operand:
            yield token.start, f"no word stands before {token.text}", "put a field behind the word or phrase it belongs to"
        yield from _tag(token)


def _tag(token: _Token) -> Iterator[_Fault]:
    name, modifier = _field(token)
    if name is None:
        yield token.start, f"PubMed knows no field {token.text} and searches the words everywhere", _nearest(token.text)
    elif modifier.startswith("~"):
        if not re.fullmatch(r"~\d+", modifier):
            yield token.start, f"the distance in {token.text} is no number", "write it as [tiab:~3]"
        elif name not in _PROXIMITY:
            yield token.start, f"PubMed has no proximity search in {name}", "use [ti:~N], [tiab:~N] or [ad:~N]"
    elif modifier and not (modifier == "noexp" and name in _UNEXPLODED):
        yield token.start, f"PubMed knows no field {token.text}", f"write [{token.text[1:-1].partition(':')[0]}]"


def _field(token: _Token) -> tuple[str | None, str]:
    """A tag's field by its full name, None for an unknown one; and what follows the colon, in lower case."""
    spelling, _, modifier = token.text[1:-1].partition(":")
    return _NAMES.get(" ".join(spelling.lower().split())), modifier.strip().lower()


def _nearest(text: str) -> str:
    near = get_close_matches(text[1:-1].strip().lower(), _NAMES, n=1, cutoff=0.6)
    return f"did you mean [{near[0]}]?" if near else "the tags are listed in PubMed's help; [tiab] is title, abstract and keywords"


def _words(tokens: list[_Token]) -> Iterator[_Fault]:
    for token in tokens:
        if token.kind != "word":
            continue
        if token.text.upper() in _OPERATORS:
            yield token.start, f"{token.text} is searched as a word", f"write {token.text.upper()}"
        elif re.fullmatch(r"#\d+", token.text):
            yield token.start, f"{token.text} means an earlier search, and there is none", "write the earlier search out"
        elif _FOREIGN.fullmatch(token.text):
            yield token.start, f"{token.text} is another database's syntax", 'write "two words"[tiab:~3]'
        elif token.text[0] in "“”„«»":
            yield token.start, f"{token.text[0]} is no quotation mark to PubMed", 'write "'


# --- lint: operators -------------------------------------------------------------------------------------------------------------


def _operators(tokens: list[_Token]) -> Iterator[_Fault]:
    before = _Token("open", "", 0)
    for token in tokens:
        yield from _meeting(before, token)
        before = token
    yield from _mixtures(tokens)


def _dangling(tokens: list[_Token]) -> Iterator[_Fault]:
    """Operators that join nothing."""
    ends = _Token("open", "", 0), _Token("close", "", 0)
    for before, token in pairwise([ends[0], *tokens, ends[1]]):
        if token.kind == "operator" and before.kind == "open" and token.text != "NOT":
            yield token.start, f"nothing stands before {token.text}", "remove it, or add what it joins"
        elif token.kind == "close" and before.kind == "operator":
            yield before.start, f"nothing stands after {before.text}", "remove it, or add what it joins"


def _meeting(before: _Token, token: _Token) -> Iterator[_Fault]:
    """What two neighbours do wrong together."""
    if token.kind == "operator" and before.kind == "operator" and (before.text, token.text) != ("AND", "NOT"):
        yield token.start, f"{before.text} {token.text} stand side by side", "keep one of them"
    elif token.kind == "close" and before.text == "(":
        yield before.start, "these parentheses are empty", "remove them"


def _mixtures(tokens: list[_Token]) -> Iterator[_Fault]:
    """AND or NOT after OR in one group: PubMed reads from left to right, without precedence."""
    groups: list[set[str]] = [set()]
    for token in tokens:
        if token.kind == "open":
            groups.append(set())
        elif token.kind == "close" and len(groups) > 1:
            groups.pop()
        elif token.kind == "operator":
            if token.text != "OR" and groups[-1] == {"OR"}:
                yield (
                    token.start,
                    f"{token.text} after OR without parentheses: PubMed reads from left to right, (a OR b) {token.text} c",
                    "put parentheses around what belongs together",
                )
            groups[-1].add(token.text)


# --- lint: wildcards -------------------------------------------------------------------------------------------------------------


def _wildcards(tokens: list[_Token]) -> Iterator[_Fault]:
    """PubMed wants four letters before the first *, and none of them inside a proximity search."""
    for run, tag in _operands(tokens):
        text = " ".join(token.text.strip('"') for token in run)
        if "*" not in text:
            continue
        start = next(token.start for token in run if "*" in token.text)
        if tag is not None and "~" in tag.text:
            yield (
                start,
                "a wildcard inside a proximity search is not expanded",
                "write the forms out, one search each, joined by OR",
            )
        elif len(re.sub(r"\W", "", text.partition("*")[0])) < 4:
            yield start, f"fewer than four letters before * in {text}", "write at least four, or the forms themselves"


def _operands(tokens: list[_Token]) -> Iterator[tuple[list[_Token], _Token | None]]:
    """The runs of words and phrases, each with the tag behind it; a phrase is a run of its own."""
    run: list[_Token] = []
    for token in tokens:
        if run and not (token.kind == "word" and run[-1].kind == "word"):
            yield run, token if token.kind == "tag" else None
            run = []
        if token.is_operand:
            run.append(token)
    if run:
        yield run, None


# --- lint: dates -----------------------------------------------------------------------------------------------------------------


def _dates(tokens: list[_Token]) -> Iterator[_Fault]:
    operands = list(_operands(tokens))
    for run, tag in operands:
        if tag is not None and _field(tag)[0] in _DATES and len(run) == 1:
            yield from _date(run[0])
    yield from _ranges(tokens)


def _date(token: _Token) -> Iterator[_Fault]:
    text = token.text.strip('" ')
    if _stated(text) is None and not _RELATIVE_DATE.fullmatch(text):
        yield token.start, f"{token.text} is no date", "write YYYY, YYYY/MM or YYYY/MM/DD"


def _stated(text: str) -> tuple[int, int, int] | None:
    """A date's numbers, 0 where it states none; None for what is no date."""
    found = _STATED_DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    possible = month <= 12 and day <= 31 and (found[2] is None or month > 0) and (found[3] is None or day > 0)
    return (year, month, day) if possible else None


def _ranges(tokens: list[_Token]) -> Iterator[_Fault]:
    bare = [token for token in tokens if token.kind != "tag"]
    for low, colon, high in zip(bare, bare[1:], bare[2:], strict=False):
        if colon.kind != "colon" or not (low.is_operand and high.is_operand):
            continue
        first, last = (_stated(end.text.strip('" ')) for end in (low, high))
        if first is None or last is None:
            continue
        after = tokens[tokens.index(high) + 1 :][:1]
        if not after or after[0].kind != "tag":
            yield low.start, f"the range {low.text} : {high.text} has no field", f'write "{low.text}"[dp] : "{high.text}"[dp]'
        if first > last:
            yield low.start, f"the range {low.text} : {high.text} ends before it begins", "turn it round"
