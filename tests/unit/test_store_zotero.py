"""What the store keeps of Zotero, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.store_samples import Bench, paper
from support.two_databases import Place
from support.zotero_rows import AT, SOURCE, fill_zotero, item

from watcher.domain import PushOutcome, PushState, SeedsFrom, pubmed_id
from watcher.store import CollectionChange, Store, ZoteroItemFacts, ZoteroServerFacts

DAY = timedelta(days=1)
LAB, INTO = SOURCE.library, "PVSH2345"


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


# --- what is pushed


def _pushes(store: Store) -> dict[str, tuple[PushState, int]]:
    return {one.record_id.label: (one.state, one.attempts) for one in store.zotero.pushes(LAB, INTO)}


def test_what_is_owed_follows_what_is_wanted_and_what_was_pushed_stays(store: Store) -> None:
    first = store.zotero.owe(LAB, INTO, {pubmed_id(1): "AAAA2222", pubmed_id(2): "BBBB2222"}, AT)
    again = store.zotero.owe(LAB, INTO, {pubmed_id(1): "AAAA2222", pubmed_id(2): "BBBB2222"}, AT + DAY)
    one, _ = store.zotero.pushes(LAB, INTO)
    store.zotero.settle_push(one.id, PushState.PUSHED, AT + DAY, outcome=PushOutcome.MADE)
    dropped = store.zotero.owe(LAB, INTO, {}, AT + 2 * DAY)
    gone = _pushes(store)
    back = store.zotero.owe(LAB, INTO, {pubmed_id(2): "BBBB2222", pubmed_id(3): "CCCC2222"}, AT + 3 * DAY)

    assert (first, again, dropped, back) == (2, 0, 1, 2)
    assert gone == {"PMID 1": (PushState.PUSHED, 0), "PMID 2": (PushState.DROPPED, 0)}
    assert _pushes(store) == {
        "PMID 1": (PushState.PUSHED, 0),
        "PMID 2": (PushState.PENDING, 0),
        "PMID 3": (PushState.PENDING, 0),
    }
    assert store.zotero.pushes(LAB, "") == ()


def test_a_try_is_counted_before_it_is_made_and_a_wait_that_was_asked_for_is_none(store: Store) -> None:
    store.zotero.owe(LAB, INTO, {pubmed_id(number): f"KEYA222{number}" for number in (2, 3)}, AT)
    one, other = store.zotero.pushes(LAB, INTO)
    store.zotero.begin_pushes([one.id, other.id], AT + DAY)
    begun = _pushes(store)
    store.zotero.settle_push(one.id, PushState.PARKED, AT + DAY, next_at=AT + 2 * DAY, reason="Zotero answered 403", fix="look")
    store.zotero.settle_push(other.id, PushState.PENDING, AT + DAY, next_at=AT + 2 * DAY, reason="wait", is_no_try=True)
    parked, waiting = store.zotero.pushes(LAB, INTO)
    woken = store.zotero.wake_pushes(AT + DAY)

    assert begun == {"PMID 2": (PushState.PENDING, 1), "PMID 3": (PushState.PENDING, 1)}
    assert (parked.reason, parked.fix, parked.next_at, parked.outcome) == ("Zotero answered 403", "look", AT + 2 * DAY, None)
    assert (waiting.attempts, waiting.finished_at) == (0, None)
    assert woken == 1
    assert {one.next_at for one in store.zotero.pushes(LAB, INTO)} == {AT + DAY, AT + 2 * DAY}
    assert _pushes(store) == {"PMID 2": (PushState.PENDING, 0), "PMID 3": (PushState.PENDING, 0)}


def test_a_library_s_pushes_are_many_and_words_of_any_kind(store: Store) -> None:
    said = "Zotero refused the item (400): \x00 \ud800 \U0001f9e0 'x'"
    store.zotero.owe(LAB, INTO, {pubmed_id(number): f"{number:08}" for number in range(1, 2_001)}, AT)
    rows = store.zotero.pushes(LAB, INTO)
    store.zotero.begin_pushes([one.id for one in rows], AT)
    store.zotero.settle_push(rows[0].id, PushState.PARKED, AT, reason=said)

    assert [one.record_id.id for one in rows] == list(range(1, 2_001))
    assert {one.attempts for one in store.zotero.pushes(LAB, INTO)} == {1}
    assert "refused the item" in str(store.zotero.pushes(LAB, INTO)[0].reason)


# --- the index of a library


def test_an_index_knows_what_is_listed_and_what_is_gone_is_known_again_when_it_is_back(store: Store) -> None:
    keys = ["PAPA2222", "PAPB2222", "NQTE2222"]
    store.zotero.keep_indexed(LAB, [item("PAPA2222"), item("PAPB2222", 2), item("NQTE2222", 3, is_paper=False)])
    store.zotero.library_read(LAB, None, AT, keys, is_open=True)
    opened = store.zotero.library(LAB)
    store.zotero.library_read(LAB, 3, AT + DAY, ["PAPA2222"])
    left = store.zotero.library(LAB)
    store.zotero.library_read(LAB, 4, AT + 2 * DAY, keys)
    store.zotero.library_failed(LAB, "Zotero answered 503", "", AT + 3 * DAY, may_pass=True)
    store.zotero.library_failed(LAB, "Zotero answered 403", "look", AT + 4 * DAY, may_pass=False)
    failed = store.zotero.library(LAB)
    store.zotero.library_read(LAB, 4, AT + 5 * DAY, None)
    well = store.zotero.library(LAB)

    assert (opened.version, opened.is_open, opened.papers, left.papers) == (None, True, 2, 1)
    assert (failed.failures, failed.error, failed.fix, failed.may_pass, failed.read_at) == (
        2,
        "Zotero answered 403",
        "look",
        False,
        AT + 2 * DAY,
    )
    assert (well.failures, well.error, well.papers, well.read_at) == (0, None, 2, AT + 5 * DAY)
    assert store.zotero.library("groups/9").read_at is None


def test_the_index_keeps_the_words_of_followed_items_alone(store: Store) -> None:
    fill_zotero(store)

    store.zotero.keep_indexed(LAB, [item("PAPA2222", 5, title="edited"), item("PAPC2222", 6)])

    kept = store.zotero.items(LAB, ["PAPA2222", "PAPC2222"])
    assert "edited" in str(kept["PAPA2222"].body)
    assert kept["PAPC2222"].body is None


def _known(key: str, **more: object) -> ZoteroItemFacts:
    return ZoteroItemFacts(key, 1, True, None, **more)  # type: ignore[arg-type]


def test_a_paper_is_matched_by_its_best_identifier_first_and_by_title_only_without_any(store: Store) -> None:
    listed = [
        _known("TITL2222", title_key="agrin 2026"),
        _known("WITH2222", title_key="agrin 2026", doi="10.9999/else"),
        _known("DQI22222", doi="10.9999/one"),
        _known("PMC22222", pmcid="PMC11"),
        _known("PMID2222", pmid=999_999_999),
        _known("GQNE2222", pmid=999_999_999),
    ]
    store.zotero.keep_indexed(LAB, listed)
    store.zotero.library_read(LAB, 1, AT, [one.key for one in listed if one.key != "GQNE2222"])

    found = store.zotero.matches(LAB, pmid=999_999_999, pmcid="PMC11", doi="10.9999/ONE", title_key="agrin 2026")

    assert found == ("PMID2222", "PMC22222", "DQI22222", "TITL2222")
    assert store.zotero.matches(LAB, pmid=None, pmcid=None, doi=None, title_key="") == ()
    assert store.zotero.matches("groups/9", pmid=999_999_999, pmcid=None, doi=None, title_key="") == ()


def test_a_work_is_known_by_each_identifier_of_any_record(migrated: Place) -> None:
    bench = Bench.at(migrated.folder, migrated.url)
    zotero = bench.store.zotero
    bench.news(paper(1), paper(2, doi="10.9999/Two"), paper(3, pmcid="PMC3"), paper(4))
    works = {pmid: bench.work_of(pmid) for pmid in (1, 2, 3, 4)}
    listed = [_known("PMID2222", pmid=1), _known("DQI22222", doi="10.9999/two"), _known("PMC22222", pmcid="PMC3")]

    zotero.keep_indexed(LAB, listed)
    zotero.library_read(LAB, 1, AT, [one.key for one in listed])
    known = zotero.known_works(LAB, works.values())
    zotero.library_read(LAB, 2, AT, [])

    assert known == {works[1], works[2], works[3]}
    assert zotero.known_works(LAB, works.values()) == frozenset()
    bench.store.close()
