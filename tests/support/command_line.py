"""Runs the command line over a lab: in this process where that will do, in one of its own where ends and races count.

Processes of their own are forked from a server that has imported everything once (`fork`); `spawn` starts one from nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from support.rehearsal import Lab
from watcher.cli import main


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str = ""


_NUMBERS = count(1)
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "watcher.app",
        "watcher.daemon.serve",
        "watcher.cli.show.marking",
        "watcher.cli.show.ranking",
        "watcher.cli.show.status",
        "watcher.cli.show.tables",
        "watcher.digest.as_html",
        "watcher.digest.render",
        "watcher.flows.notices.alert",
        "watcher.flows.schedule.at_once",
        "watcher.flows.schedule.tick",
        "watcher.flows.search.run",
        "watcher.notify.letter",
        "watcher.pubmed.answers",
        "watcher.pubmed.client",
        "watcher.rank.background",
        "watcher.rank.model",
        "watcher.seeds",
        "watcher.setup.warnings",
    ]
)


def _work(words: Sequence[str], code: str, folder: Path, environment: Mapping[str, str], out: Path) -> None:
    """What a forked process does: the command, after `code`, with its words to `out`."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with out.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    exec(code, {})  # noqa: S102 - the test's own
    sys.argv = ["watcher", *words]
    main()


@dataclass(frozen=True)
class Forked:
    """A command that runs in a process of its own."""

    process: ForkServerProcess
    out: Path

    def end(self) -> Said:
        """Wait for it; standard error is in `out`, too."""
        self.process.join(60)
        code = self.process.exitcode
        assert code is not None, "it does not end"
        return Said(code, self.out.read_text())

    def poll(self) -> int | None:
        """How it ended, or None."""
        return self.process.exitcode

    @property
    def pid(self) -> int:
        """Its number."""
        assert self.process.pid is not None
        return self.process.pid

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        """How it ended. Raises TimeoutError when it has not after so long."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            raise TimeoutError(f"it has not ended: timed out after {seconds} seconds")
        return self.process.exitcode

    def kill(self) -> Said:
        """Kill it, and wait for it."""
        self.process.kill()
        return self.end()


def forked(lab: Lab, words: Sequence[str | int], out: Path, *, code: str = "", **environment: str) -> Forked:
    """Start one command over a lab in a process of its own, after `code`; what it says goes to `out`."""
    given = ["-c", str(lab.config), *map(str, words)]
    process = _FORKS.Process(target=_work, args=(given, code, lab.folder, {**os.environ, **environment}, out))
    process.start()
    return Forked(process, out)


@dataclass
class Shell:
    """A shell that stands in a lab's folder."""

    lab: Lab
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str | int, config: bool = True) -> Said:
        """Run one command here."""
        self.monkeypatch.chdir(self.lab.folder)
        given = ["-c", str(self.lab.config)] if config else []
        self.monkeypatch.setattr(sys, "argv", ["watcher", *given, *map(str, words)])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        said = self.capsys.readouterr()
        return Said(int(end.value.code or 0), said.out, said.err)

    def at(self, instant: str, *words: str | int) -> Said:
        """Run one command at an instant."""
        self.lab.move_clock(instant)
        return self(*words)

    def spawn(self, *words: str | int, code: str = "") -> subprocess.Popen[str]:
        """Start one command in a process of its own, after `code`. A suite that runs in the background may have been told to ignore Ctrl-C;
        the process is not."""
        heard = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
        start = f"import sys\n{heard}\n{code}\nfrom watcher.cli import main\nsys.argv = ['watcher', *sys.argv[1:]]\nmain()"
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", start, "-c", str(self.lab.config), *map(str, words)],
            cwd=self.lab.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fork(self, *words: str | int, code: str = "") -> Forked:
        """Start one command in a process of its own, after `code`, at once."""
        return forked(self.lab, words, self.lab.folder / f"said-{next(_NUMBERS)}", code=code)

    def change(self, *keys: str, value: Any) -> None:  # noqa: ANN401 - any configuration value
        """Edit the configuration."""
        section = self.lab.document
        for key in keys[:-1]:
            section = section.setdefault(key, {})
        section[keys[-1]] = value
        self.lab.write()


def ended(process: subprocess.Popen[str]) -> Said:
    """Wait for a process."""
    out, err = process.communicate(timeout=60)
    return Said(process.returncode, out, err)


def wait_until(happened: Callable[[], object], process: subprocess.Popen[str] | Forked) -> None:
    """Return when something has happened; fail when the process ends before."""
    while not happened():
        if process.poll() is not None:
            raise AssertionError(f"it ended before: {process.end() if isinstance(process, Forked) else process.communicate()}")
        time.sleep(0.02)
