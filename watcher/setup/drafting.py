"""From a few papers to a first query: what they have in common, written for PubMed, counted there, narrowed or widened until it brings
a number of papers that a lab can read.

    resolved seeds -> clauses (rank) -> query (pubmed) -> count -> again with more or less room -> Proposal

Where PubMed is out of reach the number is an estimate from the ranking's background, and is said to be one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from watcher.domain import Clause, ResolvedSeed
from watcher.errors import ConfigurationError, Problem
from watcher.flows.ports import Source
from watcher.pubmed import drafted, query
from watcher.pubmed.growth import PER_WEEK
from watcher.rank.common_ground import Ground, common_ground, holders
from watcher.rank.rarity import Rarity

MOST, LEAST = 300, 5
"""Papers a week that a drafted query should bring."""
WEEKS = 4
"""So many are counted."""
ROUNDS = 4
"""How often a query is drafted anew since PubMed counts otherwise than the background."""
LEAST_ROOM = 1e-6
"""The share of general papers below which the background cannot tell."""
ENOUGH_TO_LEAVE_OUT, MOST_LEFT_OUT = 3, 12
"""Of two seeds, one left out says nothing; beyond a dozen, trying takes long and tells no more (decision 0049)."""

_Text = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DraftedQuery:
    """A drafted query. `holds`: of each line, how many seeds hold it; `finds`: how many of `seeds` the query finds, as PubMed says or as
    their texts do; `kept`: of how many seeds, each left out in turn, a query drafted from the others finds it by its words (None: too
    few to tell); `groups`: how many seeds stand in each group that shares no line with another. `is_counted`: PubMed was asked for
    `per_week`; `estimate` is the background's."""

    query: str
    lines: tuple[str, ...]
    holds: tuple[int, ...]
    seeds: int
    finds: int
    per_week: float
    is_counted: bool
    matched: int | None = None
    kept: tuple[int, int] | None = None
    groups: tuple[int, ...] = ()
    title: str = ""
    estimate: float = 0.0


def propose(
    seeds: Sequence[ResolvedSeed],
    rarity: Rarity,
    *,
    source: Source | None,
    today: date,
    say: Callable[[str], None] = lambda _line: None,
) -> DraftedQuery:
    """Draft a query.

    Args:
        seeds: as they were resolved; those without any text add nothing.
        rarity: how often general papers say a phrase.
        source: PubMed; None estimates.
        today: NCBI's day.
        say: hears what is going on.

    Raises:
        ConfigurationError: no seed has a text, or they say nothing that a query could be made of.
        PubMedError: PubMed was asked and failed.
    """
    texts, headings = [_texts(one) for one in seeds], [_headings(one) for one in seeds]
    if not any(any(each) for each in texts):
        fix = "add one file with titles and abstracts (a PubMed, RIS or BibTeX export), or write the query yourself: --query"
        raise ConfigurationError(Problem("no title or abstract is known of any seed, so no query can be drafted", fix))
    room = MOST / PER_WEEK
    best = _drafted(texts, headings, rarity, room)
    if source is not None:
        best = _fitted(best, lambda share: _drafted(texts, headings, rarity, share), room, source, today, say)
        best = replace(best, finds=_found_at(source, best, seeds), matched=source.search(best.query, retmax=0).facts.count)
    say("leaving each seed out in turn")
    return replace(best, kept=_kept(texts, headings, rarity, room))


def _texts(seed: ResolvedSeed) -> _Text:
    """Title, abstract and keywords, of the record if there is one."""
    article, own = seed.article, seed.seed
    if article is None:
        return (own.title, own.abstract or own.notes, *own.keywords)
    return (article.title, article.abstract or own.abstract, *article.keywords)


def _headings(seed: ResolvedSeed) -> dict[str, bool]:
    if seed.article is not None:
        return {one.name: one.is_major for one in seed.article.headings}
    return {name.split("/")[0].strip("* "): "*" in name for name in seed.seed.headings}


def _drafted(texts: Sequence[_Text], headings: Sequence[dict[str, bool]], rarity: Rarity, share: float) -> DraftedQuery:
    ground = common_ground(texts, rarity, most=share, headings=headings)
    if not ground.clauses:
        fix = "add papers with abstracts, or write the query yourself: --query"
        raise ConfigurationError(Problem("the seeds say nothing that most other papers do not say, too", fix))
    return _proposal(ground, len(texts))


