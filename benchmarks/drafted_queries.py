"""How well a query that is drafted from a few papers finds the others, beside simpler ways of drafting one.

    python benchmarks/drafted_queries.py DATA GENERAL [--set NAME …] [--draws 3] [--every 4]

DATA is a folder of labelled sets (contest/sets.py says what is in one), GENERAL one of PubMed's update files. For each topic 5 and 10 random
relevant papers are the seeds. Measured is the share of the other relevant papers that the query finds, the share of the seeds themselves, of
all papers of the set, and, by every --every'th record of GENERAL, how many papers a week it would bring from all of PubMed. What is searched
are titles and abstracts, as new records have no headings; the seeds have theirs where the set tells them.

The judge is the local PubMed's search (standins.eutils.search), which shares no code with the drafting.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import islice, pairwise
from math import log
from pathlib import Path

from contest.sets import LabelledSet, drawn, paths_in, read

from standins.eutils.corpus import Corpus
from standins.eutils.papers import paper
from standins.eutils.search import Engine
from watcher.domain import Article, Clause, Phrase
from watcher.pubmed import drafted
from watcher.pubmed.growth import PER_WEEK
from watcher.pubmed.parse import articles
from watcher.rank import load_background
from watcher.rank.common_ground import MOST_CLAUSES, common_ground
from watcher.rank.rarity import Rarity
from watcher.rank.words import CHECK_TAGS, STOP_WORDS
from watcher.setup.drafting import MOST

SEEDS = (5, 10)
DAY = date(2026, 9, 1)
TERMS = 10
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{2,}")

Draft = Callable[[Sequence[Article]], str]


@dataclass(frozen=True)
class Measured:
    """One query: shares of the other relevant papers, of the seeds and of the set, and papers a week."""

    recall: float
    own: float
    of_set: float
    per_week: float


def main() -> None:
    """Measure and print a table."""
    options = argparse.ArgumentParser(description="Queries drafted from a few papers.")
    options.add_argument("data", type=Path, help="folder of labelled sets")
    options.add_argument("general", type=Path, help="one of PubMed's update files")
    options.add_argument("--set", action="append", default=[], metavar="NAME", dest="sets", help="this one of them alone")
    options.add_argument("--draws", type=int, default=3, help="draws of seeds for each topic and number of seeds")
    options.add_argument("--every", type=int, default=4, help="so much of GENERAL is searched")
    chosen = options.parse_args()
    general = engine(list(islice(articles(chosen.general), 0, None, chosen.every)))
    found: defaultdict[tuple[str, int], list[tuple[str, Measured]]] = defaultdict(list)
    for path in paths_in(chosen.data, chosen.sets):
        pool = read(path, headings=True)
        for name, k, value in trials(pool, general, chosen.draws):
            found[name, k].append((pool.name, value))
        print(f"{pool.name} done", file=sys.stderr, flush=True)
    table(found)


@cache
def drafts() -> dict[str, Draft]:
    """Ours last."""
    rarity = Rarity(load_background())
    return {
        "all headings, as words": all_headings,
        f"{TERMS} best TF-IDF terms": lambda seeds: by_weight(seeds, rarity, TERMS, 1.0),
        f"TF-IDF terms up to {MOST} a week": lambda seeds: by_weight(seeds, rarity, MOST_CLAUSES, MOST / PER_WEEK),
        "watcher": lambda seeds: ours(seeds, rarity),
    }


def ours(seeds: Sequence[Article], rarity: Rarity) -> str:
    """As `watcher init` drafts it where PubMed is out of reach."""
    headings = [{one.name: one.is_major for one in seed.headings} for seed in seeds]
    ground = common_ground([(one.title, one.abstract) for one in seeds], rarity, most=MOST / PER_WEEK, headings=headings)
    return drafted.query(drafted.lines(ground.clauses))


def all_headings(seeds: Sequence[Article]) -> str:
    """The words of every heading of every seed."""
    names = sorted({one.name for seed in seeds for one in seed.headings if one.name.lower() not in CHECK_TAGS})
    return " OR ".join(f'"{" ".join(re.findall("[A-Za-z0-9]+", name))}"[tiab]' for name in names)


def by_weight(seeds: Sequence[Article], rarity: Rarity, most_terms: int, most: float) -> str:
    """The words and pairs of words that weigh most: seeds that hold it × idf; as long as they are rare enough together."""
    held = Counter(term for seed in seeds for term in set(terms(f"{seed.title}. {seed.abstract}")))
    weights = {term: count * log(1 / max(rarity.share(term), 1e-6)) for term, count in held.items()}
    chosen: list[tuple[str, ...]] = []
    papers = 0
    for term in sorted(weights, key=lambda one: (-weights[one], one)):
        if len(chosen) == most_terms:
            break
        holding = papers | (rarity.holding(term) or 0)
        if holding.bit_count() <= most * rarity.papers:
            chosen.append(term)
            papers = holding
    return drafted.query(drafted.lines([Clause((Phrase(term, (" ".join(term),)),), frozenset()) for term in chosen]))


def terms(text: str) -> Iterator[tuple[str, ...]]:
    """Words, and neighbours, other than stop words."""
    for part in re.split(r"[.,;:()\[\]]", text.lower()):
        words = _WORD.findall(part)
        yield from ((word,) for word in words if word not in STOP_WORDS)
        yield from (pair for pair in pairwise(words) if not STOP_WORDS & set(pair))


def trials(pool: LabelledSet, general: Engine, draws: int) -> Iterator[tuple[str, int, Measured]]:
    """Every way of drafting, on every draw."""
    judge, ways = engine(pool.articles), drafts()
    for topic, relevant in pool.topics.items():
        for k in SEEDS:
            if relevant.sum() < k + 4:
                continue
            for draw in range(draws):
                rows = set(drawn(topic, relevant, k, draw).tolist())
                others = {row for row, is_relevant in enumerate(relevant) if is_relevant} - rows
                for name, draft in ways.items():
                    query = draft([pool.articles[row] for row in sorted(rows)])
                    yield name, k, measured(query, judge, general, rows, others)


def measured(query: str, judge: Engine, general: Engine, seeds: set[int], others: set[int]) -> Measured:
    """What a query finds. An empty one finds nothing."""
    hits = {pmid - 1 for pmid in judge.search(query, DAY).pmids} if query else set()
    brought = len(general.search(query, DAY).pmids) if query else 0
    papers, of_general = len(judge.corpus.editions), len(general.corpus.editions)
    return Measured(
        recall=len(hits & others) / len(others),
        own=len(hits & seeds) / len(seeds),
        of_set=len(hits) / papers,
        per_week=brought / of_general * PER_WEEK,
    )


def engine(found: Sequence[Article]) -> Engine:
    """A local PubMed of these papers' titles and abstracts, numbered from 1."""
    records = (
        paper(number, title=_clean(one.title) or "-", abstract=_clean(one.abstract), created="2026-01-01")
        for number, one in enumerate(found, 1)
    )
    return Engine(Corpus.of(records))


def _clean(text: str) -> str:
    """Without what XML does not allow."""
    return re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", " ", text)


def table(found: dict[tuple[str, int], list[tuple[str, Measured]]]) -> None:
    """Means over draws, then topics of a set, then sets."""
    print("| seeds | drafted by | finds of the others | of the seeds | of the set | papers a week |")
    print("|---|---|---|---|---|---|")
    for (name, k), values in sorted(found.items(), key=lambda pair: pair[0][1]):
        means = [mean(values, key) for key in ("recall", "own", "of_set", "per_week")]
        print(f"| {k} | {name} | {means[0]:.3f} | {means[1]:.3f} | {means[2]:.3f} | {means[3]:,.0f} |")


def mean(values: Sequence[tuple[str, Measured]], key: str) -> float:
    """The mean of the sets' means."""
    of: defaultdict[str, list[float]] = defaultdict(list)
    for name, value in values:
        of[name].append(getattr(value, key))
    return sum(sum(one) / len(one) for one in of.values()) / len(of)


if __name__ == "__main__":
    main()
