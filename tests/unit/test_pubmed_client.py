"""What the client makes of answers that the local PubMed never gives."""

from collections.abc import Iterator
from datetime import date
from urllib.parse import parse_qs

import pytest
import responses
from responses import RequestsMock
from support.awkward import packed
from support.entrez_bodies import efetch, epost, esearch, refused
from support.records import in_numbers

from watcher.domain import RecordId, pubmed_id
from watcher.errors import AnswerTooLong, IncompleteAnswer
from watcher.pubmed import client
from watcher.pubmed.client import EUTILS, Entrez, Pace


@pytest.fixture
def pubmed() -> Iterator[RequestsMock]:
    with RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield mock


@pytest.fixture
def entrez() -> Iterator[Entrez]:
    with Entrez(email="lab@example.org", sleep=lambda _: None, pace=Pace(1_000_000), max_attempts=2) as one:
        yield one


def pmids(*numbers: int) -> tuple[RecordId, ...]:
    return tuple(pubmed_id(number) for number in numbers)


def test_a_record_that_nobody_asked_for_is_told_and_left_out(pubmed: RequestsMock, entrez: Entrez) -> None:
    pubmed.post(EUTILS + "efetch.fcgi", body=efetch(10, 77))

    fetched = entrez.fetch(pmids(10, 11))

    assert [article.pmid for article in fetched.articles] == [10]
    assert in_numbers((fetched.missing, fetched.unasked)) == ((11,), (77,))


def test_a_broken_record_is_not_missing_too(pubmed: RequestsMock, entrez: Entrez) -> None:
    body = efetch(10, 11).replace(b"Sample 10", b"R&D <b>")
    pubmed.post(EUTILS + "efetch.fcgi", body=body)

    fetched = entrez.fetch(pmids(10, 11))

    assert in_numbers([pmid for pmid, _ in fetched.broken]) == [10]
    assert fetched.missing == ()


@pytest.mark.parametrize("status", [200, 400])
def test_when_pubmed_knows_none_of_the_ids_all_are_missing(pubmed: RequestsMock, entrez: Entrez, status: int) -> None:
    body = refused("eFetchResult", "ID list is empty! Possibly it has no correct IDs.")
    pubmed.post(EUTILS + "efetch.fcgi", body=body, status=status)

    assert in_numbers(entrez.fetch(pmids(10, 11)).missing) == (10, 11)


def test_an_empty_set_of_records_is_all_missing(pubmed: RequestsMock, entrez: Entrez) -> None:
    pubmed.post(EUTILS + "efetch.fcgi", body=efetch())

    assert in_numbers(entrez.fetch(pmids(10)).missing) == (10,)


def test_posted_ids_are_searched_in_their_environment(pubmed: RequestsMock, entrez: Entrez) -> None:
    pubmed.post(EUTILS + "epost.fcgi", body=epost(7, "MCID_x"))
    pubmed.post(EUTILS + "esearch.fcgi", body=esearch(1, [11]))

    entrez.created_since(pmids(10, 11), date(2026, 3, 2))

    form = parse_qs(str(pubmed.calls[1].request.body))
    assert form["term"] == ['(#7) AND ("2026/03/02"[crdt] : "3000"[crdt])']
    assert (form["WebEnv"], form["usehistory"]) == (["MCID_x"], ["y"])
    assert parse_qs(str(pubmed.calls[0].request.body))["id"] == ["10,11"]


def test_a_search_that_ignores_the_posted_ids_is_no_answer(pubmed: RequestsMock, entrez: Entrez) -> None:
    pubmed.post(EUTILS + "epost.fcgi", body=epost())
    pubmed.post(EUTILS + "esearch.fcgi", body=esearch(2, [11, 4]))

    with pytest.raises(IncompleteAnswer, match="posted ids"):
        entrez.created_since(pmids(10, 11), date(2026, 3, 2))


def test_no_search_asks_for_more_than_pubmed_gives(pubmed: RequestsMock, entrez: Entrez) -> None:
    pubmed.post(EUTILS + "esearch.fcgi", body=esearch(0, []))

    entrez.search("agrin", retmax=50_000)

    assert parse_qs(str(pubmed.calls[0].request.body))["retmax"] == ["9999"]


def test_a_packed_body_within_a_body_is_bounded_too(pubmed: RequestsMock, entrez: Entrez, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_OF_RECORDS", 2_000_000)
    pubmed.post(EUTILS + "efetch.fcgi", body=packed(3, "gzip"))

    with pytest.raises(AnswerTooLong, match="efetch: an answer is longer than 2 MB when it is unpacked"):
        entrez.fetch(pmids(10, 11))