def _proposal(ground: Ground, seeds: int) -> DraftedQuery:
    lines = drafted.lines(ground.clauses)
    return DraftedQuery(
        query=drafted.query(lines),
        lines=lines,
        holds=tuple(len(one.seeds) for one in ground.clauses),
        seeds=seeds,
        finds=len(frozenset().union(*(one.seeds for one in ground.clauses))),
        per_week=ground.share * PER_WEEK,
        estimate=ground.share * PER_WEEK,
        is_counted=False,
        groups=_groups(ground.clauses, seeds),
        title=_title(ground.clauses[0]),
    )


def _title(clause: Clause) -> str:
    text = clause.heading or clause.phrases[0].forms[0]
    return text[:1].upper() + text[1:]


def _groups(clauses: Sequence[Clause], count: int) -> tuple[int, ...]:
    """The sizes of the groups of two or more seeds that no line joins with another."""
    of = list(range(count))
    for clause in clauses:
        joined = {of[seed] for seed in clause.seeds}
        of = [min(joined) if group in joined else group for group in of]
    sizes = sorted((of.count(group) for group in set(of)), reverse=True)
    return tuple(size for size in sizes if size > 1)


# --- counted at PubMed ---------------------------------------------------------------------------------------------------------


def _fitted(
    first: DraftedQuery,
    draft: Callable[[float], DraftedQuery],
    room: float,
    source: Source,
    today: date,
    say: Callable[[str], None],
) -> DraftedQuery:
    """The draft that brings a number of papers between the bounds, else the one that comes nearest to them."""
    counted = [_counted(first, source, today, say)]
    for _ in range(ROUNDS - 1):
        last = counted[-1]
        if LEAST <= last.per_week <= MOST:
            break
        if last.per_week > MOST:  # PubMed has more of these words than the background, which so measures the room too large
            room = max(0.7 * min(room, last.estimate / PER_WEEK) * MOST / last.per_week, LEAST_ROOM)
        else:
            room *= 4
        try:
            following = draft(room)
        except ConfigurationError:  # nothing is rare enough
            break
        if following.query != last.query:
            counted.append(_counted(following, source, today, say))
    return min(counted, key=lambda one: (_beyond(one.per_week), -one.per_week))


def _beyond(per_week: float) -> float:
    """How far outside the bounds, as a ratio."""
    return max(per_week / MOST, LEAST / max(per_week, 0.1), 1.0)


def _counted(one: DraftedQuery, source: Source, today: date, say: Callable[[str], None]) -> DraftedQuery:
    say("counting what a drafted query brings")
    return replace(one, per_week=per_week(one.query, source, today), is_counted=True)


def per_week(term: str, source: Source, today: date) -> float:
    """How many records a week a query has matched in the last weeks. Raises PubMedError."""
    last = today - timedelta(days=1)
    dated = query.created_between(query.normalise(term), last - timedelta(weeks=WEEKS) + timedelta(days=1), last)
    return source.search(dated, retmax=0).facts.count / WEEKS


def found_at(term: str, source: Source, seeds: Sequence[ResolvedSeed]) -> int:
    """How many of the seeds that have a record the query finds. Raises PubMedError."""
    record_ids = sorted({one.article.record_id for one in seeds if one.article})
    if not record_ids:
        return 0
    numbers = " OR ".join(f"{record_id}[uid]" for record_id in record_ids)
    found = frozenset(source.search(f"({query.normalise(term)}) AND ({numbers})", retmax=len(record_ids)).record_ids)
    return sum(one.article is not None and one.article.record_id in found for one in seeds)


def _found_at(source: Source, one: DraftedQuery, seeds: Sequence[ResolvedSeed]) -> int:
    return found_at(one.query, source, seeds)


# --- one left out ----------------------------------------------------------------------------------------------------------------


def _kept(texts: Sequence[_Text], headings: Sequence[dict[str, bool]], rarity: Rarity, share: float) -> tuple[int, int] | None:
    """Of how many seeds, each left out in turn, a query from the others would find it by its words; and of how many this was tried."""
    known = [place for place, each in enumerate(texts) if any(each)][:MOST_LEFT_OUT]
    if len(known) < ENOUGH_TO_LEAVE_OUT:
        return None
    kept = 0
    for place in known:
        others = [other for other in range(len(texts)) if other != place]
        ground = common_ground(
            [texts[other] for other in others], rarity, most=share, headings=[headings[other] for other in others]
        )
        kept += bool(holders(ground.clauses, [texts[place]]))
    return kept, len(known)
