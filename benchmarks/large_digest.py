"""What a digest of many thousand papers takes in memory, composed and sent by mail, beside another state of this repository.

    python benchmarks/large_digest.py [--beside 1753bfe] [--papers 17965]

Each side lives in processes of its own, with the code of one commit: one fills a database with made-up papers that a watch has found, one
composes the list's digest and sends it to a mail server, as a tick does, and tells the most memory that it held (ru_maxrss, in millions of
bytes) and the seconds that it took. Another process is the mail server, which takes anything and counts bytes. The watch has a seed
without a text, so that nothing is ranked; or one with a text, and then all papers are scored in the process that composes (no run has
scored them), or were scored in one before it, as runs do. Nothing in it is real.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from delivering import ROOT, Server, checked_out

AT_ONCE = 500
CONFIG = """
pubmed: {{email: lab@example.org}}
database: {{url: "sqlite:///data/watcher.db"}}
watches:
  nmj: {{query: "agrin[tiab]", seeds: [nmj], threshold: 0}}
lists:
  weekly: {{watches: [nmj], channels: [mail], schedule: "monday 08:00", attach: [ris]}}
channels:
  mail: {{kind: email, url: "mailto://127.0.0.1:{port}?from=w@lab.example&mode=insecure", to: [pi@lab.example]}}
"""
SEED = """TY  - JOUR
TI  - Agrin and its receptors at endplates: a sample
AB  - Motor nerves release agrin, which clusters receptors at endplates through its own receptor and a kinase. This is a made-up sample.
AN  - 99999999
DB  - PubMed
ER  -{space}
"""
NO_TEXT = "PMID 99999999\n"
KINDS = ("not ranked", "ranked, scored before", "ranked, scored now")


def main() -> None:
    """Run both sides, and print the table."""
    options = argparse.ArgumentParser(description="Memory of a large digest, beside another commit.")
    options.add_argument("--beside", default="1753bfe", help="the other commit")
    options.add_argument("--papers", type=int, default=17_965)
    options.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.step:
        step, folder, papers = chosen.step
        {"fill": fill, "score": score, "send": send}[step](Path(folder), int(papers))
        return
    print(f"| {chosen.papers:,} papers | | peak of the process, MB | seconds | mail, MB |\n|---|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        other = checked_out(chosen.beside, Path(folder))
        for kind in KINDS:
            for name, code in ((chosen.beside, other), ("this tree", ROOT)):
                side = measured(code, Path(tempfile.mkdtemp(dir=folder)), chosen.papers, kind)
                figures = f"{side['megabytes']:,.0f} | {side['seconds']:.1f} | {side['bytes'] / 1e6:.1f}"
                print(f"| {kind} | {name} | {figures} |", flush=True)


def measured(code: Path, folder: Path, papers: int, kind: str) -> dict[str, Any]:
    """What one side took."""
    with Server() as server:
        (folder / "config").mkdir()
        (folder / "seeds" / "nmj").mkdir(parents=True)
        (folder / "config" / "watcher.yaml").write_text(CONFIG.format(port=server.port))
        is_ranked = kind != "not ranked"
        (folder / "seeds" / "nmj" / ("seed.ris" if is_ranked else "seed.txt")).write_text(
            SEED.format(space=" ") if is_ranked else NO_TEXT
        )
        child(code, "fill", folder, papers)
        if kind == "ranked, scored before":
            child(code, "score", folder, papers)
        found: dict[str, Any] = json.loads(child(code, "send", folder, papers).splitlines()[-1])
        return found | server.counted()


def child(code: Path, step: str, folder: Path, papers: int) -> str:
    """One process with the code of one side; what it printed."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, __file__, "--step", step, str(folder), str(papers)],
        env={"PYTHONPATH": str(code), "PATH": "/usr/bin:/bin"},
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{step} failed: {done.stderr}")
    return done.stdout


