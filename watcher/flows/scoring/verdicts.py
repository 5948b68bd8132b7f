"""Readers' verdicts: given, taken back, and what a watch learns from them.

    mark      a reader says relevant, not or later of a paper, or takes it back; a write to the database and nothing else
    agreed    the verdicts of all readers on one paper become one word: that of more readers; as many on both sides cancel out, and
              `later`, a place on the reading list, is no vote
    lessons   the texts of the papers that the readers agree on, for the ranking

A verdict counts from the next digest on: the ranking is another one then, and what was not judged yet is scored again. A marked paper
whose text is not stored (it was baseline, say) is fetched by the watch's next run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from watcher.domain import NO_TITLE, Article, HitState, RecordId, Verdict, VerdictKind
from watcher.errors import Problem, UnknownNameError
from watcher.store import History, Store


@dataclass(frozen=True, slots=True)
class Marked:
    """What became of a verdict for one watch. `before` and `now` are the reader's own; `others` are the other readers' on this paper;
    `agreed` is what the watch learns from all of them, None for nothing."""

    watch: str
    before: VerdictKind | None
    now: VerdictKind | None
    others: tuple[Verdict, ...]
    agreed: VerdictKind | None
    state: HitState
    has_text: bool


@dataclass(frozen=True, slots=True)
class Marking:
    """One reader's verdict on one paper, for each watch that knows it."""

    record_id: RecordId
    title: str
    reader: str
    watches: tuple[Marked, ...]


@dataclass(frozen=True, slots=True)
class Lessons:
    """What a watch learns from its readers. `last_id` is of the newest verdict on one of the papers; of the `unread` ones there is no
    text yet. `snapshot`: of the watch's own papers, if there is one."""

    relevant: tuple[Article, ...] = ()
    not_relevant: tuple[Article, ...] = ()
    last_id: int | None = None
    unread: tuple[RecordId, ...] = ()
    snapshot: bytes | None = None


def mark(
    store: Store,
    record_id: RecordId,
    kind: VerdictKind | None,
    watches: Collection[str],
    *,
    reader: str,
    via: str,
    now: datetime,
    only: str | None = None,
) -> Marking:
    """Give a reader's verdict for every watch that has seen the paper; the one they gave before is replaced.

    Args:
        store: the database.
        record_id: the paper.
        kind: what the reader says; None takes back what they said.
        watches: the watches of the configuration.
        reader: who says so; one verdict of theirs is in force for each watch and paper.
        via: how it came: "cli", "mail", "slack" or "page".
        now: the present instant.
        only: for this watch alone.

    Raises:
        UnknownNameError: none of the watches has seen the paper, or the one that is named has not; the message names those that have.
    """
    history = store.explain(record_id)
    states = {hit.watch: hit.state for hit in history.hits if hit.watch in watches}
    if not states or (only is not None and only not in states):
        raise _unseen(history, only, tuple(states), watches)
    named = [only] if only is not None else list(states)
    before = store.give_verdict(record_id, kind, named, reader=reader, at=now, via=via)
    history = store.explain(record_id)
    title = history.article.display_title if history.article else history.title or NO_TITLE
    marked = (_marked(name, before[name], kind, history, reader, states[name]) for name in named)
    return Marking(record_id, title, reader, tuple(marked))


def agreed(verdicts: Iterable[Verdict]) -> dict[RecordId, VerdictKind | None]:
    """What the readers say of each paper: the word of more of them, None where as many say the one as the other. In which order they
    said so makes no difference, and who said `later` has no vote."""
    votes: dict[RecordId, Counter[VerdictKind]] = {}
    for one in filter(_teaches, verdicts):
        votes.setdefault(one.record_id, Counter())[one.kind] += 1
    return {record_id: _majority(counted) for record_id, counted in votes.items()}


def lessons(store: Store, watch: str, *, without: Collection[int] = ()) -> Lessons:
    """What the watch learns from the verdicts in force but those `without` which it is asked for, by record: nothing from what was
    retracted since it was marked as relevant."""
    verdicts = [one for one in store.verdicts(watch) if one.id not in without]
    said = {record_id: kind for record_id, kind in sorted(agreed(verdicts).items()) if kind is not None}
    void = fallen([record_id for record_id, kind in said.items() if kind is VerdictKind.RELEVANT], store)
    texts = store.articles(said.keys())
    own = store.snapshot(watch)
    return Lessons(
        relevant=tuple(
            texts[record_id]
            for record_id, kind in said.items()
            if kind is VerdictKind.RELEVANT and record_id in texts and record_id not in void
        ),
        not_relevant=tuple(texts[record_id] for record_id, kind in said.items() if kind is VerdictKind.NOT and record_id in texts),
        last_id=max((one.id for one in filter(_teaches, verdicts) if one.record_id in texts), default=None),
        unread=tuple(record_id for record_id in said if record_id not in texts),
        snapshot=own.content if own else None,
    )


def fallen(record_ids: Collection[RecordId], store: Store) -> frozenset[RecordId]:
    """Those of the papers that no longer stand, whoever says so."""
    return frozenset(
        record_id for record_id, found in store.corrections_of(record_ids).items() if any(one.kind.retracts for one in found)
    )


def not_wanted(store: Store, watch: str) -> frozenset[RecordId]:
    """The papers that the readers agree are not relevant for the watch."""
    return frozenset(record_id for record_id, kind in agreed(store.verdicts(watch)).items() if kind is VerdictKind.NOT)


def counted(store: Store, watch: str) -> Mapping[VerdictKind, int]:
    """On how many papers the readers agree, by what they say."""
    return Counter(kind for kind in agreed(store.verdicts(watch)).values() if kind is not None)


def _teaches(verdict: Verdict) -> bool:
    return verdict.kind.teaches


def _majority(votes: Counter[VerdictKind]) -> VerdictKind | None:
    more = votes[VerdictKind.RELEVANT] - votes[VerdictKind.NOT]
    if not more:
        return None
    return VerdictKind.RELEVANT if more > 0 else VerdictKind.NOT


def _marked(
    watch: str, before: VerdictKind | None, kind: VerdictKind | None, history: History, reader: str, state: HitState
) -> Marked:
    standing = [one for one in history.verdicts if one.watch == watch and one.undone_at is None]
    return Marked(
        watch=watch,
        before=before,
        now=kind,
        others=tuple(one for one in standing if one.reader != reader),
        agreed=agreed(standing).get(history.record_id),
        state=state,
        has_text=history.article is not None,
    )


def _unseen(history: History, only: str | None, seen_by: Collection[str], watches: Collection[str]) -> UnknownNameError:
    record_id = history.record_id
    if only is not None and seen_by:
        return UnknownNameError(Problem(f"watch {only} has not seen {record_id.label}", f"it was seen by: {', '.join(seen_by)}"))
    gone = ", ".join(sorted({hit.watch for hit in history.hits}))
    what = f"only watches that the configuration no longer has ({gone}) have seen" if gone else "no watch has seen"
    return UnknownNameError(
        Problem(
            f"{what} {record_id.label}, so a verdict on it would be about nothing",
            f"to rank by this paper, put it among the seeds of a watch ({', '.join(watches)})",
        )
    )
