"""Every way in which PubMed says that it has no answer, and what is made of it."""

import json
from pathlib import Path

import pytest
from support.entrez_bodies import BAD_KEY, HTML, RATE, document, efetch, epost, esearch, refused

from watcher.errors import BadCredentials, BadQuery, IncompleteAnswer, PubMedError, PubMedUnavailable
from watcher.pubmed.failures import LONGEST_WAIT, RATE_WINDOW, Again, HistoryExpired, NothingToFetch, check, incomplete
from watcher.pubmed.reply import Reply

SHARED = Path(__file__).resolve().parents[3] / "shared" / "pubmed" / "errors"
BACKEND = "Search Backend failed: Couldn't resolve #pmquerysrv-sample?dbaf=pubmed, the address table is empty."
TIMEOUT = "Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout"
TOO_FAR = "Search Backend failed: Exception:\n'retstart' cannot be larger than 9998. For PubMed, ESearch can only retrieve"


def again(body: bytes, tool: str = "esearch", status: int = 200, **headers: str) -> Again:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(Again) as caught:
        check(Reply(status, body, named), tool)
    return caught.value


def in_json(text: str) -> bytes:
    return b'{"header":{"type":"esearch","version":"0.3"},"esearchresult":{"ERROR":"%s"}}' % text.encode()


PASSING = {
    "rate limit, 429": (RATE, 429),
    "rate limit inside 200": (RATE, 200),
    "rate limit as documented": (b'{"error":"API rate limit exceeded","count":"11"}', 429),
    "429 without words": (b"", 429),
    "backend in JSON": (in_json(BACKEND), 200),
    "JSON with a raw line break": (in_json(TOO_FAR), 200),
    "JSON that is none": (b'{"esearchresult":{"ERR', 200),
    "JSON with an answer": (b'{"esearchresult":{"count":"2","idlist":["10","11"]}}', 200),
    "ESummary's list of words": (b'{"esummaryresult":["Unable to obtain query #1"]}', 200),
    "backend in XML": (refused("eSearchResult", BACKEND), 200),
    "backend 502": (refused("eSearchResult", "Search Backend failed: Status: 502"), 200),
    "an unknown error": (refused("eSearchResult", "The hamster stopped"), 200),
    "an error without words": (refused("eSearchResult", ""), 200),
    "a bare timeout, 400": (f"<eFetchResult><ERROR>{TIMEOUT}</ERROR></eFetchResult>".encode(), 400),
    "a forgotten history": (refused("eFetchResult", "Unable to obtain query #1"), 200),
    "shared links": (refused("eLinkResult", "Couldn't resolve #exLinkSrv2, the address table is empty."), 200),
    "a web page": (HTML, 200),
    "a web page with spaces before": (b"\n  <html><body>login</body></html>", 200),
    "500": (HTML, 500),
    "503 without words": (b"", 503),
    "403": (HTML, 403),
    "404": (HTML, 404),
    "an empty body": (b"", 200),
    "white space only": (b" \n", 200),
}


@pytest.mark.parametrize(("body", "status"), PASSING.values(), ids=PASSING)
@pytest.mark.parametrize("tool", ["esearch", "efetch", "elink", "epost", "einfo"])
def test_what_may_pass_is_asked_again_and_never_taken_for_no_results(tool: str, body: bytes, status: int) -> None:
    failure = again(body, tool, status).final(tool, 6)

    assert type(failure) is PubMedUnavailable
    assert failure.may_pass
    assert str(failure).startswith(f"{tool}: ")


@pytest.mark.parametrize(
    "body", [esearch(0, [], after="<WarningList><OutputMessage>No items found.</OutputMessage></WarningList>")]
)
def test_nothing_found_is_an_answer(body: bytes) -> None:
    check(Reply(200, body), "esearch")


@pytest.mark.parametrize("body", [efetch(), efetch(10), epost(after="<ERROR>IDs contain invalid characters</ERROR>")])
def test_an_answer_passes(body: bytes) -> None:
    check(Reply(200, body), "efetch")


@pytest.mark.parametrize("status", [200, 400])
def test_a_refused_key_is_told_without_it(status: int) -> None:
    with pytest.raises(BadCredentials) as caught:
        check(Reply(status, BAD_KEY), "esearch")

    assert "s3cret" not in str(caught.value)
    assert not caught.value.may_pass


