"""PubMed over real sockets: the client against the local PubMed, in good days and with every fault it knows."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any

import pytest
from support.records import in_numbers

from standins.eutils.corpus import Corpus, Planted
from standins.eutils.faults import FAULTS
from standins.eutils.papers import book, paper
from standins.eutils.server import EutilsServer, RateRule
from watcher.domain import RecordId, pubmed_id
from watcher.errors import BadCredentials, BudgetExceeded, IncompleteAnswer, PubMedError, PubMedUnavailable
from watcher.pubmed import full_set, query
from watcher.pubmed.client import BATCH, Entrez, Pace

NOON = datetime(2026, 9, 20, 16, tzinfo=UTC)
KEY = "s3cret-key"

RECORDS = [
    paper(10, title="Agrin at the junction", abstract="Receptors cluster.", created="2026-09-01", cites=[11]),
    paper(11, title="Agrin and receptors reviewed", abstract="At the junction.", created="2026-09-10", types=["Review"]),
    paper(12, title="Discs of the spine", created="2026-09-05"),
    book(13),
]
EFFORT: dict[str, Any] = {"email": "lab@example.org", "sleep": lambda _: None, "pace": Pace(1_000_000)}


def asking(server: EutilsServer, **options: Any) -> Entrez:  # noqa: ANN401 - of any option
    return Entrez(base_url=server.base_url, **{**EFFORT, **options})


@pytest.fixture
def server() -> Iterator[EutilsServer]:
    with EutilsServer(Corpus.of(RECORDS), clock=lambda: NOON) as running:
        yield running


@pytest.fixture
def entrez(server: EutilsServer) -> Iterator[Entrez]:
    with asking(server) as one:
        yield one


def pmids(*numbers: int) -> tuple[RecordId, ...]:
    return tuple(pubmed_id(number) for number in numbers)


# --- good days -----------------------------------------------------------------------------------------------------------------------


def test_a_search_finds_and_says_how_it_was_understood(entrez: Entrez) -> None:
    found = entrez.search('agrin[tiab] OR "receptor clusterings"[tiab]')

    assert in_numbers(sorted(found.record_ids)) == [10, 11]
    assert found.facts.count == 2
    assert "agrin" in found.facts.translation
    assert found.facts.phrases_not_found


def test_a_search_that_finds_nothing_is_an_answer(entrez: Entrez) -> None:
    found = entrez.search('"2030"[crdt] : "3000"[crdt]')

    assert (found.record_ids, found.facts.count) == ((), 0)


def test_a_count_needs_no_ids(entrez: Entrez) -> None:
    found = entrez.search("agrin[tiab]", retmax=0)

    assert (found.record_ids, found.facts.count) == ((), 2)


def test_windows_and_cuts_find_by_their_dates(entrez: Entrez) -> None:
    assert in_numbers(entrez.search(query.windowed("agrin[tiab]", date(2026, 9, 2))).record_ids) == (11,)
    assert in_numbers(entrez.search(query.created_between("agrin[tiab]", None, date(2026, 9, 9))).record_ids) == (10,)
    assert in_numbers(entrez.search(query.entered_between("agrin[tiab]", date(2026, 9, 1), date(2026, 9, 1))).record_ids) == (10,)
    assert in_numbers(sorted(entrez.search(query.published_in("agrin[tiab]", 2026, 2026)).record_ids)) == [10, 11]
    assert entrez.search(query.created_never("agrin[tiab]")).record_ids == ()


def test_every_request_says_who_asks_and_goes_by_post(server: EutilsServer) -> None:
    with asking(server, api_key=KEY) as entrez:
        entrez.search("agrin")
        entrez.fetch(pmids(10))
        entrez.similar(pubmed_id(10))
        entrez.created_since(pmids(10), date(2026, 9, 1))
        entrez.ping()

    assert all(exchange.is_polite and exchange.method == "POST" for exchange in server.log)
    assert all(exchange.parameters["api_key"] == [KEY] for exchange in server.log)
    assert entrez.requests_made == len(server.log) == 6


def test_records_come_in_the_order_asked_for_each_once(entrez: Entrez) -> None:
    fetched = entrez.fetch(pmids(13, 10, 99, 11, 10))

    assert [article.pmid for article in fetched.articles] == [13, 10, 11]
    assert fetched.articles[1].title == "Agrin at the junction"
    assert in_numbers(fetched.missing) == (99,)
    assert (fetched.broken, fetched.unasked) == ((), ())


def test_records_are_fetched_in_batches_and_progress_is_told() -> None:
    wanted = pmids(*range(1, 2 * BATCH + 51))
    told: list[int] = []

    with (
        EutilsServer(Corpus.of([paper(one.id) for one in wanted]), clock=lambda: NOON) as server,
        asking(server, deadline=20) as entrez,
    ):
        fetched = entrez.fetch(wanted, progress=told.append)

    assert len(fetched.articles) == len(wanted)
    assert entrez.requests_made == 3
    assert told == [BATCH, 2 * BATCH, 2 * BATCH + 50]


def test_nothing_asked_is_no_request(entrez: Entrez) -> None:
    assert entrez.fetch(()).articles == ()
    assert entrez.created_since((), date(2026, 9, 1)) == ()
    assert entrez.requests_made == 0


def test_the_highest_version_of_a_record_is_returned() -> None:
    corpus = Corpus.of([paper(20, title="First", version=1), paper(20, title="Second", version=2)])

    with EutilsServer(corpus, clock=lambda: NOON) as server, asking(server) as entrez:
        (article,) = entrez.fetch(pmids(20)).articles

    assert (article.title, article.version) == ("Second", 2)


def test_a_record_that_is_not_there_yet_is_missing() -> None:
    late = Planted(paper(21, created="2026-09-15"), fetchable_at=date(2026, 9, 25))

    with EutilsServer(Corpus.of([late]), clock=lambda: NOON) as server, asking(server) as entrez:
        assert in_numbers(entrez.search("sample[ti]").record_ids) == (21,)
        assert in_numbers(entrez.fetch(pmids(21)).missing) == (21,)


def test_similar_articles_come_nearest_first_without_the_seed(entrez: Entrez) -> None:
    found = entrez.similar(pubmed_id(10))

    assert found
    assert all(one.record_id.id != 10 and one.score > 0 for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_an_unknown_record_has_no_similar_articles(entrez: Entrez) -> None:
    assert entrez.similar(pubmed_id(999)) == ()


def test_those_created_lately_are_told_in_the_order_asked(entrez: Entrez) -> None:
    assert in_numbers(entrez.created_since(pmids(12, 10, 11, 999), date(2026, 9, 5))) == (12, 11)
    assert entrez.requests_made == 2


def test_a_ping_tells_the_last_update(entrez: Entrez) -> None:
    assert entrez.ping().startswith("2026/09/20")


# --- sets beyond the cap -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large() -> Iterator[EutilsServer]:
    """A corpus over PubMed's cap of 9,999; created over thirty years, a fifth of it on one day."""
    first = date(1996, 1, 1)
    records = [
        paper(40_000_000 + place, created=date(2010, 5, 5) if place % 5 == 0 else first + timedelta(days=place), entered=first)
        for place in range(11_000)
    ]
    with EutilsServer(Corpus.of(records), clock=lambda: NOON) as running:
        yield running


