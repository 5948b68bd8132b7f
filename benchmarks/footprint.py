"""What watcher's processes take in CPU seconds and memory, beside another state of this repository.

    python benchmarks/footprint.py BASE HERE [--only commands] [--times 5]

BASE and HERE are two worktrees, such as `git worktree add /tmp/base 1753bfe` and this one. Each side is measured in whole processes with
its own code; the sides take turns, so that a slow moment of the machine meets both. Told are medians of the CPU seconds (user and system, of
the process and of those that it started and waited for: wait4's ru_utime and ru_stime) and of the most memory that it held (ru_maxrss),
and HERE divided by BASE. All that is read is made up, but for those records.

    commands  `status`, `explain`, `tick` with nothing due, `mark`, `healthcheck` without a service, `--help`, each over what three weeks of the
              demo leave, with a mail server and a Slack that are only named
    serve     the service over the same, asking a stand-in for PubMed: memory of all its processes together (the sum of Pss in
              /proc/PID/smaps_rollup) before its first search, at most while it searches, and a minute after that, without its page
    serve-with-page  the same with it
    page      what the page adds to the service's memory (measured as that is): the service with it, less the service without it, before
              anybody looked, after each of some pages was asked for three times, and after a verdict
    first-run `run` for the first time of watches whose query matches some, more and very many of the records in the file that --records
              names (PubMed's own XML, such as pubmed21n1298.xml.gz, a day's update), which a stand-in serves
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http.cookiejar import CookieJar
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

from delivering import ROOT, lacking

MAIL = "mailtos://watcher:sample@smtp.lab.example?from=watcher@lab.example"
SLACK = "https://hooks.slack.com/services/T00000000/B00000000/000000000000000000000000"


@dataclass(frozen=True)
class Took:
    """What one process took: CPU seconds, and the most memory in millions of bytes."""

    cpu: float
    megabytes: float


@dataclass(frozen=True)
class Side:
    """One state of the repository: how it is called, its code, and a folder of its own to work in."""

    name: str
    code: Path
    folder: Path
    packages: Path

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of its processes."""
        own = {"PYTHONPATH": f"{self.code}{os.pathsep}{self.packages}", "PATH": "/usr/bin:/bin", "HOME": str(self.folder)}
        return own | more

    def run(self, words: Sequence[str], *, may_end_with: Sequence[int] = (0,), **environment: str) -> Took:
        """One `watcher` process, and what it took."""
        whole = [sys.executable, "-m", "watcher", *words]
        return whole_process(whole, self.environment(**environment), self.folder, may_end_with)