def fill(folder: Path, papers: int) -> None:
    """A database in which the watch has found so many papers."""
    from datetime import timedelta  # noqa: PLC0415 - after PYTHONPATH has said whose code this is

    from watcher import clock, domain  # noqa: PLC0415
    from watcher.app import App  # noqa: PLC0415
    from watcher.domain import Origin, RunOutcome, RunReport  # noqa: PLC0415
    from watcher.store import RunCommit  # noqa: PLC0415

    now = clock.now()
    window: Any = getattr(domain, "RunKind", str)("window")
    with App(_settings(folder)) as app:
        store = app.at_work(now - timedelta(days=2))
        for start in range(0, papers, AT_ONCE):
            some = [article(number) for number in range(start + 1, min(start + AT_ONCE, papers) + 1)]
            report = RunReport("nmj", window, RunOutcome.GOOD, now, now, full_set_as_of=clock.ncbi_day(now), matched=papers)
            news = {_key(one): frozenset({Origin.QUERY}) for one in some}
            store.commit_run(store.begin_run("nmj", "window", now), RunCommit(report, articles=tuple(some), news=news))


def _key(one: Any) -> Any:  # noqa: ANN401 - the Article of either side
    """What a paper is known by: its record, or at earlier commits its PMID."""
    return one.record_id if hasattr(one, "record_id") else one.pmid


def _identity(number: int) -> dict[str, Any]:
    """The same, as what an Article is made with."""
    from watcher import domain  # noqa: PLC0415

    made = getattr(domain, "pubmed_id", None)
    return {"record_id": made(number)} if made else {"pmid": number}


def article(number: int) -> Any:  # noqa: ANN401 - the Article of either commit
    """A made-up paper of ordinary length."""
    from datetime import date  # noqa: PLC0415

    from watcher.domain import Article, Author, Journal, PartialDate  # noqa: PLC0415

    sentence = f"Agrin number {number} clusters receptors of the β kind at endplates, and this sentence says so. "
    return Article(
        **_identity(number),
        title=f"Agrin, its receptors and endplate number {number}",
        abstract=sentence * 16,
        authors=tuple(Author(f"Sample{place}", "Ada", "A") for place in range(6)),
        journal=Journal("Journal of Made-up Synapses", "J Made Up Syn", "0000-0000"),
        published=PartialDate("2026 Mar 1", 2026, 3, 1),
        publication_types=("Journal Article",),
        keywords=("agrin", "endplate", "receptors"),
        crdt=date(2026, 3, 1),
        doi=f"10.0000/sample.{number}",
    )


def score(folder: Path, papers: int) -> None:
    """Compose the digest, which scores its papers, and let it go."""
    del papers
    with _at_work(folder) as (app, request):
        app.composer().draft(request)


def send(folder: Path, papers: int) -> None:
    """Compose the digest, send it, and print what that took."""
    del papers
    from watcher import clock  # noqa: PLC0415 - after PYTHONPATH has said whose code this is

    start = time.perf_counter()
    with _at_work(folder) as (app, request):
        ticker, composer = app.ticker(), app.composer()
        if hasattr(ticker, "send"):
            done = ticker.send((composer.compose(request, with_texts=False),))  # as its tick does
        else:
            composer.compose(request)
            done = app.deliverer().deliver(clock.now())
        if [str(one.state) for one in done] != ["sent"]:
            sys.exit(f"not sent: {done}")
    took = {"seconds": time.perf_counter() - start, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}
    print(json.dumps(took))


def _settings(home: Path) -> Any:  # noqa: ANN401 - the Settings of either commit
    """The configuration in a folder, read by the code of either commit."""
    name = "watcher.setup.loading" if find_spec("watcher.setup") else "watcher.app"
    return import_module(name).load_settings(home / "config")


@contextmanager
def _at_work(folder: Path) -> Iterator[tuple[Any, Any]]:
    """The App of either commit, and what it is asked to compose."""
    from watcher import clock  # noqa: PLC0415 - after PYTHONPATH has said whose code this is
    from watcher.app import App  # noqa: PLC0415

    now = clock.now()
    with App(_settings(folder)) as app:
        app.at_work(now)
        request = sys.modules[type(app.composer()).__module__].Request  # the module's name is another in each commit
        digest_list = getattr(app, "digest_list", None) or getattr(app, "order")  # noqa: B009 - what earlier commits call it
        yield app, request(digest_list("weekly"), (app.watch("nmj"),), (app.channel("mail"),), {}, now)


if __name__ == "__main__":
    main()