def test_a_set_over_the_cap_is_read_whole(large: EutilsServer) -> None:
    with asking(large) as entrez:
        whole = entrez.read_set("sample[ti]")

    assert whole.facts.count == 11_000
    assert in_numbers(whole.record_ids) == tuple(range(40_010_999, 39_999_999, -1))
    assert entrez.requests_made <= ceil(11_000 / full_set.CAP) + 2


def test_a_first_answer_at_hand_spares_a_request(large: EutilsServer) -> None:
    with asking(large) as entrez:
        first = entrez.search('"2010/05/05"[crdt]')

        whole = entrez.read_set('"2010/05/05"[crdt]', first=first)

    assert sorted(whole.record_ids) == sorted(first.record_ids)
    assert entrez.requests_made == 1


def test_a_count_at_hand_is_no_answer(entrez: Entrez) -> None:
    count = entrez.search("agrin[tiab]", retmax=0)

    assert in_numbers(entrez.read_set("agrin[tiab]", first=count).record_ids) == (11, 10)


# --- faults --------------------------------------------------------------------------------------------------------------------------

HARMLESS = {"raw-control-characters", "unknown-dtd", "repeated-record"}
"""Nothing that this client would notice."""

UNSEEN = {"shrunken-set", "omitted-records", "broken-record", "malformed-record"}
"""What no single answer shows, or what costs a record only: see the tests of their own."""


LIMITS: dict[str, dict[str, float]] = {"hang": {"read_timeout": 0.1}, "drip": {"deadline": 0.15}}
"""The faults that only a limit ends; a busy machine may meet such a limit once more."""


def use(entrez: Entrez, tool: str) -> object:
    """Ask by one tool, and return what was understood."""
    return {
        "esearch": lambda: entrez.search("agrin[tiab]"),
        "efetch": lambda: entrez.fetch(pmids(10, 11, 12)),
        "elink": lambda: entrez.similar(pubmed_id(10)),
        "epost": lambda: entrez.created_since(pmids(10, 11), date(2026, 9, 5)),
        "einfo": entrez.ping,
    }[tool]()


