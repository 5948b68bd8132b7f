"""What the code and the local server assume of PubMed, each as a question whose answer is compared with the assumption.

    compare(source, topic) -> differences

`tests/live` asks PubMed itself, by hand; `tests/integration/test_live_checks.py` asks the local server, so that the comparisons are
known to work. Thirteen requests are made in all, by the service's own client; what one comparison asked, the next ones use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

from lxml import etree

from watcher.domain import Article, Fetched, Found, Neighbour, RecordId
from watcher.errors import PubMedError
from watcher.pubmed import query, remarks
from watcher.pubmed.client import Entrez
from watcher.pubmed.full_set import CAP
from watcher.pubmed.reply import Reply

ASKED_FOR = 10_000
"""One more than PubMed gives."""

SAMPLE = 5
"""Records whose dates are looked at, from either side of a cut."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that is known beforehand."""

    record_id: RecordId
    doi: str
    title: str


@dataclass(frozen=True, slots=True)
class Deposited:
    """A paper in PubMed Central; its pmid need not be known."""

    doi: str
    pmcid: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What to ask about. `term` has some hundred matches created since `since`, on either side of `until`; `large` matches more than
    9,999 records. `known` has a title, a DOI and similar articles, most of them older; `deposited` is in PubMed Central. `absent` is no
    record's number, `unknown` is no word, and `scattered` is no phrase, but made of known words."""

    term: str
    since: date
    until: date
    large: str
    known: Paper
    deposited: Deposited
    absent: RecordId
    unknown: str
    scattered: str


@dataclass(frozen=True, slots=True)
class Difference:
    """An assumption that did not hold, and what was found instead."""

    assumption: str
    found: str

    def __str__(self) -> str:
        return f"{self.assumption}: {self.found}"


class Asked:
    """The answers to the questions about one topic, each asked for once."""

    def __init__(self, source: Entrez, topic: Topic) -> None:
        self.source = source
        self.topic = topic

    @cached_property
    def window(self) -> Found:
        """What was created, entered, indexed or revised since the first day."""
        return self.source.search(query.windowed(self.topic.term, self.topic.since))

    @cached_property
    def created(self) -> Found:
        """What was created since the first day."""
        return self.source.search(query.created_between(self.topic.term, self.topic.since, None))

    @cached_property
    def older(self) -> Found:
        """What was created from the first day to the second."""
        return self.source.search(query.created_between(self.topic.term, self.topic.since, self.topic.until))

    @cached_property
    def sides(self) -> tuple[tuple[RecordId, ...], tuple[RecordId, ...]]:
        """A few records from before and from after the second day."""
        before = frozenset(self.older.record_ids)
        return self.older.record_ids[:SAMPLE], tuple(one for one in self.created.record_ids if one not in before)[:SAMPLE]

    @cached_property
    def fetched(self) -> Fetched:
        """The records of the known paper and of those on both sides; and nothing, for the absent one."""
        before, after = self.sides
        return self.source.fetch([self.topic.known.record_id, self.topic.absent, *before, *after])

    @cached_property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """What is similar to the known paper."""
        return self.source.similar(self.topic.known.record_id)

    @property
    def known(self) -> Article | None:
        """The known paper's record."""
        return next((one for one in self.fetched.articles if one.record_id == self.topic.known.record_id), None)


Check = Callable[[Asked], Iterator[str]]


def last_update(asked: Asked) -> Iterator[str]:
    """EInfo says when PubMed was last updated, as 2026/03/02 07:12."""
    said = asked.source.ping()
    if not re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d", said):
        yield f"it says {said!r}"


def cap(asked: Asked) -> Iterator[str]:
    """A search that asks for 10,000 ids gets 9,999, without a word, the newest first."""
    parameters = {"db": "pubmed", "term": asked.topic.large, "retmode": "xml", "retmax": str(ASKED_FOR), "retstart": "0"}
    count, pmids, complaints = asked.source._transport.ask("esearch", parameters, _as_it_came)
    if count <= CAP:
        yield f"{asked.topic.large} matches only {count:,} records: nothing was learnt"
        return
    if len(pmids) != CAP:
        yield f"{len(pmids):,} ids came, of {count:,}"
    if complaints:
        yield f"it complained: {'; '.join(complaints)}"
    falling = sum(left > right for left, right in pairwise(pmids)) / max(len(pmids) - 1, 1)
    if falling < 0.9:
        yield f"only {falling:.0%} of the ids are smaller than the one before: full sets cost more requests than they need"


