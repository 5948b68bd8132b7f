"""Reads query terms for mistakes that PubMed itself would not report: it mends a broken query without an error, drops what does not
balance, and searches an unknown field as plain text, so that a result explodes or shrinks unseen.

Pure: a term in, flaws out. It never asks PubMed and reads no clock. The syntax is that of PubMed's help
(https://pubmed.ncbi.nlm.nih.gov/help/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from itertools import pairwise
from typing import NamedTuple

from watcher.domain import Code
from watcher.pubmed.characters import strange
from watcher.pubmed.fields import DATES, NAMES, PROXIMITY, UNEXPLODED
from watcher.pubmed.foreign import HIDDEN, signs

_TOKEN = re.compile(
    r'(?P<phrase>"[^"]*")|(?P<quote>")|(?P<tag>\[[^\[\]]*\])|(?P<bracket>[\[\]])|(?P<open>\()|(?P<close>\))|(?P<colon>:)'
    r'|(?P<word>[^\s"\[\]():]+)'
)
_OPERATORS = frozenset({"AND", "OR", "NOT"})
_STATED_DATE = re.compile(r"(\d{4})(?:[/-](\d{1,2})(?:[/-](\d{1,2}))?)?")
_RELATIVE_DATE = re.compile(r"last \d+ (?:days?|months?|years?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int

    @property
    def is_operand(self) -> bool:
        return self.kind in ("phrase", "word")


_OPEN, _CLOSE = _Token("open", "", 0), _Token("close", "", 0)
"""What stands before and behind every query."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What PubMed would silently read otherwise than it was meant. Line and column count from 1 inside the term.

    `breaks` is set where the term falls apart, so that it cannot mean what was written: nothing balances, or an operator joins nothing.
    """

    line: int
    column: int
    code: Code
    what: str
    fix: str
    breaks: bool

    @property
    def told(self) -> str:
        """The flaw with its place inside the term."""
        return f"line {self.line}, column {self.column}: {self.what}"


def flaws(term: str, today: date | None = None) -> tuple[Flaw, ...]:
    """What PubMed would silently read otherwise than it was meant, in the order of the term. An empty tuple means that nothing was
    found, not that the query is good.
    """
    if not term.strip():
        fix = 'write what PubMed shall search, such as "neuromuscular junction"[tiab]'
        return (Flaw(1, 1, Code.QUERY_TAG, "the query is empty", fix, breaks=True),)
    tokens = list(_tokens(term))
    broken = {*_unbalanced(tokens), *_dangling(tokens)}
    faults = [*sorted(broken), *_told_once(_milder(term, tokens, today))]
    return tuple(_flaw(term, fault, breaks=fault in broken) for fault in sorted(faults))


def at_fault(term: str) -> frozenset[str]:
    """The words, phrases and [tags] that flaws are about, in lower case: what PubMed may complain of too."""
    return frozenset(fault.about.strip('"').casefold() for fault in _milder(term, list(_tokens(term)), None) if fault.about)


def _milder(term: str, tokens: list[_Token], today: date | None) -> Iterator[Fault]:
    """What does not break the term."""
    yield from _comments(tokens, term)
    yield from _tags(tokens)
    yield from _words(tokens)
    yield from _operators(tokens)
    yield from _wildcards(tokens)
    yield from _dates(tokens, today)
    yield from _headings(tokens)
    yield from _strangers(term, tokens)


def _told_once(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Of equal faults the first, with the number of places."""
    places: dict[tuple[Code, str, str], list[int]] = {}
    for fault in faults:
        places.setdefault((fault.code, fault.what, fault.fix), []).append(fault.start)
    for (code, what, fix), starts in places.items():
        count = len(set(starts))
        yield Fault(min(starts), code, f"{what} ({count} places)" if count > 1 else what, fix)


class Fault(NamedTuple):
    """Where in the term something is wrong, of which kind it is, what it is, what to write instead, and which word or [tag] it is about,
    if it is about one."""

    start: int
    code: Code
    what: str
    fix: str
    about: str = ""


def _flaw(term: str, fault: Fault, *, breaks: bool) -> Flaw:
    return Flaw(*_place(term, fault.start), fault.code, fault.what, fault.fix, breaks)


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


