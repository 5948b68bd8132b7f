"""How PubMed grew: when a pmid was given away, and how many records a span of days holds. Estimates, for choosing where to cut.

PMIDs are given away in order, so a table of the first one of each year dates a record to within some days, back to 1998; before,
numbers and days do not go together. Nothing is decided by an estimate: it only saves requests.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

from watcher.pubmed.pmid import Pmid

_FIRST_PMIDS = (
    (1998, 9_430_000),
    (1999, 9_990_000),
    (2000, 10_610_000),
    (2001, 11_140_000),
    (2002, 11_752_000),
    (2003, 12_505_000),
    (2004, 14_700_000),
    (2005, 15_625_000),
    (2006, 16_385_000),
    (2007, 17_195_000),
    (2008, 18_165_000),
    (2009, 19_118_000),
    (2010, 20_040_000),
    (2011, 21_195_000),
    (2012, 22_208_000),
    (2013, 23_277_000),
    (2014, 24_382_000),
    (2015, 25_550_000),
    (2016, 26_720_000),
    (2017, 28_040_000),
    (2018, 29_290_000),
    (2019, 30_590_000),
    (2020, 31_886_000),
    (2021, 33_383_000),
    (2022, 34_970_000),
    (2023, 36_590_000),
    (2024, 38_165_000),
    (2025, 39_740_000),
    (2026, 41_480_000),
)
"""Year and about the first PMID given away in it."""

_BEFORE = ((1800, 0), (1946, 10_000), (1966, 1_600_000), (1976, 3_900_000), (1986, 6_600_000))
"""Year and about the number of records created before it, for the time before PMIDs tell (MEDLINE's citation counts by year)."""

PER_WEEK = 1_700_000 / 52
"""About how many records PubMed gains in a week."""

_AT_THIS_RATE = ((2126, 211_480_000),)
"""A century further at 1.7 million records a year."""

_KNOWN = [(date(year, 1, 1).toordinal(), records) for year, records in _BEFORE + _FIRST_PMIDS + _AT_THIS_RATE]
_DAYS = [day for day, _ in _KNOWN]
_RECORDS = [records for _, records in _KNOWN]


def created(pmid: Pmid) -> int | None:
    """About the day (an ordinal) on which a record was created; None for a pmid from before 1998."""
    return round(_between(_RECORDS, _DAYS, pmid)) if pmid >= _FIRST_PMIDS[0][1] else None


def records_before(day: int) -> float:
    """About how many records were created before a day (an ordinal)."""
    return _between(_DAYS, _RECORDS, day)


def _between(known: Sequence[int], wanted: Sequence[int], at: int) -> float:
    """Linear interpolation, flat beyond the ends."""
    right = min(max(bisect_right(known, at), 1), len(known) - 1)
    share = (at - known[right - 1]) / (known[right] - known[right - 1])
    return wanted[right - 1] + min(max(share, 0.0), 1.0) * (wanted[right] - wanted[right - 1])
