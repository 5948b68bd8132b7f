"""How two seed documents part papers on the neuromuscular junction from their natural noise.

    python benchmarks/nmj.py DATA [--seeds seeds/nmj]

DATA is a folder with nmj_strict.xml, nmj_broad_only.xml and nmj_index.csv (columns pmid and tier). The groups are drawn by patterns
over the records' own words and headings; nobody judged the papers by hand. Most records are also in the background's source, so
the measurement takes them out of the background's sample; a second table leaves them in, as a user's watcher has them.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
from contest.measures import average_precision

from watcher import rank
from watcher.domain import Article, ResolvedSeed, Scored
from watcher.pubmed.parse import articles
from watcher.rank import model, words
from watcher.rank.background import Background, background_of, read
from watcher.seeds import read as read_seeds

ROOT = Path(__file__).parent.parent
THRESHOLD, HIGHLIGHT = 35, 70
DEPTHS = (100, 150, 250, 400, 500, 1000)
GROUPS = ("junction", "myasthenia", "anaesthesia", "α7 and nicotinic", "vertebral endplate", "broad")
NOISE = GROUPS[2:5]

_JUNCTION = re.compile(
    r"neuromuscular (junction|transmission|synap)|motor end-?plate|end-?plate (potential|current|channel)|\bNMJs?\b", re.IGNORECASE
)
_MYASTHENIA = re.compile(r"myasthen|thymectom|thymom", re.IGNORECASE)
_ANAESTHESIA = re.compile(
    r"neuromuscular block|sugammadex|an(a)?esth|muscle relaxant|intubat|extubat|airway|ventilat", re.IGNORECASE
)
_SPINE = re.compile(r"vertebra|intervertebral|\bdisc\b", re.IGNORECASE)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description="The two NMJ seeds against noise.")
    options.add_argument("data", type=Path)
    options.add_argument("--seeds", type=Path, default=ROOT / "seeds" / "nmj")
    chosen = options.parse_args()
    papers = [one for name in ("nmj_strict.xml", "nmj_broad_only.xml") for one in articles(chosen.data / name)]
    with (chosen.data / "nmj_index.csv").open(encoding="utf-8", newline="") as file:
        tiers = {int(row["pmid"]): row["tier"] for row in csv.DictReader(file)}
    groups = np.array([group(paper, tiers[paper.record_id.id]) for paper in papers])
    seeds = [ResolvedSeed(seed) for seed in read_seeds(chosen.seeds, root=chosen.seeds.parent)]
    print(f"{len(papers)} papers; seeds: " + "; ".join(seed.seed.label for seed in seeds))
    measure(seeds, papers, groups)


def measure(seeds: Sequence[ResolvedSeed], papers: Sequence[Article], groups: npt.NDArray[np.str_]) -> None:
    """Print the tables for the sample without these papers, then for the shipped one."""
    with resources.files("watcher.rank").joinpath("background.npz").open("rb") as file:
        frozen = read(file)
    known = np.isin(frozen.pmids, [paper.record_id.id for paper in papers])
    print(f"\nThe sample without the {known.sum()} of its papers that are among these")
    without = background_of(replace(frozen, pmids=frozen.pmids[~known], sample=frozen.sample[~known]))
    numbers = scored(seeds, papers, without)
    print_counts(numbers, groups)
    print_order(numbers, title_overlap(seeds, papers), groups)
    print_depths(seeds, papers, groups, without)
    print_bare(seeds, papers, groups, without)
    print("\nThe sample as it is shipped")
    print_counts(scored(seeds, papers, rank.load_background()), groups)


def group(paper: Article, tier: str) -> str:
    """The group of a paper of the strict tier, by what it says; "broad" for the other tier."""
    said = " ".join((paper.title, paper.abstract, *paper.keywords, *(heading.name for heading in paper.headings)))
    if tier != "strict":
        return "broad"
    if re.search("end-?plate", said, re.IGNORECASE) and _SPINE.search(said):
        return "vertebral endplate"
    if _ANAESTHESIA.search(paper.title):
        return "anaesthesia"
    if _MYASTHENIA.search(paper.title) or (_MYASTHENIA.search(said) and not _JUNCTION.search(said)):
        return "myasthenia"
    if _JUNCTION.search(said):
        return "junction"
    return "anaesthesia" if _ANAESTHESIA.search(said) else "α7 and nicotinic"


def scored(seeds: Sequence[ResolvedSeed], papers: Sequence[Article], background: Background) -> npt.NDArray[np.float64]:
    """The papers' numbers."""
    found: Sequence[Scored] = rank.build(seeds, background=background).score(papers)
    return np.array([one.value for one in found])


