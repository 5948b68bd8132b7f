"""watcher's own ranking as a method, by its public functions: `rank.read` once for all papers, then `rank.build` and `Ranking.values_of`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from contest.kept import sha256_of
from contest.measures import Floats
from contest.methods import Known, Method, Score
from contest.sets import Ids, LabelledSet
from watcher import rank
from watcher.domain import Article, ResolvedSeed, Seed
from watcher.rank import Embed, Ranking
from watcher.rank.background import Features

ROOM = Path(rank.__file__).parent
BATCH = 5_000


def watcher(embed: Embed | None = None) -> Method:
    """The shipped ranking: by words alone, or with a dense part."""
    if embed is None:
        return Method("watcher", version(), partial(prepare, embed=None))
    return Method("watcher, dense", f"{version()} {embed.sha256}", partial(prepare, embed=embed))


def version() -> str:
    """Changes with this module, the room's code and its background."""
    return sha256_of(sorted([*ROOM.glob("*.py"), ROOM / "background.npz", Path(__file__)]))


def prepare(pool: LabelledSet, embed: Embed | None = None) -> Score:
    """Features of all papers once; then the numbers of `watcher.rank.build` for what is known."""
    read = features(pool.articles, embed)

    def score(known: Known) -> Floats:
        seeds, relevant, not_relevant = (chosen(pool, rows) for rows in (known.seeds, known.relevant, known.not_relevant))
        return numbers(built(seeds, relevant, not_relevant, embed), read)

    return score


def without_verdicts(method: Method) -> Method:
    """A method that is told the seeds alone: shows what the verdicts are worth."""

    def prepared(pool: LabelledSet) -> Score:
        score = method.prepare(pool)
        return lambda known: score(Known(known.seeds, stranger=known.stranger))

    return Method(f"{method.name}, no verdicts", method.version, prepared)


def chosen(pool: LabelledSet, rows: Ids) -> list[Article]:
    """The papers of some rows."""
    return [pool.articles[row] for row in rows.tolist()]


def as_seed(article: Article) -> ResolvedSeed:
    """A paper as the seed that PubMed would know."""
    return ResolvedSeed(Seed("", str(article.pmid), ""), article)


def features(articles: Sequence[Article], embed: Embed | None = None) -> list[Features]:
    """Everything that rankings read of papers, once for all of them, in batches."""
    background = rank.load_background()
    starts = range(0, len(articles), BATCH)
    return [rank.read(articles[start : start + BATCH], background=background, embed=embed) for start in starts]


def built(
    seeds: Sequence[Article],
    relevant: Sequence[Article] = (),
    not_relevant: Sequence[Article] = (),
    embed: Embed | None = None,
    own: Sequence[Article] = (),
) -> Ranking:
    """The ranking for seeds and verdicts. `own`: papers that stand for the watch's own, if it has any."""
    shown, background = [as_seed(article) for article in seeds], rank.load_background()
    snapshot = rank.snapshot_of(own) if own else None
    return rank.build(shown, background=background, relevant=relevant, not_relevant=not_relevant, embed=embed, snapshot=snapshot)


def numbers(ranking: Ranking, read: Sequence[Features]) -> Floats:
    """The 0-100 numbers of papers whose features were read."""
    return np.concatenate([ranking.values_of(batch) for batch in read])
