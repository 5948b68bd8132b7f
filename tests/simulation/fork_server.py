"""Starts processes of the service at once: a process that has imported everything, and forks on demand.

    python -m simulation.fork_server     one JSON object a line on standard input, one answer a line on standard output

    {"words": [...], "folder": ..., "environment": {...}, "said": ...}   ->  its pid
    the first of the words are `-c` and the configuration file
    {"pid": ...}                                                        ->  how it ended, null while it lives

What is warmed up here would cost each start more than all else that it does; a process that is forked is otherwise one like any other:
it reads its files, opens its database and has its own connections, and no thread or handle of its parent's.
"""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from support.statements import share_compiled

HASTE = 10

GRACE = 10.0
"""Seconds within which the rehearsal ends."""


@dataclass
class Child:
    """One forked process."""

    fork_server: ForkServer
    pid: int
    said: Path
    code: int | None = None

    def poll(self) -> int | None:
        """How it ended (minus the signal that killed it), None while it lives."""
        if self.code is None:
            self.code = self.fork_server.ask({"pid": self.pid})
        return self.code

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, at most so long, in looks that take longer on a machine without time for us."""
        for _ in range(round(seconds / 0.01)):
            if self.poll() is not None:
                break
            time.sleep(0.01)
        return self.poll()

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
class ForkServer:
    """The other end: started at the first fork, ended by `close`. `database_url` is that of the life where it is PostgreSQL's: the
    rehearsal has a database of its own on that server."""

    database_url: str = ""
    _process: subprocess.Popen[str] | None = field(default=None)

    def fork(self, words: Sequence[str], folder: Path, environment: Mapping[str, str], said: Path) -> Child:
        """Run `watcher` with these words in `folder`, in a process of its own; what it says goes to the end of `said`."""
        asked = {"words": list(words), "folder": str(folder), "environment": dict(environment), "said": str(said)}
        return Child(self, int(self.ask(asked)), said)

    def ask(self, question: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """One question and its answer."""
        if self._process is None:
            here = str(Path(__file__).parents[1])
            self._process = subprocess.Popen(  # noqa: S603 - this very program
                [sys.executable, "-m", "simulation.fork_server", self.database_url],
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
        answer = process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the process that forks has ended with {process.wait(GRACE)}: its last words are on standard error")
        return json.loads(answer)

    def close(self) -> None:
        """End it; what it forked goes with it only if it is dead already."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


def main() -> None:
    """Answer until standard input ends; what lives then of the forks is killed: whoever asked for it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks
    _warm_up(sys.argv[1])
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_ended(asked["pid"]) if "pid" in asked else _forked(asked)), flush=True)  # noqa: T201 - the protocol
    for pid in _LIVING:
        os.kill(pid, signal.SIGKILL)


def _warm_up(database_url: str) -> None:
    """Do once what each process would do at its start and in its first rounds: imports, caches, templates, the ranking."""
    import watcher.cli.commands  # noqa: PLC0415 - here, and nowhere else
    import watcher.daemon.serve  # noqa: F401, PLC0415

    share_compiled()
    _remember_rankings()
    _hasten()
    with redirect_stdout(sys.stderr), _stage(database_url) as stage:
        _rehearse(stage)
    _must_be_alone()
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page


def _must_be_alone() -> None:
    """A fork has the thread that forks and no other; `watcher.deadline` begins its own anew there.

    Raises:
        RuntimeError: another thread of the rehearsal goes on.
    """
    others = [one for one in threading.enumerate() if one is not threading.main_thread() and one.name != "watchdog"]
    for one in others:
        one.join(GRACE)
        if one.is_alive():
            raise RuntimeError(f"{one} is left over from the rehearsal, and a fork would lose it")


def _remember_rankings() -> None:
    """The ranking is a pure function of seeds, verdicts and snapshot: a fork has those that its parent has built."""
    ranking = import_module("watcher.flows.scoring.ranking")
    build, kept = ranking.build, dict[str, Any]()

    def remembered(seeds: Sequence[Any], **given: Any) -> Any:  # noqa: ANN401 - as `watcher.rank.build` has it
        key = repr((seeds, given.get("relevant"), given.get("not_relevant"), given.get("embed"), given.get("snapshot")))
        if key not in kept:
            kept[key] = build(seeds, **given)
        return kept[key]

    vars(ranking)["build"] = remembered


def _hasten() -> None:
    """What the service waits in real time, so that NCBI is not asked too often, is a tenth: between requests, before it asks again, and
    while a lease rests. Nothing here is judged by it: the local PubMed counts no requests, and all else goes by the clock file. That
    the waits are as long as they should be is for `test_pubmed_pace`, `test_pubmed_transport` and `test_store_leases`."""
    from watcher.pubmed import pace, transport  # noqa: PLC0415 - imported in `_warm_up`
    from watcher.store import leases  # noqa: PLC0415

    pause = transport._pause
    transport._pause = lambda state: pause(state) / HASTE
    pace.Pace = partial(pace.Pace, seconds=pace.WINDOW / HASTE)  # type: ignore[misc, assignment]
    pace.MARGIN /= HASTE
    leases.REST_SECONDS /= HASTE


@contextmanager
def _stage(database_url: str) -> Iterator[str]:
    """The URL of an empty database beside the one of the life, which is gone afterwards; "" for SQLite, whose file needs no such thing."""
    if not database_url:
        yield ""
        return
    url, name = sa.make_url(database_url).set(drivername="postgresql+psycopg"), f"rehearsal{os.getpid()}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield sa.make_url(database_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _rehearse(database_url: str) -> None:
    """A fortnight of another world, in this process: searches, a digest, mails and posts."""
    from simulation.premises import premises  # noqa: PLC0415 - what it imports is warm then
    from simulation.world import build  # noqa: PLC0415
    from watcher import logs  # noqa: PLC0415
    from watcher.daemon.service import Service  # noqa: PLC0415
    from watcher.setup.in_force import Configuration  # noqa: PLC0415
    from watcher.setup.loading import load_whole  # noqa: PLC0415

    logs.set_up("error", "auto")
    world, before = build(0, 2, edits=False), dict(os.environ)
    with tempfile.TemporaryDirectory() as folder, premises(Path(folder), world, database_url) as one:
        os.environ.update(one.environment)
        service = Service(Configuration(one.config, load_whole(one.config)), threading.Event())
        for day in (0, 1, 8):
            one.move_clock(world.begins_at + timedelta(days=day))
            service.round()
        service.end(GRACE)
        if not one.mail.mails:
            raise RuntimeError("nothing came of the rehearsal")
    os.environ.clear()
    os.environ.update(before)


_LIVING: set[int] = set()


def _forked(asked: Mapping[str, Any]) -> int:
    _read_before(Path(asked["words"][1]))
    pid = os.fork()
    if pid:
        _LIVING.add(pid)
        return pid
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _become(asked)
    except BaseException:  # noqa: BLE001 - the last words of a process
        traceback.print_exc()
    os._exit(70)


_READ: list[bytes] = []


def _read_before(config: Path) -> None:
    """Understand a configuration that is new before the fork reads it: the parse of a text, and the slow hash of its secrets, are
    kept by the service's own caches. A bad one is the fork's affair."""
    from watcher.config import load  # noqa: PLC0415 - imported long ago
    from watcher.errors import ConfigurationError  # noqa: PLC0415

    text = config.read_bytes()
    if text not in _READ:
        _READ[:] = [text]
        with suppress(ConfigurationError):
            _ = load(config, environ={}).sha256


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
    _LIVING.discard(done)
    return os.waitstatus_to_exitcode(status) if done else None


if __name__ == "__main__":
    main()
