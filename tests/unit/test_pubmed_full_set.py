"""Sets beyond PubMed's cap are read whole, in few requests, whatever the dates of their records."""

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.domain import SearchFacts
from watcher.errors import CannotBeCut, IncompleteAnswer
from watcher.pubmed import full_set, growth
from watcher.pubmed.answers import Matched
from watcher.pubmed.full_set import read_full_set
from watcher.pubmed.pmid import Pmid

TODAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Record:
    """What of a record is searched for."""

    pmid: int
    crdt: date | None
    edat: date = date(2026, 1, 1)
    years: frozenset[int] = frozenset({2026})


_CLAUSE = re.compile(r'\) (?P<join>AND|NOT) \("(?P<low>[\d/]+)"\[(?P<field>crdt|edat|dp)\] : "(?P<high>[\d/]+)"\[\w+\]\)')


def _day(text: str) -> date:
    return date(int(text), 12, 31) if "/" not in text else date.fromisoformat(text.replace("/", "-"))


def _matches(record: Record, name: str, low: str, high: str) -> bool:
    if name == "dp":
        return any(int(low) <= year <= int(high) for year in record.years)
    day = record.crdt if name == "crdt" else record.edat
    return day is not None and _day(low) <= day <= _day(high)


@dataclass
class FakePubMed:
    """Searches records by the clauses that are put around a term, and gives at most `cap` ids in its order."""

    records: Sequence[Record]
    terms: list[str] = field(default_factory=list)
    before_search: Callable[["FakePubMed"], None] = lambda _: None

    def search(self, term: str) -> Matched:
        """Answer one search."""
        self.terms.append(term)
        self.before_search(self)
        found = self.records
        for clause in _CLAUSE.finditer(term):
            wanted = clause["join"] == "AND"
            found = [one for one in found if _matches(one, clause["field"], clause["low"], clause["high"]) == wanted]
        return Matched(SearchFacts(term, len(found)), tuple(Pmid(one.pmid) for one in found[: full_set.CAP]))

    def read(self) -> Matched:
        """Read all records as a full set, the first search included."""
        return read_full_set(self.search, "agrin", self.search("agrin"), today=TODAY)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """PubMed's cap at 50, so that small sets are large."""
    monkeypatch.setattr(full_set, "CAP", 50)
    monkeypatch.setattr(full_set, "ENOUGH", 10)


def pmids(records: Iterable[Record]) -> tuple[int, ...]:
    return tuple(sorted((one.pmid for one in records), reverse=True))


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable, not secret


def grown(count: int, exponent: float, *, seed: int = 1) -> list[Record]:
    """Records of a topic that grew as PubMed did to the power of `exponent`; a few were created long after their number."""
    draw = dice(seed)
    records: dict[int, Record] = {}
    while len(records) < count:
        pmid = int(draw.random() ** (1 / exponent) * 41_700_000) + 1
        day = growth.created(Pmid(pmid)) or date(1966, 1, 1).toordinal() + int(draw.random() * 11_600)
        late = draw.randint(30, 900) if draw.random() < 1e-4 else draw.randint(0, 2)
        records[pmid] = Record(pmid, min(date.fromordinal(day + late), TODAY))
    return list(records.values())


def burst(count: int, *, a_day: int = 4_650) -> list[Record]:
    """Records of whom nearly all are some days old, as in one of PubMed's daily files."""
    draw = dice(3)
    records: dict[int, Record] = {}
    while len(records) < count:
        age = min(draw.expovariate(1 / 12), 9_000)
        pmid = 41_790_000 - int(age * a_day)
        records[pmid] = Record(pmid, TODAY - timedelta(days=int(age)))
    return list(records.values())


ORDERS: dict[str, Callable[[list[Record]], list[Record]]] = {
    "newest number first": lambda records: sorted(records, key=lambda one: -one.pmid),
    "newest day first": lambda records: sorted(records, key=lambda one: (one.crdt or TODAY, one.pmid), reverse=True),
    "oldest first": lambda records: sorted(records, key=lambda one: one.pmid),
    "by relevance": lambda records: dice(5).sample(records, len(records)),
}


# --- whole, and in few requests ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("count", "exponent"), [(12_000, 1.0), (26_000, 1.0), (26_000, 6.0), (50_000, 1.5)])
def test_an_ordinary_set_is_read_within_two_requests_of_the_fewest(order: str, count: int, exponent: float) -> None:
    records = grown(count, exponent)
    pubmed = FakePubMed(ORDERS[order](records))

    whole = pubmed.read()

    assert whole.pmids == pmids(records)
    assert whole.facts == SearchFacts("agrin", count)
    assert len(pubmed.terms) <= ceil(count / full_set.CAP) + 2


@pytest.mark.parametrize("order", ["newest number first", "newest day first", "oldest first"])
def test_a_burst_is_read_within_two_requests_of_the_fewest(order: str) -> None:
    records = burst(20_788)
    pubmed = FakePubMed(ORDERS[order](records))

    assert pubmed.read().pmids == pmids(records)
    assert len(pubmed.terms) <= 5


@pytest.mark.parametrize("order", ORDERS)
def test_numbers_that_tell_dates_wrongly_cost_no_more_than_logarithmically_many(order: str) -> None:
    records = burst(20_788, a_day=4_650 * 60)
    pubmed = FakePubMed(ORDERS[order](records))

    assert pubmed.read().pmids == pmids(records)
    assert len(pubmed.terms) <= 25


