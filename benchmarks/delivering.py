"""How fast owed mails leave: many lists with many readers each, to one mail server, beside another state of this repository.

    python benchmarks/delivering.py [--beside 1753bfe] [--lists 50] [--readers 300] [--channels 1 50] [--seconds 60] [--papers 20]

Each side lives in a process of its own, with the code of one commit: it makes a database with a digest for every list, owed to each
reader (lists times readers mails, through so many channels to one server), and delivers for so many seconds or until nothing is owed. The
mail server is a process too: it takes everything, and counts mails and the connections that are open at once. Both sides run one after
the other on the same machine, against the same server. Everything in it is made up.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import distributions
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
MOST_SECONDS = 600


def main() -> None:
    """Run both sides for each number of channels, and print the table."""
    options = argparse.ArgumentParser(description="Mails a second, beside another commit.")
    options.add_argument("--beside", default="1753bfe", help="the other commit")
    options.add_argument("--lists", type=int, default=50)
    options.add_argument("--readers", type=int, default=300)
    options.add_argument("--channels", type=int, nargs="+", default=[1, 50])
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--papers", type=int, default=20)
    options.add_argument("--side", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.side:
        deliver(json.loads(chosen.side))
        return
    print("| channels | side | mails | seconds | mails a second | connections at once | connections made | transactions a mail |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        other = checked_out(chosen.beside, Path(folder))
        for channels in chosen.channels:
            rates = []
            for name, code in ((chosen.beside, other), ("this tree", ROOT)):
                side = measured(code, Path(tempfile.mkdtemp(dir=folder)), channels, chosen)
                rates.append(side["mails"] / side["seconds"])
                print(f"| {channels} | {name} | {row(side)} |", flush=True)
            print(f"| {channels} | ratio | | | {rates[1] / rates[0]:.1f} | | | |", flush=True)


def checked_out(commit: str, folder: Path) -> Path:
    """The code of a commit, in a folder of its own, with the packages that it is pinned to and that are not installed here."""
    packed = subprocess.run(["git", "archive", commit, "watcher"], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S603, S607
    (folder / "code").mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder / "code")], input=packed, check=True)  # noqa: S603, S607
    shown = ["git", "show", f"{commit}:requirements.lock"]
    lock = subprocess.run(shown, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603
    if missing := list(lacking(lock)):
        words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(folder / "code")]
        subprocess.run([sys.executable, *words, *missing], check=True)  # noqa: S603
    return folder / "code"


def lacking(lock: str) -> Iterator[str]:
    """The pins of a lock file whose packages are not installed here."""
    for line in re.findall(r"(?m)^[\w.-]+==[^\\\n]+", lock):
        pin = Requirement(line)
        if (pin.marker is None or pin.marker.evaluate()) and not any(distributions(name=pin.name)):
            yield f"{pin.name}{pin.specifier}"


def measured(code: Path, folder: Path, channels: int, chosen: argparse.Namespace) -> dict[str, Any]:
    """What one side did against a fresh server."""
    with Server() as server:
        told = {"folder": str(folder), "port": server.port, "channels": channels} | {
            name: getattr(chosen, name) for name in ("lists", "readers", "seconds", "papers")
        }
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, __file__, "--side", json.dumps(told)],
            env={"PYTHONPATH": str(code), "PATH": "/usr/bin:/bin"},
            check=True,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS + chosen.seconds,
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found | server.counted()


def row(side: dict[str, Any]) -> str:
    """One side's figures."""
    mails = side["mails"]
    cells = [
        f"{mails:,}",
        f"{side['seconds']:.1f}",
        f"{mails / side['seconds']:.1f}",
        str(side["most"]),
        f"{side['connections']:,}",
    ]
    return " | ".join([*cells, f"{side['transactions'] / max(mails, 1):.1f}"])


# --- one side: the code of one commit ------------------------------------------------------------------------------------------------