def whole_process(words: Sequence[str], environment: Mapping[str, str], folder: Path, may_end_with: Sequence[int] = (0,)) -> Took:
    """What a process took that has ended with one of these codes; else this program ends with what it said."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=said)  # noqa: S603 - our own words
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in may_end_with:
            said.seek(0)
            sys.exit(f"{' '.join(words)} ended with {process.returncode}: {said.read().decode(errors='replace')}")
    return Took(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def row(what: str, base: Sequence[Took], here: Sequence[Took]) -> str:
    """A line of the table."""
    cpu, memory = (tuple(median(getattr(one, name) for one in side) for side in (base, here)) for name in ("cpu", "megabytes"))
    figures = [
        f"{cpu[0]:.2f} | {cpu[1]:.2f} | {cpu[1] / cpu[0]:.2f}",
        f"{memory[0]:.0f} | {memory[1]:.0f} | {memory[1] / memory[0]:.2f}",
    ]
    return f"| {what} | {' | '.join(figures)} |"


def main() -> None:
    """Measure, and print the tables."""
    options = argparse.ArgumentParser(
        description="CPU seconds and memory of watcher's processes, beside another state of the repository."
    )
    options.add_argument("base", type=Path, help="the worktree to compare with")
    options.add_argument("here", type=Path, help="the worktree that is measured")
    options.add_argument("--only", choices=tuple(PARTS), action="append", help="only this part; may stand several times")
    options.add_argument("--records", type=Path, help="PubMed's XML, gzipped or not, for the first run")
    options.add_argument("--times", type=int, default=5, help="how often each is measured")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base, here = (_side(name, getattr(chosen, name).resolve(), Path(folder)) for name in ("base", "here"))
        for part in chosen.only or PARTS:
            PARTS[part](base, here, chosen)


def _side(name: str, code: Path, folder: Path) -> Side:
    """A side, with the packages that its state is pinned to and that are not installed here."""
    own, packages = folder / name, folder / f"{name}-packages"
    own.mkdir()
    packages.mkdir()
    if wanted := list(lacking((code / "requirements.lock").read_text())):
        words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(packages)]
        subprocess.run([sys.executable, *words, *wanted], check=True)  # noqa: S603 - our own words
    return Side(name, code, own, packages)


# --- the light commands --------------------------------------------------------------------------------------------------------------


def commands(base: Side, here: Side, chosen: argparse.Namespace) -> None:
    """What people and monitors ask all day."""
    for side in (base, here):
        side.run(["demo", "--out", str(side.folder / "lab")])
        _turn_to_named_servers(side.folder / "lab" / "config" / "watcher.yaml")
    with closing(sqlite3.connect(here.folder / "lab" / "data" / "watcher.db")) as database:
        ((pmid,),) = database.execute("SELECT min(record_id) FROM presented")
    print("| | CPU s, base | here | ratio | MB, base | here | ratio |\n|---|---:|---:|---:|---:|---:|---:|")
    asked = {
        "`status`": (["status"], 0),
        "`explain`": (["explain", str(pmid)], 0),
        "`tick`, nothing due": (["tick"], 0),
        "`mark`": (["mark", str(pmid), "relevant"], 0),
        "`healthcheck`, no service": (["healthcheck"], 1),
        "`--help`": (["--help"], 0),
    }
    for what, (words, code) in asked.items():
        taken = [[_asked(side, words, code) for side in (base, here)] for _ in range(chosen.times + 1)][1:]
        print(row(what, *zip(*taken, strict=True)), flush=True)


def _asked(side: Side, words: Sequence[str], code: int) -> Took:
    lab = side.folder / "lab"
    before = (lab / "clock").read_text() if (lab / "clock").exists() else ""
    return side.run(
        ["--config", str(lab / "config"), *words], may_end_with=(code,), WATCHER_CLOCK_FILE=str(lab / "clock") if before else ""
    )


def _turn_to_named_servers(file: Path) -> None:
    """The demo's own servers are gone, and its mail server's URL is one that no lab has."""
    text = re.sub(r"mailto://\S+", MAIL, file.read_text())
    file.write_text(re.sub(r"(?m)(kind: slack\n\s+url: )\S+", rf"\g<1>{SLACK}", text))


# --- the service -----------------------------------------------------------------------------------------------------------------------

STILL_SECONDS = 15
AFTER_SECONDS = 75
BEFORE, LATER = "2026-09-28T12:00:00+02:00", "2026-09-29T07:00:00+02:00"
"""The clocks of the service: nothing is due, and then a day's search."""


def serve(base: Side, here: Side, chosen: argparse.Namespace, *, has_page: bool = False) -> None:
    """What the service holds. Both sides run at the same time: memory does not depend on how busy the machine is."""
    for side in (base, here):
        side.run(["demo", "--out", str(side.folder / _kept(has_page=has_page))])
    print("| memory of the service, MB | base | here | ratio |\n|---|---:|---:|---:|")
    held: dict[str, list[tuple[float, float, float]]] = {"base": [], "here": []}
    for number in range(chosen.times):
        with ThreadPoolExecutor() as pool:
            for side, found in zip(
                (base, here), pool.map(partial(_served, number=number, has_page=has_page), (base, here)), strict=True
            ):
                held[side.name].append(found)
    for what, which in (("before the first search", 0), ("at most in one", 1), ("a minute after it", 2)):
        one, other = (median(found[which] for found in held[name]) for name in ("base", "here"))
        print(f"| {what} | {one:.0f} | {other:.0f} | {other / one:.2f} |", flush=True)


def _kept(*, has_page: bool) -> str:
    """The folder of the weeks that each time begins with."""
    return "served-with-page" if has_page else "served"


