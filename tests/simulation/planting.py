"""A world's papers as records of the local PubMed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from simulation.world import TOPICS, Paper, World
from standins.eutils.corpus import Planted
from standins.eutils.papers import paper as record


def planted(world: World) -> Iterator[Planted]:
    """Every paper with its changes, and the notices in which journals tell of these."""
    for paper in world.papers:
        yield _planted(paper)
        yield from (_notice(paper, told) for told in _told(paper))


def also_indexed() -> tuple[str, ...]:
    """What the queries ask for, whether or not a record holds it on a day."""
    return tuple(text for topic in TOPICS.values() for text in topic)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a journal says of a paper: from which day on, by PubMed's links from the paper and from the notice, and the notice."""

    day: date
    link: str
    back: str
    kind: str
    pmid: int

    @property
    def citation(self) -> str:
        """Where the notice stands."""
        return f"J Sample Res. {self.day:%Y %b};1:{self.pmid}"


def _told(paper: Paper) -> Iterator[_Told]:
    if paper.amended:
        yield _Told(paper.amended, "ErratumIn", "ErratumFor", "Published Erratum", paper.pmid + 20_000_000)
    if paper.doubted:
        kinds = ("ExpressionOfConcernIn", "ExpressionOfConcernFor", "Expression of Concern")
        yield _Told(paper.doubted, *kinds, paper.pmid + 30_000_000)


def _notice(paper: Paper, told: _Told) -> Planted:
    link = (told.back, paper.pmid, "J Sample Res.")
    return Planted(record(told.pmid, title="To our readers", created=told.day, types=[told.kind], relations=[link]), told.day)


def _planted(paper: Paper) -> Planted:
    days = sorted({day for day, _ in paper.headings} | set(filter(None, (paper.retracted, paper.amended, paper.doubted))))
    changes = tuple((day, _record(paper, day)) for day in days)
    first = _record(paper, paper.appears)
    return Planted(first, paper.appears, changes, paper.vanishes, paper.fetchable)


def _record(paper: Paper, on: date) -> bytes:
    headings = [name for day, name in paper.headings if day <= on]
    retracted = paper.retracted is not None and paper.retracted <= on
    changed = on if on > paper.appears else paper.created
    relations: list[tuple[str, int, str]] = [("UpdateOf", paper.update_of, "bioRxiv.")] if paper.update_of else []
    relations += [(told.link, told.pmid, told.citation) for told in _told(paper) if told.day <= on]
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
        relations=relations,
        journal="bioRxiv" if paper.preprint else "J Sample Res",
    )


def _title(paper: Paper) -> str:
    words = [word for name, (word, _) in TOPICS.items() if name in paper.topics]
    return f"Sample {paper.pmid}: {' and '.join(words) or 'cortical maps'} in mice"


def _types(paper: Paper, *, retracted: bool) -> list[str]:
    kinds: Iterable[str] = ["Preprint" if paper.preprint else "Journal Article"]
    return [*kinds, *(["Retracted Publication"] if retracted else [])]
