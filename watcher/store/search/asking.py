"""Asks the text index and the database beside it: which papers, in which order, and how many have what.

The answer is the same on both databases: words were folded before, and what orders papers (their day, a score, how many of the asked
words stand in the title) is computed here, not by FTS5's bm25 or PostgreSQL's ts_rank, which differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from watcher.domain import VerdictKind, pubmed_id
from watcher.store import configuration
from watcher.store.columns import articles, hits, scores, verdicts, watches
from watcher.store.search import query
from watcher.store.search.documents import CHIP, JOURNAL, JOURNAL_TITLE, TYPE
from watcher.store.search.folding import words
from watcher.store.search.query import Named, Node, Not, SearchPhrase, phrases
from watcher.store.search.tables import FIELDS, first_key, papers, parts, records, tags, texts, values
from watcher.store.search.values import Counts, SearchOrder, Selection, VerdictFilter

Condition = sa.ColumnElement[bool]
Key = sa.ColumnElement[int]
_IsAmong = Callable[[sa.Select[Any]], Condition]

_WEIGHTS = dict(zip(FIELDS, "ABCD", strict=True))
_ROWID = sa.literal_column("search_text.rowid", sa.BigInteger)
_EACH_ROWID = sa.literal_column("+search_text.rowid", sa.BigInteger)
"""Without the `+` SQLite would ask FTS5 for the words again for each paper that a filter leaves (SQLite Query Optimizer Overview,
Disqualifying WHERE Clause Terms)."""
_FACETS = {JOURNAL: "journals", TYPE: "types", CHIP: "chips"}
_UNSCORED = -1.0


@dataclass(frozen=True, slots=True)
class RankedKey:
    """A paper of an answer: its key, and what it is ordered by beside it."""

    key: int
    rank: float = 0.0


class IndexQuestion:
    """One question to an index that is there."""

    def __init__(self, session: sa.Connection, node: Node | None, selection: Selection) -> None:
        self._session = session
        self._is_sqlite = session.dialect.name == "sqlite"
        self._node, self._selection = node, selection
        self._watch_ids = [configuration.known_watch_id(session, name) for name in selection.watches]
        self.unknown = [
            f"no watch is called {name!r}" for name, number in zip(selection.watches, self._watch_ids, strict=True) if not number
        ]
        self._labels = self._wanted_labels()

    # --- answers

    def total(self) -> int:
        """How many papers there are."""
        return int(self._session.execute(sa.select(sa.func.count()).select_from(self._matching().subquery())).scalar_one())

    def page(self, order: SearchOrder, *, limit: int | None, after: RankedKey | None) -> list[RankedKey]:
        """The papers in this order, each by its key where that says no more; those after a paper of an earlier page."""
        matching = self._matching()
        if order is SearchOrder.NEWEST:
            if after is not None:
                matching = self._matching(_BEFORE(after.key))
            found = self._session.execute(matching.order_by(sa.desc("key")).limit(limit))
            return [RankedKey(key) for (key,) in found]
        found_keys = matching.subquery()
        ranked = self._ranked(order, found_keys).subquery()
        wanted = sa.select(ranked.c.key, ranked.c.rank).order_by(ranked.c.rank.desc(), ranked.c.key.desc())
        if after is not None:
            same = sa.and_(ranked.c.rank == after.rank, ranked.c.key < after.key)
            wanted = wanted.where(sa.or_(ranked.c.rank < after.rank, same))
        return [RankedKey(key, float(rank)) for key, rank in self._session.execute(wanted.limit(limit))]

    def counts(self, *, most: int) -> Counts:
        """How many of the papers have each label, watch and verdict: the `most` frequent of each."""
        is_everything = self._node is None and self._selection == Selection()
        matching = None if is_everything else self._matching().cte("matching")
        label = self._labelled(matching)
        of_watch = self._beside(matching, hits, "watch", watches.c.name).join(watches, watches.c.id == hits.c.watch_id)
        standing = self._beside(matching, verdicts, "verdict", verdicts.c.kind).where(verdicts.c.undone_at.is_(None))
        every = sa.union_all(label, of_watch.group_by(watches.c.name), standing.group_by(verdicts.c.kind))
        found: dict[str, list[tuple[str, int]]] = {}
        for kind, value, count in self._session.execute(every):
            found.setdefault(_FACETS.get(kind, f"{kind}{'es' if kind == 'watch' else 's'}"), []).append((value, int(count)))
        return Counts(**{name: _most(some, most) for name, some in found.items()})

    @staticmethod
    def _labelled(matching: sa.CTE | None) -> sa.Select[Any]:
        """Papers, all of them without `matching`, by label. Counted by its number: naming it for each paper takes as long again."""
        numbered = sa.select(tags.c.value_id, sa.func.count().label("papers")).group_by(tags.c.value_id)
        if matching is not None:
            numbered = numbered.select_from(matching).join(tags, tags.c.key == matching.c.key)
        counted = numbered.cte("counted")
        wanted = sa.select(values.c.kind, values.c.value, counted.c.papers)
        return wanted.join(counted, counted.c.value_id == values.c.id).where(values.c.kind.in_(_FACETS))

    def _beside(self, matching: sa.CTE | None, table: sa.Table, kind: str, value: sa.Column[Any]) -> sa.Select[Any]:
        """Papers, all of them without `matching`, by what a table of the database says of their records."""
        wanted = sa.select(sa.literal(kind).label("kind"), value, sa.func.count(sa.distinct(records.c.key)))
        if matching is None:
            return wanted.select_from(records).join(table, table.c.record_id == records.c.record_id)
        is_kept = self._is_sqlite and table is hits
        key = _unindexed(matching.c.key) if is_kept else matching.c.key
        record_id = _unindexed(records.c.record_id) if is_kept else records.c.record_id
        joined = wanted.select_from(matching).join(records, records.c.key == key)
        return joined.join(table, table.c.record_id == record_id)

    # --- which papers

    def _matching(self, *more: Any) -> sa.Select[Any]:  # noqa: ANN401 - functions of the key
        """The keys of the papers that words and filters leave."""
        node = self._node
        if node is not None and (whole := self._whole(node)) is not None:
            key, wanted = whole
            if self._is_sqlite:
                return wanted.where(*self._filters(key, _is_there), *(one(key) for one in more))
            found = wanted.subquery()
            return sa.select(found.c.key.label("key")).where(
                *self._filters(found.c.key, found.c.key.in_), *(one(found.c.key) for one in more)
            )
        key = papers.c.key
        asked = [] if node is None else [self._condition(node, key)]
        return sa.select(key.label("key")).where(*asked, *self._filters(key, key.in_), *(one(key) for one in more))

    def _condition(self, node: Node, key: Key) -> Condition:
        """The node as a condition on a key."""
        if isinstance(node, Named):
            return key.in_(self._named(node))
        if (whole := self._whole(node)) is not None:
            return key.in_(whole[1])
        if isinstance(node, Not):
            return ~self._condition(node.part, key)
        assert isinstance(node, (query.All, query.Any))  # noqa: S101 - a phrase is whole
        joined = sa.and_ if isinstance(node, query.All) else sa.or_
        return joined(*(self._condition(part, key) for part in node.parts))

    def _named(self, node: Named) -> sa.Select[Any]:
        wanted = sa.select(records.c.key)
        if node.kind == "pmid":
            return wanted.where(records.c.record_id == pubmed_id(int(node.value)))
        column = articles.c.doi if node.kind == "doi" else articles.c.pmcid
        return wanted.join(articles, articles.c.record_id == records.c.record_id).where(column == node.value)

    def _whole(self, node: Node) -> tuple[Key, sa.Select[Any]] | None:
        """The keys of what matches, by one question to the words; None where it takes several."""
        if self._is_sqlite:
            match = fts5(node)
            return None if match is None else (_ROWID, _matched(match))
        asked = tsquery(node)
        if asked is None:
            return None
        ordinary = sa.select(texts.c.key.label("key")).where(_has(texts.c.words, asked))
        either = [_has(parts.c.words, phrase) for phrase in map(tsquery, phrases(node)) if phrase]
        in_parts = sa.select(parts.c.key.label("key")).group_by(parts.c.key).having(_in_parts(node))
        if positive := [phrase for phrase in map(tsquery, phrases(node, positive=True)) if phrase]:
            in_parts = in_parts if len(either) > len(positive) else in_parts.where(sa.or_(*either))
        both = sa.union_all(ordinary, in_parts).subquery()
        return both.c.key, sa.select(both.c.key.label("key"))

    # --- filters

    def _wanted_labels(self) -> list[list[int]]:
        """For each filter by labels the numbers of those of that name; a name that no paper has is noted."""
        chosen = self._selection
        kinds = ((chosen.types, (TYPE,)), (chosen.chips, (CHIP,)), (chosen.journals, (JOURNAL, JOURNAL_TITLE)))
        return [list(self._of_names(names, kind)) for names, kind in kinds if names]

    def _of_names(self, names: Sequence[str], kinds: Sequence[str]) -> Iterator[int]:
        for name in names:
            wanted = sa.select(values.c.id).where(values.c.kind.in_(kinds), values.c.folded == " ".join(words(name)))
            found = self._session.execute(wanted).scalars().all()
            if not found:
                self.unknown.append(f"no paper has the {_SHOWN[kinds[0]]} {name!r}")
            yield from found

    def _filters(self, key: Key, is_among: _IsAmong) -> list[Condition]:
        """The filters: spans of the key, and papers that it `is_among`."""
        chosen = self._selection
        found: list[Condition] = []
        if chosen.since is not None:
            found.append(key >= first_key(chosen.since))
        if chosen.until is not None and chosen.until < date.max:
            found.append(key < first_key(chosen.until + timedelta(days=1)))
        found += [is_among(sa.select(tags.c.key).where(tags.c.value_id.in_(numbers))) for numbers in self._labels]
        if self._watch_ids:
            found.append(is_among(self._of(hits).where(hits.c.watch_id.in_(self._watch_ids))))
        if chosen.verdict is not None:
            found.append(self._judged(is_among, chosen.verdict))
        if chosen.min_score is not None:
            found.append(is_among(self._scored().where(scores.c.value >= chosen.min_score)))
        return found

    @staticmethod
    def _of(table: sa.Table) -> sa.Select[Any]:
        """The papers whose records stand in a table."""
        return sa.select(records.c.key).join(table, table.c.record_id == records.c.record_id)

    def _judged(self, is_among: _IsAmong, verdict: VerdictFilter) -> Condition:
        wanted = self._of(verdicts).where(verdicts.c.undone_at.is_(None))
        if self._watch_ids:
            wanted = wanted.where(verdicts.c.watch_id.in_(self._watch_ids))
        if verdict in (VerdictFilter.ANY, VerdictFilter.NONE):
            return is_among(wanted) if verdict is VerdictFilter.ANY else ~is_among(wanted)
        return is_among(wanted.where(verdicts.c.kind == VerdictKind(verdict.value).value))

    def _scored(self) -> sa.Select[Any]:
        """Papers with a score under the newest ranking that scored the record for its watch."""
        newer = scores.alias("newer")
        is_newest = ~sa.exists().where(
            newer.c.record_id == scores.c.record_id,
            newer.c.watch_id == scores.c.watch_id,
            newer.c.ranking_id > scores.c.ranking_id,
        ).correlate(scores)
        wanted = self._of(scores).where(is_newest)
        return wanted.where(scores.c.watch_id.in_(self._watch_ids)) if self._watch_ids else wanted

    # --- orders

    def _ranked(self, order: SearchOrder, found: sa.Subquery) -> sa.Select[Any]:
        if order is SearchOrder.SCORE:
            best = self._scored().with_only_columns(sa.func.max(scores.c.value)).where(records.c.key == found.c.key)
            rank: sa.ColumnElement[Any] = sa.func.coalesce(best.correlate(found).scalar_subquery(), _UNSCORED)
            return sa.select(found.c.key, rank.label("rank"))
        in_title = [self._condition(phrase, found.c.key) for phrase in _titled(self._node)]
        ones = [sa.case((condition, 1), else_=0) for condition in in_title]
        total: sa.ColumnElement[Any] = sum(ones[1:], start=ones[0]) if ones else sa.literal(0)
        return sa.select(found.c.key, total.label("rank"))


_SHOWN = {TYPE: "publication type", CHIP: "chip", JOURNAL: "journal"}


def _unindexed(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The column, by which SQLite looks nothing up: it would begin with all papers of all watches, which are more than were found."""
    return sa.UnaryExpression(column, operator=sa.sql.operators.custom_op("+"), type_=column.type)


