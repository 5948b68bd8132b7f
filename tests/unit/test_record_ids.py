"""A record is its source and its number, and two sources fit: what is known of a record of one is never taken for one of the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from support.store_samples import BY_QUERY, MONDAY, RANKING, REASONS, Bench, paper
from support.two_databases import Place

from watcher import domain
from watcher.digest import links
from watcher.digest.wording import named
from watcher.domain import (
    Article,
    GaveWay,
    HitState,
    Outcome,
    Receipt,
    RecordId,
    RecordSource,
    Relation,
    Scored,
    VerdictKind,
    as_document,
    pubmed_id,
)
from watcher.errors import StoreError, UnknownNameError
from watcher.export import FORMATS
from watcher.flows.questions.named import record_named
from watcher.pubmed.pmid import Pmid, pmids_of, record_ids_of
from watcher.store import Store, codec, columns

PREPRINTS = RecordSource("preprints")


def preprint(number: int) -> RecordId:
    return RecordId(PREPRINTS, number)


@pytest.fixture
def two_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second source, in all three places that name sources."""
    monkeypatch.setitem(columns.SOURCES, PREPRINTS, 1)
    monkeypatch.setitem(domain._LABELS, PREPRINTS, "PPR")
    monkeypatch.setitem(links._PAGES, PREPRINTS, "https://preprints.example/{}")


@pytest.fixture
def bench(migrated: Place, two_sources: None) -> Iterator[Bench]:
    del two_sources
    made = Bench(Store.open(migrated.url, folder=migrated.folder), migrated.url)
    made.register()
    yield made
    made.store.close()


# --- what a reader sees and types


@pytest.mark.usefixtures("two_sources")
def test_a_record_of_pubmed_is_shown_and_typed_as_its_pmid() -> None:
    assert (str(pubmed_id(7)), pubmed_id(7).label, pubmed_id(7).pmid, pubmed_id(7).plain) == ("7", "PMID 7", 7, 7)
    assert (str(preprint(7)), preprint(7).label, preprint(7).pmid) == ("preprints:7", "PPR 7", None)
    assert f"watcher explain {pubmed_id(7)}" == "watcher explain 7"


def test_records_stand_in_order_of_their_numbers_within_a_source() -> None:
    assert sorted([pubmed_id(10), preprint(11), pubmed_id(9)]) == [preprint(11), pubmed_id(9), pubmed_id(10)]


@pytest.mark.parametrize("record_id", [pubmed_id(1), pubmed_id(domain.HIGHEST_PMID), preprint(1), preprint(848580)])
def test_what_stands_for_a_record_is_read_as_it(record_id: RecordId) -> None:
    assert RecordId.read(json.loads(json.dumps(record_id.plain))) == record_id


@pytest.mark.parametrize("told", ["7", "preprints:", ":7", "preprints:x7", None, True, 1.5, ["pubmed", 7]])
def test_what_names_no_record_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match="names no record"):
        RecordId.read(told)


@pytest.mark.usefixtures("two_sources")
def test_a_sentence_names_records_of_each_source() -> None:
    assert named([pubmed_id(1), pubmed_id(2)]) == "PMID 1, 2"
    assert named([pubmed_id(1), preprint(2), preprint(3)]) == "PMID 1, PPR 2, 3"
    assert named([pubmed_id(number) for number in range(1, 14)]) == "PMID 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3 more"


@pytest.mark.usefixtures("two_sources")
def test_json_shows_records_under_the_name_that_its_readers_know() -> None:
    shown = as_document(GaveWay(pubmed_id(1), preprint(2), 0.5))

    assert shown == {"pmid": 1, "to": "preprints:2", "similarity": 0.5}


@pytest.mark.usefixtures("two_sources")
def test_each_record_has_the_page_of_its_source() -> None:
    assert links.page(pubmed_id(7)) == "https://pubmed.ncbi.nlm.nih.gov/7/"
    assert links.page(preprint(7)) == "https://preprints.example/7"
    assert links.pubmed_sets([pubmed_id(7), preprint(8)]) == ("https://pubmed.ncbi.nlm.nih.gov/?term=7",)
    resolver = "https://resolver.example/?p={pmid}"
    assert links.library(Article(pubmed_id(7)), resolver) == "https://resolver.example/?p=7"
    assert links.library(Article(preprint(7)), resolver) is None


@pytest.mark.parametrize("style", sorted(FORMATS))
def test_an_export_gives_no_pmid_to_a_record_of_another_source(style: str) -> None:
    written = FORMATS[style]([Article(preprint(7654321), title="Agrin", doi="10.0000/agrin")])

    assert "Agrin" in written
    assert "pubmed.ncbi" not in written
    assert not any(said in written for said in ("AN  - 7654321", "PMID: 7654321", "PMID- 7654321", "pmid = {7654321}", '"PMID"'))


# --- PubMed


def test_pubmed_is_asked_for_its_own_records_alone() -> None:
    assert pmids_of(record_ids_of([Pmid(3), Pmid(1)])) == (3, 1)
    with pytest.raises(ValueError, match="preprints:7 is no record of PubMed"):
        pmids_of([pubmed_id(1), preprint(7)])


# --- kept texts


def test_stored_texts_hold_a_record_of_pubmed_as_they_always_did() -> None:
    article = Article(pubmed_id(7), title="Agrin", relations=(Relation("UpdateOf", pubmed_id(6), "J 2026"),))

    assert codec.dumps(article) == '{"pmid":7,"relations":[{"kind":"UpdateOf","pmid":6,"source":"J 2026"}],"title":"Agrin"}'
    assert codec.loads(Article, codec.dumps(article)) == article


