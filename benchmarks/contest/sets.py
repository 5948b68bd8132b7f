"""Labelled papers on disk -> values, and the fixed draws of seeds.

A set is NAME.jsonl, one paper a line: `id`, `title`, `abstract`, and `label` (0 or 1). `mesh` (a list of headings) and `year` may be there.
With NAME.qrels.json beside it (topic -> ids of its relevant papers, as a list or as keys) the set has many topics, and no labels of its own.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from watcher.domain import Article, Heading, pubmed_id

Ids = npt.NDArray[np.int64]
Labels = npt.NDArray[np.bool_]

NOBODY: Ids = np.empty(0, np.int64)


class BadSet(Exception):
    """A labelled set that cannot be read: which file and line, what is wrong, what to do."""


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """Papers, and which of them are relevant to each topic. `years` are 0 where unknown. A set's rows stand for pmids."""

    name: str
    articles: tuple[Article, ...]
    years: Ids
    topics: Mapping[str, Labels]

    @property
    def texts(self) -> list[str]:
        """What a rival reads of each paper: title, abstract, and its headings if it has any."""
        return [text_of(article) for article in self.articles]


def text_of(article: Article) -> str:
    """Title, abstract and headings of a paper as one text."""
    return " ".join(filter(None, (article.title, article.abstract, *(heading.name for heading in article.headings))))


def paths_in(folder: Path, only: Sequence[str] = ()) -> list[Path]:
    """The sets of a folder, in order of name; with `only`, those named. Raises BadSet when there is no such folder or set."""
    if not folder.is_dir():
        raise BadSet(f"{folder}: no such folder; name one with labelled sets (NAME.jsonl)")
    found = sorted(folder.glob("*.jsonl"))
    if not found:
        raise BadSet(
            f"{folder}: no labelled sets in it; a set is a file NAME.jsonl (benchmarks/contest/sets.py says what is in it)"
        )
    if unknown := set(only) - {path.stem for path in found}:
        raise BadSet(f"{folder}: no set named {', '.join(sorted(unknown))}; there are {', '.join(path.stem for path in found)}")
    return [path for path in found if not only or path.stem in only]


def read(path: Path, *, headings: bool = False) -> LabelledSet:
    """One set, in a fixed random order so that no method profits from the file's when it scores papers alike.

    Its papers have their headings only with `headings`. Raises BadSet.
    """
    told = _rows(path)
    rows = [told[row] for row in np.random.RandomState(zlib.crc32(path.stem.encode())).permutation(len(told)).tolist()]
    return LabelledSet(
        name=path.stem,
        articles=tuple(_article(place, row, headings=headings) for place, row in enumerate(rows, 1)),
        years=np.array([row.get("year") or 0 for row in rows], np.int64),
        topics=_topics(path, rows),
    )


def joined(sets: Iterable[LabelledSet], others: Sequence[Article] = ()) -> LabelledSet:
    """All sets and some other papers as one haystack in which each topic is to be found."""
    every = list(sets)
    articles = [article for one in every for article in one.articles] + list(others)
    topics: dict[str, Labels] = {}
    start = 0
    for one in every:
        for topic, relevant in one.topics.items():
            topics[topic] = np.zeros(len(articles), np.bool_)
            topics[topic][start : start + relevant.size] = relevant
        start += len(one.articles)
    years = np.concatenate([one.years for one in every] + [np.zeros(len(others), np.int64)])
    numbered = tuple(_numbered(article, place) for place, article in enumerate(articles, 1))
    return LabelledSet("pool", numbered, years, topics)


def drawn(topic: str, relevant: Labels, k: int, draw: int) -> Ids:
    """The rows of k seeds, the same for every method: crc32 of "topic|k|draw" seeds NumPy's RandomState."""
    generator = np.random.RandomState(zlib.crc32(f"{topic}|{k}|{draw}".encode()))
    chosen: Ids = np.sort(generator.choice(np.flatnonzero(relevant), k, replace=False))
    return chosen


def stranger(topic: str, relevant: Labels, k: int, draw: int) -> Ids:
    """One random paper that is not relevant, for methods that cannot start without."""
    generator = np.random.RandomState(zlib.crc32(f"{topic}|{k}|{draw}|stranger".encode()))
    chosen: Ids = generator.choice(np.flatnonzero(~relevant), 1)
    return chosen


def _rows(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [_row(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise BadSet(f"{path}: no papers in it; each line is one paper")
    return rows


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as fault:
        raise BadSet(f"{path}:{number}: not JSON ({fault.msg} at column {fault.colno}); each line is one paper") from fault
    if not isinstance(row, dict):
        raise BadSet(f"{path}:{number}: {type(row).__name__}, not an object with id, title and abstract")
    if absent := [key for key in ("id", "title", "abstract") if key not in row]:
        raise BadSet(f"{path}:{number}: no {' and no '.join(absent)}; a paper has id, title, abstract (which may be empty)")
    return row


def _article(place: int, row: Mapping[str, Any], *, headings: bool) -> Article:
    names = (row.get("mesh") or ()) if headings else ()
    told = tuple(Heading(str(name), "", major=False) for name in names)
    return Article(pubmed_id(place), title=row["title"] or "", abstract=row["abstract"] or "", headings=told)


def _numbered(article: Article, place: int) -> Article:
    return Article(pubmed_id(place), title=article.title, abstract=article.abstract, headings=article.headings)


def _topics(path: Path, rows: Sequence[Mapping[str, Any]]) -> dict[str, Labels]:
    qrels = path.with_suffix(".qrels.json")
    if not qrels.exists():
        return {path.stem: np.array([_label(path, row) for row in rows])}
    try:
        judged = json.loads(qrels.read_text(encoding="utf-8"))
    except json.JSONDecodeError as fault:
        raise BadSet(f"{qrels}:{fault.lineno}: not JSON ({fault.msg})") from fault
    return {f"{path.stem}/{topic}": np.array([row["id"] in set(ids) for row in rows]) for topic, ids in judged.items()}


def _label(path: Path, row: Mapping[str, Any]) -> bool:
    if row.get("label") not in (0, 1):
        raise BadSet(f"{path}: paper {row['id']} has no label (0 or 1), and there is no {path.stem}.qrels.json beside the file")
    return bool(row["label"])