def _is_there(wanted: sa.Select[Any]) -> Condition:
    """A paper that FTS5 has found is among these keys: looked up for each, since words mostly find fewer papers than a filter leaves."""
    return wanted.where(wanted.selected_columns.key == _EACH_ROWID).exists()


def _BEFORE(limit: int) -> Any:  # noqa: ANN401, N802 - a function of the key
    return lambda key: key < limit


def _most(counted: list[tuple[str, int]], most: int) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counted, key=lambda one: (-one[1], one[0]))[:most])


# --- conditions on words, as each database has them ---------------------------------------------------------------------------


def _titled(node: Node | None) -> list[SearchPhrase]:
    """What counts when it stands in the title."""
    found = [one for one in phrases(node, positive=True) if one.field in ("", "title")]
    return list(dict.fromkeys(SearchPhrase(one.words, "title", one.is_prefix) for one in found))


def _matched(match: str) -> sa.Select[Any]:
    wanted: sa.Select[Any] = sa.select(_ROWID.label("key")).select_from(sa.text("search_text"))
    return wanted.where(sa.text("search_text MATCH :match").bindparams(sa.bindparam("match", match, unique=True)))


def fts5(node: Node) -> str | None:
    """The node in FTS5's language (SQLite FTS5 Extension, 3); None where that has no word for it: NOT needs something before it."""
    if isinstance(node, SearchPhrase):
        column = f"{{{node.field}}} : " if node.field else ""
        return f'{column}"{" ".join(node.words)}"{" *" if node.is_prefix else ""}'
    if isinstance(node, query.Any):
        return _every(" OR ", node.parts)
    if isinstance(node, query.All):
        with_, without = _signed(node.parts)
        positive, negative = _every(" AND ", with_), _every(" OR ", without)
        if not without:
            return positive
        return None if positive is None or negative is None else f"({positive} NOT {negative})"
    return None


