"""Which variant of the ranking knows best what its own papers have in common, chosen on sets that it is not measured on.

    python benchmarks/choice.py DATA --records FOLDER [--set NAME …] [--draws 3] [--first 0] [--only NAME …] [--model FOLDER] [--report PAGE]

DATA is a folder of labelled sets (contest/sets.py), FOLDER that of benchmarks/nmj.py. Every variant of contest/variants.py is measured from few
seeds on all sets, beside PubMed's similar articles with weights from the ranked pool and the ranking itself with a snapshot, and on the
junction papers, which are a gate: a variant that ranks them worse, or lets fewer of them pass the threshold, than the ranking without a
snapshot is not chosen. For each set the variant is chosen that is best in the mean of all others, once of all variants, once of those that
cost nothing when papers are scored; the figure of that rule is the mean of what the chosen ones reach on the sets left out. Intervals draw
sets anew. Results are kept by hash, so that a run that was stopped goes on. `--first` starts with other draws, of seeds and of snapshots.
With `--model` (model.onnx and tokenizer.json) the ranking itself is measured with its dense part as well; it stands for no variant.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import nmj
import numpy as np
from contest import kept, ours, report
from contest.embedding import Embedding
from contest.ground import SNAPSHOT, Ground, Sketch, ground_of, method, scores
from contest.kept import Measured
from contest.measures import average_precision, chosen_without, ratio_of_sets, units
from contest.methods import Method, Score
from contest.pmra import pmra
from contest.sets import Ids, LabelledSet, joined, paths_in, read
from contest.tasks import few_seed
from contest.variants import VARIANTS
from scipy.sparse import vstack

from watcher.domain import ResolvedSeed
from watcher.pubmed.parse import articles
from watcher.rank.background import background_of
from watcher.rank.background import read as read_background
from watcher.rank.features import count, count_articles, example
from watcher.rank.model import percent
from watcher.rank.spaces import NEAREST
from watcher.rank.words import STOP_WORDS
from watcher.seeds import read as read_seeds

ROOT = Path(__file__).parent.parent
PEER = "PMRA"
SHIPPED = "the ranking itself"
DENSE = "the ranking itself, dense"
MANY_TOPICS = 5
"""A set of more topics than this is drawn from once less for each."""

CHOSEN = ("chosen on the other sets", "chosen there without a further space")
"""The rows of what the rule of choice reaches: among all variants, and among those that cost nothing when papers are scored."""

Means = Mapping[str, float]
"""What a variant reaches on each set: mean average precision."""


class Gate(NamedTuple):
    """The junction papers by one variant: their average precision, how many reach the threshold, how strongly the snapshot speaks."""

    precision: float
    passing: int
    strength: float


def main() -> None:
    """Measure, choose and print."""
    chosen = options().parse_args()
    sketches = [one for one in VARIANTS if not chosen.only or one.name in (VARIANTS[0].name, *chosen.only)]
    means = measured([read(path) for path in paths_in(chosen.data, chosen.sets)], sketches, chosen)
    papers, seeds, groups = junction(chosen.records)
    gates = {one.name: gate(papers, seeds, groups, one) for one in sketches}
    text = table(means, gates, sketches)
    print(text)
    if chosen.report:
        report.into(chosen.report, "choice-pool" if chosen.pool else "choice", text)


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description="Variants of the ranking, chosen by leaving each set out.")
    parser.add_argument("data", type=Path, help="folder of labelled sets")
    parser.add_argument("--records", type=Path, required=True, help="folder of the junction papers")
    parser.add_argument("--set", action="append", default=[], metavar="NAME", dest="sets", help="this one of the sets alone")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="this variant, beside the ranking without a snapshot"
    )
    parser.add_argument("--draws", type=int, default=3, help="draws of seeds for each topic and number of seeds")
    parser.add_argument("--first", type=int, default=0, help="number of the first draw, and of the snapshots")
    parser.add_argument("--pool", action="store_true", help="all sets in one haystack")
    parser.add_argument("--model", type=Path, metavar="FOLDER", help="the ranking itself with the dense part as well")
    parser.add_argument("--out", type=Path, default=ROOT / "bench-out", help="where results are kept")
    parser.add_argument("--report", type=Path, help="the page for the table, between <!-- choice --> and <!-- /choice -->")
    return parser


# --- measuring -------------------------------------------------------------------------------------------------------------------


def measured(sets: Sequence[LabelledSet], sketches: Sequence[Sketch], chosen: argparse.Namespace) -> dict[str, dict[str, float]]:
    """The means of the peer and of each variant."""
    dense = [shipped(chosen.first, Embedding(chosen.model, chosen.out))] if chosen.model else []
    methods = [pmra(STOP_WORDS), shipped(chosen.first), *dense, *(method(one, chosen.first) for one in sketches)]
    found: dict[str, dict[str, float]] = {one.name: {} for one in methods}
    for pool in [joined(sets)] if chosen.pool else sets:
        started = time.process_time()
        for one in methods:
            found[one.name] |= {name: float(each.mean()) for name, each in units(of_pool(pool, one, chosen).values).items()}
        print(f"{pool.name}: {time.process_time() - started:.1f} s", file=sys.stderr, flush=True)
    return found


def shipped(first: int, embed: Embedding | None = None) -> Method:
    """The ranking as watcher builds it, with a snapshot: by words alone, or with a dense part."""

    def prepare(pool: LabelledSet) -> Score:
        own = ours.chosen(pool, ground_of(pool, first).snapshot(SNAPSHOT))
        read_ = ours.features(pool.articles, embed)
        return lambda known: ours.numbers(ours.built(ours.chosen(pool, known.seeds), embed=embed, own=own), read_)

    if embed is None:
        return Method(SHIPPED, ours.version(), prepare)
    return Method(DENSE, f"{ours.version()} {embed.sha256}", prepare)


def of_pool(pool: LabelledSet, one: Method, chosen: argparse.Namespace) -> Measured:
    """One variant in one pool, as it was kept, or now."""
    draws = max(chosen.draws - (len(pool.topics) > MANY_TOPICS), 1)
    place = kept.place(chosen.out, "choice", pool, one, f"{draws} {chosen.first}")
    if (known := kept.load(place, one)) is not None:
        return known
    started = time.process_time()
    values = dict(few_seed(pool, one.prepare(pool), draws, first=chosen.first))
    found = Measured(one.name, values, time.process_time() - started)
    kept.save(place, found)
    return found


def junction(records: Path) -> tuple[Ground, Ids, Sequence[str]]:
    """The junction papers and the two shipped seeds as a pool, before the sample without them; the columns of the seeds; the papers' groups."""
    papers = [one for name in ("nmj_strict.xml", "nmj_broad_only.xml") for one in articles(records / name)]
    with (records / "nmj_index.csv").open(encoding="utf-8", newline="") as file:
        tiers = {int(row["pmid"]): row["tier"] for row in csv.DictReader(file)}
    folder = ROOT / "seeds" / "nmj"
    seeds = [ResolvedSeed(seed) for seed in read_seeds(folder, root=folder.parent)]
    with resources.files("watcher.rank").joinpath("background.npz").open("rb") as file:
        frozen = read_background(file)
    known = np.isin(frozen.pmids, [paper.record_id.id for paper in papers])
    background = background_of(replace(frozen, pmids=frozen.pmids[~known], sample=frozen.sample[~known]))
    counts = vstack([count_articles(papers), count([example(seed) for seed in seeds])], format="csr")
    rows = np.arange(len(papers), counts.shape[0])
    groups = [nmj.group(paper, tiers[paper.record_id.id]) for paper in papers]
    return Ground(counts, rows, background, "nmj", len(papers)), np.arange(rows.size), groups


