"""Work apart: what comes back from a process of its own, how it is stopped, and that it goes with whoever began it."""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

import pytest

from watcher.apart import Thrown, apart, is_possible
from watcher.errors import ConfigurationError, DeliveryError, Place, Problem, WatcherError, WorkLost

pytestmark = pytest.mark.skipif(not is_possible(), reason="work is done apart on Linux alone")


@pytest.fixture(params=[False, True], ids=["forked", "begun anew"])
def anew(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def number_and(text: str, _stopping: threading.Event) -> tuple[int, str]:
    return os.getpid(), text


def many(_stopping: threading.Event) -> bytes:
    return b"x" * 3_000_000


def waits(stopping: threading.Event) -> bool:
    return stopping.wait(60)


def says_and_waits(begun: Path, stopping: threading.Event) -> bool:
    begun.touch()
    return stopping.wait(60)


def ends(code: int, _stopping: threading.Event) -> None:
    if code > 0:
        os._exit(code)
    os.kill(os.getpid(), -code)


def test_what_the_work_returns_comes_back_from_another_process(anew: bool) -> None:
    number, text = apart(partial(number_and, "done"), threading.Event(), anew=anew)

    assert number != os.getpid()
    assert text == "done"


def test_more_than_a_pipe_holds_goes_there_and_comes_back_whole(anew: bool) -> None:
    given = "y" * 3_000_000

    found, (_, text) = (apart(work, threading.Event(), anew=anew) for work in (many, partial(number_and, given)))

    assert found == b"x" * 3_000_000
    assert text == given


def test_what_the_work_changes_stays_in_its_process() -> None:
    held = [1]

    apart(lambda _stopping: held.append(2), threading.Event())

    assert held == [1]


def test_a_service_that_stops_stops_its_work(anew: bool, tmp_path: Path) -> None:
    stopping, begun = threading.Event(), tmp_path / "begun"

    def stop() -> None:
        while not begun.exists():
            time.sleep(0.01)
        stopping.set()

    threading.Thread(target=stop, daemon=True).start()

    assert apart(partial(says_and_waits, begun), stopping, anew=anew)


def test_work_that_is_stopped_before_it_has_begun_hears_of_it(anew: bool) -> None:
    stopping = threading.Event()
    stopping.set()

    assert apart(waits, stopping, anew=anew)


def told_twice(stopping: threading.Event) -> bool:
    for number in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C tells all processes at once, and the service hands on what it heard
        os.kill(os.getpid(), number)
    return stopping.is_set()


def test_work_that_is_told_to_stop_by_the_service_too_ends_in_order(anew: bool) -> None:
    assert apart(told_twice, threading.Event(), anew=anew)


def test_a_signal_is_not_lost_on_who_began_the_work(anew: bool) -> None:
    apart(partial(number_and, ""), threading.Event(), anew=anew)

    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & {signal.SIGINT, signal.SIGTERM}


def test_a_service_without_standard_streams_has_its_work_done(anew: bool, tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text("import pathlib\ndef work(stopping):\n    pathlib.Path(__file__).with_name('done').touch()\n")
    words = [sys.executable, "-c", SERVICE, str(tmp_path), str(anew)]

    subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *words], check=True)  # noqa: S603, S607 - our own words

    assert (tmp_path / "done").exists()


NOT_BEGUN = "no process can be begun to do the work: .*; the next round tries again"


def test_where_no_file_can_be_opened_work_is_lost(anew: bool) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        with pytest.raises(WorkLost, match=NOT_BEGUN):
            apart(waits, threading.Event(), anew=anew)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_where_no_process_can_be_begun_work_is_lost(anew: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_words: object, **_options: object) -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(subprocess, "Popen", refused)
    monkeypatch.setattr(os, "fork", refused)

    with pytest.raises(WorkLost, match=NOT_BEGUN):
        apart(waits, threading.Event(), anew=anew)


def is_cut(_stopping: threading.Event) -> Cut:
    return Cut()


class Cut:
    """Ends its process while what came of the work is on its way."""

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        mock.patch.object(Connection, "_send_bytes", cut_short).start()
        return str, ("agrin",)


def cut_short(self: Connection[object, object], _word: bytes) -> None:
    os.write(self.fileno(), b"\0\0\1\0x")  # 256 bytes were to come
    os.kill(os.getpid(), signal.SIGKILL)


def test_work_that_is_killed_in_the_middle_of_its_answer_is_lost(anew: bool) -> None:
    with pytest.raises(WorkLost, match="ended by SIGKILL"):
        apart(is_cut, threading.Event(), anew=anew)


@pytest.mark.parametrize(("code", "told"), [(-signal.SIGKILL, "SIGKILL"), (7, "code 7"), (-signal.SIGTERM, "SIGTERM")])
def test_work_that_is_killed_is_told_with_how_it_ended(code: int, told: str, anew: bool) -> None:
    work = partial(ends, code) if code != -signal.SIGTERM else terminated

    with pytest.raises(WorkLost, match=rf"ended by {told}; the next round goes on"):
        apart(work, threading.Event(), anew=anew)


def terminated(_stopping: threading.Event) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def test_no_process_is_left_behind(anew: bool) -> None:
    worker, _ = apart(partial(number_and, ""), threading.Event(), anew=anew)

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


SERVICE = """
import sys, threading
from watcher.apart import apart
sys.path.insert(0, sys.argv[1])
from work import work
apart(work, threading.Event(), anew=sys.argv[2] == "True")
"""
WORK = """
import os, pathlib
def work(stopping):
    pathlib.Path({pid!r}).write_text(str(os.getpid()))
    print("works", flush=True)
    stopping.wait(600)
"""


def test_the_work_does_not_outlive_the_service(tmp_path: Path, anew: bool) -> None:
    pid = tmp_path / "pid"
    (tmp_path / "work.py").write_text(WORK.format(pid=str(pid)))
    words = [sys.executable, "-c", SERVICE, str(tmp_path), str(anew)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as service:  # noqa: S603 - our own words
        assert service.stdout is not None
        service.stdout.readline()
        child = os.pidfd_open(int(pid.read_text()))
        service.kill()
        ended, _, _ = select.select([child], [], [], 60)
        os.close(child)

    assert ended == [child]
