"""Puts answers together: the papers of a page with what the database knows of them. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from watcher.domain import Article, RecordId, Verdict, VerdictKind
from watcher.store import articles as stored
from watcher.store.columns import articles, hits, scores, verdicts, watches
from watcher.store.database import Database, batches
from watcher.store.search import place
from watcher.store.search.asking import IndexQuestion, RankedKey
from watcher.store.search.filling import coverage
from watcher.store.search.query import Node
from watcher.store.search.tables import day_of, papers, records, work_of
from watcher.store.search.values import Answer, FoundPaper, SearchOrder, Selection

MOST_COUNTED = 20
"""Values of each kind that are counted out."""


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """Which part of an answer: so many papers, after the one at a `place` ("": from the beginning); whether papers are counted by what they
    have."""

    limit: int | None = 25
    after: str = ""
    counts: bool = False


def ask(
    database: Database, node: Node | None, selection: Selection, order: SearchOrder, page: AnswerPage, texts: stored.Texts
) -> Answer:
    """The papers of a page, and how many there are in all. Raises StoreError when the database or the index cannot be used."""
    with place.asking(database) as session:
        if session is None:
            with database.reading() as own:
                known = coverage(own, is_indexed=False)
            return Answer((), 0, known.papers, known.missing)
        asked, known = IndexQuestion(session, node, selection), coverage(session, is_indexed=True)
        rows = asked.page(order, limit=page.limit, after=_row(page.after))
        total = len(rows) if page.limit is None else asked.total()
        counted = asked.counts(most=MOST_COUNTED) if page.counts else None
        found = _papers(session, rows, texts)
        return Answer(tuple(found), total, known.papers, known.missing, counted, tuple(asked.unknown))


def shown(database: Database, node: Node | None, selection: Selection, order: SearchOrder) -> list[RecordId]:
    """The record by which each of all the papers is shown, in their order. Raises as `ask` does."""
    with place.asking(database) as session:
        if session is None:
            return []
        keys = [row.key for row in IndexQuestion(session, node, selection).page(order, limit=None, after=None)]
        found = dict(map(tuple, _rows(session, _SHOWN, keys)))
        return [found[key] for key in keys]


def _row(after: str) -> RankedKey | None:
    """The place that a page begins behind; None for one that we did not write."""
    key, _, rank = after.partition("~")
    try:
        return RankedKey(int(key), float(rank or 0)) if after else None
    except ValueError:
        return None


def _place(row: RankedKey) -> str:
    return f"{row.key}~{row.rank!r}" if row.rank else str(row.key)


def _papers(session: sa.Connection, rows: Sequence[RankedKey], texts: stored.Texts) -> list[FoundPaper]:
    keys = [row.key for row in rows]
    shown_by, of_paper = _records(session, keys)
    every = [record_id for some in of_paper.values() for record_id in some]
    seen, scored, judged = _watches(session, every), _scores(session, every), _verdicts(session, every)
    loaded = _loaded(session, list(shown_by.values()), texts)
    found = []
    for row in rows:
        title, article = loaded.get(record_id := shown_by[row.key], ("", None))
        records_of_it = tuple(of_paper[row.key])
        paper = FoundPaper(
            work_id=work_of(row.key),
            record_id=record_id,
            record_ids=records_of_it,
            title=article.display_title if article else title,
            day=day_of(row.key),
            article=article,
            watches=tuple(sorted({name for one in records_of_it for name in seen.get(one, ())})),
            scores=_best([scored[one] for one in records_of_it if one in scored]),
            verdicts=tuple(verdict for one in records_of_it for verdict in judged.get(one, ())),
            place=_place(row),
        )
        found.append(paper)
    return found


_SOME: sa.BindParameter[Any] = sa.bindparam("some", expanding=True)
"""Keys or records of one batch. The statements are made once, not for each page."""


def _rows(session: sa.Connection, statement: sa.Select[Any], some: Collection[Any]) -> Iterator[Any]:
    for batch in batches(some):
        yield from session.execute(statement, {"some": batch})


_SHOWN = sa.select(papers.c.key, papers.c.record_id).where(papers.c.key.in_(_SOME))
_RECORDS = (
    sa.select(papers.c.key, papers.c.record_id, records.c.record_id)
    .join(records, records.c.key == papers.c.key)
    .where(papers.c.key.in_(_SOME))
    .order_by(papers.c.key, records.c.record_id)
)


def _records(session: sa.Connection, keys: Sequence[int]) -> tuple[dict[int, RecordId], defaultdict[int, list[RecordId]]]:
    """The record by which each paper is shown, and all of them."""
    shown_by: dict[int, RecordId] = {}
    every: defaultdict[int, list[RecordId]] = defaultdict(list)
    for key, shown_one, record_id in _rows(session, _RECORDS, keys):
        shown_by[key] = shown_one
        every[key].append(record_id)
    return shown_by, every


_TEXTS = sa.select(
    articles.c.record_id, articles.c.title, articles.c.body, articles.c.content_sha256, stored.IS_READABLE.label("is_readable")
).where(articles.c.record_id.in_(_SOME))


def _loaded(
    session: sa.Connection, record_ids: Collection[RecordId], texts: stored.Texts
) -> dict[RecordId, tuple[str, Article | None]]:
    """The title and the text of each record; where the text is not there or damaged, the title is what is left."""
    return {
        row.record_id: (row.title or "", texts.read(row.record_id, row.body, row.content_sha256) if row.is_readable else None)
        for row in _rows(session, _TEXTS, record_ids)
    }


_WATCHES = (
    sa.select(hits.c.record_id, watches.c.name).join(watches, watches.c.id == hits.c.watch_id).where(hits.c.record_id.in_(_SOME))
)


def _watches(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, list[str]]:
    found: defaultdict[RecordId, list[str]] = defaultdict(list)
    for record_id, name in _rows(session, _WATCHES, record_ids):
        found[record_id].append(name)
    return found


_SCORES = (
    sa.select(scores.c.record_id, watches.c.name, scores.c.ranking_id, scores.c.value)
    .join(watches, watches.c.id == scores.c.watch_id)
    .where(scores.c.record_id.in_(_SOME))
    .order_by(scores.c.ranking_id.desc(), scores.c.value.desc())
)


def _scores(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, dict[str, float]]:
    """By watch, the best score under the newest ranking that scored the record."""
    found: defaultdict[RecordId, dict[str, float]] = defaultdict(dict)
    newest: dict[tuple[RecordId, str], int] = {}
    for record_id, watch, ranking_id, value in _rows(session, _SCORES, record_ids):
        if newest.setdefault((record_id, watch), ranking_id) == ranking_id:
            found[record_id].setdefault(watch, value)
    return found


def _best(some: Sequence[dict[str, float]]) -> dict[str, float]:
    """By watch, the best of several records."""
    return {watch: max(one[watch] for one in some if watch in one) for watch in sorted({name for one in some for name in one})}


_VERDICTS = (
    sa.select(verdicts, watches.c.name)
    .join(watches, watches.c.id == verdicts.c.watch_id)
    .where(verdicts.c.undone_at.is_(None), verdicts.c.record_id.in_(_SOME))
    .order_by(verdicts.c.id)
)


def _verdicts(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, list[Verdict]]:
    found: defaultdict[RecordId, list[Verdict]] = defaultdict(list)
    for row in _rows(session, _VERDICTS, record_ids):
        via, kind = row.via or "", VerdictKind(row.kind)
        found[row.record_id].append(Verdict(row.id, row.name, row.record_id, kind, row.reader, row.made_at, via))
    return found
