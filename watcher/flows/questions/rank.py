"""The present order of a watch's papers, what is behind it, and what another threshold or other seeds would change.

Everything is scored anew under the ranking of the moment, and nothing is kept: looking changes neither scores nor digests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from watcher import clock
from watcher.domain import Article, Breakdown, RankingFacts, RecordId, ResolvedSeed, Seed, VerdictKind, Watch, as_document
from watcher.errors import Problem, UnknownNameError
from watcher.flows.compose.highlight import SPAN, yardstick
from watcher.flows.ports import Ranks, Source
from watcher.flows.scoring.left_out import left_out
from watcher.flows.scoring.unranked import ranking_or_not
from watcher.flows.scoring.verdicts import Lessons, agreed, lessons
from watcher.flows.search.agreement import Held, agreement
from watcher.flows.search.seeds import held_against_corrections, look_up, resolve
from watcher.rank.calibration import Calibration, Counted, calibrate
from watcher.rank.comparison import Comparison, compare
from watcher.store import History, PaperFacts, Store

LATELY = timedelta(days=28)
"""How far back the order goes unless told otherwise: as far as papers may be reconsidered."""

CALIBRATED = timedelta(weeks=12)
"""How far back thresholds are tried: over a quarter of a year, full and empty weeks even out."""

MOVERS = 10
"""So many of the papers that moved most are told."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One paper in the order. `state` is what a list decided about it, else where its hit stands; `verdict` is the readers' word."""

    place: int
    article: Article
    value: float
    state: str
    verdict: VerdictKind | None


@dataclass(frozen=True, slots=True)
class Order:
    """The papers of a watch, best first. `since` is the day they are counted from, None for all; `unranked` says why they are not
    ranked, "" when they are. `lessons` counts the marked papers that the ranking learns from."""

    watch: Watch
    ranking: RankingFacts
    since: date | None
    unranked: str | None
    learnt: tuple[int, int]
    standings: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Behind:
    """What is behind one paper's number for one watch; `unranked` as in `Order`. `retracted` are the seeds that the ranking goes without.
    Of a hundred papers that the watch brought in the last twelve weeks, `nearer` are farther from the seeds; `brought` is how many there
    were, and `nearer` None where that was too few."""

    watch: Watch
    article: Article
    breakdown: Breakdown
    unranked: str | None
    retracted: tuple[str, ...] = ()
    nearer: int | None = None
    brought: int = 0