def _comments(tokens: list[_Token], term: str) -> Iterator[Fault]:
    """A # before a blank or a letter, and the signs of other languages."""
    hashtags = set(_hashtags(tokens, term))
    for found in _COMMENT.finditer(_hidden(term, tokens)):
        start = found.end() - len(found.group().lstrip())
        if start not in hashtags:
            what, fix = "PubMed knows no comments and searches these words", "move the comment into the watch's note"
            yield Fault(start, Code.QUERY_COMMENT, what, fix)


_COMMENT = re.compile(
    r"(?<!\S)#+(?=\s|[A-Za-z])|(?<!\S)(?://|--)|(?<![\w*])/\*|<!--|(?<=[\])\"])[ \t]*(?:%|--|//)(?!\d)|^[ \t]*(?:#+(?!\d)|%(?!\d)|;)",
    re.MULTILINE,
)


def _hashtags(tokens: list[_Token], term: str) -> Iterator[int]:
    """Where words such as #metoo begin that are terms of their own: between operators or parentheses, up to three words of one line with
    their tag."""
    around = [_OPEN, *tokens, _CLOSE]
    for number, token in enumerate(tokens):
        if token.kind == "word" and re.match(r"#[A-Za-z]", token.text) and _is_edge(around[number]):
            behind = around[number + 2 : number + 6]
            words = next((count for count, one in enumerate(behind) if one.kind != "word" or _joins(one)), len(behind))
            is_tagged = words < 3 and behind[words].kind == "tag" and "\n" not in term[token.start : behind[words].start]
            if _is_edge(behind[words + 1 if is_tagged else 0]) and (is_tagged or words == 0):
                yield token.start


def _unbalanced(tokens: list[_Token]) -> Iterator[Fault]:
    waiting: list[_Token] = []
    for token in tokens:
        if token.kind == "quote":
            yield Fault(token.start, Code.QUERY_NESTING, "this quotation mark has no second one", 'close the phrase with another "')
        elif token.kind == "bracket":
            yield Fault(
                token.start, Code.QUERY_NESTING, f"{token.text} stands alone", "write a field as [tag], without a bracket inside"
            )
        elif token.kind == "open":
            waiting.append(token)
        elif token.kind == "close" and not waiting:
            yield Fault(
                token.start,
                Code.QUERY_NESTING,
                "this closing parenthesis was never opened",
                "remove it, or open it before its first word",
            )
        elif token.kind == "close":
            waiting.pop()
    for token in waiting:
        yield Fault(token.start, Code.QUERY_NESTING, "this parenthesis is never closed", "close it after its last word")


def _tags(tokens: list[_Token]) -> Iterator[Fault]:
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.kind != "tag":
            continue
        if before is None or not before.is_operand:
            yield Fault(
                token.start,
                Code.QUERY_TAG,
                f"no word stands before {token.text}",
                "put a field behind the word or phrase it belongs to",
                token.text,
            )
        yield from _tag(token, before.text if before is not None and before.kind == "word" else "")
    yield from _tags_in_phrases(tokens)


def _tags_in_phrases(tokens: list[_Token]) -> Iterator[Fault]:
    """A tag inside the quotation marks is a part of the phrase."""
    for token in tokens:
        inside = _TAG_INSIDE.search(token.text) if token.kind == "phrase" else None
        if inside and " ".join(inside[1].lower().split()) in NAMES:
            what = "a field tag inside the quotation marks is searched as a word of the phrase"
            yield Fault(token.start, Code.QUERY_TAG, what, 'write it behind the quotation marks: "asthma"[tiab]', token.text)


_TAG_INSIDE = re.compile(r"\[([^\[\]:\"]{1,60})(?::[^\[\]\"]{0,20})?\]")


