"""Decides where in a digest each paper stands, and which are shown in full and which attached only.

It orders and counts; whether a paper passes was judged before, and no paper that is handed in is left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from types import MappingProxyType

from watcher.digest.chips import chips
from watcher.digest.wording import elapsed, long_day, sentence
from watcher.domain import (
    Article,
    Contact,
    Digest,
    DigestList,
    FollowUp,
    Gap,
    GaveWay,
    Item,
    Origin,
    Period,
    Receipt,
    RecordId,
    Scored,
    Section,
    Watch,
)

_SECTIONS = tuple(Section)
_AGAIN = (Section.RECONSIDERED, Section.STARTER)
_NOTHING_COUNTED = Receipt()

GivingWay = Callable[[Sequence[Article], Sequence[float], int], Sequence[GaveWay]]
"""Of candidates for the picks (best first), their scores and the number of picks: those that give way to others."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What the scores of a watch mean at this digest: `highlight` is the score from which a paper is highly relevant (None: none is),
    `brought` are the scores of what the watch brought lately, in rising order; () where that is too little to compare with."""

    highlight: float | None
    brought: tuple[float, ...] = ()

    def nearer(self, score: float) -> int | None:
        """How many of a hundred of these papers are farther from the seeds than one of this score."""
        return 100 * bisect_left(self.brought, score) // len(self.brought) if self.brought else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One work that passed judgement and is to be presented, before its section is decided.

    `scores` holds one score for each watch for which it passed, at least one. `kind` is WATCH, or RECONSIDERED or STARTER where the
    journey knows it. `by_late_dates`: known only through its MeSH date or the full set. `note` is told beside the paper, after the
    reason for its lateness.
    """

    article: Article
    work_id: int
    scores: Mapping[str, Scored]
    kind: Section = Section.WATCH
    also: tuple[tuple[RecordId, str], ...] = ()
    origins: frozenset[Origin] = frozenset()
    by_late_dates: bool = False
    note: str = ""


def arrange(
    entries: Sequence[Entry],
    *,
    list_: DigestList,
    watches: Mapping[str, Watch],
    period: Period,
    composed_at: datetime,
    follow_ups: Sequence[FollowUp] = (),
    gaps: Sequence[Gap] = (),
    receipt: Receipt = _NOTHING_COUNTED,
    base_url: str | None = None,
    contact: Contact | None = None,
    new_watches: Collection[str] = (),
    giving_way: GivingWay | None = None,
    yardsticks: Mapping[str, Yardstick] = MappingProxyType({}),
) -> Digest:
    """The digest of `entries`, every one of them shown or attached.

    Picks are the best `list.top` papers that are neither late nor preprints nor seen before, without those that are `giving_way`
    (asked only when there are more than `list.top`); then come the watches in the list's
    order, preprints, late arrivals, reconsidered and starter papers, each by score, then newest, then record. Of the watches that
    present their first digest (all of them when `period.first`, else `new_watches`) only the best `start.papers` are shown; over
    all, at most `list.limit`. `receipt` counts what was judged otherwise (below the threshold, excluded, already presented,
    retracted); its `shown` and `attached` are filled here, and `new` where it is 0: the presented works that are new, and those.
    `yardsticks` say what scores mean, by watch; of a watch without one no paper is highly relevant.
    """
    starting = set(list_.watches) if period.first else set(new_watches)
    items = _with_picks([_item(entry, list_, watches, starting, yardsticks) for entry in entries], list_.top, giving_way)
    shown = _within_limit(_within_start(items, watches, starting), list_.limit)
    kept = {id(item) for item in shown}
    titles = {name: watches[name].title for name in list_.watches if name in watches}
    return counted(
        Digest(
            list=list_,
            period=period,
            composed_at=composed_at,
            watch_titles=titles,
            items=tuple(sorted(shown, key=lambda item: _place(item, list_))),
            attached=tuple(sorted((item for item in items if id(item) not in kept), key=importance)),
            follow_ups=tuple(follow_ups),
            gaps=tuple(gaps),
            receipt=receipt,
            base_url=base_url,
            contact=contact,
        )
    )


def by_theme(digest: Digest, names: Sequence[str], theme_of: Callable[[Item], str]) -> Digest:
    """`digest` with the papers of its compact part under their themes: in the order of `names`, those of no theme last."""
    items = [replace(item, theme=theme_of(item)) if item.section is Section.WATCH else item for item in digest.items]
    return replace(
        digest, items=tuple(sorted(items, key=lambda item: (_SECTIONS.index(item.section), _themed(item, names), *_merit(item))))
    )


def _themed(item: Item, names: Sequence[str]) -> int:
    return _index(names, item.theme) if item.section is Section.WATCH else 0


def fit(digest: Digest, *, max_bytes: int, measure: Callable[[Digest], int]) -> Digest:
    """`digest` with its least important shown items moved to `attached` until `measure` (its size in bytes) is at most `max_bytes`.

    As few as needed are moved, found by bisection; the same digest always gives the same answer. When not even the frame without
    items fits, all are attached.
    """
    if measure(digest) <= max_bytes:
        return digest
    ranked = sorted(digest.items, key=importance)
    fits, too_many = 0, len(ranked)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if measure(_keeping(digest, ranked[:middle])) <= max_bytes:
            fits = middle
        else:
            too_many = middle
    return _keeping(digest, ranked[:fits])


def counted(digest: Digest) -> Digest:
    """`digest` with the receipt's `shown`, `attached` and `gave_way`, and `new` where nobody counted it, as its items say."""
    receipt = digest.receipt
    new = sum(item.section not in _AGAIN for item in digest.presented)
    judged_otherwise = receipt.below_threshold + receipt.excluded_type + receipt.already_presented + len(receipt.retracted)
    judged_otherwise += receipt.in_library
    return replace(
        digest,
        receipt=replace(
            receipt,
            new=receipt.new or new + judged_otherwise,
            shown=len(digest.items),
            attached=len(digest.attached),
            gave_way=tuple(item.gave_way for item in digest.presented if item.gave_way),
        ),
    )


