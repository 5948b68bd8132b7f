"""What is stored and cannot be decoded, or is not what was written, costs itself, is told, and stops nothing else; on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
import sqlalchemy as sa
from support.flow_samples import NMJ, WEEKLY, Desk, desk
from support.records import in_numbers
from support.two_databases import Place

from standins.eutils.papers import paper
from watcher import clock
from watcher.domain import Digest, Seed, pubmed_id
from watcher.flows.questions.explain import explain
from watcher.flows.questions.status import Around, document, status
from watcher.store import LeftOut
from watcher.store.database import Database
from watcher.store.packing import unpack

START, THURSDAY, MONDAY, NEXT_MONDAY = "2026-03-02T09:00", "2026-03-05T05:00", "2026-03-09T07:00", "2026-03-16T07:00"
BROKEN = '{"broken'

Desks = Callable[..., Desk]


@pytest.fixture
def at_place(migrated: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desks]:
    """Opens a desk over a database of either kind, with one watch and one list."""
    with ExitStack() as stack:

        def opened(*records: bytes) -> Desk:
            one = stack.enter_context(desk(migrated.folder, monkeypatch, *records, url=migrated.url))
            one.watches, one.lists = [replace(NMJ, threshold=0)], [WEEKLY]
            return one

        yield opened


def on_nmj(pmid: int) -> bytes:
    return paper(pmid, title="The neuromuscular junction", abstract="Agrin clusters receptors.", created="2026-03-04")


def spoil(one: Desk, table: str, column: str, value: str | bytes | float = BROKEN, where: str = "true") -> None:
    """Put something else where this was stored."""
    database = Database(one.bench.url, folder=one.clock.parent)
    with database.writing() as session:
        session.execute(sa.text(f"UPDATE {table} SET {column} = :value WHERE {where}"), {"value": value})  # noqa: S608 - the tests' own words
    database.close()


def body_of(one: Desk, pmid: int) -> str:
    database = Database(one.bench.url, folder=one.clock.parent)
    with database.reading() as session:
        found = session.execute(sa.text("SELECT body FROM article WHERE record_id = :pmid"), {"pmid": pmid}).scalar_one()
    database.close()
    return unpack(found).decode()


def all_in(digest: Digest) -> list[int]:
    return sorted(item.article.record_id.id for item in digest.presented)


def answer(one: Desk, pmid: int) -> str:
    return explain(one.store, pubmed_id(pmid), clock.now()).answer


def test_a_body_that_cannot_be_decoded_is_fetched_again_and_in_the_digest(at_place: Desks) -> None:
    one = at_place(on_nmj(1), on_nmj(2), on_nmj(3))
    one.tick(START)
    one.tick(THURSDAY)
    spoil(one, "article", "body", where="record_id = 2")

    digest = one.digest(MONDAY)

    assert all_in(digest) == [1, 2, 3]
    assert digest.receipt.remarks == ()
    assert one.store.facts().damaged == 0


@pytest.mark.parametrize("value", [BROKEN, "", "[]", "null", '{"pmid":2,"title":"Another title"}'])
def test_a_digest_goes_out_without_a_damaged_record_that_pubmed_does_not_give(at_place: Desks, value: str) -> None:
    one = at_place(on_nmj(1), on_nmj(2), on_nmj(3))
    one.tick(START)
    one.tick(THURSDAY)
    spoil(one, "article", "body", value, where="record_id = 2")
    one.pubmed.faults.plant("efetch", kind="http-503", times=1_000)

    instants = (MONDAY, "2026-03-09T20:00", "2026-03-10T20:00")
    (digest,) = [draft.digest for instant in instants for draft in one.tick(instant).drafts]
    told = explain(one.store, pubmed_id(2), clock.now())
    one.pubmed.faults.clear()
    later = one.digest(NEXT_MONDAY)

    assert all_in(digest) == [1, 3]
    assert digest.receipt.awaiting == 1
    assert (
        "watch Neuromuscular junction: the stored text of PMID 2 is damaged: it comes once the record was fetched again"
        in digest.receipt.remarks
    )
    assert [step.outcome for step in told.steps if step.step == "fetched"] == ["damaged"]
    assert told.answer.endswith("; its text is not stored, and the next run fetches it again.")
    assert all_in(later) == [2]


def test_one_letter_that_has_changed_is_noticed(at_place: Desks) -> None:
    one = at_place(on_nmj(1), on_nmj(2))
    one.tick(START)
    one.tick(THURSDAY)
    sound = body_of(one, 2)
    spoil(one, "article", "body", sound.replace("junction", "junctiom"), where="record_id = 2")

    assert in_numbers({pmid: one.title for pmid, one in one.store.articles([pubmed_id(1), pubmed_id(2)]).items()}) == {
        1: "The neuromuscular junction"
    }
    digest = one.digest(MONDAY)

    assert {item.article.title for item in digest.presented} == {"The neuromuscular junction"}
    assert body_of(one, 2) == sound


def test_what_is_left_of_a_damaged_text_stays_until_the_record_was_fetched_again(at_place: Desks) -> None:
    one = at_place(on_nmj(1))
    one.tick(START)
    one.tick(THURSDAY)
    spoil(one, "article", "body", where="record_id = 1")

    assert one.store.articles([pubmed_id(1)]) == {}
    assert (body_of(one, 1), one.store.facts().damaged) == (BROKEN, 1)


def test_a_presented_record_that_is_damaged_is_left_out_of_an_export_and_fetched_again(at_place: Desks) -> None:
    one = at_place(on_nmj(1), on_nmj(2))
    one.tick(START)
    one.tick(MONDAY)
    spoil(one, "article", "body", where="record_id = 2")

    exported = one.store.export(list_name="weekly")
    left_out = one.store.left_out(list_name="weekly")
    report = one.run("2026-03-10T05:00")

    assert ([article.pmid for article in exported], left_out) == ([1], LeftOut(dropped=0, damaged=1))
    assert tuple(one.what for one in report.warnings) == ("the stored text of PMID 2 was damaged or gone: fetched again",)
    assert [article.pmid for article in one.store.export(list_name="weekly")] == [1, 2]
    assert all_in(one.digest(NEXT_MONDAY)) == []


def test_a_seed_whose_record_is_damaged_is_looked_up_again(at_place: Desks) -> None:
    one = at_place(on_nmj(1), paper(77, title="A seed", created="2020-01-01"))
    one.seeds = (Seed("nmj/a.txt", "line 1", "hash", pmid=77),)
    one.tick(START)
    spoil(one, "article", "body", where="record_id = 77")

    one.run(THURSDAY)

    assert one.store.articles([pubmed_id(77)])[pubmed_id(77)].title == "A seed"


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("score", "reasons"),
        ("run", "warnings"),
        ("query_version", "phrases_not_found"),
        ("digest", "gaps"),
        ("digest", "receipt"),
        ("config_version", "document"),
    ],
)
@pytest.mark.parametrize("value", [BROKEN, "", "7", "[[]]", '{"a":[]}'])
def test_a_damaged_text_of_any_other_kind_stops_no_digest_no_status_and_no_explanation(
    at_place: Desks, table: str, column: str, value: str
) -> None:
    one = at_place(on_nmj(1), on_nmj(2), paper(3, title="The neuromuscular junction", created="2026-03-12"))
    one.store.remember_configuration("edition", "{}", one.at(START))
    one.tick(START)
    one.tick(MONDAY)
    one.tick("2026-03-13T05:00")
    spoil(one, table, column, value)

    digest = one.digest(NEXT_MONDAY)

    assert all_in(digest) == [3]
    assert answer(one, 1).startswith("It reached list weekly")
    assert document(status(one.ticker(), one.store, now=clock.now(), config_sha256="", around=Around("sqlite")))["watches"]
    assert one.store.last_digest("weekly") is not None


def test_reasons_that_were_damaged_are_mended_by_the_next_scoring(at_place: Desks) -> None:
    one = at_place(on_nmj(1))
    one.tick(START)
    one.tick(THURSDAY)
    spoil(one, "score", "reasons")

    (item,) = one.digest(MONDAY).presented

    assert [term.text for term in item.reasons.terms] == ["agrin", "MuSK"]
    (score,) = one.store.explain(pubmed_id(1)).scores
    assert [term.text for term in score.scored.reasons.terms] == ["agrin", "MuSK"]


@pytest.mark.parametrize("value", ["rubbish", b"\xff", 1e300, -3.0])
def test_a_score_that_is_no_score_is_given_anew(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, value: str | bytes | float
) -> None:
    with desk(tmp_path_factory.mktemp("score"), monkeypatch, on_nmj(1), on_nmj(2)) as one:
        one.tick(START)
        one.tick(THURSDAY)
        spoil(one, "score", "value", value, where="record_id = 2")

        assert {item.article.pmid: item.score for item in one.digest(MONDAY).presented} == {1: 50, 2: 50}


def test_all_stored_texts_are_held_against_their_hashes_share_by_share(at_place: Desks) -> None:
    one = at_place(*(on_nmj(pmid) for pmid in range(1, 12)))
    one.tick(START)
    one.tick(MONDAY)
    spoil(one, "article", "body", where="record_id in (3, 11)")

    shares = [one.store.verify(number, of=4) for number in range(738_000, 738_004)]

    assert sum(read for read, _ in shares) == 11
    assert sum(damaged for _, damaged in shares) == 2
    assert one.store.facts().damaged == 2


def test_status_tells_how_many_stored_texts_are_damaged(at_place: Desks) -> None:
    one = at_place(on_nmj(1))
    one.tick(START)
    one.tick(MONDAY)
    spoil(one, "article", "body")
    one.store.verify(0, of=1)

    found = status(one.ticker(), one.store, now=clock.now(), config_sha256="")

    assert document(found)["database"]["damaged"] == 1
    assert any("the stored text of 1 record is damaged" in line for line in found.remarks)


def test_a_text_that_is_no_utf8_costs_its_own_row(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path_factory.mktemp("utf8"), monkeypatch, on_nmj(1), on_nmj(2)) as one:
        one.watches = [replace(NMJ, threshold=0)]
        one.tick(START)
        one.tick(THURSDAY)
        spoil(one, "article", "body", "x", where="record_id = 2")
        spoil(one, "article", "body = CAST(x'7bff22' AS TEXT), title", "x", where="record_id = 2")

        assert all_in(one.digest(MONDAY)) == [1, 2]
