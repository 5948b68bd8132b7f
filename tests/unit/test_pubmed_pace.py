"""NCBI's rate is held by all threads of a process together."""

import threading
from concurrent.futures import ThreadPoolExecutor

from watcher.pubmed.pace import MARGIN, WINDOW, Pace, shared


class Time:
    """Monotonic time that passes by sleeping only."""

    def __init__(self) -> None:
        self.at = 100.0
        self.lock = threading.Lock()

    def now(self) -> float:
        """What time it is."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        assert seconds > 0
        with self.lock:
            self.at += seconds


def test_the_first_requests_begin_at_once() -> None:
    time = Time()
    pace = Pace(3, now=time.now, sleep=time.sleep)

    for _ in range(3):
        pace.wait()

    assert time.at == 100.0


def test_no_window_holds_more_than_the_allowed_requests() -> None:
    time = Time()
    pace = Pace(3, now=time.now, sleep=time.sleep)
    starts: list[float] = []

    def request(_: int) -> None:
        pace.wait()
        starts.append(time.now())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(request, range(40)))

    starts.sort()
    assert len(starts) == 40
    assert min(fourth - first for first, fourth in zip(starts, starts[3:], strict=False)) >= WINDOW


def test_waiting_is_no_longer_than_the_window_needs() -> None:
    time = Time()
    pace = Pace(10, now=time.now, sleep=time.sleep)

    for _ in range(11):
        pace.wait()

    assert WINDOW <= time.at - 100.0 < WINDOW + 2 * MARGIN


def test_a_pause_frees_the_window() -> None:
    time = Time()
    pace = Pace(1, now=time.now, sleep=time.sleep)
    pace.wait()
    time.at += 60

    pace.wait()

    assert time.at == 160.0


def test_two_clients_of_one_address_share_a_pace() -> None:
    assert shared("http://a.example/", with_key=False) is shared("http://a.example/", with_key=False)
    assert shared("http://a.example/", with_key=False) is not shared("http://a.example/", with_key=True)
    assert shared("http://a.example/", with_key=False) is not shared("http://b.example/", with_key=False)