CASES = [
    (tool, kind)
    for kind, fault in FAULTS.items()
    for tool in ("esearch", "efetch", "elink", "epost", "einfo")
    if tool in fault.tools and kind not in UNSEEN and kind != "api-key-invalid"
]


@pytest.mark.parametrize(("tool", "kind"), CASES)
def test_each_fault_costs_a_retry_and_nothing_else(server: EutilsServer, tool: str, kind: str) -> None:
    with asking(server) as calm:
        expected = use(calm, tool)
    server.faults.plant(tool, kind=kind)

    with asking(server, **LIMITS.get(kind, {})) as entrez:
        assert use(entrez, tool) == expected

    assert server.faults.pending == 0
    further = entrez.requests_made - calm.requests_made
    assert further == (kind not in HARMLESS) or (kind in LIMITS and further > 1)


@pytest.mark.parametrize(("tool", "kind"), [(tool, kind) for tool, kind in CASES if kind not in HARMLESS])
def test_a_fault_that_stays_is_a_typed_error_that_may_pass(server: EutilsServer, tool: str, kind: str) -> None:
    server.faults.plant(tool, kind=kind, times=2)

    with asking(server, max_attempts=2, **LIMITS.get(kind, {})) as entrez, pytest.raises(PubMedError) as caught:
        use(entrez, tool)

    assert caught.value.may_pass
    assert isinstance(caught.value, PubMedUnavailable | IncompleteAnswer)
    assert isinstance(caught.value, BudgetExceeded) == (kind == "drip")


def test_a_refused_key_is_told_at_once_and_not_shown() -> None:
    with (
        EutilsServer(Corpus.of(RECORDS), clock=lambda: NOON, api_keys=["another"]) as server,
        asking(server, api_key=KEY) as entrez,
        pytest.raises(BadCredentials) as caught,
    ):
        entrez.search("agrin")

    assert entrez.requests_made == 1
    assert KEY not in str(caught.value)


def test_omitted_records_are_missing(server: EutilsServer, entrez: Entrez) -> None:
    server.faults.plant("efetch", kind="omitted-records")

    fetched = entrez.fetch(pmids(10, 11, 12))

    assert fetched.missing
    assert sorted(one.id for one in (*(article.record_id for article in fetched.articles), *fetched.missing)) == [10, 11, 12]


@pytest.mark.parametrize("kind", ["broken-record", "malformed-record"])
def test_a_broken_record_costs_only_itself(server: EutilsServer, entrez: Entrez, kind: str) -> None:
    server.faults.plant("efetch", kind=kind)

    fetched = entrez.fetch(pmids(10, 11, 12))

    assert len(fetched.articles) == 2
    assert len(fetched.broken) == 1
    assert entrez.requests_made == 1


def test_a_forgotten_history_is_posted_again(server: EutilsServer, entrez: Entrez) -> None:
    server.faults.plant("esearch", kind="webenv-expired", times=2, when=lambda call: "WebEnv" in call.parameters)

    assert in_numbers(entrez.created_since(pmids(10, 11), date(2026, 9, 5))) == (11,)
    assert server.requests_by_tool == {"epost": 3, "esearch": 3}


def test_a_history_that_is_always_forgotten_is_no_empty_answer(server: EutilsServer) -> None:
    server.faults.plant("esearch", kind="webenv-expired", times=9)

    with asking(server, max_attempts=3) as entrez, pytest.raises(PubMedUnavailable, match="forgot"):
        entrez.created_since(pmids(10), date(2026, 9, 5))


def test_the_rate_of_the_server_is_kept_by_many_threads() -> None:
    rule = RateRule(per_second=3, window=0.05)
    with (
        EutilsServer(Corpus.of(RECORDS), clock=lambda: NOON, rate=rule) as server,
        asking(server, pace=Pace(3, rule.window)) as entrez,
        ThreadPoolExecutor(6) as threads,
    ):
        found = list(threads.map(lambda _: entrez.search("agrin[tiab]").facts.count, range(9)))

    assert found == [2] * 9
    assert "rate" not in {exchange.fault for exchange in server.log}


def test_a_stopping_service_can_end_the_waiting(server: EutilsServer) -> None:
    server.faults.plant("esearch", kind="http-503", times=9)
    stopping = threading.Event()
    stopping.set()

    def nap(_: float) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt

    with asking(server, sleep=nap) as entrez, pytest.raises(KeyboardInterrupt):
        entrez.search("agrin")

    assert entrez.requests_made == 1
