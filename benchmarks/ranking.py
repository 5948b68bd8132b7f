"""watcher's ranking beside others on labelled sets: from a few seeds, and in a stream with feedback.

    python benchmarks/ranking.py DATA [--set NAME …] [--draws 5] [--batch 50] [--pool] [--task stream] [--model FOLDER]
        [--without ASReview] [--report PAGE]

DATA is a folder of labelled sets (contest/sets.py says what is in one). For each topic k in 2, 5, 10 random relevant papers are the seeds and
all others are ranked; then, where papers have years, they come in batches and the ten best of each are labelled (contest/tasks.py). The
tables go to standard output and into a page, with a picture beside it. Results are kept in --out, so that a run that was stopped goes on, and
one after a change of the ranking measures only that anew.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from contest import kept, ours, report, rivals
from contest.asreview_client import asreview, unaided
from contest.bm25 import bm25
from contest.embedding import Embedding
from contest.kept import Measured
from contest.measures import Trial, Values
from contest.methods import Method, Score, Unavailable
from contest.pmra import pmra
from contest.sets import BadSet, LabelledSet, joined, paths_in, read
from contest.tasks import BATCH, few_seed, stream

from watcher.rank.words import STOP_WORDS

ROOT = Path(__file__).parent.parent
OURS = ("watcher", "watcher, dense")
RIVALS = ("BM25", "PMRA", "TF-IDF centroid", "arxiv-sanity-lite", "ASReview")
FEW_SEED, STREAM = "few-seed", "stream"
PATIENCE = 10.0
"""Seconds between two lines of progress."""
TITLES = {
    FEW_SEED: "From two, five or ten seeds: average precision",
    STREAM: "A stream with verdicts: share of the relevant papers shown",
}
Task = Callable[[LabelledSet, Score, int], Iterator[tuple[Trial, float]]]


@dataclass(frozen=True)
class Contest:
    """One task: its name, what is measured, and the methods that take part, ours last."""

    name: str
    task: Task
    methods: Sequence[Method]


def main() -> None:
    """Measure everything, print the tables, and write them where they belong."""
    chosen = options().parse_args()
    try:
        sets = [read(path, headings=chosen.headings) for path in paths_in(chosen.data, chosen.sets)]
        with ExitStack() as stack:
            outcome = {one.name: run(one, pools(one.name, sets, joint=chosen.pool), chosen) for one in contests(stack, chosen)}
    except (BadSet, Unavailable) as fault:
        sys.exit(f"{fault}")
    except KeyboardInterrupt:
        sys.exit(f"stopped; what was measured is kept in {chosen.out}, the same command goes on from there")
    found = {name: report.standing(values, OURS) for name, values in outcome.items() if values[OURS[0]]}
    if not found:
        sys.exit(f"{chosen.data}: nothing to measure; a topic needs four relevant papers, for the stream seven, and years")
    write(found, sets, chosen.report, joint=chosen.pool)


def options() -> argparse.ArgumentParser:
    """The command line."""
    out = ROOT / "bench-out"
    parser = argparse.ArgumentParser(description="watcher's ranking beside others on labelled sets.")
    parser.add_argument("data", type=Path, help="folder of labelled sets")
    parser.add_argument("--set", action="append", default=[], metavar="NAME", dest="sets", help="this one of them alone")
    parser.add_argument("--draws", type=int, default=5, help="draws of seeds for each topic and number of seeds")
    parser.add_argument("--batch", type=int, default=BATCH, help="papers in each batch of the stream")
    parser.add_argument("--pool", action="store_true", help="all sets in one haystack")
    parser.add_argument("--headings", action="store_true", help="with the papers' MeSH headings, which a new paper does not have")
    parser.add_argument("--task", choices=TITLES, help="one of the two tasks alone")
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="with the dense part as well: model.onnx and tokenizer.json")
    parser.add_argument("--without", action="append", default=[], choices=RIVALS, help="leave a method out")
    parser.add_argument("--out", type=Path, default=out, help="where results are kept")
    parser.add_argument(
        "--report", type=Path, default=out / "report.md", help="the page for the tables; the picture goes beside it"
    )
    return parser


def contests(stack: ExitStack, chosen: argparse.Namespace) -> list[Contest]:
    """The tasks. ASReview's process lives as long as `stack`."""
    active = [] if "ASReview" in chosen.without else [stack.enter_context(asreview())]
    watcher = ours.watcher()
    dense = [ours.watcher(Embedding(chosen.model, chosen.out))] if chosen.model else []
    few = [bm25(), pmra(STOP_WORDS), rivals.centroid(), rivals.arxiv_sanity_lite(), *active, watcher, *dense]
    fed = [bm25(), rivals.arxiv_sanity_lite(), *active, *map(unaided, active), ours.without_verdicts(watcher), watcher, *dense]
    both: list[tuple[str, Task, list[Method]]] = [
        (FEW_SEED, few_seed, few),
        (STREAM, partial(stream, batch=chosen.batch), fed),
    ]
    return [
        Contest(name, task, [one for one in methods if one.name not in chosen.without])
        for name, task, methods in both
        if chosen.task in (None, name)
    ]