def test_stored_texts_hold_a_record_of_another_source_with_its_source() -> None:
    article = Article(preprint(7), relations=(Relation("UpdateIn", None, "J 2026"),))
    receipt = Receipt(retracted=(preprint(7), pubmed_id(7)), gave_way=(GaveWay(pubmed_id(1), preprint(2), 0.5),))

    assert '"pmid":"preprints:7"' in codec.dumps(article)
    assert codec.loads(Article, codec.dumps(article)) == article
    assert codec.loads(Receipt, codec.dumps(receipt)) == receipt


@pytest.mark.parametrize("text", ['{"pmid":"7"}', '{"pmid":null}', '{"title":"x"}', '{"pmid":[1]}', '{"record_id":7}'])
def test_a_text_whose_record_cannot_be_read_is_damaged(text: str) -> None:
    with pytest.raises(codec.Undecodable):
        codec.loads(Article, text)


# --- the database


def test_two_records_of_one_number_are_two_papers(bench: Bench) -> None:
    mine, other = paper(7, "Agrin"), replace(paper(7, "Another paper"), record_id=preprint(7))

    bench.news(mine, other)
    bench.run(at=MONDAY + timedelta(days=1), awaiting={preprint(8): BY_QUERY, pubmed_id(9): BY_QUERY})
    bench.store.save_scores("nmj", RANKING, [Scored(preprint(7), 80, REASONS), Scored(pubmed_id(7), 20, REASONS)], MONDAY)
    bench.store.give_verdict(preprint(7), VerdictKind.RELEVANT, ("nmj",), reader="anna", at=MONDAY)

    store = bench.store
    assert store.ledger("nmj") == {
        pubmed_id(7): HitState.NEWS,
        preprint(7): HitState.NEWS,
        preprint(8): HitState.AWAITING,
        pubmed_id(9): HitState.AWAITING,
    }
    assert store.articles([pubmed_id(7), preprint(7), preprint(9)]) == {pubmed_id(7): mine, preprint(7): other}
    scores = store.scores("nmj", RANKING.sha256, [pubmed_id(7), preprint(7)])
    assert {record_id: one.value for record_id, one in scores.items()} == {pubmed_id(7): 20, preprint(7): 80}
    assert [one.record_id for one in store.verdicts("nmj")] == [preprint(7)]
    assert len({one.work_id for one in store.unjudged("weekly", "nmj")}) == 2


def test_a_digest_presents_the_works_of_two_sources_once(bench: Bench) -> None:
    article = paper(7, "Agrin at the synapse", relations=(Relation("UpdateOf", preprint(1), "bioRxiv 2026"),))
    early = replace(paper(1, "Agrin at the synapse"), record_id=preprint(1), crdt=date(2026, 9, 9))
    bench.news(article, early)
    candidates = bench.store.unjudged("weekly", "nmj")

    bench.compose(candidates[0])

    assert len({one.work_id for one in candidates}) == 1
    presented = bench.store.presented("weekly", [candidates[0].work_id])
    assert presented == {candidates[0].work_id: candidates[0].article.record_id}
    told = bench.store.explain(preprint(1))
    assert (told.work_record_ids, [one.record_id for one in told.presented]) == ((preprint(1), pubmed_id(7)), [*presented.values()])
    assert Outcome.SHOWN in {one.outcome for one in bench.store.explain(candidates[0].article.record_id).judgements}


def test_a_paper_is_named_by_its_pmid_or_by_the_doi_of_its_record(bench: Bench) -> None:
    bench.store.save_articles([paper(3, "A comment", doi="10.9999/a"), paper(5, "Agrin", doi="10.9999/a")], MONDAY)
    bench.run(at=MONDAY, awaiting={pubmed_id(5): BY_QUERY})

    assert record_named(bench.store, "41224659") == pubmed_id(41224659)
    assert record_named(bench.store, "10.9999/a") == pubmed_id(5)
    with pytest.raises(UnknownNameError, match=r"no stored record has the DOI 10.9999/b"):
        record_named(bench.store, "10.9999/b")


def test_a_source_that_only_a_newer_version_knows_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.run(awaiting={preprint(8): BY_QUERY})
    monkeypatch.delitem(columns.SOURCES, PREPRINTS)

    with pytest.raises(StoreError, match="of a source that this version does not know"):
        bench.store.ledger("nmj")


@pytest.mark.parametrize("number", [1, 848580, (1 << columns.OTHERS_BITS) - 1])
@pytest.mark.parametrize("part", [1, 2, 8])
def test_numbers_of_eight_sources_fit_into_a_column_side_by_side(number: int, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(columns.SOURCES, PREPRINTS, part)
    kind, dialect = columns.RecordNumber(), sa.create_engine("sqlite://").dialect

    stored = kind.process_bind_param(preprint(number), dialect)

    assert stored is not None
    assert -(2**31) <= stored < 0
    assert kind.process_result_value(stored, dialect) == preprint(number)


@pytest.mark.usefixtures("two_sources")
@pytest.mark.parametrize("number", [0, -1, 1 << columns.OTHERS_BITS])
def test_a_number_beyond_its_part_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="beyond the numbers that are kept of its source"):
        columns.RecordNumber().process_bind_param(preprint(number), sa.create_engine("sqlite://").dialect)


def test_a_record_of_a_source_without_a_number_is_refused() -> None:
    with pytest.raises(StoreError, match="nowhere-known:1 is of a source that has no number here"):
        columns.RecordNumber().process_bind_param(RecordId(RecordSource("nowhere-known"), 1), sa.create_engine("sqlite://").dialect)