def deliver(told: dict[str, Any]) -> None:
    """Make the database, deliver, and print how long that took."""
    import sqlalchemy as sa  # noqa: PLC0415 - after PYTHONPATH has said whose code this is

    from watcher import app, clock  # noqa: PLC0415
    from watcher import store as room  # noqa: PLC0415
    from watcher.domain import Channel, ChannelKind  # noqa: PLC0415
    from watcher.errors import Stopped  # noqa: PLC0415
    from watcher.notify import Notifier  # noqa: PLC0415
    from watcher.store import Store  # noqa: PLC0415

    deliverer = vars(app)["Deliverer"]  # its own module has another name in each commit
    process_lock: Any = getattr(room, "ProcessLock", None) or vars(room)["Holder"]  # what earlier commits call it
    folder, stopping, begun = Path(told["folder"]), threading.Event(), 0

    def count(*_: object) -> None:
        nonlocal begun
        begun += 1

    store = Store.open(f"sqlite:///{folder}/watcher.db", folder=folder)
    owe(store, told)
    channels = {
        name: Channel(
            name, ChannelKind.EMAIL, f"mailto://127.0.0.1:{told['port']}?from=w@lab.example&mode=insecure", to=("x@lab.example",)
        )
        for name in (f"channel-{number}" for number in range(told["channels"]))
    }
    sa.event.listen(sa.Engine, "begin", count)
    with process_lock.claim(folder) as holder:
        threading.Timer(told["seconds"], stopping.set).start()
        start = time.perf_counter()
        with suppress(Stopped):
            deliverer(store, Notifier(), channels, holder.name, stopping=stopping).deliver(clock.now())
        seconds = time.perf_counter() - start
        stopping.set()
    store.close()
    print(json.dumps({"seconds": seconds, "transactions": begun}), flush=True)
    import os  # noqa: PLC0415

    os._exit(0)  # the timer need not run out


def owe(store: Any, told: dict[str, Any]) -> None:  # noqa: ANN401 - the Store of either commit
    """A digest for each list, owed to each reader."""
    from datetime import timedelta  # noqa: PLC0415

    from watcher import clock  # noqa: PLC0415
    from watcher.domain import ChannelKind, Digest, DigestList, Message, Period  # noqa: PLC0415
    from watcher.store import Owed  # noqa: PLC0415

    now = clock.now()
    lists = {f"list-{number}": (f"watch-{number}",) for number in range(told["lists"])}
    watches = {watches[0]: None for watches in lists.values()}
    store.register(watches, lists, dict.fromkeys(watches, now.date()), now)
    readers = tuple(f"reader{number}@lab.example" for number in range(told["readers"]))
    paper = f"<p><b>A paper about agrin and its receptors</b><br>{'Words of an abstract. ' * 60}</p>"
    body = "".join(paper for _ in range(told["papers"]))
    payload = {"text": body, "html": body, "ris": body, "ris_name": "papers.ris"}
    for number, name in enumerate(lists):
        channel = f"channel-{number % told['channels']}"
        list_ = DigestList(name, name, lists[name], (channel,), "monday 08:00", "Europe/Berlin")
        digest = Digest(list_, Period(now.isoformat(), now, now.date() - timedelta(days=7), now.date()), now, {})
        message = Message(ChannelKind.EMAIL, 1, f"[{name}] 20 new papers", payload)
        store.owe_digest(digest, [], [Owed(message, channel, readers)], host="lab.example")


# --- the mail server ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Counts:
    """What the server saw."""

    mails: int = 0
    bytes: int = 0
    connections: int = 0
    open: int = 0
    most: int = 0


class Server:
    """A mail server in a process of its own. A context manager."""

    def __enter__(self) -> Self:
        self._ours, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        self.port: int = self._ours.recv()
        return self

    def counted(self) -> dict[str, int]:
        """What it has seen."""
        self._ours.send("how many?")
        found: dict[str, int] = self._ours.recv()
        return found

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()


def serve(theirs: Connection) -> None:
    """Take every mail, and tell the counts when asked."""
    counts, lock = Counts(), threading.Lock()

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with lock:
                counts.connections += 1
                counts.open += 1
                counts.most = max(counts.most, counts.open)
            try:
                self.talk()
            finally:
                with lock:
                    counts.open -= 1

        def talk(self) -> None:
            self.say(b"220 ready")
            while line := self.rfile.readline():
                word = line[:4].strip().upper()
                if word == b"DATA":
                    self.say(b"354 go on")
                    size = 0
                    while (line := self.rfile.readline()) not in (b".\r\n", b""):
                        size += len(line)
                    with lock:
                        counts.mails += 1
                        counts.bytes += size
                self.say({b"QUIT": b"221 bye", b"EHLO": b"250-lab\r\n250 8BITMIME"}.get(word, b"250 ok"))
                if word == b"QUIT":
                    return

        def say(self, text: bytes) -> None:
            self.wfile.write(text + b"\r\n")

    class Listening(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

    with Listening(("127.0.0.1", 0), Conversation) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        theirs.send(server.server_address[1])
        while True:
            theirs.recv()
            theirs.send(vars(counts))


if __name__ == "__main__":
    main()