def window(asked: Asked) -> Iterator[str]:
    """A window is four open ranges of dates joined by OR, and PubMed reads it so."""
    translation = asked.window.facts.translation
    for name in ("Create", "Entry", "MeSH", "Modification"):
        if not re.search(rf"{asked.topic.since:%Y/%m/%d}:3000\S*\[Date - {name}\]", translation):
            yield f"no open range of [Date - {name}] in its translation: {translation}"
    yield from _complaints(asked.window)
    if asked.window.facts.count == 0:
        yield "it matches nothing"


def created(asked: Asked) -> Iterator[str]:
    """What was created since a day is part of the window since that day."""
    outside = set(asked.created.record_ids) - set(asked.window.record_ids)
    if asked.window.facts.count <= CAP and outside:
        yield f"{len(outside)} of {asked.created.facts.count} are outside, such as PMID {min(outside)}"
    if asked.created.facts.count == 0:
        yield "nothing was created since then"
    yield from _complaints(asked.created)


def closed_range(asked: Asked) -> Iterator[str]:
    """A closed range of creation days is a part of the open one that begins on the same day."""
    outside = set(asked.older.record_ids) - set(asked.created.record_ids)
    if asked.created.facts.count <= CAP and outside:
        yield f"{len(outside)} of {asked.older.facts.count} are outside, such as PMID {min(outside)}"
    if not 0 < asked.older.facts.count < asked.created.facts.count:
        yield f"it holds {asked.older.facts.count} of {asked.created.facts.count}"
    yield from _complaints(asked.older)


def unknown_word(asked: Asked) -> Iterator[str]:
    """An unknown word with a tag matches nothing inside an AND, and is told as not found."""
    found = asked.source.search(query.created_between(f"{asked.topic.unknown}[tiab]", asked.topic.since, None), retmax=0)
    if found.facts.count:
        yield f"it is dropped: {found.facts.count:,} records match, read as {found.facts.translation}"
    if not any(asked.topic.unknown in phrase for phrase in found.facts.phrases_not_found):
        yield f"it is not told; what is told: {'; '.join(map(str, remarks.warnings(found.facts, ''))) or 'nothing'}"


def scattered_phrase(asked: Asked) -> Iterator[str]:
    """A quoted phrase that PubMed's index lacks is searched as separate words, and told as not found."""
    found = asked.source.search(f'"{asked.topic.scattered}"[tiab]', retmax=0)
    if not any(asked.topic.scattered in phrase for phrase in found.facts.phrases_not_found):
        yield f"it is not told; what is told: {'; '.join(map(str, remarks.warnings(found.facts, ''))) or 'nothing'}"
    if " AND " not in found.facts.translation:
        yield f"it is not split, but read as {found.facts.translation}"


def records(asked: Asked) -> Iterator[str]:
    """EFetch gives each record, passes over a number that none has, and its History dates are those that [crdt] searches."""
    if asked.known is None:
        yield f"{asked.topic.known.record_id.label} did not come"
    else:
        yield from _misread(asked.known, asked.topic.known)
    if asked.fetched.missing != (asked.topic.absent,):
        yield f"missing are {asked.fetched.missing}, and not only {asked.topic.absent}"
    yield from (
        f"{record_id.label if record_id else 'PMID ?'} cannot be read: {reason}" for record_id, reason in asked.fetched.broken
    )
    yield from _misdated(asked)


def neighbours(asked: Asked) -> Iterator[str]:
    """ELink gives similar articles with scores, some ten to a thousand, the seed taken out."""
    found = asked.neighbours
    if not 10 <= len(found) <= 1_000:
        yield f"{len(found)} came"
    if any(one.score <= 0 for one in found):
        yield "some have no score"
    if any(one.record_id == asked.topic.known.record_id for one in found):
        yield "the seed is among them"


def posted_ids(asked: Asked) -> Iterator[str]:
    """Posted ids can be searched as #1 together with a date."""
    if asked.known is None or asked.known.crdt is None:
        yield "it cannot be tried without the known paper's creation day"
        return
    posted = [asked.topic.known.record_id, *(one.record_id for one in asked.neighbours)]
    recent = asked.source.created_since(posted, asked.known.crdt)
    if asked.topic.known.record_id not in recent:
        yield f"of {len(posted)} posted ids {len(recent)} came, and {asked.topic.known.record_id.label} is not among them"
    if len(posted) > SAMPLE and len(recent) == len(posted):
        yield f"all {len(posted)} came: the date was not heeded"


