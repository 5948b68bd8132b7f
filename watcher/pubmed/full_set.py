"""Reads sets that are larger than the 9,999 ids which one search of PubMed gives.

Paging does not help: PubMed's cap is on the set, and a page across it is silently short. So a set is cut into spans of creation
dates (crdt); a single day that is still too large by entry date (edat), and a single entry date by year of publication (dp). What
is still too large then raises CannotBeCut.

Requests are few because nothing is asked twice. Every search brings its ids along, so that a span within the cap costs one request
and no span is merely counted; a span's other half is known by subtraction; and an answer that was too large still brought 9,999
ids, which are kept. PubMed sorts them, newest first as a rule. Then they are the newest part of the span: the cut is made below
most of them, the older half is asked for, and when the newer half then has just as many records as ids are in hand, it is read
without a request. In another order they are taken for a sample of the span. Their dates come from `growth`.

Where numbers tell nothing, or told wrongly, the span is cut by how PubMed grew; a cut that brought far less than it was meant to
doubles the next stride, so that no distribution of dates makes more than a logarithmic number of requests. In the end the union
must have exactly as many ids as PubMed counts for the whole set; if it has not, records that no span of dates finds are asked for,
then the whole is asked again (it may have grown meanwhile), and then the set is given up with IncompleteAnswer, to be read by the
next run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from math import ceil
from typing import Final

from watcher.errors import CannotBeCut, IncompleteAnswer
from watcher.pubmed import growth, query
from watcher.pubmed.answers import Matched
from watcher.pubmed.pmid import Pmid

CAP: Final = 9_999
"""The most ids that a search of PubMed gives (NBK25499 says 10,000; one less is what it does)."""

FILL: Final = 0.88
"""How full a span is meant to be: what an estimate may be wrong by before it costs a request."""

SORTED: Final = 0.9
"""The share of neighbours in order from which ids count as sorted."""

DEPTHS: Final = (FILL, 0.75, 0.6, 0.45, 0.3, 0.15, 0.97)
"""How deep in ids that are sorted to cut, the best first; the others are for dates that the estimate puts outside the span."""

ENOUGH: Final = 1_000
"""Ids from which on a sample tells where to cut."""

LARGEST_SHIFT: Final = 120
"""Days by which the estimate of a pmid's creation may be wrong at the end of the table's last year."""

Search = Callable[[str], Matched]


@dataclass(frozen=True, slots=True)
class _Ruler:
    """One kind of date to cut by. Positions are whole numbers; `day` gives the ordinal of a position's first day.

    `disjoint`: a record has one such date, so that the halves of a span add up.
    """

    name: str
    first: int
    last: int
    clause: Callable[[str, int, int], str]
    day: Callable[[int], int]
    disjoint: bool


def _bounds(low: int, high: int) -> tuple[date | None, date | None]:
    return (
        date.fromordinal(low) if low > _FIRST_DAY else None,
        date.fromordinal(high) if high < _LAST_DAY else None,
    )


_FIRST_DAY: Final = query.FIRST_DAY.toordinal()
_LAST_DAY: Final = date(int(query.FOR_EVER), 12, 31).toordinal()

_CREATED = _Ruler(
    "created", _FIRST_DAY, _LAST_DAY, lambda term, low, high: query.created_between(term, *_bounds(low, high)), int, disjoint=True
)
_ENTERED = _Ruler(
    "entered", _FIRST_DAY, _LAST_DAY, lambda term, low, high: query.entered_between(term, *_bounds(low, high)), int, disjoint=True
)
# A record's printed and electronic dates may lie in two years, and [dp] finds it in both.
_PUBLISHED = _Ruler(
    "published",
    query.FIRST_DAY.year,
    int(query.FOR_EVER),
    query.published_in,
    lambda year: date(year, 1, 1).toordinal(),
    disjoint=False,
)
_FINER = {_CREATED.name: _ENTERED, _ENTERED.name: _PUBLISHED}


@dataclass(frozen=True, slots=True)
class _Span:
    """A part of the set that is too large for one search: `count` records of `term` from `low` to `high`, both inclusive.

    `sample` are those of its ids that are already known, in PubMed's order. `stride` is by how much more than usual to cut off,
    and above 1 after a cut that brought too little.
    """

    term: str
    ruler: _Ruler
    low: int
    high: int
    count: int
    sample: Sequence[Pmid] = ()
    stride: int = 1
    where: str = ""


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where to cut: after position `at`. One side is asked for first, the newer if `newer_first`.

    About `expected` records are meant to lie on the side that is cut off: the asked one, or, if `in_hand`, the other one, most of
    whose ids are in the span's sample.
    """

    at: int
    expected: float
    newer_first: bool = False
    in_hand: bool = False

    def failed(self, span: _Span, count: int) -> bool:
        """Whether the side that was cut off turned out to be far smaller than it was meant to be, `count` being the asked one's."""
        return (span.count - count if self.in_hand else count) < self.expected / 2


def read_full_set(search: Search, term: str, whole: Matched, *, today: date) -> Matched:
    """Read all pmids of `term`, of which `whole` is one search's answer with a count over the cap.

    Returns the facts of the unsplit search and the pmids, the newest numbers first; as many as its count. Raises CannotBeCut,
    IncompleteAnswer, and what `search` raises.
    """
    reader = _Reader(search, today.toordinal(), _Dating.of(whole.pmids, today.toordinal()))
    count = whole.facts.count
    span = _Span(term, _CREATED, _CREATED.first, _CREATED.last, count, whole.pmids)
    pmids = reader.read(span) | set(whole.pmids)
    if len(pmids) < count:
        pmids |= set(search(query.created_never(term)).pmids)
    if len(pmids) != count:
        whole = search(term)
        pmids |= set(whole.pmids)
    if len(pmids) != whole.facts.count:
        raise IncompleteAnswer(
            f"{len(pmids):,} records were read of a set that PubMed counts as {whole.facts.count:,}; "
            "it changed meanwhile, and the next run reads it again"
        )
    return Matched(whole.facts, tuple(sorted(pmids, reverse=True)))


