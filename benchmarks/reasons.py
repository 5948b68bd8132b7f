"""Are the reasons true? Every shown term has to stand in its paper, and a paper without its shown terms has to score lower.

    python benchmarks/reasons.py DATA [--topics 8]

DATA is a folder of labelled sets (contest/sets.py). For the first topics of each set three random relevant papers are the seeds; all other
papers are scored with their reasons, and once more with every shown term cut out of title and abstract, wherever it stands.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from contest import ours
from contest.sets import BadSet, LabelledSet, drawn, paths_in, read

from watcher.domain import Article, Scored

SEEDS = 3


class Found(NamedTuple):
    """Papers that were looked at, those with a term that is not there, those that did not score lower without their terms."""

    papers: int
    untrue: int
    not_lower: int


def main() -> None:
    """One line for each set, and one for all of them."""
    options = argparse.ArgumentParser(description="Whether shown terms are there, and matter.")
    options.add_argument("data", type=Path, help="folder of labelled sets")
    options.add_argument("--topics", type=int, default=8, help="the first topics of each set")
    chosen = options.parse_args()
    every = []
    try:
        for path in paths_in(chosen.data):
            every += [told(path.stem, checked(read(path), chosen.topics))]
    except BadSet as fault:
        sys.exit(f"{fault}")
    told("all", every)


def told(name: str, found: list[Found]) -> Found:
    """Prints the sum and gives it."""
    total = Found(*np.sum(found, axis=0).tolist())
    print(
        f"{name:24s} {total.papers:6,} papers with a term; {total.untrue} not there; {total.not_lower} not lower without",
        flush=True,
    )
    return total


def checked(pool: LabelledSet, topics: int) -> list[Found]:
    """What was found for each topic that has enough papers."""
    able = [(topic, relevant) for topic, relevant in pool.topics.items() if relevant.sum() > SEEDS]
    return [looked_at(pool, topic) for topic, _ in able[:topics]]


def looked_at(pool: LabelledSet, topic: str) -> Found:
    """One ranking, all papers but its seeds."""
    seeds = drawn(topic, pool.topics[topic], SEEDS, 0)
    ranking = ours.built(ours.chosen(pool, seeds))
    others = [article for row, article in enumerate(pool.articles) if row not in set(seeds.tolist())]
    shown = [(article, scored) for article, scored in zip(others, ranking.score(others), strict=True) if scored.reasons.terms]
    values = ranking.values([without_terms(article, scored) for article, scored in shown])
    lower = [after < scored.value for (_, scored), after in zip(shown, values, strict=True)]
    return Found(len(shown), sum(any(absent(*one)) for one in shown), len(lower) - sum(lower))


def absent(article: Article, scored: Scored) -> Iterator[bool]:
    """For each term, whether neither title nor abstract has it as it is shown."""
    return (term.text not in article.title and term.text not in article.abstract for term in scored.reasons.terms)


def without_terms(article: Article, scored: Scored) -> Article:
    """The paper with its shown terms cut out, in capitals or not."""
    terms = sorted((term.text for term in scored.reasons.terms), key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(term)}(?!\w)" for term in terms), re.IGNORECASE)
    return replace(article, title=pattern.sub(" ", article.title), abstract=pattern.sub(" ", article.abstract))


if __name__ == "__main__":
    main()