def identifiers(asked: Asked) -> Iterator[str]:
    """A DOI is found by [aid], a PMCID by itself, a title by its words with one [ti] behind them."""
    known, deposited = asked.topic.known, asked.topic.deposited
    words = " ".join(re.sub(r"[^\w\s-]", " ", known.title).split())
    term = f'("{known.doi}"[aid] AND ({words}[ti])) OR ("{deposited.doi}"[aid] AND {deposited.pmcid})'
    found = asked.source.search(term, retmax=20)
    if len(found.record_ids) != 2 or known.record_id not in found.record_ids:
        yield f"{found.record_ids} came for {term}, read as {found.facts.translation}"


def best_matches(asked: Asked) -> Iterator[str]:
    """A search by relevance brings the paper whose title is typed among its first ten."""
    words = " ".join(re.sub(r"[^\w\s-]", " ", asked.topic.known.title).split())
    found = asked.source.best_matches(words, retmax=10)
    if asked.topic.known.record_id not in found:
        yield f"{found} came for {words}"
    if len(found) > 10:
        yield f"{len(found)} came, and ten were asked for"


CHECKS: tuple[Check, ...] = (
    last_update,
    cap,
    window,
    created,
    closed_range,
    unknown_word,
    scattered_phrase,
    records,
    neighbours,
    posted_ids,
    identifiers,
    best_matches,
)


def check(source: Entrez, topic: Topic, *, say: Callable[[str], None] = lambda _line: None) -> tuple[Difference, ...]:
    """Compare one after the other; `say` hears each outcome. That no answer comes is a difference too, and after the first question
    the last one: where EInfo is out of reach, nothing else is asked."""
    asked, differences = Asked(source, topic), list[Difference]()
    for one in CHECKS:
        assumption = " ".join((one.__doc__ or "").split()).rstrip(".")
        try:
            texts = list(one(asked))
        except PubMedError as error:
            texts = [f"there was no answer: {error}"]
            if one is CHECKS[0]:
                differences.append(Difference(assumption, *texts))
                say(f"{differences[0]}\nnothing else was asked")
                break
        found = [Difference(assumption, text) for text in texts]
        say("\n".join(f"DIFFERENT   {difference}" for difference in found) or f"as assumed  {assumption}")
        differences += found
    say(f"{source.requests_made} requests, {len(differences)} differences")
    return tuple(differences)


def _as_it_came(reply: Reply) -> tuple[int, tuple[int, ...], tuple[str, ...]]:
    """An ESearch answer's count, ids and complaints, whether whole or not."""
    root = etree.fromstring(reply.body)
    complaints = tuple(element.text or "" for name in ("ERROR", "OutputMessage") for element in root.iter(name))
    pmids = tuple(int(element.text or 0) for element in root.iterfind("./IdList/Id"))
    return int(root.findtext("./Count") or 0), pmids, complaints


def _complaints(found: Found) -> Iterator[str]:
    if remarks.warnings(found.facts, ""):
        yield f"it complained: {'; '.join(map(str, remarks.warnings(found.facts, '')))}"


def _misread(article: Article, paper: Paper) -> Iterator[str]:
    if (article.doi or "").casefold() != paper.doi.casefold():
        yield f"{paper.record_id.label} has the DOI {article.doi}, not {paper.doi}"
    if article.title.rstrip(".").casefold() != paper.title.rstrip(".").casefold():
        yield f"{paper.record_id.label} has the title {article.title!r}"
    if not (article.abstract and article.authors and article.crdt):
        yield f"{paper.record_id.label} came without an abstract, authors or a creation day"


def _misdated(asked: Asked) -> Iterator[str]:
    days = {article.record_id: article.crdt for article in asked.fetched.articles}
    before, after = asked.sides
    since, until = asked.topic.since, asked.topic.until
    for record_id in before:
        day = days.get(record_id)
        if day is None or not since <= day <= until:
            yield f"{record_id.label} is found as created from {since} to {until}, its record says {day}"
    for record_id in after:
        day = days.get(record_id)
        if day is None or day <= until:
            yield f"{record_id.label} is found as created after {until}, its record says {day}"
