"""The same exchange again until it is whole, within its deadline, and never a word of the API key."""

import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses
from responses import RequestsMock
from support.awkward import HTTP_DRIPS, OK, Conduct, answering, conducting, ended, packed, silent, whole
from support.entrez_bodies import BAD_KEY, HTML, RATE, esearch, refused

from watcher.errors import (
    AnswerTooLong,
    BadCredentials,
    BadQuery,
    BudgetExceeded,
    ConfigurationError,
    IncompleteAnswer,
    PubMedError,
    PubMedUnavailable,
    Stopped,
)
from watcher.pubmed import transport as pubmed_transport
from watcher.pubmed.failures import LONGEST_WAIT, RATE_WINDOW
from watcher.pubmed.pace import Pace
from watcher.pubmed.reply import Reply
from watcher.pubmed.transport import LONGEST_PAUSE, Transport

BASE = "https://eutils.example.org/entrez/eutils/"
SEARCH = BASE + "esearch.fcgi"
KEY = "s3cret-key"


class Nap:
    """Sleeps without sleeping."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        """Remember how long it would have been."""
        self.seconds.append(seconds)


@contextmanager
def transport(base_url: str = BASE, *, key: str | None = KEY, **options: Any) -> Iterator[Transport]:  # noqa: ANN401 - of any option
    defaults: dict[str, Any] = {
        "connect_timeout": 60, "read_timeout": 60, "deadline": 60, "max_attempts": 6, "sleep": Nap(), "pace": Pace(1_000_000),
    }  # fmt: skip
    identity = {"tool": "watcher", "email": "lab@example.org"}
    one = Transport(base_url, identity=identity, api_key=key, **(defaults | options))
    yield one
    one.close()


@pytest.fixture
def pubmed() -> Iterator[RequestsMock]:
    with RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield mock


def body(reply: Reply) -> bytes:
    return reply.body


def ask(one: Transport, read: Callable[[Reply], bytes] = body) -> bytes:
    return one.ask("esearch", {"db": "pubmed", "term": "agrin & musk"}, read)


def sent(pubmed: RequestsMock, number: int = 0) -> tuple[str, dict[str, list[str]]]:
    request = pubmed.calls[number].request
    return str(request.url), parse_qs(str(request.body))


# --- what is sent --------------------------------------------------------------------------------------------------------------------


def test_a_question_goes_by_post_with_tool_email_and_key_in_the_body(pubmed: RequestsMock) -> None:
    pubmed.post(SEARCH, body=esearch(0, []))

    with transport() as one:
        ask(one)

    url, form = sent(pubmed)
    assert url == SEARCH
    assert form == {
        "db": ["pubmed"], "term": ["agrin & musk"], "tool": ["watcher"], "email": ["lab@example.org"], "api_key": [KEY],
    }  # fmt: skip
    request = pubmed.calls[0].request
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["Content-Length"] == str(len(str(request.body)))


def test_without_a_key_none_is_sent(pubmed: RequestsMock) -> None:
    pubmed.post(SEARCH, body=esearch(0, []))

    with transport(key=None) as one:
        ask(one)

    assert "api_key" not in sent(pubmed)[1]


def test_the_address_may_lack_its_last_slash(pubmed: RequestsMock) -> None:
    pubmed.post(SEARCH, body=esearch(0, []))

    with transport(BASE.rstrip("/")) as one:
        assert ask(one) == esearch(0, [])


@pytest.mark.parametrize("address", ["eutils.example.org", "ftp://eutils.example.org/", "https://", ""])
def test_an_address_that_is_none_is_a_mistake_of_the_configuration(address: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"), transport(address):
        pass


# --- again and again -----------------------------------------------------------------------------------------------------------------

FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "body": RATE},
    "rate limit in 200": {"status": 200, "body": RATE},
    "500": {"status": 500, "body": HTML},
    "502": {"status": 502},
    "503": {"status": 503},
    "400 with a timeout": {
        "status": 400,
        "body": "<eFetchResult><ERROR>External viewer error: Status: Timeout</ERROR></eFetchResult>",
    },
    "html in 200": {"status": 200, "body": HTML},
    "error in 200": {"status": 200, "body": refused("eSearchResult", "Search Backend failed: Status: 502")},
    "empty": {"status": 200, "body": b""},
    "read time-out": {"body": requests.exceptions.ReadTimeout("read timed out")},
    "connect time-out": {"body": requests.exceptions.ConnectTimeout("no connection")},
    "reset": {"body": requests.exceptions.ConnectionError(ConnectionResetError(104, "Connection reset by peer"))},
    "short body": {"body": requests.exceptions.ChunkedEncodingError("IncompleteRead(10 bytes read, 5 more expected)")},
    "bad compression": {"body": requests.exceptions.ContentDecodingError("incorrect header check")},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_each_fault_costs_a_retry(pubmed: RequestsMock, fault: dict[str, Any]) -> None:
    pubmed.post(SEARCH, **fault)
    pubmed.post(SEARCH, **fault)
    pubmed.post(SEARCH, body=esearch(1, [10]))

    with transport() as one:
        answer = ask(one)

    assert answer == esearch(1, [10])
    assert one.requests_made == len(pubmed.calls) == 3


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_that_stays_is_a_typed_error_after_the_last_try(pubmed: RequestsMock, fault: dict[str, Any]) -> None:
    for _ in range(3):
        pubmed.post(SEARCH, **fault)

    with transport(max_attempts=3) as one, pytest.raises(PubMedUnavailable, match=r"^esearch: .*\(3 tries\)$") as caught:
        ask(one)

    assert len(pubmed.calls) == 3
    assert caught.value.status == fault.get("status")


def test_the_pauses_grow_with_jitter_and_are_capped(pubmed: RequestsMock) -> None:
    for _ in range(9):
        pubmed.post(SEARCH, status=502)
    nap = Nap()

    with transport(sleep=nap, max_attempts=9) as one, pytest.raises(PubMedUnavailable):
        ask(one)

    for number, seconds in enumerate(nap.seconds):
        assert min(0.5 * 2**number, LONGEST_PAUSE) <= seconds <= min(0.5 * 2**number + 0.5, LONGEST_PAUSE)
    assert len(nap.seconds) == 8


@pytest.mark.parametrize(("asked", "least"), [("9", 9.0), ("100000", LONGEST_WAIT), (None, RATE_WINDOW)])
def test_a_refusal_for_the_rate_is_waited_out(pubmed: RequestsMock, asked: str | None, least: float) -> None:
    pubmed.post(SEARCH, status=429, body=RATE, headers={"Retry-After": asked} if asked else {})
    pubmed.post(SEARCH, body=esearch(0, []))
    nap = Nap()

    with transport(sleep=nap) as one:
        ask(one)

    assert nap.seconds == [least]


def test_xml_that_its_reader_finds_cut_off_is_asked_again(pubmed: RequestsMock) -> None:
    pubmed.post(SEARCH, body=b"<half")
    pubmed.post(SEARCH, body=b"<half/>")

    def read(reply: Reply) -> bytes:
        if not reply.body.endswith(b"/>"):
            raise IncompleteAnswer("the XML breaks off")
        return reply.body

    with transport() as one:
        assert ask(one, read) == b"<half/>"


def test_xml_that_is_always_cut_off_is_incomplete(pubmed: RequestsMock) -> None:
    pubmed.post(SEARCH, body=b"<half")

    def read(_: Reply) -> bytes:
        raise IncompleteAnswer("the XML breaks off")

    with transport(max_attempts=1) as one, pytest.raises(IncompleteAnswer, match="breaks off"):
        ask(one, read)


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [(400, BAD_KEY, BadCredentials), (200, refused("eSearchResult", "Unbalanced parentheses"), BadQuery)],
)
def test_what_cannot_pass_is_not_asked_again(pubmed: RequestsMock, status: int, answer: bytes, kind: type[PubMedError]) -> None:
    pubmed.post(SEARCH, status=status, body=answer)

    with transport() as one, pytest.raises(kind):
        ask(one)

    assert len(pubmed.calls) == 1


def test_each_further_try_is_told(pubmed: RequestsMock) -> None:
    pubmed.post(SEARCH, status=502)
    pubmed.post(SEARCH, status=200, body=RATE)
    pubmed.post(SEARCH, body=esearch(0, []))
    told: list[str] = []

    with transport(on_retry=told.append) as one:
        ask(one)

    assert told[0].startswith("PubMed esearch: HTTP 502; asking again in ")
    assert told[0].endswith("s (try 2 of 6)")
    assert "fewer requests" in told[1]


# --- the key -------------------------------------------------------------------------------------------------------------------------

LEAKS: dict[str, dict[str, Any]] = {
    **FAULTS,
    "key echoed by an error": {"body": refused("eSearchResult", f"Search Backend failed for api_key={KEY}")},
    "key echoed by a query error": {"body": refused("eSearchResult", f"Invalid query from {KEY}")},
    "key refused": {"status": 400, "body": BAD_KEY},
    "key in an exception": {"body": requests.exceptions.ConnectionError(f"Max retries exceeded with url: /?api_key={KEY}")},
    "key in a redirection": {"status": 302, "headers": {"Location": f"https://login.example.net/?api_key={KEY}"}},
}


@pytest.mark.parametrize("fault", LEAKS.values(), ids=LEAKS)
def test_the_key_is_in_no_url_log_or_exception(
    pubmed: RequestsMock, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    pubmed.assert_all_requests_are_fired = False
    for _ in range(2):
        pubmed.post(SEARCH, **fault)

    with transport(max_attempts=2) as one, pytest.raises(PubMedError) as caught:
        ask(one)

    chain: list[BaseException] = []
    error: BaseException | None = caught.value
    while error is not None:
        chain.append(error)
        error = error.__cause__ or error.__context__
    shown = [*map(str, chain), *map(repr, chain), "".join(traceback.format_exception(caught.value)), caplog.text]
    assert not [text for text in shown if KEY in text]
    assert not [link for link in chain if isinstance(link, requests.RequestException)]
    assert all(KEY not in str(call.request.url) for call in pubmed.calls)


# --- proxies, certificates, redirections ---------------------------------------------------------------------------------------------


def settings(one: Transport, url: str) -> dict[str, Any]:
    found: dict[str, Any] = dict(one._session.merge_environment_settings(url, {}, None, None, None))
    return found


@pytest.mark.parametrize("host", ["127.0.0.1:8099", "localhost:8099", "[::1]:8099", "127.1.2.3"])
def test_a_server_on_this_machine_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.org:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    with transport(f"http://{host}/") as one:
        assert not settings(one, f"http://{host}/")["proxies"]


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://proxy.example.org:3128")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    with transport() as one:
        assert settings(one, BASE)["proxies"]["https"] == "http://proxy.example.org:3128"


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_private_ca_is_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    authority = tmp_path / "lab-ca.pem"
    authority.touch()
    monkeypatch.setenv(variable, str(authority))

    for base in (BASE, "https://127.0.0.1:8443/"):
        with transport(base) as one:
            assert settings(one, base)["verify"] == str(authority)


def test_a_ca_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/lab-ca.pem")

    with transport(max_attempts=1) as one, pytest.raises(PubMedUnavailable, match=r"/nowhere/lab-ca\.pem"):
        ask(one)


def test_an_untrusted_certificate_says_what_to_set(pubmed: RequestsMock) -> None:
    pubmed.post(SEARCH, body=requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"))

    with transport(max_attempts=1) as one, pytest.raises(PubMedUnavailable, match="REQUESTS_CA_BUNDLE"):
        ask(one)


def test_the_systems_own_words_are_kept(pubmed: RequestsMock) -> None:
    pubmed.post(SEARCH, **FAULTS["reset"])

    with transport(max_attempts=1) as one, pytest.raises(PubMedUnavailable, match="Connection reset by peer"):
        ask(one)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirection_in_the_same_house_is_followed_by_post(pubmed: RequestsMock, status: int) -> None:
    pubmed.post(SEARCH, status=status, headers={"Location": "/entrez/eutils/v2/esearch.fcgi"})
    pubmed.post("https://eutils.example.org/entrez/eutils/v2/esearch.fcgi", body=esearch(0, []))

    with transport() as one:
        ask(one)

    assert sent(pubmed, 1)[1]["api_key"] == [KEY]


@pytest.mark.parametrize("elsewhere", ["https://login.example.net/", "http://eutils.example.org/entrez/", ""])
def test_a_redirection_that_leaves_the_house_is_not_followed(pubmed: RequestsMock, elsewhere: str) -> None:
    pubmed.post(SEARCH, status=302, headers={"Location": elsewhere})

    with transport(max_attempts=1) as one, pytest.raises(PubMedUnavailable, match="redirection"):
        ask(one)

    assert len(pubmed.calls) == 1


def test_a_circle_of_redirections_ends(pubmed: RequestsMock) -> None:
    for _ in range(4):
        pubmed.post(SEARCH, status=302, headers={"Location": SEARCH})

    with transport(max_attempts=1) as one, pytest.raises(PubMedUnavailable, match="redirections"):
        ask(one)


# --- the deadline --------------------------------------------------------------------------------------------------------------------


@contextmanager
def serving(conduct: Conduct) -> Iterator[str]:
    """The address of a server that treats each connection so."""
    with conducting(conduct) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.mark.parametrize(("before", "chunk"), HTTP_DRIPS.values(), ids=HTTP_DRIPS)
def test_a_server_that_drips_is_cut_at_the_deadline(before: bytes, chunk: bytes) -> None:
    with (
        serving(answering(before, chunk)) as address,
        transport(address, deadline=0.1, max_attempts=1) as one,
        pytest.raises(BudgetExceeded, match=r"within 0\.1 s") as caught,
    ):
        ask(one)

    assert caught.value.may_pass


def test_a_silent_server_is_cut_at_the_read_time_out() -> None:
    with (
        serving(silent) as address,
        transport(address, read_timeout=0.05, deadline=60, max_attempts=1) as one,
        pytest.raises(PubMedUnavailable, match="read_timeout") as caught,
    ):
        ask(one)

    assert not isinstance(caught.value, BudgetExceeded)


def test_a_body_shorter_than_announced_is_asked_again() -> None:
    def half(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(1 << 16)
        connection.sendall(OK + b"Content-Length: 5000\r\n\r\n<half")
        ended(connection)

    with serving(half) as address, transport(address, max_attempts=2) as one, pytest.raises(PubMedUnavailable, match="broke off"):
        ask(one)

    assert one.requests_made == 2


def test_a_whole_answer_comes_whole() -> None:
    answer = esearch(1, [10])

    with serving(whole(answer)) as address, transport(address) as one:
        assert ask(one) == ask(one) == answer


def test_an_answer_comes_through_a_proxy_within_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = esearch(1, [10])
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    with serving(whole(answer)) as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy)
        with transport("http://eutils.example.org/") as one:
            assert ask(one) == answer

    with serving(answering(OK + b"\r\n", b" ")) as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy)
        with transport("http://eutils.example.org/", deadline=0.1, max_attempts=1) as one, pytest.raises(BudgetExceeded):
            ask(one)


@pytest.mark.parametrize(("tool", "name"), [("efetch", "MOST_OF_RECORDS"), ("esearch", "MOST_BYTES")])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate", "gzip, gzip"])
def test_an_answer_that_is_too_long_is_an_error_at_once(
    tool: str, name: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pubmed_transport, name, 2_000_000)
    content = b" " * 3_000_000 if encoding == "identity" else packed(3, encoding)

    with (
        serving(whole(content, f"Content-Encoding: {encoding}\r\n".encode())) as address,
        transport(address, deadline=60) as one,
        pytest.raises(AnswerTooLong, match=rf"^{tool}: PubMed, or what answers in its place, sent more than 2 MB: ") as caught,
    ):
        one.ask(tool, {"db": "pubmed"}, body)

    assert caught.value.may_pass
    assert one.requests_made == 1


def test_records_may_be_longer_than_any_other_answer() -> None:
    answer = b"<x>" + b" " * (pubmed_transport.MOST_BYTES + 1) + b"</x>"

    with serving(whole(answer)) as address, transport(address, deadline=60) as one:
        assert one.ask("efetch", {"db": "pubmed"}, body) == answer
        with pytest.raises(AnswerTooLong):
            one.ask("esearch", {"db": "pubmed"}, body)


def test_redirections_share_the_deadline() -> None:
    def onward(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(1 << 16)
        over.wait(0.1)
        connection.sendall(b"HTTP/1.1 307 Onward\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        ended(connection)

    with (
        serving(onward) as address,
        transport(address, deadline=0.25, max_attempts=1) as one,
        pytest.raises(BudgetExceeded, match=r"within 0\.25 s"),
    ):
        ask(one)


def test_many_threads_count_every_request(pubmed: RequestsMock) -> None:
    for _ in range(40):
        pubmed.post(SEARCH, body=esearch(0, []))

    with transport() as one:
        threads = [threading.Thread(target=lambda: [ask(one) for _ in range(5)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert one.requests_made == 40


# --- the service's end ---------------------------------------------------------------------------------------------------------------


def test_nothing_is_asked_once_the_service_is_to_stop(pubmed: RequestsMock) -> None:
    stopping = threading.Event()
    stopping.set()

    with transport(stopping=stopping) as one, pytest.raises(Stopped):
        ask(one)

    assert len(pubmed.calls) == 0
    assert one.requests_made == 0


def test_the_services_end_breaks_off_a_pause_between_two_tries(pubmed: RequestsMock) -> None:
    stopping = threading.Event()
    pubmed.post(SEARCH, status=429, headers={"Retry-After": "3600"})

    with transport(stopping=stopping, sleep=None, on_retry=lambda _line: stopping.set()) as one, pytest.raises(Stopped):
        ask(one)

    assert len(pubmed.calls) == 1
