"""What is kept of feeds: entries as they were worded, each once, the last 200 whole, under ids that nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.store_samples import BY_QUERY, MAIL, MONDAY, Bench, days, paper, updates
from support.two_databases import Place

from watcher.domain import (
    CorrectionKind,
    Entered,
    EntryKind,
    FeedEntry,
    FeedKind,
    Outcome,
    RecordId,
    Relation,
    paper_key,
    pubmed_id,
)
from watcher.errors import StoreError
from watcher.store import Fed, Owed, Store
from watcher.store.database import Database

RETRACTED = (Relation("RetractionIn", pubmed_id(90), "Sample J. 2026"),)


@pytest.fixture
def bench(migrated: Place) -> Iterator[Bench]:
    made = Bench.at(migrated.folder, migrated.url)
    yield made
    made.store.close()


def told(pmid: int, title: str = "", **more: Any) -> FeedEntry:  # noqa: ANN401 - whatever an entry takes
    record_id = pubmed_id(pmid)
    url = f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"
    return FeedEntry(
        **{
            "key": paper_key(record_id),
            "kind": EntryKind.PAPER,
            "record_id": record_id,
            "title": title or f"Paper {pmid}",
            "url": url,
        }
        | more
    )


def found(bench: Bench, *pmids: int, at: Any = MONDAY, beside: tuple[int, ...] = (), **more: Any) -> None:  # noqa: ANN401
    """A run that finds these papers at the threshold of the watch."""
    articles = [paper(pmid, **more) for pmid in (*pmids, *beside)]
    fed = Fed(tuple(told(pmid) for pmid in pmids), tuple(map(pubmed_id, beside)))
    bench.run(at=at, articles=articles, news={one.record_id: BY_QUERY for one in articles}, fed=fed)


def entries(store: Store, kind: FeedKind = FeedKind.WATCH, name: str = "nmj") -> tuple[Entered, ...]:
    feed = store.feed(kind, name)
    assert feed is not None
    return feed.entries


def pmids(of: tuple[Entered, ...]) -> list[int]:
    return [one.entry.record_id.id for one in of]


def test_each_list_and_watch_has_a_feed_of_its_own_and_no_other_name_has_one(bench: Bench) -> None:
    feeds = [bench.store.feed(FeedKind.LIST, "weekly"), bench.store.feed(FeedKind.WATCH, "nmj")]

    assert all(feed is not None and feed.entries == () and feed.id.startswith("urn:uuid:") for feed in feeds)
    assert len({feed.id for feed in feeds if feed}) == 2
    assert bench.store.feed_ids() == {feed.id for feed in feeds if feed}
    assert bench.store.feed(FeedKind.LIST, "nmj") is None


def test_what_a_run_found_stands_in_its_watchs_feed_the_best_on_top_the_latest_run_above(bench: Bench) -> None:
    found(bench, 2, 1)
    found(bench, 4, 3, at=MONDAY + days(1))

    assert pmids(entries(bench.store)) == [4, 3, 2, 1]
    assert [one.at for one in entries(bench.store)] == [MONDAY + days(1)] * 2 + [MONDAY] * 2
    assert bench.store.feed(FeedKind.LIST, "weekly").entries == ()  # type: ignore[union-attr]


def test_a_paper_comes_once_whatever_run_finds_it_again_and_stays_as_it_was_worded(bench: Bench) -> None:
    found(bench, 1)
    (before,) = entries(bench.store)

    revised = paper(1, "Another title by now")
    bench.run(at=MONDAY + days(1), articles=(revised,), fed=Fed((told(1, "Another title by now"),)))

    assert entries(bench.store) == (before,)
    assert before.entry.title == "Paper 1"


def test_a_preprint_and_its_article_are_one_work_and_one_entry(bench: Bench) -> None:
    found(bench, 1)
    article = paper(2, relations=updates("UpdateOf", 1))
    bench.run(at=MONDAY + days(1), articles=(article,), news={pubmed_id(2): BY_QUERY}, fed=Fed((told(2),)))

    assert pmids(entries(bench.store)) == [1]


def test_works_that_are_merged_later_keep_both_entries_under_their_ids(bench: Bench) -> None:
    found(bench, 2, 1)
    before = entries(bench.store)

    bench.run(at=MONDAY + days(1), articles=(paper(2, relations=updates("UpdateOf", 1)),))
    assert bench.work_of(1) == bench.work_of(2)
    found(bench, 3, at=MONDAY + days(2), relations=updates("UpdateOf", 2))

    assert entries(bench.store) == before


def test_the_last_two_hundred_are_whole_and_older_ones_come_no_second_time(bench: Bench) -> None:
    found(bench, *range(1, 151))
    found(bench, *range(151, 171), at=MONDAY + days(1))
    assert pmids(entries(bench.store)) == [*range(151, 171), *range(1, 151)]
    found(bench, *range(201, 401), at=MONDAY + days(2), beside=tuple(range(401, 421)))
    found(bench, 500, at=MONDAY + days(3))

    bench.run(at=MONDAY + days(4), articles=(paper(1), paper(401)), fed=Fed((told(1), told(401))))

    assert pmids(entries(bench.store)) == [500, *range(201, 400)]


def test_ids_survive_a_backup_and_its_restore_into_another_database(bench: Bench, tmp_path: Path) -> None:
    found(bench, 2, 1)
    copy = bench.store.backup(tmp_path / "copies" / "friday.db").path
    before, feed = entries(bench.store), bench.store.feed(FeedKind.WATCH, "nmj")

    folder = tmp_path / "elsewhere"
    folder.mkdir()
    Store.restore(f"sqlite:///{folder}/watcher.db", copy, folder=folder)
    with Store.open(f"sqlite:///{folder}/watcher.db", folder=folder) as store:
        assert entries(store) == before
        assert store.feed(FeedKind.WATCH, "nmj") == feed


def test_what_is_told_again_after_an_older_backup_was_restored_has_its_id_again(bench: Bench, tmp_path: Path) -> None:
    copy = bench.store.backup(tmp_path / "copies" / "friday.db").path
    found(bench, 2, 1)
    before = entries(bench.store)

    folder = tmp_path / "elsewhere"
    folder.mkdir()
    Store.restore(f"sqlite:///{folder}/watcher.db", copy, folder=folder)
    with Store.open(f"sqlite:///{folder}/watcher.db", folder=folder) as store:
        found(Bench(store, ""), 2, 1, at=MONDAY + days(3))

        assert [one.id for one in entries(store)] == [one.id for one in before]


def test_a_watch_that_is_renamed_keeps_its_feed(bench: Bench) -> None:
    found(bench, 1)
    before = bench.store.feed(FeedKind.WATCH, "nmj")

    bench.register({"synapse": "nmj"}, {"weekly": ("synapse",)})

    assert bench.store.feed(FeedKind.WATCH, "synapse") == before
    assert bench.store.feed(FeedKind.WATCH, "nmj") is None


def test_a_text_that_is_dropped_or_damaged_takes_no_entry_with_it(bench: Bench) -> None:
    found(bench, 1, crdt=date(2020, 1, 1))
    bench.compose(judged={1: Outcome.BELOW_THRESHOLD})
    before = entries(bench.store)

    assert bench.store.forget(MONDAY + days(800)) == 1

    assert entries(bench.store) == before


@pytest.mark.parametrize("body", [b"x\x9cnonsense", b"{}", b'{"title":"another"}'])
def test_an_entry_that_is_damaged_itself_keeps_its_id_and_what_is_known_of_its_paper(
    migrated: Place, bench: Bench, body: bytes
) -> None:
    found(bench, 1)
    (before,) = entries(bench.store)
    database = Database(migrated.url, folder=migrated.folder)
    with database.writing() as session:
        session.execute(sa.text("UPDATE feed_entry SET body = :body").bindparams(body=body))
    database.close()

    (after,) = entries(bench.store)

    assert (after.id, after.at) == (before.id, before.at)
    assert (after.entry.title, after.entry.url) == ("Sample paper 1 on synapses", "")


def test_what_a_watch_found_before_it_had_a_feed_is_no_news_to_it(migrated: Place, bench: Bench) -> None:
    bench.news(paper(1))
    database = Database(migrated.url, folder=migrated.folder)
    with database.writing() as session:  # as the migration makes it
        session.execute(sa.text("UPDATE feed SET after_run_id = (SELECT max(id) FROM run) WHERE watch_id IS NOT NULL"))
    database.close()

    bench.run(at=MONDAY + days(1), articles=(paper(1), paper(2)), news={pubmed_id(2): BY_QUERY}, fed=Fed((told(2), told(1))))

    assert pmids(entries(bench.store)) == [2]


def test_a_digest_and_its_entries_are_written_together_or_not_at_all(bench: Bench) -> None:
    bench.news(paper(1), paper(2))
    first, second = bench.everything()
    bench.compose(first, entries=(told(1),))

    with pytest.raises(StoreError, match="was presented before"):
        bench.compose(first, second, at=MONDAY + days(7), entries=(told(2), told(1)))
    bench.compose(second, at=MONDAY + days(8), entries=(told(2),))

    assert pmids(entries(bench.store, FeedKind.LIST, "weekly")) == [2, 1]
    assert entries(bench.store) == ()


def test_a_number_rises_with_whatever_comes_into_a_feed(bench: Bench) -> None:
    before = bench.store.latest_entry()
    found(bench, 1)
    after = bench.store.latest_entry()
    found(bench, 1, at=MONDAY + days(1))

    assert before == 0 < after == bench.store.latest_entry()


# --- what became of a watch's papers


def untold(bench: Bench, at: Any = MONDAY) -> list[tuple[RecordId, CorrectionKind]]:  # noqa: ANN401 - an instant
    return [(one.record_id, correction.kind) for one in bench.store.untold_in_feed("nmj", at) for correction in one.corrections]


def test_what_becomes_of_a_paper_in_the_feed_is_told_once(bench: Bench) -> None:
    found(bench, 1)
    bench.run(at=MONDAY + days(7), articles=(paper(1, relations=RETRACTED),))
    assert untold(bench) == [(pubmed_id(1), CorrectionKind.RETRACTION)]

    (corrected,) = bench.store.untold_in_feed("nmj", MONDAY)
    (one,) = corrected.corrections
    entry = told(1, key="correction 1", kind=EntryKind.CORRECTION, correction=one.id)
    bench.run(at=MONDAY + days(8), fed=Fed((entry,)))

    assert corrected.had_at == MONDAY
    assert untold(bench) == []
    assert [one.entry.kind for one in entries(bench.store)] == [EntryKind.CORRECTION, EntryKind.PAPER]


def test_what_was_known_when_a_paper_came_is_not_told_beside_it(bench: Bench) -> None:
    found(bench, 1, relations=(Relation("ErratumIn", pubmed_id(91), "Sample J. 2026"),))
    bench.news(paper(2, relations=RETRACTED), at=MONDAY + days(1))

    assert untold(bench) == []


def test_what_is_taken_back_is_told_only_where_it_was_told(bench: Bench) -> None:
    found(bench, 1, 2)
    bench.run(at=MONDAY + days(1), articles=(paper(1, relations=RETRACTED), paper(2, relations=RETRACTED)))
    first, _ = bench.store.untold_in_feed("nmj", MONDAY)
    entry = told(1, key="correction 1", kind=EntryKind.CORRECTION, correction=first.corrections[0].id)
    bench.run(at=MONDAY + days(2), fed=Fed((entry,)))

    bench.run(at=MONDAY + days(3), articles=(paper(1), paper(2)))

    assert untold(bench, MONDAY + days(4)) == []
    assert untold(bench, MONDAY + days(10)) == [(pubmed_id(1), CorrectionKind.TAKEN_BACK)]


def test_a_correction_that_is_told_at_once_stands_in_the_lists_feed(bench: Bench) -> None:
    found(bench, 1)
    (candidate,) = bench.everything()
    bench.compose(candidate, owed=(Owed(MAIL, "mail", ("pi@lab.example",)),), entries=(told(1),))
    bench.run(at=MONDAY + days(1), articles=(paper(1, relations=RETRACTED),))
    (one,) = bench.store.untold("weekly", MONDAY + days(1))
    number = one.paper.corrections[0].id
    entry = told(1, key="correction 1", kind=EntryKind.CORRECTION, correction=number)

    done = [
        bench.store.owe_corrections("weekly", [number], "Retracted", (), host="lab.example", at=MONDAY + days(2), entries=(entry,))
        for _ in range(2)
    ]

    assert done == [True, False]
    assert [one.entry.kind for one in entries(bench.store, FeedKind.LIST, "weekly")] == [EntryKind.CORRECTION, EntryKind.PAPER]


def test_papers_in_a_feed_that_no_list_presented_are_read_again(bench: Bench) -> None:
    found(bench, 1)
    bench.news(paper(2), at=MONDAY + days(1))

    due = [bench.store.to_reread(MONDAY + days(number), MONDAY + days(number)) for number in (7, 14)]

    assert due == [(), (pubmed_id(1),)]


def test_an_event_that_two_entries_of_one_work_are_about_is_told_once(bench: Bench) -> None:
    found(bench, 2, 1)
    bench.run(at=MONDAY + days(1), articles=(paper(2, relations=updates("UpdateOf", 1)),))
    bench.run(at=MONDAY + days(2), articles=(paper(1, relations=RETRACTED),))

    assert [kind for _, kind in untold(bench)] == [CorrectionKind.RETRACTION]
