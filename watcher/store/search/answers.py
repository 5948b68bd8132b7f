"""Puts answers together: the papers of a page with what the database knows of them. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from watcher.domain import RecordId, Verdict, VerdictKind
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
        found = {
            key: record_id
            for batch in batches(keys)
            for key, record_id in session.execute(sa.select(papers.c.key, papers.c.record_id).where(papers.c.key.in_(batch)))
        }
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
    loaded, titles = stored.load(session, list(shown_by.values()), texts), _titles(session, list(shown_by.values()))
    seen, scored, judged = _watches(session, every), _scores(session, every), _verdicts(session, every)
    return [
        FoundPaper(
            work_id=work_of(row.key),
            record_id=shown_by[row.key],
            record_ids=tuple(of_paper[row.key]),
            title=article.display_title if (article := loaded.get(shown_by[row.key])) else titles.get(shown_by[row.key], ""),
            day=day_of(row.key),
            article=article,
            watches=tuple(sorted({name for one in of_paper[row.key] for name in seen[one]})),
            scores=_best([scored[one] for one in of_paper[row.key]]),
            verdicts=tuple(verdict for one in of_paper[row.key] for verdict in judged[one]),
            place=_place(row),
        )
        for row in rows
    ]


def _records(session: sa.Connection, keys: Sequence[int]) -> tuple[dict[int, RecordId], defaultdict[int, list[RecordId]]]:
    """The record by which each paper is shown, and all of them."""
    shown_by: dict[int, RecordId] = {}
    every: defaultdict[int, list[RecordId]] = defaultdict(list)
    for batch in batches(keys):
        shown_by |= dict(session.execute(sa.select(papers.c.key, papers.c.record_id).where(papers.c.key.in_(batch))).all())
        wanted = sa.select(records.c.key, records.c.record_id).where(records.c.key.in_(batch)).order_by(records.c.record_id)
        for key, record_id in session.execute(wanted):
            every[key].append(record_id)
    return shown_by, every


def _titles(session: sa.Connection, record_ids: Collection[RecordId]) -> dict[RecordId, str]:
    """What is left of records whose text is not there."""
    wanted = sa.select(articles.c.record_id, articles.c.title).where(~stored.IS_READABLE)
    return {
        record_id: title or ""
        for batch in batches(record_ids)
        for record_id, title in session.execute(wanted.where(articles.c.record_id.in_(batch)))
    }


def _watches(session: sa.Connection, record_ids: Collection[RecordId]) -> defaultdict[RecordId, list[str]]:
    found: defaultdict[RecordId, list[str]] = defaultdict(list)
    wanted = sa.select(hits.c.record_id, watches.c.name).join(watches, watches.c.id == hits.c.watch_id)
    for batch in batches(record_ids):
        for record_id, name in session.execute(wanted.where(hits.c.record_id.in_(batch))):
            found[record_id].append(name)
    return found


def _scores(session: sa.Connection, record_ids: Collection[RecordId]) -> defaultdict[RecordId, dict[str, float]]:
    """By watch, the best score under the newest ranking that scored the record."""
    found: defaultdict[RecordId, dict[str, float]] = defaultdict(dict)
    newest: dict[tuple[RecordId, str], int] = {}
    wanted = (
        sa.select(scores.c.record_id, watches.c.name, scores.c.ranking_id, scores.c.value)
        .join(watches, watches.c.id == scores.c.watch_id)
        .order_by(scores.c.ranking_id.desc(), scores.c.value.desc())
    )
    for batch in batches(record_ids):
        for record_id, watch, ranking_id, value in session.execute(wanted.where(scores.c.record_id.in_(batch))):
            if newest.setdefault((record_id, watch), ranking_id) == ranking_id:
                found[record_id].setdefault(watch, value)
    return found


def _best(some: Sequence[dict[str, float]]) -> dict[str, float]:
    """By watch, the best of several records."""
    return {watch: max(one[watch] for one in some if watch in one) for watch in sorted({name for one in some for name in one})}


def _verdicts(session: sa.Connection, record_ids: Collection[RecordId]) -> defaultdict[RecordId, list[Verdict]]:
    found: defaultdict[RecordId, list[Verdict]] = defaultdict(list)
    wanted = (
        sa.select(verdicts, watches.c.name)
        .join(watches, watches.c.id == verdicts.c.watch_id)
        .where(verdicts.c.undone_at.is_(None))
        .order_by(verdicts.c.id)
    )
    for batch in batches(record_ids):
        for row in session.execute(wanted.where(verdicts.c.record_id.in_(batch))).mappings():
            via, kind = row["via"] or "", VerdictKind(row["kind"])
            verdict = Verdict(row["id"], row["name"], row["record_id"], kind, row["reader"], row["made_at"], via)
            found[row["record_id"]].append(verdict)
    return found
