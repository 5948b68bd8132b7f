"""The local PubMed's search engine: a PubMed query and a day -> the pmids that match, and what PubMed would say about the query.

`Engine.search` parses (`syntax`), evaluates from left to right over the index (`postings`) and writes the query translation. What
NCBI's help or recorded answers do not settle is decided here, strictly, so that a client cannot lean on luck:

* Upper-case operators only; an untagged run of words goes through automatic term mapping (MeSH headings and entry terms, authors).
* The phrase index holds every run of words of the records in force, and `Corpus.also_indexed`. A quoted phrase that it lacks is
  split into words with a QuotedPhraseNotFound warning.
* An unknown word in an untagged run is left out of it when another word of the run is known (others measured it at PubMed in 2026),
  and told as PhraseNotFound. A run of nothing but unknown words, and an unknown word with a tag, match nothing; with `drop_unknown`
  they are left out of the query too, which then matches more than was asked. Build for both.
* A truncated word needs four letters before its asterisk, else it is not found; none is allowed in a proximity search.
* An unknown tag is told as FieldNotFound and its words are searched as if untagged. A tag behind a parenthesis is ignored.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from . import mesh
from .corpus import Corpus
from .fields import Field, Kind, Tag, find_tag, named
from .postings import Index
from .reading import Subject, phrase, words
from .syntax import Chain, Group, Leaf, Node, Recall, Span, parse

NO_ITEMS = "No items found."

_STOPWORDS = """
a about again all almost also although always among an and another any are as at be because been before being between both but by can
could did do does done due during each either enough especially etc for found from further had has have having here how however i if
in into is it its itself just kg km made mainly make may mg might ml mm most mostly must nearly neither no nor obtained of often on
our overall perhaps pmid quite rather really regarding seem seen several should show showed shown shows significantly since so some
such than that the their theirs them then there therefore these they this those through thus to upon use used using various very was
we were what when which while with within without would
"""
STOPWORDS = frozenset(_STOPWORDS.split())
"""PubMed help, "Stopwords"."""

_FILTERS = """
all; medline; pubmednotmedline; inprocess; publisher; oldmedline; in data review; pubmed books; hasabstract; free full text; ffrft
full text; loattrfull text; pubmed pmc; pubmed pmc all; systematic; systematic review; systematicreview
"""
FILTERS = frozenset(name.strip() for name in _FILTERS.replace("\n", ";").split(";") if name.strip())
"""The filters that follow from a record; those named after a language or a publication type come on top."""

LANGUAGES = {
    "english": "eng", "german": "ger", "french": "fre", "spanish": "spa", "italian": "ita", "portuguese": "por", "russian": "rus",
    "chinese": "chi", "japanese": "jpn", "korean": "kor", "polish": "pol", "dutch": "dut", "hungarian": "hun", "czech": "cze",
    "turkish": "tur", "swedish": "swe", "norwegian": "nor", "danish": "dan", "undetermined": "und", "multilingual": "mul",
}  # fmt: skip
"""MARC codes by the names that PubMed takes."""

_DAY = re.compile(r"(\d{4})(?:/(\d{1,2})(?:/(\d{1,2}))?)?")
_LAST = re.compile(r"last (\d+) (day|month|year)s?", re.IGNORECASE)
_DAYS_IN = {"day": 1, "month": 30, "year": 365}


class HistoryGone(LookupError):
    """A query refers to a #key that its WebEnv does not hold; the argument is the key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found. `pmids` are unordered and unique; `sought` are the words it looked for, for ranking by relevance."""

    pmids: frozenset[int]
    translation: str
    mappings: tuple[tuple[str, str], ...] = ()
    phrases_ignored: tuple[str, ...] = ()
    quoted_not_found: tuple[str, ...] = ()
    phrases_not_found: tuple[str, ...] = ()
    fields_not_found: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    sought: tuple[str, ...] = ()


class Engine:
    """Searches one corpus. One engine serves all days; what it learns of the records it keeps."""

    def __init__(self, corpus: Corpus, *, drop_unknown: bool = False) -> None:
        self.corpus = corpus
        self.index = Index(corpus)
        self.drop_unknown = drop_unknown

    def search(
        self, term: str, day: date, *, recalled: Mapping[int, frozenset[int]] | None = None, field_name: str | None = None
    ) -> Answer:
        """Evaluate `term` over the records in force on `day`.

        Args:
            term: the query as typed.
            day: NCBI's day.
            recalled: the sets that #1, #2 … stand for.
            field_name: the field of all untagged words (ESearch's parameter `field`).

        Raises HistoryGone for a #key that `recalled` lacks.
        """
        with self.corpus.lock:
            return _Evaluation(self, day, recalled or {}, find_tag(field_name) if field_name else None).answer(term)


