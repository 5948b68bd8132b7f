"""Starts processes of the service at once: a process that has imported everything, and forks on demand.

    python -m simulation.zygote     one JSON object a line on standard input, one answer a line on standard output

    {"words": [...], "folder": ..., "environment": {...}, "said": ...}   ->  its pid
    {"pid": ...}                                                        ->  how it ended, null while it lives

What is warmed up here would cost each start a second; a process that is forked is otherwise one like any other.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Child:
    """One forked process."""

    zygote: Zygote
    pid: int
    said: Path
    code: int | None = None

    def poll(self) -> int | None:
        """How it ended (minus the signal that killed it), None while it lives."""
        if self.code is None:
            self.code = self.zygote.ask({"pid": self.pid})
        return self.code

    def wait(self, seconds: float) -> int | None:
        """Wait at most so long for its end."""
        until = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        return self.code

    def signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it with SIGKILL, and wait for that."""
        self.signal(signal.SIGKILL)
        self.wait(30)

    def told(self) -> str:
        """The end of what it said."""
        return "\n".join(self.all_told().splitlines()[-40:])

    def all_told(self) -> str:
        """Everything that it said."""
        return self.said.read_text(encoding="utf-8", errors="replace") if self.said.exists() else ""

    def until_it_listens(self, seconds: float = 30.0) -> None:
        """Wait until it has a handler for SIGTERM, or has ended."""
        until = time.monotonic() + seconds
        while self.poll() is None and not self._listens() and time.monotonic() < until:
            time.sleep(0.01)

    def _listens(self) -> bool:
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", Path(f"/proc/{self.pid}/status").read_text(encoding="ascii"), re.MULTILINE)
        return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


@dataclass
class Zygote:
    """The other end: started at the first fork, ended by `close`."""

    _process: subprocess.Popen[str] | None = field(default=None)

    def fork(self, words: Sequence[str], folder: Path, environment: Mapping[str, str], said: Path) -> Child:
        """Run `watcher` with these words in `folder`, in a process of its own; what it says goes to the end of `said`."""
        asked = {"words": list(words), "folder": str(folder), "environment": dict(environment), "said": str(said)}
        return Child(self, int(self.ask(asked)), said)

    def ask(self, question: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """One question and its answer."""
        if self._process is None:
            here = str(Path(__file__).parents[1])
            self._process = subprocess.Popen(
                [sys.executable, "-m", "simulation.zygote"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": here},
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def close(self) -> None:
        """End it; what it forked goes with it only if it is dead already."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


def main() -> None:
    """Answer until standard input ends."""
    _warm_up()
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_ended(asked["pid"]) if "pid" in asked else _forked(asked)), flush=True)  # noqa: T201 - the protocol


def _warm_up() -> None:
    import watcher.cli.commands  # noqa: PLC0415 - here, and nowhere else
    import watcher.daemon.serve  # noqa: F401, PLC0415
    from watcher.domain import Channel, ChannelKind  # noqa: PLC0415
    from watcher.notify import Notifier  # noqa: PLC0415
    from watcher.rank import load_background  # noqa: PLC0415

    load_background()
    Notifier().check(Channel("warm", ChannelKind.EMAIL, "mailto://127.0.0.1:25?from=a@lab.example&to=b@lab.example"))


def _forked(asked: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        _become(asked)
    except BaseException:  # noqa: BLE001 - the last words of a process
        traceback.print_exc()
    os._exit(70)


def _become(asked: Mapping[str, Any]) -> None:
    from watcher.cli import main as command_line  # noqa: PLC0415 - imported long ago

    said = os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, said), (2, said)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv = ["watcher", *asked["words"]]
    try:
        command_line()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _ended(pid: int) -> int | None:
    done, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


if __name__ == "__main__":
    main()