def importance(item: Item) -> tuple[int, float, int, RecordId]:
    """A sort key, most important first: picks, then what is new by score, then what comes again."""
    rank = 0 if item.section is Section.PICK else 2 if item.section in _AGAIN else 1
    return (rank, *_merit(item))


def _merit(item: Item) -> tuple[float, int, RecordId]:
    newest = item.article.crdt or item.article.edat or date.min
    return (-item.score, -newest.toordinal(), item.article.record_id)


def _place(item: Item, list_: DigestList) -> tuple[int, int, float, int, RecordId]:
    """Where a shown item stands: by section, in watch sections by the list's order of watches, then by merit."""
    watch = _index(list_.watches, item.watches[0]) if item.section is Section.WATCH else 0
    return (_SECTIONS.index(item.section), watch, *_merit(item))


def _keeping(digest: Digest, kept: Sequence[Item]) -> Digest:
    ids = {id(item) for item in kept}
    moved = (item for item in digest.items if id(item) not in ids)
    return counted(
        replace(
            digest,
            items=tuple(item for item in digest.items if id(item) in ids),
            attached=tuple(sorted(chain(digest.attached, moved), key=importance)),
        )
    )


def _item(
    entry: Entry,
    list_: DigestList,
    watches: Mapping[str, Watch],
    starting: Collection[str],
    yardsticks: Mapping[str, Yardstick],
) -> Item:
    names = sorted(entry.scores, key=lambda name: (-entry.scores[name].value, _index(list_.watches, name)))
    best = entry.scores[names[0]]
    late = _late_note(entry, watches[names[0]], starting)
    return Item(
        article=entry.article,
        work_id=entry.work_id,
        watches=tuple(names),
        score=best.value,
        reasons=best.reasons,
        section=_section(entry, late=bool(late)),
        highlight=can_be_highlight(entry.article)
        and any(_is_highlight(entry.scores[name].value, yardsticks.get(name, _NO_YARDSTICK)) for name in names),
        chips=chips(entry.article),
        also=entry.also,
        note=" ".join(part for part in (late, sentence(entry.note)) if part) or _similar_note(entry),
        is_neighbour=entry.origins == {Origin.SIMILAR},
        nearer=yardsticks.get(names[0], _NO_YARDSTICK).nearer(best.value),
    )


_NO_YARDSTICK = Yardstick(None)
_NEVER_HIGHLIGHTS = frozenset({"Comment", "Retraction of Publication", "Published Erratum", "Expression of Concern"})


def can_be_highlight(article: Article) -> bool:
    """Whether a paper may be called highly relevant: not what speaks about another paper, nor what has no abstract, whose few words say
    little of how near it is."""
    return bool(article.abstract) and not _NEVER_HIGHLIGHTS & set(article.publication_types)


def _is_highlight(score: float, yardstick: Yardstick) -> bool:
    return yardstick.highlight is not None and score >= yardstick.highlight


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)


def _section(entry: Entry, *, late: bool) -> Section:
    if entry.kind in _AGAIN:
        return entry.kind
    if late:
        return Section.LATE
    return Section.PREPRINT if entry.article.is_preprint else Section.WATCH


def _late_note(entry: Entry, watch: Watch, starting: Collection[str]) -> str:
    """Why a paper counts as late (created long after it was published, or not found by its creation), or "".

    A watch that presents its first digest knows all its papers through the full set: that alone makes none of them late.
    """
    if entry.kind in _AGAIN:
        return ""
    created, published = entry.article.crdt, entry.article.earliest_published
    if created and published and (created - published).days > watch.late_after_days:
        return f"Added to PubMed on {long_day(created)}, {elapsed(published, created)} after it was published."
    if not entry.by_late_dates or watch.name in starting:
        return ""
    since = f"In PubMed since {long_day(created)}, but matched" if created else "Matched"
    return f"{since} only now: its record or its MeSH headings came later."


def _similar_note(entry: Entry) -> str:
    if entry.origins != {Origin.SIMILAR}:
        return ""
    return "Not matched by the query: PubMed lists it as similar to the seeds."


def _with_picks(items: Sequence[Item], top: int, giving_way: GivingWay | None) -> list[Item]:
    fresh = sorted((item for item in items if item.section is Section.WATCH), key=_merit)
    gave = {}
    if giving_way and len(fresh) > top > 0:
        found = giving_way([item.article for item in fresh], [item.score for item in fresh], top)
        gave = {one.record_id: one for one in found}
    picked = {id(item) for item in [item for item in fresh if item.article.record_id not in gave][: max(top, 0)]}
    return [
        replace(item, section=Section.PICK) if id(item) in picked else replace(item, gave_way=gave.get(item.article.record_id))
        for item in items
    ]


def _within_start(items: Sequence[Item], watches: Mapping[str, Watch], starting: Collection[str]) -> list[Item]:
    """`items` less those beyond the best `start.papers` of each watch that presents its first digest."""
    left = {name: watches[name].start.papers for name in starting if name in watches}
    kept = []
    for item in sorted(items, key=importance):
        room = left.get(item.watches[0], 1)
        if room > 0:
            kept.append(item)
        if item.watches[0] in left:
            left[item.watches[0]] = room - 1
    return kept


def _within_limit(items: Sequence[Item], limit: int) -> list[Item]:
    ranked = sorted(items, key=importance)
    return ranked[:limit] if limit > 0 else ranked
