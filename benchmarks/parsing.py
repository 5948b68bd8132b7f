"""How fast and how lean `watcher.pubmed.parse` reads a file of PubMed records, beside a bare lxml pass.

    python benchmarks/parsing.py FILE [--rounds N]

FILE is PubMed XML, gzipped or not, for instance a daily update file. The bare pass reads the same texts, title and abstract, with
`lxml.etree.iterparse` and does nothing else; ours builds the whole `Article`. The two take turns, each in a process of its own, so
that a slow moment of the machine meets both and the peak memory is that of one pass alone. Prints each pass, then the
ratio of the best times (1.0 would be as fast as the bare pass; the aim is 0.4 or more) and the peak memory (the aim is under 80 MB).
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

ROOT = Path(__file__).resolve().parents[1]
WANTED_RATIO = 0.4
WANTED_MEGABYTES = 80


@dataclass(frozen=True)
class Pass:
    """One reading of the file: wall seconds, peak resident memory, what was read."""

    seconds: float
    megabytes: float
    records: int
    characters: int


def bare(path: Path) -> tuple[int, int]:
    """Read titles and abstracts by lxml alone; gives the number of records and of characters."""
    from lxml import etree  # noqa: PLC0415  # the parent process measures and must stay small

    records = characters = 0
    with unpacked(path) as stream:
        for _, element in etree.iterparse(stream, tag="PubmedArticle"):
            title = element.find("MedlineCitation/Article/ArticleTitle")
            characters += len("".join(title.itertext()))
            parts = element.iterfind("MedlineCitation/Article/Abstract/AbstractText")
            characters += len(" ".join("".join(part.itertext()) for part in parts))
            records += 1
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return records, characters


def ours(path: Path) -> tuple[int, int]:
    """Build every article; gives the number of records and of characters in titles and abstracts."""
    sys.path.insert(0, str(ROOT))
    from watcher.pubmed.parse import articles  # noqa: PLC0415  # as above

    records = characters = 0
    for article in articles(path):
        records += 1
        characters += len(article.title) + len(article.abstract)
    return records, characters


PASSES: dict[str, Callable[[Path], tuple[int, int]]] = {"bare": bare, "ours": ours}


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """Open a file of XML, gzipped or not."""
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        yield cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if packed else stream


def measure(name: str, path: Path) -> Pass:
    """Run one pass in a process of its own."""
    command = [sys.executable, __file__, str(path), "--only", name]
    return Pass(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))  # noqa: S603


def run(name: str, path: Path) -> Pass:
    """Run one pass here."""
    started = time.perf_counter()
    records, characters = PASSES[name](path)
    seconds = time.perf_counter() - started
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Pass(seconds, kilobytes / 1024, records, characters)


def compare(path: Path, rounds: int) -> int:
    """Let the passes take turns and print what came; gives 0 when both aims are met, else 1."""
    best: dict[str, Pass] = {}
    for number in range(1, rounds + 1):
        for name in PASSES:
            result = measure(name, path)
            print(f"round {number}  {name:<5} {result.seconds:6.2f} s  {result.megabytes:5.1f} MB  {result.records} records")
            best[name] = min(best.get(name, result), result, key=lambda one: one.seconds)
    ratio, peak = best["bare"].seconds / best["ours"].seconds, best["ours"].megabytes
    print(f"ratio {ratio:.2f} (at least {WANTED_RATIO})   peak {peak:.1f} MB (under {WANTED_MEGABYTES})")
    return 0 if ratio >= WANTED_RATIO and peak < WANTED_MEGABYTES else 1


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure the parser beside a bare lxml pass.")
    parser.add_argument("file", type=Path, help="PubMed XML, gzipped or not")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=PASSES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        print(json.dumps(vars(run(asked.only, asked.file))))
        return 0
    return compare(asked.file, asked.rounds)


if __name__ == "__main__":
    sys.exit(main())
