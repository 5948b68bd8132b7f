"""What is called highly relevant in weekly digests over labelled sets: by the rule of `highlight: auto`, and by the fixed 70 that was the
default before.

    python benchmarks/highlights.py DATA [--set NAME …] [--draws 3] [--week 50]

DATA is a folder of labelled sets (contest/sets.py says what is in one). For each topic five random relevant papers are the seeds; all others
come in weeks of 50, in the set's random order, and what reaches the threshold of 35 is shown. Weeks count from the thirteenth on, when
twelve lie behind. Told are, as means over a set's topics and draws: the relevant among the shown and among the marked, their ratio; how many
of the shown and of all papers are marked; and of the relevant papers that eight places could hold how many stand in the first eight.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from contest import ours
from contest.measures import Trial
from contest.sets import BadSet, Ids, LabelledSet, Labels, drawn, paths_in, read
from contest.tasks import STREAM_SEEDS, trials

from watcher.digest.arrange import can_be_highlight
from watcher.domain import Watch
from watcher.flows.compose.highlight import SPAN, yardstick

WEEKS = SPAN.days // 7
FIRST = 8
AUTO = Watch("watch", "Watch", "x", ("x",))
RULES = {"auto": AUTO, "70": replace(AUTO, highlight=70)}


@dataclass
class Counts:
    """Papers of all counted weeks of a trial. `places`: relevant papers in the first eight of each week, `room`: those that fit there."""

    papers: int = 0
    shown: int = 0
    relevant: int = 0
    marked: int = 0
    right: int = 0
    places: int = 0
    room: int = 0


def main() -> None:
    """Measure, and print a row for each set and rule, then the means over the sets."""
    chosen = options().parse_args()
    try:
        sets = [read(path) for path in paths_in(chosen.data, chosen.sets)]
    except BadSet as fault:
        sys.exit(f"{fault}")
    print("| Set | rule | relevant of the shown | of the marked | ratio | marked of the shown | of all | first eight |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    rows: dict[str, list[tuple[float, ...]]] = {rule: [] for rule in RULES}
    for pool in sets:
        counted = measured(pool, chosen.draws, chosen.week)
        for rule, found in counted.items():
            if found:
                told = tuple(np.nanmean([shares(one) for one in found], axis=0).tolist())
                rows[rule].append(told)
                print(line(pool.name, rule, told), flush=True)
    for rule, found_rows in rows.items():
        print(line(f"mean of {len(found_rows)}", rule, tuple(np.nanmean(found_rows, axis=0).tolist())))


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description="What is called highly relevant in weekly digests.")
    parser.add_argument("data", type=Path, help="folder of labelled sets")
    parser.add_argument("--set", action="append", default=[], metavar="NAME", dest="sets", help="this one of them alone")
    parser.add_argument("--draws", type=int, default=3, help="draws of seeds for each topic")
    parser.add_argument("--week", type=int, default=50, help="papers in each week")
    return parser


def measured(pool: LabelledSet, draws: int, week: int) -> dict[str, list[Counts]]:
    """The counts of each trial by each rule; trials in which nothing relevant was shown say nothing and are left out."""
    features = ours.features(pool.articles)
    markable = np.array([can_be_highlight(article) for article in pool.articles])
    found: dict[str, list[Counts]] = {rule: [] for rule in RULES}
    for trial in trials(pool, (STREAM_SEEDS,), draws):
        relevant, seeds = pool.topics[trial.topic], _seeds(pool, trial)
        scores = ours.numbers(ours.built(ours.chosen(pool, seeds)), features)
        for rule, watch in RULES.items():
            counts = _counted(watch, list(_weeks(relevant.size, seeds, week)), scores, relevant, markable)
            if counts.relevant:
                found[rule].append(counts)
    return found


def _seeds(pool: LabelledSet, trial: Trial) -> Ids:
    return drawn(trial.topic, pool.topics[trial.topic], trial.k, trial.draw)


def _weeks(count: int, seeds: Ids, week: int) -> Iterator[Ids]:
    coming = np.setdiff1d(np.arange(count), seeds)
    yield from (coming[start : start + week] for start in range(0, coming.size, week))


def _counted(watch: Watch, weeks: Sequence[Ids], scores: npt.NDArray[np.float64], relevant: Labels, markable: Labels) -> Counts:
    counts = Counts()
    for number in range(WEEKS, len(weeks)):
        came = weeks[number]
        brought = np.concatenate(weeks[number - WEEKS + 1 : number + 1])
        from_here = yardstick(watch, scores[brought].tolist())[0].highlight
        shown = came[scores[came] >= watch.threshold]
        marked = shown[(scores[shown] >= from_here) & markable[shown]] if from_here is not None else shown[:0]
        best = shown[np.argsort(-scores[shown], kind="stable")][:FIRST]
        counts.papers += came.size
        counts.shown += shown.size
        counts.relevant += int(relevant[shown].sum())
        counts.marked += marked.size
        counts.right += int(relevant[marked].sum())
        counts.places += int(relevant[best].sum())
        counts.room += min(FIRST, int(relevant[shown].sum()))
    return counts


def shares(one: Counts) -> tuple[float, ...]:
    """The columns of the table; not a number where nothing was marked."""
    of_shown, of_marked = one.relevant / one.shown, one.right / one.marked if one.marked else np.nan
    return (of_shown, of_marked, of_marked / of_shown, one.marked / one.shown, one.marked / one.papers, one.places / one.room)


def line(name: str, rule: str, told: tuple[float, ...]) -> str:
    """A row of the table."""
    shown, marked, ratio, *rest = told
    return f"| {name} | {rule} | {shown:.3f} | {marked:.3f} | {ratio:.2f} | {' | '.join(f'{one:.0%}' for one in rest)} |"


if __name__ == "__main__":
    main()
