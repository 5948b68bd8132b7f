"""A world's papers as records of the local PubMed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from simulation.world import TOPICS, Paper, World
from watcher.demo.corpus import Planted
from watcher.demo.papers import paper as record


def planted(world: World) -> Iterator[Planted]:
    """Every paper with its changes."""
    for paper in world.papers:
        yield _planted(paper)


def also_indexed() -> tuple[str, ...]:
    """What the queries ask for, whether or not a record holds it on a day."""
    return tuple(text for topic in TOPICS.values() for text in topic)


def _planted(paper: Paper) -> Planted:
    days = sorted({day for day, _ in paper.headings} | ({paper.retracted} if paper.retracted else set()))
    changes = tuple((day, _record(paper, day)) for day in days)
    first = _record(paper, paper.appears)
    return Planted(first, paper.appears, changes, paper.vanishes, paper.fetchable)


def _record(paper: Paper, on: date) -> bytes:
    headings = [name for day, name in paper.headings if day <= on]
    retracted = paper.retracted is not None and paper.retracted <= on
    changed = on if on > paper.appears else paper.created
    return record(
        paper.pmid,
        title=_title(paper),
        abstract="Mice were studied at several ages." if paper.pmid % 3 else "",
        created=paper.created,
        entered=paper.entered,
        mesh_on=changed if headings else None,
        mesh=[heading for name, (_, heading) in TOPICS.items() if name in headings],
        revised=changed,
        published=f"{paper.created:%Y %b}",
        types=_types(paper, retracted=retracted),
        relations=[("UpdateOf", paper.update_of, "bioRxiv.")] if paper.update_of else (),
        journal="bioRxiv" if paper.preprint else "J Sample Res",
    )


def _title(paper: Paper) -> str:
    words = [word for name, (word, _) in TOPICS.items() if name in paper.topics]
    return f"Sample {paper.pmid}: {' and '.join(words) or 'cortical maps'} in mice"


def _types(paper: Paper, *, retracted: bool) -> list[str]:
    kinds: Iterable[str] = ["Preprint" if paper.preprint else "Journal Article"]
    return [*kinds, *(["Retracted Publication"] if retracted else [])]