def pools(task: str, sets: Sequence[LabelledSet], *, joint: bool) -> list[LabelledSet]:
    """What is ranked: the sets that suit the task, one by one or `joint`. Papers without years do not make a stream."""
    suited = [one for one in sets if task == FEW_SEED or one.years.any()]
    return [joined(suited)] if joint and suited else suited


def run(contest: Contest, ranked: Sequence[LabelledSet], chosen: argparse.Namespace) -> dict[str, Values]:
    """What each method reached in all pools."""
    results: dict[str, dict[Trial, float]] = {method.name: {} for method in contest.methods}
    for number, pool in enumerate(ranked, 1):
        for method in contest.methods:
            name = f"{contest.name} {number}/{len(ranked)} {pool.name}: {method.name}"
            found = measured(contest, pool, method, chosen, name)
            results[method.name].update(found.values)
            say(f"{name}, {len(found.values)} trials in {found.seconds:.1f} s")
    return dict(results)


def measured(contest: Contest, pool: LabelledSet, method: Method, chosen: argparse.Namespace, name: str) -> Measured:
    """One method in one pool, as it was kept, or now."""
    settings = f"{chosen.draws} {chosen.batch}" if contest.name == STREAM else f"{chosen.draws}"
    place = kept.place(chosen.out, contest.name, pool, method, settings)
    if (known := kept.load(place, method)) is not None:
        return known
    started = told = time.perf_counter()
    values = {}
    for trial, value in contest.task(pool, method.prepare(pool), chosen.draws):
        values[trial] = value
        if time.perf_counter() > told + PATIENCE:
            told = time.perf_counter()
            say(f"{name}, {len(values)} trials so far")
    found = Measured(method.name, values, time.perf_counter() - started)
    kept.save(place, found)
    return found


def write(found: Mapping[str, report.Standing], sets: Sequence[LabelledSet], page: Path, *, joint: bool) -> None:
    """The tables to standard output and into the page, each between its markers, the picture beside the page. A haystack's tables have
    markers of their own, and no picture."""
    sizes = {one.name: (len(one.articles), len(one.topics)) for one in sets}
    titles = {name: f"{TITLES[name]}{', all sets in one haystack' if joint else ''}" for name in found}
    markers = {name: f"{name}-pool" if joint else name for name in found}
    report.prepare(page, {markers[name]: titles[name] for name in found} | ({} if joint else {"picture": "In a picture"}))
    for name, standing in found.items():
        told = report.table(standing, sizes)
        print(f"\n{titles[name]}\n\n{told}")
        report.into(page, markers[name], told)
    if not joint:
        picture = page.with_suffix(".svg")
        report.picture({titles[name]: standing for name, standing in found.items()}, picture)
        report.into(page, "picture", f"![{'; '.join(titles.values())}]({picture.name})")


def say(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