def _tag(token: _Token, word: str = "") -> Iterator[Fault]:
    name, modifier = _field(token)
    if name is None:
        yield from _unknown(token, word)
    elif modifier.startswith("~"):
        if not re.fullmatch(r"~\d+", modifier):
            yield Fault(token.start, Code.QUERY_PROXIMITY, f"the distance in {token.text} is no number", "write it as [tiab:~3]")
        elif name not in PROXIMITY:
            what = f"PubMed has no proximity search in {name}"
            yield Fault(token.start, Code.QUERY_PROXIMITY, what, "use [ti:~N], [tiab:~N] or [ad:~N]")
    elif modifier and not (modifier.replace(" ", "") == "noexp" and name in UNEXPLODED):
        fix = f"write [{token.text[1:-1].partition(':')[0]}]"
        yield Fault(token.start, Code.QUERY_FIELD, f"PubMed knows no field {token.text}", fix, token.text)


def _unknown(token: _Token, word: str) -> Iterator[Fault]:
    """A tag that is none. A heading inside the brackets is another database's way, and told as that."""
    if re.match(r"\[(?:mh\s+|mp\s*=)", token.text, re.IGNORECASE):
        return
    if word.lower() == "hasabstract":
        yield Fault(
            token.start,
            Code.QUERY_FIELD,
            f"hasabstract needs no tag, and PubMed knows no field {token.text}",
            "write hasabstract alone",
            token.text,
        )
        return
    what = f"PubMed knows no field {token.text} and searches the words everywhere"
    is_subset = re.fullmatch(r"jsubset\w+", word, re.IGNORECASE)
    fix = f"a subset takes [sb]: {word}[sb]" if is_subset else _meant(token.text[1:-1])
    yield Fault(token.start, Code.QUERY_FIELD, what, fix, token.text)


def _field(token: _Token) -> tuple[str | None, str]:
    """A tag's field by its full name, None for an unknown one; and what follows the colon, in lower case."""
    spelling, _, modifier = token.text[1:-1].partition(":")
    return NAMES.get(" ".join(spelling.lower().split())), modifier.strip().lower()


_MEANT = {
    **dict.fromkeys(
        ("title, abstract", "title-abstract", "title and abstract", "title or abstract", "ti/ab", "ti,ab", "ti ab", "tab"), "tiab"
    ),
    **dict.fromkeys(("mesh heading", "mesh headings", "subject heading", "subject headings", "descriptor", "meshterms"), "mh"),
    **dict.fromkeys(("majr topic", "major topic", "mesh major"), "majr"),
    **dict.fromkeys(("type", "article type", "publication types", "pub type"), "pt"),
    **dict.fromkeys(("year", "date", "pub date", "publication year"), "dp"),
    **dict.fromkeys(("authors", "author name"), "au"),
    **dict.fromkeys(("journal name", "source", "journal title"), "ta"),
    **dict.fromkeys(("abstracts", "abs"), "ab"),
}
"""What people write for a field, by what they mean."""

_WORTH_GUESSING = ("tiab", "mesh", "majr", *(name for name in NAMES if len(name) >= 8))
"""Spellings that are nobody else's: a letter too many or too few in them is a slip."""


def _meant(tag: str) -> str:
    """What to write for an unknown tag. Nothing is proposed for a short one by its letters: [text] is not [tt]."""
    bare = " ".join(tag.lower().partition(":")[0].split())
    near = get_close_matches(bare, _WORTH_GUESSING, n=1, cutoff=0.85)
    meant = _MEANT.get(bare) or (near[0] if near else "")
    return f"did you mean [{meant}]?" if meant else "the tags are listed in PubMed's help; [tiab] is title, abstract and keywords"


def _words(tokens: list[_Token]) -> Iterator[Fault]:
    yield from _small_operators(tokens)
    yield from _history(tokens)


def _small_operators(tokens: list[_Token]) -> Iterator[Fault]:
    """and, or, not in small letters. Between other words of one term they belong to it: wounds and injuries[mh]; and an "and" among
    untagged words changes nothing, since PubMed joins these by AND."""
    around = {
        token.start: (before, after) for before, token, after in zip([_OPEN, *tokens], tokens, [*tokens[1:], _CLOSE], strict=False)
    }
    for run, tag in _operands(tokens):
        for number, token in enumerate(run):
            if not _is_small_operator(token):
                continue
            before, after = around[token.start]
            joins_before = number == 0 and before.kind in ("tag", "close", "phrase")
            joins_after = number == len(run) - 1 and after.kind in ("open", "phrase")
            is_inside = 0 < number < len(run) - 1 and tag is None and token.text != "and"
            if joins_before or joins_after or is_inside:
                what = f"{token.text} is searched as a word"
                yield Fault(token.start, Code.QUERY_OPERATOR, what, f"write {token.text.upper()}", token.text)


