"""Seeds joined with their PubMed records, once.

    PMID -> EFetch; else DOI or PMCID -> ESearch, EFetch, the identifier must agree; else title -> ESearch, EFetch, the title must agree

What was resolved is remembered with the file's hash and never asked for again while the file stays the same. What was not found
stands on its own text, is said, and is looked for again after four weeks, since a paper may reach PubMed later than the lab.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapidfuzz import fuzz, utils

from watcher.domain import Article, Pmid, ResolvedSeed, Seed
from watcher.errors import PubMedError
from watcher.flows.source import Source
from watcher.store import ResolvedSeedRow, Store

LOOK_AGAIN_AFTER = timedelta(days=28)
SAME_TITLE = 95
"""rapidfuzz ratio of plain titles, 0 to 100, from which two titles are one."""
TITLE_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class _Found:
    seed: Seed
    by: str
    article: Article


def resolve(
    watch: str, seeds: Sequence[Seed], *, store: Store, source: Source | None, now: datetime, keep: bool = True
) -> tuple[tuple[ResolvedSeed, ...], tuple[str, ...]]:
    """Join each seed with its record.

    Args:
        watch: whose seeds they are.
        seeds: as the files give them.
        store: remembers what was resolved, and keeps the records.
        source: PubMed; None uses only what is remembered, and writes nothing.
        now: the present instant.
        keep: remember what was found.

    Returns:
        The seeds in their order, and one line for a failure of PubMed that left some unresolved for now.
    """
    rows = {(row.path, row.locator): row for row in store.seeds(watch)}
    known = _remembered(seeds, rows, store)
    open_ones = [seed for seed in seeds if _is_open(known.get(_key(seed)), now)]
    fresh: dict[tuple[str, str], ResolvedSeed] = {}
    warnings: tuple[str, ...] = ()
    if open_ones and source is not None:
        try:
            fresh = {_key(one.seed): one for one in look_up(open_ones, source)}
        except PubMedError as error:
            warnings = (f"{len(open_ones)} seeds could not be looked up and stand on their own text for now: {error}",)
    resolved = tuple(fresh.get(_key(seed)) or known.get(_key(seed), (_own_text(seed), now))[0] for seed in seeds)
    if keep and source is not None and (fresh or rows.keys() != known.keys()):
        store.save_articles((one.article for one in fresh.values() if one.article), now)
        settled = known.keys() | fresh.keys()
        store.save_seeds(watch, [one for one in resolved if _key(one.seed) in settled], now)
    return resolved, warnings


def _remembered(
    seeds: Sequence[Seed], rows: Mapping[tuple[str, str], ResolvedSeedRow], store: Store
) -> dict[tuple[str, str], tuple[ResolvedSeed, datetime]]:
    """What earlier runs found out about these seeds, by (path, locator), with when; a changed file is forgotten."""
    same = {_key(seed): (seed, rows[_key(seed)]) for seed in seeds if _same_file(seed, rows.get(_key(seed)))}
    articles = store.articles([row.pmid for _, row in same.values() if row.pmid and row.resolved_by])
    return {key: (_recalled(seed, row, articles), row.resolved_at) for key, (seed, row) in same.items()}


def look_up(seeds: Sequence[Seed], source: Source) -> tuple[ResolvedSeed, ...]:
    """Ask PubMed for the records of these seeds.

    Raises:
        PubMedError: PubMed failed; nothing was learnt.
    """
    candidates = {_key(seed): _candidates_by_id(seed, source) for seed in seeds}
    articles = _fetched((pmid for pmids in candidates.values() for pmid in pmids), source)
    found = {_key(seed): _by_id(seed, [articles[p] for p in candidates[_key(seed)] if p in articles]) for seed in seeds}
    for seed in seeds:
        if found[_key(seed)] is None and seed.title:
            found[_key(seed)] = _by_title(seed, source)
    return tuple(_told(seed, found[_key(seed)]) for seed in seeds)


def _candidates_by_id(seed: Seed, source: Source) -> tuple[Pmid, ...]:
    if seed.pmid:
        return (seed.pmid,)
    terms = [f'"{seed.doi}"[aid]'] if seed.doi else []
    terms += [seed.pmcid] if seed.pmcid else []
    return source.search(" OR ".join(terms), retmax=TITLE_CANDIDATES).pmids if terms else ()


def _by_id(seed: Seed, articles: Sequence[Article]) -> _Found | None:
    for article in articles:
        if seed.pmid and article.pmid == seed.pmid:
            return _Found(seed, "pmid", article)
        if seed.doi and article.doi and article.doi.lower() == seed.doi.lower():
            return _Found(seed, "doi", article)
        if seed.pmcid and article.pmcid == seed.pmcid:
            return _Found(seed, "pmcid", article)
    return None


def _by_title(seed: Seed, source: Source) -> _Found | None:
    words = re.sub(r"[^\w\s-]", " ", seed.title).split()
    if len(words) < 3:
        return None
    pmids = source.search(f"{' '.join(words)}[ti]", retmax=TITLE_CANDIDATES).pmids
    same = [one for one in _fetched(pmids, source).values() if _same_title(one.title, seed.title)]
    return _Found(seed, "title", same[0]) if len(same) == 1 else None


def _same_title(one: str, other: str) -> bool:
    return fuzz.ratio(one, other, processor=utils.default_process) >= SAME_TITLE


def _fetched(pmids: Iterable[Pmid], source: Source) -> dict[Pmid, Article]:
    wanted = list(dict.fromkeys(pmids))
    return {article.pmid: article for article in source.fetch(wanted).articles} if wanted else {}


def _told(seed: Seed, found: _Found | None) -> ResolvedSeed:
    if found is not None:
        return ResolvedSeed(seed, found.article, found.by)
    asked = [f"PMID {seed.pmid}"] if seed.pmid else [seed.doi or "", seed.pmcid or ""]
    named = ", ".join(part for part in [*asked, "its title" if seed.title else ""] if part) or "nothing to ask by"
    return ResolvedSeed(seed, None, None, f"PubMed has no record for {named}: its own text is used")


def _own_text(seed: Seed) -> ResolvedSeed:
    return ResolvedSeed(seed, None, None, "not looked up yet: its own text is used")


def _recalled(seed: Seed, row: ResolvedSeedRow, articles: dict[Pmid, Article]) -> ResolvedSeed:
    article = articles.get(row.pmid) if row.pmid and row.resolved_by else None
    return ResolvedSeed(seed, article, row.resolved_by if article else None, row.problem)


def _is_open(known: tuple[ResolvedSeed, datetime] | None, now: datetime) -> bool:
    if known is None:
        return True
    return known[0].article is None and now - known[1] >= LOOK_AGAIN_AFTER


def _same_file(seed: Seed, row: ResolvedSeedRow | None) -> bool:
    return row is not None and row.file_sha256 == seed.file_sha256


def _key(seed: Seed) -> tuple[str, str]:
    return seed.path, seed.locator