def _served(side: Side, number: int, *, has_page: bool) -> tuple[float, float, float]:
    """Before the first search, at most in one, and a minute after it, in millions of bytes."""
    from standins import eutils  # noqa: PLC0415 - what is started from a large process counts as large (getrusage(2))

    kept = side.folder / _kept(has_page=has_page)
    lab = side.folder / f"{kept.name}{number}"
    shutil.copytree(kept, lab)
    clock = lab / "clock"
    clock.write_text(BEFORE)
    corpus = eutils.Corpus.of(eutils.planted(), also_indexed=_words_of_the_query())
    with eutils.EutilsServer(corpus, clock=lambda: datetime.fromisoformat(clock.read_text())) as pubmed:
        file = lab / "config" / "watcher.yaml"
        _turn_to_named_servers(file)
        file.write_text(re.sub(r"http://127\.0\.0\.1:\d+/entrez/eutils/", pubmed.base_url, file.read_text()))
        words = [sys.executable, "-m", "watcher", "--config", str(lab / "config"), "serve"]
        variables = side.environment(**_web(has_page=has_page), WATCHER_CLOCK_FILE=str(clock), WATCHER_TICK_SECONDS="2")
        with (lab / "log").open("w") as log:
            process = subprocess.Popen(words, cwd=lab, env=variables, stdout=log, stderr=log)  # noqa: S603 - our own words
        try:
            time.sleep(STILL_SECONDS)
            before, asked, most = _held(process.pid), len(pubmed.log), 0.0
            clock.write_text(LATER)
            until = time.monotonic() + AFTER_SECONDS
            while time.monotonic() < until:
                most = max(most, _held(process.pid))
                time.sleep(0.05)
            if len(pubmed.log) == asked:
                sys.exit(f"{side.name}: nothing was searched: {(lab / 'log').read_text()}")
            return before, most, _held(process.pid)
        finally:
            process.terminate()
            process.wait(60)


def _held(pid: int) -> float:
    """What a process and those that it has started hold, in millions of bytes; a page that several share is counted once."""
    total = 0
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
        children = [one for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]
    except OSError:  # it has ended meanwhile
        children = []
    return total / 1e6 + sum(_held(int(child)) for child in children)


def _words_of_the_query() -> Iterator[str]:
    """What the shipped query asks for; the samples alone do not hold every phrase."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - as above

    from standins import eutils  # noqa: PLC0415

    for watch in YAML().load(ROOT / "config" / "watcher.yaml")["watches"].values():
        yield from (leaf.text for leaf in eutils.leaves(watch["query"]))


# --- the page --------------------------------------------------------------------------------------------------------------------------

PAGES = (
    "/",
    "/search?q=junction",
    "/triage",
    "/digests",
    "/watches",
    "/operate",
    "/runs",
    "/deliveries",
    "/configuration",
    "/feeds",
)
ROUNDS = 3


def page(base: Side, here: Side, chosen: argparse.Namespace) -> None:
    """What the page adds."""
    for side in (base, here):
        side.run(["demo", "--out", str(side.folder / "paged")])
    print("| memory of the page, MB | base | here | ratio |\n|---|---:|---:|---:|")
    added: dict[str, list[list[float]]] = {"base": [], "here": []}
    for number in range(chosen.times):
        for side in (base, here):
            without, whole = (_looked_at(side, f"paged{number}", has_page=one) for one in (False, True))
            added[side.name].append([one - other for one, other in zip(whole, without, strict=True)])
    for which, what in enumerate(("before anybody looked", f"after {ROUNDS * len(PAGES)} looks", "after a verdict")):
        one, other = (median(found[which] for found in added[name]) for name in ("base", "here"))
        print(f"| {what} | {one:.1f} | {other:.1f} | {other / one:.2f} |", flush=True)


def _looked_at(side: Side, name: str, *, has_page: bool) -> list[float]:
    """The service's memory before anybody looked at its page, after, and after a verdict, in millions of bytes; without a page nobody looks."""
    lab = side.folder / f"{name}-{has_page}"
    shutil.copytree(side.folder / "paged", lab)
    (lab / "clock").write_text(BEFORE)
    _turn_to_named_servers(lab / "config" / "watcher.yaml")
    web = _web(has_page=has_page)
    address = web["WATCHER_WEB__LISTEN"]
    variables = web | {
        "WATCHER_CLOCK_FILE": str(lab / "clock"),
        "WATCHER_TICK_SECONDS": "2",  # some rounds before each figure: what they write to in memory is shared no more
    }
    words = [sys.executable, "-m", "watcher", "--config", str(lab / "config"), "serve"]
    with (lab / "log").open("w") as log:
        process = subprocess.Popen(words, cwd=lab, env=side.environment(**variables), stdout=log, stderr=log)  # noqa: S603 - our own words
    try:
        time.sleep(STILL_SECONDS)
        held = [_held(process.pid)]
        for path in PAGES * ROUNDS if has_page else ():
            with urlopen(f"http://{address}{path}", timeout=60) as answer:
                answer.read()
        time.sleep(STILL_SECONDS)
        held.append(_held(process.pid))
        if has_page:
            _marked(f"http://{address}")
        time.sleep(STILL_SECONDS)
        return [*held, _held(process.pid)]
    finally:
        process.terminate()
        process.wait(60)


