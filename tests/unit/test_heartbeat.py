"""The pings around runs, against a local server that keeps what it is sent."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime
from threading import Event

import pytest
from support.awkward import HTTP_DRIPS, answering, conducting
from support.pings import SECRET, listening

from watcher.domain import ErrorKind, RunKind, RunOutcome, RunReport
from watcher.flows.notices.heartbeat import RunHeartbeat
from watcher.heartbeat import Heartbeat

AT = datetime(2026, 3, 2, 5, 31, tzinfo=UTC)


def report(outcome: RunOutcome, **more: str) -> RunReport:
    return RunReport("nmj", RunKind.WINDOW, outcome, AT, AT, matched=120, new=3, requests=1, seconds=1.25, **more)  # type: ignore[arg-type]


def test_a_good_run_is_a_start_and_a_success_with_its_line() -> None:
    with listening() as one:
        beats = RunHeartbeat(Heartbeat(one.url))
        beats.began("nmj")
        beats.ended(report(RunOutcome.GOOD))

    line = "run nmj (window) good: matched 120, known 0, fetched 0, new 3, awaiting 0, 1 request, 1.2 s"
    assert one.heard == [("POST", f"/{SECRET}/start", ""), ("POST", f"/{SECRET}", line)]


@pytest.mark.parametrize("outcome", [RunOutcome.FAILED, RunOutcome.REFUSED])
def test_a_failed_run_is_a_fail_that_says_why(outcome: RunOutcome) -> None:
    with listening() as one:
        RunHeartbeat(Heartbeat(one.url)).ended(report(outcome, error="HTTP 503", error_kind=ErrorKind.NO_ANSWER))

    ((_, path, line),) = one.heard
    assert path == f"/{SECRET}/fail"
    assert line.startswith(f"run nmj (window) {outcome}: ")
    assert line.endswith(": HTTP 503")


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(report(RunOutcome.ABANDONED, error="the service was stopped", error_kind=ErrorKind.STOPPED), id="stopped"),
        pytest.param(
            report(RunOutcome.FAILED, error="it waits for the night", error_kind=ErrorKind.QUIET_HOURS), id="waiting for the night"
        ),
    ],
)
def test_what_is_no_failure_raises_no_alarm(ended: RunReport) -> None:
    with listening() as one:
        RunHeartbeat(Heartbeat(one.url)).ended(ended)

    assert one.heard == []


def test_an_address_with_a_slash_or_a_question_keeps_its_meaning() -> None:
    with listening() as one:
        Heartbeat(f"{one.url}/").start()
        Heartbeat(f"{one.url}?create=1").fail("no")

    assert [path for _, path, _ in one.heard] == [f"/{SECRET}/start", f"/{SECRET}/fail?create=1"]


def test_without_an_address_nothing_is_asked() -> None:
    Heartbeat(None).success("a line")


def test_a_refusal_is_one_warning_without_the_address(caplog: pytest.LogCaptureFixture) -> None:
    with listening(status=404) as one:
        Heartbeat(one.url).success("a line")

    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [
        (logging.WARNING, "the heartbeat was not taken: its service answered 404")
    ]


def test_a_service_that_is_gone_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    Heartbeat(f"http://127.0.0.1:{port}/{SECRET}").start()

    assert caplog.messages == ["the heartbeat was not taken: its service could not be reached: connection refused"]
    assert SECRET not in caplog.text


def test_a_service_that_does_not_answer_is_left_after_the_time_out(caplog: pytest.LogCaptureFixture) -> None:
    over = Event()
    with listening(silent=over) as one:
        Heartbeat(one.url, timeout=0.2).start()
        over.set()

    assert caplog.messages == ["the heartbeat was not taken: its service did not finish within 0.2 s"]


@pytest.mark.parametrize(("before", "drop"), HTTP_DRIPS.values(), ids=HTTP_DRIPS)
def test_a_service_that_drips_holds_nothing_up(before: bytes, drop: bytes, caplog: pytest.LogCaptureFixture) -> None:
    redirecting = before.replace(b"200 OK", b"302 Found\r\nLocation: /on")
    with conducting(answering(redirecting, drop)) as port:
        Heartbeat(f"http://127.0.0.1:{port}/{SECRET}", timeout=0.3).start()

    assert caplog.messages == ["the heartbeat was not taken: its service did not finish within 0.3 s"]
    assert SECRET not in caplog.text


def test_a_service_that_answers_without_end_is_left_early(caplog: pytest.LogCaptureFixture) -> None:
    with conducting(answering(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", b" " * 65_536, endless=True)) as port:
        Heartbeat(f"http://127.0.0.1:{port}/{SECRET}", timeout=60).start()

    assert caplog.messages == ["the heartbeat was not taken: its service sent more than 1 MB"]


def test_an_address_that_is_none_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    Heartbeat(f"nowhere://{SECRET}").start()

    assert caplog.messages == ["the heartbeat was not taken: its service leads to an address that is none"]
