"""A real `watcher serve` in a process of its own, over a lab whose clock the test moves."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from support.command_line import forked
from support.rehearsal import Lab, aware
from watcher import health
from watcher.health import Pulse

LONGEST_SECONDS = 90
"""No test waits so long, unless the service hangs."""


class Served:
    """One service. What it logs stands in a file, a JSON document a line."""

    def __init__(self, lab: Lab, said: Path, **environment: str) -> None:
        self.lab = lab
        self._said = said
        self.process = forked(lab, ["serve"], said, **{"WATCHER_TICK_SECONDS": "0.2", **environment})

    # --- what it does

    def at(self, instant: str) -> Pulse:
        """Move the clock once the service has begun, and wait for a whole round at that time."""
        self.until(lambda: (pulse := self.pulse()) is not None and pulse.rounds)
        self.lab.move_clock(instant)
        now = aware(instant)
        self.until(lambda: (pulse := self.pulse()) is not None and pulse.now == now)
        return self.rounds()

    def rounds(self, count: int = 1) -> Pulse:
        """Wait until so many more rounds have ended."""
        before = pulse.rounds if (pulse := self.pulse()) else 0
        self.until(lambda: (pulse := self.pulse()) is not None and pulse.rounds >= before + count)
        found = self.pulse()
        assert found is not None
        return found

    def pulse(self) -> Pulse | None:
        """The pulse of this very process."""
        pulse = health.read(health.pulse_file(self.lab.folder / "data"))
        return pulse if pulse and pulse.pid == self.process.pid else None

    def until(self, happened: Callable[[], object]) -> None:
        """Return when something has happened; fail when the service ends before."""
        end = time.monotonic() + LONGEST_SECONDS
        while not happened():
            assert self.process.poll() is None, f"it ended with {self.process.poll()}: {self.told()}"
            assert time.monotonic() < end, f"it does not happen: {self.told()}"
            time.sleep(0.02)

    # --- what it says

    def told(self) -> str:
        """Everything that it said."""
        return self._said.read_text() if self._said.exists() else ""

    def log(self, event: str = "") -> list[dict[str, Any]]:
        """The entries of its log that hold a text in their event."""
        lines = [json.loads(line) for line in self.told().splitlines() if line.startswith("{")]
        return [line for line in lines if event in line["event"]]

    # --- how it ends

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Have it end, and wait for that; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(LONGEST_SECONDS)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()


@contextmanager
def served(lab: Lab, **environment: str) -> Iterator[Served]:
    """A service, killed at the end of the block if it still runs."""
    one = Served(lab, lab.folder / f"said-{len(list(lab.folder.glob('said-*')))}", **environment)
    try:
        yield one
    finally:
        one.kill()


def moment(text: str) -> datetime:
    """An instant of the log."""
    return datetime.fromisoformat(text)
