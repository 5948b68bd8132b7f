"""Search over everything stored: what an address bar holds becomes papers.

* `Search`: the words, filters, order and place of a page; to and from the parameters of an address
* `fill`: takes changed papers into the text index, a bounded piece at a time
* `search`: a page of papers, with the matched words marked in title and abstract
* `selection`: all of them, for an export
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from watcher.digest.chips import chips
from watcher.domain import Article
from watcher.store import (
    Answer,
    AnswerPage,
    Counts,
    FoundPaper,
    Query,
    SearchOrder,
    SearchPhrase,
    Selection,
    Snippet,
    Store,
    VerdictFilter,
    read_query,
    searched_for,
)
from watcher.store import marked as words_marked
from watcher.store import snippet as snippet_of

PIECE = 400
"""Papers that one step takes into the index: about a quarter of a second."""

PER_PAGE = 25
MOST_PER_PAGE = 200


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. `words` is what somebody typed; the rest are filters, all of which have to hold. `after` is the `place` of the last
    paper of the page before. `notes` are what `from_params` did not understand; they are no part of the search."""

    words: str = ""
    watches: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    types: tuple[str, ...] = ()
    chips: tuple[str, ...] = ()
    journals: tuple[str, ...] = ()
    verdict: VerdictFilter | None = None
    min_score: float | None = None
    sort: SearchOrder = SearchOrder.NEWEST
    limit: int = PER_PAGE
    after: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)

    def to_params(self) -> list[tuple[str, str]]:
        """The parameters of an address, without those at their default, in a fixed order; for `urllib.parse.urlencode`."""
        many = [(name, value) for name, key in _MANY.items() for value in getattr(self, key)]
        one = [(name, _told(getattr(self, key))) for name, key in _ONE.items() if getattr(self, key) != getattr(_DEFAULT, key)]
        return sorted([*one, *many], key=lambda pair: _PLACES[pair[0]])

    @classmethod
    def from_params(cls, params: Iterable[tuple[str, str]]) -> Search:
        """The search of an address's parameters. What is no day, number or known name is left out, and told in `notes`."""
        found, notes = cls(), []
        for name, value in params:
            try:
                found = _with(found, name, value.strip())
            except ValueError:
                notes.append(f"{name}={value}: not understood, so it is left out")
        return replace(found, notes=tuple(notes))

    def next(self, last: FoundPaper) -> Search:
        """The search of the page behind a paper."""
        return replace(self, after=last.place)

    @property
    def selection(self) -> Selection:
        """The filters."""
        return Selection(self.watches, self.since, self.until, self.types, self.chips, self.journals, self.verdict, self.min_score)


_DEFAULT = Search()
_MANY = {"watch": "watches", "type": "types", "chip": "chips", "journal": "journals"}
_ONE = {
    "q": "words",
    "since": "since",
    "until": "until",
    "verdict": "verdict",
    "score": "min_score",
    "sort": "sort",
    "limit": "limit",
    "after": "after",
}
_ORDER = ("q", "watch", "since", "until", "type", "chip", "journal", "verdict", "score", "sort", "limit", "after")
_PLACES = {name: place for place, name in enumerate(_ORDER)}


def _told(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _with(found: Search, name: str, value: str) -> Search:
    """The search with one more parameter; unknown ones and empty ones, as forms send them, change nothing. Raises ValueError."""
    if not value or name not in _PLACES:
        return found
    if (key := _MANY.get(name)) is not None:
        every: Any = tuple(dict.fromkeys((*getattr(found, key), value)))
        return replace(found, **{key: every})
    read: Any = _READERS.get(name, str)(value)
    return replace(found, **{_ONE[name]: read})


def _score(value: str) -> float:
    score = float(value)
    if not 0 <= score <= 100:
        raise ValueError(value)
    return score


_READERS: dict[str, Callable[[str], object]] = {
    "since": date.fromisoformat,
    "until": date.fromisoformat,
    "verdict": VerdictFilter,
    "score": _score,
    "sort": SearchOrder,
    "limit": lambda value: max(1, min(int(value), MOST_PER_PAGE)),
}


@dataclass(frozen=True, slots=True)
class ResultPaper:
    """A paper that was found. `title_marks` are ranges of its title in which the asked words stand; `snippet` is a piece of its abstract."""

    paper: FoundPaper
    chips: tuple[str, ...]
    title_marks: tuple[tuple[int, int], ...]
    snippet: Snippet | None

    @property
    def journal(self) -> str:
        """The journal's short name, "" where the text is not stored."""
        return self.paper.article.journal.display if self.paper.article else ""


@dataclass(frozen=True, slots=True)
class Results:
    """A page of papers, and how many there are in all. `understood` is how the words were taken, "" without any; `notes` are sentences for the
    reader: what was left out, what is not indexed yet. `next` is the search of the page after it, None on the last."""

    search: Search
    papers: tuple[ResultPaper, ...]
    total: int
    understood: str
    notes: tuple[str, ...]
    counts: Counts | None = None
    next: Search | None = None


def fill(
    store: Store, *, steps: int | None = None, say: Callable[[str], None] = lambda _line: None, stop: Callable[[], bool] = bool
) -> int:
    """Takes papers whose texts have changed into the text index, a piece at a time, until none is left, `steps` were made or it is to `stop`.

    Returns how many are left. Each piece is committed: whoever is stopped or killed goes on where it was. Raises StoreError when the index
    cannot be written.
    """
    done, left = 0, -1
    while left and not stop() and (steps is None or done < steps):
        left = store.follow(chips, limit=PIECE)
        done += 1
        if left:
            say(f"indexing for search: {left:,} papers left")
    return left


def search(store: Store, asked: Search, *, counts: bool = False) -> Results:
    """A page of what is looked for.

    Args:
        store: the database.
        asked: the search.
        counts: also count the papers by watch, journal, type, chip and verdict.

    Raises StoreError when the database or its index cannot be used.
    """
    query = read_query(asked.words)
    found = store.search(query, asked.selection, asked.sort, AnswerPage(asked.limit, asked.after, counts))
    anywhere, titled = searched_for(query)
    shown = tuple(_shown(paper, anywhere, titled) for paper in found.papers)
    more = asked.next(found.papers[-1]) if len(shown) == asked.limit else None
    return Results(asked, shown, found.total, str(query), _notes(asked, query, found), found.counts, more)


def selection(store: Store, asked: Search) -> tuple[tuple[Article, ...], int]:
    """All papers of a search in its order, from the first on; and how many are left out since their text is not stored any more, or is damaged.

    Raises as `search` does.
    """
    record_ids = store.found(read_query(asked.words), asked.selection, asked.sort)
    loaded = store.articles(record_ids)
    return tuple(loaded[one] for one in record_ids if one in loaded), len(record_ids) - len(loaded)


def _shown(paper: FoundPaper, anywhere: Sequence[SearchPhrase], titled: Sequence[SearchPhrase]) -> ResultPaper:
    article = paper.article
    text = article.abstract if article else ""
    return ResultPaper(
        paper,
        chips(article) if article else (),
        words_marked(paper.title, [*anywhere, *titled]),
        snippet_of(text, anywhere) if text else None,
    )


def _notes(asked: Search, query: Query, found: Answer) -> tuple[str, ...]:
    told: list[str] = [*asked.notes, *query.notes, *found.unknown]
    if found.papers_missing:
        told.append(f"{found.papers_missing:,} of {found.papers_stored:,} papers are not indexed yet")
    return _each_once(told)


def _each_once(told: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(told))
