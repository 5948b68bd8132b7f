"""What somebody typed into the search field, as conditions on a paper. Nothing typed is an error: what cannot be meant is left out, and told.

    word word           both                    title: author: journal:     only there, also as PubMed's [ti] [au] [ta]
    "some words"        one after the other     pmid: pmcid: doi:           that paper, also as PubMed's [pmid] [doi]
    OR  |               one of both             word*                       what begins so
    NOT  -word          without                 ( )                         grouping

AND binds closer than OR. A word that falls into several when folded ("IL-6") is a phrase. A number, DOI or PMCID that stands alone finds its
paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watcher.store.search.folding import words

LONGEST_QUERY = 1_000
"""Characters that are looked at."""

MOST_TERMS = 50

DEEPEST = 10
"""Parentheses in each other."""

WINDOW = 32
"""Words of the longest phrase that is asked for; a longer one is asked for in pieces that overlap."""

LEAST_OF_A_PREFIX = 2
"""Letters or digits before a `*`."""


@dataclass(frozen=True, slots=True)
class SearchPhrase:
    """Words one after the other, in a field ("title", "author", "journal") or anywhere (""); with `is_prefix` of the last only the
    beginning."""

    words: tuple[str, ...]
    field: str = ""
    is_prefix: bool = False
    typed: str = ""

    def __str__(self) -> str:
        quoted = f'"{self.typed}"' if " " in self.typed else self.typed
        return (f"{self.field}:" if self.field else "") + quoted + ("*" if self.is_prefix else "")


@dataclass(frozen=True, slots=True)
class Named:
    """One paper, by its "pmid", "pmcid" or "doi" as the database has it."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be."""

    part: Node

    def __str__(self) -> str:
        return f"NOT {_inside(self.part)}"


@dataclass(frozen=True, slots=True)
class All:
    """Conditions that all hold."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " AND ".join(map(_inside, self.parts))


@dataclass(frozen=True, slots=True)
class Any:
    """Conditions of which one holds."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(map(_inside, self.parts))


Node = SearchPhrase | Named | Not | All | Any


@dataclass(frozen=True, slots=True)
class Query:
    """What was understood, None for no condition at all; and what of it was left out or taken otherwise, a sentence each."""

    node: Node | None = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.node) if self.node else ""


def _inside(node: Node) -> str:
    return f"({node})" if isinstance(node, (All, Any)) else str(node)


def phrases(node: Node | None, *, positive: bool = False) -> Iterator[SearchPhrase]:
    """Every phrase that a paper is looked for by; only `positive`: that it may have."""
    if isinstance(node, SearchPhrase):
        yield node
    elif isinstance(node, Not):
        yield from () if positive else phrases(node.part)
    elif isinstance(node, (All, Any)):
        for part in node.parts:
            yield from phrases(part, positive=positive)


def searched_for(query: Query) -> tuple[tuple[SearchPhrase, ...], tuple[SearchPhrase, ...]]:
    """The phrases that a paper is looked for by, those anywhere and those in its title: what is to be marked in it."""
    found = tuple(dict.fromkeys(phrases(query.node, positive=True)))
    return tuple(one for one in found if not one.field), tuple(one for one in found if one.field == "title")


_FIELDS = {
    **dict.fromkeys(("title", "ti"), "title"),
    **dict.fromkeys(("author", "authors", "au"), "author"),
    **dict.fromkeys(("journal", "ta", "jour"), "journal"),
    **dict.fromkeys(("pmid", "uid"), "pmid"),
    **dict.fromkeys(("pmcid", "pmc"), "pmcid"),
    **dict.fromkeys(("doi", "aid"), "doi"),
}
_NAMING = ("pmid", "pmcid", "doi")
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))

