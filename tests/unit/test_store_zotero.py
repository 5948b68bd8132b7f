"""What the store keeps of Zotero, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.two_databases import Place
from support.zotero_rows import AT, SOURCE, fill_zotero, item

from watcher.domain import SeedsFrom
from watcher.store import CollectionChange, Store, ZoteroServerFacts

DAY = timedelta(days=1)


@pytest.fixture
def store(migrated: Place) -> Iterator[Store]:
    with Store.open(migrated.url, folder=migrated.folder) as opened:
        yield opened


def test_a_collection_that_nobody_looked_at_is_unknown(store: Store) -> None:
    assert store.zotero.collection(SOURCE) is None
    assert store.zotero.papers(SOURCE) == ()
    assert store.zotero.members(SOURCE) == {}
    assert not store.zotero.accept(SOURCE)


def test_what_a_collection_holds_is_changed_whole_and_told_from_the_second_reading_on(store: Store) -> None:
    store.zotero.keep_items(SOURCE.library, [item("PAPA2222"), item("PAPB2222", 2), item("NOTE2222", 3, is_paper=False)])
    first = store.zotero.take(SOURCE, "Examples", ["PAPA2222", "NOTE2222"], 5, AT, 0)
    second = store.zotero.take(SOURCE, "Examples", ["PAPB2222", "NOTE2222"], 6, AT + DAY, 1)
    same = store.zotero.take(SOURCE, "Examples", ["PAPB2222", "NOTE2222"], 7, AT + 2 * DAY, 0)

    known = store.zotero.collection(SOURCE)
    assert known is not None
    assert (known.name, known.papers, known.version, known.read_at) == ("Examples", 1, 7, AT + 2 * DAY)
    assert [key for key, _ in store.zotero.papers(SOURCE)] == ["PAPB2222"]
    assert (first.came, second, same.is_any) == (1, CollectionChange(AT + DAY, 1, 1, 1), False)
    assert store.zotero.changes(SOURCE, AT) == (second,)
    assert store.zotero.changes(SOURCE, AT + DAY) == ()


def test_the_words_of_what_left_every_collection_are_dropped_and_those_of_another_stay(store: Store) -> None:
    other = SeedsFrom(SOURCE.library, "OTHR2345")
    store.zotero.keep_items(SOURCE.library, [item("PAPA2222"), item("PAPB2222", 2)])
    store.zotero.take(SOURCE, "Examples", ["PAPA2222", "PAPB2222"], 5, AT, 0)
    store.zotero.take(other, "Others", ["PAPB2222"], 5, AT, 0)

    store.zotero.take(SOURCE, "Examples", [], 6, AT, 0)

    kept = store.zotero.items(SOURCE.library, ["PAPA2222", "PAPB2222"])
    assert kept["PAPA2222"].body is None
    assert kept["PAPB2222"].body is not None


def test_a_failure_leaves_everything_and_a_look_that_ends_well_ends_it(store: Store) -> None:
    fill_zotero(store)
    store.zotero.failed(SOURCE, "Zotero answered 403", "look", AT + 3 * DAY, may_pass=False)
    failed = store.zotero.collection(SOURCE)
    store.zotero.looked(SOURCE, AT + 4 * DAY)
    well = store.zotero.collection(SOURCE)

    assert failed is not None
    assert well is not None
    assert (failed.failures, failed.error, failed.fix, failed.may_pass, failed.papers) == (
        2,
        "Zotero answered 403",
        "look",
        False,
        2,
    )
    assert (well.failures, well.error, well.version, well.looked_at, well.read_at) == (0, None, 3, AT + 4 * DAY, AT + DAY)


def test_a_set_that_shrank_waits_until_it_is_accepted_and_read(store: Store) -> None:
    fill_zotero(store)
    store.zotero.shrank(SOURCE, "Examples", 0, AT + 3 * DAY)
    held = store.zotero.collection(SOURCE)
    accepted = store.zotero.accept(SOURCE)
    store.zotero.take(SOURCE, "Examples", [], 9, AT + 4 * DAY, 0)
    taken = store.zotero.collection(SOURCE)

    assert held is not None
    assert taken is not None
    assert (held.papers, held.shrank_to, accepted) == (2, 0, True)
    assert (taken.papers, taken.shrank_to, taken.accepts) == (0, None, False)


def test_what_a_server_asked_for_is_kept_by_its_address(store: Store) -> None:
    facts = ZoteroServerFacts(AT, AT + DAY, "sha", "Invalid key")

    store.zotero.note_server("https://a/", facts)
    store.zotero.note_server("https://b/", ZoteroServerFacts())

    assert store.zotero.server("https://a/") == facts
    assert store.zotero.server("https://b/") == store.zotero.server("https://c/") == ZoteroServerFacts()