def _every(joint: str, parts_: Sequence[Node]) -> str | None:
    told = [fts5(part) for part in parts_]
    return None if not told or None in told else f"({joint.join(filter(None, told))})"


def _signed(parts_: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """What must be, and what must not."""
    return [one for one in parts_ if not isinstance(one, Not)], [one.part for one in parts_ if isinstance(one, Not)]


def tsquery(node: Node) -> str | None:
    """The node as a tsquery (PostgreSQL, 8.11.2); None where it names a paper. Words are letters or digits alone: nothing is to be escaped."""
    if isinstance(node, Named):
        return None
    if isinstance(node, SearchPhrase):
        weight = _WEIGHTS.get(node.field, "")
        *before, last = node.words
        marks = f":{'*' if node.is_prefix else ''}{weight}" if node.is_prefix or weight else ""
        told = [f"'{word}'{':' + weight if weight else ''}" for word in before] + [f"'{last}'{marks}"]
        return f"({' <-> '.join(told)})"
    if isinstance(node, Not):
        inner = tsquery(node.part)
        return None if inner is None else f"!{inner}"
    told_parts = [tsquery(part) for part in node.parts]
    if None in told_parts:
        return None
    return f"({(' & ' if isinstance(node, query.All) else ' | ').join(filter(None, told_parts))})"


def _has(vector: sa.ColumnClause[Any], asked: str) -> Condition:
    return vector.bool_op("@@")(sa.cast(sa.literal(asked, sa.Text), _TSQUERY))


class _TsQuery(sa.types.UserDefinedType[str]):
    """PostgreSQL's type, which SQLAlchemy's own module of the dialect has too; this one is known without the driver."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Its name."""
        return "tsquery"


_TSQUERY = _TsQuery()


def _in_parts(node: Node) -> Condition:
    """The node on a paper whose words lie in several rows: each phrase is whole in one of them."""
    if isinstance(node, SearchPhrase):
        asked = tsquery(node)
        assert asked is not None  # noqa: S101 - a phrase always has one
        return sa.func.bool_or(_has(parts.c.words, asked))
    if isinstance(node, Not):
        return ~_in_parts(node.part)
    assert isinstance(node, (query.All, query.Any))  # noqa: S101 - the caller has looked for names
    return (sa.and_ if isinstance(node, query.All) else sa.or_)(*map(_in_parts, node.parts))