_TOKEN = re.compile(
    rf"""
    (?P<blank>\s+)
  | (?P<open>\() | (?P<close>\)) | (?P<either>\|+)
  | (?P<field>(?:{"|".join(sorted(_FIELDS, key=len, reverse=True))})\s*:)\s*(?=\S)
  | (?P<not>-)(?=["\w(])
  | "(?P<quoted>[^"]*)(?P<end>"|$) (?P<star>\*?) (?:\[(?P<tag>[^\]"()]*)\])?
  | (?P<word>[^\s"()|\[\]]+) (?:\[(?P<tag_of_word>[^\]"()]*)\])?
  | (?P<stray>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_ADDRESSES = re.compile(
    r"^(?:https?://)?(?:(?:dx\.)?doi\.org/(?=10\.)|(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/(?=\d))",
    re.IGNORECASE,
)
_DOI = re.compile(r"^10\.\d{4,9}/\S+$")
_PMCID = re.compile(r"^(?:PMC)?(\d{1,9})(?:\.\d+)?$", re.IGNORECASE)
_PMID = re.compile(r"^\d{1,8}$")
_LONG_PMID = 6
"""Digits from which on several numbers beside each other are taken for PMIDs, not for words."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """An operator: "(", ")", "or", "and", "not"."""

    kind: str


@dataclass(slots=True)
class _Reading:
    """Turns tokens into a tree, by recursive descent: any = all OR all; all = part part; part = NOT part, (any), term."""

    tokens: Sequence[_Sign | Node]
    notes: list[str]
    at: int = 0

    def peek(self) -> str:
        """The sign that comes next; "term", or "" at the end."""
        if self.at >= len(self.tokens):
            return ""
        token = self.tokens[self.at]
        return token.kind if isinstance(token, _Sign) else "term"

    def either(self) -> Node | None:
        """Parts of which one holds."""
        parts = [self.together()]
        while self.peek() == "or":
            self.at += 1
            parts.append(self.together())
        return _joined(Any, parts)

    def together(self) -> Node | None:
        """Parts that all hold."""
        parts = []
        while (kind := self.peek()) not in ("", "or", ")"):
            if kind == "and":
                self.at += 1
            else:
                parts.append(self.part())
        return _joined(All, parts)

    def part(self) -> Node | None:
        """A term, a group, or what must not be."""
        token = self.tokens[self.at]
        self.at += 1
        if not isinstance(token, _Sign):
            return token
        if token.kind == "not":
            inner = self.part() if self.peek() in ("term", "(", "not") else None
            return Not(inner) if inner is not None else None
        inner = self.either()
        if self.peek() == ")":
            self.at += 1
        return inner


def _joined(kind: type[All | Any], parts: Sequence[Node | None]) -> Node | None:
    """The parts that say something, those of the same kind taken in, each once."""
    flat: dict[Node, None] = {}
    for part in parts:
        if part is not None:
            flat.update(dict.fromkeys(part.parts if isinstance(part, kind) else (part,)))
    return kind(tuple(flat)) if len(flat) > 1 else next(iter(flat), None)


def read_query(text: str) -> Query:
    """What a text asks for."""
    notes: list[str] = []
    if len(text) > LONGEST_QUERY:
        notes.append(f"only the first {LONGEST_QUERY:,} characters are looked at")
    asked = text[:LONGEST_QUERY].translate(_QUOTES)
    if (named := _papers(asked.split())) is not None:
        return Query(named, tuple(notes))
    tokens = _balanced(_bounded(list(_tokens(asked, notes)), notes), notes)
    if (said := _idle(tokens)) is not None:
        notes.append(said)
    return Query(_Reading(tokens, notes).either(), tuple(dict.fromkeys(notes)))


def _papers(typed: Sequence[str]) -> Node | None:
    """What is nothing but the names of papers: one number, or several long ones; a DOI or PMCID is one anywhere."""
    numbers = [_ADDRESSES.sub("", one).rstrip("/,;") for one in typed]
    if not numbers or not all(_PMID.match(one) for one in numbers):
        return None
    if len(numbers) == 1 and numbers[0] != typed[0].rstrip("/,;"):
        return Named("pmid", str(int(numbers[0])))
    if len(numbers) == 1:
        return Any((Named("pmid", str(int(numbers[0]))), SearchPhrase((numbers[0],), typed=numbers[0])))
    if min(map(len, numbers)) < _LONG_PMID:
        return None
    return _joined(Any, [Named("pmid", str(int(one))) for one in numbers[:MOST_TERMS]])


def _tokens(text: str, notes: list[str]) -> Iterator[_Sign | Node]:
    where = ""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if match["field"] is not None:
            where = _FIELDS[match["field"].rstrip(": \t\n").lower()]
        elif match["quoted"] is not None:
            if not match["end"]:
                notes.append("the quotation mark that is not closed reaches to the end")
            yield from _term(match["quoted"], where or _tagged(match["tag"], notes), bool(match["star"]), notes)
            where = ""
        elif match["word"] is not None and (sign := _OPERATORS.get(match["word"])) and match["tag_of_word"] is None and not where:
            yield _Sign(sign)
        elif match["word"] is not None:
            yield from _term(match["word"], where or _tagged(match["tag_of_word"], notes), False, notes)
            where = ""
        elif kind in _SIGNS:
            yield _Sign(_SIGNS[kind])


_OPERATORS = {"AND": "and", "OR": "or", "NOT": "not", "&": "and", "&&": "and"}
_SIGNS = {"open": "(", "close": ")", "either": "or", "not": "not"}


def _tagged(tag: str | None, notes: list[str]) -> str:
    """The field of one of PubMed's tags; "" for those that mean more than one place."""
    if tag is None:
        return ""
    name = tag.strip().lower()
    if name not in _FIELDS and name not in _ANYWHERE:
        notes.append(f"[{tag.strip()}] is not known here: the word is looked for anywhere")
    return _FIELDS.get(name, "")


_ANYWHERE = frozenset({"tiab", "title/abstract", "all", "all fields", "tw", "text word", "mh", "mesh", "mesh terms", "ot"})


def _term(typed: str, where: str, starred: bool, notes: list[str]) -> Iterator[Node]:
    """The condition of a word or of a quoted text."""
    shown = " ".join(typed.split())
    if where in _NAMING:
        yield from _named(where, shown, notes)
        return
    if not where and (paper := _addressed(shown)) is not None:
        yield paper
        return
    bare = shown.rstrip("*")
    found, prefix = tuple(words(bare)), starred or bare != shown
    if prefix and found and len(found[-1]) < LEAST_OF_A_PREFIX:
        notes.append(f"{shown}: a * needs {LEAST_OF_A_PREFIX} letters before it; the whole word is looked for")
        prefix = False
    if not found:
        if shown:
            notes.append(f"{shown}: no letter or digit, so it is left out")
        return
    yield _pieces(found, where, prefix, bare.strip(), notes)


def _pieces(found: tuple[str, ...], where: str, prefix: bool, typed: str, notes: list[str]) -> Node:
    """The phrase; a long one in pieces that share half of their words."""
    if len(found) <= WINDOW:
        return SearchPhrase(found, where, prefix, typed)
    notes.append(f"a phrase of more than {WINDOW} words is looked for in pieces")
    starts = [*range(0, len(found) - WINDOW, WINDOW // 2), len(found) - WINDOW]
    parts = [found[start : start + WINDOW] for start in starts]
    return All(tuple(SearchPhrase(part, where, prefix and part is parts[-1], " ".join(part)) for part in parts))


def _addressed(typed: str) -> Node | None:
    """The paper that an address, a DOI or a PMCID names, wherever it stands."""
    bare = _ADDRESSES.sub("", typed).rstrip(".,;/")
    if _DOI.match(bare):
        return Named("doi", bare.lower())
    if bare != typed.rstrip(".,;/") and _PMID.match(bare):
        return Named("pmid", str(int(bare)))
    if typed[:3].upper() == "PMC" and (number := _PMCID.match(bare)):
        return Named("pmcid", f"PMC{int(number[1])}")
    return None


def _named(kind: str, typed: str, notes: list[str]) -> Iterator[Node]:
    bare = _ADDRESSES.sub("", typed).rstrip(",;")
    if kind == "doi" and bare:
        yield Named("doi", bare.lower())
    elif kind == "pmid" and _PMID.match(bare):
        yield Named("pmid", str(int(bare)))
    elif kind == "pmcid" and (number := _PMCID.match(bare)):
        yield Named("pmcid", f"PMC{int(number[1])}")
    else:
        notes.append(f"{typed}: no {kind.upper()}; the words are looked for anywhere")
        yield from _term(typed, "", False, notes)


def _bounded(tokens: list[_Sign | Node], notes: list[str]) -> list[_Sign | Node]:
    """As many terms as are looked for."""
    terms = [place for place, token in enumerate(tokens) if not isinstance(token, _Sign)]
    if len(terms) <= MOST_TERMS:
        return tokens
    notes.append(f"only the first {MOST_TERMS} words and phrases are looked for")
    return tokens[: terms[MOST_TERMS]]


def _balanced(tokens: Sequence[_Sign | Node], notes: list[str]) -> list[_Sign | Node]:
    """The tokens without parentheses that close nothing, and none in each other beyond what is followed."""
    kept: list[_Sign | Node] = []
    depth = 0
    for token in tokens:
        kind = token.kind if isinstance(token, _Sign) else ""
        depth += (kind == "(") - (kind == ")")
        if depth < 0:
            notes.append("a parenthesis closes nothing, so it is left out")
            depth = 0
        elif depth > DEEPEST or (kind == ")" and depth == DEEPEST):
            notes.append(f"parentheses are followed {DEEPEST} deep")
            if kind not in ("(", ")"):
                kept.append(token)
        else:
            kept.append(token)
    if depth > 0:
        notes.append("a parenthesis that is not closed reaches to the end")
    return kept


def _idle(tokens: Sequence[_Sign | Node]) -> str | None:
    """That an operator stands where it joins nothing."""
    kinds = ["", *(token.kind if isinstance(token, _Sign) else "term" for token in tokens), ""]
    for before, kind, after in zip(kinds, kinds[1:], kinds[2:], strict=False):
        joins = before in ("term", ")") and after in ("term", "(", "not")
        if (kind in ("and", "or") and not joins) or (kind == "not" and after not in ("term", "(", "not")):
            return f"{kind.upper()} joins nothing, so it is left out"
    return None