@dataclass(frozen=True, slots=True)
class Against:
    """A watch's papers under its own seeds and under others; `warnings` are about the others."""

    watch: Watch
    since: date | None
    seeds: int
    others: int
    comparison: Comparison
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The thresholds of a watch. `left_out` counts marked papers that have no text, are seeds, or leave nothing else to rank by."""

    watch: Watch
    calibration: Calibration
    left_out: int
    unranked: str | None


@dataclass(frozen=True, slots=True)
class Orderer:
    """Looks at watches. `seeds` gives a watch's resolved seeds without asking PubMed; `rank_by` builds a ranking of seeds and marked
    papers; `say` hears what takes time."""

    store: Store
    seeds: Callable[[Watch], Sequence[ResolvedSeed]]
    rank_by: Callable[[Sequence[ResolvedSeed], Lessons], Ranks]
    say: Callable[[str], None] = field(default=lambda _line: None)

    def order(self, watch: Watch, since: datetime | None, *, without: Collection[int] = ()) -> Order:
        """The papers that became news since then or that a list has still to judge, best first; None: every stored paper. `without`: as if
        these verdicts had not been given."""
        papers = self.store.papers(watch.name, since=since)
        learnt = lessons(self.store, watch.name, without=without)
        ranking, unranked = self._ranking(watch, learnt)
        values = ranking.values([one.article for one in papers])
        said = agreed(self.store.verdicts(watch.name))
        best = sorted(zip(papers, values, strict=True), key=lambda pair: (-pair[1], -pair[0].article.record_id.id))
        standings = (
            Placed(place, one.article, value, _state(one), said.get(one.article.record_id))
            for place, (one, value) in enumerate(best, 1)
        )
        counts = (len(learnt.relevant), len(learnt.not_relevant))
        return Order(watch, ranking.facts, since.date() if since else None, unranked, counts, tuple(standings))

    def behind(self, record_id: RecordId, watches: Sequence[Watch]) -> tuple[Behind, ...]:
        """What is behind a paper's number, for those of the watches that have seen it; for all of them when none has.

        Raises:
            UnknownNameError: its text is not stored.
        """
        history = self.store.explain(record_id)
        article = history.article
        if article is None:
            raise _no_text(history)
        seen = {hit.watch for hit in history.hits}
        wanted = [watch for watch in watches if watch.name in seen] or watches
        rankings = ((watch, *self._ranking(watch, lessons(self.store, watch.name))) for watch in wanted)
        return tuple(self._behind(watch, article, ranking, unranked) for watch, ranking, unranked in rankings)

    def _behind(self, watch: Watch, article: Article, ranking: Ranks, unranked: str | None) -> Behind:
        breakdown, now = ranking.breakdown(article), clock.now()
        brought = self.store.brought(watch.name, ranking.facts.sha256, now - SPAN, now)
        nearer = yardstick(watch, brought, is_ranked=unranked is None)[0].nearer(breakdown.value)
        return Behind(watch, article, breakdown, unranked, self._retracted(watch), nearer, len(brought))

    def _retracted(self, watch: Watch) -> tuple[str, ...]:
        return tuple(one.seed.label for one in self.seeds(watch) if one.retracted)

    def against(self, watch: Watch, others: Sequence[ResolvedSeed], since: datetime | None) -> Against:
        """The watch's papers by its seeds, and by others; its verdicts count for both.

        Raises:
            ConfigurationError: one of the two seed sets has no text to rank by.
        """
        papers = [one.article for one in self.store.papers(watch.name, since=since)]
        learnt, seeds = lessons(self.store, watch.name), self.seeds(watch)
        before, after = (self.rank_by(given, learnt).values(papers) for given in (seeds, others))
        told = [(one.record_id, one.display_title) for one in papers]
        comparison = compare(told, before, after, threshold=watch.threshold, movers=MOVERS)
        bare = [one for one in others if one.article is None]
        warnings = [f"seed {one.seed.label}: {one.problem}" for one in bare]
        return Against(watch, since.date() if since else None, len(seeds), len(others), comparison, tuple(warnings))

    def calibrate(self, watch: Watch, now: datetime, per_week: float | None = None) -> Calibrated:
        """What each threshold would have let through in the last twelve weeks, or since the watch has news; of several records of one
        work the best counts, and none that is retracted or of an excluded type.

        Args:
            watch: whose papers.
            now: the present instant.
            per_week: how many papers a week are wanted; None: what verdicts say, else no more than `start.papers`.
        """
        until, start = clock.ncbi_day(now), now - CALIBRATED
        since = max(clock.ncbi_day(start), self.store.read_since(watch.name) or until)
        learnt, seeds = lessons(self.store, watch.name), self.seeds(watch)
        ranking, unranked = self._ranking(watch, learnt)
        papers = [one for one in self.store.papers(watch.name, since=start) if _counts(one, watch, start)]
        values = ranking.values([one.article for one in papers])
        counted = _best_of_works(papers, values, since, until)
        labelled = tuple(left_out(self.store, seeds, learnt, self.rank_by, self.say))
        found = calibrate(
            counted,
            labelled,
            since=since,
            until=until,
            present=watch.threshold,
            per_week=per_week,
            usual=watch.start.papers,
        )
        marked = sum(kind is not None for kind in agreed(self.store.verdicts(watch.name)).values())
        return Calibrated(watch, found, marked - len(labelled), unranked)

    def _ranking(self, watch: Watch, learnt: Lessons) -> tuple[Ranks, str | None]:
        return ranking_or_not(lambda _watch, seeds: self.rank_by(seeds, learnt), self.seeds(watch), watch)


def joined(
    seeds: Sequence[Seed], watches: Iterable[str], *, store: Store, source: Source | None, now: datetime
) -> tuple[ResolvedSeed, ...]:
    """Seeds that no watch has, joined with the records that are stored: as some watch's runs found them, or by their PMID.

    Args:
        seeds: as their files give them.
        watches: whose resolved seeds are looked through.
        store: the database; nothing is written.
        source: PubMed, which is asked for what is not stored; None: it is not asked.
        now: the present instant.

    Raises:
        PubMedError: it was asked, and failed.
    """
    found = dict(enumerate(_recorded(seeds, store)))
    for name in watches:
        for place, one in enumerate(resolve(name, seeds, store=store, source=None, now=now)[0]):
            if one.article and not found[place].article:
                found[place] = one
    bare = [place for place, one in found.items() if one.article is None]
    if source is not None and bare:
        found |= zip(bare, look_up([seeds[place] for place in bare], source), strict=True)
    return held_against_corrections(tuple(found.values()), store)


def _recorded(seeds: Sequence[Seed], store: Store) -> Iterator[ResolvedSeed]:
    articles = store.articles([seed.record_id for seed in seeds if seed.record_id])
    for seed in seeds:
        article = articles.get(seed.record_id) if seed.record_id else None
        if article and agreement(seed, article, "pmid").held is Held.OTHER:
            article = None
        bare = "not looked up (--resolve does it): its own text is used"
        yield ResolvedSeed(seed, article, "pmid" if article else None, None if article else bare)


def _state(paper: PaperFacts) -> str:
    return (paper.outcome or paper.state).value


def _counts(paper: PaperFacts, watch: Watch, since: datetime) -> bool:
    """Whether a threshold decides about it."""
    is_news = paper.news_at is not None and paper.news_at >= since
    return is_news and paper.article.stands and not set(watch.exclude_types) & set(paper.article.publication_types)


def _best_of_works(papers: Sequence[PaperFacts], values: Sequence[float], since: date, until: date) -> tuple[Counted, ...]:
    """One entry for each work: its record with the highest number, on the day on which it was created, or, where that is before the
    span, on which it became news."""
    best: dict[int, Counted] = {}
    for paper, value in zip(papers, values, strict=True):
        article = paper.article
        came = clock.ncbi_day(paper.news_at) if paper.news_at else until
        day = article.crdt if article.crdt and article.crdt >= since else came
        one = Counted(value, min(day, until), article.record_id, article.display_title)
        if paper.work_id not in best or best[paper.work_id].value < value:
            best[paper.work_id] = one
    return tuple(best.values())


def _no_text(history: History) -> UnknownNameError:
    record_id = history.record_id
    if history.forgotten_at:
        return UnknownNameError(
            Problem(f"the text of {record_id.label} was dropped when it was old", f"`watcher explain {record_id}` tells more")
        )
    if history.hits:
        return UnknownNameError(
            Problem(
                f"the text of {record_id.label} is not stored", f"`watcher mark {record_id} relevant` makes the next run fetch it"
            )
        )
    return UnknownNameError(
        Problem(f"{record_id.label} is not stored: no watch has seen it", f"`watcher explain {record_id}` tells more")
    )


# --- as JSON ---------------------------------------------------------------------------------------------------------------------


def orders_document(found: Sequence[Order], top: int) -> dict[str, Any]:
    """Orders in JSON, the best `top` papers of each."""
    return {"watches": [_order_document(one, top) for one in found]}


def _order_document(order: Order, top: int) -> dict[str, Any]:
    return {
        "watch": order.watch.name,
        "ranking": order.ranking.sha256,
        "threshold": order.watch.threshold,
        "highlight": "auto" if order.watch.highlight is None else order.watch.highlight,
        "since": order.since.isoformat() if order.since else None,
        "unranked": order.unranked or None,
        "relevant": order.learnt[0],
        "not_relevant": order.learnt[1],
        "papers_in_all": len(order.standings),
        "papers": [
            {
                "place": one.place,
                "pmid": one.article.record_id.plain,
                "score": one.value,
                "created": one.article.crdt.isoformat() if one.article.crdt else None,
                "state": one.state,
                "verdict": one.verdict,
                "title": one.article.display_title,
            }
            for one in order.standings[:top]
        ],
    }


def behind_document(found: Sequence[Behind]) -> dict[str, Any]:
    """What is behind a number in JSON."""
    return {"watches": [_behind_document(one) for one in found]}


def _behind_document(one: Behind) -> dict[str, Any]:
    told = {"unranked": one.unranked or None, "retracted_seeds": list(one.retracted), "nearer": one.nearer, "brought": one.brought}
    return {"watch": one.watch.name, "pmid": one.article.record_id.plain, **told, **as_document(one.breakdown)}


def against_document(found: Sequence[Against]) -> dict[str, Any]:
    """What other seeds would change in JSON."""
    return {"watches": [_against_document(one) for one in found]}


def _against_document(one: Against) -> dict[str, Any]:
    counts = {"watch": one.watch.name, "since": one.since.isoformat() if one.since else None, "threshold": one.watch.threshold}
    return {**counts, "seeds": one.seeds, "others": one.others, "warnings": one.warnings, **as_document(one.comparison)}


def calibrated_document(found: Sequence[Calibrated]) -> dict[str, Any]:
    """What each threshold would have let through in JSON."""
    return {"watches": [_calibrated_document(one) for one in found]}


def _calibrated_document(one: Calibrated) -> dict[str, Any]:
    return {"watch": one.watch.name, "unranked": one.unranked or None, "left_out": one.left_out, **as_document(one.calibration)}