def day_range(text: str, today: date) -> tuple[date, date] | None:
    """The first and last day that a date in a query means ("2026", "2026/11", "2026/11/05", "last 7 days"); None for no date."""
    last = _LAST.fullmatch(text.strip())
    if last:
        return today - timedelta(days=int(last[1]) * _DAYS_IN[last[2].lower()]), today
    found = _DAY.fullmatch(text.strip())
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    return _bounds(year or 0, month, day)


def _bounds(year: int, month: int | None, day: int | None) -> tuple[date, date] | None:
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return None
    last_month = month or 12
    return first, date(year, last_month, day or monthrange(year, last_month)[1])


def slashed(day: date) -> str:
    """A day as query translations write it: 2026/11/05."""
    return f"{day.year:04}/{day.month:02}/{day.day:02}"


@dataclass(frozen=True, slots=True)
class _Part:
    """The value of a node: the editions, or None where PubMed leaves the part out of the query."""

    found: frozenset[int] | None
    text: str
    compound: bool = False

    @property
    def wrapped(self) -> str:
        return f"({self.text})" if self.compound else self.text


_NOTHING: frozenset[int] = frozenset()


@dataclass
class _Evaluation:
    engine: Engine
    day: date
    recalled: Mapping[int, frozenset[int]]
    default: Tag | None
    mappings: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    quoted_not_found: list[str] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)
    fields_not_found: list[str] = field(default_factory=list)
    sought: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.index = self.engine.index
        self.corpus = self.engine.corpus
        self.standing = self.corpus.standing(self.day)

    def answer(self, term: str) -> Answer:
        tree = parse(term)
        part = self._chain(tree)
        found = part.found or _NOTHING
        self._lone_unknown_word(tree, found)
        return Answer(
            pmids=frozenset(self.corpus.editions[number].pmid for number in found),
            translation=part.text,
            mappings=tuple(self.mappings),
            phrases_ignored=tuple(self.ignored),
            quoted_not_found=tuple(self.quoted_not_found),
            phrases_not_found=tuple(self.not_found),
            fields_not_found=tuple(self.fields_not_found),
            messages=() if found else (NO_ITEMS,),
            sought=tuple(self.sought),
        )

    def _lone_unknown_word(self, tree: Chain, found: frozenset[int]) -> None:
        """PubMed answers a query of nothing but unknown bare words with a warning in quotes of its own, not with an error."""
        nodes = [node for _, node in tree.links]
        if not found and self.not_found and all(isinstance(node, Leaf) and node.tag is None for node in nodes):
            self.quoted_not_found += [f'"{word}"' for word in self.not_found]
            self.not_found.clear()

    # --- the tree

    def _node(self, node: Node) -> _Part:
        match node:
            case Leaf():
                return self._leaf(node)
            case Span():
                return self._span(node)
            case Recall():
                return self._recall(node)
            case Group():
                return self._chain(node.inner)

    def _chain(self, chain: Chain) -> _Part:
        found: frozenset[int] | None = None
        texts: list[str] = []
        parts = [(operator, self._node(node)) for operator, node in chain.links]
        kept = [(operator, part) for operator, part in parts if part.found is not None]
        if len(kept) == 1 and kept[0][0] != "NOT":
            return kept[0][1]
        for operator, part in kept:
            before = self.standing if found is None and operator == "NOT" else found
            found = self._joined(operator, before, part.found or _NOTHING)
            texts.append(f"{operator} {part.wrapped}" if texts or operator == "NOT" else part.wrapped)
        return _Part(found, " ".join(texts), compound=bool(texts))

    def _joined(self, operator: str, before: frozenset[int] | None, after: frozenset[int]) -> frozenset[int]:
        if before is None:
            return after
        if operator == "OR":
            return before | after
        return before - after if operator == "NOT" else before & after

    def _recall(self, node: Recall) -> _Part:
        if node.key not in self.recalled:
            raise HistoryGone(node.key)
        wanted = self.recalled[node.key]
        found = frozenset(number for number in self.standing if self.corpus.editions[number].pmid in wanted)
        return _Part(found, f"#{node.key}")

    # --- dates

    def _span(self, node: Span) -> _Part:
        written = node.high.tag if node.high.tag is not None else node.low.tag
        tag = find_tag(written or "")
        if tag is None:
            return self._unknown_field(written or "", Leaf(f"{node.low.text} {node.high.text}"))
        if tag.field.kind is Kind.NUMBER:
            return self._number_span(node, tag.field)
        low, high = day_range(node.low.text, self.day), day_range(node.high.text, self.day)
        if tag.field.kind is not Kind.DATE or low is None or high is None:
            return self._missing(Leaf(f"{node.low.text}:{node.high.text}", tag=written))
        return self._between(tag.field, low[0], high[1])

    def _between(self, date_field: Field, first: date, last: date) -> _Part:
        found = frozenset(self.index.between(date_field.source[0], first, last)) & self.standing
        return _Part(found, f"{slashed(first)}:{slashed(last)}[{date_field.name}]")

    def _number_span(self, node: Span, number_field: Field) -> _Part:
        if not (node.low.text.isdigit() and node.high.text.isdigit()):
            return self._missing(Leaf(f"{node.low.text}:{node.high.text}", tag=number_field.name))
        low, high = int(node.low.text), int(node.high.text)
        found = frozenset(number for number in self.standing if low <= self.corpus.editions[number].pmid <= high)
        return _Part(found, f"{low}:{high}[{number_field.name}]")

    def _date(self, leaf: Leaf, tag: Tag) -> _Part:
        days = day_range(leaf.text, self.day)
        if days is not None:
            return self._between(tag.field, *days)
        before, _, last = leaf.text.rpartition(" ")
        if before and not leaf.quoted and day_range(last, self.day):
            return self._chain(Chain((("", Leaf(before)), ("AND", Leaf(last, tag=leaf.tag)))))
        return self._missing(leaf)

    # --- leaves

    def _leaf(self, leaf: Leaf) -> _Part:
        if leaf.tag is None and self.default is None:
            return self._quoted(leaf) if leaf.quoted else self._run(leaf)
        tag = find_tag(leaf.tag) if leaf.tag is not None else self.default
        if tag is None:
            return self._unknown_field(leaf.tag or "", leaf)
        by_kind: dict[Kind, Callable[[Leaf, Tag], _Part]] = {
            Kind.WORDS: self._words,
            Kind.NAME: self._name,
            Kind.CODE: self._code,
            Kind.AUTHOR: self._author,
            Kind.HEADING: self._heading,
            Kind.DATE: self._date,
            Kind.NUMBER: self._numbers,
        }
        return by_kind[tag.field.kind](leaf, tag)

    def _unknown_field(self, written: str, leaf: Leaf) -> _Part:
        self.fields_not_found.append(written)
        return self._quoted(leaf) if leaf.quoted else self._run(Leaf(leaf.text))

    def _missing(self, leaf: Leaf, shown: str | None = None) -> _Part:
        """A leaf that the index does not know."""
        written = f"[{leaf.tag}]" if leaf.tag is not None else ""
        if leaf.quoted:
            self.quoted_not_found.append(f'"{leaf.text}"{written}')
        else:
            self.not_found.append(leaf.text)
        dropped = self.engine.drop_unknown and not leaf.quoted
        return _Part(None if dropped else _NOTHING, shown or f"{leaf.text}{written}")

    def _known(self, text: str, found: frozenset[int]) -> bool:
        key = phrase(text)
        return (bool(found) and key not in self.corpus.not_indexed) or key in self.corpus.also_indexed

    # --- words

    def _in_zones(self, where: Field, sought: Sequence[str]) -> frozenset[int]:
        zones = (self.index.zone(name) for name in where.source)
        return frozenset().union(*(zone.having_phrase(sought) for zone in zones)) & self.standing

    def _near(self, where: Field, sought: Sequence[str], distance: int) -> frozenset[int]:
        zones = (self.index.zone(name) for name in where.source)
        return frozenset().union(*(zone.having_near(sought, distance) for zone in zones)) & self.standing

    def _words(self, leaf: Leaf, tag: Tag) -> _Part:
        sought = _sought(leaf.text)
        self.sought += sought
        if not sought or any(_too_short(word) for word in sought):
            return self._missing(leaf)
        if tag.near is not None:
            return self._proximity(leaf, tag, sought)
        found = self._in_zones(tag.field, sought)
        if self._known(leaf.text, found):
            return _Part(found, f'"{" ".join(sought)}"[{tag.field.name}]')
        if len(sought) == 1 or any("*" in word for word in sought):
            return self._missing(leaf)
        return self._split(leaf, tag.field, sought)

    def _proximity(self, leaf: Leaf, tag: Tag, sought: Sequence[str]) -> _Part:
        if any("*" in word for word in sought) or len(sought) < 2 or not leaf.quoted or tag.near is None:
            return self._missing(leaf)
        found = self._near(tag.field, sought, tag.near)
        return _Part(found, f'"{" ".join(sought)}"[{tag.field.name}:~{tag.near}]')

    def _split(self, leaf: Leaf, where: Field, sought: Sequence[str]) -> _Part:
        """A phrase that the phrase index lacks: its words, each with the tag."""
        if leaf.quoted:
            self.quoted_not_found.append(f'"{leaf.text}"' + (f"[{leaf.tag}]" if leaf.tag is not None else ""))
        parts = [self._words(Leaf(word, tag=where.name), Tag(where)) for word in sought if word not in STOPWORDS]
        return self._all_of(parts)

    def _all_of(self, parts: Iterable[_Part]) -> _Part:
        kept = [part for part in parts if part.found is not None]
        if not kept:
            return _Part(_NOTHING, "")
        if len(kept) == 1:
            return kept[0]
        found = frozenset.intersection(*(part.found or _NOTHING for part in kept))
        return _Part(found, " AND ".join(part.wrapped for part in kept), compound=True)

    # --- without a tag

    def _quoted(self, leaf: Leaf) -> _Part:
        everywhere = named("All Fields")
        sought = _sought(leaf.text)
        self.sought += sought
        found = self._in_zones(everywhere, sought) if sought else _NOTHING
        if self._known(leaf.text, found):
            return _Part(found, f'"{" ".join(sought)}"[{everywhere.name}]')
        self.quoted_not_found.append(f'"{leaf.text}"')
        return self._run(Leaf(leaf.text)) if len(sought) > 1 else _Part(_NOTHING, f'"{leaf.text}"')

    def _run(self, leaf: Leaf) -> _Part:
        """Automatic term mapping: the longest names from the left, then single words, all joined by AND."""
        run = leaf.text.split()
        if run and all(word.isdigit() for word in run):
            return self._numbers(leaf, Tag(named("UID")))
        parts: list[_Part] = []
        unknown: list[_Part] = []
        while run:
            taken, part = self._longest(run)
            run = run[taken:]
            if part is not None:
                (parts if part.found is not None else unknown).append(part)
        if parts:
            return self._all_of(parts)
        text = " ".join(part.text for part in unknown)
        return _Part(_NOTHING if unknown and not self.engine.drop_unknown else None, text)

    def _longest(self, run: Sequence[str]) -> tuple[int, _Part | None]:
        """How many words from the left belong together, and what they mean; None for a stop word."""
        for taken in range(len(run), 0, -1):
            text = " ".join(run[:taken])
            heading = mesh.HEADINGS.heading(text) if "*" not in text else None
            if heading:
                return taken, self._mapped(text, heading)
        if len(run) > 1 and len(run[1]) <= 3 and run[1].isalpha() and run[1].isupper():
            author = self._authors_like(" ".join(run[:2]), named("Author"), exact=False)
            if author:
                return 2, _Part(author, f"{' '.join(run[:2]).lower()}[Author]")
        return 1, self._bare_word(run[0])

    def _bare_word(self, word: str) -> _Part | None:
        if word.lower() in STOPWORDS:
            self.ignored.append(word)
            return None
        if word.lower() == "hasabstract":
            return _Part(self._named_values("filters", "hasabstract"), "hasabstract[All Fields]")
        everywhere = named("All Fields")
        sought = _sought(word)
        self.sought += sought
        found = self._in_zones(everywhere, sought) if sought and not any(map(_too_short, sought)) else _NOTHING
        if self._known(word, found):
            return _Part(found, f'"{" ".join(sought)}"[{everywhere.name}]')
        self.not_found.append(word)
        return _Part(None, word)

    def _mapped(self, text: str, heading: str) -> _Part:
        """Words that name a MeSH heading: the heading, or its words, or the words as typed."""
        everywhere = named("All Fields")
        typed = phrase(text)
        self.sought += typed.split()
        found = self._under_heading(mesh.HEADINGS.explode(heading))
        texts = [f'"{heading}"[MeSH Terms]']
        for name in dict.fromkeys((heading, typed)):
            single = name.split()
            found |= frozenset.intersection(*(self._in_zones(everywhere, [word]) for word in single))
            if len(single) > 1:
                texts.append("(" + " AND ".join(f'"{word}"[All Fields]' for word in single) + ")")
            texts.append(f'"{name}"[All Fields]')
        translation = " OR ".join(texts)
        self.mappings.append((text, translation))
        return _Part(found, translation, compound=True)

    # --- names, codes, numbers

    def _named_values(self, source: str, key: str) -> frozenset[int]:
        return frozenset(self.index.names(source, phrase).get(key, ())) & self.standing

    def _name(self, leaf: Leaf, tag: Tag) -> _Part:
        key = self._canonical(phrase(leaf.text), tag.field)
        shown = f'"{phrase(leaf.text)}"[{tag.field.name}]'
        if leaf.text.endswith("*"):
            return self._starting(leaf, tag.field, key)
        found = frozenset().union(*(self._named_values(source, key) for source in tag.field.source))
        if tag.field.name == "Filter" and not found:
            found = self._filtered_by_kind(key)
        return _Part(found, shown) if found or self._is_established(key, tag.field) else self._missing(leaf)

    def _canonical(self, key: str, where: Field) -> str:
        if where.name == "Language":
            return LANGUAGES.get(key, key)
        if where.name == "Journal" and "__jid" in key:
            return key.rpartition("__jid")[2]
        return key

    def _is_established(self, key: str, where: Field) -> bool:
        """Whether PubMed knows this value although no record of the day has it."""
        if key in self.corpus.also_indexed:
            return True
        if where.name == "Language":
            return key in LANGUAGES.values()
        kinds = {name.replace(" ", "") for name in mesh.PUBLICATION_TYPES.known_as}
        return where.name == "Filter" and (key in FILTERS or key in LANGUAGES or key.replace(" ", "") in kinds)

    def _filtered_by_kind(self, key: str) -> frozenset[int]:
        """Filters named after a language (english[sb]) or a publication type (clinicaltrial[sb])."""
        if key in LANGUAGES:
            return self._named_values("languages", LANGUAGES[key])
        squeezed = key.replace(" ", "")
        matching = [name for name in mesh.PUBLICATION_TYPES.known_as if name.replace(" ", "") == squeezed]
        below = {name for heading in matching for name in mesh.PUBLICATION_TYPES.explode(heading)}
        return frozenset().union(*(self._named_values("types", name) for name in below))

    def _starting(self, leaf: Leaf, where: Field, stem: str) -> _Part:
        tables = [self.index.names(source, phrase) for source in where.source]
        numbers = {number for table in tables for name, held in table.items() if name.startswith(stem) for number in held}
        found = frozenset(numbers) & self.standing
        return _Part(found, f'"{stem}*"[{where.name}]') if found and len(stem) >= 4 else self._missing(leaf)

    def _code(self, leaf: Leaf, tag: Tag) -> _Part:
        key = _code(leaf.text)
        tables = (self.index.names(source, _code) for source in tag.field.source)
        found = frozenset(number for table in tables for number in table.get(key, ())) & self.standing
        return _Part(found, f'"{key}"[{tag.field.name}]') if found or self._known(key, found) else self._missing(leaf)

    def _numbers(self, leaf: Leaf, tag: Tag) -> _Part:
        numbers = leaf.text.replace(",", " ").split()
        if not numbers or not all(number.isdigit() for number in numbers):
            return self._missing(leaf)
        wanted = {int(number) for number in numbers}
        found = frozenset(number for number in self.standing if self.corpus.editions[number].pmid in wanted)
        text = " OR ".join(f"{number}[{tag.field.name}]" for number in numbers)
        return _Part(found, text, compound=len(numbers) > 1)

    def _author(self, leaf: Leaf, tag: Tag) -> _Part:
        found = self._authors_like(leaf.text, tag.field, exact=leaf.quoted)
        key = phrase(leaf.text)
        shown = f'"{key}"[{tag.field.name}]' if leaf.quoted else f"{key}[{tag.field.name}]"
        return _Part(found, shown) if found or key in self.corpus.also_indexed else self._missing(leaf)

    def _authors_like(self, text: str, where: Field, *, exact: bool) -> frozenset[int]:
        key = phrase(text)
        several = " " in key or text.endswith("*")
        tables = [self.index.names(source, phrase) for source in where.source]
        numbers = {
            number
            for table in tables
            for name, held in table.items()
            if name == key or (not exact and name.startswith(key if several else f"{key} "))
            for number in held
        }
        return frozenset(numbers) & self.standing

    # --- MeSH and publication types

    def _heading(self, leaf: Leaf, tag: Tag) -> _Part:
        if tag.field.name == "Publication Type":
            return self._publication_type(leaf, tag)
        if tag.field.name == "MeSH Subheading":
            return self._subheading(leaf, tag)
        text, _, qualifier = leaf.text.partition("/")
        major = tag.field.name == "MeSH Major Topic"
        names = self._heading_names(text, tag)
        topic = self._qualifier(qualifier) if qualifier else None
        if not names or (qualifier and topic is None):
            return self._missing(leaf)
        found = self._under_heading(names, major=major, qualifier=topic)
        shown = mesh.HEADINGS.heading(text) or phrase(text) + ("*" if text.endswith("*") else "")
        return _Part(found, f'"{shown}{f"/{topic}" if topic else ""}"[{tag.field.name}{"" if tag.explode else ":noexp"}]')

    def _heading_names(self, text: str, tag: Tag) -> frozenset[str]:
        if text.endswith("*"):
            stem = phrase(text)
            return frozenset(name for name in self.index.subjects() if name.startswith(stem)) if len(stem) >= 4 else frozenset()
        heading = mesh.HEADINGS.heading(text) or phrase(text)
        known = heading in mesh.HEADINGS.known_as or heading in self.index.subjects() or heading in self.corpus.also_indexed
        if not known:
            return frozenset()
        return mesh.HEADINGS.explode(heading) if tag.explode else frozenset((heading,))

    def _qualifier(self, text: str) -> str | None:
        key = phrase(text)
        return mesh.SUBHEADINGS.heading(text) or (key if self._qualified(key) else None)

    def _qualified(self, key: str) -> frozenset[int]:
        held = (pair for pairs in self.index.subjects().values() for pair in pairs)
        return frozenset(number for number, subject in held if _has_qualifier(subject, key)) & self.standing

    def _under_heading(self, names: Iterable[str], *, major: bool = False, qualifier: str | None = None) -> frozenset[int]:
        held = (pair for name in names for pair in self.index.subjects().get(name, ()))
        return frozenset(number for number, subject in held if _counts(subject, qualifier, major=major)) & self.standing

    def _subheading(self, leaf: Leaf, tag: Tag) -> _Part:
        topic = self._qualifier(leaf.text)
        return _Part(self._qualified(topic), f'"{topic}"[{tag.field.name}]') if topic else self._missing(leaf)

    def _publication_type(self, leaf: Leaf, tag: Tag) -> _Part:
        if leaf.text.endswith("*"):
            return self._starting(leaf, tag.field, phrase(leaf.text))
        tree = mesh.PUBLICATION_TYPES
        name = tree.heading(leaf.text) or phrase(leaf.text)
        names = tree.explode(name) if tag.explode else frozenset((name,))
        found = frozenset().union(*(self._named_values("types", one) for one in names))
        known = found or name in tree.known_as or name in self.corpus.also_indexed
        suffix = "" if tag.explode else ":noexp"
        return _Part(found, f'"{name}"[{tag.field.name}{suffix}]') if known else self._missing(leaf)


def _sought(text: str) -> list[str]:
    """The words of a search text; an asterisk stays on the word that it ends. One inside a word is no truncation PubMed knows."""
    sought: list[str] = []
    for chunk in text.split():
        found = words(chunk.rstrip("*"))
        sought += [*found[:-1], f"{found[-1]}*"] if found and chunk.endswith("*") else found
    return sought


def _too_short(word: str) -> bool:
    return word.endswith("*") and len(word) < 5


def _code(text: str) -> str:
    return text.strip().lower().removeprefix("https://orcid.org/").removeprefix("http://orcid.org/")


def _has_qualifier(subject: Subject, name: str) -> bool:
    return any(held == name for held, _ in subject.qualifiers)


def _counts(subject: Subject, qualifier: str | None, *, major: bool) -> bool:
    if qualifier is not None:
        starred = [subject.major or is_major for name, is_major in subject.qualifiers if name == qualifier]
        return bool(starred) and (not major or any(starred))
    return not major or subject.major or any(is_major for _, is_major in subject.qualifiers)
