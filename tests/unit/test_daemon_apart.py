"""Work apart: what comes back from a process of its own, how it is stopped, and that it goes with whoever began it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from watcher.daemon.apart import Thrown, apart, is_possible
from watcher.errors import ConfigurationError, DeliveryError, Place, Problem, WatcherError, WorkLost

pytestmark = pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")


def test_what_the_work_returns_comes_back_from_another_process() -> None:
    number, text = apart(lambda _stopping: (os.getpid(), "done"), threading.Event())

    assert number != os.getpid()
    assert text == "done"


def test_more_than_a_pipe_holds_comes_back_whole() -> None:
    found = apart(lambda _stopping: b"x" * 3_000_000, threading.Event())

    assert found == b"x" * 3_000_000


def test_what_the_work_changes_stays_in_its_process() -> None:
    held = [1]

    apart(lambda _stopping: held.append(2), threading.Event())

    assert held == [1]


def test_a_service_that_stops_stops_its_work() -> None:
    stopping = threading.Event()
    stopping.set()

    heard = apart(lambda its: its.wait(60), stopping)

    assert heard


@pytest.mark.parametrize(
    ("end", "told"), [(lambda: os.kill(os.getpid(), signal.SIGKILL), "SIGKILL"), (lambda: os._exit(7), "code 7")]
)
def test_work_that_is_killed_is_told_with_how_it_ended(end: object, told: str) -> None:
    assert callable(end)

    with pytest.raises(WorkLost, match=rf"ended by {told}; the next round goes on"):
        apart(lambda _stopping: end(), threading.Event())


def test_no_process_is_left_behind() -> None:
    worker = apart(lambda _stopping: os.getpid(), threading.Event())

    with pytest.raises(ChildProcessError):  # it was waited for; other children of this process are other tests'
        os.waitpid(worker, os.WNOHANG)


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError(Problem("the seeds hold no text", "add some", Place(Path("seeds/nmj"), 3))),
        DeliveryError("the mailbox is full", permanent=False, code=452, retry_after=60.0),
        WatcherError("any"),
    ],
)
def test_an_expected_error_is_raised_as_it_was(error: WatcherError) -> None:
    thrown = apart(lambda _stopping: Thrown.of(error), threading.Event())

    again = thrown.error()

    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_an_error_that_nobody_expected_says_where_it_came_from() -> None:
    def fails(_stopping: threading.Event) -> Thrown:
        try:
            raise KeyError("agrin")
        except KeyError as error:
            return Thrown.of(error)

    again = apart(fails, threading.Event()).error()

    assert isinstance(again, KeyError)
    assert "in fails" in again.__notes__[0]


def test_the_work_does_not_outlive_the_service(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys, threading\n"
        "from watcher.daemon.apart import apart\n"
        "def work(stopping):\n"
        "    pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\n"
        "    print('works', flush=True)\n"
        "    stopping.wait(600)\n"
        "apart(work, threading.Event())\n"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "pid")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as service:  # noqa: S603 - our own words
        assert service.stdout is not None
        service.stdout.readline()
        child = os.pidfd_open(int((tmp_path / "pid").read_text()))
        service.kill()
        ended, _, _ = select.select([child], [], [], 60)
        os.close(child)

    assert ended == [child]
