"""The comparison of date rules, on a handful of made-up papers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from completeness import Replay, compare, row

from standins.eutils.corpus import Corpus, Planted
from standins.eutils.papers import paper
from watcher import clock

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 17)
MADE = date(2026, 3, 4)


def record(pmid: int, entered: str, published: str) -> Planted:
    """A paper that was made on 4 March."""
    text = paper(pmid, title="Bears in winter", created=MADE, entered=entered, published=published, electronic=None)
    return Planted(text, appears_at=MADE)


def test_each_rule_misses_what_its_date_hides_and_watcher_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.CLOCK_FILE, "replaced")
    papers = [record(1, "2026-03-04", "2026 Mar 4"), record(2, "2025-01-10", "2025 Jan 10"), record(3, "2026-03-04", "2026 May 1")]
    replay = Replay("bears", Corpus.of(papers), "bears[ti]", FIRST, LAST, {1: MADE, 2: MADE, 3: MADE})

    rows = {one.name: one for one in compare(replay)}

    missed = {name: one.missed for name, one in rows.items()}
    assert missed == {
        "yesterday by publication date": 2,
        "a watermark on the entry date": 1,
        "the entry date, 14 days' overlap": 1,
        "the newest 100": 0,
        "watcher (mailed twice: 0)": 0,
    }


def test_what_is_listed_after_two_days_is_late() -> None:
    listed = {1: MADE, 2: MADE + timedelta(days=2), 3: MADE + timedelta(days=3)}

    told = row("a rule", dict.fromkeys((1, 2, 3, 4), MADE), listed)

    assert (told.missed, told.late, told.longest_wait) == (1, 1, 3)