@dataclass(frozen=True, slots=True)
class _Dating:
    """Days of creation by number, moved so that the newest number of a set that grows daily is today's."""

    shift: int
    today: int

    @classmethod
    def of(cls, pmids: Sequence[Pmid], today: int) -> _Dating:
        newest = growth.created(max(pmids)) if pmids else None
        shift = today - newest if newest is not None and abs(today - newest) <= LARGEST_SHIFT else 0
        return cls(shift, today)

    def day(self, pmid: Pmid) -> int | None:
        day = growth.created(pmid)
        return day + self.shift if day is not None and day + self.shift <= self.today else None


class _Reader:
    def __init__(self, search: Search, today: int, dating: _Dating) -> None:
        self._search = search
        self._today = today
        self._dating = dating

    def read(self, span: _Span) -> set[Pmid]:
        """All ids of a span that is too large for one search."""
        if span.low == span.high:
            return self._read_finer(span)
        cut = self._cut(span)
        older, newer = (span.low, cut.at), (cut.at + 1, span.high)
        first, second = (newer, older) if cut.newer_first else (older, newer)
        found = self._search(span.ruler.clause(span.term, *first))
        stride = span.stride * 2 if cut.failed(span, found.facts.count) else 1
        pmids = self._all(span, first, found, stride)
        return pmids | self._rest(span, second, span.count - found.facts.count, pmids, stride)

    def _all(self, span: _Span, part: tuple[int, int], found: Matched, stride: int) -> set[Pmid]:
        """All ids of a part of a span, of which `found` is the answer."""
        if found.facts.count <= CAP:
            return set(found.pmids)
        low, high = part
        return self.read(replace(span, low=low, high=high, count=found.facts.count, sample=found.pmids, stride=stride))

    def _rest(self, span: _Span, part: tuple[int, int], count: int, elsewhere: set[Pmid], stride: int) -> set[Pmid]:
        """All ids of the other part of a span, which by subtraction holds `count` records."""
        in_hand = tuple(pmid for pmid in span.sample if pmid not in elsewhere)
        if span.ruler.disjoint and len(in_hand) == count:
            return set(in_hand)
        if span.ruler.disjoint and count > CAP:
            low, high = part
            return self.read(replace(span, low=low, high=high, count=count, sample=in_hand, stride=stride))
        return self._all(span, part, self._search(span.ruler.clause(span.term, *part)), stride)

    def _read_finer(self, span: _Span) -> set[Pmid]:
        """A single position of a ruler by the next finer one."""
        at = date.fromordinal(span.low) if span.ruler.disjoint else span.low
        where = f"{span.where}, {span.ruler.name} {at}".lstrip(", ")
        ruler = _FINER.get(span.ruler.name)
        if ruler is None:
            raise CannotBeCut(
                f"{span.count:,} matching records were all {where}: more than the {CAP:,} that PubMed gives, and there is nothing "
                "left to tell them apart by; make the query narrower"
            )
        term = span.ruler.clause(span.term, span.low, span.low)
        return self.read(_Span(term, ruler, ruler.first, ruler.last, span.count, span.sample, where=where))

    # --- where to cut ----------------------------------------------------------------------------------------------------------

    def _cut(self, span: _Span) -> _Cut:
        cut = self._cut_by_ids(span) if span.ruler is _CREATED and span.stride == 1 else None
        return cut if cut and span.low <= cut.at < span.high else self._cut_by_growth(span)

    def _cut_by_ids(self, span: _Span) -> _Cut | None:
        """Cut where the known ids, dated by their numbers, say: below most of them if they are the newest, above if the oldest."""
        if len(span.sample) < ENOUGH:
            return None
        falling = sum(left > right for left, right in pairwise(span.sample)) / (len(span.sample) - 1)
        if SORTED > falling > 1 - SORTED:
            return self._cut_sample(span)
        for depth in DEPTHS:
            day = self._dating.day(span.sample[int(depth * len(span.sample))])
            at = None if day is None else day - 1 if falling >= SORTED else day
            if at is not None and span.low <= at < span.high:
                return _Cut(at, depth * len(span.sample), newer_first=falling < SORTED, in_hand=True)
        return None

    def _cut_sample(self, span: _Span) -> _Cut | None:
        days = [self._dating.day(pmid) for pmid in span.sample]
        dated = sorted(day for day in days if day is not None)
        older = len(days) - len(dated)
        place = len(days) // _parts(span.count) - older
        return _Cut(dated[place], span.count / _parts(span.count)) if 0 <= place < len(dated) else None

    def _cut_by_growth(self, span: _Span) -> _Cut:
        """Cut off one part's share of what PubMed had in these dates, or more when that lately brought too little."""
        share = min(0.5, span.stride / _parts(span.count))
        total = self._grown(span, span.low, span.high + 1)
        if total <= 0:
            return _Cut((span.low + span.high) // 2, 0)
        low, high = span.low, span.high - 1
        while low < high:
            middle = (low + high) // 2
            if self._grown(span, span.low, middle + 1) < share * total:
                low = middle + 1
            else:
                high = middle
        return _Cut(low, share * span.count)

    def _grown(self, span: _Span, low: int, high: int) -> float:
        """Estimated records from position `low` to before `high`; there are none after today."""
        first, last = (growth.records_before(min(span.ruler.day(at), self._today + 1)) for at in (low, high))
        return last - first


def _parts(count: int) -> int:
    return ceil(count / (FILL * CAP))