@pytest.mark.parametrize(
    "text",
    [
        "Unbalanced parentheses in query",
        "Query parsing error near 'AND'",
        "Empty term and query_key - nothing todo",
        "Invalid query: x",
    ],
)
def test_a_refused_query_is_told_in_pubmeds_words(text: str) -> None:
    for body in (refused("eSearchResult", text), in_json(text)):
        with pytest.raises(BadQuery, match=text.partition("'")[0]):
            check(Reply(200, body), "esearch")


def test_the_query_is_at_fault_in_searches_only() -> None:
    assert again(refused("eLinkResult", "Invalid query"), "elink").kind is PubMedUnavailable


def test_a_backend_that_keeps_complaining_of_the_query_is_a_bad_query_in_the_end() -> None:
    failure = again(refused("eSearchResult", "Search Backend failed: syntax error")).final("esearch", 6)

    assert isinstance(failure, BadQuery)
    assert "syntax error" in str(failure)


def test_a_lost_history_is_told_to_who_named_one() -> None:
    with pytest.raises(HistoryExpired):
        check(Reply(200, refused("eSearchResult", "Unable to obtain query #1"), by_history=True), "esearch")


def test_fetching_unknown_ids_only_is_no_failure_of_pubmed() -> None:
    with pytest.raises(NothingToFetch):
        check(Reply(400, refused("eFetchResult", "ID list is empty! Possibly it has no correct IDs.")), "efetch")


def test_entities_in_an_error_are_read() -> None:
    assert again(refused("eSearchResult", 'a & b < "c"')).what == 'PubMed said "a & b < "c""'


# --- how long to wait ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "0"}, RATE_WINDOW),
        ({"Retry_After": "86400"}, LONGEST_WAIT),
        ({}, RATE_WINDOW),
        ({"Retry_After": "soon"}, RATE_WINDOW),
        ({"Retry_After": "Mon, 02 Mar 2026 08:00:20 GMT", "Date": "Mon, 02 Mar 2026 08:00:00 GMT"}, 20.0),
        ({"Retry_After": "Mon, 02 Mar 2026 08:00:20 GMT"}, RATE_WINDOW),
        ({"Retry_After": "Mon, 02 Mar 2026 08:00:20 -0000", "Date": "Mon, 02 Mar 2026 08:00:00 GMT"}, 20.0),
    ],
)
def test_a_refusal_for_the_rate_says_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert again(RATE, status=429, **headers).at_least == seconds


def test_retry_after_counts_for_an_overloaded_server_too() -> None:
    assert again(HTML, status=503, Retry_After="9").at_least == 9
    assert again(HTML, status=503).at_least == 0


@pytest.mark.parametrize(("kind", "status"), [(PubMedUnavailable, 502), (IncompleteAnswer, 200)])
def test_the_last_failure_counts_its_tries(kind: type[PubMedError], status: int) -> None:
    failure = Again("it broke", kind=kind, status=status).final("efetch", 6)

    assert (type(failure), str(failure)) == (kind, "efetch: it broke (6 tries)")
    assert getattr(failure, "status", 200) == status


def test_a_short_answer_ends_as_incomplete() -> None:
    assert incomplete("3 ids came").kind is IncompleteAnswer


# --- bodies that others recorded -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the recorded error bodies beside the project (../shared/pubmed/errors)")
@pytest.mark.parametrize("path", sorted(SHARED.glob("*")), ids=lambda path: path.name)
def test_recorded_error_bodies_are_understood(path: Path) -> None:
    expected: type[Exception] | None = Again
    if "api_key_invalid" in path.name:
        expected = BadCredentials
    if "efetch_unknown_pmids" in path.name:
        expected = None
    status = next((int(part) for part in path.stem.split("_") if part in ("200", "400", "429")), 200)
    reply = Reply(status, path.read_bytes())

    if expected is None:
        check(reply, "efetch")
        return
    with pytest.raises(expected):
        check(reply, "efetch" if path.suffix == ".xml" else "esearch")


def test_unreadable_shapes_of_json_do_not_hide_an_error() -> None:
    body = json.dumps({"linksets": [{"ids": ["1"], "note": {"ERROR": "deep down"}}, "plain words"]}).encode()

    assert again(body, "elink").what == 'PubMed said "deep down; plain words"'


def test_sample_documents_hold_no_error() -> None:
    check(Reply(200, document("PubmedArticleSet", "<x><ERROR>an article about errors</ERROR></x>")), "efetch")
