"""Papers that several files, or several entries of one, name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from watcher.domain import Seed


def distinct(seeds: Iterable[Seed]) -> tuple[Seed, ...]:
    """Each paper once: of seeds that share a PMID, DOI or PMCID the first stays, and takes from the others what it lacks. A seed that
    shares one identifier with one paper and another with a second makes them one."""
    papers: dict[int, Seed] = {}
    places: dict[tuple[str, str], int] = {}
    for number, seed in enumerate(seeds):
        same = sorted({places[name] for name in _names(seed) if name in places})
        place = same[0] if same else number
        whole = papers.get(place, seed)
        for other in same[1:]:
            merged = papers.pop(other)
            for name in _names(merged):
                del places[name]
            whole = _completed(whole, merged)
        papers[place] = _completed(whole, seed)
        places |= dict.fromkeys(_names(papers[place]), place)
    return tuple(papers.values())


def _names(seed: Seed) -> Iterator[tuple[str, str]]:
    if seed.pmid is not None:
        yield "pmid", str(seed.pmid)
    if seed.doi is not None:
        yield "doi", seed.doi
    if seed.pmcid is not None:
        yield "pmcid", seed.pmcid


def _completed(one: Seed, other: Seed) -> Seed:
    if one is other:
        return one
    return replace(
        one,
        pmid=one.pmid or other.pmid,
        doi=one.doi or other.doi,
        pmcid=one.pmcid or other.pmcid,
        title=one.title or other.title,
        abstract=one.abstract or other.abstract,
        keywords=one.keywords or other.keywords,
        headings=one.headings or other.headings,
        notes=one.notes or other.notes,
        claimed_pmid=one.claimed_pmid or other.claimed_pmid,
    )