def _is_small_operator(token: _Token) -> bool:
    return token.kind == "word" and token.text not in _OPERATORS and token.text.upper() in _OPERATORS


_LINE_NUMBER = re.compile(r"#\d+|S\d{1,3}|\d{1,3}")
_RANGE_OF_LINES = re.compile(r"(?:or|and)/\d+(?:[-,]\d+)*", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:#?(\d{1,3})[.):]?|S(\d{1,3})[.):]?)")


def _history(tokens: list[_Token]) -> Iterator[Fault]:
    """Numbers of lines: PubMed keeps no history for a service."""
    what, fix = "this is the number of an earlier search, and there is none", "write the earlier searches out, in parentheses"
    alone = [
        token
        for before, token, after in zip([_OPEN, *tokens], tokens, [*tokens[1:], _CLOSE], strict=False)
        if token.kind == "word"
        and _LINE_NUMBER.fullmatch(token.text)
        and _is_edge(before)
        and _is_edge(after)
        and (_joins(before) or _joins(after))
    ]
    marks = [
        token
        for token in tokens
        if token.kind == "word" and (re.fullmatch(r"#\d+", token.text) or _RANGE_OF_LINES.fullmatch(token.text))
    ]
    for token in {*marks, *(alone if len(alone) > 1 else ())}:
        yield Fault(token.start, Code.QUERY_HISTORY, what, fix, token.text)


def _is_edge(token: _Token) -> bool:
    """Whether a term ends before or begins behind this."""
    return token.kind in ("open", "close") or _joins(token)


def _joins(token: _Token) -> bool:
    return token.kind == "operator" or _is_small_operator(token)


def _numbers_of_lines(tokens: list[_Token], term: str) -> list[_Token]:
    """The numbers that lines begin with, where they count up from line to line."""
    first = [
        token
        for before, token in pairwise([None, *tokens])
        if token is not None and (before is None or "\n" in term[before.start + len(before.text) : token.start])
    ]
    found = [(int(number[1] or number[2]), token) for token in first if (number := _NUMBERED.fullmatch(token.text))]
    follow = [one for one, other in pairwise(found) if other[0] == one[0] + 1]
    return [token for _, token in found] if follow and len(found) > 1 else []


# --- lint: strangers ---------------------------------------------------------------------------------------------------------------


def _hidden(term: str, tokens: list[_Token]) -> str:
    """The term with HIDDEN inside its phrases and tags; as long as it was."""
    text = list(term)
    for token in tokens:
        if token.kind in ("phrase", "tag"):
            text[token.start + 1 : token.start + len(token.text) - 1] = HIDDEN * (len(token.text) - 2)
    return "".join(text)


def _strangers(term: str, tokens: list[_Token]) -> Iterator[Fault]:
    """What other databases, pages and word processors left."""
    for start, what, fix in strange(term):
        yield Fault(start, Code.QUERY_CHARACTER, what, fix, _piece(term, start))
    for start, rule in signs(term, _hidden(term, tokens)):
        yield Fault(start, rule.code, rule.what, rule.fix, _piece(term, start))
    yield from _prefixes(tokens)
    yield from _fields_before(tokens)
    yield from _plus_signs(tokens)
    numbers = _numbers_of_lines(tokens, term)
    for token in numbers:
        what = "these lines are numbered, and PubMed searches the numbers"
        yield Fault(token.start, Code.QUERY_HISTORY, what, "take the numbers out, and join the lines by AND and OR")
    if not numbers:
        yield from _lines_side_by_side(tokens, term)


def _piece(term: str, start: int) -> str:
    """What stands between the blanks around a place, without parentheses and tag."""
    found = re.compile(r"\S{0,200}").match(term, max(term.rfind(mark, 0, start) for mark in " \t\n") + 1)
    return found.group().strip("()").partition("[")[0] if found else ""


_LONG_FIELDS = """
title title_abs abstract auth author authors authorid journal keyword keywords src pub_year pub_type first_pdate has_abstract has_ft
in_epmc in_pmc open_access grant_agency grant_id ext_id affiliation publication_year ti_ab title_abstract titleabstract tiab
title-abstract mesh mesh_terms
"""
_SHORT_FIELDS = "ti ab abs au kw mh ta tw ad pt dp la all text source aff lang issn disease organism chem gene_protein methods body"
_LONG, _SHORT = frozenset(_LONG_FIELDS.split()), frozenset(_SHORT_FIELDS.split())


def _fields_before(tokens: list[_Token]) -> Iterator[Fault]:
    """A field and a colon before what is sought, as Europe PMC and search engines have it. A short one may be a word of a tagged term:
    ti:sapphire laser[tiab]."""
    what = 'a field with a colon before a word, such as TITLE:"asthma", is the syntax of Europe PMC and of search engines'
    fix = "write a tag behind each word or phrase: asthma[tiab]"
    tagged = {token.start for run, tag in _operands(tokens) for token in run if tag is not None}
    around = [_OPEN, *tokens]
    for before, token, colon, after in zip(around, tokens, tokens[1:], tokens[2:], strict=False):
        name, is_joined = token.text.lower(), after.start == colon.start + 1
        if token.kind != "word" or colon.kind != "colon" or colon.start != token.start + len(token.text) or after.kind == "close":
            continue
        is_long = name in _LONG and (is_joined or _is_edge(before))
        is_short = name in _SHORT and token.text in (name, name.upper()) and is_joined and after.start not in tagged
        if is_long or is_short:
            yield Fault(token.start, Code.QUERY_FOREIGN, what, fix, token.text)


def _plus_signs(tokens: list[_Token]) -> Iterator[Fault]:
    """A plus sign of its own between two terms; inside a tagged term it belongs to the words: CD4 + T cell*[tiab]."""
    what, fix = "+ between two terms joins nothing", "write AND, or OR"
    ends = {before.start for before in tokens if before.kind in ("tag", "close", "phrase")}
    previous = {token.start: before for before, token in pairwise(tokens)}
    for run, tag in _operands(tokens):
        for number, token in enumerate(run):
            before = previous.get(token.start)
            if token.text != "+" or token.kind != "word" or before is None:
                continue
            if before.start in ends if number == 0 else tag is None and not before.text[-1].isdigit():
                yield Fault(token.start, Code.QUERY_FOREIGN, what, fix, token.text)


_PREFIXES = frozenset({"TI", "AB", "TX", "SU", "KW", "DE", "MW", "XB"})
_BEFORE_PHRASES = _PREFIXES | {"AU", "SO", "JN", "ZT"}


def _prefixes(tokens: list[_Token]) -> Iterator[Fault]:
    """EBSCO's fields before an untagged word, and its N3 and W3."""
    what, fix = "TI, AB and TX before a word are CINAHL's syntax", "write a tag behind each word or phrase: asthma[tiab]"
    behind = {
        token.start: (after, more)
        for token, after, more in zip(tokens, [*tokens[1:], _CLOSE], [*tokens[2:], _CLOSE, _CLOSE], strict=False)
    }
    sure = {one.start for one in _begins(tokens) if one.text in _BEFORE_PHRASES and _is_sought(one, *behind[one.start])}
    found = [token for token in _begins(tokens) if token.text in _PREFIXES or token.start in sure]
    marks = len(found) > 1 or any(token.kind == "word" and token.text in ("MH", "MM") for token in tokens)
    for token in found:
        if marks or token.start in sure or token.text not in ("AB", "DE"):
            yield Fault(token.start, Code.QUERY_FOREIGN, what, fix, token.text)
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_between = before.kind in ("word", "phrase", "close") and after.kind in ("word", "phrase", "open")
        is_sure = bool(found) or before.kind == "close" or after.kind == "open" or "*" in before.text + after.text
        if token.kind == "word" and re.fullmatch(r"[NW]\d{1,2}", token.text) and is_between and is_sure:
            what = "N3 and W3 between words are CINAHL's searches by proximity"
            yield Fault(token.start, Code.QUERY_FOREIGN, what, 'write "two words"[tiab:~3]')


def _is_sought(prefix: _Token, after: _Token, more: _Token) -> bool:
    """Whether a phrase or a group follows: not the (2) of a formula."""
    is_formula = after.start == prefix.start + len(prefix.text) and len(more.text) < 3
    return after.kind == "phrase" or (after.kind == "open" and not is_formula)


def _begins(tokens: list[_Token]) -> Iterator[_Token]:
    """First words of untagged terms, with something behind them."""
    ends = _Token("close", "", 0)
    starts = {token.start for before, token in pairwise([_Token("open", "", 0), *tokens]) if before.kind in ("open", "operator")}
    after = dict(zip((token.start for token in tokens), [*tokens[1:], ends], strict=True))
    for run, tag in _operands(tokens):
        first = run[0]
        follows = len(run) > 1 or after[first.start].kind in ("phrase", "open")
        if first.kind == "word" and first.start in starts and tag is None and follows:
            yield first


def _lines_side_by_side(tokens: list[_Token], term: str) -> Iterator[Fault]:
    """Two terms on two lines with no operator between them."""
    for before, token in pairwise(tokens):
        ends = before.kind in ("tag", "close", "phrase")
        begins = token.is_operand or token.kind == "open"
        is_other = token.text.upper() in _OPERATORS or _COMMENT.match(token.text)
        if ends and begins and not is_other and "\n" in term[before.start + len(before.text) : token.start]:
            what = "no operator joins this line with the one above, and PubMed takes AND"
            yield Fault(token.start, Code.QUERY_OPERATOR, what, "write OR or AND at its beginning")


_OF_HEADINGS = frozenset({"MeSH Terms", "MeSH Major Topic", "MeSH Subheading"})
_BESIDE = frozenset({"Language", "Filter", "Publication Type", *DATES})


def _headings(tokens: list[_Token]) -> Iterator[Fault]:
    """A query of headings alone."""
    fields = list(_fields_met(tokens))
    if _OF_HEADINGS & set(fields) and set(fields) <= _OF_HEADINGS | _BESIDE:
        what = "all terms are headings, which new records get weeks to months after they appear: papers come late"
        yield Fault(tokens[0].start, Code.QUERY_HEADINGS, what, 'add words, joined by OR: "Asthma"[mh] OR asthma*[tiab]')


def _fields_met(tokens: list[_Token]) -> Iterator[str | None]:
    """The field of each term that is not excluded by NOT, "" for none. A range of dates has one, at its end."""
    excluded, behind = _negated(tokens), {token.start: after for token, after in pairwise([*tokens, _CLOSE])}
    for run, tag in _operands(tokens):
        if run[0].start in excluded or behind[run[-1].start].kind == "colon":
            continue
        if [token.text.lower() for token in run] == ["hasabstract"]:
            yield "Filter"
        else:
            yield _field(tag)[0] if tag is not None else ""


# --- lint: operators -------------------------------------------------------------------------------------------------------------


def _operators(tokens: list[_Token]) -> Iterator[Fault]:
    before = _Token("open", "", 0)
    for token in tokens:
        yield from _meeting(before, token)
        before = token
    yield from _mixtures(tokens)


def _dangling(tokens: list[_Token]) -> Iterator[Fault]:
    """Operators that join nothing."""
    ends = _Token("open", "", 0), _Token("close", "", 0)
    for before, token in pairwise([ends[0], *tokens, ends[1]]):
        if token.kind == "operator" and before.kind == "open" and token.text != "NOT":
            yield Fault(token.start, Code.QUERY_OPERATOR, f"nothing stands before {token.text}", "remove it, or add what it joins")
        elif token.kind == "close" and before.kind == "operator":
            yield Fault(before.start, Code.QUERY_OPERATOR, f"nothing stands after {before.text}", "remove it, or add what it joins")


def _meeting(before: _Token, token: _Token) -> Iterator[Fault]:
    """What two neighbours do wrong together."""
    if token.kind == "operator" and before.kind == "operator" and (before.text, token.text) != ("AND", "NOT"):
        yield Fault(token.start, Code.QUERY_OPERATOR, f"{before.text} {token.text} stand side by side", "keep one of them")
    elif token.kind == "close" and before.text == "(":
        yield Fault(before.start, Code.QUERY_OPERATOR, "these parentheses are empty", "remove them")


def _mixtures(tokens: list[_Token]) -> Iterator[Fault]:
    """AND or NOT after OR in one group: PubMed reads from left to right, without precedence."""
    groups: list[set[str]] = [set()]
    for token in tokens:
        if token.kind == "open":
            groups.append(set())
        elif token.kind == "close" and len(groups) > 1:
            groups.pop()
        elif token.kind == "operator":
            if token.text != "OR" and groups[-1] == {"OR"}:
                yield Fault(
                    token.start,
                    Code.QUERY_OPERATOR,
                    f"{token.text} after OR without parentheses: PubMed reads from left to right, (a OR b) {token.text} c",
                    "put parentheses around what belongs together",
                )
            groups[-1].add(token.text)


# --- lint: wildcards -------------------------------------------------------------------------------------------------------------


def _wildcards(tokens: list[_Token]) -> Iterator[Fault]:
    """PubMed wants four letters before the first *, and none of them inside a proximity search."""
    for run, tag in _operands(tokens):
        words = [token for token in run if not token.text.startswith("/*") and not token.text.endswith("*/")]
        text = " ".join(token.text.strip('"') for token in words)
        if "*" not in text:
            continue
        start = next(token.start for token in words if "*" in token.text)
        if tag is not None and "~" in tag.text:
            yield Fault(
                start,
                Code.QUERY_WILDCARD,
                "a wildcard inside a proximity search is not expanded",
                "write the forms out, one search each, joined by OR",
                text,
            )
        elif len(re.sub(r"\W", "", text.partition("*")[0])) < 4:
            yield Fault(
                start,
                Code.QUERY_WILDCARD,
                f"fewer than four letters before * in {text}",
                "write at least four, or the forms themselves",
                text,
            )


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


def _dates(tokens: list[_Token], today: date | None) -> Iterator[Fault]:
    for run, tag in _operands(tokens):
        if tag is not None and _field(tag)[0] in DATES and len(run) == 1:
            yield from _date(run[0])
    spans = list(_spans(tokens))
    for low, high, tag in spans:
        yield from _range(low, high, tag)
    if today is not None:
        yield from _closed(tokens, spans, today)


def _date(token: _Token) -> Iterator[Fault]:
    text = token.text.strip('" ')
    if _stated(text) is None and not _RELATIVE_DATE.fullmatch(text):
        yield Fault(token.start, Code.QUERY_DATE, f"{token.text} is no date", "write YYYY, YYYY/MM or YYYY/MM/DD")


def _stated(text: str) -> tuple[int, int, int] | None:
    """A date's numbers, 0 where it states none; None for what is no date."""
    found = _STATED_DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    possible = month <= 12 and day <= 31 and (found[2] is None or month > 0) and (found[3] is None or day > 0)
    return (year, month, day) if possible else None


_Dated = tuple[tuple[int, int, int], _Token]


def _spans(tokens: list[_Token]) -> Iterator[tuple[_Dated, _Dated, _Token | None]]:
    """Ranges of dates: both ends, and the tag behind the second."""
    numbered = [(number, token) for number, token in enumerate(tokens) if token.kind != "tag"]
    for (_, low), (_, colon), (number, high) in zip(numbered, numbered[1:], numbered[2:], strict=False):
        if colon.kind != "colon" or not (low.is_operand and high.is_operand):
            continue
        first, last = (_stated(end.text.strip('" ')) for end in (low, high))
        if first is not None and last is not None:
            after = tokens[number + 1] if number + 1 < len(tokens) else None
            yield (first, low), (last, high), after if after is not None and after.kind == "tag" else None


def _range(low: _Dated, high: _Dated, tag: _Token | None) -> Iterator[Fault]:
    (first, one), (last, other) = low, high
    told = f"the range {one.text} : {other.text}"
    if tag is None:
        bare = (one.text.strip('"'), other.text.strip('"'))
        yield Fault(one.start, Code.QUERY_DATE, f"{told} has no field", f'write "{bare[0]}"[dp] : "{bare[1]}"[dp]')
    if first > last:
        yield Fault(one.start, Code.QUERY_DATE, f"{told} ends before it begins", "turn it round")


def _closed(tokens: list[_Token], spans: list[tuple[_Dated, _Dated, _Token | None]], today: date) -> Iterator[Fault]:
    """Ranges and dates that lie behind and that every paper must meet: no paper of tomorrow matches the query."""
    ended = {fault.start: fault for fault in _ended(tokens, spans, today)}
    inner = {high[1].start for _, high, _ in spans}
    yield from (ended[start] for start in sorted(_unmet(tokens, ended, inner)))


def _ended(tokens: list[_Token], spans: list[tuple[_Dated, _Dated, _Token | None]], today: date) -> Iterator[Fault]:
    """Ranges and dates that lie behind."""
    within = {end.start for low, high, _ in spans for end in (low[1], high[1])}
    for low, high, tag in spans:
        if tag is not None and low[0] <= high[0] and _is_past(high[0], today):
            what = f"the range {low[1].text} : {high[1].text} has ended: no new paper can match it"
            yield Fault(
                low[1].start, Code.QUERY_DATE, what, f'leave its end open, such as "{low[1].text.strip(chr(34))}"[dp] : "3000"[dp]'
            )
    for run, tag in _operands(tokens):
        stated = _stated(run[0].text.strip('" ')) if len(run) == 1 and run[0].start not in within else None
        if stated and tag is not None and _field(tag)[0] in DATES and _is_past(stated, today):
            what = f"{run[0].text}{tag.text} lies behind: no new paper can match it"
            yield Fault(run[0].start, Code.QUERY_DATE, what, "take it out, or write a range with an open end")


_Unmet = frozenset[int]


def _unmet(tokens: list[_Token], ended: Mapping[int, Fault], inner: set[int]) -> _Unmet:
    """Where the dates begin for which nothing new can match the whole term; empty where something can.

    A group is read from left to right, as PubMed does; `inner` are the ends of ranges, which are no terms of their own.
    """
    groups: list[tuple[_Unmet | None, str]] = [(None, "AND")]
    for token in tokens:
        if token.kind == "operator" or _is_small_operator(token):
            groups[-1] = groups[-1][0], token.text.upper()
        elif token.kind == "open":
            groups.append((None, "AND"))
        elif token.kind == "close" and len(groups) > 1:
            unmet, _ = groups.pop()
            groups[-1] = _joined(*groups[-1], unmet or frozenset()), "AND"
        elif token.is_operand and token.start not in inner:
            groups[-1] = _joined(*groups[-1], frozenset({token.start} & ended.keys())), "AND"
    while len(groups) > 1:  # a parenthesis that was never closed
        unmet, _ = groups.pop()
        groups[-1] = _joined(*groups[-1], unmet or frozenset()), "AND"
    return groups[0][0] or frozenset()


def _joined(left: _Unmet | None, operator: str, right: _Unmet) -> _Unmet:
    """What cannot be met of two joined terms; `left` is None before the first."""
    if operator == "NOT":
        return left or frozenset()
    if left is None:
        return right
    if operator == "OR":
        return left | right if left and right else frozenset()
    return left | right


def _is_past(stated: tuple[int, int, int], today: date) -> bool:
    """Whether a date, to the end of its year or month, is before today."""
    year, month, day = stated
    return (year, month or 12, day or 31) < (today.year, today.month, today.day)


def _negated(tokens: list[_Token]) -> set[int]:
    """Where the tokens start that stand under a NOT."""
    found: set[int] = set()
    groups = [False]
    is_now = False
    for token in tokens:
        if token.kind == "operator":
            is_now = groups[-1] or token.text == "NOT"
        elif token.kind == "open":
            groups.append(is_now)
        elif token.kind == "close" and len(groups) > 1:
            groups.pop()
            is_now = groups[-1]
        elif is_now:
            found.add(token.start)
    return found