def gate(papers: Ground, seeds: Ids, groups: Sequence[str], sketch: Sketch) -> Gate:
    """How a variant stands at the gate."""
    total, share = scores(papers, sketch, seeds)
    numbers = percent(total.papers[: papers.many], np.sort(total.sample)[-NEAREST:])
    junctions = np.array(groups) == "junction"
    passing = int((numbers[junctions] >= nmj.THRESHOLD).sum())
    return Gate(average_precision(numbers, junctions), passing, share)


# --- choosing --------------------------------------------------------------------------------------------------------------------


def allowed(gates: Mapping[str, Gate], now: Gate) -> list[str]:
    """The variants that pass the gate: to a thousandth of average precision, no worse than the ranking as it is."""
    return [
        name for name, one in gates.items() if round(one.precision, 3) >= round(now.precision, 3) and one.passing >= now.passing
    ]


def table(means: Mapping[str, Means], gates: Mapping[str, Gate], sketches: Sequence[Sketch]) -> str:
    """One row for each variant, then what the rule of choice reaches on the sets left out."""
    peer, plain = means[PEER], means[sketches[0].name]
    passed = allowed(gates, gates[sketches[0].name])
    cheap = {one.name for one in sketches if not one.costs}
    choices = [_picked(means, passed), _picked(means, [name for name in passed if name in cheap])]
    head = ["variant", "mean", "by PMRA", "by now", "worst set", "Cystic Fibrosis", "junction AP", "of 43 pass", "strength there"]
    rows = [
        *([name, *_figures(means[name], peer, plain), "", "", ""] for name in (PEER, SHIPPED, DENSE) if name in means),
        *([one.name, *_figures(means[one.name], peer, plain), *_gate(gates[one.name])] for one in sketches),
        *(
            [f"**{called}**", *_figures({left: means[name][left] for left, name in picked.items()}, peer, plain), "", "", ""]
            for called, picked in zip(CHOSEN, choices, strict=True)
        ),
    ]
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    told = (f"{called}, for so many sets left out: {_votes(picked)}." for called, picked in zip(CHOSEN, choices, strict=True))
    return "\n".join((*(f"| {' | '.join(line)} |" for line in lines), "", *(f"{one[0].upper()}{one[1:]}" for one in told)))


def _picked(means: Mapping[str, Means], able: Sequence[str]) -> dict[str, str]:
    """For each set that is left out the variant that is best on the others."""
    return {left: chosen_without({name: means[name] for name in able}, left) for left in sorted(means[PEER])}


def _votes(picked: Mapping[str, str]) -> str:
    votes = {name: sum(one == name for one in picked.values()) for name in dict.fromkeys(picked.values())}
    return "; ".join(f"{name} ({count})" for name, count in votes.items())


def _figures(mine: Means, peer: Means, plain: Means) -> Iterator[str]:
    """Mean, its ratios to the peer and to the ranking without a snapshot, the set that stands worst beside the peer, one set alone."""
    names = sorted(peer)
    yield _short(float(np.mean([mine[name] for name in names])))
    for other in (peer, plain):
        found = ratio_of_sets(*(np.array([one[name] for name in names]) for one in (mine, other)))
        yield f"{found.value:.3f} ({found.low:.2f}–{found.high:.2f})"
    worst = min(names, key=lambda name: mine[name] / peer[name])
    yield f"{mine[worst] / peer[worst]:.2f} {report.called(worst)}"
    yield f"{mine['cf'] / peer['cf']:.3f}" if "cf" in peer else ""


def _gate(one: Gate) -> tuple[str, str, str]:
    return _short(one.precision), f"{one.passing}", f"{one.strength:.2f}"


def _short(number: float) -> str:
    return f"{number:.3f}".lstrip("0")


if __name__ == "__main__":
    main()
