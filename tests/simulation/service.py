"""The service under test: processes that are started, killed, stopped and waited for."""

from __future__ import annotations

import os
import signal
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from itertools import count

from simulation.premises import Premises
from simulation.zygote import Child, Zygote
from watcher import health

PATIENCE = 90.0
"""Seconds of real time after which a service whose rounds do not end is taken to stand still."""

GRACE = 60.0
"""Seconds that a service has to end after SIGTERM."""

_NUMBERS = count(1)


class Unwell(AssertionError):
    """The service ended unasked, or stands still; the message shows the end of what it said."""


@dataclass
class Crew(ABC):
    """One service, or two over one database. `ends` are the instants by `time.monotonic` at which one was killed."""

    premises: Premises
    size: int = 1
    ends: list[float] = field(default_factory=list)
    zygote: Zygote = field(default_factory=Zygote)

    def fork(self, *words: str) -> Child:
        """Start one command in a process that has imported everything."""
        said = self.premises.folder / f"said-{next(_NUMBERS):04}-{words[0]}"
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.premises.folder), **self.premises.environment}
        return self.zygote.fork(["-c", str(self.premises.config), *words], self.premises.folder, environment, said)

    @abstractmethod
    def start(self) -> None:
        """Bring all of them up."""

    @abstractmethod
    def kill(self, number: int, after: float) -> None:
        """SIGKILL one after so many seconds of real time, and bring it up again."""

    @abstractmethod
    def stop(self) -> None:
        """Ask all to end, and wait for it."""

    @abstractmethod
    def abandon(self) -> None:
        """SIGKILL all for good."""

    @abstractmethod
    def starve(self, seconds: float) -> None:
        """Let no file of theirs grow for so many seconds of real time."""

    @abstractmethod
    def settle(self, *, patience: float = PATIENCE) -> bool:
        """Wait until each has ended a round under the present clock; False when that does not come about in `patience` seconds."""

    @property
    @abstractmethod
    def pids(self) -> tuple[int, ...]:
        """The processes that live."""


@dataclass
class Daemons(Crew):
    """`watcher serve`."""

    processes: dict[int, Child] = field(default_factory=dict)

    def start(self) -> None:
        """Bring all of them up."""
        for number in range(self.size):
            if number not in self.processes:
                self.processes[number] = self.fork("serve")

    def kill(self, number: int, after: float) -> None:
        """SIGKILL one after so many seconds of real time, and bring it up again."""
        time.sleep(after)
        self._all_live()
        self.processes.pop(number % self.size).kill()
        self.ends.append(time.monotonic())
        self.start()

    def stop(self) -> None:
        """SIGTERM to all: they must end with 0, within the grace period."""
        running, self.processes = self.processes, {}
        for process in running.values():
            process.signal(signal.SIGTERM)
        for process in running.values():
            if (code := process.wait(GRACE)) != 0:
                process.kill()
                raise Unwell(f"after SIGTERM the service ended with {code}:\n{process.told()}")

    def abandon(self) -> None:
        """SIGKILL all for good."""
        running, self.processes = self.processes, {}
        for process in running.values():
            process.kill()
        self.zygote.close()

    def starve(self, seconds: float) -> None:
        """Let no file of theirs grow for so many seconds of real time."""
        pids = self.pids
        for pid in pids:
            self.premises.fill_disk_for(pid)
        self.settle(patience=seconds)
        for pid in pids:
            self.premises.empty_disk_for(pid)

    def settle(self, *, patience: float = PATIENCE) -> bool:
        """Wait until each has ended a round under the present clock."""
        shown, waiting = self.premises.moves[-1].shown, set(self.pids)
        until = time.monotonic() + patience
        while waiting and time.monotonic() < until:
            self._all_live()
            pulse = health.read(health.pulse_file(self.premises.data))
            if pulse is not None and pulse.now == shown:
                waiting.discard(pulse.pid)
            time.sleep(0.01)
        return not waiting

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that live."""
        return tuple(process.pid for process in self.processes.values())

    def _all_live(self) -> None:
        for process in self.processes.values():
            if process.poll() is not None:
                raise Unwell(f"the service ended by itself with {process.code}:\n{process.told()}")


@dataclass
class Ticks(Crew):
    """`watcher tick` in place of a service: each round is a process of its own, as cron would start it."""

    def start(self) -> None:
        """Nothing stays."""

    def kill(self, number: int, after: float) -> None:
        """SIGKILL a tick after so many seconds of real time."""
        process = self.fork("tick")
        process.wait(after + 0.05 * number)
        process.kill()
        self.ends.append(time.monotonic())

    def stop(self) -> None:
        """Nothing stays."""

    def abandon(self) -> None:
        """Nothing stays."""
        self.zygote.close()

    def starve(self, seconds: float) -> None:
        """A tick whose files may not grow ends with an error."""
        process = self.fork("tick")
        self.premises.fill_disk_for(process.pid)
        process.wait(seconds)
        process.kill()
        self.ends.append(time.monotonic())

    def settle(self, *, patience: float = PATIENCE) -> bool:
        """One tick for each of them, at once."""
        running = [self.fork("tick") for _ in range(self.size)]
        for process in running:
            if process.wait(patience) not in (0, 3, 4, 5):
                raise Unwell(f"the tick ended with {process.code}:\n{process.told()}")
        return True

    @property
    def pids(self) -> tuple[int, ...]:
        """Nothing stays."""
        return ()
