"""What a list has still to judge is read again where no search finds it any more, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date

import pytest
from support.flow_samples import NMJ, WEEKLY, Desk, desk
from support.two_databases import Place

from standins.eutils.corpus import Planted
from standins.eutils.papers import paper
from watcher.domain import pubmed_id

START, TUESDAY, WEDNESDAY, MONDAY = "2026-03-02T09:00", "2026-03-03T05:00", "2026-03-04T05:00", "2026-03-09T07:00"

Desks = Callable[..., Desk]


@pytest.fixture
def at_place(migrated: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desks]:
    """Opens a desk over a database of either kind, with one watch that shows everything."""
    with ExitStack() as stack:

        def opened(*records: Planted | bytes) -> Desk:
            one = stack.enter_context(desk(migrated.folder, monkeypatch, *records, url=migrated.url))
            one.watches, one.lists = [replace(NMJ, query="junction[ti] OR synapse[ti]", threshold=0)], [WEEKLY]
            return one

        yield opened


def becomes(day: date, **changes: object) -> Planted:
    before = {"title": "A synapse", "created": "2026-03-03"}
    after = paper(1, **(before | {"revised": day.isoformat()} | changes))  # type: ignore[arg-type]
    return Planted(paper(1, **before), changes=((day, after),))  # type: ignore[arg-type]


def test_a_retraction_is_seen_though_an_edit_took_the_paper_out_of_the_query(at_place: Desks) -> None:
    one = at_place(becomes(date(2026, 3, 6), types=["Retracted Publication"]), paper(2, title="A junction", created="2026-03-03"))
    one.tick(START)
    one.tick(TUESDAY)
    one.edit(query="junction[ti]")
    one.tick(WEDNESDAY)

    digest = one.digest(MONDAY)

    assert [item.article.pmid for item in digest.presented] == [2]
    assert digest.receipt.retracted == (pubmed_id(1),)


def test_a_retraction_is_seen_though_the_record_no_longer_matches(at_place: Desks) -> None:
    one = at_place(becomes(date(2026, 3, 6), title="RETRACTED: A gap", types=["Retracted Publication"]))
    one.tick(START)
    one.tick(TUESDAY)

    digest = one.digest(MONDAY)

    assert (digest.presented, digest.receipt.retracted) == ((), (pubmed_id(1),))


def test_a_retraction_of_an_older_paper_that_an_edit_brought_is_seen(at_place: Desks) -> None:
    before = paper(1, title="A gap", created="2025-11-03")
    after = paper(1, title="A gap", created="2025-11-03", revised="2026-03-06", types=["Retracted Publication"])
    one = at_place(Planted(before, changes=((date(2026, 3, 6), after),)), paper(2, title="A gap", created="2025-11-03"))
    one.tick(START)
    one.edit(query="junction[ti] OR gap[ti]")
    one.tick(TUESDAY)

    digest = one.digest(MONDAY)

    assert [item.article.pmid for item in digest.presented] == [2]


def test_what_has_been_judged_is_not_asked_for_again(at_place: Desks) -> None:
    one = at_place(becomes(date(2026, 3, 20), title="A gap"))
    one.tick(START)
    one.tick(TUESDAY)
    one.digest(MONDAY)
    one.edit(query="junction[ti]")
    one.tick("2026-03-10T05:00")
    asked = len(one.pubmed.calls("efetch"))
    one.tick("2026-03-11T05:00")

    assert len(one.pubmed.calls("efetch")) == asked