def test_no_distribution_of_unheard_of_numbers_costs_more_than_logarithmically_many() -> None:
    records = [Record(90_000_000 + place, TODAY - timedelta(days=place % 7)) for place in range(25_000)]
    records += [Record(80_000_000, date(1950, 1, 1))]
    pubmed = FakePubMed(records)

    assert pubmed.read().pmids == pmids(records)
    assert len(pubmed.terms) <= 25


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_set_is_read_whole(data: st.DataObject) -> None:
    days = st.dates(date(1940, 1, 1), date(2030, 1, 1)) | st.dates(date(2026, 2, 20), date(2026, 3, 2))
    created = data.draw(st.lists(days, min_size=51, max_size=400))
    numbers = data.draw(st.sampled_from([1, 30_000_000, 41_000_000, 90_000_000]))
    records = [
        Record(numbers + place * 3_000, day, edat=day - timedelta(days=place % 90), years=frozenset({1950 + place % 70}))
        for place, day in enumerate(created)
    ]
    order = data.draw(st.sampled_from(sorted(ORDERS)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(full_set, "CAP", 50)
        patch.setattr(full_set, "ENOUGH", 10)
        whole = FakePubMed(ORDERS[order](records)).read()

    assert whole.pmids == pmids(records)


# --- days that are too large ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small")
def test_a_day_that_is_too_large_is_cut_by_entry_date() -> None:
    records = [Record(place, date(2003, 7, 1), edat=date(1990, 1, 1) + timedelta(days=place)) for place in range(1, 300)]
    pubmed = FakePubMed(records)

    assert pubmed.read().pmids == pmids(records)
    assert any('"2003/07/01"[crdt] : "2003/07/01"[crdt]' in term and "[edat]" in term for term in pubmed.terms)


@pytest.mark.usefixtures("small")
def test_an_entry_date_that_is_too_large_is_cut_by_year_and_records_of_two_years_are_one() -> None:
    records = [
        Record(place, date(2003, 7, 1), date(2003, 7, 2), frozenset({1960 + place % 40, 1961 + place % 40}))
        for place in range(1, 300)
    ]
    pubmed = FakePubMed(records)

    assert pubmed.read().pmids == pmids(records)
    assert any("[dp]" in term for term in pubmed.terms)


@pytest.mark.usefixtures("small")
def test_what_cannot_be_cut_names_the_day() -> None:
    records = [Record(place, date(2003, 7, 1), date(2003, 7, 2), frozenset({1999})) for place in range(1, 60)]

    with pytest.raises(CannotBeCut, match="59 matching records were all created 2003-07-01, entered 2003-07-02, published 1999"):
        FakePubMed(records).read()


# --- reconciling ---------------------------------------------------------------------------------------------------------------------


def scattered(count: int) -> list[Record]:
    return [Record(place, date(1990, 1, 1) + timedelta(days=37 * place)) for place in range(1, count + 1)]


@pytest.mark.usefixtures("small")
def test_records_without_a_creation_date_are_asked_for_once() -> None:
    records = [*scattered(200), *(Record(place, None) for place in range(900, 905))]
    pubmed = FakePubMed(records)

    assert pubmed.read().pmids == pmids(records)
    assert [term for term in pubmed.terms if " NOT " in term] == ['(agrin) NOT ("1800/01/01"[crdt] : "3000"[crdt])']


@pytest.mark.usefixtures("small")
def test_a_set_that_grows_while_it_is_read_is_counted_again() -> None:
    records = scattered(200)

    def grow(pubmed: FakePubMed) -> None:
        if len(pubmed.terms) == 2:
            pubmed.records = [*records, Record(999, date(1990, 1, 1))]

    pubmed = FakePubMed(records, before_search=grow)
    whole = pubmed.read()

    assert whole.pmids == pmids(pubmed.records)
    assert whole.facts.count == 201


@pytest.mark.usefixtures("small")
def test_a_set_that_does_not_add_up_is_an_error() -> None:
    records = scattered(200)

    def shrink(pubmed: FakePubMed) -> None:
        pubmed.records = records[: 200 - 10 * len(pubmed.terms)]

    with pytest.raises(IncompleteAnswer, match="it changed meanwhile"):
        FakePubMed(records, before_search=shrink).read()


def test_searches_that_lose_records_are_never_a_full_set() -> None:
    records = ORDERS["newest number first"](grown(12_000, 1.0))

    def lose(pubmed: FakePubMed) -> None:
        pubmed.records = records if " AND " not in pubmed.terms[-1] else records[:-1]

    with pytest.raises(IncompleteAnswer):
        FakePubMed(records, before_search=lose).read()


# --- estimates -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pmid", "day"),
    [
        (17_933_577, date(2007, 10, 16)),
        (29_225_084, date(2017, 12, 12)),
        (31_884_885, date(2019, 12, 31)),
        (41_730_216, date(2026, 2, 23)),
    ],
)
def test_a_number_is_dated_to_within_some_weeks(pmid: int, day: date) -> None:
    estimate = growth.created(Pmid(pmid))

    assert estimate is not None
    assert abs(estimate - day.toordinal()) <= 31


def test_numbers_from_before_1998_have_no_date() -> None:
    assert growth.created(Pmid(8_454_279)) is None


@given(st.integers(1, date(2200, 1, 1).toordinal()), st.integers(0, 10_000))
def test_pubmed_only_grows(day: int, more: int) -> None:
    assert 0 <= growth.records_before(day) <= growth.records_before(day + more)
