"""How the service is told to stop: SIGTERM or SIGINT. The first ends it in order, the second at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """`stopping` is set by the first signal, or by `ask`; `wake` with it, so that the main thread stops waiting."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.wake = threading.Event()

    def ask(self) -> None:
        """Have the service end in order."""
        self.stopping.set()
        self.wake.set()

    def heard(self, number: int, _frame: FrameType | None) -> None:
        """A signal came. Leases and claims of a process that ends at once are freed by the next that starts."""
        if self.stopping.is_set():
            os._exit(128 + number)
        self.ask()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear signals for the length of the block; the main thread's only."""
        before = {number: signal.signal(number, self.heard) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