def title_overlap(seeds: Sequence[ResolvedSeed], papers: Sequence[Article]) -> npt.NDArray[np.float64]:
    """The baseline: how many different words of a paper's title stand in the seeds' titles and abstracts."""
    told = {key for seed in seeds for key in words.keys(f"{seed.seed.title} {seed.seed.abstract}")} - words.STOP_KEYS
    return np.array([float(len(told.intersection(words.keys(paper.title)))) for paper in papers])


def print_counts(numbers: npt.NDArray[np.float64], groups: npt.NDArray[np.str_]) -> None:
    """How many papers of each group reach the two default thresholds."""
    print(f"{'group':20s} papers  median  ≥ {THRESHOLD}  ≥ {HIGHLIGHT}")
    for name in GROUPS:
        own = numbers[groups == name]
        print(f"{name:20s} {own.size:6d} {np.median(own):7.1f} {(own >= THRESHOLD).sum():5d} {(own >= HIGHLIGHT).sum():5d}")


def print_order(numbers: npt.NDArray[np.float64], baseline: npt.NDArray[np.float64], groups: npt.NDArray[np.str_]) -> None:
    """How well the numbers order the papers, beside the baseline."""
    ours, theirs = (average_precision(scores, groups == "junction") for scores in (numbers, baseline))
    print(f"average precision of junction papers: {ours:.3f}; by words of the title: {theirs:.3f}; ratio {ours / theirs:.2f}")
    for name in NOISE:
        pair = (precedence(scores[groups == "junction"], scores[groups == name]) for scores in (numbers, baseline))
        print("a junction paper comes before one of {}: {:.3f} of pairs; by words of the title {:.3f}".format(name, *pair))


def print_depths(
    seeds: Sequence[ResolvedSeed], papers: Sequence[Article], groups: npt.NDArray[np.str_], background: Background
) -> None:
    """What another N would let through: papers of a group that reach the threshold / the highlight."""
    print(f"\nN      {'  '.join(f'{name:>18s}' for name in GROUPS)}")
    for depth in DEPTHS:
        fitted = model.fit(model.shown(seeds), background, depth=depth)
        numbers = np.array([one.value for one in fitted.score(papers)])
        reached = [[int((numbers[groups == name] >= least).sum()) for least in (THRESHOLD, HIGHLIGHT)] for name in GROUPS]
        print(f"{depth:5d}  " + "  ".join(f"{some:11d} / {fewer:4d}" for some, fewer in reached))


def print_bare(
    seeds: Sequence[ResolvedSeed], papers: Sequence[Article], groups: npt.NDArray[np.str_], background: Background
) -> None:
    """What becomes of the papers that have an abstract when it is taken away."""
    whole = np.array([bool(paper.abstract) for paper in papers])
    numbers = scored(seeds, [replace(paper, abstract="") for paper in papers], background)
    print("\nThe papers that have an abstract, read without it")
    print_counts(numbers[whole], groups[whole])
    print("and with it")
    print_counts(scored(seeds, papers, background)[whole], groups[whole])


def precedence(good: npt.NDArray[np.float64], bad: npt.NDArray[np.float64]) -> float:
    """The share of pairs in which the good one scores higher; a tie counts half (the area under the ROC curve)."""
    return float((good[:, None] > bad).mean() + (good[:, None] == bad).mean() / 2)


if __name__ == "__main__":
    main()
