"""The comparisons of `make live` against the local server: they agree with it, and each of them can disagree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from support.live_checks import CHECKS, Asked, Deposited, Paper, Topic, check, records

from standins.eutils.corpus import Corpus
from standins.eutils.papers import paper
from standins.eutils.server import EutilsServer
from watcher.domain import pubmed_id
from watcher.pubmed.client import Entrez
from watcher.pubmed.pace import Pace

NOW = datetime(2026, 9, 20, 16, tzinfo=UTC)

TOPIC = Topic(
    term="agrin[tiab]",
    since=date(2026, 9, 1),
    until=date(2026, 9, 10),
    large="sample[tiab]",
    known=Paper(pubmed_id(20_100), doi="10.0000/sample.1", title="Agrin and the endplate of the sample mouse"),
    deposited=Deposited(doi="10.0000/sample.2", pmcid="PMC900001"),
    absent=pubmed_id(99_999_998),
    unknown="zqxwvblorf",
    scattered="endplate organoid agrin",
)


def corpus() -> Corpus:
    """Ten thousand papers on anything, and some on agrin from before and after the day that the topic is cut at."""
    anything = (paper(number, created="2026-01-10") for number in range(1, 10_003))
    old = (paper(20_000 + n, title=f"Agrin, endplate and organoid, part {n}", created="2026-06-01") for n in range(12))
    new = (paper(20_020 + n, title=f"Agrin and endplate, part {n}", created=f"2026-09-{n + 4:02}") for n in range(12))
    known = paper(20_100, title=f"{TOPIC.known.title}.", abstract="Receptors.", doi=TOPIC.known.doi, created="2026-09-15")
    deposited = paper(20_101, title="Agrin, deposited", doi=TOPIC.deposited.doi, pmcid=TOPIC.deposited.pmcid, created="2026-05-01")
    return Corpus.of([*anything, *old, *new, known, deposited])


@pytest.fixture(scope="module")
def samples() -> Corpus:
    return corpus()


@pytest.fixture
def source(samples: Corpus) -> Iterator[Entrez]:
    with EutilsServer(samples, clock=lambda: NOW) as server, asking(server) as source:
        yield source


def asking(server: EutilsServer) -> Entrez:
    """The service's own client, without its pauses."""
    return Entrez(
        email="test@lab.example", base_url=server.base_url, max_attempts=1, sleep=lambda _seconds: None, pace=Pace(1_000, 0.1)
    )


def test_the_local_server_answers_as_assumed_in_thirteen_requests(source: Entrez) -> None:
    told: list[str] = []

    differences = check(source, TOPIC, say=told.append)

    assert differences == ()
    assert [line.split("  ")[0] for line in told[:-1]] == ["as assumed"] * len(CHECKS)
    assert told[-1] == "13 requests, 0 differences"


@pytest.mark.parametrize(
    ("name", "bent"),
    [
        ("cap", replace(TOPIC, large="agrin[tiab]")),
        ("window", replace(TOPIC, term="zqxwvblorf[tiab]")),
        ("created", replace(TOPIC, since=date(2026, 9, 19))),
        ("closed_range", replace(TOPIC, until=date(2026, 9, 19))),
        ("unknown_word", replace(TOPIC, unknown="agrin")),
        ("scattered_phrase", replace(TOPIC, scattered="agrin and endplate")),
        ("records", replace(TOPIC, known=replace(TOPIC.known, title="Another title"))),
        ("records", replace(TOPIC, known=replace(TOPIC.known, doi="10.0000/other"))),
        ("records", replace(TOPIC, absent=pubmed_id(20_101))),
        ("neighbours", replace(TOPIC, known=replace(TOPIC.known, record_id=pubmed_id(99_999_997)))),
        ("posted_ids", replace(TOPIC, known=replace(TOPIC.known, record_id=pubmed_id(20_101)))),
        ("best_matches", replace(TOPIC, known=replace(TOPIC.known, record_id=pubmed_id(99_999_997)))),
        ("identifiers", replace(TOPIC, deposited=replace(TOPIC.deposited, pmcid="PMC900002"))),
    ],
)
def test_each_comparison_can_find_a_difference(name: str, bent: Topic, source: Entrez) -> None:
    (comparison,) = (one for one in CHECKS if one.__name__ == name)

    found = list(comparison(Asked(source, bent)))

    assert found


def test_a_pubmed_that_drops_unknown_words_is_told(samples: Corpus) -> None:
    with EutilsServer(samples, clock=lambda: NOW, drop_unknown=True) as server, asking(server) as source:
        differences = check(source, TOPIC)

    (difference,) = differences
    assert "it is dropped: 13 records match" in str(difference)


def test_a_pubmed_that_does_not_answer_is_asked_nothing_else(samples: Corpus) -> None:
    told: list[str] = []
    with EutilsServer(samples, clock=lambda: NOW) as server, asking(server) as source:
        server.faults.plant("einfo", kind="html-page")
        differences = check(source, TOPIC, say=told.append)

    assert [difference.assumption for difference in differences] == ["EInfo says when PubMed was last updated, as 2026/03/02 07:12"]
    assert "no answer: einfo: a web page came" in told[0]
    assert told[-1] == "1 requests, 1 differences"


def test_one_question_without_an_answer_does_not_hide_the_others(samples: Corpus) -> None:
    with EutilsServer(samples, clock=lambda: NOW) as server, asking(server) as source:
        server.faults.plant("elink", kind="elink-outage", times=2)
        differences = check(source, TOPIC)

    assert [difference.found.partition(":")[0] for difference in differences] == ["there was no answer"] * 2
    assert source.requests_made == 12


def test_dates_of_records_that_contradict_the_search_are_told(source: Entrez) -> None:
    asked = Asked(source, TOPIC)
    before, after = asked.sides
    asked.__dict__["sides"] = (after, before)

    found = list(records(asked))

    assert sum("its record says" in line for line in found) == len(before) + len(after)
