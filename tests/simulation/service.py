"""The service under test: processes that are started, killed, stopped and waited for."""

from __future__ import annotations

import os
import re
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

from simulation.fork_server import Child, ForkServer
from simulation.premises import Premises
from watcher import health
from watcher.health import Pulse

PATIENCE = 90.0
"""Seconds after which a service whose rounds do not end is taken to stand still. They are counted in looks of `POLL` seconds, each of
which takes longer on a machine that has no time for us, as the service's rounds do."""

GRACE = 60.0
"""Seconds that a service has to end after SIGTERM."""

LOOKS_AFTER = 0.2
"""Seconds between two looks whether all of them live."""

POLL = 0.01
"""Seconds between two looks at what they have written."""

HANGS_BY = 3.0
"""Seconds of real time within which what is to hang must have been asked for."""

_NUMBERS = count(1)
_BEGUN = re.compile(r'"event": "(?:watcher is at work|a new configuration is taken up)"')


class Unwell(AssertionError):
    """The service ended unasked, or stands still; the message shows the end of what it said."""


@dataclass
class Crew(ABC):
    """One service, or two over one database. `ends` are the instants by `time.monotonic` at which one was killed."""

    premises: Premises
    size: int = 1
    ends: list[float] = field(default_factory=list)
    fork_server: ForkServer = field(init=False)

    def __post_init__(self) -> None:
        self.fork_server = ForkServer(self.premises.database_url)

    def fork(self, *words: str) -> Child:
        """Start one command in a process that has imported everything."""
        said = self.premises.folder / f"said-{next(_NUMBERS):04}-{words[0]}"
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.premises.folder), **self.premises.environment}
        return self.fork_server.fork(["-c", str(self.premises.config), *words], self.premises.folder, environment, said)

    def told_of(self, words: str) -> int:
        """How often any of them, dead or alive, said these words."""
        return sum(path.read_text(encoding="utf-8", errors="replace").count(words) for path in self.premises.folder.glob("said-*"))

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
    def take_up(self, save: Callable[[], None]) -> None:
        """Let the configuration be saved, and wait until each works by it and has done a whole round so."""

    @abstractmethod
    def kill_in(self, number: int, *, hangs: Callable[[], bool]) -> bool:
        """SIGKILL one as soon as something hangs, and bring it up again; whether it came to that."""

    @abstractmethod
    def settle(self, *, patience: float = PATIENCE, rounds: int = 1) -> bool:
        """Wait until each has ended a round under the present clock, or with `rounds` 2 one that began later than now; False when that
        does not come about in `patience` seconds."""

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
        """SIGTERM to all: they must end with 0, within the grace period. One that listens to no signal yet has nothing to give back."""
        running, self.processes = self.processes, {}
        for process in running.values():
            process.until_it_listens()
            process.signal(signal.SIGTERM)
        for process in running.values():
            if (code := process.wait(GRACE)) != 0:
                process.kill()
                raise Unwell(f"after SIGTERM the service ended with {code}:\n{process.told()}")

    def take_up(self, save: Callable[[], None]) -> None:
        """Let the configuration be saved, and wait until each works by it and has done a whole round so."""
        self.settle()
        before = {process.pid: _begun(process) for process in self.processes.values()}
        save()
        for _ in range(round(PATIENCE / POLL)):
            if all(_begun(process) > before.get(process.pid, 0) for process in self.processes.values()):
                break
            self._all_live()
            time.sleep(POLL)
        else:
            raise Unwell("an edit of the configuration was not taken up")
        self.settle(rounds=2)

    def kill_in(self, number: int, *, hangs: Callable[[], bool]) -> bool:
        """SIGKILL one as soon as something hangs, and bring it up again; whether it came to that. Of two, both: either may hang."""
        until, shown = time.monotonic() + HANGS_BY, self.premises.moves[-1].shown
        while not hangs() and time.monotonic() < until and not self._has_done(shown):
            time.sleep(0.02)
        if not hangs():
            return False
        for one in range(self.size):
            self.kill(one + number, 0.0)
        return True

    def _has_done(self, shown: datetime) -> bool:
        pulse = health.read(health.pulse_file(self.premises.data))
        return pulse is not None and pulse.now == shown and pulse.pid in self.pids

    def abandon(self) -> None:
        """SIGKILL all for good."""
        running, self.processes = self.processes, {}
        for process in running.values():
            process.kill()
        self.fork_server.close()

    def starve(self, seconds: float) -> None:
        """Let no file of theirs grow for so many seconds of real time."""
        pids = self.pids
        for pid in pids:
            self.premises.fill_disk_for(pid)
        self.settle(patience=seconds)
        for pid in pids:
            self.premises.empty_disk_for(pid)

    def settle(self, *, patience: float = PATIENCE, rounds: int = 1) -> bool:
        """Wait until each has ended a round under the present clock; of two, each two."""
        shown, waiting = self.premises.moves[-1].shown, set(self.pids)
        first: dict[int, int] = {}
        more = max(2 * (rounds - 1), int(self.size > 1))  # of two, one may only have seen that the other is at work, and go on now
        for pulse in self._pulses(round(patience / POLL)):
            if pulse is not None and pulse.now == shown and pulse.rounds - first.setdefault(pulse.pid, pulse.rounds) >= more:
                waiting.discard(pulse.pid)
            if not waiting:
                break
        return not waiting

    def _pulses(self, looks: int) -> Iterator[Pulse | None]:
        """Each pulse that is seen in so many looks, while all live; now and then none."""
        path, seen, alive_at = health.pulse_file(self.premises.data), (0, 0), 0.0
        for _ in range(looks):
            if time.monotonic() - alive_at > LOOKS_AFTER:
                self._all_live()
                alive_at = time.monotonic()
            now = _mark(path)
            yield health.read(path) if now != seen else None
            seen = now
            time.sleep(POLL)

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
        self.fork_server.close()

    def starve(self, seconds: float) -> None:
        """A tick whose files may not grow ends with an error."""
        process = self.fork("tick")
        self.premises.fill_disk_for(process.pid)
        process.wait(seconds)
        process.kill()
        self.ends.append(time.monotonic())

    def take_up(self, save: Callable[[], None]) -> None:
        """The next tick works by it."""
        self.settle()
        save()

    def kill_in(self, number: int, *, hangs: Callable[[], bool]) -> bool:
        """SIGKILL a tick that hangs."""
        process, until = self.fork("tick"), time.monotonic() + HANGS_BY + number
        while not hangs() and time.monotonic() < until and process.poll() is None:
            time.sleep(0.02)
        process.kill()
        self.ends.append(time.monotonic())
        return hangs()

    def settle(self, *, patience: float = PATIENCE, rounds: int = 1) -> bool:
        """One tick for each of them, at once."""
        running = [self.fork("tick") for _ in range(self.size * rounds)]
        for process in running:
            if process.wait(patience) not in (0, 3, 4, 5):
                raise Unwell(f"the tick ended with {process.code}:\n{process.told()}")
        return True

    @property
    def pids(self) -> tuple[int, ...]:
        """Nothing stays."""
        return ()


def _mark(path: Path) -> tuple[int, int]:
    """Tells one pulse from the next: each is a new file."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


def _begun(process: Child) -> int:
    """How many configurations a service has begun to work by."""
    return len(_BEGUN.findall(process.all_told()))
