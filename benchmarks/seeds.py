"""How long telling duplicate seeds apart takes, beside the way it was done first, and how reading a long list grows.

    python benchmarks/seeds.py [--seeds 8000] [--rounds 3]

The first way held each seed against all before it; it is taken from this repository's history (commit 1753bfe), so git must be there. Both
get the same made-up seeds in turns: half of them new, half naming a paper by another identifier. Printed are the best times, their ratio, and
the time of reading lists of a quarter, half and all of the seeds: twice the seeds should take twice the time.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from watcher.domain import Seed
from watcher.seeds import distinct, read

ROOT = Path(__file__).resolve().parents[1]
BEFORE = "1753bfe"
PARTS = ("distinct", "_is_same", "_completed")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description="Telling seeds apart, now and before.")
    options.add_argument("--seeds", type=int, default=8_000)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    seeds, former = made_up(chosen.seeds), first_way()
    if distinct(seeds) != former(seeds):
        raise SystemExit("the two ways give different seeds")
    rounds = [(timed(distinct, seeds), timed(former, seeds)) for _ in range(chosen.rounds)]
    now, before = (min(times) for times in zip(*rounds, strict=True))
    print(f"{chosen.seeds:,} seeds told apart: {now:.3f} s, by commit {BEFORE} {before:.3f} s, ratio {before / now:,.0f}")
    for count in (chosen.seeds // 4, chosen.seeds // 2, chosen.seeds):
        print(f"{count:,} seeds read from a list: {min(reading(count) for _ in range(chosen.rounds)):.3f} s")


def made_up(count: int) -> list[Seed]:
    """Seeds of which each second one names the paper before it, by its DOI."""
    half = range(count // 2)
    new = [Seed("many.list", f"line {n}", "", pmid=10_000_000 + n, doi=f"10.5555/{n}") for n in half]
    again = [Seed("more.list", f"line {n}", "", doi=f"10.5555/{n}", pmcid=f"PMC{n}") for n in half]
    return [*new, *again]


def first_way() -> Callable[[Sequence[Seed]], tuple[Seed, ...]]:
    """`distinct` as it was, with the two functions that it called."""
    shown = ["git", "-C", str(ROOT), "show", f"{BEFORE}:watcher/seeds/__init__.py"]
    tree = ast.parse(subprocess.run(shown, check=True, capture_output=True, text=True).stdout)  # noqa: S603 - git, and no input
    tree.body = [
        one
        for one in tree.body
        if (isinstance(one, ast.FunctionDef) and one.name in PARTS)
        or (isinstance(one, ast.ImportFrom) and one.module == "__future__")
    ]
    room: dict[str, Any] = {"Seed": Seed}
    exec(compile(tree, BEFORE, "exec"), room)  # noqa: S102 - our own code of long ago
    found: Callable[[Sequence[Seed]], tuple[Seed, ...]] = room["distinct"]
    return found


def timed(work: Callable[[Sequence[Seed]], object], seeds: Sequence[Seed]) -> float:
    """Seconds of one pass."""
    begun = time.perf_counter()
    work(seeds)
    return time.perf_counter() - begun


def reading(count: int) -> float:
    """Seconds to read a folder with one list."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "many.list").write_text("".join(f"{10_000_000 + n}\n" for n in range(count)))
        begun = time.perf_counter()
        read(Path(folder), root=Path(folder))
        return time.perf_counter() - begun


if __name__ == "__main__":
    main()