def _web(*, has_page: bool) -> dict[str, str]:
    """The variables of a page that is there or not, at a port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return {"WATCHER_WEB__ENABLED": f"{has_page}".lower(), "WATCHER_WEB__LISTEN": address}


def _marked(page: str) -> None:
    """Mark the first paper that a search finds as relevant, by its page's form."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{page}/search?q=junction", timeout=60) as answer:
        (paper,) = re.findall(r"/papers/\d+", answer.read().decode())[:1]
    with browser.open(page + paper, timeout=60) as answer:
        (token,) = re.findall(r'name="form_token" value="([^"]+)"', answer.read().decode())[:1]
        address = answer.url
    given = urlencode({"form_token": token, "kind": "relevant", "reader": "a reader"}).encode()
    with browser.open(Request(address, given, {"Origin": page}), timeout=120) as answer:
        answer.read()


# --- the first run ---------------------------------------------------------------------------------------------------------------------

QUERIES = ("cells[tiab]", "results[tiab]", "english[la] AND hasabstract[text]")
SEARCHED_AT = "2021-07-01T04:00:00+00:00"
"""In NCBI's night, some days after the update of June 2021."""

FIRST_RUN = """
pubmed: {{email: lab@lab.example, base_url: "{pubmed}", api_key: sample-key}}
watches:
  mine: {{query: "{query}", seeds: [mine], similar: false, threshold: 50, start: {{days: 3650}}}}
lists:
  weekly: {{watches: [mine], channels: [mail], schedule: "monday 08:00"}}
channels:
  mail: {{kind: email, url: "{mail}", to: [pi@lab.example]}}
"""
SEED = """Agrin and its receptors at endplates

Abstract

Motor nerves release agrin, which clusters receptors at endplates through its own receptor and a kinase. This is a made-up sample.
"""


def first_run(base: Side, here: Side, chosen: argparse.Namespace) -> None:
    """What the first run of a watch takes."""
    if chosen.records is None:
        print("(the first run wants --records FILE)")
        return
    print("| | CPU s, base | here | ratio | MB, base | here | ratio |\n|---|---:|---:|---:|---:|---:|---:|")
    most: list[float] = []
    with _pubmed(chosen.records) as address:
        for number, query in enumerate(QUERIES):
            taken, found = [], 0
            for time_ in range(chosen.times):
                both = [_ran_first(side, f"first-{number}-{time_}", query, address) for side in (base, here)]
                taken.append([took for took, _ in both])
                found = both[1][1]
            print(row(f"{found:,} matches", *zip(*taken, strict=True)), flush=True)
            most.append(median(one[1].megabytes for one in taken))
    print(f"the most matches take {most[-1] / most[0]:.2f} times the memory of the fewest here")


@contextmanager
def _pubmed(records: Path) -> Iterator[str]:
    """The address of a stand-in over these records, in a process of its own: what a large one starts counts as large (getrusage(2))."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_serve_records, args=(records, sending), daemon=True)
    process.start()
    try:
        yield receiving.recv()
    finally:
        process.terminate()
        process.join()


def _serve_records(records: Path, sending: Connection) -> None:
    from standins import eutils  # noqa: PLC0415 - what is started from a large process counts as large (getrusage(2))

    corpus = eutils.Corpus.from_files([records])
    with eutils.EutilsServer(corpus, clock=lambda: datetime.fromisoformat(SEARCHED_AT)) as pubmed:
        sending.send(pubmed.base_url)
        threading.Event().wait()


def _ran_first(side: Side, name: str, query: str, pubmed: str) -> tuple[Took, int]:
    """What one run took, and how many papers it kept."""
    lab = side.folder / name
    for folder in ("config", "seeds/mine"):
        (lab / folder).mkdir(parents=True)
    (lab / "config" / "watcher.yaml").write_text(FIRST_RUN.format(pubmed=pubmed, query=query, mail=MAIL))
    (lab / "seeds" / "mine" / "seed.txt").write_text(SEED)
    (lab / "clock").write_text(SEARCHED_AT)
    took = side.run(["--config", str(lab / "config"), "run", "--now"], WATCHER_CLOCK_FILE=str(lab / "clock"))
    with closing(sqlite3.connect(lab / "data" / "watcher.db")) as database:
        ((kept,),) = database.execute("SELECT count(*) FROM score")
    shutil.rmtree(lab)
    return took, int(kept)


PARTS: Mapping[str, Callable[[Side, Side, argparse.Namespace], None]] = {
    "commands": commands,
    "serve": serve,
    "serve-with-page": partial(serve, has_page=True),
    "page": page,
    "first-run": first_run,
}

if __name__ == "__main__":
    main()
